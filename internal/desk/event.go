package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/match"
)

// Type names a kind of event. Kinds and their bodies never change; a new shape is a new name, and an upcaster lifts the old (EVO-001).
type Type string

// The kinds of events.
const (
	TypeAlarmRaised        Type = "alarm.raised"
	TypeAlarmPressed       Type = "alarm.pressed"
	TypeAlarmDetailed      Type = "alarm.detailed"
	TypeAlarmAcknowledged  Type = "alarm.acknowledged"
	TypeAlarmEscalated     Type = "alarm.escalated"
	TypeAlarmHandled       Type = "alarm.handled"
	TypeIncidentOpened     Type = "incident.opened"
	TypeIncidentChanged    Type = "incident.changed"
	TypeIncidentEnded      Type = "incident.ended"
	TypeIncidentMerged     Type = "incident.merged"
	TypeIncidentCalled     Type = "incident.called"
	TypeRecommended        Type = "recommendation.made"
	TypeMissionOrdered     Type = "mission.ordered"
	TypeNodeSet            Type = "mission.node_set"
	TypeNodeUndone         Type = "mission.node_undone"
	TypeChoiceExplained    Type = "mission.choice_explained"
	TypeMissionEnded       Type = "mission.ended"
	TypeDestinationSet     Type = "mission.destination_set"
	TypeOrderMoved         Type = "order.moved"
	TypeInstructionMet     Type = "instruction.answered"
	TypeNoticeSent         Type = "notice.sent"
	TypeNoticeMoved        Type = "notice.moved"
	TypeNoticeEscalated    Type = "notice.escalated"
	TypePatientAdded       Type = "patient.added"
	TypePatientChanged     Type = "patient.changed"
	TypePatientBound       Type = "patient.bound"
	TypePatientUnbound     Type = "patient.unbound"
	TypeNoteAdded          Type = "note.added"
	TypeUnitRegistered     Type = "unit.registered"
	TypeUnitDuty           Type = "unit.duty_set"
	TypeUnitShift          Type = "unit.shift_set"
	TypeUnitDevice         Type = "unit.device_changed"
	TypeUnitGap            Type = "unit.gap_declared"
	TypeUnitConflict       Type = "unit.identity_conflicted"
	TypeHospitalRegistered Type = "hospital.registered"
	TypeStationRegistered  Type = "station.registered"
	TypeDeskRegistered     Type = "desk.registered"
	TypeDeskLoggedOn       Type = "desk.logged_on"
	TypeDeskLoggedOff      Type = "desk.logged_off"
	TypeDeskCall           Type = "desk.call_changed"
	TypeSwept              Type = "state.swept"
	TypePhotoAdded         Type = "photo.added"
	TypeMessageSent        Type = "message.sent"
	TypeMessagesRead       Type = "message.read"
	TypePlaceCorrected     Type = "alarm.place_corrected"
	TypeMissionStood       Type = "mission.stood"
	TypeMissionForetold    Type = "mission.foretold"
	TypeClosureDrawn       Type = "closure.drawn"
	TypeClosureBegun       Type = "closure.begun"
	TypeClosureEnded       Type = "closure.ended"
	TypeClosuresSwept      Type = "closure.swept"
	TypeHospitalDescribed  Type = "hospital.described"
	TypeBoardSet           Type = "hospital.board_set"
	TypeBoardConfirmed     Type = "hospital.board_confirmed"
	TypeMissionAssessed    Type = "mission.assessed"
	TypeHospitalChosen     Type = "mission.hospital_chosen"
	TypeHospitalExplained  Type = "mission.hospital_explained"
)

// body is what every event body is: it knows its kind and what it is about, and folds itself in.
type body interface {
	kind() Type
	refs() []Ref // the main one first; its kind and key name the stream
	req() string
	setReq(string)
	apply(s *State, e journal.Event) error
}

// Request is in every body: the client's own id of the act, so that sending it again is known after a restart.
type Request struct {
	Req string `json:"req,omitempty"`
}

func (r *Request) req() string       { return r.Req }
func (r *Request) setReq(req string) { r.Req = req }

