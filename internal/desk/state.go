// Package desk is what the centre knows now: the fold of the journal, and the decisions that add to it. Decide takes a command and
// gives events or a refusal; Apply folds an event in; Due names what time itself demands. All of it is pure: the dispatcher owns the
// state, the clock, the store and the new identities.
//
// The dispatcher's order of work is: Decide, Apply the events with Seq 0 (they are speculative and mark what they touch as
// unrecorded: DLV-006), append them to the journal in the same order, Apply them again as they stand there, with their Seq, which only
// clears the marks. Replaying a journal is Apply alone.
package desk

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/incident"
	"lifeline120/internal/journal"
	"lifeline120/internal/match"
)

// Version names the fold: it changes whenever the same journal would give another State, and old snapshots are then rebuilt (EVO-001).
const Version = 7

// Collection names a kind of entity, as the live feed does.
type Collection string

// The collections of the state.
const (
	Alarms          Collection = "alarms"
	Incidents       Collection = "incidents"
	Missions        Collection = "missions"
	Orders          Collection = "orders"
	Notices         Collection = "notices"
	Patients        Collection = "patients"
	Units           Collection = "units"
	Hospitals       Collection = "hospitals"
	Stations        Collection = "stations"
	Desks           Collection = "desks"
	Notes           Collection = "notes"
	Recommendations Collection = "recommendations"
	Photos          Collection = "photos"
	Boards          Collection = "boards"       // what hospitals say of themselves
	Talk            Collection = "talk"         // messages between callers and desks
	Closures        Collection = "closures"     // closed roads
	Instructions    Collection = "instructions" // what vehicles are owed; not for screens
)

// Ref names one entity.
type Ref struct {
	C Collection `json:"c"`
	K string     `json:"k"`
}

// Note is something written down: by the crew, or by the system about a fact that changed nothing else (Code then says which).
type Note struct {
	ID         string        `json:"id"`
	Unit       ems.UnitID    `json:"unit,omitempty"`
	Mission    ems.MissionID `json:"mission,omitempty"`
	Patient    ems.PatientID `json:"patient,omitempty"`
	Code       string        `json:"code,omitempty"`
	Text       string        `json:"text"`
	By         string        `json:"by"`
	At         time.Time     `json:"at"`
	Entered    time.Time     `json:"entered"`
	UncertainS float64       `json:"uncertain_s,omitempty"`
	Unrecorded bool          `json:"unrecorded,omitempty"`
	Simulated  bool          `json:"simulated,omitempty"`
}

// Instruction is something that a vehicle is told and must answer: it is sent again until then (DLV-005). Key and Version are what
// the answer names.
type Instruction struct {
	Key        string         `json:"key"` // order id, "dest-<mission>", or notice id
	Version    int            `json:"version"`
	Kind       string         `json:"kind"` // "order", "correct", "withdraw", "destination", "notice"
	Unit       ems.UnitID     `json:"unit"`
	Mission    ems.MissionID  `json:"mission"`
	Order      ems.OrderID    `json:"order,omitempty"`
	Notice     ems.NoticeID   `json:"notice,omitempty"`
	Hospital   ems.HospitalID `json:"hospital,omitempty"`
	State      string         `json:"state,omitempty"` // of the notice; of an order "accepted" once accepted by voice
	Text       string         `json:"text,omitempty"`
	By         string         `json:"by,omitempty"`
	Queued     time.Time      `json:"queued"`
	ValidUntil *time.Time     `json:"valid_until,omitempty"` // orders only; nil once accepted by voice
	Answered   *time.Time     `json:"answered,omitempty"`    // then it is not sent again
	Unrecorded bool           `json:"unrecorded,omitempty"`
	Simulated  bool           `json:"simulated,omitempty"`
}

// Span is one stretch of time in which a device was bound to a patient (CLN-006).
type Span struct {
	Patient ems.PatientID `json:"patient"`
	From    time.Time     `json:"from"`
	To      *time.Time    `json:"to,omitempty"` // nil: still bound
}

