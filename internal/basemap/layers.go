package basemap

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
)

// road says from which level a class of road is drawn, and how important it is: the more important ones are drawn last.
var road = map[string]struct{ from, order int }{
	"motorway": {5, 90}, "trunk": {7, 80}, "primary": {8, 70}, "secondary": {10, 60}, "tertiary": {11, 50}, "unclassified": {12, 40}, "residential": {12, 30}, "living_street": {13, 28},
	"service": {14, 20}, "pedestrian": {13, 18}, "track": {14, 12}, "footway": {14, 10}, "cycleway": {14, 10}, "path": {14, 8}, "steps": {14, 8},
}

// land says in which layer an area is drawn, under which kind, and from which level.
func land(t extract.Tags) (layer, kind string, from int) {
	switch {
	case t["natural"] == "water", t["waterway"] == "riverbank", t["landuse"] == "reservoir", t["landuse"] == "basin":
		return "water", "water", 5
	case t["natural"] == "wood", t["landuse"] == "forest":
		return "green", "wood", 7
	case t["leisure"] == "park", t["leisure"] == "garden", t["leisure"] == "nature_reserve", t["leisure"] == "golf_course":
		return "green", "park", 10
	case t["landuse"] == "grass", t["landuse"] == "meadow", t["landuse"] == "cemetery", t["landuse"] == "recreation_ground", t["natural"] == "scrub", t["leisure"] == "pitch":
		return "green", "grass", 12
	case t["landuse"] == "residential", t["landuse"] == "commercial", t["landuse"] == "retail":
		return "built", "residential", 8
	case t["landuse"] == "industrial", t["landuse"] == "railway":
		return "built", "industrial", 10
	case t["building"] != "" && t["building"] != "no":
		return "building", "building", 14
	}
	return "", "", 0
}

// places say from which level a place's name is shown.
var places = map[string]int{"city": 5, "town": 8, "suburb": 11, "quarter": 12, "village": 11, "hamlet": 13, "neighbourhood": 14, "locality": 14}

// poi gives the kind of a point of interest, and the level from which it is shown. Hospitals, stations and AEDs come from the centre's own
// master data and are not on the base map: two truths about a hospital are one too many.
func poi(t extract.Tags) (string, int) {
	for _, k := range []string{"amenity", "shop", "tourism", "leisure", "railway", "aeroway", "man_made"} {
		switch v := t[k]; v {
		case "school", "university", "college", "kindergarten", "police", "fire_station", "marketplace", "library", "bus_station", "mall", "supermarket", "hotel", "stadium", "sports_centre", "park", "works", "townhall",
			"place_of_worship", "fuel", "cinema", "theatre", "museum", "attraction", "aerodrome":
			return v, 13
		case "station", "halt":
			if k == "railway" {
				return "railway_station", 11
			}
		}
	}
	if t["addr:housenumber"] != "" {
		return "house", 14
	}
	return "", 0
}

type builder struct {
	d     *extract.Data
	m     *Map
	shift func(ems.WGS84) ems.WGS84
}

func (b *builder) world(p ems.WGS84) orb.Point {
	if b.shift != nil {
		p = b.shift(p)
	}
	b.m.bound = b.m.bound.Extend(orb.Point{p.Lon, p.Lat})
	return world(p)
}

func (b *builder) at(id int64) orb.Point { return b.world(b.d.Pos[id]) }

func (b *builder) add(f feature) { b.m.features = append(b.m.features, f) }

func text(ps []prop, k, v string) []prop {
	if v == "" {
		return ps
	}
	return append(ps, prop{k, v})
}

// names are the name in Chinese (or whatever the place's own is), and in English where it differs.
func names(ps []prop, t extract.Tags) []prop {
	ps = text(ps, "name", cmp.Or(t["name:zh"], t["name"]))
	if en := t["name:en"]; en != t["name"] {
		ps = text(ps, "name_en", en)
	}
	return ps
}

