package match

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// travel finds where the unit is, and how soon it can be there: until its wheels turn, and on the road; for a unit that is judged by when it
// will be free, what is left of its task and the road from where that ends. The position may be a stale one, or the station's, and it then says
// so. Without a position of the unit or of the incident the time stays unknown; the unit can still be sent, by whoever knows better.
func travel(q *Question, c *Candidate) {
	to := q.Incident.Place.Pos
	from, cautions := Whereabouts(q.At, c.Unit)
	c.Caution = append(c.Caution, cautions...)
	if from == nil {
		c.Caution = append(c.Caution, why("no_position"))
	}
	if to == nil || from == nil {
		return
	}
	roads, free := q.Roads, c.freed
	if free != nil && free.at != nil {
		from, roads = free.at, q.AfterTask
	}
	distance := geo.Distance(*from, *to)
	distanceM, driveS := float64(distance), TravelTime(distance).Seconds()
	if byRoad, ok := roads[c.ID]; ok {
		driveS = byRoad.Seconds()
	} else if q.Roads != nil {
		c.Caution = append(c.Caution, why("by_line")) // off the roads, or no way there
	}
	etaS := driveS
	if free != nil {
		etaS += free.inS
		c.Reasons = append(c.Reasons, why("remaining", "remaining_s", seconds(free.inS), "state", string(c.State)))
	} else if m := mobilise(q, c.Unit); m > 0 {
		etaS += m
		c.Reasons = append(c.Reasons, why("mobilise", "mobilise_s", seconds(m)))
	}
	c.DistanceM, c.EtaS, c.DriveS = &distanceM, &etaS, driveS
	c.Reasons = append(c.Reasons, why("travel", "eta_s", seconds(etaS), "drive_s", seconds(driveS), "distance_m", seconds(distanceM)))
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
