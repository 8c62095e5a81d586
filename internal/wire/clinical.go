package wire

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/vitals"
)

// ChannelLimits are the limits of one channel on a hospital's screens. Without By they are the program's own defaults.
type ChannelLimits struct {
	vitals.AlarmLimits
	By string     `json:"by,omitempty" doc:"who set them"`
	At *time.Time `json:"at,omitempty"`
}

// AlarmLimitsBody sets all limits of a hospital; a channel that is not in it does not alarm.
type AlarmLimitsBody struct {
	Act
	Limits []vitals.AlarmLimits `json:"limits" maxItems:"32"`
}

// Trend is what a patient's channels were, in equal steps from From on.
type Trend struct {
	Patient ems.PatientID `json:"patient"`
	From    time.Time     `json:"from"`
	StepS   float64       `json:"step_s"`
	Series  []TrendSeries `json:"series"`
	Cut     bool          `json:"cut,omitempty" doc:"there was more than one answer may read: the newest are missing"`
}

// TrendSeries is one channel of one device. A step without a stored value is null: a gap, never drawn across (DLV-004).
type TrendSeries struct {
	Device     ems.DeviceID `json:"device"`
	Channel    ems.Channel  `json:"channel"`
	Low        []*float64   `json:"low"`
	High       []*float64   `json:"high"`
	Backfilled []int        `json:"backfilled,omitempty" doc:"steps that hold values that came late (SCR-002)"`
	Simulated  bool         `json:"simulated,omitempty"`
}
