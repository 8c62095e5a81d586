package roads

import (
	"math"

	"lifeline120/internal/ems"
)

// Reach is how far one gets from some places within a time: an area of the road network. It is exact: at every place on every edge its time is
// that of Metric.Time and Metric.Direct, to the millisecond.
type Reach struct {
	m      *Metric
	within Millis
	enter  []Millis             // of an edge: when its beginning is left for its end, the turn into it counted; Never
	direct map[uint32][]float64 // of an edge: shares of it at which somebody begins
	edges  []uint32             // that are entered or begun on
}

// Reach grows ways from the nearest of some places until within has passed. A closed edge is not driven through, but as far as it goes.
// Vehicles on the road are one place each; those that stand, and stations, one for each direction.
func (m *Metric) Reach(from []Place, within Millis) *Reach {
	r := &Reach{m: m, within: within, enter: never(len(m.EdgeMs)), direct: map[uint32][]float64{}}
	for _, p := range from {
		if m.EdgeMs[p.Edge] >= Never {
			continue
		}
		if r.direct[p.Edge] == nil {
			r.edges = append(r.edges, p.Edge)
		}
		r.direct[p.Edge] = append(r.direct[p.Edge], m.share(p))
	}
	NewPlain(m).From(m.Out(nil, from...), within, false, func(state uint32, ms Millis) bool {
		for _, a := range m.S.Leaving(state) {
			e := m.S.Edge[a]
			all := m.over(m.S.Turn[a], ms)
			if m.EdgeMs[e] >= Never || all > within || all >= r.enter[e] {
				continue
			}
			if r.enter[e] == Never && r.direct[e] == nil {
				r.edges = append(r.edges, e)
			}
			r.enter[e] = all
		}
		return true
	})
	return r
}

// At is when a place is reached, the walk to it counted; Never where it is not within the time.
func (r *Reach) At(p Place) Millis {
	best := r.on(p.Edge, r.m.share(p))
	if best < Never {
		best += walk(p.Off)
	}
	if best > r.within {
		return Never
	}
	return best
}

// on is when a share of an edge is reached.
func (r *Reach) on(edge uint32, share float64) Millis {
	ms := r.m.EdgeMs[edge]
	best := Never
	if r.enter[edge] < Never {
		best = r.enter[edge] + portion(ms, share)
	}
	for _, at := range r.direct[edge] {
		if at <= share {
			best = min(best, portion(ms, share-at))
		}
	}
	return best
}

// Polygon is an outer ring, counter-clockwise, and its holes, clockwise. A ring's last place is its first.
type Polygon [][]ems.WGS84

// The grid on which areas are drawn. Finer than cellLeast shows nothing more at the scale of a city, where a door is walked to anyway.
const (
	cellLeast = 50.0    // metres between the points of the grid
	gridMost  = 250_000 // points: a larger area is drawn on a coarser grid
	areaWalk  = 150.0   // metres from a road: what lies further off is not shown as reached, whatever the time left
)

// Cell is how fine Areas draws what is reached, metres: the border is right to within about so much.
func (r *Reach) Cell() float64 {
	g := r.grid()
	return g.cell
}

// Areas gives, for each limit, the area where somebody arrives by then, the walk from the road counted: on a grid (see Cell), its border
// found between the points (marching squares). Holes stay holes.
func (r *Reach) Areas(limits []Millis) [][]Polygon {
	g := r.grid()
	out := make([][]Polygon, len(limits))
	if g.w == 0 {
		return out
	}
	r.fill(g)
	for i, l := range limits {
		out[i] = g.contours(float64(min(l, r.within)))
	}
	return out
}

