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
	// MaxSoon, MaxDivert bound the lists beside the ranked one: more is nothing that a dispatcher reads.
	MaxSoon   = 5
	MaxDivert = 5
	// AtStationM: a unit under order that is no further than this from its station has not left yet.
	AtStationM = 200.0
	// RestWindow is how far back missions are looked at for a crew's rest: longer than any shift.
	RestWindow = 24 * time.Hour
)

// What a city that says nothing has. Each is a key of `match` in its city.yaml (docs/choosing.md).
const (
	// mobiliseDayS, mobiliseNightS: from the order to the wheels. The limit is 180 s (chest-pain standard 3.22; quality indicator Q6) and a
	// plan of Beijing asks for 120 s; a crew that is up takes half of the limit, one that is woken the plan's time. A city puts its own mean.
	mobiliseDayS   = 90.0
	mobiliseNightS = 120.0
	// nightFrom, nightTo: hours of Beijing time in which crews sleep.
	nightFrom = 22
	nightTo   = 6
	// handoverS, clearS: from the hospital's door to the end of the hand-over, and from there until the vehicle is ready again. Ours; a city
	// puts the means of its own missions.
	handoverS = 900.0
	clearS    = 300.0
	// soonS: a unit that will not be free within this is of no use to a call that waits now.
	soonS = 1800.0
	// overdueS: a unit that should be free already takes at least so long.
	overdueS = 120.0
	// divertGainS: turning a unit around costs time and another caller's; less gain is not worth the question. Ours.
	divertGainS = 120.0
	// areaHandicapS: a unit of another station's area goes first only where it is clearly faster, as with a failed part.
	areaHandicapS = ClearlyFasterS
	// restAfterS, restBreakS: the Regulation for the Implementation of the Road Traffic Safety Law, art. 62 (7), forbids to drive for more than
	// 4 hours without a rest of at least 20 minutes. restMissions: more in a row without such a rest. Ours.
	restAfterS    = 4 * 3600.0
	restBreakS    = 20 * 60.0
	restMissions  = 4
	restHandicapS = 60.0
	// shiftWithinS: a mission takes about an hour; one that begins less than this before the end of the shift ends after it. Ours.
	shiftWithinS   = 1800.0
	shiftHandicapS = 60.0
	// coverTargetS is the response that the share covered is of: 12 minutes from the order (Kunshan's limit; quality indicator Q8).
	coverTargetS = 720.0
	// coverPointS: seconds of handicap for each percentage point of the expected calls that are no more reached in time; coverMostS bounds it. Ours.
	coverPointS = 6.0
	coverMostS  = 120.0
)
