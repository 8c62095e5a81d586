package desk

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/ems"
	"lifeline120/internal/incident"
	"lifeline120/internal/mission"
)

func pressKey(a *ems.Alarm, id string) string { return alarm.Key(a.Kind, a.Source, id) }

// OpenAlarms gives the alarms that are not handled, by id: pointers into the state.
func (s *State) OpenAlarms() []*ems.Alarm {
	out := make([]*ems.Alarm, 0, len(s.open))
	for _, id := range slices.Sorted(maps.Keys(s.open)) {
		out = append(out, s.open[id])
	}
	return out
}

func (s *State) desks() []*ems.Desk {
	return slices.Collect(maps.Values(s.Desks))
}

// owner gives the desk that a new alarm goes to: the one whose mission it is about, if somebody sits there, else the freest.
func (s *State) owner(m ems.MissionID) ems.DeskID {
	if mi := s.Missions[m]; mi != nil {
		if desk := s.deskOf(s.Incidents[mi.Incident], ""); desk != "" {
			return desk
		}
	}
	load := map[ems.DeskID]int{}
	for _, a := range s.open {
		load[a.Owner]++
	}
	return alarm.Owner(s.desks(), load)
}

// deskOf gives the desk whose work an incident is, if somebody sits there.
func (s *State) deskOf(i *ems.Incident, otherwise ems.DeskID) ems.DeskID {
	if i != nil && s.Desks[i.Desk] != nil && s.Desks[i.Desk].By != "" {
		return i.Desk
	}
	return otherwise
}

func (c RaiseAlarm) decide(d *decision) error { return d.press(c, "") }

// press finds out which alarm a press is: a known one, a further one on an open alarm, or a new alarm (ALM-004). follows is the alarm
// that the same caller raised before.
func (d *decision) press(c RaiseAlarm, follows ems.AlarmID) error {
	if c.PressID == "" {
		c.PressID = string(c.Alarm)
	}
	c.Place, c.UncertainS = tidy(c.Place), positive(c.UncertainS)
	if c.Kind == ems.CrewSOS {
		c.Source = string(c.Unit)
		if u := d.s.Units[c.Unit]; u != nil && c.Mission == "" {
			c.Mission = u.Mission
		}
	}
	at := d.or(c.Pressed)
	if at.After(d.now.Add(mission.AheadAtMost)) {
		at = d.now // a key cannot have been pressed later than now: that clock is wrong
	}
	if id, ok := d.s.Presses[alarm.Key(c.Kind, c.Source, c.PressID)]; ok {
		d.about(Ref{Alarms, string(id)})
		a := d.s.Alarms[id]
		if placed(c.Place) && !placed(a.Place) && !byHand(a) { // the same press, sent again once the phone knew where it was
			return d.emit(&AlarmDetailed{ID: id, Place: c.Place})
		}
		return nil
	}
	p := alarm.Press{Kind: c.Kind, Source: c.Source, Mission: c.Mission, Who: c.Who, Phone: c.Phone, Place: c.Place}
	if id, ok := alarm.Joins(d.s.OpenAlarms(), p); ok {
		return d.emit(&AlarmPressed{ID: id, PressID: c.PressID, Pressed: at, Place: c.Place, Text: cut(c.Text), Form: cut(c.Form)})
	}
	if err := fresh(d.s.Alarms, Alarms, c.Alarm); err != nil {
		return err
	}
	reach := ems.ReachOwner
	if c.Kind == ems.CrewSOS {
		reach = ems.ReachDesks // a crew in danger waits for nobody's coffee
	}
	return d.emit(&AlarmRaised{ID: c.Alarm, Kind: c.Kind, About: string(follows), Priority: alarm.High, Unit: c.Unit, Mission: c.Mission, Source: c.Source,
		Token: c.Token, Who: c.Who, Phone: cut(c.Phone), Text: cut(c.Text), By: cut(c.By), Place: c.Place, PressID: c.PressID, Pressed: at,
		UncertainS: c.UncertainS, Owner: d.s.owner(c.Mission), Reach: reach, Origin: cut(c.Origin), Form: cut(c.Form),
		Simulated: c.Simulated || d.s.simulated(c.Unit)})
}

func placed(p *ems.Place) bool { return p != nil && p.Pos != nil }

