package dispatcher

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// incoming is one message of a vehicle, taken apart.
type incoming struct {
	unit     ems.UnitID
	rest     string // of the topic
	env      *pb.Envelope
	body     proto.Message // nil when bodyErr says why
	bodyErr  error
	retained bool // kept by the broker: of an earlier time
	counted  bool // in quota
	ack      func()
}

// done tells the broker that the message needs no more care. Its word is about its own window only; what the vehicle may delete
// is said by down/stored (DLV-001).
func (m incoming) done() {
	if m.ack != nil {
		m.ack()
	}
}

// links are the connections to the broker; Run's own. Each lane has its own connection, subscription and queue.
type links struct {
	down  link.Link       // for what goes down to vehicles; nil when there is none
	up    map[string]bool // as the connection says
	heard map[string]bool // the broker has agreed to what we listen to
	began time.Time       // when this run began to listen
	away  time.Time       // when vehicles were last heard before the urgent connection came back; the newest event of the run before
	back  time.Time       // when it came back
}

type linkEvent struct {
	name string
	link link.Link // set once, when it is made
	link.Event
}

// linkNews keeps what the connections have said and the owner of the state has not heard: of each only how it stands now, so that
// nothing is dropped however often a link comes and goes.
type linkNews struct {
	mu     sync.Mutex
	made   map[string]link.Link
	events map[string]link.Event
	ready  chan struct{}
}

func newLinkNews() *linkNews {
	return &linkNews{made: map[string]link.Link{}, events: map[string]link.Event{}, ready: make(chan struct{}, 1)}
}

// tell never waits.
func (n *linkNews) tell(e linkEvent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.link != nil {
		n.made[e.name] = e.link
	} else {
		n.events[e.name] = e.Event
	}
	select {
	case n.ready <- struct{}{}:
	default:
	}
}

