package simtown

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/cab"
	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/store"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Settle makes everything well again, lets crews answer what is open, and waits until nothing is owed. What does not come to rest
// in time is a broken rule.
func (w *Town) Settle() {
	w.heal()
	calm, over := context.WithCancel(w.ctx)
	for _, v := range w.units {
		w.people.Go(func() {
			c := &crewMember{w: w, v: v, r: w.chance("calm/" + string(v.unit.ID))}
			for w.wait(calm, between(c.r, 400*time.Millisecond, 900*time.Millisecond)) {
				if g, ok := v.look(); ok {
					c.answer(g)
				}
			}
		})
	}
	time.Sleep(15 * time.Second) // the devices are found silent, and that is owed too
	rest := ""
	if !w.eventually(w.opt.Settle, func() bool { rest = w.unrest(); return rest == "" }) {
		w.oracle.broken("DLV-001, DLV-005: %v after everything was well again: %s", w.opt.Settle, rest)
	}
	over()
	// A notice that nobody reads is judged when it has waited for long enough.
	w.eventually(noticeLate+5*time.Second, func() bool {
		young := false
		w.centre.look(func(s *desk.State) {
			young = slices.ContainsFunc(waiting(s), func(n *ems.Notice) bool { return now().Sub(n.Sent) <= noticeLate })
		})
		return !young
	})
	time.Sleep(2 * time.Second) // what was stored reaches the screens
	w.centre.look(w.oracle.notices)
	w.caughtUp()
}

// noticeLate is when a notice without an answer must have gone to the next person: 60 s, and a little for a dispatcher that runs.
const noticeLate = 65 * time.Second

// notices looks at what hospitals were told: nobody's silence ends with one person (CLN-004).
func (o *oracle) notices(s *desk.State) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range waiting(s) {
		waited := now().Sub(n.Sent)
		if waited <= noticeLate {
			continue
		}
		o.look("CLN-004")
		if n.Escalated == 0 {
			o.brokenLocked("CLN-004: notice %s to %s is %s, unanswered for %v, and went to nobody else", n.ID, n.Hospital, n.State, waited)
		}
	}
}

// waiting are the notices without an answer of missions that go on.
func waiting(s *desk.State) []*ems.Notice {
	var out []*ems.Notice
	for _, id := range sortedKeys(s.Notices) {
		n := s.Notices[id]
		m := s.Missions[n.Mission]
		if n.Answered != nil || n.Withdrawn != nil || m == nil || m.Ended != nil {
			continue
		}
		switch n.State {
		case ems.NoticeSent, ems.NoticeDelivered, ems.NoticeSeen:
			out = append(out, n)
		default:
		}
	}
	return out
}

// heal mends everything that fate has broken.
func (w *Town) heal() {
	w.centre.setSilent(false)
	w.centre.disk.SetDelay(0)
	w.centre.disk.LoseAnswers(0)
	if w.centre.process() == nil {
		w.centre.start()
	}
	w.centre.process().modem.setWeather(clearSky)
	for _, v := range w.units {
		v.mu.Lock()
		v.disk.Refuse(nil)
		v.mu.Unlock()
		for _, d := range v.names() {
			v.unplug(d, false)
			v.stall(d, false)
		}
		for _, d := range v.monitors() {
			for _, f := range []simdevice.Fault{simdevice.FingerOff, simdevice.ProbeUnplugged, simdevice.LeadOff, simdevice.FlipBits, simdevice.DropBytes, simdevice.Silent} {
				v.fault(d, f, false)
			}
		}
		for _, f := range receiverFaults {
			v.receiverFault(f, false)
		}
		if v.process() == nil {
			v.start()
		}
		m := v.modem()
		m.setWeather(clearSky)
		m.mendAll()
		v.hush.Store(true)
	}
}

