package wire

import "slices"

// RangeSet is a set of sequences kept as "everything up to UpTo" and a few ranges beyond it, as `down/stored` says it. The zero
// value is empty. Not safe for concurrent use.
type RangeSet struct {
	UpTo   uint64  `json:"up_to"`
	Beyond []Range `json:"beyond,omitempty"` // ascending, apart by at least one, all above UpTo+1
}

// Has says whether seq is in the set.
func (s *RangeSet) Has(seq uint64) bool {
	if seq <= s.UpTo {
		return true
	}
	i, _ := slices.BinarySearchFunc(s.Beyond, seq, func(r Range, v uint64) int {
		switch {
		case r.To < v:
			return -1
		case r.From > v:
			return 1
		}
		return 0
	})
	return i < len(s.Beyond) && s.Beyond[i].From <= seq && seq <= s.Beyond[i].To
}

// Add puts the inclusive range from..to into the set; from > to changes nothing.
func (s *RangeSet) Add(from, to uint64) {
	if from > to || to <= s.UpTo {
		return
	}
	i := 0
	for i < len(s.Beyond) && s.Beyond[i].To+1 < from {
		i++
	}
	j := i
	for j < len(s.Beyond) && s.Beyond[j].From <= to+1 {
		from, to = min(from, s.Beyond[j].From), max(to, s.Beyond[j].To)
		j++
	}
	s.Beyond = slices.Replace(s.Beyond, i, j, Range{from, to})
	if s.Beyond[0].From <= s.UpTo+1 {
		s.UpTo = s.Beyond[0].To
		s.Beyond = slices.Delete(s.Beyond, 0, 1)
	}
}

// Clone copies the set.
func (s RangeSet) Clone() RangeSet { return RangeSet{s.UpTo, slices.Clone(s.Beyond)} }
