package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// Names of the files in Options.Dir.
const (
	dbFile      = "spool.db"
	newFile     = "spool.new.db" // a salvage under way
	lockFile    = "spool.lock"
	ballastFile = "spool.ballast"
	asidePrefix = "spool.damaged-"
)

// The database says in its header what it is: written by us (application_id), and in which form (user_version).
const (
	applicationID = 0x4c4c5370 // "LLSp"
	schemaVersion = 1
)

// sqliteMost is the most pages that SQLite can count.
const sqliteMost = 1<<32 - 2

const schema = `CREATE TABLE row(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL)`

// sqliteDisk is the disk of a real spool: one SQLite file in WAL mode, every commit synced, one connection that holds the file
// for itself (and so needs no shared memory file), the witness beside it and the ballast.
type sqliteDisk struct {
	path  string
	db    *sql.DB
	conn  *sql.Conn
	lock  *os.File
	wit   *witness
	put   *sql.Stmt
	del   *sql.Stmt
	rows  *sql.Stmt
	sizes *sql.Stmt
	heavy bool // the ballast is there

	maxPages int // the database grows to this while the ballast is there
}

// Open opens the spool in o.Dir, made if it is absent. Damage never stops it: what can be read is carried over into a fresh file,
// the damaged one is set aside, and Faults tells. It fails when another process has the folder (ErrLocked), when the files are of
// a newer version (ErrNewer), or when the folder cannot be written.
func Open(ctx context.Context, o Options) (Spool, error) {
	o.fill()
	if o.Dir == "" {
		return nil, errors.New("open spool: no folder is named; set Options.Dir")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool's folder: %w; choose another data folder", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s, err := openIn(ctx, dir, o, nil)
	if isDamage(err) { // found only while everything was read
		s, err = openIn(ctx, dir, o, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open spool in %s: %w", dir, errors.Join(err, lock.Close()))
	}
	s.disk.(*sqliteDisk).lock = lock
	return s, nil
}

// openIn opens what is in dir; with a cause it takes it for damaged.
func openIn(ctx context.Context, dir string, o Options, cause error) (*book, error) {
	d, f, err := openFiles(ctx, dir, o, cause)
	if err != nil {
		return nil, err
	}
	s, err := openBook(d, o, f)
	if isDamage(err) {
		err = errors.Join(err, setAside(dir))
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return s, nil
}

// lockDir takes the folder for this process; the kernel lets go of it however the process ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the spool: %w; choose a data folder that can be written", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s; stop the other vehicle-agent or choose another data folder", ErrLocked, dir), f.Close())
	}
	return f, nil
}

// openFiles opens the database if it is sound, and otherwise mends it.
func openFiles(ctx context.Context, dir string, o Options, cause error) (d *sqliteDisk, f found, err error) {
	wit, told := openWitness(dir)
	var h head
	if err = cause; err == nil {
		d, h, err = openSound(ctx, dir, o, told)
	}
	if isDamage(err) {
		var report string
		if report, err = salvage(ctx, dir, o, told.newest, err); err == nil {
			f = found{faults: []string{report}, doubt: true}
			d, err = openDB(ctx, filepath.Join(dir, dbFile), o)
		}
	}
	if err != nil {
		return nil, f, errors.Join(err, d.shut(), wit.close())
	}
	if told.torn && h.Counter > 1 { // the first commit writes both
		f.doubt = true
		f.faults = append(f.faults, "the witness of the spool was missing or torn: whether records are missing at the end cannot be told; a new epoch begins")
	}
	d.wit = wit
	d.wit.both = f.doubt || h.Counter == 0
	if f.full = !d.restore(); f.full {
		d.relieve()
	}
	return d, f, nil
}

// openSound opens the database, and sets it aside when it is damaged.
func openSound(ctx context.Context, dir string, o Options, told testimony) (*sqliteDisk, head, error) {
	if err := lookAt(dir, told); err != nil {
		return nil, head{}, err
	}
	d, err := openDB(ctx, filepath.Join(dir, dbFile), o)
	var h head
	if err == nil {
		h, err = d.examine(told)
	}
	if err == nil {
		return d, h, nil
	}
	if isDamage(err) {
		err = errors.Join(err, setAside(dir)) // before the connection closes, which would tidy evidence away
	}
	return nil, head{}, errors.Join(err, d.shut())
}

// lookAt finds what must be known before SQLite opens the files, because it would delete a log beside an empty database.
func lookAt(dir string, told testimony) error {
	switch {
	case fileSize(filepath.Join(dir, dbFile)) > 0:
		return nil
	case fileSize(filepath.Join(dir, dbFile+"-wal")) > 0 || !told.fresh:
		return fmt.Errorf("%w: the database is missing or empty", errDamaged)
	case exists(filepath.Join(dir, newFile)):
		return fmt.Errorf("%w: mending it was broken off", errDamaged)
	}
	return nil
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// openDB opens or makes the database at path. The caller shuts it, even beside an error.
func openDB(ctx context.Context, path string, o Options) (*sqliteDisk, error) {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	d := &sqliteDisk{path: path, db: db, maxPages: o.maxPages}
	if d.maxPages == 0 {
		d.maxPages = sqliteMost
	}
	return d, explain(d.setUp(ctx, o))
}

func (d *sqliteDisk) setUp(ctx context.Context, o Options) (err error) {
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return err
	}
	for _, p := range []string{"page_size=4096", "locking_mode=EXCLUSIVE", "cell_size_check=ON", "cache_size=-1024", "temp_store=MEMORY"} {
		if err := d.exec("PRAGMA " + p); err != nil {
			return err
		}
	}
	var version int
	if err := d.ask("PRAGMA user_version", &version); err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("%w: form %d, this version knows %d; install the newer version again or choose another data folder", ErrNewer, version, schemaVersion)
	}
	var mode string
	if err := d.ask("PRAGMA journal_mode=WAL", &mode); err != nil {
		return err
	}
	for _, p := range []string{"synchronous=FULL", fmt.Sprintf("wal_autocheckpoint=%d", logPages), fmt.Sprintf("max_page_count=%d", d.maxPages)} {
		if err := d.exec("PRAGMA " + p); err != nil {
			return err
		}
	}
	if version == 0 {
		if err := d.form(); err != nil {
			return err
		}
	}
	for stmt, text := range map[**sql.Stmt]string{
		&d.put:   "INSERT INTO row(id, at, size, body) VALUES($1, $2, $3, $4) ON CONFLICT(id) DO UPDATE SET at=excluded.at, size=excluded.size, body=excluded.body",
		&d.del:   "DELETE FROM row WHERE id BETWEEN $1 AND $2",
		&d.rows:  "SELECT id, at, size, body FROM row WHERE id BETWEEN $1 AND $2 ORDER BY id",
		&d.sizes: "SELECT id, at, size FROM row WHERE id BETWEEN $1 AND $2 ORDER BY id",
	} {
		if *stmt, err = d.conn.PrepareContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// form gives a new file its form, in one step. A file with tables and without our mark is not ours, or its first page is damaged.
func (d *sqliteDisk) form() error {
	var tables int
	if err := d.ask("SELECT count(*) FROM sqlite_schema", &tables); err != nil {
		return err
	}
	if tables > 0 {
		return fmt.Errorf("%w: its header is not ours", errDamaged)
	}
	for _, s := range []string{"BEGIN IMMEDIATE", schema, fmt.Sprintf("PRAGMA application_id=%d", applicationID),
		fmt.Sprintf("PRAGMA user_version=%d", schemaVersion), "COMMIT"} {
		if err := d.exec(s); err != nil {
			return errors.Join(err, d.rollback())
		}
	}
	return nil
}

// examine reads the books of an open database, and says what is wrong with it: damaged pages, unreadable books, or fewer commits
// than the witness saw.
func (d *sqliteDisk) examine(told testimony) (h head, err error) {
	var verdict string
	if err := d.ask("PRAGMA quick_check(1)", &verdict); err != nil {
		return h, explain(err)
	}
	if verdict != "ok" {
		return h, fmt.Errorf("%w: %s", errDamaged, verdict)
	}
	any, readable := false, false
	if err := d.scan(span{0, lastID}, func(r row) bool {
		any = true
		h, readable = r.head()
		return false
	}); err != nil {
		return h, err
	}
	switch {
	case any && !readable:
		return h, fmt.Errorf("%w: its books cannot be read", errDamaged)
	case told.newest.Counter > h.Counter:
		return h, fmt.Errorf("%w: it ends %d commits too early", errDamaged, told.newest.Counter-h.Counter)
	}
	return h, nil
}

func (d *sqliteDisk) exec(text string) error {
	_, err := d.conn.ExecContext(context.Background(), text)
	return err
}

func (d *sqliteDisk) ask(text string, to any) error {
	return d.conn.QueryRowContext(context.Background(), text).Scan(to)
}

// rollback leaves a failed transaction; SQLite has often left it already.
func (d *sqliteDisk) rollback() error {
	_ = d.exec("ROLLBACK")
	return nil
}

func (d *sqliteDisk) commit(puts []row, dels []span) error {
	err := d.exec("BEGIN IMMEDIATE")
	for i := 0; err == nil && i < len(dels); i++ {
		_, err = d.del.Exec(dels[i].from, dels[i].to)
	}
	for i := 0; err == nil && i < len(puts); i++ {
		_, err = d.put.Exec(puts[i].id, puts[i].at, puts[i].size, puts[i].blob)
	}
	if err == nil {
		err = d.exec("COMMIT")
	}
	if err != nil {
		return errors.Join(explain(err), d.rollback())
	}
	if d.wit != nil {
		d.wit.tell(puts[0])
	}
	return nil
}

func (d *sqliteDisk) scan(in span, fn func(row) bool) error { return d.read(d.rows, in, true, fn) }

func (d *sqliteDisk) index(in span, fn func(row) bool) error { return d.read(d.sizes, in, false, fn) }

func (d *sqliteDisk) read(stmt *sql.Stmt, in span, blobs bool, fn func(row) bool) error {
	if in.from > in.to {
		return nil
	}
	rows, err := stmt.Query(in.from, in.to)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if blobs {
			err = rows.Scan(&r.id, &r.at, &r.size, (*sql.RawBytes)(&r.blob))
		} else {
			err = rows.Scan(&r.id, &r.at, &r.size)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		if !fn(r) {
			return nil
		}
	}
	return explain(rows.Err())
}

// relieve makes room on a full disk. The ballast goes, the log is written back into its space, and from then on the database does
// not grow: what it has to write finds its place in pages that dropping has freed, and the log in the log, though the disk be full
// to the last byte.
func (d *sqliteDisk) relieve() bool {
	had := d.heavy
	if had {
		d.heavy = os.Remove(d.ballastPath()) != nil
	}
	_ = d.exec("PRAGMA wal_checkpoint(RESTART)") // a refusal of either shows at the next commit
	if pages := fileSize(d.path) / pageSize; pages > 0 {
		_ = d.exec(fmt.Sprintf("PRAGMA max_page_count=%d", min(pages, int64(d.maxPages))))
	}
	return had
}

func (d *sqliteDisk) ballastPath() string { return filepath.Join(filepath.Dir(d.path), ballastFile) }

// restore reserves the ballast and lets the database grow again; false when the disk has no room.
func (d *sqliteDisk) restore() bool {
	if err := reserve(d.ballastPath()); err != nil {
		_ = os.Remove(d.ballastPath())
		return false
	}
	d.heavy = d.exec(fmt.Sprintf("PRAGMA max_page_count=%d", d.maxPages)) == nil
	return d.heavy
}

// reserve makes a file that really takes its space.
func reserve(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, ballastBytes)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		_, err = f.WriteAt(make([]byte, ballastBytes), 0)
	}
	return errors.Join(err, f.Close())
}

func (d *sqliteDisk) close() error {
	err := d.shut()
	if d.wit != nil {
		err = errors.Join(err, d.wit.close())
	}
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
	}
	return err
}

// shut closes the database; SQLite writes its log back and removes it.
func (d *sqliteDisk) shut() error {
	if d == nil {
		return nil
	}
	var err error
	for _, s := range []*sql.Stmt{d.put, d.del, d.rows, d.sizes} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	if d.conn != nil {
		err = errors.Join(err, d.conn.Close())
	}
	return errors.Join(err, d.db.Close())
}

// explain puts our word before SQLite's where one of ours fits.
func explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: %w", errFull, err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_IOERR:
		return fmt.Errorf("%w: %w", errDamaged, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w; close the tool that reads the database", ErrLocked, err)
	}
	return err
}

func isDamage(err error) bool { return errors.Is(err, errDamaged) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
