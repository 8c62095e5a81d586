// Package spooltest is what every spool must do, whatever its disk: the rules DLV-001, DLV-002 and DLV-007 as tests, and a random
// walk of puts, deletions, crashes and new epochs against a simple account of what is owed.
package spooltest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"lifeline120/internal/spool"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Disk is a place where one spool lives through crashes. At most one spool is open on it.
type Disk interface {
	// Open opens the spool as the process does when it starts.
	Open(o spool.Options) (spool.Spool, error)
	// Crash ends the open spool as a killed process does: nothing more is committed.
	Crash() error
	// Fill makes the disk full as it is now (true) or gives room again (false).
	Fill(full bool)
}

// The lanes by short names.
const (
	urgent   = pb.Lane_LANE_URGENT
	reading  = pb.Lane_LANE_READING
	position = pb.Lane_LANE_POSITION
	wave     = pb.Lane_LANE_WAVE
)

// Run runs the suite; fresh gives an empty disk.
func Run(t *testing.T, fresh func(t *testing.T) Disk) {
	for _, c := range []struct {
		name string
		test func(*env)
	}{
		{"DLV001_UrgentIsDurableWhenPutReturns", urgentIsDurable},
		{"DLV001_KeptValuesAreDurableWithTheirRecords", keptIsDurable},
		{"DLV001_LeavesOnlyOnTheWord", leavesOnTheWord},
		{"DLV001_WordBeyondGaps", wordBeyondGaps},
		{"DLV001_RestoredCentreIsToldWhatIsLost", restoredCentre},
		{"DLV001_WordAboutStrangersChangesNothing", strangeWord},
		{"DLV001_CrashLeavesADeclaredHole", crashHole},
		{"DLV001_CleanCloseLeavesNoHole", cleanClose},
		{"DLV001_CommittedWithinCommitEvery", commitEvery},
		{"DLV002_PendingIsShownAndNeverReused", pendingIsShown},
		{"DLV002_NewEpochKeepsOldIdentities", newEpoch},
		{"DLV002_BodyCannotBeChangedAfterwards", bodyIsCopied},
		{"DLV007_LeastPreciousGoFirst", leastPreciousFirst},
		{"DLV007_LaneBoundDropsOldestInOneGap", laneBound},
		{"DLV007_UrgentIsNeverRefused", urgentNeverRefused},
		{"DLV007_FullDiskGivesWayToAnAlarm", fullDisk},
		{"DLV007_DeadFullDiskKeepsAlarmInMemory", deadFullDisk},
		{"DLV002_ManyAtOnceShareCommitsAndNoNumber", manyAtOnce},
		{"DepthsAndOldest", depths},
		{"NextInPages", nextPages},
		{"RefusesWhatCannotBeOwed", refuses},
		{"ClosedIsClosed", closed},
		{"DLV001_DLV002_RandomWalk", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.test == nil {
				walk(t, fresh)
				return
			}
			disk := fresh(t)
			synctest.Test(t, func(t *testing.T) {
				e := &env{T: t, disk: disk, ctx: context.Background()}
				defer e.end()
				c.test(e)
			})
		})
	}
}

// env is one test: a disk and the spool open on it.
type env struct {
	*testing.T
	disk Disk
	ctx  context.Context
	spool.Spool
}

func (e *env) end() {
	if e.Spool != nil {
		e.must(e.Close())
	}
}

func (e *env) open(b spool.Bounds) {
	e.Helper()
	s, err := e.disk.Open(spool.Options{Bounds: b, Stamp: func() wire.Item { return wire.Item{CapturedUs: 7, MonoUs: 8, Boot: "b", Simulated: true} }})
	e.must(err)
	e.Spool = s
}

// crash kills the spool and opens it again.
func (e *env) crash(b spool.Bounds) {
	e.Helper()
	e.must(e.disk.Crash())
	e.open(b)
}

func (e *env) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

