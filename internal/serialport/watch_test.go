package serialport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/capture"
	"lifeline120/internal/ems"
	"lifeline120/internal/gnss"
	"lifeline120/internal/monitor"
	"lifeline120/internal/monitor/bci_oximeter"
	"lifeline120/internal/monitor/drivers"
	"lifeline120/internal/serialport"
	"lifeline120/internal/serialport/serialporttest"
	"lifeline120/internal/simdevice"
)

// toy is a driver for frames of three bytes: A5, a value, the value inverted. When it talks, the device is silent until it
// has heard "on".
func toy(talks bool) monitor.Driver {
	return monitor.Driver{Name: "toy", Lines: []ems.Line{ems.Serial8N1(115200), ems.Serial8N1(19200)}, MaxQuiet: 3 * time.Second,
		Talks: talks, New: func() monitor.Session { return &toySession{talks: talks} }}
}

type toySession struct {
	talks   bool
	started bool
	buf     []byte
}

func (s *toySession) Start(time.Time) monitor.Output {
	s.started = true
	if !s.talks {
		return monitor.Output{}
	}
	pause := 50 * time.Millisecond
	return monitor.Output{Send: []monitor.Write{{Bytes: []byte("on"), Pause: pause}, {Bytes: []byte("ecg"), Pause: pause}}}
}

func (s *toySession) Feed(now time.Time, p []byte) (o monitor.Output) {
	if len(p) > 0 && p[0] == 0xEE {
		panic("toy driver fell over")
	}
	s.buf = append(s.buf, p...)
	for len(s.buf) >= 3 {
		if s.buf[0] != 0xA5 || s.buf[1] != ^s.buf[2] {
			s.buf = s.buf[1:]
			o.Garbage++
			continue
		}
		o.Frames++
		o.Demo = s.buf[1] == 99
		o.Readings = append(o.Readings, ems.Reading{Channel: ems.SpO2, Value: float64(s.buf[1]), Quality: ems.Good, Taken: now})
		o.Waves = append(o.Waves, ems.WaveChunk{Leads: []ems.Channel{ems.PlethWave}, Taken: now})
		s.buf = s.buf[3:]
	}
	return o
}

func (s *toySession) Tick(time.Time) monitor.Output { return monitor.Output{} }

func (s *toySession) Do(_ time.Time, c monitor.Command) (monitor.Output, error) {
	if c != monitor.StartNIBP {
		return monitor.Output{}, monitor.ErrUnsupported
	}
	if !s.started {
		return monitor.Output{}, errors.New("not started")
	}
	return monitor.Output{Send: []monitor.Write{{Bytes: []byte("nibp")}}}, nil
}

// toyDevice speaks ten frames a second when it is on.
type toyDevice struct {
	mu    sync.Mutex
	on    bool
	value byte
	heard []byte
}

func (d *toyDevice) Step(time.Time) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.on {
		return nil
	}
	return []byte{0xA5, d.value, ^d.value}
}

func (d *toyDevice) Write(p []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, p...)
	d.on = d.on || bytes.Contains(d.heard, []byte("on"))
}

func (d *toyDevice) set(on bool, value byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.on, d.value, d.heard = on, value, nil
}

func (d *toyDevice) wasTold() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return string(d.heard)
}

type device interface {
	Step(time.Time) []byte
	Write([]byte)
}

// rig is a watcher on a line with a device, in fake time.
type rig struct {
	t      *testing.T
	ctx    context.Context
	line   *serialporttest.Line
	watch  *serialport.Watcher
	mu     sync.Mutex
	seen   []ems.DeviceStatus
	out    serialport.Output
	tapped map[capture.Direction][]byte
	sentAt []time.Time
}

var gnssCodec = serialport.FromGNSS(gnss.All[0], gnss.Options{})

// newRig runs until the test ends; everything it starts must end with it, or synctest fails the test.
func newRig(t *testing.T, d device, at ems.Line, change func(*serialport.Config), codecs ...serialport.Codec) *rig {
	r := &rig{t: t, line: serialporttest.NewLine(at), tapped: map[capture.Direction][]byte{}}
	ctx, cancel := context.WithCancel(t.Context())
	r.ctx = ctx
	c := serialport.Config{Device: "dev", Path: "port", Codecs: codecs, Open: r.line.Open, OnStatus: r.onStatus, OnOutput: r.onOutput,
		Tap: r.tap}
	if change != nil {
		change(&c)
	}
	w, err := serialport.NewWatcher(c)
	if err != nil {
		t.Fatal(err)
	}
	r.watch = w
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := w.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	wg.Go(func() { r.power(ctx, d) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return r
}

// power runs the device, ten steps a second.
func (r *rig) power(ctx context.Context, d device) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if p := r.line.Received(); len(p) > 0 {
				d.Write(p)
			}
			r.line.Send(d.Step(now))
		}
	}
}

