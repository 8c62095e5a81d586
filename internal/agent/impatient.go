package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"lifeline120/internal/spool"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// errStalled: the disk has not answered for stallAfter. Nothing waits for it any more until it does.
var errStalled = errors.New("the disk does not answer")

// impatient is a spool whose disk may hang: a card that dies slowly answers neither yes nor no. Every call waits stallAfter at most. What
// is put meanwhile is held in a spool in memory, whose epoch is its own, so that it can be sent at once and no number is ever used twice
// (DLV-002). When the disk answers again, what the centre has not stored by then is put on it. An act may then reach the centre under
// two identities: acts are named by their own ids, and are one.
type impatient struct {
	spool.Spool

	mu      sync.Mutex // guards what follows and is never held across the disk
	held    spool.Spool
	keep    map[string][]byte
	stalled bool
	depths  []wire.Depth  // as they were last known
	late    []wire.Record // on disk now, and not yet told to the sender
	back    sync.WaitGroup
}

// Impatient bounds how long anything waits for a spool.
func Impatient(s spool.Spool) (spool.Spool, error) {
	held, err := spool.NewMem(&spool.MemDisk{}, spool.Options{Bounds: heldBounds})
	if err != nil {
		return nil, fmt.Errorf("hold what a disk does not take: %w", err)
	}
	return &impatient{Spool: s, held: held, keep: map[string][]byte{}}, nil
}

// ask waits for f, for as long as a disk may take; late gets what comes after that.
func ask[T any](s *impatient, f func() (T, error), late func(T)) (T, error) {
	var none T
	s.mu.Lock()
	stalled := s.stalled
	s.mu.Unlock()
	if stalled {
		return none, errStalled
	}
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() { v, err := f(); done <- result{v, err} }()
	wait := time.NewTimer(stallAfter)
	defer wait.Stop()
	select {
	case r := <-done:
		return r.v, r.err
	case <-wait.C:
	}
	s.mu.Lock()
	s.stalled = true
	s.mu.Unlock()
	s.back.Go(func() {
		r := <-done
		if late != nil {
			late(r.v)
		}
		s.settle()
	})
	return none, errStalled
}

// settle puts on the disk what was held, until nothing is.
func (s *impatient) settle() {
	for {
		s.mu.Lock()
		keep := s.keep
		s.keep = map[string][]byte{}
		recs := s.some()
		s.stalled = len(recs) > 0 || len(keep) > 0
		over := !s.stalled
		s.mu.Unlock()
		if over {
			return
		}
		items := make([]wire.Item, len(recs))
		for i, r := range recs {
			items[i] = r.Item
		}
		put, err := s.Spool.Put(context.Background(), items, keep)
		if errors.Is(err, spool.ErrClosed) {
			return
		}
		s.mu.Lock()
		s.late = append(s.late, put...) // a disk that refuses holds them itself (ErrNotDurable)
		for _, r := range recs {
			_, _ = s.held.Stored(context.Background(), r.Epoch, r.Lane, r.Seq, nil) // memory does not fail
		}
		s.mu.Unlock()
	}
}

// some gives records that are held, oldest first; of one lane and epoch.
func (s *impatient) some() []wire.Record {
	for _, e := range s.held.Epochs() {
		for _, lane := range wire.Lanes {
			if recs, err := s.held.Next(context.Background(), lane, e, 0, recallPage, maxRecallBytes); err == nil && len(recs) > 0 {
				return recs
			}
		}
	}
	return nil
}

// holds says whether an epoch is that of what is held.
func (s *impatient) holds(e wire.Epoch) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.held.Epochs() {
		if x == e {
			return true
		}
	}
	return false
}

// Put implements spool.Spool.
func (s *impatient) Put(ctx context.Context, items []wire.Item, keep map[string][]byte) ([]wire.Record, error) {
	recs, err := ask(s, func() ([]wire.Record, error) { return s.Spool.Put(ctx, items, keep) }, func(recs []wire.Record) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.late = append(s.late, recs...)
	})
	if !errors.Is(err, errStalled) {
		return recs, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.keep, keep)
	if len(items) == 0 {
		return nil, fmt.Errorf("%w: %w", spool.ErrNotDurable, err)
	}
	if recs, e := s.held.Put(ctx, items, nil); e != nil {
		return recs, e
	} else {
		return recs, fmt.Errorf("%w: %w", spool.ErrNotDurable, err)
	}
}

// Late gives what has come onto the disk since the last call without anybody having been told.
func (s *impatient) Late() []wire.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	recs := s.late
	s.late = nil
	return recs
}

// Epochs implements spool.Spool: what is held comes first, so that the current epoch is the disk's.
func (s *impatient) Epochs() []wire.Epoch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []wire.Epoch
	if s.some() != nil {
		out = s.held.Epochs()
	}
	return append(out, s.Spool.Epochs()...)
}

// Next implements spool.Spool.
func (s *impatient) Next(ctx context.Context, lane pb.Lane, e wire.Epoch, after uint64, limit, maxBytes int) ([]wire.Record, error) {
	if s.holds(e) {
		return s.held.Next(ctx, lane, e, after, limit, maxBytes)
	}
	return ask(s, func() ([]wire.Record, error) { return s.Spool.Next(ctx, lane, e, after, limit, maxBytes) }, nil)
}

// Stored implements spool.Spool.
func (s *impatient) Stored(ctx context.Context, e wire.Epoch, lane pb.Lane, upTo uint64, beyond []wire.Range) (*wire.Range, error) {
	if s.holds(e) {
		return s.held.Stored(ctx, e, lane, upTo, beyond)
	}
	return ask(s, func() (*wire.Range, error) { return s.Spool.Stored(ctx, e, lane, upTo, beyond) }, nil)
}

// NewEpoch implements spool.Spool.
func (s *impatient) NewEpoch(ctx context.Context) (wire.Epoch, error) {
	return ask(s, func() (wire.Epoch, error) { return s.Spool.NewEpoch(ctx) }, nil)
}

// Flush implements spool.Spool.
func (s *impatient) Flush(ctx context.Context) error {
	_, err := ask(s, func() (struct{}, error) { return struct{}{}, s.Spool.Flush(ctx) }, nil)
	return err
}

// Depths implements spool.Spool: while the disk does not answer, as they were before and what is held.
func (s *impatient) Depths() []wire.Depth {
	if ds, err := ask(s, func() ([]wire.Depth, error) { return s.Spool.Depths(), nil }, nil); err == nil {
		s.mu.Lock()
		s.depths = ds
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := append([]wire.Depth(nil), s.depths...)
	held := s.held.Depths()
	for i := range out {
		for _, h := range held {
			if h.Lane == out[i].Lane {
				out[i].Count, out[i].Bytes = out[i].Count+h.Count, out[i].Bytes+h.Bytes
			}
		}
	}
	return out
}

// Close implements spool.Spool. A disk that does not answer is not waited for.
func (s *impatient) Close() error {
	_, err := ask(s, func() (struct{}, error) { return struct{}{}, s.Spool.Close() }, nil)
	return err
}
