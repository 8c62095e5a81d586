package dispatcher

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"lifeline120/internal/alarm"
	"lifeline120/internal/desk"
	"lifeline120/internal/journal"
	"lifeline120/internal/store"
)

// Files beside the spool, for a technician.
const (
	rejectedFile = ".rejected" // entries that cannot be brought in, each with its reason
	damagedFile  = ".damaged"  // lines that do not check
)

// recover brings into the journal what an earlier run had set aside (DLV-006). The journal is for good, and a start that cannot fold it
// ends there: each entry is folded on trial before it is appended, and one that does not fold is kept beside and alarmed.
func (c *Centre) recover(ctx context.Context, s spooled) error {
	if len(s.torn) > 0 {
		c.log.Warn("the end of the spool of unrecorded entries was torn and is dropped", "bytes", len(s.torn))
	}
	if err := c.dropStanding(ctx, s.left); err != nil {
		return err
	}
	var rejected []asideEntry
	for left := range slices.Chunk(s.left, batchEntries) {
		more, err := c.bringIn(ctx, left)
		if err != nil {
			return err
		}
		rejected = append(rejected, more...)
	}
	if len(s.left) > 0 {
		c.log.Info("brought in what was not recorded", "entries", len(s.left)-len(rejected))
	}
	return c.setBeside(ctx, rejected, s.damaged)
}

// dropStanding leaves of each entry what the journal does not have: a run that was killed may have set aside what the store had taken
// after all. The journal is read once, from the oldest of them on.
func (c *Centre) dropStanding(ctx context.Context, left []asideEntry) error {
	type place struct{ entry, event int }
	wanted, after := map[[32]byte][]place{}, uint64(math.MaxUint64)
	for i, e := range left {
		after = min(after, e.After)
		for j, ev := range e.Events {
			k := sameKey(ev)
			wanted[k] = append(wanted[k], place{i, j})
		}
	}
	stands := map[place]bool{}
	for len(wanted) > 0 {
		page, err := c.cfg.Store.Read(ctx, after, readPage)
		if err != nil {
			return fmt.Errorf("read journal: %w", err)
		}
		if len(page) == 0 {
			break
		}
		for _, ev := range page {
			after = ev.Seq
			k := sameKey(ev)
			if i := slices.IndexFunc(wanted[k], func(p place) bool { return left[p.entry].After < ev.Seq }); i >= 0 {
				stands[wanted[k][i]] = true
				wanted[k] = slices.Delete(wanted[k], i, i+1)
			}
		}
	}
	for i := range left {
		var events []journal.Event
		for j, ev := range left[i].Events {
			if !stands[place{i, j}] {
				events = append(events, ev)
			}
		}
		left[i].Events = events
	}
	return nil
}

// sameKey is equal for events that sameEvent calls the same.
func sameKey(e journal.Event) [32]byte {
	e.Seq = 0
	return journal.Link([32]byte{}, e)
}

// bringIn folds and appends entries, and gives those that cannot be.
func (c *Centre) bringIn(ctx context.Context, left []asideEntry) (rejected []asideEntry, err error) {
	good, rejected, err := c.foldable(ctx, left)
	if err != nil || len(good) == 0 {
		return rejected, err
	}
	var entries []store.Entry
	for _, e := range good { // apart, in one commit: the events go in whether the message was known or not
		if e.Owed != nil {
			entries = append(entries, store.Entry{Owed: e.Owed})
		}
		if len(e.Events) > 0 {
			entries = append(entries, store.Entry{Events: e.Events})
		}
	}
	if len(entries) == 0 {
		return rejected, nil
	}
	results, err := c.cfg.Store.Append(ctx, entries)
	if errors.Is(err, store.ErrRefused) {
		more, err := c.bringInHalves(ctx, good, err)
		return append(rejected, more...), err
	}
	if err != nil {
		return nil, err
	}
	return rejected, c.confirm(results)
}

