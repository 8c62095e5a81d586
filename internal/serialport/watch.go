package serialport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lifeline120/internal/capture"
	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
)

// Config is what a Watcher needs: one port, the codecs that may be behind it, and where to put what comes. The functions
// are called from Run's goroutine, one at a time; they must not block, and own what they are given.
type Config struct {
	Device ems.DeviceID // stamped on all that comes
	Path   string       // of the port
	Codecs []Codec      // candidates, likeliest first; a single one when the device is known
	Open   Opener       // nil: Open of this package
	// Simulated says that a simulator or a replay feeds the port: everything is stamped Demo and the state in place of
	// speaking is simulated (SCR-003).
	Simulated bool
	// OnStatus gets each change of the device's state. May be nil.
	OnStatus func(ems.DeviceStatus)
	// OnOutput gets what the session made, Device, Stream and Demo stamped. May be nil.
	OnOutput func(Output)
	// Tap gets every byte of the port in both directions, probing included. May be nil.
	Tap func(at time.Time, dir capture.Direction, p []byte)
}

// Words in ems.DeviceStatus.Detail: keys of the screens' dictionary.
const (
	DetailMissing = "port_missing" // no such port: cable pulled, adapter gone
	DetailBusy    = "port_busy"    // another program holds it
	DetailDenied  = "port_denied"  // no permission
	DetailFailed  = "port_failed"  // it cannot be opened or set
	DetailGone    = "port_gone"    // it went away while open
	DetailQuiet   = "no_bytes"     // nothing arrives
	DetailNoise   = "no_frames"    // bytes arrive that no driver understands
	DetailFault   = "driver_fault" // the driver failed and was restarted
)

// ErrNotSpeaking: no device is being understood behind the port, so there is nobody to command.
var ErrNotSpeaking = errors.New("the device is not speaking")

// Watcher owns one port for as long as Run runs: it finds baud rate and codec by itself, runs the session, notices
// silence and garbage, and opens the port again after the cable was pulled.
type Watcher struct {
	cfg      Config
	plan     []ems.Line
	commands chan command

	mu     sync.Mutex
	status ems.DeviceStatus

	// Owned by Run's goroutine.
	best     *choice // what spoke last: tried first and between all others
	step     int     // how many listenings since something spoke
	heard    bool    // bytes came in this round of listenings
	failures int     // openings failed in a row
	backoff  time.Duration
}

// choice is a codec at a setting.
type choice struct {
	codec Codec
	line  ems.Line
}

type command struct {
	word  monitor.Command
	reply chan error // holds one
}

// NewWatcher checks the configuration. Nothing is opened before Run.
func NewWatcher(c Config) (*Watcher, error) {
	if c.Path == "" {
		return nil, fmt.Errorf("watch device %q: the path of the port is empty", c.Device)
	}
	if c.Open == nil {
		c.Open = Open
	}
	w := &Watcher{cfg: c, plan: planLines(c.Codecs), commands: make(chan command), backoff: backoffMin}
	if len(w.plan) == 0 {
		return nil, fmt.Errorf("watch %s: name at least one driver with line settings", c.Path)
	}
	for _, codec := range c.Codecs {
		if codec.New == nil || codec.MaxQuiet <= 0 {
			return nil, fmt.Errorf("watch %s: driver %q lacks New or MaxQuiet", c.Path, codec.Name)
		}
	}
	w.status = ems.DeviceStatus{Device: c.Device, Kind: kindOf(c.Codecs), Port: c.Path, State: ems.DeviceAbsent,
		Since: time.Now().UTC()}
	return w, nil
}

// planLines is every setting of every codec once: first all likeliest ones, then the second ones, and so on.
func planLines(codecs []Codec) []ems.Line {
	var plan []ems.Line
	for rank := 0; ; rank++ {
		more := false
		for _, c := range codecs {
			if rank >= len(c.Lines) {
				continue
			}
			more = true
			if !slices.Contains(plan, c.Lines[rank]) {
				plan = append(plan, c.Lines[rank])
			}
		}
		if !more {
			return plan
		}
	}
}

// kindOf is the codecs' kind when they agree on one.
func kindOf(codecs []Codec) string {
	kind := ""
	for _, c := range codecs {
		if kind != "" && kind != c.Kind {
			return ""
		}
		kind = c.Kind
	}
	return kind
}

// Status is the device's state now, with its counters.
func (w *Watcher) Status() ems.DeviceStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

