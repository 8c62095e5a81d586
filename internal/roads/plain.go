package roads

// Plain is Dijkstra's algorithm (1959) on the search graph, without any preparation: what the exact answers are compared with, and what
// areas within reach are grown by. A Plain serves one goroutine at a time.
type Plain struct {
	m     *Metric
	dist  []Millis
	heap  []plainItem
	seen  []uint32 // states with a time, to be wiped
	tails []uint32 // head state's arcs, for going backward
	first []uint32
}

type plainItem struct {
	ms    Millis
	state uint32
}

// NewPlain is for searches with a metric.
func NewPlain(m *Metric) *Plain {
	p := &Plain{m: m, dist: make([]Millis, m.S.States())}
	for i := range p.dist {
		p.dist[i] = Never
	}
	p.first, p.tails = grouped(m.S.States(), m.S.Head)
	return p
}

// From grows ways from the seeds until within is passed, and calls settled for each state with its time, the nearest first; it ends when
// settled says so. backward grows ways to the seeds.
func (p *Plain) From(seeds []Seed, within Millis, backward bool, settled func(state uint32, ms Millis) (more bool)) {
	s := p.m.S
	for _, seed := range seeds {
		p.offer(seed.State, seed.Ms, within)
	}
	for len(p.heap) > 0 {
		top := p.pop()
		if top.ms > p.dist[top.state] {
			continue
		}
		if !settled(top.state, top.ms) {
			break
		}
		if backward {
			for _, a := range p.tails[p.first[top.state]:p.first[top.state+1]] {
				p.offer(s.Tail[a], top.ms+p.m.ArcMs(a), within)
			}
		} else {
			for _, a := range s.Leaving(top.state) {
				p.offer(s.Head[a], top.ms+p.m.ArcMs(a), within)
			}
		}
	}
	for _, v := range p.seen {
		p.dist[v] = Never
	}
	p.seen, p.heap = p.seen[:0], p.heap[:0]
}

func (p *Plain) offer(state uint32, ms, within Millis) {
	if ms >= p.dist[state] || ms > within || ms >= Never {
		return
	}
	if p.dist[state] == Never {
		p.seen = append(p.seen, state)
	}
	p.dist[state] = ms
	// A heap with four children a node.
	h := append(p.heap, plainItem{ms, state})
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 4
		if h[up].ms <= h[i].ms {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
	p.heap = h
}

func (p *Plain) pop() plainItem {
	h := p.heap
	top := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	for i := 0; ; {
		least := i
		for c := 4*i + 1; c <= 4*i+4 && c < last; c++ {
			if h[c].ms < h[least].ms {
				least = c
			}
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	p.heap = h
	return top
}

// Time is the shortest time from seeds to seeds.
func (p *Plain) Time(from, to []Seed) Millis {
	best := Never
	p.From(from, Never-1, false, func(state uint32, ms Millis) bool {
		for _, q := range to {
			if q.State == state && q.Ms < Never {
				best = min(best, ms+q.Ms)
			}
		}
		return ms < best
	})
	return best
}
