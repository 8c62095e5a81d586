package match

import (
	"strconv"

	"lifeline120/internal/ems"
)

// levels ranks for trauma, mothers and newborns. A severe case goes to the highest centre that is not much further than the nearest one;
// whether it is severe, and whether the patient can be carried past a door, must have been said (CLN-001).
func levels(q HospitalQuestion, r *HospitalRanking, cs []*candidate) {
	t := treatments(q.Pathway)[0]
	for _, c := range cs {
		c.give(t)
		if l := c.options[t].level; l > 0 {
			c.line.Reasons = append(c.line.Reasons, why("level", "level", strconv.Itoa(l)))
		}
	}
	if q.Assessment.Severe == "" {
		r.Missing = append(r.Missing, why("severity_not_assessed"))
	}
	near := soonest(q, cs, func(*candidate) bool { return true })
	if near == nil || q.Assessment.Severe != ems.Yes {
		return
	}
	b := &Bypass{Near: near.ID, NearTreatment: t, NearS: near.until(t), LimitS: q.Rules.LevelBypassS}
	for level := 1; level <= 9; level++ {
		far := soonest(q, cs, func(c *candidate) bool { return c.options[t].level == level })
		if far == nil {
			continue
		}
		if near.options[t].level == level {
			break // the nearest is as high as any that is near enough
		}
		if b.Far == "" { // what is said is of the highest, unless a lower one is gone to
			b.Far, b.FarTreatment, b.FarS, b.ExtraS = far.ID, t, far.until(t), further(near, far)
		}
		if !stable(q, r, b) {
			break
		}
		x := further(near, far)
		if *x <= b.LimitS {
			b.Far, b.FarS, b.ExtraS, b.Passed = far.ID, far.until(t), x, true
			b.Why = append(b.Why, why("bypass_within", "extra_s", seconds(*x), "limit_s", seconds(b.LimitS)))
			lift(q, cs, t, level, near, b.LimitS)
			break
		}
		b.Why = append(b.Why, why("bypass_too_far", "extra_s", seconds(*x), "limit_s", seconds(b.LimitS)))
	}
	if b.Far != "" {
		r.Bypass = b
	}
}

// lift puts the centres of a level that are within the limit before the others.
func lift(q HospitalQuestion, cs []*candidate, t ems.Treatment, level int, near *candidate, limitS float64) {
	for _, c := range cs {
		if x := further(near, c); c.options[t].level == level && x != nil && *x <= limitS {
			c.tier = -1
		}
	}
}

// soonest is whose door is reached first, counting the busy; nil when none is, or no way is known.
func soonest(q HospitalQuestion, cs []*candidate, is func(*candidate) bool) (best *candidate) {
	at := func(c *candidate) float64 { return *c.line.TravelS + c.burden(q, c.line.Treatment) }
	for _, c := range cs {
		if is(c) && c.line.TravelS != nil && (best == nil || at(c) < at(best)) {
			best = c
		}
	}
	return best
}
