package courier

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Verdict is what is to be done with a message that came up.
type Verdict uint8

// Verdicts. An alarm is sounded whatever the verdict (ALM-001); one press is one alarm by its press id (ALM-004).
const (
	// Refused: the unit's lane has too many holes or too much under way, or there are too many units. Store nothing; it comes
	// again from the backlog.
	Refused Verdict = iota
	// Passing: owed to nobody; show it.
	Passing
	// New: store it, then call Stored, or Unstored when the store failed.
	New
	// Known: its identity is stored. Offer it to the store all the same: it tells a duplicate from a conflict, and takes what
	// came after a gap record had stood for it. Then call Stored, and Conflict when it is one.
	Known
	// UnderWay: the same bytes wait for their commit. Nothing to do.
	UnderWay
	// Clash: other bytes of the same identity wait for their commit. Store it after them, as with Known.
	Clash
)

// Answer is one message for a unit's down/stored.
type Answer struct {
	Unit   ems.UnitID
	Stored *pb.Stored
}

// Receiver is the centre's half: which identities are stored, and what each unit is told. Pass it time.Now with its monotonic part.
type Receiver struct {
	store     string
	units     map[ems.UnitID]*unit
	due       dueHeap
	returning map[*unit]bool
	swept     time.Time
}

type unit struct {
	id       ems.UnitID
	epochs   map[wire.Epoch]*epoch
	online   bool
	heard    time.Time
	backlog  time.Time // of the newest backlog message, or of a presence that announces one
	echoSent int64     // sent time of the newest message ...
	echoAt   time.Time // ... and when it came
	answered time.Time
	dueAt    time.Time // zero: nothing to say
	index    int       // in the heap, -1 when not in it
	live     liveCount
	photos   bool // it said, or showed, that it has a lane for photos
}

type epoch struct {
	lanes    [wire.LaneCount]received // by pb.Lane
	heard    time.Time
	dirty    bool
	again    int // heartbeats that still speak of it, though nothing was heard of it in this life
	conflict bool
}

type received struct {
	set      wire.RangeSet
	underWay map[uint64][32]byte // offered and not yet stored: digests
}

// NewReceiver makes the receiver of a dispatcher whose store has this id.
func NewReceiver(store string) *Receiver {
	return &Receiver{store: store, units: map[ems.UnitID]*unit{}, returning: map[*unit]bool{}}
}

// Load takes what the store holds of one lane, before anything is offered. The unit is told of each loaded epoch when it is heard, a few
// times: it may have had the word of another store about epochs of which it holds nothing any more, and must own up to what is lost.
func (r *Receiver) Load(u ems.UnitID, e wire.Epoch, lane pb.Lane, set wire.RangeSet) {
	if un := r.unit(u); un != nil {
		ep := un.epoch(e)
		ep.lanes[lane].set, ep.again = set.Clone(), LoadedAgain
	}
}

// Offer takes one message that wire.Open has read; rest is the last part of the topic it came on. Live sendings are counted here
// (SCR-002), and presence is heeded.
func (r *Receiver) Offer(now time.Time, rest string, env *pb.Envelope) Verdict {
	u := r.unit(ems.UnitID(env.Unit))
	if u == nil {
		return Refused
	}
	e := u.epoch(wire.Epoch(env.Epoch))
	u.heard, e.heard, u.echoSent, u.echoAt = now, now, env.SentUs, now
	u.online = true
	switch rest {
	case link.UpLive:
		u.live.count(env)
	case link.UpReading, link.UpPosition, link.UpWave, link.UpPhoto:
		u.backlog = now
		r.returning[u] = true
	case link.UpPresence:
		r.presence(now, u, e, env)
	}
	if u.dueAt.IsZero() {
		r.schedule(u, now.Add(Heartbeat))
	}
	if env.Lane == pb.Lane_LANE_NONE {
		return Passing
	}
	u.photos = u.photos || env.Lane == pb.Lane_LANE_PHOTO
	l := &e.lanes[env.Lane]
	if l.set.Has(env.Seq) {
		r.stored(now, u, e, env.Lane)
		return Known
	}
	digest := wire.Digest(env)
	if under, ok := l.underWay[env.Seq]; ok {
		if under == digest {
			return UnderWay
		}
		return Clash
	}
	if len(l.underWay) >= MaxUnderWay || !l.room(maxRanges(rest, env.Lane), wire.Range{From: env.Seq, To: env.Seq}) || !e.roomForGap(u, env) {
		return Refused
	}
	if l.underWay == nil {
		l.underWay = map[uint64][32]byte{}
	}
	l.underWay[env.Seq] = digest
	return New
}

