// Package storetest is what every store must do. Its members run it: the SQL store on SQLite and on PostgreSQL, and the in-memory
// one.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Place is where one store is kept: empty at first.
type Place struct {
	// Open opens the store kept here, as a demo or live. The suite closes what it opened.
	Open func(demo bool) (store.Store, error)
	// Rewrite replaces the stored events behind the store's back, while it is closed; the head stays as it is.
	Rewrite func(events []journal.Event)
	// Look opens it for Verify after a Rewrite; Open when nil.
	Look func() (store.Store, error)
}

// Run runs the suite; fresh gives a new empty place.
func Run(t *testing.T, fresh func(t *testing.T) Place) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Place)
	}{
		{"DLV001_StoredIsThereAfterReopening", storedStays},
		{"DLV001_LanesTellWhatIsStored", lanes},
		{"DLV002_SameMessageTwiceChangesNothing", duplicates},
		{"DLV002_OtherBytesAreKeptBeside", conflicts},
		{"DLV002_ConflictsAreBounded", conflictsBounded},
		{"DLV006_AppendIsAllOrNothing", allOrNothing},
		{"DLV006_EndedContextStoresNothing", endedContext},
		{"DLV006_ClosedStoreAnswersClosed", closed},
		{"DLV006_PingIsAWrite", ping},
		{"ACC002_EventsAreOneChain", chain},
		{"ACC002_ConcurrentAppendsAreOneChain", concurrent},
		{"ACC002_TamperingIsFound", tampering},
		{"ACC003_BadEntriesAreRefused", refused},
		{"EVO001_SnapshotOfOtherVersionIsNotThere", snapshots},
		{"SCR003_DemoAndLiveDoNotMix", demo},
		{"LockedWhileOpen", locked},
		{"OwedIsReadInOrder", owedOrder},
		{"Documents", documents},
		{"TermsGrow", terms},
		{"ReadsArePaged", paged},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh(t)) })
	}
}

// Start is the time in the suite's messages.
var Start = time.Date(2026, 11, 21, 6, 30, 0, 123456000, time.UTC)

// Message makes an owed message of a unit; its body and digest depend on what only.
func Message(unit ems.UnitID, lane pb.Lane, seq uint64, what string) *store.Owed {
	at := Start.Add(time.Duration(seq) * time.Second)
	return &store.Owed{
		Unit: unit,
		Record: wire.Record{
			Item:  wire.Item{Lane: lane, Kind: pb.Kind_KIND_NOTE, CapturedUs: at.UnixMicro(), MonoUs: int64(seq) * 1e6, Boot: "boot\x00\xff", Simulated: seq%2 == 0, Body: []byte(what)},
			Epoch: wire.Epoch{1, 2, 3}, Seq: seq,
		},
		Digest: sha256.Sum256([]byte(what)), Received: at.Add(time.Second), ServerUs: at.UnixMicro() - 5,
	}
}

// Event makes an event.
func Event(typ, body string) journal.Event {
	return journal.Event{At: Start, Actor: "desk/1", Stream: "alarm/a1", Type: typ, Body: json.RawMessage(body)}
}

