package mission

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lifeline120/internal/ems"
)

var t0 = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

func at(min int) time.Time { return t0.Add(time.Duration(min) * time.Minute) }

func TestDSP004_NodesAreNeverRefusedForBeingLateOrOutOfTurn(t *testing.T) {
	nodes := []ems.NodeTime{{Node: ems.NodeOrdered, At: at(0)}}
	add := func(n ems.Node, when, entered int) ems.NodeTime {
		t.Helper()
		got, changed, err := Set(nodes, Entry{NodeTime: ems.NodeTime{Node: n, At: at(when), Entered: at(entered)}})
		if err != nil || !changed {
			t.Fatalf("%s was refused: %v", n, err)
		}
		nodes = Put(nodes, got)
		return got
	}
	if n := add(ems.NodeAtScene, 10, 10); n.Late { // acknowledged and departed are missing
		t.Error("a prompt node is called late")
	}
	if n := add(ems.NodeDeparted, 3, 11); !n.Late {
		t.Error("a node entered after a later one does not say so")
	}
	if n := add(ems.NodeContact, 12, 40); !n.Late {
		t.Error("a node entered 28 minutes after its time does not say so")
	}
	if State(nodes) != ems.MissionContact {
		t.Errorf("state is %s", State(nodes))
	}
	want := []ems.Node{ems.NodeOrdered, ems.NodeDeparted, ems.NodeAtScene, ems.NodeContact}
	for i, n := range nodes {
		if n.Node != want[i] {
			t.Errorf("node %d is %s, want %s", i, n.Node, want[i])
		}
	}
}

func TestDSP004_NeverBackwardsUnlessCorrected(t *testing.T) {
	nodes := []ems.NodeTime{{Node: ems.NodeOrdered, At: at(0)}, {Node: ems.NodeDeparted, At: at(5), By: "driver"}, {Node: ems.NodeContact, At: at(20)}}
	in := func(n ems.Node, when, entered int) ems.NodeTime {
		return ems.NodeTime{Node: n, At: at(when), Entered: at(entered), By: "doctor"}
	}
	for _, c := range []struct {
		name    string
		e       Entry
		want    time.Time
		was     *time.Time
		changed bool
		refused bool
	}{
		{"between its neighbours", Entry{NodeTime: in(ems.NodeAtScene, 10, 21)}, at(10), nil, true, false},
		{"before the one before it, at a desk", Entry{NodeTime: in(ems.NodeAtScene, 4, 21)}, time.Time{}, nil, false, true},
		{"after the one after it, at a desk", Entry{NodeTime: in(ems.NodeAtScene, 21, 22)}, time.Time{}, nil, false, true},
		{"before the one before it, from the vehicle", Entry{Owed: true, NodeTime: in(ems.NodeAtScene, 4, 21)}, at(5), ptr(at(4)), true, false},
		{"after the one after it, from the vehicle", Entry{Owed: true, NodeTime: in(ems.NodeAtScene, 21, 22)}, at(20), ptr(at(21)), true, false},
		{"ahead of the clock, from the vehicle", Entry{Owed: true, NodeTime: in(ems.NodeLeftScene, 60, 30)}, at(30).Add(AheadAtMost), ptr(at(60)), true, false},
		{"ahead of the clock, at a desk", Entry{NodeTime: in(ems.NodeLeftScene, 60, 30)}, time.Time{}, nil, false, true},
		{"again with the same time", Entry{NodeTime: in(ems.NodeDeparted, 5, 30)}, at(5), nil, false, false},
		{"again with another time", Entry{Owed: true, NodeTime: in(ems.NodeDeparted, 6, 30)}, time.Time{}, nil, false, true},
		{"corrected", Entry{Correction: true, NodeTime: in(ems.NodeDeparted, 6, 30)}, at(6), ptr(at(5)), true, false},
		{"corrected backwards: a person says so", Entry{Correction: true, NodeTime: in(ems.NodeContact, 2, 30)}, at(2), ptr(at(20)), true, false},
		{"corrected ahead of the clock, from the vehicle", Entry{Owed: true, Correction: true, NodeTime: in(ems.NodeContact, 60, 30)}, at(30).Add(AheadAtMost), ptr(at(20)), true, false},
		{"correction of what was not set", Entry{Correction: true, NodeTime: in(ems.NodeAtScene, 9, 30)}, at(9), nil, true, false},
		{"no node", Entry{Owed: true, NodeTime: in("lunch", 9, 30)}, time.Time{}, nil, false, true},
	} {
		got, changed, err := Set(nodes, c.e)
		if (err != nil) != c.refused || changed != c.changed {
			t.Errorf("%s: changed %v, error %v", c.name, changed, err)
			continue
		}
		if c.refused {
			if err.Error() == "" {
				t.Errorf("%s: refused without words", c.name)
			}
			continue
		}
		if !got.At.Equal(c.want) || (got.Was == nil) != (c.was == nil) || c.was != nil && !got.Was.Equal(*c.was) {
			t.Errorf("%s: at %v was %v, want %v was %v", c.name, got.At, got.Was, c.want, c.was)
		}
	}
	n, _, _ := Set(nodes, Entry{Correction: true, NodeTime: in(ems.NodeDeparted, 6, 30)})
	if n.WasBy != "driver" || n.By != "doctor" {
		t.Errorf("corrected node does not name both: %+v", n)
	}
	// Uncertain clocks may cross by what is uncertain, and no more (TIM-001).
	soft := in(ems.NodeAtScene, 5, 21)
	soft.At, soft.UncertainS = soft.At.Add(-20*time.Second), 30
	if n, _, err := Set(nodes, Entry{NodeTime: soft}); err != nil || n.Was != nil {
		t.Errorf("a time within its uncertainty was changed: %+v %v", n, err)
	}
}

