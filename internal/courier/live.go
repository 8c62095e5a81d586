package courier

import (
	"time"

	pb "lifeline120/internal/wire/proto"
)

// liveStep is how far wall and monotonic time of a unit's messages may drift apart before it counts as a step of its clock:
// readings wait a second or two between capture and sending.
const liveStep = 5 * time.Second

// liveCount counts the sendings on up/live that were lost in the present connection of a unit. Sendings are numbered from 1 in each
// connection; the sending time tells an old connection's late message from a new connection's first.
type liveCount struct {
	boot, oldBoot string
	base          int64 // sending time minus monotonic time, µs
	high          uint64
	sent          int64  // of high
	after         int64  // newest sending time of the connection before
	seen          uint64 // bit i: high-i has come
	lost          uint64
}

func (c *liveCount) count(env *pb.Envelope) {
	seq, sent := env.LiveSeq, env.SentUs
	if seq == 0 || env.Boot == c.oldBoot && c.oldBoot != c.boot {
		return
	}
	base := sent - env.MonoUs
	if env.Boot != c.boot || c.high == 0 {
		fresh := liveCount{boot: env.Boot, oldBoot: c.boot, base: base, high: seq, sent: sent, seen: 1}
		if c.high > 0 {
			fresh.lost = seq - 1 // of a unit never heard before nobody knows what went before
		}
		*c = fresh
		return
	}
	if step := base - c.base; time.Duration(step)*time.Microsecond > liveStep || time.Duration(step)*time.Microsecond < -liveStep {
		c.base, c.sent, c.after = base, c.sent+step, c.after+step
	}
	switch {
	case seq <= c.high && sent > c.sent: // a new connection
		*c = liveCount{boot: c.boot, oldBoot: c.oldBoot, base: base, high: seq, sent: sent, after: c.sent, seen: 1, lost: seq - 1}
	case seq > c.high && sent < c.sent: // of an older connection
	case seq > c.high:
		step := seq - c.high
		c.lost += step - 1
		c.seen = c.seen<<min(step, 64) | 1
		c.high, c.sent = seq, sent
	default:
		back := c.high - seq
		if sent <= c.after || back >= LiveWindow || c.seen>>back&1 == 1 {
			return // of an older connection, too late to tell, or twice
		}
		c.seen |= 1 << back
		c.lost--
	}
}
