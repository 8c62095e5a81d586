package roadfile_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeline120/internal/extract"
	"lifeline120/internal/roadbuild"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roads"
	"lifeline120/maps"
	"lifeline120/maps/draw"
)

func build(t testing.TB, in io.Reader, turning roads.Turning) roadfile.City {
	t.Helper()
	d, err := extract.Read(context.Background(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, _, err := roadbuild.Of(d)
	if err != nil {
		t.Fatal(err)
	}
	s, err := roads.Expand(n, turning)
	if err != nil {
		t.Fatal(err)
	}
	return roadfile.City{Info: roadfile.Info{Source: "test", Turning: turning}, City: roads.City{Net: n, S: s, T: roads.Contract(s, roads.Order(n, s, nil))}}
}

// extracts are the drawn city's, and the real ones where they are.
func extracts(t testing.TB) map[string]func() io.Reader {
	out := map[string]func() io.Reader{"demo": func() io.Reader {
		b, err := fs.ReadFile(maps.Demo(), maps.RoadsFile)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(b)
	}}
	dir := filepath.Join(cmp.Or(os.Getenv("LIFELINE_DATA"), "../../../shared/data"), "maps", "osm")
	files, _ := filepath.Glob(filepath.Join(dir, "*.osm.pbf"))
	if len(files) == 0 {
		t.Logf("real extracts are not here, only the drawn city is tested: set LIFELINE_DATA to the data folder (looked in %s)", dir)
	}
	for _, f := range files {
		out[strings.TrimSuffix(filepath.Base(f), ".osm.pbf")] = func() io.Reader {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			return bytes.NewReader(b)
		}
	}
	return out
}

// On every map, in both profiles, with closures and the map's own turn restrictions, out of a file that was written and read again: every
// answer is a plain Dijkstra's to the millisecond.
func TestExactOnEveryMap(t *testing.T) {
	queries := 120
	if testing.Short() {
		queries = 20
	}
	for name, open := range extracts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := roadfile.Write(&b, build(t, open(), roads.Junctions)); err != nil {
				t.Fatal(err)
			}
			c, err := roadfile.Read(b.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			exact(t, c, queries)
		})
	}
	// Each turn with its cost: on the maps that are ordered in a moment.
	for name, open := range extracts(t) {
		if name == "manhattan-roads" || name == "demo" || name == "andorra" || name == "liechtenstein" {
			continue
		}
		t.Run(name+" with every turn", func(t *testing.T) {
			t.Parallel()
			c := build(t, open(), roads.EveryTurn)
			exact(t, &c, queries)
		})
	}
}

func exact(t *testing.T, c *roadfile.City, queries int) {
	t.Helper()
	s := roads.NewScratch(c.T)
	for _, p := range []roads.Profile{roads.Mission(), roads.Normal()} {
		closed := roads.Over{Closed: func(e uint32) bool { return e%97 == 5 }, KmhOf: func(e uint32) (float64, bool) { return float64(4 + e%90), e%11 == 0 }}
		m := roads.Customize(c.Net, c.S, c.T, p, closed, nil)
		plain := roads.NewPlain(m)
		r := rand.New(rand.NewPCG(120, uint64(len(p.Name))))
		place := func() []roads.Place {
			e := uint32(r.IntN(len(c.Net.Edges)))
			return []roads.Place{{Edge: e, Along: r.Float64() * float64(c.Net.Roads[c.Net.Edges[e].Road].Metres), Off: float64(r.IntN(80))}}
		}
		const units = 50
		b := roads.NewBuckets(m, units)
		where := make([][]roads.Seed, units)
		for u := range units {
			where[u] = m.Out(nil, place()...)
			b.Put(uint32(u), where[u])
		}
		times := make([]roads.Millis, units)
		found := 0
		for range queries {
			from, to := m.Out(nil, place()...), m.In(nil, place()...)
			want := plain.Time(from, to)
			if got := m.Time(s, from, to); got != want {
				t.Fatalf("%s: %d ms, Dijkstra %d", p.Name, got, want)
			}
			if want < roads.Never {
				found++
			}
			// One Dijkstra backward tells the time of every vehicle.
			b.Times(s, to, times)
			reach := make([]roads.Millis, c.S.States())
			for i := range reach {
				reach[i] = roads.Never
			}
			plain.From(to, roads.Never-1, true, func(state uint32, ms roads.Millis) bool { reach[state] = ms; return true })
			for u := range units {
				want := roads.Never
				for _, q := range where[u] {
					if reach[q.State] < roads.Never {
						want = min(want, q.Ms+reach[q.State])
					}
				}
				if times[u] != want {
					t.Fatalf("%s: unit %d: %d ms, Dijkstra %d", p.Name, u, times[u], want)
				}
			}
		}
		if p.Name == "mission" && found < queries/3 {
			t.Errorf("only %d of %d queries have a way: little was tested", found, queries)
		}
	}
}

