package simtown

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"lifeline120/internal/alarm"
	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/porttest"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/simport"
	"lifeline120/internal/wire"
)

// program is one real process that is killed and started again on the same folder.
type program struct {
	t    *testing.T
	name string
	path string
	args []string
	log  *os.File

	mu    sync.Mutex
	cmd   *exec.Cmd
	kills int
}

func (p *program) start() {
	p.t.Helper()
	cmd := exec.Command(p.path, p.args...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		p.t.Fatalf("start %s: %v", p.name, err)
	}
	p.mu.Lock()
	p.cmd = cmd
	p.mu.Unlock()
}

// kill sends SIGKILL and waits for the end.
func (p *program) kill() {
	p.mu.Lock()
	cmd := p.cmd
	p.cmd = nil
	p.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill() // it may have ended by itself; Wait says so
		if err := cmd.Wait(); err != nil && cmd.ProcessState.Exited() && p.t.Context().Err() == nil {
			p.t.Errorf("%s had ended by itself: %v; its log: %s", p.name, err, p.log.Name())
		}
		p.kills++
	}
}

// realCab is one real vehicle of the kill test with what was pressed in it.
type realCab struct {
	*program
	unit string
	base string // of the terminal's API

	mu    sync.Mutex
	taken map[string]bool      // presses and notes that the agent has answered with 200
	lamps map[string]time.Time // when the lamp of a press was first seen lit
	nodes map[ems.Node]bool    // touched and answered

	mission ems.MissionID
}

type killTest struct {
	t          *testing.T
	client     *http.Client
	dispatcher *program
	base       string
	cabs       []*realCab
}

// send posts to one of the programs; false when nobody answered with 200.
func (k *killTest) send(url string, in, out any) bool {
	b, err := json.Marshal(in)
	if err != nil {
		k.t.Error(err)
		return false
	}
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(b))
	if err != nil {
		k.t.Error(err)
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-By", "test")
	req.Header.Set("X-Desk", "d1")
	return k.done(req, out)
}

func (k *killTest) done(req *http.Request, out any) bool {
	resp, err := k.client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		return false
	}
	return out == nil || json.Unmarshal(b, out) == nil
}

// insist repeats what must succeed.
func (k *killTest) insist(what string, f func() bool) {
	k.t.Helper()
	for end := time.Now().Add(time.Minute); !f(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			k.t.Fatalf("%s: nobody answered for a minute", what)
		}
	}
}

// read gets the whole journal.
func (k *killTest) read() (events []journal.Event, ok bool) {
	for after := uint64(0); ; {
		req, err := http.NewRequest(http.MethodGet, k.base+"/api/v1/journal?limit=1000&after="+strconv.FormatUint(after, 10), nil)
		if err != nil {
			k.t.Fatal(err)
		}
		var page []struct {
			wire.JournalLine
			Body json.RawMessage `json:"body"`
		}
		if !k.done(req, &page) {
			return nil, false
		}
		if len(page) == 0 {
			return events, true
		}
		for _, l := range page {
			events = append(events, journal.Event{Seq: l.Seq, At: l.At, Stream: l.Stream, Type: l.Type, Body: l.Body})
			after = l.Seq
		}
	}
}

