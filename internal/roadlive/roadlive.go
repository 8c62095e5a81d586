// Package roadlive keeps the road network of a running centre: travel times that are worked in anew while others ask, and the vehicles
// where they are. An update never stops a query: times are swapped whole, and who asks has the one or the other.
package roadlive

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/roads"
)

// Mode is how one drives.
type Mode uint8

// Modes.
const (
	Mission Mode = iota // with lights and sirens
	Normal
	modes
)

// Living is what differs from the profiles just now: closed roads, and speeds that were measured.
type Living struct {
	// Closed edges are not driven through, in either mode.
	Closed map[uint32]bool
	// Kmh is the measured speed of an edge, by mode; false where there is none. nil: none was measured.
	Kmh [modes]func(edge uint32) (kmh float64, known bool)
	// Measured is how many edges Kmh knows, by mode; Slot names the hours that it holds for.
	Measured [modes]int
	Slot     string
}

// Times are the travel times of one moment, for each mode.
type Times struct {
	Version uint64 // counts the updates of this run
	At      time.Time
	Closed  int  // edges that nobody drives through
	Free    bool // free flow: no speed was measured
	// Measured is how many edges have a measured speed, by mode; Slot names the hours that they are of.
	Measured [modes]int
	Slot     string
	by       [modes]*roads.Metric
}

// Metric of a mode.
func (t *Times) Metric(m Mode) *roads.Metric { return t.by[m] }

// Roads of one city. All methods may be called by any number of goroutines.
type Roads struct {
	city     roads.City
	profiles [modes]roads.Profile
	snap     *roads.Snapper
	now      atomic.Pointer[Times]
	scratch  sync.Pool
	update   sync.Mutex // one update at a time
}

// Away is how far from any road a place may be to be reached by it; further, and it is off the map, and the answer falls back.
const Away = 2000.0 // metres

// Of makes the roads of a city ready, with the times of both profiles.
func Of(city roads.City, mission, normal roads.Profile, at time.Time) *Roads {
	r := &Roads{city: city, profiles: [modes]roads.Profile{mission, normal}}
	main := roads.Connected(city.Net, city.S, mission)
	r.snap = roads.NewSnapper(city.Net, func(e uint32) bool { return main[e] })
	r.scratch.New = func() any { return roads.NewScratch(city.T) }
	if _, err := r.Retime(context.Background(), at, Living{}); err != nil {
		panic(err) // of free flow: only a wrong road file can do this, and that was checked
	}
	return r
}

// Retime works new times in and swaps them in, whole. What asks meanwhile has the old ones. Where ctx ends before, or the work breaks
// down, the old ones stay and the error says so.
func (r *Roads) Retime(ctx context.Context, at time.Time, l Living) (t *Times, err error) {
	r.update.Lock()
	defer r.update.Unlock()
	defer func() {
		if p := recover(); p != nil { // a fault of the program must not end the centre: the old times stay, and it is said
			t, err = r.now.Load(), fmt.Errorf("work in travel times: %v", p)
		}
	}()
	t = &Times{At: at, Closed: len(l.Closed), Measured: l.Measured, Slot: l.Slot, Free: l.Measured == [modes]int{}}
	if old := r.now.Load(); old != nil {
		t.Version = old.Version + 1
	}
	var closed func(uint32) bool
	if len(l.Closed) > 0 {
		closed = func(e uint32) bool { return l.Closed[e] }
	}
	for m := range modes {
		if ctx.Err() != nil {
			return r.now.Load(), ctx.Err()
		}
		t.by[m] = roads.Customize(r.city.Net, r.city.S, r.city.T, r.profiles[m], roads.Over{KmhOf: l.Kmh[m], Closed: closed}, runtime.Gosched)
	}
	r.now.Store(t)
	return t, nil
}

// Under gives the stretches of road that something drawn closes.
func (r *Roads) Under(d roads.Drawn) []roads.Stretch { return r.snap.Under(d) }

