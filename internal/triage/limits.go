package triage

// Limits of what is read.
const (
	// MaxInputs of one reckoning: the longest scale that is planned, NIHSS, asks 15 questions. More are refused.
	MaxInputs = 40
	// MaxRR, in 1/min: nobody breathes faster; a larger number is a slip of the finger, and is refused.
	MaxRR = 150
	// MaxRefillS: capillary refill, in seconds. Nobody waits longer for it.
	MaxRefillS = 60
	// MaxSBP, in mmHg: what cuffs can measure.
	MaxSBP = 350
	// MaxPulse, in 1/min, as monitors count.
	MaxPulse = 350
	// MinTemp, MaxTemp, in degrees Celsius: the coldest that were brought back had below 14; no thermometer for people goes further up.
	MinTemp, MaxTemp = 10, 50
)
