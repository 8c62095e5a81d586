package roads

import (
	"errors"
	"fmt"
	"slices"
)

// Topology is the contracted graph without travel times. Its nodes are ranks: the place of a state in the order. Arcs join a rank with
// higher ones, one graph for each direction, as a way may lead from a state to another and none back.
type Topology struct {
	Rank   []uint32 // state → rank
	State  []uint32 // rank → state
	Parent []uint32 // rank → the next higher rank of its climb; itself at a root. All its arcs end further along that climb.
	Up     *Half    // from the lower rank to the higher
	Down   *Half    // from the higher rank to the lower
	// Of what each arc is made: input arc i has On[i], of Up where Rises[i], otherwise of Down.
	On    []uint32 // noArc for loops
	Rises []bool
}

// Half are the arcs of one direction, by their lower end. Up and Down may be the same Half, where ways lead in both directions.
type Half struct {
	First []uint32 // arcs of rank x are First[x] to First[x+1]
	Head  []uint32 // arc → its upper end, rising within a rank
	// Neighbouring ranks often have the same arcs, each also one to the next: run[x] ranks from x on. Travel times are worked in for all of
	// them at once.
	run []uint32
	// The same arcs by their upper end, from the lowest lower end on.
	lowFirst []uint32
	low      []lower
}

// lower is an arc from its upper end.
type lower struct {
	tail uint32 // its lower end
	arc  uint32
	rest uint32 // so many arcs of the tail in the other half end above the upper end
}

const noArc = ^uint32(0)

// ErrTopology: what was read is no contracted graph.
var ErrTopology = errors.New("a contracted road network that contradicts itself")

// Contract makes the contracted graph: in the given order each state goes, and whoever leads to it leads to all that it leads to. States
// of one climb are moved next to each other, which changes no arc; T.State has the order then.
func Contract(s *Space, order []uint32) *Topology {
	n := s.States()
	t := &Topology{Rank: make([]uint32, n), State: slices.Clone(order), Parent: make([]uint32, n)}
	t.rank()
	t.climbs(s)
	if t.neighbours() {
		t.rank()
		t.climbs(s)
	}
	t.fill(s)
	t.On, t.Rises = make([]uint32, len(s.Tail)), make([]bool, len(s.Tail))
	for a := range s.Tail {
		x, y := t.Rank[s.Tail[a]], t.Rank[s.Head[a]]
		switch t.On[a] = noArc; {
		case x < y:
			t.On[a], t.Rises[a] = t.Up.arc(x, y), true
		case x > y:
			t.On[a] = t.Down.arc(y, x)
		}
	}
	return t
}

func (t *Topology) rank() {
	for r, v := range t.State {
		t.Rank[v] = uint32(r)
	}
}

// climbs finds the elimination tree (Liu 1986): who is the parent of whom, from the arcs to lower ranks, whose climbs so far are cut short.
func (t *Topology) climbs(s *Space) {
	n := len(t.State)
	first, below := endsBy(n, s, func(x, y uint32) (uint32, uint32) { return max(x, y), min(x, y) }, t.Rank)
	top := make([]uint32, n)
	for x := range uint32(n) {
		t.Parent[x], top[x] = x, x
		for _, y := range below[first[x]:first[x+1]] {
			for y < x {
				next := top[y]
				if top[y] = x; next == y {
					t.Parent[y] = x
					break
				}
				y = next
			}
		}
	}
}

// endsBy lists of each arc one rank by the other, as ends has them; loops are left out.
func endsBy(n int, s *Space, ends func(x, y uint32) (by, what uint32), rank []uint32) (first, list []uint32) {
	first = make([]uint32, n+1)
	for a := range s.Tail {
		if x, y := rank[s.Tail[a]], rank[s.Head[a]]; x != y {
			by, _ := ends(x, y)
			first[by+1]++
		}
	}
	for i := range n {
		first[i+1] += first[i]
	}
	list = make([]uint32, first[n])
	at := slices.Clone(first[:n])
	for a := range s.Tail {
		if x, y := rank[s.Tail[a]], rank[s.Head[a]]; x != y {
			by, what := ends(x, y)
			list[at[by]] = what
			at[by]++
		}
	}
	return first, list
}

// neighbours puts each rank right before its parent, or before a sibling and all that climbs to it. It says whether anything moved.
func (t *Topology) neighbours() bool {
	n := len(t.Parent)
	size := make([]uint32, n) // of all that climbs to x, with x
	for x, p := range t.Parent {
		if size[x]++; p != uint32(x) {
			size[p] += size[x]
		}
	}
	// free[x] is the highest place that is left for what climbs to x, plus one. Of siblings the highest comes first, so that they follow
	// each other as they did.
	free := make([]uint32, n)
	all := uint32(n)
	state := make([]uint32, n)
	moved := false
	for x := n - 1; x >= 0; x-- {
		left := &all
		if p := t.Parent[x]; p != uint32(x) {
			left = &free[p]
		}
		place := *left - 1
		*left -= size[x]
		free[x], state[place] = place, t.State[x]
		moved = moved || place != uint32(x)
	}
	t.State = state
	return moved
}

// fill finds all arcs, by rising ranks: x leads where its own arcs lead, and where those lower ranks lead that it leads to.
func (t *Topology) fill(s *Space) {
	n := len(t.Parent)
	rise := func(x, y uint32) (uint32, uint32) {
		if x < y {
			return x, y
		}
		return uint32(n), 0
	}
	fall := func(x, y uint32) (uint32, uint32) { return rise(y, x) }
	up, down := newFilling(n, s, rise, t.Rank), newFilling(n, s, fall, t.Rank)
	for x := range uint32(n) {
		up.row(x, down)
		down.row(x, up)
		up.link(x)
		down.link(x)
	}
	t.Up, t.Down = up.half(), down.half()
	if slices.Equal(t.Up.First, t.Down.First) && slices.Equal(t.Up.Head, t.Down.Head) {
		t.Down = t.Up
		t.Up.index(t.Up)
		return
	}
	t.Up.index(t.Down)
	t.Down.index(t.Up)
}

