// Package cab is what the vehicle knows by itself, with or without a link: its orders and missions, the presses of its SOS key,
// which patient each device is bound to, and what the centre answered. It is pure: an act and an instant go in, the new state and
// what is now owed to the centre come out. The agent keeps the state in the same commit as what it owes.
package cab

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"lifeline120/internal/ems"
	"lifeline120/internal/mission"
	pb "lifeline120/internal/wire/proto"
)

// State is everything the cab must still know after a restart. The zero value is a cab that never heard of anything.
type State struct {
	Orders   map[ems.OrderID]ems.Order     `json:"orders"`
	Missions map[ems.MissionID]ems.Mission `json:"missions"`
	Bindings map[ems.DeviceID]Binding      `json:"bindings"`
	Patients map[ems.PatientID]Patient     `json:"patients"` // of missions that are known, bound or not
	Presses  map[string]Press              `json:"presses"`
	Notices  map[ems.MissionID]Notice      `json:"notices"`
	Notes    map[string]Note               `json:"notes"`
	Photos   map[string]Photo              `json:"photos,omitempty"`
	Messages map[string]Message            `json:"messages"`
	// Earlier holds what an order said before its newest correction, as the crew last saw it, so that old and new stand side by side.
	Earlier map[ems.OrderID]ems.Order `json:"earlier,omitempty"`
	// Done names acts that were taken already, so that the same act handed over twice is one act.
	Done map[string]time.Time `json:"done"`
	// Answered says when each order version was last answered with which word.
	Answered map[string]Answered `json:"answered"`
}

// Binding is the patient that a device is bound to (CLN-006).
type Binding struct {
	Device   ems.DeviceID  `json:"device"`
	Patient  ems.PatientID `json:"patient"`
	Mission  ems.MissionID `json:"mission,omitempty"`
	Name     string        `json:"name,omitempty"`
	Sex      string        `json:"sex,omitempty"`
	AgeYears int           `json:"age_years,omitempty"`
	By       string        `json:"by"`
	At       time.Time     `json:"at"`
}

// Patient is a patient of a mission, as the crew named them. Several devices may be bound to one.
type Patient struct {
	ID       ems.PatientID `json:"id"`
	Mission  ems.MissionID `json:"mission,omitempty"`
	Name     string        `json:"name,omitempty"`
	Sex      string        `json:"sex,omitempty"`
	AgeYears int           `json:"age_years,omitempty"`
}

// Lamp is what the lamp of the SOS key shows.
type Lamp string

// Lamps: pending until the dispatcher has stored the alarm, and not before (ALM-003).
const (
	LampPending  Lamp = "pending"
	LampReceived Lamp = "received"
)

// Press is one press of the SOS key.
type Press struct {
	PressID string     `json:"press_id"`
	Pressed time.Time  `json:"pressed"`
	Seat    string     `json:"seat,omitempty"`
	Text    string     `json:"text,omitempty"`
	Lamp    Lamp       `json:"lamp"`
	State   string     `json:"state,omitempty" doc:"what the centre did: stored, acknowledged, handled"`
	By      string     `json:"by,omitempty"`
	At      *time.Time `json:"at,omitempty"`
}

// Notice is what the hospital answered.
type Notice struct {
	Mission  ems.MissionID  `json:"mission"`
	Hospital ems.HospitalID `json:"hospital"`
	Name     string         `json:"name,omitempty"`
	State    string         `json:"state"`
	By       string         `json:"by,omitempty"`
	Text     string         `json:"text,omitempty"`
	At       time.Time      `json:"at"`

	Simulated bool `json:"simulated,omitempty"` // SCR-003
}

// Note is a line that the crew wrote.
type Note struct {
	ID      string        `json:"id"`
	Mission ems.MissionID `json:"mission,omitempty"`
	Patient ems.PatientID `json:"patient,omitempty"`
	Text    string        `json:"text"`
	By      string        `json:"by"`
	At      time.Time     `json:"at"`
}

// Photo is a picture that the crew took. Its pieces are the spool's until the centre has stored them all.
type Photo struct {
	ID      string        `json:"id"`
	Mission ems.MissionID `json:"mission"`
	Patient ems.PatientID `json:"patient,omitempty"`
	By      string        `json:"by"`
	At      time.Time     `json:"at"`
	Size    int           `json:"size"`
	Stored  bool          `json:"stored,omitempty"` // the centre has all of it
	// Where its pieces stand in the lane of photos.
	Epoch string `json:"epoch,omitempty"`
	From  uint64 `json:"from,omitempty"`
	To    uint64 `json:"to,omitempty"`
}

