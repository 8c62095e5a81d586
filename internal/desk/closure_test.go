package desk

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

var street = []ems.WGS84{{Lat: 36.65, Lon: 116.90}, {Lat: 36.65, Lon: 116.91}}

func TestClosure_BeginsAndEndsByTheClock(t *testing.T) {
	b := newBench(t, false)
	until := b.now.Add(2 * time.Hour)
	b.do(li, DrawClosure{Closure: "c1", Reason: "水管爆裂", Line: street, From: b.now.Add(time.Hour), Until: &until})
	state := func(want ems.ClosureState) {
		t.Helper()
		if got := b.s.Closures["c1"].State; got != want {
			t.Fatalf("at %s it is %s, want %s", b.now.Format("15:04:05"), got, want)
		}
	}
	state(ems.ClosureAwaited)
	b.wait(time.Hour - time.Second)
	state(ems.ClosureAwaited)
	b.wait(time.Second)
	state(ems.ClosureInForce)
	b.wait(time.Hour)
	state(ems.ClosureExpired)
	if c := b.s.Closures["c1"]; c.Ended == nil || c.EndedBy != SystemName {
		t.Fatalf("who opened it again: %+v", c)
	}
	if _, err := b.try(wang, LiftClosure{Closure: "c1"}); !refused(err) {
		t.Errorf("an expired closure was lifted: %v", err)
	}
	b.wait(KeepClosed)
	if len(b.s.Closures) != 0 {
		t.Error("it is not forgotten")
	}
	b.check()
}

func TestClosure_LiftedByName(t *testing.T) {
	b := newBench(t, false)
	b.do(li, DrawClosure{Closure: "c1", Reason: "事故", Line: street, OneWay: true})
	if c := b.s.Closures["c1"]; c.State != ems.ClosureInForce || c.By != li.By || c.Desk != "d1" || !c.From.Equal(b.now) {
		t.Fatalf("%+v", c)
	}
	b.wait(30 * 24 * time.Hour) // without an end it stands until somebody lifts it
	if _, err := b.try(Actor{}, LiftClosure{Closure: "c1"}); !refused(err) {
		t.Errorf("lifted by nobody: %v", err)
	}
	b.do(wang, LiftClosure{Closure: "c1", Reason: "已清理"})
	if c := b.s.Closures["c1"]; c.State != ems.ClosureLifted || c.EndedBy != wang.By || c.EndReason != "已清理" {
		t.Fatalf("%+v", c)
	}
	if ans, err := b.try(li, LiftClosure{Closure: "c1"}); err != nil || len(ans.Events) > 0 {
		t.Errorf("two desks lift it at once: %v, %v", ans, err)
	}
	b.check()
}

func TestClosure_RefusesWhatClosesNothing(t *testing.T) {
	b := newBench(t, false)
	past := b.now.Add(-time.Minute)
	far := []ems.WGS84{{Lat: 36, Lon: 116}, {Lat: 37, Lon: 116}}
	for name, c := range map[string]DrawClosure{
		"no reason":            {Line: street},
		"no line":              {Reason: "r"},
		"a border of two":      {Reason: "r", Line: street, Area: true},
		"no direction":         {Reason: "r", Line: street[:1], OneWay: true},
		"over already":         {Reason: "r", Line: street, Until: &past},
		"nowhere":              {Reason: "r", Line: []ems.WGS84{{Lat: 91, Lon: 0}}},
		"too long":             {Reason: "r", Line: far},
		"too many places":      {Reason: "r", Line: make([]ems.WGS84, MaxClosureLine+1)},
		"a level of no word":   {Reason: "r", Line: street, Level: "roof"},
		"an unspeakable story": {Reason: strings.Repeat("长", MaxText+1), Line: street},
	} {
		c.Closure = "c1"
		if _, err := b.try(li, c); !refused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.try(Actor{}, DrawClosure{Closure: "c1", Reason: "r", Line: street}); !refused(err) {
		t.Errorf("closed by nobody: %v", err)
	}
	for i := range MaxClosures {
		b.do(li, DrawClosure{Closure: ems.ClosureID(b.id("c")), Reason: "r", Line: street[:1]})
		_ = i
	}
	if _, err := b.try(li, DrawClosure{Closure: "one-more", Reason: "r", Line: street}); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v", err)
	}
}

// DLV-006: a closure that the store has not answered for is marked, and the mark goes with the store's word alone.
func TestDLV006_AClosureIsMarkedUntilItIsStored(t *testing.T) {
	b := newBench(t, false)
	b.lag = true
	b.do(li, DrawClosure{Closure: "c1", Reason: "r", Line: street})
	if !b.s.Closures["c1"].Unrecorded {
		t.Fatal("not marked")
	}
	b.lag = false
	b.settle()
	if b.s.Closures["c1"].Unrecorded {
		t.Fatal("still marked")
	}
	b.check()
}

func refused(err error) bool {
	var r *Refusal
	return errors.As(err, &r)
}
