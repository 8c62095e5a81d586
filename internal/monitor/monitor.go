// Package monitor is the contract between the agent and patient monitors. A driver is a codec: bytes and an instant in,
// readings, waves and bytes to send out. It has no port, no clock and no goroutine, so that live lines, captures and
// simulations share it. The list of drivers is in monitor/drivers; the suite that each must pass is monitor/monitortest.
package monitor

import (
	"errors"
	"time"

	"lifeline120/internal/ems"
)

// Output is what a session made of the bytes or the time it was given. The caller owns it.
type Output struct {
	Readings []ems.Reading
	Waves    []ems.WaveChunk
	Send     []Write // bytes the device must get, in order
	Frames   int     // valid frames in this input
	Garbage  int     // bytes in this input that made no frame (counted when given up)
	Lost     int     // samples or frames that counters or rates show as lost
	Demo     bool    // the device says of itself that it is in demo mode
}

// Write is bytes for the device and the pause it needs after them.
type Write struct {
	Bytes []byte
	Pause time.Duration
}

// Command is something a person asks of a monitor.
type Command string

// Commands. How far a cuff is inflated depends on who wears it: there is no measurement that suits everybody.
const (
	StartNIBP        Command = "nibp_start" // measure blood pressure now, as for an adult
	StartNIBPChild   Command = "nibp_start_child"
	StartNIBPNeonate Command = "nibp_start_neonate"
	StopNIBP         Command = "nibp_stop"
)

// childUntil is the age in years from which a cuff is inflated as for an adult: devices are tested on adults older than 12 years
// (ISO 81060-2, age groups).
const childUntil = 13

// NIBPFor is the measurement for a patient of an age in whole years; false when the age is not known. A newborn has no whole years: a
// person names it.
func NIBPFor(ageYears int) (Command, bool) {
	switch {
	case ageYears <= 0:
		return "", false
	case ageYears < childUntil:
		return StartNIBPChild, true
	}
	return StartNIBP, true
}

// ErrUnsupported: the device cannot do this command.
var ErrUnsupported = errors.New("monitor: the device cannot do this")

// Session is one conversation with one device, from open port to closed. Not safe for concurrent use. Slices passed in are
// not kept. Feed takes slices of any size cut anywhere, never panics, and keeps at most a bounded number of bytes (ACC-003).
// Readings leave Device and Demo empty but for a device in demo mode; the caller stamps Device, and Taken is now as given.
// Every value is judged alone: a bad SpO2 does not blank a good pulse. A numeric channel that the device stops mentioning is
// aged by the caller; a session does not repeat old values.
type Session interface {
	// Start is called once when the port is open: what to say first (most boards are silent until enabled).
	Start(now time.Time) Output
	// Feed takes bytes as they came, received at now.
	Feed(now time.Time, p []byte) Output
	// Tick is called about once a second, and lets the session notice silence and repeat its enabling commands.
	Tick(now time.Time) Output
	// Do carries out a command, or answers ErrUnsupported.
	Do(now time.Time, c Command) (Output, error)
}

// Driver is one kind of device that the agent can talk to.
type Driver struct {
	Name     string // "berry_pm6750", also its folder
	Make     string // as printed on it
	Model    string
	Lines    []ems.Line    // serial settings to try, likeliest first
	MaxQuiet time.Duration // a speaking device that is silent for longer is "silent"
	Channels []ems.Channel // what it can measure
	Talks    bool          // Start sends bytes: the prober asks such a driver only after listening brought nothing
	New      func() Session
}
