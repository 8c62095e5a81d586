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
	up      []Millis // of each arc of T.Up
	down    []Millis // of each arc of T.Down
}

// Customize works travel times into the contracted graph. pause, when not nil, is called now and then, to let others have the processor.
func Customize(n *Net, s *Space, t *Topology, p Profile, over Over, pause func()) *Metric {
	m := &Metric{T: t, S: s, Net: n, Profile: p, EdgeMs: make([]Millis, len(n.Edges)), up: never(len(t.Up.Head)), down: never(len(t.Down.Head))}
	for e := range n.Edges {
		m.EdgeMs[e] = p.EdgeMs(n, uint32(e), over)
		if over.Closed != nil && over.Closed(uint32(e)) {
			if m.Closed == nil {
				m.Closed = make([]bool, len(n.Edges))
			}
			m.Closed[e] = true
		}
	}
	for a := range s.Tail {
		k := t.On[a]
		if k == noArc {
			continue
		}
		if ms := m.ArcMs(uint32(a)); t.Rises[a] {
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

func never(n int) []Millis {
	out := make([]Millis, n)
	for i := range out {
		out[i] = Never
	}
	return out
}

// triangles: an arc costs no more than the way round by a lower rank. Ranks rise, so that the two lower sides are final.
func (m *Metric) triangles(pause func()) {
	t := m.T
	up := rows{h: t.Up, cost: m.up, into: t.Down, via: m.down, place: make([]uint32, len(t.Parent))}
	down := rows{h: t.Down, cost: m.down, into: t.Up, via: m.up, place: up.place}
	for y := range uint32(len(t.Parent)) {
		if pause != nil && y%1024 == 0 {
			pause()
		}
		up.work(y)
		down.work(y)
	}
}

// rows works out the arcs of one half, row by row.
type rows struct {
	h     *Half
	cost  []Millis
	into  *Half    // the other half, whose arcs lead to the lower ranks
	via   []Millis // and what they cost
	place []uint32 // upper end → its place in the row

	add  []Millis // of the lower ranks under work: what it takes to come to each,
	from []uint32 // and where its part of the row begins in cost
	spot []uint32 // where that part goes in the row
}

// work takes y's row over all lower ranks that y leads to. Those of one run have their arcs alike and are taken together: so much of the
// time goes into finding the arcs, and so little into the sums.
func (r *rows) work(y uint32) {
	h := r.h
	row := r.cost[h.First[y]:h.First[y+1]]
	if len(row) == 0 {
		return
	}
	for i, z := range h.Head[h.First[y]:h.First[y+1]] {
		r.place[z] = uint32(i)
	}
	low := r.into.low[r.into.lowFirst[y]:r.into.lowFirst[y+1]]
	for len(low) > 0 {
		x, rest := low[0].tail, low[0].rest
		k := 1
		for k < len(low) && low[k].tail == x+uint32(k) && uint32(k) < h.run[x] {
			k++
		}
		group := low[:k]
		low = low[k:]
		if rest == 0 {
			continue
		}
		if k == 1 {
			if ms := r.via[group[0].arc]; ms < Never {
				end := h.First[x+1]
				r.alone(row, h.Head[end-rest:end], r.cost[end-rest:end], ms)
			}
			continue
		}
		r.add, r.from = r.add[:0], r.from[:0]
		for _, l := range group {
			if ms := r.via[l.arc]; ms < Never {
				r.add, r.from = append(r.add, ms), append(r.from, h.First[l.tail+1]-rest)
			}
		}
		if len(r.add) == 0 {
			continue
		}
		heads := h.Head[h.First[x+1]-rest : h.First[x+1]]
		if first, last := r.place[heads[0]], r.place[heads[rest-1]]; last-first == rest-1 {
			r.together(row[first : last+1])
			continue
		}
		r.apart(row, heads)
	}
}

// together takes the ranks of a group whose arcs lie together in the row, part.
func (r *rows) together(part []Millis) {
	n := uint32(len(part))
	add, from := r.add, r.from
	for ; len(add) >= 4; add, from = add[4:], from[4:] {
		a, b, c, d := add[0], add[1], add[2], add[3]
		p, q, s, t := r.cost[from[0]:from[0]+n], r.cost[from[1]:from[1]+n], r.cost[from[2]:from[2]+n], r.cost[from[3]:from[3]+n]
		p, q, s, t = p[:len(part)], q[:len(part)], s[:len(part)], t[:len(part)]
		for i, ms := range part {
			part[i] = min(ms, a+p[i], b+q[i], c+s[i], d+t[i])
		}
	}
	if len(add) >= 2 {
		a, b := add[0], add[1]
		p, q := r.cost[from[0]:from[0]+n], r.cost[from[1]:from[1]+n]
		p, q = p[:len(part)], q[:len(part)]
		for i, ms := range part {
			part[i] = min(ms, a+p[i], b+q[i])
		}
		add, from = add[2:], from[2:]
	}
	if len(add) == 1 {
		a := add[0]
		p := r.cost[from[0] : from[0]+n]
		p = p[:len(part)]
		for i, ms := range part {
			part[i] = min(ms, a+p[i])
		}
	}
}

// alone takes one rank, add away, with its arcs.
func (r *rows) alone(row []Millis, heads []uint32, cost []Millis, add Millis) {
	cost = cost[:len(heads)]
	for i, z := range heads {
		to := &row[r.place[z]]
		*to = min(*to, add+cost[i])
	}
}

// apart takes the ranks of a group whose arcs are scattered over the row.
func (r *rows) apart(row []Millis, heads []uint32) {
	n := uint32(len(heads))
	add, from := r.add, r.from
	if len(add) == 1 {
		r.alone(row, heads, r.cost[from[0]:from[0]+n], add[0])
		return
	}
	r.spot = r.spot[:0]
	for _, z := range heads {
		r.spot = append(r.spot, r.place[z])
	}
	spot := r.spot
	for ; len(add) >= 4; add, from = add[4:], from[4:] {
		a, b, c, d := add[0], add[1], add[2], add[3]
		p, q, s, t := r.cost[from[0]:from[0]+n], r.cost[from[1]:from[1]+n], r.cost[from[2]:from[2]+n], r.cost[from[3]:from[3]+n]
		p, q, s, t = p[:len(spot)], q[:len(spot)], s[:len(spot)], t[:len(spot)]
		for i, k := range spot {
			row[k] = min(row[k], a+p[i], b+q[i], c+s[i], d+t[i])
		}
	}
	for ; len(add) > 0; add, from = add[1:], from[1:] {
		a, p := add[0], r.cost[from[0]:from[0]+n]
		p = p[:len(spot)]
		for i, k := range spot {
			row[k] = min(row[k], a+p[i])
		}
	}
}
