package basemap_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"

	"lifeline120/internal/basemap"
	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/geo"
	"lifeline120/internal/pmtiles"
	"lifeline120/maps"
)

// small is an extract of a few things around one place.
func small() *extract.Data {
	d := &extract.Data{Pos: map[int64]ems.WGS84{}}
	node := func(id int64, lat, lon float64) int64 { d.Pos[id] = ems.WGS84{Lat: lat, Lon: lon}; return id }
	a, b, c := node(1, 35.400, 118.500), node(2, 35.400, 118.505), node(3, 35.400, 118.510)
	d.Ways = []extract.Way{
		{ID: 1, Nodes: []int64{a, b}, Tags: extract.Tags{"highway": "primary", "name": "朝仁路", "name:en": "Chaoren Rd", "oneway": "yes"}},
		{ID: 2, Nodes: []int64{b, c}, Tags: extract.Tags{"highway": "primary", "name": "朝仁路", "name:en": "Chaoren Rd", "oneway": "yes"}},
		{ID: 3, Nodes: []int64{a, c}, Tags: extract.Tags{"highway": "proposed", "name": "将来路"}},
	}
	ring := func(base int64, lat, lon, r float64) []int64 {
		ids := []int64{node(base, lat-r, lon-r), node(base+1, lat-r, lon+r), node(base+2, lat+r, lon+r), node(base+3, lat+r, lon-r)}
		return append(ids, ids[0])
	}
	outer, inner := ring(10, 35.39, 118.505, 0.004), ring(20, 35.39, 118.505, 0.001)
	d.Ways = append(d.Ways, extract.Way{ID: 4, Nodes: outer[:3]}, extract.Way{ID: 5, Nodes: []int64{outer[4], outer[3], outer[2]}}, extract.Way{ID: 6, Nodes: inner})
	d.Relations = []extract.Relation{{ID: 1, Tags: extract.Tags{"type": "multipolygon", "natural": "water", "name": "青莲湖"},
		Members: []extract.Member{{Kind: "way", Ref: 4, Role: "outer"}, {Kind: "way", Ref: 5, Role: "outer"}, {Kind: "way", Ref: 6, Role: "inner"}, {Kind: "way", Ref: 99, Role: "outer"}}}}
	d.Points = []extract.Point{{ID: 30, Pos: ems.WGS84{Lat: 35.40, Lon: 118.505}, Tags: extract.Tags{"place": "town", "name": "青禾镇", "population": "many"}},
		{ID: 31, Pos: ems.WGS84{Lat: 35.401, Lon: 118.505}, Tags: extract.Tags{"amenity": "hospital", "name": "医院"}},
		{ID: 32, Pos: ems.WGS84{Lat: 35.401, Lon: 118.506}, Tags: extract.Tags{"amenity": "school", "name": "杏林小学"}}}
	return d
}

func layers(t *testing.T, ts []pmtiles.Tile, z uint32) map[string]*mvt.Layer {
	t.Helper()
	out := map[string]*mvt.Layer{}
	for _, x := range ts {
		if x.Z != z {
			continue
		}
		ls, err := mvt.UnmarshalGzipped(x.Data) // another's decoder
		if err != nil {
			t.Fatalf("tile %d/%d/%d: %v", x.Z, x.X, x.Y, err)
		}
		for _, l := range ls {
			if out[l.Name] == nil {
				out[l.Name] = l
			} else {
				out[l.Name].Features = append(out[l.Name].Features, l.Features...)
			}
		}
	}
	return out
}

