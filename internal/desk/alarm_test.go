package desk

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/ems"
)

func TestALM001_NothingHoldsAnAlarmBack(t *testing.T) {
	b := newBench(t, false)
	for i, c := range []RaiseAlarm{
		{Kind: ems.CrewSOS},                                   // no unit, no place, no time, no press id
		{Kind: ems.CrewSOS, Unit: "nobody-knows-it"},          // a unit that is not registered
		{Kind: ems.CallerAlarm, Source: "x"},                  // no phone, no name
		{Kind: ems.DeviceAlarm, Source: "y", PressID: "same"}, // a device
		{Kind: ems.CallerAlarm, Source: "z", Text: strings.Repeat("长", 2*MaxText)},
		{Kind: ems.CallerAlarm, Source: "w", Pressed: t0.Add(9999 * time.Hour)}, // a clock that is wrong
		{Kind: ems.CallerAlarm, Source: "v", Pressed: time.Unix(1<<40, 0)},      // one that is mad
		{Kind: ems.CallerAlarm, Source: "n", UncertainS: math.NaN(), Place: &ems.Place{Pos: &ems.WGS84{Lat: math.NaN()}, AccuracyM: math.Inf(1), At: when(time.Unix(1<<40, 0))}},
	} {
		c.Alarm = ems.AlarmID(fmt.Sprintf("a%d", i))
		b.do(Actor{}, c)
		a := b.s.Alarms[c.Alarm]
		if a == nil || !a.Sounding || a.State != ems.AlarmStored {
			t.Fatalf("alarm %d does not sound: %+v", i, a)
		}
		if a.Pressed.After(b.now) {
			t.Errorf("alarm %d was pressed in the future", i)
		}
	}
	// A hundred in one second from one source: every one counts, none is dropped.
	for i := range 100 {
		b.do(Actor{}, RaiseAlarm{Alarm: ems.AlarmID(fmt.Sprintf("f%d", i)), Kind: ems.CallerAlarm, Source: fmt.Sprint("flood", i%50), PressID: fmt.Sprint(i)})
	}
	n := 0
	for _, a := range b.s.Alarms {
		if strings.HasPrefix(a.Source, "flood") {
			n += a.Presses
		}
	}
	if n != 100 {
		t.Errorf("%d of 100 presses count", n)
	}
	b.check()
}

func TestALM002_LastFixKeepsItsAge(t *testing.T) {
	b := newBench(t, false)
	old := t0.Add(-7 * time.Minute)
	b.do(crew, RaiseAlarm{Alarm: "a1", Kind: ems.CrewSOS, Unit: "u1", PressID: "p", Place: &ems.Place{Pos: &ems.WGS84{Lat: 36.6, Lon: 116.9}, Source: "last_fix", At: &old}})
	if p := b.s.Alarms["a1"].Place; p.Source != "last_fix" || !p.At.Equal(old) {
		t.Errorf("the age of the place is lost: %+v", p)
	}
}

