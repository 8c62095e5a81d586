package desk

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/ems"
	"lifeline120/internal/mission"
)

// Messages of vehicles have identities of their own, which stand in for a client's id.

func (c VehicleAnswer) request() string {
	return fmt.Sprintf("answer:%s/%s/%d/%s", c.Unit, c.Key, c.Version, c.Answer)
}
func (c VehicleNode) request() string        { return touchID("node", c.Unit, c.ID) }
func (c VehicleDestination) request() string { return touchID("dest", c.Unit, c.ID) }
func (c VehicleGap) request() string {
	return fmt.Sprintf("gap:%s/%s/%s/%d-%d", c.Unit, c.Epoch, c.Lane, c.From, c.To)
}
func (c IdentityConflict) request() string {
	return fmt.Sprintf("conflict:%s/%s/%s/%d", c.Unit, c.Epoch, c.Lane, c.Seq)
}

func touchID(kind string, u ems.UnitID, id string) string {
	if id == "" {
		return ""
	}
	return kind + ":" + string(u) + "/" + id
}

// keep turns a refusal of what a vehicle sent into a remark: the crew did it, whatever the desk makes of it.
func (d *decision) keep(err error, code, text string, u ems.UnitID, m ems.MissionID, by string, at time.Time) error {
	var r *Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &r):
		text += ": " + r.Error()
	case !errors.Is(err, ErrNotKnown):
		text += ": " + err.Error()
	}
	d.events, d.refs = nil, nil
	return d.remark(code, text, u, m, by, at)
}

// mission gives a mission of this unit.
func (d *decision) mission(u ems.UnitID, id ems.MissionID) (*ems.Mission, error) {
	m, err := find(d.s.Missions, Missions, id)
	if err != nil {
		return nil, err
	}
	if m.Unit != u {
		return nil, &Refusal{"mission " + string(id), "of unit " + string(m.Unit), "of unit " + string(u), "it is another unit's"}
	}
	return m, nil
}

func (c VehicleAnswer) decide(d *decision) error {
	text := c.Answer + " " + c.Key + " v" + strconv.Itoa(c.Version)
	in := d.s.Instructions[c.Key]
	if in == nil || in.Unit != c.Unit {
		return d.remark("answer_unknown", text, c.Unit, "", c.By, c.At)
	}
	if in.Order != "" {
		if err := d.orderAnswer(c, d.s.Orders[in.Order]); err != nil {
			return d.keep(err, "answer_kept", text, c.Unit, in.Mission, c.By, c.At)
		}
	}
	final := in.Kind != "order" || in.State == string(ems.OrderAccepted) || !slices.Contains([]string{"delivered", "seen"}, c.Answer)
	if final && in.Answered == nil && c.Version >= in.Version {
		return d.emit(&InstructionMet{Key: c.Key, Version: c.Version, Answer: c.Answer, By: cut(c.By), At: d.or(c.At)})
	}
	return nil
}

// orderAnswer moves an order by the crew's answer. Each of its times is kept once, in whatever order the answers arrive (DLV-005).
func (d *decision) orderAnswer(c VehicleAnswer, o *ems.Order) error {
	at, by, m := d.or(c.At), cut(c.By), d.s.Missions[o.Mission]
	d.about(Ref{Orders, string(o.ID)})
	switch c.Answer {
	case "delivered":
		if o.Delivered == nil {
			return d.emit(&OrderMoved{ID: o.ID, To: ems.OrderDelivered, At: at, By: by})
		}
	case "seen":
		if o.Seen == nil {
			return d.emit(&OrderMoved{ID: o.ID, To: ems.OrderSeen, At: at, By: by})
		}
	case "late":
		if o.Delivered == nil {
			return d.emit(&OrderMoved{ID: o.ID, To: ems.OrderExpired, At: at, By: by, Reason: "late"})
		}
	case "accepted":
		switch {
		case mission.MoveOrder(o.State, ems.OrderAccepted) == nil:
			return d.accept(o, by, at, false)
		case o.State == ems.OrderWithdrawn || o.State == ems.OrderRefused:
			return d.tech(alarm.OrderCrossed, string(o.ID), o.Unit, o.Mission, by, o.Simulated)
		}
	case "refused":
		if mission.MoveOrder(o.State, ems.OrderRefused) != nil || !mission.CanEnd(m.State, ems.MissionRefused) {
			return d.remark("refusal_late", cut(c.Reason), c.Unit, m.ID, by, at)
		}
		if err := d.emit(&OrderMoved{ID: o.ID, To: ems.OrderRefused, At: at, By: by, Reason: cut(c.Reason)}); err != nil {
			return err
		}
		if err := d.end(m, ems.MissionRefused, cut(c.Reason)); err != nil {
			return err
		}
		return d.tech(alarm.OrderRefused, string(o.ID), o.Unit, m.ID, cut(c.Reason), o.Simulated)
	case "withdrawn":
	default:
		return &Refusal{"order " + string(o.ID), string(o.State), c.Answer, "not an answer that is known"}
	}
	return nil
}

