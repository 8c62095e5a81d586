package agent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"lifeline120/internal/agent"
	"lifeline120/internal/cab"
	"lifeline120/internal/courier"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/memlink"
	"lifeline120/internal/serialport"
	"lifeline120/internal/serialport/serialporttest"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/spool"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

const (
	region ems.RegionID = "town"
	unit   ems.UnitID   = "u1"
)

// bench is one vehicle with a disk, a monitor's line and a centre that stores what comes.
type bench struct {
	t       *testing.T
	broker  *memlink.Broker
	disk    *spool.MemDisk
	rack    serialporttest.Rack
	vehicle *agent.Vehicle
	hub     *webfeed.Hub
	mux     *http.ServeMux
	stop    func()
	ids     int
	log     logged
	wrap    func(spool.Spool) spool.Spool
	ports   func() []serialport.Info // when set, ports are found and not configured

	mu       sync.Mutex
	recv     *courier.Receiver
	down     link.Link
	got      []*pb.Envelope // stored, in order
	pressed  []string
	presence []*pb.Presence
	asks     []*pb.HospitalsAsked
}

// logged is a log that tests read while the vehicle writes it.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}
func (l *logged) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.buf.String() }
func (l *logged) Reset()         { l.mu.Lock(); defer l.mu.Unlock(); l.buf.Reset() }

// run gives a test its bench in fake time, with a vehicle that runs.
func run(t *testing.T, test func(*bench)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)))
		b := &bench{t: t, broker: memlink.New(1), disk: &spool.MemDisk{}, recv: courier.NewReceiver("store-1"),
			rack: serialporttest.Rack{"/dev/m": serialporttest.NewLine(ems.Line{Baud: 19200, DataBits: 8, Parity: "O", StopBits: 1}),
				"/dev/g": serialporttest.NewLine(ems.Serial8N1(9600))}}
		ctx, cancel := context.WithCancel(t.Context())
		l, err := b.broker.Dialer("centre").Dial(ctx, link.Options{ClientID: "centre"})
		if err != nil {
			t.Fatal(err)
		}
		b.down = l
		for _, rest := range []string{link.UpUrgent, link.UpPresence, link.UpLive, link.UpReading, link.UpPosition, link.UpWave, link.UpPhoto} {
			if err := l.Subscribe(ctx, link.Topic(region, "+", rest), 1, func(m link.Message) { b.store(rest, m) }); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() { b.answer(ctx) })
		b.start()
		defer func() { b.stop(); cancel(); wg.Wait(); l.Close(); b.broker.Close() }()
		test(b)
	})
}

// start boots the vehicle from its disk.
func (b *bench) start() {
	b.t.Helper()
	sp, err := spool.NewMem(b.disk, spool.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	if b.wrap != nil {
		sp = b.wrap(sp)
	}
	c := agent.Defaults()
	c.Unit, c.Region, c.Simulated = unit, region, true
	c.Devices = []agent.Device{{Name: "monitor", Port: "/dev/m", Driver: "bci_oximeter"}, {Name: "gnss", Port: "/dev/g", Driver: "nmea0183"}}
	list := func() ([]serialport.Info, error) { return b.ports(), nil }
	if b.ports != nil {
		c.Devices = nil
	}
	b.hub = agent.NewFeed(c, "test", nil)
	b.vehicle, err = agent.NewVehicle(agent.Deps{Config: c, Version: "test", Spool: sp, Dialer: b.broker.Dialer("u1"), Open: b.rack.Open, List: list, Feed: b.hub, Log: slog.New(slog.NewTextHandler(&b.log, nil)),
		NewID: func() string { b.ids++; return fmt.Sprintf("id-%d", b.ids) }})
	if err != nil {
		b.t.Fatal(err)
	}
	b.mux = http.NewServeMux()
	b.vehicle.Routes(b.mux)
	ctx, cancel := context.WithCancel(b.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.vehicle.Run(ctx) })
	wg.Go(func() { _ = b.vehicle.Watch(ctx) })
	b.stop = func() { cancel(); wg.Wait(); b.hub.Close() }
	time.Sleep(time.Second)
}

// store takes one message at the centre: stored at once.
func (b *bench) store(rest string, m link.Message) {
	env, err := wire.Open(m.Payload)
	if err != nil {
		b.t.Error(err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	body, err := wire.Body(env)
	if err != nil {
		b.t.Error(err)
	}
	if p, ok := body.(*pb.Presence); ok && rest == link.UpPresence {
		b.presence = append(b.presence, p)
	}
	if a, ok := body.(*pb.HospitalsAsked); ok && rest == link.UpLive {
		b.asks = append(b.asks, a)
	}
	if v := b.recv.Offer(time.Now(), rest, env); v == courier.New {
		b.recv.Stored(time.Now(), env)
		b.got = append(b.got, env)
		if a, ok := body.(*pb.Alarm); ok {
			b.pressed = append(b.pressed, a.PressId)
		}
	}
	if m.Ack != nil {
		m.Ack()
	}
}

// answer says what is stored.
func (b *bench) answer(ctx context.Context) {
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		b.mu.Lock()
		answers, pressed := b.recv.Answers(time.Now()), append([]string(nil), b.pressed...)
		b.mu.Unlock()
		for _, a := range answers {
			a.Stored.Pressed = pressed
			b.say(link.DownStored, a.Stored)
		}
	}
}

func (b *bench) say(rest string, m proto.Message) {
	p, err := wire.Marshal(m)
	if err != nil {
		b.t.Error(err)
		return
	}
	if err := b.down.Publish(link.Message{Topic: link.Topic(region, unit, rest), Payload: p}); err != nil {
		b.t.Error(err)
	}
}

// recorder takes a response in process: there is no connection to set a deadline on.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetReadDeadline(time.Time) error { return nil }

// touch posts to the terminal's API and reads the answer.
func (b *bench) touch(path string, body, answer any) int {
	b.t.Helper()
	in, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, path, bytes.NewReader(in))
	req.Header.Set("Content-Type", "application/json")
	rec := recorder{httptest.NewRecorder()}
	b.mux.ServeHTTP(rec, req)
	if answer != nil && rec.Code == http.StatusOK {
		if err := json.Unmarshal(rec.Body.Bytes(), answer); err != nil {
			b.t.Fatal(err)
		}
	}
	return rec.Code
}

