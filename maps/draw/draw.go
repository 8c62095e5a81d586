// Package draw draws the demo city: a prefecture city of two million in Shandong that does not exist. Everything in it is made from a
// seed by rules written here; nothing comes from a map. It is written as an OpenStreetMap file and as master data, the same doors by
// which a real city comes in (docs/maps.md). The same seed gives the same city.
package draw

import (
	"math/rand/v2"

	"lifeline120/maps"
)

// Seed is the demo city's own.
const Seed = 120

// City is a drawn city.
type City struct {
	OSM       OSM
	Master    maps.City
	Junctions int // where three or more roads meet
}

// Draw draws the city of a seed.
func Draw(seed uint64) City {
	rng := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }
	l := makeLand(rng(1))
	o := &layout{rng: rng(2), land: l, names: &namer{rng: rng(3), used: map[string]bool{}}}
	o.city()
	o.townships()
	o.county()
	o.motorways()
	o.villages(330)
	o.railway()
	n := lay(o.lines, l.water, rng(4))
	isRail := func(x *line) bool { return x.class == rail }
	n.tidy(isRail)
	n.roundabouts(append([]poly{l.newTown}, l.counties[0].ring, l.counties[1].ring, l.counties[2].ring, l.core), 40)
	o.settle(n)
	e := &emitter{}
	turns := n.turns(260)
	breaks, signals := map[int]bool{}, map[int]bool{}
	for _, j := range turns {
		breaks[j], signals[j] = true, true
	}
	e.roads(n, breaks, signals)
	e.restrict(turns)
	e.areas(l.areas)
	ds := districts(rng(5))
	e.borders(ds)
	c := City{}
	c.master(o, n, e, ds, rng(6))
	c.OSM = e.osm
	for _, d := range n.degree() {
		if d >= 3 {
			c.Junctions++
		}
	}
	return c
}
