package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/match"
)

var update = flag.Bool("update", false, "write the golden files of kinds of events that have none yet")

const goldens = "../../testdata/desk"

// fill sets every field that a body has, so that its golden file shows them all.
func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			v.Set(reflect.ValueOf(t0))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), strings.ToLower(v.Type().Field(i).Name))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key"), reflect.ValueOf("value"))
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(2)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(1.5)
	default:
		panic("fill: " + v.Kind().String())
	}
}

// formsOf are the golden files of a kind, the oldest form first: fields that were added later, and may be absent, have a form of their own.
func formsOf(t *testing.T, kind Type) []string {
	t.Helper()
	var out []string
	for n := 1; ; n++ {
		name := filepath.Join(goldens, string(kind)+".json")
		if n > 1 {
			name = filepath.Join(goldens, fmt.Sprintf("%s@%d.json", kind, n))
		}
		if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
			return out
		}
		out = append(out, name)
	}
}

func goldenOf(t *testing.T, name string) (e journal.Event) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// reads gives the body that a golden file is read as; nil when it cannot be any more.
func reads(t *testing.T, name string) body {
	t.Helper()
	back, err := parse(goldenOf(t, name))
	if err != nil {
		t.Errorf("%s cannot be read any more: %v", name, err)
		return nil
	}
	return back
}

