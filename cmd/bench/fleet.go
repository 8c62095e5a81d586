package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"lifeline120/internal/agent"
	"lifeline120/internal/courier"
	"lifeline120/internal/ecg/ecgmodel"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/mqttlink"
	"lifeline120/internal/spool"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// load is what a unit does: every tick, and at each word of the centre.
type load struct {
	units int // 0: all
	every time.Duration
	tick  func(u *unit, n int)
	word  func(u *unit)
}

// fleet is a number of light vehicles: the agent's own delivery (courier, spool in memory, a connection of its own) without devices,
// disk and terminal.
type fleet struct {
	units []*unit
	stop  context.CancelFunc
	done  sync.WaitGroup
	idle  atomic.Bool // no more is made; what is owed drains

	up, live, again, full atomic.Int64
	answered              atomic.Int64
	errs                  atomic.Pointer[error]
	mu                    sync.Mutex
	delays                samples // from publishing to the word that covers it
}

type laneOf struct {
	epoch wire.Epoch
	lane  pb.Lane
}

// unit is one light vehicle. Its goroutine owns everything in it until its end.
type unit struct {
	id       ems.UnitID
	load     load
	fleet    *fleet
	spool    spool.Spool
	sender   *courier.Sender
	line     link.Link
	started  time.Time
	boot     string
	rates    rates
	acts     chan func()
	down     chan arrival
	links    chan link.Event
	numbered map[laneOf]uint64
	flying   map[laneOf]map[uint64]time.Time // since when, of those whose answer is timed
	held     map[laneOf]wire.RangeSet        // at the end: what the centre has not confirmed
	gaps     uint64                          // what the centre said it had and then had no longer
	pos      ems.WGS84
}

type arrival struct {
	at time.Time
	m  link.Message
}

// fleet starts n units and waits until all are connected.
func (x *centre) fleet(ctx context.Context, n int, l load) (*fleet, error) {
	ctx, stop := context.WithCancel(ctx)
	f := &fleet{stop: stop}
	dialer := mqttlink.NewDialer(mqttlink.Config{URL: x.broker})
	for i := range n {
		u, err := newUnit(ctx, unitID(i), l, f, dialer)
		if err != nil {
			stop()
			return nil, err
		}
		f.units = append(f.units, u)
		phase := l.every * time.Duration(i) / time.Duration(n)
		f.done.Go(func() { u.run(ctx, phase) })
	}
	for wait := time.Now().Add(readyWait); f.up.Load() < int64(n); rest(ctx, 20*time.Millisecond) {
		if ctx.Err() != nil {
			stop()
			return nil, context.Cause(ctx)
		}
		if time.Now().After(wait) {
			stop()
			return nil, fmt.Errorf("only %d of %d vehicles are connected after %v", f.up.Load(), n, readyWait)
		}
	}
	return f, nil
}

func newUnit(ctx context.Context, id ems.UnitID, l load, f *fleet, d link.Dialer) (*unit, error) {
	sp, err := spool.NewMem(&spool.MemDisk{}, spool.Options{})
	if err != nil {
		return nil, err
	}
	u := &unit{id: id, load: l, fleet: f, spool: sp, started: time.Now(), boot: agent.NewID(), acts: make(chan func(), 64),
		down: make(chan arrival, 64), links: make(chan link.Event, 16), numbered: map[laneOf]uint64{}, held: map[laneOf]wire.RangeSet{}, flying: map[laneOf]map[uint64]time.Time{},
		pos: ems.WGS84{Lat: 35.4, Lon: 118.5}}
	u.sender = courier.NewSender(id, "", sp, u.now())
	will := u.presence(false)
	u.line, err = d.Dial(ctx, link.Options{ClientID: "unit-" + string(region) + "-" + string(id), Will: &will, OnEvent: func(e link.Event) {
		select {
		case u.links <- e:
		case <-ctx.Done():
		}
	}})
	return u, err
}

func (u *unit) now() ems.Instant {
	return ems.Instant{Wall: time.Now().UTC(), Mono: time.Since(u.started), Boot: u.boot}
}

func (u *unit) run(ctx context.Context, phase time.Duration) {
	defer u.line.Close()
	if err := u.line.Subscribe(ctx, link.Topic(region, u.id, link.DownStored), 0, func(m link.Message) {
		select {
		case u.down <- arrival{time.Now(), m}:
		default: // the next word says it all again
		}
	}); err != nil {
		return
	}
	rest(ctx, phase)
	tick := time.NewTicker(u.load.every)
	defer tick.Stop()
	second := time.NewTicker(100 * time.Millisecond)
	defer second.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case e := <-u.links:
			u.linked(e)
		case a := <-u.down:
			u.stored(ctx, a)
			if u.load.word != nil && !u.fleet.idle.Load() {
				u.load.word(u)
			}
		case f := <-u.acts:
			f()
		case <-tick.C:
			if n++; !u.fleet.idle.Load() {
				u.load.tick(u, n)
			}
		case <-second.C:
			outs, err := u.sender.Poll(ctx, u.now())
			u.failed(err)
			u.fleet.again.Add(int64(len(outs)))
			u.publish(outs)
		}
	}
}

