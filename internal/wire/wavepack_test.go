package wire

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

func TestPackWave_IsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leads := rapid.IntRange(1, MaxWaveLeads).Draw(t, "leads")
		n := rapid.IntRange(1, 300).Draw(t, "n")
		w := ems.WaveChunk{Device: "m-1", Stream: "m-1_1", RateHz: 500, LSB: 0.0025, Counter: rapid.Uint64Range(0, 1<<50).Draw(t, "counter"), Filter: "f", Demo: true}
		for range leads {
			w.Leads = append(w.Leads, ems.ECGII)
			w.Samples = append(w.Samples, rapid.SliceOfN(rapid.Int16(), n, n).Draw(t, "samples"))
		}
		if off := rapid.IntRange(0, leads).Draw(t, "off"); off > 0 {
			w.Off = make([]bool, leads)
			w.Off[off-1] = true
		}
		p, err := PackWave(w, "p-1")
		if err != nil {
			t.Fatal(err)
		}
		got, patient, err := UnpackWave(p)
		if err != nil || patient != "p-1" || !cmp.Equal(got, w) {
			t.Fatalf("%v %v %s", patient, err, cmp.Diff(w, got))
		}
	})
}

// A third of the raw size is the budget for 12 leads at 2.5 µV a step (docs/limits.md); differences alone must reach about a half, with
// a signal that moves as ECG does.
func TestPackWave_IsSmall(t *testing.T) {
	w := ems.WaveChunk{Device: "m-1", Leads: []ems.Channel{ems.ECGII}, RateHz: 500, LSB: 0.0025, Samples: [][]int16{make([]int16, 500)}}
	for i := range w.Samples[0] {
		w.Samples[0][i] = int16(400 * math.Sin(float64(i)/40))
	}
	p, err := PackWave(w, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Deltas) > 550 {
		t.Errorf("500 slow samples took %d bytes", len(p.Deltas))
	}
}

func TestPackWave_RefusesRaggedChunks(t *testing.T) {
	ok := ems.WaveChunk{Device: "m-1", Leads: []ems.Channel{"a", "b"}, RateHz: 100, Samples: [][]int16{{1, 2}, {3, 4}}}
	for name, spoil := range map[string]func(*ems.WaveChunk){
		"rows":       func(w *ems.WaveChunk) { w.Samples = w.Samples[:1] },
		"length":     func(w *ems.WaveChunk) { w.Samples = [][]int16{{1, 2}, {3}} },
		"electrodes": func(w *ems.WaveChunk) { w.Off = []bool{true} },
		"empty":      func(w *ems.WaveChunk) { w.Samples, w.Leads = nil, nil },
		"rate":       func(w *ems.WaveChunk) { w.RateHz = 0 },
		"too long":   func(w *ems.WaveChunk) { w.Leads, w.Samples = w.Leads[:1], [][]int16{make([]int16, MaxWaveLen+1)} },
	} {
		w := ok
		spoil(&w)
		if _, err := PackWave(w, ""); err == nil {
			t.Errorf("%s: packed", name)
		}
	}
}

func TestACC003_UnpackWaveRefusesWhatDoesNotAddUp(t *testing.T) {
	ok, err := PackWave(ems.WaveChunk{Device: "m-1", Leads: []ems.Channel{"a", "b"}, RateHz: 100, Samples: [][]int16{{1, 32767}, {3, 4}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*pb.Wave){
		"a sample short":       func(p *pb.Wave) { p.Deltas = p.Deltas[:len(p.Deltas)-1] },
		"a byte long":          func(p *pb.Wave) { p.Deltas = append(p.Deltas, 0) },
		"more than says n":     func(p *pb.Wave) { p.N = 1 },
		"n of a gigabyte":      func(p *pb.Wave) { p.N = 1 << 30 },
		"out of 16 bits":       func(p *pb.Wave) { p.Deltas[0] = 8 },
		"varint without end":   func(p *pb.Wave) { p.Deltas = []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255} },
		"no lead":              func(p *pb.Wave) { p.Leads = nil },
		"lead of another kind": func(p *pb.Wave) { p.Leads[0] = "II " },
		"thirteen leads":       func(p *pb.Wave) { p.Leads = append(p.Leads, make([]string, 11)...) },
		"rate is no number":    func(p *pb.Wave) { p.RateHz = math.NaN() },
		"step is no number":    func(p *pb.Wave) { p.Lsb = math.Inf(1) },
		"counter runs over":    func(p *pb.Wave) { p.Counter = math.MaxUint64 },
		"electrode of no lead": func(p *pb.Wave) { p.OffMask = 4 },
	} {
		p := proto.Clone(ok).(*pb.Wave)
		spoil(p)
		if _, _, err := UnpackWave(p); err == nil {
			t.Errorf("%s: unpacked", name)
		}
	}
}

func FuzzUnpackWave(f *testing.F) {
	f.Add([]byte{2, 4, 6, 8}, uint32(2), uint32(2), uint32(1))
	f.Add([]byte{255, 255, 3}, uint32(1), uint32(1), uint32(0))
	f.Fuzz(func(t *testing.T, deltas []byte, leads, n, mask uint32) {
		p := &pb.Wave{Device: "m-1", RateHz: 100, N: n, Deltas: deltas, OffMask: mask}
		for range min(leads, 20) {
			p.Leads = append(p.Leads, "ecg_ii")
		}
		w, _, err := UnpackWave(p)
		if err != nil {
			return
		}
		again, err := PackWave(w, "")
		if err != nil {
			t.Fatalf("unpacked, and cannot be packed: %v", err)
		}
		if back, _, err := UnpackWave(again); err != nil || !cmp.Equal(back, w) {
			t.Fatalf("%v %s", err, cmp.Diff(w, back))
		}
	})
}
