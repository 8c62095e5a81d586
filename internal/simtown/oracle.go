package simtown

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/spool"
	"lifeline120/internal/store"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// oracle writes down what people did and what devices said, at the vehicles, and watches everything that is claimed of it.
type oracle struct {
	town *Town

	mu       sync.Mutex
	faults   []string
	presses  map[string]*press // by alarm.Key
	stored   map[string]bool   // presses in the journal as it stands now, by alarm.Key
	ever     map[string]bool   // presses that were in the journal at any time
	given    map[wire.Identity]*given
	touches  map[ems.UnitID][]touch
	measured map[string]*series // by unit/device/stream/lead
	backups  []time.Time        // what was stored after the first and before the second of a pair was taken from the store
	binds    map[string][]span  // what was bound to whom: unit/device
	cutSince map[ems.UnitID]time.Time
	seenAt   map[ems.HospitalID]map[ems.PatientID][]time.Time // of a patient's readings at a hospital
	sounded  map[ems.OrderID]bool
	steps    map[ems.UnitID][]time.Time // of the clock
	boots    map[ems.UnitID][]time.Time
	tunnel   map[ems.UnitID]time.Time                 // since when a receiver has no fix
	probes   map[string]map[simdevice.Fault]time.Time // faults of a monitor, since when: unit/device
	garbled  map[string]bool                          // monitors whose line ever turned bits: unit/device
	unheard  map[string]time.Time                     // since when nothing of a device reaches its vehicle: unit/device
	ways     map[ems.UnitID][]wayPoint
	shown    *shownConsole
	astray   map[ems.UnitID]int // how many faults make a receiver say another place than the true one
	astrayBy map[ems.UnitID]map[simdevice.ReceiverFault]bool

	questions  map[int64]question             // by when they were asked, in ns
	answers    map[string]wire.Recommendation // as a desk was given them
	answeredAt map[string]time.Time
	choices    map[string]*choice // by the id of the act
	reasons    map[ems.MissionID]time.Time
	lagging    *laggard
	cameLive   map[string]time.Time // newest value of a reading's key that came live
	report     Report
}

// press is one press that somebody made.
type press struct {
	kind       ems.AlarmKind
	source, id string
	made       time.Time
	answered   time.Time // zero: nobody has said that it is taken
}

// given is an identity that a spool has handed out.
type given struct {
	digests [][32]byte
	at      time.Time
	press   string   // by alarm.Key, when it is one
	alarm   [32]byte // digest of the press
	touch   string   // its id, when it is the touch of a node
	durable bool     // on the vehicle's disk when it was handed out
	excused bool     // the disk it was on is gone
}

// touch is one touch of a node.
type touch struct {
	id      string
	mission ems.MissionID
	node    ems.Node
	at      time.Time // true time
	given   time.Time // when the vehicle took it from a tablet; zero: as it was touched
}

// taken is when the vehicle had it.
func (t touch) taken() time.Time {
	if t.given.IsZero() {
		return t.at
	}
	return t.given
}

type span struct {
	patient  ems.PatientID
	from, to time.Time
	unsafe   bool // its end was not on the disk when it was made: a crash may take it back
}

// series is what a lead measured, by counter.
type series struct {
	base uint64
	at   []int64 // true time at which it was measured, µs; 0: never
	v    []int16
}

func newOracle(w *Town) *oracle {
	return &oracle{town: w, presses: map[string]*press{}, stored: map[string]bool{}, ever: map[string]bool{}, given: map[wire.Identity]*given{},
		touches: map[ems.UnitID][]touch{}, measured: map[string]*series{}, binds: map[string][]span{}, cutSince: map[ems.UnitID]time.Time{},
		seenAt: map[ems.HospitalID]map[ems.PatientID][]time.Time{}, sounded: map[ems.OrderID]bool{}, steps: map[ems.UnitID][]time.Time{},
		boots: map[ems.UnitID][]time.Time{}, tunnel: map[ems.UnitID]time.Time{},
		probes: map[string]map[simdevice.Fault]time.Time{}, garbled: map[string]bool{}, unheard: map[string]time.Time{},
		ways: map[ems.UnitID][]wayPoint{}, shown: newShownConsole(), astray: map[ems.UnitID]int{}, astrayBy: map[ems.UnitID]map[simdevice.ReceiverFault]bool{}, questions: map[int64]question{}, answers: map[string]wire.Recommendation{},
		answeredAt: map[string]time.Time{}, choices: map[string]*choice{}, cameLive: map[string]time.Time{}, reasons: map[ems.MissionID]time.Time{}}
}

