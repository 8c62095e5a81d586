package dispatcher

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/roads"
	"lifeline120/internal/store/mem"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
	"lifeline120/maps"
)

// areasOf reads back what a screen is given.
func areasOf(b wire.ReachBand) []roads.Polygon {
	var out []roads.Polygon
	for _, rings := range b.Polygons {
		var p roads.Polygon
		for _, ring := range rings {
			var line []ems.WGS84
			for _, at := range ring {
				line = append(line, ems.WGS84{Lon: at[0], Lat: at[1]})
			}
			p = append(p, line)
		}
		out = append(out, p)
	}
	return out
}

func TestReach_FromOneAndByAllFreeUnits(t *testing.T) {
	r := ownRoads(t)
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	_, _, way := apart(t, r)
	onRoads(t, ofTheTest(r), func(t *testing.T, b *bench) {
		ask := func(q reachAsked) wire.ReachView {
			t.Helper()
			if q.Minutes == "" {
				q.Minutes = "4,8,12"
			}
			v, err := b.reachOf(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		time.Sleep(time.Second)
		if v := ask(reachAsked{}); v.Problem != "nobody" || len(v.Bands) != 0 {
			t.Errorf("nobody is free: %+v", v)
		}
		one := ask(reachAsked{Station: string(city.Stations[0].ID)})
		if len(one.Bands) != 3 || one.Problem != "" || one.CellM < 50 {
			t.Fatalf("%+v", one)
		}
		last := 0.0
		for _, band := range one.Bands {
			if band.Km2 <= last || !roads.Holds(areasOf(band), city.Stations[0].Pos) {
				t.Errorf("%d min: %v km² after %v", band.Minutes, band.Km2, last)
			}
			last = band.Km2
		}
		// A place on the way is in exactly when it is reached by then.
		for _, p := range way.Line {
			d := r.To(0, [][]roads.Place{r.Snap(city.Stations[0].Pos)}, r.Snap(p))[0]
			if d > 3*time.Minute && d < 5*time.Minute {
				continue // at the border, to within a cell
			}
			if in := roads.Holds(areasOf(one.Bands[0]), p); in != (d < 4*time.Minute) {
				t.Errorf("%v is reached in %v: inside %v", p, d, in)
			}
		}
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		for i, u := range city.Units[:3] {
			newVan(b.air, string(u.ID)).presence(&pb.Presence{Online: true})
			b.do(desk.SetDuty{Unit: u.ID, Duty: ems.OnDuty, Crew: []string{"李", "王"}})
			stands(newVan(b.air, string(u.ID)), city.Stations[i*2].Pos)
		}
		all := ask(reachAsked{})
		if len(all.From) != 3 || all.Bands[0].Km2 <= one.Bands[0].Km2 {
			t.Errorf("by %d units %v km², from one station %v", len(all.From), all.Bands, one.Bands)
		}
		// One that is sent is free no more.
		at := city.Stations[3].Pos
		b.do(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: &ems.Place{Pos: &at, Source: "manual"}})
		b.do(desk.Dispatch{Incident: "i1", Unit: city.Units[0].ID, Mission: "m1", Order: "o1"})
		if v := ask(reachAsked{}); len(v.From) != 2 || slices.ContainsFunc(v.From, func(f wire.ReachFrom) bool { return f.ID == string(city.Units[0].ID) }) {
			t.Errorf("%+v", v.From)
		}
		if v := ask(reachAsked{Unit: string(city.Units[0].ID)}); len(v.Bands) != 3 {
			t.Errorf("the one that is sent: %+v", v)
		}
		// A closure makes it smaller: the station's own road is shut.
		b.do(desk.DrawClosure{Closure: "c1", Reason: "r", Line: []ems.WGS84{way.Line[0]}})
		time.Sleep(time.Second)
		if shut := ask(reachAsked{Station: string(city.Stations[0].ID)}); shut.Version == one.Version || shut.Bands[0].Km2 > one.Bands[0].Km2 {
			t.Errorf("closed it reaches %v km², open %v", shut.Bands[0].Km2, one.Bands[0].Km2)
		}
		if v := ask(reachAsked{At: "100,20"}); v.Problem != "off_roads" {
			t.Errorf("%+v", v)
		}
		if v := ask(reachAsked{Unit: "nobody"}); v.Problem != "not_found" {
			t.Errorf("%+v", v)
		}
		for _, q := range []reachAsked{{Minutes: "8,4"}, {Minutes: "0"}, {Minutes: "61"}, {Minutes: "1,2,3,4,5,6"}, {Minutes: "x"}, {At: "here", Minutes: "4"}} {
			var c *coded
			if _, err := b.reachOf(t.Context(), q); !errors.As(err, &c) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, mem.NewDisk("store-1", true), &air{}, t.TempDir()+"/unrecorded.log")
		if v, err := b.reachOf(t.Context(), reachAsked{Minutes: "4"}); err != nil || v.Problem != "no_roads" {
			t.Errorf("%+v, %v", v, err)
		}
		b.stop()
	})
}
