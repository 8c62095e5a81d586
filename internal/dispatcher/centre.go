package dispatcher

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lifeline120/internal/address"
	"lifeline120/internal/alarm"
	"lifeline120/internal/courier"
	"lifeline120/internal/coverage"
	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/mapfile"
	"lifeline120/internal/match"
	"lifeline120/internal/mission"
	"lifeline120/internal/pathway"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/store"
	"lifeline120/internal/webfeed"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
	"lifeline120/maps"
)

// CentreConfig is what a centre needs. It opens nothing itself but its own spool: store and link come from outside.
type CentreConfig struct {
	City  maps.City
	Map   *mapfile.Archive // the base map; nil: none, and every screen works without
	Store store.Store
	// Roads makes the road network ready, beside the running centre; nil: there is none, and travel times are straight lines.
	Roads func(context.Context) (*roadlive.Roads, error)
	// Places reads the names of the city's map, beside the running centre; nil: addresses are not searched.
	Places    func(context.Context) (*address.Book, error)
	Dialer    link.Dialer              // nil: no vehicles
	AsideFile string                   // what the store has not taken is kept here (DLV-006); "" keeps it in memory only
	Version   string                   // of the program, for screens
	Rand      func([]byte)             // for new ids and secrets; nil: crypto/rand
	Origin    func(*http.Request) bool // pages of other origins that may follow the feed; nil: none
	Feed      webfeed.Limits
	// StorePatience is how long the store may take to answer before what waits goes out marked 未落盘; 0: one second (DLV-006).
	StorePatience time.Duration
	Log           *slog.Logger // nil: none
}

// Centre is the dispatcher's core: it owns the state of the desk, takes what vehicles send and what people decide, has it stored,
// and pushes it to screens. It needs neither HTTP nor a broker. One goroutine (Run) owns everything here but the atomics.
type Centre struct {
	cfg      CentreConfig
	log      *slog.Logger
	hub      *webfeed.Hub
	count    counters
	reaching chan struct{}                 // one area within reach at a time
	keeper   *timesKeeper                  // works travel times in, beside the owner
	places   atomic.Pointer[address.Index] // nil: not ready
	called   atomic.Pointer[address.Past]  // addresses that were called to before
	rankings rankings
	term     uint64
	secret   []byte // makes callers' secrets
	randMu   sync.Mutex

	calls   chan func()
	alarms  chan incoming // of vehicles
	urgent  chan incoming
	quota   quota
	live    chan incoming
	backlog chan incoming
	news    *linkNews
	asides  chan asideJob    // for the disk, one at a time
	asided  chan asideAnswer // and what it says
	over    chan struct{}    // closed when nobody reads calls any more
	ended   chan struct{}    // closed when Run is done
	file    ownDisk          // nil: what waits is kept in memory only
	saving  sync.WaitGroup   // snapshots under way

	// Run's own.
	state      *desk.State
	recv       *courier.Receiver
	journal    *pipe
	bulk       *pipe
	noted      *noted       // stored pieces of crews' photos
	photoUnits []ems.UnitID // units of which the store holds some, at the start
	retry      time.Duration
	pending    map[desk.Ref]int  // how many entries that are not stored touched it
	dirty      map[desk.Ref]bool // changed since the screens were told
	units      map[ems.UnitID]*unitLive
	byPat      map[ems.PatientID]map[string]ems.ReadingView
	slots      slotTable
	orders     map[ems.UnitID]*outbox
	sent       map[ems.OrderID]int // how often an order was put on the link in this run
	views      map[ems.HospitalID]*hospitalView
	callers    map[string]*callerTopic // by the caller's secret
	links      links
	etas       map[ems.MissionID]foretelling // foretold arrivals
	under      map[ems.MissionID]*underway   // missions whose units drive
	bands      map[string]mission.Band       // by method
	bandsAt    time.Time
	ways       ways
	asking     map[ems.UnitID]bool // rankings under way for vehicles
	times      timesShown
	choosing   match.Config
	cover      cover
	plan       pathway.Plan
	cases      map[ems.MissionID]shownCase
	limits     map[ems.HospitalID][]limitChange // of alarms on the screens of hospitals
	groups     map[string]bool                  // of alarms on the screens
	attention  map[ems.DeskID]wire.Attention    // what desks have open, not journalled
	groupsAt   time.Time                        // when alarms are grouped anew; zero when they are
	groupsNext time.Time                        // not before
	callersAt  time.Time                        // when callers' pages are brought up to date; zero when they are
	unitAlarms map[ems.UnitID][]unitAlarm       // what units are told of their alarms; nil when it has changed
	due        time.Time                        // when time itself demands something
	nextTick   time.Time
	silent     bool // the store has not answered for StorePatience
	silentAt   time.Time
	storeErr   error
	asideErr   error     // of the spool on our own disk
	asideN     int       // entries in it
	asideAt    time.Time // since when it is at its job; zero when it has none
	asideAgain time.Time // not before, after an error
	snapAt     uint64
	snapping   bool
	pastKnown  bool  // no incident has changed since past was made
	fault      error // ends Run
}

