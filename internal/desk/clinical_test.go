package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

func TestCLN004_NoticeWantsAnAnswer(t *testing.T) {
	b := newBench(t, false)
	m, o := b.dispatch(b.incident(), "u1")
	b.answer(o, "accepted")
	ans := b.do(li, SetDestination{Mission: m.ID, Hospital: "h1", Notice: "n1", Pathway: "chest_pain"})
	if len(ans.Refs) != 2 || ans.Refs[0] != (Ref{Notices, "n1"}) {
		t.Errorf("answer: %v", ans.Refs)
	}
	n := b.s.Notices["n1"]
	b.do(System, MoveNotice{Notice: "n1", To: ems.NoticeDelivered})
	b.do(eris, MoveNotice{Notice: "n1", Hospital: "h1", To: ems.NoticeSeen})
	if r := b.refused(eris, MoveNotice{Notice: "n1", Hospital: "h2", To: ems.NoticeAccepted}); !strings.Contains(r.To, "h2") {
		t.Errorf("%v", r)
	}
	b.wait(60 * time.Second) // seen is not an answer
	if n.Escalated != 1 {
		t.Errorf("after 60 s it went to %d next persons", n.Escalated)
	}
	if e := b.journal[len(b.journal)-1]; !strings.Contains(string(e.Body), "主任") {
		t.Errorf("the next person is not named: %s", e.Body)
	}
	if b.openTech("notice_unanswered", "n1") != nil {
		t.Error("the desk is alarmed before the list is exhausted")
	}
	b.wait(60 * time.Second)
	if a := b.openTech("notice_unanswered", "n1"); n.Escalated != 2 || a == nil || a.Owner != "d1" {
		t.Errorf("the list is exhausted and no desk alarmed: %d", n.Escalated)
	}
	b.refused(eris, MoveNotice{Notice: "n1", Hospital: "h1", To: ems.NoticeRejected})
	b.do(eris, MoveNotice{Notice: "n1", Hospital: "h1", To: ems.NoticeRejected, Reason: "导管室故障"})
	b.wait(0)
	if b.openTech("notice_unanswered", "n1") != nil || b.openTech("notice_rejected", "n1") == nil {
		t.Error("the desk is not told of the rejection")
	}
	if m.Destination != "h1" || m.State != ems.MissionAcknowledged || n.State != ems.NoticeRejected {
		t.Error("a rejection cancelled or moved something")
	}
	b.do(li, SetDestination{Mission: m.ID, Hospital: "h2", Notice: "n2", Pathway: "chest_pain"}) // a person redirects
	if n.State != ems.NoticeWithdrawn || n.Reason != "redirected" || m.Destination != "h2" || m.Notice != "n2" {
		t.Errorf("%+v %+v", n, m)
	}
	if r := b.refused(eris, MoveNotice{Notice: "n1", Hospital: "h1", To: ems.NoticeAccepted}); r.From != "withdrawn" || r.To != "accepted" {
		t.Errorf("%v", r)
	}
	b.wait(60 * time.Second) // h2 has nobody on its list: the desk telephones at once
	if b.openTech("notice_unanswered", "n2") == nil {
		t.Error("a hospital without a list is not telephoned")
	}
	b.do(eris, MoveNotice{Notice: "n2", Hospital: "h2", To: ems.NoticeAccepted})
	b.wait(time.Hour)
	if b.openTech("notice_unanswered", "n2") != nil {
		t.Error("the alarm outlives the answer")
	}
	told := 0
	for _, in := range b.s.Owes("u1") {
		if in.Kind == "notice" || in.Kind == "destination" {
			told++
		}
	}
	if told != 3 { // destination, n1 withdrawn, n2 accepted
		t.Errorf("the vehicle is told %d things: %+v", told, b.s.Owes("u1"))
	}
	for _, in := range b.s.Owes("u1") {
		b.do(crew, VehicleAnswer{Unit: "u1", Key: in.Key, Version: in.Version, Answer: "delivered", At: b.now})
	}
	if left := b.s.Owes("u1"); len(left) != 0 {
		t.Errorf("still owed: %+v", left)
	}
	b.check()
}

