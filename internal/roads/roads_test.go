package roads

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"lifeline120/internal/ems"
)

// grid is a made-up town: w by h junctions, some roads missing, some one-way, some bridges, with turns that are not allowed.
func grid(seed uint64, w, h, bans int) *Net {
	r := rand.New(rand.NewPCG(seed, 17))
	n := &Net{Names: []string{"", "人民路", "解放路", "建设街"}}
	for y := range h {
		for x := range w {
			n.Pos = append(n.Pos, ems.WGS84{Lat: 35 + float64(y)*0.002 + r.Float64()*0.0008, Lon: 118 + float64(x)*0.0025 + r.Float64()*0.0008})
		}
	}
	road := func(a, b int) {
		if r.IntN(12) == 0 {
			return
		}
		id := uint32(len(n.Roads))
		rd := Road{A: uint32(a), B: uint32(b), Class: Class(2 + r.IntN(int(Classes)-2)), Name: uint32(r.IntN(4)), ShapeFirst: uint32(len(n.Shape)), ShapeLen: 2, Metres: float32(metres(n.Pos[a], n.Pos[b]))}
		if r.IntN(3) == 0 {
			rd.Flags |= OneWay
			if r.IntN(3) == 0 {
				rd.Flags |= Divided
			}
		}
		if r.IntN(5) == 0 {
			rd.LimitKmh = [2]uint8{uint8(20 + r.IntN(80)), uint8(20 + r.IntN(80))}
		}
		n.Shape = append(n.Shape, n.Pos[a], n.Pos[b])
		n.Roads = append(n.Roads, rd)
		n.Edges = append(n.Edges, Edge{From: rd.A, To: rd.B, Road: id}, Edge{From: rd.B, To: rd.A, Road: id, Back: true, Wrong: rd.Flags&OneWay != 0})
	}
	for y := range h {
		for x := range w {
			if x+1 < w {
				if r.IntN(2) == 0 {
					road(y*w+x, y*w+x+1)
				} else {
					road(y*w+x+1, y*w+x)
				}
			}
			if y+1 < h {
				road(y*w+x, (y+1)*w+x)
			}
		}
	}
	n.Index()
	for range bans {
		b := Ban{uint32(r.IntN(len(n.Edges)))}
		for k := 2 + r.IntN(3)*r.IntN(2); len(b) < k; {
			out := n.Leaving(n.Edges[b[len(b)-1]].To)
			if len(out) == 0 {
				break
			}
			b = append(b, out[r.IntN(len(out))])
		}
		if len(b) >= 2 {
			n.Bans = append(n.Bans, b)
		}
	}
	return n
}

type town struct {
	n *Net
	s *Space
	t *Topology
}

func build(t testing.TB, n *Net, turning Turning) town {
	t.Helper()
	if err := n.Check(); err != nil {
		t.Fatal(err)
	}
	s, err := Expand(n, turning)
	if err != nil {
		t.Fatal(err)
	}
	order := Order(n, s, nil)
	seen := slices.Clone(order)
	slices.Sort(seen)
	if len(slices.Compact(seen)) != s.States() {
		t.Fatalf("the order has %d states of %d", len(slices.Compact(seen)), s.States())
	}
	return town{n, s, Contract(s, order)}
}

// closedSome closes every fortieth edge, and gives every third a measured speed.
func closedSome() Over {
	return Over{Closed: func(e uint32) bool { return e%40 == 7 }, KmhOf: func(e uint32) (float64, bool) { return float64(5 + e%70), e%3 == 0 }}
}

// The answers are exact: those of a plain Dijkstra with the same times, to the millisecond, on every query; in both profiles, with turns and
// without, with closures, measured speeds and banned ways.
func TestExactToTheMillisecond(t *testing.T) {
	for seed := range uint64(6) {
		for _, turning := range []Turning{Junctions, EveryTurn} {
			w := build(t, grid(seed, 4+int(seed)*4, 5+int(seed)*3, int(seed)*6), turning)
			for _, p := range []Profile{Normal(), Mission()} {
				for i, over := range []Over{{}, closedSome()} {
					t.Run(fmt.Sprint(seed, turning, p.Name, i), func(t *testing.T) { compare(t, w, Customize(w.n, w.s, w.t, p, over, nil), seed) })
				}
			}
		}
	}
}

