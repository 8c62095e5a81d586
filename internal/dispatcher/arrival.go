package dispatcher

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/match"
	"lifeline120/internal/mission"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/wire"
)

// foretelling is an arrival as the screens were told: when, between when and when, and how that was found, which is said with every one.
type foretelling struct {
	at, from, to time.Time
	own          int    // own arrivals that the band is made of
	method       string // match.MethodRoads or match.MethodLine
}

// underway is what is watched of a mission while its unit drives. None of it is journalled; what it finds is.
type underway struct {
	scene, hospital mission.Fence
	away            mission.Away
	awaySince       *time.Time
	foretold        *ems.WGS84 // the aim of the newest forecast that was kept
	by              string     // its method
	way             toldWay
}

func (c *Centre) underway(m ems.MissionID) *underway {
	u := c.under[m]
	if u == nil {
		u = &underway{}
		c.under[m] = u
	}
	return u
}

// arrivals foretells when units on their way arrive, from where they are now. An arrival that can no more be told, because the position is
// old or doubted, is gone and not frozen (SCR-001).
func (c *Centre) arrivals(t time.Time) {
	if t.Sub(c.bandsAt) >= bandEvery {
		c.bands, c.bandsAt = map[string]mission.Band{}, t
	}
	for id, u := range c.state.Units {
		if m := c.state.Missions[u.Mission]; m != nil {
			c.arrival(c.units[id], m, t)
		}
	}
	for id := range c.under {
		if m := c.state.Missions[id]; m == nil || c.state.Units[m.Unit] == nil || c.state.Units[m.Unit].Mission != id {
			delete(c.under, id)
			c.untell(id)
		}
	}
}

// untell takes a foretold arrival off the screens.
func (c *Centre) untell(id ems.MissionID) {
	if _, had := c.etas[id]; had {
		delete(c.etas, id)
		c.retell(id)
	}
}

func (c *Centre) retell(id ems.MissionID) {
	c.dirty[desk.Ref{C: desk.Missions, K: string(id)}] = true
	if m := c.state.Missions[id]; m != nil && m.Notice != "" {
		c.dirty[desk.Ref{C: desk.Notices, K: string(m.Notice)}] = true
	}
}

func (c *Centre) arrival(lv *unitLive, m *ems.Mission, t time.Time) {
	leg, to := c.headed(m)
	if to == nil || lv == nil || lv.fix == nil || lv.fix.Quality != ems.Good || t.Sub(lv.fix.Taken) > etaFresh {
		c.untell(m.ID)
		c.drivesAway(m.ID, nil)
		return
	}
	left, method, version := c.ways.travel(c.modeOf(m), m.Unit, lv.fix.Pos, *to, match.TravelTime(geo.Distance(lv.fix.Pos, *to)))
	at := lv.fix.Taken.Add(left)
	band := c.band(method)
	from, until := band.Around(lv.fix.Taken, at)
	eta := foretelling{at.Truncate(time.Second), from.Truncate(time.Second), until.Truncate(time.Second), band.Own, method}
	u := c.underway(m.ID)
	if since, away := u.away.Feed(t, left, *to, method+strconv.FormatUint(version, 10)); away {
		since = since.UTC() // it stands on screens (TIM-002)
		c.drivesAway(m.ID, &since)
	} else {
		c.drivesAway(m.ID, nil)
	}
	if u.foretold == nil || *u.foretold != *to || u.by == match.MethodLine && method == match.MethodRoads { // once more when the roads are there, and not back
		u.foretold, u.by = to, method
		c.keep(t, desk.KeepForecast{Mission: m.ID, Forecast: ems.Forecast{Node: leg, Made: lv.fix.Taken, At: eta.at, From: eta.from, To: eta.to, Method: method, Own: band.Own}})
	}
	c.tellWay(m, u, lv, leg, *to, eta, t)
	if old, had := c.etas[m.ID]; had && eta.method == old.method && eta.at.Sub(old.at).Abs() <= etaMoved && eta.to.Sub(old.to).Abs() <= etaMoved {
		return
	}
	c.etas[m.ID] = eta
	c.retell(m.ID)
}

// modeOf is how a mission's unit drives: a booked transport as everybody does (DSP-005).
func (c *Centre) modeOf(m *ems.Mission) roadlive.Mode {
	if i := c.state.Incidents[m.Incident]; i != nil && i.Type == ems.Transport {
		return roadlive.Normal
	}
	return roadlive.Mission
}

// band of a method, as of the last bandEvery.
func (c *Centre) band(method string) mission.Band {
	b, ok := c.bands[method]
	if !ok {
		b = c.state.Band(method)
		c.bands[method] = b
	}
	return b
}

