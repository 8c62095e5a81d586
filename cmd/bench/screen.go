package main

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"lifeline120/internal/wire"
)

// screen follows one topic as a page does, compression included, and tells what comes with the instant at which it came.
type screen struct {
	url, topic string
	want       func(frame []byte) bool              // which deltas are worth reading; nil: all
	op         func(at time.Time, op wire.Op)       // snapshots are told as ops too
	wave       func(at time.Time, f wire.WaveFrame) // nil: not read
	up         chan struct{}                        // closed at the first snapshot
	frames     atomic.Uint64
	cut        atomic.Uint64 // times that it had to come back
}

func (x *centre) screen(ctx context.Context, s *screen) error {
	s.up = make(chan struct{})
	x.g.Go(func() error {
		for first := true; ctx.Err() == nil; first = false {
			if !first {
				s.cut.Add(1)
			}
			_ = s.once(ctx) // cut off: it comes back
			rest(ctx, 200*time.Millisecond)
		}
		return nil
	})
	select {
	case <-s.up:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *screen) once(ctx context.Context) error {
	d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}, HandshakeTimeout: 5 * time.Second, EnableCompression: true}
	ws, _, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(s.url, "http")+"/ws", nil)
	if err != nil {
		return err
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	if err := ws.WriteJSON(wire.ClientFrame{T: "hello", Topics: []string{s.topic}, By: person, Desk: desk}); err != nil {
		return err
	}
	for {
		kind, b, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		at := time.Now()
		s.frames.Add(1)
		if kind == websocket.BinaryMessage {
			if s.wave != nil {
				if f, err := wire.DecodeWaveFrame(b); err == nil {
					s.wave(at, f)
				}
			}
			continue
		}
		if err := s.text(ws, at, b); err != nil {
			return err
		}
	}
}

func (s *screen) text(ws *websocket.Conn, at time.Time, b []byte) error {
	delta := strings.HasPrefix(string(b[:min(len(b), 12)]), `{"t":"delta"`)
	if delta && s.want != nil && !s.want(b) {
		return nil
	}
	var f struct {
		T    string                                `json:"t"`
		N    uint64                                `json:"n"`
		Data map[string]map[string]json.RawMessage `json:"data"`
		Ops  []wire.Op                             `json:"ops"`
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	switch f.T {
	case "ping":
		return ws.WriteJSON(wire.ClientFrame{T: "pong", N: f.N, ClientUs: time.Now().UnixMicro()})
	case "snap":
		for c, vs := range f.Data {
			for k, v := range vs {
				s.op(at, wire.Op{C: c, K: k, V: v})
			}
		}
		select {
		case <-s.up:
		default:
			close(s.up)
		}
	case "delta":
		for _, op := range f.Ops {
			s.op(at, op)
		}
	}
	return nil
}
