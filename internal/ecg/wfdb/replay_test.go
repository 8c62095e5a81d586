package wfdb

import (
	"math"
	"testing"
)

func TestReplayPlaysTheRecordAtAnotherRate(t *testing.T) {
	h := Header{Name: "r", RateHz: 500, Signals: []Signal{{Name: "MLII", Gain: 100}, {Name: "V5", Gain: 200}, {Name: "x", Gain: 1}}}
	signals := [][]int16{{0, 100, 200, 300, 400}, {0, 0, 20, 0, 0}, {9, 9, 9, 9, 9}}
	r, err := NewReplay(h, signals, []Annotation{{Sample: 2, Code: 1}, {Sample: 3, Code: 28}, {Sample: 900, Code: 1}}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 { // the record ends and begins again
		for k := range 10 {
			mv, beat := r.Seven()
			want := math.Min(float64(k)/2, 4)
			if mv[1] != want || mv[0] != 0 || mv[2] != 0 {
				t.Fatalf("round %d instant %d: %v, want II %v and no lead I, III", round, k, mv, want)
			}
			if beat != (k == 4) {
				t.Fatalf("round %d instant %d: beat %v", round, k, beat)
			}
		}
	}
	if _, err := NewReplay(Header{Signals: []Signal{{Name: "resp"}}}, [][]int16{{1, 2}}, nil, 250); err == nil {
		t.Error("a record without a lead was taken")
	}
}
