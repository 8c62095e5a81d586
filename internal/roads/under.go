package roads

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"lifeline120/internal/ems"
)

// Drawn is a line along roads, or the border of an area, as a person drew it on a map.
type Drawn struct {
	Line   []ems.WGS84 // one place: the road there
	Area   bool
	OneWay bool // only in the direction of the line
	Level  ems.ClosureLevel
}

// Stretch is a piece of an edge that something drawn runs on, in metres from where the edge begins.
type Stretch struct {
	Edge     uint32
	From, To float64
	Against  bool // the edge goes against the line
}

// How a line that a person draws is held against the roads.
const (
	underStep    = 4.0   // metres between the places of the line that are looked at
	underMost    = 30.0  // metres: a line is drawn that near to the road that it means
	underTwin    = 45.0  // metres from one carriageway to the other
	underRoads   = 12    // roads looked at by each place of the line
	underAngle   = 40.0  // degrees between the line and the road
	underLeast   = 15.0  // metres of a road, or half of it: less is a line that runs a little over a crossing
	underStay    = 6.0   // metres: so much nearer must another road be, while the line runs beside the one that it was on
	underByLevel = 2.0   // metres for each level: of roads above each other the ground is meant, when no level is named
	underBackTo  = 140.0 // degrees between two carriageways of a road
)

// Under gives the stretches of roads that something drawn closes. Of a line these are the roads that run along it, not those that it crosses;
// where it runs on one carriageway of a divided road, the other one too, unless it is OneWay. Of an area these are all roads in it.
// A road that is one-way is closed in both directions: what drives it against its direction does not pass either.
func (s *Snapper) Under(d Drawn) []Stretch {
	found := map[uint32]*stretch{}
	switch {
	case d.Area:
		s.inside(d, found)
	case len(d.Line) == 1:
		s.atPlace(d, found)
	default:
		s.along(d, found)
	}
	var out []Stretch
	for road, f := range found {
		length := float64(s.n.Roads[road].Metres)
		if f.to-f.from < min(underLeast, length/2) && !f.whole {
			continue
		}
		for back, e := range s.edges[road] {
			if e == noEdge || !f.way[back] {
				continue
			}
			st := Stretch{Edge: e, From: f.from, To: f.to, Against: f.against[back]}
			if back == 1 {
				st.From, st.To = length-f.to, length-f.from
			}
			out = append(out, st)
		}
	}
	slices.SortFunc(out, func(a, b Stretch) int { return cmp.Compare(a.Edge, b.Edge) })
	return out
}

// stretch of a road from its A, and in which of its directions.
type stretch struct {
	from, to float64
	way      [2]bool
	against  [2]bool // of the line
	whole    bool    // counts however short it is
}

// on says that the line runs there on a road, along or against its direction from A to B.
func (s *Snapper) on(found map[uint32]*stretch, road uint32, along float64, forth bool, both bool) {
	f := found[road]
	if f == nil {
		f = &stretch{from: along, to: along}
		found[road] = f
	}
	f.from, f.to = min(f.from, along), max(f.to, along)
	way := 0
	if !forth {
		way = 1
	}
	f.way[way] = true
	if both || s.n.Roads[road].Flags&OneWay != 0 {
		f.way[1-way], f.against[1-way] = true, true
	}
}

// fits says whether a road is on the level that is meant.
func fits(level ems.ClosureLevel, of int8) bool {
	switch level {
	case ems.GroundLevel:
		return of == 0
	case ems.AboveLevel:
		return of > 0
	case ems.BelowLevel:
		return of < 0
	}
	return true
}

func (s *Snapper) atPlace(d Drawn, found map[uint32]*stretch) {
	for _, c := range s.Near(d.Line[0], underMost, underRoads) {
		e := s.n.Edges[c.Edge]
		if e.Wrong || !fits(d.Level, c.Level) {
			continue
		}
		along := c.Along
		if e.Back {
			along = float64(s.n.Roads[e.Road].Metres) - along
		}
		s.on(found, e.Road, along, !e.Back, true)
		found[e.Road].whole = true
		b, on := s.n.Bearing(c.Place)
		s.twin(d, found, e.Road, b, on, true)
		return
	}
}

