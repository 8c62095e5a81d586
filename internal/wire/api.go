package wire

import (
	"time"

	"lifeline120/internal/ems"
)

// This file has the bodies of the HTTP API. Each write carries an id that the client made: the same id sent again answers the
// same and changes nothing. Lengths are bounded here, so that a body can never grow what the centre keeps (ACC-003).

// Act is what every write has.
type Act struct {
	ID string `json:"id,omitempty" maxLength:"64" pattern:"^[a-zA-Z0-9_-]*$" doc:"client's own id of this act: sent again, it changes nothing"`
}

// ReasonBody is an act that needs a reason in words.
type ReasonBody struct {
	Act
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// ServerTime is the server's clock, for measuring one's own.
type ServerTime struct {
	ServerUs int64 `json:"server_us" doc:"µs since 1970, UTC"`
}

// About says what this server is.
type About struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Demo    bool   `json:"demo" doc:"everything here is simulated (SCR-003)"`
	Region  string `json:"region"`
	Store   string `json:"store"`
	City    string `json:"city"`
	// DutyPhone is rung when an alarm waits and no supervisor is logged on (ALM-005).
	DutyPhone string `json:"duty_phone,omitempty" doc:"telephone of whoever is on duty above the desks; absent: the city names none"`
}

// MapInfo says what the base map is: whose data, in which datum, and where its tiles are. Screens convert positions to its datum (GEO-001).
type MapInfo struct {
	City        string     `json:"city"`
	CityEn      string     `json:"city_en,omitempty"`
	Datum       string     `json:"datum" enum:"wgs84,gcj02" doc:"of the tiles; positions everywhere else are WGS-84"`
	Attribution string     `json:"attribution,omitempty"`
	Tiles       string     `json:"tiles,omitempty" doc:"path of the tiles, with {z}/{x}/{y}; absent: the city has no base map"`
	MinZoom     int        `json:"min_zoom"`
	MaxZoom     int        `json:"max_zoom"`
	Bounds      [4]float64 `json:"bounds" doc:"west, south, east, north, in the datum of the tiles"`
	Centre      ems.WGS84  `json:"centre" doc:"what to show first"`
}

// Route is the way of a moving unit, from its last position to where it is headed; without a line while none is known.
type Route struct {
	Unit    ems.UnitID   `json:"unit"`
	From    *time.Time   `json:"from,omitempty" doc:"when the position that it begins at was taken"`
	Seconds float64      `json:"seconds"`
	Metres  float64      `json:"metres"`
	WalkM   float64      `json:"walk_m" doc:"on foot, from the road to the place"`
	Line    [][2]float64 `json:"line" doc:"lon, lat; WGS-84"`
	Steps   []RouteStep  `json:"steps"`
}

// RouteStep is a piece of a route on one road, and what the driver does at its beginning.
type RouteStep struct {
	Turn    string  `json:"turn" enum:"depart,continue,slight_left,left,sharp_left,slight_right,right,sharp_right,u_turn,roundabout,arrive"`
	Name    string  `json:"name,omitempty"`
	Metres  float64 `json:"metres"`
	Seconds float64 `json:"seconds"`
}

// Arrivals are the forecasts that the centre still holds beside what came, and the bands that they make.
type Arrivals struct {
	Bands    map[string]ArrivalBand `json:"bands" doc:"key: method"`
	Arrivals []Arrival              `json:"arrivals" doc:"newest forecast first"`
}

// ArrivalBand is how much sooner or later than foretold units arrive.
type ArrivalBand struct {
	Low  float64 `json:"low" doc:"of ten units one needs less than this share of the time foretold"`
	High float64 `json:"high" doc:"of ten units one needs more than this share of the time foretold"`
	Own  int     `json:"own" doc:"own arrivals that it is made of; below 20 the rest is assumed"`
}

// Arrival is what was foretold of one leg of a mission, and what came.
type Arrival struct {
	Mission  ems.MissionID `json:"mission"`
	Unit     ems.UnitID    `json:"unit"`
	Forecast ems.Forecast  `json:"forecast"`
	Arrived  *time.Time    `json:"arrived,omitempty" doc:"by position where that is certain, otherwise by the node; absent: not there, or entered long after"`
	ErrorS   *float64      `json:"error_s,omitempty" doc:"seconds later than foretold; negative: sooner"`
	InBand   *bool         `json:"in_band,omitempty"`

	Simulated bool `json:"simulated,omitempty"`
}

