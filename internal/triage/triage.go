// Package triage holds scores and decision walks of emergency medicine: what is asked, what the answers come to, and what is still missing.
// Each score is a table with its sources; it knows no patient, no screen and no clock. A score supports people and replaces nobody: the
// outcome is shown with its parts, and a person decides.
//
// All scores keep one contract. A missing input makes a result incomplete, never harmless (CLN-001): while inputs are missing, a result
// names an outcome only when every outcome that is still possible is an urgent one. A result keeps what it was made of (CLN-002).
package triage

import (
	"fmt"
	"math"
	"slices"
	"time"

	"lifeline120/internal/ems"
)

// All lists every score. A new one is a file and a word here.
var All = [...]Score{start, jumpSTART, saltSort, salt, gcs, gcsChild, tRTS, rts, news2}

// Find gives the score of that name.
func Find(name string) (Score, bool) {
	i := slices.IndexFunc(All[:], func(s Score) bool { return s.Name == name })
	if i < 0 {
		return Score{}, false
	}
	return All[i], true
}

// Item names one thing that is asked or measured: "breathing", "rr", "gcs_eye". One item means the same in all scores.
type Item string

// Answers to yes-or-no questions.
const (
	Yes = "yes"
	No  = "no"
)

// Absence says why an input has no value. Nothing said is NotAsked.
type Absence string

// Why an input has no value. From a device it may also be the name of an ems.Quality: "probe_off".
const (
	NotAsked    Absence = "not_asked"
	NotKnown    Absence = "not_known"    // asked, and nobody can say
	NotTestable Absence = "not_testable" // cannot be tested in this patient: eyes swollen shut, paralysed by a drug
	Intubated   Absence = "intubated"    // cannot speak for a tube
	Declined    Absence = "declined"     // the patient does not want it
	Stale       Absence = "stale"        // there is a value, too old to be used
)

// Input is one answer or measurement with where it is from, or the reason why there is none. A value is a Choice or a Number with its Unit,
// never both, and says when and by what it was obtained (CLN-002).
type Input struct {
	Item      Item         `json:"item"`
	Choice    string       `json:"choice,omitempty"`
	Number    *float64     `json:"number,omitempty"`
	Unit      string       `json:"unit,omitempty"` // of the number: "1/min", "s", "mmHg", "{score}"
	Absent    Absence      `json:"absent,omitempty"`
	At        time.Time    `json:"at,omitzero"`
	Source    ems.Source   `json:"source,omitempty"` // key (the crew), desk, device, import
	By        string       `json:"by,omitempty"`     // who, where a person answered
	Device    ems.DeviceID `json:"device,omitempty"`
	Simulated bool         `json:"simulated,omitempty"`
}

// Has says whether there is a value.
func (i Input) Has() bool { return i.Choice != "" || i.Number != nil }

// FromReading makes an input of a device's reading. What the device doubts is not counted: the reason stands in its place (CLN-005).
func FromReading(item Item, r ems.Reading) Input {
	in := Input{Item: item, At: r.Taken.UTC(), Source: ems.SourceDevice, Device: r.Device, Simulated: r.Demo}
	if r.Quality != ems.Good {
		in.Absent = Absence(r.Quality.String())
		return in
	}
	in.Number, in.Unit = &r.Value, r.Unit
	return in
}

// Question is what is asked for one item: one of Choices, or where Unit is given a number from Min to Max. Do is what is done before it is
// answered, as codes: open the airway, then look.
type Question struct {
	Item    Item     `json:"item"`
	Choices []string `json:"choices,omitempty"` // in the order in which they are shown
	Unit    string   `json:"unit,omitempty"`
	Min     float64  `json:"min,omitempty"`
	Max     float64  `json:"max,omitempty"`
	Whole   bool     `json:"whole,omitempty"` // only whole numbers
	Do      []string `json:"do,omitempty"`
}

// Outcome is one answer that a score may come to. Urgent ones are at or over its threshold.
type Outcome struct {
	Code   string `json:"code"`
	Colour string `json:"colour,omitempty"` // of a triage tag
	Urgent bool   `json:"urgent,omitempty"`
}

