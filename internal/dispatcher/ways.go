package dispatcher

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/match"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/wire"
)

// ways is what the owner of the state knows of the roads: nothing until they are there, and straight lines stand in until then, named as
// such on every screen.
type ways struct {
	roads *roadlive.Roads
	fleet *roadlive.Fleet
	at    map[ems.UnitID]spot
	// tracks of units, for the speeds of roads.
	tracks map[ems.UnitID]*track
}

// spot is where the fleet has a unit.
type spot struct {
	pos    ems.WGS84
	places []roads.Place
}

// courseFrom is the speed from which a course is a direction and no noise.
const courseFrom = 8 // km/h

// openWays has the roads made ready beside the running centre.
func (c *Centre) openWays(ctx context.Context) {
	r, err := c.cfg.Roads(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		c.log.Error("no road network: travel times are straight lines", "err", err)
		c.post(func() { c.times.stale = true })
		return
	}
	c.post(func() { c.useWays(r) })
}

// useWays takes roads into use, or others in their stead.
func (c *Centre) useWays(r *roadlive.Roads) {
	c.ways = ways{roads: r, fleet: roadlive.NewFleet(r, roadlive.Mission), at: map[ems.UnitID]spot{}, tracks: map[ems.UnitID]*track{}}
	for id, lv := range c.units {
		if lv.fix != nil {
			c.ways.moved(id, *lv.fix)
		}
	}
	c.times.stale = true
	c.showRoads()
}

// moved takes a unit's new position.
func (w *ways) moved(u ems.UnitID, f ems.FixView) {
	if w.fleet == nil {
		return
	}
	m := roads.Motion{Pos: f.Pos}
	if f.CourseDeg != nil && f.SpeedKmh != nil && *f.SpeedKmh >= courseFrom && f.Quality == ems.Good {
		m.Course, m.CourseKnown = *f.CourseDeg, true
	}
	w.at[u] = spot{f.Pos, w.fleet.Move(u, m)}
}

// place has a unit where it is believed to be: at its last position, or at its station.
func (w *ways) place(u ems.UnitID, at ems.WGS84) {
	if s, ok := w.at[u]; !ok || s.pos != at {
		w.at[u] = spot{at, w.fleet.Stand(u, at)}
	}
}

// ask fills the times by road into a question.
func (w *ways) ask(q *match.Question) {
	to := q.Incident.Place.Pos
	if w.fleet == nil || to == nil {
		return
	}
	for _, u := range q.Units {
		if at, _ := match.Whereabouts(q.At, u); at != nil {
			w.place(u.ID, *at)
		}
	}
	times, ok := w.fleet.Reach(*to)
	if !ok {
		q.OffRoads = true
		return
	}
	q.Roads = times
	is := w.roads.Now()
	q.RoadsLive = is.Closed > 0 || is.Measured[roadlive.Mission] > 0
	w.askTasks(q, *to)
}

// askTasks fills in the times of units on a mission: to their hospital and from there, and what those who may be diverted are on their way to.
func (w *ways) askTasks(q *match.Question, to ems.WGS84) {
	hospitals := map[ems.WGS84][]ems.UnitID{}
	q.ToHospital, q.AfterTask, q.Others = map[ems.UnitID]time.Duration{}, map[ems.UnitID]time.Duration{}, map[ems.IncidentID]map[ems.UnitID]time.Duration{}
	for _, u := range q.Units { // by id
		switch {
		case u.Task == nil:
		case u.State == ems.MissionLeftScene && u.Task.Hospital != nil && len(w.at[u.ID].places) > 0:
			hospitals[*u.Task.Hospital] = append(hospitals[*u.Task.Hospital], u.ID)
		case match.Divertable(u, q.Incident) && u.Task.Scene != nil && q.Others[u.Task.Incident] == nil && len(q.Others) < maxOthers:
			if times, ok := w.fleet.Reach(*u.Task.Scene); ok {
				q.Others[u.Task.Incident] = times
			}
		}
	}
	scene := w.roads.Snap(to)
	for at, units := range hospitals {
		door := w.roads.Snap(at)
		if len(door) == 0 {
			continue
		}
		from := make([][]roads.Place, len(units))
		for i, u := range units {
			from[i] = w.at[u].places
		}
		onward := w.roads.To(roadlive.Mission, [][]roads.Place{door}, scene)[0]
		for i, d := range w.roads.To(roadlive.Mission, from, door) {
			if d != roadlive.None {
				q.ToHospital[units[i]] = d
			}
			if onward != roadlive.None {
				q.AfterTask[units[i]] = onward
			}
		}
	}
}

