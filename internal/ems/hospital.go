package ems

import "time"

// Treatment is what a time-critical patient is brought to a hospital for (治疗).
type Treatment string

// Treatments.
const (
	TreatPCI          Treatment = "pci"          // 直接介入
	TreatLysis        Treatment = "lysis"        // 溶栓
	TreatThrombectomy Treatment = "thrombectomy" // 取栓
	TreatTrauma       Treatment = "trauma"       // 创伤救治
	TreatMaternal     Treatment = "maternal"     // 孕产妇救治
	TreatNewborn      Treatment = "newborn"      // 新生儿救治
)

// Ability is one treatment that a hospital gives around the clock, and how soon after its door it usually begins.
type Ability struct {
	Treatment Treatment `json:"treatment" enum:"pci,lysis,thrombectomy,trauma,maternal,newborn"`
	Pathway   string    `json:"pathway,omitempty" doc:"of lysis: chest_pain or stroke; empty: both"`
	// DoorS and ActivatedS are this hospital's own, from its registry; without them the standard's count, and the answer says so.
	DoorS      float64 `json:"door_s,omitempty" doc:"usual time from the door to the treatment, seconds; absent: the standard's"`
	ActivatedS float64 `json:"activated_s,omitempty" doc:"the same when the centre was told before the arrival"`
	Level      int     `json:"level,omitempty" doc:"of trauma, maternal and newborn centres: 1 takes the worst; absent: not stated"`
}

// BoardState is what a hospital says of itself, or of a part of it: whether it can take another patient.
type BoardState string

// Board states. The empty one is unknown: never set, or too old to be believed.
const (
	BoardOpen   BoardState = "open"
	BoardBusy   BoardState = "busy"
	BoardClosed BoardState = "closed"
)

// Parts of a hospital that are said on its board beside its centres, which go by the names of their pathways. PartWhole is the
// emergency department and with it the whole hospital.
const (
	PartWhole      = "whole"
	PartCT         = "ct"
	PartCathLab    = "cath_lab"
	PartStretchers = "stretchers" // 搁置担架: ambulances that wait for their stretcher
)

// BoardParts are the parts that every hospital has a line for, in the order in which they are shown; its centres come behind.
var BoardParts = [...]string{PartWhole, PartCT, PartCathLab, PartStretchers}

// BoardLine is one part of a hospital as somebody said it is.
type BoardLine struct {
	Part   string     `json:"part" doc:"whole, ct, cath_lab, stretchers, or a centre by its pathway"`
	State  BoardState `json:"state" enum:"open,busy,closed"`
	Reason string     `json:"reason,omitempty"`
	Count  int        `json:"count,omitempty" doc:"of stretchers: how many are held"`
	Until  *time.Time `json:"until,omitempty" doc:"when it is expected to end; past that it is unknown until somebody says it again"`
	By     string     `json:"by"`
	Desk   DeskID     `json:"desk,omitempty" doc:"the desk that entered it; absent: the hospital's own page"`
	Since  time.Time  `json:"since" doc:"since when it is in this state"`
	Said   time.Time  `json:"said" doc:"when it was last said or confirmed; its age counts from here (SCR-001)"`
}

// HospitalBoard is all that is said of one hospital.
type HospitalBoard struct {
	Hospital   HospitalID  `json:"hospital"`
	Lines      []BoardLine `json:"lines"`
	StaleS     float64     `json:"stale_s,omitempty" doc:"a line older than this shows its age; not journalled"`
	GoneS      float64     `json:"gone_s,omitempty" doc:"older than this it is unknown; not journalled"`
	Unrecorded bool        `json:"unrecorded,omitempty"`
	Simulated  bool        `json:"simulated,omitempty"`
}

// Answers to a question about a patient. The empty answer is that nobody has said: it is never taken for a no (CLN-001).
const (
	Yes = "yes"
	No  = "no"
)

// Assessment is what crew or desk say of a patient as far as the choice of a hospital hangs on it.
type Assessment struct {
	LVO      string     `json:"lvo,omitempty" enum:"yes,no," doc:"suspected large-vessel occlusion by a stroke scale; absent: not assessed"`
	Severe   string     `json:"severe,omitempty" enum:"yes,no," doc:"severe trauma, high-risk pregnancy, critically ill newborn; absent: not assessed"`
	Unstable string     `json:"unstable,omitempty" enum:"yes,no," doc:"airway or circulation cannot be held: no hospital is passed by"`
	LastWell *time.Time `json:"last_well,omitempty" doc:"when the patient was last known well; absent: not known"`
	Wish     HospitalID `json:"wish,omitempty" doc:"hospital that patient or family ask for"`
	By       string     `json:"by,omitempty"`
	Desk     DeskID     `json:"desk,omitempty" doc:"the desk that entered it; absent: the crew"`
	At       *time.Time `json:"at,omitempty"`
}

// HospitalRules are a city's own numbers for the choice of hospitals; what is absent keeps its built-in value (internal/match).
type HospitalRules struct {
	BusyS          float64 `json:"busy_s,omitempty" doc:"how much a busy hospital is ranked behind its time, seconds"`
	StrokeBypassS  float64 `json:"stroke_bypass_s,omitempty" doc:"how much longer by road a thrombectomy centre may be than the nearest thrombolysis, seconds"`
	LevelBypassS   float64 `json:"level_bypass_s,omitempty" doc:"the same for the highest trauma, maternal and newborn centres"`
	DeviceTargetS  float64 `json:"device_target_s,omitempty" doc:"first medical contact to wire: the target, seconds"`
	DeviceMostS    float64 `json:"device_most_s,omitempty" doc:"beyond it thrombolysis comes first"`
	LysisWindowS   float64 `json:"lysis_window_s,omitempty" doc:"last known well to needle"`
	ThrombectomyS  float64 `json:"thrombectomy_s,omitempty" doc:"last known well to puncture; beyond it only selected patients"`
	ThrombectomyLS float64 `json:"thrombectomy_latest_s,omitempty" doc:"last known well to puncture, selected patients"`
	BoardStaleS    float64 `json:"board_stale_s,omitempty" doc:"a board line older than this says its age"`
	BoardGoneS     float64 `json:"board_gone_s,omitempty" doc:"older than this it is unknown"`
}