// PlaceHit is a place that answers what a caller said, best first in its list.
type PlaceHit struct {
	Name    string    `json:"name"`
	Kind    string    `json:"kind" enum:"area,road,village,hospital,school,transport,landmark,station,aed,crossing,house,post,called"`
	Pos     ems.WGS84 `json:"pos"`
	Match   string    `json:"match" enum:"exact,prefix,inside,fuzzy"`
	By      string    `json:"by" enum:"name,pinyin,initials,sound,short,part,typo" doc:"what of it was asked for"`
	House   string    `json:"house,omitempty" doc:"number of the house or kilometre post at pos"`
	Asked   string    `json:"asked,omitempty" doc:"the number that was asked for and is not known: pos is that of house, which is near, or between two posts, or of the road (GEO-002)"`
	Between string    `json:"between,omitempty" doc:"two kilometre posts: pos is worked out along the road between them"`
	Box     []float64 `json:"box,omitempty" doc:"of a road: west, south, east, north"`
	Times   int       `json:"times,omitempty" doc:"of an address that help was called to before: how often"`
	Rest    string    `json:"rest,omitempty" doc:"of the question: building, unit, what it lies beside"`
	Area    string    `json:"area,omitempty" doc:"town or neighbourhood near it"`
}

// CallerAlarm is the caller's one key. Nothing but the press itself is needed (ALM-001).
type CallerAlarm struct {
	PressID  string     `json:"press_id" minLength:"1" maxLength:"64" doc:"names the press; sent again, it is the same alarm (ALM-004)"`
	Who      string     `json:"who,omitempty" enum:"self,relative,stranger,"`
	Phone    string     `json:"phone,omitempty" maxLength:"32"`
	Text     string     `json:"text,omitempty" maxLength:"1000"`
	Place    *ems.Place `json:"place,omitempty"`
	Pressed  *time.Time `json:"pressed,omitempty" doc:"the phone's own time of the press"`
	OffsetMs *float64   `json:"offset_ms,omitempty" doc:"the phone's clock minus the server's, measured against /api/v1/time"`
}

// AlarmAnswer says that an alarm is stored: it is never answered before (ALM-003).
type AlarmAnswer struct {
	Alarm ems.AlarmID `json:"alarm"`
	State string      `json:"state" enum:"stored,unrecorded" doc:"unrecorded: a desk hears it, the store has not answered (DLV-006); the lamp stays pending"`
	Token string      `json:"token,omitempty" doc:"the caller's secret: path of their own page"`
}

// PressBody is a further press of the same key.
type PressBody struct {
	PressID string     `json:"press_id" minLength:"1" maxLength:"64"`
	Place   *ems.Place `json:"place,omitempty"`
}

// CallerDetail is what the caller adds after the press.
type CallerDetail struct {
	Act
	Text  string     `json:"text,omitempty" maxLength:"1000"`
	Phone string     `json:"phone,omitempty" maxLength:"32"`
	Place *ems.Place `json:"place,omitempty"`
}

// CallerView is all that a caller's page shows of their own alarm.
type CallerView struct {
	Alarm         ems.AlarmID      `json:"alarm"`
	AlarmState    ems.AlarmState   `json:"alarm_state" enum:"stored,acknowledged,handled"`
	Received      bool             `json:"received" doc:"the centre has stored it (ALM-003)"`
	OrderAccepted bool             `json:"order_accepted" doc:"only then may the page say that help is coming (ALM-003)"`
	UnitPlate     string           `json:"unit_plate,omitempty"`
	UnitPos       *ems.WGS84       `json:"unit_pos,omitempty"`
	UnitPosAt     *time.Time       `json:"unit_pos_at,omitempty"`
	MissionState  ems.MissionState `json:"mission_state,omitempty"`
	// EtaFrom to EtaTo is when the unit is expected at the scene: a band, because it is an estimate.
	EtaFrom   *time.Time      `json:"eta_from,omitempty" doc:"earliest expected arrival at the scene, while that can be said"`
	EtaTo     *time.Time      `json:"eta_to,omitempty" doc:"latest expected arrival"`
	EtaMethod string          `json:"eta_method,omitempty" enum:"straight_line,roads," doc:"how it was found"`
	Who       string          `json:"who,omitempty" enum:"self,relative,stranger,"`
	Place     *ems.Place      `json:"place,omitempty"`
	Corrected bool            `json:"corrected,omitempty" doc:"the caller has corrected the place"`
	Messages  []CallerMessage `json:"messages,omitempty"`
	Closed    bool            `json:"closed,omitempty" doc:"the link ends with the incident"`
	Simulated bool            `json:"simulated,omitempty"`
}

