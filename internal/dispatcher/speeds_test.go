package dispatcher

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/internal/link"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/roadspeed"
	"lifeline120/internal/store"
	"lifeline120/internal/store/mem"
	pb "lifeline120/internal/wire/proto"
)

// drivesAlong has a vehicle drive a line at a speed, with a fix every two seconds; a demo receiver says that it is none.
func drivesAlong(v *van, line []ems.WGS84, kmh float64, demo bool) {
	step := kmh / 3.6 * 2
	rest := 0.0
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		d := float64(geo.Distance(a, b))
		for ; rest < d; rest += step {
			p := geo.Destination(a, geo.Bearing(a, b), ems.Metres(rest))
			v.send(link.UpLive, pb.Lane_LANE_POSITION, pb.Kind_KIND_POSITIONS, 0, &pb.Positions{Positions: []*pb.Position{{Device: "gnss", Lat: p.Lat, Lon: p.Lon,
				Quality: "good", SpeedKmh: kmh, HasSpeed: true, CourseDeg: geo.Bearing(a, b), HasCourse: true, TakenUs: v.us(), Demo: demo}}})
			time.Sleep(2 * time.Second)
		}
		rest -= d
	}
}

// sent brings u01 onto a mission to a place, and on the way.
func (b *bench) sent(to ems.WGS84) {
	b.t.Helper()
	b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
	b.do(desk.SetDuty{Unit: "u01", Duty: ems.OnDuty, Crew: []string{"李", "王"}})
	b.do(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: &ems.Place{Pos: &to, Source: "manual"}})
	b.do(desk.Dispatch{Incident: "i1", Unit: "u01", Mission: "m1", Order: "o1"})
	b.do(desk.AcceptByVoice{Order: "o1", Name: "李医生"})
}

// What a unit drove on its mission is worked into the times of missions, at the hours at which it drove, and stands after a restart.
func TestSpeeds_AreLearntOnMissionsAndKept(t *testing.T) {
	r := ownRoads(t)
	_, to, way := apart(t, r)
	free := r.Now()
	synctest.Test(t, func(t *testing.T) {
		disk, file := mem.NewDisk("store-1", true), t.TempDir()+"/unrecorded.log"
		b := beginWith(t, disk, &air{}, file, func(c *Centre) { c.cfg.Roads = ofTheTest(r) })
		time.Sleep(time.Second)
		v := newVan(b.air, "u01")
		v.presence(&pb.Presence{Online: true})
		b.sent(to)
		drivesAlong(v, way.Line[:3], 20, false) // before it has departed nothing counts
		b.do(desk.SetNode{Mission: "m1", Node: ems.NodeDeparted})
		drivesAlong(v, way.Line, 20, false)
		time.Sleep(speedsEvery)
		now := b.value("roads", "now")
		if now["free"] != false || now["mission"].(float64) < 10 || now["normal"] != 0.0 || now["slot"] != "weekend_morning" {
			t.Fatal(now)
		}
		measured := r.Now()
		if measured.Measured[roadlive.Normal] != 0 {
			t.Error("a mission tells nothing of how others drive")
		}
		// One passage at 20 km/h draws an edge a fifth of the way: slower, and not by much.
		slower := 0
		for _, e := range way.Edges[1 : len(way.Edges)-1] {
			was, is := free.Metric(roadlive.Mission).EdgeMs[e], measured.Metric(roadlive.Mission).EdgeMs[e]
			if is < was || is > was*2 {
				t.Errorf("edge %d took %d ms, takes %d", e, was, is)
			}
			if is > was {
				slower++
			}
			if measured.Metric(roadlive.Normal).EdgeMs[e] != free.Metric(roadlive.Normal).EdgeMs[e] {
				t.Errorf("edge %d is another without lights", e)
			}
		}
		if slower < len(way.Edges)/2 {
			t.Errorf("%d of %d edges are slower", slower, len(way.Edges))
		}
		b.stop()
		again := ownRoads(t)
		b = beginWith(t, disk, &air{}, file, func(c *Centre) { c.cfg.Roads = ofTheTest(again) })
		time.Sleep(2 * time.Second)
		if got := b.value("roads", "now"); got["mission"].(float64) < now["mission"].(float64) || got["free"] != false {
			t.Errorf("after a restart: %v, before %v", got, now)
		}
		// Other hours have other speeds: at night nobody has driven yet.
		time.Sleep(time.Until(time.Date(2000, 1, 1, 1, 31, 0, 0, time.UTC))) // 9:31 in Beijing
		if got := b.value("roads", "now"); got["free"] != true || got["mission"] != 0.0 {
			t.Errorf("at other hours: %v", got)
		}
		b.stop()
	})
}

