package desk

import (
	"errors"
	"slices"
	"strings"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/ems"
	"lifeline120/internal/mission"
	"lifeline120/internal/notice"
)

func (c Dispatch) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	i, err := d.living(c.Incident, string(ems.IncidentDispatched))
	if err != nil {
		return err
	}
	u, err := find(d.s.Units, Units, c.Unit)
	if err != nil {
		return err
	}
	if err := d.mayGo(u, i, c.LastResort); err != nil {
		return err
	}
	if err := fresh(d.s.Missions, Missions, c.Mission); err != nil {
		return err
	}
	if err := fresh(d.s.Orders, Orders, c.Order); err != nil {
		return err
	}
	if err := short("order", c.Text); err != nil {
		return err
	}
	b := &MissionOrdered{ID: c.Mission, Order: c.Order, Incident: i.ID, Unit: u.ID, By: d.actor.By, Text: c.Text, ValidUntil: d.now.Add(OrderValid),
		Simulated: i.Simulated || u.Simulated}
	if b.Text == "" {
		b.Text = strings.TrimSpace(i.Complaint + " " + i.Place.Address)
	}
	if c.LastResort {
		b.LastResort = d.actor.By
	}
	if r := d.s.Recommendations[c.Recommendation]; r != nil && r.Incident == i.ID {
		b.Recommendation, b.SlowerS = r.ID, r.Slower(u.ID)
	}
	d.refs = nil
	return d.emit(b)
}

// mayGo refuses units that cannot be sent: busy ones always, and those that are not fit unless a person takes them by name from the
// list of last resort (DSP-001). Booked transport takes an emergency unit only by a supervisor's decision (DSP-005).
func (d *decision) mayGo(u *ems.UnitView, i *ems.Incident, lastResort bool) error {
	what, to := "unit "+string(u.ID), "ordered to incident "+string(i.ID)
	if u.Mission != "" {
		return &Refusal{what, string(u.State) + " on mission " + string(u.Mission), to, "recall it there first, or choose another unit"}
	}
	if i.Type == ems.Transport && u.Kind != ems.UnitTransport && d.actor.Role != "supervisor" {
		return &Refusal{what, "an emergency unit", "lent to transport", "a supervisor decides that, by name"}
	}
	if lastResort {
		return nil
	}
	if u.Duty != ems.OnDuty {
		return &Refusal{what, string(u.Duty), to, "choose another unit, or take it from the list of last resort"}
	}
	if u.Kind == ems.UnitTransport && i.Type != ems.Transport {
		return &Refusal{what, "a transport unit", to, "choose another unit, or take it from the list of last resort"}
	}
	return nil
}

func (c ExplainChoice) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	if _, err := find(d.s.Missions, Missions, c.Mission); err != nil {
		return err
	}
	if err := reason("choice", c.Reason); err != nil {
		return err
	}
	return d.emit(&ChoiceExplained{Mission: c.Mission, Reason: c.Reason})
}

func (c SetNode) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	m, err := find(d.s.Missions, Missions, c.Mission)
	if err != nil {
		return err
	}
	if c.Correction {
		if err := reason("correction of "+string(c.Node), c.Reason); err != nil {
			return err
		}
	}
	n := ems.NodeTime{Node: c.Node, At: d.or(c.At), Source: ems.SourceDesk, By: d.actor.By, Entered: d.now, Reason: c.Reason}
	if c.Stood {
		st, seen := stood(m, c.Node)
		if !seen {
			return &Refusal{"node " + string(c.Node) + " of mission " + string(m.ID), "not seen by position", "confirmed", "enter its time by hand"}
		}
		n.At, n.UncertainS, n.Source = st.At, st.UncertainS, ems.SourceGeofence
	}
	return d.node(m, mission.Entry{Correction: c.Correction, NodeTime: n})
}

