package vitals

import (
	"fmt"
	"math"

	"lifeline120/internal/ems"
)

// AlarmLimits says at which values a channel warns and at which it is critical. A missing bound does not alarm on that side. The values
// themselves alarm: at Low and at High, not only beyond.
type AlarmLimits struct {
	Channel      ems.Channel `json:"channel" maxLength:"32"`
	CriticalLow  *float64    `json:"critical_low,omitempty"`
	Low          *float64    `json:"low,omitempty"`
	High         *float64    `json:"high,omitempty"`
	CriticalHigh *float64    `json:"critical_high,omitempty"`
	Source       string      `json:"source" maxLength:"200" doc:"where the limits are from"`
}

const news2 = "NEWS2 (Royal College of Physicians, 2017), adults"

// DefaultAlarmLimits are for adults: NEWS2 bands, without the lowest band of pulse and temperature, to limit false alarms. A hospital
// edits them; they are no patient's.
func DefaultAlarmLimits() []AlarmLimits {
	v := func(f float64) *float64 { return &f }
	return []AlarmLimits{
		{ems.HeartRate, v(40), v(50), v(111), v(131), news2},
		{ems.PulseRate, v(40), v(50), v(111), v(131), news2},
		{ems.SpO2, v(91), v(95), nil, nil, news2},
		{ems.RespRate, v(8), v(11), v(21), v(25), news2},
		{ems.NIBPSys, v(90), v(110), nil, v(220), news2},
		{ems.Temp1, v(35.0), v(36.0), v(38.1), nil, news2},
		{ems.Temp2, v(35.0), v(36.0), v(38.1), nil, news2},
	}
}

// Check refuses limits that cannot be meant: out of order, or no numbers.
func (l AlarmLimits) Check() error {
	last := math.Inf(-1)
	for _, b := range []*float64{l.CriticalLow, l.Low, l.High, l.CriticalHigh} {
		if b == nil {
			continue
		}
		if math.IsNaN(*b) || math.IsInf(*b, 0) || *b <= last {
			return fmt.Errorf("limits of %s: critical low < low < high < critical high", l.Channel)
		}
		last = *b
	}
	return nil
}
