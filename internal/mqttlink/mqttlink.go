// Package mqttlink is the real member of link: MQTT 3.1.1 through paho, so that any broker serves, and the broker that the dispatcher
// has within itself when the city has none.
package mqttlink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"lifeline120/internal/link"
)

// Config says where the broker is.
type Config struct {
	URL  string // tcp://host:1883 or ssl://host:8883
	TLS  *tls.Config
	User string
	Pass string
	Log  *slog.Logger // nil: none
}

// Dialer opens links to one broker.
type Dialer struct{ cfg Config }

// NewDialer makes a dialer; it connects to nothing, and Dial says what is wrong with the address.
func NewDialer(c Config) *Dialer {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Dialer{c}
}

// address checks where the broker is said to be.
func (d *Dialer) address() (*url.URL, error) {
	const how = "write it as tcp://host:1883 or ssl://host:8883"
	u, err := url.Parse(d.cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("dial the broker: %w: %s", err, how)
	}
	switch u.Scheme {
	case "tcp", "mqtt", "ssl", "tls", "mqtts":
	default:
		return nil, fmt.Errorf("dial the broker %q: unknown scheme %q: %s", d.cfg.URL, u.Scheme, how)
	}
	if u.Hostname() == "" || u.Port() == "" {
		return nil, fmt.Errorf("dial the broker %q: host or port is missing: %s", d.cfg.URL, how)
	}
	return u, nil
}

// Dial is of link.Dialer.
func (d *Dialer) Dial(ctx context.Context, o link.Options) (link.Link, error) {
	if o.ClientID == "" {
		return nil, errors.New("dial the broker: the link has no client id")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dial the broker: %w", err)
	}
	u, err := d.address()
	if err != nil {
		return nil, err
	}
	l := &mqttLink{cfg: d.cfg, url: u, o: o, log: d.cfg.Log.With("client", o.ClientID), end: make(chan struct{}), renew: make(chan struct{}, 1)}
	l.running.Go(l.run)
	return l, nil
}

// mqttLink is one link: run connects again and again; each connection has its own client, queue and writer.
type mqttLink struct {
	cfg     Config
	url     *url.URL
	o       link.Options
	log     *slog.Logger
	end     chan struct{} // closed by Close
	renew   chan struct{} // a subscription waits for the connection
	running sync.WaitGroup

	mu     sync.Mutex
	conn   *connection // nil while there is none
	subs   []*subscription
	closed bool

	route  sync.Mutex // one message to the handlers at a time
	parked []link.Message
}

// subscription is one filter with its handler; agreed is closed when the broker first agreed to it.
type subscription struct {
	filter string
	qos    byte
	h      link.Handler
	once   sync.Once
	agreed chan struct{}
	conn   *connection // that it was made on; owned by run
}

// connection is one life of the line.
type connection struct {
	client mqtt.Client
	lost   chan error
	out    chan link.Message
	acks   chan func()
	end    chan struct{}

	mu    sync.Mutex
	bytes int // in out
}

// Publish is of link.Link.
func (l *mqttLink) Publish(m link.Message) error {
	l.mu.Lock()
	c := l.conn
	l.mu.Unlock()
	if c == nil {
		return link.ErrDown
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes+len(m.Payload) > QueueBytes {
		return link.ErrFull
	}
	select {
	case c.out <- m:
		c.bytes += len(m.Payload)
		return nil
	default:
		return link.ErrFull
	}
}

// Subscribe is of link.Link.
func (l *mqttLink) Subscribe(ctx context.Context, filter string, qos byte, h link.Handler) error {
	s := &subscription{filter: filter, qos: qos, h: h, agreed: make(chan struct{})}
	l.route.Lock()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		l.route.Unlock()
		return fmt.Errorf("subscribe to %s: %w", filter, link.ErrDown)
	}
	l.subs = append(slices.DeleteFunc(slices.Clone(l.subs), func(x *subscription) bool { return x.filter == filter }), s)
	l.mu.Unlock()
	parked := l.parked
	l.parked = nil
	for _, m := range parked {
		l.handle(m)
	}
	l.route.Unlock()
	select {
	case l.renew <- struct{}{}:
	default: // run is about to look anyway
	}
	select {
	case <-s.agreed:
		return nil
	case <-l.end:
		return fmt.Errorf("subscribe to %s: %w", filter, link.ErrDown)
	case <-ctx.Done():
		return fmt.Errorf("subscribe to %s: %w", filter, ctx.Err())
	}
}

