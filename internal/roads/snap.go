package roads

import (
	"math"

	"github.com/tidwall/rtree"

	"lifeline120/internal/ems"
)

// Snapper finds the roads near a place. It does not change and serves any number of readers.
type Snapper struct {
	n     *Net
	tree  rtree.RTreeGN[float32, uint32] // roads by their box, degrees
	edges [][2]uint32                    // of a road: from A to B, from B to A; noEdge when there is none
}

const noEdge = ^uint32(0)

// Candidate is a place on the network that a position may mean.
type Candidate struct {
	Place
	Level int8
	score float64
}

// NewSnapper sorts the roads of a network. Roads that lie in no part that a vehicle can leave and enter are left out when use says so.
func NewSnapper(n *Net, use func(edge uint32) bool) *Snapper {
	s := &Snapper{n: n, edges: make([][2]uint32, len(n.Roads))}
	for i := range s.edges {
		s.edges[i] = [2]uint32{noEdge, noEdge}
	}
	for i, e := range n.Edges {
		if use != nil && !use(uint32(i)) {
			continue
		}
		if e.Back {
			s.edges[e.Road][1] = uint32(i)
		} else {
			s.edges[e.Road][0] = uint32(i)
		}
	}
	for r := range n.Roads {
		if s.edges[r] == [2]uint32{noEdge, noEdge} {
			continue
		}
		lo, hi := [2]float32{math.MaxFloat32, math.MaxFloat32}, [2]float32{-math.MaxFloat32, -math.MaxFloat32}
		for _, p := range n.ShapeOf(uint32(r)) {
			x, y := float32(p.Lon), float32(p.Lat)
			lo, hi = [2]float32{min(lo[0], x), min(lo[1], y)}, [2]float32{max(hi[0], x), max(hi[1], y)}
		}
		s.tree.Insert(lo, hi, uint32(r))
	}
	return s
}

// Near gives the nearest roads within most metres, at most n of them, nearest first: for each road the place on it in each direction that
// it can be driven.
func (s *Snapper) Near(at ems.WGS84, most float64, n int) []Candidate {
	out := make([]Candidate, 0, 2*n)
	roads := 0
	k := math.Cos(at.Lat * math.Pi / 180)
	box := func(lo, hi [2]float32) float64 {
		dx := max(float64(lo[0])-at.Lon, at.Lon-float64(hi[0]), 0) * k
		dy := max(float64(lo[1])-at.Lat, at.Lat-float64(hi[1]), 0)
		return dx*dx + dy*dy
	}
	far := most / metresPerDegree
	// Roads come up by their own distance; the boxes only keep the far ones away.
	s.tree.Nearby(func(lo, hi [2]float32, road uint32, item bool) float64 {
		d := box(lo, hi)
		if item && d <= far*far {
			_, d = s.onto(at, road)
		}
		return d
	}, func(_, _ [2]float32, road uint32, d2 float64) bool {
		if d2 > far*far || roads == n {
			return false
		}
		along, _ := s.onto(at, road)
		roads++
		off := math.Sqrt(d2) * metresPerDegree
		r := s.n.Roads[road]
		if e := s.edges[road][0]; e != noEdge {
			out = append(out, Candidate{Place: Place{e, along, off}, Level: r.Level})
		}
		if e := s.edges[road][1]; e != noEdge {
			out = append(out, Candidate{Place: Place{e, float64(r.Metres) - along, off}, Level: r.Level})
		}
		return true
	})
	return out
}

// onto gives how far along a road its nearest point is, in metres, and its distance squared, in degrees of latitude.
func (s *Snapper) onto(at ems.WGS84, road uint32) (along, d2 float64) {
	shape := s.n.ShapeOf(road)
	k := math.Cos(at.Lat * math.Pi / 180)
	d2 = math.Inf(1)
	sofar := 0.0
	for i := 1; i < len(shape); i++ {
		ax, ay := (shape[i-1].Lon-at.Lon)*k, shape[i-1].Lat-at.Lat
		bx, by := (shape[i].Lon-at.Lon)*k, shape[i].Lat-at.Lat
		dx, dy := bx-ax, by-ay
		f := 0.0
		if l := dx*dx + dy*dy; l > 0 {
			f = min(max(-(ax*dx+ay*dy)/l, 0), 1)
		}
		x, y := ax+f*dx, ay+f*dy
		length := metres(shape[i-1], shape[i])
		if d := x*x + y*y; d < d2 {
			d2, along = d, sofar+f*length
		}
		sofar += length
	}
	return along * s.n.stretch(road, sofar), d2
}