// take gives what was told since it was last asked, in a stable order.
func (n *linkNews) take() (out []linkEvent) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(n.events)) {
		out = append(out, linkEvent{name: name, Event: n.events[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(n.made)) {
		out = append(out, linkEvent{name: name, link: n.made[name], Event: link.Event{Up: true}})
	}
	clear(n.events)
	clear(n.made)
	return out
}

// lanes are the connections, and what each listens to.
func (c *Centre) connect(ctx context.Context) {
	type lane struct {
		name  string
		rests []string
		qos   byte
		into  chan incoming
	}
	var open []link.Link
	defer func() {
		for _, l := range open {
			if err := l.Close(); err != nil {
				c.log.Warn("close link", "err", err)
			}
		}
	}()
	for _, ln := range []lane{
		{"urgent", []string{link.UpUrgent, link.UpPresence}, 1, c.urgent},
		{"live", []string{link.UpLive}, 0, c.live},
		{"backlog", []string{link.UpReading, link.UpPosition, link.UpWave, link.UpPhoto}, 1, c.backlog},
	} {
		l := c.dial(ctx, ln.name)
		if l == nil {
			return
		}
		open = append(open, l)
		for _, rest := range ln.rests {
			c.listen(ctx, l, ln.name, rest, ln.qos, ln.into)
		}
		c.news.tell(linkEvent{name: ln.name, link: l})
	}
	<-ctx.Done()
}

// dial tries until there is a connection, or ctx ends.
func (c *Centre) dial(ctx context.Context, name string) link.Link {
	for {
		l, err := c.cfg.Dialer.Dial(ctx, link.Options{ClientID: "centre-" + string(c.cfg.City.Region) + "-" + name, Persist: name == "urgent",
			OnEvent: func(e link.Event) { c.news.tell(linkEvent{name: name, Event: e}) }})
		if err == nil {
			return l
		}
		c.log.Error("connect to the broker; trying on", "lane", name, "err", err)
		if !c.linkDown(ctx, name, err) {
			return nil
		}
	}
}

// listen asks for one topic of every unit until the broker agrees, or ctx ends.
func (c *Centre) listen(ctx context.Context, l link.Link, name, rest string, qos byte, into chan incoming) {
	filter := link.Topic(c.cfg.City.Region, "+", rest)
	for ctx.Err() == nil {
		asked, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := l.Subscribe(asked, filter, qos, func(m link.Message) { c.heard(m, into) })
		cancel()
		if err == nil {
			return
		}
		c.log.Error("subscribe; trying on", "filter", filter, "err", err)
		c.linkDown(ctx, name, err)
	}
}

// linkDown reports a connection that could not be made and waits a little; false when ctx ended.
func (c *Centre) linkDown(ctx context.Context, name string, err error) bool {
	c.news.tell(linkEvent{name: name, Event: link.Event{Err: err}})
	wait := time.NewTimer(retryMost)
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// heard takes one message from the connection. It never waits: what has no room is left to the vehicle, which still holds it.
func (c *Centre) heard(m link.Message, into chan incoming) {
	in, err := open(m)
	if err != nil {
		c.count.garbage.Add(1)
		c.log.Debug("message is no envelope", "topic", m.Topic, "err", err)
		in.done()
		return
	}
	if into == c.urgent {
		if in.env.Kind == pb.Kind_KIND_ALARM {
			into = c.alarms
		}
		if in.counted = c.quota.enter(in); !in.counted {
			c.count.dropped(in.rest)
			in.done()
			return
		}
	}
	select {
	case into <- in:
	default:
		c.quota.leave(in)
		c.count.dropped(in.rest)
		in.done()
	}
}

// quota counts what waits in the urgent queues, and of what is no alarm also what waits for the store, by unit: one that floods fills its
// own share, displaces nobody, and puts no more than that before a desk's act (ALM-006).
type quota struct {
	mu      sync.Mutex
	waiting map[share]int
}

// share is one unit's part of one urgent queue: its notes do not stand in its own alarms' way either.
type share struct {
	unit  ems.UnitID
	alarm bool
}

func (m incoming) share() share { return share{m.unit, m.env.Kind == pb.Kind_KIND_ALARM} }

func (q *quota) enter(m incoming) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[m.share()] >= queueOfUnit {
		return false
	}
	q.waiting[m.share()]++
	return true
}

func (q *quota) leave(m incoming) {
	if !m.counted {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[m.share()]--; q.waiting[m.share()] <= 0 {
		delete(q.waiting, m.share())
	}
}

// taken is told that a message has left its queue. An alarm's share is free then; any other's when the broker is told.
func (q *quota) taken(m incoming) incoming {
	if !m.counted || m.share().alarm {
		q.leave(m)
		return m
	}
	ack := m.ack
	m.ack = func() {
		q.leave(m)
		if ack != nil {
			ack()
		}
	}
	return m
}

// open takes a message apart. Whatever it is, it costs at most itself (ACC-003).
func open(m link.Message) (incoming, error) {
	in := incoming{ack: m.Ack, retained: m.Retain}
	_, unit, rest, err := link.ParseTopic(m.Topic)
	if err != nil {
		return in, err
	}
	in.unit, in.rest = unit, rest
	if in.env, err = wire.Open(m.Payload); err != nil {
		return in, err
	}
	if in.env.Unit != string(unit) {
		return in, fmt.Errorf("the message says that it is of %s", in.env.Unit)
	}
	in.body, in.bodyErr = wire.Body(in.env)
	return in, nil
}

// linkChanged keeps how the connections are.
func (c *Centre) linkChanged(e linkEvent) {
	if c.links.up == nil {
		c.links.up, c.links.heard = map[string]bool{}, map[string]bool{}
	}
	was := c.linked()
	if e.link == nil {
		if e.name == "urgent" && c.links.up[e.name] != e.Up {
			if t := now(); e.Up {
				c.links.back = t
			} else {
				c.links.away = t
			}
		}
		c.links.up[e.name] = e.Up
	} else {
		c.links.heard[e.name] = true
		if _, said := c.links.up[e.name]; !said {
			c.links.up[e.name] = true
		}
		if e.name == "urgent" {
			c.links.down = e.link
			if c.links.back.IsZero() {
				c.links.back = now()
			}
		}
	}
	if is := c.linked(); is != was {
		c.count.linked.Store(is)
		if is {
			c.log.Info("linked to the broker")
			c.resendAll()
		} else {
			c.log.Error("no link to the broker", "lane", e.name, "err", e.Err)
		}
	}
	c.health()
}

// linked says whether every lane has its connection.
func (c *Centre) linked() bool {
	return c.links.up["urgent"] && c.links.up["live"] && c.links.up["backlog"]
}

// publish sends one message down. A message that cannot go now goes when its sender's time comes again.
func (c *Centre) publish(unit ems.UnitID, rest string, m proto.Message) error {
	if c.links.down == nil {
		return link.ErrDown
	}
	b, err := wire.Marshal(m)
	if err != nil {
		return err
	}
	return c.links.down.Publish(link.Message{Topic: link.Topic(c.cfg.City.Region, unit, rest), Payload: b})
}

// answer tells vehicles what is stored (DLV-001), and how their alarms stand (ALM-003).
func (c *Centre) answer(t time.Time) {
	answers := c.recv.Answers(t)
	if len(answers) == 0 {
		return
	}
	alarms := c.alarmsOfUnits()
	for _, a := range answers {
		for _, al := range alarms[a.Unit] {
			for _, press := range al.presses {
				a.Stored.Pressed = append(a.Stored.Pressed, press)
			}
			a.Stored.Alarms = append(a.Stored.Alarms, al.word)
		}
		if err := c.publish(a.Unit, link.DownStored, a.Stored); err != nil && !errors.Is(err, link.ErrDown) {
			c.count.unsent.Add(1)
		}
	}
}
