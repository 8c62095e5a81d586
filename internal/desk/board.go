package desk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/match"
	"lifeline120/internal/mission"
)

// HospitalDescribed is the master data of a hospital with what it can treat. It stands beside hospital.registered, which knows no
// treatments and is read from older journals (EVO-001).
type HospitalDescribed struct {
	Request
	Hospital ems.Hospital `json:"hospital"`
}

// HospitalRegistered is the master data of a hospital as the first release had it.
type HospitalRegistered struct {
	Request
	Hospital registeredHospital `json:"hospital"`
}

// registeredHospital never changes: journals hold it.
type registeredHospital struct {
	ID        ems.HospitalID `json:"id"`
	Name      string         `json:"name"`
	NameEn    string         `json:"name_en,omitempty"`
	Pos       ems.WGS84      `json:"pos"`
	Gate      *ems.WGS84     `json:"gate,omitempty"`
	Centres   []string       `json:"centres,omitempty"`
	Persons   []string       `json:"persons,omitempty"`
	Simulated bool           `json:"simulated,omitempty"`
}

// BoardSet is a part of a hospital as somebody said that it is now. Said again, its age begins anew.
type BoardSet struct {
	Request
	Hospital ems.HospitalID `json:"hospital"`
	Part     string         `json:"part"`
	State    ems.BoardState `json:"state"`
	Reason   string         `json:"reason,omitempty"`
	Count    int            `json:"count,omitempty"`
	Until    *time.Time     `json:"until,omitempty"`
	By       string         `json:"by"`
	Desk     ems.DeskID     `json:"desk,omitempty"`
}

// BoardConfirmed says that all of a board is still so.
type BoardConfirmed struct {
	Request
	Hospital ems.HospitalID `json:"hospital"`
	By       string         `json:"by"`
	Desk     ems.DeskID     `json:"desk,omitempty"`
}

// MissionAssessed is what is known of a mission's patient for the choice of a hospital, as it stands from now on.
type MissionAssessed struct {
	Request
	Mission    ems.MissionID  `json:"mission"`
	Assessment ems.Assessment `json:"assessment"`
}

// HospitalChosen is the ranking that a destination was chosen from, and how the choice stands to it (DSP-002).
type HospitalChosen struct {
	Request
	Mission ems.MissionID         `json:"mission"`
	Ranking match.HospitalRanking `json:"ranking"`
	Choice  ems.HospitalChoice    `json:"choice"`
}

// HospitalExplained is the reason for a hospital that was not the first.
type HospitalExplained struct {
	Request
	Mission ems.MissionID `json:"mission"`
	Reason  string        `json:"reason"`
}

// SetBoard says how a part of a hospital is now. Hospital says it of itself when From names it, a desk when From is empty.
type SetBoard struct {
	Act
	Hospital ems.HospitalID
	From     ems.HospitalID
	Part     string
	State    ems.BoardState
	Reason   string
	Count    int
	Until    *time.Time
}

// ConfirmBoard says that all of a hospital's board is still so.
type ConfirmBoard struct {
	Act
	Hospital ems.HospitalID
	From     ems.HospitalID
}

// AssessMission changes what is given of what is known of a patient.
type AssessMission struct {
	Act
	Mission ems.MissionID
	Assessed
}

// VehicleAssess is the same by the crew. Its id is that of the touch.
type VehicleAssess struct {
	Act
	Unit    ems.UnitID
	ID      string
	Mission ems.MissionID
	Assessed
	By string
	At time.Time
}

// Assessed is what somebody says of a patient; nil leaves what stands.
type Assessed struct {
	LVO, Severe, Unstable *string // yes, no; "" takes it back
	LastWell              *time.Time
	LastWellUnknown       bool // takes it back
	Wish                  *ems.HospitalID
}

// ExplainHospital says why another hospital than the first was chosen (DSP-002).
type ExplainHospital struct {
	Act
	Mission ems.MissionID
	Reason  string
}

func (*HospitalDescribed) kind() Type { return TypeHospitalDescribed }
func (*BoardSet) kind() Type          { return TypeBoardSet }
func (*BoardConfirmed) kind() Type    { return TypeBoardConfirmed }
func (*MissionAssessed) kind() Type   { return TypeMissionAssessed }
func (*HospitalChosen) kind() Type    { return TypeHospitalChosen }
func (*HospitalExplained) kind() Type { return TypeHospitalExplained }

