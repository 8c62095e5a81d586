package spool

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"

	"google.golang.org/protobuf/proto"

	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// row is all that a disk knows: an ordered number, the captured time and length of the body for counting without reading, and
// sealed bytes. A record, a kept value and the head are each one row, so that whatever page of a broken file can still be read
// yields whole, checked pieces.
type row struct {
	id, at, size int64
	blob         []byte // CRC-32C of id, at, size and payload; then the payload
}

// span is an inclusive range of ids.
type span struct{ from, to int64 }

// The id of a record: ordinal of its epoch, lane, sequence. Rows of ordinal 0 are the spool's own.
const (
	laneBit         = 45
	epochBit        = 48
	maxSeq   uint64 = 1<<laneBit - 1
	headID   int64  = 1
	keepID   int64  = 1 << 44 // and up: kept values
	lastID   int64  = 1<<63 - 1
)

func recordID(ord int64, lane pb.Lane, seq uint64) int64 {
	return ord<<epochBit | int64(lane)<<laneBit | int64(seq)
}

// split is the inverse of recordID.
func split(id int64) (ord int64, lane pb.Lane, seq uint64) {
	return id >> epochBit, pb.Lane(id >> laneBit & 7), uint64(id) & maxSeq
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(id, at, size int64, payload []byte) uint32 {
	var b [24]byte
	binary.LittleEndian.PutUint64(b[:], uint64(id))
	binary.LittleEndian.PutUint64(b[8:], uint64(at))
	binary.LittleEndian.PutUint64(b[16:], uint64(size))
	return crc32.Update(crc32.Checksum(b[:], castagnoli), castagnoli, payload)
}

// seal makes a row. payload has four free bytes in front for the checksum.
func seal(id, at, size int64, blob []byte) row {
	binary.LittleEndian.PutUint32(blob, checksum(id, at, size, blob[4:]))
	return row{id, at, size, blob}
}

// payload is what was sealed; ok is false when one bit of the row is not as it was.
func (r row) payload() (b []byte, ok bool) {
	if len(r.blob) < 4 || binary.LittleEndian.Uint32(r.blob) != checksum(r.id, r.at, r.size, r.blob[4:]) {
		return nil, false
	}
	return r.blob[4:], true
}

// recordRow seals a record with its whole identity.
func recordRow(ord int64, r wire.Record) (row, error) {
	blob, err := proto.MarshalOptions{}.MarshalAppend(make([]byte, 4, 96+len(r.Body)), wire.Seal("", r, wire.Sending{}))
	if err != nil {
		return row{}, fmt.Errorf("seal record: %w", err)
	}
	return seal(recordID(ord, r.Lane, r.Seq), r.CapturedUs, int64(len(r.Body)), blob), nil
}

// record opens a row; false when it is damaged or is no record.
func (r row) record() (rec wire.Record, ok bool) {
	b, ok := r.payload()
	if !ok {
		return rec, false
	}
	var env pb.Envelope
	if proto.Unmarshal(b, &env) != nil || len(env.Epoch) != len(wire.Epoch{}) {
		return rec, false
	}
	rec = wire.RecordOf(&env)
	ord, lane, seq := split(r.id)
	return rec, ord > 0 && rec.Lane == lane && rec.Seq == seq && lane >= pb.Lane_LANE_URGENT && int(lane) < wire.LaneCount
}

// kept is one small value.
type kept struct {
	ID    int64  `json:"-"`
	Key   string `json:"key"`
	Rev   uint64 `json:"rev"`   // counts its changes
	Value []byte `json:"value"` // nil: there is none
}

func (k kept) row() (row, error) {
	b, err := json.Marshal(k)
	if err != nil {
		return row{}, fmt.Errorf("seal kept value %s: %w", k.Key, err)
	}
	return seal(k.ID, 0, int64(len(k.Value)), append(make([]byte, 4), b...)), nil
}

func (r row) kept() (k kept, ok bool) {
	b, ok := r.payload()
	if !ok || r.id < keepID || r.id >= 1<<laneBit || json.Unmarshal(b, &k) != nil {
		return kept{}, false
	}
	k.ID = r.id
	return k, true
}

// head is the books: one row, written with every commit.
type head struct {
	Counter uint64      `json:"counter"` // of commits
	Keep    uint32      `json:"keep"`    // stands for the revisions of all kept values
	Epochs  []headEpoch `json:"epochs"`  // oldest first, the current one last
}

type headEpoch struct {
	Ordinal int64      `json:"ordinal"`
	ID      []byte     `json:"id"`
	Lanes   []headLane `json:"lanes"`
}

type headLane struct {
	Lane     pb.Lane      `json:"lane"`
	Next     uint64       `json:"next"`              // the number that the next record gets
	Reserved uint64       `json:"reserved"`          // numbers up to here may have been handed out
	Gone     []wire.Range `json:"gone,omitempty"`    // deleted on the dispatcher's word
	Dropped  []wire.Range `json:"dropped,omitempty"` // will never come: a gap record stands for each
}

func (h head) row() (row, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return row{}, fmt.Errorf("seal the books: %w", err)
	}
	return seal(headID, 0, 0, append(make([]byte, 4), b...)), nil
}

// head opens the books; false when they are damaged or make no sense.
func (r row) head() (h head, ok bool) {
	b, ok := r.payload()
	if !ok || r.id != headID || json.Unmarshal(b, &h) != nil {
		return head{}, false
	}
	last := int64(0)
	for _, e := range h.Epochs {
		if e.Ordinal <= last || e.Ordinal > maxOrdinals || len(e.ID) != len(wire.Epoch{}) {
			return head{}, false
		}
		last = e.Ordinal
		for _, l := range e.Lanes {
			if l.Lane < pb.Lane_LANE_URGENT || int(l.Lane) >= wire.LaneCount || l.Next == 0 || l.Next > maxSeq || l.Reserved > maxSeq ||
				!orderly(l.Gone) || !orderly(l.Dropped) {
				return head{}, false
			}
		}
	}
	return h, true
}

func orderly(s ranges) bool {
	last := uint64(0)
	return !slices.ContainsFunc(s, func(r wire.Range) bool {
		bad := r.From <= last || r.To < r.From || r.To > maxSeq
		last = r.To
		return bad
	})
}
