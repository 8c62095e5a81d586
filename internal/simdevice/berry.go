package simdevice

import (
	"bytes"
	"math"
	"math/rand/v2"
	"time"
)

// BerryConfig says what a simulated Berry board is.
type BerryConfig struct {
	Seed   uint64
	Vitals Vitals
	ECG    ECG // nil: no electrodes are on
}

// BerryBoard simulates a Berry PM6750: silent until enabled, answers commands, sends its waves and numbers at the board's
// rates, and takes 20 s to measure a blood pressure. It is written from the same manual as the driver, but apart from it.
type BerryBoard struct {
	bench
	c       BerryConfig
	rx      []byte
	on      map[byte]bool // outputs by their enabling command
	gain    byte
	mode    byte
	pulse   pulse
	lastR   int64   // tick of the last R wave, 0 = none
	rr      float64 // seconds, smoothed
	breath  float64 // phase
	cuff    int64   // tick at which a measurement began, 0 = none
	repeats int     // how often the last state of a measurement is still sent
	state   byte
	result  [3]byte
}

// The board's rates and, ours, how many steps of its converter a millivolt has at gain 1 (the manual does not say).
const (
	berryRate    = 250
	stepsPerMV   = 64
	inflateTicks = 6 * berryRate  // to the target pressure
	measureTicks = 20 * berryRate // and slowly down again
	targetMmHg   = 150
)

// NewBerryBoard is a board that was just powered.
func NewBerryBoard(c BerryConfig) *BerryBoard {
	b := &BerryBoard{bench: bench{rng: rand.New(rand.NewPCG(c.Seed, 0x6265727279))}, c: c}
	b.reset()
	v := c.Vitals
	if v == (Vitals{}) {
		v = Healthy()
	}
	b.SetVitals(v)
	return b
}

func (b *BerryBoard) reset() {
	b.on, b.gain, b.mode, b.rx = map[byte]bool{}, 3, 2, nil
	b.cuff, b.repeats = 0, 0
}

// SetVitals changes the patient.
func (b *BerryBoard) SetVitals(v Vitals) {
	b.c.Vitals = v
	if b.c.ECG != nil {
		b.c.ECG.SetRates(v.HeartRate, v.RespRate)
	}
}

// Fault begins or ends a fault.
func (b *BerryBoard) Fault(f Fault, on bool) {
	b.faults[f] = on
	if f == Silent && on {
		b.reset()
	}
}

// Write takes what the computer sends: commands 55 AA 04 command value sum.
func (b *BerryBoard) Write(p []byte) {
	if b.faults[Silent] {
		return
	}
	for _, v := range p {
		b.rx = append(b.rx, v)
		if len(b.rx) < 6 {
			continue
		}
		if r := b.rx; r[0] == 0x55 && r[1] == 0xAA && r[2] == 4 && r[5] == ^(r[2]+r[3]+r[4]) {
			b.command(r[3], r[4])
			b.rx = b.rx[:0]
		} else {
			b.rx = append(b.rx[:0], r[1:]...)
		}
	}
}

func (b *BerryBoard) command(cmd, value byte) {
	switch cmd {
	case 0x01, 0x03, 0x04, 0xFE, 0xFF:
		b.on[cmd] = value == 1
	case 0x02:
		switch {
		case value == 1 && b.cuff == 0:
			b.cuff = b.ticks + 1
		case value == 0 && b.cuff != 0:
			b.finish(2, [3]byte{})
		}
	case 0x07:
		b.gain = min(max(value, 1), 4)
	case 0x08:
		b.mode = min(max(value, 1), 3)
	}
}

// Step is what the board sent since the last step.
func (b *BerryBoard) Step(now time.Time) []byte { return b.run(now, berryRate, b.tick) }

func (b *BerryBoard) send(kind byte, data ...byte) {
	n := byte(len(data) + 3)
	sum := n + kind
	for _, v := range data {
		sum += v
	}
	b.out = append(b.out, 0x55, 0xAA, n, kind)
	b.out = append(b.out, data...)
	b.out = append(b.out, ^sum)
}

func (b *BerryBoard) tick() {
	wave, beat := b.ecg()
	if b.on[0x01] {
		b.send(0x01, wave[:]...)
		if beat {
			b.send(0x30)
		}
	}
	if b.ticks%5 == 0 {
		b.slowWaves()
	}
	if b.ticks%berryRate == 0 {
		b.numbers()
	}
	if (b.cuff != 0 || b.repeats > 0) && b.ticks%(berryRate/2) == 0 {
		b.pressure()
	}
}

func (b *BerryBoard) electrodesOff() bool { return b.c.ECG == nil || b.faults[LeadOff] }

