package webfeed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"lifeline120/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func hub(c Config) *Hub {
	c.Term = 3
	if c.Live == nil {
		c.Live = func(s string) bool { return s == "readings" }
	}
	return New(c)
}

// next reads a frame of the feed in process.
func next(t *testing.T, c *Client) map[string]any {
	t.Helper()
	f, err := c.Next()
	if err != nil {
		t.Fatal(err)
	}
	if f.Binary {
		return map[string]any{"t": "wave", "data": string(f.Data)}
	}
	var v map[string]any
	if err := json.Unmarshal(f.Data, &v); err != nil {
		t.Fatalf("%s: %v", f.Data, err)
	}
	return v
}

func TestSnapshotThenDeltas(t *testing.T) {
	h := hub(Config{})
	defer h.Close()
	h.Publish("console", Set("alarms", `a"1`, 1), Set("alarms", "a2", 2))
	c, err := h.Subscribe(Who{}, "console")
	if err != nil {
		t.Fatal(err)
	}
	snap := next(t, c)
	if snap["t"] != "snap" || snap["seq"] != 1.0 || snap["term"] != 3.0 || fmt.Sprint(snap["data"]) != `map[alarms:map[a"1:1 a2:2]]` {
		t.Fatal(snap)
	}
	h.Publish("console", Delete("alarms", "a2"), Set("units", "u1", "x"))
	d := next(t, c)
	if d["t"] != "delta" || d["seq"] != 2.0 || fmt.Sprint(d["ops"]) != "[map[c:alarms k:a2] map[c:units k:u1 v:x]]" {
		t.Fatal(d)
	}
	if h.Value("console", "alarms", "a2") != nil || string(h.Value("console", "units", "u1")) != `"x"` {
		t.Error("values do not follow")
	}
	h.Drop("console")
	if d := next(t, c); len(d["ops"].([]any)) != 2 {
		t.Error("a dropped topic does not delete its values:", d)
	}
}

func TestResumeFromWhereItWas(t *testing.T) {
	h := hub(Config{Limits: Limits{RingFrames: 3}})
	defer h.Close()
	for i := range 5 {
		h.Publish("console", Set("alarms", "a", i))
	}
	for _, tc := range []struct {
		from wire.FeedSeq
		want string
	}{
		{wire.FeedSeq{Term: 3, Seq: 5}, ""},                        // missed nothing
		{wire.FeedSeq{Term: 3, Seq: 3}, "delta 4,delta 5"},         // still at hand
		{wire.FeedSeq{Term: 3, Seq: 2}, "delta 3,delta 4,delta 5"}, // just
		{wire.FeedSeq{Term: 3, Seq: 1}, "snap 5"},                  // too long ago
		{wire.FeedSeq{Term: 3, Seq: 9}, "snap 5"},                  // of the future: not ours
		{wire.FeedSeq{Term: 2, Seq: 5}, "snap 5"},                  // of another leader
	} {
		c, _ := h.Subscribe(Who{})
		if err := h.follow(c, "console", tc.from); err != nil {
			t.Fatal(err)
		}
		var got []string
		for len(c.out) > 0 {
			f := next(t, c)
			got = append(got, fmt.Sprint(f["t"], " ", f["seq"]))
		}
		if strings.Join(got, ",") != tc.want {
			t.Errorf("resume %+v: got %v, want %s", tc.from, got, tc.want)
		}
		c.Close()
	}
}

func TestLiveValuesMergeAndEventsDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub(Config{})
		defer h.Close()
		c, _ := h.Subscribe(Who{}, "console")
		next(t, c) // snap
		h.Publish("console", Set("readings", "hr", 1))
		if d := next(t, c); d["seq"] != 1.0 {
			t.Fatal("the first live value waited:", d)
		}
		for i := range 10 {
			h.Publish("console", Set("readings", "hr", i), Set("readings", "spo2", i))
		}
		synctest.Wait()
		if len(c.out) != 0 {
			t.Fatal("live values were not merged")
		}
		time.Sleep(50 * time.Millisecond)
		if d := next(t, c); fmt.Sprint(d["ops"]) != "[map[c:readings k:hr v:9] map[c:readings k:spo2 v:9]]" || d["seq"] != 2.0 {
			t.Fatal(d)
		}
		h.Publish("console", Set("readings", "hr", 11))
		h.Publish("console", Set("alarms", "a1", 1))
		if d := next(t, c); fmt.Sprint(d["ops"]) != "[map[c:readings k:hr v:11] map[c:alarms k:a1 v:1]]" {
			t.Fatal("an event must go at once, after what waited:", d)
		}
	})
}

func TestSCR005_SlowReaderIsCutOffAndSlowsNobody(t *testing.T) {
	h := hub(Config{Limits: Limits{QueueFrames: 4}})
	defer h.Close()
	slow, _ := h.Subscribe(Who{}, "console")
	well, _ := h.Subscribe(Who{}, "console")
	next(t, well)
	for i := range 20 {
		h.Publish("console", Set("alarms", "a", i))
		if d := next(t, well); d["seq"] != float64(i+1) {
			t.Fatal("the healthy reader missed a frame:", d)
		}
	}
	<-slow.Done()
	if !errors.Is(slow.Err(), ErrLagging) || h.Stats().Cut != 1 {
		t.Error(slow.Err(), h.Stats())
	}
	again, _ := h.Subscribe(Who{}, "console")
	if s := next(t, again); s["t"] != "snap" || s["seq"] != 20.0 {
		t.Error("it must come back to a snapshot:", s)
	}
}