// Score is one score, scale or walk with its rule's version and sources.
type Score struct {
	Name       string // for life; stored with results
	Version    int    // raised when the same inputs come to another result
	Sources    []string
	FromMemory []string   // what stands in no source that we have seen; a physician must confirm it
	Questions  []Question // in the order in which they are asked
	Also       []Question // kept with the result; they decide nothing and are never missing
	Outcomes   []Outcome  // mildest first
	Impossible [][2]Input // pairs of answers that cannot both be true of one patient at one time

	reckon func(answers) found
}

// Part is an input that was counted: of a walk the answers that led on, in order, of a sum with its points, unless they hang on what is
// missing.
type Part struct {
	Input
	Points *float64 `json:"points,omitempty"`
}

// Result is what a score comes to. Every input stands in exactly one of Parts, Missing and Unused (CLN-002).
type Result struct {
	Score   string    `json:"score"`
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	// Complete: nothing is missing that could matter, and no answers contradict each other.
	Complete bool `json:"complete"`
	// Outcome is empty while it is not known. AtLeast: inputs are missing, and it may be a worse one of Possible.
	Outcome string `json:"outcome,omitempty"`
	Colour  string `json:"colour,omitempty"`
	AtLeast bool   `json:"at_least,omitempty"`
	// Positive: surely at or over the threshold, whatever is missing. False says nothing unless Complete.
	Positive bool `json:"positive,omitempty"`
	// Possible are the outcomes that are not excluded yet, mildest first. None when answers contradict each other.
	Possible []string `json:"possible,omitempty"`
	// Min, Max bound the sum by what is known; equal when nothing is missing. Only of scores that add points.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`

	Parts   []Part  `json:"parts,omitempty"`
	Missing []Input `json:"missing,omitempty"` // what could still matter, each with the reason why it is not there
	Unused  []Input `json:"unused,omitempty"`  // given, and of no account here
	// Contradict names answers that cannot both be true: the result is none until one is corrected.
	Contradict []Item `json:"contradict,omitempty"`
	// Next is the question to ask now. None: nothing more is asked.
	Next      *Question `json:"next,omitempty"`
	Simulated bool      `json:"simulated,omitempty"`
}

// answers are the inputs that have a value, by item.
type answers map[Item]Input

// found is what an engine makes of the answers. Enough: the outcome is sure, and nobody needs to be asked more.
type found struct {
	parts    []Part
	missing  []Item
	possible []string
	min, max *float64
	enough   bool
}

// Reckon gives the result of inputs at an instant. It refuses what is no answer to a question of this score; of two answers to one question
// the caller has chosen one.
func (s Score) Reckon(inputs []Input, at time.Time) (Result, error) {
	if err := s.Check(inputs); err != nil {
		return Result{}, err
	}
	r := Result{Score: s.Name, Version: s.Version, At: at.UTC()}
	has, given := answers{}, map[Item]Input{}
	for _, in := range inputs {
		if !in.At.IsZero() {
			in.At = in.At.UTC()
		}
		if !in.Has() && in.Absent == "" {
			in.Absent = NotAsked
		}
		given[in.Item] = in
		if in.Has() {
			has[in.Item] = in
		}
		r.Simulated = r.Simulated || in.Simulated
	}
	f := s.reckon(has)
	r.Parts, r.Min, r.Max = f.parts, f.min, f.max
	for _, m := range f.missing {
		in, ok := given[m]
		if !ok {
			in = Input{Item: m, Absent: NotAsked}
		}
		r.Missing = append(r.Missing, in)
	}
	r.Unused = unused(inputs, given, r)
	s.conclude(&r, f, has)
	return r, nil
}

// conclude names the outcome, or leaves it open. This is CLN-001.
func (s Score) conclude(r *Result, f found, has answers) {
	if r.Contradict = s.contradict(has); len(r.Contradict) > 0 {
		return
	}
	possible := slices.DeleteFunc(slices.Clone(s.Outcomes), func(o Outcome) bool { return !slices.Contains(f.possible, o.Code) })
	for _, o := range possible {
		r.Possible = append(r.Possible, o.Code)
	}
	r.Complete = len(r.Missing) == 0
	r.Positive = len(possible) > 0 && !slices.ContainsFunc(possible, func(o Outcome) bool { return !o.Urgent })
	if r.Positive || r.Complete {
		r.Outcome, r.Colour, r.AtLeast = possible[0].Code, possible[0].Colour, len(possible) > 1
	}
	if f.enough && r.Positive {
		return
	}
	for _, m := range r.Missing {
		if m.Absent == NotAsked {
			q, _ := s.question(m.Item)
			r.Next = &q
			return
		}
	}
}

