package cab

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

var t0 = time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)

// at is the moment d after t0 on a vehicle whose clock runs 7 s ahead of the server's.
func at(d time.Duration) Clock {
	return Clock{Now: t0.Add(d + 7*time.Second), Offset: 7 * time.Second, Known: true}
}

func order(version int32, kind string) *pb.Owed {
	return &pb.Owed{Order: "o1", Version: version, Mission: "m1", Incident: "i1", Kind: kind, QueuedUs: t0.UnixMicro(),
		ValidUntilUs: t0.Add(120 * time.Second).UnixMicro(), Text: "人民路12号 胸痛", Priority: "A", Address: "人民路12号"}
}

func words(owes []Owe) (out []string) {
	for _, o := range owes {
		switch b := o.Body.(type) {
		case *pb.OrderAnswer:
			out = append(out, "answer:"+b.Answer)
		case *pb.Node:
			out = append(out, "node:"+b.Node)
		case *pb.Binding:
			w := "unbind:"
			if b.Bound {
				w = "bind:"
			}
			out = append(out, w+b.Patient)
		case *pb.Alarm:
			out = append(out, "alarm:"+b.PressId)
		case *pb.Note:
			out = append(out, "note:"+b.Id)
		case *pb.Destination:
			out = append(out, "destination:"+b.Hospital)
		}
	}
	return out
}

// take drops what a test does not look at.
func take(owes []Owe, _ bool) []Owe { return owes }

func want(t *testing.T, owes []Owe, w ...string) {
	t.Helper()
	if got := words(owes); !reflect.DeepEqual(got, w) {
		t.Fatalf("owes %v, want %v", got, w)
	}
}

func TestDLV005_OrderIsAnsweredOnceAndAgainOnlyWhenTheCentreKeepsAsking(t *testing.T) {
	s := New()
	want(t, take(s.Take(at(time.Second), order(1, "order"))), "answer:delivered")
	if o := s.Orders["o1"]; o.State != ems.OrderDelivered || !o.Delivered.Equal(t0.Add(time.Second)) {
		t.Fatalf("order is %s, delivered %v", o.State, o.Delivered)
	}
	if got := take(s.Take(at(3*time.Second), order(1, "order"))); got != nil {
		t.Fatalf("the copy 2 s later is answered with %v", words(got))
	}
	want(t, take(s.Take(at(30*time.Second), order(1, "order"))), "answer:delivered")
	owes, err := s.Accept(at(40*time.Second), "o1", "张医生")
	if err != nil {
		t.Fatal(err)
	}
	want(t, owes, "answer:accepted")
	want(t, take(s.Take(at(90*time.Second), order(1, "order"))), "answer:accepted")
	if got := s.Missions["m1"]; got.State != ems.MissionAcknowledged || len(got.Nodes) != 2 {
		t.Fatalf("mission is %s with nodes %v", got.State, got.Nodes)
	}
}

func TestDLV005_LateOrderDoesNotSound(t *testing.T) {
	s := New()
	want(t, take(s.Take(at(121*time.Second), order(1, "order"))), "answer:late")
	if s.Orders["o1"].State != ems.OrderExpired || s.Current() != "" {
		t.Fatalf("a late order is %s, current mission %q", s.Orders["o1"].State, s.Current())
	}
	if _, err := s.Accept(at(122*time.Second), "o1", "x"); !errors.Is(err, ErrOver) || !strings.Contains(err.Error(), "call the desk") {
		t.Fatalf("accepting a late order: %v", err)
	}
	// The vehicle's wrong clock does not make it late: 119 s by the server's clock, 126 s by its own.
	s = New()
	want(t, take(s.Take(at(119*time.Second), order(1, "order"))), "answer:delivered")
}