// node sets a node and what follows from it: leaving for the scene accepts the order, hand-over ends the bindings (CLN-006).
func (d *decision) node(m *ems.Mission, e mission.Entry) error {
	d.about(Ref{Missions, string(m.ID)})
	n, changed, err := mission.Set(m.Nodes, e)
	if r := (*mission.Refused)(nil); errors.As(err, &r) {
		return &Refusal{"node " + string(r.Node) + " of mission " + string(m.ID), r.From, r.To, r.Why}
	}
	if err != nil || !changed {
		return err
	}
	if err := d.emit(&NodeSet{Mission: m.ID, Node: n}); err != nil {
		return err
	}
	o := d.s.Orders[m.Order]
	if n.Node != ems.NodeOrdered && !mission.Ended(m.State) && (mission.Waiting(o.State) || o.State == ems.OrderExpired) {
		if err := d.emit(&OrderMoved{ID: o.ID, To: ems.OrderAccepted, At: n.At, By: n.By, ByVoice: n.Source == ems.SourceDesk, Reason: "node"}); err != nil {
			return err
		}
		if n.Source != ems.SourceDesk {
			if err := d.met(o, "accepted", n.By, n.At); err != nil {
				return err
			}
		}
	}
	switch n.Node {
	case ems.NodeHandedOver:
		return d.unbind(m, n.By, n.At, "hand_over")
	case ems.NodeAvailable, ems.NodeAtStation:
		return d.unbind(m, n.By, n.At, "mission_ended")
	case ems.NodeOrdered, ems.NodeAcknowledged, ems.NodeDeparted, ems.NodeAtScene, ems.NodeContact, ems.NodeLeftScene, ems.NodeAtHospital:
	}
	return nil
}

// met says that the order's instruction was answered by what the crew did.
func (d *decision) met(o *ems.Order, answer, by string, at time.Time) error {
	in := d.s.Instructions[string(o.ID)]
	if in == nil || in.Answered != nil || in.Kind == "withdraw" {
		return nil
	}
	return d.emit(&InstructionMet{Key: in.Key, Version: in.Version, Answer: answer, By: by, At: at})
}

// unbind ends every binding of the mission's patients.
func (d *decision) unbind(m *ems.Mission, by string, at time.Time, why string) error {
	for _, t := range d.s.bound(m.Patients...) {
		if err := d.emit(&PatientUnbound{ID: t.patient, Unit: t.unit, Device: t.device, By: by, At: at, Reason: why}); err != nil {
			return err
		}
	}
	return nil
}

// end ends a mission beside its nodes, with all that hangs on it: its notice is withdrawn and its bindings end.
func (d *decision) end(m *ems.Mission, to ems.MissionState, why string) error {
	if !mission.CanEnd(m.State, to) {
		return &Refusal{"mission " + string(m.ID), string(m.State), string(to), "a patient was met, or it is over: abort it, or let it end by its nodes"}
	}
	if err := d.emit(&MissionEnded{Mission: m.ID, State: to, Reason: why, By: d.actor.By}); err != nil {
		return err
	}
	if n := d.s.Notices[m.Notice]; n != nil && n.State != ems.NoticeWithdrawn {
		if err := d.emit(&NoticeMoved{ID: n.ID, To: ems.NoticeWithdrawn, By: d.actor.By, Reason: string(to)}); err != nil {
			return err
		}
	}
	return d.unbind(m, d.actor.By, d.now, "mission_ended")
}

func (d *decision) ending(id ems.MissionID, to ems.MissionState, why string) error {
	if err := d.named(); err != nil {
		return err
	}
	m, err := find(d.s.Missions, Missions, id)
	if err != nil {
		return err
	}
	if err := reason("mission "+string(id), why); err != nil {
		return err
	}
	return d.end(m, to, why)
}

func (c RecallMission) decide(d *decision) error {
	return d.ending(c.Mission, ems.MissionRecalled, c.Reason)
}

func (c AbortMission) decide(d *decision) error {
	return d.ending(c.Mission, ems.MissionAborted, c.Reason)
}

