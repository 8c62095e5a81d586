package pathway

import (
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

var t0 = time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)

func at(min float64) time.Time { return t0.Add(time.Duration(min * float64(time.Minute))) }

func facts(pairs map[string]float64) Facts {
	f := Facts{}
	for k, min := range pairs {
		f[k] = Fact{at(min), "key", "王"}
	}
	return f
}

func find(t *testing.T, steps []Step, key string) Step {
	t.Helper()
	for _, s := range steps {
		if s.Key == key {
			return s
		}
	}
	t.Fatalf("no step %q", key)
	return Step{}
}

func TestCase_StepsAgainstTargets(t *testing.T) {
	for _, c := range []struct {
		name, pathway, step string
		facts               map[string]float64
		now                 float64
		state               string
		remainingS          float64
	}{
		{"ECG not due before contact", "chest_pain", "first_ecg", nil, 30, Open, 0},
		{"ECG runs from first contact", "chest_pain", "first_ecg", map[string]float64{"fmc": 0}, 3, Running, 7 * 60},
		{"80 % is not yet near", "chest_pain", "first_ecg", map[string]float64{"fmc": 0}, 8, Running, 2 * 60},
		{"over 80 % is near", "chest_pain", "first_ecg", map[string]float64{"fmc": 0}, 8.5, Near, 90},
		{"the last second still holds", "chest_pain", "first_ecg", map[string]float64{"fmc": 0}, 10, Near, 0},
		{"over the target", "chest_pain", "first_ecg", map[string]float64{"fmc": 0}, 12, Over, -120},
		{"done in time", "chest_pain", "first_ecg", map[string]float64{"fmc": 0, "first_ecg": 10}, 60, Met, 0},
		{"done late", "chest_pain", "first_ecg", map[string]float64{"fmc": 0, "first_ecg": 14}, 60, Missed, -240},
		{"done before its start: no time is gained", "chest_pain", "first_ecg", map[string]float64{"fmc": 5, "first_ecg": 2}, 60, Done, 0},
		{"done, start unknown", "chest_pain", "first_ecg", map[string]float64{"first_ecg": 2}, 60, Done, 0},
		{"door to wire", "chest_pain", "wire", map[string]float64{"fmc": 0, "door": 30}, 60, Running, 60 * 60},
		{"door to needle", "stroke", "needle", map[string]float64{"door": 0}, 50, Near, 10 * 60},
		{"door to CT", "stroke", "ct", map[string]float64{"door": 0, "ct": 26}, 50, Missed, -60},
		{"resuscitation of a trauma", "trauma", "resuscitation", map[string]float64{"door": 0}, 6, Over, -60},
		{"a node without a target", "trauma", "door", map[string]float64{"door": 1}, 6, Done, 0},
		{"a pathway of tomorrow has the plain nodes", "burns", "door", nil, 6, Open, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := find(t, Default().Case("m", c.pathway, facts(c.facts), at(c.now)).Steps, c.step)
			if s.State != c.state {
				t.Fatalf("state %s, want %s", s.State, c.state)
			}
			measured := s.State != Open && s.State != Done
			if measured != (s.RemainingS != nil) || measured && *s.RemainingS != c.remainingS {
				t.Fatalf("remaining %v, want %v s", s.RemainingS, c.remainingS)
			}
		})
	}
}

func TestCase_WindowsCloseUnlessDone(t *testing.T) {
	p := Default()
	w := find(t, p.Case("m", "stroke", facts(map[string]float64{"last_well": 0}), at(260)).Windows, "lysis")
	if w.State != Near || *w.RemainingS != 600 {
		t.Fatalf("4 h 20 min after last well: %s, %v s left", w.State, *w.RemainingS)
	}
	if w = find(t, p.Case("m", "stroke", facts(nil), at(260)).Windows, "lysis"); w.State != Open || w.RemainingS != nil {
		t.Fatalf("not known when last well: %s; a window that nobody can measure must not stand open for ever", w.State)
	}
	w = find(t, p.Case("m", "chest_pain", facts(map[string]float64{"fmc": 0, "door": 30, "wire": 85}), at(500)).Windows, "fmc_wire")
	if w.State != Met {
		t.Fatalf("wire 85 min after first contact: %s", w.State)
	}
}

