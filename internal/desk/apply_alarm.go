package desk

import (
	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
)

func line(a *ems.Alarm, l ems.AlarmLine) {
	if len(a.Lines) < MaxLines || l.What != "pressed" && l.What != "detail" {
		a.Lines = append(a.Lines, l)
	}
}

// malformed says in a line of an alarm what of its message could not be read (ALM-001).
func malformed(form string) string {
	if form == "" {
		return ""
	}
	return "malformed: " + form
}

func (s *State) press(a *ems.Alarm, id string) {
	key := pressKey(a, id)
	if _, ok := s.Presses[key]; ok || len(a.PressIDs) >= MaxPresses {
		return
	}
	s.Presses[key] = a.ID
	a.PressIDs = append(a.PressIDs, key)
}

func (b *AlarmRaised) apply(s *State, e journal.Event) error {
	a := &ems.Alarm{ID: b.ID, Kind: b.Kind, Code: b.Code, About: b.About, Priority: b.Priority, Unit: b.Unit, Mission: b.Mission,
		Source: b.Source, Origin: b.Origin, Who: b.Who, Phone: b.Phone, Text: b.Text, Place: b.Place, PressID: b.PressID, Pressed: b.Pressed,
		Received: e.At, Presses: 1, LastPress: b.Pressed, State: ems.AlarmStored, Reach: b.Reach, ReachAt: e.At, Since: e.At,
		Sounding: true, Owner: b.Owner, Simulated: b.Simulated}
	line(a, ems.AlarmLine{At: e.At, What: "raised", By: b.By, Note: malformed(b.Form)})
	put(s, s.Alarms, Alarms, b.ID, a)
	s.press(a, b.PressID)
	if b.Token != "" {
		s.Tokens[b.Token] = b.ID
	}
	if b.Kind == ems.TechAlarm {
		s.Techs++
		s.indexTech(a)
	}
	s.redoAbout(a)
	return nil
}

func (b *AlarmPressed) apply(s *State, e journal.Event) error {
	a, err := get(s, s.Alarms, Alarms, b.ID)
	if err != nil {
		return err
	}
	s.press(a, b.PressID)
	a.Presses++
	a.LastPress = b.Pressed
	if b.Place != nil {
		a.Place = b.Place
	}
	if b.Text != "" {
		a.Text = b.Text
	}
	if a.State == ems.AlarmAcknowledged { // the acknowledgement was of the presses before: it sounds again (ALM-004)
		a.State, a.AckBy, a.AckAt, a.Since, a.Sounding = ems.AlarmStored, "", nil, e.At, true
	}
	line(a, ems.AlarmLine{At: e.At, What: "pressed", Note: malformed(b.Form)})
	s.redoAbout(a)
	return nil
}

func (b *AlarmDetailed) apply(s *State, e journal.Event) error {
	a, err := get(s, s.Alarms, Alarms, b.ID)
	if err != nil {
		return err
	}
	if b.Phone != "" {
		a.Phone = b.Phone
	}
	if b.Place != nil {
		a.Place = b.Place
	}
	if a.Text == "" {
		a.Text = b.Text
	}
	line(a, ems.AlarmLine{At: e.At, What: "detail", Note: b.Text})
	return nil
}

func (b *AlarmAcknowledged) apply(s *State, e journal.Event) error {
	a, err := get(s, s.Alarms, Alarms, b.ID)
	if err != nil {
		return err
	}
	a.State, a.Sounding, a.AckBy, a.AckAt = ems.AlarmAcknowledged, false, b.By, when(e.At)
	if b.Desk != "" {
		a.Owner = b.Desk
	}
	l := ems.AlarmLine{At: e.At, What: "acknowledged", By: b.By}
	if b.Taken {
		l.Note = "taken"
	}
	line(a, l)
	return nil
}

func (b *AlarmEscalated) apply(s *State, e journal.Event) error {
	a, err := get(s, s.Alarms, Alarms, b.ID)
	if err != nil {
		return err
	}
	what := "sounded_again"
	if b.Reach != a.Reach {
		what, a.Reach, a.ReachAt = "escalated", b.Reach, e.At
	}
	l := ems.AlarmLine{At: e.At, What: what, Note: string(b.Reach)}
	if b.Orphaned {
		a.Owner, l.Note = "", "owner_left"
	}
	a.Sounding = true
	line(a, l)
	return nil
}

func (b *AlarmHandled) apply(s *State, e journal.Event) error {
	a, err := get(s, s.Alarms, Alarms, b.ID)
	if err != nil {
		return err
	}
	a.State, a.Sounding, a.HandledBy, a.HandledAt, a.How, a.Reason, a.Incident = ems.AlarmHandled, false, b.By, when(e.At), b.How, b.Reason, b.Incident
	line(a, ems.AlarmLine{At: e.At, What: "handled", By: b.By, Note: b.Reason})
	s.redoAbout(a)
	if b.Incident == "" {
		return nil
	}
	i, err := get(s, s.Incidents, Incidents, b.Incident)
	if err != nil {
		return err
	}
	i.Alarms = append(i.Alarms, b.ID)
	s.photosOf(b.ID, i.ID)
	return nil
}
