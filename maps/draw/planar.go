package draw

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// class is the class of a road, as OpenStreetMap's highway has it; a smaller one is more important.
type class int

const (
	motorway class = iota
	trunk
	primary
	secondary
	tertiary
	unclassified
	residential
	service
	rail
	bank // of water: it cuts, and is no road
)

var classNames = [...]string{"motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "service", "rail", "bank"}

// line is a road as it is laid out, before anything crosses it.
type line struct {
	pts     []pt
	class   class
	link    bool
	name    name
	ref     string
	speed   int
	oneway  bool
	lanes   int
	spans   bool    // goes over water on bridges
	keep    float64 // share of its pieces that are built
	pair    int     // number of the dual carriageway it belongs to
	inside  poly    // pieces outside are not built
	outside []poly  // pieces inside one of these are not built
}

// piece is a part of a line between two junctions, or between places where it goes on a bridge.
type piece struct {
	line   *line
	from   int // junction numbers
	to     int
	pts    []pt // with both ends
	bridge bool
	order  int // along the line
	gone   bool
}

func (p *piece) len() float64 { return length(p.pts) }

// net is the road network: junctions, and the pieces between them.
type net struct {
	at     []pt
	pieces []*piece
	rng    *rand.Rand
	hash   map[[2]int][]int
}

const mergeM = 5.0 // junctions nearer than this are one

func cellOf(p pt, size float64) [2]int {
	return [2]int{int(math.Floor(p.x / size)), int(math.Floor(p.y / size))}
}

// junction is the number of the junction at p, new if there is none.
func (n *net) junction(p pt) int {
	c := cellOf(p, 10)
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			for _, i := range n.hash[[2]int{c[0] + dx, c[1] + dy}] {
				if n.at[i].to(p) < mergeM {
					return i
				}
			}
		}
	}
	n.at = append(n.at, p)
	n.hash[c] = append(n.hash[c], len(n.at)-1)
	return len(n.at) - 1
}

// event is something that happens to a line at a place along it.
type event struct {
	s    float64 // metres along
	at   pt
	node int  // junction, or -1
	cut  bool // the piece that holds it is not built
	over bool // the line is a bridge for some metres around it
}

// small roads do not cross what is large and fenced in.
func (c class) small() bool { return c >= unclassified && c <= service }

// meet says what happens where a and b cross: joined, a or b goes over, or the small one is not built.
func meet(a, b *line, ta, tb bool) (join, overA, overB, cutA, cutB bool) {
	switch {
	case a.class == bank || b.class == bank, a.class == rail && b.class == rail:
		return
	case a.class == motorway && !a.link && b.class == motorway && !b.link:
		return false, true, false, false, false
	case a.link && b.link:
		return ta || tb, false, false, false, false
	case a.class == motorway && !a.link && b.link:
		return tb, !tb, false, false, false
	case b.class == motorway && !b.link && a.link:
		return ta, false, !ta, false, false
	case a.class == rail:
		return false, !b.class.small(), false, false, b.class.small()
	case b.class == rail:
		return false, false, !a.class.small(), a.class.small(), false
	case a.class == motorway && !a.link:
		return false, !b.class.small(), false, false, b.class.small()
	case b.class == motorway && !b.link:
		return false, false, !a.class.small(), a.class.small(), false
	case a.link && b.class.small():
		return false, false, false, false, true
	case b.link && a.class.small():
		return false, false, false, true, false
	}
	return true, false, false, false, false
}