func (u *unit) failed(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		u.fleet.errs.CompareAndSwap(nil, &err)
	}
}

func (u *unit) linked(e link.Event) {
	if !e.Up {
		u.fleet.up.Add(-1)
		u.sender.Disconnected(u.now())
		return
	}
	u.fleet.up.Add(1)
	if err := u.line.Publish(u.presence(true)); err != nil {
		u.failed(err)
	}
	u.publish(u.sender.Connected(u.now()))
}

func (u *unit) presence(online bool) link.Message {
	p := &pb.Presence{Online: online, Version: "bench", Boot: u.boot}
	for _, d := range u.spool.Depths() {
		p.Depths = append(p.Depths, wire.PackDepth(d))
	}
	it := u.item(pb.Lane_LANE_NONE, pb.Kind_KIND_PRESENCE, p)
	return u.sender.Presence(u.now(), it).Message(region)
}

func (u *unit) publish(outs []courier.Out) {
	for _, o := range outs {
		if err := u.line.Publish(o.Message(region)); err != nil {
			u.fleet.full.Add(1)
			u.sender.Failed(u.now(), o)
		} else if o.Rest == link.UpLive {
			u.fleet.live.Add(1)
		}
	}
}

func (u *unit) item(lane pb.Lane, kind pb.Kind, body proto.Message) wire.Item {
	b, err := wire.Marshal(body)
	u.failed(err)
	now := u.now()
	return wire.Item{Lane: lane, Kind: kind, CapturedUs: now.Wall.UnixMicro(), MonoUs: now.Mono.Microseconds(), Boot: u.boot, Simulated: true, Body: b}
}

// owe numbers one record and sends it; timed says that its answer is waited for.
func (u *unit) owe(it wire.Item, timed bool) {
	began := time.Now()
	recs, err := u.spool.Put(context.Background(), []wire.Item{it}, nil)
	u.failed(err)
	for _, r := range recs {
		k := laneOf{r.Epoch, r.Lane}
		u.numbered[k] = r.Seq
		if timed {
			if u.flying[k] == nil {
				u.flying[k] = map[uint64]time.Time{}
			}
			u.flying[k][r.Seq] = began
		}
	}
	u.publish(u.sender.New(u.now(), recs))
}

// show sends what is owed to nobody.
func (u *unit) show(it wire.Item) {
	if o, ok := u.sender.Live(u.now(), it); ok {
		u.publish([]courier.Out{o})
	}
}

// stored takes the centre's word: it alone deletes.
func (u *unit) stored(ctx context.Context, a arrival) {
	st, err := wire.OpenStored(a.m.Payload)
	if err != nil {
		u.failed(err)
		return
	}
	w, err := u.sender.OnStored(ctx, u.now(), st)
	u.failed(err)
	for _, d := range w.Delete {
		lost, err := u.spool.Stored(ctx, d.Epoch, d.Lane, d.UpTo, d.Beyond)
		u.failed(err)
		if lost != nil {
			u.gaps += lost.To - lost.From + 1
		}
		set := wire.RangeSet{UpTo: d.UpTo, Beyond: d.Beyond}
		flying := u.flying[laneOf{d.Epoch, d.Lane}]
		var took samples
		for seq, since := range flying {
			if set.Has(seq) {
				took = append(took, a.at.Sub(since))
				delete(flying, seq)
			}
		}
		u.fleet.answered.Add(int64(len(took)))
		u.fleet.mu.Lock()
		u.fleet.delays = append(u.fleet.delays, took...)
		u.fleet.mu.Unlock()
	}
}

func (u *unit) owing() uint64 {
	n := uint64(0)
	for _, d := range u.spool.Depths() {
		n += d.Count
	}
	return n
}

// keepHeld notes what is still in the spool and closes it.
func (u *unit) keepHeld(ctx context.Context) error {
	for k := range u.numbered {
		set := wire.RangeSet{}
		for after := uint64(0); ; {
			recs, err := u.spool.Next(ctx, k.lane, k.epoch, after, 1000, 0)
			if err != nil {
				return err
			}
			if len(recs) == 0 {
				break
			}
			for _, r := range recs {
				set.Add(r.Seq, r.Seq)
				after = r.Seq
			}
		}
		u.held[k] = set
	}
	return u.spool.Close()
}

