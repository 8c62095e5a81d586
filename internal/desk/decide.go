package desk

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
)

// Actor is who commands, and from where.
type Actor struct {
	By   string // name of the person; SystemName for the system itself
	Desk ems.DeskID
	Role string // "dispatcher", "supervisor", "hospital", "vehicle", "caller", "system"
}

// SystemName is the actor of what time itself demands.
const SystemName = "system"

// System is the actor of Due's commands.
var System = Actor{By: SystemName, Role: "system"}

// Command is one of the command structs of this package.
type Command interface {
	request() string
	decide(d *decision) error
}

func (a Act) request() string { return a.Req }

// Answer is what a command did. Events are to be applied and appended in order, all or none. Refs names the entities that the act made
// or changed, the main one first; it is the same when the act is sent again, which Again says.
type Answer struct {
	Events []journal.Event
	Refs   []Ref
	Again  bool
}

// Refusal is a command that cannot be done, and says both ends: what, from where, to where, and why.
type Refusal struct {
	What string // "mission m1", "unit u3"
	From string // as it stands
	To   string // as it was asked to be
	Why  string // what to do
}

// Error says both ends.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s: %s cannot become %s: %s", r.What, r.From, r.To, r.Why)
}

// ErrNotKnown is a command about something that the state does not have (any more).
var ErrNotKnown = errors.New("not known here")

// Decide turns a command into events, or refuses it: with a *Refusal, or an error wrapping ErrNotKnown. It changes nothing. The same
// act sent again makes no events and gives the same answer.
func Decide(s *State, now time.Time, actor Actor, cmd Command) (Answer, error) {
	d := &decision{s: s, now: now.UTC().Truncate(time.Microsecond), actor: actor, req: cmd.request()}
	if refs, ok := s.Requests[d.req]; ok && d.req != "" {
		return Answer{Refs: slices.Clone(refs), Again: true}, nil
	}
	if err := cmd.decide(d); err != nil {
		return Answer{}, err
	}
	return Answer{Events: d.events, Refs: d.refs, Again: len(d.events) == 0}, nil
}

// decision is one command under way.
type decision struct {
	s      *State
	now    time.Time
	actor  Actor
	req    string
	events []journal.Event
	refs   []Ref
	techs  uint64 // technical alarms and notes of this decision, for their numbers
	notes  uint64
}

func (d *decision) emit(b body) error {
	b.setReq(d.req)
	e, err := event(d.now, d.actor.By, b)
	if err != nil {
		return err
	}
	d.events = append(d.events, e)
	d.about(b.refs()...)
	return nil
}

// emitAll stops at the first error.
func (d *decision) emitAll(bs ...body) error {
	for _, b := range bs {
		if err := d.emit(b); err != nil {
			return err
		}
	}
	return nil
}

// about names what the command is about in the answer.
func (d *decision) about(refs ...Ref) {
	for _, r := range refs {
		if !slices.Contains(d.refs, r) {
			d.refs = append(d.refs, r)
		}
	}
}

// named refuses an act of nobody: acts of people are by name.
func (d *decision) named() error {
	if d.actor.By == "" {
		return &Refusal{"act", "without a name", "recorded", "say who you are"}
	}
	return nil
}

// reason refuses an act that needs a reason in words and has none.
func reason(what, r string) error {
	if r == "" {
		return &Refusal{what, "without a reason", "done", "give the reason"}
	}
	return short(what, r)
}

// short refuses texts that are too long.
func short(what string, texts ...string) error {
	for _, t := range texts {
		if n := utf8.RuneCountInString(t); n > MaxText {
			return &Refusal{what, "a text of " + strconv.Itoa(n) + " characters", "kept", "shorten it to " + strconv.Itoa(MaxText)}
		}
	}
	return nil
}

// cut shortens a text that must not be refused.
func cut(t string) string {
	if utf8.RuneCountInString(t) <= MaxText {
		return t
	}
	return string([]rune(t)[:MaxText])
}

// find gives a known entity without changing it.
func find[K ~string, V any](m map[K]*V, c Collection, k K) (*V, error) {
	v := m[k]
	if v == nil {
		return nil, fmt.Errorf("find %q in %s: %w: it may have been closed long ago", k, c, ErrNotKnown)
	}
	return v, nil
}

// fresh refuses an identity that is malformed or taken.
func fresh[K ~string, V any](m map[K]*V, c Collection, k K) error {
	if err := ems.CheckName(string(k)); err != nil {
		return err
	}
	if m[k] != nil {
		return &Refusal{string(c) + " " + string(k), "known", "new", "make another id"}
	}
	return nil
}

// systemNote begins the ids of notes that the system writes.
const systemNote = "sys-"

// remark keeps a fact that could change nothing else, so that nothing a vehicle sent is lost from sight.
func (d *decision) remark(code, text string, unit ems.UnitID, m ems.MissionID, by string, at time.Time) error {
	d.notes++
	return d.emit(&NoteAdded{ID: systemNote + strconv.FormatUint(d.s.Noted+d.notes, 10), Unit: unit, Mission: m, Code: code, Text: cut(text), By: by,
		At: d.or(at), Simulated: d.s.simulated(unit)})
}

// or gives t, or now when it is not known, or is no time that any clock of ours shows.
func (d *decision) or(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 1970 || t.Year() > 2200 {
		return d.now
	}
	return t
}

// tidy takes out of a place from outside what is no place: an alarm with an absurd position is an alarm without one (ALM-001).
func tidy(p *ems.Place) *ems.Place {
	if p == nil {
		return nil
	}
	out := *p
	if out.Pos != nil && !out.Pos.Valid() {
		out.Pos = nil
	}
	out.AccuracyM = positive(out.AccuracyM)
	out.Address = cut(out.Address)
	if out.At != nil && (out.At.Year() < 1970 || out.At.Year() > 2200) {
		out.At = nil
	}
	return &out
}

// positive gives v, or 0 for what is no number.
func positive(v float64) float64 {
	if v > 0 && v <= math.MaxFloat32 {
		return v
	}
	return 0
}

// clock is a time of day in the words of a refusal.
func clock(t time.Time) string { return t.UTC().Format("15:04:05Z") }
