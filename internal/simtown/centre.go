package simtown

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing/fstest"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/dispatcher"
	"lifeline120/internal/ems"
	"lifeline120/internal/store"
	"lifeline120/internal/store/mem"
)

// centre is the dispatcher's machine: the store's disk, its own disk with the file of what is not recorded, and the process.
type centre struct {
	town *Town
	disk *mem.Disk

	mu     sync.Mutex
	run    *dispatching
	lives  int
	silent bool // the store is
}

// dispatching is one life of the dispatcher.
type dispatching struct {
	core  *dispatcher.Centre
	store store.Store
	modem *modem
	door  http.Handler // of the desks' pages
	stop  context.CancelFunc
	done  chan struct{}
	dead  atomic.Bool // killed
	began time.Time
}

func newCentre(w *Town) *centre {
	return &centre{town: w, disk: mem.NewDisk("store-1", !w.opt.Live)}
}

// start brings the dispatcher up; the store must answer.
func (c *centre) start() {
	w := c.town
	st, err := c.disk.Open(!w.opt.Live)
	if err != nil {
		w.t.Fatalf("seed %d: open the store: %v", w.seed, err)
	}
	tap := &tapStore{Store: st, o: w.oracle}
	w.oracle.reopened(st)
	c.mu.Lock()
	c.lives++
	c.mu.Unlock()
	d := &dispatching{store: st, modem: w.air.modem(fmt.Sprintf("centre#%d", c.lives)), done: make(chan struct{}), began: now()}
	ids := w.chance("centre")
	for range c.lives { // another life, other ids
		ids.Uint64()
	}
	ids = w.chance("centre/" + itoa(ids.Uint64()))
	d.core, err = dispatcher.NewCentre(context.Background(), dispatcher.CentreConfig{City: w.city, Store: tap, Dialer: d.modem, AsideFile: w.asideFile(),
		Version: "town", Rand: func(b []byte) { bytesOf(ids, b) }, Log: w.log.With("at_centre", true)})
	if err != nil {
		w.t.Fatalf("seed %d: start the dispatcher: %v", w.seed, err)
	}
	d.door = d.core.Handler(fstest.MapFS{})
	hub := d.core.Hub()
	w.follow(hub, "console", w.oracle.console())
	w.lag(hub)
	for _, h := range w.city.Hospitals {
		w.follow(hub, "hospital:"+string(h.ID), w.oracle.hospital(h.ID))
	}
	for _, u := range w.city.Units {
		w.follow(hub, "waves:"+string(u.ID), w.oracle.strip(u.ID))
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	go func() {
		defer close(d.done)
		err := d.core.Run(ctx)
		if err != nil && ctx.Err() == nil && !d.dead.Load() {
			w.oracle.broken("the dispatcher ended: %v", err)
		}
		st.Close() // ErrClosed after a crash
	}()
	c.mu.Lock()
	c.run = d
	c.mu.Unlock()
}

func (c *centre) process() *dispatching {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run
}

// stop shuts the dispatcher down in good order.
func (c *centre) stop() {
	d := c.process()
	if d == nil {
		return
	}
	d.stop()
	<-d.done
	c.mu.Lock()
	c.run = nil
	c.mu.Unlock()
}

// kill ends the dispatcher as SIGKILL does: what is on its disks at this instant is all that is left.
func (c *centre) kill() {
	d := c.process()
	if d == nil {
		return
	}
	c.mu.Lock()
	c.run = nil
	c.mu.Unlock()
	d.modem.kill()
	aside, err := os.ReadFile(c.town.asideFile())
	if err != nil {
		c.town.t.Errorf("read the spool of unrecorded entries: %v", err)
	}
	d.dead.Store(true)
	c.disk.Crash() // before it is told to stop: it would keep a snapshot, or come too late for that
	d.stop()
	<-d.done
	if err := os.WriteFile(c.town.asideFile(), aside, 0o600); err != nil {
		c.town.t.Errorf("put the spool of unrecorded entries back: %v", err)
	}
}

// setSilent makes the store answer nothing, or answer again.
func (c *centre) setSilent(on bool) {
	c.mu.Lock()
	c.silent = on
	c.mu.Unlock()
	c.disk.SetDown(on)
}

// well says since when the dispatcher has run with a store that answers; false when it does not.
func (c *centre) well() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run == nil || c.silent {
		return time.Time{}, false
	}
	return c.run.began, true
}

// do is an act at a desk or a caller's page; it is answered when it is durable.
func (c *centre) do(ctx context.Context, who desk.Actor, cmd desk.Command) (dispatcher.Result, error) {
	d := c.process()
	if d == nil {
		return dispatcher.Result{}, dispatcher.ErrStopping
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := d.core.Do(ctx, who, func(*desk.State, time.Time) (desk.Command, error) { return cmd, nil })
	if c.process() != d { // killed meanwhile: nobody heard the answer
		return r, dispatcher.ErrStopping
	}
	return r, err
}

// insist repeats an act under its own id until somebody answers it.
func (c *centre) insist(ctx context.Context, who desk.Actor, cmd desk.Command) (dispatcher.Result, error) {
	for {
		r, err := c.do(ctx, who, cmd)
		unsure := errors.Is(err, dispatcher.ErrStopping) || errors.Is(err, dispatcher.ErrBusy) || errors.Is(err, dispatcher.ErrUnrecorded) ||
			errors.Is(err, context.DeadlineExceeded)
		if !unsure || ctx.Err() != nil || !c.town.wait(ctx, time.Second) {
			if err != nil {
				c.town.log.Info("refused", "by", who.By, "act", fmt.Sprintf("%T", cmd), "err", err)
			}
			return r, err
		}
	}
}

// look lets f read the state of the desk; false when there is no dispatcher.
func (c *centre) look(f func(*desk.State)) bool {
	d := c.process()
	if d == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return d.core.Look(ctx, f) == nil
}

func desker(d ems.DeskID) desk.Actor {
	role := "dispatcher"
	if d == "d3" {
		role = "supervisor"
	}
	return desk.Actor{By: "席" + string(d), Desk: d, Role: role}
}