func (b *HospitalDescribed) refs() []Ref { return one(Hospitals, b.Hospital.ID) }
func (b *BoardSet) refs() []Ref          { return one(Boards, b.Hospital) }
func (b *BoardConfirmed) refs() []Ref    { return one(Boards, b.Hospital) }
func (b *MissionAssessed) refs() []Ref   { return one(Missions, b.Mission) }
func (b *HospitalChosen) refs() []Ref    { return one(Missions, b.Mission) }
func (b *HospitalExplained) refs() []Ref { return one(Missions, b.Mission) }

func (c VehicleAssess) request() string { return touchID("assess", c.Unit, c.ID) }

// boardOf checks who says something of which hospital.
func (d *decision) boardOf(id, from ems.HospitalID) (*ems.Hospital, ems.DeskID, error) {
	if err := d.named(); err != nil {
		return nil, "", err
	}
	h, err := find(d.s.Hospitals, Hospitals, id)
	if err != nil {
		return nil, "", err
	}
	switch {
	case from == id:
		return h, "", nil
	case from != "":
		return nil, "", &Refusal{"board of hospital " + string(id), "its own", "said by " + string(from), "each hospital speaks for itself"}
	}
	return h, d.actor.Desk, nil
}

func (c SetBoard) decide(d *decision) error {
	h, desk, err := d.boardOf(c.Hospital, c.From)
	if err != nil {
		return err
	}
	what := "board of hospital " + string(h.ID)
	switch {
	case !slices.Contains(ems.BoardParts[:], c.Part) && !slices.Contains(h.Centres, c.Part):
		return &Refusal{what, "without " + c.Part, string(c.State), "use whole, ct, cath_lab, stretchers or one of its centres"}
	case c.State != ems.BoardOpen && c.State != ems.BoardBusy && c.State != ems.BoardClosed:
		return &Refusal{what, c.Part, string(c.State), "use open, busy or closed"}
	case c.Count < 0 || c.Count > MaxStretchers:
		return &Refusal{what, c.Part, strconv.Itoa(c.Count), "give a number from 0 to " + strconv.Itoa(MaxStretchers)}
	case c.Until != nil && (!c.Until.After(d.now) || c.Until.Sub(d.now) > BoardUntil):
		return &Refusal{what, c.Part, "until " + c.Until.UTC().Format(time.RFC3339), "give an end that is to come, within a week"}
	case c.State == ems.BoardClosed:
		if err := reason(what, c.Reason); err != nil {
			return err
		}
	}
	if err := short(what, c.Reason); err != nil {
		return err
	}
	b := &BoardSet{Hospital: h.ID, Part: c.Part, State: c.State, Reason: c.Reason, Count: c.Count, By: d.actor.By, Desk: desk}
	if c.Until != nil && c.State != ems.BoardOpen {
		until := c.Until.UTC().Truncate(time.Second)
		b.Until = &until
	}
	return d.emit(b)
}

func (c ConfirmBoard) decide(d *decision) error {
	h, desk, err := d.boardOf(c.Hospital, c.From)
	if err != nil {
		return err
	}
	if d.s.Boards[h.ID] == nil {
		return &Refusal{"board of hospital " + string(h.ID), "empty", "confirmed", "say first how it is"}
	}
	return d.emit(&BoardConfirmed{Hospital: h.ID, By: d.actor.By, Desk: desk})
}

func (c AssessMission) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	m, err := find(d.s.Missions, Missions, c.Mission)
	if err != nil {
		return err
	}
	return d.assess(m, c.Assessed, d.actor.By, d.actor.Desk, d.now)
}

func (c VehicleAssess) decide(d *decision) error {
	m, err := d.mission(c.Unit, c.Mission)
	if err == nil {
		at := d.or(c.At)
		if a := m.Assessment; a != nil && a.At != nil && at.Before(*a.At) { // said before what stands, and heard after it
			c.Assessed, at = c.Assessed.where(*a), *a.At
		}
		err = d.assess(m, c.Assessed, cut(c.By), "", at)
	}
	return d.keep(err, "assessment_kept", "", c.Unit, c.Mission, c.By, c.At)
}

