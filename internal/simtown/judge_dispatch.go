package simtown

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/match"
	"lifeline120/internal/wire"
)

// question is what was known when a recommendation was asked for.
type question struct {
	match.Question
	at    time.Time
	whole bool // nothing of it waited for the store: this is all that the dispatcher knew
}

// choice is what a person decided about a recommendation, by the id of the act.
type choice struct {
	incident       ems.IncidentID
	unit           ems.UnitID
	recommendation string
	lastResort     bool
	by             string
	answered       time.Time // zero: nobody said that the order is queued
	mission        ems.MissionID
	slowerS        float64
}

// asks: a desk asks, and this is what its screen shows.
func (o *oracle) asks(q question) {
	if q.at.IsZero() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.questions[q.at.UnixNano()] = q
}

// recommended: a desk was given a recommendation.
func (o *oracle) recommended(r wire.Recommendation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.report.Recommended++
	o.answers[r.ID] = r
	o.answeredAt[r.ID] = now()
}

func (o *oracle) chose(req string, c choice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.choices[req] = &c
}

// sent: a desk was told that the order is queued.
func (o *oracle) sent(req string, r wire.Recommendation, d wire.Dispatched) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(r.Units) == 0 || r.Units[0].Unit != d.Mission.Unit {
		o.report.Otherwise++
	}
	c := o.choices[req]
	c.answered, c.mission, c.slowerS = now(), d.Mission.ID, d.Mission.SlowerS
}

func (o *oracle) explained(m ems.MissionID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reasons[m] = now()
}

// fitness is what the journal says of a unit at one event.
type fitness struct {
	duty    ems.UnitDuty
	kind    ems.UnitKind
	mission ems.MissionID
}

// judgeDispatch folds who was fit when, and holds recommendations and choices against it (DSP-001, DSP-002, DSP-007).
func (o *oracle) judgeDispatch(events []journal.Event) {
	units := map[ems.UnitID]*fitness{}
	unit := func(u ems.UnitID) *fitness {
		if units[u] == nil {
			units[u] = &fitness{}
		}
		return units[u]
	}
	missions := map[ems.MissionID]ems.UnitID{}
	types := map[ems.IncidentID]ems.IncidentType{}
	made := map[string]match.Recommendation{}
	ordered := map[string]bool{}
	told := map[ems.MissionID]bool{}
	reads := func(e journal.Event, v any) bool {
		if err := json.Unmarshal(e.Body, v); err != nil {
			o.brokenLocked("event %d cannot be read: %v", e.Seq, err)
			return false
		}
		return true
	}
	for _, e := range events {
		switch desk.Type(e.Type) {
		case desk.TypeUnitRegistered:
			var b desk.UnitRegistered
			if reads(e, &b) {
				unit(b.Unit.ID).kind = b.Unit.Kind
			}
		case desk.TypeUnitDuty:
			var b desk.UnitDutySet
			if reads(e, &b) {
				unit(b.Unit).duty = b.Duty
			}
		case desk.TypeIncidentOpened:
			var b struct {
				ID   ems.IncidentID   `json:"id"`
				Type ems.IncidentType `json:"type"`
			}
			if reads(e, &b) {
				types[b.ID] = b.Type
			}
		case desk.TypeMissionEnded:
			var b desk.MissionEnded
			if reads(e, &b) && unit(missions[b.Mission]).mission == b.Mission {
				unit(missions[b.Mission]).mission = ""
			}
		case desk.TypeNodeSet:
			var b desk.NodeSet
			if reads(e, &b) && (b.Node.Node == ems.NodeAvailable || b.Node.Node == ems.NodeAtStation) && unit(missions[b.Mission]).mission == b.Mission {
				unit(missions[b.Mission]).mission = ""
			}
		case desk.TypeRecommended:
			var b desk.Recommended
			if reads(e, &b) {
				made[b.Recommendation.ID] = b.Recommendation
				o.judgeRanks(b.Recommendation, units, types[b.Recommendation.Incident])
				o.judgeAnswer(b.Recommendation)
			}
		case desk.TypeMissionOrdered:
			var b desk.MissionOrdered
			if !reads(e, &b) {
				continue
			}
			o.judgeOrder(e, b, *unit(b.Unit), types[b.Incident], made)
			ordered[b.Req], missions[b.ID] = true, b.Unit
			unit(b.Unit).mission = b.ID
		case desk.TypeChoiceExplained:
			var b desk.ChoiceExplained
			if reads(e, &b) {
				told[b.Mission] = true
			}
		default:
		}
	}
	for _, id := range sortedKeys(o.answers) {
		r, stored := made[id]
		switch {
		case !stored && !o.mayBeLost(o.answeredAt[id]):
			o.brokenLocked("DSP-002: a desk was shown recommendation %s, and the journal does not hold it", id)
		case stored && !sameJSON(o.answers[id], wireOf(r)):
			o.brokenLocked("DSP-002: recommendation %s was shown as %s and is stored as %s", id, textOf(o.answers[id]), textOf(r))
		}
		o.look("DSP-002")
	}
	for _, req := range sortedKeys(o.choices) {
		c := o.choices[req]
		if c.answered.IsZero() || o.mayBeLost(c.answered) {
			continue
		}
		o.look("DSP-002")
		if !ordered[req] {
			o.brokenLocked("DSP-002: %s chose %s for %s, was told that it is sent, and the journal does not hold it", c.by, c.unit, c.incident)
		}
		if at, gave := o.reasons[c.mission]; gave && !told[c.mission] && !o.mayBeLost(at) {
			o.brokenLocked("DSP-002: %s said why %s was sent on %s, and the journal does not hold it", c.by, c.unit, c.mission)
		}
	}
}

func textOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func sameJSON(a, b any) bool { return textOf(a) == textOf(b) }

func wireOf(r match.Recommendation) (w wire.Recommendation) {
	if json.Unmarshal([]byte(textOf(r)), &w) != nil {
		return wire.Recommendation{}
	}
	return w
}

func emergency(t ems.IncidentType) bool { return t != ems.Transport }

// unfitFor says why a unit may not be recommended; "" when it may.
func (f fitness) unfitFor(t ems.IncidentType) string {
	switch {
	case f.duty != ems.OnDuty:
		return "duty " + string(f.duty)
	case f.kind == ems.UnitTransport && emergency(t):
		return "a transport unit"
	}
	return ""
}

// judgeRanks holds a recommendation against what the journal says of the units (DSP-001), and what it must say of itself (DSP-002).
func (o *oracle) judgeRanks(r match.Recommendation, units map[ems.UnitID]*fitness, t ems.IncidentType) {
	listed := map[ems.UnitID]string{}
	list := func(u ems.UnitID, where string) {
		if other, twice := listed[u]; twice && (where != "last resort" || other != "left out") {
			o.brokenLocked("DSP-001: recommendation %s names %s as %s and as %s", r.ID, u, other, where)
		}
		listed[u] = where
	}
	for _, l := range r.LeftOut {
		o.look("DSP-001")
		list(l.Unit, "left out")
		if len(l.Why) == 0 {
			o.brokenLocked("DSP-002: recommendation %s leaves out %s and does not say why", r.ID, l.Unit)
		}
		if f := units[l.Unit]; f != nil && f.unfitFor(t) == "" && f.mission == "" && !slices.ContainsFunc(l.Why, func(w match.Why) bool { return w.Code == "out_of_radius" }) {
			o.brokenLocked("DSP-001: recommendation %s leaves out %s, which is fit and free: %v", r.ID, l.Unit, l.Why)
		}
	}
	for _, u := range r.Units {
		o.look("DSP-001")
		list(u.Unit, "recommended")
		f := units[u.Unit]
		switch {
		case f == nil:
			o.brokenLocked("DSP-001: recommendation %s names %s, which nobody registered", r.ID, u.Unit)
		case f.unfitFor(t) != "":
			o.brokenLocked("DSP-001: recommendation %s for an emergency names %s: %s", r.ID, u.Unit, f.unfitFor(t))
		case f.mission != "":
			o.brokenLocked("DSP-001: recommendation %s names %s, which is on mission %s", r.ID, u.Unit, f.mission)
		}
	}
	for _, u := range r.LastResort {
		o.look("DSP-001")
		list(u.Unit, "last resort")
		if len(r.Units) > 0 {
			o.brokenLocked("DSP-001: recommendation %s shows the last resort %s beside %s, which is fit", r.ID, u.Unit, r.Units[0].Unit)
		}
		if len(u.Caution) == 0 {
			o.brokenLocked("DSP-001: recommendation %s shows the last resort %s and does not say what is wrong with it", r.ID, u.Unit)
		}
		if f := units[u.Unit]; f != nil && f.mission != "" {
			o.brokenLocked("DSP-001: recommendation %s has %s as a last resort, which is on mission %s", r.ID, u.Unit, f.mission)
		}
	}
	for _, u := range slices.Concat(r.Soon, r.Divert) {
		if f := units[u.Unit]; f == nil || f.mission == "" || f.mission != u.Mission || f.unfitFor(t) != "" {
			o.brokenLocked("DSP-001: recommendation %s has %s on mission %s; the journal has %+v", r.ID, u.Unit, u.Mission, f)
		}
	}
	for u := range units {
		if listed[u] == "" && len(units) <= match.MaxUnits {
			o.brokenLocked("DSP-001: recommendation %s says nothing of %s", r.ID, u)
		}
	}
	o.look("DSP-002")
	if !slices.ContainsFunc(r.Missing, func(w match.Why) bool { return w.Code == "roads" }) || r.Method != "straight_line" {
		o.brokenLocked("DSP-002: recommendation %s does not say that it knows no roads: %s, %v", r.ID, r.Method, r.Missing)
	}
}