func (c PressAgain) decide(d *decision) error {
	a, err := find(d.s.Alarms, Alarms, d.s.Tokens[c.Token])
	if err != nil {
		return err
	}
	place := measured(a, c.Place)
	if place == nil {
		place = a.Place
	}
	return d.press(RaiseAlarm{Alarm: c.NewAlarm, Kind: a.Kind, PressID: c.PressID, Source: a.Source, Token: c.Token, Who: a.Who, Phone: a.Phone,
		Place: place, Pressed: c.Pressed, Origin: a.Origin, Form: c.Form, Simulated: a.Simulated}, a.ID)
}

func (c AddDetail) decide(d *decision) error {
	a, err := find(d.s.Alarms, Alarms, c.Alarm)
	if err != nil {
		return err
	}
	if len(a.Lines) >= MaxLines {
		return &Refusal{"alarm " + string(a.ID), strconv.Itoa(len(a.Lines)) + " lines", "longer", "call 120 and say it"}
	}
	if err := short("detail", c.Text, c.Phone); err != nil {
		return err
	}
	return d.emit(&AlarmDetailed{ID: c.Alarm, Text: c.Text, Phone: c.Phone, Place: measured(a, tidy(c.Place))})
}

func (c RaiseTech) decide(d *decision) error {
	return d.tech(alarm.Code(c.Code), c.About, c.Unit, c.Mission, c.Text, c.Simulated)
}

// tech raises a technical alarm, or counts on the open one of the same code and about.
func (d *decision) tech(code alarm.Code, about string, unit ems.UnitID, m ems.MissionID, text string, simulated bool) error {
	entry, ok := alarm.Find(code)
	if !ok {
		return &Refusal{"alarm " + string(code), "not in the catalogue", "raised", "use a code of internal/alarm"}
	}
	d.techs++
	n := strconv.FormatUint(d.s.Techs+d.techs, 10)
	if a := d.s.Alarms[d.s.tech[techKey(string(code), about)]]; a != nil && a.State != ems.AlarmHandled {
		return d.emit(&AlarmPressed{ID: a.ID, PressID: "again-" + d.now.Format("20060102t150405.000000"), Pressed: d.now, Text: cut(text)})
	}
	if m == "" && d.s.Units[unit] != nil {
		m = d.s.Units[unit].Mission
	}
	source := "centre"
	if unit != "" {
		source = string(unit)
	}
	owner := d.s.owner(m)
	if code == alarm.IncidentWaiting {
		owner = d.s.deskOf(d.s.Incidents[ems.IncidentID(about)], owner)
	}
	return d.emit(&AlarmRaised{ID: ems.AlarmID("tech-" + n), Kind: ems.TechAlarm, Code: string(code), About: about, Priority: entry.Priority, Unit: unit,
		Mission: m, Source: source, Text: cut(text), PressID: "tech-" + n, Pressed: d.now, Owner: owner, Reach: ems.ReachOwner,
		Simulated: simulated || d.s.simulated(unit)})
}

func (c ClearTech) decide(d *decision) error {
	a, err := find(d.s.Alarms, Alarms, c.Alarm)
	if err != nil {
		return err
	}
	d.about(Ref{Alarms, string(a.ID)})
	if e, ok := alarm.Find(alarm.Code(a.Code)); a.State == ems.AlarmHandled || !ok || e.Latches {
		return nil
	}
	return d.emit(&AlarmHandled{ID: a.ID, How: "closed", By: d.actor.By, Reason: c.Why})
}

// handling gives an alarm that a person wants to move on, by name.
func (d *decision) handling(id ems.AlarmID, to string) (*ems.Alarm, error) {
	if err := d.named(); err != nil {
		return nil, err
	}
	a, err := find(d.s.Alarms, Alarms, id)
	if err != nil {
		return nil, err
	}
	if a.State == ems.AlarmHandled {
		return nil, &Refusal{"alarm " + string(id), "handled by " + a.HandledBy + " (" + a.How + ")", to, "open a new incident, or use that one"}
	}
	d.about(Ref{Alarms, string(id)})
	return a, nil
}

