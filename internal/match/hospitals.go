package match

import (
	"cmp"
	"slices"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// HospitalLine is one hospital with how far it is and whether it has the centre that the pathway asks for.
type HospitalLine struct {
	Hospital  ems.HospitalID `json:"hospital"`
	DistanceM float64        `json:"distance_m"` // straight line
	EtaS      float64        `json:"eta_s"`
	Capable   bool           `json:"capable"`
	Reasons   []Why          `json:"reasons,omitempty"`
}

// Hospitals lists hospitals for a patient at a place: those with the centre of the pathway first, then the nearer, ties by id. A
// pathway of "" asks for no centre.
func Hospitals(from ems.WGS84, pathway string, hospitals []ems.Hospital) []HospitalLine {
	out := []HospitalLine{}
	for _, h := range hospitals {
		d := float64(geo.Distance(from, h.Pos))
		l := HospitalLine{Hospital: h.ID, DistanceM: d, EtaS: d * DetourFactor / (SpeedKmh / 3.6),
			Capable: pathway == "" || slices.Contains(h.Centres, pathway)}
		switch {
		case pathway == "":
		case l.Capable:
			l.Reasons = []Why{why("has_centre", "pathway", pathway)}
		default:
			l.Reasons = []Why{why("no_centre", "pathway", pathway)}
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b HospitalLine) int {
		if a.Capable != b.Capable {
			if a.Capable {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.Hospital, b.Hospital))
	})
	return out
}
