package draw

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// emitter writes the drawing down as OpenStreetMap's nodes, ways and relations.
type emitter struct {
	osm  OSM
	node map[int]int64 // of a junction
	next int64
}

func (e *emitter) id() int64 { e.next++; return e.next }

func (e *emitter) put(p pt, tags ...Tag) int64 {
	lat, lon := p.steps()
	id := e.id()
	e.osm.Nodes = append(e.osm.Nodes, Node{ID: id, Lat: lat, Lon: lon, Tags: tags})
	return id
}

func nameTags(n name) []Tag {
	if n.zh == "" {
		return nil
	}
	return []Tag{{"name", n.zh}, {"name:en", n.en}, {"name:zh-Latn-pinyin", n.pinyin}}
}

func (l *line) tags(bridge bool) []Tag {
	if l.class == rail {
		t := append([]Tag{{"railway", "rail"}}, nameTags(l.name)...)
		if bridge {
			t = append(t, Tag{"bridge", "yes"}, Tag{"layer", "1"})
		}
		return t
	}
	kind := classNames[l.class]
	if l.link {
		kind += "_link"
	}
	if l.pair < 0 {
		return append([]Tag{{"highway", kind}, {"junction", "roundabout"}, {"oneway", "yes"}, {"maxspeed", "30"}}, nameTags(l.name)...)
	}
	t := append([]Tag{{"highway", kind}}, nameTags(l.name)...)
	if l.ref != "" {
		t = append(t, Tag{"ref", l.ref})
	}
	if l.oneway {
		t = append(t, Tag{"oneway", "yes"})
	}
	if l.speed > 0 {
		t = append(t, Tag{"maxspeed", fmt.Sprint(l.speed)})
	}
	if l.lanes > 0 {
		t = append(t, Tag{"lanes", fmt.Sprint(l.lanes)})
	}
	if bridge {
		t = append(t, Tag{"bridge", "yes"}, Tag{"layer", "1"})
	}
	return t
}

// roads writes the network: each line as ways, broken where a bridge or a forbidden turn begins.
func (e *emitter) roads(n *net, breaks map[int]bool, signals map[int]bool) {
	by := map[*line][]*piece{}
	var lines []*line
	for _, p := range n.live() {
		if by[p.line] == nil {
			lines = append(lines, p.line)
		}
		by[p.line] = append(by[p.line], p)
	}
	e.node = map[int]int64{}
	junction := func(j int) int64 {
		if id, ok := e.node[j]; ok {
			return id
		}
		var tags []Tag
		if signals[j] {
			tags = []Tag{{"highway", "traffic_signals"}}
		}
		e.node[j] = e.put(n.at[j], tags...)
		return e.node[j]
	}
	for _, l := range lines {
		ps := by[l]
		slices.SortStableFunc(ps, func(a, b *piece) int { return cmp.Compare(a.order, b.order) })
		var w *Way
		last, bridge := -1, false
		for _, p := range ps {
			if w == nil || last != p.from || bridge != p.bridge || breaks[p.from] || len(w.Nodes) > 60 {
				e.osm.Ways = append(e.osm.Ways, Way{ID: int64(len(e.osm.Ways) + 1), Tags: l.tags(p.bridge), Nodes: []int64{junction(p.from)}})
				w = &e.osm.Ways[len(e.osm.Ways)-1]
			}
			for _, q := range p.pts[1 : len(p.pts)-1] {
				w.Nodes = append(w.Nodes, e.put(q))
			}
			w.Nodes = append(w.Nodes, junction(p.to))
			last, bridge = p.to, p.bridge
		}
	}
}

