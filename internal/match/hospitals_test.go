package match

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

// The toy town of hospitals: every way is said in minutes by road from where the patient is; what else is known of one is in its changes.
func hosp(id ems.HospitalID, minutes float64, change ...func(*HospitalAt)) HospitalAt {
	d := time.Duration(minutes * float64(time.Minute))
	h := HospitalAt{Hospital: ems.Hospital{ID: id, Pos: ems.WGS84{Lat: 36.6 + minutes/100, Lon: 116.9}}, Road: &d, Board: board(ems.PartWhole, ems.BoardOpen, time.Minute)(nil)}
	for _, f := range change {
		f(&h)
	}
	return h
}

func centre(keys ...string) func(*HospitalAt) {
	return func(h *HospitalAt) { h.Centres = append(h.Centres, keys...) }
}

func can(t ems.Treatment, doorMin float64, level int) func(*HospitalAt) {
	return func(h *HospitalAt) {
		h.Abilities = append(h.Abilities, ems.Ability{Treatment: t, DoorS: doorMin * 60, Level: level})
	}
}

func board(part string, s ems.BoardState, age time.Duration) func(*ems.HospitalBoard) *ems.HospitalBoard {
	return func(b *ems.HospitalBoard) *ems.HospitalBoard {
		if b == nil {
			b = &ems.HospitalBoard{}
		}
		b.Lines = append(b.Lines, ems.BoardLine{Part: part, State: s, Since: now.Add(-age), Said: now.Add(-age), By: "张"})
		return b
	}
}

func says(part string, s ems.BoardState, age time.Duration) func(*HospitalAt) {
	return func(h *HospitalAt) {
		b := *h.Board
		b.Lines = slices.DeleteFunc(slices.Clone(b.Lines), func(l ems.BoardLine) bool { return l.Part == part })
		h.Board = board(part, s, age)(&b)
	}
}

func until(part string, at time.Time) func(*HospitalAt) {
	return func(h *HospitalAt) {
		for i := range h.Board.Lines {
			if h.Board.Lines[i].Part == part {
				h.Board.Lines[i].Until = &at
			}
		}
	}
}

func town(pathway string, a ems.Assessment, hs ...HospitalAt) HospitalQuestion {
	return HospitalQuestion{ID: "r1", At: now, From: &scene, FromKind: FromScene, Pathway: pathway, Assessment: a, Roads: true, Hospitals: hs}
}

// listing is the answer in one line: id:treatment@minute, "|", what was left out with its first reason.
func listing(r HospitalRanking) string {
	var a, b []string
	for _, l := range r.Hospitals {
		s := string(l.Hospital)
		if l.Treatment != "" {
			s += ":" + string(l.Treatment)
		}
		if t := l.TreatS; t != nil {
			s += fmt.Sprintf("@%g", *t/60)
		} else if t := l.TravelS; t != nil {
			s += fmt.Sprintf("@%g", *t/60)
		}
		a = append(a, s)
	}
	for _, l := range r.LeftOut {
		b = append(b, string(l.Hospital)+":"+l.Out[0].Code)
	}
	return strings.Join(a, " ") + "|" + strings.Join(b, " ")
}

func missingCodes(r HospitalRanking) string {
	var out []string
	for _, w := range r.Missing {
		out = append(out, w.Code)
	}
	return strings.Join(out, " ")
}

func ago(h float64) *time.Time {
	t := now.Add(-time.Duration(h * float64(time.Hour)))
	return &t
}

func lvo(v, unstable string, lastWell *time.Time) ems.Assessment {
	return ems.Assessment{LVO: v, Unstable: unstable, LastWell: lastWell}
}

// near gives the needle after 5+40 min, far needle after 15+40 and puncture after 15+60.
func strokeTown(change ...func(*HospitalAt)) []HospitalAt {
	return []HospitalAt{
		hosp("near", 5, centre("stroke"), can(ems.TreatLysis, 40, 0)),
		hosp("far", 15, append([]func(*HospitalAt){centre("stroke"), can(ems.TreatLysis, 40, 0), can(ems.TreatThrombectomy, 60, 0)}, change...)...),
		hosp("none", 1),
	}
}