func TestCLN004_DestinationFromTheVehicle(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	send := func(h ems.HospitalID, n ems.NoticeID, id, pathway string) {
		t.Helper()
		b.do(crew, VehicleDestination{Unit: "u1", ID: id, Mission: m.ID, Hospital: h, Notice: n, Pathway: pathway, By: "张医生", At: b.now})
	}
	send("h1", "n1", "x1", "stroke")
	send("h1", "n9", "x1", "stroke") // the same touch
	send("h1", "n9", "x2", "stroke") // another touch of the same
	if len(b.s.Notices) != 1 {
		t.Fatalf("%d notices", len(b.s.Notices))
	}
	send("h1", "n2", "x3", "chest_pain")
	if b.s.Notices["n1"].Reason != "superseded" || b.s.Notices["n2"].Pathway != "chest_pain" {
		t.Error("a new activation does not replace the old")
	}
	send("nowhere", "n3", "x4", "")
	if !b.noted("destination_kept") || m.Destination != "h1" {
		t.Error("an unknown hospital is lost, or moved the mission")
	}
	b.touch(m, ems.NodeHandedOver)
	b.touch(m, ems.NodeAvailable)
	b.wait(time.Hour)
	if b.openTech("notice_unanswered", "n2") != nil {
		t.Error("an alarm about a mission that is over")
	}
	b.refused(li, SetDestination{Mission: m.ID, Hospital: "h2", Notice: "n4"})
	b.check()
}

func TestCLN006_ReadingsBelongToWhomTheDeviceWasBound(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	bind := func(dev ems.DeviceID, p ems.PatientID, by string, at time.Time, bound bool) {
		t.Helper()
		b.do(crew, VehicleBinding{Unit: "u1", Device: dev, Patient: p, Mission: m.ID, Bound: bound, By: by, At: at, Sex: "m", AgeYears: 60})
	}
	is := func(dev ems.DeviceID, at time.Time, want ems.PatientID) {
		t.Helper()
		if got := b.s.BoundAt("u1", dev, at); got != want {
			t.Errorf("%s at %s belongs to %q, want %q", dev, clock(at), got, want)
		}
	}
	is("mon", b.now, "")
	bind("mon", "p1", "", b.now, true)
	is("mon", b.now, "") // not a named act
	if !b.noted("binding_kept") {
		t.Error("the act without a name is lost")
	}
	first := b.now
	bind("mon", "p1", "张医生", first, true)
	bind("spo2", "p1", "张医生", first, true)
	bind("mon", "p1", "张医生", first, true) // sent again
	if n := len(b.s.Bindings["u1/mon"]); n != 1 {
		t.Errorf("%d spans", n)
	}
	p1 := b.s.Patients["p1"]
	if p1.Unit != "u1" || p1.AgeYears != 60 || p1.Incident != m.Incident || len(m.Patients) != 1 {
		t.Errorf("%+v", p1)
	}
	b.wait(time.Minute)
	second := b.now
	bind("mon", "p2", "张医生", second, true) // ends the first
	is("mon", first, "p1")
	is("mon", second.Add(-1), "p1")
	is("mon", second, "p2")
	is("spo2", second, "p1")
	if p1.Device != "spo2" {
		t.Errorf("p1 is still on the oximeter: %+v", p1)
	}
	b.wait(time.Minute)
	bind("mon", "p2", "张医生", b.now, false)
	is("mon", b.now, "")
	third := b.now
	bind("mon", "p2", "张医生", third, true)
	b.wait(time.Minute)
	b.touch(m, ems.NodeHandedOver)
	is("mon", b.now, "")
	is("spo2", b.now, "")
	is("spo2", b.now.Add(-1), "p1")
	if p1.UnboundAt == nil || p1.Device != "" {
		t.Errorf("bound after hand-over: %+v", p1)
	}
	// An entry that was kept on a tablet comes after all that: it ends at hand-over too, and disturbs nobody.
	b.wait(time.Minute)
	bind("temp", "p1", "护士", first.Add(10*time.Second), true)
	is("temp", first.Add(time.Minute), "p1")
	is("temp", b.now, "")
	bind("mon", "p3", "护士", first.Add(30*time.Second), true)
	is("mon", first.Add(29*time.Second), "p1")
	is("mon", first.Add(31*time.Second), "p3")
	is("mon", second, "p2")
	b.check()
}