// maxFaults bounds what is said of one run: the first are what matters.
const maxFaults = 12

// broken writes down a broken rule.
func (o *oracle) broken(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.brokenLocked(format, args...)
}

func (o *oracle) brokenLocked(format string, args ...any) {
	if len(o.faults) < maxFaults {
		o.faults = append(o.faults, fmt.Sprintf("%8.3f s: ", time.Since(o.town.began).Seconds())+fmt.Sprintf(format, args...))
	}
}

func (o *oracle) reads(b []byte, v any) bool {
	if err := json.Unmarshal(b, v); err != nil {
		o.broken("an answer cannot be read: %v: %s", err, b)
		return false
	}
	return true
}

// count adds to the report.
func (o *oracle) count(f func(*Report)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f(&o.report)
}

// pressing: a key was pressed; pressed: somebody has answered that it is taken.
func (o *oracle) pressing(k ems.AlarmKind, source, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := alarm.Key(k, source, id)
	if o.presses[key] == nil {
		o.presses[key] = &press{kind: k, source: source, id: id, made: now()}
		o.report.Presses++
	}
}

func (o *oracle) pressed(k ems.AlarmKind, source, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.presses[alarm.Key(k, source, id)]
	if p.answered.IsZero() {
		p.answered = now()
	}
	o.look("ALM-001", "ALM-003")
	if k == ems.CallerAlarm && !o.stored[alarm.Key(k, source, id)] {
		o.brokenLocked("ALM-003, DLV-006: the page was answered for %s, and the journal does not hold it", id)
	}
}

func (o *oracle) touched(v *vehicle, t touch) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.touches[v.unit.ID] = append(o.touches[v.unit.ID], t)
}

// tapSpool writes down every identity that a spool hands out.
type tapSpool struct {
	spool.Spool
	v *vehicle
	p *process
}

// Put is the spool's, with its answer written down. The disk takes its time, a little more or less: what happens at one instant would
// happen in any order.
func (s tapSpool) Put(ctx context.Context, items []wire.Item, keep map[string][]byte) ([]wire.Record, error) {
	s.v.mu.Lock()
	wait := between(s.v.busy, time.Microsecond, 300*time.Microsecond)
	s.v.mu.Unlock()
	time.Sleep(wait)
	recs, err := s.Spool.Put(ctx, items, keep)
	if !s.p.dead.Load() {
		s.v.town.oracle.handed(s.v.unit.ID, recs, err == nil)
	}
	return recs, err
}

func (o *oracle) handed(u ems.UnitID, recs []wire.Record, durable bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range recs {
		o.look("DLV-002")
		id := wire.Identity{Unit: u, Epoch: r.Epoch, Lane: r.Lane, Seq: r.Seq}
		env := wire.Seal(u, r, wire.Sending{})
		d := wire.Digest(env)
		g := o.given[id]
		if g == nil {
			g = &given{at: now()}
			o.given[id] = g
			o.report.Records++
		} else if !g.excused {
			o.brokenLocked("DLV-002: %s gave out %s/%d of epoch %s twice", u, wire.LaneName(r.Lane), r.Seq, r.Epoch)
		}
		g.digests, g.durable = append(g.digests, d), durable && r.Lane == pb.Lane_LANE_URGENT
		if r.Kind == pb.Kind_KIND_ALARM {
			if b, err := wire.Body(env); err == nil {
				g.alarm = d
				o.placed(u, b.(*pb.Alarm))
				g.press = alarm.Key(ems.CrewSOS, string(u), b.(*pb.Alarm).PressId)
			}
		}
		if r.Kind == pb.Kind_KIND_NODE {
			if b, err := wire.Body(env); err == nil {
				g.touch = b.(*pb.Node).Id
			}
		}
		if r.Kind == pb.Kind_KIND_READINGS {
			if b, err := wire.Body(env); err == nil {
				o.read(u, b.(*pb.Readings))
			}
		}
		if r.Kind == pb.Kind_KIND_BINDING {
			if b, err := wire.Body(env); err == nil {
				o.bound(u, b.(*pb.Binding), durable)
			}
		}
	}
}

