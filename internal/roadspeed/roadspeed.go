// Package roadspeed learns how fast roads are driven, from the tracks of our own units: edge by edge, by hours of the week, with lights and
// sirens and without. It is pure: places on the network and instants in, speeds out.
//
// A Follower turns the places of one unit into passages: edges that it drove from end to end, with the time that this took. A Table keeps the
// newest passages of each edge and slot and gives a robust speed of them: their median, drawn to the profile's as long as they are few.
package roadspeed

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"lifeline120/internal/roads"
)

// Mode is how the unit drove.
type Mode uint8

// Modes.
const (
	Mission Mode = iota // with lights and sirens
	Normal
	Modes
)

// Slot is a band of hours on working days or at the weekend, Beijing time. Few slots fill soon; these are those between which a Chinese city's
// traffic changes most.
type Slot uint8

// bands of the day begin at these minutes: night, morning peak, day, evening peak, late evening; the night goes on until the first.
var bands = [...]int{6*60 + 30, 9*60 + 30, 16*60 + 30, 19*60 + 30, 22 * 60}

var bandNames = [...]string{"night", "morning", "day", "evening", "late"}

// Slots is how many there are: five bands on working days, five at the weekend.
const Slots = Slot(2 * len(bands))

// beijing has no summer time.
var beijing = time.FixedZone("Asia/Shanghai", 8*3600)

// SlotOf is the slot of an instant.
func SlotOf(t time.Time) Slot {
	t = t.In(beijing)
	s := 0
	for i, from := range bands {
		if m := t.Hour()*60 + t.Minute(); m >= from {
			s = (i + 1) % len(bands)
		}
	}
	if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
		s += len(bands)
	}
	return Slot(s)
}

// Next is when the slot after an instant begins.
func Next(t time.Time) time.Time {
	b := t.In(beijing)
	day := time.Date(b.Year(), b.Month(), b.Day(), 0, 0, 0, 0, beijing)
	for _, from := range bands {
		if at := day.Add(time.Duration(from) * time.Minute); at.After(t) {
			return at.UTC()
		}
	}
	next := day.AddDate(0, 0, 1) // midnight changes between working days and the weekend, and back
	return next.UTC()
}

func (s Slot) String() string {
	name := bandNames[int(s)%len(bands)]
	if int(s) >= len(bands) {
		return "weekend_" + name
	}
	return "weekday_" + name
}

// Passage is one edge, or several short ones in a row, driven from end to end.
type Passage struct {
	Edges []uint32
	Mode  Mode
	Slot  Slot
	Kmh   float64
}

// What is believed of a track.
const (
	gapMost     = 12 * time.Second // between two fixes: longer, and nobody knows what was between
	paceMost    = 45.0             // m/s, 162 km/h: no ambulance drives faster; a jump of the receiver does
	detour      = 1.5              // the way between two fixes is at most so many times the straight line, and detourPlus metres
	detourPlus  = 40.0             // metres: noise of two fixes, and the corner between them
	backMost    = 25.0             // metres that a fix may lie behind the last on the same edge: noise, not a turn
	standMost   = 120 * time.Second
	standNormal = 60 * time.Second // who is in no hurry and stands longer does something else
	standMetres = 8.0              // moved less between two fixes of standLook: it stands
	shortest    = 60.0             // metres: shorter edges are measured together, noise would be all that is seen of one
	slowest     = 3.0              // km/h: slower is no driving
	hopsMost    = 6                // edges between two fixes
	openMost    = 400              // edges looked at for them
)

// Follower follows one unit. The zero value knows nothing of it.
type Follower struct {
	on    bool
	mode  Mode
	at    time.Time
	place roads.Place
	// entered is when the present run of edges was entered; known only when it was entered while followed.
	entered time.Time
	inside  bool
	run     []uint32
	metres  float64
	// stands since, and where.
	still time.Time
	spot  float64
	spotE uint32
}

// Lose forgets where the unit is: it stands at a scene, left the map, or is not believed.
func (f *Follower) Lose() { *f = Follower{} }

// Wait takes an instant at which the unit is so slow that its fix says no direction: it is still where it was.
func (f *Follower) Wait(n *roads.Net, at time.Time, mode Mode) {
	if f.on {
		f.Move(n, at, f.place, mode, 0)
	}
}