func (c AckAlarm) decide(d *decision) error {
	a, err := d.handling(c.Alarm, "acknowledged")
	if err != nil || a.State == ems.AlarmAcknowledged && !a.Sounding {
		return err
	}
	return d.emit(&AlarmAcknowledged{ID: c.Alarm, By: d.actor.By, Desk: d.actor.Desk})
}

func (c TakeAlarm) decide(d *decision) error {
	a, err := d.handling(c.Alarm, "taken")
	if err != nil || a.State == ems.AlarmAcknowledged && !a.Sounding && a.Owner == d.actor.Desk && a.AckBy == d.actor.By {
		return err
	}
	return d.emit(&AlarmAcknowledged{ID: c.Alarm, By: d.actor.By, Desk: d.actor.Desk, Taken: true})
}

func (c CloseAlarm) decide(d *decision) error {
	if _, err := d.handling(c.Alarm, "closed"); err != nil {
		return err
	}
	if err := reason("alarm "+string(c.Alarm), c.Reason); err != nil {
		return err
	}
	return d.emit(&AlarmHandled{ID: c.Alarm, How: "closed", By: d.actor.By, Reason: c.Reason})
}

func (c MergeAlarm) decide(d *decision) error {
	if _, err := d.handling(c.Alarm, "merged"); err != nil {
		return err
	}
	i, err := d.living(c.Incident, "given an alarm")
	if err != nil {
		return err
	}
	return d.emit(&AlarmHandled{ID: c.Alarm, How: "merged", By: d.actor.By, Incident: i.ID})
}

func (c EscalateAlarm) decide(d *decision) error {
	a, err := find(d.s.Alarms, Alarms, c.Alarm)
	if err != nil {
		return err
	}
	d.about(Ref{Alarms, string(a.ID)})
	if a.State == ems.AlarmHandled || a.Sounding && !alarm.Wider(c.Reach, a.Reach) {
		return nil
	}
	reach := a.Reach
	if alarm.Wider(c.Reach, reach) {
		reach = c.Reach
	}
	return d.emit(&AlarmEscalated{ID: c.Alarm, Reach: reach})
}

// living gives an incident that is not closed or cancelled.
func (d *decision) living(id ems.IncidentID, to string) (*ems.Incident, error) {
	i, err := find(d.s.Incidents, Incidents, id)
	if err != nil {
		return nil, err
	}
	if incident.Final(i.State) {
		return nil, &Refusal{"incident " + string(id), string(i.State), to, "open a new incident"}
	}
	d.about(Ref{Incidents, string(id)})
	return i, nil
}

// beijing is the day's border of running numbers (TIM-002).
var beijing = time.FixedZone("CST", 8*3600)

func (c OpenIncident) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	if err := fresh(d.s.Incidents, Incidents, c.Incident); err != nil {
		return err
	}
	if err := short("incident", c.Complaint, c.Phone, c.Pathway); err != nil {
		return err
	}
	var a ems.Alarm
	if c.Alarm != "" {
		p, err := d.handling(c.Alarm, "an incident")
		if err != nil {
			return err
		}
		d.refs = nil // the incident comes first in the answer
		a = *p
	}
	b := &IncidentOpened{ID: c.Incident, Day: d.now.In(beijing).Format(time.DateOnly), Number: 1, Type: c.Type, Priority: c.Priority, Complaint: c.Complaint,
		Pathway: c.Pathway, Phone: c.Phone, Desk: d.actor.Desk, By: d.actor.By, Simulated: c.Simulated || a.Simulated || d.s.Demo}
	if b.Day == d.s.Day {
		b.Number = d.s.Number + 1
	}
	switch {
	case c.Place != nil:
		b.Place = *tidy(c.Place)
	case a.Place != nil:
		b.Place = *a.Place
	}
	if b.Type == "" {
		b.Type = ems.Emergency
	}
	if b.Priority == "" {
		b.Priority = ems.PriorityB
	}
	if b.Phone == "" {
		b.Phone = a.Phone
	}
	if b.Complaint == "" {
		b.Complaint = a.Text
	}
	if err := sorts(b.Type, b.Priority); err != nil {
		return err
	}
	if err := d.emit(b); err != nil || c.Alarm == "" {
		return err
	}
	return d.emit(&AlarmHandled{ID: c.Alarm, How: "incident", By: d.actor.By, Incident: c.Incident})
}