func TestCase_LeadClockIsNamedByThePathway(t *testing.T) {
	p := Default()
	for _, c := range []struct {
		pathway string
		facts   map[string]float64
		lead    string
		since   float64
	}{
		{"chest_pain", map[string]float64{"fmc": 1}, "fmc", 1},
		{"stroke", map[string]float64{"fmc": 1, "last_well": -60}, "last_well", -60},
		{"stroke", map[string]float64{"fmc": 1}, "fmc", 1},
		{"trauma", map[string]float64{"fmc": 1, "door": 9}, "fmc", 1},
	} {
		got := p.Case("m", c.pathway, facts(c.facts), at(20))
		if got.Lead != c.lead || got.Since == nil || !got.Since.Equal(at(c.since)) {
			t.Errorf("%s: led by %s since %v", c.pathway, got.Lead, got.Since)
		}
	}
	if got := p.Case("m", "chest_pain", Facts{}, at(20)); got.Since != nil {
		t.Errorf("a clock that has not begun runs since %v", got.Since)
	}
}

func TestMission_ACityChoosesWhatFirstContactIs(t *testing.T) {
	nodes := []ems.NodeTime{{Node: ems.NodeAtScene, At: at(1), Source: "geofence"}, {Node: ems.NodeContact, At: at(4), Source: "key", By: "李"},
		{Node: ems.NodeAtHospital, At: at(30)}}
	for node, want := range map[ems.Node]time.Time{ems.NodeContact: at(4), ems.NodeAtScene: at(1)} {
		p := Default()
		p.FMC = node
		f := Facts{}
		p.Mission(f, nodes)
		if !f["fmc"].At.Equal(want) || !f["door"].At.Equal(at(30)) {
			t.Errorf("%s: %v", node, f)
		}
	}
}

func TestCase_SameButForTheSeconds(t *testing.T) {
	p := Default()
	f := facts(map[string]float64{"fmc": 0})
	a, b, late := p.Case("m", "chest_pain", f, at(1)), p.Case("m", "chest_pain", f, at(2)), p.Case("m", "chest_pain", f, at(9))
	if !a.Same(b) || a.Same(late) {
		t.Error("a screen counts seconds by itself, and must be told when a state changes")
	}
	f["first_ecg"] = Fact{At: at(2)}
	if a.Same(p.Case("m", "chest_pain", f, at(2))) {
		t.Error("a new time is no change")
	}
}

func TestParse_RefusesWhatCannotBeRight(t *testing.T) {
	ok := `{"fmc":"contact","pathways":[{"key":"","lead":"a","steps":[{"key":"a"},{"key":"b","from":"a","target_s":60,"source":"s","year":2015}]}]}`
	if _, err := Parse([]byte(ok)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"no JSON":                   {`{"fmc"`, `"fmc"`},
		"unknown node":              {`"contact"`, `"departed"`},
		"led by nothing":            {`"lead":"a"`, `"lead":"x"`},
		"no start":                  {`"from":"a",`, ``},
		"start that is not there":   {`"from":"a"`, `"from":"x"`},
		"no length":                 {`"target_s":60,`, ``},
		"no source":                 {`"source":"s",`, ``},
		"no year":                   {`,"year":2015`, ``},
		"none without a pathway":    {`"key":"","lead"`, `"key":"k","lead"`},
		"until that is not there":   {`"from":"a",`, `"from":"a","until":"x",`},
		"else led by nothing there": {`"lead":"a"`, `"lead":"a","lead_else":"x"`},
	} {
		if _, err := Parse([]byte(strings.Replace(ok, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	twice := strings.Replace(ok, `"pathways":[`, `"pathways":[{"key":"","lead":"a","steps":[{"key":"a"}]},`, 1)
	if _, err := Parse([]byte(twice)); err == nil {
		t.Error("a pathway that stands twice is taken")
	}
}