// where leaves of what is said only what nobody has said yet.
func (c Assessed) where(a ems.Assessment) Assessed {
	keep := func(v *string, has string) *string {
		if has != "" {
			return nil
		}
		return v
	}
	c.LVO, c.Severe, c.Unstable = keep(c.LVO, a.LVO), keep(c.Severe, a.Severe), keep(c.Unstable, a.Unstable)
	c.LastWellUnknown = false
	if a.LastWell != nil {
		c.LastWell = nil
	}
	if a.Wish != "" {
		c.Wish = nil
	}
	return c
}

// assess adds what is said to what stood, and keeps who said it.
func (d *decision) assess(m *ems.Mission, c Assessed, by string, desk ems.DeskID, at time.Time) error {
	what := "assessment of mission " + string(m.ID)
	a := ems.Assessment{}
	if m.Assessment != nil {
		a = *m.Assessment
	}
	before := a
	for _, f := range []struct {
		to *string
		v  *string
	}{{&a.LVO, c.LVO}, {&a.Severe, c.Severe}, {&a.Unstable, c.Unstable}} {
		if f.v != nil && !slices.Contains([]string{"", ems.Yes, ems.No}, *f.v) {
			return &Refusal{what, *f.to, *f.v, "use yes, no or nothing"}
		}
		set(f.to, f.v)
	}
	switch {
	case c.LastWellUnknown:
		a.LastWell = nil
	case c.LastWell != nil:
		lw := c.LastWell.UTC().Truncate(time.Second)
		if lw.After(d.now.Add(time.Minute)) || d.now.Sub(lw) > LastWellMost {
			return &Refusal{what, "last well " + clock(d.now), clock(lw), "give a time of the last week that is past"}
		}
		a.LastWell = &lw
	}
	if c.Wish != nil {
		if _, err := find(d.s.Hospitals, Hospitals, *c.Wish); *c.Wish != "" && err != nil {
			return err
		}
		a.Wish = *c.Wish
	}
	d.about(Ref{Missions, string(m.ID)})
	if sameJSON(a, before) {
		return nil
	}
	a.By, a.Desk, a.At = by, desk, &at
	return d.emit(&MissionAssessed{Mission: m.ID, Assessment: a})
}

// chosen keeps the ranking that a destination was chosen from. One of another mission was not what was chosen from.
func (d *decision) chosen(m *ems.Mission, h ems.HospitalID, r *match.HospitalRanking) error {
	if r == nil || r.Mission != m.ID {
		return nil
	}
	return d.emit(&HospitalChosen{Mission: m.ID, Ranking: *r, Choice: r.Choice(h)})
}

func (c ExplainHospital) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	m, err := find(d.s.Missions, Missions, c.Mission)
	if err != nil {
		return err
	}
	if err := reason("choice", c.Reason); err != nil {
		return err
	}
	if m.Choice == nil {
		return &Refusal{"choice of mission " + string(m.ID), "without a ranking", "explained", "there is nothing to explain"}
	}
	return d.emit(&HospitalExplained{Mission: m.ID, Reason: c.Reason})
}

func (b *HospitalRegistered) apply(s *State, _ journal.Event) error {
	r := b.Hospital
	s.describe(ems.Hospital{ID: r.ID, Name: r.Name, NameEn: r.NameEn, Pos: r.Pos, Gate: r.Gate, Centres: r.Centres, Persons: r.Persons, Simulated: r.Simulated})
	return nil
}

func (b *HospitalDescribed) apply(s *State, _ journal.Event) error {
	s.describe(b.Hospital)
	return nil
}

func (s *State) describe(h ems.Hospital) {
	h.Simulated = h.Simulated || s.Demo
	put(s, s.Hospitals, Hospitals, h.ID, &h)
}