// TestDLV001_ALM003_ALM004_ProcessesAreKilled kills real processes at random moments while people press keys and touch nodes. What an
// agent has answered is in the journal, once; a lamp was lit only for what was in the journal by then.
func TestDLV001_ALM003_ALM004_ProcessesAreKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and kills real processes; run without -short")
	}
	kills, seed := 6, uint64(1)
	for name, to := range map[string]func(uint64){"LIFELINE_KILLS": func(n uint64) { kills = int(n) }, "LIFELINE_SEED": func(n uint64) { seed = n }} {
		if v := os.Getenv(name); v != "" {
			n, err := strconv.ParseUint(v, 10, 32)
			if err != nil {
				t.Fatalf("%s: %v; give a number", name, err)
			}
			to(n)
		}
	}
	k := newKillTest(t)
	k.sendOut()
	ctx, stop := context.WithCancel(t.Context())
	var acting sync.WaitGroup
	for i, c := range k.cabs {
		acting.Go(func() { k.crew(ctx, c, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	r := rand.New(rand.NewPCG(seed, 99))
	all := []*program{k.dispatcher, k.cabs[0].program, k.cabs[1].program}
	for range kills {
		time.Sleep(between(r, 200*time.Millisecond, 1500*time.Millisecond))
		p := all[r.IntN(len(all))]
		p.kill()
		time.Sleep(between(r, 0, 300*time.Millisecond))
		p.start()
	}
	stop()
	acting.Wait()
	k.judge(seed)
}

func newKillTest(t *testing.T) *killTest {
	dir := t.TempDir()
	for _, name := range []string{"dispatcher", "vehicle-agent"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), "lifeline120/cmd/"+name).CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	k := &killTest{t: t, client: &http.Client{Timeout: 3 * time.Second}}
	program := func(name, path string, args ...string) *program {
		log, err := os.Create(filepath.Join(dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		p := &program{t: t, name: name, path: filepath.Join(dir, path), args: args, log: log}
		p.start()
		t.Cleanup(func() { p.kill(); log.Close() })
		return p
	}
	ports := porttest.Addresses(t, 4)
	web, mqtt, terminals := ports[0], ports[1], ports[2:]
	k.base = "http://" + web
	k.dispatcher = program("dispatcher", "dispatcher", "--data", filepath.Join(dir, "centre"), "--listen", web, "--public-listen", "none", "--mqtt-listen", mqtt)
	for i, unit := range []string{"u01", "u02"} {
		listen := terminals[i]
		monitor := pseudo(t, simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: uint64(i)}))
		receiver := pseudo(t, simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: uint64(i), Route: simdevice.Route{From: ems.WGS84{Lat: 30.2, Lon: 120.1}}}))
		c := &realCab{unit: unit, base: "http://" + listen, taken: map[string]bool{}, lamps: map[string]time.Time{}, nodes: map[ems.Node]bool{}}
		c.program = program(unit, "vehicle-agent", "--unit", unit, "--region", "demo", "--broker", "tcp://"+mqtt, "--listen", listen,
			"--data", filepath.Join(dir, unit), "--device", "monitor="+monitor, "--device", "gnss="+receiver, "--simulated")
		k.cabs = append(k.cabs, c)
	}
	return k
}

func pseudo(t *testing.T, d simport.Device) string {
	t.Helper()
	p, err := simport.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p.Path
}

// sendOut gives each cab a mission, whose order it has accepted.
func (k *killTest) sendOut() {
	for _, c := range k.cabs {
		k.insist("duty of "+c.unit, func() bool {
			return k.send(k.base+"/api/v1/units/"+c.unit+"/duty", wire.DutyBody{Act: wire.Act{ID: "duty-" + c.unit}, Duty: ems.OnDuty, Crew: []string{"司机", "医生"}}, nil)
		})
		var in ems.Incident
		place := &ems.Place{Pos: &ems.WGS84{Lat: 30.2, Lon: 120.1}}
		k.insist("incident", func() bool {
			return k.send(k.base+"/api/v1/incidents", wire.IncidentBody{Act: wire.Act{ID: "inc-" + c.unit}, Type: ems.Emergency, Priority: ems.PriorityA, Place: place}, &in)
		})
		var d wire.Dispatched
		k.insist("dispatch", func() bool {
			return k.send(k.base+"/api/v1/incidents/"+string(in.ID)+"/dispatch", wire.DispatchBody{Act: wire.Act{ID: "disp-" + c.unit}, Unit: ems.UnitID(c.unit)}, &d)
		})
		k.insist("acceptance of "+c.unit, func() bool {
			return k.send(c.base+"/api/v1/orders/"+string(d.Order.ID)+"/accept", wire.OrderAnswerBody{By: "司机"}, nil)
		})
		c.nodes[ems.NodeAcknowledged] = true
		c.mission = d.Mission.ID
	}
}

// crew presses, writes and touches; each with its own id until the agent has answered, and now and then once more.
func (k *killTest) crew(ctx context.Context, c *realCab, r *rand.Rand) {
	nodes := ems.Nodes[2:8]
	for n := 0; ctx.Err() == nil; n++ {
		var act func() bool
		switch {
		case n%5 == 4 && len(nodes) > 0:
			node := nodes[0]
			nodes = nodes[1:]
			act = func() bool {
				ok := k.send(c.base+"/api/v1/missions/"+string(c.mission)+"/nodes", wire.TerminalNode{ID: fmt.Sprintf("node-%s-%d", c.unit, n), Node: node, By: "医生"}, nil)
				c.note(func() { c.nodes[node] = c.nodes[node] || ok })
				return ok
			}
		case n%3 == 2:
			id := fmt.Sprintf("note-%s-%d", c.unit, n)
			act = func() bool {
				ok := k.send(c.base+"/api/v1/notes", wire.TerminalNote{ID: id, Mission: c.mission, Text: "现场", By: "医生"}, nil)
				c.note(func() { c.taken[id] = c.taken[id] || ok })
				return ok
			}
		default:
			id := fmt.Sprintf("sos-%s-%d", c.unit, n)
			act = func() bool { return k.press(c, id) }
		}
		for try := 0; !act() && try < 200; try++ {
			time.Sleep(25 * time.Millisecond)
		}
		time.Sleep(between(r, 0, 120*time.Millisecond))
		if r.IntN(3) == 0 {
			act()
		}
	}
}