// Message is a word from the desk that is not an order.
type Message struct {
	ID   string    `json:"id"`
	Text string    `json:"text"`
	By   string    `json:"by,omitempty"`
	At   time.Time `json:"at"`
	Seen bool      `json:"seen,omitempty"`
}

// Answered is the newest answer given to one version of one order.
type Answered struct {
	Word   string    `json:"word"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`   // when it was answered
	Told   time.Time `json:"told"` // when the centre was last told so
}

// Owe is something that the centre must now be told.
type Owe struct {
	Kind pb.Kind
	Body proto.Message
}

// Clock is the moment of an act, on both clocks that matter: the agent's own, and the server's as far as it is known.
type Clock struct {
	Now    time.Time     // agent's wall clock
	Offset time.Duration // agent's clock minus the server's
	Known  bool          // offset has been measured
}

// Server is the moment on the server's clock, or on the agent's while the offset is not known.
func (c Clock) Server() time.Time {
	if !c.Known {
		return c.Now
	}
	return c.Now.Add(-c.Offset)
}

// Errors of acts. Each is wrapped with what to do.
var (
	ErrUnknownOrder   = errors.New("no such order in this vehicle")
	ErrUnknownMission = errors.New("no such mission in this vehicle")
	ErrOver           = errors.New("it is over")
)

// New is an empty state.
func New() *State {
	return (&State{}).Load()
}

// Load makes the maps that a state read from disk may lack, and answers the state.
func (s *State) Load() *State {
	if s.Orders == nil {
		s.Orders = map[ems.OrderID]ems.Order{}
	}
	if s.Missions == nil {
		s.Missions = map[ems.MissionID]ems.Mission{}
	}
	if s.Bindings == nil {
		s.Bindings = map[ems.DeviceID]Binding{}
	}
	if s.Patients == nil {
		s.Patients = map[ems.PatientID]Patient{}
	}
	if s.Presses == nil {
		s.Presses = map[string]Press{}
	}
	if s.Notices == nil {
		s.Notices = map[ems.MissionID]Notice{}
	}
	if s.Notes == nil {
		s.Notes = map[string]Note{}
	}
	if s.Photos == nil {
		s.Photos = map[string]Photo{}
	}
	if s.Messages == nil {
		s.Messages = map[string]Message{}
	}
	if s.Earlier == nil {
		s.Earlier = map[ems.OrderID]ems.Order{}
	}
	if s.Done == nil {
		s.Done = map[string]time.Time{}
	}
	if s.Answered == nil {
		s.Answered = map[string]Answered{}
	}
	return s
}

// answerKey names what was answered: an order and its corrections are one thing by version, its withdrawal is another.
func answerKey(id ems.OrderID, version int32, kind string) string {
	if kind == "correct" {
		kind = "order"
	}
	return fmt.Sprintf("%s/%d/%s", id, version, kind)
}

// answer owes an answer to a message of the given kind and remembers it.
func (s *State) answer(c Clock, id ems.OrderID, version int32, kind, word, by, reason string) Owe {
	s.Answered[answerKey(id, version, kind)] = Answered{Word: word, By: by, Reason: reason, At: c.Now, Told: c.Now}
	return Owe{pb.Kind_KIND_ORDER_ANSWER, &pb.OrderAnswer{Order: string(id), Version: version, Answer: word, By: by, Reason: reason,
		AtUs: c.Now.UnixMicro()}}
}

