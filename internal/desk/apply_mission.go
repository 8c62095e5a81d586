package desk

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/incident"
	"lifeline120/internal/journal"
	"lifeline120/internal/match"
	"lifeline120/internal/mission"
)

func (b *IncidentOpened) apply(s *State, e journal.Event) error {
	s.Day, s.Number = b.Day, b.Number
	put(s, s.Incidents, Incidents, b.ID, &ems.Incident{ID: b.ID, Number: b.Number, Type: b.Type, Priority: b.Priority,
		State: ems.IncidentOpen, Place: b.Place, Complaint: b.Complaint, Pathway: b.Pathway, Phone: b.Phone, Desk: b.Desk,
		Opened: e.At, OpenedBy: b.By, Simulated: b.Simulated})
	return nil
}

func (b *IncidentChanged) apply(s *State, e journal.Event) error {
	i, err := get(s, s.Incidents, Incidents, b.ID)
	if err != nil {
		return err
	}
	set(&i.Type, b.Type)
	set(&i.Priority, b.Priority)
	if b.Place != nil && !samePlace(*b.Place, i.Place) && !samePlace(i.Place, ems.Place{}) {
		i.Places = kept(i.Places, ems.PlaceChange{At: e.At, By: e.Actor, Was: i.Place})
	}
	set(&i.Place, b.Place)
	set(&i.Complaint, b.Complaint)
	set(&i.Pathway, b.Pathway)
	set(&i.Phone, b.Phone)
	if b.Priority == nil && b.Place == nil && b.Complaint == nil && b.Phone == nil {
		return nil
	}
	for _, id := range i.Missions { // the crews must hear of it: a new version of their order
		m := s.Missions[id]
		if mission.Over(m.State) {
			continue
		}
		o, err := get(s, s.Orders, Orders, m.Order)
		if err != nil {
			return err
		}
		o.Version++
		o.Priority, o.Place, o.Complaint, o.Phone = i.Priority, i.Place, i.Complaint, i.Phone
		kind, valid := "correct", (*time.Time)(nil)
		if mission.Waiting(o.State) {
			kind, valid = "order", when(o.ValidUntil)
		}
		s.tell(Instruction{Key: string(o.ID), Version: o.Version, Kind: kind, Unit: m.Unit, Mission: m.ID, Order: o.ID, Text: o.Text,
			By: e.Actor, Queued: e.At, ValidUntil: valid, Simulated: o.Simulated})
	}
	return nil
}

func (b *IncidentEnded) apply(s *State, e journal.Event) error {
	i, err := get(s, s.Incidents, Incidents, b.ID)
	if err != nil {
		return err
	}
	i.State, i.Reason, i.Closed = b.State, b.Reason, when(e.At)
	return nil
}

func (b *IncidentMerged) apply(s *State, e journal.Event) error {
	i, err := get(s, s.Incidents, Incidents, b.ID)
	if err != nil {
		return err
	}
	into, err := get(s, s.Incidents, Incidents, b.Into)
	if err != nil {
		return err
	}
	for _, id := range i.Alarms {
		a, err := get(s, s.Alarms, Alarms, id)
		if err != nil {
			return err
		}
		a.Incident = into.ID
		s.photosOf(id, into.ID)
	}
	into.Alarms = append(into.Alarms, i.Alarms...)
	called(into, ems.Call{At: i.Opened, By: i.OpenedBy, Desk: i.Desk, Phone: i.Phone, Text: i.Complaint})
	for _, c := range i.Calls {
		called(into, c)
	}
	set(&into.Phone, missing(into.Phone, i.Phone))
	i.Alarms, i.Calls = nil, nil
	i.State, i.Reason, i.Merged, i.Closed = ems.IncidentClosed, "merged", into.ID, when(e.At)
	return nil
}

// missing gives b when there is one and a is missing.
func missing(a, b string) *string {
	if a != "" || b == "" {
		return nil
	}
	return &b
}

