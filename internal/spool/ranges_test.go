package spool

import (
	"testing"

	"pgregory.net/rapid"

	"lifeline120/internal/wire"
)

// The set is compared with a plain map of its numbers.
func TestRangesAreASet(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) (s ranges, m map[uint64]bool) {
			m = map[uint64]bool{}
			for range rapid.IntRange(0, 8).Draw(rt, name) {
				from := rapid.Uint64Range(1, 40).Draw(rt, "from")
				to := from + rapid.Uint64Range(0, 6).Draw(rt, "len")
				s = s.add(wire.Range{From: from, To: to})
				for n := from; n <= to; n++ {
					m[n] = true
				}
			}
			return s, m
		}
		a, inA := draw("a")
		b, inB := draw("b")
		minus, with := a.minus(b), a.with(b)
		total := uint64(0)
		for n := uint64(0); n < 60; n++ {
			if a.has(n) != inA[n] || minus.has(n) != (inA[n] && !inB[n]) || with.has(n) != (inA[n] || inB[n]) {
				rt.Fatalf("%d: %v and %v: minus %v, with %v", n, a, b, minus, with)
			}
			if inA[n] {
				total++
			}
			next := n
			for inA[next] {
				next++
			}
			if a.after(n) != next {
				rt.Fatalf("after %d in %v: %d, want %d", n, a, a.after(n), next)
			}
		}
		if a.count() != total || !orderly(a) || !orderly(minus) || !orderly(with) {
			rt.Fatalf("%v counts %d, want %d", a, a.count(), total)
		}
		for _, s := range []ranges{a, minus, with} {
			for i := 1; i < len(s); i++ {
				if s[i].From <= s[i-1].To+1 {
					rt.Fatalf("%v: neighbours are not joined", s)
				}
			}
		}
	})
}
