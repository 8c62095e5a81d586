package wire

import (
	"time"

	"lifeline120/internal/ems"
)

// ClosureBody closes roads. What is closed is given by a line along it, by a border, or by a road and its crossings with two others.
type ClosureBody struct {
	Act
	Reason string           `json:"reason" minLength:"1" maxLength:"4000" doc:"why it is closed"`
	Line   []ems.WGS84      `json:"line,omitempty" maxItems:"2000" doc:"along the road, in the datum that is named; one place: the road there; of an area its border"`
	Datum  string           `json:"datum,omitempty" enum:"wgs84,gcj02,bd09" doc:"of line; none: WGS-84 (GEO-001)"`
	Road   string           `json:"road,omitempty" maxLength:"200" doc:"instead of line: the road by its name"`
	Cross  []string         `json:"cross,omitempty" maxItems:"2" doc:"with road: the roads at whose crossings the closed stretch begins and ends"`
	Area   bool             `json:"area,omitempty" doc:"line is a border: every road in it is closed"`
	OneWay bool             `json:"one_way,omitempty" doc:"only in the direction of the line, or from the first crossing to the second"`
	Level  ems.ClosureLevel `json:"level,omitempty" enum:"ground,above,below" doc:"of roads above each other only these"`
	From   *time.Time       `json:"from,omitempty" doc:"none: now"`
	Until  *time.Time       `json:"until,omitempty" doc:"none: until it is lifted"`
}

// LiftBody opens closed roads.
type LiftBody struct {
	Act
	Reason string `json:"reason,omitempty" maxLength:"4000"`
}

// ClosurePreview is what a drawing would close. Nothing is closed by it.
type ClosurePreview struct {
	Line    []ems.WGS84      `json:"line" doc:"as it would be kept, WGS-84"`
	Roads   []ems.ClosedRoad `json:"roads" doc:"what it hits; none: it closes nothing"`
	Problem string           `json:"problem,omitempty" doc:"no_roads: there is no road network; no_hit: it hits no road; not_found: no such road or crossing; refused: it is no line and no border, or too long"`
	Detail  string           `json:"detail,omitempty" doc:"in words, of not_found and refused"`
}

// RoadsNow says what the travel times that hold are made of.
type RoadsNow struct {
	Loaded   bool       `json:"loaded" doc:"there is a road network; without one travel times are straight lines"`
	Version  uint64     `json:"version" doc:"counts the travel times of this run of the centre"`
	At       *time.Time `json:"at,omitempty" doc:"when they were worked in"`
	Free     bool       `json:"free" doc:"free flow: no speed was measured"`
	Slot     string     `json:"slot,omitempty" doc:"hours that the measured speeds are of"`
	Mission  int        `json:"mission" doc:"directions of roads whose speed on missions was measured"`
	Normal   int        `json:"normal" doc:"the same without lights and sirens"`
	Closed   int        `json:"closed" doc:"directions of roads that are closed"`
	Closures int        `json:"closures" doc:"closures in force in them"`
	Working  bool       `json:"working,omitempty" doc:"newer ones are being worked in"`
	Problem  string     `json:"problem,omitempty" doc:"failed: newer ones could not be worked in, these still hold; it is tried again"`
}

// ReachView is the area that is reached within some minutes, by road and on foot from it, on the travel times that held.
type ReachView struct {
	At      time.Time   `json:"at" doc:"of the positions"`
	Version uint64      `json:"version" doc:"of the travel times"`
	From    []ReachFrom `json:"from" doc:"who begins"`
	Bands   []ReachBand `json:"bands" doc:"by minutes, rising; each holds those before it"`
	CellM   float64     `json:"cell_m,omitempty" doc:"metres: the borders are right to within about so much"`
	Problem string      `json:"problem,omitempty" doc:"no_roads, off_roads, nobody (no free unit has a position), no_position, not_found: then there is no area"`
}

// ReachFrom is one who begins.
type ReachFrom struct {
	ID  string    `json:"id"`
	Pos ems.WGS84 `json:"pos"`
	Off bool      `json:"off,omitempty" doc:"it is off the road network and counts for nothing"`
}

// ReachBand is the area within some minutes: polygons of rings of [lon, lat], the first the border and the others its holes, as GeoJSON has them.
type ReachBand struct {
	Minutes  int              `json:"minutes"`
	Km2      float64          `json:"km2"`
	Polygons [][][][2]float64 `json:"polygons"`
}
