package agent

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/serialport"
)

// line has bytes from an instant on, and refuses to be waited on.
type line struct {
	t    *testing.T
	from time.Time
	err  error
}

func (l *line) Read(b []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	if time.Now().Before(l.from) {
		return 0, nil
	}
	return copy(b, "abc"), nil
}

func (l *line) SetReadTimeout(d time.Duration) error {
	if d != 0 {
		l.t.Errorf("the port itself is told to wait %v", d)
	}
	return nil
}

func (l *line) Write(b []byte) (int, error) { return len(b), nil }
func (l *line) Close() error                { return nil }

func TestPortIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name        string
			wait, after time.Duration // how long to wait; when bytes come
			fault       error
			n           int
			least, most time.Duration
		}{
			{"bytes are there", 100 * time.Millisecond, 0, nil, 3, 0, lookEvery},
			{"bytes come while it waits", 100 * time.Millisecond, 50 * time.Millisecond, nil, 3, 50 * time.Millisecond, 50*time.Millisecond + lookEvery},
			{"nothing comes", 100 * time.Millisecond, time.Hour, nil, 0, 100 * time.Millisecond, 100 * time.Millisecond},
			{"a short wait stays short", time.Millisecond, time.Hour, nil, 0, time.Millisecond, time.Millisecond},
			{"the port is gone", 100 * time.Millisecond, time.Hour, serialport.ErrGone, 0, 0, lookEvery},
		} {
			began := time.Now()
			p, err := looking(&line{t: t, from: began.Add(c.after), err: c.fault})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.SetReadTimeout(c.wait); err != nil {
				t.Fatal(err)
			}
			n, err := p.Read(make([]byte, 8))
			if took := time.Since(began); n != c.n || !errors.Is(err, c.fault) || took < c.least || took > c.most {
				t.Errorf("%s: %d bytes, %v after %v; want %d, %v between %v and %v", c.name, n, err, took, c.n, c.fault, c.least, c.most)
			}
		}
	})
}
