package roadlive_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/maps"
)

func open(t *testing.T) (*roadlive.Roads, maps.City) {
	t.Helper()
	c, err := roadfile.Open(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	return roadlive.Of(c.City, roads.Mission(), roads.Normal(), time.Now()), city
}

// An update never stops a query, and never mixes: each answer is of the old times or of the new.
func TestTimesAreSwappedWhole(t *testing.T) {
	r, city := open(t)
	f := roadlive.NewFleet(r, roadlive.Mission)
	for _, u := range city.Units {
		for _, s := range city.Stations {
			if s.ID == u.Station {
				f.Stand(u.ID, s.Pos)
			}
		}
	}
	scene := city.Stations[2].Pos
	crawl := func(uint32) (float64, bool) { return 20, true }
	slow := roadlive.Living{}
	slow.Kmh[roadlive.Mission], slow.Measured[roadlive.Mission], slow.Slot = crawl, 1, "rush"
	answer := func() map[ems.UnitID]time.Duration {
		got, ok := f.Reach(scene)
		if !ok || len(got) < 30 {
			t.Fatalf("%d units reach the scene, %v", len(got), ok)
		}
		return got
	}
	fast := answer()
	retime := func(l roadlive.Living) *roadlive.Times {
		t.Helper()
		got, err := r.Retime(context.Background(), time.Now(), l)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := r.Now(); !got.Free || got.Closed != 0 {
		t.Errorf("at the beginning: %+v", got)
	}
	if got := retime(slow); got.Free || got.Slot != "rush" || got.Measured[roadlive.Mission] != 1 {
		t.Errorf("with measured speeds: %+v", got)
	}
	slower := answer()
	differ := 0
	for u := range fast {
		if fast[u] != slower[u] {
			differ++
		}
	}
	if differ < 30 {
		t.Fatalf("the new times change %d units: nothing was tested", differ)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got, _ := f.Reach(scene)
				old, now := 0, 0
				for u, d := range got {
					if d == fast[u] {
						old++
					}
					if d == slower[u] {
						now++
					}
				}
				if old != len(got) && now != len(got) {
					t.Errorf("of %d answers %d are of the old times and %d of the new", len(got), old, now)
					return
				}
			}
		})
	}
	for i := range 4 {
		over := slow
		if i%2 == 0 {
			over = roadlive.Living{}
		}
		if v := retime(over); v.Version != uint64(i+2) {
			t.Errorf("version %d after %d updates", v.Version, i+2)
		}
	}
	close(done)
	wg.Wait()
}

func TestAClosedRoadIsGoneAroundAndReached(t *testing.T) {
	r, city := open(t)
	from, to := r.Snap(city.Stations[0].Pos), r.Snap(city.Stations[1].Pos)
	way, ok := r.Route(roadlive.Mission, from, to)
	if !ok || len(way.Edges) < 6 {
		t.Fatalf("%+v", way)
	}
	shut := way.Edges[len(way.Edges)/2]
	if got, err := r.Retime(context.Background(), time.Now(), roadlive.Living{Closed: map[uint32]bool{shut: true}}); err != nil || got.Closed != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	around, ok := r.Route(roadlive.Mission, from, to)
	if !ok || around.Ms < way.Ms {
		t.Fatalf("around it takes %d ms, through it took %d", around.Ms, way.Ms)
	}
	for _, e := range around.Edges {
		if e == shut {
			t.Error("the way goes through the closed road")
		}
	}
	// Somebody who lies on it is reached all the same.
	if d := r.To(roadlive.Mission, [][]roads.Place{from}, []roads.Place{{Edge: shut, Along: 1}}); d[0] == roadlive.None {
		t.Error("a place on a closed road cannot be reached")
	}
}

func TestUnitsComeAndGo(t *testing.T) {
	r, city := open(t)
	f := roadlive.NewFleet(r, roadlive.Normal)
	a, b := city.Stations[0].Pos, city.Stations[3].Pos
	f.Stand("u1", a)
	f.Stand("u2", b)
	f.Move("u1", roads.Motion{Pos: b})
	got, ok := f.Reach(b)
	if !ok || got["u1"] != got["u2"] || len(got) != 2 {
		t.Fatalf("both stand at one place: %v", got)
	}
	f.Gone("u2")
	f.Gone("nobody")
	if got, _ := f.Reach(b); len(got) != 1 {
		t.Errorf("one has gone: %v", got)
	}
	f.Stand("u3", a)
	if got, _ := f.Reach(a); len(got) != 2 || got["u3"] > time.Minute {
		t.Errorf("another came in its place: %v", got)
	}
	off := ems.WGS84{Lat: a.Lat + 1, Lon: a.Lon}
	if places := f.Move("u3", roads.Motion{Pos: off}); places != nil {
		t.Errorf("off the map it is at %v", places)
	}
	if got, _ := f.Reach(a); len(got) != 1 {
		t.Errorf("who is off the map is reached from: %v", got)
	}
	if _, ok := f.Reach(off); ok {
		t.Error("an incident off the map is reached")
	}
	if _, ok := r.Travel(roadlive.Mission, a, off); ok {
		t.Error("a place off the map is travelled to")
	}
}

// Times that cannot be worked in leave the old ones, and say why.
func TestFailedTimesLeaveTheOldOnes(t *testing.T) {
	r, _ := open(t)
	before := r.Now()
	broken := roadlive.Living{}
	broken.Kmh[roadlive.Normal] = func(uint32) (float64, bool) { panic("measured by nobody") }
	if got, err := r.Retime(context.Background(), time.Now(), broken); err == nil || got != before || r.Now() != before {
		t.Errorf("%v, %v", got, err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if got, err := r.Retime(over, time.Now(), roadlive.Living{}); err == nil || got != before {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := r.Retime(context.Background(), time.Now(), roadlive.Living{}); err != nil || got.Version != before.Version+1 {
		t.Errorf("after it: %+v, %v", got, err)
	}
}
