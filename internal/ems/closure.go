package ems

import "time"

// ClosureState is how it stands with a closure by the clock.
type ClosureState string

// States of a closure.
const (
	ClosureAwaited ClosureState = "awaited"  // 待生效: its time has not come
	ClosureInForce ClosureState = "in_force" // 生效中
	ClosureExpired ClosureState = "expired"  // 已到期: its time has passed
	ClosureLifted  ClosureState = "lifted"   // 已解除, by name
)

// ClosureLevel says which of several roads above each other is closed.
type ClosureLevel string

// Levels of a closure.
const (
	AnyLevel    ClosureLevel = ""       // whichever road is meant by the line; in an area all of them
	GroundLevel ClosureLevel = "ground" // 地面
	AboveLevel  ClosureLevel = "above"  // 高架、桥
	BelowLevel  ClosureLevel = "below"  // 隧道、地道
)

// Closure is a road that nobody drives through for a while, as a desk drew it. What is drawn is what is kept; which roads that closes is
// worked out anew on whatever road network is loaded.
type Closure struct {
	ID     ClosureID    `json:"id"`
	Reason string       `json:"reason"`
	Line   []WGS84      `json:"line" doc:"along the closed road; one place: the road there; of an area its border"`
	Area   bool         `json:"area,omitempty" doc:"every road in the border is closed"`
	OneWay bool         `json:"one_way,omitempty" doc:"only in the direction of the line"`
	Level  ClosureLevel `json:"level,omitempty" enum:"ground,above,below" doc:"of roads above each other only these"`
	From   time.Time    `json:"from"`
	Until  *time.Time   `json:"until,omitempty" doc:"absent: until it is lifted"`
	By     string       `json:"by"`
	Desk   DeskID       `json:"desk,omitempty"`
	Drawn  time.Time    `json:"drawn"`
	// Ended is when it was lifted, or found to be past its time.
	Ended     *time.Time `json:"ended,omitempty"`
	EndedBy   string     `json:"ended_by,omitempty"`
	EndReason string     `json:"end_reason,omitempty"`

	State ClosureState `json:"state" enum:"awaited,in_force,expired,lifted"`
	// What the centre found on its roads; no part of the journal.
	Roads   []ClosedRoad `json:"roads,omitempty" doc:"what it closes; none while it is worked out, and where it hits no road"`
	Applied *time.Time   `json:"applied,omitempty" doc:"the travel times that hold were worked in with it, or without it once it has ended, at this instant"`
	Version uint64       `json:"version,omitempty" doc:"of those travel times"`
	Problem string       `json:"problem,omitempty" doc:"no_roads: there is no road network; no_hit: it hits no road; failed: the travel times could not be worked in"`

	Unrecorded bool `json:"unrecorded,omitempty"`
	Simulated  bool `json:"simulated,omitempty"`
}

// ClosedRoad is a road that a closure hits.
type ClosedRoad struct {
	Name   string    `json:"name,omitempty" doc:"absent: the road has none"`
	Metres float64   `json:"metres" doc:"that the drawn line runs on it; of both carriageways the longer"`
	Ways   int       `json:"ways" doc:"directions that are closed: 1 or 2"`
	Lines  [][]WGS84 `json:"lines,omitempty" doc:"the closed stretches, for drawing"`
}

// At is how a closure that nobody has lifted stands at an instant.
func (c *Closure) At(t time.Time) ClosureState {
	switch {
	case c.State == ClosureLifted || c.State == ClosureExpired:
		return c.State
	case t.Before(c.From):
		return ClosureAwaited
	case c.Until != nil && !t.Before(*c.Until):
		return ClosureExpired
	}
	return ClosureInForce
}