// travel is how long a unit takes in a mode from its last position to a place, how that was found, and by which version of the times.
func (w *ways) travel(mode roadlive.Mode, u ems.UnitID, from, to ems.WGS84, line time.Duration) (time.Duration, string, uint64) {
	if w.fleet == nil {
		return line, match.MethodLine, 0
	}
	w.place(u, from)
	version := w.roads.Now().Version
	if d := w.roads.To(mode, [][]roads.Place{w.at[u].places}, w.roads.Snap(to))[0]; d != roadlive.None {
		return d, match.MethodRoads, version
	}
	return line, match.MethodLine, version
}

// question is what is asked when units are ranked for an incident.
func (c *Centre) question(s *desk.State, id string, in ems.IncidentID, t time.Time) (match.Question, error) {
	q, err := s.Question(id, in, t, c.liven)
	if err == nil {
		q.Config = &c.choosing
		c.ways.ask(&q)
		c.covered(&q)
	}
	return q, err
}

// route is the way of a mission's unit; without a line when it is on its way to nowhere that is known, when its position is too old to say
// so, and when there are no roads. ErrNotFound when there is no such mission. A hospital is told of its own patients only, while they are on
// their way to it (SCR-004).
func (c *Centre) route(ctx context.Context, id ems.MissionID, h ems.HospitalID) (wire.Route, error) {
	out := wire.Route{Line: [][2]float64{}, Steps: []wire.RouteStep{}}
	var places, to []roads.Place
	var net *roadlive.Roads
	known := false
	err := c.Look(ctx, func(s *desk.State) {
		m := s.Missions[id]
		if known = m != nil; !known {
			return
		}
		if h != "" && !sees(s, h, m) {
			return
		}
		out.Unit = m.Unit
		if c.ways.roads == nil || c.units[m.Unit] == nil {
			return
		}
		_, headed := c.headed(m)
		lv := c.units[m.Unit]
		if headed == nil || lv.fix == nil || lv.fix.Quality != ems.Good || now().Sub(lv.fix.Taken) > etaFresh {
			return
		}
		c.ways.place(m.Unit, lv.fix.Pos)
		net, places, to = c.ways.roads, slices.Clone(c.ways.at[m.Unit].places), c.ways.roads.Snap(*headed)
		out.From = &lv.fix.Taken
	})
	if err != nil {
		return out, err
	}
	if !known {
		return out, fmt.Errorf("%w: mission %s", ErrNotFound, id)
	}
	if net == nil {
		return out, nil
	}
	r, ok := net.Route(roadlive.Mission, places, to)
	if !ok {
		return out, nil
	}
	out.Seconds, out.Metres, out.WalkM = float64(r.Ms)/1000, math.Round(r.Metres), math.Round(r.WalkM)
	for _, p := range r.Line {
		out.Line = append(out.Line, [2]float64{p.Lon, p.Lat})
	}
	for _, st := range r.Steps {
		out.Steps = append(out.Steps, wire.RouteStep{Turn: string(st.Turn), Name: st.Name, Metres: math.Round(st.Metres), Seconds: float64(st.Ms) / 1000})
	}
	return out, nil
}

// sees says whether a mission carries a patient whom the hospital may see (SCR-004).
func sees(s *desk.State, h ems.HospitalID, m *ems.Mission) bool {
	n := s.Notices[m.Notice]
	return n != nil && n.Hospital == h && n.State != ems.NoticeWithdrawn && m.State == ems.MissionLeftScene
}
