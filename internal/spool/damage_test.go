package spool_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"lifeline120/internal/spool"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// writer puts, stores and begins epochs without end, and keeps the account of it.
type writer struct {
	t    *testing.T
	s    spool.Spool
	rng  *rand.Rand
	mu   sync.Mutex // held while a step is made and noted
	book *ledger
	n    int
}

func (w *writer) step() {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx := context.Background()
	w.n++
	var items []wire.Item
	for range 1 + w.rng.IntN(3) {
		lane := wire.Lanes[w.rng.IntN(len(wire.Lanes))]
		size := w.rng.IntN(900)
		if w.rng.IntN(20) == 0 {
			size = w.rng.IntN(20_000) // on overflow pages
		}
		items = append(items, wire.Item{Lane: lane, Kind: pb.Kind_KIND_NOTE, CapturedUs: int64(w.n), Boot: "boot",
			Body: fmt.Appendf(nil, "%d-%d-%s", w.n, w.rng.Uint64(), strings.Repeat("y", size))})
	}
	recs, err := w.s.Put(ctx, items, map[string][]byte{"n": fmt.Append(nil, w.n)})
	if err != nil {
		w.t.Error(err)
		return
	}
	for _, r := range recs {
		if err := w.book.show(identity{r.Epoch, r.Lane, r.Seq}, string(r.Body)); err != nil {
			w.t.Error(err)
		}
	}
	switch w.rng.IntN(40) {
	case 0:
		if _, err := w.s.NewEpoch(ctx); err != nil {
			w.t.Error(err)
		}
	case 1, 2:
		lane, epoch := wire.Lanes[w.rng.IntN(len(wire.Lanes))], w.s.Epochs()[0]
		recs, err := w.s.Next(ctx, lane, epoch, 0, 1+w.rng.IntN(40), 0)
		if err != nil || len(recs) == 0 {
			return
		}
		upTo := recs[len(recs)-1].Seq
		w.book.stored[laneKey{epoch, lane}] = max(w.book.stored[laneKey{epoch, lane}], upTo)
		if _, err := w.s.Stored(ctx, epoch, lane, upTo, nil); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *writer) account() *ledger {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.book.clone()
}

// copyTaken is a copy of the files taken while they were written, with what had been shown before and after.
type copyTaken struct {
	dir           string
	before, after *ledger
}

// copies takes n copies of a spool that is being written, some steps apart.
func copies(t *testing.T, seed uint64, n int) (out []copyTaken) {
	dir := t.TempDir()
	w := &writer{t: t, s: open(t, dir), rng: rand.New(rand.NewPCG(seed, 2)), book: newLedger()}
	steps := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range steps {
			w.step()
		}
	}()
	for i := range n {
		for range 120 + 100*i {
			steps <- struct{}{}
		}
		c := copyTaken{dir: t.TempDir(), before: w.account()}
		stop, copied := make(chan struct{}), make(chan error)
		go func() {
			copied <- copyDir(dir, c.dir)
			close(stop)
		}()
		for feeding := true; feeding; {
			select {
			case steps <- struct{}{}:
			case err := <-copied:
				if err != nil {
					t.Fatal(err)
				}
				<-stop
				feeding = false
			}
		}
		c.after = w.account()
		out = append(out, c)
	}
	close(steps)
	<-done
	return out
}

// harm changes one file at random and says how.
func harm(t *testing.T, rng *rand.Rand, dir string) string {
	t.Helper()
	names := []string{"spool.db", "spool.db", "spool.db-wal", "spool.db-wal", "spool.witness.0", "spool.witness.1"}
	name := names[rng.IntN(len(names))]
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return name + " is not there"
	}
	at := rng.IntN(len(b))
	if rng.IntN(2) == 0 { // tears happen near the end
		at = max(0, len(b)-1-rng.IntN(9000))
	}
	how := ""
	switch rng.IntN(6) {
	case 0:
		how, b = fmt.Sprintf("torn at %d", at), b[:at]
	case 1:
		n := min(1+rng.IntN(8192), len(b)-at)
		how = fmt.Sprintf("%d bytes zeroed at %d", n, at)
		clear(b[at : at+n])
	case 2:
		how = fmt.Sprintf("bit flipped at %d", at)
		b[at] ^= 1 << rng.IntN(8)
	case 3:
		for range 8 {
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		}
		how = "8 bits flipped"
	case 4:
		n := min(4096, len(b)-at)
		for i := range n {
			b[at+i] = byte(rng.Uint32())
		}
		how = fmt.Sprintf("%d bytes of noise at %d", n, at)
	case 5:
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return name + " removed"
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name + " " + how
}

// Copies taken in mid-write are torn, zeroed, bit-flipped and removed. Whatever is opened gives only what was put, declares what is
// missing, and uses no number twice. LIFELINE_DAMAGE sets how many spools are written, each good for 33 variants.
func TestDLV001_DLV002_DamagedCopiesGiveNoWrongDataAndOwnUp(t *testing.T) {
	if testing.Short() {
		t.Skip("opens many damaged copies")
	}
	variants, seeds := 0, uint64(2)
	if n, err := strconv.Atoi(os.Getenv("LIFELINE_DAMAGE")); err == nil {
		seeds = uint64(n)
	}
	for seed := range seeds {
		for _, c := range copies(t, seed, 3) {
			for v := range uint64(11) {
				variants++
				dir := t.TempDir()
				if err := copyDir(c.dir, dir); err != nil {
					t.Fatal(err)
				}
				rng := rand.New(rand.NewPCG(seed, uint64(variants)))
				how := "as copied"
				if v > 0 {
					how = harm(t, rng, dir)
				}
				if v > 7 { // two at once
					how += ", " + harm(t, rng, dir)
				}
				openDamaged(t, dir, how, c)
				if t.Failed() {
					t.Fatalf("variant %d (seed %d): %s", v, seed, how)
				}
			}
		}
	}
	t.Logf("%d variants", variants)
}

