package spooltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"lifeline120/internal/spool"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

func isNotDurable(err error) bool { return errors.Is(err, spool.ErrNotDurable) }
func isBadItem(err error) bool    { return errors.Is(err, spool.ErrBadItem) }
func isClosed(err error) bool     { return errors.Is(err, spool.ErrClosed) }

// identity of a record within one unit.
type identity struct {
	epoch wire.Epoch
	lane  pb.Lane
	seq   uint64
}

func idOf(r wire.Record) identity { return identity{r.Epoch, r.Lane, r.Seq} }

type fate int

const (
	waiting   fate = iota // numbered, perhaps not committed
	unsafe                // numbered while the disk refused: a crash may take it with its epoch
	safe                  // must be held
	forgotten             // deleted on the word; a crash may bring it back
	gone                  // deleted on the word, and that is committed
	either                // was forgotten when a crash came: held again or gone
)

// account is what the walk believes: every record ever shown, and what must have become of it.
type account struct {
	rt    *rapid.T
	disk  Disk
	s     spool.Spool
	shown map[identity]wire.Record
	fate  map[identity]fate
	keep  string   // the kept value ...
	kept  []string // ... and those that a crash may leave: the last one known to be committed, and what the disk refused since
	n     int

	refusing bool
	shaky    bool // the disk refused and nothing has been committed since: the epoch may not be on disk
}

// refuser is a disk that can be told to refuse every commit.
type refuser interface{ Refuse(err error) }

func (a *account) refuse(on bool) {
	d, ok := a.disk.(refuser)
	if !ok {
		return
	}
	if a.refusing = on; on {
		a.shaky = true
		d.Refuse(errors.New("no more"))
		return
	}
	d.Refuse(nil)
}

// done takes the answer of a call that commits.
func (a *account) done(err error) {
	switch {
	case err == nil && !a.refusing:
		a.committed()
	case err == nil || !a.refusing:
		a.rt.Fatalf("the disk refuses %v, the answer is %v", a.refusing, err)
	}
}

// walk puts, deletes, crashes and begins epochs at random, and checks after each step that nothing owed is missing without a gap
// record and that no identity has two bodies.
func walk(t *testing.T, fresh func(t *testing.T) Disk) {
	rapid.Check(t, func(rt *rapid.T) {
		a := &account{rt: rt, disk: fresh(t), shown: map[identity]wire.Record{}, fate: map[identity]fate{}, kept: []string{""}}
		a.open()
		most := 15 // on real files; a disk in memory is quick
		if _, quick := a.disk.(refuser); quick {
			most = 40
		}
		steps := rapid.IntRange(1, most).Draw(rt, "steps")
		for range steps {
			switch rapid.IntRange(0, 19).Draw(rt, "step") {
			case 0:
				a.must(a.disk.Crash())
				a.afterCrash()
				a.refuse(false)
				a.open()
				a.keptAfterCrash()
			case 1:
				a.refuse(false)
				a.must(a.s.Close())
				a.committed()
				a.open()
			case 2:
				_, err := a.s.NewEpoch(context.Background())
				a.done(err)
			case 3:
				if err := a.s.Flush(context.Background()); err == nil { // with nothing to commit there is nothing to refuse
					a.committed()
				} else {
					a.done(err)
				}
			case 8:
				a.refuse(!a.refusing)
			case 4, 5, 6, 7:
				a.stored()
			default:
				a.put()
			}
			a.check()
		}
		a.refuse(false)
		a.must(a.s.Close())
	})
}

func (a *account) must(err error) {
	if err != nil {
		a.rt.Fatal(err)
	}
}

func (a *account) open() {
	s, err := a.disk.Open(spool.Options{Bounds: spool.Bounds{Total: 6000, Wave: 2000, Reading: 3000, Position: 2000}})
	a.must(err)
	if f := s.Faults(); len(f) > 0 {
		a.rt.Fatalf("faults without damage: %q", f)
	}
	a.s = s
}

func (a *account) put() {
	var items []wire.Item
	durable := false
	for range rapid.IntRange(0, 3).Draw(a.rt, "items") {
		lane := rapid.SampledFrom(wire.Lanes[:]).Draw(a.rt, "lane")
		a.n++
		it := item(lane, fmt.Sprintf("%d %s", a.n, body(rapid.IntRange(0, 600).Draw(a.rt, "size"))))
		it.CapturedUs = int64(a.n)
		items = append(items, it)
		durable = durable || lane == urgent
	}
	keep := map[string][]byte{}
	if rapid.IntRange(0, 3).Draw(a.rt, "keep") == 0 {
		a.n++
		a.keep = fmt.Sprint(a.n)
		a.kept = append(a.kept, a.keep)
		keep["k"] = []byte(a.keep)
		durable = true
	}
	recs, err := a.s.Put(context.Background(), items, keep)
	if err != nil && !isNotDurable(err) || len(recs) != len(items) {
		a.rt.Fatalf("put: %d records of %d, %v", len(recs), len(items), err)
	}
	for i, r := range recs {
		if r.Epoch != a.s.Epoch() && !a.shaky || string(r.Body) != string(items[i].Body) {
			a.rt.Fatalf("put %s in epoch %v", tell(recs[i:i+1]), a.s.Epoch())
		}
		if was, ok := a.shown[idOf(r)]; ok {
			a.rt.Fatalf("number used twice: %s was %s", tell([]wire.Record{r}), tell([]wire.Record{was}))
		}
		a.shown[idOf(r)], a.fate[idOf(r)] = r, waiting
		if a.shaky {
			a.fate[idOf(r)] = unsafe
		}
	}
	if durable {
		a.done(err)
	} else {
		a.must(err)
	}
}

