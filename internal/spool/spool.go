// Package spool is what the vehicle owes the centre, kept on disk until the dispatcher says that it is stored (DLV-001). Four
// lanes, each with its own sequence without holes; one epoch a spool. Open gives the SQLite member, NewMem the in-memory one with
// the same crash behaviour for the seeded town; both pass spooltest.
package spool

import (
	"context"
	"errors"
	"time"

	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Bounds are the limits of the configuration, in bytes of bodies. What happens there: the oldest of the least precious lane is
// dropped (waves, then positions, then photos, then readings) and an owed gap record in the urgent lane stands for it; the urgent lane is
// never refused (DLV-007).
type Bounds struct {
	Total    int64
	Wave     int64
	Reading  int64
	Position int64
	Photo    int64
}

// Spool keeps what is owed. Safe for concurrent use.
type Spool interface {
	// Epoch is the current epoch; what Put adds belongs to it. Records of older epochs may still be held (NewEpoch).
	Epoch() wire.Epoch
	// Put adds items and gives each its sequence. Urgent items are durable when Put returns, together with keep, in one commit.
	// Items of the other lanes are numbered at once and committed within CommitEvery (or by Flush); a crash before that leaves
	// a hole, which the next Open turns into an owed gap record, never into a number used twice.
	Put(ctx context.Context, items []wire.Item, keep map[string][]byte) ([]wire.Record, error)
	// Flush commits everything numbered so far.
	Flush(ctx context.Context) error
	// Next gives up to limit records (and about maxBytes; 0 is no bound) of one lane and epoch with sequence > after, oldest first;
	// walk the older epochs (Epochs) before the current one. It gives what is committed and what is numbered and waits for its
	// commit: after a crash the latter is declared lost and its numbers are not used again, so no identity ever has two bodies.
	// An epoch that is not known gives nothing.
	Next(ctx context.Context, lane pb.Lane, epoch wire.Epoch, after uint64, limit int, maxBytes int) ([]wire.Record, error)
	// Epochs lists the epochs that still hold records, oldest first; the current one is always last.
	Epochs() []wire.Epoch
	// Stored deletes, on the dispatcher's word, everything of the lane up to upTo and in the ranges beyond. lost is the lowest
	// range that was deleted on an earlier word and that this one does not cover (a restored store): the centre no longer has
	// it. It is told again with every word until one covers it; nil when there is none.
	Stored(ctx context.Context, epoch wire.Epoch, lane pb.Lane, upTo uint64, beyond []wire.Range) (lost *wire.Range, err error)
	// NewEpoch begins a new epoch; what is still owed stays owed under its old identity, and sequences restart at 1.
	NewEpoch(ctx context.Context) (wire.Epoch, error)
	// Depths tells what each lane holds, all epochs together.
	Depths() []wire.Depth
	// Kept reads small values that Put stored beside records (missions, bindings, store id); nil when there is none.
	Kept(key string) ([]byte, error)
	// Faults says what Open found and mended: a torn tail, a damaged file set aside. For the screen and the log.
	Faults() []string
	Close() error
}

// CommitEvery is how long items of the lanes reading, position and wave may wait for their commit: one commit a second keeps
// the disk's life (measured: single commits write 24 times their payload, batched ones 2.4 times), and a power cut loses at most this much, declared by a gap record.
const CommitEvery = time.Second

// ErrClosed: the spool is closed.
var ErrClosed = errors.New("spool: closed")
