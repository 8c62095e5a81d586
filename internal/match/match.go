// Package match ranks units for an incident and lists hospitals for a patient: hard filters, then time until there, then rules in an
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
	// HandicapS is how many seconds it is ranked behind its time; the reasons say why.
	HandicapS float64 `json:"handicap_s,omitempty"`
	// First is what would have to be true for it to stand first; nothing for the one that does.
	First []Why `json:"first,omitempty"`
	// The rest is of units that are on a mission: which, what a person must do before it can be sent, when it is free, by how much it is sooner than
	// the best free unit, and by how much later somebody is with the other incident (nil: nobody else can go, or that is not known).
	Mission ems.MissionID `json:"mission,omitempty"`
	Act     string        `json:"act,omitempty"` // ActRecall, ActFree, ActWait
	FreeAt  *time.Time    `json:"free_at,omitempty"`
	GainS   *float64      `json:"gain_s,omitempty"`
	LosesS  *float64      `json:"loses_s,omitempty"`
}

// LeftOut is a unit that is not recommended, and why.
type LeftOut struct {
	Unit ems.UnitID `json:"unit"`
	Why  []Why      `json:"why"`
	// EtaS is its time, were it sent from where it is; nil: unknown.
	EtaS  *float64 `json:"eta_s,omitempty"`
	First []Why    `json:"first,omitempty"` // what would have to be true for it to stand first
}

// Recommendation is the answer to one question; it is stored (DSP-002). Its JSON is wire.Recommendation.
type Recommendation struct {
	ID           string         `json:"id"`
	Incident     ems.IncidentID `json:"incident"`
	At           time.Time      `json:"at"`
	Method       string         `json:"method"` // MethodLive, MethodRoads or MethodLine
	DetourFactor float64        `json:"detour_factor"`
	SpeedKmh     float64        `json:"speed_kmh"`
	Units        []Ranked       `json:"units"`
	LeftOut      []LeftOut      `json:"left_out,omitempty"`
	LastResort   []Ranked       `json:"last_resort,omitempty"`
	Soon         []Ranked       `json:"soon,omitempty"`   // on a mission that is about to end; they cannot be sent yet
	Divert       []Ranked       `json:"divert,omitempty"` // on their way to somebody less urgent: a person may recall them
	Missing      []Why          `json:"missing,omitempty"`
	Simulated    bool           `json:"simulated,omitempty"`
}

// Unit is a candidate as the question gives it: what is known of it now, and where its station is.
type Unit struct {
	ems.UnitView
	Station *ems.WGS84 // nil when the station has no known place
	Task    *Task      // what it is doing; nil: nothing
	Work    []Span     // its missions of the last RestWindow
}

// Task is the mission of a unit.
type Task struct {
	Incident ems.IncidentID
	Number   int // of the incident, for speech
	Priority ems.Priority
	Scene    *ems.WGS84 // nil: not known
	Hospital *ems.WGS84 // nil: none yet
	Ordered  time.Time
	Since    time.Time // when it came into its present state
}

// Question is everything that an answer depends on: the same question gets the same answer (DSP-007).
type Question struct {
	ID       string
	Incident ems.Incident
	At       time.Time
	Units    []Unit
	Config   *Config // nil: Default
	// Home are the stations in whose area the incident lies.
	Home []ems.StationID
	// Roads has the time by road of each unit from where Whereabouts finds it; nil: there is no road network, or the incident is off it. A unit
	// that is not in it is off the roads and is ranked by the straight line, which is said of it.
	Roads map[ems.UnitID]time.Duration
	// OffRoads: there is a network, and the incident is off it.
	OffRoads bool
	// RoadsLive: measured speeds or closures are in the times by road.
	RoadsLive bool
	// ToHospital has the time by road of units with a patient aboard to their hospital, AfterTask from there to the incident.
	ToHospital, AfterTask map[ems.UnitID]time.Duration
	// Others has the times by road to the incidents that units may be diverted from.
	Others map[ems.IncidentID]map[ems.UnitID]time.Duration
	// Cover is what the free units reach; nil: the city says nothing of its demand. CoverLate: it is not worked out yet.
	Cover     *Cover
	CoverLate bool
}

// Methods by which travel times are found, best first.
const (
	MethodLive  = "roads_live"   // by road, with measured speeds or closures
	MethodRoads = ems.ETAByRoads // by road, at free flow
	MethodLine  = ems.ETAByLine
)