// Errors of Do. Both come with what the act would do, so that it can be shown as what it is.
var (
	// ErrUnrecorded: done, heard and sent, but the store has not answered (DLV-006).
	ErrUnrecorded = errors.New("dispatcher: the store does not answer; this is done but not recorded (未落盘)")
	// ErrStopping: the centre is going down; the act was not taken, or it is not known whether it is recorded.
	ErrStopping = errors.New("dispatcher: stopping; try again")
	// ErrBusy: too much waits for the store.
	ErrBusy = errors.New("dispatcher: too much waits for the store; try again")
	// ErrEnded: a caller's link has ended with its incident.
	ErrEnded = errors.New("dispatcher: this link has ended; call 120")
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("dispatcher: not found")
)

// NewCentre reads what the store knows, brings in what an earlier run had to set aside, and registers the city. ctx bounds this.
func NewCentre(ctx context.Context, cfg CentreConfig) (*Centre, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Rand == nil {
		cfg.Rand = func(b []byte) { _, _ = rand.Read(b) } // never fails
	}
	if cfg.StorePatience == 0 {
		cfg.StorePatience = storePatience
	}
	c := &Centre{cfg: cfg, log: cfg.Log, calls: make(chan func(), queueCalls), alarms: make(chan incoming, queueAlarms), urgent: make(chan incoming, queueUrgent),
		quota: quota{waiting: map[share]int{}},
		live:  make(chan incoming, queueLive), backlog: make(chan incoming, queueBacklog), news: newLinkNews(),
		asides: make(chan asideJob, 1), asided: make(chan asideAnswer, 1), over: make(chan struct{}), ended: make(chan struct{}),
		journal: newPipe(), bulk: newPipe(), noted: newNoted(), pending: map[desk.Ref]int{}, dirty: map[desk.Ref]bool{},
		units: map[ems.UnitID]*unitLive{}, byPat: map[ems.PatientID]map[string]ems.ReadingView{}, orders: map[ems.UnitID]*outbox{}, sent: map[ems.OrderID]int{},
		views: map[ems.HospitalID]*hospitalView{}, callers: map[string]*callerTopic{}, slots: newSlotTable(), groups: map[string]bool{}, etas: map[ems.MissionID]foretelling{}, under: map[ems.MissionID]*underway{},
		keeper: newTimesKeeper(), reaching: make(chan struct{}, 1), plan: pathway.Default(), cases: map[ems.MissionID]shownCase{}, limits: map[ems.HospitalID][]limitChange{}}
	var err error
	if c.choosing, err = match.ReadConfig(cfg.City.Match); err != nil {
		return nil, fmt.Errorf("city.yaml: %w", err)
	}
	c.cover.grid = coverage.Of(cfg.City)
	if c.term, err = cfg.Store.Term(ctx); err != nil {
		return nil, fmt.Errorf("begin a term: %w", err)
	}
	if err := c.callerKey(ctx); err != nil {
		return nil, err
	}
	if err := c.loadLimits(ctx); err != nil {
		return nil, err
	}
	var file *aside
	var found spooled
	if cfg.AsideFile != "" {
		if file, found, err = openAside(cfg.AsideFile); err != nil {
			return nil, err
		}
	}
	if err := c.load(ctx, found); err != nil {
		return nil, errors.Join(err, file.close())
	}
	if file != nil {
		if err := file.clear(); err != nil { // not before all of it stands
			return nil, errors.Join(err, file.close())
		}
		c.file = file
	}
	c.hub = webfeed.New(webfeed.Config{Term: c.term, Limits: cfg.Feed, Authorize: c.authorize, Subscribed: c.subscribed, Origin: cfg.Origin,
		Live: func(coll string) bool { return coll == "units" || coll == "readings" }, Log: cfg.Log,
		Welcome: wire.WelcomeFrame{Demo: cfg.Store.Demo(), Store: cfg.Store.ID(), About: c.About()}})
	c.showAll()
	return c, nil
}