// AlarmRaised is a new alarm.
type AlarmRaised struct {
	Request
	ID         ems.AlarmID    `json:"id"`
	Kind       ems.AlarmKind  `json:"kind"`
	Code       string         `json:"code,omitempty"`
	About      string         `json:"about,omitempty"`
	Priority   string         `json:"priority,omitempty"`
	Unit       ems.UnitID     `json:"unit,omitempty"`
	Mission    ems.MissionID  `json:"mission,omitempty"`
	Source     string         `json:"source"`
	Token      string         `json:"token,omitempty"`
	Who        string         `json:"who,omitempty"`
	Phone      string         `json:"phone,omitempty"`
	Text       string         `json:"text,omitempty"`
	By         string         `json:"by,omitempty"`
	Place      *ems.Place     `json:"place,omitempty"`
	PressID    string         `json:"press_id"`
	Pressed    time.Time      `json:"pressed"`
	UncertainS float64        `json:"uncertain_s,omitempty"`
	Owner      ems.DeskID     `json:"owner,omitempty"`
	Reach      ems.AlarmReach `json:"reach"`
	Origin     string         `json:"origin,omitempty"`
	Form       string         `json:"form,omitempty"`
	Simulated  bool           `json:"simulated,omitempty"`
}

// AlarmPressed is a further press that counts on an open alarm (ALM-004).
type AlarmPressed struct {
	Request
	ID      ems.AlarmID `json:"id"`
	PressID string      `json:"press_id"`
	Pressed time.Time   `json:"pressed"`
	Place   *ems.Place  `json:"place,omitempty"`
	Text    string      `json:"text,omitempty"`
	Form    string      `json:"form,omitempty"`
}

// AlarmDetailed is what was learnt after the press.
type AlarmDetailed struct {
	Request
	ID    ems.AlarmID `json:"id"`
	Text  string      `json:"text,omitempty"`
	Phone string      `json:"phone,omitempty"`
	Place *ems.Place  `json:"place,omitempty"`
}

// AlarmAcknowledged is an alarm acknowledged and silenced by name; Taken says that the desk took it from another.
type AlarmAcknowledged struct {
	Request
	ID    ems.AlarmID `json:"id"`
	By    string      `json:"by"`
	Desk  ems.DeskID  `json:"desk,omitempty"`
	Taken bool        `json:"taken,omitempty"`
}

// AlarmEscalated is an alarm that reaches further, or sounds again (ALM-005). Orphaned says that its owner left.
type AlarmEscalated struct {
	Request
	ID       ems.AlarmID    `json:"id"`
	Reach    ems.AlarmReach `json:"reach"`
	Orphaned bool           `json:"orphaned,omitempty"`
}

// AlarmHandled is an alarm that came to its end.
type AlarmHandled struct {
	Request
	ID       ems.AlarmID    `json:"id"`
	How      string         `json:"how"` // "incident", "merged", "closed"
	By       string         `json:"by"`
	Reason   string         `json:"reason,omitempty"`
	Incident ems.IncidentID `json:"incident,omitempty"`
}

// IncidentOpened is a new incident. Number is the running one of the Beijing day Day.
type IncidentOpened struct {
	Request
	ID        ems.IncidentID   `json:"id"`
	Day       string           `json:"day"`
	Number    int              `json:"number"`
	Type      ems.IncidentType `json:"type"`
	Priority  ems.Priority     `json:"priority"`
	Place     ems.Place        `json:"place"`
	Complaint string           `json:"complaint,omitempty"`
	Pathway   string           `json:"pathway,omitempty"`
	Phone     string           `json:"phone,omitempty"`
	Desk      ems.DeskID       `json:"desk,omitempty"`
	By        string           `json:"by"`
	Simulated bool             `json:"simulated,omitempty"`
}

// IncidentChanged changes what is given.
type IncidentChanged struct {
	Request
	ID        ems.IncidentID    `json:"id"`
	Type      *ems.IncidentType `json:"type,omitempty"`
	Priority  *ems.Priority     `json:"priority,omitempty"`
	Place     *ems.Place        `json:"place,omitempty"`
	Complaint *string           `json:"complaint,omitempty"`
	Pathway   *string           `json:"pathway,omitempty"`
	Phone     *string           `json:"phone,omitempty"`
}

