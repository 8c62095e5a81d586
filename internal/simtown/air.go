package simtown

import (
	"context"
	"sync"
	"time"

	"lifeline120/internal/link"
	"lifeline120/internal/memlink"
)

// clearSky is the usual weather: everything arrives, after a little while.
var clearSky = memlink.Faults{DelayMin: time.Millisecond, DelayMax: 15 * time.Millisecond}

// air is everything between the processes of a town: one broker, and a line for each life of a process.
type air struct{ broker *memlink.Broker }

func newAir(w *Town) *air { return &air{memlink.New(w.seed)} }

func (a *air) close() { a.broker.Close() }

// modem is the line of one life of a process, and its link.Dialer.
type modem struct {
	air  *air
	name string

	mu   sync.Mutex
	cuts int
	dead bool
}

// modem makes the line of a new life.
func (a *air) modem(name string) *modem {
	m := &modem{air: a, name: name}
	m.setWeather(clearSky)
	return m
}

// Dial opens a connection over the line.
func (m *modem) Dial(ctx context.Context, o link.Options) (link.Link, error) {
	return m.air.broker.Dialer(m.name).Dial(ctx, o)
}

func (m *modem) setWeather(f memlink.Faults) { m.air.broker.SetFaults(m.name, f) }

// cut breaks the line, with a word to both ends or in silence; mend ends one cut. It works again when all are mended.
func (m *modem) cut(silently bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cuts++
	if silently {
		m.air.broker.Stall(m.name)
	} else {
		m.air.broker.Cut(m.name)
	}
}

func (m *modem) mend() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cuts--; m.cuts <= 0 && !m.dead {
		m.cuts = 0
		m.air.broker.Heal(m.name)
	}
}

// mendAll ends every cut.
func (m *modem) mendAll() {
	m.mu.Lock()
	m.cuts = 1
	m.mu.Unlock()
	m.mend()
}

// kill ends the line as the end of a process does: nothing goes in or out any more.
func (m *modem) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
	m.air.broker.Cut(m.name)
}