func item(lane pb.Lane, body string) wire.Item {
	kind := map[pb.Lane]pb.Kind{urgent: pb.Kind_KIND_ALARM, reading: pb.Kind_KIND_READINGS, position: pb.Kind_KIND_POSITIONS, wave: pb.Kind_KIND_WAVES}[lane]
	return wire.Item{Lane: lane, Kind: kind, CapturedUs: 1000 + int64(len(body)), MonoUs: 5, Boot: "boot", Body: []byte(body)}
}

func (e *env) put(lane pb.Lane, bodies ...string) []wire.Record {
	e.Helper()
	var items []wire.Item
	for _, b := range bodies {
		items = append(items, item(lane, b))
	}
	recs, err := e.Put(e.ctx, items, nil)
	e.must(err)
	return recs
}

func (e *env) all(lane pb.Lane, epoch wire.Epoch) []wire.Record {
	e.Helper()
	recs, err := e.Next(e.ctx, lane, epoch, 0, 1<<20, 0)
	e.must(err)
	return recs
}

// gapsOf reads the gap records held in the urgent lane.
func (e *env) gapsOf() (out []*pb.Gap) {
	e.Helper()
	for _, epoch := range e.Epochs() {
		for _, r := range e.all(urgent, epoch) {
			if g := gapIn(r); g != nil {
				out = append(out, g)
			}
		}
	}
	return out
}

func gapIn(r wire.Record) *pb.Gap {
	g := &pb.Gap{}
	if r.Kind != pb.Kind_KIND_GAP || proto.Unmarshal(r.Body, g) != nil {
		return nil
	}
	return g
}

func (e *env) stored(lane pb.Lane, upTo uint64, beyond ...wire.Range) *wire.Range {
	e.Helper()
	lost, err := e.Stored(e.ctx, e.Epoch(), lane, upTo, beyond)
	e.must(err)
	return lost
}

func (e *env) same(got, want []wire.Record) {
	e.Helper()
	if !slices.EqualFunc(got, want, equal) {
		e.Fatalf("held %s, want %s", tell(got), tell(want))
	}
}

func equal(a, b wire.Record) bool {
	return a.Epoch == b.Epoch && a.Seq == b.Seq && a.Lane == b.Lane && a.Kind == b.Kind && a.CapturedUs == b.CapturedUs &&
		a.MonoUs == b.MonoUs && a.Boot == b.Boot && a.Simulated == b.Simulated && bytes.Equal(a.Body, b.Body)
}

func tell(recs []wire.Record) string {
	var b strings.Builder
	for _, r := range recs {
		fmt.Fprintf(&b, "[%.4s %s %d %.12q]", r.Epoch, wire.LaneName(r.Lane), r.Seq, r.Body)
	}
	return b.String()
}

func seqs(recs []wire.Record) (out []uint64) {
	for _, r := range recs {
		out = append(out, r.Seq)
	}
	return out
}

func urgentIsDurable(e *env) {
	e.open(spool.Bounds{})
	want := e.put(urgent, "sos", "node")
	want = append(want, e.put(urgent, "answer")...)
	if got := seqs(want); !slices.Equal(got, []uint64{1, 2, 3}) {
		e.Fatalf("sequences %v, want 1 2 3", got)
	}
	epoch := e.Epoch()
	e.crash(spool.Bounds{})
	if e.Epoch() != epoch {
		e.Fatal("a crash without damage made a new epoch")
	}
	e.same(e.all(urgent, epoch), want)
	if f := e.Faults(); len(f) > 0 {
		e.Fatalf("faults after a plain crash: %q", f)
	}
}

func keptIsDurable(e *env) {
	e.open(spool.Bounds{})
	_, err := e.Put(e.ctx, []wire.Item{item(urgent, "node")}, map[string][]byte{"mission": []byte("m1"), "store": []byte("s")})
	e.must(err)
	_, err = e.Put(e.ctx, nil, map[string][]byte{"mission": []byte("m2")})
	e.must(err)
	e.crash(spool.Bounds{})
	for key, want := range map[string]string{"mission": "m2", "store": "s", "nothing": ""} {
		got, err := e.Kept(key)
		e.must(err)
		if string(got) != want {
			e.Errorf("kept %s = %q, want %q", key, got, want)
		}
	}
	_, err = e.Put(e.ctx, nil, map[string][]byte{"mission": nil})
	e.must(err)
	e.crash(spool.Bounds{})
	if got, _ := e.Kept("mission"); got != nil {
		e.Errorf("kept mission = %q after it was taken away", got)
	}
}

