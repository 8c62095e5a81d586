package berry_pm6750

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
	"lifeline120/internal/monitor/monitortest"
)

var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// frame is a frame of the board, built as the manual says and apart from the driver.
func frame(kind byte, data ...byte) []byte {
	n := byte(len(data) + 3)
	sum := n + kind
	for _, v := range data {
		sum += v
	}
	return append(append([]byte{0x55, 0xAA, n, kind}, data...), ^sum)
}

func ecgFrame(v byte) []byte { return frame(1, v, v, v, v, v, v, v) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestConformance(t *testing.T) {
	monitortest.Run(t, monitortest.Suite{
		Driver: Driver(), Captures: "../../../testdata/captures/monitor/berry_pm6750", Steady: "steady",
		Off: []monitortest.Absence{
			{Name: "lead off", Bytes: frame(2, 2, 75, 16, 5, 1), Quality: ems.ProbeOff,
				Channels: []ems.Channel{ems.HeartRate, ems.RespRate, ems.STLevel, ems.ECGCode}},
			{Name: "unplugged", Bytes: frame(4, 1, 127, 255), Quality: ems.Unplugged, Channels: []ems.Channel{ems.SpO2, ems.PulseRate}},
			{Name: "no finger", Bytes: frame(4, 2, 98, 75), Quality: ems.ProbeOff, Channels: []ems.Channel{ems.SpO2, ems.PulseRate}},
			{Name: "searching", Bytes: frame(4, 3, 0, 0), Quality: ems.Searching, Channels: []ems.Channel{ems.SpO2, ems.PulseRate}},
			{Name: "search too long", Bytes: frame(4, 4, 0, 0), Quality: ems.Searching, Channels: []ems.Channel{ems.SpO2, ems.PulseRate}},
			{Name: "new status", Bytes: frame(4, 9, 98, 75), Quality: ems.DeviceError, Channels: []ems.Channel{ems.SpO2, ems.PulseRate}},
			{Name: "probes never connected", Bytes: frame(5, 3, 0, 0, 0, 0), Quality: ems.ProbeOff, Channels: []ems.Channel{ems.Temp1, ems.Temp2}},
			{Name: "probe pulled out", Bytes: join(frame(5, 2, 36, 5, 0, 0), frame(5, 3, 0, 0, 0, 0)), Quality: ems.Unplugged,
				Channels: []ems.Channel{ems.Temp1}},
			{Name: "heart rate 0 is no number", Bytes: frame(2, 0x18, 0, 0, 0, 1), Quality: ems.Searching,
				Channels: []ems.Channel{ems.HeartRate, ems.RespRate}},
			{Name: "analysing", Bytes: frame(2, 0x18, 75, 16, 10, 0), Quality: ems.Searching, Channels: []ems.Channel{ems.STLevel, ems.ECGCode}},
			{Name: "temperature absurd", Bytes: frame(5, 2, 99, 0), Quality: ems.OutOfRange, Channels: []ems.Channel{ems.Temp1}},
		},
		Bad: []monitortest.Mixed{
			{Name: "SpO2 none", Bytes: frame(4, 0, 127, 72), None: ems.SpO2, Good: ems.PulseRate, Value: 72},
			{Name: "pulse none", Bytes: frame(4, 0, 98, 255), None: ems.PulseRate, Good: ems.SpO2, Value: 98},
			{Name: "rate absurd", Bytes: frame(2, 0x18, 251, 16, 0, 1), None: ems.HeartRate, Good: ems.RespRate, Value: 16},
			{Name: "ST absurd", Bytes: frame(2, 0x18, 75, 16, 0x80, 1), None: ems.STLevel, Good: ems.HeartRate, Value: 75},
			{Name: "T2 off", Bytes: frame(5, 2, 36, 5, 0, 0), None: ems.Temp2, Good: ems.Temp1, Value: 36.5},
			{Name: "diastolic none", Bytes: join(frame(3, 5, 30, 0, 0, 0), frame(3, 1, 0, 120, 93, 0)), None: ems.NIBPDia, Good: ems.NIBPSys, Value: 120},
		},
	})
}

func FuzzBerry(f *testing.F) {
	monitortest.Fuzz(f, Driver(), ecgFrame(128), frame(2, 0, 75, 16, 0, 1), frame(2, 2, 0, 0), frame(3, 5, 60, 0, 0, 0),
		frame(3, 1, 0, 120, 93, 80), frame(4, 0, 98, 75), frame(4, 1, 127, 255), frame(5, 2, 36, 5, 0, 0), frame(0x30),
		frame(0xFE, 50), frame(0xFF, 50), join(ecgFrame(1), ecgFrame(2)[1:], ecgFrame(3)), []byte{0x55, 0xAA, 36, 9})
}

func started() *session {
	s := newSession()
	s.Start(begin)
	return s
}

func value(t *testing.T, out monitor.Output, c ems.Channel) ems.Reading {
	t.Helper()
	for _, r := range slices.Backward(out.Readings) {
		if r.Channel == c {
			return r
		}
	}
	t.Fatalf("no %s in %+v", c, out.Readings)
	return ems.Reading{}
}

// The vectors of the device notes: the manual's own frame and computed ones.
func TestDecodesSharedVectors(t *testing.T) {
	dir := os.Getenv("LIFELINE_DATA")
	if dir == "" {
		dir = "../../../../shared/data"
	}
	b, err := os.ReadFile(filepath.Join(dir, "oem-modules/vectors.tsv"))
	if err != nil {
		t.Skipf("device vectors are not here (set LIFELINE_DATA): %v", err)
	}
	want := map[string]map[ems.Channel]float64{
		"55AA0A018080808080808074": {}, "55AA060400624B48": {ems.SpO2: 98, ems.PulseRate: 75}, "55AA0604017FFF76": {},
		"55AA08030000785D50CF": {ems.NIBPSys: 120, ems.NIBPMean: 93, ems.NIBPDia: 80},
		"55AA0802004B10000199": {ems.HeartRate: 75, ems.RespRate: 16, ems.STLevel: 0, ems.ECGCode: 1}, "55AA0605002405CB": {ems.Temp1: 36.5},
	}
	seen := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		f := strings.Split(line, "\t")
		if f[0] != "berry-pm6750" {
			continue
		}
		raw, err := hex.DecodeString(f[2])
		if err != nil {
			t.Fatal(err)
		}
		if raw[2] == 4 { // to the board
			if got := command(raw[3], raw[4]).Bytes; !bytes.Equal(got, raw) {
				t.Errorf("command % x, want % x", got, raw)
			}
			seen++
			continue
		}
		values, known := want[f[2]]
		if !known {
			t.Errorf("vector %s is new: say what it should give", f[2])
			continue
		}
		seen++
		out := started().Feed(begin, raw)
		if out.Frames != 1 || out.Garbage != 0 {
			t.Errorf("%s: %d frames, %d garbage", f[2], out.Frames, out.Garbage)
		}
		for c, v := range values {
			if r := value(t, out, c); r.Value != v || !r.Quality.HasValue() {
				t.Errorf("%s: %+v, want %v", f[2], r, v)
			}
		}
	}
	if seen != 9 {
		t.Errorf("%d vectors of the board, want 9", seen)
	}
}

