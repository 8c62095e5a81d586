package draw

import (
	"math"
	"math/rand/v2"
)

// area is a named piece of land with its tags.
type area struct {
	ring poly
	name name
	tags []string // key, value, ...
}

// land is what was there before the roads: water, hills, and where people live.
type land struct {
	river, brook, lake, reservoir poly
	water                         []poly
	hills                         []poly
	oldTown, core, newTown        poly
	counties                      []countyTown
	areas                         []area
}

type countyTown struct {
	at    pt
	ring  poly
	turn  float64
	name  string // of the county
	id    string
	other string // of the town itself
}

// ribbon is the ground a river covers: a centre line, and how wide it is along it.
func ribbon(l []pt, w func(share float64) float64) poly {
	total, s := length(l), 0.0
	left := make([]pt, 0, len(l))
	right := make([]pt, 0, len(l))
	for i, p := range l {
		if i > 0 {
			s += l[i-1].to(p)
		}
		d := l[min(i+1, len(l)-1)].sub(l[max(i-1, 0)]).unit().left().mul(w(s/total) / 2)
		left, right = append(left, p.add(d)), append(right, p.sub(d))
	}
	return append(poly(left), reversed(right)...)
}

func km(xy ...float64) []pt {
	out := make([]pt, 0, len(xy)/2)
	for i := 0; i < len(xy); i += 2 {
		out = append(out, pt{xy[i] * 1000, xy[i+1] * 1000})
	}
	return out
}

func makeLand(rng *rand.Rand) *land {
	l := &land{}
	l.river = ribbon(smooth(km(-26, 36, -19, 29, -12, 23, -7.5, 16, -1.5, 12, 1.6, 8, 3.4, 4.2, 2.6, 0.8, 3.1, -2.6, 2.2, -6, 4.8, -10.5, 5.2, -16, 9.6, -22, 10.2, -29, 15, -36), 4),
		func(s float64) float64 { return 110 + 190*math.Sin(math.Pi*min(1, s*1.3))*0.8 + 120*s })
	l.brook = ribbon(smooth(km(-38, -7, -30, -4.5, -24, -6.4, -17, -4.2, -11, -5.4, -6, -3.9, -2.2, -5.6, 2.75, -4.85), 4), func(s float64) float64 { return 22 + 40*s })
	l.lake = oval(pt{8600, 6200}, 1500, 950, 2, 0.12, 64, rng)
	l.reservoir = oval(pt{-22500, 19500}, 2700, 1500, 2, 0.22, 90, rng)
	l.water = []poly{l.river, l.brook, l.lake, l.reservoir}
	l.hills = []poly{oval(pt{-25000, 20000}, 13500, 11000, 2, 0.14, 80, rng), oval(pt{-9800, 4200}, 1700, 2600, 2, 0.1, 48, rng), oval(pt{29000, 27000}, 8000, 6000, 2, 0.15, 60, rng)}
	l.oldTown = oval(pt{-250, 150}, 1650, 1500, 3, 0.03, 48, rng)
	l.core = oval(pt{-300, 300}, 7400, 6900, 3.2, 0.03, 96, rng)
	l.newTown = oval(pt{11200, -6800}, 3400, 3000, 4, 0.02, 60, rng)
	for _, c := range []struct {
		x, y, rx, ry, turn float64
		county, town, id   string
	}{{-27500, -6500, 2300, 2000, 14, "云岭县", "云岭镇", "yunling"}, {23500, 15500, 2500, 2100, -9, "青禾县", "青禾镇", "qinghe"}, {-4500, -25500, 2400, 2200, 5, "沙洲县", "沙洲镇", "shazhou"}} {
		at := pt{c.x, c.y}
		l.counties = append(l.counties, countyTown{at: at, ring: oval(at, c.rx, c.ry, 3, 0.05, 60, rng), turn: c.turn, name: c.county, other: c.town, id: c.id})
	}
	add := func(ring poly, zh string, tags ...string) {
		a := area{ring: ring, tags: tags}
		if zh != "" {
			a.name = named(zh)
		}
		l.areas = append(l.areas, a)
	}
	add(l.river, "岚河", "natural", "water", "water", "river")
	add(l.brook, "汀溪", "natural", "water", "water", "river")
	add(l.lake, "青莲湖", "natural", "water", "water", "lake")
	add(l.reservoir, "云湖水库", "natural", "water", "water", "reservoir")
	add(l.hills[0], "云岭", "natural", "wood")
	add(l.hills[1], "西岭山", "natural", "wood")
	add(l.hills[2], "鹤山", "natural", "wood")
	for _, g := range []poly{l.core, l.newTown} {
		add(g, "", "landuse", "residential")
	}
	for _, c := range l.counties {
		add(c.ring, "", "landuse", "residential")
	}
	return l
}

// at says whether p is in any of the rings.
func within(p pt, rings ...poly) bool {
	for _, g := range rings {
		if g.has(p) {
			return true
		}
	}
	return false
}

func (l *land) hilly(p pt) bool { return within(p, l.hills...) }
func (l *land) wet(p pt) bool   { return within(p, l.water...) }

// districts are the three urban districts and three counties: the rivers and straight lines between them are their borders.
type district struct {
	id, zh string
	ring   poly
	people int
	rural  bool
}

func districts(rng *rand.Rand) []district {
	// Corners that two districts share, so that their borders are one line. Kilometres.
	c := map[string]pt{}
	for k, p := range map[string][2]float64{"nw": {-42, 36}, "n1": {-6, 36}, "n2": {10, 36}, "ne": {42, 36}, "e1": {42, -2}, "se": {42, -36}, "s1": {16, -36}, "sw": {-42, -36}, "w1": {-42, -16},
		"a": {-14, 10}, "b": {1.8, 3}, "c": {14.5, 9.5}, "d": {17, -3}, "e": {13.5, -14}, "f": {2.6, -10}, "g": {-14, -11}, "h": {-16, 2}, "i": {2.9, 0}} {
		c[k] = pt{p[0] * 1000, p[1] * 1000}
	}
	edge := map[string][]pt{}
	side := func(a, b string) []pt {
		k, back := a+b, false
		if a > b {
			k, back = b+a, true
		}
		if edge[k] == nil {
			p, q := c[min(a, b)], c[max(a, b)]
			bend := 0.10
			if onFrame(p) && onFrame(q) {
				bend = 0
			}
			edge[k] = wander(p, q, bend, 900, rng)
		}
		if back {
			return reversed(edge[k])
		}
		return edge[k]
	}
	ring := func(names ...string) poly {
		var g poly
		for i, a := range names {
			s := side(a, names[(i+1)%len(names)])
			g = append(g, s[:len(s)-1]...)
		}
		return g
	}
	return []district{
		{"tingzhou", "汀州区", ring("h", "a", "b", "i", "f", "g"), 620_000, false},
		{"dongan", "东岸区", ring("i", "b", "c", "d", "e", "f"), 450_000, false},
		{"beiguan", "北关区", ring("a", "n1", "n2", "c", "b"), 230_000, false},
		{"yunling", "云岭县", ring("w1", "nw", "n1", "a", "h", "g"), 210_000, true},
		{"qinghe", "青禾县", ring("n2", "ne", "e1", "d", "c"), 260_000, true},
		{"shazhou", "沙洲县", ring("sw", "w1", "g", "f", "e", "d", "e1", "se", "s1"), 270_000, true},
	}
}

func onFrame(p pt) bool { return math.Abs(p.x) > halfWidthM-1 || math.Abs(p.y) > halfHighM-1 }