// Profile of a mode.
func (r *Roads) Profile(m Mode) roads.Profile { return r.profiles[m] }

// Now are the times that hold.
func (r *Roads) Now() *Times { return r.now.Load() }

// City is what the roads were made of.
func (r *Roads) City() roads.City { return r.city }

// Snap is where a standing place is reached from the road; nothing when it is off the map.
func (r *Roads) Snap(at ems.WGS84) []roads.Place { return r.snap.Snap(at, Away) }

// with lends a scratch.
func (r *Roads) with(f func(*roads.Scratch)) {
	s, _ := r.scratch.Get().(*roads.Scratch)
	f(s)
	r.scratch.Put(s)
}

// Travel is the time from one place to another; false when one is off the map or there is no way.
func (r *Roads) Travel(m Mode, from, to ems.WGS84) (time.Duration, bool) {
	out := r.Matrix(m, [][]roads.Place{r.Snap(from)}, [][]roads.Place{r.Snap(to)})
	return out[0][0], out[0][0] >= 0
}

// None stands for a time that there is not.
const None = time.Duration(-1)

// Matrix gives the time from each place to each; None where there is no way. A place is one or more places on the network, as Snap gives them.
func (r *Roads) Matrix(m Mode, from, to [][]roads.Place) [][]time.Duration {
	t := r.Now().Metric(m)
	in := make([][]roads.Seed, len(to))
	for i, p := range to {
		in[i] = t.In(nil, p...)
	}
	out := make([][]time.Duration, len(from))
	row := make([]roads.Millis, len(to))
	r.with(func(s *roads.Scratch) {
		for i, p := range from {
			t.Times(s, t.Out(nil, p...), in, row)
			out[i] = make([]time.Duration, len(to))
			for k, ms := range row {
				if ms = min(ms, t.Direct(p, to[k])); ms >= roads.Never {
					out[i][k] = None
				} else {
					out[i][k] = time.Duration(ms) * time.Millisecond
				}
			}
		}
	})
	return out
}

// To gives the time from each of many places to one: what an incident asks of the fleet, and a patient of no one else.
func (r *Roads) To(m Mode, from [][]roads.Place, to []roads.Place) []time.Duration {
	t := r.Now().Metric(m)
	seeds := make([][]roads.Seed, len(from))
	for i, p := range from {
		seeds[i] = t.Out(nil, p...)
	}
	row := make([]roads.Millis, len(from))
	out := make([]time.Duration, len(from))
	r.with(func(s *roads.Scratch) {
		t.TimesTo(s, seeds, t.In(nil, to...), row)
	})
	for i, ms := range row {
		if ms = min(ms, t.Direct(from[i], to)); ms >= roads.Never {
			out[i] = None
		} else {
			out[i] = time.Duration(ms) * time.Millisecond
		}
	}
	return out
}

// Route is the way between two places; false when there is none.
func (r *Roads) Route(m Mode, from, to []roads.Place) (route roads.Route, ok bool) {
	t := r.Now().Metric(m)
	r.with(func(s *roads.Scratch) { route, ok = t.Route(s, from, to) })
	return route, ok
}

// Fleet is the vehicles of a centre where they are, ready to be asked for.
type Fleet struct {
	r  *Roads
	m  Mode
	mu sync.RWMutex
	b  *roads.Buckets
	// Version of the times that the buckets are of.
	version uint64
	number  map[ems.UnitID]uint32
	places  [][]roads.Place
	track   []*roads.Tracker
	free    []uint32
}

// NewFleet is empty.
func NewFleet(r *Roads, m Mode) *Fleet {
	t := r.Now()
	return &Fleet{r: r, m: m, b: roads.NewBuckets(t.Metric(m), 0), version: t.Version, number: map[ems.UnitID]uint32{}}
}