// sameBody says whether a body that was read is written as it stood: nothing of an old form is lost, and nothing is made up.
func sameBody(t *testing.T, old []byte, back body) bool {
	t.Helper()
	var was, is any
	b, err := json.Marshal(back)
	if err := errors.Join(err, json.Unmarshal(old, &was), json.Unmarshal(b, &is)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(was, is)
}

func TestEVO001_EachKindHasItsGolden(t *testing.T) {
	seen := map[string]bool{}
	for kind, mk := range bodies {
		b := mk()
		if b.kind() != kind {
			t.Errorf("%s makes a body of %s", kind, b.kind())
		}
		fill(reflect.ValueOf(b).Elem(), string(kind))
		e, err := event(t0, "actor", b)
		if err != nil {
			t.Fatal(err)
		}
		e.Seq = 1
		forms := formsOf(t, kind)
		if *update && (len(forms) == 0 || !reflect.DeepEqual(reads(t, forms[len(forms)-1]), b)) {
			name := string(kind)
			if len(forms) > 0 {
				name += fmt.Sprintf("@%d", len(forms)+1)
			}
			out, _ := json.MarshalIndent(e, "", "\t")
			if err := os.WriteFile(filepath.Join(goldens, name+".json"), append(out, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
			forms = formsOf(t, kind)
		}
		if len(forms) == 0 {
			t.Errorf("%s has no golden file (go test ./internal/desk -update writes new ones)", kind)
			continue
		}
		for i, name := range forms {
			seen[name] = true
			golden, back := goldenOf(t, name), reads(t, name)
			switch {
			case back == nil:
			case i == len(forms)-1 && !reflect.DeepEqual(back, b):
				t.Errorf("%s is read differently: kinds are added, never changed; a field that is added may be absent, and -update writes the new form beside the old\n%+v\n%+v", kind, back, b)
			case !sameBody(t, golden.Body, back):
				t.Errorf("%s: something that %s holds is lost or another now: %+v", kind, name, back)
			}
			if golden.Stream != e.Stream || golden.Type != e.Type {
				t.Errorf("%s stands in stream %s, was %s", kind, e.Stream, golden.Stream)
			}
		}
	}
	files, _ := filepath.Glob(goldens + "/*.json")
	for _, f := range files {
		if !seen[f] && upcasters[Type(strings.TrimSuffix(filepath.Base(f), ".json"))] == nil {
			t.Errorf("%s: no kind and no upcaster reads it", f)
		}
	}
}

func TestEVO001_UnknownStopsLoudly(t *testing.T) {
	s := New(false)
	for _, e := range []journal.Event{
		{Seq: 1, Type: "alarm.sung", Body: []byte(`{}`)},
		{Seq: 1, Type: "desk.registered", Body: []byte(`{"desk":"d1","colour":"red"}`)},
		{Seq: 1, Type: "desk.registered", Body: []byte(`nonsense`)},
	} {
		if err := s.Apply(e); !errors.Is(err, ErrUnknownEvent) {
			t.Errorf("%s %s: %v", e.Type, e.Body, err)
		}
	}
	if err := s.Apply(journal.Event{Seq: 2, Type: "desk.registered", Body: []byte(`{"desk":"d1"}`)}); err == nil || errors.Is(err, ErrUnknownEvent) {
		t.Errorf("a hole: %v", err)
	}
	if s.Seq != 0 || len(s.Desks) != 0 {
		t.Error("an unknown event was skipped")
	}
	// An event about what is not there stops the fold too, whatever its kind.
	for kind, mk := range bodies {
		b := mk()
		fill(reflect.ValueOf(b).Elem(), "x")
		e, _ := event(t0, "actor", b)
		e.Seq = 1
		switch kind {
		case TypeAlarmRaised, TypeIncidentOpened, TypeRecommended, TypeNoteAdded, TypeUnitRegistered, TypeHospitalRegistered, TypeHospitalDescribed, TypeStationRegistered,
			TypeDeskRegistered, TypeUnitGap, TypeUnitConflict, TypeClosureDrawn:
			continue // these make what they are about
		}
		if err := New(false).Apply(e); err == nil {
			t.Errorf("%s about nothing was folded in", kind)
		}
	}
}

func TestEVO001_OldKindsAreLifted(t *testing.T) {
	table := map[Type]upcaster{
		"desk.made": func(e journal.Event) (journal.Event, error) { e.Type = "desk.built"; return e, nil },
		"desk.built": func(e journal.Event) (journal.Event, error) {
			e.Type, e.Body = string(TypeDeskRegistered), []byte(`{"desk":"d7"}`)
			return e, nil
		},
		"desk.lost": func(e journal.Event) (journal.Event, error) { return e, errors.New("cannot") },
	}
	e, err := lift(journal.Event{Type: "desk.made"}, table)
	if err != nil || e.Type != string(TypeDeskRegistered) || string(e.Body) != `{"desk":"d7"}` {
		t.Errorf("%v %v", e, err)
	}
	if _, err := lift(journal.Event{Type: "desk.lost"}, table); err == nil {
		t.Error("a failed lift went by")
	}
}

func TestEVO001_BrokenSnapshotIsNotBelieved(t *testing.T) {
	if _, err := Restore([]byte(`{"seq":`)); err == nil {
		t.Error("half a snapshot was taken for a whole")
	}
	for _, bad := range []string{`{"alarms":null}`, `{"alarms":{"a":null}}`, `{"alarms":{"a":{"id":"b"}}}`, `{"tokens":null}`, `{"instructions":{"k":null}}`,
		`{"alarms":{"a":{"id":"a","state":"handled"}}}`, `{"incidents":{"i":{"id":"i","state":"closed"}}}`, `{"incidents":{"i":{"id":"i","missions":["m"]}}}`} {
		if s, err := Restore([]byte(bad)); err == nil {
			t.Errorf("%s was believed: %+v", bad, s)
		}
	}
}

// FuzzRestore: no snapshot breaks a start. One that is believed comes out again as it went in, and the fold works on it.
func FuzzRestore(f *testing.F) {
	b := newBench(f, true)
	b.dispatch(b.incident(), "u1")
	_, body, ok := b.s.Snapshot()
	if !ok {
		f.Fatal("the seed is unrecorded")
	}
	for _, seed := range []string{string(body), `{}`, `{"alarms":{"a":null}}`, `{"alarms":{"a":{"id":"a","kind":"technical","state":"handled"}}}`,
		`{"notices":{"n":{"id":"n","state":"sent"}},"presses":{"x":"y"},"recent":["a"]}`, `{"orders":null}`, `{"missions":{"m":{"id":"m"}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Restore(b)
		if err != nil {
			return
		}
		_, first, ok := s.Snapshot()
		if !ok {
			t.Fatal("a snapshot brings what is unrecorded")
		}
		again, err := Restore(first)
		if err != nil {
			t.Fatalf("what was believed once is not believed again: %v", err)
		}
		if _, second, _ := again.Snapshot(); !bytes.Equal(first, second) {
			t.Errorf("%s\nbecame\n%s", first, second)
		}
		NextDue(s, t0)
		s.OpenAlarms()
	})
}

// A command about nothing is refused with ErrNotKnown or a refusal, and never panics; a vehicle's word about nothing is kept.
func TestDecide_AboutNothing(t *testing.T) {
	b := newBench(t, false)
	for _, c := range []Command{
		PressAgain{Token: "x"}, AddDetail{Alarm: "x"}, ClearTech{Alarm: "x"}, AckAlarm{Alarm: "x"}, TakeAlarm{Alarm: "x"}, CloseAlarm{Alarm: "x", Reason: "r"},
		MergeAlarm{Alarm: "x", Incident: "x"}, EscalateAlarm{Alarm: "x"}, OpenIncident{Incident: "i9", Alarm: "x"}, ChangeIncident{Incident: "x"},
		CloseIncident{Incident: "x", Reason: "r"}, CancelIncident{Incident: "x", Reason: "r"}, StoreRecommendation{}, Dispatch{Incident: "x"},
		ExplainChoice{Mission: "x", Reason: "r"}, SetNode{Mission: "x"}, RecallMission{Mission: "x", Reason: "r"}, AbortMission{Mission: "x", Reason: "r"},
		SetDestination{Mission: "x"}, AcceptByVoice{Order: "x", Name: "n"}, WithdrawOrder{Order: "x", Reason: "r"}, ExpireOrder{Order: "x"},
		AddPatient{Mission: "x"}, ChangePatient{Patient: "x"}, MoveNotice{Notice: "x"}, EscalateNotice{Notice: "x"}, SetDuty{Unit: "x", Duty: ems.OnDuty},
		LogOn{Desk: "x", Role: "dispatcher"}, LogOff{Desk: "x"}, SetOnCall{Desk: "x"}, RegisterUnit{}, RegisterHospital{}, RegisterStation{}, RegisterDesk{},
		SetBoard{Hospital: "x", Part: ems.PartWhole, State: ems.BoardOpen}, ConfirmBoard{Hospital: "x"}, AssessMission{Mission: "x"}, ExplainHospital{Mission: "x", Reason: "r"},
		VehicleGap{Unit: "x"}, IdentityConflict{Unit: "x"}, DeviceChanged{Unit: "x"},
	} {
		if _, err := b.try(li, c); err == nil {
			t.Errorf("%T about nothing was done", c)
		}
		if _, err := b.try(Actor{}, c); err == nil {
			t.Errorf("%T about nothing by nobody was done", c)
		}
	}
	for _, c := range []Command{
		VehicleAnswer{Unit: "x", Key: "x", Answer: "seen"}, VehicleNode{Unit: "x", Mission: "x", Node: "x"}, VehicleNote{Unit: "x", ID: "not a name", Text: "t"},
		VehicleBinding{Unit: "x", Device: "d", Bound: true, By: "y"}, VehicleBinding{Unit: "x", Device: "d", Patient: "p", Sex: "?", Bound: true, By: "y"},
		VehicleDestination{Unit: "x", Mission: "x"}, VehicleAssess{Unit: "x", Mission: "x"},
	} {
		before := len(b.s.Notes)
		b.do(crew, c)
		if len(b.s.Notes) != before+1 {
			t.Errorf("%T about nothing is lost", c)
		}
	}
	if got := b.do(System, Sweep{Incidents: []ems.IncidentID{"x"}, Alarms: []ems.AlarmID{"x"}, Notes: []string{"x"}}); len(got.Events) != 0 {
		t.Error("swept what is not there")
	}
	b.check()
}

func TestDecide_SameActAgain(t *testing.T) {
	b := newBench(t, false)
	c := OpenIncident{Act: Act{"act-1"}, Incident: "i1"}
	first := b.do(li, c)
	c.Incident = "i2" // the screen was reloaded: a new id, the same act
	again := b.do(li, c)
	if !again.Again || len(again.Events) != 0 || !reflect.DeepEqual(again.Refs, first.Refs) || first.Again {
		t.Errorf("%+v %+v", first, again)
	}
	d := Dispatch{Act: Act{"act-2"}, Incident: "i1", Unit: "u1", Mission: "m1", Order: "o1"}
	first = b.do(li, d)
	again = b.do(li, d)
	want := []Ref{{Missions, "m1"}, {Orders, "o1"}}
	if !reflect.DeepEqual(first.Refs, want) || !reflect.DeepEqual(again.Refs, want) {
		t.Errorf("%v %v", first.Refs, again.Refs)
	}
	b.check() // and after a restart: the journal holds the act's id
	_, body, _ := b.s.Snapshot()
	back, _ := Restore(body)
	if ans, err := Decide(back, b.now, li, d); err != nil || !ans.Again {
		t.Errorf("after a restart: %v %v", ans, err)
	}
	for i := range MaxRequests + 10 {
		b.s.remember(fmt.Sprint("filler", i), nil)
	}
	if len(b.s.Requests) != MaxRequests || len(b.s.Recent) != MaxRequests {
		t.Errorf("%d acts are remembered", len(b.s.Requests))
	}
	r := b.refused(li, d) // forgotten, and then the entities' own identities hold
	if !strings.Contains(r.From, "m1") {
		t.Errorf("%v", r)
	}
}

func TestSweep_ClosedLeavesAfterADay(t *testing.T) {
	b := newBench(t, false)
	id := b.alarm()
	b.do(li, OpenIncident{Incident: "i1", Alarm: id})
	m, o := b.dispatch("i1", "u1")
	b.answer(o, "accepted")
	b.do(crew, VehicleBinding{Unit: "u1", Device: "mon", Patient: "p1", Mission: m.ID, Bound: true, By: "张医生", At: b.now})
	b.do(li, SetDestination{Mission: m.ID, Hospital: "h1", Notice: "n1"})
	b.do(crew, VehicleNote{Unit: "u1", ID: "x1", Mission: m.ID, Text: "t", By: "y", At: b.now})
	b.do(crew, VehicleNote{Unit: "u1", ID: "x2", Text: "t", By: "y", At: b.now})
	b.touch(m, ems.NodeHandedOver)
	b.touch(m, ems.NodeAtStation)
	other := b.alarm()
	b.do(li, CloseAlarm{Alarm: other, Reason: "误按"})
	b.wait(24 * time.Hour)
	if b.s.Incidents["i1"] == nil {
		t.Error("forgotten too soon: it was closed an hour after its end")
	}
	b.s.Touched()
	b.wait(2 * time.Hour)
	s := b.s
	for what, n := range map[string]int{"alarms": len(s.Alarms), "incidents": len(s.Incidents), "missions": len(s.Missions), "orders": len(s.Orders),
		"notices": len(s.Notices), "patients": len(s.Patients), "notes": len(s.Notes), "instructions": len(s.Instructions), "bindings": len(s.Bindings),
		"presses": len(s.Presses), "tokens": len(s.Tokens), "deadlines": len(s.deadlines), "tech": len(s.tech), "open": len(s.open)} {
		if n != 0 {
			t.Errorf("%d %s stay: %v", n, what, s.deadlines)
		}
	}
	gone := 0
	for _, r := range s.Touched() {
		if _, ok := s.Entity(r); !ok {
			gone++
		}
	}
	if gone < 8 {
		t.Errorf("screens hear of %d that are gone", gone)
	}
	b.check()
}

func TestSweep_OpenAlarmsNeverLeave(t *testing.T) {
	b := newBench(t, false)
	id := b.alarm()
	b.wait(30 * 24 * time.Hour)
	if b.s.Alarms[id] == nil || !b.s.Alarms[id].Sounding {
		t.Error("an alarm fell silent by age")
	}
	// Beyond the bound the oldest handled ones leave early, open ones stay.
	for i := range MaxAlarms + 5 {
		a := &ems.Alarm{ID: ems.AlarmID(fmt.Sprint("x", i)), State: ems.AlarmHandled, HandledAt: when(b.now.Add(time.Duration(i)))}
		b.s.Alarms[a.ID] = a
	}
	cmds := Due(b.s, b.now)
	if len(cmds) == 0 || !NextDue(b.s, b.now).Equal(b.now) {
		t.Fatal("nothing leaves")
	}
	sw, ok := cmds[len(cmds)-1].(Sweep)
	if !ok || len(sw.Alarms) != 6 || sw.Alarms[0] != "x0" {
		t.Errorf("%+v", sw)
	}
}

func TestCentre_DutyAndDesks(t *testing.T) {
	b := newBench(t, false)
	b.refused(li, SetDuty{Unit: "u1", Duty: ems.Suspended})
	b.refused(li, SetDuty{Unit: "u1", Duty: "asleep"})
	b.do(li, SetDuty{Unit: "u1", Duty: ems.Suspended, Reason: "保养"})
	if ans := b.do(li, SetDuty{Unit: "u1", Duty: ems.Suspended, Reason: "保养"}); len(ans.Events) != 0 {
		t.Error("the same duty again made an event")
	}
	if u := b.s.Units["u1"]; u.DutyReason != "保养" || len(u.Crew) != 1 {
		t.Errorf("%+v", u)
	}
	b.do(li, SetDuty{Unit: "u1", Duty: ems.OnDuty, Crew: []string{"甲", "乙"}})
	b.dispatch(b.incident(), "u1")
	b.refused(li, SetDuty{Unit: "u1", Duty: ems.OffDuty})
	b.do(li, SetDuty{Unit: "u1", Duty: ems.BrokenDown, Reason: "爆胎"}) // on the way: people decide what becomes of the mission
	b.refused(li, LogOn{Desk: "d3", Role: "king"})
	if ans := b.do(li, LogOn{Desk: "d1", Role: "dispatcher"}); len(ans.Events) != 0 {
		t.Error("logging on again made an event")
	}
	b.do(zhao, LogOn{Desk: "d1", Role: "supervisor"}) // the person changes
	if d := b.s.Desks["d1"]; d.By != zhao.By || d.Role != "supervisor" || !d.Since.Equal(b.now) {
		t.Errorf("%+v", d)
	}
	bare := b.s.Units["u2"].Unit
	bare.Equipment = []string{} // the same as none
	for _, c := range []Command{SetOnCall{Desk: "d1"}, LogOff{Desk: "d3"}, RegisterUnit{Unit: bare}, RegisterDesk{Desk: "d1"}, RegisterUnit{Unit: b.s.Units["u1"].Unit},
		RegisterStation{Station: *b.s.Stations["s1"]}, RegisterHospital{Hospital: *b.s.Hospitals["h1"]}} {
		if ans := b.do(zhao, c); len(ans.Events) != 0 {
			t.Errorf("%T that changes nothing made an event", c)
		}
	}
	long := strings.Repeat("长", MaxText+1)
	for _, c := range []Command{SetDuty{Unit: "u2", Duty: ems.Suspended, Reason: long}, OpenIncident{Incident: "i9", Complaint: long}, CloseAlarm{Alarm: b.alarm(), Reason: long},
		ChangeIncident{Incident: b.incident(), Phone: &long}, Dispatch{Incident: b.incident(), Unit: "u2", Mission: "m9", Order: "o9", Text: long}} {
		b.refused(li, c)
	}
	b.check()
}

func TestBounds_WhatAVehicleCanMakeGrow(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	for i := range MaxNotes + 3 {
		b.now = b.now.Add(time.Millisecond)
		b.do(crew, VehicleNote{Unit: "u1", ID: fmt.Sprint("n", i), Mission: m.ID, Text: "t", By: "y", At: b.now})
	}
	if len(b.s.Notes) != MaxNotes || b.s.Notes["n2"] != nil || b.s.Notes["n3"] == nil {
		t.Errorf("%d notes", len(b.s.Notes))
	}
	b.do(crew, VehicleNote{Unit: "u2", ID: "n9", Text: "another unit's", By: "y", At: b.now})
	b.do(crew, VehicleNote{Unit: "u2", ID: "sys-1", Text: "posing as the system", By: "y", At: b.now})
	if b.s.Notes["n9"].Unit != "u1" || b.s.Notes["u2.n9"] == nil || b.s.Notes["u2.sys-1"] == nil || b.s.Noted != 0 {
		t.Error("one unit wrote over another's note")
	}
	for i := range MaxDevices {
		b.do(crew, DeviceChanged{Unit: "u1", Status: ems.DeviceStatus{Device: ems.DeviceID(fmt.Sprint("d", i)), State: ems.DeviceSpeaking, Since: b.now}})
	}
	b.refused(crew, DeviceChanged{Unit: "u1", Status: ems.DeviceStatus{Device: "more", State: ems.DeviceSpeaking, Since: b.now}})
	b.do(crew, DeviceChanged{Unit: "u1", Status: ems.DeviceStatus{Device: "d1", State: ems.DeviceSilent, Since: b.now}})
	for _, mission := range []ems.MissionID{m.ID, "none"} {
		for i := range MaxPatients + 1 {
			b.do(crew, VehicleBinding{Unit: "u1", Device: "mon", Patient: ems.PatientID(fmt.Sprint("p", mission, i)), Mission: mission, Bound: true, By: "y", At: b.now})
		}
	}
	if len(b.s.Patients) != 2*MaxPatients {
		t.Errorf("%d patients", len(b.s.Patients))
	}
	for i := range MaxRecommendations + 2 {
		b.now = b.now.Add(time.Second)
		b.do(li, StoreRecommendation{Recommendation: match.Recommendation{ID: fmt.Sprint("r", i), Incident: m.Incident, At: b.now}})
	}
	if len(b.s.Recommendations) != MaxRecommendations || b.s.Recommendations["r1"] != nil {
		t.Errorf("%d recommendations", len(b.s.Recommendations))
	}
	b.check()
	b.do(crew, VehicleBinding{Unit: "u1", Device: "mon", By: "y", At: b.now})
	b.wait(KeepClosed)
	if n := b.s.patients(nil); n != 0 {
		t.Errorf("%d patients of no mission stay after a day", n)
	}
	b.check()
}

func TestPatient_ChangedAndAdded(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	b.do(li, AddPatient{Mission: m.ID, Patient: "p1"})
	b.refused(li, AddPatient{Mission: m.ID, Patient: "p1"})
	b.refused(li, AddPatient{Mission: m.ID, Patient: "p2", AgeYears: 300})
	b.refused(li, ChangePatient{Patient: "p1", Sex: "x"})
	b.do(li, ChangePatient{Patient: "p1", Name: "甲", AgeYears: 70})
	b.do(li, ChangePatient{Patient: "p1", Sex: "f"})
	if p := b.s.Patients["p1"]; p.Name != "甲" || p.AgeYears != 70 || p.Sex != "f" {
		t.Errorf("%+v", p)
	}
	b.do(crew, VehicleBinding{Unit: "u1", Device: "mon", Patient: "p1", Mission: m.ID, Bound: true, By: "医生", At: b.now, Name: "甲乙"})
	if b.s.Patients["p1"].Name != "甲乙" {
		t.Error("what the crew learnt is not kept")
	}
	b.check()
}
