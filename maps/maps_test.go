package maps

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"lifeline120/internal/ems"
)

func TestDemoCityIsWhole(t *testing.T) {
	c, err := Load(Demo())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Stations) != 25 || len(c.Hospitals) != 12 || len(c.Units) != 40 || len(c.Desks) == 0 || len(c.AEDs) < 30 || len(c.Districts) != 6 {
		t.Errorf("%d stations, %d hospitals, %d units, %d desks, %d AEDs, %d districts", len(c.Stations), len(c.Hospitals), len(c.Units), len(c.Desks), len(c.AEDs), len(c.Districts))
	}
	if c.DutyPhone == "" {
		t.Error("nobody is rung when no supervisor is logged on (ALM-005)")
	}
	kinds, centres, abilities := map[ems.UnitKind]bool{}, map[string]bool{}, map[string]bool{}
	for i, u := range c.Units {
		kinds[u.Kind] = true
		if want := ems.UnitID(fmt.Sprintf("u%02d", i+1)); u.ID != want {
			t.Errorf("unit %d is %s, want %s: others know it by this name", i, u.ID, want)
		}
	}
	for i, h := range c.Hospitals {
		for _, k := range h.Centres {
			centres[k] = true
		}
		abilities[strings.Join(h.Centres, " ")] = true
		if want := ems.HospitalID(fmt.Sprintf("h%d", i+1)); h.ID != want {
			t.Errorf("hospital %d is %s, want %s", i, h.ID, want)
		}
	}
	if len(kinds) != 6 || len(centres) != 6 || len(abilities) < 7 {
		t.Errorf("kinds %v, centres %v, abilities %v", kinds, centres, abilities)
	}
	if c.Map.Datum != "wgs84" || !strings.Contains(c.Map.Attribution, "虚构") {
		t.Errorf("the map says of itself %+v: its datum and that nobody lives there are missing", c.Map)
	}
}

// The demand rises and falls with the hour, and the city's people are those of its districts.
func TestDemandRisesAndFalls(t *testing.T) {
	c, err := Load(Demo())
	if err != nil {
		t.Fatal(err)
	}
	people, day := 0, 0.0
	for _, d := range c.Districts {
		people += d.People
		sum, least, most := 0.0, math.Inf(1), 0.0
		for h := range 24 {
			x := c.Expected(d, h)
			sum, least, most = sum+x, min(least, x), max(most, x)
		}
		if math.Abs(sum-d.CallsPerDay) > 0.01*d.CallsPerDay || most < 2.5*least || len(d.Areas) < 3 {
			t.Errorf("%s: %.1f calls a day of %.1f, from %.2f to %.2f an hour, %d areas", d.Name, sum, d.CallsPerDay, least, most, len(d.Areas))
		}
		if night, morning := c.Expected(d, 3), c.Expected(d, 9); night >= morning/2 {
			t.Errorf("%s: %.2f calls at three at night, %.2f at nine", d.Name, night, morning)
		}
		day += d.CallsPerDay
	}
	if people < 1_900_000 || people > 2_200_000 || day < 120 || day > 300 {
		t.Errorf("%d people call %.0f times a day", people, day)
	}
	if c.Expected(c.Districts[0], 24) != 0 || c.Expected(c.Districts[0], -1) != 0 {
		t.Error("an hour that does not exist has calls")
	}
}

func TestWrongCitiesAreNamed(t *testing.T) {
	good := "region: r\nstations: [{id: s1, name: S, pos: {lat: 35, lon: 118}}]\n"
	for name, tc := range map[string]struct{ city, want string }{
		"unknown key":        {good + "hospital: []\n", `unknown field "hospital"`},
		"no region":          {"stations: []\n", "region"},
		"unknown kind":       {good + "units: [{id: u1, kind: Z, station: s1}]\n", "kind \"Z\""},
		"no station":         {good + "units: [{id: u1, kind: A, station: s2}]\n", "list of stations"},
		"twice":              {good + "desks: [d1, d1]\n", "twice"},
		"nowhere":            {"region: r\nstations: [{id: s1, name: S}]\n", "no place"},
		"duty phone":         {good + "duty_phone: ring me\n", "no telephone number"},
		"duty dashes":        {good + "duty_phone: '- +'\n", "no telephone number"},
		"a line for an area": {"region: r\nstations: [{id: s1, name: S, pos: {lat: 35, lon: 118}, areas: [[{lat: 35, lon: 118}, {lat: 36, lon: 118}]]}]\n", "station s1: areas: the ring 1"},
		"no time of day":     {good + "units: [{id: u1, kind: A, station: s1, shifts: ['8']}]\n", `unit u1: shifts: "8"`},
		"cell of no day":     {good + "demand: {cells: [{pos: {lat: 35, lon: 118}, calls_per_day: 1, profile: moon}]}\n", `demand cell 1: want`},
		"half a day":         {good + "demand: {profiles: {urban: [50, 50]}}\n", "24 hours"},
		"no such day":        {good + "districts: [{id: d, name: D, profile: moon}]\n", "profile \"moon\""},
		"aed nowhere":        {good + "aeds: [{id: a1, name: A}]\n", "no place"},
		"datum":              {good + "map: {datum: tokyo}\n", "wgs84 or gcj02"},
		"complaint":          {good + "demand: {complaints: [{text: x, share: 1, priority: Q}]}\n", "priority \"Q\""},
		"area": {good + "demand: {profiles: {u: [" + strings.Repeat("4,", 20) + "5,5,5,5]}}\ndistricts: [{id: d, name: D, profile: u, areas: [{name: A, pos: {lat: 35, lon: 118}}]}]\n",
			"radius_m"},
	} {
		if _, err := Load(fstest.MapFS{"city.yaml": {Data: []byte(tc.city)}}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// FuzzLoad: no bytes of a city break its reader.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("region: r\ndesks: [d1]\n"))
	f.Add([]byte("region: [r\n"))
	f.Fuzz(func(t *testing.T, city []byte) {
		_, _ = Load(fstest.MapFS{"city.yaml": {Data: city}})
	})
}
