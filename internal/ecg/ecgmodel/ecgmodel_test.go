package ecgmodel

import (
	"math"
	"testing"
)

func draw(c Config, seconds float64) []Sample {
	s := New(c)
	out := make([]Sample, int(seconds*s.c.RateHz))
	for i := range out {
		out[i] = s.Next()
	}
	return out
}

func beats(trace []Sample) (at []int) {
	for i, s := range trace {
		if s.Beat {
			at = append(at, i)
		}
	}
	return at
}

func TestHeartRateIsAsAsked(t *testing.T) {
	for _, rate := range []float64{35, 60, 75, 120, 180} {
		trace := draw(Config{Seed: 7, HeartRate: rate}, 120)
		got := float64(len(beats(trace))) / 2
		if math.Abs(got-rate) > 0.03*rate+1 {
			t.Errorf("asked for %v beats a minute, drew %v", rate, got)
		}
	}
}

// The beat marks must stand where lead II is largest, and R must keep its size at any rate.
func TestBeatIsAtTheRWave(t *testing.T) {
	for _, rate := range []float64{50, 75, 150} {
		trace := draw(Config{Seed: 3, HeartRate: rate}, 60)
		for _, at := range beats(trace)[1:] {
			if at < 20 || at+20 > len(trace) {
				continue
			}
			peak, top := 0, math.Inf(-1)
			for i := at - 20; i < at+20; i++ {
				if v := trace[i].MV[II]; v > top {
					peak, top = i, v
				}
			}
			if d := peak - at; d < -3 || d > 3 {
				t.Fatalf("rate %v: beat marked at %d, largest at %d", rate, at, peak)
			}
			if top < 0.6 || top > 1.8 {
				t.Fatalf("rate %v: R is %.2f mV in II", rate, top)
			}
		}
	}
}

func TestLimbLeadsObeyEinthovenExactly(t *testing.T) {
	for _, r := range []Rhythm{Sinus, Asystole, VF} {
		for i, s := range draw(Config{Seed: 1, Rhythm: r}, 10) {
			v := s.MV
			if v[I]+v[III] != v[II] || v[AVR]+v[AVL]+v[AVF] != 0 || v[AVL] != (v[I]-v[III])/2 || v[AVF] != (v[II]+v[III])/2 {
				t.Fatalf("rhythm %d, sample %d: limb leads %v disagree", r, i, v[:AVF+1])
			}
		}
	}
}

// The paper's figure 8: RR has power at 0.1 Hz and at the respiratory frequency, none between, LF/HF as set.
func TestRRSpectrumHasItsTwoPeaks(t *testing.T) {
	s := New(Config{Seed: 11, RespRate: 15})
	const n = 2000
	rr := make([]float64, n) // over 1000 s
	for k := range rr {
		rr[k] = sum(s.rr, float64(k)/2)
	}
	power := func(hz float64) float64 { // in a window as wide as a peak
		total := 0.0
		for d := -0.03; d <= 0.03; d += 0.001 {
			re, im := 0.0, 0.0
			for k, v := range rr {
				sin, cos := math.Sincos(2 * math.Pi * (hz + d) * float64(k) / 2)
				re, im = re+v*cos, im+v*sin
			}
			total += (re*re + im*im) / n / n
		}
		return total
	}
	lf, mid, hf := power(0.1), power(0.175), power(0.25)
	if ratio := lf / hf; ratio < 0.35 || ratio > 0.7 {
		t.Errorf("LF/HF is %.2f, want about %v", ratio, lfhf)
	}
	if mid > lf/5 {
		t.Errorf("power between the peaks is %.3g beside %.3g", mid, lf)
	}
}

func TestRRVariesAsMuchAsStated(t *testing.T) {
	at := beats(draw(Config{Seed: 5, HeartRate: 60, RateHz: 1000}, 300))
	mean, square := 0.0, 0.0
	for i := 1; i < len(at); i++ {
		rr := float64(at[i]-at[i-1]) / 1000
		mean += rr
		square += rr * rr
	}
	n := float64(len(at) - 1)
	mean /= n
	spread := math.Sqrt(square/n - mean*mean)
	if spread < 0.015 || spread > 0.045 {
		t.Errorf("RR is %.3f ± %.3f s, want a spread of about %v", mean, spread, rrSpread)
	}
}

func TestRhythmsWithoutBeats(t *testing.T) {
	for rhythm, most := range map[Rhythm]float64{Asystole: 0.25, VF: 2.5} {
		s := New(Config{Seed: 2})
		for range 1000 {
			s.Next()
		}
		s.Set(rhythm, 0, 0)
		for range 1250 {
			s.Next()
		}
		low, high := 9.0, -9.0
		for range 5000 {
			v := s.Next()
			if v.Beat {
				t.Fatalf("rhythm %d has a beat", rhythm)
			}
			low, high = min(low, v.MV[II]), max(high, v.MV[II])
		}
		if high-low > most*2 || rhythm == VF && high-low < 0.3 {
			t.Errorf("rhythm %d spans %.2f to %.2f mV", rhythm, low, high)
		}
	}
}

func TestEqualSeedsDrawEqualTraces(t *testing.T) {
	a, b, c := draw(Config{Seed: 9}, 10), draw(Config{Seed: 9}, 10), draw(Config{Seed: 10}, 10)
	same := 0
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("sample %d differs", i)
		}
		if a[i] == c[i] {
			same++
		}
	}
	if same > len(a)/10 {
		t.Errorf("%d of %d samples are the same with another seed", same, len(a))
	}
}

func BenchmarkNext(b *testing.B) {
	s := New(Config{Seed: 1})
	for b.Loop() {
		s.Next()
	}
}
