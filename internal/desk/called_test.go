package desk

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

func calledList(s *State) []string {
	var out []string
	for _, c := range s.CalledBefore() {
		out = append(out, fmt.Sprintf("%s %d %g", c.Address, c.Times, c.Pos.Lat))
	}
	slices.Sort(out)
	return out
}

// Where help was called to stays known when the calls are swept: address, position and how often, and nothing else of them.
func TestCalled_OutlivesItsCalls(t *testing.T) {
	b := newBench(t, false)
	call := func(id ems.IncidentID, address string, lat float64) {
		p := &ems.Place{Address: address, Source: "address"}
		if lat > 0 {
			p.Pos = &ems.WGS84{Lat: lat, Lon: 117}
		}
		b.do(li, OpenIncident{Incident: id, Complaint: "胸痛", Phone: "13800000000", Place: p})
	}
	call("i1", "泉城路1号", 36.6195)
	call("i2", "泉城路1号", 36.62)
	call("i3", " 山大南路27号 ", 36.63)
	call("i4", "不知在哪", 0)
	call("i5", "误报路1号", 36.65)
	b.do(li, CancelIncident{Incident: "i5", Reason: "误报"})
	call("i6", "重复路1号", 36.66)
	b.do(li, MergeIncident{Incident: "i6", Into: "i3"})
	b.do(li, OpenIncident{Incident: "i7", Complaint: "演练", Simulated: true, Place: &ems.Place{Address: "演练路", Pos: &ems.WGS84{Lat: 36.67, Lon: 117}}})
	want := []string{"山大南路27号 1 36.63", "泉城路1号 2 36.62"}
	if got := calledList(b.s); !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i, id := range []ems.IncidentID{"i1", "i2", "i3"} {
		m, o := b.dispatch(id, []ems.UnitID{"u1", "u2", "u3"}[i])
		b.answer(o, "accepted")
		b.touch(m, ems.NodeHandedOver)
		b.touch(m, ems.NodeAtStation)
	}
	b.wait(26 * time.Hour)
	if b.s.Incidents["i1"] != nil || b.s.Incidents["i3"] != nil {
		t.Fatal("the calls stand still: nothing was tested")
	}
	if got := calledList(b.s); !slices.Equal(got, want) || len(b.s.Called) != 2 {
		t.Errorf("after the calls were swept: %v, want %v; kept %v", got, want, b.s.Called)
	}
	call("i8", "泉城路1号", 36.6205)
	if got := calledList(b.s); !slices.Equal(got, []string{want[0], "泉城路1号 3 36.6205"}) {
		t.Errorf("called to again: %v", got)
	}
	call("i9", "山大南路27号", 36.9) // far from where it was: these words name no one place
	if got := calledList(b.s); !slices.Equal(got, []string{"泉城路1号 3 36.6205"}) {
		t.Errorf("one address at two places: %v", got)
	}
	if _, body, ok := b.s.Snapshot(); !ok || !strings.Contains(string(body), "山大南路27号") {
		t.Error("it is not in the snapshot")
	}
	kept, err := json.Marshal(b.s.Called)
	if err != nil || strings.Contains(string(kept), "138") || strings.Contains(string(kept), "胸痛") {
		t.Errorf("more than address, position and count is kept: %s, %v", kept, err)
	}
	b.check()
}

func TestCalled_IsBounded(t *testing.T) {
	s := New(false)
	for i := range MaxCalled + 5 {
		s.keepCalled(&ems.Incident{Place: ems.Place{Address: fmt.Sprint("路", i), Pos: &ems.WGS84{Lat: 36, Lon: 117}}})
	}
	s.keepCalled(&ems.Incident{Place: ems.Place{Address: "路0", Pos: &ems.WGS84{Lat: 36, Lon: 117}}})
	if s.keepCalled(&ems.Incident{Place: ems.Place{Address: "路9", Pos: &ems.WGS84{Lat: 37, Lon: 117}}}); !s.Called["路9"].Apart {
		t.Error("one address at two places is offered")
	}
	s.boundCalled()
	if len(s.Called) > MaxCalled || len(s.Called) < MaxCalled*9/10 || s.Called["路0"].Times != 2 {
		t.Fatalf("%d addresses, %+v", len(s.Called), s.Called["路0"])
	}
	for i := 1; i <= 5; i++ {
		if _, ok := s.Called[fmt.Sprint("路", i)]; ok {
			t.Errorf("路%d, called to once and longest ago, is still there", i)
		}
	}
}
