// Package memlink is the in-memory member of link: a broker with faults for the seeded town. All chance comes from one seed, and what
// happens at one instant happens in a fixed order, so that in fake time (testing/synctest) a seed reproduces a run; what becomes of a message
// hangs on its topic and its place there, not on who publishes first at one instant. No goroutine outlives what is scheduled, and nothing
// is scheduled after Close.
package memlink

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"lifeline120/internal/link"
)

// Faults are what a line does to messages, in each direction. The zero value is a perfect line.
type Faults struct {
	Loss, Dup, Reorder float64 // chances, 0 to 1; a reordered message is overtaken by later ones
	DelayMin, DelayMax time.Duration
}

// Errors that a link is told of.
var (
	errCut     = errors.New("memlink: line was cut")
	errSilent  = errors.New("memlink: nothing heard from the other end")
	errRestart = errors.New("memlink: broker restarted")
)

// Broker is an in-memory MQTT broker. Its callbacks run one after another, never at the same time.
type Broker struct {
	mu       sync.Mutex
	seed     uint64
	lines    map[string]*line
	sessions map[string]*session // by client id
	retained map[string]link.Message
	events   events
	timer    *time.Timer
	running  bool
	closed   bool
}

// line is what all links of one name share.
type line struct {
	faults  Faults
	cut     bool
	stalled bool
	links   int // ever dialled, to name them
}

// session is what the broker knows of one client.
type session struct {
	id      string
	persist bool
	subs    map[string]byte // filter to QoS
	owner   *memLink        // connected link; nil when it is away
	held    []*delivery     // QoS 1, not acknowledged, oldest first
}

// delivery is one message to one session.
type delivery struct {
	m    link.Message
	seed uint64 // its chances
}

// New makes a broker whose chances all come from seed.
func New(seed uint64) *Broker {
	return &Broker{seed: seed, lines: map[string]*line{}, sessions: map[string]*session{}, retained: map[string]link.Message{}}
}

// Dialer opens links over the line of this name.
func (b *Broker) Dialer(name string) link.Dialer { return dialer{b, name} }

// SetFaults sets what the line of this name does from now on.
func (b *Broker) SetFaults(name string, f Faults) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.line(name).faults = f
}

// Cut breaks the line and keeps it broken: both ends notice at once, and the broker publishes the will.
func (b *Broker) Cut(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.line(name).cut = true
	b.drop(name, errCut)
}

// Heal mends a line that was cut or stalled; links come back after their back-off.
func (b *Broker) Heal(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.line(name)
	stalled := l.stalled
	l.cut, l.stalled = false, false
	for _, s := range b.connected() {
		if stalled && s.owner.name == name {
			s.owner.release()
		}
	}
}

// Stall lets nothing pass over the line in either direction. Neither end is told; both notice after Silence.
func (b *Broker) Stall(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.line(name).stalled = true
	for _, s := range b.connected() {
		if k := s.owner; k.name == name {
			conn := k.conn
			b.at(k, Silence, func() func() {
				if k.conn == conn && b.line(name).stalled {
					b.down(k, errSilent, true)
				}
				return nil
			})
		}
	}
}

// Restart drops every connection. With keep the broker has its sessions, retained and held messages again; without, it has lost
// everything.
func (b *Broker) Restart(keep bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.connected() {
		b.down(s.owner, errRestart, false)
	}
	if !keep {
		clear(b.sessions)
		clear(b.retained)
	}
}

// Close ends the broker and all its links, in silence.
func (b *Broker) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.events = nil
	if b.timer != nil {
		b.timer.Stop()
	}
	return nil
}

func (b *Broker) line(name string) *line {
	l := b.lines[name]
	if l == nil {
		l = &line{}
		b.lines[name] = l
	}
	return l
}

// connected lists the sessions whose link is up, by client id.
func (b *Broker) connected() []*session {
	var out []*session
	for _, id := range slices.Sorted(maps.Keys(b.sessions)) {
		if s := b.sessions[id]; s.owner != nil {
			out = append(out, s)
		}
	}
	return out
}

func (b *Broker) drop(name string, err error) {
	for _, s := range b.connected() {
		if s.owner.name == name {
			b.down(s.owner, err, true)
		}
	}
}

