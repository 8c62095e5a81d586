package desk

import (
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/match"
)

func (b *bench) line(h ems.HospitalID, part string) *ems.BoardLine {
	if b.s.Boards[h] == nil {
		return nil
	}
	for i := range b.s.Boards[h].Lines {
		if l := &b.s.Boards[h].Lines[i]; l.Part == part {
			return l
		}
	}
	return nil
}

func TestBoard_IsSetByTheHospitalOrADesk(t *testing.T) {
	b := newBench(t, false)
	h := *b.s.Hospitals["h1"]
	h.Centres = []string{"stroke"}
	b.do(System, RegisterHospital{Hospital: h})
	b.refused(eris, ConfirmBoard{Hospital: "h1", From: "h1"}) // nothing stands there yet
	b.do(eris, SetBoard{Hospital: "h1", From: "h1", Part: ems.PartWhole, State: ems.BoardOpen})
	b.do(eris, SetBoard{Hospital: "h1", From: "h1", Part: ems.PartCT, State: ems.BoardClosed, Reason: "检修", Until: when(b.now.Add(2 * time.Hour))})
	b.do(li, SetBoard{Hospital: "h1", Part: ems.PartStretchers, State: ems.BoardBusy, Count: 2})
	b.do(li, SetBoard{Hospital: "h1", Part: "stroke", State: ems.BoardBusy, Reason: "两台手术"})
	var parts []string
	for _, l := range b.s.Boards["h1"].Lines {
		parts = append(parts, l.Part)
	}
	if got := strings.Join(parts, " "); got != "whole ct stretchers stroke" {
		t.Errorf("the lines stand as %s", got)
	}
	if l := b.line("h1", ems.PartCT); l.By != eris.By || l.Desk != "" || l.Reason != "检修" || !l.Until.Equal(b.now.Add(2*time.Hour)) || !l.Said.Equal(b.now) {
		t.Errorf("by the hospital: %+v", l)
	}
	if l := b.line("h1", ems.PartStretchers); l.By != li.By || l.Desk != li.Desk || l.Count != 2 {
		t.Errorf("by a desk: %+v", l)
	}
	began := b.now
	b.wait(time.Hour)
	b.do(eris, SetBoard{Hospital: "h1", From: "h1", Part: ems.PartCT, State: ems.BoardClosed, Reason: "检修", Until: when(began.Add(2 * time.Hour))})
	if l := b.line("h1", ems.PartCT); !l.Since.Equal(began) || !l.Said.Equal(b.now) {
		t.Errorf("said again: since %v, said %v", l.Since, l.Said)
	}
	b.wait(90 * time.Minute)
	b.do(eris, ConfirmBoard{Hospital: "h1", From: "h1"})
	if l := b.line("h1", ems.PartWhole); !l.Said.Equal(b.now) || !l.Since.Equal(began) {
		t.Errorf("confirmed: %+v", l)
	}
	if l := b.line("h1", ems.PartCT); l.Said.Equal(b.now) {
		t.Error("a line whose end is past was confirmed with the rest: what holds there now must be said")
	}
	b.do(eris, SetBoard{Hospital: "h1", From: "h1", Part: ems.PartCT, State: ems.BoardOpen, Until: when(b.now.Add(time.Hour))})
	if l := b.line("h1", ems.PartCT); l.Until != nil || l.Reason != "" || !l.Since.Equal(b.now) {
		t.Errorf("opened: %+v", l)
	}
	for name, c := range map[string]Command{
		"closed without a reason": SetBoard{Hospital: "h1", Part: ems.PartWhole, State: ems.BoardClosed},
		"another hospital's":      SetBoard{Hospital: "h1", From: "h2", Part: ems.PartWhole, State: ems.BoardOpen},
		"another's confirmed":     ConfirmBoard{Hospital: "h1", From: "h2"},
		"a centre it has not":     SetBoard{Hospital: "h1", Part: "trauma", State: ems.BoardOpen},
		"no such state":           SetBoard{Hospital: "h1", Part: ems.PartWhole, State: "ajar"},
		"an end that is past":     SetBoard{Hospital: "h1", Part: ems.PartWhole, State: ems.BoardBusy, Until: when(b.now)},
		"an end in a month":       SetBoard{Hospital: "h1", Part: ems.PartWhole, State: ems.BoardBusy, Until: when(b.now.AddDate(0, 1, 0))},
		"more than there are":     SetBoard{Hospital: "h1", Part: ems.PartStretchers, State: ems.BoardBusy, Count: 100},
		"a reason without end":    SetBoard{Hospital: "h1", Part: ems.PartWhole, State: ems.BoardBusy, Reason: strings.Repeat("长", MaxText+1)},
	} {
		before := len(b.journal)
		b.refused(li, c)
		if len(b.journal) != before {
			t.Errorf("%s was journalled", name)
		}
	}
	b.refused(Actor{Role: "hospital"}, SetBoard{Hospital: "h1", From: "h1", Part: ems.PartWhole, State: ems.BoardOpen}) // by nobody
	b.check()
}