// receiver is told of a fault of a receiver.
func (o *oracle) receiver(u ems.UnitID, f simdevice.ReceiverFault, on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.receiverAstray(u, f, on)
	switch {
	case f != simdevice.FixLost:
	case !on:
		delete(o.tunnel, u)
	case o.tunnel[u].IsZero():
		o.tunnel[u] = now()
	}
}

// probe is told of a fault of a monitor.
func (o *oracle) probe(u ems.UnitID, d ems.DeviceID, f simdevice.Fault, on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := string(u) + "/" + string(d)
	if o.probes[key] == nil {
		o.probes[key] = map[simdevice.Fault]time.Time{}
	}
	if _, is := o.probes[key][f]; !on {
		delete(o.probes[key], f)
	} else if !is {
		o.probes[key][f] = now()
	}
	if on && (f == simdevice.FlipBits || f == simdevice.DropBytes) {
		o.garbled[key] = true
	}
}

// read looks at what a monitor is said to have measured: while its probe is off it has no value of it (CLN-005). A line that turns bits
// may say anything.
func (o *oracle) read(u ems.UnitID, m *pb.Readings) {
	for _, r := range m.Readings {
		faults := o.probes[string(u)+"/"+r.Device]
		if _, is := faults[simdevice.FlipBits]; is {
			continue
		}
		if _, is := faults[simdevice.DropBytes]; is {
			continue
		}
		for _, f := range []simdevice.Fault{simdevice.FingerOff, simdevice.ProbeUnplugged} {
			since, off := faults[f]
			if !off {
				continue
			}
			o.look("CLN-005")
			at := time.UnixMicro(r.TakenUs).Add(now().Sub(o.wallOf(u)))
			if c := ems.Channel(r.Channel); (c == ems.SpO2 || c == ems.PulseRate) && (r.Quality == ems.Good.String() || r.Quality == ems.Questioned.String()) && at.After(since.Add(lineDelay)) {
				o.brokenLocked("CLN-005: the probe of %s is off since %v, and %s is %v", u, since.Sub(o.town.began), r.Channel, r.Value)
			}
		}
	}
}

// lineDelay is how long a fix may be on its way from the receiver to an alarm: it says a second at its end, which is held 1.5 s.
const lineDelay = 4 * time.Second

// placed looks at the place that a press carries: without a fix it is the last one, with its time, and never one of now (ALM-002).
func (o *oracle) placed(u ems.UnitID, a *pb.Alarm) {
	since, tunnel := o.tunnel[u]
	if !tunnel || a.Place == nil || !a.Place.Known {
		return
	}
	o.look("ALM-002")
	at := time.UnixMicro(a.Place.AtUs).Add(now().Sub(o.wallOf(u)))
	if at.After(since.Add(lineDelay)) {
		o.brokenLocked("ALM-002: %s has no fix since %v, and press %s carries a place of %v later", u, since.Sub(o.town.began), a.PressId, at.Sub(since))
	}
	if age := now().Sub(at); age > lineDelay && a.By == "tablet" && a.Place.Source == "gps" {
		o.brokenLocked("ALM-002: the place of press %s is %v old and is called a fix", a.PressId, age)
	}
}

func (o *oracle) wallOf(u ems.UnitID) time.Time {
	for _, v := range o.town.units {
		if v.unit.ID == u {
			return v.wall()
		}
	}
	return now()
}

func (o *oracle) bound(u ems.UnitID, b *pb.Binding, durable bool) {
	key := string(u) + "/" + b.Device
	if n := len(o.binds[key]); n > 0 && o.binds[key][n-1].to.IsZero() {
		o.binds[key][n-1].to, o.binds[key][n-1].unsafe = now(), !durable
	}
	if b.Bound {
		o.binds[key] = append(o.binds[key], span{patient: ems.PatientID(b.Patient), from: now()})
	}
}