// shown is a value on the terminal's screen.
func shown[T any](b *bench, collection, key string) (v T) {
	b.t.Helper()
	time.Sleep(200 * time.Millisecond) // live values wait to be sent together
	if raw := b.hub.Value(agent.Topic, collection, key); raw != nil {
		if err := json.Unmarshal(raw, &v); err != nil {
			b.t.Fatal(err)
		}
	}
	return v
}

// bodies lists what the centre has stored of one kind.
func bodies[T proto.Message](b *bench) (out []T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, env := range b.got {
		if m, err := wire.Body(env); err == nil {
			if x, ok := m.(T); ok {
				out = append(out, x)
			}
		}
	}
	return out
}

func (b *bench) order(id string, validUntil time.Time) *pb.Owed {
	now := time.Now().UnixMicro()
	return &pb.Owed{Order: id, Version: 1, Kind: "order", Mission: "m-" + id, QueuedUs: now, SentUs: now, ValidUntilUs: validUntil.UnixMicro(),
		Text: "胸痛", Simulated: true}
}

// feed lets an oximeter speak for a time.
func (b *bench) feed(d time.Duration) {
	dev := simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 1})
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		b.rack["/dev/m"].Send(dev.Step(time.Now()))
	}
}

// drive lets a receiver speak for a time.
func (b *bench) drive(d time.Duration) {
	dev := simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: 1, Route: simdevice.Along([]ems.WGS84{{Lat: 35.39, Lon: 118.49}, {Lat: 35.41, Lon: 118.53}}, 40)})
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		b.rack["/dev/g"].Send(dev.Step(time.Now()))
	}
}

func TestALM003_LampIsLitWhenStoredAndNotBefore(t *testing.T) {
	run(t, func(b *bench) {
		b.broker.Cut("u1")
		time.Sleep(time.Second)
		var a wire.TerminalSOSAnswer
		if code := b.touch("/api/v1/sos", wire.TerminalSOS{PressID: "p1", By: "terminal", Seat: "cabin"}, &a); code != 200 || a.Lamp != "pending" {
			t.Fatalf("pressed without a link: %d %+v", code, a)
		}
		time.Sleep(time.Minute)
		if v := shown[wire.TerminalAlarm](b, "alarms", "p1"); v.Lamp != "pending" {
			t.Errorf("the lamp without a link: %+v", v)
		}
		if v := shown[wire.KeptView](b, "kept", "p1"); v.Kind != "sos" {
			t.Errorf("the terminal does not list the press as kept: %+v", v)
		}
		b.broker.Heal("u1")
		time.Sleep(5 * time.Second)
		if v := shown[wire.TerminalAlarm](b, "alarms", "p1"); v.Lamp != "received" {
			t.Errorf("the lamp after the alarm is stored: %+v", v)
		}
		if v := shown[wire.KeptView](b, "kept", "p1"); v.Kind != "" {
			t.Errorf("a stored press is still listed: %+v", v)
		}
		b.touch("/api/v1/sos", wire.TerminalSOS{PressID: "p1", By: "terminal"}, &a)
		time.Sleep(5 * time.Second)
		if got := bodies[*pb.Alarm](b); len(got) != 1 || a.Lamp != "received" {
			t.Errorf("ALM-004: the same press again: %v, lamp %s", got, a.Lamp)
		}
	})
}

func TestDLV001_PressOutlivesThePower(t *testing.T) {
	run(t, func(b *bench) {
		b.broker.Cut("u1")
		time.Sleep(time.Second)
		b.touch("/api/v1/sos", wire.TerminalSOS{PressID: "p1", By: "terminal"}, nil)
		image := b.disk.Clone()
		b.stop()
		b.disk = image
		b.broker.Heal("u1")
		b.start()
		time.Sleep(5 * time.Second)
		if got := bodies[*pb.Alarm](b); len(got) != 1 || got[0].PressId != "p1" {
			t.Errorf("stored: %v", got)
		}
		if v := shown[wire.TerminalAlarm](b, "alarms", "p1"); v.Lamp != "received" {
			t.Errorf("the lamp: %+v", v)
		}
	})
}

