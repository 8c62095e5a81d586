package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// call is one request to the writer.
type call struct {
	entries []Entry
	do      func(context.Context, *sql.Conn) error // instead of entries
	bytes   int
	state   atomic.Int32
	results []Result
	err     error
	done    chan struct{}
}

// States of a call. The caller may leave a waiting one, and knows that nothing was stored; one whose commit goes out it can only
// abandon, not knowing.
const (
	waiting    int32 = iota // not sent: until the very commit, the caller may leave
	committing              // the commit goes out, or went out and its answer was lost
	left
	abandoned
	finished
)

func (s *sqlStore) Append(ctx context.Context, entries []Entry) ([]Result, error) {
	if err := Check(entries); err != nil {
		return nil, fmt.Errorf("append: %w", err)
	}
	if len(entries) == 0 {
		return nil, nil
	}
	c := &call{entries: entries, done: make(chan struct{})}
	for i := range entries {
		c.bytes += entryBytes(&entries[i])
	}
	if err := s.submit(ctx, c); err != nil {
		return nil, fmt.Errorf("append: %w", err)
	}
	return c.results, nil
}

func entryBytes(e *Entry) int {
	n := 0
	if e.Owed != nil {
		n = len(e.Owed.Record.Body)
	}
	for i := range e.Events {
		n += len(e.Events[i].Body)
	}
	return n
}

// also runs a statement in the writer's next transaction.
func (s *sqlStore) also(ctx context.Context, what string, do func(context.Context, *sql.Conn) error) error {
	if err := s.submit(ctx, &call{do: do, done: make(chan struct{})}); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (s *sqlStore) Term(ctx context.Context) (uint64, error) {
	var term uint64 // the writer's until it has answered: on an error it may still be at it
	err := s.also(ctx, "begin a term", func(ctx context.Context, c *sql.Conn) error {
		return c.QueryRowContext(ctx, `UPDATE store SET term = term + 1 WHERE one = 1 RETURNING term`).Scan(&term)
	})
	if err != nil {
		return 0, err
	}
	return term, nil
}

func (s *sqlStore) PutDoc(ctx context.Context, kind, id string, body []byte) error {
	if err := CheckDocument(body, kind, id); err != nil {
		return fmt.Errorf("keep document: %w", err)
	}
	return s.also(ctx, "keep document", func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `INSERT INTO document (kind, id, body) VALUES ($1, $2, $3)
			ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body`, kind, id, some(body))
		return err
	})
}

func (s *sqlStore) PutSnapshot(ctx context.Context, fold string, version int, seq uint64, body []byte) error {
	if err := CheckDocument(body, fold); err != nil {
		return fmt.Errorf("keep snapshot: %w", err)
	}
	return s.also(ctx, "keep snapshot", func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `INSERT INTO snapshot (fold, version, seq, body) VALUES ($1, $2, $3, $4)
			ON CONFLICT (fold) DO UPDATE SET version = excluded.version, seq = excluded.seq, body = excluded.body`,
			fold, version, int64(seq), some(body))
		return err
	})
}

// Ping: an empty transaction still moves the count of commits, so it is as durable as any.
func (s *sqlStore) Ping(ctx context.Context) error {
	return s.also(ctx, "ping store", func(context.Context, *sql.Conn) error { return nil })
}

// submit hands c to the writer and waits until it is durable, has failed, or ctx ends.
func (s *sqlStore) submit(ctx context.Context, c *call) error {
	if s.readOnly {
		return ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.queue <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
		return ErrClosed
	}
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
	}
	switch {
	case c.state.CompareAndSwap(waiting, left):
		return ctx.Err()
	case c.state.CompareAndSwap(committing, abandoned):
		return fmt.Errorf("%w: %w", ErrUncertain, ctx.Err())
	}
	<-c.done
	return c.err
}

// answer ends the call, once.
func (c *call) answer(err error) {
	if c.state.Swap(finished) == finished {
		return
	}
	c.err = err
	close(c.done)
}

// run is the writer: it alone changes the database.
func (s *sqlStore) run() {
	defer close(s.ended)
	for {
		select {
		case <-s.quit:
			return
		case c := <-s.queue:
			s.commit(s.gather(c))
		}
	}
}

// gather takes what else has queued behind first, up to one transaction's bounds. Those answered by the last commit are just
// coming back with their next: letting them run once makes one commit of two.
func (s *sqlStore) gather(first *call) []*call {
	group, entries, bytes := []*call{first}, len(first.entries), first.bytes
	for yielded := false; entries < maxGroup && bytes < maxGroupBytes; {
		select {
		case c := <-s.queue:
			group, entries, bytes = append(group, c), entries+len(c.entries), bytes+c.bytes
			yielded = false
			continue
		default:
		}
		if yielded {
			break
		}
		runtime.Gosched()
		yielded = true
	}
	return group
}

// How far an attempt came.
type reach uint8

const (
	unclaimed reach = iota // an earlier attempt may stand or not
	claimed                // nothing stands, of this attempt or an earlier one
	sent                   // the commit went out; it may stand
)

