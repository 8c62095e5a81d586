package roads

import (
	"slices"
)

// Seed is where a way begins or ends: a state, and how long it takes from the true place to it, or from it to the true place.
type Seed struct {
	State uint32
	Ms    Millis
}

// Scratch is what a query writes into. One serves one goroutine at a time, any metric of one topology after the other; it is of no use
// to keep one for each query.
type Scratch struct {
	to, from []Millis // rank → from the beginning, to the end; Never between queries
	trail    []uint32 // ranks of the climb under way
	climbs   []uint32
	forth    []uint32 // ranks of the first of two climbs
	// Down times of many targets (Metric.Times): valid where mark is round.
	down  []Millis
	mark  []uint32
	round uint32
	stack []uint32
}

// NewScratch is for queries on t.
func NewScratch(t *Topology) *Scratch {
	n := len(t.Parent)
	s := &Scratch{to: make([]Millis, n), from: make([]Millis, n), down: make([]Millis, n), mark: make([]uint32, n),
		trail: make([]uint32, 0, 1024), climbs: make([]uint32, 0, 16), forth: make([]uint32, 0, 1024), stack: make([]uint32, 0, 1024)}
	for i := range n {
		s.to[i], s.from[i] = Never, Never
	}
	return s
}

// climb goes from the seeds to the root, over all ranks that a shortest way may pass on its way up, and leaves their times in dist and
// their ranks, rising, in s.trail. h is T.Up and cost Metric.up, or Down and down.
func (s *Scratch) climb(t *Topology, h *Half, cost []Millis, dist []Millis, seeds []Seed) {
	s.trail, s.climbs = s.trail[:0], s.climbs[:0]
	for _, seed := range seeds {
		if seed.Ms >= Never {
			continue
		}
		x := t.Rank[seed.State]
		if dist[x] >= Never && !slices.Contains(s.climbs, x) {
			s.climbs = append(s.climbs, x)
		}
		dist[x] = min(dist[x], seed.Ms)
	}
	if len(s.climbs) == 1 {
		s.alone(t, h, cost, dist, s.climbs[0])
		return
	}
	// Several climbs: always the lowest goes on, and two that meet are one.
	for len(s.climbs) > 0 {
		x := slices.Min(s.climbs)
		if len(s.climbs) == 1 {
			s.alone(t, h, cost, dist, x)
			return
		}
		s.trail = append(s.trail, x)
		relax(h, cost, dist, x)
		kept := s.climbs[:0]
		next := t.Parent[x]
		for _, c := range s.climbs {
			if c != x && c != next {
				kept = append(kept, c)
			}
		}
		if next != x {
			kept = append(kept, next)
		}
		s.climbs = kept
	}
}

// alone climbs from x to the root. Neighbours with the same arcs go two at a time, so that each upper end is looked at once for both.
func (s *Scratch) alone(t *Topology, h *Half, cost, dist []Millis, x uint32) {
	for {
		s.trail = append(s.trail, x)
		next := t.Parent[x]
		if next == x+1 && h.run[x] > 1 && dist[x] < Never {
			relax2(h, cost, dist, x)
			s.trail = append(s.trail, next)
			x, next = next, t.Parent[next]
		} else {
			relax(h, cost, dist, x)
		}
		if next == x {
			return
		}
		x = next
	}
}

// relax2 is relax of x and then of x+1, of one run.
func relax2(h *Half, cost, dist []Millis, x uint32) {
	lo, mid, hi := h.First[x], h.First[x+1], h.First[x+2]
	n := hi - mid
	d := dist[x]
	if mid-lo > n { // the arc to x+1, which comes first
		dist[x+1] = min(dist[x+1], d+cost[lo])
	}
	e := dist[x+1]
	heads, mine, next := h.Head[mid:hi], cost[mid-n:mid], cost[mid:hi]
	mine, next = mine[:len(heads)], next[:len(heads)]
	for i, y := range heads {
		if ms := min(d+mine[i], e+next[i]); ms < dist[y] {
			dist[y] = ms
		}
	}
}

func relax(h *Half, cost, dist []Millis, x uint32) {
	d := dist[x]
	if d >= Never {
		return
	}
	lo, hi := h.First[x], h.First[x+1]
	heads := h.Head[lo:hi]
	costs := cost[lo:hi]
	costs = costs[:len(heads)]
	for i, y := range heads {
		if ms := d + costs[i]; ms < dist[y] {
			dist[y] = ms
		}
	}
}

// wipe makes dist as it was before the climb.
func (s *Scratch) wipe(dist []Millis) {
	for _, x := range s.trail {
		dist[x] = Never
	}
}

// Time is the shortest travel time from one of the seeds to one of the others; Never when there is no way.
func (m *Metric) Time(s *Scratch, from, to []Seed) Millis {
	best, _ := m.meet(s, from, to)
	return best
}

// meet gives the shortest time and the highest rank of the way.
func (m *Metric) meet(s *Scratch, from, to []Seed) (Millis, uint32) {
	t := m.T
	s.climb(t, t.Up, m.up, s.to, from)
	s.forth = append(s.forth[:0], s.trail...)
	s.climb(t, t.Down, m.down, s.from, to)
	best, at := Never, noArc
	for _, x := range s.trail {
		if s.to[x] < Never && s.from[x] < Never {
			if ms := s.to[x] + s.from[x]; ms < best {
				best, at = ms, x
			}
		}
	}
	s.wipe(s.from)
	for _, x := range s.forth {
		s.to[x] = Never
	}
	return best, at
}