// Take takes a message of the centre that wants an answer; changed says whether the screens have something new. The same message
// again is answered again after AnswerAgainAfter, because the centre repeats what it has no answer to, and an answer may have been
// lost with a restored store (DLV-005). While the clock's offset is not known, the centre's time of sending is taken as now: an order
// may be the first thing that is heard after a start.
func (s *State) Take(c Clock, m *pb.Owed) (owes []Owe, changed bool) {
	if !c.Known && m.SentUs != 0 {
		c.Offset, c.Known = c.Now.Sub(time.UnixMicro(m.SentUs)), true
	}
	id := ems.OrderID(m.Order)
	if a, met := s.Answered[answerKey(id, m.Version, m.Kind)]; met {
		if o, ok := s.Orders[id]; ok && o.Version == int(m.Version) {
			if o.Unrecorded != m.Unrecorded { // the store has answered (DLV-006)
				o.Unrecorded = m.Unrecorded
				changed = true
			}
			if byVoice(o, m) { // it runs out no more, and wants to be seen
				o.ValidUntil = time.Time{}
				if o.State == ems.OrderExpired { // it came late, and goes on all the same
					o.State = ems.OrderDelivered
					s.missionOf(o, m)
				}
				changed = true
			}
			s.Orders[id] = o
		}
		if c.Now.Sub(a.Told) >= AnswerAgainAfter || c.Now.Before(a.Told) {
			a.Told = c.Now
			s.Answered[answerKey(id, m.Version, m.Kind)] = a
			owes = []Owe{{pb.Kind_KIND_ORDER_ANSWER, &pb.OrderAnswer{Order: string(id), Version: m.Version, Answer: a.Word, By: a.By, Reason: a.Reason,
				AtUs: a.At.UnixMicro()}}} // the time of the first answer, which this one may overtake
		}
		return owes, changed
	}
	return s.takeNew(c, m), true
}

// byVoice says that an order which the vehicle has, and on which its crew has decided nothing, was accepted by voice meanwhile (DLV-005).
func byVoice(o ems.Order, m *pb.Owed) bool {
	if m.Kind != "order" || m.State != string(ems.OrderAccepted) || m.ValidUntilUs != 0 || o.ValidUntil.IsZero() || o.Accepted != nil {
		return false
	}
	return o.State == ems.OrderDelivered || o.State == ems.OrderSeen || o.State == ems.OrderExpired
}

func (s *State) takeNew(c Clock, m *pb.Owed) []Owe {
	id := ems.OrderID(m.Order)
	switch m.Kind {
	case "order", "correct":
		return s.takeOrder(c, m)
	case "withdraw":
		o, ok := s.Orders[id]
		if !ok { // it overtook its order: remembered, so that the order does not sound when it comes
			o = ems.Order{ID: id, Mission: ems.MissionID(m.Mission), Version: int(m.Version), Queued: time.UnixMicro(m.QueuedUs).UTC(),
				Simulated: m.Simulated}
		}
		o.State = ems.OrderWithdrawn
		s.Orders[id] = o
		unbound := s.end(ems.MissionID(m.Mission), ems.MissionRecalled, m.By, m.Text, c)
		return append([]Owe{s.answer(c, id, m.Version, m.Kind, "withdrawn", "", "")}, unbound...)
	case "destination":
		if mi, ok := s.Missions[ems.MissionID(m.Mission)]; ok {
			mi.Destination = ems.HospitalID(m.Hospital)
			s.Missions[mi.ID] = mi
		}
	case "notice":
		s.Notices[ems.MissionID(m.Mission)] = Notice{Mission: ems.MissionID(m.Mission), Hospital: ems.HospitalID(m.Hospital),
			Name: m.HospitalName, State: m.State, By: m.By, Text: m.Text, At: time.UnixMicro(m.QueuedUs).UTC(), Simulated: m.Simulated}
	default: // "message", and kinds that a newer centre has: shown as words, never dropped
		s.Messages[string(id)] = Message{ID: string(id), Text: m.Text, By: m.By, At: time.UnixMicro(m.QueuedUs).UTC()}
		dropOldest(s.Messages, MaxMessages, func(x Message) time.Time { return x.At })
	}
	return []Owe{s.answer(c, id, m.Version, m.Kind, "delivered", "", "")}
}

