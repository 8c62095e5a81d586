// Package roadbuild makes a road network of an OpenStreetMap extract: what is driven, in which direction, how fast the signs allow, which
// turns are not allowed, and where a barrier stands. It says in a report what it read and what looks wrong.
package roadbuild

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/geo"
	"lifeline120/internal/roads"
)

// Report is what was read and what looks wrong, for whoever brings in a city.
type Report struct {
	Ways, Roads, Junctions, Edges int
	Restrictions                  int            `json:"restrictions"`
	RestrictionsLeftOut           int            `json:"restrictions_left_out"` // incomplete at the border, or of a kind that no ambulance obeys
	Barriers                      int            `json:"barriers"`
	Missing                       int            `json:"missing_nodes"` // beyond the border of the extract
	LeftOut                       map[string]int `json:"left_out"`      // ways, by why
	Apart                         int            `json:"apart"`         // edges from which or to which the largest part has no way
	Odd                           []string       `json:"odd"`           // suspicious speeds and lengths; at most 50
}

const oddMost = 50

func (r *Report) odd(format string, a ...any) {
	if len(r.Odd) < oddMost {
		r.Odd = append(r.Odd, fmt.Sprintf(format, a...))
	}
}

// way is a road way with its tags read.
type way struct {
	id          int64
	nodes       []int64
	class       roads.Class
	there, back bool // may be driven so
	limit       [2]uint8
	level       int8
	flags       roads.RoadFlags
	name        uint32
}

// Of makes the network.
func Of(d *extract.Data) (*roads.Net, *Report, error) {
	rep := &Report{Ways: len(d.Ways), Missing: d.Missing, LeftOut: map[string]int{}}
	n := &roads.Net{Names: []string{""}}
	names := map[string]uint32{"": 0}
	var ways []way
	for i := range d.Ways {
		w, why := wayOf(&d.Ways[i], rep)
		if why != "" {
			if why != "no road" {
				rep.LeftOut[why]++
			}
			continue
		}
		name := first(d.Ways[i].Tags, "name", "name:zh", "ref")
		id, ok := names[name]
		if !ok {
			id = uint32(len(n.Names))
			names[name] = id
			n.Names = append(n.Names, name)
		}
		w.name = id
		ways = append(ways, w)
	}
	if len(ways) == 0 {
		return nil, rep, errors.New("make the roads: the extract holds no road that can be driven")
	}
	barriers := barriersOf(d, rep)
	// A junction is where ways meet or end, and a barrier is the end of what it bars.
	uses := map[int64]int{}
	for _, w := range ways {
		for i, id := range w.nodes {
			uses[id]++
			if i == 0 || i == len(w.nodes)-1 {
				uses[id]++
			}
		}
	}
	b := &builder{d: d, n: n, rep: rep, at: map[int64]uint32{}, edgesOf: map[int64][]piece{}}
	for i := range ways {
		b.cut(&ways[i], uses, barriers)
	}
	b.restrictions(ways)
	if err := n.Check(); err != nil {
		return nil, rep, err
	}
	rep.Roads, rep.Junctions, rep.Edges = len(n.Roads), len(n.Pos), len(n.Edges)
	return n, rep, nil
}

// notDriven are access values that keep everybody out, sirens or not; where others say private, a gate opens to an ambulance.
func notDriven(t extract.Tags) bool {
	for _, k := range []string{"emergency", "motor_vehicle", "motorcar", "vehicle", "access"} {
		switch t[k] {
		case "yes", "designated", "permissive", "official", "destination", "delivery", "customers", "permit":
			return false
		case "no":
			return true
		case "private":
			return false
		}
	}
	return false
}

func private(t extract.Tags) bool {
	for _, k := range []string{"emergency", "motor_vehicle", "motorcar", "vehicle", "access"} {
		switch t[k] {
		case "":
		case "private", "customers", "delivery", "permit":
			return true
		default:
			return false
		}
	}
	return false
}

