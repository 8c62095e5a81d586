package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"lifeline120/internal/agent"
	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// keys times presses of the crew's key from the press to the console's frame, and handles each alarm as a desk does.
type keys struct {
	mu      sync.Mutex
	waiting map[string]*press
	light   samples // keys of light vehicles
	whole   samples // keys on the terminal of the whole agent
	acts    samples // acknowledging: from the request to its durable answer
	late    int     // acts that were done and not recorded in time, or not answered (DLV-006)
}

type press struct {
	since   time.Time
	whole   bool
	handled chan struct{}
}

// console follows the console and answers what sounds there.
func (x *centre) console(ctx context.Context) (*keys, *screen, error) {
	k := &keys{waiting: map[string]*press{}}
	s := &screen{url: x.base, topic: "console",
		want: func(b []byte) bool {
			return !bytes.HasPrefix(b, []byte(`{"t":"delta"`)) || bytes.Contains(b, []byte(`"c":"alarms"`))
		},
		op: func(at time.Time, op wire.Op) {
			var a ems.Alarm
			if op.C != "alarms" || op.V == nil || json.Unmarshal(op.V, &a) != nil {
				return
			}
			if p := k.came(a.PressID, at); p != nil {
				go x.handle(ctx, k, a.ID, p)
			}
		}}
	return k, s, x.screen(ctx, s)
}

func (k *keys) press(id string, whole bool) *press {
	p := &press{since: time.Now(), whole: whole, handled: make(chan struct{})}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting[id] = p
	return p
}

// came notes the first frame of a press; nil when it is none of ours or not the first.
func (k *keys) came(id string, at time.Time) *press {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.waiting[id]
	if p == nil {
		return nil
	}
	delete(k.waiting, id)
	if p.whole {
		k.whole = append(k.whole, at.Sub(p.since))
	} else {
		k.light = append(k.light, at.Sub(p.since))
	}
	return p
}

// handle acknowledges an alarm and closes it, so that the next press of that unit is an alarm of its own (ALM-004).
func (x *centre) handle(ctx context.Context, k *keys, id ems.AlarmID, p *press) {
	defer close(p.handled)
	began := time.Now()
	err := call(ctx, x.base+"/api/v1/alarms/"+string(id)+"/ack", wire.Act{}, nil)
	took := time.Since(began)
	if also := call(ctx, x.base+"/api/v1/alarms/"+string(id)+"/close", wire.ReasonBody{Reason: "bench"}, nil); err == nil {
		err = also
	}
	if ctx.Err() != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.acts = append(k.acts, took)
	if err != nil {
		k.late++
		say("a desk's act: %v", err)
	}
}

// lightKeys presses about four keys a second, each of the next light vehicle in turn, until ctx ends.
func (k *keys) lightKeys(ctx context.Context, f *fleet) {
	for n := 0; ctx.Err() == nil; n++ {
		u := f.units[n*7%len(f.units)]
		id := agent.NewID()
		k.press(id, false)
		u.acts <- func() {
			now := time.Now()
			u.owe(u.item(pb.Lane_LANE_URGENT, pb.Kind_KIND_ALARM, &pb.Alarm{PressId: id, PressedUs: now.UnixMicro(), By: "key", Seat: "driver",
				Place: wire.PackPlace(&ems.Place{Pos: &u.pos, Source: "gps", At: &now})}), false)
		}
		rest(ctx, 150*time.Millisecond+rand.N(200*time.Millisecond))
	}
}

// wholeKeys presses the key on the agent's own terminal, about twice a second, until ctx ends.
func (k *keys) wholeKeys(ctx context.Context, terminal string) error {
	for ctx.Err() == nil {
		id := agent.NewID()
		p := k.press(id, true)
		if err := call(context.WithoutCancel(ctx), terminal+"/api/v1/sos", wire.TerminalSOS{PressID: id, By: "key", Seat: "driver"}, nil); err != nil {
			return err
		}
		select {
		case <-p.handled:
		case <-time.After(10 * time.Second):
			return fmt.Errorf("press %s of the whole agent is not on the console after 10 s", id)
		}
		rest(ctx, 300*time.Millisecond+rand.N(200*time.Millisecond))
	}
	return nil
}

// settle waits for what was pressed; a press that never comes is the worst that can happen here.
func (k *keys) settle(ctx context.Context) error {
	for wait := time.Now().Add(10 * time.Second); ; rest(ctx, 20*time.Millisecond) {
		k.mu.Lock()
		n := len(k.waiting)
		k.mu.Unlock()
		switch {
		case n == 0:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Now().After(wait):
			return fmt.Errorf("%d presses are not on the console after 10 s", n)
		}
	}
}

// take gives what was timed since the last time.
func (k *keys) take() (light, whole, acts samples, late int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	light, whole, acts, late = k.light, k.whole, k.acts, k.late
	k.light, k.whole, k.acts, k.late = nil, nil, nil, 0
	return light, whole, acts, late
}
