package mapmake_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"lifeline120/internal/extract"
	"lifeline120/internal/mapmake"
	"lifeline120/internal/pmtiles"
)

// Real cities come in by the same door as the drawn one: extracts of OpenStreetMap, cut at a border, of several years and makers.
func TestRealExtractsBecomeMaps(t *testing.T) {
	dir := filepath.Join(cmp.Or(os.Getenv("LIFELINE_DATA"), "../../../shared/data"), "maps", "osm")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("real extracts are not here: set LIFELINE_DATA to the data folder (%v)", err)
	}
	for _, tc := range []struct {
		file        string
		nodes, ways int
		road        string     // a name that must be on the map
		lon, lat    [2]float64 // within these bounds
		layers      []string   // what the extract holds and the map must show
	}{
		{"shanghai-center.osm.pbf", 2958, 796, "延安高架路", [2]float64{121.46, 121.49}, [2]float64{31.21, 31.25}, []string{"roads"}},
		{"monaco.osm.pbf", 180118, 27377, "Boulevard des Moulins", [2]float64{7.2, 7.7}, [2]float64{43.5, 43.9}, []string{"roads", "building", "water"}},
		{"liechtenstein.osm.pbf", 142832, 15247, "Landstrasse", [2]float64{9.3, 9.8}, [2]float64{46.7, 47.6}, []string{"roads", "building", "green", "water"}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, tc.file))
			if err != nil {
				t.Skipf("not here: %v", err)
			}
			defer f.Close()
			var b bytes.Buffer
			r, err := mapmake.Tiles(context.Background(), f, "wgs84", &b)
			if err != nil {
				t.Fatal(err)
			}
			if r.Nodes != tc.nodes || r.Ways != tc.ways || r.Tiles < 15 {
				t.Errorf("%+v, want %d nodes and %d ways", r, tc.nodes, tc.ways)
			}
			a, err := pmtiles.Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
			if err != nil {
				t.Fatal(err)
			}
			h := a.Header
			if h.West < tc.lon[0] || h.East > tc.lon[1] || h.South < tc.lat[0] || h.North > tc.lat[1] {
				t.Errorf("it lies at %v…%v, %v…%v", h.West, h.East, h.South, h.North)
			}
			layers, names := shown(t, a)
			for _, l := range tc.layers {
				if layers[l] == 0 {
					t.Errorf("nothing in layer %q of %v", l, layers)
				}
			}
			if !names[tc.road] {
				t.Errorf("%q is on none of its tiles", tc.road)
			}
		})
	}
}

// A cut-off extract is told from a whole one at every length, and never makes a smaller map.
func TestCutOffRealExtract(t *testing.T) {
	path := filepath.Join(cmp.Or(os.Getenv("LIFELINE_DATA"), "../../../shared/data"), "maps", "osm", "shanghai-center.osm.pbf")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("real extracts are not here: set LIFELINE_DATA to the data folder (%v)", err)
	}
	for i := 1; i < 40; i++ {
		n := len(whole) * i / 40
		if d, err := extract.Read(context.Background(), io.LimitReader(bytes.NewReader(whole), int64(n)), nil); err == nil {
			t.Errorf("%d of %d bytes are read as a map of %d ways", n, len(whole), len(d.Ways))
		} else if !strings.Contains(err.Error(), "read the extract") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// shown counts what the tiles of the lowest level hold, by layer, and says which names stand on them. Decoded by another's decoder.
func shown(t *testing.T, a *pmtiles.Archive) (map[string]int, map[string]bool) {
	t.Helper()
	layers, names := map[string]int{}, map[string]bool{}
	z := maptile.Zoom(a.Header.MaxZoom)
	lo := maptile.At(orb.Point{a.Header.West, a.Header.North}, z)
	hi := maptile.At(orb.Point{a.Header.East, a.Header.South}, z)
	for x := lo.X; x <= hi.X; x++ {
		for y := lo.Y; y <= hi.Y; y++ {
			b, err := a.Tile(uint32(z), x, y)
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				continue
			}
			ls, err := mvt.UnmarshalGzipped(b)
			if err != nil {
				t.Fatalf("tile %d/%d/%d: %v", z, x, y, err)
			}
			for _, l := range ls {
				layers[l.Name] += len(l.Features)
				for _, f := range l.Features {
					if n, ok := f.Properties["name"].(string); ok {
						names[n] = true
					}
				}
			}
		}
	}
	return layers, names
}
