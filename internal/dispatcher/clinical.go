package dispatcher

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/mission"
	"lifeline120/internal/pathway"
	"lifeline120/internal/store"
	"lifeline120/internal/vitals"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

const (
	casesColl  = "cases"
	limitsColl = "limits"
	limitsKind = "alarm_limits" // documents: the limits of one hospital, newest change last
	maxChanges = 50             // of limits, kept with who and when
)

// shownCase is a case as the screens were told.
type shownCase struct {
	pathway.Case
	raw json.RawMessage
}

// facts are what is known of a mission's case.
func (c *Centre) facts(m *ems.Mission) (pathway.Facts, string) {
	f := pathway.Facts{}
	key := ""
	if i := c.state.Incidents[m.Incident]; i != nil {
		key = i.Pathway
		call := pathway.Fact{At: i.Opened, Source: string(ems.SourceDesk), By: i.OpenedBy}
		for _, id := range i.Alarms {
			if a := c.state.Alarms[id]; a != nil && a.Received.Before(call.At) {
				call = pathway.Fact{At: a.Received, Source: "alarm"}
			}
		}
		f["call"] = call
	}
	if n := c.state.Notices[m.Notice]; n != nil && n.Pathway != "" {
		key = n.Pathway
	}
	c.plan.Mission(f, m.Nodes)
	if a := m.Assessment; a != nil && a.LastWell != nil {
		f["last_well"] = pathway.Fact{At: *a.LastWell, Source: assessor(a), By: a.By}
	}
	return f, key
}

// assessor says who an assessment is from, in the words of a node's source.
func assessor(a *ems.Assessment) string {
	if a.Desk != "" {
		return string(ems.SourceDesk)
	}
	return string(ems.SourceKey)
}

// showCases holds the cases of running missions against their targets, and tells the screens when more than the seconds has changed:
// those they count by themselves from what is left at the case's own time.
func (c *Centre) showCases(t time.Time) {
	var ops []wire.Op
	for id, m := range c.state.Missions {
		if !c.casesOf(m) {
			continue
		}
		f, key := c.facts(m)
		now := c.plan.Case(id, key, f, t)
		now.Simulated = m.Simulated
		if old, shown := c.cases[id]; shown && old.Same(now) {
			continue
		}
		op := webfeed.Set(casesColl, string(id), now)
		c.cases[id] = shownCase{now, op.V}
		ops = append(ops, op)
	}
	for id := range c.cases {
		if !c.casesOf(c.state.Missions[id]) {
			delete(c.cases, id)
			ops = append(ops, webfeed.Delete(casesColl, string(id)))
		}
	}
	if len(ops) == 0 {
		return
	}
	slices.SortFunc(ops, func(a, b wire.Op) int { return cmp.Compare(a.K, b.K) })
	c.hub.Publish(consoleTopic, ops...)
	for h := range c.views {
		c.showHospital(h)
	}
}

// casesOf says whether a mission has a case: from the order until the unit is free of it, and while its hospital still sees the patient.
func (c *Centre) casesOf(m *ems.Mission) bool {
	if m == nil || !c.recorded(desk.Ref{C: desk.Missions, K: string(m.ID)}) && !c.silent {
		return false
	}
	return !mission.Ended(m.State) || m.Notice != "" && c.cases[m.ID].raw != nil && c.views[m.Destination] != nil && c.views[m.Destination].sent[string(desk.Missions)][string(m.ID)] != nil
}

// limitChange is one change of a hospital's limits: all of them as they stood from then on.
type limitChange struct {
	Limits []vitals.AlarmLimits `json:"limits"`
	By     string               `json:"by"`
	At     time.Time            `json:"at"`
}

// loadLimits reads what hospitals have made of the limits.
func (c *Centre) loadLimits(ctx context.Context) error {
	docs, err := c.cfg.Store.Docs(ctx, limitsKind)
	if err != nil {
		return fmt.Errorf("read alarm limits: %w", err)
	}
	for id, raw := range docs {
		var changes []limitChange
		if err := json.Unmarshal(raw, &changes); err != nil {
			return fmt.Errorf("read alarm limits of %s: %w", id, err)
		}
		c.limits[ems.HospitalID(id)] = changes
	}
	return nil
}

// limitsOf are the limits of a hospital, by channel: its own, or the defaults.
func (c *Centre) limitsOf(h ems.HospitalID) map[string]wire.ChannelLimits {
	out := map[string]wire.ChannelLimits{}
	changes := c.limits[h]
	if len(changes) == 0 {
		for _, l := range vitals.DefaultAlarmLimits() {
			out[string(l.Channel)] = wire.ChannelLimits{AlarmLimits: l}
		}
		return out
	}
	last := changes[len(changes)-1]
	for _, l := range last.Limits {
		at := last.At
		out[string(l.Channel)] = wire.ChannelLimits{AlarmLimits: l, By: last.By, At: &at}
	}
	return out
}

