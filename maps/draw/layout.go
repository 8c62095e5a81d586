package draw

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// layout lays out all roads: what each is, before they meet.
type layout struct {
	rng    *rand.Rand
	land   *land
	names  *namer
	lines  []*line
	pairs  int
	towns  []place
	rural  []*line // roads that villages may join
	frames []poly  // towns' grounds
}

// place is where people live, with its name and size.
type place struct {
	at   pt
	name name
	kind string // city, suburb, town, village, hamlet
	pop  int
	ring poly
}

var speeds = map[class]int{motorway: 120, trunk: 80, primary: 60, secondary: 60, tertiary: 40, unclassified: 40, residential: 30, service: 15}

func (o *layout) add(l line) *line {
	if l.speed == 0 {
		l.speed = speeds[l.class]
	}
	p := &l
	o.lines = append(o.lines, p)
	return p
}

// dual adds a road with separate carriageways, each one way. apart is half the distance between them.
func (o *layout) dual(l line, apart float64, meet bool) {
	o.pairs++
	closed := l.pts[0] == l.pts[len(l.pts)-1]
	l.oneway, l.pair = true, o.pairs
	if l.lanes == 0 {
		l.lanes = 3
	}
	a, b := l, l
	a.pts = beside(l.pts, apart, closed, meet)
	b.pts = reversed(beside(l.pts, -apart, closed, meet))
	o.add(a)
	o.add(b)
}

// grid is a bent lattice of streets.
type grid struct {
	at        pt
	turn      float64
	w, h      float64 // half sizes
	step      float64
	bend      float64
	in        poly
	out       []poly
	primary   int // every n-th line is one; 0: none
	secondary int
	tertiary  int
	keep      float64
	infill    float64
	lanes     bool // names end in 巷, some are one way
	plainOf   int  // first of the phase
	named     bool
}

// uv makes the bent grid's own coordinates into the plane's.
func (g grid) bendAt(phase float64) func(u, v float64) pt {
	return func(u, v float64) pt {
		p := pt{u + g.bend*math.Sin(v/2100+phase), v + g.bend*math.Sin(u/2600+phase*2) + 0.35*g.bend*math.Sin(u/830+phase)}
		return g.at.add(p.turned(g.turn))
	}
}

func (o *layout) grid(g grid) {
	to := g.bendAt(o.rng.Float64() * 6)
	cuts := func(half float64) []float64 {
		var c []float64
		for x := -half; x <= half; x += g.step * (0.82 + 0.36*o.rng.Float64()) {
			c = append(c, x)
		}
		return c
	}
	us, vs := cuts(g.w), cuts(g.h)
	classOf := func(i int) class {
		i += g.plainOf
		switch {
		case g.primary > 0 && i%g.primary == 0:
			return primary
		case g.secondary > 0 && i%g.secondary == 0:
			return secondary
		case g.tertiary > 0 && i%g.tertiary == 0:
			return tertiary
		}
		return residential
	}
	one := false
	for dir, pair := range [][2][]float64{{us, vs}, {vs, us}} {
		across, lengthwise := pair[0], pair[1]
		for i, a := range across {
			var pts []pt
			for j, b := range lengthwise {
				for _, s := range []float64{0, 0.5} {
					at := b
					if j+1 < len(lengthwise) {
						at += s * (lengthwise[j+1] - b)
					} else if s > 0 {
						continue
					}
					if dir == 0 {
						pts = append(pts, to(a, at))
					} else {
						pts = append(pts, to(at, a))
					}
				}
			}
			l := line{pts: pts, class: classOf(i), inside: g.in, outside: g.out}
			o.street(g, l, dir == 0, a, &one)
		}
	}
	if g.infill > 0 {
		o.infill(g, to, us, vs)
	}
}

// street gives a line of a grid its name, kind and sides, and adds it.
func (o *layout) street(g grid, l line, vertical bool, at float64, one *bool) {
	stem := o.names.stem()
	switch l.class {
	case primary, secondary:
		l.spans, l.outside = l.class == primary, nil
		l.name = named(stem + "路")
		if l.class == primary {
			l.name = named(stem + "大道")
		}
		parts := o.split(l, stem, vertical)
		for _, p := range parts {
			if l.class == primary {
				p.lanes = 3
				o.dual(p, 8, true)
				continue
			}
			p.lanes = 2
			o.add(p)
		}
		return
	case tertiary:
		l.name, l.keep = named(stem+"路"), 0.97
	default:
		l.keep = g.keep
		switch {
		case g.lanes:
			l.name = named(stem + "巷")
			if o.rng.IntN(4) == 0 {
				l.oneway = true
				if *one = !*one; *one {
					l.pts = reversed(l.pts)
				}
			}
		case g.named:
			l.name = named(stem + "街")
			l.oneway = o.rng.IntN(9) == 0
		}
	}
	o.add(l)
}

