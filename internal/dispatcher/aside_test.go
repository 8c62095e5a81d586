package dispatcher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	"lifeline120/internal/store/mem"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
	"lifeline120/maps"
)

// sickDisk is a spool whose writes fail while it is sick.
type sickDisk struct {
	ownDisk
	sick  atomic.Bool
	tries atomic.Int32
}

var errSick = errors.New("no space left on device")

func (d *sickDisk) add(e []asideEntry) (int, error) {
	d.tries.Add(1)
	if d.sick.Load() {
		return 0, errSick
	}
	return d.ownDisk.add(e)
}

// sick runs f with a centre whose store is silent and whose own disk can be made sick.
func sick(t *testing.T, f func(t *testing.T, b *bench, d *sickDisk)) {
	synctest.Test(t, func(t *testing.T) {
		d := &sickDisk{}
		b := beginWith(t, mem.NewDisk("store-1", true), &air{}, t.TempDir()+"/unrecorded.log", func(c *Centre) { d.ownDisk, c.file = c.file, d })
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		b.disk.SetDown(true)
		f(t, b, d)
		b.stop()
	})
}

// unrecorded presses a caller's key while the store is silent.
func (b *bench) unrecorded(press string) ems.AlarmID {
	b.t.Helper()
	a, err := b.Caller(b.t.Context(), wire.CallerAlarm{PressID: press}, press)
	if !errors.Is(err, ErrUnrecorded) {
		b.t.Fatal(err)
	}
	return a.Alarm
}

// kept reads the spool: the presses in it, in order.
func (b *bench) kept() (presses []string) {
	b.t.Helper()
	raw, err := os.ReadFile(b.file)
	if err != nil {
		b.t.Fatal(err)
	}
	s := readAside(raw)
	if len(s.damaged)+len(s.torn) > 0 {
		b.t.Errorf("the spool does not check: %q %q", s.damaged, s.torn)
	}
	for _, e := range s.left {
		for _, ev := range e.Events {
			if _, id, ok := strings.Cut(string(ev.Body), `"press_id":"`); ok && !strings.HasPrefix(id, "tech-") {
				presses = append(presses, id[:strings.IndexByte(id, '"')])
			}
		}
	}
	return presses
}

func TestDLV006_WhatTheOwnDiskRefusedIsTriedAgainBeforeAllElse(t *testing.T) {
	sick(t, func(t *testing.T, b *bench, d *sickDisk) {
		well := func() bool { return b.value("health", "spool")["ok"] == true }
		d.sick.Store(true)
		b.unrecorded("p1")
		time.Sleep(time.Second)
		if well() {
			t.Error("the own disk failed, and the screens say that it is well")
		}
		b.unrecorded("p2")
		if tries := d.tries.Load(); tries > 3 {
			t.Error("a disk that fails is not left in peace:", tries)
		}
		b.looks(func(*desk.State) { d.sick.Store(false) })
		time.Sleep(2 * retryMost)
		if got := b.kept(); !well() || !slices.Equal(got, []string{"p1", "p2"}) {
			t.Error("in the spool:", got, "well:", well())
		}
		b.unrecorded("p3")
		b.stop()
		if got := b.kept(); !slices.Equal(got, []string{"p1", "p2", "p3"}) {
			t.Error("in the spool at the end:", got)
		}
	})
}

// What is written at the end is what the disk has not acknowledged, not what was once given to it.
func TestDLV006_AGracefulStopWritesWhatIsNotKept(t *testing.T) {
	for name, heals := range map[string]time.Duration{"well at the stop": 0, "well a second later": time.Second} {
		t.Run(name, func(t *testing.T) {
			sick(t, func(t *testing.T, b *bench, d *sickDisk) {
				d.sick.Store(true)
				b.unrecorded("p1")
				b.unrecorded("p2")
				time.AfterFunc(heals+closePatience, func() { d.sick.Store(false) })
				b.stop()
				if got := b.kept(); !slices.Equal(got, []string{"p1", "p2"}) {
					t.Error("in the spool:", got)
				}
			})
		})
	}
}

