package gnss

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// doubt is what every dialect's fixes go through: it marks positions that stopped moving and positions that no vehicle can
// have reached. It drops nothing. Time is our own, never the receiver's.
type doubt struct {
	last       ems.Fix   // the newest with a position
	clock      clock     // the receiver's time of day then
	clockSince time.Time // when position and clock were first so
	moving     time.Time // since when, with this position, the receiver claims to move
	claimed    time.Time // when it claimed so last

	good      ems.Fix // the last one believed
	candidate ems.Fix // after a jump: the newest at the new place
	confirmed int     // how many agreed there
}

// judge marks f, a fix with or without a position; c is the receiver's time of day in it.
func (d *doubt) judge(f *ems.Fix, c clock) {
	if f.Quality == ems.NoFix {
		return
	}
	d.note(*f, c)
	switch {
	case d.frozen(*f):
		f.Quality = ems.Frozen
	case d.jumped(*f):
		f.Quality = ems.Jump
	}
}

// note keeps since when position and clock have stood still.
func (d *doubt) note(f ems.Fix, c clock) {
	first := d.last.Taken.IsZero()
	samePos := !first && f.Pos == d.last.Pos
	if !samePos {
		d.clockSince = f.Taken
	} else if c != d.clock {
		d.clockSince = f.Taken
	}
	d.claim(f, samePos)
	d.last, d.clock = f, c
}

// claim keeps since when a receiver that stands says that it moves. An epoch without a speed neither says so nor takes it back.
func (d *doubt) claim(f ems.Fix, samePos bool) {
	switch {
	case !samePos, f.HasSpeed && f.SpeedKmh <= stuckSpeedKmh:
		d.moving = time.Time{}
	case f.HasSpeed:
		if d.moving.IsZero() {
			d.moving = d.last.Taken
		}
		d.claimed = f.Taken
	}
}

// frozen: the receiver repeats itself, clock and all, or stands while it claims to move.
func (d *doubt) frozen(f ems.Fix) bool {
	if d.clock.known && f.Taken.Sub(d.clockSince) >= frozenAfter {
		return true
	}
	return !d.moving.IsZero() && d.claimed.Sub(d.moving) >= stuckAfter
}

// jumped: further from the last believed fix than a unit can have come since. The new place is believed once enough
// fixes in a row agree with each other.
func (d *doubt) jumped(f ems.Fix) bool {
	if d.good.Taken.IsZero() || reachable(d.good, f) {
		d.good, d.confirmed = f, 0
		return false
	}
	if d.confirmed > 0 && reachable(d.candidate, f) {
		d.confirmed++
	} else {
		d.confirmed = 1
	}
	d.candidate = f
	if d.confirmed <= confirmFixes {
		return true
	}
	d.good, d.confirmed = f, 0
	return false
}

// reachable says whether a unit can have gone from one fix to the other in the time between.
func reachable(from, to ems.Fix) bool {
	elapsed := max(to.Taken.Sub(from.Taken), 0)
	return float64(geo.Distance(from.Pos, to.Pos)) <= jumpSlackM+speedMaxKmh/3.6*elapsed.Seconds()
}
