package wire

import (
	"encoding/json"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/pathway"
)

// Subprotocol is the websocket subprotocol of the live feed.
const Subprotocol = "lifeline.v1"

// ClientFrame is what a screen says on the feed. T names which: "hello" (first: topics, by, desk, resume), "sub" and "unsub"
// (topics), "resume" (topic, term, seq: send me what is missing after this), "ping" and "pong" (n, client_us).
type ClientFrame struct {
	T        string             `json:"t" enum:"hello,sub,unsub,resume,ping,pong"`
	Topics   []string           `json:"topics,omitempty"`
	By       string             `json:"by,omitempty"`
	Desk     string             `json:"desk,omitempty"`
	Resume   map[string]FeedSeq `json:"resume,omitempty"`
	Topic    string             `json:"topic,omitempty"`
	Term     uint64             `json:"term,omitempty"`
	Seq      uint64             `json:"seq,omitempty"`
	N        uint64             `json:"n,omitempty"`
	ClientUs int64              `json:"client_us,omitempty" doc:"the screen's clock, µs since 1970"`
}

// FeedSeq is a place in a topic. A new term means a new snapshot.
type FeedSeq struct {
	Term uint64 `json:"term"`
	Seq  uint64 `json:"seq"`
}

// WelcomeFrame is the first thing that a screen hears.
type WelcomeFrame struct {
	T        string `json:"t" enum:"welcome"`
	Term     uint64 `json:"term"`
	ServerUs int64  `json:"server_us"`
	Demo     bool   `json:"demo"`
	Store    string `json:"store"`
	About    About  `json:"about"`
}

// SnapFrame is the whole of a topic as it stands at Seq.
type SnapFrame struct {
	T        string                                `json:"t" enum:"snap"`
	Topic    string                                `json:"topic"`
	Term     uint64                                `json:"term"`
	Seq      uint64                                `json:"seq"`
	ServerUs int64                                 `json:"server_us"`
	Data     map[string]map[string]json.RawMessage `json:"data" doc:"collection, key, value; Collections has the types"`
}

// DeltaFrame changes a topic from Seq-1 to Seq. A hole in Seq means: ask to resume.
type DeltaFrame struct {
	T        string `json:"t" enum:"delta"`
	Topic    string `json:"topic"`
	Term     uint64 `json:"term"`
	Seq      uint64 `json:"seq"`
	ServerUs int64  `json:"server_us"`
	Ops      []Op   `json:"ops"`
}

// Op sets the value of a key of a collection, or deletes it when V is absent.
type Op struct {
	C string          `json:"c"`
	K string          `json:"k"`
	V json.RawMessage `json:"v,omitempty"`
}

// PingFrame is the heartbeat of either end, every 2 s (SCR-006); the other answers with a PongFrame of the same N.
type PingFrame struct {
	T        string `json:"t" enum:"ping"`
	N        uint64 `json:"n"`
	ServerUs int64  `json:"server_us"`
}

// PongFrame answers a screen's ping.
type PongFrame struct {
	T        string `json:"t" enum:"pong"`
	N        uint64 `json:"n"`
	ClientUs int64  `json:"client_us" doc:"as the ping had it"`
	ServerUs int64  `json:"server_us"`
}

// RefusedFrame says that a topic is not given, and why; Topic is empty when the frame itself was not understood.
type RefusedFrame struct {
	T      string `json:"t" enum:"refused"`
	Topic  string `json:"topic"`
	Detail string `json:"detail"`
}