// IncidentEnded is an incident closed or cancelled.
type IncidentEnded struct {
	Request
	ID     ems.IncidentID    `json:"id"`
	State  ems.IncidentState `json:"state"` // closed, cancelled
	Reason string            `json:"reason"`
}

// IncidentMerged is an incident that was found to be another one: its alarms and calls are that one's from now on.
type IncidentMerged struct {
	Request
	ID   ems.IncidentID `json:"id"`
	Into ems.IncidentID `json:"into"`
	By   string         `json:"by"`
	Desk ems.DeskID     `json:"desk,omitempty"`
}

// IncidentCalled is a further call about an incident.
type IncidentCalled struct {
	Request
	ID   ems.IncidentID `json:"id"`
	Call ems.Call       `json:"call"`
}

// Recommended is a recommendation as it was shown (DSP-002).
type Recommended struct {
	Request
	Recommendation match.Recommendation `json:"recommendation"`
}

// MissionOrdered is a unit sent to an incident: a mission and its order.
type MissionOrdered struct {
	Request
	ID             ems.MissionID  `json:"id"`
	Order          ems.OrderID    `json:"order"`
	Incident       ems.IncidentID `json:"incident"`
	Unit           ems.UnitID     `json:"unit"`
	By             string         `json:"by"`
	Text           string         `json:"text"`
	ValidUntil     time.Time      `json:"valid_until"`
	Recommendation string         `json:"recommendation,omitempty"`
	LastResort     string         `json:"last_resort,omitempty"`
	SlowerS        float64        `json:"slower_s,omitempty"`
	Simulated      bool           `json:"simulated,omitempty"`
}

// NodeSet is a node of a mission as it is to stand (DSP-004).
type NodeSet struct {
	Request
	Mission ems.MissionID `json:"mission"`
	Node    ems.NodeTime  `json:"node"`
}

// NodeUndone is a touch that the crew took back: the node is open again, and what stood there stays beside it (DSP-004).
type NodeUndone struct {
	Request
	Mission ems.MissionID `json:"mission"`
	Node    ems.Node      `json:"node"`
	By      string        `json:"by,omitempty"`
	At      time.Time     `json:"at"`
}

// ChoiceExplained is the reason for choosing a slower unit.
type ChoiceExplained struct {
	Request
	Mission ems.MissionID `json:"mission"`
	Reason  string        `json:"reason"`
}

// MissionEnded is a mission recalled, aborted or refused.
type MissionEnded struct {
	Request
	Mission ems.MissionID    `json:"mission"`
	State   ems.MissionState `json:"state"`
	Reason  string           `json:"reason"`
	By      string           `json:"by"`
}

// DestinationSet is the hospital of a mission. Tell says that the vehicle must be told: a desk chose it.
type DestinationSet struct {
	Request
	Mission  ems.MissionID  `json:"mission"`
	Hospital ems.HospitalID `json:"hospital"`
	Notice   ems.NoticeID   `json:"notice"`
	By       string         `json:"by"`
	At       time.Time      `json:"at"`
	Tell     bool           `json:"tell,omitempty"`
}

// OrderMoved is one of the four times of an order, or its end (DLV-005). Late says that it arrived past its validity.
type OrderMoved struct {
	Request
	ID      ems.OrderID    `json:"id"`
	To      ems.OrderState `json:"to"`
	At      time.Time      `json:"at"`
	By      string         `json:"by,omitempty"`
	ByVoice bool           `json:"by_voice,omitempty"`
	Reason  string         `json:"reason,omitempty"`
}

// InstructionMet is a vehicle's answer to an instruction: it is not sent again.
type InstructionMet struct {
	Request
	Key     string    `json:"key"`
	Version int       `json:"version"`
	Answer  string    `json:"answer"`
	By      string    `json:"by,omitempty"`
	At      time.Time `json:"at"`
}

// NoticeSent is a notice to a hospital (CLN-004).
type NoticeSent struct {
	Request
	ID        ems.NoticeID    `json:"id"`
	Mission   ems.MissionID   `json:"mission"`
	Hospital  ems.HospitalID  `json:"hospital"`
	Patients  []ems.PatientID `json:"patients,omitempty"`
	Pathway   string          `json:"pathway,omitempty"`
	Text      string          `json:"text,omitempty"`
	Simulated bool            `json:"simulated,omitempty"`
}

