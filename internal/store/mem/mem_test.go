package mem_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	"lifeline120/internal/store/mem"
	"lifeline120/internal/store/storetest"
	pb "lifeline120/internal/wire/proto"
)

func TestMem(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Place {
		var disk *mem.Disk
		return storetest.Place{
			Open: func(demo bool) (store.Store, error) {
				if disk == nil {
					disk = mem.NewDisk("m1", demo)
				}
				s, err := disk.Open(demo)
				if err != nil {
					return nil, err
				}
				return s, nil
			},
			Rewrite: func(events []journal.Event) { disk.Rewrite(events) },
		}
	})
}

func open(t *testing.T, d *mem.Disk) *mem.Store {
	t.Helper()
	s, err := d.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func one(seq uint64) []store.Entry {
	return []store.Entry{{Owed: storetest.Message("u1", pb.Lane_LANE_URGENT, seq, "x"), Events: []journal.Event{storetest.Event("x", `{}`)}}}
}

// A silent store keeps Append waiting until it is back or the caller's patience ends, and then nothing was stored.
func TestDLV006_DownAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := mem.NewDisk("m", true)
		s := open(t, d)
		d.SetDown(true)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Append(ctx, one(1)); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Fatalf("after %v: %v", time.Since(began), err)
		}
		if _, err := s.Read(t.Context(), 0, 1); !errors.Is(err, mem.ErrDown) {
			t.Fatal(err)
		}
		time.AfterFunc(3*time.Second, func() { d.SetDown(false) })
		rs, err := s.Append(t.Context(), one(1))
		if err != nil || rs[0].Outcome != store.Stored || time.Since(began).Round(time.Millisecond) != 4*time.Second {
			t.Fatalf("after %v: %v %v", time.Since(began), rs, err)
		}
		d.SetDelay(20 * time.Millisecond)
		began = time.Now()
		if err := s.Ping(t.Context()); err != nil || time.Since(began) != 20*time.Millisecond {
			t.Fatalf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestDLV006_LostAnswerIsUncertain(t *testing.T) {
	d := mem.NewDisk("m", true)
	s := open(t, d)
	d.LoseAnswers(1)
	if _, err := s.Append(t.Context(), one(1)); !errors.Is(err, store.ErrUncertain) {
		t.Fatal(err)
	}
	if rs, err := s.Append(t.Context(), one(1)); err != nil || rs[0].Outcome != store.Duplicate {
		t.Fatal(rs, err)
	}
}

func TestDLV001_CrashRestore(t *testing.T) {
	d := mem.NewDisk("m", true)
	s := open(t, d)
	append1 := func(seq uint64) {
		t.Helper()
		if _, err := s.Append(t.Context(), one(seq)); err != nil {
			t.Fatal(err)
		}
	}
	append1(1)
	backup := d.Clone()
	append1(2)
	d.Crash()
	if _, err := s.Append(t.Context(), one(3)); !errors.Is(err, store.ErrClosed) {
		t.Fatalf("a crashed store still writes: %v", err)
	}
	s = open(t, d)
	if seq, _, _ := s.Last(t.Context()); seq != 2 {
		t.Fatalf("%d events after a crash", seq)
	}
	for _, id := range []string{"", "m2"} {
		d.Restore(backup, id)
		s = open(t, d)
		if seq, _, _ := s.Last(t.Context()); seq != 1 {
			t.Fatalf("%d events after restoring", seq)
		}
		want := id
		if want == "" {
			want = "m"
		}
		if s.ID() != want {
			t.Fatalf("restored as %q, want %q", s.ID(), want)
		}
		append1(2)
		if _, err := store.Verify(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// Writes that a silent store kept waiting go on one after another, in the order in which they came, and never at one instant.
func TestMem_WaitersInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := mem.NewDisk("m", true)
		s := open(t, d)
		d.SetDown(true)
		at := make([]time.Time, 8)
		var all sync.WaitGroup
		for i := range at {
			all.Go(func() {
				if _, err := s.Append(t.Context(), one(uint64(i+1))); err != nil {
					t.Error(err)
				}
				at[i] = time.Now()
			})
			time.Sleep(time.Second)
		}
		d.SetDown(false)
		all.Wait()
		for i := range at[1:] {
			if !at[i].Before(at[i+1]) {
				t.Errorf("write %d went on %v after the one before it", i+1, at[i+1].Sub(at[i]))
			}
		}
	})
}
