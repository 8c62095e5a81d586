package roads

import (
	"math"
	"testing"

	"lifeline120/internal/ems"
)

// crossing is a bridge over a street: a road from west to east at level 1, one from south to north at level 0, which do not meet, and a
// side street that both lead to.
func crossing() *Net {
	n := &Net{Names: []string{"", "高架路", "建设街"}}
	at := func(lat, lon float64) uint32 {
		n.Pos = append(n.Pos, ems.WGS84{Lat: lat, Lon: lon})
		return uint32(len(n.Pos) - 1)
	}
	w, e, s, no := at(35.000, 117.990), at(35.000, 118.010), at(34.990, 118.000), at(35.010, 118.000)
	road := func(a, b uint32, level int8, name uint32, oneway bool) {
		r := Road{A: a, B: b, Class: Primary, Level: level, Name: name, ShapeFirst: uint32(len(n.Shape)), ShapeLen: 2, Metres: float32(metres(n.Pos[a], n.Pos[b]))}
		if oneway {
			r.Flags |= OneWay
		}
		id := uint32(len(n.Roads))
		n.Roads = append(n.Roads, r)
		n.Shape = append(n.Shape, n.Pos[a], n.Pos[b])
		n.Edges = append(n.Edges, Edge{From: a, To: b, Road: id}, Edge{From: b, To: a, Road: id, Back: true, Wrong: oneway})
	}
	road(w, e, 1, 1, false)
	road(s, no, 0, 2, false)
	n.Index()
	return n
}

func TestSnapGivesBothDirectionsAndTheWalk(t *testing.T) {
	n := crossing()
	s := NewSnapper(n, nil)
	got := s.Snap(ems.WGS84{Lat: 35.0005, Lon: 117.995}, 200)
	if len(got) != 2 || n.Edges[got[0].Edge].Road != 0 || math.Abs(got[0].Off-55.6) > 0.5 {
		t.Fatalf("%+v", got)
	}
	length := float64(n.Roads[0].Metres)
	if math.Abs(got[0].Along+got[1].Along-length) > 0.1 || math.Abs(got[0].Along-length/4) > 1 {
		t.Errorf("along: %v and %v of %v m", got[0].Along, got[1].Along, length)
	}
	if far := s.Snap(ems.WGS84{Lat: 35.2, Lon: 117.995}, 200); far != nil {
		t.Errorf("20 km off: %+v", far)
	}
	// A place at a junction is the junction: all its roads lead from it and to it.
	if at := s.Snap(n.Pos[0], 200); len(at) != 2 || at[0].Along != 0 || at[1].Along != length {
		t.Errorf("at a junction: %+v", at)
	}
	if none := NewSnapper(n, func(uint32) bool { return false }).Snap(n.Pos[0], 200); none != nil {
		t.Errorf("roads that are not used: %+v", none)
	}
}

// Where two roads cross without meeting, positions alone could mean either: the vehicle stays on the one that it came by.
func TestAVehicleStaysOnItsBridge(t *testing.T) {
	n := crossing()
	s := NewSnapper(n, nil)
	for _, tc := range []struct {
		name   string
		course float64
		step   func(i int) ems.WGS84
		road   uint32
	}{
		{"east over the bridge", 90, func(i int) ems.WGS84 { return ems.WGS84{Lat: 35.00002, Lon: 117.998 + float64(i)*0.0002} }, 0},
		{"north under it", 0, func(i int) ems.WGS84 { return ems.WGS84{Lat: 34.998 + float64(i)*0.0002, Lon: 118.00002} }, 1},
	} {
		tr := NewTracker(s)
		for i := range 20 {
			// A receiver under a bridge is off by some metres, and its course by some degrees.
			m := Motion{Pos: tc.step(i), Course: tc.course + float64(i%5-2)*8, CourseKnown: i%4 != 3}
			p, ok := tr.Move(m)
			if !ok || n.Edges[p.Edge].Road != tc.road {
				t.Fatalf("%s, step %d: on edge %+v", tc.name, i, n.Edges[p.Edge])
			}
			if d, _ := n.Bearing(p); i > 0 && math.Abs(math.Mod(d-tc.course+540, 360)-180) > 1 {
				t.Errorf("%s, step %d: drives towards %v", tc.name, i, d)
			}
		}
	}
	if _, ok := NewTracker(s).Move(Motion{Pos: ems.WGS84{Lat: 35.005, Lon: 117.99}}); ok {
		t.Error("half a kilometre from any road it is on one")
	}
}

func TestTurnsByTheirAngle(t *testing.T) {
	n := &Net{Names: []string{""}}
	mid := ems.WGS84{Lat: 35, Lon: 118}
	ends := []ems.WGS84{{Lat: 34.999, Lon: 118}, {Lat: 35.001, Lon: 118}, {Lat: 35, Lon: 118.001}, {Lat: 35, Lon: 117.999}} // south, north, east, west
	n.Pos = append([]ems.WGS84{mid}, ends...)
	for i, p := range ends {
		n.Roads = append(n.Roads, Road{A: 0, B: uint32(i + 1), Metres: 100, ShapeFirst: uint32(len(n.Shape)), ShapeLen: 2})
		n.Shape = append(n.Shape, mid, p)
		n.Edges = append(n.Edges, Edge{From: 0, To: uint32(i + 1), Road: uint32(i)}, Edge{From: uint32(i + 1), To: 0, Road: uint32(i), Back: true})
	}
	n.Index()
	fromSouth := uint32(1) // from the south to the middle, northward
	for out, want := range map[uint32]Turn{0: Around, 2: Ahead, 4: Right, 6: Left} {
		if got := n.turn(fromSouth, out); got != want {
			t.Errorf("into edge %d: turn %d, want %d", out, got, want)
		}
	}
	for out, want := range map[uint32]Manoeuvre{0: TurnAround, 2: Continue, 4: TurnRight, 6: TurnLeft} {
		if got := n.manoeuvre(fromSouth, out); got != want {
			t.Errorf("into edge %d: %s, want %s", out, got, want)
		}
	}
}
