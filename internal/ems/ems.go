// Package ems holds the words of the system: who and what a 120 centre talks about (units, patients, alarms, missions,
// hospitals), and the shapes of what is measured (positions, readings, waves). It knows no I/O, no clock and no policy.
// Every name here stands in docs/words.md beside its Chinese term.
package ems

import (
	"fmt"
	"regexp"
	"time"
)

// Identities. Each is its own type so that the compiler keeps look-alikes apart. All match [a-z0-9_-]{1,64}.
type (
	// RegionID names a region: the part of a city or province that one dispatcher owns (区域).
	RegionID string
	// UnitID names an ambulance with its crew (救护车/车组).
	UnitID string
	// StationID names an ambulance station (急救站).
	StationID string
	// HospitalID names a receiving hospital (接收医院).
	HospitalID string
	// DeviceID names one device on one unit: a receiver, a monitor, the cab's board.
	DeviceID string
	// PatientID names one patient of one incident (患者).
	PatientID string
	// CallID names one contact with the centre (呼救).
	CallID string
	// AlarmID names one alarm (报警): one press is one alarm (ALM-004).
	AlarmID string
	// IncidentID names what happened somewhere (事件).
	IncidentID string
	// MissionID names one unit sent to one incident (任务).
	MissionID string
	// OrderID names one order (调度指令) sent to one unit.
	OrderID string
	// NoticeID names one notice (病情预报) to one hospital.
	NoticeID string
	// DeskID names a desk of the centre (调度席).
	DeskID string
	// PhotoID names one picture (照片).
	PhotoID string
	// MessageID names one message (留言) between a caller and the desks.
	MessageID string
	// ClosureID names a closed road.
	ClosureID string
)

var nameRE = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// CheckName says whether s may name a region, unit, device or record: [a-z0-9_-], 1 to 64 of them. These names become
// parts of MQTT topics and file names, so nothing else is let in.
func CheckName(s string) error {
	if !nameRE.MatchString(s) {
		return fmt.Errorf("check name %q: use 1 to 64 of a-z, 0-9, '_' and '-'", s)
	}
	return nil
}

// Datums. A position says its datum by its type; geo converts between them at the edges (GEO-001).
type (
	// WGS84 is a position in WGS-84 (CGCS2000 is the same within decimetres), in degrees. Inside, everything is WGS84.
	WGS84 struct {
		Lat float64 `json:"lat" minimum:"-90" maximum:"90" doc:"degrees north, WGS-84"`
		Lon float64 `json:"lon" minimum:"-180" maximum:"180" doc:"degrees east, WGS-84"`
	}
	// GCJ02 is a position in the datum of Chinese public maps, in degrees. It exists only at the map's edge.
	GCJ02 struct{ Lat, Lon float64 }
)

// Metres is a distance.
type Metres float64

// Valid says whether p is a place on Earth; (0, 0) is taken as the lie of a receiver without a fix.
func (p WGS84) Valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180 && !(p.Lat == 0 && p.Lon == 0)
}

// Instant is one moment seen by two clocks (TIM-001): the wall clock, which may step, and the monotonic clock of one
// boot, which does not. Intervals within one boot use Mono.
type Instant struct {
	Wall time.Time     // UTC
	Mono time.Duration // since this boot's start
	Boot string        // names the boot; "" when only the wall clock is known
}
