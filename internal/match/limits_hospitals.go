package match

import (
	"time"

	"lifeline120/internal/ems"
)

// Limits of the choice of hospitals. A city sets its own under hospital_rules in its city.yaml; docs/hospitals.md has them with their sources.
const (
	// BusyS is how far a busy hospital is ranked behind its predicted time: a proposal of ours, about what an ambulance waits at a full door.
	BusyS = 600.0
	// StrokeBypassS: extra road time to a thrombectomy centre that is still worth it. Services use 15 to 30 min; the careful end.
	StrokeBypassS = 15 * 60.0
	// LevelBypassS is the same for the highest trauma, maternal and newborn centres: a proposal of ours, as careful.
	LevelBypassS = 15 * 60.0
	// DeviceTargetS: first medical contact to wire (China Chest Pain Center, basic standard 2015: 90 min).
	DeviceTargetS = 90 * 60.0
	// DeviceMostS: beyond it thrombolysis comes first (the same standard: transfer PCI in 120 min, else lysis).
	DeviceMostS = 120 * 60.0
	// LysisWindowS: last known well to needle, rt-PA (4.5 h).
	LysisWindowS = 4.5 * 3600
	// ThrombectomyS and ThrombectomyLatestS: last known well to puncture, 6 h, and 24 h for selected patients.
	ThrombectomyS       = 6 * 3600.0
	ThrombectomyLatestS = 24 * 3600.0
	// BoardStale and BoardGone: what a hospital said of itself shows its age after an hour and is unknown after four: a shift forgets.
	BoardStale = time.Hour
	BoardGone  = 4 * time.Hour
	// BoardUntilMost: a line with an expected end is believed until then, but no longer than a day: it is said again each day or is unknown.
	BoardUntilMost = 24 * time.Hour
	// ClearlyLaterS: a choice that is predicted to treat later than the best by more than this is asked for its reason, afterwards
	// (DSP-002). Predicted times are usual ones, so five minutes and not the 60 s of units, which are road times alone.
	ClearlyLaterS = 300.0
	// MaxHospitals bounds each list of a stored ranking; what is more is a number in Missing.
	MaxHospitals = 30
)

// door is the usual time from the door to a treatment where a hospital states none of its own: the standard that it is held against,
// without and with word ahead. Seconds.
type door struct {
	pathway           string
	treatment         ems.Treatment
	unaware, expected float64
}

// doors: maternal and newborn centres have no such time in any standard that we know; their treatment begins with the arrival.
var doors = [...]door{
	{"chest_pain", ems.TreatPCI, 5400, 1800},      // door to balloon 90 min (5.21); called ahead the arrival and 30 min (1.45)
	{"chest_pain", ems.TreatLysis, 1800, 1800},    // door to needle 30 min (basic standard 2015)
	{"stroke", ems.TreatLysis, 3600, 2700},        // door to needle 60 min, with word ahead the secondary target of 45 (AHA/ASA 2013)
	{"stroke", ems.TreatThrombectomy, 5400, 3600}, // door to puncture 90 min, ideal 60 (SNIS)
	{"trauma", ems.TreatTrauma, 3600, 3600},       // arrival in theatre 60 min (trauma centre time nodes)
}

// HospitalRules fills what a city left out.
func HospitalRules(r ems.HospitalRules) ems.HospitalRules {
	or := func(v *float64, d float64) {
		if *v <= 0 {
			*v = d
		}
	}
	or(&r.BusyS, BusyS)
	or(&r.StrokeBypassS, StrokeBypassS)
	or(&r.LevelBypassS, LevelBypassS)
	or(&r.DeviceTargetS, DeviceTargetS)
	or(&r.DeviceMostS, DeviceMostS)
	or(&r.LysisWindowS, LysisWindowS)
	or(&r.ThrombectomyS, ThrombectomyS)
	or(&r.ThrombectomyLS, ThrombectomyLatestS)
	or(&r.BoardStaleS, BoardStale.Seconds())
	or(&r.BoardGoneS, BoardGone.Seconds())
	return r
}