func TestDLV005_WithdrawnAndCorrected(t *testing.T) {
	s := New()
	take(s.Take(at(time.Second), order(1, "order")))
	if _, err := s.Accept(at(2*time.Second), "o1", "x"); err != nil {
		t.Fatal(err)
	}
	c := order(2, "correct")
	c.Address = "人民路21号"
	want(t, take(s.Take(at(200*time.Second), c)), "answer:delivered") // a correction of a running mission is never late
	if o := s.Orders["o1"]; o.Place.Address != "人民路21号" || o.AcceptedBy != "x" || o.State != ems.OrderDelivered {
		t.Fatalf("corrected order: %+v", o)
	}
	want(t, take(s.Take(at(201*time.Second), order(1, "order"))), "answer:accepted") // the old version asks again: the old answer
	want(t, take(s.Take(at(202*time.Second), order(2, "withdraw"))), "answer:withdrawn")
	if s.Orders["o1"].State != ems.OrderWithdrawn || s.Missions["m1"].State != ems.MissionRecalled || s.Current() != "" {
		t.Fatal("the withdrawn order still stands")
	}
	// An order that comes after its withdrawal never sounds.
	want(t, take(s.Take(at(203*time.Second), order(3, "order"))), "answer:withdrawn")
}

// Accepted by voice after it was delivered: it runs out no more, asks for no answer, and wants to be seen.
func TestDLV005_AcceptedByVoiceAfterItArrived(t *testing.T) {
	byVoice := order(1, "order")
	byVoice.State, byVoice.ValidUntilUs = string(ems.OrderAccepted), 0
	s := New()
	take(s.Take(at(time.Second), order(1, "order")))
	if _, changed := s.Take(at(20*time.Second), byVoice); !changed || !s.Orders["o1"].ValidUntil.IsZero() || s.Orders["o1"].State != ems.OrderDelivered {
		t.Fatalf("it still runs out: %+v", s.Orders["o1"])
	}
	if _, changed := s.Take(at(22*time.Second), byVoice); changed {
		t.Fatal("the copy changes it again")
	}
	owes, err := s.Seen(at(200*time.Second), "o1", "李")
	if err != nil {
		t.Fatal(err)
	}
	want(t, owes, "answer:seen")
	// It came late, and the crew said yes by radio: its mission goes on.
	s = New()
	want(t, take(s.Take(at(121*time.Second), order(1, "order"))), "answer:late")
	if _, changed := s.Take(at(150*time.Second), byVoice); !changed || s.Orders["o1"].State != ems.OrderDelivered || s.Missions["m1"].Order != "o1" {
		t.Fatalf("late, and accepted by voice: %+v, %+v", s.Orders["o1"], s.Missions["m1"])
	}
	// What the crew has decided stands.
	s = New()
	take(s.Take(at(time.Second), order(1, "order")))
	if _, err := s.Refuse(at(2*time.Second), "o1", "李", "vehicle"); err != nil {
		t.Fatal(err)
	}
	s.Take(at(20*time.Second), byVoice)
	if s.Orders["o1"].State != ems.OrderRefused {
		t.Fatalf("a refused order is %s", s.Orders["o1"].State)
	}
}

func TestDLV005_WithdrawnBeforeItArrived(t *testing.T) {
	s := New()
	want(t, take(s.Take(at(1*time.Second), order(1, "withdraw"))), "answer:withdrawn")
	if owes := take(s.Take(at(2*time.Second), order(1, "order"))); s.Orders["o1"].State == ems.OrderDelivered {
		t.Fatalf("an order that was withdrawn before it arrived sounds: %v", words(owes))
	}
}

func TestALM002_SOSCarriesTheLastFixAndItsAge(t *testing.T) {
	s := New()
	owes := s.SOS(at(0), Press{PressID: "p1"}, "key", nil, 0)
	if a := owes[0].Body.(*pb.Alarm); a.Place != nil {
		t.Fatal("a place from nowhere")
	}
	last := &ems.Fix{Pos: ems.WGS84{Lat: 35.4, Lon: 118.5}, Quality: ems.Frozen, Taken: t0.Add(-time.Minute)}
	a := s.SOS(at(0), Press{PressID: "p2"}, "key", last, 0)[0].Body.(*pb.Alarm)
	if a.Place.Source != "last_fix" || a.Place.AtUs != last.Taken.UnixMicro() {
		t.Fatalf("place %v", a.Place)
	}
}

