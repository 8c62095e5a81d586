package courier

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// world is a small seeded town for the two machines alone: one vehicle, one centre, a link that loses, doubles and reorders, and
// time that is only a number.
type world struct {
	rng     *rand.Rand
	now     time.Duration
	step    time.Duration // of the vehicle's wall clock
	skew    time.Duration // of the vehicle's wall clock against the server's
	events  eventHeap
	order   uint64
	loss    float64
	dup     float64
	delay   time.Duration // at most
	up      bool
	conn    int
	sendCap int // publishes that fail for a full queue: one in sendCap, 0 = none

	spool    *modelSpool
	sender   *Sender
	receiver *Receiver
	store    *modelStore
	dead     bool // dispatcher is down
	commit   time.Duration
	answers  int
	declared []wire.Range
	resent   int
	seenLive uint64
	pollAt   time.Duration
	worst    string // first broken promise
}

type event struct {
	at    time.Duration
	order uint64
	do    func()
}

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].order, h[j].order)) < 0
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	o := *h
	e := o[len(o)-1]
	*h = o[:len(o)-1]
	return e
}

var epoch0 = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

const testUnit = ems.UnitID("hz-01")

func newWorld(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), delay: 20 * time.Millisecond, commit: 5 * time.Millisecond, skew: 7 * time.Second}
	w.spool = newModelSpool(w)
	w.store = newModelStore("store-a")
	w.receiver = NewReceiver(w.store.id)
	w.sender = NewSender(testUnit, "", w.spool, w.instant())
	return w
}

func (w *world) instant() ems.Instant {
	return ems.Instant{Wall: epoch0.Add(w.now + w.step + w.skew), Mono: w.now + time.Hour, Boot: "b"}
}

func (w *world) server() time.Time { return epoch0.Add(w.now) }

func (w *world) after(d time.Duration, do func()) {
	w.order++
	heap.Push(&w.events, event{w.now + d, w.order, do})
}

// carry takes something over the link with its faults.
func (w *world) carry(do func()) {
	if w.rng.Float64() < w.loss {
		return
	}
	n := 1
	if w.rng.Float64() < w.dup {
		n = 2
	}
	for range n {
		w.after(time.Duration(w.rng.Int64N(int64(w.delay)+1)), do)
	}
}

// run lets time pass; both machines are asked whenever they said that they want to be.
func (w *world) run(d time.Duration) {
	end := w.now + d
	for w.now < end {
		w.poll()
		next := min(end, w.now+time.Second)
		if wait, ok := w.sender.Wait(w.instant()); ok {
			next = min(next, w.now+max(wait, time.Millisecond))
		}
		if at, ok := w.receiver.NextDue(); ok && !w.dead {
			next = min(next, max(w.now+time.Millisecond, at.Sub(epoch0)))
		}
		if len(w.events) > 0 {
			next = min(next, w.events[0].at)
		}
		w.now = max(w.now, next)
		for len(w.events) > 0 && w.events[0].at <= w.now {
			heap.Pop(&w.events).(event).do()
		}
		if !w.dead {
			for _, a := range w.receiver.Answers(w.server()) {
				w.answers++
				b, err := wire.Marshal(a.Stored)
				w.must(err)
				if w.up {
					conn := w.conn
					w.carry(func() { w.word(conn, b) })
				}
			}
		}
		w.bounds()
	}
}

func (w *world) must(err error) {
	if err != nil {
		w.broken("%v", err)
	}
}

func (w *world) broken(format string, args ...any) {
	if w.worst == "" {
		w.worst = fmt.Sprintf("at %v: ", w.now) + fmt.Sprintf(format, args...)
	}
}

func (w *world) bounds() {
	for k, l := range w.sender.lanes {
		if len(l.flights) > MaxFlights || len(l.sent.Beyond) > MaxSentRanges {
			w.broken("lane %v remembers %d flights, %d ranges", k.lane, len(l.flights), len(l.sent.Beyond))
		}
	}
	for _, u := range w.receiver.units {
		for _, e := range u.epochs {
			for name, l := range e.lanes {
				if len(l.set.Beyond) > MaxUrgentRanges || name > 1 && len(w.declared) == 0 && len(l.set.Beyond) > MaxRanges || len(l.underWay) > MaxUnderWay {
					w.broken("receiver's lane %d: %d ranges, %d under way", name, len(l.set.Beyond), len(l.underWay))
				}
			}
		}
	}
}

func (w *world) connect() {
	if w.up {
		return
	}
	w.up, w.conn = true, w.conn+1
	var depths []*pb.LaneDepth
	for _, d := range w.spool.depths() {
		depths = append(depths, wire.PackDepth(d))
	}
	body, err := wire.Marshal(&pb.Presence{Online: true, Depths: depths})
	w.must(err)
	first := w.sender.Connected(w.instant())
	w.publish([]Out{w.sender.Presence(w.instant(), wire.Item{Body: body})})
	w.publish(first)
}