// NoticeMoved is a notice in a new state.
type NoticeMoved struct {
	Request
	ID     ems.NoticeID    `json:"id"`
	To     ems.NoticeState `json:"to"`
	By     string          `json:"by,omitempty"`
	Reason string          `json:"reason,omitempty"`
}

// NoticeEscalated is an unanswered notice that went one step further: to the next person, and after the last to the desk.
type NoticeEscalated struct {
	Request
	ID   ems.NoticeID `json:"id"`
	Step int          `json:"step"`
	To   string       `json:"to,omitempty"` // the person; "" = the desk
}

// PatientAdded is a new patient.
type PatientAdded struct {
	Request
	ID        ems.PatientID  `json:"id"`
	Incident  ems.IncidentID `json:"incident,omitempty"`
	Mission   ems.MissionID  `json:"mission,omitempty"`
	Name      string         `json:"name,omitempty"`
	Sex       string         `json:"sex,omitempty"`
	AgeYears  int            `json:"age_years,omitempty"`
	Simulated bool           `json:"simulated,omitempty"`
}

// PatientChanged changes what is given.
type PatientChanged struct {
	Request
	ID       ems.PatientID `json:"id"`
	Name     string        `json:"name,omitempty"`
	Sex      string        `json:"sex,omitempty"`
	AgeYears int           `json:"age_years,omitempty"`
}

// PatientBound is the named act that binds a device to a patient (CLN-006).
type PatientBound struct {
	Request
	ID     ems.PatientID `json:"id"`
	Unit   ems.UnitID    `json:"unit"`
	Device ems.DeviceID  `json:"device"`
	By     string        `json:"by"`
	At     time.Time     `json:"at"`
}

// PatientUnbound ends a binding: by a named act, at hand-over, or with the mission (CLN-006).
type PatientUnbound struct {
	Request
	ID     ems.PatientID `json:"id"`
	Unit   ems.UnitID    `json:"unit"`
	Device ems.DeviceID  `json:"device"`
	By     string        `json:"by"`
	At     time.Time     `json:"at"`
	Reason string        `json:"reason"`
}

// NoteAdded is a note: of the crew, or of the system about a fact that changed nothing else.
type NoteAdded struct {
	Request
	ID         string        `json:"id"`
	Unit       ems.UnitID    `json:"unit,omitempty"`
	Mission    ems.MissionID `json:"mission,omitempty"`
	Patient    ems.PatientID `json:"patient,omitempty"`
	Code       string        `json:"code,omitempty"`
	Text       string        `json:"text"`
	By         string        `json:"by"`
	At         time.Time     `json:"at"`
	UncertainS float64       `json:"uncertain_s,omitempty"`
	Simulated  bool          `json:"simulated,omitempty"`
}

// UnitRegistered is the master data of a unit.
type UnitRegistered struct {
	Request
	Unit ems.Unit `json:"unit"`
}

// UnitDutySet says whether a unit is fit for duty.
type UnitDutySet struct {
	Request
	Unit   ems.UnitID   `json:"unit"`
	Duty   ems.UnitDuty `json:"duty"`
	Reason string       `json:"reason,omitempty"`
	Crew   []string     `json:"crew,omitempty"`
	By     string       `json:"by"`
}

// UnitShiftSet says when the shift of a unit's crew ends.
type UnitShiftSet struct {
	Request
	Unit ems.UnitID `json:"unit"`
	Ends time.Time  `json:"ends"`
	By   string     `json:"by"`
}

// UnitDeviceChanged is a device of a unit in a new state.
type UnitDeviceChanged struct {
	Request
	Unit   ems.UnitID       `json:"unit"`
	Status ems.DeviceStatus `json:"status"`
}

