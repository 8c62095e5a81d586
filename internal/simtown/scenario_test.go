package simtown

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/desk"
	"lifeline120/internal/dispatcher"
	"lifeline120/internal/ems"
	"lifeline120/internal/memlink"
	"lifeline120/internal/mission"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
)

// shown keeps what one collection of the console has shown, with when.
type shown struct {
	mu  sync.Mutex
	ops []seen
}

type seen struct {
	at  time.Time
	key string
	raw json.RawMessage
}

// console follows one collection of the console.
func (w *Town) console(collection string) *shown {
	s := &shown{}
	w.follow(w.centre.process().core.Hub(), "console", watcher{name: "scenario", op: func(at time.Time, _ *screen, o wire.Op) {
		if o.C == collection && o.V != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ops = append(s.ops, seen{at, o.K, o.V})
		}
	}})
	return s
}

// first is when something was first shown of which f holds; false when it never was.
func first[T any](s *shown, f func(T) bool) (time.Time, T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var v T
	for _, o := range s.ops {
		v = *new(T)
		if json.Unmarshal(o.raw, &v) == nil && f(v) {
			return o.at, v, true
		}
	}
	return time.Time{}, *new(T), false
}

func (w *Town) logOn(t *testing.T, d ems.DeskID, role string) {
	t.Helper()
	if _, err := w.centre.do(w.ctx, desk.Actor{By: "王", Desk: d, Role: role}, desk.LogOn{Desk: d, Role: role}); err != nil {
		t.Fatal(err)
	}
}

// After an hour without a link alarms and current values go at once over a slow line; the backlog drains behind them.
func TestDLV003_LiveBeforeBacklog(t *testing.T) {
	Play(t, 3, Options{Units: 1, Quiet: true}, func(w *Town) {
		v := w.units[0]
		w.Sleep(20 * time.Second) // devices are found
		v.modem().cut(false)
		w.Sleep(10 * time.Minute)
		alarms, readings := w.console("alarms"), w.console("readings")
		v.modem().setWeather(memlink.Faults{DelayMin: 100 * time.Millisecond, DelayMax: 300 * time.Millisecond})
		v.modem().mend()
		if !w.eventually(20*time.Second, func() bool { return v.process().agent != nil && w.linked(v) }) {
			t.Fatal("no link")
		}
		back := now()
		v.post("/api/v1/sos", wire.TerminalSOS{PressID: "sos-u1-1", By: "key"})
		w.oracle.pressing(ems.CrewSOS, "u1", "sos-u1-1")
		w.Sleep(3 * time.Second)
		at, _, ok := first(alarms, func(a ems.Alarm) bool { return a.PressID == "sos-u1-1" })
		if !ok || at.Sub(back) > time.Second {
			t.Errorf("the alarm was shown %v after the link was back (%v)", at.Sub(back), ok)
		}
		at, _, ok = first(readings, func(r ems.ReadingView) bool { return r.Source == "live" && r.Taken.After(back) })
		if !ok || at.Sub(back) > 2*time.Second { // the board gives numbers once a second
			t.Errorf("the first live value was shown %v after the link was back (%v)", at.Sub(back), ok)
		}
		if owed := w.owes(v); owed < 1000 {
			t.Errorf("only %d records are owed by now: the backlog did not wait behind", owed)
		}
		w.Settle()
		w.Judge()
	})
}

// linked says whether the terminal shows a link; owes is how many records it holds.
func (w *Town) linked(v *vehicle) bool {
	var l wire.TerminalLink
	return json.Unmarshal(v.process().hub.Value("terminal", "link", "state"), &l) == nil && l.Up
}

func (w *Town) owes(v *vehicle) (n uint64) {
	for _, d := range v.process().spool.Depths() {
		n += d.Count
	}
	return n
}

