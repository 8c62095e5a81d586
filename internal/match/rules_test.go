package match

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

// asked puts the toy town's question with something changed.
func asked(change func(*Question), units ...Unit) Recommendation {
	q := Question{ID: "r1", At: now, Incident: ems.Incident{ID: "i1", Type: ems.Emergency, Priority: ems.PriorityB, Place: ems.Place{Pos: &scene}}, Units: units}
	if change != nil {
		change(&q)
	}
	return Recommend(q)
}

// with gives a question a city's configuration, as its yaml has it.
func with(t *testing.T, section string) func(*Question) {
	t.Helper()
	c, err := ReadConfig([]byte(section))
	if err != nil {
		t.Fatal(err)
	}
	return func(q *Question) { q.Config = &c }
}

func reason(u Ranked, code string) map[string]string {
	for _, w := range append(u.Reasons, u.Caution...) {
		if w.Code == code {
			if w.Args == nil {
				return map[string]string{}
			}
			return w.Args
		}
	}
	return nil
}

func stateIs(s ems.MissionState) func(*Unit) { return func(u *Unit) { u.State = s } }

// on puts a unit on a mission.
func on(s ems.MissionState, p ems.Priority, since time.Duration, change ...func(*Task)) func(*Unit) {
	return func(u *Unit) {
		u.Mission, u.State = ems.MissionID("m-"+string(u.ID)), s
		u.Task = &Task{Incident: "i2", Number: 12, Priority: p, Scene: &ems.WGS84{Lat: 36.65, Lon: 116.9}, Ordered: now.Add(-since), Since: now.Add(-since)}
		for _, f := range change {
			f(u.Task)
		}
	}
}

func TestMobilisation(t *testing.T) {
	night := time.Date(2026, 11, 2, 15, 0, 0, 0, time.UTC) // 23:00 in Beijing
	for name, c := range map[string]struct {
		at   time.Time
		u    Unit
		conf string
		want float64
	}{
		"by day":                  {now, unit("u", 36.6), ``, 90},
		"by night":                {night, unit("u", 36.6), ``, 120},
		"the city's own":          {now, unit("u", 36.6), `{"mobilise": {"day_s": 45}}`, 45},
		"the night ends at six":   {time.Date(2026, 11, 2, 22, 0, 0, 0, time.UTC), unit("u", 36.6), ``, 90},
		"before six":              {time.Date(2026, 11, 2, 21, 59, 0, 0, time.UTC), unit("u", 36.6), ``, 120},
		"a night within a day":    {now, unit("u", 36.6), `{"mobilise": {"night_from": 10, "night_to": 12, "night_s": 77}}`, 77},
		"on the road":             {now, unit("u", 36.6, stateIs(ems.MissionAvailable)), ``, 0},
		"ordered 30 s ago":        {now, unit("u", 36.6, on(ems.MissionOrdered, "C", 30*time.Second)), ``, 60},
		"ordered long ago":        {now, unit("u", 36.6, on(ems.MissionAcknowledged, "C", time.Hour)), ``, 0},
		"ordered, and on the way": {now, unit("u", 36.6, on(ems.MissionOrdered, "C", 0), func(u *Unit) { u.Station = &ems.WGS84{Lat: 36.61, Lon: 116.9} }), ``, 0},
		"departed":                {now, unit("u", 36.6, on(ems.MissionDeparted, "C", 0)), ``, 0},
	} {
		q := Question{At: c.at}
		with(t, c.conf)(&q)
		if got := Mobilisation(&q, c.u).Seconds(); got != c.want {
			t.Errorf("%s: %v s, want %v", name, got, c.want)
		}
	}
	// It is part of the time, and said: 0.01° are 1.11 km, 140 s.
	r := asked(nil, unit("home", 36.605), unit("road", 36.61, stateIs(ems.MissionAvailable)))
	if ranking(r) != "road home||" || reason(r.Units[1], "mobilise")["mobilise_s"] != "90" || reason(r.Units[1], "travel")["drive_s"] != "70" ||
		reason(r.Units[1], "travel")["eta_s"] != "160" || reason(r.Units[0], "mobilise") != nil {
		t.Errorf("%s: %+v", ranking(r), r.Units)
	}
}