// Do gives the device a command and answers once its bytes are on their way: ErrNotSpeaking without a device,
// monitor.ErrUnsupported when it cannot do this.
func (w *Watcher) Do(ctx context.Context, c monitor.Command) error {
	if s := w.Status().State; s != ems.DeviceSpeaking && s != ems.DeviceDemo && s != ems.DeviceSimulated {
		return fmt.Errorf("command %s to %s: %w", c, w.cfg.Device, ErrNotSpeaking)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, commandWait, ErrNotSpeaking)
	defer cancel()
	cmd := command{word: c, reply: make(chan error, 1)}
	select {
	case w.commands <- cmd:
	case <-ctx.Done():
		return fmt.Errorf("command %s to %s: %w", c, w.cfg.Device, context.Cause(ctx))
	}
	select {
	case err := <-cmd.reply:
		if err != nil {
			return fmt.Errorf("command %s to %s: %w", c, w.cfg.Device, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("command %s to %s: %w", c, w.cfg.Device, context.Cause(ctx))
	}
}

// Run watches the port until ctx ends, and returns nil then: every other fault is a state of the device, and heals.
func (w *Watcher) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := w.visit(ctx); err != nil && ctx.Err() == nil {
			w.setTrouble(err)
			w.wait(ctx)
		}
	}
	return nil
}

// wait holds before the next try, longer each time until something spoke.
func (w *Watcher) wait(ctx context.Context) {
	t := time.NewTimer(w.backoff)
	defer t.Stop()
	w.backoff = min(2*w.backoff, backoffMax)
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// visit opens the port at the next setting, listens, talks, and runs the session of whatever answers.
func (w *Watcher) visit(ctx context.Context) error {
	line := w.nextLine()
	port, err := w.cfg.Open(w.cfg.Path, line)
	if err != nil {
		w.failures++
		return err
	}
	defer port.Close()
	defer context.AfterFunc(ctx, func() { port.Close() })()
	w.failures = 0
	if w.Status().State == ems.DeviceAbsent {
		w.setState(ems.DeviceProbing, "", nil)
	}
	t := &talk{w: w, port: port, line: line}
	found, err := t.probe(ctx)
	if err != nil || !found {
		return err
	}
	return t.run(ctx)
}

// nextLine walks the plan; the setting that spoke last comes before each of the others.
func (w *Watcher) nextLine() ems.Line {
	n := w.step
	w.step++
	if w.best == nil {
		return w.plan[n%len(w.plan)]
	}
	if n%2 == 0 {
		return w.best.line
	}
	return w.plan[n/2%len(w.plan)]
}

// round is how many listenings it takes to try every setting.
func (w *Watcher) round() int {
	if w.best != nil {
		return 2 * len(w.plan)
	}
	return len(w.plan)
}

// setTrouble turns the end of a visit into a state.
func (w *Watcher) setTrouble(err error) {
	switch {
	case errors.Is(err, errFault):
		w.setState(ems.DeviceGarbled, DetailFault, nil)
	case errors.Is(err, ErrMissing):
		w.setAbsent(DetailMissing)
	case errors.Is(err, ErrBusy):
		w.setAbsent(DetailBusy)
	case errors.Is(err, ErrDenied):
		w.setAbsent(DetailDenied)
	case errors.Is(err, ErrGone):
		w.setAbsent(DetailGone)
	case w.failures >= len(w.plan):
		// One setting that an adapter cannot do is no reason to call the port absent; all of them are.
		w.setAbsent(DetailFailed)
	}
}

func (w *Watcher) setAbsent(detail string) {
	w.step, w.heard = 0, false
	w.setState(ems.DeviceAbsent, detail, nil)
}

// setState reports a change; c is what speaks, if anything does.
func (w *Watcher) setState(s ems.DeviceState, detail string, c *choice) {
	w.mu.Lock()
	old := w.status
	w.status.State, w.status.Detail = s, detail
	if c != nil {
		w.status.Kind, w.status.Driver, w.status.Baud = c.codec.Kind, c.codec.Name, c.line.Baud
	}
	if old.State != s {
		w.status.Since = time.Now().UTC()
	}
	now := w.status
	w.mu.Unlock()
	changed := old.State != now.State || old.Detail != now.Detail || old.Driver != now.Driver || old.Baud != now.Baud
	if changed && w.cfg.OnStatus != nil {
		w.cfg.OnStatus(now)
	}
}

// count adds to the counters of the status.
func (w *Watcher) count(frames, garbage, lost int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.Frames += uint64(max(frames, 0))
	w.status.Garbage += uint64(max(garbage, 0))
	w.status.Lost += uint64(max(lost, 0))
}
