package dispatcher

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/match"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
	"lifeline120/maps"
)

// hospitalsOf asks as the console does.
func (b *bench) hospitalsOf(m ems.MissionID, pathway string) wire.HospitalRanking {
	b.t.Helper()
	r, err := b.rank(b.t.Context(), func(s *desk.State, t time.Time) (rankAsk, error) { return b.askFor(s, m, pathway, t) })
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func shownWhy(ws []wire.Why, code string) bool {
	for _, w := range ws {
		if w.Code == code {
			return true
		}
	}
	return false
}

// The times are those of the roads, from where the patient is: the scene until the crew is there, then the unit.
func TestDSP002_HospitalsAreRankedByRoad(t *testing.T) {
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
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		scene, elsewhere := city.Stations[3].Pos, city.Stations[7].Pos
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		b.do(desk.SetDuty{Unit: "u01", Duty: ems.OnDuty, Crew: []string{"李", "王"}})
		b.do(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Pathway: "stroke", Place: &ems.Place{Pos: &scene, Source: "manual"}})
		b.do(desk.Dispatch{Incident: "i1", Unit: "u01", Mission: "m1", Order: "o1"})
		b.do(desk.AcceptByVoice{Order: "o1", Name: "李医生"})
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeDeparted})
		stands(v, elsewhere)
		check := func(from ems.WGS84, kind string) wire.HospitalRanking {
			t.Helper()
			r := b.hospitalsOf("m1", "")
			if r.Method != match.MethodRoads || r.FromKind != kind || r.Pathway != "stroke" || len(r.Hospitals) != 5 || len(r.LeftOut) != len(city.Hospitals)-5 || r.Mission != "m1" {
				t.Fatalf("%+v", r)
			}
			for _, l := range append(r.Hospitals, r.LeftOut...) {
				for _, h := range city.Hospitals {
					if want, _ := roads.Travel(roadlive.Mission, from, h.Pos); h.ID == l.Hospital && math.Abs(*l.TravelS-want.Seconds()) > 0.001 {
						t.Errorf("%s is %v s away, by road %v", l.Hospital, *l.TravelS, want)
					}
				}
			}
			for i, l := range r.Hospitals {
				if i > 0 && *l.TreatS < *r.Hospitals[i-1].TreatS {
					t.Errorf("%s treats before %s and stands behind it", l.Hospital, r.Hospitals[i-1].Hospital)
				}
			}
			return r
		}
		check(scene, match.FromScene)
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeAtScene})
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeContact})
		r := check(elsewhere, match.FromUnit)
		if !shownWhy(r.Missing, "lvo_not_assessed") || !shownWhy(r.Missing, "last_well_unknown") || shownWhy(r.Missing, "roads") {
			t.Errorf("missing %+v", r.Missing)
		}
		time.Sleep(match.LostAfter)
		check(scene, match.FromScene) // nobody knows any more where the unit is

		// A choice that names the ranking is stored with it; the reason is asked afterwards.
		last := r.Hospitals[len(r.Hospitals)-1]
		b.do(desk.SetDestination{Mission: "m1", Hospital: last.Hospital, Notice: "n1", Ranking: b.rankings.shown(r.ID)})
		m := b.value("missions", "m1")
		choice, _ := m["choice"].(map[string]any)
		if choice == nil || choice["ranking"] != r.ID || choice["best"] != string(r.Hospitals[0].Hospital) || choice["slower_s"].(float64) <= 0 {
			t.Fatalf("%+v", m)
		}
		b.do(desk.ExplainHospital{Mission: "m1", Reason: "家属要求"})
		if m := b.value("missions", "m1"); m["choice"].(map[string]any)["reason"] != "家属要求" {
			t.Errorf("%+v", m)
		}
		if n := b.events(string(desk.TypeHospitalChosen)); n != 1 {
			t.Errorf("%d rankings are in the journal", n)
		}

		// A place without a mission, and one off the map.
		off := ems.WGS84{Lat: scene.Lat + 0.6, Lon: scene.Lon}
		for at, want := range map[ems.WGS84]string{scene: match.MethodRoads, off: match.MethodLine} {
			r, err := b.rank(t.Context(), func(s *desk.State, now time.Time) (rankAsk, error) {
				return b.placeAsk(s, AboutPatient{Pathway: "trauma", Severe: "yes"}, &at, match.FromPlace, now), nil
			})
			if err != nil || r.Method != want || shownWhy(r.Missing, "off_roads") != (want == match.MethodLine) || r.Assessment.Severe != "yes" {
				t.Errorf("%+v %v", r, err)
			}
		}
	})
}

// Without roads the answer is there all the same, and says that it is a straight line.
func TestHospitals_WithoutRoads(t *testing.T) {
	onRoads(t, nil, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		m := b.bound(v)
		if r := b.hospitalsOf(m, "chest_pain"); r.Method != match.MethodLine || !shownWhy(r.Missing, "roads") || len(r.Hospitals) == 0 || r.Hospitals[0].TravelS == nil {
			t.Errorf("%+v", r)
		}
		if _, err := b.rank(t.Context(), func(s *desk.State, t time.Time) (rankAsk, error) { return b.askFor(s, "nobody", "", t) }); err == nil {
			t.Error("a mission that is not there has hospitals")
		}
	})
}

