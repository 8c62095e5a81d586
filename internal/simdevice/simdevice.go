// Package simdevice simulates the devices of an ambulance in the devices' own bytes: GNSS receivers, the Berry PM6750 board,
// BCI oximeters. A simulated device is fed with time and with what the computer wrote to it, and gives the bytes that the
// real one would have sent; what stands between is the real serial line, driver and agent. Everything that comes of it is
// simulated and must say so (SCR-003); the bytes cannot.
//
// Pure: time is passed in, and random numbers come from a PCG (math/rand/v2) seeded by the configuration, a value generator
// like any other. Equal seeds, times and writes give equal bytes.
package simdevice

import (
	"math"
	"math/rand/v2"
	"time"
)

// ECG is what an electrode cable picks up, 250 instants a second: I, II, III, aVR, aVL, aVF, V in millivolts, and whether an
// R wave peaked. ecgmodel.Source and wfdb.Replay are two.
type ECG interface {
	Seven() (mv [7]float64, beat bool)
	SetRates(heartRate, respRate float64)
}

// Vitals are a simulated patient's vital signs. The zero value of a configuration's vitals stands for Healthy.
type Vitals struct {
	HeartRate  float64 // 1/min; the ECG is told, and the device measures it there
	PulseRate  float64 // 1/min
	RespRate   float64 // 1/min
	SpO2       float64 // %
	Systolic   float64 // mmHg
	Diastolic  float64 // mmHg
	Temp1      float64 // degrees Celsius; 0 = probe not connected
	Temp2      float64
	ST         float64 // mV
	RhythmCode byte    // what a Berry board says of the rhythm; 0 = by rate
}

// Healthy are the vital signs of a healthy adult at rest.
func Healthy() Vitals {
	return Vitals{HeartRate: 75, PulseRate: 75, RespRate: 16, SpO2: 98, Systolic: 122, Diastolic: 78, Temp1: 36.6}
}

// Fault is something that goes wrong with a device or its line.
type Fault uint8

// Faults.
const (
	LeadOff        Fault = iota // an electrode fell off
	FingerOff                   // no finger in the probe
	ProbeUnplugged              // oximeter probe not connected
	SearchingPulse              // probe on, no pulse found yet
	TempUnplugged               // first temperature probe not connected
	CuffLoose                   // next blood pressure measurement fails
	Saturate                    // amplifier at its end: eight times too much signal
	DropBytes                   // one byte in 400 is lost on the line
	FlipBits                    // one byte in 400 has one bit wrong
	Silent                      // no power: says nothing, hears nothing, forgets what it was told
	faultCount
)

// damageOneIn is how rarely a bad line damages a byte.
const damageOneIn = 400

// bench is what all simulated devices have: faults, a clock of ticks, a line that may be bad.
type bench struct {
	rng    *rand.Rand
	faults [faultCount]bool
	begun  bool
	start  time.Time
	ticks  int64
	out    []byte
}

// backlogMax is the longest time for which a device makes up bytes in one step; what was before it ran over.
const backlogMax = 5 * time.Second

// run calls tick once for each period that passed, and gives the bytes as they leave the line.
func (b *bench) run(now time.Time, rateHz int64, tick func()) []byte {
	if !b.begun {
		b.begun, b.start = true, now
	}
	elapsed := now.Sub(b.start)
	target := int64(elapsed/time.Second)*rateHz + int64(elapsed%time.Second)*rateHz/int64(time.Second)
	b.ticks = max(b.ticks, target-rateHz*int64(backlogMax/time.Second))
	b.out = nil
	for b.ticks < target {
		b.ticks++
		tick()
	}
	if b.faults[Silent] {
		return nil
	}
	return b.damage(b.out)
}

func (b *bench) damage(p []byte) []byte {
	if !b.faults[DropBytes] && !b.faults[FlipBits] {
		return p
	}
	kept := p[:0]
	for _, v := range p {
		if b.faults[DropBytes] && b.rng.IntN(damageOneIn) == 0 {
			continue
		}
		if b.faults[FlipBits] && b.rng.IntN(damageOneIn) == 0 {
			v ^= 1 << b.rng.IntN(8)
		}
		kept = append(kept, v)
	}
	return kept
}

// pulse is the pleth: one wave after each heart beat.
type pulse struct {
	since, period float64 // seconds since the last beat arrived at the finger; between the last two
	coming        float64 // seconds until the next one that is on its way; 0 = none
}

// transit is how long the pulse takes from heart to finger, in seconds.
const transit = 0.2

func (p *pulse) beat() { p.coming = transit }

// step moves time on and is the height of the wave, 0 to 1: a systolic peak and a dicrotic one after it.
func (p *pulse) step(dt float64) float64 {
	p.since += dt
	if p.coming > 0 {
		if p.coming -= dt; p.coming <= 0 {
			p.period, p.since, p.coming = min(max(p.since, 0.25), 2), 0, 0
		}
	}
	if p.period == 0 || p.since > 4 {
		return 0 // no beat yet, or none any more
	}
	x := p.since / p.period
	bell := func(at, width float64) float64 { return math.Exp(-(x - at) * (x - at) / (2 * width * width)) }
	return min(1, 0.9*bell(0.22, 0.09)+0.4*bell(0.52, 0.11))
}
