package roads

import (
	"math"
	"math/bits"
	"slices"

	"lifeline120/internal/ems"
)

// An order of contraction that does not depend on travel times: nested dissection. A part of the network is cut in two where few roads
// cross, those that touch the cut come last, and both halves are treated the same way. Cuts are found by inertial flow (Schild, Sommer
// 2015): the states are sorted along a line, the first and the last quarter are held apart by the smallest cut between them, and the best of
// some lines is taken.

const (
	// leafStates: so few are ordered by smallest degree.
	leafStates = 48
	// share of a part that each end of the line holds.
	endShare = 0.3
)

// lines are the directions along which a part is sorted.
var lines = [...][2]float64{{1, 0}, {0, 1}, {math.Sqrt2 / 2, math.Sqrt2 / 2}, {math.Sqrt2 / 2, -math.Sqrt2 / 2}, {cos8, sin8}, {sin8, cos8}, {-sin8, cos8}, {-cos8, sin8}}

// An eighth of a half turn.
const cos8, sin8 = 0.9238795325112867, 0.3826834323650898

// part is a connected or unconnected piece of the graph with numbers of its own, undirected.
type part struct {
	ids   []uint32 // in the whole graph
	first []int32
	to    []int32
	back  []int32 // the same line from the other end
}

// Order gives the states in the order of their contraction. It is the same for the same graph. split, when not nil, may run both functions
// at the same time; it returns when both are done.
func Order(n *Net, s *Space, split func(a, b func())) []uint32 {
	d := &dissection{n: n, s: s, split: split, scale: math.Cos(middleLat(n.Pos))}
	if split == nil {
		d.split = func(a, b func()) { a(); b() }
	}
	order := make([]uint32, s.States())
	if s.Turning == EveryTurn {
		d.roads(order)
		return order
	}
	d.place = func(id uint32) ems.WGS84 { return n.Pos[s.Junct[id]] }
	d.order(undirected(s.States(), s.Tail, s.Head), order)
	return order
}

// undirected joins arcs of both directions and drops loops.
func undirected(n int, tail, head []uint32) *part {
	pairs := make([]uint64, 0, 2*len(tail))
	for a := range tail {
		if t, h := uint64(tail[a]), uint64(head[a]); t != h {
			pairs = append(pairs, t<<32|h, h<<32|t)
		}
	}
	slices.Sort(pairs)
	pairs = slices.Compact(pairs)
	p := &part{ids: make([]uint32, n), first: make([]int32, n+1), to: make([]int32, len(pairs))}
	for i := range p.ids {
		p.ids[i] = uint32(i)
	}
	for i, x := range pairs {
		p.first[x>>32+1]++
		p.to[i] = int32(uint32(x))
	}
	for i := range n {
		p.first[i+1] += p.first[i]
	}
	p.mirror()
	return p
}

// mirror finds for each line its other end. Lists are sorted.
func (p *part) mirror() {
	p.back = make([]int32, len(p.to))
	at := slices.Clone(p.first[:len(p.ids)])
	for v := range p.ids {
		for i := p.first[v]; i < p.first[v+1]; i++ {
			if w := p.to[i]; int(w) > v {
				// v's turn comes in the list of w as it comes here: by size.
				for p.to[at[w]] != int32(v) {
					at[w]++
				}
				p.back[i], p.back[at[w]] = at[w], i
				at[w]++
			}
		}
	}
}

type dissection struct {
	n     *Net
	s     *Space
	split func(a, b func())
	place func(id uint32) ems.WGS84 // of a state, or of a junction
	scale float64                   // a degree of longitude in degrees of latitude
}

// roads orders a graph whose states are edges. Not its turns are cut, of which each road has many, but the roads themselves, in the graph of
// the junctions: the edges of a road that is cut lie between the halves.
func (d *dissection) roads(out []uint32) {
	n, s := d.n, d.s
	d.place = func(id uint32) ems.WGS84 { return n.Pos[id] }
	from := make([]uint32, s.States()) // the junction before the last edge of a state
	for i := range from {
		from[i] = s.Junct[i]
	}
	for a := range s.Head {
		from[s.Head[a]] = n.Edges[s.Edge[a]].From
	}
	tail, head := make([]uint32, 0, len(n.Edges)), make([]uint32, 0, len(n.Edges))
	for _, e := range n.Edges {
		tail, head = append(tail, e.From), append(head, e.To)
	}
	states := make([]uint32, s.States())
	for i := range states {
		states[i] = uint32(i)
	}
	d.turns(undirected(len(n.Pos), tail, head), states, from, undirected(s.States(), s.Tail, s.Head), make([]int32, s.States()), make([]int32, len(n.Pos)), out)
}