// commit stores a group in one transaction, through lost connections, until each call has its answer.
func (s *sqlStore) commit(group []*call) {
	if s.dead != nil {
		fail(group, s.dead)
		return
	}
	var p *plan // sent, and its answer lost
	for try := 1; ; try++ {
		if p == nil {
			if group = here(group); len(group) == 0 {
				return
			}
		}
		made, came, err := s.attempt(group, p)
		if err == nil {
			s.apply(made)
			return
		}
		if made != nil {
			group = made.group
		}
		if errors.Is(err, errLeft) {
			continue // planned anew without those that left
		}
		switch came {
		case sent:
			p = made
		case claimed:
			p = nil
		case unclaimed:
		}
		lost := s.lost(err)
		if lost || came == sent {
			s.disconnect()
		}
		if came == sent && !lost { // the engine itself refused to commit (a full disk): it knows whether it did
			stands, doubt := s.settle()
			if stands {
				s.apply(made)
				return
			}
			if doubt == nil {
				p = nil
			}
		}
		switch {
		case errors.Is(err, ErrDeposed):
			s.dead = err
			fail(group, unsure(p, err))
			return
		case s.fatal(err), p != nil && !lost:
			s.dead = fmt.Errorf("nothing more is written until a restart: %w", s.explain(err))
			fail(group, unsure(p, s.dead))
			return
		case lost: // go on: the next claim shows what became of the lost one
		case len(group) > 1: // one of them is at fault; alone it fails alone
			rest(group)
			for _, c := range group {
				s.commit([]*call{c})
			}
			return
		default:
			fail(group, s.explain(err))
			return
		}
		if p == nil {
			rest(group)
		}
		if pause(context.Background(), s.quit, try) != nil {
			fail(group, unsure(p, ErrClosed))
			return
		}
	}
}

// unsure adds to err that a commit may stand, if one was sent.
func unsure(p *plan, err error) error {
	if p != nil {
		return fmt.Errorf("%w: %w", ErrUncertain, err)
	}
	return err
}

// here are the calls whose callers still wait; nothing is sent for the rest.
func here(group []*call) []*call {
	return keep(group, func(c *call) bool { return c.state.Load() == waiting })
}

// seal holds the callers of a group while their commit goes out; unless a caller has left: then there is nothing to send.
// rest lets callers leave again.
func seal(group []*call) bool {
	for _, c := range group {
		if !c.state.CompareAndSwap(waiting, committing) {
			rest(group)
			return false
		}
	}
	return true
}

func rest(group []*call) {
	for _, c := range group {
		c.state.CompareAndSwap(committing, waiting)
	}
}

func keep(group []*call, ok func(*call) bool) []*call {
	out := make([]*call, 0, len(group))
	for _, c := range group {
		if ok(c) {
			out = append(out, c)
		}
	}
	return out
}

func fail(group []*call, err error) {
	for _, c := range group {
		c.answer(err)
	}
}

// attempt runs one transaction. was is a plan that was sent before and may stand; without one the group is planned anew.
func (s *sqlStore) attempt(group []*call, was *plan) (p *plan, came reach, err error) {
	ctx, cancel := s.bounded()
	defer cancel()
	if err := s.connect(ctx); err != nil {
		return was, unclaimed, err
	}
	if p = was; p == nil {
		if p, err = s.plan(ctx, group); err != nil {
			return nil, unclaimed, err
		}
		if len(p.group) == 0 {
			return p, claimed, nil
		}
	}
	if _, err := s.conn.ExecContext(ctx, `BEGIN`); err != nil {
		return p, unclaimed, err
	}
	n, err := s.exec(ctx, `UPDATE store SET commits = commits + 1, head_seq = $1, head_hash = $2 WHERE one = 1 AND commits = $3 AND fence = $4`,
		int64(p.head.seq), p.head.hash[:], s.head.commits, s.fence)
	switch {
	case err != nil:
		s.rollback(ctx)
		return p, unclaimed, err
	case n == 0: // another state: the lost commit stands after all, or there is another writer
		s.rollback(ctx)
		stands, err := s.standing(ctx)
		if err == nil && was != nil && stands {
			return was, sent, nil
		}
		return p, unclaimed, cmp.Or(err, ErrDeposed)
	}
	if err := s.put(ctx, p); err != nil {
		s.rollback(ctx)
		return p, claimed, err
	}
	if was == nil && !seal(p.group) {
		s.rollback(ctx)
		return p, claimed, errLeft
	}
	_, err = s.conn.ExecContext(ctx, `COMMIT`)
	return p, sent, err
}

// bounded gives a transaction its time.
func (s *sqlStore) bounded() (context.Context, context.CancelFunc) {
	if s.engine.attempt > 0 {
		return context.WithTimeout(context.Background(), s.engine.attempt)
	}
	return context.Background(), func() {}
}

