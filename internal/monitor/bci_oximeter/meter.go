package bci_oximeter

import (
	"math"
	"slices"
	"time"
)

// documented are the rates that boards of this protocol were seen with, frames a second.
var documented = [...]float64{50, 60, 100}

// meter finds how many frames a second the device sends, from when its bytes came. Bytes come in lumps and late, never early, and what
// was held up comes all the same: so it is a median of slopes between the beginning and the end of a window, which no single lump moves.
type meter struct {
	points []point // the end of an arrival each, at least pointEvery apart
	count  float64 // frames so far
	last   time.Time
	live   bool
}

type point struct {
	at    time.Time
	count float64
}

// frame takes one frame that came at now, after so many that the line is known to have lost. When a window is full it gives its rate.
func (m *meter) frame(now time.Time, lost int) (rateHz float64, full bool) {
	if m.live && now.After(m.last) {
		m.note()
		rateHz, full = m.window()
	}
	if m.live && now.Before(m.last) {
		m.reset() // nobody's clock of intervals runs back
	}
	m.count += float64(1 + lost)
	m.last, m.live = now, true
	return rateHz, full
}

// reset begins anew, where nobody knows how much the line lost.
func (m *meter) reset() { m.points, m.count, m.live = m.points[:0], 0, false }

// note keeps the end of the arrival before this one.
func (m *meter) note() {
	if n := len(m.points); n > 0 && m.last.Sub(m.points[n-1].at) < pointEvery {
		return
	}
	m.points = append(m.points, point{m.last, m.count})
}

// window ends a window that is long enough and gives its rate.
func (m *meter) window() (float64, bool) {
	n := len(m.points)
	if n < pointsLeast || m.points[n-1].at.Sub(m.points[0].at) < windowLeast && n < pointsMost {
		return 0, false
	}
	slopes := make([]float64, 0, (n/3)*(n/3))
	for _, a := range m.points[:n/3] {
		for _, b := range m.points[n-n/3:] {
			slopes = append(slopes, (b.count-a.count)/b.at.Sub(a.at).Seconds())
		}
	}
	slices.Sort(slopes)
	m.points = append(m.points[:0], m.points[n-1])
	return slopes[len(slopes)/2], true
}

// nearest is the documented rate that a measured one stands for; false when it is too far from each.
func nearest(rateHz float64) (float64, bool) {
	for _, d := range documented {
		if math.Abs(rateHz-d) <= d*tolerance {
			return d, true
		}
	}
	return math.Round(rateHz), false
}

// rate is what is believed of the device's rate; zero while nothing is.
type rate struct {
	hz        float64
	candidate float64 // what the last windows said instead
	agreed    int     // how many of them, one after another
}

// judge takes the rate of a window; true means that another rate is believed from now on. The first documented one is believed at once;
// any other rate, and any change, only when windowsAgree say the same.
func (r *rate) judge(measured float64) bool {
	hz, known := nearest(measured)
	if hz < rateLeast || hz > rateMost || hz == r.hz || math.Abs(measured-r.hz) <= r.hz*tolerance/2 {
		r.agreed = 0
		return false
	}
	if math.Abs(hz-r.candidate) > r.candidate*tolerance/2 {
		r.agreed = 0
	}
	r.candidate = hz
	r.agreed++
	if r.agreed < windowsAgree && !(known && r.hz == 0) {
		return false
	}
	r.hz, r.agreed = hz, 0
	return true
}
