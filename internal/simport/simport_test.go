package simport

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
)

// echo says what it heard, and nothing before.
type echo struct{ heard []byte }

func (e *echo) Write(p []byte) { e.heard = append(e.heard, p...) }

func (e *echo) Step(time.Time) []byte {
	p := e.heard
	e.heard = nil
	return p
}

// All 256 byte values must pass both ways through the pseudo port, and a port that is opened again must work as before.
func TestEveryByteValuePassesBothWays(t *testing.T) {
	p, err := Open(t.Context(), &echo{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for range 2 {
		host, err := serialport.Open(p.Path, ems.Serial8N1(9600))
		if err != nil {
			t.Fatal(err)
		}
		if err := host.SetReadTimeout(20 * time.Second); err != nil {
			t.Fatal(err)
		}
		if _, err := host.Write(all); err != nil {
			t.Fatal(err)
		}
		var got []byte
		buf := make([]byte, 512)
		for len(got) < len(all) {
			n, err := host.Read(buf)
			if err != nil || n == 0 {
				t.Fatalf("after %d bytes: read %d, %v", len(got), n, err)
			}
			got = append(got, buf[:n]...)
		}
		if !bytes.Equal(got, all) {
			t.Fatalf("sent %x\ngot  %x", all, got)
		}
		host.Close()
	}
}

// late is a device whose steps take longer than the port's own pace, as on a machine that has no time.
type late struct{ n int }

func (l *late) Step(time.Time) []byte {
	time.Sleep(StepEvery + 5*time.Millisecond)
	l.n++
	return fmt.Appendf(nil, "%09d\n", l.n)
}

// A process that is late must not throw away what its device sent: only a reader that does not read may lose bytes.
func TestLateDeviceLosesNothing(t *testing.T) {
	p, err := Open(t.Context(), &late{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	host, err := serialport.Open(p.Path, ems.Serial8N1(9600))
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	if err := host.SetReadTimeout(20 * time.Second); err != nil {
		t.Fatal(err)
	}
	var got []byte
	buf := make([]byte, 64)
	for len(got) < 100 {
		n, err := host.Read(buf)
		if err != nil || n == 0 {
			t.Fatalf("after %d bytes: read %d, %v; %d lost", len(got), n, err, p.Lost())
		}
		got = append(got, buf[:n]...)
	}
}

// What nobody reads is lost and counted.
func TestUnreadBytesAreCounted(t *testing.T) {
	p, err := Open(t.Context(), flood{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	host, err := serialport.Open(p.Path, ems.Serial8N1(9600))
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	for end := time.Now().Add(20 * time.Second); p.Lost() == 0; time.Sleep(StepEvery) {
		if time.Now().After(end) {
			t.Fatal("a port that nobody reads loses nothing")
		}
	}
}

// flood sends more at once than the system keeps for a reader.
type flood struct{}

func (flood) Step(time.Time) []byte { return make([]byte, 64<<10) }
