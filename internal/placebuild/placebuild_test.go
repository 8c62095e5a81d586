package placebuild_test

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"lifeline120/internal/address"
	"lifeline120/internal/extract"
	"lifeline120/internal/placebuild"
	"lifeline120/maps"
	"lifeline120/maps/draw"
)

func build(t *testing.T, b []byte) (*address.Book, placebuild.Report) {
	t.Helper()
	d, err := extract.Read(context.Background(), bytes.NewReader(b), nil)
	if err != nil {
		t.Fatal(err)
	}
	book, rep := placebuild.Of(d)
	if err := book.Check(); err != nil {
		t.Fatal(err)
	}
	return book, rep
}

func tags(kv ...string) []draw.Tag {
	var out []draw.Tag
	for i := 0; i < len(kv); i += 2 {
		out = append(out, draw.Tag{K: kv[i], V: kv[i+1]})
	}
	return out
}

func node(id int64, lat, lon int64, kv ...string) draw.Node {
	return draw.Node{ID: id, Lat: 35_000_000 + lat, Lon: 118_000_000 + lon, Tags: tags(kv...)}
}

func way(id int64, nodes []int64, kv ...string) draw.Way {
	return draw.Way{ID: id, Nodes: nodes, Tags: tags(kv...)}
}

func TestABookOfAnExtract(t *testing.T) {
	o := draw.OSM{
		Nodes: []draw.Node{
			node(1, 0, 0), node(2, 0, 1000), node(3, 0, 2000), node(4, 300, 1000), node(5, -1000, 1000), // two carriageways of 建国路 30 m apart, crossed by 人民路
			node(6, 300, 0), node(7, 300, 2000),
			node(8, 500_000, 0), node(9, 500_000, 1000), // another 建国路, far away
			node(10, 5000, 5000), node(11, 5200, 5200), node(12, 5000, 5400), node(13, 4000, 5000), node(14, 6000, 5400), // a roundabout without a name
			node(20, 10, 500, "addr:housenumber", "93", "addr:street", "建国路"), node(21, 500_010, 500, "addr:housenumber", "1;3", "addr:street", "建国路"),
			node(22, 0, 0, "addr:housenumber", "7"), node(23, 9000, 9000, "addr:housenumber", "8", "addr:street", "桃源巷"),
			node(24, 100, 100, "amenity", "hospital", "name", "市医院", "name:en", "City Hospital", "alt_name", "老医院;一院"),
			node(25, 200, 100, "amenity", "bench", "name", ""), node(26, 200, 200, "highway", "traffic_signals", "name", "红灯"),
			node(27, 2000, 0, "highway", "milestone", "distance", "612.3"), node(28, 2000, 1000), node(29, 2100, 500, "highway", "milestone", "pk", "K613+5", "ref", "G2"),
			node(30, 0, 0, "highway", "milestone", "distance", "far", "ref", "G2"), node(31, 100, 100, "place", "village", "name", "柳家庄村"),
		},
		Ways: []draw.Way{
			way(1, []int64{1, 2, 3}, "highway", "primary", "name", "建国路", "ref", "G205"), way(2, []int64{7, 4, 6}, "highway", "primary", "name", "建国路"),
			way(3, []int64{5, 2, 4}, "highway", "secondary", "name", "人民路"), way(4, []int64{8, 9}, "highway", "residential", "name", "建国路"),
			way(5, []int64{10, 11, 12, 10}, "highway", "tertiary", "junction", "roundabout"), way(6, []int64{13, 10}, "highway", "tertiary", "name", "东风路"),
			way(7, []int64{12, 14}, "highway", "tertiary", "name", "西山路"), way(8, []int64{27, 28}, "highway", "motorway", "name", "京沪高速", "ref", "G2"),
			way(9, []int64{1, 6, 7, 1}, "leisure", "park", "name", "人民公园"), way(10, []int64{1, 2}, "highway", "construction", "name", "未来路"),
		},
	}
	book, rep := build(t, o.PBF())
	names := map[string]int{}
	for _, r := range book.Roads {
		names[r.Name]++
	}
	if want := map[string]int{"建国路": 2, "人民路": 1, "东风路": 1, "西山路": 1, "京沪高速": 1, "桃源巷": 1}; !reflect.DeepEqual(names, want) {
		t.Errorf("roads %v, want %v", names, want)
	}
	crossings := map[string]int{}
	for _, m := range book.Meetings {
		crossings[book.Roads[m.A].Name+"+"+book.Roads[m.B].Name]++
	}
	if want := map[string]int{"人民路+建国路": 1, "东风路+西山路": 1}; !reflect.DeepEqual(crossings, want) { // both carriageways are one crossing
		t.Errorf("crossings %v, want %v", crossings, want)
	}
	ix := address.New(book, nil)
	for q, want := range map[string]string{"建国路93号": "建国路93号", "建国路3号": "建国路3号", "桃源巷8": "桃源巷8号", "G2 K612+300": "京沪高速 K612+300", "g2k613+005": "京沪高速 K613+005",
		"一院": "市医院", "cityhospital": "市医院", "柳家庄村": "柳家庄村", "人民公园": "人民公园", "东风路与西山路路口": "东风路与西山路路口", "g205": "建国路"} {
		if hits := ix.Search(q, nil, 5); len(hits) == 0 || hits[0].Name != want || hits[0].Match != address.Exact {
			t.Errorf("%s: %+v, want %s", q, hits, want)
		}
	}
	for _, q := range []string{"红灯", "未来路"} {
		if hits := ix.Search(q, nil, 5); len(hits) > 0 {
			t.Errorf("%s: %+v", q, hits)
		}
	}
	if far := ix.Search("建国路1号", nil, 5)[0]; far.Pos.Lat < 35.4 {
		t.Errorf("a house was put on the wrong road of its name: %+v", far)
	}
	if rep.HousesNowhere != 1 || rep.PostsNowhere != 1 || rep.Houses != 4 || rep.Posts != 2 || rep.Crossings != 2 {
		t.Errorf("%+v", rep)
	}
}

