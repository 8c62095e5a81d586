package match

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

var now = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

// The toy town: the scene at 36.600, one degree of latitude 111 km, so 0.01° = 1.11 km = 140 s by road.
var scene = ems.WGS84{Lat: 36.6, Lon: 116.9}

func at(lat float64, age time.Duration) *ems.FixView {
	return &ems.FixView{Pos: ems.WGS84{Lat: lat, Lon: 116.9}, Quality: ems.Good, Taken: now.Add(-age)}
}

func unit(id ems.UnitID, lat float64, change ...func(*Unit)) Unit {
	u := Unit{UnitView: ems.UnitView{Unit: ems.Unit{ID: id, Kind: ems.UnitMonitoring}, Duty: ems.OnDuty, State: ems.MissionAtStation, Online: true, Fix: at(lat, 0),
		Devices: []ems.DeviceStatus{{Device: "g", Kind: "gnss", State: ems.DeviceSpeaking}, {Device: "m", Kind: "monitor", State: ems.DeviceSpeaking}}}}
	for _, f := range change {
		f(&u)
	}
	return u
}

func ask(units ...Unit) Recommendation {
	return Recommend(Question{ID: "r1", At: now, Incident: ems.Incident{ID: "i1", Type: ems.Emergency, Place: ems.Place{Pos: &scene}}, Units: units})
}

// ranking is the answer in one line: units, "|", what was left out with its first reason, "|", last resort.
func ranking(r Recommendation) string {
	var a, b, c []string
	for _, u := range r.Units {
		a = append(a, string(u.Unit))
	}
	for _, l := range r.LeftOut {
		b = append(b, string(l.Unit)+":"+l.Why[0].Code)
	}
	for _, u := range r.LastResort {
		c = append(c, string(u.Unit))
	}
	return strings.Join(a, " ") + "|" + strings.Join(b, " ") + "|" + strings.Join(c, " ")
}

func has(ws []Why, code, value string) bool {
	return slices.ContainsFunc(ws, func(w Why) bool {
		if w.Code != code {
			return false
		}
		for _, v := range w.Args {
			if v == value {
				return true
			}
		}
		return value == ""
	})
}

func dutyIs(d ems.UnitDuty) func(*Unit) { return func(u *Unit) { u.Duty = d } }

func TestDSP001_UnfitUnitsAreNeverRecommended(t *testing.T) {
	transport := func(u *Unit) { u.Kind = ems.UnitTransport }
	unfit := []Unit{unit("u1", 36.6, dutyIs(ems.OffDuty)), unit("u2", 36.6, dutyIs(ems.Suspended)), unit("u3", 36.6, dutyIs(ems.Crewless)),
		unit("u4", 36.6, dutyIs(ems.BrokenDown)), unit("u5", 36.6, dutyIs(ems.Contaminated)), unit("u6", 36.6, transport), unit("u7", 36.6, dutyIs(""))}
	r := ask(append(unfit, unit("fit", 36.8))...)
	if got, want := ranking(r), "fit|u1:duty u2:duty u3:duty u4:duty u5:duty u6:transport_unit u7:duty|"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	r = ask(unfit...)
	if got, want := ranking(r), "|u1:duty u2:duty u3:duty u4:duty u5:duty u6:transport_unit u7:duty|u1 u2 u3 u4 u5 u6 u7"; got != want {
		t.Errorf("with nothing else left: got %s\nwant %s", got, want)
	}
	if !has(r.LastResort[3].Caution, "duty", "broken_down") {
		t.Errorf("the last resort does not say what is wrong with it: %v", r.LastResort[3])
	}
}

