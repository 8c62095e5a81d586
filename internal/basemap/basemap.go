// Package basemap makes the base map of an extract: vector tiles with roads, water, green and built-up land, borders, places and points
// of interest. What is in which layer from which level on stands in layers.go; docs/maps.md tells a city how to make its own.
package basemap

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/simplify"

	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/pmtiles"
)

// Levels of the map. Beyond the deepest one the browser enlarges it.
const (
	MinZoom = 5
	MaxZoom = 14
)

const (
	extent    = 4096
	buffer    = 80  // units beyond a tile's edge that are drawn too, so that wide lines do not end at it
	roughness = 5.0 // units by which a line may be simplified above the deepest level
	maxTiles  = 1_500_000
)

// Map is an extract in layers, ready to be cut into tiles.
type Map struct {
	features []feature
	bound    orb.Bound // longitude, latitude
}

// feature is one thing on the map; geometry is in world units: 0 to 1, east and south.
type feature struct {
	layer   string
	from    int // first level that shows it
	to      int // last level, 0: all
	props   []prop
	point   *orb.Point
	line    orb.LineString
	polygon orb.Polygon
	order   int
}

type prop struct {
	k string
	v any // string, int64 or bool
}

func world(p ems.WGS84) orb.Point {
	s := math.Sin(min(85.05, max(-85.05, p.Lat)) * math.Pi / 180)
	return orb.Point{p.Lon/360 + 0.5, 0.5 - math.Log((1+s)/(1-s))/(4*math.Pi)}
}

// Of sorts an extract into layers. shift brings a position into the datum of the tiles; nil leaves it in WGS-84.
func Of(d *extract.Data, shift func(ems.WGS84) ems.WGS84) (*Map, error) {
	m := &Map{bound: orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}}
	b := &builder{d: d, m: m, shift: shift}
	b.lines()
	b.areas()
	b.points()
	if len(m.features) == 0 {
		return nil, errors.New("make the base map: the extract holds no roads, no land and no places")
	}
	slices.SortStableFunc(m.features, func(a, b feature) int { return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.order, b.order)) })
	return m, nil
}

// Header is what the archive says of the map.
func (m *Map) Header() pmtiles.Header {
	c := m.bound.Center()
	return pmtiles.Header{MinZoom: MinZoom, MaxZoom: MaxZoom, West: m.bound.Min[0], South: m.bound.Min[1], East: m.bound.Max[0], North: m.bound.Max[1], CentreLon: c[0], CentreLat: c[1], CentreZoom: 11}
}

// Tiles cuts the map. done is told the share that is made, now and then; it may be nil.
func (m *Map) Tiles(done func(share float64)) ([]pmtiles.Tile, error) {
	var out []pmtiles.Tile
	for z := MinZoom; z <= MaxZoom; z++ {
		level, err := m.level(z)
		if err != nil {
			return nil, err
		}
		if out = append(out, level...); len(out) > maxTiles {
			return nil, errors.New("make the base map: the extract covers too much land; cut out the city or the province first")
		}
		if done != nil {
			done(math.Pow(0.4, float64(MaxZoom-z)))
		}
	}
	return out, nil
}

