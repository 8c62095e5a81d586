// Package placebuild reads the places of an extract into a book: names, roads and where they meet, house numbers, kilometre posts.
package placebuild

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"lifeline120/internal/address"
	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
)

// Report is what was found, and what could not be used.
type Report struct {
	Roads, Places, Crossings, Houses, Posts int
	Stretches                               int // of roads between two posts
	// HousesNowhere have a number and no road to it; PostsNowhere a kilometre and no named road under it.
	HousesNowhere, PostsNowhere int
}

const (
	// apartDeg: ways of one name that come as near as this are one road: the two carriageways of a street.
	apartDeg = 0.002
	// crossingM: two roads that meet more than once within it have one crossing there.
	crossingM = 120
	// streetM is how far a house may lie from the street that its address names.
	streetM = 3_000
)

type road struct {
	address.Named
	nodes []int64 // in their order
	ways  []int   // in Data.Ways
}

// Of makes the book of an extract. The same extract makes the same book.
func Of(d *extract.Data) (*address.Book, Report) {
	b := &builder{d: d, of: map[int64][]int{}, byName: map[string][]int{}}
	b.roads()
	b.meetings()
	b.named()
	b.houses()
	b.posts()
	b.stretches()
	for _, r := range b.all {
		b.book.Roads = append(b.book.Roads, r.Named)
	}
	b.rep.Roads, b.rep.Places, b.rep.Crossings, b.rep.Houses, b.rep.Posts = len(b.book.Roads), len(b.book.Places), len(b.book.Meetings), len(b.book.Houses), len(b.book.Posts)
	b.rep.Stretches = len(b.book.Stretches)
	return &b.book, b.rep
}

type builder struct {
	d      *extract.Data
	all    []*road
	of     map[int64][]int  // the roads that a node lies on, ascending
	byName map[string][]int // roads, by each of their names
	round  [][]int64        // roundabouts without a name
	book   address.Book
	rep    Report
}

// notRoads are the kinds of highway that nobody gives as an address.
var notRoads = []string{"construction", "proposed", "abandoned", "razed", "platform", "rest_area", "services", "bus_stop", "raceway", "corridor", "elevator"}

func isRoad(t extract.Tags) bool {
	h := t["highway"]
	return h != "" && !slices.Contains(notRoads, h) && t["area"] != "yes"
}

func nameOf(t extract.Tags) string { return strings.TrimSpace(cmp.Or(t["name"], t["name:zh"])) }