// lay makes the network of all lines: junctions where they cross, bridges over what is below, and without what cannot be built.
func lay(lines []*line, water []poly, rng *rand.Rand) *net {
	n := &net{rng: rng, hash: map[[2]int][]int{}}
	type seg struct {
		l    int
		i    int
		s    float64
		a, b pt
	}
	all := append([]*line(nil), lines...)
	for _, w := range water {
		all = append(all, &line{pts: w.closed(), class: bank})
	}
	const size = 250.0
	grid := map[[2]int][]int32{}
	var segs []seg
	total := make([]float64, len(all))
	for li, l := range all {
		s := 0.0
		for i := 1; i < len(l.pts); i++ {
			a, b := l.pts[i-1], l.pts[i]
			id := int32(len(segs))
			segs = append(segs, seg{li, i, s, a, b})
			lo, hi := cellOf(pt{min(a.x, b.x) - 2, min(a.y, b.y) - 2}, size), cellOf(pt{max(a.x, b.x) + 2, max(a.y, b.y) + 2}, size)
			for x := lo[0]; x <= hi[0]; x++ {
				for y := lo[1]; y <= hi[1]; y++ {
					grid[[2]int{x, y}] = append(grid[[2]int{x, y}], id)
				}
			}
			s += a.to(b)
		}
		total[li] = s
	}
	events := make([][]event, len(all))
	keys := make([][2]int, 0, len(grid))
	for k := range grid {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, k := range keys {
		ids := grid[k]
		for x, i := range ids {
			for _, j := range ids[x+1:] {
				p, q := segs[i], segs[j]
				if p.l == q.l {
					continue
				}
				la, lb := all[p.l], all[q.l]
				t, u, ok := cross(p.a, p.b, q.a, q.b, 1)
				if !ok {
					continue
				}
				at := lerp(p.a, p.b, min(1, max(0, t)))
				if cellOf(at, size) != k {
					continue // found in its own cell
				}
				sa, sb := p.s+t*p.a.to(p.b), q.s+u*q.a.to(q.b)
				if la.class == bank || lb.class == bank {
					events[p.l] = append(events[p.l], event{s: sa, at: at, node: -1})
					events[q.l] = append(events[q.l], event{s: sb, at: at, node: -1})
					continue
				}
				near := func(s, total float64) bool { return s < 35 || total-s < 35 }
				join, oa, ob, ca, cb := meet(la, lb, near(sa, total[p.l]), near(sb, total[q.l]))
				node := -1
				if join {
					if built(la, at) && built(lb, at) {
						node = n.junction(at)
					} else {
						continue
					}
				}
				if join || oa || ca {
					events[p.l] = append(events[p.l], event{sa, at, node, ca, oa})
				}
				if join || ob || cb {
					events[q.l] = append(events[q.l], event{sb, at, node, cb, ob})
				}
			}
		}
	}
	for li, l := range lines {
		n.cutUp(l, events[li], total[li], water)
	}
	return n
}

// built says whether a line is built at p at all.
func built(l *line, p pt) bool {
	if l.inside != nil && !l.inside.has(p) {
		return false
	}
	return !slices.ContainsFunc(l.outside, func(g poly) bool { return g.has(p) })
}

const bridgeM = 28.0 // how far a bridge reaches to either side of what it crosses

// cutUp makes the pieces of one line from what happens along it.
func (n *net) cutUp(l *line, ev []event, total float64, water []poly) {
	start, end := n.junction(l.pts[0]), n.junction(l.pts[len(l.pts)-1])
	ev = append(ev, event{s: 0, at: l.pts[0], node: start}, event{s: total, at: l.pts[len(l.pts)-1], node: end})
	var extra []event
	for _, e := range ev {
		if e.over {
			for _, d := range []float64{-bridgeM, bridgeM} {
				if s := e.s + d; s > 0 && s < total {
					at, _ := along(l.pts, s)
					extra = append(extra, event{s: s, at: at, node: -1})
				}
			}
		}
	}
	ev = append(ev, extra...)
	slices.SortStableFunc(ev, func(a, b event) int { return cmp.Compare(a.s, b.s) })
	cum := make([]float64, len(l.pts))
	for i := 1; i < len(l.pts); i++ {
		cum[i] = cum[i-1] + l.pts[i-1].to(l.pts[i])
	}
	// between two junctions: parts that are on a bridge and parts that are not
	var run []*piece
	order, bad := 0, false
	flush := func() {
		if bad || n.rng.Float64() > l.keep && l.keep > 0 {
			for _, p := range run {
				p.gone = true
			}
		}
		n.pieces = append(n.pieces, run...)
		run, bad = nil, false
	}
	last := ev[0]
	for _, e := range ev[1:] {
		bad = bad || e.cut
		if e.node < 0 && e.s-last.s < 1 || e.cut || e.over {
			continue // too short for a piece of its own, or no place to cut
		}
		if e.node >= 0 && last.node == e.node && e.s-last.s < 2*mergeM {
			continue
		}
		pts := []pt{last.at}
		for i, c := range cum {
			if c > last.s+0.5 && c < e.s-0.5 {
				pts = append(pts, l.pts[i])
			}
		}
		pts = append(pts, e.at)
		mid, _ := along(pts, length(pts)/2)
		p := &piece{line: l, pts: pts, order: order}
		order++
		wet := slices.ContainsFunc(water, func(w poly) bool { return w.has(mid) })
		p.bridge = wet && l.spans
		for _, o := range ev {
			p.bridge = p.bridge || o.over && o.s > last.s && o.s < e.s
		}
		bad = bad || wet && !l.spans || !built(l, mid)
		p.from, p.to = last.node, e.node
		if p.from < 0 {
			p.from = n.plainPoint(last.at)
			last.node = p.from
		}
		if p.to < 0 {
			e.node = n.plainPoint(e.at)
			p.to = e.node
			run = append(run, p)
			last = e
			continue
		}
		run = append(run, p)
		flush()
		last = e
	}
	flush()
}

// plainPoint is a point of one line that nothing else shares: where its bridge begins.
func (n *net) plainPoint(p pt) int {
	n.at = append(n.at, p)
	return len(n.at) - 1
}

// tidy takes away what leads nowhere: short stubs, loops of nothing, doubles, and what cannot be reached from everywhere and left to everywhere.
func (n *net) tidy(isRail func(*line) bool) {
	n.dropDoubles()
	for range 4 {
		n.dropStubs()
	}
	for range 3 {
		n.connect(isRail)
		n.dropStubs()
	}
}

func (n *net) live() []*piece {
	return slices.DeleteFunc(slices.Clone(n.pieces), func(p *piece) bool { return p.gone })
}

func (n *net) degree() []int {
	d := make([]int, len(n.at))
	for _, p := range n.live() {
		d[p.from]++
		d[p.to]++
	}
	return d
}

func (n *net) dropDoubles() {
	seen := map[[2]int]*piece{}
	for _, p := range n.live() {
		if p.from == p.to && p.len() < 60 {
			p.gone = true
			continue
		}
		k := [2]int{min(p.from, p.to), max(p.from, p.to)}
		if q := seen[k]; q != nil && math.Abs(q.len()-p.len()) < 8 && q.line != p.line && p.line.class != rail {
			if q.line.class > p.line.class {
				q.gone, seen[k] = true, p
			} else {
				p.gone = true
			}
			continue
		}
		seen[k] = p
	}
}

// dropStubs takes away short ends of roads that meet nothing, and ends of a bridge over nothing.
func (n *net) dropStubs() {
	d := n.degree()
	for _, p := range n.live() {
		if p.line.class == rail {
			continue
		}
		end := d[p.from] == 1 || d[p.to] == 1
		if end && (p.len() < 45 || p.bridge || p.line.link) {
			p.gone = true
		}
	}
}

// connect leaves what is reachable from everywhere and from which everything is reachable. Small one-way streets in the way lose their sign.
func (n *net) connect(isRail func(*line) bool) {
	in := n.largest(isRail)
	for _, p := range n.live() {
		if isRail(p.line) || in[p.from] && in[p.to] {
			continue
		}
		if p.line.oneway && p.line.pair == 0 && !p.line.link && p.line.class >= tertiary {
			free := *p.line
			free.oneway = false
			p.line = &free
			continue
		}
	}
	in = n.largest(isRail)
	for _, p := range n.live() {
		if !isRail(p.line) && (!in[p.from] || !in[p.to]) {
			p.gone = true
		}
	}
}

// largest marks the junctions of the largest strongly connected part.
func (n *net) largest(isRail func(*line) bool) []bool {
	out, back := make([][]int, len(n.at)), make([][]int, len(n.at))
	for _, p := range n.live() {
		if isRail(p.line) {
			continue
		}
		out[p.from], back[p.to] = append(out[p.from], p.to), append(back[p.to], p.from)
		if !p.line.oneway {
			out[p.to], back[p.from] = append(out[p.to], p.from), append(back[p.from], p.to)
		}
	}
	// Kosaraju, with stacks of our own.
	var order []int
	seen := make([]bool, len(n.at))
	type frame struct{ v, i int }
	for v := range n.at {
		if seen[v] {
			continue
		}
		seen[v] = true
		st := []frame{{v, 0}}
		for len(st) > 0 {
			f := &st[len(st)-1]
			if f.i < len(out[f.v]) {
				w := out[f.v][f.i]
				f.i++
				if !seen[w] {
					seen[w] = true
					st = append(st, frame{w, 0})
				}
				continue
			}
			order = append(order, f.v)
			st = st[:len(st)-1]
		}
	}
	part := make([]int, len(n.at))
	var size []int
	for i := range part {
		part[i] = -1
	}
	for _, v := range slices.Backward(order) {
		if part[v] >= 0 {
			continue
		}
		id := len(size)
		size = append(size, 0)
		part[v] = id
		st := []int{v}
		for len(st) > 0 {
			x := st[len(st)-1]
			st = st[:len(st)-1]
			size[id]++
			for _, w := range back[x] {
				if part[w] < 0 {
					part[w] = id
					st = append(st, w)
				}
			}
		}
	}
	best := 0
	for i, s := range size {
		if s > size[best] {
			best = i
		}
	}
	in := make([]bool, len(n.at))
	for v := range in {
		in[v] = part[v] == best
	}
	return in
}
