package desk

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/incident"
	"lifeline120/internal/journal"
)

// MessageSent is something said between a caller and the desks.
type MessageSent struct {
	Request
	Message ems.Message `json:"message"`
}

// MessagesRead says that the other side had messages before its eyes.
type MessagesRead struct {
	Request
	Alarm ems.AlarmID     `json:"alarm"`
	IDs   []ems.MessageID `json:"ids"`
	By    string          `json:"by"`
}

// PlaceCorrected is a caller who says that the place is another; what stood before stays beside it.
type PlaceCorrected struct {
	Request
	ID    ems.AlarmID `json:"id"`
	Place ems.Place   `json:"place"`
	By    string      `json:"by"`
}

// Say is a message of a caller or a desk. Its id is its identity: sent again it changes nothing.
type Say struct {
	Act
	Message ems.Message
}

// ReadTalk says that the reader (the other side than From) has had the messages of From up to one before its eyes.
type ReadTalk struct {
	Act
	Alarm ems.AlarmID
	From  string
	UpTo  ems.MessageID
}

// CorrectPlace is a caller who says that the place is another. Without a position the one that stands is kept, unless Elsewhere: then the
// phone is not where help is needed, and what it measured is no place for an ambulance.
type CorrectPlace struct {
	Act
	Alarm     ems.AlarmID
	ID        ems.MessageID
	Place     ems.Place
	Elsewhere bool
	Sent      time.Time
}

// ErrTooFast is a caller who writes faster than anybody can read; the same message may be sent again a little later.
var ErrTooFast = errors.New("too many messages in a minute: send it again a little later")

// Cards are the first-aid cards that every caller's page has in itself.
var Cards = []string{"cpr_adult", "cpr_child", "cpr_infant", "choking", "bleeding", "stroke", "chest_pain", "seizure", "burns", "labour"}

// talking gives a caller's alarm whose page is still open.
func (d *decision) talking(id ems.AlarmID) (*ems.Alarm, error) {
	a, err := find(d.s.Alarms, Alarms, id)
	if err != nil {
		return nil, err
	}
	if a.Kind != ems.CallerAlarm {
		return nil, &Refusal{"alarm " + string(id), string(a.Kind), "written to", "only a caller's page can be written to"}
	}
	if i := d.s.Incidents[a.Incident]; a.State == ems.AlarmHandled && (i == nil || incident.Final(i.State)) {
		return nil, &Refusal{"alarm " + string(id), "handled", "written to", "its page has ended with it; call the number"}
	}
	return a, nil
}

func (c Say) decide(d *decision) error {
	m := c.Message
	if old := d.s.Talk[m.ID]; old != nil {
		d.about(Ref{Talk, string(m.ID)})
		if old.Alarm != m.Alarm || old.From != m.From || old.Text != m.Text || old.Card != m.Card {
			return &Refusal{"message " + string(m.ID), "said", "something else", "make another id"}
		}
		return nil
	}
	if m.From == FromDesk {
		if err := d.named(); err != nil {
			return err
		}
		m.By, m.Desk = d.actor.By, d.actor.Desk
	}
	if m.Text == "" && m.Card == "" {
		return &Refusal{"message " + string(m.ID), "empty", "said", "write something"}
	}
	if m.Card != "" && !slices.Contains(Cards, m.Card) {
		return &Refusal{"card " + m.Card, "not a card", "sent", "choose a card of the list"}
	}
	m.Photo, m.Place = "", nil
	return d.say(m)
}

