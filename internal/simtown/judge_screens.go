package simtown

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/store"
	"lifeline120/internal/wire"
)

// judged are the rules that every run is held against, in the order of docs/rules.md. docs/proof.md has them with what is looked at, and the
// others with why not.
var judged = [...]string{"DLV-001", "DLV-002", "DLV-004", "DLV-005", "DLV-006", "DLV-007", "ALM-001", "ALM-002", "ALM-003", "ALM-004", "ALM-005",
	"ALM-006", "SCR-001", "SCR-002", "SCR-003", "SCR-004", "SCR-005", "DSP-001", "DSP-002", "DSP-004", "DSP-007", "CLN-004", "CLN-005", "CLN-006",
	"GEO-001", "TIM-001", "TIM-002", "ACC-002", "EVO-001"}

// look counts that a rule was held against something: a check that never meets its case proves nothing.
func (o *oracle) look(rules ...string) {
	for _, r := range rules {
		i := slices.Index(judged[:], r)
		if i < 0 {
			o.brokenLocked("the judge holds runs against %s, which it does not list", r)
			return
		}
		o.report.Looked[i]++
	}
}

// shownConsole is what the desks' screen shows now.
type shownConsole struct {
	alarms   map[ems.AlarmID]ems.Alarm
	groups   map[string]wire.AlarmGroup
	units    map[ems.UnitID]ems.UnitView
	missions map[ems.MissionID]ems.Mission
	doubted  map[ems.UnitID]time.Time // since when the position of a unit is shown as no good one
}

func newShownConsole() *shownConsole {
	return &shownConsole{map[ems.AlarmID]ems.Alarm{}, map[string]wire.AlarmGroup{}, map[ems.UnitID]ems.UnitView{}, map[ems.MissionID]ems.Mission{},
		map[ems.UnitID]time.Time{}}
}

// keep takes one value into a collection of what is shown.
func keep[K ~string, V any](o *oracle, m map[K]V, op wire.Op) (v V, ok bool) {
	if op.V == nil {
		delete(m, K(op.K))
		return v, false
	}
	if ok = o.claims("console", op, &v); ok {
		m[K(op.K)] = v
	}
	return v, ok
}

// sameStreet is how far apart alarms of one line may be (ALM-006), and floodOf how many make one.
const (
	sameStreet = 300
	floodOf    = 3
	reachable  = 3 * time.Second // after its arrival an alarm stands on the screens, and in its line
)

// grouped looks at a line in which a screen shows several alarms: of one source and kind, in one place, and no crew that calls for help (ALM-006).
func (o *oracle) grouped(s *shownConsole, g wire.AlarmGroup) {
	o.look("ALM-006")
	if len(g.Alarms) < floodOf {
		o.brokenLocked("ALM-006: group %s hides %v in one line: that is no flood", g.Key, g.Alarms)
	}
	var members []ems.Alarm
	for _, id := range g.Alarms {
		if a, shown := s.alarms[id]; shown {
			members = append(members, a)
		}
	}
	for i, a := range members {
		if a.Kind == ems.CrewSOS {
			o.brokenLocked("ALM-006: group %s hides the crew's SOS %s of %s", g.Key, a.ID, a.Source)
		}
		for _, b := range members[:i] {
			switch source := (a.Origin != "" && a.Origin == b.Origin) || (a.Origin == "" && b.Origin == "" && a.Source == b.Source); {
			case !source || a.Kind != b.Kind || a.Code != b.Code:
				o.brokenLocked("ALM-006: group %s hides alarm %s of %s behind %s of %s", g.Key, a.ID, a.Source, b.ID, b.Source)
			case (a.Place == nil || a.Place.Pos == nil) != (b.Place == nil || b.Place.Pos == nil):
				o.brokenLocked("ALM-006: group %s has alarm %s, of which no place is known, with %s, which has one", g.Key, a.ID, b.ID)
			case a.Place != nil && a.Place.Pos != nil && metres(*a.Place.Pos, *b.Place.Pos) > sameStreet:
				o.brokenLocked("ALM-006: group %s has alarms %s and %s, %.0f m apart", g.Key, a.ID, b.ID, metres(*a.Place.Pos, *b.Place.Pos))
			}
		}
	}
}

