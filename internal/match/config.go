package match

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"lifeline120/internal/ems"
)

// Config is how a city chooses: the section `match` of its city.yaml. What it leaves out keeps its default.
type Config struct {
	// NearestFirst are the priorities for which preferences are told and not counted: the unit that is there first goes first. Failed parts
	// always count (DSP-001).
	NearestFirst []ems.Priority `json:"nearest_first"`
	Mobilise     Mobilise       `json:"mobilise"`
	Soon         Soon           `json:"soon"`
	Divert       Divert         `json:"divert"`
	Area         AreaRule       `json:"area"`
	Returning    ReturningRule  `json:"returning"`
	Rest         RestRule       `json:"rest"`
	Shift        ShiftRule      `json:"shift"`
	Coverage     CoverageRule   `json:"coverage"`
}

// Preference is what every rule that ranks has.
type Preference struct {
	On        bool    `json:"on"`
	Weight    float64 `json:"weight"`     // multiplies the handicap
	HandicapS float64 `json:"handicap_s"` // seconds that a unit is ranked behind its time
}

// Default is the choosing of a city that says nothing of it.
func Default() Config {
	return Config{
		NearestFirst: []ems.Priority{ems.PriorityA},
		Mobilise:     Mobilise{DayS: mobiliseDayS, NightS: mobiliseNightS, NightFrom: nightFrom, NightTo: nightTo},
		Soon:         Soon{On: true, HandoverS: handoverS, ClearS: clearS, WithinS: soonS},
		Divert:       Divert{On: true, GainS: divertGainS},
		Area:         AreaRule{Preference{false, 1, areaHandicapS}},
		Returning:    ReturningRule{Preference{true, 1, 0}},
		Rest:         RestRule{Preference{true, 1, restHandicapS}, restAfterS, restBreakS, restMissions},
		Shift:        ShiftRule{Preference{true, 1, shiftHandicapS}, shiftWithinS},
		Coverage:     CoverageRule{Preference{true, 1, coverMostS}, coverTargetS, coverPointS},
	}
}

// defaults stand in for a question that brings no configuration; nobody writes into it.
var defaults = Default()

func (q *Question) config() *Config {
	if q.Config == nil {
		return &defaults
	}
	return q.Config
}

// ReadConfig reads the section `match` of a city; nothing gives the defaults. An error names the key.
func ReadConfig(section []byte) (Config, error) {
	c := Default()
	if len(bytes.TrimSpace(section)) == 0 {
		return c, nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(section, &keys); err != nil {
		return c, errors.New("match: want keys and values; docs/choosing.md lists them")
	}
	var errs []error
	v := reflect.ValueOf(&c).Elem()
	known := fieldsOf(v.Type())
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		i, ok := known[k]
		if !ok {
			errs = append(errs, fmt.Errorf("match.%s: no such key; use one of %s", k, strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
			continue
		}
		errs = append(errs, readKey("match."+k, keys[k], v.FieldByIndex(i)))
	}
	return c, errors.Join(append(errs, c.check()...)...)
}

// readKey reads one key over its default.
func readKey(name string, raw json.RawMessage, into reflect.Value) error {
	if into.Kind() == reflect.Struct {
		var keys map[string]json.RawMessage
		if err := json.Unmarshal(raw, &keys); err != nil || keys == nil {
			return fmt.Errorf("%s: want keys and values; docs/choosing.md lists them", name)
		}
		known := fieldsOf(into.Type())
		var errs []error
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			i, ok := known[k]
			if !ok {
				errs = append(errs, fmt.Errorf("%s.%s: no such key; use one of %s", name, k, strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
				continue
			}
			errs = append(errs, readKey(name+"."+k, keys[k], into.FieldByIndex(i)))
		}
		return errors.Join(errs...)
	}
	fresh := reflect.New(into.Type())
	if err := json.Unmarshal(raw, fresh.Interface()); err != nil || string(bytes.TrimSpace(raw)) == "null" {
		return fmt.Errorf("%s: %s is no %s", name, raw, map[reflect.Kind]string{reflect.Bool: "true or false", reflect.Float64: "number", reflect.Int: "whole number",
			reflect.Slice: "list of priorities"}[into.Kind()])
	}
	into.Set(fresh.Elem())
	return nil
}

// fieldsOf gives the fields of a struct by their JSON names, those of embedded ones too.
func fieldsOf(t reflect.Type) map[string][]int {
	out := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		if name := f.Tag.Get("json"); name != "" {
			out[name] = f.Index
		}
	}
	return out
}

// check says which values make no sense.
func (c *Config) check() (errs []error) {
	within := func(key string, v, lo, hi float64) {
		if !(v >= lo && v <= hi) {
			errs = append(errs, fmt.Errorf("match.%s: %v is not within %v to %v", key, v, lo, hi))
		}
	}
	for _, p := range c.NearestFirst {
		switch p {
		case ems.PriorityA, ems.PriorityB, ems.PriorityC, ems.PriorityD:
		default:
			errs = append(errs, fmt.Errorf("match.nearest_first: priority %q; use A, B, C or D", p))
		}
	}
	for _, p := range []struct {
		name string
		Preference
	}{{"area", c.Area.Preference}, {"returning", c.Returning.Preference}, {"rest", c.Rest.Preference}, {"shift", c.Shift.Preference}, {"coverage", c.Coverage.Preference}} {
		within(p.name+".weight", p.Weight, 0, 10)
		within(p.name+".handicap_s", p.HandicapS, 0, 3600)
	}
	within("mobilise.day_s", c.Mobilise.DayS, 0, 900)
	within("mobilise.night_s", c.Mobilise.NightS, 0, 900)
	within("mobilise.night_from", float64(c.Mobilise.NightFrom), 0, 23)
	within("mobilise.night_to", float64(c.Mobilise.NightTo), 0, 23)
	within("soon.handover_s", c.Soon.HandoverS, 0, 4*3600)
	within("soon.clear_s", c.Soon.ClearS, 0, 4*3600)
	within("soon.within_s", c.Soon.WithinS, 0, 4*3600)
	within("divert.gain_s", c.Divert.GainS, 0, 3600)
	within("rest.after_s", c.Rest.AfterS, 600, 24*3600)
	within("rest.break_s", c.Rest.BreakS, 60, 4*3600)
	within("rest.missions", float64(c.Rest.Missions), 1, 100)
	within("shift.within_s", c.Shift.WithinS, 0, 4*3600)
	within("coverage.target_s", c.Coverage.TargetS, 60, 3600)
	within("coverage.point_s", c.Coverage.PointS, 0, 600)
	return errs
}