// say emits a message, within the bounds of its alarm's talk. No alarm, press or place ever waits for these.
func (d *decision) say(m ems.Message) error {
	a, err := d.talking(m.Alarm)
	if err != nil {
		return err
	}
	if err := fresh(d.s.Talk, Talk, m.ID); err != nil {
		return err
	}
	talk := d.s.talk[m.Alarm]
	mine, lately := 0, 0
	for _, id := range talk {
		if o := d.s.Talk[id]; o.From == m.From {
			mine++
			if d.now.Sub(o.Received) < time.Minute {
				lately++
			}
		}
	}
	switch {
	case mine >= MaxTalk:
		return fmt.Errorf("message %s: %w: %s messages", m.ID, ErrFull, strconv.Itoa(mine))
	case lately >= MaxTalkMinute:
		return fmt.Errorf("message %s: %w", m.ID, ErrTooFast)
	}
	m.N, m.Text = len(talk)+1, cut(m.Text)
	if m.Sent = d.or(m.Sent); m.Sent.After(d.now) {
		m.Sent = d.now
	}
	m.Received, m.Read, m.ReadBy, m.Unrecorded = d.now, nil, "", false
	m.Simulated = m.Simulated || a.Simulated || d.s.Demo
	return d.emit(&MessageSent{Message: m})
}

