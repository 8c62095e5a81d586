package agent

import (
	"errors"
	"math"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/mission"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// onWay takes the way that the centre tells: of a mission that the vehicle knows, and not older than the one it has.
func (v *Vehicle) onWay(w *pb.Way) error {
	m, known := v.cab.Missions[ems.MissionID(w.Mission)]
	from := time.UnixMicro(w.FromUs).UTC()
	if !known || v.way != nil && v.way.Mission == m.ID && v.way.Node == ems.Node(w.Node) && from.Before(v.way.From) {
		return nil // it overtook its order, or a newer one overtook it
	}
	if w.Node != string(ems.NodeAtScene) && w.Node != string(ems.NodeAtHospital) || w.Method != ems.ETAByRoads && w.Method != ems.ETAByLine {
		return errors.New("open way: it leads to no scene and no hospital, or was found in no known way")
	}
	line, err := wire.UnpackLine(w.Line)
	if err != nil {
		return err
	}
	way := &wire.TerminalWay{Mission: m.ID, Node: ems.Node(w.Node), From: from, Heard: v.instant().Wall, Eta: time.UnixMicro(w.EtaUs).UTC(),
		EtaFrom: time.UnixMicro(w.EtaFromUs).UTC(), EtaTo: time.UnixMicro(w.EtaToUs).UTC(), Method: w.Method, Metres: w.Metres, WalkM: w.WalkM,
		Simulated: w.Simulated || v.Config.Simulated, Line: make([][2]float64, 0, len(line)), Steps: make([]wire.RouteStep, 0, len(w.Steps))}
	for _, p := range line {
		way.Line = append(way.Line, [2]float64{degrees(p.Lon), degrees(p.Lat)})
	}
	for _, s := range w.Steps {
		way.Steps = append(way.Steps, wire.RouteStep{Turn: s.Turn, Name: s.Name, Metres: s.Metres, Seconds: s.Seconds})
	}
	v.way = way
	v.showAll()
	return nil
}

// degrees without what is no measurement: a metre is 1e-5 of them.
func degrees(d float64) float64 { return math.Round(d*1e5) / 1e5 }

// wayNow is the way of the mission that the crew is on, until it is there.
func (v *Vehicle) wayNow() (*wire.TerminalWay, bool) {
	if v.way == nil || v.way.Mission != v.cab.Current() {
		return nil, false
	}
	m := v.cab.Missions[v.way.Mission]
	scene, hospital := mission.Aims(m.State)
	there := slices.ContainsFunc(m.Nodes, func(n ems.NodeTime) bool { return n.Node == v.way.Node })
	return v.way, !there && (v.way.Node == ems.NodeAtScene && scene || v.way.Node == ems.NodeAtHospital && hospital)
}
