package placebuild

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"lifeline120/internal/address"
	"lifeline120/internal/ems"
)

const (
	// stretchM is how far two posts may be apart for the road between them to be measured: beyond it kilometres may have been left out or
	// counted twice.
	stretchM = 5_000
	// The road between two posts is as long as they say, but for so much: posts stand where there is room, and old ones kept their numbers
	// when a bend was cut off.
	stretchShare, stretchOff = 0.1, 100.0
	// onRoadM is how far a post may stand from its road.
	onRoadM = 60.0
)

// link is a piece of a road from a node to its neighbour.
type link struct {
	to     int64
	metres float64
	way    int // 1 driven this way only, -1 the other way only, 0 both
}

// stretches measures the roads between neighbouring posts. Each carriageway has its own posts, or shares them with the other.
func (b *builder) stretches() {
	on := map[int][]address.Milestone{}
	for _, p := range b.book.Posts {
		on[p.Road] = append(on[p.Road], p)
	}
	for _, r := range sortedKeys(on) {
		links := b.links(b.all[r].ways)
		nodes := sortedKeys(links)
		piece := pieces(nodes, links)
		// Of each connected piece of the road, the posts on it.
		by := map[int][]post{}
		for _, m := range on[r] {
			for _, p := range b.besides(m, nodes, piece) {
				by[p.piece] = append(by[p.piece], p)
			}
		}
		for _, k := range sortedKeys(by) {
			b.between(r, by[k], links)
		}
	}
}

// post is a milestone at a node of its road.
type post struct {
	metres, piece int
	node          int64
}

// besides are the nearest nodes to a post, one of each piece of the road that comes near it: of both carriageways, when it stands between them.
func (b *builder) besides(m address.Milestone, nodes []int64, piece map[int64]int) []post {
	best := map[int]post{}
	far := map[int]float64{}
	for _, n := range nodes {
		d := metres(b.d.Pos[n], m.Pos)
		if old, ok := far[piece[n]]; d <= onRoadM && (!ok || d < old) {
			far[piece[n]], best[piece[n]] = d, post{m.Metres, piece[n], n}
		}
	}
	out := make([]post, 0, len(best))
	for _, k := range sortedKeys(best) {
		out = append(out, best[k])
	}
	return out
}

// between measures from each post to the next.
func (b *builder) between(road int, posts []post, links map[int64][]link) {
	slices.SortFunc(posts, func(x, y post) int { return cmp.Or(cmp.Compare(x.metres, y.metres), cmp.Compare(x.node, y.node)) })
	for i := 1; i < len(posts); i++ {
		p, q := posts[i-1], posts[i]
		said := float64(q.metres - p.metres)
		if said <= 0 || said > stretchM {
			continue
		}
		line, way, long := b.shortest(p.node, q.node, links, said*(1+stretchShare)+stretchOff)
		if line == nil || math.Abs(long-said) > said*stretchShare+stretchOff {
			continue
		}
		b.book.Stretches = append(b.book.Stretches, address.Stretch{Road: road, From: p.metres, To: q.metres, Line: line, Way: way})
	}
}

// links are the neighbours of each node along some ways.
func (b *builder) links(ways []int) map[int64][]link {
	out := map[int64][]link{}
	for _, w := range ways {
		x := b.d.Ways[w]
		way := 0
		switch x.Tags["oneway"] {
		case "yes", "1", "true":
			way = 1
		case "-1":
			way = -1
		case "":
			if h := x.Tags["highway"]; h == "motorway" || x.Tags["junction"] == "roundabout" {
				way = 1
			}
		}
		for i := 1; i < len(x.Nodes); i++ {
			u, v := x.Nodes[i-1], x.Nodes[i]
			m := metres(b.d.Pos[u], b.d.Pos[v])
			out[u], out[v] = append(out[u], link{v, m, way}), append(out[v], link{u, m, -way})
		}
	}
	return out
}

// pieces numbers the connected pieces of a road.
func pieces(nodes []int64, links map[int64][]link) map[int64]int {
	out := map[int64]int{}
	count := 0
	for _, n := range nodes {
		if _, done := out[n]; done {
			continue
		}
		count++
		out[n] = count
		for queue := []int64{n}; len(queue) > 0; {
			at := queue[0]
			queue = queue[1:]
			for _, l := range links[at] {
				if _, done := out[l.to]; !done {
					out[l.to] = count
					queue = append(queue, l.to)
				}
			}
		}
	}
	return out
}

// shortest is the line along the road between two of its nodes, no longer than most, which way it is driven, and its length.
func (b *builder) shortest(from, to int64, links map[int64][]link, most float64) (line []ems.WGS84, way int, long float64) {
	type label struct {
		metres float64
		prev   int64
		way    int
	}
	seen := map[int64]label{from: {0, 0, 0}}
	done := map[int64]bool{}
	q := &nearest{{from, 0}}
	for q.Len() > 0 && !done[to] {
		at := heap.Pop(q).(reached)
		if done[at.node] {
			continue
		}
		done[at.node] = true
		for _, l := range links[at.node] {
			d := at.metres + l.metres
			if old, ok := seen[l.to]; d <= most && (!ok || d < old.metres) {
				seen[l.to] = label{d, at.node, l.way}
				heap.Push(q, reached{l.to, d})
			}
		}
	}
	if !done[to] || from == to {
		return nil, 0, 0
	}
	first := true
	for n := to; ; n = seen[n].prev {
		if p := rounded(b.d.Pos[n]); len(line) == 0 || line[len(line)-1] != p {
			line = append(line, p)
		}
		if n == from {
			break
		}
		if x := seen[n].way; first {
			way, first = x, false
		} else if x != way {
			way = 0
		}
	}
	slices.Reverse(line)
	if len(line) < 2 {
		return nil, 0, 0
	}
	return line, way, seen[to].metres
}

type reached struct {
	node   int64
	metres float64
}

type nearest []reached

func (q nearest) Len() int { return len(q) }
func (q nearest) Less(i, j int) bool {
	return q[i].metres < q[j].metres || q[i].metres == q[j].metres && q[i].node < q[j].node
}
func (q nearest) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *nearest) Push(x any)   { *q = append(*q, x.(reached)) }
func (q *nearest) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
