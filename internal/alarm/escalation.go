package alarm

import (
	"time"

	"lifeline120/internal/ems"
)

// Step is what becomes of an alarm by time alone: from At on it reaches Reach and sounds.
type Step struct {
	At    time.Time
	Reach ems.AlarmReach
}

// width orders the reaches.
var width = map[ems.AlarmReach]int{ems.ReachOwner: 0, ems.ReachDesks: 1, ems.ReachSupervisor: 2, ems.ReachPhone: 3}

// Wider says whether reach a is wider than b.
func Wider(a, b ems.AlarmReach) bool { return width[a] > width[b] }

// Next gives the next step of an alarm (ALM-005), given whether a supervisor is logged on; false when none comes.
func Next(a ems.Alarm, supervisor bool) (Step, bool) {
	switch a.State {
	case ems.AlarmStored:
		return unacknowledged(a, supervisor)
	case ems.AlarmAcknowledged:
		return acknowledged(a)
	case ems.AlarmHandled:
		return Step{}, false
	}
	return Step{At: a.Received, Reach: ems.ReachPhone}, a.Reach != ems.ReachPhone // an unknown state is nobody's: wake everyone
}

func unacknowledged(a ems.Alarm, supervisor bool) (Step, bool) {
	top := ems.ReachPhone
	if supervisor {
		top = ems.ReachSupervisor
	}
	switch a.Reach {
	case ems.ReachOwner:
		return Step{a.Since.Add(DesksAfter), ems.ReachDesks}, true
	case ems.ReachDesks:
		return Step{a.Since.Add(SupervisorAfter), top}, true
	case ems.ReachSupervisor: // the supervisor may have logged off since
		return Step{a.Since.Add(SupervisorAfter), ems.ReachPhone}, !supervisor
	case ems.ReachPhone:
	}
	return Step{}, false
}

func acknowledged(a ems.Alarm) (Step, bool) {
	since := a.Since
	if a.AckAt != nil {
		since = *a.AckAt
	}
	if !a.Sounding {
		return Step{since.Add(AgainAfter), a.Reach}, true
	}
	return Step{since.Add(AgainDesksAfter), ems.ReachDesks}, a.Reach == ems.ReachOwner
}