func TestALM003_CallerHearsOnlyWhatIsTrue(t *testing.T) {
	b := newBench(t, true)
	b.lag = true
	b.do(page, RaiseAlarm{Alarm: "a1", Kind: ems.CallerAlarm, PressID: "p1", Source: "s", Token: "tok", Phone: "139"})
	see := func(step string, received, coming bool, m ems.MissionState) Caller {
		t.Helper()
		c, ok := b.s.Caller("tok")
		if !ok || c.Received != received || c.OrderAccepted != coming || c.Mission != m || coming == (c.Unit == "") {
			t.Errorf("%s: %+v", step, c)
		}
		return c
	}
	see("the store has not answered", false, false, "")
	b.lag = false
	b.settle()
	see("stored", true, false, "")
	b.do(page, AddDetail{Alarm: "a1", Text: "老人倒地"})
	b.do(li, OpenIncident{Incident: "i1", Alarm: "a1"})
	see("incident", true, false, "")
	b.do(li, Dispatch{Incident: "i1", Unit: "u1", Mission: "m1", Order: "o1"})
	see("order sent", true, false, "")
	b.answer(b.s.Orders["o1"], "delivered")
	b.answer(b.s.Orders["o1"], "seen")
	see("order seen", true, false, "")
	b.answer(b.s.Orders["o1"], "accepted")
	c := see("order accepted", true, true, ems.MissionAcknowledged)
	if len(c.Lines) != 1 || c.Lines[0].Note != "老人倒地" || !c.Simulated || c.Closed {
		t.Errorf("page: %+v", c)
	}
	b.do(page, PressAgain{Token: "tok", NewAlarm: "a2", PressID: "p2"}) // the first is handled: a new alarm, and help still comes
	if c := see("pressed again", true, true, ems.MissionAcknowledged); c.Alarm != "a2" || c.State != ems.AlarmStored {
		t.Errorf("page of the new alarm: %+v", c)
	}
	b.do(li, RecallMission{Mission: "m1", Reason: "取消"})
	see("recalled", true, false, "")
	b.do(li, CloseAlarm{Alarm: "a2", Reason: "重复"})
	b.do(li, CloseIncident{Incident: "i1", Reason: "取消"})
	if c := see("closed", true, false, ""); !c.Closed {
		t.Error("the link does not end with the incident")
	}
	if _, ok := b.s.Caller("guess"); ok {
		t.Error("a guessed secret opens a page")
	}
	// The lamp of the crew's key.
	b.lag = true
	b.do(crew, RaiseAlarm{Alarm: "a3", Kind: ems.CrewSOS, Unit: "u1", PressID: "k1"})
	if _, ok := b.s.PressStored("u1", "k1"); ok {
		t.Error("lamp says received before the store has answered")
	}
	b.settle()
	if id, ok := b.s.PressStored("u1", "k1"); !ok || id != "a3" {
		t.Error("lamp stays dark after the store has answered")
	}
	b.check()
}

func TestALM004_OnePressIsOneAlarm(t *testing.T) {
	b := newBench(t, false)
	press := func(alarm ems.AlarmID, id string, lat float64) Answer {
		t.Helper()
		c := RaiseAlarm{Alarm: alarm, Kind: ems.CallerAlarm, PressID: id, Source: "s", Token: "tok", Phone: "139"}
		if lat != 0 {
			c.Place = &ems.Place{Pos: &ems.WGS84{Lat: lat, Lon: 116.9}}
		}
		return b.do(page, c)
	}
	press("a1", "p1", 0)
	for range 3 {
		if ans := press("other", "p1", 0); len(ans.Events) != 0 || !ans.Again || !slices.Equal(ans.Refs, []Ref{{Alarms, "a1"}}) {
			t.Fatalf("the same press again: %+v", ans)
		}
	}
	press("other", "p1", 36.6) // sent again once the phone knows its place
	a := b.s.Alarms["a1"]
	if a.Presses != 1 || a.Place == nil {
		t.Errorf("same press with a place: %+v", a)
	}
	press("other", "p2", 36.6)
	if a.Presses != 2 || len(b.s.Alarms) != 1 {
		t.Errorf("further press: %d presses, %d alarms", a.Presses, len(b.s.Alarms))
	}
	b.do(li, AckAlarm{Alarm: "a1"})
	if a.Sounding || a.State != ems.AlarmAcknowledged || a.AckBy != li.By || a.Owner != "d1" {
		t.Errorf("acknowledged: %+v", a)
	}
	b.wait(5 * time.Second)
	b.do(page, PressAgain{Token: "tok", NewAlarm: "other", PressID: "p3"})
	if !a.Sounding || a.State != ems.AlarmStored || !a.Since.Equal(b.now) {
		t.Errorf("a press after the acknowledgement does not sound again: %+v", a)
	}
	press("other", "p3", 0) // however often, by whatever way
	if a.Presses != 3 {
		t.Errorf("%d presses", a.Presses)
	}
	press("a2", "p4", 36.7)
	if b.s.Alarms["a2"] == nil {
		t.Error("another place is not a new alarm")
	}
	b.do(li, CloseAlarm{Alarm: "a1", Reason: "误按"})
	b.do(li, CloseAlarm{Alarm: "a2", Reason: "误按"})
	press("a3", "p5", 36.6)
	if b.s.Alarms["a3"] == nil {
		t.Error("after closing it is not a new alarm")
	}
	if ans := press("a4", "p1", 36.6); len(ans.Events) != 0 || ans.Refs[0].K != "a1" {
		t.Error("an old press became a new alarm")
	}
	b.check()
}

