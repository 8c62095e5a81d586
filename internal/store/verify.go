package store

import (
	"context"
	"fmt"

	"lifeline120/internal/journal"
)

// VerifyReport is what Verify found good.
type VerifyReport struct {
	Events uint64   `json:"events"` // whose chain holds, from the first on
	Hash   [32]byte `json:"-"`      // of the last of them
}

// Verify walks the whole journal, checks that each event carries on from the one before, and that the last is the one which the
// store's own head names (ACC-002). The error says the first thing that is wrong and wraps ErrDamaged; progress, if not nil, is
// told the number of good events now and then. A dispatcher may go on writing meanwhile.
func Verify(ctx context.Context, s Store, progress func(done uint64)) (VerifyReport, error) {
	var r VerifyReport
	for {
		page, err := s.Read(ctx, r.Events, MaxRead)
		if err != nil {
			return r, fmt.Errorf("verify: %w", err)
		}
		for _, e := range page {
			if err := journal.Check(r.Events, r.Hash, e); err != nil {
				return r, fmt.Errorf("verify: %w: %w", ErrDamaged, err)
			}
			r.Events, r.Hash = e.Seq, e.Hash
		}
		if progress != nil {
			progress(r.Events)
		}
		if len(page) == MaxRead {
			continue
		}
		done, err := verifyEnd(ctx, s, r)
		if done || err != nil {
			return r, err
		}
	}
}

// verifyEnd compares the end of the walk with the head. It is not done when events were appended since.
func verifyEnd(ctx context.Context, s Store, r VerifyReport) (done bool, err error) {
	seq, hash, err := s.Last(ctx)
	if err != nil {
		return false, fmt.Errorf("verify: %w", err)
	}
	switch {
	case seq < r.Events:
		return false, fmt.Errorf("verify: %w: event %d stands in the journal, but its head says that it ends at %d", ErrDamaged, r.Events, seq)
	case seq == r.Events && hash != r.Hash:
		return false, fmt.Errorf("verify: %w: event %d is not the one that the journal's head names; the end was rewritten", ErrDamaged, seq)
	case seq == r.Events:
		return true, nil
	}
	more, err := s.Read(ctx, r.Events, 1)
	if err != nil {
		return false, fmt.Errorf("verify: %w", err)
	}
	if len(more) == 0 {
		return false, fmt.Errorf("verify: %w: the journal ends at event %d, but its head says %d; %d events were cut off", ErrDamaged, r.Events, seq, seq-r.Events)
	}
	return false, nil
}