func TestStartSequenceIsTheManuals(t *testing.T) {
	want := []string{"55aa040703f1", "55aa040802f1", "55aa040f03e9", "55aa040101f9", "55aa040301f7", "55aa040401f6", "55aa04fe01fc", "55aa04ff01fb"}
	var got []string
	for _, w := range newSession().Start(begin).Send {
		got = append(got, hex.EncodeToString(w.Bytes))
		if w.Pause != 50*time.Millisecond {
			t.Errorf("pause %v after % x", w.Pause, w.Bytes)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("start is %v\nwant %v", got, want)
	}
}

// 0B to 0E and 10 move the pump for calibration and leak tests: on a patient they would hurt.
func TestNeverSendsCalibration(t *testing.T) {
	s := started()
	sent := slices.Clone(newSession().Start(begin).Send)
	for second := range 120 {
		sent = append(sent, s.Tick(begin.Add(time.Duration(second)*time.Second)).Send...)
	}
	for _, c := range []monitor.Command{monitor.StartNIBP, monitor.StartNIBPChild, monitor.StartNIBPNeonate, monitor.StopNIBP} {
		out, err := s.Do(begin, c)
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, out.Send...)
	}
	if len(sent) < 50 {
		t.Fatalf("only %d commands seen", len(sent))
	}
	allowed := []byte{0x01, 0x02, 0x03, 0x04, 0x07, 0x08, 0x09, 0x0F, 0xFE, 0xFF}
	for _, w := range sent {
		if !slices.Contains(allowed, w.Bytes[3]) {
			t.Errorf("sent % x", w.Bytes)
		}
	}
}

