package match

// radius leaves out units that are too far away to be this city's.
func radius(_ *Question, c *Candidate) {
	if c.DistanceM != nil && *c.DistanceM > RadiusM {
		c.out(why("out_of_radius", "distance_m", seconds(*c.DistanceM)))
	}
}
