package dispatcher

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
)

// Topics of the feed.
const (
	consoleTopic  = "console"
	wavesPrefix   = "waves:"
	hospitalsPref = "hospital:"
	sosPrefix     = "sos:"

	groupsOfAlarms = "groups" // a collection of the console's
)

func wavesTopic(u ems.UnitID) string        { return wavesPrefix + string(u) }
func hospitalTopic(h ems.HospitalID) string { return hospitalsPref + string(h) }

// collections are what the console sees of the state, in the order in which one thing names another.
var collections = []desk.Collection{desk.Stations, desk.Hospitals, desk.Boards, desk.Desks, desk.Units, desk.Alarms, desk.Incidents, desk.Missions,
	desk.Orders, desk.Notices, desk.Patients, desk.Notes, desk.Photos, desk.Talk, desk.Recommendations, desk.Closures}

// value is an entity as screens see it; nil when there is none.
func (c *Centre) value(r desk.Ref) json.RawMessage {
	var v any
	var ok bool
	switch r.C {
	case desk.Units:
		v, ok = c.unitView(ems.UnitID(r.K))
	case desk.Orders:
		if o, is := c.state.Orders[ems.OrderID(r.K)]; is {
			shown := *o
			shown.Sent = max(o.Sent, c.sent[o.ID])
			v, ok = shown, true
		}
	case desk.Missions:
		if m, is := c.state.Missions[ems.MissionID(r.K)]; is {
			shown := *m
			c.foretell(&shown)
			v, ok = shown, true
		}
	case desk.Notices:
		if n, is := c.state.Notices[ems.NoticeID(r.K)]; is {
			shown := *n
			if m := c.state.Missions[n.Mission]; m != nil && m.State == ems.MissionLeftScene && m.Notice == n.ID {
				if eta, ok := c.etas[m.ID]; ok {
					shown.ETA, shown.ETAFrom, shown.ETATo, shown.ETAMethod = &eta.at, &eta.from, &eta.to, eta.method
				}
			}
			if m := c.state.Missions[n.Mission]; m != nil && c.state.Incidents[m.Incident] != nil {
				i := c.state.Incidents[m.Incident]
				shown.Priority, shown.Complaint, shown.Pathway = i.Priority, i.Complaint, cmp.Or(n.Pathway, i.Pathway)
			}
			v, ok = shown, true
		}
	case desk.Closures:
		v, ok = c.closureView(ems.ClosureID(r.K))
	case desk.Boards:
		if b, is := c.state.Boards[ems.HospitalID(r.K)]; is {
			v, ok = c.boardView(*b), true
		}
	default:
		v, ok = c.state.Entity(r)
	}
	if !ok {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		c.log.Error("entity has no JSON", "collection", r.C, "err", err)
		return nil
	}
	return b
}

// unitView is a unit with what is journalled of it and what is known now.
func (c *Centre) unitView(id ems.UnitID) (ems.UnitView, bool) {
	u, known := c.state.Units[id]
	lv := c.units[id]
	if !known && lv == nil {
		return ems.UnitView{}, false
	}
	v := ems.UnitView{Unit: ems.Unit{ID: id, Name: string(id), Simulated: c.state.Demo}}
	if known {
		v = *u
	}
	c.liven(&v)
	return v, true
}

// liven adds to what is journalled of a unit what is known now: position, link, devices, depths.
func (c *Centre) liven(v *ems.UnitView) {
	lv := c.units[v.ID]
	if lv == nil {
		return
	}
	v.Online, v.Fix, v.Owed, v.ClockOffset, v.Version = lv.online, lv.fix, lv.depths, lv.offset, lv.version
	v.Simulated = v.Simulated || lv.simulated
	v.LiveLost = c.recv.LiveLost(v.ID)
	if lv.devices != nil {
		v.Devices = lv.devices
	}
	if lv.seen {
		at := lv.heard
		v.LastHeard = &at
	}
}

// showAll fills the topics at the start.
func (c *Centre) showAll() {
	for _, coll := range collections {
		for _, k := range c.keys(coll) {
			c.dirty[desk.Ref{C: coll, K: k}] = true
		}
	}
	for k := range c.state.Instructions {
		c.instructed(k)
	}
	for id := range c.state.Hospitals {
		c.views[id] = newHospitalView()
	}
	c.due = now()
	c.show(c.due)
	c.health()
	c.showRoads()
}

