package match

import (
	"slices"
	"strconv"
	"time"
)

// ShiftRule spares crews whose shift is about to end.
type ShiftRule struct {
	Preference
	WithinS float64 `json:"within_s"` // from so long before its end
}

func shift(q *Question, c *Candidate) {
	p, ends := q.config().Shift, ShiftEnds(q.At, c.Unit)
	if !p.On || ends == nil {
		return
	}
	left := ends.Sub(q.At)
	switch {
	case left <= 0:
		c.Caution = append(c.Caution, why("shift_over", "over_min", strconv.Itoa(int(-left.Minutes())), "handicap_s", seconds(c.prefer(q, p.Preference, p.HandicapS))))
	case left.Seconds() <= p.WithinS:
		c.Caution = append(c.Caution, why("shift_ends", "left_min", strconv.Itoa(int(left.Minutes())), "handicap_s", seconds(c.prefer(q, p.Preference, p.HandicapS))))
	}
}

// ShiftEnds is when the shift of a unit's crew ends: as a desk entered it, else the next of the times at which its crews change; nil: nobody said.
func ShiftEnds(now time.Time, u Unit) *time.Time {
	if u.ShiftEnds != nil {
		return u.ShiftEnds
	}
	var all []time.Time
	local := now.In(beijing)
	for _, s := range u.Shifts {
		at, err := time.Parse("15:04", s)
		if err != nil {
			continue // refused where the city is read
		}
		t := time.Date(local.Year(), local.Month(), local.Day(), at.Hour(), at.Minute(), 0, 0, beijing)
		if !t.After(now) {
			t = t.AddDate(0, 0, 1)
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil
	}
	first := slices.MinFunc(all, time.Time.Compare)
	return &first
}
