package simtown

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
)

// watcher is told what a screen shows; nil functions are not asked.
type watcher struct {
	name string
	op   func(at time.Time, s *screen, o wire.Op)
	wave func(at time.Time, s *screen, f wire.WaveFrame)
}

// screen is one screen that follows one topic, as the pages do: a snapshot, then deltas without a hole.
type screen struct {
	town   *Town
	hub    *webfeed.Hub
	watch  watcher
	values map[string]map[string]json.RawMessage
	term   uint64
	seq    uint64
	born   map[uint16]int // how often a slot was opened on this screen
}

// follow puts a screen onto a topic until the hub closes. A screen that is cut off comes back. What is subscribed when it returns is
// seen from the first frame on; topics that the dispatcher's goroutine gives are seen as soon as it runs.
func (w *Town) follow(hub *webfeed.Hub, topic string, watch watcher) {
	s := &screen{town: w, hub: hub, watch: watch, values: map[string]map[string]json.RawMessage{}, born: map[uint16]int{}}
	if strings.Contains(topic, ":") {
		go s.run(hub, topic, nil)
		return
	}
	c, err := hub.Subscribe(webfeed.Who{By: watch.name}, topic)
	if err != nil {
		w.oracle.broken("%s: the topic %s is not given: %v", watch.name, topic, err)
		return
	}
	go s.run(hub, topic, c)
}

func (s *screen) run(hub *webfeed.Hub, topic string, c *webfeed.Client) {
	for {
		if c == nil {
			var err error
			if c, err = hub.Subscribe(webfeed.Who{By: s.watch.name}, topic); errors.Is(err, webfeed.ErrClosed) {
				return
			} else if err != nil {
				c = nil
				time.Sleep(100 * time.Millisecond)
				continue
			}
		}
		f, err := c.Next()
		switch {
		case errors.Is(err, webfeed.ErrClosed):
			for len(c.Out()) > 0 { // what was said before the end
				s.take(<-c.Out())
			}
			return
		case err != nil:
			s.town.oracle.broken("SCR-005: the screen %s reads, and was cut off: %v", s.watch.name, err)
			c = nil
			continue
		}
		s.take(f)
	}
}

// laggard is a console that reads only now and then: it is cut off, comes back, and shows what the others show (SCR-005).
type laggard struct {
	mu     sync.Mutex
	screen *screen
	client *webfeed.Client
	topics []string
}

// lag puts a laggard onto the console of a dispatcher's life.
func (w *Town) lag(hub *webfeed.Hub) {
	l := &laggard{screen: &screen{town: w, hub: hub, watch: watcher{name: "laggard"}, values: map[string]map[string]json.RawMessage{}, born: map[uint16]int{}}}
	l.topics = []string{"console"}
	for _, u := range w.city.Units {
		l.topics = append(l.topics, "waves:"+string(u.ID))
	}
	w.oracle.lags(l)
	r := w.chance("laggard")
	go func() {
		for l.read() && w.wait(w.ctx, between(r, 30*time.Second, 110*time.Second)) {
		}
	}()
}

// read takes what waits, and comes back where it was cut off; false when the feed has ended.
func (l *laggard) read() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if l.client == nil {
			var err error
			if l.client, err = l.screen.hub.Subscribe(webfeed.Who{By: "laggard"}, l.topics...); err != nil {
				l.client = nil
				return !errors.Is(err, webfeed.ErrClosed)
			}
		}
		for len(l.client.Out()) > 0 {
			f := <-l.client.Out()
			l.client.Took(f)
			if !f.Binary && !bytes.Contains(f.Data, []byte(`"topic":"waves:`)) { // those are there to fill the queue
				l.screen.take(f)
			}
		}
		switch err := l.client.Err(); {
		case errors.Is(err, webfeed.ErrClosed):
			return false
		case err == nil:
			return true
		}
		l.screen.town.oracle.count(func(p *Report) { p.Lagged++ })
		l.client = nil
	}
}

// astray names something that a laggard shows otherwise than the feed has it; "" when it shows what all show.
func (l *laggard) astray(shown []ems.AlarmID) string {
	l.read()
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, m := range l.screen.values {
		for k, v := range m {
			if now := l.screen.hub.Value("console", c, k); !bytes.Equal(now, v) {
				return fmt.Sprintf("%s/%s is %s, and the feed has %s", c, k, v, now)
			}
		}
	}
	for _, id := range shown {
		if l.screen.values["alarms"][string(id)] == nil {
			return "alarm " + string(id) + " is not there"
		}
	}
	return ""
}

// take takes one frame.
func (s *screen) take(f *webfeed.Frame) {
	at := now()
	if f.Binary {
		wf, err := wire.DecodeWaveFrame(f.Data)
		if err != nil {
			s.town.oracle.broken("%s: a wave frame cannot be read: %v", s.watch.name, err)
		} else if s.watch.wave != nil {
			s.watch.wave(at, s, wf)
		}
		return
	}
	var head struct {
		T    string                                `json:"t"`
		Term uint64                                `json:"term"`
		Seq  uint64                                `json:"seq"`
		Ops  []wire.Op                             `json:"ops"`
		Data map[string]map[string]json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(f.Data, &head); err != nil {
		s.town.oracle.broken("%s: a frame cannot be read: %v", s.watch.name, err)
		return
	}
	switch head.T {
	case "snap":
		s.term, s.seq = head.Term, head.Seq
		var ops []wire.Op
		for c, m := range s.values {
			for k := range m {
				if _, stays := head.Data[c][k]; !stays {
					ops = append(ops, wire.Op{C: c, K: k})
				}
			}
		}
		for _, c := range slices.Sorted(maps.Keys(head.Data)) {
			for _, k := range slices.Sorted(maps.Keys(head.Data[c])) {
				ops = append(ops, wire.Op{C: c, K: k, V: head.Data[c][k]})
			}
		}
		s.apply(at, ops)
	case "delta":
		if head.Term != s.term || head.Seq != s.seq+1 {
			s.town.oracle.broken("SCR-005: %s: delta %d/%d follows %d/%d", s.watch.name, head.Term, head.Seq, s.term, s.seq)
		}
		s.term, s.seq = head.Term, head.Seq
		s.apply(at, head.Ops)
	}
}

func (s *screen) apply(at time.Time, ops []wire.Op) {
	for _, o := range ops {
		if s.values[o.C] == nil {
			s.values[o.C] = map[string]json.RawMessage{}
		}
		if _, had := s.values[o.C][o.K]; o.C == "slots" && !had && o.V != nil {
			if n, err := strconv.ParseUint(o.K, 10, 16); err == nil {
				s.born[uint16(n)]++
			}
		}
		if o.V == nil {
			delete(s.values[o.C], o.K)
		} else {
			s.values[o.C][o.K] = o.V
		}
	}
	if s.watch.op != nil {
		for _, o := range ops {
			s.watch.op(at, s, o)
		}
	}
}

// slot is what a wave's slot shows now.
func (s *screen) slot(n uint16) (wire.WaveSlot, bool) {
	var w wire.WaveSlot
	raw, ok := s.values["slots"][itoa(uint64(n))]
	return w, ok && json.Unmarshal(raw, &w) == nil
}