// leafJunctions: so few are not cut any more; their edges are ordered by smallest degree.
const leafJunctions = 6

// turns orders the states whose junctions both lie in p. number and at are room to work in: of states and of junctions.
func (d *dissection) turns(p *part, states, from []uint32, whole *part, number, at []int32, out []uint32) {
	if len(p.ids) <= leafJunctions || len(states) <= 1 {
		d.leaf(states, whole, number, out)
		return
	}
	side := d.cut(p)
	var counts [3]int
	for v, id := range p.ids {
		at[id] = int32(side[v])
	}
	where := make([]uint8, len(states))
	for i, v := range states {
		a, b := at[from[v]], at[d.s.Junct[v]]
		where[i] = uint8(a)
		if a != b {
			where[i] = 2
		}
		counts[where[i]]++
	}
	var parts [3][]uint32
	for i := range parts {
		parts[i] = make([]uint32, 0, counts[i])
	}
	for i, v := range states {
		parts[where[i]] = append(parts[where[i]], v)
	}
	ones := 0
	for _, x := range side {
		ones += int(x)
	}
	a, b := p.pick(side, 0, len(side)-ones), p.pick(side, 1, ones)
	copy(out[counts[0]+counts[1]:], parts[2])
	first := func() { d.turns(a, parts[0], from, whole, number, at, out[:counts[0]]) }
	second := func() { d.turns(b, parts[1], from, whole, number, at, out[counts[0]:counts[0]+counts[1]]) }
	if len(p.ids) > 4096 {
		d.split(first, second)
		return
	}
	first()
	second()
}

// leaf orders a few states by smallest degree among themselves.
func (d *dissection) leaf(states []uint32, whole *part, number []int32, out []uint32) {
	if len(states) > 64 { // a junction of very many roads: in halves, which costs a little time and no exactness
		d.leaf(states[:len(states)/2], whole, number, out[:len(states)/2])
		d.leaf(states[len(states)/2:], whole, number, out[len(states)/2:])
		return
	}
	for i, v := range states {
		number[v] = int32(i) + 1
	}
	q := &part{ids: states, first: make([]int32, 1, len(states)+1)}
	for _, v := range states {
		for k := whole.first[v]; k < whole.first[v+1]; k++ {
			if w := number[whole.to[k]]; w > 0 && int(w) <= len(states) && states[w-1] == uint32(whole.to[k]) {
				q.to = append(q.to, w-1)
			}
		}
		q.first = append(q.first, int32(len(q.to)))
	}
	smallestDegree(q, out)
}

// order fills out, the places of this part in the whole order.
func (d *dissection) order(p *part, out []uint32) {
	n := len(p.ids)
	if n <= leafStates {
		smallestDegree(p, out)
		return
	}
	side := d.cut(p)
	// The cut is made of roads; of the two ends of each, those of one side come last: of the side that has fewer of them.
	var touch [2]int
	for v := range p.ids {
		for i := p.first[v]; i < p.first[v+1]; i++ {
			if side[p.to[i]] != side[v] {
				touch[side[v]]++
				break
			}
		}
	}
	last := uint8(0)
	if touch[1] < touch[0] {
		last = 1
	}
	place := make([]uint8, n) // 0 and 1: the halves; 2: between them
	for v := range p.ids {
		place[v] = side[v]
		if side[v] != last {
			continue
		}
		for i := p.first[v]; i < p.first[v+1]; i++ {
			if side[p.to[i]] != side[v] {
				place[v] = 2
				break
			}
		}
	}
	var counts [3]int
	for _, x := range place {
		counts[x]++
	}
	a, b := p.pick(place, 0, counts[0]), p.pick(place, 1, counts[1])
	// The states between: by degree among themselves it matters little; their numbers keep the order the same each time.
	at := counts[0] + counts[1]
	for v, x := range place {
		if x == 2 {
			out[at] = p.ids[v]
			at++
		}
	}
	first, second := func() { d.order(a, out[:counts[0]]) }, func() { d.order(b, out[counts[0]:counts[0]+counts[1]]) }
	p = nil
	if n > 4096 {
		d.split(first, second)
		return
	}
	first()
	second()
}

