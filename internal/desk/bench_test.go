package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
)

var t0 = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

var (
	li   = Actor{By: "李调度", Desk: "d1", Role: "dispatcher"}
	wang = Actor{By: "王调度", Desk: "d2", Role: "dispatcher"}
	zhao = Actor{By: "赵值班", Desk: "d3", Role: "supervisor"}
	crew = Actor{By: "u1", Role: "vehicle"}
	page = Actor{By: "caller", Role: "caller"}
	eris = Actor{By: "陈医生", Role: "hospital"}
)

// fataler is a test of either kind.
type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

// bench is a centre without a dispatcher: it decides, folds speculatively, writes into its journal and folds again.
type bench struct {
	t       fataler
	s       *State
	now     time.Time
	journal []journal.Event
	hash    [32]byte
	n       int
	lag     bool // the store does not answer: events stay pending
	strict  bool // look whether deciding changes the state
}

func newBench(t fataler, demo bool) *bench {
	b := &bench{t: t, s: New(demo), now: t0}
	for _, c := range []Command{
		RegisterStation{Station: ems.Station{ID: "s1", Name: "历下站", Pos: ems.WGS84{Lat: 36.65, Lon: 116.9}}},
		RegisterHospital{Hospital: ems.Hospital{ID: "h1", Name: "一院", Pos: ems.WGS84{Lat: 36.7, Lon: 116.9}, Persons: []string{"值班", "主任"}}},
		RegisterHospital{Hospital: ems.Hospital{ID: "h2", Name: "二院", Pos: ems.WGS84{Lat: 36.8, Lon: 116.9}}},
		RegisterDesk{Desk: "d1"}, RegisterDesk{Desk: "d2"}, RegisterDesk{Desk: "d3"},
	} {
		b.do(System, c)
	}
	for _, u := range []ems.UnitID{"u1", "u2", "u3"} {
		b.do(System, RegisterUnit{Unit: ems.Unit{ID: u, Plate: "鲁A" + string(u), Kind: ems.UnitMonitoring, Station: "s1"}})
		b.do(li, SetDuty{Unit: u, Duty: ems.OnDuty, Crew: []string{"张医生"}})
	}
	b.do(System, RegisterUnit{Unit: ems.Unit{ID: "t1", Plate: "鲁At1", Kind: ems.UnitTransport, Station: "s1"}})
	b.do(li, SetDuty{Unit: "t1", Duty: ems.OnDuty})
	b.do(li, LogOn{Desk: "d1", Role: "dispatcher"})
	b.do(wang, LogOn{Desk: "d2", Role: "dispatcher"})
	return b
}

// id makes a new one.
func (b *bench) id(kind string) string {
	b.n++
	return fmt.Sprintf("%s%d", kind, b.n)
}

// try decides, and folds and keeps what comes of it.
func (b *bench) try(a Actor, c Command) (Answer, error) {
	b.t.Helper()
	var before []byte
	if b.strict {
		before, _ = json.Marshal(b.s)
	}
	ans, err := Decide(b.s, b.now, a, c)
	if b.strict {
		if after, _ := json.Marshal(b.s); !bytes.Equal(before, after) {
			b.t.Fatalf("%T changed the state while deciding", c)
		}
	}
	if err != nil {
		var r *Refusal
		if errors.As(err, &r) && (r.What == "" || r.From == "" && r.To == "" || r.Why == "") {
			b.t.Fatalf("%T: refusal does not say both ends: %v", c, err)
		}
		if len(ans.Events) > 0 {
			b.t.Fatalf("%T was refused and has events", c)
		}
		return ans, err
	}
	for _, e := range ans.Events {
		if err := b.s.Apply(e); err != nil {
			b.t.Fatalf("%T: %v", c, err)
		}
		e.Seq = uint64(len(b.journal) + 1)
		e.Hash = journal.Link(b.hash, e)
		b.hash = e.Hash
		b.journal = append(b.journal, e)
	}
	if !b.lag {
		b.settle()
	}
	return ans, nil
}

// settle lets the store answer for everything.
func (b *bench) settle() {
	b.t.Helper()
	for _, e := range b.journal[b.s.Seq:] {
		if err := b.s.Apply(e); err != nil {
			b.t.Fatalf("settle: %v", err)
		}
	}
}

func (b *bench) do(a Actor, c Command) Answer {
	b.t.Helper()
	ans, err := b.try(a, c)
	if err != nil {
		b.t.Fatalf("%T: %v", c, err)
	}
	return ans
}