// down ends a connection: the will goes out, the session stays or goes, the link is told and tries again.
func (b *Broker) down(k *memLink, err error, will bool) {
	if !k.up {
		return
	}
	s := b.sessions[k.o.ClientID]
	b.leave(k, s)
	if w := k.o.Will; will && w != nil {
		m, seed := *w, k.rng.Uint64()
		b.at(k, delayLeast, func() func() { b.route(m, seed); return nil })
	}
	b.tell(k, link.Event{Err: err})
	if !k.closed {
		b.retry(k)
	}
}

// leave takes a link from its session.
func (b *Broker) leave(k *memLink, s *session) {
	k.up, k.pending, k.waiting = false, 0, nil
	k.conn++
	if s == nil || s.owner != k {
		return
	}
	if s.owner = nil; !s.persist {
		delete(b.sessions, s.id)
	}
}

// retry tries to connect after a back-off with jitter.
func (b *Broker) retry(k *memLink) {
	k.tries++
	most := min(backOffMost, backOffLeast<<min(k.tries, 10))
	b.at(k, backOffLeast/2+time.Duration(k.rng.Int64N(int64(most))), func() func() {
		switch l := b.line(k.name); {
		case k.closed || k.up:
		case l.cut || l.stalled:
			b.retry(k)
		default:
			b.connect(k)
		}
		return nil
	})
}

// connect joins a link to its session, asks again for its subscriptions and hands over what was held.
func (b *Broker) connect(k *memLink) {
	s := b.sessions[k.o.ClientID]
	if s != nil && s.owner != nil { // as MQTT has it: the newer connection wins
		b.down(s.owner, fmt.Errorf("memlink: client id %s connected again", s.id), true)
		s = b.sessions[k.o.ClientID]
	}
	if s == nil || !k.o.Persist {
		s = &session{id: k.o.ClientID, subs: map[string]byte{}}
		b.sessions[s.id] = s
	}
	s.persist, s.owner = k.o.Persist, k
	k.up, k.tries = true, 0
	b.tell(k, link.Event{Up: true})
	for _, d := range s.held {
		b.deliver(s, d)
	}
	for _, sub := range k.subs {
		b.subscribe(k, sub)
	}
}

// subscribe puts a subscription into the session of a link that is up.
func (b *Broker) subscribe(k *memLink, sub *subscription) {
	s := b.sessions[k.o.ClientID]
	s.subs[sub.filter] = sub.qos
	if !sub.done {
		sub.done = true
		close(sub.agreed)
	}
	for _, topic := range slices.Sorted(maps.Keys(b.retained)) {
		if m := b.retained[topic]; link.Match(sub.filter, topic) {
			m.QoS = min(m.QoS, sub.qos)
			b.offer(s, &delivery{m, hash(fmt.Sprint(k.who, k.conn, sub.filter, topic))})
		}
	}
}

// route takes a published message to everybody who asked for it.
func (b *Broker) route(m link.Message, seed uint64) {
	if m.Retain {
		if delete(b.retained, m.Topic); len(m.Payload) > 0 {
			b.retained[m.Topic] = m
		}
	}
	m.Retain = false
	for _, id := range slices.Sorted(maps.Keys(b.sessions)) {
		s := b.sessions[id]
		qos, wanted := byte(0), false
		for filter, q := range s.subs {
			if link.Match(filter, m.Topic) {
				qos, wanted = max(qos, q), true
			}
		}
		if wanted {
			d := &delivery{m, seed ^ hash(id)}
			d.m.QoS = min(m.QoS, qos)
			b.offer(s, d)
		}
	}
}

// offer delivers to a session, and holds what it must acknowledge.
func (b *Broker) offer(s *session, d *delivery) {
	if d.m.QoS == 1 {
		if s.held = append(s.held, d); len(s.held) > HeldMost {
			s.held = s.held[1:]
		}
	}
	if s.owner != nil {
		b.deliver(s, d)
	}
}

// deliver takes one message over the subscriber's line.
func (b *Broker) deliver(s *session, d *delivery) {
	k, conn := s.owner, s.owner.conn
	b.travel(k, &k.lastDown, rand.New(rand.NewPCG(b.seed, d.seed)), func(lost bool) func() {
		if lost || k.conn != conn || !k.up {
			return nil
		}
		m := d.m
		if m.QoS == 1 {
			m.Ack = func() { b.ack(k, conn, s, d) }
		}
		return k.handle(m)
	})
}