func TestADamagedFileSaysSo(t *testing.T) {
	d := draw.OSM{Nodes: []draw.Node{{ID: 1, Lat: 35_000_000, Lon: 118_000_000}, {ID: 2, Lat: 35_001_000, Lon: 118_001_000}, {ID: 3, Lat: 35_002_000, Lon: 118_000_000}},
		Ways: []draw.Way{{ID: 1, Nodes: []int64{1, 2, 3}, Tags: []draw.Tag{{K: "highway", V: "primary"}, {K: "name", V: "人民路"}}}, {ID: 2, Nodes: []int64{2, 1}, Tags: []draw.Tag{{K: "highway", V: "service"}}}}}
	var b bytes.Buffer
	if err := roadfile.Write(&b, build(t, bytes.NewReader(d.PBF()), roads.Junctions)); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	if c, err := roadfile.Read(whole); err != nil || c.Net.Names[1] != "人民路" || c.Info.Source != "test" {
		t.Fatalf("%+v, %v", c, err)
	}
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x41
		if _, err := roadfile.Read(bad); !errors.Is(err, roadfile.ErrBroken) || !strings.Contains(err.Error(), "dispatcher roads build") {
			t.Fatalf("byte %d of %d damaged: %v", i, len(whole), err)
		}
		if _, err := roadfile.Read(whole[:i]); !errors.Is(err, roadfile.ErrBroken) {
			t.Fatalf("cut off after %d bytes: %v", i, err)
		}
	}
	for version, want := range map[byte]string{1: "of version 1, and this program knows 2", 3: "of version 3"} {
		other := bytes.Clone(whole)
		other[9] = version
		if _, err := roadfile.Read(other); !errors.Is(err, roadfile.ErrBroken) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "dispatcher roads build") {
			t.Errorf("version %d: %v", version, err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, roadfile.Name)
	if err := roadfile.Save(path, build(t, bytes.NewReader(d.PBF()), roads.Junctions)); err != nil {
		t.Fatal(err)
	}
	if _, err := roadfile.Open(os.DirFS(dir)); err != nil {
		t.Error(err)
	}
	if err := roadfile.Save(filepath.Join(dir, "missing", "x"), build(t, bytes.NewReader(d.PBF()), roads.Junctions)); err == nil {
		t.Error("saved into a folder that is not there")
	}
}

// What gets past the sum is parsed just as carefully: the fuzzer's bytes get a good one.
func FuzzRead(f *testing.F) {
	d := draw.OSM{Nodes: []draw.Node{{ID: 1, Lat: 35_000_000, Lon: 118_000_000}, {ID: 2, Lat: 35_001_000, Lon: 118_001_000}},
		Ways: []draw.Way{{ID: 1, Nodes: []int64{1, 2}, Tags: []draw.Tag{{K: "highway", V: "primary"}}}}}
	var b bytes.Buffer
	if err := roadfile.Write(&b, build(f, bytes.NewReader(d.PBF()), roads.Junctions)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes()[:b.Len()-sha256.Size])
	f.Add([]byte("L120road\x00\x02"))
	f.Fuzz(func(t *testing.T, b []byte) {
		sum := sha256.Sum256(b)
		c, err := roadfile.Read(append(b, sum[:]...))
		switch {
		case err == nil:
			roads.Customize(c.Net, c.S, c.T, roads.Mission(), roads.Over{}, nil)
		case !errors.Is(err, roadfile.ErrBroken):
			t.Errorf("%v is not a broken file's error", err)
		}
	})
}
