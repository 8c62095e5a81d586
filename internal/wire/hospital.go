package wire

import (
	"encoding/json"
	"fmt"
	"time"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

// This file has what the choice of a hospital is made of: boards, assessments, rankings.

// BoardBody says how a part of a hospital is now.
type BoardBody struct {
	Act
	Part   string         `json:"part" minLength:"1" maxLength:"32" doc:"whole, ct, cath_lab, stretchers, or a centre by its pathway"`
	State  ems.BoardState `json:"state" enum:"open,busy,closed"`
	Reason string         `json:"reason,omitempty" maxLength:"200" doc:"needed for closed"`
	Count  int            `json:"count,omitempty" minimum:"0" maximum:"99" doc:"of stretchers: how many are held"`
	Until  *time.Time     `json:"until,omitempty" doc:"when it is expected to end"`
}

// AssessBody changes what is given of what is known of a mission's patient; what is absent stays as it stands.
type AssessBody struct {
	Act
	LVO             *string         `json:"lvo,omitempty" enum:"yes,no," doc:"suspected large-vessel occlusion; empty: not assessed"`
	Severe          *string         `json:"severe,omitempty" enum:"yes,no,"`
	Unstable        *string         `json:"unstable,omitempty" enum:"yes,no,"`
	LastWell        *time.Time      `json:"last_well,omitempty"`
	LastWellUnknown bool            `json:"last_well_unknown,omitempty"`
	Wish            *ems.HospitalID `json:"wish,omitempty" maxLength:"64" doc:"what patient or family ask for; empty: nothing"`
}

// TerminalAssess is the same by the crew.
type TerminalAssess struct {
	AssessBody
	By string `json:"by" minLength:"1" maxLength:"64"`
}

// RankedHospital is one hospital of a ranking. Times are seconds from the ranking's instant; what is not known is absent.
type RankedHospital struct {
	Hospital  ems.HospitalID `json:"hospital"`
	Treatment ems.Treatment  `json:"treatment,omitempty" doc:"what it is ranked for; absent: its arrival"`
	TravelS   *float64       `json:"travel_s,omitempty" doc:"until its door; by road, or by the straight line where method or a caution by_line says so"`
	ExtraS    *float64       `json:"extra_s,omitempty" doc:"how much longer the way is than to the nearest of the list"`
	DistanceM *float64       `json:"distance_m,omitempty" doc:"straight line"`
	DoorS     *float64       `json:"door_s,omitempty" doc:"usual time from the door to the treatment when it is told ahead"`
	TreatS    *float64       `json:"treat_s,omitempty" doc:"until the treatment is predicted to begin"`
	Board     ems.BoardState `json:"board,omitempty" enum:"open,busy,closed," doc:"what it says of itself; absent: unknown"`
	BoardAgeS *float64       `json:"board_age_s,omitempty" doc:"since it last said so, believed or not"`
	Reasons   []Why          `json:"reasons,omitempty"`
	Caution   []Why          `json:"caution,omitempty"`
	Out       []Why          `json:"out,omitempty" doc:"why it is not among the recommended"`
}

// HospitalBypass is what was weighed when a nearer hospital may be passed by for another.
type HospitalBypass struct {
	Near              ems.HospitalID `json:"near"`
	NearTreatment     ems.Treatment  `json:"near_treatment,omitempty"`
	NearS             *float64       `json:"near_s,omitempty"`
	Far               ems.HospitalID `json:"far"`
	FarTreatment      ems.Treatment  `json:"far_treatment,omitempty"`
	FarS              *float64       `json:"far_s,omitempty"`
	ExtraS            *float64       `json:"extra_s,omitempty" doc:"how much longer the way to far is"`
	LimitS            float64        `json:"limit_s"`
	LysisLeftS        *float64       `json:"lysis_left_s,omitempty" doc:"of the window since last known well; absent: not known"`
	ThrombectomyLeftS *float64       `json:"thrombectomy_left_s,omitempty"`
	Passed            bool           `json:"passed"`
	Why               []Why          `json:"why,omitempty"`
}

// HospitalRanking lists hospitals for a patient by when treatment is predicted to begin. The one that a choice was made from is stored
// with the choice (DSP-002).
type HospitalRanking struct {
	ID           string           `json:"id"`
	Mission      ems.MissionID    `json:"mission,omitempty"`
	Incident     ems.IncidentID   `json:"incident,omitempty"`
	At           time.Time        `json:"at"`
	From         *ems.WGS84       `json:"from,omitempty" doc:"absent: nothing to measure from"`
	FromKind     string           `json:"from_kind,omitempty" enum:"unit,scene,place,"`
	FromAt       *time.Time       `json:"from_at,omitempty" doc:"when the unit was there"`
	Pathway      string           `json:"pathway,omitempty"`
	Assessment   ems.Assessment   `json:"assessment,omitzero"`
	Method       string           `json:"method" enum:"straight_line,roads"`
	DetourFactor float64          `json:"detour_factor"`
	SpeedKmh     float64          `json:"speed_kmh"`
	Hospitals    []RankedHospital `json:"hospitals"`
	LeftOut      []RankedHospital `json:"left_out,omitempty"`
	Bypass       *HospitalBypass  `json:"bypass,omitempty"`
	Missing      []Why            `json:"missing,omitempty"`
	Simulated    bool             `json:"simulated,omitempty"`
}

// TerminalRanking is what a terminal gets when it asks: the centre's ranking, or none. Without one the terminal lists hospitals by its own
// distance, and says so.
type TerminalRanking struct {
	Ranking *HospitalRanking `json:"ranking,omitempty" doc:"absent: there is no link, or the centre did not answer in time"`
}

// MaxRanking bounds a ranking on the link, in bytes: a city's hospitals with their reasons are some twenty thousand.
const MaxRanking = 64 << 10

// PackHospitals makes the answer to an ask.
func PackHospitals(ask string, r HospitalRanking) (*pb.Hospitals, error) {
	b, err := json.Marshal(r)
	if err == nil && len(b) > MaxRanking {
		err = fmt.Errorf("pack hospitals: %d bytes: at most %d", len(b), MaxRanking)
	}
	return &pb.Hospitals{Ask: ask, Mission: string(r.Mission), Ranking: b}, err
}

// OpenHospitals reads an answer down.
func OpenHospitals(b []byte) (ask string, r HospitalRanking, err error) {
	m := &pb.Hospitals{}
	if err := unmarshal(b, m); err != nil {
		return "", r, err
	}
	if len(m.Ranking) > MaxRanking {
		return "", r, fmt.Errorf("open hospitals: %d bytes: at most %d", len(m.Ranking), MaxRanking)
	}
	if err := json.Unmarshal(m.Ranking, &r); err != nil {
		return "", r, fmt.Errorf("open hospitals: %w", err)
	}
	for _, l := range append(r.Hospitals, r.LeftOut...) {
		if err := ems.CheckName(string(l.Hospital)); err != nil {
			return "", r, fmt.Errorf("open hospitals: %w", err)
		}
	}
	return m.Ask, r, nil
}