func open(t *testing.T, p Place) store.Store {
	t.Helper()
	s, err := p.Open(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s store.Store, entries ...store.Entry) []store.Result {
	t.Helper()
	rs, err := s.Append(t.Context(), entries)
	if err != nil {
		t.Fatal(err)
	}
	if len(rs) != len(entries) {
		t.Fatalf("%d results for %d entries", len(rs), len(entries))
	}
	return rs
}

func outcomes(rs []store.Result) (out []store.Outcome) {
	for _, r := range rs {
		out = append(out, r.Outcome)
	}
	return out
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

func all(t *testing.T, s store.Store) []journal.Event {
	t.Helper()
	es, err := s.Read(t.Context(), 0, store.MaxRead)
	if err != nil {
		t.Fatal(err)
	}
	return es
}

func owedOf(t *testing.T, s store.Store, unit ems.UnitID, lane pb.Lane) []store.Owed {
	t.Helper()
	os, err := s.Owed(t.Context(), store.OwedQuery{Unit: unit, Lane: lane})
	if err != nil {
		t.Fatal(err)
	}
	return os
}

func storedStays(t *testing.T, p Place) {
	s := open(t, p)
	o := Message("u1", pb.Lane_LANE_URGENT, 1, "sos")
	o.Fills = []store.Fill{{Epoch: wire.Epoch{9}, Lane: pb.Lane_LANE_WAVE, Range: wire.Range{From: 3, To: 7}}}
	empty := Message("u1", pb.Lane_LANE_URGENT, 2, "")
	put(t, s, store.Entry{Owed: o, Events: []journal.Event{Event("alarm.raised", `{"a":1}`), Event("alarm.noted", ``)}}, store.Entry{Owed: empty})
	id := s.ID()
	if id == "" {
		t.Fatal("a store has a name")
	}
	events, lanes := all(t, s), mustLanes(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, p)
	if s.ID() != id {
		t.Fatalf("the store was %s and is %s after reopening", id, s.ID())
	}
	empty.Record.Body = nil
	same(t, "owed messages", owedOf(t, s, "u1", pb.Lane_LANE_URGENT), []store.Owed{*o, *empty})
	same(t, "events", all(t, s), events)
	same(t, "lanes", mustLanes(t, s), lanes)
	if len(events) != 2 || events[1].Body != nil {
		t.Fatalf("an empty body is nil: %+v", events)
	}
	rs := put(t, s, store.Entry{Owed: o}, store.Entry{Owed: Message("u1", pb.Lane_LANE_URGENT, 3, "x"), Events: []journal.Event{Event("more", `{}`)}})
	same(t, "outcomes", outcomes(rs), []store.Outcome{store.Duplicate, store.Stored})
	if rs[1].Events[0].Seq != 3 {
		t.Fatalf("the journal goes on at 3, not at %d", rs[1].Events[0].Seq)
	}
	verified(t, s, 3)
}

func mustLanes(t *testing.T, s store.Store) []store.Lane {
	t.Helper()
	ls, err := s.Lanes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ls
}

func lanes(t *testing.T, p Place) {
	s := open(t, p)
	if ls := mustLanes(t, s); len(ls) != 0 {
		t.Fatalf("an empty store has lanes: %+v", ls)
	}
	for _, seq := range []uint64{1, 2, 5, 6, 9} {
		put(t, s, store.Entry{Owed: Message("u1", pb.Lane_LANE_READING, seq, fmt.Sprint(seq))})
	}
	gap := Message("u1", pb.Lane_LANE_URGENT, 1, "gap")
	gap.Fills = []store.Fill{{Epoch: wire.Epoch{1, 2, 3}, Lane: pb.Lane_LANE_READING, Range: wire.Range{From: 3, To: 4}}}
	put(t, s, store.Entry{Owed: gap}, store.Entry{Owed: Message("u0", pb.Lane_LANE_WAVE, 2, "w")})
	want := []store.Lane{
		{Unit: "u0", Epoch: wire.Epoch{1, 2, 3}, Lane: pb.Lane_LANE_WAVE, Set: wire.RangeSet{Beyond: []wire.Range{{From: 2, To: 2}}}, Since: Start.Add(3 * time.Second)},
		{Unit: "u1", Epoch: wire.Epoch{1, 2, 3}, Lane: pb.Lane_LANE_URGENT, Set: wire.RangeSet{UpTo: 1}, Since: Start.Add(2 * time.Second)},
		{Unit: "u1", Epoch: wire.Epoch{1, 2, 3}, Lane: pb.Lane_LANE_READING, Set: wire.RangeSet{UpTo: 6, Beyond: []wire.Range{{From: 9, To: 9}}}, Since: Start.Add(2 * time.Second)},
	}
	tidied := func() []store.Lane {
		ls := mustLanes(t, s)
		for i := range ls {
			if len(ls[i].Set.Beyond) == 0 {
				ls[i].Set.Beyond = nil
			}
		}
		return ls
	}
	same(t, "lanes", tidied(), want)
	ls := mustLanes(t, s)
	ls[2].Set.Add(7, 8) // what was given out is the caller's
	same(t, "lanes after a caller changed his", tidied(), want)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, p)
	same(t, "lanes after reopening", tidied(), want)
	// What a gap record stood for came after all: it is kept, not taken for a repetition.
	rs := put(t, s, store.Entry{Owed: Message("u1", pb.Lane_LANE_READING, 3, "late")})
	same(t, "late arrival", outcomes(rs), []store.Outcome{store.Stored})
	same(t, "lanes after the late arrival", tidied(), want)
}

func duplicates(t *testing.T, p Place) {
	s := open(t, p)
	e := store.Entry{Owed: Message("u1", pb.Lane_LANE_URGENT, 1, "sos"), Events: []journal.Event{Event("alarm.raised", `{}`)}}
	rs := put(t, s, e, e)
	same(t, "in one call", outcomes(rs), []store.Outcome{store.Stored, store.Duplicate})
	same(t, "in another", outcomes(put(t, s, e)), []store.Outcome{store.Duplicate})
	other := *e.Owed
	other.Record.Epoch = wire.Epoch{7}
	same(t, "of another epoch", outcomes(put(t, s, store.Entry{Owed: &other})), []store.Outcome{store.Stored})
	again := *e.Owed // the same message, received again at another time
	again.Received, again.ServerUs = again.Received.Add(time.Hour), 1
	same(t, "received later", outcomes(put(t, s, store.Entry{Owed: &again})), []store.Outcome{store.Duplicate})
	if n := len(all(t, s)); n != 1 {
		t.Fatalf("%d events, want 1: a repetition appends none", n)
	}
	if os := owedOf(t, s, "u1", pb.Lane_LANE_URGENT); len(os) != 2 {
		t.Fatalf("%d messages, want 2", len(os))
	}
	var many []store.Entry // a resent backlog, partly known
	for seq := uint64(1); seq <= 300; seq++ {
		many = append(many, store.Entry{Owed: Message("u2", pb.Lane_LANE_READING, seq, fmt.Sprint(seq))})
	}
	put(t, s, many[:200]...)
	for i, r := range put(t, s, many...) {
		want := store.Stored
		if i < 200 {
			want = store.Duplicate
		}
		if r.Outcome != want {
			t.Fatalf("message %d of a resent backlog: outcome %d, want %d", i+1, r.Outcome, want)
		}
	}
	verified(t, s, 1)
}

func conflicts(t *testing.T, p Place) {
	s := open(t, p)
	first := Message("u1", pb.Lane_LANE_URGENT, 1, "one")
	second, third := Message("u1", pb.Lane_LANE_URGENT, 1, "two"), Message("u1", pb.Lane_LANE_URGENT, 1, "three")
	third.Received = third.Received.Add(time.Minute)
	put(t, s, store.Entry{Owed: first})
	ev := []journal.Event{Event("alarm.raised", `{}`)}
	rs := put(t, s, store.Entry{Owed: second, Events: ev}, store.Entry{Owed: third}, store.Entry{Owed: second}, store.Entry{Owed: first})
	same(t, "outcomes", outcomes(rs), []store.Outcome{store.Conflict, store.Conflict, store.Conflict, store.Duplicate})
	same(t, "again", outcomes(put(t, s, store.Entry{Owed: third})), []store.Outcome{store.Conflict})
	same(t, "in one call", outcomes(put(t, s, store.Entry{Owed: Message("u1", pb.Lane_LANE_URGENT, 2, "x")}, store.Entry{Owed: Message("u1", pb.Lane_LANE_URGENT, 2, "y")})),
		[]store.Outcome{store.Stored, store.Conflict})
	if n := len(all(t, s)); n != 0 {
		t.Fatalf("%d events of a conflicting message were appended", n)
	}
	kept, err := s.Conflicts(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "kept, newest first", kept, []store.Owed{*third, *Message("u1", pb.Lane_LANE_URGENT, 2, "y")})
	if kept, err = s.Conflicts(t.Context(), 0); err != nil || len(kept) != 3 {
		t.Fatalf("%d kept, %v; want each once: 3", len(kept), err)
	}
	if os := owedOf(t, s, "u1", pb.Lane_LANE_URGENT); !bytes.Equal(os[0].Record.Body, []byte("one")) {
		t.Fatalf("the first was overwritten: %q", os[0].Record.Body)
	}
}

func conflictsBounded(t *testing.T, p Place) {
	s := open(t, p)
	put(t, s, store.Entry{Owed: Message("u1", pb.Lane_LANE_URGENT, 1, "true")})
	var es []store.Entry
	for i := range store.MaxConflicts + 10 {
		es = append(es, store.Entry{Owed: Message("u1", pb.Lane_LANE_URGENT, 1, fmt.Sprint("false ", i))})
	}
	for _, r := range put(t, s, es...) {
		if r.Outcome != store.Conflict {
			t.Fatalf("outcome %d", r.Outcome)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, p)
	put(t, s, store.Entry{Owed: Message("u1", pb.Lane_LANE_URGENT, 1, "one more")}, store.Entry{Owed: Message("u2", pb.Lane_LANE_URGENT, 1, "a")}, store.Entry{Owed: Message("u2", pb.Lane_LANE_URGENT, 1, "b")})
	kept, err := s.Conflicts(t.Context(), store.MaxRead)
	if err != nil || len(kept) != store.MaxConflicts+1 {
		t.Fatalf("%d kept, %v; want %d of one unit and 1 of another", len(kept), err, store.MaxConflicts)
	}
}

func allOrNothing(t *testing.T, p Place) {
	s := open(t, p)
	bad := Message("u1", pb.Lane_LANE_URGENT, 2, "b")
	bad.Unit = "No Such/Name"
	_, err := s.Append(t.Context(), []store.Entry{{Owed: Message("u1", pb.Lane_LANE_URGENT, 1, "a"), Events: []journal.Event{Event("x", `{}`)}}, {Owed: bad}})
	if !errors.Is(err, store.ErrRefused) {
		t.Fatalf("got %v, want ErrRefused", err)
	}
	if es, os, ls := all(t, s), owedOf(t, s, "u1", pb.Lane_LANE_URGENT), mustLanes(t, s); len(es)+len(os)+len(ls) != 0 {
		t.Fatalf("something of a refused call was stored: %v %v %v", es, os, ls)
	}
	// A lane with too many holes refuses the next, the calls beside it go on.
	var es []store.Entry
	for i := range uint64(store.MaxBeyond) {
		es = append(es, store.Entry{Owed: Message("u1", pb.Lane_LANE_WAVE, 2+2*i, "w")})
	}
	put(t, s, es...)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := s.Append(t.Context(), []store.Entry{{Owed: Message("u1", pb.Lane_LANE_WAVE, 1e6+2*uint64(i), "w")}}); !errors.Is(err, store.ErrRefused) {
				t.Errorf("got %v, want ErrRefused", err)
			}
		})
		wg.Go(func() {
			if _, err := s.Append(t.Context(), []store.Entry{{Owed: Message(ems.UnitID(fmt.Sprint("v", i)), pb.Lane_LANE_URGENT, 1, "ok")}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	put(t, s, store.Entry{Owed: Message("u1", pb.Lane_LANE_WAVE, 3, "closes a hole")})
}

func endedContext(t *testing.T, p Place) {
	s := open(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, []store.Entry{{Owed: Message("u1", pb.Lane_LANE_URGENT, 1, "a")}}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	same(t, "outcome afterwards", outcomes(put(t, s, store.Entry{Owed: Message("u1", pb.Lane_LANE_URGENT, 1, "a")})), []store.Outcome{store.Stored})
}

func closed(t *testing.T, p Place) {
	s := open(t, p)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, err1 := s.Append(ctx, []store.Entry{{Owed: Message("u1", pb.Lane_LANE_URGENT, 1, "a")}})
	_, err2 := s.Read(ctx, 0, 1)
	_, err3 := s.Lanes(ctx)
	for i, err := range []error{err1, err2, err3, s.PutDoc(ctx, "k", "i", nil), s.Ping(ctx), s.Close()} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("call %d on a closed store: %v", i, err)
		}
	}
}

func ping(t *testing.T, p Place) {
	if err := open(t, p).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func verified(t *testing.T, s store.Store, events uint64) {
	t.Helper()
	r, err := store.Verify(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Events != events {
		t.Fatalf("%d events verified, want %d", r.Events, events)
	}
}

func chain(t *testing.T, p Place) {
	s := open(t, p)
	if seq, hash, err := s.Last(t.Context()); err != nil || seq != 0 || hash != [32]byte{} {
		t.Fatalf("an empty journal ends at %d %x %v", seq, hash, err)
	}
	verified(t, s, 0)
	e := Event("alarm.raised", `{"名":"胸痛"}`)
	e.Seq, e.Hash, e.At = 99, [32]byte{1}, e.At.Add(789).In(time.FixedZone("CST", 8*3600))
	rs := put(t, s, store.Entry{Events: []journal.Event{e, e}}, store.Entry{Events: []journal.Event{e}})
	given := append(slices.Clone(rs[0].Events), rs[1].Events...)
	same(t, "what Append gave and what Read gives", all(t, s), given)
	var hash [32]byte
	for i, g := range given {
		if err := journal.Check(uint64(i), hash, g); err != nil {
			t.Fatal(err)
		}
		hash = g.Hash
		if !g.At.Equal(Start) || g.At.Location() != time.UTC {
			t.Fatalf("time is %v, want UTC in whole microseconds", g.At)
		}
	}
	if seq, last, err := s.Last(t.Context()); err != nil || seq != 3 || last != hash {
		t.Fatalf("the journal ends at %d %x %v", seq, last, err)
	}
	verified(t, s, 3)
}

func concurrent(t *testing.T, p Place) {
	s := open(t, p)
	const writers, each = 16, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			unit := ems.UnitID(fmt.Sprint("u", w))
			for i := range uint64(each) {
				rs, err := s.Append(t.Context(), []store.Entry{
					{Owed: Message(unit, pb.Lane_LANE_URGENT, 2*i+1, fmt.Sprint(i)), Events: []journal.Event{Event("a", fmt.Sprintf(`{"w":%d,"i":%d}`, w, 2*i))}},
					{Owed: Message(unit, pb.Lane_LANE_URGENT, 2*i+2, fmt.Sprint(i)), Events: []journal.Event{Event("a", fmt.Sprintf(`{"w":%d,"i":%d}`, w, 2*i+1))}},
				})
				if err != nil {
					t.Error(err)
					return
				}
				if rs[1].Events[0].Seq != rs[0].Events[0].Seq+1 {
					t.Errorf("events of one call stand at %d and %d", rs[0].Events[0].Seq, rs[1].Events[0].Seq)
				}
				switch i % 10 {
				case 0:
					err = s.PutDoc(t.Context(), "d", string(unit), []byte{1})
				case 5:
					err = s.Ping(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	verified(t, s, 2*writers*each)
	next := map[int]int{}
	for _, e := range all(t, s) {
		var b struct{ W, I int }
		if err := json.Unmarshal(e.Body, &b); err != nil || b.I != next[b.W] {
			t.Fatalf("event %d of writer %d came as %d (%v)", next[b.W], b.W, b.I, err)
		}
		next[b.W]++
	}
	for _, l := range mustLanes(t, s) {
		if l.Set.UpTo != 2*each || len(l.Set.Beyond) != 0 {
			t.Fatalf("lane of %s: %+v", l.Unit, l.Set)
		}
	}
}

func tampering(t *testing.T, p Place) {
	s := open(t, p)
	for i := range 10 {
		put(t, s, store.Entry{Events: []journal.Event{Event("t", fmt.Sprintf(`{"i":%d}`, i))}})
	}
	verified(t, s, 10)
	good := all(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	swap := func(es []journal.Event) []journal.Event {
		es[3].Seq, es[4].Seq = es[4].Seq, es[3].Seq
		es[3], es[4] = es[4], es[3]
		return es
	}
	look := p.Look
	if look == nil {
		look = func() (store.Store, error) { return p.Open(false) }
	}
	for _, c := range []struct {
		name, says string
		edit       func([]journal.Event) []journal.Event
	}{
		{"changed byte", "event 5 ", func(es []journal.Event) []journal.Event { es[4].Body = json.RawMessage(`{"i":7}`); return es }},
		{"changed actor", "event 5 ", func(es []journal.Event) []journal.Event { es[4].Actor = "desk/2"; return es }},
		{"changed time", "event 5 ", func(es []journal.Event) []journal.Event { es[4].At = es[4].At.Add(time.Microsecond); return es }},
		{"changed first", "event 1 ", func(es []journal.Event) []journal.Event { es[0].Type = "u"; return es }},
		{"removed event", "event 6 follows 4", func(es []journal.Event) []journal.Event { return slices.Delete(es, 4, 5) }},
		{"removed and renumbered", "event 5 ", func(es []journal.Event) []journal.Event {
			es = slices.Delete(es, 4, 5)
			for i := range es {
				es[i].Seq = uint64(i + 1)
			}
			return es
		}},
		{"swapped pair", "event 4 ", swap},
		{"cut off", "ends at event 7", func(es []journal.Event) []journal.Event { return es[:7] }},
		{"emptied", "ends at event 0", func(es []journal.Event) []journal.Event { return nil }},
		{"event added", "head says that it ends at 10", func(es []journal.Event) []journal.Event {
			e := es[9]
			e.Seq = 11
			e.Hash = journal.Link(es[9].Hash, e)
			return append(es, e)
		}},
		{"end rewritten", "event 10 is not the one", func(es []journal.Event) []journal.Event {
			es[9].Body = json.RawMessage(`{"i":"other"}`)
			es[9].Hash = journal.Link(es[8].Hash, es[9])
			return es
		}},
	} {
		p.Rewrite(c.edit(slices.Clone(good)))
		s, err := look()
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		_, err = store.Verify(t.Context(), s, nil)
		if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: verify says %v; want %q", c.name, err, c.says)
		}
		s.Close()
	}
	p.Rewrite(good)
	verified(t, open(t, p), 10)
}

func refused(t *testing.T, p Place) {
	s := open(t, p)
	owed := func(change func(*store.Owed)) store.Entry {
		o := Message("u1", pb.Lane_LANE_URGENT, 1, "x")
		change(o)
		return store.Entry{Owed: o}
	}
	event := func(change func(*journal.Event)) store.Entry {
		e := Event("x", `{}`)
		change(&e)
		return store.Entry{Events: []journal.Event{e}}
	}
	for name, e := range map[string]store.Entry{
		"nothing":         {},
		"unit":            owed(func(o *store.Owed) { o.Unit = "a\x00" }),
		"no sequence":     owed(func(o *store.Owed) { o.Record.Seq = 0 }),
		"huge sequence":   owed(func(o *store.Owed) { o.Record.Seq = math.MaxUint64 }),
		"no lane":         owed(func(o *store.Owed) { o.Record.Lane = 0 }),
		"huge body":       owed(func(o *store.Owed) { o.Record.Body = make([]byte, store.MaxBody+1) }),
		"backward fill":   owed(func(o *store.Owed) { o.Fills = []store.Fill{{Lane: 4, Range: wire.Range{From: 3, To: 2}}} }),
		"fill to the end": owed(func(o *store.Owed) { o.Fills = []store.Fill{{Lane: 4, Range: wire.Range{From: 3, To: math.MaxUint64}}} }),
		"no type":         event(func(e *journal.Event) { e.Type = "" }),
		"actor NUL":       event(func(e *journal.Event) { e.Actor = "a\x00b" }),
		"stream UTF-8":    event(func(e *journal.Event) { e.Stream = "\xff" }),
		"huge event":      event(func(e *journal.Event) { e.Body = make([]byte, store.MaxBody+1) }),
	} {
		if _, err := s.Append(t.Context(), []store.Entry{e}); !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s: got %v, want ErrRefused", name, err)
		}
	}
	if err := s.PutDoc(t.Context(), "a\x00", "b", nil); !errors.Is(err, store.ErrRefused) {
		t.Errorf("document with a bad name: %v", err)
	}
	if rs, err := s.Append(t.Context(), nil); err != nil || len(rs) != 0 {
		t.Errorf("appending nothing: %v %v", rs, err)
	}
	put(t, s, owed(func(o *store.Owed) {
		o.Record.Body = make([]byte, store.MaxBody)
		o.Record.Kind = 99
		o.Record.Lane = 9
	}))
}

func snapshots(t *testing.T, p Place) {
	s := open(t, p)
	ctx := t.Context()
	if _, _, err := s.Snapshot(ctx, "desk", 1); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
	for i, body := range []string{"old", "new"} {
		if err := s.PutSnapshot(ctx, "desk", 1, uint64(10+i), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	seq, body, err := s.Snapshot(ctx, "desk", 1)
	if err != nil || seq != 11 || string(body) != "new" {
		t.Fatalf("got %d %q %v", seq, body, err)
	}
	if _, _, err := s.Snapshot(ctx, "desk", 2); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("a snapshot of version 1 was given as 2: %v", err)
	}
	if err := s.PutSnapshot(ctx, "desk", 2, 12, []byte("v2")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Snapshot(ctx, "desk", 1); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("a snapshot of version 2 was given as 1: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if seq, body, err := open(t, p).Snapshot(ctx, "desk", 2); err != nil || seq != 12 || string(body) != "v2" {
		t.Fatalf("after reopening: %d %q %v", seq, body, err)
	}
}

func demo(t *testing.T, p Place) {
	s, err := p.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Demo() {
		t.Fatal("a store made as a demo does not say so")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err := p.Open(false); !errors.Is(err, store.ErrOtherKind) {
		t.Fatalf("a demo store was opened as live: %v %v", s, err)
	}
	if s, err = p.Open(true); err != nil || !s.Demo() {
		t.Fatalf("reopening a demo: %v", err)
	}
	s.Close()
}

func locked(t *testing.T, p Place) {
	s := open(t, p)
	if s.Demo() {
		t.Fatal("a live store says that it is a demo")
	}
	if _, err := p.Open(false); !errors.Is(err, store.ErrLocked) {
		t.Fatalf("opened twice: %v", err)
	}
	put(t, s, store.Entry{Events: []journal.Event{Event("x", `{}`)}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(true); !errors.Is(err, store.ErrOtherKind) {
		t.Fatalf("a live store was opened as a demo: %v", err)
	}
	open(t, p)
}

func owedOrder(t *testing.T, p Place) {
	s := open(t, p)
	at := func(seq uint64, epoch byte, us int64) *store.Owed {
		o := Message("u1", pb.Lane_LANE_READING, seq, fmt.Sprint(epoch, seq))
		o.Record.Epoch, o.ServerUs = wire.Epoch{epoch}, us
		return o
	}
	a, b, c, d, e := at(1, 200, 100), at(2, 1, 100), at(3, 1, 100), at(1, 1, 300), at(4, 1, -50)
	for _, o := range []*store.Owed{a, b, c, d, e, Message("u2", pb.Lane_LANE_READING, 1, "x"), Message("u1", pb.Lane_LANE_WAVE, 1, "x")} {
		put(t, s, store.Entry{Owed: o})
	}
	for _, q := range []struct {
		from, to int64
		limit    int
		want     []*store.Owed
	}{
		{-1000, 0, 0, []*store.Owed{e, b, c, a, d}},
		{0, 0, 0, []*store.Owed{b, c, a, d}},
		{100, 300, 0, []*store.Owed{b, c, a}},
		{100, 301, 2, []*store.Owed{b, c}},
		{101, 300, 0, nil},
		{-1000, -1, 0, []*store.Owed{e}},
	} {
		got, err := s.Owed(t.Context(), store.OwedQuery{Unit: "u1", Lane: pb.Lane_LANE_READING, FromUs: q.from, ToUs: q.to, Limit: q.limit})
		if err != nil {
			t.Fatal(err)
		}
		var gotIDs, wantIDs []string
		for i := range got {
			gotIDs = append(gotIDs, string(got[i].Record.Body))
		}
		for _, o := range q.want {
			wantIDs = append(wantIDs, string(o.Record.Body))
		}
		same(t, fmt.Sprintf("%+v", q), gotIDs, wantIDs)
	}
}

func documents(t *testing.T, p Place) {
	s := open(t, p)
	ctx := t.Context()
	if _, err := s.Doc(ctx, "unit", "a"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
	for _, d := range [][3]string{{"unit", "a", "1"}, {"unit", "b", ""}, {"station", "a", "3"}, {"unit", "a", "2\x00\xff"}} {
		if err := s.PutDoc(ctx, d[0], d[1], []byte(d[2])); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		body, err := s.Doc(ctx, "unit", "a")
		if err != nil || string(body) != "2\x00\xff" {
			t.Fatalf("got %q %v", body, err)
		}
		docs, err := s.Docs(ctx, "unit")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "units", docs, map[string][]byte{"a": []byte("2\x00\xff"), "b": nil})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, p)
	}
	if docs, err := s.Docs(ctx, "none"); err != nil || len(docs) != 0 {
		t.Fatalf("got %v %v", docs, err)
	}
}

func terms(t *testing.T, p Place) {
	s := open(t, p)
	var last uint64
	for range 3 {
		term, err := s.Term(t.Context())
		if err != nil || term <= last {
			t.Fatalf("term %d after %d: %v", term, last, err)
		}
		last = term
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if term, err := open(t, p).Term(t.Context()); err != nil || term <= last {
		t.Fatalf("term %d after %d: %v", term, last, err)
	}
}

func paged(t *testing.T, p Place) {
	s := open(t, p)
	const n = store.MaxRead + 50
	var es []store.Entry
	for i := range n / 2 {
		es = append(es, store.Entry{Events: []journal.Event{Event("x", fmt.Sprint(i)), Event("y", fmt.Sprint(i))}})
	}
	put(t, s, es...)
	for _, c := range []struct {
		after uint64
		limit int
		first uint64
		count int
	}{{0, 0, 1, store.MaxRead}, {0, n, 1, store.MaxRead}, {0, 3, 1, 3}, {n - 2, 10, n - 1, 2}, {n, 10, 0, 0}, {math.MaxUint64, 10, 0, 0}} {
		got, err := s.Read(t.Context(), c.after, c.limit)
		if err != nil || len(got) != c.count || len(got) > 0 && got[0].Seq != c.first {
			t.Errorf("after %d, limit %d: %d events, %v", c.after, c.limit, len(got), err)
		}
	}
	done := uint64(0)
	if r, err := store.Verify(t.Context(), s, func(d uint64) { done = d }); err != nil || r.Events != n || done != n {
		t.Errorf("verified %d, told %d: %v", r.Events, done, err)
	}
}