// Move takes the next place of the unit on the network and gives the passages that are whole now. away is the straight line from the last fix.
func (f *Follower) Move(n *roads.Net, at time.Time, p roads.Place, mode Mode, away float64) []Passage {
	last := *f
	begin := func() []Passage {
		*f = Follower{on: true, mode: mode, at: at, place: p, still: at, spot: p.Along, spotE: p.Edge}
		return nil
	}
	dt := at.Sub(last.at)
	if !last.on || mode != last.mode || dt <= 0 || dt > gapMost || n.Edges[p.Edge].Wrong {
		return begin()
	}
	way, metres, ok := between(n, last.place, p)
	if !ok || metres > paceMost*dt.Seconds()+detourPlus/4 || metres > away*detour+detourPlus {
		return begin()
	}
	f.at = at
	if p.Edge == last.place.Edge && p.Along < last.place.Along {
		p.Along = last.place.Along // a fix behind the last is noise, and the unit no further
	}
	f.place = p
	if p.Edge != f.spotE || math.Abs(p.Along-f.spot) > standMetres {
		f.still, f.spot, f.spotE = at, p.Along, p.Edge
	} else if limit := map[Mode]time.Duration{Mission: standMost, Normal: standNormal}[mode]; at.Sub(f.still) > limit {
		f.inside, f.run, f.metres = false, nil, 0 // it waits for something that is no traffic; what comes is another run
		return nil
	}
	if len(way) == 0 {
		return nil
	}
	// The ends of edges were passed between the two fixes, at an even pace.
	var out []Passage
	sofar := length(n, last.place.Edge) - last.place.Along
	edge := last.place.Edge
	for i, next := range way {
		share := 0.0
		if metres > 0 {
			share = min(max(sofar/metres, 0), 1)
		}
		crossed := last.at.Add(time.Duration(share * float64(dt)))
		if f.inside {
			f.run = append(f.run, edge)
			f.metres += length(n, edge)
			if f.metres >= shortest {
				if took := crossed.Sub(f.entered).Seconds(); took > 0 {
					if kmh := f.metres / took * 3.6; kmh >= slowest && kmh <= paceMost*3.6 {
						out = append(out, Passage{slices.Clone(f.run), mode, SlotOf(f.entered), kmh})
					}
				}
				f.inside = false
			}
		}
		if !f.inside {
			f.entered, f.inside, f.run, f.metres = crossed, true, f.run[:0], 0
		}
		edge = next
		if i < len(way)-1 {
			sofar += length(n, next)
		}
	}
	return out
}

func length(n *roads.Net, edge uint32) float64 { return float64(n.Roads[n.Edges[edge].Road].Metres) }

// between is the way from one place to the next: the edges entered, the last being that of the second place, and the metres driven. Nobody drives
// against a one-way in it, and none turns round in the middle of a road.
func between(n *roads.Net, a, b roads.Place) (way []uint32, metres float64, ok bool) {
	if a.Edge == b.Edge {
		if b.Along >= a.Along-backMost {
			return nil, max(b.Along-a.Along, 0), true
		}
		return nil, 0, false
	}
	type node struct {
		edge   uint32
		metres float64 // to its beginning
		from   int
		hops   int
	}
	open := []node{{a.Edge, -a.Along, -1, 0}}
	best, bestMetres := -1, math.Inf(1)
	for i := 0; i < len(open) && len(open) < openMost; i++ {
		at := open[i]
		end := at.metres + length(n, at.edge)
		if at.hops == hopsMost || end >= bestMetres {
			continue
		}
		for _, e := range n.Leaving(n.Edges[at.edge].To) {
			if n.Edges[e].Wrong || n.Edges[e].Road == n.Edges[at.edge].Road {
				continue
			}
			open = append(open, node{e, end, i, at.hops + 1})
			if e == b.Edge && end+b.Along < bestMetres {
				best, bestMetres = len(open)-1, end+b.Along
			}
		}
	}
	if best < 0 {
		return nil, 0, false
	}
	for i := best; open[i].from >= 0; i = open[i].from {
		way = append(way, open[i].edge)
	}
	slices.Reverse(way)
	return way, max(bestMetres, 0), true
}