// Hub is the live feed.
func (c *Centre) Hub() *webfeed.Hub { return c.hub }

// About says what this centre is.
func (c *Centre) About() wire.About {
	return wire.About{Name: "Lifeline 120", Version: c.cfg.Version, Demo: c.cfg.Store.Demo(), Region: string(c.cfg.City.Region),
		Store: c.cfg.Store.ID(), City: c.cfg.City.Name}
}

// callerKey reads the key that callers' secrets are made with, or makes it.
func (c *Centre) callerKey(ctx context.Context) error {
	b, err := c.cfg.Store.Doc(ctx, secretKind, secretID)
	if errors.Is(err, store.ErrNotFound) {
		b = make([]byte, 32)
		c.cfg.Rand(b)
		err = c.cfg.Store.PutDoc(ctx, secretKind, secretID, b)
	}
	if err != nil {
		return fmt.Errorf("key of callers: %w", err)
	}
	c.secret = b
	return nil
}

// load reads what the store knows, brings in what an earlier run had set aside, and registers the city.
func (c *Centre) load(ctx context.Context, found spooled) error {
	var err error
	if c.state, err = c.readState(ctx); err != nil {
		return err
	}
	c.snapAt = c.state.Seq
	if c.state.Seq > 0 {
		newest, err := c.cfg.Store.Read(ctx, c.state.Seq-1, 1)
		if err != nil {
			return fmt.Errorf("read the newest event: %w", err)
		}
		if len(newest) > 0 {
			c.links.away = newest[0].At
		}
	}
	if err := c.recover(ctx, found); err != nil {
		return fmt.Errorf("bring in what was not recorded: %w", err)
	}
	if err := c.register(ctx); err != nil {
		return fmt.Errorf("register the city: %w", err)
	}
	c.journal.after = c.state.Seq
	lanes, err := c.cfg.Store.Lanes(ctx)
	if err != nil {
		return fmt.Errorf("read lanes: %w", err)
	}
	c.recv = courier.NewReceiver(c.cfg.Store.ID())
	for _, l := range lanes {
		c.recv.Load(l.Unit, l.Epoch, l.Lane, l.Set)
		if l.Lane == pb.Lane_LANE_PHOTO && !slices.Contains(c.photoUnits, l.Unit) {
			c.photoUnits = append(c.photoUnits, l.Unit)
		}
	}
	return nil
}