// pick makes a part of those of one place.
func (p *part) pick(place []uint8, which uint8, n int) *part {
	q := &part{ids: make([]uint32, 0, n), first: make([]int32, 1, n+1)}
	number := make([]int32, len(p.ids))
	lines := 0
	for v := range p.ids {
		if place[v] == which {
			number[v] = int32(len(q.ids))
			q.ids = append(q.ids, p.ids[v])
			lines += int(p.first[v+1] - p.first[v])
		}
	}
	q.to = make([]int32, 0, lines)
	for v := range p.ids {
		if place[v] != which {
			continue
		}
		for i := p.first[v]; i < p.first[v+1]; i++ {
			if w := p.to[i]; place[w] == which {
				q.to = append(q.to, number[w])
			}
		}
		q.first = append(q.first, int32(len(q.to)))
	}
	q.mirror()
	return q
}

// cut says for each state on which side of the best cut it is.
func (d *dissection) cut(p *part) []uint8 {
	n := len(p.ids)
	if side := apart(p); side != nil {
		return side
	}
	ends := max(1, int(float64(n)*endShare))
	f := &flow{p: p, sent: make([]int8, len(p.to)), level: make([]int32, n), next: make([]int32, n), queue: make([]int32, 0, n), kind: make([]uint8, n)}
	sorted := make([]uint64, n)
	var best []uint8
	most, bestScore := math.MaxInt32, math.Inf(1)
	for _, line := range lines {
		for v, id := range p.ids {
			sorted[v] = sortable(d.along(id, line))<<32 | uint64(v)
		}
		slices.Sort(sorted)
		clear(f.kind)
		for i := range ends {
			f.kind[uint32(sorted[i])], f.kind[uint32(sorted[n-1-i])] = 1, 2
		}
		// More roads than this cannot be made good by balance.
		crossed := f.run(most)
		if crossed < 0 {
			continue
		}
		side, smaller := f.sides()
		score := float64(crossed) / (float64(smaller) / float64(n)) // few roads, and halves: what is deep on one side costs most
		if score < bestScore {
			bestScore = score
			most = int(score / 2)
			best = append(best[:0], side...)
		}
	}
	return best
}

// along is where a state lies along a line.
func (d *dissection) along(id uint32, line [2]float64) float64 {
	p := d.place(id)
	return p.Lon*d.scale*line[0] + p.Lat*line[1]
}

// middleLat in radians: good enough to measure directions alike.
func middleLat(ps []ems.WGS84) float64 {
	return ps[len(ps)/2].Lat * math.Pi / 180
}

// sortable keeps the order of numbers in 32 bits.
func sortable(x float64) uint64 {
	b := math.Float32bits(float32(x))
	if b>>31 != 0 {
		return uint64(^b)
	}
	return uint64(b | 1<<31)
}

// apart: a part that does not hang together is cut without crossing anything, as evenly as its pieces allow.
func apart(p *part) []uint8 {
	n := len(p.ids)
	piece := make([]int32, n)
	for i := range piece {
		piece[i] = -1
	}
	var sizes []int
	queue := make([]int32, 0, n)
	for v := range n {
		if piece[v] >= 0 {
			continue
		}
		c := int32(len(sizes))
		piece[v] = c
		queue = append(queue[:0], int32(v))
		for i := 0; i < len(queue); i++ {
			for k := p.first[queue[i]]; k < p.first[queue[i]+1]; k++ {
				if w := p.to[k]; piece[w] < 0 {
					piece[w] = c
					queue = append(queue, w)
				}
			}
		}
		sizes = append(sizes, len(queue))
	}
	if len(sizes) == 1 {
		return nil
	}
	by := make([]int, len(sizes))
	for i := range by {
		by[i] = i
	}
	slices.SortStableFunc(by, func(a, b int) int { return sizes[b] - sizes[a] })
	put := make([]uint8, len(sizes))
	var full [2]int
	for _, c := range by {
		s := 0
		if full[1] < full[0] {
			s = 1
		}
		put[c] = uint8(s)
		full[s] += sizes[c]
	}
	side := make([]uint8, n)
	for v := range n {
		side[v] = put[piece[v]]
	}
	return side
}

// flow finds the smallest cut between states of kind 1 and of kind 2 (Dinic 1970); each line carries one, either way.
type flow struct {
	p     *part
	sent  []int8 // along the line: -1, 0, 1
	level []int32
	next  []int32
	queue []int32
	kind  []uint8
	path  []int32
	edge  []int32 // states of kind 1 beside others: all that is sent leaves by them
}