func TestDLV006_ABoardThatIsNotStoredSaysSo(t *testing.T) {
	b := newBench(t, false)
	b.lag = true
	b.do(eris, SetBoard{Hospital: "h1", From: "h1", Part: ems.PartWhole, State: ems.BoardBusy})
	if !b.s.Boards["h1"].Unrecorded {
		t.Error("not marked")
	}
	b.lag = false
	b.settle()
	if b.s.Boards["h1"].Unrecorded {
		t.Error("the mark stays")
	}
	b.check()
}

func TestCLN001_AssessmentsAreKeptWithWhoSaidThem(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	yes, no, none, lw, wish := ems.Yes, ems.No, "", b.now.Add(-time.Hour), ems.HospitalID("h2")
	b.do(crew, VehicleAssess{Unit: "u1", ID: "a1", Mission: m.ID, Assessed: Assessed{LVO: &yes, LastWell: &lw}, By: "张医生", At: b.now})
	b.do(li, AssessMission{Mission: m.ID, Assessed: Assessed{Unstable: &no, Wish: &wish}})
	a := b.s.Missions[m.ID].Assessment
	if a == nil || a.LVO != ems.Yes || a.Unstable != ems.No || a.Severe != "" || !a.LastWell.Equal(lw) || a.Wish != "h2" || a.By != li.By || a.Desk != li.Desk {
		t.Fatalf("%+v", a)
	}
	if ans := b.do(li, AssessMission{Mission: m.ID, Assessed: Assessed{Unstable: &no}}); len(ans.Events) != 0 {
		t.Error("the same said again made an event")
	}
	if ans := b.do(crew, VehicleAssess{Unit: "u1", ID: "a1", Mission: m.ID, Assessed: Assessed{LVO: &no}, By: "张医生", At: b.now}); len(ans.Events) != 0 {
		t.Error("the same touch sent again changed something")
	}
	b.do(li, AssessMission{Mission: m.ID, Assessed: Assessed{LVO: &none, LastWellUnknown: true}})
	if a := b.s.Missions[m.ID].Assessment; a.LVO != "" || a.LastWell != nil || a.Unstable != ems.No {
		t.Errorf("taken back: %+v", a)
	}
	bad, future, old := "perhaps", b.now.Add(time.Hour), b.now.AddDate(0, 0, -8)
	nowhere := ems.HospitalID("h9")
	for _, c := range []Assessed{{LVO: &bad}, {LastWell: &future}, {LastWell: &old}} {
		b.refused(li, AssessMission{Mission: m.ID, Assessed: c})
	}
	if _, err := b.try(li, AssessMission{Mission: m.ID, Assessed: Assessed{Wish: &nowhere}}); err == nil {
		t.Error("a hospital that there is not was wished for")
	}
	before := len(b.s.Notes) // of a crew nothing is lost
	b.do(crew, VehicleAssess{Unit: "u1", ID: "a2", Mission: m.ID, Assessed: Assessed{LVO: &bad}, By: "张医生", At: b.now})
	if len(b.s.Notes) != before+1 {
		t.Error("what the crew said is lost")
	}
	b.check()
}