// reached looks at whether each open alarm stands on the desks' screen, in one line and no more, and whether floods are lines (ALM-006).
func (o *oracle) reached(s *desk.State, t time.Time) {
	line := map[ems.AlarmID]string{}
	for _, k := range sortedKeys(o.shown.groups) {
		for _, id := range o.shown.groups[k].Alarms {
			if other, twice := line[id]; twice {
				o.brokenLocked("ALM-006: alarm %s stands in groups %s and %s", id, other, k)
			}
			line[id] = k
			if a := s.Alarms[id]; a != nil && a.HandledAt != nil && t.Sub(*a.HandledAt) > reachable {
				o.brokenLocked("ALM-006: group %s still has alarm %s, which is handled", k, id)
			}
		}
	}
	spots := map[string][]ems.AlarmID{}
	for _, id := range sortedKeys(s.Alarms) {
		a := s.Alarms[id]
		if a.State == ems.AlarmHandled || t.Sub(a.Received) < reachable {
			continue
		}
		o.look("ALM-006")
		if _, shown := o.shown.alarms[id]; !shown {
			o.brokenLocked("ALM-006: alarm %s of %s is open since %v, and the desks' screen does not show it", id, a.Source, t.Sub(a.Received))
		}
		if a.Kind != ems.CrewSOS && a.Place != nil && a.Place.Pos != nil && a.Origin != "" {
			spot := fmt.Sprintf("%s/%s/%v", a.Origin, a.Kind, *a.Place.Pos)
			spots[spot] = append(spots[spot], id)
		}
	}
	for _, spot := range sortedKeys(spots) {
		ids := spots[spot]
		for _, id := range ids {
			if len(ids) >= floodOf && (line[id] == "" || line[id] != line[ids[0]]) {
				o.brokenLocked("ALM-006: alarms %v are a flood from one place, and %s stands in line %q beside %q", ids, id, line[id], line[ids[0]])
				return
			}
		}
	}
}

// hears is told since when nothing of a device reaches its vehicle, or that it does again.
func (o *oracle) hears(u ems.UnitID, d ems.DeviceID, heard bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if key := string(u) + "/" + string(d); heard {
		delete(o.unheard, key)
	} else {
		o.unheard[key] = now()
	}
}

// ages are how old a number may be before a screen shows its age, and before it is gone: docs/limits.md, in the judge's own words.
func ages(c ems.Channel) (stale, gone float64) {
	switch c {
	case ems.NIBPSys, ems.NIBPDia, ems.NIBPMean:
		return 600, 3600
	case ems.Temp1, ems.Temp2:
		return 30, 120
	}
	return 3, 10
}

// aged looks at the age of a number: it says after what time it is old and gone, and does not grow young again while its device is not
// heard (SCR-001). And a number of one monitor is what that monitor measures (CLN-006).
func (o *oracle) aged(name string, at time.Time, r ems.ReadingView) {
	o.look("SCR-001")
	if stale, gone := ages(r.Channel); r.StaleS != stale || r.GoneS != gone {
		o.brokenLocked("SCR-001: %s shows %s as old after %v s and gone after %v s; it is %v s and %v s", name, r.Channel, r.StaleS, r.GoneS, stale, gone)
	}
	key := string(r.Unit) + "/" + string(r.Device)
	if r.Value == nil || o.garbled[key] {
		return
	}
	taken, slack := r.Taken, bindSlack
	if name == "terminal" {
		taken, slack = taken.Add(at.Sub(o.wallOf(r.Unit))), time.Second
	}
	turned := slices.ContainsFunc(o.steps[r.Unit], func(s time.Time) bool { return at.Sub(s) < time.Minute })
	if r.Patient != "" && !turned && (name == "terminal" || name == "console") {
		o.wasBound(name, key, r.Patient, taken)
	}
	if since, not := o.unheard[key]; not && !turned && taken.After(since.Add(slack)) {
		o.brokenLocked("SCR-001: %s shows %s of %s as taken %v after the device was last heard", name, r.Channel, key, taken.Sub(since))
	}
	o.ownValue(name, r)
}