// Move takes a vehicle's position. It says where on the network it is; nothing when that is off the map, and the vehicle is then not found.
func (f *Fleet) Move(u ems.UnitID, m roads.Motion) []roads.Place {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.of(u)
	var places []roads.Place
	if m.CourseKnown {
		if p, ok := f.track[i].Move(m); ok {
			places = []roads.Place{p}
		}
	}
	if places == nil {
		places = f.r.Snap(m.Pos) // stands, or drives on no road that the map knows
	}
	f.put(i, places)
	return places
}

// Stand places a vehicle at a station or wherever its position is not its own.
func (f *Fleet) Stand(u ems.UnitID, at ems.WGS84) []roads.Place {
	f.mu.Lock()
	defer f.mu.Unlock()
	places := f.r.Snap(at)
	f.put(f.of(u), places)
	return places
}

// Gone takes a vehicle out.
func (f *Fleet) Gone(u ems.UnitID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.number[u]
	if !ok {
		return
	}
	f.renew()
	f.b.Remove(i)
	f.places[i], f.track[i] = nil, nil
	delete(f.number, u)
	f.free = append(f.free, i)
}

func (f *Fleet) of(u ems.UnitID) uint32 {
	i, ok := f.number[u]
	if ok {
		return i
	}
	if k := len(f.free); k > 0 {
		i, f.free = f.free[k-1], f.free[:k-1]
	} else {
		i = uint32(len(f.places))
		f.places, f.track = append(f.places, nil), append(f.track, nil)
		f.b.Grow(len(f.places))
	}
	f.number[u], f.track[i] = i, roads.NewTracker(f.r.snap)
	return i
}

func (f *Fleet) put(i uint32, places []roads.Place) {
	f.renew()
	f.places[i] = slices.Clone(places)
	f.b.Put(i, f.b.Metric().Out(nil, places...))
}

// renew fills the buckets anew when the times are others now. The lock is held.
func (f *Fleet) renew() {
	t := f.r.Now()
	if t.Version == f.version {
		return
	}
	f.version = t.Version
	f.b = roads.NewBuckets(t.Metric(f.m), len(f.places))
	for i, p := range f.places {
		if p != nil {
			f.b.Put(uint32(i), f.b.Metric().Out(nil, p...))
		}
	}
}

// Reach gives the road time of each vehicle to a place; who has no way or is off the map is not in it. It says false when the place is.
func (f *Fleet) Reach(to ems.WGS84) (map[ems.UnitID]time.Duration, bool) {
	places := f.r.Snap(to)
	if len(places) == 0 {
		return nil, false
	}
	f.mu.Lock()
	f.renew()
	f.mu.Unlock()
	f.mu.RLock()
	defer f.mu.RUnlock()
	m := f.b.Metric()
	row := make([]roads.Millis, len(f.places))
	f.r.with(func(s *roads.Scratch) { f.b.Times(s, m.In(nil, places...), row) })
	out := make(map[ems.UnitID]time.Duration, len(f.number))
	for u, i := range f.number {
		if ms := min(row[i], m.Direct(f.places[i], places)); ms < roads.Never {
			out[u] = time.Duration(ms) * time.Millisecond
		}
	}
	return out, true
}

// Band is the area that is reached within some minutes.
type Band struct {
	Minutes int
	Areas   []roads.Polygon
	Km2     float64
}

// Reach gives the area that is reached within each of some minutes, rising, by the nearest of all who stand or drive at some places; and how
// finely it is drawn, in metres. It is worked out in the goroutine of who asks, on the times that hold at its beginning.
func (r *Roads) Reach(m Mode, from [][]roads.Place, minutes []int) (bands []Band, cellM float64) {
	if len(minutes) == 0 {
		return nil, 0
	}
	var places []roads.Place
	for _, p := range from {
		places = append(places, p...)
	}
	limits := make([]roads.Millis, len(minutes))
	for i, min := range minutes {
		limits[i] = roads.Millis(min) * 60_000
	}
	reach := r.Now().Metric(m).Reach(places, slices.Max(limits))
	for i, areas := range reach.Areas(limits) {
		bands = append(bands, Band{minutes[i], areas, roads.SquareKm(areas)})
	}
	return bands, reach.Cell()
}