// A cuff is inflated for the patient that it is on: the board is told before each measurement, and keeps nothing of the one before.
func TestCuffIsInflatedForThePatient(t *testing.T) {
	s := started()
	for _, c := range []struct {
		command monitor.Command
		mode    []byte
	}{
		{monitor.StartNIBPChild, []byte{0x55, 0xAA, 4, 0x09, 2, 0xF0}},
		{monitor.StartNIBP, []byte{0x55, 0xAA, 4, 0x09, 1, 0xF1}},
		{monitor.StartNIBPNeonate, []byte{0x55, 0xAA, 4, 0x09, 3, 0xEF}},
	} {
		out, err := s.Do(begin, c.command)
		if err != nil || len(out.Send) != 2 || !bytes.Equal(out.Send[0].Bytes, c.mode) || !bytes.Equal(out.Send[1].Bytes, []byte{0x55, 0xAA, 4, 0x02, 1, 0xF8}) {
			t.Errorf("%s: %v, %v", c.command, out.Send, err)
		}
	}
}

func TestOnlyWhatIsSilentIsEnabledAgain(t *testing.T) {
	s := started()
	for i := range 12 {
		now := begin.Add(time.Duration(i) * time.Second)
		s.Feed(now, join(ecgFrame(128), frame(4, 0, 98, 75), frame(0xFE, 1), frame(0xFF, 1))) // no temperature
		out := s.Tick(now)
		for _, w := range out.Send {
			if w.Bytes[3] != cmdTemp {
				t.Errorf("%d s: sent % x", i, w.Bytes)
			}
		}
		if (i == 5 || i == 10) != (len(out.Send) == 1) {
			t.Errorf("%d s: %d commands", i, len(out.Send))
		}
	}
	if out := s.Tick(begin.Add(30 * time.Second)); len(out.Send) != 8 {
		t.Errorf("a board that restarted got %d commands, want all 8", len(out.Send))
	}
}

func TestCLN005_InflatingCuffIsNoPressure(t *testing.T) {
	s := started()
	for i, f := range [][]byte{frame(3, 5, 10, 0, 0, 0), frame(3, 5, 70, 0, 0, 0)} {
		out := s.Feed(begin.Add(time.Duration(i)*time.Second), f)
		if len(out.Readings) != 1 || out.Readings[0].Channel != ems.CuffPress || out.Readings[0].Text != "measuring" {
			t.Fatalf("while inflating: %+v", out.Readings)
		}
	}
	if cuff := value(t, s.Feed(begin, frame(3, 5, 70, 0, 0, 0)), ems.CuffPress); cuff.Value != 140 {
		t.Errorf("cuff %+v, want 140 mmHg", cuff)
	}
	end := begin.Add(20 * time.Second)
	out := s.Feed(end, frame(3, 1, 0, 122, 93, 78))
	for c, v := range map[ems.Channel]float64{ems.NIBPSys: 122, ems.NIBPMean: 93, ems.NIBPDia: 78} {
		if r := value(t, out, c); r.Value != v || r.Quality != ems.Good || !r.Taken.Equal(end) {
			t.Errorf("%+v, want %v at its own time", r, v)
		}
	}
	// The board repeats its result: an old one must not look fresh.
	if out := s.Feed(end.Add(time.Minute), frame(3, 1, 0, 122, 93, 78)); len(out.Readings) != 0 {
		t.Errorf("repeated result: %+v", out.Readings)
	}
	// The same numbers measured anew are news.
	s.Feed(end, frame(3, 5, 70, 0, 0, 0))
	if r := value(t, s.Feed(end.Add(time.Minute), frame(3, 1, 0, 122, 93, 78)), ems.NIBPSys); r.Quality != ems.Good {
		t.Errorf("second measurement: %+v", r)
	}
}