// ack forgets a held message, if the connection that it came on still stands when the acknowledgement arrives.
func (b *Broker) ack(k *memLink, conn int, s *session, d *delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at(k, delayLeast, func() func() {
		if k.conn == conn && k.up && !b.line(k.name).stalled {
			s.held = slices.DeleteFunc(s.held, func(x *delivery) bool { return x == d })
		}
		return nil
	})
}

// travel lets something arrive at the other end of a link's line, or be lost, with the line's faults; last keeps the order.
func (b *Broker) travel(k *memLink, last *time.Time, rng *rand.Rand, arrive func(lost bool) func()) {
	l := b.line(k.name)
	if l.stalled {
		if len(k.waiting) < HeldMost {
			k.waiting = append(k.waiting, func() { b.travel(k, last, rng, arrive) })
		}
		return
	}
	f := l.faults
	lost, dup, late := rng.Float64() < f.Loss, rng.Float64() < f.Dup, rng.Float64() < f.Reorder
	one, two := f.delay(rng), f.delay(rng)
	now := time.Now()
	when := now.Add(one)
	if late {
		when = when.Add(one + f.DelayMax) // what is sent meanwhile overtakes it
	} else if !when.After(*last) {
		when = last.Add(delayLeast) // two at one instant would be dealt with in any order
	}
	if !late {
		*last = when
	}
	b.at(k, when.Sub(now), func() func() { return arrive(lost) })
	if dup {
		b.at(k, when.Sub(now)+two, func() func() { return arrive(lost) })
	}
}

func (f Faults) delay(rng *rand.Rand) time.Duration {
	d := max(f.DelayMin, delayLeast)
	if f.DelayMax > d {
		d += time.Duration(rng.Int64N(int64(f.DelayMax - d)))
	}
	return d
}

// tell gives an event to a link's owner, in order.
func (b *Broker) tell(k *memLink, e link.Event) {
	if k.o.OnEvent == nil {
		return
	}
	b.at(k, delayLeast, func() func() { return func() { k.o.OnEvent(e) } })
}

// event is something that happens at an instant. do runs with the lock held and gives what is to be called without it.
type event struct {
	at  time.Time
	who string // the link it belongs to, and its number there: the order of what happens at one instant
	n   uint64
	do  func() func()
}

type events []*event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return cmp.Or(h[i].at.Compare(h[j].at), cmp.Compare(h[i].who, h[j].who), cmp.Compare(h[i].n, h[j].n)) < 0
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *events) Push(x any) { *h = append(*h, x.(*event)) }

// Pop is for container/heap.
func (h *events) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}

// at schedules; the lock is held.
func (b *Broker) at(k *memLink, d time.Duration, do func() func()) {
	if b.closed {
		return
	}
	k.events++
	heap.Push(&b.events, &event{at: time.Now().Add(d), who: k.who, n: k.events, do: do})
	b.arm()
}

// arm sets the timer for the next event; the lock is held.
func (b *Broker) arm() {
	if b.running || b.closed || len(b.events) == 0 {
		return
	}
	d := time.Until(b.events[0].at)
	if b.timer == nil {
		b.timer = time.AfterFunc(d, b.run)
		return
	}
	b.timer.Reset(d)
}

// run does what is due, one after another.
func (b *Broker) run() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running {
		return
	}
	b.running = true
	for !b.closed && len(b.events) > 0 && !b.events[0].at.After(time.Now()) {
		e := heap.Pop(&b.events).(*event)
		if call := e.do(); call != nil {
			b.mu.Unlock()
			call()
			b.mu.Lock()
		}
	}
	b.running = false
	b.arm()
}

type dialer struct {
	b    *Broker
	name string
}

// Dial opens a link over the dialer's line.
func (d dialer) Dial(ctx context.Context, o link.Options) (link.Link, error) {
	if o.ClientID == "" {
		return nil, errors.New("dial memlink: no client id")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dial memlink: %w", err)
	}
	b := d.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errors.New("dial memlink: broker is closed")
	}
	l := b.line(d.name)
	l.links++
	who := fmt.Sprintf("%s#%06d", d.name, l.links)
	k := &memLink{b: b, name: d.name, who: who, o: o, rng: rand.New(rand.NewPCG(b.seed, hash(who))), sent: map[string]uint64{}}
	b.at(k, delayLeast, func() func() {
		if l.cut || l.stalled {
			b.retry(k)
		} else if !k.closed {
			b.connect(k)
		}
		return nil
	})
	return k, nil
}

