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
	// cornerShare: the profile's speeds are those of whole roads, with slowing down for corners and getting away from them. The simulated
	// receiver does both by itself, so that between corners it must go faster by this much. Measured: without it 120 drives through the demo
	// city took 1.09 times as long as foretold with lights and sirens, and 1.04 times without. What is left on short ways is some 20 s for the yard,
	// the start and the last brake, which no travel time by road counts: the centre learns it from its own arrivals.
	cornerShare = 1.1
	yardKmh     = 20 // from a yard to its road
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
	net, times := r.City().Net, r.Now().Metric(mode)
	now := p.driver * spread(p.rng, trafficSpread) * cornerShare
	kmh := func(edge uint32) float64 {
		ms := times.EdgeMs[edge]
		return float64(net.Roads[net.Edges[edge].Road].Metres) * 3600 / float64(ms) * now * spread(p.rng, roadSpread)
	}
	out := simdevice.Route{From: a}
	to := func(at ems.WGS84, kmh float64) {
		if n := len(out.Legs); n == 0 && at != a || n > 0 && at != out.Legs[n-1].To {
			out.Legs = append(out.Legs, simdevice.Leg{To: at, SpeedKmh: kmh})
		}
	}
	to(way.Line[0], yardKmh)
	edge, v := 0, kmh(way.Edges[0])
	for _, at := range way.Line[1:] {
		to(at, v)
		if edge+1 < len(way.Edges) && at == net.Pos[net.Edges[way.Edges[edge]].To] {
			edge++
			v = kmh(way.Edges[edge])
		}
	}
	to(b, roads.WalkMps*3.6)
	return out
}
