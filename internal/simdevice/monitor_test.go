package simdevice_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lifeline120/internal/ecg/ecgmodel"
	"lifeline120/internal/ecg/wfdb"
	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
	"lifeline120/internal/monitor/bci_oximeter"
	"lifeline120/internal/monitor/berry_pm6750"
	"lifeline120/internal/simdevice"
)

var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// bed is a device, the driver's session on it, and what came of both.
type bed struct {
	device  device
	session monitor.Session
	now     time.Time
	last    map[ems.Channel]ems.Reading
	out     monitor.Output
}

func newBed(d device, driver monitor.Driver) *bed {
	b := &bed{device: d, session: driver.New(), now: begin, last: map[ems.Channel]ems.Reading{}}
	d.Step(begin)
	b.take(b.session.Start(begin))
	return b
}

func (b *bed) take(o monitor.Output) {
	for _, w := range o.Send {
		b.device.Write(w.Bytes)
	}
	for _, r := range o.Readings {
		b.last[r.Channel] = r
	}
	b.out.Frames += o.Frames
	b.out.Garbage += o.Garbage
	b.out.Lost += o.Lost
	b.out.Send = append(b.out.Send, o.Send...)
	b.out.Waves = append(b.out.Waves, o.Waves...)
}

func (b *bed) run(d time.Duration) {
	for end := b.now.Add(d); b.now.Before(end); {
		b.now = b.now.Add(40 * time.Millisecond)
		b.take(b.session.Feed(b.now, b.device.Step(b.now)))
		if b.now.UnixMilli()%1000 < 40 {
			b.take(b.session.Tick(b.now))
		}
	}
}

func (b *bed) want(t *testing.T, c ems.Channel, q ems.Quality, value, tolerance float64) {
	t.Helper()
	if r := b.last[c]; r.Quality != q || math.Abs(r.Value-value) > tolerance {
		t.Errorf("%s is %+v, want %v of quality %v", c, r, value, q)
	}
}

func board(ecg simdevice.ECG) *simdevice.BerryBoard {
	return simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: 7, ECG: ecg})
}

func heart() *ecgmodel.Source { return ecgmodel.New(ecgmodel.Config{Seed: 7}) }

func TestBerryIsSilentUntilEnabled(t *testing.T) {
	b := board(heart())
	b.Step(begin)
	if p := b.Step(begin.Add(time.Second)); len(p) != 0 {
		t.Fatalf("% x before any command", p)
	}
	b.Write([]byte{0xFF, 0x55, 0xAA, 4, 3, 1, 0xF8}) // a wrong sum
	if p := b.Step(begin.Add(2 * time.Second)); len(p) != 0 {
		t.Fatalf("% x after a broken command", p)
	}
	b.Write(append([]byte{0x55}, command(3, 1)...)) // found behind a stray byte
	if p := b.Step(begin.Add(3 * time.Second)); !bytes.Equal(p, []byte{0x55, 0xAA, 6, 4, 0, 98, 75, 0x48}) {
		t.Fatalf("% x after the oximeter was enabled", p)
	}
}

func TestBerryThroughItsDriver(t *testing.T) {
	d := board(heart())
	b := newBed(d, berry_pm6750.Driver())
	d.SetVitals(simdevice.Vitals{HeartRate: 110, PulseRate: 109, RespRate: 22, SpO2: 91, Systolic: 88, Diastolic: 51, Temp1: 38.4, Temp2: 35.1})
	b.run(20 * time.Second)
	b.want(t, ems.HeartRate, ems.Good, 110, 8)
	b.want(t, ems.PulseRate, ems.Good, 109, 0)
	b.want(t, ems.RespRate, ems.Good, 22, 0)
	b.want(t, ems.SpO2, ems.Good, 91, 0)
	b.want(t, ems.Temp1, ems.Good, 38.4, 0.01)
	b.want(t, ems.Temp2, ems.Good, 35.1, 0.01)
	if b.out.Garbage != 0 || b.out.Lost != 0 || len(b.out.Send) != 8 {
		t.Errorf("%d garbage, %d lost, %d commands", b.out.Garbage, b.out.Lost, len(b.out.Send))
	}
	samples := map[ems.Channel]int{}
	for _, w := range b.out.Waves {
		samples[w.Leads[0]] += w.Len()
		for i := range w.Len() {
			if len(w.Leads) == 7 && abs(int(w.Samples[0][i])+int(w.Samples[2][i])-int(w.Samples[1][i])) > 2 {
				t.Fatalf("I + III is not II within rounding: %v", w.Samples)
			}
		}
	}
	if samples[ems.ECGI] != 5000 || samples[ems.PlethWave] != 1000 || samples[ems.RespWave] != 1000 {
		t.Errorf("samples in 20 s: %v", samples)
	}
}

