package desk

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

var caller = Actor{By: "caller", Role: "caller"}

func said(id, text string, a ems.AlarmID) Say {
	return Say{Message: ems.Message{ID: ems.MessageID(id), Alarm: a, From: FromCaller, Text: text}}
}

func TestTalk_BothWaysInOrderAndOnce(t *testing.T) {
	b := newBench(t, false)
	a := b.alarm()
	b.do(caller, said("m1", "我说不出话", a))
	b.do(caller, said("m1", "我说不出话", a))
	b.do(li, Say{Message: ems.Message{ID: "m2", Alarm: a, From: FromDesk, Text: "请打开门", Card: "cpr_adult"}})
	if r := b.refused(caller, said("m1", "别的", a)); r.From != "said" {
		t.Error(r)
	}
	b.refused(Actor{}, Say{Message: ems.Message{ID: "m3", Alarm: a, From: FromDesk, Text: "x"}})
	b.refused(li, Say{Message: ems.Message{ID: "m3", Alarm: a, From: FromDesk, Card: "surgery"}})
	b.refused(caller, said("m3", "", a))
	talk := b.s.TalkOf(a)
	if len(talk) != 2 || talk[0].N != 1 || talk[1].N != 2 || talk[1].By != li.By || talk[1].Card != "cpr_adult" || talk[0].Read != nil {
		t.Fatalf("%+v", talk)
	}
	b.refused(Actor{}, ReadTalk{Alarm: a, From: FromCaller, UpTo: "m2"})
	b.do(li, ReadTalk{Alarm: a, From: FromCaller, UpTo: "m1"})
	b.do(caller, ReadTalk{Alarm: a, From: FromDesk, UpTo: "m2"})
	if talk = b.s.TalkOf(a); talk[0].Read == nil || talk[0].ReadBy != li.By || talk[1].Read == nil {
		t.Errorf("%+v", talk)
	}
	b.check()
}

func TestALM001_AFloodOfMessagesIsBoundedAndCostsNoAlarm(t *testing.T) {
	b := newBench(t, false)
	a, other := b.alarm(), b.alarm()
	for i := range MaxTalkMinute {
		b.do(caller, said(fmt.Sprintf("m%d", i), "喂", a))
	}
	if _, err := Decide(b.s, b.now, caller, said("one-more", "喂", a)); !errors.Is(err, ErrTooFast) {
		t.Fatal(err)
	}
	b.do(caller, said("of-another", "喂", other)) // another's page is not slowed
	b.do(caller, PressAgain{Token: b.s.token(a), NewAlarm: "a9", PressID: "again", Pressed: b.now})
	b.do(caller, CorrectPlace{Alarm: other, ID: "p1", Place: ems.Place{Address: "北门"}})
	n := MaxTalkMinute
	for b.now = b.now.Add(time.Minute); n < MaxTalk; n++ {
		if n%MaxTalkMinute == 0 {
			b.now = b.now.Add(2 * time.Minute)
		}
		b.do(caller, said(fmt.Sprintf("m%d", n), "喂", a))
	}
	b.now = b.now.Add(2 * time.Minute)
	if _, err := Decide(b.s, b.now, caller, said("too-many", "喂", a)); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	b.do(li, Say{Message: ems.Message{ID: "desk", Alarm: a, From: FromDesk, Text: "请接电话"}}) // the desk can still write
	if n := len(b.s.TalkOf(a)); n != MaxTalkShown {
		t.Error(n)
	}
	b.check()
}

// token gives a secret's digest of an alarm, for tests.
func (s *State) token(a ems.AlarmID) string {
	for t, id := range s.Tokens {
		if id == a {
			return t
		}
	}
	return ""
}

func TestTalk_EndsWithTheIncident(t *testing.T) {
	b := newBench(t, false)
	a := b.alarm()
	b.do(li, OpenIncident{Incident: "i1", Alarm: a})
	b.do(caller, said("m1", "在", a))
	b.do(li, CloseIncident{Incident: "i1", Reason: "done"})
	b.refused(caller, said("m2", "还在吗", a))
	b.refused(li, Say{Message: ems.Message{ID: "m3", Alarm: a, From: FromDesk, Text: "x"}})
	b.refused(caller, CorrectPlace{Alarm: a, ID: "p1", Place: ems.Place{Address: "x"}})
	b.do(li, ReadTalk{Alarm: a, From: FromCaller, UpTo: "m1"}) // what is unread stays readable
	if !b.s.LinkEnded(b.s.token(a)) {
		t.Error("the link outlives its incident")
	}
	b.check()
}

