package roadbuild_test

import (
	"slices"
	"strings"
	"testing"

	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/roadbuild"
	"lifeline120/internal/roads"
)

// town is an extract by hand: a cross of streets A-B-C and D-B-E, and what a test adds.
type town struct{ d *extract.Data }

func newTown() *town {
	t := &town{&extract.Data{Pos: map[int64]ems.WGS84{}}}
	t.node(1, 35.000, 118.000) // A
	t.node(2, 35.000, 118.010) // B
	t.node(3, 35.000, 118.020) // C
	t.node(4, 35.010, 118.010) // D
	t.node(5, 34.990, 118.010) // E
	return t
}
func (t *town) node(id int64, lat, lon float64) { t.d.Pos[id] = ems.WGS84{Lat: lat, Lon: lon} }
func (t *town) way(id int64, nodes []int64, tags ...string) *town {
	w := extract.Way{ID: id, Nodes: nodes, Tags: extract.Tags{}}
	for i := 0; i < len(tags); i += 2 {
		w.Tags[tags[i]] = tags[i+1]
	}
	t.d.Ways = append(t.d.Ways, w)
	return t
}
func (t *town) restriction(kind string, from int64, viaKind string, via int64, to int64) {
	t.d.Relations = append(t.d.Relations, extract.Relation{ID: int64(len(t.d.Relations) + 1), Tags: extract.Tags{"type": "restriction", "restriction": kind},
		Members: []extract.Member{{Kind: "way", Ref: from, Role: "from"}, {Kind: viaKind, Ref: via, Role: "via"}, {Kind: "way", Ref: to, Role: "to"}}})
}

func made(t *testing.T, d *extract.Data) (*roads.Net, *roadbuild.Report) {
	t.Helper()
	n, rep, err := roadbuild.Of(d)
	if err != nil {
		t.Fatal(err)
	}
	return n, rep
}

// edge of a way between two nodes, as driven.
func edge(t *testing.T, n *roads.Net, d *extract.Data, way, from, to int64) roads.Edge {
	t.Helper()
	for _, e := range n.Edges {
		if n.Roads[e.Road].Way == way && n.Pos[e.From] == d.Pos[from] && n.Pos[e.To] == d.Pos[to] {
			return e
		}
	}
	t.Fatalf("way %d is not driven from %d to %d", way, from, to)
	return roads.Edge{}
}

func TestDirectionsAndSpeeds(t *testing.T) {
	for _, tc := range []struct {
		name          string
		tags          []string
		wrongThere    bool
		wrongBack     bool
		limit, limit2 uint8
		divided       bool
	}{
		{"both ways", []string{"highway", "secondary", "maxspeed", "60"}, false, false, 60, 60, false},
		{"one way", []string{"highway", "secondary", "oneway", "yes"}, false, true, 0, 0, false},
		{"one way against its drawing", []string{"highway", "secondary", "oneway", "-1"}, true, false, 0, 0, false},
		{"motorway", []string{"highway", "motorway", "maxspeed", "70 mph"}, false, true, 113, 113, true},
		{"motorway said to be both ways", []string{"highway", "motorway", "oneway", "no"}, false, false, 0, 0, false},
		{"roundabout", []string{"highway", "tertiary", "junction", "roundabout"}, false, true, 0, 0, true},
		{"by direction", []string{"highway", "primary", "maxspeed:forward", "50", "maxspeed:backward", "30"}, false, false, 50, 30, false},
		{"words", []string{"highway", "primary", "maxspeed", "CN:urban"}, false, false, 50, 50, false},
		{"nonsense", []string{"highway", "primary", "maxspeed", "fast"}, false, false, 0, 0, false},
	} {
		w := newTown().way(1, []int64{1, 2}, tc.tags...)
		n, rep := made(t, w.d)
		there, back := edge(t, n, w.d, 1, 1, 2), edge(t, n, w.d, 1, 2, 1)
		r := n.Roads[there.Road]
		if there.Wrong != tc.wrongThere || back.Wrong != tc.wrongBack || (r.Flags&roads.Divided != 0) != tc.divided {
			t.Errorf("%s: %+v, %+v, flags %b", tc.name, there, back, r.Flags)
		}
		limit := func(e roads.Edge) uint8 { return r.LimitKmh[map[bool]int{false: 0, true: 1}[e.Back]] }
		if limit(there) != tc.limit || limit(back) != tc.limit2 {
			t.Errorf("%s: limits %d and %d, want %d and %d", tc.name, limit(there), limit(back), tc.limit, tc.limit2)
		}
		if tc.name == "nonsense" && len(rep.Odd) != 2 {
			t.Errorf("a speed that is none is not told: %v", rep.Odd)
		}
	}
}