// takeOrder takes a new order or a newer version of one. Past its validity it is late: it does not sound, it shows 已失效 and asks
// the crew to call (DLV-005). Without a measured clock offset the vehicle's own clock decides.
func (s *State) takeOrder(c Clock, m *pb.Owed) []Owe {
	id := ems.OrderID(m.Order)
	old, known := s.Orders[id]
	if known && (old.Version >= int(m.Version) || old.State == ems.OrderWithdrawn) {
		return []Owe{s.answer(c, id, m.Version, m.Kind, "withdrawn", "", "an older version, or withdrawn before it arrived")}
	}
	at := c.Server()
	o := ems.Order{ID: id, Mission: ems.MissionID(m.Mission), Version: int(m.Version), State: ems.OrderDelivered, Text: m.Text,
		Place: place(m), Priority: ems.Priority(m.Priority), Complaint: m.Complaint, Phone: m.Phone,
		Queued: time.UnixMicro(m.QueuedUs).UTC(), Delivered: &at, Unrecorded: m.Unrecorded, Simulated: m.Simulated}
	if m.ValidUntilUs != 0 { // a correction of a running mission has none: it stands until it is seen
		o.ValidUntil = time.UnixMicro(m.ValidUntilUs).UTC()
	}
	if m.ValidUntilUs != 0 && at.After(o.ValidUntil) && !(known && old.Accepted != nil) {
		o.State = ems.OrderExpired
		s.Orders[id] = o
		return []Owe{s.answer(c, id, m.Version, m.Kind, "late", "", "")}
	}
	if known {
		s.keepEarlier(old)
	}
	if known && old.Accepted != nil { // corrected under way: the mission goes on, the new words want to be seen
		o.Accepted, o.AcceptedBy = old.Accepted, old.AcceptedBy
	}
	s.Orders[id] = o
	s.missionOf(o, m)
	return []Owe{s.answer(c, id, m.Version, m.Kind, "delivered", "", "")}
}

// missionOf begins the mission of an order, or has it go on with that order.
func (s *State) missionOf(o ems.Order, m *pb.Owed) {
	mi, had := s.Missions[o.Mission]
	if !had {
		mi = ems.Mission{ID: o.Mission, Incident: ems.IncidentID(m.Incident), State: ems.MissionOrdered, Order: o.ID, Simulated: m.Simulated,
			Nodes: []ems.NodeTime{{Node: ems.NodeOrdered, At: o.Queued, Source: ems.SourceDesk, By: m.By, Entered: o.Queued}}}
	}
	mi.Order = o.ID
	if m.Hospital != "" {
		mi.Destination = ems.HospitalID(m.Hospital)
	}
	s.Missions[mi.ID] = mi
}

// keepEarlier remembers the words that a correction replaces. Of several corrections that nobody looked at in between, what was seen
// before the first of them stays: that is what the crew believes.
func (s *State) keepEarlier(old ems.Order) {
	if _, has := s.Earlier[old.ID]; has && old.Seen == nil && old.State == ems.OrderDelivered {
		return
	}
	s.Earlier[old.ID] = old
}

func place(m *pb.Owed) ems.Place {
	p := ems.Place{Address: m.Address}
	if m.Place != nil && m.Place.Known {
		p.Pos = &ems.WGS84{Lat: m.Place.Lat, Lon: m.Place.Lon}
		p.AccuracyM = m.Place.AccuracyM
		p.Source = m.Place.Source
	}
	return p
}

// Seen, Accept and Refuse are the crew's answers to an order.
func (s *State) Seen(c Clock, id ems.OrderID, by string) ([]Owe, error) {
	o, ok := s.Orders[id]
	if !ok {
		return nil, fmt.Errorf("mark order %s as seen: %w", id, ErrUnknownOrder)
	}
	if o.Seen != nil || o.State != ems.OrderDelivered {
		return nil, nil
	}
	at := c.Server()
	o.Seen, o.SeenBy, o.State = &at, by, ems.OrderSeen
	if o.Accepted != nil {
		o.State = ems.OrderAccepted
	}
	s.Orders[id] = o
	return []Owe{s.answer(c, id, int32(o.Version), "order", "seen", by, "")}, nil
}

// Accept says that the crew goes.
func (s *State) Accept(c Clock, id ems.OrderID, by string) ([]Owe, error) {
	o, ok := s.Orders[id]
	if !ok {
		return nil, fmt.Errorf("accept order %s: %w", id, ErrUnknownOrder)
	}
	switch o.State {
	case ems.OrderAccepted:
		return nil, nil
	case ems.OrderWithdrawn, ems.OrderExpired, ems.OrderRefused:
		return nil, fmt.Errorf("accept order %s: it is %s: call the desk: %w", id, o.State, ErrOver)
	case ems.OrderQueued, ems.OrderDelivered, ems.OrderSeen:
	}
	at := c.Server()
	o.State, o.Accepted, o.AcceptedBy = ems.OrderAccepted, &at, by
	s.Orders[id] = o
	if mi, ok := s.Missions[o.Mission]; ok {
		n := ems.NodeTime{Node: ems.NodeAcknowledged, At: at, Source: ems.SourceKey, By: by, Entered: at}
		if n, changed, err := mission.Set(mi.Nodes, mission.Entry{NodeTime: n, Owed: true}); err == nil && changed {
			mi.Nodes = mission.Put(mi.Nodes, n)
		}
		mi.State = mission.State(mi.Nodes)
		s.Missions[mi.ID] = mi
	}
	return []Owe{s.answer(c, id, int32(o.Version), "order", "accepted", by, "")}, nil
}

