package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Identity is what the message is stored under (DLV-002).
func (o *Owed) Identity() wire.Identity {
	return wire.Identity{Unit: o.Unit, Epoch: o.Record.Epoch, Lane: o.Record.Lane, Seq: o.Record.Seq}
}

// plan is one transaction, decided before it begins; it is kept when the answer of its commit is lost, so that what is told to the
// callers is what was sent.
type plan struct {
	group     []*call
	results   [][]Result // of each call of the group
	head      head
	events    []journal.Event
	owed      []*Owed
	conflicts []*Owed
	lanes     map[laneKey]*Lane // as they will be

	digests map[wire.Identity][32]byte   // of what stands, or will stand, under an identity
	kept    map[wire.Identity][][32]byte // digests of its conflicts
	counts  map[ems.UnitID]int           // conflicts of a unit
}

// plan decides what becomes of each entry of the group. A call that cannot be stored is answered and left out.
func (s *sqlStore) plan(ctx context.Context, group []*call) (*plan, error) {
	for {
		p := &plan{group: group, head: s.head, lanes: map[laneKey]*Lane{}, counts: map[ems.UnitID]int{}}
		p.head.commits++
		if err := s.look(ctx, p); err != nil {
			return nil, err
		}
		var refused *call
		for _, c := range group {
			results := make([]Result, len(c.entries))
			for i := range c.entries {
				if err := s.entry(p, &c.entries[i], &results[i]); err != nil {
					refused = c
					c.answer(fmt.Errorf("%w: entry %d: %w", ErrRefused, i, err))
					break
				}
			}
			if refused != nil {
				break
			}
			p.results = append(p.results, results)
		}
		if refused == nil {
			return p, nil
		}
		group = keep(group, func(c *call) bool { return c != refused })
	}
}

// entry decides one entry. What it changed in p is thrown away with p when it fails.
func (s *sqlStore) entry(p *plan, e *Entry, r *Result) error {
	if o := e.Owed; o != nil {
		id := o.Identity()
		if stands, taken := p.digests[id]; taken {
			r.Outcome = Duplicate
			if stands != o.Digest {
				r.Outcome = Conflict
				s.conflict(p, o)
			}
			return nil
		}
		p.digests[id] = o.Digest
		p.owed = append(p.owed, o)
		if err := s.fill(p, o, id.Epoch, id.Lane, wire.Range{From: id.Seq, To: id.Seq}); err != nil {
			return err
		}
		for _, f := range o.Fills {
			if err := s.fill(p, o, f.Epoch, f.Lane, f.Range); err != nil {
				return err
			}
		}
	}
	r.Outcome = Stored
	for _, v := range e.Events {
		v.Seq = p.head.seq + 1
		v.At = v.At.UTC().Truncate(time.Microsecond)
		v.Body = full(v.Body)
		v.Hash = journal.Link(p.head.hash, v)
		p.head.seq, p.head.hash = v.Seq, v.Hash
		p.events = append(p.events, v)
		r.Events = append(r.Events, v)
	}
	return nil
}

func (s *sqlStore) conflict(p *plan, o *Owed) {
	id := o.Identity()
	for _, d := range p.kept[id] {
		if d == o.Digest {
			return
		}
	}
	if s.conflicts[o.Unit]+p.counts[o.Unit] >= MaxConflicts {
		return
	}
	p.kept[id] = append(p.kept[id], o.Digest)
	p.counts[o.Unit]++
	p.conflicts = append(p.conflicts, o)
}

// fill adds a range to a lane's set.
func (s *sqlStore) fill(p *plan, o *Owed, epoch wire.Epoch, lane pb.Lane, r wire.Range) error {
	k := laneKey{o.Unit, epoch, lane}
	l := p.lanes[k]
	if l == nil {
		now, ok := s.lanes[k] // read without the lock: only this goroutine writes
		if !ok {
			now = Lane{Unit: o.Unit, Epoch: epoch, Lane: lane, Since: o.Received.UTC().Truncate(time.Microsecond)}
		}
		now.Set = now.Set.Clone()
		l = &now
		p.lanes[k] = l
	}
	before := len(l.Set.Beyond)
	l.Set.Add(r.From, r.To)
	if n := len(l.Set.Beyond); n > MaxBeyond && n > before {
		return fmt.Errorf("lane %s of %s would have %d holes; at most %d: send in order", wire.LaneName(lane), o.Unit, n, MaxBeyond)
	}
	return nil
}

// look reads what stands under the identities of the group that the lanes have already: most have nothing, and cost nothing.
func (s *sqlStore) look(ctx context.Context, p *plan) error {
	p.digests, p.kept = map[wire.Identity][32]byte{}, map[wire.Identity][][32]byte{}
	var ask []*Owed
	for _, c := range p.group {
		for i := range c.entries {
			if o := c.entries[i].Owed; o != nil {
				if l, ok := s.lanes[laneKey{o.Unit, o.Record.Epoch, o.Record.Lane}]; ok && l.Set.Has(o.Record.Seq) {
					ask = append(ask, o)
				}
			}
		}
	}
	err := s.stands(ctx, `owed`, ask, func(id wire.Identity, d [32]byte) { p.digests[id] = d })
	if err != nil {
		return err
	}
	var odd []*Owed
	for _, o := range ask {
		if d, ok := p.digests[o.Identity()]; ok && d != o.Digest {
			odd = append(odd, o)
		}
	}
	return s.stands(ctx, `conflict`, odd, func(id wire.Identity, d [32]byte) { p.kept[id] = append(p.kept[id], d) })
}

// stands gives the digests that a table has under the identities of ask.
func (s *sqlStore) stands(ctx context.Context, table string, ask []*Owed, give func(wire.Identity, [32]byte)) error {
	for _, n := range chunks {
		for ; len(ask) >= n; ask = ask[n:] {
			var args []any
			var where []string
			for _, o := range ask[:n] {
				at := len(args)
				where = append(where, `(unit = $`+strconv.Itoa(at+1)+` AND epoch = $`+strconv.Itoa(at+2)+` AND lane = $`+strconv.Itoa(at+3)+` AND seq = $`+strconv.Itoa(at+4)+`)`)
				args = append(args, string(o.Unit), o.Record.Epoch[:], int64(o.Record.Lane), int64(o.Record.Seq))
			}
			rows, err := s.conn.QueryContext(ctx, `SELECT unit, epoch, lane, seq, digest FROM `+table+` WHERE `+strings.Join(where, ` OR `), args...)
			if err != nil {
				return err
			}
			for rows.Next() {
				var id wire.Identity
				var epoch, digest []byte
				if err := rows.Scan(&id.Unit, &epoch, &id.Lane, &id.Seq, &digest); err != nil {
					rows.Close()
					return err
				}
				id.Epoch = wire.Epoch(pad(epoch, 16))
				give(id, [32]byte(pad(digest, 32)))
			}
			if err := rows.Close(); err != nil {
				return err
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply makes a committed plan the present state and answers its calls.
func (s *sqlStore) apply(p *plan) {
	if len(p.group) == 0 {
		return // all were refused: nothing was sent
	}
	s.head = p.head
	for u, n := range p.counts {
		s.conflicts[u] += n
	}
	s.mu.Lock()
	for k, l := range p.lanes {
		s.lanes[k] = *l
	}
	s.mu.Unlock()
	for i, c := range p.group {
		c.results = p.results[i]
		c.answer(nil)
	}
}
