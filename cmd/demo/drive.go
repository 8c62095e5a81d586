package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"

	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/simroads"
	"lifeline120/maps"
)

// openRoads reads the roads of the demo city, by the door that a real city comes in by.
func openRoads(ctx context.Context) (*simroads.Net, error) {
	b, err := fs.ReadFile(maps.Demo(), maps.RoadsFile)
	if err != nil {
		return nil, err
	}
	d, err := extract.Read(ctx, bytes.NewReader(b), nil)
	if err != nil {
		return nil, fmt.Errorf("the demo city: %w", err)
	}
	return simroads.Of(d)
}

// route leads a simulated receiver along the roads.
func route(n *simroads.Net, a, b ems.WGS84, siren bool) simdevice.Route {
	r := simdevice.Route{From: a}
	for _, s := range n.Route(a, b, siren) {
		if s.To != a {
			r.Legs = append(r.Legs, simdevice.Leg{To: s.To, SpeedKmh: s.SpeedKmh})
		}
	}
	return r
}
