package match

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// Mobilise is how long a crew takes from the order to the wheels, when it is at its station.
type Mobilise struct {
	DayS      float64 `json:"day_s"`
	NightS    float64 `json:"night_s"`
	NightFrom int     `json:"night_from"` // hour of Beijing time
	NightTo   int     `json:"night_to"`   // the first hour that is day again
}

// beijing is the city's time (TIM-002); China has no summer time.
var beijing = time.FixedZone("CST", 8*3600)

// at is what a crew at its station takes at an instant.
func (m Mobilise) at(t time.Time) float64 {
	h := Hour(t)
	night := h >= m.NightFrom && h < m.NightTo
	if m.NightFrom > m.NightTo { // over midnight
		night = h >= m.NightFrom || h < m.NightTo
	}
	if night {
		return m.NightS
	}
	return m.DayS
}

// Hour is the hour of the day in the city, 0 to 23.
func Hour(t time.Time) int { return t.In(beijing).Hour() }

// Mobilisation is how long a unit takes until its wheels turn.
func Mobilisation(q *Question, u Unit) time.Duration {
	return time.Duration(mobilise(q, u) * float64(time.Second))
}

// mobilise is how long it takes until the unit's wheels turn: the city's time at its station, what is left of it under an order that it has
// not left for, and nothing on the road.
func mobilise(q *Question, c Unit) float64 {
	whole := q.config().Mobilise.at(q.At)
	switch c.State {
	case ems.MissionAtStation:
		return whole
	case ems.MissionOrdered, ems.MissionAcknowledged:
		if c.Task == nil || c.Fix != nil && c.Station != nil && float64(geo.Distance(c.Fix.Pos, *c.Station)) > AtStationM {
			return 0
		}
		return max(0, whole-q.At.Sub(c.Task.Ordered).Seconds())
	case ems.MissionDeparted, ems.MissionAtScene, ems.MissionContact, ems.MissionLeftScene, ems.MissionAtHospital, ems.MissionHandedOver, ems.MissionAvailable,
		ems.MissionRecalled, ems.MissionAborted, ems.MissionRefused:
	}
	return 0
}
