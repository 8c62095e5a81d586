package simtown

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/match"
	"lifeline120/internal/wire"
)

// numbersOf are the rules that a sentence of the judge begins with.
func numbersOf(s string) (out []string) {
	head, _, _ := strings.Cut(s, ": ")
	for _, f := range strings.Split(head, ", ") {
		if !regexp.MustCompile(`^[A-Z]{3}-\d{3}$`).MatchString(f) {
			return nil
		}
		out = append(out, f)
	}
	return out
}

// said collects the text that the judge's functions of these names are called with.
func said(t *testing.T, names ...string) (out []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if sel, is := call.Fun.(*ast.SelectorExpr); !is || !slices.Contains(names, sel.Sel.Name) {
				return true
			}
			for _, a := range call.Args {
				if l, is := a.(*ast.BasicLit); is && l.Kind == token.STRING {
					if s, err := strconv.Unquote(l.Value); err == nil {
						out = append(out, s)
					}
				}
			}
			return true
		})
	}
	return out
}

// The list of judged rules is what the judge can say and what it counts: no more, no less.
func TestJudge_ListsWhatItHoldsRunsAgainst(t *testing.T) {
	can, counts := map[string]bool{}, map[string]bool{}
	for _, s := range said(t, "broken", "brokenLocked") {
		for _, n := range numbersOf(s) {
			can[n] = true
		}
	}
	for _, s := range said(t, "look") {
		for _, n := range numbersOf(s + ": ") {
			counts[n] = true
		}
	}
	if len(can) < 20 {
		t.Fatalf("the judge speaks of %d rules; the form of its sentences must have changed", len(can))
	}
	for _, n := range judged {
		if !can[n] {
			t.Errorf("%s is listed, and the judge never says that it is broken", n)
		}
		if !counts[n] {
			t.Errorf("%s is listed, and the judge never counts that it looked", n)
		}
		delete(can, n)
		delete(counts, n)
	}
	for _, n := range slices.Concat(sortedKeys(can), sortedKeys(counts)) {
		t.Errorf("the judge looks at %s and does not list it", n)
	}
}