// split parts a long street at the middle of its grid: 东 and 西, or 南 and 北, as Chinese cities name them.
func (o *layout) split(l line, stem string, vertical bool) []line {
	if length(l.pts) < 5000 {
		return []line{l}
	}
	m := len(l.pts) / 2
	a, b := l, l
	a.pts, b.pts = l.pts[:m+1], l.pts[m:]
	ends := [2]string{"西路", "东路"}
	if vertical {
		ends = [2]string{"南路", "北路"}
	}
	a.name, b.name = named(stem+ends[0]), named(stem+ends[1])
	return []line{a, b}
}

// infill adds ways inside the blocks: through the yards of housing estates.
func (o *layout) infill(g grid, to func(u, v float64) pt, us, vs []float64) {
	for i := 1; i < len(us); i++ {
		for j := 1; j < len(vs); j++ {
			if o.rng.Float64() > g.infill {
				continue
			}
			t := 0.3 + 0.4*o.rng.Float64()
			u, v := us[i-1]+t*(us[i]-us[i-1]), vs[j-1]+t*(vs[j]-vs[j-1])
			a, b := to(u, vs[j-1]-2), to(u, vs[j]+2)
			if o.rng.IntN(2) == 0 {
				a, b = to(us[i-1]-2, v), to(us[i]+2, v)
			}
			pts := []pt{a, lerp(a, b, 0.5).add(pt{o.rng.Float64()*16 - 8, o.rng.Float64()*16 - 8}), b}
			switch o.rng.IntN(4) {
			case 0:
				pts = pts[:2] // ends in the yard
			case 1:
				pts = pts[1:]
			}
			o.add(line{pts: pts, class: service, inside: g.in, outside: g.out})
		}
	}
}

func (o *layout) city() {
	l := o.land
	park := func(x, y, rx, ry float64, zh string) poly {
		g := oval(pt{x, y}, rx, ry, 3.5, 0.06, 32, o.rng)
		l.areas = append(l.areas, area{ring: g, name: named(zh), tags: []string{"leisure", "park"}})
		return g
	}
	parks := []poly{park(-3300, 2700, 420, 360, "杏林公园"), park(4600, 1500, 380, 460, "东岸公园"), park(-2600, -3000, 460, 300, "荷塘公园"), park(900, 4700, 330, 380, "北关公园"),
		park(11400, -6300, 620, 520, "汀州公园"), park(-5400, -900, 300, 420, "柳堤公园"), park(5700, -3700, 420, 300, "春晖园"), park(-1000, -5400, 500, 260, "汀溪公园")}
	o.dual(line{pts: l.oldTown.closed(), class: secondary, name: named("环城路"), lanes: 2, speed: 50}, 7, false)
	ring2 := oval(pt{-300, 300}, 3560, 3420, 3.4, 0.02, 96, o.rng)
	o.dual(line{pts: ring2.closed(), class: primary, name: named("二环路"), spans: true, speed: 70}, 9, false)
	o.dual(line{pts: l.core.closed(), class: trunk, name: named("三环路"), spans: true, lanes: 4}, 11, false)
	o.grid(grid{at: pt{-300, 300}, turn: -3, w: 8200, h: 7600, step: 168, bend: 170, in: l.core.grown(40), out: append([]poly{l.oldTown.grown(-25), l.hills[1]}, parks...), primary: 14, secondary: 7, tertiary: 3,
		keep: 0.88, infill: 0.40, plainOf: 6, named: true})
	o.grid(grid{at: pt{-250, 150}, turn: 9, w: 1900, h: 1800, step: 112, bend: 70, in: l.oldTown.grown(25), tertiary: 7, keep: 0.82, infill: 0.18, lanes: true, plainOf: 3})
	o.add(line{pts: l.newTown.closed(), class: secondary, name: named("新城环路"), lanes: 2})
	o.grid(grid{at: pt{11200, -6800}, turn: 8, w: 3700, h: 3300, step: 205, bend: 10, in: l.newTown.grown(25), out: parks, primary: 10, secondary: 5, tertiary: 0, keep: 0.93, infill: 0.5, plainOf: 2, named: true})
	for i, c := range l.counties {
		o.add(line{pts: c.ring.closed(), class: secondary, name: named([]string{"云岭", "青禾", "沙洲"}[i] + "环路"), spans: true, lanes: 2})
		o.grid(grid{at: c.at, turn: c.turn, w: 2700, h: 2500, step: 172, bend: 60, in: c.ring.grown(25), secondary: 8, tertiary: 4, keep: 0.78, infill: 0.3, plainOf: 4, named: true})
		o.towns = append(o.towns, place{at: c.at, name: named(c.other), kind: "town", pop: 90000 + 9000*i, ring: c.ring})
	}
}

