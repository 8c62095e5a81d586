package triage

import "slices"

// What NEWS2 asks beside RR and SBP.
const (
	SpO2      Item = "spo2"       // %
	SpO2Scale Item = "spo2_scale" // 2 only for patients with hypercapnic failure and a target of 88 to 92 %, by a doctor's word
	Oxygen    Item = "oxygen"     // given, or air
	PulseRate Item = "pulse_rate" // beats per minute
	ACVPU     Item = "acvpu"      // alert, newly confused, voice, pain, unresponsive
	Temp      Item = "temperature"
)

// Outcomes of NEWS2: 0 to 4 without a 3; 5 to 6 or any single 3; from 7.
var (
	news2Low       = Outcome{Code: "low"}
	news2Urgent    = Outcome{Code: "urgent", Urgent: true}
	news2Emergency = Outcome{Code: "emergency", Urgent: true}
)

const (
	scale1    = "scale_1"
	scale2    = "scale_2"
	air       = "air"
	oxygen    = "oxygen"
	confusion = "new_confusion"
	pain      = "pain"
)

// news2 is the National Early Warning Score 2 of the Royal College of Physicians, which is named where the chart is shown. For adults from
// 16 years, not in pregnancy (both limits from memory; whoever asks keeps them). A value between two rows belongs to the worse one.
var news2 = Score{
	Name: "news2", Version: 1,
	Sources: []string{
		"NEWS2: scribd.com/document/584338409, NEWS2 chart 1",
		"NEWS2-RCP: rcpjournals.org/highwire/markup/14242 (bands, scale 2)",
	},
	FromMemory: []string{"from 16 years, not in pregnancy"},
	Questions: []Question{
		{Item: RR, Unit: "1/min", Max: MaxRR},
		{Item: SpO2Scale, Choices: []string{scale1, scale2}},
		{Item: Oxygen, Choices: []string{air, oxygen}},
		{Item: SpO2, Unit: "%", Max: 100},
		{Item: SBP, Unit: "mmHg", Max: MaxSBP},
		{Item: PulseRate, Unit: "1/min", Max: MaxPulse},
		{Item: ACVPU, Choices: []string{alert, confusion, voice, pain, avpuNotAtAll}},
		{Item: Temp, Unit: "Cel", Min: MinTemp, Max: MaxTemp},
	},
	Outcomes: []Outcome{news2Low, news2Urgent, news2Emergency},
	reckon:   reckonNEWS2,
}

func reckonNEWS2(a answers) found {
	f := sumOf([]grade{
		{RR, 1, rows(below(9, 3), below(12, 1), upTo(20, 0), upTo(24, 2), upTo(endless, 3))},
		{SpO2Scale, 1, []points{{is(scale1, scale2), 0}}},
		{Oxygen, 1, []points{{is(air), 0}, {is(oxygen), 2}}},
		{SpO2, 1, news2SpO2(a)},
		{SBP, 1, rows(below(91, 3), below(101, 2), below(111, 1), upTo(219, 0), upTo(endless, 3))},
		{PulseRate, 1, rows(below(41, 3), below(51, 1), upTo(90, 0), upTo(110, 1), upTo(130, 2), upTo(endless, 3))},
		{ACVPU, 1, []points{{is(alert), 0}, {is(confusion, voice, pain, avpuNotAtAll), 3}}},
		{Temp, 1, rows(below(35.1, 3), below(36.1, 1), upTo(38, 0), upTo(39, 1), upTo(endless, 2))},
	}, []band{{news2Low, 0, 5}, {news2Urgent, 5, 7}, {news2Emergency, 7, endless}})(a)
	return anySingle3(f)
}

// news2SpO2 are the lines of the scale that holds; while scale or oxygen are not known, of all that may.
func news2SpO2(a answers) []points {
	var out []points
	if a[SpO2Scale].Choice != scale2 {
		out = append(out, rows(below(92, 3), below(94, 2), below(96, 1), upTo(endless, 0))...)
	}
	if a[SpO2Scale].Choice != scale1 && a[Oxygen].Choice != oxygen {
		out = append(out, rows(below(84, 3), below(86, 2), below(88, 1), upTo(endless, 0))...)
	}
	if a[SpO2Scale].Choice != scale1 && a[Oxygen].Choice != air {
		out = append(out, rows(below(84, 3), below(86, 2), below(88, 1), upTo(92, 0), upTo(94, 1), upTo(96, 2), upTo(endless, 3))...)
	}
	return out
}

// anySingle3 treats a single 3 like a sum of 5 to 6.
func anySingle3(f found) found {
	sure := slices.ContainsFunc(f.parts, func(p Part) bool { return p.Points != nil && *p.Points == 3 })
	may := slices.ContainsFunc(f.parts, func(p Part) bool { return p.Points == nil }) ||
		slices.ContainsFunc(f.missing, func(i Item) bool { return i != SpO2Scale && i != Oxygen })
	if sure {
		f.possible = slices.DeleteFunc(f.possible, func(o string) bool { return o == news2Low.Code })
	}
	if (sure || may) && *f.min < 7 && !slices.Contains(f.possible, news2Urgent.Code) {
		f.possible = append(f.possible, news2Urgent.Code)
	}
	return f
}
