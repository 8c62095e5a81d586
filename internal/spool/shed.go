package spool

import (
	"slices"
	"time"

	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// yielding are the lanes that may be dropped, least precious first (DLV-007).
var yielding = [...]pb.Lane{pb.Lane_LANE_WAVE, pb.Lane_LANE_POSITION, pb.Lane_LANE_PHOTO, pb.Lane_LANE_READING}

// loss is a range that will never come.
type loss struct {
	wire.Range
	e        *epochState
	lane     pb.Lane
	why      string
	count    uint64 // held until now
	bytes    int64
	from, to int64 // captured times, µs; 0 when not known
}

// declare puts a gap record into the urgent lane for a loss and takes what it covers off the books.
func (s *book) declare(x loss) {
	l := &x.e.lanes[x.lane]
	l.dropped = l.dropped.add(x.Range)
	l.pending = slices.DeleteFunc(l.pending, func(en *entry) bool { return x.From <= en.Seq && en.Seq <= x.To })
	l.take(x.count, x.bytes)
	s.dels = append(s.dels, span{recordID(x.e.ord, x.lane, x.From), recordID(x.e.ord, x.lane, x.To)})
	s.recount()
	s.number(s.gapItem(&pb.Gap{Lane: x.lane, From: x.From, To: x.To, Why: x.why, Bytes: uint64(x.bytes),
		FromUs: max(0, x.from), ToUs: max(0, x.to), Epoch: x.e.id[:]}))
}

func (s *book) bound(lane pb.Lane) int64 {
	switch lane {
	case pb.Lane_LANE_WAVE:
		return s.o.Bounds.Wave
	case pb.Lane_LANE_POSITION:
		return s.o.Bounds.Position
	case pb.Lane_LANE_PHOTO:
		return s.o.Bounds.Photo
	case pb.Lane_LANE_READING:
		return s.o.Bounds.Reading
	case pb.Lane_LANE_URGENT, pb.Lane_LANE_NONE:
	}
	return s.o.Bounds.Total
}

// sizes are the bytes held in each lane, and at 0 in all of them.
func (s *book) sizes() (n [wire.LaneCount]int64) {
	for _, e := range s.epochs {
		for _, lane := range wire.Lanes {
			n[lane] += e.lanes[lane].bytes
			n[0] += e.lanes[lane].bytes
		}
	}
	return n
}

// over names the lane that has to yield and how many bytes; LANE_NONE when all is within bounds or nothing is left to yield.
func (s *book) over() (pb.Lane, int64) {
	n := s.sizes()
	for _, lane := range yielding {
		if b := s.bound(lane); n[lane] > b {
			return lane, n[lane] - b + b/shedPart
		}
	}
	if b := s.o.Bounds.Total; n[0] > b {
		for _, lane := range yielding {
			if n[lane] > 0 {
				return lane, n[0] - b + b/shedPart
			}
		}
	}
	return pb.Lane_LANE_NONE, 0
}

// enforce drops the oldest of what is beyond its bound. io is held.
func (s *book) enforce() {
	for {
		s.mu.Lock()
		lane, excess := s.over()
		s.mu.Unlock()
		if lane == pb.Lane_LANE_NONE || s.shed(lane, excess) == 0 {
			return
		}
	}
}

// shed drops the oldest records of a lane until about want bytes are free, and says how many bytes it freed. io is held.
func (s *book) shed(lane pb.Lane, want int64) (freed int64) {
	s.mu.Lock()
	epochs := slices.Clone(s.epochs)
	s.mu.Unlock()
	for _, e := range epochs {
		if freed >= want {
			break
		}
		var rows []row
		got := int64(0)
		hidden := s.hiddenOf(e, lane)
		err := s.disk.index(span{recordID(e.ord, lane, 1), recordID(e.ord, lane, maxSeq)}, func(r row) bool {
			if _, _, seq := split(r.id); !hidden.has(seq) {
				rows, got = append(rows, r), got+r.size
			}
			return freed+got < want
		})
		if err != nil { // what cannot be read cannot be chosen; what is in memory still can
			rows = nil
		}
		s.mu.Lock()
		for _, en := range e.lanes[lane].pending {
			if freed+got >= want {
				break
			}
			size := int64(len(en.Body))
			rows, got = append(rows, row{id: recordID(e.ord, lane, en.Seq), at: en.CapturedUs, size: size}), got+size
		}
		s.drop(e, lane, rows, "full")
		s.noteCapped(lane, rows)
		s.mu.Unlock()
		freed += got
	}
	return freed
}

func (s *book) hiddenOf(e *epochState, lane pb.Lane) ranges {
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.lanes[lane].gone.with(e.lanes[lane].dropped)
}

// drop declares rows lost, neighbours in one gap record. mu is held; nothing else deletes meanwhile, as io is held too.
func (s *book) drop(e *epochState, lane pb.Lane, rows []row, why string) {
	var x loss
	for i, r := range rows {
		_, _, seq := split(r.id)
		if i == 0 || seq != x.To+1 {
			if i > 0 {
				s.declare(x)
			}
			x = loss{e: e, lane: lane, Range: wire.Range{From: seq}, why: why, from: r.at}
		}
		x.To, x.to, x.count, x.bytes = seq, r.at, x.count+1, x.bytes+r.size
	}
	if len(rows) > 0 {
		s.declare(x)
	}
}

// noteCapped says that a lane drops, if it did.
func (s *book) noteCapped(lane pb.Lane, rows []row) {
	l := &s.current().lanes[lane]
	l.capped = l.capped || len(rows) > 0
}

// calm takes back "capped" from lanes that have room again. mu is held.
func (s *book) calm() {
	n := s.sizes()
	if s.full || n[0] > s.o.Bounds.Total-s.o.Bounds.Total/calmPart {
		return
	}
	for _, lane := range yielding {
		if b := s.bound(lane); n[lane] <= b-b/calmPart {
			for _, e := range s.epochs {
				e.lanes[lane].capped = false
			}
		}
	}
}

// makeRoom frees space on a full disk: the ballast first, and some of the least precious that is held. False when that has not
// helped. io is held.
func (s *book) makeRoom(try int) bool {
	relieved := s.disk.relieve()
	s.mu.Lock()
	s.full, s.ballast = true, time.Now()
	s.stuck = s.stuck || try >= roomTries
	stuck := s.stuck
	s.mu.Unlock()
	for _, lane := range yielding {
		if !stuck && s.shed(lane, roomStep<<try) > 0 {
			return true
		}
	}
	return relieved
}

// regain takes the ballast back some time after a disk was full.
func (s *book) regain() {
	s.mu.Lock()
	s.stuck = false
	due := s.full && time.Since(s.ballast) >= ballastEvery
	if due {
		s.ballast = time.Now()
	}
	s.mu.Unlock()
	if due && s.disk.restore() {
		s.mu.Lock()
		s.full = false
		s.calm()
		s.mu.Unlock()
	}
}

// shedMemory bounds what waits in memory while the disk refuses: the oldest of the least precious go, the urgent ones never.
// mu is held.
func (s *book) shedMemory() {
	excess := s.waiting - maxPending
	if excess <= 0 {
		return
	}
	want := int64(excess + maxPending/shedPart)
	for _, lane := range yielding {
		for _, e := range s.epochs {
			var rows []row
			for _, en := range e.lanes[lane].pending {
				if want <= 0 {
					break
				}
				size := int64(len(en.Body))
				rows, want = append(rows, row{id: recordID(e.ord, lane, en.Seq), at: en.CapturedUs, size: size}), want-size
			}
			s.drop(e, lane, rows, "full")
			s.noteCapped(lane, rows)
		}
	}
}
