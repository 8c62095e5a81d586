package simdevice_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/gnss"
	"lifeline120/internal/simdevice"
)

// streets is a way round three corners in Linyi, 2.3 km, with a red light.
var streets = simdevice.Route{From: ems.WGS84{Lat: 35.1000, Lon: 118.3500}, Legs: []simdevice.Leg{
	{To: ems.WGS84{Lat: 35.1050, Lon: 118.3500}},
	{To: ems.WGS84{Lat: 35.1050, Lon: 118.3600}, SpeedKmh: 60, Halt: 20 * time.Second},
	{To: ems.WGS84{Lat: 35.1050, Lon: 118.3630}},
	{To: ems.WGS84{Lat: 35.1000, Lon: 118.3640}},
}}

// trip is a receiver, a session that reads it, and what came of both.
type trip struct {
	receiver *simdevice.Receiver
	session  gnss.Session
	now      time.Time
	fixes    []ems.Fix
	frames   int
	garbage  int
}

func newTrip(c simdevice.ReceiverConfig) *trip {
	t := &trip{receiver: simdevice.NewReceiver(c), now: begin}
	t.session = gnss.All[0].New(gnss.Options{Floor: begin.Add(-24 * time.Hour)})
	t.receiver.Step(t.now)
	return t
}

// ride goes on for some seconds and gives the fixes of them.
func (t *trip) ride(seconds int) []ems.Fix {
	from := len(t.fixes)
	for range seconds * 5 {
		t.now = t.now.Add(200 * time.Millisecond)
		o := t.session.Feed(t.now, t.receiver.Step(t.now))
		t.fixes = append(t.fixes, o.Fixes...)
		t.frames += o.Frames
		t.garbage += o.Garbage
	}
	o := t.session.Tick(t.now)
	t.fixes = append(t.fixes, o.Fixes...)
	return t.fixes[from:]
}

func qualities(fixes []ems.Fix) string {
	var words []string
	for _, f := range fixes {
		if q := f.Quality.String(); len(words) == 0 || words[len(words)-1] != q {
			words = append(words, q)
		}
	}
	return strings.Join(words, " ")
}

func TestReceiverDrivesItsRoute(t *testing.T) {
	for _, talker := range []string{"GN", "GP", "BD"} {
		t.Run(talker, func(t *testing.T) {
			ride := newTrip(simdevice.ReceiverConfig{Seed: 7, Talker: talker, Route: streets})
			fastest, halted, arrived := 0.0, 0, 0
			for second := 1; second < 400; second++ {
				fixes := ride.ride(1)
				truth := ride.receiver.Pos()
				for _, f := range fixes {
					if f.Quality != ems.Good {
						t.Fatalf("second %d: %v", second, f.Quality)
					}
					if off := geo.Distance(f.Pos, truth); off > 40 { // the fix is up to a second old
						t.Fatalf("second %d: the fix is %.0f m off", second, off)
					}
					if math.Abs(f.DeviceTime.Sub(ride.now).Seconds()) > 1.1 {
						t.Fatalf("second %d: receiver time %v at %v", second, f.DeviceTime, ride.now)
					}
				}
				speed := ride.receiver.SpeedKmh()
				fastest = max(fastest, speed)
				if speed == 0 && !ride.receiver.Arrived() && second > 1 {
					halted++
				}
				if ride.receiver.Arrived() && arrived == 0 {
					arrived = second
				}
			}
			if fastest < 55 || fastest > 60.1 {
				t.Errorf("fastest %.1f km/h, want the limit of 60", fastest)
			}
			if halted < 18 || halted > 22 {
				t.Errorf("stood %d s at the red light, want 20", halted)
			}
			if arrived < 150 || arrived > 300 {
				t.Errorf("arrived after %d s", arrived)
			}
			if off := geo.Distance(ride.receiver.Pos(), streets.Legs[3].To); off > 1 {
				t.Errorf("stands %.1f m from the end", off)
			}
			if way := ride.receiver.Driven(); way < 2280 || way > 2320 {
				t.Errorf("drove %.0f m of 2300", way)
			}
			if ride.garbage != 0 || ride.frames < 4*398 {
				t.Errorf("%d frames, %d bytes of garbage", ride.frames, ride.garbage)
			}
		})
	}
}