// ownValue looks at whether a number can be of the monitor that is said to have measured it: the two of one unit measure two patients.
func (o *oracle) ownValue(name string, r ems.ReadingView) {
	p, known := patients[r.Device]
	v := o.town.vehicleOf(r.Unit)
	if !known || v == nil || v.second == nil || r.Quality != ems.Good {
		return
	}
	want, slack := 0.0, 0.0
	switch r.Channel {
	case ems.SpO2:
		want, slack = p.SpO2, 6
	case ems.PulseRate:
		want, slack = p.PulseRate, 15
	default:
		return
	}
	o.look("CLN-006")
	if *r.Value < want-slack || *r.Value > want+slack {
		o.brokenLocked("CLN-006: %s shows %s %v of %s of %s, which measures %v", name, r.Channel, *r.Value, r.Device, r.Unit, want)
	}
}

// doubt keeps since when the position of a unit is shown as no good one.
func (s *shownConsole) doubt(at time.Time, u ems.UnitView) {
	if _, is := s.doubted[u.ID]; u.Fix == nil || u.Fix.Quality == ems.Good {
		delete(s.doubted, u.ID)
	} else if !is {
		s.doubted[u.ID] = at
	}
}

// foretold looks at arrivals that the desks' screen foretells: from an old or doubted position none is (SCR-001).
func (o *oracle) foretold(t time.Time) {
	for _, id := range sortedKeys(o.shown.missions) {
		m := o.shown.missions[id]
		if m.ETA == nil {
			continue
		}
		o.look("SCR-001")
		if f := o.shown.units[m.Unit].Fix; f == nil || t.Sub(f.Taken) > 30*time.Second+reachable {
			o.brokenLocked("SCR-001: the console foretells the arrival of %s on %s from no position or an old one: %v", m.Unit, id, f)
		}
		if since, is := o.shown.doubted[m.Unit]; is && t.Sub(since) > reachable {
			o.brokenLocked("SCR-001: the console foretells the arrival of %s on %s from a position that it doubts since %v", m.Unit, id, t.Sub(since))
		}
	}
}

// wayPoint is where a vehicle truly was.
type wayPoint struct {
	at      time.Time
	pos     ems.WGS84
	trouble bool // the receiver says something else
}

// drove is told where a vehicle is: once a second.
func (o *oracle) drove(u ems.UnitID, at time.Time, pos ems.WGS84) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if way := o.ways[u]; len(way) == 0 || at.Sub(way[len(way)-1].at) >= time.Second {
		o.ways[u] = append(way, wayPoint{at, pos, o.astray[u] > 0})
	}
}

// offWay is how far off its way a position may be shown: the receiver's error, and how it drives in the time by which clocks may be wrong.
const offWay = 150

// placedOnWay looks at a position on the desks' screen: it is where the vehicle was, in WGS-84 (GEO-001).
func (o *oracle) placedOnWay(at time.Time, u ems.UnitView) {
	f := u.Fix
	if f == nil || f.Quality != ems.Good || o.clockLost(u.ID, o.town.began) {
		return
	}
	nearest, where := -1.0, wayPoint{}
	for _, p := range o.ways[u.ID] {
		if d := p.at.Sub(f.Taken); d < -30*time.Second || d > 8*time.Second {
			continue
		}
		if p.trouble {
			return
		}
		if m := metres(p.pos, f.Pos); p.at.Sub(f.Taken).Abs() <= 8*time.Second && (nearest < 0 || m < nearest) {
			nearest, where = m, p
		}
	}
	if nearest < 0 {
		return
	}
	o.look("GEO-001")
	if nearest > offWay {
		o.brokenLocked("GEO-001: the console shows %s at %v, %.0f m from its way: at %v it was at %v", u.ID, f.Pos, nearest, where.at.Sub(o.town.began), where.pos)
	}
}

// utc looks at whether what is kept or sent is in UTC (TIM-002): the town's machines stand in Beijing.
func (o *oracle) utc(where string, b []byte) {
	o.look("TIM-002")
	if bytes.Contains(b, []byte("+08:00\"")) {
		o.brokenLocked("TIM-002: %s has a local time: %s", where, b)
	}
}

// kept is the state of the desk at the end of a run.
type kept struct {
	seq  uint64
	body []byte
}