// A spool that is full holds the beginning, whole, and takes on where it stopped.
func TestDLV006_AFullSpoolHasNoGap(t *testing.T) {
	a, _, err := openAside(t.TempDir() + "/a")
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	big, small := pressed3("big", 3000), pressed3("small", 10)
	a.most = 5000
	if kept, err := a.add([]asideEntry{big, big, small}); kept != 1 || !errors.Is(err, errAsideFull) {
		t.Error("a small entry behind a large one that has no room:", kept, err)
	}
	if kept, err := a.add([]asideEntry{big, small}); kept != 0 || !errors.Is(err, errAsideFull) {
		t.Error(kept, err)
	}
	if err := a.clear(); err != nil {
		t.Fatal(err)
	}
	if kept, err := a.add([]asideEntry{small, small}); kept != 2 || err != nil {
		t.Error("empty again:", kept, err)
	}
}

// pressed3 is an entry of some length.
func pressed3(id string, length int) asideEntry {
	return asideEntry{After: 3, Events: []journal.Event{{At: time.Unix(1_795_000_000, 0).UTC(), Actor: "caller", Stream: "alarm/" + id, Type: "alarm.detailed",
		Body: []byte(`{"id":"` + id + `","text":"` + strings.Repeat("x", length) + `"}`)}}}
}

