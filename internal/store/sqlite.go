package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// Names of the files in Config.Dir. The lock file also remembers that a store was made here, so that a lost database is never
// taken for a fresh start.
const (
	sqliteFile = "centre.db"
	lockFile   = "centre.lock"
)

func openSQLite(ctx context.Context, cfg Config) (e engine, err error) {
	path, err := filepath.Abs(filepath.Join(cfg.Dir, sqliteFile))
	if err != nil {
		return e, err
	}
	e.dialect = dialect{
		goose: goose.DialectSQLite3, bytes: "BLOB", bare: true,
		migrated: `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`,
		lost:     func(error) bool { return false },
		fatal: func(err error) bool {
			c := sqliteCode(err)
			return c&0xff == lib.SQLITE_CORRUPT || c&0xff == lib.SQLITE_NOTADB || c&0xff == lib.SQLITE_IOERR
		},
		explain: func(err error) error { return explainSQLite(path, err) },
		prepare: func(context.Context, *sql.Conn) error { return nil },
	}
	e.unlock = func() {}
	if !cfg.ReadOnly {
		if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
			return e, fmt.Errorf("make the data folder: %w; choose another with --data", err)
		}
		lock, err := lockDir(filepath.Join(filepath.Dir(path), lockFile))
		if err != nil {
			return e, err
		}
		e.unlock = func() { lock.Close() }
		e.created = func(id string) error { return remember(lock, id) }
		if e.known, err = remembers(lock); err != nil {
			e.unlock()
			return e, err
		}
	}
	if cfg.ReadOnly {
		lock, lockErr := os.Stat(filepath.Join(filepath.Dir(path), lockFile))
		_, dbErr := os.Stat(path)
		if errors.Is(dbErr, os.ErrNotExist) && (errors.Is(lockErr, os.ErrNotExist) || lockErr == nil && lock.Size() == 0) {
			e.unlock()
			return e, fmt.Errorf("%w: %s was never written", ErrNone, path)
		}
	}
	if info, err := os.Stat(path); (e.known || cfg.ReadOnly) && (errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0) {
		e.unlock()
		return e, gone(path)
	}
	if e.write, err = sql.Open("sqlite", sqliteURL(path, "", cfg.ReadOnly)); err != nil {
		e.unlock()
		return e, err
	}
	e.write.SetMaxOpenConns(1)
	if e.read, err = sql.Open("sqlite", sqliteURL(path, "query_only(1)", cfg.ReadOnly)); err != nil {
		e.write.Close()
		e.unlock()
		return e, err
	}
	e.read.SetMaxOpenConns(readers)
	e.read.SetMaxIdleConns(readers)
	return e, nil
}

// gone is the answer when a store was here and its database is not.
func gone(path string) error {
	return fmt.Errorf("%w: %s is missing or empty; restore it from the last backup. To begin with an empty journal on purpose, delete %s too",
		ErrDamaged, path, filepath.Join(filepath.Dir(path), lockFile))
}

// sqliteURL: full durability at each commit; a reader of the same file (a backup, verify) may hold the file for a moment. The log is
// moved into the file rarely (64 MB): the same pages of indexes are written again and again, and each move is a pause.
func sqliteURL(path, pragma string, readOnly bool) string {
	q := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "journal_size_limit(67108864)", "temp_store(MEMORY)", "wal_autocheckpoint(16000)"}}
	if pragma != "" {
		q.Add("_pragma", pragma)
	}
	if readOnly {
		q = url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)", "query_only(1)"}}
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// lockDir takes the lock that ends with the process, however it ends.
func lockDir(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w; the data folder must be writable", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %s is locked; stop the other dispatcher or choose another folder with --data", ErrLocked, path)
	}
	return f, nil
}

func remembers(lock *os.File) (bool, error) {
	info, err := lock.Stat()
	return err == nil && info.Size() > 0, err
}

// remember writes the store's name into the lock file and makes the folder's entries durable.
func remember(lock *os.File, id string) error {
	if _, err := lock.WriteAt([]byte(id+"\n"), 0); err != nil {
		return err
	}
	if err := lock.Sync(); err != nil {
		return err
	}
	for _, name := range []string{filepath.Dir(lock.Name()), filepath.Dir(filepath.Dir(lock.Name()))} {
		d, err := os.Open(name)
		if err != nil {
			continue // a parent that cannot be read was not made by us
		}
		err = d.Sync()
		d.Close()
		if err != nil {
			return fmt.Errorf("sync folder %s: %w", name, err)
		}
	}
	return nil
}

func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

func explainSQLite(path string, err error) error {
	code := sqliteCode(err) & 0xff
	if code == lib.SQLITE_ERROR && strings.Contains(err.Error(), "no such") {
		code = lib.SQLITE_CORRUPT // our own tables
	}
	switch code {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("%w: %s cannot be read; stop, keep a copy of it, and restore the last backup: %w", ErrDamaged, path, err)
	case lib.SQLITE_FULL:
		return fmt.Errorf("the disk of %s is full; free some space: %w", path, err)
	case lib.SQLITE_IOERR:
		return fmt.Errorf("the disk of %s fails; move the data to another and restart: %w", path, err)
	case lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return fmt.Errorf("%s cannot be opened for writing; check owner and rights of the folder: %w", path, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("%w: another program holds %s; close it: %w", ErrLocked, path, err)
	}
	if strings.Contains(err.Error(), path) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}