func (c VehicleNode) decide(d *decision) error {
	m, err := d.mission(c.Unit, c.Mission)
	if err == nil && c.Undo {
		err = d.undo(m, c)
	} else if err == nil {
		source := c.Source
		if source == "" {
			source = ems.SourceKey
		}
		err = d.node(m, mission.Entry{Owed: true, Correction: c.Correction, NodeTime: ems.NodeTime{Node: c.Node, At: d.or(c.At), Source: source,
			By: cut(c.By), Entered: d.now, UncertainS: positive(c.UncertainS), Reason: cut(c.Reason)}})
	}
	return d.keep(err, "node_kept", string(c.Node)+" "+clock(d.or(c.At)), c.Unit, c.Mission, c.By, c.At)
}

// undo opens a node again that the crew touched by mistake. A unit that has another mission by now keeps that.
func (d *decision) undo(m *ems.Mission, c VehicleNode) error {
	d.about(Ref{Missions, string(m.ID)})
	what := "node " + string(c.Node) + " of mission " + string(m.ID)
	n := mission.Find(m.Nodes, c.Node)
	if n == nil || c.Node == ems.NodeOrdered {
		return &Refusal{what, "open", "undone", "there is no touch to take back"}
	}
	if u := d.s.Units[m.Unit]; u != nil && u.Mission != "" && u.Mission != m.ID {
		return &Refusal{what, clock(n.At), "open", "the unit is on mission " + string(u.Mission) + " by now"}
	}
	return d.emit(&NodeUndone{Mission: m.ID, Node: c.Node, By: cut(c.By), At: d.or(c.At)})
}

func (c VehicleNote) decide(d *decision) error {
	id := c.ID
	if n := d.s.Notes[id]; n != nil && n.Unit != c.Unit || strings.HasPrefix(id, systemNote) {
		id = string(c.Unit) + "." + id // another's note has that id
	}
	if d.s.Notes[id] != nil {
		d.about(Ref{Notes, id})
		return nil
	}
	if ems.CheckName(c.ID) != nil {
		return d.remark("note", c.Text, c.Unit, c.Mission, c.By, c.At)
	}
	return d.emit(&NoteAdded{ID: id, Unit: c.Unit, Mission: c.Mission, Patient: c.Patient, Text: cut(c.Text), By: cut(c.By), At: d.or(c.At),
		UncertainS: positive(c.UncertainS), Simulated: c.Simulated || d.s.simulated(c.Unit)})
}

func (c VehicleBinding) decide(d *decision) error {
	text := fmt.Sprintf("%s %s bound=%t", c.Device, c.Patient, c.Bound)
	return d.keep(c.bind(d), "binding_kept", text, c.Unit, c.Mission, c.By, c.At)
}

