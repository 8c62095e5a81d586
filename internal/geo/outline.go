package geo

import "math"

// outline is a coarse line around the area where public maps are shifted: the mainland with Hainan, Hong Kong and Macau.
// Longitude and latitude in degrees, drawn by hand along the border; good to some 30 km. Public implementations use the
// rectangle alone, which also catches Ulaanbaatar, Hanoi, Seoul and Delhi.
var outline = [...][2]float64{
	{73.2, 40.6}, {73.0, 38.3}, {74.2, 36.8}, {75.6, 35.6}, {77.6, 34.9}, {78.0, 33.2}, {77.9, 30.8}, {79.6, 30.2}, {80.8, 29.9},
	{82.0, 29.9}, {83.3, 29.2}, {84.9, 28.5}, {85.5, 28.2}, {86.8, 27.8}, {88.7, 27.2}, {89.3, 27.9}, {91.3, 27.6}, {92.0, 26.6},
	{94.5, 26.9}, {97.0, 27.4}, {97.4, 26.6}, {97.3, 24.4}, {97.35, 23.7}, {98.6, 23.6}, {98.5, 21.9}, {99.8, 21.6}, {100.9, 21.2},
	{102.0, 21.0}, {102.3, 22.1}, {103.9, 22.3}, {105.3, 23.0}, {106.4, 22.6}, {106.5, 21.6}, {107.9, 21.3}, {108.2, 20.2},
	{107.9, 18.0}, {109.8, 17.5}, {112.0, 19.0}, {114.5, 21.8}, {117.3, 22.8}, {119.6, 24.6}, {120.9, 26.6}, {123.0, 29.5},
	{123.1, 31.5}, {121.8, 33.4}, {120.7, 35.0}, {123.2, 36.9}, {122.6, 38.4}, {124.0, 39.4}, {124.6, 40.0}, {126.2, 40.9},
	{126.9, 41.4}, {128.2, 41.3}, {128.6, 41.8}, {129.8, 42.2}, {130.5, 42.2}, {130.9, 42.7}, {131.4, 43.3}, {131.5, 44.8},
	{133.3, 45.0}, {134.1, 46.3}, {134.6, 47.3}, {135.3, 48.5}, {134.0, 48.6}, {131.3, 47.9}, {131.1, 49.0}, {128.0, 49.9},
	{127.7, 50.6}, {126.9, 51.8}, {126.0, 53.0}, {123.4, 53.8}, {120.7, 53.7}, {119.8, 52.7}, {120.4, 51.9}, {118.9, 50.4},
	{117.4, 49.8}, {116.4, 50.1}, {115.3, 48.1}, {116.0, 47.6}, {117.3, 47.4}, {118.3, 47.8}, {119.2, 47.3}, {118.3, 46.95},
	{116.2, 46.5}, {115.4, 45.6}, {113.6, 45.0}, {111.6, 45.3}, {111.2, 44.5}, {111.5, 43.8}, {109.5, 42.6}, {107.3, 42.6},
	{104.9, 41.85}, {102.0, 42.4}, {100.0, 42.9}, {96.4, 42.95}, {95.4, 44.5}, {93.4, 45.2}, {91.0, 45.4}, {91.3, 46.6},
	{90.2, 47.9}, {88.2, 48.9}, {86.8, 49.4}, {85.4, 48.6}, {85.0, 47.4}, {82.7, 47.5}, {82.1, 45.4}, {79.7, 45.1}, {80.1, 43.1},
	{79.9, 42.2}, {76.6, 41.2}, {74.5, 41.0},
}

// marginDeg is added around the outline, because it is coarse and a border town left unshifted would send a crew half a
// kilometre wrong, while a foreign village shifted harms nobody.
const marginDeg = 0.3

// shifted says whether public maps shift this place.
func shifted(lat, lon float64) bool {
	if !(lon >= boxWest && lon <= boxEast && lat >= boxSouth && lat <= boxNorth) {
		return false
	}
	inside := false
	for i, a := range outline {
		b := outline[(i+1)%len(outline)]
		if (a[1] > lat) != (b[1] > lat) && lon < (b[0]-a[0])*(lat-a[1])/(b[1]-a[1])+a[0] {
			inside = !inside
		}
	}
	if inside {
		return true
	}
	for i, a := range outline {
		if toSegment(lon, lat, a, outline[(i+1)%len(outline)]) < marginDeg {
			return true
		}
	}
	return false
}

// toSegment is the distance from (x, y) to the segment a-b, in the plane of the degrees.
func toSegment(x, y float64, a, b [2]float64) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	t := ((x-a[0])*dx + (y-a[1])*dy) / (dx*dx + dy*dy)
	t = min(1, max(0, t))
	return math.Hypot(x-a[0]-t*dx, y-a[1]-t*dy)
}
