package desk

import (
	"fmt"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/journal"
)

// ClosureDrawn is a road that a desk has closed.
type ClosureDrawn struct {
	Request
	ID        ems.ClosureID    `json:"id"`
	Reason    string           `json:"reason"`
	Line      []ems.WGS84      `json:"line"`
	Area      bool             `json:"area,omitempty"`
	OneWay    bool             `json:"one_way,omitempty"`
	Level     ems.ClosureLevel `json:"level,omitempty"`
	From      time.Time        `json:"from"`
	Until     *time.Time       `json:"until,omitempty"`
	By        string           `json:"by"`
	Desk      ems.DeskID       `json:"desk,omitempty"`
	Simulated bool             `json:"simulated,omitempty"`
}

// ClosureBegun is a closure whose time has come.
type ClosureBegun struct {
	Request
	ID ems.ClosureID `json:"id"`
}

// ClosureEnded is a road that is open again: lifted by name, or past its time.
type ClosureEnded struct {
	Request
	ID     ems.ClosureID    `json:"id"`
	State  ems.ClosureState `json:"state"` // lifted, expired
	By     string           `json:"by"`
	Reason string           `json:"reason,omitempty"`
}

// ClosuresSwept names closures that ended long ago and leave the live state. The journal keeps them.
type ClosuresSwept struct {
	Request
	Closures []ems.ClosureID `json:"closures"`
}

// DrawClosure closes roads. From zero is now.
type DrawClosure struct {
	Act
	Closure ems.ClosureID // new id
	Reason  string
	Line    []ems.WGS84
	Area    bool
	OneWay  bool
	Level   ems.ClosureLevel
	From    time.Time
	Until   *time.Time
}

// LiftClosure opens the roads of a closure, by name.
type LiftClosure struct {
	Act
	Closure ems.ClosureID
	Reason  string
}

// BeginClosure says that a closure's time has come. Time commands it.
type BeginClosure struct {
	Act
	Closure ems.ClosureID
}

// ExpireClosure says that a closure's time has passed. Time commands it.
type ExpireClosure struct {
	Act
	Closure ems.ClosureID
}

// SweepClosures forgets what ended long ago. Time commands it.
type SweepClosures struct {
	Act
	Closures []ems.ClosureID
}

func (c DrawClosure) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	if err := fresh(d.s.Closures, Closures, c.Closure); err != nil {
		return err
	}
	what := "closure " + string(c.Closure)
	if err := reason(what, c.Reason); err != nil {
		return err
	}
	if err := c.drawn(what); err != nil {
		return err
	}
	standing := 0
	for _, o := range d.s.Closures {
		if o.Ended == nil {
			standing++
		}
	}
	if standing >= MaxClosures {
		return fmt.Errorf("%s: %w: %d closures stand", what, ErrFull, standing)
	}
	if c.From.IsZero() {
		c.From = d.now
	}
	b := &ClosureDrawn{ID: c.Closure, Reason: c.Reason, Line: slices.Clone(c.Line), Area: c.Area, OneWay: c.OneWay, Level: c.Level,
		From: c.From.UTC().Truncate(time.Microsecond), By: d.actor.By, Desk: d.actor.Desk, Simulated: d.s.Demo}
	if c.Until != nil {
		b.Until = when(c.Until.UTC().Truncate(time.Microsecond))
		if !b.Until.After(d.now) || !b.Until.After(b.From) {
			return &Refusal{what, "over before it begins", "drawn", "give an end that is still to come, or none"}
		}
	}
	return d.emit(b)
}

// Fits refuses a drawing that is no line and no border; nil when it could be one.
func (c DrawClosure) Fits() error { return c.drawn("closure") }

// drawn refuses what is no line and no border.
func (c DrawClosure) drawn(what string) error {
	length := 0.0
	for i, p := range c.Line {
		if !p.Valid() {
			return &Refusal{what, "a line through nowhere", "drawn", "give places in degrees, WGS-84"}
		}
		if i > 0 {
			length += float64(geo.Distance(c.Line[i-1], p))
		}
	}
	switch n := len(c.Line); {
	case n == 0:
		return &Refusal{what, "nowhere", "drawn", "draw a line along the road, or name the road and two crossings"}
	case c.Area && n < 3:
		return &Refusal{what, fmt.Sprintf("a border of %d places", n), "drawn", "give three places or more"}
	case n > MaxClosureLine:
		return &Refusal{what, fmt.Sprintf("%d places", n), "drawn", fmt.Sprintf("draw at most %d", MaxClosureLine)}
	case length > MaxClosureMetres:
		return &Refusal{what, fmt.Sprintf("%.0f m long", length), "drawn", fmt.Sprintf("draw at most %d m; close more by several", MaxClosureMetres)}
	case c.OneWay && (c.Area || n < 2):
		return &Refusal{what, "without a direction", "closed in one direction", "draw a line in the direction that is closed"}
	case !slices.Contains([]ems.ClosureLevel{ems.AnyLevel, ems.GroundLevel, ems.AboveLevel, ems.BelowLevel}, c.Level):
		return &Refusal{what, string(c.Level), "drawn", "use ground, above, below, or no level"}
	}
	return nil
}

