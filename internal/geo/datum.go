package geo

import (
	"math"

	"lifeline120/internal/ems"
)

// BD09 is a position in the datum of Baidu's maps, in degrees: GCJ-02 shifted once more. It exists only at the edge.
type BD09 struct{ Lat, Lon float64 }

// Constants of the public maps' shift, as every open implementation has them: an ellipsoid of its own
// (Krasovsky 1940), and the rectangle beyond which nothing is shifted.
const (
	shiftMajorM = 6378245.0
	shiftEcc2   = 0.00669342162296594323
	boxWest     = 72.004
	boxEast     = 137.8347
	boxSouth    = 0.8293
	boxNorth    = 55.8271
)

// ToGCJ02 gives the place on a Chinese public map where p is drawn. Outside the shifted area it is p itself.
func ToGCJ02(p ems.WGS84) ems.GCJ02 {
	if !shifted(p.Lat, p.Lon) {
		return ems.GCJ02(p)
	}
	dLat, dLon := offset(p.Lat, p.Lon)
	return ems.GCJ02{Lat: p.Lat + dLat, Lon: p.Lon + dLon}
}

// FromGCJ02 is the inverse of ToGCJ02, within a millimetre, by fixed-point iteration: each step brings the error down more
// than a hundredfold, from the some 700 m of the shift. Where the border of the shifted area makes two answers possible
// it takes the one inside.
func FromGCJ02(g ems.GCJ02) ems.WGS84 {
	p := ems.WGS84(g)
	for range inverseSteps {
		dLat, dLon := offset(p.Lat, p.Lon)
		p = ems.WGS84{Lat: g.Lat - dLat, Lon: g.Lon - dLon}
	}
	if !shifted(p.Lat, p.Lon) {
		return ems.WGS84(g)
	}
	return p
}

// inverseSteps: after 3 the worst error over China is 0.2 mm, after 4 a micrometre (measured over a million points); one more costs
// nothing.
const inverseSteps = 5

// ToBD09 shifts a GCJ-02 position on to Baidu's datum. A place that GCJ-02 leaves alone is left alone here too.
func ToBD09(g ems.GCJ02) BD09 {
	if !within(g) {
		return BD09(g)
	}
	return onward(g)
}

// within says whether g is drawn on a shifted map: asked of the place that it is, and not of where it is drawn, so that one answer holds for
// both shifts and a position at the border comes back from both.
func within(g ems.GCJ02) bool {
	p := FromGCJ02(g)
	return shifted(p.Lat, p.Lon)
}

// onward is Baidu's shift itself.
func onward(g ems.GCJ02) BD09 {
	z := math.Hypot(g.Lon, g.Lat) + 0.00002*math.Sin(g.Lat*baiduPi)
	theta := math.Atan2(g.Lat, g.Lon) + 0.000003*math.Cos(g.Lon*baiduPi)
	return BD09{Lat: z*math.Sin(theta) + 0.006, Lon: z*math.Cos(theta) + 0.0065}
}

const baiduPi = math.Pi * 3000 / 180

// FromBD09 is the inverse of ToBD09, within a millimetre. The published one-step inverse is the first guess; it alone is up
// to 0.23 m off.
func FromBD09(b BD09) ems.GCJ02 {
	x, y := b.Lon-0.0065, b.Lat-0.006
	z := math.Hypot(x, y) - 0.00002*math.Sin(y*baiduPi)
	theta := math.Atan2(y, x) - 0.000003*math.Cos(x*baiduPi)
	g := ems.GCJ02{Lat: z * math.Sin(theta), Lon: z * math.Cos(theta)}
	for range inverseSteps {
		again := onward(g)
		g.Lat += b.Lat - again.Lat
		g.Lon += b.Lon - again.Lon
	}
	if !within(g) {
		return ems.GCJ02(b)
	}
	return g
}

// offset is the shift formula itself.
func offset(lat, lon float64) (dLat, dLon float64) {
	x, y := lon-105, lat-35
	common := (20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)) * 2 / 3
	root := math.Sqrt(math.Abs(x))
	north := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + common +
		(20*math.Sin(y*math.Pi)+40*math.Sin(y/3*math.Pi))*2/3 +
		(160*math.Sin(y/12*math.Pi)+320*math.Sin(y*math.Pi/30))*2/3
	east := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + common +
		(20*math.Sin(x*math.Pi)+40*math.Sin(x/3*math.Pi))*2/3 +
		(150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3
	s := math.Sin(radians(lat))
	w := 1 - shiftEcc2*s*s
	dLat = degrees(north * w * math.Sqrt(w) / (shiftMajorM * (1 - shiftEcc2)))
	dLon = degrees(east * math.Sqrt(w) / (shiftMajorM * math.Cos(radians(lat))))
	return dLat, dLon
}
