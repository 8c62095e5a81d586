package vitals

import (
	"testing"
	"time"

	"lifeline120/internal/ems"
)

// A number without quality must not carry one to the screen (CLN-005), and every number says when it is stale and when it is gone.
func TestCLN005_AProbeThatIsOffIsNoNumber(t *testing.T) {
	for _, q := range []ems.Quality{ems.NeverSeen, ems.ProbeOff, ems.Unplugged, ems.Searching, ems.OutOfRange, ems.DeviceError} {
		v := View(ems.Reading{Channel: ems.SpO2, Value: 98, Quality: q}, "u", "p", false)
		if v.Value != nil {
			t.Errorf("%v carries the number %v", q, *v.Value)
		}
	}
	v := View(ems.Reading{Channel: ems.SpO2, Value: 98, Quality: ems.Good, Taken: time.Unix(1, 0)}, "u", "p", false)
	if v.Value == nil || *v.Value != 98 || v.Simulated {
		t.Fatalf("view %+v", v)
	}
}

func TestSCR001_EveryChannelSaysWhenItIsStaleAndWhenGone(t *testing.T) {
	for _, c := range []ems.Channel{ems.HeartRate, ems.PulseRate, ems.SpO2, ems.RespRate, ems.NIBPSys, ems.NIBPDia, ems.NIBPMean, ems.CuffPress,
		ems.Temp1, ems.Temp2, ems.STLevel, ems.ECGCode, ems.PulseForce, "a channel of tomorrow"} {
		l := Limits(c)
		if l.Stale <= 0 || l.Gone <= l.Stale {
			t.Errorf("%s: stale %v, gone %v", c, l.Stale, l.Gone)
		}
		v := View(ems.Reading{Channel: c, Quality: ems.Good}, "u", "", false)
		if v.StaleS != l.Stale.Seconds() || v.GoneS != l.Gone.Seconds() {
			t.Errorf("%s: the view says %v and %v", c, v.StaleS, v.GoneS)
		}
	}
	if hr := Limits(ems.HeartRate); hr.Stale != 3*time.Second || hr.Gone != 10*time.Second {
		t.Errorf("a heart rate is stale at %v and gone at %v", hr.Stale, hr.Gone)
	}
}

func TestCode_Known(t *testing.T) {
	if c, ok := Code(ems.HeartRate); !ok || c != 0x4182 {
		t.Errorf("heart rate is %x", c)
	}
	if _, ok := Code(ems.ECGCode); ok {
		t.Error("a device's own rhythm code has a code of the standard")
	}
}