// unrest says what is still under way; "" when nothing is.
func (w *Town) unrest() string {
	for _, v := range w.units {
		p := v.process()
		for _, d := range p.spool.Depths() {
			if d.Count > 0 {
				return string(v.unit.ID) + " owes " + itoa(d.Count) + " in lane " + wire.LaneName(d.Lane)
			}
		}
	}
	for _, v := range w.units {
		if g, ok := v.look(); ok {
			for _, id := range sortedKeys(g.presses) {
				if g.presses[id].Lamp != cab.LampReceived && w.oracle.holds(alarm.Key(ems.CrewSOS, string(v.unit.ID), id)) {
					return "ALM-003: the lamp of " + id + " is dark, though the alarm is stored"
				}
			}
		}
	}
	if p := w.oracle.unanswered(); p != "" {
		return "press " + p + " is not answered"
	}
	if hole := w.oracle.hole(w.centre.process().store); hole != "" {
		return hole
	}
	out := "the dispatcher does not answer"
	w.centre.look(func(s *desk.State) {
		out = ""
		for _, id := range sortedKeys(s.Orders) {
			if o := s.Orders[id]; w.vehicleOf(o.Unit) == nil { // nobody can answer
			} else if o.State == ems.OrderQueued || o.State == ems.OrderDelivered || o.State == ems.OrderSeen {
				out = "order " + string(id) + " of " + string(o.Unit) + " is " + string(o.State)
			}
		}
		for _, k := range sortedKeys(s.Instructions) {
			if in := s.Instructions[k]; in.Answered == nil && w.vehicleOf(in.Unit) != nil {
				out = in.Kind + " " + k + " to " + string(in.Unit) + " is not answered"
			}
		}
		if len(s.Pending()) > 0 {
			out = "events wait for the store"
		}
	})
	return out
}

// hole names a lane of which something is neither stored nor declared lost.
func (o *oracle) hole(st store.Store) string {
	lanes, err := st.Lanes(context.Background())
	if err != nil {
		return err.Error()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	broken := o.brokenEpochs()
	for _, l := range lanes {
		if len(l.Set.Beyond) > 0 && !broken[l.Epoch] {
			return fmt.Sprintf("lane %s of %s, epoch %s, has holes: up to %d, then %v", wire.LaneName(l.Lane), l.Unit, l.Epoch, l.Set.UpTo, l.Set.Beyond)
		}
	}
	return ""
}

// brokenEpochs are those of which a disk was put back: nobody knows what the lost one had numbered.
func (o *oracle) brokenEpochs() map[wire.Epoch]bool {
	out := map[wire.Epoch]bool{}
	for id, g := range o.given {
		if g.excused {
			out[id.Epoch] = true
		}
	}
	return out
}

func (o *oracle) holds(press string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stored[press]
}

func (o *oracle) unanswered() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, k := range sortedKeys(o.presses) {
		if p := o.presses[k]; p.answered.IsZero() && p.kind == ems.CallerAlarm {
			return k
		}
	}
	return ""
}

// Judge ends the town and holds what the store keeps against what was done. It fails the test with every broken rule.
func (w *Town) Judge() Report {
	o, end := w.oracle, w.state()
	for _, v := range w.units {
		v.stop()
	}
	w.centre.stop()
	st, err := w.centre.disk.Clone().Open(!w.opt.Live)
	if err != nil {
		w.t.Fatalf("seed %d: open the store at the end: %v", w.seed, err)
	}
	defer st.Close()
	o.verified(st)
	events := w.journal(st)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.judgeLanes(st)
	o.judgePresses(events)
	o.judgeMissions(events)
	o.judgeDispatch(events)
	o.judgeFold(events, end, !w.opt.Live)
	for _, e := range events {
		o.utc("event "+itoa(e.Seq), e.Body)
	}
	o.report.Events = uint64(len(events))
	o.report.Trace = trace(events, w.began)
	for _, e := range events {
		w.log.Info("journal", "seq", e.Seq, "when", e.At.Sub(w.began), "actor", e.Actor, "stream", e.Stream, "type", e.Type)
	}
	for _, f := range o.faults {
		w.t.Errorf("%s", f)
	}
	if len(o.faults) > 0 {
		w.t.Errorf("seed %d broke rules; run it again: LIFELINE_SEED=%d go test ./internal/simtown -run TestTown_Seeds", w.seed, w.seed)
	}
	return o.report
}

