// Package vitals knows the channels: how old a number may be before a screen shows its age, and when it is gone (SCR-001), its
// unit, and its IEEE 11073-10101 code. It has tables and no judgement.
package vitals

import (
	"time"

	"lifeline120/internal/ems"
)

// Limit is how long a number may stand on a screen.
type Limit struct {
	Stale time.Duration // older than this it shows its age
	Gone  time.Duration // older than this it is absent, not frozen
}

// Limits of a channel. Continuous numbers are stale at 3 s and absent at 10 s; a blood pressure is an act, not a stream: it is always
// shown with its time, and absent after an hour; a temperature follows the body slowly, and boards send it seldom.
func Limits(c ems.Channel) Limit {
	switch c {
	case ems.NIBPSys, ems.NIBPDia, ems.NIBPMean:
		return Limit{10 * time.Minute, time.Hour}
	case ems.Temp1, ems.Temp2:
		return Limit{30 * time.Second, 2 * time.Minute}
	default:
		return Limit{3 * time.Second, 10 * time.Second}
	}
}

// WaveStale is when a wave that stopped is shown as stopped (docs/limits.md).
const WaveStale = 3 * time.Second

// PositionStale and PositionLost are when a position is marked, and when its unit is shown as lost (docs/limits.md).
const (
	PositionStale = 30 * time.Second
	PositionLost  = 120 * time.Second
)

// codes are the IEEE 11073-10101 codes (partition 2, SCADA), as the Data Export Interface guide of Philips 4535 642 59271 lists them.
var codes = map[ems.Channel]uint16{
	ems.HeartRate: 0x4182, ems.PulseRate: 0x480A, ems.SpO2: 0x4BB8, ems.RespRate: 0x500A, ems.NIBPSys: 0x4A05, ems.NIBPDia: 0x4A06,
	ems.NIBPMean: 0x4A07, ems.Temp1: 0x4B48, ems.Temp2: 0x4B48,
	ems.ECGI: 0x0101, ems.ECGII: 0x0102, ems.ECGIII: 0x013D, ems.ECGAVR: 0x013E, ems.ECGAVL: 0x013F, ems.ECGAVF: 0x0140, ems.ECGV: 0x0143,
	ems.ECGV1: 0x0103, ems.ECGV2: 0x0104, ems.ECGV3: 0x0105, ems.ECGV4: 0x0106, ems.ECGV5: 0x0107, ems.ECGV6: 0x0108,
	ems.PlethWave: 0x4BB4, ems.RespWave: 0x5000,
}

// Code is the IEEE 11073-10101 code of a channel; ok is false for those that the standard has no word for.
func Code(c ems.Channel) (code uint16, ok bool) { code, ok = codes[c]; return code, ok }

// View is a reading as a screen needs it. The caller has put Taken on the server's clock, or on its own where there is no server.
func View(r ems.Reading, u ems.UnitID, p ems.PatientID, simulated bool) ems.ReadingView {
	l := Limits(r.Channel)
	v := ems.ReadingView{Unit: u, Patient: p, Device: r.Device, Channel: r.Channel, UnitOf: r.Unit, Quality: r.Quality, Text: r.Text,
		Taken: r.Taken, Source: "live", StaleS: l.Stale.Seconds(), GoneS: l.Gone.Seconds(), Simulated: r.Demo || simulated}
	if r.Quality.HasValue() {
		v.Value = &r.Value
	}
	if !r.DeviceTime.IsZero() {
		v.DeviceTime = &r.DeviceTime
	}
	return v
}