// filling is a half that grows.
type filling struct {
	*Half
	own, ends []uint32 // the input arcs of x end at ends[own[x]:own[x+1]]
	seen      []uint32 // upper end → the rank whose row has it
	// Lists of the arcs that end at a rank, by their lower ends: the first, and after each arc the next.
	list, next []uint32
	tail       []uint32 // arc → its lower end
}

func newFilling(n int, s *Space, ends func(x, y uint32) (by, what uint32), rank []uint32) *filling {
	f := &filling{Half: &Half{First: make([]uint32, n+1), run: make([]uint32, n)}, seen: make([]uint32, n), list: make([]uint32, n)}
	f.own, f.ends = endsBy(n+1, s, ends, rank)
	for i := range n {
		f.seen[i], f.list[i] = noArc, noArc
	}
	return f
}

// row finds the arcs of x; lower are those of the other direction.
func (f *filling) row(x uint32, lower *filling) {
	at := len(f.Head)
	add := func(heads []uint32) {
		for _, z := range heads {
			if f.seen[z] != x {
				f.seen[z] = x
				f.Head = append(f.Head, z)
			}
		}
	}
	add(f.ends[f.own[x]:f.own[x+1]])
	same := noArc
	for a := lower.list[x]; a != noArc; a = lower.next[a] {
		// Of neighbours with the same arcs one is enough.
		w := lower.tail[a]
		if f.run[w] == same {
			continue
		}
		same = f.run[w]
		heads := f.Head[f.First[w]:f.First[w+1]]
		i, _ := slices.BinarySearch(heads, x+1)
		add(heads[i:])
	}
	slices.Sort(f.Head[at:])
	f.First[x+1] = uint32(len(f.Head))
	// While it grows, run has a name of the run: the first of it.
	if f.run[x] = x; x > 0 && f.alike(x-1) {
		f.run[x] = f.run[x-1]
	}
}

// alike says whether x+1 has the same arcs as x, but for one to x+1.
func (h *Half) alike(x uint32) bool {
	mine, next := h.Head[h.First[x]:h.First[x+1]], h.Head[h.First[x+1]:h.First[x+2]]
	if len(mine) > 0 && mine[0] == x+1 {
		mine = mine[1:]
	}
	return slices.Equal(mine, next)
}

// link enters the arcs of x at their upper ends.
func (f *filling) link(x uint32) {
	for a := f.First[x]; a < f.First[x+1]; a++ {
		y := f.Head[a]
		f.tail, f.next = append(f.tail, x), append(f.next, f.list[y])
		f.list[y] = a
	}
}

func (f *filling) half() *Half {
	f.Head = slices.Clip(f.Head)
	run := make([]uint32, len(f.run))
	for x := len(run) - 1; x >= 0; x-- {
		if run[x] = 1; x+1 < len(run) && f.run[x] == f.run[x+1] {
			run[x] += run[x+1]
		}
	}
	f.run = run
	return f.Half
}

// index enters each arc at its upper end.
func (h *Half) index(other *Half) {
	n := len(h.run)
	h.lowFirst, h.low = make([]uint32, n+1), make([]lower, len(h.Head))
	for _, y := range h.Head {
		h.lowFirst[y+1]++
	}
	for i := range n {
		h.lowFirst[i+1] += h.lowFirst[i]
	}
	at := slices.Clone(h.lowFirst[:n])
	for x := range n {
		above := other.Head[other.First[x]:other.First[x+1]]
		for a := h.First[x]; a < h.First[x+1]; a++ {
			y := h.Head[a]
			for len(above) > 0 && above[0] <= y {
				above = above[1:]
			}
			h.low[at[y]] = lower{uint32(x), a, uint32(len(above))}
			at[y]++
		}
	}
}

// arc from x to y, which is higher; noArc when there is none.
func (h *Half) arc(x, y uint32) uint32 {
	i, ok := slices.BinarySearch(h.Head[h.First[x]:h.First[x+1]], y)
	if !ok {
		return noArc
	}
	return h.First[x] + uint32(i)
}

// Load makes a topology in an order that a file kept.
func Load(s *Space, order []uint32) (*Topology, error) {
	n := s.States()
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrTopology, what) }
	if len(order) != n {
		return nil, bad("its order does not fit the roads")
	}
	seen := make([]bool, n)
	for _, v := range order {
		if int(v) >= n || seen[v] {
			return nil, bad("its order names a state twice or one that is not there")
		}
		seen[v] = true
	}
	return Contract(s, order), nil
}

// Arcs is how many there are, each for one direction.
func (t *Topology) Arcs() int { return len(t.Up.Head) + len(t.Down.Head) }

// Triangles is how many sums it takes to work travel times in.
func (t *Topology) Triangles() int {
	sum := 0
	for _, h := range []*Half{t.Up, t.Down} {
		for _, l := range h.low {
			sum += int(l.rest)
		}
	}
	return sum
}

// Height is how many ranks a query passes at most, and the mean over all states.
func (t *Topology) Height() (most int, mean float64) {
	depth := make([]int, len(t.Parent))
	sum := 0
	for x := len(t.Parent) - 1; x >= 0; x-- {
		depth[x] = 1
		if p := t.Parent[x]; p != uint32(x) {
			depth[x] = depth[p] + 1
		}
		most = max(most, depth[x])
		sum += depth[x]
	}
	return most, float64(sum) / float64(max(1, len(t.Parent)))
}