// keys lists what is in a collection.
func (c *Centre) keys(coll desk.Collection) []string {
	s := c.state
	switch coll {
	case desk.Alarms:
		return keysOf(s.Alarms)
	case desk.Incidents:
		return keysOf(s.Incidents)
	case desk.Missions:
		return keysOf(s.Missions)
	case desk.Orders:
		return keysOf(s.Orders)
	case desk.Notices:
		return keysOf(s.Notices)
	case desk.Patients:
		return keysOf(s.Patients)
	case desk.Units:
		return keysOf(s.Units)
	case desk.Hospitals:
		return keysOf(s.Hospitals)
	case desk.Boards:
		return keysOf(s.Boards)
	case desk.Stations:
		return keysOf(s.Stations)
	case desk.Desks:
		return keysOf(s.Desks)
	case desk.Notes:
		return keysOf(s.Notes)
	case desk.Recommendations:
		return keysOf(s.Recommendations)
	case desk.Talk:
		return keysOf(s.Talk)
	case desk.Photos:
		return keysOf(s.Photos)
	case desk.Closures:
		return keysOf(s.Closures)
	case desk.Instructions:
		return keysOf(s.Instructions)
	}
	return nil
}

func keysOf[K ~string, V any](m map[K]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, string(k))
	}
	slices.Sort(out)
	return out
}

// show tells the screens what has changed. What is not recorded yet waits for the store, but no longer than StorePatience; then it
// is shown for what it is: 未落盘 (DLV-006).
func (c *Centre) show(t time.Time) {
	if len(c.dirty) == 0 {
		return
	}
	var refs []desk.Ref
	for r := range c.dirty {
		if c.recorded(r) || c.silent {
			refs = append(refs, r)
			delete(c.dirty, r)
		}
	}
	if len(refs) == 0 {
		return
	}
	slices.SortFunc(refs, func(a, b desk.Ref) int {
		if a.C != b.C {
			return slices.Index(collections, a.C) - slices.Index(collections, b.C)
		}
		return strings.Compare(a.K, b.K)
	})
	ops, moved := make([]wire.Op, 0, len(refs)), false
	var onlyUnits []ems.UnitID
	for _, r := range refs {
		switch r.C {
		case desk.Instructions:
			continue
		case desk.Units:
			onlyUnits = append(onlyUnits, ems.UnitID(r.K))
		case desk.Hospitals:
			if c.views[ems.HospitalID(r.K)] == nil {
				c.views[ems.HospitalID(r.K)] = newHospitalView()
			}
			moved = true
		case desk.Incidents:
			c.pastKnown = false
			moved = true
		default:
			moved = true
		}
		ops = append(ops, wire.Op{C: string(r.C), K: r.K, V: c.value(r)})
	}
	c.hub.Publish(consoleTopic, ops...)
	if moved {
		for h := range c.views {
			c.showHospital(h)
		}
	} else {
		c.showUnits(onlyUnits)
	}
	if len(c.callers) > 0 && c.callersAt.IsZero() {
		c.callersAt = t.Add(callersEvery)
	}
}

// showGroups tells the screens which open alarms are floods: one table for all of them (ALM-006).
func (c *Centre) showGroups(t time.Time) {
	c.groupsAt = time.Time{}
	var ops []wire.Op
	was := c.groups
	c.groups = map[string]bool{}
	for _, g := range alarm.Groups(c.state.OpenAlarms()) {
		if !g.Flood {
			continue
		}
		c.groups[g.Key] = true
		if op := webfeed.Set(groupsOfAlarms, g.Key, wire.AlarmGroup(g)); !bytes.Equal(op.V, c.hub.Value(consoleTopic, groupsOfAlarms, g.Key)) {
			ops = append(ops, op)
		}
	}
	for _, k := range keysOf(was) {
		if !c.groups[k] {
			ops = append(ops, webfeed.Delete(groupsOfAlarms, k))
		}
	}
	c.hub.Publish(consoleTopic, ops...)
	c.groupsNext = t.Add(groupsEvery + groupsShare*time.Since(t))
}

// health tells the screens how the parts of the centre do.
func (c *Centre) health() {
	st := wire.Health{OK: !c.silent && c.storeErr == nil, Unrecorded: 0}
	if !st.OK {
		st.Detail = "store_silent"
		since := c.silentAt.UTC()
		if c.silent {
			st.Since = &since
		}
		c.journal.each(func(e *entry) {
			if len(e.events) > 0 {
				st.Unrecorded++
			}
		})
	}
	sp := wire.Health{OK: c.asideErr == nil, Unrecorded: c.asideN}
	if c.asideErr != nil {
		sp.Detail = "spool_failed"
	}
	ln := wire.Health{OK: c.cfg.Dialer == nil || c.linked()}
	if !ln.OK {
		ln.Detail = "broker_down"
	}
	c.count.healthy.Store(st.OK)
	var ops []wire.Op
	for k, h := range map[string]wire.Health{"store": st, "spool": sp, "link": ln} {
		if op := webfeed.Set("health", k, h); !bytes.Equal(op.V, c.hub.Value(consoleTopic, "health", k)) {
			ops = append(ops, op)
		}
	}
	c.hub.Publish(consoleTopic, ops...)
}

