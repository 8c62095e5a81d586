package match

import (
	"slices"
	"time"

	"lifeline120/internal/ems"
)

// boardOf is what a hospital says of itself, as far as it may be believed at the instant of the question.
type boardOf map[string]boardLine

type boardLine struct {
	ems.BoardLine
	age      time.Duration
	believed bool
	stale    bool
}

// BoardBelieved says whether a line of a board counts at an instant, and whether it must show its age (SCR-001). A line that stands until
// an hour that is still to come is believed until then; past it nothing is: a closed door is not taken for open, nor for closed.
func BoardBelieved(l ems.BoardLine, rules ems.HospitalRules, at time.Time) (believed, stale bool) {
	rules = HospitalRules(rules)
	age := at.Sub(l.Said)
	if l.Until != nil && l.State != ems.BoardOpen {
		return at.Before(*l.Until) && age <= BoardUntilMost, age.Seconds() > rules.BoardStaleS
	}
	return age.Seconds() <= rules.BoardGoneS, age.Seconds() > rules.BoardStaleS
}

func read(b *ems.HospitalBoard, q HospitalQuestion) boardOf {
	out := boardOf{}
	if b == nil {
		return out
	}
	for _, l := range b.Lines {
		believed, stale := BoardBelieved(l, q.Rules, q.At)
		out[l.Part] = boardLine{l, q.At.Sub(l.Said), believed, stale}
	}
	return out
}

// is says whether a part is believed to be in a state.
func (b boardOf) is(part string, s ems.BoardState) bool {
	l, said := b[part]
	return said && l.believed && l.State == s
}

// whole is the state of the hospital as such; empty when it is unknown.
func (b boardOf) whole() (ems.BoardState, *float64) {
	l, said := b[ems.PartWhole]
	if !said {
		return "", nil
	}
	age := max(0, l.age.Seconds())
	if !l.believed {
		return "", &age
	}
	return l.State, &age
}

func (l boardLine) why(code string) Why {
	w := why(code, "part", l.Part, "age_s", seconds(max(0, l.age.Seconds())))
	if l.Reason != "" {
		w.Args["reason"] = l.Reason
	}
	if l.Until != nil {
		w.Args["until"] = l.Until.UTC().Format(time.RFC3339)
	}
	return w
}

// needs are the parts without which a treatment cannot be given.
func needs(pathway string, t ems.Treatment) []string {
	switch {
	case t == ems.TreatPCI:
		return []string{ems.PartCathLab}
	case t == ems.TreatThrombectomy:
		return []string{ems.PartCT, ems.PartCathLab}
	case t == ems.TreatLysis && pathway == "stroke":
		return []string{ems.PartCT} // no needle before a bleeding is excluded
	}
	return nil
}

// shut takes away what the board says is closed. The hospital as such, and the pathway's centre, put it out altogether.
func (c *candidate) shut(q HospitalQuestion) {
	for _, part := range []string{ems.PartWhole, q.Pathway} {
		if part != "" && c.board.is(part, ems.BoardClosed) {
			c.line.Out = append(c.line.Out, c.board[part].why("board_closed"))
		}
	}
	closed := []string{}
	for t := range c.options {
		for _, part := range needs(q.Pathway, t) {
			if c.board.is(part, ems.BoardClosed) {
				delete(c.options, t)
				closed = append(closed, part)
			}
		}
	}
	slices.Sort(closed)
	for _, part := range slices.Compact(closed) {
		if len(c.options) == 0 {
			c.line.Out = append(c.line.Out, c.board[part].why("board_closed"))
		} else {
			c.line.Caution = append(c.line.Caution, c.board[part].why("part_closed"))
		}
	}
	c.doubts(q)
}

// doubts says how old what the hospital said is, and that it is unknown when it said nothing that is still believed.
func (c *candidate) doubts(q HospitalQuestion) {
	l, said := c.board[ems.PartWhole]
	switch {
	case !said:
		c.line.Caution = append(c.line.Caution, why("board_unknown"))
	case !l.believed:
		w := l.why("board_lapsed")
		w.Args["was"] = string(l.State)
		c.line.Caution = append(c.line.Caution, w)
	case l.stale:
		c.line.Caution = append(c.line.Caution, l.why("board_old"))
	}
	for _, part := range []string{ems.PartCT, ems.PartCathLab, q.Pathway} {
		if l, said := c.board[part]; said && part != "" && !l.believed && l.State != ems.BoardOpen {
			w := l.why("board_lapsed")
			w.Args["was"] = string(l.State)
			c.line.Caution = append(c.line.Caution, w)
		}
	}
}

// busy puts a busy hospital behind its time, once, and says what is busy.
func (c *candidate) busy(q HospitalQuestion) {
	parts := append([]string{ems.PartWhole, ems.PartStretchers, q.Pathway}, needs(q.Pathway, c.line.Treatment)...)
	if q.Pathway == "trauma" {
		parts = append(parts, ems.PartCT)
	}
	for i, part := range parts {
		l := c.board[part]
		if part == "" || slices.Contains(parts[:i], part) || !l.believed {
			continue
		}
		if l.State == ems.BoardBusy || l.State == ems.BoardClosed && (part == ems.PartStretchers || part == ems.PartCT && q.Pathway == "trauma") {
			c.handicap = q.Rules.BusyS
			c.line.Caution = append(c.line.Caution, l.why("board_busy"))
		}
	}
}
