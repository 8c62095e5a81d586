package serialport_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"

	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cable is a pseudo port of the system under a name of its own, as a USB adapter has by its serial number.
type cable struct {
	t      *testing.T
	path   string
	master *os.File
}

func newCable(t *testing.T) *cable {
	c := &cable{t: t, path: filepath.Join(t.TempDir(), "gnss")}
	c.plug()
	t.Cleanup(func() { c.master.Close() })
	return c
}

func (c *cable) plug() {
	c.t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		c.t.Skipf("this system gives no pseudo ports: %v", err)
	}
	defer slave.Close() // the port is exclusive: ours must be closed before it is opened
	c.master = master
	if err := os.Symlink(slave.Name(), c.path); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cable) unplug() {
	c.master.Close()
	os.Remove(c.path)
}

func TestOpenOnARealPort(t *testing.T) {
	c := newCable(t)
	for _, line := range []ems.Line{ems.Serial8N1(4800), ems.Serial8N1(115200), {Baud: 19200, DataBits: 8, Parity: "O", StopBits: 1},
		{Baud: 9600, DataBits: 7, Parity: "E", StopBits: 2}, ems.Serial8N1(460800)} {
		p, err := serialport.Open(c.path, line)
		if err != nil {
			t.Fatalf("%v: %v", line, err)
		}
		if err := p.SetReadTimeout(20 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if n, err := p.Read(make([]byte, 10)); n != 0 || err != nil {
			t.Errorf("%v: silence read as %d bytes, %v", line, n, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if _, err := p.Read(make([]byte, 10)); !errors.Is(err, serialport.ErrGone) {
			t.Errorf("read after close: %v", err)
		}
	}
	p, err := serialport.Open(c.path, ems.Serial8N1(115200))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	want := make([]byte, 256)
	for i := range want {
		want[i] = byte(i)
	}
	if _, err := c.master.Write(want); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for buf := make([]byte, 64); len(got) < len(want); {
		n, err := p.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if string(got) != string(want) {
		t.Errorf("bytes changed on the way: % x", got)
	}
	if _, err := p.Write([]byte("on")); err != nil {
		t.Error(err)
	}
	c.unplug()
	if _, err := p.Read(make([]byte, 10)); !errors.Is(err, serialport.ErrGone) {
		t.Errorf("read after hang-up: %v", err)
	}
	if _, err := serialport.Open(c.path, ems.Serial8N1(9600)); !errors.Is(err, serialport.ErrMissing) {
		t.Errorf("open of a pulled cable: %v", err)
	}
	if _, err := serialport.Open(c.path, ems.Line{Baud: 9600, DataBits: 8, Parity: "X", StopBits: 1}); err == nil {
		t.Error("parity X was taken")
	}
	if _, err := serialport.Open(c.path, ems.Line{Baud: 9600, DataBits: 8, Parity: "N", StopBits: 3}); err == nil {
		t.Error("three stop bits were taken")
	}
}

func TestListNamesPorts(t *testing.T) {
	ports, err := serialport.List()
	if err != nil {
		t.Skipf("this system does not list its ports: %v", err)
	}
	for _, p := range ports {
		if p.Path == "" {
			t.Errorf("a port without a path: %+v", p)
		}
	}
}

// A wrong rate, an unplugged cable and silence on a port of the system; a pseudo port has no rate, so garbage is put in.
func TestWatcherOnARealPort(t *testing.T) {
	c := newCable(t)
	codec := gnssCodec
	codec.MaxQuiet = time.Second
	statuses := make(chan ems.DeviceStatus, 100)
	w, err := serialport.NewWatcher(serialport.Config{Device: "gnss", Path: c.path, Codecs: []serialport.Codec{codec},
		OnStatus: func(s ems.DeviceStatus) { statuses <- s }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	// await writes p again and again until the state comes.
	await := func(want ems.DeviceState, p string) ems.DeviceStatus {
		t.Helper()
		again := time.NewTicker(50 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case s := <-statuses:
				if s.State == want {
					return s
				}
			case <-again.C:
				c.master.WriteString(p)
			case <-ctx.Done():
				t.Fatalf("%s did not come", want)
			}
		}
	}
	const sentence = "$GNRMC,,V,,,,,,,,,,N*4D\r\n"
	await(ems.DeviceProbing, "\xff\x00\x83\x1e\x98\xe6")
	first := await(ems.DeviceSpeaking, sentence)
	if first.Driver != "nmea0183" || first.Baud == 0 {
		t.Errorf("status %+v", first)
	}
	await(ems.DeviceGarbled, "\xff\x00\x83\x1e\x98\xe6")
	await(ems.DeviceSpeaking, sentence)
	await(ems.DeviceSilent, "")
	await(ems.DeviceSpeaking, sentence)
	c.unplug()
	await(ems.DeviceAbsent, "")
	c.plug()
	await(ems.DeviceSpeaking, sentence)
}
