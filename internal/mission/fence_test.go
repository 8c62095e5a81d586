package mission_test

import (
	"math"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/mission"
)

var start = time.Date(2026, 11, 28, 6, 0, 0, 0, time.UTC)

var scene = ems.WGS84{Lat: 35.4, Lon: 118.5}

// east is a place so many metres east of the scene.
func east(m float64) ems.WGS84 {
	return ems.WGS84{Lat: scene.Lat, Lon: scene.Lon + m/(111_195*math.Cos(scene.Lat*math.Pi/180))}
}

type seen struct {
	s   int     // seconds
	m   float64 // metres east of the scene
	kmh float64 // < 0: not said
}

func drive(f *mission.Fence, ps ...seen) (st mission.Stand, ok bool) {
	for _, p := range ps {
		var kmh *float64
		if p.kmh >= 0 {
			kmh = &p.kmh
		}
		st, ok = f.Feed(start.Add(time.Duration(p.s)*time.Second), east(p.m), kmh, scene)
	}
	return st, ok
}

func TestArrivalByPosition(t *testing.T) {
	for name, c := range map[string]struct {
		seen      []seen
		arrived   bool
		s         int
		uncertain float64
	}{
		"drives up and stands":          {[]seen{{0, 900, 40}, {1, 60, 30}, {2, 40, 0}, {7, 41, 0}, {12, 40, 1}}, true, 2, 1},
		"not long enough":               {[]seen{{0, 900, 40}, {2, 40, 0}, {11, 40, 0}}, false, 0, 0},
		"stands outside":                {[]seen{{0, 900, 40}, {2, 140, 0}, {20, 140, 0}}, false, 0, 0},
		"drives through":                {[]seen{{0, 900, 40}, {2, 40, 36}, {6, 0, 36}, {10, -40, 36}, {14, -80, 36}, {20, -140, 36}}, false, 0, 0},
		"no speed is said":              {[]seen{{0, 900, -1}, {2, 90, -1}, {4, 50, -1}, {6, 10, -1}, {8, 9, -1}, {16, 8, -1}}, true, 6, 2},
		"a red light, then the door":    {[]seen{{0, 900, 40}, {2, 95, 0}, {20, 95, 0}, {25, 40, 20}, {28, 5, 0}, {40, 5, 0}}, true, 28, 3},
		"a gust of noise":               {[]seen{{0, 900, 40}, {2, 40, 0}, {13, 40, 0}, {14, 44, 7}, {15, 41, 0}}, true, 2, 2},
		"nobody saw it come":            {[]seen{{0, 40, 0}, {20, 40, 0}, {90, 40, 0}}, false, 0, 0},
		"silence, and it stands there":  {[]seen{{0, 900, 40}, {300, 40, 0}, {320, 40, 0}}, true, 300, 300},
		"silence while it stands there": {[]seen{{0, 900, 40}, {2, 40, 0}, {400, 41, 0}}, true, 2, 2},
		"goes away again":               {[]seen{{0, 900, 40}, {2, 40, 0}, {20, 40, 0}, {30, 180, 40}}, false, 0, 0},
		"an older position comes late":  {[]seen{{0, 900, 40}, {2, 40, 0}, {13, 40, 0}, {1, 800, 40}}, true, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			st, ok := drive(new(mission.Fence), c.seen...)
			if ok != c.arrived {
				t.Fatalf("arrived %v, want %v", ok, c.arrived)
			}
			if want := start.Add(time.Duration(c.s) * time.Second); ok && (!st.At.Equal(want) || st.UncertainS != c.uncertain) {
				t.Errorf("arrived at %v ± %v, want %v ± %v", st.At, st.UncertainS, want, c.uncertain)
			}
		})
	}
}

func TestAnotherAimIsAnotherArrival(t *testing.T) {
	var f mission.Fence
	if _, ok := drive(&f, seen{0, 900, 40}, seen{2, 40, 0}, seen{20, 40, 0}); !ok {
		t.Fatal("not arrived")
	}
	if _, ok := f.Feed(start.Add(21*time.Second), east(40), nil, east(5000)); ok {
		t.Error("arrived where it has not been")
	}
}
