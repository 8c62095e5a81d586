package roads

import (
	"math"

	"lifeline120/internal/ems"
)

// Place is a place on the network: on an edge, so many metres from where the edge begins, and so far beside it.
type Place struct {
	Edge  uint32
	Along float64 // metres
	Off   float64 // metres from the road, straight
}

// WalkMps is how fast a crew goes on foot with its gear from the road to the door. (1.4 m/s is a pedestrian's design speed; with
// stretcher and bags less.)
const WalkMps = 1.0

// walk to the place and from it.
func walk(off float64) Millis { return Millis(math.Round(off / WalkMps * 1000)) }

// share of an edge that lies before the place.
func (m *Metric) share(p Place) float64 {
	length := float64(m.Net.Roads[m.Net.Edges[p.Edge].Road].Metres)
	if length <= 0 {
		return 0
	}
	return min(max(p.Along/length, 0), 1)
}

// portion of a time.
func portion(ms Millis, share float64) Millis {
	if ms >= Never {
		return Never
	}
	return Millis(math.Round(float64(ms) * share))
}

// Out are the seeds from vehicles or people at these places into the network: forward to the end of each edge. A vehicle on the road has
// one place; one that stands, and a building, has one for each direction.
func (m *Metric) Out(seeds []Seed, places ...Place) []Seed {
	for _, p := range places {
		if ms := portion(m.EdgeMs[p.Edge], 1-m.share(p)); ms < Never {
			seeds = append(seeds, Seed{m.S.After[p.Edge], ms})
		}
	}
	return seeds
}

// In are the seeds from the network to these places: from each state before the edge, over the turn into it. The walk is counted.
func (m *Metric) In(seeds []Seed, places ...Place) []Seed {
	for _, p := range places {
		ms := portion(m.EdgeMs[p.Edge], m.share(p))
		if ms >= Never {
			continue
		}
		for _, a := range m.S.ArcsOf(p.Edge) {
			if all := m.over(m.S.Turn[a], ms); all < Never {
				seeds = append(seeds, Seed{m.S.Tail[a], min(all+walk(p.Off), Never)})
			}
		}
	}
	return seeds
}

// Direct is the time from a place to another further along the same edge, without leaving it; Never where there is none.
func (m *Metric) Direct(from, to []Place) Millis {
	best := Never
	for _, a := range from {
		for _, b := range to {
			if a.Edge == b.Edge && a.Along <= b.Along && m.EdgeMs[a.Edge] < Never {
				best = min(best, portion(m.EdgeMs[a.Edge], m.share(b)-m.share(a))+walk(b.Off))
			}
		}
	}
	return best
}

// Bearing of an edge at a place, degrees from north, and the place itself on the road.
func (n *Net) Bearing(p Place) (degrees float64, on ems.WGS84) {
	shape := n.ShapeOf(n.Edges[p.Edge].Road)
	r := n.Roads[n.Edges[p.Edge].Road]
	along := p.Along
	if n.Edges[p.Edge].Back {
		along = float64(r.Metres) - p.Along
	}
	if k := n.stretch(n.Edges[p.Edge].Road, planeLength(shape)); k > 0 {
		along /= k
	}
	for i := 1; i < len(shape); i++ {
		a, b := shape[i-1], shape[i]
		d := metres(a, b)
		if along <= d || i == len(shape)-1 {
			f := 0.0
			if d > 0 {
				f = min(max(along/d, 0), 1)
			}
			degrees = course(a, b)
			if n.Edges[p.Edge].Back {
				degrees = math.Mod(degrees+180, 360)
			}
			return degrees, ems.WGS84{Lat: a.Lat + (b.Lat-a.Lat)*f, Lon: a.Lon + (b.Lon-a.Lon)*f}
		}
		along -= d
	}
	return 0, shape[0]
}

// metres between two near places, on the plane that the earth is there.
func metres(a, b ems.WGS84) float64 {
	east := (b.Lon - a.Lon) * math.Cos((a.Lat+b.Lat)/2*math.Pi/180)
	return math.Hypot(east, b.Lat-a.Lat) * metresPerDegree
}

// metresPerDegree of latitude, on the sphere of the mean radius of the earth, 6,371,008.8 m (IUGG).
const metresPerDegree = 6371008.8 * math.Pi / 180

func planeLength(shape []ems.WGS84) float64 {
	sum := 0.0
	for i := 1; i < len(shape); i++ {
		sum += metres(shape[i-1], shape[i])
	}
	return sum
}

// stretch turns distances along the shape of a road as the plane has them into those of the road's own length, which was measured on the
// ellipsoid.
func (n *Net) stretch(road uint32, plane float64) float64 {
	if plane <= 0 {
		return 1
	}
	return float64(n.Roads[road].Metres) / plane
}
