package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Config says where the store is. Exactly one of Dir and URL is set.
type Config struct {
	Dir  string // folder of the embedded SQLite store, made when absent
	URL  string // postgres://user@host:5432/name
	Demo bool   // make or open a store of simulated data; a store stays what it was made as (SCR-003)
	// ReadOnly opens beside a running dispatcher, to verify or export: no lock, no migration, writes answer ErrReadOnly, and Demo
	// is not asked.
	ReadOnly bool
}

// Open opens the store that cfg names, makes it when there is none, and migrates an older one. ctx bounds the opening only.
func Open(ctx context.Context, cfg Config) (Store, error) {
	s, err := open(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, cfg Config) (*sqlStore, error) {
	if (cfg.Dir == "") == (cfg.URL == "") {
		return nil, fmt.Errorf("name either a data folder or a database, not both")
	}
	connect := openSQLite
	if cfg.URL != "" {
		connect = openPostgres
	}
	e, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &sqlStore{
		engine: e, readOnly: cfg.ReadOnly, lanes: map[laneKey]Lane{}, conflicts: map[ems.UnitID]int{},
		queue: make(chan *call), quit: make(chan struct{}), ended: make(chan struct{}),
	}
	if err := s.start(ctx, cfg); err != nil {
		s.release()
		if errors.Is(err, ErrNewer) || errors.Is(err, ErrOtherKind) || errors.Is(err, ErrDamaged) {
			return nil, err
		}
		return nil, s.explain(err)
	}
	return s, nil
}

// sqlStore is the Store on database/sql. Its writer is one goroutine (write.go); everything below "writer's own" belongs to it.
type sqlStore struct {
	engine
	id       string
	demo     bool
	readOnly bool

	queue chan *call
	quit  chan struct{} // closed by Close
	ended chan struct{} // closed by the writer
	once  sync.Once

	mu    sync.RWMutex
	lanes map[laneKey]Lane // changed by the writer after each commit

	// writer's own
	conflicts map[ems.UnitID]int // kept so far
	head      head
	fence     int64
	texts     map[string]*sql.Stmt // prepared on engine.conn
	dead      error                // why nothing can be written any more
}

// head is where the journal ends, and how many commits it took.
type head struct {
	seq     uint64
	hash    [32]byte
	commits int64
}

type laneKey struct {
	unit  ems.UnitID
	epoch wire.Epoch
	lane  pb.Lane
}

// start brings an opened engine to a store that can be used.
func (s *sqlStore) start(ctx context.Context, cfg Config) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if err := s.identify(ctx, cfg); err != nil {
		return err
	}
	if cfg.ReadOnly {
		close(s.ended)
		return nil
	}
	// The fence shuts out a writer whose lock was lost with its connection (docs/operate.md).
	row := s.write.QueryRowContext(ctx, `UPDATE store SET fence = fence + 1 WHERE one = 1 RETURNING fence, commits, head_seq, head_hash`)
	var hash []byte
	if err := row.Scan(&s.fence, &s.head.commits, &s.head.seq, &hash); err != nil {
		return err
	}
	s.head.hash = [32]byte(pad(hash, 32))
	if err := s.checkTail(ctx); err != nil {
		return err
	}
	lanes, err := s.readLanes(ctx)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		s.lanes[laneKey{l.Unit, l.Epoch, l.Lane}] = l
	}
	err = s.query(ctx, `SELECT unit, count(*) FROM conflict GROUP BY unit`, nil, func(r *sql.Rows) error {
		var unit ems.UnitID
		var n int
		err := r.Scan(&unit, &n)
		s.conflicts[unit] = n
		return err
	})
	if err != nil {
		return err
	}
	go s.run()
	return nil
}

