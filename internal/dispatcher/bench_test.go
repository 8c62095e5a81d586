package dispatcher

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/store"
	"lifeline120/internal/store/mem"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
	"lifeline120/maps"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// air is a link without faults: what goes up reaches the centre at once, what goes down is kept for the test.
type air struct {
	mu    sync.Mutex
	subs  map[string]link.Handler
	down  []link.Message
	acked int
	deaf  bool // Dial and Publish fail
}

func (a *air) Dial(ctx context.Context, o link.Options) (link.Link, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.deaf {
		return nil, link.ErrDown
	}
	return a, nil
}

func (a *air) Publish(m link.Message) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.deaf {
		return link.ErrDown
	}
	a.down = append(a.down, m)
	return nil
}

func (a *air) Subscribe(_ context.Context, filter string, _ byte, h link.Handler) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.subs == nil {
		a.subs = map[string]link.Handler{}
	}
	a.subs[filter] = h
	return nil
}

func (a *air) Close() error { return nil }

// answered is how many messages were acknowledged to the broker, and how many went down.
func (a *air) answered() (acked, down int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.acked, len(a.down)
}

func (a *air) up(unit, rest string, payload []byte) {
	a.mu.Lock()
	h := a.subs["ems/v1/demo/+/"+rest]
	a.mu.Unlock()
	if h == nil {
		panic("nobody listens to " + rest)
	}
	h(link.Message{Topic: link.Topic("demo", ems.UnitID(unit), rest), QoS: 1, Payload: payload, Ack: func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.acked++
	}})
}

// told takes the messages that went down to a unit since it was last asked.
func told[M proto.Message](t *testing.T, a *air, unit, rest string, open func([]byte) (M, error)) []M {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []M
	var others []link.Message
	for _, m := range a.down {
		if m.Topic != link.Topic("demo", ems.UnitID(unit), rest) {
			others = append(others, m)
			continue
		}
		v, err := open(m.Payload)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	a.down = others
	return out
}

// van is a vehicle as the centre hears it. Its clock is the server's, unless ahead says otherwise.
type van struct {
	a     *air
	unit  string
	epoch wire.Epoch
	seq   map[pb.Lane]uint64
	live  uint64
	ahead time.Duration // of the server's clock
	wrong time.Duration // how much its clock was ahead of that when it captured
	stale time.Duration // how much of that its measured offset does not know
	blind bool          // it has measured no offset
	late  time.Duration // how long the broker held what it sent
}

func newVan(a *air, unit string) *van {
	return &van{a: a, unit: unit, epoch: wire.Epoch{1, 2, 3}, seq: map[pb.Lane]uint64{}}
}

// send sends one message; captured is how long ago it was captured. It gives the bytes, to send them again.
func (v *van) send(rest string, lane pb.Lane, kind pb.Kind, captured time.Duration, body proto.Message) []byte {
	b, err := wire.Marshal(body)
	if err != nil {
		panic(err)
	}
	return v.sendBody(rest, lane, kind, captured, b)
}

func (v *van) sendBody(rest string, lane pb.Lane, kind pb.Kind, captured time.Duration, b []byte) []byte {
	sent := time.Now().Add(-v.late)
	at := sent.Add(v.ahead)
	r := wire.Record{Epoch: v.epoch, Item: wire.Item{Lane: lane, Kind: kind, CapturedUs: at.Add(-captured + v.wrong).UnixMicro(), Body: b, Boot: "b",
		MonoUs: sent.Add(-captured).UnixMicro() - 900_000_000_000_000}}
	if lane != pb.Lane_LANE_NONE {
		v.seq[lane]++
		r.Seq = v.seq[lane]
	}
	s := wire.Sending{SentUs: at.UnixMicro(), OffsetUs: (v.ahead - v.stale).Microseconds(), OffsetKnown: true}
	if v.blind {
		s.OffsetUs, s.OffsetKnown = 0, false
	}
	if rest == link.UpLive {
		v.live++
		s.LiveSeq = v.live
	}
	env, err := wire.Marshal(wire.Seal(ems.UnitID(v.unit), r, s))
	if err != nil {
		panic(err)
	}
	v.a.up(v.unit, rest, env)
	return env
}

func (v *van) urgent(kind pb.Kind, body proto.Message) []byte {
	return v.send(link.UpUrgent, pb.Lane_LANE_URGENT, kind, 0, body)
}

func (v *van) presence(p *pb.Presence) {
	v.send(link.UpPresence, pb.Lane_LANE_NONE, pb.Kind_KIND_PRESENCE, 0, p)
}

func (v *van) us() int64 { return time.Now().Add(v.ahead).UnixMicro() }

// bench is a centre at work in a bubble.
type bench struct {
	*Centre
	t    *testing.T
	disk *mem.Disk
	air  *air
	stop func()
	file string
}

// at runs f with a centre on a new disk.
func at(t *testing.T, f func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, mem.NewDisk("store-1", true), &air{}, t.TempDir()+"/unrecorded.log")
		f(t, b)
		b.stop()
	})
}

