// Package mem is the store without a disk: the whole contract in memory, for the seeded town and for tests. A Disk outlives the
// stores opened on it, as a real one does, and can be made slow, silent, copied and put back.
package mem

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// ErrDown is what reads answer while the disk is down.
var ErrDown = errors.New("mem: the store is down")

// Disk keeps what was stored. Safe for concurrent use.
type Disk struct {
	mu    sync.Mutex
	now   state
	open  *Store
	down  chan struct{} // closed when it is up again; nil when up
	queue int           // how many writes have waited for that
	delay time.Duration
	lose  int
}

type laneKey struct {
	unit  ems.UnitID
	epoch wire.Epoch
	lane  pb.Lane
}

type docKey struct{ kind, id string }

type snapshot struct {
	version int
	seq     uint64
	body    []byte
}

// state is all that a disk holds. What it points at is never changed, only replaced, so that a copy of the maps is a copy of all.
type state struct {
	id        string
	demo      bool
	term      uint64
	events    []journal.Event
	seq       uint64 // the head, as written with the last event
	hash      [32]byte
	owed      map[wire.Identity]store.Owed
	conflicts []store.Owed
	lanes     map[laneKey]store.Lane
	docs      map[docKey][]byte
	snapshots map[string]snapshot
}

func (s state) clone() state {
	s.events, s.conflicts = slices.Clone(s.events), slices.Clone(s.conflicts)
	s.owed, s.lanes, s.docs, s.snapshots = maps.Clone(s.owed), maps.Clone(s.lanes), maps.Clone(s.docs), maps.Clone(s.snapshots)
	return s
}

// NewDisk makes an empty disk whose store is called id.
func NewDisk(id string, demo bool) *Disk {
	return &Disk{now: state{id: id, demo: demo, owed: map[wire.Identity]store.Owed{}, lanes: map[laneKey]store.Lane{},
		docs: map[docKey][]byte{}, snapshots: map[string]snapshot{}}}
}

// Open opens the store on the disk; one at a time (store.ErrLocked), and only as what it was made as (SCR-003).
func (d *Disk) Open(demo bool) (*Store, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open != nil {
		return nil, fmt.Errorf("open store: %w", store.ErrLocked)
	}
	if demo != d.now.demo {
		return nil, fmt.Errorf("open store: %w", store.ErrOtherKind)
	}
	d.open = &Store{disk: d, id: d.now.id, demo: demo, gone: make(chan struct{})}
	return d.open, nil
}

// Crash ends the open store as a killed process does: what was answered is on the disk, and its calls answer ErrClosed.
func (d *Disk) Crash() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut()
}

func (d *Disk) shut() {
	if d.open != nil {
		close(d.open.gone)
		d.open = nil
	}
}

// SetDown makes the disk silent: writes wait until it is up again or their context ends, reads fail with ErrDown. Writes that waited go on
// one after another, in the order in which they came: in fake time a run is then the same each time.
func (d *Disk) SetDown(down bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case down && d.down == nil:
		d.down, d.queue = make(chan struct{}), 0
	case !down && d.down != nil:
		close(d.down)
		d.down = nil
	}
}

// SetDelay makes each write take as long.
func (d *Disk) SetDelay(delay time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay = delay
}

// LoseAnswers stores the next n writes and answers them with store.ErrUncertain.
func (d *Disk) LoseAnswers(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lose = n
}

// Clone is a backup: another disk with all that is stored now, and no faults.
func (d *Disk) Clone() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &Disk{now: d.now.clone()}
}

