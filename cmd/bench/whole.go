package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"lifeline120/internal/agent"
	"lifeline120/internal/ecg/ecgmodel"
	"lifeline120/internal/ems"
	"lifeline120/internal/porttest"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/simport"
	"lifeline120/internal/wire"
)

// whole is the real agent with real pseudo ports, a mission, a patient, and the screens that follow it; and two more of it that are only
// measured: one with the same devices, one with none.
type whole struct {
	terminal string
	busy     *process // its key is never pressed: a hundred alarms of one unit are no vehicle's day
	idle     *process
	monitor  *probe
	keys     *keys
	screens  []*screen

	mu       sync.Mutex
	readings samples // from the byte's way onto the port to the hospital's frame
	waves    samples // from the first sample of an ECG frame, as stamped, to the hospital's frame
	orders   chan ems.Order
}

// probe is a Berry board at full rate whose saturation changes now and then, at an instant that is known.
type probe struct {
	*simdevice.BerryBoard
	mu      sync.Mutex
	on      bool
	next    time.Time
	value   int
	vitals  simdevice.Vitals
	written map[float64]time.Time
	count   int // of values written since it was put on
}

// Step gives the board's bytes, and now and then an SpO2 frame of its own kind with a new value at their end. They leave for the port at once.
func (p *probe) Step(now time.Time) []byte {
	b := p.BerryBoard.Step(now)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on || now.Before(p.next) || len(b) == 0 {
		return b
	}
	p.next = now.Add(200*time.Millisecond + rand.N(200*time.Millisecond))
	p.value = 70 + (p.value-69)%30
	p.vitals.SpO2 = float64(p.value)
	p.SetVitals(p.vitals)
	frame := []byte{0x55, 0xAA, 6, 0x04, 0, byte(p.value), byte(p.vitals.PulseRate), 0}
	for _, v := range frame[2:7] {
		frame[7] += v
	}
	frame[7] = ^frame[7]
	p.written[float64(p.value)] = time.Now()
	p.count++
	return append(b, frame...)
}

// shown gives the instant of a value's bytes, once.
func (p *probe) shown(value float64) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.written[value]
	delete(p.written, value)
	return at, ok
}

func (p *probe) set(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.on = on; on {
		clear(p.written)
		p.count = 0
	}
}

// wrote is how many values left for the port since it was put on.
func (p *probe) wrote() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// whole starts the agents and brings the van to a patient who is bound for the hospital.
func (x *centre) whole(ctx context.Context) (*whole, error) {
	w := &whole{orders: make(chan ems.Order, 16)}
	vitals := simdevice.Healthy()
	w.monitor = &probe{BerryBoard: board(1, vitals), vitals: vitals, value: 69, written: map[float64]time.Time{}}
	for _, a := range []struct {
		id      ems.UnitID
		monitor simport.Device
	}{{vanID, w.monitor}, {busyID, board(2, vitals)}, {idleID, nil}} {
		devices := []agent.Device{{Name: "monitor", Port: filepath.Join(x.Dir, "nothing-is-plugged-in")}}
		if a.monitor != nil {
			var err error
			if devices, err = plug(ctx, a.monitor); err != nil {
				return nil, err
			}
		}
		p, url, err := x.agent(ctx, a.id, devices)
		if err != nil {
			return nil, err
		}
		switch a.id {
		case vanID:
			w.terminal = url
			continue
		case busyID:
			w.busy = p
		case idleID:
			w.idle = p
		}
		if err := x.screen(ctx, &screen{url: url, topic: agent.Topic, wave: func(time.Time, wire.WaveFrame) {}, op: func(time.Time, wire.Op) {}}); err != nil {
			return nil, err
		}
	}
	cab := &screen{url: w.terminal, topic: agent.Topic, wave: func(time.Time, wire.WaveFrame) {}, op: func(_ time.Time, op wire.Op) {
		var o ems.Order
		if op.C == "orders" && op.V != nil && json.Unmarshal(op.V, &o) == nil {
			select {
			case w.orders <- o:
			default:
			}
		}
	}}
	if err := x.screen(ctx, cab); err != nil {
		return nil, err
	}
	keys, console, err := x.console(ctx)
	if err != nil {
		return nil, err
	}
	w.keys = keys
	ward := &screen{url: x.base, topic: "hospital:" + string(hospital), op: w.number, wave: w.ecg}
	if err := x.screen(ctx, ward); err != nil {
		return nil, err
	}
	w.screens = []*screen{cab, console, ward}
	return w, x.mission(ctx, w)
}

func board(seed uint64, v simdevice.Vitals) *simdevice.BerryBoard {
	return simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: seed, Vitals: v, ECG: ecgmodel.New(ecgmodel.Config{Seed: seed, RateHz: 250})})
}