func wayOf(w *extract.Way, rep *Report) (way, string) {
	t := w.Tags
	if t["route"] == "ferry" {
		return way{}, "ferry"
	}
	kind := t["highway"]
	if kind == "" {
		return way{}, "no road"
	}
	if kind == "road" {
		kind = "unclassified"
	}
	class, ok := roads.ClassOf(kind)
	if !ok {
		switch kind {
		case "pedestrian": // an ambulance on a mission does drive into it, at a walking speed
			if t["emergency"] != "yes" {
				return way{}, "pedestrian"
			}
			class = roads.LivingStreet
		case "busway", "bus_guideway", "construction", "proposed", "raceway", "emergency_bay", "escape", "rest_area", "services":
			return way{}, kind
		default:
			return way{}, "no road"
		}
	}
	if t["area"] == "yes" {
		return way{}, "area"
	}
	if notDriven(t) {
		return way{}, "no access"
	}
	nodes := slices.Compact(slices.Clone(w.Nodes))
	if len(nodes) < 2 {
		return way{}, "cut off at the border"
	}
	out := way{id: w.ID, nodes: nodes, class: class, there: true, back: true, level: level(t)}
	if private(t) {
		out.flags |= roads.Private
	}
	roundabout := t["junction"] == "roundabout" || t["junction"] == "circular"
	if roundabout {
		out.flags |= roads.Roundabout
	}
	switch oneway := t["oneway"]; {
	case oneway == "-1" || oneway == "reverse":
		out.there = false
	case oneway == "yes" || oneway == "true" || oneway == "1":
		out.back = false
	case oneway == "no" || oneway == "false" || oneway == "0":
	case roundabout, class == roads.Motorway, class == roads.MotorwayLink:
		out.back = false
	}
	if out.there != out.back {
		out.flags |= roads.OneWay
		// A carriageway of its own, a ramp and a roundabout are not driven against: there is no room to be seen in.
		if class <= roads.TrunkLink || roundabout || t["dual_carriageway"] == "yes" || (class <= roads.SecondaryLink && strings.HasSuffix(kind, "_link")) {
			out.flags |= roads.Divided
		}
	}
	limit := func(keys ...string) uint8 {
		for _, k := range keys {
			if v := t[k]; v != "" {
				kmh, ok := speed(v)
				switch {
				case !ok:
					rep.odd("way %d: %s=%q is no speed", w.ID, k, v)
				case kmh < 5 || kmh > 140:
					rep.odd("way %d: %s=%q", w.ID, k, v)
				default:
					return kmh
				}
			}
		}
		return 0
	}
	out.limit = [2]uint8{limit("maxspeed:forward", "maxspeed"), limit("maxspeed:backward", "maxspeed")}
	return out, ""
}

// level is above 0 on a bridge and below in a tunnel.
func level(t extract.Tags) int8 {
	if l, err := strconv.Atoi(t["layer"]); err == nil && l >= -9 && l <= 9 {
		return int8(l)
	}
	if v := t["bridge"]; v != "" && v != "no" {
		return 1
	}
	if v := t["tunnel"]; v != "" && v != "no" && v != "building_passage" {
		return -1
	}
	return 0
}

// speed reads a signed limit: "60", "40 mph", "walk", "none", "CN:urban".
func speed(s string) (uint8, bool) {
	switch s = strings.TrimSpace(strings.ToLower(s)); s {
	case "none", "unlimited":
		return 130, true
	case "walk", "walking":
		return 7, true
	case "signals", "variable", "implicit":
		return 0, false
	}
	if _, zone, ok := strings.Cut(s, ":"); ok {
		v, known := map[string]uint8{"motorway": 120, "rural": 80, "urban": 50, "trunk": 80, "living_street": 10, "zone30": 30}[zone]
		return v, known
	}
	unit := 1.0
	if rest, mph := strings.CutSuffix(s, "mph"); mph {
		s, unit = strings.TrimSpace(rest), 1.609344
	} else if rest, kmh := strings.CutSuffix(s, "km/h"); kmh {
		s = strings.TrimSpace(rest)
	}
	s, _, _ = strings.Cut(s, ";")
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v > 0) || v*unit > 250 {
		return 0, false
	}
	return uint8(math.Round(v * unit)), true
}

func first(t extract.Tags, keys ...string) string {
	for _, k := range keys {
		if v := t[k]; v != "" {
			return v
		}
	}
	return ""
}

// barriersOf are nodes that no vehicle passes.
func barriersOf(d *extract.Data, rep *Report) map[int64]bool {
	out := map[int64]bool{}
	for _, p := range d.Points {
		switch p.Tags["barrier"] {
		case "block", "jersey_barrier", "wall", "fence", "debris", "log", "stile", "turnstile", "kissing_gate", "cycle_barrier", "planter":
		case "bollard", "chain", "rope":
			// An ambulance's crew has no key to it, unless the map says that it can be passed.
			if p.Tags["bollard"] == "removable" || p.Tags["bollard"] == "rising" || p.Tags["emergency"] == "yes" {
				continue
			}
		default:
			continue
		}
		if v := first(p.Tags, "emergency", "motor_vehicle", "motorcar", "vehicle", "access"); v == "yes" || v == "designated" || v == "permissive" {
			continue
		}
		out[p.ID] = true
		rep.Barriers++
	}
	return out
}