// grid lies over all that is reached, a point of margin around it.
func (r *Reach) grid() *field {
	lo, hi := ems.WGS84{Lat: math.Inf(1), Lon: math.Inf(1)}, ems.WGS84{Lat: math.Inf(-1), Lon: math.Inf(-1)}
	r.samples(cellLeast, func(p ems.WGS84, _ Millis) {
		lo.Lat, lo.Lon, hi.Lat, hi.Lon = min(lo.Lat, p.Lat), min(lo.Lon, p.Lon), max(hi.Lat, p.Lat), max(hi.Lon, p.Lon)
	})
	if lo.Lat > hi.Lat {
		return &field{}
	}
	k := math.Cos((lo.Lat + hi.Lat) / 2 * math.Pi / 180)
	wide, high := (hi.Lon-lo.Lon)*k*metresPerDegree+2*areaWalk, (hi.Lat-lo.Lat)*metresPerDegree+2*areaWalk
	cell := max(cellLeast, math.Sqrt(wide*high/gridMost))
	g := &field{cell: cell, dLat: cell / metresPerDegree, dLon: cell / metresPerDegree / k, w: int(wide/cell) + 4, h: int(high/cell) + 4}
	g.lat, g.lon = lo.Lat-(areaWalk+cell)/metresPerDegree, lo.Lon-(areaWalk+cell)/metresPerDegree/k
	g.ms = make([]float64, g.w*g.h)
	for i := range g.ms {
		g.ms[i] = math.Inf(1)
	}
	return g
}

// samples calls f for places along everything that is reached, every few metres, with their times.
func (r *Reach) samples(step float64, f func(ems.WGS84, Millis)) {
	n := r.m.Net
	for _, e := range r.edges {
		shape := n.ShapeOf(n.Edges[e].Road)
		all := planeLength(shape)
		sofar := 0.0
		back := n.Edges[e].Back
		for i := 1; i < len(shape); i++ {
			a, b := shape[i-1], shape[i]
			length := metres(a, b)
			pieces := max(1, int(math.Ceil(length/step)))
			for k := range pieces + 1 {
				x := float64(k) / float64(pieces)
				share := 0.0
				if all > 0 {
					share = (sofar + length*x) / all
				}
				if back {
					share = 1 - share
				}
				if ms := r.on(e, min(max(share, 0), 1)); ms <= r.within {
					f(ems.WGS84{Lat: a.Lat + (b.Lat-a.Lat)*x, Lon: a.Lon + (b.Lon-a.Lon)*x}, ms)
				}
			}
			sofar += length
		}
	}
}

// fill gives each point of the grid the time at which it is walked to from the roads near it.
func (r *Reach) fill(g *field) {
	far := int(math.Ceil(areaWalk / g.cell))
	r.samples(g.cell/2, func(p ems.WGS84, ms Millis) {
		x, y := (p.Lon-g.lon)/g.dLon, (p.Lat-g.lat)/g.dLat
		for j := int(y) - far; j <= int(y)+far+1; j++ {
			for i := int(x) - far; i <= int(x)+far+1; i++ {
				if i < 1 || j < 1 || i >= g.w-1 || j >= g.h-1 {
					continue
				}
				if d := math.Hypot(float64(i)-x, float64(j)-y) * g.cell; d <= max(areaWalk, g.cell) {
					at := &g.ms[j*g.w+i]
					*at = min(*at, float64(ms)+d/WalkMps*1000)
				}
			}
		}
	})
}

// field is a grid of times, ms; +Inf where nobody comes. Its outermost points are never reached, so that every border closes.
type field struct {
	lat, lon   float64 // of point 0, the south-west
	dLat, dLon float64
	cell       float64
	w, h       int
	ms         []float64
}

