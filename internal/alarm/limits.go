package alarm

import (
	"time"

	"lifeline120/internal/ems"
)

// Limits of ALM-004 to ALM-006.
const (
	// DesksAfter, SupervisorAfter: unacknowledged for so long an alarm reaches every desk, then the supervisor (ALM-005).
	DesksAfter      = 15 * time.Second
	SupervisorAfter = 30 * time.Second
	// AgainAfter, AgainDesksAfter: acknowledged for so long and not handled it sounds again at its owner, then at every desk (ALM-005).
	AgainAfter      = 60 * time.Second
	AgainDesksAfter = 120 * time.Second
	// SamePlace is how far apart two presses of one source may be and still mean one place (ALM-004), and how far apart alarms of one
	// group may be at most (ALM-006).
	SamePlace ems.Metres = 300
	// FloodMin is how many open alarms of one source, kind and place make a flood that is shown as a group; fewer are shown one by one.
	FloodMin = 3
)
