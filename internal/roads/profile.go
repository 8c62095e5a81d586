package roads

import "math"

// Millis is a travel time in milliseconds.
type Millis = uint32

// Never is a travel time that does not end. Two of them can be added without overflow.
const Never Millis = 1 << 30

// Turn is what a search graph knows of the turn before an edge.
type Turn uint8

// Turns. Without turn costs (Junctions) every allowed turn is Ahead.
const (
	Ahead  Turn = iota
	Right       // right-hand traffic: the easy one
	Left        // across the others
	Around      // back to where one comes from
	Banned      // a restriction of the road
	Turns       // how many there are
)

// Profile is how fast a driver is, and what is allowed. It is a table that a city edits.
type Profile struct {
	Name string `json:"name"`
	// Free speed by class, km/h.
	Kmh [Classes]float64 `json:"kmh"`
	// Share of the signed limit that is driven where one is signed and slower than the class; over 1 with sirens.
	OfLimit float64 `json:"of_limit"`
	// Nobody drives faster, km/h.
	MaxKmh float64 `json:"max_kmh"`
	// What a turn costs, ms; Never where it is not allowed.
	TurnMs [Turns]Millis `json:"turn_ms"`
	// Times as long against a one-way; 0 never. Divided roads and motorways are never driven against.
	Against float64 `json:"against"`
	// Times as long on private ground; 0 never.
	Private float64 `json:"private"`
}

// Normal drives as everybody does: back to the station, transfers.
//
// Speeds by class are free-flow values of cities; ../shared/GEO.md §1 has 63.5 km/h on motorways and 33 km/h on other roads as the
// measured mean of Auckland's ambulances without lights and sirens.
func Normal() Profile {
	p := Profile{Name: "normal", OfLimit: 0.9, MaxKmh: 110, Against: 0, Private: 2,
		Kmh: [Classes]float64{90, 50, 70, 45, 50, 40, 45, 38, 38, 32, 32, 26, 12, 14, 12}}
	p.TurnMs = [Turns]Millis{Ahead: 0, Right: 1500, Left: 5000, Around: 20_000, Banned: Never}
	return p
}

// Mission drives with lights and sirens. Road Traffic Safety Law art. 53 frees an ambulance on a mission from route, direction, speed and
// signals where it is safe: a banned turn and a one-way cost time and are no walls; a barrier is one. It is faster by 1/0.7 than Normal
// on roads where others can give way (JEMSS, Auckland), and no faster on lanes and yards.
func Mission() Profile {
	p := Normal()
	p.Name, p.OfLimit, p.MaxKmh, p.Against, p.Private = "mission", 1.3, 120, 3, 1
	for c := range p.Kmh {
		if Class(c) <= Residential {
			p.Kmh[c] = math.Round(p.Kmh[c]/0.7*10) / 10
		}
	}
	p.Kmh[Motorway] = 110 // others drive as fast as they may there: little is won
	p.TurnMs = [Turns]Millis{Ahead: 0, Right: 800, Left: 2000, Around: 12_000, Banned: 15_000}
	return p
}

// Over is what differs from the profile just now. Both functions may be nil.
type Over struct {
	// KmhOf is the measured speed of an edge; false where there is none.
	KmhOf func(edge uint32) (kmh float64, known bool)
	// Closed edges are not driven through. What lies on one can still be reached, as far as it goes.
	Closed func(edge uint32) bool
}

// never says of an edge that nobody drives it, whatever the profile: against the direction of a carriageway, a ramp or a motorway.
func (n *Net) never(edge uint32) bool {
	e := n.Edges[edge]
	r := &n.Roads[e.Road]
	return e.Wrong && (r.Flags&Divided != 0 || r.Class <= MotorwayLink)
}

// EdgeMs is how long an edge takes from end to end: at least 1 ms, so that there are no loops without cost; Never where the profile does not
// drive it at all.
func (p *Profile) EdgeMs(n *Net, edge uint32, over Over) Millis {
	e := n.Edges[edge]
	r := &n.Roads[e.Road]
	kmh := p.Kmh[r.Class]
	limit := r.LimitKmh[0]
	if e.Back {
		limit = r.LimitKmh[1]
	}
	if limit > 0 {
		// A sign tells more of this road than its class, both ways: but nobody flies on a lane because it is not signed slower.
		kmh = min(float64(limit)*p.OfLimit, kmh*1.5)
	}
	if over.KmhOf != nil {
		if measured, known := over.KmhOf(edge); known && measured > 0 {
			kmh = measured
		}
	}
	kmh = min(kmh, p.MaxKmh)
	factor := 1.0
	if r.Flags&Private != 0 {
		factor *= p.Private
	}
	if e.Wrong {
		if n.never(edge) {
			return Never
		}
		factor *= p.Against
	}
	if !(kmh > 0) || !(factor > 0) {
		return Never
	}
	ms := math.Round(float64(r.Metres) * 3600 / kmh * factor)
	return Millis(min(max(ms, 1), float64(Never-1)))
}
