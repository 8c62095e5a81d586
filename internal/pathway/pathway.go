// Package pathway holds the time nodes of a green channel against their targets: which clock leads, what is done, what is due, and how
// many seconds are left. Targets are data with their source and year; a city edits them. Pure: facts and an instant in, a case out.
package pathway

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lifeline120/internal/ems"
)

// States of a step and of a window. A step whose start is not known can have no remaining time, and is not called late.
const (
	Open    = "open"    // nothing to be measured against: no target, or its start is not known
	Running = "running" // due, at most nearShare of the target is used
	Near    = "near"    // due, more than that is used
	Over    = "over"    // not done, and past its target
	Done    = "done"    // done; without a target, or its start is not known
	Met     = "met"     // done within the target
	Missed  = "missed"  // done later than the target
)

// nearShare of a target used turns it yellow (UI §10.5).
const nearShare = 0.8

//go:embed targets.json
var defaults []byte

// Plan is the targets of a city.
type Plan struct {
	// FMC is the node of the mission that feeds the first medical contact: "contact", or "at_scene" where a city counts so.
	FMC      ems.Node  `json:"fmc"`
	Pathways []Pathway `json:"pathways"`
}

// Pathway is one green channel. The one without a key is for patients without a channel.
type Pathway struct {
	Key      string   `json:"key"`
	Lead     string   `json:"lead"`
	LeadElse string   `json:"lead_else,omitempty"` // leads while the start of Lead is not known
	Steps    []Target `json:"steps"`
	Windows  []Target `json:"windows,omitempty"`
}

// Target is a step with what is asked of it: TargetS seconds from the step From. A window closes so long after From, unless Until is done.
type Target struct {
	Key     string  `json:"key"`
	From    string  `json:"from,omitempty"`
	Until   string  `json:"until,omitempty"`
	TargetS float64 `json:"target_s,omitempty"`
	GoalS   float64 `json:"goal_s,omitempty"`
	Source  string  `json:"source,omitempty"`
	Year    int     `json:"year,omitempty"`
}

// Default is the plan that the program brings.
func Default() Plan {
	p, err := Parse(defaults)
	if err != nil {
		panic(err) // a broken build, found by the first test
	}
	return p
}

// Parse reads a plan and refuses one that cannot be right.
func Parse(raw []byte) (Plan, error) {
	var p Plan
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("read targets: %w", err)
	}
	if p.FMC != ems.NodeContact && p.FMC != ems.NodeAtScene {
		return p, fmt.Errorf("targets: fmc is %q, neither contact nor at_scene", p.FMC)
	}
	seen := map[string]bool{}
	for _, w := range p.Pathways {
		if seen[w.Key] {
			return p, fmt.Errorf("targets: pathway %q stands twice", w.Key)
		}
		seen[w.Key] = true
		has := func(key string) bool {
			return slices.ContainsFunc(w.Steps, func(t Target) bool { return t.Key == key })
		}
		if !has(w.Lead) || w.LeadElse != "" && !has(w.LeadElse) {
			return p, fmt.Errorf("targets: pathway %q is led by no step of its own", w.Key)
		}
		for _, t := range slices.Concat(w.Steps, w.Windows) {
			switch {
			case t.From == "" && t.TargetS != 0, t.From != "" && (t.TargetS <= 0 || !has(t.From)), t.Until != "" && !has(t.Until):
				return p, fmt.Errorf("targets: step %q of %q has no start or no length", t.Key, w.Key)
			case t.TargetS > 0 && (t.Source == "" || t.Year == 0):
				return p, fmt.Errorf("targets: step %q of %q does not say where its target is from", t.Key, w.Key)
			}
		}
	}
	if !seen[""] {
		return p, fmt.Errorf("targets: there is none for patients without a pathway")
	}
	return p, nil
}

// Fact is when something happened, and who says so.
type Fact struct {
	At     time.Time
	Source string
	By     string
}

// Facts are what is known of a case, by step.
type Facts map[string]Fact

// Mission adds what the nodes of a mission say.
func (p Plan) Mission(f Facts, nodes []ems.NodeTime) {
	for _, n := range nodes {
		key := ""
		switch n.Node {
		case p.FMC:
			key = "fmc"
		case ems.NodeLeftScene:
			key = "left_scene"
		case ems.NodeAtHospital:
			key = "door"
		default:
			continue
		}
		f[key] = Fact{n.At, string(n.Source), n.By}
	}
}