// Each preference on the toy town: who is first with it, what it says, and what a city may change.
func TestPreferences(t *testing.T) {
	away := stateIs(ems.MissionAvailable)
	near, far := unit("near", 36.605, away), unit("far", 36.61, away) // 70 s and 140 s
	work := func(spans ...int) func(*Unit) {                          // minutes ago: from, to, from, to
		return func(u *Unit) {
			for i := 0; i < len(spans); i += 2 {
				u.Work = append(u.Work, Span{now.Add(-time.Duration(spans[i]) * time.Minute), now.Add(-time.Duration(spans[i+1]) * time.Minute)})
			}
		}
	}
	ends := func(in time.Duration) func(*Unit) {
		return func(u *Unit) { at := now.Add(in); u.ShiftEnds = &at }
	}
	of := func(u Unit, change func(*Unit)) Unit {
		change(&u)
		return u
	}
	home := func(q *Question) { q.Home = []ems.StationID{"st-far"} }
	at := func(id ems.StationID) func(*Unit) { return func(u *Unit) { u.Unit.Station = id } }
	cover := func(lost map[ems.UnitID]float64) func(*Question) {
		return func(q *Question) {
			q.Cover = &Cover{All: Reach{Area: 0.8, Calls: 0.9}, Without: map[ems.UnitID]Reach{}}
			for u, l := range lost {
				q.Cover.Without[u] = Reach{Area: 0.8 - l/2, Calls: 0.9 - l}
			}
		}
	}
	for name, c := range map[string]struct {
		conf  string
		ask   func(*Question)
		near  func(*Unit)
		code  string // said of near
		args  string
		first ems.UnitID
	}{
		"nothing":                       {``, nil, nil, "", "", "near"},
		"area: off until a city says":   {``, home, at("st-near"), "", "", "near"},
		"area: another station's":       {`{"area": {"on": true}}`, home, at("st-near"), "other_area", "stations=st-far handicap_s=180", "far"},
		"area: weighed":                 {`{"area": {"on": true, "weight": 0.1}}`, home, at("st-near"), "other_area", "handicap_s=18", "near"},
		"area: nobody's":                {`{"area": {"on": true}}`, nil, at("st-near"), "", "", "near"},
		"area: its own":                 {`{"area": {"on": true}}`, func(q *Question) { q.Home = []ems.StationID{"st-near"} }, at("st-near"), "own_area", "", "near"},
		"returning: ready where it is":  {``, nil, nil, "on_road", "", "near"},
		"returning: must restock":       {`{"returning": {"handicap_s": 100}}`, nil, nil, "on_road", "handicap_s=100", ""},
		"rest: fresh":                   {``, nil, work(300, 100), "", "", "near"},
		"rest: four hours":              {``, nil, work(250, 130, 120, 1), "rest", "worked_min=250 missions=2 handicap_s=60", "near"},
		"rest: weighed":                 {`{"rest": {"weight": 2}}`, nil, work(250, 130, 120, 1), "rest", "handicap_s=120", "far"},
		"rest: a break between":         {``, nil, work(250, 130, 109, 1), "", "", "near"},
		"rest: four in a row":           {`{"rest": {"handicap_s": 90}}`, nil, work(200, 150, 140, 100, 90, 60, 50, 2), "rest", "missions=4 worked_min=200 handicap_s=90", "far"},
		"rest: overlapping spans":       {`{"rest": {"handicap_s": 90}}`, nil, work(60, 1, 300, 30), "rest", "missions=2 worked_min=300", "far"},
		"rest: switched off":            {`{"rest": {"on": false}}`, nil, work(600, 1), "", "", "near"},
		"shift: hours away":             {``, nil, ends(5 * time.Hour), "", "", "near"},
		"shift: soon":                   {`{"shift": {"handicap_s": 90}}`, nil, ends(20 * time.Minute), "shift_ends", "left_min=20 handicap_s=90", "far"},
		"shift: over":                   {``, nil, ends(-10 * time.Minute), "shift_over", "over_min=10 handicap_s=60", "near"},
		"shift: by its times of day":    {`{"shift": {"handicap_s": 90}}`, nil, func(u *Unit) { u.Shifts = []string{"19:00", "11:20"} }, "shift_ends", "left_min=20", "far"}, // it is 11:00
		"shift: switched off":           {`{"shift": {"on": false}}`, nil, ends(-10 * time.Minute), "", "", "near"},
		"coverage: nothing lost":        {``, cover(map[ems.UnitID]float64{"near": 0, "far": 0}), nil, "coverage", "lost_pct=0.0 calls_pct=90.0 area_pct=80.0 target_min=12 handicap_s=0", "near"},
		"coverage: much":                {``, cover(map[ems.UnitID]float64{"near": 0.12, "far": 0}), nil, "coverage", "lost_pct=12.0 calls_pct=78.0 area_lost_pct=6.0 area_pct=74.0 handicap_s=72", "far"},
		"coverage: no more than a most": {``, cover(map[ems.UnitID]float64{"near": 0.5, "far": 0}), nil, "coverage", "handicap_s=120", "far"},
		"coverage: not worked out":      {``, cover(map[ems.UnitID]float64{"far": 0}), nil, "", "", "near"},
		"coverage: switched off":        {`{"coverage": {"on": false}}`, cover(map[ems.UnitID]float64{"near": 0.5, "far": 0}), nil, "", "", "near"},
		"priority A: told, not counted": {``, func(q *Question) {
			q.Incident.Priority = ems.PriorityA
			cover(map[ems.UnitID]float64{"near": 0.5, "far": 0})(q)
		}, nil, "coverage", "lost_pct=50.0 handicap_s=0", "near"},
		"priority A: counted by the city's will": {`{"nearest_first": []}`, func(q *Question) {
			q.Incident.Priority = ems.PriorityA
			cover(map[ems.UnitID]float64{"near": 0.5, "far": 0})(q)
		}, nil, "coverage", "handicap_s=120", "far"},
	} {
		t.Run(name, func(t *testing.T) {
			n := near
			if c.near != nil {
				n = of(near, c.near)
			}
			other := of(far, at("st-far"))
			if strings.HasPrefix(name, "returning: must") { // it would put both back
				other = unit("far", 36.605)
				other.Unit.Station = "st-far"
				c.first = "far"
			}
			r := asked(func(q *Question) {
				with(t, c.conf)(q)
				if c.ask != nil {
					c.ask(q)
				}
			}, n, other)
			if r.Units[0].Unit != c.first {
				t.Errorf("%s is first: %+v", r.Units[0].Unit, r.Units)
			}
			for _, u := range r.Units {
				if u.Unit != "near" {
					continue
				}
				got := reason(u, c.code)
				if c.code != "" && got == nil {
					t.Fatalf("it does not say %s: %+v", c.code, u)
				}
				if c.code == "" && len(u.Caution)+len(u.Reasons) > 2 { // travel and on_road
					t.Errorf("it says more than its time: %+v", u)
				}
				sum := 0.0
				for _, kv := range strings.Fields(c.args) {
					k, v, _ := strings.Cut(kv, "=")
					if got[k] != v {
						t.Errorf("%s of %s is %q, want %q", k, c.code, got[k], v)
					}
					if k == "handicap_s" {
						json.Unmarshal([]byte(v), &sum)
						if math.Abs(u.HandicapS-sum) > 0.5 {
							t.Errorf("the handicap is %v, and the reason says %v", u.HandicapS, sum)
						}
					}
				}
			}
		})
	}
}

