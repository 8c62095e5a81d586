package dispatcher

import (
	"context"
	"slices"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	pb "lifeline120/internal/wire/proto"
)

// entry is something on its way into the store: events, an owed message, both, or neither (it then only marks a place in the order).
type entry struct {
	owed    *store.Owed
	events  []journal.Event
	env     *pb.Envelope
	ack     func()      // tells the broker, after the commit
	done    func(error) // tells whoever asked; once
	refs    []desk.Ref  // what the events touched, not recorded until this is stored
	at      time.Time   // since when it waits
	late    bool        // the store was silent for StorePatience: it went out unrecorded
	quiet   bool        // its refusal raises no alarm
	aside   bool        // and is in the spool on this machine's own disk
	outcome store.Outcome
	stored  []journal.Event // events as they stand in the journal: the appender's while a batch is with it
}

func (e *entry) tell(err error) {
	if e.done != nil {
		e.done(err)
		e.done = nil
	}
}

// pipe carries entries into the store in order, in batches of what waits. The centre's goroutine owns the queue; one goroutine
// appends. The journal has one pipe, the data lanes another, so that readings and waves never stand before a decision.
type pipe struct {
	queue  []*entry
	flying []*entry
	work   chan []*entry
	done   chan pipeResult
	pause  time.Duration // before the next try, after an error
	again  time.Time     // when the flying batch is tried again; zero when it is in the store's hands
	// The appender's own while a batch is with it.
	after  uint64 // newest durable event
	unsure bool   // the last try failed
}

type pipeResult struct {
	batch []*entry
	err   error
}

func newPipe() *pipe { return &pipe{work: make(chan []*entry, 1), done: make(chan pipeResult, 1)} }

// waiting is how many entries the store has not taken.
func (p *pipe) waiting() int { return len(p.queue) + len(p.flying) }

// oldest is the entry that waits longest.
func (p *pipe) oldest() *entry {
	switch {
	case len(p.flying) > 0:
		return p.flying[0]
	case len(p.queue) > 0:
		return p.queue[0]
	}
	return nil
}

// each calls f for everything that waits, in order.
func (p *pipe) each(f func(*entry)) {
	for _, e := range p.flying {
		f(e)
	}
	for _, e := range p.queue {
		f(e)
	}
}

// start gives the next batch to the appender when it is idle, or tries a failed one again.
func (p *pipe) start(now time.Time) {
	switch {
	case len(p.flying) > 0 && !p.again.IsZero() && !p.again.After(now):
		p.again = time.Time{}
		p.work <- p.flying
	case len(p.flying) == 0 && len(p.queue) > 0:
		n := min(len(p.queue), batchEntries)
		p.flying, p.queue = slices.Clone(p.queue[:n]), slices.Delete(p.queue, 0, n)
		p.work <- p.flying
	}
}

// append is the appender's goroutine: it ends when work is closed.
func (p *pipe) append(ctx context.Context, s store.Store) {
	for batch := range p.work {
		p.done <- pipeResult{batch, p.store(ctx, s, batch)}
	}
}

// store appends of a batch what does not stand yet, each message and what follows from it as two entries of one transaction: a message whose
// bytes stand already changes nothing in the store, and what follows from it must not come behind what was decided later, or the journal
// would not fold. What an earlier try is found to have stored is kept with each entry, not with the
// try: a store that fails again after it was asked must not have the same events twice.
func (p *pipe) store(ctx context.Context, s store.Store, batch []*entry) error {
	if p.unsure { // an earlier try failed, and its commit may stand all the same
		if err := p.settle(ctx, s, batch); err != nil {
			return err
		}
	}
	var entries []store.Entry
	var of []*entry
	for _, e := range batch {
		left := e.events[len(e.stored):]
		if e.owed != nil { // even when its events stand: what became of it?
			entries, of = append(entries, store.Entry{Owed: e.owed}), append(of, e)
		}
		if len(left) > 0 {
			entries, of = append(entries, store.Entry{Events: left}), append(of, e)
		}
	}
	if len(entries) > 0 {
		results, err := s.Append(ctx, entries)
		if err != nil {
			p.unsure = true
			return err
		}
		for i, r := range results {
			if entries[i].Owed != nil {
				of[i].outcome = r.Outcome
			}
			of[i].stored = append(of[i].stored, r.Events...)
			for _, ev := range r.Events {
				p.after = ev.Seq
			}
		}
	}
	p.unsure = false
	return nil
}

// settle finds what an earlier try of this batch has stored: this pipe is the journal's only writer, so events that are new in the
// journal are the batch's, in its order.
func (p *pipe) settle(ctx context.Context, s store.Store, batch []*entry) error {
	for at := 0; ; {
		page, err := s.Read(ctx, p.after, readPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, ev := range page {
			p.after = ev.Seq
			for ; at < len(batch); at++ {
				if e := batch[at]; len(e.stored) < len(e.events) && sameEvent(e.events[len(e.stored)], ev) {
					e.stored = append(e.stored, ev)
					break
				}
			}
		}
	}
}

// sameEvent compares what the centre decides of an event; sequence and hash are the store's.
func sameEvent(a, b journal.Event) bool {
	return a.Type == b.Type && a.Stream == b.Stream && a.Actor == b.Actor && string(a.Body) == string(b.Body) &&
		a.At.UTC().Truncate(time.Microsecond).Equal(b.At)
}