// stepped is told of a clock that was turned, booted of a computer that starts.
func (o *oracle) stepped(u ems.UnitID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.report.Steps++
	o.steps[u] = append(o.steps[u], now())
}

func (o *oracle) booted(u ems.UnitID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.boots[u] = append(o.boots[u], now())
}

// clockLost says that a clock was turned and the computer started again after a time: the clock by which it was told is known to nobody.
func (o *oracle) clockLost(u ems.UnitID, at time.Time) bool {
	after := func(ts []time.Time) bool { return len(ts) > 0 && ts[len(ts)-1].After(at) }
	return after(o.steps[u]) && after(o.boots[u])
}

// crashed is told of a vehicle that lost its power.
func (o *oracle) crashed(v *vehicle) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.report.Crashes++
	o.reopen(v, func(s span) bool { return s.unsafe })
}

// reopen takes back ends of bindings that a disk has lost.
func (o *oracle) reopen(v *vehicle, lost func(span) bool) {
	for _, d := range v.monitors() {
		spans := o.binds[string(v.unit.ID)+"/"+string(d)]
		for i := range spans {
			if !spans[i].to.IsZero() && lost(spans[i]) {
				spans[i].to = time.Time{}
			}
		}
	}
}

// rolledBack: an older image of a vehicle's disk was put back. What it handed out since is gone with the disk unless it was sent.
func (o *oracle) rolledBack(v *vehicle, image time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	image = image.Add(-2 * spool.CommitEvery) // what was numbered, and not yet on the disk that was copied
	for id, g := range o.given {
		if id.Unit == v.unit.ID && g.at.After(image) {
			g.excused = true
		}
	}
	o.reopen(v, func(s span) bool { return s.to.After(image) })
}

// tapStore writes down what is durable at the instant at which it is.
type tapStore struct {
	store.Store
	o *oracle
}

// Append is the store's, with what it made durable written down.
func (s *tapStore) Append(ctx context.Context, entries []store.Entry) ([]store.Result, error) {
	r, err := s.Store.Append(ctx, entries)
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	for _, x := range r {
		s.o.durable(x.Events)
	}
	if errors.Is(err, store.ErrUncertain) { // stored, and the answer lost
		for _, e := range entries {
			s.o.durable(e.Events)
		}
	}
	return r, err
}

func (o *oracle) durable(events []journal.Event) {
	for _, e := range events {
		if key, ok := pressOf(e); ok {
			o.stored[key], o.ever[key] = true, true
		}
	}
}

// raised has what the oracle reads of alarm events.
type raised struct {
	ID      ems.AlarmID   `json:"id"`
	Kind    ems.AlarmKind `json:"kind"`
	Source  string        `json:"source"`
	PressID string        `json:"press_id"`
}

// pressOf gives the press that an event is of: raised alarms say whose it is, further presses carry the name of the presser in theirs.
func pressOf(e journal.Event) (string, bool) {
	var b raised
	switch desk.Type(e.Type) {
	case desk.TypeAlarmRaised, desk.TypeAlarmPressed:
		if json.Unmarshal(e.Body, &b) != nil {
			return "", false
		}
	default:
		return "", false
	}
	kind, source := ems.CallerAlarm, sourceOf(b.PressID)
	switch {
	case b.Kind == ems.TechAlarm || len(b.PressID) < 4 || b.PressID[:4] != "sos-" && b.PressID[:4] != "phon":
		return "", false
	case b.PressID[:4] == "sos-":
		kind = ems.CrewSOS
	}
	if b.Source != "" && b.Source != source {
		return "", false // not of this town's people
	}
	return alarm.Key(kind, source, b.PressID), true
}

// reopened is told of a store that was opened: what it holds is what is stored.
func (o *oracle) reopened(s store.Store) {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.stored)
	for after := uint64(0); ; {
		page, err := s.Read(context.Background(), after, store.MaxRead)
		if err != nil || len(page) == 0 {
			return
		}
		o.durable(page)
		after = page[len(page)-1].Seq
	}
}

