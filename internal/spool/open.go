package spool

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Options are what a spool needs to know. The zero value of each field is a working choice; Open needs Dir.
type Options struct {
	Dir    string           // folder of the spool's files, made if absent; NewMem has none
	Bounds Bounds           // a field that is 0 takes its default (limits.go)
	Stamp  func() wire.Item // times, boot and simulated flag for the gap records that the spool itself makes; nil: the wall clock alone
	Random io.Reader        // source of epochs; nil: crypto/rand

	maxPages int // tests: the database may not grow beyond this
}

func (o *Options) fill() {
	set := func(p *int64, to int64) {
		if *p == 0 {
			*p = to
		}
	}
	set(&o.Bounds.Total, defaultTotal)
	set(&o.Bounds.Wave, defaultWave)
	set(&o.Bounds.Reading, defaultReading)
	set(&o.Bounds.Position, defaultPosition)
	set(&o.Bounds.Photo, defaultPhoto)
	if o.Stamp == nil {
		o.Stamp = func() wire.Item { return wire.Item{CapturedUs: time.Now().UnixMicro()} }
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
}

// Errors that a caller acts upon.
var (
	// ErrNotDurable: the disk refused. The records returned beside it are valid, held in memory and tried again every CommitEvery:
	// send them, and show that they are not safe yet.
	ErrNotDurable = errors.New("spool: not on disk yet")
	// ErrLocked: another process uses the folder.
	ErrLocked = errors.New("spool: in use by another process")
	// ErrNewer: the files were written by a newer version.
	ErrNewer = errors.New("spool: written by a newer version")
	// ErrBadItem: an item can never be sent as it is; nothing was numbered.
	ErrBadItem = errors.New("spool: item cannot be owed")

	errFull    = errors.New("disk is full")
	errDamaged = errors.New("damaged")
)

// disk is where rows live. Calls do not overlap.
type disk interface {
	// commit writes and deletes in one durable step, or changes nothing. The head is puts[0]. A full disk is errFull.
	commit(puts []row, dels []span) error
	// scan gives rows in order until fn says false. A blob is valid during the call only.
	scan(in span, fn func(row) bool) error
	// index is scan without the blobs.
	index(in span, fn func(row) bool) error
	// relieve gives up what is kept back for a full disk; false when there is nothing more to give.
	relieve() bool
	// restore takes it back; false when there is no room.
	restore() bool
	close() error
}

// found is what a disk says about itself before the books are read.
type found struct {
	faults []string
	full   bool // there is no room for the ballast
	doubt  bool // numbers may have been handed out that nothing here knows of: begin a new epoch
}

// openBook reads a disk and settles what a crash or damage left behind: every number that was or may have been handed out is then
// held, deleted on the dispatcher's word, or declared by an owed gap record.
func openBook(d disk, o Options, f found) (*book, error) {
	s := &book{disk: d, o: o, keep: map[string]kept{}, keepNext: keepID, faults: f.faults, full: f.full}
	h, fresh, err := s.loadOwn()
	if err != nil {
		return nil, err
	}
	for _, he := range h.Epochs {
		s.epochs = append(s.epochs, newEpochState(he))
	}
	s.counter, s.done = h.Counter, 0
	if err := s.loadRecords(); err != nil {
		return nil, err
	}
	if fresh || len(s.epochs) == 0 || f.doubt {
		if err := s.begin(); err != nil {
			return nil, err
		}
	}
	s.settleNumbers()
	if s.changed > 0 {
		if err := s.commit(s.changed); err != nil {
			s.fault(fmt.Sprintf("the disk refuses what was found at the start: %v", err))
		}
	}
	return s, nil
}

// loadOwn reads the head and the kept values.
func (s *book) loadOwn() (h head, fresh bool, err error) {
	headFound, lostKeep := false, 0
	err = s.disk.scan(span{0, 1<<laneBit - 1}, func(r row) bool {
		if r.id == headID {
			h, headFound = r.head()
			return true
		}
		k, ok := r.kept()
		if !ok {
			lostKeep++
			s.dels = append(s.dels, span{r.id, r.id})
			return true
		}
		s.keep[k.Key] = k
		s.keepNext = max(s.keepNext, k.ID+1)
		return true
	})
	if err != nil {
		return head{}, false, fmt.Errorf("read the spool's books: %w", err)
	}
	switch {
	case headFound && s.keepSum() != h.Keep:
		s.fault(fmt.Sprintf("kept values are not the last ones (%d unreadable): check the mission and the bindings on the terminal", lostKeep))
		s.changed++
	case lostKeep > 0:
		s.fault(fmt.Sprintf("%d kept values could not be read: check the mission and the bindings on the terminal", lostKeep))
	}
	return h, !headFound, nil
}

func newEpochState(he headEpoch) *epochState {
	e := &epochState{ord: he.Ordinal, id: wire.Epoch(he.ID), durable: true}
	for i := range e.lanes {
		e.lanes[i].next = 1
	}
	for _, hl := range he.Lanes {
		l := &e.lanes[hl.Lane]
		l.next, l.limit = hl.Next, hl.Reserved
		l.gone, l.dropped = slices.Clone(hl.Gone), slices.Clone(hl.Dropped)
	}
	return e
}

// loadRecords reads and checks every record: what is held, how much, and which rows are broken. Records that the books do not
// know of (older books were all that could be saved) are taken in.
func (s *book) loadRecords() error {
	broken := 0
	err := s.disk.scan(span{1 << epochBit, lastID}, func(r row) bool {
		ord, lane, seq := split(r.id)
		_, ok := r.payload()
		e := s.ordinal(ord)
		if ok && e == nil {
			e, ok = s.adopt(r)
		}
		if !ok || !owed(lane) {
			broken++
		}
		if !ok || !owed(lane) || e.lanes[lane].hidden(seq) {
			s.dels = append(s.dels, span{r.id, r.id})
			s.changed++
			return true
		}
		l := &e.lanes[lane]
		if n := len(l.held); n > 0 && l.held[n-1].To+1 == seq {
			l.held[n-1].To = seq
		} else {
			l.held = append(l.held, wire.Range{From: seq, To: seq})
		}
		l.next = max(l.next, seq+1)
		l.add(r.at, r.size)
		return true
	})
	if err != nil {
		return fmt.Errorf("read the spool's records: %w", err)
	}
	if broken > 0 {
		s.fault(fmt.Sprintf("%d records were damaged", broken))
	}
	return nil
}

func (s *book) ordinal(ord int64) *epochState {
	for _, e := range s.epochs {
		if e.ord == ord {
			return e
		}
	}
	return nil
}

// adopt takes in the epoch of a record that the books do not have.
func (s *book) adopt(r row) (*epochState, bool) {
	rec, ok := r.record()
	if !ok {
		return nil, false
	}
	ord, _, _ := split(r.id)
	e := newEpochState(headEpoch{Ordinal: ord, ID: rec.Epoch[:]})
	i, _ := slices.BinarySearchFunc(s.epochs, ord, func(e *epochState, ord int64) int { return int(e.ord - ord) })
	s.epochs = slices.Insert(s.epochs, i, e)
	s.changed++
	return e, true
}

// settleNumbers declares what is missing among the numbers handed out ("corrupt") and what may have been handed out before a
// crash and was not committed ("crash").
func (s *book) settleNumbers() {
	var lost []loss
	for _, e := range s.epochs {
		for _, lane := range wire.Lanes {
			l := &e.lanes[lane]
			known := ranges{}.add(wire.Range{From: 1, To: l.next - 1})
			missing := known.minus(l.gone).minus(l.dropped).minus(l.held)
			l.held = nil
			for _, r := range missing {
				lost = append(lost, loss{e: e, lane: lane, Range: r, why: "corrupt"})
			}
			if n := missing.count(); n > 0 {
				s.fault(fmt.Sprintf("%d records of lane %s could not be read; they are declared lost (%s)", n, wire.LaneName(lane), tell(missing)))
			}
			if e.durable && l.limit >= l.next {
				lost = append(lost, loss{e: e, lane: lane, Range: wire.Range{From: l.next, To: l.limit}, why: "crash"})
				l.next = l.limit + 1
			}
		}
	}
	for _, l := range lost { // only now: each takes a number of the current epoch itself
		s.declare(l)
	}
}

// tell writes the first few ranges of a set.
func tell(s ranges) string {
	const most = 5
	var b strings.Builder
	for i, r := range s {
		if i == most {
			fmt.Fprintf(&b, " and %d more ranges", len(s)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if fmt.Fprintf(&b, "%d", r.From); r.To > r.From {
			fmt.Fprintf(&b, "-%d", r.To)
		}
	}
	return b.String()
}

// begin starts an epoch. It may be used at once, whether or not the disk takes it: its 128 random bits cannot come twice.
func (s *book) begin() error {
	var id wire.Epoch
	if _, err := io.ReadFull(s.o.Random, id[:]); err != nil {
		return fmt.Errorf("make an epoch: %w", err)
	}
	ord := int64(1)
	if n := len(s.epochs); n > 0 {
		ord = s.epochs[n-1].ord + 1
	}
	if ord > maxOrdinals {
		return fmt.Errorf("make an epoch: %d were made in this folder; set it aside and start anew", ord)
	}
	e := &epochState{ord: ord, id: id}
	for i := range e.lanes {
		e.lanes[i].next, e.lanes[i].limit = 1, maxSeq
	}
	s.epochs = append(s.epochs, e)
	s.forget()
	s.changed++
	return nil
}

// forget lets go of the oldest epochs that hold nothing.
func (s *book) forget() {
	drained := 0
	for _, e := range s.epochs[:len(s.epochs)-1] {
		if e.empty() {
			drained++
		}
	}
	s.epochs = slices.DeleteFunc(s.epochs, func(e *epochState) bool {
		if drained <= maxEpochs || !e.empty() || e == s.current() {
			return false
		}
		drained--
		return true
	})
}

func (s *book) fault(line string) {
	if len(s.faults) < maxFaults {
		s.faults = append(s.faults, line)
	}
}

// gapItem is the item that declares a range lost.
func (s *book) gapItem(g *pb.Gap) wire.Item {
	it := s.o.Stamp()
	it.Lane, it.Kind = pb.Lane_LANE_URGENT, pb.Kind_KIND_GAP
	it.Body, _ = wire.Marshal(g) // numbers, bytes and one of our own words: nothing in it can fail
	return it
}
