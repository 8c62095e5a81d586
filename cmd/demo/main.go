// Command demo shows a working 120 centre on simulated devices: the real dispatcher and real vehicle agents as processes of their own,
// each agent reading pseudo serial ports that simulated devices feed with the devices' own bytes, callers who press the key, and crews
// who answer. Everything in it is simulated and says so (SCR-003).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"lifeline120/internal/agent"
	"lifeline120/internal/ems"
	"lifeline120/maps"
)

type cli struct {
	Device   string        `help:"A real monitor on this port: one agent reads it instead of a simulated one." placeholder:"/dev/ttyUSB0"`
	Units    int           `default:"6" help:"How many vehicles (at least 6 for the whole story)."`
	Fleet    int           `default:"0" help:"How many vehicles drive in all: those beyond --units are light ones inside the demo, with a receiver and no monitor. The demo city has 40."`
	Port     int           `default:"8120" help:"Port of the dispatcher's screens; the vehicle terminals take the ports from --terminal on."`
	Terminal int           `default:"8121" help:"Port of the first vehicle terminal."`
	MQTT     int           `default:"1883" help:"Port of the embedded MQTT broker."`
	Public   int           `default:"8130" help:"Port of the public listener."`
	Dir      string        `type:"path" help:"Folder for the demo's data; a fresh one is made and removed when not given."`
	Data     string        `type:"path" env:"LIFELINE_DATA" default:"../shared/data" help:"Recordings; with them one unit has MIT-BIH 100 as its heart and another replays a recorded receiver."`
	Seed     uint64        `default:"1" help:"Seed of everything that is drawn by lot."`
	Callers  time.Duration `default:"60s" help:"Mean time between simulated callers; 0: none."`
	Hour     int           `default:"-1" help:"Hour of the city's day (0 to 23) at the start: calls rise and fall with it. -1: the hour it is in Shanghai."`
	Crews    string        `enum:"auto,none" default:"auto" help:"auto: simulated crews accept, drive and touch the nodes. none: you do, on the terminal."`
	Desk     string        `enum:"late,now,none" default:"late" help:"late: a simulated desk takes what nobody has taken for 30 s. now: at once. none: only you."`
	JSON     bool          `help:"Print the addresses as one line of JSON."`
	For      time.Duration `help:"Stop after this long."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	kong.Parse(&c, kong.Name("demo"), kong.Description("A working 120 centre on simulated devices."))
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	if err := c.run(ctx, os.Stdout); err != nil && !errors.Is(err, context.Canceled) && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// addresses is what --json prints.
type addresses struct {
	Console   string            `json:"console"`
	Hospital  string            `json:"hospital"`
	SOS       string            `json:"sos"`
	API       string            `json:"api"`
	Terminals map[string]string `json:"terminals"`
	Dir       string            `json:"dir"`
}

// run starts everything and waits. When one part stops, all stop, and its last words are the error.
func (c cli) run(ctx context.Context, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if c.Dir == "" {
		dir, err := os.MkdirTemp("", "lifeline-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		c.Dir = dir
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("make the demo's folder: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	if err := c.open(ctx, g, out); err != nil {
		stop()
		if first := g.Wait(); first != nil && !errors.Is(first, context.Canceled) {
			return first
		}
		return err
	}
	return g.Wait()
}

// open starts the dispatcher, the vehicles and the people.
func (c cli) open(ctx context.Context, g *errgroup.Group, out io.Writer) error {
	city, err := maps.Load(maps.Demo())
	if err != nil {
		return err
	}
	net, err := openRoads()
	if err != nil {
		return err
	}
	units := fleet(city, c.Units)
	base := fmt.Sprintf("http://127.0.0.1:%d", c.Port)
	if err := c.start(ctx, g, "dispatcher", "dispatcher", "serve", "--demo", "--data", filepath.Join(c.Dir, "dispatcher"),
		"--listen", fmt.Sprintf("127.0.0.1:%d", c.Port), "--mqtt-listen", fmt.Sprintf("127.0.0.1:%d", c.MQTT),
		"--public-listen", fmt.Sprintf("127.0.0.1:%d", c.Public)); err != nil {
		return err
	}
	if err := ready(ctx, base+"/readyz"); err != nil {
		return err
	}
	a := addresses{Console: base + "/console", Hospital: base + "/hospital", SOS: base + "/sos", API: base, Terminals: map[string]string{},
		Dir: c.Dir}
	crews, plays := map[ems.UnitID]*crew{}, map[ems.UnitID][]string{}
	for i, u := range units {
		v, err := c.vehicle(ctx, city, u, i)
		if err != nil {
			return err
		}
		url := fmt.Sprintf("http://127.0.0.1:%d", c.Terminal+i)
		a.Terminals[string(u.ID)] = url
		if err := c.startAgent(ctx, g, city, u, i, v); err != nil {
			return err
		}
		plays[u.ID] = v.plays
		crews[u.ID] = newCrew(u, city, net, url, v, c.Seed+uint64(i))
	}
	for i, u := range others(city, units, c.Fleet) {
		v, url, err := c.light(ctx, g, city, u, len(units)+i)
		if err != nil {
			return err
		}
		cr := newCrew(u, city, net, url, v, c.Seed+uint64(len(units)+i))
		g.Go(func() error {
			rest(ctx, time.Duration(i)*150*time.Millisecond) // they do not all log on in one moment
			if err := cr.logOn(ctx, base); err != nil {
				return quiet(ctx, err)
			}
			return cr.run(ctx)
		})
	}
	for _, u := range units {
		if err := ready(ctx, a.Terminals[string(u.ID)]+"/healthz"); err != nil {
			return err
		}
		if err := crews[u.ID].logOn(ctx, base); err != nil {
			return err
		}
		if c.Crews == "auto" {
			g.Go(func() error { return crews[u.ID].run(ctx) })
		}
	}
	if c.Callers > 0 {
		g.Go(func() error { return callers(ctx, city, net, base, c.Callers, c.hour(), c.Seed) })
	}
	if c.Desk != "none" {
		wait := 30 * time.Second
		if c.Desk == "now" {
			wait = 2 * time.Second
		}
		g.Go(func() error { return autoDesk(ctx, city, base, wait) })
	}
	c.tell(out, a, units, plays)
	return nil
}

// hour is the hour of the city's day, with its minutes as a share.
func (c cli) hour() float64 {
	if c.Hour >= 0 {
		return float64(c.Hour % 24)
	}
	now := time.Now().UTC().Add(8 * time.Hour) // China has one time and no summer time
	return float64(now.Hour()) + float64(now.Minute())/60
}

func (c cli) tell(out io.Writer, a addresses, units []ems.Unit, plays map[ems.UnitID][]string) {
	if c.JSON {
		b, err := json.Marshal(a)
		if err != nil {
			panic(err) // plain strings
		}
		fmt.Fprintf(out, "%s\n", b)
		return
	}
	fmt.Fprintf(out, `
Lifeline 120 runs, on simulated devices. 一切数据均为模拟 — everything is simulated.

  console           %s
  hospital          %s?hospital=h1
  caller's phone    %s
`, a.Console, a.Hospital, a.SOS)
	for _, u := range units {
		fmt.Fprintf(out, "  vehicle %-9s %s/terminal   %s\n", u.ID, a.Terminals[string(u.ID)], u.Plate)
		for _, what := range plays[u.ID] {
			fmt.Fprintf(out, "                    %s\n", what)
		}
	}
	switch {
	case c.Callers > 0 && c.Desk != "none":
		fmt.Fprintf(out, "\nA caller presses the key about every %v. Take the alarm at the console; what nobody takes, a simulated desk takes.\n", c.Callers)
	case c.Callers > 0:
		fmt.Fprintf(out, "\nA caller presses the key about every %v. Take the alarm at the console.\n", c.Callers)
	default:
		fmt.Fprintf(out, "\nPress the key on the caller's phone, and take the alarm at the console.\n")
	}
	fmt.Fprintln(out, "Stop with Ctrl-C.")
}

// start runs one of our programs until ctx ends; its end before that is an error.
func (c cli) start(ctx context.Context, g *errgroup.Group, name, program string, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path := filepath.Join(filepath.Dir(self), program)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%s is not beside the demo: run `make build` first: %w", program, err)
	}
	log, err := os.Create(filepath.Join(c.Dir, name+".log"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		log.Close()
		return fmt.Errorf("start %s: %w", name, err)
	}
	g.Go(func() error {
		defer log.Close()
		err := cmd.Wait()
		if ctx.Err() != nil {
			return nil
		}
		tail, _ := os.ReadFile(log.Name())
		if len(tail) > 2000 {
			tail = tail[len(tail)-2000:]
		}
		return fmt.Errorf("%s stopped (%v). Its last words:\n%s", name, err, tail)
	})
	return nil
}

// startAgent writes the agent's file and runs it.
func (c cli) startAgent(ctx context.Context, g *errgroup.Group, city maps.City, u ems.Unit, i int, v *vehicle) error {
	conf := agent.Defaults()
	conf.Unit, conf.Region, conf.Plate, conf.Simulated = u.ID, city.Region, u.Plate, true
	conf.Broker = fmt.Sprintf("tcp://127.0.0.1:%d", c.MQTT)
	conf.Listen = fmt.Sprintf("127.0.0.1:%d", c.Terminal+i)
	conf.Data = filepath.Join(c.Dir, string(u.ID))
	conf.Hospitals = city.Hospitals
	conf.Devices = v.devices
	b, err := yaml.Marshal(conf)
	if err != nil {
		return err
	}
	file := filepath.Join(c.Dir, string(u.ID)+".yaml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return err
	}
	return c.start(ctx, g, string(u.ID), "vehicle-agent", "run", "--config", file)
}

// ready waits until url answers 200, at most 30 s.
func ready(ctx context.Context, url string) error {
	wait, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var last error
	for {
		req, err := http.NewRequestWithContext(wait, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answers %s", resp.Status)
		}
		last = err
		select {
		case <-time.After(100 * time.Millisecond):
		case <-wait.Done():
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s is not ready after 30 s: %w", url, last)
		}
	}
}