// readState makes the state that the store holds.
func (c *Centre) readState(ctx context.Context) (*desk.State, error) {
	state := desk.New(c.cfg.Store.Demo())
	seq, body, err := c.cfg.Store.Snapshot(ctx, "desk", desk.Version)
	switch {
	case err == nil:
		if state, err = desk.Restore(body); err == nil && state.Seq != seq {
			err = fmt.Errorf("it stands at event %d, and was kept as of event %d", state.Seq, seq)
		}
		if err != nil {
			c.log.Warn("the snapshot cannot be read and is rebuilt from the journal", "err", err)
			state, seq = desk.New(c.cfg.Store.Demo()), 0
		}
	case errors.Is(err, store.ErrNotFound):
		seq = 0
	default:
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	for {
		page, err := c.cfg.Store.Read(ctx, seq, readPage)
		if err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		for _, e := range page {
			switch err := state.Apply(e); { // never skipped (EVO-001)
			case errors.Is(err, desk.ErrUnknownEvent):
				return nil, fmt.Errorf("read journal: event %d: %w; a newer program wrote this store: use that one", e.Seq, err)
			case err != nil:
				return nil, fmt.Errorf("read journal: event %d: %w; it does not follow from those before it: run dispatcher verify, and restore the last good backup", e.Seq, err)
			}
			seq = e.Seq
		}
		if len(page) == 0 {
			state.Touched()
			return state, nil
		}
	}
}

// register brings the city's master data into the journal; what is known already makes no event.
func (c *Centre) register(ctx context.Context) error {
	demo := c.cfg.Store.Demo()
	var cmds []desk.Command
	for _, s := range c.cfg.City.Stations {
		s.Simulated = s.Simulated || demo
		cmds = append(cmds, desk.RegisterStation{Station: s})
	}
	for _, h := range c.cfg.City.Hospitals {
		h.Simulated = h.Simulated || demo
		cmds = append(cmds, desk.RegisterHospital{Hospital: h})
	}
	for _, u := range c.cfg.City.Units {
		u.Simulated = u.Simulated || demo
		cmds = append(cmds, desk.RegisterUnit{Unit: u})
	}
	for _, d := range c.cfg.City.Desks {
		cmds = append(cmds, desk.RegisterDesk{Desk: d})
	}
	return c.record(ctx, cmds)
}

// record has what the centre itself decides at its start stored, in one commit.
func (c *Centre) record(ctx context.Context, cmds []desk.Command) error {
	var e store.Entry
	for _, cmd := range cmds {
		a, err := desk.Decide(c.state, now(), desk.System, cmd)
		if err != nil {
			return err
		}
		for _, ev := range a.Events {
			if err := c.state.Apply(ev); err != nil {
				return err
			}
		}
		e.Events = append(e.Events, a.Events...)
	}
	if len(e.Events) > 0 {
		r, err := c.cfg.Store.Append(ctx, []store.Entry{e})
		if err != nil {
			return err
		}
		if err := c.confirm(r); err != nil {
			return err
		}
	}
	c.state.Touched()
	return nil
}

// now is the instant as it is stored, with its monotonic part for intervals.
func now() time.Time { return time.Now() }

// newID makes an id that nobody else makes: a word for reading, 80 random bits. Anyone may call it.
func (c *Centre) newID(kind string) string {
	var b [10]byte
	c.randMu.Lock()
	c.cfg.Rand(b[:])
	c.randMu.Unlock()
	return kind + "-" + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// Run works until ctx ends or nothing can be stored any more. At its end all that waited is stored, or set aside for the next start.
func (c *Centre) Run(ctx context.Context) error {
	defer close(c.ended)
	storing, stopStoring := context.WithCancel(context.WithoutCancel(ctx))
	asideClosed := make(chan struct{})
	go func() {
		defer close(asideClosed)
		c.setAside(c.file)
	}()
	var appenders, pumps sync.WaitGroup
	appenders.Go(func() { c.journal.append(storing, c.cfg.Store) })
	appenders.Go(func() { c.bulk.append(storing, c.cfg.Store) })
	linked, unlink := context.WithCancel(ctx)
	if c.cfg.Dialer != nil {
		pumps.Go(func() { c.connect(linked) })
		pumps.Go(func() { c.gather(linked, c.photoUnits) })
	}
	if c.cfg.Places != nil {
		pumps.Go(func() { c.readPlaces(linked) })
		pumps.Go(func() { c.keepPast(linked) })
	}
	if c.cfg.Roads != nil {
		pumps.Go(func() { c.openWays(linked) })
		pumps.Go(func() { c.keepTimes(linked) })
	}
	c.loop(ctx)
	close(c.over)
	unlink()
	pumps.Wait()
	c.finish()
	c.saving.Wait()
	stopStoring()
	close(c.journal.work)
	close(c.bulk.work)
	appenders.Wait()
	c.hub.Close()
	c.endAside(asideClosed)
	return c.fault
}

// loop is the owner of the state. Alarms go first, then what is urgent; however much of that comes, the store's answers are read as they
// come, and others have their turn.
func (c *Centre) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; c.fault == nil; {
		if m, ok := c.urgentOne(); ok {
			c.take(m)
			c.storeAnswers()
			if n++; n%urgentTurn == 0 {
				if ctx.Err() != nil {
					return
				}
				c.turn()
			}
		} else if !c.wait(ctx, timer.C) {
			return
		}
		timer.Reset(max(0, time.Until(c.after(now()))))
	}
}

// wait takes whatever comes next; false when ctx has ended.
func (c *Centre) wait(ctx context.Context, timer <-chan time.Time) bool {
	select {
	case <-ctx.Done():
		return false
	case m := <-c.alarms:
		c.take(m)
	case m := <-c.urgentNow():
		c.take(m)
	case f := <-c.calls:
		f()
	case r := <-c.journal.done:
		c.appended(c.journal, r)
	case r := <-c.bulk.done:
		c.appended(c.bulk, r)
	case a := <-c.asided:
		c.asideDone(a, now())
	case <-c.news.ready:
		c.linksChanged()
	case m := <-c.live:
		c.take(m)
	case m := <-c.backlog:
		c.take(m)
	case <-timer:
	}
	return true
}

// storeAnswers takes what the store and the own disk have answered.
func (c *Centre) storeAnswers() {
	select {
	case r := <-c.journal.done:
		c.appended(c.journal, r)
	default:
	}
	select {
	case r := <-c.bulk.done:
		c.appended(c.bulk, r)
	default:
	}
	select {
	case a := <-c.asided:
		c.asideDone(a, now())
	default:
	}
}

// turn takes one of each that is not urgent.
func (c *Centre) turn() {
	select {
	case f := <-c.calls:
		f()
	default:
	}
	select {
	case <-c.news.ready:
		c.linksChanged()
	default:
	}
	for _, lane := range []chan incoming{c.live, c.backlog} {
		select {
		case m := <-lane:
			c.take(m)
		default:
		}
	}
}

func (c *Centre) linksChanged() {
	for _, e := range c.news.take() {
		c.linkChanged(e)
	}
}

// urgentOne takes the next urgent message that waits, an alarm first.
func (c *Centre) urgentOne() (incoming, bool) {
	select {
	case m := <-c.alarms:
		return m, true
	default:
	}
	select {
	case m := <-c.urgentNow():
		return m, true
	default:
		return incoming{}, false
	}
}

// urgentNow is the urgent queue while another of it may go to the store: a desk's act is stored in its order, and so waits for all that was
// taken before it. A store that has not answered for urgentHeld holds nobody's message back: what it cannot record is shown all the same
// (DLV-006). Alarms are never held.
func (c *Centre) urgentNow() chan incoming {
	if c.journal.waiting() >= urgentAhead && c.storeErr == nil && now().Sub(c.journal.oldest().at) < urgentHeld {
		return nil
	}
	return c.urgent
}

// after does what the last step and time itself demand, and says when to look again.
func (c *Centre) after(t time.Time) time.Time {
	if !c.due.IsZero() && !t.Before(c.due) {
		c.demands(t)
	}
	if !t.Before(c.nextTick) {
		c.tick(t)
		c.nextTick = t.Add(time.Second)
	}
	c.watchStore(t)
	if c.times.stale {
		c.wantTimes(t)
	}
	next := c.sendOrders(t)
	c.show(t)
	if !c.groupsAt.IsZero() && !t.Before(c.groupsAt) {
		c.showGroups(t)
	}
	c.answer(t)
	if !c.callersAt.IsZero() && !t.Before(c.callersAt) {
		c.showCallers()
	}
	c.journal.start(t) // last: what the steps before decided goes with it
	c.bulk.start(t)
	sooner := func(at time.Time) {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	sooner(c.nextTick)
	sooner(c.due)
	sooner(c.groupsAt)
	sooner(c.callersAt)
	sooner(c.journal.again)
	sooner(c.bulk.again)
	if at, ok := c.recv.NextDue(); ok {
		sooner(at)
	}
	if e := c.journal.oldest(); e != nil && !e.late {
		sooner(e.at.Add(c.cfg.StorePatience))
		if held := e.at.Add(urgentHeld); held.After(t) {
			sooner(held)
		}
	}
	return next
}

// demands carries out what time demands of the desk: escalations, expiries.
func (c *Centre) demands(t time.Time) {
	for range 1000 { // each round does something; a round that does not is a fault of the rules, and must not stop the desk
		cmds := desk.Due(c.state, t)
		if len(cmds) == 0 {
			break
		}
		for _, cmd := range cmds {
			if _, err := c.decide(t, desk.System, cmd, nil); err != nil {
				c.log.Error("a demand of time was refused", "err", err)
			}
		}
	}
	c.due = desk.NextDue(c.state, t)
}

// decide turns a command into events, applies them and has them stored. done is told when they are durable, or ErrUnrecorded when
// the store was silent for too long.
func (c *Centre) decide(t time.Time, who desk.Actor, cmd desk.Command, done func(desk.Answer, error)) (desk.Answer, error) {
	if done != nil && c.journal.waiting() >= roomFor(cmd) {
		return desk.Answer{}, ErrBusy
	}
	a, err := desk.Decide(c.state, t, who, cmd)
	if err != nil {
		return a, err
	}
	e := &entry{events: a.Events, at: t}
	if done != nil {
		e.done = func(err error) { done(a, err) }
	}
	if done != nil || len(a.Events) > 0 {
		c.apply(e)
	}
	return a, nil
}

// roomFor is how many entries may wait for the store before a command is refused: alarms find room when nothing else does (ALM-001).
func roomFor(cmd desk.Command) int {
	switch cmd.(type) {
	case desk.RaiseAlarm, desk.PressAgain:
		return maxWaiting + alarmReserve
	}
	return maxWaiting
}

// apply folds the events of an entry in before they are stored, and queues it.
func (c *Centre) apply(e *entry) {
	for _, ev := range e.events {
		if err := c.state.Apply(ev); err != nil {
			c.fault = fmt.Errorf("apply %s: %w", ev.Type, err)
			return
		}
	}
	if len(e.events) > 0 {
		e.refs = c.touched()
		for _, r := range e.refs {
			c.pending[r]++
		}
		c.due = desk.NextDue(c.state, e.at)
	}
	c.journal.queue = append(c.journal.queue, e)
}

// touched takes from the state what has changed, for the screens and for those who wait to send it.
func (c *Centre) touched() []desk.Ref {
	refs := c.state.Touched()
	for _, r := range refs {
		c.changed(r)
	}
	return refs
}

// changed notes that an entity, or whether it is recorded, is not as it was told.
func (c *Centre) changed(r desk.Ref) {
	c.dirty[r] = true
	switch r.C {
	case desk.Instructions:
		c.instructed(r.K)
	case desk.Alarms:
		c.unitAlarms = nil
		if c.groupsAt.IsZero() {
			c.groupsAt = now()
			if c.groupsAt.Before(c.groupsNext) {
				c.groupsAt = c.groupsNext
			}
		}
	case desk.Closures:
		c.times.stale = true
	default: // nothing is kept of the others
	}
}

// appended deals with what became of a batch.
func (c *Centre) appended(p *pipe, r pipeResult) {
	t := now()
	if r.err != nil {
		c.failed(p, r, t)
		return
	}
	p.flying, p.pause = nil, 0
	c.storeErr = nil
	for _, e := range r.batch {
		c.stored(e, t)
	}
	c.clearAside()
	if c.state.Seq >= c.snapAt+snapshotEvery && !c.snapping {
		c.snapshot()
	}
}

// stored deals with one entry that is durable now.
func (c *Centre) stored(e *entry, t time.Time) {
	for _, ev := range e.stored {
		if err := c.state.Apply(ev); err != nil {
			c.fault = fmt.Errorf("apply event %d: %w", ev.Seq, err)
			return
		}
	}
	if e.owed != nil {
		c.recv.Stored(t, e.env)
		c.count.stored.Add(1)
		if e.env.Lane == pb.Lane_LANE_PHOTO {
			c.pieceStored(e)
		}
		if e.outcome == store.Conflict {
			c.recv.Conflict(t, e.owed.Unit, e.owed.Record.Epoch)
			c.conflict(t, e)
		}
	}
	if len(e.events) > 0 {
		c.count.committed(t.Sub(e.at))
	}
	c.release(e)
	c.touched()
	if e.ack != nil {
		e.ack()
	}
	e.tell(nil)
}

// release takes back the mark of an entry that waits no more.
func (c *Centre) release(e *entry) {
	for _, r := range e.refs {
		if c.pending[r]--; c.pending[r] <= 0 {
			delete(c.pending, r)
		}
		c.changed(r)
	}
	e.refs = nil
}

// failed deals with a batch that the store did not take.
func (c *Centre) failed(p *pipe, r pipeResult, t time.Time) {
	switch {
	case errors.Is(r.err, store.ErrClosed), errors.Is(r.err, store.ErrDeposed), errors.Is(r.err, store.ErrReadOnly):
		c.fault = r.err
		return
	case errors.Is(r.err, store.ErrRefused):
		c.split(p, r, t)
		return
	}
	if c.storeErr == nil {
		c.log.Error("the store answers with an error; trying on", "err", r.err)
	}
	c.storeErr = r.err
	p.pause = min(max(retryFirst, 2*p.pause), retryMost)
	p.again = t.Add(p.pause)
}

// split finds, of a batch, the entry that the store can never take, by sending them one by one; that one is dropped, loudly.
func (c *Centre) split(p *pipe, r pipeResult, t time.Time) {
	if len(r.batch) > 1 {
		p.flying = nil
		half := len(r.batch) / 2
		p.queue = append(r.batch[half:len(r.batch):len(r.batch)], p.queue...)
		p.flying = r.batch[:half:half]
		p.again = t
		return
	}
	p.flying = nil
	e := r.batch[0]
	c.count.refused.Add(1)
	c.log.Error("the store can never take this entry; it is dropped", "err", r.err)
	if e.owed != nil {
		c.recv.Unstored(e.env)
	}
	if e.ack != nil {
		e.ack()
	}
	c.release(e)
	e.tell(r.err)
	if len(e.events) == 0 {
		return
	}
	if err := c.rebuild(); err != nil {
		c.fault = fmt.Errorf("rebuild the state without a refused entry: %w", err) // the next start reads it from the store
		return
	}
	if about := string(e.events[0].Type); !e.quiet {
		c.must(t, desk.RaiseTech{Code: string(alarm.EntryRefused), About: about, Text: about, Simulated: c.state.Demo})
		if n := len(c.journal.queue); n > 0 {
			c.journal.queue[n-1].quiet = true // the alarm itself, refused, raises no other
		}
	}
}

// rebuild makes the state anew from the store and from what waits for it: what the store refused was folded in already. An entry that
// stands on the refused one falls with it. The desk waits for this, at most StorePatience: it is a fault of the program, and rare.
func (c *Centre) rebuild() error {
	ctx, cancel := context.WithTimeout(context.Background(), c.cfg.StorePatience)
	defer cancel()
	was := c.state
	next, err := c.readState(ctx)
	if err != nil {
		return err
	}
	_, base, ok := next.Snapshot()
	if !ok {
		return errors.New("what was read from the store is not of the store")
	}
	for again := true; again; {
		again = false
		for i, e := range c.journal.queue {
			if err := applyAll(next, e); err != nil {
				c.log.Error("an entry that stood on a refused one is dropped", "err", err)
				c.count.refused.Add(1)
				if e.owed != nil {
					c.recv.Unstored(e.env)
				}
				if e.ack != nil {
					e.ack()
				}
				e.tell(fmt.Errorf("%w: it stood on another that was refused", store.ErrRefused))
				c.journal.queue = append(c.journal.queue[:i:i], c.journal.queue[i+1:]...)
				if next, err = desk.Restore(base); err != nil {
					return err
				}
				again = true
				break
			}
		}
	}
	c.pending = map[desk.Ref]int{}
	for _, e := range c.journal.queue {
		for _, r := range e.refs {
			c.pending[r]++
		}
	}
	c.state = next
	c.state.Touched()
	for _, s := range []*desk.State{was, next} {
		c.state = s
		for _, coll := range append([]desk.Collection{desk.Instructions}, collections...) {
			for _, k := range c.keys(coll) {
				c.changed(desk.Ref{C: coll, K: k})
			}
		}
	}
	c.due = now()
	return nil
}

// applyAll folds in the events of an entry that waits.
func applyAll(s *desk.State, e *entry) error {
	s.Touched()
	for _, ev := range e.events {
		if err := s.Apply(ev); err != nil {
			return err
		}
	}
	e.refs = s.Touched()
	return nil
}

// watchStore sees when the store has been silent for too long: what waits goes out unrecorded and is set aside (DLV-006).
func (c *Centre) watchStore(t time.Time) {
	if len(c.journal.done) > 0 {
		return // it has answered: what, is read next
	}
	e := c.journal.oldest()
	if e == nil || t.Sub(e.at) < c.cfg.StorePatience {
		if c.silent && (e == nil || !e.late) {
			c.silent = false
			c.log.Info("the store answers again")
			c.health()
		}
		return
	}
	if !c.silent {
		c.silent, c.silentAt = true, e.at
		c.log.Error("the store does not answer", "since", e.at)
	}
	c.journal.each(func(e *entry) {
		if e.late {
			return
		}
		e.late = true
		for _, r := range e.refs {
			if r.C == desk.Instructions {
				c.instructed(r.K)
			}
		}
		e.tell(ErrUnrecorded)
	})
	c.putAside(t)
	c.health()
}

// recorded says whether everything about r is durable.
func (c *Centre) recorded(r desk.Ref) bool { return c.pending[r] == 0 }

// snapshot keeps the state, so that the next start reads little.
func (c *Centre) snapshot() {
	seq, body, ok := c.state.Snapshot()
	if !ok {
		return // something is unrecorded: soon
	}
	c.snapping, c.snapAt = true, seq
	c.saving.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		defer cancel()
		if err := c.cfg.Store.PutSnapshot(ctx, "desk", desk.Version, seq, body); err != nil {
			c.log.Error("keep snapshot", "err", err)
		}
		c.post(func() { c.snapping = false })
	})
}

