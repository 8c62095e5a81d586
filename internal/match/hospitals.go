package match

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// HospitalAt is a hospital as the question gives it: what it says of itself, and how far it is by road.
type HospitalAt struct {
	ems.Hospital
	Board *ems.HospitalBoard // nil: nothing was ever said
	Road  *time.Duration     // from the question's place; nil: it is off the roads, there is no way, or there are no roads
}

// Where a question's place is from.
const (
	FromUnit  = "unit"  // where the unit is
	FromScene = "scene" // the incident: the patient is not on the road yet, or the unit's place is not known
	FromPlace = "place" // a place that was asked for
)

// HospitalQuestion is everything that a ranking of hospitals depends on: the same question gets the same answer (DSP-007).
type HospitalQuestion struct {
	ID         string
	At         time.Time
	Mission    ems.MissionID
	Incident   ems.IncidentID
	From       *ems.WGS84 // nil: not known
	FromKind   string
	FromAt     *time.Time // when the unit was there
	Pathway    string
	Assessment ems.Assessment
	FMC        *time.Time // first medical contact; nil: not yet, or not known
	FMCAssumed bool       // nobody entered it: the unit's arrival at the scene stands in
	Roads      bool       // there is a road network, and From is on it
	OffRoads   bool       // there is one, and From is off it
	Hospitals  []HospitalAt
	Rules      ems.HospitalRules
	Simulated  bool
}

// HospitalLine is one hospital of a ranking. Times are seconds from the instant of the ranking; what is not known is absent.
type HospitalLine struct {
	Hospital  ems.HospitalID `json:"hospital"`
	Treatment ems.Treatment  `json:"treatment,omitempty"`
	TravelS   *float64       `json:"travel_s,omitempty"`   // until its door
	ExtraS    *float64       `json:"extra_s,omitempty"`    // how much more of that than to the nearest of the list
	DistanceM *float64       `json:"distance_m,omitempty"` // straight line
	DoorS     *float64       `json:"door_s,omitempty"`     // from the door to the treatment
	TreatS    *float64       `json:"treat_s,omitempty"`    // until the treatment
	Board     ems.BoardState `json:"board,omitempty"`      // of the whole; absent: unknown
	BoardAgeS *float64       `json:"board_age_s,omitempty"`
	Reasons   []Why          `json:"reasons,omitempty"`
	Caution   []Why          `json:"caution,omitempty"`
	Out       []Why          `json:"out,omitempty"` // why it is not among the recommended
}

// Bypass is what was weighed when a nearer hospital may be passed by for another, and how it came out.
type Bypass struct {
	Near          ems.HospitalID `json:"near"`
	NearTreatment ems.Treatment  `json:"near_treatment,omitempty"`
	NearS         *float64       `json:"near_s,omitempty"` // until the treatment there
	Far           ems.HospitalID `json:"far"`
	FarTreatment  ems.Treatment  `json:"far_treatment,omitempty"`
	FarS          *float64       `json:"far_s,omitempty"`
	ExtraS        *float64       `json:"extra_s,omitempty"` // how much longer the road to Far is
	LimitS        float64        `json:"limit_s"`
	// What is left of the windows since the patient was last known well; absent: that is not known.
	LysisLeftS        *float64 `json:"lysis_left_s,omitempty"`
	ThrombectomyLeftS *float64 `json:"thrombectomy_left_s,omitempty"`
	Passed            bool     `json:"passed"` // Near is passed by
	Why               []Why    `json:"why,omitempty"`
}

// HospitalRanking is the answer to one question; the one that a choice was made from is stored with it (DSP-002). Its JSON is
// wire.HospitalRanking.
type HospitalRanking struct {
	ID           string         `json:"id"`
	Mission      ems.MissionID  `json:"mission,omitempty"`
	Incident     ems.IncidentID `json:"incident,omitempty"`
	At           time.Time      `json:"at"`
	From         *ems.WGS84     `json:"from,omitempty"`
	FromKind     string         `json:"from_kind,omitempty"`
	FromAt       *time.Time     `json:"from_at,omitempty"`
	Pathway      string         `json:"pathway,omitempty"`
	Assessment   ems.Assessment `json:"assessment,omitzero"`
	Method       string         `json:"method"` // MethodRoads or MethodLine
	DetourFactor float64        `json:"detour_factor"`
	SpeedKmh     float64        `json:"speed_kmh"`
	Hospitals    []HospitalLine `json:"hospitals"`
	LeftOut      []HospitalLine `json:"left_out,omitempty"`
	Bypass       *Bypass        `json:"bypass,omitempty"`
	Missing      []Why          `json:"missing,omitempty"`
	Simulated    bool           `json:"simulated,omitempty"`
}

// candidate is a hospital under judgement.
type candidate struct {
	HospitalAt
	line     HospitalLine
	options  map[ems.Treatment]option // what it can do for the pathway now
	board    boardOf
	tier     int // a lower one comes first, whatever the times
	handicap float64
}