// What is kept.
const (
	kept     = 15      // newest passages of an edge in a slot: a median of so many is steady, and follows a change within days
	prior    = 4.0     // as many passages as the profile's own speed counts
	mostRows = 400_000 // rows of edge, mode and slot: at some 26 bytes each a document of ten megabytes
	halfKmh  = 2.0     // speeds are kept in halves of a km/h
)

// ID names an edge whatever network it is read into: by the way of the extract, its ends and its direction.
type ID uint64

// IDs of all edges of a network.
func IDs(n *roads.Net) []ID {
	out := make([]ID, len(n.Edges))
	var b [48]byte
	for i, e := range n.Edges {
		from, to := n.Pos[e.From], n.Pos[e.To]
		for k, v := range []float64{from.Lat, from.Lon, to.Lat, to.Lon} {
			binary.LittleEndian.PutUint64(b[8*k:], uint64(int64(math.Round(v*1e6))))
		}
		binary.LittleEndian.PutUint64(b[32:], uint64(n.Roads[e.Road].Way))
		binary.LittleEndian.PutUint64(b[40:], uint64(math.Float32bits(n.Roads[e.Road].Metres)))
		h := fnv.New64a()
		_, _ = h.Write(b[:])
		out[i] = ID(h.Sum64())
	}
	return out
}

type key struct {
	id   ID
	mode Mode
	slot Slot
}

// row is the newest passages of an edge in a slot: a ring.
type row struct {
	kmh   [kept]uint16 // halves of a km/h
	n     uint8        // how many of them
	next  uint8
	total uint32 // ever
}

// Table is what was learnt of one network.
type Table struct {
	net  *roads.Net
	ids  []ID
	rows map[key]*row
	// Refused counts passages that found no room.
	Refused uint64
}

// NewTable knows nothing yet.
func NewTable(n *roads.Net) *Table {
	return &Table{net: n, ids: IDs(n), rows: map[key]*row{}}
}

// Learn keeps a passage. Private ground and what is driven against its direction are not learnt: they have rules of their own.
func (t *Table) Learn(p Passage) {
	if p.Mode >= Modes || p.Slot >= Slots || !(p.Kmh >= slowest) || p.Kmh > paceMost*3.6 {
		return
	}
	for _, e := range p.Edges {
		if edge := t.net.Edges[e]; edge.Wrong || t.net.Roads[edge.Road].Flags&roads.Private != 0 {
			continue
		}
		k := key{t.ids[e], p.Mode, p.Slot}
		r := t.rows[k]
		if r == nil {
			if len(t.rows) >= mostRows {
				t.Refused++
				continue
			}
			r = &row{}
			t.rows[k] = r
		}
		r.kmh[r.next] = uint16(math.Round(p.Kmh * halfKmh))
		r.next = (r.next + 1) % kept
		r.n = min(r.n+1, kept)
		r.total++
	}
}

func (r *row) median() float64 {
	v := slices.Clone(r.kmh[:r.n])
	slices.Sort(v)
	m := len(v) / 2
	if len(v)%2 == 1 {
		return float64(v[m]) / halfKmh
	}
	return (float64(v[m-1]) + float64(v[m])) / 2 / halfKmh
}

// Speeds are those of a slot, by edge: the median of what was measured, drawn to the speed of the profile by as much as prior passages. The mean is
// one of times, not of speeds, so that an edge of which nothing is known takes what the profile says.
func (t *Table) Speeds(m Mode, s Slot, p roads.Profile) map[uint32]float64 {
	out := map[uint32]float64{}
	for e, id := range t.ids {
		r := t.rows[key{id, m, s}]
		if r == nil {
			continue
		}
		free := freeKmh(t.net, &p, uint32(e))
		if !(free > 0) {
			continue
		}
		n := float64(r.n)
		out[uint32(e)] = (prior + n) / (prior/free + n/r.median())
	}
	return out
}

// freeKmh is how fast a profile drives an edge.
func freeKmh(n *roads.Net, p *roads.Profile, e uint32) float64 {
	ms := p.EdgeMs(n, e, roads.Over{})
	if ms >= roads.Never {
		return 0
	}
	return length(n, e) / float64(ms) * 3600
}

// Line is what a report says of one edge in a slot.
type Line struct {
	Edge   uint32
	Mode   Mode
	Slot   Slot
	Count  int     // passages in the median
	Total  int     // ever
	Median float64 // km/h
	Free   float64 // km/h, of the profile
	Used   float64 // km/h, what travel times are made of
}

