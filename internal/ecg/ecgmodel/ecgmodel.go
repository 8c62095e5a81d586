// Package ecgmodel draws synthetic electrocardiograms: the dynamical model of McSharry, Clifford, Tarassenko and Smith, "A
// dynamical model for generating synthetic electrocardiogram signals", IEEE Trans. Biomed. Eng. 50(3):289-294, 2003, written
// from the paper. It is for simulators, demonstrations and tests; nothing it draws is a patient's.
//
// The model: a point runs round a limit cycle of radius 1 in the (x, y) plane, once for each heart beat,
//
//	x' = αx - ωy    y' = αy + ωx    α = 1 - √(x²+y²)    ω = 2π / RR(t)
//
// and is pushed off the plane as it passes the angles of P, Q, R, S and T (table I of the paper; θ mod 2π),
//
//	z' = -Σ a_i Δθ_i exp(-Δθ_i² / 2b_i²) - (z - z0(t))    Δθ_i = θ - θ_i
//
// with the baseline z0 = A sin(2π f2 t) moving at the respiratory frequency. RR(t) has the paper's bimodal spectrum: Mayer
// waves at 0.1 Hz and respiratory sinus arrhythmia, two Gaussians with a chosen LF/HF ratio and random phases. Integrated
// by fourth-order Runge-Kutta.
//
// Where we differ, and why:
//   - The a_i are multiplied by ω and by the square of how much narrower the wave is than at a rate of 60, so that each wave
//     stands a_i b_i² millivolts high at any rate; the paper rescales its whole output instead.
//   - RR(t) is a running sum of cosines of that spectrum, not one inverse Fourier transform, for we do not know when to stop.
//   - As in the authors' published program, the angles of P and T and the widths move with the heart rate.
//   - Leads: the same angles and widths with amplitudes for each of I, II and V1 to V6 (plausible for a normal heart, ours).
//     III, aVR, aVL and aVF are computed. I and II are rounded to 1/4096 mV, so that I + III = II and the augmented
//     leads hold exactly in floating point.
//   - Asystole leaves only the baseline. VF is not of the model: some drifting oscillators of 4 to 7 Hz that look like it.
//
// Pure: random numbers come from a PCG seeded with the configuration's seed, a value generator like any other; equal
// configurations draw equal traces.
package ecgmodel

import (
	"math"
	"math/rand/v2"
)

// Lead is an index into Sample.MV.
type Lead int

// Leads in their usual order.
const (
	I Lead = iota
	II
	III
	AVR
	AVL
	AVF
	V1
	V2
	V3
	V4
	V5
	V6
	LeadCount
)

// Rhythm is what the heart does. Tachycardia and bradycardia are Sinus at another rate.
type Rhythm uint8

// Rhythms.
const (
	Sinus    Rhythm = iota
	Asystole        // no beats, only baseline
	VF              // looks like ventricular fibrillation; not of the model
)

// Config says what to draw. The zero values of RateHz, HeartRate and RespRate stand for 250, 72 and 15.
type Config struct {
	Seed      uint64
	RateHz    float64 // samples a second
	HeartRate float64 // beats a minute, mean
	RespRate  float64 // breaths a minute: the frequency of arrhythmia and baseline
	Rhythm    Rhythm
}

// Sample is one instant.
type Sample struct {
	MV   [LeadCount]float64 // millivolts
	Beat bool               // an R wave peaked in this sample
}

// Sinus arrhythmia: standard deviation of RR as a part of its mean, and the ratio of the powers of the two peaks (paper:
// LF/HF 0.5); widths of the peaks in Hz (paper: 0.01); the Mayer waves' frequency in Hz.
const (
	rrSpread   = 0.03
	lfhf       = 0.5
	peakWidth  = 0.01
	mayerHz    = 0.1
	baselineMV = 0.15 // A of the paper
	perPeak    = 15   // cosines for each peak of the spectrum
)

// stepMax is the longest step of integration: the QRS is 20 ms wide at a rate of 60.
const (
	stepMax = 1.0 / 400
	rateMax = 300 // beats a minute: faster, and the step would be too long
)

// wave is one row of table I: the angle at a heart rate of 60, its width, and how both move with the rate.
type wave struct {
	theta, width       float64
	thetaPow, widthPow float64 // power of √(HR/60)
	beat               bool
}