func TestPressureFailuresLeaveTheLastResult(t *testing.T) {
	for state, text := range map[byte]string{3: "over_pressure", 4: "cuff_loose", 5: "timeout", 6: "error", 7: "interference", 8: "no_result", 12: "state_12"} {
		s := started()
		s.Feed(begin, frame(3, 5, 70, 0, 0, 0))
		out := s.Feed(begin, frame(3, 1|state<<2, 0, 0, 0, 0))
		if len(out.Readings) != 1 || out.Readings[0].Quality != ems.DeviceError || out.Readings[0].Text != text {
			t.Errorf("state %d: %+v", state, out.Readings)
		}
		// What then still stands in the board is from before.
		if r := value(t, s.Feed(begin, frame(3, 1, 0, 120, 93, 80)), ems.NIBPSys); r.Quality != ems.Questioned || r.Text != "age_unknown" {
			t.Errorf("old result after state %d: %+v", state, r)
		}
	}
	s := started()
	s.Feed(begin, frame(3, 5, 70, 0, 0, 0))
	if r := value(t, s.Feed(begin, frame(3, 1, 0, 90, 93, 95)), ems.NIBPSys); r.Quality != ems.Questioned {
		t.Errorf("systolic below mean is not questioned: %+v", r)
	}
}

func TestAsystoleIsANumberOnlyWithElectrodesOn(t *testing.T) {
	if r := value(t, started().Feed(begin, frame(2, 0x18, 0, 0, 0, 2)), ems.HeartRate); r.Quality != ems.Good || r.Value != 0 {
		t.Errorf("asystole, electrodes on: %+v", r)
	}
	if r := value(t, started().Feed(begin, frame(2, 0x1A, 0, 0, 0, 2)), ems.HeartRate); r.Quality != ems.ProbeOff {
		t.Errorf("asystole, electrode off: %+v", r)
	}
}

func TestWeakSignalIsQuestioned(t *testing.T) {
	if r := value(t, started().Feed(begin, frame(2, 0x19, 75, 16, 0, 1)), ems.HeartRate); r.Quality != ems.Questioned || r.Value != 75 {
		t.Errorf("%+v", r)
	}
}

func TestRhythmCodesAreTheDevicesOwnWords(t *testing.T) {
	for code, want := range map[byte]string{1: "normal", 3: "vf", 6: "pvc_6", 12: "missed_beat", 77: "code_77"} {
		r := value(t, started().Feed(begin, frame(2, 0x18, 75, 16, 0, code)), ems.ECGCode)
		if r.Text != want || r.Value != float64(code) || (r.Quality == ems.Good) == (code == 77) {
			t.Errorf("code %d: %+v, want %s", code, r, want)
		}
	}
}

func TestFilterAndElectrodesAreWithTheWave(t *testing.T) {
	s := started()
	out := s.Feed(begin, join(ecgFrame(128), frame(2, 0x18, 75, 16, 0, 1), ecgFrame(130), frame(2, 0x2A, 0, 0, 0, 0), ecgFrame(131)))
	if len(out.Waves) != 3 {
		t.Fatalf("%d chunks", len(out.Waves))
	}
	for i, want := range []struct {
		filter string
		off    bool
		sample int16
	}{{"", false, 0}, {"monitor 0.5-75 Hz", false, 2}, {"diagnostic 0.05-100 Hz", true, 3}} {
		w := out.Waves[i]
		if w.Filter != want.filter || (w.Off != nil) != want.off || w.Samples[6][0] != want.sample || w.LSB != 0 || w.Counter != uint64(i) {
			t.Errorf("chunk %d: %+v", i, w)
		}
	}
}