// ecg is the next instant in steps of the converter, and keeps the heart rate as the board measures it.
func (b *BerryBoard) ecg() (wave [7]byte, beat bool) {
	wave = [7]byte(bytes.Repeat([]byte{128}, 7))
	if b.c.ECG == nil {
		return wave, false
	}
	mv, beat := b.c.ECG.Seven()
	if beat {
		b.pulse.beat()
		if b.lastR != 0 {
			rr := float64(b.ticks-b.lastR) / berryRate
			if b.rr == 0 || rr > 2*b.rr || rr < b.rr/2 {
				b.rr = rr
			}
			b.rr += (rr - b.rr) / 4
		}
		b.lastR = b.ticks
	}
	if b.electrodesOff() {
		return wave, false
	}
	scale := stepsPerMV * math.Exp2(float64(b.gain)-3)
	if b.faults[Saturate] {
		scale *= 8
	}
	for i, v := range mv {
		wave[i] = byte(min(max(math.Round(128+v*scale), 0), 250))
	}
	return wave, beat
}

func (b *BerryBoard) slowWaves() {
	const dt = 5.0 / berryRate
	height := b.pulse.step(dt)
	if b.probe() != 0 {
		height = 0
	}
	if b.on[0xFE] {
		b.send(0xFE, byte(math.Round(10+80*height)))
	}
	_, b.breath = math.Modf(b.breath + dt*b.c.Vitals.RespRate/60)
	chest := 50.0
	if !b.electrodesOff() {
		chest += 35 * math.Sin(2*math.Pi*b.breath)
	}
	if b.on[0xFF] {
		b.send(0xFF, byte(math.Round(chest)))
	}
}

// probe is the oximeter's status byte.
func (b *BerryBoard) probe() byte {
	switch {
	case b.faults[ProbeUnplugged]:
		return 1
	case b.faults[FingerOff]:
		return 2
	case b.faults[SearchingPulse]:
		return 3
	}
	return 0
}

func number(v float64) byte { return byte(min(max(math.Round(v), 0), 250)) }

func (b *BerryBoard) numbers() {
	v := b.c.Vitals
	if b.on[0x01] {
		state, rate, breaths, st, code := (b.gain-1)<<2|(b.mode-1)<<4, byte(0), byte(0), int8(0), byte(0)
		if b.electrodesOff() {
			state |= 2
		} else {
			rate, code = b.heart()
			breaths, st = number(v.RespRate), int8(math.Round(v.ST*100))
		}
		b.send(0x02, state, rate, breaths, byte(st), code)
	}
	if b.on[0x03] {
		if status := b.probe(); status != 0 {
			b.send(0x04, status, 127, 255)
		} else {
			b.send(0x04, 0, number(v.SpO2), number(v.PulseRate))
		}
	}
	if b.on[0x04] {
		var status byte
		var tenths [2]int
		for i, t := range [2]float64{v.Temp1, v.Temp2} {
			if t <= 0 || i == 0 && b.faults[TempUnplugged] {
				status |= 1 << i
				continue
			}
			tenths[i] = int(math.Round(t * 10))
		}
		b.send(0x05, status, byte(tenths[0]/10), byte(tenths[0]%10), byte(tenths[1]/10), byte(tenths[1]%10))
	}
}

// heart is the rate that the board measures in its ECG, and its code for the rhythm.
func (b *BerryBoard) heart() (rate, code byte) {
	const analysing, normal, asystole, tachycardia, bradycardia = 0, 1, 2, 10, 11
	switch quiet := b.ticks - b.lastR; {
	case quiet >= 4*berryRate:
		code = asystole
		if b.ticks < 8*berryRate {
			code = analysing
		}
	case b.rr > 0:
		rate, code = number(60/b.rr), normal
		if rate > 120 {
			code = tachycardia
		} else if rate < 50 {
			code = bradycardia
		}
	}
	if b.c.Vitals.RhythmCode != 0 {
		code = b.c.Vitals.RhythmCode
	}
	return rate, code
}

// pressure moves a blood pressure measurement on, twice a second.
func (b *BerryBoard) pressure() {
	if b.cuff == 0 {
		b.repeats--
		b.send(0x03, 1|b.state<<2, 0, b.result[0], b.result[1], b.result[2])
		return
	}
	v, t := b.c.Vitals, b.ticks-b.cuff
	const looseAfter = 8 * berryRate
	switch {
	case b.faults[CuffLoose] && t >= looseAfter:
		b.finish(4, [3]byte{})
		b.pressure()
	case t >= measureTicks:
		mean := v.Diastolic + (v.Systolic-v.Diastolic)/3
		b.finish(0, [3]byte{number(v.Systolic), number(mean), number(v.Diastolic)})
		b.pressure()
	default:
		cuff := targetMmHg * float64(t) / inflateTicks
		if t > inflateTicks {
			cuff = targetMmHg - (targetMmHg-40)*float64(t-inflateTicks)/(measureTicks-inflateTicks)
		}
		if b.faults[CuffLoose] {
			cuff = min(cuff, 15)
		}
		b.send(0x03, 1|1<<2, byte(cuff/2), 0, 0, 0)
	}
}

// finish ends a measurement; its last state is sent four times.
func (b *BerryBoard) finish(state byte, result [3]byte) {
	b.cuff, b.state, b.result, b.repeats = 0, state, result, 4
}
