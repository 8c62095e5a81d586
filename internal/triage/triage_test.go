package triage

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lifeline120/internal/ems"
)

var noon = time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)

// says is an input of the crew: a choice or a number as it stands in a table, or "?" and the reason why there is none.
func says(s Score, item Item, text string) Input {
	in := Input{Item: item, At: noon, Source: ems.SourceKey, By: "doctor"}
	if why, absent := strings.CutPrefix(text, "?"); absent {
		in.Absent = Absence(why)
		return in
	}
	q, _ := s.question(item)
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		in.Number, in.Unit = &n, q.Unit
		return in
	}
	in.Choice = text
	return in
}

type row map[string]string

func (r row) inputs(s Score) []Input {
	var out []Input
	for _, qs := range [][]Question{s.Questions, s.Also} {
		for _, q := range qs {
			if text := r[string(q.Item)]; text != "" {
				out = append(out, says(s, q.Item, text))
			}
		}
	}
	return out
}

func table(t *testing.T, s Score) []row {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "testdata", "triage", s.Name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []row
	for _, l := range lines[1:] {
		r := row{}
		for i, name := range lines[0] {
			r[name] = l[i]
		}
		out = append(out, r)
	}
	return out
}

func yn(b bool) string {
	if b {
		return Yes
	}
	return No
}

