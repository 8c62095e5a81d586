// Package notice has the rules of a notice to a hospital: its permitted moves, and when it goes to the next person (CLN-004).
package notice

import (
	"fmt"
	"slices"
	"time"

	"lifeline120/internal/ems"
)

// NextAfter: unanswered for so long a notice goes also to the next person (CLN-004).
const NextAfter = 60 * time.Second

// moves says what a notice can become. A hospital may change its answer; a withdrawn notice is over.
var moves = map[ems.NoticeState][]ems.NoticeState{
	ems.NoticeSent:      {ems.NoticeDelivered, ems.NoticeSeen, ems.NoticeAccepted, ems.NoticeRejected, ems.NoticeWithdrawn},
	ems.NoticeDelivered: {ems.NoticeSeen, ems.NoticeAccepted, ems.NoticeRejected, ems.NoticeWithdrawn},
	ems.NoticeSeen:      {ems.NoticeAccepted, ems.NoticeRejected, ems.NoticeWithdrawn},
	ems.NoticeAccepted:  {ems.NoticeRejected, ems.NoticeWithdrawn},
	ems.NoticeRejected:  {ems.NoticeAccepted, ems.NoticeWithdrawn},
	ems.NoticeWithdrawn: {},
}

// Move says whether a notice may go from one state to another; the refusal says both ends.
func Move(from, to ems.NoticeState) error {
	if !slices.Contains(moves[from], to) {
		return fmt.Errorf("notice: %s cannot become %s", from, to)
	}
	return nil
}

// Waiting says that a notice still wants an answer. Seen is none.
func Waiting(s ems.NoticeState) bool {
	return s == ems.NoticeSent || s == ems.NoticeDelivered || s == ems.NoticeSeen
}

// Exhausted says that the notice went to every person of the hospital: the desk telephones now.
func Exhausted(n ems.Notice, persons int) bool { return n.Escalated >= max(persons, 1) }

// Next gives when an unanswered notice goes one step further: to the next person, and after the last to the desk.
func Next(n ems.Notice, persons int) (time.Time, bool) {
	if !Waiting(n.State) || Exhausted(n, persons) {
		return time.Time{}, false
	}
	last := n.Sent
	if n.EscalatedAt != nil {
		last = *n.EscalatedAt
	}
	return last.Add(NextAfter), true
}
