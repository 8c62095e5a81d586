// Package webfeed pushes state to screens: topics hold collections of values, a screen gets a snapshot and then numbered
// deltas, and binary wave frames beside them (DESIGN §10). The dispatcher and the vehicle agent both serve it; a test or the
// seeded town follows a topic in process, without HTTP.
//
// A hub never waits for a reader. Each has a bounded queue, and one that lags is cut off and resumes (SCR-005).
package webfeed

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"lifeline120/internal/wire"
)

// Who is at the other end, as they say themselves.
type Who struct {
	By, Desk string
	Request  *http.Request // nil in process
}

// Config is what a hub needs.
type Config struct {
	Term    uint64 // of this server: a new one means a new snapshot
	Welcome wire.WelcomeFrame
	Limits  Limits
	// Live says which collections have values that only count while they are new: theirs may wait Limits.Merge and are sent
	// together, the newest of each key winning. Everything else goes at once and one by one.
	Live func(collection string) bool
	// Authorize says why a topic is not given; nil gives every topic.
	Authorize func(w Who, topic string) error
	// Subscribed is told of each subscription that was given; it must not block.
	Subscribed func(w Who, topic string)
	// Origin says whether a page of another origin may connect; nil: only pages of the same host.
	Origin func(r *http.Request) bool
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: none
}

// Stats counts what a hub did, for metrics.
type Stats struct {
	Clients, Topics                                               int
	Frames, Merged, WaveFrames, WaveSkipped, Cut, Garbage, Turned uint64 // Turned: no room for one more screen
	// ClockOffset is the largest of the screens' measured clock offsets, either way (TIM-001).
	ClockOffset time.Duration
}

// Hub is safe for concurrent use.
type Hub struct {
	cfg Config
	lim Limits

	mu      sync.Mutex
	topics  map[string]*topic
	clients map[*Client]struct{}
	stats   Stats
	closed  bool
	wg      sync.WaitGroup // sessions
}

// topic is guarded by the hub's lock.
type topic struct {
	name    string
	seq     uint64
	values  map[string]map[string]json.RawMessage
	subs    map[*Client]struct{}
	ring    []*Frame // deltas up to seq
	ringLen int      // bytes in ring
	snap    *Frame   // encoded at seq; nil when stale
	pending []wire.Op
	at      map[[2]string]int // place in pending
	sent    time.Time         // when pending was last sent
	timer   *time.Timer
}

// ErrClosed: the hub is closed. ErrLagging: this reader was too slow and was cut off (SCR-005). ErrFull: no room.
var (
	ErrClosed  = errors.New("webfeed: closed")
	ErrLagging = errors.New("webfeed: reader lags, cut off")
	ErrFull    = errors.New("webfeed: too many screens")
)