// piece is a road of a way, between two of its nodes.
type piece struct {
	a, b int64
	road uint32
	edge [2]int64 // from a to b, from b to a; -1
}

type builder struct {
	d       *extract.Data
	n       *roads.Net
	rep     *Report
	at      map[int64]uint32
	edgesOf map[int64][]piece // by way
}

func (b *builder) junction(node int64, apart bool) uint32 {
	if !apart {
		if j, ok := b.at[node]; ok {
			return j
		}
	}
	j := uint32(len(b.n.Pos))
	b.n.Pos = append(b.n.Pos, fine(b.d.Pos[node]))
	if !apart {
		b.at[node] = j
	}
	return j
}

// fine is a position as exact as a road file keeps it, ten-millionths of a degree, so that roads just built and roads read again are the same.
func fine(p ems.WGS84) ems.WGS84 {
	return ems.WGS84{Lat: math.Round(p.Lat*1e7) / 1e7, Lon: math.Round(p.Lon*1e7) / 1e7}
}

// cut makes roads of a way, from junction to junction. At a barrier each side has a junction of its own.
func (b *builder) cut(w *way, uses map[int64]int, barriers map[int64]bool) {
	from := 0
	begin := b.junction(w.nodes[0], barriers[w.nodes[0]])
	seen := map[int64]bool{w.nodes[0]: true}
	for i := 1; i < len(w.nodes); i++ {
		id := w.nodes[i]
		// A way that crosses itself is cut there as well, so that no road is a loop over a junction.
		if uses[id] < 2 && !barriers[id] && !seen[id] && i < len(w.nodes)-1 {
			seen[id] = true
			continue
		}
		seen[id] = true
		end := b.junction(id, barriers[id])
		b.road(w, from, i, begin, end)
		from, begin = i, end
		if barriers[id] && i < len(w.nodes)-1 {
			begin = b.junction(id, true)
		}
	}
}

func (b *builder) road(w *way, from, to int, begin, end uint32) {
	n := b.n
	r := roads.Road{A: begin, B: end, Class: w.class, LimitKmh: w.limit, Level: w.level, Flags: w.flags, Name: w.name, Way: w.id, ShapeFirst: uint32(len(n.Shape))}
	length := 0.0
	var last ems.WGS84
	for i := from; i <= to; i++ {
		p := fine(b.d.Pos[w.nodes[i]])
		if i > from {
			m := float64(geo.Distance(last, p))
			if m > 20_000 {
				b.rep.odd("way %d: %.0f km from one node to the next", w.id, m/1000)
			}
			length += m
		}
		n.Shape = append(n.Shape, p)
		last = p
	}
	r.ShapeLen = uint32(to - from + 1)
	r.Metres = float32(length)
	id := uint32(len(n.Roads))
	if !w.there { // drawn against its direction: roads are drawn in it
		r.A, r.B = r.B, r.A
		r.LimitKmh[0], r.LimitKmh[1] = r.LimitKmh[1], r.LimitKmh[0]
		slices.Reverse(n.Shape[r.ShapeFirst:])
	}
	n.Roads = append(n.Roads, r)
	p := piece{a: w.nodes[from], b: w.nodes[to], road: id}
	forth, back := int64(len(n.Edges)), int64(len(n.Edges)+1)
	oneway := r.Flags&roads.OneWay != 0
	n.Edges = append(n.Edges, roads.Edge{From: r.A, To: r.B, Road: id}, roads.Edge{From: r.B, To: r.A, Road: id, Back: true, Wrong: oneway})
	p.edge = [2]int64{forth, back}
	if !w.there {
		p.edge = [2]int64{back, forth}
	}
	b.edgesOf[w.id] = append(b.edgesOf[w.id], p)
}

