package spool

import "fmt"

// Fill bounds the database of an open spool to what it is now (true), or lets it grow again: SQLite then answers "database or disk
// is full", as on a full file system.
func Fill(s Spool, full bool) error {
	b := s.(*book)
	b.io.Lock()
	defer b.io.Unlock()
	pages := 1 << 30
	if full {
		pages = 1 // SQLite takes the present size where that is more
	}
	return b.disk.(*sqliteDisk).exec(fmt.Sprintf("PRAGMA max_page_count=%d", pages))
}

// WithMaxPages bounds the database from the start.
func (o Options) WithMaxPages(n int) Options {
	o.maxPages = n
	return o
}

// Version asks the SQLite library that is linked in.
func Version(s Spool) (v string, err error) {
	err = s.(*book).disk.(*sqliteDisk).ask("SELECT sqlite_version()", &v)
	return v, err
}