// alsoOf gives the other names of a thing.
func alsoOf(t extract.Tags, keys ...string) []string {
	name := nameOf(t)
	var out []string
	for _, k := range append([]string{"name:zh", "name:en", "alt_name", "short_name", "old_name", "official_name", "loc_name"}, keys...) {
		for s := range strings.SplitSeq(t[k], ";") {
			if s = strings.TrimSpace(s); s != "" && s != name && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// roads puts the ways of one name together that belong together.
func (b *builder) roads() {
	ways := map[string][]int{}
	for i, w := range b.d.Ways {
		if !isRoad(w.Tags) || len(w.Nodes) < 2 {
			continue
		}
		switch name := cmp.Or(nameOf(w.Tags), w.Tags["ref"]); {
		case name != "":
			ways[name] = append(ways[name], i)
		case w.Tags["junction"] == "roundabout":
			b.round = append(b.round, w.Nodes)
		}
	}
	for _, name := range sortedKeys(ways) {
		b.gather(name, ways[name])
	}
}

func (b *builder) gather(name string, ways []int) {
	cells := map[[2]int32]int{} // the first way in each
	up := map[int]int{}
	var root func(int) int
	root = func(i int) int {
		if p, ok := up[i]; ok && p != i {
			up[i] = root(p)
			return up[i]
		}
		return i
	}
	cell := func(p ems.WGS84) [2]int32 {
		return [2]int32{int32(math.Floor(p.Lon / apartDeg)), int32(math.Floor(p.Lat / apartDeg))}
	}
	for _, w := range ways {
		for _, n := range b.d.Ways[w].Nodes {
			c := cell(b.d.Pos[n])
			if _, ok := cells[c]; !ok {
				cells[c] = w
			}
			for dx := int32(-1); dx <= 1; dx++ {
				for dy := int32(-1); dy <= 1; dy++ {
					if o, ok := cells[[2]int32{c[0] + dx, c[1] + dy}]; ok {
						if x, y := root(o), root(w); x != y {
							up[max(x, y)] = min(x, y)
						}
					}
				}
			}
		}
	}
	groups := map[int][]int{}
	for _, w := range ways {
		groups[root(w)] = append(groups[root(w)], w)
	}
	for _, g := range sortedKeys(groups) {
		r := &road{Named: address.Named{Name: name, Kind: address.Road}}
		id := len(b.all)
		r.ways = groups[g]
		for _, w := range groups[g] {
			for _, s := range alsoOf(b.d.Ways[w].Tags, "ref") {
				if !slices.Contains(r.Also, s) && s != name {
					r.Also = append(r.Also, s)
				}
			}
			for _, n := range b.d.Ways[w].Nodes {
				if on := b.of[n]; len(on) == 0 || on[len(on)-1] != id {
					b.of[n] = append(on, id)
					r.nodes = append(r.nodes, n)
				}
			}
		}
		r.Pos, r.Box = b.middle(r.nodes), b.box(r.nodes)
		b.all = append(b.all, r)
		for _, s := range append([]string{name}, r.Also...) {
			b.byName[s] = append(b.byName[s], id)
		}
	}
}

// middle is the node nearest to the mean of some: it lies on the road.
func (b *builder) middle(nodes []int64) ems.WGS84 {
	m := mean(b.d, nodes)
	best := b.d.Pos[nodes[0]]
	for _, n := range nodes {
		if p := b.d.Pos[n]; metres(p, m) < metres(best, m) {
			best = p
		}
	}
	return rounded(best)
}

// box is from where to where some nodes lie.
func (b *builder) box(nodes []int64) address.Box {
	out := address.Box{180, 90, -180, -90}
	for _, n := range nodes {
		p := rounded(b.d.Pos[n])
		out = address.Box{min(out[0], p.Lon), min(out[1], p.Lat), max(out[2], p.Lon), max(out[3], p.Lat)}
	}
	return out
}

func mean(d *extract.Data, nodes []int64) ems.WGS84 {
	var m ems.WGS84
	for _, n := range nodes {
		m.Lat += d.Pos[n].Lat / float64(len(nodes))
		m.Lon += d.Pos[n].Lon / float64(len(nodes))
	}
	return m
}

// meetings finds where roads share a node, or lead to one roundabout.
func (b *builder) meetings() {
	found := map[[2]int][]ems.WGS84{}
	meet := func(roads []int, at ems.WGS84) {
		for i, x := range roads {
			for _, y := range roads[i+1:] {
				k := [2]int{min(x, y), max(x, y)}
				if x != y && !slices.ContainsFunc(found[k], func(p ems.WGS84) bool { return metres(p, at) < crossingM }) {
					found[k] = append(found[k], at)
				}
			}
		}
	}
	for _, n := range sortedKeys(b.of) {
		if on := b.of[n]; len(on) > 1 {
			meet(on, rounded(b.d.Pos[n]))
		}
	}
	for _, ring := range b.round {
		var on []int
		for _, n := range ring {
			on = append(on, b.of[n]...)
		}
		slices.Sort(on)
		meet(slices.Compact(on), rounded(mean(b.d, ring)))
	}
	keys := make([][2]int, 0, len(found))
	for k := range found {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, k := range keys {
		if b.all[k[0]].Name == b.all[k[1]].Name {
			continue
		}
		for _, p := range found[k] {
			b.book.Meetings = append(b.book.Meetings, address.Meeting{A: k[0], B: k[1], Pos: p})
		}
	}
}

// kindOf says what a named thing is; "": nothing that one would look for.
func kindOf(t extract.Tags) address.Kind {
	has := func(key string, values ...string) bool { return slices.Contains(values, t[key]) }
	switch {
	case has("emergency", "ambulance_station"):
		return address.Station
	case has("emergency", "defibrillator"):
		return address.AED
	case has("amenity", "hospital", "clinic", "doctors") || t["healthcare"] != "":
		return address.Hospital
	case has("amenity", "school", "kindergarten", "college", "university"):
		return address.School
	case has("railway", "station", "halt") || has("public_transport", "station") || has("amenity", "bus_station") || has("highway", "bus_stop") || has("aeroway", "aerodrome", "terminal"):
		return address.Transport
	case has("place", "village", "hamlet", "neighbourhood", "isolated_dwelling", "locality", "quarter", "farm"):
		return address.Village
	case t["place"] != "" || t["boundary"] == "administrative":
		return address.Area
	case t["type"] == "route" || t["route"] != "" || t["highway"] != "" || has("railway", "rail", "subway", "light_rail", "tram") || t["power"] != "" || t["boundary"] != "":
		return ""
	}
	for _, k := range []string{"amenity", "shop", "tourism", "leisure", "office", "building", "man_made", "historic", "natural", "landuse", "emergency", "waterway", "water", "bridge", "craft", "sport", "military", "aerialway"} {
		if v := t[k]; v != "" && v != "no" {
			return address.Landmark
		}
	}
	return ""
}

func (b *builder) named() {
	type key struct {
		name string
		kind address.Kind
	}
	seen := map[key][]ems.WGS84{}
	put := func(t extract.Tags, pos func() (ems.WGS84, bool)) {
		name, kind := nameOf(t), kindOf(t)
		if name == "" || kind == "" {
			return
		}
		p, ok := pos()
		if !ok {
			return
		}
		p = rounded(p)
		k := key{name, kind}
		if slices.ContainsFunc(seen[k], func(o ems.WGS84) bool { return kind == address.Area || metres(o, p) < crossingM*2 }) {
			return // a place's point comes before its outline
		}
		seen[k] = append(seen[k], p)
		b.book.Places = append(b.book.Places, address.Named{Name: name, Also: alsoOf(t), Kind: kind, Pos: p})
	}
	for _, n := range b.d.Points {
		put(n.Tags, func() (ems.WGS84, bool) { return n.Pos, true })
	}
	line := map[int64][]int64{}
	for _, w := range b.d.Ways {
		line[w.ID] = w.Nodes
		put(w.Tags, func() (ems.WGS84, bool) { return mean(b.d, w.Nodes), len(w.Nodes) > 0 })
	}
	for _, r := range b.d.Relations {
		put(r.Tags, func() (ems.WGS84, bool) {
			var nodes []int64
			for _, m := range r.Members {
				if p, ok := b.d.Pos[m.Ref]; ok && m.Kind == "node" && (m.Role == "admin_centre" || m.Role == "label") {
					return p, true
				}
				if m.Kind == "way" && m.Role != "inner" {
					nodes = append(nodes, line[m.Ref]...)
				}
			}
			return mean(b.d, nodes), len(nodes) > 0
		})
	}
}

// houses puts each number on the nearest road of the name that its address says.
func (b *builder) houses() {
	put := func(t extract.Tags, pos ems.WGS84) {
		number := t["addr:housenumber"]
		if number == "" {
			return
		}
		street := cmp.Or(t["addr:street"], t["addr:place"])
		if street == "" {
			b.rep.HousesNowhere++
			return
		}
		best, at := streetM*1.0, -1
		for _, r := range b.byName[street] {
			for _, n := range b.all[r].nodes {
				if m := metres(b.d.Pos[n], pos); m < best {
					best, at = m, r
				}
			}
			if len(b.all[r].nodes) == 0 && metres(b.all[r].Pos, pos) < best {
				best, at = metres(b.all[r].Pos, pos), r
			}
		}
		if at < 0 { // a street that is known by its houses only
			at = len(b.all)
			b.all = append(b.all, &road{Named: address.Named{Name: street, Kind: address.Road, Pos: rounded(pos)}})
			b.byName[street] = append(b.byName[street], at)
		}
		for n := range strings.SplitSeq(strings.ReplaceAll(number, "；", ";"), ";") {
			if n = strings.TrimSpace(n); n != "" && len(n) < 40 {
				b.book.Houses = append(b.book.Houses, address.Numbered{Road: at, Number: n, Pos: rounded(pos)})
			}
		}
	}
	for _, n := range b.d.Points {
		put(n.Tags, n.Pos)
	}
	for _, w := range b.d.Ways {
		if len(w.Nodes) > 0 {
			put(w.Tags, mean(b.d, w.Nodes))
		}
	}
}

// posts takes kilometre posts that stand on a named road, or say its number.
func (b *builder) posts() {
	for _, n := range b.d.Points {
		if n.Tags["highway"] != "milestone" {
			continue
		}
		m, ok := kilometre(cmp.Or(n.Tags["distance"], n.Tags["pk"], n.Tags["railway:position"]))
		on := slices.Clone(b.of[n.ID])
		if len(on) == 0 {
			for _, name := range []string{n.Tags["ref"], nameOf(n.Tags), n.Tags["road_ref"]} {
				for _, r := range b.byName[name] {
					on = append(on, r)
				}
			}
			slices.SortFunc(on, func(x, y int) int { return cmp.Compare(b.off(x, n.Pos), b.off(y, n.Pos)) })
			on = on[:min(1, len(on))]
		}
		if !ok || len(on) == 0 {
			b.rep.PostsNowhere++
			continue
		}
		for _, r := range on {
			b.book.Posts = append(b.book.Posts, address.Milestone{Road: r, Metres: m, Pos: rounded(n.Pos)})
		}
	}
}

// off is how far a road is from a place.
func (b *builder) off(r int, p ems.WGS84) float64 {
	best := math.Inf(1)
	for _, n := range b.all[r].nodes {
		best = min(best, metres(b.d.Pos[n], p))
	}
	return best
}

// kilometre reads 612, 612.3, K612+300, "612 km" as metres.
func kilometre(s string) (int, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, "k"), "km"))
	whole, more, plus := strings.Cut(s, "+")
	km, err := strconv.ParseFloat(whole, 64)
	if err != nil || !(km >= 0 && km < 10_000) {
		return 0, false
	}
	m := int(math.Round(km * 1000))
	if plus {
		x, err := strconv.Atoi(more)
		if err != nil || x < 0 || x > 999 {
			return 0, false
		}
		m += x
	}
	return m, true
}

// metres between two places of one city, near enough.
func metres(a, b ems.WGS84) float64 {
	return 111_195 * math.Hypot(a.Lat-b.Lat, (a.Lon-b.Lon)*math.Cos(a.Lat*math.Pi/180))
}

// rounded to a tenth of a metre: what is written is what is compared.
func rounded(p ems.WGS84) ems.WGS84 {
	return ems.WGS84{Lat: math.Round(p.Lat*1e6) / 1e6, Lon: math.Round(p.Lon*1e6) / 1e6}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
