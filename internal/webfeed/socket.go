package webfeed

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"lifeline120/internal/wire"
)

var writeBuffers sync.Pool

// ServeHTTP takes a screen's connection and serves it until it ends. A page of another origin is refused.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := h.join(Who{Request: r})
	if err != nil {
		http.Error(w, err.Error()+"; try again", http.StatusServiceUnavailable)
		return
	}
	h.wg.Add(1)
	defer h.wg.Done()
	defer c.Close()
	up := websocket.Upgrader{ReadBufferSize: 512, WriteBufferPool: &writeBuffers, EnableCompression: true, CheckOrigin: h.cfg.Origin,
		Subprotocols: []string{wire.Subprotocol}, HandshakeTimeout: writeWait}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer conn.Close()
	if b, ok := conn.NetConn().(interface{ SetWriteBuffer(int) error }); ok {
		_ = b.SetWriteBuffer(sendBuffer) // a refusal costs only how late a lagging screen is noticed
	}
	_ = conn.SetCompressionLevel(1)
	s := session{hub: h, client: c, conn: conn, answers: make(chan any, 16)}
	var writer sync.WaitGroup
	writer.Go(s.write)
	s.read()
	c.Close()
	writer.Wait()
}

// session is one screen's connection: read owns the reading side, write the writing side.
type session struct {
	hub     *Hub
	client  *Client
	conn    *websocket.Conn
	answers chan any // what read has to say; bounded, a screen that only asks is cut
	hello   bool
	pinged  atomic.Pointer[ping] // newest
	told    int                  // how wrong the screen's clock is, as it was last logged
}

type ping struct {
	n  uint64
	at time.Time
}

// clock measures the screen's clock by its answer to our ping: at half way (TIM-001).
func (s *session) clock(f wire.ClientFrame) {
	p, now := s.pinged.Load(), s.hub.cfg.Now()
	if p == nil || f.N != p.n || f.ClientUs == 0 {
		return
	}
	took := now.Sub(p.at)
	if took < 0 || took > promptPong {
		return
	}
	us := f.ClientUs - p.at.Add(took/2).UnixMicro()
	s.client.offset.Store(us)
	off, how := time.Duration(us)*time.Microsecond, 0
	switch {
	case off.Abs() > offsetWarned:
		how = 2
	case off.Abs() > offsetTold:
		how = 1
	}
	if how == s.told {
		return
	}
	s.told = how
	level := slog.LevelInfo
	if how == 2 {
		level = slog.LevelWarn
	}
	s.hub.cfg.Log.Log(context.Background(), level, "clock of a screen", "desk", s.client.who.Desk, "offset", off, "uncertain", took/2)
}

var errGarbage = errors.New("webfeed: not a frame of " + wire.Subprotocol)

// read takes the screen's frames until it goes away, says nothing for too long, or sends what is no frame (ACC-003).
func (s *session) read() {
	s.conn.SetReadLimit(maxRead)
	for {
		_ = s.conn.SetReadDeadline(time.Now().Add(readWait))
		kind, b, err := s.conn.ReadMessage()
		if err != nil {
			if errors.Is(err, websocket.ErrReadLimit) {
				s.garbage()
			}
			return
		}
		var f wire.ClientFrame
		if kind != websocket.TextMessage || json.Unmarshal(b, &f) != nil || !s.take(f) {
			s.garbage()
			return
		}
	}
}

func (s *session) garbage() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.stats.Garbage++
	s.hub.cut(s.client, errGarbage)
}

// take does what a frame asks; false when it asks nothing that we know.
func (s *session) take(f wire.ClientFrame) bool {
	if s.hello != (f.T != "hello") { // first hello, and once
		return false
	}
	switch f.T {
	case "hello":
		s.hello = true
		s.client.who.By, s.client.who.Desk = f.By, f.Desk
		w := s.hub.cfg.Welcome
		w.ServerUs = s.hub.cfg.Now().UnixMicro()
		s.say(w)
		for _, t := range f.Topics {
			s.follow(t, f.Resume[t])
		}
	case "sub":
		for _, t := range f.Topics {
			s.follow(t, wire.FeedSeq{})
		}
	case "unsub":
		for _, t := range f.Topics {
			s.hub.unfollow(s.client, t)
		}
	case "resume":
		s.follow(f.Topic, wire.FeedSeq{Term: f.Term, Seq: f.Seq})
	case "ping":
		s.say(wire.PongFrame{T: "pong", N: f.N, ClientUs: f.ClientUs, ServerUs: s.hub.cfg.Now().UnixMicro()})
	case "pong":
		s.clock(f)
	default:
		return false
	}
	return true
}

func (s *session) follow(topic string, from wire.FeedSeq) {
	if err := s.hub.follow(s.client, topic, from); err != nil {
		s.say(wire.RefusedFrame{T: "refused", Topic: topic, Detail: err.Error()})
	}
}

func (s *session) say(v any) {
	select {
	case s.answers <- v:
	case <-s.client.done:
	default: // asks faster than it reads
		s.hub.mu.Lock()
		s.hub.stats.Cut++
		s.hub.cut(s.client, ErrLagging)
		s.hub.mu.Unlock()
	}
}

// write sends what waits, and a heartbeat; it ends with the client, saying why.
func (s *session) write() {
	defer s.conn.Close() // wakes read
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var n uint64
	for {
		var err error
		select { // answers first: welcome stands before the first snapshot
		case v := <-s.answers:
			err = s.json(v)
		default:
			select {
			case v := <-s.answers:
				err = s.json(v)
			case f := <-s.client.out:
				err = s.frame(f)
				s.client.Took(f)
			case <-beat.C:
				n++
				p := &ping{n, s.hub.cfg.Now()}
				s.pinged.Store(p)
				err = s.json(wire.PingFrame{T: "ping", N: n, ServerUs: p.at.UnixMicro()})
			case <-s.client.done:
				s.bye()
				return
			}
		}
		if err != nil {
			s.client.Close()
			return
		}
	}
}

func (s *session) json(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	s.conn.EnableWriteCompression(false)
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeWait))
	return s.conn.WriteMessage(websocket.TextMessage, b)
}

func (s *session) frame(f *Frame) error {
	p, err := f.prepare()
	if err != nil {
		return err
	}
	s.conn.EnableWriteCompression(!f.Binary && len(f.Data) >= compressFrom)
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeWait))
	return s.conn.WritePreparedMessage(p)
}

// bye closes the connection with a word why: 1013 means come back for a snapshot.
func (s *session) bye() {
	code := websocket.CloseGoingAway
	switch {
	case errors.Is(s.client.err, ErrLagging):
		code = websocket.CloseTryAgainLater
	case errors.Is(s.client.err, errGarbage):
		code = websocket.ClosePolicyViolation
	}
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, s.client.err.Error()), time.Now().Add(writeWait))
}
