// Package match ranks units for an incident and lists hospitals for a patient: hard filters, then travel time, then rules in an
// ordered list, each giving its reason (docs/rules.md, DSP). It recommends; people decide (DSP-002). Travel times are by road; where there
// is no road network, or a place is off it, they are straight lines with a stated detour factor, and the recommendation says so.
package match

import (
	"time"

	"lifeline120/internal/ems"
)

// Why is one reason: a code of the screens' dictionary, with its numbers and names as text.
type Why struct {
	Code string            `json:"code"`
	Args map[string]string `json:"args,omitempty"`
}

// Ranked is a unit with how soon it can be there.
type Ranked struct {
	Unit      ems.UnitID `json:"unit"`
	EtaS      *float64   `json:"eta_s,omitempty"`      // nil: unknown, for want of a position of the unit or of the incident
	DistanceM *float64   `json:"distance_m,omitempty"` // straight line; nil: unknown
	Reasons   []Why      `json:"reasons,omitempty"`
	Caution   []Why      `json:"caution,omitempty"`
}

// LeftOut is a unit that is not recommended, and why.
type LeftOut struct {
	Unit ems.UnitID `json:"unit"`
	Why  []Why      `json:"why"`
}

// Recommendation is the answer to one question; it is stored (DSP-002). Its JSON is wire.Recommendation.
type Recommendation struct {
	ID           string         `json:"id"`
	Incident     ems.IncidentID `json:"incident"`
	At           time.Time      `json:"at"`
	Method       string         `json:"method"` // MethodRoads or MethodLine
	DetourFactor float64        `json:"detour_factor"`
	SpeedKmh     float64        `json:"speed_kmh"`
	Units        []Ranked       `json:"units"`
	LeftOut      []LeftOut      `json:"left_out,omitempty"`
	LastResort   []Ranked       `json:"last_resort,omitempty"`
	Missing      []Why          `json:"missing,omitempty"`
	Simulated    bool           `json:"simulated,omitempty"`
}

// Unit is a candidate as the question gives it: what is known of it now, and where its station is.
type Unit struct {
	ems.UnitView
	Station *ems.WGS84 // nil when the station has no known place
}

// Question is everything that an answer depends on: the same question gets the same answer (DSP-007).
type Question struct {
	ID       string
	Incident ems.Incident
	At       time.Time
	Units    []Unit
	// Roads has the time by road of each unit from where Whereabouts finds it; nil: there is no road network, or the incident is off it. A unit
	// that is not in it is off the roads and is ranked by the straight line, which is said of it.
	Roads map[ems.UnitID]time.Duration
	// OffRoads: there is a network, and the incident is off it.
	OffRoads bool
}

// Methods by which travel times are found.
const (
	MethodRoads = ems.ETAByRoads
	MethodLine  = ems.ETAByLine
)
