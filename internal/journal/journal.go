// Package journal is the shape of what must not be lost: events in one order, each carrying the hash of the one before
// (ACC-002). The store keeps them, the desk folds them; this package only knows how they look and how the chain is computed.
package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// Event is one decision or fact. Types are added, never changed (EVO-001).
type Event struct {
	Seq    uint64          `json:"seq"` // 1, 2, 3, ... without holes
	At     time.Time       `json:"at"`  // server time, UTC, microseconds
	Actor  string          `json:"actor"`
	Stream string          `json:"stream"` // "alarm/<id>", "mission/<id>", ...
	Type   string          `json:"type"`   // "alarm.raised", ...
	Body   json.RawMessage `json:"body"`
	Hash   [32]byte        `json:"-"` // of this event, over the hash of the one before
}

// Link computes the hash of e after an event whose hash is prev: SHA-256 over prev, seq, time in microseconds, and the
// length-prefixed actor, stream, type and body.
func Link(prev [32]byte, e Event) [32]byte {
	h := sha256.New()
	h.Write(prev[:])
	var n [8]byte
	num := func(v uint64) { binary.BigEndian.PutUint64(n[:], v); h.Write(n[:]) }
	num(e.Seq)
	num(uint64(e.At.UnixMicro()))
	for _, s := range [][]byte{[]byte(e.Actor), []byte(e.Stream), []byte(e.Type), e.Body} {
		num(uint64(len(s)))
		h.Write(s)
	}
	return [32]byte(h.Sum(nil))
}

// Check verifies e after prev and says what is wrong: a hole in the order or a changed byte.
func Check(prevSeq uint64, prev [32]byte, e Event) error {
	if e.Seq <= prevSeq {
		return fmt.Errorf("check journal: event %d follows %d; the order was changed", e.Seq, prevSeq)
	}
	if e.Seq != prevSeq+1 {
		return fmt.Errorf("check journal: event %d follows %d; %d events are missing", e.Seq, prevSeq, e.Seq-prevSeq-1)
	}
	if Link(prev, e) != e.Hash {
		return fmt.Errorf("check journal: event %d (%s, %s) was changed after it was written", e.Seq, e.Type, e.At.Format(time.RFC3339))
	}
	return nil
}