// waves are P, Q, R, S, T.
var waves = [5]wave{
	{theta: -math.Pi / 3, width: 0.25, thetaPow: 0.5, widthPow: 1},
	{theta: -math.Pi / 12, width: 0.1, thetaPow: 1, widthPow: 1},
	{theta: 0, width: 0.1, widthPow: 1},
	{theta: math.Pi / 12, width: 0.1, thetaPow: 1, widthPow: 1},
	{theta: math.Pi / 2, width: 0.4, thetaPow: 0.5, widthPow: 1},
}

// independent are the leads that are drawn; the others follow.
var independent = [8]Lead{I, II, V1, V2, V3, V4, V5, V6}

// amplitudes are a_i of each drawn lead. Row II is table I of the paper times 3.4, which gives an R of about 1 mV; the others
// are that row, reshaped to look like the lead of a normal heart (axis about 50 degrees, R growing from V1 to V5).
var amplitudes = [len(independent)][5]float64{
	{2.9, -10, 62, -14, 1.9},     // I
	{4.1, -17, 102, -25.5, 2.55}, // II
	{1.6, 0, 22, -88, -0.7},      // V1
	{1.8, 0, 42, -125, 2.6},      // V2
	{2.0, -3, 72, -98, 3.4},      // V3
	{2.3, -9, 118, -62, 3.3},     // V4
	{2.5, -14, 124, -30, 2.8},    // V5
	{2.5, -15, 102, -13, 2.2},    // V6
}

type state struct {
	x, y float64
	z    [len(independent)]float64
}

// cosine is one line of a spectrum.
type cosine struct{ amplitude, hz, phase float64 }

// Source draws one trace. Not safe for concurrent use.
type Source struct {
	c        Config
	t        float64 // seconds since the start
	s        state
	rr       []cosine // of zero mean and unit variance
	vf       []cosine
	rng      *rand.Rand
	substeps int
}

// New starts a trace, just before its first P wave.
func New(c Config) *Source {
	if c.RateHz <= 0 {
		c.RateHz = 250
	}
	s := &Source{rng: rand.New(rand.NewPCG(c.Seed, 0x6563676d6f64656c))}
	s.c = c
	s.substeps = max(1, int(math.Ceil(1/(c.RateHz*stepMax))))
	start := -math.Pi * (0.5 + 0.4*s.rng.Float64())
	s.s.x, s.s.y = math.Cos(start), math.Sin(start)
	s.Set(c.Rhythm, c.HeartRate, c.RespRate)
	for range 12 {
		s.vf = append(s.vf, cosine{0.05 + 0.1*s.rng.Float64(), 4 + 3*s.rng.Float64(), 2 * math.Pi * s.rng.Float64()})
	}
	return s
}

// Set changes the rhythm and the rates while the trace runs on; 0 stands for the usual rate.
func (s *Source) Set(r Rhythm, heartRate, respRate float64) {
	if heartRate <= 0 {
		heartRate = 72
	}
	if respRate <= 0 {
		respRate = 15
	}
	s.c.Rhythm, s.c.HeartRate = r, min(heartRate, rateMax)
	if s.rr != nil && s.c.RespRate == respRate {
		return
	}
	s.c.RespRate = respRate
	s.rr = s.spectrum()
}

// spectrum is the RR process: lines round the two peaks with the square root of the paper's S(f) and random phases, scaled
// to unit variance.
func (s *Source) spectrum() []cosine {
	var lines []cosine
	power := 0.0
	for _, peak := range [2]struct{ hz, power float64 }{{mayerHz, lfhf}, {s.c.RespRate / 60, 1}} {
		for k := range perPeak {
			// Lines within 3 widths, shifted a little each, so that the sum does not repeat soon.
			d := (6*(float64(k)+s.rng.Float64())/perPeak - 3) * peakWidth
			p := peak.power * math.Exp(-d*d/(2*peakWidth*peakWidth))
			power += p / 2
			lines = append(lines, cosine{math.Sqrt(p), math.Abs(peak.hz + d), 2 * math.Pi * s.rng.Float64()})
		}
	}
	for i := range lines {
		lines[i].amplitude /= math.Sqrt(power)
	}
	return lines
}

func sum(lines []cosine, t float64) float64 {
	v := 0.0
	for _, l := range lines {
		v += l.amplitude * math.Cos(2*math.Pi*l.hz*t+l.phase)
	}
	return v
}