// committed: all that was numbered is safe, all that was deleted stays so.
func (a *account) committed() {
	a.kept, a.shaky = []string{a.keep}, a.refusing
	for id, f := range a.fate {
		switch f {
		case waiting, unsafe:
			a.fate[id] = safe
		case forgotten:
			a.fate[id] = gone
		case safe, gone, either:
		}
	}
}

func (a *account) afterCrash() {
	a.shaky = false
	for id, f := range a.fate {
		switch f {
		case forgotten, unsafe:
			a.fate[id] = either
		case waiting:
			a.fate[id] = safe // the next start holds it or has declared it
		case safe, gone, either:
		}
	}
}

// keptAfterCrash: a value whose commit the disk refused may have gone out with a later one, or not.
func (a *account) keptAfterCrash() {
	got, err := a.s.Kept("k")
	a.must(err)
	if !slices.Contains(a.kept, string(got)) {
		a.rt.Fatalf("kept value is %q after a crash, want one of %q", got, a.kept)
	}
	a.keep, a.kept = string(got), []string{string(got)}
}

func (a *account) stored() {
	epoch := rapid.SampledFrom(a.s.Epochs()).Draw(a.rt, "epoch")
	lane := rapid.SampledFrom(wire.Lanes[:]).Draw(a.rt, "lane")
	upTo := rapid.Uint64Range(0, 60).Draw(a.rt, "upTo")
	var beyond []wire.Range
	if rapid.Bool().Draw(a.rt, "beyond") {
		from := upTo + rapid.Uint64Range(2, 5).Draw(a.rt, "from")
		beyond = append(beyond, wire.Range{From: from, To: from + rapid.Uint64Range(0, 5).Draw(a.rt, "len")})
	}
	has := func(n uint64) bool { return n <= upTo || len(beyond) > 0 && beyond[0].From <= n && n <= beyond[0].To }
	lost, err := a.s.Stored(context.Background(), epoch, lane, upTo, beyond)
	a.must(err)
	if lost != nil {
		for n := lost.From; n <= lost.To; n++ {
			if f, ok := a.fate[identity{epoch, lane, n}]; has(n) || ok && f == safe {
				a.rt.Fatalf("%d is told as lost: the word has it or it is held", n)
			}
		}
	}
	for id := range a.fate {
		if id.epoch == epoch && id.lane == lane && has(id.seq) && a.fate[id] != gone {
			a.fate[id] = forgotten
		}
	}
}

// check compares what the spool holds with the account.
func (a *account) check() {
	ctx := context.Background()
	held := map[identity]bool{}
	gaps := map[identity]bool{}
	var depth [wire.LaneCount]wire.Depth
	for _, epoch := range a.s.Epochs() {
		for _, lane := range wire.Lanes {
			recs, err := a.s.Next(ctx, lane, epoch, 0, 1<<20, 0)
			a.must(err)
			last := uint64(0)
			for _, r := range recs {
				if r.Seq <= last || r.Lane != lane || r.Epoch != epoch {
					a.rt.Fatalf("out of order: %s after %d", tell([]wire.Record{r}), last)
				}
				last = r.Seq
				held[idOf(r)] = true
				depth[lane].Count++
				depth[lane].Bytes += uint64(len(r.Body))
				if was, ok := a.shown[idOf(r)]; ok && !equal(was, r) {
					a.rt.Fatalf("one identity, two bodies: %s was %s", tell([]wire.Record{r}), tell([]wire.Record{was}))
				}
				if _, ok := a.shown[idOf(r)]; !ok {
					a.shown[idOf(r)], a.fate[idOf(r)] = r, safe // gap records are made by the spool
					if a.shaky {
						a.fate[idOf(r)] = unsafe
					}
				}
			}
		}
	}
	for _, r := range a.shown { // a gap record counts for ever, also when the centre has it already
		if g := gapIn(r); g != nil {
			for n := g.From; n <= g.To; n++ {
				gaps[identity{wire.Epoch(g.Epoch), g.Lane, n}] = true
			}
		}
	}
	for id, f := range a.fate {
		switch {
		case f == gone && held[id], f == forgotten && held[id]:
			a.rt.Fatalf("%v is held though it was deleted on the word", id)
		case f == safe && !held[id] && !gaps[id]:
			a.rt.Fatalf("%v is neither held nor declared lost", id)
		case f == safe && id.lane == urgent && !held[id]:
			a.rt.Fatalf("urgent %v is not held", id)
		}
	}
	for _, d := range a.s.Depths() {
		if w := depth[d.Lane]; d.Count != w.Count || d.Bytes != w.Bytes {
			a.rt.Fatalf("lane %s says %d records of %d bytes, holds %d of %d", wire.LaneName(d.Lane), d.Count, d.Bytes, w.Count, w.Bytes)
		}
	}
	if got, err := a.s.Kept("k"); err != nil || string(got) != a.keep {
		a.rt.Fatalf("kept value is %q (%v), want %q", got, err, a.keep)
	}
}