// hospitalView is what one hospital sees (SCR-004).
type hospitalView struct {
	patients map[ems.PatientID]bool
	units    map[ems.UnitID]bool
	sent     map[string]map[string]json.RawMessage
}

func newHospitalView() *hospitalView {
	return &hospitalView{sent: map[string]map[string]json.RawMessage{"readings": {}, "slots": {}}}
}

// showHospital brings one hospital's topic to what it may see now: notices to it, with the missions, units and patients of those that
// stand, until the case is closed. One that was withdrawn stays as one line.
func (c *Centre) showHospital(h ems.HospitalID) {
	hv := c.views[h]
	want := map[string]map[string]json.RawMessage{"notices": {}, "missions": {}, "patients": {}, "units": {}, "readings": {}, "slots": {}, "notes": {}, "photos": {},
		"hospitals": {}, "boards": {}, casesColl: {}, limitsColl: {}}
	put := func(coll desk.Collection, k string) {
		r := desk.Ref{C: coll, K: k}
		if !c.recorded(r) && !c.silent {
			if old, had := hv.sent[string(coll)][k]; had {
				want[string(coll)][k] = old
			}
			return
		}
		if v := c.value(r); v != nil {
			want[string(coll)][k] = v
		}
	}
	put(desk.Hospitals, string(h))
	put(desk.Boards, string(h)) // its own and no other's (SCR-004)
	sees := c.state.Visible(h)
	hv.patients, hv.units = map[ems.PatientID]bool{}, sees.Units
	for id, n := range sees.Notices {
		if n.State == ems.NoticeWithdrawn { // one line, as the state gives it
			want["notices"][string(id)] = marshal(n)
			continue
		}
		put(desk.Notices, string(id))
	}
	for id := range sees.Missions {
		put(desk.Missions, string(id))
		if k, shown := c.cases[id]; shown {
			want[casesColl][string(id)] = k.raw
		}
	}
	for k, l := range c.limitsOf(h) {
		want[limitsColl][k] = marshal(l)
	}
	for id := range sees.Patients {
		put(desk.Patients, string(id))
		if _, shown := want["patients"][string(id)]; shown { // values of a patient who is not recorded yet wait with them
			hv.patients[id] = true
		}
	}
	for id := range sees.Units {
		put(desk.Units, string(id))
	}
	for p := range hv.patients {
		for k, r := range c.byPat[p] {
			want["readings"][k] = marshal(r)
		}
	}
	for k, s := range c.slots.by {
		if hv.patients[k.patient] {
			want["slots"][strconv.Itoa(int(s.Slot))] = marshal(s.WaveSlot)
		}
	}
	for id, n := range c.state.Notes {
		if n.Patient != "" && hv.patients[n.Patient] {
			put(desk.Notes, id)
		}
	}
	for id := range c.state.Photos {
		if c.state.SeesPhoto(h, id) {
			put(desk.Photos, string(id))
		}
	}
	c.hub.Publish(hospitalTopic(h), difference(hv.sent, want)...)
	hv.sent = want
	c.deliver(h)
}

func marshal(v any) json.RawMessage { return webfeed.Set("", "", v).V }

// difference lists what turns one topic's values into another's.
func difference(from, to map[string]map[string]json.RawMessage) []wire.Op {
	var ops []wire.Op
	for _, coll := range slices.Sorted(maps.Keys(to)) {
		for _, k := range slices.Sorted(maps.Keys(to[coll])) {
			if v := to[coll][k]; !bytes.Equal(v, from[coll][k]) {
				ops = append(ops, wire.Op{C: coll, K: k, V: v})
			}
		}
		for _, k := range slices.Sorted(maps.Keys(from[coll])) {
			if _, stays := to[coll][k]; !stays {
				ops = append(ops, wire.Op{C: coll, K: k})
			}
		}
	}
	return ops
}

// showUnits moves units on the screens of the hospitals that wait for them.
func (c *Centre) showUnits(ids []ems.UnitID) {
	for h, hv := range c.views {
		for _, id := range ids {
			if !hv.units[id] {
				continue
			}
			op := wire.Op{C: string(desk.Units), K: string(id), V: c.value(unitRef(id))}
			hv.sent[op.C][op.K] = op.V
			c.hub.Publish(hospitalTopic(h), op)
		}
	}
}

// deliver marks notices as delivered while a screen of the hospital follows.
func (c *Centre) deliver(h ems.HospitalID) {
	if !c.hub.Followed(hospitalTopic(h)) {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(c.state.Notices)) {
		n := c.state.Notices[id]
		if n.Hospital != h || n.State != ems.NoticeSent || !c.recorded(desk.Ref{C: desk.Notices, K: string(id)}) {
			continue
		}
		if _, err := c.decide(now(), desk.System, desk.MoveNotice{Notice: id, Hospital: h, To: ems.NoticeDelivered}, nil); err != nil {
			c.log.Error("mark notice as delivered", "err", err)
		}
	}
}