func TestHospitals_StrokeRule(t *testing.T) {
	moved := func(min float64) func(*HospitalAt) {
		return func(h *HospitalAt) { d := time.Duration(min * float64(time.Minute)); h.Road = &d }
	}
	for _, c := range []struct {
		name, want, why string
		passed          bool
		a               ems.Assessment
		hs              []HospitalAt
	}{
		{"occlusion suspected, 10 min more", "far:thrombectomy@75 near:lysis@45|none:no_centre", "bypass_within", true, lvo("yes", "no", ago(1)), strokeTown()},
		{"15 min more is within the limit", "far:thrombectomy@80 near:lysis@45|none:no_centre", "bypass_within", true, lvo("yes", "no", ago(1)), strokeTown(moved(20))},
		{"a second longer is not", "near:lysis@45 far:lysis@60.016666666666666|none:no_centre", "bypass_too_far", false, lvo("yes", "no", ago(1)), strokeTown(moved(20 + 1.0/60))},
		{"unstable", "near:lysis@45 far:lysis@55|none:no_centre", "unstable", false, lvo("yes", "yes", ago(1)), strokeTown()},
		{"no occlusion", "near:lysis@45 far:lysis@55|none:no_centre", "", false, lvo("no", "no", ago(1)), strokeTown()},
		{"the needle would come too late there", "near:lysis@45 far:thrombectomy@75|none:no_centre", "lysis_would_be_lost", false, lvo("yes", "no", ago(4.5-50.0/60)), strokeTown()},
		{"too late for any needle", "far:thrombectomy@75 near@5|none:no_centre", "", false, lvo("yes", "no", ago(8)), strokeTown()},
		{"too late for everything", "near@5 far@15|none:no_centre", "", false, lvo("yes", "no", ago(30)), strokeTown()},
		{"last well not known", "far:thrombectomy@75 near:lysis@45|none:no_centre", "bypass_within", true, lvo("yes", "no", nil), strokeTown()},
		{"its angiography is out", "near:lysis@45 far:lysis@55|none:no_centre", "", false, lvo("yes", "no", ago(1)), strokeTown(says(ems.PartCathLab, ems.BoardClosed, 0))},
		{"its CT is out", "near:lysis@45|none:no_centre far:board_closed", "", false, lvo("yes", "no", ago(1)), strokeTown(says(ems.PartCT, ems.BoardClosed, 0))},
	} {
		r := Hospitals(town("stroke", c.a, c.hs...))
		if got := listing(r); got != c.want {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
		switch {
		case c.why == "" && r.Bypass != nil:
			t.Errorf("%s: weighed %+v", c.name, r.Bypass)
		case c.why != "" && (r.Bypass == nil || r.Bypass.Passed != c.passed || !has(r.Bypass.Why, c.why, "")):
			t.Errorf("%s: weighed %+v, want %s", c.name, r.Bypass, c.why)
		}
		if known := c.a.LastWell != nil; known == has(r.Missing, "last_well_unknown", "") {
			t.Errorf("%s: missing %v", c.name, r.Missing)
		}
	}
}

// The answer says what it compares: needle here, puncture there, how much longer the way is, and what is left of the windows.
func TestHospitals_StrokeSaysWhatItCompares(t *testing.T) {
	b := Hospitals(town("stroke", lvo("yes", "no", ago(1)), strokeTown()...)).Bypass
	want := Bypass{Near: "near", NearTreatment: "lysis", Far: "far", FarTreatment: "thrombectomy", LimitS: 900, Passed: true}
	if b.Near != want.Near || b.NearTreatment != want.NearTreatment || b.Far != want.Far || b.FarTreatment != want.FarTreatment || b.LimitS != want.LimitS || !b.Passed {
		t.Errorf("got %+v", b)
	}
	for name, x := range map[string]struct{ got, want float64 }{"needle": {*b.NearS, 45 * 60}, "puncture": {*b.FarS, 75 * 60}, "extra": {*b.ExtraS, 600},
		"lysis window": {*b.LysisLeftS, 3.5 * 3600}, "thrombectomy window": {*b.ThrombectomyLeftS, 5 * 3600}} {
		if x.got != x.want {
			t.Errorf("%s: %v s, want %v", name, x.got, x.want)
		}
	}
	if b := Hospitals(town("stroke", lvo("yes", "no", nil), strokeTown()...)).Bypass; b.LysisLeftS != nil || b.ThrombectomyLeftS != nil {
		t.Errorf("a window that began nobody knows when is counted: %+v", b)
	}
	q := town("stroke", lvo("yes", "no", ago(1)), strokeTown()...)
	q.Rules.StrokeBypassS = 300 // a city's own limit
	if b := Hospitals(q).Bypass; b.Passed || b.LimitS != 300 {
		t.Errorf("the city's limit does not hold: %+v", b)
	}
}

func TestCLN001_WhatIsNotAssessedPassesNobodyBy(t *testing.T) {
	r := Hospitals(town("stroke", lvo("", "no", ago(1)), strokeTown()...))
	if got := listing(r); got != "near:lysis@45 far:lysis@55|none:no_centre" || !has(r.Missing, "lvo_not_assessed", "") {
		t.Errorf("not assessed: %s, missing %s", got, missingCodes(r))
	}
	if r.Bypass == nil || r.Bypass.Passed || !has(r.Bypass.Why, "lvo_not_assessed", "") || *r.Bypass.FarS != 75*60 {
		t.Errorf("what it would come to is not said: %+v", r.Bypass)
	}
	r = Hospitals(town("stroke", lvo("yes", "", ago(1)), strokeTown()...))
	if r.Bypass.Passed || !has(r.Bypass.Why, "stability_not_assessed", "") || !has(r.Missing, "stability_not_assessed", "") {
		t.Errorf("a patient of whom nobody said that they are stable is carried past a door: %+v", r.Bypass)
	}
	r = Hospitals(town("trauma", ems.Assessment{}, hosp("low", 5, centre("trauma"), can(ems.TreatTrauma, 0, 3)), hosp("high", 8, centre("trauma"), can(ems.TreatTrauma, 0, 1))))
	if got := listing(r); got != "low:trauma@65 high:trauma@68|" || missingCodes(r) != "severity_not_assessed" {
		t.Errorf("severity not assessed: %s, missing %s", got, missingCodes(r))
	}
	// A hospital that states no treatment of its own is counted for the least that its centre means, and it says so.
	r = Hospitals(town("chest_pain", ems.Assessment{}, hosp("a", 5, centre("chest_pain")), hosp("b", 9, centre("chest_pain"), can(ems.TreatPCI, 40, 0))))
	if got := listing(r); got != "b:pci@49 a:lysis@35|" || !has(r.Hospitals[1].Caution, "ability_not_stated", "") || missingCodes(r) != "fmc_unknown" {
		t.Errorf("ability not stated: %s, %v, missing %s", got, r.Hospitals[1].Caution, missingCodes(r))
	}
}

func TestHospitals_ChestPain(t *testing.T) {
	lysis := hosp("lysis", 5, centre("chest_pain"), can(ems.TreatLysis, 30, 0))
	both := hosp("both", 20, centre("chest_pain"), can(ems.TreatPCI, 40, 0), can(ems.TreatLysis, 30, 0))
	pci := hosp("pci", 25, centre("chest_pain"), can(ems.TreatPCI, 30, 0))
	for _, c := range []struct {
		name, want, why string
		fmcMin          float64
		late            bool
	}{
		{"wire in time", "pci:pci@55 both:pci@60 lysis:lysis@35|", "device_in_time", 10, false},
		{"wire after 90, before 120 min", "pci:pci@55 both:pci@60 lysis:lysis@35|", "device_in_time", 40, true},
		{"only the quicker of them in time", "pci:pci@55 lysis:lysis@35 both:lysis@50|", "device_in_time", 65, true},
		{"no wire in time", "lysis:lysis@35 both:lysis@50 pci:pci@55|", "lysis_first", 66, true},
	} {
		q := town("chest_pain", ems.Assessment{}, lysis, both, pci)
		at := now.Add(-time.Duration(c.fmcMin * float64(time.Minute)))
		q.FMC = &at
		r := Hospitals(q)
		if got := listing(r); got != c.want {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
		if r.Bypass == nil || !has(r.Bypass.Why, c.why, "") || !has(r.Bypass.Why, c.why, fmt.Sprintf("%.0f", (c.fmcMin+55)*60)) {
			t.Errorf("%s: weighed %+v", c.name, r.Bypass)
		}
		l, _, _ := r.Line("pci")
		if has(l.Caution, "device_late", "") != c.late {
			t.Errorf("%s: caution %v", c.name, l.Caution)
		}
		if missingCodes(r) != "" {
			t.Errorf("%s: missing %s", c.name, missingCodes(r))
		}
	}
}

func TestHospitals_Levels(t *testing.T) {
	hs := []HospitalAt{hosp("a", 5, centre("trauma"), can(ems.TreatTrauma, 0, 3)), hosp("b", 12, centre("trauma"), can(ems.TreatTrauma, 0, 2)), hosp("c", 30, centre("trauma"), can(ems.TreatTrauma, 0, 1)),
		hosp("d", 2, centre("stroke"))}
	for _, c := range []struct {
		name, want, why string
		severe          string
		unstable        string
		limitMin        float64
	}{
		{"not severe", "a:trauma@65 b:trauma@72 c:trauma@90|d:no_centre", "", "no", "no", 15},
		{"severe, the highest too far", "b:trauma@72 a:trauma@65 c:trauma@90|d:no_centre", "bypass_within", "yes", "no", 15},
		{"severe, the highest within", "c:trauma@90 a:trauma@65 b:trauma@72|d:no_centre", "bypass_within", "yes", "no", 25},
		{"severe, none within", "a:trauma@65 b:trauma@72 c:trauma@90|d:no_centre", "bypass_too_far", "yes", "no", 5},
		{"severe and unstable", "a:trauma@65 b:trauma@72 c:trauma@90|d:no_centre", "unstable", "yes", "yes", 25},
	} {
		q := town("trauma", ems.Assessment{Severe: c.severe, Unstable: c.unstable}, hs...)
		q.Rules.LevelBypassS = c.limitMin * 60
		r := Hospitals(q)
		if got := listing(r); got != c.want {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
		if (c.why == "") != (r.Bypass == nil) || r.Bypass != nil && !has(r.Bypass.Why, c.why, "") {
			t.Errorf("%s: weighed %+v", c.name, r.Bypass)
		}
	}
	// Mothers and newborns: no standard has a time from the door, so the arrival is what is ranked by, and no treatment time is made up.
	for pathway, treatment := range map[string]ems.Treatment{"maternal": ems.TreatMaternal, "newborn": ems.TreatNewborn} {
		r := Hospitals(town(pathway, ems.Assessment{Severe: "yes", Unstable: "no"}, hosp("a", 5, centre(pathway), can(treatment, 0, 2)), hosp("b", 15, centre(pathway), can(treatment, 0, 1))))
		want := fmt.Sprintf("b:%s@15 a:%s@5|", treatment, treatment)
		if got := listing(r); got != want || r.Hospitals[0].TreatS != nil || r.Hospitals[0].DoorS != nil || !r.Bypass.Passed {
			t.Errorf("%s: got %s, want %s; %+v", pathway, got, want, r.Hospitals[0])
		}
	}
}

func TestHospitals_Boards(t *testing.T) {
	open := func(id ems.HospitalID, min float64, change ...func(*HospitalAt)) HospitalAt {
		return hosp(id, min, append([]func(*HospitalAt){centre("maternal")}, change...)...)
	}
	for _, c := range []struct {
		name, want, caution string
		a                   HospitalAt
	}{
		{"open", "a:maternal@5 b:maternal@9|", "", open("a", 5)},
		{"closed is never first", "b:maternal@9|a:board_closed", "", open("a", 5, says(ems.PartWhole, ems.BoardClosed, 0))},
		{"its centre is closed", "b:maternal@9|a:board_closed", "", open("a", 5, says("maternal", ems.BoardClosed, 0))},
		{"another centre is closed", "a:maternal@5 b:maternal@9|", "", open("a", 5, says("stroke", ems.BoardClosed, 0))},
		{"busy counts ten minutes", "b:maternal@9 a:maternal@5|", "board_busy", open("a", 5, says(ems.PartWhole, ems.BoardBusy, 0))},
		{"busy twice counts once", "a:maternal@5 b:maternal@16|", "board_busy", open("a", 5, says("maternal", ems.BoardBusy, 0), says(ems.PartStretchers, ems.BoardBusy, 0))},
		{"stretchers are held", "b:maternal@9 a:maternal@5|", "board_busy", open("a", 5, says(ems.PartStretchers, ems.BoardBusy, 0))},
		{"said an hour ago", "a:maternal@5 b:maternal@9|", "board_old", open("a", 5, says(ems.PartWhole, ems.BoardOpen, 61*time.Minute))},
		{"closed, said an hour ago", "b:maternal@9|a:board_closed", "board_old", open("a", 5, says(ems.PartWhole, ems.BoardClosed, 61*time.Minute))},
		{"closed, said five hours ago, is unknown", "a:maternal@5 b:maternal@9|", "board_lapsed", open("a", 5, says(ems.PartWhole, ems.BoardClosed, 5*time.Hour))},
		{"closed until an hour to come", "b:maternal@9|a:board_closed", "board_old", open("a", 5, says(ems.PartWhole, ems.BoardClosed, 5*time.Hour), until(ems.PartWhole, now.Add(time.Hour)))},
		{"closed until an hour that is past is unknown", "a:maternal@5 b:maternal@9|", "board_lapsed", open("a", 5, says(ems.PartWhole, ems.BoardClosed, time.Minute), until(ems.PartWhole, now.Add(-time.Second)))},
		{"closed until next week is not believed for ever", "a:maternal@5 b:maternal@9|", "board_lapsed", open("a", 5, says(ems.PartWhole, ems.BoardClosed, 25*time.Hour), until(ems.PartWhole, now.Add(99*time.Hour)))},
		{"nothing was ever said", "a:maternal@5 b:maternal@9|", "board_unknown", open("a", 5, func(h *HospitalAt) { h.Board = nil })},
	} {
		b := 9.0
		if strings.Contains(c.want, "@16") {
			b = 16 // ten minutes behind a are not enough, twenty would be
		}
		r := Hospitals(town("maternal", ems.Assessment{Severe: "no"}, c.a, open("b", b)))
		if got := listing(r); got != c.want {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
		if l, _, _ := r.Line("a"); c.caution != "" && !has(l.Caution, c.caution, "") || c.caution == "" && len(l.Caution) > 0 {
			t.Errorf("%s: caution %v, want %q", c.name, l.Caution, c.caution)
		}
	}
}

// What a screen and the ranking take for true is one rule (SCR-001).
func TestSCR001_ABoardIsBelievedNoLongerThanItsAge(t *testing.T) {
	l := ems.BoardLine{Part: ems.PartWhole, State: ems.BoardOpen, Said: now}
	for _, c := range []struct {
		after           time.Duration
		believed, stale bool
	}{{0, true, false}, {time.Hour, true, false}, {time.Hour + time.Second, true, true}, {4 * time.Hour, true, true}, {4*time.Hour + time.Second, false, true}} {
		if b, s := BoardBelieved(l, ems.HospitalRules{}, now.Add(c.after)); b != c.believed || s != c.stale {
			t.Errorf("after %v: believed %v, old %v", c.after, b, s)
		}
	}
	if b, _ := BoardBelieved(l, ems.HospitalRules{BoardGoneS: 60}, now.Add(61*time.Second)); b {
		t.Error("the city's own limit does not hold")
	}
}

func TestHospitals_WithoutAPathwayOrAPlace(t *testing.T) {
	r := Hospitals(town("", ems.Assessment{Wish: "far"}, hosp("far", 9), hosp("near", 5, centre("stroke"))))
	if got := listing(r); got != "near@5 far@9|" || !has(r.Hospitals[1].Reasons, "wish", "") || *r.Hospitals[1].ExtraS != 240 {
		t.Errorf("got %s %+v", got, r.Hospitals)
	}
	q := town("stroke", ems.Assessment{LVO: "no", LastWell: ago(1)}, strokeTown()...)
	q.From, q.Roads = nil, false
	r = Hospitals(q)
	if got := listing(r); got != "far:lysis near:lysis|none:no_centre" || missingCodes(r) != "origin" || r.Hospitals[0].TreatS != nil || r.Bypass != nil {
		t.Errorf("from nowhere: %s, missing %s", got, missingCodes(r))
	}
	q = town("", ems.Assessment{}, hosp("b", 5), hosp("a", 5))
	q.Hospitals[0].Road, q.Hospitals[1].Road = nil, nil
	q.Roads = false
	r = Hospitals(q)
	if r.Method != MethodLine || missingCodes(r) != "roads" || listing(r)[:2] != "a@" {
		t.Errorf("without roads: %s, %s, missing %s", listing(r), r.Method, missingCodes(r))
	}
	q.Roads, q.OffRoads = false, true
	if r := Hospitals(q); missingCodes(r) != "off_roads" {
		t.Errorf("off the roads: missing %s", missingCodes(r))
	}
	q.Roads, q.OffRoads = true, false
	if r := Hospitals(q); !has(r.Hospitals[0].Caution, "by_line", "") {
		t.Errorf("no way to this one: %v", r.Hospitals[0].Caution)
	}
	if r := Hospitals(town("tumour", ems.Assessment{}, hosp("a", 5), hosp("b", 9, centre("tumour")))); listing(r) != "b@9|a:no_centre" {
		t.Errorf("a pathway without a rule of its own: %s", listing(r))
	}
	if r := Hospitals(town("stroke", ems.Assessment{}, hosp("a", 5))); !has(r.Missing, "no_hospital", "stroke") || listing(r) != "|a:no_centre" {
		t.Errorf("nobody can: %s, missing %s", listing(r), missingCodes(r))
	}
}

func TestDSP002_HowAChosenHospitalStandsToTheRanking(t *testing.T) {
	hs := append(strokeTown(), hosp("shut", 2, centre("stroke"), says(ems.PartWhole, ems.BoardClosed, 0)))
	r := Hospitals(town("stroke", lvo("no", "no", ago(1)), hs...))
	for _, c := range []struct {
		hospital ems.HospitalID
		want     ems.HospitalChoice
	}{
		{"near", ems.HospitalChoice{Ranking: "r1", Hospital: "near", Best: "near"}},
		{"far", ems.HospitalChoice{Ranking: "r1", Hospital: "far", Best: "near", SlowerS: 600}},
		{"shut", ems.HospitalChoice{Ranking: "r1", Hospital: "shut", Best: "near", Against: "board_closed"}},
		{"none", ems.HospitalChoice{Ranking: "r1", Hospital: "none", Best: "near", Against: "no_centre"}},
		{"elsewhere", ems.HospitalChoice{Ranking: "r1", Hospital: "elsewhere", Best: "near"}},
	} {
		if got := r.Choice(c.hospital); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.hospital, got, c.want)
		}
	}
	if got := (HospitalRanking{ID: "r2"}).Choice("x"); got != (ems.HospitalChoice{Ranking: "r2", Hospital: "x"}) {
		t.Errorf("nothing was recommended: %+v", got)
	}
}

func TestDSP007_EqualQuestionsGetEqualRankings(t *testing.T) {
	var hs []HospitalAt
	for i := range 60 {
		h := hosp(ems.HospitalID(fmt.Sprintf("h%02d", i)), float64(i%4), centre("stroke", "trauma"))
		if i%3 == 0 {
			h = hosp(h.ID, float64(i%4), centre("stroke"), can(ems.TreatThrombectomy, 60, 0), can(ems.TreatLysis, 50, 0), says(ems.PartWhole, ems.BoardBusy, 0))
		}
		if i%7 == 0 {
			says(ems.PartWhole, ems.BoardClosed, 0)(&h)
		}
		hs = append(hs, h)
	}
	for _, pathway := range []string{"", "stroke", "trauma", "chest_pain"} {
		q := town(pathway, lvo("yes", "no", ago(1)), hs...)
		first, _ := json.Marshal(Hospitals(q))
		for seed := range uint64(20) {
			q.Hospitals = slices.Clone(hs)
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(hs), func(i, j int) { q.Hospitals[i], q.Hospitals[j] = q.Hospitals[j], q.Hospitals[i] })
			if again, _ := json.Marshal(Hospitals(q)); string(again) != string(first) {
				t.Fatalf("%s, seed %d: the order of the question changed the answer\n%s\n%s", pathway, seed, first, again)
			}
		}
	}
	r := Hospitals(town("", ems.Assessment{}, hs...))
	if len(r.Hospitals) != MaxHospitals || !has(r.Missing, "left_out_more", "21") {
		t.Errorf("%d are listed, missing %v", len(r.Hospitals), r.Missing)
	}
}