func TestCLN006_BindingEndsWithTheMission(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	b.do(crew, VehicleBinding{Unit: "u1", Device: "mon", Patient: "p1", Mission: m.ID, Bound: true, By: "张医生", At: b.now})
	b.wait(time.Second)
	b.do(li, AbortMission{Mission: m.ID, Reason: "x"})
	if got := b.s.BoundAt("u1", "mon", b.now); got != "" {
		t.Errorf("still bound to %s", got)
	}
	b.do(crew, VehicleBinding{Unit: "u1", Device: "mon", Patient: "p1", Mission: m.ID, Bound: true, By: "张医生", At: b.now}) // crossed on the air
	if got := b.s.BoundAt("u1", "mon", b.now.Add(time.Second)); got != "" {
		t.Errorf("bound after the end to %s", got)
	}
	b.check()
}

func TestSCR003_DemoIsSaidEverywhereAndAlarmsInALiveCentre(t *testing.T) {
	b := newBench(t, true)
	m, _ := b.dispatch(b.incident(), "u1")
	b.alarm()
	b.do(li, AddPatient{Mission: m.ID, Patient: "p1", Name: "无名氏"})
	b.do(li, SetDestination{Mission: m.ID, Hospital: "h1", Notice: "n1"})
	b.do(crew, VehicleNote{Unit: "u1", ID: "x", Text: "t", By: "y", At: b.now})
	b.do(crew, DeviceChanged{Unit: "u1", Status: ems.DeviceStatus{Device: "mon", Kind: "monitor", State: ems.DeviceDemo, Since: b.now}})
	b.wait(time.Second)
	if b.openTech("device_demo", "u1/mon") != nil {
		t.Error("in a demo every device is one")
	}
	for _, e := range []struct {
		what string
		said bool
	}{{"unit", b.s.Units["u1"].Simulated}, {"mission", m.Simulated}, {"order", b.s.Orders[m.Order].Simulated}, {"incident", b.s.Incidents[m.Incident].Simulated},
		{"patient", b.s.Patients["p1"].Simulated}, {"notice", b.s.Notices["n1"].Simulated}, {"note", b.s.Notes["x"].Simulated}, {"hospital", b.s.Hospitals["h1"].Simulated},
		{"station", b.s.Stations["s1"].Simulated}, {"instruction", b.s.Instructions[string(m.Order)].Simulated}} {
		if !e.said {
			t.Errorf("%s does not say that it is simulated", e.what)
		}
	}
	for _, a := range b.s.Alarms {
		if !a.Simulated {
			t.Errorf("alarm %s does not say that it is simulated", a.ID)
		}
	}
	b.check()

	b = newBench(t, false)
	device := func(s ems.DeviceState) {
		t.Helper()
		b.do(crew, DeviceChanged{Unit: "u1", Status: ems.DeviceStatus{Device: "mon", Kind: "monitor", State: s, Since: b.now, Frames: 5}})
		b.wait(time.Second)
	}
	device(ems.DeviceDemo)
	if b.openTech("device_demo", "u1/mon") != nil {
		t.Error("a technician's test alarms without a mission")
	}
	m, _ = b.dispatch(b.incident(), "u1")
	b.wait(time.Second)
	a := b.openTech("device_demo", "u1/mon")
	if a == nil || a.Unit != "u1" || a.Mission != m.ID {
		t.Fatal("a device in demo mode on a mission does not alarm")
	}
	b.do(li, CloseAlarm{Alarm: a.ID, Reason: "已告知"})
	b.wait(time.Hour)
	if b.openTech("device_demo", "u1/mon") != nil {
		t.Error("what a person closed came back by itself")
	}
	device(ems.DeviceSpeaking)
	device(ems.DeviceDemo)
	if b.openTech("device_demo", "u1/mon") == nil {
		t.Error("the next time is not told")
	}
	device(ems.DeviceSpeaking)
	if b.openTech("device_demo", "u1/mon") != nil {
		t.Error("the alarm outlives its cause")
	}
	b.do(page, RaiseAlarm{Alarm: "drill", Kind: ems.CallerAlarm, Source: "s", Simulated: true})
	b.do(li, OpenIncident{Incident: "di", Alarm: "drill"})
	if !b.s.Alarms["drill"].Simulated || !b.s.Incidents["di"].Simulated {
		t.Error("a drill in a live centre does not say so")
	}
	b.check()
}