// labelled are the collections of which everything in a demo, or from a simulated device, says so (SCR-003).
var labelled = []string{"alarms", "incidents", "missions", "orders", "notices", "patients", "units", "readings", "notes", "slots", "recommendations",
	"hospitals", "stations", "fix"}

// claims checks what every screen must say.
func (o *oracle) claims(name string, op wire.Op, v any) bool {
	if op.V == nil {
		return false
	}
	if err := json.Unmarshal(op.V, v); err != nil {
		o.brokenLocked("%s: %s/%s cannot be read: %v", name, op.C, op.K, err)
		return false
	}
	return true
}

func (o *oracle) label(name string, op wire.Op) {
	if op.V != nil {
		o.utc(name, op.V)
	}
	if op.V == nil || !slices.Contains(labelled, op.C) || name == "terminal" && (op.C == "alarms" || op.C == "hospitals") {
		return
	}
	o.look("SCR-003")
	var s struct {
		Simulated bool `json:"simulated"`
	}
	if json.Unmarshal(op.V, &s) != nil || !s.Simulated {
		o.brokenLocked("SCR-003: %s shows %s/%s without saying that it is simulated: %s", name, op.C, op.K, op.V)
	}
}

// console watches the desks' screen.
func (o *oracle) console() watcher {
	shown := newShownConsole()
	o.mu.Lock()
	o.shown = shown // of this life of the dispatcher
	o.mu.Unlock()
	return watcher{name: "console", op: func(at time.Time, s *screen, op wire.Op) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.label("console", op)
		switch op.C {
		case "alarms":
			a, ok := keep(o, shown.alarms, op)
			if !ok {
				return
			}
			o.look("DLV-006")
			if key := alarm.Key(a.Kind, a.Source, a.PressID); !a.Unrecorded && a.Kind != ems.TechAlarm && !o.stored[key] {
				o.brokenLocked("DLV-006: the console shows alarm %s as recorded, and the journal does not hold its press %s", a.ID, a.PressID)
			}
		case "readings":
			var r ems.ReadingView
			if o.claims("console", op, &r) {
				o.live("console", at, r.Unit, r.Source, r.Taken)
				if r.Source == "live" {
					o.cameLive[op.K] = r.Taken
				}
				o.aged("console", at, r)
			}
		case "units":
			if u, ok := keep(o, shown.units, op); ok && u.Fix != nil {
				o.live("console", at, u.ID, "", u.Fix.Taken)
				o.placedOnWay(at, u)
				shown.doubt(at, u)
			}
		case "missions":
			keep(o, shown.missions, op)
		case "groups":
			if g, ok := keep(o, shown.groups, op); ok {
				o.grouped(shown, g)
			}
		}
	}}
}

// liveMost is how old a value labelled live may be: the dispatcher's limit, and what clocks may be wrong.
const liveMost = 10*time.Second + 6*time.Second

// live checks that nothing re-sent is labelled live (SCR-002).
func (o *oracle) live(name string, at time.Time, u ems.UnitID, source string, taken time.Time) {
	o.look("TIM-001")
	if taken.After(at.Add(6 * time.Second)) {
		o.brokenLocked("TIM-001: %s shows a value of %s taken %v in the future", name, u, taken.Sub(at))
	}
	if source != "live" {
		return
	}
	o.look("SCR-002")
	if age := at.Sub(taken); age > liveMost {
		o.brokenLocked("SCR-002: %s shows a value of %s as live that is %v old", name, u, age)
	}
}

// strip watches the waves of one unit at the console.
func (o *oracle) strip(u ems.UnitID) watcher {
	return watcher{name: "waves:" + string(u), op: func(_ time.Time, _ *screen, op wire.Op) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.label("waves:"+string(u), op)
	}, wave: o.waves("waves:" + string(u))}
}

