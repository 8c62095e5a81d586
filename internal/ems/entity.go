package ems

import "time"

// This file has the records that the desk's fold keeps and the screens show, with their JSON names. Pointers and omitempty
// mean "not known"; a time that is not known is absent, never zero on the wire. Simulated travels with everything (SCR-003).

// Place is where something is, how well that is known, and from what.
type Place struct {
	Pos       *WGS84     `json:"pos,omitempty"`
	AccuracyM float64    `json:"accuracy_m,omitempty" doc:"radius in metres; 0 = not known"`
	Address   string     `json:"address,omitempty"`
	Source    string     `json:"source,omitempty" enum:"gps,last_fix,cell,manual,address," doc:"how it became known"`
	At        *time.Time `json:"at,omitempty" doc:"when the position was true (ALM-002: a last fix says its age)"`
}

// AlarmState is how far an alarm has come. Raised but not stored exists only at the one who raised it.
type AlarmState string

// Alarm states.
const (
	AlarmStored       AlarmState = "stored"
	AlarmAcknowledged AlarmState = "acknowledged"
	AlarmHandled      AlarmState = "handled"
)

// AlarmReach is whom an alarm has reached by escalation (ALM-005); it only grows until the alarm is handled.
type AlarmReach string

// Alarm reaches, narrow to wide.
const (
	ReachOwner      AlarmReach = "owner"      // the desk it was given to, or every desk when it has no owner
	ReachDesks      AlarmReach = "desks"      // every desk
	ReachSupervisor AlarmReach = "supervisor" // and the supervisor
	ReachPhone      AlarmReach = "phone"      // and the duty telephone: no supervisor is logged on
)

// Alarm is one press of one key, however often it is sent (ALM-004).
type Alarm struct {
	ID   AlarmID   `json:"id"`
	Kind AlarmKind `json:"kind"`
	Code string    `json:"code,omitempty" doc:"which technical alarm: the code in the catalogue of internal/alarm"`
	// About of a caller's alarm names the alarm of the same caller that it follows, closed or elsewhere.
	About    string    `json:"about,omitempty" doc:"the order, notice or device that a technical alarm is about"`
	Priority string    `json:"priority,omitempty" enum:"high,medium,low," doc:"how it sounds"`
	Unit     UnitID    `json:"unit,omitempty"`
	Mission  MissionID `json:"mission,omitempty"`
	Source   string    `json:"source" doc:"who may flood: phone page session, device name, unit (ALM-006)"`
	Origin   string    `json:"origin,omitempty" doc:"network address of a caller whose page names no session: floods are grouped by it (ALM-006)"`
	Who      string    `json:"who,omitempty" enum:"self,relative,stranger," doc:"for whom a caller pressed"`
	Phone    string    `json:"phone,omitempty"`
	Text     string    `json:"text,omitempty"`
	Place    *Place    `json:"place,omitempty"`
	// Places has what the place was before each correction of the caller, oldest first.
	Places   []PlaceChange `json:"places,omitempty"`
	PressID  string        `json:"press_id" doc:"names the press; the same press sent again changes nothing"`
	Pressed  time.Time     `json:"pressed" doc:"device's own time of the press, corrected by the measured offset"`
	Received time.Time     `json:"received"`
	// Presses counts further presses while open; LastPress is the newest. A press after acknowledgement sounds again.
	Presses   int        `json:"presses"`
	PressIDs  []string   `json:"-"`
	LastPress time.Time  `json:"last_press"`
	State     AlarmState `json:"state"`
	Reach     AlarmReach `json:"reach"`
	ReachAt   time.Time  `json:"reach_at"`
	Since     time.Time  `json:"since" doc:"unacknowledged since: escalation counts from here (ALM-005)"`
	Sounding  bool       `json:"sounding"`
	Owner     DeskID     `json:"owner,omitempty"`
	AckBy     string     `json:"ack_by,omitempty"`
	AckAt     *time.Time `json:"ack_at,omitempty"`
	HandledBy string     `json:"handled_by,omitempty"`
	HandledAt *time.Time `json:"handled_at,omitempty"`
	How       string     `json:"how,omitempty" enum:"incident,merged,closed,"`
	Reason    string     `json:"reason,omitempty"`
	Incident  IncidentID `json:"incident,omitempty"`
	// Lines says what happened to it, oldest first: escalations, presses, acknowledgements.
	Lines      []AlarmLine `json:"lines,omitempty"`
	Unrecorded bool        `json:"unrecorded,omitempty" doc:"未落盘: the store has not answered yet (DLV-006)"`
	Simulated  bool        `json:"simulated,omitempty"`
}