func (c VehicleBinding) bind(d *decision) error {
	if c.By == "" {
		return &Refusal{"binding of " + string(c.Device), "without a name", "made", "a binding is a named act"}
	}
	at := d.or(c.At)
	open := d.s.boundTo(c.Unit, c.Device)
	if !c.Bound {
		for _, p := range open {
			if c.Patient == "" || c.Patient == p {
				why := c.Reason
				if why == "" {
					why = "key"
				}
				if err := d.emit(&PatientUnbound{ID: p, Unit: c.Unit, Device: c.Device, By: cut(c.By), At: at, Reason: cut(why)}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	m := d.s.Missions[c.Mission]
	if m != nil && m.Unit != c.Unit {
		m = nil
	}
	p, err := d.patient(c, m)
	if err != nil {
		return err
	}
	d.about(Ref{Patients, string(c.Patient)})
	if p != nil && slices.Contains(open, c.Patient) || d.s.wasBound(c.Unit, c.Device, c.Patient, at) {
		return nil
	}
	for _, other := range open {
		if err := d.emit(&PatientUnbound{ID: other, Unit: c.Unit, Device: c.Device, By: cut(c.By), At: at, Reason: "bound_to_another"}); err != nil {
			return err
		}
	}
	if err := d.emit(&PatientBound{ID: c.Patient, Unit: c.Unit, Device: c.Device, By: cut(c.By), At: at}); err != nil {
		return err
	}
	if m == nil || !handedOver(m) && !mission.Over(m.State) {
		return nil
	}
	end, why := d.now, "mission_ended" // it came late, after what ended it
	if n := mission.Find(m.Nodes, ems.NodeHandedOver); n != nil {
		end, why = n.At, "hand_over"
	} else if m.Ended != nil {
		end = *m.Ended
	}
	if end.Before(at) {
		end = at
	}
	return d.emit(&PatientUnbound{ID: c.Patient, Unit: c.Unit, Device: c.Device, By: cut(c.By), At: end, Reason: why})
}

func handedOver(m *ems.Mission) bool { return mission.Find(m.Nodes, ems.NodeHandedOver) != nil }

// patient finds the patient of a binding, makes it when it is new, and fills in what the crew has learnt.
func (d *decision) patient(c VehicleBinding, m *ems.Mission) (*ems.Patient, error) {
	if err := ems.CheckName(string(c.Patient)); err != nil {
		return nil, err
	}
	if err := who(c.Name, c.Sex, c.AgeYears); err != nil {
		return nil, err
	}
	p := d.s.Patients[c.Patient]
	if p == nil {
		if n := d.s.patients(m); n >= MaxPatients {
			return nil, &Refusal{"patient " + string(c.Patient), strconv.Itoa(n) + " patients", "one more", "bind to one that is known"}
		}
		b := &PatientAdded{ID: c.Patient, Name: c.Name, Sex: c.Sex, AgeYears: c.AgeYears, Simulated: d.s.simulated(c.Unit)}
		if m != nil {
			b.Incident, b.Mission = m.Incident, m.ID
		}
		return nil, d.emit(b)
	}
	if differs(c.Name, p.Name) || differs(c.Sex, p.Sex) || differs(c.AgeYears, p.AgeYears) {
		return p, d.emit(&PatientChanged{ID: p.ID, Name: c.Name, Sex: c.Sex, AgeYears: c.AgeYears})
	}
	return p, nil
}

// patients counts those of a mission, or of none.
func (s *State) patients(m *ems.Mission) int {
	if m != nil {
		return len(m.Patients)
	}
	n := 0
	for _, p := range s.Patients {
		if p.Mission == "" {
			n++
		}
	}
	return n
}

// differs says that v says something, and something else than old.
func differs[T comparable](v, old T) bool {
	var none T
	return v != none && v != old
}

// boundTo gives the patients whom a device is bound to now: one, or none.
func (s *State) boundTo(u ems.UnitID, dev ems.DeviceID) []ems.PatientID {
	var out []ems.PatientID
	for _, sp := range s.Bindings[bindKey(u, dev)] {
		if sp.To == nil {
			out = append(out, sp.Patient)
		}
	}
	return out
}

func (s *State) wasBound(u ems.UnitID, dev ems.DeviceID, p ems.PatientID, from time.Time) bool {
	return slices.ContainsFunc(s.Bindings[bindKey(u, dev)], func(sp Span) bool { return sp.Patient == p && sp.From.Equal(from) })
}

// BoundAt gives the patient whom a device was bound to at an instant; "" when to nobody: 未归属 (CLN-006).
func (s *State) BoundAt(u ems.UnitID, dev ems.DeviceID, at time.Time) ems.PatientID {
	for _, sp := range s.Bindings[bindKey(u, dev)] {
		if !sp.From.After(at) && (sp.To == nil || at.Before(*sp.To)) {
			return sp.Patient
		}
	}
	return ""
}

// Unbound says whether a device had been bound to a patient and was so no more at an instant (CLN-006).
func (s *State) Unbound(u ems.UnitID, dev ems.DeviceID, p ems.PatientID, at time.Time) bool {
	return slices.ContainsFunc(s.Bindings[bindKey(u, dev)], func(sp Span) bool { return sp.Patient == p && sp.To != nil && !at.Before(*sp.To) })
}

func (c VehicleDestination) decide(d *decision) error {
	m, err := d.mission(c.Unit, c.Mission)
	if err == nil {
		err = d.destine(m, SetDestination{Mission: c.Mission, Hospital: c.Hospital, Notice: c.Notice, Pathway: cut(c.Pathway), Text: cut(c.Text), Ranking: c.Ranking}, cut(c.By), d.or(c.At), false)
	}
	return d.keep(err, "destination_kept", string(c.Hospital), c.Unit, c.Mission, c.By, c.At)
}

func (c VehicleGap) decide(d *decision) error {
	if _, err := find(d.s.Units, Units, c.Unit); err != nil {
		return err
	}
	d.notes++
	b := &UnitGap{Unit: c.Unit, Epoch: c.Epoch, Lane: c.Lane, From: c.From, To: c.To, Why: c.Why, Bytes: c.Bytes,
		Note: systemNote + strconv.FormatUint(d.s.Noted+d.notes, 10)}
	if !c.FromTime.IsZero() {
		b.FromTime = when(c.FromTime.UTC())
	}
	if !c.ToTime.IsZero() {
		b.ToTime = when(c.ToTime.UTC())
	}
	if err := d.emit(b); err != nil || c.Why == "full" {
		return err // a full disk refuses the least precious and says so on the screens by itself (DLV-007)
	}
	return d.tech(alarm.LostRange, string(c.Unit), c.Unit, "", fmt.Sprintf("%s %d-%d %s", c.Lane, c.From, c.To, c.Why), false)
}

func (c IdentityConflict) decide(d *decision) error {
	if _, err := find(d.s.Units, Units, c.Unit); err != nil {
		return err
	}
	d.notes++
	if err := d.emit(&UnitConflict{Unit: c.Unit, Epoch: c.Epoch, Lane: c.Lane, Seq: c.Seq, Note: systemNote + strconv.FormatUint(d.s.Noted+d.notes, 10)}); err != nil {
		return err
	}
	return d.tech(alarm.IdentityConflict, string(c.Unit), c.Unit, "", fmt.Sprintf("%s %d", c.Lane, c.Seq), false)
}

func (c DeviceChanged) decide(d *decision) error {
	u, err := find(d.s.Units, Units, c.Unit)
	if err != nil {
		return err
	}
	st := c.Status
	st.Since = d.or(st.Since)
	st.Frames, st.Garbage, st.Lost = 0, 0, 0 // counters run on; they are the live view's
	st.Detail = cut(st.Detail)
	d.about(Ref{Units, string(u.ID)})
	for _, old := range u.Devices {
		if old.Device == st.Device && (old == st || st.Since.Before(old.Since)) {
			return nil
		}
	}
	if len(u.Devices) >= MaxDevices && !slices.ContainsFunc(u.Devices, func(o ems.DeviceStatus) bool { return o.Device == st.Device }) {
		return &Refusal{"unit " + string(u.ID), strconv.Itoa(len(u.Devices)) + " devices", "one more", "take the names out of its configuration that no device has"}
	}
	return d.emit(&UnitDeviceChanged{Unit: u.ID, Status: st})
}
