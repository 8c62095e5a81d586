package webfeed

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"lifeline120/internal/wire"
)

// Frame is one message to a screen: JSON text, or a binary wave frame. It is shared by all who get it and never changes.
type Frame struct {
	Data   []byte
	Binary bool

	once     sync.Once
	prepared *websocket.PreparedMessage
	err      error
}

// prepare makes the websocket frame once for all connections, compressed once too.
func (f *Frame) prepare() (*websocket.PreparedMessage, error) {
	f.once.Do(func() {
		kind := websocket.TextMessage
		if f.Binary {
			kind = websocket.BinaryMessage
		}
		f.prepared, f.err = websocket.NewPreparedMessage(kind, f.Data)
	})
	return f.prepared, f.err
}

// Client is one reader of the hub: a screen's connection, or a follower in the same process.
type Client struct {
	hub     *Hub
	who     Who
	out     chan *Frame
	waiting atomic.Int64 // bytes in out
	offset  atomic.Int64 // its clock minus ours, µs, as its last prompt pong shows (TIM-001)
	topics  map[string]*topic
	done    chan struct{}
	err     error // why it ended; set before done is closed
	ended   bool  // guarded by the hub's lock
}

// Subscribe follows topics in this process: a snapshot of each, then deltas and waves. The reader takes frames from Next, or
// from Out.
func (h *Hub) Subscribe(w Who, topics ...string) (*Client, error) {
	c, err := h.join(w)
	if err != nil {
		return nil, err
	}
	for _, t := range topics {
		if err := h.follow(c, t, wire.FeedSeq{}); err != nil {
			c.Close()
			return nil, fmt.Errorf("follow %s: %w", t, err)
		}
	}
	return c, nil
}

// Out gives the frames in order. It is not closed: select on Done beside it, and call Took for each frame taken.
func (c *Client) Out() <-chan *Frame { return c.out }

// Took says that the reader has dealt with a frame from Out, which makes room for more.
func (c *Client) Took(f *Frame) { c.waiting.Add(-int64(len(f.Data))) }

// Done is closed when the client was cut off or closed; Err then says why.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err says why the client ended; nil while it lives.
func (c *Client) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Next waits for the next frame, or says why there will be none.
func (c *Client) Next() (*Frame, error) {
	select {
	case f := <-c.out:
		c.Took(f)
		return f, nil
	case <-c.done:
		return nil, c.err
	}
}

// Offset is the screen's clock minus ours, as it was last measured; 0 before.
func (c *Client) Offset() time.Duration { return time.Duration(c.offset.Load()) * time.Microsecond }

// Close ends the client in good order.
func (c *Client) Close() {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	c.hub.cut(c, ErrClosed)
}

func (h *Hub) join(w Who) (*Client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if len(h.clients) >= h.lim.Clients {
		h.stats.Turned++
		return nil, ErrFull
	}
	c := &Client{hub: h, who: w, out: make(chan *Frame, h.lim.QueueFrames), topics: map[string]*topic{}, done: make(chan struct{})}
	h.clients[c] = struct{}{}
	return c, nil
}

// follow subscribes c to a topic from a place on: with what it missed when that is still at hand, with a snapshot otherwise.
func (h *Hub) follow(c *Client, name string, from wire.FeedSeq) error {
	if err := h.cfg.Authorize(c.who, name); err != nil {
		return err
	}
	h.mu.Lock()
	if c.ended {
		h.mu.Unlock()
		return c.err
	}
	if _, has := c.topics[name]; !has && len(c.topics) >= h.lim.Topics {
		h.mu.Unlock()
		return fmt.Errorf("one screen may follow %d topics", h.lim.Topics)
	}
	t := h.topic(name)
	h.flush(t) // what waits belongs before the snapshot
	c.topics[name], t.subs[c] = t, struct{}{}
	if missed := t.seq - from.Seq; from.Term == h.cfg.Term && from.Seq <= t.seq && missed <= uint64(len(t.ring)) {
		for _, f := range t.ring[uint64(len(t.ring))-missed:] {
			h.give(c, f)
		}
	} else {
		h.give(c, h.snapshot(t))
	}
	h.mu.Unlock()
	h.cfg.Subscribed(c.who, name)
	return nil
}

func (h *Hub) unfollow(c *Client, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := c.topics[name]; t != nil {
		h.leave(c, t)
	}
}

// leave takes c off t, and forgets a topic that nobody follows and that never had a value.
func (h *Hub) leave(c *Client, t *topic) {
	delete(c.topics, t.name)
	delete(t.subs, c)
	if len(t.subs) > 0 || len(t.pending) > 0 {
		return
	}
	for _, vs := range t.values {
		if len(vs) > 0 {
			return
		}
	}
	h.forget(t)
}

// give puts a frame into a reader's queue, or cuts the reader off. Called with the lock held; never waits.
func (h *Hub) give(c *Client, f *Frame) {
	if c.ended {
		return
	}
	n := int64(len(f.Data))
	if w := c.waiting.Add(n); w > int64(h.lim.QueueBytes) && w > n { // an empty queue takes a frame of any size
		h.stats.Cut++
		h.cut(c, ErrLagging)
		return
	}
	select {
	case c.out <- f:
	default:
		h.stats.Cut++
		h.cut(c, ErrLagging)
	}
}

// cut ends c. Called with the lock held.
func (h *Hub) cut(c *Client, why error) {
	if c.ended {
		return
	}
	c.ended, c.err = true, why
	for _, t := range c.topics {
		h.leave(c, t)
	}
	delete(h.clients, c)
	close(c.done)
}
