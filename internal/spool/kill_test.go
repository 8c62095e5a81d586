package spool_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"lifeline120/internal/spool"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// childDir names the folder in which this test binary, started anew, puts records until it is killed.
const childDir = "LIFELINE_SPOOL_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

var tight = spool.Bounds{Total: 1 << 20, Wave: 100_000, Reading: 50_000, Position: 50_000}

// child puts for ever and tells each thing on its standard output: what was put once Put has returned, and what is deleted before
// it is.
func child(dir string) error {
	ctx := context.Background()
	s, err := spool.Open(ctx, spool.Options{Dir: dir, Bounds: tight})
	if err != nil {
		return err
	}
	if f := s.Faults(); len(f) > 0 {
		return fmt.Errorf("faults after a kill: %q", f)
	}
	rng := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for n := 0; ; n++ {
		var items []wire.Item
		for range rng.IntN(4) {
			items = append(items, childItem(rng, wire.Lanes[rng.IntN(len(wire.Lanes))], n))
		}
		recs, err := s.Put(ctx, items, map[string][]byte{"n": []byte(strconv.Itoa(n))})
		if rng.IntN(2) == 0 {
			more, err2 := s.Put(ctx, []wire.Item{childItem(rng, pb.Lane_LANE_WAVE, n)}, nil)
			recs, err = append(recs, more...), orElse(err, err2)
		}
		if err != nil {
			return err
		}
		for _, r := range recs {
			fmt.Printf("put %x %d %d %s\n", r.Epoch[:], r.Lane, r.Seq, r.Body)
		}
		fmt.Printf("keep %d\n", n)
		switch rng.IntN(30) {
		case 0:
			if _, err := s.NewEpoch(ctx); err != nil {
				return err
			}
		case 1, 2, 3:
			lane := wire.Lanes[1+rng.IntN(3)] // the parent stores what is urgent: it has to see the gap records
			epoch := s.Epochs()[0]
			recs, err := s.Next(ctx, lane, epoch, 0, 1+rng.IntN(50), 0)
			if err != nil || len(recs) == 0 {
				continue
			}
			upTo := recs[len(recs)-1].Seq
			fmt.Printf("stored %x %d %d\n", epoch[:], lane, upTo)
			if _, err := s.Stored(ctx, epoch, lane, upTo, nil); err != nil {
				return err
			}
		}
	}
}

func orElse(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func childItem(rng *rand.Rand, lane pb.Lane, n int) wire.Item {
	body := fmt.Sprintf("%d-%d-%s", n, rng.Uint64(), strings.Repeat("z", rng.IntN(1500)))
	return wire.Item{Lane: lane, Kind: pb.Kind_KIND_NOTE, CapturedUs: int64(n), Body: []byte(body)}
}

// Real processes are killed at random moments: what they had told as put is there, nothing is deleted without the word, and no
// number comes twice. LIFELINE_KILLS sets how many.
func TestDLV001_DLV002_KilledProcessLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("kills real processes")
	}
	kills := 20
	if n, err := strconv.Atoi(os.Getenv("LIFELINE_KILLS")); err == nil {
		kills = n
	}
	dir, book := t.TempDir(), newLedger()
	rng := rand.New(rand.NewPCG(120, uint64(kills)))
	for i := range kills {
		lines := 1 + rng.IntN(300)
		if i%4 == 3 { // long enough for the log to be written back
			lines += 2000
		}
		keep := killOne(t, dir, book, lines)
		look := dir
		if i%2 == 0 { // leave the files to the next child as the kill left them
			look = t.TempDir()
			if err := copyDir(dir, look); err != nil {
				t.Fatal(err)
			}
		}
		s, err := spool.Open(context.Background(), spool.Options{Dir: look, Bounds: tight})
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		if f := s.Faults(); len(f) > 0 {
			t.Fatalf("kill %d: a kill is no damage: %q", i, f)
		}
		recs := held(t, s)
		seen := book
		if look != dir {
			seen = book.clone() // numbers that this opening uses for gap records are used again in the other copy
		}
		check(t, seen, recs)
		if got, err := s.Kept("n"); err != nil || keep >= 0 && atoi(string(got)) < keep {
			t.Fatalf("kill %d: kept %q (%v), at least %d was told", i, got, err, keep)
		}
		if look == dir {
			storeUrgent(t, s, book, recs)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("after kill %d", i)
		}
	}
	t.Logf("%d kills, %d records told", kills, len(book.shown))
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func check(t *testing.T, book *ledger, recs map[identity]wire.Record) {
	t.Helper()
	for id, r := range recs { // a record may be there whose line was not written any more
		if err := book.show(id, string(r.Body)); err != nil {
			t.Error(err)
		}
	}
	book.declared(t, recs)
	for _, id := range book.missing(recs) {
		t.Errorf("%v was put and is neither held, nor stored, nor declared lost", id)
	}
	for id := range book.shown {
		if _, ok := recs[id]; id.lane == pb.Lane_LANE_URGENT && !ok && id.seq > book.stored[laneKey{id.epoch, id.lane}] {
			t.Errorf("urgent %v is not held", id)
		}
	}
}

// storeUrgent says the word about what is urgent.
func storeUrgent(t *testing.T, s spool.Spool, book *ledger, recs map[identity]wire.Record) {
	t.Helper()
	for id := range recs {
		if k := (laneKey{id.epoch, id.lane}); id.lane == pb.Lane_LANE_URGENT {
			book.stored[k] = max(book.stored[k], id.seq)
		}
	}
	for _, epoch := range s.Epochs() {
		if _, err := s.Stored(context.Background(), epoch, pb.Lane_LANE_URGENT, book.stored[laneKey{epoch, pb.Lane_LANE_URGENT}], nil); err != nil {
			t.Fatal(err)
		}
	}
}

// killOne starts a child, kills it after it has told so many lines, and reads what it told. It answers the last kept value told.
func killOne(t *testing.T, dir string, book *ledger, lines int) (keep int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	keep = -1
	r := bufio.NewReader(out)
	for n := 0; ; n++ {
		line, err := r.ReadString('\n')
		if err != nil {
			break // the end; a line that was not finished says nothing
		}
		if n == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		f := strings.Fields(line)
		switch f[0] {
		case "keep":
			keep = atoi(f[1])
		case "put":
			if err := book.show(parseID(t, f), f[4]); err != nil {
				t.Error(err)
			}
		case "stored":
			id := parseID(t, f)
			k := laneKey{id.epoch, id.lane}
			book.stored[k] = max(book.stored[k], id.seq)
		}
	}
	_ = cmd.Wait() // killed
	if stderr.Len() > 0 {
		t.Fatalf("child: %s", stderr.String())
	}
	return keep
}

func parseID(t *testing.T, f []string) (id identity) {
	t.Helper()
	var epoch []byte
	if _, err := fmt.Sscanf(f[1], "%x", &epoch); err != nil || len(epoch) != 16 {
		t.Fatalf("line %q", f)
	}
	return identity{wire.Epoch(epoch), pb.Lane(atoi(f[2])), uint64(atoi(f[3]))}
}
