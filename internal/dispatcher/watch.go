package dispatcher

import (
	"cmp"
	"slices"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/webfeed"
)

// fault is a condition that is a technical alarm while it lasts.
type fault struct {
	code  alarm.Code
	unit  ems.UnitID
	about string
}

func (f fault) less(g fault) int {
	return cmp.Or(cmp.Compare(f.code, g.code), cmp.Compare(f.unit, g.unit), cmp.Compare(f.about, g.about))
}

// watched are the alarms whose beginning and end the centre sees by itself, from values that are not journalled.
var watched = []alarm.Code{alarm.LinkLost, alarm.ClockOff, alarm.StoreSilent}

// tick looks once a second at what no message tells: silence, ages, clocks.
func (c *Centre) tick(t time.Time) {
	c.count.depth(c.journal.waiting(), c.bulk.waiting(), len(c.alarms)+len(c.urgent), len(c.live), len(c.backlog), c.asideN)
	if c.silent || c.storeErr != nil {
		c.health()
	}
	for id, lv := range c.units {
		if lv.online && t.Sub(lv.heard) > offlineAt {
			lv.online = false
			c.dirty[unitRef(id)] = true
		}
		if lv.heard.After(lv.told) { // its age on the screens goes back to nothing
			lv.told = lv.heard
			c.dirty[unitRef(id)] = true
		}
		for k, r := range lv.readings {
			if t.Sub(r.Taken) > forgetAt {
				delete(lv.readings, k)
				key := string(id) + "/" + k
				c.unbindReading(key, r)
				c.hub.Publish(consoleTopic, webfeed.Delete("readings", key))
			}
		}
	}
	if c.links.began.IsZero() {
		c.links.began = t
	}
	c.clearAside()
	c.inattentive(t)
	c.arrivals(t)
	c.covers(t)
	c.showCases(t)
	for id := range c.sent {
		if c.state.Orders[id] == nil {
			delete(c.sent, id)
		}
	}
	for k, s := range c.slots.by {
		if t.Sub(s.at) > forgetAt {
			c.closeSlot(k, s)
		}
	}
	c.raise(t, c.faults(t))
}

// faults lists what is wrong now, in a stable order.
func (c *Centre) faults(t time.Time) []fault {
	var out []fault
	if c.silent {
		out = append(out, fault{code: alarm.StoreSilent, about: "store"})
	}
	for id, u := range c.state.Units {
		if u.Mission == "" {
			continue
		}
		lv := c.units[id]
		if lv == nil || !lv.seen {
			// Sent out in this run and never heard: its order will say so. One that an earlier run had sent is silent since this run listens.
			if c.sentBefore(u.Mission) && t.Sub(c.links.began) > linkLostAt {
				out = append(out, fault{code: alarm.LinkLost, unit: id, about: string(id)})
			}
			continue
		}
		if !lv.online || t.Sub(lv.heard) > linkLostAt {
			out = append(out, fault{code: alarm.LinkLost, unit: id, about: string(id)})
		}
		if lv.offset != nil && (*lv.offset > clockOffAt.Seconds() || *lv.offset < -clockOffAt.Seconds()) {
			out = append(out, fault{code: alarm.ClockOff, unit: id, about: string(id)})
		}
	}
	slices.SortFunc(out, fault.less)
	return out
}

// sentBefore says whether a mission was ordered by an earlier run.
func (c *Centre) sentBefore(id ems.MissionID) bool {
	m := c.state.Missions[id]
	if m == nil {
		return false
	}
	i := slices.IndexFunc(m.Nodes, func(n ems.NodeTime) bool { return n.Node == ems.NodeOrdered })
	return i >= 0 && m.Nodes[i].Entered.Before(c.links.began)
}

// known says whether this run has heard enough to tell that a fault is over. What a restart forgot is no word of the unit: its alarm
// stands, with its acknowledgement, until the unit itself is heard or its mission has ended.
func (c *Centre) known(f fault) bool {
	u, lv := c.state.Units[f.unit], c.units[f.unit]
	if u == nil || u.Mission == "" {
		return true
	}
	switch f.code {
	case alarm.LinkLost:
		return lv != nil && lv.seen
	case alarm.ClockOff:
		return lv != nil && lv.offset != nil
	default:
		return true
	}
}

// raise begins the alarms of what is wrong and not alarmed, and ends those of what is right again.
func (c *Centre) raise(t time.Time, faults []fault) {
	open := map[fault]ems.AlarmID{}
	for id, a := range c.state.Alarms {
		if a.Kind == ems.TechAlarm && a.State != ems.AlarmHandled && slices.Contains(watched, alarm.Code(a.Code)) {
			open[fault{code: alarm.Code(a.Code), unit: a.Unit, about: a.About}] = id
		}
	}
	for _, f := range faults {
		key := fault{code: f.code, unit: f.unit, about: f.about}
		if _, stands := open[key]; stands {
			delete(open, key)
			continue
		}
		var mission ems.MissionID
		if u := c.state.Units[f.unit]; u != nil {
			mission = u.Mission
		}
		c.must(t, desk.RaiseTech{Code: string(f.code), About: f.about, Unit: f.unit, Mission: mission, Simulated: c.state.Demo})
	}
	var over []fault
	for f := range open {
		if c.known(f) {
			over = append(over, f)
		}
	}
	slices.SortFunc(over, fault.less)
	for _, f := range over {
		c.must(t, desk.ClearTech{Alarm: open[f], Why: "over"})
	}
}

// must carries out a command of the system that cannot be refused.
func (c *Centre) must(t time.Time, cmd desk.Command) {
	if _, err := c.decide(t, desk.System, cmd, nil); err != nil {
		c.log.Error("a command of the system was refused", "err", err)
	}
}
