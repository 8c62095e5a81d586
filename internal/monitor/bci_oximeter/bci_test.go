package bci_oximeter

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
	"lifeline120/internal/monitor/monitortest"
)

var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// twice is a frame as often as a session wants it before it believes.
func twice(b ...byte) []byte { return append(slices.Clone(b), b...) }

func TestConformance(t *testing.T) {
	both := []ems.Channel{ems.SpO2, ems.PulseRate, ems.PulseForce}
	monitortest.Run(t, monitortest.Suite{
		Driver: Driver(), Captures: "../../../testdata/captures/monitor/bci_oximeter", Steady: "steady",
		Off: []monitortest.Absence{
			{Name: "no finger", Bytes: twice(0x90, 0, 0, 0x48, 0x61), Quality: ems.ProbeOff, Channels: both},
			{Name: "probe error", Bytes: twice(0x80, 0, 0x10, 0x48, 0x61), Quality: ems.Unplugged, Channels: both},
			{Name: "probe error and no finger", Bytes: twice(0x90, 0, 0x10, 0x48, 0x61), Quality: ems.Unplugged, Channels: both},
			{Name: "searching", Bytes: twice(0x80, 0, 0x20, 0x48, 0x61), Quality: ems.Searching, Channels: both},
			{Name: "zeroes", Bytes: twice(0x80, 0, 0, 0, 0), Quality: ems.OutOfRange, Channels: both[:2]},
		},
		Bad: []monitortest.Mixed{
			{Name: "SpO2 none", Bytes: twice(0x85, 0x40, 0x08, 0x48, 127), None: ems.SpO2, Good: ems.PulseRate, Value: 72},
			{Name: "SpO2 over 100", Bytes: twice(0x85, 0x40, 0x08, 0x48, 101), None: ems.SpO2, Good: ems.PulseRate, Value: 72},
			{Name: "pulse none", Bytes: twice(0x85, 0x40, 0x48, 0x7F, 97), None: ems.PulseRate, Good: ems.SpO2, Value: 97},
		},
	})
}

func FuzzBCI(f *testing.F) {
	monitortest.Fuzz(f, Driver(), twice(0x85, 0x40, 0x08, 0x48, 0x61), twice(0x90, 0, 0, 0, 0), twice(0x80, 0, 0x10, 0x7F, 0x7F),
		[]byte{0x85, 0x40, 0x08, 0x48, 0x61, 0x85, 0x40, 0x08, 0x61, 0x85, 0x40, 0x08, 0x48, 0x61})
}

func started() *session {
	s := newSession()
	s.Start(begin)
	return s
}

// at60 is a session that knows its device's rate.
func at60() *session {
	s := started()
	s.rate.hz = 60
	s.measured(&monitor.Output{}, begin)
	return s
}

func TestOneFrameAloneIsNotBelieved(t *testing.T) {
	s := at60()
	if out := s.Feed(begin, []byte{0x85, 0x40, 0x08, 0x48, 0x61}); out.Frames != 0 || len(out.Readings) != 0 {
		t.Fatalf("one frame: %+v", out)
	}
	out := s.Feed(begin, []byte{0x85, 0x41, 0x08, 0x48, 0x61})
	if out.Frames != 2 || len(out.Waves) != 1 || !slices.Equal(out.Waves[0].Samples[0], []int16{0x40, 0x41}) {
		t.Fatalf("second frame: %+v", out)
	}
	// What is no oximeter never becomes one: text has no byte over 7F, and random bytes seldom two frames in a row.
	if out := started().Feed(begin, bytes.Repeat([]byte("$GNRMC,,V,,,,,,,,,,N*4D\r\n"), 50)); out.Frames != 0 {
		t.Errorf("a GNSS receiver is taken for an oximeter: %d frames", out.Frames)
	}
}

// Every bit of the rate, the values and the signal's strength, as the tests of atbrask/CMS50Dplus go through them.
func TestEveryBit(t *testing.T) {
	for rate := 1; rate <= rateMax; rate++ {
		out := at60().Feed(begin, twice(0x85, 0, byte(rate&0x80>>1), byte(rate&0x7F), 97))
		if r := find(t, out, ems.PulseRate); r.Value != float64(rate) || r.Quality != ems.Good {
			t.Fatalf("rate %d: %+v", rate, r)
		}
	}
	for v := range 128 {
		out := at60().Feed(begin, twice(0x80|byte(v&15), byte(v), byte(v&15), 72, byte(v)))
		if w := out.Waves[0]; w.Samples[0][0] != int16(v) || w.RateHz != 60 {
			t.Fatalf("pleth %d: %+v", v, w)
		}
		if r := find(t, out, ems.PulseForce); r.Value != float64(v&15) {
			t.Fatalf("signal %d: %+v", v&15, r)
		}
		if r := find(t, out, ems.SpO2); r.Quality.HasValue() != (v >= 1 && v <= 100) || r.Quality.HasValue() && r.Value != float64(v) {
			t.Fatalf("SpO2 %d: %+v", v, r)
		}
	}
}