// townships scatters the towns of the land around, away from each other and out of the water.
func (o *layout) townships() {
	stems := []string{"枫岭", "石桥", "柳泉", "白塔", "大湾", "松山", "青石", "红枫", "马店", "金谷", "杏花", "汀口", "沙岭", "清水", "双塘", "兰坡", "云台", "槐店", "龙湾", "凤坡", "桃园", "麦丰", "虹桥",
		"梅岭", "荷湾", "栗园", "枣庄", "桑园", "稻香", "玉泉", "鹤鸣", "雁滩", "鹿岭", "榆林", "翠屏", "海棠", "长青", "银杏", "菊园", "竹溪"}
	for try := 0; try < 4000 && len(o.towns) < 3+34; try++ {
		p := pt{(o.rng.Float64()*2 - 1) * (halfWidthM - 3500), (o.rng.Float64()*2 - 1) * (halfHighM - 3500)}
		far := 7200.0
		if o.land.hilly(p) {
			far = 11500
		}
		if p.sub(pt{800, 0}).len() < 18500 || o.land.wet(p) || p.to(o.land.newTown[0]) < 8000 {
			continue
		}
		if slices.ContainsFunc(o.towns, func(t place) bool { return t.at.to(p) < far }) {
			continue
		}
		var nm name
		for ok := false; !ok; {
			if len(stems) == 0 {
				return
			}
			nm, ok = o.names.take(stems[0] + "镇")
			stems = stems[1:]
		}
		size := 380 + 320*o.rng.Float64()
		ring := oval(p, size*1.15, size, 3, 0.1, 24, o.rng)
		o.towns = append(o.towns, place{at: p, name: nm, kind: "town", pop: int(8000 + size*22), ring: ring})
		o.grid(grid{at: p, turn: o.rng.Float64() * 60, w: size * 1.3, h: size * 1.2, step: 118, bend: 20, in: ring, tertiary: 5, keep: 0.84, plainOf: 2, named: true, infill: 0.12})
	}
}

// county joins the towns with each other and with the city: the relative neighbours, and no more.
func (o *layout) county() {
	type stop struct {
		at   pt
		kind int // 0 gate of the city, 1 county town, 2 town
	}
	var stops []stop
	for i := range 12 {
		stops = append(stops, stop{at: o.land.core[i*len(o.land.core)/12]})
	}
	gates := len(stops)
	stops = append(stops, stop{at: o.land.newTown[4]}, stop{at: o.land.newTown[34]}, stop{at: o.land.newTown[20]}, stop{at: o.land.newTown[50]})
	for i, t := range o.towns {
		k := 2
		if i < 3 {
			k = 1
		}
		stops = append(stops, stop{t.at, k})
	}
	ways := 0
	for i, a := range stops {
		for j := i + 1; j < len(stops); j++ {
			b := stops[j]
			if a.kind == 0 && b.kind == 0 && (i < gates) == (j < gates) {
				continue
			}
			d := a.at.to(b.at)
			blocked := false
			for k, c := range stops {
				if k == i || k == j {
					continue
				}
				if max(a.at.to(c.at), b.at.to(c.at)) < d*0.87 {
					blocked = true
					break
				}
			}
			if blocked {
				continue
			}
			cl, sp := secondary, 70
			switch {
			case a.kind <= 1 && b.kind <= 1:
				cl, sp = trunk, 80
			case a.kind <= 1 || b.kind <= 1:
				cl, sp = primary, 80
			case o.land.hilly(a.at) || o.land.hilly(b.at):
				cl, sp = tertiary, 50
			}
			bend := 0.09
			if o.land.hilly(lerp(a.at, b.at, 0.5)) {
				bend = 0.2
			}
			from, to := a.at, b.at
			if a.kind == 0 {
				from = a.at.add(a.at.sub(b.at).unit().mul(14))
			}
			if b.kind == 0 {
				to = b.at.add(b.at.sub(a.at).unit().mul(14))
			}
			ways++
			pts := smooth(around(wander(from, to, bend, 700, o.rng), o.land.lake, o.land.reservoir), 2)
			nm := named(fmt.Sprintf("%s路", o.names.stem()))
			l := o.add(line{pts: pts, class: cl, speed: sp, spans: true, name: nm, lanes: 2, ref: fmt.Sprintf("%s%03d", map[class]string{trunk: "S", primary: "S", secondary: "X", tertiary: "Y"}[cl], 200+ways),
				outside: []poly{o.land.reservoir, o.land.lake}})
			o.rural = append(o.rural, l)
		}
	}
}

