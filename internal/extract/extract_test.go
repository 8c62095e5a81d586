package extract_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/maps/draw"
)

func read(o draw.OSM) (*extract.Data, error) {
	return extract.Read(context.Background(), bytes.NewReader(o.PBF()), nil)
}

// near allows for what degrees lose in binary.
func near(p ems.WGS84, lat, lon float64) bool {
	return math.Abs(p.Lat-lat) < 1e-9 && math.Abs(p.Lon-lon) < 1e-9
}

func TestEverythingOfAnExtractIsRead(t *testing.T) {
	d, err := read(draw.OSM{
		Nodes: []draw.Node{{ID: 7, Lat: 35_400_000, Lon: 118_500_000}, {ID: 8, Lat: -35_400_001, Lon: -118_500_001, Tags: []draw.Tag{{K: "amenity", V: "hospital"}, {K: "name", V: "第一人民医院"}}}},
		Ways:  []draw.Way{{ID: 3, Nodes: []int64{8, 7}, Tags: []draw.Tag{{K: "highway", V: "primary"}}}, {ID: 4, Nodes: []int64{7, 8, 7}}},
		Relations: []draw.Relation{{ID: 5, Tags: []draw.Tag{{K: "restriction", V: "no_left_turn"}},
			Members: []draw.Member{{Kind: 1, Ref: 3, Role: "from"}, {Kind: 0, Ref: 7, Role: "via"}, {Kind: 1, Ref: 4, Role: "to"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Pos) != 2 || !near(d.Pos[7], 35.4, 118.5) || !near(d.Pos[8], -35.400001, -118.500001) {
		t.Errorf("nodes: %v", d.Pos)
	}
	if len(d.Points) != 1 || d.Points[0].ID != 8 || d.Points[0].Tags["name"] != "第一人民医院" {
		t.Errorf("points with tags: %v", d.Points)
	}
	if len(d.Ways) != 2 || d.Ways[0].Tags["highway"] != "primary" || d.Ways[0].Nodes[0] != 8 || len(d.Ways[1].Nodes) != 3 || d.Ways[1].Tags != nil || d.Missing != 0 {
		t.Errorf("ways: %+v, %d nodes missing", d.Ways, d.Missing)
	}
	want := []extract.Member{{Kind: "way", Ref: 3, Role: "from"}, {Kind: "node", Ref: 7, Role: "via"}, {Kind: "way", Ref: 4, Role: "to"}}
	if len(d.Relations) != 1 || d.Relations[0].Tags["restriction"] != "no_left_turn" || len(d.Relations[0].Members) != 3 {
		t.Fatalf("relations: %+v", d.Relations)
	}
	for i, m := range want {
		if d.Relations[0].Members[i] != m {
			t.Errorf("member %d: %+v, want %+v", i, d.Relations[0].Members[i], m)
		}
	}
}

// Extracts are cut at a border: what lies beyond it is left out of its ways, and counted.
func TestWaysThatLeaveTheExtract(t *testing.T) {
	d, err := read(draw.OSM{Nodes: []draw.Node{{ID: 1, Lat: 35_000_000, Lon: 118_000_000}, {ID: 2, Lat: 35_000_000, Lon: 118_001_000}},
		Ways: []draw.Way{{ID: 1, Nodes: []int64{1, 99, 2, 98}}}})
	if err != nil || d.Missing != 2 || len(d.Ways[0].Nodes) != 2 || d.Ways[0].Nodes[1] != 2 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestWhatIsNoMapSaysSo(t *testing.T) {
	if _, err := read(draw.OSM{Nodes: []draw.Node{{ID: 41, Lat: 95_000_000, Lon: 118_000_000}}, Ways: []draw.Way{{ID: 1, Nodes: []int64{41}}}}); err == nil || !strings.Contains(err.Error(), "node 41") {
		t.Errorf("a node beyond the pole: %v", err)
	}
	if _, err := read(draw.OSM{Nodes: []draw.Node{{ID: 1, Lat: 35_000_000, Lon: 118_000_000}}}); err == nil || !strings.Contains(err.Error(), "no ways") {
		t.Errorf("nodes alone: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := extract.Read(ctx, bytes.NewReader(draw.OSM{Ways: []draw.Way{{ID: 1}}}.PBF()), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(draw.OSM{Nodes: []draw.Node{{ID: 1, Lat: 35_000_000, Lon: 118_000_000}}, Ways: []draw.Way{{ID: 1, Nodes: []int64{1}, Tags: []draw.Tag{{K: "highway", V: "primary"}}}},
		Relations: []draw.Relation{{ID: 5, Members: []draw.Member{{Kind: 1, Ref: 1, Role: "from"}}}}}.PBF())
	f.Add([]byte("<osm/>"))
	f.Add([]byte(street))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := extract.Read(context.Background(), bytes.NewReader(b), nil)
		if err == nil && len(d.Ways) == 0 {
			t.Error("a map without ways")
		}
	})
}
