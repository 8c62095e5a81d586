// Package agent is the computer in the ambulance: it reads receivers and monitors over serial lines, keeps what it owes the centre
// in a spool, streams it by MQTT, and serves the vehicle terminal. Vehicle is its state and judgement, owned by one goroutine; Run
// puts real parts around it.
package agent

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"lifeline120/internal/ems"
	"lifeline120/internal/mqttlink"
	"lifeline120/internal/serialport"
	"lifeline120/internal/spool"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
	"lifeline120/web"
	"lifeline120/web/onboard"
)

// NewID makes a short random name: 80 bits in lower-case base 32.
func NewID() string {
	var b [10]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// Run is the agent from start to the end of ctx. What is wrong at the start is an error that says what to change.
func Run(ctx context.Context, c Config, version string, log *slog.Logger) error {
	if err := c.Check(); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("serve the terminal: %s is in use; stop the other program or choose another address with --listen", c.Listen)
		}
		return fmt.Errorf("serve the terminal on %s: %w", c.Listen, err)
	}
	defer ln.Close()
	boot, started := NewID(), time.Now()
	sp, err := spool.Open(ctx, spool.Options{Dir: filepath.Join(c.Data, "spool"), Bounds: c.Spool.bytes(), Stamp: func() wire.Item {
		return wire.Item{CapturedUs: time.Now().UnixMicro(), MonoUs: time.Since(started).Microseconds(), Boot: boot, Simulated: c.Simulated}
	}})
	if err != nil {
		return err
	}
	if sp, err = Impatient(sp); err != nil {
		return err
	}
	defer sp.Close()
	for _, f := range sp.Faults() {
		log.Warn("spool", "fault", f)
	}
	feed := NewFeed(c, version, log)
	defer feed.Close()
	v, err := NewVehicle(Deps{Config: c, Version: version, Spool: sp, Feed: feed, Open: openPort, NewID: NewID, Log: log, Boot: boot, Started: started,
		Dialer: mqttlink.NewDialer(mqttlink.Config{URL: c.Broker, Log: log})})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	v.Routes(mux)
	var pages fs.FS = onboard.Pages()
	if c.WebDir != "" {
		pages = os.DirFS(c.WebDir) // Check has looked into it
	}
	mux.Handle("GET /", web.Handler(pages, map[string]string{"/": "vehicle.html", "/terminal": "vehicle.html"}))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10}

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return v.Run(ctx) })
	g.Go(func() error { return v.Watch(ctx) })
	g.Go(func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the terminal: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		feed.Close()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		return srv.Shutdown(stop)
	})
	log.Info("vehicle agent runs", "unit", c.Unit, "terminal", "http://"+ln.Addr().String(), "broker", c.Broker)
	return g.Wait()
}

// NewFeed makes the hub of the terminal's live feed.
func NewFeed(c Config, version string, log *slog.Logger) *webfeed.Hub {
	return webfeed.New(webfeed.Config{Term: uint64(time.Now().UnixMicro()), Log: log,
		Welcome: wire.WelcomeFrame{Demo: c.Simulated, About: wire.About{Name: "Lifeline 120", Version: version, Demo: c.Simulated,
			Region: string(c.Region), City: c.Plate}},
		Live: func(coll string) bool {
			switch coll {
			case "readings", "fix", "owed", "link", "devices":
				return true
			}
			return false
		},
		Authorize: func(_ webfeed.Who, topic string) error {
			if topic != Topic {
				return fmt.Errorf("this is a vehicle; its only topic is %q", Topic)
			}
			return nil
		}})
}

// Watch runs the watchers of the vehicle's serial ports until ctx ends: those of the configuration, or one for each port that appears.
func (v *Vehicle) Watch(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if len(v.Config.Devices) > 0 {
		for _, d := range v.Config.Devices {
			g.Go(func() error { return v.watch(ctx, d, v.Open) })
		}
		return g.Wait()
	}
	type place struct {
		path string
		stop context.CancelFunc
	}
	places := map[ems.DeviceID]place{}
	names := &portNames{}
	look := time.NewTicker(probeEvery)
	defer look.Stop()
	for {
		ports, err := v.List()
		if err != nil {
			v.Log.Warn("list serial ports", "err", err)
		}
		named := names.look(ports)
		var moved []string
		for _, path := range sorted(named) {
			if old, known := places[named[path]]; known && old.path != path { // its old port is gone, or is another device by now
				old.stop()
				moved = append(moved, path)
			} else if !known {
				moved = append(moved, path)
			}
		}
		for _, path := range moved {
			name := named[path]
			open := v.only(path, names.at[path])
			one, stop := context.WithCancel(ctx)
			places[name] = place{path, stop}
			g.Go(func() error { defer stop(); return v.watch(one, Device{Name: name, Port: path}, open) })
		}
		for name, p := range places { // a port that another device has taken is that device's alone
			if now, there := named[p.path]; there && now != name {
				p.stop()
				delete(places, name)
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return g.Wait()
		}
	}
}

// watch runs one watcher, which heals by itself until ctx ends.
func (v *Vehicle) watch(ctx context.Context, d Device, open serialport.Opener) error {
	codecs, err := codecsFor(d)
	if err != nil {
		return err
	}
	w, err := serialport.NewWatcher(serialport.Config{Device: d.Name, Path: d.Port, Codecs: codecs, Open: open,
		Simulated: d.Simulated || v.Config.Simulated,
		OnStatus: func(s ems.DeviceStatus) {
			select {
			case v.statuses <- s:
			case <-ctx.Done():
			}
		},
		OnOutput: func(o serialport.Output) {
			select {
			case v.outputs <- o:
			case <-ctx.Done():
			}
		}})
	if err != nil {
		return err
	}
	if err := v.Do(ctx, func() error { v.watchers[d.Name] = w; return nil }); err != nil {
		return nil // the agent is stopping
	}
	return w.Run(ctx)
}
