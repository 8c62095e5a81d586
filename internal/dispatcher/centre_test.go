package dispatcher

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/mission"
	"lifeline120/internal/store"
	"lifeline120/internal/store/mem"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

func TestALM003_CallerIsAnsweredOnlyWhenStored(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		b.disk.SetDelay(400 * time.Millisecond)
		began := time.Now()
		a, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: "p1", Who: "self"}, "")
		if err != nil || a.State != "stored" || a.Token == "" || time.Since(began) < 400*time.Millisecond {
			t.Fatal(a, err, time.Since(began))
		}
		again, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: "p1", Who: "self"}, "")
		if err != nil || again != a {
			t.Fatal("the same press is another alarm:", again, a, err)
		}
		if v := b.value("alarms", string(a.Alarm)); v["state"] != "stored" || v["unrecorded"] != nil {
			t.Error(v)
		}
	})
}

func TestALM003_LampOfTheKeyFollowsTheStore(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		b.disk.SetDown(true)
		v.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "press-1", PressedUs: v.us(), Seat: "cabin"})
		time.Sleep(3 * time.Second)
		for _, m := range told(t, b.air, "u01", link.DownStored, wire.OpenStored) {
			if len(m.Pressed) > 0 || m.Lanes[0].UpTo > 0 {
				t.Fatal("called stored while the store is down:", m)
			}
		}
		var shown map[string]any
		b.looks(func(s *desk.State) {
			for id := range s.Alarms {
				shown = b.value("alarms", string(id))
			}
		})
		if shown["unrecorded"] != true || shown["sounding"] != true {
			t.Fatal("a silent store silenced the desk:", shown)
		}
		b.disk.SetDown(false)
		time.Sleep(3 * time.Second)
		got := told(t, b.air, "u01", link.DownStored, wire.OpenStored)
		if len(got) == 0 || len(got[0].Pressed) != 1 || got[0].Pressed[0] != "press-1" || got[0].Lanes[0].UpTo != 1 {
			t.Fatal(got)
		}
	})
}

func TestDLV001_StoredIsSaidOnlyAfterTheCommit(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		b.disk.SetDelay(300 * time.Millisecond)
		v.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: "note-1", Text: "到场", By: "李", AtUs: v.us()})
		v.send(link.UpReading, pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, time.Minute, &pb.Readings{})
		time.Sleep(250 * time.Millisecond)
		if acked, down := b.air.answered(); acked != 0 || down != 0 {
			t.Fatal("answered before the commit")
		}
		time.Sleep(2 * time.Second)
		upTo := map[pb.Lane]uint64{}
		for _, m := range told(t, b.air, "u01", link.DownStored, wire.OpenStored) {
			for _, l := range m.Lanes {
				upTo[l.Lane] = max(upTo[l.Lane], l.UpTo)
			}
		}
		if acked, _ := b.air.answered(); upTo[pb.Lane_LANE_URGENT] != 1 || upTo[pb.Lane_LANE_READING] != 1 || acked != 2 {
			t.Fatal(upTo, acked)
		}
	})
}

func TestDLV002_SameIdentityWithOtherBytesIsKeptAlarmedAndEndsTheEpoch(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		first := v.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: "note-1", Text: "一", By: "李", AtUs: v.us()})
		time.Sleep(time.Second)
		b.air.up("u01", link.UpUrgent, first)
		time.Sleep(time.Second)
		if n := b.events("note.added"); n != 1 {
			t.Fatalf("the same message made %d notes", n)
		}
		v.seq[pb.Lane_LANE_URGENT] = 0
		v.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "other", PressedUs: v.us()})
		time.Sleep(time.Second)
		kept, err := b.cfg.Store.Conflicts(t.Context(), 10)
		if err != nil || len(kept) != 1 {
			t.Fatal("the other bytes are not kept:", kept, err)
		}
		newEpoch, alarms := false, map[ems.AlarmKind]int{}
		for _, m := range told(t, b.air, "u01", link.DownStored, wire.OpenStored) {
			newEpoch = newEpoch || m.NewEpoch
		}
		b.looks(func(s *desk.State) {
			for _, a := range s.Alarms {
				alarms[a.Kind]++
			}
		})
		if !newEpoch || alarms[ems.CrewSOS] != 1 || alarms[ems.TechAlarm] != 1 {
			t.Fatal(newEpoch, alarms)
		}
	})
}

func TestDLV005_OrderIsResentUntilAnswered(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		_, o := b.story("u01")
		began := time.Now()
		var times []time.Duration
		for range 30 {
			for _, m := range told(t, b.air, "u01", link.DownOwed, wire.OpenOwed) {
				if m.Order != string(o) || m.Kind != "order" || m.ValidUntilUs == 0 || m.Complaint != "胸痛" || m.Place.Lat != scene.Pos.Lat || m.Unrecorded {
					t.Fatal(m)
				}
				times = append(times, time.Since(began).Truncate(100*time.Millisecond))
			}
			time.Sleep(100 * time.Millisecond)
			if time.Since(began) < time.Second {
				continue
			}
			time.Sleep(900 * time.Millisecond)
		}
		if len(times) < 4 || times[0] > time.Second || times[1]-times[0] < time.Second {
			t.Fatal("sent at", times)
		}
		v.presence(&pb.Presence{Online: true})
		synctest.Wait()
		if n := len(told(t, b.air, "u01", link.DownOwed, wire.OpenOwed)); n != 1 {
			t.Fatalf("a unit that comes online is told at once: %d", n)
		}
		for _, answer := range []string{"delivered", "seen", "accepted"} {
			v.urgent(pb.Kind_KIND_ORDER_ANSWER, &pb.OrderAnswer{Order: string(o), Version: 1, Answer: answer, By: "李医生", AtUs: v.us()})
		}
		time.Sleep(time.Second)
		if v := b.value("orders", string(o)); v["state"] != "accepted" || v["delivered"] == nil || v["seen"] == nil || v["accepted_by"] != "李医生" || v["sent"].(float64) < 5 {
			t.Fatal(v)
		}
		told(t, b.air, "u01", link.DownOwed, wire.OpenOwed)
		time.Sleep(time.Minute)
		for _, m := range told(t, b.air, "u01", link.DownOwed, wire.OpenOwed) {
			t.Error("told again after the answer:", m)
		}
	})
}

func TestDLV005_OrderGoesOutAgainAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, a := mem.NewDisk("store-1", true), &air{}
		b := begin(t, disk, a, "")
		_, o := b.story("u01")
		b.stop()
		told(t, a, "u01", link.DownOwed, wire.OpenOwed)
		b = begin(t, disk, a, "")
		time.Sleep(3 * time.Second)
		got := told(t, a, "u01", link.DownOwed, wire.OpenOwed)
		if len(got) == 0 || got[0].Order != string(o) {
			t.Fatal("a restart forgot an order:", got)
		}
		b.stop()
	})
}

