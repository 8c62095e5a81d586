package vitals

import (
	"math"
	"testing"

	"lifeline120/internal/ems"
)

func TestAlarmLimits_DefaultsAreInOrderAndCiteTheirSource(t *testing.T) {
	seen := map[ems.Channel]bool{}
	for _, l := range DefaultAlarmLimits() {
		if err := l.Check(); err != nil {
			t.Error(err)
		}
		if l.Source == "" || seen[l.Channel] {
			t.Errorf("%s: no source, or twice", l.Channel)
		}
		seen[l.Channel] = true
	}
	for _, c := range []ems.Channel{ems.HeartRate, ems.SpO2, ems.RespRate, ems.NIBPSys, ems.Temp1} {
		if !seen[c] {
			t.Errorf("%s has no limits", c)
		}
	}
}

func TestAlarmLimits_RefusesWhatCannotBeMeant(t *testing.T) {
	f := func(v float64) *float64 { return &v }
	for name, l := range map[string]AlarmLimits{
		"low above high":       {Low: f(100), High: f(50)},
		"critical inside warn": {CriticalLow: f(60), Low: f(50)},
		"equal":                {Low: f(50), High: f(50)},
		"no number":            {Low: f(math.NaN())},
		"without end":          {CriticalHigh: f(math.Inf(1))},
	} {
		if l.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := (AlarmLimits{CriticalLow: f(85)}).Check(); err != nil {
		t.Errorf("one side alone: %v", err)
	}
}