// level makes all tiles of one level.
func (m *Map) level(z int) ([]pmtiles.Tile, error) {
	scale := float64(uint64(1)<<z) * extent
	tiles := map[[2]uint32]*tile{}
	at := func(x, y uint32) *tile {
		k := [2]uint32{x, y}
		if tiles[k] == nil {
			tiles[k] = &tile{}
		}
		return tiles[k]
	}
	rough := roughness
	if z == MaxZoom {
		rough = 1.2
	}
	for _, f := range m.features {
		if z < f.from || f.to > 0 && z > f.to {
			continue
		}
		props := f.props
		switch {
		case f.point != nil:
			p := orb.Point{f.point[0] * scale, f.point[1] * scale}
			x, y := uint32(p[0]/extent), uint32(p[1]/extent)
			at(x, y).add(f.layer, props, 1, [][]orb.Point{{{p[0] - float64(x)*extent, p[1] - float64(y)*extent}}})
		case f.line != nil:
			l := simplify.DouglasPeucker(rough).LineString(scaled(f.line, scale))
			each(l.Bound(), func(x, y uint32, b orb.Bound) {
				var parts [][]orb.Point
				for _, part := range clip.LineString(b, l.Clone()) {
					parts = append(parts, shifted(part, x, y))
				}
				if len(parts) > 0 {
					at(x, y).add(f.layer, props, 2, parts)
				}
			})
		default:
			var whole orb.Polygon
			for _, ring := range f.polygon {
				r := simplify.DouglasPeucker(rough).LineString(scaled(orb.LineString(ring), scale))
				if len(r) >= 4 {
					whole = append(whole, orb.Ring(r))
				} else if len(whole) == 0 {
					break
				}
			}
			if len(whole) == 0 {
				continue
			}
			each(whole.Bound(), func(x, y uint32, b orb.Bound) {
				var rings [][]orb.Point
				for i, r := range clip.Polygon(b, whole.Clone()) {
					s := shifted(orb.LineString(r), x, y)
					if len(s) < 4 {
						if i == 0 {
							break
						}
						continue
					}
					rings = append(rings, wound(s, i == 0))
				}
				if len(rings) > 0 {
					at(x, y).add(f.layer, props, 3, rings)
				}
			})
		}
		if len(tiles) > maxTiles {
			return nil, errors.New("make the base map: the extract covers too much land; cut out the city or the province first")
		}
	}
	out := make([]pmtiles.Tile, 0, len(tiles))
	for k, t := range tiles {
		if b := t.bytes(); len(b) > 0 {
			out = append(out, pmtiles.Tile{Z: uint32(z), X: k[0], Y: k[1], Data: packed(b)})
		}
	}
	slices.SortFunc(out, func(a, b pmtiles.Tile) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
	return out, nil
}

func packed(b []byte) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	_, _ = z.Write(b) // into memory
	_ = z.Close()
	return out.Bytes()
}

func scaled(l orb.LineString, k float64) orb.LineString {
	out := make(orb.LineString, len(l))
	for i, p := range l {
		out[i] = orb.Point{p[0] * k, p[1] * k}
	}
	return out
}

// each calls f for every tile that a bound touches, with the tile's own bound and its margin.
func each(b orb.Bound, f func(x, y uint32, b orb.Bound)) {
	lo := func(v float64) uint32 { return uint32(max(0, (v-buffer)/extent)) }
	hi := func(v float64) uint32 { return uint32(max(0, (v+buffer)/extent)) }
	for x := lo(b.Min[0]); x <= hi(b.Max[0]); x++ {
		for y := lo(b.Min[1]); y <= hi(b.Max[1]); y++ {
			fx, fy := float64(x)*extent, float64(y)*extent
			f(x, y, orb.Bound{Min: orb.Point{fx - buffer, fy - buffer}, Max: orb.Point{fx + extent + buffer, fy + extent + buffer}})
		}
	}
}

// shifted brings a line into the units of one tile, rounded; points that fall together become one.
func shifted(l orb.LineString, x, y uint32) []orb.Point {
	out := make([]orb.Point, 0, len(l))
	for _, p := range l {
		q := orb.Point{math.Round(p[0] - float64(x)*extent), math.Round(p[1] - float64(y)*extent)}
		if n := len(out); n == 0 || out[n-1] != q {
			out = append(out, q)
		}
	}
	return out
}

// wound gives a ring the direction that its kind asks for: outer ones clockwise as seen on the screen.
func wound(r []orb.Point, outer bool) []orb.Point {
	area := 0.0
	for i := range r {
		j := (i + 1) % len(r)
		area += r[i][0]*r[j][1] - r[j][0]*r[i][1]
	}
	if (area > 0) != outer {
		slices.Reverse(r)
	}
	return r
}
