package match

import (
	"cmp"
	"time"

	"lifeline120/internal/ems"
)

// stroke ranks for a suspected stroke. The needle is what counts, at whichever hospital can give it soonest. With a suspected
// large-vessel occlusion a thrombectomy centre goes before a nearer thrombolysis centre if the way there is not longer than the limit,
// the patient is stable and no window is lost. What is not assessed makes the rule incomplete: nobody is passed by then (CLN-001).
func stroke(q HospitalQuestion, r *HospitalRanking, cs []*candidate) {
	a := q.Assessment
	if a.LastWell == nil {
		r.Missing = append(r.Missing, why("last_well_unknown"))
	}
	if a.LVO == "" {
		r.Missing = append(r.Missing, why("lvo_not_assessed"))
	}
	lysisLeft, wireLeft := left(q, q.Rules.LysisWindowS), left(q, q.Rules.ThrombectomyLS)
	for _, c := range cs {
		c.strokeTreatment(lysisLeft, wireLeft)
	}
	near := first(q, cs, ems.TreatLysis, lysisLeft)
	far := first(q, cs, ems.TreatThrombectomy, wireLeft)
	if near == nil || far == nil || a.LVO == ems.No {
		return // nothing to weigh: who can treat in time is first by itself
	}
	b := &Bypass{Near: near.ID, NearTreatment: ems.TreatLysis, NearS: near.until(ems.TreatLysis), Far: far.ID, FarTreatment: ems.TreatThrombectomy,
		FarS: far.until(ems.TreatThrombectomy), LimitS: q.Rules.StrokeBypassS, LysisLeftS: lysisLeft, ThrombectomyLeftS: left(q, q.Rules.ThrombectomyS)}
	r.Bypass = b
	b.ExtraS = further(near, far)
	var again *float64 // needle at the further one, if it gives it
	if _, has := far.options[ems.TreatLysis]; has {
		again = far.until(ems.TreatLysis)
	}
	switch {
	case near == far:
		b.Why = []Why{why("nearest_has_both")}
	case a.LVO == "":
		b.Why = []Why{why("lvo_not_assessed")}
	case !stable(q, r, b):
	case b.ExtraS == nil:
		b.Why = []Why{why("origin")}
	case *b.ExtraS > b.LimitS:
		b.Why = []Why{why("bypass_too_far", "extra_s", seconds(*b.ExtraS), "limit_s", seconds(b.LimitS))}
	case lysisLeft != nil && (again == nil || *again > *lysisLeft):
		b.Why = []Why{why("lysis_would_be_lost", "left_s", seconds(*lysisLeft))}
	default:
		b.Passed, b.Why = true, []Why{why("bypass_within", "extra_s", seconds(*b.ExtraS), "limit_s", seconds(b.LimitS))}
	}
	if !b.Passed {
		return
	}
	for _, c := range cs {
		s := c.until(ems.TreatThrombectomy)
		if x := further(near, c); s != nil && x != nil && *x <= b.LimitS && (wireLeft == nil || *s <= *wireLeft) {
			c.tier = -1
			c.give(ems.TreatThrombectomy)
			c.line.Reasons = append(c.line.Reasons, why("thrombectomy_centre"))
		}
	}
}

// strokeTreatment settles what one hospital is ranked for: the needle while there is time for it, else thrombectomy. One that is too late
// for both is behind all others.
func (c *candidate) strokeTreatment(lysisLeft, wireLeft *float64) {
	in := func(t ems.Treatment, left *float64) bool {
		_, has := c.options[t]
		s := c.until(t)
		return has && (left == nil || s == nil || *s <= *left)
	}
	switch {
	case in(ems.TreatLysis, lysisLeft):
		c.give(ems.TreatLysis)
	case in(ems.TreatThrombectomy, wireLeft):
		c.give(ems.TreatThrombectomy)
		if _, has := c.options[ems.TreatLysis]; has {
			c.line.Caution = append(c.line.Caution, why("lysis_window_closed"))
		}
	default:
		c.tier = 1
		c.line.Caution = append(c.line.Caution, why("window_closed"))
	}
}

// left is what remains of a window that began when the patient was last known well, in seconds; nil when that is not known.
func left(q HospitalQuestion, windowS float64) *float64 {
	if q.Assessment.LastWell == nil {
		return nil
	}
	s := windowS - q.At.Sub(*q.Assessment.LastWell).Round(time.Second).Seconds()
	return &s
}

// first is who can give a treatment soonest while its window is open; nil when nobody can. The handicap of the busy counts.
func first(q HospitalQuestion, cs []*candidate, t ems.Treatment, left *float64) (best *candidate) {
	at := func(c *candidate) float64 { return *c.until(t) + c.burden(q, t) }
	for _, c := range cs { // in the order of their ids
		s := c.until(t)
		if s == nil || left != nil && *s > *left {
			continue
		}
		if best == nil || cmp.Compare(at(c), at(best)) < 0 {
			best = c
		}
	}
	return best
}

// burden is the handicap that a hospital would have with a treatment.
func (c *candidate) burden(q HospitalQuestion, t ems.Treatment) float64 {
	trial := candidate{HospitalAt: c.HospitalAt, board: c.board}
	trial.line.Treatment = t
	trial.busy(q)
	return trial.handicap
}

// further is how much longer the road to b is than that to a; nil when one is not known.
func further(a, b *candidate) *float64 {
	if a.line.TravelS == nil || b.line.TravelS == nil {
		return nil
	}
	s := *b.line.TravelS - *a.line.TravelS
	return &s
}

// stable says whether a nearer hospital may be passed by at all: never with an airway or a circulation that cannot be held, and not
// before somebody has said that they are (CLN-001).
func stable(q HospitalQuestion, r *HospitalRanking, b *Bypass) bool {
	switch q.Assessment.Unstable {
	case ems.No:
		return true
	case ems.Yes:
		b.Why = append(b.Why, why("unstable"))
	default:
		b.Why = append(b.Why, why("stability_not_assessed"))
		r.Missing = append(r.Missing, why("stability_not_assessed"))
	}
	return false
}
