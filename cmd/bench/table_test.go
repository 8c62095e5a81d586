package main

import (
	"strings"
	"testing"
	"time"
)

func TestQuantilesOfSamples(t *testing.T) {
	var s samples
	for i := range 100 {
		s = append(s, time.Duration(100-i)*time.Millisecond) // out of order
	}
	if m, p := s.at(500), s.at(990); m != 51*time.Millisecond || p != 100*time.Millisecond {
		t.Errorf("median %v, p99 %v", m, p)
	}
	if s[0] != 100*time.Millisecond {
		t.Error("asking sorted the samples themselves")
	}
	if got := (samples{}).at(990); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestARowJudgesItsBudgetByThe99th(t *testing.T) {
	var s samples
	for range 98 {
		s = append(s, time.Millisecond)
	}
	slow := append(s, 11*time.Millisecond, 12*time.Millisecond)
	tb := newTable(200)
	tb.times("fast", s, samples{time.Millisecond / 2}, owedBudget)
	tb.times("slow", slow, nil, owedBudget)
	tb.times("nothing came", nil, nil, owedBudget)
	for i, want := range []string{"yes", "NO", "NO"} {
		if r := tb.Rows[i]; r.Within != want {
			t.Errorf("%s: within %s, want %s (%+v)", r.What, r.Within, want, r)
		}
	}
	if tb.Rows[0].Ratio != 2 {
		t.Errorf("ratio %v, want 2", tb.Rows[0].Ratio)
	}
	var out strings.Builder
	tb.OwedLost = 3
	tb.print(&out)
	if !strings.Contains(out.String(), "owed records lost: 3") {
		t.Error("the table does not say what was lost:\n" + out.String())
	}
}

// A value that never came has no delay; the table must say that it is missing.
func TestTheTableSaysWhatNeverCame(t *testing.T) {
	tb := newTable(200)
	tb.city(watched{readings: samples{1}, written: 1}, watched{readings: samples{1, 2}, written: 7}, lost{})
	var out strings.Builder
	tb.print(&out)
	if !strings.Contains(out.String(), "1 of 1 idle, 2 of 7, 200 units") {
		t.Error("2 of 7 came, and the table does not say so:\n" + out.String())
	}
}
