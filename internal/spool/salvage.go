package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	pb "lifeline120/internal/wire/proto"
)

// A damaged database is not asked through SQLite, which can only give what the tree above it still leads to. Its pages and those
// of its log are read one by one; each row carries its identity and checksum, so whatever checks is true, wherever it stood. Rows
// that had been deleted may turn up; the books tell them apart, and where they do not, sending one twice changes nothing (DLV-002).

const pageSize = 4096

// setAside renames the database and its log to a name with the time. The new file is there before: whoever finds it knows that
// what was set aside last is still to be carried over.
func setAside(dir string) error {
	_ = os.Remove(filepath.Join(dir, ballastFile)) // its room is needed now
	if err := os.WriteFile(filepath.Join(dir, newFile), nil, 0o600); err != nil {
		return err
	}
	base := filepath.Join(dir, asidePrefix+time.Now().UTC().Format("20060102T150405.000000Z"))
	var errs []error
	for _, suffix := range []string{"", "-wal"} {
		if from := filepath.Join(dir, dbFile) + suffix; exists(from) {
			errs = append(errs, os.Rename(from, base+".db"+suffix))
		}
	}
	return errors.Join(append(errs, syncDir(dir))...)
}

// asides lists the names set aside, without suffix, oldest first.
func asides(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), "-wal")
		if strings.HasPrefix(name, asidePrefix) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// salvage makes a sound database out of what was set aside last and what the witness knows, and tells what it did. Broken off at
// any point, it begins again at the next start.
func salvage(ctx context.Context, dir string, o Options, newest head, cause error) (report string, err error) {
	if exists(filepath.Join(dir, dbFile)) || exists(filepath.Join(dir, dbFile+"-wal")) {
		if err := setAside(dir); err != nil {
			return "", fmt.Errorf("set the damaged spool aside: %w", err)
		}
	}
	names := asides(dir)
	w := &wreck{}
	if len(names) > 0 && exists(filepath.Join(dir, newFile)) {
		w.open(filepath.Join(dir, names[len(names)-1]))
	}
	for _, name := range []string{newFile, newFile + "-wal", newFile + "-journal", ballastFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && exists(filepath.Join(dir, name)) {
			return "", errors.Join(err, w.close())
		}
	}
	d, err := openDB(ctx, filepath.Join(dir, newFile), o)
	if err != nil {
		return "", errors.Join(err, d.shut(), w.close())
	}
	short := carry(w, d, newest)
	count := 0
	if err := d.ask(fmt.Sprintf("SELECT count(*) FROM row WHERE id >= %d", int64(1)<<epochBit), &count); err != nil {
		return "", errors.Join(err, d.shut(), w.close())
	}
	if err := errors.Join(d.shut(), w.close()); err != nil {
		return "", err
	}
	if err := errors.Join(os.Rename(filepath.Join(dir, newFile), filepath.Join(dir, dbFile)), syncDir(dir)); err != nil {
		return "", err
	}
	for len(names) > maxAside {
		_ = os.Remove(filepath.Join(dir, names[0]))
		_ = os.Remove(filepath.Join(dir, names[0]+"-wal"))
		names = names[1:]
	}
	report = fmt.Sprintf("the spool was damaged (%v): %d records were carried over into a new file, a new epoch begins", cause, count)
	if w.db != nil || w.wal != nil {
		report += "; the old file is kept as " + names[len(names)-1]
	}
	if short != nil {
		report += fmt.Sprintf("; not all could be written: %v", short)
	}
	return report, nil
}

// carry writes what the wreck holds into d: books, kept values and urgent records first, the others while there is room.
func carry(w *wreck, d *sqliteDisk, best head) error {
	keep := map[int64]kept{}
	t := trip{d: d}
	w.rows(func(r row) {
		if r.id == headID {
			if h, ok := r.head(); ok && h.Counter > best.Counter {
				best = h
			}
			return
		}
		if k, ok := r.kept(); ok && (keep[k.ID].Key == "" || k.Rev > keep[k.ID].Rev) {
			keep[k.ID] = k
		}
		if _, lane, _ := split(r.id); lane == pb.Lane_LANE_URGENT {
			t.add(r)
		}
	})
	var own []row
	if best.Counter > 0 {
		r, err := best.row()
		t.err = errors.Join(t.err, err)
		own = append(own, r)
	}
	for _, k := range keep {
		r, err := k.row()
		t.err = errors.Join(t.err, err)
		own = append(own, r)
	}
	t.rows = append(t.rows, own...)
	t.leave()
	if t.err != nil {
		return t.err
	}
	books := map[int64]*epochState{}
	for _, he := range best.Epochs {
		books[he.Ordinal] = newEpochState(he)
	}
	w.rows(func(r row) {
		ord, lane, seq := split(r.id)
		e := books[ord]
		if lane > pb.Lane_LANE_URGENT && (e == nil || !e.lanes[lane].hidden(seq)) {
			t.add(r)
		}
	})
	t.leave()
	return t.err
}

