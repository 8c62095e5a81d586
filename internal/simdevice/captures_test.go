package simdevice_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/capture"
	"lifeline120/internal/ecg/ecgmodel"
	"lifeline120/internal/ems"
	"lifeline120/internal/simdevice"
)

var update = flag.Bool("update", false, "write the committed captures of simulated monitors anew")

// device is a simulated device under a scene.
type device interface {
	Step(now time.Time) []byte
	Write(p []byte)
	Fault(f simdevice.Fault, on bool)
}

// cue is what happens at an instant of a scene.
type cue struct {
	at    time.Duration
	write []byte
	on    []simdevice.Fault
	off   []simdevice.Fault
}

// scene is one capture.
type scene struct {
	driver, name string
	line         ems.Line
	model        string
	expectation  string
	length       time.Duration
	device       func() device
	cues         []cue
}

func berry() device {
	return simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: 120, ECG: ecgmodel.New(ecgmodel.Config{Seed: 120, HeartRate: 75})})
}

func bci(rateHz int64) func() device {
	return func() device { return simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 120, RateHz: rateHz}) }
}

// command is one of the board's, from the manual's table: 55 AA 04 command value sum.
func command(cmd, value byte) []byte { return []byte{0x55, 0xAA, 4, cmd, value, ^(4 + cmd + value)} }

func commands(pairs ...[2]byte) (out []byte) {
	for _, p := range pairs {
		out = append(out, command(p[0], p[1])...)
	}
	return out
}

var everything = commands([2]byte{7, 3}, [2]byte{8, 2}, [2]byte{0x0F, 3}, [2]byte{1, 1}, [2]byte{3, 1}, [2]byte{4, 1}, [2]byte{0xFE, 1}, [2]byte{0xFF, 1})

func scenes() []scene {
	const s = time.Second
	berryLine, bciLine := ems.Serial8N1(115200), ems.Line{Baud: 19200, DataBits: 8, Parity: "O", StopBits: 1}
	b := func(name, expectation string, length time.Duration, cues ...cue) scene {
		return scene{"berry_pm6750", name, berryLine, "Berry PM6750", expectation, length, berry, cues}
	}
	oAt := func(rateHz int64) func(name, expectation string, length time.Duration, cues ...cue) scene {
		return func(name, expectation string, length time.Duration, cues ...cue) scene {
			return scene{"bci_oximeter", name, bciLine, "BCI 5-byte oximeter", expectation, length, bci(rateHz), cues}
		}
	}
	o := oAt(60)
	type f = []simdevice.Fault
	return []scene{
		b("steady", "All outputs on, all well: HR about 75, SpO2 98, T1 36.6, three waves without a gap.", 4*s, cue{write: everything}),
		b("lead_off", "An electrode falls off after 1 s and is back after 3 s: HR, RR, ST and code say probe off, the ECG is marked.",
			5*s, cue{write: commands([2]byte{1, 1})}, cue{at: s + s/2, on: f{simdevice.LeadOff}}, cue{at: 3*s + s/2, off: f{simdevice.LeadOff}}),
		b("probes", "Finger out at 1.5 s, probe unplugged at 3.5 s, searching at 5.5 s, well again at 7.5 s; T1 unplugged from 3.5 s.",
			9*s, cue{write: commands([2]byte{3, 1}, [2]byte{4, 1}, [2]byte{0xFE, 1})},
			cue{at: s + s/2, on: f{simdevice.FingerOff}},
			cue{at: 3*s + s/2, on: f{simdevice.ProbeUnplugged, simdevice.TempUnplugged}, off: f{simdevice.FingerOff}},
			cue{at: 5*s + s/2, on: f{simdevice.SearchingPulse}, off: f{simdevice.ProbeUnplugged}},
			cue{at: 7*s + s/2, off: f{simdevice.SearchingPulse}}),
		b("nibp", "A measurement of 20 s ends with 122/93/78; the next is stopped, the third finds the cuff loose. 0/0/0 is no reading.",
			42*s, cue{at: s, write: commands([2]byte{9, 1}, [2]byte{2, 1})}, cue{at: 25 * s, write: commands([2]byte{2, 1})},
			cue{at: 29 * s, write: commands([2]byte{2, 0})},
			cue{at: 31 * s, write: commands([2]byte{2, 1}), on: f{simdevice.CuffLoose}}),
		b("saturated", "The amplifier is at its end: HR becomes questioned, and the gain is lowered once.", 4*s,
			cue{write: commands([2]byte{1, 1}), on: f{simdevice.Saturate}}),
		b("bad_line", "One byte in 200 is lost or broken: frames with wrong sums are dropped, gaps are jumps of the counters.", 4*s,
			cue{write: everything, on: f{simdevice.DropBytes, simdevice.FlipBits}}),
		o("steady", "SpO2 98, PR 75, pleth without a gap at 60 Hz; beats vary by 3 %.", 6*s),
		oAt(50)("board_50hz", "A board of 50 frames a second: its pleth is said to have 50 Hz.", 4*s),
		oAt(100)("board_100hz", "A board of 100 frames a second: its pleth is said to have 100 Hz.", 4*s),
		o("probes", "Finger out at 1 s, probe error at 2 s, searching at 3 s, well again at 4 s.", 5*s,
			cue{at: s, on: f{simdevice.FingerOff}}, cue{at: 2 * s, on: f{simdevice.ProbeUnplugged}, off: f{simdevice.FingerOff}},
			cue{at: 3 * s, on: f{simdevice.SearchingPulse}, off: f{simdevice.ProbeUnplugged}},
			cue{at: 4 * s, off: f{simdevice.SearchingPulse}}),
		o("bad_line", "One byte in 200 is lost or broken: malformed frames are dropped, gaps are jumps of the counter.", 8*s,
			cue{on: f{simdevice.DropBytes, simdevice.FlipBits}}),
	}
}

