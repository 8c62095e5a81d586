package match

import "lifeline120/internal/ems"

// kind keeps transport units from emergencies (DSP-001), and emergency units from transport (DSP-005). A transfer between hospitals is
// an emergency mission.
func kind(q *Question, c *Candidate) {
	transport := q.Incident.Type == ems.Transport
	switch {
	case c.Kind == ems.UnitTransport && !transport:
		c.out(why("transport_unit"))
	case c.Kind != ems.UnitTransport && transport:
		c.out(why("emergency_unit"))
	}
}