// run gives how many lines are cut; -1 when there are more than most.
func (f *flow) run(most int) int {
	clear(f.sent)
	f.edge = f.edge[:0]
	for v, k := range f.kind {
		if k != 1 {
			continue
		}
		for _, w := range f.p.to[f.p.first[v]:f.p.first[v+1]] {
			if f.kind[w] != 1 {
				f.edge = append(f.edge, int32(v))
				break
			}
		}
	}
	total := 0
	for f.levels() {
		copy(f.next, f.p.first[:len(f.next)])
		for _, v := range f.edge {
			for f.push(v) {
				if total++; total > most {
					return -1
				}
			}
		}
	}
	return total
}

// levels: how far each state is from kind 1 on lines that can carry more. It says whether kind 2 is reached.
func (f *flow) levels() bool {
	f.queue = append(f.queue[:0], f.edge...)
	for v, k := range f.kind {
		if f.level[v] = -1; k == 1 {
			f.level[v] = 0
		}
	}
	reached := int32(-1)
	for i := 0; i < len(f.queue); i++ {
		v := f.queue[i]
		if reached >= 0 && f.level[v] >= reached {
			break
		}
		for k := f.p.first[v]; k < f.p.first[v+1]; k++ {
			w := f.p.to[k]
			if f.sent[k] == 1 || f.level[w] >= 0 {
				continue
			}
			f.level[w] = f.level[v] + 1
			if f.kind[w] == 2 {
				reached = f.level[w]
			}
			f.queue = append(f.queue, w)
		}
	}
	return reached >= 0
}

// push sends one from v to kind 2 along the levels.
func (f *flow) push(from int32) bool {
	f.path = f.path[:0]
	v := from
	for {
		if f.kind[v] == 2 {
			for _, k := range f.path {
				f.sent[k]++
				f.sent[f.p.back[k]]--
			}
			return true
		}
		moved := false
		for ; f.next[v] < f.p.first[v+1]; f.next[v]++ {
			k := f.next[v]
			w := f.p.to[k]
			if f.sent[k] < 1 && f.level[w] == f.level[v]+1 {
				f.path = append(f.path, k)
				v, moved = w, true
				break
			}
		}
		if moved {
			continue
		}
		if len(f.path) == 0 {
			return false
		}
		k := f.path[len(f.path)-1]
		f.path = f.path[:len(f.path)-1]
		v = f.p.to[f.p.back[k]]
		f.next[v]++
	}
}

// sides: of the two cuts nearest to the ends the more even one. It gives the size of its smaller side, too.
func (f *flow) sides() ([]uint8, int) {
	n := len(f.kind)
	reach := func(kind uint8) ([]uint8, int) {
		in := make([]uint8, n)
		f.queue = f.queue[:0]
		for v := range n {
			if f.kind[v] == kind {
				in[v] = 1
				f.queue = append(f.queue, int32(v))
			}
		}
		for i := 0; i < len(f.queue); i++ {
			v := f.queue[i]
			for k := f.p.first[v]; k < f.p.first[v+1]; k++ {
				full := f.sent[k] == 1
				if kind == 2 {
					full = f.sent[k] == -1
				}
				if w := f.p.to[k]; !full && in[w] == 0 {
					in[w] = 1
					f.queue = append(f.queue, w)
				}
			}
		}
		return in, len(f.queue)
	}
	a, na := reach(1)
	b, nb := reach(2)
	if min(nb, n-nb) > min(na, n-na) {
		for v := range b {
			b[v] = 1 - b[v]
		}
		return b, min(nb, n-nb)
	}
	return a, min(na, n-na)
}

// smallestDegree orders a small part: who has the fewest neighbours is next, and its neighbours become neighbours of each other.
func smallestDegree(p *part, out []uint32) {
	var near [64]uint64
	n := len(p.ids)
	for v := range n {
		for k := p.first[v]; k < p.first[v+1]; k++ {
			near[v] |= 1 << p.to[k]
		}
	}
	left := ^uint64(0)
	if n < 64 {
		left = 1<<n - 1
	}
	for i := range n {
		best, least := -1, 65
		for rest := left; rest != 0; rest &= rest - 1 {
			v := bits.TrailingZeros64(rest)
			if d := bits.OnesCount64(near[v]); d < least {
				best, least = v, d
			}
		}
		out[i] = p.ids[best]
		left &^= 1 << best
		around := near[best]
		for rest := around; rest != 0; rest &= rest - 1 {
			w := bits.TrailingZeros64(rest)
			near[w] = (near[w] | around) &^ (1<<w | 1<<best)
		}
	}
}
