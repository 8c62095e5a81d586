package simtown

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"lifeline120/internal/agent"
	"lifeline120/internal/cab"
	"lifeline120/internal/ecg/ecgmodel"
	"lifeline120/internal/ems"
	"lifeline120/internal/monitor/drivers"
	"lifeline120/internal/serialport"
	"lifeline120/internal/serialport/serialporttest"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/spool"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
)

// Names of the devices of each unit.
const (
	devMonitor  ems.DeviceID = "monitor"
	devSecond   ems.DeviceID = "monitor2" // of the second unit alone: for a second patient
	devReceiver ems.DeviceID = "gnss"
)

// patients are what the two monitors of one unit measure: nobody can take the one for the other (CLN-006).
var patients = map[ems.DeviceID]simdevice.Vitals{
	devMonitor: simdevice.Healthy(),
	devSecond:  {HeartRate: 118, PulseRate: 118, RespRate: 26, SpO2: 84, Systolic: 90, Diastolic: 60, Temp1: 38.5},
}

// deviceStep is how often the bytes of a device arrive.
const deviceStep = 50 * time.Millisecond

// apart is between the bytes of one device and of another: what arrives at one instant is dealt with in any order. unsteady is by how much
// a step is longer or shorter: a computer that waits for a round time after it heard a device would write just when that speaks again.
const (
	apart    = 13 * time.Microsecond
	unsteady = time.Millisecond
)

// vehicle is one ambulance: its disk, clock and devices, which stay, and the agent that runs on them, which comes and goes.
type vehicle struct {
	town *Town
	unit ems.Unit
	rand *rand.Rand // of its ids
	skew atomic.Int64
	hush atomic.Bool // its devices are switched off

	devices sync.Mutex // guards receiver, board and oximeter
	gnss    *simdevice.Receiver
	board   *simdevice.BerryBoard
	oxi     *simdevice.BCIOximeter
	second  *simdevice.BCIOximeter
	rack    serialporttest.Rack

	mu    sync.Mutex
	quiet map[ems.DeviceID]map[string]bool // why nothing of a device is heard
	ports map[string]*rand.Rand            // how long opening takes
	busy  *rand.Rand                       // how long the disk takes
	disk  *spool.MemDisk
	run   *process // nil when the computer is off
	life  int
}

// process is one life of an agent.
type process struct {
	agent *agent.Vehicle
	modem *modem
	hub   *webfeed.Hub
	spool spool.Spool
	mux   *http.ServeMux
	stop  context.CancelFunc
	done  chan struct{}
	dead  atomic.Bool // killed: what it still answers reaches nobody
}

// tightBounds are those of the first unit's spool: half a minute without a link fills them, and the least precious goes (DLV-007).
var tightBounds = spool.Bounds{Total: 192 << 10, Wave: 96 << 10, Reading: 48 << 10, Position: 8 << 10}

func newVehicle(w *Town, u ems.Unit, n int) *vehicle {
	v := &vehicle{town: w, unit: u, rand: w.chance("vehicle/" + string(u.ID)), disk: &spool.MemDisk{}}
	r := w.chance("skew/" + string(u.ID))
	v.skew.Store(int64(between(r, -90*time.Second, 90*time.Second)))
	at := w.city.Stations[0].Pos
	v.gnss = simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: r.Uint64(), Route: simdevice.Along([]ems.WGS84{at,
		{Lat: at.Lat + 0.05, Lon: at.Lon + 0.01*float64(n)}, {Lat: at.Lat - 0.05, Lon: at.Lon}, at}, 50)})
	lines := map[string]ems.Line{}
	for _, d := range drivers.All() {
		lines[d.Name] = d.Lines[0]
	}
	monitorLine := lines["bci_oximeter"]
	if n%2 == 0 {
		monitorLine = lines["berry_pm6750"]
		v.board = simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: r.Uint64(), ECG: ecgmodel.New(ecgmodel.Config{Seed: r.Uint64()})})
	} else {
		v.oxi = simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: r.Uint64()})
	}
	v.quiet = map[ems.DeviceID]map[string]bool{}
	v.rack = serialporttest.Rack{v.port(devMonitor): serialporttest.NewLine(monitorLine), v.port(devReceiver): serialporttest.NewLine(ems.Serial8N1(9600))}
	v.ports, v.busy = map[string]*rand.Rand{}, w.chance("disk/"+string(u.ID))
	if n == 1 {
		v.second = newSecond(r.Uint64())
		v.rack[v.port(devSecond)] = serialporttest.NewLine(lines["bci_oximeter"])
	}
	for _, d := range v.names() {
		v.ports[v.port(d)] = w.chance("port/" + v.port(d))
	}
	phase, steps := between(r, unsteady, deviceStep), w.chance("steps/"+string(u.ID))
	w.people.Go(func() { v.speak(phase, steps) })
	return v
}

