package dispatcher

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/store/mem"
	"lifeline120/internal/wire"
	"lifeline120/maps"
)

// ownRoads are the demo city's, of this test alone: closures are worked into them.
func ownRoads(t *testing.T) *roadlive.Roads {
	t.Helper()
	c, err := roadfile.Open(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	return roadlive.Of(c.City, roads.Mission(), roads.Normal(), time.Now())
}

func ofTheTest(r *roadlive.Roads) func(context.Context) (*roadlive.Roads, error) {
	return func(context.Context) (*roadlive.Roads, error) { return r, nil }
}

// stations of the demo city that lie apart, and the way between them.
func apart(t *testing.T, r *roadlive.Roads) (from, to ems.WGS84, way roads.Route) {
	t.Helper()
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	from, to = city.Stations[0].Pos, city.Stations[4].Pos
	way, ok := r.Route(roadlive.Mission, r.Snap(from), r.Snap(to))
	if !ok || len(way.Line) < 8 {
		t.Fatalf("%+v", way)
	}
	return from, to, way
}

// inTheWay is a line along the longest straight of a way, well within it.
func inTheWay(way roads.Route) []ems.WGS84 {
	best, at := 0.0, 0
	for i := 1; i < len(way.Line); i++ {
		if d := float64(geo.Distance(way.Line[i-1], way.Line[i])); d > best {
			best, at = d, i
		}
	}
	a, b := way.Line[at-1], way.Line[at]
	between := func(f float64) ems.WGS84 {
		return ems.WGS84{Lat: a.Lat + (b.Lat-a.Lat)*f, Lon: a.Lon + (b.Lon-a.Lon)*f}
	}
	return []ems.WGS84{between(0.3), between(0.7)}
}

func TestClosure_IsGoneAroundUntilItIsLifted(t *testing.T) {
	r := ownRoads(t)
	from, to, way := apart(t, r)
	onRoads(t, ofTheTest(r), func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		first := b.value("roads", "now")
		if first["loaded"] != true || first["free"] != true || first["closed"] != 0.0 {
			t.Fatal(first)
		}
		b.do(desk.DrawClosure{Closure: "c1", Reason: "事故", Line: inTheWay(way)})
		time.Sleep(time.Second)
		v := b.value("closures", "c1")
		hit, _ := v["roads"].([]any)
		if v["state"] != "in_force" || v["applied"] == nil || v["problem"] != nil || len(hit) == 0 {
			t.Fatal(v)
		}
		if road := hit[0].(map[string]any); road["name"] == "" || road["metres"].(float64) < 10 || len(road["lines"].([]any)) == 0 {
			t.Error(road)
		}
		if now := b.value("roads", "now"); now["closures"] != 1.0 || now["closed"].(float64) < 1 || now["version"] != first["version"].(float64)+1 {
			t.Error(now)
		}
		for _, mode := range []roadlive.Mode{roadlive.Mission, roadlive.Normal} {
			around, ok := r.Route(mode, r.Snap(from), r.Snap(to))
			if !ok {
				t.Fatal("no way around")
			}
			for _, p := range inTheWay(way) {
				for _, q := range around.Line {
					if geo.Distance(p, q) < 5 {
						t.Errorf("mode %d: the way leads through the closure at %v", mode, q)
					}
				}
			}
		}
		if d, _ := r.Travel(roadlive.Mission, from, to); d <= time.Duration(way.Ms)*time.Millisecond {
			t.Errorf("around it takes %v, before %d ms", d, way.Ms)
		}
		b.do(desk.LiftClosure{Closure: "c1"})
		time.Sleep(time.Second)
		if d, _ := r.Travel(roadlive.Mission, from, to); d != time.Duration(way.Ms)*time.Millisecond {
			t.Errorf("lifted it takes %v, before %d ms", d, way.Ms)
		}
		if v := b.value("closures", "c1"); v["state"] != "lifted" || v["ended_by"] != "张调度" || v["applied"] == nil {
			t.Error(v)
		}
	})
}

// The clock begins and ends a closure, and the travel times follow.
func TestClosure_FollowsTheClock(t *testing.T) {
	r := ownRoads(t)
	_, _, way := apart(t, r)
	onRoads(t, ofTheTest(r), func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		until := time.Now().Add(20 * time.Minute)
		b.do(desk.DrawClosure{Closure: "c1", Reason: "马拉松", Line: inTheWay(way), From: time.Now().Add(10 * time.Minute), Until: &until})
		time.Sleep(time.Second)
		if v := b.value("closures", "c1"); v["state"] != "awaited" || len(v["roads"].([]any)) == 0 || v["applied"] != nil || r.Now().Closed != 0 {
			t.Fatal(v)
		}
		time.Sleep(10 * time.Minute)
		if v := b.value("closures", "c1"); v["state"] != "in_force" || v["applied"] == nil || r.Now().Closed == 0 {
			t.Fatal(v)
		}
		time.Sleep(10 * time.Minute)
		if v := b.value("closures", "c1"); v["state"] != "expired" || r.Now().Closed != 0 {
			t.Fatal(v)
		}
	})
}

