package desk

import (
	"cmp"
	"slices"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/ems"
	"lifeline120/internal/incident"
	"lifeline120/internal/match"
	"lifeline120/internal/mission"
)

// Owes gives what a vehicle must be told until it answers, oldest first (DLV-005).
func (s *State) Owes(unit ems.UnitID) []Instruction {
	var out []Instruction
	for _, in := range s.Instructions {
		if in.Unit == unit && in.Answered == nil {
			out = append(out, *in)
		}
	}
	slices.SortFunc(out, func(a, b Instruction) int { return cmp.Or(a.Queued.Compare(b.Queued), cmp.Compare(a.Key, b.Key)) })
	return out
}

// HospitalView is all that one hospital may see (SCR-004). Units are those that carry such a patient now; readings and waves are those of
// Patients and no others.
type HospitalView struct {
	Notices  map[ems.NoticeID]ems.Notice
	Missions map[ems.MissionID]ems.Mission
	Patients map[ems.PatientID]ems.Patient
	Units    map[ems.UnitID]bool
}

// Visible gives what a hospital may see: the patients bound for it, with their missions, until the case is closed. A notice that was
// redirected elsewhere stays as one line without a patient.
func (s *State) Visible(h ems.HospitalID) HospitalView {
	v := HospitalView{map[ems.NoticeID]ems.Notice{}, map[ems.MissionID]ems.Mission{}, map[ems.PatientID]ems.Patient{}, map[ems.UnitID]bool{}}
	for _, n := range s.Notices {
		m := s.Missions[n.Mission]
		if n.Hospital != h || m == nil || incident.Final(s.Incidents[m.Incident].State) {
			continue
		}
		if n.State == ems.NoticeWithdrawn {
			if m.Destination != h || mission.Ended(m.State) { // superseded ones are not worth a line: the newer stands beside
				v.Notices[n.ID] = ems.Notice{ID: n.ID, Mission: n.Mission, Hospital: h, State: n.State, Sent: n.Sent, Withdrawn: n.Withdrawn,
					Reason: n.Reason, Unrecorded: n.Unrecorded, Simulated: n.Simulated}
			}
			continue
		}
		v.Notices[n.ID] = *n
		v.Missions[m.ID] = *m
		for _, p := range m.Patients {
			v.Patients[p] = *s.Patients[p]
		}
		if s.Units[m.Unit].Mission == m.ID {
			v.Units[m.Unit] = true
		}
	}
	return v
}

// Sees says whether a hospital may see a patient now (SCR-004).
func (s *State) Sees(h ems.HospitalID, p ems.PatientID) bool {
	pa := s.Patients[p]
	if pa == nil || s.Missions[pa.Mission] == nil {
		return false
	}
	m := s.Missions[pa.Mission]
	n := s.Notices[m.Notice]
	return n != nil && n.Hospital == h && n.State != ems.NoticeWithdrawn && !incident.Final(s.Incidents[m.Incident].State)
}

// Caller is what a caller's page may show of their own alarm (ALM-003).
type Caller struct {
	Alarm    ems.AlarmID
	State    ems.AlarmState
	Received bool // the journal holds it
	// OrderAccepted, and with it Unit and Mission, only once a crew has accepted: before that nobody says that help is coming.
	OrderAccepted bool
	Unit          ems.UnitID
	Mission       ems.MissionState
	MissionID     ems.MissionID
	Place         *ems.Place
	Who           string
	Corrected     bool            // the caller has said that the place is another
	Lines         []ems.AlarmLine // what the caller added
	Talk          []ems.Message   // what was said, of this alarm and those it follows
	Closed        bool            // the link ends with the incident
	Simulated     bool
}

// Caller gives the page of the caller whose secret has this digest. After further presses it is the newest alarm's; help that is on its
// way to an earlier one of the same caller still counts.
func (s *State) Caller(token string) (Caller, bool) {
	a := s.Alarms[s.Tokens[token]]
	if a == nil {
		return Caller{}, false
	}
	c := Caller{Alarm: a.ID, State: a.State, Received: !a.Unrecorded, Place: a.Place, Simulated: a.Simulated, Who: a.Who, Corrected: len(a.Places) > 0}
	for _, l := range a.Lines {
		if l.What == "detail" && l.Note != "" {
			c.Lines = append(c.Lines, l)
		}
	}
	if c.Closed = s.LinkEnded(token); c.Closed { // nothing is left to see but that
		return Caller{Alarm: c.Alarm, State: c.State, Received: c.Received, Closed: true, Simulated: c.Simulated}, true
	}
	before := s.callerAlarms(token)
	for i := len(before) - 1; i >= 0; i-- {
		c.Talk = append(c.Talk, s.TalkOf(before[i].ID)...)
	}
	c.Talk = c.Talk[max(0, len(c.Talk)-MaxTalkShown):]
	for n := a; n != nil; n = s.Alarms[ems.AlarmID(n.About)] {
		i := s.Incidents[n.Incident]
		if i == nil || incident.Final(i.State) {
			continue
		}
		if m := s.coming(i); m != nil {
			c.OrderAccepted, c.Unit, c.Mission, c.MissionID = true, m.Unit, m.State, m.ID
			return c, true
		}
	}
	return c, true
}

