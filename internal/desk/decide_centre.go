package desk

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/incident"
	"lifeline120/internal/mission"
)

// duties are the words of a unit's duty, and whether a reason must be given.
var duties = map[ems.UnitDuty]bool{ems.OnDuty: false, ems.OffDuty: false, ems.Crewless: false, ems.Suspended: true, ems.BrokenDown: true, ems.Contaminated: true}

func (c SetDuty) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	u, err := find(d.s.Units, Units, c.Unit)
	if err != nil {
		return err
	}
	what := "unit " + string(u.ID)
	needs, known := duties[c.Duty]
	switch {
	case !known:
		return &Refusal{what, string(u.Duty), string(c.Duty), "use on_duty, off_duty, suspended, crewless, broken_down or contaminated"}
	case c.Duty == ems.OffDuty && u.Mission != "":
		return &Refusal{what, string(u.State) + " on mission " + string(u.Mission), string(c.Duty), "let the mission end first"}
	case needs:
		if err := reason(what, c.Reason); err != nil {
			return err
		}
	}
	if err := short(what, append(slices.Clone(c.Crew), c.Reason)...); err != nil {
		return err
	}
	if err := d.shift(what, c); err != nil {
		return err
	}
	d.about(Ref{Units, string(u.ID)})
	if u.Duty != c.Duty || u.DutyReason != c.Reason || c.Crew != nil && !slices.Equal(u.Crew, c.Crew) {
		if err := d.emit(&UnitDutySet{Unit: u.ID, Duty: c.Duty, Reason: c.Reason, Crew: c.Crew, By: d.actor.By}); err != nil {
			return err
		}
	}
	if c.ShiftEnds == nil || u.ShiftEnds != nil && u.ShiftEnds.Equal(*c.ShiftEnds) {
		return nil
	}
	return d.emit(&UnitShiftSet{Unit: u.ID, Ends: c.ShiftEnds.UTC(), By: d.actor.By})
}

// shift refuses an end of a shift that is none.
func (d *decision) shift(what string, c SetDuty) error {
	if c.ShiftEnds == nil {
		return nil
	}
	switch left := c.ShiftEnds.Sub(d.now); {
	case c.Duty == ems.OffDuty:
		return &Refusal{what, string(c.Duty), "on a shift", "give the end of the shift when it comes on duty"}
	case left <= 0 || left > MaxShift:
		return &Refusal{what, c.ShiftEnds.UTC().Format(time.RFC3339), "the end of its shift", "give an instant within the next 24 hours"}
	}
	return nil
}

func (c LogOn) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	de, err := find(d.s.Desks, Desks, c.Desk)
	if err != nil {
		return err
	}
	if c.Role != "dispatcher" && c.Role != "supervisor" {
		return &Refusal{"desk " + string(c.Desk), de.Role, c.Role, "log on as dispatcher or supervisor"}
	}
	d.about(Ref{Desks, string(c.Desk)})
	if de.By == d.actor.By && de.Role == c.Role {
		return nil
	}
	return d.emit(&DeskLoggedOn{Desk: c.Desk, By: d.actor.By, Role: c.Role})
}

func (c LogOff) decide(d *decision) error {
	de, err := find(d.s.Desks, Desks, c.Desk)
	if err != nil {
		return err
	}
	d.about(Ref{Desks, string(c.Desk)})
	if de.By == "" {
		return nil
	}
	if err := d.emit(&DeskLoggedOff{Desk: c.Desk, By: de.By}); err != nil {
		return err
	}
	for _, a := range d.s.OpenAlarms() { // nobody's alarm is everybody's
		if a.Owner != c.Desk {
			continue
		}
		reach := a.Reach
		if reach == ems.ReachOwner {
			reach = ems.ReachDesks
		}
		if err := d.emit(&AlarmEscalated{ID: a.ID, Reach: reach, Orphaned: true}); err != nil {
			return err
		}
	}
	return nil
}

func (c SetOnCall) decide(d *decision) error {
	de, err := find(d.s.Desks, Desks, c.Desk)
	if err != nil {
		return err
	}
	d.about(Ref{Desks, string(c.Desk)})
	if de.OnCall == c.On {
		return nil
	}
	return d.emit(&DeskCall{Desk: c.Desk, On: c.On})
}

// sameJSON says that two records are written alike: a list that is empty is one that is absent.
func sameJSON(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

func (c RegisterUnit) decide(d *decision) error {
	if err := ems.CheckName(string(c.Unit.ID)); err != nil {
		return err
	}
	c.Unit.Simulated = c.Unit.Simulated || d.s.Demo
	d.about(Ref{Units, string(c.Unit.ID)})
	if u := d.s.Units[c.Unit.ID]; u != nil && sameJSON(u.Unit, c.Unit) {
		return nil
	}
	return d.emit(&UnitRegistered{Unit: c.Unit})
}

func (c RegisterHospital) decide(d *decision) error {
	if err := ems.CheckName(string(c.Hospital.ID)); err != nil {
		return err
	}
	c.Hospital.Simulated = c.Hospital.Simulated || d.s.Demo
	d.about(Ref{Hospitals, string(c.Hospital.ID)})
	if h := d.s.Hospitals[c.Hospital.ID]; h != nil && sameJSON(*h, c.Hospital) {
		return nil
	}
	return d.emit(&HospitalDescribed{Hospital: c.Hospital})
}

func (c RegisterStation) decide(d *decision) error {
	if err := ems.CheckName(string(c.Station.ID)); err != nil {
		return err
	}
	c.Station.Simulated = c.Station.Simulated || d.s.Demo
	d.about(Ref{Stations, string(c.Station.ID)})
	if st := d.s.Stations[c.Station.ID]; st != nil && sameJSON(*st, c.Station) {
		return nil
	}
	return d.emit(&StationRegistered{Station: c.Station})
}

func (c RegisterDesk) decide(d *decision) error {
	if err := ems.CheckName(string(c.Desk)); err != nil {
		return err
	}
	d.about(Ref{Desks, string(c.Desk)})
	if d.s.Desks[c.Desk] != nil {
		return nil
	}
	return d.emit(&DeskRegistered{Desk: c.Desk})
}

func (c Sweep) decide(d *decision) error {
	b := &Swept{}
	for _, id := range c.Incidents {
		i := d.s.Incidents[id]
		if i == nil || !incident.Final(i.State) {
			continue
		}
		if !slices.ContainsFunc(i.Missions, func(m ems.MissionID) bool { return !mission.Over(d.s.Missions[m].State) }) {
			b.Incidents = append(b.Incidents, id)
		}
	}
	for _, id := range c.Alarms {
		if a := d.s.Alarms[id]; a != nil && a.State == ems.AlarmHandled && d.s.Incidents[a.Incident] == nil {
			b.Alarms = append(b.Alarms, id)
		}
	}
	for _, id := range c.Patients {
		if p := d.s.Patients[id]; p != nil && d.s.Incidents[p.Incident] == nil && p.Device == "" {
			b.Patients = append(b.Patients, id)
		}
	}
	for _, id := range c.Notes {
		if d.s.Notes[id] != nil {
			b.Notes = append(b.Notes, id)
		}
	}
	if len(b.Incidents)+len(b.Alarms)+len(b.Patients)+len(b.Notes) == 0 {
		return nil
	}
	return d.emit(b)
}
