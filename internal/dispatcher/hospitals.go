package dispatcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/match"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// rankings keeps the rankings that were shown, so that a choice can name the one it was made from (DSP-002). What is chosen from is in
// the journal then; one that is gone from here was shown long ago, and the choice is stored without it.
type rankings struct {
	mu   sync.Mutex
	by   map[string]match.HospitalRanking
	kept []string // oldest first
}

func (k *rankings) keep(r match.HospitalRanking) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil {
		k.by = map[string]match.HospitalRanking{}
	}
	k.by[r.ID] = r
	if k.kept = append(k.kept, r.ID); len(k.kept) > maxRankings {
		delete(k.by, k.kept[0])
		k.kept = k.kept[1:]
	}
}

// shown gives a ranking by its id; nil when there is none (any more).
func (k *rankings) shown(id string) *match.HospitalRanking {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r, ok := k.by[id]; ok {
		return &r
	}
	return nil
}

// rankAsk is a question as the owner of the state left it: the roads are asked beside it, for they may take their time.
type rankAsk struct {
	q      match.HospitalQuestion
	net    *roadlive.Roads
	places []roads.Place // of the unit, with its direction; nil: where From is
}

// answer asks the roads and ranks. Any goroutine.
func (a rankAsk) answer() match.HospitalRanking {
	if a.net != nil && a.q.From != nil {
		from := a.places
		if len(from) == 0 {
			from = a.net.Snap(*a.q.From)
		}
		if a.q.Roads, a.q.OffRoads = len(from) > 0, len(from) == 0; a.q.Roads {
			to := make([][]roads.Place, len(a.q.Hospitals))
			for i, h := range a.q.Hospitals {
				to[i] = a.net.Snap(h.Door())
			}
			for i, d := range a.net.Matrix(roadlive.Mission, [][]roads.Place{from}, to)[0] {
				if d != roadlive.None && len(to[i]) > 0 {
					a.q.Hospitals[i].Road = &d
				}
			}
		}
	}
	return match.Hospitals(a.q)
}

// askFor makes the question of a mission; pathway is another than the mission's own, when it is not empty.
func (c *Centre) askFor(s *desk.State, id ems.MissionID, pathway string, t time.Time) (rankAsk, error) {
	m := s.Missions[id]
	if m == nil {
		return rankAsk{}, fmt.Errorf("%w: mission %s", ErrNotFound, id)
	}
	var at *ems.WGS84
	var taken *time.Time
	if lv := c.units[m.Unit]; lv != nil && lv.fix != nil && lv.fix.Quality == ems.Good && t.Sub(lv.fix.Taken) <= match.LostAfter {
		pos, when := lv.fix.Pos, lv.fix.Taken
		at, taken = &pos, &when
	}
	q, err := s.HospitalQuestion(c.newID("hr"), id, t, at, taken, c.plan.FMC)
	if err != nil {
		return rankAsk{}, err
	}
	a := c.rankAsk(q, pathway)
	if q.FromKind == match.FromUnit && a.net != nil {
		c.ways.place(m.Unit, *at)
		a.places = slices.Clone(c.ways.at[m.Unit].places)
	}
	return a, nil
}

func (c *Centre) rankAsk(q match.HospitalQuestion, pathway string) rankAsk {
	q.Rules = c.cfg.City.HospitalRules
	if pathway != "" {
		q.Pathway = pathway
	}
	return rankAsk{q: q, net: c.ways.roads}
}

// rank has the owner make the question, and answers it on the caller's goroutine.
func (c *Centre) rank(ctx context.Context, make func(*desk.State, time.Time) (rankAsk, error)) (wire.HospitalRanking, error) {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	var a rankAsk
	var err error
	if lookErr := c.Look(ctx, func(s *desk.State) { a, err = make(s, now()) }); lookErr != nil {
		return wire.HospitalRanking{}, lookErr
	}
	if err != nil {
		return wire.HospitalRanking{}, err
	}
	r := a.answer()
	c.rankings.keep(r)
	return shownRanking(r)
}

// shownRanking is a ranking as screens get it.
func shownRanking(r match.HospitalRanking) (out wire.HospitalRanking, err error) {
	b, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	return out, err
}

