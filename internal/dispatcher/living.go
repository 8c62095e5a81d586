package dispatcher

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/roadspeed"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
)

// This file keeps the travel times living: closed roads are worked in beside the owner of the state, and swapped in whole. What asks
// meanwhile has the times before.

const roadsColl = "roads" // a collection of the console's: what the travel times are made of

// timesShown is what the owner knows of the travel times that hold.
type timesShown struct {
	stale   bool // closures or roads have changed since the keeper was told
	working bool
	failed  bool
	wanted  timesWish // the newest
	now     *roadlive.Times
	in      map[ems.ClosureID]bool // closures that now has in it
	hits    map[ems.ClosureID][]ems.ClosedRoad
	since   map[ems.ClosureID]*roadlive.Times // the first that knew how it stands with the closure
	of      *roadlive.Roads                   // that now is of
}

// timesWish is what the travel times are to be made of. A newer one takes the place of one that nobody has begun.
type timesWish struct {
	roads    *roadlive.Roads
	closures []drawn
	// What was measured, by mode and edge, of these hours. The keeper's own.
	kmh  [roadspeed.Modes]map[uint32]float64
	slot string
}

// modeOf tells the two packages' modes apart.
var modeOf = [roadspeed.Modes]roadlive.Mode{roadspeed.Mission: roadlive.Mission, roadspeed.Normal: roadlive.Normal}

// drawn is a closure that stands.
type drawn struct {
	id      ems.ClosureID
	d       roads.Drawn
	inForce bool
}

// timesMade is what became of a wish.
type timesMade struct {
	roads *roadlive.Roads
	times *roadlive.Times
	in    map[ems.ClosureID]bool
	hits  map[ems.ClosureID][]ems.ClosedRoad
	err   error
}

// timesKeeper has the newest wish. Whoever is at work reads it when it is done with the one before: quick changes are one.
type timesKeeper struct {
	ready chan struct{}
	work  func(context.Context, timesWish, map[ems.ClosureID][]roads.Stretch) timesMade // tests give another
	mu    sync.Mutex
	wish  *timesWish
	// What units drove, not learnt yet; and how many passages found no room.
	passages []roadspeed.Passage
	lost     uint64
	unsaved  atomic.Bool // the store did not take what was learnt
}

func newTimesKeeper() *timesKeeper { return &timesKeeper{ready: make(chan struct{}, 1), work: workIn} }

func (k *timesKeeper) want(w timesWish) {
	k.mu.Lock()
	k.wish = &w
	k.mu.Unlock()
	k.call()
}

// call wakes whoever is at work.
func (k *timesKeeper) call() {
	select {
	case k.ready <- struct{}{}:
	default:
	}
}

func (k *timesKeeper) take() *timesWish {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.wish
	k.wish = nil
	return w
}

// wantTimes tells the keeper what stands now.
func (c *Centre) wantTimes(t time.Time) {
	c.times.stale = false
	if c.ways.roads == nil {
		c.redrawClosures()
		return
	}
	w := timesWish{roads: c.ways.roads}
	for _, id := range keysOf(c.state.Closures) {
		cl := c.state.Closures[ems.ClosureID(id)]
		if at := cl.At(t); at == ems.ClosureInForce || at == ems.ClosureAwaited {
			w.closures = append(w.closures, drawn{cl.ID, roads.Drawn{Line: slices.Clone(cl.Line), Area: cl.Area, OneWay: cl.OneWay, Level: cl.Level}, at == ems.ClosureInForce})
		}
	}
	if o := c.times.wanted; o.roads == w.roads && slices.EqualFunc(o.closures, w.closures, func(a, b drawn) bool { return a.id == b.id && a.inForce == b.inForce }) {
		return // a mark came or went: the roads are the same
	}
	c.times.working, c.times.wanted = true, w
	c.keeper.want(w)
	c.showRoads()
}

// keepTimes works wishes in until ctx ends, and speeds as they are learnt and as the hours change. What fails is said and tried again.
func (c *Centre) keepTimes(ctx context.Context) {
	var wish *timesWish
	var l learnt
	var found map[ems.ClosureID][]roads.Stretch
	todo := false
	beat := time.NewTimer(speedsEvery)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			if l.take(c); l.dirty {
				c.putSpeeds(l.table.Append(nil))
			}
			return
		case <-c.keeper.ready:
		case <-beat.C:
		}
		if w := c.keeper.take(); w != nil {
			if wish == nil || wish.roads != w.roads {
				l, found = learnt{}, map[ems.ClosureID][]roads.Stretch{}
			}
			wish, todo = w, true
		}
		if wish == nil {
			beat.Reset(speedsEvery)
			continue
		}
		before := l.known
		l.open(ctx, c, wish.roads.City().Net)
		todo = todo || l.known && !before // what the store had is not in the times yet
		l.take(c)
		t := now()
		next := min(speedsEvery, roadspeed.Next(t).Sub(t))
		if !l.known {
			next = timesAgain
		}
		if todo = todo || l.due(t); todo {
			l.speeds(t, wish)
			made := c.keeper.work(ctx, *wish, found)
			if ctx.Err() != nil {
				continue
			}
			if todo = made.err != nil; todo {
				c.log.Error("travel times could not be worked in; those before still hold", "err", made.err)
				next = timesAgain
			}
			c.post(func() { c.timesMade(made) })
		}
		l.keep(c, t)
		beat.Reset(next)
	}
}

