package roads

import (
	"math"
	"math/rand/v2"
	"testing"

	"lifeline120/internal/ems"
)

// What is reached within a time is what Dijkstra and the contracted graph both say, to the millisecond: at places on random edges, in both
// profiles, with closures and measured speeds, from one place and from several.
func TestReachIsExactToTheMillisecond(t *testing.T) {
	for seed := range uint64(6) {
		w := build(t, grid(seed, 9, 8, 20), []Turning{Junctions, EveryTurn}[seed%2])
		r := rand.New(rand.NewPCG(seed, 5))
		for _, prof := range []Profile{Mission(), Normal()} {
			for _, over := range []Over{{}, closedSome()} {
				m := Customize(w.n, w.s, w.t, prof, over, nil)
				s, plain := NewScratch(w.t), NewPlain(m)
				for range 6 {
					var from []Place
					for range 1 + r.IntN(3) {
						from = append(from, places(r, w.n)...)
					}
					within := Millis(20_000 + r.IntN(200_000))
					reach := m.Reach(from, within)
					reached := 0
					for range 60 {
						to := places(r, w.n)[:1]
						want := min(m.Time(s, m.Out(nil, from...), m.In(nil, to...)), m.Direct(from, to))
						slow := min(plain.Time(m.Out(nil, from...), m.In(nil, to...)), m.Direct(from, to))
						if want != slow {
							t.Fatalf("the two searches differ: %d and %d", want, slow)
						}
						if want > within {
							want = Never
						} else {
							reached++
						}
						if got := reach.At(to[0]); got != want {
							t.Fatalf("seed %d %s: %+v is reached in %d ms, should be %d", seed, prof.Name, to[0], got, want)
						}
					}
					if within > 150_000 && reached == 0 && len(from) > 2 {
						t.Logf("seed %d: nothing of 60 places within %d ms", seed, within)
					}
				}
			}
		}
	}
}

// ringRoad is a square of roads, 1,200 m each side, 36 km/h, with a road out to the east.
func ringRoad(t *testing.T) (*Net, *Metric, *Snapper) {
	const side = 1200.0 / 6371008.8 * 180 / math.Pi
	n := &Net{Names: []string{""}}
	k := math.Cos(35 * math.Pi / 180)
	for _, p := range [][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {3, 0}} {
		n.Pos = append(n.Pos, ems.WGS84{Lat: 35 + p[1]*side, Lon: 118 + p[0]*side/k})
	}
	for _, r := range [][2]uint32{{0, 1}, {1, 2}, {2, 3}, {3, 0}, {1, 4}} {
		id := uint32(len(n.Roads))
		n.Roads = append(n.Roads, Road{A: r[0], B: r[1], Class: Primary, ShapeFirst: uint32(len(n.Shape)), ShapeLen: 2, Metres: float32(metres(n.Pos[r[0]], n.Pos[r[1]]))})
		n.Shape = append(n.Shape, n.Pos[r[0]], n.Pos[r[1]])
		n.Edges = append(n.Edges, Edge{From: r[0], To: r[1], Road: id}, Edge{From: r[1], To: r[0], Road: id, Back: true})
	}
	n.Index()
	w := build(t, n, Junctions)
	p := Normal()
	for c := range p.Kmh {
		p.Kmh[c] = 36 // 10 m/s
	}
	return n, Customize(w.n, w.s, w.t, p, Over{}, nil), NewSnapper(n, nil)
}

// The area is where one arrives by then: along the roads as far as the time goes, beside them as far as one walks; what a ring of roads leaves in
// its middle stays a hole.
func TestReachAreas(t *testing.T) {
	n, m, s := ringRoad(t)
	from := s.Snap(n.Pos[0], 10)
	r := m.Reach(from, 480_000)
	areas := r.Areas([]Millis{240_000, 480_000})
	if c := r.Cell(); c != cellLeast {
		t.Fatalf("drawn every %v m", c)
	}
	all := areas[1]
	if len(all) != 1 || len(all[0]) != 2 {
		t.Fatalf("%d areas, of %d rings", len(all), len(all[0]))
	}
	if ringArea(all[0][0]) <= 0 || ringArea(all[0][1]) >= 0 {
		t.Error("the outer ring goes the wrong way, or the hole does")
	}
	at := func(east, north float64) ems.WGS84 {
		return ems.WGS84{Lat: 35 + north/metresPerDegree, Lon: 118 + east/metresPerDegree/math.Cos(35*math.Pi/180)}
	}
	for _, tc := range []struct {
		name        string
		p           ems.WGS84
		four, eight bool
	}{
		{"the beginning", at(0, 0), true, true},
		{"600 m along, 80 m beside", at(600, -80), true, true},
		{"1,500 m: 150 s", at(1500, 0), true, true},
		{"2,000 m, 40 m beside: 240 s just so", at(2000, 90), false, true},
		{"3,300 m: 330 s", at(3300, 0), false, true},
		{"200 m from any road", at(600, -250), false, false},
		{"the middle of the ring", at(600, 600), false, false},
		{"the far corner, 2,400 m", at(1200, 1200), false, true},
	} {
		if got := Holds(areas[0], tc.p); got != tc.four {
			t.Errorf("%s: within 4 minutes %v", tc.name, got)
		}
		if got := Holds(areas[1], tc.p); got != tc.eight {
			t.Errorf("%s: within 8 minutes %v", tc.name, got)
		}
	}
	// Roads of 6 × 1,200 m with 150 m either side, less what overlaps.
	if km2 := SquareKm(all); km2 < 1.7 || km2 > 2.3 {
		t.Errorf("%.2f km²", km2)
	}
	if four := SquareKm(areas[0]); four >= SquareKm(all) {
		t.Errorf("4 minutes reach %.2f km², 8 reach %.2f", four, SquareKm(all))
	}
}

// Every place of a random town that is reached lies in the drawn area, to within a cell of its border, and every one that is not lies outside.
func TestReachAreasHoldWhatIsReached(t *testing.T) {
	for seed := range uint64(4) {
		w := build(t, grid(seed, 12, 12, 10), Junctions)
		m := Customize(w.n, w.s, w.t, Mission(), closedSome(), nil)
		rnd := rand.New(rand.NewPCG(seed, 9))
		from := places(rnd, w.n)
		limit, near := Millis(90_000), NewSnapper(w.n, nil)
		r := m.Reach(from, 2*limit)
		area := r.Areas([]Millis{limit})[0]
		slack := Millis(r.Cell() * 1.5 / WalkMps * 1000)
		in, out := 0, 0
		for range 3000 {
			p := places(rnd, w.n)[0]
			p.Off = 0
			best := r.At(p)
			_, at := w.n.Bearing(p)
			// Another road near it may be reached sooner, and the place walked to from there.
			for _, c := range near.Near(at, areaWalk, 12) {
				best = min(best, r.At(c.Place))
			}
			switch {
			case best+slack <= limit:
				if in++; !Holds(area, at) {
					t.Fatalf("seed %d: reached in %d ms and outside", seed, best)
				}
			case best > limit+slack:
				if out++; Holds(area, at) {
					t.Fatalf("seed %d: not reached before %d ms and inside", seed, best)
				}
			}
		}
		if in < 20 || out < 20 {
			t.Errorf("seed %d: %d in, %d out: too little was tested", seed, in, out)
		}
	}
}

func TestReachOfNothing(t *testing.T) {
	_, m, _ := ringRoad(t)
	r := m.Reach(nil, 480_000)
	if got := r.Areas([]Millis{1000}); len(got) != 1 || got[0] != nil || r.At(Place{}) != Never {
		t.Errorf("%+v", got)
	}
}