func (c LiftClosure) decide(d *decision) error {
	if err := d.named(); err != nil {
		return err
	}
	cl, err := find(d.s.Closures, Closures, c.Closure)
	if err != nil {
		return err
	}
	what := "closure " + string(cl.ID)
	if err := short(what, c.Reason); err != nil {
		return err
	}
	d.about(Ref{Closures, string(cl.ID)})
	if cl.Ended != nil {
		if cl.State == ems.ClosureLifted {
			return nil // two desks at once: it is open
		}
		return &Refusal{what, string(cl.State), string(ems.ClosureLifted), "it has ended by itself"}
	}
	return d.emit(&ClosureEnded{ID: cl.ID, State: ems.ClosureLifted, By: d.actor.By, Reason: c.Reason})
}

func (c BeginClosure) decide(d *decision) error {
	cl, err := find(d.s.Closures, Closures, c.Closure)
	if err != nil {
		return err
	}
	d.about(Ref{Closures, string(cl.ID)})
	if cl.State != ems.ClosureAwaited || cl.At(d.now) == ems.ClosureAwaited {
		return nil
	}
	return d.emit(&ClosureBegun{ID: cl.ID})
}

func (c ExpireClosure) decide(d *decision) error {
	cl, err := find(d.s.Closures, Closures, c.Closure)
	if err != nil {
		return err
	}
	d.about(Ref{Closures, string(cl.ID)})
	if cl.Ended != nil || cl.At(d.now) != ems.ClosureExpired {
		return nil
	}
	return d.emit(&ClosureEnded{ID: cl.ID, State: ems.ClosureExpired, By: d.actor.By})
}

func (c SweepClosures) decide(d *decision) error {
	b := &ClosuresSwept{}
	for _, id := range c.Closures {
		if cl := d.s.Closures[id]; cl != nil && cl.Ended != nil {
			b.Closures = append(b.Closures, id)
		}
	}
	if len(b.Closures) == 0 {
		return nil
	}
	return d.emit(b)
}

func (b *ClosureDrawn) apply(s *State, e journal.Event) error {
	c := &ems.Closure{ID: b.ID, Reason: b.Reason, Line: b.Line, Area: b.Area, OneWay: b.OneWay, Level: b.Level, From: b.From, Until: b.Until,
		By: b.By, Desk: b.Desk, Drawn: e.At, State: ems.ClosureAwaited, Simulated: b.Simulated}
	if !b.From.After(e.At) {
		c.State = ems.ClosureInForce
	}
	put(s, s.Closures, Closures, b.ID, c)
	return nil
}

func (b *ClosureBegun) apply(s *State, _ journal.Event) error {
	c, err := get(s, s.Closures, Closures, b.ID)
	if err != nil {
		return err
	}
	c.State = ems.ClosureInForce
	return nil
}

func (b *ClosureEnded) apply(s *State, e journal.Event) error {
	c, err := get(s, s.Closures, Closures, b.ID)
	if err != nil {
		return err
	}
	c.State, c.Ended, c.EndedBy, c.EndReason = b.State, when(e.At), b.By, b.Reason
	return nil
}

func (b *ClosuresSwept) apply(s *State, _ journal.Event) error {
	for _, id := range b.Closures {
		if _, err := get(s, s.Closures, Closures, id); err != nil {
			return err
		}
		drop(s, s.Closures, Closures, id)
	}
	return nil
}

// closureNext is when time next demands something of a closure: it begins, it ends, it is forgotten.
func closureNext(c *ems.Closure) (time.Time, bool) {
	switch {
	case c == nil:
	case c.Ended != nil:
		return c.Ended.Add(KeepClosed), true
	case c.State == ems.ClosureAwaited:
		return c.From, true
	case c.Until != nil:
		return *c.Until, true
	}
	return time.Time{}, false
}

func (s *State) closureDemands(c *ems.Closure, now time.Time) (out []Command, swept bool) {
	switch {
	case c.Ended != nil:
		return nil, true
	case c.At(now) == ems.ClosureExpired: // also one whose time came and passed while nobody looked
		return []Command{ExpireClosure{Closure: c.ID}}, false
	case c.State == ems.ClosureAwaited:
		return []Command{BeginClosure{Closure: c.ID}}, false
	}
	return nil, false
}