func TestDLV005_OrderIsAnsweredAndLateOnesDoNotSound(t *testing.T) {
	run(t, func(b *bench) {
		b.say(link.DownOwed, b.order("o1", time.Now().Add(2*time.Minute)))
		time.Sleep(time.Second)
		if v := shown[ems.Order](b, "orders", "o1"); v.State != ems.OrderDelivered || !v.Simulated {
			t.Fatalf("the order on the terminal: %+v", v)
		}
		if code := b.touch("/api/v1/orders/o1/seen", wire.OrderAnswerBody{By: "司机"}, nil); code != 200 {
			t.Fatal(code)
		}
		if code := b.touch("/api/v1/orders/o1/accept", wire.OrderAnswerBody{By: "司机"}, nil); code != 200 {
			t.Fatal(code)
		}
		if code := b.touch("/api/v1/orders/o1/accept", wire.OrderAnswerBody{By: "司机"}, nil); code != 200 {
			t.Fatal("accepted twice: ", code)
		}
		b.say(link.DownOwed, b.order("o2", time.Now().Add(-time.Second)))
		time.Sleep(time.Second)
		if v := shown[ems.Order](b, "orders", "o2"); v.State != ems.OrderExpired {
			t.Errorf("a late order: %+v", v)
		}
		if code := b.touch("/api/v1/orders/o2/accept", wire.OrderAnswerBody{By: "司机"}, nil); code != 409 {
			t.Errorf("a late order was accepted: %d", code)
		}
		if code := b.touch("/api/v1/orders/o3/accept", wire.OrderAnswerBody{By: "司机"}, nil); code != 404 {
			t.Errorf("an unknown order was accepted: %d", code)
		}
		var words []string
		for _, a := range bodies[*pb.OrderAnswer](b) {
			words = append(words, a.Order+" "+a.Answer)
		}
		if got := fmt.Sprint(words); got != "[o1 delivered o1 seen o1 accepted o2 late]" {
			t.Errorf("answers: %s", got)
		}
	})
}

func TestTIM001_TabletIsTakenOverOnceByItsOwnClock(t *testing.T) {
	run(t, func(b *bench) {
		b.say(link.DownOwed, b.order("o1", time.Now().Add(2*time.Minute)))
		time.Sleep(time.Second)
		b.touch("/api/v1/orders/o1/accept", wire.OrderAnswerBody{By: "司机"}, nil)
		at := time.Now().UTC()
		time.Sleep(90 * time.Second)
		h := wire.Handover{Tablet: "t1", OffsetMs: 30_000, UncertaintyMs: 200, Entries: []wire.HandoverEntry{
			{ID: "n1", Kind: "node", At: at.Add(30 * time.Second), Body: wire.HandoverWords{Mission: "m-o1", Node: ems.NodeAtScene, By: "医生"}},
			{ID: "s1", Kind: "sos", At: at.Add(30 * time.Second), Body: wire.HandoverWords{Seat: "cabin"}},
			{ID: "x1", Kind: "node", At: at, Body: wire.HandoverWords{Mission: "m-o1", Node: "lunch", By: "医生"}},
			{ID: "t1", Kind: "note", At: at, Body: wire.HandoverWords{Text: "现场", By: "医生"}}}}
		for range 2 {
			var a wire.HandoverAnswer
			if code := b.touch("/api/v1/handover", h, &a); code != 200 || fmt.Sprint(a.Taken) != "[n1 s1 t1]" {
				t.Fatalf("handover: %d %+v", code, a)
			}
		}
		time.Sleep(time.Second)
		nodes, alarms, notes := bodies[*pb.Node](b), bodies[*pb.Alarm](b), bodies[*pb.Note](b)
		if len(nodes) != 1 || len(alarms) != 1 || len(notes) != 1 {
			t.Fatalf("stored: %v %v %v", nodes, alarms, notes)
		}
		if nodes[0].AtUs != at.UnixMicro() || nodes[0].UncertainS != 0.2 || alarms[0].PressedUs != at.UnixMicro() {
			t.Errorf("times: node %v, alarm %v, touched %v", nodes[0], alarms[0], at)
		}
	})
}

// A tablet may come back with a full bag: five hundred entries, and notes as long as they may be.
func TestDLV001_FullTabletIsTakenOver(t *testing.T) {
	run(t, func(b *bench) {
		h := wire.Handover{Tablet: "t1", Entries: []wire.HandoverEntry{}}
		for i := range 500 {
			e := wire.HandoverEntry{ID: fmt.Sprintf("touch-0123456789-%d", i), Kind: "node", At: time.Now(),
				Body: wire.HandoverWords{Mission: "m-of-the-day-before", Node: ems.NodeAtScene, By: "李护士"}}
			if i%10 == 0 {
				e.Kind, e.Body.Text = "note", strings.Repeat("患", 4000)
			}
			h.Entries = append(h.Entries, e)
		}
		var a wire.HandoverAnswer
		if code := b.touch("/api/v1/handover", h, &a); code != 200 || len(a.Taken) != 500 {
			t.Fatalf("%d, %d taken", code, len(a.Taken))
		}
		time.Sleep(10 * time.Second)
		if n, m := len(bodies[*pb.Node](b)), len(bodies[*pb.Note](b)); n != 450 || m != 50 {
			t.Errorf("%d nodes and %d notes are stored", n, m)
		}
	})
}