// settle asks on a new connection whether the commit after the known head stands.
func (s *sqlStore) settle() (bool, error) {
	ctx, cancel := s.bounded()
	defer cancel()
	if err := s.connect(ctx); err != nil {
		return false, err
	}
	return s.standing(ctx)
}

// standing reads how many commits there are: one more than is known is the one in doubt, and no other's, for the fence is ours.
func (s *sqlStore) standing(ctx context.Context) (bool, error) {
	var commits, fence int64
	err := s.conn.QueryRowContext(ctx, `SELECT commits, fence FROM store WHERE one = 1`).Scan(&commits, &fence)
	if err == nil && (fence != s.fence || commits > s.head.commits+1) {
		err = ErrDeposed
	}
	return err == nil && commits == s.head.commits+1, err
}

// connect makes sure that the writer has its connection. A lock that cannot be had again is our own, held by the session that was
// lost, or another's; then the fence tells.
func (s *sqlStore) connect(ctx context.Context) error {
	if s.conn == nil {
		c, err := s.engine.write.Conn(ctx)
		if err != nil {
			return err
		}
		if err := s.prepare(ctx, c); err != nil && !errors.Is(err, ErrLocked) {
			discard(c)
			return err
		}
		s.conn = c
	}
	if s.texts == nil {
		s.texts = map[string]*sql.Stmt{}
	}
	return nil
}

// disconnect gives up the writer's connection, with its prepared texts and its lock.
func (s *sqlStore) disconnect() {
	for _, st := range s.texts {
		st.Close()
	}
	if s.conn != nil {
		discard(s.conn)
	}
	s.conn, s.texts = nil, nil
}

// discard closes c itself instead of giving it back to the pool.
func discard(c *sql.Conn) {
	c.Raw(func(any) error { return errDiscard })
	c.Close()
}

func (s *sqlStore) rollback(ctx context.Context) {
	if _, err := s.conn.ExecContext(ctx, `ROLLBACK`); err != nil {
		s.disconnect() // the engine ended it by itself, or the connection is gone
	}
}

// exec runs a prepared text.
func (s *sqlStore) exec(ctx context.Context, text string, args ...any) (int64, error) {
	st := s.texts[text]
	if st == nil {
		var err error
		if st, err = s.conn.PrepareContext(ctx, text); err != nil {
			return 0, err
		}
		s.texts[text] = st
	}
	res, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// put puts the rows of a plan.
func (s *sqlStore) put(ctx context.Context, p *plan) error {
	events, owed, conflicts, lanes := [][]any{}, [][]any{}, [][]any{}, [][]any{}
	for i := range p.events {
		events = append(events, eventRow(p.events[i]))
	}
	for _, o := range p.owed {
		owed = append(owed, owedRow(o))
	}
	for _, o := range p.conflicts {
		conflicts = append(conflicts, owedRow(o))
	}
	for _, l := range p.lanes {
		lanes = append(lanes, laneRow(*l))
	}
	for _, t := range []struct {
		into, after string
		rows        [][]any
	}{
		{`INSERT INTO event (` + eventColumns + `) VALUES `, ``, events},
		{`INSERT INTO owed (` + owedColumns + `) VALUES `, ``, owed},
		{`INSERT INTO conflict (` + owedColumns + `) VALUES `, ``, conflicts},
		{`INSERT INTO lane (` + laneColumns + `) VALUES `,
			` ON CONFLICT (unit, epoch, lane) DO UPDATE SET up_to = excluded.up_to, beyond = excluded.beyond`, lanes},
	} {
		if err := s.insert(ctx, t.into, t.after, t.rows); err != nil {
			return err
		}
	}
	for _, c := range p.group {
		if c.do != nil {
			if err := c.do(ctx, s.conn); err != nil {
				return err
			}
		}
	}
	return nil
}

// chunks are the numbers of rows of one statement: few texts to prepare, few round trips.
var chunks = [...]int{64, 8, 1}

func (s *sqlStore) insert(ctx context.Context, into, after string, rows [][]any) error {
	for _, n := range chunks {
		for ; len(rows) >= n; rows = rows[n:] {
			args := make([]any, 0, n*len(rows[0]))
			for _, r := range rows[:n] {
				args = append(args, r...)
			}
			if _, err := s.exec(ctx, into+tuples(n, len(rows[0]), s.bare)+after, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// tuples is "($1,$2),($3,$4)" for two rows of two. SQLite gets it without the numbers: it would look each of hundreds up by name.
func tuples(rows, columns int, bare bool) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%columns == 0:
			b.WriteString("),(")
		default:
			b.WriteString(",")
		}
		if bare {
			b.WriteString("?")
		} else {
			b.WriteString("$" + strconv.Itoa(i+1))
		}
	}
	return b.String() + ")"
}

// pause waits between tries on a lost connection, longer each time and never all at once after an outage.
func pause(ctx context.Context, quit <-chan struct{}, try int) error {
	d := min(pauseMin<<min(try-1, 10), pauseMax)
	t := time.NewTimer(d/2 + rand.N(d/2))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-quit:
		return ErrClosed
	}
}
