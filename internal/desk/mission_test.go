package desk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/match"
	"lifeline120/internal/mission"
)

// openTech gives the open technical alarm of a code and about.
func (b *bench) openTech(code, about string) *ems.Alarm {
	for _, a := range b.s.open {
		if a.Code == code && a.About == about {
			return a
		}
	}
	return nil
}

func kinds(in []Instruction) (out []string) {
	for _, i := range in {
		out = append(out, i.Kind)
	}
	return out
}

func TestDLV005_FourTimesOfAnOrder(t *testing.T) {
	b := newBench(t, false)
	m, o := b.dispatch(b.incident(), "u1")
	if o.State != ems.OrderQueued || !o.Queued.Equal(b.now) || !o.ValidUntil.Equal(b.now.Add(120*time.Second)) || o.Text != "胸痛 泉城路1号" {
		t.Errorf("order: %+v", o)
	}
	if got := kinds(b.s.Owes("u1")); !slices.Equal(got, []string{"order"}) {
		t.Fatalf("owed: %v", got)
	}
	times := []time.Time{b.now}
	for _, a := range []string{"delivered", "seen", "accepted"} {
		b.wait(2 * time.Second)
		if len(b.s.Owes("u1")) == 0 {
			t.Fatalf("no longer sent before %s", a)
		}
		b.answer(o, a)
		times = append(times, b.now)
		before := len(b.journal)
		b.answer(o, a) // sent again: nothing
		if len(b.journal) != before {
			t.Errorf("%s a second time made events", a)
		}
	}
	if !o.Delivered.Equal(times[1]) || !o.Seen.Equal(times[2]) || !o.Accepted.Equal(times[3]) || o.AcceptedBy != "张医生" || o.State != ems.OrderAccepted {
		t.Errorf("four times: %+v", o)
	}
	if len(b.s.Owes("u1")) != 0 {
		t.Error("sent again after the answer")
	}
	if n := mission.Find(m.Nodes, ems.NodeAcknowledged); n == nil || !n.At.Equal(times[3]) || m.State != ems.MissionAcknowledged || b.s.Units["u1"].State != ems.MissionAcknowledged {
		t.Errorf("mission: %+v", m)
	}
	b.check()
}

func TestDLV005_AnswersInAnyOrder(t *testing.T) {
	b := newBench(t, false)
	_, o := b.dispatch(b.incident(), "u1")
	for _, a := range []string{"accepted", "seen", "delivered"} {
		b.wait(time.Second)
		b.answer(o, a)
	}
	if o.State != ems.OrderAccepted || o.Delivered == nil || o.Seen == nil || o.Accepted == nil {
		t.Errorf("order: %+v", o)
	}
	b.check()
}

func TestDLV005_UnansweredSoundsAndExpires(t *testing.T) {
	b := newBench(t, false)
	m, o := b.dispatch(b.incident(), "u1")
	b.wait(29 * time.Second)
	if b.openTech("order_unanswered", string(o.ID)) != nil {
		t.Error("sounds too soon")
	}
	b.wait(time.Second)
	a := b.openTech("order_unanswered", string(o.ID))
	if a == nil || !a.Sounding || a.Owner != "d1" || a.Mission != m.ID {
		t.Fatalf("30 s without acceptance: %+v", a)
	}
	b.do(li, AckAlarm{Alarm: a.ID})
	b.wait(90 * time.Second)
	if o.State != ems.OrderExpired {
		t.Errorf("after its validity: %s", o.State)
	}
	if a.State != ems.AlarmHandled || a.Reason != "condition_ended" {
		t.Errorf("the first alarm stays beside the second: %+v", a)
	}
	if b.openTech("order_expired", string(o.ID)) == nil {
		t.Error("nobody is told that it expired")
	}
	if got := b.s.Owes("u1"); len(got) != 1 || got[0].ValidUntil.After(b.now) {
		t.Errorf("the crew must still learn of it, as expired: %+v", got)
	}
	b.answer(o, "late")
	if o.Delivered == nil || o.State != ems.OrderExpired || len(b.s.Owes("u1")) != 0 {
		t.Errorf("arrived late: %+v", o)
	}
	b.do(li, AcceptByVoice{Order: o.ID, Name: "张医生"}) // the desk telephoned
	if o.State != ems.OrderAccepted || !o.ByVoice || o.AcceptedBy != "张医生" || m.State != ems.MissionAcknowledged {
		t.Errorf("by voice: %+v %s", o, m.State)
	}
	b.wait(0)
	if b.openTech("order_expired", string(o.ID)) != nil {
		t.Error("the alarm outlives its cause")
	}
	b.check()
}