func TestTIM001_PressOnATabletSaysHowFarOffItsTimeMayBe(t *testing.T) {
	run(t, func(b *bench) {
		measured := 0.25
		for _, c := range []struct {
			id        string
			sos       wire.TerminalSOS
			timed     bool
			ago       time.Duration // what the tablet says
			by        string
			want      time.Duration // what is owed, ago
			uncertain float64
		}{
			{"key", wire.TerminalSOS{By: "key"}, false, 0, "key", 0, 0},
			{"key-timed", wire.TerminalSOS{By: "key"}, true, time.Second, "key", time.Second, 0},
			{"present", wire.TerminalSOS{By: "terminal", UncertaintyS: &measured}, true, time.Second, "terminal", time.Second, 0.25},
			{"away", wire.TerminalSOS{By: "terminal", UncertaintyS: &measured, Away: true}, true, time.Minute, "tablet", time.Minute, 0.25},
			{"away, not measured", wire.TerminalSOS{By: "tablet", Away: true}, true, time.Hour, "tablet", time.Hour, 3600},
			{"away, not measured, ahead", wire.TerminalSOS{By: "tablet", Away: true}, true, -time.Hour, "tablet", 0, 3600},
		} {
			now := time.Now().UTC()
			c.sos.PressID = c.id
			if at := now.Add(-c.ago); c.timed {
				c.sos.Pressed = &at
			}
			if code := b.touch("/api/v1/sos", c.sos, nil); code != 200 {
				t.Fatal(c.id, code)
			}
			time.Sleep(time.Second)
			all := bodies[*pb.Alarm](b)
			got := all[len(all)-1]
			if got.PressId != c.id || got.By != c.by || got.PressedUs != now.Add(-c.want).UnixMicro() || got.UncertainS != c.uncertain {
				t.Errorf("%s: got %v, want by %s, %v ago, ±%v s", c.id, got, c.by, c.want, c.uncertain)
			}
		}
	})
}

// A tablet that was carried away was not where the vehicle is: the place is the last that is known, and not of the press.
func TestALM002_PressOnATabletTakesTheVehiclesPlaceAsTheLastKnown(t *testing.T) {
	run(t, func(b *bench) {
		b.drive(10 * time.Second)
		at := time.Now().Add(-time.Minute)
		for _, c := range []struct{ id, source string }{{"present", "gps"}, {"away", "last_fix"}, {"given-back", "last_fix"}} {
			switch c.id {
			case "given-back":
				b.touch("/api/v1/handover", wire.Handover{Tablet: "t1", Entries: []wire.HandoverEntry{{ID: c.id, Kind: "sos", At: at}}}, nil)
			default:
				b.touch("/api/v1/sos", wire.TerminalSOS{PressID: c.id, By: "terminal", Pressed: &at, Away: c.id == "away"}, nil)
			}
			time.Sleep(time.Second)
			all := bodies[*pb.Alarm](b)
			if got := all[len(all)-1]; got.PressId != c.id || got.Place == nil || !got.Place.Known || got.Place.Source != c.source {
				t.Errorf("%s: %v, want a place from %s", c.id, got, c.source)
			}
		}
	})
}

func TestCLN006_ReadingsAreOfWhomTheDeviceIsBoundTo(t *testing.T) {
	run(t, func(b *bench) {
		b.feed(15 * time.Second) // found and speaking
		var a wire.BindingAnswer
		if code := b.touch("/api/v1/binding", wire.BindingBody{Device: "monitor", Name: "张三", By: "护士", Bound: true}, &a); code != 200 || a.Patient == "" {
			t.Fatalf("bind: %d %+v", code, a)
		}
		bound := time.Now()
		b.feed(5 * time.Second)
		b.touch("/api/v1/binding", wire.BindingBody{Device: "monitor", Patient: a.Patient, By: "护士"}, nil)
		ended := time.Now()
		b.feed(5 * time.Second)
		of := map[string]int{}
		for _, m := range bodies[*pb.Readings](b) {
			for _, r := range m.Readings {
				at, want := time.UnixMicro(r.TakenUs), ""
				if at.After(bound) && at.Before(ended) {
					want = string(a.Patient)
				}
				if r.Patient != want {
					t.Fatalf("%s taken at %v is of %q, want %q (bound %v to %v)", r.Channel, at, r.Patient, want, bound, ended)
				}
				of[r.Patient]++
			}
		}
		if of[""] == 0 || of[string(a.Patient)] == 0 {
			t.Errorf("readings by patient: %v", of)
		}
		if got := bodies[*pb.Binding](b); len(got) != 2 || !got[0].Bound || got[1].Bound || got[1].By != "护士" {
			t.Errorf("bindings told: %v", got)
		}
	})
}

// A driver holds a pleth back until it knows its rate: what was captured before somebody was bound is of nobody.
func TestCLN006_SamplesHeldBackAreOfWhomTheDeviceWasBoundToThen(t *testing.T) {
	run(t, func(b *bench) {
		dev := simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 1})
		speaks := func() bool { return shown[ems.DeviceStatus](b, "devices", "monitor").State == ems.DeviceSimulated }
		for end := time.Now().Add(time.Minute); !speaks() && time.Now().Before(end); {
			b.rack["/dev/m"].Send(dev.Step(time.Now()))
		}
		var a wire.BindingAnswer
		if code := b.touch("/api/v1/binding", wire.BindingBody{Device: "monitor", Name: "张三", By: "护士", Bound: true}, &a); code != 200 {
			t.Fatal("bind:", code)
		}
		bound := time.Now()
		for end := bound.Add(8 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			b.rack["/dev/m"].Send(dev.Step(time.Now()))
		}
		of := map[string]int{}
		for _, m := range bodies[*pb.Waves](b) {
			for _, w := range m.Waves {
				if at := time.UnixMicro(w.TakenUs); at.Before(bound) && w.Patient != "" {
					t.Errorf("%d samples from %v before the binding are of %q", w.N, bound.Sub(at), w.Patient)
				}
				of[w.Patient] += int(w.N)
			}
		}
		if of[""] == 0 || of[string(a.Patient)] == 0 {
			t.Errorf("samples by patient: %v", of)
		}
	})
}