func (c SetDestination) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	m, err := find(d.s.Missions, Missions, c.Mission)
	if err != nil {
		return err
	}
	if err := short("destination", c.Text, c.Pathway); err != nil {
		return err
	}
	return d.destine(m, c, d.actor.By, d.now, true)
}

// destine names the hospital of a mission, tells it, and withdraws the notice to the one before (CLN-004: only a person redirects).
func (d *decision) destine(m *ems.Mission, c SetDestination, by string, at time.Time, tell bool) error {
	if mission.Over(m.State) {
		return &Refusal{"destination of mission " + string(m.ID), string(m.State), "under way to " + string(c.Hospital), "the mission is over"}
	}
	if _, err := find(d.s.Hospitals, Hospitals, c.Hospital); err != nil {
		return err
	}
	old := d.s.Notices[m.Notice]
	live := old != nil && old.State != ems.NoticeWithdrawn
	if live && old.Hospital == c.Hospital && old.Pathway == c.Pathway && old.Text == c.Text {
		d.about(Ref{Missions, string(m.ID)}, Ref{Notices, string(old.ID)})
		return nil
	}
	if err := fresh(d.s.Notices, Notices, c.Notice); err != nil {
		return err
	}
	if err := d.emitAll(&NoticeSent{ID: c.Notice, Mission: m.ID, Hospital: c.Hospital, Patients: m.Patients, Pathway: c.Pathway, Text: c.Text, Simulated: m.Simulated},
		&DestinationSet{Mission: m.ID, Hospital: c.Hospital, Notice: c.Notice, By: by, At: at, Tell: tell}); err != nil {
		return err
	}
	if err := d.chosen(m, c.Hospital, c.Ranking); err != nil || !live {
		return err
	}
	why := "redirected"
	if old.Hospital == c.Hospital {
		why = "superseded"
	}
	return d.emit(&NoticeMoved{ID: old.ID, To: ems.NoticeWithdrawn, By: by, Reason: why})
}

func (c AcceptByVoice) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	o, err := find(d.s.Orders, Orders, c.Order)
	if err != nil {
		return err
	}
	if c.Name == "" {
		return &Refusal{"order " + string(o.ID), string(o.State), string(ems.OrderAccepted), "say who of the crew accepted"}
	}
	if err := short("name", c.Name); err != nil {
		return err
	}
	if err := mission.MoveOrder(o.State, ems.OrderAccepted); err != nil {
		return &Refusal{"order " + string(o.ID), string(o.State), string(ems.OrderAccepted), "it is answered, or the mission is over"}
	}
	return d.accept(o, c.Name, d.now, true)
}

// accept moves an order to accepted and sets the mission's node.
func (d *decision) accept(o *ems.Order, by string, at time.Time, voice bool) error {
	if err := d.emit(&OrderMoved{ID: o.ID, To: ems.OrderAccepted, At: at, By: by, ByVoice: voice}); err != nil {
		return err
	}
	m := d.s.Missions[o.Mission]
	source := ems.SourceKey
	if voice {
		source = ems.SourceDesk
	}
	n, changed, err := mission.Set(m.Nodes, mission.Entry{Owed: true, NodeTime: ems.NodeTime{Node: ems.NodeAcknowledged, At: at, Source: source, By: by, Entered: d.now}})
	if err != nil || !changed {
		return nil // it is set already, by the crew's own touch
	}
	return d.emit(&NodeSet{Mission: m.ID, Node: n})
}

func (c WithdrawOrder) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	o, err := find(d.s.Orders, Orders, c.Order)
	if err != nil {
		return err
	}
	if err := reason("order "+string(o.ID), c.Reason); err != nil {
		return err
	}
	if !mission.Waiting(o.State) && o.State != ems.OrderExpired {
		return &Refusal{"order " + string(o.ID), string(o.State), string(ems.OrderWithdrawn), "recall or abort its mission instead"}
	}
	d.about(Ref{Orders, string(o.ID)})
	return d.end(d.s.Missions[o.Mission], ems.MissionRecalled, c.Reason)
}

