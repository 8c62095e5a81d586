package dispatcher

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/mission"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/roadspeed"
	"lifeline120/internal/store"
)

// This file learns how fast roads are driven, from the tracks of our own units. The owner of the state follows each unit and hands over the
// edges that it drove; the keeper of the travel times learns them, works them in, and keeps them in the store.

// Kind and id of the document that holds what was learnt.
const speedsKind, speedsID, speedsDamaged = "roads", "speeds", "speeds-damaged"

// track is one unit that is followed.
type track struct {
	f    roadspeed.Follower
	last ems.WGS84
}

// follow takes a unit's newest position. Owner's goroutine.
func (c *Centre) follow(id ems.UnitID, v ems.FixView) {
	if c.ways.roads == nil {
		return
	}
	tr := c.ways.tracks[id]
	if tr == nil {
		tr = &track{}
		c.ways.tracks[id] = tr
	}
	mode, counts := c.drives(id)
	// What a simulator says counts in a store of simulations only (SCR-003); what was re-sent, or is doubted, in none.
	if !counts || v.Source != sourceLive || v.Quality != ems.Good || v.Simulated && !c.state.Demo {
		tr.f.Lose()
		return
	}
	net := c.ways.roads.City().Net
	var out []roadspeed.Passage
	switch places := c.ways.at[id].places; {
	case v.CourseDeg != nil && v.SpeedKmh != nil && *v.SpeedKmh >= courseFrom && len(places) == 1:
		out = tr.f.Move(net, v.Taken, places[0], mode, float64(geo.Distance(tr.last, v.Pos)))
	case len(places) > 0: // so slow that its direction is noise: it waits where it was
		tr.f.Wait(net, v.Taken, mode)
	default:
		tr.f.Lose()
	}
	tr.last = v.Pos
	c.keeper.drove(out)
}

// drives says how a unit drives now, if that tells anything of the road: to a scene and to a hospital as on a mission, free as everybody does.
func (c *Centre) drives(id ems.UnitID) (roadspeed.Mode, bool) {
	u := c.state.Units[id]
	if u == nil {
		return 0, false
	}
	m := c.state.Missions[u.Mission]
	switch {
	case m == nil || mission.Over(m.State):
		return roadspeed.Normal, true
	case (m.State == ems.MissionDeparted || m.State == ems.MissionLeftScene) && c.modeOf(m) == roadlive.Normal:
		return roadspeed.Normal, true
	case m.State == ems.MissionDeparted, m.State == ems.MissionLeftScene:
		return roadspeed.Mission, true
	}
	return 0, false // ordered, at the scene, at the hospital: it stands, or somebody looks for the door
}

// drove hands passages over.
func (k *timesKeeper) drove(ps []roadspeed.Passage) {
	if len(ps) == 0 {
		return
	}
	k.mu.Lock()
	before := len(k.passages)
	if room := maxPassages - before; len(ps) > room {
		k.lost += uint64(len(ps) - room)
		ps = ps[:room]
	}
	k.passages = append(k.passages, ps...)
	wake := before < maxPassages/4 && len(k.passages) >= maxPassages/4
	k.mu.Unlock()
	if wake {
		k.call()
	}
}

// learnt is what the keeper knows of speeds.
type learnt struct {
	table *roadspeed.Table
	known bool // what the store has is in the table: not before that may it be written over
	news  int  // passages since they were worked in last
	dirty bool // since they were kept last
	at    time.Time
	saved time.Time
	slot  roadspeed.Slot
}

// open reads what the store has. While the store does not answer nothing is learnt, and nothing written over.
func (l *learnt) open(ctx context.Context, c *Centre, n *roads.Net) {
	if l.known {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, speedsPatience)
	defer cancel()
	if l.table == nil {
		l.table = roadspeed.NewTable(n)
	}
	doc, err := c.cfg.Store.Doc(ctx, speedsKind, speedsID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		l.known = true
		return
	case err != nil:
		c.log.Warn("measured speeds cannot be read yet; travel times are free flow", "err", err)
		return
	}
	strange, err := l.table.Read(doc)
	if err != nil {
		c.log.Error("measured speeds are damaged; they are kept aside and measured anew", "err", err)
		if err := c.cfg.Store.PutDoc(ctx, speedsKind, speedsDamaged, doc); err != nil {
			c.log.Warn("damaged speeds could not be kept aside", "err", err)
			return
		}
	}
	l.known = true
	c.log.Info("measured speeds are read", "rows", l.table.Rows(), "of_other_roads", strange)
}

// take learns what was driven.
func (l *learnt) take(c *Centre) {
	k := c.keeper
	if !l.known {
		return
	}
	k.mu.Lock()
	ps, lost := k.passages, k.lost
	k.passages, k.lost = nil, 0
	k.mu.Unlock()
	if lost > 0 {
		c.log.Warn("driven roads were not learnt: too many waited", "passages", lost)
	}
	for _, p := range ps {
		l.table.Learn(p)
	}
	l.news += len(ps)
	l.dirty = l.dirty || len(ps) > 0
}

// due says whether the travel times are to be worked in anew: other hours have begun, or enough was learnt.
func (l *learnt) due(t time.Time) bool {
	if !l.known || l.table.Rows() == 0 {
		return false
	}
	return roadspeed.SlotOf(t) != l.slot || l.news >= speedsEnough && t.Sub(l.at) >= speedsEvery
}

// speeds are what the travel times of these hours are made of.
func (l *learnt) speeds(t time.Time, w *timesWish) {
	l.slot, l.at, l.news = roadspeed.SlotOf(t), t, 0
	if !l.known {
		return
	}
	for m := range roadspeed.Modes {
		w.kmh[m] = l.table.Speeds(m, l.slot, w.roads.Profile(modeOf[m]))
	}
	w.slot = l.slot.String()
}

// keep writes what was learnt into the store, beside the keeper: a silent store must not hold up a closure.
func (l *learnt) keep(c *Centre, t time.Time) {
	l.dirty = l.dirty || c.keeper.unsaved.Swap(false)
	if !l.known || !l.dirty || t.Sub(l.saved) < speedsEvery {
		return
	}
	l.dirty, l.saved = false, t
	doc := l.table.Append(nil)
	c.saving.Go(func() { c.putSpeeds(doc) })
}

func (c *Centre) putSpeeds(doc []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	if err := c.cfg.Store.PutDoc(ctx, speedsKind, speedsID, doc); err != nil {
		c.log.Error("keep measured speeds; tried again later", "err", err)
		c.keeper.unsaved.Store(true)
	}
}

// ReadSpeeds reads what a store holds of the speeds of a network, for a report; how many rows are of roads that it does not have. A store that
// holds none gives an empty table.
func ReadSpeeds(ctx context.Context, st store.Store, r *roadlive.Roads) (*roadspeed.Table, int, error) {
	t := roadspeed.NewTable(r.City().Net)
	doc, err := st.Doc(ctx, speedsKind, speedsID)
	if errors.Is(err, store.ErrNotFound) {
		return t, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read measured speeds: %w", err)
	}
	strange, err := t.Read(doc)
	return t, strange, err
}
