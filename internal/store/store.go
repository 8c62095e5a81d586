// Package store keeps what the centre must not lose: the journal with its chain, what vehicles owed (the same rows are the chunks
// of readings, positions and waves), documents and snapshots. One SQL implementation with a dialect for SQLite and PostgreSQL
// (Open), an in-memory member (store/mem); all pass store/storetest.
package store

import (
	"context"
	"errors"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Owed is one message of a vehicle, under its identity (unit, epoch, lane, sequence).
type Owed struct {
	Unit     ems.UnitID
	Record   wire.Record
	Digest   [32]byte  // over the identity's bytes (wire.Digest)
	Received time.Time // server clock, UTC
	// ServerUs is the captured time on the server's clock: captured minus the agent's measured offset (TIM-001), µs.
	ServerUs int64
	// Fills are ranges of other lanes that this record stands for: it is a gap record (DLV-007).
	Fills []Fill
}

// Fill is a range that will never come.
type Fill struct {
	Epoch wire.Epoch
	Lane  pb.Lane
	wire.Range
}

// Entry is what is stored together or not at all: events, and the owed message that they follow from, if any. When the message
// turns out to be stored already its events are not appended again (DLV-002).
type Entry struct {
	Owed   *Owed
	Events []journal.Event // Seq and Hash are the store's to fill
}

// Outcome is what became of one entry.
type Outcome uint8

// Outcomes.
const (
	Stored    Outcome = iota + 1 // durable now
	Duplicate                    // the same bytes were stored before: nothing changed
	Conflict                     // other bytes stand under this identity; these are kept beside them (DLV-002)
)

// Result is the outcome of one entry, with its events as they stand in the journal.
type Result struct {
	Outcome Outcome
	Events  []journal.Event
}

// Lane is what is stored of one lane of one epoch of one unit.
type Lane struct {
	Unit  ems.UnitID
	Epoch wire.Epoch
	Lane  pb.Lane
	Set   wire.RangeSet
	Since time.Time // when the first of it was stored
}

// OwedQuery asks for stored messages of a unit in the order of (ServerUs, epoch, sequence).
type OwedQuery struct {
	Unit   ems.UnitID
	Lane   pb.Lane
	FromUs int64 // inclusive, ServerUs
	ToUs   int64 // exclusive; 0 = no end
	Limit  int   // at most MaxRead
}

// Store is safe for concurrent use. Every write is durable when it returns without an error (DLV-006).
type Store interface {
	// ID names this store: random at its creation. Units that meet an unknown one send all they still hold.
	ID() string
	// Demo says that the store was created as a demo: all in it is simulated, for good (SCR-003).
	Demo() bool
	// Term gives the next term: a number that grows with each leader, so that feeds can number (term, sequence).
	Term(ctx context.Context) (uint64, error)
	// Append stores entries in order, in one transaction; concurrent calls share a commit. On an error nothing is stored, save for
	// ErrUncertain. It waits out a lost database until ctx ends (DLV-006): give it a long ctx and watch the clock beside it.
	Append(ctx context.Context, entries []Entry) ([]Result, error)
	// Read gives up to limit events with Seq > after, in order.
	Read(ctx context.Context, after uint64, limit int) ([]journal.Event, error)
	// Last is the newest sequence and its hash; 0 when the journal is empty.
	Last(ctx context.Context) (uint64, [32]byte, error)
	// Lanes tells what is stored of every lane.
	Lanes(ctx context.Context) ([]Lane, error)
	// Owed reads stored messages.
	Owed(ctx context.Context, q OwedQuery) ([]Owed, error)
	// Conflicts reads the messages that were kept beside others of the same identity, newest first.
	Conflicts(ctx context.Context, limit int) ([]Owed, error)
	// PutDoc keeps a document under kind and id, replacing an older one; Doc reads it (ErrNotFound); Docs reads all of a kind by id.
	PutDoc(ctx context.Context, kind, id string, body []byte) error
	Doc(ctx context.Context, kind, id string) ([]byte, error)
	Docs(ctx context.Context, kind string) (map[string][]byte, error)
	// PutSnapshot keeps the newest snapshot of a fold, with the fold's version and the sequence it stands at; Snapshot reads it
	// (ErrNotFound when there is none or its version differs: EVO-001).
	PutSnapshot(ctx context.Context, fold string, version int, seq uint64, body []byte) error
	Snapshot(ctx context.Context, fold string, version int) (seq uint64, body []byte, err error)
	// Ping says whether the store answers a durable write.
	Ping(ctx context.Context) error
	Close() error
}

// Errors.
var (
	ErrNotFound = errors.New("store: not found")
	ErrClosed   = errors.New("store: closed")
)