func (b *BoardSet) apply(s *State, e journal.Event) error {
	if s.Hospitals[b.Hospital] == nil {
		return fmt.Errorf("no entity %q in %s", b.Hospital, Hospitals)
	}
	board := s.Boards[b.Hospital]
	if board == nil {
		board = &ems.HospitalBoard{Hospital: b.Hospital, Simulated: s.Demo}
	}
	l := ems.BoardLine{Part: b.Part, State: b.State, Reason: b.Reason, Count: b.Count, Until: b.Until, By: b.By, Desk: b.Desk, Since: e.At, Said: e.At}
	i := slices.IndexFunc(board.Lines, func(o ems.BoardLine) bool { return o.Part == b.Part })
	switch {
	case i < 0:
		board.Lines = append(board.Lines, l)
		slices.SortFunc(board.Lines, byPart)
	default:
		if board.Lines[i].State == b.State {
			l.Since = board.Lines[i].Since
		}
		board.Lines[i] = l
	}
	put(s, s.Boards, Boards, b.Hospital, board)
	return nil
}

// byPart has what every hospital has before its centres.
func byPart(a, b ems.BoardLine) int {
	at := func(l ems.BoardLine) string {
		if i := slices.Index(ems.BoardParts[:], l.Part); i >= 0 {
			return strconv.Itoa(i)
		}
		return "centre " + l.Part
	}
	return strings.Compare(at(a), at(b))
}

func (b *BoardConfirmed) apply(s *State, e journal.Event) error {
	board, err := get(s, s.Boards, Boards, b.Hospital)
	if err != nil {
		return err
	}
	for i := range board.Lines {
		l := &board.Lines[i]
		if l.Until != nil && !e.At.Before(*l.Until) {
			continue // its end is past: it must be said anew what holds
		}
		l.Said, l.By, l.Desk = e.At, b.By, b.Desk
	}
	return nil
}

func (b *MissionAssessed) apply(s *State, _ journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	a := b.Assessment
	m.Assessment = &a
	return nil
}

func (b *HospitalChosen) apply(s *State, _ journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	c := b.Choice
	m.Choice = &c
	return nil
}

func (b *HospitalExplained) apply(s *State, _ journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	if m.Choice != nil {
		c := *m.Choice
		c.Reason = b.Reason
		m.Choice = &c
	}
	return nil
}

// HospitalQuestion is what match.Hospitals is to answer for a mission, but for the roads. unitAt is where its unit is, when that is known.
func (s *State) HospitalQuestion(id string, of ems.MissionID, now time.Time, unitAt *ems.WGS84, at *time.Time, fmc ems.Node) (match.HospitalQuestion, error) {
	m, err := find(s.Missions, Missions, of)
	if err != nil {
		return match.HospitalQuestion{}, err
	}
	q := match.HospitalQuestion{ID: id, At: now.UTC(), Mission: m.ID, Incident: m.Incident, Hospitals: s.HospitalsNow(), Simulated: m.Simulated}
	if m.Assessment != nil {
		q.Assessment = *m.Assessment
	}
	i := s.Incidents[m.Incident]
	q.Pathway = i.Pathway
	if n := s.Notices[m.Notice]; n != nil && n.State != ems.NoticeWithdrawn && n.Pathway != "" {
		q.Pathway = n.Pathway
	}
	for _, n := range m.Nodes {
		if n.Node == fmc {
			q.FMC = when(n.At)
		}
	}
	if n := mission.Find(m.Nodes, ems.NodeAtScene); n != nil && q.FMC == nil { // a contact that nobody entered was not before this, and time is counted (CLN-001)
		q.FMC, q.FMCAssumed = when(n.At), true
	}
	q.From, q.FromKind = i.Place.Pos, match.FromScene
	met := slices.ContainsFunc([]ems.Node{ems.NodeAtScene, ems.NodeContact, ems.NodeLeftScene}, func(n ems.Node) bool { return mission.Find(m.Nodes, n) != nil })
	if unitAt != nil && (met || q.From == nil) {
		q.From, q.FromKind, q.FromAt = unitAt, match.FromUnit, at
	}
	return q, nil
}

// HospitalsNow lists the hospitals with what they say of themselves, by id.
func (s *State) HospitalsNow() []match.HospitalAt {
	out := []match.HospitalAt{}
	for _, h := range s.Hospitals {
		at := match.HospitalAt{Hospital: *h}
		if b := s.Boards[h.ID]; b != nil {
			said := *b
			said.Lines = slices.Clone(b.Lines)
			at.Board = &said
		}
		out = append(out, at)
	}
	slices.SortFunc(out, func(a, b match.HospitalAt) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}
