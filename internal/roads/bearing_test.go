package roads

import (
	"testing"

	"lifeline120/internal/ems"
)

// Two roads go on straight ahead through a junction that is drawn with points a hand's breadth apart: nobody turns there.
func TestTurnIsOfTheRoadAndNotOfItsFirstPoint(t *testing.T) {
	p := func(east, north float64) ems.WGS84 {
		return ems.WGS84{Lat: 35 + north/111_195, Lon: 118 + east/91_085}
	}
	n := &Net{Pos: []ems.WGS84{p(0, 0), p(100, 0), p(200, 0), p(100, 80)}, Names: []string{"", "桐塘街", "英山路"}}
	add := func(a, b uint32, name uint32, shape ...ems.WGS84) {
		n.Roads = append(n.Roads, Road{A: a, B: b, Metres: 100, Class: Residential, Name: name, ShapeFirst: uint32(len(n.Shape)), ShapeLen: uint32(len(shape))})
		n.Shape = append(n.Shape, shape...)
		r := uint32(len(n.Roads) - 1)
		n.Edges = append(n.Edges, Edge{From: a, To: b, Road: r}, Edge{From: b, To: a, Road: r, Back: true})
	}
	add(0, 1, 1, p(0, 0), p(99.9, 0), p(100, -0.2), p(100, 0))
	add(1, 2, 1, p(100, 0), p(100, 0.3), p(160, 1), p(200, 0))
	add(1, 3, 2, p(100, 0), p(99.8, 0), p(100, 80))
	n.Index()
	if err := n.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b uint32
		m    Manoeuvre
		turn Turn
	}{{0, 2, Continue, Ahead}, {3, 1, Continue, Ahead}, {0, 4, TurnLeft, Left}, {5, 1, TurnRight, Right}, {5, 2, TurnLeft, Left}, {3, 4, TurnRight, Right}} {
		if got := n.manoeuvre(c.a, c.b); got != c.m {
			t.Errorf("from edge %d into %d: %v, want %v", c.a, c.b, got, c.m)
		}
		if got := n.turn(c.a, c.b); got != c.turn {
			t.Errorf("from edge %d into %d costs a turn %v, want %v", c.a, c.b, got, c.turn)
		}
	}
}