// Collections are the values that topics hold, for the types: every topic has some of them, key to value.
type Collections struct {
	Alarms          map[string]ems.Alarm         `json:"alarms,omitempty"`
	Groups          map[string]AlarmGroup        `json:"groups,omitempty" doc:"floods of open alarms: the one table of ALM-006; an alarm in none is a line of its own"`
	Incidents       map[string]ems.Incident      `json:"incidents,omitempty"`
	Missions        map[string]ems.Mission       `json:"missions,omitempty"`
	Orders          map[string]ems.Order         `json:"orders,omitempty"`
	Notices         map[string]ems.Notice        `json:"notices,omitempty"`
	Patients        map[string]ems.Patient       `json:"patients,omitempty"`
	Units           map[string]ems.UnitView      `json:"units,omitempty"`
	Hospitals       map[string]ems.Hospital      `json:"hospitals,omitempty"`
	Boards          map[string]ems.HospitalBoard `json:"boards,omitempty" doc:"what hospitals say of themselves; a hospital gets its own"`
	Stations        map[string]ems.Station       `json:"stations,omitempty"`
	Desks           map[string]ems.Desk          `json:"desks,omitempty"`
	Attention       map[string]Attention         `json:"attention,omitempty" doc:"key: desk; what it has open now"`
	Readings        map[string]ems.ReadingView   `json:"readings,omitempty" doc:"key: unit/device/channel"`
	Notes           map[string]NoteView          `json:"notes,omitempty"`
	Talk            map[string]ems.Message       `json:"talk,omitempty" doc:"messages between callers and desks"`
	Photos          map[string]ems.Photo         `json:"photos,omitempty" doc:"bytes at /api/v1/photos/{id}; of hospitals only those of patients whom they see (SCR-004)"`
	Closures        map[string]ems.Closure       `json:"closures,omitempty" doc:"closed roads"`
	Roads           map[string]RoadsNow          `json:"roads,omitempty" doc:"key: now; what the travel times are made of"`
	Slots           map[string]WaveSlot          `json:"slots,omitempty" doc:"key: slot"`
	Recommendations map[string]Recommendation    `json:"recommendations,omitempty"`
	Health          map[string]Health            `json:"health,omitempty" doc:"key: store, link, spool"`
	Cases           map[string]pathway.Case      `json:"cases,omitempty" doc:"time nodes against targets; key: mission"`
	Limits          map[string]ChannelLimits     `json:"limits,omitempty" doc:"of a hospital's screens; key: channel"`
	Caller          map[string]CallerView        `json:"caller,omitempty" doc:"key: me"`
	// The terminal's own.
	Presses map[string]TerminalAlarm  `json:"presses,omitempty" doc:"on the terminal this collection is named alarms, key press_id"`
	Devices map[string]TerminalDevice `json:"devices,omitempty"`
	// Earlier is what an order said before its newest correction.
	Earlier map[string]ems.Order         `json:"earlier,omitempty"`
	Taken   map[string]TerminalPhotoView `json:"taken,omitempty" doc:"photos that the crew took"`
	Way     map[string]TerminalWay       `json:"way,omitempty" doc:"key: self; of the mission under way, as the centre last told it"`
	Fix     map[string]ems.FixView       `json:"fix,omitempty" doc:"key: self; the vehicle's own newest position"`
	Link    map[string]TerminalLink      `json:"link,omitempty" doc:"key: state"`
	// Bindings has every device that is bound now; several may be bound to one patient (CLN-006).
	Bindings map[string]TerminalBinding `json:"bindings,omitempty" doc:"key: device"`
	Owed     map[string]ems.LaneDepth   `json:"owed,omitempty" doc:"key: lane"`
	Kept     map[string]KeptView        `json:"kept,omitempty" doc:"key: id of what was touched and is still owed"`
}

// AlarmGroup is a flood of one source, kind and place that a screen shows as one line, in which each alarm stays reachable (ALM-006).
type AlarmGroup struct {
	Key      string        `json:"key" doc:"stable while its first alarm is open"`
	Source   string        `json:"source" doc:"of them all: a network address (net-...), or what names itself"`
	Kind     ems.AlarmKind `json:"kind"`
	Code     string        `json:"code,omitempty"`
	Flood    bool          `json:"flood"`
	Alarms   []ems.AlarmID `json:"alarms" doc:"oldest first, all of them"`
	Sounding bool          `json:"sounding"`
}

// Attention is what a desk has open, so that another desk sees who is at it (正在处理). It is not journalled, and gone when the desk does not say
// it again.
type Attention struct {
	Desk     ems.DeskID     `json:"desk"`
	By       string         `json:"by"`
	Alarm    ems.AlarmID    `json:"alarm,omitempty"`
	Incident ems.IncidentID `json:"incident,omitempty"`
	Writing  bool           `json:"writing,omitempty" doc:"a sheet is being written"`
	At       time.Time      `json:"at" doc:"when it was last said"`
}