func TestDLV006_SilentStoreNeverSilencesTheDesk(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		b.do(desk.SetDuty{Unit: "u01", Duty: ems.OnDuty, Crew: []string{"李", "王"}})
		b.disk.SetDown(true)
		began := time.Now()
		a, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: "p1"}, "page1")
		if !errors.Is(err, ErrUnrecorded) || time.Since(began) != time.Second {
			t.Fatal(a, err, time.Since(began))
		}
		if _, err := b.try(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: scene}); !errors.Is(err, ErrUnrecorded) {
			t.Fatal(err)
		}
		if _, err := b.try(desk.Dispatch{Incident: "i1", Unit: "u01", Mission: "m1", Order: "o1"}); !errors.Is(err, ErrUnrecorded) {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		for _, r := range [][2]string{{"incidents", "i1"}, {"missions", "m1"}, {"orders", "o1"}} {
			if v := b.value(r[0], r[1]); v["unrecorded"] != true {
				t.Errorf("%s shows as recorded: %v", r[0], v)
			}
		}
		if h := b.value("health", "store"); h["ok"] != false || h["unrecorded"].(float64) < 4 {
			t.Error(h)
		}
		got := told(t, b.air, "u01", link.DownOwed, wire.OpenOwed)
		if len(got) == 0 || got[0].Order != "o1" || !got[0].Unrecorded {
			t.Fatal("the order did not go out, or not marked:", got)
		}
		tech := false
		b.looks(func(s *desk.State) {
			for _, a := range s.Alarms {
				tech = tech || a.Code == "store_silent"
			}
		})
		if !tech {
			t.Error("nobody is told that the store is silent")
		}
		b.disk.SetDown(false)
		time.Sleep(5 * time.Second)
		for _, r := range [][2]string{{"incidents", "i1"}, {"missions", "m1"}, {"orders", "o1"}} {
			if v := b.value(r[0], r[1]); v == nil || v["unrecorded"] != nil {
				t.Errorf("%s is not recorded: %v", r[0], v)
			}
		}
		if h := b.value("health", "store"); h["ok"] != true {
			t.Error(h)
		}
		if b.events("order.queued") > 1 || b.events("alarm.raised") < 1 {
			t.Error(b.events2())
		}
		if f, err := os.ReadFile(b.file); err != nil || len(f) != 0 {
			t.Error("what was set aside is not cleared:", len(f), err)
		}
	})
}

// A dispatcher is killed while its store is silent: what was set aside comes into the journal once, whatever the store had taken.
func TestDLV006_WhatWasSetAsideSurvivesAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, dir := mem.NewDisk("store-1", true), t.TempDir()
		b := begin(t, disk, &air{}, dir+"/a")
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		disk.SetDown(true)
		for _, press := range []string{"p1", "p2", "p3"} {
			if _, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: press}, press); !errors.Is(err, ErrUnrecorded) {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		left, err := os.ReadFile(dir + "/a")
		if err != nil || len(left) == 0 {
			t.Fatal("nothing was set aside:", err)
		}
		before := disk.Clone() // as the kill leaves it when the store had taken nothing
		disk.SetDown(false)
		time.Sleep(3 * time.Second)
		after := disk.Clone() // and when it had taken all
		b.stop()
		for name, d := range map[string]*mem.Disk{"nothing taken": before, "all taken": after} {
			for cutName, file := range map[string][]byte{"whole": left, "torn": append(bytes.Clone(left), left[:len(left)/3]...)} {
				path := dir + "/" + strings.ReplaceAll(name+cutName, " ", "")
				if err := os.WriteFile(path, file, 0o600); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					copied := d.Clone()
					b := begin(t, copied, &air{}, path)
					if n := b.events("alarm.raised"); n != 3 && n != 4 { // and the one about the store
						t.Errorf("%s, %s: %d alarms", name, cutName, n)
					}
					callers := 0
					b.looks(func(s *desk.State) {
						for _, a := range s.Alarms {
							if a.Kind == ems.CallerAlarm {
								callers++
							}
						}
					})
					if callers != 3 {
						t.Errorf("%s, %s: %d callers", name, cutName, callers)
					}
					if r, err := store.Verify(t.Context(), b.cfg.Store, nil); err != nil {
						t.Error(r, err)
					}
					b.stop()
					d = copied
				}
			}
		}
	})
}

// moody is a store whose next appends meet a fate each: 'l' stores and loses the answer, 'e' fails outright, and '.' does what it should.
type moody struct {
	store.Store
	mu    sync.Mutex
	fates string
}

func (m *moody) Append(ctx context.Context, entries []store.Entry) ([]store.Result, error) {
	m.mu.Lock()
	fate := byte('.')
	if m.fates != "" {
		fate, m.fates = m.fates[0], m.fates[1:]
	}
	m.mu.Unlock()
	if fate == 'e' {
		return nil, errors.New("connection refused")
	}
	r, err := m.Store.Append(ctx, entries)
	if err == nil && fate == 'l' {
		return nil, store.ErrUncertain
	}
	return r, err
}

func (m *moody) will(fates string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fates = fates
}

// A database that flaps: the answer of a commit is lost, and the next tries fail or are lost too.
func TestDLV002_AFlappingStoreStoresNothingTwice(t *testing.T) {
	for _, fates := range []string{"l", "le", "lee", "el", "ele", "ll", "lel", "lle"} {
		synctest.Test(t, func(t *testing.T) {
			var st *moody
			b := beginWith(t, mem.NewDisk("store-1", true), &air{}, "", func(c *Centre) { st = &moody{Store: c.cfg.Store}; c.cfg.Store = st })
			v := newVan(b.air, "u01")
			told := make(chan error, 1)
			st.will(fates)
			b.looks(func(*desk.State) { // one batch of a bare decision and of an owed message with its events
				_, err := b.decide(now(), desk.Actor{By: "张"}, desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: scene},
					func(_ desk.Answer, err error) { told <- err })
				if err != nil {
					t.Error(err)
				}
				v.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "press-1", PressedUs: v.us()})
				if m, ok := b.urgentOne(); ok {
					b.take(m)
				}
			})
			time.Sleep(10 * time.Second)
			select {
			case err := <-told:
				if err != nil && !errors.Is(err, ErrUnrecorded) {
					t.Error(fates, err)
				}
			default:
				t.Fatal(fates, ": no answer")
			}
			if i, a := b.events("incident.opened"), b.events("alarm.raised"); i != 1 || a != 1 {
				t.Errorf("%s: stored %d and %d times: %v", fates, i, a, b.events2())
			}
			b.looks(func(s *desk.State) {
				if len(b.pending) != 0 || len(s.Pending()) != 0 || b.journal.waiting() != 0 {
					t.Error(fates, "marks are left:", b.pending, s.Pending(), b.journal.waiting())
				}
			})
			b.stop()
		})
	}
}

func TestDLV002_LostAnswerOfACommitStoresNothingTwice(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		b.disk.LoseAnswers(1)
		if _, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: "p1"}, ""); err != nil {
			t.Fatal(err)
		}
		b.disk.LoseAnswers(2)
		v.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "press-1", PressedUs: v.us()})
		time.Sleep(5 * time.Second)
		if n := b.events("alarm.raised"); n != 2 {
			t.Fatal(n, b.events2())
		}
		got := told(t, b.air, "u01", link.DownStored, wire.OpenStored)
		if len(got) == 0 || got[len(got)-1].Lanes[0].UpTo != 1 {
			t.Fatal(got)
		}
		b.looks(func(s *desk.State) {
			if len(b.pending) != 0 {
				t.Error("marks are left:", b.pending)
			}
		})
	})
}

func hr(v *van, value float64, patient string, ago time.Duration) *pb.Readings {
	return &pb.Readings{Readings: []*pb.Reading{{Device: "mon", Channel: "hr", Value: value, Unit: "1/min", Quality: "good",
		TakenUs: v.us() - ago.Microseconds(), Patient: patient}}}
}