// A crew that accepted in time while its link was dead is on its way, whatever the desk thought.
func TestDLV005_AcceptedOnADeadLink(t *testing.T) {
	b := newBench(t, false)
	m, o := b.dispatch(b.incident(), "u1")
	accepted := b.now.Add(20 * time.Second)
	b.wait(10 * time.Minute)
	b.do(crew, VehicleAnswer{Unit: "u1", Key: string(o.ID), Version: 1, Answer: "accepted", By: "张医生", At: accepted})
	if o.State != ems.OrderAccepted || !o.Accepted.Equal(accepted) || m.State != ems.MissionAcknowledged {
		t.Errorf("%+v %s", o, m.State)
	}
	b.check()
}

func TestDLV005_WithdrawnIsToldUntilAnswered(t *testing.T) {
	b := newBench(t, false)
	m, o := b.dispatch(b.incident(), "u1")
	b.answer(o, "delivered")
	b.do(li, WithdrawOrder{Order: o.ID, Reason: "改派"})
	in := b.s.Owes("u1")
	if o.State != ems.OrderWithdrawn || m.State != ems.MissionRecalled || b.s.Units["u1"].Mission != "" || len(in) != 1 || in[0].Kind != "withdraw" || in[0].Version != 2 {
		t.Fatalf("%+v %s %+v", o, m.State, in)
	}
	b.do(crew, VehicleAnswer{Unit: "u1", Key: string(o.ID), Version: 1, Answer: "accepted", By: "张医生", At: b.now}) // crossed on the air
	if o.State != ems.OrderWithdrawn || b.openTech("order_crossed", string(o.ID)) == nil {
		t.Error("nobody hears that the crew is on its way to nothing")
	}
	if len(b.s.Owes("u1")) != 1 {
		t.Error("an answer to the order was taken for an answer to its withdrawal")
	}
	b.answer(o, "withdrawn")
	if len(b.s.Owes("u1")) != 0 {
		t.Error("told again after the answer")
	}
	b.refused(li, WithdrawOrder{Order: o.ID, Reason: "x"})
	b.refused(li, AcceptByVoice{Order: o.ID, Name: "x"})
	b.check()
}

func TestDLV005_VoiceNeedsTheName(t *testing.T) {
	b := newBench(t, false)
	_, o := b.dispatch(b.incident(), "u1")
	b.refused(li, AcceptByVoice{Order: o.ID})
	b.do(li, AcceptByVoice{Order: o.ID, Name: "张医生"})
	in := b.s.Owes("u1") // the terminal has not seen it: it is still told, and no longer expires
	if len(in) != 1 || in[0].ValidUntil != nil || in[0].State != "accepted" {
		t.Errorf("owed: %+v", in)
	}
	b.answer(o, "delivered")
	if len(b.s.Owes("u1")) != 0 || o.Delivered == nil {
		t.Errorf("%+v", o)
	}
}

func TestDLV005_CorrectionIsANewVersion(t *testing.T) {
	b := newBench(t, false)
	i := b.incident()
	_, o := b.dispatch(i, "u1")
	there := ems.Place{Address: "泉城路2号"}
	b.do(li, ChangeIncident{Incident: i, Place: &there})
	if in := b.s.Owes("u1"); o.Version != 2 || o.Place.Address != "泉城路2号" || len(in) != 1 || in[0].Version != 2 || in[0].Kind != "order" {
		t.Fatalf("%+v %+v", o, in)
	}
	b.answer(o, "accepted")
	d := ems.PriorityA
	b.do(li, ChangeIncident{Incident: i, Priority: &d})
	if in := b.s.Owes("u1"); len(in) != 1 || in[0].Kind != "correct" || in[0].Version != 3 || in[0].ValidUntil != nil {
		t.Fatalf("%+v", in)
	}
	b.do(crew, VehicleAnswer{Unit: "u1", Key: string(o.ID), Version: 2, Answer: "seen", By: "张医生", At: b.now}) // of the older one
	if len(b.s.Owes("u1")) != 1 {
		t.Error("an answer to the older version was taken for the newer")
	}
	b.answer(o, "delivered")
	if len(b.s.Owes("u1")) != 0 {
		t.Error("sent again after the answer")
	}
	phone := "1"
	b.do(li, CancelIncident{Incident: i, Reason: "取消"})
	b.refused(li, ChangeIncident{Incident: i, Phone: &phone})
	b.check()
}

