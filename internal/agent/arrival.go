package agent

import (
	"maps"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/mission"
)

// arriving is what positions say of the mission under way: where the vehicle came to stand. The terminal proposes it, the key confirms it; it
// works with no link, and does not outlive a restart, after which nobody knows since when the vehicle has stood.
type arriving struct {
	mission         ems.MissionID
	scene, hospital mission.Fence
	stands          map[ems.Node]mission.Stand // by this process's clock
}

// aim is where a mission's next arrival is by what the vehicle knows itself, and the node that it would be; false when it does not know.
func (v *Vehicle) aim(m ems.Mission) (ems.Node, ems.WGS84, bool) {
	scene, hospital := mission.Aims(m.State)
	if p := v.cab.Orders[m.Order].Place; scene && p.Pos != nil && p.AccuracyM <= mission.FenceM {
		return ems.NodeAtScene, *p.Pos, true
	}
	i := slices.IndexFunc(v.Config.Hospitals, func(h ems.Hospital) bool { return h.ID == m.Destination })
	if hospital && i >= 0 {
		return ems.NodeAtHospital, v.Config.Hospitals[i].Door(), true
	}
	return "", ems.WGS84{}, false
}

// arrives watches by each position whether the vehicle has come to stand where its mission goes.
func (v *Vehicle) arrives(f ems.Fix, taken time.Time, id ems.MissionID) {
	m, ok := v.cab.Missions[id]
	if !ok || f.Quality != ems.Good {
		return
	}
	if v.arriving.mission != id {
		v.arriving = arriving{mission: id, stands: map[ems.Node]mission.Stand{}}
	}
	node, aim, known := v.aim(m)
	if !known {
		return
	}
	fence := &v.arriving.scene
	if node == ems.NodeAtHospital {
		fence = &v.arriving.hospital
	}
	st, there := fence.Feed(taken, f.Pos, f.View().SpeedKmh, aim)
	old, had := v.arriving.stands[node]
	switch {
	case there && (!had || !old.At.Equal(st.At)):
		v.arriving.stands[node] = st
	case !there && had:
		delete(v.arriving.stands, node) // it drove on: it was a jam, or another door
	default:
		return
	}
	v.showAll()
}

// stood is when positions saw the vehicle arrive, by its wall clock.
func (v *Vehicle) stood(id ems.MissionID, n ems.Node) (ems.Stand, bool) {
	st, ok := v.arriving.stands[n]
	if !ok || v.arriving.mission != id {
		return ems.Stand{}, false
	}
	return ems.Stand{Node: n, At: v.wallAt(st.At).Truncate(time.Millisecond), UncertainS: st.UncertainS}, true
}

// stoodOf lists them for the terminal; their times go with the vehicle's clock as it stood when they were found.
func (v *Vehicle) stoodOf(id ems.MissionID) (out []ems.Stand) {
	for _, n := range slices.Sorted(maps.Keys(v.arriving.stands)) {
		if st, ok := v.stood(id, n); ok {
			out = append(out, st)
		}
	}
	return out
}
