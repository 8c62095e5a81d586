package address

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// placed is a hit that lies on a road.
type placed struct {
	class class
	Hit
}

var (
	together = regexp.MustCompile(`与|和|及|跟|、|&|/|×|\+`)
	ending   = regexp.MustCompile(`(十字路口|丁字路口|三岔路口|交叉路口|交叉口|交汇处|交界处|交叉处|交口|路口|口)$`)
	// 93号院3号楼, 93-1, 12甲
	numbered = regexp.MustCompile(`^(.*?\D)(\d{1,5}(?:-\d{1,4})?[a-z甲乙丙丁]?)(号院|号楼|号|弄|)(.*)$`)
	// K612+300, 612公里处
	postK  = regexp.MustCompile(`^(.*?)k(\d{1,4})(?:\+(\d{1,3}))?(?:公里|km|千米|米|处|桩号?)*(.*)$`)
	postKm = regexp.MustCompile(`^(.*?\D)(\d{1,4})(?:公里|km|千米)(?:加?(\d{1,3})米?)?(?:处|桩号?)*(.*)$`)
)

// onRoad finds crossings, house numbers and kilometre posts.
func (ix *Index) onRoad(asked string, q question, text string, hint *ems.WGS84, n int) []placed {
	out := ix.crossings(asked, text, hint, n)
	posted := text
	if text == q.text { // in "G2 612公里" the blank parts two numbers
		words := strings.Fields(asked)
		for i := range words {
			words[i] = fold(words[i])
		}
		posted = strings.Join(words, " ")
	}
	out = append(out, ix.milestones(q, posted, hint)...)
	out = append(out, ix.numbers(q, text, hint)...)
	slices.SortStableFunc(out, func(a, b placed) int { return cmp.Compare(a.class, b.class) })
	return out[:min(n, len(out))]
}

// namedRoads are the roads of a name, the nearest first: those that have it, otherwise those that sound like it or are one character off.
// begun adds those that only begin with it.
func (ix *Index) namedRoads(name string, hint *ems.WGS84, begun bool) []candidate {
	if name == "" {
		return nil
	}
	b := ix.best(16, hint, true)
	for _, t := range []*table{&ix.names, &ix.pinyin, &ix.initials} {
		if t != &ix.names && !isLatin(name) {
			break
		}
		b.sweep(exact, ByName, t.exactly(name))
		if begun {
			b.sweep(prefix, ByName, t.begin(name))
		}
	}
	if len(b.top) == 0 && !isLatin(name) && utf8.RuneCountInString(name) > 1 {
		for _, s := range ix.say(name) {
			b.sweep(sound, BySound, ix.pinyin.exactly(s))
		}
	}
	return b.top
}

// crossings finds where two roads meet: A路与B路路口, A路B路交叉口, or with the second not yet written out.
func (ix *Index) crossings(asked, text string, hint *ems.WGS84, n int) []placed {
	var out []placed
	done := func() bool { return slices.ContainsFunc(out, func(p placed) bool { return p.class == exact }) }
	try := func(left, right string) {
		if left == "" || right == "" || done() {
			return
		}
		for _, a := range ix.namedRoads(left, hint, false) {
			for _, z := range ix.namedRoads(right, hint, true) {
				worse := a
				if z.class > a.class {
					worse = z
				}
				if z.item != a.item {
					out = append(out, ix.meet(worse, int(ix.road[a.item]), int(ix.road[z.item]))...)
				}
			}
		}
	}
	all := func(road string) { // where a road meets any other
		if len(out) > 0 {
			return
		}
		for _, a := range ix.namedRoads(road, hint, false) {
			a.class = max(a.class, prefix)
			for _, o := range ix.meets[ix.road[a.item]] {
				out = append(out, ix.meet(a, int(ix.road[a.item]), int(o))...)
			}
		}
	}
	ends := unended(text)
	for _, at := range together.FindAllStringIndex(text, -1) {
		for _, e := range ends {
			if len(e) > at[1] {
				try(text[:at[0]], e[at[1]:])
			}
		}
		if len(text) == at[1] {
			all(text[:at[0]])
		}
	}
	if parts := strings.Fields(asked); len(parts) == 2 {
		for _, e := range unended(fold(parts[1])) {
			try(fold(parts[0]), e)
		}
	}
	for _, e := range ends {
		rs := []rune(e)
		for i := 2; i < len(rs)-1; i++ {
			if strings.ContainsRune("路街道巷线桥速", rs[i-1]) {
				try(string(rs[:i]), string(rs[i:]))
			}
		}
	}
	for _, e := range ends[1:] {
		all(e) // 建国路口: of all roads that it meets
	}
	ix.byDistance(out, hint)
	return out[:min(n, len(out))]
}