// option is a treatment with how long it takes from the door.
type option struct {
	doorS  *float64 // when it was told ahead, as naming a destination does; nil: no standard knows
	aloneS float64  // when it was not; 0: not known
	own    bool     // the hospital's own time, not the standard's
	level  int
}

// Hospitals ranks hospitals for a patient: those that can treat it now, by when the treatment is predicted to begin, ties by id. Those
// that cannot, or say that they are closed, are named apart with the reason. Nothing that is missing counts as good news (CLN-001).
func Hospitals(q HospitalQuestion) HospitalRanking {
	q.Rules = HospitalRules(q.Rules)
	r := HospitalRanking{ID: q.ID, Mission: q.Mission, Incident: q.Incident, At: q.At, From: q.From, FromKind: q.FromKind, FromAt: q.FromAt, Pathway: q.Pathway,
		Assessment: q.Assessment, Method: MethodLine, DetourFactor: DetourFactor, SpeedKmh: SpeedKmh, Hospitals: []HospitalLine{}, Simulated: q.Simulated}
	r.Missing = q.missing()
	if q.Roads {
		r.Method = MethodRoads
	}
	var fit, out []*candidate
	for _, h := range slices.SortedFunc(slices.Values(q.Hospitals), func(a, b HospitalAt) int { return cmp.Compare(a.ID, b.ID) }) {
		c := &candidate{HospitalAt: h, line: HospitalLine{Hospital: h.ID}}
		c.travel(q)
		c.able(q)
		if len(c.line.Out) > 0 {
			out = append(out, c)
			continue
		}
		fit = append(fit, c)
	}
	if len(fit) == 0 && len(q.Hospitals) > 0 {
		r.Missing = append(r.Missing, why("no_hospital", "pathway", q.Pathway))
	}
	switch q.Pathway {
	case "stroke":
		stroke(q, &r, fit)
	case "chest_pain":
		chestPain(q, &r, fit)
	case "trauma", "maternal", "newborn":
		levels(q, &r, fit)
	}
	r.Hospitals, r.LeftOut = r.lines(q, fit), r.lines(q, out)
	return r
}

// missing says what the answer could not count with.
func (q HospitalQuestion) missing() (m []Why) {
	switch {
	case q.From == nil:
		m = append(m, Why{Code: "origin"})
	case q.OffRoads:
		m = append(m, Why{Code: "off_roads"})
	case !q.Roads:
		m = append(m, Why{Code: "roads"})
	}
	return m
}

// travel finds how soon the patient can be at the door.
func (c *candidate) travel(q HospitalQuestion) {
	if q.From == nil {
		return
	}
	d := geo.Distance(*q.From, c.Door())
	distance, s := float64(d), TravelTime(d).Seconds()
	if c.Road != nil {
		s = c.Road.Seconds()
	} else if q.Roads {
		c.line.Caution = append(c.line.Caution, why("by_line"))
	}
	c.line.TravelS, c.line.DistanceM = &s, &distance
}

// treatments are what a pathway's patient may need, the first being what a centre has that states nothing of its own.
func treatments(pathway string) []ems.Treatment {
	switch pathway {
	case "chest_pain":
		return []ems.Treatment{ems.TreatLysis, ems.TreatPCI}
	case "stroke":
		return []ems.Treatment{ems.TreatLysis, ems.TreatThrombectomy}
	case "trauma":
		return []ems.Treatment{ems.TreatTrauma}
	case "maternal":
		return []ems.Treatment{ems.TreatMaternal}
	case "newborn":
		return []ems.Treatment{ems.TreatNewborn}
	}
	return nil
}

// able finds what a hospital can do for the pathway now, and puts out one that has nothing for it or says that it is closed.
func (c *candidate) able(q HospitalQuestion) {
	c.board = read(c.Board, q)
	c.line.Board, c.line.BoardAgeS = c.board.whole()
	has := q.Pathway == "" || slices.Contains(c.Centres, q.Pathway)
	c.options = map[ems.Treatment]option{}
	list := treatments(q.Pathway)
	for _, t := range list {
		for _, a := range c.Abilities {
			if a.Treatment == t && (a.Pathway == "" || a.Pathway == q.Pathway) {
				c.options[t] = optionOf(q.Pathway, a)
			}
		}
	}
	if has && len(c.options) == 0 && len(list) > 0 { // it says no more than that it has the centre: the least of it is counted
		c.options[list[0]] = optionOf(q.Pathway, ems.Ability{Treatment: list[0]})
		if len(list) > 1 {
			c.line.Caution = append(c.line.Caution, why("ability_not_stated"))
		}
	}
	switch {
	case !has && len(c.options) == 0:
		c.line.Out = append(c.line.Out, why("no_centre", "pathway", q.Pathway))
	case q.Pathway != "":
		c.line.Reasons = append(c.line.Reasons, why("has_centre", "pathway", q.Pathway))
	}
	c.shut(q)
	if c.ID == q.Assessment.Wish {
		c.line.Reasons = append(c.line.Reasons, why("wish"))
	}
}

