package roads

// Metric is a set of travel times, worked into the contracted graph. It does not change: new times make a new one, and whoever asks takes
// one or the other whole.
type Metric struct {
	T       *Topology
	S       *Space
	Net     *Net
	Profile Profile
	EdgeMs  []Millis // of each edge from end to end, closed or not
	Closed  []bool   // of each edge; nil when none is
	up      []Millis // arc → from its lower end to its upper
	down    []Millis // and back
}

// Customize works travel times into the contracted graph. pause, when not nil, is called now and then, to let others have the processor.
func Customize(n *Net, s *Space, t *Topology, p Profile, over Over, pause func()) *Metric {
	m := &Metric{T: t, S: s, Net: n, Profile: p, EdgeMs: make([]Millis, len(n.Edges)), up: make([]Millis, len(t.Head)), down: make([]Millis, len(t.Head))}
	for e := range n.Edges {
		m.EdgeMs[e] = p.EdgeMs(n, uint32(e), over)
		if over.Closed != nil && over.Closed(uint32(e)) {
			if m.Closed == nil {
				m.Closed = make([]bool, len(n.Edges))
			}
			m.Closed[e] = true
		}
	}
	for i := range m.up {
		m.up[i], m.down[i] = Never, Never
	}
	for a := range s.Tail {
		k := t.On[a]
		if k == noArc {
			continue
		}
		if ms := m.ArcMs(uint32(a)); t.Up[a] {
			m.up[k] = min(m.up[k], ms)
		} else {
			m.down[k] = min(m.down[k], ms)
		}
	}
	m.triangles(pause)
	return m
}

// ArcMs is what an arc of the search graph costs: its turn and its edge.
func (m *Metric) ArcMs(a uint32) Millis {
	e := m.S.Edge[a]
	if m.Closed != nil && m.Closed[e] {
		return Never
	}
	return m.over(m.S.Turn[a], m.EdgeMs[e])
}

// over adds a turn before a time.
func (m *Metric) over(turn Turn, ms Millis) Millis {
	if t := m.Profile.TurnMs[turn]; ms < Never && t < Never {
		return min(ms+t, Never)
	}
	return Never
}

// triangles: an arc costs no more than the way round by a lower rank. Ranks rise, so that the two lower sides are final.
func (m *Metric) triangles(pause func()) {
	t := m.T
	where := make([]uint32, len(t.Parent)) // upper neighbour of y → arc of y
	up, down := m.up, m.down
	for y := range t.Parent {
		if pause != nil && y%4096 == 0 {
			pause()
		}
		for a := t.First[y]; a < t.First[y+1]; a++ {
			where[t.Head[a]] = a
		}
		for d := t.downFirst[y]; d < t.downFirst[y+1]; d++ {
			x, xy := t.downTail[d], t.downArc[d]
			toX, fromX := down[xy], up[xy] // y → x and x → y
			lo, hi := xy+1, t.First[x+1]
			if lo >= hi || toX >= Never && fromX >= Never {
				continue
			}
			heads, xup, xdown := t.Head[lo:hi], up[lo:hi], down[lo:hi]
			for i, z := range heads {
				yz := where[z]
				if ms := toX + xup[i]; ms < up[yz] {
					up[yz] = ms
				}
				if ms := xdown[i] + fromX; ms < down[yz] {
					down[yz] = ms
				}
			}
		}
	}
}
