// Package monitortest is the conformance suite of patient-monitor drivers: what each must do whatever its device speaks. A
// driver's own test calls Run with its captures and a few inputs that only it can know, and Fuzz in a fuzz target.
package monitortest

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/capture"
	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
)

var update = flag.Bool("update", false, "write the golden files of captures anew")

// Suite is one driver and what the suite needs to know of its device.
type Suite struct {
	Driver   monitor.Driver
	Captures string    // folder of its captures, *.capture, each with its *.golden.jsonl beside it
	Steady   string    // name of the capture in which all is well: at least 2 s, with waves
	Off      []Absence // ways in which the device says that there is nothing to measure
	Bad      []Mixed   // one value bad beside good ones
}

// Absence is bytes after which channels must have no value, and why.
type Absence struct {
	Name     string
	Bytes    []byte
	Channels []ems.Channel
	Quality  ems.Quality
}

// Mixed is bytes after which one channel has no value and another has the given one.
type Mixed struct {
	Name  string
	Bytes []byte
	None  ems.Channel
	Good  ems.Channel
	Value float64
}

// begin is the time at which every run starts.
var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// piece is bytes from the device at a time.
type piece struct {
	at    time.Duration
	bytes []byte
}

// Run proves the contract of monitor.Session.
func Run(t *testing.T, s Suite) {
	files := captures(t, s.Captures)
	steady, ok := files[s.Steady]
	if !ok {
		t.Fatalf("no capture %s in %s", s.Steady, s.Captures)
	}
	t.Run("driver", func(t *testing.T) { s.describes(t) })
	for _, name := range slices.Sorted(keys(files)) {
		pieces := files[name]
		t.Run("golden/"+name, func(t *testing.T) { s.golden(t, name, pieces) })
		t.Run("splits/"+name, func(t *testing.T) { s.splits(t, pieces) })
		t.Run("well formed/"+name, func(t *testing.T) { s.wellFormed(t, pieces) })
	}
	t.Run("noise", func(t *testing.T) { s.noise(t, steady) })
	t.Run("DLV-004 gaps are jumps of counters", func(t *testing.T) { s.gaps(t, steady) })
	t.Run("ACC-003 memory is bounded", func(t *testing.T) { s.memory(t, steady) })
	t.Run("silence", func(t *testing.T) { s.silence(t, steady) })
	t.Run("commands", func(t *testing.T) { s.commands(t) })
	for _, a := range s.Off {
		t.Run("CLN-005 no value/"+a.Name, func(t *testing.T) { s.absent(t, a) })
	}
	for _, m := range s.Bad {
		t.Run("each value alone/"+m.Name, func(t *testing.T) { s.alone(t, m) })
	}
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// captures reads the folder; only what came from the device counts.
func captures(t *testing.T, dir string) map[string][]piece {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.capture"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures in %s: a driver needs some (%v)", dir, err)
	}
	out := map[string][]piece{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		chunks, header, err := capture.Read(b)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		if header.Device == "" || header.Obtained == "" || header.Date == "" || header.Expectation == "" {
			t.Errorf("%s: the header must say device, obtained, date and expectation", p)
		}
		var pieces []piece
		for _, c := range chunks {
			if c.Dir == capture.RX {
				pieces = append(pieces, piece{c.At, c.Bytes})
			}
		}
		out[strings.TrimSuffix(filepath.Base(p), ".capture")] = pieces
	}
	return out
}

// play feeds pieces to a new session, each cut by cuts, out of one buffer that is overwritten afterwards.
func (s Suite) play(pieces []piece, cuts func(n int) int) monitor.Output {
	session := s.Driver.New()
	session.Start(begin)
	return feed(session, pieces, cuts)
}

func whole(n int) int { return n }

func feed(session monitor.Session, pieces []piece, cuts func(n int) int) monitor.Output {
	var all monitor.Output
	for _, p := range pieces {
		for rest := p.bytes; len(rest) > 0; {
			n := min(max(cuts(len(rest)), 1), len(rest))
			buf := bytes.Clone(rest[:n])
			rest = rest[n:]
			out := session.Feed(begin.Add(p.at), buf)
			for i := range buf {
				buf[i] = 0x55 // a session that kept the slice now holds nonsense
			}
			add(&all, out)
		}
	}
	return all
}