func (w *Town) journal(st store.Store) (events []journal.Event) {
	for after := uint64(0); ; after = events[len(events)-1].Seq {
		page, err := st.Read(context.Background(), after, store.MaxRead)
		if err != nil {
			w.t.Fatalf("seed %d: read the journal: %v", w.seed, err)
		}
		if events = append(events, page...); len(page) == 0 {
			return events
		}
	}
}

// trace is a digest of what happened, when, and to what.
func trace(events []journal.Event, began time.Time) uint64 {
	h := fnv.New64a()
	for _, e := range events {
		h.Write([]byte(e.At.Sub(began).String() + e.Actor + e.Stream + e.Type))
	}
	return h.Sum64()
}

// judgeLanes: everything that a spool has handed out is stored under its identity with its own bytes, or covered by a declared gap
// (DLV-001, DLV-002, DLV-007).
func (o *oracle) judgeLanes(st store.Store) {
	ctx := context.Background()
	lanes, err := st.Lanes(ctx)
	if err != nil {
		o.brokenLocked("read lanes: %v", err)
		return
	}
	type key struct {
		unit  ems.UnitID
		epoch wire.Epoch
		lane  pb.Lane
	}
	sets := map[key]wire.RangeSet{}
	broken := o.brokenEpochs()
	for _, l := range lanes {
		sets[key{l.Unit, l.Epoch, l.Lane}] = l.Set
		if len(l.Set.Beyond) > 0 && !broken[l.Epoch] {
			o.brokenLocked("DLV-001: lane %s of %s, epoch %s, has holes at the end: up to %d, then %v", wire.LaneName(l.Lane), l.Unit, l.Epoch, l.Set.UpTo, l.Set.Beyond)
		}
	}
	held := map[wire.Identity][][32]byte{}
	keep := func(s store.Owed) {
		id := wire.Identity{Unit: s.Unit, Epoch: s.Record.Epoch, Lane: s.Record.Lane, Seq: s.Record.Seq}
		if !slices.Contains(held[id], s.Digest) {
			held[id] = append(held[id], s.Digest)
		}
	}
	for _, u := range o.town.city.Units {
		for _, lane := range wire.Lanes {
			for from := int64(0); from != math.MaxInt64; {
				page, err := st.Owed(ctx, store.OwedQuery{Unit: u.ID, Lane: lane, FromUs: from, Limit: store.MaxRead})
				if err != nil {
					o.brokenLocked("read what was owed: %v", err)
					return
				}
				for _, s := range page {
					keep(s)
				}
				if from = math.MaxInt64; len(page) == store.MaxRead {
					from = page[len(page)-1].ServerUs
				}
			}
		}
	}
	o.report.Stored = len(held)
	beside, err := st.Conflicts(ctx, store.MaxRead)
	if err != nil {
		o.brokenLocked("read conflicts: %v", err)
	}
	o.report.Conflicts = len(beside)
	for _, s := range beside {
		keep(s)
	}
	for id, g := range o.given {
		o.look("DLV-001", "DLV-002")
		if id.Lane == pb.Lane_LANE_URGENT {
			o.look("DLV-007")
		}
		set := sets[key{id.Unit, id.Epoch, id.Lane}]
		switch have := held[id]; {
		case len(have) > 0:
			for _, d := range g.digests {
				if !g.excused && !slices.Contains(have, d) {
					o.brokenLocked("DLV-002: %s %s/%d of epoch %s is stored with other bytes than the vehicle handed out", id.Unit, wire.LaneName(id.Lane), id.Seq, id.Epoch)
				}
			}
		case g.excused:
		case !set.Has(id.Seq) && (g.durable || id.Lane != pb.Lane_LANE_URGENT):
			o.brokenLocked("DLV-001: %s %s/%d of epoch %s, handed out at %.3f s, is neither stored nor declared lost", id.Unit, wire.LaneName(id.Lane), id.Seq, id.Epoch,
				g.at.Sub(o.town.began).Seconds())
		case !set.Has(id.Seq): // the disk refused it, the screen said so, and the power failed
		case id.Lane == pb.Lane_LANE_URGENT && g.durable && !o.mayBeLost(g.at):
			o.brokenLocked("DLV-001, DLV-007: %s urgent/%d of epoch %s, handed out at %.3f s, was given up", id.Unit, id.Seq, id.Epoch, g.at.Sub(o.town.began).Seconds())
		default:
			o.report.Declared++
		}
		if g.press != "" && slices.Contains(held[id], g.alarm) && !o.stored[g.press] {
			o.brokenLocked("ALM-001: the record of press %s is stored, and it is no alarm", g.press)
		}
	}
}

