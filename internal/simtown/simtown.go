// Package simtown is a seeded town for tests: vehicle agents with their devices, the link, the dispatcher and its screens in one
// process and in fake time (testing/synctest), with people who press keys and a fate that cuts links, kills processes, steps
// clocks, fills disks and puts old backups back. A seed draws everything that happens. An oracle writes down what was pressed,
// touched and measured at the vehicles, and holds it against journal, store and feeds: the rules of DESIGN §4.
package simtown

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/maps"
)

// Options say what happens in a town.
type Options struct {
	Units    int           // 0: three
	Troubled time.Duration // how long people and fate act; 0: two minutes
	Settle   time.Duration // how long everything may take to come to rest when all is well again; 0: six minutes
	Quiet    bool          // no fate: nothing fails
	Live     bool          // the store is no demo: only what is simulated says so
	Log      io.Writer     // what happened, line by line; nil: none
}

func (o Options) filled() Options {
	if o.Units == 0 {
		o.Units = 3
	}
	if o.Troubled == 0 {
		o.Troubled = 2 * time.Minute
	}
	if o.Settle == 0 {
		o.Settle = 6 * time.Minute
	}
	return o
}

// Report counts what a run went through.
type Report struct {
	Presses, Alarms, Orders, Missions, Notices int
	Records, Stored, Declared, Conflicts       int // identities handed out; stored; covered by gap records; kept beside others
	Crashes, Kills, Cuts, Restores, Steps      int
	Events                                     uint64 // of the journal
	Trace                                      uint64 // digest of the journal: equal for equal seeds
	Recommended, Otherwise, Lagged             int    // recommendations shown; choices of another than the first; screens cut off
	Looked                                     [len(judged)]int
}

// Town is one town at work. Its methods are for the goroutine of the play.
type Town struct {
	t      testing.TB
	seed   uint64
	opt    Options
	ctx    context.Context // of everything that stays as long as the town
	cancel context.CancelFunc
	began  time.Time
	city   maps.City
	air    *air
	centre *centre
	units  []*vehicle
	oracle *oracle
	log    *slog.Logger
	dir    string
	people sync.WaitGroup
	ids    atomic.Uint64
}

// begin is when every town begins: bubbles of synctest start in the year 2000, in which no receiver may be believed.
var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// Run lives one seeded life of a town: people and fate act, then everything is made well again, comes to rest, and is judged.
func Run(t *testing.T, seed uint64, o Options) Report {
	var r Report
	Play(t, seed, o, func(town *Town) {
		town.Live()
		r = town.Judge()
	})
	return r
}

// Play builds a town in a bubble of fake time and gives it to the play; afterwards everything is stopped.
func Play(t *testing.T, seed uint64, o Options, play func(*Town)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(begin))
		town := build(t, seed, o.filled(), dir)
		defer town.close()
		play(town)
	})
}

func build(t testing.TB, seed uint64, o Options, dir string) *Town {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Town{t: t, seed: seed, opt: o, ctx: ctx, cancel: cancel, began: time.Now(), dir: dir, log: slog.New(slog.DiscardHandler)}
	if o.Log != nil {
		w.log = slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{ReplaceAttr: w.sinceBegin}))
	}
	w.city = town(o.Units)
	w.oracle = newOracle(w)
	w.air = newAir(w)
	w.centre = newCentre(w)
	w.centre.start()
	starts := w.chance("starts")
	for i, u := range w.city.Units[:o.Units] {
		time.Sleep(between(starts, time.Millisecond, 40*time.Millisecond)) // each at an instant of its own: two at one would begin in any order
		v := newVehicle(w, u, i)
		w.units = append(w.units, v)
		v.start()
	}
	return w
}

// sinceBegin writes times as seconds of the run: a log of another run of the seed is then the same text.
func (w *Town) sinceBegin(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.String("at", fmt.Sprintf("%.3f", time.Since(w.began).Seconds()))
	}
	return a
}

// close ends everything that runs, so that the bubble can end.
func (w *Town) close() {
	w.cancel()
	w.people.Wait()
	for _, v := range w.units {
		v.stop()
	}
	w.centre.stop()
	w.air.close()
}

// chance is a stream of numbers of its own for each name: what one part of the town draws changes nothing for another.
func (w *Town) chance(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

// bytesOf fills b from a stream.
func bytesOf(r *rand.Rand, b []byte) {
	for len(b) > 0 {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], r.Uint64())
		b = b[copy(b, n[:]):]
	}
}

// between draws a duration, to the nanosecond, so that two things hardly ever happen at the same instant.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}

// now is true time, which is the server's.
func now() time.Time { return time.Now() }

// wait lets time pass for a person; false when the play is over.
func (w *Town) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Sleep lets time pass.
func (w *Town) Sleep(d time.Duration) { time.Sleep(d) }

// eventually waits until f holds, at most for a time.
func (w *Town) eventually(most time.Duration, f func() bool) bool {
	for end := now().Add(most); ; time.Sleep(50 * time.Millisecond) {
		if f() {
			return true
		}
		if !now().Before(end) {
			return false
		}
	}
}

func (w *Town) id(kind string) string { return fmt.Sprintf("%s-%d", kind, w.ids.Add(1)) }

// asideFile is where the dispatcher keeps what the store has not taken.
func (w *Town) asideFile() string { return filepath.Join(w.dir, "aside") }

// town is a small city: every unit sees every other within minutes.
func town(units int) maps.City {
	c := maps.City{Name: "种子镇", NameEn: "Seed Town", Region: "town", Desks: []ems.DeskID{"d1", "d2", "d3"}}
	c.Stations = []ems.Station{{ID: "st1", Name: "一站", Pos: ems.WGS84{Lat: 30.27, Lon: 120.15}, Simulated: true}}
	for i := range 3 {
		c.Hospitals = append(c.Hospitals, ems.Hospital{ID: ems.HospitalID(fmt.Sprintf("h%d", i+1)), Name: fmt.Sprintf("第%d医院", i+1),
			Pos: ems.WGS84{Lat: 30.25 + 0.01*float64(i), Lon: 120.17}, Persons: []string{"值班医生", "主任"}, Simulated: true})
	}
	for i := range units {
		id := ems.UnitID(fmt.Sprintf("u%d", i+1))
		c.Units = append(c.Units, ems.Unit{ID: id, Plate: "浙A·" + string(id), Name: string(id), Kind: ems.UnitMonitoring, Station: "st1", Simulated: true})
	}
	// Known to the centre, without a computer: what it is told by radio, a desk enters. The last two are equal in everything but their name.
	for _, u := range []ems.Unit{{ID: "t1", Kind: ems.UnitTransport}, {ID: "r2", Kind: ems.UnitOrdinary}, {ID: "r1", Kind: ems.UnitOrdinary}} {
		u.Plate, u.Name, u.Station, u.Simulated = "浙A·"+string(u.ID), string(u.ID), "st1", true
		c.Units = append(c.Units, u)
	}
	return c
}

func itoa(n uint64) string { return fmt.Sprintf("%d", n) }