// callerTopic is one caller's page.
type callerTopic struct {
	last json.RawMessage
}

// authorize says which topics a screen may follow.
func (c *Centre) authorize(_ webfeed.Who, topic string) error {
	kind, id, named := strings.Cut(topic, ":")
	switch {
	case topic == consoleTopic:
		return nil
	case named && kind+":" == sosPrefix:
		return c.openCaller(id)
	case named && (kind+":" == wavesPrefix || kind+":" == hospitalsPref):
		if err := ems.CheckName(id); err != nil {
			return fmt.Errorf("topic %q: %w", topic, err)
		}
		if kind+":" == wavesPrefix {
			return nil
		}
		known := false
		ctx, cancel := context.WithTimeout(context.Background(), callPatience)
		defer cancel()
		if err := c.Look(ctx, func(s *desk.State) { known = s.Hospitals[ems.HospitalID(id)] != nil }); err != nil {
			return err
		}
		if !known {
			return fmt.Errorf("there is no hospital %s", id)
		}
		return nil
	}
	return fmt.Errorf("there is no topic %q", topic)
}

// subscribed is told by the feed that a screen follows a topic now: a hospital's notices are delivered.
func (c *Centre) subscribed(_ webfeed.Who, topic string) {
	if id, ok := strings.CutPrefix(topic, hospitalsPref); ok {
		c.post(func() { c.deliver(ems.HospitalID(id)) })
	}
}

// openCaller opens the topic of a caller who has the secret of their alarm.
func (c *Centre) openCaller(token string) error {
	ctx, cancel := context.WithTimeout(context.Background(), callPatience)
	defer cancel()
	var err error
	lookErr := c.Look(ctx, func(*desk.State) { _, err = c.caller(token) })
	return errors.Join(lookErr, err)
}

// caller finds the view of a caller by their secret, and keeps their topic up to date from now on.
func (c *Centre) caller(token string) (wire.CallerView, error) {
	v, ok := c.callerView(digest(token))
	if !ok {
		return v, fmt.Errorf("%w: this link has ended; call 120", ErrNotFound)
	}
	if c.callers[token] == nil {
		c.callers[token] = &callerTopic{}
	}
	ct := c.callers[token]
	if b := marshal(v); !bytes.Equal(b, ct.last) {
		ct.last = b
		c.hub.Publish(sosPrefix+token, wire.Op{C: "caller", K: "me", V: b})
	}
	return v, nil
}

// showCallers brings the pages of callers up to date, and ends those whose alarm is forgotten.
func (c *Centre) showCallers() {
	c.callersAt = time.Time{}
	for token := range c.callers {
		if _, err := c.caller(token); err != nil {
			delete(c.callers, token)
			c.hub.Drop(sosPrefix + token)
		}
	}
}

// callerView is what the caller whose secret has this digest sees: never that help is coming before an order is accepted (ALM-003).
func (c *Centre) callerView(digest string) (wire.CallerView, bool) {
	d, ok := c.state.Caller(digest)
	if !ok {
		return wire.CallerView{}, false
	}
	v := wire.CallerView{Alarm: d.Alarm, AlarmState: d.State, Received: d.Received && c.recorded(desk.Ref{C: desk.Alarms, K: string(d.Alarm)}),
		OrderAccepted: d.OrderAccepted, MissionState: d.Mission, Place: d.Place, Closed: d.Closed, Simulated: d.Simulated, Who: d.Who, Corrected: d.Corrected}
	for _, l := range d.Lines {
		v.Messages = append(v.Messages, wire.CallerMessage{At: l.At, By: "caller", Text: l.Note})
	}
	for _, m := range d.Talk {
		if !c.recorded(desk.Ref{C: desk.Talk, K: string(m.ID)}) {
			continue // it is not stored: the page goes on sending it
		}
		by := "caller"
		if m.From == desk.FromDesk {
			by = "centre"
		}
		v.Messages = append(v.Messages, wire.CallerMessage{ID: m.ID, At: m.Sent, By: by, Text: m.Text, Card: m.Card, Photo: m.Photo, Place: m.Place, Read: m.Read != nil})
	}
	if d.OrderAccepted {
		u, _ := c.unitView(d.Unit)
		v.UnitPlate = u.Plate
		if u.Fix != nil {
			pos, at := u.Fix.Pos, u.Fix.Taken
			v.UnitPos, v.UnitPosAt = &pos, &at
			if eta, ok := c.etas[d.MissionID]; ok && d.Mission == ems.MissionDeparted {
				v.EtaFrom, v.EtaTo, v.EtaMethod = &eta.from, &eta.to, eta.method
			}
		}
	}
	return v, true
}