// unended gives what a crossing's text may be without the word for it: in B路口 the 路 is the road's, in B路路口 it is not.
func unended(text string) []string {
	out := []string{text}
	for _, s := range []string{strings.TrimSuffix(text, "口"), ending.ReplaceAllString(text, "")} {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// meet gives every place where two roads meet.
func (ix *Index) meet(how candidate, a, b int) []placed {
	var out []placed
	for _, p := range ix.meetings[pair(a, b)] {
		out = append(out, placed{how.class, Hit{Name: meetingName(ix.items[ix.item[a]].Name, ix.items[ix.item[b]].Name), Kind: Crossing, Pos: p, Match: how.class.match(), By: how.by}})
	}
	return out
}

// byDistance orders hits of one class by how near they are, and otherwise by their names.
func (ix *Index) byDistance(out []placed, hint *ems.WGS84) {
	slices.SortStableFunc(out, func(a, b placed) int {
		d := 0
		if hint != nil {
			d = cmp.Compare(roughly(*hint, a.Pos), roughly(*hint, b.Pos))
		}
		return cmp.Or(cmp.Compare(a.class, b.class), d, cmp.Compare(len(a.Name), len(b.Name)), strings.Compare(a.Name, b.Name), cmp.Compare(a.Pos.Lat, b.Pos.Lat), cmp.Compare(a.Pos.Lon, b.Pos.Lon))
	})
}

// numbers finds a house on its road. One that is not in the book is never made up: the nearest that are, on the same side, are given and say so.
func (ix *Index) numbers(q question, text string, hint *ems.WGS84) []placed {
	m := numbered.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	street, number, word, tail := m[1], m[2], m[3], m[4]
	if word == "号楼" || word == "号院" {
		tail, word = strings.TrimPrefix(word, "号")+tail, "号"
	}
	rest := ""
	if tail != "" {
		rest = q.rest(tail)
	}
	value, _ := leading(number)
	var out []placed
	for _, r := range ix.namedRoads(street, hint, false) {
		it, hs := &ix.items[r.item], ix.houses[ix.road[r.item]]
		give := func(c class, h house, asked string) {
			out = append(out, placed{c, Hit{Name: houseName(it.Name, h.shown), Kind: House, Pos: h.pos, Match: c.match(), By: r.by, House: h.shown, Asked: asked, Rest: rest}})
		}
		found := false
		for _, h := range hs {
			if h.number == number {
				give(max(exact, r.class), h, "")
				found = true
			}
		}
		if word == "" && tail == "" { // still being typed: 9 may become 93
			more := 0
			for _, h := range hs {
				if h.number != number && strings.HasPrefix(h.number, number) && more < 4 {
					give(max(prefix, r.class), h, "")
					found, more = true, more+1
				}
			}
		}
		if found {
			continue
		}
		near := nearest(hs, value)
		for _, h := range near {
			give(max(inside, r.class), h, number)
		}
		if len(near) == 0 {
			c := max(inside, r.class)
			out = append(out, placed{c, Hit{Name: it.Name, Kind: Road, Pos: it.Pos, Match: c.match(), By: r.by, Asked: number, Rest: rest}})
		}
	}
	return out
}

// nearest gives the known numbers next below and next above, on the same side of the road: odd or even. The closer one comes first.
func nearest(hs []house, value int) []house {
	var below, above *house
	for i := range hs {
		h := &hs[i]
		switch {
		case h.value%2 != value%2 || h.value < value-numberGap || h.value > value+numberGap:
		case h.value <= value:
			below = h
		case above == nil:
			above = h
		}
	}
	var out []house
	for _, h := range []*house{below, above} {
		if h != nil {
			out = append(out, *h)
		}
	}
	if len(out) == 2 && above.value-value < value-below.value {
		out[0], out[1] = out[1], out[0]
	}
	return out
}

// milestones finds a kilometre post; a place between two posts, along the road, which says between which; or the nearest ones in the book,
// which say so.
func (ix *Index) milestones(q question, text string, hint *ems.WGS84) []placed {
	m := postK.FindStringSubmatch(text)
	if m == nil || m[1] == "" {
		if m = postKm.FindStringSubmatch(text); m == nil {
			return nil
		}
	}
	km, _ := strconv.Atoi(m[2])
	metres, _ := strconv.Atoi(m[3])
	at, rest := km*1000+metres, ""
	if tail := fold(m[4]); tail != "" {
		rest = q.rest(tail)
	}
	var out []placed
	for _, r := range ix.namedRoads(strings.TrimSuffix(fold(m[1]), "第"), hint, false) {
		it, ps := &ix.items[r.item], ix.posts[ix.road[r.item]]
		give := func(c class, p Milestone, asked string) {
			out = append(out, placed{c, Hit{Name: it.Name + " " + postName(p.Metres), Kind: Post, Pos: p.Pos, Match: c.match(), By: r.by, House: postName(p.Metres), Asked: asked, Rest: rest}})
		}
		known := slices.ContainsFunc(ps, func(p Milestone) bool { return p.Metres == at })
		if on := ix.along(int(ix.road[r.item]), at, m[4]); !known && len(on) > 0 {
			for _, h := range on {
				c := max(inside, r.class)
				h.Name, h.Kind, h.Match, h.By, h.Asked, h.Rest = it.Name+" "+postName(at), Post, c.match(), r.by, postName(at), rest
				out = append(out, placed{c, h})
			}
			continue
		}
		best := postGap + 1
		for _, p := range ps {
			best = min(best, max(p.Metres-at, at-p.Metres))
		}
		for _, p := range ps {
			switch off := max(p.Metres-at, at-p.Metres); {
			case off == 0:
				give(r.class, p, "")
			case !known && off == best:
				give(max(inside, r.class), p, postName(at))
			}
		}
		if best > postGap {
			c := max(inside, r.class)
			out = append(out, placed{c, Hit{Name: it.Name, Kind: Road, Pos: it.Pos, Match: c.match(), By: r.by, Asked: postName(at), Rest: rest}})
		}
	}
	return out
}

// along finds the places of a kilometre between two posts of a road: one on each carriageway, those first on which one drives as was said.
func (ix *Index) along(road, at int, said string) []Hit {
	type found struct {
		Hit
		against bool
	}
	var all []found
	course, told := direction(said)
	for i := range ix.stretches[road] {
		s := &ix.stretches[road][i]
		if at <= s.From || at >= s.To {
			continue
		}
		pos, bearing := between(s.Line, float64(at-s.From)/float64(s.To-s.From))
		if s.Way < 0 {
			bearing += 180
		}
		turn := math.Abs(math.Mod(bearing-course+540, 360) - 180)
		all = append(all, found{Hit{Pos: pos, Between: postName(s.From) + "–" + postName(s.To)}, told && s.Way != 0 && turn > 90})
	}
	slices.SortStableFunc(all, func(a, b found) int {
		switch {
		case a.against == b.against:
			return 0
		case a.against:
			return 1
		}
		return -1
	})
	out := make([]Hit, len(all))
	for i, f := range all {
		out[i] = f.Hit
	}
	return out
}

// direction is what a caller says of where he drove: 南行, 往北, 东向; degrees from north.
func direction(said string) (course float64, told bool) {
	m := driving.FindStringSubmatch(said)
	if m == nil {
		return 0, false
	}
	return map[string]float64{"北": 0, "东": 90, "南": 180, "西": 270}[cmp.Or(m[1], m[2])], true
}

var driving = regexp.MustCompile(`(?:往|向|朝)([东南西北])|([东南西北])(?:行|向|方向)`)

// between is the place so far along a line, by its length, and where the line leads there.
func between(line []ems.WGS84, share float64) (ems.WGS84, float64) {
	total := 0.0
	for i := 1; i < len(line); i++ {
		total += float64(geo.Distance(line[i-1], line[i]))
	}
	left := total * share
	for i := 1; ; i++ {
		a, b := line[i-1], line[i]
		d := float64(geo.Distance(a, b))
		if left > d && i+1 < len(line) {
			left -= d
			continue
		}
		f := 0.0
		if d > 0 {
			f = min(left/d, 1)
		}
		return ems.WGS84{Lat: a.Lat + (b.Lat-a.Lat)*f, Lon: a.Lon + (b.Lon-a.Lon)*f}, geo.Bearing(a, b)
	}
}

func roughly(a, b ems.WGS84) float64 {
	dx, dy := (a.Lon-b.Lon)*0.8, a.Lat-b.Lat // near enough to order by, at China's latitudes
	return dx*dx + dy*dy
}
