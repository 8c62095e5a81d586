package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/match"
)

// The command as a technician uses it: a fleet is ranked for a place by straight line and by road, as a table and as JSON.
func TestRank(t *testing.T) {
	do := func(code int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(append([]string{"rank"}, args...), &out, &errs); got != code {
			t.Fatalf("%q: exit code %d, want %d: %s%s", args, got, code, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	const fleet, here, now = "../../testdata/rank/fleet.csv", "35.402,118.504", "2026-11-02T11:00:00+08:00"
	said := do(0, "--at", here, "--fleet", fleet, "--now", now)
	for _, want := range []string{"straight_line × 1.4 at 40 km/h", "1 u1 ", "2 u2 ", "3 u4 ", "4 u3 ", "failed_part part=monitor", "shift_ends handicap_s=60 left_min=10", "can be diverted", "1 u7 ",
		"first: recall", "free soon", "first: free", "u5 ", "duty duty=suspended", "first_duty", "u6 ", "transport_unit", "first_never"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said:\n%s", want, said)
		}
	}
	answer := func(args ...string) (r match.Recommendation) {
		t.Helper()
		if err := json.Unmarshal([]byte(do(0, append(args, "--json")...)), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	road := answer("--at", here, "--fleet", fleet, "--now", now, "--graph", "../../maps/demo")
	if road.Method != match.MethodRoads || len(road.Units) != 4 || len(road.Soon) != 1 || len(road.Divert) != 1 || len(road.LeftOut) != 4 || len(road.Missing) != 0 {
		t.Errorf("by road: %+v", road)
	}
	if road.Divert[0].GainS == nil || road.Divert[0].LosesS == nil || *road.Divert[0].EtaS >= *road.Units[0].EtaS {
		t.Errorf("divertable: %+v", road.Divert)
	}
	// The same place in other datums is the same place: the shift here is half a kilometre and more.
	for _, other := range [][]string{{"--at", "35.401693,118.509565", "--datum", "gcj02"}, {"--at", "35.407444,118.516112", "--datum", "bd09"}} {
		r := answer(append(other, "--fleet", fleet, "--now", now)...)
		if d := *r.Units[0].DistanceM - 460; d > 60 || d < -60 || r.Units[0].Unit != "u1" {
			t.Errorf("%v: %+v", other, r.Units[0])
		}
	}
	if r := answer("--at", here, "--fleet", "../../testdata/rank/fleet.json", "--now", now, "--kind", "transport"); len(r.Units) != 0 || len(r.LastResort) != 3 || !strings.Contains(do(0, "--at", here,
		"--fleet", "../../testdata/rank/fleet.json", "--kind", "transport"), "last resort") {
		t.Errorf("emergency units for transport: %+v", r)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "city.yaml"), []byte("region: r\nmatch: {mobilise: {day_s: 10}, divert: {on: false}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := answer("--at", here, "--fleet", fleet, "--now", now, "--city", dir); len(r.Divert) != 0 || r.Units[0].Reasons[0].Args["mobilise_s"] != "10" {
		t.Errorf("as the city chooses: %+v", r)
	}
	if err := os.WriteFile(filepath.Join(dir, "city.yaml"), []byte("region: r\nmatch: {mobilise: {day: 10}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := do(exitUsage, "--at", here, "--fleet", fleet, "--city", dir); !strings.Contains(said, "match.mobilise.day: no such key") {
		t.Error(said)
	}
	// What is wrong is said with its line, and what to write instead.
	for name, c := range map[string]struct{ file, want string }{
		"no number":     {"id,lat,lon\nu1,35.4,118.5\nu2,north,118.5\n", `line 3: lat "north" is no number`},
		"no place":      {"id,lat,lon\nu1,95,118.5\n", "line 2: lat, lon: 95,118.5 is no place on Earth"},
		"no column":     {"id,wheels\nu1,4\n", `line 1: no column "wheels"; use of id, kind,`},
		"no id":         {"lat,lon\n35,118\n", "line 1: the column id is missing"},
		"no kind":       {"id,kind\nu1,X\n", `line 2: kind "X"`},
		"no duty":       {"id,duty\n# a remark\nu1,asleep\n", `line 3: duty "asleep"`},
		"no state":      {"id,state\nu1,flying\n", `line 2: state "flying"`},
		"no end":        {"id,shift_ends\nu1,eight\n", `line 2: shift_ends "eight"`},
		"twice":         {"id\nu1\nu2\nu1\n", "line 4: unit u1 stands in line 2 too"},
		"too few":       {"id,lat,lon\nu1,35\n", "line 2: wrong number of fields"},
		"nothing":       {"", "it holds no unit"},
		"a heading":     {"id,lat\n", "it holds no unit"},
		"cut-off JSON":  {"[\n {\"id\": \"u1\"},\n {\"id\":\n", "line 4: "},
		"no list":       {"{\"id\": \"u1\"}", "want a list of units"},
		"wrong in JSON": {"[\n {\"id\": \"u1\"},\n {\"id\": \"u2\", \"online\": \"perhaps\"}\n]", `line 3: online "perhaps"`},
		"odd in JSON":   {"[\n {\"id\": \"u1\", \"wheels\": 4}]", `line 2: no column "wheels"`},
	} {
		file := filepath.Join(dir, "fleet")
		if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		if said := do(exitUsage, "--at", here, "--fleet", file); !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
	for _, wrong := range [][]string{{"--at", "118.5,35.4", "--fleet", fleet}, {"--at", "here", "--fleet", fleet}, {"--at", here, "--fleet", fleet, "--now", "noon"}, {"--at", here, "--fleet", dir + "/none"}} {
		do(exitUsage, wrong...)
	}
	if said := do(exitFault, "--at", here, "--fleet", fleet, "--graph", dir); !strings.Contains(said, "roads.bin") {
		t.Errorf("no roads: %s", said)
	}
}

// FuzzFleet: no bytes of a fleet file break its reader.
func FuzzFleet(f *testing.F) {
	for _, name := range []string{"fleet.csv", "fleet.json"} {
		b, err := os.ReadFile("../../testdata/rank/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		for _, read := range []func([]byte) ([]fleetRow, error){csvRows, jsonRows} {
			rows, _ := read(b)
			for _, r := range rows {
				_, _ = r.unit(time.Time{})
			}
		}
	})
}