// migrate brings the schema to this program's version, and refuses a newer one.
func (s *sqlStore) migrate(ctx context.Context) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(s.goose, s.write, rendered{sub, s.bytes})
	if err != nil {
		return err
	}
	sources := p.ListSources()
	ours := sources[len(sources)-1].Version
	var theirs int64
	var exists int
	if _, err := s.one(ctx, s.migrated, nil, &exists); err != nil {
		return err
	}
	if exists > 0 {
		if _, err := s.one(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`, nil, &theirs); err != nil {
			return err
		}
	}
	switch {
	case theirs > ours:
		return fmt.Errorf("%w: its schema is %d and this program knows up to %d; start the newer program, or restore a backup made before the update",
			ErrNewer, theirs, ours)
	case theirs == 0 && (s.known || s.readOnly):
		return s.explain(fmt.Errorf("%w: there was a journal here, and it is gone; restore the last backup", ErrDamaged))
	case theirs < ours && s.readOnly:
		return fmt.Errorf("its schema is %d, older than this program's %d; start the dispatcher once to migrate it", theirs, ours)
	case theirs == ours:
		return nil
	}
	_, err = p.Up(ctx)
	return err
}

// identify reads who this store is, or makes it somebody.
func (s *sqlStore) identify(ctx context.Context, cfg Config) error {
	found, err := s.one(ctx, `SELECT id, demo FROM store WHERE one = 1`, nil, &s.id, (*number)(&s.demo))
	if err == nil && !found && !s.known && !cfg.ReadOnly {
		found, err = true, s.create(ctx, cfg.Demo)
	}
	if err != nil {
		return err
	}
	if !found || strings.HasPrefix(s.id, demoPrefix) != s.demo {
		return s.explain(fmt.Errorf("%w: the store does not say rightly who it is; restore the last backup", ErrDamaged))
	}
	if cfg.ReadOnly {
		return nil
	}
	if s.demo && !cfg.Demo {
		return s.explain(fmt.Errorf("%w: it was made as a demo and all in it is simulated, for good; name another data folder or database for live work, or start as a demo", ErrOtherKind))
	}
	if !s.demo && cfg.Demo {
		return s.explain(fmt.Errorf("%w: it holds live data and no demo may write into it; name another data folder or database for the demo", ErrOtherKind))
	}
	if s.created != nil && !s.known {
		return s.created(s.id)
	}
	return nil
}

// demoPrefix begins the name of a demo store, so that no single changed byte makes it a live one (SCR-003).
const demoPrefix = "demo-"

func (s *sqlStore) create(ctx context.Context, demo bool) error {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	s.id, s.demo = hex.EncodeToString(id[:]), demo
	if demo {
		s.id = demoPrefix + s.id
	}
	_, err := s.write.ExecContext(ctx, `INSERT INTO store (one, id, demo, created_us, term, fence, commits, head_seq, head_hash) VALUES (1, $1, $2, $3, 0, 0, 0, 0, $4)`,
		s.id, integer(demo), time.Now().UnixMicro(), make([]byte, 32))
	return err
}

// checkTail looks whether the journal ends where its head says, and whether the last events carry on from each other. Verify walks
// the whole.
func (s *sqlStore) checkTail(ctx context.Context) error {
	after := s.head.seq - min(s.head.seq, tailChecked)
	events, err := s.Read(ctx, after, MaxRead)
	if err != nil {
		return err
	}
	if len(events) == 0 && s.head.seq == 0 {
		return nil
	}
	if len(events) == 0 || events[len(events)-1].Seq != s.head.seq || events[len(events)-1].Hash != s.head.hash {
		return s.explain(fmt.Errorf("%w: the journal does not end at event %d as its head says; restore the last backup, and keep this copy for whoever looks into it", ErrDamaged, s.head.seq))
	}
	for i := 1; i < len(events); i++ {
		if err := journal.Check(events[i-1].Seq, events[i-1].Hash, events[i]); err != nil {
			return s.explain(fmt.Errorf("%w: %w; restore the last backup, and keep this copy for whoever looks into it", ErrDamaged, err))
		}
	}
	return nil
}

func (s *sqlStore) ID() string { return s.id }
func (s *sqlStore) Demo() bool { return s.demo }

// Close waits for the transaction under way, and answers the rest with ErrClosed.
func (s *sqlStore) Close() error {
	err := ErrClosed
	s.once.Do(func() {
		close(s.quit)
		<-s.ended
		err = s.release()
	})
	return err
}

// release closes the engine; the last connection to a file also empties its log.
func (s *sqlStore) release() error {
	if s.conn != nil && s.parting != "" {
		ctx, cancel := context.WithTimeout(context.Background(), partingMax)
		s.conn.ExecContext(ctx, s.parting) // without an answer the server finds out by itself
		cancel()
	}
	s.disconnect()
	err := s.read.Close()
	if s.write != s.read {
		err = errors.Join(err, s.write.Close())
	}
	s.unlock()
	return err
}

// query runs a read and gives each row to scan. A lost connection is tried again on another, unless rows were given already.
func (s *sqlStore) query(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	var err error
	for try := range readTries {
		if try > 0 {
			if err := pause(ctx, s.quit, try); err != nil {
				return err
			}
		}
		given := false
		err = func() error {
			rows, err := s.read.QueryContext(ctx, text, args...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				given = true
				if err := scan(rows); err != nil { // our own columns, and not what we put there
					return fmt.Errorf("%w: %w; restore the last backup, and keep this copy for whoever looks into it", ErrDamaged, err)
				}
			}
			return rows.Err()
		}()
		if err == nil || given || ctx.Err() != nil || !s.lost(err) {
			break
		}
	}
	select {
	case <-s.quit:
		return ErrClosed
	default:
	}
	if err != nil {
		return s.explain(err)
	}
	return nil
}

// one reads the first row of a query into dest, and says whether there was one.
func (s *sqlStore) one(ctx context.Context, text string, args []any, dest ...any) (found bool, err error) {
	err = s.query(ctx, text, args, func(r *sql.Rows) error {
		found = true
		return r.Scan(dest...)
	})
	return found, err
}

func (s *sqlStore) Read(ctx context.Context, after uint64, limit int) ([]journal.Event, error) {
	var out []journal.Event
	if after > math.MaxInt64 {
		return nil, nil
	}
	err := s.query(ctx, `SELECT seq, at_us, actor, stream, type, body, hash FROM event WHERE seq > $1 ORDER BY seq LIMIT $2`,
		[]any{int64(after), Page(limit)}, func(r *sql.Rows) error {
			var e journal.Event
			var at int64
			var body, hash []byte
			err := r.Scan(&e.Seq, &at, &e.Actor, &e.Stream, &e.Type, &body, &hash)
			e.At, e.Body, e.Hash = micros(at), full(body), [32]byte(pad(hash, 32))
			out = append(out, e)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return out, nil
}

func (s *sqlStore) Last(ctx context.Context) (seq uint64, hash [32]byte, err error) {
	var b []byte
	if _, err = s.one(ctx, `SELECT head_seq, head_hash FROM store WHERE one = 1`, nil, &seq, &b); err != nil {
		return 0, hash, fmt.Errorf("read journal's head: %w", err)
	}
	return seq, [32]byte(pad(b, 32)), nil
}

func (s *sqlStore) Lanes(ctx context.Context) ([]Lane, error) {
	if s.readOnly {
		return s.readLanes(ctx)
	}
	select {
	case <-s.quit:
		return nil, ErrClosed
	default:
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Lane, 0, len(s.lanes))
	for _, l := range s.lanes {
		l.Set = l.Set.Clone()
		out = append(out, l)
	}
	SortLanes(out)
	return out, nil
}

func (s *sqlStore) readLanes(ctx context.Context) ([]Lane, error) {
	var out []Lane
	err := s.query(ctx, `SELECT unit, epoch, lane, up_to, beyond, since_us FROM lane`, nil, func(r *sql.Rows) error {
		var l Lane
		var epoch, beyond []byte
		var since int64
		if err := r.Scan(&l.Unit, &epoch, &l.Lane, &l.Set.UpTo, &beyond, &since); err != nil {
			return err
		}
		l.Epoch, l.Since = wire.Epoch(pad(epoch, 16)), micros(since)
		if err := json.Unmarshal(beyond, &l.Set.Beyond); err != nil {
			return fmt.Errorf("%w: ranges of %s: %w", ErrDamaged, l.Unit, err)
		}
		out = append(out, l)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read lanes: %w", err)
	}
	SortLanes(out)
	return out, nil
}

func (s *sqlStore) Owed(ctx context.Context, q OwedQuery) ([]Owed, error) {
	to := q.ToUs
	if to == 0 {
		to = math.MaxInt64
	}
	return s.readOwed(ctx, `SELECT `+owedColumns+` FROM owed WHERE unit = $1 AND lane = $2 AND server_us >= $3 AND server_us < $4
		ORDER BY server_us, epoch, seq LIMIT $5`, string(q.Unit), int64(q.Lane), q.FromUs, to, Page(q.Limit))
}

func (s *sqlStore) Conflicts(ctx context.Context, limit int) ([]Owed, error) {
	return s.readOwed(ctx, `SELECT `+owedColumns+` FROM conflict ORDER BY received_us DESC, unit, epoch, lane, seq, digest LIMIT $1`, Page(limit))
}

func (s *sqlStore) readOwed(ctx context.Context, text string, args ...any) ([]Owed, error) {
	var out []Owed
	err := s.query(ctx, text, args, func(r *sql.Rows) error {
		o, err := scanOwed(r)
		out = append(out, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read owed messages: %w", err)
	}
	return out, nil
}

func (s *sqlStore) Doc(ctx context.Context, kind, id string) (body []byte, err error) {
	found, err := s.one(ctx, `SELECT body FROM document WHERE kind = $1 AND id = $2`, []any{kind, id}, &body)
	if err == nil && !found {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read document %s/%s: %w", kind, id, err)
	}
	return full(body), nil
}

func (s *sqlStore) Docs(ctx context.Context, kind string) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := s.query(ctx, `SELECT id, body FROM document WHERE kind = $1`, []any{kind}, func(r *sql.Rows) error {
		var id string
		var body []byte
		err := r.Scan(&id, &body)
		out[id] = full(body)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read documents of %s: %w", kind, err)
	}
	return out, nil
}

func (s *sqlStore) Snapshot(ctx context.Context, fold string, version int) (seq uint64, body []byte, err error) {
	found, err := s.one(ctx, `SELECT seq, body FROM snapshot WHERE fold = $1 AND version = $2`, []any{fold, version}, &seq, &body)
	if err == nil && !found {
		err = ErrNotFound
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read snapshot of %s: %w", fold, err)
	}
	return seq, full(body), nil
}
