// Package gnsstest is the suite that every dialect of gnss passes: its captures give their golden answers, whole and cut
// anywhere, and noise costs no more than what it hit.
package gnsstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifeline120/internal/capture"
	"lifeline120/internal/gnss"
)

var update = flag.Bool("update", false, "write the golden answers anew")

// Result is what a session made of a whole input.
type Result struct {
	gnss.Output
	Bytes int
}

// Play feeds chunks to a new session and ticks it each second of their time, and three seconds beyond. Chunks are fed in
// pieces of at most cut bytes; 0 feeds them whole.
func Play(d gnss.Dialect, o gnss.Options, start time.Time, chunks []capture.Chunk, cut int) Result {
	s := d.New(o)
	var r Result
	take := func(out gnss.Output) {
		r.Fixes = append(r.Fixes, out.Fixes...)
		r.Frames += out.Frames
		r.Garbage += out.Garbage
	}
	tick, end := time.Second, 3*time.Second
	for _, c := range chunks {
		if c.Dir != capture.RX {
			continue
		}
		for ; tick <= c.At; tick += time.Second {
			take(s.Tick(start.Add(tick)))
		}
		for p := c.Bytes; len(p) > 0; {
			n := len(p)
			if cut > 0 {
				n = min(n, cut)
			}
			take(s.Feed(start.Add(c.At), p[:n]))
			p = p[n:]
		}
		r.Bytes += len(c.Bytes)
		end = c.At + 3*time.Second
	}
	for ; tick <= end; tick += time.Second {
		take(s.Tick(start.Add(tick)))
	}
	return r
}

// Run holds dialect d to its contract on the captures in dir, each NAME.capture with its answer NAME.golden beside it.
// Captures say in their date what day it was; that day is also the floor of the roll-over rule.
func Run(t *testing.T, d gnss.Dialect, dir string) {
	if d.Name == "" || len(d.Lines) == 0 || d.MaxQuiet <= 0 || d.New == nil {
		t.Fatalf("dialect %q lacks a name, lines, MaxQuiet or New", d.Name)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.capture"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures in %s (%v)", dir, err)
	}
	played := 0
	for _, file := range files {
		chunks, h := read(t, file)
		if h.Driver != d.Name {
			continue
		}
		played++
		t.Run(strings.TrimSuffix(filepath.Base(file), ".capture"), func(t *testing.T) { hold(t, d, file, chunks, h) })
	}
	if played == 0 {
		t.Errorf("no capture in %s is of driver %s: no capture, no dialect", dir, d.Name)
	}
}

func read(t *testing.T, file string) ([]capture.Chunk, capture.Header) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	chunks, h, err := capture.Read(b)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if h.Device == "" || h.Obtained == "" || h.Date == "" || h.Expectation == "" || h.Line.Baud == 0 {
		t.Fatalf("%s: the header lacks device, obtained, date, line or expectation", file)
	}
	return chunks, h
}

func hold(t *testing.T, d gnss.Dialect, file string, chunks []capture.Chunk, h capture.Header) {
	day, err := time.Parse(time.DateOnly, h.Date)
	if err != nil {
		t.Fatalf("%s: date: %v", file, err)
	}
	o, start := gnss.Options{Floor: day}, day.Add(8*time.Hour)
	whole := Play(d, o, start, chunks, 0)
	compareGolden(t, strings.TrimSuffix(file, ".capture")+".golden", whole)
	for _, cut := range []int{1, 2, 7, 64} {
		if diff := cmp.Diff(whole, Play(d, o, start, chunks, cut)); diff != "" {
			t.Errorf("cut into pieces of %d it differs:\n%s", cut, diff)
		}
	}
	noise := capture.Chunk{Bytes: []byte("\x00\xff\x55\xaa$GP\x80,1*")}
	loud := append([]capture.Chunk{noise}, chunks...)
	if got := Play(d, o, start, loud, 0); got.Frames != whole.Frames || !cmp.Equal(got.Fixes, whole.Fixes) {
		t.Errorf("after noise: %d frames and %d fixes, want %d and %d", got.Frames, len(got.Fixes), whole.Frames, len(whole.Fixes))
	} else if lost := got.Garbage - whole.Garbage; lost < 1 || lost > len(noise.Bytes) {
		t.Errorf("noise of %d bytes was counted as %d bytes of garbage", len(noise.Bytes), lost)
	}
}

// compareGolden holds the fixes, one JSON line each, and the counts on the last line.
func compareGolden(t *testing.T, file string, r Result) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, f := range r.Fixes {
		if err := e.Encode(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Encode(map[string]int{"frames": r.Frames, "garbage": r.Garbage, "bytes": r.Bytes}); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is missing: run the test with -update, and read what it wrote", file)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("golden answer:\n%s", diff)
	}
}