func TestWithin(t *testing.T) {
	square := []ems.WGS84{{Lat: 0.1, Lon: 0.1}, {Lat: 0.1, Lon: 1}, {Lat: 1, Lon: 1}, {Lat: 1, Lon: 0.1}}
	notch := []ems.WGS84{{Lat: 2, Lon: 2}, {Lat: 2, Lon: 4}, {Lat: 3, Lon: 3}, {Lat: 4, Lon: 4}, {Lat: 4, Lon: 2}}
	for _, c := range []struct {
		at ems.WGS84
		in bool
	}{{ems.WGS84{Lat: 0.5, Lon: 0.5}, true}, {ems.WGS84{Lat: 1.5, Lon: 0.5}, false}, {ems.WGS84{Lat: 3, Lon: 2.5}, true}, {ems.WGS84{Lat: 3, Lon: 3.5}, false},
		{ems.WGS84{Lat: 2.2, Lon: 3.5}, true}, {ems.WGS84{Lat: 0.5, Lon: 3}, false}} {
		if got := Within(c.at, [][]ems.WGS84{square, notch}); got != c.in {
			t.Errorf("%v: %v", c.at, got)
		}
	}
	if Within(scene, nil) {
		t.Error("a place lies in no area at all")
	}
}

// Units that are about to be free: when, where, and what a person can do about it.
func TestDSP001_UnitsAboutToBeFreeStandApart(t *testing.T) {
	hospital := &ems.WGS84{Lat: 36.62, Lon: 116.9}
	bound := func(k *Task) { k.Hospital = hospital }
	units := []Unit{
		unit("free", 36.9),
		unit("aboard", 36.64, on(ems.MissionLeftScene, "B", time.Minute, bound)),          // 280 s to the hospital, 1200 s there, 280 s back
		unit("handing", 36.62, on(ems.MissionAtHospital, "B", 10*time.Minute)),            // 600 s left, 280 s
		unit("clearing", 36.63, on(ems.MissionHandedOver, "B", time.Minute)),              // 240 s left, 420 s
		unit("overdue", 36.61, on(ems.MissionAtHospital, "B", time.Hour)),                 // who knows: 120 s at least, 140 s
		unit("nowhere", 36.6, on(ems.MissionLeftScene, "B", time.Minute)),                 // bound for no hospital
		unit("scene", 36.6, on(ems.MissionContact, "B", time.Minute)),                     // who knows
		unit("off", 36.6, dutyIs(ems.Suspended), on(ems.MissionHandedOver, "B", 0)),       // will not be fit
		unit("late", 36.6, on(ems.MissionAtHospital, "B", -30*time.Minute)),               // not within the half hour
		unit("lost", 0, func(u *Unit) { u.Fix = nil }, on(ems.MissionAtHospital, "B", 0)), // nobody knows where
	}
	r := asked(nil, units...)
	var got []string
	for _, s := range r.Soon {
		got = append(got, string(s.Unit)+":"+s.Act)
	}
	if strings.Join(got, " ") != "overdue:wait clearing:free handing:wait aboard:wait" {
		t.Fatalf("about to be free: %v", got)
	}
	for i, want := range []struct{ remaining, eta, at float64 }{{120, 260, 120}, {240, 660, 240}, {600, 880, 600}, {1480, 1760, 1480}} {
		s := r.Soon[i]
		if math.Abs(*s.EtaS-want.eta) > 3 || math.Abs(s.FreeAt.Sub(now).Seconds()-want.at) > 2 || s.Mission == "" || s.Act == "" {
			t.Errorf("%s is there in %.0f s and free at %v: %+v, want %v", s.Unit, *s.EtaS, s.FreeAt.Sub(now), s, want)
		}
		if s := reason(r.Soon[i], "remaining")["remaining_s"]; s == "" {
			t.Errorf("%s does not say what is left of its task", r.Soon[i].Unit)
		}
	}
	if !has(r.Soon[0].Caution, "overdue", "") || has(r.Soon[2].Caution, "overdue", "") {
		t.Error("one that should be free already does not say so")
	}
	if len(r.Units) != 1 || len(r.LeftOut) != 9 {
		t.Errorf("%s: they are ranked, or not named as left out", ranking(r))
	}
	byRoad := asked(func(q *Question) {
		q.Roads = map[ems.UnitID]time.Duration{"free": time.Hour, "aboard": time.Second}
		q.ToHospital, q.AfterTask = map[ems.UnitID]time.Duration{"aboard": 100 * time.Second}, map[ems.UnitID]time.Duration{"aboard": 50 * time.Second}
	}, units[0], units[1])
	if s := byRoad.Soon; len(s) != 1 || *s[0].EtaS != 100+1200+50 {
		t.Errorf("by road: %+v", s)
	}
	if r := asked(with(t, `{"soon": {"on": false}}`), units...); r.Soon != nil {
		t.Errorf("switched off: %+v", r.Soon)
	}
	if r := asked(with(t, `{"soon": {"handover_s": 0, "clear_s": 0, "within_s": 200}}`), units[1:]...); len(r.Soon) != 3 { // aboard is 280 s from its hospital
		t.Errorf("the city's own: %+v", r.Soon)
	}
}