func find(t *testing.T, out monitor.Output, c ems.Channel) ems.Reading {
	t.Helper()
	for _, r := range slices.Backward(out.Readings) {
		if r.Channel == c {
			return r
		}
	}
	t.Fatalf("no %s in %+v", c, out.Readings)
	return ems.Reading{}
}

func TestReadingsComeOnChangeAndOnceASecond(t *testing.T) {
	s := started()
	frame := []byte{0x85, 0x40, 0x08, 0x48, 0x61}
	count := 0
	for i := range 60 * 10 {
		frame[0] = 0x80 | byte(i%8) // the strength moves all the time
		out := s.Feed(begin.Add(time.Duration(i)*time.Second/60), frame)
		for _, r := range out.Readings {
			if r.Channel == ems.SpO2 {
				count++
			}
		}
	}
	if count < 9 || count > 11 {
		t.Errorf("SpO2 was said %d times in 10 s", count)
	}
	frame[4] = 0x60
	if out := s.Feed(begin.Add(10*time.Second+time.Millisecond), frame); find(t, out, ems.SpO2).Value != 96 {
		t.Errorf("a change had to wait")
	}
}

func TestDLV004_LostFramesAreJumps(t *testing.T) {
	good := []byte{0x85, 0x40, 0x08, 0x48, 0x61}
	for name, c := range map[string]struct {
		after time.Duration
		dirt  []byte
		lost  uint64
	}{
		"nothing":                {17 * time.Millisecond, nil, 0},
		"one byte lost":          {33 * time.Millisecond, good[:4], 1},
		"bit 7 set in the midst": {33 * time.Millisecond, []byte{0x85, 0x40, 0x88, 0x48, 0x61}, 1},
		"held up for a second":   {time.Second, nil, 0},
		"silent for 3 s":         {3 * time.Second, nil, 179},
		"half a second overrun":  {500 * time.Millisecond, good[:2], 29},
	} {
		s := at60()
		s.Feed(begin, twice(good...))
		out := s.Feed(begin.Add(c.after), append(slices.Clone(c.dirt), twice(good...)...))
		if len(out.Waves) != 1 || out.Waves[0].Counter != 2+c.lost || uint64(out.Lost) != c.lost || out.Waves[0].Len() != 2 {
			t.Errorf("%s: lost %d, %+v; want %d", name, out.Lost, out.Waves, c.lost)
		}
	}
}

// lump is bytes that came at once.
type lump struct {
	at     time.Duration
	frames int
}

// arrivals lets frames of a rate come in lumps: each is read when the reader next looks, which is after jitter at most, and sometimes
// after a stall.
func arrivals(rng *rand.Rand, hz float64, length, jitter, stall time.Duration) (out []lump) {
	sent := 0
	for at := time.Duration(0); at < length; {
		at += time.Millisecond + time.Duration(rng.Int64N(int64(jitter)))
		if stall > 0 && rng.IntN(40) == 0 {
			at += stall
		}
		if n := int(at.Seconds() * hz); n > sent {
			out = append(out, lump{at, n - sent})
			sent = n
		}
	}
	return out
}

// pleth feeds lumps and gives what came of them, and when the first samples came out.
func pleth(s *session, from int, lumps []lump) (out monitor.Output, first time.Duration) {
	n := from
	for _, l := range lumps {
		var p []byte
		for range l.frames {
			p = append(p, 0x85, byte(n%100), 0x08, 0x48, 0x61)
			n++
		}
		o := s.Feed(begin.Add(l.at), p)
		if len(o.Waves) > 0 && first == 0 {
			first = l.at
		}
		for _, w := range o.Waves {
			if k := len(out.Waves); k == 0 || !monitor.Join(&out.Waves[k-1], w) {
				out.Waves = append(out.Waves, w)
			}
		}
		out.Lost += o.Lost
	}
	return out, first
}