// lines are roads, railways, brooks and borders. Ways that go on in each other and are alike become one line: names fit on long lines.
func (b *builder) lines() {
	type group struct {
		f    feature
		ways [][]int64
	}
	groups := map[string]*group{}
	var order []string
	put := func(key string, f feature, nodes []int64) {
		g := groups[key]
		if g == nil {
			g = &group{f: f}
			groups[key] = g
			order = append(order, key)
		}
		g.ways = append(g.ways, nodes)
	}
	for _, w := range b.d.Ways {
		if len(w.Nodes) < 2 {
			continue
		}
		t := w.Tags
		if class := t["highway"]; class != "" && t["area"] != "yes" {
			base := strings.TrimSuffix(class, "_link")
			r, ok := road[base]
			if !ok {
				continue
			}
			from := r.from
			f := feature{layer: "roads", from: from, order: r.order}
			f.props = append(f.props, prop{"class", base})
			if base != class {
				f.props = append(f.props, prop{"link", true})
				f.from, f.order = max(f.from+3, 10), r.order-5
			}
			f.props = text(names(f.props, t), "ref", t["ref"])
			if t["oneway"] == "yes" || t["oneway"] == "1" || t["oneway"] == "-1" || t["junction"] == "roundabout" {
				f.props = append(f.props, prop{"oneway", true})
			}
			if v := t["bridge"]; v != "" && v != "no" {
				f.props = append(f.props, prop{"bridge", true})
				f.order += 100
			}
			if v := t["tunnel"]; v != "" && v != "no" {
				f.props = append(f.props, prop{"tunnel", true})
			}
			put(fmt.Sprint(f.layer, f.props), f, w.Nodes)
			continue
		}
		switch {
		case t["railway"] == "rail", t["railway"] == "subway", t["railway"] == "light_rail":
			f := feature{layer: "roads", from: 9, order: 15, props: []prop{{"class", "rail"}}}
			if t["bridge"] != "" {
				f.props, f.order = append(f.props, prop{"bridge", true}), 115
			}
			put(fmt.Sprint(f.layer, f.props), f, w.Nodes)
		case t["waterway"] == "river", t["waterway"] == "stream", t["waterway"] == "canal":
			from := map[string]int{"river": 8, "canal": 11, "stream": 13}[t["waterway"]]
			f := feature{layer: "water", from: from, order: 1, props: names([]prop{{"kind", "line"}}, t)}
			put(fmt.Sprint(f.layer, f.props), f, w.Nodes)
		case t["boundary"] == "administrative":
			b.border(t, w.Nodes, put2(put))
		}
	}
	b.borders(put2(put))
	for _, k := range order {
		g := groups[k]
		for _, nodes := range chain(g.ways) {
			f := g.f
			for _, n := range nodes {
				f.line = append(f.line, b.at(n))
			}
			b.add(f)
		}
	}
}

func put2(put func(string, feature, []int64)) func(feature, []int64) {
	return func(f feature, nodes []int64) { put(fmt.Sprint(f.layer, f.props), f, nodes) }
}

func (b *builder) border(t extract.Tags, nodes []int64, put func(feature, []int64)) {
	level, err := strconv.ParseInt(t["admin_level"], 10, 32)
	if err != nil || level > 8 {
		return
	}
	put(feature{layer: "boundary", from: map[int64]int{2: 5, 3: 5, 4: 5, 5: 7, 6: 8, 7: 10, 8: 11}[level], props: []prop{{"level", level}}}, nodes)
}

// borders are those that only their relation names; ways that carry the tag themselves were taken already.
func (b *builder) borders(put func(feature, []int64)) {
	ways := map[int64]extract.Way{}
	for _, w := range b.d.Ways {
		ways[w.ID] = w
	}
	done := map[int64]bool{}
	for _, r := range b.d.Relations {
		if r.Tags["boundary"] != "administrative" {
			continue
		}
		for _, m := range r.Members {
			w, ok := ways[m.Ref]
			if m.Kind != "way" || !ok || done[m.Ref] || len(w.Nodes) < 2 || w.Tags["boundary"] == "administrative" {
				continue
			}
			done[m.Ref] = true
			b.border(r.Tags, w.Nodes, put)
		}
	}
}

// chain joins lines that go on in each other: where exactly one ends and one begins.
func chain(ways [][]int64) [][]int64 {
	if len(ways) == 1 {
		return ways
	}
	begin, end := map[int64]int{}, map[int64]int{}
	nBegin, nEnd := map[int64]int{}, map[int64]int{}
	for i, w := range ways {
		a, z := w[0], w[len(w)-1]
		begin[a], end[z] = i, i
		nBegin[a]++
		nEnd[z]++
	}
	joins := func(n int64) bool { return nBegin[n] == 1 && nEnd[n] == 1 }
	used := make([]bool, len(ways))
	var out [][]int64
	follow := func(i int) {
		l := slices.Clone(ways[i])
		used[i] = true
		for {
			z := l[len(l)-1]
			if !joins(z) || used[begin[z]] {
				break
			}
			next := begin[z]
			used[next] = true
			l = append(l, ways[next][1:]...)
		}
		out = append(out, l)
	}
	for i, w := range ways {
		if !joins(w[0]) {
			follow(i)
		}
	}
	for i := range ways { // rings
		if !used[i] {
			follow(i)
		}
	}
	return out
}