func places(r *rand.Rand, n *Net) []Place {
	e := uint32(r.IntN(len(n.Edges)))
	length := float64(n.Roads[n.Edges[e].Road].Metres)
	along := r.Float64() * length
	out := []Place{{Edge: e, Along: along, Off: float64(r.IntN(30))}}
	if r.IntN(2) == 0 { // stands: both directions
		for o := range n.Edges {
			if n.Edges[o].Road == n.Edges[e].Road && uint32(o) != e {
				out = append(out, Place{Edge: uint32(o), Along: length - along, Off: out[0].Off})
			}
		}
	}
	return out
}

func compare(t *testing.T, w town, m *Metric, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	s, plain := NewScratch(w.t), NewPlain(m)
	found := 0
	const vehicles = 40
	b := NewBuckets(m, vehicles)
	at := make([][]Seed, vehicles)
	times, many := make([]Millis, vehicles), make([]Millis, vehicles)
	for q := range 60 {
		for v := range vehicles { // all move now and then
			if q == 0 || r.IntN(5) == 0 {
				at[v] = m.Out(nil, places(r, w.n)...)
				b.Put(uint32(v), at[v])
			}
		}
		if q == 30 {
			b.Remove(3)
			at[3] = nil
		}
		from, to := places(r, w.n), places(r, w.n)
		out, in := m.Out(nil, from...), m.In(nil, to...)
		want := plain.Time(out, in)
		if got := m.Time(s, out, in); got != want {
			t.Fatalf("%v to %v takes %d ms, Dijkstra says %d", from, to, got, want)
		}
		if want < Never {
			found++
		}
		b.Times(s, in, times)
		m.TimesTo(s, at, in, many)
		for v := range vehicles {
			want := plain.Time(at[v], in)
			if times[v] != want || many[v] != want {
				t.Fatalf("vehicle %d: buckets say %d, many-to-one %d, Dijkstra %d", v, times[v], many[v], want)
			}
		}
		targets := make([][]Seed, 9)
		for i := range targets {
			targets[i] = m.In(nil, places(r, w.n)...)
		}
		m.Times(s, out, targets, many[:9])
		for i := range targets {
			if want := plain.Time(out, targets[i]); many[i] != want {
				t.Fatalf("one to many, %d: %d, Dijkstra %d", i, many[i], want)
			}
		}
		route(t, w, m, s, from, to)
	}
	if found < 5 && w.n.Bans == nil && m.Closed == nil {
		t.Errorf("only %d queries have a way: nothing was tested", found)
	}
	for i := range s.to {
		if s.to[i] != Never || s.from[i] != Never {
			t.Fatal("a query left times behind")
		}
	}
}

// route checks that a way hangs together, is allowed, and takes what it says.
func route(t *testing.T, w town, m *Metric, s *Scratch, from, to []Place) {
	t.Helper()
	want := min(m.Time(s, m.Out(nil, from...), m.In(nil, to...)), m.Direct(from, to))
	r, ok := m.Route(s, from, to)
	if ok != (want < Never) {
		t.Fatalf("a route is there: %v; its time: %d", ok, want)
	}
	if !ok {
		return
	}
	sum, length := Millis(0), 0.0
	for _, x := range r.Steps {
		sum += x.Ms
		length += x.Metres
	}
	if sum += walk(r.WalkM); sum != want || r.Ms != want {
		t.Fatalf("the steps take %d ms, the route %d, the query said %d", sum, r.Ms, want)
	}
	if d := length - r.Metres; d > 0.01 || d < -0.01 {
		t.Fatalf("the steps are %v m, the route %v m", length, r.Metres)
	}
	for i := 1; i < len(r.Edges); i++ {
		if w.n.Edges[r.Edges[i-1]].To != w.n.Edges[r.Edges[i]].From {
			t.Fatalf("edge %d does not begin where %d ends", r.Edges[i], r.Edges[i-1])
		}
	}
	if m.Profile.TurnMs[Banned] >= Never {
		for _, b := range w.n.Bans {
			for i := 0; i+len(b) <= len(r.Edges); i++ {
				if slices.Equal(r.Edges[i:i+len(b)], b) {
					t.Fatalf("the route takes the banned way %v", b)
				}
			}
		}
	}
	drawn := 0.0
	for i := 1; i < len(r.Line); i++ {
		drawn += metres(r.Line[i-1], r.Line[i])
	}
	if d := drawn - r.Metres; d > 1+r.Metres*0.001 || d < -1-r.Metres*0.001 {
		t.Fatalf("the line is %.1f m long, the route %.1f m", drawn, r.Metres)
	}
}