// UnitGap is a range of a lane that will never come (DLV-007, DLV-001).
type UnitGap struct {
	Request
	Unit     ems.UnitID `json:"unit"`
	Epoch    string     `json:"epoch"`
	Lane     string     `json:"lane"`
	From     uint64     `json:"from"`
	To       uint64     `json:"to"`
	Why      string     `json:"why"`
	Bytes    uint64     `json:"bytes,omitempty"`
	FromTime *time.Time `json:"from_time,omitempty"`
	ToTime   *time.Time `json:"to_time,omitempty"`
	Note     string     `json:"note"`
}

// UnitConflict is the same identity with other bytes (DLV-002).
type UnitConflict struct {
	Request
	Unit  ems.UnitID `json:"unit"`
	Epoch string     `json:"epoch"`
	Lane  string     `json:"lane"`
	Seq   uint64     `json:"seq"`
	Note  string     `json:"note"`
}

// StationRegistered is the master data of a station.
type StationRegistered struct {
	Request
	Station ems.Station `json:"station"`
}

// DeskRegistered is a desk of the centre.
type DeskRegistered struct {
	Request
	Desk ems.DeskID `json:"desk"`
}

// DeskLoggedOn seats a person at a desk.
type DeskLoggedOn struct {
	Request
	Desk ems.DeskID `json:"desk"`
	By   string     `json:"by"`
	Role string     `json:"role"`
}

// DeskLoggedOff frees a desk.
type DeskLoggedOff struct {
	Request
	Desk ems.DeskID `json:"desk"`
	By   string     `json:"by"`
}

// DeskCall says whether a desk is on a live call.
type DeskCall struct {
	Request
	Desk ems.DeskID `json:"desk"`
	On   bool       `json:"on"`
}

// Swept names what leaves the live state; what belongs to an incident leaves with it. The journal keeps it all.
type Swept struct {
	Request
	Incidents []ems.IncidentID `json:"incidents,omitempty"`
	Alarms    []ems.AlarmID    `json:"alarms,omitempty"`
	Patients  []ems.PatientID  `json:"patients,omitempty"` // of no incident
	Notes     []string         `json:"notes,omitempty"`
}

func (*AlarmRaised) kind() Type        { return TypeAlarmRaised }
func (*AlarmPressed) kind() Type       { return TypeAlarmPressed }
func (*AlarmDetailed) kind() Type      { return TypeAlarmDetailed }
func (*AlarmAcknowledged) kind() Type  { return TypeAlarmAcknowledged }
func (*AlarmEscalated) kind() Type     { return TypeAlarmEscalated }
func (*AlarmHandled) kind() Type       { return TypeAlarmHandled }
func (*IncidentOpened) kind() Type     { return TypeIncidentOpened }
func (*IncidentChanged) kind() Type    { return TypeIncidentChanged }
func (*IncidentEnded) kind() Type      { return TypeIncidentEnded }
func (*IncidentMerged) kind() Type     { return TypeIncidentMerged }
func (*IncidentCalled) kind() Type     { return TypeIncidentCalled }
func (*Recommended) kind() Type        { return TypeRecommended }
func (*MissionOrdered) kind() Type     { return TypeMissionOrdered }
func (*NodeSet) kind() Type            { return TypeNodeSet }
func (*NodeUndone) kind() Type         { return TypeNodeUndone }
func (*ChoiceExplained) kind() Type    { return TypeChoiceExplained }
func (*MissionEnded) kind() Type       { return TypeMissionEnded }
func (*DestinationSet) kind() Type     { return TypeDestinationSet }
func (*OrderMoved) kind() Type         { return TypeOrderMoved }
func (*InstructionMet) kind() Type     { return TypeInstructionMet }
func (*NoticeSent) kind() Type         { return TypeNoticeSent }
func (*NoticeMoved) kind() Type        { return TypeNoticeMoved }
func (*NoticeEscalated) kind() Type    { return TypeNoticeEscalated }
func (*PatientAdded) kind() Type       { return TypePatientAdded }
func (*PatientChanged) kind() Type     { return TypePatientChanged }
func (*PatientBound) kind() Type       { return TypePatientBound }
func (*PatientUnbound) kind() Type     { return TypePatientUnbound }
func (*NoteAdded) kind() Type          { return TypeNoteAdded }
func (*UnitRegistered) kind() Type     { return TypeUnitRegistered }
func (*UnitDutySet) kind() Type        { return TypeUnitDuty }
func (*UnitShiftSet) kind() Type       { return TypeUnitShift }
func (*UnitDeviceChanged) kind() Type  { return TypeUnitDevice }
func (*UnitGap) kind() Type            { return TypeUnitGap }
func (*UnitConflict) kind() Type       { return TypeUnitConflict }
func (*HospitalRegistered) kind() Type { return TypeHospitalRegistered }
func (*StationRegistered) kind() Type  { return TypeStationRegistered }
func (*DeskRegistered) kind() Type     { return TypeDeskRegistered }
func (*DeskLoggedOn) kind() Type       { return TypeDeskLoggedOn }
func (*DeskLoggedOff) kind() Type      { return TypeDeskLoggedOff }
func (*DeskCall) kind() Type           { return TypeDeskCall }
func (*Swept) kind() Type              { return TypeSwept }
func (*PhotoAdded) kind() Type         { return TypePhotoAdded }
func (*MessageSent) kind() Type        { return TypeMessageSent }
func (*MessagesRead) kind() Type       { return TypeMessagesRead }
func (*PlaceCorrected) kind() Type     { return TypePlaceCorrected }
func (*ClosureDrawn) kind() Type       { return TypeClosureDrawn }
func (*ClosureBegun) kind() Type       { return TypeClosureBegun }
func (*ClosureEnded) kind() Type       { return TypeClosureEnded }
func (*ClosuresSwept) kind() Type      { return TypeClosuresSwept }

