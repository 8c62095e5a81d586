package simtown

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // Beijing, on machines without zones
)

// seeds are those of a run: one by LIFELINE_SEED, the first so many by LIFELINE_SEEDS, else a dozen.
func seeds(t *testing.T) (out []uint64) {
	t.Helper()
	number := func(name string) uint64 {
		n, err := strconv.ParseUint(os.Getenv(name), 10, 64)
		if err != nil {
			t.Fatalf("%s: %v; give a number", name, err)
		}
		return n
	}
	if os.Getenv("LIFELINE_SEED") != "" {
		return []uint64{number("LIFELINE_SEED")}
	}
	n := uint64(10)
	switch {
	case os.Getenv("LIFELINE_SEEDS") != "":
		n = number("LIFELINE_SEEDS")
	case testing.Short():
		n = 3
	}
	for i := range n {
		out = append(out, i+1)
	}
	return out
}

// TestMain puts the town's machines into Beijing: a time that is kept or sent without being turned to UTC shows (TIM-002).
func TestMain(m *testing.M) {
	os.Setenv("TZ", "Asia/Shanghai") // before anything has looked at the clock on the wall
	if _, s := time.Now().Zone(); s != 8*60*60 {
		fmt.Fprintln(os.Stderr, "the town is not in Beijing: something asked for the local time before TestMain")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// logFile is where LIFELINE_TOWN_LOG says that a run writes down what happened.
func logFile(t *testing.T) io.Writer {
	name := os.Getenv("LIFELINE_TOWN_LOG")
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestTown_Seeds(t *testing.T) {
	looked := [len(judged)]int{}
	all := seeds(t)
	for _, seed := range all {
		t.Run(fmt.Sprintf("LIFELINE_SEED=%d", seed), func(t *testing.T) {
			o := Options{Units: 2 + int(seed%3), Log: logFile(t)}
			r := Run(t, seed, o)
			t.Logf("%+v", r)
			for i, n := range r.Looked {
				looked[i] += n
			}
		})
	}
	for i, n := range looked {
		if n == 0 && len(all) >= 10 && !t.Failed() {
			t.Errorf("in %d lives of the town nothing was held against %s", len(all), judged[i])
		}
	}
}

// A seed reproduces a run: the same journal and the same counts, whatever the scheduler does with what happens at one instant.
func TestTown_SeedReproduces(t *testing.T) {
	all := []uint64{12, 7, 19}
	switch {
	case os.Getenv("LIFELINE_SEED") != "":
		all = seeds(t)
	case testing.Short():
		all = all[:1]
	}
	for _, seed := range all {
		t.Run(fmt.Sprintf("LIFELINE_SEED=%d", seed), func(t *testing.T) {
			var logs [2]bytes.Buffer
			var reports [2]Report
			for i := range reports {
				reports[i] = Run(t, seed, Options{Units: 2, Troubled: 30 * time.Second, Log: &logs[i]})
			}
			if reports[0] != reports[1] {
				t.Errorf("the same seed gave\n%+v and\n%+v\nand first went apart here:\n%s", reports[0], reports[1], parting(logs[0].String(), logs[1].String()))
			}
		})
	}
}

// parting shows where two logs of a run go apart.
func parting(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	i := 0
	for i < len(x) && i < len(y) && x[i] == y[i] {
		i++
	}
	around := func(l []string) string { return strings.Join(l[max(0, i-10):min(len(l), i+10)], "\n") }
	return fmt.Sprintf("line %d of %d and %d\n%s\n----\n%s", i+1, len(x), len(y), around(x), around(y))
}

// Without fate nothing is lost, declared, late or doubled.
func TestTown_Quiet(t *testing.T) {
	r := Run(t, 120, Options{Quiet: true, Log: logFile(t)})
	t.Logf("%+v", r)
	if r.Declared != 0 || r.Conflicts != 0 || r.Stored < r.Records {
		t.Errorf("nothing failed, and yet: %+v", r)
	}
	if r.Presses == 0 || r.Missions == 0 || r.Notices == 0 {
		t.Errorf("nothing happened: %+v", r)
	}
}