// A motorway of two carriageways with posts: the road between them is measured where it is as long as they say, on each carriageway, and only between
// neighbours.
func TestRoadsBetweenPosts(t *testing.T) {
	o := draw.OSM{Nodes: []draw.Node{
		node(1, 0, 0), node(2, 0, 11_000), node(3, 9_000, 11_000), node(4, 18_000, 11_000), // K10 .. K11 .. K12 round a bend: 1,003 m, then 1,001 m and 1,001 m
		node(5, -100, 18_000, "highway", "milestone", "distance", "12"), // beside nothing
		node(11, 300, 0), node(12, 300, 10_700), node(13, 9_000, 10_700), node(14, 18_000, 10_700),
		node(21, 150, 0, "highway", "milestone", "distance", "10", "ref", "G2"), node(22, 150, 10_950, "highway", "milestone", "distance", "11", "ref", "G2"), node(23, 18_000, 10_850, "highway", "milestone", "distance", "13", "ref", "G2"),
		node(24, 30_000, 10_850, "highway", "milestone", "distance", "14", "ref", "G2"), node(6, 30_000, 11_000), node(15, 30_000, 10_700),
	}, Ways: []draw.Way{
		way(1, []int64{1, 2, 3}, "highway", "motorway", "name", "京沪高速", "ref", "G2"), way(2, []int64{3, 4, 6}, "highway", "motorway", "name", "京沪高速", "ref", "G2"),
		way(3, []int64{15, 14, 13, 12, 11}, "highway", "motorway", "name", "京沪高速", "ref", "G2"),
	}}
	book, rep := build(t, o.PBF())
	// From K10 to K11 1 km lies between the posts, from K11 to K13 2 km, and from K13 to K14 not one but 1.3 km: numbers were given anew there.
	if len(book.Roads) != 1 || rep.Stretches != 4 || len(book.Stretches) != 4 {
		t.Fatalf("%+v\n%+v", rep, book.Stretches)
	}
	ways := map[int]int{}
	for _, s := range book.Stretches {
		ways[s.Way]++
		if s.From == 13_000 {
			t.Errorf("%+v", s)
		}
	}
	if ways[1] != 2 || ways[-1] != 2 {
		t.Errorf("driven %v", ways)
	}
	if want := (address.Box{118, 35, 118.011, 35.03}); book.Roads[0].Box != want {
		t.Errorf("the road runs in %v, want %v", book.Roads[0].Box, want)
	}
	h := address.New(book, nil).Search("京沪高速 K10+500 西行", nil, 3)
	if len(h) != 2 || h[0].Between != "K10–K11" || h[0].Pos.Lat < 35.0002 || h[1].Pos.Lat > 35.0001 || h[0].Pos.Lon < 118.005 || h[0].Pos.Lon > 118.006 {
		t.Errorf("%+v", h)
	}
}

// The demo city: each house number, crossing and name of its map is found as it is written, and comes first.
func TestEverythingInTheDemoCityIsFound(t *testing.T) {
	b, err := fs.ReadFile(maps.Demo(), maps.RoadsFile)
	if err != nil {
		t.Fatal(err)
	}
	book, rep := build(t, b)
	again, _ := build(t, b)
	if !reflect.DeepEqual(book, again) {
		t.Error("the same extract made another book")
	}
	t.Logf("%+v", rep)
	if rep.Houses < 1000 || rep.Crossings < 1000 || rep.Places < 500 || rep.Roads < 500 {
		t.Errorf("little was found: %+v", rep)
	}
	ix := address.New(book, nil)
	first := func(q string, p address.Hit) {
		hits := ix.Search(q, &p.Pos, 10)
		for _, h := range hits {
			if h.Match == address.Exact && h.Kind == p.Kind && h.Pos == p.Pos {
				return
			}
		}
		t.Errorf("%q (%s at %v): %+v", q, p.Kind, p.Pos, hits)
	}
	for i, p := range book.Places {
		if i%5 == 0 {
			first(p.Name, address.Hit{Kind: p.Kind, Pos: p.Pos})
		}
	}
	for i, h := range book.Houses {
		if i%10 == 0 {
			first(book.Roads[h.Road].Name+h.Number+"号", address.Hit{Kind: address.House, Pos: h.Pos})
		}
	}
	for i, m := range book.Meetings {
		if i%20 == 0 {
			first(book.Roads[m.A].Name+"与"+book.Roads[m.B].Name+"路口", address.Hit{Kind: address.Crossing, Pos: m.Pos})
			first(book.Roads[m.B].Name+book.Roads[m.A].Name+"交叉口", address.Hit{Kind: address.Crossing, Pos: m.Pos})
		}
	}
}

func TestRealExtracts(t *testing.T) {
	dir := filepath.Join(cmp.Or(os.Getenv("LIFELINE_DATA"), "../../../shared/data"), "maps", "osm")
	for name, q := range map[string]string{"shanghai-center": "延安", "liechtenstein": "Vaduz"} {
		b, err := os.ReadFile(filepath.Join(dir, name+".osm.pbf"))
		if err != nil {
			t.Skipf("real extracts are not here: set LIFELINE_DATA to the data folder (looked in %s)", dir)
		}
		book, rep := build(t, b)
		t.Logf("%s: %+v", name, rep)
		if hits := address.New(book, nil).Search(q, nil, 5); len(hits) == 0 || !strings.Contains(hits[0].Name, q) {
			t.Errorf("%s: %q found %+v", name, q, hits)
		}
	}
}
