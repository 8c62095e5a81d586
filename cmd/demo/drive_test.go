package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"lifeline120/internal/geo"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/simdevice"
	"lifeline120/maps"
)

// The simulated vehicles drive what the dispatcher foretells: on roads, and in its times, but for the differences that pace makes on purpose.
func TestTheyDriveWhatIsForetold(t *testing.T) {
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	net, err := openRoads()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(4, 4))
	for _, siren := range []bool{true, false} {
		mode := roadlive.Normal
		if siren {
			mode = roadlive.Mission
		}
		var ratios []float64
		for i := range 40 {
			d := city.Districts[rng.IntN(len(city.Districts))]
			if len(d.Areas) == 0 {
				continue
			}
			a, b := city.Stations[rng.IntN(len(city.Stations))].Pos, d.Areas[rng.IntN(len(d.Areas))].Pos
			foretold, ok := net.Travel(mode, a, b)
			if !ok || foretold < time.Minute {
				continue
			}
			way := newPace(uint64(i)).route(net, a, b, siren)
			r := simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: uint64(i), Route: way})
			at := time.Unix(0, 0)
			r.Step(at)
			driven := time.Duration(0)
			for !r.Arrived() && driven < 3*foretold {
				driven += time.Second
				r.Step(at.Add(driven))
				if on := onRoad(net, r.Pos()); driven%(10*time.Second) == 0 && geo.Distance(on, r.Pos()) > 5 && geo.Distance(r.Pos(), a) > 300 && geo.Distance(r.Pos(), b) > 300 {
					t.Fatalf("after %v it is %.0f m beside the road", driven, geo.Distance(on, r.Pos()))
				}
			}
			ratios = append(ratios, driven.Seconds()/foretold.Seconds())
		}
		slices.Sort(ratios)
		if len(ratios) < 20 {
			t.Fatalf("only %d drives: nothing was tested", len(ratios))
		}
		middle := ratios[len(ratios)/2]
		t.Logf("siren %v: driven/foretold from %.2f over %.2f to %.2f in %d drives", siren, ratios[0], middle, ratios[len(ratios)-1], len(ratios))
		if math.Abs(middle-1) > 0.04 || ratios[0] < 0.7 || ratios[len(ratios)-1] > 1.5 {
			t.Errorf("siren %v: driven/foretold from %.2f over %.2f to %.2f", siren, ratios[0], middle, ratios[len(ratios)-1])
		}
	}
}
