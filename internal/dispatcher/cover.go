package dispatcher

import (
	"cmp"
	"slices"
	"time"

	"lifeline120/internal/coverage"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/match"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
)

// cover is what the owner of the state knows of how much of the city the free units reach. The times to its cells are worked out beside the owner, a
// few units at a time; what is counted in a recommendation is who is free at that moment.
type cover struct {
	grid  coverage.Grid
	rows  map[ems.UnitID]coverRow
	doors [][]roads.Place // of the cells, on the roads of
	on    *roadlive.Roads
	busy  bool      // a job is under way
	next  time.Time // not before
}

// coverRow is a unit's times from where it was.
type coverRow struct {
	at      ems.WGS84
	version uint64 // of the roads' times; 0: straight lines
	row     coverage.Row
}

// counts reports whether a unit counts for what is covered: who could be sent to an emergency now.
func counts(u *ems.UnitView) bool {
	return u.Duty == ems.OnDuty && u.Mission == "" && u.Kind != ems.UnitTransport
}

// whereabouts is where a unit is believed to be.
func (c *Centre) whereabouts(u *ems.UnitView, t time.Time) *ems.WGS84 {
	m := match.Unit{UnitView: *u}
	c.liven(&m.UnitView)
	if st := c.state.Stations[u.Station]; st != nil {
		m.Station = &st.Pos
	}
	at, _ := match.Whereabouts(t, m)
	return at
}

// covers has the times of free units that stand elsewhere now, or that the roads have other times for, worked out.
func (c *Centre) covers(t time.Time) {
	k := &c.cover
	if len(k.grid.Cells) == 0 || !c.choosing.Coverage.On || k.busy {
		return
	}
	version := uint64(0)
	if c.ways.roads != nil {
		version = 1 + c.ways.roads.Now().Version
	}
	type job struct {
		unit   ems.UnitID
		at     ems.WGS84
		places []roads.Place
		had    bool // its times are of near where it is
	}
	var jobs []job
	for id, u := range c.state.Units {
		at := c.whereabouts(u, t)
		if !counts(u) || at == nil {
			continue
		}
		r, had := k.rows[id]
		moved := float64(geo.Distance(r.at, *at))
		if had && r.version == version && moved <= coverMovedM {
			continue
		}
		jobs = append(jobs, job{unit: id, at: *at, had: had && moved <= coverFarM})
	}
	if len(jobs) == 0 || t.Before(k.next) && !slices.ContainsFunc(jobs, func(j job) bool { return !j.had }) {
		return
	}
	slices.SortFunc(jobs, func(a, b job) int { // those of whom nothing is known first
		return cmp.Or(cmp.Compare(btoi(a.had), btoi(b.had)), cmp.Compare(a.unit, b.unit))
	})
	jobs = jobs[:min(len(jobs), coverBatch)]
	for i := range jobs {
		if c.ways.roads != nil {
			c.ways.place(jobs[i].unit, jobs[i].at)
			jobs[i].places = slices.Clone(c.ways.at[jobs[i].unit].places)
		}
	}
	k.busy = true
	net, grid, doors := c.ways.roads, k.grid, k.doors
	if k.on != net {
		doors = nil
	}
	c.saving.Go(func() {
		if net != nil && doors == nil {
			doors = make([][]roads.Place, len(grid.Cells))
			for i, cell := range grid.Cells {
				doors[i] = net.Snap(cell.Pos)
			}
		}
		rows := map[ems.UnitID]coverRow{}
		for _, j := range jobs {
			rows[j.unit] = coverRow{j.at, version, timesTo(net, j.at, j.places, grid, doors)}
		}
		c.post(func() { c.cover.take(rows, doors, net) })
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// timesTo is how long a unit takes to each cell: by road, or by straight line where it or the city is off the roads.
func timesTo(net *roadlive.Roads, at ems.WGS84, places []roads.Place, grid coverage.Grid, doors [][]roads.Place) coverage.Row {
	if net != nil && len(places) > 0 {
		return coverage.RowOf(net.Matrix(roadlive.Mission, [][]roads.Place{places}, doors)[0])
	}
	line := make([]time.Duration, len(grid.Cells))
	for i, cell := range grid.Cells {
		line[i] = match.TravelTime(geo.Distance(at, cell.Pos))
	}
	return coverage.RowOf(line)
}

// take has what a job has worked out.
func (k *cover) take(rows map[ems.UnitID]coverRow, doors [][]roads.Place, net *roadlive.Roads) {
	if k.rows == nil {
		k.rows = map[ems.UnitID]coverRow{}
	}
	for id, r := range rows {
		k.rows[id] = r
	}
	k.doors, k.on = doors, net
	k.busy, k.next = false, now().Add(coverEvery)
}

// covered fills what the free units reach into a question.
func (c *Centre) covered(q *match.Question) {
	k := &c.cover
	if len(k.grid.Cells) == 0 || !c.choosing.Coverage.On {
		return
	}
	free := map[ems.UnitID]coverage.Free{}
	for i := range q.Units {
		u := &q.Units[i]
		if !counts(&u.UnitView) {
			continue
		}
		at, _ := match.Whereabouts(q.At, *u)
		if at == nil {
			continue // of one of whom no place is known there is nothing to count
		}
		r, ok := k.rows[u.ID]
		if !ok || float64(geo.Distance(r.at, *at)) > coverFarM { // a share that leaves a unit out would be false
			q.CoverLate = true
			return
		}
		free[u.ID] = coverage.Free{Row: r.row, Mobilise: match.Mobilisation(q, *u)}
	}
	if len(free) == 0 {
		return
	}
	cover := k.grid.Count(match.Hour(q.At), time.Duration(c.choosing.Coverage.TargetS*float64(time.Second)), free)
	q.Cover = &cover
}