// Step is one node of a case as a screen shows it.
type Step struct {
	Key        string     `json:"key"`
	At         *time.Time `json:"at,omitempty"`
	Source     string     `json:"source,omitempty" doc:"where the time is from: key, geofence, desk, device, import, alarm"`
	By         string     `json:"by,omitempty"`
	State      string     `json:"state" enum:"open,running,near,over,done,met,missed"`
	From       string     `json:"from,omitempty"`
	TargetS    float64    `json:"target_s,omitempty"`
	GoalS      float64    `json:"goal_s,omitempty"`
	ElapsedS   *float64   `json:"elapsed_s,omitempty" doc:"from the step's start to its time, or to the case's"`
	RemainingS *float64   `json:"remaining_s,omitempty" doc:"at the case's time; negative: so much over"`
	Standard   string     `json:"standard,omitempty" doc:"where the target is from"`
	Year       int        `json:"year,omitempty"`
}

// Case is a patient's way against the clock, as it stands at At.
type Case struct {
	Mission ems.MissionID `json:"mission"`
	Pathway string        `json:"pathway,omitempty"`
	At      time.Time     `json:"at" doc:"server time for which elapsed_s and remaining_s hold"`
	// Lead names the step whose clock leads, and Since when it began; without Since it has not.
	Lead      string     `json:"lead"`
	Since     *time.Time `json:"since,omitempty"`
	Steps     []Step     `json:"steps"`
	Windows   []Step     `json:"windows,omitempty" doc:"what closes unless it is done in time"`
	Simulated bool       `json:"simulated,omitempty"`
}

// Case holds the facts of a mission against the targets of its pathway at an instant.
func (p Plan) Case(m ems.MissionID, key string, f Facts, now time.Time) Case {
	w := p.find(key)
	c := Case{Mission: m, Pathway: key, At: now.UTC(), Lead: w.Lead}
	if _, known := f[w.Lead]; !known && w.LeadElse != "" {
		c.Lead = w.LeadElse
	}
	if lead, known := f[c.Lead]; known {
		at := lead.At.UTC()
		c.Since = &at
	}
	for _, t := range w.Steps {
		c.Steps = append(c.Steps, step(t, f, t.Key, now))
	}
	for _, t := range w.Windows {
		c.Windows = append(c.Windows, step(t, f, t.Until, now))
	}
	return c
}

func (p Plan) find(key string) Pathway {
	none := Pathway{}
	for _, w := range p.Pathways {
		if w.Key == key {
			return w
		}
		if w.Key == "" {
			none = w
		}
	}
	return none
}

// step holds one target; done names the fact that ends it.
func step(t Target, f Facts, done string, now time.Time) Step {
	s := Step{Key: t.Key, From: t.From, TargetS: t.TargetS, GoalS: t.GoalS, Standard: t.Source, Year: t.Year, State: Open}
	end, isDone := f[done]
	if isDone {
		at := end.At.UTC()
		s.At, s.Source, s.By, s.State = &at, end.Source, end.By, Done
	}
	start, began := f[t.From]
	if t.TargetS == 0 || !began {
		return s
	}
	until := now
	if isDone {
		until = end.At
	}
	elapsed := until.Sub(start.At).Seconds()
	if elapsed < 0 { // out of order: said by the times themselves, never as time gained
		return s
	}
	remaining := t.TargetS - elapsed
	s.ElapsedS, s.RemainingS = &elapsed, &remaining
	switch {
	case isDone && elapsed <= t.TargetS:
		s.State = Met
	case isDone:
		s.State = Missed
	case elapsed > t.TargetS:
		s.State = Over
	case elapsed > nearShare*t.TargetS:
		s.State = Near
	default:
		s.State = Running
	}
	return s
}

// Same says whether two cases differ in more than the seconds that a screen counts by itself.
func (c Case) Same(d Case) bool {
	same := func(a, b []Step) bool {
		return slices.EqualFunc(a, b, func(a, b Step) bool {
			at := a.At == nil && b.At == nil || a.At != nil && b.At != nil && a.At.Equal(*b.At)
			return at && a.Key == b.Key && a.State == b.State && a.Source == b.Source && a.By == b.By && a.TargetS == b.TargetS
		})
	}
	since := c.Since == nil && d.Since == nil || c.Since != nil && d.Since != nil && c.Since.Equal(*d.Since)
	return since && c.Mission == d.Mission && c.Pathway == d.Pathway && c.Lead == d.Lead && same(c.Steps, d.Steps) && same(c.Windows, d.Windows)
}
