package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// book is the spool above any disk: numbering, pending records, commits, deletions. Both members are a book, so that what the town
// proves of the one in memory holds for the one on disk.
//
// Two locks: io is held by whoever uses the disk, mu guards the state and is never held across I/O; io is taken first. Whoever
// gets io commits everything that others have numbered meanwhile, and they find their ticket done: that is the group commit.
//
// No number is used twice. A number may be shown to anyone only when it is at most its lane's limit, which the disk holds as
// "reserved", so that the next start begins above it. In an epoch that the disk has not taken yet every number may be shown: after
// a crash nobody knows that epoch any more. When a commit fails, what is above its limit moves into such an epoch.
type book struct {
	io   sync.Mutex
	disk disk
	o    Options

	mu       sync.Mutex
	epochs   []*epochState // oldest first, the current one last
	keep     map[string]kept
	keepNext int64
	dirty    map[string]bool // kept values to be written
	dels     []span
	counter  uint64 // of commits tried
	changed  uint64 // ticket of the last change
	done     uint64 // changes up to here are on disk
	timer    *time.Timer
	waiting  int  // bytes of bodies pending
	full     bool // the disk was full and the ballast is not back
	stuck    bool // dropping did not help the full disk: drop no more until a commit has gone through
	ballast  time.Time
	refused  error // why the last commit failed; nil when it did not
	faults   []string
	closing  bool
	closed   bool
}

type epochState struct {
	ord     int64
	id      wire.Epoch
	durable bool
	lanes   [wire.LaneCount]laneState // by pb.Lane; 0 is not used
}

type laneState struct {
	next    uint64
	limit   uint64 // numbers up to here may be shown
	used    bool   // in this process: worth reserving a block
	gone    ranges
	dropped ranges
	held    ranges // only while loading
	pending []*entry
	count   uint64
	bytes   int64
	oldest  int64 // captured time of the oldest held, µs
	stale   bool  // oldest is to be read anew
	capped  bool
}

// entry is a record on its way to the disk.
type entry struct {
	wire.Record
	ord int64
}

func (e *epochState) empty() bool {
	return !slices.ContainsFunc(e.lanes[:], func(l laneState) bool { return l.count > 0 })
}

func (l *laneState) add(at, size int64) {
	if l.count == 0 {
		l.oldest, l.stale = at, false
	}
	l.count++
	l.bytes += size
}

func (l *laneState) take(count uint64, size int64) {
	l.count -= min(count, l.count)
	l.bytes = max(0, l.bytes-size)
	l.stale = true
	if l.count == 0 {
		l.bytes, l.oldest, l.stale = 0, 0, false
	}
}

// hidden says that a row on disk is deleted already, though the deletion may not be committed.
func (l *laneState) hidden(seq uint64) bool { return l.gone.has(seq) || l.dropped.has(seq) }

func (s *book) current() *epochState { return s.epochs[len(s.epochs)-1] }

// find gives the lane of an epoch, nil when the epoch is not known.
func (s *book) find(id wire.Epoch, lane pb.Lane) (*epochState, *laneState) {
	for _, e := range s.epochs {
		if e.id == id && owed(lane) {
			return e, &e.lanes[lane]
		}
	}
	return nil, nil
}

func owed(l pb.Lane) bool { return slices.Contains(wire.Lanes[:], l) }

// Epoch implements Spool.
func (s *book) Epoch() wire.Epoch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current().id
}

// Epochs implements Spool.
func (s *book) Epochs() []wire.Epoch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []wire.Epoch
	for _, e := range s.epochs {
		if !e.empty() || e == s.current() {
			out = append(out, e.id)
		}
	}
	return out
}

// Put implements Spool. It goes on when ctx has ended: an alarm pressed while the agent stops is owed all the same.
func (s *book) Put(_ context.Context, items []wire.Item, keep map[string][]byte) ([]wire.Record, error) {
	s.mu.Lock()
	if err := s.check(items, keep); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	if len(items)+len(keep) == 0 {
		s.mu.Unlock()
		return nil, nil
	}
	precious, wait := len(keep) > 0, false
	entries := make([]*entry, len(items))
	for i, it := range items {
		it.Body = bytes.Clone(it.Body)
		entries[i] = s.number(it)
		precious = precious || it.Lane == pb.Lane_LANE_URGENT
		wait = wait || entries[i].Seq > s.current().lanes[it.Lane].limit
	}
	s.keepValues(keep)
	lane, _ := s.over()
	wait = wait || precious || lane != pb.Lane_LANE_NONE || s.waiting > maxPending
	ticket := s.changed
	if !wait {
		s.arm()
		s.mu.Unlock()
		return records(entries), nil
	}
	s.mu.Unlock()
	err := s.commit(ticket)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && precious {
		return records(entries), fmt.Errorf("%w: %w; free space on the disk or replace it", ErrNotDurable, err)
	}
	return records(entries), nil
}