func TestSCR002_WhatIsResentIsNeverLive(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.ahead = time.Hour // its clock is wrong, and it knows by how much
		send := func(rest string, value float64, ago time.Duration) map[string]any {
			v.send(rest, pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, ago, hr(v, value, "", ago))
			time.Sleep(100 * time.Millisecond)
			return b.value("readings", "u01/mon/hr")
		}
		if r := send(link.UpReading, 60, time.Minute); r["source"] != "backfilled" || r["value"] != 60.0 {
			t.Error("from the backlog:", r)
		}
		if r := send(link.UpLive, 70, 0); r["source"] != "live" || r["value"] != 70.0 {
			t.Error("live:", r)
		}
		if taken, _ := time.Parse(time.RFC3339, b.value("readings", "u01/mon/hr")["taken"].(string)); time.Since(taken) > time.Second {
			t.Error("a clock that is ahead was believed:", taken)
		}
		if r := send(link.UpReading, 61, 30*time.Second); r["value"] != 70.0 {
			t.Error("an older value took the place of a live one:", r)
		}
		time.Sleep(time.Minute)
		if r := send(link.UpLive, 80, 20*time.Second); r["source"] != "backfilled" {
			t.Error("20 s late on the live lane:", r)
		}
		v.live += 3 // three sendings that never came
		send(link.UpLive, 81, 0)
		time.Sleep(time.Second)
		if u := b.value("units", "u01"); u["live_lost"] != 3.0 || u["clock_offset_s"] != 3600.0 {
			t.Error(u)
		}
	})
}

func TestTIM001_AClockThatSteppedPutsNothingIntoTheFuture(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		taken := func(captured time.Duration) time.Duration {
			v.send(link.UpLive, pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, captured, hr(v, 70, "", captured))
			time.Sleep(time.Second)
			at, err := time.Parse(time.RFC3339, b.value("readings", "u01/mon/hr")["taken"].(string))
			if err != nil {
				t.Fatal(err)
			}
			return time.Since(at)
		}
		v.stale = time.Minute // its clock has stepped forward since it measured its offset
		v.ahead = time.Minute
		if age := taken(0); age != time.Second {
			t.Error("sent with an offset that is not true any more: age", age)
		}
		v.stale, v.wrong = 0, 30*time.Second
		v.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: "now", Text: "x", By: "李", AtUs: v.us()})
		v.send(link.UpUrgent, pb.Lane_LANE_URGENT, pb.Kind_KIND_NOTE, 20*time.Second, &pb.Note{Id: "before", Text: "x", By: "李",
			AtUs: v.us() + (10 * time.Second).Microseconds()})
		sent := time.Now()
		time.Sleep(time.Second)
		b.looks(func(s *desk.State) {
			if n := s.Notes["before"]; n == nil || sent.Sub(n.At).Round(10*time.Millisecond) != 20*time.Second {
				t.Errorf("captured 20 s ago, before the clock stepped back by 30 s: %+v", n)
			}
		})
	})
}

func TestTIM001_WhatTheBrokerHeldKeepsItsTimeAndTeachesNoClock(t *testing.T) {
	for name, blind := range map[string]bool{"its offset tells": false, "it has no offset": true} {
		t.Run(name, func(t *testing.T) {
			at(t, func(t *testing.T, b *bench) {
				v := newVan(b.air, "u01")
				v.ahead = time.Hour
				note := func(id string, captured time.Duration) time.Time {
					was := time.Now().Add(-v.late - captured)
					v.send(link.UpUrgent, pb.Lane_LANE_URGENT, pb.Kind_KIND_NOTE, captured, &pb.Note{Id: id, Text: "x", By: "李", AtUs: was.Add(v.ahead).UnixMicro()})
					time.Sleep(time.Second)
					return was
				}
				// Sent at once while we were away; the first that we hear of this boot.
				v.late, v.blind = 30*time.Second, blind
				held := note("held", 0)
				v.late, v.blind = 0, false
				backlog := note("backlog", 20*time.Second)
				b.looks(func(s *desk.State) {
					if n := s.Notes["held"]; n == nil || !blind && n.At.Sub(held).Abs() > time.Millisecond {
						t.Errorf("held by the broker for 30 s, made at %v: %+v", held, n)
					}
					if n := s.Notes["backlog"]; n == nil || n.At.Sub(backlog).Abs() > time.Millisecond {
						t.Errorf("sent after 20 s with a measured offset, made at %v: %+v", backlog, n)
					}
				})
			})
		})
	}
}

// A vehicle that booted while the centre was away has measured no offset: what the broker held of it stands at its arrival, says by how
// much that may be wrong, and is set right as soon as the vehicle's clock is measured.
func TestTIM001_WhatWasHeldOfAnUnmeasuredClockIsMarkedAndSetRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, a, file := mem.NewDisk("store-1", true), &air{}, t.TempDir()+"/unrecorded.log"
		b := begin(t, disk, a, file)
		m, _ := b.story("u01")
		b.stop()
		left := time.Now()
		time.Sleep(10 * time.Minute)
		b = begin(t, disk, a, file)
		v := newVan(a, "u01")
		v.ahead, v.blind = time.Hour, true
		touch := func(node string, late time.Duration) time.Time {
			v.late = late
			was := time.Now().Add(-late)
			v.urgent(pb.Kind_KIND_NODE, &pb.Node{Id: node, Mission: string(m), Node: node, AtUs: was.Add(v.ahead).UnixMicro(), By: "李", Source: "key"})
			time.Sleep(time.Second)
			return was
		}
		node := func(name ems.Node) (n ems.NodeTime) {
			b.looks(func(s *desk.State) {
				if found := mission.Find(s.Missions[m].Nodes, name); found != nil {
					n = *found
				}
			})
			return n
		}
		arrived := time.Now()
		departed, scene, contact := touch("departed", 5*time.Minute), touch("at_scene", 3*time.Minute), touch("contact", 2*time.Minute)
		waited := math.Ceil(arrived.Sub(left).Seconds())
		if n := node(ems.NodeDeparted); n.At.Sub(arrived) > time.Second || n.UncertainS < waited || n.UncertainS > waited+1 {
			t.Errorf("held of an unmeasured clock for 5 min, while nobody listened for 10: %+v", n)
		}
		corrected := time.Now().Add(-time.Minute).UTC()
		b.do(desk.SetNode{Mission: m, Node: ems.NodeContact, At: corrected, Correction: true, Reason: "电话核实"})
		v.blind, v.late = false, 0
		v.presence(&pb.Presence{Online: true})
		time.Sleep(time.Second)
		for name, want := range map[ems.Node]time.Time{ems.NodeDeparted: departed, ems.NodeAtScene: scene} {
			if n := node(name); n.At.Sub(want).Abs() > time.Millisecond || n.UncertainS != 0 || n.Was == nil || n.Reason != "clock_measured" || n.By != "李" || n.Source != ems.SourceKey {
				t.Errorf("%s touched at %v stands as %+v", name, want, n)
			}
		}
		if n := node(ems.NodeContact); !n.At.Equal(corrected) || n.Reason != "电话核实" {
			t.Errorf("what a desk corrected (touched %v) is set anew: %+v", contact, n)
		}
		// A vehicle whose clock is measured when it speaks, and one that speaks long after our return, are sure.
		time.Sleep(2 * heldFor)
		v.blind = true
		left = touch("left_scene", 0)
		if n := node(ems.NodeLeftScene); n.UncertainS != 0 || n.At.Sub(left).Abs() > time.Second {
			t.Errorf("prompt: %+v", n)
		}
		b.stop()
	})
}