// newSecond is the monitor of a second patient.
func newSecond(seed uint64) *simdevice.BCIOximeter {
	return simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: seed, Vitals: patients[devSecond]})
}

// names are those of its devices.
func (v *vehicle) names() []ems.DeviceID {
	if v.second != nil {
		return []ems.DeviceID{devReceiver, devMonitor, devSecond}
	}
	return []ems.DeviceID{devReceiver, devMonitor}
}

// monitors are those that speak of patients.
func (v *vehicle) monitors() []ems.DeviceID { return v.names()[1:] }

func (v *vehicle) port(d ems.DeviceID) string { return "/dev/" + string(v.unit.ID) + "-" + string(d) }

func (v *vehicle) line(d ems.DeviceID) *serialporttest.Line { return v.rack[v.port(d)] }

// speak lets the devices send and listen while the town lives.
func (v *vehicle) speak(phase time.Duration, steps *rand.Rand) {
	for next := now().Add(phase); v.town.wait(v.town.ctx, time.Until(next.Add(between(steps, -unsteady, unsteady)))); next = next.Add(deviceStep) {
		if v.hush.Load() {
			continue
		}
		t := now()
		m := v.line(devMonitor)
		v.devices.Lock()
		var bytes []byte
		if v.board != nil {
			v.board.Write(m.Received())
			bytes = v.board.Step(t)
		} else {
			bytes = v.oxi.Step(t)
		}
		var beside []byte
		if v.second != nil {
			beside = v.second.Step(t)
		}
		where := v.gnss.Step(t)
		v.town.oracle.drove(v.unit.ID, t, v.gnss.Pos())
		v.devices.Unlock()
		if len(bytes) > 0 {
			m.Send(bytes)
		}
		if len(beside) > 0 {
			time.Sleep(apart)
			v.line(devSecond).Send(beside)
		}
		if len(where) > 0 {
			time.Sleep(apart)
			v.line(devReceiver).Send(where)
		}
	}
}

// open takes its time, each port its own: what begins at one instant goes on in any order.
func (v *vehicle) open(path string, line ems.Line) (serialport.Port, error) {
	v.mu.Lock()
	wait := between(v.ports[path], time.Microsecond, 3*time.Millisecond)
	v.mu.Unlock()
	time.Sleep(wait)
	return v.rack.Open(path, line)
}

// fault begins or ends a fault of a monitor.
func (v *vehicle) fault(d ems.DeviceID, f simdevice.Fault, on bool) {
	v.town.oracle.probe(v.unit.ID, d, f, on)
	if f == simdevice.Silent {
		v.hear(d, "silent", !on)
	}
	v.devices.Lock()
	defer v.devices.Unlock()
	switch {
	case d == devSecond:
		v.second.Fault(f, on)
	case v.board != nil:
		v.board.Fault(f, on)
	default:
		v.oxi.Fault(f, on)
	}
}