func sumText(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// Each score has its table, and the table has each outcome and each answer in it.
func TestScores_SayWhatTheirTablesSay(t *testing.T) {
	for _, s := range All {
		t.Run(s.Name, func(t *testing.T) {
			seen := map[string]bool{}
			for i, r := range table(t, s) {
				got, err := s.Reckon(r.inputs(s), noon)
				if r["outcome"] == "!" {
					if err == nil {
						t.Errorf("line %d: is not refused", i+2)
					}
					continue
				}
				if err != nil {
					t.Errorf("line %d: %v", i+2, err)
					continue
				}
				next := ""
				if got.Next != nil {
					next = string(got.Next.Item)
				}
				want := []string{r["outcome"], r["complete"], r["positive"], r["possible"], r["next"], r["min"], r["max"]}
				have := []string{got.Outcome, yn(got.Complete), yn(got.Positive), strings.Join(got.Possible, "|"), next, sumText(got.Min), sumText(got.Max)}
				if d := cmp.Diff(want, have); d != "" {
					t.Errorf("line %d (%s): %s", i+2, r["note"], d)
				}
				if got.Complete {
					seen[got.Outcome] = true
				}
				for _, in := range r.inputs(s) {
					seen[string(in.Item)+"="+in.Choice] = true
				}
				if strings.Contains(r["note"], "contradiction") && len(got.Contradict) != 2 {
					t.Errorf("line %d: does not say what contradicts", i+2)
				}
			}
			for _, o := range s.Outcomes {
				if !seen[o.Code] {
					t.Errorf("the table never comes to %s", o.Code)
				}
			}
			for _, q := range s.Questions {
				for _, c := range q.Choices {
					if !seen[string(q.Item)+"="+c] {
						t.Errorf("the table never answers %s with %s", q.Item, c)
					}
				}
			}
		})
	}
}

func TestScores_HaveNameVersionSourceAndOwnQuestions(t *testing.T) {
	names := map[string]bool{}
	for _, s := range All {
		if s.Name == "" || names[s.Name] || s.Version < 1 || len(s.Sources) == 0 || len(s.Outcomes) < 2 || len(s.Questions) > MaxInputs {
			t.Errorf("%q: name, version, sources, outcomes or number of questions is wrong", s.Name)
		}
		names[s.Name] = true
		if f, ok := Find(s.Name); !ok || f.Name != s.Name {
			t.Errorf("Find does not find %s", s.Name)
		}
		items := map[Item]bool{}
		for _, q := range slices.Concat(s.Questions, s.Also) {
			if items[q.Item] || len(q.Choices) == 0 && q.Unit == "" || q.Unit != "" && q.Min >= q.Max {
				t.Errorf("%s: %s stands twice, or has no possible answer", s.Name, q.Item)
			}
			items[q.Item] = true
		}
		for _, p := range s.Impossible {
			text := func(in Input) string { return in.Choice + sumText(in.Number) }
			r, err := s.Reckon([]Input{says(s, p[0].Item, text(p[0])), says(s, p[1].Item, text(p[1]))}, noon)
			if err != nil || len(r.Contradict) != 2 {
				t.Errorf("%s: %v is no contradiction: %v", s.Name, p, err)
			}
		}
	}
	if _, ok := Find("astrology"); ok {
		t.Error("found a score that does not exist")
	}
}

// values are answers to a question: each choice, and numbers on and beside every limit of the sources.
func values(q Question) []string {
	out := slices.Clone(q.Choices)
	if q.Unit == "" {
		return out
	}
	for _, n := range []string{"0", "1", "1.9", "2", "2.1", "3", "4", "5", "6", "8", "9", "10", "12", "13", "14", "14.5", "15", "20", "24", "25", "29", "29.5", "30", "31", "35", "35.1", "36", "36.1", "38", "38.1", "39", "39.1", "45", "46", "49", "50", "75", "76", "89", "90", "91", "92", "94", "96", "110", "111", "130", "131", "150", "219", "220"} {
		f, _ := strconv.ParseFloat(n, 64)
		if q.checkNumber(f, q.Unit) == nil {
			out = append(out, n)
		}
	}
	return out
}

func all(s Score, f func(row)) {
	var try func(int, row)
	try = func(i int, r row) {
		if i == len(s.Questions) {
			f(r)
			return
		}
		for _, v := range values(s.Questions[i]) {
			r[string(s.Questions[i].Item)] = v
			try(i+1, r)
		}
	}
	try(0, row{})
}

func num(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return n
}

// The walks once more as their sources tell them, one line after the other, over every combination of answers.
func TestWalks_AgreeWithTheWordsOfTheirSources(t *testing.T) {
	told := map[string]func(row) Outcome{
		"start": func(r row) Outcome {
			switch {
			case r["walks"] == Yes:
				return Minor
			case r["breathing"] == No && r["breathing_opened"] == No:
				return Dead
			case r["breathing"] == No:
				return Immediate
			case r["rr"] == "over_30" || num(r["rr"]) > 30:
				return Immediate
			case r["perfusion"] == "no_radial_pulse" || r["perfusion"] == "refill_over_2" || num(r["perfusion"]) > 2:
				return Immediate
			case r["obeys"] == No:
				return Immediate
			}
			return Delayed
		},
		"jumpstart": func(r row) Outcome {
			switch {
			case r["walks"] == Yes:
				return Minor
			case r["breathing"] == No && r["breathing_opened"] == Yes:
				return Immediate
			case r["breathing"] == No && r["pulse"] == No:
				return Dead
			case r["breathing"] == No && r["breathing_rescued"] == Yes:
				return Immediate
			case r["breathing"] == No:
				return Dead
			case r["rr"] == "under_15" || r["rr"] == "over_45" || num(r["rr"]) < 15 || num(r["rr"]) > 45:
				return Immediate
			case r["pulse"] == No:
				return Immediate
			case r["avpu"] == "pain_inappropriate" || r["avpu"] == "unresponsive":
				return Immediate
			}
			return Delayed
		},
		"salt": func(r row) Outcome {
			switch {
			case r["breathing"] == No && r["breathing_opened"] == No:
				return Dead
			case r["purposeful"] == Yes && r["peripheral_pulse"] == Yes && r["distress"] == No && r["bleeding"] != "uncontrolled":
				if r["minor_only"] == Yes {
					return Minor
				}
				return Delayed
			case r["survivable"] == Yes:
				return Immediate
			}
			return Expectant
		},
	}
	for name, tell := range told {
		s, _ := Find(name)
		n := 0
		all(s, func(r row) {
			got, err := s.Reckon(r.inputs(s), noon)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Contradict) > 0 {
				if got.Outcome != "" || got.Complete || got.Positive || got.Next != nil || len(got.Possible) > 0 {
					t.Fatalf("%s %v: contradicts itself and still says %+v", name, r, got)
				}
				return
			}
			n++
			want := tell(r)
			if got.Outcome != want.Code || got.Colour != want.Colour || !got.Complete || got.Next != nil || got.AtLeast {
				t.Fatalf("%s %v: %q complete %v, want %q", name, r, got.Outcome, got.Complete, want.Code)
			}
		})
		if n < 100 {
			t.Errorf("%s: only %d combinations", name, n)
		}
	}
}

