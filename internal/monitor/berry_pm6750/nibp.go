package berry_pm6750

import (
	"fmt"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
)

// States of a measurement, bits 5 to 2 of the status.
const (
	nibpDone      = 0
	nibpMeasuring = 1
	nibpStopped   = 2
)

// nibpStates are the board's words: over 300 mmHg to no result are failures, initialising is its own start.
var nibpStates = [...]string{"done", "measuring", "stopped", "over_pressure", "cuff_loose", "timeout", "error", "interference",
	"no_result", "initialising", "initialised"}

const nibpLastFailure, nibpFirstFailure = 8, 3

// nibp follows one measurement after the other.
type nibp struct {
	seen     bool
	state    byte
	measured bool    // a measurement ran since the last result
	last     [3]byte // last result: systolic, mean, diastolic
}

func (n *nibp) take(now time.Time, d []byte, out *monitor.Output) {
	put := putter(now, out)
	state := d[0] >> 2 & 0x0F
	changed := !n.seen || state != n.state
	n.seen, n.state = true, state

	text, q := fmt.Sprintf("state_%d", state), ems.DeviceError
	if int(state) < len(nibpStates) {
		text = nibpStates[state]
		if state < nibpFirstFailure || state > nibpLastFailure {
			q = ems.Good
		}
	}
	if cuff := float64(d[1]) * 2; changed || state == nibpMeasuring {
		put(ems.CuffPress, "mmHg", cuff, within(q, cuff <= cuffMaxMmHg), text)
	}
	switch {
	case state == nibpMeasuring:
		n.measured = true
	case state == nibpDone:
		n.result([3]byte{d[2], d[3], d[4]}, putter(now, out))
	case state == nibpStopped || q == ems.DeviceError:
		n.measured = false
	}
}

// result gives what was measured, once. The board repeats it; without a measurement seen before it nobody knows its age.
func (n *nibp) result(r [3]byte, put func(ems.Channel, string, float64, ems.Quality, string)) {
	if r == [3]byte{} || !n.measured && r == n.last {
		return
	}
	q, text := ems.Good, ""
	switch {
	case !n.measured:
		q, text = ems.Questioned, "age_unknown"
	case r[0] < r[1] || r[1] < r[2]:
		q, text = ems.Questioned, "implausible"
	}
	n.measured, n.last = false, r
	for i, c := range [3]ems.Channel{ems.NIBPSys, ems.NIBPMean, ems.NIBPDia} {
		put(c, "mmHg", float64(r[i]), within(q, r[i] > 0), text)
	}
}
