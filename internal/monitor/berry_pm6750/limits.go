package berry_pm6750

import "time"

const (
	// frameMax is the longest frame taken, header and sum included. The longest that the manual knows has 12 bytes; a wrong
	// length byte therefore holds up the stream by 36 bytes at most (10 ms).
	frameMax = 36
	// bufferMax is how many bytes are looked at in one go; input beyond it is taken in pieces, so memory has a bound (ACC-003).
	bufferMax = 512

	// commandPause stands between two commands.
	commandPause = 50 * time.Millisecond
	// quietMax is the silence of one output after which it is enabled again: a board that restarted has forgotten all.
	quietMax = 3 * time.Second
	// enableEvery keeps that from flooding a board that is off.
	enableEvery = 5 * time.Second

	// An ECG is saturated when more than railShare of the last railWindow instants (2 s) have a lead at its end: on a real
	// board with too much gain 98 % had, while on a clean trace a few large beats touch it.
	railWindow, railShare = 500, 0.2
	railLow, railHigh     = 2, 248

	// cuffMaxMmHg is where the board itself gives up.
	cuffMaxMmHg = 300
	// tempMin and tempMax: the coldest survivor had 13.7, a living one over 45 has not been seen. In degrees Celsius.
	tempMin, tempMax = 10, 45
	// rateMax is the end of the board's own range for rates.
	rateMax = 250
	// stMax is the end of the board's own range for ST, in hundredths of a millivolt.
	stMax = 100

	// Bytes of all frames for each sample of a wave when every output is on (3 660 bytes a second), to tell from the
	// number of damaged bytes how many samples were in them.
	bytesPerECG, bytesPerSlow = 14.6, 73.2
	// ecgPerSlow is how many ECG samples come for one of pleth or respiration: 250 to 50 a second.
	ecgPerSlow = 5
)
