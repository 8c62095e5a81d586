package incident

import (
	"slices"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

func TestState(t *testing.T) {
	for _, c := range []struct {
		missions []ems.MissionState
		want     ems.IncidentState
	}{
		{nil, ems.IncidentOpen},
		{[]ems.MissionState{ems.MissionOrdered}, ems.IncidentDispatched},
		{[]ems.MissionState{ems.MissionDeparted, ems.MissionContact}, ems.IncidentOnScene},
		{[]ems.MissionState{ems.MissionAtHospital, ems.MissionDeparted}, ems.IncidentTransporting},
		{[]ems.MissionState{ems.MissionHandedOver, ems.MissionAtScene}, ems.IncidentOnScene}, // one is still needed there
		{[]ems.MissionState{ems.MissionAvailable, ems.MissionRecalled}, ems.IncidentDelivered},
		{[]ems.MissionState{ems.MissionRefused, ems.MissionRecalled, ems.MissionAborted}, ems.IncidentOpen}, // unserved: 待派 again
	} {
		if got := State(c.missions); got != c.want {
			t.Errorf("%v: got %s, want %s", c.missions, got, c.want)
		}
	}
	if !Final(ems.IncidentCancelled) || !Final(ems.IncidentClosed) || Final(ems.IncidentDelivered) {
		t.Error("final states are wrong")
	}
}

func TestDuplicates(t *testing.T) {
	t0 := time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)
	pos := func(lat float64) *ems.WGS84 { return &ems.WGS84{Lat: lat, Lon: 116.9} }
	all := []*ems.Incident{
		{ID: "near", Opened: t0, Place: ems.Place{Pos: pos(36.604)}},
		{ID: "far", Opened: t0, Place: ems.Place{Pos: pos(36.605)}},
		{ID: "old", Opened: t0.Add(-11 * time.Minute), Place: ems.Place{Pos: pos(36.6)}},
		{ID: "over", Opened: t0, State: ems.IncidentClosed, Place: ems.Place{Pos: pos(36.6)}},
		{ID: "unplaced", Opened: t0},
		{ID: "phone", Opened: t0.Add(-time.Hour), Phone: "139"},
	}
	got := Duplicates(ems.Alarm{Received: t0, Phone: "139", Place: &ems.Place{Pos: pos(36.6)}}, all)
	if !slices.Equal(got, []ems.IncidentID{"near", "phone"}) {
		t.Errorf("got %v", got)
	}
	if got := Duplicates(ems.Alarm{Received: t0}, all); got != nil {
		t.Errorf("an alarm that says nothing belongs to %v", got)
	}
}