// roundabouts makes some quiet crossings of ordinary roads round.
func (n *net) roundabouts(in []poly, most int) []*line {
	at := map[int][]*piece{}
	for _, p := range n.live() {
		at[p.from], at[p.to] = append(at[p.from], p), append(at[p.to], p)
	}
	var rings []*line
	var centres []pt
	const r = 22.0
	for j := range n.at {
		ps := at[j]
		if len(ps) != 4 || len(rings) >= most || !within(n.at[j], in...) || slices.ContainsFunc(centres, func(c pt) bool { return c.to(n.at[j]) < 900 }) {
			continue
		}
		ok, big := true, 0
		for _, p := range ps {
			ok = ok && !p.line.oneway && p.line.class <= residential && p.line.class >= secondary && p.len() > 70 && !p.bridge
			if p.line.class <= tertiary {
				big++
			}
		}
		if !ok || big < 3 {
			continue
		}
		c := n.at[j]
		type entry struct {
			p     *piece
			angle float64
			at    pt
		}
		var es []entry
		for _, p := range ps {
			l := p.pts
			if p.to == j {
				l = reversed(l)
			}
			q, _ := along(l, r)
			d := q.sub(c).unit()
			es = append(es, entry{p, math.Atan2(d.y, d.x), c.add(d.mul(r))})
		}
		slices.SortFunc(es, func(a, b entry) int { return cmp.Compare(a.angle, b.angle) })
		ring := &line{class: tertiary, oneway: true, speed: 30, lanes: 1, name: es[0].p.line.name, pair: -1}
		var ids []int
		for _, x := range es {
			id := n.plainPoint(x.at)
			ids = append(ids, id)
			l, atFrom := x.p.pts, x.p.from == j
			if !atFrom {
				l = reversed(l)
			}
			rest := []pt{x.at}
			for _, q := range l[1:] {
				if q.to(c) > r+6 {
					rest = append(rest, q)
				}
			}
			if atFrom {
				x.p.from, x.p.pts = id, rest
			} else {
				x.p.to, x.p.pts = id, reversed(rest)
			}
		}
		for i, x := range es { // counterclockwise: traffic keeps right
			y := es[(i+1)%len(es)]
			a, b := x.angle, y.angle
			if b <= a {
				b += 2 * math.Pi
			}
			pts := []pt{x.at}
			for k := 1; k < 4; k++ {
				pts = append(pts, c.add(polar((a+(b-a)*float64(k)/4)*180/math.Pi, r)))
			}
			n.pieces = append(n.pieces, &piece{line: ring, from: ids[i], to: ids[(i+1)%len(es)], pts: append(pts, y.at), order: i})
		}
		rings, centres = append(rings, ring), append(centres, c)
	}
	return rings
}

// turns finds junctions with turns that are not allowed: left out of, and into, large roads, and back on them.
func (n *net) turns(most int) (at []int) {
	major, ways := make([]int, len(n.at)), make([]int, len(n.at))
	for _, p := range n.live() {
		if p.line.class == rail || p.line.link {
			continue
		}
		for _, j := range []int{p.from, p.to} {
			ways[j]++
			if p.line.class <= primary && p.line.class > motorway && p.line.oneway {
				major[j]++
			}
		}
	}
	for j := range n.at {
		if ways[j] == 4 && major[j] == 2 {
			at = append(at, j)
		}
	}
	step := max(1, len(at)/most)
	var out []int
	for i := 0; i < len(at) && len(out) < most; i += step {
		out = append(out, at[i])
	}
	return out
}

// restrict writes the turns down, now that the ways have their numbers.
func (e *emitter) restrict(at []int) {
	starts, ends := map[int64][]*Way{}, map[int64][]*Way{}
	for i := range e.osm.Ways {
		w := &e.osm.Ways[i]
		if !slices.ContainsFunc(w.Tags, func(t Tag) bool { return t.K == "highway" }) {
			continue
		}
		starts[w.Nodes[0]] = append(starts[w.Nodes[0]], w)
		ends[w.Nodes[len(w.Nodes)-1]] = append(ends[w.Nodes[len(w.Nodes)-1]], w)
	}
	pos := map[int64]pt{}
	for _, x := range e.osm.Nodes {
		pos[x.ID] = pt{float64(x.Lon) * metresLon / metresLat, float64(x.Lat)}
	}
	oneway := func(w *Way) bool { return slices.Contains(w.Tags, Tag{"oneway", "yes"}) }
	for _, j := range at {
		via, ok := e.node[j]
		if !ok {
			continue
		}
		for _, from := range ends[via] {
			if !oneway(from) {
				continue
			}
			in := pos[via].sub(pos[from.Nodes[len(from.Nodes)-2]]).unit()
			for _, to := range append(slices.Clone(starts[via]), ends[via]...) {
				if to == from || oneway(to) {
					continue
				}
				next := to.Nodes[1]
				if to.Nodes[0] != via {
					next = to.Nodes[len(to.Nodes)-2]
				}
				out := pos[next].sub(pos[via]).unit()
				if in.x*out.y-in.y*out.x < 0.5 {
					continue // not a turn to the left
				}
				e.osm.Relations = append(e.osm.Relations, Relation{ID: int64(len(e.osm.Relations) + 1), Tags: []Tag{{"type", "restriction"}, {"restriction", "no_left_turn"}},
					Members: []Member{{1, from.ID, "from"}, {0, via, "via"}, {1, to.ID, "to"}}})
			}
		}
	}
}

