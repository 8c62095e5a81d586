package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	"lifeline120/internal/cab"
	"lifeline120/internal/courier"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/monitor"
	"lifeline120/internal/serialport"
	"lifeline120/internal/spool"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// Deps are the parts that a vehicle is put together from: real ones by Run, in-memory ones by the seeded town.
type Deps struct {
	Config  Config
	Version string
	Spool   spool.Spool
	Dialer  link.Dialer
	Open    serialport.Opener                 // nil: real serial ports
	List    func() ([]serialport.Info, error) // the serial ports there are; nil: this computer's
	Feed    *webfeed.Hub                      // the terminal's live feed
	Wall    func() time.Time                  // the vehicle's wall clock, which may step; nil: time.Now
	NewID   func() string                     // names what the vehicle makes: boots, connections, patients, presses
	Boot    string                            // names this boot; "": NewID names it
	Started time.Time                         // monotonic zero of this boot; zero: now
	Log     *slog.Logger
}

// Vehicle is the agent without its doors: one goroutine owns all its state, everybody else sends it acts.
type Vehicle struct {
	Deps

	outputs  chan serialport.Output
	statuses chan ems.DeviceStatus
	links    chan link.Event
	down     chan link.Message
	acts     chan func()
	counts   counts

	// Owned by Run's goroutine from here on.
	cab       *cab.State
	sender    *courier.Sender
	measured  *measured
	arriving  arriving
	way       *wire.TerminalWay                      // newest that the centre told
	asks      map[string]chan<- wire.HospitalRanking // of the terminal, that the centre has not answered
	devices   map[ems.DeviceID]ems.DeviceStatus
	watchers  map[ems.DeviceID]*serialport.Watcher
	kept      map[wire.Identity]kept
	line      link.Link
	up        bool
	upSince   time.Time
	conn      string // names the connection, for presence
	store     string
	lastWord  time.Time
	owedAt    time.Time            // when a position was last owed
	presence  time.Time            // when presence was last sent
	dirty     bool                 // a device or depth changed: presence is due
	shown     map[[2]string]string // what the screens were last told of acts
	unread    seldom               // errors of reading what is owed
	unkept    seldom               // errors of keeping what was measured
	badLogged time.Time            // when a bad message was last logged
	badQuiet  uint64               // bad messages since, that were not
	unsafe    int                  // urgent records that the disk refused: kept in memory, sent all the same, until a commit goes through
}

// kept is something urgent that the centre has not stored yet, as the terminal lists it.
type kept struct {
	key  string
	view wire.KeptView
}

// Keys of the spool's small values.
const (
	keepCab   = "cab"
	keepStore = "store"
)

