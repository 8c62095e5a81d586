package roadspeed_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roads"
	"lifeline120/internal/roadspeed"
	"lifeline120/maps"
)

// city is the demo city, in which ambulances are made to drive.
type city struct {
	n    *roads.Net
	m    *roads.Metric
	s    *roads.Scratch
	snap *roads.Snapper
	at   []ems.WGS84 // stations and hospitals
}

func open(t *testing.T) city {
	t.Helper()
	c, err := roadfile.Open(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	list, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	out := city{n: c.Net, m: roads.Customize(c.Net, c.S, c.T, roads.Mission(), roads.Over{}, nil), s: roads.NewScratch(c.T), snap: roads.NewSnapper(c.Net, nil)}
	for _, s := range list.Stations {
		out.at = append(out.at, s.Pos)
	}
	for _, h := range list.Hospitals {
		out.at = append(out.at, h.Pos)
	}
	return out
}

func metresOf(n *roads.Net, e uint32) float64 { return float64(n.Roads[n.Edges[e].Road].Metres) }

// fix is a position that a receiver gives, and where the vehicle truly was.
type fix struct {
	at  time.Time
	pos ems.WGS84
	crs float64
}

// drive makes the fixes of a vehicle along edges, at a speed for each, every so often, off by noise metres.
func (c city) drive(edges []uint32, kmh func(edge uint32) float64, begin time.Time, every time.Duration, noise float64, r *rand.Rand) []fix {
	var out []fix
	var passed time.Duration // till the beginning of the edge
	next := time.Duration(0)
	for _, e := range edges {
		length := metresOf(c.n, e)
		took := time.Duration(length / (kmh(e) / 3.6) * float64(time.Second))
		for ; next < passed+took; next += every {
			course, on := c.n.Bearing(roads.Place{Edge: e, Along: length * float64(next-passed) / float64(took)})
			p := geo.Destination(on, r.Float64()*360, ems.Metres(math.Abs(r.NormFloat64())*noise))
			out = append(out, fix{begin.Add(next), p, course + r.NormFloat64()*5})
		}
		passed += took
	}
	return out
}

// learn follows fixes as the centre does.
func (c city) learn(t *roadspeed.Table, fixes []fix, mode roadspeed.Mode) (passages int) {
	var f roadspeed.Follower
	tracker := roads.NewTracker(c.snap)
	var last ems.WGS84
	for _, x := range fixes {
		p, ok := tracker.Move(roads.Motion{Pos: x.pos, Course: math.Mod(x.crs+360, 360), CourseKnown: true})
		if !ok {
			f.Lose()
			continue
		}
		for _, passage := range f.Move(c.n, x.at, p, mode, float64(geo.Distance(last, x.pos))) {
			passages++
			t.Learn(passage)
		}
		last = x.pos
	}
	return passages
}

func (c city) way(t *testing.T, i, k int) []uint32 {
	t.Helper()
	from, to := c.snap.Snap(c.at[i%len(c.at)], 500), c.snap.Snap(c.at[k%len(c.at)], 500)
	route, ok := c.m.Route(c.s, from, to)
	if !ok {
		return nil
	}
	return route.Edges
}

var morning = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC) // a Wednesday, 08:00 in Beijing

// planted is a speed for each edge that has nothing to do with the profile's.
func planted(e uint32) float64 { return 18 + float64(e*7919%40) }

// With receivers as they are, every 2 to 5 seconds and some metres off, what was driven comes back: within a tenth on most edges, and on none
// by more than the noise of short ones.
func TestPlantedSpeedsAreRecovered(t *testing.T) {
	c := open(t)
	r := rand.New(rand.NewPCG(1, 2))
	table := roadspeed.NewTable(c.n)
	driven := map[uint32]int{}
	for trip := range 240 {
		edges := c.way(t, trip%9, trip%9+1+trip%5)
		// A road in a row has one speed: that of its name, so that edges measured together have one, too.
		c.learn(table, c.drive(edges, func(e uint32) float64 { return planted(c.n.Roads[c.n.Edges[e].Road].Name) }, morning, time.Duration(1+trip%4)*time.Second, 4, r), roadspeed.Mission)
		for _, e := range edges {
			driven[e]++
		}
	}
	speeds := table.Speeds(roadspeed.Mission, roadspeed.SlotOf(morning), roads.Mission())
	looked, close := 0, 0
	for e, n := range driven {
		kmh, known := speeds[e]
		if n < 15 || metresOf(c.n, e) < 150 || !known {
			continue
		}
		want := planted(c.n.Roads[c.n.Edges[e].Road].Name)
		free := metresOf(c.n, e) / float64(c.m.EdgeMs[e]) * 3600
		// What fifteen passages and the profile's four make of it.
		want = 19 / (15/want + 4/free)
		looked++
		if math.Abs(kmh-want)/want < 0.1 {
			close++
		} else if math.Abs(kmh-want)/want > 0.3 {
			t.Errorf("edge %d, %.0f m: learnt %.1f km/h, should be %.1f (free %.1f)", e, metresOf(c.n, e), kmh, want, free)
		}
	}
	if looked < 40 || close*10 < looked*9 {
		t.Errorf("of %d edges %d came back", looked, close)
	}
	if n := len(table.Speeds(roadspeed.Normal, roadspeed.SlotOf(morning), roads.Normal())); n != 0 {
		t.Errorf("%d edges have a speed that nobody drove", n)
	}
	if n := len(table.Speeds(roadspeed.Mission, roadspeed.SlotOf(morning.Add(12*time.Hour)), roads.Mission())); n != 0 {
		t.Errorf("%d edges have a speed of hours in which nobody drove", n)
	}
}

