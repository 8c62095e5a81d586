// Package roads answers how long it takes to drive: exactly, on its own, in microseconds. A road network (Net) becomes a search graph
// (Space) in which every turn restriction holds, this is contracted once in an order that does not depend on travel times (Topology), and
// each set of travel times (Metric) is worked in within milliseconds to seconds: a customizable contraction hierarchy (Dibbelt, Strasser,
// Wagner 2014) with elimination-tree queries, and buckets for vehicles that stand ready to be asked for (Knopp et al. 2007).
//
// Times are whole milliseconds, so that an answer can be compared with that of a plain Dijkstra to the last one. The package is pure:
// files, building and the live metric stand above it.
package roads

import (
	"errors"
	"fmt"
	"math"

	"lifeline120/internal/ems"
)

// Class is what kind of road it is, as OpenStreetMap's highway has it.
type Class uint8

// The classes, from the fastest to the slowest; links count with their road but are driven slower.
const (
	Motorway Class = iota
	MotorwayLink
	Trunk
	TrunkLink
	Primary
	PrimaryLink
	Secondary
	SecondaryLink
	Tertiary
	TertiaryLink
	Unclassified
	Residential
	LivingStreet
	Service
	Track
	Classes // how many there are
)

var classNames = [Classes]string{"motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link",
	"tertiary", "tertiary_link", "unclassified", "residential", "living_street", "service", "track"}

func (c Class) String() string {
	if c < Classes {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// ClassOf is the class of that name.
func ClassOf(name string) (Class, bool) {
	for i, n := range classNames {
		if n == name {
			return Class(i), true
		}
	}
	return 0, false
}

// Road is a piece of road between two junctions, drawn from A to B. Its shape has both ends.
type Road struct {
	A, B       uint32 // junctions
	Metres     float32
	Class      Class
	LimitKmh   [2]uint8 // signed speed limit from A to B and from B to A; 0 unknown
	Level      int8     // bridge above, tunnel below, 0 on the ground
	Flags      RoadFlags
	Name       uint32 // in Net.Names; 0 none
	ShapeFirst uint32 // in Net.Shape
	ShapeLen   uint32
	Way        int64 // of the extract
}

// RoadFlags are properties of a road.
type RoadFlags uint8

// Properties of a road.
const (
	OneWay     RoadFlags = 1 << iota // from A to B
	Roundabout                       //
	Private                          // a gate or a yard: an ambulance on a mission passes
	Divided                          // one of two carriageways: nobody drives it against its direction, siren or not
)

// Edge is one direction of a road.
type Edge struct {
	From, To uint32 // junctions
	Road     uint32
	Back     bool // from B to A
	Wrong    bool // against a one-way: only with lights and sirens, and slowly
}

// Ban is a way through junctions that is not allowed: the edges one after the other, at least two.
type Ban []uint32

// Net is a road network. Positions are WGS-84.
type Net struct {
	Pos   []ems.WGS84 // of junctions
	Roads []Road
	Edges []Edge
	Shape []ems.WGS84
	Names []string // Names[0] is empty
	Bans  []Ban

	leaving, leave []uint32
	coming, come   []uint32
}

// Index must be called when a network is whole, before Leaving.
func (n *Net) Index() {
	from, to := make([]uint32, len(n.Edges)), make([]uint32, len(n.Edges))
	for i, e := range n.Edges {
		from[i], to[i] = e.From, e.To
	}
	n.leaving, n.leave = grouped(len(n.Pos), from)
	n.coming, n.come = grouped(len(n.Pos), to)
}

// Coming are the edges that end at a junction.
func (n *Net) Coming(junction uint32) []uint32 {
	return n.come[n.coming[junction]:n.coming[junction+1]]
}

// Leaving are the edges that leave a junction.
func (n *Net) Leaving(junction uint32) []uint32 {
	return n.leave[n.leaving[junction]:n.leaving[junction+1]]
}

// City is a network with its search graph, contracted.
type City struct {
	Net *Net
	S   *Space
	T   *Topology
}

// ErrNet: the network contradicts itself.
var ErrNet = errors.New("a road network that contradicts itself")

// Check says whether everything that is named is there; what a file brings is checked before it is used.
func (n *Net) Check() error {
	bad := func(format string, a ...any) error { return fmt.Errorf("%w: %s", ErrNet, fmt.Sprintf(format, a...)) }
	if len(n.Names) == 0 || n.Names[0] != "" {
		return bad("name 0 is not empty")
	}
	for i, p := range n.Pos {
		if !p.Valid() {
			return bad("junction %d lies nowhere", i)
		}
	}
	for i, r := range n.Roads {
		switch {
		case int(r.A) >= len(n.Pos) || int(r.B) >= len(n.Pos):
			return bad("road %d ends at a junction that is not there", i)
		case r.Class >= Classes || int(r.Name) >= len(n.Names):
			return bad("road %d has an unknown class or name", i)
		case !(r.Metres >= 0) || math.IsInf(float64(r.Metres), 0):
			return bad("road %d is %v m long", i, r.Metres)
		case r.ShapeLen < 2 || uint64(r.ShapeFirst)+uint64(r.ShapeLen) > uint64(len(n.Shape)):
			return bad("road %d has no shape", i)
		}
	}
	for i, e := range n.Edges {
		if int(e.Road) >= len(n.Roads) {
			return bad("edge %d is of a road that is not there", i)
		}
		r := n.Roads[e.Road]
		if from, to := r.A, r.B; !(e.From == from && e.To == to && !e.Back) && !(e.From == to && e.To == from && e.Back) {
			return bad("edge %d does not go along its road", i)
		}
	}
	for i, b := range n.Bans {
		if len(b) < 2 {
			return bad("ban %d has %d edges", i, len(b))
		}
		for k, e := range b {
			if int(e) >= len(n.Edges) || (k > 0 && n.Edges[b[k-1]].To != n.Edges[e].From) {
				return bad("ban %d does not hang together", i)
			}
		}
	}
	return nil
}

// ShapeOf is the shape of a road from A to B.
func (n *Net) ShapeOf(road uint32) []ems.WGS84 {
	r := n.Roads[road]
	return n.Shape[r.ShapeFirst : r.ShapeFirst+r.ShapeLen]
}