// CallerMessage is one line of the talk between caller and centre.
type CallerMessage struct {
	ID    ems.MessageID `json:"id,omitempty"`
	At    time.Time     `json:"at"`
	By    string        `json:"by" enum:"caller,centre"`
	Text  string        `json:"text,omitempty"`
	Card  string        `json:"card,omitempty" doc:"first-aid card to show"`
	Photo ems.PhotoID   `json:"photo,omitempty"`
	Place *ems.Place    `json:"place,omitempty"`
	Read  bool          `json:"read,omitempty" doc:"the other side had it before its eyes"`
}

// CallerSays is a message of the caller. Its id is the phone's own: sent again it changes nothing.
type CallerSays struct {
	ID   string     `json:"id" minLength:"1" maxLength:"64"`
	Text string     `json:"text" minLength:"1" maxLength:"500"`
	At   *time.Time `json:"at,omitempty" doc:"when it was written, on the server's clock as the phone has measured it"`
}

// CallerPlace is a correction of the place by the caller.
type CallerPlace struct {
	ID        string     `json:"id" minLength:"1" maxLength:"64"`
	Place     ems.Place  `json:"place"`
	Elsewhere bool       `json:"elsewhere,omitempty" doc:"the phone is not where help is needed: its position is dropped"`
	At        *time.Time `json:"at,omitempty"`
}

// ReadBody says up to which message the other side's were before one's eyes.
type ReadBody struct {
	Act
	UpTo ems.MessageID `json:"up_to" minLength:"1" maxLength:"64"`
}

// SayBody is a message of a desk to a caller: words, a first-aid card, or both.
type SayBody struct {
	Act
	Text string `json:"text,omitempty" maxLength:"500"`
	Card string `json:"card,omitempty" enum:"cpr_adult,cpr_child,cpr_infant,choking,bleeding,stroke,chest_pain,seizure,burns,labour,"`
}

// DeviceAlarm is an alarm of a device by HTTP.
type DeviceAlarm struct {
	PressID string     `json:"press_id" minLength:"1" maxLength:"64"`
	Device  string     `json:"device" minLength:"1" maxLength:"64" doc:"the device's own name"`
	Text    string     `json:"text,omitempty" maxLength:"1000"`
	Phone   string     `json:"phone,omitempty" maxLength:"32"`
	Place   *ems.Place `json:"place,omitempty"`
	Pressed *time.Time `json:"pressed,omitempty"`
}

// MergeBody handles an alarm by an incident that stands already.
type MergeBody struct {
	Act
	Incident ems.IncidentID `json:"incident" minLength:"1" maxLength:"64"`
}

// CallAgainBody is a further call about an incident that stands.
type CallAgainBody struct {
	Act
	Phone string `json:"phone,omitempty" maxLength:"32"`
	Text  string `json:"text,omitempty" maxLength:"500"`
}

// AttentionBody says what a desk has open now. All empty: nothing.
type AttentionBody struct {
	Act
	Alarm    ems.AlarmID    `json:"alarm,omitempty" maxLength:"64"`
	Incident ems.IncidentID `json:"incident,omitempty" maxLength:"64"`
	Writing  bool           `json:"writing,omitempty" doc:"a sheet is being written"`
}