func TestDSP001_FailedPartRanksAfterFitUnlessClearlyFaster(t *testing.T) {
	dead := func(kind string, s ems.DeviceState) func(*Unit) {
		return func(u *Unit) { u.Devices = append(u.Devices, ems.DeviceStatus{Device: "x", Kind: kind, State: s}) }
	}
	for _, c := range []struct {
		name string
		part string
		f    func(*Unit)
	}{
		{"link", "link", func(u *Unit) { u.Online = false }},
		{"monitor silent", "monitor", dead("monitor", ems.DeviceSilent)},
		{"sound", "sound", dead("sound", ems.DeviceAbsent)},
		{"receiver unplugged", "gnss", dead("gnss", ems.DeviceAbsent)},
		{"monitor in demo mode", "monitor", dead("monitor", ems.DeviceDemo)},
		{"no fix", "gnss", func(u *Unit) { u.Fix.Quality = ems.NoFix; u.Station = &ems.WGS84{Lat: 36.601, Lon: 116.9} }},
	} {
		r := ask(unit("bad", 36.601, c.f), unit("fit", 36.612)) // 14 s against 168 s: not clearly faster
		if got := ranking(r); got != "fit bad||" {
			t.Errorf("%s: got %s", c.name, got)
			continue
		}
		if !has(r.Units[1].Caution, "failed_part", c.part) {
			t.Errorf("%s: part is not named: %v", c.name, r.Units[1].Caution)
		}
		if got := ranking(ask(unit("bad", 36.601, c.f), unit("fit", 36.62))); got != "bad fit||" { // 14 s against 280 s
			t.Errorf("%s, clearly faster: got %s", c.name, got)
		}
	}
	sim := ask(unit("u1", 36.6, dead("monitor", ems.DeviceDemo), func(u *Unit) { u.Simulated = true }))
	if len(sim.Units[0].Caution) != 0 {
		t.Errorf("in a demo every device is one: %v", sim.Units[0].Caution)
	}
}

func TestDSP002_ReasonsAndWhatIsMissing(t *testing.T) {
	station := &ems.WGS84{Lat: 36.61, Lon: 116.9}
	r := ask(
		unit("busy", 36.6, func(u *Unit) { u.Mission, u.State = "m9", ems.MissionDeparted }),
		unit("far", 38.0),
		unit("lost", 36.63, func(u *Unit) { u.Fix = at(36.63, 10*time.Minute); u.State = ems.MissionAvailable }),
		unit("nowhere", 0, func(u *Unit) { u.Fix = nil }),
		unit("stale", 36.64, func(u *Unit) { u.Fix = at(36.64, time.Minute) }),
		unit("station", 0, func(u *Unit) { u.Fix, u.Station = nil, station }),
		unit("parked", 36.7, func(u *Unit) { u.Fix, u.Station = at(36.7, 10*time.Minute), station }),
		unit("jumped", 36.65, func(u *Unit) { u.Fix.Quality = ems.Jump }),
	)
	if got, want := ranking(r), "parked station lost stale jumped nowhere|busy:busy far:out_of_radius|"; got != want {
		t.Fatalf("got %s\nwant %s", got, want)
	}
	if r.Method != "straight_line" || r.DetourFactor != 1.4 || r.SpeedKmh != 40 || !has(r.Missing, "roads", "") {
		t.Errorf("the answer does not say how rough it is: %+v", r)
	}
	if n := r.Units[5]; n.EtaS != nil || n.DistanceM != nil || !has(n.Caution, "no_position", "") || has(n.Reasons, "travel", "") {
		t.Errorf("a unit of which nothing is known does not say so: %+v", n)
	}
	for i, want := range []string{"station_position", "station_position", "lost_position", "stale_position", "doubted_position"} {
		if !has(r.Units[i].Caution, want, "") {
			t.Errorf("%s: caution %v, want %s", r.Units[i].Unit, r.Units[i].Caution, want)
		}
		if !has(r.Units[i].Reasons, "travel", "") {
			t.Errorf("%s gives no reason", r.Units[i].Unit)
		}
	}
	if !has(r.Units[2].Reasons, "on_road", "") {
		t.Error("a unit on the road does not say so")
	}
	// 0.04° of latitude are 4.44 km, 6.2 km by road, 559 s at 40 km/h; by day the crew is on the wheels after 90 s.
	if e := *r.Units[3].EtaS; e < 640 || e > 660 || !has(r.Units[3].Reasons, "mobilise", "90") {
		t.Errorf("4.44 km take %v s: %v", e, r.Units[3].Reasons)
	}
	for _, c := range []struct {
		unit ems.UnitID
		want float64
	}{{"parked", 0}, {"stale", *r.Units[3].EtaS - *r.Units[0].EtaS}, {"nowhere", 0}, {"elsewhere", 0}} {
		if got := r.Slower(c.unit); got != c.want {
			t.Errorf("choosing %s is %v s slower, want %v", c.unit, got, c.want)
		}
	}
	if got := (Recommendation{}).Slower("x"); got != 0 {
		t.Errorf("nothing was recommended, and the choice is %v s slower", got)
	}
	r = ask(unit("a", 36.6), unit("b", 36.61))
	if got := r.Slower("b"); got != *r.Units[1].EtaS-*r.Units[0].EtaS || got == 0 {
		t.Errorf("the second is %v s slower", got)
	}
	// The first is not slower than itself, though one with a handicap is there sooner; one that was left out is as slow as it is.
	r = ask(unit("bad", 36.601, func(u *Unit) { u.Online = false }), unit("fit", 36.612), unit("off", 36.63, dutyIs(ems.OffDuty)))
	if r.Units[0].Unit != "fit" || r.Slower("fit") != 0 || r.Slower("bad") != 0 || r.Slower("off") < 200 {
		t.Errorf("slower than the first: %v %v %v", r.Slower("fit"), r.Slower("bad"), r.Slower("off"))
	}
}