func TestDevice_LostOnAMission(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	device := func(s ems.DeviceState) {
		t.Helper()
		b.do(crew, DeviceChanged{Unit: "u1", Status: ems.DeviceStatus{Device: "gps", Kind: "gnss", State: s, Since: b.now}})
	}
	device(ems.DeviceAbsent)
	b.wait(9 * time.Second)
	if b.openTech("device_lost", "u1/gps") != nil {
		t.Error("a cable that is put back alarms")
	}
	b.wait(time.Second)
	if b.openTech("device_lost", "u1/gps") == nil {
		t.Error("a lost device does not alarm")
	}
	device(ems.DeviceProbing)
	b.wait(0)
	if b.openTech("device_lost", "u1/gps") != nil {
		t.Error("the alarm outlives its cause")
	}
	before := len(b.journal)
	old := b.now.Add(-time.Hour)
	b.do(crew, DeviceChanged{Unit: "u1", Status: ems.DeviceStatus{Device: "gps", Kind: "gnss", State: ems.DeviceSilent, Since: old}})
	b.do(crew, DeviceChanged{Unit: "u1", Status: ems.DeviceStatus{Device: "gps", Kind: "gnss", State: ems.DeviceProbing, Since: b.now, Frames: 900}})
	if len(b.journal) != before {
		t.Error("an older state, or counters alone, made an event")
	}
	b.do(li, AbortMission{Mission: m.ID, Reason: "x"})
	device(ems.DeviceSilent)
	b.wait(time.Minute)
	if b.openTech("device_lost", "u1/gps") != nil {
		t.Error("alarms without a mission")
	}
	b.check()
}

