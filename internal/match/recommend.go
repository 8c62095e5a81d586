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
	EtaS      *float64 // until it is there: mobilisation or what is left of its task, and the road; nil: unknown
	DriveS    float64  // of that on the road
	DistanceM *float64
	Handicap  float64 // seconds that it is ranked behind its time
	Reasons   []Why
	Caution   []Why
	Out       []Why // why it is not recommended; empty for a fit one
	Never     bool  // not even as a last resort: it cannot be sent

	freed   *freed // it is judged by when its task ends
	rule    string // that judges now
	by      []handicap
	against []string // rules that left it out
}

// handicap is what one rule puts a unit back by.
type handicap struct {
	rule string
	s    float64
}

// Rule is one rule of the ordered list.
type Rule struct {
	Name  string
	Judge func(*Question, *Candidate)
}

// Rules is the ordered list: hard filters, time until there, then what ranks. A new rule is a file and a line here.
var Rules = [...]Rule{
	{"duty", duty},
	{"kind", kind},
	{"busy", busy},
	{"travel", travel},
	{"radius", radius},
	{"parts", parts},
	{"area", area},
	{"returning", returning},
	{"rest", rest},
	{"shift", shift},
	{"coverage", coverage},
}

// judging is one question at work.
type judging struct {
	q    *Question
	fit  []*Candidate // best first
	busy []*Candidate // on a mission
}

// judge has the rules look at a unit, all but the one that is lifted; by when its task ends where f says so.
func judge(q *Question, u Unit, lifted string, f *freed) *Candidate {
	c := &Candidate{Unit: u, freed: f}
	for i := range Rules {
		if c.rule = Rules[i].Name; c.rule != lifted {
			Rules[i].Judge(q, c)
		}
	}
	return c
}

// Recommend ranks the units of the question and says what it left out and why. It is deterministic: ties break on the unit's id (DSP-007).
func Recommend(q Question) Recommendation {
	r := Recommendation{ID: q.ID, Incident: q.Incident.ID, At: q.At, Method: q.method(), DetourFactor: DetourFactor, SpeedKmh: SpeedKmh,
		Units: []Ranked{}, Missing: q.missing(), Simulated: q.Incident.Simulated}
	j := &judging{q: &q}
	var last, out []*Candidate
	for _, u := range q.Units {
		c := judge(&q, u, "", nil)
		if len(c.Out) == 0 {
			j.fit = append(j.fit, c)
			continue
		}
		if out = append(out, c); !c.Never {
			last = append(last, c)
		}
		if c.Mission != "" {
			j.busy = append(j.busy, c)
		}
	}
	r.Units = ranked(j.fit, MaxUnits)
	for i := range r.Units {
		r.Units[i].First = j.first(j.fit[i])
	}
	if len(j.fit) == 0 && len(last) > 0 {
		r.LastResort = ranked(last, MaxUnits)
	}
	r.Soon, r.Divert = j.soon(), j.divert()
	for i, c := range j.fit[len(r.Units):] {
		c.Out = []Why{why("further", "place", strconv.Itoa(len(r.Units)+i+1))}
		out = append(out, c)
	}
	j.leaveOut(&r, out)
	return r
}

// leaveOut names the units that are not ranked, by id, up to a bound.
func (j *judging) leaveOut(r *Recommendation, out []*Candidate) {
	slices.SortFunc(out, func(a, b *Candidate) int { return cmp.Compare(a.ID, b.ID) })
	if more := len(out) - MaxLeftOut; more > 0 {
		out = out[:MaxLeftOut]
		r.Missing = append(r.Missing, why("left_out_more", "count", strconv.Itoa(more)))
	}
	for _, c := range out {
		r.LeftOut = append(r.LeftOut, LeftOut{Unit: c.ID, Why: c.Out, EtaS: c.EtaS, First: j.first(c)})
	}
}

// method names how travel times were found.
func (q *Question) method() string {
	switch {
	case q.Roads == nil:
		return MethodLine
	case q.RoadsLive:
		return MethodLive
	}
	return MethodRoads
}

// missing is what was not known.
func (q *Question) missing() (ws []Why) {
	switch {
	case q.Roads != nil:
	case q.OffRoads:
		ws = append(ws, why("off_roads"))
	default:
		ws = append(ws, why("roads"))
	}
	if q.Incident.Place.Pos == nil {
		ws = append(ws, why("incident_position"))
	}
	if q.CoverLate && q.config().Coverage.On {
		ws = append(ws, why("cover_late"))
	}
	return ws
}

// before orders by time and handicap. Units of which the time is unknown come behind the others, by handicap, then id.
func before(a, b *Candidate) int {
	if a.EtaS == nil || b.EtaS == nil {
		return cmp.Or(cmp.Compare(unknown(a), unknown(b)), cmp.Compare(a.Handicap, b.Handicap), cmp.Compare(a.ID, b.ID))
	}
	return cmp.Or(cmp.Compare(a.score(), b.score()), cmp.Compare(*a.EtaS, *b.EtaS), cmp.Compare(a.ID, b.ID))
}

// score is what a unit with a known time is ranked by.
func (c *Candidate) score() float64 {
	if c.EtaS == nil {
		return c.Handicap
	}
	return *c.EtaS + c.Handicap
}

// ranked orders candidates, and gives the first of them.
func ranked(cs []*Candidate, most int) []Ranked {
	slices.SortFunc(cs, before)
	out := []Ranked{}
	for _, c := range cs[:min(len(cs), most)] {
		out = append(out, Ranked{Unit: c.ID, EtaS: c.EtaS, DistanceM: c.DistanceM, Reasons: c.Reasons, Caution: slices.Concat(c.Out, c.Caution), HandicapS: c.Handicap})
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

func itoa(n int) string { return strconv.Itoa(n) }

func (c *Candidate) out(w Why) {
	c.Out = append(c.Out, w)
	if !slices.Contains(c.against, c.rule) {
		c.against = append(c.against, c.rule)
	}
}

// handicap puts the unit back.
func (c *Candidate) handicap(s float64) {
	c.Handicap += s
	c.by = append(c.by, handicap{c.rule, s})
}

// prefer is the handicap of a preference: weighed as the city says, and told but not counted where the nearest goes first. It gives what
// was counted.
func (c *Candidate) prefer(q *Question, p Preference, s float64) float64 {
	if s *= p.Weight; s <= 0 || slices.Contains(q.config().NearestFirst, q.Incident.Priority) {
		return 0
	}
	c.handicap(s)
	return s
}

// Slower says how much later the choice of a unit is there than the one that was recommended first (DSP-002), in seconds; 0 for that one itself,
// when nothing was recommended, and when one of the two times is unknown.
func (r Recommendation) Slower(u ems.UnitID) float64 {
	if len(r.Units) == 0 || r.Units[0].EtaS == nil { // those with a travel time come first
		return 0
	}
	chosen := r.eta(u)
	if chosen == nil {
		return 0
	}
	return max(0, *chosen-*r.Units[0].EtaS)
}

// eta is the time that the answer has of a unit, wherever it stands; nil: none.
func (r Recommendation) eta(u ems.UnitID) *float64 {
	for _, list := range [][]Ranked{r.Units, r.LastResort, r.Divert} {
		for _, x := range list {
			if x.Unit == u {
				return x.EtaS
			}
		}
	}
	for _, x := range r.LeftOut {
		if x.Unit == u {
			return x.EtaS
		}
	}
	return nil
}