func TestALM003_LampOnlyByTheDispatchersWord(t *testing.T) {
	s := New()
	s.SOS(at(0), Press{PressID: "p1"}, "key", nil, 0)
	if s.Presses["p1"].Lamp != LampPending {
		t.Fatal("the lamp is lit before anything was stored")
	}
	if s.Word(&pb.Stored{Store: "s", Pressed: []string{"other"}}) || s.Presses["p1"].Lamp != LampPending {
		t.Fatal("the lamp is lit by another's word")
	}
	if !s.Word(&pb.Stored{Pressed: []string{"p1"}}) || s.Presses["p1"].Lamp != LampReceived {
		t.Fatal("the lamp stays dark")
	}
	s.Word(&pb.Stored{Alarms: []*pb.AlarmWord{{PressId: "p1", State: "acknowledged", By: "李", AtUs: t0.UnixMicro()}}})
	if p := s.Presses["p1"]; p.By != "李" || p.State != "acknowledged" {
		t.Fatalf("press %+v", p)
	}
}

func TestALM004_OnePressIsOneAlarm(t *testing.T) {
	s := New()
	want(t, s.SOS(at(0), Press{PressID: "p1"}, "key", nil, 0), "alarm:p1")
	want(t, s.SOS(at(0), Press{PressID: "p1"}, "tablet", nil, 0))
	want(t, s.SOS(at(0), Press{PressID: "p2"}, "key", nil, 0), "alarm:p2")
}

func TestALM001_NoPressIsForgottenBeforeItIsHandled(t *testing.T) {
	s := New()
	for i := range MaxPresses + 50 {
		if len(s.SOS(at(0), Press{PressID: "p" + string(rune('a'+i%26)) + time.Duration(i).String()}, "key", nil, 0)) != 1 {
			t.Fatalf("press %d owes nothing", i)
		}
	}
	if len(s.Presses) != MaxPresses+50 {
		t.Fatalf("%d presses are remembered, none of them handled", len(s.Presses))
	}
}

func TestDSP004_NodesNeverRunBackwardsUnlessCorrected(t *testing.T) {
	s := New()
	take(s.Take(at(0), order(1, "order")))
	enter := func(d time.Duration, tc Touch) []Owe {
		t.Helper()
		tc.Mission = "m1"
		owes, err := s.Enter(at(d), tc, nil)
		if err != nil {
			t.Fatal(err)
		}
		return owes
	}
	want(t, enter(60*time.Second, Touch{ID: "1", Node: ems.NodeAtScene}), "node:at_scene") // departed is missing: never refused
	want(t, enter(61*time.Second, Touch{ID: "2", Node: ems.NodeAtScene}))                  // a second touch changes nothing
	want(t, enter(60*time.Second, Touch{ID: "3", Node: ems.NodeDeparted, At: t0}), "node:departed")
	if s.Missions["m1"].State != ems.MissionAtScene {
		t.Fatalf("a late departure moved the mission back to %s", s.Missions["m1"].State)
	}
	want(t, enter(65*time.Second, Touch{ID: "4", Node: ems.NodeAtScene, At: t0.Add(50 * time.Second), Correction: true, Reason: "误触", By: "b"}), "node:at_scene")
	n := s.Missions["m1"].Nodes[2]
	if n.Was == nil || !n.Was.Equal(t0.Add(60*time.Second)) || !n.At.Equal(t0.Add(43*time.Second)) {
		t.Fatalf("corrected node %+v", n)
	}
	owes, err := s.Undo(at(66*time.Second), Touch{ID: "1", Mission: "m1", Node: ems.NodeAtScene})
	if err != nil || words(owes)[0] != "node:at_scene" || len(s.Missions["m1"].Undone) != 1 || s.Missions["m1"].State != ems.MissionDeparted {
		t.Fatalf("undo: %v %v %+v", words(owes), err, s.Missions["m1"])
	}
	if _, err := s.Enter(at(0), Touch{ID: "6", Node: ems.NodeAtScene}, nil); !errors.Is(err, ErrUnknownMission) {
		t.Fatalf("no mission: %v", err)
	}
	if _, err := s.Enter(at(0), Touch{ID: "7", Mission: "m1", Node: "lunch"}, nil); err == nil {
		t.Fatal("a node that is none was taken")
	}
	if late := enter(10*time.Minute, Touch{ID: "8", Node: ems.NodeContact, At: t0.Add(70 * time.Second)}); len(late) != 1 || !s.Missions["m1"].Nodes[2].Late {
		t.Fatalf("a node entered nine minutes later is not marked late: %+v", s.Missions["m1"].Nodes)
	}
}