func TestSaturationLowersTheGainOnce(t *testing.T) {
	s := started()
	state := frame(2, 0x18, 75, 16, 0, 1)
	s.Feed(begin, state)
	var sent []monitor.Write
	for range 2000 {
		sent = append(sent, s.Feed(begin, ecgFrame(250)).Send...)
	}
	if len(sent) != 1 || !bytes.Equal(sent[0].Bytes, []byte{0x55, 0xAA, 4, 7, 2, 0xF2}) {
		t.Errorf("sent %v, want gain x0.5 once", sent)
	}
	if r := value(t, s.Feed(begin, state), ems.HeartRate); r.Quality != ems.Questioned || r.Text != "saturated" || r.Value != 75 {
		t.Errorf("heart rate of a saturated ECG: %+v", r)
	}
	for range railWindow {
		s.Feed(begin, ecgFrame(128))
	}
	if r := value(t, s.Feed(begin, state), ems.HeartRate); r.Quality != ems.Good {
		t.Errorf("after it: %+v", r)
	}
	// With an electrode off the amplifier runs to its end by nature.
	s = started()
	s.Feed(begin, frame(2, 0x1A, 0, 0, 0, 0))
	for range 2000 {
		if out := s.Feed(begin, ecgFrame(250)); len(out.Send) > 0 {
			t.Fatal("gain lowered with an electrode off")
		}
	}
}

func TestDLV004_DamagedFramesAreGapsNotSamples(t *testing.T) {
	broken := ecgFrame(140)
	broken[7] ^= 0x08
	dropped := slices.Delete(ecgFrame(140), 5, 6)
	for name, c := range map[string]struct {
		between []byte
		lost    int
	}{
		"nothing between":     {nil, 0},
		"one bit wrong":       {broken, 1},
		"one byte lost":       {dropped, 1},
		"three broken":        {join(broken, broken, broken), 3},
		"header broken":       {append([]byte{0x54}, ecgFrame(140)[1:]...), 1},
		"a stray byte":        {[]byte{0x55}, 0},
		"noise of 20 samples": {bytes.Repeat([]byte{0xFF}, 292), 20},
	} {
		s := started()
		a := s.Feed(begin, ecgFrame(130))
		b := s.Feed(begin.Add(4*time.Millisecond), join(c.between, ecgFrame(150)))
		if b.Lost != c.lost || len(b.Waves) != 1 || b.Waves[0].Counter != uint64(1+c.lost) || b.Waves[0].Len() != 1 {
			t.Errorf("%s: lost %d, %+v; want %d", name, b.Lost, b.Waves, c.lost)
		}
		if a.Waves[0].Stream != b.Waves[0].Stream {
			t.Errorf("%s: the stream changed", name)
		}
	}
}

func TestDLV004_DelayIsNotLossAndSilenceIs(t *testing.T) {
	for name, c := range map[string]struct {
		pause time.Duration
		dirt  []byte
		lost  int
	}{
		"held up for a second":            {time.Second, nil, 0},
		"silent for 3 s":                  {3 * time.Second, nil, 749},
		"an overrun of 400 ms with dirt":  {400 * time.Millisecond, []byte{1, 2}, 99},
		"dirt in the usual pace":          {40 * time.Millisecond, []byte{1, 2}, 0},
		"the clock ran backwards an hour": {-time.Hour, []byte{1}, 0},
	} {
		s := started()
		s.Feed(begin, ecgFrame(128))
		out := s.Feed(begin.Add(c.pause), join(c.dirt, ecgFrame(128)))
		if out.Lost != c.lost || out.Waves[0].Counter != uint64(1+c.lost) {
			t.Errorf("%s: lost %d, counter %d, want %d", name, out.Lost, out.Waves[0].Counter, c.lost)
		}
	}
}

// A slow wave's lost sample is told by the ECG that ran on beside it.
func TestDLV004_SlowWavesTakeTheECGForAClock(t *testing.T) {
	s := started()
	var tail []byte
	for i := range 20 {
		tail = append(tail, ecgFrame(128)...)
		switch {
		case i == 9:
			tail = append(tail, 0x54, 0xAA, 4, 0xFE, 50, 0xAD) // header broken: nobody can tell whose it was
		case i%5 == 4:
			tail = append(tail, frame(0xFE, 50)...)
		}
	}
	out := s.Feed(begin, tail)
	var counters []uint64
	for _, w := range out.Waves {
		if w.Leads[0] == ems.PlethWave {
			counters = append(counters, w.Counter)
		}
	}
	if !slices.Equal(counters, []uint64{0, 2}) {
		t.Errorf("pleth chunks start at %v, want 0 and 2", counters)
	}
}