// Units on their way to somebody less urgent: what is gained, what the other loses, and only by a person's recall.
func TestDSP002_DivertableUnitsSayWhatIsGainedAndLost(t *testing.T) {
	free := unit("free", 36.66, stateIs(ems.MissionAvailable)) // 840 s to the scene at 36.60, 140 s to the other one at 36.65
	units := []Unit{free,
		unit("going", 36.62, on(ems.MissionDeparted, "C", time.Minute)),   // 280 s; 420 s to the other
		unit("standing", 36.61, on(ems.MissionOrdered, "D", time.Minute)), // 140 s and 30 s of its mobilisation
		unit("same", 36.6, on(ems.MissionDeparted, "B", 0)),               // as urgent
		unit("worse", 36.6, on(ems.MissionDeparted, "A", 0)),
		unit("there", 36.6, on(ems.MissionAtScene, "C", 0)),   // it has arrived
		unit("slow", 36.655, on(ems.MissionDeparted, "C", 0)), // 70 s sooner is not worth it
		unit("unfit", 36.6, dutyIs(ems.Crewless), on(ems.MissionDeparted, "C", 0)),
	}
	r := asked(nil, units...)
	if len(r.Divert) != 2 || r.Divert[0].Unit != "standing" || r.Divert[1].Unit != "going" {
		t.Fatalf("divertable: %+v", r.Divert)
	}
	for i, want := range []struct{ eta, gain, loses float64 }{{170, 669, 0}, {280, 559, 0}} {
		d := r.Divert[i]
		if math.Abs(*d.EtaS-want.eta) > 3 || math.Abs(*d.GainS-want.gain) > 5 || d.LosesS == nil || *d.LosesS != want.loses || d.Act != ActRecall || d.Mission == "" ||
			reason(d, "divert")["incident"] != "12" {
			t.Errorf("%s: %+v, gains %v, loses %v", d.Unit, d, *d.GainS, d.LosesS)
		}
	}
	// With the free unit on the other side, the other one waits longer.
	free = unit("free", 36.5, stateIs(ems.MissionAvailable)) // 1400 s to the scene, 2100 s to the other
	if r := asked(nil, free, units[1]); len(r.Divert) != 1 || math.Abs(*r.Divert[0].LosesS-(2100-420)) > 10 {
		t.Errorf("the other one loses: %+v", r.Divert)
	}
	roads := func(q *Question) {
		q.Roads = map[ems.UnitID]time.Duration{"free": 500 * time.Second, "going": 100 * time.Second}
		q.Others = map[ems.IncidentID]map[ems.UnitID]time.Duration{"i2": {"free": 700 * time.Second, "going": 50 * time.Second}}
	}
	if r := asked(roads, free, units[1]); len(r.Divert) != 1 || *r.Divert[0].GainS != 400 || *r.Divert[0].LosesS != 650 {
		t.Errorf("by road: %+v", r.Divert)
	}
	// With no free unit at all nobody can go to the other one, and it says so.
	if r := asked(nil, units[1]); len(r.Divert) != 1 || r.Divert[0].GainS != nil || r.Divert[0].LosesS != nil || !has(r.Divert[0].Caution, "loses_all", "12") {
		t.Errorf("nobody else: %+v", r.Divert)
	}
	if r := asked(with(t, `{"divert": {"gain_s": 600}}`), units...); len(r.Divert) != 1 {
		t.Errorf("the city's own: %+v", r.Divert)
	}
	if r := asked(with(t, `{"divert": {"on": false}}`), units...); r.Divert != nil {
		t.Errorf("switched off: %+v", r.Divert)
	}
}

