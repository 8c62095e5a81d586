package desk

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/match"
)

// Act is what every command has: the client's own id of this act. The same id again makes no events and gives the same answer.
// Commands from vehicles leave it empty: they have ids of their own (press, touch, order version).
type Act struct {
	Req string
}

// RaiseAlarm is a press of a key: by a caller's page, a crew, or a device. It is never refused for what is missing (ALM-001).
type RaiseAlarm struct {
	Act
	Alarm      ems.AlarmID // new id; not used when the press is known, or counts on an open alarm (ALM-004)
	Kind       ems.AlarmKind
	PressID    string
	Source     string // who may flood: session of the page, device, unit
	Token      string // digest of the caller's secret; "" for others
	Unit       ems.UnitID
	Mission    ems.MissionID // of a crew; "" = the unit's current one
	Who        string
	Phone      string
	Text       string
	By         string // who pressed: seat and person of a crew
	Place      *ems.Place
	Pressed    time.Time // on the server's clock
	UncertainS float64
	Origin     string // network address of a caller whose page names no session; "" otherwise
	Form       string // what could not be read of the press, and was left out (ALM-001)
	Simulated  bool
}

// PressAgain is a further press on the caller's own page.
type PressAgain struct {
	Act
	Token    string      // digest of the caller's secret
	NewAlarm ems.AlarmID // used when the caller's alarm is closed, or the place is another
	PressID  string
	Place    *ems.Place
	Pressed  time.Time
	Form     string
}

// AddDetail is what a caller adds after the press.
type AddDetail struct {
	Act
	Alarm ems.AlarmID
	Text  string
	Phone string
	Place *ems.Place
}

// RaiseTech raises a technical alarm of the catalogue. While one of the same code and about is open it counts on that one.
type RaiseTech struct {
	Act
	Code      string
	About     string
	Unit      ems.UnitID
	Mission   ems.MissionID
	Text      string
	Simulated bool
}

// ClearTech ends a technical alarm whose condition has ended, unless the catalogue lets it latch.
type ClearTech struct {
	Act
	Alarm ems.AlarmID
	Why   string
}

// AckAlarm acknowledges and silences an alarm by name.
type AckAlarm struct {
	Act
	Alarm ems.AlarmID
}

// TakeAlarm makes the alarm the actor's desk's own, and acknowledges it.
type TakeAlarm struct {
	Act
	Alarm ems.AlarmID
}

// CloseAlarm handles an alarm with a reason.
type CloseAlarm struct {
	Act
	Alarm  ems.AlarmID
	Reason string
}

// MergeAlarm handles an alarm by an incident that stands already.
type MergeAlarm struct {
	Act
	Alarm    ems.AlarmID
	Incident ems.IncidentID
}

// EscalateAlarm widens the reach of an alarm, or sounds it again (ALM-005). Time commands it.
type EscalateAlarm struct {
	Act
	Alarm ems.AlarmID
	Reach ems.AlarmReach
}

// OpenIncident opens an incident; with Alarm given that alarm is handled by it.
type OpenIncident struct {
	Act
	Incident  ems.IncidentID // new id
	Alarm     ems.AlarmID
	Type      ems.IncidentType
	Priority  ems.Priority
	Place     *ems.Place // the alarm's when nil
	Complaint string
	Pathway   string
	Phone     string
	Simulated bool
}

// ChangeIncident changes what is given.
type ChangeIncident struct {
	Act
	Incident  ems.IncidentID
	Type      *ems.IncidentType
	Priority  *ems.Priority
	Place     *ems.Place
	Complaint *string
	Pathway   *string
	Phone     *string
}

// CloseIncident closes an incident whose missions have ended.
type CloseIncident struct {
	Act
	Incident ems.IncidentID
	Reason   string
}

// CancelIncident cancels an incident and recalls its missions.
type CancelIncident struct {
	Act
	Incident ems.IncidentID
	Reason   string
}