// refused wants a refusal that says both ends.
func (b *bench) refused(a Actor, c Command) *Refusal {
	b.t.Helper()
	_, err := b.try(a, c)
	var r *Refusal
	if !errors.As(err, &r) {
		b.t.Fatalf("%T was not refused: %v", c, err)
	}
	return r
}

// wait lets time pass, and does what it demands when it demands it.
func (b *bench) wait(d time.Duration) {
	b.t.Helper()
	end := b.now.Add(d)
	for range 10_000 {
		next := NextDue(b.s, b.now)
		if next.IsZero() || next.After(end) {
			b.now = end
			return
		}
		b.now = next
		cmds := Due(b.s, b.now)
		if len(cmds) == 0 {
			b.t.Fatalf("something is due at %v, and nothing is demanded: %v", next, b.s.deadlines)
		}
		for _, c := range cmds {
			b.do(System, c)
		}
	}
	b.t.Fatalf("time demands without end: %v", Due(b.s, b.now))
}

// check replays the journal and reads the snapshot back: both must be the live state.
func (b *bench) check() {
	b.t.Helper()
	b.settle()
	live, _ := json.Marshal(b.s)
	again := New(b.s.Demo)
	for _, e := range b.journal {
		if err := again.Apply(e); err != nil {
			b.t.Fatalf("replay: %v", err)
		}
	}
	replayed, _ := json.Marshal(again)
	if !bytes.Equal(live, replayed) {
		b.t.Fatalf("replay of the journal differs from the live state\n%s\n%s", live, replayed)
	}
	seq, body, ok := b.s.Snapshot()
	if !ok || seq != uint64(len(b.journal)) {
		b.t.Fatalf("no snapshot at %d (%d events, %d pending)", seq, len(b.journal), len(b.s.pending))
	}
	back, err := Restore(body)
	if err != nil {
		b.t.Fatalf("%v", err)
	}
	restored, _ := json.Marshal(back)
	if !bytes.Equal(live, restored) {
		b.t.Fatalf("snapshot differs from the fold\n%s\n%s", live, restored)
	}
	if !maps.Equal(b.s.deadlines, again.deadlines) || !maps.Equal(b.s.deadlines, back.deadlines) || !maps.Equal(b.s.tech, back.tech) {
		b.t.Fatalf("what time demands was lost:\nlive     %v\nreplayed %v\nrestored %v", b.s.deadlines, again.deadlines, back.deadlines)
	}
}

// The steps of a usual case.

func (b *bench) alarm() ems.AlarmID {
	b.t.Helper()
	id := ems.AlarmID(b.id("a"))
	b.do(page, RaiseAlarm{Alarm: id, Kind: ems.CallerAlarm, PressID: b.id("p"), Source: b.id("phone"), Token: b.id("token"), Phone: "139" + string(id),
		Place: &ems.Place{Pos: &ems.WGS84{Lat: 36.66, Lon: 116.9}, Source: "gps"}, Pressed: b.now})
	return id
}

func (b *bench) incident() ems.IncidentID {
	b.t.Helper()
	id := ems.IncidentID(b.id("i"))
	b.do(li, OpenIncident{Incident: id, Complaint: "胸痛", Place: &ems.Place{Pos: &ems.WGS84{Lat: 36.66, Lon: 116.9}, Address: "泉城路1号"}})
	return id
}

func (b *bench) dispatch(i ems.IncidentID, u ems.UnitID) (*ems.Mission, *ems.Order) {
	b.t.Helper()
	m, o := ems.MissionID(b.id("m")), ems.OrderID(b.id("o"))
	b.do(li, Dispatch{Incident: i, Unit: u, Mission: m, Order: o})
	return b.s.Missions[m], b.s.Orders[o]
}

func (b *bench) answer(o *ems.Order, answer string) {
	b.t.Helper()
	b.do(crew, VehicleAnswer{Unit: o.Unit, Key: string(o.ID), Version: o.Version, Answer: answer, By: "张医生", At: b.now})
}

func (b *bench) touch(m *ems.Mission, n ems.Node) {
	b.t.Helper()
	b.do(crew, VehicleNode{Unit: m.Unit, ID: b.id("n"), Mission: m.ID, Node: n, At: b.now, By: "张医生"})
}

// bench can be used by a plain test.
var _ fataler = (*testing.T)(nil)