func TestCorrectPlace_BothValuesStayAndTheCrewHears(t *testing.T) {
	b := newBench(t, false)
	a := b.alarm()
	was := *b.s.Alarms[a].Place
	b.do(li, OpenIncident{Incident: "i1", Alarm: a})
	b.do(li, Dispatch{Incident: "i1", Unit: "u1", Mission: "m1", Order: "o1"})
	b.do(caller, CorrectPlace{Alarm: a, ID: "p1", Place: ems.Place{Address: "幸福小区3号楼2单元"}})
	al, i, o := b.s.Alarms[a], b.s.Incidents["i1"], b.s.Orders["o1"]
	if al.Place.Address != "幸福小区3号楼2单元" || *al.Place.Pos != *was.Pos || len(al.Places) != 1 || !samePlace(al.Places[0].Was, was) || al.Places[0].By != "caller" {
		t.Errorf("the alarm: %+v %+v", al.Place, al.Places)
	}
	if i.Place.Address != al.Place.Address || len(i.Places) != 1 || !samePlace(i.Places[0].Was, was) {
		t.Errorf("the incident: %+v %+v", i.Place, i.Places)
	}
	if in := b.s.Owes("u1"); o.Version != 2 || o.Place.Address != al.Place.Address || len(in) != 1 || in[0].Version != 2 {
		t.Errorf("the crew is not told: %+v %+v", o, in)
	}
	if talk := b.s.TalkOf(a); len(talk) != 1 || talk[0].Place == nil || talk[0].Read != nil {
		t.Errorf("the desk has nothing unread: %+v", talk)
	}
	b.do(caller, CorrectPlace{Alarm: a, ID: "p1", Place: ems.Place{Address: "幸福小区3号楼2单元"}}) // sent again
	if len(al.Places) != 1 || o.Version != 2 {
		t.Error("sent again it is another correction")
	}
	// A better fix keeps the words; somewhere else means that the phone's position is none of the patient's.
	better := ems.WGS84{Lat: was.Pos.Lat + 0.0001, Lon: was.Pos.Lon}
	b.do(caller, AddDetail{Alarm: a, Place: &ems.Place{Pos: &better, AccuracyM: 5, Source: "gps"}})
	if al = b.s.Alarms[a]; al.Place.Address != "幸福小区3号楼2单元" || *al.Place.Pos != better {
		t.Errorf("%+v", al.Place)
	}
	b.do(caller, CorrectPlace{Alarm: a, ID: "p2", Place: ems.Place{Address: "火车站东广场"}, Elsewhere: true})
	b.do(caller, AddDetail{Alarm: a, Place: &ems.Place{Pos: &better, AccuracyM: 5, Source: "gps"}})
	if al, i = b.s.Alarms[a], b.s.Incidents["i1"]; al.Place.Pos != nil || i.Place.Pos != nil || i.Place.Address != "火车站东广场" || len(i.Places) != 2 {
		t.Errorf("%+v %+v", al.Place, i)
	}
	// Once a person at a desk has placed it, the caller's words arrive and the point stays.
	chosen := ems.WGS84{Lat: 35.1, Lon: 118.1}
	b.do(li, ChangeIncident{Incident: "i1", Place: &ems.Place{Pos: &chosen, Source: "manual", Address: "火车站"}})
	b.do(caller, CorrectPlace{Alarm: a, ID: "p3", Place: ems.Place{Address: "西广场"}, Elsewhere: true})
	if i = b.s.Incidents["i1"]; i.Place.Pos == nil || *i.Place.Pos != chosen || i.Place.Address != "西广场" {
		t.Errorf("%+v", i.Place)
	}
	b.refused(caller, CorrectPlace{Alarm: a, ID: "p4"})
	for n := range MaxPlaces + 3 {
		b.now = b.now.Add(time.Minute)
		b.do(caller, CorrectPlace{Alarm: a, ID: ems.MessageID(fmt.Sprintf("q%d", n)), Place: ems.Place{Address: strings.Repeat("门", n+1)}})
	}
	if al = b.s.Alarms[a]; len(al.Places) != MaxPlaces || !samePlace(al.Places[0].Was, was) {
		t.Errorf("%d places; the first is %+v", len(al.Places), al.Places[0])
	}
	b.check()
}

func TestPhoto_IsSeenInTheTalkAndLeavesWithItsIncident(t *testing.T) {
	b := newBench(t, false)
	a := b.alarm()
	b.do(caller, AddPhoto{Photo: ems.Photo{ID: "ph1", From: FromCaller, Alarm: a, Sum: "s1"}})
	b.do(caller, AddPhoto{Photo: ems.Photo{ID: "ph1", From: FromCaller, Alarm: a, Sum: "s1"}})
	b.refused(caller, AddPhoto{Photo: ems.Photo{ID: "ph1", From: FromCaller, Alarm: a, Sum: "s2"}})
	b.refused(caller, AddPhoto{Photo: ems.Photo{ID: "ph2", From: FromCaller, Sum: "s2"}})
	if talk := b.s.TalkOf(a); len(talk) != 1 || talk[0].Photo != "ph1" {
		t.Errorf("%+v", talk)
	}
	b.do(li, OpenIncident{Incident: "i1", Alarm: a})
	if p := b.s.Photos["ph1"]; p.Incident != "i1" {
		t.Errorf("%+v", p)
	}
	b.do(li, OpenIncident{Incident: "i2", Alarm: ""})
	b.do(li, MergeIncident{Incident: "i1", Into: "i2"})
	if p := b.s.Photos["ph1"]; p.Incident != "i2" {
		t.Errorf("%+v", p)
	}
	b.do(li, CloseIncident{Incident: "i2", Reason: "done"})
	b.do(System, Sweep{Incidents: []ems.IncidentID{"i1", "i2"}})
	if len(b.s.Photos) != 0 || len(b.s.Talk) != 0 || len(b.s.talk) != 0 {
		t.Errorf("left: %v %v", b.s.Photos, b.s.Talk)
	}
	b.check()
}
