package match

import (
	"strconv"

	"lifeline120/internal/ems"
)

// CoverageRule keeps back a unit whose leaving uncovers much.
type CoverageRule struct {
	Preference         // HandicapS: the most
	TargetS    float64 `json:"target_s"` // reached in time: within so many seconds of the order
	PointS     float64 `json:"point_s"`  // handicap for each percentage point of the expected calls that is lost
}

// Reach is how much of a city units reach in the target time.
type Reach struct {
	Area  float64 // share of the cells, 0 to 1
	Calls float64 // share of the calls expected at this hour, 0 to 1
}

// Cover is what the free units reach, and what they would without one of them.
type Cover struct {
	All     Reach
	Without map[ems.UnitID]Reach // a unit that is not in it has not been worked out
}

// coverage says what the unit's leaving takes away.
func coverage(q *Question, c *Candidate) {
	p := q.config().Coverage
	if !p.On || q.Cover == nil {
		return
	}
	left, ok := q.Cover.Without[c.ID]
	if !ok {
		return
	}
	lost := 100 * (q.Cover.All.Calls - left.Calls)
	handicap := c.prefer(q, p.Preference, min(p.HandicapS, p.PointS*lost))
	c.Reasons = append(c.Reasons, why("coverage", "target_min", seconds(p.TargetS/60), "calls_pct", percent(left.Calls), "lost_pct", percent(q.Cover.All.Calls-left.Calls),
		"area_pct", percent(left.Area), "area_lost_pct", percent(q.Cover.All.Area-left.Area), "handicap_s", seconds(handicap)))
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) }
