package wfdb

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// data reads a file of the shared records; they are not part of the project.
func data(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("LIFELINE_DATA")
	if dir == "" {
		dir = "../../../../shared/data"
	}
	b, err := os.ReadFile(filepath.Join(dir, "ecg", name))
	if err != nil {
		t.Skipf("recorded ECGs are not here (set LIFELINE_DATA): %v", err)
	}
	return b
}

// The sums and first values of the header are the oracle: Samples checks them.
func TestReadsMITBIH100(t *testing.T) {
	h, err := ReadHeader(data(t, "100.hea"))
	if err != nil {
		t.Fatal(err)
	}
	if h.RateHz != 360 || len(h.Signals) != 2 || h.Signals[0].Name != "MLII" || h.Signals[1].Name != "V5" || !h.Signals[0].HasCheck {
		t.Fatalf("header %+v", h)
	}
	got, err := h.Samples("100.dat", data(t, "100.dat"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || len(got[0]) != 650000 {
		t.Fatalf("%d signals of %d samples", len(got), len(got[0]))
	}
	if mv := h.Signals[0].Physical(got[0][0]); math.Abs(mv+0.145) > 1e-9 {
		t.Errorf("first sample is %v mV, want -0.145", mv)
	}
	broken := append([]byte(nil), data(t, "100.dat")...)
	broken[1000] ^= 0x10
	if _, err := h.Samples("100.dat", broken); err == nil {
		t.Error("one flipped bit went through")
	}
}

func TestReadsAnnotationsOfMITBIH100(t *testing.T) {
	got, err := ReadAnnotations(data(t, "100.atr"))
	if err != nil {
		t.Fatal(err)
	}
	count, beats := map[int]int{}, 0
	for i, a := range got {
		count[a.Code]++
		if a.IsBeat() {
			beats++
		}
		if i > 0 && a.Sample < got[i-1].Sample {
			t.Fatalf("mark %d runs backwards", i)
		}
	}
	if len(got) != 2274 || count[1] != 2239 || count[8] != 33 || count[5] != 1 || beats != 2273 {
		t.Errorf("%d marks, %d beats: %v", len(got), beats, count)
	}
	if got[0].Aux != "(N" || got[1].Sample != 77 {
		t.Errorf("starts with %+v", got[:2])
	}
}

func TestReadsPTBRecord(t *testing.T) {
	h, err := ReadHeader(data(t, "s0010_re.hea"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.Samples("s0010_re.dat", data(t, "s0010_re.dat"))
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Signals) != 15 || len(got) != 12 || len(got[0]) != 38400 {
		t.Fatalf("%d signals, %d here", len(h.Signals), len(got))
	}
	for i, uv := range []float64{-244.5, -229} { // I and II
		if v := h.Signals[i].Physical(got[i][0]) * 1000; v != uv {
			t.Errorf("%s starts at %v µV, want %v", h.Signals[i].Name, v, uv)
		}
	}
}

const small = "r 2 360 3\nr.dat 212 200(5)/uV 11 0 1 0 0 a b\nr.dat 212\n"

func TestHeaderDefaults(t *testing.T) {
	h, err := ReadHeader([]byte("# first\n" + small + "# last\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := h.Signals[0], h.Signals[1]
	if a.Baseline != 5 || a.Unit != "uV" || a.Name != "a b" || !a.HasCheck || b.Gain != 200 || b.Unit != "mV" || b.HasCheck {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestFormat212IsTwoSamplesInThreeBytes(t *testing.T) {
	got := read212([]byte{0xE3, 0x33, 0xF3, 0xFF, 0x8F, 0x00, 0x01, 0x00})
	want := []int16{0x3E3, 0x3F3, -1, -2048, 1}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for text, word := range map[string]string{
		"":                                   "0 signal lines of 0",
		"r":                                  "number of signals",
		"r/3 2 360":                          "segments",
		"r -1":                               "number of signals",
		"r 65":                               "number of signals",
		"r 1 0":                              "sampling rate",
		"r 1 NaN":                            "sampling rate",
		"r 1 360 -5":                         "number of samples",
		"r 2 360 3\nr.dat 212":               "1 signal lines of 2",
		"r 1 360\nr.dat":                     "no format",
		"r 1 360\nr.dat 80":                  "format",
		"r 1 360\nr.dat 212x2":               "format",
		"r 1 360\nr.dat 16 x":                "gain",
		"r 1 360\nr.dat 16 200(x)":           "baseline",
		"r 1 360\nr.dat 16 200 x":            "number",
		"r 0\n" + strings.Repeat("#", 1<<18): "more than",
	} {
		if _, err := ReadHeader([]byte(text)); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%.30q: %v, want a word of %q", text, err, word)
		}
	}
	h, err := ReadHeader([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Samples("other.dat", nil); err == nil {
		t.Error("a file that the header does not name was read")
	}
	if _, err := h.Samples("r.dat", make([]byte, 8)); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("short file: %v", err)
	}
	for _, b := range [][]byte{nil, {1, 4}, {0, 59 << 2, 1}, {9, 63 << 2, 'x'}} {
		if a, err := ReadAnnotations(b); err == nil {
			t.Errorf("annotations % x became %v", b, a)
		}
	}
}

func FuzzWFDBHeader(f *testing.F) {
	f.Add([]byte(small), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add([]byte("100 2 360 650000\n100.dat 212 200 11 1024 995 -22131 0 MLII\n\n100.dat 212 200 11 1024 1011 20052 0 V5\n"), []byte{0xE3, 0x33, 0xF3})
	f.Add([]byte("x 1 1000\nx.dat 16 2000 16 0 -489 -8337 0 i\n"), []byte{0x17, 0xFE})
	f.Fuzz(func(t *testing.T, header, dat []byte) {
		if _, err := ReadAnnotations(dat); err != nil {
			_ = err.Error()
		}
		h, err := ReadHeader(header)
		if err != nil {
			return
		}
		for _, s := range h.Signals {
			got, err := h.Samples(s.File, dat)
			if err != nil {
				continue
			}
			for _, one := range got {
				if len(one) > len(dat) || len(one) != len(got[0]) {
					t.Fatalf("%d bytes became signals of %d", len(dat), len(one))
				}
			}
			if v := s.Physical(0); math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("scale of %+v", s)
			}
		}
	})
}