// Close is of link.Link.
func (l *mqttLink) Close() error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.end)
	}
	l.mu.Unlock()
	l.running.Wait()
	return nil
}

// run keeps the link connected until Close.
func (l *mqttLink) run() {
	for tries := 0; ; tries++ {
		c, err := l.connect()
		if err != nil {
			l.log.Debug("broker not reached", "broker", l.url.Host, "err", err)
			if !l.pause(backOff(tries)) {
				return
			}
			continue
		}
		tries = 0
		err = l.serve(c)
		l.mu.Lock()
		l.conn = nil
		l.mu.Unlock()
		close(c.end)
		if err == nil {
			c.drain()
			c.client.Disconnect(uint(CloseWait.Milliseconds()))
			return
		}
		c.client.Disconnect(0)
		l.event(link.Event{Err: err})
		if !l.pause(backOff(0)) {
			return
		}
	}
}

// serve makes the subscriptions, says that the link is up, and waits for its end: nil when the link was closed.
func (l *mqttLink) serve(c *connection) error {
	if err := l.agree(c); err != nil {
		return err
	}
	l.mu.Lock()
	l.conn = c
	l.mu.Unlock()
	l.running.Go(func() { c.write(l.log) })
	l.event(link.Event{Up: true})
	for {
		select {
		case <-l.end:
			return nil
		case err := <-c.lost:
			return err
		case <-l.renew:
			if err := l.agree(c); err != nil {
				return err
			}
		}
	}
}

// connect tries once.
func (l *mqttLink) connect() (*connection, error) {
	c := &connection{lost: make(chan error, 1), out: make(chan link.Message, QueueMax), acks: make(chan func(), AckMax), end: make(chan struct{})}
	o := mqtt.NewClientOptions().AddBroker(l.url.String()).SetClientID(l.o.ClientID).SetCleanSession(!l.o.Persist).
		SetUsername(l.cfg.User).SetPassword(l.cfg.Pass).SetProtocolVersion(4).
		SetAutoReconnect(false).SetConnectRetry(false).SetResumeSubs(false).SetOrderMatters(true).SetAutoAckDisabled(true).
		SetConnectTimeout(ConnectTimeout).SetWriteTimeout(WriteTimeout).SetKeepAlive(KeepAlive).SetPingTimeout(PingTimeout).
		SetCustomOpenConnectionFn(l.open).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { l.receive(c, m) }).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) {
			select {
			case c.lost <- err:
			default:
			}
		})
	if w := l.o.Will; w != nil {
		o.SetBinaryWill(w.Topic, w.Payload, w.QoS, w.Retain)
	}
	c.client = mqtt.NewClient(o)
	t := c.client.Connect()
	select {
	case <-t.Done():
	case <-l.end:
		c.client.Disconnect(0)
		return nil, link.ErrDown
	}
	if err := t.Error(); err != nil {
		return nil, fmt.Errorf("connect to the broker %s: %w", l.url.Host, err)
	}
	return c, nil
}

