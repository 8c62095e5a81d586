package desk

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lifeline120/internal/ems"
	"lifeline120/internal/match"
	"lifeline120/internal/mission"
)

// pick draws one of the known ids of a kind, now and then one that is not.
func pick[K ~string, V any](t *rapid.T, m map[K]*V, label string) K {
	ks := keys(m)
	slices.Sort(ks)
	return K(rapid.SampledFrom(append(ks, "none")).Draw(t, label))
}

func drawActor(t *rapid.T) Actor {
	return rapid.SampledFrom([]Actor{li, wang, zhao, {}}).Draw(t, "actor")
}

// drawCommand draws any command about anything, with times that may be wrong.
func drawCommand(t *rapid.T, b *bench) (Actor, Command) {
	s := b.s
	unit := rapid.SampledFrom([]ems.UnitID{"u1", "u2", "t1", "none"})
	at := func() time.Time {
		return b.now.Add(time.Duration(rapid.IntRange(-600, 60).Draw(t, "off")) * time.Second)
	}
	place := func() *ems.Place {
		if rapid.Bool().Draw(t, "placed") {
			return &ems.Place{Pos: &ems.WGS84{Lat: 36.6 + float64(rapid.IntRange(0, 2).Draw(t, "lat"))/100, Lon: 116.9}}
		}
		return nil
	}
	act := Act{rapid.SampledFrom([]string{"", "", "r1", "r2"}).Draw(t, "req")}
	if act.Req != "" {
		act.Req += fmt.Sprint(b.now.Unix() / 30)
	}
	hospital := rapid.SampledFrom([]ems.HospitalID{"h1", "h2"})
	small := func(kind string) string { return fmt.Sprint(kind, rapid.IntRange(1, 4).Draw(t, kind)) }
	switch rapid.IntRange(0, 39).Draw(t, "command") {
	case 0, 1:
		k := rapid.SampledFrom([]ems.AlarmKind{ems.CallerAlarm, ems.CrewSOS, ems.DeviceAlarm}).Draw(t, "kind")
		return Actor{}, RaiseAlarm{Alarm: ems.AlarmID(b.id("a")), Kind: k, PressID: small("press"), Source: small("src"), Token: small("tok"), Unit: unit.Draw(t, "unit"), Place: place(), Pressed: at()}
	case 2:
		return Actor{}, PressAgain{Token: small("tok"), NewAlarm: ems.AlarmID(b.id("a")), PressID: small("press"), Place: place(), Pressed: at()}
	case 3:
		return drawActor(t), AckAlarm{Act: act, Alarm: pick(t, s.Alarms, "alarm")}
	case 4:
		return drawActor(t), TakeAlarm{Act: act, Alarm: pick(t, s.Alarms, "alarm")}
	case 5:
		return drawActor(t), CloseAlarm{Act: act, Alarm: pick(t, s.Alarms, "alarm"), Reason: "r"}
	case 6:
		return drawActor(t), MergeAlarm{Act: act, Alarm: pick(t, s.Alarms, "alarm"), Incident: pick(t, s.Incidents, "incident")}
	case 7, 8:
		c := OpenIncident{Act: act, Incident: ems.IncidentID(b.id("i")), Place: place()}
		if rapid.Bool().Draw(t, "from alarm") {
			c.Alarm = pick(t, s.Alarms, "alarm")
		}
		return drawActor(t), c
	case 9, 10, 11:
		return drawActor(t), Dispatch{Act: act, Incident: pick(t, s.Incidents, "incident"), Unit: unit.Draw(t, "unit"), Mission: ems.MissionID(b.id("m")), Order: ems.OrderID(b.id("o")),
			LastResort: rapid.Bool().Draw(t, "last")}
	case 12, 13:
		c := VehicleAnswer{Unit: unit.Draw(t, "unit"), Key: string(pick(t, s.Instructions, "key")), Version: rapid.IntRange(1, 3).Draw(t, "version"), By: "crew", At: at(),
			Answer: rapid.SampledFrom([]string{"delivered", "seen", "accepted", "refused", "late", "withdrawn", "odd"}).Draw(t, "answer")}
		if in := s.Instructions[c.Key]; in != nil && rapid.Bool().Draw(t, "right") {
			c.Unit, c.Version = in.Unit, in.Version
		}
		return crew, c
	case 14, 15, 16:
		c := VehicleNode{Unit: unit.Draw(t, "unit"), ID: b.id("n"), Mission: pick(t, s.Missions, "mission"), Node: rapid.SampledFrom(ems.Nodes[:]).Draw(t, "node"), At: at(), By: "crew"}
		if m := s.Missions[c.Mission]; m != nil {
			c.Unit = m.Unit
		}
		return crew, c
	case 17:
		return drawActor(t), SetNode{Act: act, Mission: pick(t, s.Missions, "mission"), Node: rapid.SampledFrom(ems.Nodes[:]).Draw(t, "node"), At: at()}
	case 18:
		return drawActor(t), RecallMission{Act: act, Mission: pick(t, s.Missions, "mission"), Reason: "r"}
	case 19:
		return drawActor(t), AbortMission{Act: act, Mission: pick(t, s.Missions, "mission"), Reason: "r"}
	case 20:
		return drawActor(t), SetDestination{Act: act, Mission: pick(t, s.Missions, "mission"), Hospital: hospital.Draw(t, "hospital"), Notice: ems.NoticeID(b.id("no"))}
	case 21:
		return drawActor(t), MoveNotice{Act: act, Notice: pick(t, s.Notices, "notice"), To: rapid.SampledFrom([]ems.NoticeState{ems.NoticeSeen, ems.NoticeAccepted, ems.NoticeRejected, ems.NoticeWithdrawn}).Draw(t, "to"), Reason: "r"}
	case 22:
		c := VehicleBinding{Unit: unit.Draw(t, "unit"), Device: "mon", Patient: ems.PatientID(small("p")), Mission: pick(t, s.Missions, "mission"), Bound: rapid.Bool().Draw(t, "bound"), By: "crew", At: at()}
		return crew, c
	case 23:
		return crew, DeviceChanged{Unit: unit.Draw(t, "unit"), Status: ems.DeviceStatus{Device: "mon", Kind: "monitor", Since: b.now,
			State: rapid.SampledFrom([]ems.DeviceState{ems.DeviceAbsent, ems.DeviceSpeaking, ems.DeviceDemo}).Draw(t, "state")}}
	case 24:
		return drawActor(t), rapid.SampledFrom([]Command{LogOn{Desk: "d1", Role: "dispatcher"}, LogOff{Desk: "d1"}, LogOn{Desk: "d3", Role: "supervisor"}, LogOff{Desk: "d3"}, SetOnCall{Desk: "d2", On: true}}).Draw(t, "desk")
	case 25:
		return drawActor(t), CancelIncident{Act: act, Incident: pick(t, s.Incidents, "incident"), Reason: "r"}
	case 26:
		return drawActor(t), CloseIncident{Act: act, Incident: pick(t, s.Incidents, "incident"), Reason: "r"}
	case 27:
		return drawActor(t), MergeIncident{Act: act, Incident: pick(t, s.Incidents, "incident"), Into: pick(t, s.Incidents, "into")}
	case 28:
		return drawActor(t), AddCall{Act: act, Incident: pick(t, s.Incidents, "incident"), Phone: "139", Text: "催车"}
	case 29:
		return caller, Say{Message: ems.Message{ID: ems.MessageID(small("say")), Alarm: pick(t, s.Alarms, "alarm"), From: FromCaller, Text: "喂"}}
	case 30:
		return drawActor(t), ReadTalk{Alarm: pick(t, s.Alarms, "alarm"), From: rapid.SampledFrom([]string{FromCaller, FromDesk}).Draw(t, "from"), UpTo: pick(t, s.Talk, "message")}
	case 31:
		return caller, CorrectPlace{Alarm: pick(t, s.Alarms, "alarm"), ID: ems.MessageID(b.id("place")), Place: ems.Place{Address: "北门"}, Elsewhere: rapid.Bool().Draw(t, "elsewhere")}
	case 32:
		return caller, AddPhoto{Photo: ems.Photo{ID: ems.PhotoID(small("ph")), From: FromCaller, Alarm: pick(t, s.Alarms, "alarm"), Sum: "s"}}
	case 33:
		c := DrawClosure{Act: act, Closure: ems.ClosureID(b.id("cl")), Reason: "r", Line: []ems.WGS84{{Lat: 36.6, Lon: 116.9}, {Lat: 36.61, Lon: 116.9}}, From: at()}
		if rapid.Bool().Draw(t, "ends") {
			until := at()
			c.Until = &until
		}
		return drawActor(t), c
	case 34:
		return drawActor(t), LiftClosure{Act: act, Closure: pick(t, s.Closures, "closure"), Reason: "r"}
	case 35, 36:
		h := hospital.Draw(t, "hospital")
		if rapid.Bool().Draw(t, "confirm") {
			return drawActor(t), ConfirmBoard{Act: act, Hospital: h}
		}
		return drawActor(t), SetBoard{Act: act, Hospital: h, From: rapid.SampledFrom([]ems.HospitalID{"", "h1"}).Draw(t, "from"), Part: rapid.SampledFrom(append(ems.BoardParts[:], "stroke")).Draw(t, "part"),
			State: rapid.SampledFrom([]ems.BoardState{ems.BoardOpen, ems.BoardBusy, ems.BoardClosed}).Draw(t, "state"), Reason: "r"}
	case 37:
		v, lw := rapid.SampledFrom([]string{"", ems.Yes, ems.No}).Draw(t, "lvo"), at()
		return crew, VehicleAssess{Unit: unit.Draw(t, "unit"), ID: b.id("as"), Mission: pick(t, s.Missions, "mission"), Assessed: Assessed{LVO: &v, LastWell: &lw}, By: "crew", At: at()}
	case 38:
		m := pick(t, s.Missions, "mission")
		return drawActor(t), SetDestination{Act: act, Mission: m, Hospital: hospital.Draw(t, "hospital"), Notice: ems.NoticeID(b.id("no")), Ranking: &match.HospitalRanking{ID: "r", Mission: m}}
	default:
		a := rapid.SampledFrom([]ems.Priority{ems.PriorityA, ems.PriorityC}).Draw(t, "priority")
		return drawActor(t), ChangeIncident{Act: act, Incident: pick(t, s.Incidents, "incident"), Priority: &a}
	}
}