// areas are closed ways, and relations that make areas of several ways, with holes.
func (b *builder) areas() {
	ways := map[int64]extract.Way{}
	for _, w := range b.d.Ways {
		ways[w.ID] = w
		if len(w.Nodes) >= 4 && w.Nodes[0] == w.Nodes[len(w.Nodes)-1] {
			b.area(w.Tags, [][]int64{w.Nodes}, nil)
		}
	}
	for _, r := range b.d.Relations {
		if r.Tags["type"] != "multipolygon" {
			continue
		}
		var outer, inner [][]int64
		for _, m := range r.Members {
			w, ok := ways[m.Ref]
			switch {
			case m.Kind != "way" || !ok || len(w.Nodes) < 2:
			case m.Role == "inner":
				inner = append(inner, w.Nodes)
			default:
				outer = append(outer, w.Nodes)
			}
		}
		b.area(r.Tags, rings(outer), rings(inner))
	}
}

// rings joins lines end to end, turned where they must be, and gives those that close.
func rings(ways [][]int64) [][]int64 {
	left := slices.Clone(ways)
	var out [][]int64
	for len(left) > 0 {
		l := slices.Clone(left[0])
		left = left[1:]
		for l[0] != l[len(l)-1] {
			z := l[len(l)-1]
			i := slices.IndexFunc(left, func(w []int64) bool { return w[0] == z || w[len(w)-1] == z })
			if i < 0 {
				break
			}
			w := slices.Clone(left[i])
			if w[0] != z {
				slices.Reverse(w)
			}
			l = append(l, w[1:]...)
			left = slices.Delete(left, i, i+1)
		}
		if len(l) >= 4 && l[0] == l[len(l)-1] {
			out = append(out, l)
		}
	}
	return out
}

func (b *builder) area(t extract.Tags, outer, inner [][]int64) {
	layer, kind, from := land(t)
	if layer == "" {
		return
	}
	props := []prop{{"kind", kind}}
	for i, o := range outer {
		p := orb.Polygon{b.ring(o)}
		if len(outer) == 1 {
			for _, h := range inner {
				p = append(p, b.ring(h))
			}
		} else {
			for _, h := range inner {
				if r := b.ring(h); len(r) > 0 && p.Bound().Contains(r[0]) {
					p = append(p, r)
				}
			}
		}
		b.add(feature{layer: layer, from: from, props: props, polygon: p})
		if t["name"] != "" && i == 0 && (layer == "water" || layer == "green") {
			c := middle(p[0])
			b.add(feature{layer: "place", from: max(from, 10), order: 50, props: names([]prop{{"kind", kind}}, t), point: &c})
		}
	}
}

func (b *builder) ring(nodes []int64) orb.Ring {
	r := make(orb.Ring, 0, len(nodes))
	for _, n := range nodes {
		r = append(r, b.at(n))
	}
	return r
}

// middle is a point well inside a ring, where its name is written: of the widest level stretch at half of its height.
func middle(r orb.Ring) orb.Point {
	y := r.Bound().Center()[1]
	var xs []float64
	for i := range r {
		a, z := r[i], r[(i+1)%len(r)]
		if (a[1] > y) != (z[1] > y) {
			xs = append(xs, a[0]+(y-a[1])/(z[1]-a[1])*(z[0]-a[0]))
		}
	}
	slices.Sort(xs)
	best, at := -1.0, r.Bound().Center()[0]
	for i := 0; i+1 < len(xs); i += 2 {
		if w := xs[i+1] - xs[i]; w > best {
			best, at = w, (xs[i]+xs[i+1])/2
		}
	}
	return orb.Point{at, y}
}

func (b *builder) points() {
	for _, p := range b.d.Points {
		at := b.world(p.Pos)
		if kind := p.Tags["place"]; places[kind] > 0 && p.Tags["name"] != "" {
			pop, _ := strconv.ParseInt(p.Tags["population"], 10, 64) // often missing: 0
			order := map[string]int{"city": 0, "town": 1, "suburb": 2, "village": 3}[kind]
			if order == 0 && kind != "city" {
				order = 4
			}
			b.add(feature{layer: "place", from: places[kind], order: order, props: append(names([]prop{{"kind", kind}}, p.Tags), prop{"population", pop}), point: &at})
			continue
		}
		kind, from := poi(p.Tags)
		if kind == "" {
			continue
		}
		props := names([]prop{{"kind", kind}}, p.Tags)
		if kind == "house" {
			props = text(props, "name", p.Tags["addr:housenumber"])
		}
		b.add(feature{layer: "poi", from: from, props: props, point: &at})
	}
}