// A message whose bytes the store has already, in the middle of a batch: what follows from it keeps its place before what was decided
// later, or the next start could not fold the journal.
func TestDLV002_WhatFollowsFromAKnownMessageKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, a, file := mem.NewDisk("store-1", true), &air{}, t.TempDir()+"/unrecorded.log"
		b := begin(t, disk, a, file)
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		unheard := &air{subs: map[string]link.Handler{link.Topic("demo", "+", link.UpUrgent): func(link.Message) {}}}
		v := newVan(unheard, "u01")
		raw := v.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "p", PressedUs: v.us()})
		m, err := open(link.Message{Topic: link.Topic("demo", "u01", link.UpUrgent), Payload: raw})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.cfg.Store.Append(t.Context(), []store.Entry{{Owed: owed(m, agentClock(m.env, time.Now()), time.Now())}}); err != nil {
			t.Fatal(err)
		}
		disk.SetDelay(100 * time.Millisecond)
		go b.do(desk.SetDuty{Unit: "u02", Duty: ems.OnDuty, Crew: []string{"李"}}) // in flight: the rest makes one batch
		synctest.Wait()
		a.up("u01", link.UpUrgent, raw)
		synctest.Wait()
		var id ems.AlarmID
		b.looks(func(s *desk.State) {
			for k := range s.Alarms {
				id = k
			}
		})
		b.do(desk.AckAlarm{Alarm: id})
		time.Sleep(time.Second)
		b.stop()
		b = begin(t, disk, a, file) // it folds
		b.looks(func(s *desk.State) {
			if s.Alarms[id] == nil || s.Alarms[id].State != ems.AlarmAcknowledged {
				t.Errorf("the alarm and its acknowledgement: %+v", s.Alarms[id])
			}
		})
		b.stop()
	})
}

func TestSCR004_HospitalSeesItsOwnPatientsAndNoOthers(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		m, o := b.story("u01")
		v.urgent(pb.Kind_KIND_ORDER_ANSWER, &pb.OrderAnswer{Order: string(o), Version: 1, Answer: "accepted", By: "李", AtUs: v.us()})
		b.do(desk.AddPatient{Mission: m, Patient: "pat-1", Name: "赵某", Sex: "m", AgeYears: 61})
		v.urgent(pb.Kind_KIND_BINDING, &pb.Binding{Device: "mon", Patient: "pat-1", Mission: string(m), Bound: true, By: "李", AtUs: v.us()})
		time.Sleep(time.Second)
		read := func(patient string) {
			v.send(link.UpLive, pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, 0, hr(v, 88, patient, 0))
			v.send(link.UpLive, pb.Lane_LANE_WAVE, pb.Kind_KIND_WAVES, 0, &pb.Waves{Waves: []*pb.Wave{wave(t, v, 0, patient)}})
			time.Sleep(200 * time.Millisecond)
		}
		read("pat-1")
		sees := func(h, coll, k string) bool { return b.on("hospital:"+h, coll, k) != nil }
		key := "u01/mon/hr"
		if sees("h1", "patients", "pat-1") || sees("h1", "readings", key) {
			t.Fatal("seen before it is bound for it")
		}
		h1 := b.follow("hospital:h1")
		b.do(desk.SetDestination{Mission: m, Hospital: "h1", Notice: "n1"})
		time.Sleep(time.Second)
		if !sees("h1", "patients", "pat-1") || !sees("h1", "readings", key) || !sees("h1", "missions", string(m)) || !sees("h1", "units", "u01") || sees("h2", "patients", "pat-1") {
			t.Fatal("h1 does not see its patient, or h2 does")
		}
		if n := b.value("notices", "n1"); n["state"] != "delivered" {
			t.Error("a screen of the hospital has it:", n)
		}
		drain(h1)
		read("pat-1")
		if waves, _ := drain(h1); waves != 1 {
			t.Error("waves at the hospital:", waves)
		}
		read("") // CLN-006: unbound
		if waves, _ := drain(h1); waves != 0 || sees("h1", "readings", key) {
			t.Error("unbound values reached a hospital")
		}
		read("pat-1")
		b.do(desk.SetDestination{Mission: m, Hospital: "h2", Notice: "n2"})
		time.Sleep(time.Second)
		if sees("h1", "patients", "pat-1") || sees("h1", "readings", key) || sees("h1", "missions", string(m)) || !sees("h2", "patients", "pat-1") {
			t.Error("redirected, and h1 still sees the patient")
		}
		if n := b.on("hospital:h1", "notices", "n1"); n["state"] != "withdrawn" || n["patients"] != nil || n["text"] != nil {
			t.Error("one line stays:", n)
		}
	})
}

func wave(t *testing.T, v *van, counter uint64, patient string) *pb.Wave {
	t.Helper()
	row := make([]int16, 50)
	for i := range row {
		row[i] = int16(i)
	}
	p, err := wire.PackWave(ems.WaveChunk{Device: "mon", Stream: "s1", Leads: []ems.Channel{ems.ECGII}, RateHz: 250, LSB: 0.0025, Counter: counter,
		Samples: [][]int16{row}, Taken: time.Now().Add(v.ahead)}, ems.PatientID(patient))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// drain takes what waits for a follower: how many waves, and the newest of them.
func drain(c *webfeed.Client) (waves int, last wire.WaveFrame) {
	synctest.Wait()
	for {
		select {
		case f := <-c.Out():
			c.Took(f)
			if f.Binary {
				waves++
				last, _ = wire.DecodeWaveFrame(f.Data)
			}
		default:
			return waves, last
		}
	}
}

func TestDLV004_GapsAreSaidAndBackfillIsLabelled(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		screen := b.follow("waves:u01")
		send := func(rest string, counter uint64) wire.WaveFrame {
			v.send(rest, pb.Lane_LANE_WAVE, pb.Kind_KIND_WAVES, 0, &pb.Waves{Waves: []*pb.Wave{wave(t, v, counter, "")}})
			time.Sleep(200 * time.Millisecond)
			n, f := drain(screen)
			if n != 1 {
				t.Fatalf("%d frames", n)
			}
			return f
		}
		if f := send(link.UpLive, 100); !f.Live || f.Gap || f.Backfilled || !f.Unbound || !f.Simulated || f.Counter != 100 {
			t.Errorf("%+v", f)
		}
		if f := send(link.UpLive, 150); f.Gap {
			t.Error("no gap, and one is said")
		}
		if f := send(link.UpLive, 250); !f.Gap || len(f.Samples[0]) != 50 {
			t.Error("50 samples are missing, and it is not said")
		}
		if f := send(link.UpWave, 200); f.Live || !f.Backfilled || f.Counter != 200 {
			t.Errorf("what closes the gap must say that it is back-filled: %+v", f)
		}
		if f := send(link.UpLive, 300); f.Gap {
			t.Error("the back-fill moved the live counter")
		}
	})
}

// Nothing outside is asked while a unit is chosen and sent: with no link, and none to be had, the desk works on.
func TestDSP003_DispatchAsksNothingOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, mem.NewDisk("store-1", true), &air{deaf: true}, "")
		began := time.Now()
		m, o := b.story("u01")
		if v := b.value("missions", string(m)); v["unit"] != "u01" {
			t.Error(v)
		}
		if v := b.value("orders", string(o)); v["state"] != "queued" || v["sent"] != 0.0 {
			t.Error(v)
		}
		if took := time.Since(began); took != 0 { // no clock moves in a bubble unless somebody waits
			t.Error("something was waited for:", took)
		}
		if h := b.value("health", "link"); h["ok"] != false {
			t.Error(h)
		}
		b.stop()
	})
}

