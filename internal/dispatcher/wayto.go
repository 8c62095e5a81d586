package dispatcher

import (
	"errors"
	"math"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/orb/simplify"

	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/match"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roads"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// toldWay is the way that a vehicle was last told.
type toldWay struct {
	at   time.Time
	to   ems.WGS84
	line orb.LineString
}

// tellWay tells a vehicle its way: at once when it goes elsewhere or has left the line that it was told, otherwise now and then. It is owed to
// nobody: what is lost is told again.
func (c *Centre) tellWay(m *ems.Mission, u *underway, lv *unitLive, leg ems.Node, to ems.WGS84, eta foretelling, t time.Time) {
	since := t.Sub(u.way.at)
	if u.way.to == to && (since < waySoonest || since < wayEvery && nearLine(u.way.line, lv.fix.Pos)) {
		return
	}
	w := &pb.Way{Mission: string(m.ID), Node: string(leg), FromUs: lv.fix.Taken.UnixMicro(), EtaUs: eta.at.UnixMicro(), EtaFromUs: eta.from.UnixMicro(),
		EtaToUs: eta.to.UnixMicro(), Method: eta.method, Simulated: m.Simulated}
	line := orb.LineString{{lv.fix.Pos.Lon, lv.fix.Pos.Lat}, {to.Lon, to.Lat}}
	if r, ok := c.ways.route(m.Unit, lv.fix.Pos, to); ok && eta.method == match.MethodRoads {
		line = wayLine(r.Line)
		w.Metres, w.WalkM = math.Round(r.Metres), math.Round(r.WalkM)
		for _, st := range r.Steps[:min(len(r.Steps), wire.MaxWaySteps)] {
			w.Steps = append(w.Steps, &pb.WayStep{Turn: string(st.Turn), Name: st.Name, Metres: math.Round(st.Metres), Seconds: float64(st.Ms) / 1000})
		}
	}
	u.way = toldWay{t, to, line}
	points := make([]ems.WGS84, 0, len(line))
	for _, p := range line {
		points = append(points, ems.WGS84{Lat: p.Lat(), Lon: p.Lon()})
	}
	w.Line = wire.PackLine(points)
	if err := c.publish(m.Unit, link.DownWay, w); err != nil && !errors.Is(err, link.ErrDown) {
		c.count.unsent.Add(1)
	}
}

// wayLine is a route's line as a small screen needs it; a very long one is drawn more coarsely, never cut.
func wayLine(points []ems.WGS84) orb.LineString {
	line := make(orb.LineString, 0, len(points))
	for _, p := range points {
		line = append(line, orb.Point{p.Lon, p.Lat})
	}
	for within := wayWithin; ; within *= 2 {
		if out := simplify.DouglasPeucker(within).LineString(line.Clone()); len(out) <= wire.MaxWayPoints {
			return out
		}
	}
}

// nearLine says whether a unit is still on the line that it was told.
func nearLine(line orb.LineString, at ems.WGS84) bool {
	if len(line) == 0 {
		return false
	}
	k := math.Cos(at.Lat * math.Pi / 180) // degrees of longitude are shorter
	flat := make(orb.LineString, len(line))
	for i, p := range line {
		flat[i] = orb.Point{p[0] * k, p[1]}
	}
	return planar.DistanceFrom(flat, orb.Point{at.Lon * k, at.Lat}) <= wayOff
}

// route is the way of a unit from its last position to a place.
func (w *ways) route(u ems.UnitID, from, to ems.WGS84) (roads.Route, bool) {
	if w.fleet == nil {
		return roads.Route{}, false
	}
	w.place(u, from)
	return w.roads.Route(roadlive.Mission, w.at[u].places, w.roads.Snap(to))
}