// IncidentBody opens an incident; with Alarm given that alarm is handled by it.
type IncidentBody struct {
	Act
	Alarm     ems.AlarmID      `json:"alarm,omitempty" maxLength:"64"`
	Type      ems.IncidentType `json:"type,omitempty" enum:"emergency,transport,transfer," doc:"emergency when not given"`
	Priority  ems.Priority     `json:"priority,omitempty" enum:"A,B,C,D," doc:"B when not given"`
	Place     *ems.Place       `json:"place,omitempty" doc:"the alarm's when not given"`
	Complaint string           `json:"complaint,omitempty" maxLength:"500"`
	Pathway   string           `json:"pathway,omitempty" maxLength:"32"`
	Phone     string           `json:"phone,omitempty" maxLength:"32"`
}

// IncidentChange changes what is given and leaves the rest.
type IncidentChange struct {
	Act
	Type      *ems.IncidentType `json:"type,omitempty" enum:"emergency,transport,transfer"`
	Priority  *ems.Priority     `json:"priority,omitempty" enum:"A,B,C,D"`
	Place     *ems.Place        `json:"place,omitempty"`
	Complaint *string           `json:"complaint,omitempty" maxLength:"500"`
	Pathway   *string           `json:"pathway,omitempty" maxLength:"32"`
	Phone     *string           `json:"phone,omitempty" maxLength:"32"`
}

// Why is one reason as a code of the screens' dictionary, with its numbers and names.
type Why struct {
	Code string            `json:"code"`
	Args map[string]string `json:"args,omitempty"`
}

// RecommendedUnit is one unit with how soon it can be there, and why it stands where it stands.
type RecommendedUnit struct {
	Unit      ems.UnitID `json:"unit"`
	EtaS      *float64   `json:"eta_s,omitempty" doc:"by road, or by the straight line where method or a caution by_line says so; absent: unknown, for want of a position of the unit or of the incident"`
	DistanceM *float64   `json:"distance_m,omitempty" doc:"straight line; absent: unknown"`
	Reasons   []Why      `json:"reasons,omitempty"`
	Caution   []Why      `json:"caution,omitempty" doc:"a failed part, by name (DSP-001)"`
	HandicapS float64    `json:"handicap_s,omitempty" doc:"seconds that it is ranked behind its time; the reasons say why"`
	First     []Why      `json:"first,omitempty" doc:"what would have to be true for it to stand first"`
	// The rest is of units that are on a mission.
	Mission ems.MissionID `json:"mission,omitempty"`
	Act     string        `json:"act,omitempty" enum:"recall,free,wait," doc:"what a person must do before it can be sent: recall its mission, enter that it is available, or wait"`
	FreeAt  *time.Time    `json:"free_at,omitempty" doc:"when its task is foretold to end"`
	GainS   *float64      `json:"gain_s,omitempty" doc:"by how much it is sooner than the best free unit; absent: there is none"`
	LosesS  *float64      `json:"loses_s,omitempty" doc:"by how much later somebody is with the other incident; absent: nobody else can go, or that is not known"`
}

// LeftOut is a unit that is not recommended, and why.
type LeftOut struct {
	Unit  ems.UnitID `json:"unit"`
	Why   []Why      `json:"why"`
	EtaS  *float64   `json:"eta_s,omitempty" doc:"its time, were it sent from where it is; absent: unknown"`
	First []Why      `json:"first,omitempty" doc:"what would have to be true for it to stand first"`
}

// Recommendation ranks units for an incident; it is stored before it is shown (DSP-002).
type Recommendation struct {
	ID           string            `json:"id"`
	Incident     ems.IncidentID    `json:"incident"`
	At           time.Time         `json:"at"`
	Method       string            `json:"method" enum:"straight_line,roads,roads_live" doc:"by straight line, by road at free flow, or by road with measured speeds or closures"`
	DetourFactor float64           `json:"detour_factor"`
	SpeedKmh     float64           `json:"speed_kmh"`
	Units        []RecommendedUnit `json:"units"`
	LeftOut      []LeftOut         `json:"left_out,omitempty"`
	LastResort   []RecommendedUnit `json:"last_resort,omitempty" doc:"最后手段: a person chooses from it, by name (DSP-001)"`
	Soon         []RecommendedUnit `json:"soon,omitempty" doc:"on a mission that is about to end; they cannot be sent yet"`
	Divert       []RecommendedUnit `json:"divert,omitempty" doc:"on their way to somebody less urgent; a person may recall them"`
	Missing      []Why             `json:"missing,omitempty" doc:"what was not known: roads, a position"`
	Simulated    bool              `json:"simulated,omitempty"`
}

