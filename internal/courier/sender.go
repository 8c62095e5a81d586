package courier

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Sender is the vehicle's half: what goes out when, and what the dispatcher's word allows to delete. Instants are the agent's;
// intervals are taken from Mono (TIM-001), so that a step of the wall clock holds nothing up.
type Sender struct {
	unit      ems.UnitID
	spool     Spool
	store     string
	started   int64 // µs, monotonic
	connected bool
	liveSeq   uint64
	heard     time.Duration // when the newest word came, or the connection
	polled    time.Duration
	looked    time.Duration // when the urgent lane was last read for what the spool itself had put there
	credit    map[pb.Lane]uint64
	window    map[pb.Lane]int
	under     map[pb.Lane]load // backlog under way
	lanes     map[laneKey]*lane
	alarms    []wire.Record        // unanswered, oldest first
	emptied   map[wire.Epoch]int64 // epochs of which nothing is held any more: since when, µs monotonic
	clock     clock
}

type laneKey struct {
	epoch wire.Epoch
	lane  pb.Lane
}

// lane is what is remembered of one lane of one epoch.
type lane struct {
	// sent is what this process has sent, or knows to be held no more. Only that may be deleted: when another machine uses our
	// identities (a cloned disk), the centre's word may be about its records.
	sent     wire.RangeSet
	flights  map[uint64]*flight
	scan     uint64        // everything held up to here was sent or looked at
	reopened uint64        // lowest below scan that is to be looked at again; 0 when none
	behind   bool          // there may be something to send
	numbered uint64        // newest sequence that New has seen
	word     wire.RangeSet // what the centre said last ...
	wordAt   int64         // ... and when it was heard first, µs monotonic
	told     Deletion
	lost     wire.Range // last declared ...
	lostAt   time.Duration
}

type load struct{ count, bytes int }

// flight is one record that was sent and not answered.
type flight struct {
	size    int
	sent    time.Duration
	due     time.Duration // when it is sent again
	tries   int           // from the backlog
	open    bool          // to be sent again
	backlog bool          // counts in the window
}

// NewSender makes the sender of one unit. store is the id of the store last met, "" when none was.
func NewSender(unit ems.UnitID, store string, s Spool, now ems.Instant) *Sender {
	out := &Sender{unit: unit, spool: s, store: store, started: now.Mono.Microseconds(), lanes: map[laneKey]*lane{},
		emptied: map[wire.Epoch]int64{}}
	out.clock.tick(now)
	out.Disconnected(now)
	return out
}

// Connected begins a connection: alarms that nobody has answered go out at once. Publish presence first.
func (s *Sender) Connected(now ems.Instant) []Out {
	s.Disconnected(now)
	s.connected, s.liveSeq, s.heard = true, 0, now.Mono
	var outs []Out
	for _, r := range s.alarms {
		outs = append(outs, s.send(now, s.lane(laneKey{r.Epoch, r.Lane}), r, true))
	}
	return outs
}

// Disconnected ends a connection: everything unanswered is owed again.
func (s *Sender) Disconnected(now ems.Instant) {
	s.tick(now)
	s.connected, s.credit, s.window, s.under = false, map[pb.Lane]uint64{}, map[pb.Lane]int{}, map[pb.Lane]load{}
	for _, l := range s.lanes {
		l.behind, l.scan, l.reopened = true, 0, 0
		clear(l.flights)
	}
}

// New takes what the spool has just numbered and gives what is to be published at once. Without a connection it gives nothing:
// the spool has it.
func (s *Sender) New(now ems.Instant, recs []wire.Record) []Out {
	s.tick(now)
	var outs []Out
	for _, r := range recs {
		l := s.lane(laneKey{r.Epoch, r.Lane})
		l.numbered = max(l.numbered, r.Seq)
		if r.Kind == pb.Kind_KIND_ALARM {
			s.alarms = append(s.alarms, r)
			if len(s.alarms) > MaxHeldAlarms {
				s.alarms = s.alarms[1:]
			}
		}
		if !s.connected || r.Lane == pb.Lane_LANE_PHOTO { // a photo waits behind what is live, always (DLV-003)
			l.behind = true
			continue
		}
		outs = append(outs, s.send(now, l, r, false))
	}
	return outs
}