// AboutPatient is what a question says of a patient for whom there is no mission yet.
type AboutPatient struct {
	Pathway  string         `query:"pathway" maxLength:"32" doc:"another than the one that stands"`
	LVO      string         `query:"lvo" enum:"yes,no," doc:"suspected large-vessel occlusion; empty: not assessed (CLN-001)"`
	Severe   string         `query:"severe" enum:"yes,no,"`
	Unstable string         `query:"unstable" enum:"yes,no,"`
	LastWell time.Time      `query:"last_well" doc:"when the patient was last known well; absent: not known"`
	Wish     ems.HospitalID `query:"wish" maxLength:"64"`
}

func (a AboutPatient) assessment() ems.Assessment {
	out := ems.Assessment{LVO: a.LVO, Severe: a.Severe, Unstable: a.Unstable, Wish: a.Wish}
	if !a.LastWell.IsZero() {
		at := a.LastWell.UTC()
		out.LastWell = &at
	}
	return out
}

// place makes the question of a place.
func (c *Centre) placeAsk(s *desk.State, a AboutPatient, at *ems.WGS84, kind string, t time.Time) rankAsk {
	return c.rankAsk(match.HospitalQuestion{ID: c.newID("hr"), At: t.UTC(), From: at, FromKind: kind, Assessment: a.assessment(), Hospitals: s.HospitalsNow(), Simulated: s.Demo}, a.Pathway)
}