func (b *IncidentCalled) apply(s *State, _ journal.Event) error {
	i, err := get(s, s.Incidents, Incidents, b.ID)
	if err != nil {
		return err
	}
	called(i, b.Call)
	return nil
}

// called keeps a call on its incident, up to MaxCalls.
func called(i *ems.Incident, c ems.Call) {
	i.Calls = append(i.Calls, c)
	slices.SortStableFunc(i.Calls, func(a, b ems.Call) int { return a.At.Compare(b.At) })
	if over := len(i.Calls) - MaxCalls; over > 0 {
		i.Calls = slices.Clone(i.Calls[over:])
	}
}

func (b *Recommended) apply(s *State, _ journal.Event) error {
	r := b.Recommendation
	put(s, s.Recommendations, Recommendations, r.ID, &r)
	trim(s, s.Recommendations, Recommendations, MaxRecommendations, func(o *match.Recommendation) bool { return o.Incident == r.Incident },
		func(a, b *match.Recommendation) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return nil
}

func (b *MissionOrdered) apply(s *State, e journal.Event) error {
	i, err := get(s, s.Incidents, Incidents, b.Incident)
	if err != nil {
		return err
	}
	u, err := get(s, s.Units, Units, b.Unit)
	if err != nil {
		return err
	}
	m := &ems.Mission{ID: b.ID, Incident: b.Incident, Unit: b.Unit, State: ems.MissionOrdered, Order: b.Order, RecommendedID: b.Recommendation,
		Nodes:      []ems.NodeTime{{Node: ems.NodeOrdered, At: e.At, Source: ems.SourceDesk, By: b.By, Entered: e.At}},
		LastResort: b.LastResort, SlowerS: b.SlowerS, Simulated: b.Simulated}
	put(s, s.Missions, Missions, b.ID, m)
	put(s, s.Orders, Orders, b.Order, &ems.Order{ID: b.Order, Mission: b.ID, Unit: b.Unit, Version: 1, State: ems.OrderQueued, Text: b.Text,
		Place: i.Place, Priority: i.Priority, Complaint: i.Complaint, Phone: i.Phone, Queued: e.At, ValidUntil: b.ValidUntil, Simulated: b.Simulated})
	i.Missions = append(i.Missions, b.ID)
	u.Mission, u.State = b.ID, ems.MissionOrdered
	s.tell(Instruction{Key: string(b.Order), Version: 1, Kind: "order", Unit: b.Unit, Mission: b.ID, Order: b.Order, Text: b.Text, By: b.By,
		Queued: e.At, ValidUntil: when(b.ValidUntil), Simulated: b.Simulated})
	s.derive(i)
	return nil
}

// derive makes the state of an incident from its missions, unless a person ended it.
func (s *State) derive(i *ems.Incident) {
	if incident.Final(i.State) {
		return
	}
	var states []ems.MissionState
	for _, id := range i.Missions {
		states = append(states, s.Missions[id].State)
	}
	i.State = incident.State(states)
}

// follow brings unit and incident to where the mission is, and ends what ends with it.
func (s *State) follow(m *ems.Mission, at time.Time) error {
	i, err := get(s, s.Incidents, Incidents, m.Incident)
	if err != nil {
		return err
	}
	s.derive(i)
	u, err := get(s, s.Units, Units, m.Unit)
	if err != nil {
		return err
	}
	switch {
	case u.Mission == m.ID && mission.Over(m.State):
		u.Mission, u.State = "", afterwards(m)
	case u.Mission == m.ID:
		u.State = m.State
	case u.Mission == "" && m.State == ems.MissionAtStation:
		u.State = ems.MissionAtStation
	case u.Mission == "" && mission.Ended(m.State):
		u.State = afterwards(m)
	}
	if !mission.Over(m.State) {
		return nil
	}
	if m.Ended == nil {
		m.Ended = when(at)
	}
	for _, key := range []string{string(m.Order), destKey(m.ID), string(m.Notice)} { // nothing more to tell, except that it is off
		if in := s.Instructions[key]; in != nil && in.Kind != "withdraw" && in.Answered == nil {
			in.Answered = when(at)
			s.touch(Instructions, key)
		}
	}
	return nil
}

// afterwards is where a unit stands when its mission is over: at its station only if it never left, or says so.
func afterwards(m *ems.Mission) ems.MissionState {
	if !mission.Ended(m.State) {
		return m.State
	}
	switch mission.State(m.Nodes) {
	case ems.MissionOrdered, ems.MissionAcknowledged, ems.MissionAtStation:
		return ems.MissionAtStation
	case ems.MissionDeparted, ems.MissionAtScene, ems.MissionContact, ems.MissionLeftScene, ems.MissionAtHospital, ems.MissionHandedOver,
		ems.MissionAvailable, ems.MissionRecalled, ems.MissionAborted, ems.MissionRefused:
	}
	return ems.MissionAvailable
}

func destKey(m ems.MissionID) string { return "dest-" + string(m) }

// tell owes a vehicle an instruction; a newer one of the same key takes the place of the older.
func (s *State) tell(in Instruction) {
	put(s, s.Instructions, Instructions, in.Key, &in)
}

func (b *NodeSet) apply(s *State, e journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	m.Nodes = mission.Put(m.Nodes, b.Node)
	if !mission.Ended(m.State) {
		m.State = mission.State(m.Nodes)
	}
	return s.follow(m, e.At)
}

func (b *NodeUndone) apply(s *State, e journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	nodes, undone, ok := mission.Take(m.Nodes, b.Node)
	if !ok {
		return nil
	}
	m.Nodes, m.Undone = nodes, append(slices.Clone(m.Undone), undone)
	if mission.Ended(m.State) {
		return nil
	}
	m.State = mission.State(m.Nodes)
	if u := s.Units[m.Unit]; u != nil && u.Mission == "" && !mission.Over(m.State) { // it was not over after all
		m.Ended = nil
		u.Mission = m.ID
	}
	return s.follow(m, e.At)
}

func (b *ChoiceExplained) apply(s *State, _ journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	m.ChoiceReason = b.Reason
	return nil
}

func (b *MissionEnded) apply(s *State, e journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	m.State, m.Reason = b.State, b.Reason
	o, err := get(s, s.Orders, Orders, m.Order)
	if err != nil {
		return err
	}
	if b.State != ems.MissionRefused { // the crew knows of its own refusal; of the rest it must be told
		o.State = ems.OrderWithdrawn
		o.Version++
		s.tell(Instruction{Key: string(o.ID), Version: o.Version, Kind: "withdraw", Unit: m.Unit, Mission: m.ID, Order: o.ID, Text: b.Reason,
			By: b.By, Queued: e.At, Simulated: o.Simulated})
	}
	return s.follow(m, e.At)
}

func (b *DestinationSet) apply(s *State, e journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	m.Destination, m.Notice, m.Choice = b.Hospital, b.Notice, nil
	for _, id := range m.Patients {
		p, err := get(s, s.Patients, Patients, id)
		if err != nil {
			return err
		}
		p.Hospital = b.Hospital
	}
	if b.Tell && !mission.Over(m.State) {
		key := destKey(m.ID)
		v := 1
		if old := s.Instructions[key]; old != nil {
			v = old.Version + 1
		}
		s.tell(Instruction{Key: key, Version: v, Kind: "destination", Unit: m.Unit, Mission: m.ID, Hospital: b.Hospital, By: b.By, Queued: e.At,
			Simulated: m.Simulated})
	}
	return nil
}

func (b *OrderMoved) apply(s *State, e journal.Event) error {
	o, err := get(s, s.Orders, Orders, b.ID)
	if err != nil {
		return err
	}
	if mission.MoveOrder(o.State, b.To) == nil {
		o.State = b.To
	}
	first := func(t **time.Time) {
		if *t == nil {
			*t = when(b.At)
		}
	}
	switch b.To {
	case ems.OrderDelivered:
		first(&o.Delivered)
	case ems.OrderSeen:
		first(&o.Seen)
		o.SeenBy = cmp.Or(o.SeenBy, b.By)
	case ems.OrderAccepted:
		first(&o.Accepted)
		o.AcceptedBy, o.ByVoice = cmp.Or(o.AcceptedBy, b.By), o.ByVoice || b.ByVoice
	case ems.OrderRefused:
		o.Refused = b.Reason
	case ems.OrderExpired:
		if b.Reason == "late" {
			first(&o.Delivered)
		}
	case ems.OrderQueued, ems.OrderWithdrawn:
	}
	if in := s.Instructions[string(o.ID)]; b.ByVoice && in != nil && in.Kind == "order" && in.Answered == nil {
		in.State, in.ValidUntil = string(ems.OrderAccepted), nil
		s.touch(Instructions, in.Key)
	}
	return nil
}

func (b *InstructionMet) apply(s *State, _ journal.Event) error {
	in, err := get(s, s.Instructions, Instructions, b.Key)
	if err != nil {
		return err
	}
	if b.Version >= in.Version {
		in.Answered = when(b.At)
	}
	return nil
}

func (b *NoticeSent) apply(s *State, e journal.Event) error {
	put(s, s.Notices, Notices, b.ID, &ems.Notice{ID: b.ID, Mission: b.Mission, Hospital: b.Hospital, Patients: b.Patients, Pathway: b.Pathway,
		Text: b.Text, State: ems.NoticeSent, Sent: e.At, Simulated: b.Simulated})
	return s.tellNotice(b.ID, e)
}

// tellNotice owes the vehicle the state of its notice.
func (s *State) tellNotice(id ems.NoticeID, e journal.Event) error {
	n := s.Notices[id]
	m := s.Missions[n.Mission]
	if m == nil {
		return fmt.Errorf("notice %q of no mission", id)
	}
	if mission.Over(m.State) {
		return nil
	}
	v := 1
	if old := s.Instructions[string(id)]; old != nil {
		v = old.Version + 1
	}
	s.tell(Instruction{Key: string(id), Version: v, Kind: "notice", Unit: m.Unit, Mission: m.ID, Notice: id, Hospital: n.Hospital,
		State: string(n.State), Text: n.Reason, By: n.AnsweredBy, Queued: e.At, Simulated: n.Simulated})
	return nil
}

func (b *NoticeMoved) apply(s *State, e journal.Event) error {
	n, err := get(s, s.Notices, Notices, b.ID)
	if err != nil {
		return err
	}
	n.State = b.To
	switch b.To {
	case ems.NoticeDelivered:
		n.Delivered = when(e.At)
	case ems.NoticeSeen:
		n.Seen, n.SeenBy = when(e.At), b.By
	case ems.NoticeAccepted, ems.NoticeRejected:
		n.Answered, n.AnsweredBy, n.Reason = when(e.At), b.By, b.Reason
	case ems.NoticeWithdrawn:
		n.Withdrawn, n.Reason = when(e.At), b.Reason
	case ems.NoticeSent:
	}
	return s.tellNotice(b.ID, e)
}

func (b *NoticeEscalated) apply(s *State, e journal.Event) error {
	n, err := get(s, s.Notices, Notices, b.ID)
	if err != nil {
		return err
	}
	n.Escalated, n.EscalatedAt = b.Step, when(e.At)
	return nil
}

func (b *PatientAdded) apply(s *State, _ journal.Event) error {
	p := &ems.Patient{ID: b.ID, Incident: b.Incident, Mission: b.Mission, Name: b.Name, Sex: b.Sex, AgeYears: b.AgeYears, Simulated: b.Simulated}
	put(s, s.Patients, Patients, b.ID, p)
	if b.Mission != "" {
		m, err := get(s, s.Missions, Missions, b.Mission)
		if err != nil {
			return err
		}
		m.Patients = append(m.Patients, b.ID)
		p.Hospital = m.Destination
		if n := s.Notices[m.Notice]; n != nil && n.State != ems.NoticeWithdrawn {
			n.Patients = append(n.Patients, b.ID)
			s.touch(Notices, string(n.ID))
		}
	}
	if b.Incident != "" {
		i, err := get(s, s.Incidents, Incidents, b.Incident)
		if err != nil {
			return err
		}
		i.Patients = append(i.Patients, b.ID)
	}
	return nil
}

func (b *PatientChanged) apply(s *State, _ journal.Event) error {
	p, err := get(s, s.Patients, Patients, b.ID)
	if err != nil {
		return err
	}
	p.Name, p.Sex, p.AgeYears = cmp.Or(b.Name, p.Name), cmp.Or(b.Sex, p.Sex), cmp.Or(b.AgeYears, p.AgeYears)
	return nil
}

func bindKey(u ems.UnitID, d ems.DeviceID) string { return string(u) + "/" + string(d) }

func (b *PatientBound) apply(s *State, _ journal.Event) error {
	p, err := get(s, s.Patients, Patients, b.ID)
	if err != nil {
		return err
	}
	s.touch(Units, string(b.Unit))
	key := bindKey(b.Unit, b.Device)
	spans := s.Bindings[key]
	i := len(spans)
	for i > 0 && spans[i-1].From.After(b.At) {
		i--
	}
	span := Span{Patient: b.ID, From: b.At}
	if i < len(spans) { // it came late: the next binding has ended it already
		span.To = when(spans[i].From)
	}
	if i > 0 && (spans[i-1].To == nil || spans[i-1].To.After(b.At)) {
		spans[i-1].To = when(b.At)
	}
	s.Bindings[key] = slices.Insert(spans, i, span)
	p.BoundAt, p.BoundBy = when(b.At), b.By
	if span.To != nil {
		p.UnboundAt = span.To
		return nil
	}
	p.Unit, p.Device, p.UnboundAt = b.Unit, b.Device, nil
	return nil
}

func (b *PatientUnbound) apply(s *State, _ journal.Event) error {
	p, err := get(s, s.Patients, Patients, b.ID)
	if err != nil {
		return err
	}
	s.touch(Units, string(b.Unit))
	for i, sp := range s.Bindings[bindKey(b.Unit, b.Device)] {
		if sp.Patient == b.ID && !sp.From.After(b.At) && (sp.To == nil || sp.To.After(b.At)) {
			s.Bindings[bindKey(b.Unit, b.Device)][i].To = when(b.At)
		}
	}
	if p.Unit != b.Unit || p.Device != b.Device {
		return nil
	}
	p.Unit, p.Device, p.UnboundAt = "", "", when(b.At)
	if still := s.bound(b.ID); len(still) > 0 { // by another device
		p.Unit, p.Device, p.UnboundAt = still[0].unit, still[0].device, nil
	}
	return nil
}

// tie is a device that is bound to a patient now.
type tie struct {
	patient ems.PatientID
	unit    ems.UnitID
	device  ems.DeviceID
}

// bound gives the devices that are bound to any of the patients, by unit and device.
func (s *State) bound(ps ...ems.PatientID) []tie {
	var out []tie
	for _, key := range slices.Sorted(maps.Keys(s.Bindings)) {
		for _, sp := range s.Bindings[key] {
			if sp.To == nil && slices.Contains(ps, sp.Patient) {
				u, d, _ := strings.Cut(key, "/")
				out = append(out, tie{sp.Patient, ems.UnitID(u), ems.DeviceID(d)})
			}
		}
	}
	return out
}
