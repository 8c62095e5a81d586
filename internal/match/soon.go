package match

import (
	"slices"
	"time"

	"lifeline120/internal/ems"
)

// Soon is about units whose mission is about to end.
type Soon struct {
	On        bool    `json:"on"`
	HandoverS float64 `json:"handover_s"` // usual, from the hospital's door
	ClearS    float64 `json:"clear_s"`    // usual, from the hand-over until it is ready again
	WithinS   float64 `json:"within_s"`   // who will not be free within this is not listed
}

// What a person must do before a unit that is on a mission can be sent. The desk refuses an order to it before.
const (
	ActRecall = "recall" // recall its mission
	ActFree   = "free"   // ask the crew, and enter that it is available
	ActWait   = "wait"   // it has a patient aboard: until it is free there is nothing to do
)

// freed is when and where a unit's task ends.
type freed struct {
	inS     float64
	at      *ems.WGS84 // nil: where it is now
	overdue bool
}

// freeIn foretells when a unit is free; nil when that cannot be said.
func freeIn(q *Question, u Unit) *freed {
	if u.Task == nil {
		return nil
	}
	p := q.config().Soon
	since := q.At.Sub(u.Task.Since).Seconds()
	switch u.State {
	case ems.MissionHandedOver:
		return usual(p.ClearS - since)
	case ems.MissionAtHospital:
		return usual(p.HandoverS + p.ClearS - since)
	case ems.MissionLeftScene:
		if drive, ok := q.driveTo(u, u.Task.Hospital, q.ToHospital); ok {
			return &freed{inS: drive + p.HandoverS + p.ClearS, at: u.Task.Hospital}
		}
	case ems.MissionOrdered, ems.MissionAcknowledged, ems.MissionDeparted, ems.MissionAtScene, ems.MissionContact, ems.MissionAvailable, ems.MissionAtStation,
		ems.MissionRecalled, ems.MissionAborted, ems.MissionRefused:
	}
	return nil
}

// usual is a foretold end where the unit is now; overdue when it should have been already, and then nobody knows: some time more.
func usual(s float64) *freed {
	if s < 0 {
		return &freed{inS: overdueS, overdue: true}
	}
	return &freed{inS: s}
}

// driveTo is how long a unit drives to a place: as given, else by the straight line; false when one of the places is not known.
func (q *Question) driveTo(u Unit, to *ems.WGS84, roads map[ems.UnitID]time.Duration) (float64, bool) {
	from, _ := Whereabouts(q.At, u)
	if from == nil || to == nil {
		return 0, false
	}
	if d, ok := roads[u.ID]; ok {
		return d.Seconds(), true
	}
	return lineS(*from, *to), true
}

// soon lists the units that are about to be free, by when they can be there.
func (j *judging) soon() []Ranked {
	p := j.q.config().Soon
	if !p.On {
		return nil
	}
	var all []*Candidate
	for _, x := range j.busy {
		f := freeIn(j.q, x.Unit)
		if f == nil || f.inS > p.WithinS || slices.Contains(x.against, "duty") || slices.Contains(x.against, "kind") {
			continue
		}
		if c := judge(j.q, x.Unit, "busy", f); len(c.Out) == 0 && c.EtaS != nil {
			all = append(all, c)
		}
	}
	out := ranked(all, MaxSoon)
	for i := range out {
		c := all[i]
		at := j.q.At.Add(time.Duration(c.freed.inS * float64(time.Second))).Truncate(time.Second)
		out[i].FreeAt, out[i].Mission, out[i].Act = &at, c.Mission, ActWait
		if c.State == ems.MissionHandedOver {
			out[i].Act = ActFree
		}
		if c.freed.overdue {
			out[i].Caution = append(out[i].Caution, why("overdue"))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
