// Package serialport is the shell around serial lines: it opens ports, finds the baud rate and the driver of the device
// behind one by itself, runs the device's session, and heals when the cable is pulled. It decides nothing about what
// the bytes mean: that is the codec's, which is pure.
package serialport

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"go.bug.st/serial"
	"go.bug.st/serial/enumerator"

	"lifeline120/internal/ems"
)

// Port is one open serial port. Read answers (0, nil) when the read timeout has passed with nothing received; an error
// of Read or Write means that the port is gone or was closed, and wraps ErrGone. Close ends a waiting Read.
type Port interface {
	io.ReadWriteCloser
	// SetReadTimeout bounds how long the next reads wait.
	SetReadTimeout(time.Duration) error
}

// Opener opens a port with the given line settings: Open, or an in-memory line of serialporttest.
type Opener func(path string, line ems.Line) (Port, error)

// Errors of ports.
var (
	// ErrGone: the device behind an open port went away, or the port was closed.
	ErrGone = errors.New("the port is gone")
	// ErrMissing: there is no such port (cable pulled, wrong name).
	ErrMissing = errors.New("there is no such port")
	// ErrBusy: another program holds the port.
	ErrBusy = errors.New("another program holds the port")
	// ErrDenied: we may not open it.
	ErrDenied = errors.New("no permission to open the port: add the user to the group of serial ports (dialout)")
)

// Open opens the serial port at path. Modem lines are left as the system sets them: asking for them fails on pseudo
// ports and some adapters, and no device of ours needs them.
func Open(path string, line ems.Line) (Port, error) {
	mode, err := modeOf(line)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	p, err := serial.Open(path, mode)
	if err != nil {
		return nil, fmt.Errorf("open %s at %v: %w", path, line, named(err))
	}
	return &port{Port: p}, nil
}

func modeOf(line ems.Line) (*serial.Mode, error) {
	m := &serial.Mode{BaudRate: line.Baud, DataBits: line.DataBits}
	switch line.Parity {
	case "N":
		m.Parity = serial.NoParity
	case "E":
		m.Parity = serial.EvenParity
	case "O":
		m.Parity = serial.OddParity
	default:
		return nil, fmt.Errorf("parity %q: use N, E or O", line.Parity)
	}
	switch line.StopBits {
	case 1:
		m.StopBits = serial.OneStopBit
	case 2:
		m.StopBits = serial.TwoStopBits
	default:
		return nil, fmt.Errorf("%d stop bits: use 1 or 2", line.StopBits)
	}
	return m, nil
}

// named joins the library's and the system's errors with our words, keeping the cause.
func named(err error) error {
	var pe *serial.PortError
	if errors.As(err, &pe) {
		switch pe.Code() {
		case serial.PortBusy:
			return fmt.Errorf("%w: %w", ErrBusy, err)
		case serial.PortNotFound:
			return fmt.Errorf("%w: %w", ErrMissing, err)
		case serial.PermissionDenied:
			return fmt.Errorf("%w: %w", ErrDenied, err)
		default:
			return err
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.EIO):
		return fmt.Errorf("%w: %w", ErrMissing, err)
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

// port wraps the library's port so that its errors speak our words.
type port struct{ serial.Port }

func (p *port) Read(b []byte) (int, error) {
	n, err := p.Port.Read(b)
	if err != nil {
		err = fmt.Errorf("read serial port: %w: %w", ErrGone, err)
	}
	return n, err
}

func (p *port) Write(b []byte) (int, error) {
	n, err := p.Port.Write(b)
	if err != nil {
		err = fmt.Errorf("write serial port: %w: %w", ErrGone, err)
	}
	return n, err
}

// Info is one serial port of this computer.
type Info struct {
	Path    string `json:"path"`
	USB     bool   `json:"usb"`
	Vendor  string `json:"vendor,omitempty" doc:"USB vendor id, four hex digits"`
	Product string `json:"product,omitempty" doc:"USB product id, four hex digits"`
	Serial  string `json:"serial,omitempty" doc:"USB serial number; cheap adapters have none, or all the same"`
	Socket  string `json:"socket,omitempty" doc:"the socket that it is plugged into, as the system names it"`
}

// sockets is where the system keeps a link to each port, named by the socket that its adapter is plugged into. Unlike the port's own name
// it is the same after a replug.
const sockets = "/dev/serial/by-path"

// socketsIn gives the name of the socket for each port that has one. No such folder: no names.
func socketsIn(dir string) map[string]string {
	out := map[string]string{}
	entries, err := os.ReadDir(dir) // by name: of two links to one port the first is taken, always the same
	if err != nil {
		return out
	}
	for _, e := range entries {
		path, err := filepath.EvalSymlinks(filepath.Join(dir, e.Name()))
		if _, known := out[path]; err == nil && !known {
			out[path] = e.Name()
		}
	}
	return out
}

// List gives the serial ports of this computer, by path, with their USB identity where they have one.
func List() ([]Info, error) {
	found, err := enumerator.GetDetailedPortsList()
	if err != nil {
		return nil, fmt.Errorf("list serial ports: %w", err)
	}
	out := make([]Info, 0, len(found))
	socket := socketsIn(sockets)
	for _, d := range found {
		out = append(out, Info{Path: d.Name, USB: d.IsUSB, Vendor: d.VID, Product: d.PID, Serial: d.SerialNumber, Socket: socket[d.Name]})
	}
	slices.SortFunc(out, func(a, b Info) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}