// sorts refuses words that are no type or priority.
func sorts(t ems.IncidentType, p ems.Priority) error {
	if !slices.Contains([]ems.IncidentType{ems.Emergency, ems.Transport, ems.Transfer}, t) {
		return &Refusal{"incident type", string(t), "kept", "use emergency, transport or transfer"}
	}
	if !slices.Contains([]ems.Priority{ems.PriorityA, ems.PriorityB, ems.PriorityC, ems.PriorityD}, p) {
		return &Refusal{"incident priority", string(p), "kept", "use A, B, C or D"}
	}
	return nil
}

func (c ChangeIncident) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	i, err := d.living(c.Incident, "changed")
	if err != nil {
		return err
	}
	t, p := i.Type, i.Priority
	set(&t, c.Type)
	set(&p, c.Priority)
	if err := sorts(t, p); err != nil {
		return err
	}
	for _, s := range []*string{c.Complaint, c.Pathway, c.Phone} {
		if s != nil {
			if err := short("incident", *s); err != nil {
				return err
			}
		}
	}
	return d.emit(&IncidentChanged{ID: c.Incident, Type: c.Type, Priority: c.Priority, Place: tidy(c.Place), Complaint: c.Complaint, Pathway: c.Pathway, Phone: c.Phone})
}

func (c CloseIncident) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	i, err := d.living(c.Incident, string(ems.IncidentClosed))
	if err != nil {
		return err
	}
	if err := reason("incident "+string(c.Incident), c.Reason); err != nil {
		return err
	}
	for _, m := range i.Missions {
		if mi := d.s.Missions[m]; !mission.Over(mi.State) {
			return &Refusal{"incident " + string(i.ID), string(i.State), string(ems.IncidentClosed),
				"mission " + string(m) + " of unit " + string(mi.Unit) + " is " + string(mi.State) + ": let it end, or recall or abort it first"}
		}
	}
	return d.emit(&IncidentEnded{ID: i.ID, State: ems.IncidentClosed, Reason: c.Reason})
}

func (c CancelIncident) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	i, err := d.living(c.Incident, string(ems.IncidentCancelled))
	if err != nil {
		return err
	}
	if err := reason("incident "+string(c.Incident), c.Reason); err != nil {
		return err
	}
	for _, id := range i.Missions {
		m := d.s.Missions[id]
		if mission.Over(m.State) {
			continue
		}
		if err := d.end(m, ems.MissionRecalled, c.Reason); err != nil {
			return err
		}
	}
	return d.emit(&IncidentEnded{ID: i.ID, State: ems.IncidentCancelled, Reason: c.Reason})
}

func (c MergeIncident) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	i, err := d.living(c.Incident, "merged")
	if err != nil {
		return err
	}
	into, err := d.living(c.Into, "given another incident")
	if err != nil {
		return err
	}
	if i.ID == into.ID {
		return &Refusal{"incident " + string(i.ID), string(i.State), "merged into itself", "name another incident"}
	}
	for _, m := range i.Missions {
		if mi := d.s.Missions[m]; !mission.Over(mi.State) {
			return &Refusal{"incident " + string(i.ID), string(i.State), "merged",
				"mission " + string(m) + " of unit " + string(mi.Unit) + " is " + string(mi.State) + ": recall it first, or merge the other way round"}
		}
	}
	return d.emit(&IncidentMerged{ID: i.ID, Into: into.ID, By: d.actor.By, Desk: d.actor.Desk})
}

func (c AddCall) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	i, err := d.living(c.Incident, "called about again")
	if err != nil {
		return err
	}
	if err := short("call", c.Phone, c.Text); err != nil {
		return err
	}
	return d.emit(&IncidentCalled{ID: i.ID, Call: ems.Call{At: d.now, By: d.actor.By, Desk: d.actor.Desk, Phone: c.Phone, Text: c.Text}})
}

func (c StoreRecommendation) decide(d *decision) error {
	if err := fresh(d.s.Recommendations, Recommendations, c.Recommendation.ID); err != nil {
		return err
	}
	if _, err := d.living(c.Recommendation.Incident, "given a recommendation"); err != nil {
		return err
	}
	d.refs = nil
	r := c.Recommendation
	r.Simulated = r.Simulated || d.s.Demo
	return d.emit(&Recommended{Recommendation: r})
}
