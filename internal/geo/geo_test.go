package geo_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		name string
		a, b ems.WGS84
		want float64 // metres on the WGS-84 ellipsoid
	}{
		{"the same place", ems.WGS84{Lat: 35.1, Lon: 118.4}, ems.WGS84{Lat: 35.1, Lon: 118.4}, 0},
		{"one degree of the equator", ems.WGS84{}, ems.WGS84{Lon: 1}, 111319.491},
		{"one degree of meridian at the equator", ems.WGS84{Lat: -0.5}, ems.WGS84{Lat: 0.5}, 110574.276},
		{"one degree of meridian at 45", ems.WGS84{Lat: 44.5, Lon: 7}, ems.WGS84{Lat: 45.5, Lon: 7}, 111131.78},
		{"quarter of a meridian", ems.WGS84{}, ems.WGS84{Lat: 90}, 10001965.729},
		// Vincenty's own example: Flinders Peak to Buninyong.
		{"Flinders Peak to Buninyong", ems.WGS84{Lat: -37.95103341666667, Lon: 144.42486788888888},
			ems.WGS84{Lat: -37.65282113888889, Lon: 143.92649552777777}, 54972.271},
		{"across the date line", ems.WGS84{Lat: 0, Lon: 179.5}, ems.WGS84{Lat: 0, Lon: -179.5}, 111319.491},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, got := range []ems.Metres{geo.Distance(tc.a, tc.b), geo.Distance(tc.b, tc.a)} {
				if math.Abs(float64(got)-tc.want) > 0.01+tc.want*1e-5 {
					t.Errorf("got %.3f m, want %.3f m", got, tc.want)
				}
			}
		})
	}
	antipodes := float64(geo.Distance(ems.WGS84{Lat: 30, Lon: 10}, ems.WGS84{Lat: -30, Lon: -170}))
	if math.Abs(antipodes-20003931) > 20003931*0.005 {
		t.Errorf("antipodes: got %.0f m, want half a meridian within 0.5 %%", antipodes)
	}
}

func TestBearing(t *testing.T) {
	centre := ems.WGS84{Lat: 35.1, Lon: 118.4}
	for _, tc := range []struct {
		to   ems.WGS84
		want float64
	}{
		{ems.WGS84{Lat: 35.2, Lon: 118.4}, 0}, {ems.WGS84{Lat: 35.1, Lon: 118.5}, 90},
		{ems.WGS84{Lat: 35.0, Lon: 118.4}, 180}, {ems.WGS84{Lat: 35.1, Lon: 118.3}, 270}, {centre, 0},
	} {
		if got := geo.Bearing(centre, tc.to); math.Abs(got-tc.want) > 0.1 {
			t.Errorf("to %v: got %.2f, want %.0f", tc.to, got, tc.want)
		}
	}
}

func TestDestinationInvertsDistanceAndBearing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := ems.WGS84{Lat: rapid.Float64Range(-70, 70).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon")}
		course := rapid.Float64Range(0, 359.9).Draw(t, "course")
		d := rapid.Float64Range(1, 100e3).Draw(t, "metres")
		b := geo.Destination(a, course, ems.Metres(d))
		if got := float64(geo.Distance(a, b)); math.Abs(got-d) > 0.01+d*0.003 {
			t.Errorf("went %.2f m, measured %.2f m", d, got)
		}
		turn := math.Abs(math.Mod(geo.Bearing(a, b)-course+540, 360) - 180)
		if turn > 0.2 {
			t.Errorf("course %.3f, measured %.3f", course, geo.Bearing(a, b))
		}
	})
}

