package match

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// travel finds where the unit is, and how soon it can be there. The position may be a stale one, or the station's, and it then says so.
// Without a position of the unit or of the incident the travel time stays unknown; the unit can still be sent, by whoever knows better.
func travel(q Question, c *Candidate) {
	to := q.Incident.Place.Pos
	from, cautions := Whereabouts(q.At, c.Unit)
	c.Caution = append(c.Caution, cautions...)
	if from == nil {
		c.Caution = append(c.Caution, why("no_position"))
	}
	if c.State == ems.MissionAvailable {
		c.Reasons = append(c.Reasons, why("on_road"))
	}
	if to == nil || from == nil {
		return
	}
	distance := geo.Distance(*from, *to)
	distanceM, etaS := float64(distance), TravelTime(distance).Seconds()
	if byRoad, ok := q.Roads[c.ID]; ok {
		etaS = byRoad.Seconds()
	} else if q.Roads != nil {
		c.Caution = append(c.Caution, why("by_line")) // off the roads, or no way there
	}
	c.DistanceM, c.EtaS = &distanceM, &etaS
	c.Reasons = append(c.Reasons, why("travel", "eta_s", seconds(etaS), "distance_m", seconds(distanceM)))
}

// TravelTime is how long a straight line takes by road: stretched by DetourFactor, at SpeedKmh.
func TravelTime(straight ems.Metres) time.Duration {
	return time.Duration(float64(straight) * DetourFactor / (SpeedKmh / 3.6) * float64(time.Second))
}

// Whereabouts gives the best known place of a unit: a position that is not lost, else its station if it stands there, else the last
// position, else the station; nil when nothing is known. It says what is doubtful about it.
func Whereabouts(now time.Time, c Unit) (at *ems.WGS84, caution []Why) {
	var fix *ems.WGS84
	var age time.Duration
	if c.Fix != nil && c.Fix.Pos.Valid() && c.Fix.Quality != ems.NoFix {
		fix, age = &c.Fix.Pos, now.Sub(c.Fix.Taken)
		if c.Fix.Quality == ems.Jump || c.Fix.Quality == ems.Frozen {
			caution = append(caution, why("doubted_position", "quality", c.Fix.Quality.String()))
		}
	}
	switch {
	case fix != nil && age <= StaleAfter:
		return fix, caution
	case fix != nil && age <= LostAfter:
		caution = append(caution, why("stale_position", "age_s", seconds(age.Seconds())))
		return fix, caution
	case c.Station != nil && (fix == nil || c.State == ems.MissionAtStation):
		caution = append(caution, why("station_position"))
		return c.Station, caution
	case fix != nil:
		caution = append(caution, why("lost_position", "age_s", seconds(age.Seconds())))
		return fix, caution
	}
	return nil, caution
}
