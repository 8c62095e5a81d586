package match

import (
	"math"
	"slices"
	"strconv"

	"lifeline120/internal/ems"
)

// first says what would have to be true for a unit to stand first: found by what the same rules say of it with one obstacle lifted.
func (j *judging) first(c *Candidate) []Why {
	if len(c.against) > 0 {
		return j.firstOfLeftOut(c)
	}
	i := slices.Index(j.fit, c)
	if i == 0 {
		return nil
	}
	var out []Why
	for _, h := range c.by {
		if j.place(spared(c, h.rule)) == 0 {
			out = append(out, without(h.rule, c))
		}
	}
	best := j.fit[0]
	switch {
	case c.EtaS == nil && best.EtaS == nil:
	case c.EtaS == nil:
		if s := math.Floor(best.score() - c.Handicap); s > 0 {
			out = append(out, why("first_position", "within_s", seconds(s)))
		}
	default:
		if s, ok := j.nearer(c); ok {
			out = append(out, why("first_nearer", "nearer_s", seconds(s)))
		}
	}
	if len(out) == 0 {
		out = append(out, why("first_no", "place", strconv.Itoa(i+1)))
	}
	return out
}

// spared is the judgement of a unit without one rule. Every rule has looked at it, whatever the others said, and none looks at what another has
// put it back by: what is left is what judging it again without that rule would say (a test holds the two together).
func spared(c *Candidate, rule string) *Candidate {
	l := *c
	l.Handicap, l.by, l.against = 0, nil, nil
	for _, h := range c.by {
		if h.rule != rule {
			l.Handicap += h.s
			l.by = append(l.by, h)
		}
	}
	for _, r := range c.against {
		if r != rule {
			l.against = append(l.against, r)
		}
	}
	if len(l.against) == 0 {
		l.Out = nil
	}
	return &l
}

// without names the obstacle that is to go.
func without(rule string, c *Candidate) Why {
	if rule != "parts" {
		return why("first_without", "rule", rule)
	}
	list := ""
	for _, w := range c.Caution {
		if w.Code == "failed_part" {
			list += " " + w.Args["part"]
		}
	}
	return why("first_mended", "parts", list[min(1, len(list)):])
}

// nearer is by how many whole seconds less on the road the unit would be first; false when even no road at all is not enough.
func (j *judging) nearer(c *Candidate) (float64, bool) {
	closer := *c
	s := math.Ceil(c.score() - j.fit[0].score())
	for range 2 { // the second time for a tie that goes to the other
		eta := *c.EtaS - s
		if s > c.DriveS {
			return 0, false
		}
		if closer.EtaS = &eta; before(&closer, j.fit[0]) < 0 {
			return s, true
		}
		s++
	}
	return 0, false
}

// firstOfLeftOut lifts the one thing that stands against a unit; with more than one it says so.
func (j *judging) firstOfLeftOut(c *Candidate) []Why {
	if len(c.against) > 1 {
		return []Why{why("first_several")}
	}
	w := Why{}
	switch c.against[0] {
	case "duty":
		w = why("first_duty", "duty", string(c.Duty))
	case "busy":
		switch c.State {
		case ems.MissionOrdered, ems.MissionAcknowledged, ems.MissionDeparted, ems.MissionAtScene:
			w = why("first_recall", "mission", string(c.Mission))
		case ems.MissionHandedOver:
			w = why("first_free", "mission", string(c.Mission))
		case ems.MissionContact, ems.MissionLeftScene, ems.MissionAtHospital, ems.MissionAvailable, ems.MissionAtStation, ems.MissionRecalled, ems.MissionAborted,
			ems.MissionRefused:
			return []Why{why("first_patient")} // nobody lifts that
		}
	default:
		return []Why{why("first_never")} // its kind, and the map
	}
	if place := j.place(spared(c, c.against[0])); place > 0 {
		return []Why{why("first_no", "place", strconv.Itoa(place+1))}
	}
	return []Why{w}
}

// place is how many fit units stand before one that is judged otherwise.
func (j *judging) place(c *Candidate) int {
	n, _ := slices.BinarySearchFunc(j.fit, c, before)
	if i := slices.IndexFunc(j.fit[:n], func(o *Candidate) bool { return o.ID == c.ID }); i >= 0 { // itself, as it is
		n--
	}
	return n
}