// published vectors (to 1e-9 degrees) and a second, independently computed set (printed to 1e-6).
var vectors = []struct {
	name string
	wgs  ems.WGS84
	gcj  ems.GCJ02
	eps  float64
}{
	{"published", ems.WGS84{Lat: 39.915, Lon: 116.404}, ems.GCJ02{Lat: 39.91640428150164, Lon: 116.41024449916938}, 1e-9},
	{"Shanghai", ems.WGS84{Lat: 31.1774276, Lon: 121.5272106}, ems.GCJ02{Lat: 31.17530398364597, Lon: 121.531541859215}, 1e-9},
	{"Shenzhen", ems.WGS84{Lat: 22.543847, Lon: 113.912316}, ems.GCJ02{Lat: 22.54079613169477, Lon: 113.9171764808363}, 1e-9},
	{"Beijing", ems.WGS84{Lat: 39.911954, Lon: 116.377817}, ems.GCJ02{Lat: 39.91334545536069, Lon: 116.38404722455657}, 1e-9},
	{"Linyi", ems.WGS84{Lat: 35.1041, Lon: 118.3565}, ems.GCJ02{Lat: 35.103707, Lon: 118.362254}, 1e-6},
	{"Zibo", ems.WGS84{Lat: 36.8070, Lon: 118.0178}, ems.GCJ02{Lat: 36.807428, Lon: 118.023786}, 1e-6},
	{"Rizhao", ems.WGS84{Lat: 35.4164, Lon: 119.5270}, ems.GCJ02{Lat: 35.416112, Lon: 119.532428}, 1e-6},
	{"Chengdu", ems.WGS84{Lat: 30.6570, Lon: 104.0660}, ems.GCJ02{Lat: 30.654578, Lon: 104.068508}, 1e-6},
}

func near(aLat, aLon, bLat, bLon, eps float64) bool {
	return math.Abs(aLat-bLat) <= eps && math.Abs(aLon-bLon) <= eps
}

func TestGEO001_DatumsConvertBothWays(t *testing.T) {
	for _, tc := range vectors {
		t.Run(tc.name, func(t *testing.T) {
			if got := geo.ToGCJ02(tc.wgs); !near(got.Lat, got.Lon, tc.gcj.Lat, tc.gcj.Lon, tc.eps) {
				t.Errorf("to GCJ-02: got %v, want %v", got, tc.gcj)
			}
			if got := geo.FromGCJ02(tc.gcj); !near(got.Lat, got.Lon, tc.wgs.Lat, tc.wgs.Lon, 1.1*tc.eps) {
				t.Errorf("from GCJ-02: got %v, want %v", got, tc.wgs)
			}
		})
	}
	if got := geo.ToBD09(ems.GCJ02{Lat: 39.915, Lon: 116.404}); !near(got.Lat, got.Lon, 39.92133699351022, 116.41036949371031, 1e-9) {
		t.Errorf("to BD-09: got %v", got)
	}
	// The published inverse of BD-09 is one step, 0.23 m off at worst; ours is exact.
	if got := geo.FromBD09(geo.BD09{Lat: 39.915, Lon: 116.404}); !near(got.Lat, got.Lon, 39.90865673957631, 116.39762729119315, 3e-6) {
		t.Errorf("from BD-09: got %v", got)
	}
}

// What the data sheet of the shift says of four cities, and the bound over all of China.
func TestGEO001_TheShiftIsAsLongAsPublished(t *testing.T) {
	for name, tc := range map[string]struct {
		at   ems.WGS84
		want float64
	}{
		"Linyi": {ems.WGS84{Lat: 35.1041, Lon: 118.3565}, 525}, "Zibo": {ems.WGS84{Lat: 36.8070, Lon: 118.0178}, 535},
		"Rizhao": {ems.WGS84{Lat: 35.4164, Lon: 119.5270}, 493}, "Chengdu": {ems.WGS84{Lat: 30.6570, Lon: 104.0660}, 361},
	} {
		// The published lengths are on a sphere, within half a percent.
		if d := float64(geo.Distance(tc.at, ems.WGS84(geo.ToGCJ02(tc.at)))); math.Abs(d-tc.want) > 1+0.006*tc.want {
			t.Errorf("%s is shifted by %.1f m, want %.0f m", name, d, tc.want)
		}
	}
}