// DispatchBody sends a unit.
type DispatchBody struct {
	Act
	Unit           ems.UnitID `json:"unit" minLength:"1" maxLength:"64"`
	Recommendation string     `json:"recommendation,omitempty" maxLength:"64" doc:"the one that the choice was made from (DSP-002)"`
	LastResort     bool       `json:"last_resort,omitempty"`
	Text           string     `json:"text,omitempty" maxLength:"1000"`
}

// Dispatched is the mission and the order that a dispatch made.
type Dispatched struct {
	Mission ems.Mission `json:"mission"`
	Order   ems.Order   `json:"order"`
}

// NodeBody sets a node of a mission from a desk.
type NodeBody struct {
	Act
	Node       ems.Node   `json:"node" enum:"ordered,acknowledged,departed,at_scene,contact,left_scene,at_hospital,handed_over,available,at_station"`
	At         *time.Time `json:"at,omitempty" doc:"now when not given"`
	Stood      bool       `json:"stood,omitempty" doc:"the time is when positions saw the unit arrive (stands of the mission)"`
	Correction bool       `json:"correction,omitempty"`
	Reason     string     `json:"reason,omitempty" maxLength:"500"`
}

// DestinationBody names the hospital of a mission and tells it.
type DestinationBody struct {
	Act
	Hospital ems.HospitalID `json:"hospital" minLength:"1" maxLength:"64"`
	Pathway  string         `json:"pathway,omitempty" maxLength:"32"`
	Text     string         `json:"text,omitempty" maxLength:"1000"`
	Ranking  string         `json:"ranking,omitempty" maxLength:"64" doc:"the ranking that it was chosen from (DSP-002)"`
}

// NoticeAnswer is the notice that an act made or changed.
type NoticeAnswer struct {
	Notice ems.Notice `json:"notice"`
}

// VoiceBody enters an acceptance that was given by voice, with the name (DLV-005).
type VoiceBody struct {
	Act
	Name string `json:"name" minLength:"1" maxLength:"64"`
}

// PatientBody adds a patient to a mission or changes one. An absent field is left as it is.
type PatientBody struct {
	Act
	Name     string `json:"name,omitempty" maxLength:"64"`
	Sex      string `json:"sex,omitempty" enum:"m,f,"`
	AgeYears int    `json:"age_years,omitempty" minimum:"0" maximum:"130"`
}

// DutyBody says whether a unit is fit for duty, and why not.
type DutyBody struct {
	Act
	Duty   ems.UnitDuty `json:"duty" enum:"on_duty,off_duty,suspended,crewless,broken_down,contaminated"`
	Reason string       `json:"reason,omitempty" maxLength:"500"`
	Crew   []string     `json:"crew,omitempty" maxItems:"8"`
	// ShiftEnds is when the shift of its crew ends.
	ShiftEnds *time.Time `json:"shift_ends,omitempty" doc:"within the next 24 hours; absent: unchanged. Forgotten when the unit goes off duty"`
}

// LogOnBody seats a person at a desk.
type LogOnBody struct {
	Act
	Role string `json:"role" enum:"dispatcher,supervisor"`
}

// CallBody says whether the desk is on a live call (ALM-005).
type CallBody struct {
	Act
	On bool `json:"on"`
}

// ReadingPoint is one stored reading of a patient.
type ReadingPoint struct {
	ems.ReadingView
	Received time.Time `json:"received" doc:"when the centre stored it"`
}