func TestLayersOfASmallPlace(t *testing.T) {
	m, err := basemap.Of(small(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ts, err := m.Tiles(nil)
	if err != nil {
		t.Fatal(err)
	}
	ls := layers(t, ts, 14)
	roads := ls["roads"]
	if roads == nil {
		t.Fatal("no roads")
	}
	for _, f := range roads.Features {
		p := f.Properties
		if p["class"] != "primary" || p["name"] != "朝仁路" || p["name_en"] != "Chaoren Rd" || p["oneway"] != true {
			t.Errorf("road %v: what is not built yet must not be on the map, and a road keeps its names", p)
		}
	}
	holes := 0
	for _, f := range ls["water"].Features {
		for _, p := range polygons(f.Geometry) {
			holes += len(p) - 1
			if p[0].Orientation() == 0 {
				t.Error("a ring without an inside")
			}
		}
	}
	if holes == 0 {
		t.Error("the island in the lake is drowned")
	}
	kinds := map[any]bool{}
	for _, l := range []string{"place", "poi"} {
		for _, f := range ls[l].Features {
			kinds[f.Properties["kind"]] = true
		}
	}
	if !kinds["town"] || !kinds["water"] || !kinds["school"] || kinds["hospital"] {
		t.Errorf("names of %v: want the town, the lake and the school; hospitals are the centre's own data", kinds)
	}
	if low := layers(t, ts, 8); low["poi"] != nil || low["roads"] == nil {
		t.Errorf("level 8 has %v: want roads of rank and no schools", low)
	}
}

func polygons(g orb.Geometry) []orb.Polygon {
	switch g := g.(type) {
	case orb.Polygon:
		return []orb.Polygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}

// Tiles in GCJ-02 have everything where a shifted map has it: GEO-001 at its edge.
func TestGEO001_TilesInAnotherDatum(t *testing.T) {
	plain, err := basemap.Of(small(), nil)
	if err != nil {
		t.Fatal(err)
	}
	shifted, err := basemap.Of(small(), func(p ems.WGS84) ems.WGS84 { return ems.WGS84(geo.ToGCJ02(p)) })
	if err != nil {
		t.Fatal(err)
	}
	a, b := plain.Header(), shifted.Header()
	want := geo.ToGCJ02(ems.WGS84{Lat: a.South, Lon: a.West})
	if d := geo.Distance(ems.WGS84{Lat: b.South, Lon: b.West}, ems.WGS84(want)); d > 30 {
		t.Errorf("the south-west corner is %.0f m from where it belongs", d)
	}
	if d := geo.Distance(ems.WGS84{Lat: a.South, Lon: a.West}, ems.WGS84{Lat: b.South, Lon: b.West}); d < 300 {
		t.Errorf("the shift is %.0f m: nothing was shifted", d)
	}
}

func TestNothingToDraw(t *testing.T) {
	if _, err := basemap.Of(&extract.Data{}, nil); err == nil {
		t.Error("an empty extract makes a map")
	}
}

// Every tile of the demo city is a vector tile by another's reading, and the whole city is there.
func TestTheDemoCitysTiles(t *testing.T) {
	b, err := fs.ReadFile(maps.Demo(), maps.TilesFile)
	if err != nil {
		t.Fatal(err)
	}
	a, err := pmtiles.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	rb, err := fs.ReadFile(maps.Demo(), maps.RoadsFile)
	if err != nil {
		t.Fatal(err)
	}
	d, err := extract.Read(context.Background(), bytes.NewReader(rb), nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := basemap.Of(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	ts, err := m.Tiles(nil)
	if err != nil {
		t.Fatal(err)
	}
	unzip := func(b []byte) string {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		out, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for _, x := range ts {
		got, err := a.Tile(x.Z, x.X, x.Y)
		if err != nil || got == nil {
			t.Fatalf("tile %d/%d/%d is not in the committed archive (%v); run `make gen`", x.Z, x.X, x.Y, err)
		}
		if unzip(got) != unzip(x.Data) {
			t.Fatalf("tile %d/%d/%d of the committed archive is not what the extract makes; run `make gen`", x.Z, x.X, x.Y)
		}
	}
	if uint64(len(ts)) != a.Header.Tiles {
		t.Errorf("the archive holds %d tiles, the extract makes %d; run `make gen`", a.Header.Tiles, len(ts))
	}
	ls := layers(t, ts, 11)
	for _, l := range []string{"roads", "water", "green", "built", "boundary", "place"} {
		if ls[l] == nil || len(ls[l].Features) == 0 {
			t.Errorf("level 11 has no %s", l)
		}
	}
}
