package mission

import (
	"math"
	"slices"
	"time"

	"lifeline120/internal/ems"
)

// Limits of foretelling an arrival.
const (
	// BandLow and BandHigh: of ten arrivals one comes before the band and one after it.
	BandLow, BandHigh = 0.1, 0.9
	// BandSamples are the newest arrivals that the band is made of; more would be last season's traffic.
	BandSamples = 200
	// BandAssumed are the arrivals that stand in for own ones until there are so many.
	BandAssumed = 20
	// ForecastLeast: a shorter way says nothing of how well arrivals are foretold; its seconds are parking and lights.
	ForecastLeast = time.Minute
	// ArrivalKnownS: an arrival by position that is less certain than this judges no forecast.
	ArrivalKnownS = 15.0
	// AwayBy and AwayFor: a unit whose time to go has grown by so much over the least seen, and stays so for so long, drives away from where
	// it is going.
	AwayBy  = 60 * time.Second
	AwayFor = 10 * time.Second
)

// spread is how far arrivals are taken to scatter about what was foretold while there are no own ones: the standard deviation of the logarithm
// of time taken over time foretold. An assumption, and a wide one; own arrivals take its place, one for one.
func spread(method string) float64 {
	if method == ems.ETAByRoads {
		return 0.25
	}
	return 0.45
}

// Band is how much sooner or later than foretold units arrive, as factors of the time that was still to go, and how many own arrivals it is
// made of.
type Band struct {
	Low, High float64
	Own       int
}

// Around gives the band about an arrival that is foretold at one time for another. It always has the arrival in it.
func (b Band) Around(made, at time.Time) (from, to time.Time) {
	left := at.Sub(made)
	return made.Add(time.Duration(float64(left) * min(b.Low, 1))), made.Add(time.Duration(float64(left) * max(b.High, 1)))
}

// Arrived is one arrival beside what was foretold.
type Arrived struct {
	Made  time.Time // when it was foretold
	Ratio float64   // time taken over time foretold
}

// BandOf makes a band of own arrivals that were foretold by one method; the newest BandSamples count.
func BandOf(own []Arrived, method string) Band {
	own = slices.Clone(own)
	slices.SortFunc(own, func(a, b Arrived) int { return b.Made.Compare(a.Made) })
	own = own[:min(len(own), BandSamples)]
	var ratios []float64
	for _, a := range own {
		ratios = append(ratios, a.Ratio)
	}
	for i, n := 0, max(0, BandAssumed-len(own)); i < n; i++ {
		z := math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/float64(n)-1)
		ratios = append(ratios, math.Exp(z*spread(method)))
	}
	slices.Sort(ratios)
	return Band{quantile(ratios, BandLow), quantile(ratios, BandHigh), len(own)}
}

// quantile of sorted values, between two of them by their distance; values are not empty.
func quantile(sorted []float64, q float64) float64 {
	at := min(max(q*float64(len(sorted))-0.5, 0), float64(len(sorted)-1))
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// ArrivalOf is when a mission's unit arrived where a leg ends: by position where that is known well, otherwise by the node as it stands; false
// when it has not, or when only an entry made later says so.
func ArrivalOf(m ems.Mission, leg ems.Node) (time.Time, bool) {
	n := Find(m.Nodes, leg)
	if n == nil {
		return time.Time{}, false // positions propose; that it was the place, people say
	}
	for i := len(m.Stands) - 1; i >= 0; i-- {
		if s := m.Stands[i]; s.Node == leg && s.UncertainS <= ArrivalKnownS {
			return s.At, true
		}
	}
	return n.At, !n.Late && n.UncertainS <= ArrivalKnownS
}

// ArrivedOf compares what was foretold of a mission's legs by one method with what came; nothing of legs that are not over or too short. Where
// the aim changed under way the newest forecast counts.
func ArrivedOf(m ems.Mission, method string) []Arrived {
	var out []Arrived
	for i, f := range m.Forecasts {
		if slices.ContainsFunc(m.Forecasts[i+1:], func(later ems.Forecast) bool { return later.Node == f.Node }) {
			continue
		}
		foretold := f.At.Sub(f.Made)
		at, known := ArrivalOf(m, f.Node)
		if f.Method != method || !known || foretold < ForecastLeast || !at.After(f.Made) {
			continue
		}
		out = append(out, Arrived{f.Made, at.Sub(f.Made).Seconds() / foretold.Seconds()})
	}
	return out
}

// Away watches whether a unit drives away from where it is going: whichever way it takes, the time that it still has to go shrinks. The zero
// value is ready.
type Away struct {
	aim    ems.WGS84
	method string
	least  time.Duration
	set    bool
	since  time.Time // its time to go is longer by AwayBy
}

// Feed takes the time that is still to go, and how it was found; since says from when on the unit has been driving away. Another aim, and
// another way of finding times, begin anew.
func (a *Away) Feed(t time.Time, left time.Duration, aim ems.WGS84, method string) (since time.Time, away bool) {
	if !a.set || aim != a.aim || method != a.method {
		*a = Away{aim: aim, method: method, least: left, set: true}
	}
	a.least = min(a.least, left)
	switch {
	case left-a.least < AwayBy:
		a.since = time.Time{}
	case a.since.IsZero():
		a.since = t
	}
	return a.since, !a.since.IsZero() && t.Sub(a.since) >= AwayFor
}