// drivesAway has the screens told since when a unit has been driving away from where it is going; nil: it is not.
func (c *Centre) drivesAway(id ems.MissionID, since *time.Time) {
	u := c.under[id]
	if u == nil || (u.awaySince == nil) == (since == nil) {
		return
	}
	u.awaySince = since
	c.retell(id)
}

// keep has a fact of the road journalled; while the store is far behind it is not worth a place in the queue.
func (c *Centre) keep(t time.Time, cmd desk.Command) {
	if c.journal.waiting() >= maxWaiting/2 {
		return
	}
	if _, err := c.decide(t, desk.System, cmd, nil); err != nil {
		c.log.Error("keep a fact of a mission under way", "err", err)
	}
}

// stands watches by each new position whether the unit has come to stand where its mission goes.
func (c *Centre) stands(id ems.UnitID, f ems.FixView, t time.Time) {
	u := c.state.Units[id]
	if u == nil || f.Quality != ems.Good {
		return
	}
	m := c.state.Missions[u.Mission]
	if m == nil {
		return
	}
	scene, hospital := mission.Aims(m.State)
	if i := c.state.Incidents[m.Incident]; i != nil && i.Place.Pos != nil && i.Place.AccuracyM <= mission.FenceM &&
		(scene || m.State == ems.MissionAtScene && mission.Early(m.Nodes, ems.NodeAtScene, t)) {
		st, there := c.underway(m.ID).scene.Feed(f.Taken, f.Pos, f.SpeedKmh, *i.Place.Pos)
		c.stood(t, m, ems.NodeAtScene, st, there)
	}
	if h := c.state.Hospitals[m.Destination]; h != nil && (hospital || m.State == ems.MissionAtHospital && mission.Early(m.Nodes, ems.NodeAtHospital, t)) {
		st, there := c.underway(m.ID).hospital.Feed(f.Taken, f.Pos, f.SpeedKmh, h.Door())
		c.stood(t, m, ems.NodeAtHospital, st, there)
	}
}

func (c *Centre) stood(t time.Time, m *ems.Mission, n ems.Node, st mission.Stand, there bool) {
	if there {
		c.keep(t, desk.KeepStand{Mission: m.ID, Stand: ems.Stand{Node: n, At: st.At.UTC().Truncate(time.Microsecond), UncertainS: st.UncertainS}})
	}
}

// headed is where a mission's unit is on its way to, and the node that ends this leg; nil when to nowhere that is known.
func (c *Centre) headed(m *ems.Mission) (ems.Node, *ems.WGS84) {
	i, h := c.state.Incidents[m.Incident], c.state.Hospitals[m.Destination]
	switch {
	case m.State == ems.MissionDeparted && i != nil && i.Place.Pos != nil:
		at := *i.Place.Pos
		return ems.NodeAtScene, &at
	case m.State == ems.MissionLeftScene && h != nil:
		at := h.Door()
		return ems.NodeAtHospital, &at
	}
	return "", nil
}

// foretell writes into a mission what is foretold of it, as screens show it.
func (c *Centre) foretell(m *ems.Mission) {
	if u := c.under[m.ID]; u != nil {
		m.Away = u.awaySince
	}
	if eta, ok := c.etas[m.ID]; ok {
		m.ETA, m.ETAFrom, m.ETATo, m.ETAMethod, m.ETAOwn = &eta.at, &eta.from, &eta.to, eta.method, eta.own
	}
}

// foretoldAndCame lists what was foretold beside what came.
func (c *Centre) foretoldAndCame(ctx context.Context) (wire.Arrivals, error) {
	out := wire.Arrivals{Bands: map[string]wire.ArrivalBand{}, Arrivals: []wire.Arrival{}}
	err := c.Look(ctx, func(s *desk.State) {
		for _, method := range []string{match.MethodRoads, match.MethodLine} {
			b := c.band(method)
			out.Bands[method] = wire.ArrivalBand{Low: b.Low, High: b.High, Own: b.Own}
		}
		for _, m := range s.Missions {
			for _, f := range m.Forecasts {
				out.Arrivals = append(out.Arrivals, came(m, f))
			}
		}
	})
	slices.SortFunc(out.Arrivals, func(a, b wire.Arrival) int {
		return cmp.Or(b.Forecast.Made.Compare(a.Forecast.Made), cmp.Compare(a.Mission, b.Mission))
	})
	return out, err
}

// came is one forecast beside what came of it.
func came(m *ems.Mission, f ems.Forecast) wire.Arrival {
	a := wire.Arrival{Mission: m.ID, Unit: m.Unit, Forecast: f, Simulated: m.Simulated}
	if at, known := mission.ArrivalOf(*m, f.Node); known && at.After(f.Made) {
		late, in := at.Sub(f.At).Seconds(), !at.Before(f.From) && !at.After(f.To)
		a.Arrived, a.ErrorS, a.InBand = &at, &late, &in
	}
	return a
}
