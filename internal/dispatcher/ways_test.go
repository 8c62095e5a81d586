package dispatcher

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/coverage"
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
		time.Sleep(3 * time.Second) // what they cover is worked out
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
			const mobilise = 90 // they stand at their stations, and it is day
			if u.EtaS == nil || math.Abs(*u.EtaS-want.Seconds()-mobilise) > 0.001 || *u.EtaS < last || hasWhy(u.Caution, "by_line") || !hasWhy(u.Reasons, "coverage") {
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
		r, err := b.route(t.Context(), "m1", "")
		if err != nil || math.Abs(r.Seconds-want.Seconds()) > 0.001 || len(r.Line) < 3 || r.Steps[len(r.Steps)-1].Turn != "arrive" || r.Unit != "u01" {
			t.Errorf("its way: %+v, %v; by road %v", r, err, want)
		}
		time.Sleep(etaFresh + time.Second)
		if r, err := b.route(t.Context(), "m1", ""); err != nil || len(r.Line) != 0 || r.From != nil {
			t.Errorf("a way from an old position: %+v, %v", r, err)
		}
		if _, err := b.route(t.Context(), "nobody", ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("a mission that is not there: %v", err)
		}
	})
}

// What a unit's leaving uncovers is counted from road times, worked out beside the owner; and who is about to be free, or may be diverted, stands apart.
func TestDSP002_CoverageAndTasksAreByRoad(t *testing.T) {
	net, err := demoRoads()
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	onRoads(t, func(context.Context) (*roadlive.Roads, error) { return net, nil }, func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		at := map[ems.UnitID]ems.WGS84{}
		for i, u := range city.Units[:6] {
			newVan(b.air, string(u.ID)).presence(&pb.Presence{Online: true})
			b.do(desk.SetDuty{Unit: u.ID, Duty: ems.OnDuty, Crew: []string{"李", "王"}})
			if at[u.ID] = city.Stations[i].Pos; i == 0 { // passes by
				at[u.ID] = ems.WGS84{Lat: city.Hospitals[1].Pos.Lat + 0.004, Lon: city.Hospitals[1].Pos.Lon}
			}
			stands(newVan(b.air, string(u.ID)), at[u.ID])
		}
		going, aboard, scene := city.Units[0].ID, city.Units[1].ID, city.Hospitals[1].Pos
		open := func(id ems.IncidentID, p ems.Priority, at ems.WGS84) {
			b.do(desk.OpenIncident{Incident: id, Type: ems.Emergency, Priority: p, Place: &ems.Place{Pos: &at, Source: "manual"}})
		}
		open("i1", ems.PriorityC, city.Stations[8].Pos)
		open("i2", ems.PriorityB, city.Stations[9].Pos)
		open("i3", ems.PriorityB, scene)
		for i, u := range []ems.UnitID{going, aboard} {
			m, o := ems.MissionID("m-"+u), ems.OrderID("o-"+u)
			b.do(desk.Dispatch{Incident: []ems.IncidentID{"i1", "i2"}[i], Unit: u, Mission: m, Order: o})
			b.do(desk.AcceptByVoice{Order: o, Name: "李"})
			b.do(desk.SetNode{Mission: m, Node: ems.NodeDeparted})
		}
		b.do(desk.SetDestination{Mission: ems.MissionID("m-" + aboard), Hospital: city.Hospitals[0].ID, Notice: "n1"})
		b.do(desk.SetNode{Mission: ems.MissionID("m-" + aboard), Node: ems.NodeLeftScene})
		b.choosing.Divert.GainS, b.choosing.Soon.HandoverS = 0, 60
		for u, p := range at {
			stands(newVan(b.air, string(u)), p)
		}
		time.Sleep(3 * time.Second)
		rec := b.ranked("i3")
		drive := func(from, to ems.WGS84) float64 {
			d, ok := net.Travel(roadlive.Mission, from, to)
			if !ok {
				t.Fatalf("no way from %v to %v", from, to)
			}
			return d.Seconds()
		}
		if len(rec.Soon) != 1 || rec.Soon[0].Unit != aboard {
			t.Fatalf("about to be free: %+v", rec.Soon)
		}
		hospital := city.Hospitals[0].Pos
		if want := drive(at[aboard], hospital) + 60 + 300 + drive(hospital, scene); math.Abs(*rec.Soon[0].EtaS-want) > 0.01 {
			t.Errorf("there in %v, by road %v", *rec.Soon[0].EtaS, want)
		}
		best := math.Inf(1)
		next := math.Inf(1)
		for _, u := range city.Units[2:6] {
			best, next = min(best, 90+drive(at[u.ID], scene)), min(next, 90+drive(at[u.ID], city.Stations[8].Pos))
		}
		if mine := drive(at[going], scene); mine >= best || len(rec.Divert) != 1 || rec.Divert[0].Unit != going || math.Abs(*rec.Divert[0].GainS-(best-mine)) > 0.01 ||
			math.Abs(*rec.Divert[0].LosesS-max(0, next-drive(at[going], city.Stations[8].Pos))) > 0.01 {
			t.Errorf("divertable: %+v; by road %v, the best free one %v, the next for the other %v", rec.Divert, mine, best, next)
		}
		// Of what the four free ones reach within 12 minutes of the order, each takes away what no other reaches.
		grid := coverage.Of(city)
		for _, u := range rec.Units {
			all, left, sum := int64(0), int64(0), int64(0)
			for _, cell := range grid.Cells {
				calls := cell.Calls[8] // Beijing's hour at the start of the bubble
				sum += calls
				reach, other := false, false
				for _, f := range city.Units[2:6] {
					d, ok := net.Travel(roadlive.Mission, at[f.ID], cell.Pos)
					in := ok && d.Seconds()+90 <= 720
					reach, other = reach || in, other || in && f.ID != u.Unit
				}
				if reach {
					all += calls
				}
				if other {
					left += calls
				}
			}
			want := strconv.FormatFloat(100*float64(all-left)/float64(sum), 'f', 1, 64)
			if got := whyOf(u.Reasons, "coverage"); got["lost_pct"] != want {
				t.Errorf("%s takes away %v, by counting %s", u.Unit, got, want)
			}
		}
	})
}

func whyOf(ws []match.Why, code string) map[string]string {
	for _, w := range ws {
		if w.Code == code {
			return w.Args
		}
	}
	return nil
}

// The method names what the times are of: free flow, or closures and measured speeds too.
func TestDSP002_ARecommendationSaysThatRoadsAreClosed(t *testing.T) {
	r := ownRoads(t)
	_, to, way := apart(t, r)
	onRoads(t, ofTheTest(r), func(t *testing.T, b *bench) {
		time.Sleep(time.Second)
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		b.do(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityB, Place: &ems.Place{Pos: &to, Source: "manual"}})
		is := func(want string) {
			t.Helper()
			if got := b.ranked("i1").Method; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		is(match.MethodRoads)
		b.do(desk.DrawClosure{Closure: "c1", Reason: "事故", Line: inTheWay(way)})
		time.Sleep(2 * time.Second)
		is(match.MethodLive)
		b.do(desk.LiftClosure{Closure: "c1"})
		time.Sleep(2 * time.Second)
		is(match.MethodRoads)
	})
}

// A city that chooses in words that are none does not start, and hears which.
func TestAWrongChoosingIsNamed(t *testing.T) {
	_, err := NewCentre(t.Context(), CentreConfig{City: maps.City{Match: []byte(`{"rest": {"hours": 4}}`)}})
	if err == nil || !strings.Contains(err.Error(), "match.rest.hours") {
		t.Error(err)
	}
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
