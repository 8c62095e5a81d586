package roads

import (
	"fmt"
	"math"
	"slices"

	"lifeline120/internal/ems"
)

// Turning says how much a search graph knows of turns.
type Turning uint8

// How much a search graph knows of turns.
const (
	// Junctions: turn restrictions hold, other turns cost nothing. Only junctions that carry a restriction are split.
	Junctions Turning = iota
	// EveryTurn: each turn has its cost by its kind, and nobody turns around for nothing.
	EveryTurn
)

// Space is the search graph: its states are junctions, and where it matters by which edge one came. Arcs join them; each drives one edge.
type Space struct {
	Turning Turning
	Junct   []uint32 // state → junction
	Tail    []uint32 // arc → state
	Head    []uint32 // arc → state
	Edge    []uint32 // arc → edge that it drives
	Turn    []Turn   // arc → the turn before the edge
	After   []uint32 // edge → the state at its end; of one that nobody ever drives, any
	arcsOf  []uint32 // of an edge: arcs[arcsOf[e]:arcsOf[e+1]]
	arcs    []uint32
	leaving []uint32 // of a state: leave[leaving[v]:leaving[v+1]]
	leave   []uint32
}

// trail is a node of the automaton of banned ways: what was driven last, as far as a ban may begin with it.
type trail struct {
	next map[uint32]int32 // edge → longer trail
	fail int32            // the longest trail that this one ends with
	ban  bool             // this very way, or one that it ends with, is not allowed
	last uint32           // its last edge
	deep int              // edges
}

// Expand makes the search graph of a network. Restrictions along several edges hold exactly: the states are those of an automaton
// (Aho, Corasick 1975) that knows of each banned way how much of it was driven.
func Expand(n *Net, turning Turning) (*Space, error) {
	if len(n.Edges) == 0 {
		return nil, fmt.Errorf("%w: no edges", ErrNet)
	}
	n.Index()
	trails := automaton(n, turning)
	s := &Space{Turning: turning, After: make([]uint32, len(n.Edges))}
	// States: a junction as such, when one can come to it without a trail; and each trail that is no whole ban.
	const none = math.MaxUint32
	plain := make([]uint32, len(n.Pos))
	for i := range plain {
		plain[i] = none
	}
	state := make([]uint32, len(trails))
	for i := 1; i < len(trails); i++ {
		state[i] = none
		if t := &trails[i]; len(t.next) > 0 || turning == EveryTurn && t.deep == 1 {
			state[i] = uint32(len(s.Junct))
			s.Junct = append(s.Junct, n.Edges[t.last].To)
		}
	}
	// The state after driving e on from a trail, and whether that is banned.
	step := func(from int32, e uint32) (uint32, bool) {
		at := follow(trails, from, e)
		banned := at > 0 && trails[at].ban
		for ; at > 0; at = trails[at].fail {
			if state[at] != none {
				return state[at], banned
			}
		}
		j := n.Edges[e].To
		if plain[j] == none {
			plain[j] = uint32(len(s.Junct))
			s.Junct = append(s.Junct, j)
		}
		return plain[j], banned
	}
	// Where each edge is a state those that nobody ever drives are left out.
	out := func(e uint32) bool { return turning == EveryTurn && n.never(e) }
	for e := range uint32(len(n.Edges)) {
		if !out(e) {
			s.After[e], _ = step(0, e)
		}
	}
	add := func(tail, head, edge uint32, turn Turn) {
		s.Tail, s.Head, s.Edge, s.Turn = append(s.Tail, tail), append(s.Head, head), append(s.Edge, edge), append(s.Turn, turn)
	}
	for i := 1; i < len(trails); i++ {
		if state[i] == none {
			continue
		}
		last := trails[i].last
		for _, e := range n.Leaving(n.Edges[last].To) {
			if out(e) {
				continue
			}
			head, banned := step(int32(i), e)
			turn := Ahead
			if turning == EveryTurn {
				turn = n.turn(last, e)
			}
			if banned {
				turn = Banned
			}
			add(state[i], head, e, turn)
		}
	}
	// A junction as such may come up only now, as the end of an arc above: the list grows while it is gone through.
	done := make([]bool, len(n.Pos))
	for more := true; more; {
		more = false
		for j := range plain {
			if plain[j] == none || done[j] {
				continue
			}
			done[j], more = true, true
			for _, e := range n.Leaving(uint32(j)) {
				if out(e) {
					continue
				}
				head, _ := step(0, e)
				add(plain[j], head, e, Ahead)
			}
		}
	}
	s.index(len(n.Edges))
	return s, nil
}