func TestDLV005_RefusedOrderFreesTheUnit(t *testing.T) {
	b := newBench(t, false)
	i := b.incident()
	m, o := b.dispatch(i, "u1")
	b.do(crew, VehicleAnswer{Unit: "u1", Key: string(o.ID), Version: 1, Answer: "refused", By: "张医生", Reason: "爆胎", At: b.now})
	if m.State != ems.MissionRefused || o.Refused != "爆胎" || b.s.Units["u1"].Mission != "" || b.s.Incidents[i].State != ems.IncidentOpen {
		t.Errorf("%+v %+v", m, o)
	}
	if b.openTech("order_refused", string(o.ID)) == nil {
		t.Error("nobody hears the refusal")
	}
	_, o2 := b.dispatch(i, "u1")
	b.answer(o2, "accepted")
	b.answer(o2, "refused") // too late: kept, changes nothing
	if o2.State != ems.OrderAccepted {
		t.Errorf("%+v", o2)
	}
	if !b.noted("refusal_late") {
		t.Error("the late refusal is lost")
	}
	b.check()
}

func (b *bench) noted(code string) bool {
	for _, n := range b.s.Notes {
		if n.Code == code {
			return true
		}
	}
	return false
}

func TestDLV006_UnrecordedIsMarkedAndThenNot(t *testing.T) {
	b := newBench(t, false)
	i := b.incident()
	b.lag = true
	m, o := b.dispatch(i, "u1")
	b.answer(o, "accepted")
	if !m.Unrecorded || !o.Unrecorded || !b.s.Incidents[i].Unrecorded || len(b.s.Pending()) != 4 {
		t.Fatalf("not marked: %v %v %d", m.Unrecorded, o.Unrecorded, len(b.s.Pending()))
	}
	if _, _, ok := b.s.Snapshot(); ok {
		t.Error("a snapshot holds what is not recorded")
	}
	if o.State != ems.OrderAccepted || b.s.Units["u1"].Mission != m.ID {
		t.Error("a dead database silences the desk")
	}
	b.refused(wang, Dispatch{Incident: i, Unit: "u1", Mission: "mx", Order: "ox"}) // decisions see what is pending
	b.s.Touched()
	before, nodes := b.s.Seq, len(m.Nodes)
	wrong := b.journal[before+1]
	wrong.Seq = before + 1
	if err := b.s.Apply(wrong); err == nil {
		t.Error("the journal may have another order than the decisions")
	}
	if err := b.s.Apply(b.journal[before]); err != nil { // only the first is stored
		t.Fatal(err)
	}
	if !m.Unrecorded || !o.Unrecorded {
		t.Error("the mark of a later event is gone")
	}
	b.settle()
	if m.Unrecorded || o.Unrecorded || b.s.Incidents[i].Unrecorded || len(b.s.Pending()) != 0 || len(m.Nodes) != nodes {
		t.Error("marks stay after the store has answered")
	}
	if !slices.Contains(b.s.Touched(), Ref{Missions, string(m.ID)}) {
		t.Error("nobody is told that the mark is gone")
	}
	if err := b.s.Apply(b.journal[0]); err != nil || b.s.Seq != uint64(len(b.journal)) {
		t.Error("an event that was folded in already did something")
	}
	b.check()
}

func TestDSP001_UnfitOnlyAsLastResortByName(t *testing.T) {
	b := newBench(t, false)
	i := b.incident()
	for _, d := range []ems.UnitDuty{ems.OffDuty, ems.Suspended, ems.Crewless, ems.BrokenDown, ems.Contaminated} {
		b.do(li, SetDuty{Unit: "u1", Duty: d, Reason: "x"})
		if r := b.refused(li, Dispatch{Incident: i, Unit: "u1", Mission: "m", Order: "o"}); r.From != string(d) {
			t.Errorf("%s: %v", d, r)
		}
	}
	b.refused(li, Dispatch{Incident: i, Unit: "t1", Mission: "m", Order: "o"})
	b.refused(Actor{}, Dispatch{Incident: i, Unit: "u1", Mission: "m", Order: "o", LastResort: true})
	b.do(li, Dispatch{Incident: i, Unit: "u1", Mission: "m", Order: "o", LastResort: true})
	if b.s.Missions["m"].LastResort != li.By {
		t.Error("the name of who chose is not kept")
	}
	b.refused(li, Dispatch{Incident: i, Unit: "u1", Mission: "m2", Order: "o2", LastResort: true}) // a busy one never
	b.check()
}