// Live gives the message for something owed to nobody; ok is false without a connection.
func (s *Sender) Live(now ems.Instant, it wire.Item) (out Out, ok bool) {
	s.tick(now)
	if !s.connected {
		return Out{}, false
	}
	it.Lane = pb.Lane_LANE_NONE
	return s.seal(now, wire.Record{Item: it, Epoch: s.current()}, link.UpLive), true
}

// Presence gives the retained message about the unit itself. It names the current epoch, which the dispatcher's first word is about.
func (s *Sender) Presence(now ems.Instant, it wire.Item) Out {
	s.tick(now)
	it.Lane, it.Kind = pb.Lane_LANE_NONE, pb.Kind_KIND_PRESENCE
	out := s.seal(now, wire.Record{Item: it, Epoch: s.current()}, link.UpPresence)
	out.QoS, out.Retain = 1, true
	return out
}

// Failed takes back a message that could not be published: nothing is lost, it is owed.
func (s *Sender) Failed(now ems.Instant, o Out) {
	l := s.lanes[laneKey{o.ID.Epoch, o.ID.Lane}]
	if l == nil || l.flights[o.ID.Seq] == nil {
		return
	}
	f := l.flights[o.ID.Seq]
	f.open, f.backlog, f.due = false, false, now.Mono+RetryWait
	remove(&l.sent, o.ID.Seq)
	s.weigh()
}

// Poll gives what is due: resends of alarms and urgent records, and backlog within credit and window. Call it when Wait says so,
// and after OnStored.
func (s *Sender) Poll(ctx context.Context, now ems.Instant) ([]Out, error) {
	s.tick(now)
	if !s.connected {
		return nil, nil
	}
	s.polled = now.Mono
	epochs := s.spool.Epochs()
	s.forget(now, epochs)
	s.expire(now)
	if now.Mono >= s.looked+LookAgain {
		s.looked = now.Mono
		for _, e := range epochs { // an epoch may have ended right after
			s.lane(laneKey{e, pb.Lane_LANE_URGENT}).behind = true
		}
	}
	var b batch
	for _, r := range s.alarms {
		l := s.lane(laneKey{r.Epoch, r.Lane})
		if f := l.flights[r.Seq]; f == nil || f.open {
			b.add(s.send(now, l, r, true))
		}
	}
	// The urgent lane takes what it needs; the others take turns, so that each has its share and none waits for another's end.
	var err error
	var readers []*reader
	for _, name := range wire.Lanes {
		rd := &reader{s: s, lane: name, epochs: epochs}
		if name == pb.Lane_LANE_URGENT {
			err = rd.fill(ctx, now, &b, BatchCount)
			continue
		}
		readers = append(readers, rd)
	}
	for err == nil && !b.full() && len(readers) > 0 {
		for _, rd := range readers {
			if e := rd.fill(ctx, now, &b, turn(rd.lane)); e != nil {
				err = e
			}
		}
		readers = slices.DeleteFunc(readers, func(rd *reader) bool { return rd.done })
	}
	return b.outs, err
}

// turn is how many records of a lane go in one round: four readings, two positions, one piece of wave, one of a photo.
func turn(l pb.Lane) int {
	switch l {
	case pb.Lane_LANE_READING:
		return 4
	case pb.Lane_LANE_POSITION:
		return 2
	case pb.Lane_LANE_WAVE, pb.Lane_LANE_PHOTO, pb.Lane_LANE_URGENT, pb.Lane_LANE_NONE:
	}
	return 1
}

// Wait tells how long Poll may rest; false when there is nothing to wait for but news.
func (s *Sender) Wait(now ems.Instant) (time.Duration, bool) {
	if !s.connected {
		return 0, false
	}
	due, some := time.Duration(0), false
	soonest := func(d time.Duration) {
		if !some || d < due {
			due, some = d, true
		}
	}
	for k, l := range s.lanes {
		if l.behind && s.room(now, k.lane, 1) {
			soonest(s.polled + Pace)
		}
		for _, f := range l.flights {
			if !f.open {
				soonest(f.due)
			}
		}
	}
	return max(0, due-now.Mono), some
}