// State is the fold of the journal. It belongs to one goroutine; entities are changed in place, so copy or marshal before handing on.
type State struct {
	Seq  uint64 `json:"seq"`  // newest durable event folded in
	Demo bool   `json:"demo"` // the store was created as a demo: everything here is simulated (SCR-003)

	Alarms          map[ems.AlarmID]*ems.Alarm            `json:"alarms"`
	Incidents       map[ems.IncidentID]*ems.Incident      `json:"incidents"`
	Missions        map[ems.MissionID]*ems.Mission        `json:"missions"`
	Orders          map[ems.OrderID]*ems.Order            `json:"orders"`
	Notices         map[ems.NoticeID]*ems.Notice          `json:"notices"`
	Patients        map[ems.PatientID]*ems.Patient        `json:"patients"`
	Units           map[ems.UnitID]*ems.UnitView          `json:"units"` // what is journalled of a unit; position, link and depths are the dispatcher's
	Hospitals       map[ems.HospitalID]*ems.Hospital      `json:"hospitals"`
	Stations        map[ems.StationID]*ems.Station        `json:"stations"`
	Boards          map[ems.HospitalID]*ems.HospitalBoard `json:"boards"`
	Desks           map[ems.DeskID]*ems.Desk              `json:"desks"`
	Notes           map[string]*Note                      `json:"notes"`
	Recommendations map[string]*match.Recommendation      `json:"recommendations"`
	Instructions    map[string]*Instruction               `json:"instructions"`
	Photos          map[ems.PhotoID]*ems.Photo            `json:"photos"`
	Talk            map[ems.MessageID]*ems.Message        `json:"talk"`
	Closures        map[ems.ClosureID]*ems.Closure        `json:"closures"`

	Bindings map[string][]Span      `json:"bindings"` // key: unit/device
	Presses  map[string]ems.AlarmID `json:"presses"`  // key: kind/source/press (ALM-004)
	Tokens   map[string]ems.AlarmID `json:"tokens"`   // key: digest of the caller's secret, as the dispatcher gave it
	Requests map[string][]Ref       `json:"requests"` // key: client's own id of an act: what it made
	Recent   []string               `json:"recent"`   // keys of Requests, oldest first

	Day    string `json:"day"`    // Beijing day of Number
	Number int    `json:"number"` // newest incident number of the day
	Techs  uint64 `json:"techs"`  // technical alarms raised so far; numbers their ids
	Noted  uint64 `json:"noted"`  // notes written by the system so far; numbers their ids

	Called  map[string]Called `json:"called"`   // addresses of swept incidents
	CalledN uint64            `json:"called_n"` // incidents counted in it so far

	// The rest is not in snapshots: it follows from the above, or stands only until the store has answered.
	pending    []journal.Event                 // applied, not yet in the journal, in order (DLV-006)
	marks      [][]Ref                         // what each of them touched
	unrecorded map[Ref]int                     // how many pending events touched it
	now        []Ref                           // touched by the event being applied
	touched    []Ref                           // since Touched was last asked
	isTouched  map[Ref]bool                    // the same, as a set
	tech       map[string]ems.AlarmID          // newest technical alarm, by code and about
	open       map[ems.AlarmID]*ems.Alarm      // not handled
	talk       map[ems.AlarmID][]ems.MessageID // in order
	deadlines  map[Ref]time.Time               // when time demands something of an entity
}

// New is the state before the first event. A store that was created as a demo makes everything in it simulated (SCR-003).
func New(demo bool) *State {
	s := &State{
		Demo:   demo,
		Alarms: map[ems.AlarmID]*ems.Alarm{}, Incidents: map[ems.IncidentID]*ems.Incident{}, Missions: map[ems.MissionID]*ems.Mission{},
		Orders: map[ems.OrderID]*ems.Order{}, Notices: map[ems.NoticeID]*ems.Notice{}, Patients: map[ems.PatientID]*ems.Patient{},
		Units: map[ems.UnitID]*ems.UnitView{}, Hospitals: map[ems.HospitalID]*ems.Hospital{}, Stations: map[ems.StationID]*ems.Station{},
		Desks: map[ems.DeskID]*ems.Desk{}, Notes: map[string]*Note{}, Recommendations: map[string]*match.Recommendation{},
		Instructions: map[string]*Instruction{}, Bindings: map[string][]Span{}, Presses: map[string]ems.AlarmID{},
		Tokens: map[string]ems.AlarmID{}, Requests: map[string][]Ref{}, Photos: map[ems.PhotoID]*ems.Photo{},
		Talk: map[ems.MessageID]*ems.Message{}, Closures: map[ems.ClosureID]*ems.Closure{}, Boards: map[ems.HospitalID]*ems.HospitalBoard{}, Called: map[string]Called{},
	}
	s.index()
	return s
}