// along walks the line in small steps and takes at each the road that runs there as the line does.
func (s *Snapper) along(d Drawn, found map[uint32]*stretch) {
	last := noEdge
	steps(d.Line, underStep, func(at ems.WGS84, course float64) {
		best, bestScore, stay := -1, math.Inf(1), -1
		cs := s.Near(at, underMost, underRoads)
		for i, c := range cs {
			e := s.n.Edges[c.Edge]
			if e.Wrong || !fits(d.Level, c.Level) {
				continue
			}
			b, _ := s.n.Bearing(c.Place)
			off := between(b, course)
			if !d.OneWay && s.n.Roads[e.Road].Flags&OneWay != 0 {
				off = min(off, 180-off) // a carriageway that runs against the line is meant too
			}
			if off > underAngle {
				continue
			}
			score := c.Off + underByLevel*math.Abs(float64(c.Level))
			if score < bestScore {
				best, bestScore = i, score
			}
			if e.Road == last && c.Along > 1 && c.Along < float64(s.n.Roads[e.Road].Metres)-1 {
				stay = i
			}
		}
		if best < 0 {
			last = noEdge
			return
		}
		if stay >= 0 && cs[stay].Off <= bestScore+underStay {
			best = stay
		}
		c := cs[best]
		e := s.n.Edges[c.Edge]
		last = e.Road
		along := c.Along
		if e.Back {
			along = float64(s.n.Roads[e.Road].Metres) - along
		}
		b, on := s.n.Bearing(c.Place)
		s.on(found, e.Road, along, !e.Back, !d.OneWay)
		if between(b, course) > 90 {
			found[e.Road].against[back(e)], found[e.Road].against[1-back(e)] = true, false
		}
		if !d.OneWay {
			s.twin(d, found, e.Road, b, on, false)
		}
	})
}

// twin adds the other carriageway of a divided road at a place.
func (s *Snapper) twin(d Drawn, found map[uint32]*stretch, road uint32, course float64, at ems.WGS84, whole bool) {
	r := s.n.Roads[road]
	if r.Flags&OneWay == 0 {
		return
	}
	for _, c := range s.Near(at, underTwin, underRoads) {
		e := s.n.Edges[c.Edge]
		o := s.n.Roads[e.Road]
		b, _ := s.n.Bearing(c.Place)
		if e.Wrong || e.Road == road || o.Flags&OneWay == 0 || o.Level != r.Level || !fits(d.Level, o.Level) || o.Name != r.Name ||
			r.Name == 0 && o.Class != r.Class || between(b, course) < underBackTo {
			continue
		}
		along := c.Along
		if e.Back {
			along = float64(o.Metres) - along
		}
		s.on(found, e.Road, along, !e.Back, true)
		f := found[e.Road]
		f.whole = f.whole || whole
		f.against[back(e)], f.against[1-back(e)] = true, false
		if whole {
			return
		}
	}
}

// inside takes all roads in a border.
func (s *Snapper) inside(d Drawn, found map[uint32]*stretch) {
	lo, hi := [2]float32{math.MaxFloat32, math.MaxFloat32}, [2]float32{-math.MaxFloat32, -math.MaxFloat32}
	for _, p := range d.Line {
		x, y := float32(p.Lon), float32(p.Lat)
		lo, hi = [2]float32{min(lo[0], x), min(lo[1], y)}, [2]float32{max(hi[0], x), max(hi[1], y)}
	}
	s.tree.Search(lo, hi, func(_, _ [2]float32, road uint32) bool {
		r := s.n.Roads[road]
		if !fits(d.Level, r.Level) {
			return true
		}
		shape := s.n.ShapeOf(road)
		sofar := 0.0
		k := s.n.stretch(road, planeLength(shape))
		for i := 1; i < len(shape); i++ {
			a, b := shape[i-1], shape[i]
			length := metres(a, b)
			n := max(1, int(math.Ceil(length/2))) // every two metres
			for j := range n + 1 {
				f := float64(j) / float64(n)
				if p := (ems.WGS84{Lat: a.Lat + (b.Lat-a.Lat)*f, Lon: a.Lon + (b.Lon-a.Lon)*f}); Inside(d.Line, p) {
					s.on(found, road, (sofar+length*f)*k, true, true)
					found[road].whole = true
				}
			}
			sofar += length
		}
		return true
	})
}

// Inside says whether a place is in a border; the border closes itself.
func Inside(border []ems.WGS84, p ems.WGS84) bool {
	in := false
	for i, j := 0, len(border)-1; i < len(border); j, i = i, i+1 {
		a, b := border[i], border[j]
		if (a.Lat > p.Lat) != (b.Lat > p.Lat) && p.Lon < (b.Lon-a.Lon)*(p.Lat-a.Lat)/(b.Lat-a.Lat)+a.Lon {
			in = !in
		}
	}
	return in
}

// steps calls at for places along a line, every few metres and at its end, with the line's course there.
func steps(line []ems.WGS84, step float64, at func(p ems.WGS84, course float64)) {
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		length := metres(a, b)
		if length == 0 {
			continue
		}
		c := course(a, b)
		n := max(1, int(math.Ceil(length/step)))
		for k := range n + 1 {
			f := float64(k) / float64(n)
			at(ems.WGS84{Lat: a.Lat + (b.Lat-a.Lat)*f, Lon: a.Lon + (b.Lon-a.Lon)*f}, c)
		}
	}
}

// between is the angle between two courses, 0 to 180 degrees.
func between(a, b float64) float64 { return math.Abs(math.Mod(a-b+540, 360) - 180) }

// Line is a stretch as it lies on the ground, in the direction of its edge.
func (n *Net) Line(st Stretch) []ems.WGS84 { return n.cutShape(st.Edge, st.From, st.To) }

// ErrNames: a road or a crossing that was named is not there.
var ErrNames = errors.New("no such road or crossing")