// waves checks wave frames against what was measured in the vehicle.
func (o *oracle) waves(name string) func(time.Time, *screen, wire.WaveFrame) {
	type place struct {
		stream  string
		next    uint64
		born    int
		skipped uint64    // waves that the feed left out for screens that lag: their counters show it, and no flag can
		since   time.Time // a screen may begin with a frame that was overtaken before it looked
	}
	next := map[uint16]place{}
	return func(at time.Time, s *screen, f wire.WaveFrame) {
		o.mu.Lock()
		defer o.mu.Unlock()
		slot, ok := s.slot(f.Slot)
		if !ok {
			o.brokenLocked("%s: a frame of slot %d comes before its slot", name, f.Slot)
			return
		}
		if f.Live == f.Backfilled || !f.Simulated || f.Unbound != (slot.Patient == "") {
			o.brokenLocked("SCR-002, SCR-003: %s: flags of a frame of %s: live %v, back-filled %v, simulated %v, unbound %v", name, slot.Unit, f.Live,
				f.Backfilled, f.Simulated, f.Unbound)
		}
		o.look("DLV-004", "SCR-002", "SCR-003")
		n := uint64(len(f.Samples[0]))
		key := string(slot.Unit) + "/" + string(slot.Device) + "/" + string(slot.Leads[0])
		skipped := s.hub.Stats().WaveSkipped
		if p := next[f.Slot]; f.Live {
			if p.stream == slot.Stream && p.born == s.born[f.Slot] && p.skipped == skipped && at.Sub(p.since) > 5*time.Second && f.Counter > p.next && !f.Gap {
				o.brokenLocked("DLV-004: %s: samples %d to %d of %s are missing, and the frame after them does not say so", name, p.next, f.Counter-1, key)
			}
			if p.stream != slot.Stream || p.born != s.born[f.Slot] || f.Counter+n > p.next {
				if p.stream != slot.Stream || p.born != s.born[f.Slot] {
					p.since = at
				}
				next[f.Slot] = place{slot.Stream, f.Counter + n, s.born[f.Slot], skipped, p.since}
			}
		}
		for l, lead := range slot.Leads {
			m := o.measured[seriesKey(slot, lead)]
			if m == nil {
				o.brokenLocked("DLV-004: %s shows %s of %s stream %s, which nobody measured", name, lead, slot.Unit, slot.Stream)
				return
			}
			for i, v := range f.Samples[l] {
				want, when, ok := m.get(f.Counter + uint64(i))
				if !ok || want != v {
					o.brokenLocked("DLV-004: %s shows %d as sample %d of %s, measured was %d (%v)", name, v, f.Counter+uint64(i), lead, want, ok)
					return
				}
				if age := at.Sub(when); f.Live && age > liveMost {
					o.brokenLocked("SCR-002: %s shows a wave of %s as live that is %v old", name, slot.Unit, age)
					return
				}
			}
		}
	}
}

func seriesKey(s wire.WaveSlot, lead ems.Channel) string {
	return string(s.Unit) + "/" + string(s.Device) + "/" + s.Stream + "/" + string(lead)
}

func (s *series) put(at time.Time, counter uint64, v []int16) {
	if len(s.v) == 0 {
		s.base = counter
	}
	if counter < s.base {
		return
	}
	end := int(counter-s.base) + len(v)
	for len(s.v) < end {
		s.v, s.at = append(s.v, 0), append(s.at, 0)
	}
	copy(s.v[counter-s.base:], v)
	for i := range v {
		s.at[int(counter-s.base)+i] = at.UnixMicro()
	}
}

func (s *series) get(counter uint64) (v int16, at time.Time, ok bool) {
	if counter < s.base || counter-s.base >= uint64(len(s.v)) || s.at[counter-s.base] == 0 {
		return 0, at, false
	}
	return s.v[counter-s.base], time.UnixMicro(s.at[counter-s.base]), true
}