// The cuff is inflated for the patient who is bound, and for nobody of whom no age is known.
func TestCuffIsInflatedByThePatientsAge(t *testing.T) {
	run(t, func(b *bench) {
		b.stop()
		b.rack["/dev/m"] = serialporttest.NewLine(ems.Serial8N1(115200))
		b.ports = func() []serialport.Info { return []serialport.Info{{Path: "/dev/m", USB: true, Serial: "a"}} }
		b.start()
		board := simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: 1, Vitals: simdevice.Healthy()})
		var heard []byte
		feed := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				p := b.rack["/dev/m"].Received()
				heard = append(heard, p...)
				board.Write(p)
				b.rack["/dev/m"].Send(board.Step(time.Now()))
			}
		}
		feed(time.Minute)
		for i, c := range []struct {
			age  int
			cuff string
			code int
			mode byte
		}{{0, "", 409, 0}, {0, "neonate", 200, 3}, {12, "", 200, 2}, {13, "", 200, 1}, {70, "", 200, 1}, {70, "child", 200, 2}} {
			if code := b.touch("/api/v1/binding", wire.BindingBody{Device: "usb-a", Patient: ems.PatientID(fmt.Sprintf("p%d", i)), AgeYears: c.age, By: "护士", Bound: true}, nil); code != 200 {
				t.Fatal(code)
			}
			heard = nil
			code := b.touch("/api/v1/monitor/usb-a/command", wire.MonitorCommand{Command: "nibp_start", Cuff: c.cuff}, nil)
			feed(time.Second)
			mode := byte(0)
			if at := bytes.Index(heard, []byte{0x55, 0xAA, 4, 0x09}); at >= 0 {
				mode = heard[at+4]
			}
			if code != c.code || mode != c.mode {
				t.Errorf("aged %d, cuff %q: answered %d, mode %d; want %d, %d", c.age, c.cuff, code, mode, c.code, c.mode)
			}
		}
	})
}

func TestPulledCableIsToldAndHeals(t *testing.T) {
	run(t, func(b *bench) {
		b.feed(15 * time.Second)
		if v := shown[ems.DeviceStatus](b, "devices", "monitor"); v.State != ems.DeviceSimulated || v.Driver != "bci_oximeter" {
			t.Fatalf("a device that speaks: %+v", v)
		}
		b.rack["/dev/m"].Unplug()
		time.Sleep(3 * time.Second)
		if v := shown[ems.DeviceStatus](b, "devices", "monitor"); v.State != ems.DeviceAbsent {
			t.Errorf("a pulled cable: %+v", v)
		}
		b.rack["/dev/m"].Plug()
		b.feed(20 * time.Second)
		if v := shown[ems.DeviceStatus](b, "devices", "monitor"); v.State != ems.DeviceSimulated {
			t.Errorf("a cable put back: %+v", v)
		}
		var states []string
		for _, d := range bodies[*pb.DeviceStatus](b) {
			states = append(states, d.State)
		}
		if len(states) < 3 || states[len(states)-1] != string(ems.DeviceSimulated) {
			t.Errorf("states told to the centre: %v", states)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if p := b.presence[len(b.presence)-1]; !p.Online || len(p.Devices) != 2 || p.Devices[1].State != string(ems.DeviceSimulated) {
			t.Errorf("presence: %v", p)
		}
	})
}

func TestCLN006_TwoAdaptersOfOneSerialNumberAreTwoDevices(t *testing.T) {
	run(t, func(b *bench) {
		b.stop()
		settings := ems.Line{Baud: 19200, DataBits: 8, Parity: "O", StopBits: 1}
		b.rack["/dev/ttyUSB0"], b.rack["/dev/ttyUSB1"] = serialporttest.NewLine(settings), serialporttest.NewLine(settings)
		b.ports = func() []serialport.Info {
			return []serialport.Info{{Path: "/dev/ttyUSB0", USB: true, Serial: "0001", Socket: "s1"}, {Path: "/dev/ttyUSB1", USB: true, Serial: "0001", Socket: "s2"}}
		}
		b.start()
		both := func(d time.Duration) {
			one, two := simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 1}), simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 2})
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				b.rack["/dev/ttyUSB0"].Send(one.Step(time.Now()))
				b.rack["/dev/ttyUSB1"].Send(two.Step(time.Now()))
			}
		}
		both(time.Minute)
		opens := b.rack["/dev/ttyUSB0"].Opens() + b.rack["/dev/ttyUSB1"].Opens()
		both(time.Minute)
		for _, name := range []string{"usb-0001-s1", "usb-0001-s2"} {
			if v := shown[ems.DeviceStatus](b, "devices", name); v.State != ems.DeviceSimulated {
				t.Errorf("%s: %+v", name, v)
			}
		}
		if now := b.rack["/dev/ttyUSB0"].Opens() + b.rack["/dev/ttyUSB1"].Opens(); now != opens {
			t.Errorf("ports of devices that speak were opened %d times more", now-opens)
		}
	})
}