// The codes of T-RTS once more, from the top of its table down; a value between two rows belongs to the worse one.
func TestRTS_AgreesWithItsTable(t *testing.T) {
	code := func(n float64, lows ...float64) float64 {
		for i, low := range lows {
			if n >= low {
				return float64(4 - i)
			}
		}
		return 0
	}
	all(tRTS, func(r row) {
		breath := num(r["rr"])
		rr := code(breath, 10, math.Inf(1), 6, 1)
		if breath > 29 {
			rr = 3
		}
		g, p := code(num(r["gcs"]), 13, 9, 6, 4), code(num(r["sbp"]), 90, 76, 50, 1)
		for name, want := range map[string]float64{"t_rts": g + p + rr, "rts": 0.9368*g + 0.7326*p + 0.2908*rr} {
			s, _ := Find(name)
			got, err := s.Reckon(r.inputs(s), noon)
			if err != nil || *got.Min != *got.Max || math.Abs(*got.Min-want) > 1e-9 || len(got.Possible) != 1 {
				t.Fatalf("%s %v: %v to %v, want %v (%v)", name, r, *got.Min, *got.Max, want, err)
			}
		}
	})
}

// rank is how bad an outcome is among those of a score.
func rank(s Score, code string) int {
	return slices.IndexFunc(s.Outcomes, func(o Outcome) bool { return o.Code == code })
}

// Answers come one by one in any order, some of them never: what was excluded stays excluded, what was said stays true, and nothing
// harmless or final is said while something is missing.
func TestCLN001_MoreInformationNeverBringsBackWhatWasExcluded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := All[rapid.IntRange(0, len(All)-1).Draw(t, "score")]
		var order []Input
		for _, q := range s.Questions {
			order = append(order, says(s, q.Item, rapid.SampledFrom(values(q)).Draw(t, string(q.Item))))
		}
		order = rapid.Permutation(order).Draw(t, "order")
		steps := []Result{}
		for n := 0; n <= len(order); n++ {
			r, err := s.Reckon(order[:n], noon)
			if err != nil {
				t.Fatal(err)
			}
			steps = append(steps, r)
			if len(r.Contradict) > 0 {
				return
			}
			judge(t, s, r)
		}
		last := steps[len(order)]
		if !last.Complete || last.Outcome == "" {
			t.Fatalf("%s: everything is answered, and it is not complete: %+v", s.Name, last)
		}
		for i, r := range steps {
			if !slices.Contains(r.Possible, last.Outcome) {
				t.Fatalf("%s: %s was excluded after %d answers", s.Name, last.Outcome, i)
			}
			if i > 0 && slices.ContainsFunc(r.Possible, func(o string) bool { return !slices.Contains(steps[i-1].Possible, o) }) {
				t.Fatalf("%s: %v after %d answers, %v before", s.Name, r.Possible, i, steps[i-1].Possible)
			}
			if r.Positive && !last.Positive {
				t.Fatalf("%s: positive after %d answers, and not at the end", s.Name, i)
			}
			if r.Outcome != "" && (rank(s, last.Outcome) < rank(s, r.Outcome) || !r.AtLeast && last.Outcome != r.Outcome) {
				t.Fatalf("%s: %q after %d answers, %q at the end", s.Name, r.Outcome, i, last.Outcome)
			}
		}
	})
}

// judge holds what is true of every result that does not contradict itself.
func judge(t interface{ Fatalf(string, ...any) }, s Score, r Result) {
	if r.Complete != (len(r.Missing) == 0) || r.Complete && (r.Next != nil || len(r.Possible) != 1 || r.AtLeast) {
		t.Fatalf("%s: complete %v with %+v", s.Name, r.Complete, r)
	}
	if len(r.Possible) == 0 {
		t.Fatalf("%s: nothing is possible: %+v", s.Name, r)
	}
	if !r.Complete && r.Outcome != "" && !s.Outcomes[rank(s, r.Outcome)].Urgent {
		t.Fatalf("%s: %s out of missing input (CLN-001)", s.Name, r.Outcome)
	}
	if r.Min != nil && *r.Min > *r.Max {
		t.Fatalf("%s: at least %v and at most %v", s.Name, *r.Min, *r.Max)
	}
}

