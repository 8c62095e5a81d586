package alarm

import (
	"cmp"
	"slices"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// Group is what a screen shows as one line: a single alarm, or a flood of one source, in which each alarm stays reachable (ALM-006).
type Group struct {
	Key      string        `json:"key"`    // stable while its first alarm is open
	Source   string        `json:"source"` // of them all: a network address, or what names itself
	Kind     ems.AlarmKind `json:"kind"`
	Code     string        `json:"code,omitempty"`
	Flood    bool          `json:"flood"`
	Alarms   []ems.AlarmID `json:"alarms"` // oldest first, all of them
	Sounding bool          `json:"sounding"`
}

// Groups puts open alarms into lines, oldest first. Crew SOS are never grouped, nor are alarms more than SamePlace apart: a group lies
// within half of that around its first alarm. Alarms without a place are grouped only among themselves.
func Groups(alarms []*ems.Alarm) []Group {
	open := slices.DeleteFunc(slices.Clone(alarms), func(a *ems.Alarm) bool { return a.State == ems.AlarmHandled })
	slices.SortFunc(open, func(a, b *ems.Alarm) int {
		return cmp.Or(a.Received.Compare(b.Received), cmp.Compare(a.ID, b.ID))
	})
	type heap struct {
		first   *ems.Alarm
		members []*ems.Alarm
	}
	var heaps []*heap
	bySource := map[[3]string][]*heap{}
	for _, a := range open {
		k := [3]string{flooder(a), string(a.Kind), a.Code}
		i := slices.IndexFunc(bySource[k], func(h *heap) bool { return a.Kind != ems.CrewSOS && together(h.first, a) })
		if i < 0 {
			h := &heap{first: a}
			heaps, bySource[k], i = append(heaps, h), append(bySource[k], h), len(bySource[k])
		}
		h := bySource[k][i]
		h.members = append(h.members, a)
	}
	var out []Group
	for _, h := range heaps {
		if len(h.members) >= FloodMin {
			out = append(out, group(h.members))
			continue
		}
		for _, a := range h.members {
			out = append(out, group([]*ems.Alarm{a}))
		}
	}
	return out
}

// flooder is who may flood: the network address of a caller whose page does not name itself, for it could name itself anew each time;
// else the source.
func flooder(a *ems.Alarm) string {
	if a.Origin != "" {
		return a.Origin
	}
	return a.Source
}

func together(first, a *ems.Alarm) bool {
	if known(first.Place) != known(a.Place) {
		return false
	}
	return !known(a.Place) || geo.Distance(*first.Place.Pos, *a.Place.Pos) <= SamePlace/2
}

func group(members []*ems.Alarm) Group {
	first := members[0]
	g := Group{Key: string(first.ID), Source: flooder(first), Kind: first.Kind, Code: first.Code, Flood: len(members) > 1}
	for _, a := range members {
		g.Alarms = append(g.Alarms, a.ID)
		g.Sounding = g.Sounding || a.Sounding
	}
	return g
}