// MergeIncident says that an incident is another one, which stands: alarms and calls become that one's. Nothing may be under way for it.
type MergeIncident struct {
	Act
	Incident ems.IncidentID
	Into     ems.IncidentID
}

// AddCall keeps a further call about an incident: a repeated call, or one that asks where help is.
type AddCall struct {
	Act
	Incident ems.IncidentID
	Phone    string
	Text     string
}

// StoreRecommendation keeps a recommendation (DSP-002).
type StoreRecommendation struct {
	Act
	Recommendation match.Recommendation
}

// Dispatch sends a unit to an incident: a mission and its order.
type Dispatch struct {
	Act
	Incident       ems.IncidentID
	Unit           ems.UnitID
	Mission        ems.MissionID // new id
	Order          ems.OrderID   // new id
	Recommendation string
	LastResort     bool // a person chose from the 最后手段 list (DSP-001)
	Text           string
}

// ExplainChoice says why another unit than the first was chosen (DSP-002).
type ExplainChoice struct {
	Act
	Mission ems.MissionID
	Reason  string
}

// SetNode sets or corrects a node from a desk. At zero means now; Stood means when positions saw the unit arrive.
type SetNode struct {
	Act
	Stood      bool
	Mission    ems.MissionID
	Node       ems.Node
	At         time.Time
	Correction bool
	Reason     string
}

// RecallMission calls a unit back before it has met the patient.
type RecallMission struct {
	Act
	Mission ems.MissionID
	Reason  string
}

// AbortMission ends a mission that cannot go on.
type AbortMission struct {
	Act
	Mission ems.MissionID
	Reason  string
}

// SetDestination names the hospital of a mission and tells it.
type SetDestination struct {
	Act
	Mission  ems.MissionID
	Hospital ems.HospitalID
	Notice   ems.NoticeID // new id
	Pathway  string
	Text     string
	Ranking  *match.HospitalRanking // what it was chosen from; nil: nothing was shown
}

// AcceptByVoice enters an acceptance that was given by voice, with the name (DLV-005).
type AcceptByVoice struct {
	Act
	Order ems.OrderID
	Name  string
}

// WithdrawOrder takes back an order that was not accepted, and recalls its mission.
type WithdrawOrder struct {
	Act
	Order  ems.OrderID
	Reason string
}

// ExpireOrder says that an order was not delivered within its validity. Time commands it.
type ExpireOrder struct {
	Act
	Order ems.OrderID
}

// AddPatient adds a patient to a mission.
type AddPatient struct {
	Act
	Mission  ems.MissionID
	Patient  ems.PatientID // new id
	Name     string
	Sex      string
	AgeYears int
}

// ChangePatient changes what is given; an empty field is left as it is.
type ChangePatient struct {
	Act
	Patient  ems.PatientID
	Name     string
	Sex      string
	AgeYears int
}

// MoveNotice moves a notice: delivered, seen, accepted, rejected (with a reason) or withdrawn (with a reason).
type MoveNotice struct {
	Act
	Notice   ems.NoticeID
	Hospital ems.HospitalID // the hospital that acts; "" for a desk or the system
	To       ems.NoticeState
	Reason   string
}

// EscalateNotice takes an unanswered notice to the next person (CLN-004). Time commands it.
type EscalateNotice struct {
	Act
	Notice ems.NoticeID
}

// SetDuty says whether a unit is fit for duty, and why not.
type SetDuty struct {
	Act
	Unit   ems.UnitID
	Duty   ems.UnitDuty
	Reason string
	Crew   []string // nil = unchanged
	// ShiftEnds is when the shift of its crew ends; nil = unchanged. It is forgotten when the unit goes off duty.
	ShiftEnds *time.Time
}

// LogOn seats the actor at a desk.
type LogOn struct {
	Act
	Desk ems.DeskID
	Role string // "dispatcher", "supervisor"
}