// add puts out behind all, waves joined where they continue each other: where a chunk is cut is the line's affair.
func add(all *monitor.Output, out monitor.Output) {
	all.Readings = append(all.Readings, out.Readings...)
	all.Send = append(all.Send, out.Send...)
	all.Frames += out.Frames
	all.Garbage += out.Garbage
	all.Lost += out.Lost
	all.Demo = all.Demo || out.Demo
next:
	for _, w := range out.Waves {
		for i := len(all.Waves) - 1; i >= 0; i-- {
			if all.Waves[i].Stream == w.Stream {
				if monitor.Join(&all.Waves[i], w) {
					continue next
				}
				break
			}
		}
		all.Waves = append(all.Waves, w)
	}
	// Chunks of different streams come in the order of their first samples, however the bytes were cut.
	slices.SortStableFunc(all.Waves, func(a, b ems.WaveChunk) int {
		return cmp.Or(a.Taken.Compare(b.Taken), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Counter, b.Counter))
	})
}

func text(o monitor.Output) string {
	return string(bytes.Join(monitor.JSONLines(o), []byte("\n"))) + "\n"
}

func (s Suite) describes(t *testing.T) {
	d := s.Driver
	if err := ems.CheckName(d.Name); err != nil {
		t.Error(err)
	}
	if d.Make == "" || d.Model == "" || len(d.Lines) == 0 || d.MaxQuiet <= 0 || len(d.Channels) == 0 {
		t.Errorf("driver %+v is not complete", d)
	}
	if out := d.New().Start(begin); d.Talks != (len(out.Send) > 0) {
		t.Errorf("Talks is %v and Start sends %d commands", d.Talks, len(out.Send))
	}
	if filepath.Base(s.Captures) != d.Name {
		t.Errorf("captures of %s are in %s", d.Name, s.Captures)
	}
}

func (s Suite) golden(t *testing.T, name string, pieces []piece) {
	got := text(s.play(pieces, whole))
	path := filepath.Join(s.Captures, name+".golden.jsonl")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, got, string(want))
}

// sameText fails at the first line that differs.
func sameText(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Fatalf("line %d:\n got %.400s\nwant %.400s", i+1, a, b)
		}
	}
}

// splits proves that it does not matter where the bytes are cut, and that no slice is kept.
func (s Suite) splits(t *testing.T, pieces []piece) {
	want := s.play(pieces, whole)
	seed := uint32(1)
	for name, cuts := range map[string]func(int) int{
		"byte by byte": func(int) int { return 1 },
		"in sevens":    func(int) int { return 7 },
		"at random": func(n int) int {
			seed = seed*1664525 + 1013904223
			return 1 + int(seed>>16)%n
		},
	} {
		got := s.play(pieces, cuts)
		if got.Frames != want.Frames || got.Garbage != want.Garbage || got.Lost != want.Lost || len(got.Send) != len(want.Send) {
			t.Errorf("%s: %d frames, %d garbage, %d lost, %d sent; whole: %d, %d, %d, %d", name, got.Frames, got.Garbage, got.Lost,
				len(got.Send), want.Frames, want.Garbage, want.Lost, len(want.Send))
		}
		sameText(t, text(got), text(want))
	}
}

// wellFormed proves what every consumer relies on.
func (s Suite) wellFormed(t *testing.T, pieces []piece) {
	session := s.Driver.New()
	session.Start(begin)
	next := map[string]uint64{}
	for _, p := range pieces {
		now := begin.Add(p.at)
		out := session.Feed(now, bytes.Clone(p.bytes))
		for _, r := range out.Readings {
			if !slices.Contains(s.Driver.Channels, r.Channel) {
				t.Fatalf("reading of %s, which the driver does not list", r.Channel)
			}
			if !r.Taken.Equal(now) || r.Device != "" {
				t.Fatalf("reading %+v: Taken must be the time of Feed and Device empty", r)
			}
			if !r.Quality.HasValue() && r.Value != 0 || r.Quality == ems.NeverSeen {
				t.Fatalf("reading %+v: no value or no reason", r)
			}
		}
		for _, w := range out.Waves {
			s.wellFormedWave(t, w, next)
		}
	}
}

func (s Suite) wellFormedWave(t *testing.T, w ems.WaveChunk, next map[string]uint64) {
	t.Helper()
	if w.Stream == "" || w.RateHz <= 0 || w.LSB < 0 || w.Len() == 0 || len(w.Leads) != len(w.Samples) || w.Off != nil && len(w.Off) != len(w.Leads) {
		t.Fatalf("wave %+v is not complete", w)
	}
	for i, lead := range w.Leads {
		if !slices.Contains(s.Driver.Channels, lead) || len(w.Samples[i]) != w.Len() {
			t.Fatalf("lead %s of %s: not listed or of another length", lead, w.Stream)
		}
	}
	if w.Counter < next[w.Stream] {
		t.Fatalf("DLV-004: counter of %s falls from %d to %d", w.Stream, next[w.Stream], w.Counter)
	}
	next[w.Stream] = w.Counter + uint64(w.Len())
}