// Banned ways hold exactly: the search graph is compared with a search that remembers whole ways.
func TestBannedWays(t *testing.T) {
	for seed := range uint64(8) {
		n := grid(seed, 5, 4, 25)
		w := build(t, n, Junctions)
		m := Customize(n, w.s, w.t, Normal(), Over{}, nil)
		s := NewScratch(w.t)
		for a := range n.Edges {
			want := remembering(n, m, uint32(a))
			for b := range n.Edges {
				got := m.Time(s, []Seed{{w.s.After[a], 0}}, m.In(nil, Place{Edge: uint32(b), Along: float64(n.Roads[n.Edges[b].Road].Metres)}))
				if got != want[b] && m.EdgeMs[b] < Never {
					t.Fatalf("seed %d: from edge %d over edge %d takes %d, want %d", seed, a, b, got, want[b])
				}
			}
		}
	}
}

// remembering searches over the last four edges, so that no ban of up to four can be forgotten: times after edge a to the end of each edge.
func remembering(n *Net, m *Metric, a uint32) []Millis {
	type key [4]int32
	best := map[key]Millis{}
	out := make([]Millis, len(n.Edges))
	for i := range out {
		out[i] = Never
	}
	open := map[key]Millis{{-1, -1, -1, int32(a)}: 0}
	for len(open) > 0 {
		var k key
		d := Never
		for x, ms := range open {
			if ms < d || ms == d && slices.Compare(x[:], k[:]) < 0 {
				k, d = x, ms
			}
		}
		delete(open, k)
		best[k] = d
		for _, e := range n.Leaving(n.Edges[k[3]].To) {
			if m.EdgeMs[e] >= Never {
				continue
			}
			way := []uint32{}
			for _, x := range k {
				if x >= 0 {
					way = append(way, uint32(x))
				}
			}
			way = append(way, e)
			banned := slices.ContainsFunc(n.Bans, func(b Ban) bool {
				return len(b) <= len(way) && slices.Equal(way[len(way)-len(b):], b)
			})
			if banned {
				continue
			}
			next := key{k[1], k[2], k[3], int32(e)}
			ms := d + m.EdgeMs[e]
			out[e] = min(out[e], ms)
			if _, done := best[next]; done {
				continue
			}
			if old, ok := open[next]; !ok || ms < old {
				open[next] = ms
			}
		}
	}
	return out
}

func TestLoadTakesOnlyWhatFits(t *testing.T) {
	w := build(t, grid(3, 9, 9, 5), Junctions)
	again, err := Load(w.s, w.t.State)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, w.t) {
		t.Error("what was written and read is another topology")
	}
	order := slices.Clone(w.t.State)
	order[0] = order[1]
	if _, err := Load(w.s, order); err == nil {
		t.Error("an order with a state twice is taken")
	}
	order[0] = uint32(len(order))
	if _, err := Load(w.s, order); err == nil {
		t.Error("an order with a state that is not there is taken")
	}
	if _, err := Load(w.s, w.t.State[1:]); err == nil {
		t.Error("an order of another city is taken")
	}
}

// The order decides how fast an answer is, never what it is: with states in any order the answers are exact.
func TestExactInAnyOrder(t *testing.T) {
	for seed := range uint64(4) {
		for _, turning := range []Turning{Junctions, EveryTurn} {
			w := build(t, grid(seed, 6, 7, 9), turning)
			order := w.t.State
			rand.New(rand.NewPCG(seed, 5)).Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
			w.t = Contract(w.s, order)
			compare(t, w, Customize(w.n, w.s, w.t, Normal(), closedSome(), nil), seed)
		}
	}
}

// Queries take no memory: the garbage collector has nothing to do with how long an answer takes.
func TestQueriesAllocateNothing(t *testing.T) {
	w := build(t, grid(2, 12, 12, 8), EveryTurn)
	m := Customize(w.n, w.s, w.t, Mission(), Over{}, nil)
	r := rand.New(rand.NewPCG(9, 9))
	const vehicles = 30
	s, b := NewScratch(w.t), NewBuckets(m, vehicles)
	var out, in [vehicles][]Seed
	for v := range vehicles {
		out[v], in[v] = m.Out(nil, places(r, w.n)...), m.In(nil, places(r, w.n)...)
	}
	times, many := make([]Millis, vehicles), make([]Millis, vehicles)
	round := func() {
		for v := range vehicles {
			b.Put(uint32(v), out[v])
			b.Times(s, in[v], times)
			m.Time(s, out[v], in[v])
		}
		m.Times(s, out[0], in[:], many)
		m.TimesTo(s, out[:], in[0], many)
	}
	round() // lists grow once
	if n := testing.AllocsPerRun(20, round); n != 0 {
		t.Errorf("a round of queries takes memory %v times", n)
	}
}