// index makes what follows from the rest.
func (s *State) index() {
	s.unrecorded, s.isTouched, s.tech, s.deadlines = map[Ref]int{}, map[Ref]bool{}, map[string]ems.AlarmID{}, map[Ref]time.Time{}
	s.open = map[ems.AlarmID]*ems.Alarm{}
	s.indexTalk()
	for _, key := range slices.Sorted(maps.Keys(s.Presses)) {
		if a := s.Alarms[s.Presses[key]]; a != nil {
			a.PressIDs = append(a.PressIDs, key) // here: the keys of Presses, in any order
		}
	}
	for _, a := range s.Alarms {
		s.indexTech(a)
	}
	for _, c := range []struct {
		name Collection
		keys []string
	}{{Alarms, keys(s.Alarms)}, {Incidents, keys(s.Incidents)}, {Orders, keys(s.Orders)}, {Notices, keys(s.Notices)},
		{Units, keys(s.Units)}, {Patients, keys(s.Patients)}, {Notes, keys(s.Notes)},
		{Closures, keys(s.Closures)}} {
		for _, k := range c.keys {
			s.redo(Ref{c.name, k})
		}
	}
}

func (s *State) indexTech(a *ems.Alarm) {
	if a.Kind != ems.TechAlarm {
		return
	}
	key := techKey(a.Code, a.About)
	if old := s.Alarms[s.tech[key]]; old == nil || old.Received.Before(a.Received) || old.Received.Equal(a.Received) && old.ID < a.ID {
		s.tech[key] = a.ID
	}
}

func techKey(code, about string) string { return code + "/" + about }

func keys[K ~string, V any](m map[K]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, string(k))
	}
	return out
}

// Entity gives the entity that r names, a pointer into the state; false when there is none (any more).
func (s *State) Entity(r Ref) (any, bool) {
	switch r.C {
	case Alarms:
		return has(s.Alarms[ems.AlarmID(r.K)])
	case Incidents:
		return has(s.Incidents[ems.IncidentID(r.K)])
	case Missions:
		return has(s.Missions[ems.MissionID(r.K)])
	case Orders:
		return has(s.Orders[ems.OrderID(r.K)])
	case Notices:
		return has(s.Notices[ems.NoticeID(r.K)])
	case Patients:
		return has(s.Patients[ems.PatientID(r.K)])
	case Units:
		return has(s.Units[ems.UnitID(r.K)])
	case Hospitals:
		return has(s.Hospitals[ems.HospitalID(r.K)])
	case Stations:
		return has(s.Stations[ems.StationID(r.K)])
	case Desks:
		return has(s.Desks[ems.DeskID(r.K)])
	case Notes:
		return has(s.Notes[r.K])
	case Recommendations:
		return has(s.Recommendations[r.K])
	case Talk:
		return has(s.Talk[ems.MessageID(r.K)])
	case Photos:
		return has(s.Photos[ems.PhotoID(r.K)])
	case Closures:
		return has(s.Closures[ems.ClosureID(r.K)])
	case Boards:
		return has(s.Boards[ems.HospitalID(r.K)])
	case Instructions:
		return has(s.Instructions[r.K])
	}
	return nil, false
}

func has[V any](v *V) (any, bool) {
	if v == nil {
		return nil, false
	}
	return v, true
}

// Touched gives what Apply has changed since it was last asked, in order, and forgets it. What is gone has no Entity.
func (s *State) Touched() []Ref {
	out := s.touched
	s.touched = nil
	clear(s.isTouched)
	return out
}

