package desk

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/ems"
	"lifeline120/internal/incident"
	"lifeline120/internal/mission"
	"lifeline120/internal/notice"
)

// Due gives the commands that time demands now, for Decide with the actor System, one after another: apply each one's events before
// deciding the next. Ask again until it gives none. Clearing what was closed long ago comes last.
func Due(s *State, now time.Time) []Command {
	now = now.UTC().Truncate(time.Microsecond)
	var refs []Ref
	for r, at := range s.deadlines {
		if !at.After(now) {
			refs = append(refs, r)
		}
	}
	slices.SortFunc(refs, func(a, b Ref) int {
		return cmp.Or(s.deadlines[a].Compare(s.deadlines[b]), cmp.Compare(a.C, b.C), cmp.Compare(a.K, b.K))
	})
	var out []Command
	var sweep Sweep
	var closures SweepClosures
	for _, r := range refs {
		cmds, swept := s.demands(r, now)
		out = append(out, cmds...)
		switch {
		case swept && r.C == Closures && len(closures.Closures) < MaxSweep:
			closures.Closures = append(closures.Closures, ems.ClosureID(r.K))
		case swept && r.C != Closures && sweep.len() < MaxSweep:
			sweep.add(r)
		}
	}
	for _, id := range s.surplus(MaxSweep) {
		if !slices.Contains(sweep.Alarms, id) {
			sweep.add(Ref{Alarms, string(id)})
		}
	}
	if sweep.len() > 0 {
		out = append(out, sweep)
	}
	if len(closures.Closures) > 0 {
		out = append(out, closures)
	}
	return out
}

func (c *Sweep) len() int {
	return len(c.Incidents) + len(c.Alarms) + len(c.Patients) + len(c.Notes)
}

func (c *Sweep) add(r Ref) {
	switch r.C {
	case Incidents:
		c.Incidents = append(c.Incidents, ems.IncidentID(r.K))
	case Alarms:
		c.Alarms = append(c.Alarms, ems.AlarmID(r.K))
	case Patients:
		c.Patients = append(c.Patients, ems.PatientID(r.K))
	case Notes:
		c.Notes = append(c.Notes, r.K)
	}
}