// unplug pulls or puts back the cable of a device; stall makes its line stand still, or go on.
func (v *vehicle) unplug(d ems.DeviceID, on bool) {
	if v.hear(d, "unplugged", !on); on {
		v.line(d).Unplug()
	} else {
		v.line(d).Plug()
	}
}

func (v *vehicle) stall(d ems.DeviceID, on bool) {
	v.hear(d, "stalled", !on)
	v.line(d).Stall(on)
}

// hear tells the oracle since when nothing of a device reaches the vehicle, or that it does again.
func (v *vehicle) hear(d ems.DeviceID, why string, heard bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.quiet[d] == nil {
		v.quiet[d] = map[string]bool{}
	}
	was := len(v.quiet[d]) > 0
	if heard {
		delete(v.quiet[d], why)
	} else {
		v.quiet[d][why] = true
	}
	if is := len(v.quiet[d]) > 0; is != was {
		v.town.oracle.hears(v.unit.ID, d, !is)
	}
}

// receiverFault begins or ends a fault of the receiver.
func (v *vehicle) receiverFault(f simdevice.ReceiverFault, on bool) {
	v.devices.Lock()
	v.gnss.Fault(f, on)
	v.devices.Unlock()
	v.town.oracle.receiver(v.unit.ID, f, on)
}

// wall is the clock of the vehicle's computer.
func (v *vehicle) wall() time.Time { return now().Add(time.Duration(v.skew.Load())) }

// step turns the vehicle's clock.
func (v *vehicle) step(d time.Duration) {
	v.town.oracle.stepped(v.unit.ID)
	v.skew.Add(int64(d))
}

// newID is the agent's, from the seed.
func (v *vehicle) newID() string {
	var b [5]byte
	v.mu.Lock()
	defer v.mu.Unlock()
	bytesOf(v.rand, b[:])
	return string(v.unit.ID) + "-" + hexOf(b[:])
}

// Read gives random bytes for epochs.
func (v *vehicle) Read(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	bytesOf(v.rand, p)
	return len(p), nil
}

func (v *vehicle) config() agent.Config {
	c := agent.Defaults()
	c.Unit, c.Region, c.Plate, c.Simulated = v.unit.ID, v.town.city.Region, v.unit.Plate, true
	c.Hospitals = v.town.city.Hospitals
	c.Devices = []agent.Device{{Name: devReceiver, Port: v.port(devReceiver), Kind: "gnss"}, {Name: devMonitor, Port: v.port(devMonitor), Kind: "monitor"}}
	if v.second != nil {
		c.Devices = append(c.Devices, agent.Device{Name: devSecond, Port: v.port(devSecond), Kind: "monitor"})
	}
	return c
}

// start switches the computer on.
func (v *vehicle) start() {
	v.mu.Lock()
	disk := v.disk
	v.life++
	life := v.life
	v.mu.Unlock()
	w := v.town
	w.oracle.booted(v.unit.ID)
	v.power(true)
	p := &process{modem: w.air.modem(fmt.Sprintf("%s#%d", v.unit.ID, life)), done: make(chan struct{}), mux: http.NewServeMux()}
	var bounds spool.Bounds // the usual ones, which no life of the town reaches
	if v.unit.ID == w.city.Units[0].ID && !w.opt.Quiet {
		bounds = tightBounds
	}
	sp, err := spool.NewMem(disk, spool.Options{Bounds: bounds, Random: v, Stamp: func() wire.Item { return wire.Item{CapturedUs: v.wall().UnixMicro(), Simulated: true} }})
	if err != nil {
		w.t.Fatalf("seed %d: open the spool of %s: %v", w.seed, v.unit.ID, err)
	}
	p.spool = sp
	c := v.config()
	p.hub = agent.NewFeed(c, "town", w.log)
	p.agent, err = agent.NewVehicle(agent.Deps{Config: c, Version: "town", Spool: tapSpool{sp, v, p}, Dialer: p.modem, Open: v.open,
		Feed: p.hub, Wall: v.wall, NewID: v.newID, Log: w.log.With("unit", string(v.unit.ID))})
	if err != nil {
		w.t.Fatalf("seed %d: start the agent of %s: %v", w.seed, v.unit.ID, err)
	}
	p.agent.Routes(p.mux)
	w.follow(p.hub, agent.Topic, w.oracle.terminal(v, p))
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	var both sync.WaitGroup
	both.Go(func() {
		if err := p.agent.Run(ctx); err != nil && !p.dead.Load() {
			w.oracle.broken("agent of %s ended: %v", v.unit.ID, err)
		}
	})
	both.Go(func() {
		if err := p.agent.Watch(ctx); err != nil {
			w.oracle.broken("watchers of %s ended: %v", v.unit.ID, err)
		}
	})
	go func() { both.Wait(); p.hub.Close(); sp.Close(); close(p.done) }()
	v.mu.Lock()
	v.run = p
	v.mu.Unlock()
}