func (w *world) cut() {
	w.up = false
	w.sender.Disconnected(w.instant())
}

func (w *world) put(l pb.Lane, k pb.Kind, size int) wire.Record {
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(w.rng.Uint32())
	}
	r := w.spool.put(wire.Item{Lane: l, Kind: k, CapturedUs: w.instant().Wall.UnixMicro(), MonoUs: w.instant().Mono.Microseconds(), Boot: "b", Body: body})
	w.publish(w.sender.New(w.instant(), []wire.Record{r}))
	return r
}

func (w *world) poll() {
	outs, err := w.sender.Poll(context.Background(), w.instant())
	w.must(err)
	bytes := 0
	for i, o := range outs {
		bytes += len(o.Payload)
		if i >= BatchCount+MaxHeldAlarms {
			w.broken("one Poll gave %d messages", len(outs))
		}
	}
	w.resent += len(outs)
	w.publish(outs)
}

func (w *world) publish(outs []Out) {
	for _, o := range outs {
		if !w.up || w.sendCap > 0 && w.rng.IntN(w.sendCap) == 0 {
			w.sender.Failed(w.instant(), o)
			continue
		}
		w.carry(func() { w.arrive(o) })
	}
}

// arrive is the dispatcher's part.
func (w *world) arrive(o Out) {
	if w.dead {
		return
	}
	env, err := wire.Open(o.Payload)
	if err != nil {
		w.broken("%v", err)
		return
	}
	receiver, store := w.receiver, w.store
	switch v := receiver.Offer(w.server(), o.Rest, env); v {
	case New, Known, Clash:
		w.after(w.commit, func() {
			if w.receiver != receiver || w.store != store || w.dead {
				return // crashed before the commit
			}
			known, conflict := store.put(env)
			if v == New && known && !conflict {
				w.broken("lane %v seq %d is new to the receiver and known to the store", env.Lane, env.Seq)
			}
			receiver.Stored(w.server(), env)
			if conflict {
				receiver.Conflict(w.server(), testUnit, wire.Epoch(env.Epoch))
			}
		})
	case Refused, Passing, UnderWay:
	}
}

// word is the agent's part. What was on its way down ends with the connection, as in MQTT at QoS 0.
func (w *world) word(conn int, b []byte) {
	if !w.up || conn != w.conn {
		return
	}
	st, err := wire.OpenStored(b)
	if err != nil {
		w.broken("%v", err)
		return
	}
	word, err := w.sender.OnStored(context.Background(), w.instant(), st)
	w.must(err)
	for _, d := range word.Delete {
		if lost := w.spool.stored(d); lost != nil {
			body, ok, err := w.sender.Lost(w.instant(), d, *lost)
			w.must(err)
			if ok {
				w.declared = append(w.declared, *lost)
				r := w.spool.put(wire.Item{Lane: pb.Lane_LANE_URGENT, Kind: pb.Kind_KIND_GAP, Body: body})
				w.publish(w.sender.New(w.instant(), []wire.Record{r}))
			}
		}
	}
	if word.NewEpoch {
		w.spool.newEpoch()
	}
}

// restartDispatcher loses everything that was not committed.
func (w *world) restartDispatcher() {
	w.dead = false
	w.receiver = NewReceiver(w.store.id)
	for id, set := range w.store.lanes {
		w.receiver.Load(testUnit, id.epoch, id.lane, *set)
	}
}

// restartAgent loses all that the sender remembers.
func (w *world) restartAgent() {
	w.up = false
	w.sender = NewSender(testUnit, w.sender.Store(), w.spool, w.instant())
}

// modelStore keeps identities with their digests, and what it was at some moment before.
type modelStore struct {
	id    string
	rows  map[wire.Identity][32]byte
	other map[wire.Identity]int // conflicts kept beside
	lanes map[laneKey]*wire.RangeSet
}

func newModelStore(id string) *modelStore {
	return &modelStore{id, map[wire.Identity][32]byte{}, map[wire.Identity]int{}, map[laneKey]*wire.RangeSet{}}
}

func (s *modelStore) clone(id string) *modelStore {
	c := newModelStore(id)
	maps.Copy(c.rows, s.rows)
	maps.Copy(c.other, s.other)
	for k, v := range s.lanes {
		set := v.Clone()
		c.lanes[k] = &set
	}
	return c
}

func (s *modelStore) lane(k laneKey) *wire.RangeSet {
	if s.lanes[k] == nil {
		s.lanes[k] = &wire.RangeSet{}
	}
	return s.lanes[k]
}