func TestALM005_EscalationAndSilence(t *testing.T) {
	b := newBench(t, false)
	id := b.alarm()
	a := b.s.Alarms[id]
	at := func(step string, d time.Duration, reach ems.AlarmReach, sounding bool) {
		t.Helper()
		b.wait(b.now.Sub(b.now) + d)
		if a.Reach != reach || a.Sounding != sounding {
			t.Errorf("%s: reach %s, sounding %v; want %s %v", step, a.Reach, a.Sounding, reach, sounding)
		}
	}
	if a.Owner == "" {
		t.Error("nobody owns it")
	}
	at("14.9 s", 14900*time.Millisecond, ems.ReachOwner, true)
	at("15 s", 100*time.Millisecond, ems.ReachDesks, true)
	at("29.9 s", 14900*time.Millisecond, ems.ReachDesks, true)
	at("30 s, no supervisor", 100*time.Millisecond, ems.ReachPhone, true)
	at("an hour later", time.Hour, ems.ReachPhone, true) // never falls silent by itself

	if r := b.refused(Actor{Desk: "d1"}, AckAlarm{Alarm: id}); r.Why == "" {
		t.Error("silenced without a name")
	}
	b.do(li, AckAlarm{Alarm: id})
	at("acknowledged", 0, ems.ReachPhone, false)
	at("59.9 s", 59900*time.Millisecond, ems.ReachPhone, false)
	at("60 s", 100*time.Millisecond, ems.ReachPhone, true)
	b.do(li, CloseAlarm{Alarm: id, Reason: "测试"})
	at("handled", time.Hour, ems.ReachPhone, false)

	b.do(zhao, LogOn{Desk: "d3", Role: "supervisor"})
	id = b.alarm()
	a = b.s.Alarms[id]
	b.do(wang, AckAlarm{Alarm: id})
	at("acknowledged at once", 59*time.Second, ems.ReachOwner, false)
	at("60 s: again at its owner", time.Second, ems.ReachOwner, true)
	at("119 s", 59*time.Second, ems.ReachOwner, true)
	at("120 s: at every desk", time.Second, ems.ReachDesks, true)
	b.do(wang, AckAlarm{Alarm: id}) // and once more by name
	at("acknowledged again", time.Second, ems.ReachDesks, false)
	b.do(li, TakeAlarm{Alarm: id})
	if a.Owner != "d1" || a.AckBy != li.By {
		t.Errorf("taken: %+v", a)
	}
	b.do(li, LogOff{Desk: "d1"})
	at("its owner left: everybody's", 0, ems.ReachDesks, true)
	if a.Owner != "" {
		t.Error("an empty desk owns it")
	}
	b.do(wang, OpenIncident{Incident: "i1", Alarm: id})
	at("incident", time.Hour, ems.ReachDesks, false)

	id = b.alarm()
	a = b.s.Alarms[id]
	at("supervisor at 30 s", 30*time.Second, ems.ReachSupervisor, true)
	b.do(zhao, LogOff{Desk: "d3"})
	at("supervisor has gone: telephone", 0, ems.ReachPhone, true)
	b.check()
}

func TestALM005_CrewSOSReachesEveryDeskAtOnce(t *testing.T) {
	b := newBench(t, false)
	b.do(crew, RaiseAlarm{Alarm: "a1", Kind: ems.CrewSOS, Unit: "u1", PressID: "p"})
	if a := b.s.Alarms["a1"]; a.Reach != ems.ReachDesks {
		t.Errorf("reach %s", a.Reach)
	}
	b.wait(30 * time.Second)
	if a := b.s.Alarms["a1"]; a.Reach != ems.ReachPhone {
		t.Errorf("after 30 s: %s", a.Reach)
	}
}

// A desk on a live call gets no new alarm while another is free; when all are on calls it still gets one.
func TestALM005_DeskOnACall(t *testing.T) {
	b := newBench(t, false)
	b.do(li, SetOnCall{Desk: "d1", On: true})
	if a := b.s.Alarms[b.alarm()]; a.Owner != "d2" {
		t.Errorf("owner %s", a.Owner)
	}
	b.do(wang, SetOnCall{Desk: "d2", On: true})
	if a := b.s.Alarms[b.alarm()]; a.Owner != "d1" {
		t.Errorf("owner %s", a.Owner)
	}
}