// coming gives the furthest mission of an incident whose order a crew has accepted.
func (s *State) coming(i *ems.Incident) *ems.Mission {
	var best *ems.Mission
	for _, id := range i.Missions {
		m := s.Missions[id]
		if o := s.Orders[m.Order]; o.State != ems.OrderAccepted || o.Unrecorded || mission.Ended(m.State) {
			continue
		}
		if best == nil || len(m.Nodes) > len(best.Nodes) {
			best = m
		}
	}
	return best
}

// Question is what match.Recommend is to answer for an incident. live fills in what only the dispatcher knows of a unit: position, link,
// age.
func (s *State) Question(id string, in ems.IncidentID, now time.Time, live func(*ems.UnitView)) (match.Question, error) {
	i, err := find(s.Incidents, Incidents, in)
	if err != nil {
		return match.Question{}, err
	}
	q := match.Question{ID: id, Incident: *i, At: now.UTC(), Home: s.home(i.Place.Pos)}
	work := s.work(now)
	for _, u := range s.Units {
		c := match.Unit{UnitView: *u, Task: s.task(u), Work: work[u.ID]}
		live(&c.UnitView)
		if st := s.Stations[u.Station]; st != nil {
			pos := st.Pos
			c.Station = &pos
		}
		q.Units = append(q.Units, c)
	}
	slices.SortFunc(q.Units, func(a, b match.Unit) int { return cmp.Compare(a.ID, b.ID) })
	return q, nil
}

// home are the stations in whose area a place lies, by id.
func (s *State) home(at *ems.WGS84) (out []ems.StationID) {
	for id, st := range s.Stations {
		if at != nil && match.Within(*at, st.Areas) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// task is what a unit is doing; nil: nothing.
func (s *State) task(u *ems.UnitView) *match.Task {
	m := s.Missions[u.Mission]
	if m == nil || len(m.Nodes) == 0 {
		return nil
	}
	t := &match.Task{Incident: m.Incident, Ordered: m.Nodes[0].At, Since: m.Nodes[len(m.Nodes)-1].At}
	if i := s.Incidents[m.Incident]; i != nil {
		t.Number, t.Priority, t.Scene = i.Number, i.Priority, i.Place.Pos
	}
	if h := s.Hospitals[m.Destination]; h != nil {
		pos := h.Door()
		t.Hospital = &pos
	}
	return t
}

// work is each unit's missions of late, from order to end, oldest first.
func (s *State) work(now time.Time) map[ems.UnitID][]match.Span {
	out := map[ems.UnitID][]match.Span{}
	for _, m := range s.Missions {
		to := now
		if m.Ended != nil {
			to = *m.Ended
		}
		if len(m.Nodes) > 0 && now.Sub(to) < match.RestWindow {
			out[m.Unit] = append(out[m.Unit], match.Span{From: m.Nodes[0].At, To: to})
		}
	}
	for _, spans := range out {
		slices.SortFunc(spans, func(a, b match.Span) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	}
	return out
}

// Duplicates gives the open incidents that an alarm may belong to, for merging.
func (s *State) Duplicates(id ems.AlarmID) []ems.IncidentID {
	a := s.Alarms[id]
	if a == nil {
		return nil
	}
	all := make([]*ems.Incident, 0, len(s.Incidents))
	for _, i := range s.Incidents {
		all = append(all, i)
	}
	return incident.Duplicates(*a, all)
}

// PressStored says whether the journal holds a crew's press: the lamp of the key (ALM-003), with the alarm it is.
func (s *State) PressStored(unit ems.UnitID, press string) (ems.AlarmID, bool) {
	id, ok := s.Presses[alarm.Key(ems.CrewSOS, string(unit), press)]
	if !ok || s.Alarms[id].Unrecorded {
		return "", false
	}
	return id, true
}
