package bci_oximeter

import "time"

const (
	// bufferMax is how many bytes are looked at in one go; input beyond it is taken in pieces, so memory has a bound (ACC-003).
	bufferMax = 512
	// repeatEvery is how often an unchanged value is given again, to stay fresh.
	repeatEvery = time.Second
	// rateMax is the end of the range of pulse rates; 255 is the device's mark for "none".
	rateMax = 250
	// windowLeast is how long frames are counted before their rate is believed: with lumps of 200 ms the answer is some per cent off, and
	// 50 and 60 are 20 % apart. pointEvery is how far apart the arrivals are that count, pointsLeast how many a window has at least (a line
	// that comes in lumps of half a second is measured longer), pointsMost where it ends whatever its length.
	windowLeast = 2 * time.Second
	pointEvery  = 50 * time.Millisecond
	pointsLeast = 9
	pointsMost  = 100
	// damagedMost is how many damaged bytes in a row still stand for frames; more may be anything, and the measuring begins anew.
	damagedMost = 2 * frameLen
	// tolerance is how far a measured rate may be from the documented one that it stands for.
	tolerance = 0.08
	// windowsAgree is how many windows must say the same before a rate that nobody documented is believed, or one that was believed is
	// changed: an adapter that stays may get another board behind it.
	windowsAgree = 3
	// rateLeast and rateMost are what such boards can send at all: below, a pulse wave has no shape, and 4800 baud carry no more than 87.
	rateLeast = 25
	rateMost  = 200
	// pendingMax is how many samples wait for the rate: 8 s at the fastest documented one. Then the oldest are lost, and counted.
	pendingMax = 800
)
