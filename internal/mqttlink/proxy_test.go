package mqttlink

import (
	"net"
	"sync"
	"testing"
)

// proxy stands between a client and its broker, and can be cut, healed and stalled.
type proxy struct {
	addr, target string

	mu      sync.Mutex
	down    bool
	stalled chan struct{} // closed when it flows again; nil when it flows
	conns   []net.Conn
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{addr: ln.Addr().String(), target: target}
	t.Cleanup(func() { ln.Close(); p.cut() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			p.join(c)
		}
	}()
	return p
}

func (p *proxy) join(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		c.Close()
		return
	}
	far, err := net.Dial("tcp", p.target)
	if err != nil {
		c.Close()
		return
	}
	p.conns = append(p.conns, c, far)
	go p.copy(far, c)
	go p.copy(c, far)
}

func (p *proxy) copy(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		wait := p.stalled
		p.mu.Unlock()
		if wait != nil {
			<-wait
		}
		if _, werr := to.Write(buf[:n]); werr != nil || err != nil {
			return
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	if p.stalled != nil {
		close(p.stalled)
		p.stalled = nil
	}
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
}

func (p *proxy) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = make(chan struct{})
}