// A closure stands after a restart, on the journal alone, and what it hits is worked out anew.
func TestClosure_SurvivesARestart(t *testing.T) {
	r := ownRoads(t)
	_, _, way := apart(t, r)
	synctest.Test(t, func(t *testing.T) {
		disk, file := mem.NewDisk("store-1", true), t.TempDir()+"/unrecorded.log"
		b := beginWith(t, disk, &air{}, file, func(c *Centre) { c.cfg.Roads = ofTheTest(r) })
		time.Sleep(time.Second)
		b.do(desk.DrawClosure{Closure: "c1", Reason: "塌方", Line: inTheWay(way)})
		time.Sleep(time.Second)
		b.stop()
		fresh := ownRoads(t)
		b = beginWith(t, disk, &air{}, file, func(c *Centre) { c.cfg.Roads = ofTheTest(fresh) })
		time.Sleep(time.Second)
		if v := b.value("closures", "c1"); v["state"] != "in_force" || v["applied"] == nil || fresh.Now().Closed == 0 || fresh.Now().Closed != r.Now().Closed {
			t.Error(v, fresh.Now().Closed, r.Now().Closed)
		}
		b.stop()
	})
}

// DLV-006: while the store is silent a closure is in force all the same, and marked; it is called recorded when the store has it.
func TestDLV006_AClosureHoldsWhileTheStoreIsSilent(t *testing.T) {
	r := ownRoads(t)
	_, _, way := apart(t, r)
	onRoads(t, ofTheTest(r), func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		b.disk.SetDown(true)
		if _, err := b.try(desk.DrawClosure{Closure: "c1", Reason: "水淹", Line: inTheWay(way)}); err != ErrUnrecorded {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if v := b.value("closures", "c1"); v["unrecorded"] != true || v["applied"] == nil || r.Now().Closed == 0 {
			t.Fatal(v)
		}
		b.disk.SetDown(false)
		time.Sleep(3 * time.Second)
		if v := b.value("closures", "c1"); v["unrecorded"] != nil || v["applied"] == nil || b.events("closure.drawn") != 1 {
			t.Fatal(v)
		}
	})
}

// GEO-001: a line from a shifted map is converted once, where it comes in.
func TestGEO001_AClosureIsKeptInWGS84(t *testing.T) {
	r := ownRoads(t)
	_, _, way := apart(t, r)
	want := inTheWay(way)
	shifted := make([]ems.WGS84, len(want))
	baidu := make([]ems.WGS84, len(want))
	for i, p := range want {
		shifted[i] = ems.WGS84(geo.ToGCJ02(p))
		baidu[i] = ems.WGS84(geo.ToBD09(geo.ToGCJ02(p)))
	}
	if geo.Distance(shifted[0], want[0]) < 100 {
		t.Fatal("the demo city is not shifted: nothing is tested")
	}
	for datum, line := range map[string][]ems.WGS84{"": want, "wgs84": want, "gcj02": shifted, "bd09": baidu} {
		got, err := closedLine(wire.ClosureBody{Line: line, Datum: datum}, r)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if d := geo.Distance(got[i], want[i]); d > 0.01 {
				t.Errorf("%q: %v m off", datum, d)
			}
		}
	}
}

// What hits no road says so, and so does a centre without roads.
func TestClosure_SaysWhatItDoesNotClose(t *testing.T) {
	r := ownRoads(t)
	field := []ems.WGS84{{Lat: 35.9, Lon: 118.9}, {Lat: 35.91, Lon: 118.9}}
	onRoads(t, ofTheTest(r), func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		b.do(desk.DrawClosure{Closure: "c1", Reason: "r", Line: field})
		time.Sleep(time.Second)
		if v := b.value("closures", "c1"); v["problem"] != "no_hit" || v["roads"] != nil || r.Now().Closed != 0 {
			t.Error(v)
		}
	})
	onRoads(t, nil, func(t *testing.T, b *bench) {
		b.do(desk.DrawClosure{Closure: "c1", Reason: "r", Line: field})
		time.Sleep(time.Second)
		if v := b.value("closures", "c1"); v["problem"] != "no_roads" || v["applied"] != nil {
			t.Error(v)
		}
		if v := b.value("roads", "now"); v["loaded"] != false {
			t.Error(v)
		}
	})
}

