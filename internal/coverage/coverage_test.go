package coverage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"lifeline120/internal/coverage"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/maps"
)

func demo(t *testing.T) maps.City {
	t.Helper()
	c, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The cells hold the calls that the city expects, each where somebody lives.
func TestGridOfTheDemoCity(t *testing.T) {
	c := demo(t)
	g := coverage.Of(c)
	if len(g.Cells) < 100 || len(g.Cells) > coverage.MaxCells {
		t.Fatalf("%d cells", len(g.Cells))
	}
	if !reflect.DeepEqual(g, coverage.Of(c)) {
		t.Error("the same city has another grid")
	}
	for h := range 24 {
		want, got := 0.0, 0.0
		for _, d := range c.Districts {
			want += c.Expected(d, h)
		}
		for _, cell := range g.Cells {
			got += float64(cell.Calls[h]) / 1e6
		}
		if math.Abs(want-got) > 0.001 {
			t.Errorf("at %d %.4f calls are expected, the cells have %.4f", h, want, got)
		}
	}
	for _, cell := range g.Cells {
		near := math.Inf(1)
		for _, d := range c.Districts {
			for _, a := range d.Areas {
				near = min(near, float64(geo.Distance(a.Pos, cell.Pos))-a.RadiusM)
			}
		}
		if near > 1500 {
			t.Errorf("a cell %.0f m from anybody", near)
		}
	}
}

func TestGridOfACitysOwnCells(t *testing.T) {
	day := make([]float64, 24)
	day[8], day[20] = 75, 25
	c := maps.City{Demand: maps.Demand{Profiles: map[string][]float64{"p": day},
		Cells: []maps.DemandCell{{Pos: ems.WGS84{Lat: 35, Lon: 118}, CallsPerDay: 4, Profile: "p"}, {Pos: ems.WGS84{Lat: 35.1, Lon: 118}, CallsPerDay: 12, Profile: "p"}}}}
	g := coverage.Of(c)
	if len(g.Cells) != 2 || g.Cells[0].Calls[8] != 3e6 || g.Cells[1].Calls[20] != 3e6 || g.Cells[0].Calls[0] != 0 {
		t.Errorf("%+v", g)
	}
	if g := coverage.Of(maps.City{}); len(g.Cells) != 0 {
		t.Error("a city that says nothing has cells")
	}
	// Two units, one reaches both cells, one the second only: by how much each matters.
	minutes := func(m ...int) coverage.Row {
		var d []time.Duration
		for _, x := range m {
			d = append(d, time.Duration(x)*time.Minute)
		}
		return coverage.RowOf(d)
	}
	got := g.Count(8, 12*time.Minute, map[ems.UnitID]coverage.Free{"both": {Row: minutes(10, 10), Mobilise: 90 * time.Second}, "second": {Row: minutes(-1, 12)}})
	if got.All.Calls != 1 || got.All.Area != 1 || got.Without["both"].Calls != 0.75 || got.Without["both"].Area != 0.5 || got.Without["second"] != got.All {
		t.Errorf("%+v", got)
	}
	got = g.Count(8, 12*time.Minute, map[ems.UnitID]coverage.Free{"both": {Row: minutes(10, 11), Mobilise: 90 * time.Second}}) // 12.5 min to the second
	if got.All.Calls != 0.25 || got.Without["both"].Calls != 0 {
		t.Errorf("with its mobilisation: %+v", got)
	}
	if got := g.Count(3, 12*time.Minute, nil); got.All.Calls != 0 || got.All.Area != 0 {
		t.Errorf("nobody, at an hour without calls: %+v", got)
	}
}

// BenchmarkCount is what a recommendation waits for: a large city's free units on its whole ground.
func BenchmarkCount(b *testing.B) {
	c, err := maps.Load(maps.Demo())
	if err != nil {
		b.Fatal(err)
	}
	g := coverage.Of(c)
	r := rand.New(rand.NewPCG(3, 4))
	units := map[ems.UnitID]coverage.Free{}
	for i := range 200 {
		times := make([]time.Duration, len(g.Cells))
		for k := range times {
			times[k] = time.Duration(r.IntN(3000)) * time.Second
		}
		units[ems.UnitID(fmt.Sprint("u", i))] = coverage.Free{Row: coverage.RowOf(times)}
	}
	for b.Loop() {
		g.Count(12, 12*time.Minute, units)
	}
	b.ReportMetric(float64(len(g.Cells)), "cells")
}

// Every share is what counting from nothing says, whatever the order.
func TestCountsAreExact(t *testing.T) {
	g := coverage.Of(demo(t))
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		units := map[ems.UnitID]coverage.Free{}
		for i := range 1 + r.IntN(12) {
			times := make([]time.Duration, len(g.Cells))
			for k := range times {
				if times[k] = time.Duration(r.IntN(3000)) * time.Second; r.IntN(20) == 0 {
					times[k] = -1
				}
			}
			units[ems.UnitID(rune('a'+i))] = coverage.Free{Row: coverage.RowOf(times), Mobilise: time.Duration(r.IntN(120)) * time.Second}
		}
		hour, target := r.IntN(24), time.Duration(300+r.IntN(900))*time.Second
		share := func(without ems.UnitID) (area, calls float64) {
			cells, n, all := 0, int64(0), int64(0)
			for k, cell := range g.Cells {
				all += cell.Calls[hour]
				for id, u := range units {
					if id != without && u.Row[k] != coverage.Never && time.Duration(u.Row[k])*time.Millisecond+u.Mobilise <= target {
						cells, n = cells+1, n+cell.Calls[hour]
						break
					}
				}
			}
			return float64(cells) / float64(len(g.Cells)), float64(n) / float64(all)
		}
		got := g.Count(hour, target, units)
		if area, calls := share(""); got.All.Area != area || got.All.Calls != calls {
			t.Fatalf("all: %+v, want %v and %v", got.All, area, calls)
		}
		for id := range units {
			if area, calls := share(id); got.Without[id].Area != area || got.Without[id].Calls != calls {
				t.Fatalf("without %s: %+v, want %v and %v", id, got.Without[id], area, calls)
			}
		}
	}
}