// JournalLine is one event of the journal.
type JournalLine struct {
	Seq    uint64    `json:"seq"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Stream string    `json:"stream"`
	Type   string    `json:"type"`
	Body   any       `json:"body"`
	Hash   string    `json:"hash" doc:"of this event, over the hash of the one before (ACC-002)"`
}

// Lamp is the lamp of an SOS key: "received" only when the dispatcher has stored the alarm (ALM-003).
type Lamp string

// Lamps.
const (
	LampPending  Lamp = "pending"
	LampReceived Lamp = "received"
)

// The bodies below are the terminal's: the vehicle agent serves them.

// TerminalSOS is the crew's SOS from the terminal.
type TerminalSOS struct {
	PressID string     `json:"press_id" minLength:"1" maxLength:"64"`
	By      string     `json:"by" enum:"terminal,tablet,key"`
	Seat    string     `json:"seat,omitempty" enum:"driver,cabin,"`
	Pressed *time.Time `json:"pressed,omitempty" doc:"by the vehicle's clock, as far as the tablet has measured it"`
	// UncertaintyS is absent when the tablet has not measured the vehicle's clock.
	UncertaintyS *float64 `json:"uncertainty_s,omitempty" minimum:"0" doc:"how far off pressed may be; absent: not known"`
	Away         bool     `json:"away,omitempty" doc:"pressed on a tablet that was away from the vehicle"`
	Text         string   `json:"text,omitempty" maxLength:"1000"`
}

// TerminalSOSAnswer is the lamp as it stands.
type TerminalSOSAnswer struct {
	PressID string `json:"press_id"`
	Lamp    Lamp   `json:"lamp" enum:"pending,received"`
}

// OrderAnswerBody is the crew's answer to an order; a refusal needs a reason.
type OrderAnswerBody struct {
	By     string `json:"by" minLength:"1" maxLength:"64"`
	Reason string `json:"reason,omitempty" maxLength:"500"`
}

// TerminalNode is one touch of a node. Undo takes the touch of this id back.
type TerminalNode struct {
	ID         string     `json:"id" minLength:"1" maxLength:"64" doc:"names the touch"`
	Node       ems.Node   `json:"node" enum:"acknowledged,departed,at_scene,contact,left_scene,at_hospital,handed_over,available,at_station"`
	At         *time.Time `json:"at,omitempty"`
	Stood      bool       `json:"stood,omitempty" doc:"the time is when positions saw the vehicle arrive, where they still say so (stands of the mission)"`
	By         string     `json:"by" minLength:"1" maxLength:"64"`
	Correction bool       `json:"correction,omitempty"`
	Reason     string     `json:"reason,omitempty" maxLength:"500"`
	Undo       bool       `json:"undo,omitempty"`
}

// TerminalWay is the way of the mission under way as the centre last told it, for the terminal's sketch.
type TerminalWay struct {
	Mission ems.MissionID `json:"mission"`
	Node    ems.Node      `json:"node" enum:"at_scene,at_hospital" doc:"where it ends"`
	From    time.Time     `json:"from" doc:"when the position was taken that it begins at, on the centre's clock"`
	Heard   time.Time     `json:"heard" doc:"when it was told, on the vehicle's clock"`
	Eta     time.Time     `json:"eta"`
	EtaFrom time.Time     `json:"eta_from" doc:"of ten units one arrives before this"`
	EtaTo   time.Time     `json:"eta_to" doc:"of ten units one arrives after this"`
	Method  string        `json:"method" enum:"straight_line,roads"`
	Metres  float64       `json:"metres"`
	WalkM   float64       `json:"walk_m" doc:"on foot, from the road to the place"`
	Line    [][2]float64  `json:"line" doc:"lon, lat; WGS-84"`
	Steps   []RouteStep   `json:"steps"`

	Simulated bool `json:"simulated,omitempty"`
}

// TerminalDestination is the crew's choice of hospital.
type TerminalDestination struct {
	ID       string         `json:"id,omitempty" maxLength:"64"`
	Hospital ems.HospitalID `json:"hospital" minLength:"1" maxLength:"64"`
	By       string         `json:"by" minLength:"1" maxLength:"64"`
	Pathway  string         `json:"pathway,omitempty" maxLength:"32"`
	Text     string         `json:"text,omitempty" maxLength:"1000"`
	Ranking  string         `json:"ranking,omitempty" maxLength:"64" doc:"the centre's ranking that it was chosen from (DSP-002)"`
}

// TerminalNote is a note of the crew.
type TerminalNote struct {
	ID      string        `json:"id" minLength:"1" maxLength:"64"`
	Mission ems.MissionID `json:"mission,omitempty" maxLength:"64"`
	Patient ems.PatientID `json:"patient,omitempty" maxLength:"64"`
	Text    string        `json:"text" minLength:"1" maxLength:"4000"`
	By      string        `json:"by" minLength:"1" maxLength:"64"`
	At      *time.Time    `json:"at,omitempty"`
}

// TerminalPhoto is a photo that the crew took: a JPEG that the terminal has made small.
type TerminalPhoto struct {
	ID      string        `json:"id" minLength:"1" maxLength:"64" doc:"names the photo: sent again, it changes nothing"`
	Mission ems.MissionID `json:"mission" minLength:"1" maxLength:"64"`
	Patient ems.PatientID `json:"patient,omitempty" maxLength:"64" doc:"whom it shows; none: 未归属, no hospital sees it"`
	By      string        `json:"by" minLength:"1" maxLength:"64"`
	At      *time.Time    `json:"at,omitempty" doc:"on the vehicle's clock"`
	// UncertainS is of At, of a photo taken away from the vehicle.
	UncertainS float64 `json:"uncertain_s,omitempty" minimum:"0" maximum:"604800"`
	Jpeg       []byte  `json:"jpeg" minLength:"1" maxLength:"700000" doc:"base64"`
}

// BindingBody binds a device to a patient, or unbinds it (CLN-006). Without Patient a new one is made.
type BindingBody struct {
	Device   ems.DeviceID  `json:"device" minLength:"1" maxLength:"64"`
	Patient  ems.PatientID `json:"patient,omitempty" maxLength:"64"`
	Name     string        `json:"name,omitempty" maxLength:"64"`
	Sex      string        `json:"sex,omitempty" enum:"m,f,"`
	AgeYears int           `json:"age_years,omitempty" minimum:"0" maximum:"130"`
	Mission  ems.MissionID `json:"mission,omitempty" maxLength:"64"`
	By       string        `json:"by" minLength:"1" maxLength:"64"`
	Bound    bool          `json:"bound"`
	Reason   string        `json:"reason,omitempty" maxLength:"200"`
}

// BindingAnswer names the patient of a binding.
type BindingAnswer struct {
	Patient ems.PatientID `json:"patient"`
}

// MonitorCommand asks something of a monitor.
type MonitorCommand struct {
	Command string `json:"command" enum:"nibp_start,nibp_stop"`
	// Cuff is for whom the cuff is inflated; without it the age of the patient who is bound to the device decides.
	Cuff string `json:"cuff,omitempty" enum:"adult,child,neonate"`
}

// Handover is what a tablet kept while it was away (TIM-001): its times are by its own clock, whose offset it measured.
type Handover struct {
	Tablet        string          `json:"tablet" minLength:"1" maxLength:"64"`
	OffsetMs      float64         `json:"offset_ms" doc:"the tablet's clock minus the vehicle's"`
	UncertaintyMs float64         `json:"uncertainty_ms" minimum:"0"`
	Entries       []HandoverEntry `json:"entries" maxItems:"500"`
}

// HandoverEntry is one thing that a tablet kept.
type HandoverEntry struct {
	ID   string        `json:"id" minLength:"1" maxLength:"64"`
	Kind string        `json:"kind" enum:"node,sos,note"`
	At   time.Time     `json:"at" doc:"by the tablet's clock"`
	Body HandoverWords `json:"body"`
}

// HandoverWords are the words of an entry: of a node (mission, node, by), an SOS (seat, by, text) or a note (mission, patient, text, by).
type HandoverWords struct {
	Mission ems.MissionID `json:"mission,omitempty" maxLength:"64"`
	Patient ems.PatientID `json:"patient,omitempty" maxLength:"64"`
	Node    ems.Node      `json:"node,omitempty" maxLength:"32"`
	Seat    string        `json:"seat,omitempty" maxLength:"16"`
	Text    string        `json:"text,omitempty" maxLength:"4000"`
	By      string        `json:"by,omitempty" maxLength:"64"`
}

// HandoverAnswer names the entries that the vehicle has taken over for good: the tablet may forget them.
type HandoverAnswer struct {
	Taken []string `json:"taken"`
}

// Done answers an act that has nothing else to say.
type Done struct {
	OK bool `json:"ok"`
}