// invariants of the state that no command may break.
func invariants(t *rapid.T, b *bench) {
	s := b.s
	holds := map[ems.UnitID]ems.MissionID{}
	for id, m := range s.Missions {
		if !mission.Over(m.State) {
			if other, ok := holds[m.Unit]; ok {
				t.Fatalf("unit %s is on %s and %s", m.Unit, id, other)
			}
			holds[m.Unit] = id
		}
		if !slices.IsSortedFunc(m.Nodes, func(a, b ems.NodeTime) int { return a.At.Compare(b.At) }) {
			t.Fatalf("nodes of %s run backwards: %+v", id, m.Nodes)
		}
		if mission.Over(m.State) != (m.Ended != nil) {
			t.Fatalf("mission %s is %s and ended %v", id, m.State, m.Ended)
		}
	}
	for id, u := range s.Units {
		if u.Mission != holds[id] {
			t.Fatalf("unit %s says %q, the missions say %q", id, u.Mission, holds[id])
		}
	}
	presses := map[string]ems.AlarmID{}
	for id, a := range s.Alarms {
		for _, p := range a.PressIDs {
			if other, ok := presses[p]; ok {
				t.Fatalf("press %s is in %s and %s", p, id, other)
			}
			presses[p] = id
		}
		if a.State == ems.AlarmStored && !a.Sounding {
			t.Fatalf("alarm %s is silent, and nobody has acknowledged it", id)
		}
		if a.State != ems.AlarmHandled {
			if ans, err := Decide(s, b.now, li, AckAlarm{Alarm: id}); err != nil || a.Sounding && len(ans.Events) == 0 {
				t.Fatalf("alarm %s cannot be acknowledged: %v", id, err)
			}
			if _, ok := s.deadlines[Ref{Alarms, string(id)}]; !ok && a.Reach == ems.ReachOwner {
				t.Fatalf("alarm %s is forgotten by time", id)
			}
		}
	}
	for id, c := range s.Closures {
		if c.Ended == nil && c.At(b.now) != c.State && len(Due(s, b.now)) == 0 {
			t.Fatalf("closure %s is %s by the clock and says %s", id, c.At(b.now), c.State)
		}
		if (c.Ended != nil) != (c.State == ems.ClosureLifted || c.State == ems.ClosureExpired) {
			t.Fatalf("closure %s is %s and ended %v", id, c.State, c.Ended)
		}
	}
	for key, spans := range s.Bindings {
		for i, sp := range spans {
			if i > 0 && (spans[i-1].To == nil || spans[i-1].To.After(sp.From)) {
				t.Fatalf("%s is bound to two patients: %+v", key, spans)
			}
		}
	}
	for id, p := range s.Patients {
		if ties := s.bound(id); (p.Device != "") != (len(ties) > 0) {
			t.Fatalf("patient %s says %q, the bindings say %v", id, p.Device, ties)
		}
	}
}

// Random commands by anybody, in any order, with a store that lags, and time passing between them.
func TestDesk_RandomCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBench(t, rapid.Bool().Draw(t, "demo"))
		b.strict = true
		raised := map[ems.AlarmID]bool{}
		for range rapid.IntRange(5, 60).Draw(t, "steps") {
			b.lag = rapid.IntRange(0, 3).Draw(t, "lag") == 0
			a, c := drawCommand(t, b)
			ans, err := b.try(a, c)
			switch c.(type) {
			case RaiseAlarm, VehicleAnswer, VehicleNode, VehicleBinding:
				if err != nil {
					t.Fatalf("%T was refused: %v", c, err)
				}
			}
			if err == nil && len(ans.Events) > 0 {
				if again, err := Decide(b.s, b.now, a, c); err == nil && c.request() != "" && len(again.Events) > 0 {
					t.Fatalf("%+v did something twice", c)
				}
			}
			for id := range b.s.Alarms {
				raised[id] = true
			}
			for id := range raised {
				if b.s.Alarms[id] == nil {
					t.Fatalf("alarm %s is lost", id)
				}
			}
			if rapid.Bool().Draw(t, "wait") {
				b.wait(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			}
			invariants(t, b)
		}
		b.check()
	})
}