// last is the newest reading of each channel, without its time.
func last(o monitor.Output) map[ems.Channel]ems.Reading {
	out := map[ems.Channel]ems.Reading{}
	for _, r := range o.Readings {
		r.Taken, r.DeviceTime = time.Time{}, time.Time{}
		out[r.Channel] = r
	}
	return out
}

// chaos is n bytes without a pattern, the same each time.
func chaos(n int, seed uint32) []byte {
	b := make([]byte, n)
	for i := range b {
		seed = seed*1664525 + 1013904223
		b[i] = byte(seed >> 24)
	}
	return b
}

// noise proves that a session finds its frames again after garbage before and between them.
func (s Suite) noise(t *testing.T, steady []piece) {
	want := s.play(steady, whole)
	for seed := range uint32(20) {
		noisy := []piece{{0, chaos(64+int(seed)*17, seed+1)}}
		for i, p := range steady {
			if i == len(steady)/3 {
				noisy = append(noisy, piece{p.at, chaos(200, seed+99)})
			}
			noisy = append(noisy, p)
		}
		got := s.play(noisy, whole)
		if got.Garbage == 0 {
			t.Fatalf("seed %d: no garbage was counted", seed)
		}
		if got.Frames < want.Frames*9/10 {
			t.Errorf("seed %d: %d frames of %d were found", seed, got.Frames, want.Frames)
		}
		after := last(got)
		for channel, w := range last(want) {
			if g := after[channel]; g != w {
				t.Errorf("seed %d: %s ends as %+v, want %+v", seed, channel, g, w)
			}
		}
	}
}

// gaps cuts 600 ms out of a steady stream, in the middle of a frame, and wants a jump of about as many samples, and the
// samples on both sides as they are without the cut: nothing made up.
func (s Suite) gaps(t *testing.T, steady []piece) {
	from, to := steady[len(steady)-1].at/2, steady[len(steady)-1].at/2+600*time.Millisecond
	var cut []piece
	for _, p := range steady {
		switch {
		case p.at < from:
			cut = append(cut, p)
		case len(cut) > 0 && cut[len(cut)-1].at < from: // the line breaks within a frame
			cut = append(cut, piece{p.at, p.bytes[:min(3, len(p.bytes))]})
		case p.at >= to:
			cut = append(cut, p)
		}
	}
	want, got := s.play(steady, whole), s.play(cut, whole)
	if got.Lost == 0 {
		t.Fatal("600 ms are missing and nothing was lost")
	}
	streams := map[string]bool{}
	for _, w := range want.Waves {
		streams[w.Stream] = true
	}
	for stream := range streams {
		s.gap(t, stream, want, got)
	}
}

func (s Suite) gap(t *testing.T, stream string, want, got monitor.Output) {
	full, fullJumps, _ := flat(want, stream)
	kept, jumps, at := flat(got, stream)
	if len(fullJumps) != 0 || len(jumps) != 1 {
		t.Fatalf("%s: counters jump by %v without the gap and by %v with it, want no jump and one", stream, fullJumps, jumps)
	}
	missing := len(full[0]) - len(kept[0])
	if tolerance := max(2, missing/5); jumps[0] < missing-tolerance || jumps[0] > missing+tolerance {
		t.Errorf("%s: %d samples are missing and the counter jumps by %d", stream, missing, jumps[0])
	}
	for lead, v := range full {
		if !slices.Equal(kept[lead], append(slices.Clone(v[:at]), v[at+missing:]...)) {
			t.Errorf("%s lead %d: samples beside the gap are not those of the device", stream, lead)
		}
	}
}

// flat is all samples of a stream, lead by lead, the jumps of its counter, and how many samples came before the first jump.
func flat(o monitor.Output, stream string) (leads [][]int16, jumps []int, before int) {
	next := uint64(0)
	for _, w := range o.Waves {
		if w.Stream != stream {
			continue
		}
		if leads == nil {
			leads = make([][]int16, len(w.Leads))
			next = w.Counter
		}
		if w.Counter != next {
			if len(jumps) == 0 {
				before = len(leads[0])
			}
			jumps = append(jumps, int(w.Counter)-int(next))
		}
		for i := range leads {
			leads[i] = append(leads[i], w.Samples[i]...)
		}
		next = w.Counter + uint64(w.Len())
	}
	return leads, jumps, before
}