func TestCLN001_NoTagButRedOutOfMissingInput(t *testing.T) {
	for _, name := range []string{"start", "jumpstart", "salt"} {
		s, _ := Find(name)
		for _, o := range s.Outcomes {
			if o.Urgent != (o == Immediate) {
				t.Errorf("%s: %s may stand on an incomplete walk", name, o.Code)
			}
		}
	}
}

func TestCLN001_APartialResultOverItsThresholdIsPositiveAndSaysSo(t *testing.T) {
	r, err := tRTS.Reckon([]Input{says(tRTS, GCSTotal, "8")}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Positive || r.Complete || !r.AtLeast || r.Outcome != "immediate" || len(r.Missing) != 2 || *r.Max != 10 {
		t.Errorf("%+v", r)
	}
	if r.Missing[0].Absent != NotAsked {
		t.Errorf("missing without a reason: %+v", r.Missing[0])
	}
	r, _ = gcs.Reckon([]Input{says(gcs, GCSEye, "none"), says(gcs, GCSVerbal, "?intubated"), says(gcs, GCSMotor, "flexion")}, noon)
	if len(r.Missing) != 1 || r.Missing[0].Absent != Intubated || r.Missing[0].At != noon || r.Next != nil {
		t.Errorf("a tube is kept as the reason, and not asked again: %+v", r)
	}
}

// Whoever answers what is asked, and says "not known" now and then, comes to an end, and is never asked twice.
func TestWalks_AskUntilNothingMoreIsToBeAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := All[rapid.IntRange(0, len(All)-1).Draw(t, "score")]
		var inputs []Input
		for {
			r, err := s.Reckon(inputs, noon)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Contradict) > 0 {
				return
			}
			judge(t, s, r)
			if r.Next == nil {
				unknown := slices.ContainsFunc(inputs, func(in Input) bool { return !in.Has() })
				if !r.Complete && !r.Positive && !unknown {
					t.Fatalf("%s: asks nothing more and knows nothing: %+v", s.Name, r)
				}
				return
			}
			if slices.ContainsFunc(inputs, func(in Input) bool { return in.Item == r.Next.Item }) {
				t.Fatalf("%s: asks %s again", s.Name, r.Next.Item)
			}
			if len(r.Unused) > 0 {
				t.Fatalf("%s: asked for what is of no use: %+v", s.Name, r.Unused)
			}
			inputs = append(inputs, says(s, r.Next.Item, rapid.SampledFrom(append(values(*r.Next), "?not_known")).Draw(t, string(r.Next.Item))))
		}
	})
}

func TestWalks_ThePathIsTheQuestionsInTheirOrder(t *testing.T) {
	in := []Input{says(start, Perfusion, "2"), says(start, RR, "18"), says(start, Obeys, No), says(start, Breathing, Yes), says(start, Walks, No)}
	r, err := start.Reckon(in, noon)
	if err != nil {
		t.Fatal(err)
	}
	var path []Item
	for _, p := range r.Parts {
		path = append(path, p.Item)
	}
	if d := cmp.Diff([]Item{Walks, Breathing, RR, Perfusion, Obeys}, path); d != "" {
		t.Error(d)
	}
}

