package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	"lifeline120/internal/store/pgtest"
	"lifeline120/internal/store/storetest"
	pb "lifeline120/internal/wire/proto"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	storetest.Run(t, func(t *testing.T) storetest.Place {
		url := server.URL(server.NewDatabase(t))
		return storetest.Place{
			Open: func(demo bool) (store.Store, error) {
				return store.Open(t.Context(), store.Config{URL: url, Demo: demo})
			},
			Rewrite: func(events []journal.Event) {
				db, err := sql.Open("pgx", url)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				rewrite(t, db, events)
			},
			Look: func() (store.Store, error) { return store.Open(t.Context(), store.Config{URL: url, ReadOnly: true}) },
		}
	})
}

// cutter stands between the store and the server, and cuts one connection at its next COMMIT.
type cutter struct {
	net.Listener
	server string
	cut    atomic.Int32 // cutBefore or cutAfter, once
	cuts   atomic.Int32
}

const (
	cutBefore = 1 // the server never hears of the commit
	cutAfter  = 2 // the server commits, and its answer is lost
)

func newCutter(t *testing.T, server string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{Listener: l, server: server}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(client)
		}
	}()
	return c
}

func (c *cutter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	var deaf atomic.Bool // answers no longer reach the client
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			if err != nil || deaf.Load() {
				return // with the first answer after the commit, so that it has been done
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("COMMIT")) {
			switch c.cut.Swap(0) {
			case cutBefore:
				c.cuts.Add(1)
				return
			case cutAfter:
				c.cuts.Add(1)
				deaf.Store(true)
				if _, err := server.Write(buf[:n]); err == nil {
					<-ended
				}
				return
			}
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// eachOnce wants the bodies in the journal, each once, in a chain that holds.
func eachOnce(t *testing.T, s store.Store, bodies map[string]bool) {
	t.Helper()
	if r, err := store.Verify(t.Context(), s, nil); err != nil || r.Events != uint64(len(bodies)) {
		t.Fatalf("%d events verified, %v; want %d", r.Events, err, len(bodies))
	}
	for after := uint64(0); after < uint64(len(bodies)); {
		page, err := s.Read(t.Context(), after, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			if !bodies[string(e.Body)] {
				t.Fatalf("event %d, %s, was never appended or stands twice", e.Seq, e.Body)
			}
			bodies[string(e.Body)], after = false, e.Seq
		}
	}
}

func TestDLV006_LostAnswerOfACommitIsNotDoubled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a real database")
	}
	t.Parallel()
	server := pgtest.Start(t)
	c := newCutter(t, fmt.Sprintf("%s:%d", server.Host, server.Port))
	name := server.NewDatabase(t)
	s := mustOpen(t, store.Config{URL: fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", c.Addr(), name)})
	bodies := map[string]bool{}
	for i := range 12 {
		c.cut.Store(int32(1 + i%2)) // cutBefore, cutAfter
		body := fmt.Sprintf(`{"i":%d}`, i)
		bodies[body] = true
		entry := store.Entry{Events: []journal.Event{storetest.Event("x", body)}} // nothing but its place makes it what it is
		if i%3 == 0 {
			entry.Owed = storetest.Message("u1", pb.Lane_LANE_URGENT, uint64(i/3+1), body)
		}
		rs, err := s.Append(t.Context(), []store.Entry{entry})
		if err != nil {
			t.Fatal(err)
		}
		if rs[0].Outcome != store.Stored || rs[0].Events[0].Seq != uint64(i+1) {
			t.Fatalf("append %d gave %+v", i, rs[0])
		}
		c.cut.Store(int32(1 + (i+1)%2))
		if term, err := s.Term(t.Context()); err != nil || term != uint64(i+1) {
			t.Fatalf("term %d, %v; want %d", term, err, i+1)
		}
	}
	if n := c.cuts.Load(); n != 24 {
		t.Fatalf("%d commits were cut, want 24", n)
	}
	eachOnce(t, s, bodies)
}

func TestDLV006_DatabaseKilledUnderWriters(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a real database")
	}
	t.Parallel()
	server := pgtest.Start(t)
	s := mustOpen(t, store.Config{URL: server.URL(server.NewDatabase(t))})
	const writers, kills = 12, 4
	var mu sync.Mutex
	bodies := map[string]bool{}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	stored := make(chan struct{}, 1)
	for w := range writers {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				body := fmt.Sprintf(`{"w":%d,"i":%d}`, w, i)
				mu.Lock()
				bodies[body] = true
				mu.Unlock()
				if _, err := s.Append(t.Context(), []store.Entry{{Events: []journal.Event{storetest.Event("x", body)}}}); err != nil {
					t.Errorf("%s: %v", body, err)
					return
				}
				select {
				case stored <- struct{}{}:
				default:
				}
			}
		})
	}
	for range kills {
		for range 50 {
			<-stored
		}
		server.Restart(t) // kills it first
	}
	for range 50 {
		<-stored
	}
	close(stop)
	wg.Wait()
	if !t.Failed() {
		eachOnce(t, s, bodies)
	}
}