// memory feeds what keeps a session waiting: endless beginnings of frames, and large slices.
func (s Suite) memory(t *testing.T, steady []piece) {
	session := s.Driver.New()
	session.Start(begin)
	var start []byte
	for _, p := range steady {
		start = append(start, p.bytes...)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range 200 {
		n := 2 + i%20
		session.Feed(begin, bytes.Repeat(start[:n], 20000/n))
		session.Feed(begin, chaos(20000, uint32(i)))
		session.Feed(begin, bytes.Repeat([]byte{0xFF}, 20000))
	}
	after := heap()
	runtime.KeepAlive(session)
	if after > before+1<<16 {
		t.Errorf("a session grew by %d bytes on 12 MB of garbage", after-before)
	}
}

// silence proves that a device which must be asked is asked again, but not endlessly often, and any other is left alone.
func (s Suite) silence(t *testing.T, steady []piece) {
	session := s.Driver.New()
	session.Start(begin)
	now := begin
	for _, p := range steady {
		now = begin.Add(p.at)
		session.Feed(now, p.bytes)
	}
	if out := session.Tick(now); len(out.Send) > 0 {
		t.Errorf("a speaking device was sent %d commands", len(out.Send))
	}
	asked := 0
	for second := range 60 {
		out := session.Tick(now.Add(time.Duration(second+1) * time.Second))
		if len(out.Readings) > 0 || len(out.Waves) > 0 {
			t.Fatal("a silent device brought readings")
		}
		if len(out.Send) > 0 {
			asked++
		}
	}
	if s.Driver.Talks && (asked < 4 || asked > 30) || !s.Driver.Talks && asked > 0 {
		t.Errorf("asked %d times in a minute of silence", asked)
	}
}

func (s Suite) commands(t *testing.T) {
	session := s.Driver.New()
	session.Start(begin)
	if _, err := session.Do(begin, "make coffee"); !errors.Is(err, monitor.ErrUnsupported) {
		t.Errorf("an unknown command answers %v", err)
	}
	presses := slices.Contains(s.Driver.Channels, ems.NIBPSys)
	for _, c := range []monitor.Command{monitor.StartNIBP, monitor.StartNIBPChild, monitor.StartNIBPNeonate, monitor.StopNIBP} {
		out, err := session.Do(begin, c)
		if presses && (err != nil || len(out.Send) == 0) {
			t.Errorf("%s: %v, %d commands", c, err, len(out.Send))
		}
		if !presses && !errors.Is(err, monitor.ErrUnsupported) {
			t.Errorf("%s on a device without a cuff answers %v", c, err)
		}
	}
}

func (s Suite) absent(t *testing.T, a Absence) {
	got := last(s.play([]piece{{0, a.Bytes}}, whole))
	for _, c := range a.Channels {
		r, ok := got[c]
		if !ok || r.Quality != a.Quality || r.Value != 0 {
			t.Errorf("%s is %+v, want no value because %v", c, r, a.Quality)
		}
	}
}

func (s Suite) alone(t *testing.T, m Mixed) {
	got := last(s.play([]piece{{0, m.Bytes}}, whole))
	if r, ok := got[m.None]; !ok || r.Quality.HasValue() {
		t.Errorf("%s is %+v, want no value", m.None, r)
	}
	if r := got[m.Good]; r.Quality != ems.Good || r.Value != m.Value {
		t.Errorf("%s is %+v, want a good %v", m.Good, r, m.Value)
	}
}

// Fuzz lets any bytes come, cut anywhere, at any pace: the session must not panic, must stay well formed, and must give the
// same however the bytes are cut. The seeds are frames of the device.
func Fuzz(f *testing.F, d monitor.Driver, seeds ...[]byte) {
	for _, seed := range seeds {
		f.Add(seed, uint16(3), uint8(20))
		f.Add(append(chaos(9, 4), seed...), uint16(1), uint8(255))
	}
	f.Fuzz(func(t *testing.T, b []byte, cut uint16, pace uint8) {
		var pieces []piece
		at := time.Duration(0)
		for rest := b; len(rest) > 0; {
			n := min(1+int(cut)%64, len(rest))
			pieces = append(pieces, piece{at, rest[:n]})
			rest = rest[n:]
			at += time.Duration(pace) * 10 * time.Millisecond
		}
		s := Suite{Driver: d}
		s.wellFormed(t, pieces)
		want := s.play(pieces, whole)
		if got := s.play(pieces, func(int) int { return 1 }); text(got) != text(want) || got.Frames != want.Frames || got.Garbage != want.Garbage {
			t.Fatalf("byte by byte:\n%s\nwhole:\n%s", text(got), text(want))
		}
	})
}
