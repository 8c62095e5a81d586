package main

import (
	"math"
	"math/rand/v2"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/simdevice"
	"lifeline120/maps"
)

// openRoads opens the roads of the demo city as the dispatcher does, with the same speeds: what is foretold is what is driven, but for what
// pace says. What the desk changes while the demo runs, closures and learned speeds, the simulated drivers do not hear of.
func openRoads() (*roadlive.Roads, error) {
	c, err := roadfile.Open(maps.Demo())
	if err != nil {
		return nil, err
	}
	p, err := roadfile.ReadProfiles(maps.Demo())
	if err != nil {
		return nil, err
	}
	return roadlive.Of(c.City, p.Mission, p.Normal, time.Now()), nil
}

// pace is how much faster or slower than the profile somebody drives. It errs as real drives do, on purpose and by lot: drivers differ from each
// other, hours from hours, and each road from what a table says of it. The spreads are assumptions: a city knows its own only after some
// weeks of its vehicles' tracks. In the mean everybody drives what the profile says.
type pace struct {
	rng    *rand.Rand
	driver float64
}

const (
	driverSpread  = 0.05 // of drivers
	trafficSpread = 0.08 // of hours
	roadSpread    = 0.12 // of roads
	yardKmh       = 20   // from a yard to its road
	// hurryMost: the profile's speeds are those of whole roads, with slowing down for corners and getting away from them, and count no yard. The simulated
	// receiver does all that by itself, so that between corners it must go faster, but by no more than this.
	hurryMost = 1.4
)

func newPace(seed uint64) *pace {
	rng := rand.New(rand.NewPCG(seed, 53))
	return &pace{rng, spread(rng, driverSpread)}
}

// spread is a factor around 1, as often so many times larger as smaller.
func spread(rng *rand.Rand, sigma float64) float64 {
	return min(max(math.Exp(sigma*rng.NormFloat64()), 0.6), 1.6)
}

// onRoad is the place on the nearest road; p itself where there is none.
func onRoad(r *roadlive.Roads, p ems.WGS84) ems.WGS84 {
	places := r.Snap(p)
	if len(places) == 0 {
		return p
	}
	_, on := r.City().Net.Bearing(places[0])
	return on
}

// route leads a simulated receiver along the way that the profile takes, at its speeds, and at last on foot's speed from the road to the door, as
// foretold times count it. Where no road leads it is the straight line.
func (p *pace) route(r *roadlive.Roads, a, b ems.WGS84, siren bool) simdevice.Route {
	mode := roadlive.Normal
	if siren {
		mode = roadlive.Mission
	}
	way, ok := r.Route(mode, r.Snap(a), r.Snap(b))
	if !ok {
		return simdevice.Along([]ems.WGS84{a, b}, 40)
	}
	// As often faster as slower than foretold, and of each road in its own way.
	want := time.Duration(float64(way.Ms)/(p.driver*spread(p.rng, trafficSpread))) * time.Millisecond
	net, times := r.City().Net, r.Now().Metric(mode)
	kmh := make([]float64, len(way.Edges))
	for i, e := range way.Edges {
		kmh[i] = float64(net.Roads[net.Edges[e].Road].Metres) * 3600 / float64(times.EdgeMs[e]) * spread(p.rng, roadSpread)
	}
	hurry := 1.0
	for range 4 {
		took := driven(legs(net, way, a, b, kmh, hurry))
		hurry = min(max(hurry*took.Seconds()/want.Seconds(), 1/hurryMost), hurryMost)
	}
	return legs(net, way, a, b, kmh, hurry)
}

// legs are those of a way, each road driven at its speed times hurry.
func legs(net *roads.Net, way roads.Route, a, b ems.WGS84, kmh []float64, hurry float64) simdevice.Route {
	out := simdevice.Route{From: a}
	to := func(at ems.WGS84, kmh float64) {
		if n := len(out.Legs); n == 0 && at != a || n > 0 && at != out.Legs[n-1].To {
			out.Legs = append(out.Legs, simdevice.Leg{To: at, SpeedKmh: kmh})
		}
	}
	to(way.Line[0], yardKmh)
	edge := 0
	for _, at := range way.Line[1:] {
		to(at, kmh[edge]*hurry)
		if edge+1 < len(way.Edges) && at == net.Pos[net.Edges[way.Edges[edge]].To] {
			edge++
		}
	}
	to(b, roads.WalkMps*3.6)
	return out
}

// driven is how long a receiver takes for a route.
func driven(way simdevice.Route) time.Duration {
	r := simdevice.NewReceiver(simdevice.ReceiverConfig{Route: way})
	began := time.Unix(0, 0)
	r.Step(began)
	took := time.Duration(0)
	for !r.Arrived() && took < 6*time.Hour {
		took += time.Second
		r.Step(began.Add(took))
	}
	return took
}
