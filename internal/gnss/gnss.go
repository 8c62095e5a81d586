// Package gnss reads positioning receivers: bytes and an instant in, fixes out. A dialect is one file here and one line in
// All. No I/O, no clock, no goroutine.
package gnss

import (
	"time"

	"lifeline120/internal/ems"
)

// Output is what a session made of the bytes it was given.
type Output struct {
	Fixes   []ems.Fix // one per epoch of the receiver (usually one a second); Device is left empty
	Frames  int       // sentences or frames with a good checksum
	Garbage int       // bytes that made none, sentences with a bad checksum included
}

// Session is one conversation with one receiver. Not safe for concurrent use; slices passed in are not kept; never panics;
// memory bounded (ACC-003). Frozen fixes and impossible jumps come out marked, never dropped.
type Session interface {
	Feed(now time.Time, p []byte) Output
	Tick(now time.Time) Output
}

// Dialect is one way in which receivers speak.
type Dialect struct {
	Name     string
	Lines    []ems.Line    // serial settings to try, likeliest first
	MaxQuiet time.Duration // silent for longer: the receiver is lost
	New      func(Options) Session
}

// All lists every dialect.
var All = [...]Dialect{nmea0183}

// Options are what a session needs to know of the world.
type Options struct {
	// Floor is the earliest date that can be true (the build's date): the rule for GPS week roll-over adds 1024 weeks to
	// receiver dates before it.
	Floor time.Time
}