// A cable that is pulled and another that is plugged in may get one port between two looks: the other is not read by the first's name.
func TestCLN006_AnotherAdapterOnThePortIsAnotherDevice(t *testing.T) {
	run(t, func(b *bench) {
		b.stop()
		var mu sync.Mutex
		there := serialport.Info{Path: "/dev/m", USB: true, Serial: "a", Socket: "s1"}
		b.ports = func() []serialport.Info { mu.Lock(); defer mu.Unlock(); return []serialport.Info{there} }
		b.start()
		b.feed(time.Minute)
		if v := shown[ems.DeviceStatus](b, "devices", "usb-a"); v.State != ems.DeviceSimulated {
			t.Fatalf("the first: %+v", v)
		}
		b.rack["/dev/m"].Unplug()
		b.feed(100 * time.Millisecond)
		mu.Lock()
		there.Serial = "b"
		mu.Unlock()
		b.rack["/dev/m"].Plug()
		pulled := time.Now()
		b.feed(time.Minute)
		for _, m := range bodies[*pb.Readings](b) {
			for _, r := range m.Readings {
				if r.Device == "usb-a" && time.UnixMicro(r.TakenUs).After(pulled) {
					t.Fatalf("read by the name of the other: %v", r)
				}
			}
		}
		if v := shown[ems.DeviceStatus](b, "devices", "usb-b"); v.State != ems.DeviceSimulated {
			t.Errorf("the second: %+v", v)
		}
		if v := shown[ems.DeviceStatus](b, "devices", "usb-a"); v.State != ems.DeviceAbsent {
			t.Errorf("the first, pulled: %+v", v)
		}
	})
}

// A terminal shows the waves that run: the slot of a device that was pulled is gone, and is back with it.
func TestSCR001_SlotOfAWaveThatEndedIsGone(t *testing.T) {
	run(t, func(b *bench) {
		b.feed(30 * time.Second)
		slot := func() wire.WaveSlot { return shown[wire.WaveSlot](b, "slots", "1") }
		if s := slot(); s.Device != "monitor" {
			t.Fatalf("a wave that runs: %+v", s)
		}
		b.rack["/dev/m"].Unplug()
		time.Sleep(5 * time.Second)
		if s := slot(); s.Device != "monitor" {
			t.Errorf("silent for 5 s: %+v", s)
		}
		time.Sleep(10 * time.Second)
		if s := slot(); s.Device != "" {
			t.Errorf("silent for 15 s: %+v", s)
		}
		b.rack["/dev/m"].Plug()
		b.feed(30 * time.Second)
		if s := slot(); s.Device != "monitor" {
			t.Errorf("plugged in again: %+v", s)
		}
	})
}

// Bytes that make no sense are counted and survived, and do not fill the log.
func TestACC003_HostileMessagesAreCountedAndNotLoggedEach(t *testing.T) {
	run(t, func(b *bench) {
		b.log.Reset()
		for i := range 30 {
			for _, rest := range []string{link.DownStored, link.DownOwed} {
				if err := b.down.Publish(link.Message{Topic: link.Topic(region, unit, rest), Payload: []byte{0xFF, byte(i), 0xFF}}); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		rec := httptest.NewRecorder()
		b.mux.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
		for _, want := range []string{`bad_messages_total{topic="stored"} 30`, `bad_messages_total{topic="owed"} 30`, "dropped_messages_total 0"} {
			if !strings.Contains(rec.Body.String(), want) {
				t.Errorf("want %s in\n%s", want, rec.Body)
			}
		}
		if n := strings.Count(b.log.String(), "bad message"); n != 1 {
			t.Errorf("logged %d times in 1.5 s", n)
		}
		b.say(link.DownOwed, b.order("o1", time.Now().Add(2*time.Minute)))
		time.Sleep(time.Second)
		if v := shown[ems.Order](b, "orders", "o1"); v.State != ems.OrderDelivered {
			t.Errorf("an order after the flood: %+v", v)
		}
	})
}

func TestPresenceAndLastWill(t *testing.T) {
	run(t, func(b *bench) {
		time.Sleep(25 * time.Second)
		online := func() (int, bool) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.presence), b.presence[len(b.presence)-1].Online
		}
		if n, on := online(); n < 3 || !on {
			t.Errorf("after 25 s: %d messages of presence, online %v", n, on)
		}
		b.broker.Cut("u1")
		time.Sleep(time.Second)
		if _, on := online(); on {
			t.Error("the broker did not tell that the vehicle is gone")
		}
		b.broker.Heal("u1")
		time.Sleep(5 * time.Second)
		if _, on := online(); !on {
			t.Error("back, and not told")
		}
		b.stop()
		time.Sleep(time.Second)
		if _, on := online(); on {
			t.Error("switched off in good order, and not told")
		}
	})
}