// restored: a backup of the store that was taken at a time was put back.
func (o *oracle) restored(at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.report.Restores++
	o.backups = append(o.backups, at, now())
}

// mayBeLost says whether what was handed out at a time may have been stored, called stored, and lost with a store that was replaced by
// its backup.
func (o *oracle) mayBeLost(at time.Time) bool {
	for i := 0; i+1 < len(o.backups); i += 2 {
		if at.Before(o.backups[i+1]) {
			return true
		}
	}
	return false
}

// judgePresses: one press is one alarm, or one count on one (ALM-004), and none that was answered is missing (ALM-001, ALM-003).
func (o *oracle) judgePresses(events []journal.Event) {
	times := map[string]int{}
	for _, e := range events {
		if desk.Type(e.Type) == desk.TypeAlarmRaised {
			o.report.Alarms++
		}
		if k, ok := pressOf(e); ok {
			times[k]++
		}
	}
	for _, k := range sortedKeys(o.presses) {
		p := o.presses[k]
		o.look("ALM-001", "ALM-004")
		switch n := times[k]; {
		case n > 1:
			o.brokenLocked("ALM-004: press %s stands %d times in the journal", k, n)
		case n == 0 && !p.answered.IsZero() && !o.excusedPress(k, p):
			o.brokenLocked("ALM-001: press %s, made at %.3f s, was taken and is not in the journal", k, p.made.Sub(o.town.began).Seconds())
		}
	}
	for _, k := range sortedKeys(times) {
		if o.presses[k] == nil {
			o.brokenLocked("the journal holds press %s, which nobody made", k)
		}
	}
}

// excusedPress: the store that held it was replaced by an older backup, or the disk that held it by an older image or with a fault that
// its screen showed.
func (o *oracle) excusedPress(k string, p *press) bool {
	if o.ever[k] && o.mayBeLost(p.made) {
		return true
	}
	for _, g := range o.given {
		if g.press == k && (g.excused || !g.durable) {
			return true
		}
	}
	return false
}

