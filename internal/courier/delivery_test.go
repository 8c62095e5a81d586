package courier

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// live lets the vehicle make what it makes: a reading and a position a second, a wave chunk a second, now and then a note.
func (w *world) live(d time.Duration) {
	for end := w.now + d; w.now < end; {
		w.put(pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, 120)
		w.put(pb.Lane_LANE_POSITION, pb.Kind_KIND_POSITIONS, 80)
		w.put(pb.Lane_LANE_WAVE, pb.Kind_KIND_WAVES, 1300)
		if w.rng.IntN(20) == 0 {
			w.put(pb.Lane_LANE_URGENT, pb.Kind_KIND_NOTE, 60)
		}
		w.run(time.Second)
	}
}

// quiet ends all faults and gives the machines time to finish.
func (w *world) quiet(t interface{ Fatalf(string, ...any) }, most time.Duration) {
	w.loss, w.dup, w.sendCap, w.delay = 0, 0, 0, 20*time.Millisecond
	if w.dead {
		w.restartDispatcher()
	}
	w.connect()
	for end := w.now + most; w.spool.count() > 0; {
		if w.now > end {
			t.Fatalf("after %v without faults the spool still holds %d records: %+v", most, w.spool.count(), w.spool.depths())
		}
		w.run(time.Second)
	}
	if w.worst != "" {
		t.Fatalf("%s", w.worst)
	}
}

// delivered checks that everything ever put is stored, with its own bytes, but for what was declared lost.
func (w *world) delivered(t interface{ Fatalf(string, ...any) }) {
	for id, digest := range w.spool.all {
		lost := false
		for _, r := range w.declared {
			lost = lost || r.From <= id.Seq && id.Seq <= r.To
		}
		got, ok := w.store.rows[id]
		if !ok && !lost || ok && got != digest {
			t.Fatalf("lane %v seq %d: stored %v, right bytes %v", id.Lane, id.Seq, ok, got == digest)
		}
	}
}

func TestDLV001_EverythingOwedArrivesWhateverTheLinkDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(t, "seed"))
		w.connect()
		for range rapid.IntRange(1, 6).Draw(t, "scenes") {
			w.loss = rapid.SampledFrom([]float64{0, 0.02, 0.3, 0.8}).Draw(t, "loss")
			w.dup = rapid.SampledFrom([]float64{0, 0.2}).Draw(t, "dup")
			w.delay = rapid.SampledFrom([]time.Duration{20 * time.Millisecond, 3 * time.Second}).Draw(t, "delay")
			w.sendCap = rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "full")
			w.commit = rapid.SampledFrom([]time.Duration{5 * time.Millisecond, 2 * time.Second}).Draw(t, "commit")
			switch rapid.IntRange(0, 7).Draw(t, "what") {
			case 0:
				w.cut()
			case 1:
				w.dead = true
			case 2:
				w.restartDispatcher()
			case 3:
				w.restartAgent()
				w.connect()
			case 4:
				w.step += time.Duration(rapid.Int64Range(-7200, 7200).Draw(t, "step")) * time.Second
			default:
				if w.dead {
					w.restartDispatcher()
				}
				w.connect()
			}
			w.live(time.Duration(rapid.IntRange(1, 30).Draw(t, "seconds")) * time.Second)
		}
		w.quiet(t, 5*time.Minute)
		w.delivered(t)
		if len(w.declared) > 0 {
			t.Fatalf("ranges were declared lost though no store lost them: %v", w.declared)
		}
		if len(w.spool.epochs) > 1 {
			t.Fatalf("a new epoch was forced without a conflict")
		}
	})
}

func TestDLV001_NothingIsDeletedWithoutTheDispatchersWord(t *testing.T) {
	w := newWorld(1)
	w.dead = true // the broker takes everything, and nobody stores it
	w.connect()
	w.live(2 * time.Minute)
	if n := w.spool.next[laneKey{w.spool.epochs[0], pb.Lane_LANE_WAVE}]; len(w.spool.held[laneKey{w.spool.epochs[0], pb.Lane_LANE_WAVE}]) != int(n) {
		t.Fatalf("of %d records some are gone though nothing was stored", n)
	}
	w.quiet(t, 2*time.Minute)
	w.delivered(t)
}

func TestDLV001_RestoredStoreGetsWhatIsStillHeldAndTheRestIsDeclared(t *testing.T) {
	for _, id := range []string{"store-a", "store-b"} { // a backup keeps the id of its store; a new store has its own
		w := newWorld(7)
		w.connect()
		w.live(30 * time.Second)
		backup := w.store.clone(id)
		w.live(30 * time.Second)
		w.store = backup
		w.restartDispatcher()
		w.live(30 * time.Second)
		w.quiet(t, 5*time.Minute)
		w.delivered(t)
		if len(w.declared) == 0 {
			t.Fatalf("store %s lost records that the spool had deleted, and nobody said so", id)
		}
		for k, set := range w.store.lanes {
			if n := w.spool.next[k]; set.UpTo != n {
				t.Fatalf("store %s lane %v: gapless up to %d of %d: a gap record should close it", id, k.lane, set.UpTo, n)
			}
		}
	}
}

