package dispatcher

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/match"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/wire"
)

// This file answers who is reached within some minutes: from one unit or station, or by all free units. The owner of the state only says where
// they are; the area is worked out beside it.

// reachAsked is what a request wants to see.
type reachAsked struct {
	Unit    string `query:"unit" maxLength:"64" doc:"from this unit"`
	Station string `query:"station" maxLength:"64" doc:"from this station"`
	At      string `query:"at" maxLength:"64" doc:"from this place: lon,lat, WGS-84"`
	Minutes string `query:"minutes" maxLength:"64" default:"4,8,12" doc:"at most five, rising, to 60"`
	Mode    string `query:"mode" enum:"mission,normal" default:"mission"`
}

// from is where somebody begins.
type from struct {
	id  string
	pos ems.WGS84
}

// MinutesOf reads a list of minutes.
func MinutesOf(s string) ([]int, error) {
	var out []int
	for _, f := range strings.Split(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil || n < 1 || n > reachMost || len(out) == reachBands || len(out) > 0 && n <= out[len(out)-1] {
			return nil, fmt.Errorf("%q are no minutes: write at most %d, rising, from 1 to %d, as 4,8,12", s, reachBands, reachMost)
		}
		out = append(out, n)
	}
	return out, nil
}

// begins finds where those who are asked for are. Owner's goroutine.
func (c *Centre) begins(q reachAsked, t time.Time) (who []from, problem string) {
	whereabouts := func(v ems.UnitView) *ems.WGS84 {
		c.liven(&v)
		u := match.Unit{UnitView: v}
		if st := c.state.Stations[v.Station]; st != nil {
			pos := st.Pos
			u.Station = &pos
		}
		at, _ := match.Whereabouts(t, u)
		return at
	}
	switch {
	case q.Unit != "":
		u := c.state.Units[ems.UnitID(q.Unit)]
		if u == nil {
			return nil, "not_found"
		}
		if at := whereabouts(*u); at != nil {
			return []from{{q.Unit, *at}}, ""
		}
		return nil, "no_position"
	case q.Station != "":
		st := c.state.Stations[ems.StationID(q.Station)]
		if st == nil {
			return nil, "not_found"
		}
		return []from{{q.Station, st.Pos}}, ""
	}
	for _, id := range keysOf(c.state.Units) {
		u := c.state.Units[ems.UnitID(id)]
		if u.Duty != ems.OnDuty || u.Mission != "" || u.Kind == ems.UnitTransport {
			continue
		}
		if at := whereabouts(*u); at != nil {
			who = append(who, from{id, *at})
		}
	}
	if len(who) == 0 {
		return nil, "nobody"
	}
	return who, ""
}

// reachOf works out who is reached. Its problems are answers: a screen asks again and again.
func (c *Centre) reachOf(ctx context.Context, q reachAsked) (wire.ReachView, error) {
	out := wire.ReachView{From: []wire.ReachFrom{}, Bands: []wire.ReachBand{}}
	minutes, err := MinutesOf(q.Minutes)
	if err != nil {
		return out, withCode(http.StatusBadRequest, "reach_minutes", err, nil)
	}
	var net *roadlive.Roads
	var who []from
	place, given := ems.WGS84{}, q.At != ""
	if given {
		lon, lat, ok := strings.Cut(q.At, ",")
		x, err1 := strconv.ParseFloat(strings.TrimSpace(lon), 64)
		y, err2 := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		if place = (ems.WGS84{Lat: y, Lon: x}); !ok || err1 != nil || err2 != nil || !place.Valid() {
			return out, withCode(http.StatusBadRequest, "reach_place", errors.New("write the place as lon,lat in degrees, WGS-84"), nil)
		}
	}
	at := now()
	if err := c.Look(ctx, func(*desk.State) {
		if net = c.ways.roads; given {
			who = []from{{q.At, place}}
		} else {
			who, out.Problem = c.begins(q, at)
		}
	}); err != nil {
		return out, err
	}
	out.At = at.UTC()
	switch {
	case net == nil:
		out.Problem = "no_roads"
		return out, nil
	case out.Problem != "":
		return out, nil
	}
	select { // one is worked out after the other: a wall of screens must not take the processors from the desk
	case c.reaching <- struct{}{}:
		defer func() { <-c.reaching }()
	case <-ctx.Done():
		return out, ctx.Err()
	}
	mode := roadlive.Mission
	if q.Mode == "normal" {
		mode = roadlive.Normal
	}
	var begin [][]roads.Place
	for _, w := range who {
		p := net.Snap(w.pos)
		out.From = append(out.From, wire.ReachFrom{ID: w.id, Pos: w.pos, Off: len(p) == 0})
		if len(p) > 0 {
			begin = append(begin, p)
		}
	}
	if len(begin) == 0 {
		out.Problem = "off_roads"
		return out, nil
	}
	out.Version = net.Now().Version
	bands, cell := net.Reach(mode, begin, minutes)
	out.CellM = math.Round(cell)
	for _, b := range bands {
		out.Bands = append(out.Bands, wire.ReachBand{Minutes: b.Minutes, Km2: math.Round(b.Km2*10) / 10, Polygons: LonLat(b.Areas)})
	}
	return out, nil
}

// LonLat gives polygons as GeoJSON has them.
func LonLat(ps []roads.Polygon) [][][][2]float64 {
	out := make([][][][2]float64, 0, len(ps))
	for _, p := range ps {
		rings := make([][][2]float64, 0, len(p))
		for _, ring := range p {
			line := make([][2]float64, len(ring))
			for i, at := range ring {
				line[i] = [2]float64{at.Lon, at.Lat}
			}
			rings = append(rings, line)
		}
		out = append(out, rings)
	}
	return slices.Clip(out)
}

func (c *Centre) reach(api huma.API, get func(path, id, summary string) huma.Operation) {
	huma.Register(api, get("/api/v1/reach", "reach", "The area that is reached within some minutes: from a unit, a station or a place, or by all free units"),
		func(ctx context.Context, in *reachAsked) (*answer[wire.ReachView], error) {
			ctx, cancel := context.WithTimeout(ctx, callPatience)
			defer cancel()
			return give(c.reachOf(ctx, *in))
		})
}