func TestALM006_NobodyTakesAnothersPress(t *testing.T) {
	b := newBench(t, false)
	b.do(page, RaiseAlarm{Alarm: "a1", Kind: ems.CallerAlarm, PressID: "p1", Source: "hostile"})
	b.do(page, RaiseAlarm{Alarm: "a2", Kind: ems.CallerAlarm, PressID: "p1", Source: "grandmother"})
	if b.s.Alarms["a2"] == nil {
		t.Fatal("a press id that somebody else used first has swallowed an alarm")
	}
	b.do(crew, RaiseAlarm{Alarm: "a3", Kind: ems.CrewSOS, Unit: "u1", PressID: "p1", Source: "hostile"})
	if a := b.s.Alarms["a3"]; a == nil || a.Source != "u1" {
		t.Fatalf("crew's SOS: %+v", a)
	}
	if g := alarm.Groups(b.s.OpenAlarms()); len(g) != 3 {
		t.Errorf("%d lines for three alarms", len(g))
	}
	// A thousand presses of one source keep the lines of its alarm bounded, and each counts.
	for i := range 1200 {
		b.do(page, RaiseAlarm{Alarm: "x", Kind: ems.CallerAlarm, PressID: fmt.Sprint("q", i), Source: "hostile"})
	}
	if a := b.s.Alarms["a1"]; a.Presses != 1201 || len(a.Lines) > MaxLines || len(a.PressIDs) > MaxPresses {
		t.Errorf("%d presses, %d lines, %d ids", a.Presses, len(a.Lines), len(a.PressIDs))
	}
	b.refused(page, AddDetail{Alarm: "a1", Text: "more"})
	b.do(li, AckAlarm{Alarm: "a1"})
	if a := b.s.Alarms["a1"]; a.Lines[len(a.Lines)-1].What != "acknowledged" {
		t.Error("a flood hid the acknowledgement")
	}
	b.check()
}

func TestAlarm_HandlingSaysBothEnds(t *testing.T) {
	b := newBench(t, false)
	id := b.alarm()
	b.do(li, AckAlarm{Alarm: id})
	if ans := b.do(wang, AckAlarm{Alarm: id}); len(ans.Events) != 0 {
		t.Error("a second acknowledgement changed something")
	}
	b.do(li, OpenIncident{Incident: "i1", Alarm: id, Priority: ems.PriorityA})
	i := b.s.Incidents["i1"]
	if i.Number != 1 || i.Place.Pos == nil || i.Phone != b.s.Alarms[id].Phone || !slices.Equal(i.Alarms, []ems.AlarmID{id}) || i.Desk != "d1" {
		t.Errorf("incident from an alarm: %+v", i)
	}
	for _, c := range []Command{OpenIncident{Incident: "i2", Alarm: id}, MergeAlarm{Alarm: id, Incident: "i1"}, CloseAlarm{Alarm: id, Reason: "x"}, AckAlarm{Alarm: id}, TakeAlarm{Alarm: id}} {
		if r := b.refused(wang, c); !strings.Contains(r.From, li.By) {
			t.Errorf("%T: refusal does not say who handled it: %v", c, r)
		}
	}
	two := b.alarm()
	if got := b.s.Duplicates(two); !slices.Equal(got, []ems.IncidentID{"i1"}) {
		t.Errorf("offered for merging: %v", got)
	}
	b.do(wang, MergeAlarm{Alarm: two, Incident: "i1"})
	if !slices.Equal(b.s.Incidents["i1"].Alarms, []ems.AlarmID{id, two}) || b.s.Alarms[two].How != "merged" {
		t.Error("not merged")
	}
	b.refused(li, CloseAlarm{Alarm: b.alarm()}) // a closing needs its reason
	if _, err := b.try(li, AckAlarm{Alarm: "none"}); err == nil {
		t.Error("acknowledged what is not there")
	}
	// The running number begins anew on a new Beijing day, which is 16:00 UTC.
	b.wait(13 * time.Hour)
	b.do(li, OpenIncident{Incident: "i9"})
	if n := b.s.Incidents["i9"].Number; n != 1 || b.s.Day != "2026-11-03" {
		t.Errorf("number %d of %s", n, b.s.Day)
	}
	b.refused(li, OpenIncident{Incident: "i9"})
	b.refused(li, OpenIncident{Incident: "i10", Type: "party"})
	b.refused(li, OpenIncident{Incident: "i10", Priority: "Z"})
	b.check()
}