// What would have to be true for a unit to be first is true: with it, it is first.
func TestDSP002_WhatWouldMakeAUnitFirst(t *testing.T) {
	away := stateIs(ems.MissionAvailable)
	dead := func(kind string) func(*Unit) {
		return func(u *Unit) {
			u.Devices = append(u.Devices, ems.DeviceStatus{Device: ems.DeviceID("x-" + kind), Kind: kind, State: ems.DeviceSilent})
		}
	}
	best := unit("best", 36.61, away) // 140 s
	for name, c := range map[string]struct {
		u    Unit
		want string // codes with their arguments
	}{
		"further away":             {unit("u", 36.62, away), "first_nearer:140"},
		"a tie by name":            {unit("u", 36.61, away), "first_nearer:1"},
		"a failed part":            {unit("u", 36.602, away, dead("monitor")), "first_mended:monitor"},
		"two failed parts":         {unit("u", 36.602, away, dead("monitor"), dead("sound")), "first_mended:monitor sound"},
		"failed and far":           {unit("u", 36.7, away, dead("monitor")), "first_no:2"},
		"failed, at the door":      {unit("u", 36.6, away, dead("monitor")), "first_mended:monitor"},
		"off duty":                 {unit("u", 36.602, away, dutyIs(ems.OffDuty)), "first_duty:off_duty"},
		"off duty and far":         {unit("u", 36.62, away, dutyIs(ems.OffDuty)), "first_no:2"},
		"on its way elsewhere":     {unit("u", 36.602, on(ems.MissionDeparted, "B", 0)), "first_recall:m-u"},
		"and far":                  {unit("u", 36.62, on(ems.MissionDeparted, "B", 0)), "first_no:2"},
		"handed over":              {unit("u", 36.602, on(ems.MissionHandedOver, "B", 0)), "first_free:m-u"},
		"with a patient":           {unit("u", 36.602, on(ems.MissionLeftScene, "B", 0)), "first_patient"},
		"a transport unit":         {unit("u", 36.602, away, func(u *Unit) { u.Kind = ems.UnitTransport }), "first_never"},
		"another city's":           {unit("u", 38, away), "first_never"},
		"on a mission and failed":  {unit("u", 36.602, dutyIs(ems.BrokenDown), on(ems.MissionDeparted, "B", 0)), "first_several"},
		"nobody knows where":       {unit("u", 0, away, func(u *Unit) { u.Fix.Quality = ems.NoFix }), ""},
		"nobody knows where, fast": {unit("u", 0, away, func(u *Unit) { u.Fix = nil }), ""},
	} {
		r := asked(nil, best, c.u)
		var first []Why
		for _, u := range r.Units {
			if u.Unit == "u" {
				first = u.First
			} else if u.Unit == "best" && r.Units[0].Unit == "best" && u.First != nil {
				t.Errorf("%s: the first one has something to be first: %v", name, u.First)
			}
		}
		for _, u := range r.LeftOut {
			if u.Unit == "u" {
				first = u.First
			}
		}
		if c.want == "" { // its part has failed with its place: 180 s behind, and the best has but 140 s
			if len(first) != 1 || first[0].Code != "first_no" {
				t.Errorf("%s: %v", name, first)
			}
			continue
		}
		i := 0
		for _, want := range strings.Split(c.want, " first_") {
			want = "first_" + strings.TrimPrefix(want, "first_")
			code, arg, _ := strings.Cut(want, ":")
			if i >= len(first) || first[i].Code != code || !has(first[i:i+1], code, arg) {
				t.Errorf("%s: %v, want %s", name, first, c.want)
				break
			}
			i++
		}
		if i != len(first) {
			t.Errorf("%s: %v, want %s", name, first, c.want)
		}
	}
	// Mended or nearer, either makes it first: 140 s and 180 s behind 280 s.
	r := asked(nil, unit("best", 36.62, away), unit("u", 36.61, away, dead("monitor")))
	if f := r.Units[1].First; len(f) != 2 || !has(f, "first_mended", "monitor") || !has(f, "first_nearer", "41") {
		t.Errorf("one of two things: %v", f)
	}
	// By so many seconds and no fewer.
	r = asked(func(q *Question) {
		q.Roads = map[ems.UnitID]time.Duration{"best": 140 * time.Second, "u": 281500 * time.Millisecond}
	}, best, unit("u", 36.62, away))
	s := r.Units[1].First[0].Args["nearer_s"]
	for by, want := range map[time.Duration]ems.UnitID{142 * time.Second: "u", 141 * time.Second: "best"} {
		again := asked(func(q *Question) {
			q.Roads = map[ems.UnitID]time.Duration{"best": 140 * time.Second, "u": 281500*time.Millisecond - by}
		}, best, unit("u", 36.62, away))
		if s != "142" || again.Units[0].Unit != want {
			t.Errorf("%s s nearer would make it first; with %v %s is", s, by, again.Units[0].Unit)
		}
	}
}