func TestACC003_HostileMessagesCostThemselvesOnly(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		good, _ := wire.Marshal(wire.Seal("u02", wire.Record{Epoch: v.epoch, Seq: 1, Item: wire.Item{Lane: pb.Lane_LANE_URGENT, Kind: pb.Kind_KIND_NOTE}}, wire.Sending{}))
		for _, bad := range [][]byte{nil, []byte("{}"), bytes.Repeat([]byte{0xff}, 1000), good /* another's name */} {
			b.air.up("u01", link.UpUrgent, bad)
		}
		v.sendBody(link.UpUrgent, pb.Lane_LANE_URGENT, pb.Kind_KIND_NOTE, 0, []byte{0xff, 0xff}) // a body that is none
		v.send(link.UpUrgent, pb.Lane_LANE_URGENT, 99, 0, &pb.Note{})
		v.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "p", PressedUs: v.us(), Place: &pb.Place{Known: true, Lat: 900}})
		time.Sleep(2 * time.Second)
		got := told(t, b.air, "u01", link.DownStored, wire.OpenStored)
		if len(got) == 0 || got[len(got)-1].Lanes[0].UpTo != v.seq[pb.Lane_LANE_URGENT] {
			t.Fatal("what cannot be read is kept as it is, and called stored:", got)
		}
		if len(got[len(got)-1].Pressed) != 1 || b.count.garbage.Load() < 4 {
			t.Error("an alarm with a place that is none must sound:", got, b.count.garbage.Load())
		}
	})
}

func TestALM002_AlarmWithoutAFixCarriesTheLastOneAndItsAge(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.send(link.UpLive, pb.Lane_LANE_POSITION, pb.Kind_KIND_POSITIONS, 0, &pb.Positions{Positions: []*pb.Position{{Device: "gnss", Lat: 35.41, Lon: 118.51,
			Quality: "good", TakenUs: v.us()}}})
		fixed := time.Now()
		time.Sleep(10 * time.Minute)
		v.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "p", PressedUs: v.us()})
		time.Sleep(time.Second)
		b.looks(func(s *desk.State) {
			for _, a := range s.Alarms {
				if a.Place == nil || a.Place.Pos == nil || a.Place.Pos.Lat != 35.41 || a.Place.Source != "last_fix" || !a.Place.At.Equal(fixed) {
					t.Errorf("%+v", a.Place)
				}
			}
			if len(s.Alarms) != 1 {
				t.Error(len(s.Alarms))
			}
		})
	})
}

// TestSCR001_WhatAReceiverDidNotSayIsAbsent: unknown speed, course and satellites are not on the screens; a 0 that was said is.
func TestSCR001_WhatAReceiverDidNotSayIsAbsent(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		shown := func(p *pb.Position) string {
			p.Device, p.TakenUs = "gnss", v.us()
			v.send(link.UpLive, pb.Lane_LANE_POSITION, pb.Kind_KIND_POSITIONS, 0, &pb.Positions{Positions: []*pb.Position{p}})
			time.Sleep(2 * time.Second)
			fix := b.value("units", "u01")["fix"].(map[string]any)
			return fmt.Sprintf("%v %v %v %v %v", fix["quality"], fix["speed_kmh"], fix["course_deg"], fix["satellites"], fix["hdop"])
		}
		for _, c := range []struct {
			p    *pb.Position
			want string
		}{
			{&pb.Position{Lat: 35.41, Lon: 118.51, Quality: "good"}, "good <nil> <nil> <nil> <nil>"},
			{&pb.Position{Lat: 35.41, Lon: 118.51, Quality: "good", HasSpeed: true, HasCourse: true, HasSatellites: true}, "good 0 0 0 <nil>"},
			{&pb.Position{Lat: 35.41, Lon: 118.51, Quality: "good", SpeedKmh: 30, Satellites: 7, Hdop: 1.5}, "good 30 <nil> 7 1.5"}, // an older vehicle
			{&pb.Position{Quality: "no_fix", HasSpeed: true, HasSatellites: true, Satellites: 2}, "no_fix <nil> <nil> 2 <nil>"},
		} {
			if got := shown(c.p); got != c.want {
				t.Errorf("%v is shown as %s, want %s", c.p, got, c.want)
			}
		}
	})
}

func TestUnitOnAMissionThatFallsSilentIsAnAlarm(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		b.story("u01")
		count := func() (open int) {
			b.looks(func(s *desk.State) {
				for _, a := range s.Alarms {
					if a.Code == "link_lost" && a.State != ems.AlarmHandled {
						open++
					}
				}
			})
			return open
		}
		time.Sleep(20 * time.Second)
		if count() != 0 {
			t.Fatal("too soon")
		}
		time.Sleep(15 * time.Second)
		if count() != 1 {
			t.Fatal("35 s of silence and no alarm")
		}
		v.presence(&pb.Presence{Online: true})
		time.Sleep(2 * time.Second)
		if count() != 0 {
			t.Error("it is back, and the alarm stays")
		}
	})
}

func TestRestartKnowsWhatItKnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := mem.NewDisk("store-1", true)
		b := begin(t, disk, &air{}, "")
		m, _ := b.story("u01")
		a, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: "p1"}, "")
		if err != nil {
			t.Fatal(err)
		}
		v := newVan(b.air, "u01")
		sent := v.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: "note-1", Text: "一", By: "李", AtUs: v.us()})
		time.Sleep(time.Second)
		n := len(b.events2())
		b.stop()
		b = begin(t, disk, &air{}, "")
		if b.value("missions", string(m)) == nil || b.value("alarms", string(a.Alarm)) == nil || b.term != 2 {
			t.Error("forgotten; term", b.term)
		}
		if v, err := b.view(a.Token); err != nil || v.Alarm != a.Alarm {
			t.Error("the caller's page is lost:", v, err)
		}
		b.air.up("u01", link.UpUrgent, sent)
		time.Sleep(time.Second)
		if got := told(t, b.air, "u01", link.DownStored, wire.OpenStored); len(got) == 0 || got[0].Lanes[0].UpTo != 1 {
			t.Error("what was stored before is not known:", got)
		}
		if len(b.events2()) != n {
			t.Error("a restart, or a message sent again, made events:", b.events2()[n:])
		}
		b.stop()
	})
}