// NewVehicle reads what the spool kept and makes a vehicle ready to run.
func NewVehicle(d Deps) (*Vehicle, error) {
	if d.Wall == nil {
		d.Wall = time.Now
	}
	if d.List == nil {
		d.List = serialport.List
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	if d.Boot == "" {
		d.Boot = d.NewID()
	}
	if d.Started.IsZero() {
		d.Started = time.Now()
	}
	v := &Vehicle{Deps: d, cab: cab.New(), measured: newMeasured(),
		outputs: make(chan serialport.Output, maxOutputs), statuses: make(chan ems.DeviceStatus, maxOutputs), links: make(chan link.Event, maxDown),
		down: make(chan link.Message, maxDown), acts: make(chan func(), maxActs),
		devices: map[ems.DeviceID]ems.DeviceStatus{}, watchers: map[ems.DeviceID]*serialport.Watcher{}, kept: map[wire.Identity]kept{}}
	b, err := d.Spool.Kept(keepCab)
	if err != nil {
		return nil, fmt.Errorf("read what the vehicle knew: %w", err)
	}
	if b != nil {
		if err := json.Unmarshal(b, v.cab); err != nil { // a vehicle that does not start is worse than one that forgot
			v.Log.Error("read what the vehicle knew; it begins anew, and what it owes is kept", "err", err)
			v.cab = cab.New()
		}
		v.cab.Load()
	}
	if b, err = d.Spool.Kept(keepStore); err != nil {
		return nil, fmt.Errorf("read which store was met: %w", err)
	}
	v.store = string(b)
	v.sender = courier.NewSender(d.Config.Unit, v.store, d.Spool, v.instant())
	return v, v.recall()
}

// recall lists again what the spool still owes of the crew's acts, after a restart.
func (v *Vehicle) recall() error {
	for _, epoch := range v.Spool.Epochs() {
		for after := uint64(0); ; {
			recs, err := v.Spool.Next(context.Background(), pb.Lane_LANE_URGENT, epoch, after, recallPage, maxRecallBytes)
			if err != nil {
				return fmt.Errorf("read what is owed: %w", err)
			}
			if len(recs) == 0 {
				break
			}
			after = recs[len(recs)-1].Seq
			for _, r := range recs {
				if body, err := wire.Body(wire.Seal(v.Config.Unit, r, wire.Sending{})); err == nil {
					v.remember(r, cab.Owe{Kind: r.Kind, Body: body})
				}
			}
		}
	}
	return nil
}

// instant is now on both clocks.
func (v *Vehicle) instant() ems.Instant {
	return ems.Instant{Wall: v.Wall().UTC(), Mono: time.Since(v.Started), Boot: v.Boot}
}

// clock is now with the measured offset.
func (v *Vehicle) clock() cab.Clock {
	now := v.instant()
	o := v.sender.Offset(now)
	return cab.Clock{Now: now.Wall, Offset: time.Duration(o.Us) * time.Microsecond, Known: o.Known}
}

// Run owns the vehicle's state until ctx ends.
func (v *Vehicle) Run(ctx context.Context) error {
	line, err := v.Dialer.Dial(ctx, link.Options{ClientID: "unit-" + string(v.Config.Region) + "-" + string(v.Config.Unit), Will: v.will(),
		OnEvent: func(e link.Event) {
			select {
			case v.links <- e:
			case <-ctx.Done():
			}
		}})
	if err != nil {
		return fmt.Errorf("dial the centre: %w", err)
	}
	v.line = line
	defer line.Close()
	subscribed := make(chan error, 1)
	go func() { subscribed <- v.subscribe(ctx) }()

	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	ticks := 0
	v.showAll()
	for {
		select {
		case <-ctx.Done():
			v.flush()
			v.goodbye()
			<-subscribed
			return v.Spool.Flush(context.WithoutCancel(ctx))
		case e := <-v.links:
			v.onLink(e)
		case m := <-v.down:
			v.onDown(ctx, m)
		case o := <-v.outputs:
			v.onOutput(o)
		case s := <-v.statuses:
			v.onStatus(ctx, s)
		case f := <-v.acts:
			f()
		case <-flush.C:
			v.flush()
			v.poll(ctx)
			if ticks++; ticks%int(time.Second/flushEvery) == 0 { // no ticker of its own: two at one instant come in any order
				v.onSecond(ctx)
			}
		}
	}
}

// subscribe asks for what comes down. Without a connection it waits for one.
func (v *Vehicle) subscribe(ctx context.Context) error {
	hand := func(m link.Message) {
		select {
		case v.down <- m:
		default: // the centre repeats what it has no answer to
			v.counts.dropped.Add(1)
		}
	}
	for _, rest := range []string{link.DownStored, link.DownOwed, link.DownWay, link.DownHospitals} {
		for {
			err := v.line.Subscribe(ctx, link.Topic(v.Config.Region, v.Config.Unit, rest), 0, hand)
			if err == nil {
				break
			}
			v.Log.Warn("subscribe failed", "topic", rest, "err", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// Do runs f on the vehicle's goroutine and waits for it.
func (v *Vehicle) Do(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	select {
	case v.acts <- func() { done <- f() }:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *Vehicle) onLink(e link.Event) {
	now := v.instant()
	if e.Up {
		v.up, v.upSince, v.conn = true, now.Wall, v.NewID()
		v.sendPresence() // first: it names the epoch that the dispatcher's first word is about
		v.publish(v.sender.Connected(now))
	} else {
		v.up, v.upSince = false, now.Wall
		v.sender.Disconnected(now)
	}
	v.Log.Info("link", "up", e.Up, "err", e.Err)
	v.showLink()
}

// publish hands messages to the link; what the link cannot take is owed as before.
func (v *Vehicle) publish(outs []courier.Out) {
	for _, o := range outs {
		if err := v.line.Publish(o.Message(v.Config.Region)); err != nil {
			v.sender.Failed(v.instant(), o)
		}
	}
}

// poll sends what is due again, and backlog within what the dispatcher grants.
func (v *Vehicle) poll(ctx context.Context) {
	outs, err := v.sender.Poll(ctx, v.instant())
	if err != nil && !errors.Is(err, errStalled) { // the screen says it, and it is asked ten times a second
		if before, due := v.unread.due(time.Now(), err); due {
			v.Log.Error("read what is owed", "err", err, "since_last", before)
		}
	}
	v.publish(outs)
}

// owe puts acts into the spool together with the state that they made, and sends them at once. When the disk refuses, the records
// are sent all the same, and the terminal says so (DLV-007): nothing here waits for anything (ALM-001).
func (v *Vehicle) owe(ctx context.Context, owes []cab.Owe) error {
	if len(owes) == 0 {
		return nil
	}
	items := make([]wire.Item, 0, len(owes))
	for _, o := range owes {
		it, err := v.item(pb.Lane_LANE_URGENT, o.Kind, o.Body)
		if err != nil {
			return err
		}
		items = append(items, it)
	}
	state, err := json.Marshal(v.cab)
	if err != nil {
		return fmt.Errorf("keep what the vehicle knows: %w", err)
	}
	recs, err := v.Spool.Put(ctx, items, map[string][]byte{keepCab: state})
	if errors.Is(err, spool.ErrBadItem) { // what the cab knows must never stand in the way of what it owes
		v.Log.Error("keep what the vehicle knows", "err", err)
		recs, err = v.Spool.Put(ctx, items, nil)
	}
	if err != nil {
		v.Log.Error("keep urgent records", "err", err)
		if !errors.Is(err, spool.ErrNotDurable) {
			return fmt.Errorf("keep what is owed: %w: %w", errNotKept, err)
		}
		v.unsafe += len(recs)
	}
	for i, r := range recs {
		v.remember(r, owes[i])
	}
	v.publish(v.sender.New(v.instant(), recs))
	v.showAll()
	return nil
}

// keepState keeps the cab's state without owing anything.
func (v *Vehicle) keepState(ctx context.Context) {
	state, err := json.Marshal(v.cab)
	if err == nil {
		_, err = v.Spool.Put(ctx, nil, map[string][]byte{keepCab: state})
	}
	if err != nil {
		v.Log.Error("keep what the vehicle knows", "err", err)
	}
}

func (v *Vehicle) item(lane pb.Lane, kind pb.Kind, body proto.Message) (wire.Item, error) {
	b, err := wire.Marshal(body)
	if err != nil {
		return wire.Item{}, err
	}
	return v.itemOf(lane, kind, b), nil
}

func (v *Vehicle) itemOf(lane pb.Lane, kind pb.Kind, body []byte) wire.Item {
	now := v.instant()
	return wire.Item{Lane: lane, Kind: kind, CapturedUs: now.Wall.UnixMicro(), MonoUs: now.Mono.Microseconds(), Boot: v.Boot,
		Simulated: v.Config.Simulated, Body: body}
}

// oweItem puts one urgent fact that is no act of a person into the spool and sends it.
func (v *Vehicle) oweItem(ctx context.Context, it wire.Item) error {
	recs, err := v.Spool.Put(ctx, []wire.Item{it}, nil)
	v.publish(v.sender.New(v.instant(), recs))
	return err
}

// oweBulk numbers readings, positions or waves and sends them live.
func (v *Vehicle) oweBulk(lane pb.Lane, kind pb.Kind, body proto.Message) {
	it, err := v.item(lane, kind, body)
	if err != nil {
		v.Log.Error("pack", "kind", kind.String(), "err", err)
		return
	}
	recs, err := v.Spool.Put(context.Background(), []wire.Item{it}, nil)
	if err != nil && !errors.Is(err, errStalled) {
		if before, due := v.unkept.due(time.Now(), err); due {
			v.Log.Error("keep", "lane", wire.LaneName(lane), "err", err, "since_last", before)
		}
	}
	v.publish(v.sender.New(v.instant(), recs))
}

func (v *Vehicle) onOutput(o serialport.Output) {
	mission := v.cab.Current()
	for _, f := range o.Fixes {
		v.measured.place(f)
		v.onFix(f, mission)
	}
	for _, r := range o.Readings {
		v.measured.reading(r, v.cab.Patient(r.Device))
	}
	for _, w := range o.Waves {
		v.measured.wave(w, v.patientOf(w))
	}
}

// patientOf is whom a run of samples is of: a driver may hold one back until it knows its rate, and it belongs to the patient who was
// bound when it was captured (CLN-006). What is older than the binding is 未归属.
func (v *Vehicle) patientOf(w ems.WaveChunk) ems.PatientID {
	if time.Since(w.Taken) >= heldBack && v.wallAt(w.Taken).Before(v.cab.Bindings[w.Device].At) {
		return ""
	}
	return v.cab.Patient(w.Device)
}

// wallAt is when a moment was, by the vehicle's clock as it stands now. Moments are kept as the process saw them, with their monotonic
// part, so that a step of the clock between measuring and sending is in neither (TIM-001).
func (v *Vehicle) wallAt(t time.Time) time.Time { return v.Wall().Add(-time.Since(t)).UTC() }

// lastFix is the fix that an alarm carries; nil when there never was one (ALM-002).
func (v *Vehicle) lastFix() *ems.Fix {
	if v.measured.last == nil {
		return nil
	}
	f := *v.measured.last
	f.Taken = v.wallAt(f.Taken)
	return &f
}

// onFix sends a position live, and owes one now and then.
func (v *Vehicle) onFix(f ems.Fix, mission ems.MissionID) {
	best, ok := v.measured.best(f.Taken)
	if !ok || best.Device != f.Device {
		return
	}
	since := f.Taken.Sub(v.owedAt)
	measured := f.Taken
	f.Taken = v.wallAt(f.Taken)
	every := owedPositionIdle
	if mission != "" {
		every = owedPositionMission
	}
	body := &pb.Positions{Positions: []*pb.Position{wire.PackFix(f, mission)}}
	if since >= every {
		v.owedAt = measured
		v.oweBulk(pb.Lane_LANE_POSITION, pb.Kind_KIND_POSITIONS, body)
	} else if it, err := v.item(pb.Lane_LANE_NONE, pb.Kind_KIND_POSITIONS, body); err == nil {
		if o, up := v.sender.Live(v.instant(), it); up {
			v.publish([]courier.Out{o})
		}
	}
	v.showFix(f)
	v.arrives(f, measured, mission)
}

// flush sends what has gathered since the last one: numbers in one message, waves in another.
func (v *Vehicle) flush() {
	readings, waves := v.measured.take()
	for i := range readings {
		readings[i].Taken = v.wallAt(readings[i].Taken)
	}
	for i := range waves {
		waves[i].Taken = v.wallAt(waves[i].Taken)
	}
	if len(readings) > 0 {
		m := &pb.Readings{}
		for _, r := range readings {
			m.Readings = append(m.Readings, wire.PackReading(r.Reading, r.patient))
		}
		v.oweBulk(pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, m)
		v.showReadings(readings)
	}
	if len(waves) > 0 {
		m := &pb.Waves{}
		for _, w := range waves {
			p, err := wire.PackWave(w.WaveChunk, w.patient)
			if err != nil {
				v.Log.Error("pack wave", "device", w.Device, "err", err)
				continue
			}
			m.Waves = append(m.Waves, p)
		}
		v.oweBulk(pb.Lane_LANE_WAVE, pb.Kind_KIND_WAVES, m)
		v.showWaves(waves)
	}
}

func (v *Vehicle) onStatus(ctx context.Context, s ems.DeviceStatus) {
	old := v.devices[s.Device]
	v.devices[s.Device] = s
	v.dirty = v.dirty || old.State != s.State || old.Detail != s.Detail
	v.showDevice(s)
	if old.State != s.State { // a pulled cable is a fact that the centre must have, later if not now
		if it, err := v.item(pb.Lane_LANE_URGENT, pb.Kind_KIND_DEVICE, wire.PackDevice(s)); err == nil {
			if err := v.oweItem(ctx, it); err != nil {
				v.Log.Error("keep device state", "err", err)
			}
		}
	}
}

func (v *Vehicle) onSecond(ctx context.Context) {
	for _, id := range sorted(v.watchers) {
		if s := v.watchers[id].Status(); s != v.devices[id] {
			v.onStatus(ctx, s)
		}
	}
	if s, ok := v.Spool.(interface{ Late() []wire.Record }); ok { // the disk answers again
		if recs := s.Late(); len(recs) > 0 {
			v.publish(v.sender.New(v.instant(), recs))
		}
	}
	if v.unsafe > 0 && v.Spool.Flush(ctx) == nil {
		v.unsafe = 0
	}
	if now := v.instant().Wall; v.dirty || now.Sub(v.presence) >= presenceEvery || now.Before(v.presence) {
		v.sendPresence()
		if v.cab.Forget(v.clock()) {
			v.keepState(ctx)
			v.showAll()
		}
	}
	v.hideWaves()
	v.showLink()
	v.showOwed()
}

// onDown takes a message of the centre. Bytes that are none are counted and survived (ACC-003).
func (v *Vehicle) onDown(ctx context.Context, m link.Message) {
	_, _, rest, err := link.ParseTopic(m.Topic)
	if err != nil {
		v.bad(&v.counts.badTopic, m.Topic, err)
		return
	}
	switch rest {
	case link.DownStored:
		st, err := wire.OpenStored(m.Payload)
		if err != nil {
			v.bad(&v.counts.badStored, rest, err)
			return
		}
		v.onWord(ctx, st)
	case link.DownWay:
		w, err := wire.OpenWay(m.Payload)
		if err == nil {
			err = v.onWay(w)
		}
		if err != nil {
			v.bad(&v.counts.badWay, rest, err)
		}
	case link.DownHospitals:
		ask, r, err := wire.OpenHospitals(m.Payload)
		if err != nil {
			v.bad(&v.counts.badHospitals, rest, err)
			return
		}
		v.answered(ask, r)
	case link.DownOwed:
		o, err := wire.OpenOwed(m.Payload)
		if err != nil {
			v.bad(&v.counts.badOwed, rest, err)
			return
		}
		owes, changed := v.cab.Take(v.clock(), o)
		if err := v.owe(ctx, owes); err != nil {
			v.Log.Error("take order", "err", err)
		}
		if changed && len(owes) == 0 {
			v.keepState(ctx)
			v.showAll()
		}
	}
}

// onWord takes the dispatcher's word: this alone deletes (DLV-001) and lights the lamp (ALM-003).
func (v *Vehicle) onWord(ctx context.Context, st *pb.Stored) {
	w, err := v.sender.OnStored(ctx, v.instant(), st)
	if err != nil {
		v.Log.Error("take the centre's word", "err", err)
	}
	v.lastWord = v.instant().Wall
	for _, d := range w.Delete {
		lost, err := v.Spool.Stored(ctx, d.Epoch, d.Lane, d.UpTo, d.Beyond)
		if err != nil {
			v.sender.Undeleted(d)
			v.Log.Error("delete what is stored", "lane", wire.LaneName(d.Lane), "err", err)
			continue
		}
		if lost != nil { // the centre lost what we deleted on its word: a restored store
			v.declareLost(ctx, d, *lost)
		}
		v.forgetKept(d)
	}
	if w.Changed {
		v.store = w.Store
		if _, err := v.Spool.Put(ctx, nil, map[string][]byte{keepStore: []byte(w.Store)}); err != nil {
			v.Log.Error("keep the store's name", "err", err)
		}
	}
	if w.NewEpoch {
		if _, err := v.Spool.NewEpoch(ctx); err != nil {
			v.Log.Error("begin a new epoch", "err", err)
		}
	}
	if v.cab.Word(st) {
		v.keepState(ctx)
		v.showAll()
	}
}

// declareLost owes the range that the centre had and has no longer.
func (v *Vehicle) declareLost(ctx context.Context, d courier.Deletion, r wire.Range) {
	body, again, err := v.sender.Lost(v.instant(), d, r)
	if err != nil || !again {
		return
	}
	v.Log.Warn("the centre's store lost what it had", "lane", wire.LaneName(d.Lane), "from", r.From, "to", r.To)
	if err := v.oweItem(ctx, v.itemOf(pb.Lane_LANE_URGENT, pb.Kind_KIND_GAP, body)); err != nil {
		v.Log.Error("declare a lost range", "err", err)
	}
}

// presenceBody is the state of the vehicle for the desk.
func (v *Vehicle) presenceBody(online bool) *pb.Presence {
	p := &pb.Presence{Online: online, Version: v.Version, Boot: v.Boot, Mission: string(v.cab.Current()), Store: v.store, Connection: v.conn}
	for _, id := range sorted(v.devices) {
		p.Devices = append(p.Devices, wire.PackDevice(v.devices[id]))
	}
	for _, d := range v.Spool.Depths() {
		p.Depths = append(p.Depths, wire.PackDepth(d))
	}
	return p
}

func (v *Vehicle) presenceMessage(online bool) (link.Message, error) {
	it, err := v.item(pb.Lane_LANE_NONE, pb.Kind_KIND_PRESENCE, v.presenceBody(online))
	if err != nil {
		return link.Message{}, err
	}
	return v.sender.Presence(v.instant(), it).Message(v.Config.Region), nil
}

func (v *Vehicle) sendPresence() {
	m, err := v.presenceMessage(true)
	if err == nil {
		err = v.line.Publish(m)
	}
	if err != nil && !errors.Is(err, link.ErrDown) {
		v.Log.Warn("send presence", "err", err)
	}
	v.presence, v.dirty = v.instant().Wall, false
}

// will is what the broker says when the vehicle is gone without a word.
func (v *Vehicle) will() *link.Message {
	m, err := v.presenceMessage(false)
	if err != nil {
		v.Log.Error("make the last will", "err", err)
		return nil
	}
	return &m
}

// goodbye says that the vehicle goes offline in good order.
func (v *Vehicle) goodbye() {
	if m, err := v.presenceMessage(false); err == nil && v.up {
		if err := v.line.Publish(m); err != nil {
			v.Log.Warn("say goodbye", "err", err)
		}
	}
}

// Command gives a monitor a command and answers when its bytes are on their way.
func (v *Vehicle) Command(ctx context.Context, d ems.DeviceID, c monitor.Command) error {
	var w *serialport.Watcher
	if err := v.Do(ctx, func() error { w = v.watchers[d]; return nil }); err != nil {
		return err
	}
	if w == nil {
		return fmt.Errorf("command %s: there is no device %q; the terminal's list has the names", c, d)
	}
	return w.Do(ctx, c)
}