// Stored says that a message, and the gap it stands for if it is a gap record, is durable now.
func (r *Receiver) Stored(now time.Time, env *pb.Envelope) {
	u := r.unit(ems.UnitID(env.Unit))
	if u == nil || env.Lane == pb.Lane_LANE_NONE {
		return
	}
	e := u.epoch(wire.Epoch(env.Epoch))
	l := &e.lanes[env.Lane]
	delete(l.underWay, env.Seq)
	l.set.Add(env.Seq, env.Seq)
	if g, err := wire.GapOf(env); err == nil {
		of := u.epoch(g.Epoch)
		of.lanes[g.Lane].set.Add(g.Range.From, g.Range.To)
		of.dirty = true
	}
	r.stored(now, u, e, env.Lane)
}

// Unstored says that the store could not take a message: it may be offered again.
func (r *Receiver) Unstored(env *pb.Envelope) {
	if u := r.units[ems.UnitID(env.Unit)]; u != nil {
		if e := u.epochs[wire.Epoch(env.Epoch)]; e != nil {
			delete(e.lanes[env.Lane].underWay, env.Seq)
		}
	}
}

// Conflict says that the store met other bytes under an identity of this epoch: the unit is told to begin a new one (DLV-002).
func (r *Receiver) Conflict(now time.Time, id ems.UnitID, ep wire.Epoch) {
	if u := r.unit(id); u != nil {
		e := u.epoch(ep)
		e.conflict, e.dirty = true, true
		r.schedule(u, now)
	}
}

// Nudge makes the next Answers speak to a unit: something that the caller adds to the answer has changed (alarms, the lamp).
func (r *Receiver) Nudge(now time.Time, id ems.UnitID) {
	if u := r.units[id]; u != nil {
		r.schedule(u, now)
	}
}

// Answers gives what is due: at once after something urgent, AnswerWait after anything else, each Heartbeat while the unit is online.
// The order is that of urgency, then of names.
func (r *Receiver) Answers(now time.Time) []Answer {
	if now.Sub(r.swept) >= time.Second {
		r.swept = now
		for u := range r.returning {
			if now.Sub(u.backlog) > ReturnLife {
				delete(r.returning, u)
			}
		}
	}
	var out []Answer
	for len(r.due) > 0 && !r.due[0].dueAt.After(now) {
		u := r.due[0]
		heap.Pop(&r.due)
		u.dueAt = time.Time{}
		beat := now.Sub(u.answered) >= Heartbeat || u.nothingDirty()
		for _, id := range u.order() {
			e := u.epochs[id]
			if !e.dirty && !(beat && !e.heard.IsZero() && now.Sub(e.heard) <= QuietMost) && !(beat && e.again > 0) {
				continue
			}
			e.dirty, e.again = false, max(0, e.again-1)
			u.answered = now
			out = append(out, Answer{u.id, r.word(now, u, id, e)})
		}
		if u.online && now.Sub(u.heard) <= QuietMost {
			r.schedule(u, now.Add(Heartbeat))
		}
	}
	return out
}

// NextDue is when Answers has something to say; false when never.
func (r *Receiver) NextDue() (time.Time, bool) {
	if len(r.due) == 0 {
		return time.Time{}, false
	}
	return r.due[0].dueAt, true
}

// LiveLost is how many sendings of a unit on up/live were lost in its present connection.
func (r *Receiver) LiveLost(id ems.UnitID) uint64 {
	if u := r.units[id]; u != nil {
		return u.live.lost
	}
	return 0
}

// word is what one epoch of a unit is told.
func (r *Receiver) word(now time.Time, u *unit, id wire.Epoch, e *epoch) *pb.Stored {
	st := &pb.Stored{Store: r.store, Epoch: id[:], ServerUs: now.UnixMicro(), EchoSentUs: u.echoSent, EchoReceivedUs: u.echoAt.UnixMicro(),
		NewEpoch: e.conflict}
	for _, name := range wire.Lanes {
		if name == pb.Lane_LANE_PHOTO && !u.photos {
			continue // an older vehicle refuses a word that names a lane it does not know (EVO-001)
		}
		l := &e.lanes[name]
		sl := &pb.StoredLane{Lane: name, UpTo: l.set.UpTo, Credit: r.credit(u, name)}
		for _, b := range l.set.Beyond {
			sl.Beyond = append(sl.Beyond, &pb.Range{From: b.From, To: b.To})
		}
		st.Lanes = append(st.Lanes, sl)
	}
	return st
}

// credit is the share of one lane of one unit in the budget: half to readings, a quarter to waves, an eighth each to positions and photos.
func (r *Receiver) credit(u *unit, name pb.Lane) uint64 {
	if name == pb.Lane_LANE_URGENT {
		return CreditMost // its window is counted in records, by the sender
	}
	n := len(r.returning)
	if !r.returning[u] {
		n++
	}
	share := BacklogBudget / n / 4
	switch name {
	case pb.Lane_LANE_READING:
		share *= 2
	case pb.Lane_LANE_POSITION, pb.Lane_LANE_PHOTO:
		share /= 2
	case pb.Lane_LANE_WAVE, pb.Lane_LANE_URGENT, pb.Lane_LANE_NONE:
	}
	return uint64(min(CreditMost, max(CreditLeast, share)))
}

