package mqttlink

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// BrokerConfig is what the embedded broker needs.
type BrokerConfig struct {
	Addr     string // host:port to listen on; port 0 takes a free one
	StoreDir string // its own folder
	Log      *slog.Logger
	// Auth decides who may connect and what they may say; nil lets everybody in (until vehicles have certificates).
	Auth server.Authentication
}

// Why a broker does not start. Each comes wrapped in words.
var (
	// ErrListen: its address cannot be had.
	ErrListen = errors.New("cannot listen")
	// ErrStorage: its folder cannot be used.
	ErrStorage = errors.New("cannot use its folder")
)

// Broker is an MQTT broker in this process.
type Broker struct {
	srv  *server.Server
	addr string
}

// StartBroker starts the embedded broker and waits until it listens.
func StartBroker(c BrokerConfig) (*Broker, error) {
	addr, err := freeAddress(c.Addr)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("start the broker: %w on %q: %w", ErrListen, c.Addr, err)
	}
	p, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("start the broker: %w on %q: %w", ErrListen, c.Addr, err)
	}
	opts := &server.Options{ServerName: "lifeline120", DontListen: true, NoSigs: true, MaxPayload: brokerPayload,
		JetStream: true, StoreDir: c.StoreDir, JetStreamMaxStore: brokerStore, JetStreamMaxMemory: brokerMem, SyncInterval: time.Second,
		CustomClientAuthentication: c.Auth,
		MQTT:                       server.MQTTOpts{Host: host, Port: p, AckWait: brokerAckWait, MaxAckPending: brokerAckPending}}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("start the broker: %w %s: %w", ErrStorage, c.StoreDir, err)
	}
	log := &brokerLog{log: c.Log, fatal: make(chan string, 1)}
	if c.Log == nil {
		log.log = slog.New(slog.DiscardHandler)
	}
	srv.SetLoggerV2(log, false, false, false)
	go srv.Start()
	deadline := time.Now().Add(brokerStart)
	for {
		select {
		case why := <-log.fatal:
			srv.Shutdown()
			if strings.Contains(strings.ToLower(why), "listen") {
				return nil, fmt.Errorf("start the broker: %w on %s: %s", ErrListen, addr, why)
			}
			return nil, fmt.Errorf("start the broker: %w %s: %s", ErrStorage, c.StoreDir, why)
		case <-time.After(5 * time.Millisecond):
		}
		if conn, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			conn.Close()
			return &Broker{srv, addr}, nil
		}
		if time.Now().After(deadline) {
			srv.Shutdown()
			return nil, fmt.Errorf("start the broker on %s: it does not listen after %v; see its log", addr, brokerStart)
		}
	}
}

// freeAddress makes sure that the address can be listened on, because the server itself would end the process.
func freeAddress(addr string) (string, error) {
	ln, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return "", fmt.Errorf("start the broker: %w on %s: it is in use by another program", ErrListen, addr)
	}
	if err != nil {
		return "", fmt.Errorf("start the broker: %w on %s: %w", ErrListen, addr, err)
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// Addr is where it listens.
func (b *Broker) Addr() string { return b.addr }

// URL is where clients connect.
func (b *Broker) URL() string { return "tcp://" + b.addr }

// Close stops the broker and waits for it.
func (b *Broker) Close() error {
	b.srv.Shutdown()
	b.srv.WaitForShutdown()
	return nil
}

// brokerLog hands the broker's lines to slog. What it calls fatal is an error of StartBroker, never the end of the process.
type brokerLog struct {
	log   *slog.Logger
	fatal chan string
}

func (l *brokerLog) Noticef(f string, v ...any) { l.log.Debug("broker", "line", fmt.Sprintf(f, v...)) }
func (l *brokerLog) Warnf(f string, v ...any)   { l.log.Warn("broker", "line", fmt.Sprintf(f, v...)) }
func (l *brokerLog) Errorf(f string, v ...any)  { l.log.Error("broker", "line", fmt.Sprintf(f, v...)) }
func (l *brokerLog) Debugf(f string, v ...any)  {}
func (l *brokerLog) Tracef(f string, v ...any)  {}
func (l *brokerLog) Fatalf(f string, v ...any) {
	l.log.Error("broker", "line", fmt.Sprintf(f, v...))
	select {
	case l.fatal <- fmt.Sprintf(f, v...):
	default:
	}
}