func ptr[T any](v T) *T { return &v }

// Whatever a vehicle sends, in any order and with any clock: it is taken, and without corrections the nodes stay in order.
func TestDSP004_VehicleNodesStayInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := []ems.NodeTime{{Node: ems.NodeOrdered, At: t0}}
		now := t0
		for range rapid.IntRange(1, 20).Draw(t, "n") {
			now = now.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "dt")) * time.Second)
			e := Entry{Owed: true, NodeTime: ems.NodeTime{Node: rapid.SampledFrom(ems.Nodes[1:]).Draw(t, "node"), Entered: now,
				At: now.Add(time.Duration(rapid.IntRange(-3600, 3600).Draw(t, "off")) * time.Second)}}
			known := Find(nodes, e.Node) != nil
			n, changed, err := Set(nodes, e)
			if known == (err == nil) && !(known && !changed) {
				t.Fatalf("node %s known %v: %v", e.Node, known, err)
			}
			if err == nil && changed {
				nodes = Put(nodes, n)
			}
		}
		if !slices.IsSortedFunc(nodes, func(a, b ems.NodeTime) int { return a.At.Compare(b.At) }) {
			t.Fatalf("nodes run backwards: %v", nodes)
		}
	})
}

func TestMissionEnds(t *testing.T) {
	for _, c := range []struct {
		from, to ems.MissionState
		want     bool
	}{
		{ems.MissionOrdered, ems.MissionRefused, true}, {ems.MissionDeparted, ems.MissionRefused, false},
		{ems.MissionAtScene, ems.MissionRecalled, true}, {ems.MissionContact, ems.MissionRecalled, false},
		{ems.MissionAtHospital, ems.MissionAborted, true}, {ems.MissionHandedOver, ems.MissionAborted, false},
		{ems.MissionRecalled, ems.MissionAborted, false},
	} {
		if CanEnd(c.from, c.to) != c.want {
			t.Errorf("%s to %s: want %v", c.from, c.to, c.want)
		}
	}
	if !Over(ems.MissionAvailable) || !Over(ems.MissionRefused) || Over(ems.MissionHandedOver) || !Ended(ems.MissionAborted) || Ended(ems.MissionAtStation) {
		t.Error("over and ended are mixed up")
	}
}

func TestDLV005_OrderMoves(t *testing.T) {
	all := []ems.OrderState{ems.OrderQueued, ems.OrderDelivered, ems.OrderSeen, ems.OrderAccepted, ems.OrderRefused, ems.OrderWithdrawn, ems.OrderExpired}
	may := map[ems.OrderState]string{}
	for _, from := range all {
		for _, to := range all {
			if MoveOrder(from, to) == nil {
				may[from] += string(to) + " "
			}
		}
	}
	want := map[ems.OrderState]string{
		ems.OrderQueued:    "delivered seen accepted refused withdrawn expired ",
		ems.OrderDelivered: "seen accepted refused withdrawn ",
		ems.OrderSeen:      "accepted refused withdrawn ",
		ems.OrderExpired:   "delivered seen accepted refused withdrawn ", // a crew that accepted on a dead link is on its way
		ems.OrderAccepted:  "withdrawn ",
	}
	for _, from := range all {
		if may[from] != want[from] {
			t.Errorf("%s: may become %q, want %q", from, may[from], want[from])
		}
		if Waiting(from) != (from == ems.OrderQueued || from == ems.OrderDelivered || from == ems.OrderSeen) {
			t.Errorf("%s waiting: %v", from, Waiting(from))
		}
	}
}
