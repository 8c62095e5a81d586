package desk

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/match"
)

func (b *NoteAdded) apply(s *State, e journal.Event) error {
	s.note(Note{ID: b.ID, Unit: b.Unit, Mission: b.Mission, Patient: b.Patient, Code: b.Code, Text: b.Text, By: b.By, At: b.At,
		Entered: e.At, UncertainS: b.UncertainS, Simulated: b.Simulated})
	return nil
}

// note keeps a note, up to MaxNotes of one unit.
func (s *State) note(n Note) {
	if strings.HasPrefix(n.ID, systemNote) {
		s.Noted++
	}
	put(s, s.Notes, Notes, n.ID, &n)
	trim(s, s.Notes, Notes, MaxNotes, func(o *Note) bool { return o.Unit == n.Unit },
		func(a, b *Note) int { return cmp.Or(a.Entered.Compare(b.Entered), cmp.Compare(a.ID, b.ID)) })
}

func (b *UnitRegistered) apply(s *State, _ journal.Event) error {
	u := s.Units[b.Unit.ID]
	if u == nil {
		u = &ems.UnitView{Duty: ems.OffDuty, State: ems.MissionAtStation}
	}
	u.Unit = b.Unit
	u.Simulated = b.Unit.Simulated || s.Demo
	put(s, s.Units, Units, b.Unit.ID, u)
	return nil
}

func (b *UnitDutySet) apply(s *State, _ journal.Event) error {
	u, err := get(s, s.Units, Units, b.Unit)
	if err != nil {
		return err
	}
	u.Duty, u.DutyReason = b.Duty, b.Reason
	if b.Duty == ems.OffDuty || b.Crew != nil && !slices.Equal(b.Crew, u.Crew) { // the end was that of the crew before
		u.ShiftEnds = nil
	}
	if b.Crew != nil {
		u.Crew = b.Crew
	}
	return nil
}

func (b *UnitShiftSet) apply(s *State, _ journal.Event) error {
	u, err := get(s, s.Units, Units, b.Unit)
	if err != nil {
		return err
	}
	u.ShiftEnds = when(b.Ends)
	return nil
}

func (b *UnitDeviceChanged) apply(s *State, _ journal.Event) error {
	u, err := get(s, s.Units, Units, b.Unit)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(u.Devices, func(d ems.DeviceStatus) bool { return d.Device == b.Status.Device })
	if i < 0 {
		u.Devices = append(u.Devices, b.Status)
		slices.SortFunc(u.Devices, func(a, b ems.DeviceStatus) int { return cmp.Compare(a.Device, b.Device) })
		return nil
	}
	u.Devices[i] = b.Status
	return nil
}

func (b *UnitGap) apply(s *State, e journal.Event) error {
	s.note(Note{ID: b.Note, Unit: b.Unit, Code: "gap_" + b.Why, By: SystemName, At: e.At, Entered: e.At, Simulated: s.simulated(b.Unit),
		Text: fmt.Sprintf("%s %d-%d (%d B)", b.Lane, b.From, b.To, b.Bytes)})
	return nil
}

func (b *UnitConflict) apply(s *State, e journal.Event) error {
	s.note(Note{ID: b.Note, Unit: b.Unit, Code: "identity_conflict", By: SystemName, At: e.At, Entered: e.At, Simulated: s.simulated(b.Unit),
		Text: fmt.Sprintf("%s %d", b.Lane, b.Seq)})
	return nil
}

func (s *State) simulated(u ems.UnitID) bool {
	return s.Demo || s.Units[u] != nil && s.Units[u].Simulated
}

func (b *StationRegistered) apply(s *State, _ journal.Event) error {
	st := b.Station
	st.Simulated = st.Simulated || s.Demo
	put(s, s.Stations, Stations, st.ID, &st)
	return nil
}

func (b *DeskRegistered) apply(s *State, _ journal.Event) error {
	if s.Desks[b.Desk] == nil {
		s.Desks[b.Desk] = &ems.Desk{ID: b.Desk}
	}
	s.touch(Desks, string(b.Desk))
	return nil
}

func (b *DeskLoggedOn) apply(s *State, e journal.Event) error {
	d, err := get(s, s.Desks, Desks, b.Desk)
	if err != nil {
		return err
	}
	*d = ems.Desk{ID: b.Desk, By: b.By, Role: b.Role, Since: when(e.At)}
	s.redoAlarms()
	return nil
}

func (b *DeskLoggedOff) apply(s *State, _ journal.Event) error {
	d, err := get(s, s.Desks, Desks, b.Desk)
	if err != nil {
		return err
	}
	*d = ems.Desk{ID: b.Desk}
	s.redoAlarms()
	return nil
}

func (b *DeskCall) apply(s *State, _ journal.Event) error {
	d, err := get(s, s.Desks, Desks, b.Desk)
	if err != nil {
		return err
	}
	d.OnCall = b.On
	return nil
}

func (b *Swept) apply(s *State, _ journal.Event) error {
	gone := map[ems.AlarmID]bool{}
	for _, id := range b.Alarms {
		gone[id] = true
	}
	dead := map[ems.PatientID]bool{}
	for _, id := range b.Patients {
		dead[id] = true
	}
	for _, id := range b.Incidents {
		i, err := get(s, s.Incidents, Incidents, id)
		if err != nil {
			return err
		}
		for _, a := range i.Alarms {
			gone[a] = true
		}
		for _, p := range i.Patients {
			dead[p] = true
		}
		for _, m := range i.Missions {
			s.dropMission(m)
		}
		dropWhere(s, s.Recommendations, Recommendations, func(r *match.Recommendation) bool { return r.Incident == id })
		s.keepCalled(i)
		drop(s, s.Incidents, Incidents, id)
	}
	s.boundCalled()
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		if a := s.Alarms[id]; a != nil {
			for _, key := range a.PressIDs {
				delete(s.Presses, key)
			}
			if key := techKey(a.Code, a.About); s.tech[key] == id {
				delete(s.tech, key)
			}
			drop(s, s.Alarms, Alarms, id)
		}
	}
	maps.DeleteFunc(s.Tokens, func(_ string, a ems.AlarmID) bool { return gone[a] })
	for key, spans := range s.Bindings {
		s.Bindings[key] = slices.DeleteFunc(spans, func(sp Span) bool { return dead[sp.Patient] })
	}
	maps.DeleteFunc(s.Bindings, func(_ string, spans []Span) bool { return len(spans) == 0 })
	for _, id := range slices.Sorted(maps.Keys(dead)) {
		drop(s, s.Patients, Patients, id)
	}
	dropWhere(s, s.Photos, Photos, func(p *ems.Photo) bool {
		return gone[p.Alarm] || dead[p.Patient] || p.Incident != "" && s.Incidents[p.Incident] == nil
	})
	s.dropTalk(gone)
	for _, id := range b.Notes {
		drop(s, s.Notes, Notes, id)
	}
	return nil
}

func (s *State) dropMission(id ems.MissionID) {
	m := s.Missions[id]
	dropWhere(s, s.Instructions, Instructions, func(in *Instruction) bool { return in.Mission == id })
	dropWhere(s, s.Notices, Notices, func(n *ems.Notice) bool { return n.Mission == id })
	dropWhere(s, s.Notes, Notes, func(n *Note) bool { return n.Mission == id })
	drop(s, s.Orders, Orders, m.Order)
	drop(s, s.Missions, Missions, id)
}
