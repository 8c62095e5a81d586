package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// pgLock is the first half of the advisory lock's key ("120" in our name); the second is the schema, so that regions may share a
// database in schemas of their own.
const pgLock = 120_120

// sessionParams are asked of the server unless the address says otherwise. The keepalives let it end the session of a machine that
// died, and free its lock, in half a minute instead of two hours.
var sessionParams = map[string]string{
	"application_name": "lifeline120", "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "4",
}

func openPostgres(ctx context.Context, cfg Config) (e engine, err error) {
	pc, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return e, fmt.Errorf("read the database's address: %w; write --database postgres://user@host:5432/name", err)
	}
	place := fmt.Sprintf("database %s on %s:%d", pc.Database, pc.Host, pc.Port)
	for name, value := range sessionParams {
		if pc.RuntimeParams[name] == "" {
			pc.RuntimeParams[name] = value
		}
	}
	e.dialect = dialect{
		goose: goose.DialectPostgres, bytes: "BYTEA",
		migrated: `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'goose_db_version'`,
		attempt:  attemptMax,
		lost:     pgLost,
		fatal:    func(error) bool { return false },
		explain:  func(err error) error { return fmt.Errorf("%s: %w", place, err) },
		prepare:  preparePostgres,
		parting:  `SELECT pg_advisory_unlock_all()`,
	}
	e.unlock = func() {}
	e.write = stdlib.OpenDB(*pc)
	e.read = e.write
	e.write.SetMaxOpenConns(readers + 2) // readers, the writer, and one for migrations
	e.write.SetMaxIdleConns(readers)
	if cfg.ReadOnly {
		return e, nil
	}
	if e.conn, err = e.write.Conn(ctx); err == nil {
		err = preparePostgres(ctx, e.conn)
	}
	for try := 1; errors.Is(err, ErrLocked) && try < lockTries && ctx.Err() == nil; try++ {
		if err = pause(ctx, nil, try); err == nil {
			err = preparePostgres(ctx, e.conn)
		}
	}
	if err != nil {
		e.write.Close()
		if errors.Is(err, ErrLocked) {
			return e, fmt.Errorf("%w: %s; stop the other dispatcher or name another database", ErrLocked, place)
		}
		return e, fmt.Errorf("%s: %w; is the server up, and does --database name it rightly?", place, err)
	}
	return e, nil
}

// preparePostgres takes the lock and makes sure that a commit means a durable one (DLV-006), whatever the server's defaults.
func preparePostgres(ctx context.Context, c *sql.Conn) error {
	var locked bool
	var fsync, commit string
	row := c.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, hashtext(current_schema())), current_setting('fsync'), current_setting('synchronous_commit')`, pgLock)
	if err := row.Scan(&locked, &fsync, &commit); err != nil {
		return err
	}
	if fsync != "on" {
		return fmt.Errorf("the server runs with fsync = %s and would lose what it calls stored; set fsync = on", fsync)
	}
	if commit == "off" {
		if _, err := c.ExecContext(ctx, `SET synchronous_commit = on`); err != nil {
			return err
		}
	}
	if !locked {
		return ErrLocked
	}
	return nil
}

// pgLost: what the server did not say itself was lost on the way; what it said about itself, not about the statement, will pass:
// shutting down or starting (57P), broken connections (08), deadlock and serialisation (40), out of connections (53300), and a
// server that has become a standby (25006).
func pgLost(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return true
	}
	for _, code := range []string{"08", "40", "57P", "53300", "25006"} {
		if strings.HasPrefix(e.Code, code) {
			return true
		}
	}
	return false
}
