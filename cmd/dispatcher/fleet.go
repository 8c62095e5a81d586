package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/dispatcher"
	"lifeline120/internal/ems"
	"lifeline120/internal/match"
)

// maxFleet bounds a file of units.
const maxFleet = 64 << 20

// fleetRow is one unit of a file, with the line that it stands in.
type fleetRow struct {
	line int
	of   map[string]string
}

// columns of a fleet file.
var columns = []string{"id", "kind", "duty", "state", "lat", "lon", "age_s", "online", "failed", "station", "station_lat", "station_lon", "shift_ends",
	"incident", "priority", "since_s", "scene_lat", "scene_lon", "hospital_lat", "hospital_lon"}

// fleetOf reads a file of units. What is wrong is said with its line.
func fleetOf(path string, now time.Time) ([]match.Unit, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &dispatcher.ConfigError{Err: fmt.Errorf("--fleet: %w", err)}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFleet))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	read := csvRows
	if t := bytes.TrimLeft(b, " \t\r\n\ufeff"); len(t) > 0 && (t[0] == '[' || t[0] == '{') {
		read = jsonRows
	}
	rows, err := read(bytes.TrimPrefix(b, []byte("\ufeff")))
	if err == nil && len(rows) == 0 {
		err = errEmpty
	}
	var units []match.Unit
	var errs []error
	seen := map[ems.UnitID]int{}
	for _, r := range rows {
		u, err := r.unit(now)
		if first, twice := seen[u.ID]; err == nil && twice {
			err = fmt.Errorf("unit %s stands in line %d too", u.ID, first)
		}
		if seen[u.ID] = r.line; err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", r.line, err))
		}
		units = append(units, u)
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, &dispatcher.ConfigError{Err: fmt.Errorf("%s: %w", path, err)}
	}
	return units, nil
}

func csvRows(b []byte) ([]fleetRow, error) {
	r := csv.NewReader(bytes.NewReader(b))
	r.Comment, r.TrimLeadingSpace = '#', true
	head, err := r.Read()
	if err != nil {
		return nil, errEmpty
	}
	for i, h := range head {
		head[i] = strings.TrimSpace(h)
	}
	if err := known(head); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	var rows []fleetRow
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return rows, fmt.Errorf("line %d: %w", bad.Line, bad.Err)
		}
		if err != nil {
			return rows, err
		}
		line, _ := r.FieldPos(0)
		row := fleetRow{line, map[string]string{}}
		for i, v := range rec {
			row.of[head[i]] = strings.TrimSpace(v)
		}
		rows = append(rows, row)
	}
}

func jsonRows(b []byte) ([]fleetRow, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	lineAt := func(offset int64) int { return 1 + bytes.Count(b[:min(int(offset), len(b))], []byte("\n")) }
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, errors.New("line 1: want a list of units: [{\"id\": …}, …]")
	}
	var rows []fleetRow
	for d.More() {
		var of map[string]any
		d.UseNumber()
		err := d.Decode(&of)
		line := lineAt(d.InputOffset())
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line = lineAt(syntax.Offset)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			line = lineAt(int64(len(b)))
		}
		if err != nil {
			return rows, fmt.Errorf("line %d: %w", line, err)
		}
		row := fleetRow{line, map[string]string{}}
		for k, v := range of {
			if v != nil {
				row.of[k] = fmt.Sprint(v)
			}
		}
		if err := known(slices.Sorted(maps.Keys(of))); err != nil {
			return rows, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, row)
	}
	if _, err := d.Token(); err != nil {
		return rows, fmt.Errorf("line %d: the list does not end: %w", lineAt(int64(len(b))), err)
	}
	return rows, nil
}

// known refuses columns that nobody reads, and a file without ids.
func known(names []string) error {
	for _, n := range names {
		if !slices.Contains(columns, n) {
			return fmt.Errorf("no column %q; use of %s", n, strings.Join(columns, ", "))
		}
	}
	if !slices.Contains(names, "id") {
		return errors.New("the column id is missing")
	}
	return nil
}

// unit makes a unit of a row; what is not given is: a monitoring ambulance on duty at its station, on line, heard just now.
func (r fleetRow) unit(now time.Time) (u match.Unit, err error) {
	or := func(name, otherwise string) string {
		if v := r.of[name]; v != "" {
			return v
		}
		return otherwise
	}
	u.ID, u.Kind, u.Duty, u.State = ems.UnitID(r.of["id"]), ems.UnitKind(or("kind", "B")), ems.UnitDuty(or("duty", "on_duty")), ems.MissionState(or("state", "at_station"))
	u.Unit.Station = ems.StationID(r.of["station"])
	var errs []error
	say := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if u.ID == "" {
		say("id is missing")
	}
	switch u.Kind {
	case ems.UnitOrdinary, ems.UnitMonitoring, ems.UnitNegative, ems.UnitSpecial, ems.UnitAir, ems.UnitTransport:
	default:
		say("kind %q; use A, B, C, D, air or transport", u.Kind)
	}
	switch u.Duty {
	case ems.OnDuty, ems.OffDuty, ems.Suspended, ems.Crewless, ems.BrokenDown, ems.Contaminated:
	default:
		say("duty %q; use on_duty, off_duty, suspended, crewless, broken_down or contaminated", u.Duty)
	}
	if !slices.Contains(ems.Nodes[:], ems.Node(u.State)) {
		say("state %q; use at_station, available or a node of a mission", u.State)
	}
	number := func(name string) float64 {
		v, err := strconv.ParseFloat(or(name, "0"), 64)
		if err != nil {
			say("%s %q is no number", name, r.of[name])
		}
		return v
	}
	place := func(lat, lon string) *ems.WGS84 {
		if r.of[lat] == "" && r.of[lon] == "" {
			return nil
		}
		p := ems.WGS84{Lat: number(lat), Lon: number(lon)}
		if !p.Valid() {
			say("%s, %s: %s,%s is no place on Earth; degrees, WGS-84", lat, lon, r.of[lat], r.of[lon])
		}
		return &p
	}
	if p := place("lat", "lon"); p != nil {
		u.Fix = &ems.FixView{Pos: *p, Quality: ems.Good, Taken: now.Add(-time.Duration(number("age_s") * float64(time.Second)))}
	}
	u.Station = place("station_lat", "station_lon")
	if u.Online, err = strconv.ParseBool(or("online", "true")); err != nil {
		say("online %q; use true or false", r.of["online"])
	}
	for _, part := range strings.Fields(r.of["failed"]) {
		u.Devices = append(u.Devices, ems.DeviceStatus{Device: ems.DeviceID(part), Kind: part, State: ems.DeviceAbsent})
	}
	if s := r.of["shift_ends"]; s != "" {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			say("shift_ends %q is no time; write it as 2026-11-02T20:00:00+08:00", s)
		}
		u.ShiftEnds = &at
	}
	if u.State != ems.MissionAtStation && u.State != ems.MissionAvailable {
		since := now.Add(-time.Duration(number("since_s") * float64(time.Second)))
		in := or("incident", "of "+string(u.ID))
		n, _ := strconv.Atoi(in) // a name that is no number is 0 for speech
		u.Mission = ems.MissionID("mission of " + string(u.ID))
		u.Task = &match.Task{Incident: ems.IncidentID(in), Number: n, Priority: ems.Priority(or("priority", "A")), Scene: place("scene_lat", "scene_lon"),
			Hospital: place("hospital_lat", "hospital_lon"), Ordered: since, Since: since}
	}
	return u, errors.Join(errs...)
}
