package match

import "lifeline120/internal/ems"

// parts ranks a unit with a failed part (GNSS, monitor, link, sound) after fit ones unless it is clearly faster, and names the part
// (DSP-001).
func parts(q *Question, c *Candidate) {
	var failed []string
	if !c.Online {
		failed = append(failed, "link")
	}
	gnss := c.Fix == nil || c.Fix.Quality == ems.NoFix || q.At.Sub(c.Fix.Taken) > LostAfter
	for _, d := range c.Devices {
		switch d.State {
		case ems.DeviceAbsent, ems.DeviceSilent, ems.DeviceGarbled:
			if d.Kind != "gnss" {
				failed = append(failed, d.Kind)
			}
			gnss = gnss || d.Kind == "gnss"
		case ems.DeviceDemo:
			if !c.Simulated { // in a demo every device is one
				failed = append(failed, d.Kind)
			}
		case ems.DeviceProbing, ems.DeviceSpeaking, ems.DeviceSimulated:
		}
	}
	if gnss {
		failed = append(failed, "gnss")
	}
	for _, p := range failed {
		c.Caution = append(c.Caution, why("failed_part", "part", p))
	}
	if len(failed) > 0 {
		c.handicap(ClearlyFasterS)
	}
}