// LogOff frees a desk. Alarms it owned reach every desk at once.
type LogOff struct {
	Act
	Desk ems.DeskID
}

// SetOnCall says whether a desk is on a live call (ALM-005).
type SetOnCall struct {
	Act
	Desk ems.DeskID
	On   bool
}

// RegisterUnit, RegisterHospital, RegisterStation and RegisterDesk bring master data in; unchanged data makes no event.
type RegisterUnit struct {
	Act
	Unit ems.Unit
}

// RegisterHospital brings a hospital in.
type RegisterHospital struct {
	Act
	Hospital ems.Hospital
}

// RegisterStation brings a station in.
type RegisterStation struct {
	Act
	Station ems.Station
}

// RegisterDesk brings a desk in.
type RegisterDesk struct {
	Act
	Desk ems.DeskID
}

// The commands below come from vehicles. They are owed messages: they are never refused for what they say; what cannot be applied
// becomes a note of the system, so that nothing a crew did is lost.

// VehicleAnswer answers an instruction: "delivered", "seen", "accepted", "refused", "late", "withdrawn".
type VehicleAnswer struct {
	Act
	Unit    ems.UnitID
	Key     string // Instruction.Key: order id, "dest-<mission>" or notice id
	Version int
	Answer  string
	By      string
	Reason  string
	At      time.Time // server clock
}

// VehicleNode is one touch of a node.
type VehicleNode struct {
	Act
	Unit       ems.UnitID
	ID         string // names the touch
	Mission    ems.MissionID
	Node       ems.Node
	At         time.Time // server clock
	Source     ems.Source
	By         string
	UncertainS float64
	Correction bool
	Undo       bool // the crew took its touch back
	Reason     string
}

// VehicleNote is a note of the crew.
type VehicleNote struct {
	Act
	Unit       ems.UnitID
	ID         string
	Mission    ems.MissionID
	Patient    ems.PatientID
	Text       string
	By         string
	At         time.Time
	UncertainS float64
	Simulated  bool
}

// VehicleBinding binds a device to a patient or ends it (CLN-006). The patient need not be known: it is made under the given id.
type VehicleBinding struct {
	Act
	Unit     ems.UnitID
	Device   ems.DeviceID
	Patient  ems.PatientID
	Mission  ems.MissionID
	Bound    bool
	By       string
	At       time.Time // server clock
	Name     string
	Sex      string
	AgeYears int
	Reason   string
}

// VehicleDestination is the crew's choice of hospital.
type VehicleDestination struct {
	Act
	Unit     ems.UnitID
	ID       string
	Mission  ems.MissionID
	Hospital ems.HospitalID
	Notice   ems.NoticeID // new id
	Pathway  string
	Text     string
	By       string
	At       time.Time
	Ranking  *match.HospitalRanking // what the crew chose from, when it was the centre's
}

// VehicleGap is a range that will never come (DLV-007), or a lost one (Why "store_changed").
type VehicleGap struct {
	Act
	Unit     ems.UnitID
	Epoch    string // hex
	Lane     string
	From, To uint64 // inclusive
	Why      string // "full", "crash", "store_changed", "corrupt"
	Bytes    uint64
	FromTime time.Time // zero when not known
	ToTime   time.Time
}

// IdentityConflict is the same identity with other bytes (DLV-002).
type IdentityConflict struct {
	Act
	Unit  ems.UnitID
	Epoch string // hex
	Lane  string
	Seq   uint64
}

// DeviceChanged is a device of a unit in a new state. Counters alone make no event.
type DeviceChanged struct {
	Act
	Unit   ems.UnitID
	Status ems.DeviceStatus
}

// Sweep forgets what was closed long ago. Time commands it.
type Sweep struct {
	Act
	Incidents []ems.IncidentID
	Alarms    []ems.AlarmID
	Patients  []ems.PatientID
	Notes     []string
}
