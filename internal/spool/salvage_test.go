package spool

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// pagesOf makes a database with records of many sizes and gives its pages.
func pagesOf(tb testing.TB) (pages [][]byte, want []wire.Record) {
	tb.Helper()
	dir := tb.TempDir()
	s, err := Open(context.Background(), Options{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	// around the borders of SQLite's cells: one byte of length more, the most that stays on a page, one page of overflow and two
	for _, n := range []int{0, 1, 60, 127, 128, 400, 3900, 3960, 3970, 3980, 3990, 4000, 4010, 4020, 4040, 4100, 8060, 8080, 8200, 30_000, wire.MaxBody} {
		recs, err := s.Put(context.Background(), []wire.Item{{Lane: pb.Lane_LANE_URGENT, Kind: pb.Kind_KIND_NOTE, CapturedUs: int64(n) << 30, Body: bytes.Repeat([]byte{byte(n)}, n)}}, nil)
		if err != nil {
			tb.Fatal(err)
		}
		want = append(want, recs...)
	}
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, dbFile))
	if err != nil {
		tb.Fatal(err)
	}
	for ; len(b) >= pageSize; b = b[pageSize:] {
		pages = append(pages, b[:pageSize])
	}
	return pages, want
}

func fetchFrom(pages [][]byte) fetch {
	return func(no uint32, page []byte) bool {
		if no == 0 || int(no) > len(pages) {
			return false
		}
		copy(page, pages[no-1])
		return true
	}
}

func TestPagesGiveEveryRow(t *testing.T) {
	pages, want := pagesOf(t)
	got := map[uint64]wire.Record{}
	for _, p := range pages {
		leafRows(p, fetchFrom(pages), func(r row) {
			if rec, ok := r.record(); ok {
				got[rec.Seq] = rec
			}
		})
	}
	for _, w := range want {
		if g := got[w.Seq]; !bytes.Equal(g.Body, w.Body) || g.Epoch != w.Epoch || g.CapturedUs != w.CapturedUs {
			t.Errorf("record %d of %d bytes: read %d bytes", w.Seq, len(w.Body), len(g.Body))
		}
	}
}

func FuzzLeafRows(f *testing.F) {
	pages, _ := pagesOf(f)
	for _, p := range pages[:min(len(pages), 12)] {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		page := make([]byte, pageSize)
		copy(page, b)
		leafRows(page, fetchFrom(append(pages, page)), func(r row) {
			r.record()
			r.head()
			r.kept()
		})
	})
}

func FuzzHead(f *testing.F) {
	f.Add([]byte(`{"counter":3,"epochs":[{"ordinal":1,"id":"AAAAAAAAAAAAAAAAAAAAAA==","lanes":[{"lane":1,"next":4,"reserved":3,"gone":[{"From":1,"To":2}]}]}]}`))
	f.Add([]byte(`{"counter":1,"epochs":[{"ordinal":2,"id":"","lanes":[{"lane":9}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := seal(headID, 0, 0, append(make([]byte, 4), b...)).head()
		if !ok {
			return
		}
		disk := &MemDisk{}
		r, err := h.row()
		if err != nil {
			t.Fatal(err)
		}
		if err := (&mem{disk, 0}).commit([]row{r}, nil); err != nil {
			t.Fatal(err)
		}
		s, err := NewMem(disk, Options{})
		if err != nil {
			return // all numbers of epochs are used up
		}
		if _, err := s.Put(context.Background(), []wire.Item{{Lane: pb.Lane_LANE_URGENT, Body: []byte("a")}}, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnyFlippedBitOfARowIsSeen(t *testing.T) {
	rec := wire.Record{Item: wire.Item{Lane: pb.Lane_LANE_READING, Kind: pb.Kind_KIND_READINGS, CapturedUs: 5, MonoUs: 6, Boot: "b", Simulated: true,
		Body: []byte("body")}, Epoch: wire.Epoch{1}, Seq: 9}
	r, err := recordRow(3, rec)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := r.record(); !ok || fmt.Sprint(got) != fmt.Sprint(rec) {
		t.Fatalf("read %v, %v", got, ok)
	}
	for bit := range 8 * len(r.blob) {
		r.blob[bit/8] ^= 1 << (bit % 8)
		if _, ok := r.record(); ok {
			t.Errorf("bit %d of the blob", bit)
		}
		r.blob[bit/8] ^= 1 << (bit % 8)
	}
	for bit := range 63 {
		for _, x := range []row{{r.id ^ 1<<bit, r.at, r.size, r.blob}, {r.id, r.at ^ 1<<bit, r.size, r.blob}, {r.id, r.at, r.size ^ 1<<bit, r.blob}} {
			if _, ok := x.record(); ok {
				t.Errorf("bit %d of id, time or size", bit)
			}
		}
	}
}

// A record goes bad under an open spool: it is not given, and it is declared lost.
func TestDLV001_RowGoneBadWhileOpenIsDeclared(t *testing.T) {
	for _, cut := range []bool{false, true} {
		dir := t.TempDir()
		s, err := Open(context.Background(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		var recs []wire.Record
		for i := range 3 {
			r, err := s.Put(context.Background(), []wire.Item{{Lane: pb.Lane_LANE_READING, Kind: pb.Kind_KIND_READINGS,
				Body: []byte(strings.Repeat(fmt.Sprint(i), wire.MaxBody))}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			recs = append(recs, r...)
			if err := s.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		b := s.(*book)
		if err := b.disk.(*sqliteDisk).exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, dbFile)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if cut { // the end of the last record cannot be read at all
			err = os.Truncate(path, int64(len(raw)-pageSize*3))
		} else {
			at := bytes.LastIndex(raw, bytes.Repeat([]byte("2"), 1000))
			raw[at] ^= 1
			err = os.WriteFile(path, raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Next(context.Background(), pb.Lane_LANE_READING, s.Epoch(), 0, 9, 0)
		if err != nil || len(got) != 2 || !bytes.Equal(got[1].Body, recs[1].Body) {
			t.Fatalf("cut %v: %d records, %v", cut, len(got), err)
		}
		if f := s.Faults(); len(f) == 0 || !strings.Contains(f[0], "declared lost") {
			t.Fatalf("cut %v: faults %q", cut, f)
		}
		b.mu.Lock()
		dropped := b.current().lanes[pb.Lane_LANE_READING].dropped
		b.mu.Unlock()
		if !dropped.has(3) || dropped.count() != 1 {
			t.Fatalf("cut %v: declared %v, want 3", cut, dropped)
		}
		_ = s.Close() // the file is broken
	}
}