func TestSCR004_HospitalSeesItsOwnPatientsOnly(t *testing.T) {
	b := newBench(t, false)
	m1, _ := b.dispatch(b.incident(), "u1")
	m2, _ := b.dispatch(b.incident(), "u2")
	for i, m := range []*ems.Mission{m1, m2} {
		b.do(li, AddPatient{Mission: m.ID, Patient: ems.PatientID(fmt.Sprint("p", i+1)), Name: "甲"})
	}
	shows := func(step string, h ems.HospitalID, notices, missions, patients, units int) HospitalView {
		t.Helper()
		v := b.s.Visible(h)
		if len(v.Notices) != notices || len(v.Missions) != missions || len(v.Patients) != patients || len(v.Units) != units {
			t.Errorf("%s: %s sees %d notices %d missions %d patients %d units", step, h, len(v.Notices), len(v.Missions), len(v.Patients), len(v.Units))
		}
		for _, p := range []ems.PatientID{"p1", "p2"} {
			if _, ok := v.Patients[p]; ok != b.s.Sees(h, p) {
				t.Errorf("%s: %s sees %s: %v", step, h, p, ok)
			}
		}
		return v
	}
	shows("nobody bound for it", "h1", 0, 0, 0, 0)
	b.do(li, SetDestination{Mission: m1.ID, Hospital: "h1", Notice: "n1", Text: "胸痛"})
	shows("bound for it", "h1", 1, 1, 1, 1)
	shows("the other hospital", "h2", 0, 0, 0, 0)
	b.do(li, AddPatient{Mission: m1.ID, Patient: "p3"})
	shows("a second patient", "h1", 1, 1, 2, 1)
	b.do(li, SetDestination{Mission: m1.ID, Hospital: "h1", Notice: "n1b", Text: "STEMI"})
	shows("superseded", "h1", 1, 1, 2, 1)
	b.do(li, SetDestination{Mission: m1.ID, Hospital: "h2", Notice: "n2"})
	v := shows("redirected", "h1", 2, 0, 0, 0)
	for _, n := range v.Notices {
		if n.Text != "" || n.Patients != nil || n.Pathway != "" || n.State != ems.NoticeWithdrawn {
			t.Errorf("a withdrawal says more than one line: %+v", n)
		}
	}
	shows("redirected to it", "h2", 1, 1, 2, 1)
	b.do(eris, MoveNotice{Notice: "n2", Hospital: "h2", To: ems.NoticeRejected, Reason: "x"})
	shows("rejected, and still coming", "h2", 1, 1, 2, 1)
	b.touch(m1, ems.NodeHandedOver)
	b.touch(m1, ems.NodeAvailable)
	shows("received: the patient, no longer the unit", "h2", 1, 1, 2, 0)
	b.do(li, CloseIncident{Incident: m1.Incident, Reason: "完成"})
	shows("closed", "h2", 0, 0, 0, 0)
	b.do(li, SetDestination{Mission: m2.ID, Hospital: "h1", Notice: "n3"})
	b.do(li, RecallMission{Mission: m2.ID, Reason: "x"})
	shows("recalled", "h1", 1, 0, 0, 0)
	if b.s.Sees("h1", "nobody") {
		t.Error("sees a patient who is not")
	}
}

func TestVehicle_GapsAndConflictsAreJournalledAndShown(t *testing.T) {
	b := newBench(t, false)
	gap := VehicleGap{Unit: "u1", Epoch: "ab", Lane: "wave", From: 1, To: 9, Why: "full", Bytes: 100, FromTime: t0, ToTime: t0}
	b.do(crew, gap)
	b.do(crew, gap)
	if len(b.s.Notes) != 1 || len(b.s.open) != 0 {
		t.Errorf("%d notes, %d alarms", len(b.s.Notes), len(b.s.open))
	}
	gap.Lane, gap.Why = "reading", "store_changed"
	b.do(crew, gap)
	if b.openTech("lost_range", "u1") == nil {
		t.Error("a lost range does not alarm")
	}
	c := IdentityConflict{Unit: "u1", Epoch: "ab", Lane: "urgent", Seq: 7}
	b.do(crew, c)
	b.do(crew, c)
	a := b.openTech("identity_conflict", "u1")
	if a == nil || a.Presses != 1 {
		t.Fatalf("%+v", a)
	}
	c.Seq = 8
	b.do(crew, c)
	if a.Presses != 2 || !b.noted("identity_conflict") {
		t.Errorf("a second conflict does not count: %d", a.Presses)
	}
	b.do(System, ClearTech{Alarm: a.ID, Why: "x"})
	if a.State == ems.AlarmHandled {
		t.Error("a latching alarm ended by itself")
	}
	b.do(li, CloseAlarm{Alarm: a.ID, Reason: "已检查"})
	b.do(System, RaiseTech{Code: "store_silent", About: "store"})
	a = b.openTech("store_silent", "store")
	b.do(System, ClearTech{Alarm: a.ID, Why: "store_answers"})
	if a.State != ems.AlarmHandled || a.HandledBy != SystemName {
		t.Errorf("%+v", a)
	}
	b.refused(System, RaiseTech{Code: "unheard_of"})
	b.check()
}
