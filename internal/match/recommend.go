package match

import (
	"cmp"
	"slices"
	"strconv"

	"lifeline120/internal/ems"
)

// Candidate is a unit under judgement; the rules write into it.
type Candidate struct {
	Unit
	EtaS      *float64 // nil: unknown
	DistanceM *float64
	Handicap  float64 // seconds that it is ranked behind its travel time
	Reasons   []Why
	Caution   []Why
	Out       []Why // why it is not recommended; empty for a fit one
	Never     bool  // not even as a last resort: it cannot be sent
}

// Rule is one rule of the ordered list.
type Rule struct {
	Name  string
	Judge func(Question, *Candidate)
}

// Rules is the ordered list: hard filters, travel time, then what ranks. A new rule is a file and a line here.
var Rules = [...]Rule{
	{"duty", duty},
	{"kind", kind},
	{"busy", busy},
	{"travel", travel},
	{"radius", radius},
	{"parts", parts},
}

// Recommend ranks the units of the question and says what it left out and why. It is deterministic: ties break on the unit's id (DSP-007).
func Recommend(q Question) Recommendation {
	r := Recommendation{ID: q.ID, Incident: q.Incident.ID, At: q.At, Method: MethodLine, DetourFactor: DetourFactor, SpeedKmh: SpeedKmh,
		Units: []Ranked{}, Simulated: q.Incident.Simulated}
	switch {
	case q.Roads != nil:
		r.Method = MethodRoads
	case q.OffRoads:
		r.Missing = append(r.Missing, Why{Code: "off_roads"})
	default:
		r.Missing = append(r.Missing, Why{Code: "roads"})
	}
	if q.Incident.Place.Pos == nil {
		r.Missing = append(r.Missing, Why{Code: "incident_position"})
	}
	var fit, last []*Candidate
	for _, u := range q.Units {
		c := &Candidate{Unit: u}
		for _, rule := range Rules {
			rule.Judge(q, c)
		}
		switch {
		case len(c.Out) == 0:
			fit = append(fit, c)
			continue
		case !c.Never:
			last = append(last, c)
		}
		r.LeftOut = append(r.LeftOut, LeftOut{u.ID, c.Out})
	}
	r.Units = ranked(fit)
	if len(fit) == 0 && len(last) > 0 {
		r.LastResort = ranked(last)
	}
	slices.SortFunc(r.LeftOut, func(a, b LeftOut) int { return cmp.Compare(a.Unit, b.Unit) })
	if more := len(r.LeftOut) - MaxLeftOut; more > 0 {
		r.LeftOut = r.LeftOut[:MaxLeftOut]
		r.Missing = append(r.Missing, why("left_out_more", "count", strconv.Itoa(more)))
	}
	return r
}

// ranked orders by travel time and handicap. Units of which the travel time is unknown come behind the others, by handicap, then id.
func ranked(cs []*Candidate) []Ranked {
	slices.SortFunc(cs, func(a, b *Candidate) int {
		if a.EtaS == nil || b.EtaS == nil {
			return cmp.Or(cmp.Compare(unknown(a), unknown(b)), cmp.Compare(a.Handicap, b.Handicap), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(cmp.Compare(*a.EtaS+a.Handicap, *b.EtaS+b.Handicap), cmp.Compare(*a.EtaS, *b.EtaS), cmp.Compare(a.ID, b.ID))
	})
	out := []Ranked{}
	for _, c := range cs[:min(len(cs), MaxUnits)] {
		out = append(out, Ranked{c.ID, c.EtaS, c.DistanceM, c.Reasons, slices.Concat(c.Out, c.Caution)})
	}
	return out
}

// unknown is 1 for a candidate without a travel time.
func unknown(c *Candidate) int {
	if c.EtaS == nil {
		return 1
	}
	return 0
}

// why makes a reason with its arguments: name, value, name, value.
func why(code string, args ...string) Why {
	w := Why{Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if w.Args == nil {
			w.Args = map[string]string{}
		}
		w.Args[args[i]] = args[i+1]
	}
	return w
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', 0, 64) }

func (c *Candidate) out(w Why) { c.Out = append(c.Out, w) }

// Slower says how much slower the choice of a unit is than the best that was recommended (DSP-002), in seconds; 0 for the best itself, when
// nothing was recommended, and when one of the two travel times is unknown. A unit beyond the listed ones is at least as slow as the last.
func (r Recommendation) Slower(u ems.UnitID) float64 {
	if len(r.Units) == 0 || r.Units[0].EtaS == nil { // those with a travel time come first
		return 0
	}
	best, chosen := *r.Units[0].EtaS, r.Units[len(r.Units)-1].EtaS
	for _, x := range r.Units {
		if x.EtaS != nil {
			best = min(best, *x.EtaS)
		}
		if x.Unit == u {
			chosen = x.EtaS
		}
	}
	for _, x := range r.LastResort {
		if x.Unit == u {
			chosen = x.EtaS
		}
	}
	if chosen == nil {
		return 0
	}
	return max(0, *chosen-best)
}
