package geo_test

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"testing"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

var update = flag.Bool("update", false, "write the vectors that Go and the screens share")

const sharedVectors = "../../testdata/geo/gcj02.json"

type vector struct {
	WGS84 ems.WGS84 `json:"wgs84"`
	GCJ02 ems.WGS84 `json:"gcj02"` // named lat and lon, as the screens read it
}

// The screens convert positions to the datum of the tiles with the same formula and the same outline (web/src/map/datum.ts): these vectors
// hold both to each other. Among them are places near the border and abroad, which are not shifted.
func TestGEO001_SharedVectors(t *testing.T) {
	var want []vector
	if *update {
		for lat := 10.0; lat < 56; lat += 2.3 {
			for lon := 72.5; lon < 138; lon += 3.1 {
				p := ems.WGS84{Lat: math.Round(lat*1e6) / 1e6, Lon: math.Round(lon*1e6) / 1e6}
				want = append(want, vector{p, ems.WGS84(geo.ToGCJ02(p))})
			}
		}
		for _, p := range []ems.WGS84{{Lat: 35.4, Lon: 118.5}, {Lat: 39.915, Lon: 116.404}, {Lat: 31.1774276, Lon: 121.5272106}, {Lat: 22.543847, Lon: 113.912316}, {Lat: 22.3, Lon: 114.17}, {Lat: 37.55, Lon: 126.99}, {Lat: -33.9, Lon: 151.2}} {
			want = append(want, vector{p, ems.WGS84(geo.ToGCJ02(p))})
		}
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(sharedVectors, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(sharedVectors)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	moved := 0
	for _, v := range want {
		got := ems.WGS84(geo.ToGCJ02(v.WGS84))
		if math.Abs(got.Lat-v.GCJ02.Lat) > 1e-9 || math.Abs(got.Lon-v.GCJ02.Lon) > 1e-9 {
			t.Errorf("%v: got %v, want %v", v.WGS84, got, v.GCJ02)
		}
		if got != v.WGS84 {
			moved++
		}
	}
	if moved < 100 || moved > len(want)-50 {
		t.Errorf("%d of %d vectors are shifted: the set must hold both kinds", moved, len(want))
	}
}
