package dispatcher

import (
	"errors"
	"maps"
	"slices"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	pb "lifeline120/internal/wire/proto"
)

// outbox is what one unit must be told until it answers (DLV-005).
type outbox struct {
	sent map[string]*sending // by key of the instruction
	due  time.Time           // zero: look at once
}

type sending struct {
	version int
	state   string // of the instruction: one accepted by voice is told at once
	times   int
	due     time.Time
}

// instructed is told that an instruction is new, has changed or is gone.
func (c *Centre) instructed(key string) {
	if in := c.state.Instructions[key]; in != nil {
		c.outbox(in.Unit).due = time.Time{}
		return
	}
	for _, b := range c.orders { // gone: its unit is not named any more
		if _, had := b.sent[key]; had {
			b.due = time.Time{}
		}
	}
}

func (c *Centre) outbox(u ems.UnitID) *outbox {
	b := c.orders[u]
	if b == nil {
		b = &outbox{sent: map[string]*sending{}}
		c.orders[u] = b
	}
	return b
}

// resend makes everything a unit is owed due at once: it has just come online.
func (c *Centre) resend(u ems.UnitID) {
	if b := c.orders[u]; b != nil {
		b.due = time.Time{}
		for _, s := range b.sent {
			s.due = time.Time{}
		}
	}
}

func (c *Centre) resendAll() {
	for u := range c.orders {
		c.resend(u)
	}
}

// sendOrders sends what is due and says when to look again.
func (c *Centre) sendOrders(t time.Time) time.Time {
	next := t.Add(time.Hour)
	for _, u := range slices.Sorted(maps.Keys(c.orders)) { // in order: a seeded town sends the same every time
		b := c.orders[u]
		if !b.due.After(t) {
			c.sendTo(u, b, t)
		}
		if len(b.sent) == 0 {
			delete(c.orders, u)
			continue
		}
		if b.due.Before(next) {
			next = b.due
		}
	}
	return next
}

// sendTo sends one unit what is due of what it is owed. An instruction waits for the store, but no longer than StorePatience (DLV-006).
func (c *Centre) sendTo(u ems.UnitID, b *outbox, t time.Time) {
	b.due = t.Add(time.Hour)
	owes := c.state.Owes(u)
	keep := map[string]bool{}
	for _, in := range owes {
		keep[in.Key] = true
		s := b.sent[in.Key]
		if s == nil {
			s = &sending{version: in.Version, state: in.State}
			b.sent[in.Key] = s
		}
		if s.version != in.Version || s.state != in.State {
			s.version, s.state, s.due = in.Version, in.State, time.Time{}
		}
		recorded := c.recorded(desk.Ref{C: desk.Instructions, K: in.Key})
		if !recorded && !c.silent {
			continue // the store's answer wakes us
		}
		if !s.due.After(t) {
			err := c.publish(u, link.DownOwed, c.instruction(in, !recorded, t))
			if err == nil {
				s.times++
				c.count.ordersSent.Add(1)
				if in.Order != "" {
					c.sent[in.Order]++
					c.dirty[desk.Ref{C: desk.Orders, K: string(in.Order)}] = true
				}
			} else if !errors.Is(err, link.ErrDown) {
				c.count.unsent.Add(1)
			}
			s.due = t.Add(min(resendMost, resendFirst<<min(max(s.times-1, 0), 3)))
		}
		if s.due.Before(b.due) {
			b.due = s.due
		}
	}
	for key := range b.sent {
		if !keep[key] {
			delete(b.sent, key)
		}
	}
}

// instruction is what goes down.
func (c *Centre) instruction(in desk.Instruction, unrecorded bool, t time.Time) *pb.Owed {
	m := &pb.Owed{Order: in.Key, Version: int32(in.Version), Mission: string(in.Mission), Kind: in.Kind, QueuedUs: in.Queued.UnixMicro(),
		Text: in.Text, State: in.State, By: in.By, Simulated: in.Simulated, SentUs: t.UnixMicro(), Unrecorded: unrecorded, Hospital: string(in.Hospital)}
	if in.ValidUntil != nil {
		m.ValidUntilUs = in.ValidUntil.UnixMicro()
	}
	if h := c.state.Hospitals[in.Hospital]; h != nil {
		m.HospitalName = h.Name
	}
	if mi := c.state.Missions[in.Mission]; mi != nil {
		m.Incident = string(mi.Incident)
		if len(mi.Patients) > 0 {
			m.Patient = string(mi.Patients[0])
		}
	}
	if o := c.state.Orders[in.Order]; o != nil {
		m.Priority, m.Complaint, m.Phone, m.Address = string(o.Priority), o.Complaint, o.Phone, o.Place.Address
		if p := o.Place.Pos; p != nil {
			m.Place = &pb.Place{Known: true, Lat: p.Lat, Lon: p.Lon, AccuracyM: o.Place.AccuracyM, Source: o.Place.Source}
		}
	}
	return m
}