func TestDSP004_NodeOfAForgottenMissionIsOwedAsItIs(t *testing.T) {
	s := New()
	touch := Touch{ID: "t1", Mission: "m9", Node: ems.NodeHandedOver, At: t0.Add(-26 * time.Hour), By: "b", UncertainS: 0.2}
	owes, err := s.Enter(at(0), touch, nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, owes, "node:handed_over")
	if n := owes[0].Body.(*pb.Node); n.Mission != "m9" || n.AtUs != touch.At.UnixMicro() || n.UncertainS != 0.2 || n.Source != "key" || n.By != "b" {
		t.Errorf("owed: %v", n)
	}
	owes, err = s.Enter(at(0), touch, nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, owes)
	for range 2 {
		owes, err = s.Undo(at(time.Second), touch)
		if err != nil {
			t.Fatal(err)
		}
		if len(owes) == 0 {
			break
		}
		if n := owes[0].Body.(*pb.Node); n.AtUs != 0 || n.Reason != "undo" || n.Mission != "m9" {
			t.Errorf("taken back: %v", n)
		}
	}
	want(t, owes)
	if len(s.Missions) != 0 {
		t.Errorf("a mission was made up: %v", s.Missions)
	}
}

func TestCLN006_BindingStartsAndEndsByANamedActAndEndsAtHandOver(t *testing.T) {
	s := New()
	take(s.Take(at(0), order(1, "order")))
	if _, err := s.Bind(at(0), Binding{Device: "mon", Patient: "p1"}); err == nil {
		t.Fatal("bound by nobody")
	}
	if s.Patient("mon") != "" {
		t.Fatal("a device is bound before any act")
	}
	owes, err := s.Bind(at(0), Binding{Device: "mon", Patient: "p1", By: "王护士"})
	if err != nil {
		t.Fatal(err)
	}
	want(t, owes, "bind:p1")
	owes, _ = s.Bind(at(0), Binding{Device: "mon", Patient: "p2", By: "王护士"})
	want(t, owes, "unbind:p1", "bind:p2")
	owes, _ = s.Enter(at(time.Minute), Touch{ID: "h", Mission: "m1", Node: ems.NodeHandedOver, By: "王护士"}, nil)
	want(t, owes, "node:handed_over", "unbind:p2")
	if s.Patient("mon") != "" {
		t.Fatal("still bound after hand-over")
	}
}

