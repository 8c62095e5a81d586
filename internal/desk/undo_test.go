package desk

import (
	"testing"
	"time"

	"lifeline120/internal/ems"
)

// A touch that the crew takes back opens the node again, what stood there stays, and a mission that was over goes on.
func TestDSP004_UndoneTouchStaysBesideTheNode(t *testing.T) {
	b := newBench(t, false)
	m, o := b.dispatch(b.incident(), "u1")
	b.answer(o, "accepted")
	for _, n := range []ems.Node{ems.NodeDeparted, ems.NodeAtScene} {
		b.wait(10 * time.Second)
		b.touch(m, n)
	}
	b.wait(10 * time.Second)
	b.do(crew, VehicleNode{Unit: m.Unit, ID: "touch-9", Mission: m.ID, Node: ems.NodeAvailable, At: b.now, By: "crew"})
	if u := b.s.Units[m.Unit]; u.Mission != "" {
		t.Fatalf("the unit still has mission %q", u.Mission)
	}
	// The touch and its undo have names of their own: the undo is no repetition of the touch.
	undo := VehicleNode{Unit: m.Unit, ID: "undo-touch-9", Mission: m.ID, Node: ems.NodeAvailable, Correction: true, Undo: true, By: "crew"}
	b.do(crew, undo)
	got := b.s.Missions[m.ID]
	if got.State != ems.MissionAtScene || got.Ended != nil || len(got.Undone) != 1 || b.s.Units[m.Unit].Mission != m.ID {
		t.Fatalf("after the undo: state %s, ended %v, undone %v, unit's mission %q", got.State, got.Ended, got.Undone, b.s.Units[m.Unit].Mission)
	}
	before := len(b.s.Notes)
	undo.ID = "undo-2"
	b.do(crew, undo)
	if len(b.s.Notes) != before+1 {
		t.Fatal("an undo of nothing leaves no remark")
	}
	b.check()
}
