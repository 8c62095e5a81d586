// Package coverage counts how much of a city its free units reach in time, and how much each of them takes away when it leaves: in cells of the
// ground, and in the calls that are expected from them. Counts are whole numbers, so that the same units give the same shares in any order.
package coverage

import (
	"math"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/match"
	"lifeline120/maps"
)

// Limits of a grid.
const (
	// CellM is the width of a cell: at 40 km/h a minute and a half, far less than a target time of minutes.
	CellM = 1000.0
	// MaxCells bounds a grid; a city whose people live on more has wider cells.
	MaxCells = 2000
	// millionths of a call: counts of calls are whole numbers of them.
	perCall = 1e6
)

// Cell is a piece of ground from which calls are expected.
type Cell struct {
	Pos   ems.WGS84
	Calls [24]int64 // expected in each hour of the day, in millionths of a call
}

// Grid is the ground of a city.
type Grid struct {
	Cells []Cell
	calls [24]int64
}

// Of makes the grid of a city: the cells of its demand as they stand, or where its districts' people live, cut into cells. A city that says nothing
// of its demand has none.
func Of(c maps.City) Grid {
	var cells []Cell
	if len(c.Demand.Cells) > 0 {
		for _, d := range c.Demand.Cells {
			cells = append(cells, Cell{d.Pos, hourly(int64(math.Round(d.CallsPerDay*perCall)), c.Demand.Profiles[d.Profile])})
		}
	} else {
		for width := CellM; ; width *= 1.5 {
			if cells = cut(c, width); len(cells) <= MaxCells {
				break
			}
		}
	}
	g := Grid{Cells: cells}
	for _, cell := range cells {
		for h, n := range cell.Calls {
			g.calls[h] += n
		}
	}
	return g
}

// hourly spreads a day's calls over its hours.
func hourly(day int64, profile []float64) (out [24]int64) {
	for h := range out {
		if h < len(profile) {
			out[h] = int64(math.Round(float64(day) * profile[h] / 100))
		}
	}
	return out
}

// cut lays cells of a width over the areas where people live. An area's calls are its share of the district's people, the same from each of its cells.
func cut(c maps.City, width float64) []Cell {
	lat0, n := 0.0, 0
	for _, d := range c.Districts {
		for _, a := range d.Areas {
			lat0, n = lat0+a.Pos.Lat, n+1
		}
	}
	if n == 0 {
		return nil
	}
	perDegree := float64(geo.Distance(ems.WGS84{Lat: lat0 / float64(n), Lon: 1}, ems.WGS84{Lat: lat0/float64(n) + 1, Lon: 1}))
	dLat := width / perDegree
	dLon := dLat / math.Cos(lat0/float64(n)*math.Pi/180)
	type key struct{ y, x int }
	found := map[key]*Cell{}
	for _, d := range c.Districts {
		people := 0
		for _, a := range d.Areas {
			people += a.People
		}
		for _, a := range d.Areas {
			share := 1 / float64(len(d.Areas))
			if people > 0 {
				share = float64(a.People) / float64(people)
			}
			var keys []key
			home := key{int(math.Floor(a.Pos.Lat / dLat)), int(math.Floor(a.Pos.Lon / dLon))}
			reach := int(math.Ceil(a.RadiusM/width)) + 1
			middle := func(k key) ems.WGS84 {
				return ems.WGS84{Lat: (float64(k.y) + 0.5) * dLat, Lon: (float64(k.x) + 0.5) * dLon}
			}
			for y := home.y - reach; y <= home.y+reach; y++ {
				for x := home.x - reach; x <= home.x+reach; x++ {
					if k := (key{y, x}); k == home || float64(geo.Distance(a.Pos, middle(k))) <= a.RadiusM {
						keys = append(keys, k)
					}
				}
			}
			day := int64(math.Round(d.CallsPerDay * share * perCall))
			for i, k := range keys {
				if found[k] == nil {
					found[k] = &Cell{Pos: middle(k)}
				}
				part := day / int64(len(keys))
				if int64(i) < day%int64(len(keys)) {
					part++
				}
				for h, n := range hourly(part, c.Demand.Profiles[d.Profile]) {
					found[k].Calls[h] += n
				}
			}
		}
	}
	keys := make([]key, 0, len(found))
	for k := range found {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		if a.y != b.y {
			return a.y - b.y
		}
		return a.x - b.x
	})
	out := make([]Cell, len(keys))
	for i, k := range keys {
		out[i] = *found[k]
	}
	return out
}

// Row is how long one unit takes to each cell by road, in milliseconds; Never where there is no way.
type Row []int32

// Never stands in a row for a cell that is not reached.
const Never = math.MaxInt32

// RowOf makes a row of times; a negative one is Never.
func RowOf(times []time.Duration) Row {
	r := make(Row, len(times))
	for i, d := range times {
		if r[i] = Never; d >= 0 && d.Milliseconds() < Never {
			r[i] = int32(d.Milliseconds())
		}
	}
	return r
}

// Free is a free unit: its row, and how long it takes until its wheels turn.
type Free struct {
	Row      Row
	Mobilise time.Duration
}

// within is how long its road may be for the target, in milliseconds; less than any when its wheels turn too late.
func (u Free) within(target time.Duration) int32 {
	return int32(max(-1, min((target-u.Mobilise).Milliseconds(), Never-1)))
}

// Count gives what the units reach within the target at an hour of the day (0 to 23, local time), and what is left without each of them.
func (g Grid) Count(hour int, target time.Duration, units map[ems.UnitID]Free) match.Cover {
	by := make([]uint16, len(g.Cells)) // how many units reach each cell
	for _, u := range units {
		most := u.within(target)
		for i, ms := range u.Row {
			if ms <= most {
				by[i]++
			}
		}
	}
	cells, calls := 0, int64(0)
	for i, n := range by {
		if n > 0 {
			cells, calls = cells+1, calls+g.Cells[i].Calls[hour]
		}
	}
	out := match.Cover{All: g.share(hour, cells, calls), Without: make(map[ems.UnitID]match.Reach, len(units))}
	for id, u := range units {
		most := u.within(target)
		lostCells, lostCalls := 0, int64(0)
		for i, ms := range u.Row {
			if by[i] == 1 && ms <= most {
				lostCells, lostCalls = lostCells+1, lostCalls+g.Cells[i].Calls[hour]
			}
		}
		out.Without[id] = g.share(hour, cells-lostCells, calls-lostCalls)
	}
	return out
}

func (g Grid) share(hour, cells int, calls int64) match.Reach {
	var r match.Reach
	if len(g.Cells) > 0 {
		r.Area = float64(cells) / float64(len(g.Cells))
	}
	if g.calls[hour] > 0 {
		r.Calls = float64(calls) / float64(g.calls[hour])
	}
	return r
}