// post gives f to the owner of the state, unless the centre has ended.
func (c *Centre) post(f func()) {
	select {
	case c.calls <- f:
	case <-c.over:
	}
}

// finish stores what waits, within closePatience; what the store does not take is set aside for the next start.
func (c *Centre) finish() {
	t := now()
	for m, ok := c.urgentOne(); ok; m, ok = c.urgentOne() { // it was taken from the broker
		c.take(m)
	}
	deadline := time.NewTimer(closePatience)
	defer deadline.Stop()
	for c.fault == nil && c.journal.waiting()+c.bulk.waiting() > 0 {
		t = now()
		c.journal.start(t)
		c.bulk.start(t)
		again := time.NewTimer(retryFirst)
		select {
		case r := <-c.journal.done:
			c.appended(c.journal, r)
		case r := <-c.bulk.done:
			c.appended(c.bulk, r)
		case a := <-c.asided:
			c.asideDone(a, now())
		case <-again.C:
		case <-deadline.C:
			c.leave()
			again.Stop()
			return
		}
		again.Stop()
	}
	if c.fault != nil {
		c.leave()
		return
	}
	c.settleAside(deadline.C)
	if seq, body, ok := c.state.Snapshot(); ok && seq > c.snapAt {
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		defer cancel()
		if err := c.cfg.Store.PutSnapshot(ctx, "desk", desk.Version, seq, body); err != nil {
			c.log.Error("keep snapshot", "err", err)
		}
	}
}