// open opens the socket, with little room for what would stand before an alarm.
func (l *mqttLink) open(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), ConnectTimeout)
	defer cancel()
	conn, err := (&net.Dialer{KeepAlive: KeepAlive}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	if t, ok := conn.(*net.TCPConn); ok {
		if err := t.SetWriteBuffer(SendBuffer); err != nil {
			l.log.Debug("send buffer not set", "err", err)
		}
	}
	switch u.Scheme {
	case "ssl", "tls", "mqtts":
	default:
		return conn, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if l.cfg.TLS != nil {
		cfg = l.cfg.TLS.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = u.Hostname()
	}
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

// agree makes the subscriptions that this connection has not made yet.
func (l *mqttLink) agree(c *connection) error {
	l.mu.Lock()
	var todo []*subscription
	filters := map[string]byte{}
	for _, s := range l.subs {
		if s.conn != c {
			todo = append(todo, s)
			filters[s.filter] = s.qos
		}
	}
	l.mu.Unlock()
	if len(todo) == 0 {
		return nil
	}
	t, ok := c.client.SubscribeMultiple(filters, nil).(*mqtt.SubscribeToken)
	if !ok {
		return errors.New("subscribe: paho gave a token of another kind")
	}
	select {
	case <-t.Done():
	case <-l.end:
		return nil
	case err := <-c.lost:
		return err
	case <-time.After(ConnectTimeout):
		return fmt.Errorf("subscribe: no answer from the broker in %v", ConnectTimeout)
	}
	if err := t.Error(); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	for _, s := range todo {
		s.conn = c
		if t.Result()[s.filter] > 2 {
			l.log.Error("broker refused a subscription: allow it in the broker's access rules", "filter", s.filter)
			continue
		}
		s.once.Do(func() { close(s.agreed) })
	}
	return nil
}

// receive takes a message from paho.
func (l *mqttLink) receive(c *connection, m mqtt.Message) {
	in := link.Message{Topic: m.Topic(), QoS: m.Qos(), Retain: m.Retained(), Payload: m.Payload()}
	if m.Qos() > 0 {
		in.Ack = func() {
			select {
			case <-c.end: // the broker brings it again
			case c.acks <- m.Ack:
			default:
			}
		}
	}
	l.route.Lock()
	defer l.route.Unlock()
	l.handle(in)
}

// handle gives a message to its handlers; route is locked. What nobody has asked for yet waits, when the session is persistent.
func (l *mqttLink) handle(m link.Message) {
	l.mu.Lock()
	subs := l.subs
	l.mu.Unlock()
	found := false
	for _, s := range subs {
		if link.Match(s.filter, m.Topic) {
			found = true
			s.h(m)
		}
	}
	if !found && l.o.Persist && len(l.parked) < ParkedMax {
		l.parked = append(l.parked, m)
	}
}

func (l *mqttLink) event(e link.Event) {
	if l.o.OnEvent != nil {
		l.o.OnEvent(e)
	}
}

// pause waits, or is ended by Close.
func (l *mqttLink) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.end:
		return false
	}
}

// write puts messages and acknowledgements on the line, one after another. paho waits at most WriteTimeout for each.
func (c *connection) write(log *slog.Logger) {
	for {
		select {
		case <-c.end:
			return
		case ack := <-c.acks:
			ack()
		case m := <-c.out:
			c.put(m, log)
		}
	}
}

func (c *connection) put(m link.Message, log *slog.Logger) {
	c.mu.Lock()
	c.bytes -= len(m.Payload)
	c.mu.Unlock()
	t := c.client.Publish(m.Topic, m.QoS, m.Retain, m.Payload)
	select {
	case <-t.Done():
		if err := t.Error(); err != nil {
			log.Debug("message not written", "topic", m.Topic, "err", err)
		}
	default: // QoS 1 under way
	}
}

// drain writes what is queued when the link is closed in good order; writing stops at the first thing that does not go at once.
func (c *connection) drain() {
	for {
		select {
		case ack := <-c.acks:
			ack()
		case m := <-c.out:
			if t := c.client.Publish(m.Topic, m.QoS, m.Retain, m.Payload); !t.WaitTimeout(CloseWait) {
				return
			}
		default:
			return
		}
	}
}

// backOff doubles from ReconnectMin to ReconnectMax, and adds up to as much by chance.
func backOff(tries int) time.Duration {
	d := min(ReconnectMax, ReconnectMin<<min(tries, 10))
	return d + rand.N(d)
}

var _ link.Dialer = (*Dialer)(nil)