func one[K ~string](c Collection, k K) []Ref { return []Ref{{c, string(k)}} }

func (b *AlarmRaised) refs() []Ref       { return one(Alarms, b.ID) }
func (b *AlarmPressed) refs() []Ref      { return one(Alarms, b.ID) }
func (b *AlarmDetailed) refs() []Ref     { return one(Alarms, b.ID) }
func (b *AlarmAcknowledged) refs() []Ref { return one(Alarms, b.ID) }
func (b *AlarmEscalated) refs() []Ref    { return one(Alarms, b.ID) }
func (b *AlarmHandled) refs() []Ref      { return one(Alarms, b.ID) }
func (b *IncidentOpened) refs() []Ref    { return one(Incidents, b.ID) }
func (b *IncidentChanged) refs() []Ref   { return one(Incidents, b.ID) }
func (b *IncidentEnded) refs() []Ref     { return one(Incidents, b.ID) }
func (b *IncidentMerged) refs() []Ref {
	return []Ref{{Incidents, string(b.ID)}, {Incidents, string(b.Into)}}
}
func (b *IncidentCalled) refs() []Ref { return one(Incidents, b.ID) }
func (b *Recommended) refs() []Ref    { return one(Recommendations, b.Recommendation.ID) }
func (b *MissionOrdered) refs() []Ref {
	return []Ref{{Missions, string(b.ID)}, {Orders, string(b.Order)}}
}
func (b *NodeSet) refs() []Ref            { return one(Missions, b.Mission) }
func (b *NodeUndone) refs() []Ref         { return one(Missions, b.Mission) }
func (b *ChoiceExplained) refs() []Ref    { return one(Missions, b.Mission) }
func (b *MissionEnded) refs() []Ref       { return one(Missions, b.Mission) }
func (b *DestinationSet) refs() []Ref     { return one(Missions, b.Mission) }
func (b *OrderMoved) refs() []Ref         { return one(Orders, b.ID) }
func (b *InstructionMet) refs() []Ref     { return one(Instructions, b.Key) }
func (b *NoticeSent) refs() []Ref         { return one(Notices, b.ID) }
func (b *NoticeMoved) refs() []Ref        { return one(Notices, b.ID) }
func (b *NoticeEscalated) refs() []Ref    { return one(Notices, b.ID) }
func (b *PatientAdded) refs() []Ref       { return one(Patients, b.ID) }
func (b *PatientChanged) refs() []Ref     { return one(Patients, b.ID) }
func (b *PatientBound) refs() []Ref       { return one(Patients, b.ID) }
func (b *PatientUnbound) refs() []Ref     { return one(Patients, b.ID) }
func (b *NoteAdded) refs() []Ref          { return one(Notes, b.ID) }
func (b *UnitRegistered) refs() []Ref     { return one(Units, b.Unit.ID) }
func (b *UnitDutySet) refs() []Ref        { return one(Units, b.Unit) }
func (b *UnitShiftSet) refs() []Ref       { return one(Units, b.Unit) }
func (b *UnitDeviceChanged) refs() []Ref  { return one(Units, b.Unit) }
func (b *UnitGap) refs() []Ref            { return one(Units, b.Unit) }
func (b *UnitConflict) refs() []Ref       { return one(Units, b.Unit) }
func (b *HospitalRegistered) refs() []Ref { return one(Hospitals, b.Hospital.ID) }
func (b *StationRegistered) refs() []Ref  { return one(Stations, b.Station.ID) }
func (b *DeskRegistered) refs() []Ref     { return one(Desks, b.Desk) }
func (b *DeskLoggedOn) refs() []Ref       { return one(Desks, b.Desk) }
func (b *DeskLoggedOff) refs() []Ref      { return one(Desks, b.Desk) }
func (b *DeskCall) refs() []Ref           { return one(Desks, b.Desk) }
func (b *Swept) refs() []Ref              { return nil }
func (b *PhotoAdded) refs() []Ref         { return one(Photos, b.Photo.ID) }
func (b *MessageSent) refs() []Ref        { return one(Talk, b.Message.ID) }
func (b *MessagesRead) refs() []Ref       { return one(Alarms, b.Alarm) }
func (b *PlaceCorrected) refs() []Ref     { return one(Alarms, b.ID) }
func (b *ClosureDrawn) refs() []Ref       { return one(Closures, b.ID) }
func (b *ClosureBegun) refs() []Ref       { return one(Closures, b.ID) }
func (b *ClosureEnded) refs() []Ref       { return one(Closures, b.ID) }
func (b *ClosuresSwept) refs() []Ref      { return nil }