// AlarmLine is one thing that happened to an alarm.
type AlarmLine struct {
	At   time.Time `json:"at"`
	What string    `json:"what" enum:"raised,pressed,acknowledged,escalated,sounded_again,handled,detail"`
	By   string    `json:"by,omitempty"`
	Note string    `json:"note,omitempty"`
}

// IncidentState is how far an incident has come.
type IncidentState string

// Incident states.
const (
	IncidentOpen         IncidentState = "open" // 待派: nothing sent yet
	IncidentDispatched   IncidentState = "dispatched"
	IncidentOnScene      IncidentState = "on_scene"
	IncidentTransporting IncidentState = "transporting"
	IncidentDelivered    IncidentState = "delivered"
	IncidentClosed       IncidentState = "closed"
	IncidentCancelled    IncidentState = "cancelled"
)

// Incident is what happened somewhere; alarms and calls are merged into it.
type Incident struct {
	ID         IncidentID    `json:"id"`
	Number     int           `json:"number" doc:"running number of the day, for speech and the command line"`
	Type       IncidentType  `json:"type"`
	Priority   Priority      `json:"priority"`
	State      IncidentState `json:"state"`
	Place      Place         `json:"place"`
	Places     []PlaceChange `json:"places,omitempty" doc:"what the place was before each change, oldest first"`
	Complaint  string        `json:"complaint,omitempty"`
	Pathway    string        `json:"pathway,omitempty" doc:"suspected green channel: chest_pain, stroke, trauma, maternal, newborn"`
	Phone      string        `json:"phone,omitempty"`
	Alarms     []AlarmID     `json:"alarms,omitempty"`
	Missions   []MissionID   `json:"missions,omitempty"`
	Patients   []PatientID   `json:"patients,omitempty"`
	Desk       DeskID        `json:"desk,omitempty" doc:"the desk whose work it is: its technical alarms go there first"`
	Opened     time.Time     `json:"opened"`
	OpenedBy   string        `json:"opened_by"`
	Closed     *time.Time    `json:"closed,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	Merged     IncidentID    `json:"merged,omitempty" doc:"the incident that it was merged into, when two were one"`
	Calls      []Call        `json:"calls,omitempty" doc:"further calls about it that were no alarm: repeated calls, 催车"`
	Unrecorded bool          `json:"unrecorded,omitempty"`
	Simulated  bool          `json:"simulated,omitempty"`
}

// Call is one contact with the centre about an incident that stood already.
type Call struct {
	At    time.Time `json:"at"`
	By    string    `json:"by" doc:"who took it"`
	Desk  DeskID    `json:"desk,omitempty"`
	Phone string    `json:"phone,omitempty"`
	Text  string    `json:"text,omitempty"`
}

// NodeTime is one node of a mission with where its time comes from. When it was corrected both values stay (DSP-004).
type NodeTime struct {
	Node       Node       `json:"node"`
	At         time.Time  `json:"at"`
	Source     Source     `json:"source"`
	By         string     `json:"by,omitempty"`
	Entered    time.Time  `json:"entered"`
	Late       bool       `json:"late,omitempty" doc:"entered more than 5 min after its time, or after a later node"`
	UncertainS float64    `json:"uncertain_s,omitempty" doc:"uncertainty of At in seconds (TIM-001)"`
	Was        *time.Time `json:"was,omitempty" doc:"value before the correction"`
	WasBy      string     `json:"was_by,omitempty"`
	Reason     string     `json:"reason,omitempty"`
}

// MissionState is the state that the newest node gives a mission, or how it ended.
type MissionState string

// Mission states; each of the first ten is the node of the same name.
const (
	MissionOrdered      MissionState = "ordered"
	MissionAcknowledged MissionState = "acknowledged"
	MissionDeparted     MissionState = "departed"
	MissionAtScene      MissionState = "at_scene"
	MissionContact      MissionState = "contact"
	MissionLeftScene    MissionState = "left_scene"
	MissionAtHospital   MissionState = "at_hospital"
	MissionHandedOver   MissionState = "handed_over"
	MissionAvailable    MissionState = "available"
	MissionAtStation    MissionState = "at_station"
	MissionRecalled     MissionState = "recalled"
	MissionAborted      MissionState = "aborted"
	MissionRefused      MissionState = "refused"
)

// Mission is one unit sent to one incident; it owns the time nodes.
type Mission struct {
	ID          MissionID    `json:"id"`
	Incident    IncidentID   `json:"incident"`
	Unit        UnitID       `json:"unit"`
	State       MissionState `json:"state"`
	Nodes       []NodeTime   `json:"nodes"`
	Undone      []NodeTime   `json:"undone,omitempty" doc:"touches that the crew took back; they stay here (DSP-004)"`
	Order       OrderID      `json:"order"`
	Patients    []PatientID  `json:"patients,omitempty"`
	Destination HospitalID   `json:"destination,omitempty"`
	Notice      NoticeID     `json:"notice,omitempty"`
	Reason      string       `json:"reason,omitempty"`
	// RecommendedID names the stored recommendation that the choice was made from (DSP-002).
	RecommendedID string  `json:"recommended_id,omitempty"`
	LastResort    string  `json:"last_resort,omitempty" doc:"who chose from the 最后手段 list (DSP-001)"`
	SlowerS       float64 `json:"slower_s,omitempty" doc:"how much slower than the best recommendation the choice was"`
	ChoiceReason  string  `json:"choice_reason,omitempty"`
	// Assessment is what the choice of hospital hangs on; Choice how that choice stood to what was recommended (DSP-002).
	Assessment *Assessment     `json:"assessment,omitempty"`
	Choice     *HospitalChoice `json:"choice,omitempty"`
	Ended      *time.Time      `json:"ended,omitempty"`
	Unrecorded bool            `json:"unrecorded,omitempty"`
	Simulated  bool            `json:"simulated,omitempty"`
	// ETA is when the unit is expected at the scene (departed) or at the hospital (left_scene), while that can be said; not journalled.
	ETA       *time.Time `json:"eta,omitempty" doc:"when the unit is expected at the scene or at the hospital it is on its way to"`
	ETAMethod string     `json:"eta_method,omitempty" enum:"straight_line,roads," doc:"how eta was found"`
	ETAFrom   *time.Time `json:"eta_from,omitempty" doc:"of ten units one arrives before this"`
	ETATo     *time.Time `json:"eta_to,omitempty" doc:"of ten units one arrives after this"`
	ETAOwn    int        `json:"eta_own,omitempty" doc:"how many own arrivals the band is made of; the rest is assumed"`
	// Away is since when the unit has been driving away from where it is going; not journalled.
	Away *time.Time `json:"away,omitempty" doc:"since when it has been driving away from where it is going"`
	// Stands are arrivals by position, oldest first: they propose a node, and stay beside the one that people set.
	Stands []Stand `json:"stands,omitempty" doc:"arrivals by position alone"`
	// Forecasts are what was first foretold of each leg, so that the error against the arrival can be told.
	Forecasts []Forecast `json:"forecasts,omitempty" doc:"first foretold arrival of each leg"`
}

// Stand is where positions alone saw a mission's unit arrive: it came to stand at At, or up to UncertainS before.
type Stand struct {
	Node       Node      `json:"node" enum:"at_scene,at_hospital"`
	At         time.Time `json:"at"`
	UncertainS float64   `json:"uncertain_s,omitempty" doc:"seconds before at in which nobody saw it"`
}

// Forecast is an arrival as it was foretold when the unit left.
type Forecast struct {
	Node   Node      `json:"node" enum:"at_scene,at_hospital" doc:"where the leg ends"`
	Made   time.Time `json:"made"`
	At     time.Time `json:"at"`
	From   time.Time `json:"from" doc:"of ten units one arrives before this"`
	To     time.Time `json:"to" doc:"of ten units one arrives after this"`
	Method string    `json:"method" enum:"straight_line,roads"`
	// Own arrivals that the band was made of.
	Own int `json:"own,omitempty"`
}

// HospitalChoice is how the hospital that was chosen stands to the ranking that was shown (DSP-002).
type HospitalChoice struct {
	Ranking  string     `json:"ranking" doc:"names the ranking; the journal holds it whole"`
	Hospital HospitalID `json:"hospital" doc:"the hospital that was chosen from it"`
	Best     HospitalID `json:"best,omitempty" doc:"the first of the ranking; absent: it recommended none"`
	SlowerS  float64    `json:"slower_s,omitempty" doc:"how much later the treatment is predicted than at the best"`
	Against  string     `json:"against,omitempty" doc:"why the chosen one was left out of the recommended: a code of the ranking's reasons"`
	Reason   string     `json:"reason,omitempty" doc:"why it was chosen all the same; asked afterwards"`
}

// OrderState is how far an order has come. Late means that it arrived after its validity and did not sound.
type OrderState string

// Order states.
const (
	OrderQueued    OrderState = "queued"
	OrderDelivered OrderState = "delivered"
	OrderSeen      OrderState = "seen"
	OrderAccepted  OrderState = "accepted"
	OrderRefused   OrderState = "refused"
	OrderWithdrawn OrderState = "withdrawn"
	OrderExpired   OrderState = "expired"
)

// Order is what a unit is told to do, with its four times (DLV-005).
type Order struct {
	ID         OrderID    `json:"id"`
	Mission    MissionID  `json:"mission"`
	Unit       UnitID     `json:"unit"`
	Version    int        `json:"version" doc:"grows with every correction; an answer names the version it answers"`
	State      OrderState `json:"state"`
	Text       string     `json:"text"`
	Place      Place      `json:"place"`
	Priority   Priority   `json:"priority"`
	Complaint  string     `json:"complaint,omitempty"`
	Phone      string     `json:"phone,omitempty"`
	Queued     time.Time  `json:"queued"`
	ValidUntil time.Time  `json:"valid_until" doc:"after this it does not sound as an order (DLV-005)"`
	Sent       int        `json:"sent" doc:"how often it was put on the link"`
	Delivered  *time.Time `json:"delivered,omitempty"`
	Seen       *time.Time `json:"seen,omitempty"`
	SeenBy     string     `json:"seen_by,omitempty"`
	Accepted   *time.Time `json:"accepted,omitempty"`
	AcceptedBy string     `json:"accepted_by,omitempty"`
	ByVoice    bool       `json:"by_voice,omitempty" doc:"a desk entered the acceptance with the name"`
	Refused    string     `json:"refused,omitempty"`
	Unrecorded bool       `json:"unrecorded,omitempty"`
	Simulated  bool       `json:"simulated,omitempty"`
}

// Patient is one patient of one incident; Unit and Device say to what they are bound (CLN-006).
type Patient struct {
	ID        PatientID  `json:"id"`
	Incident  IncidentID `json:"incident,omitempty"`
	Mission   MissionID  `json:"mission,omitempty"`
	Name      string     `json:"name,omitempty"`
	Sex       string     `json:"sex,omitempty" enum:"m,f,"`
	AgeYears  int        `json:"age_years,omitempty"`
	Unit      UnitID     `json:"unit,omitempty" doc:"the unit whose monitor is bound to them; empty when none"`
	Device    DeviceID   `json:"device,omitempty"`
	BoundAt   *time.Time `json:"bound_at,omitempty"`
	BoundBy   string     `json:"bound_by,omitempty"`
	UnboundAt *time.Time `json:"unbound_at,omitempty"`
	Hospital  HospitalID `json:"hospital,omitempty" doc:"destination"`
	Simulated bool       `json:"simulated,omitempty"`
}

// NoticeState is how far a notice to a hospital has come.
type NoticeState string

// Notice states.
const (
	NoticeSent      NoticeState = "sent"
	NoticeDelivered NoticeState = "delivered" // a screen of the hospital has it
	NoticeSeen      NoticeState = "seen"
	NoticeAccepted  NoticeState = "accepted"
	NoticeRejected  NoticeState = "rejected" // needs a reason; cancels nothing (CLN-004)
	NoticeWithdrawn NoticeState = "withdrawn"
)

// Notice tells a hospital who is coming and wants an answer (CLN-004).
type Notice struct {
	ID          NoticeID    `json:"id"`
	Mission     MissionID   `json:"mission"`
	Hospital    HospitalID  `json:"hospital"`
	Patients    []PatientID `json:"patients,omitempty"`
	Pathway     string      `json:"pathway,omitempty"`
	State       NoticeState `json:"state"`
	Text        string      `json:"text,omitempty"`
	Sent        time.Time   `json:"sent"`
	Delivered   *time.Time  `json:"delivered,omitempty"`
	Seen        *time.Time  `json:"seen,omitempty"`
	SeenBy      string      `json:"seen_by,omitempty"`
	Answered    *time.Time  `json:"answered,omitempty"`
	AnsweredBy  string      `json:"answered_by,omitempty"`
	Reason      string      `json:"reason,omitempty"`
	Escalated   int         `json:"escalated" doc:"how many next persons it went to; after the list the desk is alarmed"`
	EscalatedAt *time.Time  `json:"escalated_at,omitempty"`
	Withdrawn   *time.Time  `json:"withdrawn,omitempty"`
	ETA         *time.Time  `json:"eta,omitempty" doc:"when the unit is expected, while that can be said; not journalled"`
	ETAMethod   string      `json:"eta_method,omitempty" enum:"straight_line,roads," doc:"how eta was found: by road, or straight line times a stated detour"`
	ETAFrom     *time.Time  `json:"eta_from,omitempty" doc:"of ten units one arrives before this"`
	ETATo       *time.Time  `json:"eta_to,omitempty" doc:"of ten units one arrives after this"`
	// Priority and Complaint are the incident's, as they stand; not journalled.
	Priority   Priority `json:"priority,omitempty" enum:"A,B,C,D,"`
	Complaint  string   `json:"complaint,omitempty"`
	Unrecorded bool     `json:"unrecorded,omitempty"`
	Simulated  bool     `json:"simulated,omitempty"`
}

// Unit is an ambulance as master data.
type Unit struct {
	ID        UnitID    `json:"id"`
	Plate     string    `json:"plate"`
	Name      string    `json:"name"`
	Kind      UnitKind  `json:"kind"`
	Station   StationID `json:"station"`
	Equipment []string  `json:"equipment,omitempty"`
	Shifts    []string  `json:"shifts,omitempty" doc:"times of day at which its crews change, HH:MM local time"`
	Simulated bool      `json:"simulated,omitempty"`
}

// UnitDuty is what people have said of a unit: fit for duty or not, and why.
type UnitDuty string

// Duties.
const (
	OnDuty       UnitDuty = "on_duty"
	OffDuty      UnitDuty = "off_duty"
	Suspended    UnitDuty = "suspended"    // 暂停调用
	Crewless     UnitDuty = "crewless"     // no driver or no doctor logged on
	BrokenDown   UnitDuty = "broken_down"  // 故障
	Contaminated UnitDuty = "contaminated" // 待洗消
)

// UnitView is a unit as the console shows it: master data, duty, mission, newest position with its age, link and devices.
type UnitView struct {
	Unit
	Duty        UnitDuty       `json:"duty"`
	DutyReason  string         `json:"duty_reason,omitempty"`
	Crew        []string       `json:"crew,omitempty"`
	ShiftEnds   *time.Time     `json:"shift_ends,omitempty" doc:"as a desk entered it; absent: as its shifts say"`
	Mission     MissionID      `json:"mission,omitempty"`
	State       MissionState   `json:"state" doc:"state of the current mission, or available / at_station"`
	Online      bool           `json:"online"`
	LastHeard   *time.Time     `json:"last_heard,omitempty" doc:"server time of the newest message of any kind"`
	Fix         *FixView       `json:"fix,omitempty"`
	Devices     []DeviceStatus `json:"devices,omitempty"`
	Owed        []LaneDepth    `json:"owed,omitempty" doc:"待上传: what the unit still has to deliver, by lane"`
	ClockOffset *float64       `json:"clock_offset_s,omitempty" doc:"agent's clock minus the server's, seconds (TIM-001)"`
	Version     string         `json:"version,omitempty"`
	LiveLost    uint64         `json:"live_lost" doc:"live messages counted as lost since the unit came online (SCR-002)"`
}

// FixView is a position as a screen needs it.
type FixView struct {
	Pos        WGS84      `json:"pos"`
	Quality    Quality    `json:"quality" enum:"never_seen,good,questioned,probe_off,unplugged,searching,out_of_range,device_error,frozen,jump,no_fix"`
	SpeedKmh   *float64   `json:"speed_kmh,omitempty" doc:"absent: the receiver did not say it"`
	CourseDeg  *float64   `json:"course_deg,omitempty" doc:"absent: the receiver did not say it"`
	Satellites *int       `json:"satellites,omitempty" doc:"used; absent: the receiver did not say it"`
	HDOP       float64    `json:"hdop,omitempty"`
	Taken      time.Time  `json:"taken" doc:"agent's receive time corrected by the measured offset"`
	DeviceTime *time.Time `json:"device_time,omitempty"`
	Source     string     `json:"source" enum:"live,backfilled" doc:"stamped by the server (SCR-002)"`
	Simulated  bool       `json:"simulated,omitempty"`
}

// LaneDepth is what one lane still owes.
type LaneDepth struct {
	Lane   string     `json:"lane" enum:"urgent,reading,position,wave"`
	Count  uint64     `json:"count"`
	Bytes  uint64     `json:"bytes"`
	Oldest *time.Time `json:"oldest,omitempty"`
	Capped bool       `json:"capped,omitempty" doc:"at its bound: the oldest of it is being dropped with a gap record (DLV-007)"`
}

// Hospital is a receiving hospital as master data.
type Hospital struct {
	ID        HospitalID `json:"id"`
	Name      string     `json:"name"`
	NameEn    string     `json:"name_en,omitempty"`
	Pos       WGS84      `json:"pos"`
	Gate      *WGS84     `json:"gate,omitempty" doc:"where ambulances drive in; absent: pos"`
	Centres   []string   `json:"centres,omitempty" doc:"chest_pain, stroke, trauma, maternal, newborn, tumour"`
	Persons   []string   `json:"persons,omitempty" doc:"whom a notice goes to, in order (CLN-004)"`
	Abilities []Ability  `json:"abilities,omitempty" doc:"treatments around the clock, with this hospital's usual times"`
	Simulated bool       `json:"simulated,omitempty"`
}

// Door is where an ambulance arrives.
func (h Hospital) Door() WGS84 {
	if h.Gate != nil {
		return *h.Gate
	}
	return h.Pos
}

// Station is an ambulance station as master data.
type Station struct {
	ID        StationID `json:"id"`
	Name      string    `json:"name"`
	NameEn    string    `json:"name_en,omitempty"`
	Pos       WGS84     `json:"pos"`
	Areas     [][]WGS84 `json:"areas,omitempty" doc:"its service area: rings of corners, each closed by itself"`
	Simulated bool      `json:"simulated,omitempty"`
}

// Desk is a desk with whoever sits there.
type Desk struct {
	ID    DeskID     `json:"id"`
	By    string     `json:"by,omitempty" doc:"who is logged on"`
	Role  string     `json:"role,omitempty" enum:"dispatcher,supervisor,"`
	Since *time.Time `json:"since,omitempty"`
	// OnCall: a desk on a live call gets alarms by sight and in the room (ALM-005).
	OnCall bool `json:"on_call,omitempty"`
}

// ReadingView is a reading as a screen needs it: the server stamps state and age limit (SCR-001, SCR-002).
type ReadingView struct {
	Unit       UnitID     `json:"unit"`
	Patient    PatientID  `json:"patient,omitempty" doc:"empty: 未归属 (CLN-006)"`
	Device     DeviceID   `json:"device"`
	Channel    Channel    `json:"channel"`
	Value      *float64   `json:"value,omitempty"`
	UnitOf     string     `json:"unit_of,omitempty"`
	Quality    Quality    `json:"quality" enum:"never_seen,good,questioned,probe_off,unplugged,searching,out_of_range,device_error,frozen,jump,no_fix"`
	Text       string     `json:"text,omitempty"`
	Taken      time.Time  `json:"taken" doc:"capture time on the server's clock"`
	DeviceTime *time.Time `json:"device_time,omitempty"`
	Source     string     `json:"source" enum:"live,backfilled"`
	StaleS     float64    `json:"stale_s" doc:"older than this it shows its age"`
	GoneS      float64    `json:"gone_s" doc:"older than this it is absent"`
	Simulated  bool       `json:"simulated,omitempty"`
}
