package match

import (
	"slices"
	"strings"

	"lifeline120/internal/ems"
)

// AreaRule sends the station in whose area the scene lies first, where a city says so and its stations have areas.
type AreaRule struct{ Preference }

// area keeps units of other stations' areas back. A scene in no station's area is everybody's.
func area(q *Question, c *Candidate) {
	p := q.config().Area
	if !p.On || len(q.Home) == 0 {
		return
	}
	if slices.Contains(q.Home, c.Unit.Unit.Station) {
		c.Reasons = append(c.Reasons, why("own_area"))
		return
	}
	home := make([]string, len(q.Home))
	for i, s := range q.Home {
		home[i] = string(s)
	}
	c.Reasons = append(c.Reasons, why("other_area", "stations", strings.Join(home, " "), "handicap_s", seconds(c.prefer(q, p.Preference, p.HandicapS))))
}

// Within says whether a place lies in one of the areas, each a ring of corners (the last one joins the first). On the edge counts as
// in or out, the same way each time.
func Within(at ems.WGS84, areas [][]ems.WGS84) bool {
	for _, ring := range areas {
		in := false
		for i, j := 0, len(ring)-1; i < len(ring); j, i = i, i+1 {
			a, b := ring[i], ring[j]
			if (a.Lat > at.Lat) != (b.Lat > at.Lat) && at.Lon < (b.Lon-a.Lon)*(at.Lat-a.Lat)/(b.Lat-a.Lat)+a.Lon {
				in = !in
			}
		}
		if in {
			return true
		}
	}
	return false
}
