package dispatcher

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/match"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

func (d *desktop) caller(token string) (v wire.CallerView) {
	d.t.Helper()
	status, body := d.get("/api/v1/sos/" + token)
	if status != http.StatusOK {
		d.t.Fatal(status, body)
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		d.t.Fatal(err)
	}
	return v
}

func TestTalkOverHTTP(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	a, other := d.press("p1"), d.press("p2")
	sos := "/api/v1/sos/" + a.Token
	for range 2 { // sent again it is the same
		if r := d.post(sos+"/messages", `{"id":"c1","text":"我不能说话"}`, nil); r.StatusCode != http.StatusOK {
			t.Fatal(r.Status)
		}
	}
	var m ems.Message
	d.post("/api/v1/alarms/"+string(a.Alarm)+"/messages", `{"id":"s1","text":"请躺下","card":"chest_pain"}`, &m)
	v := d.caller(a.Token)
	if len(v.Messages) != 2 || v.Messages[0].By != "caller" || v.Messages[0].Text != "我不能说话" || v.Messages[1].Card != "chest_pain" || v.Messages[0].Read {
		t.Fatalf("%+v", v.Messages)
	}
	if shown := d.hub.Value(consoleTopic, "talk", string(v.Messages[0].ID)); !strings.Contains(string(shown), "我不能说话") {
		t.Fatalf("%s", shown)
	}
	d.post("/api/v1/alarms/"+string(a.Alarm)+"/read", `{"up_to":"`+string(v.Messages[0].ID)+`"}`, nil)
	d.post(sos+"/read", `{"up_to":"`+string(m.ID)+`"}`, nil)
	if v = d.caller(a.Token); !v.Messages[0].Read || !v.Messages[1].Read {
		t.Errorf("%+v", v.Messages)
	}
	// What is another's is out of reach, and so is what is not a message.
	if v = d.caller(other.Token); len(v.Messages) != 0 {
		t.Errorf("another caller sees %+v", v.Messages)
	}
	for body, path := range map[string]string{`{"up_to":"` + string(m.ID) + `"}`: "/api/v1/sos/" + other.Token + "/read", `{"id":"x","text":"x"}`: "/api/v1/sos/guess/messages",
		`{"id":"y","place":{"address":"x"}}`: "/api/v1/sos/guess/place"} {
		if r := d.post(path, body, nil); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	for _, body := range []string{`{"id":"big","text":"` + strings.Repeat("长", 501) + `"}`, `{"id":"empty","text":""}`, `{"text":"without id"}`, `not json`} {
		if r := d.post(sos+"/messages", body, nil); r.StatusCode < 400 || r.StatusCode >= 500 {
			t.Errorf("%.20s: %s", body, r.Status)
		}
	}
}

func TestCallerCorrectsThePlaceOverHTTP(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	a := d.press("p1")
	sos := "/api/v1/sos/" + a.Token
	var in ems.Incident
	d.post("/api/v1/incidents", `{"alarm":"`+string(a.Alarm)+`"}`, &in)
	for range 2 {
		if r := d.post(sos+"/place", `{"id":"c1","place":{"address":"幸福小区3号楼","pos":{"lat":"35.4","lon":118.5}},"elsewhere":true}`, nil); r.StatusCode >= 500 {
			t.Fatal(r.Status)
		}
	}
	d.post(sos+"/place", `{"id":"c2","place":{"address":"幸福小区3号楼"}}`, nil)
	if r := d.post(sos+"/place", `{"id":"c3","place":{"pos":{"lat":0,"lon":0}}}`, nil); r.StatusCode != http.StatusConflict {
		t.Error("no place was taken for one:", r.Status)
	}
	v := d.caller(a.Token)
	if !v.Corrected || v.Place == nil || v.Place.Address != "幸福小区3号楼" {
		t.Fatalf("%+v", v)
	}
	if shown := string(d.hub.Value(consoleTopic, "incidents", string(in.ID))); !strings.Contains(shown, "幸福小区3号楼") {
		t.Error(shown)
	}
}

// The link ends with the incident: nothing is left to see, nothing can be said, and a new press opens a new page (ALM-004).
func TestALM004_TheLinkEndsAndANewPressIsANewAlarm(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	a := d.press("p1")
	sos := "/api/v1/sos/" + a.Token
	d.post(sos+"/messages", `{"id":"c1","text":"我在三楼"}`, nil)
	var in ems.Incident
	d.post("/api/v1/incidents", `{"alarm":"`+string(a.Alarm)+`"}`, &in)
	if v := d.caller(a.Token); v.Closed || len(v.Messages) != 1 {
		t.Fatalf("%+v", v)
	}
	d.post("/api/v1/incidents/"+string(in.ID)+"/close", `{"reason":"完成"}`, nil)
	v := d.caller(a.Token)
	if !v.Closed || len(v.Messages) != 0 || v.Place != nil || v.UnitPlate != "" {
		t.Errorf("after the end the link shows %+v", v)
	}
	for path, body := range map[string]string{"/messages": `{"id":"c2","text":"还在吗"}`, "/detail": `{"text":"x"}`, "/place": `{"id":"c3","place":{"address":"x"}}`, "/read": `{"up_to":"x"}`} {
		var p struct {
			Code string `json:"code"`
		}
		if r := d.post(sos+path, body, &p); r.StatusCode != http.StatusGone || p.Code != "link_ended" {
			t.Errorf("%s after the end: %s %s", path, r.Status, p.Code)
		}
	}
	var again wire.AlarmAnswer
	d.post(sos+"/press", `{"press_id":"p9"}`, &again)
	if again.Alarm == a.Alarm || again.State != "stored" {
		t.Error(again)
	}
	if v := d.caller(a.Token); v.Closed {
		t.Error("the page of a new alarm is closed")
	}
}

// The band is around the estimate, says how it was found, and is there only while a crew is on its way by a fresh position.
func TestALM003_TheCallerIsToldAnHonestBand(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		a, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: "p1", Place: scene}, "")
		if err != nil {
			t.Fatal(err)
		}
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		b.do(desk.SetDuty{Unit: "u01", Duty: ems.OnDuty, Crew: []string{"李", "王"}})
		b.do(desk.OpenIncident{Incident: "i1", Alarm: a.Alarm, Type: ems.Emergency, Priority: ems.PriorityA})
		b.do(desk.Dispatch{Incident: "i1", Unit: "u01", Mission: "m1", Order: "o1"})
		fix := func() {
			v.send(link.UpLive, pb.Lane_LANE_POSITION, pb.Kind_KIND_POSITIONS, 0, &pb.Positions{Positions: []*pb.Position{{Device: "gnss", Lat: 35.45, Lon: 118.505,
				Quality: "good", TakenUs: v.us()}}})
		}
		fix()
		time.Sleep(2 * time.Second)
		view, err := b.view(a.Token)
		if err != nil || view.EtaFrom != nil || view.UnitPlate != "" || view.UnitPos != nil {
			t.Fatalf("told before an order is accepted: %+v %v", view, err)
		}
		b.do(desk.AcceptByVoice{Order: "o1", Name: "李医生"})
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeDeparted})
		fix()
		time.Sleep(2 * time.Second)
		view, _ = b.view(a.Token)
		if view.EtaFrom == nil || view.EtaTo == nil || !view.EtaFrom.Before(*view.EtaTo) || view.EtaMethod != match.MethodLine || view.UnitPosAt == nil {
			t.Fatalf("%+v", view)
		}
		time.Sleep(etaFresh + 5*time.Second)
		if view, _ = b.view(a.Token); view.EtaFrom != nil {
			t.Errorf("an arrival is told from an old position: %+v", view)
		}
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeAtScene})
		time.Sleep(time.Second)
		if view, _ = b.view(a.Token); view.MissionState != ems.MissionAtScene || view.EtaFrom != nil {
			t.Errorf("%+v", view)
		}
	})
}