// bodies makes an empty body for each kind.
var bodies = map[Type]func() body{
	TypeAlarmRaised:        func() body { return new(AlarmRaised) },
	TypeAlarmPressed:       func() body { return new(AlarmPressed) },
	TypeAlarmDetailed:      func() body { return new(AlarmDetailed) },
	TypeAlarmAcknowledged:  func() body { return new(AlarmAcknowledged) },
	TypeAlarmEscalated:     func() body { return new(AlarmEscalated) },
	TypeAlarmHandled:       func() body { return new(AlarmHandled) },
	TypeIncidentOpened:     func() body { return new(IncidentOpened) },
	TypeIncidentChanged:    func() body { return new(IncidentChanged) },
	TypeIncidentEnded:      func() body { return new(IncidentEnded) },
	TypeIncidentMerged:     func() body { return new(IncidentMerged) },
	TypeIncidentCalled:     func() body { return new(IncidentCalled) },
	TypeRecommended:        func() body { return new(Recommended) },
	TypeMissionOrdered:     func() body { return new(MissionOrdered) },
	TypeNodeSet:            func() body { return new(NodeSet) },
	TypeNodeUndone:         func() body { return new(NodeUndone) },
	TypeChoiceExplained:    func() body { return new(ChoiceExplained) },
	TypeMissionEnded:       func() body { return new(MissionEnded) },
	TypeDestinationSet:     func() body { return new(DestinationSet) },
	TypeOrderMoved:         func() body { return new(OrderMoved) },
	TypeInstructionMet:     func() body { return new(InstructionMet) },
	TypeNoticeSent:         func() body { return new(NoticeSent) },
	TypeNoticeMoved:        func() body { return new(NoticeMoved) },
	TypeNoticeEscalated:    func() body { return new(NoticeEscalated) },
	TypePatientAdded:       func() body { return new(PatientAdded) },
	TypePatientChanged:     func() body { return new(PatientChanged) },
	TypePatientBound:       func() body { return new(PatientBound) },
	TypePatientUnbound:     func() body { return new(PatientUnbound) },
	TypeNoteAdded:          func() body { return new(NoteAdded) },
	TypeUnitRegistered:     func() body { return new(UnitRegistered) },
	TypeUnitDuty:           func() body { return new(UnitDutySet) },
	TypeUnitShift:          func() body { return new(UnitShiftSet) },
	TypeUnitDevice:         func() body { return new(UnitDeviceChanged) },
	TypeUnitGap:            func() body { return new(UnitGap) },
	TypeUnitConflict:       func() body { return new(UnitConflict) },
	TypeHospitalRegistered: func() body { return new(HospitalRegistered) },
	TypeStationRegistered:  func() body { return new(StationRegistered) },
	TypeDeskRegistered:     func() body { return new(DeskRegistered) },
	TypeDeskLoggedOn:       func() body { return new(DeskLoggedOn) },
	TypeDeskLoggedOff:      func() body { return new(DeskLoggedOff) },
	TypeDeskCall:           func() body { return new(DeskCall) },
	TypeSwept:              func() body { return new(Swept) },
	TypePhotoAdded:         func() body { return new(PhotoAdded) },
	TypeMessageSent:        func() body { return new(MessageSent) },
	TypeMessagesRead:       func() body { return new(MessagesRead) },
	TypePlaceCorrected:     func() body { return new(PlaceCorrected) },
	TypeMissionStood:       func() body { return new(MissionStood) },
	TypeMissionForetold:    func() body { return new(MissionForetold) },
	TypeClosureDrawn:       func() body { return new(ClosureDrawn) },
	TypeClosureBegun:       func() body { return new(ClosureBegun) },
	TypeClosureEnded:       func() body { return new(ClosureEnded) },
	TypeClosuresSwept:      func() body { return new(ClosuresSwept) },
	TypeHospitalDescribed:  func() body { return new(HospitalDescribed) },
	TypeBoardSet:           func() body { return new(BoardSet) },
	TypeBoardConfirmed:     func() body { return new(BoardConfirmed) },
	TypeMissionAssessed:    func() body { return new(MissionAssessed) },
	TypeHospitalChosen:     func() body { return new(HospitalChosen) },
	TypeHospitalExplained:  func() body { return new(HospitalExplained) },
}

