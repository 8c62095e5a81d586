package draw

import (
	"math"
	"math/rand/v2"

	"lifeline120/internal/ems"
)

// pt is a point of the drawing plane: metres east and north of the city's centre.
type pt struct{ x, y float64 }

func (p pt) add(q pt) pt         { return pt{p.x + q.x, p.y + q.y} }
func (p pt) sub(q pt) pt         { return pt{p.x - q.x, p.y - q.y} }
func (p pt) mul(k float64) pt    { return pt{p.x * k, p.y * k} }
func (p pt) left() pt            { return pt{-p.y, p.x} }
func (p pt) len() float64        { return math.Hypot(p.x, p.y) }
func (p pt) to(q pt) float64     { return q.sub(p).len() }
func (p pt) dot(q pt) float64    { return p.x*q.x + p.y*q.y }
func lerp(a, b pt, t float64) pt { return pt{a.x + (b.x-a.x)*t, a.y + (b.y-a.y)*t} }
func polar(deg, r float64) pt    { s, c := math.Sincos(deg * math.Pi / 180); return pt{c * r, s * r} }
func (p pt) turned(deg float64) pt {
	s, c := math.Sincos(deg * math.Pi / 180)
	return pt{p.x*c - p.y*s, p.x*s + p.y*c}
}

func (p pt) unit() pt {
	if n := p.len(); n > 0 {
		return p.mul(1 / n)
	}
	return pt{1, 0}
}

// The centre of the plane, and the lengths of a degree there. The drawing is small enough to be flat.
const (
	originLat, originLon  = 35.40, 118.50
	metresLat, metresLon  = 110948.0, 90872.0
	stepsPerDegree        = 1e6 // positions are kept in millionths of a degree: a tenth of a metre
	halfWidthM, halfHighM = 42000.0, 36000.0
)

// steps gives the place of p in millionths of a degree: latitude, longitude.
func (p pt) steps() (lat, lon int64) {
	return int64(math.Round((originLat + p.y/metresLat) * stepsPerDegree)), int64(math.Round((originLon + p.x/metresLon) * stepsPerDegree))
}

func (p pt) wgs84() ems.WGS84 {
	lat, lon := p.steps()
	return ems.WGS84{Lat: float64(lat) / stepsPerDegree, Lon: float64(lon) / stepsPerDegree}
}

func fromWGS84(w ems.WGS84) pt {
	return pt{(w.Lon - originLon) * metresLon, (w.Lat - originLat) * metresLat}
}

// poly is a closed ring; the last point is not the first again.
type poly []pt

func (g poly) has(p pt) bool {
	in := false
	for i, j := 0, len(g)-1; i < len(g); j, i = i, i+1 {
		if (g[i].y > p.y) != (g[j].y > p.y) && p.x < (g[j].x-g[i].x)*(p.y-g[i].y)/(g[j].y-g[i].y)+g[i].x {
			in = !in
		}
	}
	return in
}

func (g poly) closed() []pt { return append(append([]pt(nil), g...), g[0]) }

// oval is a ring of n points around c, r wide and tall, with edges of power k (2: an ellipse, more: squarer), bent by up to wobble.
func oval(c pt, rx, ry, k, wobble float64, n int, rng *rand.Rand) poly {
	a, b, d := rng.Float64()*6, rng.Float64()*6, rng.Float64()*6
	g := make(poly, n)
	for i := range g {
		t := 2 * math.Pi * float64(i) / float64(n)
		s, co := math.Sincos(t)
		r := 1 / math.Pow(math.Pow(math.Abs(co), k)+math.Pow(math.Abs(s), k), 1/k)
		r *= 1 + wobble*(math.Sin(2*t+a)+0.6*math.Sin(3*t+b)+0.4*math.Sin(5*t+d))
		g[i] = c.add(pt{co * r * rx, s * r * ry})
	}
	return g
}

// smooth rounds a line by cutting its corners, n times.
func smooth(l []pt, n int) []pt {
	for range n {
		out := []pt{l[0]}
		for i := 1; i < len(l); i++ {
			out = append(out, lerp(l[i-1], l[i], 0.25), lerp(l[i-1], l[i], 0.75))
		}
		l = append(out, l[len(l)-1])
	}
	return l
}

