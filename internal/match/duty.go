package match

import "lifeline120/internal/ems"

// duty leaves out whoever people have said is not fit for duty (DSP-001).
func duty(_ *Question, c *Candidate) {
	if c.Duty != ems.OnDuty {
		c.out(why("duty", "duty", string(c.Duty), "reason", c.DutyReason))
	}
}
