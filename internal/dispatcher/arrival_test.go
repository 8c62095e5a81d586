package dispatcher

import (
	"context"
	"math"
	"testing"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/link"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
	"lifeline120/maps"
)

// between is a place so far along the straight line between two others.
func between(a, b ems.WGS84, share float64) ems.WGS84 {
	return ems.WGS84{Lat: a.Lat + share*(b.Lat-a.Lat), Lon: a.Lon + share*(b.Lon-a.Lon)}
}

// leaves sends unit u01 to a place and has it leave from another.
func (b *bench) leaves(from, to ems.WGS84) *van {
	v := newVan(b.air, "u01")
	v.presence(&pb.Presence{Online: true})
	b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
	b.do(desk.SetDuty{Unit: "u01", Duty: ems.OnDuty, Crew: []string{"李", "王"}})
	b.do(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: &ems.Place{Pos: &to, Source: "manual"}})
	b.do(desk.Dispatch{Incident: "i1", Unit: "u01", Mission: "m1", Order: "o1"})
	b.do(desk.AcceptByVoice{Order: "o1", Name: "李医生"})
	b.do(desk.SetNode{Mission: "m1", Node: ems.NodeDeparted})
	stands(v, from)
	return v
}

func (b *bench) mission(id ems.MissionID) (m ems.Mission) {
	b.looks(func(s *desk.State) { m = *s.Missions[id] })
	return m
}

// DSP-004: positions propose, people say. What was foretold when the unit left stays beside what came.
func TestDSP004_ArrivalByPositionSetsNoNodeAndMayBeConfirmed(t *testing.T) {
	net, err := demoRoads()
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	onRoads(t, func(context.Context) (*roadlive.Roads, error) { return net, nil }, func(t *testing.T, b *bench) {
		from, to := city.Stations[3].Pos, city.Stations[0].Pos
		v := b.leaves(from, to)
		for i := 1; i <= 8; i++ {
			stands(v, between(from, to, float64(i)/10))
		}
		came := time.Now()
		for range 13 {
			stands(v, to)
		}
		m := b.mission("m1")
		if m.State != ems.MissionDeparted {
			t.Errorf("positions moved the mission to %s", m.State)
		}
		if len(m.Stands) != 1 || m.Stands[0].Node != ems.NodeAtScene || m.Stands[0].At.Sub(came).Abs() > time.Second || m.Stands[0].UncertainS > 2 {
			t.Fatalf("seen to arrive: %+v, did at %v", m.Stands, came)
		}
		want, _ := net.Travel(roadlive.Mission, from, to)
		if len(m.Forecasts) != 1 || m.Forecasts[0].Node != ems.NodeAtScene || m.Forecasts[0].At.Sub(m.Forecasts[0].Made.Add(want)).Abs() > time.Second ||
			!m.Forecasts[0].From.Before(m.Forecasts[0].At) || !m.Forecasts[0].To.After(m.Forecasts[0].At) {
			t.Errorf("foretold %+v, by road %v", m.Forecasts, want)
		}
		if e := b.value("missions", "m1"); e["eta_from"] == nil || e["eta_to"] == nil || e["away"] != nil {
			t.Errorf("the console is shown %v", e)
		}
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeAtScene, Stood: true})
		n := b.mission("m1").Nodes
		if last := n[len(n)-1]; last.Node != ems.NodeAtScene || last.Source != ems.SourceGeofence || !last.At.Equal(m.Stands[0].At) || last.By != "张调度" {
			t.Errorf("confirmed as %+v", last)
		}
		got, err := b.foretoldAndCame(t.Context())
		if err != nil || len(got.Arrivals) != 1 || got.Arrivals[0].Arrived == nil || !got.Arrivals[0].Arrived.Equal(m.Stands[0].At) ||
			math.Abs(*got.Arrivals[0].ErrorS-m.Stands[0].At.Sub(m.Forecasts[0].At).Seconds()) > 1e-6 || *got.Arrivals[0].InBand {
			t.Errorf("kept: %+v, %v; it needed ten seconds for a way of %v", got, err, want)
		}
		if got.Bands["roads"].Low >= 1 || got.Bands["roads"].High <= 1 {
			t.Errorf("bands %+v", got.Bands)
		}
		if _, err := b.try(desk.SetNode{Mission: "m1", Node: ems.NodeAtHospital, Stood: true}); err == nil {
			t.Error("an arrival that nobody saw was confirmed")
		}
	})
}

// ways lists what a unit was told of its way.
func (a *air) ways(t *testing.T, u ems.UnitID) (out []*pb.Way) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.down {
		if _, unit, rest, err := link.ParseTopic(m.Topic); err != nil || unit != u || rest != link.DownWay {
			continue
		}
		w, err := wire.OpenWay(m.Payload)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, w)
	}
	return out
}