// wander bends a straight line by displacing midpoints; bend is the share of the length.
func wander(a, b pt, bend, step float64, rng *rand.Rand) []pt {
	d := a.to(b)
	if d < step {
		return []pt{a, b}
	}
	m := lerp(a, b, 0.5).add(b.sub(a).left().mul((rng.Float64()*2 - 1) * bend))
	l := wander(a, m, bend*0.8, step, rng)
	return append(l, wander(m, b, bend*0.8, step, rng)[1:]...)
}

// beside is a line moved d metres to the right; at its ends it comes back to them when meet is set.
func beside(l []pt, d float64, closed, meet bool) []pt {
	n := len(l)
	out := make([]pt, 0, n)
	for i := range l {
		var in, on pt
		switch {
		case closed:
			in, on = l[i].sub(l[(i-1+n-1)%(n-1)]), l[(i+1)%(n-1)].sub(l[i])
			if i == n-1 {
				out = append(out, out[0])
				continue
			}
		case i == 0:
			in, on = l[1].sub(l[0]), l[1].sub(l[0])
		case i == n-1:
			in, on = l[i].sub(l[i-1]), l[i].sub(l[i-1])
		default:
			in, on = l[i].sub(l[i-1]), l[i+1].sub(l[i])
		}
		dir := in.unit().add(on.unit()).unit()
		out = append(out, l[i].add(dir.left().mul(-d)))
	}
	if meet && !closed {
		out = append(append([]pt{l[0]}, out[1:len(out)-1]...), l[len(l)-1])
		if len(out) == 2 { // one straight piece: two points of its own, or both lanes would be one
			a, b := l[0], l[1]
			r := b.sub(a).unit().left().mul(-d)
			out = []pt{a, lerp(a, b, 0.1).add(r), lerp(a, b, 0.9).add(r), b}
		}
	}
	return out
}

func reversed(l []pt) []pt {
	out := make([]pt, len(l))
	for i, p := range l {
		out[len(l)-1-i] = p
	}
	return out
}

func length(l []pt) float64 {
	s := 0.0
	for i := 1; i < len(l); i++ {
		s += l[i-1].to(l[i])
	}
	return s
}

// along is the place s metres along a line, and the direction there.
func along(l []pt, s float64) (pt, pt) {
	for i := 1; i < len(l); i++ {
		d := l[i-1].to(l[i])
		if s <= d && d > 0 || i == len(l)-1 {
			return lerp(l[i-1], l[i], s/max(d, 1e-9)), l[i].sub(l[i-1]).unit()
		}
		s -= d
	}
	return l[0], pt{1, 0}
}

// cross gives where segments ab and cd cross, as shares of both; slack metres beyond an end still count.
func cross(a, b, c, d pt, slack float64) (t, u float64, ok bool) {
	r, s := b.sub(a), d.sub(c)
	den := r.x*s.y - r.y*s.x
	lr, ls := r.len(), s.len()
	if lr == 0 || ls == 0 || math.Abs(den) < 1e-3*lr*ls {
		return 0, 0, false
	}
	q := c.sub(a)
	t, u = (q.x*s.y-q.y*s.x)/den, (q.x*r.y-q.y*r.x)/den
	et, eu := slack/lr, slack/ls
	return t, u, t >= -et && t <= 1+et && u >= -eu && u <= 1+eu
}

// nearest is the point of segment ab closest to p, as share.
func nearest(p, a, b pt) float64 {
	d := b.sub(a)
	if n := d.dot(d); n > 0 {
		return min(1, max(0, p.sub(a).dot(d)/n))
	}
	return 0
}

// grown is the ring with its edge moved out by d metres, seen from its middle.
func (g poly) grown(d float64) poly {
	c := g.middle()
	out := make(poly, len(g))
	for i, p := range g {
		out[i] = p.add(p.sub(c).unit().mul(d))
	}
	return out
}

func (g poly) middle() pt {
	var c pt
	for _, p := range g {
		c = c.add(p)
	}
	return c.mul(1 / float64(len(g)))
}

// around leads a line around lakes: points in one are moved to its shore, but for the ends.
func around(l []pt, lakes ...poly) []pt {
	for _, g := range lakes {
		wide, c := g.grown(220), g.middle()
		for i := 1; i < len(l)-1; i++ {
			for p := l[i]; wide.has(p); p = p.add(p.sub(c).unit().mul(80)) {
				l[i] = p.add(p.sub(c).unit().mul(80))
			}
		}
	}
	return l
}