// OnStored takes the dispatcher's word. Pass each Deletion to spool.Stored; where that tells a lost range, own up to it with Lost.
func (s *Sender) OnStored(ctx context.Context, now ems.Instant, st *pb.Stored) (Word, error) {
	s.tick(now)
	epoch := wire.Epoch(st.Epoch)
	fresh := s.clock.mono(st.EchoSentUs)
	if fresh < s.started || fresh > now.Mono.Microseconds() {
		return Word{Store: s.store}, nil // an answer to a process before this one, or from before a step of the clock
	}
	s.heard = now.Mono
	s.clock.sample(now, st)
	out := Word{Store: s.store, NewEpoch: st.NewEpoch && epoch == s.current()}
	if st.Store != "" && st.Store != s.store {
		if out.Store, out.Changed = st.Store, true; s.store != "" {
			s.anew()
		}
		s.store = st.Store
	}
	if at, known := s.emptied[epoch]; !slices.Contains(s.spool.Epochs(), epoch) && known && fresh <= at {
		return out, nil // made before all of that epoch was stored; a later word may tell that a restored store has lost some of it
	}
	for _, sl := range st.Lanes {
		s.credit[sl.Lane] = sl.Credit
		l := s.lane(laneKey{epoch, sl.Lane})
		word := rangesOf(sl)
		if !covers(word, l.word) && (fresh <= l.wordAt || s.clock.stepped != 0 && now.Mono < micro(s.clock.stepped)+StepQuiet) {
			continue // older than what was heard before
		}
		if !covers(l.word, word) {
			l.wordAt = now.Mono.Microseconds()
		}
		l.word = word
		if l.numbered > 0 && top(word) > l.numbered && epoch == s.current() {
			out.NewEpoch = true // records of ours that we have not made yet: the disk was cloned
		}
		d, err := s.deletion(ctx, epoch, sl, l)
		if err != nil {
			return out, err
		}
		if s.land(now, sl.Lane, l, d) || d.UpTo != l.told.UpTo || !slices.Equal(d.Beyond, l.told.Beyond) {
			l.told = d
			out.Delete = append(out.Delete, d)
		}
	}
	s.weigh()
	return out, nil
}

// Undeleted takes back a Deletion that the spool could not do: it is given again with the next word.
func (s *Sender) Undeleted(d Deletion) {
	if l := s.lanes[laneKey{d.Epoch, d.Lane}]; l != nil {
		l.told = Deletion{}
	}
}

// Lost gives the body of the gap record (KIND_GAP, urgent) that owns up to a range which the centre has lost and the spool has
// deleted; ok is false while the same declaration is under way.
func (s *Sender) Lost(now ems.Instant, d Deletion, r wire.Range) (body []byte, ok bool, err error) {
	l := s.lane(laneKey{d.Epoch, d.Lane})
	l.told = Deletion{} // ask the spool again at the next word: there may be more holes
	if l.lost == r && now.Mono < l.lostAt+LostAgain {
		return nil, false, nil
	}
	l.lost, l.lostAt = r, now.Mono
	body, err = wire.Marshal(&pb.Gap{Lane: d.Lane, From: r.From, To: r.To, Why: "store_changed", Epoch: d.Epoch[:]})
	return body, err == nil, err
}

// Offset is the measured offset of the wall clock.
func (s *Sender) Offset(now ems.Instant) Offset {
	s.tick(now)
	return s.clock.offset(now)
}

// Store is the id of the store last met.
func (s *Sender) Store() string { return s.store }

func (s *Sender) tick(now ems.Instant) { s.clock.tick(now) }

func (s *Sender) current() wire.Epoch {
	e := s.spool.Epochs()
	return e[len(e)-1]
}

func (s *Sender) lane(k laneKey) *lane {
	l := s.lanes[k]
	if l == nil {
		l = &lane{flights: map[uint64]*flight{}, behind: true}
		s.lanes[k] = l
	}
	return l
}

// forget drops what is remembered of epochs that hold nothing any more.
func (s *Sender) forget(now ems.Instant, epochs []wire.Epoch) {
	gone := func(e wire.Epoch) bool { return !slices.Contains(epochs, e) }
	for k := range s.lanes {
		if _, known := s.emptied[k.epoch]; gone(k.epoch) && !known {
			s.emptied[k.epoch] = now.Mono.Microseconds()
		}
	}
	for len(s.emptied) > MaxEpochs {
		delete(s.emptied, slices.MinFunc(slices.Collect(maps.Keys(s.emptied)), func(a, b wire.Epoch) int {
			return cmp.Or(cmp.Compare(s.emptied[a], s.emptied[b]), bytes.Compare(a[:], b[:]))
		}))
	}
	maps.DeleteFunc(s.lanes, func(k laneKey, _ *lane) bool { return gone(k.epoch) })
	s.alarms = slices.DeleteFunc(s.alarms, func(r wire.Record) bool { return gone(r.Epoch) })
	for _, e := range epochs {
		for _, name := range wire.Lanes {
			s.lane(laneKey{e, name})
		}
	}
}