// Result is what an act did: the entities that it made or changed, as the screens see them, the main one first.
type Result struct {
	Refs   []desk.Ref
	Values []json.RawMessage
}

// Do carries out a command. It answers when that is durable; with ErrUnrecorded when the store was silent for StorePatience; and with a
// *desk.Refusal when it cannot be done. make is called by the owner of the state and may look at it.
func (c *Centre) Do(ctx context.Context, who desk.Actor, make func(*desk.State, time.Time) (desk.Command, error)) (Result, error) {
	type outcome struct {
		r   Result
		err error
	}
	began := time.Now()
	ch := newAnswer[outcome]()
	err := c.call(ctx, func() {
		t := now()
		cmd, err := make(c.state, t)
		if err == nil {
			_, err = c.decide(t, who, cmd, func(a desk.Answer, err error) { ch <- outcome{c.result(a), err} })
		}
		if err != nil {
			ch <- outcome{err: err}
		}
	})
	if err != nil {
		return Result{}, err
	}
	select {
	case o := <-ch:
		c.count.acted(time.Since(began))
		return o.r, o.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	case <-c.ended:
		select {
		case o := <-ch:
			return o.r, o.err
		default:
			return Result{}, ErrStopping
		}
	}
}

func newAnswer[T any]() chan T { return make(chan T, 1) }

// call gives f to the owner of the state.
func (c *Centre) call(ctx context.Context, f func()) error {
	select {
	case c.calls <- f:
		return nil
	case <-c.ended:
		return ErrStopping
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
}

// Look lets f read the state, in its owner's goroutine. f must not keep what it is given.
func (c *Centre) Look(ctx context.Context, f func(*desk.State)) error {
	done := newAnswer[struct{}]()
	if err := c.call(ctx, func() { f(c.state); done <- struct{}{} }); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ended:
		return ErrStopping
	}
}

// result copies what an answer refers to.
func (c *Centre) result(a desk.Answer) Result {
	r := Result{Refs: a.Refs}
	for _, ref := range a.Refs {
		r.Values = append(r.Values, c.value(ref))
	}
	return r
}
