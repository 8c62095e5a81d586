package roads

import (
	"errors"
	"fmt"
	"slices"
)

// Topology is the contracted graph without travel times. Its nodes are ranks: the place of a state in the order. Arcs go up; each stands
// for both directions.
type Topology struct {
	Rank   []uint32 // state → rank
	State  []uint32 // rank → state
	First  []uint32 // arcs of rank x are First[x] to First[x+1]
	Head   []uint32 // arc → its upper end, rising within a rank
	Parent []uint32 // rank → the lowest upper neighbour; itself at a root
	// Of what each arc is made: input arcs i have On[i], and go up where Up[i].
	On []uint32 // input arc → arc; noArc for loops
	Up []bool
	// The same arcs from their upper end.
	downFirst []uint32
	downTail  []uint32
	downArc   []uint32
}

const noArc = ^uint32(0)

// ErrTopology: what was read is no contracted graph.
var ErrTopology = errors.New("a contracted road network that contradicts itself")

// Contract makes the contracted graph: in the given order each state goes, and its neighbours that stay become neighbours.
func Contract(s *Space, order []uint32) *Topology {
	n := s.States()
	t := &Topology{Rank: make([]uint32, n), State: order}
	for r, v := range order {
		t.Rank[v] = uint32(r)
	}
	// Upper neighbours by input arcs, sorted.
	first := make([]uint32, n+1)
	for a := range s.Tail {
		if x, y := t.Rank[s.Tail[a]], t.Rank[s.Head[a]]; x != y {
			first[min(x, y)+1]++
		}
	}
	for i := range n {
		first[i+1] += first[i]
	}
	above := make([]uint32, first[n])
	at := slices.Clone(first[:n])
	for a := range s.Tail {
		if x, y := t.Rank[s.Tail[a]], t.Rank[s.Head[a]]; x != y {
			above[at[min(x, y)]] = max(x, y)
			at[min(x, y)]++
		}
	}
	// Each rank inherits what its children in the elimination tree have above it (as in symbolic Cholesky factorisation).
	t.First, t.Parent = make([]uint32, n+1), make([]uint32, n)
	t.Head = make([]uint32, 0, 4*len(above))
	child, sibling := make([]int32, n), make([]int32, n)
	for i := range n {
		child[i], sibling[i] = -1, -1
	}
	var mine []uint32
	for x := range n {
		mine = append(mine[:0], above[first[x]:first[x+1]]...)
		for c := child[x]; c >= 0; c = sibling[c] {
			mine = append(mine, t.Head[t.First[c]+1:t.First[c+1]]...) // without the first, which is x
		}
		slices.Sort(mine)
		mine = slices.Compact(mine)
		t.Head = append(t.Head, mine...)
		t.First[x+1] = uint32(len(t.Head))
		t.Parent[x] = uint32(x)
		if len(mine) > 0 {
			t.Parent[x] = mine[0]
			sibling[x], child[mine[0]] = child[mine[0]], int32(x)
		}
	}
	t.Head = slices.Clip(t.Head)
	t.On, t.Up = make([]uint32, len(s.Tail)), make([]bool, len(s.Tail))
	for a := range s.Tail {
		x, y := t.Rank[s.Tail[a]], t.Rank[s.Head[a]]
		t.On[a], t.Up[a] = noArc, x < y
		if x != y {
			t.On[a] = t.arc(min(x, y), max(x, y))
		}
	}
	t.index()
	return t
}

// arc from x up to y; noArc when there is none.
func (t *Topology) arc(x, y uint32) uint32 {
	i, ok := slices.BinarySearch(t.Head[t.First[x]:t.First[x+1]], y)
	if !ok {
		return noArc
	}
	return t.First[x] + uint32(i)
}

func (t *Topology) index() {
	n := len(t.Parent)
	t.downFirst = make([]uint32, n+1)
	for _, y := range t.Head {
		t.downFirst[y+1]++
	}
	for i := range n {
		t.downFirst[i+1] += t.downFirst[i]
	}
	t.downTail, t.downArc = make([]uint32, len(t.Head)), make([]uint32, len(t.Head))
	at := slices.Clone(t.downFirst[:n])
	for x := range n {
		for a := t.First[x]; a < t.First[x+1]; a++ {
			y := t.Head[a]
			t.downTail[at[y]], t.downArc[at[y]] = uint32(x), a
			at[y]++
		}
	}
}

// Load makes a topology of what a file kept: the order and the arcs. It checks all that the queries rely on.
func Load(s *Space, order, first, head []uint32) (*Topology, error) {
	n := s.States()
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrTopology, what) }
	if len(order) != n || len(first) != n+1 || first[0] != 0 || int(first[n]) != len(head) {
		return nil, bad("its parts do not fit the roads")
	}
	t := &Topology{Rank: make([]uint32, n), State: order, First: first, Head: head, Parent: make([]uint32, n)}
	seen := make([]bool, n)
	for r, v := range order {
		if int(v) >= n || seen[v] {
			return nil, bad("its order names a state twice or one that is not there")
		}
		seen[v] = true
		t.Rank[v] = uint32(r)
	}
	for x := range n {
		if first[x+1] < first[x] {
			return nil, bad("its arcs are out of order")
		}
		t.Parent[x] = uint32(x)
		for a := first[x]; a < first[x+1]; a++ {
			if head[a] <= uint32(x) || int(head[a]) >= n || (a > first[x] && head[a] <= head[a-1]) {
				return nil, bad("an arc does not go up")
			}
		}
		if first[x+1] > first[x] {
			t.Parent[x] = head[first[x]]
		}
	}
	// What a rank has above its parent, its parent has too: else a query would miss ways.
	for x := range n {
		p := t.Parent[x]
		if p == uint32(x) {
			continue
		}
		ph := head[first[p]:first[p+1]]
		i := 0
		for _, y := range head[first[x]+1 : first[x+1]] {
			for i < len(ph) && ph[i] < y {
				i++
			}
			if i == len(ph) || ph[i] != y {
				return nil, bad("an arc over a triangle is missing")
			}
		}
	}
	t.On, t.Up = make([]uint32, len(s.Tail)), make([]bool, len(s.Tail))
	for a := range s.Tail {
		x, y := t.Rank[s.Tail[a]], t.Rank[s.Head[a]]
		t.On[a], t.Up[a] = noArc, x < y
		if x == y {
			continue
		}
		if t.On[a] = t.arc(min(x, y), max(x, y)); t.On[a] == noArc {
			return nil, bad("a road has no arc")
		}
	}
	t.index()
	return t, nil
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