// An alarm that nobody acknowledges reaches every desk at 15 s and the telephone at 30 s, for no supervisor sits there; acknowledged and
// left alone it sounds again at 60 s and everywhere at 120 s. A dispatcher that is killed on the way forgets none of it.
func TestALM005_EscalatesEvenAcrossAKill(t *testing.T) {
	Play(t, 5, Options{Units: 1, Quiet: true}, func(w *Town) {
		w.logOn(t, "d1", "dispatcher")
		pressed := now()
		w.call(caller{source: "phone-1", press: "phone-1-0"})
		state := func() (out ems.Alarm) {
			w.centre.look(func(s *desk.State) {
				for _, a := range s.Alarms {
					if a.Kind == ems.CallerAlarm {
						out = *a
					}
				}
			})
			return out
		}
		at := func(d time.Duration) ems.Alarm { w.Sleep(time.Until(pressed.Add(d))); return state() }
		if a := at(14 * time.Second); a.Reach != ems.ReachOwner || !a.Sounding || a.Owner != "d1" {
			t.Errorf("at 14 s: %+v", a)
		}
		if a := at(16 * time.Second); a.Reach != ems.ReachDesks {
			t.Errorf("at 16 s: %+v", a)
		}
		w.centre.kill()
		w.Sleep(3 * time.Second)
		w.centre.start()
		if a := at(31 * time.Second); a.Reach != ems.ReachPhone || !a.Sounding {
			t.Errorf("at 31 s, with no supervisor: %+v", a)
		}
		acked := now()
		if _, err := w.centre.do(w.ctx, desk.Actor{By: "王", Desk: "d1"}, desk.AckAlarm{Alarm: state().ID}); err != nil {
			t.Fatal(err)
		}
		if a := state(); a.Sounding || a.AckBy != "王" {
			t.Errorf("acknowledged: %+v", a)
		}
		w.Sleep(time.Until(acked.Add(59 * time.Second)))
		if a := state(); a.Sounding {
			t.Errorf("sounds again too soon: %+v", a)
		}
		w.Sleep(time.Until(acked.Add(61 * time.Second)))
		if a := state(); !a.Sounding {
			t.Errorf("61 s after the acknowledgement: %+v", a)
		}
		w.Sleep(time.Until(acked.Add(121 * time.Second)))
		if a := state(); !a.Sounding || a.Reach == ems.ReachOwner {
			t.Errorf("121 s after the acknowledgement: %+v", a)
		}
		w.Settle()
		w.Judge()
	})
}

// A silent store silences no desk: the alarm is shown within two seconds, marked 未落盘, its lamp stays dark and nobody is told that it is
// stored; killed in this state, the dispatcher still has it when the store is back.
func TestDLV006_SilentStoreSilencesNoDesk(t *testing.T) {
	for _, kill := range []bool{false, true} {
		t.Run(fmt.Sprintf("killed=%v", kill), func(t *testing.T) {
			Play(t, 6, Options{Units: 1, Quiet: true}, func(w *Town) {
				v := w.units[0]
				w.Sleep(5 * time.Second)
				alarms := w.console("alarms")
				w.centre.setSilent(true)
				pressed := now()
				w.oracle.pressing(ems.CrewSOS, "u1", "sos-u1-1")
				v.post("/api/v1/sos", wire.TerminalSOS{PressID: "sos-u1-1", By: "key"})
				w.oracle.pressing(ems.CallerAlarm, "phone-1", "phone-1-0")
				_, err := w.centre.do(w.ctx, desk.Actor{By: "caller"}, desk.RaiseAlarm{Alarm: "a-1", Kind: ems.CallerAlarm, PressID: "phone-1-0",
					Source: "phone-1", Simulated: true})
				if err == nil || err.Error() != dispatcher.ErrUnrecorded.Error() {
					t.Errorf("the caller was answered: %v", err)
				}
				w.Sleep(2 * time.Second)
				for _, press := range []string{"sos-u1-1", "phone-1-0"} {
					at, a, ok := first(alarms, func(a ems.Alarm) bool { return a.PressID == press })
					if !ok || at.Sub(pressed) > 2*time.Second || !a.Unrecorded || !a.Sounding {
						t.Errorf("%s: shown %v after the press (%v): %+v", press, at.Sub(pressed), ok, a)
					}
				}
				if g, ok := v.look(); !ok || g.presses["sos-u1-1"].Lamp != "pending" {
					t.Errorf("ALM-003: the lamp while the store is silent: %+v", g.presses)
				}
				if kill {
					w.centre.kill()
					w.centre.setSilent(false)
					w.centre.start()
				} else {
					w.centre.setSilent(false)
				}
				w.oracle.pressed(ems.CrewSOS, "u1", "sos-u1-1")
				w.Sleep(20 * time.Second)
				for _, key := range []string{alarm.Key(ems.CrewSOS, "u1", "sos-u1-1"), alarm.Key(ems.CallerAlarm, "phone-1", "phone-1-0")} {
					if !w.oracle.holds(key) {
						t.Errorf("%s is not in the journal", key)
					}
				}
				if g, ok := v.look(); !ok || g.presses["sos-u1-1"].Lamp != "received" {
					t.Errorf("ALM-003: the lamp when the store is back: %+v", g.presses)
				}
				w.call(caller{source: "phone-1", press: "phone-1-0"}) // the page goes on asking
				w.Settle()
				w.Judge()
			})
		})
	}
}

