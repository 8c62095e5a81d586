// Command bench measures a whole centre on this machine, beside the raw cost of what it is made of, in the same run: the real dispatcher
// and a real vehicle agent as processes, a city of light vehicles and the screens in this one. It prints one table against the
// budgets of DESIGN §12 and fails when anything that is owed was lost (DLV-001).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/sync/errgroup"
)

type cli struct {
	Units   int    `default:"200" help:"How many vehicles send at full rate."`
	Seconds int    `default:"40" help:"How long the full load is measured; other parts are shorter and fixed."`
	JSON    bool   `help:"Print the rows as JSON."`
	Bin     string `type:"path" placeholder:"DIR" help:"Folder of dispatcher and vehicle-agent; this program's own when not given."`
	Dir     string `type:"path" help:"Folder for the data; a fresh one beside the programs is made and removed when not given."`
}

// bound ends a run that hangs.
const bound = 230 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, bound, fmt.Errorf("the run is not over after %v", bound))
	defer cancel()
	var c cli
	kong.Parse(&c, kong.Name("bench"), kong.Description("Measures a whole centre beside the raw cost of its parts."))
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (c cli) run(ctx context.Context) error {
	if c.Units < 50 || c.Seconds < 5 {
		return errors.New("--units must be at least 50 and --seconds at least 5")
	}
	if c.Bin == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		c.Bin = filepath.Dir(self)
	}
	if c.Dir == "" {
		dir, err := os.MkdirTemp(c.Bin, "bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		c.Dir = dir
	}
	t := newTable(c.Units)
	ctx, stop := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	err := c.measure(ctx, g, t)
	if ctx.Err() != nil && err != nil {
		err = context.Cause(ctx)
	}
	stop()
	if first := g.Wait(); err == nil && !errors.Is(first, context.Canceled) {
		err = first
	}
	if err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", " ")
		if err := e.Encode(t); err != nil {
			return err
		}
	} else {
		t.print(os.Stdout)
	}
	if t.OwedLost > 0 {
		return fmt.Errorf("%d owed records were lost", t.OwedLost)
	}
	return nil
}

// measure runs the parts one after another, so that each has the machine for itself.
func (c cli) measure(ctx context.Context, g *errgroup.Group, t *table) error {
	x, err := c.open(ctx, g)
	if err != nil {
		return err
	}
	say("a vehicle agent with all its devices, one mission, one patient")
	w, err := x.whole(ctx)
	if err != nil {
		return err
	}
	say("idle: keys and monitor, nobody else in the city")
	idle, err := x.watch(ctx, w, nil, 10*time.Second)
	if err != nil {
		return err
	}
	say("%d vehicles come on", c.Units)
	f, err := x.fleet(ctx, c.Units, cityLoad)
	if err != nil {
		return err
	}
	rest(ctx, 3*time.Second) // connections, first words and snapshots are behind us
	say("full load for %d s", c.Seconds)
	full, err := x.watch(ctx, w, f, time.Duration(c.Seconds)*time.Second)
	if err != nil {
		return err
	}
	lost := x.lost(f)
	if err := f.drain(ctx); err != nil {
		return err
	}
	t.city(idle, full, lost)

	say("owed messages, closed loop")
	disk, err := bareSync(c.Dir, 2*time.Second)
	if err != nil {
		return err
	}
	flood, err := x.owed(ctx, floodLoad, 6*time.Second)
	if err != nil {
		return err
	}
	say("owed messages, 1,000 a second: readings, then what is urgent")
	readings, err := x.owed(ctx, pacedReadings, 6*time.Second)
	if err != nil {
		return err
	}
	urgent, err := x.owed(ctx, pacedUrgent, 6*time.Second)
	if err != nil {
		return err
	}
	t.owed(disk, flood, readings, urgent)

	say("the agent by itself, all devices at full rate, 20 s")
	busy, bare, err := w.cost(ctx, 20*time.Second)
	if err != nil {
		return err
	}
	t.agent(busy, bare)
	if err := x.stop(); err != nil {
		return err
	}
	t.OwedLost, t.OwedLate, err = x.missing(ctx, f, flood.fleet, readings.fleet, urgent.fleet)
	return err
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
