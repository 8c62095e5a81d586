package webfeed

import "time"

// Limits bound what one screen, and what all of them, may cost. A zero field takes its default.
type Limits struct {
	// QueueFrames and QueueBytes bound what waits for one screen; beyond either it is cut with 1013 and comes back for a
	// snapshot (SCR-005). Waves are left out for it from half of the bound on: their counters show the gap.
	QueueFrames int
	QueueBytes  int
	// RingFrames and RingBytes bound the deltas kept of a topic for screens that come back; older ones mean a snapshot.
	RingFrames int
	RingBytes  int
	// Clients bounds the screens at once: 503 beyond it.
	Clients int
	// Topics bounds the topics of one screen: refused beyond it.
	Topics int
	// Merge is how long values of live collections may wait to be sent together, the newest of each key winning.
	Merge time.Duration
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	def(&l.QueueFrames, 1024) // 10 s of a busy console
	def(&l.QueueBytes, 8<<20) // and never more memory than this for a screen that does not read
	def(&l.RingFrames, 2048)  // about a minute of a city
	def(&l.RingBytes, 2<<20)  // of each topic
	def(&l.Clients, 2000)     // 14 kB each; a province has a few hundred screens, and callers' phones
	def(&l.Topics, 64)        // a console follows the waves of a few units
	if l.Merge == 0 {
		l.Merge = 50 * time.Millisecond // a fifth of the budget from byte to hospital frame
	}
	return l
}

const (
	maxRead      = 8 << 10          // longest frame of a screen: a hello with its topics
	writeWait    = 5 * time.Second  // a write that takes longer ends the session
	heartbeat    = 2 * time.Second  // both ways (SCR-006)
	readWait     = 15 * time.Second // nothing heard for so long ends the session: seven heartbeats
	promptPong   = 2 * time.Second  // a pong later than this says nothing of a clock
	offsetTold   = time.Second      // a screen's clock off by more is logged (TIM-001)
	offsetWarned = 30 * time.Second // and by more than this as a warning: times entered there may be wrong
	sendBuffer   = 64 << 10         // kernel's buffer of one screen: a larger one hides that nobody reads
	compressFrom = 1 << 10          // smaller frames gain nothing
)