// A screen that does not read is cut off, and slows nobody (SCR-005).
func TestSCR005_DeadScreenSlowsNobody(t *testing.T) {
	Play(t, 7, Options{Units: 2, Quiet: true, Troubled: time.Minute}, func(w *Town) {
		c, err := w.centre.process().core.Hub().Subscribe(webfeed.Who{By: "dead"}, "console")
		if err != nil {
			t.Fatal(err)
		}
		for range 24 { // two vehicles fill the queue in a little more than three minutes
			w.Sleep(15 * time.Second)
		}
		if !errors.Is(c.Err(), webfeed.ErrLagging) {
			t.Errorf("a screen that read nothing for six minutes is still there, %d frames wait: %v", len(c.Out()), c.Err())
		}
		ctx, cancel := context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		began := time.Now()
		if err := w.centre.process().core.Look(ctx, func(*desk.State) {}); err != nil || time.Since(began) > 100*time.Millisecond {
			t.Errorf("the dispatcher answers after %v: %v", time.Since(began), err)
		}
		w.Settle()
		w.Judge()
	})
}

// A node that was touched on the terminal, stored, and lost with a store that its backup replaced may come once more by a tablet: the
// terminal has its time already, owes nothing anew, and the loss was declared. A touch with a record of its own is excused by nothing.
func TestDSP004_TouchedTwiceAcrossARestore(t *testing.T) {
	Play(t, 8, Options{Units: 1, Quiet: true}, func(w *Town) {
		v, who := w.units[0], desk.Actor{By: "王", Desk: "d1", Role: "dispatcher"}
		do := func(cmd desk.Command) {
			t.Helper()
			if _, err := w.centre.do(w.ctx, who, cmd); err != nil {
				t.Fatal(err)
			}
		}
		w.Sleep(5 * time.Second)
		w.logOn(t, "d1", "dispatcher")
		do(desk.SetDuty{Unit: "u1", Duty: ems.OnDuty, Crew: []string{"司机", "医生"}})
		w.call(caller{source: "phone-1", press: "phone-1-0"})
		var a ems.AlarmID
		w.centre.look(func(s *desk.State) { a = sortedKeys(s.Alarms)[0] })
		do(desk.OpenIncident{Incident: "i-1", Alarm: a, Type: ems.Emergency, Priority: ems.PriorityA})
		w.oracle.chose("req-1", choice{incident: "i-1", unit: "u1", by: who.By})
		do(desk.Dispatch{Act: desk.Act{Req: "req-1"}, Incident: "i-1", Unit: "u1", Mission: "m-1", Order: "o-1"})
		w.Sleep(5 * time.Second)
		for _, act := range []string{"seen", "accept"} {
			if r := v.post("/api/v1/orders/o-1/"+act, wire.OrderAnswerBody{By: "司机"}); !r.ok() {
				t.Fatalf("%s: %d %s", act, r.code, r.body)
			}
		}
		w.Sleep(5 * time.Second)
		backup, at := w.centre.disk.Clone(), now()
		w.Sleep(time.Second)
		left := now()
		if r := v.post("/api/v1/missions/m-1/nodes", wire.TerminalNode{ID: "node-u1-1", Node: ems.NodeDeparted, By: "医生"}); !r.ok() {
			t.Fatalf("touch: %d %s", r.code, r.body)
		}
		w.oracle.touched(v, touch{id: "node-u1-1", mission: "m-1", node: ems.NodeDeparted, at: left})
		w.Sleep(5 * time.Second)
		told := func() (is bool) {
			w.centre.look(func(s *desk.State) { is = mission.Find(s.Missions["m-1"].Nodes, ems.NodeDeparted) != nil })
			return is
		}
		before := told()
		w.RestoreStore(backup, at, true)
		w.Sleep(5 * time.Second)
		if !before || told() {
			t.Fatalf("the centre knows the node: %v, and %v with the backup; it is to be stored and lost", before, told())
		}
		r := v.post("/api/v1/handover", wire.Handover{Tablet: "t1", OffsetMs: float64(now().Sub(v.wall()).Milliseconds()), Entries: []wire.HandoverEntry{
			{ID: "node-u1-2", Kind: "node", At: left, Body: wire.HandoverWords{Mission: "m-1", Node: ems.NodeDeparted, By: "医生"}}}})
		if !r.ok() {
			t.Fatalf("hand over: %d %s", r.code, r.body)
		}
		again := touch{id: "node-u1-2", mission: "m-1", node: ems.NodeDeparted, at: left, given: now()}
		w.oracle.touched(v, again)
		w.Settle()
		w.Judge()
		w.oracle.given[wire.Identity{Unit: "u1", Seq: 1}] = &given{touch: again.id, at: again.given, durable: true}
		if w.oracle.excusedTouch("u1", again) {
			t.Error("a touch whose own record went out after the backup was put back is excused")
		}
	})
}