// New makes a hub.
func New(c Config) *Hub {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Live == nil {
		c.Live = func(string) bool { return false }
	}
	if c.Authorize == nil {
		c.Authorize = func(Who, string) error { return nil }
	}
	if c.Subscribed == nil {
		c.Subscribed = func(Who, string) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Welcome.T, c.Welcome.Term = "welcome", c.Term
	return &Hub{cfg: c, lim: c.Limits.withDefaults(), topics: map[string]*topic{}, clients: map[*Client]struct{}{}}
}

// Set makes an op that sets a value; it panics when v has no JSON, which is a fault of the program.
func Set(collection, key string, v any) wire.Op {
	b, err := json.Marshal(v)
	if err != nil {
		panic("webfeed: " + err.Error())
	}
	return wire.Op{C: collection, K: key, V: b}
}

// Delete makes an op that deletes a value.
func Delete(collection, key string) wire.Op { return wire.Op{C: collection, K: key} }

func (h *Hub) topic(name string) *topic {
	t := h.topics[name]
	if t == nil {
		t = &topic{name: name, values: map[string]map[string]json.RawMessage{}, subs: map[*Client]struct{}{}, at: map[[2]string]int{}}
		h.topics[name] = t
	}
	return t
}

// Publish changes a topic. All ops that are not of a live collection go out in one frame at once, in order.
func (h *Hub) Publish(name string, ops ...wire.Op) {
	if len(ops) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	t := h.topic(name)
	wait := true
	for _, op := range ops {
		wait = wait && h.cfg.Live(op.C)
		if i, ok := t.at[[2]string{op.C, op.K}]; ok {
			t.pending[i] = op
			h.stats.Merged++
			continue
		}
		t.at[[2]string{op.C, op.K}] = len(t.pending)
		t.pending = append(t.pending, op)
	}
	if since := h.cfg.Now().Sub(t.sent); wait && since >= 0 && since < h.lim.Merge {
		if t.timer == nil {
			t.timer = time.AfterFunc(h.lim.Merge-since, func() {
				h.mu.Lock()
				defer h.mu.Unlock()
				t.timer = nil
				h.flush(t)
			})
		}
		return
	}
	h.flush(t)
}

// flush sends what waits in t as one delta.
func (h *Hub) flush(t *topic) {
	if len(t.pending) == 0 || h.closed {
		return
	}
	ops := t.pending
	t.pending, t.sent = nil, h.cfg.Now()
	clear(t.at)
	for _, op := range ops {
		if op.V == nil {
			delete(t.values[op.C], op.K)
			continue
		}
		if t.values[op.C] == nil {
			t.values[op.C] = map[string]json.RawMessage{}
		}
		t.values[op.C][op.K] = op.V
	}
	t.seq++
	t.snap = nil
	f := &Frame{Data: h.delta(t, ops)}
	t.ring, t.ringLen = append(t.ring, f), t.ringLen+len(f.Data)
	for len(t.ring) > h.lim.RingFrames || t.ringLen > h.lim.RingBytes && len(t.ring) > 0 {
		t.ringLen -= len(t.ring[0].Data)
		t.ring[0] = nil
		t.ring = t.ring[1:]
	}
	h.stats.Frames++
	for c := range t.subs {
		h.give(c, f)
	}
}

// PublishWave sends one binary wave frame to whoever follows the topic now. The bytes must not change afterwards.
func (h *Hub) PublishWave(name string, frame []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[name]
	if t == nil || h.closed || len(t.subs) == 0 {
		return
	}
	h.stats.WaveFrames++
	f := &Frame{Data: frame, Binary: true}
	for c := range t.subs {
		if len(c.out) > cap(c.out)/2 || c.waiting.Load() > int64(h.lim.QueueBytes/2) {
			h.stats.WaveSkipped++
			continue
		}
		h.give(c, f)
	}
}

// Followed says whether anybody follows the topic, so that frames need not be made for nobody.
func (h *Hub) Followed(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[name]
	return t != nil && len(t.subs) > 0
}

// Drop ends a topic: its values are gone, and whoever follows it sees them deleted.
func (h *Hub) Drop(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[name]
	if t == nil || h.closed {
		return
	}
	t.pending = nil
	clear(t.at)
	for c, vs := range t.values {
		for k := range vs {
			t.pending = append(t.pending, Delete(c, k))
		}
	}
	h.flush(t)
	if len(t.subs) == 0 {
		h.forget(t)
	}
}

func (h *Hub) forget(t *topic) {
	if t.timer != nil {
		t.timer.Stop()
	}
	delete(h.topics, t.name)
}

// Stats tells what the hub did so far.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.stats
	s.Clients, s.Topics = len(h.clients), len(h.topics)
	for c := range h.clients {
		s.ClockOffset = max(s.ClockOffset, c.Offset().Abs())
	}
	return s
}

// Value reads one value of a topic; nil when there is none. What waits to be merged counts.
func (h *Hub) Value(name, collection, key string) json.RawMessage {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[name]
	if t == nil {
		return nil
	}
	if i, ok := t.at[[2]string{collection, key}]; ok {
		return t.pending[i].V
	}
	return t.values[collection][key]
}

// Close ends every session and waits for them.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	for c := range h.clients {
		h.cut(c, ErrClosed)
	}
	for _, t := range h.topics {
		if t.timer != nil {
			t.timer.Stop()
		}
	}
	h.mu.Unlock()
	h.wg.Wait()
}

func (h *Hub) head(b []byte, kind, topic string, seq uint64) []byte {
	b = append(b, `{"t":"`...)
	b = append(b, kind...)
	b = append(b, `","topic":`...)
	b = appendString(b, topic)
	b = append(b, `,"term":`...)
	b = strconv.AppendUint(b, h.cfg.Term, 10)
	b = append(b, `,"seq":`...)
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, `,"server_us":`...)
	return strconv.AppendInt(b, h.cfg.Now().UnixMicro(), 10)
}

func (h *Hub) delta(t *topic, ops []wire.Op) []byte {
	b := h.head(make([]byte, 0, 256), "delta", t.name, t.seq)
	b = append(b, `,"ops":[`...)
	for i, op := range ops {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"c":`...)
		b = appendString(b, op.C)
		b = append(b, `,"k":`...)
		b = appendString(b, op.K)
		if op.V != nil {
			b = append(b, `,"v":`...)
			b = append(b, op.V...)
		}
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// snapshot is the whole of t at its sequence, encoded once for all who ask at the same time.
func (h *Hub) snapshot(t *topic) *Frame {
	if t.snap != nil {
		return t.snap
	}
	b := append(h.head(nil, "snap", t.name, t.seq), `,"data":{`...)
	for i, c := range slices.Sorted(maps.Keys(t.values)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, c), ":{"...)
		first := true
		for k, v := range t.values[c] {
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(append(appendString(b, k), ':'), v...)
		}
		b = append(b, '}')
	}
	t.snap = &Frame{Data: append(b, "}}"...)}
	return t.snap
}

func appendString(b []byte, s string) []byte {
	q, _ := json.Marshal(s) // a string always has JSON
	return append(b, q...)
}
