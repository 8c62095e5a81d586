package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	"lifeline120/internal/store/pgtest"
	"lifeline120/internal/store/storetest"
	pb "lifeline120/internal/wire/proto"
)

// onEngines runs a benchmark on each engine that the machine has.
func onEngines(b *testing.B, run func(b *testing.B, s store.Store)) {
	b.Run("sqlite", func(b *testing.B) { run(b, mustOpen(b, store.Config{Dir: b.TempDir()})) })
	b.Run("postgres", func(b *testing.B) {
		server := pgtest.Start(b)
		run(b, mustOpen(b, store.Config{URL: server.URL(server.NewDatabase(b))}))
	})
}

func mustOpen(tb testing.TB, cfg store.Config) store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// bareSync is what one write and fsync of 4 kB costs on the same disk, now: the floor under every durable answer. Median of 100.
func bareSync(b *testing.B) time.Duration {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	var took []time.Duration
	for range 100 {
		began := time.Now()
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// owedEntry is a reading of 400 bytes; every tenth brings an event, as alarms and nodes do.
func owedEntry(unit ems.UnitID, seq uint64) []store.Entry {
	o := storetest.Message(unit, pb.Lane_LANE_READING, seq, fmt.Sprint(unit, seq))
	o.Record.Body = make([]byte, 400)
	e := store.Entry{Owed: o}
	if seq%10 == 0 {
		e.Events = []journal.Event{storetest.Event("node.entered", `{"mission":"m1","node":"at_scene","by":"doctor"}`)}
	}
	return []store.Entry{e}
}

// Budget: at least 8,000 owed messages a second (docs/limits.md).
func BenchmarkAppendOwed(b *testing.B) {
	onEngines(b, func(b *testing.B, s store.Store) {
		const appenders = 64
		bare := bareSync(b)
		var next atomic.Int64
		var wg sync.WaitGroup
		b.ResetTimer()
		for w := range appenders {
			unit := ems.UnitID(fmt.Sprint("u", w))
			wg.Go(func() {
				for seq := uint64(1); next.Add(1) <= int64(b.N); seq++ {
					if _, err := s.Append(b.Context(), owedEntry(unit, seq)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		b.StopTimer()
		perSecond := float64(b.N) / b.Elapsed().Seconds()
		b.ReportMetric(perSecond, "msg/s")
		b.ReportMetric(perSecond*bare.Seconds(), "msg/bare-fsync")
	})
}

// One appender: what a single dispatch action waits.
func BenchmarkAppendOne(b *testing.B) {
	onEngines(b, func(b *testing.B, s store.Store) {
		bare := bareSync(b)
		seq := uint64(0)
		for b.Loop() {
			seq++
			if _, err := s.Append(b.Context(), owedEntry("u1", seq)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/bare.Seconds(), "x-bare-fsync")
	})
}

// Budget: p99 of 10 ms or less at 1,000 messages a second (docs/limits.md).
func BenchmarkAppendPaced(b *testing.B) {
	onEngines(b, func(b *testing.B, s store.Store) {
		bare := bareSync(b)
		took := make([]time.Duration, b.N)
		var wg sync.WaitGroup
		b.ResetTimer()
		began := time.Now()
		for i := range b.N {
			due := began.Add(time.Duration(i) * time.Millisecond)
			<-time.After(time.Until(due)) // the pace is what is measured at
			wg.Go(func() {
				unit := ems.UnitID(fmt.Sprint("u", i%200))
				if _, err := s.Append(b.Context(), owedEntry(unit, uint64(i/200+1))); err != nil {
					b.Error(err)
				}
				took[i] = time.Since(due)
			})
		}
		wg.Wait()
		slices.Sort(took)
		p50, p99 := took[len(took)/2], took[len(took)*99/100]
		b.ReportMetric(float64(p50)/1e6, "p50-ms")
		b.ReportMetric(float64(p99)/1e6, "p99-ms")
		b.ReportMetric(float64(p99)/float64(bare), "p99/bare-fsync")
	})
}
