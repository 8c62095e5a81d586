package match

import (
	"cmp"
	"slices"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// Divert is about units on their way to somebody who is less urgent.
type Divert struct {
	On    bool    `json:"on"`
	GainS float64 `json:"gain_s"` // how much sooner than the best free unit it must be
}

// Divertable says whether a unit's mission may give way to an incident: it has not arrived, and the other is less urgent.
func Divertable(u Unit, in ems.Incident) bool {
	if u.Mission == "" || u.Task == nil || u.Task.Incident == in.ID || u.Task.Priority <= in.Priority { // A comes before B
		return false
	}
	switch u.State {
	case ems.MissionOrdered, ems.MissionAcknowledged, ems.MissionDeparted:
		return true
	case ems.MissionAtScene, ems.MissionContact, ems.MissionLeftScene, ems.MissionAtHospital, ems.MissionHandedOver, ems.MissionAvailable, ems.MissionAtStation,
		ems.MissionRecalled, ems.MissionAborted, ems.MissionRefused:
	}
	return false
}

// divert lists units that a person may recall for this incident: what is gained over the best free unit, and what the other one loses.
func (j *judging) divert() []Ranked {
	p := j.q.config().Divert
	if !p.On {
		return nil
	}
	best := j.soonest()
	var all []*Candidate
	for _, x := range j.busy {
		if !Divertable(x.Unit, j.q.Incident) {
			continue
		}
		c := spared(x, "busy")
		if len(c.Out) > 0 || c.EtaS == nil || best != nil && *best-*c.EtaS < p.GainS {
			continue
		}
		all = append(all, c)
	}
	out := ranked(all, MaxDivert)
	for i := range out {
		c := all[i]
		out[i].Mission, out[i].Act = c.Mission, ActRecall
		if best != nil {
			gain := *best - *c.EtaS
			out[i].GainS = &gain
		}
		out[i].LosesS = j.loses(c)
		w := why("divert", "incident", itoa(c.Task.Number), "priority", string(c.Task.Priority))
		out[i].Reasons = append(slices.Clone(out[i].Reasons), w)
		if out[i].LosesS == nil {
			out[i].Caution = append(slices.Clone(out[i].Caution), why("loses_all", "incident", itoa(c.Task.Number)))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// soonest is the least time of a fit unit; nil when none is known.
func (j *judging) soonest() (best *float64) {
	for _, c := range j.fit {
		if c.EtaS != nil && (best == nil || *c.EtaS < *best) {
			best = c.EtaS
		}
	}
	return best
}

// loses is how much later somebody is with the incident that a unit is taken from: the best free unit against what this one has left. Nil when
// no free unit can go there, or its place is not known.
func (j *judging) loses(c *Candidate) *float64 {
	roads := j.q.Others[c.Task.Incident]
	own, ok := j.q.driveTo(c.Unit, c.Task.Scene, roads)
	if !ok {
		return nil
	}
	own += mobilise(j.q, c.Unit)
	var next []float64
	for _, f := range j.fit {
		if s, ok := j.q.driveTo(f.Unit, c.Task.Scene, roads); ok {
			next = append(next, s+mobilise(j.q, f.Unit))
		}
	}
	if len(next) == 0 {
		return nil
	}
	s := max(0, slices.MinFunc(next, cmp.Compare[float64])-own)
	return &s
}

func lineS(a, b ems.WGS84) float64 { return TravelTime(geo.Distance(a, b)).Seconds() }
