package serialporttest_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
	"lifeline120/internal/serialport/serialporttest"
)

var slow, fast = ems.Serial8N1(9600), ems.Serial8N1(115200)

func open(t *testing.T, l *serialporttest.Line, line ems.Line) serialport.Port {
	t.Helper()
	p, err := l.Open("port", line)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SetReadTimeout(time.Second); err != nil {
		t.Fatal(err)
	}
	return p
}

func read(t *testing.T, p serialport.Port) string {
	t.Helper()
	b := make([]byte, 100)
	n, err := p.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestLineCarriesBytesBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serialporttest.NewLine(slow)
		l.Send([]byte("nobody listens"))
		p := open(t, l, slow)
		if _, err := l.Open("port", slow); !errors.Is(err, serialport.ErrBusy) {
			t.Errorf("opened twice: %v", err)
		}
		start := time.Now()
		if got := read(t, p); got != "" || time.Since(start) != time.Second {
			t.Errorf("read %q after %v, want nothing after the timeout", got, time.Since(start))
		}
		go func() {
			time.Sleep(300 * time.Millisecond)
			l.Send([]byte("hello"))
		}()
		if got := read(t, p); got != "hello" {
			t.Errorf("read %q", got)
		}
		l.Cut(2)
		l.Send([]byte("abc"))
		if got := read(t, p) + "|" + read(t, p); got != "ab|c" {
			t.Errorf("cut into %q", got)
		}
		waiting := l.Arrived()
		if _, err := p.Write([]byte("order")); err != nil {
			t.Fatal(err)
		}
		<-waiting
		<-l.Arrived()
		if got := l.Received(); string(got) != "order" || l.Received() != nil {
			t.Errorf("the device got %q", got)
		}
	})
}

func TestLineAtTheWrongRateMakesGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serialporttest.NewLine(slow)
		p := open(t, l, fast)
		l.Send([]byte("$GNRMC"))
		got := read(t, p)
		if len(got) != 24 || bytes.Contains([]byte(got), []byte("$GN")) {
			t.Errorf("read %q", got)
		}
		if _, err := p.Write([]byte("order")); err != nil {
			t.Fatal(err)
		}
		if string(l.Received()) == "order" {
			t.Error("the device understood")
		}
		l.SetDevice(fast)
		l.Send([]byte("$GNRMC"))
		if got := read(t, p); got != "$GNRMC" {
			t.Errorf("read %q", got)
		}
	})
}

func TestLineUnpluggedAndStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serialporttest.NewLine(slow)
		p := open(t, l, slow)
		l.Stall(true)
		l.Send([]byte("late"))
		if got := read(t, p); got != "" {
			t.Errorf("a stalled line gave %q", got)
		}
		l.Stall(false)
		if got := read(t, p); got != "late" {
			t.Errorf("read %q", got)
		}
		go func() {
			time.Sleep(time.Millisecond)
			l.Unplug()
		}()
		if _, err := p.Read(make([]byte, 1)); !errors.Is(err, serialport.ErrGone) {
			t.Errorf("read: %v", err)
		}
		if _, err := p.Write([]byte("x")); !errors.Is(err, serialport.ErrGone) {
			t.Errorf("write: %v", err)
		}
		if _, err := l.Open("port", slow); !errors.Is(err, serialport.ErrMissing) {
			t.Errorf("open: %v", err)
		}
		l.Plug()
		open(t, l, slow)
		if _, err := (serialporttest.Rack{"a": l}).Open("b", slow); !errors.Is(err, serialport.ErrMissing) {
			t.Errorf("open of no line: %v", err)
		}
		if l.Opens() != 2 {
			t.Errorf("%d opens", l.Opens())
		}
	})
}

func TestLineIsBounded(t *testing.T) {
	l := serialporttest.NewLine(slow)
	p := open(t, l, slow)
	for range 100 {
		l.Send(make([]byte, 4096))
		p.Write(make([]byte, 4096))
	}
	if n, _ := p.Read(make([]byte, 1<<20)); n != 64<<10 {
		t.Errorf("%d bytes waited", n)
	}
	if n := len(l.Received()); n != 64<<10 {
		t.Errorf("%d bytes waited for the device", n)
	}
}