// A result alone says what it was made of: each input once, with unit, time, who or what, and the rule's version.
func TestCLN002_AResultKeepsItsInputsUnitsTimesSourcesAndVersion(t *testing.T) {
	beijing := time.FixedZone("", 8*3600)
	n := 32.0
	rr := FromReading(RR, ems.Reading{Device: "mon-1", Channel: ems.RespRate, Value: n, Unit: "1/min", Quality: ems.Good, Taken: noon.In(beijing), Demo: true})
	no := says(start, Walks, No)
	no.At = noon.Add(time.Second).In(beijing)
	in := []Input{rr, says(start, Breathing, Yes), no, says(start, BreathingOpened, "?not_known"), {Item: Obeys}}
	r, err := start.Reckon(in, noon.In(beijing))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"score":"start","version":1,"at":"2026-11-28T04:00:00Z","complete":true,"outcome":"immediate","colour":"red","positive":true,"possible":["immediate"],` +
		`"parts":[{"item":"walks","choice":"no","at":"2026-11-28T04:00:01Z","source":"key","by":"doctor"},` +
		`{"item":"breathing","choice":"yes","at":"2026-11-28T04:00:00Z","source":"key","by":"doctor"},` +
		`{"item":"rr","number":32,"unit":"1/min","at":"2026-11-28T04:00:00Z","source":"device","device":"mon-1","simulated":true}],` +
		`"unused":[{"item":"breathing_opened","absent":"not_known","at":"2026-11-28T04:00:00Z","source":"key","by":"doctor"},{"item":"obeys","absent":"not_asked"}],"simulated":true}`
	if string(raw) != want {
		t.Errorf("stored as\n%s\nwant\n%s", raw, want)
	}
	var back Result
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r, back); d != "" {
		t.Error(d)
	}
}

func TestCLN002_AValueThatDoesNotSayWhenAndFromWhereIsRefused(t *testing.T) {
	for name, in := range map[string]Input{
		"time":   {Item: Walks, Choice: Yes, Source: ems.SourceKey},
		"source": {Item: Walks, Choice: Yes, At: noon},
	} {
		if _, err := start.Reckon([]Input{in}, noon); err == nil {
			t.Errorf("without %s it is taken", name)
		}
	}
	n := 18.0
	if _, err := start.Reckon([]Input{{Item: RR, Number: &n, At: noon, Source: ems.SourceKey}}, noon); err == nil {
		t.Error("a number without its unit is taken")
	}
}

func TestReckon_RefusesWhatIsNoAnswer(t *testing.T) {
	ok := func() Input { return says(start, RR, "18") }
	f := func(v float64) *float64 { return &v }
	for name, change := range map[string]func(*Input){
		"item": func(i *Input) { i.Item = "gcs_eye" }, "choice": func(i *Input) { i.Number, i.Unit, i.Choice = nil, "", "over_45" },
		"both": func(i *Input) { i.Choice = "over_30" }, "absent": func(i *Input) { i.Absent = NotKnown },
		"less": func(i *Input) { i.Number = f(-1) }, "high": func(i *Input) { i.Number = f(151) }, "nan": func(i *Input) { i.Number = f(math.NaN()) },
		"unit": func(i *Input) { i.Unit = "1/s" }, "reason": func(i *Input) { i.Number, i.Unit, i.Absent = nil, "", "tired" },
		"good":  func(i *Input) { i.Number, i.Unit, i.Absent = nil, "", "good" },
		"bare":  func(i *Input) { i.Number, i.Absent = nil, NotKnown },
		"words": func(i *Input) { i.Number, i.Choice = nil, "over_30" },
	} {
		in := ok()
		change(&in)
		if r, err := start.Reckon([]Input{in}, noon); err == nil {
			t.Errorf("%s: took %+v: %+v", name, in, r)
		}
	}
	if _, err := start.Reckon([]Input{ok(), ok()}, noon); err == nil {
		t.Error("took two answers to one question")
	}
	if _, err := start.Reckon(make([]Input, MaxInputs+1), noon); err == nil {
		t.Error("took more inputs than its limit")
	}
	number := ok()
	number.Item = Walks
	if _, err := start.Reckon([]Input{number}, noon); err == nil {
		t.Error("took a number for a yes or no")
	}
	if _, err := gcs.Reckon([]Input{says(tRTS, GCSTotal, "8")}, noon); err == nil {
		t.Error("took a sum for its parts")
	}
	half := says(tRTS, GCSTotal, "8.5")
	if _, err := tRTS.Reckon([]Input{half}, noon); err == nil {
		t.Error("took half a point")
	}
}

// What a device doubts or cannot say is no number, and the reason stands in its place.
func TestCLN005_AProbeThatIsOffIsMissingWithItsReason(t *testing.T) {
	for q := ems.NeverSeen; q <= ems.NoFix; q++ {
		in := FromReading(RR, ems.Reading{Device: "mon-1", Value: 12, Unit: "1/min", Quality: q, Taken: noon})
		if in.Has() != (q == ems.Good) {
			t.Errorf("%v: has a value: %v", q, in.Has())
		}
		r, err := start.Reckon([]Input{in, says(start, Walks, No), says(start, Breathing, Yes)}, noon)
		if err != nil {
			t.Fatal(err)
		}
		if q != ems.Good && (r.Missing[0].Item != RR || string(r.Missing[0].Absent) != q.String()) {
			t.Errorf("%v: missing %+v", q, r.Missing)
		}
	}
}

// For each answer exactly one way is open: no gap between two numbers, and no number with two ways.
func TestTables_HaveNoGapAndNoOverlap(t *testing.T) {
	for _, w := range []struct {
		s Score
		n *node
	}{{start, startWalk()}, {jumpSTART, jumpSTARTWalk()}, {salt, saltWalk()}} {
		var look func(*node)
		look = func(n *node) {
			if n.outcome != "" {
				return
			}
			q, ok := w.s.question(n.item)
			if !ok {
				t.Fatalf("%s walks by %s and never asks it", w.s.Name, n.item)
			}
			for _, v := range values(q) {
				in, open := says(w.s, n.item, v), 0
				for _, way := range n.ways {
					if way.when(in) {
						open++
					}
				}
				if open != 1 {
					t.Errorf("%s: %d ways for %s = %s", w.s.Name, open, n.item, v)
				}
			}
			for _, way := range n.ways {
				look(way.to)
			}
		}
		look(w.n)
	}
	for _, g := range rtsGrades(1, 1, 1) {
		q, _ := tRTS.question(g.item)
		for _, v := range values(q) {
			in, open := says(tRTS, g.item, v), 0
			for _, p := range g.points {
				if p.when(in) {
					open++
				}
			}
			if open != 1 {
				t.Errorf("t_rts: %d codes for %s = %s", open, g.item, v)
			}
		}
	}
}

// Whatever comes from outside as JSON is refused or reckoned, and what is reckoned is sound and can be stored and read.
func FuzzReckon(f *testing.F) {
	for _, s := range All {
		raw, _ := json.Marshal([]Input{says(s, s.Questions[0].Item, values(s.Questions[0])[0]), {Item: s.Questions[len(s.Questions)-1].Item, Absent: NotKnown}})
		f.Add(s.Name, raw)
	}
	f.Add("start", []byte(`[{"item":"rr","number":1e999}]`))
	f.Add("start", []byte(`[{"item":"rr","number":30,"unit":"1/min","at":"0001-01-01T00:00:00Z","source":"key"}]`))
	f.Fuzz(func(t *testing.T, name string, raw []byte) {
		s, ok := Find(name)
		var in []Input
		if !ok || json.Unmarshal(raw, &in) != nil {
			return
		}
		r, err := s.Reckon(in, noon)
		if err != nil {
			return
		}
		if len(r.Contradict) == 0 {
			judge(t, s, r)
		}
		kept := 0
		for _, m := range r.Missing {
			if slices.ContainsFunc(in, func(i Input) bool { return i.Item == m.Item }) {
				kept++
			}
		}
		if kept+len(r.Parts)+len(r.Unused) != len(in) {
			t.Fatalf("%d inputs, and %d parts, %d missing, %d unused", len(in), len(r.Parts), kept, len(r.Unused))
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Result
		if err := json.Unmarshal(out, &back); err != nil || back.Outcome != r.Outcome {
			t.Fatalf("is stored as %s: %v", out, err)
		}
	})
}

// The chart of NEWS2 once more, as it is printed: from, to, points; every whole number, and every tenth of a degree.
func TestNEWS2_AgreesWithItsChart(t *testing.T) {
	normal := row{"rr": "16", "spo2_scale": "scale_1", "oxygen": "air", "spo2": "98", "sbp": "120", "pulse_rate": "70", "acvpu": "alert", "temperature": "37"}
	for _, c := range []struct {
		item, scale, gas string
		tenths           bool
		chart            [][3]float64
	}{
		{"rr", "scale_1", "air", false, [][3]float64{{0, 8, 3}, {9, 11, 1}, {12, 20, 0}, {21, 24, 2}, {25, 150, 3}}},
		{"spo2", "scale_1", "air", false, [][3]float64{{0, 91, 3}, {92, 93, 2}, {94, 95, 1}, {96, 100, 0}}},
		{"spo2", "scale_1", "oxygen", false, [][3]float64{{0, 91, 3}, {92, 93, 2}, {94, 95, 1}, {96, 100, 0}}},
		{"spo2", "scale_2", "air", false, [][3]float64{{0, 83, 3}, {84, 85, 2}, {86, 87, 1}, {88, 92, 0}, {93, 100, 0}}},
		{"spo2", "scale_2", "oxygen", false, [][3]float64{{0, 83, 3}, {84, 85, 2}, {86, 87, 1}, {88, 92, 0}, {93, 94, 1}, {95, 96, 2}, {97, 100, 3}}},
		{"sbp", "scale_1", "air", false, [][3]float64{{0, 90, 3}, {91, 100, 2}, {101, 110, 1}, {111, 219, 0}, {220, 350, 3}}},
		{"pulse_rate", "scale_1", "air", false, [][3]float64{{0, 40, 3}, {41, 50, 1}, {51, 90, 0}, {91, 110, 1}, {111, 130, 2}, {131, 350, 3}}},
		{"temperature", "scale_1", "air", true, [][3]float64{{10, 35, 3}, {35.1, 36, 1}, {36.1, 38, 0}, {38.1, 39, 1}, {39.1, 50, 2}}},
	} {
		for _, line := range c.chart {
			step := 1.0
			if c.tenths {
				step = 0.1
			}
			for v := line[0]; v <= line[1]+1e-9; v += step {
				r := row{}
				for k, v := range normal {
					r[k] = v
				}
				r["spo2_scale"], r["oxygen"] = c.scale, c.gas
				r[c.item] = strconv.FormatFloat(v, 'f', -1, 64) // with what adding tenths leaves in the last places
				got, err := news2.Reckon(r.inputs(news2), noon)
				if err != nil {
					if v > line[1] { // past the end by a binary fraction
						continue
					}
					t.Fatal(err)
				}
				i := slices.IndexFunc(got.Parts, func(p Part) bool { return string(p.Item) == c.item })
				if p := got.Parts[i].Points; p == nil || *p != line[2] {
					t.Fatalf("%s %v on %s, %s: %v points, want %v", c.item, v, c.scale, c.gas, sumText(p), line[2])
				}
				want := "low"
				if *got.Min >= 5 || line[2] == 3 {
					want = "urgent"
				}
				if got.Outcome != want || *got.Min != *got.Max {
					t.Fatalf("%s %v: %s, want %s", c.item, v, got.Outcome, want)
				}
			}
		}
	}
}

// The names in which an unfinished walk and an unfinished sum are stored.
func TestCLN002_AnIncompleteResultIsStoredWithWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		s    Score
		in   []Input
		want string
	}{
		{start, []Input{says(start, Walks, No), says(start, Breathing, No)},
			`{"score":"start","version":1,"at":"2026-11-28T04:00:00Z","complete":false,"possible":["immediate","dead"],` +
				`"parts":[{"item":"walks","choice":"no","at":"2026-11-28T04:00:00Z","source":"key","by":"doctor"},{"item":"breathing","choice":"no","at":"2026-11-28T04:00:00Z","source":"key","by":"doctor"}],` +
				`"missing":[{"item":"breathing_opened","absent":"not_asked"}],"next":{"item":"breathing_opened","choices":["yes","no"],"do":["open_airway"]}}`},
		{tRTS, []Input{says(tRTS, GCSTotal, "12"), says(tRTS, RR, "18")},
			`{"score":"t_rts","version":1,"at":"2026-11-28T04:00:00Z","complete":false,"outcome":"urgent","at_least":true,"positive":true,"possible":["urgent","immediate"],"min":7,"max":11,` +
				`"parts":[{"item":"gcs","number":12,"unit":"{score}","at":"2026-11-28T04:00:00Z","source":"key","by":"doctor","points":3},{"item":"rr","number":18,"unit":"1/min","at":"2026-11-28T04:00:00Z","source":"key","by":"doctor","points":4}],` +
				`"missing":[{"item":"sbp","absent":"not_asked"}],"next":{"item":"sbp","unit":"mmHg","max":350}}`},
	} {
		r, err := c.s.Reckon(c.in, noon)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := json.Marshal(r)
		if string(raw) != c.want {
			t.Errorf("stored as\n%s\nwant\n%s", raw, c.want)
		}
	}
}