// docs/proof.md says of every rule in force whether the judge looks at it in every life, or why not.
func TestJudge_StandsInTheDocuments(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	_, page, ok := strings.Cut(read("proof.md"), "\n## What every life of the town is held against\n")
	page, _, ok2 := strings.Cut(page, "\n## ")
	is, not, ok3 := strings.Cut(page, "These have tests of their own")
	rules, _, ok4 := strings.Cut(read("rules.md"), "\n## Not yet in force")
	if !ok || !ok2 || !ok3 || !ok4 {
		t.Fatal("docs/proof.md or docs/rules.md has another form")
	}
	rows := func(s string) (out []string) {
		for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z]{3}-\d{3}) \| \S.* \|$`).FindAllStringSubmatch(s, -1) {
			out = append(out, m[1])
		}
		return out
	}
	if got := rows(is); !slices.Equal(got, judged[:]) {
		t.Errorf("docs/proof.md says that the judge looks at\n%v, and it looks at\n%v", got, judged)
	}
	var inForce []string
	for _, m := range regexp.MustCompile(`(?m)^\* \*\*([A-Z]{3}-\d{3})\*\*`).FindAllStringSubmatch(rules, -1) {
		inForce = append(inForce, m[1])
	}
	both := append(rows(is), rows(not)...)
	slices.Sort(both)
	slices.Sort(inForce)
	if !slices.Equal(both, inForce) {
		t.Errorf("docs/proof.md has the rules\n%v, and in force are\n%v", both, inForce)
	}
}

// judge is an oracle without a town at work, for what it says of one thing.
func judge() *oracle {
	w := &Town{began: begin, seed: 1}
	w.city = town(2)
	for _, u := range w.city.Units[:2] {
		w.units = append(w.units, &vehicle{town: w, unit: u})
	}
	w.oracle = newOracle(w)
	return w.oracle
}

// says checks that the judge said something of a rule, and of no other; "" for nothing at all.
func (o *oracle) says(t *testing.T, what, rule string) {
	t.Helper()
	var got []string
	for _, f := range o.faults {
		_, f, _ = strings.Cut(f, " s: ")
		got = append(got, numbersOf(f)...)
	}
	got = slices.Compact(got)
	if rule == "" && len(o.faults) > 0 || rule != "" && !slices.Equal(got, []string{rule}) {
		t.Errorf("%s: the judge says %q; want %q", what, o.faults, rule)
	}
}

var (
	here   = ems.WGS84{Lat: 30.25, Lon: 120.15}
	street = ems.WGS84{Lat: 30.254, Lon: 120.15} // 445 m
)

func alarmAt(id ems.AlarmID, kind ems.AlarmKind, source, origin string, at *ems.WGS84) ems.Alarm {
	return ems.Alarm{ID: id, Kind: kind, Source: source, Origin: origin, Place: &ems.Place{Pos: at}, State: ems.AlarmStored, Received: begin}
}

func TestALM006_JudgeSeesWhatALineHides(t *testing.T) {
	flood := func(n string) ems.Alarm {
		return alarmAt(ems.AlarmID("a"+n), ems.CallerAlarm, "phone-"+n, "net-1", &here)
	}
	for name, c := range map[string]struct {
		third ems.Alarm
		rule  string
	}{
		"a flood":                {flood("3"), ""},
		"another source":         {alarmAt("a3", ems.CallerAlarm, "phone-3", "net-2", &here), "ALM-006"},
		"a source of its own":    {alarmAt("a3", ems.CallerAlarm, "phone-3", "", &here), "ALM-006"},
		"a few streets away":     {alarmAt("a3", ems.CallerAlarm, "phone-3", "net-1", &street), "ALM-006"},
		"of an unknown place":    {alarmAt("a3", ems.CallerAlarm, "phone-3", "net-1", nil), "ALM-006"},
		"a device":               {alarmAt("a3", ems.DeviceAlarm, "phone-3", "net-1", &here), "ALM-006"},
		"a crew's call for help": {alarmAt("a3", ems.CrewSOS, "u1", "net-1", &here), "ALM-006"},
	} {
		o, s := judge(), newShownConsole()
		for _, a := range []ems.Alarm{flood("1"), flood("2"), c.third} {
			s.alarms[a.ID] = a
		}
		o.grouped(s, wire.AlarmGroup{Key: "a1", Alarms: []ems.AlarmID{"a1", "a2", "a3"}})
		o.says(t, name, c.rule)
	}
	three := func(o *oracle) *desk.State {
		s := desk.New(true)
		for _, n := range []string{"1", "2", "3"} {
			a := flood(n)
			s.Alarms[a.ID], o.shown.alarms[a.ID] = &a, a
		}
		o.shown.groups["a1"] = wire.AlarmGroup{Key: "a1", Alarms: []ems.AlarmID{"a1", "a2", "a3"}}
		return s
	}
	late := begin.Add(time.Minute)
	for name, c := range map[string]struct {
		change func(*oracle, *desk.State)
		rule   string
	}{
		"all are reachable":  {func(*oracle, *desk.State) {}, ""},
		"one is not shown":   {func(o *oracle, _ *desk.State) { delete(o.shown.alarms, "a2") }, "ALM-006"},
		"a flood in no line": {func(o *oracle, _ *desk.State) { clear(o.shown.groups) }, "ALM-006"},
		"one outside its line": {func(o *oracle, _ *desk.State) {
			o.shown.groups["a1"] = wire.AlarmGroup{Alarms: []ems.AlarmID{"a1", "a2"}}
		}, "ALM-006"},
		"one in two lines": {func(o *oracle, _ *desk.State) { o.shown.groups["b"] = o.shown.groups["a1"] }, "ALM-006"},
		"a handled one stays": {func(_ *oracle, s *desk.State) {
			s.Alarms["a1"].State, s.Alarms["a1"].HandledAt = ems.AlarmHandled, &begin
		}, "ALM-006"},
	} {
		o := judge()
		s := three(o)
		c.change(o, s)
		o.reached(s, late)
		o.says(t, name, c.rule)
	}
}

func TestSCR001_JudgeSeesANumberGrowYoung(t *testing.T) {
	v := 98.0
	good := ems.ReadingView{Unit: "u1", Device: devMonitor, Channel: ems.SpO2, Value: &v, StaleS: 3, GoneS: 10, Taken: begin.Add(20 * time.Second)}
	for name, c := range map[string]struct {
		change func(*ems.ReadingView)
		rule   string
	}{
		"measured before":    {func(*ems.ReadingView) {}, ""},
		"within the clocks":  {func(r *ems.ReadingView) { r.Taken = begin.Add(24 * time.Second) }, ""},
		"of a silent device": {func(r *ems.ReadingView) { r.Taken = begin.Add(30 * time.Second) }, "SCR-001"},
		"says so itself":     {func(r *ems.ReadingView) { r.Taken, r.Value = begin.Add(30*time.Second), nil }, ""},
		"is never old":       {func(r *ems.ReadingView) { r.StaleS = 30 }, "SCR-001"},
		"never goes":         {func(r *ems.ReadingView) { r.GoneS = 0 }, "SCR-001"},
	} {
		o, r := judge(), good
		o.unheard["u1/monitor"] = begin.Add(20 * time.Second)
		c.change(&r)
		o.aged("console", begin.Add(31*time.Second), r)
		o.says(t, name, c.rule)
	}
	for age, rule := range map[time.Duration]string{20 * time.Second: "", 40 * time.Second: "SCR-001"} {
		o, eta := judge(), begin.Add(time.Minute)
		o.shown.missions["m1"] = ems.Mission{ID: "m1", Unit: "u1", ETA: &eta}
		o.shown.units["u1"] = ems.UnitView{Fix: &ems.FixView{Taken: begin}}
		o.foretold(begin.Add(age))
		o.says(t, "an arrival from a place that is "+age.String()+" old", rule)
	}
	for q, rule := range map[ems.Quality]string{ems.Good: "", ems.NoFix: "SCR-001", ems.Jump: "SCR-001"} {
		o, eta := judge(), begin.Add(time.Minute)
		u := ems.UnitView{Unit: ems.Unit{ID: "u1"}, Fix: &ems.FixView{Taken: begin, Quality: q}}
		o.shown.missions["m1"], o.shown.units["u1"] = ems.Mission{ID: "m1", Unit: "u1", ETA: &eta}, u
		o.shown.doubt(begin, u)
		o.foretold(begin.Add(5 * time.Second))
		o.says(t, "an arrival from a place that is "+q.String(), rule)
	}
}

func TestCLN006_JudgeSeesMonitorsMixedUp(t *testing.T) {
	for value, rule := range map[float64]string{patients[devSecond].SpO2: "", patients[devMonitor].SpO2: "CLN-006"} {
		o := judge()
		o.town.units[1].second = nil
		o.ownValue("console", ems.ReadingView{Unit: "u2", Device: devSecond, Channel: ems.SpO2, Quality: ems.Good, Value: &value})
		o.says(t, "a unit with one monitor", "")
		o.town.units[1].second = newSecond(1)
		o.ownValue("console", ems.ReadingView{Unit: "u2", Device: devSecond, Channel: ems.SpO2, Quality: ems.Good, Value: &value})
		o.says(t, "two monitors", rule)
	}
}

func TestGEO001_JudgeSeesAnotherDatum(t *testing.T) {
	for name, c := range map[string]struct {
		pos  ems.WGS84
		rule string
	}{"on its way": {ems.WGS84{Lat: 30.2503, Lon: 120.1502}, ""}, "GCJ-02": {ems.WGS84{Lat: 30.2475, Lon: 120.1547}, "GEO-001"}} {
		o := judge()
		o.drove("u1", begin, here)
		at := begin.Add(time.Second)
		o.placedOnWay(at, ems.UnitView{Unit: ems.Unit{ID: "u1"}, Fix: &ems.FixView{Pos: c.pos, Quality: ems.Good, Taken: at}})
		o.says(t, name, c.rule)
	}
}

func TestTIM002_JudgeSeesALocalTime(t *testing.T) {
	for _, c := range []struct{ body, rule string }{{`{"at":"2026-11-21T08:00:00Z"}`, ""}, {`{"at":"2026-11-21T16:00:00+08:00"}`, "TIM-002"}} {
		o := judge()
		o.utc("event 1", []byte(c.body))
		o.says(t, c.body, c.rule)
	}
}

func TestDSP004_JudgeSeesNodesRunBackwards(t *testing.T) {
	at := func(s int, n ems.Node) ems.NodeTime {
		return ems.NodeTime{Node: n, At: begin.Add(time.Duration(s) * time.Second)}
	}
	for _, c := range []struct {
		second ems.NodeTime
		rule   string
	}{{at(20, ems.NodeAtScene), ""}, {at(5, ems.NodeAtScene), "DSP-004"},
		{ems.NodeTime{Node: ems.NodeAtScene, At: begin.Add(5 * time.Second), UncertainS: 6}, ""},
		{ems.NodeTime{Node: ems.NodeAtScene, At: begin.Add(20 * time.Second), Reason: "out_of_order"}, "DSP-004"}} {
		o := judge()
		o.judgeNodes("m1", map[ems.Node]ems.NodeTime{ems.NodeDeparted: at(10, ems.NodeDeparted), ems.NodeAtScene: c.second})
		o.says(t, string(c.second.Node)+" at "+c.second.At.Sub(begin).String(), c.rule)
	}
}

// bench is a small centre of which the judge is told: u1 and u2 at their places, r1 and r2 at the station without a link, t1 for transport.
func bench() (o *oracle, q question, units map[ems.UnitID]*fitness) {
	o = judge()
	units = map[ems.UnitID]*fitness{}
	q = question{at: begin.Add(time.Minute), whole: true, Question: match.Question{ID: "r", At: begin.Add(time.Minute),
		Incident: ems.Incident{ID: "i1", Type: ems.Emergency, Place: ems.Place{Pos: &here}}}}
	for _, u := range o.town.city.Units {
		units[u.ID] = &fitness{duty: ems.OnDuty, kind: u.Kind}
		m := match.Unit{UnitView: ems.UnitView{Unit: u, Duty: ems.OnDuty, State: ems.MissionAtStation}, Station: &o.town.city.Stations[0].Pos}
		if at, there := map[ems.UnitID]ems.WGS84{"u1": here, "u2": street}[u.ID]; there {
			m.Online, m.Fix = true, &ems.FixView{Pos: at, Quality: ems.Good, Taken: q.at.Add(-time.Second)}
		}
		q.Units = append(q.Units, m)
	}
	return o, q, units
}

// again copies an answer, so that one part of it can be made false.
func again(t *testing.T, r match.Recommendation) (out match.Recommendation) {
	t.Helper()
	if err := json.Unmarshal([]byte(textOf(r)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDSP001_JudgeSeesAWrongRecommendation(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*match.Recommendation, map[ems.UnitID]*fitness, *question)
		rules  string
	}{
		"as it is":        {func(*match.Recommendation, map[ems.UnitID]*fitness, *question) {}, ""},
		"a unit off duty": {func(_ *match.Recommendation, f map[ems.UnitID]*fitness, _ *question) { f["u1"].duty = ems.Suspended }, "DSP-001"},
		"a transport unit": {func(_ *match.Recommendation, f map[ems.UnitID]*fitness, _ *question) {
			f["u1"].kind = ems.UnitTransport
		}, "DSP-001"},
		"a busy unit":          {func(_ *match.Recommendation, f map[ems.UnitID]*fitness, _ *question) { f["u1"].mission = "m9" }, "DSP-001"},
		"a fit unit left out":  {func(_ *match.Recommendation, f map[ems.UnitID]*fitness, _ *question) { f["t1"].kind = ems.UnitOrdinary }, "DSP-001"},
		"a unit forgotten":     {func(r *match.Recommendation, _ map[ems.UnitID]*fitness, _ *question) { r.LeftOut = nil }, "DSP-001"},
		"left out for nothing": {func(r *match.Recommendation, _ map[ems.UnitID]*fitness, _ *question) { r.LeftOut[0].Why = nil }, "DSP-002"},
		"a last resort beside": {func(r *match.Recommendation, _ map[ems.UnitID]*fitness, _ *question) {
			r.LastResort = []match.Ranked{{Unit: "t1", Caution: r.LeftOut[0].Why}}
		}, "DSP-001"},
		"silent about roads": {func(r *match.Recommendation, _ map[ems.UnitID]*fitness, _ *question) { r.Missing = nil }, "DSP-002"},
	} {
		o, q, units := bench()
		r := again(t, match.Recommend(q.Question))
		c.change(&r, units, &q)
		o.judgeRanks(r, units, ems.Emergency)
		o.says(t, name, c.rules)
	}
}

// The judge works out times, handicaps and conditions by itself, and sees each that is another.
func TestDSP002_JudgeSeesAnotherReckoning(t *testing.T) {
	leftOut := func(r *match.Recommendation, u ems.UnitID) *match.LeftOut {
		for i := range r.LeftOut {
			if r.LeftOut[i].Unit == u {
				return &r.LeftOut[i]
			}
		}
		t.Fatalf("%s is not left out: %s", u, textOf(r))
		return nil
	}
	for name, c := range map[string]struct {
		change func(*match.Recommendation)
		rule   string
	}{
		"as it is":                   {func(*match.Recommendation) {}, ""},
		"no time to the wheels":      {func(r *match.Recommendation) { *r.Units[0].EtaS -= 90 }, "DSP-002"},
		"a handicap of nobody's":     {func(r *match.Recommendation) { r.Units[0].HandicapS = 1 }, "DSP-002"},
		"a handicap forgotten":       {func(r *match.Recommendation) { r.Units[3].HandicapS = 0 }, "DSP-002"},
		"would be first, and is not": {func(r *match.Recommendation) { leftOut(r, "u2").First[0].Code = "first_duty" }, "DSP-002"},
		"would not, and is":          {func(r *match.Recommendation) { leftOut(r, "u1").First[0].Code = "first_no" }, "DSP-002"},
		"says nothing of it":         {func(r *match.Recommendation) { leftOut(r, "u1").First = nil }, "DSP-002"},
		"free soon, and is not busy": {func(r *match.Recommendation) { r.Soon[0].Unit = "u3" }, "DSP-001"},
		"free soon, on another":      {func(r *match.Recommendation) { r.Soon[0].Mission = "m9" }, "DSP-001"},
		"there before it is free":    {func(r *match.Recommendation) { *r.Soon[0].EtaS = 1 }, "DSP-002"},
		"taken from one as urgent":   {func(r *match.Recommendation) { r.Divert = r.Soon }, "DSP-001"},
	} {
		o, q, _ := bench()
		for i := range q.Units {
			u := &q.Units[i]
			switch u.ID {
			case "u1":
				u.Duty = ems.Suspended
			case "u2":
				u.Duty = ems.Suspended
				u.Fix = &ems.FixView{Pos: ems.WGS84{Lat: 30.5, Lon: 120.15}, Quality: ems.Good, Taken: q.at}
			case "r2":
				u.Mission, u.State = "m1", ems.MissionHandedOver
				u.Task = &match.Task{Incident: "i0", Priority: ems.PriorityB, Ordered: begin, Since: q.at.Add(-time.Minute)}
			}
		}
		more := q.Units[0]
		more.ID, more.Duty, more.Online = "u3", ems.OnDuty, true
		more.Fix = &ems.FixView{Pos: here, Quality: ems.Good, Taken: q.at}
		slow, far := more, more
		slow.ID, slow.Fix = "u4", &ems.FixView{Pos: street, Quality: ems.Good, Taken: q.at}
		far.ID, far.Fix = "u5", &ems.FixView{Pos: ems.WGS84{Lat: 30.28, Lon: 120.15}, Quality: ems.Good, Taken: q.at}
		q.Units = append(q.Units, more, slow, far)
		o.asks(q)
		r := again(t, match.Recommend(q.Question))
		if len(r.Units) != 4 || len(r.Soon) != 1 || r.Units[3].HandicapS == 0 {
			t.Fatalf("another bench: %s", textOf(r))
		}
		c.change(&r)
		o.judgeAnswer(r)
		o.faults = slices.DeleteFunc(o.faults, func(f string) bool { return strings.Contains(f, "DSP-007") }) // the judge's own answer differs too
		if c.rule == "DSP-002" {                                                                              // a time of another length stands in another place, too
			o.faults = slices.DeleteFunc(o.faults, func(f string) bool { return strings.Contains(f, "DSP-001") })
		}
		o.says(t, name, c.rule)
	}
}

func TestDSP007_JudgeSeesAnotherAnswer(t *testing.T) {
	swap := func(i, j int) func(*match.Recommendation) {
		return func(r *match.Recommendation) { r.Units[i], r.Units[j] = r.Units[j], r.Units[i] }
	}
	for name, c := range map[string]struct {
		change func(*match.Recommendation)
		rule   string
	}{
		"as it is":                    {func(*match.Recommendation) {}, ""},
		"ties by another name":        {swap(2, 3), "DSP-007"},
		"the slower first":            {swap(0, 1), "DSP-001"},
		"the failed part not behind":  {swap(1, 2), "DSP-001"},
		"the failed part not named":   {func(r *match.Recommendation) { r.Units[2].Caution = r.Units[2].Caution[:1] }, "DSP-001"},
		"a failed part that is not":   {func(r *match.Recommendation) { r.Units[0].Caution = r.Units[2].Caution }, "DSP-001"},
		"a travel time without words": {func(r *match.Recommendation) { r.Units[0].Reasons = nil }, "DSP-002"},
		"a wrong way":                 {func(r *match.Recommendation) { *r.Units[1].DistanceM += 100 }, "DSP-002"},
	} {
		o, q, _ := bench()
		o.asks(q)
		r := again(t, match.Recommend(q.Question))
		if got := len(r.Units); got != 4 {
			t.Fatalf("%d units are recommended: %s", got, textOf(r))
		}
		c.change(&r)
		o.judgeAnswer(r)
		if c.rule != "" && c.rule != "DSP-007" { // the judge's own answer differs too
			o.faults = slices.DeleteFunc(o.faults, func(f string) bool { return strings.Contains(f, "DSP-007") })
		}
		o.says(t, name, c.rule)
	}
}

func TestDSP002_JudgeSeesAnOrderThatNobodyChose(t *testing.T) {
	_, q, _ := bench()
	r := match.Recommend(q.Question)
	far := r.Units[1].Unit
	order := desk.MissionOrdered{ID: "m1", Incident: "i1", Unit: far, By: "王", Recommendation: "r", SlowerS: slower(r, far)}
	order.Req = "q1"
	for name, c := range map[string]struct {
		change func(*choice, *desk.MissionOrdered, *fitness)
		rule   string
	}{
		"as it was chosen":        {func(*choice, *desk.MissionOrdered, *fitness) {}, ""},
		"nobody chose":            {func(_ *choice, b *desk.MissionOrdered, _ *fitness) { b.Req = "q2" }, "DSP-002"},
		"another was chosen":      {func(c *choice, _ *desk.MissionOrdered, _ *fitness) { c.unit = "u9" }, "DSP-002"},
		"somebody else":           {func(_ *choice, b *desk.MissionOrdered, _ *fitness) { b.By = "system" }, "DSP-002"},
		"names no recommendation": {func(_ *choice, b *desk.MissionOrdered, _ *fitness) { b.Recommendation, b.SlowerS = "", 0 }, "DSP-002"},
		"says no slower":          {func(_ *choice, b *desk.MissionOrdered, _ *fitness) { b.SlowerS = 0 }, "DSP-002"},
		"unfit, by nobody":        {func(_ *choice, _ *desk.MissionOrdered, f *fitness) { f.duty = ems.BrokenDown }, "DSP-001"},
		"unfit, by name": {func(c *choice, b *desk.MissionOrdered, f *fitness) {
			f.duty, c.lastResort, b.LastResort = ems.BrokenDown, true, "王"
		}, ""},
	} {
		o := judge()
		ch := choice{incident: "i1", unit: far, recommendation: "r", by: "王"}
		b, f := order, fitness{duty: ems.OnDuty, kind: ems.UnitMonitoring}
		c.change(&ch, &b, &f)
		o.chose("q1", ch)
		o.judgeOrder(journal.Event{Seq: 7}, b, f, ems.Emergency, map[string]match.Recommendation{"r": r})
		o.says(t, name, c.rule)
	}
	o := judge()
	o.recommended(wireOf(r))
	o.chose("q1", choice{answered: begin, by: "王"})
	o.judgeDispatch(nil)
	if len(o.faults) != 2 {
		t.Errorf("a recommendation and a choice that the journal does not hold: %q", o.faults)
	}
}

func TestEVO001_JudgeSeesAnotherState(t *testing.T) {
	o := judge()
	_, body, _ := desk.New(true).Snapshot()
	o.judgeFold(nil, kept{0, body}, true)
	o.says(t, "as it was", "")
	s := desk.New(true)
	s.Day = "2026-11-21"
	_, body, _ = s.Snapshot()
	o.judgeFold(nil, kept{0, body}, true)
	o.says(t, "another day", "EVO-001")
}