// Restore puts a backup onto the disk, under the backup's own id, or under a new one unless id is empty. The open store ends as
// in Crash: nobody restores under a running dispatcher.
func (d *Disk) Restore(backup *Disk, id string) {
	s := backup.Clone().now
	if id != "" {
		s.id = id
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut()
	d.now = s
}

// Rewrite replaces the stored events behind the store's back, as someone with a tool for the disk could.
func (d *Disk) Rewrite(events []journal.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now.events = slices.Clone(events)
}

// Store is the store.Store of a disk.
type Store struct {
	disk *Disk
	id   string
	demo bool
	gone chan struct{}
}

var _ store.Store = (*Store)(nil)

// ID is the name of the store.
func (s *Store) ID() string { return s.id }

// Demo says whether it was made as a demo.
func (s *Store) Demo() bool { return s.demo }

// Close ends the store; the disk stays.
func (s *Store) Close() error {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	if s.disk.open != s {
		return store.ErrClosed
	}
	s.disk.shut()
	return nil
}

// write runs do on a copy-free state under the lock, after the faults had their way. do must check before it changes.
func (s *Store) write(ctx context.Context, do func(*state) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d := s.disk
	d.mu.Lock()
	delay := d.delay
	d.mu.Unlock()
	if delay > 0 {
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.gone:
			return store.ErrClosed
		}
	}
	for {
		d.mu.Lock()
		if d.open != s {
			d.mu.Unlock()
			return store.ErrClosed
		}
		down := d.down
		if down == nil {
			break
		}
		turn := time.Duration(d.queue) * time.Microsecond
		d.queue++
		d.mu.Unlock()
		select {
		case <-down:
			time.Sleep(turn)
		case <-ctx.Done():
			return ctx.Err()
		case <-s.gone:
			return store.ErrClosed
		}
	}
	defer d.mu.Unlock()
	if err := do(&d.now); err != nil {
		return err
	}
	if d.lose > 0 {
		d.lose--
		return store.ErrUncertain
	}
	return nil
}

func (s *Store) read(ctx context.Context, do func(*state)) error {
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.disk.open != s:
		return store.ErrClosed
	case s.disk.down != nil:
		return ErrDown
	}
	do(&s.disk.now)
	return nil
}

// Term gives the next term.
func (s *Store) Term(ctx context.Context) (term uint64, err error) {
	err = s.write(ctx, func(now *state) error { now.term++; term = now.term; return nil })
	return term, err
}

// Ping waits for a write.
func (s *Store) Ping(ctx context.Context) error {
	return s.write(ctx, func(*state) error { return nil })
}