// The state must survive a restart whole.
func TestState_SurvivesJSON(t *testing.T) {
	s := New()
	take(s.Take(at(0), order(1, "order")))
	s.SOS(at(0), Press{PressID: "p1"}, "key", nil, 0)
	if _, err := s.Bind(at(0), Binding{Device: "mon", Patient: "p1", By: "b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(at(0), Note{ID: "n1", Text: "意识清楚", By: "b"}, 0); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	back := New()
	if err := json.Unmarshal(b, back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, back) {
		t.Fatalf("before %+v\nafter  %+v", s, back)
	}
	c := at(72 * time.Hour)
	s.end("m1", ems.MissionRecalled, "", "", at(0))
	if !s.Forget(c) || len(s.Missions)+len(s.Orders)+len(s.Notes)+len(s.Answered) != 0 {
		t.Fatalf("three days later the cab still knows %+v", s)
	}
	if len(s.Presses) != 1 {
		t.Fatal("a press that nobody handled was forgotten")
	}
}

func TestWrite_BoundsAndIdentity(t *testing.T) {
	s := New()
	if _, err := s.Write(at(0), Note{ID: "n", Text: strings.Repeat("字", MaxText+1), By: "b"}, 0); err == nil {
		t.Fatal("a book was taken for a note")
	}
	owes, err := s.Write(at(0), Note{ID: "n", Text: "䶮 𠅤 㛃", By: "b"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	want(t, owes, "note:n")
	owes, _ = s.Write(at(0), Note{ID: "n", Text: "again", By: "b"}, 0)
	want(t, owes)
}

func TestDLV005_ACorrectionWithoutValidityNeverExpires(t *testing.T) {
	s := New()
	take(s.Take(at(time.Second), order(1, "order")))
	if _, err := s.Accept(at(2*time.Second), "o1", "x"); err != nil {
		t.Fatal(err)
	}
	c := order(2, "correct")
	c.ValidUntilUs = 0
	want(t, take(s.Take(at(time.Hour), c)), "answer:delivered")
	if o := s.Orders["o1"]; !o.ValidUntil.IsZero() || o.State != ems.OrderDelivered || o.Accepted == nil {
		t.Fatalf("corrected order: %+v", o)
	}
}

// Before the clock's offset is measured the centre's time of sending is now: a vehicle whose clock is hours off takes a fresh order as
// fresh, and an old one as old.
func TestDLV005_UnknownOffsetIsJudgedByTheTimeOfSending(t *testing.T) {
	for _, skew := range []time.Duration{-9 * time.Hour, 9 * time.Hour} {
		fresh, stale := order(1, "order"), order(1, "order")
		fresh.SentUs, stale.SentUs = t0.Add(2*time.Second).UnixMicro(), t0.Add(3*time.Minute).UnixMicro()
		s := New()
		want(t, take(s.Take(Clock{Now: t0.Add(skew)}, fresh)), "answer:delivered")
		s = New()
		want(t, take(s.Take(Clock{Now: t0.Add(skew)}, stale)), "answer:late")
	}
}

func TestDLV006_TheMarkGoesWhenTheStoreHasAnswered(t *testing.T) {
	s := New()
	m := order(1, "order")
	m.Unrecorded = true
	take(s.Take(at(time.Second), m))
	if !s.Orders["o1"].Unrecorded {
		t.Fatal("未落盘 is not shown in the cab")
	}
	m.Unrecorded = false
	if owes, changed := s.Take(at(3*time.Second), m); !changed || len(owes) != 0 || s.Orders["o1"].Unrecorded {
		t.Fatalf("the mark stays: changed %v, owes %v", changed, words(owes))
	}
}

func TestCLN006_BindingEndsWithTheMissionHoweverThatEnds(t *testing.T) {
	for name, end := range map[string]func(s *State) []Owe{
		"withdrawn": func(s *State) []Owe { return take(s.Take(at(time.Minute), order(2, "withdraw"))) },
		"available": func(s *State) []Owe {
			owes, err := s.Enter(at(time.Minute), Touch{ID: "a", Mission: "m1", Node: ems.NodeAvailable, By: "b"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return owes
		},
		"refused": func(s *State) []Owe {
			owes, err := s.Refuse(at(time.Minute), "o1", "b", "车辆故障")
			if err != nil {
				t.Fatal(err)
			}
			return owes
		},
	} {
		s := New()
		take(s.Take(at(0), order(1, "order")))
		if _, err := s.Bind(at(1*time.Second), Binding{Device: "mon", Patient: "p1", By: "b"}); err != nil {
			t.Fatal(err)
		}
		got := words(end(s))
		if s.Patient("mon") != "" || got[len(got)-1] != "unbind:p1" {
			t.Errorf("%s: the next patient's values would be %q's; owes %v", name, s.Patient("mon"), got)
		}
	}
}

func TestCLN006_TwoDevicesOnOnePatient(t *testing.T) {
	s := New()
	take(s.Take(at(0), order(1, "order")))
	if _, err := s.Bind(at(0), Binding{Device: "mon", Patient: "p1", Name: "王", Sex: "f", AgeYears: 70, By: "b"}); err != nil {
		t.Fatal(err)
	}
	owes, err := s.Bind(at(0), Binding{Device: "oxi", Patient: "p1", By: "b"})
	if err != nil {
		t.Fatal(err)
	}
	if b := owes[0].Body.(*pb.Binding); b.Name != "王" || b.AgeYears != 70 || s.Patient("mon") != "p1" || s.Patient("oxi") != "p1" {
		t.Fatalf("second binding %v", b)
	}
	if _, err := s.Unbind(at(0), "mon", "b"); err != nil {
		t.Fatal(err)
	}
	if p, ok := s.Patients["p1"]; !ok || p.Name != "王" {
		t.Fatal("a patient whose device was taken off is forgotten")
	}
}

func TestDSP004_UndoAfterRecallDoesNotReviveTheMission(t *testing.T) {
	s := New()
	take(s.Take(at(0), order(1, "order")))
	if _, err := s.Enter(at(0), Touch{ID: "d", Mission: "m1", Node: ems.NodeDeparted}, nil); err != nil {
		t.Fatal(err)
	}
	take(s.Take(at(0), order(1, "withdraw")))
	if _, err := s.Undo(at(0), Touch{ID: "d", Mission: "m1", Node: ems.NodeDeparted}); !errors.Is(err, ErrOver) || s.Current() != "" {
		t.Fatalf("undo after recall: %v, current mission %q", err, s.Current())
	}
}

func TestTIM001_RepeatedAnswerKeepsItsFirstTime(t *testing.T) {
	s := New()
	first := Clock{Now: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC), Known: true}
	m := &pb.Owed{Order: "o1", Version: 1, Kind: "order", Mission: "m1", QueuedUs: first.Now.UnixMicro(), ValidUntilUs: first.Now.Add(time.Minute).UnixMicro()}
	s.Take(first, m)
	if _, err := s.Accept(first, "o1", "司机"); err != nil {
		t.Fatal(err)
	}
	again := first
	again.Now = first.Now.Add(AnswerAgainAfter)
	owes, _ := s.Take(again, m)
	if len(owes) != 1 {
		t.Fatalf("the order came again, and is answered by %d messages", len(owes))
	}
	if a := owes[0].Body.(*pb.OrderAnswer); a.Answer != "accepted" || a.AtUs != first.Now.UnixMicro() {
		t.Errorf("answered again: %v", a)
	}
	if owes, _ = s.Take(again, m); len(owes) != 0 {
		t.Errorf("and at once again: %v", owes)
	}
}

// DLV-005: a correction shows old and new side by side; what stands for old is what the crew last saw, not a version nobody looked at.
func TestDLV005_ACorrectionKeepsWhatTheCrewSaw(t *testing.T) {
	s := New()
	version := func(n int32, address string) *pb.Owed {
		kind := "correct"
		if n == 1 {
			kind = "order"
		}
		m := order(n, kind)
		m.Address = address
		return m
	}
	take := func(sec int, m *pb.Owed) { s.Take(at(time.Duration(sec)*time.Second), m) }
	take(0, version(1, "一号"))
	if _, err := s.Accept(at(5*time.Second), "o1", "王"); err != nil {
		t.Fatal(err)
	}
	if len(s.Earlier) != 0 {
		t.Fatalf("without a correction there is nothing earlier: %+v", s.Earlier)
	}
	take(10, version(2, "二号"))
	if got := s.Earlier["o1"].Place.Address; got != "一号" {
		t.Fatalf("earlier %q, want 一号", got)
	}
	take(20, version(3, "三号")) // nobody saw 二号
	if got := s.Earlier["o1"].Place.Address; got != "一号" {
		t.Fatalf("earlier %q, want 一号: the crew never saw 二号", got)
	}
	if _, err := s.Seen(at(25*time.Second), "o1", "王"); err != nil {
		t.Fatal(err)
	}
	take(30, version(4, "四号"))
	if got := s.Earlier["o1"].Place.Address; got != "三号" {
		t.Fatalf("earlier %q, want 三号", got)
	}
	s.Forget(at(90 * 24 * time.Hour))
	if len(s.Earlier) != len(s.Orders) {
		t.Fatalf("%d earlier words for %d orders", len(s.Earlier), len(s.Orders))
	}
}