// everywhere draws a place in the rectangle beyond which nothing is shifted: China, its neighbours and the sea.
func everywhere(t *rapid.T) ems.WGS84 {
	return ems.WGS84{Lat: rapid.Float64Range(0.83, 55.82).Draw(t, "lat"), Lon: rapid.Float64Range(72.01, 137.83).Draw(t, "lon")}
}

// Wherever a position is shifted, at the border too, it comes back within a centimetre through both datums; wherever it is not, it is
// itself in all three.
func TestGEO001_RoundTripWithinACentimetre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { roundTrip(t, everywhere(t)) })
	rapid.Check(t, func(t *rapid.T) { // central China, where all is shifted
		p := ems.WGS84{Lat: rapid.Float64Range(23.5, 42).Draw(t, "lat"), Lon: rapid.Float64Range(99, 117).Draw(t, "lon")}
		if d := roundTrip(t, p); d < 1 || d > 720 {
			t.Errorf("%v was shifted by %.0f m", p, d)
		}
	})
}

func roundTrip(t rapid.TB, p ems.WGS84) ems.Metres {
	t.Helper()
	g := geo.ToGCJ02(p)
	b := geo.ToBD09(g)
	if g == ems.GCJ02(p) {
		// Not shifted. Within a kilometre of the border's margin a drawn position is ambiguous, and read as the place inside.
		if back := geo.FromGCJ02(g); back == p && b != geo.BD09(p) {
			t.Errorf("%v is left alone in GCJ-02 and not in BD-09", p)
		} else if d := geo.Distance(p, back); d > 1000 {
			t.Errorf("%v is left alone, and read as %.0f m away", p, d)
		}
		return 0
	}
	if d := geo.Distance(p, geo.FromGCJ02(g)); d > 0.01 {
		t.Errorf("WGS-84 %v came back %.4f m off", p, d)
	}
	again := geo.FromBD09(b)
	if d := geo.Distance(ems.WGS84(g), ems.WGS84(again)); d > 0.01 {
		t.Errorf("GCJ-02 %v came back from BD-09 %.4f m off", g, d)
	}
	if d := geo.Distance(p, geo.FromGCJ02(again)); d > 0.01 {
		t.Errorf("WGS-84 %v came back through both %.4f m off", p, d)
	}
	if d := geo.Distance(ems.WGS84(g), ems.WGS84(b)); d < 600 || d > 1300 {
		t.Errorf("Baidu's shift of %v is %.0f m", p, d)
	}
	return geo.Distance(p, ems.WGS84(g))
}

// The worst of very many, in both directions: a drawn position and its place.
func TestGEO001_TheWorstOfManyIsFarBelowACentimetre(t *testing.T) {
	r, n := rand.New(rand.NewPCG(120, 1)), 60_000
	if testing.Short() {
		n = 10_000
	}
	var there, back, baidu ems.Metres
	shifted := 0
	for range n {
		p := ems.WGS84{Lat: 18 + 36*r.Float64(), Lon: 73 + 62*r.Float64()}
		g := geo.ToGCJ02(p)
		if g == ems.GCJ02(p) {
			continue
		}
		shifted++
		there = max(there, geo.Distance(p, geo.FromGCJ02(g)))
		if q := geo.FromGCJ02(ems.GCJ02(p)); q != p { // p as if it had been read off a public map
			back = max(back, geo.Distance(p, ems.WGS84(geo.ToGCJ02(q))))
		}
		if q := geo.FromBD09(geo.BD09(p)); q != ems.GCJ02(p) {
			baidu = max(baidu, geo.Distance(p, ems.WGS84(geo.ToBD09(q))))
		}
	}
	t.Logf("%d of %d places shifted; worst: there and back %.2g m, back and there %.2g m, Baidu's %.2g m", shifted, n, there, back, baidu)
	if shifted < n/4 || there > 1e-4 || back > 1e-4 || baidu > 1e-4 {
		t.Errorf("worst of %d: %.2g, %.2g and %.2g m", shifted, there, back, baidu)
	}
}

