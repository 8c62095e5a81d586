package mission_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/mission"
)

// arrivals makes n own arrivals whose ratio is spread about a middle.
func arrivals(n int, middle, sd float64) []mission.Arrived {
	rng := rand.New(rand.NewPCG(7, 11))
	out := make([]mission.Arrived, n)
	for i := range out {
		out[i] = mission.Arrived{Made: start.Add(time.Duration(i) * time.Minute), Ratio: middle * math.Exp(sd*rng.NormFloat64())}
	}
	return out
}

func TestBandHoldsEightOfTenArrivals(t *testing.T) {
	b := mission.BandOf(arrivals(200, 1.2, 0.15), ems.ETAByRoads)
	if b.Own != 200 {
		t.Fatalf("made of %d own arrivals", b.Own)
	}
	in := 0
	later := arrivals(1000, 1.2, 0.15)
	for _, a := range later {
		if a.Ratio >= b.Low && a.Ratio <= b.High {
			in++
		}
	}
	if in < 740 || in > 860 {
		t.Errorf("%d of 1000 arrivals fall into the band %v", in, b)
	}
}

func TestBandWithoutOwnArrivalsIsAssumedAndWiderByLine(t *testing.T) {
	road, line := mission.BandOf(nil, ems.ETAByRoads), mission.BandOf(nil, ems.ETAByLine)
	if road.Own != 0 || math.Abs(road.Low-math.Exp(-1.2816*0.25)) > 0.01 || math.Abs(road.High-math.Exp(1.2816*0.25)) > 0.02 {
		t.Errorf("assumed band is %+v", road)
	}
	if line.Low >= road.Low || line.High <= road.High {
		t.Errorf("by line %+v is no wider than by road %+v", line, road)
	}
	few := mission.BandOf(arrivals(3, 2, 0.01), ems.ETAByRoads)
	if few.Own != 3 || few.High <= road.High || few.High >= 2.1 || few.Low > 1 {
		t.Errorf("three late arrivals make %+v of %+v", few, road)
	}
}

func TestBandIsOfTheNewestArrivals(t *testing.T) {
	own := arrivals(200, 1, 0.05)
	for i := range own {
		own[i].Made = own[i].Made.Add(-1000 * time.Hour)
	}
	b := mission.BandOf(append(own, arrivals(200, 1.5, 0.05)...), ems.ETAByRoads)
	if b.Low < 1.2 {
		t.Errorf("band %+v has old arrivals in it", b)
	}
	from, to := b.Around(start, start.Add(10*time.Minute))
	if !from.Equal(start.Add(10*time.Minute)) || to.Sub(start) < 15*time.Minute {
		t.Errorf("about ten minutes stands %v to %v", from.Sub(start), to.Sub(start))
	}
}

func TestErrorOfAForecastIsAgainstTheBestKnownArrival(t *testing.T) {
	made := start
	f := []ems.Forecast{{Node: ems.NodeAtScene, Made: made, At: made.Add(10 * time.Minute), Method: ems.ETAByRoads}}
	node := func(min int, late bool) []ems.NodeTime {
		return []ems.NodeTime{{Node: ems.NodeAtScene, At: made.Add(time.Duration(min) * time.Minute), Late: late}}
	}
	stand := func(min int, uncertain float64) []ems.Stand {
		return []ems.Stand{{Node: ems.NodeAtScene, At: made.Add(time.Duration(min) * time.Minute), UncertainS: uncertain}}
	}
	for name, c := range map[string]struct {
		m    ems.Mission
		want float64 // 0: not known
	}{
		"by key":                        {ems.Mission{Forecasts: f, Nodes: node(12, false)}, 1.2},
		"by position, key pressed late": {ems.Mission{Forecasts: f, Nodes: node(15, false), Stands: stand(11, 1)}, 1.1},
		"position too uncertain":        {ems.Mission{Forecasts: f, Nodes: node(12, false), Stands: stand(14, 240)}, 1.2},
		"entered long after":            {ems.Mission{Forecasts: f, Nodes: node(12, true)}, 0},
		"nobody says that it was there": {ems.Mission{Forecasts: f, Stands: stand(11, 1)}, 0},
		"not there yet":                 {ems.Mission{Forecasts: f}, 0},
		"a way round the corner": {ems.Mission{Forecasts: []ems.Forecast{{Node: ems.NodeAtScene, Made: made, At: made.Add(40 * time.Second),
			Method: ems.ETAByRoads}}, Nodes: node(2, false)}, 0},
		"another method": {ems.Mission{Forecasts: []ems.Forecast{{Node: ems.NodeAtScene, Made: made, At: made.Add(10 * time.Minute),
			Method: ems.ETAByLine}}, Nodes: node(12, false)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := mission.ArrivedOf(c.m, ems.ETAByRoads)
			switch {
			case c.want == 0 && len(got) > 0:
				t.Errorf("judged as %v", got)
			case c.want > 0 && (len(got) != 1 || math.Abs(got[0].Ratio-c.want) > 1e-9):
				t.Errorf("judged as %v, want %v", got, c.want)
			}
		})
	}
}

func TestAwayIsNoticedAndNoOtherWay(t *testing.T) {
	type step struct{ s, left int }
	for name, c := range map[string]struct {
		steps []step
		away  bool
	}{
		"on its way":                          {[]step{{0, 600}, {10, 590}, {20, 580}}, false},
		"another way, as quick":               {[]step{{0, 600}, {10, 620}, {20, 610}, {30, 600}}, false},
		"a position on the wrong carriageway": {[]step{{0, 600}, {10, 590}, {11, 700}, {15, 700}, {16, 585}}, false},
		"drives away":                         {[]step{{0, 600}, {10, 590}, {20, 655}, {31, 670}}, true},
		"turns round":                         {[]step{{0, 600}, {10, 590}, {20, 655}, {31, 670}, {60, 640}}, false},
		"stands in a jam":                     {[]step{{0, 600}, {100, 600}, {300, 600}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var a mission.Away
			away := false
			for _, s := range c.steps {
				_, away = a.Feed(start.Add(time.Duration(s.s)*time.Second), time.Duration(s.left)*time.Second, scene, ems.ETAByRoads)
			}
			if away != c.away {
				t.Errorf("away: %v, want %v", away, c.away)
			}
		})
	}
	var a mission.Away
	a.Feed(start, 10*time.Minute, scene, ems.ETAByRoads)
	a.Feed(start.Add(time.Minute), 20*time.Minute, scene, ems.ETAByLine)
	if _, away := a.Feed(start.Add(2*time.Minute), 20*time.Minute, scene, ems.ETAByLine); away {
		t.Error("another way of finding times is a way of driving")
	}
}
