package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"lifeline120/internal/wire"
)

// follow keeps a copy of one topic of a live feed, as a screen does, until ctx ends. changed is called after each change.
type follow struct {
	url, topic, by, desk string

	mu   sync.Mutex
	data map[string]map[string]json.RawMessage
}

// each calls f with every value of a collection that reads as T.
func each[T any](f *follow, collection string, do func(key string, v T)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, raw := range f.data[collection] {
		var v T
		if json.Unmarshal(raw, &v) == nil {
			do(k, v)
		}
	}
}

// run follows the feed, and begins anew when it is cut.
func (f *follow) run(ctx context.Context) {
	for ctx.Err() == nil {
		_ = f.once(ctx) // cut off or not there yet: tried again
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (f *follow) once(ctx context.Context) error {
	d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}, HandshakeTimeout: 5 * time.Second}
	ws, _, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(f.url, "http")+"/ws", nil)
	if err != nil {
		return err
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.Close() })()
	if err := ws.WriteJSON(wire.ClientFrame{T: "hello", Topics: []string{f.topic}, By: f.by, Desk: f.desk}); err != nil {
		return err
	}
	for {
		if err := ws.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
			return err
		}
		kind, b, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		if kind != websocket.TextMessage {
			continue
		}
		var head struct {
			T    string                                `json:"t"`
			N    uint64                                `json:"n"`
			Data map[string]map[string]json.RawMessage `json:"data"`
			Ops  []wire.Op                             `json:"ops"`
		}
		if err := json.Unmarshal(b, &head); err != nil {
			return err
		}
		switch head.T {
		case "ping":
			if err := ws.WriteJSON(wire.ClientFrame{T: "pong", N: head.N, ClientUs: time.Now().UnixMicro()}); err != nil {
				return err
			}
		case "snap":
			f.mu.Lock()
			f.data = head.Data
			f.mu.Unlock()
		case "delta":
			f.apply(head.Ops)
		}
	}
}

func (f *follow) apply(ops []wire.Op) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, op := range ops {
		if f.data[op.C] == nil {
			if f.data == nil {
				f.data = map[string]map[string]json.RawMessage{}
			}
			f.data[op.C] = map[string]json.RawMessage{}
		}
		if op.V == nil {
			delete(f.data[op.C], op.K)
		} else {
			f.data[op.C][op.K] = op.V
		}
	}
}

// call posts body as JSON and reads the answer into out, if it is not nil.
func call(ctx context.Context, addr, by, desk string, body, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, addr, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if by != "" {
		req.Header.Set("X-By", url.PathEscape(by))
	}
	if desk != "" {
		req.Header.Set("X-Desk", desk)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
		return &refusedError{fmt.Sprintf("%s answers %s: %s", addr, resp.Status, answer)}
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s answers %s: %s", addr, resp.Status, answer)
	}
	if out != nil && len(answer) > 0 {
		return json.Unmarshal(answer, out)
	}
	return nil
}

// refusedError is an answer that will be the same the next time.
type refusedError struct{ said string }

func (e *refusedError) Error() string { return e.said }