func TestAVehicleIsToldItsWay(t *testing.T) {
	net, err := demoRoads()
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	onRoads(t, func(context.Context) (*roadlive.Roads, error) { return net, nil }, func(t *testing.T, b *bench) {
		from, to := city.Stations[3].Pos, city.Stations[0].Pos
		v := b.leaves(from, to)
		time.Sleep(2 * time.Second)
		told := b.air.ways(t, "u01")
		if len(told) != 1 {
			t.Fatalf("told %d ways in the first seconds", len(told))
		}
		w := told[0]
		line, err := wire.UnpackLine(w.Line)
		want, ok := net.Route(roadlive.Mission, net.Snap(from), net.Snap(to))
		if err != nil || !ok || w.Mission != "m1" || w.Node != "at_scene" || w.Method != "roads" || len(w.Steps) != len(want.Steps) || w.Metres != math.Round(want.Metres) ||
			w.EtaFromUs >= w.EtaUs || w.EtaToUs <= w.EtaUs || !w.Simulated {
			t.Fatalf("told %v, %v; by road %+v", w, err, want)
		}
		if first, last := line[0], line[len(line)-1]; geo.Distance(first, want.Line[0]) > 5 || geo.Distance(last, want.Line[len(want.Line)-1]) > 5 || len(line) > len(want.Line) {
			t.Errorf("its line goes from %v to %v in %d points, by road %v to %v", first, last, len(line), want.Line[0], want.Line[len(want.Line)-1])
		}
		for range 10 {
			stands(v, from)
		}
		if n := len(b.air.ways(t, "u01")); n != 1 {
			t.Errorf("it stands on its way, and was told %d times in ten seconds", n)
		}
		off := ems.WGS84{Lat: from.Lat + 0.002, Lon: from.Lon} // some 220 m beside it
		stands(v, off)
		stands(v, off)
		if n := len(b.air.ways(t, "u01")); n != 2 {
			t.Errorf("it left its way, and was told %d ways", n)
		}
		for range 20 {
			stands(v, off)
		}
		if n := len(b.air.ways(t, "u01")); n < 3 || n > 9 {
			t.Errorf("after twenty seconds it was told %d ways", n)
		}
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeAtScene})
		n := len(b.air.ways(t, "u01"))
		for range 20 {
			stands(v, to)
		}
		if more := len(b.air.ways(t, "u01")); more != n {
			t.Errorf("it is there, and was told %d ways more", more-n)
		}
	})
}

func TestAUnitThatDrivesAwayIsNoticed(t *testing.T) {
	net, err := demoRoads()
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	onRoads(t, func(context.Context) (*roadlive.Roads, error) { return net, nil }, func(t *testing.T, b *bench) {
		from, to := city.Stations[3].Pos, city.Stations[0].Pos
		start := between(from, to, 0.5)
		v := b.leaves(start, to)
		for i := range 10 { // nearer: no word
			stands(v, between(start, to, float64(i)/40))
		}
		if b.value("missions", "m1")["away"] != nil {
			t.Error("on its way, and said to drive away")
		}
		for i := range 30 {
			stands(v, between(start, from, float64(i)/30))
		}
		if b.value("missions", "m1")["away"] == nil {
			t.Error("it drives away, and nobody is told")
		}
		for i := range 30 {
			stands(v, between(from, to, float64(i)/30))
		}
		if b.value("missions", "m1")["away"] != nil {
			t.Error("it came back, and is still said to drive away")
		}
		time.Sleep(etaFresh + 2*time.Second)
		if e := b.value("missions", "m1"); e["eta"] != nil || e["away"] != nil {
			t.Errorf("from an old position: %v (SCR-001)", e)
		}
	})
}

// SCR-004: a hospital is told the way of the patients on their way to it, and of no others.
func TestSCR004_AHospitalIsToldOnlyTheWayOfItsOwnPatients(t *testing.T) {
	net, err := demoRoads()
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	onRoads(t, func(context.Context) (*roadlive.Roads, error) { return net, nil }, func(t *testing.T, b *bench) {
		from, to := city.Stations[3].Pos, city.Stations[0].Pos
		v := b.leaves(from, to)
		own, other := city.Hospitals[0].ID, city.Hospitals[1].ID
		b.do(desk.SetDestination{Mission: "m1", Hospital: own, Notice: "n1"})
		points := func(h ems.HospitalID) int {
			r, err := b.route(t.Context(), "m1", h)
			if err != nil {
				t.Fatal(err)
			}
			return len(r.Line)
		}
		stands(v, from)
		if n := points(""); n < 3 {
			t.Errorf("the desk is told %d points of the way to the scene", n)
		}
		if n := points(own); n != 0 {
			t.Errorf("the hospital is told %d points of the way to the scene", n)
		}
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeLeftScene})
		stands(v, to)
		if n := points(own); n < 3 {
			t.Errorf("the hospital is told %d points of its patient's way", n)
		}
		if n := points(other); n != 0 {
			t.Errorf("another hospital is told %d points of the way", n)
		}
	})
}
