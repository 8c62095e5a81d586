package wire

import (
	"fmt"
	"math"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

// Limits of a way down: it is drawn on a small screen, and sent again while the unit drives.
const (
	MaxWayPoints = 2000
	MaxWaySteps  = 300
)

// wayDegrees is the step of a way's points: 1e-5 degrees are at most 1.1 m.
const wayDegrees = 1e-5

// PackLine writes points as differences in whole 1e-5 degrees.
func PackLine(points []ems.WGS84) []int32 {
	out := make([]int32, 0, 2*len(points))
	var lat, lon int32
	for _, p := range points {
		a, o := int32(math.Round(p.Lat/wayDegrees)), int32(math.Round(p.Lon/wayDegrees))
		out = append(out, a-lat, o-lon)
		lat, lon = a, o
	}
	return out
}

// UnpackLine reads them; an error where they are no line on Earth.
func UnpackLine(line []int32) ([]ems.WGS84, error) {
	if len(line)%2 != 0 || len(line) > 2*MaxWayPoints {
		return nil, fmt.Errorf("unpack line: %d numbers: want pairs, at most %d", len(line), MaxWayPoints)
	}
	out := make([]ems.WGS84, 0, len(line)/2)
	var lat, lon int64
	for i := 0; i < len(line); i += 2 {
		lat, lon = lat+int64(line[i]), lon+int64(line[i+1])
		p := ems.WGS84{Lat: float64(lat) * wayDegrees, Lon: float64(lon) * wayDegrees}
		if !p.Valid() {
			return nil, fmt.Errorf("unpack line: point %d lies nowhere", i/2)
		}
		out = append(out, p)
	}
	return out, nil
}

// OpenWay reads a way down.
func OpenWay(b []byte) (*pb.Way, error) {
	m := &pb.Way{}
	if err := unmarshal(b, m); err != nil {
		return nil, err
	}
	if err := ems.CheckName(m.Mission); err != nil {
		return nil, fmt.Errorf("open way: %w", err)
	}
	if len(m.Steps) > MaxWaySteps {
		return nil, fmt.Errorf("open way: %d steps: at most %d", len(m.Steps), MaxWaySteps)
	}
	return m, nil
}