// Two incidents that are one: alarms and calls move, the crews of the one that stands are not disturbed, and nothing is lost.
func TestIncident_MergedIntoAnother(t *testing.T) {
	b := newBench(t, false)
	one, two := b.alarm(), b.alarm()
	b.do(li, OpenIncident{Incident: "i1", Alarm: one, Complaint: "胸痛"})
	b.do(wang, OpenIncident{Incident: "i2", Alarm: two, Complaint: "老人倒地", Phone: "138"})
	b.do(wang, AddCall{Incident: "i2", Phone: "137", Text: "催车"})
	b.do(li, Dispatch{Incident: "i2", Unit: "u1", Mission: "m1", Order: "o1"})
	if r := b.refused(wang, MergeIncident{Incident: "i2", Into: "i1"}); !strings.Contains(r.Why, "m1") || r.From != "dispatched" {
		t.Errorf("a refusal that names no mission: %v", r)
	}
	b.do(li, RecallMission{Mission: "m1", Reason: "x"})
	b.refused(wang, MergeIncident{Incident: "i2", Into: "i2"})
	b.refused(Actor{}, MergeIncident{Incident: "i2", Into: "i1"})
	b.do(wang, MergeIncident{Incident: "i2", Into: "i1"})
	i1, i2 := b.s.Incidents["i1"], b.s.Incidents["i2"]
	if i2.State != ems.IncidentClosed || i2.Merged != "i1" || i2.Closed == nil || len(i2.Alarms) != 0 {
		t.Errorf("the merged one: %+v", i2)
	}
	if !slices.Equal(i1.Alarms, []ems.AlarmID{one, two}) || b.s.Alarms[two].Incident != "i1" {
		t.Errorf("alarms did not move: %v, %s", i1.Alarms, b.s.Alarms[two].Incident)
	}
	if len(i1.Calls) != 2 || i1.Calls[0].Phone != "138" || i1.Calls[0].Text != "老人倒地" || i1.Calls[1].Text != "催车" {
		t.Errorf("calls did not move: %+v", i1.Calls)
	}
	for _, c := range []Command{MergeIncident{Incident: "i2", Into: "i1"}, MergeIncident{Incident: "i1", Into: "i2"}, AddCall{Incident: "i2"}} {
		if r := b.refused(li, c); r.From != "closed" {
			t.Errorf("%T: %v", c, r)
		}
	}
	for range MaxCalls + 5 {
		b.do(li, AddCall{Incident: "i1", Text: "催车"})
	}
	if n := len(b.s.Incidents["i1"].Calls); n != MaxCalls {
		t.Errorf("%d calls are kept", n)
	}
	b.check()
}

// An emergency that nobody has sent a unit to sounds after 120 s at the desk whose work it is, and again when the unit came to nothing.
func TestIncident_WaitingSounds(t *testing.T) {
	b := newBench(t, false)
	waiting := func() *ems.Alarm { return b.s.Alarms[b.s.tech[techKey(string(alarm.IncidentWaiting), "i1")]] }
	b.do(wang, OpenIncident{Incident: "i1", Priority: ems.PriorityA})
	b.do(wang, OpenIncident{Incident: "i2", Type: ems.Transport})
	b.wait(IncidentWaitsFor - time.Second)
	if a := waiting(); a != nil {
		t.Fatalf("too early: %+v", a)
	}
	b.wait(2 * time.Second)
	a := waiting()
	if a == nil || !a.Sounding || a.Owner != wang.Desk || a.Text != "0001 A" {
		t.Fatalf("does not sound at its desk: %+v", a)
	}
	b.do(li, Dispatch{Incident: "i1", Unit: "u1", Mission: "m1", Order: "o1"})
	b.wait(time.Second)
	if a.State != ems.AlarmHandled {
		t.Errorf("a unit is sent, and it still sounds: %+v", a)
	}
	b.do(li, RecallMission{Mission: "m1", Reason: "x"})
	b.wait(IncidentWaitsFor + time.Second)
	if again := waiting(); again.ID == a.ID || !again.Sounding {
		t.Errorf("it waits again, and nothing sounds: %+v", again)
	}
	if b.s.tech[techKey(string(alarm.IncidentWaiting), "i2")] != "" {
		t.Error("a transport sounds")
	}
	b.check()
}