func records(es []*entry) []wire.Record {
	out := make([]wire.Record, len(es))
	for i, e := range es {
		out[i] = e.Record
	}
	return out
}

// check refuses what is wrong wiring, before anything is numbered.
func (s *book) check(items []wire.Item, keep map[string][]byte) error {
	if s.closing {
		return ErrClosed
	}
	for _, it := range items {
		switch {
		case !owed(it.Lane):
			return fmt.Errorf("%w: lane %d is not owed", ErrBadItem, it.Lane)
		case len(it.Body) > maxBody:
			return fmt.Errorf("%w: body of %d bytes: at most %d, split it", ErrBadItem, len(it.Body), maxBody)
		case !utf8.ValidString(it.Boot):
			return fmt.Errorf("%w: boot id is not text", ErrBadItem)
		}
	}
	fresh := 0
	for k, v := range keep {
		if len(v) > maxKeepValue {
			return fmt.Errorf("%w: kept value %s of %d bytes: at most %d", ErrBadItem, k, len(v), maxKeepValue)
		}
		if _, ok := s.keep[k]; !ok {
			fresh++
		}
	}
	if n := len(s.keep) + fresh; n > maxKeepKeys {
		return fmt.Errorf("%w: %d kept values: at most %d", ErrBadItem, n, maxKeepKeys)
	}
	return nil
}

// number gives it the next sequence of its lane in the current epoch.
func (s *book) number(it wire.Item) *entry {
	e := s.current()
	l := &e.lanes[it.Lane]
	en := &entry{wire.Record{Item: it, Epoch: e.id, Seq: l.next}, e.ord}
	l.next++
	l.used = true
	l.pending = append(l.pending, en)
	l.add(it.CapturedUs, int64(len(it.Body)))
	s.waiting += len(it.Body)
	s.changed++
	return en
}

func (s *book) keepValues(keep map[string][]byte) {
	for k, v := range keep {
		old, ok := s.keep[k]
		if !ok {
			old = kept{ID: s.keepNext, Key: k}
			s.keepNext++
		}
		old.Rev++
		old.Value = bytes.Clone(v)
		s.keep[k] = old
		s.soil(k)
		s.changed++
	}
}

func (s *book) soil(key string) {
	if s.dirty == nil {
		s.dirty = map[string]bool{}
	}
	s.dirty[key] = true
}

// keepSum stands for the newest revision of every kept value.
func (s *book) keepSum() uint32 {
	sum := uint32(0)
	for _, k := range slices.Sorted(maps.Keys(s.keep)) {
		sum = crc32.Update(sum, castagnoli, fmt.Appendf(nil, "%s %d\n", k, s.keep[k].Rev))
	}
	return sum
}

// arm sees to it that what is pending is committed within CommitEvery.
func (s *book) arm() {
	if s.timer == nil && !s.closing {
		s.timer = time.AfterFunc(CommitEvery, s.tick)
	}
}

func (s *book) tick() {
	s.mu.Lock()
	s.timer = nil
	ticket := s.changed
	s.mu.Unlock()
	_ = s.commit(ticket) // a refusal is on the Faults, and commit has armed the next try
}

// Flush implements Spool.
func (s *book) Flush(context.Context) error {
	s.mu.Lock()
	ticket, closing := s.changed, s.closing
	s.mu.Unlock()
	if closing {
		return ErrClosed
	}
	return s.commit(ticket)
}

// Close commits everything, lets go of the reserved numbers, so that no hole is left, and closes the disk.
func (s *book) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	s.closing = true
	s.changed++
	if s.timer != nil {
		s.timer.Stop()
	}
	ticket := s.changed
	s.mu.Unlock()
	err := s.commit(ticket)
	s.io.Lock()
	defer s.io.Unlock()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return errors.Join(err, s.disk.close())
}

// commit makes all changes up to ticket durable, and what else has come meanwhile.
func (s *book) commit(ticket uint64) error {
	s.io.Lock()
	defer s.io.Unlock()
	return s.commitHeld(ticket)
}

