package maps

import (
	"errors"
	"fmt"
	"math"

	"lifeline120/internal/ems"
)

// AED is a defibrillator that anyone may take.
type AED struct {
	ID    string    `json:"id"`
	Name  string    `json:"name" doc:"the building it hangs in"`
	Pos   ems.WGS84 `json:"pos"`
	Where string    `json:"where,omitempty" doc:"where in the building"`
	Floor string    `json:"floor,omitempty" doc:"floor as the lift has it: 1, B1"`
	Hours string    `json:"hours,omitempty" doc:"opening hours as OpenStreetMap writes them: 24/7, Mo-Su 08:00-22:00; empty: not known"`
}

// District is one district or county of the city, with the calls that are expected from it.
type District struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	NameEn      string  `json:"name_en,omitempty"`
	People      int     `json:"people"`
	CallsPerDay float64 `json:"calls_per_day"`
	Profile     string  `json:"profile" doc:"which day of the demand's profiles its calls follow"`
	Areas       []Area  `json:"areas" doc:"where its people live"`
}

// Area is a neighbourhood, a town or a village: people around a place.
type Area struct {
	Name    string    `json:"name"`
	NameEn  string    `json:"name_en,omitempty"`
	Pos     ems.WGS84 `json:"pos"`
	RadiusM float64   `json:"radius_m"`
	People  int       `json:"people"`
}

// Demand is what the city expects to be called for.
type Demand struct {
	// Profiles say for each hour of the day (local time) how much of a day's calls come in it, in percent.
	Profiles   map[string][]float64 `json:"profiles"`
	Complaints []Complaint          `json:"complaints"`
	// Cells say where calls come from more finely than the districts' areas do; none: the areas are cut into cells.
	Cells []DemandCell `json:"cells,omitempty"`
}

// DemandCell is a piece of ground with the calls that are expected from it.
type DemandCell struct {
	Pos         ems.WGS84 `json:"pos"`
	CallsPerDay float64   `json:"calls_per_day"`
	Profile     string    `json:"profile" doc:"which day of the profiles its calls follow"`
}

// maxCells bounds a city's own cells.
const maxCells = 2000

// Complaint is one kind of call.
type Complaint struct {
	Text     string       `json:"text"`
	TextEn   string       `json:"text_en,omitempty"`
	Pathway  string       `json:"pathway,omitempty"`
	Priority ems.Priority `json:"priority"`
	Share    float64      `json:"share" doc:"of all calls, in percent"`
	Who      string       `json:"who,omitempty" doc:"who calls for it as a rule: self, relative, stranger"`
}

// Expected is how many calls an hour are expected from a district in an hour of the day (0 to 23, local time).
func (c City) Expected(d District, hour int) float64 {
	p := c.Demand.Profiles[d.Profile]
	if hour < 0 || hour >= len(p) {
		return 0
	}
	return d.CallsPerDay * p[hour] / 100
}

func (c City) checkDemand(id func(kind, id string) error) []error {
	var errs []error
	for name, p := range c.Demand.Profiles {
		sum := 0.0
		for _, x := range p {
			sum += x
			if x < 0 || math.IsNaN(x) {
				errs = append(errs, fmt.Errorf("demand profile %s: %v is no share", name, x))
			}
		}
		if len(p) != 24 || math.Abs(sum-100) > 0.5 {
			errs = append(errs, fmt.Errorf("demand profile %s: want 24 hours that sum to 100 percent, got %d and %.1f", name, len(p), sum))
		}
	}
	for _, d := range c.Districts {
		errs = append(errs, id("district", d.ID))
		if _, ok := c.Demand.Profiles[d.Profile]; !ok {
			errs = append(errs, fmt.Errorf("district %s: no demand profile %q", d.ID, d.Profile))
		}
		for _, a := range d.Areas {
			if !a.Pos.Valid() || a.RadiusM <= 0 || a.People < 0 {
				errs = append(errs, fmt.Errorf("district %s: area %s: want a place on Earth, a radius_m above 0 and people", d.ID, a.Name))
			}
		}
	}
	if len(c.Demand.Cells) > maxCells {
		errs = append(errs, fmt.Errorf("demand cells: %d are more than %d; make them wider", len(c.Demand.Cells), maxCells))
	}
	for i, d := range c.Demand.Cells {
		if _, ok := c.Demand.Profiles[d.Profile]; !ok || !d.Pos.Valid() || !(d.CallsPerDay >= 0 && d.CallsPerDay < 1e6) {
			errs = append(errs, fmt.Errorf("demand cell %d: want a place on Earth, calls_per_day of 0 or more and one of the profiles, got %q", i+1, d.Profile))
		}
	}
	for _, a := range c.AEDs {
		errs = append(errs, id("aed", a.ID))
		if !a.Pos.Valid() {
			errs = append(errs, fmt.Errorf("aed %s: pos is no place on Earth", a.ID))
		}
	}
	for _, k := range c.Demand.Complaints {
		switch k.Priority {
		case ems.PriorityA, ems.PriorityB, ems.PriorityC, ems.PriorityD:
		default:
			errs = append(errs, fmt.Errorf("complaint %q: priority %q; use A, B, C or D", k.Text, k.Priority))
		}
		if k.Share <= 0 || k.Text == "" {
			errs = append(errs, errors.New("demand complaints: want a text and a share above 0"))
		}
	}
	return errs
}
