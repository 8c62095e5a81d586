package store

import (
	"context"
	"database/sql"
	"embed"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// dialect is all in which the engines differ; the SQL text is one.
type dialect struct {
	goose    goose.Dialect
	bytes    string // column type
	migrated string // query: 1 when the table of migrations exists, else 0
	bare     bool   // lists of rows have parameters without numbers
	// attempt bounds one transaction; 0 for a file, where an interrupted commit would only be another uncertainty.
	attempt time.Duration
	// lost says that the transaction failed with its connection, not by its own fault: it may be tried again on another.
	lost func(error) bool
	// fatal says that nothing written through this opening may be trusted any more.
	fatal func(error) bool
	// explain adds to an error what a person should do.
	explain func(error) error
	// prepare readies a new connection for writing (PostgreSQL: takes the lock).
	prepare func(context.Context, *sql.Conn) error
	// parting is said before the writer's connection is closed for good: a server notices the end of a session when it likes.
	parting string
}

// engine is an opened database: who reads, who writes, and what else Close must undo.
type engine struct {
	dialect
	read, write *sql.DB
	conn        *sql.Conn // the writer's, when locking needed one already
	known       bool      // the place says that a store was here before: an empty database is then a lost one
	created     func(id string) error
	unlock      func()
}

//go:embed migrations/*.sql
var migrations embed.FS

// rendered is the folder of migrations with the column types of one engine.
type rendered struct {
	fs.FS
	bytes string
}

func (r rendered) Open(name string) (fs.File, error) {
	f, err := r.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return &page{f, strings.NewReader(strings.ReplaceAll(string(text), "{{bytes}}", r.bytes))}, nil
}

// page is a migration after rendering.
type page struct {
	fs.File
	text *strings.Reader
}

func (p *page) Read(b []byte) (int, error) { return p.text.Read(b) }
