package spool_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lifeline120/internal/spool"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

func benchSpool(b *testing.B, dir string) spool.Spool {
	b.Helper()
	s, err := spool.Open(context.Background(), spool.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// appendSync is the bare cost beside which the spool is measured: a plain file, appended to and synced.
func appendSync(b *testing.B, path string, size, n int) time.Duration {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	body := make([]byte, size)
	begin := time.Now()
	for range n {
		if _, err := f.Write(body); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begin) / time.Duration(n)
}

// One urgent record of 400 bytes, durable.
func BenchmarkPutUrgent(b *testing.B) {
	dir := b.TempDir()
	s := benchSpool(b, dir)
	ctx := context.Background()
	items := []wire.Item{{Lane: pb.Lane_LANE_URGENT, Kind: pb.Kind_KIND_NOTE, Body: make([]byte, 400)}}
	n := 0
	for b.Loop() {
		n++
		recs, err := s.Put(ctx, items, nil)
		if err != nil {
			b.Fatal(err)
		}
		if n%50 == 0 {
			if _, err := s.Stored(ctx, recs[0].Epoch, recs[0].Lane, recs[0].Seq, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
	bare := appendSync(b, filepath.Join(dir, "bare"), 400, min(n, 2000))
	b.ReportMetric(float64(b.Elapsed())/float64(n)/float64(bare), "x_fsync")
	b.ReportMetric(float64(bare), "ns/fsync")
}

// A second of waves, readings and positions: 50 records of 800 bytes, one commit.
func BenchmarkPutBatched(b *testing.B) {
	const batch = 50
	dir := b.TempDir()
	s := benchSpool(b, dir)
	ctx := context.Background()
	items := []wire.Item{{Lane: pb.Lane_LANE_WAVE, Kind: pb.Kind_KIND_WAVES, Body: make([]byte, 800)}}
	n := 0
	for b.Loop() {
		var last wire.Record
		for range batch {
			recs, err := s.Put(ctx, items, nil)
			if err != nil {
				b.Fatal(err)
			}
			last = recs[0]
		}
		if err := s.Flush(ctx); err != nil {
			b.Fatal(err)
		}
		if n++; n%20 == 0 {
			if _, err := s.Stored(ctx, last.Epoch, last.Lane, last.Seq, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
	per := float64(b.Elapsed()) / float64(n)
	bare := appendSync(b, filepath.Join(dir, "bare"), batch*800, min(n, 1000))
	b.ReportMetric(per/float64(bare), "x_fsync")
	b.ReportMetric(batch*1e9/per, "records/s")
}

// Opening a spool that holds an hour of waves and readings: every row is read and checked.
func BenchmarkOpen(b *testing.B) {
	const count = 20_000
	dir := b.TempDir()
	s := benchSpool(b, dir)
	ctx := context.Background()
	for range count / 100 {
		var items []wire.Item
		for range 100 {
			items = append(items, wire.Item{Lane: pb.Lane_LANE_WAVE, Kind: pb.Kind_KIND_WAVES, Body: make([]byte, 1000)})
		}
		if _, err := s.Put(ctx, items, nil); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		n++
		s, err := spool.Open(ctx, spool.Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(count*n)/b.Elapsed().Seconds(), "records/s")
}
