package agent

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// counts are what the agent has survived (ACC-003), for /metrics. Safe for concurrent use.
type counts struct {
	badStored, badOwed, badWay, badHospitals, badTopic atomic.Uint64 // messages of the centre that make no sense, by where they came
	dropped                                            atomic.Uint64 // messages of the centre that found the queue full: it repeats what it has no answer to
}

// write gives the counters as Prometheus reads them.
func (c *counts) write(w io.Writer) {
	fmt.Fprintf(w, "# HELP lifeline_agent_bad_messages_total Messages from the centre's side that make no sense.\n"+
		"# TYPE lifeline_agent_bad_messages_total counter\n"+
		"lifeline_agent_bad_messages_total{topic=\"stored\"} %d\n"+
		"lifeline_agent_bad_messages_total{topic=\"owed\"} %d\n"+
		"lifeline_agent_bad_messages_total{topic=\"way\"} %d\n"+
		"lifeline_agent_bad_messages_total{topic=\"hospitals\"} %d\n"+
		"lifeline_agent_bad_messages_total{topic=\"other\"} %d\n"+
		"# HELP lifeline_agent_dropped_messages_total Messages from the centre's side that found the queue full; it repeats them.\n"+
		"# TYPE lifeline_agent_dropped_messages_total counter\n"+
		"lifeline_agent_dropped_messages_total %d\n", c.badStored.Load(), c.badOwed.Load(), c.badWay.Load(), c.badHospitals.Load(), c.badTopic.Load(), c.dropped.Load())
}

// bad counts a message that makes no sense, and logs the first of each badLogEvery: whoever floods the vehicle does not fill its disk.
func (v *Vehicle) bad(n *atomic.Uint64, topic string, err error) {
	n.Add(1)
	now := time.Now()
	if !v.badLogged.IsZero() && now.Sub(v.badLogged) < badLogEvery {
		v.badQuiet++
		return
	}
	v.Log.Warn("bad message from the centre", "topic", topic, "err", err, "since_last", v.badQuiet)
	v.badLogged, v.badQuiet = now, 0
}
