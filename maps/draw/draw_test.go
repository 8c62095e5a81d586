package draw_test

import (
	"bytes"
	"context"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"

	"lifeline120/internal/extract"
	"lifeline120/internal/geo"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/maps"
	"lifeline120/maps/draw"
)

// city is drawn once: it takes some seconds on a busy machine.
var city = sync.OnceValue(func() draw.City { return draw.Draw(draw.Seed) })

func file(t *testing.T, name string) []byte {
	t.Helper()
	b, err := fs.ReadFile(maps.Demo(), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is committed is what the generator draws: `make gen` was run. Packed bytes may differ from one Go to the next, what is in them may not.
func TestTheCommittedCityIsTheDrawnOne(t *testing.T) {
	c := city()
	if diff := cmp.Diff(string(file(t, "city.yaml")), string(c.YAML())); diff != "" {
		t.Errorf("city.yaml is not what is drawn; run `make gen` (-committed +drawn):\n%.2000s", diff)
	}
	committed, drawn := read(t, file(t, maps.RoadsFile)), read(t, c.OSM.PBF())
	if len(committed) != len(drawn) {
		t.Fatalf("%s holds %d elements, drawn are %d; run `make gen`", maps.RoadsFile, len(committed), len(drawn))
	}
	for i := range drawn {
		if diff := cmp.Diff(committed[i], drawn[i]); diff != "" {
			t.Fatalf("%s is not what is drawn; run `make gen`:\n%s", maps.RoadsFile, diff)
		}
	}
}

// read reads a file with another's reader.
func read(t *testing.T, b []byte) []osm.Object {
	t.Helper()
	s := osmpbf.New(context.Background(), bytes.NewReader(b), 1)
	defer s.Close()
	var out []osm.Object
	for s.Scan() {
		out = append(out, s.Object())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// The file is what the drawing is, element by element: the encoder loses nothing.
func TestPBFGivesBackWhatWasWritten(t *testing.T) {
	c := city()
	i := 0
	objects := read(t, c.OSM.PBF())
	tags := func(got osm.Tags, want []draw.Tag) bool {
		if len(got) != len(want) {
			return false
		}
		for k := range got {
			if got[k].Key != want[k].K || got[k].Value != want[k].V {
				return false
			}
		}
		return true
	}
	near := func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }
	for _, n := range c.OSM.Nodes {
		got, ok := objects[i].(*osm.Node)
		if !ok || int64(got.ID) != n.ID || !near(got.Lat, float64(n.Lat)/1e6) || !near(got.Lon, float64(n.Lon)/1e6) || !tags(got.Tags, n.Tags) {
			t.Fatalf("node %v came back as %v", n, objects[i])
		}
		i++
	}
	for _, w := range c.OSM.Ways {
		got, ok := objects[i].(*osm.Way)
		if !ok || int64(got.ID) != w.ID || len(got.Nodes) != len(w.Nodes) || !tags(got.Tags, w.Tags) {
			t.Fatalf("way %v came back as %v", w, objects[i])
		}
		for k, id := range w.Nodes {
			if int64(got.Nodes[k].ID) != id {
				t.Fatalf("way %v came back as %v", w, got)
			}
		}
		i++
	}
	for _, r := range c.OSM.Relations {
		got, ok := objects[i].(*osm.Relation)
		if !ok || int64(got.ID) != r.ID || len(got.Members) != len(r.Members) || !tags(got.Tags, r.Tags) {
			t.Fatalf("relation %v came back as %v", r, objects[i])
		}
		for k, m := range r.Members {
			if got.Members[k].Ref != m.Ref || got.Members[k].Role != m.Role || (got.Members[k].Type == osm.TypeNode) != (m.Kind == 0) {
				t.Fatalf("relation %v came back as %v", r, got)
			}
		}
		i++
	}
	if i != len(objects) {
		t.Errorf("%d elements written, %d read", i, len(objects))
	}
}

func TestTheCityIsPlausible(t *testing.T) {
	c := city()
	if c.Junctions < 20_000 || c.Junctions > 40_000 {
		t.Errorf("%d junctions", c.Junctions)
	}
	if n := len(file(t, maps.RoadsFile)); n > 3<<19 {
		t.Errorf("%s has %d bytes: too many for a repository", maps.RoadsFile, n)
	}
	if n := len(file(t, maps.TilesFile)); n > 5<<20 {
		t.Errorf("%s has %d bytes: too many for a repository", maps.TilesFile, n)
	}
	d, err := extract.Read(context.Background(), bytes.NewReader(file(t, maps.RoadsFile)), nil)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	names := map[string]bool{}
	for _, w := range d.Ways {
		count[w.Tags["highway"]]++
		for _, k := range []string{"oneway", "bridge", "junction", "maxspeed"} {
			if w.Tags["highway"] != "" && w.Tags[k] != "" {
				count[k]++
			}
		}
		if w.Tags["highway"] != "" && w.Tags["name"] != "" {
			names[w.Tags["name"]] = true
			if w.Tags["name:en"] == "" || w.Tags["name:zh-Latn-pinyin"] == "" {
				t.Fatalf("%s has no English name or no pinyin", w.Tags["name"])
			}
		}
	}
	for k, least := range map[string]int{"motorway": 50, "motorway_link": 30, "trunk": 20, "primary": 200, "secondary": 100, "tertiary": 300, "unclassified": 150, "residential": 4000, "service": 1500,
		"oneway": 500, "bridge": 60, "junction": 10, "maxspeed": 8000} {
		if count[k] < least {
			t.Errorf("%d ways with %s, want %d", count[k], k, least)
		}
	}
	if len(names) < 400 {
		t.Errorf("only %d names of roads", len(names))
	}
	relations := map[string]int{}
	for _, r := range d.Relations {
		relations[r.Tags["type"]]++
	}
	if relations["boundary"] != 6 || relations["restriction"] < 100 {
		t.Errorf("relations: %v", relations)
	}
	houses := 0
	for _, p := range d.Points {
		if p.Tags["addr:housenumber"] != "" && p.Tags["addr:street"] != "" {
			houses++
		}
	}
	if houses < 500 {
		t.Errorf("%d houses have numbers", houses)
	}
}

var han = regexp.MustCompile(`\p{Han}`)

// Every name can be read aloud by one who cannot read it.
func TestNamesHavePinyinAndEnglish(t *testing.T) {
	c := city()
	check := func(tags []draw.Tag) {
		for _, x := range tags {
			if (x.K == "name:zh-Latn-pinyin" || x.K == "name:en") && han.MatchString(x.V) {
				t.Errorf("%v: a character without a reading", tags)
			}
		}
	}
	for _, w := range c.OSM.Ways {
		check(w.Tags)
	}
	for _, n := range c.OSM.Nodes {
		check(n.Tags)
	}
	for _, h := range c.Master.Hospitals {
		if han.MatchString(h.NameEn) || h.NameEn == "" {
			t.Errorf("%s: English name %q", h.Name, h.NameEn)
		}
	}
	for _, s := range c.Master.Stations {
		if han.MatchString(s.NameEn) || strings.TrimSpace(s.NameEn) == "" {
			t.Errorf("%s: English name %q", s.Name, s.NameEn)
		}
	}
}

// Every station reaches every hospital by road, and comes back, without a detour that no city has: rivers are crossed at bridges, but
// they are crossed.
func TestStationsReachHospitals(t *testing.T) {
	file, err := roadfile.Open(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	net := roadlive.Of(file.City, roads.Mission(), roads.Normal(), file.Info.Built)
	c := city().Master
	for i, s := range c.Stations {
		if at := net.Snap(s.Pos); len(at) == 0 || at[0].Off > 60 {
			t.Errorf("%s lies off the roads: %v", s.Name, at)
		}
		h := c.Hospitals[i%len(c.Hospitals)]
		for _, back := range []bool{false, true} {
			from, to := s.Pos, h.Pos
			if back {
				from, to = to, from
			}
			way, ok := net.Route(roadlive.Mission, net.Snap(from), net.Snap(to))
			if line := float64(geo.Distance(from, to)); !ok || len(way.Edges) < 3 || way.Metres > 2.2*line+4000 {
				t.Errorf("%s and %s: %.1f km by road, %.1f by line, %d roads", s.Name, h.Name, way.Metres/1000, line/1000, len(way.Edges))
			}
		}
	}
}
