package address_test

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lifeline120/internal/address"
	"lifeline120/internal/ems"
)

// gazetteer is the real list of 62,074 villages and 1,853 streets of Shandong, where it is. It has no positions: they are scattered by a seed.
func gazetteer(t testing.TB) *address.Book {
	t.Helper()
	dir := filepath.Join(cmp.Or(os.Getenv("LIFELINE_DATA"), "../../../shared/data"), "maps", "cn-gazetteer")
	f, err := os.Open(filepath.Join(dir, "villages-shandong.csv.gz"))
	if err != nil {
		t.Skipf("the list of real names is not here: set LIFELINE_DATA to the data folder (looked in %s)", dir)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b := &address.Book{}
	r := rand.New(rand.NewPCG(120, 8))
	take := func(in io.Reader, k address.Kind) {
		rows, err := csv.NewReader(in).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			b.Places = append(b.Places, address.Named{Name: row[1], Kind: k, Pos: ems.WGS84{Lat: 34.5 + 3.8*r.Float64(), Lon: 115 + 7*r.Float64()}})
		}
	}
	take(z, address.Village)
	s, err := os.Open(filepath.Join(dir, "streets-shandong.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	take(s, address.Area)
	return b
}

// folded is how the index folds the names of this list, which has brackets and blanks.
func folded(s string) string { return folding.Replace(s) }

var folding = strings.NewReplacer("（", "", "）", "", "(", "", ")", "", " ", "", "·", "")

// Every name of the list is found by itself, by its pinyin, by its initials, and by any part of it as often as it stands in the list.
func TestEveryNameOfTheListIsFound(t *testing.T) {
	b := gazetteer(t)
	began := time.Now()
	ix := address.New(b, nil)
	t.Logf("%d names of %d, indexed in %v", ix.Len(), len(b.Places), time.Since(began).Round(time.Millisecond))
	step := 1
	if testing.Short() {
		step = 20
	}
	missed := 0
	for i := 0; i < len(b.Places); i += step {
		p := b.Places[i]
		if hits := ix.Search(p.Name, &p.Pos, 10); len(hits) == 0 || hits[0].Match != address.Exact || !slices.ContainsFunc(hits, func(h address.Hit) bool { return h.Name == p.Name }) {
			if missed++; missed < 10 {
				t.Errorf("%q: %+v", p.Name, hits)
			}
		}
	}
	if missed > 0 {
		t.Errorf("%d names not found by themselves", missed)
	}
	var plain []string
	for _, p := range b.Places {
		plain = append(plain, folded(p.Name))
	}
	r := rand.New(rand.NewPCG(120, 9))
	for range 200 {
		p := b.Places[r.IntN(len(b.Places))]
		for _, q := range []string{spell(p.Name), initials(p.Name)} {
			hits := ix.Search(q, &p.Pos, 50)
			// Others may be spelled alike: this one is among them, or all that there is room for are exact.
			if !slices.ContainsFunc(hits, func(h address.Hit) bool { return h.Name == p.Name }) && (len(hits) < 50 || hits[49].Match != address.Exact) {
				t.Errorf("%s by %q: %d hits, not among them", p.Name, q, len(hits))
			}
		}
		rs := []rune(folded(p.Name))
		for n := 1; n <= 2; n++ {
			at := r.IntN(len(rs) - n + 1)
			q := string(rs[at : at+n])
			want := 0
			for _, o := range plain {
				if strings.Contains(o, q) {
					want++
				}
			}
			hits := ix.Search(q, nil, 50)
			got := 0
			for _, h := range hits {
				if h.Match != address.Fuzzy && strings.Contains(folded(h.Name), q) {
					got++
				}
			}
			if got < min(50, want)-3 { // two of one name within 300 m are one
				t.Errorf("%q: %d of %d found", q, got, want)
			}
		}
	}
}

func spell(name string) string { return address.Spell(folded(name)) }

func initials(name string) string { return address.Initials(folded(name)) }

// BenchmarkKeystroke is what one keystroke costs on this list, over every kind of question: the processor's time, for the other is the machine's.
// The bounds are 1 ms at p99, and 20 ms with a mistake in the question.
func BenchmarkKeystroke(b *testing.B) {
	book := gazetteer(b)
	ix := address.New(book, nil)
	qs := questions(book)
	for _, kind := range slices.Sorted(maps.Keys(qs)) {
		b.Run(kind, func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var cpu []time.Duration
			for i := 0; b.Loop(); i++ {
				q := qs[kind][i%len(qs[kind])]
				at := processor(b)
				ix.Search(q, &book.Places[i%len(book.Places)].Pos, 10)
				cpu = append(cpu, processor(b)-at)
			}
			slices.Sort(cpu)
			b.ReportMetric(float64(cpu[len(cpu)/2].Nanoseconds())/1e6, "p50-ms")
			b.ReportMetric(float64(cpu[len(cpu)*99/100].Nanoseconds())/1e6, "p99-ms")
		})
	}
}

// processor is what this thread has had of the processor.
func processor(t testing.TB) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

func questions(b *address.Book) map[string][]string {
	out := map[string][]string{}
	r := rand.New(rand.NewPCG(120, 10))
	for range 400 {
		name := folded(b.Places[r.IntN(len(b.Places))].Name)
		rs := []rune(name)
		put := func(kind, q string) { out[kind] = append(out[kind], q) }
		at := r.IntN(len(rs) - 1)
		put("one character", string(rs[at:at+1]))
		put("two characters", string(rs[at:at+2]))
		put("whole name", name)
		p, i := spell(name), initials(name)
		put("pinyin", p)
		put("pinyin begun", p[:1+r.IntN(len(p))])
		put("initials", i)
		put("initials begun", i[:1+r.IntN(min(3, len(i)))])
		wrong := slices.Clone(rs)
		wrong[r.IntN(len(wrong))] = '鑫'
		put("wrong character", string(wrong))
		put("wrong sound", "音"+string(rs[1:]))
		at = r.IntN(len(p))
		put("mistyped", p[:at]+"v"+p[at+1:])
	}
	return out
}

// BenchmarkSearch answers from the index, and beside it, as the raw cost, by looking through all names in the same run.
func BenchmarkSearch(b *testing.B) {
	book := gazetteer(b)
	ix := address.New(book, nil)
	qs := questions(book)
	var names, spelled, firsts []string
	for _, p := range book.Places {
		names, spelled, firsts = append(names, p.Name), append(spelled, spell(p.Name)), append(firsts, initials(p.Name))
	}
	for kind, list := range map[string][]string{"one character": names, "two characters": names, "whole name": names, "pinyin begun": spelled, "initials begun": firsts} {
		b.Run(kind+"/index", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				ix.Search(qs[kind][i%400], &book.Places[i%400].Pos, 10)
			}
		})
		b.Run(kind+"/scan", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				n := 0
				for _, s := range list {
					if strings.Contains(s, qs[kind][i%400]) {
						n++
					}
				}
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	book := gazetteer(b)
	for b.Loop() {
		address.New(book, nil)
	}
}