func abs(v int) int { return max(v, -v) }

func TestBloodPressureTakesItsTime(t *testing.T) {
	b := newBed(board(heart()), berry_pm6750.Driver())
	b.run(time.Second)
	out, err := b.session.Do(b.now, monitor.StartNIBP)
	if err != nil {
		t.Fatal(err)
	}
	b.take(out)
	b.run(10 * time.Second)
	if r := b.last[ems.CuffPress]; r.Text != "measuring" || r.Value < 40 || b.last[ems.NIBPSys].Quality != ems.NeverSeen {
		t.Fatalf("after 10 s: cuff %+v, systolic %+v", r, b.last[ems.NIBPSys])
	}
	b.run(12 * time.Second)
	b.want(t, ems.NIBPSys, ems.Good, 122, 0)
	b.want(t, ems.NIBPDia, ems.Good, 78, 0)
	b.want(t, ems.NIBPMean, ems.Good, 93, 0)
}

func TestFaultsReachTheDriver(t *testing.T) {
	d := board(heart())
	b := newBed(d, berry_pm6750.Driver())
	b.run(10 * time.Second)
	for _, c := range []struct {
		fault   simdevice.Fault
		channel ems.Channel
		quality ems.Quality
	}{
		{simdevice.LeadOff, ems.HeartRate, ems.ProbeOff},
		{simdevice.FingerOff, ems.SpO2, ems.ProbeOff},
		{simdevice.ProbeUnplugged, ems.SpO2, ems.Unplugged},
		{simdevice.SearchingPulse, ems.PulseRate, ems.Searching},
		{simdevice.TempUnplugged, ems.Temp1, ems.Unplugged},
	} {
		d.Fault(c.fault, true)
		b.run(2 * time.Second)
		if r := b.last[c.channel]; r.Quality != c.quality {
			t.Errorf("fault %d: %+v, want %v", c.fault, r, c.quality)
		}
		d.Fault(c.fault, false)
		b.run(6 * time.Second)
		if r := b.last[c.channel]; r.Quality != ems.Good {
			t.Errorf("after fault %d: %+v", c.fault, r)
		}
	}
}

func TestARestartedBoardIsEnabledAgain(t *testing.T) {
	d := board(heart())
	b := newBed(d, berry_pm6750.Driver())
	b.run(5 * time.Second)
	d.Fault(simdevice.Silent, true)
	frames := b.out.Frames
	b.run(6 * time.Second)
	if b.out.Frames != frames {
		t.Fatal("a board without power speaks")
	}
	d.Fault(simdevice.Silent, false)
	b.run(10 * time.Second)
	if b.out.Frames < frames+1000 || b.out.Lost < 1400 {
		t.Errorf("%d frames after the board came back, %d samples lost", b.out.Frames-frames, b.out.Lost)
	}
}

func TestSaturationIsCuredByLessGain(t *testing.T) {
	d := board(heart())
	d.Fault(simdevice.Saturate, true)
	b := newBed(d, berry_pm6750.Driver())
	b.run(20 * time.Second)
	gains := 0
	for _, w := range b.out.Send {
		if w.Bytes[3] == 7 {
			gains++
		}
	}
	if gains != 2 { // at the start, and once
		t.Errorf("the gain was set %d times", gains)
	}
	b.want(t, ems.HeartRate, ems.Good, 75, 6)
}

func TestABadLineCostsFramesNotTruth(t *testing.T) {
	d := board(heart())
	b := newBed(d, berry_pm6750.Driver())
	d.Fault(simdevice.DropBytes, true)
	d.Fault(simdevice.FlipBits, true)
	b.run(60 * time.Second)
	if b.out.Garbage == 0 || b.out.Lost == 0 || b.out.Frames < 15000 {
		t.Errorf("%d frames, %d garbage, %d lost", b.out.Frames, b.out.Garbage, b.out.Lost)
	}
	end := uint64(0)
	for _, w := range b.out.Waves {
		if w.Leads[0] == ems.ECGI {
			end = w.Counter + uint64(w.Len())
		}
	}
	if end < 14700 || end > 15300 {
		t.Errorf("after 60 s the ECG's counter stands at %d, want 15000 within 2 %%", end)
	}
}

