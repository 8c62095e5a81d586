package dispatcher

import (
	"slices"
	"strconv"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/mission"
	"lifeline120/internal/vitals"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// unitLive is what is known of a unit now and not journalled.
type unitLive struct {
	online    bool
	heard     time.Time
	boots     []bootClock
	doubtful  []doubtful // oldest first
	told      time.Time  // heard, as the screens were last told
	seen      bool       // ever
	fix       *ems.FixView
	devices   []ems.DeviceStatus
	depths    []ems.LaneDepth
	offset    *float64
	version   string
	simulated bool
	readings  map[string]ems.ReadingView // by device/channel
	mission   string                     // that its terminal shows
}

func (c *Centre) unit(id ems.UnitID) *unitLive {
	lv := c.units[id]
	if lv == nil {
		lv = &unitLive{readings: map[string]ems.ReadingView{}}
		if len(c.units) < maxUnits {
			c.units[id] = lv
		}
	}
	return lv
}

// heardOf keeps that a unit was heard, and what it says of its clock.
func (c *Centre) heardOf(m incoming, clock clockOf, t time.Time) {
	lv := c.unit(m.unit)
	at := t
	if m.retained { // the broker's memory: when it was sent
		at = clock.at(m.env.SentUs)
	}
	if at.After(lv.heard) {
		lv.heard, lv.seen = at.UTC(), true
	}
	if m.env.OffsetKnown {
		s := float64(m.env.OffsetUs) / 1e6
		lv.offset = &s
	}
	lv.simulated = m.env.Simulated
	if p, ok := m.body.(*pb.Presence); ok && m.rest == link.UpPresence {
		c.presence(m.unit, lv, p, clock)
		return
	}
	if !lv.online && !m.retained { // it speaks, so it is there
		lv.online = true
		c.dirty[unitRef(m.unit)] = true
	}
}

func unitRef(u ems.UnitID) desk.Ref { return desk.Ref{C: desk.Units, K: string(u)} }

func (c *Centre) presence(id ems.UnitID, lv *unitLive, p *pb.Presence, clock clockOf) {
	lv.online, lv.mission = p.Online, p.Mission
	if p.Version != "" {
		lv.version = p.Version
	}
	if p.Online {
		lv.devices, lv.depths = nil, nil
		for _, d := range p.Devices {
			if s, err := wire.UnpackDevice(d); err == nil {
				s.Since = clock.at(d.SinceUs)
				lv.devices = append(lv.devices, s)
			}
		}
		for _, d := range p.Depths {
			depth := wire.UnpackDepth(d)
			if depth.Oldest != nil {
				at := clock.at(d.OldestUs)
				depth.Oldest = &at
			}
			lv.depths = append(lv.depths, depth)
		}
		c.resend(id)
	}
	c.dirty[unitRef(id)] = true
}

// shown brings the values of a message to the screens. live says that it came on the live lane: what is re-sent, or was long under
// way, is never labelled so (SCR-002).
func (c *Centre) shown(m incoming, clock clockOf, t time.Time, live bool) {
	simulated := m.env.Simulated || c.state.Demo
	switch b := m.body.(type) {
	case *pb.Readings:
		for _, p := range b.Readings {
			r, patient, err := wire.UnpackReading(p)
			if err != nil {
				c.count.garbage.Add(1)
				continue
			}
			r.Taken = clock.at(p.TakenUs)
			c.reading(m.unit, r, patientOf(c.state, m.unit, r.Device, patient, r.Taken), source(live, r.Taken, t), simulated || r.Demo)
		}
	case *pb.Positions:
		for _, p := range b.Positions {
			f, _, err := wire.UnpackFix(p)
			if err != nil {
				c.count.garbage.Add(1)
				continue
			}
			f.Taken = clock.at(p.TakenUs)
			c.fix(m.unit, f, source(live, f.Taken, t), simulated || f.Demo)
		}
	case *pb.Waves:
		for _, p := range b.Waves {
			w, patient, err := wire.UnpackWave(p)
			if err != nil {
				c.count.garbage.Add(1)
				continue
			}
			w.Taken = clock.at(p.TakenUs)
			c.wave(m.unit, w, patientOf(c.state, m.unit, w.Device, patient, w.Taken), live && source(live, w.Taken, t) == sourceLive, t, simulated || w.Demo)
		}
	}
}

const (
	sourceLive   = "live"
	sourceFilled = "backfilled"
)

func source(live bool, taken, t time.Time) string {
	if live && t.Sub(taken) <= freshest {
		return sourceLive
	}
	return sourceFilled
}

// patientOf says whose a value is. A vehicle names the patient; the desk's own bindings decide (CLN-006). Where they know nothing of the
// device at that time the name counts while that patient's mission by this unit goes on: a binding may be heard after the first value.
// Everything else is 未归属.
func patientOf(s *desk.State, unit ems.UnitID, dev ems.DeviceID, named ems.PatientID, taken time.Time) ems.PatientID {
	switch s.BoundAt(unit, dev, taken) {
	case named:
		return named
	case "":
	default:
		return ""
	}
	p := s.Patients[named]
	if p == nil || s.Unbound(unit, dev, named, taken) {
		return ""
	}
	m := s.Missions[p.Mission]
	if m == nil || m.Unit != unit || mission.Over(m.State) || mission.Find(m.Nodes, ems.NodeHandedOver) != nil {
		return ""
	}
	return named
}

// fix takes a position: only a newer one is shown, so that a late one never moves a unit back.
func (c *Centre) fix(id ems.UnitID, f ems.Fix, from string, simulated bool) {
	lv := c.unit(id)
	if lv.fix != nil && !f.Taken.After(lv.fix.Taken) {
		return
	}
	v := f.View()
	v.Source, v.Simulated = from, simulated
	if !f.Pos.Valid() { // no place now: the last one stays, with its age, and says why it is old
		if lv.fix == nil {
			return
		}
		v.Pos, v.Taken, v.SpeedKmh, v.CourseDeg = lv.fix.Pos, lv.fix.Taken, nil, nil
	}
	lv.fix = &v
	if f.Pos.Valid() {
		c.ways.moved(id, v)
		c.follow(id, v)
		c.stands(id, v, now())
	}
	c.dirty[unitRef(id)] = true
}

// reading takes one number: only a newer one is shown.
func (c *Centre) reading(id ems.UnitID, r ems.Reading, patient ems.PatientID, from string, simulated bool) {
	lv := c.unit(id)
	key := string(r.Device) + "/" + string(r.Channel)
	old, known := lv.readings[key]
	if known && !r.Taken.After(old.Taken) && !(r.Taken.Equal(old.Taken) && from == sourceLive) || !known && len(lv.readings) >= maxKeys {
		return
	}
	v := vitals.View(r, id, patient, simulated)
	v.Source = from
	key = string(id) + "/" + key
	if known && old.Patient != patient {
		c.unbindReading(key, old)
	}
	lv.readings[string(r.Device)+"/"+string(r.Channel)] = v
	op := webfeed.Set("readings", key, v)
	c.hub.Publish(consoleTopic, op)
	if patient == "" {
		return // 未归属: to no hospital (CLN-006)
	}
	if c.byPat[patient] == nil {
		c.byPat[patient] = map[string]ems.ReadingView{}
	}
	c.byPat[patient][key] = v
	for h, hv := range c.views {
		if hv.patients[patient] {
			hv.sent["readings"][key] = op.V
			c.hub.Publish(hospitalTopic(h), op)
		}
	}
}

// unbindReading takes a value from the patient it was of, and from the hospitals that saw it so.
func (c *Centre) unbindReading(key string, old ems.ReadingView) {
	delete(c.byPat[old.Patient], key)
	if len(c.byPat[old.Patient]) == 0 {
		delete(c.byPat, old.Patient)
	}
	for h, hv := range c.views {
		if _, had := hv.sent["readings"][key]; had {
			delete(hv.sent["readings"], key)
			c.hub.Publish(hospitalTopic(h), webfeed.Delete("readings", key))
		}
	}
}

// slotKey is one run of one wave for one patient.
type slotKey struct {
	unit    ems.UnitID
	device  ems.DeviceID
	stream  string
	lead    ems.Channel
	patient ems.PatientID
}

type slot struct {
	wire.WaveSlot
	next uint64 // counter of the sample that follows
	seq  uint32
	at   time.Time
}

type slotTable struct {
	by   map[slotKey]*slot
	used map[uint16]bool
	last uint16
}

func newSlotTable() slotTable {
	return slotTable{by: map[slotKey]*slot{}, used: map[uint16]bool{}}
}

// slotOf finds the slot of a chunk, or opens one. A new run of the same wave of the unit closes the older one.
func (c *Centre) slotOf(id ems.UnitID, w ems.WaveChunk, patient ems.PatientID, simulated bool) *slot {
	k := slotKey{id, w.Device, w.Stream, w.Leads[0], patient}
	if s := c.slots.by[k]; s != nil && slices.Equal(s.Leads, w.Leads) && s.RateHz == w.RateHz && s.LSBuV == w.LSB*1000 && s.Filter == w.Filter {
		return s
	}
	mine := 0
	for other, s := range c.slots.by {
		switch {
		case other.unit != id:
		case other.device == w.Device && other.lead == w.Leads[0]:
			c.closeSlot(other, s)
		default:
			mine++
		}
	}
	if mine >= maxSlots || len(c.slots.used) >= 1<<16-1 {
		return nil
	}
	for c.slots.last++; c.slots.used[c.slots.last] || c.slots.last == 0; c.slots.last++ {
	}
	s := &slot{next: w.Counter, WaveSlot: wire.WaveSlot{Slot: c.slots.last, Patient: patient, Unit: id, Device: w.Device, Stream: w.Stream,
		Kind: wire.WaveKindOf(w.Leads[0]), Leads: slices.Clone(w.Leads), RateHz: w.RateHz, LSBuV: w.LSB * 1000, Filter: w.Filter,
		Simulated: simulated, Demo: w.Demo}}
	c.slots.by[k], c.slots.used[s.Slot] = s, true
	op := webfeed.Set("slots", strconv.Itoa(int(s.Slot)), s.WaveSlot)
	c.hub.Publish(consoleTopic, op)
	c.hub.Publish(wavesTopic(id), op)
	for h, hv := range c.views {
		if hv.patients[patient] {
			hv.sent["slots"][op.K] = op.V
			c.hub.Publish(hospitalTopic(h), op)
		}
	}
	return s
}

func (c *Centre) closeSlot(k slotKey, s *slot) {
	delete(c.slots.by, k)
	delete(c.slots.used, s.Slot)
	op := webfeed.Delete("slots", strconv.Itoa(int(s.Slot)))
	c.hub.Publish(consoleTopic, op)
	c.hub.Publish(wavesTopic(k.unit), op)
	for h, hv := range c.views {
		if _, had := hv.sent["slots"][op.K]; had {
			delete(hv.sent["slots"], op.K)
			c.hub.Publish(hospitalTopic(h), op)
		}
	}
}

// wave sends a run of samples to whoever looks. What is back-filled closes gaps of screens that show the last minutes; older waves
// are asked for by the API. A hole in the counters is said, never closed by invention (DLV-004).
func (c *Centre) wave(id ems.UnitID, w ems.WaveChunk, patient ems.PatientID, live bool, t time.Time, simulated bool) {
	if !live && t.Sub(w.Taken) > fillRecent {
		return
	}
	s := c.slotOf(id, w, patient, simulated)
	if s == nil {
		return
	}
	f := wire.WaveFrameOf(w)
	f.Slot, f.Simulated, f.Unbound, f.Live, f.Backfilled = s.Slot, simulated, patient == "", live, !live
	if live {
		f.Gap = w.Counter > s.next
		s.next = max(s.next, w.Counter+uint64(w.Len()))
	}
	s.at = t
	var to []string
	if name := wavesTopic(id); c.hub.Followed(name) {
		to = append(to, name)
	}
	if patient != "" {
		for h, hv := range c.views {
			if hv.patients[patient] && c.hub.Followed(hospitalTopic(h)) {
				to = append(to, hospitalTopic(h))
			}
		}
	}
	if len(to) == 0 {
		return
	}
	s.seq++
	f.Seq = s.seq
	b, err := f.Append(nil)
	if err != nil {
		c.count.garbage.Add(1)
		return
	}
	for _, name := range to {
		c.hub.PublishWave(name, b)
	}
}