func (r *rig) onStatus(s ems.DeviceStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, s)
}

func (r *rig) onOutput(o serialport.Output) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.Fixes = append(r.out.Fixes, o.Fixes...)
	r.out.Readings = append(r.out.Readings, o.Readings...)
	r.out.Waves = append(r.out.Waves, o.Waves...)
}

func (r *rig) tap(at time.Time, dir capture.Direction, p []byte) {
	r.tapped[dir] = append(r.tapped[dir], p...)
	if dir == capture.TX {
		r.sentAt = append(r.sentAt, at)
	}
}

// states are the states reported since the last call.
func (r *rig) states() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var words []string
	for _, s := range r.seen {
		word := string(s.State)
		if s.Detail != "" {
			word += "/" + s.Detail
		}
		words = append(words, word)
	}
	r.seen = nil
	return strings.Join(words, " ")
}

func (r *rig) expect(after time.Duration, states string) {
	r.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	if got := r.states(); got != states {
		r.t.Errorf("states after %v: %q, want %q", after, got, states)
	}
}

func drivingReceiver() device {
	return simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: 1,
		Route: simdevice.Along([]ems.WGS84{{Lat: 35.1, Lon: 118.35}, {Lat: 35.2, Lon: 118.35}}, 50)})
}

func TestWatcherFindsTheRateOfAReceiver(t *testing.T) {
	for _, baud := range []int{4800, 9600, 38400, 115200, 230400} {
		t.Run(fmt.Sprint(baud), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, drivingReceiver(), ems.Serial8N1(baud), nil, serialport.FromMonitor(toy(true)), gnssCodec)
				time.Sleep(45 * time.Second)
				synctest.Wait()
				s := r.watch.Status()
				if s.State != ems.DeviceSpeaking || s.Driver != "nmea0183" || s.Kind != serialport.KindGNSS || s.Baud != baud {
					t.Errorf("status %+v", s)
				}
				if n := len(r.out.Fixes); n < 20 || r.out.Fixes[n-1].Quality != ems.Good || r.out.Fixes[n-1].Device != "dev" {
					t.Errorf("%d fixes", n)
				}
				if sent := r.tapped[capture.TX]; len(sent) > 0 {
					t.Errorf("%q was sent to a receiver that speaks", sent)
				}
			})
		})
	}
}

func TestWatcherSpeaksToTheSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &toyDevice{value: 97}
		r := newRig(t, d, ems.Serial8N1(115200), nil, gnssCodec, serialport.FromMonitor(toy(true)))
		r.expect(7*time.Second, "probing speaking")
		if s := r.watch.Status(); s.Driver != "toy" || s.Kind != serialport.KindMonitor || s.Baud != 115200 || s.Frames == 0 {
			t.Errorf("status %+v", s)
		}
		if told := d.wasTold(); told != "onecg" {
			t.Errorf("the device was told %q, want its greeting once", told)
		}
		if pause := r.sentAt[1].Sub(r.sentAt[0]); pause < 50*time.Millisecond || pause > 60*time.Millisecond {
			t.Errorf("paused %v between two writes, want 50ms", pause)
		}
		if len(r.out.Readings) < 10 || r.out.Readings[0].Device != "dev" || r.out.Readings[0].Demo || r.out.Readings[0].Value != 97 {
			t.Errorf("readings %+v", r.out.Readings)
		}
		if w := r.out.Waves[0]; !strings.HasPrefix(w.Stream, "dev@") || w.Device != "dev" {
			t.Errorf("wave %+v", w)
		}
		// Power fails and returns: the board is silent until it is enabled again.
		d.set(false, 97)
		r.expect(4*time.Second, "silent/no_bytes")
		r.expect(6*time.Second, "speaking")
		if first, last := r.out.Waves[0].Stream, r.out.Waves[len(r.out.Waves)-1].Stream; first == last {
			t.Error("counters of a new session go on under the old stream's name")
		}
	})
}