func TestDLV006_AFailedWriteLeavesNothingBehind(t *testing.T) {
	path := t.TempDir() + "/a"
	a, _, err := openAside(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	if _, err := a.add([]asideEntry{pressed3("first", 10)}); err != nil {
		t.Fatal(err)
	}
	whole := a.file
	if a.file, err = os.Open(path); err != nil { // for reading only: it refuses
		t.Fatal(err)
	}
	if kept, err := a.add([]asideEntry{pressed3("second", 10)}); kept != 0 || err == nil {
		t.Fatal(kept, err)
	}
	a.file.Close()
	a.file = whole
	if _, err := whole.WriteAt(bytes.Repeat([]byte("half of a try that failed\n"), 100), a.size); err != nil {
		t.Fatal(err)
	}
	if kept, err := a.add([]asideEntry{pressed3("second", 10)}); kept != 1 || err != nil {
		t.Fatal(kept, err)
	}
	raw, _ := os.ReadFile(path)
	if s := readAside(raw); len(s.left) != 2 || len(s.damaged)+len(s.torn) != 0 || s.left[1].N != 2 {
		t.Errorf("%+v", s)
	}
}

func lineOf(e asideEntry) []byte {
	b, err := asideLine(e)
	if err != nil {
		panic(err)
	}
	return b
}

// numbered is a line with its number.
func numbered(n uint64, id string) []byte {
	e := pressed3(id, 10)
	e.N = n
	return lineOf(e)
}

var spools = map[string]struct {
	bytes         []byte
	left          []string
	damaged, torn int
}{
	"empty":                      {nil, nil, 0, 0},
	"whole":                      {slices.Concat(numbered(1, "a"), numbered(2, "b")), []string{"a", "b"}, 0, 0},
	"of an older program":        {slices.Concat(numbered(0, "a"), numbered(0, "a")), []string{"a", "a"}, 0, 0},
	"the end is torn":            {slices.Concat(numbered(1, "a"), numbered(2, "b")[:40]), []string{"a"}, 0, 40},
	"the last newline is torn":   {bytes.TrimSuffix(numbered(1, "a"), []byte("\n")), []string{"a"}, 0, 0},
	"the end never came":         {slices.Concat(numbered(1, "a"), make([]byte, 100)), []string{"a"}, 0, 100},
	"a byte in the middle":       {slices.Concat(numbered(1, "a"), spoil(numbered(2, "b")), numbered(3, "c")), []string{"a", "c"}, 1, 0},
	"two lines in the middle":    {slices.Concat(numbered(1, "a"), spoil(numbered(2, "b")), spoil(numbered(3, "c")), numbered(4, "d")), []string{"a", "d"}, 1, 0},
	"two places":                 {slices.Concat(spoil(numbered(1, "a")), numbered(2, "b"), spoil(numbered(3, "c"))), []string{"b"}, 2, 0},
	"the end of a repeated try":  {slices.Concat(numbered(1, "a"), numbered(2, "b"), numbered(2, "b"), numbered(3, "c")), []string{"a", "b", "c"}, 0, 0},
	"a line of another program":  {[]byte("hello\n"), nil, 1, 0},
	"a sum, and no entry":        {[]byte("00000000 \n"), nil, 1, 0},
	"the sum of another content": {slices.Concat(numbered(1, "a")[:9], numbered(1, "b")[9:]), nil, 1, 0},
}

func spoil(line []byte) []byte {
	line[len(line)/2] ^= 1
	return line
}

func TestDLV006_ADamagedByteCostsItsOwnLineOnly(t *testing.T) {
	for name, want := range spools {
		s := readAside(want.bytes)
		var left []string
		for _, e := range s.left {
			left = append(left, strings.TrimPrefix(e.Events[0].Stream, "alarm/"))
		}
		if !slices.Equal(left, want.left) || len(s.damaged) != want.damaged || len(s.torn) != want.torn {
			t.Errorf("%s: %v, damaged %q, torn %q", name, left, s.damaged, s.torn)
		}
	}
}

// FuzzReadAside: no bytes on the dispatcher's own disk break its start, and none hide a good line behind them.
func FuzzReadAside(f *testing.F) {
	for _, s := range spools {
		f.Add(s.bytes)
	}
	good := numbered(1<<63, "good")
	f.Fuzz(func(t *testing.T, b []byte) {
		s := readAside(b)
		n := len(s.torn)
		for _, d := range s.damaged {
			if !bytes.HasSuffix(d, []byte("\n")) {
				t.Errorf("damaged is not whole lines: %q", d)
			}
			n += len(d)
		}
		if n > len(b) {
			t.Error("bytes were counted twice")
		}
		for _, e := range s.left {
			if e.N >= 1<<63 {
				return
			}
		}
		behind := readAside(slices.Concat(b, []byte("\n"), good))
		if n := len(behind.left); n == 0 || behind.left[n-1].N != 1<<63 || len(behind.torn) != 0 {
			t.Errorf("a good line is hidden behind %q", b)
		}
	})
}

// outage leaves what a run sets aside while its store is silent: a store, and the lines of the spool. acts are done in the outage.
func outage(t *testing.T, acts func(b *bench)) (*mem.Disk, [][]byte) {
	t.Helper()
	disk, path := mem.NewDisk("store-1", true), t.TempDir()+"/a"
	b := begin(t, disk, &air{}, path)
	b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
	disk.SetDown(true)
	acts(b)
	time.Sleep(time.Second)
	b.stop()
	disk.SetDown(false)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(raw, []byte("\n"))
	return disk, lines[:len(lines)-1]
}

// without leaves out the lines that hold a kind of event.
func without(lines [][]byte, kind desk.Type) (out [][]byte) {
	for _, l := range lines {
		if !bytes.Contains(l, []byte(`"`+string(kind)+`"`)) {
			out = append(out, l)
		}
	}
	return out
}

func write(t *testing.T, path string, lines ...[]byte) {
	t.Helper()
	if err := os.WriteFile(path, slices.Concat(lines...), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return b
}

// alarmed lists what the alarms about entries that are not kept are about.
func (b *bench) alarmed() (about []string) {
	b.looks(func(s *desk.State) {
		for _, a := range s.Alarms {
			if a.Code == "entry_refused" || a.Code == "entry_damaged" {
				about = append(about, a.About)
				if strings.HasSuffix(a.About, damagedFile) != (a.Code == "entry_damaged") { // nobody refused what the disk changed
					b.t.Errorf("%s is alarmed as %s", a.About, a.Code)
				}
			}
		}
	})
	slices.Sort(about)
	return about
}

// A spool with a gap: what stands on the missing entry never reaches the journal, from where no restart could take it back.
func TestDLV006_WhatDoesNotFoldIsSetBesideAndAlarmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first ems.AlarmID
		disk, lines := outage(t, func(b *bench) {
			first = b.unrecorded("p1")
			time.Sleep(2 * time.Second)
			if _, err := b.try(desk.AckAlarm{Alarm: first}); !errors.Is(err, ErrUnrecorded) {
				t.Fatal(err)
			}
			b.unrecorded("p2")
			if _, err := b.try(desk.OpenIncident{Incident: "i1", Alarm: first, Type: ems.Emergency, Priority: ems.PriorityA, Place: scene}); !errors.Is(err, ErrUnrecorded) {
				t.Fatal(err)
			}
		})
		path := filepath.Join(t.TempDir(), "unrecorded.log")
		var gap [][]byte
		for _, l := range lines {
			if !bytes.Contains(l, []byte(`"press_id":"p1"`)) {
				gap = append(gap, l)
			}
		}
		if len(gap) != len(lines)-1 {
			t.Fatalf("%d lines of %d", len(gap), len(lines))
		}
		write(t, path, gap...)
		for range 2 { // and again: the journal it left must fold
			b := begin(t, disk, &air{}, path)
			if b.events("alarm.acknowledged") != 0 || b.events("incident.opened") != 0 {
				t.Error("what does not fold is in the journal:", b.events2())
			}
			b.looks(func(s *desk.State) {
				if s.Incidents["i1"] != nil || s.Alarms[first] != nil {
					t.Error("half of an entry was folded in:", s.Incidents["i1"], s.Alarms[first])
				}
			})
			callers := 0
			b.looks(func(s *desk.State) {
				for _, a := range s.Alarms {
					if a.Kind == ems.CallerAlarm {
						callers++
					}
				}
			})
			if got := b.alarmed(); callers != 1 || !slices.Equal(got, []string{"unrecorded.log.rejected"}) {
				t.Errorf("%d callers, alarmed %q", callers, got)
			}
			if left := read(t, path); len(left) != 0 {
				t.Errorf("the spool is not cleared: %q", left)
			}
			s := readAside(read(t, path+".rejected"))
			if len(s.left) != 2 || len(s.damaged) != 0 || s.left[0].Events[0].Type != "alarm.acknowledged" || !strings.Contains(s.left[0].Why, "no entity") {
				t.Errorf("set beside: %+v", s)
			}
			if r, err := store.Verify(t.Context(), b.cfg.Store, nil); err != nil {
				t.Error(r, err)
			}
			b.stop()
		}
	})
}