func TestMethodIsNamed(t *testing.T) {
	roads := map[ems.UnitID]time.Duration{"u": time.Minute}
	for want, f := range map[string]func(*Question){
		MethodLive: func(q *Question) { q.Roads, q.RoadsLive = roads, true }, MethodRoads: func(q *Question) { q.Roads = roads },
		MethodLine: func(q *Question) { q.OffRoads, q.RoadsLive = true, true },
	} {
		if r := asked(f, unit("u", 36.6)); r.Method != want {
			t.Errorf("%s, want %s", r.Method, want)
		}
	}
	if r := asked(func(q *Question) { q.CoverLate = true }, unit("u", 36.6)); !has(r.Missing, "cover_late", "") {
		t.Errorf("what is covered is not worked out, and it does not say so: %v", r.Missing)
	}
}

func TestConfigNamesTheKey(t *testing.T) {
	for section, want := range map[string]string{
		`[]`:                                  "match: want keys",
		`{"rests": {}}`:                       "match.rests: no such key; use one of area, coverage,",
		`{"rest": {"hours": 4}}`:              "match.rest.hours: no such key; use one of after_s, break_s, handicap_s, missions, on, weight",
		`{"rest": 4}`:                         "match.rest: want keys and values",
		`{"rest": null}`:                      "match.rest: want keys and values",
		`{"rest": {"on": "yes"}}`:             `match.rest.on: "yes" is no true or false`,
		`{"shift": {"within_s": null}}`:       "match.shift.within_s: null is no number",
		`{"rest": {"missions": 1.5}}`:         "match.rest.missions: 1.5 is no whole number",
		`{"area": {"weight": -1}}`:            "match.area.weight: -1 is not within 0 to 10",
		`{"mobilise": {"night_from": 24}}`:    "match.mobilise.night_from: 24 is not within 0 to 23",
		`{"coverage": {"target_s": 5}}`:       "match.coverage.target_s: 5 is not within 60 to 3600",
		`{"nearest_first": ["A", "E"]}`:       `match.nearest_first: priority "E"`,
		`{"nearest_first": "A"}`:              "match.nearest_first:",
		`{"divert": {"gain_s": 1e9}, "x": 1}`: "match.divert.gain_s",
	} {
		if _, err := ReadConfig([]byte(section)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", section, err, want)
		}
	}
	for _, none := range []string{"", "null", "{}"} {
		if c, err := ReadConfig([]byte(none)); err != nil || len(c.NearestFirst) != 1 || c.Rest != Default().Rest {
			t.Errorf("%q: %+v, %v", none, c, err)
		}
	}
	c, err := ReadConfig([]byte(`{"rest": {"on": false}, "nearest_first": []}`))
	if err != nil || c.Rest.On || c.Rest.AfterS != Default().Rest.AfterS || len(c.NearestFirst) != 0 || len(Default().NearestFirst) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

// Lifting a rule from a judgement is judging again without it: any unit, any rule.
func TestLiftingIsJudgingAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	conf, err := ReadConfig([]byte(`{"area": {"on": true}, "returning": {"handicap_s": 30}}`))
	if err != nil {
		t.Fatal(err)
	}
	q := Question{ID: "r1", At: now, Config: &conf, Home: []ems.StationID{"st1"}, Incident: ems.Incident{ID: "i1", Type: ems.Emergency, Priority: ems.PriorityB, Place: ems.Place{Pos: &scene}},
		Cover: &Cover{All: Reach{1, 1}, Without: map[ems.UnitID]Reach{}}}
	maybe := func(p float64) bool { return r.Float64() < p }
	for i := range 300 {
		u := unit(ems.UnitID("u"+itoa(i)), 36.6+r.Float64()/4)
		if maybe(0.3) {
			on([]ems.MissionState{ems.MissionDeparted, ems.MissionHandedOver, ems.MissionOrdered, ems.MissionContact}[r.IntN(4)], "C", time.Minute)(&u)
		} else if maybe(0.5) {
			u.State = ems.MissionAvailable
		}
		if maybe(0.3) {
			u.Duty = ems.Suspended
		}
		if maybe(0.2) {
			u.Kind = ems.UnitTransport
		}
		if maybe(0.2) {
			u.Fix = nil
		}
		u.Online = !maybe(0.3)
		if maybe(0.3) {
			u.Work = []Span{{now.Add(-6 * time.Hour), now}}
		}
		if maybe(0.3) {
			end := now.Add(5 * time.Minute)
			u.ShiftEnds = &end
		}
		u.Unit.Station = ems.StationID("st" + itoa(r.IntN(2)))
		q.Cover.Without[u.ID] = Reach{r.Float64(), r.Float64()}
		c := judge(&q, u, "", nil)
		for _, rule := range Rules {
			if rule.Name == "travel" {
				continue // without it there is no time to rank by: it is never lifted
			}
			is, want := spared(c, rule.Name), judge(&q, u, rule.Name, nil)
			if before(is, want) != 0 || math.Abs(is.Handicap-want.Handicap) > 1e-9 || strings.Join(is.against, " ") != strings.Join(want.against, " ") {
				t.Fatalf("%s without %s: %v %v against %v; judged again %v %v %v", u.ID, rule.Name, is.EtaS, is.Handicap, is.against, want.EtaS, want.Handicap, want.against)
			}
		}
	}
}
