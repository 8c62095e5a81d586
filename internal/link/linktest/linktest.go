// Package linktest is the suite that every member of link passes: what is delivered, acknowledged, retained and said of the
// connection, with lines that break.
package linktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"lifeline120/internal/link"
)

// Broker is one broker with lines to it that can be broken. Names are of lines: all links of one name share theirs.
type Broker interface {
	Dialer(name string) link.Dialer
	// Cut breaks the line and keeps it broken; both ends notice at once. Heal mends it.
	Cut(name string)
	Heal(name string)
	// Stall lets nothing pass from the link to the broker, and neither end is told.
	Stall(name string)
}

// patience is how long a thing may take that must happen.
const patience = 20 * time.Second

// client is one link with what it got.
type client struct {
	t      *testing.T
	link   link.Link
	events chan link.Event
	got    chan link.Message
}

func dial(t *testing.T, b Broker, name string, o link.Options) *client {
	t.Helper()
	c := &client{t: t, events: make(chan link.Event, 100), got: make(chan link.Message, 2000)}
	if o.ClientID == "" {
		o.ClientID = name
	}
	o.OnEvent = func(e link.Event) { c.events <- e }
	l, err := b.Dialer(name).Dial(context.Background(), o)
	if err != nil {
		t.Fatalf("dial %s: %v", name, err)
	}
	c.link = l
	t.Cleanup(func() { _ = l.Close() })
	return c
}

func (c *client) wait(up bool) link.Event {
	c.t.Helper()
	select {
	case e := <-c.events:
		if e.Up != up {
			c.t.Fatalf("event %+v, want up %v", e, up)
		}
		return e
	case <-time.After(patience):
		c.t.Fatalf("no event in %v, want up %v", patience, up)
		return link.Event{}
	}
}

func (c *client) subscribe(filter string, qos byte) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.link.Subscribe(ctx, filter, qos, func(m link.Message) { c.got <- m }); err != nil {
		c.t.Fatalf("subscribe to %s: %v", filter, err)
	}
}

func (c *client) publish(topic string, qos byte, retain bool, payload string) {
	c.t.Helper()
	if err := c.link.Publish(link.Message{Topic: topic, QoS: qos, Retain: retain, Payload: []byte(payload)}); err != nil {
		c.t.Fatalf("publish on %s: %v", topic, err)
	}
}

// next is the next message; with QoS 1 it is acknowledged unless keep is set.
func (c *client) next() link.Message {
	c.t.Helper()
	select {
	case m := <-c.got:
		return m
	case <-time.After(patience):
		c.t.Fatalf("no message in %v", patience)
		return link.Message{}
	}
}

func (c *client) want(topic, payload string) link.Message {
	c.t.Helper()
	m := c.next()
	if m.Topic != topic || string(m.Payload) != payload {
		c.t.Fatalf("got %q on %s, want %q on %s", m.Payload, m.Topic, payload, topic)
	}
	if m.Ack != nil {
		m.Ack()
	}
	return m
}