func (s *book) commitHeld(ticket uint64) error {
	s.mu.Lock()
	done, closed := s.done >= ticket, s.closed
	s.mu.Unlock()
	switch {
	case done:
		return nil
	case closed:
		return ErrClosed
	}
	s.enforce()
	for try := 0; ; try++ {
		s.mu.Lock()
		b, err := s.take()
		s.mu.Unlock()
		if err == nil {
			err = s.disk.commit(b.puts, b.dels)
		}
		s.mu.Lock()
		s.settle(b, err)
		s.mu.Unlock()
		if err == nil {
			s.regain()
			return nil
		}
		if !errors.Is(err, errFull) || !s.makeRoom(try) {
			s.stranded()
			return err
		}
	}
}

// batch is one commit.
type batch struct {
	ticket   uint64
	puts     []row
	dels     []span
	keys     map[string]bool
	reserved map[*epochState]*[wire.LaneCount]uint64
	upTo     map[*epochState]*[wire.LaneCount]uint64 // pending records up to here are in it
}

// take gathers everything that is not on disk yet.
func (s *book) take() (batch, error) {
	s.counter++
	b := batch{ticket: s.changed, dels: s.dels, keys: s.dirty,
		reserved: map[*epochState]*[wire.LaneCount]uint64{}, upTo: map[*epochState]*[wire.LaneCount]uint64{}}
	s.dels, s.dirty = nil, nil
	b.puts = append(b.puts, row{})
	h := head{Counter: s.counter, Keep: s.keepSum()}
	var errs []error
	push := func(r row, err error) {
		b.puts = append(b.puts, r)
		errs = append(errs, err)
	}
	for _, e := range s.epochs {
		he := headEpoch{Ordinal: e.ord, ID: e.id[:]}
		b.reserved[e], b.upTo[e] = &[wire.LaneCount]uint64{}, &[wire.LaneCount]uint64{}
		for _, lane := range wire.Lanes {
			l := &e.lanes[lane]
			r := l.next - 1
			if lane != pb.Lane_LANE_URGENT && e == s.current() && l.used && !s.closing {
				r = min(r+uint64(min(max(blockLeast, 2*len(l.pending)), blockMost)), maxSeq)
			}
			b.reserved[e][lane], b.upTo[e][lane] = r, l.next-1
			if !e.durable {
				l.limit = r // while this commit is under way the epoch may be on disk or not
			}
			he.Lanes = append(he.Lanes, headLane{lane, l.next, r, l.gone, l.dropped})
			for _, en := range l.pending {
				push(recordRow(en.ord, en.Record))
			}
		}
		h.Epochs = append(h.Epochs, he)
	}
	for k := range b.keys {
		push(s.keep[k].row())
	}
	var err error
	b.puts[0], err = h.row()
	return b, errors.Join(append(errs, err)...)
}

// settle notes what became of a batch.
func (s *book) settle(b batch, err error) {
	s.refused = err
	if err != nil {
		s.dels = append(b.dels, s.dels...)
		for k := range b.keys {
			s.soil(k)
		}
	} else {
		s.done = b.ticket
	}
	for e, upTo := range b.upTo {
		for _, lane := range wire.Lanes {
			l := &e.lanes[lane]
			switch {
			case err == nil:
				l.pending = slices.DeleteFunc(l.pending, func(en *entry) bool { return en.Seq <= upTo[lane] })
				l.limit = b.reserved[e][lane]
			case !e.durable:
				l.limit = maxSeq
			}
		}
		e.durable = e.durable || err == nil
	}
	s.recount()
}

// stranded sees to what a refused commit leaves: numbers that are not safe to show move into an epoch that the disk does not
// know, memory stays bounded, and the next try is armed.
func (s *book) stranded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var moved []*entry
	for _, e := range s.epochs {
		for _, lane := range wire.Lanes {
			l := &e.lanes[lane]
			i := slices.IndexFunc(l.pending, func(en *entry) bool { return en.Seq > l.limit })
			if i < 0 {
				continue
			}
			for _, en := range l.pending[i:] {
				l.take(1, int64(len(en.Body)))
			}
			moved = append(moved, l.pending[i:]...)
			l.next, l.pending = l.pending[i].Seq, l.pending[:i:i]
		}
	}
	if len(moved) > 0 && s.current().durable {
		if err := s.begin(); err != nil {
			s.fault(err.Error())
		}
	}
	for _, en := range moved {
		e := s.current()
		l := &e.lanes[en.Lane]
		en.Epoch, en.ord, en.Seq = e.id, e.ord, l.next
		l.next++
		l.used = true
		l.pending = append(l.pending, en)
		l.add(en.CapturedUs, int64(len(en.Body)))
	}
	s.recount()
	s.shedMemory()
	s.arm()
}