// trip carries rows over in transactions of bounded size.
type trip struct {
	d     *sqliteDisk
	rows  []row
	bytes int64
	err   error
}

func (t *trip) add(r row) {
	if t.err != nil || r.id < 1<<epochBit {
		return
	}
	if _, ok := r.record(); !ok {
		return
	}
	r.blob = bytes.Clone(r.blob)
	t.rows = append(t.rows, r)
	if t.bytes += r.size; t.bytes >= maxTrip {
		t.leave()
	}
}

func (t *trip) leave() {
	if t.err == nil && len(t.rows) > 0 {
		t.err = t.d.commit(t.rows, nil)
	}
	t.rows, t.bytes = nil, 0
}

// wreck is a damaged database and its log, read page by page.
type wreck struct {
	db, wal *os.File
	frames  map[uint32][]int64 // page number: where its copies stand in the log
	salt    [8]byte            // of the log's header; frames of an older round have another
}

const (
	walHeader   = 32
	frameHeader = 24
)

// open opens what there is; a file that cannot be opened has nothing to give.
func (w *wreck) open(path string) {
	w.frames = map[uint32][]int64{}
	w.db, _ = os.Open(path)
	if w.wal, _ = os.Open(path + "-wal"); w.wal == nil {
		return
	}
	_, _ = w.wal.ReadAt(w.salt[:], 16)
	var h [frameHeader]byte
	for at := int64(walHeader); at+frameHeader+pageSize <= sizeOf(w.wal); at += frameHeader + pageSize {
		if _, err := w.wal.ReadAt(h[:], at); err == nil {
			no := binary.BigEndian.Uint32(h[:])
			w.frames[no] = append(w.frames[no], at+frameHeader)
		}
	}
}