func TestDSP002_RecommendationAndChoiceAreStored(t *testing.T) {
	b := newBench(t, true)
	i := b.incident()
	q, err := b.s.Question("r1", i, b.now, func(u *ems.UnitView) {
		u.Online = true
		u.Fix = &ems.FixView{Pos: ems.WGS84{Lat: 36.66 + float64(u.ID[1]-'1')/20, Lon: 116.9}, Quality: ems.Good, Taken: b.now}
	})
	if err != nil {
		t.Fatal(err)
	}
	r := match.Recommend(q)
	b.do(li, StoreRecommendation{Recommendation: r})
	if got := b.s.Recommendations["r1"]; got == nil || len(got.Units) != 3 || got.Units[0].Unit != "u1" || !got.Simulated || len(got.LeftOut) != 1 {
		t.Fatalf("%+v", got)
	}
	b.do(li, Dispatch{Incident: i, Unit: "u3", Mission: "m1", Order: "o1", Recommendation: "r1"})
	m := b.s.Missions["m1"]
	if m.RecommendedID != "r1" || m.SlowerS < 60 {
		t.Errorf("%+v", m)
	}
	b.do(li, ExplainChoice{Mission: "m1", Reason: "有除颤仪"}) // asked after the order has left
	if m.ChoiceReason != "有除颤仪" {
		t.Error("reason is not kept")
	}
	b.refused(li, ExplainChoice{Mission: "m1"})
	if b.s.Units["u1"].Fix != nil {
		t.Error("the question changed the state")
	}
	b.check()
}

func TestDSP004_MissionWalksThroughItsNodes(t *testing.T) {
	b := newBench(t, false)
	i := b.incident()
	m, o := b.dispatch(i, "u1")
	for _, c := range []struct {
		node ems.Node
		want ems.IncidentState
	}{
		{ems.NodeAcknowledged, ems.IncidentDispatched}, {ems.NodeDeparted, ems.IncidentDispatched}, {ems.NodeAtScene, ems.IncidentOnScene},
		{ems.NodeContact, ems.IncidentOnScene}, {ems.NodeLeftScene, ems.IncidentTransporting}, {ems.NodeAtHospital, ems.IncidentTransporting},
		{ems.NodeHandedOver, ems.IncidentDelivered}, {ems.NodeAvailable, ems.IncidentDelivered},
	} {
		b.wait(time.Minute)
		b.touch(m, c.node)
		if m.State != ems.MissionState(c.node) || b.s.Units["u1"].State != m.State || b.s.Incidents[i].State != c.want {
			t.Errorf("%s: mission %s, unit %s, incident %s", c.node, m.State, b.s.Units["u1"].State, b.s.Incidents[i].State)
		}
	}
	if o.State != ems.OrderAccepted {
		t.Error("a crew that goes has not accepted")
	}
	if b.s.Units["u1"].Mission != "" || m.Ended == nil {
		t.Error("unit is not free")
	}
	m2, _ := b.dispatch(b.incident(), "u1") // sent on from the road
	b.wait(time.Minute)
	b.touch(m, ems.NodeAtStation) // the old mission's last node, after all
	if b.s.Units["u1"].Mission != m2.ID || b.s.Units["u1"].State != ems.MissionOrdered || m.State != ems.MissionAtStation {
		t.Error("a node of the old mission moved the unit")
	}
	b.wait(2 * time.Hour)
	if b.s.Incidents[i].State != ems.IncidentClosed {
		t.Errorf("an hour after its end: %s", b.s.Incidents[i].State)
	}
	b.check()
}