// failedParts are those of a unit as the screens show it; the link and the receiver by what the rule says, in words of this page.
func failedParts(u match.Unit, at time.Time) (parts []string) {
	if !u.Online {
		parts = append(parts, "link")
	}
	gnss := u.Fix == nil || u.Fix.Quality == ems.NoFix || at.Sub(u.Fix.Taken) > 120*time.Second
	for _, d := range u.Devices {
		dead := d.State == ems.DeviceAbsent || d.State == ems.DeviceSilent || d.State == ems.DeviceGarbled || d.State == ems.DeviceDemo && !u.Simulated
		switch {
		case dead && d.Kind == "gnss":
			gnss = true
		case dead:
			parts = append(parts, d.Kind)
		}
	}
	if gnss {
		parts = append(parts, "gnss")
	}
	return parts
}

// clearlyFaster is by how many seconds a unit with a failed part must be faster to stand before one that has none.
const clearlyFaster = 180

// judgeAnswer holds a recommendation against what the asking desk's screen showed at that instant: what failed is named and ranks behind
// (DSP-001), travel times are those of the places shown and reasons are given (DSP-002), and the same question put in another order, by another who
// asks, has the same answer (DSP-007).
func (o *oracle) judgeAnswer(r match.Recommendation) {
	q, known := o.questions[r.At.UnixNano()]
	if !known || !q.whole || q.Incident.ID != r.Incident {
		return
	}
	by := map[ems.UnitID]match.Unit{}
	for _, u := range q.Units {
		by[u.ID] = u
	}
	failed := map[ems.UnitID]bool{}
	for _, u := range slices.Concat(r.Units, r.LastResort) {
		o.look("DSP-001")
		parts := failedParts(by[u.Unit], q.at)
		failed[u.Unit] = len(parts) > 0
		var named []string
		for _, w := range u.Caution {
			if w.Code == "failed_part" {
				named = append(named, w.Args["part"])
			}
		}
		slices.Sort(named)
		slices.Sort(parts)
		if !slices.Equal(named, parts) {
			o.brokenLocked("DSP-001: recommendation %s names the failed parts %v of %s, and the screens show %v", r.ID, named, u.Unit, parts)
		}
		o.judgeTravel(r.ID, q, u, by[u.Unit])
		if want := putBack(q, by[u.Unit]); math.Abs(want-u.HandicapS) > 0.001 {
			o.brokenLocked("DSP-002: recommendation %s puts %s back by %.0f s, and what the screens show by %.0f s", r.ID, u.Unit, u.HandicapS, want)
		}
	}
	for _, list := range [][]match.Ranked{r.Units, r.LastResort} {
		for i, a := range list {
			for _, b := range list[i+1:] {
				o.judgePair(r.ID, a, b, failed)
			}
		}
	}
	o.look("DSP-007")
	again := q.Question
	again.ID, again.At = r.ID, r.At
	again.Units = slices.Clone(q.Units)
	rand.New(rand.NewPCG(o.town.seed, uint64(r.At.UnixNano()))).Shuffle(len(again.Units), func(i, j int) {
		again.Units[i], again.Units[j] = again.Units[j], again.Units[i]
	})
	if other := match.Recommend(again); !sameJSON(r.Units, other.Units) || !sameJSON(r.LeftOut, other.LeftOut) || !sameJSON(r.LastResort, other.LastResort) ||
		!sameJSON(r.Missing, other.Missing) || !sameJSON(r.Soon, other.Soon) || !sameJSON(r.Divert, other.Divert) {
		o.brokenLocked("DSP-007: recommendation %s is %s, and to the same question in another order the answer is %s", r.ID, textOf(r), textOf(other))
	}
	for i := 0; i+1 < len(r.Units); i++ {
		a, b := r.Units[i], r.Units[i+1]
		if sameSeconds(a.EtaS, b.EtaS) && a.HandicapS == b.HandicapS && a.Unit > b.Unit {
			o.brokenLocked("DSP-007: recommendation %s has %s before %s, which are equal: ties break on the name", r.ID, a.Unit, b.Unit)
		}
	}
	o.judgeFirst(r, again)
	o.judgeBusy(r, q, by)
}

