package roads

import (
	"math"

	"lifeline120/internal/ems"
)

// Step is a piece of a route on one road, and the turn into it.
type Step struct {
	Turn   Manoeuvre `json:"turn"`
	Name   string    `json:"name"`
	Metres float64   `json:"metres"`
	Ms     Millis    `json:"ms"`
	At     ems.WGS84 `json:"at"`    // where it begins
	Level  int8      `json:"level"` // bridge above, tunnel below, 0 on the ground
}

// Manoeuvre is what a driver does at the beginning of a step.
type Manoeuvre string

// Manoeuvres.
const (
	Depart      Manoeuvre = "depart"
	Continue    Manoeuvre = "continue"
	SlightLeft  Manoeuvre = "slight_left"
	TurnLeft    Manoeuvre = "left"
	SharpLeft   Manoeuvre = "sharp_left"
	SlightRight Manoeuvre = "slight_right"
	TurnRight   Manoeuvre = "right"
	SharpRight  Manoeuvre = "sharp_right"
	TurnAround  Manoeuvre = "u_turn"
	IntoCircle  Manoeuvre = "roundabout"
	Arrive      Manoeuvre = "arrive"
)

// Route is a way on the map. Its time is that of Metric.Time to the millisecond.
type Route struct {
	Ms     Millis      `json:"ms"`
	Metres float64     `json:"metres"`
	Line   []ems.WGS84 `json:"line"`
	Steps  []Step      `json:"steps"`
	Edges  []uint32    `json:"-"`
	WalkM  float64     `json:"walk_m"` // from the road to the place
}

// Route finds the way from one of some places to one of others; false when there is none.
func (m *Metric) Route(s *Scratch, from, to []Place) (Route, bool) {
	n := m.Net
	arcs, first, last, ms := m.Way(s, m.Out(nil, from...), m.In(nil, to...))
	direct := m.Direct(from, to)
	if ms >= Never && direct >= Never {
		return Route{}, false
	}
	if direct <= ms {
		for _, a := range from {
			for _, b := range to {
				if a.Edge == b.Edge && a.Along <= b.Along && m.Direct([]Place{a}, []Place{b}) == direct {
					r := Route{Ms: direct, WalkM: b.Off}
					m.piece(&r, a.Edge, a.Along, b.Along, direct-walk(b.Off), Depart)
					return r.end(), true
				}
			}
		}
	}
	r := Route{Ms: ms}
	var a, b Place
	for _, p := range from {
		if seeds := m.Out(nil, p); len(seeds) == 1 && seeds[0] == first {
			a = p
		}
	}
	for _, p := range to {
		for _, q := range m.In(nil, p) {
			if q == last {
				b = p
			}
		}
	}
	length := func(e uint32) float64 { return float64(n.Roads[n.Edges[e].Road].Metres) }
	m.piece(&r, a.Edge, a.Along, length(a.Edge), first.Ms, Depart)
	before := a.Edge
	for _, x := range arcs {
		e := m.S.Edge[x]
		m.piece(&r, e, 0, length(e), m.ArcMs(x), n.manoeuvre(before, e))
		before = e
	}
	m.piece(&r, b.Edge, 0, b.Along, last.Ms-walk(b.Off), n.manoeuvre(before, b.Edge))
	r.WalkM = b.Off
	return r.end(), true
}

// piece adds an edge, or a part of one, to a route. What goes on along the same road is one step.
func (m *Metric) piece(r *Route, edge uint32, from, to float64, ms Millis, turn Manoeuvre) {
	n := m.Net
	line := n.cutShape(edge, from, to)
	r.Edges = append(r.Edges, edge)
	r.Metres += max(to-from, 0)
	road := n.Roads[n.Edges[edge].Road]
	name := n.Names[road.Name]
	if k := len(r.Steps); k > 0 && turn == Continue && r.Steps[k-1].Name == name && r.Steps[k-1].Level == road.Level {
		r.Steps[k-1].Metres += max(to-from, 0)
		r.Steps[k-1].Ms += ms
	} else {
		r.Steps = append(r.Steps, Step{turn, name, max(to-from, 0), ms, line[0], road.Level})
	}
	if len(r.Line) > 0 && len(line) > 0 && r.Line[len(r.Line)-1] == line[0] {
		line = line[1:]
	}
	r.Line = append(r.Line, line...)
}

func (r Route) end() Route {
	r.Steps = append(r.Steps, Step{Turn: Arrive, At: r.Line[len(r.Line)-1]})
	return r
}

// cutShape is the shape of an edge between two distances from its beginning, in its direction.
func (n *Net) cutShape(edge uint32, from, to float64) []ems.WGS84 {
	shape := n.ShapeOf(n.Edges[edge].Road)
	at := func(i int) ems.WGS84 {
		if n.Edges[edge].Back {
			return shape[len(shape)-1-i]
		}
		return shape[i]
	}
	length := float64(n.Roads[n.Edges[edge].Road].Metres)
	_, begin := n.Bearing(Place{Edge: edge, Along: from})
	if from <= 0 {
		begin = at(0)
	}
	out := []ems.WGS84{begin}
	sofar, k := 0.0, n.stretch(n.Edges[edge].Road, planeLength(shape))
	for i := 1; i < len(shape); i++ {
		sofar += metres(at(i-1), at(i)) * k
		if sofar > from && (sofar < to || to >= length) {
			out = append(out, at(i))
		}
	}
	if to < length {
		_, end := n.Bearing(Place{Edge: edge, Along: to})
		out = append(out, end)
	}
	return out
}

// manoeuvre is what a driver does between two edges, by their angle, their names and whether others leave there.
func (n *Net) manoeuvre(a, b uint32) Manoeuvre {
	ra, rb := n.Roads[n.Edges[a].Road], n.Roads[n.Edges[b].Road]
	if rb.Flags&Roundabout != 0 && ra.Flags&Roundabout == 0 {
		return IntoCircle
	}
	if rb.Flags&Roundabout != 0 {
		return Continue
	}
	d := math.Mod(n.bearing(b, false)-n.bearing(a, true)+540, 360) - 180
	switch {
	case n.Edges[a].Road == n.Edges[b].Road && n.Edges[a].Back != n.Edges[b].Back, d > 170, d < -170:
		return TurnAround
	case d > 120:
		return SharpRight
	case d < -120:
		return SharpLeft
	case d > 45:
		return TurnRight
	case d < -45:
		return TurnLeft
	case d > 20 && ra.Name != rb.Name:
		return SlightRight
	case d < -20 && ra.Name != rb.Name:
		return SlightLeft
	}
	return Continue
}
