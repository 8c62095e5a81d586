package store_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/store"
	"lifeline120/internal/store/storetest"
	pb "lifeline120/internal/wire/proto"
)

// killDir makes this test binary the process that is to be killed: it writes into the store there until it is.
const killDir = "LIFELINE_STORE_KILLDIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(dir, os.Getenv("LIFELINE_STORE_ROUND")))
		os.Exit(3) // it was not killed
	}
	os.Exit(m.Run())
}

// answered is one line of the writer: what it was told is stored.
type answered struct {
	Unit ems.UnitID `json:"unit"`
	Seq  uint64     `json:"seq"`
	Body string     `json:"body"`
	At   uint64     `json:"at"` // the event's sequence
	Doc  bool       `json:"doc"`
}

func writeUntilKilled(dir, round string) error {
	s, err := store.Open(context.Background(), store.Config{Dir: dir})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(a answered) error {
		line, err := json.Marshal(a)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		_, err = os.Stdout.Write(append(line, '\n'))
		return err
	}
	errs := make(chan error)
	for w := range 8 {
		go func() {
			unit := ems.UnitID(fmt.Sprintf("r%s-u%d", round, w))
			for seq := uint64(1); ; seq++ {
				body := fmt.Sprintf(`{"unit":"%s","seq":%d,"pad":"%x"}`, unit, seq, make([]byte, seq%300))
				o := storetest.Message(unit, pb.Lane_LANE_URGENT, seq, body)
				rs, err := s.Append(context.Background(), []store.Entry{{Owed: o, Events: []journal.Event{storetest.Event("x", body)}}})
				if err == nil {
					err = say(answered{unit, seq, body, rs[0].Events[0].Seq, false})
				}
				if err == nil && seq%20 == 0 {
					if err = s.PutDoc(context.Background(), "unit", string(unit), []byte(body)); err == nil {
						err = say(answered{unit, seq, body, 0, true})
					}
				}
				if err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	return <-errs
}

// kills is how often to kill: a few in every run, as many as LIFELINE_KILLS says in a long one.
func kills(t *testing.T) int {
	t.Helper()
	if v := os.Getenv("LIFELINE_KILLS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatalf("LIFELINE_KILLS=%s is not a number", v)
		}
		return n
	}
	return 15
}

// What a killed process had been told is stored is there, whenever it was killed, and the chain holds.
func TestDLV001_KilledWriterLosesNothingAnswered(t *testing.T) {
	if testing.Short() {
		t.Skip("kills real processes, opens many damaged copies")
	}
	t.Parallel()
	dir := t.TempDir()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	total := 0
	for round := range kills(t) {
		lines := writeAndKill(t, dir, round, 1+random.IntN(600))
		total += len(lines)
		checkAnswered(t, dir, lines)
		if t.Failed() {
			t.Fatalf("round %d, seed %d", round, seed)
		}
	}
	t.Logf("%d answers in %d kills, all there", total, kills(t))
}

// writeAndKill starts the writer, kills it once it has said n answers, and gives all that it said.
func writeAndKill(t *testing.T, dir string, round, n int) []answered {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killDir+"="+dir, "LIFELINE_STORE_ROUND="+strconv.Itoa(round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []answered
	for r := bufio.NewScanner(out); r.Scan(); {
		var a answered
		if err := json.Unmarshal(r.Bytes(), &a); err != nil {
			break // torn by the kill: the last
		}
		if lines = append(lines, a); len(lines) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() == 3 {
		t.Fatalf("the writer was not killed: %v", err)
	}
	return lines
}

func checkAnswered(t *testing.T, dir string, lines []answered) {
	t.Helper()
	s := mustOpen(t, store.Config{Dir: dir})
	defer s.Close()
	if _, err := store.Verify(t.Context(), s, nil); err != nil {
		t.Fatal(err)
	}
	docs, err := s.Docs(t.Context(), "unit")
	if err != nil {
		t.Fatal(err)
	}
	stored := map[ems.UnitID]map[uint64]store.Owed{}
	for _, a := range lines {
		if a.Doc {
			var d answered // a later one of the same unit may have followed without an answer
			if err := json.Unmarshal(docs[string(a.Unit)], &d); err != nil || d.Seq < a.Seq {
				t.Errorf("document of %s stands at %d (%v), %d was answered", a.Unit, d.Seq, err, a.Seq)
			}
			continue
		}
		if stored[a.Unit] == nil {
			stored[a.Unit] = map[uint64]store.Owed{}
			os, err := s.Owed(t.Context(), store.OwedQuery{Unit: a.Unit, Lane: pb.Lane_LANE_URGENT})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range os {
				stored[a.Unit][o.Record.Seq] = o
			}
		}
		o, ok := stored[a.Unit][a.Seq]
		if !ok || string(o.Record.Body) != a.Body || o.Digest != sha256.Sum256([]byte(a.Body)) {
			t.Errorf("message %d of %s was answered and is not there as it was", a.Seq, a.Unit)
		}
		es, err := s.Read(t.Context(), a.At-1, 1)
		if err != nil || len(es) != 1 || string(es[0].Body) != a.Body {
			t.Errorf("event %d of %s was answered and is not there as it was: %v", a.At, a.Unit, err)
		}
	}
	lanes, err := s.Lanes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lanes { // the lanes say what the rows say
		if have, ok := stored[l.Unit]; ok && (l.Set.UpTo != uint64(len(have)) || len(l.Set.Beyond) != 0) {
			t.Errorf("lane of %s says %+v, %d messages are there", l.Unit, l.Set, len(have))
		}
	}
}

// Copies of the files of a running store, torn, zeroed or with a flipped bit: they open with an unchanged journal, or they say
// plainly that they are damaged. None opens as something else, and none crashes the program.
func TestACC002_DamagedFilesAreNeverASilentlyChangedJournal(t *testing.T) {
	if testing.Short() {
		t.Skip("kills real processes, opens many damaged copies")
	}
	t.Parallel()
	dir := t.TempDir()
	s := mustOpen(t, store.Config{Dir: dir})
	fill := func(s store.Store, from, to uint64) {
		for seq := from; seq < to; seq++ {
			e := owedEntry(ems.UnitID(fmt.Sprint("u", seq%5)), seq)
			e[0].Events = []journal.Event{storetest.Event("x", fmt.Sprintf(`{"n":%d,"pad":"%x"}`, seq, make([]byte, 100)))}
			if _, err := s.Append(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill(s, 1, 101)
	s.Close() // the first hundred are in the file, the rest will be in its log
	s = mustOpen(t, store.Config{Dir: dir})
	fill(s, 101, 201)
	want, err := s.Read(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	running := copies(t, dir, "centre.db", "centre.db-wal", "centre.lock")
	s.Close()
	resting := copies(t, dir, "centre.db", "centre.lock")
	random := rand.New(rand.NewPCG(120, 0))
	seen := map[string]int{}
	for i := range 300 {
		c := []struct {
			files map[string][]byte
			name  string
			kept  int
		}{{running, "centre.db", 100}, {running, "centre.db-wal", 100}, {resting, "centre.db", 200}}[i%3]
		kind := []string{"torn", "zeroed", "flipped"}[i/3%3]
		copied := t.TempDir()
		for n, b := range c.files {
			if n == c.name {
				b = damage(random, b, kind)
			}
			if err := os.WriteFile(filepath.Join(copied, n), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		seen[judge(t, copied, c.name+" "+kind, want, c.kept)]++
	}
	t.Logf("%v", seen)
	if seen["kept all"] == 0 || seen["kept the first"] == 0 || seen["said so"] == 0 {
		t.Errorf("the damage was not of all kinds: %v", seen)
	}
}

func copies(t *testing.T, dir string, names ...string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, n := range names {
		b, err := os.ReadFile(filepath.Join(dir, n))
		if err != nil {
			t.Fatal(err)
		}
		out[n] = b
	}
	return out
}

func damage(random *rand.Rand, b []byte, kind string) []byte {
	b = append([]byte(nil), b...)
	at := random.IntN(len(b))
	switch kind {
	case "torn":
		return b[:at]
	case "zeroed":
		clear(b[at:min(len(b), at+1+random.IntN(8192))])
	case "flipped":
		b[at] ^= 1 << random.IntN(8)
	}
	return b
}

// judge opens a damaged copy and says what became of it; at least the first kept events must be there unless it says that it is damaged.
func judge(t *testing.T, dir, what string, want []journal.Event, kept int) string {
	t.Helper()
	said := func(err error) string {
		if !contains(err, filepath.Join(dir, "centre.db")) && !contains(err, "event ") {
			t.Errorf("%s: the error names neither the file nor the event: %v", what, err)
		}
		return "said so"
	}
	s, err := store.Open(t.Context(), store.Config{Dir: dir})
	if err != nil {
		return said(err)
	}
	defer s.Close()
	r, err := store.Verify(t.Context(), s, nil)
	if err != nil {
		return said(err)
	}
	got, err := s.Read(t.Context(), 0, 0)
	if err != nil {
		return said(err)
	}
	if len(got) < kept || len(got) > len(want) || r.Events != uint64(len(got)) {
		t.Errorf("%s: opened with %d events in silence", what, len(got))
	}
	for i := range min(len(got), len(want)) {
		if got[i].Hash != want[i].Hash || string(got[i].Body) != string(want[i].Body) {
			t.Errorf("%s: event %d is another, in silence", what, i+1)
		}
	}
	if len(got) == len(want) {
		return "kept all"
	}
	return "kept the first"
}
