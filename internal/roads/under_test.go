package roads

import (
	"errors"
	"math"
	"slices"
	"testing"

	"lifeline120/internal/ems"
)

// town for closures: 沂蒙路 is divided, its carriageways 24 m apart, northbound east of southbound, an elevated road right above it;
// 金雀山路 and 平安路 cross it at ground level, 222 m apart; 后街 runs parallel 60 m to the east.
func divided() *Net {
	n := &Net{Names: []string{"", "沂蒙路", "金雀山路", "平安路", "后街", "沂蒙高架"}}
	const w, e, back = 118.00000, 118.000263, 118.00093
	lat := []float64{34.998, 35.000, 35.002, 35.004}
	at := map[[2]float64]uint32{}
	j := func(lat, lon float64) uint32 {
		k := [2]float64{lat, lon}
		if _, ok := at[k]; !ok {
			at[k] = uint32(len(n.Pos))
			n.Pos = append(n.Pos, ems.WGS84{Lat: lat, Lon: lon})
		}
		return at[k]
	}
	road := func(a, b uint32, name uint32, level int8, flags RoadFlags) {
		id := uint32(len(n.Roads))
		n.Roads = append(n.Roads, Road{A: a, B: b, Class: Primary, Level: level, Name: name, Flags: flags, ShapeFirst: uint32(len(n.Shape)), ShapeLen: 2, Metres: float32(metres(n.Pos[a], n.Pos[b]))})
		n.Shape = append(n.Shape, n.Pos[a], n.Pos[b])
		n.Edges = append(n.Edges, Edge{From: a, To: b, Road: id}, Edge{From: b, To: a, Road: id, Back: true, Wrong: flags&OneWay != 0})
	}
	for i := 1; i < len(lat); i++ {
		road(j(lat[i-1], e), j(lat[i], e), 1, 0, OneWay|Divided)
		road(j(lat[i], w), j(lat[i-1], w), 1, 0, OneWay|Divided)
		road(j(lat[i-1], back), j(lat[i], back), 4, 0, 0)
	}
	for i, name := range []uint32{2, 3} {
		y := lat[i+1]
		road(j(y, 117.997), j(y, w), name, 0, 0)
		road(j(y, w), j(y, e), name, 0, 0)
		road(j(y, e), j(y, back), name, 0, 0)
	}
	road(j(34.9979, e+0.00001), j(35.0041, e+0.00001), 5, 1, OneWay|Divided)
	n.Index()
	return n
}