func TestNoHeartBeatIsAsystole(t *testing.T) {
	h := heart()
	b := newBed(board(h), berry_pm6750.Driver())
	b.run(10 * time.Second)
	h.Set(ecgmodel.Asystole, 0, 0)
	b.run(6 * time.Second)
	b.want(t, ems.HeartRate, ems.Good, 0, 0)
	if r := b.last[ems.ECGCode]; r.Text != "asystole" {
		t.Errorf("code %+v", r)
	}
}

func TestBCIThroughItsDriver(t *testing.T) {
	d := simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 1})
	b := newBed(d, bci_oximeter.Driver())
	b.run(5 * time.Second)
	b.want(t, ems.SpO2, ems.Good, 98, 0)
	b.want(t, ems.PulseRate, ems.Good, 75, 0)
	d.SetVitals(simdevice.Vitals{SpO2: 84, PulseRate: 141})
	b.run(time.Second)
	b.want(t, ems.SpO2, ems.Good, 84, 0)
	b.want(t, ems.PulseRate, ems.Good, 141, 0)
	d.Fault(simdevice.FingerOff, true)
	b.run(time.Second)
	b.want(t, ems.SpO2, ems.ProbeOff, 0, 0)
	if b.out.Garbage != 0 || b.out.Lost != 0 {
		t.Errorf("%d garbage, %d lost", b.out.Garbage, b.out.Lost)
	}
}

func TestEqualSeedsSpeakEqually(t *testing.T) {
	speak := func(seed uint64) (out []byte) {
		d := simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: seed, ECG: heart()})
		d.Fault(simdevice.DropBytes, true)
		d.Step(begin)
		d.Write(everything)
		for i := range 100 {
			out = append(out, d.Step(begin.Add(time.Duration(i)*37*time.Millisecond))...)
		}
		return out
	}
	if !bytes.Equal(speak(1), speak(1)) || bytes.Equal(speak(1), speak(2)) {
		t.Error("the seed does not decide what is sent")
	}
}

func TestALongPauseIsNotMadeUp(t *testing.T) {
	d := simdevice.NewBCIOximeter(simdevice.BCIConfig{})
	d.Step(begin)
	if n := len(d.Step(begin.Add(24 * time.Hour))); n != 5*60*5 {
		t.Errorf("%d bytes after a day, want those of 5 s", n)
	}
	if n := len(d.Step(begin.Add(24*time.Hour + time.Second))); n != 5*60 {
		t.Errorf("%d bytes in the next second", n)
	}
	if n := len(d.Step(begin)); n != 0 {
		t.Errorf("%d bytes as the clock ran backwards", n)
	}
}

// MIT-BIH 100, marked beats and all, through board, line and driver.
func TestReplaysARecordedECG(t *testing.T) {
	dir := os.Getenv("LIFELINE_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, "ecg", name))
		if err != nil {
			t.Skipf("recorded ECGs are not here (set LIFELINE_DATA): %v", err)
		}
		return b
	}
	h, err := wfdb.ReadHeader(read("100.hea"))
	if err != nil {
		t.Fatal(err)
	}
	signals, err := h.Samples("100.dat", read("100.dat"))
	if err != nil {
		t.Fatal(err)
	}
	marks, err := wfdb.ReadAnnotations(read("100.atr"))
	if err != nil {
		t.Fatal(err)
	}
	ecg, err := wfdb.NewReplay(h, signals, marks, 250)
	if err != nil {
		t.Fatal(err)
	}
	b := newBed(board(ecg), berry_pm6750.Driver())
	b.run(60 * time.Second)
	b.want(t, ems.HeartRate, ems.Good, 74, 6) // 74 beats are marked in its first minute
	low, high := int16(0), int16(0)
	for _, w := range b.out.Waves {
		if w.Leads[0] == ems.ECGI {
			for i := range w.Len() {
				low, high = min(low, w.Samples[1][i]), max(high, w.Samples[1][i])
				if w.Samples[0][i] != 0 {
					t.Fatal("lead I, which the record does not have, was made up")
				}
			}
		}
	}
	if high < 50 || low > -20 {
		t.Errorf("lead II spans %d to %d steps", low, high)
	}
}
