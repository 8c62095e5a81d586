package triage

// Answers of START that are touched instead of a number.
const (
	rrOver30     = "over_30"
	rrWithin30   = "within_30"
	radialPulse  = "radial_pulse"
	noPulse      = "no_radial_pulse"
	refillOver2  = "refill_over_2"
	refillWithin = "refill_within_2"
)

// start is START for adults ("30, 2, can do", at most 30 s a victim). Breathing exactly 30 times a minute and a refill of exactly 2 s go
// on: the sources say "over 30" and "over 2 seconds". Slow breathing has no limit here.
var start = Score{
	Name: "start", Version: 1,
	Sources: []string{
		"START1: open-exam-prep.com, NREMT EMR, multiple patients and triage",
		"START2: brainscape.com, START & JumpSTART triage systems, deck 19239960",
	},
	Questions: []Question{
		{Item: Walks, Choices: yesOrNo},
		{Item: Breathing, Choices: yesOrNo},
		{Item: BreathingOpened, Choices: yesOrNo, Do: []string{openAirway}},
		{Item: RR, Choices: []string{rrWithin30, rrOver30}, Unit: "1/min", Max: MaxRR},
		{Item: Perfusion, Choices: []string{radialPulse, noPulse, refillWithin, refillOver2}, Unit: "s", Max: MaxRefillS},
		{Item: Obeys, Choices: yesOrNo},
	},
	Outcomes:   []Outcome{Minor, Delayed, Immediate, Dead},
	Impossible: breathingConflicts,
	reckon:     walkFrom(startWalk()),
}

func startWalk() *node {
	over30 := number(func(n float64) bool { return n > 30 })
	upTo30 := number(func(n float64) bool { return n <= 30 })
	over2 := number(func(n float64) bool { return n > 2 })
	upTo2 := number(func(n float64) bool { return n <= 2 })

	mind := yesNo(Obeys, end(Delayed), end(Immediate))
	blood := ask(Perfusion,
		way{either(is(noPulse, refillOver2), over2), end(Immediate)},
		way{either(is(radialPulse, refillWithin), upTo2), mind})
	breaths := ask(RR,
		way{either(is(rrOver30), over30), end(Immediate)},
		way{either(is(rrWithin30), upTo30), blood})
	opened := yesNo(BreathingOpened, end(Immediate), end(Dead))
	return yesNo(Walks, end(Minor), yesNo(Breathing, breaths, opened))
}