// cross is where the border crosses between two points of the grid, one of which is within the limit.
func (g *field) cross(key int, limit float64) ems.WGS84 {
	at := key / 2
	i, j := at%g.w, at/g.w
	di, dj := 1, 0
	if key%2 == 1 {
		di, dj = 0, 1
	}
	a, b := g.ms[at], g.ms[(j+dj)*g.w+i+di]
	turn := a > b
	if turn {
		a, b = b, a
	}
	if math.IsInf(b, 1) {
		b = a + g.cell/WalkMps*1000
	}
	f := 0.5
	if b > a {
		f = min(max((limit-a)/(b-a), 0.001), 0.999)
	}
	if turn {
		f = 1 - f
	}
	round := func(v float64) float64 { return math.Round(v*1e6) / 1e6 }
	return ems.WGS84{Lat: round(g.lat + (float64(j)+f*float64(dj))*g.dLat), Lon: round(g.lon + (float64(i)+f*float64(di))*g.dLon)}
}

// contours are the borders of what is within a limit, by marching squares: each cell gives a piece of border with the inside on its left.
func (g *field) contours(limit float64) []Polygon {
	next := make([]int, 2*len(g.ms)) // crossing → the one that follows it, and 1; 0 none
	for j := range g.h - 1 {
		for i := range g.w - 1 {
			at := j*g.w + i
			corners := [4]int{at, at + 1, at + g.w + 1, at + g.w}
			sides := [4]int{2 * at, 2*(at+1) + 1, 2 * (at + g.w), 2*at + 1} // south, east, north, west
			var in [4]bool
			n := 0
			for k, c := range corners {
				if in[k] = g.ms[c] <= limit; in[k] {
					n++
				}
			}
			if n == 0 || n == 4 {
				continue
			}
			// Two opposite corners: whether they hang together by the middle.
			saddle := n == 2 && in[0] == in[2]
			open := !saddle || (g.ms[corners[0]]+g.ms[corners[1]]+g.ms[corners[2]]+g.ms[corners[3]])/4 <= limit
			for k := range 4 {
				if !in[k] || in[(k+1)%4] {
					continue // the border leaves by a side that goes from inside to outside
				}
				for s := 1; s < 4; s++ {
					to := (k + s) % 4
					if !open {
						to = (k + 4 - s) % 4
					}
					if !in[to] && in[(to+1)%4] {
						next[sides[k]] = sides[to] + 1
						break
					}
				}
			}
		}
	}
	var outer, holes [][]ems.WGS84
	for key := range next {
		if next[key] == 0 {
			continue
		}
		var ring []ems.WGS84
		for k := key; next[k] != 0; {
			ring = append(ring, g.cross(k, limit))
			k, next[k] = next[k]-1, 0
		}
		ring = append(ring, ring[0])
		if ringArea(ring) > 0 {
			outer = append(outer, ring)
		} else {
			holes = append(holes, ring)
		}
	}
	out := make([]Polygon, len(outer))
	for i, o := range outer {
		out[i] = Polygon{o}
	}
	for _, h := range holes {
		best := -1
		for i, o := range outer {
			if Inside(o, h[0]) && (best < 0 || ringArea(o) < ringArea(outer[best])) {
				best = i
			}
		}
		if best >= 0 {
			out[best] = append(out[best], h)
		}
	}
	return out
}

// ringArea is positive for a ring that goes counter-clockwise, in square degrees.
func ringArea(ring []ems.WGS84) float64 {
	sum := 0.0
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		sum += (a.Lon-ring[0].Lon)*(b.Lat-ring[0].Lat) - (b.Lon-ring[0].Lon)*(a.Lat-ring[0].Lat)
	}
	return sum / 2
}

// SquareKm is the area of polygons, their holes left out.
func SquareKm(ps []Polygon) float64 {
	sum := 0.0
	for _, p := range ps {
		for _, ring := range p {
			k := math.Cos(ring[0].Lat*math.Pi/180) * metresPerDegree * metresPerDegree
			sum += ringArea(ring) * k / 1e6
		}
	}
	return sum
}

// Holds says whether a place lies in one of some polygons, and in none of its holes.
func Holds(ps []Polygon, p ems.WGS84) bool {
	for _, poly := range ps {
		in := false
		for _, ring := range poly {
			in = in != Inside(ring, p)
		}
		if in {
			return true
		}
	}
	return false
}