func leavesOnTheWord(e *env) {
	e.open(spool.Bounds{})
	recs := e.put(reading, "a", "b", "c")
	e.same(e.all(reading, e.Epoch()), recs)
	e.must(e.Flush(e.ctx))
	if lost := e.stored(reading, 2); lost != nil {
		e.Fatalf("lost %v", lost)
	}
	e.same(e.all(reading, e.Epoch()), recs[2:])
	e.must(e.Flush(e.ctx))
	e.crash(spool.Bounds{})
	e.same(e.all(reading, e.Epoch()), recs[2:])
	if lost := e.stored(reading, 3); lost != nil {
		e.Fatalf("lost %v", lost)
	}
	e.same(e.all(reading, e.Epoch()), nil)
}

func wordBeyondGaps(e *env) {
	e.open(spool.Bounds{})
	recs := e.put(wave, "a", "b", "c", "d", "e", "f")
	e.stored(wave, 1, wire.Range{From: 3, To: 4}, wire.Range{From: 6, To: 6})
	want := []wire.Record{recs[1], recs[4]}
	e.same(e.all(wave, e.Epoch()), want)
	e.must(e.Flush(e.ctx))
	e.same(e.all(wave, e.Epoch()), want)
	e.crash(spool.Bounds{})
	e.same(e.all(wave, e.Epoch()), want)
	if lost := e.stored(wave, 1); lost == nil || *lost != (wire.Range{From: 3, To: 4}) {
		e.Fatalf("lost %v, want 3-4: the word no longer has them", lost)
	}
}

func restoredCentre(e *env) {
	e.open(spool.Bounds{})
	e.put(urgent, "a", "b", "c", "d", "e")
	e.stored(urgent, 4)
	e.must(e.Flush(e.ctx))
	e.crash(spool.Bounds{})
	for range 2 { // as often as the centre says it
		if lost := e.stored(urgent, 1); lost == nil || *lost != (wire.Range{From: 2, To: 4}) {
			e.Fatalf("lost %v, want 2-4", lost)
		}
	}
	if got := seqs(e.all(urgent, e.Epoch())); !slices.Equal(got, []uint64{5}) {
		e.Fatalf("held %v, want 5: it is owed to the restored centre", got)
	}
	if lost := e.stored(urgent, 5); lost != nil {
		e.Fatalf("lost %v after the centre has all", lost)
	}
}

func strangeWord(e *env) {
	e.open(spool.Bounds{})
	recs := e.put(urgent, "a")
	if lost, err := e.Stored(e.ctx, wire.Epoch{1}, urgent, 9, nil); err != nil || lost != nil {
		e.Fatalf("unknown epoch: %v, %v", lost, err)
	}
	if lost, err := e.Stored(e.ctx, e.Epoch(), pb.Lane_LANE_NONE, 9, nil); err != nil || lost != nil {
		e.Fatalf("unknown lane: %v, %v", lost, err)
	}
	e.same(e.all(urgent, e.Epoch()), recs)
	e.stored(urgent, 1<<63, wire.Range{From: 9, To: 1<<64 - 1}, wire.Range{From: 5, To: 2})
	more := e.put(urgent, "b")
	e.same(e.all(urgent, e.Epoch()), more)
	if more[0].Seq != 2 {
		e.Fatalf("sequence %d after a word about numbers never given, want 2", more[0].Seq)
	}
}