// recount counts the bytes that wait for their commit.
func (s *book) recount() {
	s.waiting = 0
	for _, e := range s.epochs {
		for i := range e.lanes {
			for _, en := range e.lanes[i].pending {
				s.waiting += len(en.Body)
			}
		}
	}
}

// Next implements Spool: what is committed and what is pending and safe to show.
func (s *book) Next(ctx context.Context, lane pb.Lane, epoch wire.Epoch, after uint64, limit int, maxBytes int) ([]wire.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.io.Lock()
	defer s.io.Unlock()
	s.mu.Lock()
	e, l := s.find(epoch, lane)
	if s.closed {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	if l == nil || limit <= 0 || after >= maxSeq {
		s.mu.Unlock()
		return nil, nil
	}
	from := l.gone.after(after + 1)
	hidden, durable := l.gone.with(l.dropped), e.durable
	s.mu.Unlock()

	p := page{limit: limit, bytes: maxBytes}
	var bad []row
	in := span{recordID(e.ord, lane, from), recordID(e.ord, lane, maxSeq)}
	if !durable {
		in.to = in.from - 1 // nothing of it is on disk, which may be unreadable
	}
	err := s.read(in, func(r row) bool {
		if _, _, seq := split(r.id); hidden.has(seq) {
			return true
		}
		rec, ok := r.record()
		if !ok || rec.Epoch != epoch {
			bad = append(bad, row{id: r.id, at: r.at, size: r.size})
			return true
		}
		return p.add(rec)
	})
	if err != nil {
		return nil, fmt.Errorf("read lane %s of the spool: %w; restart the agent to have it mended", wire.LaneName(lane), err)
	}
	s.mu.Lock()
	for _, en := range l.pending {
		if en.Seq >= from && en.Seq <= l.limit && !p.add(en.Record) {
			break
		}
	}
	if len(bad) > 0 {
		s.fault(fmt.Sprintf("%d records of lane %s were damaged; they are declared lost", len(bad), wire.LaneName(lane)))
		s.drop(e, lane, bad, "corrupt")
	}
	ticket := s.changed
	s.mu.Unlock()
	if len(bad) > 0 {
		_ = s.commitHeld(ticket) // refused: the declaration is held in memory and tried again
	}
	return p.recs, nil
}

// read scans past rows of which the body cannot be read: they are given without one.
func (s *book) read(in span, fn func(row) bool) error {
	for {
		more := true
		err := s.disk.scan(in, func(r row) bool {
			in.from = r.id + 1
			more = fn(r)
			return more
		})
		if !more || !errors.Is(err, errDamaged) {
			return err
		}
		var stuck row
		if e := s.disk.index(in, func(r row) bool { stuck = r; return false }); e != nil || stuck.id == 0 {
			return errors.Join(err, e)
		}
		in.from = stuck.id + 1
		if !fn(stuck) {
			return nil
		}
	}
}

// page gathers records up to a count and about a number of bytes.
type page struct {
	recs  []wire.Record
	limit int
	bytes int
	size  int
	full  bool
}

func (p *page) add(r wire.Record) bool {
	if p.full {
		return false
	}
	p.recs = append(p.recs, r)
	p.size += len(r.Body)
	p.full = len(p.recs) >= p.limit || p.bytes > 0 && p.size >= p.bytes
	return !p.full
}

// Stored implements Spool. The deletion is committed with what comes next: a crash before that only means sending again.
func (s *book) Stored(_ context.Context, epoch wire.Epoch, lane pb.Lane, upTo uint64, beyond []wire.Range) (*wire.Range, error) {
	s.io.Lock()
	defer s.io.Unlock()
	s.mu.Lock()
	e, l := s.find(epoch, lane)
	if s.closing {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	if l == nil {
		s.mu.Unlock()
		return nil, nil // an epoch of which nothing is owed or remembered
	}
	word := wordOf(upTo, beyond)
	said := clip(word, l)
	fresh := said.minus(l.gone).minus(l.dropped)
	pending := slices.Clone(l.pending)
	s.mu.Unlock()

	count, size, err := s.weigh(e.ord, lane, fresh)
	if err != nil {
		return nil, fmt.Errorf("delete what is stored: %w", err)
	}
	for _, en := range pending {
		if fresh.has(en.Seq) {
			count, size = count+1, size+int64(len(en.Body))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range fresh {
		s.dels = append(s.dels, span{recordID(e.ord, lane, r.From), recordID(e.ord, lane, r.To)})
	}
	l.pending = slices.DeleteFunc(l.pending, func(en *entry) bool { return fresh.has(en.Seq) })
	l.take(count, size)
	s.recount()
	if len(said.minus(l.gone)) > 0 {
		l.gone, l.dropped = l.gone.with(said), l.dropped.minus(said)
		s.changed++
		s.arm()
	}
	s.calm()
	if lost := l.gone.minus(word); len(lost) > 0 {
		return &lost[0], nil
	}
	return nil, nil
}

// wordOf is what the dispatcher says it has.
func wordOf(upTo uint64, beyond []wire.Range) ranges {
	word := ranges{}.add(wire.Range{From: 1, To: min(upTo, maxSeq)})
	for _, r := range beyond {
		word = word.add(wire.Range{From: max(r.From, 1), To: min(r.To, maxSeq)})
	}
	return word
}

// clip is the part of the word that is acted upon: numbers that were handed out, in no more ranges than the books hold.
func clip(word ranges, l *laneState) (said ranges) {
	for _, r := range word {
		more := said.add(wire.Range{From: r.From, To: min(r.To, l.next-1)})
		if len(l.gone.with(more)) > maxRanges {
			break
		}
		said = more
	}
	return said
}

// weigh counts what the disk holds in the ranges.
func (s *book) weigh(ord int64, lane pb.Lane, in ranges) (count uint64, size int64, err error) {
	for _, r := range in {
		err = errors.Join(err, s.disk.index(span{recordID(ord, lane, r.From), recordID(ord, lane, r.To)}, func(r row) bool {
			count, size = count+1, size+r.size
			return true
		}))
	}
	return count, size, err
}

// NewEpoch implements Spool.
func (s *book) NewEpoch(context.Context) (wire.Epoch, error) {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return wire.Epoch{}, ErrClosed
	}
	if err := s.begin(); err != nil {
		id := s.current().id
		s.mu.Unlock()
		return id, err
	}
	id, ticket := s.current().id, s.changed
	s.mu.Unlock()
	if err := s.commit(ticket); err != nil {
		return id, fmt.Errorf("%w: %w", ErrNotDurable, err)
	}
	return id, nil
}

// Depths implements Spool.
func (s *book) Depths() []wire.Depth {
	s.readOldest()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]wire.Depth, 0, len(wire.Lanes))
	for _, lane := range wire.Lanes {
		d := wire.Depth{Lane: lane}
		for _, e := range s.epochs {
			l := &e.lanes[lane]
			if d.Count == 0 && l.count > 0 {
				d.Oldest = l.oldest
			}
			d.Count += l.count
			d.Bytes += uint64(l.bytes)
			d.Capped = d.Capped || l.capped
		}
		out = append(out, d)
	}
	return out
}

// readOldest reads anew the captured time of the oldest record of the lanes from which something was deleted.
func (s *book) readOldest() {
	s.mu.Lock()
	stale := s.staleLanes()
	s.mu.Unlock()
	if len(stale) == 0 {
		return
	}
	s.io.Lock()
	defer s.io.Unlock()
	for _, st := range stale {
		s.mu.Lock()
		l := &st.e.lanes[st.lane]
		hidden, closed := l.gone.with(l.dropped), s.closed
		s.mu.Unlock()
		if closed {
			return
		}
		at, ok := int64(0), false
		err := s.disk.index(span{recordID(st.e.ord, st.lane, l.gone.after(1)), recordID(st.e.ord, st.lane, maxSeq)}, func(r row) bool {
			_, _, seq := split(r.id)
			at, ok = r.at, !hidden.has(seq)
			return !ok
		})
		s.mu.Lock()
		switch {
		case ok && err == nil:
			l.oldest, l.stale = at, false
		case len(l.pending) > 0:
			l.oldest, l.stale = l.pending[0].CapturedUs, false
		}
		s.mu.Unlock()
	}
}

type laneOf struct {
	e    *epochState
	lane pb.Lane
}

func (s *book) staleLanes() (out []laneOf) {
	for _, e := range s.epochs {
		for _, lane := range wire.Lanes {
			if e.lanes[lane].stale {
				out = append(out, laneOf{e, lane})
			}
		}
	}
	return out
}

// Kept implements Spool.
func (s *book) Kept(key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	return bytes.Clone(s.keep[key].Value), nil
}

// Faults implements Spool. While the disk refuses, the last line says why.
func (s *book) Faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.faults)
	if s.refused != nil {
		out = append(out, fmt.Sprintf("the disk refuses, what is new is held in memory: %v", s.refused))
	}
	return out
}