func TestDLV006_WhatStandsBehindDamageIsBroughtIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, lines := outage(t, func(b *bench) {
			for _, p := range []string{"p1", "p2", "p3"} {
				b.unrecorded(p)
			}
		})
		path := filepath.Join(t.TempDir(), "unrecorded.log")
		at := slices.IndexFunc(lines, func(l []byte) bool { return bytes.Contains(l, []byte(`"press_id":"p2"`)) })
		spoil(lines[at])
		write(t, path, lines...)
		b := begin(t, disk, &air{}, path)
		var presses []string
		b.looks(func(s *desk.State) {
			for _, a := range s.Alarms {
				if a.Kind == ems.CallerAlarm {
					presses = append(presses, a.PressID)
				}
			}
		})
		slices.Sort(presses)
		if got := b.alarmed(); !slices.Equal(presses, []string{"p1", "p3"}) || !slices.Equal(got, []string{"unrecorded.log.damaged"}) {
			t.Error(presses, got)
		}
		if got := read(t, path+".damaged"); !bytes.Equal(got, lines[at]) {
			t.Errorf("kept of what is damaged: %q", got)
		}
		b.stop()
	})
}

// odd is a store that can never take one type of event, or fails outright.
type odd struct {
	store.Store
	never desk.Type
	down  bool
	reads int
}

func (o *odd) Append(ctx context.Context, entries []store.Entry) ([]store.Result, error) {
	if o.down {
		return nil, errors.New("connection refused")
	}
	for _, e := range entries {
		for _, ev := range e.Events {
			if desk.Type(ev.Type) == o.never {
				return nil, fmt.Errorf("append: %w: too long", store.ErrRefused)
			}
		}
	}
	return o.Store.Append(ctx, entries)
}

func (o *odd) Read(ctx context.Context, after uint64, limit int) ([]journal.Event, error) {
	o.reads++
	return o.Store.Read(ctx, after, limit)
}

// start makes a centre and does not run it.
func start(t *testing.T, st store.Store, path string) error {
	t.Helper()
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCentre(t.Context(), CentreConfig{City: city, Store: st, AsideFile: path})
	if err == nil && c.file != nil {
		err = c.file.close()
	}
	return err
}

func TestDLV006_WhatTheStoreNeverTakesDoesNotStopTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, lines := outage(t, func(b *bench) {
			first := b.unrecorded("p1")
			for _, cmd := range []desk.Command{desk.AckAlarm{Alarm: first},
				desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: scene}, desk.CloseIncident{Incident: "i1", Reason: "x"}} {
				if _, err := b.try(cmd); !errors.Is(err, ErrUnrecorded) {
					t.Fatal(err)
				}
			}
		})
		path := filepath.Join(t.TempDir(), "unrecorded.log")
		write(t, path, lines...)
		st, err := disk.Open(true)
		if err != nil {
			t.Fatal(err)
		}
		if err := start(t, &odd{Store: st, never: desk.TypeIncidentOpened}, path); err != nil {
			t.Fatal(err)
		}
		s := readAside(read(t, path+".rejected"))
		if len(s.left) != 2 || s.left[0].Events[0].Type != "incident.opened" || s.left[1].Events[0].Type != "incident.ended" {
			t.Errorf("set beside: %+v", s)
		}
		disk.Crash()
		b := begin(t, disk, &air{}, path)
		if b.events("alarm.acknowledged") != 1 || b.events("incident.opened") != 0 || len(b.alarmed()) != 1 {
			t.Error(b.events2(), b.alarmed())
		}
		b.stop()
	})
}