// atJunction: so near to the end of a road a place is the junction itself, and all its roads lead from it and to it.
const atJunction = 1.0 // metres

// Snap is where a caller, a building or a standing vehicle is reached: the nearest road, in each direction; at a junction all its roads.
// Nothing when none is within most metres.
func (s *Snapper) Snap(at ems.WGS84, most float64) []Place {
	var out []Place
	for _, c := range s.Near(at, most, 1) {
		out = append(out, c.Place)
	}
	if len(out) == 0 {
		return nil
	}
	e := s.n.Edges[out[0].Edge]
	length := float64(s.n.Roads[e.Road].Metres)
	var j uint32
	switch {
	case out[0].Along <= atJunction:
		j = e.From
	case out[0].Along >= length-atJunction:
		j = e.To
	default:
		return out
	}
	off := out[0].Off
	out = out[:0]
	for _, o := range s.n.Leaving(j) {
		if d := s.n.Edges[o]; s.edges[d.Road][back(d)] == o {
			out = append(out, Place{o, 0, off})
		}
	}
	for _, o := range s.n.Coming(j) {
		if d := s.n.Edges[o]; s.edges[d.Road][back(d)] == o {
			out = append(out, Place{o, float64(s.n.Roads[d.Road].Metres), off})
		}
	}
	return out
}

func back(e Edge) int {
	if e.Back {
		return 1
	}
	return 0
}

// Motion is what a receiver tells of a moving vehicle.
type Motion struct {
	Pos         ems.WGS84
	Course      float64 // degrees from north
	CourseKnown bool    // at walking speed a course is noise
	AccuracyM   float64 // 0 unknown
}

// Tracker follows one vehicle from position to position, so that it stays on the bridge or under it, and on its side of the road, where
// positions alone could mean either.
type Tracker struct {
	s    *Snapper
	last Place
	on   bool
}

// Costs of a candidate are squares of how many standard deviations it is off, and fixed ones for what vehicles do not do.
const (
	trackMost     = 60.0 // metres: further from any road it drives on none
	trackRoads    = 8
	trackSigma    = 8.0  // metres, receiver in a street
	courseSigma   = 25.0 // degrees
	jumpCost      = 6.0  // to a road that the last one does not lead to
	turnBackCost  = 4.0  // against its own direction on the same road
	hopsMost      = 4
	levelJumpCost = 6.0
)

// NewTracker is for one vehicle.
func NewTracker(s *Snapper) *Tracker { return &Tracker{s: s} }

// Move takes the next position. It says false where no road is near.
func (t *Tracker) Move(m Motion) (Place, bool) {
	cs := t.s.Near(m.Pos, trackMost, trackRoads)
	if len(cs) == 0 {
		t.on = false
		return Place{}, false
	}
	sigma := max(trackSigma, min(m.AccuracyM, trackMost/2))
	best := -1
	for i := range cs {
		c := &cs[i]
		c.score = c.Off / sigma * (c.Off / sigma)
		if m.CourseKnown {
			b, _ := t.s.n.Bearing(c.Place)
			d := math.Abs(math.Mod(b-m.Course+540, 360)-180) / courseSigma
			c.score += min(d*d, 36)
		}
		if t.s.n.Edges[c.Edge].Wrong {
			c.score += turnBackCost
		}
		if t.on {
			c.score += t.change(c.Place)
		}
		if best < 0 || c.score < cs[best].score {
			best = i
		}
	}
	t.last, t.on = cs[best].Place, true
	return t.last, true
}

// change is what it costs to believe that the vehicle came from its last place to this one.
func (t *Tracker) change(p Place) float64 {
	n := t.s.n
	last, now := n.Edges[t.last.Edge], n.Edges[p.Edge]
	switch {
	case t.last.Edge == p.Edge && p.Along >= t.last.Along-2*trackSigma:
		return 0
	case last.Road == now.Road:
		return turnBackCost
	}
	if t.leads(last.To, now.From, hopsMost) {
		return 0
	}
	cost := jumpCost
	if n.Roads[last.Road].Level != n.Roads[now.Road].Level {
		cost += levelJumpCost
	}
	return cost
}

// leads says whether a junction is within some edges of another.
func (t *Tracker) leads(from, to uint32, hops int) bool {
	if from == to {
		return true
	}
	if hops == 0 {
		return false
	}
	for _, e := range t.s.n.Leaving(from) {
		if !t.s.n.Edges[e].Wrong && t.leads(t.s.n.Edges[e].To, to, hops-1) {
			return true
		}
	}
	return false
}
