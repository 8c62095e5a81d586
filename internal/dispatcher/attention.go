package dispatcher

import (
	"context"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
)

const attentionOf = "attention" // a collection of the console's

// attend keeps what a desk has open and tells the other desks. It is worth a glance and no more, so it is not journalled; who sits there
// is the desk's, not the request's.
func (c *Centre) attend(ctx context.Context, who desk.Actor, b wire.AttentionBody) error {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	err := ErrNotFound
	lookErr := c.Look(ctx, func(s *desk.State) {
		d := s.Desks[who.Desk]
		if d == nil {
			return
		}
		err = nil
		if d.By == "" || d.By != who.By || b == (wire.AttentionBody{Act: b.Act}) {
			c.unattend(who.Desk)
			return
		}
		a := wire.Attention{Desk: d.ID, By: d.By, Alarm: b.Alarm, Incident: b.Incident, Writing: b.Writing, At: now().UTC().Truncate(time.Millisecond)}
		if c.attention == nil {
			c.attention = map[ems.DeskID]wire.Attention{}
		}
		c.attention[d.ID] = a
		c.hub.Publish(consoleTopic, webfeed.Set(attentionOf, string(d.ID), a))
	})
	if lookErr != nil {
		return lookErr
	}
	return err
}

func (c *Centre) unattend(d ems.DeskID) {
	if _, had := c.attention[d]; had {
		delete(c.attention, d)
		c.hub.Publish(consoleTopic, webfeed.Delete(attentionOf, string(d)))
	}
}

// inattentive ends what was not said again: a desk whose windows are gone has nothing open. So has one where somebody else sits now.
func (c *Centre) inattentive(t time.Time) {
	for id, a := range c.attention {
		if d := c.state.Desks[id]; t.Sub(a.At) > attentionFor || d == nil || d.By != a.By {
			c.unattend(id)
		}
	}
}
