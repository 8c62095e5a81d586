package agent

import (
	"cmp"
	"slices"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
)

// measured gathers what the devices say until the next flush, and remembers the newest of everything for the terminal. It decides
// nothing about sending.
type measured struct {
	readings []boundReading
	waves    []boundWave
	newest   map[readingKey]boundReading
	streams  map[streamKey]*stream
	fix      map[ems.DeviceID]ems.Fix // newest of any quality
	last     *ems.Fix                 // newest with a place that can be believed: what an alarm carries (ALM-002)
	slots    uint16
}

type readingKey struct {
	device  ems.DeviceID
	channel ems.Channel
}

type boundReading struct {
	ems.Reading
	patient ems.PatientID
}

type boundWave struct {
	ems.WaveChunk
	patient ems.PatientID
}

type streamKey struct {
	device ems.DeviceID
	first  ems.Channel
}

// stream is one run of waves as the terminal shows it.
type stream struct {
	slot    wire.WaveSlot
	seq     uint32
	next    uint64 // counter expected next
	patient ems.PatientID
	last    time.Time // when its newest samples came
	gone    bool      // the screens were told that it is no more
}

func newMeasured() *measured {
	return &measured{newest: map[readingKey]boundReading{}, streams: map[streamKey]*stream{}, fix: map[ems.DeviceID]ems.Fix{}}
}

// reading takes one reading, with the patient that its device is bound to at this moment (CLN-006).
func (m *measured) reading(r ems.Reading, p ems.PatientID) {
	b := boundReading{r, p}
	m.readings = append(m.readings, b)
	k := readingKey{r.Device, r.Channel}
	if _, known := m.newest[k]; known || len(m.newest) < maxTracked {
		m.newest[k] = b
	}
}

// wave takes a run of samples and joins it to the run before when its counters follow on; a hole in the counters stays a hole
// (DLV-004).
func (m *measured) wave(w ems.WaveChunk, p ems.PatientID) {
	for i := range m.waves {
		o := &m.waves[i]
		if o.Device == w.Device && o.Stream == w.Stream && o.patient == p && slices.Equal(o.Leads, w.Leads) && o.LSB == w.LSB &&
			o.RateHz == w.RateHz && o.Counter+uint64(o.Len()) == w.Counter && slices.Equal(o.Off, w.Off) && o.Demo == w.Demo &&
			o.Len()+w.Len() <= maxChunk && !m.followed(i) {
			for l := range o.Samples {
				o.Samples[l] = append(o.Samples[l], w.Samples[l]...)
			}
			return
		}
	}
	w.Samples = slices.Clone(w.Samples)
	for l := range w.Samples {
		w.Samples[l] = slices.Clone(w.Samples[l])
	}
	m.waves = append(m.waves, boundWave{w, p})
}

// followed says whether a later chunk of the same leads waits already, so that joining would put samples out of order.
func (m *measured) followed(i int) bool {
	for _, o := range m.waves[i+1:] {
		if o.Device == m.waves[i].Device && slices.Equal(o.Leads, m.waves[i].Leads) {
			return true
		}
	}
	return false
}

// place takes a fix.
func (m *measured) place(f ems.Fix) {
	m.fix[f.Device] = f
	switch f.Quality {
	case ems.Good, ems.Questioned:
		m.last = &f
	case ems.NoFix, ems.Frozen, ems.Jump, ems.NeverSeen, ems.ProbeOff, ems.Unplugged, ems.Searching, ems.OutOfRange, ems.DeviceError:
	}
}

// best is the fix to show and send now: of several receivers, the newest that has a place.
func (m *measured) best(now time.Time) (ems.Fix, bool) {
	var out ems.Fix
	found := false
	for _, f := range m.fix {
		better := !found || rank(f.Quality) > rank(out.Quality) ||
			rank(f.Quality) == rank(out.Quality) && cmp.Or(f.Taken.Compare(out.Taken), -cmp.Compare(f.Device, out.Device)) > 0
		if now.Sub(f.Taken) < owedPositionIdle && better {
			out, found = f, true
		}
	}
	return out, found
}

func rank(q ems.Quality) int {
	switch q {
	case ems.Good:
		return 3
	case ems.Questioned:
		return 2
	case ems.Frozen, ems.Jump:
		return 1
	case ems.NoFix, ems.NeverSeen, ems.ProbeOff, ems.Unplugged, ems.Searching, ems.OutOfRange, ems.DeviceError:
		return 0
	}
	return 0
}

// take gives what has gathered and begins anew.
func (m *measured) take() ([]boundReading, []boundWave) {
	r, w := m.readings, m.waves
	m.readings, m.waves = nil, nil
	return r, w
}

// ended gives the slots that have shown nothing for slotQuiet, once: a screen that follows one would wait for ever beside a wave that runs.
func (m *measured) ended(now time.Time) (out []uint16) {
	for _, s := range m.streams {
		if !s.gone && now.Sub(s.last) >= slotQuiet {
			s.gone = true
			out = append(out, s.slot.Slot)
		}
	}
	slices.Sort(out)
	return out
}

// frame is the terminal's frame of a chunk; slot is set when the screens must first be told what the slot now shows.
func (m *measured) frame(now time.Time, w boundWave, simulated bool) (f wire.WaveFrame, slot *wire.WaveSlot) {
	k := streamKey{w.Device, w.Leads[0]}
	s := m.streams[k]
	if s == nil {
		m.slots++
		s = &stream{slot: wire.WaveSlot{Slot: m.slots}}
		m.streams[k] = s
	}
	f = wire.WaveFrameOf(w.WaveChunk)
	changed := s.slot.Stream != w.Stream || s.patient != w.patient || !slices.Equal(s.slot.Leads, w.Leads)
	if changed || s.gone || s.slot.Filter != w.Filter || s.slot.RateHz != w.RateHz || s.slot.LSBuV != w.LSB*1000 || s.slot.Demo != w.Demo {
		s.patient = w.patient
		s.slot = wire.WaveSlot{Slot: s.slot.Slot, Patient: w.patient, Device: w.Device, Stream: w.Stream, Kind: wire.WaveKindOf(w.Leads[0]),
			Leads: w.Leads, RateHz: w.RateHz, LSBuV: w.LSB * 1000, Filter: w.Filter, Simulated: simulated, Demo: w.Demo}
		slot = &s.slot
		if changed {
			s.next = w.Counter
		}
	}
	s.last, s.gone = now, false
	f.Slot, f.Seq = s.slot.Slot, s.seq
	s.seq++
	f.Gap, f.Live, f.Unbound, f.Simulated = s.next != w.Counter, true, w.patient == "", f.Simulated || simulated
	s.next = w.Counter + uint64(w.Len())
	return f, slot
}