func TestReceiverFaults(t *testing.T) {
	long := simdevice.Along([]ems.WGS84{{Lat: 35, Lon: 118.3}, {Lat: 35.3, Lon: 118.3}}, 50)
	for _, tc := range []struct {
		fault simdevice.ReceiverFault
		want  string // qualities while the fault lasts
	}{
		{simdevice.FixLost, "no_fix"},
		{simdevice.FixStale, "no_fix"},
		{simdevice.ClockFrozen, "good frozen"},
		{simdevice.PositionStuck, "good frozen"},
		{simdevice.PositionJump, "jump good"},
		{simdevice.DateRolled, "good"},
		{simdevice.ReceiverOff, ""},
	} {
		t.Run(fmt.Sprint(tc.fault), func(t *testing.T) {
			ride := newTrip(simdevice.ReceiverConfig{Seed: 3, Route: long})
			if got := qualities(ride.ride(60)); got != "good" {
				t.Fatalf("before: %s", got)
			}
			ride.receiver.Fault(tc.fault, true)
			fixes := ride.ride(20)
			got := qualities(fixes)
			if got != tc.want && "good "+tc.want != got { // an epoch may be waiting
				t.Errorf("while it lasts: %q, want %q", got, tc.want)
			}
			if tc.fault == simdevice.DateRolled && !fixes[19].DeviceTime.Truncate(time.Minute).Equal(ride.now.Truncate(time.Minute)) {
				t.Errorf("the rolled date came out as %v", fixes[19].DeviceTime)
			}
			ride.receiver.Fault(tc.fault, false)
			ride.ride(10)
			if got := qualities(ride.ride(5)); got != "good" {
				t.Errorf("afterwards: %s", got)
			}
		})
	}
}

func TestReceiverNoiseCostsSentencesOnly(t *testing.T) {
	ride := newTrip(simdevice.ReceiverConfig{Seed: 5, Route: streets})
	ride.receiver.Fault(simdevice.LineNoise, true)
	fixes := ride.ride(120)
	if len(fixes) < 80 || len(fixes) > 125 {
		t.Errorf("%d fixes in 120 noisy seconds", len(fixes))
	}
	if ride.garbage == 0 {
		t.Error("no garbage was counted")
	}
	for _, f := range fixes {
		if f.Quality == ems.Good && geo.Distance(f.Pos, streets.From) > 1500 {
			t.Errorf("noise made a position: %v", f.Pos)
		}
	}
}

func TestReceiverRepeatsItself(t *testing.T) {
	run := func(seed uint64) (out []byte) {
		r := simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: seed, Route: streets})
		r.Fault(simdevice.LineNoise, true)
		for i := range 500 {
			out = append(out, r.Step(begin.Add(time.Duration(i)*150*time.Millisecond))...)
		}
		return out
	}
	if !bytes.Equal(run(1), run(1)) {
		t.Error("one seed gave two drives")
	}
	if bytes.Equal(run(1), run(2)) {
		t.Error("two seeds gave one drive")
	}
}

func TestReceiverCatchesUp(t *testing.T) {
	r := simdevice.NewReceiver(simdevice.ReceiverConfig{Route: streets})
	if out := r.Step(begin); out != nil {
		t.Errorf("the first step sent %q", out)
	}
	out := r.Step(begin.Add(10 * time.Minute))
	if n := bytes.Count(out, []byte("RMC")); n != 5 {
		t.Errorf("%d seconds were sent after a long pause, want the last 5", n)
	}
	if !r.Arrived() {
		t.Error("the vehicle did not drive meanwhile")
	}
	if out := r.Step(begin); out != nil || r.Step(begin.Add(10*time.Minute)) != nil {
		t.Errorf("a clock that went back made bytes: %q", out)
	}
	r.SetRoute(simdevice.Along([]ems.WGS84{r.Pos(), {Lat: 35.11, Lon: 118.37}}, 0))
	if r.Step(begin.Add(11 * time.Minute)); r.SpeedKmh() < 40 {
		t.Errorf("after a minute of a new route it goes %.0f km/h", r.SpeedKmh())
	}
}
