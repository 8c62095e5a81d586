// Package maps holds the cities: master data (stations, hospitals, units, desks, districts, demand), roads and base map. The demo city is part of the binary,
// so that a dispatcher starts with nothing; a real one is a folder of the same shape, named in the configuration.
package maps

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"lifeline120/internal/ems"
)

//go:embed demo/city.yaml demo/city.osm.pbf demo/city.pmtiles demo/roads.bin demo/places.json.gz
var demo embed.FS

// City is everything that is known of a city before the first call.
type City struct {
	Name      string         `json:"name"`
	NameEn    string         `json:"name_en"`
	Region    ems.RegionID   `json:"region"`
	DutyPhone string         `json:"duty_phone"` // rung when no supervisor is logged on (ALM-005); "" = none named
	Desks     []ems.DeskID   `json:"desks"`
	Stations  []ems.Station  `json:"stations"`
	Hospitals []ems.Hospital `json:"hospitals"`
	Units     []ems.Unit     `json:"units"`
	AEDs      []AED          `json:"aeds,omitempty"`
	Districts []District     `json:"districts,omitempty"`
	Demand    Demand         `json:"demand,omitzero"`
	Map       Map            `json:"map,omitzero"`
	// HospitalRules are the city's own numbers for the choice of hospitals (docs/hospitals.md).
	HospitalRules ems.HospitalRules `json:"hospital_rules,omitzero"`
	// Match is how the city chooses units, as internal/match reads it.
	Match json.RawMessage `json:"match,omitempty"`
}

// Map says what the city's map is made of, for the screens: a datum named wrongly puts a crew half a kilometre off (GEO-001).
type Map struct {
	Datum       string `json:"datum,omitempty" doc:"of the tiles: wgs84 or gcj02"`
	Attribution string `json:"attribution,omitempty" doc:"whose data it is, and the approval number where one is asked for"`
}

// Names of the files of a city's folder beside city.yaml. Each may be missing.
const (
	RoadsFile = "city.osm.pbf" // roads, names and ground, as OpenStreetMap has them; WGS-84
	TilesFile = "city.pmtiles" // the base map made from it
)

// Demo is the folder of the demo city.
func Demo() fs.FS {
	sub, err := fs.Sub(demo, "demo")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// Load reads the master data of a city from city.yaml in its folder. Unknown keys are refused.
func Load(folder fs.FS) (City, error) {
	var c City
	b, err := fs.ReadFile(folder, "city.yaml")
	if err != nil {
		return c, fmt.Errorf("load city: %w", err)
	}
	var keys map[string]any
	if err := yaml.Unmarshal(b, &keys); err != nil {
		return c, fmt.Errorf("load city.yaml: %w", err)
	}
	if b, err = json.Marshal(keys); err != nil { // the entities have JSON names
		return c, fmt.Errorf("load city.yaml: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("load city.yaml: %w", err)
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("load city.yaml: %w", err)
	}
	return c, nil
}

func (c City) check() error {
	if err := ems.CheckName(string(c.Region)); err != nil {
		return fmt.Errorf("region: %w", err)
	}
	seen := map[string]bool{}
	id := func(kind, id string) error {
		if err := ems.CheckName(id); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		if seen[kind+id] {
			return fmt.Errorf("%s %s stands twice", kind, id)
		}
		seen[kind+id] = true
		return nil
	}
	var errs []error
	if !telephone(c.DutyPhone) {
		errs = append(errs, fmt.Errorf("duty_phone: %q is no telephone number; write it in quotes, as digits, blanks, + and - of at most %d", c.DutyPhone, maxPhone))
	}
	for _, d := range c.Desks {
		errs = append(errs, id("desk", string(d)))
	}
	for _, s := range c.Stations {
		errs = append(errs, id("station", string(s.ID)))
		if !s.Pos.Valid() {
			errs = append(errs, fmt.Errorf("station %s: pos is no place on Earth", s.ID))
		}
		for i, ring := range s.Areas {
			if len(ring) < 3 || len(ring) > maxCorners || slices.ContainsFunc(ring, func(p ems.WGS84) bool { return !p.Valid() }) {
				errs = append(errs, fmt.Errorf("station %s: areas: the ring %d wants 3 to %d corners on Earth", s.ID, i+1, maxCorners))
			}
		}
	}
	for _, h := range c.Hospitals {
		errs = append(errs, id("hospital", string(h.ID)))
		if !h.Pos.Valid() {
			errs = append(errs, fmt.Errorf("hospital %s: pos is no place on Earth", h.ID))
		}
		for _, a := range h.Abilities {
			errs = append(errs, ability(h.ID, a))
		}
	}
	for _, u := range c.Units {
		errs = append(errs, id("unit", string(u.ID)))
		if !seen["station"+string(u.Station)] {
			errs = append(errs, fmt.Errorf("unit %s: its station %q is not in the list of stations", u.ID, u.Station))
		}
		for _, at := range u.Shifts {
			if _, err := time.Parse("15:04", at); err != nil {
				errs = append(errs, fmt.Errorf("unit %s: shifts: %q is no time of day; write it in quotes, as \"08:00\"", u.ID, at))
			}
		}
		switch u.Kind {
		case ems.UnitOrdinary, ems.UnitMonitoring, ems.UnitNegative, ems.UnitSpecial, ems.UnitAir, ems.UnitTransport:
		default:
			errs = append(errs, fmt.Errorf("unit %s: kind %q; use A, B, C, D, air or transport", u.ID, u.Kind))
		}
	}
	switch c.Map.Datum {
	case "", "wgs84", "gcj02":
	default:
		errs = append(errs, fmt.Errorf("map: datum %q; use wgs84 or gcj02", c.Map.Datum))
	}
	return errors.Join(append(errs, c.checkDemand(id)...)...)
}

// maxDoorS bounds the usual time from a hospital's door to a treatment: beyond half a day it is a slip of minutes for seconds.
const maxDoorS = 12 * 3600

// ability says what is wrong with what a hospital states of a treatment.
func ability(h ems.HospitalID, a ems.Ability) error {
	switch a.Treatment {
	case ems.TreatPCI, ems.TreatLysis, ems.TreatThrombectomy, ems.TreatTrauma, ems.TreatMaternal, ems.TreatNewborn:
	default:
		return fmt.Errorf("hospital %s: treatment %q; use pci, lysis, thrombectomy, trauma, maternal or newborn", h, a.Treatment)
	}
	if !(a.DoorS >= 0 && a.DoorS <= maxDoorS && a.ActivatedS >= 0 && a.ActivatedS <= maxDoorS) {
		return fmt.Errorf("hospital %s: %s: door_s and activated_s are seconds from 0 to %d", h, a.Treatment, maxDoorS)
	}
	if a.Level < 0 || a.Level > 9 {
		return fmt.Errorf("hospital %s: %s: level is 1 to 9, 1 being the highest", h, a.Treatment)
	}
	return nil
}

// maxCorners bounds one ring of a station's area.
const maxCorners = 2000

// maxPhone bounds a telephone number: what fits into one line of an alarm.
const maxPhone = 32

// telephone says whether somebody can dial this; "" is no number, and allowed.
func telephone(s string) bool {
	return len(s) <= maxPhone && strings.Trim(s, "0123456789+- ") == "" && (s == "" || strings.ContainsAny(s, "0123456789"))
}