// anew begins with another store: everything still held is sent again.
func (s *Sender) anew() {
	for k, l := range s.lanes {
		s.lanes[k] = &lane{flights: map[uint64]*flight{}, behind: true, numbered: l.numbered}
	}
}

// seal makes the message of a record.
func (s *Sender) seal(now ems.Instant, r wire.Record, rest string) Out {
	off := s.clock.offset(now)
	if r.Boot == now.Boot { // times in the record are of the clock as it stood then: a step since is not theirs (TIM-001)
		off.Us += r.CapturedUs - r.MonoUs - now.Wall.UnixMicro() + now.Mono.Microseconds()
	}
	sending := wire.Sending{SentUs: now.Wall.UnixMicro(), OffsetUs: off.Us, OffsetKnown: off.Known}
	qos := byte(1)
	if rest == link.UpLive {
		s.liveSeq++
		sending.LiveSeq, qos = s.liveSeq, 0
	}
	env := wire.Seal(s.unit, r, sending)
	b, err := wire.Marshal(env)
	if err != nil { // only text that is not UTF-8 can do this, and that is wrong wiring
		panic(fmt.Sprintf("courier: seal record of unit %s: %v", s.unit, err))
	}
	return Out{Rest: rest, QoS: qos, Payload: b, ID: wire.Identity{Unit: s.unit, Epoch: r.Epoch, Lane: r.Lane, Seq: r.Seq}}
}

// send seals a record and remembers that it is under way.
func (s *Sender) send(now ems.Instant, l *lane, r wire.Record, again bool) Out {
	f := l.flights[r.Seq]
	if f == nil {
		if len(l.flights) >= MaxFlights {
			s.drop(l)
		}
		f = &flight{size: len(r.Body)}
		l.flights[r.Seq] = f
	}
	urgent := r.Lane == pb.Lane_LANE_URGENT
	rest := backlogTopic(r.Lane)
	wait := backoff(UrgentFirst, UrgentMost, f.tries)
	switch {
	case urgent:
	case again:
		wait = backoff(BacklogFirst, BacklogMost, f.tries)
	default:
		rest, wait = link.UpLive, LiveWait
	}
	f.sent, f.due, f.open, f.backlog = now.Mono, now.Mono+wait, false, again
	if again || urgent {
		f.tries++
	}
	if again {
		u := s.under[r.Lane]
		s.under[r.Lane] = load{u.count + 1, u.bytes + f.size}
	}
	l.know(r.Seq, r.Seq)
	if l.scan+1 == r.Seq {
		l.scan = r.Seq
	}
	return s.seal(now, r, rest)
}

// drop forgets one flight of a lane that has too many: the newest that waits to be sent again anyway, else the oldest.
func (s *Sender) drop(l *lane) {
	var newest, oldest uint64
	for seq, f := range l.flights {
		if f.open {
			newest = max(newest, seq)
		}
		if oldest == 0 || seq < oldest {
			oldest = seq
		}
	}
	seq := cmp.Or(newest, oldest)
	delete(l.flights, seq)
	l.reopen(seq)
}

// reopen lets the next Poll look at seq again.
func (l *lane) reopen(seq uint64) {
	if l.behind = true; l.reopened == 0 || seq < l.reopened {
		l.reopened = seq
	}
}

// expire opens the flights that were not answered in time and goes back to the lowest; a lane of which backlog expires gets a smaller window.
func (s *Sender) expire(now ems.Instant) {
	for k, l := range s.lanes {
		shrink := false
		for seq, f := range l.flights {
			if f.open || f.due > now.Mono {
				continue
			}
			shrink = shrink || f.backlog
			f.open, f.backlog = true, false
			if l.reopen(seq); f.tries == 0 {
				delete(l.flights, seq)
			}
		}
		if l.reopened > 0 {
			l.scan, l.reopened = min(l.scan, l.reopened-1), 0
		}
		if shrink {
			s.window[k.lane] = max(WindowLeast, s.windowOf(k.lane)/2)
		}
	}
	s.weigh()
}