// villages stand along and between the county's roads.
func (o *layout) villages(n int) {
	var at []pt
	for try := 0; try < 20000 && len(at) < n; try++ {
		p := pt{(o.rng.Float64()*2 - 1) * (halfWidthM - 1500), (o.rng.Float64()*2 - 1) * (halfHighM - 1500)}
		near := 1350.0
		if o.land.hilly(p) {
			near = 2900
		}
		if p.sub(pt{-300, 300}).len() < 9200 || o.land.wet(p) || within(p, o.land.newTown) || slices.ContainsFunc(at, func(q pt) bool { return q.to(p) < near }) ||
			slices.ContainsFunc(o.towns, func(t place) bool { return t.at.to(p) < 1200 || within(p, t.ring) }) {
			continue
		}
		join, d := o.nearestRural(p)
		if d > 4200 || d < 220 {
			continue
		}
		at = append(at, p)
		nm := o.names.village()
		size := 150 + 170*o.rng.Float64()
		ring := oval(p, size*1.2, size, 3, 0.12, 14, o.rng)
		o.towns = append(o.towns, place{at: p, name: nm, kind: "village", pop: int(400 + size*9), ring: ring})
		bend := 0.1
		if o.land.hilly(p) {
			bend = 0.22
		}
		over := join.add(join.sub(p).unit().mul(3))
		way := o.add(line{pts: smooth(wander(p, over, bend, 500, o.rng), 1), class: unclassified, name: named(string([]rune(nm.zh)[:len([]rune(nm.zh))-1]) + "路"), outside: []poly{o.land.reservoir, o.land.lake}})
		o.rural = append(o.rural, way)
		o.grid(grid{at: p, turn: o.rng.Float64() * 90, w: size * 1.4, h: size * 1.2, step: 92, bend: 8, in: ring, keep: 0.86})
	}
}

func (o *layout) nearestRural(p pt) (pt, float64) {
	best, far := pt{}, math.Inf(1)
	for _, l := range o.rural {
		for i := 1; i < len(l.pts); i++ {
			a, b := l.pts[i-1], l.pts[i]
			if min(a.to(p), b.to(p))-a.to(b) > far {
				continue
			}
			q := lerp(a, b, nearest(p, a, b))
			if d := q.to(p); d < far && !o.land.wet(q) {
				best, far = q, d
			}
		}
	}
	return best, far
}

// motorways are the ring around the city, two that go on from it in four directions, and their junctions with the county's roads.
func (o *layout) motorways() {
	ring := oval(pt{1100, -700}, 16200, 13400, 3.2, 0.02, 144, o.rng)
	centre := ring.closed()
	o.dual(line{pts: centre, class: motorway, name: named("绕城高速"), ref: "S90", spans: true, speed: 100}, 13, false)
	type spur struct {
		from int
		to   pt
		zh   string
		ref  string
	}
	q := len(ring) / 4
	main := [][]pt{centre}
	for _, s := range []spur{{0, pt{halfWidthM, 3000}, "汀海高速", "S91"}, {q, pt{-2500, halfHighM}, "岱汀高速", "S92"}, {2 * q, pt{-halfWidthM, 5200}, "汀海高速", "S91"}, {3 * q, pt{1800, -halfHighM}, "岱汀高速", "S92"}} {
		a := ring[s.from]
		out := s.to.sub(a).unit()
		pts := smooth(wander(a.add(out.mul(420)), s.to, 0.05, 1500, o.rng), 2)
		o.dual(line{pts: pts, class: motorway, name: named(s.zh), ref: s.ref, spans: true}, 13, true)
		o.fork(centre, s.from, pts)
		main = append(main, pts)
	}
	// Diamonds where a county road of rank goes under.
	for _, m := range main {
		last := -5000.0
		type hit struct {
			s    float64
			with *line
		}
		var hits []hit
		s := 0.0
		for i := 1; i < len(m); i++ {
			for _, l := range o.rural {
				if l.class > secondary {
					continue
				}
				for j := 1; j < len(l.pts); j++ {
					if t, _, ok := cross(m[i-1], m[i], l.pts[j-1], l.pts[j], 0); ok {
						hits = append(hits, hit{s + t*m[i-1].to(m[i]), l})
					}
				}
			}
			s += m[i-1].to(m[i])
		}
		slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(a.s, b.s) })
		for _, h := range hits {
			if h.s-last < 4200 || h.s < 1300 || s-h.s < 1300 {
				continue
			}
			last = h.s
			o.diamond(m, h.s)
		}
	}
}