func TestDLV006_ContextEndsWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := mustOpen(t, store.Config{URL: server.URL(server.NewDatabase(t))})
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	patience := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(t.Context(), 300*time.Millisecond)
	}
	for seq := range uint64(5) {
		ctx, cancel := patience()
		if _, err := s.Append(ctx, owedEntry("u1", seq+1)); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrUncertain) {
			t.Fatalf("got %v, want a certain deadline error: no commit was sent", err)
		}
		cancel()
	}
	ctx, cancel := patience()
	defer cancel()
	if err := s.Ping(ctx); err == nil {
		t.Fatal("a store without its database answers")
	}
	if _, err := s.Read(ctx, 0, 1); err == nil {
		t.Fatal("a store without its database reads")
	}
	server.Restart(t)
	if rs, err := s.Append(t.Context(), owedEntry("u2", 10)); err != nil || rs[0].Outcome != store.Stored {
		t.Fatal(rs, err)
	}
	if os, err := s.Owed(t.Context(), store.OwedQuery{Unit: "u1", Lane: pb.Lane_LANE_READING}); err != nil || len(os) != 0 {
		t.Fatalf("what was given up was stored later: %v %v", os, err)
	}
	eachOnce(t, s, map[string]bool{`{"mission":"m1","node":"at_scene","by":"doctor"}`: true})
}

// Whoever leaves before the commit was sent knows that nothing of it stands, however far the transaction had come; what was asked
// beside it is stored without it.
func TestDLV006_LeavingBeforeTheCommitIsCertain(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.URL(server.NewDatabase(t))
	s := mustOpen(t, store.Config{URL: url})
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `LOCK TABLE event IN EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	hasty, patient := make(chan error), make(chan error)
	go func() {
		_, err := s.Append(ctx, owedEntry("hasty", 10))
		hasty <- err
	}()
	for n := 0; n == 0; { // until its transaction stands before the lock
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		_, err := s.Append(t.Context(), owedEntry("patient", 20))
		patient <- err
	}()
	leave()
	if err := <-hasty; !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUncertain) {
		t.Fatalf("got %v, want a certain end: no commit was sent", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-patient; err != nil {
		t.Fatal(err)
	}
	if os, err := s.Owed(t.Context(), store.OwedQuery{Unit: "hasty", Lane: pb.Lane_LANE_READING}); err != nil || len(os) != 0 {
		t.Fatalf("what was given up stands: %v %v", os, err)
	}
	if r, err := store.Verify(t.Context(), s, nil); err != nil || r.Events != 1 {
		t.Fatal(r, err)
	}
}

// A dispatcher that lost its connection, and with it its lock, finds itself shut out by the one that came after.
func TestDLV006_OlderWriterIsShutOut(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	cfg := store.Config{URL: server.URL(server.NewDatabase(t))}
	a := mustOpen(t, cfg)
	if _, err := a.Append(t.Context(), owedEntry("u1", 10)); err != nil {
		t.Fatal(err)
	}
	refusedAs(t, cfg, store.ErrLocked, "stop the other dispatcher")
	behind(t, "pgx", cfg.URL, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	b := mustOpen(t, cfg)
	if _, err := b.Append(t.Context(), owedEntry("u1", 20)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := a.Append(t.Context(), owedEntry("u1", 30)); !errors.Is(err, store.ErrDeposed) {
			t.Fatalf("got %v, want ErrDeposed", err)
		}
	}
	if _, err := b.Append(t.Context(), owedEntry("u1", 30)); err != nil {
		t.Fatal(err)
	}
	if r, err := store.Verify(t.Context(), b, nil); err != nil || r.Events != 3 {
		t.Fatal(r, err)
	}
}

// The same path for all: regions in schemas of one database do not lock each other out.
func TestPostgres_SchemasAreApart(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.URL(server.NewDatabase(t))
	behind(t, "pgx", url, `CREATE SCHEMA east`)
	behind(t, "pgx", url, `CREATE SCHEMA west`)
	east, west := mustOpen(t, store.Config{URL: url + "&search_path=east"}), mustOpen(t, store.Config{URL: url + "&search_path=west"})
	if _, err := east.Append(t.Context(), owedEntry("u1", 10)); err != nil {
		t.Fatal(err)
	}
	if seq, _, err := west.Last(t.Context()); err != nil || seq != 0 || east.ID() == west.ID() {
		t.Fatalf("the west has %d events, %v", seq, err)
	}
}