// press presses the key, or looks at its lamp once more.
func (k *killTest) press(c *realCab, id string) bool {
	var a wire.TerminalSOSAnswer
	ok := k.send(c.base+"/api/v1/sos", wire.TerminalSOS{PressID: id, By: "terminal", Seat: "cabin"}, &a)
	c.note(func() {
		c.taken[id] = c.taken[id] || ok
		if _, lit := c.lamps[id]; ok && a.Lamp == "received" && !lit {
			c.lamps[id] = time.Now()
		}
	})
	return ok
}

func (c *realCab) note(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// judge waits until everything that was answered is in the journal, and counts it there.
func (k *killTest) judge(seed uint64) {
	found, when, nodes, missing := map[string]int{}, map[string]time.Time{}, map[string]bool{}, ""
	look := func() bool {
		events, ok := k.read()
		if !ok {
			missing = "the journal cannot be read"
			return false
		}
		clear(found)
		for _, e := range events {
			var b struct {
				ID      string `json:"id"`
				Mission string `json:"mission"`
			}
			if key, is := pressOf(e); is {
				found[key]++
				when[key] = e.At
				continue
			}
			switch desk.Type(e.Type) {
			case desk.TypeNoteAdded:
				if json.Unmarshal(e.Body, &b) == nil {
					found[b.ID]++
				}
			case desk.TypeNodeSet:
				var n desk.NodeSet
				if json.Unmarshal(e.Body, &n) == nil {
					nodes[string(n.Mission)+"/"+string(n.Node.Node)] = true
				}
			default:
			}
		}
		for _, c := range k.cabs {
			for id := range c.taken {
				if found[keyOf(c.unit, id)] == 0 {
					missing = id
					return false
				}
			}
			for n, touched := range c.nodes {
				if touched && !nodes[string(c.mission)+"/"+string(n)] {
					missing = "node " + string(n) + " of " + c.unit
					return false
				}
			}
		}
		return true
	}
	for end := time.Now().Add(90 * time.Second); !look(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			k.t.Fatalf("DLV-001: LIFELINE_SEED=%d: 90 s after the last kill the journal lacks %s", seed, missing)
		}
	}
	k.light()
	presses := 0
	for id, n := range found {
		if n != 1 {
			k.t.Errorf("ALM-004, DLV-002: LIFELINE_SEED=%d: %s stands %d times in the journal", seed, id, n)
		}
		presses++
	}
	lit := 0
	for _, c := range k.cabs {
		for id, at := range c.lamps {
			lit++
			if in := when[keyOf(c.unit, id)]; in.After(at) {
				k.t.Errorf("ALM-003: LIFELINE_SEED=%d: the lamp of %s was lit at %v, and the alarm was decided at %v", seed, id, at, in)
			}
		}
	}
	total := k.dispatcher.kills
	for _, c := range k.cabs {
		total += c.kills
	}
	k.t.Logf("%d kills (dispatcher %d), %d presses and notes, %d lamps seen lit", total, k.dispatcher.kills, presses, lit)
	if presses < 10 || lit == 0 {
		k.t.Errorf("hardly anything happened: %d presses and notes, %d lamps", presses, lit)
	}
}

// light looks at the lamps of the keys that were pressed until one is lit: on a slow machine nobody may have looked while it acted.
func (k *killTest) light() {
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		lit := 0
		for _, c := range k.cabs {
			for _, id := range sortedKeys(c.taken) {
				if id[:4] == "sos-" {
					k.press(c, id)
				}
			}
			lit += len(c.lamps)
		}
		if lit > 0 {
			return
		}
	}
}

// keyOf is what the journal calls a press or a note of a unit.
func keyOf(unit, id string) string {
	if id[:4] == "sos-" {
		return alarm.Key(ems.CrewSOS, unit, id)
	}
	return id
}