// Report lists all that was learnt, the largest difference of time per metre first.
func (t *Table) Report(profiles [Modes]roads.Profile) []Line {
	var out []Line
	for e, id := range t.ids {
		for m := range Modes {
			for s := range Slots {
				r := t.rows[key{id, m, s}]
				if r == nil {
					continue
				}
				free := freeKmh(t.net, &profiles[m], uint32(e))
				l := Line{Edge: uint32(e), Mode: m, Slot: s, Count: int(r.n), Total: int(r.total), Median: r.median(), Free: free}
				if free > 0 {
					l.Used = (prior + float64(r.n)) / (prior/free + float64(r.n)/l.Median)
				}
				out = append(out, l)
			}
		}
	}
	slices.SortFunc(out, func(a, b Line) int {
		differ := func(l Line) float64 {
			if l.Free <= 0 || l.Used <= 0 {
				return 0
			}
			return math.Abs(1/l.Used - 1/l.Free)
		}
		return cmp.Or(cmp.Compare(differ(b), differ(a)), cmp.Compare(a.Edge, b.Edge), cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.Slot, b.Slot))
	})
	return out
}

// Rows is how many rows of edge, mode and slot there are.
func (t *Table) Rows() int { return len(t.rows) }

// magic begins a document of speeds; its last letter counts its shapes.
var magic = []byte("L120SPD1")

// ErrDamaged: the document is cut off, was changed, or is none.
var ErrDamaged = errors.New("a document of speeds that is damaged")

// Append writes the table, sealed with its SHA-256.
func (t *Table) Append(b []byte) []byte {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(t.rows)))
	keys := make([]key, 0, len(t.rows))
	for k := range t.rows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.mode, b.mode), cmp.Compare(a.slot, b.slot))
	})
	for _, k := range keys {
		r := t.rows[k]
		b = binary.LittleEndian.AppendUint64(b, uint64(k.id))
		b = append(b, byte(k.mode), byte(k.slot), r.n)
		b = binary.LittleEndian.AppendUint32(b, r.total)
		// Oldest first, so that the ring begins at 0 when it is read.
		for i := range r.n {
			b = binary.LittleEndian.AppendUint16(b, r.kmh[(r.next+kept-r.n+i)%kept])
		}
	}
	sum := sha256.Sum256(b[start:])
	return append(b, sum[:]...)
}

// Read takes a document in, instead of what the table held. What it has of edges that the network does not have is left out, and counted.
func (t *Table) Read(b []byte) (strange int, err error) {
	if len(b) < len(magic)+4+sha256.Size || !bytes.HasPrefix(b, magic) {
		return 0, fmt.Errorf("%w: it does not begin as one", ErrDamaged)
	}
	body, seal := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], seal) {
		return 0, fmt.Errorf("%w: its seal does not fit", ErrDamaged)
	}
	known := make(map[ID]bool, len(t.ids))
	for _, id := range t.ids {
		known[id] = true
	}
	rows := map[key]*row{}
	n := binary.LittleEndian.Uint32(body[len(magic):])
	body = body[len(magic)+4:]
	for range n {
		if len(body) < 15 {
			return 0, fmt.Errorf("%w: it is cut off", ErrDamaged)
		}
		k := key{ID(binary.LittleEndian.Uint64(body)), Mode(body[8]), Slot(body[9])}
		r := &row{n: body[10], total: binary.LittleEndian.Uint32(body[11:])}
		body = body[15:]
		if k.mode >= Modes || k.slot >= Slots || r.n == 0 || r.n > kept || len(body) < 2*int(r.n) {
			return 0, fmt.Errorf("%w: a row of it means nothing", ErrDamaged)
		}
		for i := range r.n {
			r.kmh[i] = binary.LittleEndian.Uint16(body[2*i:])
			if r.kmh[i] == 0 {
				return 0, fmt.Errorf("%w: a speed of nothing", ErrDamaged)
			}
		}
		body = body[2*int(r.n):]
		r.next = r.n % kept
		if !known[k.id] {
			strange++
			continue
		}
		rows[k] = r
	}
	if len(body) != 0 {
		return 0, fmt.Errorf("%w: something follows it", ErrDamaged)
	}
	t.rows = rows
	return strange, nil
}
