package agent

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lifeline120/internal/cab"
	"lifeline120/internal/link"
	"lifeline120/internal/spool"
)

// A configuration of any bytes is an error or a configuration, never a panic; one that passes Check names a unit that can stand in a
// topic (ACC-003).
func FuzzConfiguration(f *testing.F) {
	for _, s := range []string{"", "unit: a01\n", "unit: a01\nbrokr: x\n", "unit: [", "spool: {total_mib: -1}\n", "unit: a01\ndevices:\n  - {name: m, port: /dev/x, kind: monitor}\n",
		"unit: a01\ndevices: [{}]\n", "unit: ../../etc\n", "unit: \"a\\u0000b\"\n", "simulated: maybe\n"} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		p := filepath.Join(dir, "c.yaml")
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(p, Defaults())
		if err != nil {
			return
		}
		if c.Check() == nil && (c.Unit == "" || len(c.Unit) > 64) {
			t.Fatalf("unit %q passed", c.Unit)
		}
	})
}

// A device named on the command line is read or refused; what is read comes back.
func FuzzParseDevice(f *testing.F) {
	for _, s := range []string{"", "m=/dev/ttyUSB0", "m=", "=x", "m=/dev/x:berry_pm6750", "m==", "m=:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDevice(s)
		if err == nil && (d.Name == "" || d.Port == "") {
			t.Fatalf("%q became %+v", s, d)
		}
	})
}

// noLink is a vehicle out of reach.
type noLink struct{}

func (noLink) Publish(link.Message) error                                  { return link.ErrDown }
func (noLink) Subscribe(context.Context, string, byte, link.Handler) error { return link.ErrDown }
func (noLink) Close() error                                                { return nil }

// parked is a vehicle whose state the test owns, with what a spool kept of its cab.
func parked(t *testing.T, kept []byte) *Vehicle {
	t.Helper()
	sp, err := spool.NewMem(&spool.MemDisk{}, spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if kept != nil {
		if _, err := sp.Put(t.Context(), nil, map[string][]byte{keepCab: kept}); err != nil {
			t.Skip(err) // longer than a spool keeps
		}
	}
	c := Defaults()
	c.Unit = "u1"
	log := slog.New(slog.DiscardHandler)
	feed := NewFeed(c, "test", log)
	t.Cleanup(feed.Close)
	v, err := NewVehicle(Deps{Config: c, Version: "test", Spool: sp, Feed: feed, NewID: NewID, Log: log})
	if err != nil {
		t.Fatalf("a vehicle that does not start: %v", err)
	}
	v.line = noLink{}
	return v
}

// Whatever a disk kept of the cab, the vehicle starts, takes an SOS, and shows and forgets what it believes (ACC-003).
func FuzzCabState(f *testing.F) {
	for _, s := range []string{"", "{}", "null", "[]", `{"orders":null}`, `{"missions":{"m1":{"id":"m2","nodes":[{"node":"lunch"}]}}}`,
		`{"presses":{"p1":{"press_id":"p2","lamp":"?"}}}`, `{"bindings":{"m":{"device":"x","at":"2026-11-21T08:00:00Z"}},"done":{"a":"0001-01-01T00:00:00Z"}}`,
		`{"orders":{"o1":{"id":"o1","state":"delivered","place":{}}},"notes":{"n":{}},"messages":{"a":{}},"notices":{"m":{}},"answered":{"o":{}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v := parked(t, b)
		if err := v.owe(t.Context(), v.cab.SOS(v.clock(), cab.Press{PressID: "fuzz"}, "key", v.lastFix(), 0)); err != nil {
			t.Fatal(err)
		}
		v.showAll()
		v.cab.Forget(v.clock())
		v.showAll()
		if _, err := v.cab.Bind(v.clock(), cab.Binding{Device: "m", Patient: "p", By: "x"}); err != nil {
			t.Fatal(err)
		}
	})
}

// A body of any bytes at any door of the terminal is an answer, never a panic or a failure of the server (ACC-003).
func FuzzTerminalBodies(f *testing.F) {
	paths := []string{"/api/v1/sos", "/api/v1/handover", "/api/v1/binding", "/api/v1/notes", "/api/v1/missions/m1/nodes", "/api/v1/missions/m1/destination",
		"/api/v1/orders/o1/seen", "/api/v1/orders/o1/accept", "/api/v1/orders/o1/refuse", "/api/v1/monitor/m/command"}
	for i, s := range []string{`{"press_id":"p1","by":"terminal","pressed":"2026-11-21T08:00:00Z","uncertainty_s":1e300}`,
		`{"tablet":"t","offset_ms":-1e300,"uncertainty_ms":1e300,"entries":[{"id":"a","kind":"sos","at":"9999-12-31T23:59:59Z","body":{}}]}`,
		`{"device":"m","by":"x","bound":true,"age_years":130}`, `{"id":"n","text":"x","by":"y"}`, `{"id":"t","node":"departed","by":"x","at":"0001-01-01T00:00:00Z"}`,
		`{"hospital":"h","by":"x"}`, `{"by":"x"}`, `{`, `null`, `{"command":"nibp_start","cuff":"child"}`} {
		f.Add(uint8(i), []byte(s))
	}
	f.Fuzz(func(t *testing.T, at uint8, b []byte) {
		v := parked(t, nil)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go func() {
			for {
				select {
				case act := <-v.acts:
					act()
				case <-ctx.Done():
					return
				}
			}
		}()
		mux := http.NewServeMux()
		v.Routes(mux)
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, paths[int(at)%len(paths)], bytes.NewReader(b))
		req.Header.Set("Content-Type", "application/json")
		rec := answered{httptest.NewRecorder()}
		mux.ServeHTTP(rec, req)
		if rec.Code >= 500 {
			t.Fatalf("answered %d: %s", rec.Code, rec.Body)
		}
	})
}

// answered takes a response in process: there is no connection to set a deadline on.
type answered struct{ *httptest.ResponseRecorder }

func (answered) SetReadDeadline(time.Time) error { return nil }