// An address without coordinates is a place that units are sent to every day: every fit unit is there to choose, with its travel time
// unknown, not 0 and not for ever.
func TestDSP001_AnIncidentWithoutAPositionHasUnitsToChooseFrom(t *testing.T) {
	blind := func(units ...Unit) Recommendation {
		return Recommend(Question{At: now, Incident: ems.Incident{Type: ems.Emergency, Place: ems.Place{Address: "人民路 93 号"}}, Units: units})
	}
	off := unit("a", 36.6, dutyIs(ems.OffDuty))
	r := blind(unit("d", 36.6), unit("b", 36.9, func(u *Unit) { u.Online = false }), unit("c", 39.0), off)
	if got := ranking(r); got != "c d b|a:duty|" || !has(r.Missing, "incident_position", "") {
		t.Errorf("without a place of the incident: %s %v", got, r.Missing)
	}
	for _, u := range r.Units {
		b, err := json.Marshal(u)
		if err != nil || u.EtaS != nil || u.DistanceM != nil || strings.Contains(string(b), "eta_s") || strings.Contains(string(b), "distance_m") {
			t.Errorf("a travel time to nowhere: %s %v", b, err)
		}
		if got := r.Slower(u.Unit); got != 0 {
			t.Errorf("%s is said to be %v s slower, and nobody knows", u.Unit, got)
		}
	}
	if !has(r.Units[2].Caution, "failed_part", "link") {
		t.Errorf("the failed part is not named: %v", r.Units[2].Caution)
	}
	if r := blind(off, unit("b", 36.6, func(u *Unit) { u.Mission = "m" })); ranking(r) != "|a:duty b:busy|a" || r.LastResort[0].EtaS != nil {
		t.Errorf("the last resort: %+v", r)
	}
}

func TestDSP005_EmergencyUnitsAreNotForTransport(t *testing.T) {
	q := Question{At: now, Incident: ems.Incident{Type: ems.Transport, Place: ems.Place{Pos: &scene}},
		Units: []Unit{unit("e", 36.6), unit("t", 36.7, func(u *Unit) { u.Kind = ems.UnitTransport })}}
	if got := ranking(Recommend(q)); got != "t|e:emergency_unit|" {
		t.Errorf("got %s", got)
	}
	q.Incident.Type = ems.Transfer
	if got := ranking(Recommend(q)); got != "e|t:transport_unit|" {
		t.Errorf("a transfer between hospitals is an emergency: got %s", got)
	}
}

func TestDSP007_EqualQuestionsGetEqualAnswers(t *testing.T) {
	var units []Unit
	for i := range 150 {
		u := unit(ems.UnitID(fmt.Sprintf("u%03d", i)), 36.6+float64(i%5)/100)
		if i%3 == 0 {
			u.Mission = "m"
		}
		if i%7 == 0 {
			u.Online = false
		}
		units = append(units, u)
	}
	first, _ := json.Marshal(ask(units...))
	for seed := range uint64(20) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
		if again, _ := json.Marshal(ask(units...)); string(again) != string(first) {
			t.Fatalf("seed %d: the order of the question changed the answer\n%s\n%s", seed, first, again)
		}
	}
	r := ask(units...)
	if len(r.Units) != MaxUnits {
		t.Errorf("%d units are listed, want %d", len(r.Units), MaxUnits)
	}
	further := 0 // nobody is passed over in silence
	for _, l := range r.LeftOut {
		if has(l.Why, "further", "") {
			further++
		}
	}
	if !has(r.Missing, "left_out_more", "30") || further == 0 || len(r.LeftOut) != MaxLeftOut {
		t.Errorf("%d further ones are named, missing %v", further, r.Missing)
	}
	if r := ask(unit("b", 36.6), unit("a", 36.6), unit("c", 36.6)); ranking(r) != "a b c||" {
		t.Errorf("ties do not break on the id: %s", ranking(r))
	}
	for i := range units {
		units[i].Mission = "m"
	}
	if r := ask(units...); len(r.LeftOut) != MaxLeftOut || !has(r.Missing, "left_out_more", "50") {
		t.Errorf("%d left out are listed, missing %v", len(r.LeftOut), r.Missing)
	}
}