// A restart is no word of a unit: what was alarmed of it stands, acknowledged as it was, until the unit itself is heard; and a unit that
// fell silent just before the restart is alarmed after it.
func TestALM005_AlarmOfASilentUnitOutlivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := mem.NewDisk("store-1", true)
		b := begin(t, disk, &air{}, "")
		found := func(unit ems.UnitID, code string) (out []ems.Alarm) {
			b.looks(func(s *desk.State) {
				for _, a := range s.Alarms {
					if a.Unit == unit && a.Code == code {
						out = append(out, *a)
					}
				}
			})
			return out
		}
		silent, late := newVan(b.air, "u01"), newVan(b.air, "u02")
		silent.presence(&pb.Presence{Online: true})
		b.story("u01")
		b.story("u03") // never heard at all, before or after
		off := newVan(b.air, "u04")
		off.ahead = time.Minute
		off.presence(&pb.Presence{Online: true})
		b.story("u04")
		late.presence(&pb.Presence{Online: true})
		b.story("u02")
		for range 4 { // u01 falls silent; the others speak
			time.Sleep(10 * time.Second)
			late.presence(&pb.Presence{Online: true})
			off.presence(&pb.Presence{Online: true})
		}
		before := found("u01", "link_lost")
		if len(before) != 1 || len(found("u04", "clock_off")) != 1 || len(found("u02", "link_lost"))+len(found("u03", "link_lost")) != 0 {
			t.Fatal("the alarms before the restart are", before, found("u04", "clock_off"), found("u02", "link_lost"), found("u03", "link_lost"))
		}
		b.do(desk.AckAlarm{Alarm: before[0].ID})
		b.stop()

		b = begin(t, disk, &air{}, "")
		time.Sleep(5 * time.Second)
		if got := found("u01", "link_lost"); len(got) != 1 || got[0].State != ems.AlarmAcknowledged {
			t.Fatal("the restart ended the alarm of a unit that nobody has heard:", got)
		}
		if got := found("u04", "clock_off"); len(got) != 1 || got[0].State == ems.AlarmHandled {
			t.Fatal("the restart set a clock right:", got)
		}
		time.Sleep(5 * time.Minute)
		if got := found("u01", "link_lost"); len(got) != 1 || got[0].State == ems.AlarmHandled {
			t.Error("five minutes of silence:", got)
		}
		if got := found("u02", "link_lost"); len(got) != 1 || got[0].State == ems.AlarmHandled {
			t.Error("silent since the restart, and no alarm:", got)
		}
		newVan(b.air, "u01").presence(&pb.Presence{Online: true})
		newVan(b.air, "u04").presence(&pb.Presence{Online: true})
		time.Sleep(2 * time.Second)
		if got := found("u01", "link_lost"); len(got) != 1 || got[0].State != ems.AlarmHandled {
			t.Error("it is back, and the alarm stays:", got)
		}
		if got := found("u04", "clock_off"); len(got) != 1 || got[0].State != ems.AlarmHandled {
			t.Error("its clock is right, and the alarm stays:", got)
		}
		b.stop()
	})
}

func (b *bench) view(token string) (v wire.CallerView, err error) {
	b.looks(func(*desk.State) { v, err = b.caller(token) })
	return v, err
}

func TestALM003_CallersPageSaysHelpOnlyWhenAnOrderIsAccepted(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		a, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: "p1", Place: scene}, "")
		if err != nil {
			t.Fatal(err)
		}
		page := b.follow("sos:" + a.Token)
		drain(page)
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		b.do(desk.SetDuty{Unit: "u01", Duty: ems.OnDuty, Crew: []string{"李", "王"}})
		b.do(desk.OpenIncident{Incident: "i1", Alarm: a.Alarm, Type: ems.Emergency, Priority: ems.PriorityA})
		b.do(desk.Dispatch{Incident: "i1", Unit: "u01", Mission: "m1", Order: "o1"})
		time.Sleep(time.Second)
		if v := b.on("sos:"+a.Token, "caller", "me"); v["order_accepted"] != false || v["received"] != true || v["unit_plate"] != nil {
			t.Fatal("help is promised before an order is accepted:", v)
		}
		b.do(desk.AcceptByVoice{Order: "o1", Name: "李医生"})
		time.Sleep(time.Second)
		if v := b.on("sos:"+a.Token, "caller", "me"); v["order_accepted"] != true || v["unit_plate"] != "演A·L1201" {
			t.Fatal(v)
		}
		if _, err := b.Hub().Subscribe(webfeed.Who{}, "sos:guess"); err == nil {
			t.Error("a guessed secret opened a page")
		}
	})
}

func TestCLN006_AStalePatientReachesNoHospital(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		m, o := b.story("u01")
		v.urgent(pb.Kind_KIND_ORDER_ANSWER, &pb.OrderAnswer{Order: string(o), Version: 1, Answer: "accepted", By: "李", AtUs: v.us()})
		b.do(desk.AddPatient{Mission: m, Patient: "pat-1"})
		b.do(desk.SetDestination{Mission: m, Hospital: "h1", Notice: "n1"})
		time.Sleep(time.Second)
		screen := b.follow("hospital:h1")
		reached := func(v *van, patient string, ago time.Duration) (string, bool) {
			t.Helper()
			drain(screen)
			v.send(link.UpLive, pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, ago, hr(v, 88, patient, ago))
			v.send(link.UpLive, pb.Lane_LANE_WAVE, pb.Kind_KIND_WAVES, 0, &pb.Waves{Waves: []*pb.Wave{wave(t, v, 0, patient)}})
			time.Sleep(200 * time.Millisecond)
			whose, _ := b.value("readings", v.unit+"/mon/hr")["patient"].(string)
			waves, _ := drain(screen)
			if seen := b.on("hospital:h1", "readings", v.unit+"/mon/hr") != nil; seen != (waves > 0) {
				t.Error("numbers and waves go apart")
			}
			return whose, waves > 0
		}
		want := func(when, patient string, v *van, named string, seen bool) {
			t.Helper()
			if whose, is := reached(v, named, 0); whose != patient || is != seen {
				t.Errorf("%s: shown as of %q, at the hospital %t", when, whose, is)
			}
			time.Sleep(time.Second)
		}
		want("before the binding is heard", "pat-1", v, "pat-1", true)
		want("by another unit", "", newVan(b.air, "u02"), "pat-1", false)
		want("of nobody known", "", v, "pat-9", false)
		v.urgent(pb.Kind_KIND_BINDING, &pb.Binding{Device: "mon", Patient: "pat-1", Mission: string(m), Bound: true, By: "李", AtUs: v.us()})
		time.Sleep(time.Second)
		want("bound", "pat-1", v, "pat-1", true)
		b.do(desk.AddPatient{Mission: m, Patient: "pat-2"})
		want("another than the bound one", "", v, "pat-2", false)
		v.urgent(pb.Kind_KIND_NODE, &pb.Node{Id: "n1", Mission: string(m), Node: "handed_over", AtUs: v.us(), By: "李", Source: "key"})
		time.Sleep(time.Second)
		want("after the hand-over", "", v, "pat-1", false)
		want("never bound, after the hand-over", "", v, "pat-2", false)
		v.urgent(pb.Kind_KIND_NODE, &pb.Node{Id: "n2", Mission: string(m), Node: "available", AtUs: v.us(), By: "李", Source: "key"})
		time.Sleep(time.Second)
		want("after the mission", "", v, "pat-1", false)
	})
}

func TestALM006_FloodsAreGroupedForEveryScreen(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		place := func(lat float64) *ems.Place { return &ems.Place{Pos: &ems.WGS84{Lat: lat, Lon: 118.5}} }
		press := func(id string, p *ems.Place, session, from string) ems.AlarmID {
			a, err := b.Caller(context.WithValue(t.Context(), originKey{}, from), wire.CallerAlarm{PressID: id, Place: p}, session)
			if err != nil {
				t.Fatal(err)
			}
			return a.Alarm
		}
		v := newVan(b.air, "u01")
		var flood []any
		for _, id := range []string{"x1", "x2", "x3"} {
			flood = append(flood, string(press(id, place(35.4), "", "192.0.2.7")))
			time.Sleep(time.Second)
		}
		press("far", place(35.41), "", "192.0.2.7")
		press("named", place(35.4), "page1", "192.0.2.7")
		press("other", place(35.4), "", "192.0.2.8")
		for _, id := range []string{"s1", "s2", "s3"} {
			v.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: id, PressedUs: v.us()})
		}
		time.Sleep(time.Second)
		g := b.value("groups", flood[0].(string))
		if diff := cmp.Diff(flood, g["alarms"]); diff != "" || g["source"] != "net-192.0.2.7" || g["sounding"] != true || len(b.groups) != 1 {
			t.Fatal(diff, g, b.groups)
		}
		b.do(desk.AckAlarm{Alarm: ems.AlarmID(flood[1].(string))})
		b.do(desk.CloseAlarm{Alarm: ems.AlarmID(flood[0].(string)), Reason: "误报"})
		time.Sleep(time.Second)
		if g := b.value("groups", flood[0].(string)); g != nil {
			t.Error("two alarms are no flood:", g)
		}
	})
}

