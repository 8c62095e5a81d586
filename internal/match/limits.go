package match

import "time"

// Limits of the recommendation.
const (
	// DetourFactor turns a straight line into a road until the road graph arrives: streets of Chinese cities give 1.3 to 1.5.
	DetourFactor = 1.4
	// SpeedKmh is the mean speed of an ambulance in a city while times are straight lines; stated with every answer.
	SpeedKmh = 40.0
	// StaleAfter, LostAfter: a position older than this is said to be stale, then lost (docs/limits.md).
	StaleAfter = 30 * time.Second
	LostAfter  = 120 * time.Second
	// ClearlyFasterS: a unit with a failed part ranks before a fit one only when it is faster by more than this (DSP-001).
	ClearlyFasterS = 180.0
	// RadiusM: further than this in a straight line a unit is another city's.
	RadiusM = 100_000.0
	// MaxUnits, MaxLeftOut bound a stored answer: the best units, and the first of those left out by id; the rest is a number in Missing.
	MaxUnits   = 20
	MaxLeftOut = 100
)