// judgeFirst holds what a unit is said to need against the answer to a question in which it has that: it is first then, or it is not.
func (o *oracle) judgeFirst(r match.Recommendation, q match.Question) {
	for _, l := range r.LeftOut {
		if len(l.First) != 1 {
			o.brokenLocked("DSP-002: recommendation %s leaves out %s and says %v of what it needs to be first", r.ID, l.Unit, l.First)
			continue
		}
		o.look("DSP-002")
		other := q
		other.Units = slices.Clone(q.Units)
		i := slices.IndexFunc(other.Units, func(u match.Unit) bool { return u.ID == l.Unit })
		u := &other.Units[i]
		said, promised := l.First[0].Code, false
		switch said {
		case "first_duty":
			promised, u.Duty = true, ems.OnDuty
		case "first_recall", "first_free":
			promised, u.Mission = true, ""
		case "first_no":
			u.Duty, u.Mission = ems.OnDuty, ""
		default:
			continue
		}
		is := match.Recommend(other)
		if first := len(is.Units) > 0 && is.Units[0].Unit == l.Unit; first != promised {
			o.brokenLocked("DSP-002: recommendation %s says %s of %s; with that the first is %s", r.ID, said, l.Unit, textOf(is.Units))
		}
	}
}

// judgeBusy holds the units that are on a mission, and stand beside the ranked ones, against what the screens show of them.
func (o *oracle) judgeBusy(r match.Recommendation, q question, by map[ems.UnitID]match.Unit) {
	for i, list := range [][]match.Ranked{r.Soon, r.Divert} {
		for _, x := range list {
			o.look("DSP-001")
			u := by[x.Unit]
			switch {
			case u.Mission == "" || u.Mission != x.Mission:
				o.brokenLocked("DSP-001: recommendation %s has %s as busy with %q, and the screens show it on %q", r.ID, x.Unit, x.Mission, u.Mission)
			case u.Duty != ems.OnDuty:
				o.brokenLocked("DSP-001: recommendation %s offers %s, which is %s", r.ID, x.Unit, u.Duty)
			case i == 0 && (x.FreeAt == nil || x.FreeAt.Before(q.at.Add(-time.Second)) || x.EtaS == nil || *x.EtaS < x.FreeAt.Sub(q.at).Seconds()-1):
				o.brokenLocked("DSP-002: recommendation %s has %s free at %v and there in %v", r.ID, x.Unit, x.FreeAt, x.EtaS)
			case i == 1 && (x.Act != "recall" || u.Task == nil || u.Task.Priority <= q.Incident.Priority || len(u.Task.Incident) == 0):
				o.brokenLocked("DSP-001: recommendation %s would take %s from somebody as urgent: %v", r.ID, x.Unit, u.Task)
			}
		}
	}
}

