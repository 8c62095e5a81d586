package main

import (
	"context"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// owedUnits flood, each with owedWindow records unanswered: together well below the dispatcher's queue of live messages (8,192).
const (
	owedUnits  = 50
	owedWindow = 100
)

// floodLoad keeps owedWindow records of the reading lane under way.
var floodLoad = load{every: 100 * time.Millisecond, tick: func(u *unit, _ int) { flood(u) }, word: flood}

func flood(u *unit) {
	under := 0
	for _, f := range u.flying {
		under += len(f)
	}
	for ; under < owedWindow; under++ {
		u.owe(u.item(pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, numbers(time.Now(), under)), true)
	}
}

// pacedReadings and pacedUrgent are 1,000 records a second from 50 units. The answer to a reading waits up to 100 ms for others
// (courier.AnswerWait); what is urgent is answered at once.
var (
	pacedReadings = load{every: 50 * time.Millisecond, tick: func(u *unit, n int) {
		u.owe(u.item(pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, numbers(time.Now(), n)), true)
	}}
	// One in ten changes something and brings an event of the journal, as in the store's own benchmark.
	pacedUrgent = load{every: 50 * time.Millisecond, tick: func(u *unit, n int) {
		s := ems.DeviceStatus{Device: "monitor", Kind: "monitor", Driver: "berry_pm6750", Port: "/dev/ttyUSB0", Baud: 115200, State: ems.DeviceSimulated,
			Since: u.started.Add(time.Duration(n/10) * time.Second / 2)}
		u.owe(u.item(pb.Lane_LANE_URGENT, pb.Kind_KIND_DEVICE, wire.PackDevice(s)), true)
	}}
)

// outcome is what a load of owed messages came to.
type outcome struct {
	fleet     *fleet
	delays    samples
	perSecond float64 // answered
	server    usage
}

// owed runs a load for d, after a second to begin, and then lets it drain.
func (x *centre) owed(ctx context.Context, l load, d time.Duration) (outcome, error) {
	f, err := x.fleet(ctx, owedUnits, l)
	if err != nil {
		return outcome{}, err
	}
	rest(ctx, time.Second)
	before, err := x.server.usage()
	if err != nil {
		return outcome{}, err
	}
	f.mu.Lock()
	f.delays = nil
	f.mu.Unlock()
	began, first := time.Now(), f.answered.Load()
	rest(ctx, d)
	o := outcome{fleet: f, perSecond: float64(f.answered.Load()-first) / time.Since(began).Seconds()}
	after, err := x.server.usage()
	if err != nil {
		return o, err
	}
	o.server = after.since(before)
	f.mu.Lock()
	o.delays = f.delays
	f.mu.Unlock()
	return o, f.drain(ctx)
}
