package match

import (
	"fmt"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

// BenchmarkRecommend ranks a large city's fleet with every rule at work, and says of each unit what it needs to be first.
func BenchmarkRecommend(b *testing.B) {
	for _, n := range []int{40, 200, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			q := Question{ID: "r1", At: now, Incident: ems.Incident{ID: "i1", Type: ems.Emergency, Priority: ems.PriorityB, Place: ems.Place{Pos: &scene}},
				Roads: map[ems.UnitID]time.Duration{}, Cover: &Cover{All: Reach{1, 1}, Without: map[ems.UnitID]Reach{}}}
			for i := range n {
				u := unit(ems.UnitID(fmt.Sprintf("u%03d", i)), 36.6+float64(i%50)/200)
				switch i % 5 {
				case 0:
					on(ems.MissionDeparted, "C", time.Minute)(&u)
				case 1:
					on(ems.MissionAtHospital, "C", time.Minute)(&u)
				case 2:
					u.Online = false
				}
				u.Work = []Span{{now.Add(-5 * time.Hour), now.Add(-time.Minute)}}
				q.Roads[u.ID] = time.Duration(i*7%1000) * time.Second
				q.Cover.Without[u.ID] = Reach{0.9, 0.95}
				q.Units = append(q.Units, u)
			}
			for b.Loop() {
				Recommend(q)
			}
		})
	}
}