// Refuse says that the crew cannot go, and why.
func (s *State) Refuse(c Clock, id ems.OrderID, by, reason string) ([]Owe, error) {
	o, ok := s.Orders[id]
	if !ok {
		return nil, fmt.Errorf("refuse order %s: %w", id, ErrUnknownOrder)
	}
	if reason == "" {
		return nil, fmt.Errorf("refuse order %s: give a reason", id)
	}
	switch o.State {
	case ems.OrderRefused:
		return nil, nil
	case ems.OrderWithdrawn, ems.OrderExpired, ems.OrderAccepted:
		return nil, fmt.Errorf("refuse order %s: it is %s: call the desk: %w", id, o.State, ErrOver)
	case ems.OrderQueued, ems.OrderDelivered, ems.OrderSeen:
	}
	o.State, o.Refused = ems.OrderRefused, reason
	s.Orders[id] = o
	unbound := s.end(o.Mission, ems.MissionRefused, by, reason, c)
	return append([]Owe{s.answer(c, id, int32(o.Version), "order", "refused", by, reason)}, unbound...), nil
}

// end ends a mission beside its nodes, and with it the bindings of its patients: the next patient is another (CLN-006).
func (s *State) end(id ems.MissionID, st ems.MissionState, by, reason string, c Clock) []Owe {
	mi, ok := s.Missions[id]
	if !ok || mi.Ended != nil {
		return nil
	}
	at := c.Server()
	mi.State, mi.Reason, mi.Ended = st, reason, &at
	s.Missions[id] = mi
	return s.unbindAll(id, cmp.Or(by, "centre"), "mission_ended", c.Now)
}

// unbindAll ends the bindings of a mission, and those of no mission.
func (s *State) unbindAll(id ems.MissionID, by, reason string, at time.Time) (owes []Owe) {
	for _, d := range slices.Sorted(maps.Keys(s.Bindings)) {
		if b := s.Bindings[d]; b.Mission == id || b.Mission == "" {
			owes = append(owes, s.unbind(d, by, reason, at))
		}
	}
	return owes
}

// Touch is one touch of a node by the crew.
type Touch struct {
	ID         string // names the touch; the same again changes nothing
	Mission    ems.MissionID
	Node       ems.Node
	At         time.Time // agent's wall clock; zero = now
	By         string
	Source     ems.Source
	UncertainS float64
	Correction bool
	Reason     string
}

// Enter takes a touch. A node is never refused for coming late or because one before it is missing (DSP-004); a node that has its
// time already changes only by a correction, and then both values stay.
func (s *State) Enter(c Clock, t Touch, fix *ems.Fix) ([]Owe, error) {
	if _, done := s.Done[t.ID]; done && t.ID != "" {
		return nil, nil
	}
	if t.Mission == "" {
		return nil, fmt.Errorf("enter node %s: name the mission: %w", t.Node, ErrUnknownMission)
	}
	if !mission.Known(t.Node) {
		return nil, fmt.Errorf("enter node %q: it is none of %v", t.Node, ems.Nodes)
	}
	mi, ok := s.Missions[t.Mission]
	if !ok {
		return s.enterForgotten(c, t, fix), nil
	}
	if old := mission.Find(mi.Nodes, t.Node); old != nil && !t.Correction {
		s.Done[t.ID] = c.Now
		return nil, nil // touched twice
	}
	t.At, t.Source = when(t.At, c.Now), cmp.Or(t.Source, ems.SourceKey)
	at := t.At
	if c.Known {
		at = at.Add(-c.Offset)
	}
	n, changed, err := mission.Set(mi.Nodes, mission.Entry{Owed: true, Correction: t.Correction, NodeTime: ems.NodeTime{Node: t.Node, At: at,
		Source: t.Source, By: t.By, Entered: c.Server(), UncertainS: t.UncertainS, Reason: t.Reason}})
	if err != nil {
		return nil, fmt.Errorf("enter node: %w", err)
	}
	s.Done[t.ID] = c.Now
	if !changed {
		return nil, nil
	}
	mi.Nodes = mission.Put(mi.Nodes, n)
	if !mission.Ended(mi.State) {
		mi.State = mission.State(mi.Nodes)
	}
	if mission.Over(mi.State) && mi.Ended == nil {
		mi.Ended = &at
	}
	s.Missions[mi.ID] = mi
	owe := []Owe{nodeOf(t, fix)}
	switch t.Node {
	case ems.NodeHandedOver: // (CLN-006)
		owe = append(owe, s.unbindAll(t.Mission, t.By, "hand_over", t.At)...)
	case ems.NodeAvailable, ems.NodeAtStation:
		owe = append(owe, s.unbindAll(t.Mission, t.By, "mission_ended", t.At)...)
	case ems.NodeOrdered, ems.NodeAcknowledged, ems.NodeDeparted, ems.NodeAtScene, ems.NodeContact, ems.NodeLeftScene, ems.NodeAtHospital:
	}
	return owe, nil
}

