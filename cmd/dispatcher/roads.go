package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/dispatcher"
	"lifeline120/internal/ems"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roadmake"
	"lifeline120/internal/roads"
	"lifeline120/internal/roadspeed"
	"lifeline120/maps"
)

type roadsBuild struct {
	File  string `arg:"" placeholder:"EXTRACT" help:"OpenStreetMap extract: .osm.pbf, .osm, .osm.gz or .osm.bz2."`
	Out   string `required:"" short:"o" type:"path" placeholder:"DIR" help:"Folder of the city. An old road file stays until the new one is whole; with a city.yaml in it, stations and hospitals are looked for on the roads."`
	Turns string `enum:"restrictions,every" default:"restrictions" help:"What turns cost: ${enum}. With every turn counted queries take about twice as long."`
}

type onGraph struct {
	Graph string `required:"" type:"path" placeholder:"DIR" help:"Folder with the road file."`
	Mode  string `enum:"mission,normal" default:"mission" help:"With lights and sirens, or without: ${enum}."`
}

type roadsTable struct {
	onGraph
	From string `required:"" placeholder:"FILE.csv" help:"Where from: lon,lat a line."`
	To   string `required:"" placeholder:"FILE.csv" help:"Where to: lon,lat a line."`
}

type roadsRoute struct {
	onGraph
	From    string `required:"" placeholder:"LON,LAT" help:"Where from."`
	To      string `required:"" placeholder:"LON,LAT" help:"Where to."`
	GeoJSON bool   `name:"geojson" help:"As a GeoJSON feature."`
}

type roadsReach struct {
	onGraph
	From    string `required:"" placeholder:"LON,LAT[;…]" help:"Where from; of several places the nearest counts."`
	Minutes string `default:"4,8,12" placeholder:"M,…" help:"Within how many minutes, rising (${default})."`
	GeoJSON bool   `name:"geojson" help:"The areas as GeoJSON features, the widest first."`
}

type roadsSpeeds struct {
	where
	Graph string `required:"" type:"path" placeholder:"DIR" help:"Folder with the road file."`
	Most  int    `default:"20" help:"How many of the largest differences to list."`
}

type roadsDump struct{ onGraph }

