package monitor

import "time"

const (
	// DamagedAfter is the silence of a wave after which damaged bytes are counted by time instead of by their number: an
	// overrun loses bytes without a trace. Longer than the usual delays of USB adapters (16 ms) and read loops (≤ 100 ms).
	DamagedAfter = 250 * time.Millisecond
	// QuietAfter is the silence of a wave that counts as loss by itself. Longer than any delay seen of a healthy line.
	QuietAfter = 2 * time.Second
)
