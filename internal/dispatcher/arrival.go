package dispatcher

import (
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/match"
)

// foretelling is an arrival as the screens were told: when, and how that was found, which is said with every one.
type foretelling struct {
	at     time.Time
	method string // match.MethodRoads or match.MethodLine
}

// arrivals foretells when units on their way arrive, from where they are now. It is no part of the journal. An arrival that can no
// more be told, because the position is old or doubted, is gone and not frozen (SCR-001).
func (c *Centre) arrivals(t time.Time) {
	for id, u := range c.state.Units {
		if m := c.state.Missions[u.Mission]; m != nil {
			c.arrival(c.units[id], m, t)
		}
	}
	for id := range c.etas {
		if m := c.state.Missions[id]; m == nil || c.state.Units[m.Unit] == nil || c.state.Units[m.Unit].Mission != id {
			delete(c.etas, id)
			c.dirty[desk.Ref{C: desk.Missions, K: string(id)}] = true
		}
	}
}

func (c *Centre) arrival(lv *unitLive, m *ems.Mission, t time.Time) {
	to := c.headed(m)
	old, had := c.etas[m.ID]
	switch {
	case to != nil && lv != nil && lv.fix != nil && lv.fix.Quality == ems.Good && t.Sub(lv.fix.Taken) <= etaFresh:
		d, method := c.ways.travel(m.Unit, lv.fix.Pos, *to, match.TravelTime(geo.Distance(lv.fix.Pos, *to)))
		eta := foretelling{lv.fix.Taken.Add(d).Truncate(time.Second), method}
		if had && eta.method == old.method && eta.at.Sub(old.at).Abs() <= etaMoved {
			return
		}
		c.etas[m.ID] = eta
	case had:
		delete(c.etas, m.ID)
	default:
		return
	}
	c.dirty[desk.Ref{C: desk.Missions, K: string(m.ID)}] = true
	if m.Notice != "" {
		c.dirty[desk.Ref{C: desk.Notices, K: string(m.Notice)}] = true
	}
}

// headed is where a mission's unit is on its way to; nil when to nowhere that is known.
func (c *Centre) headed(m *ems.Mission) *ems.WGS84 {
	i, h := c.state.Incidents[m.Incident], c.state.Hospitals[m.Destination]
	switch {
	case m.State == ems.MissionDeparted && i != nil:
		return i.Place.Pos
	case m.State == ems.MissionLeftScene && h != nil:
		return &h.Pos
	}
	return nil
}

// foretold gives the arrival of a mission's unit as screens show it.
func (c *Centre) foretold(m ems.MissionID) (eta *time.Time, method string) {
	if eta, ok := c.etas[m]; ok {
		return &eta.at, eta.method
	}
	return nil, ""
}
