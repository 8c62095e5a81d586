package dispatcher

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/wire"
)

// This file has what desks do with closed roads.

// closureView is a closure as the screens see it: with what it hits, and whether the travel times that hold know of it.
func (c *Centre) closureView(id ems.ClosureID) (ems.Closure, bool) {
	cl := c.state.Closures[id]
	if cl == nil {
		return ems.Closure{}, false
	}
	v := *cl
	hits, known := c.times.hits[id]
	v.Roads = hits
	if known && len(hits) == 0 && v.Ended == nil {
		v.Problem = "no_hit"
	}
	if t := c.times.now; t != nil && c.times.in[id] == (v.State == ems.ClosureInForce) && (known || v.Ended != nil) && v.State != ems.ClosureAwaited {
		if first := c.times.since[id]; first != nil {
			t = first
		}
		at := t.At.UTC()
		v.Applied, v.Version = &at, t.Version
	}
	switch {
	case c.ways.roads == nil:
		v.Problem = "no_roads"
	case c.times.failed && v.Applied == nil && v.State != ems.ClosureAwaited:
		v.Problem = "failed"
	}
	return v, true
}

// closedRoads gathers stretches by the name of their road.
func closedRoads(n *roads.Net, found []roads.Stretch) []ems.ClosedRoad {
	type sum struct {
		way   [2]float64 // along the line, and against it
		lines [][]ems.WGS84
	}
	by := map[uint32]*sum{}
	drawnRoads := map[uint32]bool{}
	points := 0
	for _, st := range found {
		e := n.Edges[st.Edge]
		if e.Wrong {
			continue
		}
		name := n.Roads[e.Road].Name
		s := by[name]
		if s == nil {
			s = &sum{}
			by[name] = s
		}
		way := 0
		if st.Against {
			way = 1
		}
		s.way[way] += st.To - st.From
		if drawnRoads[e.Road] || points > maxClosedPoints {
			continue
		}
		drawnRoads[e.Road] = true
		line := n.Line(st)
		for i, p := range line {
			line[i] = ems.WGS84{Lat: math.Round(p.Lat*1e6) / 1e6, Lon: math.Round(p.Lon*1e6) / 1e6}
		}
		points += len(line)
		s.lines = append(s.lines, line)
	}
	out := make([]ems.ClosedRoad, 0, len(by))
	for name, s := range by {
		r := ems.ClosedRoad{Name: n.Names[name], Metres: math.Round(max(s.way[0], s.way[1])), Lines: s.lines}
		for _, m := range s.way {
			if m > 0 {
				r.Ways++
			}
		}
		r.Ways = max(r.Ways, 1)
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b ems.ClosedRoad) int {
		return cmp.Or(cmp.Compare(b.Metres, a.Metres), cmp.Compare(a.Name, b.Name))
	})
	return out[:min(len(out), maxClosedRoads)]
}

// errNoRoads: a road by its name is looked for on the network, and there is none.
var errNoRoads = errors.New("there is no road network: draw the line on the map instead")

// closedLine is the line that a request means, in WGS-84 (GEO-001).
func closedLine(b wire.ClosureBody, r *roadlive.Roads) ([]ems.WGS84, error) {
	if b.Road == "" {
		out := slices.Clone(b.Line)
		for i, p := range out {
			switch b.Datum {
			case "gcj02":
				out[i] = geo.FromGCJ02(ems.GCJ02(p))
			case "bd09":
				out[i] = geo.FromGCJ02(geo.FromBD09(geo.BD09(p)))
			}
		}
		return out, nil
	}
	if len(b.Cross) != 2 {
		return nil, withCode(http.StatusConflict, "closure_two_crossings", errors.New("name the two roads at whose crossings the closed stretch begins and ends"), nil)
	}
	if r == nil {
		return nil, withCode(http.StatusConflict, "closure_no_roads", errNoRoads, nil)
	}
	line, err := r.City().Net.Between(b.Road, b.Cross[0], b.Cross[1])
	if err != nil {
		return nil, withCode(http.StatusNotFound, "closure_not_found", err, map[string]string{"road": b.Road, "from": b.Cross[0], "to": b.Cross[1]})
	}
	return line, nil
}