// Run tests a member. open gives a fresh broker for each test.
func Run(t *testing.T, open func(t *testing.T) Broker) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Broker)
	}{
		{"carries bytes as they are", carries},
		{"keeps the order of one publisher", order},
		{"matches wildcards", wildcards},
		{"keeps the retained message", retained},
		{"publishes the will when the line breaks and not on Close", will},
		{"tells events in order and subscribes again", reconnects},
		{"sends again what was not acknowledged", acknowledges},
		{"keeps what came for a persistent session", persists},
		{"gives to the next process what the one before did not acknowledge", outlives},
		{"never blocks a publisher", neverBlocks},
		{"does nothing after Close", closed},
		{"ends Subscribe with its context", subscribeEnds},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func carries(t *testing.T, b Broker) {
	sub, pub := dial(t, b, "sub", link.Options{}), dial(t, b, "pub", link.Options{})
	sub.wait(true)
	pub.wait(true)
	sub.subscribe("t/x", 1)
	big := string(bytes.Repeat([]byte{0, 255, 10, 13}, 64<<10))
	for i, payload := range []string{"a", "", big} {
		for qos := range byte(2) {
			pub.publish("t/x", qos, false, payload)
			m := sub.next()
			if string(m.Payload) != payload || m.Topic != "t/x" || m.Retain || m.QoS != qos || (m.Ack != nil) != (qos == 1) {
				t.Fatalf("payload %d with QoS %d came with %d bytes, QoS %d, retain %v, ack %v", i, qos, len(m.Payload), m.QoS, m.Retain, m.Ack != nil)
			}
			if m.Ack != nil {
				m.Ack()
			}
		}
	}
}

func order(t *testing.T, b Broker) {
	sub, pub := dial(t, b, "sub", link.Options{}), dial(t, b, "pub", link.Options{})
	sub.wait(true)
	pub.wait(true)
	sub.subscribe("t/+", 1)
	const n = 200
	for i := range n {
		pub.publish("t/x", 1, false, fmt.Sprint(i))
	}
	for i := range n {
		sub.want("t/x", fmt.Sprint(i))
	}
}

func wildcards(t *testing.T, b Broker) {
	pub := dial(t, b, "pub", link.Options{})
	pub.wait(true)
	plus, hash := dial(t, b, "plus", link.Options{}), dial(t, b, "hash", link.Options{})
	plus.wait(true)
	hash.wait(true)
	plus.subscribe("ems/v1/hz/+/up/live", 1)
	hash.subscribe("ems/v1/hz/#", 1)
	for _, topic := range []string{"ems/v1/hz/u1/up/live", "ems/v1/hz/u1/up/urgent", "ems/v1/sh/u1/up/live", "ems/v1/hz/u1/x/up/live", "ems/v1/hz/u2/up/live"} {
		pub.publish(topic, 1, false, topic)
	}
	for _, topic := range []string{"ems/v1/hz/u1/up/live", "ems/v1/hz/u2/up/live"} {
		plus.want(topic, topic)
	}
	for _, topic := range []string{"ems/v1/hz/u1/up/live", "ems/v1/hz/u1/up/urgent", "ems/v1/hz/u1/x/up/live", "ems/v1/hz/u2/up/live"} {
		hash.want(topic, topic)
	}
}

func retained(t *testing.T, b Broker) {
	pub := dial(t, b, "pub", link.Options{})
	pub.wait(true)
	early := dial(t, b, "early", link.Options{})
	early.wait(true)
	early.subscribe("u/+", 1)
	pub.publish("u/1", 1, true, "old")
	pub.publish("u/1", 1, true, "new")
	pub.publish("u/2", 1, true, "gone")
	pub.publish("u/2", 1, true, "")
	early.want("u/1", "old")
	if m := early.want("u/1", "new"); m.Retain {
		t.Fatal("a message that came as it was published is marked as retained")
	}
	early.want("u/2", "gone")
	early.want("u/2", "")
	late := dial(t, b, "late", link.Options{})
	late.wait(true)
	late.subscribe("u/+", 1)
	if m := late.want("u/1", "new"); !m.Retain {
		t.Fatal("a retained message is not marked so")
	}
	pub.publish("u/3", 1, false, "marker")
	late.want("u/3", "marker")
}

func will(t *testing.T, b Broker) {
	sub := dial(t, b, "sub", link.Options{})
	sub.wait(true)
	sub.subscribe("w/+", 1)
	one := dial(t, b, "one", link.Options{Will: &link.Message{Topic: "w/1", QoS: 1, Retain: true, Payload: []byte("lost")}})
	two := dial(t, b, "two", link.Options{Will: &link.Message{Topic: "w/2", QoS: 1, Payload: []byte("lost")}})
	one.wait(true)
	two.wait(true)
	if err := two.link.Close(); err != nil {
		t.Fatal(err)
	}
	b.Cut("one")
	sub.want("w/1", "lost")
	if e := one.wait(false); e.Err == nil {
		t.Error("the line broke and the event does not say why")
	}
	late := dial(t, b, "late", link.Options{})
	late.wait(true)
	late.subscribe("w/+", 1)
	if m := late.want("w/1", "lost"); !m.Retain {
		t.Error("a retained will is not retained")
	}
	late.publish("w/3", 1, false, "marker")
	sub.want("w/3", "marker") // and nothing of w/2 before it
}

func reconnects(t *testing.T, b Broker) {
	sub, pub := dial(t, b, "sub", link.Options{}), dial(t, b, "pub", link.Options{})
	sub.wait(true)
	pub.wait(true)
	sub.subscribe("t/1", 1)
	sub.subscribe("t/2", 0)
	for i := range 2 {
		b.Cut("sub")
		sub.wait(false)
		if err := sub.link.Publish(link.Message{Topic: "t/x"}); !errors.Is(err, link.ErrDown) {
			t.Fatalf("publish without a connection: %v, want ErrDown", err)
		}
		b.Heal("sub")
		sub.wait(true)
		pub.publish("t/1", 1, false, fmt.Sprint("a", i))
		sub.want("t/1", fmt.Sprint("a", i))
		pub.publish("t/2", 0, false, fmt.Sprint("b", i))
		sub.want("t/2", fmt.Sprint("b", i))
	}
	select {
	case e := <-sub.events:
		t.Fatalf("an event too many: %+v", e)
	default:
	}
}

func acknowledges(t *testing.T, b Broker) {
	pub := dial(t, b, "pub", link.Options{})
	pub.wait(true)
	sub := dial(t, b, "sub", link.Options{Persist: true})
	sub.wait(true)
	sub.subscribe("t/+", 1)
	for _, s := range []string{"a", "b", "c"} {
		pub.publish("t/x", 1, false, s)
	}
	for _, s := range []string{"a", "b", "c"} {
		m := sub.next()
		if string(m.Payload) != s {
			t.Fatalf("got %q, want %q", m.Payload, s)
		}
		if s != "b" {
			m.Ack()
		}
	}
	// The acknowledgements have arrived when an answer to something later has.
	pub.publish("t/x", 1, false, "d")
	sub.want("t/x", "d")
	sub.link.Publish(link.Message{Topic: "t/y", QoS: 1, Payload: []byte("e")}) //nolint:errcheck // seen by its arrival
	sub.want("t/y", "e")
	b.Cut("sub")
	sub.wait(false)
	b.Heal("sub")
	sub.wait(true)
	if m := sub.want("t/x", "b"); m.Ack == nil {
		t.Fatal("what came again cannot be acknowledged")
	}
	pub.publish("t/x", 1, false, "marker")
	for { // the newest acknowledgement may have been cut off with the line
		m := sub.next()
		m.Ack()
		if s := string(m.Payload); s == "marker" {
			return
		} else if s != "e" {
			t.Fatalf("%q came again though it was acknowledged", s)
		}
	}
}

func persists(t *testing.T, b Broker) {
	pub := dial(t, b, "pub", link.Options{})
	pub.wait(true)
	first := dial(t, b, "sub", link.Options{ClientID: "centre", Persist: true})
	first.wait(true)
	first.subscribe("t/+", 1)
	if err := first.link.Close(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"a", "b"} {
		pub.publish("t/x", 1, false, s)
	}
	second := dial(t, b, "sub", link.Options{ClientID: "centre", Persist: true})
	second.wait(true)
	second.subscribe("t/+", 1)
	second.want("t/x", "a")
	second.want("t/x", "b")
}

// A dispatcher that was killed before its commit: the next one gets the message.
func outlives(t *testing.T, b Broker) {
	pub := dial(t, b, "pub", link.Options{})
	pub.wait(true)
	first := dial(t, b, "sub", link.Options{ClientID: "centre", Persist: true})
	first.wait(true)
	first.subscribe("t/x", 1)
	pub.publish("t/x", 1, false, "alarm")
	first.next() // taken, and never acknowledged
	if err := first.link.Close(); err != nil {
		t.Fatal(err)
	}
	second := dial(t, b, "sub", link.Options{ClientID: "centre", Persist: true})
	second.wait(true)
	second.subscribe("t/x", 1)
	second.want("t/x", "alarm")
}

func neverBlocks(t *testing.T, b Broker) {
	pub := dial(t, b, "pub", link.Options{})
	pub.wait(true)
	b.Stall("pub")
	payload := make([]byte, 32<<10)
	var slowest time.Duration
	full := false
	for range 4000 {
		start := time.Now()
		err := pub.link.Publish(link.Message{Topic: "t/x", QoS: 0, Payload: payload})
		slowest = max(slowest, time.Since(start))
		if errors.Is(err, link.ErrFull) || errors.Is(err, link.ErrDown) {
			full = true
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !full {
		t.Error("125 MiB were taken on a line that lets nothing pass: the queue has no bound")
	}
	if slowest > patience {
		t.Errorf("a Publish took %v", slowest)
	}
}

func closed(t *testing.T, b Broker) {
	c := dial(t, b, "c", link.Options{})
	c.wait(true)
	for range 2 {
		if err := c.link.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.link.Publish(link.Message{Topic: "t"}); !errors.Is(err, link.ErrDown) {
		t.Errorf("publish after Close: %v, want ErrDown", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.link.Subscribe(ctx, "t", 0, func(link.Message) {}); err == nil {
		t.Error("subscribe after Close was agreed to")
	}
}

func subscribeEnds(t *testing.T, b Broker) {
	c := dial(t, b, "c", link.Options{})
	c.wait(true)
	b.Cut("c")
	c.wait(false)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := c.link.Subscribe(ctx, "t/x", 1, func(m link.Message) { c.got <- m }); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("subscribe without a connection: %v, want the context's end", err)
	}
	b.Heal("c")
	c.wait(true)
	c.publish("t/x", 1, false, "later")
	c.want("t/x", "later")
}