// Times fills out with the travel times from the seeds to each of many places that are known only now (hospitals by capability): what is
// common to their ways down is worked out once.
func (m *Metric) Times(s *Scratch, from []Seed, to [][]Seed, out []Millis) {
	m.many(s, m.T.Up, m.T.Down, m.up, m.down, from, to, out)
}

// TimesTo is Times the other way: from each of many places to the seeds.
func (m *Metric) TimesTo(s *Scratch, from [][]Seed, to []Seed, out []Millis) {
	m.many(s, m.T.Down, m.T.Up, m.down, m.up, to, from, out)
}

func (m *Metric) many(s *Scratch, rise, fall *Half, up, down []Millis, from []Seed, to [][]Seed, out []Millis) {
	t := m.T
	s.climb(t, rise, up, s.to, from)
	s.forth = append(s.forth[:0], s.trail...)
	if s.round++; s.round == 0 {
		clear(s.mark)
		s.round = 1
	}
	for i, seeds := range to {
		out[i] = Never
		for _, seed := range seeds {
			if seed.Ms >= Never {
				continue
			}
			if d := s.fall(t, fall, down, t.Rank[seed.State]); d < Never {
				out[i] = min(out[i], d+seed.Ms, Never)
			}
		}
	}
	for _, x := range s.forth {
		s.to[x] = Never
	}
}

// fall is the time from the seeds of s.to down to rank x: by way of x's upper neighbours, whose times are kept.
func (s *Scratch) fall(t *Topology, h *Half, down []Millis, x uint32) Millis {
	s.stack = s.stack[:0]
	for y := x; s.mark[y] != s.round; y = t.Parent[y] {
		s.stack = append(s.stack, y)
		if t.Parent[y] == y {
			break
		}
	}
	for i := len(s.stack) - 1; i >= 0; i-- {
		y := s.stack[i]
		d := s.to[y]
		lo, hi := h.First[y], h.First[y+1]
		heads, costs := h.Head[lo:hi], down[lo:hi]
		costs = costs[:len(heads)]
		for k, z := range heads {
			if ms := s.down[z] + costs[k]; ms < d {
				d = ms
			}
		}
		s.down[y], s.mark[y] = d, s.round
	}
	return s.down[x]
}

// Way is the shortest way between seeds as arcs of the search graph, and its time; Never and nothing when there is none.
func (m *Metric) Way(s *Scratch, from, to []Seed) (arcs []uint32, first, last Seed, total Millis) {
	total, top := m.meet(s, from, to)
	if total >= Never {
		return nil, Seed{}, Seed{}, Never
	}
	t := m.T
	// The climbs again, now with the rank from which each was reached.
	side := func(h *Half, cost, dist []Millis, seeds []Seed) ([]uint32, Seed) {
		s.climb(t, h, cost, dist, seeds)
		ranks := []uint32{top}
		x := top
		var begun Seed
		for {
			if at := slices.IndexFunc(seeds, func(q Seed) bool { return t.Rank[q.State] == x && q.Ms == dist[x] }); at >= 0 {
				begun = seeds[at]
				break
			}
			found := false
			for _, l := range h.low[h.lowFirst[x]:h.lowFirst[x+1]] {
				if w := l.tail; dist[w] < Never && cost[l.arc] < Never && dist[w]+cost[l.arc] == dist[x] {
					ranks, x, found = append(ranks, w), w, true
					break
				}
			}
			if !found {
				panic("roads: a time without a way") // the climb that gave the time has passed here
			}
		}
		s.wipe(dist)
		return ranks, begun
	}
	forth, first := side(t.Up, m.up, s.to, from)
	slices.Reverse(forth)
	for i := 1; i < len(forth); i++ {
		arcs = m.unpack(arcs, forth[i-1], forth[i])
	}
	back, last := side(t.Down, m.down, s.from, to)
	for i := 1; i < len(back); i++ {
		arcs = m.unpack(arcs, back[i-1], back[i])
	}
	return arcs, first, last, total
}

// unpack appends the input arcs of the contracted arc between two ranks, from a to b.
func (m *Metric) unpack(arcs []uint32, a, b uint32) []uint32 {
	t := m.T
	cost := Never
	if a < b {
		cost = m.up[t.Up.arc(a, b)]
	} else {
		cost = m.down[t.Down.arc(b, a)]
	}
	// By a lower rank, when there is one with this very time: from a down to x, and up to b.
	in, out := t.Down.low[t.Down.lowFirst[a]:t.Down.lowFirst[a+1]], t.Up.low[t.Up.lowFirst[b]:t.Up.lowFirst[b+1]]
	for len(in) > 0 && len(out) > 0 {
		switch x, y := in[0], out[0]; {
		case x.tail < y.tail:
			in = in[1:]
		case x.tail > y.tail:
			out = out[1:]
		default:
			if forth, back := m.down[x.arc], m.up[y.arc]; forth < Never && back < Never && forth+back == cost {
				return m.unpack(m.unpack(arcs, a, x.tail), x.tail, b)
			}
			in, out = in[1:], out[1:]
		}
	}
	tail, head := t.State[a], t.State[b]
	for _, c := range m.S.Leaving(tail) {
		if m.S.Head[c] == head && m.ArcMs(c) == cost {
			return append(arcs, c)
		}
	}
	panic("roads: a contracted arc of nothing") // its time came from one of these
}