// network gives the roads that are loaded; nil when there are none.
func (c *Centre) network(ctx context.Context) (r *roadlive.Roads, err error) {
	err = c.Look(ctx, func(*desk.State) { r = c.ways.roads })
	return r, err
}

// drawnProblem is the code of what a preview cannot show: a road that was found is not called missing because it is too long.
func drawnProblem(err error) string {
	var c *coded
	switch {
	case errors.As(err, &c) && c.Code == "closure_not_found":
		return "not_found"
	case errors.As(err, &c) && c.Code == "closure_no_roads":
		return "no_roads"
	}
	return "refused"
}

func (c *Centre) closures(api huma.API, get, post func(path, id, summary string) huma.Operation) {
	huma.Register(api, post("/api/v1/closures", "draw-closure", "Close roads, by name and with a reason"),
		func(ctx context.Context, in *body[wire.ClosureBody]) (*answer[ems.Closure], error) {
			b := in.Body
			ctx, cancel := context.WithTimeout(ctx, callPatience)
			defer cancel()
			r, err := c.network(ctx)
			if err != nil {
				return nil, problem(err)
			}
			line, err := closedLine(b, r)
			if err != nil {
				return nil, err
			}
			return give(actOn[ems.Closure](ctx, c, in.actor(), desk.Closures, func(_ *desk.State, t time.Time) (desk.Command, error) {
				cmd := desk.DrawClosure{Act: req(b.Act), Closure: ems.ClosureID(c.newID("cl")), Reason: b.Reason, Line: line, Area: b.Area, OneWay: b.OneWay,
					Level: b.Level, Until: b.Until}
				if b.From != nil && b.From.After(t) {
					cmd.From = *b.From
				}
				return cmd, nil
			}))
		})
	huma.Register(api, post("/api/v1/closures/preview", "preview-closure", "What a drawing would close; nothing is closed by it"),
		func(ctx context.Context, in *body[wire.ClosureBody]) (*answer[wire.ClosurePreview], error) {
			b := in.Body
			ctx, cancel := context.WithTimeout(ctx, callPatience)
			defer cancel()
			r, err := c.network(ctx)
			if err != nil {
				return nil, problem(err)
			}
			out := wire.ClosurePreview{Line: []ems.WGS84{}, Roads: []ems.ClosedRoad{}}
			line, err := closedLine(b, r)
			if err == nil {
				err = desk.DrawClosure{Line: line, Area: b.Area, OneWay: b.OneWay, Level: b.Level}.Fits()
			}
			switch {
			case err != nil: // it is asked while somebody draws: what is not whole yet is no error
				out.Problem, out.Detail = drawnProblem(err), err.Error()
				return give(out, nil)
			case r == nil:
				out.Line, out.Problem = line, "no_roads"
				return give(out, nil)
			}
			out.Line = line
			out.Roads = closedRoads(r.City().Net, r.Under(roads.Drawn{Line: line, Area: b.Area, OneWay: b.OneWay, Level: b.Level}))
			if len(out.Roads) == 0 {
				out.Problem = "no_hit"
			}
			return give(out, nil)
		})
	huma.Register(api, post("/api/v1/closures/{id}/lift", "lift-closure", "Open closed roads, by name"),
		func(ctx context.Context, in *target[wire.LiftBody]) (*answer[ems.Closure], error) {
			return give(act[ems.Closure](ctx, c, in.actor(), desk.Closures, desk.LiftClosure{Act: req(in.Body.Act), Closure: ems.ClosureID(in.ID), Reason: in.Body.Reason}))
		})
	huma.Register(api, get("/api/v1/closures", "closures", "Closed roads, and those that were until a day ago"), list[ems.Closure](c, desk.Closures))
	huma.Register(api, get("/api/v1/roads", "roads", "What the travel times that hold are made of"),
		func(ctx context.Context, _ *struct{}) (*answer[wire.RoadsNow], error) {
			var out wire.RoadsNow
			ctx, cancel := context.WithTimeout(ctx, callPatience)
			defer cancel()
			err := c.Look(ctx, func(*desk.State) { out = c.roadsNow() })
			return give(out, err)
		})
}