func TestDLV007_RefusingDiskStopsNoAlarm(t *testing.T) {
	run(t, func(b *bench) {
		b.disk.Refuse(errors.New("no space left on device"))
		var a wire.TerminalSOSAnswer
		if code := b.touch("/api/v1/sos", wire.TerminalSOS{PressID: "p1", By: "key"}, &a); code != 200 {
			t.Fatalf("the key on a full disk: %d", code)
		}
		time.Sleep(2 * time.Second)
		if got := bodies[*pb.Alarm](b); len(got) != 1 {
			t.Errorf("stored: %v", got)
		}
		if v := shown[wire.TerminalAlarm](b, "alarms", "p1"); v.Lamp != "received" {
			t.Errorf("the lamp: %+v", v)
		}
		if v := shown[wire.TerminalLink](b, "link", "state"); !slices.Contains(v.Faults, "disk_refuses") {
			t.Errorf("the screen does not say that the disk refuses: %+v", v)
		}
		b.disk.Refuse(nil)
		time.Sleep(3 * time.Second)
		if v := shown[wire.TerminalLink](b, "link", "state"); slices.Contains(v.Faults, "disk_refuses") {
			t.Errorf("the disk is well again, and the screen says: %+v", v)
		}
	})
}

// hung is a spool whose disk answers neither yes nor no for a time.
type hung struct {
	spool.Spool
	mu   sync.Mutex
	gate chan struct{} // closed: it answers
}

func (h *hung) hang(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if on {
		h.gate = make(chan struct{})
	} else {
		close(h.gate)
		h.gate = nil
	}
}

func (h *hung) wait() {
	h.mu.Lock()
	gate := h.gate
	h.mu.Unlock()
	if gate != nil {
		<-gate
	}
}

func (h *hung) Put(ctx context.Context, items []wire.Item, keep map[string][]byte) ([]wire.Record, error) {
	h.wait()
	return h.Spool.Put(ctx, items, keep)
}

func (h *hung) Flush(ctx context.Context) error { h.wait(); return h.Spool.Flush(ctx) }

func (h *hung) Next(ctx context.Context, lane pb.Lane, e wire.Epoch, after uint64, limit, bytes int) ([]wire.Record, error) {
	h.wait()
	return h.Spool.Next(ctx, lane, e, after, limit, bytes)
}

func (h *hung) Depths() []wire.Depth { h.wait(); return h.Spool.Depths() }

// unreadable is a spool whose disk does not give back what is owed.
type unreadable struct {
	spool.Spool
	err atomic.Pointer[error]
}

func (u *unreadable) Next(ctx context.Context, lane pb.Lane, e wire.Epoch, after uint64, limit, bytes int) ([]wire.Record, error) {
	if err := u.err.Load(); err != nil {
		return nil, *err
	}
	return u.Spool.Next(ctx, lane, e, after, limit, bytes)
}

// A disk that cannot be read is asked ten times a second: the log says it at once, then once a minute with how often, and at once when it
// is another error.
func TestAFailingDiskDoesNotFillItsLog(t *testing.T) {
	run(t, func(b *bench) {
		b.stop()
		disk := &unreadable{}
		b.wrap = func(s spool.Spool) spool.Spool { disk.Spool = s; return disk }
		b.start()
		time.Sleep(time.Minute)
		b.log.Reset()
		lines := func() (out []string) {
			for _, l := range strings.Split(b.log.String(), "\n") {
				if strings.Contains(l, "read what is owed") {
					out = append(out, l)
				}
			}
			return out
		}
		bad, worse := errors.New("input/output error"), errors.New("the database is no database")
		disk.err.Store(&bad)
		time.Sleep(10 * time.Second)
		if got := lines(); len(got) != 1 || !strings.Contains(got[0], "input/output error") || !strings.Contains(got[0], "since_last=0") {
			t.Fatalf("after 10 s: %q", got)
		}
		time.Sleep(2 * time.Minute)
		got := lines()
		if len(got) != 3 || strings.Contains(got[1], "since_last=0") {
			t.Fatalf("after 130 s: %q", got)
		}
		disk.err.Store(&worse)
		time.Sleep(11 * time.Second)
		if got = lines(); len(got) != 4 || !strings.Contains(got[3], "no database") {
			t.Fatalf("another error: %q", got)
		}
	})
}

func TestALM001_DLV007_StalledDiskHoldsNoAlarm(t *testing.T) {
	run(t, func(b *bench) {
		b.stop()
		disk := &hung{}
		b.wrap = func(s spool.Spool) spool.Spool {
			disk.Spool = s
			out, err := agent.Impatient(disk)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		b.start()
		disk.hang(true)
		began := time.Now()
		presses := func(from, to int) {
			for i := from; i < to; i++ {
				if code := b.touch("/api/v1/sos", wire.TerminalSOS{PressID: fmt.Sprintf("p%d", i), By: "key"}, nil); code != 200 {
					t.Fatalf("press %d on a disk that hangs: %d", i, code)
				}
			}
		}
		presses(0, 5)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("five presses took %v", took)
		}
		time.Sleep(2 * time.Second)
		stored := func() map[string]int {
			out := map[string]int{}
			for _, a := range bodies[*pb.Alarm](b) {
				out[a.PressId]++
			}
			return out
		}
		if got := stored(); len(got) != 5 {
			t.Errorf("stored while the disk hangs: %v", got)
		}
		if v := shown[wire.TerminalLink](b, "link", "state"); !slices.Contains(v.Faults, "disk_refuses") {
			t.Errorf("the screen does not say it: %+v", v)
		}
		if v := shown[wire.TerminalAlarm](b, "alarms", "p4"); v.Lamp != "received" {
			t.Errorf("the lamp: %+v", v)
		}
		b.broker.Cut("u1") // out of reach too: these are held in memory alone
		time.Sleep(time.Second)
		presses(5, 8)
		disk.hang(false)
		time.Sleep(5 * time.Second)
		if v := shown[wire.TerminalLink](b, "link", "state"); slices.Contains(v.Faults, "disk_refuses") {
			t.Errorf("the disk answers again, and the screen says: %+v", v)
		}
		image := b.disk.Clone() // and now they are on the disk
		b.stop()
		b.disk, b.wrap = image, nil
		b.broker.Heal("u1")
		b.start()
		time.Sleep(10 * time.Second)
		if got := stored(); len(got) != 8 {
			t.Errorf("stored in the end: %v", got)
		}
	})
}