func TestSCR005_QueueIsBoundedInBytes(t *testing.T) {
	h := hub(Config{Limits: Limits{QueueBytes: 1000}})
	defer h.Close()
	h.Publish("console", Set("alarms", "big", strings.Repeat("x", 5000)))
	c, _ := h.Subscribe(Who{}, "console")
	if c.Err() != nil {
		t.Fatal("a snapshot of any size must fit an empty queue")
	}
	next(t, c)
	h.Publish("console", Set("alarms", "a", strings.Repeat("x", 600)))
	h.Publish("console", Set("alarms", "b", strings.Repeat("x", 600)))
	if !errors.Is(c.Err(), ErrLagging) {
		t.Error("1,200 bytes wait in a queue of 1,000")
	}
}

func TestWavesAreLeftOutBeforeEventsAre(t *testing.T) {
	h := hub(Config{Limits: Limits{QueueFrames: 8}})
	defer h.Close()
	h.PublishWave("waves:u1", []byte("to nobody"))
	c, _ := h.Subscribe(Who{}, "waves:u1")
	next(t, c)
	for range 20 {
		h.PublishWave("waves:u1", []byte("w"))
	}
	h.Publish("waves:u1", Set("alarms", "a", 1))
	if c.Err() != nil || h.Stats().WaveSkipped != 15 {
		t.Fatal(c.Err(), h.Stats())
	}
	for range 5 {
		if f := next(t, c); f["data"] != "w" {
			t.Fatal(f)
		}
	}
	if f := next(t, c); f["t"] != "delta" {
		t.Fatal(f)
	}
}

func TestTopicsComeAndGo(t *testing.T) {
	seen := ""
	h := hub(Config{Limits: Limits{Topics: 2, Clients: 1}, Subscribed: func(_ Who, s string) { seen += s + " " },
		Authorize: func(_ Who, s string) error {
			if s == "secret" {
				return errors.New("not yours")
			}
			return nil
		}})
	defer h.Close()
	c, err := h.Subscribe(Who{}, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.follow(c, "c", wire.FeedSeq{}); err == nil {
		t.Error("a third topic was given")
	}
	if err := h.follow(c, "secret", wire.FeedSeq{}); err == nil {
		t.Error("a refused topic was given")
	}
	if _, err := h.Subscribe(Who{}); !errors.Is(err, ErrFull) {
		t.Error("a second screen was let in:", err)
	}
	if seen != "a b " || !h.Followed("a") || h.Stats().Topics != 2 {
		t.Error(seen, h.Stats())
	}
	h.unfollow(c, "a")
	c.Close()
	if s := h.Stats(); s.Topics != 0 || s.Clients != 0 {
		t.Error("empty topics stay:", s)
	}
}

// town is a server on pipes, so that a bubble's clock rules it.
type town struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l town) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l town) Close() error   { close(l.done); return nil }
func (l town) Addr() net.Addr { return &net.TCPAddr{} }

func serve(t *testing.T, h *Hub) (dial func() *websocket.Conn) {
	l := town{make(chan net.Conn), make(chan struct{})}
	srv := &http.Server{Handler: h}
	go srv.Serve(l)
	t.Cleanup(func() { h.Close(); srv.Close() })
	return func() *websocket.Conn {
		d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}, EnableCompression: true,
			NetDialContext: func(context.Context, string, string) (net.Conn, error) {
				a, b := net.Pipe()
				l.conns <- b
				return a, nil
			}}
		c, _, err := d.Dial("ws://town/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
}

func read(t *testing.T, c *websocket.Conn) map[string]any {
	t.Helper()
	var v map[string]any
	if err := c.ReadJSON(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSCR006_HeartbeatsBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub(Config{})
		c := serve(t, h)()
		c.WriteJSON(wire.ClientFrame{T: "hello", Topics: []string{"console"}})
		if f := read(t, c); f["t"] != "welcome" || f["term"] != 3.0 {
			t.Fatal(f)
		}
		if f := read(t, c); f["t"] != "snap" {
			t.Fatal(f)
		}
		start := time.Now()
		for n := 1; n <= 3; n++ {
			if f := read(t, c); f["t"] != "ping" || f["n"] != float64(n) || f["server_us"] != float64(time.Now().UnixMicro()) {
				t.Fatal(f)
			}
			if got := time.Since(start); got != time.Duration(n)*2*time.Second {
				t.Fatal("heartbeat", n, "after", got)
			}
		}
		c.WriteJSON(wire.ClientFrame{T: "ping", N: 9, ClientUs: 42})
		if f := read(t, c); f["t"] != "pong" || f["n"] != 9.0 || f["client_us"] != 42.0 {
			t.Fatal(f)
		}
		// A screen that says nothing more is let go after 15 s.
		for err := error(nil); err == nil; {
			_, _, err = c.ReadMessage()
		}
		if got := time.Since(start); got < 20*time.Second || got > 22*time.Second {
			t.Error("silent screen let go after", got)
		}
	})
}

func TestACC003_GarbageEndsThatSessionOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub(Config{})
		dial := serve(t, h)
		well := dial()
		well.WriteJSON(wire.ClientFrame{T: "hello", Topics: []string{"console"}})
		read(t, well)
		read(t, well)
		for i, bad := range []struct {
			kind int
			data string
		}{
			{websocket.TextMessage, "{"}, {websocket.TextMessage, `{"t":"launch"}`}, {websocket.BinaryMessage, "\x00\x01"},
			{websocket.TextMessage, `{"t":"sub","topics":["console"]}`}, // before hello
			{websocket.TextMessage, strings.Repeat(" ", maxRead+1)}, {websocket.TextMessage, `[1]`},
		} {
			c := dial()
			c.WriteMessage(bad.kind, []byte(bad.data))
			_, _, err := c.ReadMessage()
			if err == nil {
				t.Errorf("%.20q was taken", bad.data)
			}
			if i < 4 && !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
				t.Errorf("%.20q: %v", bad.data, err)
			}
		}
		h.Publish("console", Set("alarms", "a", 1))
		if f := read(t, well); f["t"] != "delta" {
			t.Error("another's garbage reached this screen:", f)
		}
		if h.Stats().Garbage != 6 {
			t.Error(h.Stats())
		}
	})
}

func TestSCR005_LaggingScreenIsClosedWith1013(t *testing.T) {
	h := hub(Config{Limits: Limits{QueueFrames: 8}})
	srv := httptest.NewServer(h)
	defer srv.Close()
	defer h.Close()
	c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.WriteJSON(wire.ClientFrame{T: "hello", Topics: []string{"console"}})
	read(t, c)
	read(t, c)
	for h.Stats().Cut == 0 { // it reads nothing: kernel's buffers fill, then the queue
		h.Publish("console", Set("alarms", "a", strings.Repeat("x", 1<<16)))
	}
	for err == nil {
		_, _, err = c.ReadMessage()
	}
	if !websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
		t.Error(err)
	}
}

func TestOriginOfOthersIsRefused(t *testing.T) {
	h := hub(Config{})
	srv := httptest.NewServer(h)
	defer srv.Close()
	defer h.Close()
	url := "ws" + strings.TrimPrefix(srv.URL, "http")
	if _, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {"http://evil.example"}}); err == nil {
		t.Error("a page of another origin was let in")
	}
	c, _, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {srv.URL}})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// FuzzClientFrame: no bytes of a screen break a session's owner.
func FuzzClientFrame(f *testing.F) {
	for _, s := range []string{`{"t":"hello","topics":["a"],"resume":{"a":{"term":3,"seq":1}}}`, `{"t":"unsub","topics":["a"]}`,
		`{"t":"resume","topic":"a","term":3,"seq":18446744073709551615}`, `{"t":"ping","n":1}`, `{`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v wire.ClientFrame
		if json.Unmarshal(b, &v) != nil {
			return
		}
		h := hub(Config{})
		defer h.Close()
		h.Publish("a", Set("alarms", "a", 1))
		c, _ := h.Subscribe(Who{})
		s := session{hub: h, client: c, answers: make(chan any, 128), hello: v.T != "hello"}
		s.take(v)
	})
}

func TestTIM001_ClocksOfScreensAreMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := New(Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
		dial := serve(t, h)
		c := dial()
		if err := c.WriteJSON(wire.ClientFrame{T: "hello", Desk: "d1"}); err != nil {
			t.Fatal(err)
		}
		answer := func(late, ahead time.Duration) {
			for {
				f := read(t, c)
				if f["t"] != "ping" || f["server_us"] != float64(time.Now().UnixMicro()) { // one that waited for us to read
					continue
				}
				time.Sleep(late)
				at := time.Now().Add(ahead)
				if err := c.WriteJSON(wire.ClientFrame{T: "pong", N: uint64(f["n"].(float64)), ClientUs: at.UnixMicro()}); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				return
			}
		}
		for _, step := range []struct{ late, ahead, want time.Duration }{
			{0, 300 * time.Millisecond, 300 * time.Millisecond}, {0, -5 * time.Second, 5 * time.Second}, {3 * time.Second, time.Hour, 5 * time.Second},
			{0, 0, 0}, {0, time.Minute, time.Minute},
		} {
			answer(step.late, step.ahead)
			if got := h.Stats().ClockOffset; got != step.want {
				t.Errorf("%v late, %v ahead: measured %v", step.late, step.ahead, got)
			}
		}
		if l := log.String(); strings.Count(l, "clock of a screen") != 3 || strings.Count(l, "level=WARN") != 1 || !strings.Contains(l, "desk=d1") {
			t.Error(l)
		}
		c.Close()
		h.Close()
	})
}
