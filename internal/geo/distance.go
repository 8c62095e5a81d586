// Package geo has the geometry of the Earth that dispatch needs: distances, bearings, destinations, and the conversion
// between WGS-84 and the datums of Chinese public maps (GEO-001).
package geo

import (
	"math"

	"lifeline120/internal/ems"
)

// WGS-84 ellipsoid.
const (
	semiMajorM = 6378137.0
	flattening = 1 / 298.257223563
	ecc2       = flattening * (2 - flattening)
)

func radians(deg float64) float64 { return deg * math.Pi / 180 }
func degrees(rad float64) float64 { return rad * 180 / math.Pi }

// Distance is the length of the shortest line between a and b on the ellipsoid, by Lambert's formula: within 10 m over
// thousands of kilometres, within a millimetre over a city.
func Distance(a, b ems.WGS84) ems.Metres {
	// Reduced latitudes carry the ellipsoid onto a sphere.
	reduced := func(lat float64) float64 { return math.Atan((1 - flattening) * math.Tan(radians(lat))) }
	b1, b2 := reduced(a.Lat), reduced(b.Lat)
	sigma := centralAngle(b1, b2, radians(b.Lon-a.Lon))
	if sigma < 1e-12 || math.Pi-sigma < 1e-6 {
		return ems.Metres(sigma * semiMajorM) // the same place, or its antipode, where the correction has no limit
	}
	p, q := (b1+b2)/2, (b2-b1)/2
	sp, cp, sq, cq := math.Sin(p), math.Cos(p), math.Sin(q), math.Cos(q)
	sh, ch := math.Sin(sigma/2), math.Cos(sigma/2)
	x := (sigma - math.Sin(sigma)) * (sp * sp * cq * cq) / (ch * ch)
	y := (sigma + math.Sin(sigma)) * (cp * cp * sq * sq) / (sh * sh)
	return ems.Metres(semiMajorM * (sigma - flattening/2*(x+y)))
}

// centralAngle is the angle between two points of a sphere, by the haversine formula, which keeps its digits when small.
func centralAngle(lat1, lat2, dLon float64) float64 {
	s1, s2 := math.Sin((lat2-lat1)/2), math.Sin(dLon/2)
	h := s1*s1 + math.Cos(lat1)*math.Cos(lat2)*s2*s2
	return 2 * math.Asin(math.Sqrt(min(1, h)))
}

// Bearing is the initial course from a to b in degrees, 0 north, 90 east, in [0, 360). From a point to itself it is 0.
func Bearing(a, b ems.WGS84) float64 {
	lat1, lat2, dLon := radians(a.Lat), radians(b.Lat), radians(b.Lon-a.Lon)
	y := math.Sin(dLon) * math.Cos(lat2)
	x := math.Cos(lat1)*math.Sin(lat2) - math.Sin(lat1)*math.Cos(lat2)*math.Cos(dLon)
	return math.Mod(degrees(math.Atan2(y, x))+360, 360)
}

// Destination is the place reached from a after d in a straight line on the given course. It inverts Distance and Bearing
// within 0.1 % up to 100 km.
func Destination(a ems.WGS84, courseDeg float64, d ems.Metres) ems.WGS84 {
	lat, lon, course := radians(a.Lat), radians(a.Lon), radians(courseDeg)
	// The sphere that fits the ellipsoid at a in this direction (Euler's formula).
	w := 1 - ecc2*math.Sin(lat)*math.Sin(lat)
	meridian, prime := semiMajorM*(1-ecc2)/math.Pow(w, 1.5), semiMajorM/math.Sqrt(w)
	c, s := math.Cos(course), math.Sin(course)
	angle := float64(d) * (c*c/meridian + s*s/prime)
	lat2 := math.Asin(math.Sin(lat)*math.Cos(angle) + math.Cos(lat)*math.Sin(angle)*c)
	lon2 := lon + math.Atan2(s*math.Sin(angle)*math.Cos(lat), math.Cos(angle)-math.Sin(lat)*math.Sin(lat2))
	return ems.WGS84{Lat: degrees(lat2), Lon: math.Mod(degrees(lon2)+540, 360) - 180}
}