func crashHole(e *env) {
	e.open(spool.Bounds{})
	first := e.put(reading, "a") // the first of a lane is committed, as a block of numbers is reserved
	lost := e.put(reading, "b", "c")
	e.crash(spool.Bounds{})
	e.same(e.all(reading, e.Epoch()), first)
	gaps := e.gapsOf()
	if len(gaps) != 1 {
		e.Fatalf("%d gap records, want 1", len(gaps))
	}
	g := gaps[0]
	if g.Lane != reading || g.Why != "crash" || g.From != 2 || g.To < lost[1].Seq || wire.Epoch(g.Epoch) != e.Epoch() {
		e.Fatalf("gap %v does not declare what was lost", g)
	}
	if r := e.all(urgent, e.Epoch())[0]; r.CapturedUs != 7 || r.MonoUs != 8 || r.Boot != "b" || !r.Simulated {
		e.Fatalf("the gap record does not carry its stamp: %+v", r)
	}
	if next := e.put(reading, "d")[0].Seq; next != g.To+1 {
		e.Fatalf("next number %d, want %d: right after the hole", next, g.To+1)
	}
	e.crash(spool.Bounds{})
	if got := len(e.all(urgent, e.Epoch())); got != 2 {
		e.Fatalf("%d gap records after a second crash, want 2", got)
	}
}

func cleanClose(e *env) {
	e.open(spool.Bounds{})
	recs := e.put(position, "a", "b")
	e.must(e.Close())
	e.open(spool.Bounds{})
	e.same(e.all(position, e.Epoch()), recs)
	if g := e.gapsOf(); len(g) > 0 {
		e.Fatalf("gaps %v after a clean close", g)
	}
	if seq := e.put(position, "c")[0].Seq; seq != 3 {
		e.Fatalf("sequence %d, want 3", seq)
	}
}

func commitEvery(e *env) {
	e.open(spool.Bounds{})
	recs := e.put(wave, "a")
	recs = append(recs, e.put(wave, "b")...)
	time.Sleep(spool.CommitEvery) // fake time
	synctest.Wait()
	e.crash(spool.Bounds{})
	e.same(e.all(wave, e.Epoch()), recs)
}

func pendingIsShown(e *env) {
	e.open(spool.Bounds{})
	recs := e.put(reading, "a", "b", "c")
	e.same(e.all(reading, e.Epoch()), recs)
	shown := map[uint64]string{}
	for _, r := range e.put(reading, "d", "e") {
		shown[r.Seq] = string(r.Body)
	}
	e.crash(spool.Bounds{})
	e.put(reading, "x", "y", "z")
	for _, r := range e.all(reading, e.Epoch()) {
		if was, ok := shown[r.Seq]; ok && was != string(r.Body) {
			e.Fatalf("reading %d was shown as %q and is %q now", r.Seq, was, r.Body)
		}
	}
}

func newEpoch(e *env) {
	e.open(spool.Bounds{})
	old := e.Epoch()
	a := e.put(urgent, "a", "b")
	r := e.put(reading, "r")
	epoch, err := e.NewEpoch(e.ctx)
	e.must(err)
	if epoch == old || e.Epoch() != epoch {
		e.Fatal("the epoch did not change")
	}
	b := e.put(urgent, "c")
	if b[0].Seq != 1 || b[0].Epoch != epoch {
		e.Fatalf("first of the new epoch is %s", tell(b))
	}
	e.crash(spool.Bounds{})
	if got := e.Epochs(); !slices.Equal(got, []wire.Epoch{old, epoch}) {
		e.Fatalf("epochs %v, want the old one, then the new one", got)
	}
	e.same(e.all(urgent, old), a)
	e.same(e.all(reading, old), r)
	e.same(e.all(urgent, epoch), b)
	for lane, upTo := range map[pb.Lane]uint64{urgent: 2, reading: 1} {
		_, err = e.Stored(e.ctx, old, lane, upTo, nil)
		e.must(err)
	}
	if got := e.Epochs(); !slices.Equal(got, []wire.Epoch{epoch}) {
		e.Fatalf("epochs %v after the old one was stored", got)
	}
	if lost, err := e.Stored(e.ctx, old, urgent, 0, nil); err != nil || lost == nil || *lost != (wire.Range{From: 1, To: 2}) {
		e.Fatalf("lost %v, %v: what was deleted of an old epoch is still known", lost, err)
	}
}