func TestDSP004_LateMissingAndBackwards(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	start := b.now
	b.wait(10 * time.Minute)
	b.touch(m, ems.NodeAtScene) // departed is missing
	b.do(crew, VehicleNode{Unit: "u1", ID: "late", Mission: m.ID, Node: ems.NodeDeparted, At: start.Add(2 * time.Minute), By: "司机", UncertainS: 4})
	n := mission.Find(m.Nodes, ems.NodeDeparted)
	if n == nil || !n.Late || n.UncertainS != 4 || m.State != ems.MissionAtScene {
		t.Fatalf("late node: %+v", n)
	}
	b.do(crew, VehicleNode{Unit: "u1", ID: "back", Mission: m.ID, Node: ems.NodeContact, At: start, By: "医生"}) // a clock that stepped
	n = mission.Find(m.Nodes, ems.NodeContact)
	if n.Was == nil || !n.Was.Equal(start) || n.At.Before(start.Add(9*time.Minute)) {
		t.Errorf("ran backwards: %+v", n)
	}
	r := b.refused(li, SetNode{Mission: m.ID, Node: ems.NodeAtScene, At: start.Add(time.Minute)})
	if !strings.Contains(r.From, "03:10") || !strings.Contains(r.To, "03:01") {
		t.Errorf("refusal does not say both ends: %v", r)
	}
	b.refused(li, SetNode{Mission: m.ID, Node: ems.NodeAtScene, At: start.Add(time.Minute), Correction: true}) // needs a reason
	b.do(li, SetNode{Mission: m.ID, Node: ems.NodeAtScene, At: start.Add(9 * time.Minute), Correction: true, Reason: "误触"})
	n = mission.Find(m.Nodes, ems.NodeAtScene)
	if !n.At.Equal(start.Add(9*time.Minute)) || n.Was == nil || !n.Was.Equal(start.Add(10*time.Minute)) || n.WasBy != "张医生" || n.By != li.By {
		t.Errorf("corrected: %+v", n)
	}
	before := len(b.journal)
	ans := b.do(crew, VehicleNode{Unit: "u1", ID: "late", Mission: m.ID, Node: ems.NodeDeparted, At: start.Add(2 * time.Minute), By: "司机", UncertainS: 4})
	if len(b.journal) != before || !ans.Again || ans.Refs[0] != (Ref{Missions, string(m.ID)}) {
		t.Errorf("the same touch again: %+v", ans)
	}
	b.touch(m, ems.NodeDeparted) // a second touch with another time: kept as a remark
	if !b.noted("node_kept") {
		t.Error("a second touch is lost")
	}
	b.do(crew, VehicleNode{Unit: "u2", ID: "x", Mission: m.ID, Node: ems.NodeAtHospital, At: b.now, By: "医生"})
	if mission.Find(m.Nodes, ems.NodeAtHospital) != nil {
		t.Error("another unit set a node")
	}
	b.do(li, AbortMission{Mission: m.ID, Reason: "拒绝送医"})
	b.touch(m, ems.NodeLeftScene) // touched before the crew knew
	if m.State != ems.MissionAborted || mission.Find(m.Nodes, ems.NodeLeftScene) == nil {
		t.Error("a node after the end was refused, or moved the mission")
	}
	b.do(crew, VehicleNode{Unit: "u1", ID: "y", Mission: "forgotten", Node: ems.NodeAtHospital, At: b.now, By: "医生"})
	b.check()
}

func TestDSP004_EndsBesideTheNodes(t *testing.T) {
	b := newBench(t, false)
	i := b.incident()
	m, _ := b.dispatch(i, "u1")
	b.touch(m, ems.NodeContact)
	if r := b.refused(li, RecallMission{Mission: m.ID, Reason: "x"}); r.From != "contact" || r.To != "recalled" {
		t.Errorf("%v", r)
	}
	b.refused(li, CancelIncident{Incident: i, Reason: "x"})
	b.refused(li, CloseIncident{Incident: i, Reason: "x"})
	b.refused(li, AbortMission{Mission: m.ID})
	b.do(li, AbortMission{Mission: m.ID, Reason: "死亡"})
	if u := b.s.Units["u1"]; u.Mission != "" || u.State != ems.MissionAvailable {
		t.Errorf("unit: %s", u.State)
	}
	if got := kinds(b.s.Owes("u1")); !slices.Equal(got, []string{"withdraw"}) {
		t.Errorf("the crew is told %v", got)
	}
	b.refused(li, AbortMission{Mission: m.ID, Reason: "x"})
	m, _ = b.dispatch(i, "u2")
	b.do(li, CancelIncident{Incident: i, Reason: "不需要"})
	if m.State != ems.MissionRecalled || b.s.Units["u2"].State != ems.MissionAtStation || b.s.Incidents[i].State != ems.IncidentCancelled {
		t.Errorf("cancelled: %s %s", m.State, b.s.Units["u2"].State)
	}
	b.refused(li, Dispatch{Incident: i, Unit: "u3", Mission: "mx", Order: "ox"})
	b.check()
}