// presence heeds what a unit says of itself.
func (r *Receiver) presence(now time.Time, u *unit, e *epoch, env *pb.Envelope) {
	m, err := wire.Body(env)
	if err != nil {
		return
	}
	p, ok := m.(*pb.Presence)
	if !ok {
		return
	}
	if u.online = p.Online; !p.Online {
		return
	}
	var owed uint64
	for _, d := range p.Depths {
		u.photos = u.photos || d.Lane == pb.Lane_LANE_PHOTO
		if d.Lane != pb.Lane_LANE_URGENT {
			owed += d.Bytes
		}
	}
	if owed > CreditLeast {
		u.backlog = now
		r.returning[u] = true
	}
	e.dirty = true
	r.schedule(u, now)
}

// stored arranges for the answer to a message that is stored.
func (r *Receiver) stored(now time.Time, u *unit, e *epoch, lane pb.Lane) {
	e.dirty = true
	if lane == pb.Lane_LANE_URGENT {
		r.schedule(u, now)
		return
	}
	r.schedule(u, now.Add(AnswerWait))
}

// schedule makes a unit due at the given time or before.
func (r *Receiver) schedule(u *unit, at time.Time) {
	switch {
	case u.dueAt.IsZero():
		u.dueAt = at
		heap.Push(&r.due, u)
	case at.Before(u.dueAt):
		u.dueAt = at
		heap.Fix(&r.due, u.index)
	}
}

// unit is the state of one unit, nil when there are too many.
func (r *Receiver) unit(id ems.UnitID) *unit {
	u := r.units[id]
	if u == nil && len(r.units) < MaxUnits {
		u = &unit{id: id, epochs: map[wire.Epoch]*epoch{}, index: -1}
		r.units[id] = u
	}
	return u
}

// epoch is the state of one epoch; the one longest unheard makes room for a new one.
func (u *unit) epoch(id wire.Epoch) *epoch {
	if e := u.epochs[id]; e != nil {
		return e
	}
	if len(u.epochs) >= MaxEpochs {
		delete(u.epochs, u.order()[0])
	}
	e := &epoch{}
	u.epochs[id] = e
	return e
}

// order lists the epochs, longest unheard first.
func (u *unit) order() []wire.Epoch {
	ids := make([]wire.Epoch, 0, len(u.epochs))
	for id := range u.epochs {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b wire.Epoch) int {
		return cmp.Or(u.epochs[a].heard.Compare(u.epochs[b].heard), bytes.Compare(a[:], b[:]))
	})
	return ids
}

func (u *unit) nothingDirty() bool {
	for _, e := range u.epochs {
		if e.dirty {
			return false
		}
	}
	return true
}

// roomForGap says whether the range that a gap record stands for can be remembered; other records need no such room.
func (e *epoch) roomForGap(u *unit, env *pb.Envelope) bool {
	if env.Kind != pb.Kind_KIND_GAP {
		return true
	}
	g, err := wire.GapOf(env)
	if err != nil {
		return true // kept as it is; it fills nothing
	}
	return u.epoch(g.Epoch).lanes[g.Lane].room(MaxUrgentRanges, g.Range)
}

// maxRanges is how many ranges a lane may have for a message of a topic to open one more.
func maxRanges(rest string, l pb.Lane) int {
	switch {
	case l == pb.Lane_LANE_URGENT:
		return MaxUrgentRanges
	case rest == link.UpLive:
		return MaxLiveRanges
	}
	return MaxRanges
}

// room says whether a range can be added without more ranges than the lane may have. What is under way may join on either
// side, so each of it counts as a range of its own only where it touches nothing.
func (l *received) room(most int, r wire.Range) bool {
	if len(l.set.Beyond)+len(l.underWay) < most || l.has(r.From-1) || l.has(r.To+1) {
		return true // the second: it lengthens a range
	}
	after := l.set.Clone()
	for seq := range l.underWay {
		after.Add(seq, seq)
	}
	before := len(after.Beyond)
	after.Add(r.From, r.To)
	return len(after.Beyond) <= max(before, most)
}

// has says whether seq is stored or under way.
func (l *received) has(seq uint64) bool {
	_, under := l.underWay[seq]
	return under || l.set.Has(seq)
}

// dueHeap orders units by when they are due, then by name.
type dueHeap []*unit

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return cmp.Or(h[i].dueAt.Compare(h[j].dueAt), cmp.Compare(h[i].id, h[j].id)) < 0
}
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is for container/heap.
func (h *dueHeap) Push(x any) {
	u := x.(*unit)
	u.index = len(*h)
	*h = append(*h, u)
}

// Pop is for container/heap.
func (h *dueHeap) Pop() any {
	old := *h
	u := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	u.index = -1
	return u
}