func (c ExpireOrder) decide(d *decision) error {
	o, err := find(d.s.Orders, Orders, c.Order)
	if err != nil || o.State != ems.OrderQueued {
		return err
	}
	return d.emit(&OrderMoved{ID: o.ID, To: ems.OrderExpired, At: d.now, By: d.actor.By})
}

func (c AddPatient) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	m, err := find(d.s.Missions, Missions, c.Mission)
	if err != nil {
		return err
	}
	if err := fresh(d.s.Patients, Patients, c.Patient); err != nil {
		return err
	}
	if err := who(c.Name, c.Sex, c.AgeYears); err != nil {
		return err
	}
	return d.emit(&PatientAdded{ID: c.Patient, Incident: m.Incident, Mission: m.ID, Name: c.Name, Sex: c.Sex, AgeYears: c.AgeYears, Simulated: m.Simulated})
}

// who refuses words that describe nobody.
func who(name, sex string, age int) error {
	if !slices.Contains([]string{"", "m", "f"}, sex) {
		return &Refusal{"sex of patient", sex, "kept", "use m, f or nothing"}
	}
	if age < 0 || age > 130 {
		return &Refusal{"age of patient", "out of 0 to 130", "kept", "give years, or nothing"}
	}
	return short("patient", name)
}

func (c ChangePatient) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	if _, err := find(d.s.Patients, Patients, c.Patient); err != nil {
		return err
	}
	if err := who(c.Name, c.Sex, c.AgeYears); err != nil {
		return err
	}
	return d.emit(&PatientChanged{ID: c.Patient, Name: c.Name, Sex: c.Sex, AgeYears: c.AgeYears})
}

func (c MoveNotice) decide(d *decision) error {
	n, err := find(d.s.Notices, Notices, c.Notice)
	if err != nil {
		return err
	}
	what := "notice " + string(n.ID)
	if c.Hospital != "" && c.Hospital != n.Hospital {
		return &Refusal{what, "for hospital " + string(n.Hospital), "answered by " + string(c.Hospital), "answer only your own notices"}
	}
	if c.To != ems.NoticeDelivered {
		if err := d.named(); err != nil {
			return err
		}
	}
	d.about(Ref{Notices, string(n.ID)})
	if n.State == c.To || c.To == ems.NoticeDelivered && n.Delivered != nil || c.To == ems.NoticeSeen && n.Seen != nil {
		return nil // it is there already, or was
	}
	if err := notice.Move(n.State, c.To); err != nil {
		return &Refusal{what, string(n.State), string(c.To), "see what was answered, and by whom"}
	}
	rejected := c.To == ems.NoticeRejected
	if rejected || c.To == ems.NoticeWithdrawn {
		if err := reason(what, c.Reason); err != nil {
			return err
		}
	}
	if err := d.emit(&NoticeMoved{ID: n.ID, To: c.To, By: d.actor.By, Reason: c.Reason}); err != nil || !rejected {
		return err
	}
	m := d.s.Missions[n.Mission]
	return d.tech(alarm.NoticeRejected, string(n.ID), m.Unit, m.ID, c.Reason, n.Simulated)
}

func (c EscalateNotice) decide(d *decision) error {
	n, err := find(d.s.Notices, Notices, c.Notice)
	if err != nil {
		return err
	}
	persons := d.s.persons(n)
	if !notice.Waiting(n.State) || notice.Exhausted(*n, len(persons)) {
		return nil
	}
	to := ""
	if n.Escalated+1 < len(persons) {
		to = persons[n.Escalated+1]
	}
	return d.emit(&NoticeEscalated{ID: n.ID, Step: n.Escalated + 1, To: to})
}

// persons are those whom a notice goes to, in order.
func (s *State) persons(n *ems.Notice) []string {
	if h := s.Hospitals[n.Hospital]; h != nil {
		return h.Persons
	}
	return nil
}
