package simdevice

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"
)

// BCIConfig says what a simulated oximeter is.
type BCIConfig struct {
	Seed   uint64
	Vitals Vitals
	RateHz int64 // frames a second; 0 = 60, as the CMS50D+
}

// BCIOximeter simulates a pulse oximeter of the BCI 5-byte kind: it speaks by itself.
type BCIOximeter struct {
	bench
	v     Vitals
	pulse pulse
	next  float64 // seconds until the next beat
	rate  int64
}

// bciRate is what a Contec CMS50D+ sends.
const bciRate = 60

// NewBCIOximeter is an oximeter with a finger in it.
func NewBCIOximeter(c BCIConfig) *BCIOximeter {
	if c.Vitals == (Vitals{}) {
		c.Vitals = Healthy()
	}
	return &BCIOximeter{rate: cmp.Or(c.RateHz, bciRate), bench: bench{rng: rand.New(rand.NewPCG(c.Seed, 0x626369))}, v: c.Vitals}
}

// SetVitals changes the patient.
func (o *BCIOximeter) SetVitals(v Vitals) { o.v = v }

// Fault begins or ends a fault.
func (o *BCIOximeter) Fault(f Fault, on bool) { o.faults[f] = on }

// Write takes what the computer sends, to which the device does not listen.
func (o *BCIOximeter) Write([]byte) {}

// Step is what the oximeter sent since the last step.
func (o *BCIOximeter) Step(now time.Time) []byte { return o.run(now, o.rate, o.tick) }

func (o *BCIOximeter) tick() {
	dt := 1 / float64(o.rate)
	beep := false
	if o.next -= dt; o.next <= 0 && o.v.PulseRate > 0 {
		// A resting heart is not a clock: 3 % of spread.
		o.next = 60 / o.v.PulseRate * (1 + 0.03*o.rng.NormFloat64())
		o.pulse.beat()
		beep = true
	}
	height := o.pulse.step(dt)

	spo2, rate, first, third := number(o.v.SpO2)&0x7F, number(o.v.PulseRate), byte(8), byte(0)
	switch {
	case o.faults[ProbeUnplugged]:
		spo2, rate, first, third = 127, 255, 0, 0x10
	case o.faults[FingerOff]:
		spo2, rate, first, third = 127, 255, 0x10, 0
	case o.faults[SearchingPulse]:
		spo2, rate, first, third = 127, 255, 3, 0x20
	}
	if first != 8 {
		height = 0
	} else if beep {
		first |= 0x40
	}
	third |= byte(math.Round(15*height)) | rate>>7<<6
	o.out = append(o.out, 0x80|first, byte(math.Round(100*height)), third, rate&0x7F, spo2)
}
