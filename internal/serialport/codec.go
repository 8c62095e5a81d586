package serialport

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/gnss"
	"lifeline120/internal/monitor"
)

// Kinds of device, as ems.DeviceStatus.Kind says them.
const (
	KindGNSS    = "gnss"
	KindMonitor = "monitor"
)

// Codec is one way to understand the bytes of a port: a GNSS dialect or a monitor driver in one coat.
type Codec struct {
	Name     string        // of the dialect or driver
	Kind     string        // KindGNSS or KindMonitor
	Lines    []ems.Line    // serial settings to try, likeliest first
	MaxQuiet time.Duration // without a valid frame for longer: lost
	Talks    bool          // Start sends bytes: asked only after listening brought nothing
	New      func() Session
}

// Session is one conversation with one device, with the duties of monitor.Session and gnss.Session.
type Session interface {
	Start(now time.Time) Output
	Feed(now time.Time, p []byte) Output
	Tick(now time.Time) Output
	Do(now time.Time, c monitor.Command) (Output, error)
}

// Output is what a session made of bytes or time.
type Output struct {
	Fixes    []ems.Fix
	Readings []ems.Reading
	Waves    []ems.WaveChunk
	Sends    []monitor.Write // bytes the device must get, in order
	Frames   int
	Garbage  int
	Lost     int
	Demo     bool // the device says of itself that it is in demo mode
}

// FromGNSS puts the coat on a GNSS dialect. Receivers only talk: commands answer monitor.ErrUnsupported.
func FromGNSS(d gnss.Dialect, o gnss.Options) Codec {
	return Codec{Name: d.Name, Kind: KindGNSS, Lines: d.Lines, MaxQuiet: d.MaxQuiet,
		New: func() Session { return &gnssSession{s: d.New(o)} }}
}

// FromMonitor puts the coat on a monitor driver.
func FromMonitor(d monitor.Driver) Codec {
	return Codec{Name: d.Name, Kind: KindMonitor, Lines: d.Lines, MaxQuiet: d.MaxQuiet, Talks: d.Talks,
		New: func() Session { return monitorSession{d.New()} }}
}

// gnssSession keeps what the last fix said of itself: sentences between fixes do not end a demonstration.
type gnssSession struct {
	s    gnss.Session
	demo bool
}

func (g *gnssSession) from(o gnss.Output) Output {
	for _, f := range o.Fixes {
		g.demo = f.Demo
	}
	return Output{Fixes: o.Fixes, Frames: o.Frames, Garbage: o.Garbage, Demo: g.demo}
}

func (g *gnssSession) Start(time.Time) Output              { return Output{} }
func (g *gnssSession) Feed(now time.Time, p []byte) Output { return g.from(g.s.Feed(now, p)) }
func (g *gnssSession) Tick(now time.Time) Output           { return g.from(g.s.Tick(now)) }
func (g *gnssSession) Do(time.Time, monitor.Command) (Output, error) {
	return Output{}, monitor.ErrUnsupported
}

type monitorSession struct{ s monitor.Session }

func fromMonitor(o monitor.Output) Output {
	return Output{Readings: o.Readings, Waves: o.Waves, Sends: o.Send, Frames: o.Frames, Garbage: o.Garbage, Lost: o.Lost,
		Demo: o.Demo}
}

func (m monitorSession) Start(now time.Time) Output          { return fromMonitor(m.s.Start(now)) }
func (m monitorSession) Feed(now time.Time, p []byte) Output { return fromMonitor(m.s.Feed(now, p)) }
func (m monitorSession) Tick(now time.Time) Output           { return fromMonitor(m.s.Tick(now)) }
func (m monitorSession) Do(now time.Time, c monitor.Command) (Output, error) {
	o, err := m.s.Do(now, c)
	return fromMonitor(o), err
}