// weigh counts the backlog under way.
func (s *Sender) weigh() {
	clear(s.under)
	for k, l := range s.lanes {
		for _, f := range l.flights {
			if f.backlog {
				u := s.under[k.lane]
				s.under[k.lane] = load{u.count + 1, u.bytes + f.size}
			}
		}
	}
}

func (s *Sender) windowOf(name pb.Lane) int {
	if w := s.window[name]; w > 0 {
		return w
	}
	return WindowFirst
}

// room says whether a backlog record of size may go out now. One is always let through where nothing is under way, if there is
// credit at all: a record may be larger than any window.
func (s *Sender) room(now ems.Instant, name pb.Lane, size int) bool {
	u := s.under[name]
	if name == pb.Lane_LANE_URGENT {
		return u.count < UrgentWindow
	}
	credit, named := s.credit[name]
	if now.Mono > s.heard+CreditLife {
		return u.count == 0 // one record a lane asks whether anyone is there
	}
	if !named && name == pb.Lane_LANE_PHOTO {
		return u.count == 0 // the centre has not heard of this lane yet, or is older than it: one record asks
	}
	if credit == 0 {
		return false
	}
	return u.count == 0 || u.count < BacklogWindow && u.bytes+size <= min(s.windowOf(name), int(min(credit, WindowMost)))
}

// know adds a range to what was sent or is held no more.
func (l *lane) know(from, to uint64) {
	l.sent.Add(from, to)
	if len(l.sent.Beyond) > MaxSentRanges {
		l.sent.Beyond = slices.Delete(l.sent.Beyond, 0, 1)
	}
}

// deletion is the part of the dispatcher's word about one lane that may be acted upon: all of it but what we hold and have not sent.
func (s *Sender) deletion(ctx context.Context, epoch wire.Epoch, sl *pb.StoredLane, l *lane) (Deletion, error) {
	var set wire.RangeSet
	h := holdings{spool: s.spool, epoch: epoch, lane: sl.Lane}
	for _, r := range append([]*pb.Range{{From: 1, To: sl.UpTo}}, sl.Beyond...) {
		if err := h.without(ctx, wire.Range{From: r.From, To: r.To}, l, &set); err != nil {
			return Deletion{}, fmt.Errorf("read spool after the dispatcher's word: %w", err)
		}
	}
	return Deletion{Epoch: epoch, Lane: sl.Lane, UpTo: set.UpTo, Beyond: set.Beyond}, nil
}

// holdings reads what a lane holds, for one word.
type holdings struct {
	spool Spool
	epoch wire.Epoch
	lane  pb.Lane
	recs  []wire.Record // read ahead
	reads int
}

// without adds to set the parts of r that hold nothing unsent. In the steady state all of r was sent and nothing is read.
func (h *holdings) without(ctx context.Context, r wire.Range, l *lane, set *wire.RangeSet) error {
	for pos := r.From; pos <= r.To; {
		if end := reach(&l.sent, pos); end >= pos {
			end = min(end, r.To)
			set.Add(pos, end)
			pos = end + 1
			continue
		}
		for len(h.recs) > 0 && h.recs[0].Seq < pos {
			h.recs = h.recs[1:]
		}
		if len(h.recs) == 0 {
			if h.reads++; h.reads > MaxHoldReads {
				return nil // the rest waits until it has been sent
			}
			recs, err := h.spool.Next(ctx, h.lane, h.epoch, pos-1, ReadCount, ReadBytes)
			if err != nil {
				return err
			}
			if h.recs = recs; len(recs) == 0 {
				set.Add(pos, r.To)
				return nil
			}
		}
		if held := h.recs[0].Seq; held > pos {
			end := min(held-1, r.To) // numbered before, and held no more
			l.know(pos, end)
			set.Add(pos, end)
			pos = end + 1
		} else {
			pos++
		}
	}
	return nil
}

// reach is the end of the run of s that pos is in, 0 when it is in none.
func reach(s *wire.RangeSet, pos uint64) uint64 {
	if pos <= s.UpTo {
		return s.UpTo
	}
	for _, r := range s.Beyond {
		if r.From <= pos && pos <= r.To {
			return r.To
		}
	}
	return 0
}