// ErrUnknownEvent is an event that this version of the program does not know, whole or in part. The fold stops there: nothing is ever
// skipped (EVO-001).
var ErrUnknownEvent = errors.New("unknown event")

// upcaster lifts an old kind of event to the kind that replaced it.
type upcaster func(journal.Event) (journal.Event, error)

// upcasters has one entry for each kind that was replaced, with a golden file of it in testdata/desk. None was yet.
var upcasters = map[Type]upcaster{}

// lift applies upcasters until the event is of a present kind.
func lift(e journal.Event, table map[Type]upcaster) (journal.Event, error) {
	for up, ok := table[Type(e.Type)]; ok; up, ok = table[Type(e.Type)] {
		var err error
		if e, err = up(e); err != nil {
			return e, fmt.Errorf("lift event %s: %w", e.Type, err)
		}
	}
	return e, nil
}

// parse reads the body of an event. A field that is not known is as unknown as a kind.
func parse(e journal.Event) (body, error) {
	e, err := lift(e, upcasters)
	if err != nil {
		return nil, err
	}
	mk, ok := bodies[Type(e.Type)]
	if !ok {
		return nil, fmt.Errorf("read event %d of type %q: %w: use a newer version of the program", e.Seq, e.Type, ErrUnknownEvent)
	}
	b := mk()
	d := json.NewDecoder(bytes.NewReader(e.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(b); err != nil {
		return nil, fmt.Errorf("read event %d of type %q: %w: %w", e.Seq, e.Type, ErrUnknownEvent, err)
	}
	return b, nil
}

// event makes the event of a body. Instants are microseconds of UTC, as the journal keeps them.
func event(now time.Time, actor string, b body) (journal.Event, error) {
	raw, err := json.Marshal(b)
	if err != nil {
		return journal.Event{}, fmt.Errorf("write event %s: %w", b.kind(), err)
	}
	stream := "state/sweep"
	if r := b.refs(); len(r) > 0 {
		stream = strings.TrimSuffix(string(r[0].C), "s") + "/" + r[0].K
	}
	return journal.Event{At: now, Actor: actor, Stream: stream, Type: string(b.kind()), Body: raw}, nil
}
