package journal_test

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/journal"
)

func sample() journal.Event {
	return journal.Event{Seq: 7, At: time.Date(2026, 11, 21, 6, 30, 0, 123456000, time.UTC), Actor: "desk/1", Stream: "alarm/a1",
		Type: "alarm.raised", Body: json.RawMessage(`{"place":"胸痛中心"}`)}
}

// The chain of a store that is in use must verify with every later version: this hash never changes.
func TestACC002_LinkIsForEver(t *testing.T) {
	const want = "202068c1b09d6ccb9fbc31c7de53272dae1332f7d4999ee3f9c07de83ebe6615"
	h := journal.Link([32]byte{1, 2, 3}, sample())
	if got := hex.EncodeToString(h[:]); got != want {
		t.Fatalf("hash is %s, want %s", got, want)
	}
}

// Whatever is changed in an event, or moved from one of its texts to the next, changes its hash.
func TestACC002_EveryByteCounts(t *testing.T) {
	prev := [32]byte{1}
	seen := map[[32]byte]string{}
	for name, change := range map[string]func(*journal.Event){
		"as it is":       func(*journal.Event) {},
		"seq":            func(e *journal.Event) { e.Seq++ },
		"microsecond":    func(e *journal.Event) { e.At = e.At.Add(time.Microsecond) },
		"actor":          func(e *journal.Event) { e.Actor = "desk/2" },
		"stream":         func(e *journal.Event) { e.Stream = "alarm/a2" },
		"type":           func(e *journal.Event) { e.Type = "alarm.closed" },
		"body":           func(e *journal.Event) { e.Body = json.RawMessage(`{"place":"胸痛中心!"}`) },
		"no body":        func(e *journal.Event) { e.Body = nil },
		"moved letter":   func(e *journal.Event) { e.Actor, e.Stream = "desk/1a", "larm/a1" },
		"moved other":    func(e *journal.Event) { e.Stream, e.Type = "alarm/a1a", "larm.raised" },
		"actor for type": func(e *journal.Event) { e.Actor, e.Type = e.Type, e.Actor },
	} {
		e := sample()
		change(&e)
		h := journal.Link(prev, e)
		if other, ok := seen[h]; ok {
			t.Errorf("%q and %q have the same hash", name, other)
		}
		seen[h] = name
	}
	if _, same := seen[journal.Link([32]byte{2}, sample())]; same {
		t.Error("the hash before does not count")
	}
	e := sample()
	e.At, e.Hash = e.At.Add(999*time.Nanosecond).In(time.FixedZone("CST", 8*3600)), [32]byte{9}
	if seen[journal.Link(prev, e)] != "as it is" {
		t.Error("zone, nanoseconds and the old hash are not kept and may not count")
	}
}

func TestACC002_CheckNamesWhatIsWrong(t *testing.T) {
	prev := [32]byte{1}
	good := sample()
	good.Hash = journal.Link(prev, good)
	changed := good
	changed.Actor = "desk/2"
	for _, c := range []struct {
		name    string
		prevSeq uint64
		prev    [32]byte
		event   journal.Event
		says    string
	}{
		{"good", 6, prev, good, ""},
		{"hole", 4, prev, good, "event 7 follows 4; 2 events are missing"},
		{"repeated", 7, prev, good, "event 7 follows 7; the order"},
		{"other before", 6, [32]byte{2}, good, "event 7 (alarm.raised, 2026-11-21T06:30:00Z) was changed"},
		{"changed", 6, prev, changed, "event 7 (alarm.raised, 2026-11-21T06:30:00Z) was changed"},
	} {
		err := journal.Check(c.prevSeq, c.prev, c.event)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		}
	}
}