func bodyIsCopied(e *env) {
	e.open(spool.Bounds{})
	body := []byte("before")
	_, err := e.Put(e.ctx, []wire.Item{{Lane: wave, Kind: pb.Kind_KIND_WAVES, Body: body}}, nil)
	e.must(err)
	copy(body, "after!")
	if got := e.all(wave, e.Epoch())[0].Body; string(got) != "before" {
		e.Fatalf("body is %q", got)
	}
}

func body(n int) string { return strings.Repeat("x", n) }

func leastPreciousFirst(e *env) {
	b := spool.Bounds{Total: 16000, Wave: 1 << 20, Reading: 1 << 20, Position: 1 << 20}
	e.open(b)
	for range 5 {
		for _, lane := range []pb.Lane{urgent, reading, position, wave} {
			e.put(lane, body(700))
		}
	}
	for range 10 {
		e.put(reading, body(700))
	}
	counts := func() (n [wire.LaneCount]uint64) {
		for _, d := range e.Depths() {
			n[d.Lane] = d.Count
		}
		return n
	}
	n := counts()
	if n[wave] != 0 || n[position] == 0 || n[position] == 5 || n[reading] != 15 {
		e.Fatalf("held urgent %d reading %d position %d wave %d: waves go first, then positions", n[1], n[2], n[3], n[4])
	}
	for range 25 {
		e.put(urgent, body(700))
	}
	n = counts()
	gaps := e.gapsOf()
	if n[wave]+n[position]+n[reading] != 0 || n[urgent] != 30+uint64(len(gaps)) {
		e.Fatalf("held urgent %d reading %d position %d wave %d with %d gaps: only urgent is left, and all of it", n[1], n[2], n[3], n[4], len(gaps))
	}
	covered := map[pb.Lane]uint64{}
	for _, g := range gaps {
		if g.Why != "full" || g.Bytes == 0 || g.FromUs == 0 || g.ToUs == 0 {
			e.Errorf("gap %v says too little", g)
		}
		covered[g.Lane] += g.To - g.From + 1
	}
	if covered[reading] != 15 || covered[position] != 5 || covered[wave] != 5 || covered[urgent] != 0 {
		e.Fatalf("gaps cover %v", covered)
	}
	e.crash(b)
	if got := e.gapsOf(); len(got) != len(gaps)+0 {
		for _, g := range got[len(gaps):] {
			if g.Why != "crash" {
				e.Fatalf("after a crash there is one more gap: %v", g)
			}
		}
	}
}

func laneBound(e *env) {
	b := spool.Bounds{Wave: 10_000}
	e.open(b)
	for range 40 {
		e.put(wave, body(1000))
	}
	held := e.all(wave, e.Epoch())
	var d wire.Depth
	for _, x := range e.Depths() {
		if x.Lane == wave {
			d = x
		} else if x.Capped {
			e.Errorf("lane %s says that it is capped", wire.LaneName(x.Lane))
		}
	}
	if d.Bytes > 10_000 || d.Count != uint64(len(held)) || !d.Capped {
		e.Fatalf("depth %+v with %d held: within the bound, and capped", d, len(held))
	}
	if last := held[len(held)-1].Seq; last != 40 {
		e.Fatalf("newest held is %d, want 40: the oldest go", last)
	}
	next := uint64(1)
	for _, g := range e.gapsOf() {
		if g.From != next {
			e.Fatalf("gap from %d, want %d", g.From, next)
		}
		next = g.To + 1
	}
	if next != held[0].Seq {
		e.Fatalf("gaps end at %d, held begins at %d", next-1, held[0].Seq)
	}
	e.stored(wave, 40)
	for _, x := range e.Depths() {
		if x.Capped {
			e.Errorf("lane %s is capped with nothing in it", wire.LaneName(x.Lane))
		}
	}
}

func urgentNeverRefused(e *env) {
	e.open(spool.Bounds{Total: 1000, Wave: 1000, Reading: 1000, Position: 1000})
	want := e.put(urgent, body(900), body(900), body(900))
	want = append(want, e.put(urgent, body(900))...)
	e.same(e.all(urgent, e.Epoch()), want)
}