// judgeMissions folds who was sent where: a unit has one mission at a time, and every node that was touched and stored is told of.
func (o *oracle) judgeMissions(events []journal.Event) {
	active := map[ems.UnitID]ems.MissionID{}
	unitOf := map[ems.MissionID]ems.UnitID{}
	nodes := map[ems.MissionID]map[ems.Node]ems.NodeTime{}
	remarks := map[ems.UnitID]int{}
	reqs := map[string]string{}
	for _, e := range events {
		switch desk.Type(e.Type) {
		case desk.TypeUnitRegistered, desk.TypeHospitalRegistered, desk.TypeHospitalDescribed, desk.TypeStationRegistered:
			continue
		default:
		}
		var b struct {
			ID      ems.MissionID   `json:"id"`
			Unit    ems.UnitID      `json:"unit"`
			Mission ems.MissionID   `json:"mission"`
			Node    json.RawMessage `json:"node"`
			Req     string          `json:"req"`
			Code    string          `json:"code"`
		}
		if err := json.Unmarshal(e.Body, &b); err != nil {
			o.brokenLocked("event %d cannot be read: %v", e.Seq, err)
			continue
		}
		switch desk.Type(e.Type) {
		case desk.TypeIncidentOpened, desk.TypeMissionOrdered:
			if other, again := reqs[b.Req]; again && b.Req != "" {
				o.brokenLocked("act %s was done twice: %s and %s", b.Req, other, e.Stream)
			}
			reqs[b.Req] = e.Stream
		case desk.TypeNoticeSent:
			o.report.Notices++
		case desk.TypeNoteAdded:
			if b.Code != "" {
				remarks[b.Unit]++
			}
		default:
		}
		switch desk.Type(e.Type) {
		case desk.TypeMissionOrdered:
			o.report.Missions++
			o.report.Orders++
			if other := active[b.Unit]; other != "" {
				o.brokenLocked("event %d sends %s on mission %s while it is on %s", e.Seq, b.Unit, b.ID, other)
			}
			active[b.Unit], unitOf[b.ID] = b.ID, b.Unit
		case desk.TypeMissionEnded:
			delete(active, unitOf[b.Mission])
		case desk.TypeNodeSet:
			var n ems.NodeTime
			if err := json.Unmarshal(b.Node, &n); err != nil {
				o.brokenLocked("event %d cannot be read: %v", e.Seq, err)
				continue
			}
			if nodes[b.Mission] == nil {
				nodes[b.Mission] = map[ems.Node]ems.NodeTime{}
			}
			nodes[b.Mission][n.Node] = n
			if u := unitOf[b.Mission]; active[u] == b.Mission && (n.Node == ems.NodeAvailable || n.Node == ems.NodeAtStation) {
				delete(active, u)
			}
		default:
		}
	}
	for _, m := range sortedKeys(nodes) {
		o.judgeNodes(m, nodes[m])
	}
	for _, u := range sortedKeys(o.touches) {
		for _, t := range o.touches[u] {
			n, told := nodes[t.mission][t.node]
			if !told && remarks[u] == 0 && !o.excusedTouch(u, t) {
				o.brokenLocked("DLV-001, DSP-004: node %s of mission %s, touched in %s at %.3f s, is told of nowhere", t.node, t.mission, u, t.at.Sub(o.town.began).Seconds())
			}
			off := n.At.Sub(t.at).Abs()
			for _, again := range o.touches[u] { // a terminal that forgot with its disk was touched twice
				if again.mission == t.mission && again.node == t.node {
					off = min(off, n.At.Sub(again.at).Abs())
				}
			}
			if told && n.Source == ems.SourceKey && !o.clockLost(u, t.at) && off > nodeSlack+time.Duration(n.UncertainS*float64(time.Second)) {
				o.brokenLocked("TIM-001: node %s of mission %s, touched in %s at %.3f s, stands %v off", t.node, t.mission, u, t.at.Sub(o.town.began).Seconds(), off)
			}
		}
	}
}

// nodeSlack is how far a node's time may be off: half of the longest round trip that is believed, and its weather.
const nodeSlack = 8 * time.Second

// excusedTouch: the record that tells of it may be lost with a store or a disk that was replaced. A touch of a node that had its time on
// the terminal has no record of its own: the one of the touch before it tells of the node.
func (o *oracle) excusedTouch(u ems.UnitID, t touch) bool {
	lost := func(t touch) bool { return o.mayBeLost(t.taken()) || o.diskLost(u, t.taken()) }
	if lost(t) {
		return true
	}
	for id, g := range o.given {
		if id.Unit == u && g.touch == t.id {
			return false
		}
	}
	return slices.ContainsFunc(o.touches[u], func(b touch) bool {
		return b.mission == t.mission && b.node == t.node && b.taken().Before(t.taken()) && lost(b)
	})
}

// diskLost says whether something of a unit was excused at about a time: its disk was put back or refused.
func (o *oracle) diskLost(u ems.UnitID, at time.Time) bool {
	for id, g := range o.given {
		if id.Unit == u && id.Lane == pb.Lane_LANE_URGENT && (g.excused || !g.durable) && g.at.Sub(at).Abs() < time.Second {
			return true
		}
	}
	return false
}
