// Package simport puts a simulated device behind a real pseudo serial port, so that a real agent reads the device's own bytes
// through the operating system: for the demo and for tests with real processes.
package simport

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/creack/pty"

	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
)

// Device is a simulated device of package simdevice: bytes out as time passes, bytes in from the host.
type Device interface {
	// Step gives the bytes that the device sent since the last step.
	Step(now time.Time) []byte
}

// Talker is a Device that also listens.
type Talker interface {
	Device
	// Write takes bytes from the host.
	Write(p []byte)
}

// StepEvery is how often a device is asked for bytes: a serial line gives them as they come, a few milliseconds at a time.
const StepEvery = 20 * time.Millisecond

// Port is one pseudo port with its device. The device belongs to the port's goroutine; Do reaches it from outside.
type Port struct {
	Path   string
	device Device
	master *os.File
	mu     sync.Mutex // guards device
	lost   atomic.Int64
	wg     sync.WaitGroup
	stop   context.CancelFunc
}

// Open makes a pseudo port and runs the device behind it until ctx ends or Close.
func Open(ctx context.Context, d Device) (*Port, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open a pseudo port: %w", err)
	}
	slave.Close() // the agent is the only one to hold it: ports are exclusive
	own, err := pollable(master)
	if err != nil {
		return nil, fmt.Errorf("open a pseudo port: %w", err)
	}
	p := &Port{Path: slave.Name(), device: d, master: own}
	raw, err := serialport.Open(p.Path, ems.Serial8N1(115200))
	if err != nil {
		own.Close()
		return nil, fmt.Errorf("set the pseudo port: %w", err)
	}
	raw.Close() // the setting stays; until then the port would echo
	ctx, p.stop = context.WithCancel(ctx)
	context.AfterFunc(ctx, func() { own.Close() })
	p.wg.Go(p.listen)
	p.wg.Go(func() { p.speak(ctx) })
	return p, nil
}

// pollable gives the master anew in the mode in which Close ends a waiting Read and deadlines hold.
func pollable(master *os.File) (*os.File, error) {
	defer master.Close()
	fd, err := syscall.Dup(int(master.Fd()))
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), master.Name()), nil
}

// Do runs f while the device stands still: to set vitals or faults.
func (p *Port) Do(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// Close takes the port away, as a pulled cable does, and waits for its goroutines.
func (p *Port) Close() error {
	p.stop()
	p.wg.Wait()
	return nil
}

// listen gives the device what the host writes. While nobody has the port open reading fails, and is tried again.
func (p *Port) listen() {
	buf := make([]byte, 1024)
	for {
		n, err := p.master.Read(buf)
		if t, ok := p.device.(Talker); ok && n > 0 {
			p.Do(func() { t.Write(buf[:n]) })
		}
		switch {
		case err == nil:
		case errors.Is(err, syscall.EIO):
			time.Sleep(5 * StepEvery)
		default:
			return
		}
	}
}

// Lost is how many bytes of the device nobody took in time.
func (p *Port) Lost() int64 { return p.lost.Load() }

// speak writes what the device sends. Bytes that nobody reads for StepEvery are lost, as on a real line, and counted. The time counts
// from the writing: this process may be late itself, and that is no fault of the reader.
func (p *Port) speak(ctx context.Context) {
	tick := time.NewTicker(StepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			var out []byte
			p.Do(func() { out = p.device.Step(now) })
			if len(out) == 0 {
				continue
			}
			if err := p.master.SetWriteDeadline(time.Now().Add(StepEvery)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
				return
			}
			n, err := p.master.Write(out)
			p.lost.Add(int64(len(out) - n))
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, syscall.EIO) {
				return
			}
		}
	}
}