// workIn finds what closures hit on the loaded roads, and makes travel times of it. found keeps what was found before.
func workIn(ctx context.Context, w timesWish, found map[ems.ClosureID][]roads.Stretch) (made timesMade) {
	defer func() {
		if p := recover(); p != nil { // a fault of the program must not end the centre: the times before still hold, and it is said
			made.err = fmt.Errorf("find the closed roads: %v", p)
		}
	}()
	made = timesMade{roads: w.roads, in: map[ems.ClosureID]bool{}, hits: map[ems.ClosureID][]ems.ClosedRoad{}}
	stands := map[ems.ClosureID]bool{}
	l := roadlive.Living{Closed: map[uint32]bool{}}
	for _, cl := range w.closures {
		stands[cl.id] = true
		if _, known := found[cl.id]; !known {
			found[cl.id] = w.roads.Under(cl.d)
		}
		made.hits[cl.id] = closedRoads(w.roads.City().Net, found[cl.id])
		if cl.inForce {
			made.in[cl.id] = true
			for _, st := range found[cl.id] {
				l.Closed[st.Edge] = true
			}
		}
	}
	for id := range found {
		if !stands[id] {
			delete(found, id)
		}
	}
	for m, kmh := range w.kmh {
		if len(kmh) > 0 {
			l.Kmh[modeOf[m]] = func(e uint32) (float64, bool) { v, known := kmh[e]; return v, known }
			l.Measured[modeOf[m]], l.Slot = len(kmh), w.slot
		}
	}
	made.times, made.err = w.roads.Retime(ctx, now(), l)
	return made
}

// timesMade takes new travel times into use, or that they failed.
func (c *Centre) timesMade(m timesMade) {
	if c.ways.roads != m.roads {
		return // others were loaded meanwhile
	}
	c.keeper.mu.Lock()
	c.times.working = c.keeper.wish != nil
	c.keeper.mu.Unlock()
	was := c.times
	if c.times.failed = m.err != nil; m.err == nil {
		c.times.now, c.times.in, c.times.hits, c.times.of = m.times, m.in, m.hits, m.roads
	}
	if was.failed != c.times.failed || was.of != c.times.of {
		c.redrawClosures()
	}
	c.sinceWhen(was)
	c.showRoads()
}

// sinceWhen keeps since which times it has stood so with each closure, and tells the screens of those with which it stands otherwise now: new
// times alone, for other hours or speeds, are no news of a closure, and its drawing is not sent again.
func (c *Centre) sinceWhen(was timesShown) {
	since := make(map[ems.ClosureID]*roadlive.Times, len(c.state.Closures))
	for id := range c.state.Closures {
		_, knew := was.hits[id]
		_, know := c.times.hits[id]
		same := was.of == c.times.of && knew == know && was.in[id] == c.times.in[id]
		if since[id] = was.since[id]; !same || since[id] == nil {
			since[id] = c.times.now
		}
		if !same {
			c.dirty[desk.Ref{C: desk.Closures, K: string(id)}] = true
		}
	}
	c.times.since = since
}

// redrawClosures tells the screens anew how it stands with each closure.
func (c *Centre) redrawClosures() {
	for id := range c.state.Closures {
		c.dirty[desk.Ref{C: desk.Closures, K: string(id)}] = true
	}
}

// roadsNow says what the travel times that hold are made of.
func (c *Centre) roadsNow() wire.RoadsNow {
	if c.ways.roads == nil {
		return wire.RoadsNow{Free: true}
	}
	t := c.ways.roads.Now()
	at := t.At.UTC()
	out := wire.RoadsNow{Loaded: true, Version: t.Version, At: &at, Free: t.Free, Slot: t.Slot, Mission: t.Measured[roadlive.Mission], Normal: t.Measured[roadlive.Normal],
		Closed: t.Closed, Closures: len(c.times.in), Working: c.times.working}
	if c.times.failed {
		out.Problem = "failed"
	}
	return out
}

// showRoads tells the console what the travel times are made of.
func (c *Centre) showRoads() {
	if op := webfeed.Set(roadsColl, "now", c.roadsNow()); !bytes.Equal(op.V, c.hub.Value(consoleTopic, roadsColl, "now")) {
		c.hub.Publish(consoleTopic, op)
	}
}
