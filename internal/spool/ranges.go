package spool

import (
	"slices"

	"lifeline120/internal/wire"
)

// ranges is a set of sequences: ascending, apart by at least one number. Unlike wire.RangeSet it can be subtracted from.
type ranges []wire.Range

// add puts r into the set; an empty range changes nothing. Sequences end at maxSeq, so To+1 cannot overflow.
func (s ranges) add(r wire.Range) ranges {
	if r.From > r.To {
		return s
	}
	i := 0
	for i < len(s) && s[i].To+1 < r.From {
		i++
	}
	j := i
	for j < len(s) && s[j].From <= r.To+1 {
		r.From, r.To = min(r.From, s[j].From), max(r.To, s[j].To)
		j++
	}
	return slices.Replace(slices.Clone(s), i, j, r)
}

// with is the union.
func (s ranges) with(o ranges) ranges {
	for _, r := range o {
		s = s.add(r)
	}
	return s
}

// minus is what is in s and not in o.
func (s ranges) minus(o ranges) ranges {
	var out ranges
	j := 0
	for _, r := range s {
		for j < len(o) && o[j].To < r.From {
			j++
		}
		for k := j; k < len(o) && o[k].From <= r.To; k++ {
			if o[k].From > r.From {
				out = append(out, wire.Range{From: r.From, To: o[k].From - 1})
			}
			r.From = o[k].To + 1
		}
		if r.From <= r.To {
			out = append(out, r)
		}
	}
	return out
}

// has says whether n is in the set.
func (s ranges) has(n uint64) bool {
	i, _ := slices.BinarySearchFunc(s, n, func(r wire.Range, n uint64) int {
		if r.To < n {
			return -1
		}
		return 1
	})
	return i < len(s) && s[i].From <= n
}

// after is the lowest number from n on that is not in the set.
func (s ranges) after(n uint64) uint64 {
	for _, r := range s {
		if r.From <= n && n <= r.To {
			return r.To + 1
		}
	}
	return n
}

// count is how many numbers the set has.
func (s ranges) count() (n uint64) {
	for _, r := range s {
		n += r.To - r.From + 1
	}
	return n
}