// WaveSlot says what the frames of a slot show.
type WaveSlot struct {
	Slot      uint16        `json:"slot"`
	Patient   ems.PatientID `json:"patient,omitempty" doc:"empty: 未归属 (CLN-006)"`
	Unit      ems.UnitID    `json:"unit"`
	Device    ems.DeviceID  `json:"device"`
	Stream    string        `json:"stream" doc:"names one run of counters; a new one starts its counters anew"`
	Kind      WaveKind      `json:"kind" doc:"1 ecg, 2 pleth, 3 resp, 4 co2"`
	Leads     []ems.Channel `json:"leads"`
	RateHz    float64       `json:"rate_hz"`
	LSBuV     float64       `json:"lsb_uv" doc:"microvolts a step; 0 = not calibrated"`
	Filter    string        `json:"filter,omitempty" doc:"as the device states it"`
	Simulated bool          `json:"simulated,omitempty"`
	Demo      bool          `json:"demo,omitempty" doc:"the device itself says that it is in demo mode"`
}

// NoteView is a note of the crew, or a remark of the system about a fact that changed nothing else.
type NoteView struct {
	ID         string        `json:"id"`
	Unit       ems.UnitID    `json:"unit"`
	Mission    ems.MissionID `json:"mission,omitempty"`
	Patient    ems.PatientID `json:"patient,omitempty"`
	Text       string        `json:"text"`
	By         string        `json:"by"`
	At         time.Time     `json:"at"`
	Entered    time.Time     `json:"entered"`
	UncertainS float64       `json:"uncertain_s,omitempty" doc:"uncertainty of At (TIM-001)"`
	Code       string        `json:"code,omitempty" doc:"which remark of the system"`
	Unrecorded bool          `json:"unrecorded,omitempty"`
	Simulated  bool          `json:"simulated,omitempty"`
}

// Health is how one part of the centre does. Unrecorded counts what is held on this machine's own disk because the store does
// not answer (DLV-006).
type Health struct {
	OK         bool       `json:"ok"`
	Detail     string     `json:"detail,omitempty" doc:"key of the screens' dictionary"`
	Since      *time.Time `json:"since,omitempty"`
	Unrecorded int        `json:"unrecorded,omitempty"`
}

// TerminalAlarm is a press of the terminal's SOS key with its lamp.
type TerminalAlarm struct {
	PressID string    `json:"press_id"`
	Pressed time.Time `json:"pressed"`
	Lamp    Lamp      `json:"lamp" enum:"pending,received"`
	State   string    `json:"state,omitempty" doc:"state of the alarm at the centre: stored, acknowledged, handled"`
	By      string    `json:"by,omitempty" doc:"who acknowledged it"`
	// At is when the alarm came into State, by the centre's clock.
	At *time.Time `json:"at,omitempty"`
}

// TerminalBinding says to whom a device of the vehicle is bound.
type TerminalBinding struct {
	Device  ems.DeviceID  `json:"device"`
	Patient ems.PatientID `json:"patient"`
	Mission ems.MissionID `json:"mission,omitempty"`
	By      string        `json:"by"`
	At      time.Time     `json:"at"`
}

// TerminalLink is the state of the link to the centre in plain words.
type TerminalLink struct {
	Up          bool       `json:"up"`
	Since       *time.Time `json:"since,omitempty"`
	Detail      string     `json:"detail,omitempty"`
	LastStored  *time.Time `json:"last_stored,omitempty" doc:"when the centre last said that something is stored"`
	ClockOffset *float64   `json:"clock_offset_s,omitempty" doc:"this vehicle's clock minus the centre's, seconds"`
	Store       string     `json:"store,omitempty"`
	Faults      []string   `json:"faults,omitempty" doc:"what the spool found and mended when it was opened"`
}

// TerminalDevice is a device of the vehicle and what a person may ask of it.
type TerminalDevice struct {
	ems.DeviceStatus
	Commands []string `json:"commands,omitempty" doc:"nibp_start, nibp_stop: what its driver can do"`
}

// TerminalPhotoView is a photo of the crew as the terminal lists it; its bytes are not shown again.
type TerminalPhotoView struct {
	ID      string        `json:"id"`
	Mission ems.MissionID `json:"mission"`
	Patient ems.PatientID `json:"patient,omitempty"`
	By      string        `json:"by"`
	At      time.Time     `json:"at"`
	Size    int           `json:"size"`
	Stored  bool          `json:"stored,omitempty" doc:"the centre has all of it"`
}

// KeptView is something that was touched here and that the centre has not stored yet.
type KeptView struct {
	Kind    string    `json:"kind" enum:"node,sos,note,binding,answer,destination,assessment"`
	At      time.Time `json:"at"`
	Mission string    `json:"mission,omitempty"`
	Text    string    `json:"text,omitempty"`
}