func (s *modelStore) put(env *pb.Envelope) (known, conflict bool) {
	id := wire.IdentityOf(env)
	digest, known := s.rows[id]
	if known && digest != wire.Digest(env) {
		s.other[id]++
		return true, true
	}
	s.rows[id] = wire.Digest(env)
	s.lane(laneKey{id.Epoch, id.Lane}).Add(id.Seq, id.Seq)
	if g, err := wire.GapOf(env); err == nil {
		s.lane(laneKey{g.Epoch, g.Lane}).Add(g.Range.From, g.Range.To)
	}
	return known, false
}

// modelSpool is what the vehicle owes, in memory.
type modelSpool struct {
	w      *world
	epochs []wire.Epoch
	next   map[laneKey]uint64
	held   map[laneKey][]wire.Record
	gone   map[laneKey]*wire.RangeSet
	all    map[wire.Identity][32]byte // ever put
}

func newModelSpool(w *world) *modelSpool {
	s := &modelSpool{w: w, next: map[laneKey]uint64{}, held: map[laneKey][]wire.Record{}, gone: map[laneKey]*wire.RangeSet{}, all: map[wire.Identity][32]byte{}}
	s.newEpoch()
	return s
}

func (s *modelSpool) newEpoch() {
	var e wire.Epoch
	for i := range e {
		e[i] = byte(s.w.rng.Uint32())
	}
	s.epochs = append(s.Epochs(), e)
}

func (s *modelSpool) put(it wire.Item) wire.Record {
	k := laneKey{s.epochs[len(s.epochs)-1], it.Lane}
	s.next[k]++
	r := wire.Record{Item: it, Epoch: k.epoch, Seq: s.next[k]}
	s.held[k] = append(s.held[k], r)
	s.all[wire.Identity{Unit: testUnit, Epoch: k.epoch, Lane: k.lane, Seq: r.Seq}] = wire.Digest(wire.Seal(testUnit, r, wire.Sending{}))
	return r
}

// Epochs is of Spool.
func (s *modelSpool) Epochs() []wire.Epoch {
	var out []wire.Epoch
	for i, e := range s.epochs {
		n := 0
		for _, l := range wire.Lanes {
			n += len(s.held[laneKey{e, l}])
		}
		if n > 0 || i == len(s.epochs)-1 {
			out = append(out, e)
		}
	}
	return out
}

// Next is of Spool.
func (s *modelSpool) Next(_ context.Context, l pb.Lane, e wire.Epoch, after uint64, limit, maxBytes int) ([]wire.Record, error) {
	var out []wire.Record
	held := s.held[laneKey{e, l}]
	i, _ := slices.BinarySearchFunc(held, after+1, func(r wire.Record, v uint64) int { return cmp.Compare(r.Seq, v) })
	for _, r := range held[i:] {
		if len(out) == limit || len(out) > 0 && maxBytes < len(r.Body) {
			break
		}
		maxBytes -= len(r.Body)
		out = append(out, r)
	}
	return out, nil
}

// stored deletes, and tells the first range that it deleted before and the word lacks.
func (s *modelSpool) stored(d Deletion) *wire.Range {
	k := laneKey{d.Epoch, d.Lane}
	if s.gone[k] == nil {
		s.gone[k] = &wire.RangeSet{}
	}
	gone, set := s.gone[k], wire.RangeSet{UpTo: d.UpTo, Beyond: d.Beyond}
	var lost *wire.Range
	for _, g := range append([]wire.Range{{From: 1, To: gone.UpTo}}, gone.Beyond...) {
		for seq := g.From; seq <= g.To && lost == nil; seq++ {
			if !set.Has(seq) {
				lost = &wire.Range{From: seq, To: seq}
			}
		}
		for lost != nil && lost.To < g.To && lost.To >= g.From && !set.Has(lost.To+1) {
			lost.To++
		}
	}
	s.held[k] = slices.DeleteFunc(s.held[k], func(r wire.Record) bool {
		if set.Has(r.Seq) {
			gone.Add(r.Seq, r.Seq)
		}
		return set.Has(r.Seq)
	})
	return lost
}

func (s *modelSpool) depths() []wire.Depth {
	var out []wire.Depth
	for _, l := range wire.Lanes {
		d := wire.Depth{Lane: l}
		for k, rs := range s.held {
			if k.lane == l {
				for _, r := range rs {
					d.Count++
					d.Bytes += uint64(len(r.Body))
				}
			}
		}
		out = append(out, d)
	}
	return out
}

func (s *modelSpool) count() (n int) {
	for _, rs := range s.held {
		n += len(rs)
	}
	return n
}

var _ Spool = (*modelSpool)(nil)
