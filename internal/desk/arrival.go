package desk

import (
	"maps"
	"slices"

	"lifeline120/internal/ems"
	"lifeline120/internal/journal"
	"lifeline120/internal/mission"
)

// MissionStood is an arrival by position: the unit came to stand where its mission goes. It sets no node; people do.
type MissionStood struct {
	Request
	Mission ems.MissionID `json:"mission"`
	Stand   ems.Stand     `json:"stand"`
}

// MissionForetold is what was first foretold of a leg of a mission, kept so that its error against the arrival can be told.
type MissionForetold struct {
	Request
	Mission  ems.MissionID `json:"mission"`
	Forecast ems.Forecast  `json:"forecast"`
}

func (*MissionStood) kind() Type       { return TypeMissionStood }
func (*MissionForetold) kind() Type    { return TypeMissionForetold }
func (b *MissionStood) refs() []Ref    { return one(Missions, b.Mission) }
func (b *MissionForetold) refs() []Ref { return one(Missions, b.Mission) }

// KeepStand keeps an arrival by position. The system commands it.
type KeepStand struct {
	Act
	Mission ems.MissionID
	Stand   ems.Stand
}

// KeepForecast keeps the first forecast of a leg. The system commands it.
type KeepForecast struct {
	Act
	Mission  ems.MissionID
	Forecast ems.Forecast
}

func (c KeepStand) decide(d *decision) error {
	m, err := find(d.s.Missions, Missions, c.Mission)
	if err != nil || slices.Contains(m.Stands, c.Stand) {
		return err
	}
	return d.emit(&MissionStood{Mission: m.ID, Stand: c.Stand})
}

func (c KeepForecast) decide(d *decision) error {
	m, err := find(d.s.Missions, Missions, c.Mission)
	if err != nil || slices.Contains(m.Forecasts, c.Forecast) {
		return err
	}
	return d.emit(&MissionForetold{Mission: m.ID, Forecast: c.Forecast})
}

func (b *MissionStood) apply(s *State, _ journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	m.Stands = newest(m.Stands, b.Stand)
	return nil
}

func (b *MissionForetold) apply(s *State, _ journal.Event) error {
	m, err := get(s, s.Missions, Missions, b.Mission)
	if err != nil {
		return err
	}
	m.Forecasts = newest(m.Forecasts, b.Forecast)
	return nil
}

// newest appends to a list that holds the newest MaxStands; the older ones stand in the journal.
func newest[T any](list []T, x T) []T {
	list = append(slices.Clone(list), x)
	return list[max(0, len(list)-MaxStands):]
}

// stood gives the newest arrival by position for a node.
func stood(m *ems.Mission, n ems.Node) (ems.Stand, bool) {
	for i := len(m.Stands) - 1; i >= 0; i-- {
		if m.Stands[i].Node == n {
			return m.Stands[i], true
		}
	}
	return ems.Stand{}, false
}

// Band gives how far arrivals scatter about what is foretold by a method, from the missions that the state still holds.
func (s *State) Band(method string) mission.Band {
	var own []mission.Arrived
	for _, id := range slices.Sorted(maps.Keys(s.Missions)) {
		m := s.Missions[id]
		if i := s.Incidents[m.Incident]; m.Simulated && !s.Demo || i == nil || i.Type == ems.Transport { // (SCR-003); transports drive as everybody does
			continue
		}
		own = append(own, mission.ArrivedOf(*m, method)...)
	}
	return mission.BandOf(own, method)
}