// NextDue is when Due will next have something, not before now; zero when nothing waits.
func NextDue(s *State, now time.Time) time.Time {
	var next time.Time
	for _, at := range s.deadlines {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if len(s.surplus(1)) > 0 || !next.IsZero() && next.Before(now) {
		return now
	}
	return next
}

// surplus gives the oldest handled alarms beyond MaxAlarms, up to n, that no incident holds.
func (s *State) surplus(n int) []ems.AlarmID {
	over := min(len(s.Alarms)-MaxAlarms, n)
	if over <= 0 {
		return nil
	}
	var done []*ems.Alarm
	for _, a := range s.Alarms {
		if a.State == ems.AlarmHandled && s.Incidents[a.Incident] == nil {
			done = append(done, a)
		}
	}
	slices.SortFunc(done, func(a, b *ems.Alarm) int { return cmp.Or(a.HandledAt.Compare(*b.HandledAt), cmp.Compare(a.ID, b.ID)) })
	var out []ems.AlarmID
	for _, a := range done[:min(over, len(done))] {
		out = append(out, a.ID)
	}
	return out
}

// redo sets the deadline of an entity anew, and of those that depend on it.
func (s *State) redo(r Ref) {
	if r.C == Missions {
		if m := s.Missions[ems.MissionID(r.K)]; m != nil {
			s.redo(Ref{Orders, string(m.Order)})
			s.redo(Ref{Notices, string(m.Notice)})
			s.redo(Ref{Units, string(m.Unit)})
		}
		return
	}
	if r.C == Alarms {
		if a := s.Alarms[ems.AlarmID(r.K)]; a != nil && a.State != ems.AlarmHandled {
			s.open[a.ID] = a
		} else {
			delete(s.open, ems.AlarmID(r.K))
		}
	}
	if at, ok := s.deadline(r); ok {
		s.deadlines[r] = at.Add(time.Microsecond - 1).Truncate(time.Microsecond) // events stand at whole microseconds
	} else {
		delete(s.deadlines, r)
	}
}

// redoAlarms sets the deadlines of open alarms anew: who sits where has changed.
func (s *State) redoAlarms() {
	for id := range s.open {
		s.redo(Ref{Alarms, string(id)})
	}
}

// redoAbout sets the deadline anew of what a technical alarm is about.
func (s *State) redoAbout(a *ems.Alarm) {
	if a.Kind != ems.TechAlarm {
		return
	}
	for _, r := range []Ref{{Orders, a.About}, {Notices, a.About}, {Incidents, a.About}, {Units, string(a.Unit)}} {
		s.redo(r)
	}
}

// deadline gives when time next demands something of an entity.
func (s *State) deadline(r Ref) (time.Time, bool) {
	var at []time.Time
	switch r.C {
	case Alarms:
		a := s.Alarms[ems.AlarmID(r.K)]
		switch {
		case a == nil:
		case a.State != ems.AlarmHandled:
			if step, ok := alarm.Next(*a, s.supervisor()); ok {
				at = append(at, step.At)
			}
		case s.Incidents[a.Incident] == nil:
			at = append(at, a.HandledAt.Add(KeepClosed))
		}
	case Orders:
		if o := s.Orders[ems.OrderID(r.K)]; o != nil && o.State == ems.OrderQueued {
			at = append(at, o.ValidUntil)
		}
	case Notices:
		if t, ok := s.noticeNext(ems.NoticeID(r.K)); ok {
			at = append(at, t)
		}
	case Incidents:
		if t, ok := s.incidentNext(s.Incidents[ems.IncidentID(r.K)]); ok {
			at = append(at, t)
		}
	case Notes:
		if n := s.Notes[r.K]; n != nil && s.Missions[n.Mission] == nil {
			at = append(at, n.Entered.Add(KeepClosed))
		}
	case Patients:
		if p := s.Patients[ems.PatientID(r.K)]; p != nil && s.Incidents[p.Incident] == nil && p.UnboundAt != nil {
			at = append(at, p.UnboundAt.Add(KeepClosed))
		}
	case Closures:
		if t, ok := closureNext(s.Closures[ems.ClosureID(r.K)]); ok {
			at = append(at, t)
		}
	case Missions, Units, Hospitals, Stations, Desks, Recommendations, Instructions:
	}
	for _, c := range s.conditions(r) {
		if t, ok := c.deadline(); ok {
			at = append(at, t)
		}
	}
	if len(at) == 0 {
		return time.Time{}, false
	}
	return slices.MinFunc(at, time.Time.Compare), true
}

func (s *State) supervisor() bool {
	return alarm.Supervisor(slices.Collect(maps.Values(s.Desks)))
}

func (s *State) noticeNext(id ems.NoticeID) (time.Time, bool) {
	n := s.Notices[id]
	if n == nil || !s.underWay(n.Mission) {
		return time.Time{}, false
	}
	return notice.Next(*n, len(s.persons(n)))
}

func (s *State) underWay(id ems.MissionID) bool {
	m := s.Missions[id]
	return m != nil && !mission.Over(m.State)
}

// incidentNext gives when an incident is closed by itself, or forgotten once it is closed.
func (s *State) incidentNext(i *ems.Incident) (time.Time, bool) {
	switch {
	case i == nil:
		return time.Time{}, false
	case incident.Final(i.State):
		return i.Closed.Add(KeepClosed), true
	case i.State != ems.IncidentDelivered:
		return time.Time{}, false
	}
	var last time.Time
	for _, id := range i.Missions {
		m := s.Missions[id]
		if m.Ended == nil {
			return time.Time{}, false
		}
		if m.Ended.After(last) {
			last = *m.Ended
		}
	}
	return last.Add(CloseAfter), true
}

// demands gives what time demands of an entity at now, and whether it is to be forgotten.
func (s *State) demands(r Ref, now time.Time) (out []Command, swept bool) {
	passed := func(t time.Time, ok bool) bool { return ok && !t.After(now) }
	switch r.C {
	case Alarms:
		a := s.Alarms[ems.AlarmID(r.K)]
		if a.State == ems.AlarmHandled {
			return nil, true
		}
		if step, ok := alarm.Next(*a, s.supervisor()); passed(step.At, ok) {
			out = append(out, EscalateAlarm{Alarm: a.ID, Reach: step.Reach})
		}
	case Orders:
		if o := s.Orders[ems.OrderID(r.K)]; o.State == ems.OrderQueued && !o.ValidUntil.After(now) {
			out = append(out, ExpireOrder{Order: o.ID})
		}
	case Notices:
		if passed(s.noticeNext(ems.NoticeID(r.K))) {
			out = append(out, EscalateNotice{Notice: ems.NoticeID(r.K)})
		}
	case Incidents:
		i := s.Incidents[ems.IncidentID(r.K)]
		over := passed(s.incidentNext(i))
		switch final := incident.Final(i.State); {
		case over && final:
			return nil, true
		case over:
			out = append(out, CloseIncident{Incident: i.ID, Reason: "delivered"})
		}
	case Notes, Patients:
		return nil, true
	case Closures:
		return s.closureDemands(s.Closures[ems.ClosureID(r.K)], now)
	case Missions, Units, Hospitals, Stations, Desks, Recommendations, Instructions:
	}
	for _, c := range s.conditions(r) {
		if t, ok := c.deadline(); passed(t, ok) {
			out = append(out, c.command())
		}
	}
	return out, false
}

// condition is a fault that a technical alarm stands for while it lasts: raised once when it begins, cleared when it ends.
type condition struct {
	code    alarm.Code
	about   string
	unit    ems.UnitID
	mission ems.MissionID
	text    string
	since   time.Time
	holds   bool
	alarm   *ems.Alarm // newest of this code and about
}

// deadline gives when the alarm is to be raised, or that it is to be cleared at once.
func (c condition) deadline() (time.Time, bool) {
	a := c.alarm
	if c.holds {
		return c.since, a == nil || a.Received.Before(c.since) && a.LastPress.Before(c.since)
	}
	if a == nil || a.State == ems.AlarmHandled {
		return time.Time{}, false
	}
	return a.Received, true
}

func (c condition) command() Command {
	if c.holds {
		return RaiseTech{Code: string(c.code), About: c.about, Unit: c.unit, Mission: c.mission, Text: c.text}
	}
	return ClearTech{Alarm: c.alarm.ID, Why: "condition_ended"}
}

// conditions gives the faults that an entity may have.
func (s *State) conditions(r Ref) []condition {
	var out []condition
	add := func(c condition) {
		c.alarm = s.Alarms[s.tech[techKey(string(c.code), c.about)]]
		out = append(out, c)
	}
	switch r.C {
	case Orders:
		if o := s.Orders[ems.OrderID(r.K)]; o != nil {
			add(condition{code: alarm.OrderUnanswered, about: r.K, unit: o.Unit, mission: o.Mission, since: o.Queued.Add(OrderUnansweredAfter), holds: mission.Waiting(o.State)})
			add(condition{code: alarm.OrderExpired, about: r.K, unit: o.Unit, mission: o.Mission, since: o.ValidUntil, holds: o.State == ems.OrderExpired})
		}
	case Notices:
		if n := s.Notices[ems.NoticeID(r.K)]; n != nil {
			c := condition{code: alarm.NoticeUnanswered, about: r.K, mission: n.Mission, text: string(n.Hospital),
				holds: notice.Waiting(n.State) && notice.Exhausted(*n, len(s.persons(n))) && s.underWay(n.Mission)}
			if m := s.Missions[n.Mission]; m != nil {
				c.unit = m.Unit
			}
			if n.EscalatedAt != nil {
				c.since = *n.EscalatedAt
			}
			add(c)
		}
	case Incidents:
		if i := s.Incidents[ems.IncidentID(r.K)]; i != nil {
			add(condition{code: alarm.IncidentWaiting, about: r.K, text: fmt.Sprintf("%04d %s", i.Number, i.Priority), since: s.waits(i).Add(IncidentWaitsFor),
				holds: i.State == ems.IncidentOpen && i.Type == ems.Emergency})
		}
	case Units:
		if u := s.Units[ems.UnitID(r.K)]; u != nil {
			for _, d := range u.Devices {
				for _, c := range s.deviceConditions(u, d) {
					add(c)
				}
			}
		}
	case Alarms, Missions, Patients, Hospitals, Stations, Desks, Notes, Recommendations, Closures, Instructions:
	}
	return out
}

// waits gives since when an incident has been without a unit: since it was opened, or since the last mission for it came to nothing.
func (s *State) waits(i *ems.Incident) time.Time {
	since := i.Opened
	for _, id := range i.Missions {
		if m := s.Missions[id]; m != nil && m.Ended != nil && m.Ended.After(since) {
			since = *m.Ended
		}
	}
	return since
}

// deviceConditions gives the faults of one device, which count while its unit is on a mission: no data, and in a live centre values
// that are not a patient's (SCR-003).
func (s *State) deviceConditions(u *ems.UnitView, d ems.DeviceStatus) []condition {
	since, m := d.Since, s.Missions[u.Mission]
	if m != nil && len(m.Nodes) > 0 && m.Nodes[0].At.After(since) {
		since = m.Nodes[0].At
	}
	lost := d.State == ems.DeviceAbsent || d.State == ems.DeviceSilent || d.State == ems.DeviceGarbled
	demo := (d.State == ems.DeviceDemo || d.State == ems.DeviceSimulated) && !s.Demo && !u.Simulated
	c := condition{about: string(u.ID) + "/" + string(d.Device), unit: u.ID, mission: u.Mission, text: strings.TrimSpace(d.Kind + " " + string(d.State))}
	a, b := c, c
	a.code, a.holds, a.since = alarm.DeviceLost, m != nil && lost, since.Add(DeviceLostAfter)
	b.code, b.holds, b.since = alarm.DeviceDemo, m != nil && demo, since
	return []condition{a, b}
}