// However quickly closures come and go, what holds in the end is what stands in the end; and one that is not worked in yet never says so.
func TestClosure_QuickChangesEndRight(t *testing.T) {
	r := ownRoads(t)
	_, _, way := apart(t, r)
	onRoads(t, ofTheTest(r), func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		before := r.Now().Version
		line := inTheWay(way)
		for i := range 40 {
			id := ems.ClosureID(fmt.Sprint("c", i))
			b.do(desk.DrawClosure{Closure: id, Reason: "r", Line: line})
			if v := b.value("closures", string(id)); v["applied"] != nil && r.Now().Closed == 0 {
				t.Fatal("called worked in before it was:", v)
			}
			if i != 39 {
				b.do(desk.LiftClosure{Closure: id})
			}
		}
		time.Sleep(time.Second)
		if r.Now().Closed == 0 || r.Now().Version-before > 80 {
			t.Errorf("%d closed after %d updates", r.Now().Closed, r.Now().Version-before)
		}
		for i := range 40 {
			v := b.value("closures", fmt.Sprint("c", i))
			if want := map[bool]string{true: "in_force", false: "lifted"}[i == 39]; v["state"] != want || v["applied"] == nil {
				t.Errorf("c%d: %v", i, v)
			}
		}
	})
}

// The keeper reads the newest wish only: those before it that nobody had begun are one.
func TestTimesKeeper_NewestWishAlone(t *testing.T) {
	k := newTimesKeeper()
	for i := range 10 {
		k.want(timesWish{closures: make([]drawn, i)})
	}
	<-k.ready
	if w := k.take(); w == nil || len(w.closures) != 9 || k.take() != nil {
		t.Error(w)
	}
	select {
	case <-k.ready:
		t.Error("it is called twice")
	default:
	}
}

// Times that fail are said, on each closure that they would have had in them, and tried again; those before still hold.
func TestClosure_FailureIsShownAndTriedAgain(t *testing.T) {
	r := ownRoads(t)
	_, _, way := apart(t, r)
	broken := false
	synctest.Test(t, func(t *testing.T) {
		b := beginWith(t, mem.NewDisk("store-1", true), &air{}, t.TempDir()+"/unrecorded.log", func(c *Centre) {
			c.cfg.Roads = ofTheTest(r)
			c.keeper.work = func(ctx context.Context, w timesWish, found map[ems.ClosureID][]roads.Stretch) timesMade {
				if broken {
					w.roads, found = nil, map[ems.ClosureID][]roads.Stretch{} // it breaks down, and is caught
					made := workIn(ctx, w, found)
					made.roads = r
					return made
				}
				return workIn(ctx, w, found)
			}
		})
		time.Sleep(time.Second)
		b.do(desk.DrawClosure{Closure: "c1", Reason: "r", Line: inTheWay(way)})
		time.Sleep(time.Second)
		b.looks(func(*desk.State) { broken = true })
		b.do(desk.DrawClosure{Closure: "c2", Reason: "r", Line: inTheWay(way)[:1]})
		time.Sleep(time.Second)
		if v := b.value("roads", "now"); v["problem"] != "failed" || v["closures"] != 1.0 {
			t.Error(v)
		}
		if v := b.value("closures", "c1"); v["applied"] == nil || v["problem"] != nil {
			t.Error("the times that hold know of it:", v)
		}
		if v := b.value("closures", "c2"); v["applied"] != nil || v["problem"] != "failed" {
			t.Error(v)
		}
		b.looks(func(*desk.State) { broken = false })
		time.Sleep(timesAgain)
		if v := b.value("closures", "c2"); v["applied"] == nil || v["problem"] != nil {
			t.Error("not tried again:", v)
		}
		if v := b.value("roads", "now"); v["problem"] != nil || v["closures"] != 2.0 {
			t.Error(v)
		}
		b.stop()
	})
}

func TestClosedRoadsByName(t *testing.T) {
	r := ownRoads(t)
	_, _, way := apart(t, r)
	got := closedRoads(r.City().Net, r.Under(roads.Drawn{Line: way.Line}))
	names := map[string]bool{}
	for _, s := range way.Steps {
		if s.Metres > 100 {
			names[s.Name] = true
		}
	}
	var listed []string
	for i, c := range got {
		listed = append(listed, c.Name)
		if i > 0 && c.Metres > got[i-1].Metres {
			t.Errorf("not the longest first: %v", got)
		}
		if c.Metres > way.Metres*1.05 {
			t.Errorf("%s: %v of %v m", c.Name, c.Metres, way.Metres)
		}
	}
	for n := range names {
		if !slices.Contains(listed, n) {
			t.Errorf("%q was driven and is not listed: %q", n, listed)
		}
	}
}

func TestClosedRoadsByName_SayWhyTheyAreRefused(t *testing.T) {
	r := ownRoads(t)
	name := wire.ClosureBody{Road: "无此路", Cross: []string{"东街", "西街"}}
	_, missing := closedLine(name, r)
	_, none := closedLine(name, nil)
	_, one := closedLine(wire.ClosureBody{Road: "无此路", Cross: []string{"东街"}}, r)
	long := desk.DrawClosure{Line: []ems.WGS84{{Lat: 35, Lon: 118}, {Lat: 36, Lon: 118}}}.Fits()
	for want, errs := range map[string][]error{"not_found": {missing}, "no_roads": {none}, "refused": {one, long}} {
		for _, err := range errs {
			if got := drawnProblem(err); err == nil || got != want {
				t.Errorf("%v: %s, want %s", err, got, want)
			}
		}
	}
}