// judgeFold folds the journal from its first event: what the dispatcher knew at the end, after all its lives, is what the journal says (EVO-001).
func (o *oracle) judgeFold(events []journal.Event, end kept, demo bool) {
	if end.body == nil {
		return // something waited for the store to the last; what waits is said elsewhere
	}
	s := desk.New(demo)
	for _, e := range events {
		if e.Seq > end.seq {
			break
		}
		if err := s.Apply(e); err != nil {
			o.brokenLocked("EVO-001: %v", err)
			return
		}
	}
	o.look("EVO-001")
	_, body, ok := s.Snapshot()
	if !ok || !bytes.Equal(body, end.body) {
		o.brokenLocked("EVO-001: the journal folds to another state than the dispatcher had: %s", difference(body, end.body))
	}
}

// difference names the first collection and key in which two states differ.
func difference(a, b []byte) string {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return "one is no object"
	}
	for _, c := range sortedKeys(x) {
		if bytes.Equal(x[c], y[c]) {
			continue
		}
		var p, q map[string]json.RawMessage
		if json.Unmarshal(x[c], &p) != nil || json.Unmarshal(y[c], &q) != nil {
			return fmt.Sprintf("%s: %s and %s", c, x[c], y[c])
		}
		for _, k := range sortedKeys(p) {
			if !bytes.Equal(p[k], q[k]) {
				return fmt.Sprintf("%s/%s: %s and %s", c, k, p[k], q[k])
			}
		}
		return fmt.Sprintf("%s has %d and %d", c, len(p), len(q))
	}
	return "in no collection"
}

// judgeNodes: the nodes of a mission never run backwards, beyond what is uncertain of them (DSP-004).
func (o *oracle) judgeNodes(m ems.MissionID, nodes map[ems.Node]ems.NodeTime) {
	var last *ems.NodeTime
	for _, n := range ems.Nodes {
		t, set := nodes[n]
		if !set {
			continue
		}
		o.look("DSP-004")
		if last != nil && t.At.Add(time.Duration((t.UncertainS+last.UncertainS)*float64(time.Second))).Before(last.At) {
			o.brokenLocked("DSP-004: mission %s has %s at %v, before %s at %v", m, n, t.At.Sub(o.town.began), last.Node, last.At.Sub(o.town.began))
		}
		if t.Reason == "out_of_order" && t.Was == nil {
			o.brokenLocked("DSP-004: mission %s has %s moved into order, and what was said is gone", m, n)
		}
		last = &t
	}
}

// state is the desk's at the end, of what is recorded.
func (w *Town) state() (k kept) {
	w.centre.look(func(s *desk.State) {
		if seq, body, ok := s.Snapshot(); ok {
			k = kept{seq, body}
		}
	})
	return k
}

// receiverAstray is told of a fault in which a receiver says other places than the true one.
func (o *oracle) receiverAstray(u ems.UnitID, f simdevice.ReceiverFault, on bool) {
	if f == simdevice.FixLost {
		return
	}
	if o.astrayBy[u] == nil {
		o.astrayBy[u] = map[simdevice.ReceiverFault]bool{}
	}
	o.astrayBy[u][f] = on
	o.astray[u] = 0
	for _, is := range o.astrayBy[u] {
		if is {
			o.astray[u]++
		}
	}
}

// verified checks the chain of the journal (ACC-002).
func (o *oracle) verified(st store.Store) {
	if _, err := store.Verify(context.Background(), st, nil); err != nil {
		o.broken("ACC-002: %v", err)
	}
	o.count(func(*Report) { o.look("ACC-002") })
}

// lags is told of the console that reads only now and then.
func (o *oracle) lags(l *laggard) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lagging = l
}

// caughtUp looks at whether a console that was cut off and came back shows what all show (SCR-005).
func (w *Town) caughtUp() {
	o := w.oracle
	o.mu.Lock()
	l := o.lagging
	o.mu.Unlock()
	var other string
	if !w.eventually(5*time.Second, func() bool {
		o.mu.Lock()
		alarms := sortedKeys(o.shown.alarms)
		o.look("SCR-005")
		o.mu.Unlock()
		other = l.astray(alarms)
		return other == ""
	}) {
		o.broken("SCR-005: a console that reads now and then shows something else: %s", other)
	}
}