// A receiver that jumps, a track with holes, and a vehicle that stands, invent no speed.
func TestNoiseAndGapsInventNothing(t *testing.T) {
	c := open(t)
	r := rand.New(rand.NewPCG(3, 4))
	edges := c.way(t, 0, 4)
	steady := func(uint32) float64 { return 36 }
	slot := roadspeed.SlotOf(morning)
	check := func(name string, table *roadspeed.Table) {
		t.Helper()
		for _, l := range table.Report([roadspeed.Modes]roads.Profile{roads.Mission(), roads.Normal()}) {
			if l.Median < 22 || l.Median > 55 {
				t.Errorf("%s: edge %d, %.0f m, is said to be driven at %.1f km/h, was at 36", name, l.Edge, metresOf(c.n, l.Edge), l.Median)
			}
			if l.Slot != slot {
				t.Errorf("%s: slot %v", name, l.Slot)
			}
		}
	}
	jumps := roadspeed.NewTable(c.n)
	for range 20 {
		fixes := c.drive(edges, steady, morning, time.Second, 4, r)
		for i := range fixes {
			if r.IntN(15) == 0 {
				fixes[i].pos = geo.Destination(fixes[i].pos, r.Float64()*360, ems.Metres(150+r.Float64()*2000))
			}
		}
		c.learn(jumps, fixes, roadspeed.Mission)
	}
	check("jumps", jumps)
	holes := roadspeed.NewTable(c.n)
	for range 20 {
		all := c.drive(edges, steady, morning, time.Second, 4, r)
		var fixes []fix
		for i := 0; i < len(all); i++ {
			if r.IntN(40) == 0 {
				i += 15 + r.IntN(60) // a tunnel, a dead link
			}
			if i < len(all) {
				fixes = append(fixes, all[i])
			}
		}
		c.learn(holes, fixes, roadspeed.Mission)
	}
	check("holes", holes)
	// Stands still in the middle of the way for five minutes: at a scene that nobody entered.
	stands := roadspeed.NewTable(c.n)
	for range 5 {
		fixes := c.drive(edges, steady, morning, time.Second, 3, r)
		at := len(fixes) / 2
		var all []fix
		all = append(all, fixes[:at]...)
		for k := range 300 {
			all = append(all, fix{fixes[at].at.Add(time.Duration(k) * time.Second), geo.Destination(fixes[at].pos, r.Float64()*360, 1), fixes[at].crs})
		}
		for _, f := range fixes[at:] {
			f.at = f.at.Add(300 * time.Second)
			all = append(all, f)
		}
		c.learn(stands, all, roadspeed.Mission)
	}
	check("stands", stands)
	// Fixes all over the city are no track.
	wild := roadspeed.NewTable(c.n)
	var anywhere []fix
	for i := range 2000 {
		p := c.at[r.IntN(len(c.at))]
		anywhere = append(anywhere, fix{morning.Add(time.Duration(i) * time.Second), geo.Destination(p, r.Float64()*360, ems.Metres(r.Float64()*3000)), r.Float64() * 360})
	}
	if n := c.learn(wild, anywhere, roadspeed.Mission); n != 0 {
		t.Errorf("%d passages of no track", n)
	}
}

// One passage hardly moves the speed; many do; one absurd one among many does not.
func TestFewPassagesStayNearTheProfile(t *testing.T) {
	c := open(t)
	p := roads.Mission()
	var e uint32
	for i := range c.n.Edges {
		if l := metresOf(c.n, uint32(i)); !c.n.Edges[i].Wrong && l > 200 && c.n.Roads[c.n.Edges[i].Road].Flags&roads.Private == 0 {
			e = uint32(i)
			break
		}
	}
	free := metresOf(c.n, e) / float64(p.EdgeMs(c.n, e, roads.Over{})) * 3600
	slow := free / 3
	table := roadspeed.NewTable(c.n)
	slot := roadspeed.SlotOf(morning)
	now := func() float64 { return table.Speeds(roadspeed.Mission, slot, p)[e] }
	learn := func(kmh float64) {
		table.Learn(roadspeed.Passage{Edges: []uint32{e}, Mode: roadspeed.Mission, Slot: slot, Kmh: kmh})
	}
	learn(slow)
	if want := 5 / (4/free + 1/slow); math.Abs(now()-want) > 0.5 || now() < free*0.6 {
		t.Errorf("after one passage at %.1f: %.1f of %.1f km/h", slow, now(), free)
	}
	for range 14 {
		learn(slow)
	}
	steady := now()
	if want := 19 / (4/free + 15/slow); math.Abs(steady-want) > 0.5 {
		t.Errorf("after fifteen: %.2f, should be %.2f", steady, want)
	}
	learn(160)
	learn(3)
	if math.Abs(now()-steady) > 0.01 {
		t.Errorf("two absurd ones moved it to %.2f from %.2f", now(), steady)
	}
	// What is no speed is not learnt.
	rows := table.Rows()
	for _, kmh := range []float64{math.NaN(), -5, 0, 2, 1000, math.Inf(1)} {
		table.Learn(roadspeed.Passage{Edges: []uint32{e + 1}, Mode: roadspeed.Mission, Slot: slot, Kmh: kmh})
	}
	if table.Rows() != rows {
		t.Error("what is no speed was learnt")
	}
}