// Who is at a scene, and a receiver that simulates in a live centre (SCR-003), tell nothing of the road.
func TestSCR003_NothingIsLearntOfSimulationsOrAtAScene(t *testing.T) {
	r := ownRoads(t)
	_, to, way := apart(t, r)
	for _, tc := range []struct {
		name string
		node ems.Node
		demo bool // the receiver simulates, in a live centre
		want bool
	}{{"on the way", ems.NodeDeparted, false, true}, {"at the scene", ems.NodeAtScene, false, false}, {"simulated in a live centre", ems.NodeDeparted, true, false}} {
		synctest.Test(t, func(t *testing.T) {
			b := beginWith(t, mem.NewDisk("store-1", true), &air{}, t.TempDir()+"/unrecorded.log", func(c *Centre) { c.cfg.Roads = ofTheTest(r) })
			time.Sleep(time.Second)
			v := newVan(b.air, "u01")
			v.presence(&pb.Presence{Online: true})
			b.sent(to)
			b.do(desk.SetNode{Mission: "m1", Node: tc.node})
			if tc.demo {
				b.looks(func(s *desk.State) { s.Demo = false }) // as a live store has it
			}
			drivesAlong(v, way.Line, 30, tc.demo)
			n := 0
			b.looks(func(*desk.State) {
				b.keeper.mu.Lock()
				n = len(b.keeper.passages)
				b.keeper.mu.Unlock()
			})
			if (n > 0) != tc.want {
				t.Errorf("%s: %d passages", tc.name, n)
			}
			b.stop()
		})
	}
}

// oldSpeeds is a store whose document of speeds is another's, or does not come.
type oldSpeeds struct {
	store.Store
	doc  []byte
	err  error
	puts map[string]int
}

func (s *oldSpeeds) Doc(ctx context.Context, kind, id string) ([]byte, error) {
	if kind == speedsKind && id == speedsID {
		return s.doc, s.err
	}
	return s.Store.Doc(ctx, kind, id)
}

func (s *oldSpeeds) PutDoc(ctx context.Context, kind, id string, b []byte) error {
	if kind == speedsKind {
		s.puts[id]++
	}
	return s.Store.PutDoc(ctx, kind, id, b)
}

// A damaged document is kept aside and measured anew; one that cannot be read now is not written over.
func TestSpeeds_ADamagedDocumentIsKeptAside(t *testing.T) {
	r := ownRoads(t)
	_, to, way := apart(t, r)
	for _, tc := range []struct {
		name         string
		doc          []byte
		err          error
		aside, saved int
	}{{"damaged", []byte("L120SPD1 and then nothing that it should be"), nil, 1, 1}, {"silent", nil, errors.New("the store is away"), 0, 0}, {"none", nil, store.ErrNotFound, 0, 1}} {
		synctest.Test(t, func(t *testing.T) {
			var s *oldSpeeds
			b := beginWith(t, mem.NewDisk("store-1", true), &air{}, t.TempDir()+"/unrecorded.log", func(c *Centre) {
				s = &oldSpeeds{c.cfg.Store, tc.doc, tc.err, map[string]int{}}
				c.cfg.Store, c.cfg.Roads = s, ofTheTest(r)
			})
			time.Sleep(time.Second)
			v := newVan(b.air, "u01")
			v.presence(&pb.Presence{Online: true})
			b.sent(to)
			b.do(desk.SetNode{Mission: "m1", Node: ems.NodeDeparted})
			drivesAlong(v, way.Line, 30, false)
			b.stop()
			if s.puts[speedsDamaged] != tc.aside || min(s.puts[speedsID], 1) != tc.saved {
				t.Errorf("%s: %v", tc.name, s.puts)
			}
		})
	}
}

// The speeds of the loaded network are asked for by its own edges.
func TestModesAgree(t *testing.T) {
	if modeOf[roadspeed.Mission] != roadlive.Mission || modeOf[roadspeed.Normal] != roadlive.Normal {
		t.Error(modeOf)
	}
	if roads.Mission().Name != "mission" || roads.Normal().Name != "normal" {
		t.Error("the profiles have other names")
	}
}
