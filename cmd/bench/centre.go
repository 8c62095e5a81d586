package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"lifeline120/internal/dispatcher"
	"lifeline120/internal/ems"
	"lifeline120/internal/porttest"
	"lifeline120/internal/wire"
	"lifeline120/maps"
)

const (
	region    = ems.RegionID("demo")
	vanID     = ems.UnitID("van")  // the whole agent
	busyID    = ems.UnitID("busy") // the same with the same devices, only measured
	idleID    = ems.UnitID("idle") // the same with nothing plugged in
	hospital  = ems.HospitalID("h1")
	desk      = "d1"
	person    = "bench"
	readyWait = 30 * time.Second
)

// centre is the dispatcher under test and where it is.
type centre struct {
	cli
	g      *errgroup.Group
	base   string
	broker string
	server *process
}

// open starts the dispatcher with a city of its own.
func (c cli) open(ctx context.Context, g *errgroup.Group) (*centre, error) {
	city := filepath.Join(c.Dir, "city")
	if err := writeCity(city, c.Units); err != nil {
		return nil, err
	}
	ports, release, err := porttest.Take(3)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, release)
	x := &centre{cli: c, g: g, base: "http://" + ports[0], broker: "tcp://" + ports[1]}
	x.server, err = x.start(ctx, "dispatcher", "dispatcher", "serve", "--demo", "--data", filepath.Join(c.Dir, "dispatcher"), "--city", city,
		"--listen", ports[0], "--mqtt-listen", ports[1], "--public-listen", ports[2])
	if err != nil {
		return nil, err
	}
	return x, ready(ctx, x.base+"/readyz")
}

func writeCity(dir string, units int) error {
	demo, err := maps.Load(maps.Demo())
	if err != nil {
		return err
	}
	c := maps.City{Name: "测试市", NameEn: "Bench", Region: region, Desks: []ems.DeskID{desk}, Stations: demo.Stations, Hospitals: demo.Hospitals}
	add := func(id ems.UnitID) {
		c.Units = append(c.Units, ems.Unit{ID: id, Plate: "测A·" + string(id), Name: string(id), Kind: ems.UnitMonitoring,
			Station: c.Stations[len(c.Units)%len(c.Stations)].ID, Equipment: []string{"monitor"}})
	}
	for _, id := range []ems.UnitID{vanID, busyID, idleID} {
		add(id)
	}
	for i := range units {
		add(unitID(i))
	}
	b, err := json.Marshal(c) // JSON is YAML
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "city.yaml"), b, 0o600)
}

func unitID(i int) ems.UnitID { return ems.UnitID(fmt.Sprintf("u%03d", i+1)) }

// process is one of our programs.
type process struct {
	cmd  *exec.Cmd
	quit context.CancelFunc
	done chan struct{}
	err  error
}

// start runs a program until it is stopped; its end before that is an error of the run.
func (x *centre) start(ctx context.Context, name, program string, args ...string) (*process, error) {
	path := filepath.Join(x.Bin, program)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%s is not in %s: run `make build` first: %w", program, x.Bin, err)
	}
	log, err := os.Create(filepath.Join(x.Dir, name+".log"))
	if err != nil {
		return nil, err
	}
	life, quit := context.WithCancel(ctx)
	p := &process{cmd: exec.CommandContext(life, path, args...), quit: quit, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 10 * time.Second
	if err := p.cmd.Start(); err != nil {
		quit()
		log.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	x.g.Go(func() error {
		defer close(p.done)
		defer log.Close()
		err := p.cmd.Wait()
		if life.Err() != nil {
			p.err = err
			return nil
		}
		tail, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s stopped (%v). Its last words:\n%s", name, err, tail[max(0, len(tail)-2000):])
	})
	return p, nil
}

// end stops it in good order.
func (p *process) end() error {
	p.quit()
	<-p.done
	if p.err != nil && !errors.Is(p.err, context.Canceled) {
		return fmt.Errorf("stop %s: %w", filepath.Base(p.cmd.Path), p.err)
	}
	return nil
}

func (x *centre) stop() error { return x.server.end() }

// missing reads the store after the dispatcher has closed it, and counts what units had numbered and it does not hold: lost is what the unit
// has deleted, late what it still holds and would send on.
func (x *centre) missing(ctx context.Context, fleets ...*fleet) (lost, late uint64, err error) {
	st, err := dispatcher.OpenToRead(ctx, filepath.Join(x.Dir, "dispatcher"), "")
	if err != nil {
		return 0, 0, err
	}
	defer st.Close()
	lanes, err := st.Lanes(ctx)
	if err != nil {
		return 0, 0, err
	}
	type key struct {
		unit ems.UnitID
		laneOf
	}
	sets := map[key]wire.RangeSet{}
	for _, l := range lanes {
		sets[key{l.Unit, laneOf{l.Epoch, l.Lane}}] = l.Set
	}
	for _, f := range fleets {
		for _, u := range f.units {
			for l, n := range u.numbered {
				set, held := sets[key{u.id, l}], u.held[l]
				for seq := uint64(1); seq <= n; seq++ {
					switch {
					case set.Has(seq):
					case held.Has(seq):
						late++
					default:
						lost++
					}
				}
			}
			lost += u.gaps
		}
	}
	return lost, late, nil
}

// ready waits until url answers 200.
func ready(ctx context.Context, url string) error {
	wait, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(wait, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("it answers %s", resp.Status)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-wait.Done():
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s is not ready after %v: %w", url, readyWait, err)
		}
	}
}

// call posts body as JSON and reads the answer into out, if it is not nil.
func call(ctx context.Context, addr string, body, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, addr, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-By", url.PathEscape(person))
	req.Header.Set("X-Desk", desk)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s answers %s: %s", addr, resp.Status, answer)
	}
	if out != nil {
		return json.Unmarshal(answer, out)
	}
	return nil
}

// metric sums one counter of the dispatcher over those of its lines that begin so.
func (x *centre) metric(prefix string) (float64, error) {
	resp, err := http.Get(x.base + "/metrics")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, err
	}
	sum, found := 0.0, false
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte(prefix)); ok {
			var v float64
			if _, err := fmt.Sscan(string(rest[bytes.LastIndexByte(rest, ' ')+1:]), &v); err != nil {
				return 0, fmt.Errorf("read metric %s: %w", prefix, err)
			}
			sum, found = sum+v, true
		}
	}
	if !found {
		return 0, fmt.Errorf("the dispatcher has no metric %s", prefix)
	}
	return sum, nil
}
