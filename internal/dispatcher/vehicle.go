package dispatcher

import (
	"encoding/hex"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/courier"
	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/mission"
	"lifeline120/internal/store"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// clockOf turns times of an agent's wall clock into the server's: by the offset that the agent measured, or, while it has none or that
// offset would have the message sent after it came, by taking its sending as now. Nothing was captured later than now: what a step of
// the agent's clock still puts into the future is taken as now (TIM-001).
type clockOf struct {
	minusUs, nowUs int64
	sure           bool // a measured offset gives it, of this message or of its boot
}

func agentClock(env *pb.Envelope, t time.Time) clockOf {
	o := clockOf{nowUs: t.UnixMicro()}
	switch {
	case env.OffsetKnown && env.SentUs-env.OffsetUs <= o.nowUs+clockSlack.Microseconds():
		o.minusUs, o.sure = env.OffsetUs, true
	case env.SentUs != 0:
		o.minusUs = env.SentUs - o.nowUs
	}
	return o
}

// bootClock is where a boot's monotonic clock began, on the server's clock, as the promptest message of that boot shows it. It survives
// steps of the wall clock, which intervals within a boot must not feel (TIM-001). A message shows no more than that the boot began no
// later, for the broker may have held it while we were away; a measured offset tells whether it did.
type bootClock struct {
	boot     string
	startUs  int64
	atUs     int64 // when that was seen
	measured bool  // by a message whose offset says that it came as it was sent
}

// start is the beginning of the boot as it is believed now: crystals drift.
func (b bootClock) start(nowUs int64) int64 { return b.startUs + (nowUs-b.atUs)/bootDrift }

// clock gives the clock of one message. Where wall clock and monotonic clock disagree, the wall clock stepped after the capture, and
// the monotonic one is believed.
func (c *Centre) clock(m incoming, t time.Time) clockOf {
	o, env := agentClock(m.env, t), m.env
	if env.Boot == "" || env.MonoUs == 0 || m.retained {
		return o
	}
	lv := c.unit(m.unit)
	i := slices.IndexFunc(lv.boots, func(b bootClock) bool { return b.boot == env.Boot })
	p, _ := m.body.(*pb.Presence)
	will := p != nil && !p.Online // made when the link was, and sent by the broker long after
	slack := clockSlack.Microseconds()
	measured := env.OffsetKnown && o.minusUs == env.OffsetUs
	held := env.SentUs - env.CapturedUs
	if !will && held >= 0 && held < slack && o.nowUs-o.us(env.SentUs) < slack { // sent as it was captured, and come as it was sent
		seen := bootClock{env.Boot, o.nowUs - env.MonoUs, o.nowUs, measured}
		switch {
		case i < 0:
			lv.boots = append(lv.boots[max(0, len(lv.boots)-maxBoots+1):], seen)
			i = len(lv.boots) - 1
		case seen.startUs < lv.boots[i].start(o.nowUs):
			seen.measured = measured || lv.boots[i].measured
			lv.boots[i] = seen
		case measured:
			lv.boots[i].measured = true
		}
	}
	if i < 0 {
		return o
	}
	o.sure = o.sure || lv.boots[i].measured
	captured := lv.boots[i].start(o.nowUs) + env.MonoUs
	off := env.CapturedUs - o.minusUs - captured
	if off > 2*slack || off < -2*slack && (lv.boots[i].measured || !measured) { // nothing unmeasured makes a measured time later
		o.minusUs = env.CapturedUs - captured
	}
	return o
}

// uncertainS is by how much the times of a message may be wrong: one whose clock nobody has measured, and that comes while the broker
// still hands out what it held for us, may have waited there since we were last heard (TIM-001). How far the vehicle's own clock is from
// ours bounds it too: a clock that is wrong by just the wait is not looked for.
func (c *Centre) uncertainS(m incoming, clock clockOf, t time.Time) float64 {
	if clock.sure || c.links.away.IsZero() || t.Sub(c.links.back) > heldFor {
		return 0
	}
	waited := min(t.Sub(c.links.away), t.Sub(time.UnixMicro(m.env.SentUs)).Abs())
	if waited < 2*clockSlack {
		return 0
	}
	return math.Ceil(waited.Seconds())
}

// doubtful is a node that stands at the time at which its message came, because nobody knew its vehicle's clock.
type doubtful struct {
	boot    string
	node    *pb.Node
	env     *pb.Envelope
	stamped time.Time
}

// doubt keeps a node until the clock of its boot is measured.
func (c *Centre) doubt(m incoming, clock clockOf) {
	b, ok := m.body.(*pb.Node)
	if !ok || clock.sure || b.AtUs == 0 || m.env.Boot == "" || m.env.MonoUs == 0 {
		return
	}
	lv := c.unit(m.unit)
	lv.doubtful = append(lv.doubtful[max(0, len(lv.doubtful)-maxDoubtful+1):], doubtful{m.env.Boot, b, m.env, clock.at(b.AtUs)})
}

// restamp gives nodes their true time, once a message of the same boot brings a measured offset: that says where the boot's monotonic
// clock began, and they carry it (TIM-001). Both values stay (DSP-004). What somebody has corrected since is left as it is.
func (c *Centre) restamp(m incoming, clock clockOf, t time.Time) {
	lv := c.units[m.unit]
	if lv == nil || len(lv.doubtful) == 0 || m.env.MonoUs == 0 || !m.env.OffsetKnown || clock.minusUs != m.env.OffsetUs {
		return
	}
	began := m.env.CapturedUs - m.env.OffsetUs - m.env.MonoUs
	var left []doubtful
	for _, d := range lv.doubtful {
		if d.boot != m.env.Boot {
			left = append(left, d)
			continue
		}
		at := time.UnixMicro(began + d.env.MonoUs + d.node.AtUs - d.env.CapturedUs).UTC()
		if d.stamped.Sub(at) < 2*clockSlack { // a message never comes before it was sent
			continue
		}
		id := ems.MissionID(d.node.Mission)
		ms := c.state.Missions[id]
		if ms == nil || ms.Unit != m.unit {
			continue
		}
		n := mission.Find(ms.Nodes, ems.Node(d.node.Node))
		if n == nil || n.Was == nil && !n.At.Equal(d.stamped) || n.Was != nil && !(n.Was.Equal(d.stamped) && n.Reason == mission.OutOfOrder) {
			continue
		}
		touch := d.node.Id
		if touch != "" {
			touch += "/clock" // an act of its own: the touch itself is done
		}
		cmd := desk.VehicleNode{Unit: m.unit, ID: touch, Mission: id, Node: n.Node, At: at, Source: n.Source, By: n.By, UncertainS: d.node.UncertainS,
			Correction: true, Reason: "clock_measured"}
		if _, err := c.decide(t, desk.Actor{By: string(m.unit), Role: "vehicle"}, cmd, nil); err != nil {
			c.log.Error("correct a node's time", "unit", m.unit, "node", n.Node, "err", err)
		}
	}
	lv.doubtful = left
}

func (o clockOf) us(us int64) int64 { return min(us-o.minusUs, o.nowUs) }

// at is the instant on the server's clock; zero stays zero.
func (o clockOf) at(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(o.us(us)).UTC()
}

func (o clockOf) place(p *pb.Place) *ems.Place {
	out, err := wire.UnpackPlace(p)
	if err != nil || out == nil {
		return nil // a place that is none: the alarm sounds without (ALM-001)
	}
	if out.At != nil {
		at := o.at(p.AtUs)
		out.At = &at
	}
	return out
}

// take deals with one message of a vehicle.
func (c *Centre) take(m incoming) {
	t := now()
	m = c.quota.taken(m)
	c.count.messages.Add(1)
	verdict := c.recv.Offer(t, m.rest, m.env)
	clock := c.clock(m, t)
	c.heardOf(m, clock, t)
	c.restamp(m, clock, t)
	if m.bodyErr != nil {
		c.count.garbage.Add(1)
		c.log.Warn("body of a message cannot be read; it is kept as it is", "unit", m.unit, "kind", m.env.Kind, "err", m.bodyErr)
	}
	switch m.env.Lane {
	case pb.Lane_LANE_NONE:
		if b, asked := m.body.(*pb.HospitalsAsked); asked {
			c.hospitalsAsked(m.unit, b, t)
		}
		c.shown(m, clock, t, true)
		m.done()
	case pb.Lane_LANE_URGENT:
		c.owedUrgent(m, verdict, clock, t)
	case pb.Lane_LANE_READING, pb.Lane_LANE_POSITION, pb.Lane_LANE_WAVE:
		if verdict == courier.New || verdict == courier.Clash || verdict == courier.Refused && m.rest == link.UpLive {
			c.shown(m, clock, t, m.rest == link.UpLive)
		}
		c.owedBulk(m, verdict, clock, t)
	case pb.Lane_LANE_PHOTO:
		c.owedBulk(m, verdict, clock, t)
	default: // of a newer program, on a lane that we do not keep
		m.done()
	}
}

// owed makes the stored form of a message.
func owed(m incoming, clock clockOf, t time.Time) *store.Owed {
	o := &store.Owed{Unit: m.unit, Record: wire.RecordOf(m.env), Digest: wire.Digest(m.env), Received: t.UTC(), ServerUs: clock.us(m.env.CapturedUs)}
	if m.env.Kind == pb.Kind_KIND_GAP {
		if g, err := wire.GapOf(m.env); err == nil {
			o.Fills = []store.Fill{{Epoch: g.Epoch, Lane: g.Lane, Range: g.Range}}
		}
	}
	return o
}

// owedBulk has a message of a data lane stored.
func (c *Centre) owedBulk(m incoming, v courier.Verdict, clock clockOf, t time.Time) {
	switch v {
	case courier.New, courier.Known, courier.Clash:
		if c.bulk.waiting() >= maxBulk {
			c.count.dropped(m.rest)
			c.recv.Unstored(m.env)
			m.done()
			return
		}
		c.bulk.queue = append(c.bulk.queue, &entry{owed: owed(m, clock, t), env: m.env, ack: m.ack, at: t})
	case courier.Refused, courier.UnderWay, courier.Passing:
		m.done()
	}
}

// owedUrgent has a message of the urgent lane stored together with what follows from it. An alarm is heard whatever the verdict
// (ALM-001): one press is one alarm by its own id.
func (c *Centre) owedUrgent(m incoming, v courier.Verdict, clock clockOf, t time.Time) {
	if v == courier.UnderWay {
		m.done()
		return
	}
	if v == courier.Refused && m.env.Kind != pb.Kind_KIND_ALARM || c.journal.waiting() >= maxWaiting && m.env.Kind != pb.Kind_KIND_ALARM {
		if v != courier.Refused {
			c.recv.Unstored(m.env)
		}
		c.count.dropped(m.rest)
		m.done()
		return
	}
	var events *entry
	if cmd := c.command(m, clock, c.uncertainS(m, clock, t)); cmd != nil {
		who := desk.Actor{By: string(m.unit), Role: "vehicle"}
		a, err := desk.Decide(c.state, t, who, cmd)
		if err != nil { // never for what it says; the message is kept all the same
			c.log.Error("a vehicle's message was refused", "unit", m.unit, "kind", m.env.Kind, "err", err)
		}
		events = &entry{events: a.Events, at: t}
	}
	if m.env.Kind == pb.Kind_KIND_TWELVE_LEAD {
		c.shown(m, clock, t, m.rest == link.UpUrgent)
	}
	switch v {
	case courier.New:
		c.doubt(m, clock)
		if events == nil {
			events = &entry{at: t}
		}
		events.owed, events.env, events.ack = owed(m, clock, t), m.env, m.ack
		c.apply(events)
	case courier.Known, courier.Clash:
		if events != nil && len(events.events) > 0 {
			c.apply(events)
		}
		c.apply(&entry{owed: owed(m, clock, t), env: m.env, ack: m.ack, at: t})
	case courier.Refused:
		if events != nil && len(events.events) > 0 {
			c.apply(events)
		}
		m.done()
	case courier.UnderWay, courier.Passing:
		m.done()
	}
}

// command is what a message asks of the desk; nil when it asks nothing. Its times may be wrong by uncertainS, and by what they say.
func (c *Centre) command(m incoming, clock clockOf, uncertainS float64) desk.Command {
	simulated := m.env.Simulated || c.state.Demo
	switch b := m.body.(type) {
	case *pb.Alarm:
		by := b.Seat
		if by == "" {
			by = b.By
		}
		return desk.RaiseAlarm{Alarm: ems.AlarmID(c.newID("a")), Kind: ems.CrewSOS, PressID: b.PressId, Source: string(m.unit), Unit: m.unit,
			Mission: ems.MissionID(b.Mission), Text: b.Text, By: by, Place: c.placeOf(m.unit, clock.place(b.Place)), Pressed: clock.at(b.PressedUs),
			UncertainS: b.UncertainS + uncertainS, Simulated: simulated}
	case *pb.Node:
		return desk.VehicleNode{Unit: m.unit, ID: b.Id, Mission: ems.MissionID(b.Mission), Node: ems.Node(b.Node), At: clock.at(b.AtUs),
			Source: ems.Source(b.Source), By: b.By, UncertainS: b.UncertainS + uncertainS, Correction: b.Correction, Undo: b.Correction && b.AtUs == 0,
			Reason: b.Reason}
	case *pb.OrderAnswer:
		return desk.VehicleAnswer{Unit: m.unit, Key: b.Order, Version: int(b.Version), Answer: b.Answer, By: b.By, Reason: b.Reason, At: clock.at(b.AtUs)}
	case *pb.Note:
		return desk.VehicleNote{Unit: m.unit, ID: b.Id, Mission: ems.MissionID(b.Mission), Patient: ems.PatientID(b.Patient), Text: b.Text,
			By: b.By, At: clock.at(b.AtUs), UncertainS: b.UncertainS + uncertainS, Simulated: simulated}
	case *pb.Binding:
		return desk.VehicleBinding{Unit: m.unit, Device: ems.DeviceID(b.Device), Patient: ems.PatientID(b.Patient), Mission: ems.MissionID(b.Mission),
			Bound: b.Bound, By: b.By, At: clock.at(b.AtUs), Name: b.Name, Sex: b.Sex, AgeYears: int(b.AgeYears), Reason: b.Reason}
	case *pb.Destination:
		return desk.VehicleDestination{Unit: m.unit, ID: b.Id, Mission: ems.MissionID(b.Mission), Hospital: ems.HospitalID(b.Hospital),
			Notice: ems.NoticeID(c.newID("n")), Pathway: b.Pathway, Text: b.Text, By: b.By, At: clock.at(b.AtUs),
			Ranking: c.rankings.shown(b.Ranking)}
	case *pb.Assessment:
		a := desk.Assessed{LVO: b.Lvo, Severe: b.Severe, Unstable: b.Unstable, LastWellUnknown: b.LastWellUnknown}
		if b.LastWellUs != 0 {
			at := clock.at(b.LastWellUs)
			a.LastWell = &at
		}
		if b.Wish != nil {
			h := ems.HospitalID(*b.Wish)
			a.Wish = &h
		}
		return desk.VehicleAssess{Unit: m.unit, ID: b.Id, Mission: ems.MissionID(b.Mission), Assessed: a, By: b.By, At: clock.at(b.AtUs)}
	case *pb.Gap:
		g, err := wire.GapOf(m.env)
		if err != nil {
			return nil
		}
		return desk.VehicleGap{Unit: m.unit, Epoch: hex.EncodeToString(g.Epoch[:]), Lane: wire.LaneName(g.Lane), From: g.Range.From, To: g.Range.To,
			Why: g.Why, Bytes: b.Bytes, FromTime: clock.at(b.FromUs), ToTime: clock.at(b.ToUs)}
	case *pb.DeviceStatus:
		d, err := wire.UnpackDevice(b)
		if err != nil {
			return nil
		}
		d.Since = clock.at(b.SinceUs)
		return desk.DeviceChanged{Unit: m.unit, Status: d}
	}
	return nil
}

// placeOf gives an alarm the place of its unit's last fix, with its age, when it brings none (ALM-002).
func (c *Centre) placeOf(u ems.UnitID, p *ems.Place) *ems.Place {
	if p != nil && p.Pos != nil {
		return p
	}
	lv := c.units[u]
	if lv == nil || lv.fix == nil {
		return p
	}
	pos, at := lv.fix.Pos, lv.fix.Taken
	return &ems.Place{Pos: &pos, At: &at, Source: "last_fix"}
}

// conflict says that other bytes came under a known identity (DLV-002).
func (c *Centre) conflict(t time.Time, e *entry) {
	r := e.owed.Record
	cmd := desk.IdentityConflict{Unit: e.owed.Unit, Epoch: r.Epoch.String(), Lane: wire.LaneName(r.Lane), Seq: r.Seq}
	if _, err := c.decide(t, desk.System, cmd, nil); err != nil {
		c.log.Error("identity conflict", "unit", e.owed.Unit, "err", err)
	}
}

// unitAlarm is an alarm as its unit is told.
type unitAlarm struct {
	presses []string
	word    *pb.AlarmWord
}

// alarmsOfUnits lists what units are told of their alarms: only what is stored lights a lamp (ALM-003).
func (c *Centre) alarmsOfUnits() map[ems.UnitID][]unitAlarm {
	if c.unitAlarms != nil {
		return c.unitAlarms
	}
	out := map[ems.UnitID][]unitAlarm{}
	for _, id := range slices.Sorted(maps.Keys(c.state.Alarms)) {
		a := c.state.Alarms[id]
		if a.Kind != ems.CrewSOS || !c.recorded(desk.Ref{C: desk.Alarms, K: string(id)}) {
			continue
		}
		w := &pb.AlarmWord{Alarm: string(id), PressId: a.PressID, State: string(a.State), By: a.AckBy}
		if a.AckAt != nil {
			w.AtUs = a.AckAt.UnixMicro()
		}
		presses := []string{a.PressID}
		for _, key := range a.PressIDs[max(0, len(a.PressIDs)-maxPresses):] {
			if id, ours := strings.CutPrefix(key, alarm.Key(a.Kind, a.Source, "")); ours && id != a.PressID {
				presses = append(presses, id)
			}
		}
		out[a.Unit] = append(out[a.Unit], unitAlarm{presses, w})
	}
	c.unitAlarms = out
	return out
}
