package dispatcher

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/match"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/store/mem"
	pb "lifeline120/internal/wire/proto"
	"lifeline120/maps"
)

var demoRoads = sync.OnceValues(func() (*roadlive.Roads, error) {
	c, err := roadfile.Open(maps.Demo())
	if err != nil {
		return nil, err
	}
	p, err := roadfile.ReadProfiles(maps.Demo())
	return roadlive.Of(c.City, p.Mission, p.Normal, time.Now()), err
})

// onRoads is at, with the demo city's roads.
func onRoads(t *testing.T, roads func(context.Context) (*roadlive.Roads, error), f func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := beginWith(t, mem.NewDisk("store-1", true), &air{}, t.TempDir()+"/unrecorded.log", func(c *Centre) { c.cfg.Roads = roads })
		f(t, b)
		b.stop()
	})
}

func stands(v *van, at ems.WGS84) {
	v.send(link.UpLive, pb.Lane_LANE_POSITION, pb.Kind_KIND_POSITIONS, 0, &pb.Positions{Positions: []*pb.Position{{Device: "gnss", Lat: at.Lat, Lon: at.Lon,
		Quality: "good", TakenUs: v.us()}}})
	time.Sleep(time.Second)
}

// ranked asks as the console does.
func (b *bench) ranked(in ems.IncidentID) match.Recommendation {
	b.t.Helper()
	r, err := b.Do(b.t.Context(), desk.Actor{By: "王芳", Desk: "d1"}, func(s *desk.State, t time.Time) (desk.Command, error) {
		q, err := b.question(s, "r-"+string(in)+t.Format("150405"), in, t)
		return desk.StoreRecommendation{Recommendation: match.Recommend(q)}, err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	rec, err := pick[match.Recommendation](r, desk.Recommendations)
	if err != nil {
		b.t.Fatal(err)
	}
	return rec
}

func TestDSP001_UnitsAreRankedByRoad(t *testing.T) {
	roads, err := demoRoads()
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	onRoads(t, func(context.Context) (*roadlive.Roads, error) { return roads, nil }, func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		off := ems.WGS84{Lat: city.Stations[0].Pos.Lat + 0.6, Lon: city.Stations[0].Pos.Lon} // on no map
		for i, u := range city.Units[:6] {
			newVan(b.air, string(u.ID)).presence(&pb.Presence{Online: true})
			b.do(desk.SetDuty{Unit: u.ID, Duty: ems.OnDuty, Crew: []string{"李", "王"}})
			if i == 5 {
				stands(newVan(b.air, string(u.ID)), off)
			} else {
				stands(newVan(b.air, string(u.ID)), city.Stations[i].Pos)
			}
		}
		at := city.Stations[7].Pos
		b.do(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: &ems.Place{Pos: &at, Source: "manual"}})
		rec := b.ranked("i1")
		if rec.Method != match.MethodRoads || len(rec.Missing) != 0 || len(rec.Units) < 5 {
			t.Fatalf("%+v", rec)
		}
		last := 0.0
		for _, u := range rec.Units {
			var want time.Duration
			for i, c := range city.Units[:6] {
				if c.ID == u.Unit {
					want, _ = roads.Travel(roadlive.Mission, city.Stations[i].Pos, at)
				}
			}
			if u.Unit == city.Units[5].ID {
				if !hasWhy(u.Caution, "by_line") {
					t.Errorf("%s is off the map and does not say so: %+v", u.Unit, u)
				}
				continue
			}
			if u.EtaS == nil || math.Abs(*u.EtaS-want.Seconds()) > 0.001 || *u.EtaS < last || hasWhy(u.Caution, "by_line") {
				t.Errorf("%s is ranked at %v s, by road %v", u.Unit, u.EtaS, want)
			}
			last = *u.EtaS
		}
		// Twice the same question has the same answer (DSP-007).
		time.Sleep(time.Second)
		again := b.ranked("i1")
		for i := range rec.Units {
			if again.Units[i].Unit != rec.Units[i].Unit || *again.Units[i].EtaS != *rec.Units[i].EtaS {
				t.Errorf("asked again: %+v, before %+v", again.Units[i], rec.Units[i])
			}
		}
		// An incident off the map: straight lines, and it says so.
		b.do(desk.OpenIncident{Incident: "i2", Type: ems.Emergency, Priority: ems.PriorityA, Place: &ems.Place{Pos: &off, Source: "manual"}})
		if rec := b.ranked("i2"); rec.Method != match.MethodLine || !hasWhy(rec.Missing, "off_roads") {
			t.Errorf("off the map: %+v", rec)
		}
	})
}

func hasWhy(ws []match.Why, code string) bool {
	for _, w := range ws {
		if w.Code == code {
			return true
		}
	}
	return false
}

func TestArrivalIsForetoldByRoad(t *testing.T) {
	roads, err := demoRoads()
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	onRoads(t, func(context.Context) (*roadlive.Roads, error) { return roads, nil }, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		from, to := city.Stations[3].Pos, city.Stations[0].Pos
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		b.do(desk.SetDuty{Unit: "u01", Duty: ems.OnDuty, Crew: []string{"李", "王"}})
		b.do(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: &ems.Place{Pos: &to, Source: "manual"}})
		b.do(desk.Dispatch{Incident: "i1", Unit: "u01", Mission: "m1", Order: "o1"})
		b.do(desk.AcceptByVoice{Order: "o1", Name: "李医生"})
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeDeparted})
		stands(v, from)
		time.Sleep(2 * time.Second)
		e := b.value("missions", "m1")
		want, ok := roads.Travel(roadlive.Mission, from, to)
		if !ok {
			t.Fatal("no way between two stations")
		}
		eta, err := time.Parse(time.RFC3339, e["eta"].(string))
		if err != nil || e["eta_method"] != match.MethodRoads {
			t.Fatal(e, err)
		}
		if d := time.Until(eta) - want; d > 5*time.Second || d < -10*time.Second {
			t.Errorf("foretold in %v, by road %v", time.Until(eta), want)
		}
		r, err := b.route(t.Context(), "m1")
		if err != nil || math.Abs(r.Seconds-want.Seconds()) > 0.001 || len(r.Line) < 3 || r.Steps[len(r.Steps)-1].Turn != "arrive" || r.Unit != "u01" {
			t.Errorf("its way: %+v, %v; by road %v", r, err, want)
		}
		time.Sleep(etaFresh + time.Second)
		if r, err := b.route(t.Context(), "m1"); err != nil || len(r.Line) != 0 || r.From != nil {
			t.Errorf("a way from an old position: %+v, %v", r, err)
		}
		if _, err := b.route(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a mission that is not there: %v", err)
		}
	})
}

// Without roads, and when their file is broken, the centre runs on straight lines and says so.
func TestBrokenRoadsLeaveStraightLines(t *testing.T) {
	onRoads(t, func(context.Context) (*roadlive.Roads, error) { return nil, errors.New("broken") }, func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		b.do(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: scene})
		if rec := b.ranked("i1"); rec.Method != match.MethodLine || !hasWhy(rec.Missing, "roads") {
			t.Errorf("%+v", rec)
		}
	})
}