func TestWhatIsNotDriven(t *testing.T) {
	for _, tags := range [][]string{{"route", "ferry"}, {"highway", "footway"}, {"highway", "construction"}, {"highway", "primary", "access", "no"}, {"highway", "primary", "motor_vehicle", "no"}, {"highway", "service", "area", "yes"}} {
		w := newTown().way(1, []int64{1, 2}, "highway", "primary").way(2, []int64{2, 3}, tags...)
		if n, _ := made(t, w.d); len(n.Roads) != 1 {
			t.Errorf("%v is driven", tags)
		}
	}
	for _, tags := range [][]string{{"highway", "service", "access", "private"}, {"highway", "track"}, {"highway", "primary", "access", "no", "emergency", "yes"}, {"highway", "pedestrian", "emergency", "yes"}} {
		w := newTown().way(1, []int64{1, 2}, "highway", "primary").way(2, []int64{2, 3}, tags...)
		if n, _ := made(t, w.d); len(n.Roads) != 2 {
			t.Errorf("%v is not driven by an ambulance", tags)
		}
	}
	if _, _, err := roadbuild.Of(newTown().way(1, []int64{1, 2}, "waterway", "river").d); err == nil || !strings.Contains(err.Error(), "no road") {
		t.Errorf("a river alone: %v", err)
	}
}

func TestBarriersPartTheRoad(t *testing.T) {
	w := newTown().way(1, []int64{1, 2, 3}, "highway", "residential")
	w.d.Points = []extract.Point{{ID: 2, Pos: w.d.Pos[2], Tags: extract.Tags{"barrier": "block"}}}
	n, rep := made(t, w.d)
	if rep.Barriers != 1 || len(n.Pos) != 4 || n.Edges[0].To == n.Edges[2].From {
		t.Errorf("a road goes through a block: %+v", n.Edges)
	}
	w.d.Points[0].Tags = extract.Tags{"barrier": "lift_gate"}
	if n, _ := made(t, w.d); len(n.Pos) != 2 || len(n.Roads) != 1 {
		t.Errorf("a gate parts the road: %+v", n.Roads)
	}
}

func TestRestrictions(t *testing.T) {
	cross := func() *town {
		return newTown().way(1, []int64{1, 2}, "highway", "primary").way(2, []int64{2, 3}, "highway", "primary").
			way(3, []int64{4, 2}, "highway", "secondary").way(4, []int64{2, 5}, "highway", "secondary")
	}
	w := cross()
	w.restriction("no_left_turn", 1, "node", 2, 3)
	n, rep := made(t, w.d)
	if rep.Restrictions != 1 || len(n.Bans) != 1 {
		t.Fatalf("%+v, %v", rep, n.Bans)
	}
	if a, b := n.Edges[n.Bans[0][0]], n.Edges[n.Bans[0][1]]; n.Pos[a.From] != w.d.Pos[1] || n.Pos[b.To] != w.d.Pos[4] {
		t.Errorf("the wrong turn is banned: %+v %+v", a, b)
	}
	w = cross()
	w.restriction("only_straight_on", 1, "node", 2, 2)
	n, _ = made(t, w.d)
	if len(n.Bans) != 3 || slices.ContainsFunc(n.Bans, func(b roads.Ban) bool { return n.Pos[n.Edges[b[1]].To] == w.d.Pos[3] }) { // left, right and around
		t.Errorf("only straight on: %v", n.Bans)
	}
	w = cross()
	w.restriction("no_u_turn", 1, "node", 2, 1)
	n, _ = made(t, w.d)
	if len(n.Bans) != 1 || n.Edges[n.Bans[0][0]].Road != n.Edges[n.Bans[0][1]].Road {
		t.Errorf("no turning around: %v", n.Bans)
	}
	// By way of a way: from 1 over 2, not into 5.
	w = cross()
	w.node(6, 35.010, 118.020)
	w.way(5, []int64{3, 6}, "highway", "secondary")
	w.restriction("no_left_turn", 1, "way", 2, 5)
	n, rep = made(t, w.d)
	if rep.Restrictions != 1 || len(n.Bans) != 1 || len(n.Bans[0]) != 3 {
		t.Fatalf("over a way: %+v, %v", rep, n.Bans)
	}
	w = cross()
	w.restriction("no_left_turn", 1, "node", 2, 99)
	if _, rep = made(t, w.d); rep.Restrictions != 0 || rep.RestrictionsLeftOut != 1 {
		t.Errorf("a way beyond the border: %+v", rep)
	}
}
