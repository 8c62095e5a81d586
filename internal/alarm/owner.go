package alarm

import (
	"cmp"
	"slices"

	"lifeline120/internal/ems"
)

// Owner gives the desk that a new alarm goes to first: logged on, not on a live call if another is free (ALM-005), with the fewest open
// alarms; ties break on the desk's id. "" when nobody is logged on: the alarm is then every desk's.
func Owner(desks []*ems.Desk, open map[ems.DeskID]int) ems.DeskID {
	var on []*ems.Desk
	for _, d := range desks {
		if d.By != "" {
			on = append(on, d)
		}
	}
	if len(on) == 0 {
		return ""
	}
	busy := func(d *ems.Desk) int {
		if d.OnCall {
			return 1
		}
		return 0
	}
	return slices.MinFunc(on, func(a, b *ems.Desk) int {
		return cmp.Or(cmp.Compare(busy(a), busy(b)), cmp.Compare(open[a.ID], open[b.ID]), cmp.Compare(a.ID, b.ID))
	}).ID
}

// Supervisor says whether a supervisor is logged on at any desk (ALM-005).
func Supervisor(desks []*ems.Desk) bool {
	return slices.ContainsFunc(desks, func(d *ems.Desk) bool { return d.By != "" && d.Role == "supervisor" })
}