func sameSeconds(a, b *float64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// judgePair holds the order of two ranked units, of which a stands before b: by time and what each is put back by, then time, then name.
func (o *oracle) judgePair(id string, a, b match.Ranked, failed map[ems.UnitID]bool) {
	switch {
	case a.EtaS == nil && b.EtaS != nil:
		o.brokenLocked("DSP-001: recommendation %s has %s, of which no travel time is known, before %s", id, a.Unit, b.Unit)
	case a.EtaS == nil || b.EtaS == nil:
		if a.EtaS == nil && failed[a.Unit] && !failed[b.Unit] {
			o.brokenLocked("DSP-001: recommendation %s has %s with a failed part before %s, and neither is known to be faster", id, a.Unit, b.Unit)
		}
	case failed[a.Unit] && !failed[b.Unit] && *b.EtaS+b.HandicapS-*a.EtaS < clearlyFaster:
		o.brokenLocked("DSP-001: recommendation %s has %s with a failed part before %s: %.0f s and %.0f s", id, a.Unit, b.Unit, *a.EtaS, *b.EtaS)
	case *a.EtaS+a.HandicapS > *b.EtaS+b.HandicapS:
		o.brokenLocked("DSP-001: recommendation %s has the slower %s before %s: %.0f s and %.0f s, put back by %.0f s and %.0f s", id, a.Unit, b.Unit, *a.EtaS, *b.EtaS,
			a.HandicapS, b.HandicapS)
	}
}

// What this page knows of the rules that rank, in words of its own (docs/choosing.md): who has rested less than 20 minutes in 4 hours, or in 4
// missions, is put back by a minute, except where the nearest goes first. The town has no areas, shifts and expected calls.
const (
	tired        = 60.0
	withoutBreak = 4 * time.Hour
	aBreak       = 20 * time.Minute
	inARow       = 4
)

// putBack is by how much a unit is ranked behind its time.
func putBack(q question, u match.Unit) (s float64) {
	if len(failedParts(u, q.at)) > 0 {
		s += clearlyFaster
	}
	if q.Incident.Priority == ems.PriorityA {
		return s
	}
	began, missions := q.at, 0
	for again := true; again; { // the chain of missions without a break, backwards from now
		again, missions = false, 0
		for _, w := range u.Work {
			if began.Sub(w.To) < aBreak {
				missions++
				if w.From.Before(began) {
					began, again = w.From, true
				}
			}
		}
	}
	if q.at.Sub(began) >= withoutBreak || missions >= inARow {
		s += tired
	}
	return s
}

// turnOut is how long a crew at its station takes until its wheels turn; the town's clocks are Beijing's.
func turnOut(u match.Unit, at time.Time) float64 {
	switch h := (at.UTC().Hour() + 8) % 24; {
	case u.State != ems.MissionAtStation:
		return 0
	case h >= 22 || h < 6:
		return 120
	}
	return 90
}

// judgeTravel holds the travel time of a unit whose place is fresh against that place, by a formula of its own; and what it says of it.
func (o *oracle) judgeTravel(id string, q question, u match.Ranked, v match.Unit) {
	o.look("DSP-002")
	has := func(ws []match.Why, code string) bool {
		return slices.ContainsFunc(ws, func(w match.Why) bool { return w.Code == code })
	}
	to := q.Incident.Place.Pos
	if (u.EtaS != nil) != has(u.Reasons, "travel") {
		o.brokenLocked("DSP-002: recommendation %s gives %v of %s as its reasons", id, u.Reasons, u.Unit)
	}
	if u.EtaS != nil && to == nil {
		o.brokenLocked("DSP-002: recommendation %s gives %s a travel time to nowhere", id, u.Unit)
	}
	if v.Fix == nil || v.Fix.Quality == ems.NoFix || to == nil || u.DistanceM == nil {
		return
	}
	age := q.at.Sub(v.Fix.Taken)
	if old := age > 30*time.Second; old && !has(u.Caution, "stale_position") && !has(u.Caution, "lost_position") && !has(u.Caution, "station_position") {
		o.brokenLocked("DSP-002: recommendation %s does not say that the place of %s is %v old", id, u.Unit, age)
	} else if !old {
		if m := metres(v.Fix.Pos, *to); math.Abs(m-*u.DistanceM) > 2+m/200 || math.Abs(*u.EtaS-*u.DistanceM*1.4/(40/3.6)-turnOut(v, q.at)) > 1 {
			o.brokenLocked("DSP-002: recommendation %s has %s %.0f m and %.0f s away, and the screens show it %.0f m away", id, u.Unit, *u.DistanceM, *u.EtaS, m)
		}
	}
}

// metres between two places of one town, by a formula of the judge's own: flat, on the mean Earth.
func metres(a, b ems.WGS84) float64 {
	const perDegree = 6371008.8 * math.Pi / 180
	dy, dx := (b.Lat-a.Lat)*perDegree, (b.Lon-a.Lon)*perDegree*math.Cos((a.Lat+b.Lat)/2*math.Pi/180)
	return math.Hypot(dx, dy)
}

// judgeOrder holds an order against the choice of a person: nobody is sent whom nobody chose, and who is not fit only by name.
func (o *oracle) judgeOrder(e journal.Event, b desk.MissionOrdered, f fitness, t ems.IncidentType, made map[string]match.Recommendation) {
	o.look("DSP-001")
	o.look("DSP-002")
	c := o.choices[b.Req]
	switch {
	case c == nil:
		o.brokenLocked("DSP-002: event %d sends %s to %s, and nobody chose that", e.Seq, b.Unit, b.Incident)
		return
	case c.unit != b.Unit || c.incident != b.Incident || c.by != b.By:
		o.brokenLocked("DSP-002: event %d sends %s to %s by %s; chosen was %s for %s by %s", e.Seq, b.Unit, b.Incident, b.By, c.unit, c.incident, c.by)
	}
	if why := f.unfitFor(t); why != "" && (!c.lastResort || b.LastResort != c.by) {
		o.brokenLocked("DSP-001: event %d sends %s (%s) as last resort by %q; the person who chose is %s (by name: %v)", e.Seq, b.Unit, why, b.LastResort, c.by, c.lastResort)
	}
	r, stored := made[b.Recommendation]
	if b.Recommendation != c.recommendation && !(b.Recommendation == "" && o.mayBeLost(o.answeredAt[c.recommendation])) {
		o.brokenLocked("DSP-002: mission %s was chosen from recommendation %q and names %q", b.ID, c.recommendation, b.Recommendation)
	}
	if b.Recommendation != "" && !stored {
		o.brokenLocked("DSP-002: mission %s names recommendation %s, which is not stored before it", b.ID, b.Recommendation)
	}
	if want := slower(r, b.Unit); math.Abs(b.SlowerS-want) > 0.001 {
		o.brokenLocked("DSP-002: mission %s of %s is said to be %.0f s slower than the best of %s; it is %.0f s", b.ID, b.Unit, b.SlowerS, b.Recommendation, want)
	}
}

// slower is by how much later a choice is there than the one that stands first in a recommendation.
func slower(r match.Recommendation, u ems.UnitID) float64 {
	times := map[ems.UnitID]*float64{}
	for _, x := range r.LeftOut {
		times[x.Unit] = x.EtaS
	}
	for _, x := range slices.Concat(r.Divert, r.LastResort, r.Units) {
		times[x.Unit] = x.EtaS
	}
	if len(r.Units) == 0 || r.Units[0].EtaS == nil || times[u] == nil {
		return 0
	}
	return max(0, *times[u]-*r.Units[0].EtaS)
}