// The rankings that a choice may name are bounded.
func TestHospitals_RankingsAreBounded(t *testing.T) {
	var k rankings
	for i := range maxRankings + 3 {
		k.keep(match.HospitalRanking{ID: fmt.Sprint("r", i)})
	}
	if len(k.by) != maxRankings || len(k.kept) != maxRankings || k.shown("r2") != nil || k.shown("r3") == nil {
		t.Errorf("%d are kept", len(k.by))
	}
}

// A hospital sees its own board and nobody else's, no ranking, and no patient by either.
func TestSCR004_BoardsAndRankingsShowNoHospitalAnothers(t *testing.T) {
	onRoads(t, nil, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		m := b.bound(v)
		b.do(desk.SetDestination{Mission: m, Hospital: "h1", Notice: "n-board", Pathway: "stroke"})
		b.do(desk.SetBoard{Hospital: "h1", From: "h1", Part: ems.PartWhole, State: ems.BoardBusy, Reason: "抢救室满"})
		b.do(desk.SetBoard{Hospital: "h2", From: "h2", Part: ems.PartWhole, State: ems.BoardClosed, Reason: "停电"})
		lw := time.Now().Add(-time.Hour)
		b.do(desk.AssessMission{Mission: m, Assessed: desk.Assessed{LastWell: &lw}})
		b.hospitalsOf(m, "stroke")
		time.Sleep(2 * time.Second)
		board := b.on("hospital:h1", "boards", "h1")
		if board == nil || board["stale_s"] != match.BoardStale.Seconds() || board["gone_s"] != match.BoardGone.Seconds() || board["unrecorded"] != nil {
			t.Errorf("its own board: %+v", board)
		}
		for _, x := range [][3]string{{"hospital:h1", "boards", "h2"}, {"hospital:h2", "boards", "h1"}, {"hospital:h2", "missions", string(m)}} {
			if got := b.on(x[0], x[1], x[2]); got != nil {
				t.Errorf("%v: %+v", x, got)
			}
		}
		for _, h := range []string{"h1", "h2"} {
			if b.value("boards", h) == nil {
				t.Errorf("the console does not see the board of %s", h)
			}
		}
		if a, _ := b.on("hospital:h1", "missions", string(m))["assessment"].(map[string]any); a["last_well"] == nil {
			t.Errorf("the hospital of the patient does not hear when they were last well: %+v", a)
		}
		// Last well starts the windows of the case's clock.
		k := b.value("cases", string(m))
		if raw, _ := json.Marshal(k); !strings.Contains(string(raw), `"key":"lysis"`) || k["lead"] != "last_well" || k["since"] == nil {
			t.Errorf("the case: %s", raw)
		}
	})
}

