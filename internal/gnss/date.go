package gnss

import "time"

// rollover is the span of the ten-bit week number of GPS: a receiver with old firmware comes out so much too early.
const rollover = 1024 * 7 * 24 * time.Hour

// weekZero are the days on which the week number was zero: what a receiver shows that knows no date yet.
var weekZero = [...]time.Time{
	time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC),
	time.Date(1999, 8, 22, 0, 0, 0, 0, time.UTC),
	time.Date(2019, 4, 7, 0, 0, 0, 0, time.UTC),
}

// deviceTime is the receiver's date and time of day made true, or the zero time when they cannot be: a date before the
// floor gets 1024 weeks until it is not; one that then is years away from our own clock, if that one is past the floor
// itself, was garbage and is not given out.
func deviceTime(now, said, floor time.Time) time.Time {
	if said.IsZero() || floor.IsZero() {
		return said
	}
	for _, zero := range weekZero {
		if said.Before(floor) && !said.Before(zero) && said.Before(zero.Add(24*time.Hour)) {
			return time.Time{}
		}
	}
	for said.Before(floor) {
		said = said.Add(rollover)
	}
	if now.After(floor) && (said.Sub(now) > dateSlack || now.Sub(said) > dateSlack) {
		return time.Time{}
	}
	return said
}

// dayOf is a date if there is such a day.
func dayOf(year, month, day int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, year >= 1980 && t.Year() == year && t.Month() == time.Month(month) && t.Day() == day
}

// clock is a receiver's time of day.
type clock struct {
	known bool
	of    time.Duration // since midnight UTC
}
