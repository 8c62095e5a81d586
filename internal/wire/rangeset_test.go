package wire

import (
	"testing"

	"pgregory.net/rapid"
)

// The set must say the same as a plain map of numbers, and keep its ranges in normal form.
func TestRangeSet_EqualsPlainSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s RangeSet
		plain := map[uint64]bool{}
		for range rapid.IntRange(1, 40).Draw(t, "adds") {
			from := rapid.Uint64Range(1, 60).Draw(t, "from")
			to := from + rapid.Uint64Range(0, 6).Draw(t, "len")
			s.Add(from, to)
			for v := from; v <= to; v++ {
				plain[v] = true
			}
		}
		for v := uint64(1); v < 80; v++ {
			if s.Has(v) != plain[v] {
				t.Fatalf("Has(%d) = %v, want %v in %+v", v, s.Has(v), plain[v], s)
			}
		}
		last := s.UpTo
		for _, r := range s.Beyond {
			if r.From <= last+1 || r.To < r.From {
				t.Fatalf("ranges touch or run backwards: %+v", s)
			}
			last = r.To
		}
	})
}