func TestDLV002_SameBytesTwiceChangeNothing(t *testing.T) {
	w := newWorld(3)
	w.dup, w.loss = 1, 0.3
	w.connect()
	w.live(time.Minute)
	w.quiet(t, 2*time.Minute)
	w.delivered(t)
	if len(w.store.other) != 0 || len(w.spool.epochs) != 1 {
		t.Fatalf("duplicates were taken for conflicts: %v", w.store.other)
	}
}

// The disk of one vehicle is cloned into another, both with the same name: the same identities with other bytes.
func TestDLV002_ClonedDiskLosesNothingAndBeginsANewEpoch(t *testing.T) {
	a := newWorld(11)
	a.connect()
	a.live(20 * time.Second)
	b := newWorld(12)
	b.spool.epochs, b.store, b.now = a.spool.epochs, a.store, a.now
	for k, n := range a.spool.next {
		b.spool.next[k] = n
		gone := a.spool.gone[k].Clone()
		b.spool.gone[k] = &gone
	}
	b.spool.epochs = []wire.Epoch{a.spool.epochs[0]}
	a.live(40 * time.Second) // the first goes on: the centre has more than the second has made
	a.quiet(t, time.Minute)

	b.store = a.store
	b.restartDispatcher()
	b.sender = NewSender(testUnit, "store-a", b.spool, b.instant())
	for range 10 {
		b.put(pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, 100) // while it has no link
	}
	b.connect()
	b.live(10 * time.Second)
	b.quiet(t, time.Minute)
	if len(b.spool.epochs) != 2 {
		t.Fatalf("%d epochs after a conflict, want a second one", len(b.spool.epochs))
	}
	for id, digest := range b.spool.all {
		if got, ok := b.store.rows[id]; (!ok || got != digest) && b.store.other[id] == 0 {
			t.Fatalf("lane %v seq %d of the second vehicle was neither stored nor kept beside the other", id.Lane, id.Seq)
		}
	}
}

func TestDLV003_AlarmAndLiveValuesGoBeforeTheBacklog(t *testing.T) {
	w := newWorld(5)
	w.live(20 * time.Minute) // no link
	offline := w.put(pb.Lane_LANE_URGENT, pb.Kind_KIND_ALARM, 200)
	w.live(time.Minute)
	held := w.spool.count()
	stored := func(r wire.Record) bool {
		_, ok := w.store.rows[wire.Identity{Unit: testUnit, Epoch: r.Epoch, Lane: r.Lane, Seq: r.Seq}]
		return ok
	}
	w.connect()
	w.run(60 * time.Millisecond)
	if !stored(offline) {
		t.Fatal("an alarm pressed without a link is not stored 60 ms after the link came")
	}
	w.run(time.Second)
	alarm := w.put(pb.Lane_LANE_URGENT, pb.Kind_KIND_ALARM, 200)
	reading := w.put(pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, 120)
	w.run(60 * time.Millisecond)
	if left := w.spool.count(); left < held/10 {
		t.Fatalf("the backlog is already gone (%d of %d left): the test proves nothing", left, held)
	}
	if !stored(alarm) || !stored(reading) {
		t.Fatalf("after 60 ms alarm stored %v, reading stored %v, behind a backlog of %d", stored(alarm), stored(reading), w.spool.count())
	}
	w.quiet(t, 3*time.Minute)
	w.delivered(t)
}

func TestDLV003_EachLaneOfTheBacklogHasItsShare(t *testing.T) {
	w := newWorld(6)
	w.live(30 * time.Minute)
	w.connect()
	had := w.spool.depths()
	w.run(5 * time.Second)
	for i, d := range w.spool.depths() {
		if d.Count > 0 && had[i].Count-d.Count == 0 {
			t.Errorf("lane %s has not moved in 5 s while others drained: %+v", wire.LaneName(d.Lane), w.spool.depths())
		}
	}
	w.quiet(t, 5*time.Minute)
}

func TestDLV003_NoBacklogWithoutCredit(t *testing.T) {
	w := newWorld(8)
	w.live(time.Minute)
	w.dead = true
	w.connect()
	w.run(time.Minute)
	for name, u := range w.sender.under {
		if name != pb.Lane_LANE_URGENT && u.count > 1 {
			t.Fatalf("lane %v has %d records under way though the dispatcher granted nothing", name, u.count)
		}
	}
}