// Next draws the next instant.
func (s *Source) Next() Sample {
	h := 1 / (s.c.RateHz * float64(s.substeps))
	// The sum is bounded so that no spectrum can turn the heart back.
	spread := 1 + rrSpread*max(-5, min(5, sum(s.rr, s.t)))
	field := newField(s.c, s.c.HeartRate/60/spread)
	beat := false
	for range s.substeps {
		before := s.s.y
		s.s = field.rk4(s.s, s.t, h)
		s.t += h
		beat = beat || before < 0 && s.s.y >= 0 && s.s.x > 0
	}
	return s.sample(beat && s.c.Rhythm == Sinus)
}

func (s *Source) sample(beat bool) Sample {
	out := Sample{Beat: beat}
	for i, lead := range independent {
		out.MV[lead] = s.s.z[i]
	}
	if s.c.Rhythm == VF {
		for i, l := range s.vf {
			v := l.amplitude * math.Cos(2*math.Pi*(l.hz*s.t+0.3*math.Sin(0.7*s.t+l.phase))+l.phase)
			for j, lead := range independent {
				out.MV[lead] += v * math.Cos(float64(i)+0.4*float64(j))
			}
		}
	}
	i, ii := grid(out.MV[I]), grid(out.MV[II])
	out.MV[I], out.MV[II], out.MV[III] = i, ii, ii-i
	out.MV[AVR], out.MV[AVL], out.MV[AVF] = -(i+ii)/2, i-ii/2, ii-i/2
	return out
}

// grid rounds to 1/4096 mV: sums and halves of such numbers are exact.
func grid(mv float64) float64 { return math.Round(mv*4096) / 4096 }

// field is the right-hand side of the equations for one sample.
type field struct {
	omega  float64
	respHz float64
	beats  bool
	theta  [len(waves)]float64
	width  [len(waves)]float64
}

// newField is the field for a heart that beats hz times a second now.
func newField(c Config, hz float64) field {
	f := field{omega: 2 * math.Pi * hz, respHz: c.RespRate / 60, beats: c.Rhythm == Sinus}
	k := math.Sqrt(c.HeartRate / 60)
	for i, w := range waves {
		f.theta[i], f.width[i] = w.theta*math.Pow(k, w.thetaPow), w.width*math.Pow(k, w.widthPow)
	}
	return f
}

func (f *field) at(s state, t float64) state {
	alpha := 1 - math.Hypot(s.x, s.y)
	d := state{x: alpha*s.x - f.omega*s.y, y: alpha*s.y + f.omega*s.x}
	z0 := baselineMV * math.Sin(2*math.Pi*f.respHz*t)
	for j := range d.z {
		d.z[j] = z0 - s.z[j]
	}
	if !f.beats {
		return d
	}
	theta := math.Atan2(s.y, s.x)
	for i := range waves {
		dt := math.Remainder(theta-f.theta[i], 2*math.Pi)
		b := f.width[i]
		if math.Abs(dt) > 5*b {
			continue // exp(-12.5): below what a step of the trace can show
		}
		push := dt * math.Exp(-dt*dt/(2*b*b)) * f.omega * (waves[i].width / b) * (waves[i].width / b)
		for j := range d.z {
			d.z[j] -= amplitudes[j][i] * push
		}
	}
	return d
}

// plus is s + h*d.
func (s state) plus(d state, h float64) state {
	s.x += h * d.x
	s.y += h * d.y
	for j := range s.z {
		s.z[j] += h * d.z[j]
	}
	return s
}

func (f *field) rk4(s state, t, h float64) state {
	k1 := f.at(s, t)
	k2 := f.at(s.plus(k1, h/2), t+h/2)
	k3 := f.at(s.plus(k2, h/2), t+h/2)
	k4 := f.at(s.plus(k3, h), t+h)
	return s.plus(k1, h/6).plus(k2, h/3).plus(k3, h/3).plus(k4, h/6)
}

// SetRates is Set with the rhythm as it is: what a simulated patient's new vital signs do to the trace.
func (s *Source) SetRates(heartRate, respRate float64) { s.Set(s.c.Rhythm, heartRate, respRate) }

// Seven is the next instant as a five-electrode cable gives it, in millivolts: I, II, III, aVR, aVL, aVF, and V5 for V. beat
// says that an R wave peaked in it.
func (s *Source) Seven() (mv [7]float64, beat bool) {
	v := s.Next()
	copy(mv[:], v.MV[:6])
	mv[6] = v.MV[V5]
	return mv, v.Beat
}