// plug puts a monitor, a receiver that drives and an oximeter behind ports.
func plug(ctx context.Context, monitor simport.Device) (out []agent.Device, err error) {
	streets := simdevice.Along([]ems.WGS84{{Lat: 35.39, Lon: 118.49}, {Lat: 35.41, Lon: 118.53}, {Lat: 35.44, Lon: 118.50}}, 60)
	for _, d := range []struct {
		name   ems.DeviceID
		kind   string
		device simport.Device
	}{
		{"gnss", "gnss", simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: 1, Talker: "GN", Route: streets})},
		{"monitor", "monitor", monitor},
		{"oximeter", "monitor", simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 1})},
	} {
		p, err := simport.Open(ctx, d.device)
		if err != nil {
			return nil, err
		}
		out = append(out, agent.Device{Name: d.name, Port: p.Path, Kind: d.kind, Simulated: true})
	}
	return out, nil
}

// agent starts one vehicle agent.
func (x *centre) agent(ctx context.Context, id ems.UnitID, devices []agent.Device) (p *process, url string, err error) {
	conf := agent.Defaults()
	conf.Unit, conf.Region, conf.Simulated, conf.Broker, conf.Devices = id, region, true, x.broker, devices
	conf.Data = filepath.Join(x.Dir, string(id))
	ports, release, err := porttest.Take(1)
	if err != nil {
		return nil, "", err
	}
	context.AfterFunc(ctx, release)
	conf.Listen = ports[0]
	b, err := yaml.Marshal(conf)
	if err != nil {
		return nil, "", err
	}
	file := filepath.Join(x.Dir, string(id)+".yaml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return nil, "", err
	}
	url = "http://" + conf.Listen
	if p, err = x.start(ctx, string(id), "vehicle-agent", "run", "--config", file); err != nil {
		return nil, "", err
	}
	return p, url, ready(ctx, url+"/healthz")
}