func fullDisk(e *env) {
	e.open(spool.Bounds{})
	for range 400 {
		e.put(wave, body(4000))
	}
	e.must(e.Flush(e.ctx))
	e.disk.Fill(true)
	var want []wire.Record
	for range 20 {
		want = append(want, e.put(urgent, body(2000))...)
	}
	gaps := e.gapsOf()
	if len(gaps) == 0 {
		e.Fatal("nothing was dropped on a full disk: this test proves nothing")
	}
	for _, g := range gaps {
		if g.Lane != wave || g.Why != "full" {
			e.Errorf("gap %v: only waves had to go", g)
		}
	}
	capped := false
	for _, d := range e.Depths() {
		capped = capped || d.Lane == wave && d.Capped
	}
	if !capped {
		e.Error("the wave lane does not say that it is capped")
	}
	e.crash(spool.Bounds{})
	got := slices.DeleteFunc(e.all(urgent, e.Epoch()), func(r wire.Record) bool { return r.Kind == pb.Kind_KIND_GAP })
	e.same(got, want)
	e.disk.Fill(false)
}

func deadFullDisk(e *env) {
	e.open(spool.Bounds{})
	first := e.put(urgent, "before")
	e.disk.Fill(true)
	var held []wire.Record
	refused := false
	for range 3000 {
		recs, err := e.Put(e.ctx, []wire.Item{item(urgent, body(3000))}, nil)
		held = append(held, recs...)
		if err != nil {
			if refused = isNotDurable(err); !refused {
				e.Fatal(err)
			}
			break
		}
	}
	if !refused {
		e.Fatal("the disk took everything: this test proves nothing")
	}
	unsafe := held[len(held)-1]
	if unsafe.Epoch == first[0].Epoch {
		e.Fatal("a record that is not on disk has a number that the next start may use again")
	}
	if len(e.Faults()) == 0 {
		e.Error("Faults does not say that the disk refuses")
	}
	e.same(e.all(urgent, unsafe.Epoch), []wire.Record{unsafe})
	e.disk.Fill(false)
	time.Sleep(spool.CommitEvery) // fake time: it tries again by itself
	synctest.Wait()
	if f := e.Faults(); len(f) > 0 {
		e.Errorf("faults %q after the disk has room", f)
	}
	e.crash(spool.Bounds{})
	e.same(e.all(urgent, unsafe.Epoch), []wire.Record{unsafe})
	if e.Epoch() != unsafe.Epoch {
		e.Error("the epoch begun in need is not the current one")
	}
}

func manyAtOnce(e *env) {
	e.open(spool.Bounds{Wave: 20_000})
	const putters, each = 6, 25
	out := make(chan []wire.Record, putters*each)
	var all sync.WaitGroup
	for p := range putters {
		all.Go(func() {
			for i := range each {
				recs, err := e.Put(e.ctx, []wire.Item{item(wire.Lanes[(p+i)%len(wire.Lanes)], fmt.Sprintf("%d %d %s", p, i, body(200)))}, nil)
				if err != nil {
					e.Error(err)
				}
				out <- recs
				if _, err := e.Next(e.ctx, urgent, e.Epoch(), 0, 10, 0); err != nil {
					e.Error(err)
				}
				if i == each/2 {
					if _, err := e.Stored(e.ctx, e.Epoch(), reading, 3, nil); err != nil {
						e.Error(err)
					}
					e.Depths()
				}
			}
		})
	}
	all.Wait()
	close(out)
	shown := map[identity]wire.Record{}
	for recs := range out {
		for _, r := range recs {
			if was, ok := shown[idOf(r)]; ok {
				e.Errorf("%s and %s have one number", tell(recs), tell([]wire.Record{was}))
			}
			shown[idOf(r)] = r
		}
	}
	e.crash(spool.Bounds{})
	for _, r := range e.all(urgent, e.Epoch()) {
		if was, ok := shown[idOf(r)]; ok && equal(was, r) {
			delete(shown, idOf(r))
		}
	}
	for id := range shown {
		if id.lane == urgent {
			e.Errorf("urgent %d was put and is not held", id.seq)
		}
	}
}