func nodeOf(t Touch, fix *ems.Fix) Owe {
	return Owe{pb.Kind_KIND_NODE, &pb.Node{Mission: string(t.Mission), Node: string(t.Node), AtUs: t.At.UnixMicro(), Source: string(t.Source),
		By: t.By, UncertainS: t.UncertainS, Id: t.ID, Correction: t.Correction, Reason: t.Reason, Place: PlaceOf(fix)}}
}

// enterForgotten takes a touch of a mission that this vehicle does not know, or no longer: it is a day old, or the disk lost it. The
// centre knows it, and judges; here it is owed as it is (DSP-004).
func (s *State) enterForgotten(c Clock, t Touch, fix *ems.Fix) []Owe {
	t.At, t.Source = when(t.At, c.Now), cmp.Or(t.Source, ems.SourceKey)
	s.Done[t.ID] = c.Now
	return []Owe{nodeOf(t, fix)}
}

func when(t, now time.Time) time.Time {
	if t.IsZero() {
		return now
	}
	return t
}

// Undo takes a touch back: the node is open again, and what stood there stays in Undone (DSP-004). The centre is told by a node
// without a time. The act has a name of its own: t.ID is the touch that is taken back.
func (s *State) Undo(c Clock, t Touch) ([]Owe, error) {
	t.ID = "undo-" + t.ID
	if _, done := s.Done[t.ID]; done {
		return nil, nil
	}
	undo := Owe{pb.Kind_KIND_NODE, &pb.Node{Mission: string(t.Mission), Node: string(t.Node), Source: string(ems.SourceKey), By: t.By,
		Id: t.ID, Correction: true, Reason: "undo"}}
	mi, known := s.Missions[t.Mission]
	switch {
	case t.Mission == "":
		return nil, fmt.Errorf("undo node %s: name the mission: %w", t.Node, ErrUnknownMission)
	case !known: // as in enterForgotten
		s.Done[t.ID] = c.Now
		return []Owe{undo}, nil
	}
	if mission.Ended(mi.State) {
		return nil, fmt.Errorf("undo node %s: the mission is %s: %w", t.Node, mi.State, ErrOver)
	}
	nodes, undone, ok := mission.Take(mi.Nodes, t.Node)
	if !ok || t.Node == ems.NodeOrdered {
		return nil, fmt.Errorf("undo node %s: it has no touch to take back", t.Node)
	}
	mi.Nodes, mi.Undone = nodes, append(slices.Clone(mi.Undone), undone)
	mi.State = mission.State(mi.Nodes)
	mi.Ended = nil
	s.Missions[mi.ID] = mi
	s.Done[t.ID] = c.Now
	return []Owe{undo}, nil
}

// PlaceOf is a fix as a place that says its age by its time (ALM-002); without any fix it says that none is known.
func PlaceOf(f *ems.Fix) *pb.Place {
	if f == nil {
		return nil
	}
	src := "gps"
	if f.Quality != ems.Good {
		src = "last_fix"
	}
	return &pb.Place{Lat: f.Pos.Lat, Lon: f.Pos.Lon, Known: true, AtUs: f.Taken.UnixMicro(), Source: src, AccuracyM: f.HDOP * 5}
}