func TestHospitals_OverHTTP(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	d.post("/api/v1/units/u01/duty", `{"duty":"on_duty","crew":["李","王"]}`, nil)
	var in ems.Incident
	d.post("/api/v1/incidents", `{"type":"emergency","priority":"A","pathway":"stroke","place":{"pos":{"lat":35.4,"lon":118.5},"source":"manual"}}`, &in)
	var sent wire.Dispatched
	d.post("/api/v1/incidents/"+string(in.ID)+"/dispatch", `{"unit":"u01"}`, &sent)
	mission := "/api/v1/missions/" + string(sent.Mission.ID)
	var m ems.Mission
	if r := d.post(mission+"/assessment", `{"lvo":"yes","unstable":"no","last_well":"`+time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)+`"}`, &m); r.StatusCode != http.StatusOK || m.Assessment == nil || m.Assessment.By != "张调度" {
		t.Fatal(r.Status, m.Assessment)
	}
	ask := func(path string) (r wire.HospitalRanking) {
		t.Helper()
		code, body := d.get(path)
		if err := json.Unmarshal([]byte(body), &r); code != http.StatusOK || err != nil {
			t.Fatal(path, code, body)
		}
		return r
	}
	first := ask(mission + "/hospitals")
	if len(first.Hospitals) < 3 || first.Bypass == nil || first.Bypass.LysisLeftS == nil || first.Hospitals[0].Board != "" || !shownWhy(first.Hospitals[0].Caution, "board_unknown") {
		t.Fatalf("%+v", first)
	}
	// Closed by its own page: it is never first again, and the reason is said.
	best := first.Hospitals[0].Hospital
	board := "/api/v1/hospitals/" + string(best) + "/board"
	var said ems.HospitalBoard
	if r := d.post(board+"?hospital="+string(best), `{"part":"whole","state":"closed","reason":"停电"}`, &said); r.StatusCode != http.StatusOK || len(said.Lines) != 1 || said.Lines[0].Desk != "" {
		t.Fatal(r.Status, said)
	}
	second := ask(mission + "/hospitals")
	if second.Hospitals[0].Hospital == best || len(second.LeftOut) == 0 {
		t.Fatalf("%+v", second)
	}
	found := false
	for _, l := range second.LeftOut {
		found = found || l.Hospital == best && l.Out[0].Code == "board_closed" && l.Out[0].Args["reason"] == "停电"
	}
	if !found {
		t.Errorf("the closed one is not named: %+v", second.LeftOut)
	}
	if r := d.post(board+"?hospital=h12", `{"part":"whole","state":"open"}`, nil); r.StatusCode != http.StatusConflict {
		t.Errorf("another hospital opened it: %s", r.Status)
	}
	d.post(board, `{"part":"whole","state":"open"}`, &said) // by a desk, after a call
	if said.Lines[0].Desk != "d1" || said.Lines[0].By != "张调度" {
		t.Errorf("%+v", said)
	}
	if r := d.post(board+"/confirm", `{}`, &said); r.StatusCode != http.StatusOK {
		t.Error(r.Status)
	}
	third := ask(mission + "/hospitals")
	if third.Hospitals[0].Hospital != best || third.Hospitals[0].Board != ems.BoardOpen {
		t.Errorf("%+v", third.Hospitals[0])
	}
	// The choice goes with the ranking that was shown; what is clearly later is asked for its reason afterwards.
	later := third.Hospitals[len(third.Hospitals)-1].Hospital
	d.post(mission+"/destination", `{"hospital":"`+string(later)+`","pathway":"stroke","ranking":"`+third.ID+`"}`, nil)
	d.post(mission+"/hospital-reason", `{"reason":"家属要求"}`, &m)
	if m.Choice == nil || m.Choice.Ranking != third.ID || m.Choice.Best != best || m.Choice.Reason != "家属要求" {
		t.Errorf("%+v", m.Choice)
	}
	for path, want := range map[string]int{
		"/api/v1/incidents/" + string(in.ID) + "/hospitals?lvo=no":       http.StatusOK,
		"/api/v1/incidents/nothing/hospitals":                            http.StatusNotFound,
		"/api/v1/missions/nothing/hospitals":                             http.StatusNotFound,
		"/api/v1/hospitals/ranked?lat=35.4&lon=118.5&pathway=chest_pain": http.StatusOK,
		"/api/v1/hospitals/ranked?lat=0&lon=0":                           http.StatusUnprocessableEntity,
		"/api/v1/hospitals/ranked?lat=35.4&lon=118.5&lvo=perhaps":        http.StatusUnprocessableEntity,
	} {
		if code, body := d.get(path); code != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if r := ask("/api/v1/incidents/" + string(in.ID) + "/hospitals?lvo=no"); r.Pathway != "stroke" || r.Incident != in.ID || r.Assessment.LVO != "no" {
		t.Errorf("%+v", r)
	}
}

// A vehicle asks for its own mission, is answered beside the owner, and what its crew chooses from that ranking is stored with it.
func TestDSP002_ACrewChoosesFromTheCentresRanking(t *testing.T) {
	onRoads(t, nil, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		m := b.bound(v)
		newVan(b.air, "u02").presence(&pb.Presence{Online: true})
		ask := func(u string, id string) {
			newVan(b.air, u).send(link.UpLive, pb.Lane_LANE_NONE, pb.Kind_KIND_HOSPITALS_ASKED, 0, &pb.HospitalsAsked{Ask: id, Mission: string(m), Pathway: "stroke"})
			time.Sleep(time.Second)
		}
		rankings := func() (out []wire.HospitalRanking) {
			b.air.mu.Lock()
			defer b.air.mu.Unlock()
			for _, msg := range b.air.down {
				if _, u, rest, err := link.ParseTopic(msg.Topic); err == nil && rest == link.DownHospitals {
					if u != "u01" {
						t.Errorf("%s was told another's hospitals", u)
					}
					id, r, err := wire.OpenHospitals(msg.Payload)
					if err != nil || id != "ask1" {
						t.Errorf("%s %v", id, err)
					}
					out = append(out, r)
				}
			}
			return out
		}
		ask("u01", "ask1")
		ask("u02", "ask2") // not its mission
		got := rankings()
		if len(got) != 1 || got[0].Mission != m || got[0].Pathway != "stroke" || len(got[0].Hospitals) == 0 {
			t.Fatalf("%+v", got)
		}
		best := got[0].Hospitals[0].Hospital
		v.urgent(pb.Kind_KIND_ASSESSMENT, &pb.Assessment{Id: "as1", Mission: string(m), By: "李医生", AtUs: v.us(), Lvo: new("yes"), LastWellUs: v.us() - 3600e6})
		v.urgent(pb.Kind_KIND_DESTINATION, &pb.Destination{Id: "d1", Mission: string(m), Hospital: string(best), By: "李医生", AtUs: v.us(), Pathway: "stroke", Ranking: got[0].ID})
		time.Sleep(time.Second)
		shown := b.value("missions", string(m))
		a, _ := shown["assessment"].(map[string]any)
		k, _ := shown["choice"].(map[string]any)
		if a["lvo"] != "yes" || a["by"] != "李医生" || a["last_well"] == nil || k["ranking"] != got[0].ID || k["best"] != string(best) || shown["destination"] != string(best) {
			t.Errorf("%+v", shown)
		}
	})
}