func begin(t *testing.T, disk *mem.Disk, a *air, file string) *bench {
	t.Helper()
	return beginWith(t, disk, a, file, func(*Centre) {})
}

// beginWith lets the test change the centre before it runs.
func beginWith(t *testing.T, disk *mem.Disk, a *air, file string, change func(*Centre)) *bench {
	t.Helper()
	st, err := disk.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.NewChaCha8([32]byte{byte(len(a.down))})
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	var d link.Dialer
	if a != nil {
		d = a
	}
	c, err := NewCentre(t.Context(), CentreConfig{City: city, Store: st, Dialer: d, AsideFile: file, Rand: func(p []byte) { _, _ = seed.Read(p) }, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	change(c)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	synctest.Wait()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("the centre ended with:", err)
		}
		disk.Crash()
	})
	t.Cleanup(stop)
	return &bench{Centre: c, t: t, disk: disk, air: a, file: file, stop: stop}
}

// do carries out a command of a desk.
func (b *bench) do(cmd desk.Command) Result {
	b.t.Helper()
	r, err := b.try(cmd)
	if err != nil {
		b.t.Fatalf("%T: %v", cmd, err)
	}
	return r
}

func (b *bench) try(cmd desk.Command) (Result, error) {
	return b.Do(b.t.Context(), desk.Actor{By: "张调度", Desk: "d1", Role: "dispatcher"}, func(*desk.State, time.Time) (desk.Command, error) { return cmd, nil })
}

// value reads one value as the console shows it; nil when it shows none.
func (b *bench) value(coll, key string) map[string]any { return b.on(consoleTopic, coll, key) }

func (b *bench) on(topic, coll, key string) map[string]any {
	b.t.Helper()
	synctest.Wait()
	raw := b.Hub().Value(topic, coll, key)
	if raw == nil {
		return nil
	}
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) looks(f func(*desk.State)) {
	b.t.Helper()
	if err := b.Look(b.t.Context(), f); err != nil {
		b.t.Fatal(err)
	}
}

// events lists the types in the journal.
func (b *bench) events(only string) (n int) {
	b.t.Helper()
	evs, err := b.cfg.Store.Read(b.t.Context(), 0, store.MaxRead)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range evs {
		if e.Type == only {
			n++
		}
	}
	return n
}

var scene = &ems.Place{Pos: &ems.WGS84{Lat: 35.401, Lon: 118.505}, Source: "gps"}

// story brings a unit onto a mission, and gives mission and order.
func (b *bench) story(unit ems.UnitID) (ems.MissionID, ems.OrderID) {
	b.t.Helper()
	b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
	b.do(desk.SetDuty{Unit: unit, Duty: ems.OnDuty, Crew: []string{"李医生", "王驾驶"}})
	n := len(b.events2())
	in := ems.IncidentID(fmt.Sprint("i-", n))
	b.do(desk.OpenIncident{Incident: in, Type: ems.Emergency, Priority: ems.PriorityA, Place: scene, Complaint: "胸痛"})
	m, o := ems.MissionID(fmt.Sprint("m-", n)), ems.OrderID(fmt.Sprint("o-", n))
	b.do(desk.Dispatch{Incident: in, Unit: unit, Mission: m, Order: o})
	return m, o
}

func (b *bench) events2() []string {
	evs, err := b.cfg.Store.Read(b.t.Context(), 0, store.MaxRead)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, e := range evs {
		out = append(out, e.Type)
	}
	return out
}

// follow subscribes in process and gives what came, as JSON.
func (b *bench) follow(topic string) *webfeed.Client {
	b.t.Helper()
	c, err := b.Hub().Subscribe(webfeed.Who{}, topic)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(c.Close)
	return c
}
