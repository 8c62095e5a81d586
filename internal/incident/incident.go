// Package incident has the rules of an incident's life: how its state follows from its missions, when it may be closed, and which
// open ones a new alarm may belong to.
package incident

import (
	"cmp"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// Limits (docs/limits.md).
const (
	// DuplicateWithin, DuplicateFor: a new alarm so near an open incident in place and time is offered for merging.
	DuplicateWithin ems.Metres = 500
	DuplicateFor               = 10 * time.Minute
)

// stage says how far an incident is when a mission is in a state.
var stage = map[ems.MissionState]ems.IncidentState{
	ems.MissionOrdered: ems.IncidentDispatched, ems.MissionAcknowledged: ems.IncidentDispatched, ems.MissionDeparted: ems.IncidentDispatched,
	ems.MissionAtScene: ems.IncidentOnScene, ems.MissionContact: ems.IncidentOnScene,
	ems.MissionLeftScene: ems.IncidentTransporting, ems.MissionAtHospital: ems.IncidentTransporting,
	ems.MissionHandedOver: ems.IncidentDelivered, ems.MissionAvailable: ems.IncidentDelivered, ems.MissionAtStation: ems.IncidentDelivered,
	ems.MissionRecalled: ems.IncidentOpen, ems.MissionAborted: ems.IncidentOpen, ems.MissionRefused: ems.IncidentOpen,
}

var far = []ems.IncidentState{ems.IncidentOpen, ems.IncidentDelivered, ems.IncidentDispatched, ems.IncidentOnScene, ems.IncidentTransporting}

// State gives the state of an incident that nobody has closed or cancelled: the furthest of the missions still under way; with none
// under way delivered if any was carried through, and otherwise open again (待派): a refused, recalled or aborted mission leaves it unserved.
func State(missions []ems.MissionState) ems.IncidentState {
	s := ems.IncidentOpen
	for _, m := range missions {
		if t := stage[m]; slices.Index(far, t) > slices.Index(far, s) {
			s = t
		}
	}
	return s
}

// Final says that an incident is closed or cancelled for good.
func Final(s ems.IncidentState) bool { return s == ems.IncidentClosed || s == ems.IncidentCancelled }

// Duplicates gives the incidents that an alarm may belong to: not final, within DuplicateWithin and DuplicateFor, or of the same phone;
// nearest in time first.
func Duplicates(a ems.Alarm, incidents []*ems.Incident) []ems.IncidentID {
	var fit []*ems.Incident
	for _, i := range incidents {
		if !Final(i.State) && (near(a, i) || a.Phone != "" && a.Phone == i.Phone) {
			fit = append(fit, i)
		}
	}
	slices.SortFunc(fit, func(x, y *ems.Incident) int {
		return cmp.Or(y.Opened.Compare(x.Opened), cmp.Compare(x.ID, y.ID))
	})
	var out []ems.IncidentID
	for _, i := range fit {
		out = append(out, i.ID)
	}
	return out
}

func near(a ems.Alarm, i *ems.Incident) bool {
	if a.Place == nil || a.Place.Pos == nil || i.Place.Pos == nil || a.Received.Sub(i.Opened).Abs() > DuplicateFor {
		return false
	}
	return geo.Distance(*a.Place.Pos, *i.Place.Pos) <= DuplicateWithin
}