// memLink is one link.
type memLink struct {
	b        *Broker
	name     string
	who      string
	o        link.Options
	rng      *rand.Rand        // of its connections
	sent     map[string]uint64 // how many messages on each topic
	up       bool
	closed   bool
	conn     int // counts connections, so that what belongs to an old one is known
	tries    int
	pending  int // on the way to the broker
	events   uint64
	waiting  []func() // on a stalled line
	lastUp   time.Time
	lastDown time.Time
	subs     []*subscription
	parked   []link.Message // of a persistent session, before anybody subscribed
}

type subscription struct {
	filter string
	qos    byte
	h      link.Handler
	agreed chan struct{}
	done   bool
}

// Publish is of link.Link.
func (k *memLink) Publish(m link.Message) error {
	k.b.mu.Lock()
	defer k.b.mu.Unlock()
	switch {
	case !k.up || k.closed || k.b.closed:
		return link.ErrDown
	case k.pending >= QueueMost:
		return link.ErrFull
	}
	m.Payload, m.Ack = slices.Clone(m.Payload), nil
	k.pending++
	k.sent[m.Topic]++ // chances of its own for each topic: of two goroutines either may publish first at one instant
	conn, seed, counted := k.conn, hash(fmt.Sprint(k.who, k.sent[m.Topic], m.Topic)), true
	k.b.travel(k, &k.lastUp, rand.New(rand.NewPCG(k.b.seed, seed)), func(lost bool) func() {
		if k.conn == conn && counted {
			k.pending, counted = k.pending-1, false
		}
		if !lost {
			k.b.route(m, seed+1)
		}
		return nil
	})
	return nil
}

// Subscribe is of link.Link.
func (k *memLink) Subscribe(ctx context.Context, filter string, qos byte, h link.Handler) error {
	k.b.mu.Lock()
	if k.closed || k.b.closed {
		k.b.mu.Unlock()
		return fmt.Errorf("subscribe to %s: %w", filter, link.ErrDown)
	}
	sub := &subscription{filter: filter, qos: qos, h: h, agreed: make(chan struct{})}
	k.subs = append(slices.DeleteFunc(k.subs, func(s *subscription) bool { return s.filter == filter }), sub)
	conn := k.conn
	k.b.at(k, delayLeast, func() func() {
		parked := k.parked
		k.parked = nil
		if k.up && k.conn == conn {
			k.b.subscribe(k, sub)
		}
		for i, m := range parked {
			k.b.at(k, time.Duration(i)*delayLeast, func() func() { return k.handle(m) })
		}
		if most := time.Now().Add(time.Duration(len(parked)) * delayLeast); k.lastDown.Before(most) {
			k.lastDown = most
		}
		return nil
	})
	k.b.mu.Unlock()
	select {
	case <-sub.agreed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("subscribe to %s: %w", filter, ctx.Err())
	}
}

// Close is of link.Link.
func (k *memLink) Close() error {
	k.b.mu.Lock()
	defer k.b.mu.Unlock()
	if !k.closed {
		k.closed = true
		k.b.leave(k, k.b.sessions[k.o.ClientID])
	}
	return nil
}

// handle gives the call of the handlers that a message is for; the lock is held. What nobody has asked for yet is parked.
func (k *memLink) handle(m link.Message) func() {
	if k.closed {
		return nil
	}
	var hs []link.Handler
	for _, s := range k.subs {
		if link.Match(s.filter, m.Topic) {
			hs = append(hs, s.h)
		}
	}
	if len(hs) == 0 {
		if k.o.Persist && len(k.parked) < ParkedMost {
			k.parked = append(k.parked, m)
		}
		return nil
	}
	return func() {
		for _, h := range hs {
			h(m)
		}
	}
}

// release lets go what waited on a stalled line.
func (k *memLink) release() {
	waiting := k.waiting
	k.waiting = nil
	for _, do := range waiting {
		do()
	}
}

func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