func (w *wreck) close() error {
	var err error
	for _, f := range []*os.File{w.db, w.wal} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

func sizeOf(f *os.File) int64 {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// rows gives every row whose checksum holds, in no order, and some more than once.
func (w *wreck) rows(fn func(row)) {
	page := make([]byte, pageSize)
	each := func(f *os.File, from, step int64) {
		if f == nil {
			return
		}
		for at := from; at < sizeOf(f); at += step {
			n, _ := f.ReadAt(page, at) // a bad sector or the torn end gives less
			clear(page[n:])
			for _, fetch := range w.fetchers() {
				if leafRows(page, fetch, fn) {
					break
				}
			}
		}
	}
	each(w.db, 0, pageSize)
	each(w.wal, walHeader+frameHeader, frameHeader+pageSize)
}

// fetchers are the ways to find an overflow page, likeliest first: as the newest round of the log has it, as the database has it,
// as the end of the log has it. The checksum tells which was right.
func (w *wreck) fetchers() []fetch {
	fromDB := func(no uint32, page []byte) bool {
		if w.db == nil || no == 0 {
			return false
		}
		_, err := w.db.ReadAt(page, int64(no-1)*pageSize)
		return err == nil
	}
	fromLog := func(anyRound bool) fetch {
		return func(no uint32, page []byte) bool {
			for _, at := range slices.Backward(w.frames[no]) {
				var salt [8]byte
				if _, err := w.wal.ReadAt(salt[:], at-frameHeader+8); err == nil && (anyRound || salt == w.salt) {
					_, err := w.wal.ReadAt(page, at)
					return err == nil
				}
			}
			return fromDB(no, page)
		}
	}
	return []fetch{fromLog(false), fromDB, fromLog(true)}
}

// fetch reads page no into page.
type fetch func(no uint32, page []byte) bool

// leafRows gives the rows of a page, if it is a leaf of a table (SQLite file format, section 1.6); false when some of its cells
// did not check.
func leafRows(page []byte, get fetch, fn func(row)) bool {
	head := 0
	if bytes.HasPrefix(page, []byte("SQLite format 3\x00")) {
		head = 100
	}
	if page[head] != 0x0d {
		return true
	}
	cells := int(binary.BigEndian.Uint16(page[head+3:]))
	whole := true
	for i := 0; i < cells && head+8+2*i+2 <= pageSize; i++ {
		at := int(binary.BigEndian.Uint16(page[head+8+2*i:]))
		if r, ok := cellRow(page, at, get); ok {
			fn(r)
			continue
		}
		whole = false
	}
	return whole
}

// cellRow reads one cell: length, row id, payload, part of which may be on overflow pages.
func cellRow(page []byte, at int, get fetch) (r row, ok bool) {
	if at >= pageSize {
		return r, false
	}
	p := page[at:]
	length, p, ok := varint(p)
	if !ok || length == 0 || length > maxKeepValue*2 { // a kept value is in base64
		return r, false
	}
	id, p, ok := varint(p)
	if !ok {
		return r, false
	}
	body, ok := payloadOf(p, int(length), get)
	if !ok {
		return r, false
	}
	if r, ok = rowOf(int64(id), body); !ok {
		return r, false
	}
	_, ok = r.payload()
	return r, ok
}

// payloadOf gathers length bytes from the cell and its overflow pages.
func payloadOf(p []byte, length int, get fetch) ([]byte, bool) {
	const most = pageSize - 35
	local := length
	if length > most {
		const least = (pageSize-12)*32/255 - 23
		if local = least + (length-least)%(pageSize-4); local > most {
			local = least
		}
		if len(p) < local+4 {
			return nil, false
		}
	}
	if len(p) < local {
		return nil, false
	}
	out := append(make([]byte, 0, length), p[:local]...)
	if local == length {
		return out, true
	}
	next := binary.BigEndian.Uint32(p[local:])
	page := make([]byte, pageSize)
	for len(out) < length { // each page adds to it, so a ring of pages ends
		if next == 0 || !get(next, page) {
			return nil, false
		}
		next = binary.BigEndian.Uint32(page)
		out = append(out, page[4:min(pageSize, 4+length-len(out))]...)
	}
	return out, true
}

// rowOf reads the record format: header with the types of the columns, then their values.
func rowOf(id int64, b []byte) (r row, ok bool) {
	size, types, ok := varint(b)
	if !ok || size > uint64(len(b)) || size < uint64(len(b)-len(types)) {
		return r, false
	}
	types, values := types[:int(size)-(len(b)-len(types))], b[size:]
	var cols [4]uint64
	for i := range cols {
		if cols[i], types, ok = varint(types); !ok {
			return r, false
		}
	}
	if cols[0] != 0 || cols[3] < 12 || cols[3]%2 != 0 { // id stands as null, the body is a blob
		return r, false
	}
	r.id = id
	if r.at, values, ok = integer(cols[1], values); !ok {
		return r, false
	}
	if r.size, values, ok = integer(cols[2], values); !ok {
		return r, false
	}
	n := (cols[3] - 12) / 2
	if n != uint64(len(values)) {
		return r, false
	}
	r.blob = values
	return r, true
}

// integer reads a column of one of SQLite's integer types.
func integer(kind uint64, b []byte) (v int64, rest []byte, ok bool) {
	widths := [...]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
	switch {
	case kind == 8 || kind == 9:
		return int64(kind - 8), b, true
	case kind == 0 || kind >= uint64(len(widths)) || len(b) < widths[kind]:
		return 0, nil, false
	}
	v = int64(int8(b[0]))
	for _, c := range b[1:widths[kind]] {
		v = v<<8 | int64(c)
	}
	return v, b[widths[kind]:], true
}

// varint reads SQLite's variable-length integer: seven bits a byte, most significant first, eight in the ninth.
func varint(b []byte) (v uint64, rest []byte, ok bool) {
	for i, c := range b {
		if i == 8 {
			return v<<8 | uint64(c), b[9:], true
		}
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return v, b[i+1:], true
		}
	}
	return 0, nil, false
}

// syncDir makes renames in a folder durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