// mission sends the van to a patient and names the hospital, by the same doors as people use.
func (x *centre) mission(ctx context.Context, w *whole) error {
	if err := call(ctx, x.base+"/api/v1/units/"+string(vanID)+"/duty", wire.DutyBody{Duty: ems.OnDuty, Crew: []string{person}}, nil); err != nil {
		return err
	}
	pos := ems.WGS84{Lat: 35.4, Lon: 118.5}
	var i ems.Incident
	if err := call(ctx, x.base+"/api/v1/incidents", wire.IncidentBody{Type: ems.Emergency, Priority: ems.PriorityA, Pathway: "chest_pain", Complaint: "胸痛",
		Place: &ems.Place{Pos: &pos, Source: "manual"}}, &i); err != nil {
		return err
	}
	var sent wire.Dispatched
	if err := call(ctx, x.base+"/api/v1/incidents/"+string(i.ID)+"/dispatch", wire.DispatchBody{Unit: vanID}, &sent); err != nil {
		return err
	}
	for wait := time.After(20 * time.Second); ; {
		select {
		case o := <-w.orders:
			if o.ID == sent.Order.ID && o.State != ems.OrderQueued {
				return x.care(ctx, w, o)
			}
		case <-wait:
			return fmt.Errorf("order %s is not on the terminal after 20 s", sent.Order.ID)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (x *centre) care(ctx context.Context, w *whole, o ems.Order) error {
	if err := call(ctx, w.terminal+"/api/v1/orders/"+string(o.ID)+"/accept", wire.OrderAnswerBody{By: person}, nil); err != nil {
		return err
	}
	if err := call(ctx, w.terminal+"/api/v1/binding", wire.BindingBody{Device: "monitor", Name: "测试患者", Sex: "m", AgeYears: 60, Mission: o.Mission, By: person,
		Bound: true}, nil); err != nil {
		return err
	}
	if err := call(ctx, w.terminal+"/api/v1/missions/"+string(o.Mission)+"/destination", wire.TerminalDestination{ID: agent.NewID(), Hospital: hospital, By: person,
		Pathway: "chest_pain"}, nil); err != nil {
		return err
	}
	w.monitor.set(true)
	defer w.monitor.set(false)
	for wait := time.Now().Add(readyWait); time.Now().Before(wait) && ctx.Err() == nil; rest(ctx, 50*time.Millisecond) {
		w.mu.Lock()
		seen := len(w.readings) > 0 && len(w.waves) > 0
		w.readings, w.waves = nil, nil
		w.mu.Unlock()
		if seen {
			return nil
		}
	}
	return fmt.Errorf("no number and no ECG of the patient is at the hospital after %v; see %s", readyWait, filepath.Join(x.Dir, "*.log"))
}

func (w *whole) number(at time.Time, op wire.Op) {
	if op.C != "readings" || op.V == nil || !strings.HasSuffix(op.K, "/monitor/"+string(ems.SpO2)) {
		return
	}
	var v ems.ReadingView
	if json.Unmarshal(op.V, &v) != nil || v.Value == nil {
		return
	}
	if since, ok := w.monitor.shown(*v.Value); ok {
		w.mu.Lock()
		w.readings = append(w.readings, at.Sub(since))
		w.mu.Unlock()
	}
}

func (w *whole) ecg(at time.Time, f wire.WaveFrame) {
	if f.Kind != wire.WaveECG || !f.Live {
		return
	}
	w.mu.Lock()
	w.waves = append(w.waves, at.Sub(time.UnixMicro(f.T0Us)))
	w.mu.Unlock()
}

func (w *whole) take() (readings, waves samples) {
	w.mu.Lock()
	defer w.mu.Unlock()
	readings, waves = w.readings, w.waves
	w.readings, w.waves = nil, nil
	return readings, waves
}

// watched is what the screens saw in one stretch of time.
type watched struct {
	light, whole, acts, readings, waves samples
	bare                                samples // messages through the same broker, at the same time
	server, self                        usage
	cut                                 uint64 // screens that lagged
	late                                int    // acts that were not recorded in time
	written                             int    // values that the monitor wrote: those that never came are in no delay of readings
}

// watch presses keys and changes the monitor for d, with f behind it. Without a fleet ten vehicles are connected and silent.
func (x *centre) watch(ctx context.Context, w *whole, f *fleet, d time.Duration) (watched, error) {
	own := f == nil
	if own {
		var err error
		if f, err = x.fleet(ctx, 10, load{every: time.Second, tick: func(*unit, int) {}}); err != nil {
			return watched{}, err
		}
	}
	w.keys.take()
	w.take()
	cut := w.cut()
	before, err := x.server.usage()
	if err != nil {
		return watched{}, err
	}
	self, err := usageOf(os.Getpid())
	if err != nil {
		return watched{}, err
	}
	var out watched
	span, end := context.WithTimeout(ctx, d)
	defer end()
	w.monitor.set(true)
	g := errgroup.Group{}
	g.Go(func() error { w.keys.lightKeys(span, f); return nil })
	g.Go(func() error { return w.keys.wholeKeys(span, w.terminal) })
	g.Go(func() (err error) { out.bare, err = x.bareBroker(span); return err })
	if err := g.Wait(); err != nil {
		return out, err
	}
	after, err := x.server.usage()
	if err != nil {
		return out, err
	}
	out.server, out.cut = after.since(before), w.cut()-cut
	if after, err = usageOf(os.Getpid()); err != nil {
		return out, err
	}
	out.self = after.since(self)
	if err := w.keys.settle(ctx); err != nil {
		return out, err
	}
	w.monitor.set(false)
	rest(ctx, time.Second) // the last values are on their way
	out.written = w.monitor.wrote()
	out.light, out.whole, out.acts, out.late = w.keys.take()
	out.readings, out.waves = w.take()
	if own {
		return out, f.drain(ctx)
	}
	return out, context.Cause(ctx)
}

func (w *whole) cut() uint64 {
	n := uint64(0)
	for _, s := range w.screens {
		n += s.cut.Load()
	}
	return n
}

// cost measures the agent with everything, and beside it the same program with nothing, each followed by one screen.
func (w *whole) cost(ctx context.Context, d time.Duration) (busy, bare usage, err error) {
	before, err := w.busy.usage()
	if err != nil {
		return busy, bare, err
	}
	quiet, err := w.idle.usage()
	if err != nil {
		return busy, bare, err
	}
	rest(ctx, d)
	if busy, err = w.busy.usage(); err != nil {
		return busy, bare, err
	}
	if bare, err = w.idle.usage(); err != nil {
		return busy, bare, err
	}
	return busy.since(before), bare.since(quiet), context.Cause(ctx)
}

// lost is what of the live messages of a fleet did not come through.
type lost struct {
	live, again, full int64   // sent; sent again from the backlog; refused by a full queue of the sender
	missed            uint64  // holes in the numbers of sendings, as the dispatcher shows them
	dropped           float64 // by a full queue of the dispatcher
	err               error
}

func (x *centre) lost(f *fleet) lost {
	l := lost{live: f.live.Load(), again: f.again.Load(), full: f.full.Load()}
	resp, err := http.Get(x.base + "/api/v1/units")
	if err != nil {
		return lost{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return lost{err: err}
	}
	var units []ems.UnitView
	if err := json.Unmarshal(b, &units); err != nil {
		return lost{err: fmt.Errorf("read units: %w", err)}
	}
	for _, u := range units {
		if strings.HasPrefix(string(u.ID), "u") {
			l.missed += u.LiveLost
		}
	}
	l.dropped, l.err = x.metric(`lifeline_dropped_total{lane="live"}`)
	return l
}