// chooseHospitals registers what the choice of a hospital needs.
func (c *Centre) chooseHospitals(api huma.API, get, post func(path, id, summary string) huma.Operation) {
	huma.Register(api, get("/api/v1/missions/{id}/hospitals", "mission-hospitals", "Hospitals for a mission's patient, by when treatment is predicted to begin"),
		func(ctx context.Context, in *struct {
			ID      string `path:"id" maxLength:"64"`
			Pathway string `query:"pathway" maxLength:"32" doc:"another than the one that stands"`
		}) (*answer[wire.HospitalRanking], error) {
			return give(c.rank(ctx, func(s *desk.State, t time.Time) (rankAsk, error) {
				return c.askFor(s, ems.MissionID(in.ID), in.Pathway, t)
			}))
		})
	huma.Register(api, get("/api/v1/incidents/{id}/hospitals", "incident-hospitals", "The same from an incident's place, before there is a mission"),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"64"`
			AboutPatient
		}) (*answer[wire.HospitalRanking], error) {
			return give(c.rank(ctx, func(s *desk.State, t time.Time) (rankAsk, error) {
				i := s.Incidents[ems.IncidentID(in.ID)]
				if i == nil {
					return rankAsk{}, fmt.Errorf("%w: incident %s", ErrNotFound, in.ID)
				}
				a := c.placeAsk(s, in.AboutPatient, i.Place.Pos, match.FromScene, t)
				a.q.Incident = i.ID
				if in.Pathway == "" {
					a.q.Pathway = i.Pathway
				}
				return a, nil
			}))
		})
	huma.Register(api, get("/api/v1/hospitals/ranked", "place-hospitals", "The same from any place"),
		func(ctx context.Context, in *struct {
			Lat float64 `query:"lat" required:"true" minimum:"-90" maximum:"90" doc:"WGS-84"`
			Lon float64 `query:"lon" required:"true" minimum:"-180" maximum:"180"`
			AboutPatient
		}) (*answer[wire.HospitalRanking], error) {
			at := ems.WGS84{Lat: in.Lat, Lon: in.Lon}
			if !at.Valid() {
				return nil, huma.NewError(http.StatusUnprocessableEntity, "0, 0 is no place: give one")
			}
			return give(c.rank(ctx, func(s *desk.State, t time.Time) (rankAsk, error) {
				return c.placeAsk(s, in.AboutPatient, &at, match.FromPlace, t), nil
			}))
		})
	huma.Register(api, post("/api/v1/missions/{id}/assessment", "assess-mission", "What is known of a patient for the choice of a hospital"),
		func(ctx context.Context, in *target[wire.AssessBody]) (*answer[ems.Mission], error) {
			return give(act[ems.Mission](ctx, c, in.actor(), desk.Missions, desk.AssessMission{Act: req(in.Body.Act), Mission: ems.MissionID(in.ID), Assessed: assessed(in.Body)}))
		})
	huma.Register(api, post("/api/v1/missions/{id}/hospital-reason", "explain-hospital", "Why another hospital than the first was chosen (DSP-002)"),
		func(ctx context.Context, in *target[wire.ReasonBody]) (*answer[ems.Mission], error) {
			return give(act[ems.Mission](ctx, c, in.actor(), desk.Missions, desk.ExplainHospital{Act: req(in.Body.Act), Mission: ems.MissionID(in.ID), Reason: in.Body.Reason}))
		})
	huma.Register(api, post("/api/v1/hospitals/{id}/board", "set-board", "How a part of a hospital is now: open, busy, closed"),
		func(ctx context.Context, in *noticeTarget[wire.BoardBody]) (*answer[ems.HospitalBoard], error) {
			b := in.Body
			return give(act[ems.HospitalBoard](ctx, c, in.speaker(), desk.Boards, desk.SetBoard{Act: req(b.Act), Hospital: ems.HospitalID(in.ID), From: in.Hospital, Part: b.Part,
				State: b.State, Reason: b.Reason, Count: b.Count, Until: b.Until}))
		})
	huma.Register(api, post("/api/v1/hospitals/{id}/board/confirm", "confirm-board", "All of a hospital's board is still so"),
		func(ctx context.Context, in *noticeTarget[wire.Act]) (*answer[ems.HospitalBoard], error) {
			return give(act[ems.HospitalBoard](ctx, c, in.speaker(), desk.Boards, desk.ConfirmBoard{Act: req(in.Body), Hospital: ems.HospitalID(in.ID), From: in.Hospital}))
		})
}

// speaker is who acts: for a hospital, or at a desk.
func (t noticeTarget[B]) speaker() desk.Actor {
	who := t.actor()
	if t.Hospital != "" {
		who.Role = "hospital"
	}
	return who
}

func assessed(b wire.AssessBody) desk.Assessed {
	return desk.Assessed{LVO: b.LVO, Severe: b.Severe, Unstable: b.Unstable, LastWell: b.LastWell, LastWellUnknown: b.LastWellUnknown, Wish: b.Wish}
}

// boardView is a board as screens see it: with the limits of its age (SCR-001).
func (c *Centre) boardView(b ems.HospitalBoard) ems.HospitalBoard {
	r := match.HospitalRules(c.cfg.City.HospitalRules)
	b.StaleS, b.GoneS = r.BoardStaleS, r.BoardGoneS
	return b
}

// hospitalsAsked answers a vehicle that asks for a ranking for its own mission, beside the owner; one at a time for each vehicle. What is
// lost is asked again, so nothing here is owed.
func (c *Centre) hospitalsAsked(u ems.UnitID, b *pb.HospitalsAsked, t time.Time) {
	m := c.state.Missions[ems.MissionID(b.Mission)]
	if m == nil || m.Unit != u || c.asking[u] || len(b.Ask) > 64 || len(b.Pathway) > 32 {
		return
	}
	a, err := c.askFor(c.state, m.ID, b.Pathway, t)
	if err != nil {
		return
	}
	if c.asking == nil {
		c.asking = map[ems.UnitID]bool{}
	}
	c.asking[u] = true
	go func() {
		r := a.answer()
		c.rankings.keep(r)
		c.post(func() {
			delete(c.asking, u)
			c.tellHospitals(u, b.Ask, r)
		})
	}()
}

func (c *Centre) tellHospitals(u ems.UnitID, ask string, r match.HospitalRanking) {
	shown, err := shownRanking(r)
	if err != nil {
		c.log.Error("a ranking has no JSON", "err", err)
		return
	}
	m, err := wire.PackHospitals(ask, shown)
	if err == nil {
		err = c.publish(u, link.DownHospitals, m)
	}
	if err != nil && !errors.Is(err, link.ErrDown) {
		c.count.unsent.Add(1)
	}
}
