package capture_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifeline120/internal/capture"
	"lifeline120/internal/ems"
)

const sample = `lifeline capture 1
device: Berry PM6750
driver: berry_pm6750
firmware: 1.2
obtained: built from the manual
date: 2026-11-21
line: 115200 8N1
start: 2026-11-21T08:00:00.25Z
expectation: SpO2 speaks
expectation: no finger
note: none of this is a patient's

0.000 tx 55 aa 04 03 01 f7
0.050 rx 55 aa 0a 01 80 80 80 80 80 80 80 74
1.000250 rx "$GNRMC,,V,,,,,,,,,,N*4D\r\n"
1.000250 rx "$GNVTG,,,,,,,,,N*2E\r\n"
`

func sampleHeader() capture.Header {
	return capture.Header{
		Device: "Berry PM6750", Driver: "berry_pm6750", Firmware: "1.2", Obtained: "built from the manual", Date: "2026-11-21",
		Line: ems.Serial8N1(115200), Start: time.Date(2026, 11, 21, 8, 0, 0, 250e6, time.UTC),
		Expectation: "SpO2 speaks\nno finger", Note: "none of this is a patient's", Form: capture.Capture,
	}
}

func TestReadAndWriteAreInverse(t *testing.T) {
	chunks, h, err := capture.Read([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sampleHeader(), h); d != "" {
		t.Error("header:", d)
	}
	want := []capture.Chunk{
		{Dir: capture.TX, Bytes: []byte{0x55, 0xaa, 4, 3, 1, 0xf7}},
		{At: 50 * time.Millisecond, Bytes: []byte{0x55, 0xaa, 10, 1, 128, 128, 128, 128, 128, 128, 128, 0x74}},
		{At: 1000250 * time.Microsecond, Bytes: []byte("$GNRMC,,V,,,,,,,,,,N*4D\r\n")},
		{At: 1000250 * time.Microsecond, Bytes: []byte("$GNVTG,,,,,,,,,N*2E\r\n")},
	}
	if d := cmp.Diff(want, chunks); d != "" {
		t.Error("chunks:", d)
	}
	if got := write(t, h, chunks); got != sample {
		t.Errorf("written again it differs: %s", cmp.Diff(sample, got))
	}
}

func write(t *testing.T, h capture.Header, chunks []capture.Chunk) string {
	t.Helper()
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		if err := w.Write(c); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestReadTakesHexAndRaw(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		form     capture.Form
		want     string
	}{
		{"hex pairs", "55 AA 04\n07,03 f1\n", capture.Hex, "\x55\xaa\x04\x07\x03\xf1"},
		{"hex run with a comment", "# gain\n\n55AA040703F1 # six\r\n0x0d", capture.Hex, "\x55\xaa\x04\x07\x03\xf1\r"},
		{"sentences", "$GPRMC,,V,,,,,,,,,,N*53\r\n", capture.Raw, "$GPRMC,,V,,,,,,,,,,N*53\r\n"},
		{"a frame", "\x55\xaa\x04\x07\x03\xf1", capture.Raw, "\x55\xaa\x04\x07\x03\xf1"},
		{"comments only", "# nothing\n", capture.Raw, "# nothing\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			chunks, h, err := capture.Read([]byte(tc.in))
			if err != nil || h.Form != tc.form || len(chunks) != 1 || string(chunks[0].Bytes) != tc.want {
				t.Errorf("got %v %v %v, want %v %q", chunks, h.Form, err, tc.form, tc.want)
			}
		})
	}
}

var broken = []struct{ name, in, says string }{
	{"empty", "", "empty"},
	{"later version", "lifeline capture 9\n\n", "line 1"},
	{"unknown key", "lifeline capture 1\nmaker: x\n", `line 2: unknown key "maker"`},
	{"key twice", "lifeline capture 1\ndate: x\ndate: y\n", "line 3: date is given twice"},
	{"no empty line", "lifeline capture 1\n0.000 rx 55\n", "empty line"},
	{"endless header", "lifeline capture 1\n" + strings.Repeat("note: x\n", 300), "header has no end"},
	{"bad line settings", "lifeline capture 1\nline: fast\n", "115200 8N1"},
	{"bad start", "lifeline capture 1\nstart: noon\n", "2026-11-21T08:00:00Z"},
	{"bad time", "lifeline capture 1\n\nsoon rx 55\n", "line 3: read time"},
	{"time beyond all", "lifeline capture 1\n\n1e300 rx 55\n", "line 3: read time"},
	{"time no number", "lifeline capture 1\n\nNaN rx 55\n", "line 3: read time"},
	{"time backwards", "lifeline capture 1\n\n1 rx 55\n0.5 rx 55\n", "line 4: time runs backwards"},
	{"bad direction", "lifeline capture 1\n\n1 up 55\n", "line 3: read direction"},
	{"half a byte", "lifeline capture 1\n\n1 rx 55 a\n", "line 3: read hex"},
	{"no bytes", "lifeline capture 1\n\n1 rx\n", "line 3: no bytes"},
	{"open string", "lifeline capture 1\n\n1 rx \"$GP\n", "line 3: read text"},
	{"overlong line", "lifeline capture 1\n\n1 rx " + strings.Repeat("55", 40000) + "\n", "line 3: longer"},
	{"hex with a slip", "55 aa\n55 ag\n", "line 2: read hex"},
}

func TestReadNamesTheLineOfAFault(t *testing.T) {
	for _, tc := range broken {
		t.Run(tc.name, func(t *testing.T) {
			if _, _, err := capture.Read([]byte(tc.in)); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error that says %q", err, tc.says)
			}
		})
	}
}

func TestACC003_ReadIsBounded(t *testing.T) {
	if _, _, err := capture.Read(make([]byte, capture.FileMax+1)); err == nil {
		t.Error("a file over FileMax was taken")
	}
}

func TestWriterRefuses(t *testing.T) {
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.Header{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(capture.Chunk{At: time.Second, Bytes: []byte{1}}); err != nil {
		t.Fatal(err)
	}
	if w.Write(capture.Chunk{At: 0, Bytes: []byte{1}}) == nil {
		t.Error("time ran backwards")
	}
	if w.Write(capture.Chunk{At: time.Second}) == nil {
		t.Error("an empty chunk was taken")
	}
	full := errors.New("disk full")
	if _, err := capture.NewWriter(failing{full}, capture.Header{}); !errors.Is(err, full) {
		t.Errorf("got %v, want the cause", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// FuzzCapture holds that nothing panics, and that what Read took and Writer wrote is read again as the same bytes at the
// same times.
func FuzzCapture(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("55 aa 04 07"))
	for _, tc := range broken {
		f.Add([]byte(tc.in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		chunks, h, err := capture.Read(b)
		if err != nil || len(chunks) == 0 {
			return
		}
		again, _, err := capture.Read([]byte(write(t, h, chunks)))
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range []capture.Direction{capture.RX, capture.TX} {
			if want, got := flat(chunks, dir), flat(again, dir); !bytes.Equal(want, got) {
				t.Errorf("%v: read again as %q, want %q", dir, got, want)
			}
		}
		if chunks[len(chunks)-1].At != again[len(again)-1].At {
			t.Error("the time of the last chunk changed")
		}
	})
}

func flat(chunks []capture.Chunk, dir capture.Direction) (out []byte) {
	for _, c := range chunks {
		if c.Dir == dir {
			out = append(out, c.Bytes...)
		}
	}
	return out
}