func (s *State) touch(c Collection, k string) {
	r := Ref{c, k}
	if !slices.Contains(s.now, r) {
		s.now = append(s.now, r)
	}
	s.publish(r)
}

func (s *State) publish(r Ref) {
	if !s.isTouched[r] {
		s.isTouched[r] = true
		s.touched = append(s.touched, r)
	}
}

// Snapshot gives the state for the store, and the sequence it stands at; false while something is unrecorded (DLV-006).
func (s *State) Snapshot() (seq uint64, body []byte, ok bool) {
	if len(s.pending) > 0 {
		return 0, nil, false
	}
	body, err := json.Marshal(s)
	if err != nil {
		panic("desk: snapshot: " + err.Error()) // plain data: only a wrong type of ours can fail
	}
	return s.Seq, body, true
}

// Restore reads a snapshot of this Version.
func Restore(body []byte) (*State, error) {
	s := New(false)
	if err := json.Unmarshal(body, s); err != nil {
		return nil, fmt.Errorf("restore desk snapshot: %w: rebuild it from the journal", err)
	}
	if err := s.whole(); err != nil {
		return nil, fmt.Errorf("restore desk snapshot: %w: rebuild it from the journal", err)
	}
	s.index()
	return s, nil
}

// whole says what is wrong with a state that was read: a collection that is null, an entity that is null or stands under another's name, an end
// without its instant. The fold believes its own state, so nothing may come into it that the fold has not made.
func (s *State) whole() error {
	if s.Bindings == nil || s.Presses == nil || s.Tokens == nil || s.Requests == nil || s.Called == nil {
		return errors.New("a collection is missing")
	}
	if err := s.named(); err != nil {
		return err
	}
	for _, a := range s.Alarms {
		if a.State == ems.AlarmHandled && a.HandledAt == nil {
			return fmt.Errorf("alarm %q was handled at no time", a.ID)
		}
	}
	for _, i := range s.Incidents {
		if incident.Final(i.State) && i.Closed == nil {
			return fmt.Errorf("incident %q was closed at no time", i.ID)
		}
		for _, m := range i.Missions {
			if s.Missions[m] == nil {
				return fmt.Errorf("incident %q has no mission %q", i.ID, m)
			}
		}
	}
	return nil
}

// named holds that every entity is there, under its own name.
func (s *State) named() error {
	return cmp.Or(
		underName(Alarms, s.Alarms, func(a *ems.Alarm) ems.AlarmID { return a.ID }),
		underName(Incidents, s.Incidents, func(i *ems.Incident) ems.IncidentID { return i.ID }),
		underName(Missions, s.Missions, func(m *ems.Mission) ems.MissionID { return m.ID }),
		underName(Orders, s.Orders, func(o *ems.Order) ems.OrderID { return o.ID }),
		underName(Notices, s.Notices, func(n *ems.Notice) ems.NoticeID { return n.ID }),
		underName(Patients, s.Patients, func(p *ems.Patient) ems.PatientID { return p.ID }),
		underName(Units, s.Units, func(u *ems.UnitView) ems.UnitID { return u.ID }),
		underName(Hospitals, s.Hospitals, func(h *ems.Hospital) ems.HospitalID { return h.ID }),
		underName(Boards, s.Boards, func(b *ems.HospitalBoard) ems.HospitalID { return b.Hospital }),
		underName(Stations, s.Stations, func(st *ems.Station) ems.StationID { return st.ID }),
		underName(Desks, s.Desks, func(d *ems.Desk) ems.DeskID { return d.ID }),
		underName(Notes, s.Notes, func(n *Note) string { return n.ID }),
		underName(Recommendations, s.Recommendations, func(r *match.Recommendation) string { return r.ID }),
		underName(Closures, s.Closures, func(c *ems.Closure) ems.ClosureID { return c.ID }),
		underName(Instructions, s.Instructions, func(in *Instruction) string { return in.Key }))
}

func underName[K ~string, V any](c Collection, m map[K]*V, name func(*V) K) error {
	if m == nil {
		return fmt.Errorf("collection %s is missing", c)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if m[k] == nil || name(m[k]) != k {
			return fmt.Errorf("collection %s: %q is not what stands there", c, k)
		}
	}
	return nil
}