// terminal watches a vehicle's own screen: it is the witness of what was measured, and of the lamp.
func (o *oracle) terminal(v *vehicle, p *process) watcher {
	return watcher{name: "terminal", op: func(at time.Time, s *screen, op wire.Op) {
		if p.dead.Load() {
			return
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.label("terminal", op)
		switch op.C {
		case "readings":
			var r ems.ReadingView
			if o.claims("terminal", op, &r) {
				o.aged("terminal", at, r)
			}
		case "alarms":
			var a wire.TerminalAlarm
			if !o.claims("terminal", op, &a) || a.Lamp != "received" {
				return
			}
			o.look("ALM-003")
			if !o.ever[alarm.Key(ems.CrewSOS, string(v.unit.ID), a.PressID)] {
				o.brokenLocked("ALM-003: the lamp of %s is lit for press %s, which the journal never held", v.unit.ID, a.PressID)
			}
		case "orders":
			var r ems.Order
			if o.claims("terminal", op, &r) && r.State == ems.OrderDelivered && !o.sounded[r.ID] {
				o.sounded[r.ID] = true
				o.look("DLV-005")
				if late := at.Sub(r.ValidUntil); late > 6*time.Second {
					o.brokenLocked("DLV-005: order %s sounds in %s %v after its validity", r.ID, v.unit.ID, late)
				}
			}
		}
	}, wave: func(at time.Time, s *screen, f wire.WaveFrame) {
		o.mu.Lock()
		defer o.mu.Unlock()
		slot, ok := s.slot(f.Slot)
		if !ok {
			o.brokenLocked("terminal of %s: a frame of slot %d comes before its slot", v.unit.ID, f.Slot)
			return
		}
		for l, lead := range slot.Leads {
			key := seriesKey(slot, lead)
			if o.measured[key] == nil {
				o.measured[key] = &series{}
			}
			o.measured[key].put(at, f.Counter, f.Samples[l])
		}
	}}
}

// bindSlack is by how much the edges of a binding may differ when clocks were measured over a slow link.
const bindSlack = 6 * time.Second

// hospital watches the screen of one hospital: nothing but its own patients, and only what was bound to them (SCR-004, CLN-006).
func (o *oracle) hospital(h ems.HospitalID) watcher {
	name := "hospital:" + string(h)
	waves := o.waves(name)
	return watcher{name: name, op: func(at time.Time, s *screen, op wire.Op) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.label(name, op)
		switch op.C {
		case "readings":
			var r ems.ReadingView
			if !o.claims(name, op, &r) {
				return
			}
			if !r.Taken.Equal(o.cameLive[op.K]) { // a hospital that is told of a patient later is shown what came live before, with its age
				o.live(name, at, r.Unit, r.Source, r.Taken)
			}
			o.aged(name, at, r)
			o.ownPatient(name, s, r.Patient)
			o.wasBound(name, string(r.Unit)+"/"+string(r.Device), r.Patient, r.Taken)
			if o.seenAt[h] == nil {
				o.seenAt[h] = map[ems.PatientID][]time.Time{}
			}
			o.seenAt[h][r.Patient] = append(o.seenAt[h][r.Patient], at)
		case "slots":
			var w wire.WaveSlot
			if o.claims(name, op, &w) {
				o.ownPatient(name, s, w.Patient)
			}
		case "notices":
			var n ems.Notice
			if !o.claims(name, op, &n) {
				return
			}
			o.look("SCR-004")
			if n.Hospital != h {
				o.brokenLocked("SCR-004: %s shows notice %s of %s", name, n.ID, n.Hospital)
			}
			if n.State == ems.NoticeWithdrawn && (len(n.Patients) > 0 || n.Text != "") {
				o.brokenLocked("SCR-004: %s shows more than a line of the withdrawn notice %s", name, n.ID)
			}
		}
	}, wave: func(at time.Time, s *screen, f wire.WaveFrame) {
		waves(at, s, f)
		if slot, ok := s.slot(f.Slot); ok {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.ownPatient(name, s, slot.Patient)
			o.wasBound(name, string(slot.Unit)+"/"+string(slot.Device), slot.Patient, time.UnixMicro(f.T0Us))
		}
	}}
}

// ownPatient checks that the hospital was told of a patient by a notice that stands.
func (o *oracle) ownPatient(name string, s *screen, p ems.PatientID) {
	o.look("SCR-004")
	if p == "" {
		o.brokenLocked("CLN-006: %s shows a value of nobody", name)
		return
	}
	if _, shown := s.values["patients"][string(p)]; !shown {
		o.brokenLocked("SCR-004: %s shows a value of %s, a patient that it does not show", name, p)
	}
}

