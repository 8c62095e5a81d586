package alarm

import (
	"cmp"
	"slices"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// Press is what one press of a key says of itself.
type Press struct {
	Kind    ems.AlarmKind
	Source  string
	Mission ems.MissionID
	Who     string
	Phone   string
	Place   *ems.Place
}

// Key is the identity of a press: sent again under the same key it is the same press (ALM-004). The source is part of it, so that one
// source cannot take another's press away (ALM-006).
func Key(k ems.AlarmKind, source, press string) string { return string(k) + "/" + source + "/" + press }

// Joins finds the open alarm that a further press counts on: of the same source and kind, and not for another place or patient
// (ALM-004). Of several it is the newest.
func Joins(open []*ems.Alarm, p Press) (ems.AlarmID, bool) {
	var fit []*ems.Alarm
	for _, a := range open {
		if a.State != ems.AlarmHandled && a.Kind == p.Kind && a.Source == p.Source && samePatient(a, p) && samePlace(a, p) {
			fit = append(fit, a)
		}
	}
	if len(fit) == 0 {
		return "", false
	}
	return slices.MaxFunc(fit, func(a, b *ems.Alarm) int {
		return cmp.Or(a.Received.Compare(b.Received), cmp.Compare(a.ID, b.ID))
	}).ID, true
}

// samePatient is false only when both sides say something and it differs.
func samePatient(a *ems.Alarm, p Press) bool {
	return !differ(a.Who, p.Who) && !differ(a.Phone, p.Phone) && !differ(string(a.Mission), string(p.Mission))
}

func differ(a, b string) bool { return a != "" && b != "" && a != b }

// samePlace is false only when both places are known and apart. A crew's SOS is where the crew is: the vehicle moves, the danger with it.
func samePlace(a *ems.Alarm, p Press) bool {
	return p.Kind == ems.CrewSOS || !apart(a.Place, p.Place)
}

// apart says that both places are known and more than SamePlace from each other.
func apart(a, b *ems.Place) bool {
	return known(a) && known(b) && geo.Distance(*a.Pos, *b.Pos) > SamePlace
}

func known(p *ems.Place) bool { return p != nil && p.Pos != nil }
