package mission

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// Limits of arrival by position (../shared/GEO.md §5).
const (
	// FenceM: nearer than this to the scene, or to the hospital's gate, a unit may have arrived.
	FenceM = 100.0 // metres
	// StandFor: it has arrived when it has stood so long; many a gate and red light costs less.
	StandFor = 10 * time.Second
	// StandKmh: slower than this it stands; a receiver at rest shows up to 2 or 3.
	StandKmh = 5.0
	// ShiftM: further from where it came to stand it has driven on, whatever speed is said.
	ShiftM = 30.0
	// EarlyFor: so long after the key of an arrival positions may still show when it was.
	EarlyFor = 5 * time.Minute
)

// Stand is what positions alone say of a unit's coming to its aim: it came to stand at At, or up to UncertainS before, since when nobody had
// seen it.
type Stand struct {
	At         time.Time
	UncertainS float64
}

// Fence watches whether a unit has come to stand where it is going. It proposes and people confirm: a jam next door looks the same. Only an
// arrival that was seen counts: a unit that stands there from its first position on may have stood there for an hour. The zero value is
// ready.
type Fence struct {
	aim    ems.WGS84
	last   time.Time // of the newest position
	came   bool      // it was seen on its way
	stands bool
	anchor ems.WGS84
	stand  Stand
	told   bool
}

// Feed takes a position and says whether the unit has arrived, and when. When the aim is another one, everything begins anew. Positions older
// than the newest are passed over.
func (f *Fence) Feed(at time.Time, pos ems.WGS84, speedKmh *float64, aim ems.WGS84) (Stand, bool) {
	if aim != f.aim {
		*f = Fence{aim: aim}
	}
	if !at.After(f.last) {
		return f.stand, f.told
	}
	since := at.Sub(f.last).Seconds()
	f.last = at
	driving := speedKmh != nil && *speedKmh >= StandKmh && !f.told // one gust of noise takes no arrival back
	switch {
	case geo.Distance(pos, aim) > FenceM || driving:
		f.came, f.stands, f.told = true, false, false
	case !f.stands || geo.Distance(pos, f.anchor) > ShiftM:
		f.came = f.came || f.stands
		f.stands, f.told, f.anchor, f.stand = true, false, pos, Stand{at, since}
	case f.came && at.Sub(f.stand.At) >= StandFor:
		f.told = true
	}
	return f.stand, f.told
}

// Aims says where a mission's next arrival may be, the scene or the hospital; also of a crew that forgot to say that it left.
func Aims(s ems.MissionState) (scene, hospital bool) {
	switch s {
	case ems.MissionAcknowledged, ems.MissionDeparted:
		return true, false
	case ems.MissionAtScene, ems.MissionContact, ems.MissionLeftScene:
		return false, true
	case ems.MissionOrdered, ems.MissionAtHospital, ems.MissionHandedOver, ems.MissionAvailable, ems.MissionAtStation, ems.MissionRecalled,
		ems.MissionAborted, ems.MissionRefused:
	}
	return false, false
}

// Early says that a key was touched so shortly ago that the arrival which it says may still be seen: some touch it at the last corner.
func Early(nodes []ems.NodeTime, n ems.Node, now time.Time) bool {
	t := Find(nodes, n)
	return t != nil && now.Sub(t.At) <= EarlyFor
}
