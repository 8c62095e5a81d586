package dispatcher

import (
	"context"
	"slices"

	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
	"lifeline120/maps"
)

// mapInfo says what the base map is. Where there is none, tiles are absent and the screens do without.
func (c *Centre) mapInfo(context.Context, *struct{}) (*answer[wire.MapInfo], error) {
	m := wire.MapInfo{City: c.cfg.City.Name, CityEn: c.cfg.City.NameEn, Datum: "wgs84", Attribution: c.cfg.City.Map.Attribution, Centre: middle(c.cfg.City)}
	if a := c.cfg.Map; a != nil {
		h := a.Header
		m.Tiles = "/map/tiles/{z}/{x}/{y}?v=" + a.Tag
		m.MinZoom, m.MaxZoom = int(h.MinZoom), int(h.MaxZoom)
		m.Bounds = [4]float64{h.West, h.South, h.East, h.North}
		for _, d := range []string{a.Datum, c.cfg.City.Map.Datum} { // the city's own word is the last: some archives do not say
			if d != "" {
				m.Datum = d
			}
		}
	}
	return give(m, nil)
}

// middle is where the screens begin to look: at the middle of the stations, by median, so that a far one does not move it.
func middle(c maps.City) ems.WGS84 {
	if len(c.Stations) == 0 {
		return ems.WGS84{}
	}
	lat, lon := make([]float64, 0, len(c.Stations)), make([]float64, 0, len(c.Stations))
	for _, s := range c.Stations {
		lat, lon = append(lat, s.Pos.Lat), append(lon, s.Pos.Lon)
	}
	slices.Sort(lat)
	slices.Sort(lon)
	return ems.WGS84{Lat: lat[len(lat)/2], Lon: lon[len(lon)/2]}
}

// aeds are the defibrillators that anyone may take.
func (c *Centre) aeds(context.Context, *struct{}) (*answer[[]maps.AED], error) {
	if c.cfg.City.AEDs == nil {
		return give([]maps.AED{}, nil)
	}
	return give(c.cfg.City.AEDs, nil)
}
