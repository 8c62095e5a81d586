// Package mission has the rules of a mission's life: its nodes, in which order and when they may be set (DSP-004), how a mission may
// end beside them, and the four times of its order (DLV-005).
package mission

import (
	"fmt"
	"slices"
	"time"

	"lifeline120/internal/ems"
)

// Limits of DSP-004.
const (
	// LateAfter: a node entered so long after its time says so (chest-pain standard 3.29 wants prospective records).
	LateAfter = 5 * time.Minute
	// AheadAtMost: a node's time may be so far ahead of the server's clock, which covers the measured offset's uncertainty.
	AheadAtMost = 30 * time.Second
)

// rank is a node's place in the order of ems.Nodes; -1 for a word that is no node.
func rank(n ems.Node) int { return slices.Index(ems.Nodes[:], n) }

// Known says whether n is a node.
func Known(n ems.Node) bool { return rank(n) >= 0 }

// Find gives the node of a mission, nil when it is not set.
func Find(nodes []ems.NodeTime, n ems.Node) *ems.NodeTime {
	for i := range nodes {
		if nodes[i].Node == n {
			return &nodes[i]
		}
	}
	return nil
}

// Entry is a node as somebody enters it.
type Entry struct {
	ems.NodeTime
	Correction bool
	// Owed says that it comes from a vehicle: it is a fact that was touched and cannot be refused for its time, so a time that would
	// run backwards or ahead of the clock is moved to the bound, and both values stay.
	Owed bool
}

// Refused is an entry that cannot be taken, with both ends.
type Refused struct {
	Node     ems.Node
	From, To string
	Why      string
}

// Error says both ends.
func (r *Refused) Error() string {
	return fmt.Sprintf("node %s: %s cannot become %s: %s", r.Node, r.From, r.To, r.Why)
}

// OutOfOrder is the reason of a node whose stated time did not fit between its neighbours.
const OutOfOrder = "out_of_order"

// Set gives the node as it is to stand in a mission that has nodes. It is never refused for coming late or because an earlier one is
// missing. The second result is false when it stands already as given.
func Set(nodes []ems.NodeTime, e Entry) (ems.NodeTime, bool, error) {
	t := e.NodeTime
	if !Known(t.Node) {
		return t, false, &Refused{t.Node, "no node", clock(t.At), "use one of the ten nodes"}
	}
	if old := Find(nodes, t.Node); old != nil {
		if old.At.Equal(t.At) {
			return *old, false, nil
		}
		if !e.Correction {
			return t, false, &Refused{t.Node, clock(old.At), clock(t.At), "it is set; correct it if it is wrong"}
		}
		t.Was, t.WasBy = &old.At, old.By
	}
	lo, hi, later := bounds(nodes, t)
	t.Late = t.Entered.Sub(t.At) > LateAfter || later
	if e.Correction {
		hi, lo = t.Entered.Add(AheadAtMost), time.Time{}
	}
	at := t.At
	if at.After(hi) {
		at = hi
	}
	if at.Before(lo) {
		at = lo
	}
	switch {
	case at.Equal(t.At):
	case e.Owed && t.Was == nil:
		stated := t.At
		t.Was, t.WasBy, t.At, t.Reason = &stated, t.By, at, OutOfOrder
	case e.Owed:
		t.At, t.Reason = at, OutOfOrder
	default:
		return t, false, &Refused{t.Node, clock(at), clock(t.At), "nodes do not run backwards, nor ahead of the clock; correct the wrong one first"}
	}
	return t, true, nil
}

// bounds gives the earliest and latest time for t between the nodes before and after it, widened by what is uncertain of both, and
// whether a later node is set.
func bounds(nodes []ems.NodeTime, t ems.NodeTime) (lo, hi time.Time, later bool) {
	hi = t.Entered.Add(AheadAtMost)
	for _, n := range nodes {
		slack := time.Duration((n.UncertainS + t.UncertainS) * float64(time.Second))
		switch r := rank(n.Node); {
		case r < rank(t.Node):
			if at := n.At.Add(-slack); at.After(lo) {
				lo = at
			}
		case r > rank(t.Node):
			later = true
			if at := n.At.Add(slack); at.Before(hi) {
				hi = at
			}
		}
	}
	return lo, hi, later
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05Z") }

// Put gives nodes with t in its place by order; the argument is not changed.
func Put(nodes []ems.NodeTime, t ems.NodeTime) []ems.NodeTime {
	out := slices.DeleteFunc(slices.Clone(nodes), func(n ems.NodeTime) bool { return n.Node == t.Node })
	out = append(out, t)
	slices.SortStableFunc(out, func(a, b ems.NodeTime) int { return rank(a.Node) - rank(b.Node) })
	return out
}

// Take gives nodes without n, and n as it stood; ok is false when it does not stand. The argument is not changed.
func Take(nodes []ems.NodeTime, n ems.Node) (left []ems.NodeTime, taken ems.NodeTime, ok bool) {
	t := Find(nodes, n)
	if t == nil {
		return nodes, taken, false
	}
	taken = *t
	return slices.DeleteFunc(slices.Clone(nodes), func(x ems.NodeTime) bool { return x.Node == n }), taken, true
}

// State gives the state of a mission from its nodes: the furthest one.
func State(nodes []ems.NodeTime) ems.MissionState {
	s := ems.MissionOrdered
	far := 0
	for _, n := range nodes {
		if r := rank(n.Node); r > far {
			far, s = r, ems.MissionState(n.Node)
		}
	}
	return s
}

// ends says how a mission may end beside its nodes: recalled until the patient is met, aborted until hand-over, refused until the crew
// leaves.
var ends = map[ems.MissionState][]ems.MissionState{
	ems.MissionOrdered:      {ems.MissionRecalled, ems.MissionAborted, ems.MissionRefused},
	ems.MissionAcknowledged: {ems.MissionRecalled, ems.MissionAborted, ems.MissionRefused},
	ems.MissionDeparted:     {ems.MissionRecalled, ems.MissionAborted},
	ems.MissionAtScene:      {ems.MissionRecalled, ems.MissionAborted},
	ems.MissionContact:      {ems.MissionAborted},
	ems.MissionLeftScene:    {ems.MissionAborted},
	ems.MissionAtHospital:   {ems.MissionAborted},
}

// CanEnd says whether a mission in one state may end so.
func CanEnd(from, to ems.MissionState) bool { return slices.Contains(ends[from], to) }

// Ended says that a mission ended beside its nodes.
func Ended(s ems.MissionState) bool {
	return s == ems.MissionRecalled || s == ems.MissionAborted || s == ems.MissionRefused
}

// Over says that a mission holds its unit no longer.
func Over(s ems.MissionState) bool {
	return Ended(s) || s == ems.MissionAvailable || s == ems.MissionAtStation
}
