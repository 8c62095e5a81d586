// Package simroads leads simulated vehicles along the roads of a city: by the quickest way, not against one-way streets. It is made for
// a demo's fleet and asks for no index; travel times for dispatching are another matter, and exact.
package simroads

import (
	"container/heap"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/geo"
)

// Net is the roads of a city. It does not change; any number may ask at once.
type Net struct {
	pos  []ems.WGS84
	arcs [][]arc
	grid map[[2]int32][]int32
}

type arc struct {
	to       int32
	metres   float32
	speedKmh float32
}

// Step is the next point of a way, and the speed on the road to it.
type Step struct {
	To       ems.WGS84
	SpeedKmh float64
}

// speeds by class where a road names none, and whether vehicles drive there at all.
var speeds = map[string]float64{"motorway": 100, "trunk": 80, "primary": 60, "secondary": 50, "tertiary": 40, "unclassified": 40, "residential": 30, "living_street": 15, "service": 15}

const (
	cellDeg  = 0.005 // some 500 m
	usual    = 0.7   // share of the limit that is driven, lights and crossings counted
	withLamp = 1.0   // with lights and sirens
)

// Of makes the net of an extract's roads.
func Of(d *extract.Data) (*Net, error) {
	n := &Net{grid: map[[2]int32][]int32{}}
	at := map[int64]int32{}
	node := func(id int64) int32 {
		i, ok := at[id]
		if !ok {
			i = int32(len(n.pos))
			at[id] = i
			n.pos, n.arcs = append(n.pos, d.Pos[id]), append(n.arcs, nil)
			c := cell(d.Pos[id])
			n.grid[c] = append(n.grid[c], i)
		}
		return i
	}
	for _, w := range d.Ways {
		v, ok := speeds[strings.TrimSuffix(w.Tags["highway"], "_link")]
		if !ok || w.Tags["access"] == "no" {
			continue
		}
		if x, err := strconv.ParseFloat(w.Tags["maxspeed"], 64); err == nil && x > 0 {
			v = x
		}
		there, back := true, true
		switch {
		case w.Tags["oneway"] == "-1":
			there = false
		case w.Tags["oneway"] == "yes", w.Tags["oneway"] == "1", w.Tags["junction"] == "roundabout", w.Tags["highway"] == "motorway" && w.Tags["oneway"] != "no":
			back = false
		}
		for i := 1; i < len(w.Nodes); i++ {
			a, b := node(w.Nodes[i-1]), node(w.Nodes[i])
			m := float32(geo.Distance(n.pos[a], n.pos[b]))
			if there {
				n.arcs[a] = append(n.arcs[a], arc{b, m, float32(v)})
			}
			if back {
				n.arcs[b] = append(n.arcs[b], arc{a, m, float32(v)})
			}
		}
	}
	if len(n.pos) == 0 {
		return nil, errors.New("the extract holds no roads that a vehicle can drive on")
	}
	return n, nil
}

func cell(p ems.WGS84) [2]int32 {
	return [2]int32{int32(math.Floor(p.Lat / cellDeg)), int32(math.Floor(p.Lon / cellDeg))}
}

// Nearest is the point of the roads that is closest to p; equal distances are settled by the place itself.
func (n *Net) Nearest(p ems.WGS84) ems.WGS84 { return n.pos[n.nearest(p)] }

func (n *Net) nearest(p ems.WGS84) int32 {
	c := cell(p)
	best, far := int32(-1), math.Inf(1)
	try := func(i int32) {
		d := float64(geo.Distance(p, n.pos[i]))
		if d < far || d == far && i < best {
			best, far = i, d
		}
	}
	for r := int32(0); r < 12; r++ {
		for x := c[0] - r; x <= c[0]+r; x++ {
			for y := c[1] - r; y <= c[1]+r; y++ {
				if max(x-c[0], c[0]-x, y-c[1], c[1]-y) == r {
					for _, i := range n.grid[[2]int32{x, y}] {
						try(i)
					}
				}
			}
		}
		if far < float64(r)*cellDeg*90_000 { // nothing in a wider ring is nearer
			return best
		}
	}
	if best < 0 {
		for i := range n.pos {
			try(int32(i))
		}
	}
	return best
}

// Route leads from a to b: to the nearest road, along roads by the quickest way, and off the road to b. With siren it is driven at the
// limits, else at what traffic lets. Where the roads do not join it is the straight line.
func (n *Net) Route(a, b ems.WGS84, siren bool) []Step {
	from, to := n.nearest(a), n.nearest(b)
	share := usual
	if siren {
		share = withLamp
	}
	type label struct {
		cost float32
		prev int32
		v    float32
	}
	seen := map[int32]label{from: {0, -1, 0}}
	done := map[int32]bool{}
	q := &queue{{from, 0}}
	goal := n.pos[to]
	rest := func(i int32) float32 { return float32(geo.Distance(n.pos[i], goal)) / (120 / 3.6) } // no road is quicker than this
	for q.Len() > 0 {
		at := heap.Pop(q).(stop)
		if done[at.i] {
			continue
		}
		done[at.i] = true
		if at.i == to {
			break
		}
		base := seen[at.i].cost
		for _, x := range n.arcs[at.i] {
			c := base + x.metres/(x.speedKmh/3.6)
			if l, ok := seen[x.to]; !ok || c < l.cost {
				seen[x.to] = label{c, at.i, x.speedKmh}
				heap.Push(q, stop{x.to, c + rest(x.to)})
			}
		}
	}
	if !done[to] {
		return []Step{{b, 40 * share}}
	}
	steps := []Step{{b, 15}}
	for i := to; i != from; i = seen[i].prev {
		steps = append(steps, Step{n.pos[i], float64(seen[i].v) * share})
	}
	steps = append(steps, Step{n.pos[from], 15})
	slices.Reverse(steps)
	return steps
}

type stop struct {
	i    int32
	cost float32
}

type queue []stop

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].cost < q[j].cost || q[i].cost == q[j].cost && q[i].i < q[j].i
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(stop)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
