package desk

import (
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/match"
)

// ask gives the question of an incident by unit.
func (b *bench) ask(i ems.IncidentID) (match.Question, map[ems.UnitID]match.Unit) {
	b.t.Helper()
	q, err := b.s.Question("r", i, b.now, func(*ems.UnitView) {})
	if err != nil {
		b.t.Fatalf("%v", err)
	}
	by := map[ems.UnitID]match.Unit{}
	for _, u := range q.Units {
		by[u.ID] = u
	}
	return q, by
}

func TestDSP002_TheQuestionSaysWhatUnitsAreDoing(t *testing.T) {
	b := newBench(t, false)
	one := b.incident()
	m, o := b.dispatch(one, "u1")
	ordered := b.now
	b.now = b.now.Add(20 * time.Second)
	b.answer(o, "accepted")
	b.now = b.now.Add(time.Minute)
	b.touch(m, ems.NodeDeparted)
	b.do(li, SetDestination{Mission: m.ID, Hospital: "h1", Notice: "n1"})
	two := b.incident()
	_, by := b.ask(two)
	k := by["u1"].Task
	if k == nil || k.Incident != one || k.Number != b.s.Incidents[one].Number || k.Priority != b.s.Incidents[one].Priority || k.Scene == nil || k.Hospital == nil ||
		!k.Ordered.Equal(ordered) || !k.Since.Equal(b.now) {
		t.Fatalf("%+v", k)
	}
	if w := by["u1"].Work; len(w) != 1 || !w[0].From.Equal(ordered) || !w[0].To.Equal(b.now) {
		t.Errorf("its work so far: %+v", w)
	}
	if by["u2"].Task != nil || by["u2"].Work != nil {
		t.Errorf("a unit that does nothing: %+v", by["u2"])
	}
	b.touch(m, ems.NodeAvailable)
	ended := b.now
	b.now = b.now.Add(time.Hour)
	if _, by = b.ask(two); by["u1"].Task != nil || len(by["u1"].Work) != 1 || !by["u1"].Work[0].To.Equal(ended) {
		t.Errorf("after its mission: %+v", by["u1"])
	}
	b.now = b.now.Add(match.RestWindow)
	if _, by = b.ask(two); by["u1"].Work != nil {
		t.Errorf("a day later: %+v", by["u1"].Work)
	}
	b.check()
}

func TestTheQuestionSaysWhoseAreaItIs(t *testing.T) {
	b := newBench(t, false)
	i := b.incident() // at 36.66, 116.9
	box := func(lat float64) [][]ems.WGS84 {
		return [][]ems.WGS84{{{Lat: lat, Lon: 116.8}, {Lat: lat, Lon: 117}, {Lat: lat + 0.1, Lon: 117}, {Lat: lat + 0.1, Lon: 116.8}}}
	}
	for id, lat := range map[ems.StationID]float64{"st-b": 36.6, "st-a": 36.62, "st-c": 36.7} {
		st := ems.Station{ID: id, Pos: ems.WGS84{Lat: lat, Lon: 116.9}, Areas: box(lat)}
		b.do(System, RegisterStation{Station: st})
		if ans := b.do(System, RegisterStation{Station: st}); len(ans.Events) != 0 {
			t.Error("the same station again made an event")
		}
	}
	if q, _ := b.ask(i); len(q.Home) != 2 || q.Home[0] != "st-a" || q.Home[1] != "st-b" {
		t.Errorf("home: %v", q.Home)
	}
	b.check()
}

func TestShiftEndsAreKept(t *testing.T) {
	b := newBench(t, false)
	end, past, far := b.now.Add(6*time.Hour), b.now.Add(-time.Minute), b.now.Add(25*time.Hour)
	b.refused(li, SetDuty{Unit: "u1", Duty: ems.OnDuty, ShiftEnds: &past})
	b.refused(li, SetDuty{Unit: "u1", Duty: ems.OnDuty, ShiftEnds: &far})
	b.refused(li, SetDuty{Unit: "u1", Duty: ems.OffDuty, ShiftEnds: &end})
	b.do(li, SetDuty{Unit: "u1", Duty: ems.OffDuty})
	if ans := b.do(li, SetDuty{Unit: "u1", Duty: ems.OnDuty, ShiftEnds: &end}); len(ans.Events) != 2 || !b.s.Units["u1"].ShiftEnds.Equal(end) {
		t.Errorf("%d events, %v", len(ans.Events), b.s.Units["u1"].ShiftEnds)
	}
	if ans := b.do(li, SetDuty{Unit: "u1", Duty: ems.OnDuty, ShiftEnds: &end}); len(ans.Events) != 0 {
		t.Error("the same again made an event")
	}
	b.do(System, RegisterUnit{Unit: b.s.Units["u1"].Unit})
	b.do(li, SetDuty{Unit: "u1", Duty: ems.Suspended, Reason: "加油"})
	if b.s.Units["u1"].ShiftEnds == nil {
		t.Error("a pause ends the shift")
	}
	b.do(li, SetDuty{Unit: "u1", Duty: ems.OffDuty})
	if b.s.Units["u1"].ShiftEnds != nil {
		t.Error("the end of a shift outlives it")
	}
	b.check()
}