func (v *vehicle) process() *process {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.run
}

// stop shuts the computer down in good order.
func (v *vehicle) stop() {
	if p := v.process(); p != nil {
		p.stop()
		<-p.done
		v.mu.Lock()
		v.run = nil
		v.mu.Unlock()
		v.power(false)
	}
}

// power says whether the computer hears its devices at all.
func (v *vehicle) power(on bool) {
	for _, d := range v.names() {
		v.hear(d, "off", on)
	}
}

// crash takes the power away: what the disk holds at this instant is all that is left.
func (v *vehicle) crash() {
	p := v.process()
	if p == nil {
		return
	}
	p.dead.Store(true)
	p.modem.kill()
	v.mu.Lock()
	v.disk = v.disk.Clone()
	v.run = nil
	v.mu.Unlock()
	v.power(false)
	v.town.oracle.crashed(v)
	p.stop()
	<-p.done
}

// image is a copy of the disk, as a technician takes it; restore puts it back after a crash.
func (v *vehicle) image() *spool.MemDisk {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.disk.Clone()
}

func (v *vehicle) restore(d *spool.MemDisk) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.disk = d.Clone()
}

// reply is a response of the terminal's API; code 0: nobody answered.
type reply struct {
	code int
	body []byte
}

func (r reply) ok() bool { return r.code == http.StatusOK }

// recorder takes a response in process.
type recorder struct{ *httptest.ResponseRecorder }

// SetReadDeadline is asked for by the API's framework; there is no connection here.
func (recorder) SetReadDeadline(time.Time) error { return nil }

// post is a touch on the terminal's screen. An answer counts only if the computer was alive when it came.
func (v *vehicle) post(path string, body any) reply {
	p := v.process()
	if p == nil {
		return reply{}
	}
	b, err := json.Marshal(body)
	if err != nil {
		v.town.t.Errorf("touch %s: %v", path, err)
		return reply{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(b))
	req.Header.Set("Content-Type", "application/json")
	rec := recorder{httptest.NewRecorder()}
	p.mux.ServeHTTP(rec, req)
	if p.dead.Load() {
		return reply{}
	}
	return reply{rec.Code, rec.Body.Bytes()}
}

// glance is what the crew sees on the terminal.
type glance struct {
	orders   map[ems.OrderID]ems.Order
	missions map[ems.MissionID]ems.Mission
	bindings map[ems.DeviceID]cab.Binding
	presses  map[string]cab.Press
	current  ems.MissionID
}

// look reads the terminal; false when it is dark.
func (v *vehicle) look() (g glance, ok bool) {
	p := v.process()
	if p == nil {
		return g, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := p.agent.Act(ctx, func(s *cab.State, _ cab.Clock) ([]cab.Owe, error) {
		g = glance{clone(s.Orders), clone(s.Missions), clone(s.Bindings), clone(s.Presses), s.Current()}
		return nil, nil
	})
	return g, err == nil && !p.dead.Load()
}

func clone[K comparable, V any](m map[K]V) map[K]V {
	out := make(map[K]V, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}
