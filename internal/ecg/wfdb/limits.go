package wfdb

// Bounds of a record (ACC-003): beyond them the header is refused. Samples are never more than the file's own bytes hold.
const (
	headerMax  = 256 << 10 // a header of PTB has 3 kB, most of it comments
	signalsMax = 64        // 15 in PTB, about 30 in a sleep record
	rateMax    = 100_000   // Hz
	samplesMax = 1<<31 - 1 // 24 days at 1000 Hz
)
