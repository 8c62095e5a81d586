package courier

import (
	"time"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

// Offset is how far the agent's wall clock is from the server's (TIM-001).
type Offset struct {
	Us          int64 // agent minus server
	UncertainUs int64
	Known       bool
}

const (
	clockSamples = 16               // the best of the last 16 round trips is believed
	clockLife    = 10 * time.Minute // a sample older than this drifted too far
	clockTrip    = 10 * time.Second // a longer round trip says nothing
	driftPPM     = 50               // of a cheap crystal, twice over
)

// clock measures the offset as NTP does: of each round trip the times of leaving and arriving at both ends. Everything is kept
// against the agent's monotonic clock, so that a step of its wall clock changes nothing but the answer.
type clock struct {
	wallMinusMono int64 // now, µs
	stepped       int64 // monotonic instant of the last step, µs
	seen          bool
	samples       []sample // oldest first
}

// sample is one round trip, in µs.
type sample struct {
	at, trip int64 // monotonic instant and length
	base     int64 // monotonic clock minus server's
}

// tick compares the two clocks of the agent; true means that the wall clock stepped.
func (c *clock) tick(now ems.Instant) bool {
	diff := now.Wall.UnixMicro() - now.Mono.Microseconds()
	jump := time.Duration(diff-c.wallMinusMono) * time.Microsecond
	c.wallMinusMono = diff
	first := !c.seen
	c.seen = true
	if first || jump.Abs() < StepLeast {
		return false
	}
	c.stepped = now.Mono.Microseconds()
	return true
}

// mono puts a wall time of this agent on its monotonic clock, as if there had been no step since.
func (c *clock) mono(us int64) int64 { return us - c.wallMinusMono }

// sample takes one answer of the server.
func (c *clock) sample(now ems.Instant, st *pb.Stored) {
	sent, here := c.mono(st.EchoSentUs), now.Mono.Microseconds()
	held := st.ServerUs - st.EchoReceivedUs
	trip := here - sent - held
	most := clockTrip.Microseconds()
	if st.EchoSentUs == 0 || held < 0 || held > most || trip < 0 || trip > most || c.stepped != 0 && sent < c.stepped {
		return
	}
	c.samples = append(c.samples, sample{at: here, trip: trip, base: ((sent - st.EchoReceivedUs) + (here - st.ServerUs)) / 2})
	if len(c.samples) > clockSamples {
		c.samples = c.samples[1:]
	}
}

// offset is the best that is known now. Its uncertainty is half the round trip and what the crystal may have drifted since.
func (c *clock) offset(now ems.Instant) Offset {
	var best Offset
	for _, s := range c.samples {
		age := now.Mono.Microseconds() - s.at
		if age > clockLife.Microseconds() {
			continue
		}
		if u := s.trip/2 + age*driftPPM/1_000_000 + 1; !best.Known || u <= best.UncertainUs {
			best = Offset{Us: s.base + c.wallMinusMono, UncertainUs: u, Known: true}
		}
	}
	return best
}
