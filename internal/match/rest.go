package match

import (
	"slices"
	"strconv"
	"time"
)

// RestRule spares crews that have had no rest for long.
type RestRule struct {
	Preference
	AfterS   float64 `json:"after_s"`  // so long without a break
	BreakS   float64 `json:"break_s"`  // what counts as one
	Missions int     `json:"missions"` // or so many missions without one
}

// Span is one mission of a unit: from its order to its end, or to now.
type Span struct{ From, To time.Time }

func rest(q *Question, c *Candidate) {
	p := q.config().Rest
	if !p.On {
		return
	}
	worked, missions := Worked(q.At, c.Work, time.Duration(p.BreakS*float64(time.Second)))
	if worked.Seconds() < p.AfterS && missions < p.Missions {
		return
	}
	c.Caution = append(c.Caution, why("rest", "worked_min", strconv.Itoa(int(worked.Minutes())), "missions", strconv.Itoa(missions), "handicap_s",
		seconds(c.prefer(q, p.Preference, p.HandicapS))))
}

// Worked is how long a crew has been at it without a break, and on how many missions; nothing after a break. The spans may be in any
// order, and overlap.
func Worked(now time.Time, work []Span, pause time.Duration) (time.Duration, int) {
	spans := slices.Clone(work)
	slices.SortFunc(spans, func(a, b Span) int { return b.To.Compare(a.To) }) // newest end first
	since, n := now, 0
	for _, s := range spans {
		if since.Sub(s.To) >= pause {
			break
		}
		if n++; s.From.Before(since) {
			since = s.From
		}
	}
	return now.Sub(since), n
}
