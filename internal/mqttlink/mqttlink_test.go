package mqttlink

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/link"
	"lifeline120/internal/link/linktest"
	"lifeline120/internal/porttest"
)

// startMosquitto starts Debian's mosquitto where it is installed (always in CI).
func startMosquitto(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
		if _, err := os.Stat(path); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal("mosquitto is not installed, and CI must have it")
			}
			t.Skip("mosquitto is not installed: apt-get install mosquitto")
		}
	}
	addr := porttest.Addresses(t, 1)[0]
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(conf, []byte("listener "+port+" 127.0.0.1\nallow_anonymous true\npersistence false\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-c", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return "tcp://" + addr
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("mosquitto does not listen")
	return ""
}

// lines is a broker with a proxy before each client.
type lines struct {
	t       *testing.T
	url     string
	proxies map[string]*proxy
}

func (n *lines) Dialer(id string) link.Dialer {
	if n.proxies[id] == nil {
		n.proxies[id] = newProxy(n.t, strings.TrimPrefix(n.url, "tcp://"))
	}
	return NewDialer(Config{URL: "tcp://" + n.proxies[id].addr})
}

func (n *lines) Cut(id string)   { n.proxies[id].cut() }
func (n *lines) Heal(id string)  { n.proxies[id].heal() }
func (n *lines) Stall(id string) { n.proxies[id].stall() }

func TestMemberOfLink(t *testing.T) {
	t.Run("embedded", func(t *testing.T) {
		linktest.Run(t, func(t *testing.T) linktest.Broker {
			b, err := StartBroker(BrokerConfig{Addr: "127.0.0.1:0", StoreDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.Close() })
			return &lines{t, b.URL(), map[string]*proxy{}}
		})
	})
	t.Run("mosquitto", func(t *testing.T) {
		linktest.Run(t, func(t *testing.T) linktest.Broker { return &lines{t, startMosquitto(t), map[string]*proxy{}} })
	})
}

// dial opens a link and waits until it is up.
func dial(t *testing.T, url, id string) (link.Link, chan link.Message) {
	t.Helper()
	up := make(chan link.Event, 16)
	l, err := NewDialer(Config{URL: url}).Dial(t.Context(), link.Options{ClientID: id, OnEvent: func(e link.Event) { up <- e }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	select {
	case <-up:
	case <-time.After(20 * time.Second):
		t.Fatal("no connection in 20 s")
	}
	return l, make(chan link.Message, 16)
}

func TestPublishNeverBlocks(t *testing.T) {
	b, err := StartBroker(BrokerConfig{Addr: "127.0.0.1:0", StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	proxy := newProxy(t, b.Addr())
	unit, _ := dial(t, "tcp://"+proxy.addr, "unit")
	proxy.stall()
	full := false
	for range 100 * QueueMax {
		if err := unit.Publish(link.Message{Topic: "x", Payload: make([]byte, 32<<10)}); err == link.ErrFull || err == link.ErrDown {
			full = true
			break
		}
	}
	if !full {
		t.Fatal("a line that takes nothing takes everything")
	}
	proxy.cut()
}

// Bytes that are not MQTT cost their own connection and no other (ACC-003).
func TestACC003_HostileBytesOnTheBrokersPort(t *testing.T) {
	b, err := StartBroker(BrokerConfig{Addr: "127.0.0.1:0", StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	good, got := dial(t, b.URL(), "good")
	if err := good.Subscribe(t.Context(), "t", 0, func(m link.Message) { got <- m }); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{{0}, []byte("GET / HTTP/1.1\r\n\r\n"), {0x10, 0xff, 0xff, 0xff, 0xff, 0x7f}, {0x10, 0x04, 0, 0xff, 'M', 'Q'}, make([]byte, 1<<16)} {
		c, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		c.Write(bad)
		c.Close()
	}
	if err := good.Publish(link.Message{Topic: "t", Payload: []byte("still here")}); err != nil {
		t.Fatal(err)
	}
	if m := <-got; string(m.Payload) != "still here" {
		t.Fatalf("got %q", m.Payload)
	}
}

func TestWhyTheBrokerDoesNotStart(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, err = StartBroker(BrokerConfig{Addr: ln.Addr().String(), StoreDir: t.TempDir()})
	if !errors.Is(err, ErrListen) || errors.Is(err, ErrStorage) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("with its port in use: %v", err)
	}
	file := filepath.Join(t.TempDir(), "broker")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = StartBroker(BrokerConfig{Addr: "127.0.0.1:0", StoreDir: file})
	if !errors.Is(err, ErrStorage) || errors.Is(err, ErrListen) || !strings.Contains(err.Error(), file) {
		t.Errorf("with a folder that is none: %v", err)
	}
}
