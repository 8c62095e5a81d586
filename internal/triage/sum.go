package triage

import (
	"math"
	"slices"
)

// grade gives the points of one item.
type grade struct {
	item   Item
	weight float64
	points []points
}

// points are given for answers that pass the test. For each answer exactly one line holds, or more while what they hang on is missing.
type points struct {
	when test
	n    float64
}

// band is an outcome for sums of from and more, but less than below.
type band struct {
	outcome     Outcome
	from, below float64
}

// endless is the upper end of the highest band.
var endless = math.Inf(1)

// sumOf is the engine of scores that add points. A missing item may be worth its least or its most: the sum has bounds, and every band
// that they touch is still possible.
func sumOf(grades []grade, bands []band) func(answers) found {
	return func(a answers) found {
		var f found
		low, high := 0.0, 0.0
		for _, g := range grades {
			in, known := a[g.item]
			least, most := g.between(in, known)
			low, high = low+least, high+most
			if !known {
				f.missing = append(f.missing, g.item)
				continue
			}
			part := Part{Input: in}
			if least == most { // else they hang on what is missing
				part.Points = &least
			}
			f.parts = append(f.parts, part)
		}
		low, high = round(low), round(high)
		f.min, f.max = &low, &high
		for _, b := range bands {
			if b.from <= high && b.below > low {
				f.possible = append(f.possible, b.outcome.Code)
			}
		}
		return f
	}
}

// between are the least and the most points that an item may still be worth, by its weight.
func (g grade) between(in Input, known bool) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, p := range g.points {
		if !known || p.when(in) {
			least, most = min(least, p.n*g.weight), max(most, p.n*g.weight)
		}
	}
	return round(least), round(most)
}

// round takes away what binary fractions add: weights have four decimals.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// choices gives points to choices in falling order, from most down to most-len+1.
func choices(most float64, codes ...string) []points {
	var out []points
	for i, c := range codes {
		out = append(out, points{is(c), most - float64(i)})
	}
	return out
}

// line is one row of a table of numbers, and lines above it go first: it holds for what they leave.
type line struct {
	holds func(float64) bool
	n     float64
}

func below(limit, n float64) line { return line{func(x float64) bool { return x < limit }, n} }

func upTo(limit, n float64) line { return line{func(x float64) bool { return x <= limit }, n} }

// rows gives points by the first line that holds.
func rows(ls ...line) []points {
	var out []points
	for i, l := range ls {
		out = append(out, points{number(func(x float64) bool {
			return l.holds(x) && !slices.ContainsFunc(ls[:i], func(e line) bool { return e.holds(x) })
		}), l.n})
	}
	return out
}