func optionOf(pathway string, a ems.Ability) option {
	o := option{level: a.Level}
	for _, d := range doors {
		if d.pathway == pathway && d.treatment == a.Treatment {
			s := d.expected
			o.doorS, o.aloneS = &s, d.unaware
		}
	}
	if s := cmp.Or(a.ActivatedS, a.DoorS); s > 0 {
		o.doorS, o.aloneS, o.own = &s, a.DoorS, true
	}
	return o
}

// give settles which treatment a hospital is ranked for.
func (c *candidate) give(t ems.Treatment) {
	o := c.options[t]
	c.line.Treatment, c.line.DoorS = t, o.doorS
	if c.line.TravelS != nil && o.doorS != nil {
		s := *c.line.TravelS + *o.doorS
		c.line.TreatS = &s
	}
}

// until is when a treatment begins, in seconds; nil when that is not known.
func (c *candidate) until(t ems.Treatment) *float64 {
	o, has := c.options[t]
	if !has || o.doorS == nil || c.line.TravelS == nil {
		return nil
	}
	s := *c.line.TravelS + *o.doorS
	return &s
}

// key is what hospitals are ordered by within a tier: the treatment, or the arrival where no time from the door is known, and the handicap.
func (c *candidate) key() *float64 {
	s := cmp.Or(c.line.TreatS, c.line.TravelS)
	if s == nil {
		return nil
	}
	k := *s + c.handicap
	return &k
}

// order is that of a list: tier, then time, then travel, then id.
func order(a, b *candidate) int {
	x, y := a.key(), b.key()
	switch {
	case a.tier != b.tier:
		return cmp.Compare(a.tier, b.tier)
	case x != nil && y != nil:
		return cmp.Or(cmp.Compare(*x, *y), cmp.Compare(*a.line.TravelS, *b.line.TravelS), cmp.Compare(a.ID, b.ID))
	case x != nil || y != nil:
		if x != nil {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.handicap, b.handicap), cmp.Compare(a.ID, b.ID))
}

// lines puts a list in order, with how much further each is than the nearest.
func (r *HospitalRanking) lines(q HospitalQuestion, cs []*candidate) []HospitalLine {
	var nearest *float64
	for _, c := range cs {
		c.busy(q)
		if t := c.line.TravelS; t != nil && (nearest == nil || *t < *nearest) {
			nearest = t
		}
	}
	slices.SortFunc(cs, order)
	if more := len(cs) - MaxHospitals; more > 0 {
		r.Missing = append(r.Missing, why("left_out_more", "count", strconv.Itoa(more)))
		cs = cs[:MaxHospitals]
	}
	out := []HospitalLine{}
	for _, c := range cs {
		if c.line.TravelS != nil {
			extra := *c.line.TravelS - *nearest
			c.line.ExtraS = &extra
		}
		c.line.Reasons = append(c.line.Reasons, c.counted()...)
		out = append(out, c.line)
	}
	return out
}

// counted says from what the predicted time was made.
func (c *candidate) counted() []Why {
	if c.line.DoorS == nil {
		return nil
	}
	o, args := c.options[c.line.Treatment], []string{"treatment", string(c.line.Treatment), "door_s", seconds(*c.line.DoorS)}
	if o.aloneS > *o.doorS {
		args = append(args, "alone_s", seconds(o.aloneS))
	}
	if o.own {
		return []Why{why("door_own", args...)}
	}
	return []Why{why("door_standard", args...)}
}

// Line gives the line of a hospital, and whether it is among the recommended.
func (r HospitalRanking) Line(h ems.HospitalID) (l HospitalLine, listed, found bool) {
	for _, l := range r.Hospitals {
		if l.Hospital == h {
			return l, true, true
		}
	}
	for _, l := range r.LeftOut {
		if l.Hospital == h {
			return l, false, true
		}
	}
	return HospitalLine{}, false, false
}

// Choice is how a hospital that is chosen stands to the ranking: how much later it is predicted to treat than the first, and why it was
// left out if it was. A difference that nobody can tell is none.
func (r HospitalRanking) Choice(h ems.HospitalID) ems.HospitalChoice {
	c := ems.HospitalChoice{Ranking: r.ID, Hospital: h}
	if len(r.Hospitals) > 0 {
		c.Best = r.Hospitals[0].Hospital
	}
	l, listed, found := r.Line(h)
	if !found || c.Best == "" {
		return c
	}
	if !listed && len(l.Out) > 0 {
		c.Against = l.Out[0].Code
	}
	best := r.Hospitals[0]
	switch {
	case l.TreatS != nil && best.TreatS != nil && l.Treatment == best.Treatment:
		c.SlowerS = max(0, *l.TreatS-*best.TreatS)
	case l.TravelS != nil && best.TravelS != nil:
		c.SlowerS = max(0, *l.TravelS-*best.TravelS)
	}
	return c
}