func depths(e *env) {
	e.open(spool.Bounds{})
	at := func(us int64, n int) wire.Item {
		return wire.Item{Lane: position, Kind: pb.Kind_KIND_POSITIONS, CapturedUs: us, Body: make([]byte, n)}
	}
	_, err := e.Put(e.ctx, []wire.Item{at(100, 10), at(200, 20), at(300, 30)}, nil)
	e.must(err)
	want := func(count, bytes uint64, oldest int64) {
		e.Helper()
		for _, d := range e.Depths() {
			if w := (wire.Depth{Lane: position, Count: count, Bytes: bytes, Oldest: oldest}); d.Lane == position && d != w {
				e.Fatalf("depth %+v, want %+v", d, w)
			}
		}
	}
	want(3, 60, 100)
	e.stored(position, 1)
	want(2, 50, 200)
	e.must(e.Flush(e.ctx))
	want(2, 50, 200)
	e.must(e.Close())
	e.open(spool.Bounds{})
	want(2, 50, 200)
	e.stored(position, 1, wire.Range{From: 3, To: 3})
	want(1, 20, 200)
	e.stored(position, 3)
	want(0, 0, 0)
}

func nextPages(e *env) {
	e.open(spool.Bounds{})
	a := e.put(reading, body(10), body(10), body(10))
	e.must(e.Flush(e.ctx))
	a = append(a, e.put(reading, body(10), body(10))...) // pending behind committed
	for _, c := range []struct {
		after        uint64
		limit, bytes int
		want         []wire.Record
	}{
		{0, 2, 0, a[:2]}, {2, 2, 0, a[2:4]}, {4, 9, 0, a[4:]}, {5, 9, 0, nil}, {0, 9, 25, a[:3]}, {0, 9, 1, a[:1]}, {0, 0, 0, nil},
		{1 << 63, 9, 0, nil},
	} {
		got, err := e.Next(e.ctx, reading, e.Epoch(), c.after, c.limit, c.bytes)
		e.must(err)
		if !slices.EqualFunc(got, c.want, equal) {
			e.Errorf("after %d, limit %d, %d bytes: %s, want %s", c.after, c.limit, c.bytes, tell(got), tell(c.want))
		}
	}
}

func refuses(e *env) {
	e.open(spool.Bounds{})
	for name, it := range map[string]wire.Item{
		"no lane":  {Lane: pb.Lane_LANE_NONE},
		"too long": {Lane: urgent, Body: make([]byte, wire.MaxBody+1)},
		"no text":  {Lane: urgent, Boot: "\xff"},
	} {
		if recs, err := e.Put(e.ctx, []wire.Item{item(urgent, "a"), it}, nil); !isBadItem(err) || recs != nil {
			e.Errorf("%s: %v, %v", name, recs, err)
		}
	}
	if seq := e.put(urgent, "a")[0].Seq; seq != 1 {
		e.Errorf("sequence %d: what was refused took a number", seq)
	}
}

func closed(e *env) {
	e.open(spool.Bounds{})
	e.put(urgent, "a")
	e.must(e.Close())
	_, putErr := e.Put(e.ctx, []wire.Item{item(urgent, "a")}, nil)
	_, nextErr := e.Next(e.ctx, urgent, e.Epoch(), 0, 1, 1)
	_, storedErr := e.Stored(e.ctx, e.Epoch(), urgent, 1, nil)
	_, epochErr := e.NewEpoch(e.ctx)
	_, keptErr := e.Kept("a")
	for name, err := range map[string]error{"Put": putErr, "Next": nextErr, "Stored": storedErr, "NewEpoch": epochErr,
		"Kept": keptErr, "Flush": e.Flush(e.ctx)} {
		if !isClosed(err) {
			e.Errorf("%s after Close: %v", name, err)
		}
	}
	e.must(e.Close())
}