// automaton of the banned ways; trail 0 knows nothing.
func automaton(n *Net, turning Turning) []trail {
	trails := []trail{{}}
	grow := func(at int32, e uint32) int32 {
		if next, ok := trails[at].next[e]; ok {
			return next
		}
		if trails[at].next == nil {
			trails[at].next = map[uint32]int32{}
		}
		next := int32(len(trails))
		trails[at].next[e] = next
		trails = append(trails, trail{last: e, deep: trails[at].deep + 1})
		return next
	}
	if turning == EveryTurn {
		for e := range uint32(len(n.Edges)) {
			if !n.never(e) {
				grow(0, e)
			}
		}
	}
	for _, b := range n.Bans {
		at := int32(0)
		for _, e := range b {
			at = grow(at, e)
		}
		trails[at].ban = true
	}
	// By depth, so that what a trail fails to is ready.
	queue := []int32{0}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		edges := make([]uint32, 0, len(trails[at].next))
		for e := range trails[at].next {
			edges = append(edges, e)
		}
		slices.Sort(edges)
		for _, e := range edges {
			next := trails[at].next[e]
			if at != 0 {
				trails[next].fail = follow(trails, trails[at].fail, e)
			}
			trails[next].ban = trails[next].ban || trails[trails[next].fail].ban
			queue = append(queue, next)
		}
	}
	return trails
}

// follow is the longest trail after e.
func follow(trails []trail, at int32, e uint32) int32 {
	for {
		if next, ok := trails[at].next[e]; ok {
			return next
		}
		if at == 0 {
			return 0
		}
		at = trails[at].fail
	}
}

func (s *Space) index(edges int) {
	s.arcsOf, s.arcs = grouped(edges, s.Edge)
	s.leaving, s.leave = grouped(s.States(), s.Tail)
}

// grouped gives the places of each value of by: those of v are list[first[v]:first[v+1]].
func grouped(n int, by []uint32) (first, list []uint32) {
	first, list = make([]uint32, n+1), make([]uint32, len(by))
	for _, v := range by {
		first[v+1]++
	}
	for v := range n {
		first[v+1] += first[v]
	}
	at := slices.Clone(first[:n])
	for i, v := range by {
		list[at[v]] = uint32(i)
		at[v]++
	}
	return first, list
}

// Leaving are the arcs that leave a state.
func (s *Space) Leaving(state uint32) []uint32 {
	return s.leave[s.leaving[state]:s.leaving[state+1]]
}

// ArcsOf are the arcs that drive an edge.
func (s *Space) ArcsOf(edge uint32) []uint32 { return s.arcs[s.arcsOf[edge]:s.arcsOf[edge+1]] }

// States is how many there are.
func (s *Space) States() int { return len(s.Junct) }

// turn is the kind of turn from edge a into edge b, by their angle.
func (n *Net) turn(a, b uint32) Turn {
	if n.Edges[a].Road == n.Edges[b].Road && n.Edges[a].Back != n.Edges[b].Back {
		return Around
	}
	switch d := math.Mod(n.bearing(b, false)-n.bearing(a, true)+540, 360) - 180; {
	case d > 160 || d < -160:
		return Around
	case d > 45:
		return Right
	case d < -45:
		return Left
	}
	return Ahead
}

// bearing of an edge where it begins, or where it ends; degrees from north, clockwise.
func (n *Net) bearing(edge uint32, end bool) float64 {
	shape := n.ShapeOf(n.Edges[edge].Road)
	fromB := end != n.Edges[edge].Back // the end of the shape that is looked at
	at := func(i int) ems.WGS84 {
		if fromB {
			return shape[len(shape)-1-i]
		}
		return shape[i]
	}
	far, sofar := at(1), 0.0
	for i := 1; i < len(shape) && sofar < bearingM; i++ {
		far = at(i)
		sofar += metres(at(i-1), at(i))
	}
	if end {
		return course(far, at(0))
	}
	return course(at(0), far)
}

// bearingM: the direction of a road at a junction is that of so much of it: the first points of a drawn shape may lie a hand's breadth apart,
// and point anywhere.
const bearingM = 12.0

// course from a to b on the plane that the earth is between two near places, degrees from north, clockwise.
func course(a, b ems.WGS84) float64 {
	east := (b.Lon - a.Lon) * math.Cos(a.Lat*math.Pi/180)
	return math.Mod(math.Atan2(east, b.Lat-a.Lat)*180/math.Pi+360, 360)
}