// TestTheRateIsMeasured: whatever the lumps in which bytes come, the pleth has the rate of the board, all of its samples, and the time
// at which its first one was received.
func TestTheRateIsMeasured(t *testing.T) {
	const ms = time.Millisecond
	for _, hz := range []float64{50, 60, 100} {
		for _, c := range []struct{ jitter, stall time.Duration }{{ms, 0}, {20 * ms, 0}, {100 * ms, 0}, {250 * ms, 0}, {20 * ms, 400 * ms}, {40 * ms, time.Second}} {
			t.Run(fmt.Sprint(hz, " Hz ", c.jitter, " ", c.stall), func(t *testing.T) {
				for seed := range uint64(40) {
					rng := rand.New(rand.NewPCG(seed, 5))
					own := hz * (1 + 0.01*(2*rng.Float64()-1)) // a device's own clock is not ours
					lumps := arrivals(rng, own, 12*time.Second, c.jitter, c.stall)
					lumps[0].frames += rng.IntN(200) // what lay in the computer when the port was opened
					sent := 0
					for _, l := range lumps {
						sent += l.frames
					}
					s := started()
					out, first := pleth(s, 0, lumps)
					if len(out.Waves) != 1 || out.Waves[0].RateHz != hz {
						t.Fatalf("seed %d: %d runs of pleth, the first at %+v", seed, len(out.Waves), rates(out))
					}
					w, since := out.Waves[0], lumps[0].at
					if lumps[0].frames == 1 {
						since = lumps[1].at // a frame alone is not believed until the next one came
					}
					if w.Counter != 0 || w.Len() != sent || out.Lost != 0 || !w.Taken.Equal(begin.Add(since)) {
						t.Fatalf("seed %d: counter %d, %d of %d samples, %d lost, from %v", seed, w.Counter, w.Len(), sent, out.Lost, w.Taken)
					}
					if most := 3*time.Second + 2*c.stall + 2*c.jitter; first > most {
						t.Fatalf("seed %d: the first pleth came after %v", seed, first)
					}
				}
			})
		}
	}
}

func rates(o monitor.Output) (out []float64) {
	for _, w := range o.Waves {
		out = append(out, w.RateHz)
	}
	return out
}

// A board at a rate that nobody wrote down is drawn at the one that is measured, once three windows agree.
func TestAnUndocumentedRateIsMeasuredToo(t *testing.T) {
	out, first := pleth(started(), 0, arrivals(rand.New(rand.NewPCG(1, 1)), 75, 20*time.Second, 20*time.Millisecond, 0))
	if len(out.Waves) != 1 || out.Waves[0].RateHz < 74 || out.Waves[0].RateHz > 76 || out.Lost != 0 || first < 6*time.Second || first > 8*time.Second {
		t.Errorf("75 frames a second are drawn at %v from %v, %d lost", rates(out), first, out.Lost)
	}
}

// Another board behind the same adapter: the old rate ends with its stream, and a new one begins.
func TestDLV004_AnotherRateIsAnotherStream(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	lumps := arrivals(rng, 60, 10*time.Second, 20*time.Millisecond, 0)
	for _, l := range arrivals(rng, 100, 15*time.Second, 20*time.Millisecond, 0) {
		lumps = append(lumps, lump{l.at + 10100*time.Millisecond, l.frames})
	}
	out, _ := pleth(started(), 0, lumps)
	if got := rates(out); !slices.Equal(got, []float64{60, 100}) || out.Waves[0].Stream == out.Waves[1].Stream || out.Waves[1].Counter != 0 {
		t.Errorf("runs at %v, counters from %d", got, out.Waves[len(out.Waves)-1].Counter)
	}
	if n := out.Waves[1].Len(); n < 700 || n > 900 {
		t.Errorf("%d samples at the new rate: it was seen too late or too early", n)
	}
}

// Without times (a file read at once) or at a rate that no board has there is no pleth: one drawn at a guess would show a wrong rhythm.
func TestUnknownRateWithholdsThePlethAndNothingElse(t *testing.T) {
	for name, lumps := range map[string][]lump{"at once": {{0, 5000}}, "8 Hz": arrivals(rand.New(rand.NewPCG(1, 1)), 8, 30*time.Second, 5*time.Millisecond, 0)} {
		s := started()
		var o monitor.Output
		sent := 0
		for _, l := range lumps {
			out := s.Feed(begin.Add(l.at), bytes.Repeat([]byte{0x85, 0x40, 0x08, 0x48, 0x61}, l.frames))
			o.Waves, o.Readings, o.Lost, sent = append(o.Waves, out.Waves...), append(o.Readings, out.Readings...), o.Lost+out.Lost, sent+l.frames
		}
		if len(o.Waves) != 0 || find(t, o, ems.SpO2).Value != 97 || o.Lost != max(0, sent-pendingMax) || len(s.pending) > pendingMax {
			t.Errorf("%s: %d waves, %d of %d lost, %d wait", name, len(o.Waves), o.Lost, sent, len(s.pending))
		}
	}
}