// restrictions reads the turns that are not allowed, and those of which only one is.
func (b *builder) restrictions(ways []way) {
	b.n.Index()
	known := map[int64]bool{}
	for _, w := range ways {
		known[w.id] = true
	}
	for i := range b.d.Relations {
		r := &b.d.Relations[i]
		if r.Tags["type"] != "restriction" {
			continue
		}
		kind := first(r.Tags, "restriction", "restriction:motorcar", "restriction:conditional")
		if k, _, conditional := strings.Cut(kind, "@"); conditional {
			kind = strings.TrimSpace(k)
			b.rep.RestrictionsLeftOut++ // holds at some hours only
			continue
		}
		only := strings.HasPrefix(kind, "only_")
		if !only && !strings.HasPrefix(kind, "no_") || kind == "no_entry" || kind == "no_exit" || strings.Contains(r.Tags["except"], "emergency") {
			b.rep.RestrictionsLeftOut++
			continue
		}
		var from, to []int64
		var via []extract.Member
		for _, m := range r.Members {
			switch m.Role {
			case "from":
				from = append(from, m.Ref)
			case "to":
				to = append(to, m.Ref)
			case "via":
				via = append(via, m)
			}
		}
		if len(from) != 1 || len(to) != 1 || len(via) == 0 || !known[from[0]] || !known[to[0]] {
			b.rep.RestrictionsLeftOut++
			continue
		}
		path, ok := b.path(from[0], via, to[0])
		if !ok {
			b.rep.RestrictionsLeftOut++
			continue
		}
		b.rep.Restrictions++
		if !only {
			b.n.Bans = append(b.n.Bans, path)
			continue
		}
		// Only this way: at each junction along it, every other way out is banned.
		for k := 1; k < len(path); k++ {
			at := b.n.Edges[path[k-1]].To
			for _, e := range b.n.Leaving(at) {
				if e != path[k] {
					b.n.Bans = append(b.n.Bans, append(slices.Clone(path[:k]), e))
				}
			}
		}
	}
}

// path is the way of a restriction as edges: into the via node or ways, through them, and out.
func (b *builder) path(from int64, via []extract.Member, to int64) ([]uint32, bool) {
	// Nodes at which one way goes over into the next; via ways are gone through whole.
	if len(via) == 1 && via[0].Kind == "node" {
		in, ok1 := b.ends(from, via[0].Ref, true)
		out, ok2 := b.ends(to, via[0].Ref, false)
		return []uint32{in, out}, ok1 && ok2
	}
	var chain []int64
	for _, v := range via {
		if v.Kind != "way" {
			return nil, false
		}
		chain = append(chain, v.Ref)
	}
	// The end of each via way that the way before touches.
	pieces := b.edgesOf[chain[0]]
	if len(pieces) == 0 {
		return nil, false
	}
	at, ok := b.shared(from, pieces)
	if !ok {
		return nil, false
	}
	in, ok := b.ends(from, at, true)
	if !ok {
		return nil, false
	}
	path := []uint32{in}
	for _, w := range chain {
		pieces := b.edgesOf[w]
		if len(pieces) == 0 {
			return nil, false
		}
		switch at {
		case pieces[0].a:
			for _, p := range pieces {
				path = append(path, uint32(p.edge[0]))
			}
			at = pieces[len(pieces)-1].b
		case pieces[len(pieces)-1].b:
			for i := len(pieces) - 1; i >= 0; i-- {
				path = append(path, uint32(pieces[i].edge[1]))
			}
			at = pieces[0].a
		default:
			return nil, false
		}
	}
	out, ok := b.ends(to, at, false)
	if !ok {
		return nil, false
	}
	path = append(path, out)
	for k := 1; k < len(path); k++ {
		if b.n.Edges[path[k-1]].To != b.n.Edges[path[k]].From {
			return nil, false
		}
	}
	return path, true
}

// shared is the end of a chain of pieces at which a way touches it.
func (b *builder) shared(w int64, pieces []piece) (int64, bool) {
	a, z := pieces[0].a, pieces[len(pieces)-1].b
	for _, p := range b.edgesOf[w] {
		for _, id := range []int64{p.a, p.b} {
			if id == a || id == z {
				return id, true
			}
		}
	}
	return 0, false
}

// ends is the one edge of a way that comes to a node, or leaves it. A way that goes on beyond the node is not clear, unless only one of its
// directions is driven.
func (b *builder) ends(w, node int64, in bool) (uint32, bool) {
	var found []uint32
	var right []uint32
	for _, p := range b.edgesOf[w] {
		add := func(e int64) {
			found = append(found, uint32(e))
			if !b.n.Edges[e].Wrong {
				right = append(right, uint32(e))
			}
		}
		if p.a == node {
			add(p.edge[map[bool]int{true: 1, false: 0}[in]])
		}
		if p.b == node {
			add(p.edge[map[bool]int{true: 0, false: 1}[in]])
		}
	}
	switch {
	case len(right) == 1:
		return right[0], true
	case len(found) == 1:
		return found[0], true
	}
	return 0, false
}