func (c ReadTalk) decide(d *decision) error {
	a, err := find(d.s.Alarms, Alarms, c.Alarm)
	if err != nil {
		return err
	}
	d.about(Ref{Alarms, string(a.ID)})
	if c.From == FromCaller {
		if err := d.named(); err != nil {
			return err
		}
	}
	last, err := find(d.s.Talk, Talk, c.UpTo)
	if err != nil {
		return err
	}
	if last.Alarm != a.ID {
		return &Refusal{"message " + string(last.ID), "of another alarm", "read", "name a message of this alarm"}
	}
	var ids []ems.MessageID
	for _, id := range d.s.talk[a.ID] {
		if m := d.s.Talk[id]; m.From == c.From && m.Read == nil && m.N <= last.N {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return d.emit(&MessagesRead{Alarm: a.ID, IDs: ids, By: cut(d.actor.By)})
}

func (c CorrectPlace) decide(d *decision) error {
	if d.s.Talk[c.ID] != nil {
		d.about(Ref{Alarms, string(c.Alarm)})
		return nil
	}
	a, err := d.talking(c.Alarm)
	if err != nil {
		return err
	}
	given := *tidy(&c.Place)
	if given.Address == "" && given.Pos == nil {
		return &Refusal{"place", "empty", "corrected", "write an address, or send a position"}
	}
	var was ems.Place
	if a.Place != nil {
		was = *a.Place
	}
	now := corrected(was, given, c.Elsewhere)
	d.about(Ref{Alarms, string(a.ID)})
	if err := d.emit(&PlaceCorrected{ID: a.ID, Place: now, By: d.actor.By}); err != nil {
		return err
	}
	if i := d.s.Incidents[a.Incident]; i != nil && !incident.Final(i.State) {
		place := corrected(i.Place, given, c.Elsewhere && phones(i.Place.Source))
		if i.Place.Pos != nil && !phones(i.Place.Source) { // a person at a desk has placed it: the words reach the crew, the point stays
			place.Pos, place.AccuracyM, place.Source, place.At = i.Place.Pos, i.Place.AccuracyM, i.Place.Source, i.Place.At
		}
		if !samePlace(place, i.Place) {
			if err := d.emit(&IncidentChanged{ID: i.ID, Place: &place}); err != nil {
				return err
			}
		}
	}
	return d.say(ems.Message{ID: c.ID, Alarm: a.ID, From: FromCaller, Place: &now, Sent: c.Sent})
}

// phones says whether a position came from the caller's phone or the network, not from a person who chose it.
func phones(source string) bool { return source != "manual" && source != "address" }

// corrected is a place with what the caller says of it.
func corrected(was, given ems.Place, elsewhere bool) ems.Place {
	switch {
	case given.Pos != nil:
		if given.Address == "" && !elsewhere {
			given.Address = was.Address
		}
		if given.Source == "" {
			given.Source = "manual"
		}
		return given
	case elsewhere:
		return ems.Place{Address: given.Address, Source: "manual"}
	}
	was.Address = given.Address
	if was.Pos == nil {
		was.Source = "manual"
	}
	return was
}

func (b *MessageSent) apply(s *State, _ journal.Event) error {
	m := b.Message
	if s.Alarms[m.Alarm] == nil {
		return fmt.Errorf("message %q of no alarm that is known", m.ID)
	}
	put(s, s.Talk, Talk, m.ID, &m)
	s.talk[m.Alarm] = append(s.talk[m.Alarm], m.ID)
	return nil
}

func (b *MessagesRead) apply(s *State, e journal.Event) error {
	if s.Alarms[b.Alarm] == nil {
		return fmt.Errorf("messages of alarm %q, which is not known", b.Alarm)
	}
	for _, id := range b.IDs {
		m, err := get(s, s.Talk, Talk, id)
		if err != nil {
			return err
		}
		if m.Read == nil {
			m.Read, m.ReadBy = when(e.At), b.By
		}
	}
	return nil
}

func (b *PlaceCorrected) apply(s *State, e journal.Event) error {
	a, err := get(s, s.Alarms, Alarms, b.ID)
	if err != nil {
		return err
	}
	was := ems.Place{}
	if a.Place != nil {
		was = *a.Place
	}
	a.Places = kept(a.Places, ems.PlaceChange{At: e.At, By: b.By, Was: was})
	p := b.Place
	a.Place = &p
	return nil
}

// indexTalk makes the order of what was said of each alarm.
func (s *State) indexTalk() {
	s.talk = map[ems.AlarmID][]ems.MessageID{}
	all := slices.Collect(maps.Values(s.Talk))
	slices.SortFunc(all, func(a, b *ems.Message) int { return cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare(a.ID, b.ID)) })
	for _, m := range all {
		s.talk[m.Alarm] = append(s.talk[m.Alarm], m.ID)
	}
}

// TalkOf gives what was said of an alarm, in order; the newest MaxTalkShown of it.
func (s *State) TalkOf(a ems.AlarmID) []ems.Message {
	ids := s.talk[a]
	ids = ids[max(0, len(ids)-MaxTalkShown):]
	out := make([]ems.Message, 0, len(ids))
	for _, id := range ids {
		out = append(out, *s.Talk[id])
	}
	return out
}

// dropTalk forgets what was said of alarms that leave the live state.
func (s *State) dropTalk(gone map[ems.AlarmID]bool) {
	for _, a := range slices.Sorted(maps.Keys(gone)) {
		for _, id := range s.talk[a] {
			drop(s, s.Talk, Talk, id)
		}
		delete(s.talk, a)
	}
}

// kept adds a place that was corrected, up to MaxPlaces: the first stays, it is what was known at the press.
func kept(all []ems.PlaceChange, c ems.PlaceChange) []ems.PlaceChange {
	all = append(slices.Clone(all), c)
	if len(all) > MaxPlaces {
		all = slices.Delete(all, 1, 2)
	}
	return all
}

// byHand says that the caller has said where it is: what the phone measures after that is not taken for it.
func byHand(a *ems.Alarm) bool { return len(a.Places) > 0 && !phones(a.Place.Source) }

// measured is what a phone has measured, for an alarm that the caller may have corrected: words that were written stay, and a place
// chosen by hand is not measured away.
func measured(a *ems.Alarm, p *ems.Place) *ems.Place {
	switch {
	case p == nil || len(a.Places) == 0:
		return p
	case byHand(a):
		return nil
	case p.Address == "":
		q := *p
		q.Address = a.Place.Address
		return &q
	}
	return p
}

func samePlace(a, b ems.Place) bool {
	same := func(x, y *time.Time) bool { return x == y || x != nil && y != nil && x.Equal(*y) }
	pos := a.Pos == b.Pos || a.Pos != nil && b.Pos != nil && *a.Pos == *b.Pos
	return pos && a.AccuracyM == b.AccuracyM && a.Address == b.Address && a.Source == b.Source && same(a.At, b.At)
}

// CallerMessage gives the alarm of a message, if it is one of the page of the caller whose secret has this digest.
func (s *State) CallerMessage(token string, id ems.MessageID) (ems.AlarmID, bool) {
	m := s.Talk[id]
	if m == nil {
		return "", false
	}
	for _, a := range s.callerAlarms(token) {
		if a.ID == m.Alarm {
			return a.ID, true
		}
	}
	return "", false
}