func TestALM001_FloodOfPressesIsNeverRefused(t *testing.T) {
	run(t, func(b *bench) {
		for i := range 60 {
			lamp, err := b.vehicle.SOS(b.t.Context(), cab.Press{PressID: fmt.Sprintf("p%d", i)}, "key", 0)
			if err != nil || lamp == "" {
				t.Fatal(i, lamp, err)
			}
		}
		time.Sleep(5 * time.Second)
		if got := bodies[*pb.Alarm](b); len(got) != 60 {
			t.Errorf("%d presses stored", len(got))
		}
	})
}

// DLV-003: pieces of a photo go by the backlog only, and an SOS pressed while they go is stored before them.
func TestDLV003_PhotoGoesInPiecesBehindWhatIsLive(t *testing.T) {
	run(t, func(b *bench) {
		b.say(link.DownOwed, b.order("o1", time.Now().Add(time.Minute)))
		time.Sleep(time.Second)
		raw := picture(t)
		body := wire.TerminalPhoto{ID: "photo-1", Mission: "m-o1", Patient: "p-1", By: "李", Jpeg: raw}
		b.broker.Cut("u1")
		time.Sleep(time.Second)
		if code := b.touch("/api/v1/photos", body, nil); code != 200 {
			t.Fatal("photo without a link:", code)
		}
		if got := shown[wire.TerminalPhotoView](b, "taken", "photo-1"); got.Stored || got.Size == 0 || got.By != "李" {
			t.Fatalf("%+v", got)
		}
		if d := shown[ems.LaneDepth](b, "owed", "photo"); d.Count < 5 || d.Bytes < uint64(len(raw)) {
			t.Fatalf("owed %+v", d)
		}
		if code := b.touch("/api/v1/sos", wire.TerminalSOS{PressID: "p1", By: "terminal", Seat: "cabin"}, nil); code != 200 {
			t.Fatal(code)
		}
		b.stop() // and a power cut between
		b.start()
		b.broker.Heal("u1")
		time.Sleep(20 * time.Second)
		if code := b.touch("/api/v1/photos", body, nil); code != 200 { // the tablet had no answer
			t.Fatal(code)
		}
		time.Sleep(10 * time.Second)
		var whole []byte
		alarm, first := -1, -1
		b.mu.Lock()
		for i, env := range b.got {
			switch m, _ := wire.Body(env); p := m.(type) {
			case *pb.Alarm:
				alarm = i
			case *pb.PhotoPiece:
				if first < 0 {
					first = i
				}
				if env.LiveSeq != 0 || len(p.Data) > cab.PhotoPiece || p.Patient != "p-1" {
					t.Errorf("piece %d: live %d, %d bytes, patient %q", p.Index, env.LiveSeq, len(p.Data), p.Patient)
				}
				whole = append(whole, p.Data...)
			}
		}
		b.mu.Unlock()
		if alarm < 0 || first < alarm {
			t.Errorf("the alarm is message %d, the photo begins at %d", alarm, first)
		}
		if !bytes.Equal(whole, raw) {
			t.Errorf("%d bytes came of %d", len(whole), len(raw))
		}
		if got := shown[wire.TerminalPhotoView](b, "taken", "photo-1"); !got.Stored {
			t.Errorf("stored, and not said: %+v", got)
		}
		if code := b.touch("/api/v1/photos", wire.TerminalPhoto{ID: "x", Mission: "m-o1", By: "李", Jpeg: []byte("no picture")}, nil); code != 422 {
			t.Error("no picture:", code)
		}
		if code := b.touch("/api/v1/photos", wire.TerminalPhoto{ID: "x", Mission: "none", By: "李", Jpeg: raw}, nil); code != 404 {
			t.Error("no mission:", code)
		}
	})
}

// DLV-007: as many photos as are kept of a mission, and no more; the one refused stays on the tablet.
func TestDLV007_PhotosAreRefusedAtTheDoor(t *testing.T) {
	run(t, func(b *bench) {
		b.say(link.DownOwed, b.order("o1", time.Now().Add(time.Minute)))
		time.Sleep(time.Second)
		raw := picture(t)
		for i := range cab.MaxPhotos + 1 {
			code, want := b.touch("/api/v1/photos", wire.TerminalPhoto{ID: fmt.Sprint("photo-", i), Mission: "m-o1", By: "李", Jpeg: raw}, nil), 200
			if i == cab.MaxPhotos {
				want = http.StatusInsufficientStorage
			}
			if code != want {
				t.Fatalf("photo %d: %d, want %d", i, code, want)
			}
		}
	})
}

// picture is a JPEG of several pieces with nothing in it that is taken out.
func picture(t *testing.T) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 3)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
