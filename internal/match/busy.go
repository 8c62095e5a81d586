package match

// busy leaves out a unit that is on a mission: it must be recalled by a person before it can be sent elsewhere.
func busy(_ *Question, c *Candidate) {
	if c.Mission != "" {
		c.out(why("busy", "mission", string(c.Mission), "state", string(c.State)))
		c.Never = true
	}
}