func TestDSP002_TheRankingIsStoredWithTheChoice(t *testing.T) {
	b := newBench(t, false)
	m, _ := b.dispatch(b.incident(), "u1")
	far, near := 1500.0, 900.0
	r := match.HospitalRanking{ID: "r1", Mission: m.ID, At: b.now, Hospitals: []match.HospitalLine{{Hospital: "h1", TravelS: &near}, {Hospital: "h2", TravelS: &far}}}
	b.refused(li, ExplainHospital{Mission: m.ID, Reason: "r"}) // nothing was chosen yet
	b.do(li, SetDestination{Mission: m.ID, Hospital: "h2", Notice: "n1", Ranking: &r})
	if c := b.s.Missions[m.ID].Choice; c == nil || c.Ranking != "r1" || c.Best != "h1" || c.Hospital != "h2" || c.SlowerS != 600 {
		t.Fatalf("%+v", c)
	}
	e := b.journal[len(b.journal)-1]
	if e.Type != string(TypeHospitalChosen) || !strings.Contains(string(e.Body), `"travel_s":1500`) {
		t.Errorf("the journal has not what was shown: %s %s", e.Type, e.Body)
	}
	b.do(li, ExplainHospital{Mission: m.ID, Reason: "家属要求"}) // asked after the choice
	if c := b.s.Missions[m.ID].Choice; c.Reason != "家属要求" {
		t.Errorf("%+v", c)
	}
	b.do(crew, VehicleDestination{Unit: "u1", ID: "d1", Mission: m.ID, Hospital: "h1", Notice: "n2", By: "张医生", At: b.now})
	if c := b.s.Missions[m.ID].Choice; c != nil {
		t.Errorf("a choice of which nobody knows what was shown has the old one's comparison: %+v", c)
	}
	other := r
	other.Mission = "m9"
	b.do(li, SetDestination{Mission: m.ID, Hospital: "h2", Notice: "n3", Ranking: &other})
	if c := b.s.Missions[m.ID].Choice; c != nil {
		t.Errorf("another mission's ranking was taken for this one's: %+v", c)
	}
	b.check()
}

func TestBoard_TheQuestionOfAMission(t *testing.T) {
	b := newBench(t, false)
	b.do(li, OpenIncident{Incident: "i9", Place: &ems.Place{Pos: &ems.WGS84{Lat: 36.6, Lon: 116.9}}, Pathway: "stroke"})
	m, o := b.dispatch("i9", "u1")
	b.answer(o, "accepted")
	unit := ems.WGS84{Lat: 36.7, Lon: 116.95}
	ask := func() match.HospitalQuestion {
		q, err := b.s.HospitalQuestion("r", m.ID, b.now, &unit, &b.now, ems.NodeContact)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	if q := ask(); q.FromKind != match.FromScene || q.From.Lat != 36.6 || q.Pathway != "stroke" || q.FMC != nil || len(q.Hospitals) != 2 || q.Hospitals[0].ID != "h1" {
		t.Errorf("on the way to the scene: %+v", q)
	}
	b.touch(m, ems.NodeAtScene)
	b.touch(m, ems.NodeContact)
	if q := ask(); q.FromKind != match.FromUnit || *q.From != unit || q.FMC == nil {
		t.Errorf("with the patient: %+v", q)
	}
	b.do(li, SetDestination{Mission: m.ID, Hospital: "h1", Notice: "n1", Pathway: "trauma"})
	if q := ask(); q.Pathway != "trauma" {
		t.Errorf("the notice's pathway is the newer word: %s", q.Pathway)
	}
	if _, err := b.s.HospitalQuestion("r", "m99", b.now, nil, nil, ems.NodeContact); err == nil {
		t.Error("a question about no mission")
	}
	b.check()
}
