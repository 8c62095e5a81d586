package triage

// Answers of JumpSTART. Pain fits when the child withdraws from it or pushes it away, and does not when it moves aimlessly or postures.
const (
	rrUnder15  = "under_15"
	rrWithin45 = "from_15_to_45"
	rrOver45   = "over_45"

	alert           = "alert"
	voice           = "voice"
	painFits        = "pain_appropriate"
	painDoesNotFit  = "pain_inappropriate"
	avpuNotAtAll    = "unresponsive"
	jumpSTARTMemory = "AVPU: A, V or appropriate P is delayed"
)

// jumpSTART is JumpSTART for children of about 1 to 8 years; who looks like a child is one. Breathing exactly 15 or 45 times a minute goes
// on. Infants that are carried cannot walk: they go through the whole walk, first in secondary triage. The last line (A, V and appropriate
// P are yellow) is from memory.
var jumpSTART = Score{
	Name: "jumpstart", Version: 1,
	Sources: []string{
		"JS: cmhdisaster.com/page14a.html",
		"START1: open-exam-prep.com, NREMT EMR, multiple patients and triage",
		"START2: brainscape.com, START & JumpSTART triage systems, deck 19239960",
	},
	FromMemory: []string{jumpSTARTMemory},
	Questions: []Question{
		{Item: Walks, Choices: yesOrNo},
		{Item: Breathing, Choices: yesOrNo},
		{Item: BreathingOpened, Choices: yesOrNo, Do: []string{openAirway}},
		{Item: RR, Choices: []string{rrUnder15, rrWithin45, rrOver45}, Unit: "1/min", Max: MaxRR},
		{Item: Pulse, Choices: yesOrNo},
		{Item: BreathingRescued, Choices: yesOrNo, Do: []string{rescueBreaths}},
		{Item: AVPU, Choices: []string{alert, voice, painFits, painDoesNotFit, avpuNotAtAll}},
	},
	Outcomes: []Outcome{Minor, Delayed, Immediate, Dead},
	Impossible: append([][2]Input{
		{{Item: Walks, Choice: Yes}, {Item: AVPU, Choice: avpuNotAtAll}},
		{{Item: Walks, Choice: Yes}, {Item: BreathingRescued, Choice: No}},
		{{Item: Breathing, Choice: Yes}, {Item: BreathingRescued, Choice: No}},
	}, breathingConflicts...),
	reckon: walkFrom(jumpSTARTWalk()),
}

func jumpSTARTWalk() *node {
	under15 := number(func(n float64) bool { return n < 15 })
	over45 := number(func(n float64) bool { return n > 45 })
	between := number(func(n float64) bool { return n >= 15 && n <= 45 })

	mind := ask(AVPU,
		way{is(painDoesNotFit, avpuNotAtAll), end(Immediate)},
		way{is(alert, voice, painFits), end(Delayed)})
	breaths := ask(RR,
		way{either(is(rrUnder15), under15), end(Immediate)},
		way{either(is(rrOver45), over45), end(Immediate)},
		way{either(is(rrWithin45), between), yesNo(Pulse, mind, end(Immediate))})
	rescued := yesNo(BreathingRescued, end(Immediate), end(Dead))
	opened := yesNo(BreathingOpened, end(Immediate), yesNo(Pulse, rescued, end(Dead)))
	return yesNo(Walks, end(Minor), yesNo(Breathing, breaths, opened))
}
