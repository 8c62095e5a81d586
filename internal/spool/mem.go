package spool

import (
	"errors"
	"slices"
	"sync"
)

// MemDisk is the disk of a Mem: what was committed to it outlives the spool that wrote it. Drop a Mem without Close and make a
// new one of the same MemDisk, and that is a crash. The zero value is an empty disk without a bound.
type MemDisk struct {
	mu     sync.Mutex
	rows   []row
	bytes  int64
	limit  int64
	refuse error
	life   int // of the Mem that may write; an older one has crashed
}

// Fill makes the disk full as it is (true), or gives it room without bound again (false).
func (d *MemDisk) Fill(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.limit = 0; full {
		d.limit = max(d.bytes, 1)
	}
}

// SetLimit makes the disk full beyond n bytes of rows; 0 is no bound.
func (d *MemDisk) SetLimit(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit = n
}

// Refuse makes every commit fail with err until it is called with nil: a disk that is dead, or read-only.
func (d *MemDisk) Refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = err
}

// Clone copies what is committed: a disk image taken now.
func (d *MemDisk) Clone() *MemDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &MemDisk{rows: slices.Clone(d.rows), bytes: d.bytes, limit: d.limit}
}

// NewMem opens the spool on a MemDisk, with the behaviour of the one on a real disk: numbering, commits, bounds and crashes.
// Options.Dir is not used. A Mem that was opened before on the same disk can commit nothing any more.
func NewMem(d *MemDisk, o Options) (Spool, error) {
	o.fill()
	d.mu.Lock()
	d.life++
	m := &mem{d, d.life}
	d.mu.Unlock()
	return openBook(m, o, found{})
}

type mem struct {
	*MemDisk
	own int
}

var errCrashed = errors.New("a newer spool has opened this disk")

func (m *mem) commit(puts []row, dels []span) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.own != m.life {
		return errCrashed
	}
	if m.refuse != nil {
		return m.refuse
	}
	rows := slices.Clone(m.rows)
	for _, s := range dels {
		i, j := place(rows, s.from), place(rows, s.to+1)
		rows = slices.Delete(rows, i, max(i, j))
	}
	for _, p := range puts {
		i := place(rows, p.id)
		if i < len(rows) && rows[i].id == p.id {
			rows[i] = p
			continue
		}
		rows = slices.Insert(rows, i, p)
	}
	size := int64(0)
	for _, r := range rows {
		size += int64(len(r.blob))
	}
	if m.limit > 0 && size > m.limit && size > m.bytes {
		return errFull
	}
	m.rows, m.bytes = rows, size
	return nil
}

// place is where id stands or would stand.
func place(rows []row, id int64) int {
	i, _ := slices.BinarySearchFunc(rows, id, func(r row, id int64) int {
		switch {
		case r.id < id:
			return -1
		case r.id > id:
			return 1
		}
		return 0
	})
	return i
}

func (m *mem) scan(in span, fn func(row) bool) error {
	m.mu.Lock()
	rows := m.rows
	m.mu.Unlock()
	for i := place(rows, in.from); i < len(rows) && rows[i].id <= in.to && fn(rows[i]); i++ {
	}
	return nil
}

func (m *mem) index(in span, fn func(row) bool) error { return m.scan(in, fn) }

func (m *mem) relieve() bool { return false }
func (m *mem) restore() bool { return true }
func (m *mem) close() error  { return nil }
