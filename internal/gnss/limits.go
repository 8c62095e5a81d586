package gnss

import "time"

// Bounds and limits of receivers. What happens at each bound stands beside it.
const (
	// sentenceMax is the longest sentence taken. NMEA 0183 allows 82; receivers with many decimals and $PUBX, $PSTM and
	// Chinese $..TXT sentences go beyond. A longer one is garbage.
	sentenceMax = 256
	// speedMaxKmh is the fastest that a unit can move: a medical helicopter reaches 320 km/h. Between two fixes anything
	// faster is a jump.
	speedMaxKmh = 360
	// jumpSlackM is added to the way allowed between two fixes: noise among tall houses moves a standing receiver so far.
	jumpSlackM = 100
	// confirmFixes is how many consecutive fixes that agree with each other make a new place true after a jump. Four
	// seconds of a multipath error behind a bridge are survived; a unit that was carried by ferry is back after five.
	confirmFixes = 5
	// frozenAfter is how long the receiver's own time may stand still with the position, while sentences keep coming.
	frozenAfter = 3 * time.Second
	// stuckAfter is how long the position may be equal to the last digit while the receiver claims to move faster than
	// stuckSpeedKmh. At 5 km/h a unit makes 1.4 m a second, many times the last digit of any sentence.
	stuckAfter    = 4 * time.Second
	stuckSpeedKmh = 5
	// epochWait is how long sentences of one epoch may trickle in: at 4800 baud a full set takes the whole second, with
	// RMC last on some receivers. Then, when no next epoch has begun, the fix is made of what is there.
	epochWait = 1500 * time.Millisecond
	// dateSlack is how far a receiver's date may be from ours, when ours is plausible. Receivers that come wrong out of the
	// week roll-over are years off, those that count twenty years back 137 days after the roll-over rule; a computer that
	// stood in a garage for a month is not.
	dateSlack = 90 * 24 * time.Hour
	// usedCap is the number of satellites at which older GGA sentences stop counting; from there GSA is asked.
	usedCap = 12
	// systemsMax bounds the satellite systems counted in one epoch (GPS, GLONASS, Galileo, BeiDou, QZSS, NavIC, SBAS).
	systemsMax = 8
)