func TestSlots(t *testing.T) {
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 0, 0, time.FixedZone("", 8*3600))
	}
	for _, tc := range []struct {
		at   time.Time
		want string
	}{
		{at(25, 0, 0), "weekday_night"}, {at(25, 6, 29), "weekday_night"}, {at(25, 6, 30), "weekday_morning"}, {at(25, 9, 30), "weekday_day"},
		{at(25, 16, 30), "weekday_evening"}, {at(25, 19, 30), "weekday_late"}, {at(25, 22, 0), "weekday_night"},
		{at(27, 23, 59), "weekday_night"}, {at(28, 0, 0), "weekend_night"}, {at(29, 8, 0), "weekend_morning"}, {at(30, 0, 0), "weekday_night"},
	} {
		if got := roadspeed.SlotOf(tc.at).String(); got != tc.want {
			t.Errorf("%s is %s, should be %s", tc.at, got, tc.want)
		}
		next := roadspeed.Next(tc.at)
		if !next.After(tc.at) || next.Sub(tc.at) > 9*time.Hour {
			t.Errorf("after %s comes %s", tc.at, next)
		}
		for x := tc.at; x.Before(next); x = x.Add(10 * time.Minute) {
			if roadspeed.SlotOf(x) != roadspeed.SlotOf(tc.at) {
				t.Errorf("the slot changes at %s, before %s", x, next)
			}
		}
	}
}

// What is written comes back; what is cut off, or has a bit turned, is refused whole.
func TestDocumentIsSealed(t *testing.T) {
	c := open(t)
	table := roadspeed.NewTable(c.n)
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		table.Learn(roadspeed.Passage{Edges: []uint32{uint32(r.IntN(200))}, Mode: roadspeed.Mode(r.IntN(2)), Slot: roadspeed.Slot(r.IntN(int(roadspeed.Slots))), Kmh: 5 + r.Float64()*90})
	}
	doc := table.Append(nil)
	back := roadspeed.NewTable(c.n)
	if strange, err := back.Read(doc); err != nil || strange != 0 || back.Rows() != table.Rows() {
		t.Fatal(strange, err, back.Rows(), table.Rows())
	}
	for m := range roadspeed.Modes {
		for s := range roadspeed.Slots {
			a, b := table.Speeds(m, s, roads.Mission()), back.Speeds(m, s, roads.Mission())
			if len(a) != len(b) {
				t.Fatalf("%d speeds, read back %d", len(a), len(b))
			}
			for e := range a {
				if a[e] != b[e] {
					t.Fatalf("edge %d: %v, read back %v", e, a[e], b[e])
				}
			}
		}
	}
	if again := back.Append(nil); string(again) != string(doc) {
		t.Error("read and written again it is another")
	}
	for _, n := range []int{0, 7, 11, 40, len(doc) / 2, len(doc) - 1} {
		if _, err := back.Read(doc[:n]); !errors.Is(err, roadspeed.ErrDamaged) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	for range 50 {
		bad := append([]byte(nil), doc...)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		if _, err := back.Read(bad); !errors.Is(err, roadspeed.ErrDamaged) {
			t.Fatalf("a bit turned: %v", err)
		}
	}
	if back.Rows() != table.Rows() {
		t.Error("a damaged document took away what was there")
	}
	// Another network: what it does not have is left out.
	other := *c.n
	other.Roads = append([]roads.Road(nil), c.n.Roads...)
	for i := range other.Roads {
		if i%2 == 0 {
			other.Roads[i].Way += 1
		}
	}
	half := roadspeed.NewTable(&other)
	if strange, err := half.Read(doc); err != nil || strange == 0 || half.Rows()+strange != table.Rows() {
		t.Errorf("%d strange, %d known of %d: %v", strange, half.Rows(), table.Rows(), err)
	}
}

func FuzzRead(f *testing.F) {
	n := &roads.Net{Names: []string{""}}
	f.Add(roadspeed.NewTable(n).Append(nil))
	f.Add([]byte("L120SPD1"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = roadspeed.NewTable(n).Read(b) })
}