// Names of the network that are what was asked for: the same without blanks, else those that begin so.
func (n *Net) named(asked string) map[uint32]bool {
	squeeze := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }
	asked = squeeze(asked)
	same, begin := map[uint32]bool{}, map[uint32]bool{}
	if asked == "" {
		return same
	}
	for i, name := range n.Names {
		switch has := squeeze(name); {
		case has == asked:
			same[uint32(i)] = true
		case strings.HasPrefix(has, asked):
			begin[uint32(i)] = true
		}
	}
	if len(same) > 0 {
		return same
	}
	return begin
}

// gapCost: the way between two crossings follows its road; where that bears no name for a little, in a roundabout or over a wide crossing,
// other roads count so many times as long, up to gapMost metres each.
const (
	gapCost = 10.0
	gapMost = 80.0
)

// Between is the line along a road by its name from its crossing with one road to its crossing with another, by their names. What is the
// shortest stands for it where a road crosses another twice.
func (n *Net) Between(road, a, b string) ([]ems.WGS84, error) {
	of := n.named(road)
	if len(of) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNames, road)
	}
	ends := func(other string) (map[uint32]bool, error) {
		names := n.named(other)
		out := map[uint32]bool{}
		if len(names) == 0 {
			return nil, fmt.Errorf("%w: %s", ErrNames, other)
		}
		for j := range n.Pos {
			var on, crosses bool
			for _, list := range [][]uint32{n.Leaving(uint32(j)), n.Coming(uint32(j))} {
				for _, e := range list {
					name := n.Roads[n.Edges[e].Road].Name
					on, crosses = on || of[name], crosses || names[name]
				}
			}
			if on && crosses {
				out[uint32(j)] = true
			}
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("%w: %s does not cross %s", ErrNames, road, other)
		}
		return out, nil
	}
	from, err := ends(a)
	if err != nil {
		return nil, err
	}
	to, err := ends(b)
	if err != nil {
		return nil, err
	}
	return n.follow(of, from, to, fmt.Sprintf("%s from %s to %s", road, a, b))
}

// follow is the shortest way from some junctions to others along roads of some names, in whichever direction.
func (n *Net) follow(of, from, to map[uint32]bool, what string) ([]ems.WGS84, error) {
	dist, by, done := map[uint32]float64{}, map[uint32]uint32{}, map[uint32]bool{}
	var heap near
	for j := range from {
		dist[j] = 0
		heap.push(nearItem{0, j})
	}
	for len(heap) > 0 {
		top := heap.pop()
		if done[top.j] {
			continue
		}
		done[top.j] = true
		if to[top.j] && !from[top.j] {
			return n.back(by, from, top.j), nil
		}
		for _, list := range [][]uint32{n.Leaving(top.j), n.Coming(top.j)} {
			for _, e := range list {
				edge := n.Edges[e]
				r := n.Roads[edge.Road]
				cost := float64(r.Metres)
				if !of[r.Name] {
					if cost > gapMost {
						continue
					}
					cost *= gapCost
				}
				next := edge.To
				if next == top.j {
					next = edge.From
				}
				if old, ok := dist[next]; (!ok || top.d+cost < old) && !done[next] {
					dist[next], by[next] = top.d+cost, e
					heap.push(nearItem{top.d + cost, next})
				}
			}
		}
	}
	return nil, fmt.Errorf("%w: %s does not hang together", ErrNames, what)
}

// back collects the line of a way that was followed to a junction.
func (n *Net) back(by map[uint32]uint32, from map[uint32]bool, at uint32) []ems.WGS84 {
	line := []ems.WGS84{n.Pos[at]}
	for !from[at] {
		edge := n.Edges[by[at]]
		shape := slices.Clone(n.ShapeOf(edge.Road))
		prev := edge.From
		if prev == at {
			prev = edge.To
		}
		if n.Roads[edge.Road].B == at {
			slices.Reverse(shape)
		}
		line = append(line, shape[1:]...)
		at = prev
	}
	slices.Reverse(line)
	return line
}

// near is a heap of junctions by distance; ties by junction, so that the same question gives the same line.
type near []nearItem

type nearItem struct {
	d float64
	j uint32
}

func (h *near) less(a, b int) bool {
	x, y := (*h)[a], (*h)[b]
	return x.d < y.d || x.d == y.d && x.j < y.j
}

func (h *near) push(it nearItem) {
	*h = append(*h, it)
	for i := len(*h) - 1; i > 0 && h.less(i, (i-1)/2); i = (i - 1) / 2 {
		(*h)[i], (*h)[(i-1)/2] = (*h)[(i-1)/2], (*h)[i]
	}
}

func (h *near) pop() nearItem {
	top, last := (*h)[0], len(*h)-1
	(*h)[0] = (*h)[last]
	*h = (*h)[:last]
	for i := 0; ; {
		c := 2*i + 1
		if c >= last {
			return top
		}
		if c+1 < last && h.less(c+1, c) {
			c++
		}
		if !h.less(c, i) {
			return top
		}
		(*h)[i], (*h)[c] = (*h)[c], (*h)[i]
		i = c
	}
}