func TestALM006_AFloodingUnitDisplacesNobody(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		bad, good := newVan(b.air, "u01"), newVan(b.air, "u02")
		b.looks(func(*desk.State) { // the owner of the state is busy all the while
			for i := range 3 * queueUrgent {
				bad.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: fmt.Sprint("n", i), Text: "x", By: "李", AtUs: bad.us()})
			}
			for i := range queueAlarms {
				bad.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: fmt.Sprint("p", i), PressedUs: bad.us()})
			}
			good.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: "good", Text: "x", By: "王", AtUs: good.us()})
			good.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "sos", PressedUs: good.us()})
			if m, ok := b.urgentOne(); !ok || m.env.Kind != pb.Kind_KIND_ALARM {
				t.Error("an alarm waits behind notes:", m.unit, m.env.GetKind())
			} else {
				b.take(m)
			}
		})
		time.Sleep(2 * time.Second)
		b.looks(func(s *desk.State) {
			alarms := 0
			for _, a := range s.Alarms {
				if a.Unit == "u02" {
					alarms++
				}
			}
			mine := 0
			for _, a := range s.Alarms {
				if a.Unit == "u01" {
					mine++
				}
			}
			if s.Notes["good"] == nil || alarms != 1 || mine == 0 || len(b.quota.waiting) != 0 {
				t.Error("another unit's flood displaced it:", s.Notes["good"], alarms, b.quota.waiting)
			}
		})
	})
}

// However much that is urgent comes, a desk's act has its turn, and is called stored as soon as it is.
func TestALM006_AFloodLeavesTheDeskItsTurn(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		var before, left int
		b.looks(func(*desk.State) { // the owner of the state is busy while the flood comes
			for u := range queueUrgent / queueOfUnit {
				bad := newVan(b.air, fmt.Sprintf("u%02d", u+1))
				for i := range queueOfUnit {
					bad.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: fmt.Sprint("n", u, "-", i), Text: "x", By: "李", AtUs: bad.us()})
				}
			}
			b.calls <- func() {
				before = queueUrgent - len(b.urgent)
				_, err := b.decide(now(), desk.Actor{By: "张"}, desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: scene},
					func(_ desk.Answer, err error) { left = len(b.urgent) })
				if err != nil {
					t.Error(err)
				}
			}
		})
		time.Sleep(5 * time.Second)
		if before > 2*urgentTurn || left == 0 {
			t.Errorf("the desk waited for %d messages, and was answered with %d still to come", before, left)
		}
		if n := b.events("incident.opened"); n != 1 || len(b.quota.waiting) != 0 {
			t.Error(n, b.quota.waiting)
		}
	})
}

// What a desk decides is stored in its order: a flood puts no more than urgentAhead before it while the store answers. An alarm is taken
// all the same, and nothing of the flood is lost.
func TestALM006_AFloodStandsNotBeforeADeskInTheStore(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		b.disk.SetDelay(100 * time.Millisecond)
		bad := newVan(b.air, "u01")
		b.looks(func(*desk.State) { // the owner of the state is busy while the flood comes
			for i := range 400 {
				bad.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: fmt.Sprint("n", i), Text: "x", By: "李", AtUs: bad.us()})
			}
		})
		time.Sleep(50 * time.Millisecond)
		bad.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "sos", PressedUs: bad.us()})
		synctest.Wait()
		b.looks(func(s *desk.State) {
			if n := b.journal.waiting(); n < urgentAhead || n > urgentAhead+1 || len(b.urgent) == 0 || len(s.Alarms) != 1 {
				t.Errorf("%d entries stand before the desk, %d wait for their turn, %d alarms", n, len(b.urgent), len(s.Alarms))
			}
		})
		time.Sleep(10 * time.Second)
		b.looks(func(s *desk.State) {
			if len(s.Notes) != 400 || b.journal.waiting() != 0 {
				t.Errorf("%d notes of 400; %d wait", len(s.Notes), b.journal.waiting())
			}
		})
	})
}

// A unit whose messages the store has not taken fills its own share of what waits for it, and no more; its alarm is heard all the same.
func TestALM006_AFloodDoesNotFillWhatWaitsForTheStore(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		b.disk.SetDown(true)
		bad := newVan(b.air, "u01")
		for i := range 4 * queueOfUnit {
			bad.urgent(pb.Kind_KIND_NOTE, &pb.Note{Id: fmt.Sprint("n", i), Text: "x", By: "李", AtUs: bad.us()})
			synctest.Wait()
		}
		bad.urgent(pb.Kind_KIND_ALARM, &pb.Alarm{PressId: "sos", PressedUs: bad.us()})
		time.Sleep(2 * time.Second)
		heard := 0
		b.looks(func(s *desk.State) {
			for _, a := range s.Alarms {
				if a.Kind == ems.CrewSOS {
					heard++
				}
			}
			if n := b.journal.waiting(); n > queueOfUnit+2 || heard != 1 { // and its alarm, and the one about the store
				t.Errorf("%d entries of one unit wait for the store; %d alarms", n, heard)
			}
		})
		b.disk.SetDown(false)
		time.Sleep(5 * time.Second)
		if b.looks(func(*desk.State) {}); len(b.quota.waiting) != 0 {
			t.Error(b.quota.waiting)
		}
	})
}

// An answer that lies unread is an answer: the store is not called silent for what the desk has not looked at.
func TestDLV006_AStoreThatHasAnsweredIsNotSilent(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		b.looks(func(*desk.State) {
			_, err := b.decide(now(), desk.Actor{By: "张"}, desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: scene}, nil)
			if err != nil {
				t.Error(err)
			}
			b.journal.start(now())
			time.Sleep(2 * storePatience)
			b.watchStore(now())
			if b.silent {
				t.Error("called silent with its answer unread")
			}
		})
		time.Sleep(time.Second)
		if h := b.value("health", "store"); h["ok"] != true {
			t.Error(h)
		}
	})
}

// With everything else that may wait waiting for a dead store, a caller's alarm is still heard, and not without a bound.
func TestALM001_AnAlarmFindsRoomWhenNothingElseDoes(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		b.looks(func(s *desk.State) {
			alarms := []desk.Command{desk.RaiseAlarm{Alarm: "a1", Kind: ems.CallerAlarm, PressID: "p1", Source: "page-1", Token: "t1", Pressed: now()},
				desk.PressAgain{Token: "t1", NewAlarm: "a2", PressID: "p2", Pressed: now()},
				desk.RaiseAlarm{Alarm: "a3", Kind: ems.DeviceAlarm, PressID: "p1", Source: "device-1", Pressed: now()}}
			try := func(cmd desk.Command) error {
				_, err := b.decide(now(), desk.Actor{By: "caller"}, cmd, func(desk.Answer, error) {})
				return err
			}
			waits := make([]*entry, maxWaiting+alarmReserve)
			b.journal.queue = waits[:maxWaiting:maxWaiting]
			if err := try(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: scene}); !errors.Is(err, ErrBusy) {
				t.Error("an act of a desk:", err)
			}
			for _, cmd := range alarms {
				if err := try(cmd); err != nil {
					t.Errorf("%T: %v", cmd, err)
				}
			}
			heard := b.journal.queue[maxWaiting:]
			b.journal.queue = waits
			if err := try(alarms[0]); !errors.Is(err, ErrBusy) {
				t.Error("without a bound:", err)
			}
			b.journal.queue = slices.Clone(heard)
		})
		time.Sleep(time.Second)
		if n := b.events("alarm.raised"); n != 2 {
			t.Error(b.events2())
		}
	})
}