// Whatever stops a start, the spool stands as it was for the next one.
func TestDLV006_AStartThatFailsLeavesTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, lines := outage(t, func(b *bench) { b.unrecorded("p1") })
		path := filepath.Join(t.TempDir(), "unrecorded.log")
		write(t, path, lines...)
		st, err := disk.Open(true)
		if err != nil {
			t.Fatal(err)
		}
		if err := start(t, &odd{Store: st, down: true}, path); err == nil {
			t.Fatal("started without a store")
		}
		if !bytes.Equal(read(t, path), slices.Concat(lines...)) {
			t.Error("the spool is changed")
		}
		newer := asideEntry{After: 1, Events: []journal.Event{{At: time.Now().UTC(), Type: "alarm.sung", Stream: "alarm/a", Body: []byte("{}")}}}
		write(t, path, append(lines, lineOf(newer))...)
		if err := start(t, st, path); err == nil || !strings.Contains(err.Error(), "a newer program wrote it") {
			t.Error("an unknown event was skipped:", err)
		}
		if !bytes.HasSuffix(read(t, path), lineOf(newer)) {
			t.Error("the spool is changed")
		}
	})
}

// EVO-001: a journal that does not fold is called what it is.
func TestEVO001_OnlyAnUnknownEventIsOfANewerProgram(t *testing.T) {
	for kind, newer := range map[string]bool{"alarm.sung": true, "alarm.acknowledged": false} {
		st, err := mem.NewDisk("store-1", true).Open(true)
		if err != nil {
			t.Fatal(err)
		}
		bad := journal.Event{At: time.Now().UTC(), Actor: "x", Stream: "alarm/a", Type: kind, Body: []byte(`{"id":"a","by":"x"}`)}
		if _, err := st.Append(t.Context(), []store.Entry{{Events: []journal.Event{bad}}}); err != nil {
			t.Fatal(err)
		}
		if err := start(t, st, ""); err == nil || strings.Contains(err.Error(), "a newer program") != newer {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Thousands of entries are brought in by reading the journal once and appending in batches, whether the store had taken them or not.
func TestDLV006_ALongSpoolIsBroughtInAtOnce(t *testing.T) {
	const n = 3000
	disk := mem.NewDisk("store-1", true)
	path := filepath.Join(t.TempDir(), "unrecorded.log")
	var lines []byte
	s := desk.New(true)
	for i := range n {
		cmd := desk.RaiseAlarm{Alarm: ems.AlarmID(fmt.Sprint("a", i)), Kind: ems.CrewSOS, PressID: fmt.Sprint("p", i), Source: "u01", Unit: "u01", Pressed: time.Now()}
		a, err := desk.Decide(s, time.Now(), desk.Actor{By: "u01", Role: "vehicle"}, cmd)
		if err != nil {
			t.Fatal(err)
		}
		e := asideEntry{N: uint64(i) + 1, Events: a.Events}
		if i%3 == 0 {
			r := wire.Record{Epoch: wire.Epoch{1}, Seq: uint64(i) + 1, Item: wire.Item{Lane: pb.Lane_LANE_URGENT, Kind: pb.Kind_KIND_ALARM, CapturedUs: 1, Body: []byte("x")}}
			e.Owed = &store.Owed{Unit: "u01", Record: r, Digest: [32]byte{byte(i)}, Received: time.Now().UTC(), ServerUs: 1}
		}
		lines = append(lines, lineOf(e)...)
	}
	for range 2 { // the second time all of it stands
		write(t, path, lines)
		st, err := disk.Open(true)
		if err != nil {
			t.Fatal(err)
		}
		counted := &odd{Store: st}
		if err := start(t, counted, path); err != nil {
			t.Fatal(err)
		}
		if counted.reads > 10 {
			t.Errorf("the journal was read %d times", counted.reads)
		}
		raised := 0
		for after := uint64(0); ; {
			page, err := st.Read(t.Context(), after, readPage)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, ev := range page {
				if after = ev.Seq; ev.Type == "alarm.raised" {
					raised++
				}
			}
		}
		lanes, err := st.Lanes(t.Context())
		if err != nil || raised != n || len(lanes) != 1 || len(read(t, path)) != 0 {
			t.Error(raised, "alarms;", lanes, err)
		}
		disk.Crash()
	}
}
