package notice

import (
	"testing"
	"time"

	"lifeline120/internal/ems"
)

func TestCLN004_NoticeMoves(t *testing.T) {
	all := []ems.NoticeState{ems.NoticeSent, ems.NoticeDelivered, ems.NoticeSeen, ems.NoticeAccepted, ems.NoticeRejected, ems.NoticeWithdrawn}
	want := map[ems.NoticeState]string{
		ems.NoticeSent:      "delivered seen accepted rejected withdrawn ",
		ems.NoticeDelivered: "seen accepted rejected withdrawn ",
		ems.NoticeSeen:      "accepted rejected withdrawn ",
		ems.NoticeAccepted:  "rejected withdrawn ",
		ems.NoticeRejected:  "accepted withdrawn ",
	}
	for _, from := range all {
		may := ""
		for _, to := range all {
			if Move(from, to) == nil {
				may += string(to) + " "
			}
		}
		if may != want[from] {
			t.Errorf("%s: may become %q, want %q", from, may, want[from])
		}
	}
}

func TestCLN004_UnansweredGoesToTheNextPerson(t *testing.T) {
	t0 := time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)
	later := t0.Add(70 * time.Second)
	for _, c := range []struct {
		name    string
		n       ems.Notice
		persons int
		want    time.Time
		ok      bool
	}{
		{"after 60 s", ems.Notice{State: ems.NoticeSent, Sent: t0}, 3, t0.Add(time.Minute), true},
		{"seen is no answer", ems.Notice{State: ems.NoticeSeen, Sent: t0}, 3, t0.Add(time.Minute), true},
		{"60 s after the last", ems.Notice{State: ems.NoticeDelivered, Sent: t0, Escalated: 2, EscalatedAt: &later}, 3, later.Add(time.Minute), true},
		{"list exhausted", ems.Notice{State: ems.NoticeSent, Sent: t0, Escalated: 3, EscalatedAt: &later}, 3, time.Time{}, false},
		{"nobody on the list: the desk", ems.Notice{State: ems.NoticeSent, Sent: t0}, 0, t0.Add(time.Minute), true},
		{"nobody on the list, desk told", ems.Notice{State: ems.NoticeSent, Sent: t0, Escalated: 1}, 0, time.Time{}, false},
		{"accepted", ems.Notice{State: ems.NoticeAccepted, Sent: t0}, 3, time.Time{}, false},
		{"rejected", ems.Notice{State: ems.NoticeRejected, Sent: t0}, 3, time.Time{}, false},
	} {
		if got, ok := Next(c.n, c.persons); !got.Equal(c.want) || ok != c.ok {
			t.Errorf("%s: got %v %v", c.name, got, ok)
		}
	}
}
