package match

import "lifeline120/internal/ems"

// ReturningRule is about units that are free on the road: they are ready where they are. A city whose crews must restock first gives them a handicap.
type ReturningRule struct{ Preference }

func returning(q *Question, c *Candidate) {
	if c.State != ems.MissionAvailable {
		return
	}
	w := why("on_road")
	if p := q.config().Returning; p.On && p.HandicapS > 0 {
		w = why("on_road", "handicap_s", seconds(c.prefer(q, p.Preference, p.HandicapS)))
	}
	c.Reasons = append(c.Reasons, w)
}