// bringInHalves finds, of entries that the store refused together, the one that it can never take.
func (c *Centre) bringInHalves(ctx context.Context, left []asideEntry, why error) (rejected []asideEntry, err error) {
	if err := c.foldAnew(ctx, nil); err != nil { // without what was folded in on trial
		return nil, err
	}
	if len(left) == 1 {
		return []asideEntry{left[0].because(why)}, nil
	}
	for half := range slices.Chunk(left, (len(left)+1)/2) {
		more, err := c.bringIn(ctx, half)
		if err != nil {
			return nil, err
		}
		rejected = append(rejected, more...)
	}
	return rejected, nil
}

// foldable folds entries in, as events that are not stored, and parts those that do not fold.
func (c *Centre) foldable(ctx context.Context, left []asideEntry) (good, rejected []asideEntry, err error) {
	folded := 0 // events of good
	for _, e := range left {
		c.state.Touched()
		why := c.foldAll(e)
		switch {
		case why == nil:
			good, folded = append(good, e), folded+len(e.Events)
			continue
		case errors.Is(why, desk.ErrUnknownEvent): // never skipped (EVO-001)
			return nil, nil, fmt.Errorf("%w; a newer program wrote it: use that one", why)
		}
		rejected = append(rejected, e.because(why))
		if len(c.state.Touched()) == 0 && len(c.state.Pending()) == folded {
			continue // it has changed nothing
		}
		if err := c.foldAnew(ctx, good); err != nil {
			return nil, nil, err
		}
	}
	return good, rejected, nil
}

// foldAnew makes the state without what was folded in by half.
func (c *Centre) foldAnew(ctx context.Context, good []asideEntry) (err error) {
	if c.state, err = c.readState(ctx); err != nil {
		return err
	}
	for _, e := range good {
		if err := c.foldAll(e); err != nil {
			return fmt.Errorf("fold again: %w", err)
		}
	}
	return nil
}

func (c *Centre) foldAll(e asideEntry) error {
	for _, ev := range e.Events {
		ev.Seq = 0
		if err := c.state.Apply(ev); err != nil {
			return err
		}
	}
	return nil
}

func (e asideEntry) because(why error) asideEntry {
	e.Why = why.Error()
	return e
}

// confirm folds in, as recorded, what was folded in before it was appended.
func (c *Centre) confirm(results []store.Result) error {
	for _, r := range results {
		for _, ev := range r.Events {
			if err := c.state.Apply(ev); err != nil {
				return err
			}
		}
	}
	return nil
}

// setBeside keeps, durably, what cannot be brought in, and has it alarmed.
func (c *Centre) setBeside(ctx context.Context, rejected []asideEntry, damaged [][]byte) error {
	var lines []byte
	for _, e := range rejected {
		c.log.Error("an entry that was set aside cannot be brought in", "err", e.Why)
		line, err := asideLine(e)
		if err != nil {
			return fmt.Errorf("keep what cannot be brought in: %w", err)
		}
		lines = append(lines, line...)
	}
	if len(damaged) > 0 {
		c.log.Error("the spool of unrecorded entries was damaged", "places", len(damaged))
	}
	var cmds []desk.Command
	for _, f := range []struct {
		ending string
		code   alarm.Code
		bytes  []byte
		n      int
	}{{rejectedFile, alarm.EntryRefused, lines, len(rejected)}, {damagedFile, alarm.EntryDamaged, slices.Concat(damaged...), len(damaged)}} {
		if f.n == 0 {
			continue
		}
		path := c.cfg.AsideFile + f.ending
		if err := keepBeside(path, f.bytes); err != nil {
			return fmt.Errorf("keep what cannot be brought in: %w", err)
		}
		name := filepath.Base(path)
		cmds = append(cmds, desk.RaiseTech{Code: string(f.code), About: name, Text: fmt.Sprintf("%s: %d", name, f.n), Simulated: c.cfg.Store.Demo()})
	}
	return c.record(ctx, cmds)
}