// drain lets the units make no more, and waits a while until the centre has everything.
func (f *fleet) drain(ctx context.Context) error {
	f.idle.Store(true)
	for wait := time.Now().Add(20 * time.Second); time.Now().Before(wait) && ctx.Err() == nil; rest(ctx, 50*time.Millisecond) {
		left := uint64(0)
		for _, u := range f.units {
			left += u.owing()
		}
		if left == 0 {
			break
		}
	}
	f.stop()
	f.done.Wait()
	for _, u := range f.units {
		u.failed(u.keepHeld(context.WithoutCancel(ctx)))
	}
	if err := f.errs.Load(); err != nil {
		return fmt.Errorf("a light vehicle: %w", *err)
	}
	return context.Cause(ctx)
}

// cityLoad is a vehicle at full rate: a tenth of a second of seven leads, pleth and respiration in each tick, numbers twice and a
// position once a second, presence every ten.
var cityLoad = load{every: 100 * time.Millisecond, tick: func(u *unit, n int) {
	u.owe(u.item(pb.Lane_LANE_WAVE, pb.Kind_KIND_WAVES, u.rates.waves(n)), false)
	if n%5 == 0 {
		u.owe(u.item(pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, numbers(time.Now(), n)), false)
	}
	if n%10 == 0 {
		u.pos.Lat += 1e-4
		u.show(u.item(pb.Lane_LANE_NONE, pb.Kind_KIND_POSITIONS, &pb.Positions{Positions: []*pb.Position{wire.PackFix(ems.Fix{Device: "gnss",
			Pos: u.pos, Quality: ems.Good, FixKind: "gps", Satellites: 14, HasSatellites: true, HDOP: 0.8, SpeedKmh: 40, HasSpeed: true, Taken: time.Now(), DeviceTime: time.Now()}, "")}}))
	}
	if n%100 == 0 {
		u.failed(u.line.Publish(u.presence(true)))
	}
}}

// numbers is half a second of what a monitor says.
func numbers(at time.Time, n int) *pb.Readings {
	m := &pb.Readings{}
	for i, c := range []struct {
		ch   ems.Channel
		unit string
	}{{ems.HeartRate, "1/min"}, {ems.PulseRate, "1/min"}, {ems.SpO2, "%"}, {ems.RespRate, "1/min"}, {ems.Temp1, "Cel"}, {ems.PulseForce, ""}} {
		m.Readings = append(m.Readings, wire.PackReading(ems.Reading{Device: "monitor", Channel: c.ch, Unit: c.unit, Value: float64(60 + (n+i)%40),
			Quality: ems.Good, Taken: at}, ""))
	}
	return m
}

// rates makes the waves of one unit out of a trace that all share.
type rates struct{ ecg, slow uint64 }

// trace is ten seconds of packed waves, by tenths of a second.
var trace = sync.OnceValue(func() (out [100][3]*pb.Wave) {
	heart := ecgmodel.New(ecgmodel.Config{Seed: 120})
	seven := []ems.Channel{ems.ECGI, ems.ECGII, ems.ECGIII, ems.ECGAVR, ems.ECGAVL, ems.ECGAVF, ems.ECGV}
	for i := range out {
		ecg := ems.WaveChunk{Device: "monitor", Stream: "bench", Leads: seven, RateHz: 250, LSB: 1. / 64, Samples: make([][]int16, 7), Filter: "monitor 0.5-75 Hz"}
		for range 25 {
			mv, _ := heart.Seven()
			for l, v := range mv {
				ecg.Samples[l] = append(ecg.Samples[l], int16(math.Round(v*64)))
			}
		}
		chunks := []ems.WaveChunk{ecg}
		for k, ch := range []ems.Channel{ems.PlethWave, ems.RespWave} {
			w := ems.WaveChunk{Device: "monitor", Stream: "bench", Leads: []ems.Channel{ch}, RateHz: 50, LSB: 1, Samples: make([][]int16, 1)}
			for s := range 5 {
				w.Samples[0] = append(w.Samples[0], int16(50+40*math.Sin(float64(5*i+s)/[]float64{8, 40}[k])))
			}
			chunks = append(chunks, w)
		}
		for k, w := range chunks {
			p, err := wire.PackWave(w, "")
			if err != nil {
				panic(err) // our own samples
			}
			out[i][k] = p
		}
	}
	return out
})

func (r *rates) waves(n int) *pb.Waves {
	at := wire.Us(time.Now().Add(-100 * time.Millisecond))
	m := &pb.Waves{}
	for k, t := range trace()[n%100] {
		counter := r.slow
		if k == 0 {
			counter = r.ecg
		}
		m.Waves = append(m.Waves, &pb.Wave{Device: t.Device, Stream: t.Stream, Leads: t.Leads, RateHz: t.RateHz, Lsb: t.Lsb, Counter: counter, N: t.N,
			Deltas: t.Deltas, TakenUs: at, Filter: t.Filter})
	}
	r.ecg, r.slow = r.ecg+25, r.slow+5
	return m
}