// hungDisk takes its first job and never answers.
type hungDisk struct {
	release chan struct{}
	added   int
}

func (h *hungDisk) add(e []asideEntry) (int, error) {
	<-h.release
	h.added += len(e)
	return len(e), nil
}
func (h *hungDisk) clear() error { <-h.release; return nil }
func (h *hungDisk) close() error { <-h.release; return nil }

func TestDLV006_AHungDiskOfOurOwnHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, hung := mem.NewDisk("store-1", true), &hungDisk{release: make(chan struct{})}
		b := beginWith(t, disk, &air{}, "", func(c *Centre) { c.file = hung })
		disk.SetDown(true)
		for i := range 10 {
			began := time.Now()
			if _, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: fmt.Sprint("p", i)}, fmt.Sprint("s", i)); !errors.Is(err, ErrUnrecorded) {
				t.Fatal(err)
			}
			if took := time.Since(began); took > storePatience {
				t.Fatal("the desk waited for a disk that hangs:", took)
			}
		}
		time.Sleep(time.Second)
		if h := b.value("health", "spool"); h["ok"] != false {
			t.Error("nobody is told:", h)
		}
		disk.SetDown(false)
		time.Sleep(5 * time.Second)
		if h := b.value("health", "store"); h["ok"] != true {
			t.Error("the desk hangs on clearing:", h)
		}
		disk.SetDown(true)
		if _, err := b.Caller(t.Context(), wire.CallerAlarm{PressID: "last"}, "last"); !errors.Is(err, ErrUnrecorded) {
			t.Fatal(err)
		}
		began := time.Now()
		b.stop()
		if took := time.Since(began); took > 3*closePatience {
			t.Error("ending waits for a disk that hangs:", took)
		}
		close(hung.release)
	})
}

func TestLinkThatComesAndGoesIsKnownAsItStands(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		b.looks(func(*desk.State) { // the owner of the state is busy all the while
			for range 1000 {
				b.news.tell(linkEvent{name: "live", Event: link.Event{}})
				b.news.tell(linkEvent{name: "live", Event: link.Event{Up: true}})
			}
			b.news.tell(linkEvent{name: "live", Event: link.Event{Err: link.ErrDown}})
		})
		if h := b.value("health", "link"); h["ok"] != false {
			t.Error("the last word was lost:", h)
		}
		b.news.tell(linkEvent{name: "live", Event: link.Event{Up: true}})
		if h := b.value("health", "link"); h["ok"] != true {
			t.Error(h)
		}
	})
}

func TestSCR001_ArrivalIsForetoldOnlyFromAFreshPosition(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		m, o := b.story("u01")
		fix := func(lat float64) {
			v.send(link.UpLive, pb.Lane_LANE_POSITION, pb.Kind_KIND_POSITIONS, 0, &pb.Positions{Positions: []*pb.Position{{Device: "gnss", Lat: lat, Lon: 118.505,
				Quality: "good", TakenUs: v.us()}}})
			time.Sleep(2 * time.Second)
		}
		node := func(n string) {
			v.urgent(pb.Kind_KIND_NODE, &pb.Node{Id: n, Mission: string(m), Node: n, AtUs: v.us(), By: "李", Source: "key"})
			time.Sleep(2 * time.Second)
		}
		in := func(coll, key string) (seconds float64) {
			e := b.value(coll, key)
			if e["eta"] == nil {
				return -1
			}
			eta, err := time.Parse(time.RFC3339, e["eta"].(string))
			if err != nil || e["eta_method"] != "straight_line" {
				t.Fatal(err, e)
			}
			return time.Until(eta).Seconds()
		}
		v.urgent(pb.Kind_KIND_ORDER_ANSWER, &pb.OrderAnswer{Order: string(o), Version: 1, Answer: "accepted", By: "李", AtUs: v.us()})
		fix(35.501) // 11.1 km from the scene: 1400 s by road
		if s := in("missions", string(m)); s != -1 {
			t.Error("it has not left:", s)
		}
		node("departed")
		if s := in("missions", string(m)); s < 1390 || s > 1405 {
			t.Error("to the scene:", s)
		}
		b.do(desk.SetDestination{Mission: m, Hospital: "h1", Notice: "n1"})
		for _, n := range []string{"at_scene", "contact", "left_scene"} {
			if s := in("notices", "n1"); s != -1 {
				t.Error("it has not left for the hospital:", n, s)
			}
			node(n)
		}
		fix(35.4)
		first := in("notices", "n1")
		if hosp := b.on("hospital:h1", "notices", "n1"); first <= 0 || hosp["eta"] == nil || in("missions", string(m)) != first {
			t.Fatal("to the hospital:", first, hosp)
		}
		if b.events("notice.sent") != 1 {
			t.Error(b.events2())
		}
		time.Sleep(40 * time.Second)
		if s := in("notices", "n1"); s != -1 {
			t.Error("foretold from an old position:", s)
		}
	})
}

func TestRefusedEntryIsTakenBackAndAlarmed(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		b.disk.SetDelay(100 * time.Millisecond)
		errs := make(chan error, 3)
		b.looks(func(*desk.State) {
			open := func(id, text string) {
				_, err := b.decide(now(), desk.Actor{By: "张"}, desk.OpenIncident{Incident: ems.IncidentID(id), Type: ems.Emergency, Priority: ems.PriorityA, Place: scene, Complaint: text},
					func(_ desk.Answer, err error) { errs <- err })
				if err != nil {
					t.Error(err)
				}
			}
			open("i1", "胸痛")
			open("i2", "胸痛")
			bad := b.journal.queue[len(b.journal.queue)-1]
			bad.events[0].Body = append(bad.events[0].Body[:len(bad.events[0].Body)-1], strings.Repeat(" ", 8<<20)+"}"...)
			if _, err := b.decide(now(), desk.Actor{By: "张"}, desk.CloseIncident{Incident: "i2", Reason: "x"}, func(_ desk.Answer, err error) { errs <- err }); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(5 * time.Second)
		if e1, e2, e3 := <-errs, <-errs, <-errs; errors.Join(e1, e2, e3) == nil {
			t.Error("nobody was told")
		}
		if b.value("incidents", "i1") == nil || b.value("incidents", "i2") != nil {
			t.Error("on screen:", b.value("incidents", "i1"), b.value("incidents", "i2"))
		}
		b.do(desk.OpenIncident{Incident: "i3", Type: ems.Emergency, Priority: ems.PriorityA, Place: scene})
		b.looks(func(s *desk.State) {
			alarmed := 0
			for _, a := range s.Alarms {
				if a.Code == "entry_refused" {
					alarmed++
				}
			}
			if alarmed != 1 || s.Incidents["i2"] != nil || len(b.pending) != 0 {
				t.Error(alarmed, s.Incidents["i2"], b.pending)
			}
		})
	})
}
