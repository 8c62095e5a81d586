package match

import (
	"lifeline120/internal/ems"
)

// chestPain ranks for a suspected infarction. Who opens the vessel within the time that counts goes first, by when the wire passes; where
// nobody does, thrombolysis does, by when the needle is given. The time counts from the first medical contact.
func chestPain(q HospitalQuestion, r *HospitalRanking, cs []*candidate) {
	gone := 0.0
	if q.FMC != nil {
		gone = max(0, q.At.Sub(*q.FMC).Seconds())
	}
	if q.FMC == nil || q.FMCAssumed {
		r.Missing = append(r.Missing, why("fmc_unknown"))
	}
	lost := q.FMC == nil && q.FromKind == FromUnit // the crew is with the patient, and nobody says since when
	inTime := func(c *candidate) bool {
		s := c.until(ems.TreatPCI)
		return s != nil && gone+*s <= q.Rules.DeviceMostS
	}
	some := false
	for _, c := range cs {
		some = some || inTime(c)
	}
	for _, c := range cs {
		_, lysis := c.options[ems.TreatLysis]
		_, wire := c.options[ems.TreatPCI]
		switch {
		case some && inTime(c):
			c.give(ems.TreatPCI)
		case lysis:
			c.give(ems.TreatLysis)
			if some {
				c.tier = 1
			}
		case wire:
			c.give(ems.TreatPCI)
			c.tier = 1
		}
		if c.line.Treatment != ems.TreatPCI || c.line.TreatS == nil {
			continue
		}
		if total := gone + *c.line.TreatS; total > q.Rules.DeviceTargetS {
			c.line.Caution = append(c.line.Caution, why("device_late", "total_s", seconds(total), "target_s", seconds(q.Rules.DeviceTargetS)))
		}
	}
	near, far := first(q, cs, ems.TreatLysis, nil), first(q, cs, ems.TreatPCI, nil)
	if near == nil || far == nil || near == far {
		return
	}
	b := &Bypass{Near: near.ID, NearTreatment: ems.TreatLysis, NearS: near.until(ems.TreatLysis), Far: far.ID, FarTreatment: ems.TreatPCI,
		FarS: far.until(ems.TreatPCI), ExtraS: further(near, far), LimitS: q.Rules.DeviceMostS}
	total := gone + *b.FarS
	code := "lysis_first"
	if some {
		code = "device_in_time"
		b.Passed = *b.ExtraS > 0 && !lost // (CLN-001)
	}
	b.Why = []Why{why(code, "total_s", seconds(total), "limit_s", seconds(q.Rules.DeviceMostS))}
	r.Bypass = b
}