func TestDSP005_TransportNeverTakesAnEmergencyUnit(t *testing.T) {
	b := newBench(t, false)
	b.do(li, OpenIncident{Incident: "i1", Type: ems.Transport, Priority: ems.PriorityD})
	b.refused(li, Dispatch{Incident: "i1", Unit: "u1", Mission: "m", Order: "o", LastResort: true})
	b.do(li, Dispatch{Incident: "i1", Unit: "t1", Mission: "m", Order: "o"})
	b.do(zhao, Dispatch{Incident: "i1", Unit: "u1", Mission: "m2", Order: "o2"}) // lent by a supervisor's named decision
	if b.s.Missions["m2"].Nodes[0].By != zhao.By {
		t.Error("the lender's name is not kept")
	}
	b.do(li, RecallMission{Mission: "m2", Reason: "急救优先"})
	b.check()
}

// The whole way of a case, and nobody ever says who the patient is, or who pays.
func TestDSP006_NobodyAsksForNames(t *testing.T) {
	b := newBench(t, false)
	b.do(page, RaiseAlarm{Alarm: "a1", Kind: ems.CallerAlarm, Source: "s"})
	b.do(li, OpenIncident{Incident: "i1", Alarm: "a1"})
	m, o := b.dispatch("i1", "u1")
	b.answer(o, "accepted")
	b.do(crew, VehicleBinding{Unit: "u1", Device: "mon", Patient: "p1", Mission: m.ID, Bound: true, By: "张医生", At: b.now})
	b.do(crew, VehicleDestination{Unit: "u1", ID: "x", Mission: m.ID, Hospital: "h1", Notice: "n1", By: "张医生", At: b.now})
	b.do(eris, MoveNotice{Notice: "n1", Hospital: "h1", To: ems.NoticeAccepted})
	b.touch(m, ems.NodeHandedOver)
	if b.s.Incidents["i1"].State != ems.IncidentDelivered || b.s.Patients["p1"].Name != "" {
		t.Error("care was held up")
	}
	b.check()
}

// Two desks reach for the same unit in the same instant: one has it, the other hears where it is.
func TestDispatch_TwoDesksOneUnit(t *testing.T) {
	b := newBench(t, false)
	i, j := b.incident(), b.incident()
	b.do(li, Dispatch{Incident: i, Unit: "u1", Mission: "m1", Order: "o1"})
	r := b.refused(wang, Dispatch{Incident: j, Unit: "u1", Mission: "m2", Order: "o2"})
	if !strings.Contains(r.From, "m1") || !strings.Contains(r.To, string(j)) {
		t.Errorf("%v", r)
	}
}

func TestTIM001_TimesOfTheDeviceAndOurs(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	b.wait(20 * time.Minute)
	touched := b.now.Add(-15 * time.Minute)
	b.do(crew, VehicleNode{Unit: "u1", ID: "t", Mission: m.ID, Node: ems.NodeDeparted, At: touched, By: "司机", UncertainS: 2.5})
	if n := mission.Find(m.Nodes, ems.NodeDeparted); !n.At.Equal(touched) || !n.Entered.Equal(b.now) || n.UncertainS != 2.5 || !n.Late {
		t.Errorf("%+v", n)
	}
	b.do(crew, VehicleNote{Unit: "u1", ID: "note1", Mission: m.ID, Text: "BP 80", By: "医生", At: touched, UncertainS: 1})
	if n := b.s.Notes["note1"]; !n.At.Equal(touched) || !n.Entered.Equal(b.now) || n.UncertainS != 1 {
		t.Errorf("%+v", n)
	}
	b.do(crew, RaiseAlarm{Alarm: "a1", Kind: ems.CrewSOS, Unit: "u1", PressID: "p", Pressed: touched})
	if a := b.s.Alarms["a1"]; !a.Pressed.Equal(touched) || !a.Received.Equal(b.now) {
		t.Errorf("%+v", a)
	}
}
