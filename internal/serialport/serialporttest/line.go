// Package serialporttest has serial lines in memory for tests of whatever stands on ports: the device is on one end, the
// code under test opens the other. Wrong baud rates make garbage; cables are pulled, lines stall, reads are cut anywhere.
// All waiting is on the time package, so that lines run in testing/synctest.
package serialporttest

import (
	"fmt"
	"sync"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
)

// bufferMax bounds what waits on one direction of a line; older bytes are lost beyond it, as in a UART that overruns.
const bufferMax = 64 << 10

// Line is one cable between a device and a computer. The methods are the device's end and the hand that pulls plugs; all
// are safe for concurrent use.
type Line struct {
	mu      sync.Mutex
	device  ems.Line
	plugged bool
	stalled bool
	cut     int
	open    *end
	opens   int
	toPort  []byte
	toDev   []byte
	arrived chan struct{} // closed and replaced when the device has something to read
}

// NewLine is a plugged-in cable to a device that speaks at the given settings.
func NewLine(device ems.Line) *Line {
	return &Line{device: device, plugged: true, arrived: make(chan struct{})}
}

// Open is a serialport.Opener for this line, whatever the path. It holds the port as a real one does: a second Open of
// the same line answers serialport.ErrBusy.
func (l *Line) Open(path string, line ems.Line) (serialport.Port, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.plugged:
		return nil, fmt.Errorf("open %s: %w", path, serialport.ErrMissing)
	case l.open != nil:
		return nil, fmt.Errorf("open %s: %w", path, serialport.ErrBusy)
	}
	l.opens++
	l.toPort, l.toDev = nil, nil
	l.open = &end{line: l, setting: line, ready: make(chan struct{}, 1), gone: make(chan struct{}), timeout: -1}
	return l.open, nil
}

// Opens is how often the port was opened.
func (l *Line) Opens() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opens
}

// Setting is what the port is open with; false when it is not open.
func (l *Line) Setting() (ems.Line, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		return ems.Line{}, false
	}
	return l.open.setting, true
}

// Send is the device sending bytes. With no open port behind the cable they are lost, as on a real line.
func (l *Line) Send(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil || !l.plugged {
		return
	}
	if l.open.setting != l.device {
		p = Garble(p, l.device, l.open.setting)
	}
	l.toPort = bounded(append(l.toPort, p...))
	l.open.wake()
}

// Received takes what the computer has sent to the device since the last call.
func (l *Line) Received() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.toDev
	l.toDev = nil
	return p
}

// Arrived is closed when bytes for the device have come since the call: a device that waits selects on it, then calls
// Received.
func (l *Line) Arrived() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.toDev) > 0 {
		now := make(chan struct{})
		close(now)
		return now
	}
	return l.arrived
}

// Unplug pulls the cable: the open port fails, and no port can be opened until Plug.
func (l *Line) Unplug() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plugged = false
	if l.open != nil {
		l.open.hangUp()
	}
}

// Plug puts the cable back.
func (l *Line) Plug() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plugged = true
}

// Stall holds back what the device sends while on: the port is there and says nothing. Held bytes arrive afterwards.
func (l *Line) Stall(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalled = on
	if l.open != nil {
		l.open.wake()
	}
}

// SetDevice changes what the device speaks at, as when it is replaced by another.
func (l *Line) SetDevice(line ems.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.device = line
}

// Cut makes each Read give at most n bytes; 0 gives what is there.
func (l *Line) Cut(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = n
}

func bounded(p []byte) []byte {
	if over := len(p) - bufferMax; over > 0 {
		p = append([]byte(nil), p[over:]...)
	}
	return p
}

// Garble is what a port set to `to` makes of bytes sent at `from`: other bytes, more of them when the port is faster.
// Equal input gives equal garbage.
func Garble(p []byte, from, to ems.Line) []byte {
	n := len(p)
	if from.Baud > 0 && to.Baud > 0 {
		n = min(max(n*to.Baud/from.Baud, 1), 4*len(p))
	}
	out := make([]byte, 0, n)
	for i := range n {
		b := p[i*len(p)/n]
		out = append(out, (b<<3|b>>5)^0xE3^byte(7*i))
	}
	return out
}

// end is the computer's end.
type end struct {
	line    *Line
	setting ems.Line
	ready   chan struct{} // holds one token when there may be something to read
	gone    chan struct{} // closed when the port is closed or the cable pulled
	timeout time.Duration // negative: none
}

func (e *end) wake() {
	select {
	case e.ready <- struct{}{}:
	default:
	}
}

// hangUp needs line.mu.
func (e *end) hangUp() {
	if e.line.open == e {
		e.line.open = nil
		close(e.gone)
	}
}

func (e *end) Close() error {
	e.line.mu.Lock()
	defer e.line.mu.Unlock()
	e.hangUp()
	return nil
}

func (e *end) SetReadTimeout(d time.Duration) error {
	e.line.mu.Lock()
	defer e.line.mu.Unlock()
	e.timeout = d
	return nil
}

func (e *end) Read(p []byte) (int, error) {
	e.line.mu.Lock()
	timeout := e.timeout
	e.line.mu.Unlock()
	var expired <-chan time.Time
	if timeout >= 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		expired = t.C
	}
	for {
		if n, err := e.take(p); n > 0 || err != nil {
			return n, err
		}
		select {
		case <-e.ready:
		case <-e.gone:
		case <-expired:
			return 0, nil
		}
	}
}

func (e *end) take(p []byte) (int, error) {
	l := e.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != e {
		return 0, fmt.Errorf("read line: %w", serialport.ErrGone)
	}
	if l.stalled || len(l.toPort) == 0 {
		return 0, nil
	}
	if l.cut > 0 && len(p) > l.cut {
		p = p[:l.cut]
	}
	n := copy(p, l.toPort)
	l.toPort = l.toPort[n:]
	return n, nil
}

func (e *end) Write(p []byte) (int, error) {
	l := e.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != e {
		return 0, fmt.Errorf("write line: %w", serialport.ErrGone)
	}
	sent := p
	if e.setting != l.device {
		sent = Garble(p, e.setting, l.device)
	}
	if len(l.toDev) == 0 && len(sent) > 0 {
		close(l.arrived)
		l.arrived = make(chan struct{})
	}
	l.toDev = bounded(append(l.toDev, sent...))
	return len(p), nil
}

// Rack is several lines by path: an Opener for an agent with more than one port.
type Rack map[string]*Line

// Open is a serialport.Opener: a path without a line is a port that does not exist.
func (r Rack) Open(path string, line ems.Line) (serialport.Port, error) {
	l, ok := r[path]
	if !ok {
		return nil, fmt.Errorf("open %s: %w", path, serialport.ErrMissing)
	}
	return l.Open(path, line)
}