// areas writes water, green and built-up land.
func (e *emitter) areas(as []area) {
	for _, a := range as {
		var ids []int64
		for _, p := range a.ring {
			ids = append(ids, e.put(p))
		}
		w := Way{ID: int64(len(e.osm.Ways) + 1), Nodes: append(ids, ids[0])}
		for i := 0; i < len(a.tags); i += 2 {
			w.Tags = append(w.Tags, Tag{a.tags[i], a.tags[i+1]})
		}
		w.Tags = append(w.Tags, nameTags(a.name)...)
		e.osm.Ways = append(e.osm.Ways, w)
	}
}

// borders writes the districts as relations; what two share is one way.
func (e *emitter) borders(ds []district) {
	type link struct{ a, b [2]int64 }
	key := func(p, q pt) link {
		a1, a2 := p.steps()
		b1, b2 := q.steps()
		a, b := [2]int64{a1, a2}, [2]int64{b1, b2}
		if cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) > 0 {
			a, b = b, a
		}
		return link{a, b}
	}
	users := map[link][]int{}
	for i, d := range ds {
		for k := range d.ring {
			l := key(d.ring[k], d.ring[(k+1)%len(d.ring)])
			users[l] = append(users[l], i)
		}
	}
	nodes := map[[2]int64]int64{}
	at := func(p pt) int64 {
		lat, lon := p.steps()
		k := [2]int64{lat, lon}
		if nodes[k] == 0 {
			nodes[k] = e.put(p)
		}
		return nodes[k]
	}
	made := map[link]int64{} // first link of a way to the way
	for i, d := range ds {
		r := Relation{Tags: append([]Tag{{"type", "boundary"}, {"boundary", "administrative"}, {"admin_level", "6"}}, append(nameTags(named(d.zh)), Tag{"population", fmt.Sprint(d.people)})...)}
		other := func(k int) int {
			for _, u := range users[key(d.ring[k], d.ring[(k+1)%len(d.ring)])] {
				if u != i {
					return u
				}
			}
			return -1
		}
		n := len(d.ring)
		start := 0
		for k := range n { // begin where the neighbour changes
			if other(k) != other((k+n-1)%n) {
				start = k
				break
			}
		}
		for k := 0; k < n; {
			a := (start + k) % n
			o, run := other(a), []pt{d.ring[a]}
			first := key(d.ring[a], d.ring[(a+1)%n])
			lastLink := first
			for k < n && other((start+k)%n) == o {
				b := (start + k) % n
				lastLink = key(d.ring[b], d.ring[(b+1)%n])
				run = append(run, d.ring[(b+1)%n])
				k++
			}
			id, ok := made[first]
			if !ok {
				var ids []int64
				for _, p := range run {
					ids = append(ids, at(p))
				}
				id = int64(len(e.osm.Ways) + 1)
				e.osm.Ways = append(e.osm.Ways, Way{ID: id, Nodes: ids, Tags: []Tag{{"boundary", "administrative"}, {"admin_level", "6"}}})
				made[first], made[lastLink] = id, id
			}
			r.Members = append(r.Members, Member{1, id, "outer"})
		}
		r.ID = int64(len(e.osm.Relations) + 1)
		e.osm.Relations = append(e.osm.Relations, r)
	}
}
