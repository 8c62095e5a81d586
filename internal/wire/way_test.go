package wire

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

func TestLineComesBackToWithinAMetre(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		points := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) ems.WGS84 {
			return ems.WGS84{Lat: rapid.Float64Range(1, 89).Draw(rt, "lat"), Lon: rapid.Float64Range(-179, 179).Draw(rt, "lon")}
		}), 0, 50).Draw(rt, "points")
		got, err := UnpackLine(PackLine(points))
		if err != nil || len(got) != len(points) {
			rt.Fatalf("%d points came back as %d: %v", len(points), len(got), err)
		}
		for i, p := range points {
			if math.Abs(got[i].Lat-p.Lat) > 0.51e-5 || math.Abs(got[i].Lon-p.Lon) > 0.51e-5 {
				rt.Fatalf("%v came back as %v", p, got[i])
			}
		}
	})
}

func TestACC003_WayThatLeadsNowhereIsRefused(t *testing.T) {
	for name, line := range map[string][]int32{
		"half a point":  {1, 2, 3},
		"off the Earth": {100_00000, 0},
		"adds up":       {math.MaxInt32, 1, math.MaxInt32, 1},
		"too long":      make([]int32, 2*MaxWayPoints+2),
		"Null Island":   {0, 0},
	} {
		if got, err := UnpackLine(line); err == nil {
			t.Errorf("%s is read as %v", name, got[:min(len(got), 3)])
		}
	}
	for name, w := range map[string]*pb.Way{
		"of no mission":  {Node: "at_scene"},
		"too many steps": {Mission: "m-1", Steps: make([]*pb.WayStep, MaxWaySteps+1)},
		"no distance":    {Mission: "m-1", Metres: math.NaN()},
	} {
		for i := range w.Steps {
			w.Steps[i] = &pb.WayStep{}
		}
		b, err := Marshal(w)
		if err != nil {
			continue // we do not even write it
		}
		if _, err := OpenWay(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