// Every device of ours is found among all drivers, and as no other.
func TestWatcherTellsAllDevicesApart(t *testing.T) {
	codecs := []serialport.Codec{gnssCodec}
	for _, d := range drivers.All() {
		codecs = append(codecs, serialport.FromMonitor(d))
	}
	for _, tc := range []struct {
		driver string
		at     ems.Line
		device device
	}{
		{"nmea0183", ems.Serial8N1(9600), drivingReceiver()},
		{"nmea0183", ems.Serial8N1(115200), drivingReceiver()},
		{"berry_pm6750", ems.Serial8N1(115200), simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: 1})},
		{"bci_oximeter", bci_oximeter.Driver().Lines[0], simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 1})},
	} {
		t.Run(tc.driver+" "+tc.at.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, tc.device, tc.at, nil, codecs...)
				r.expect(45*time.Second, "probing speaking")
				if s := r.watch.Status(); s.Driver != tc.driver || s.Baud != tc.at.Baud || s.Garbage > s.Frames {
					t.Errorf("status %+v", s)
				}
			})
		})
	}
}

func TestWatcherStartsADriverThatWonByListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &toyDevice{on: true, value: 97} // enabled by the agent that ran before
		r := newRig(t, d, ems.Serial8N1(19200), nil, serialport.FromMonitor(toy(true)))
		r.expect(8*time.Second, "probing speaking")
		if told := d.wasTold(); told != "onecg" {
			t.Errorf("the device was told %q", told)
		}
		if s := r.watch.Status(); s.Baud != 19200 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestWatcherHealsAPulledCable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, drivingReceiver(), ems.Serial8N1(9600), nil, gnssCodec)
		r.expect(4*time.Second, "probing speaking")
		r.line.Unplug()
		r.expect(time.Second, "absent/port_gone absent/port_missing")
		r.expect(time.Minute, "")
		opens := r.line.Opens()
		r.line.Plug()
		time.Sleep(2 * time.Second)
		if r.line.Opens() == opens {
			t.Error("not opened within two seconds of the plug")
		}
		r.expect(2*time.Second, "probing speaking")
	})
}

func TestWatcherDeclaresSilenceAndGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &toyDevice{on: true, value: 97}
		r := newRig(t, d, ems.Serial8N1(115200), nil, serialport.FromMonitor(toy(false)))
		r.expect(3*time.Second, "probing speaking")
		r.line.Stall(true)
		r.expect(2900*time.Millisecond, "")
		r.expect(300*time.Millisecond, "silent/no_bytes")
		r.expect(time.Minute, "")
		r.line.Stall(false)
		r.expect(6*time.Second, "speaking")
		r.line.SetDevice(ems.Serial8N1(57600)) // a rate that no driver has
		r.expect(4*time.Second, "garbled/no_frames")
		r.expect(time.Minute, "")
		if s := r.watch.Status(); s.Garbage == 0 {
			t.Errorf("status %+v", s)
		}
		r.line.SetDevice(ems.Serial8N1(19200))
		r.expect(15*time.Second, "speaking")
	})
}

func TestWatcherCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &toyDevice{value: 97}
		r := newRig(t, d, ems.Serial8N1(115200), nil, serialport.FromMonitor(toy(true)))
		if err := r.watch.Do(r.ctx, monitor.StartNIBP); !errors.Is(err, serialport.ErrNotSpeaking) {
			t.Errorf("before it speaks: %v", err)
		}
		r.expect(7*time.Second, "probing speaking")
		if err := r.watch.Do(r.ctx, monitor.StartNIBP); err != nil {
			t.Error(err)
		}
		if err := r.watch.Do(r.ctx, monitor.StopNIBP); !errors.Is(err, monitor.ErrUnsupported) {
			t.Errorf("a command it cannot do: %v", err)
		}
		r.expect(time.Second, "")
		if told := d.wasTold(); told != "onecgnibp" {
			t.Errorf("the device was told %q", told)
		}
	})
}

func TestWatcherCommandToAReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, drivingReceiver(), ems.Serial8N1(9600), nil, gnssCodec)
		r.expect(4*time.Second, "probing speaking")
		if err := r.watch.Do(r.ctx, monitor.StartNIBP); !errors.Is(err, monitor.ErrUnsupported) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSCR003_DemoAndSimulatedSaySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &toyDevice{on: true, value: 99}
		r := newRig(t, d, ems.Serial8N1(115200), nil, serialport.FromMonitor(toy(false)))
		r.expect(3*time.Second, "probing demo")
		d.set(true, 97)
		r.expect(time.Second, "speaking")
		first, last := r.out.Readings[0], r.out.Readings[len(r.out.Readings)-1]
		if !first.Demo || last.Demo {
			t.Errorf("demo %v then %v, want true then false", first.Demo, last.Demo)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, drivingReceiver(), ems.Serial8N1(9600), func(c *serialport.Config) { c.Simulated = true }, gnssCodec)
		r.expect(5*time.Second, "probing simulated")
		if len(r.out.Fixes) == 0 || slices.ContainsFunc(r.out.Fixes, func(f ems.Fix) bool { return !f.Demo }) {
			t.Errorf("fixes of a simulator: %+v", r.out.Fixes)
		}
	})
}

func TestACC003_DriverThatPanicsCostsItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &toyDevice{on: true, value: 97}
		r := newRig(t, d, ems.Serial8N1(115200), nil, serialport.FromMonitor(toy(false)), gnssCodec)
		r.expect(3*time.Second, "probing speaking")
		r.line.Send([]byte{0xEE})
		r.expect(5*time.Second, "garbled/driver_fault speaking")
	})
	synctest.Test(t, func(t *testing.T) { // a candidate that falls over is no reason to miss the device
		falls := toy(false)
		falls.Lines = gnss.All[0].Lines
		falls.New = func() monitor.Session { panic("falls at once") }
		r := newRig(t, drivingReceiver(), ems.Serial8N1(9600), nil, serialport.FromMonitor(falls), gnssCodec)
		r.expect(4*time.Second, "probing speaking")
	})
}

func TestWatcherNamesWhatIsWrongWithAPort(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{serialport.ErrMissing, "absent/port_missing"},
		{serialport.ErrBusy, "absent/port_busy"},
		{serialport.ErrDenied, "absent/port_denied"},
		{errors.New("no such rate"), "absent/port_failed"},
	} {
		synctest.Test(t, func(t *testing.T) {
			refuse := func(string, ems.Line) (serialport.Port, error) { return nil, fmt.Errorf("open: %w", tc.err) }
			r := newRig(t, &toyDevice{}, ems.Serial8N1(9600), func(c *serialport.Config) { c.Open = refuse }, serialport.FromMonitor(toy(false)))
			r.expect(10*time.Second, tc.want)
		})
	}
}

// stuck is a port whose writes hang until it is closed.
type stuck struct {
	serialport.Port
	closed chan struct{}
	once   sync.Once
}

func (s *stuck) Write([]byte) (int, error) {
	<-s.closed
	return 0, serialport.ErrGone
}

func (s *stuck) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Port.Close()
}

func TestWatcherSurvivesAStuckWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := serialporttest.NewLine(ems.Serial8N1(115200))
		opener := func(path string, l ems.Line) (serialport.Port, error) {
			p, err := line.Open(path, l)
			if err != nil {
				return nil, err
			}
			return &stuck{Port: p, closed: make(chan struct{})}, nil
		}
		r := newRig(t, &toyDevice{}, ems.Serial8N1(115200), func(c *serialport.Config) { c.Open = opener }, serialport.FromMonitor(toy(true)))
		r.expect(6*time.Second, "probing absent/port_gone probing")
		if line.Opens() < 2 {
			t.Error("the port was not opened anew")
		}
	})
}

func TestNewWatcherRefuses(t *testing.T) {
	good := serialport.FromMonitor(toy(false))
	bad := good
	bad.MaxQuiet = 0
	for name, c := range map[string]serialport.Config{
		"no path":          {Codecs: []serialport.Codec{good}},
		"no driver":        {Path: "port"},
		"driver half made": {Path: "port", Codecs: []serialport.Codec{bad}},
	} {
		if _, err := serialport.NewWatcher(c); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	w, err := serialport.NewWatcher(serialport.Config{Path: "port", Device: "d", Codecs: []serialport.Codec{good, gnssCodec}})
	if err != nil {
		t.Fatal(err)
	}
	if s := w.Status(); s.State != ems.DeviceAbsent || s.Kind != "" || s.Device != "d" || s.Port != "port" {
		t.Errorf("status %+v", s)
	}
}