// closed gives the names of what a drawing closes, with the direction of each edge that is driven: N, S, E or W.
func closed(n *Net, d Drawn) []string {
	var out []string
	for _, st := range NewSnapper(n, nil).Under(d) {
		e := n.Edges[st.Edge]
		if e.Wrong {
			continue
		}
		b, _ := n.Bearing(Place{Edge: st.Edge})
		name := n.Names[n.Roads[e.Road].Name] + string("NESW"[int(b+45)/90%4])
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func TestUnderALineAreTheRoadsAlongIt(t *testing.T) {
	n := divided()
	up := func(lon, from, to float64) []ems.WGS84 {
		return []ems.WGS84{{Lat: from, Lon: lon}, {Lat: (from + to) / 2, Lon: lon + 0.00003}, {Lat: to, Lon: lon}}
	}
	for _, tc := range []struct {
		name string
		d    Drawn
		want []string
	}{
		{"along the northbound carriageway both go", Drawn{Line: up(118.00027, 35.0003, 35.0017)}, []string{"沂蒙路N", "沂蒙路S"}},
		{"drawn from north to south it is the same", Drawn{Line: up(118.00027, 35.0017, 35.0003)}, []string{"沂蒙路N", "沂蒙路S"}},
		{"one direction is the carriageway that goes there", Drawn{Line: up(118.00027, 35.0003, 35.0017), OneWay: true}, []string{"沂蒙路N"}},
		{"also where it was drawn on the other one", Drawn{Line: up(118.0001, 35.0017, 35.0003), OneWay: true}, []string{"沂蒙路S"}},
		{"the elevated road by its level", Drawn{Line: up(118.00027, 35.0003, 35.0017), Level: ems.AboveLevel}, []string{"沂蒙高架N"}},
		{"a line that ends a little beyond a crossing", Drawn{Line: up(118.00027, 35.0003, 35.00205), OneWay: true}, []string{"沂蒙路N"}},
		{"the street behind, both ways", Drawn{Line: up(118.0009, 35.0003, 35.0017)}, []string{"后街N", "后街S"}},
		{"one way of it", Drawn{Line: up(118.0009, 35.0003, 35.0017), OneWay: true}, []string{"后街N"}},
		{"across everything, along nothing but the crossing road", Drawn{Line: []ems.WGS84{{Lat: 35.0001, Lon: 117.998}, {Lat: 35.0001, Lon: 118.0009}}}, []string{"金雀山路E", "金雀山路W"}},
		{"in a field", Drawn{Line: []ems.WGS84{{Lat: 35.001, Lon: 117.998}, {Lat: 35.001, Lon: 117.999}}}, nil},
		{"a click on a carriageway", Drawn{Line: []ems.WGS84{{Lat: 35.001, Lon: 118.00027}}, Level: ems.GroundLevel}, []string{"沂蒙路N", "沂蒙路S"}},
		{"a click on a street", Drawn{Line: []ems.WGS84{{Lat: 35.001, Lon: 118.00095}}}, []string{"后街N", "后街S"}},
		{"a click far from all", Drawn{Line: []ems.WGS84{{Lat: 35.001, Lon: 117.999}}}, nil},
		{"an area around a crossing", Drawn{Area: true, Level: ems.GroundLevel, Line: []ems.WGS84{{Lat: 34.9995, Lon: 117.9995}, {Lat: 35.0005, Lon: 117.9995}, {Lat: 35.0005, Lon: 118.0005}, {Lat: 34.9995, Lon: 118.0005}}},
			[]string{"沂蒙路N", "沂蒙路S", "金雀山路E", "金雀山路W"}},
		{"an area of all levels", Drawn{Area: true, Line: []ems.WGS84{{Lat: 35.0005, Lon: 118.0002}, {Lat: 35.0006, Lon: 118.0002}, {Lat: 35.0006, Lon: 118.0004}, {Lat: 35.0005, Lon: 118.0004}}},
			[]string{"沂蒙路N", "沂蒙高架N"}},
	} {
		if got := closed(n, tc.d); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// What is closed of a road is where the line runs, in the metres of each direction.
func TestUnderSaysWhichStretch(t *testing.T) {
	n := divided()
	line := []ems.WGS84{{Lat: 35.0005, Lon: 118.0009}, {Lat: 35.0015, Lon: 118.0009}}
	got := NewSnapper(n, nil).Under(Drawn{Line: line})
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	for _, st := range got {
		length := float64(n.Roads[n.Edges[st.Edge].Road].Metres)
		if math.Abs(st.From-length/4) > 1 || math.Abs(st.To-length*3/4) > 1 {
			t.Errorf("%+v of %.1f m", st, length)
		}
		if st.Against != n.Edges[st.Edge].Back {
			t.Errorf("%+v against the line?", st)
		}
		shape := n.Line(st)
		if math.Abs(planeLength(shape)-length/2) > 2 {
			t.Errorf("drawn %v", shape)
		}
	}
}

func TestBetweenTwoCrossings(t *testing.T) {
	n := divided()
	line, err := n.Between("沂蒙路", "金雀山路", "平安路")
	if err != nil || len(line) < 2 {
		t.Fatalf("%v, %v", line, err)
	}
	if line[0].Lat != 35.000 || line[len(line)-1].Lat != 35.002 {
		t.Errorf("%v", line)
	}
	if got := closed(n, Drawn{Line: line}); !slices.Equal(got, []string{"沂蒙路N", "沂蒙路S"}) {
		t.Errorf("it closes %q", got)
	}
	if got := closed(n, Drawn{Line: line, OneWay: true}); !slices.Equal(got, []string{"沂蒙路N"}) {
		t.Errorf("from south to north it closes %q", got)
	}
	back, err := n.Between("沂 蒙路", "平安", "金雀山")
	if err != nil || !slices.Equal(closed(n, Drawn{Line: back, OneWay: true}), []string{"沂蒙路S"}) {
		t.Errorf("%v, %v", back, err)
	}
	for _, names := range [][3]string{{"长安街", "金雀山路", "平安路"}, {"沂蒙路", "长安街", "平安路"}, {"沂蒙路", "金雀山路", ""}, {"沂蒙路", "后街", "平安路"}} {
		if line, err := n.Between(names[0], names[1], names[2]); !errors.Is(err, ErrNames) {
			t.Errorf("%v: %v, %v", names, line, err)
		}
	}
}