// setLimits keeps what a hospital makes of its limits, with who and when; screens have them before it answers.
func (c *Centre) setLimits(ctx context.Context, h ems.HospitalID, who desk.Actor, limits []vitals.AlarmLimits) error {
	seen := map[ems.Channel]bool{}
	for _, l := range limits {
		if err := l.Check(); err != nil || seen[l.Channel] || ems.CheckName(string(l.Channel)) != nil {
			return huma.NewError(http.StatusUnprocessableEntity, fmt.Sprintf("limits of %s are refused: %v", l.Channel, err))
		}
		seen[l.Channel] = true
	}
	var changes []limitChange
	known := false
	if err := c.Look(ctx, func(s *desk.State) { changes, known = slices.Clone(c.limits[h]), s.Hospitals[h] != nil }); err != nil {
		return err
	}
	if !known {
		return ErrNotFound
	}
	changes = append(changes, limitChange{limits, who.By, now().UTC()})
	changes = changes[max(0, len(changes)-maxChanges):]
	raw, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	if err := c.cfg.Store.PutDoc(ctx, limitsKind, string(h), raw); err != nil {
		return huma.NewError(http.StatusServiceUnavailable, "the store does not answer; the limits stand as they were")
	}
	return c.Look(ctx, func(*desk.State) {
		c.limits[h] = changes
		c.showHospital(h)
	})
}

// trend gathers the stored readings of a patient into equal steps of time. Where nothing was stored is a gap, and stays one.
func (c *Centre) trend(ctx context.Context, id ems.PatientID, h ems.HospitalID, minutes, points int) (wire.Trend, error) {
	to := now().UTC()
	from := to.Add(-time.Duration(minutes) * time.Minute)
	out := wire.Trend{Patient: id, From: from, StepS: float64(minutes*60) / float64(points), Series: []wire.TrendSeries{}}
	if h != "" {
		sees := false
		if err := c.Look(ctx, func(s *desk.State) { sees = s.Sees(h, id) }); err != nil {
			return out, err
		}
		if !sees {
			return out, ErrNotFound // SCR-004: no other hospital's patient, nor whether there is one
		}
	}
	type key struct {
		device  ems.DeviceID
		channel ems.Channel
	}
	by := map[key]*wire.TrendSeries{}
	read := 0
	err := c.past(ctx, id, pb.Lane_LANE_READING, from, to, func(o store.Owed, spans []stretch) bool {
		for _, p := range c.points(o, id, "", spans) {
			read++
			at := int(math.Floor(p.Taken.Sub(from).Seconds() / out.StepS))
			if p.Value == nil || at < 0 || at >= points {
				continue
			}
			s := by[key{p.Device, p.Channel}]
			if s == nil {
				s = &wire.TrendSeries{Device: p.Device, Channel: p.Channel, Low: make([]*float64, points), High: make([]*float64, points)}
				by[key{p.Device, p.Channel}] = s
			}
			v := *p.Value
			if s.Low[at] == nil || v < *s.Low[at] {
				s.Low[at] = &v
			}
			if s.High[at] == nil || v > *s.High[at] {
				s.High[at] = &v
			}
			if p.Received.Sub(p.Taken) > freshest && !slices.Contains(s.Backfilled, at) {
				s.Backfilled = append(s.Backfilled, at)
			}
			s.Simulated = s.Simulated || p.Simulated
		}
		return read < maxTrend
	})
	for _, s := range by {
		slices.Sort(s.Backfilled)
		out.Series = append(out.Series, *s)
	}
	slices.SortFunc(out.Series, func(a, b wire.TrendSeries) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Device, b.Device))
	})
	out.Cut = read >= maxTrend
	return out, err
}

// maxTrend is how many readings one trend looks at: four hours of a dozen channels at 1 Hz.
const maxTrend = 200_000

// clinical registers what hospitals ask for and set.
func (c *Centre) clinical(api huma.API, get, post func(path, id, summary string) huma.Operation) {
	huma.Register(api, get("/api/v1/patients/{id}/trend", "patient-trend", "Lowest and highest stored values of a patient in equal steps; a step without any is a gap"),
		func(ctx context.Context, in *struct {
			ID       string         `path:"id" maxLength:"64"`
			Hospital ems.HospitalID `query:"hospital" maxLength:"64" doc:"the hospital that asks: it gets its own patients (SCR-004)"`
			Minutes  int            `query:"minutes" minimum:"5" maximum:"240" default:"30"`
			Points   int            `query:"points" minimum:"10" maximum:"480" default:"90"`
		}) (*answer[wire.Trend], error) {
			ctx, cancel := context.WithTimeout(ctx, historyPause)
			defer cancel()
			return give(c.trend(ctx, ems.PatientID(in.ID), in.Hospital, in.Minutes, in.Points))
		})
	huma.Register(api, post("/api/v1/hospitals/{id}/limits", "set-alarm-limits", "Set the alarm limits of a hospital's screens; who and when are kept"),
		func(ctx context.Context, in *target[wire.AlarmLimitsBody]) (*answer[wire.Done], error) {
			ctx, cancel := context.WithTimeout(ctx, callPatience)
			defer cancel()
			return give(wire.Done{OK: true}, c.setLimits(ctx, ems.HospitalID(in.ID), in.actor(), in.Body.Limits))
		})
}