// diamond adds the four slip roads of a junction: on each side one line leaves the carriageway, crosses the road below and comes back.
func (o *layout) diamond(m []pt, s float64) {
	for _, side := range []float64{1, -1} { // right of the direction of drawing goes forward
		var pts []pt
		for _, k := range []struct{ d, off float64 }{{-430, 10}, {-360, 24}, {-220, 52}, {-60, 78}, {0, 82}, {60, 78}, {220, 52}, {360, 24}, {430, 10}} {
			p, dir := along(m, s+k.d)
			pts = append(pts, p.add(dir.left().mul(-side*k.off)))
		}
		if side < 0 {
			pts = reversed(pts)
		}
		o.add(line{pts: pts, class: motorway, link: true, oneway: true, spans: true, speed: 60, lanes: 1})
	}
}

// fork joins a spur with the ring: into it and out of it in both directions. The spur begins 420 m outside of the ring.
func (o *layout) fork(ring []pt, at int, spur []pt) {
	before := 0.0
	for i := 1; i <= at; i++ {
		before += ring[i-1].to(ring[i])
	}
	total := length(ring)
	on := func(s, off float64) pt {
		s = math.Mod(s+total, total)
		p, dir := along(ring, s)
		return p.add(dir.left().mul(-off))
	}
	dir := spur[1].sub(spur[0]).unit()
	head, right := spur[0], dir.left().mul(-1)
	// The ring is drawn counterclockwise: its right carriageway is the outer one and goes counterclockwise.
	link := func(pts ...pt) {
		o.add(line{pts: smooth(pts, 2), class: motorway, link: true, oneway: true, spans: true, speed: 60, lanes: 1})
	}
	link(on(before-520, 10), on(before-300, 40), head.add(right.mul(26)).add(dir.mul(-60)), head.add(right.mul(2)).add(dir.mul(3)))
	link(head.add(dir.mul(3)).sub(right.mul(2)), head.sub(right.mul(26)).add(dir.mul(-60)), on(before+300, 40), on(before+520, 10))
	link(head.add(dir.mul(3)), head.add(dir.mul(-130)), on(before-120, -60), on(before-260, -40), on(before-520, -10))
	link(on(before+520, -10), on(before+260, -40), on(before+120, -60), head.add(dir.mul(-130)).add(right.mul(12)), head.add(dir.mul(3)))
}

// railway passes the city in the west, with its station.
func (o *layout) railway() {
	o.add(line{pts: smooth(km(-9, 36, -8, 24, -7.2, 14, -6.6, 7, -6.2, 2, -6.4, -4, -7.8, -12, -9, -22, -8, -36), 3), class: rail, name: named("岱汀铁路"), spans: true})
}

// settle forgets the towns and villages that no road reached, and gives the others their ground.
func (o *layout) settle(n *net) {
	near := map[[2]int]bool{}
	for _, p := range n.live() {
		near[cellOf(n.at[p.from], 100)] = true
	}
	o.towns = slices.DeleteFunc(o.towns, func(t place) bool {
		for x := -1; x <= 1; x++ {
			for y := -1; y <= 1; y++ {
				if c := cellOf(t.at, 100); near[[2]int{c[0] + x, c[1] + y}] {
					return false
				}
			}
		}
		return true
	})
	for i, t := range o.towns {
		if i >= 3 {
			o.land.areas = append(o.land.areas, area{ring: t.ring, tags: []string{"landuse", "residential"}})
		}
	}
}