func TestGEO001_BorderTownsAreShifted(t *testing.T) {
	for name, p := range map[string]ems.WGS84{
		"Dandong": {Lat: 40.12, Lon: 124.39}, "Heihe": {Lat: 50.25, Lon: 127.53}, "Hekou": {Lat: 22.53, Lon: 103.94},
		"Ruili": {Lat: 24.01, Lon: 97.85}, "Khorgas": {Lat: 44.21, Lon: 80.41}, "Erenhot": {Lat: 43.65, Lon: 111.98},
		"Manzhouli": {Lat: 49.60, Lon: 117.43}, "Suifenhe": {Lat: 44.40, Lon: 131.15}, "Fuyuan": {Lat: 48.36, Lon: 134.30},
		"Mohe": {Lat: 53.48, Lon: 122.37}, "Taxkorgan": {Lat: 37.77, Lon: 75.23}, "Yadong": {Lat: 27.48, Lon: 88.90},
		"Dongxing": {Lat: 21.54, Lon: 107.97}, "Sanya": {Lat: 18.25, Lon: 109.51}, "Zhoushan": {Lat: 29.99, Lon: 122.20},
		"Weihai": {Lat: 37.50, Lon: 122.10}, "Hong Kong": {Lat: 22.32, Lon: 114.17}, "Macau": {Lat: 22.19, Lon: 113.54},
		"Tacheng": {Lat: 46.75, Lon: 82.98}, "Raohe": {Lat: 46.80, Lon: 134.01}, "Changbai": {Lat: 41.42, Lon: 128.20},
	} {
		if g := geo.ToGCJ02(p); g == ems.GCJ02(p) {
			t.Errorf("%s is not shifted", name)
		} else if d := geo.Distance(geo.FromGCJ02(g), p); d > 0.01 {
			t.Errorf("%s came back %.3f m off", name, d)
		}
	}
}

func TestGEO001_NothingAbroadIsShifted(t *testing.T) {
	for name, p := range map[string]ems.WGS84{
		"London": {Lat: 51.5, Lon: -0.12}, "Tokyo": {Lat: 35.68, Lon: 139.69}, "Seoul": {Lat: 37.57, Lon: 126.98},
		"Pyongyang": {Lat: 39.02, Lon: 125.75}, "Hanoi": {Lat: 21.03, Lon: 105.85}, "Ulaanbaatar": {Lat: 47.92, Lon: 106.92},
		"Vladivostok": {Lat: 43.12, Lon: 131.89}, "Delhi": {Lat: 28.61, Lon: 77.21}, "Kathmandu": {Lat: 27.72, Lon: 85.32},
		"Almaty": {Lat: 43.24, Lon: 76.89}, "Fukuoka": {Lat: 33.59, Lon: 130.4}, "Manila": {Lat: 14.6, Lon: 120.98},
		"Singapore": {Lat: 1.35, Lon: 103.82}, "Sydney": {Lat: -33.87, Lon: 151.21}, "null island": {},
	} {
		g := geo.ToGCJ02(p)
		if g != ems.GCJ02(p) || geo.FromGCJ02(g) != p || geo.ToBD09(g) != geo.BD09(g) || geo.FromBD09(geo.BD09(g)) != g {
			t.Errorf("%s is shifted to %v", name, g)
		}
	}
}

func BenchmarkDistance(b *testing.B) {
	p, q := ems.WGS84{Lat: 35.10, Lon: 118.35}, ems.WGS84{Lat: 35.06, Lon: 118.40}
	for b.Loop() {
		geo.Distance(p, q)
	}
}

func BenchmarkFromGCJ02(b *testing.B) {
	for b.Loop() {
		geo.FromGCJ02(ems.GCJ02{Lat: 35.103707, Lon: 118.362254})
	}
}
