package main

import (
	"bytes"
	"cmp"
	"math"
	"os"
	"path/filepath"
	"testing"

	"lifeline120/internal/ems"
	"lifeline120/internal/placefile"
	"lifeline120/internal/pmtiles"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roads"
	"lifeline120/maps"
)

// One extract feeds roads, map and addresses: what the address search finds lies on the map, and the roads lead there.
func TestOneExtractFeedsRoadsMapAndAddresses(t *testing.T) {
	dir := t.TempDir()
	demo := filepath.Join(dir, maps.RoadsFile)
	b, err := maps.Demo().Open(maps.RoadsFile)
	if err != nil {
		t.Fatal(err)
	}
	var whole bytes.Buffer
	if _, err := whole.ReadFrom(b); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if err := os.WriteFile(demo, whole.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	extracts := []string{demo}
	for _, name := range []string{"monaco.osm.pbf", "krems.osm.gz", "shanghai-center.osm.pbf"} {
		path := filepath.Join(cmp.Or(os.Getenv("LIFELINE_DATA"), "../../../shared/data"), "maps", "osm", name)
		if _, err := os.Stat(path); err != nil {
			t.Logf("real extracts are not here, only the drawn city is tested: set LIFELINE_DATA to the data folder (%v)", err)
			continue
		}
		extracts = append(extracts, path)
	}
	for _, extract := range extracts {
		t.Run(filepath.Base(extract), func(t *testing.T) { feeds(t, extract) })
	}
}

func feeds(t *testing.T, extract string) {
	dir := t.TempDir()
	for _, args := range [][]string{{"roads", "build", extract, "--out", dir}, {"places", "build", extract, "--out", dir}, {"basemap", "build", extract, "--out", filepath.Join(dir, maps.TilesFile)}} {
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != 0 {
			t.Fatalf("%q: exit code %d: %s%s", args, code, out.String(), errs.String())
		}
	}
	book, _, err := placefile.Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	city, err := roadfile.Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	tiles, err := os.ReadFile(filepath.Join(dir, maps.TilesFile))
	if err != nil {
		t.Fatal(err)
	}
	archive, err := pmtiles.Open(bytes.NewReader(tiles), int64(len(tiles)))
	if err != nil {
		t.Fatal(err)
	}
	main := roads.Connected(city.Net, city.S, roads.Mission())
	snap := roads.NewSnapper(city.Net, func(e uint32) bool { return main[e] })
	reached, shown, all := 0, 0, 0
	for i, p := range book.Roads {
		if i%(1+len(book.Roads)/200) != 0 {
			continue
		}
		all++
		if len(snap.Snap(p.Pos, 300)) > 0 {
			reached++
		}
		x, y := tile(p.Pos, 14)
		if b, err := archive.Tile(14, x, y); err == nil && len(b) > 0 {
			shown++
		}
	}
	if all < 20 || shown != all || reached < all*95/100 { // footpaths may lie apart from all roads
		t.Errorf("of %d roads of the address search %d are on the map, and %d are reached by road", all, shown, reached)
	}
}

// tile of a level that holds a place.
func tile(p ems.WGS84, z int) (x, y uint32) {
	n := math.Exp2(float64(z))
	lat := p.Lat * math.Pi / 180
	return uint32((p.Lon + 180) / 360 * n), uint32((1 - math.Log(math.Tan(lat)+1/math.Cos(lat))/math.Pi) / 2 * n)
}
