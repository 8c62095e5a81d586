package dispatcher

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// counters count what the centre does. They are the only things of a centre that others read while it runs.
type counters struct {
	messages, garbage, stored, refused, unsent, ordersSent atomic.Uint64
	droppedUrgent, droppedLive, droppedBacklog             atomic.Uint64
	journal, bulk, urgent, live, backlog, aside            atomic.Int64
	linked, healthy                                        atomic.Bool
	commit, action                                         atomic.Pointer[prometheus.Histogram]
}

func (n *counters) dropped(rest string) {
	switch rest {
	case "up/live":
		n.droppedLive.Add(1)
	case "up/urgent", "up/presence":
		n.droppedUrgent.Add(1)
	default:
		n.droppedBacklog.Add(1)
	}
}

func (n *counters) depth(journal, bulk, urgent, live, backlog, aside int) {
	n.journal.Store(int64(journal))
	n.bulk.Store(int64(bulk))
	n.urgent.Store(int64(urgent))
	n.live.Store(int64(live))
	n.backlog.Store(int64(backlog))
	n.aside.Store(int64(aside))
}

func (n *counters) committed(d time.Duration) { observe(&n.commit, d) }
func (n *counters) acted(d time.Duration)     { observe(&n.action, d) }

func observe(h *atomic.Pointer[prometheus.Histogram], d time.Duration) {
	if p := h.Load(); p != nil {
		(*p).Observe(d.Seconds())
	}
}

// buckets are the seconds of the latency histograms, around the budgets of DESIGN §12.
var buckets = []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5}

// Metrics registers what the centre counts.
func (c *Centre) Metrics(reg prometheus.Registerer) {
	n := &c.count
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for name, h := range map[string]*atomic.Pointer[prometheus.Histogram]{"commit_seconds": &n.commit, "action_seconds": &n.action} {
		help := map[string]string{"commit_seconds": "From a decision to its being durable.", "action_seconds": "From an act of a person to its durable answer."}[name]
		hist := prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "lifeline", Name: name, Help: help, Buckets: buckets})
		reg.MustRegister(hist)
		var as prometheus.Histogram = hist
		h.Store(&as)
	}
	gauge := func(name, help string, labels prometheus.Labels, f func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "lifeline", Name: name, Help: help, ConstLabels: labels}, f))
	}
	counter := func(name, help string, labels prometheus.Labels, f func() float64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "lifeline", Name: name, Help: help, ConstLabels: labels}, f))
	}
	for lane, v := range map[string]*atomic.Int64{"journal": &n.journal, "bulk": &n.bulk, "urgent": &n.urgent, "live": &n.live, "backlog": &n.backlog, "aside": &n.aside} {
		gauge("queue_depth", "What waits: for the store (journal, bulk, aside) or for the owner of the state (urgent, live, backlog).",
			prometheus.Labels{"queue": lane}, func() float64 { return float64(v.Load()) })
	}
	for lane, v := range map[string]*atomic.Uint64{"urgent": &n.droppedUrgent, "live": &n.droppedLive, "backlog": &n.droppedBacklog} {
		counter("dropped_total", "Messages of vehicles that found a full queue; what is owed comes again.", prometheus.Labels{"lane": lane},
			func() float64 { return float64(v.Load()) })
	}
	counter("messages_total", "Messages of vehicles.", nil, func() float64 { return float64(n.messages.Load()) })
	counter("garbage_total", "Messages of vehicles, or parts of them, that could not be read.", nil, func() float64 { return float64(n.garbage.Load()) })
	counter("stored_total", "Owed messages that are durable.", nil, func() float64 { return float64(n.stored.Load()) })
	counter("refused_total", "Entries that the store can never take.", nil, func() float64 { return float64(n.refused.Load()) })
	counter("orders_sent_total", "Sendings of orders and instructions.", nil, func() float64 { return float64(n.ordersSent.Load()) })
	gauge("store_ok", "1 while the store answers.", nil, func() float64 { return one(n.healthy.Load()) })
	gauge("link_ok", "1 while the broker is linked.", nil, func() float64 { return one(n.linked.Load()) })
	gauge("screens", "Screens that follow the feed.", nil, func() float64 { return float64(c.hub.Stats().Clients) })
	gauge("screen_clock_offset_seconds", "Largest measured clock offset of a screen, either way (TIM-001).", nil,
		func() float64 { return c.hub.Stats().ClockOffset.Seconds() })
	counter("screens_cut_total", "Screens cut off because they lagged.", nil, func() float64 { return float64(c.hub.Stats().Cut) })
	counter("feed_frames_total", "Deltas of the feed.", nil, func() float64 { return float64(c.hub.Stats().Frames) })
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