func openDamaged(t *testing.T, dir, how string, c copyTaken) {
	t.Helper()
	ctx := context.Background()
	s, err := spool.Open(ctx, spool.Options{Dir: dir})
	if err != nil {
		t.Fatalf("%s: %v", how, err)
	}
	recs := held(t, s)
	c.genuine(t, recs)
	book := c.before.clone()
	book.declared(t, recs)
	for k, upTo := range c.after.stored {
		book.stored[k] = max(book.stored[k], upTo)
	}
	faults := s.Faults()
	if lost := book.missing(recs); len(lost) > 0 && len(faults) == 0 {
		t.Errorf("%s: %d records are missing and nothing says so: %v", how, len(lost), lost[:min(5, len(lost))])
	}
	for _, lane := range wire.Lanes {
		got, err := s.Put(ctx, []wire.Item{{Lane: lane, Kind: pb.Kind_KIND_NOTE, Body: []byte("new")}}, nil)
		if err != nil {
			t.Fatalf("%s: put: %v", how, err)
		}
		id := identity{got[0].Epoch, lane, got[0].Seq}
		if was, ok := c.before.shown[id]; ok {
			t.Errorf("%s: number used twice: %v was %.20q (faults %q)", how, id, was, faults)
		}
	}
	want := len(held(t, s))
	if err := s.Close(); err != nil {
		t.Fatalf("%s: close: %v", how, err)
	}
	again := open(t, dir)
	if got := len(held(t, again)); got != want || len(again.Faults()) > 0 {
		t.Errorf("%s: opened again: %d records, want %d; faults %q", how, got, want, again.Faults())
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// Each page of a database in turn is zeroed, or loses one bit: only what stood on it is missing, and exactly that is declared.
func TestDLV001_OneBadPageCostsOnlyItsRows(t *testing.T) {
	if testing.Short() {
		t.Skip("opens many damaged copies")
	}
	const count = 120
	from := t.TempDir()
	s := open(t, from)
	for i := range count {
		put(t, s, fmt.Sprintf("%d %s", i, strings.Repeat("q", 300)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(from, "spool.db"))
	if err != nil {
		t.Fatal(err)
	}
	worst := 0
	for page := range len(whole) / 4096 {
		for _, flip := range []bool{false, true} {
			dir := t.TempDir()
			if err := copyDir(from, dir); err != nil {
				t.Fatal(err)
			}
			b := append([]byte(nil), whole...)
			if flip {
				b[page*4096+2500] ^= 4
			} else {
				clear(b[page*4096 : page*4096+4096])
			}
			if err := os.WriteFile(filepath.Join(dir, "spool.db"), b, 0o600); err != nil {
				t.Fatal(err)
			}
			s := open(t, dir)
			recs := held(t, s)
			book := newLedger()
			book.declared(t, recs)
			lost := 0
			for seq := uint64(1); seq <= count; seq++ {
				id := identity{epoch: epochOf(recs, s), lane: pb.Lane_LANE_URGENT, seq: seq}
				_, here := recs[id]
				if here == book.lost(id) {
					t.Errorf("page %d: record %d: held %v, declared lost %v", page, seq, here, book.lost(id))
				}
				if !here {
					lost++
				}
			}
			worst = max(worst, lost)
			if limit := 12; lost > limit || flip && lost > 1 {
				t.Errorf("page %d (flip %v) cost %d records", page, flip, lost)
			}
			if lost > 0 && len(s.Faults()) == 0 {
				t.Errorf("page %d: %d records lost and no fault", page, lost)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if worst == 0 {
		t.Fatal("no page cost anything: this test proves nothing")
	}
}

// epochOf is the epoch in which the records were put: the one that holds most.
func epochOf(recs map[identity]wire.Record, s spool.Spool) (best wire.Epoch) {
	n := map[wire.Epoch]int{}
	for id := range recs {
		if n[id.epoch]++; n[id.epoch] > n[best] {
			best = id.epoch
		}
	}
	return best
}

func TestDamagedFileIsSetAsideAndTheNewestTwoAreKept(t *testing.T) {
	dir := t.TempDir()
	for i := range 4 {
		s := open(t, dir)
		want := put(t, s, fmt.Sprint(i))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "spool.db")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		clear(b[:100])
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
		if f := s.Faults(); len(f) != 1 || !strings.Contains(f[0], "kept as spool.damaged-") {
			t.Fatalf("faults %q", f)
		}
		if got := held(t, s)[identity{want.Epoch, want.Lane, want.Seq}]; string(got.Body) != fmt.Sprint(i) {
			t.Fatalf("record %d did not come through: %q", i, got.Body)
		}
		if s.Epoch() == want.Epoch {
			t.Fatal("new records go into the epoch of the damaged file")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	aside, err := filepath.Glob(filepath.Join(dir, "spool.damaged-*"))
	if err != nil || len(aside) != 2 {
		t.Fatalf("set aside: %v, %v", aside, err)
	}
}

func TestSalvageBrokenOffBeginsAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	want := put(t, s, "a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct{ from, to string }{{"spool.db", "spool.damaged-20260101T000000.000000Z.db"}} {
		if err := os.Rename(filepath.Join(dir, r.from), filepath.Join(dir, r.to)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "spool.new.db"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := held(t, open(t, dir))[identity{want.Epoch, want.Lane, want.Seq}]; string(got.Body) != "a" {
		t.Fatalf("record did not come through: %q", got.Body)
	}
}