func (s Score) contradict(has answers) []Item {
	for _, p := range s.Impossible {
		if same(has[p[0].Item], p[0]) && same(has[p[1].Item], p[1]) {
			return []Item{p[0].Item, p[1].Item}
		}
	}
	return nil
}

// same says whether two inputs have the same value.
func same(a, b Input) bool {
	if a.Number == nil || b.Number == nil {
		return a.Has() && a.Choice == b.Choice && a.Number == b.Number
	}
	return *a.Number == *b.Number
}

// unused are the inputs that are neither parts nor missing, in the order given.
func unused(inputs []Input, given map[Item]Input, r Result) []Input {
	var out []Input
	for _, in := range inputs {
		counted := slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Item == in.Item }) ||
			slices.ContainsFunc(r.Missing, func(m Input) bool { return m.Item == in.Item })
		if !counted {
			out = append(out, given[in.Item])
		}
	}
	return out
}

func (s Score) question(item Item) (Question, bool) {
	for _, qs := range [][]Question{s.Questions, s.Also} {
		if i := slices.IndexFunc(qs, func(q Question) bool { return q.Item == item }); i >= 0 {
			return qs[i], true
		}
	}
	return Question{}, false
}

// Check refuses inputs that are no answers to the questions of s: of another item, twice the same, a choice or number that is not offered,
// a value that does not say when and from where it is (CLN-002).
func (s Score) Check(inputs []Input) error {
	if len(inputs) > MaxInputs {
		return fmt.Errorf("%s: %d inputs, at most %d", s.Name, len(inputs), MaxInputs)
	}
	seen := map[Item]bool{}
	for _, in := range inputs {
		q, ok := s.question(in.Item)
		if !ok {
			return fmt.Errorf("%s: does not ask %q", s.Name, in.Item)
		}
		if seen[in.Item] {
			return fmt.Errorf("%s: %s is answered twice", s.Name, in.Item)
		}
		seen[in.Item] = true
		if err := q.check(in); err != nil {
			return fmt.Errorf("%s: %s: %w", s.Name, in.Item, err)
		}
	}
	return nil
}

func (q Question) check(in Input) error {
	switch {
	case in.Choice != "" && in.Number != nil:
		return fmt.Errorf("has a choice and a number")
	case !in.Has():
		return in.checkAbsent()
	case in.Absent != "":
		return fmt.Errorf("has a value and a reason why there is none (%s)", in.Absent)
	case in.At.IsZero() || in.Source == "":
		return fmt.Errorf("does not say when and from where it is")
	case in.Choice != "" && in.Unit != "":
		return fmt.Errorf("a choice has no unit")
	case in.Choice != "" && !slices.Contains(q.Choices, in.Choice):
		return fmt.Errorf("%q is none of %v", in.Choice, q.Choices)
	case in.Choice != "":
		return nil
	}
	return q.checkNumber(*in.Number, in.Unit)
}

func (q Question) checkNumber(n float64, unit string) error {
	switch {
	case q.Unit == "":
		return fmt.Errorf("is no number")
	case unit != q.Unit:
		return fmt.Errorf("unit %q, want %q", unit, q.Unit)
	case math.IsNaN(n) || n < q.Min || n > q.Max:
		return fmt.Errorf("%v is not within %v to %v", n, q.Min, q.Max)
	case q.Whole && n != math.Trunc(n):
		return fmt.Errorf("%v is no whole number", n)
	}
	return nil
}

func (in Input) checkAbsent() error {
	if in.Unit != "" {
		return fmt.Errorf("has a unit and no number")
	}
	switch in.Absent {
	case "", NotAsked, NotKnown, NotTestable, Intubated, Declined, Stale:
		return nil
	}
	for q := ems.NeverSeen; q <= ems.NoFix; q++ { // what a device says; a doubted value is not counted
		if q != ems.Good && string(in.Absent) == q.String() {
			return nil
		}
	}
	return fmt.Errorf("%q is no reason why a value is missing", in.Absent)
}