// Append stores entries in order, all or none.
func (s *Store) Append(ctx context.Context, entries []store.Entry) (out []store.Result, err error) {
	if err := store.Check(entries); err != nil {
		return nil, fmt.Errorf("append: %w", err)
	}
	if len(entries) == 0 {
		return nil, nil
	}
	err = s.write(ctx, func(now *state) error {
		t := turn{state: now, seq: now.seq, hash: now.hash, owed: map[wire.Identity]store.Owed{}, lanes: map[laneKey]store.Lane{}}
		for i := range entries {
			r, err := t.entry(&entries[i])
			if err != nil {
				return fmt.Errorf("%w: entry %d: %w", store.ErrRefused, i, err)
			}
			out = append(out, r)
		}
		t.keep()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("append: %w", err)
	}
	return out, nil
}

// turn is one Append before it is kept.
type turn struct {
	*state
	seq       uint64
	hash      [32]byte
	events    []journal.Event
	owed      map[wire.Identity]store.Owed
	conflicts []store.Owed
	lanes     map[laneKey]store.Lane
}

func (t *turn) keep() {
	t.state.seq, t.state.hash = t.seq, t.hash
	t.state.events = append(t.state.events, t.events...)
	t.state.conflicts = append(t.state.conflicts, t.conflicts...)
	maps.Copy(t.state.owed, t.owed)
	maps.Copy(t.state.lanes, t.lanes)
}

func (t *turn) entry(e *store.Entry) (r store.Result, err error) {
	if e.Owed != nil {
		o := tidy(*e.Owed)
		id := o.Identity()
		stands, taken := t.owed[id]
		if !taken {
			stands, taken = t.state.owed[id]
		}
		if taken && stands.Digest == o.Digest {
			return store.Result{Outcome: store.Duplicate}, nil
		}
		if taken {
			t.conflict(o)
			return store.Result{Outcome: store.Conflict}, nil
		}
		t.owed[id] = o
		fills := append([]store.Fill{{Epoch: id.Epoch, Lane: id.Lane, Range: wire.Range{From: id.Seq, To: id.Seq}}}, o.Fills...)
		for _, f := range fills {
			if err := t.fill(o, f); err != nil {
				return r, err
			}
		}
	}
	r.Outcome = store.Stored
	for _, v := range e.Events {
		v.Seq, v.At, v.Body = t.seq+1, v.At.UTC().Truncate(time.Microsecond), copied(v.Body)
		v.Hash = journal.Link(t.hash, v)
		t.seq, t.hash = v.Seq, v.Hash
		t.events = append(t.events, v)
		r.Events = append(r.Events, v)
	}
	return r, nil
}

func (t *turn) fill(o store.Owed, f store.Fill) error {
	k := laneKey{o.Unit, f.Epoch, f.Lane}
	l, ok := t.lanes[k]
	if !ok {
		if l, ok = t.state.lanes[k]; !ok {
			l = store.Lane{Unit: o.Unit, Epoch: f.Epoch, Lane: f.Lane, Since: o.Received}
		}
		l.Set = l.Set.Clone()
	}
	before := len(l.Set.Beyond)
	l.Set.Add(f.From, f.To)
	t.lanes[k] = l
	if n := len(l.Set.Beyond); n > store.MaxBeyond && n > before {
		return fmt.Errorf("lane %s of %s would have %d holes; at most %d: send in order", wire.LaneName(f.Lane), o.Unit, n, store.MaxBeyond)
	}
	return nil
}

func (t *turn) conflict(o store.Owed) {
	n := 0
	for _, c := range slices.Concat(t.state.conflicts, t.conflicts) {
		if c.Unit != o.Unit {
			continue
		}
		if n++; n >= store.MaxConflicts {
			return
		}
		if c.Record.Epoch == o.Record.Epoch && c.Record.Lane == o.Record.Lane && c.Record.Seq == o.Record.Seq && c.Digest == o.Digest {
			return
		}
	}
	t.conflicts = append(t.conflicts, o)
}

// tidy is o as a database would give it back, sharing nothing with the caller.
func tidy(o store.Owed) store.Owed {
	o.Received = o.Received.UTC().Truncate(time.Microsecond)
	o.Record.Body, o.Fills = copied(o.Record.Body), slices.Clone(o.Fills)
	if len(o.Fills) == 0 {
		o.Fills = nil
	}
	return o
}

func copied[B ~[]byte](b B) B {
	if len(b) == 0 {
		return nil
	}
	return slices.Clone(b)
}

// Read gives events after a sequence.
func (s *Store) Read(ctx context.Context, after uint64, limit int) (out []journal.Event, err error) {
	err = s.read(ctx, func(now *state) {
		for _, e := range now.events[sortedAfter(now.events, after):] {
			if len(out) == store.Page(limit) {
				return
			}
			e.Body = copied(e.Body)
			out = append(out, e)
		}
	})
	return out, err
}

func sortedAfter(events []journal.Event, after uint64) int {
	i, _ := slices.BinarySearchFunc(events, after, func(e journal.Event, v uint64) int {
		if e.Seq <= v {
			return -1
		}
		return 1
	})
	return i
}

// Last is the head of the journal.
func (s *Store) Last(ctx context.Context) (seq uint64, hash [32]byte, err error) {
	err = s.read(ctx, func(now *state) { seq, hash = now.seq, now.hash })
	return seq, hash, err
}

// Lanes tells what is stored of every lane.
func (s *Store) Lanes(ctx context.Context) (out []store.Lane, err error) {
	err = s.read(ctx, func(now *state) {
		for _, l := range now.lanes {
			l.Set = l.Set.Clone()
			out = append(out, l)
		}
	})
	store.SortLanes(out)
	return out, err
}

// Owed reads stored messages.
func (s *Store) Owed(ctx context.Context, q store.OwedQuery) (out []store.Owed, err error) {
	to := q.ToUs
	if to == 0 {
		to = math.MaxInt64
	}
	err = s.read(ctx, func(now *state) {
		for id, o := range now.owed {
			if id.Unit == q.Unit && id.Lane == q.Lane && o.ServerUs >= q.FromUs && o.ServerUs < to {
				out = append(out, tidy(o))
			}
		}
	})
	slices.SortFunc(out, func(a, b store.Owed) int {
		return cmp.Or(cmp.Compare(a.ServerUs, b.ServerUs), bytes.Compare(a.Record.Epoch[:], b.Record.Epoch[:]), cmp.Compare(a.Record.Seq, b.Record.Seq))
	})
	return out[:min(len(out), store.Page(q.Limit))], err
}

// Conflicts reads what was kept beside others.
func (s *Store) Conflicts(ctx context.Context, limit int) (out []store.Owed, err error) {
	err = s.read(ctx, func(now *state) {
		for _, o := range now.conflicts {
			out = append(out, tidy(o))
		}
	})
	slices.SortStableFunc(out, func(a, b store.Owed) int {
		return cmp.Or(b.Received.Compare(a.Received), cmp.Compare(a.Unit, b.Unit), bytes.Compare(a.Record.Epoch[:], b.Record.Epoch[:]),
			cmp.Compare(a.Record.Lane, b.Record.Lane), cmp.Compare(a.Record.Seq, b.Record.Seq), bytes.Compare(a.Digest[:], b.Digest[:]))
	})
	return out[:min(len(out), store.Page(limit))], err
}

// PutDoc keeps a document.
func (s *Store) PutDoc(ctx context.Context, kind, id string, body []byte) error {
	if err := store.CheckDocument(body, kind, id); err != nil {
		return fmt.Errorf("keep document: %w", err)
	}
	return s.write(ctx, func(now *state) error { now.docs[docKey{kind, id}] = copied(body); return nil })
}

// Doc reads a document.
func (s *Store) Doc(ctx context.Context, kind, id string) (body []byte, err error) {
	found := false
	err = s.read(ctx, func(now *state) {
		body, found = now.docs[docKey{kind, id}]
		body = copied(body)
	})
	if err == nil && !found {
		err = fmt.Errorf("read document %s/%s: %w", kind, id, store.ErrNotFound)
	}
	return body, err
}

// Docs reads all documents of a kind.
func (s *Store) Docs(ctx context.Context, kind string) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := s.read(ctx, func(now *state) {
		for k, body := range now.docs {
			if k.kind == kind {
				out[k.id] = copied(body)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// PutSnapshot keeps the newest snapshot of a fold.
func (s *Store) PutSnapshot(ctx context.Context, fold string, version int, seq uint64, body []byte) error {
	if err := store.CheckDocument(body, fold); err != nil {
		return fmt.Errorf("keep snapshot: %w", err)
	}
	return s.write(ctx, func(now *state) error { now.snapshots[fold] = snapshot{version, seq, copied(body)}; return nil })
}

// Snapshot reads the snapshot of a fold, if it is of this version.
func (s *Store) Snapshot(ctx context.Context, fold string, version int) (seq uint64, body []byte, err error) {
	found := false
	err = s.read(ctx, func(now *state) {
		v, ok := now.snapshots[fold]
		found, seq, body = ok && v.version == version, v.seq, copied(v.body)
	})
	if err == nil && !found {
		return 0, nil, fmt.Errorf("read snapshot of %s: %w", fold, store.ErrNotFound)
	}
	return seq, body, err
}