// wasBound checks that the device was bound to the patient when it measured.
func (o *oracle) wasBound(name, device string, p ems.PatientID, at time.Time) {
	o.look("CLN-006")
	unit, _, _ := strings.Cut(device, "/")
	lost := o.clockLost(ems.UnitID(unit), o.town.began) // what an earlier boot measured before the step is told by a clock that is gone
	for _, s := range o.binds[device] {
		if s.patient == p && lost {
			return
		}
		if s.patient == p && !at.Before(s.from.Add(-bindSlack)) && (s.to.IsZero() || !at.After(s.to.Add(bindSlack))) {
			return
		}
	}
	o.brokenLocked("CLN-006: %s shows a value of %s by %s taken at %s, when it was not bound: %v", name, p, device, at.Format(time.TimeOnly), o.binds[device])
}

// watch looks at the desk's state every second: what time demands must have happened (ALM-005), and no unit is sent twice.
func (o *oracle) watch(ctx context.Context) {
	for o.town.wait(ctx, time.Second+7*time.Microsecond) {
		since, well := o.town.centre.well()
		if !well || time.Since(since) < 3*time.Second {
			continue
		}
		t := now()
		o.town.centre.look(func(s *desk.State) {
			if _, still := o.town.centre.well(); !still || time.Since(t) > 500*time.Millisecond {
				return
			}
			o.overdue(s, now())
			o.notices(s)
		})
	}
}

// late is how much later than the rule says an alarm may escalate.
const late = 1500 * time.Millisecond

func (o *oracle) overdue(s *desk.State, t time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	supervisor := false
	for _, d := range s.Desks {
		supervisor = supervisor || d.By != "" && d.Role == "supervisor"
	}
	for id, a := range s.Alarms {
		o.look("ALM-005")
		age := t.Sub(a.Since)
		switch a.State {
		case ems.AlarmStored:
			if !a.Sounding {
				o.brokenLocked("ALM-005: alarm %s is not acknowledged and does not sound", id)
			}
			if age > 15*time.Second+late && a.Reach == ems.ReachOwner {
				o.brokenLocked("ALM-005: alarm %s unacknowledged for %v has not reached every desk", id, age)
			}
			if age > 30*time.Second+late && (a.Reach == ems.ReachDesks || a.Reach == ems.ReachSupervisor && !supervisor) {
				o.brokenLocked("ALM-005: alarm %s unacknowledged for %v reaches only %s (supervisor: %v)", id, age, a.Reach, supervisor)
			}
		case ems.AlarmAcknowledged:
			if a.AckBy == "" || a.AckAt == nil {
				o.brokenLocked("ALM-005: alarm %s is acknowledged by nobody", id)
				continue
			}
			held := t.Sub(*a.AckAt)
			if held > 60*time.Second+late && !a.Sounding {
				o.brokenLocked("ALM-005: alarm %s acknowledged for %v and not handled does not sound again", id, held)
			}
			if held > 120*time.Second+late && a.Reach == ems.ReachOwner {
				o.brokenLocked("ALM-005: alarm %s acknowledged for %v and not handled has not reached every desk", id, held)
			}
		case ems.AlarmHandled:
			if a.Sounding {
				o.brokenLocked("ALM-005: alarm %s is handled and sounds", id)
			}
		}
	}
	o.reached(s, t)
	o.foretold(t)
	busy := map[ems.UnitID]ems.MissionID{}
	for id, m := range s.Missions {
		if m.Ended != nil {
			continue
		}
		if other, twice := busy[m.Unit]; twice {
			o.brokenLocked("unit %s is on missions %s and %s", m.Unit, other, id)
		}
		busy[m.Unit] = id
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// sourceOf takes the source out of the name of a press of this town: sos-u1-7 and phone-3-0.
func sourceOf(press string) string {
	for i := len(press) - 1; i > 0; i-- {
		if press[i] == '-' {
			press = press[:i]
			break
		}
	}
	if len(press) > 4 && press[:4] == "sos-" {
		return press[4:]
	}
	return press
}