func (b roadsBuild) run(ctx context.Context, out, errs io.Writer) error {
	if st, err := os.Stat(b.Out); err != nil || !st.IsDir() {
		return &dispatcher.ConfigError{Err: fmt.Errorf("--out %s is no folder; make it first", b.Out)}
	}
	turning := roads.Junctions
	if b.Turns == "every" {
		turning = roads.EveryTurn
	}
	last := ""
	var at time.Time
	c, rep, err := roadmake.Make(ctx, b.File, filepath.Join(b.Out, roadfile.Name), turning, func(step string, share float64) {
		if step != last || time.Since(at) > time.Second {
			last, at = step, time.Now()
			fmt.Fprintf(errs, "%s %3.0f %%\n", step, share*100)
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d junctions, %d roads, %d directions, %d restrictions, %d barriers; %d states and %d arcs, contracted to %d arcs, height %d; %.1f MB in %.1f s\n",
		filepath.Join(b.Out, roadfile.Name), rep.Junctions, rep.Roads, rep.Edges, rep.Restrictions, rep.Barriers, rep.States, rep.Arcs, rep.ContractedArcs, rep.Height, float64(rep.Bytes)/1e6, rep.Took.Seconds())
	if rep.Apart > 0 {
		fmt.Fprintf(out, "%d of %d directions do not belong to the largest part that hangs together without sirens\n", rep.Apart, rep.Edges)
	}
	if rep.RestrictionsLeftOut > 0 {
		fmt.Fprintf(out, "%d restrictions were left out: beyond the border, at some hours only, or none that an ambulance obeys\n", rep.RestrictionsLeftOut)
	}
	if rep.Missing > 0 {
		fmt.Fprintf(out, "%d nodes of ways lie beyond the border of the extract\n", rep.Missing)
	}
	var why []string
	for w := range rep.LeftOut {
		why = append(why, w)
	}
	slices.Sort(why)
	for _, w := range why {
		fmt.Fprintf(out, "left out: %d × %s\n", rep.LeftOut[w], w)
	}
	for _, o := range rep.Odd {
		fmt.Fprintf(out, "odd: %s\n", o)
	}
	return lookFor(b.Out, c, out)
}

// lookFor says which stations and hospitals of the city the roads do not reach.
func lookFor(dir string, c roadfile.City, out io.Writer) error {
	city, err := maps.Load(os.DirFS(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	main := roads.Connected(c.Net, c.S, roads.Normal())
	all, good := roads.NewSnapper(c.Net, nil), roads.NewSnapper(c.Net, func(e uint32) bool { return main[e] })
	look := func(kind, id, name string, pos ems.WGS84) {
		near, reach := all.Snap(pos, roadlive.Away), good.Snap(pos, roadlive.Away)
		switch {
		case len(near) == 0:
			fmt.Fprintf(out, "unreachable: %s %s %s has no road within %.0f m\n", kind, id, name, roadlive.Away)
		case len(reach) == 0:
			fmt.Fprintf(out, "unreachable: %s %s %s stands on a road that does not belong to the others\n", kind, id, name)
		case reach[0].Off > near[0].Off+30 || reach[0].Off > 200:
			fmt.Fprintf(out, "far: %s %s %s is reached from a road %.0f m away\n", kind, id, name, reach[0].Off)
		}
	}
	for _, s := range city.Stations {
		look("station", string(s.ID), s.Name, s.Pos)
	}
	for _, h := range city.Hospitals {
		look("hospital", string(h.ID), h.Name, h.Door())
	}
	return nil
}

// open reads the roads and the city's table of speeds.
func (g onGraph) open() (*roadlive.Roads, roadlive.Mode, error) {
	c, err := roadfile.Open(os.DirFS(g.Graph))
	if err != nil {
		return nil, 0, fmt.Errorf("%w (in %s)", err, g.Graph)
	}
	p, err := roadfile.ReadProfiles(os.DirFS(g.Graph))
	if err != nil {
		return nil, 0, &dispatcher.ConfigError{Err: err}
	}
	mode := roadlive.Mission
	if g.Mode == "normal" {
		mode = roadlive.Normal
	}
	return roadlive.Of(c.City, p.Mission, p.Normal, time.Now()), mode, nil
}

func (b roadsTable) run(out io.Writer) error {
	from, err := pointsOf(b.From)
	if err != nil {
		return err
	}
	to, err := pointsOf(b.To)
	if err != nil {
		return err
	}
	r, mode, err := b.open()
	if err != nil {
		return err
	}
	snap := func(ps []ems.WGS84) [][]roads.Place {
		out := make([][]roads.Place, len(ps))
		for i, p := range ps {
			out[i] = r.Snap(p)
		}
		return out
	}
	w := csv.NewWriter(out)
	for _, row := range r.Matrix(mode, snap(from), snap(to)) {
		line := make([]string, len(row))
		for i, d := range row {
			if d != roadlive.None { // no way: the field stays empty
				line[i] = strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
			}
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// pointsOf reads lon,lat lines; a first line of words is a heading.
func pointsOf(path string) ([]ems.WGS84, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []ems.WGS84
	s := bufio.NewScanner(f)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" {
			continue
		}
		p, err := point(line)
		if err != nil {
			if n == 1 {
				continue
			}
			return nil, &dispatcher.ConfigError{Err: fmt.Errorf("%s, line %d: %w", path, n, err)}
		}
		out = append(out, p)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(out) == 0 {
		return nil, &dispatcher.ConfigError{Err: fmt.Errorf("%s holds no place; write lon,lat a line", path)}
	}
	return out, nil
}

func point(s string) (ems.WGS84, error) {
	lon, lat, ok := strings.Cut(s, ",")
	lat, _, _ = strings.Cut(lat, ",") // more columns are the reader's own
	x, err1 := strconv.ParseFloat(strings.TrimSpace(lon), 64)
	y, err2 := strconv.ParseFloat(strings.TrimSpace(lat), 64)
	p := ems.WGS84{Lat: y, Lon: x}
	if !ok || err1 != nil || err2 != nil || !p.Valid() {
		return p, fmt.Errorf("%q is no place; write lon,lat in degrees, WGS-84", s)
	}
	return p, nil
}

func (b roadsRoute) run(out io.Writer) error {
	from, err1 := point(b.From)
	to, err2 := point(b.To)
	if err := errors.Join(err1, err2); err != nil {
		return &dispatcher.ConfigError{Err: err}
	}
	r, mode, err := b.open()
	if err != nil {
		return err
	}
	a, z := r.Snap(from), r.Snap(to)
	for name, p := range map[string][]roads.Place{b.From: a, b.To: z} {
		if len(p) == 0 {
			return fmt.Errorf("%s is off the map: no road within %.0f m", name, roadlive.Away)
		}
	}
	route, ok := r.Route(mode, a, z)
	if !ok {
		return fmt.Errorf("there is no way from %s to %s", b.From, b.To)
	}
	if b.GeoJSON {
		line := make([][2]float64, len(route.Line))
		for i, p := range route.Line {
			line[i] = [2]float64{p.Lon, p.Lat}
		}
		e := json.NewEncoder(out)
		return e.Encode(map[string]any{"type": "Feature", "geometry": map[string]any{"type": "LineString", "coordinates": line},
			"properties": map[string]any{"seconds": float64(route.Ms) / 1000, "metres": route.Metres, "walk_m": route.WalkM, "steps": route.Steps}})
	}
	fmt.Fprintf(out, "%.1f s, %.0f m by road, %.0f m on foot\n", float64(route.Ms)/1000, route.Metres, route.WalkM)
	for _, s := range route.Steps {
		fmt.Fprintf(out, "%-13s %6.0f m %7.1f s  %s\n", s.Turn, s.Metres, float64(s.Ms)/1000, s.Name)
	}
	return nil
}

// run reports what was learnt of the speeds of roads, from the store beside a running centre.
func (b roadsSpeeds) run(ctx context.Context, out io.Writer) (err error) {
	g := onGraph{Graph: b.Graph}
	r, _, err := g.open()
	if err != nil {
		return err
	}
	st, err := dispatcher.OpenToRead(ctx, b.Data, b.Database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	t, strange, err := dispatcher.ReadSpeeds(ctx, st, r)
	if err != nil {
		return err
	}
	profiles := [roadspeed.Modes]roads.Profile{r.Profile(roadlive.Mission), r.Profile(roadlive.Normal)}
	modes := [roadspeed.Modes]string{"mission", "normal"}
	lines := t.Report(profiles)
	edges := map[uint32]bool{}
	type cell struct{ edges, passages int }
	var by [roadspeed.Modes][roadspeed.Slots]cell
	for _, l := range lines {
		edges[l.Edge] = true
		c := &by[l.Mode][l.Slot]
		c.edges, c.passages = c.edges+1, c.passages+l.Total
	}
	fmt.Fprintf(out, "%d of %d directions of roads measured; %d rows are of roads that this network does not have\n", len(edges), len(r.City().Net.Edges), strange)
	for m := range by {
		for s, c := range by[m] {
			if c.edges > 0 {
				fmt.Fprintf(out, "%-8s %-16s %6d directions %8d passages\n", modes[m], roadspeed.Slot(s), c.edges, c.passages)
			}
		}
	}
	if len(lines) > 0 {
		fmt.Fprintln(out, "largest differences, km/h: measured (passages), free flow, used")
	}
	n := r.City().Net
	for _, l := range lines[:min(len(lines), max(b.Most, 0))] {
		road := n.Roads[n.Edges[l.Edge].Road]
		on := n.Pos[n.Edges[l.Edge].From]
		fmt.Fprintf(out, "%6.1f (%2d) %6.1f %6.1f  %-8s %-16s %5.0f m  %.5f,%.5f  %s\n", l.Median, l.Count, l.Free, l.Used, modes[l.Mode], l.Slot, road.Metres, on.Lon, on.Lat, n.Names[road.Name])
	}
	return nil
}

// run gives the area that is reached within some minutes.
func (b roadsReach) run(out io.Writer) error {
	minutes, err := dispatcher.MinutesOf(b.Minutes)
	if err != nil {
		return &dispatcher.ConfigError{Err: err}
	}
	var at []ems.WGS84
	for _, f := range strings.Split(b.From, ";") {
		p, err := point(f)
		if err != nil {
			return &dispatcher.ConfigError{Err: err}
		}
		at = append(at, p)
	}
	r, mode, err := b.open()
	if err != nil {
		return err
	}
	var from [][]roads.Place
	for _, p := range at {
		places := r.Snap(p)
		if len(places) == 0 {
			return fmt.Errorf("%.6f,%.6f is off the map: no road within %.0f m", p.Lon, p.Lat, roadlive.Away)
		}
		from = append(from, places)
	}
	bands, cell := r.Reach(mode, from, minutes)
	if !b.GeoJSON {
		for _, band := range bands {
			fmt.Fprintf(out, "%2d min  %8.2f km²  %d areas\n", band.Minutes, band.Km2, len(band.Areas))
		}
		fmt.Fprintf(out, "drawn every %.0f m; up to 150 m from a road, on foot at 1 m/s\n", cell)
		return nil
	}
	var features []map[string]any
	for _, band := range slices.Backward(bands) {
		features = append(features, map[string]any{"type": "Feature", "properties": map[string]any{"minutes": band.Minutes, "km2": band.Km2},
			"geometry": map[string]any{"type": "MultiPolygon", "coordinates": dispatcher.LonLat(band.Areas)}})
	}
	return json.NewEncoder(out).Encode(map[string]any{"type": "FeatureCollection", "features": features})
}

// run prints every arc of the search graph, so that anyone can check the answers with a program of his own.
func (b roadsDump) run(out io.Writer) error {
	r, mode, err := b.open()
	if err != nil {
		return err
	}
	m := r.Now().Metric(mode)
	c := r.City()
	w := bufio.NewWriterSize(out, 1<<20)
	fmt.Fprintln(w, "from_state,to_state,ms,metres,from_lon,from_lat,to_lon,to_lat,way,turn_ms")
	for a := range c.S.Tail {
		e := c.Net.Edges[c.S.Edge[a]]
		ms := m.ArcMs(uint32(a))
		if ms >= roads.Never {
			continue
		}
		from, to, road := c.Net.Pos[e.From], c.Net.Pos[e.To], c.Net.Roads[e.Road]
		fmt.Fprintf(w, "%d,%d,%d,%.1f,%.7f,%.7f,%.7f,%.7f,%d,%d\n", c.S.Tail[a], c.S.Head[a], ms, road.Metres, from.Lon, from.Lat, to.Lon, to.Lat, road.Way, ms-m.EdgeMs[c.S.Edge[a]])
	}
	return w.Flush()
}
