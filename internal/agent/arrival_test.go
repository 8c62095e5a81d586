package agent_test

import (
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

var yard, scene = ems.WGS84{Lat: 35.39, Lon: 118.49}, ems.WGS84{Lat: 35.394, Lon: 118.498}

// receive lets a receiver speak that drives a way and stands at its end, until so long after it was switched on.
func (b *bench) receive(r *simdevice.Receiver, d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		b.rack["/dev/g"].Send(r.Step(time.Now()))
	}
}

func (b *bench) sentTo(at ems.WGS84, accuracyM float64) {
	b.t.Helper()
	o := b.order("o1", time.Now().Add(2*time.Minute))
	o.Place = &pb.Place{Known: true, Lat: at.Lat, Lon: at.Lon, AccuracyM: accuracyM}
	b.say(link.DownOwed, o)
	time.Sleep(time.Second)
	if code := b.touch("/api/v1/orders/o1/accept", wire.OrderAnswerBody{By: "司机"}, nil); code != 200 {
		b.t.Fatal(code)
	}
}

// DSP-004: positions propose a node and set none; the key that confirms it enters the time of the arrival, not that of the touch.
func TestDSP004_ArrivalByPositionIsProposedAndConfirmedByKey(t *testing.T) {
	run(t, func(b *bench) {
		b.sentTo(scene, 0)
		drive := simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: 1, Route: simdevice.Along([]ems.WGS84{yard, scene}, 40)})
		b.receive(drive, 40*time.Second)
		if m := shown[ems.Mission](b, "missions", "m-o1"); len(m.Stands) != 0 {
			t.Fatalf("half-way, and arrived: %+v", m.Stands)
		}
		b.receive(drive, 3*time.Minute) // some 840 m at 40 km/h, then it stands
		m := shown[ems.Mission](b, "missions", "m-o1")
		if m.State != ems.MissionAcknowledged || len(m.Stands) != 1 || m.Stands[0].Node != ems.NodeAtScene {
			t.Fatalf("on the terminal: %+v", m)
		}
		touched := time.Now()
		if ago := touched.Sub(m.Stands[0].At); ago < time.Minute || ago > 150*time.Second {
			t.Errorf("arrived %v ago, want some two minutes", ago)
		}
		if code := b.touch("/api/v1/missions/m-o1/nodes", wire.TerminalNode{ID: "t1", Node: ems.NodeAtScene, By: "司机", At: &touched, Stood: true}, nil); code != 200 {
			t.Fatal(code)
		}
		time.Sleep(time.Second)
		n := bodies[*pb.Node](b)
		if len(n) != 1 || n[0].Source != string(ems.SourceGeofence) || time.UnixMicro(n[0].AtUs).Sub(m.Stands[0].At).Abs() > 2*time.Millisecond || n[0].By != "司机" {
			t.Errorf("the centre hears %v, arrived %v", n, m.Stands[0].At)
		}
	})
}

func TestArrivalIsNotProposedWhereNobodyKnowsThePlaceOrSawItCome(t *testing.T) {
	stays := func(at ems.WGS84) *simdevice.Receiver {
		return simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: 1, Route: simdevice.Route{From: at}})
	}
	for name, c := range map[string]struct {
		accuracyM float64
		receiver  *simdevice.Receiver
	}{
		"the place is only known to 500 m": {500, simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: 1, Route: simdevice.Along([]ems.WGS84{yard, scene}, 40)})},
		"it stands there already":          {0, stays(scene)},
		"it stands in the yard":            {0, stays(yard)},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(b *bench) {
				b.sentTo(scene, c.accuracyM)
				b.receive(c.receiver, 3*time.Minute)
				if m := shown[ems.Mission](b, "missions", "m-o1"); len(m.Stands) != 0 {
					t.Errorf("arrived: %+v", m.Stands)
				}
				at := time.Now().Add(-time.Second)
				if code := b.touch("/api/v1/missions/m-o1/nodes", wire.TerminalNode{ID: "t1", Node: ems.NodeAtScene, By: "司机", At: &at, Stood: true}, nil); code != 200 {
					t.Fatal(code)
				}
				time.Sleep(time.Second)
				if n := bodies[*pb.Node](b); len(n) != 1 || n[0].Source != string(ems.SourceKey) || time.UnixMicro(n[0].AtUs).Sub(at).Abs() > time.Second {
					t.Errorf("a touch with nothing to confirm is entered as %v", n)
				}
			})
		})
	}
}

func TestWayIsShownWhileTheCrewIsOnIt(t *testing.T) {
	run(t, func(b *bench) {
		b.sentTo(scene, 0)
		way := func(ago time.Duration, line []int32) *pb.Way {
			us := time.Now().Add(-ago).UnixMicro()
			return &pb.Way{Mission: "m-o1", Node: "at_scene", FromUs: us, EtaUs: us + 300e6, EtaFromUs: us + 240e6, EtaToUs: us + 400e6, Method: "roads", Metres: 900, WalkM: 4,
				Line: line, Steps: []*pb.WayStep{{Turn: "depart", Name: "滨河路", Metres: 900, Seconds: 80}, {Turn: "arrive"}}}
		}
		b.say(link.DownWay, way(0, wire.PackLine([]ems.WGS84{yard, scene})))
		w := shown[wire.TerminalWay](b, "way", "self")
		if w.Mission != "m-o1" || len(w.Line) != 2 || w.Line[1] != [2]float64{scene.Lon, scene.Lat} || len(w.Steps) != 2 || w.Steps[0].Name != "滨河路" || w.Metres != 900 {
			t.Fatalf("on the terminal: %+v", w)
		}
		b.say(link.DownWay, way(time.Minute, wire.PackLine([]ems.WGS84{scene, yard}))) // was overtaken
		b.say(link.DownWay, way(0, []int32{1, 2, 3}))                                  // is none (ACC-003)
		if got := shown[wire.TerminalWay](b, "way", "self"); got.Line[1] != w.Line[1] {
			t.Errorf("an older way, or none, took its place: %+v", got)
		}
		if code := b.touch("/api/v1/missions/m-o1/nodes", wire.TerminalNode{ID: "t1", Node: ems.NodeAtScene, By: "司机"}, nil); code != 200 {
			t.Fatal(code)
		}
		if got := shown[wire.TerminalWay](b, "way", "self"); got.Mission != "" {
			t.Errorf("it is there, and still shown the way: %+v", got)
		}
	})
}
