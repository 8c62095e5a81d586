package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"lifeline120/internal/agent"
	"lifeline120/internal/ems"
	"lifeline120/internal/mqttlink"
	"lifeline120/internal/serialport"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/spool"
	"lifeline120/maps"
)

// receiverPort is a simulated receiver's serial line inside this process: what the receiver says is read as from a port. It is looked at a
// few times a second, so that a whole fleet costs little.
type receiverPort struct {
	*held
	left []byte
	wait time.Duration
	gone chan struct{}
	once sync.Once
}

// held is a receiver that its port and its driver share.
type held struct {
	mu  sync.Mutex
	dev *simdevice.Receiver
}

const lightLook = 250 * time.Millisecond

// Do runs f while the receiver stands still.
func (h *held) Do(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// SetReadTimeout bounds how long the next reads wait.
func (p *receiverPort) SetReadTimeout(d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wait = d
	return nil
}

func (p *receiverPort) Read(b []byte) (int, error) {
	p.mu.Lock()
	wait := p.wait
	p.mu.Unlock()
	for left := max(wait, lightLook); left > 0; left -= lightLook {
		p.mu.Lock()
		if len(p.left) == 0 {
			p.left = p.dev.Step(time.Now())
		}
		n := copy(b, p.left)
		p.left = p.left[n:]
		p.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		select {
		case <-time.After(lightLook):
		case <-p.gone:
			return 0, fmt.Errorf("read: %w", serialport.ErrGone)
		}
	}
	return 0, nil
}

func (p *receiverPort) Write(b []byte) (int, error) { return len(b), nil }

// Close ends a waiting Read.
func (p *receiverPort) Close() error {
	p.once.Do(func() { close(p.gone) })
	return nil
}

// light starts vehicles inside this process: the agent's own Vehicle with its delivery, a spool in memory, a connection of its own and a
// receiver; without monitor and without terminal pages. To the centre they are vehicles like any other.
func (c cli) light(ctx context.Context, g *errgroup.Group, city maps.City, u ems.Unit, i int) (*vehicle, string, error) {
	conf := agent.Defaults()
	conf.Unit, conf.Region, conf.Plate, conf.Simulated = u.ID, city.Region, u.Plate, true
	conf.Broker = fmt.Sprintf("tcp://127.0.0.1:%d", c.MQTT)
	conf.Hospitals = city.Hospitals
	conf.Devices = []agent.Device{{Name: "gnss", Port: "memory", Kind: "gnss", Simulated: true}}
	world := &vehicle{home: home(city, u), receiver: simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: c.Seed*1000 + uint64(i), Talker: []string{"GN", "BD", "GP"}[i%3],
		Route: simdevice.Along([]ems.WGS84{home(city, u)}, 0)})}
	receiver := &held{dev: world.receiver}
	world.gnss = receiver
	sp, err := spool.NewMem(&spool.MemDisk{}, spool.Options{})
	if err != nil {
		return nil, "", err
	}
	log := slog.New(slog.DiscardHandler)
	feed := agent.NewFeed(conf, "demo", log)
	v, err := agent.NewVehicle(agent.Deps{Config: conf, Version: "demo", Spool: sp, Feed: feed, NewID: agent.NewID, Log: log, Dialer: mqttlink.NewDialer(mqttlink.Config{URL: conf.Broker, Log: log}),
		Open: func(string, ems.Line) (serialport.Port, error) {
			return &receiverPort{held: receiver, gone: make(chan struct{})}, nil
		}})
	if err != nil {
		return nil, "", err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	mux := http.NewServeMux()
	v.Routes(mux)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	g.Go(func() error { return quiet(ctx, v.Run(ctx)) })
	g.Go(func() error { return quiet(ctx, v.Watch(ctx)) })
	g.Go(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		feed.Close()
		srv.Close()
		return sp.Close()
	})
	return world, "http://" + ln.Addr().String(), nil
}

// quiet forgets the error of an end that was asked for.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