// land takes the flights that a deletion answers; true when there were any. Quick answers to backlog widen its window.
func (s *Sender) land(now ems.Instant, name pb.Lane, l *lane, d Deletion) bool {
	set := wire.RangeSet{UpTo: d.UpTo, Beyond: d.Beyond}
	landed, quick := false, 0
	for seq, f := range l.flights {
		if !set.Has(seq) {
			continue
		}
		if f.backlog && now.Mono-f.sent < time.Second {
			quick += f.size
		}
		delete(l.flights, seq)
		landed = true
	}
	s.window[name] = min(WindowMost, s.windowOf(name)+quick)
	if name == pb.Lane_LANE_URGENT {
		s.alarms = slices.DeleteFunc(s.alarms, func(r wire.Record) bool { return r.Epoch == d.Epoch && set.Has(r.Seq) })
	}
	return landed
}

// batch is what one Poll gives out.
type batch struct {
	outs  []Out
	bytes int
}

func (b *batch) add(o Out) { b.outs, b.bytes = append(b.outs, o), b.bytes+len(o.Payload) }

func (b *batch) full() bool { return len(b.outs) >= BatchCount || b.bytes >= BatchBytes }

// reader walks the backlog of one lane through its epochs, oldest first, for one Poll.
type reader struct {
	s      *Sender
	lane   pb.Lane
	epochs []wire.Epoch
	recs   []wire.Record
	reads  int
	done   bool
}

// fill adds up to count records to the batch.
func (rd *reader) fill(ctx context.Context, now ems.Instant, b *batch, count int) error {
	for count > 0 && !rd.done && !b.full() {
		r, l, err := rd.next(ctx)
		if err != nil || r == nil {
			rd.done = true
			return err
		}
		f := l.flights[r.Seq]
		if f != nil && !f.open {
			l.scan, rd.recs = r.Seq, rd.recs[1:]
			continue
		}
		if f == nil && len(l.flights) >= MaxFlights || !rd.s.room(now, rd.lane, len(r.Body)) {
			rd.done = true
			return nil
		}
		b.add(rd.s.send(now, l, *r, true))
		l.scan, rd.recs = r.Seq, rd.recs[1:]
		count--
	}
	return nil
}

// next is the record to look at now, nil at the end of what this Poll reads.
func (rd *reader) next(ctx context.Context) (*wire.Record, *lane, error) {
	for len(rd.epochs) > 0 {
		l := rd.s.lane(laneKey{rd.epochs[0], rd.lane})
		if len(rd.recs) > 0 {
			return &rd.recs[0], l, nil
		}
		if l.behind {
			if rd.reads++; rd.reads > MaxReads {
				return nil, nil, nil
			}
			recs, err := rd.s.spool.Next(ctx, rd.lane, rd.epochs[0], l.scan, ReadCount, ReadBytes)
			if err != nil {
				return nil, nil, fmt.Errorf("read backlog of lane %s: %w", wire.LaneName(rd.lane), err)
			}
			if rd.recs = recs; len(recs) > 0 {
				continue
			}
			l.behind = l.reopened > 0
		}
		rd.epochs = rd.epochs[1:]
	}
	return nil, nil, nil
}

// backoff doubles from first to most.
func backoff(first, most time.Duration, tries int) time.Duration {
	return min(most, first<<min(tries, 10))
}

func micro(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

// rangesOf is what a lane's word says to be stored.
func rangesOf(l *pb.StoredLane) wire.RangeSet {
	set := wire.RangeSet{UpTo: l.UpTo}
	for _, r := range l.Beyond {
		set.Add(r.From, r.To)
	}
	return set
}

// covers says whether everything in b is in a.
func covers(a, b wire.RangeSet) bool {
	if b.UpTo > a.UpTo {
		return false
	}
	for _, r := range b.Beyond {
		if reach(&a, r.From) < r.To {
			return false
		}
	}
	return true
}

// top is the newest sequence of a set.
func top(s wire.RangeSet) uint64 {
	if n := len(s.Beyond); n > 0 {
		return s.Beyond[n-1].To
	}
	return s.UpTo
}

// remove takes one sequence out of a set.
func remove(s *wire.RangeSet, seq uint64) {
	was := s.Clone()
	*s = wire.RangeSet{}
	for _, r := range append([]wire.Range{{From: 1, To: was.UpTo}}, was.Beyond...) {
		s.Add(r.From, min(r.To, seq-1))
		s.Add(max(r.From, seq+1), r.To)
	}
}