// play runs a scene in steps of 20 ms, as a read loop sees it.
func play(s scene) (chunks []capture.Chunk) {
	begin := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	d := s.device()
	cues := s.cues
	for at := time.Duration(0); at <= s.length; at += 20 * time.Millisecond {
		if p := d.Step(begin.Add(at)); len(p) > 0 {
			chunks = append(chunks, capture.Chunk{At: at, Bytes: bytes.Clone(p)})
		}
		for len(cues) > 0 && cues[0].at <= at {
			for _, f := range cues[0].on {
				d.Fault(f, true)
			}
			for _, f := range cues[0].off {
				d.Fault(f, false)
			}
			if len(cues[0].write) > 0 {
				d.Write(cues[0].write)
				chunks = append(chunks, capture.Chunk{At: at, Dir: capture.TX, Bytes: cues[0].write})
			}
			cues = cues[1:]
		}
	}
	return chunks
}

// The committed captures of monitors are what the simulators make (with -update they are made). Numbers of bytes are
// compared, not the bytes: the last bit of a wave may differ with the processor's arithmetic.
func TestCapturesOfMonitorsAreOfTheSimulators(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.driver+"/"+s.name, func(t *testing.T) {
			path := filepath.Join("../../testdata/captures/monitor", s.driver, s.name+".capture")
			chunks := play(s)
			if *update {
				write(t, path, s, chunks)
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, header, err := capture.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			if header.Driver != s.driver || !strings.HasPrefix(header.Obtained, "from manual") {
				t.Errorf("header %+v", header)
			}
			if a, b := total(got), total(chunks); a != b {
				t.Errorf("the capture has %v bytes rx and tx, the simulator makes %v: run with -update and look at the difference", a, b)
			}
		})
	}
}

func total(chunks []capture.Chunk) (n [2]int) {
	for _, c := range chunks {
		n[c.Dir] += len(c.Bytes)
	}
	return n
}

func write(t *testing.T, path string, s scene, chunks []capture.Chunk) {
	t.Helper()
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.Header{Device: s.model + " (simulated)", Driver: s.driver, Line: s.line, Date: "2026-11-21",
		Obtained: "from manual: made by internal/simdevice, which speaks as the manual says; never a patient", Expectation: s.expectation})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		if err := w.Write(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
