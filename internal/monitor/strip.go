package monitor

import (
	"math"
	"slices"
	"strconv"
	"time"

	"lifeline120/internal/ems"
)

// Strip numbers the samples of one wave whose device does not number them itself, so that what the line lost shows as a jump
// of the counter (DLV-004) and is never filled in. Set the exported fields once, then call Begin.
type Strip struct {
	Name   string // "ecg", "pleth", "resp": the first part of the stream's name
	Leads  []ems.Channel
	RateHz float64 // nominal; the device's own clock may run a few per mille beside it
	LSB    float64

	stream string
	next   uint64
	last   time.Time
	seen   bool
}

// Begin starts a run of counters at the session's start.
func (s *Strip) Begin(start time.Time) {
	s.stream = s.Name + "-" + strconv.FormatInt(start.UnixMilli(), 36)
	s.next, s.seen = 0, false
}

// Next is the counter that the coming sample would get if none were lost.
func (s *Strip) Next() uint64 { return s.next }

// Seen says whether the strip has had a sample yet.
func (s *Strip) Seen() bool { return s.seen }

// Missing estimates how many samples the line lost before the one that comes now. known is what broken bytes show; damaged
// says that some bytes since the last sample made no frame. Time decides only where delay cannot be the cause: bytes held
// up on the way arrive in a burst, all of them, and must not be counted as lost. So elapsed time counts after DamagedAfter
// if bytes were damaged as well, and alone only after QuietAfter. The answer may be some samples off, never silent.
func (s *Strip) Missing(now time.Time, damaged bool, known int) int {
	if !s.seen {
		return 0
	}
	quiet := now.Sub(s.last)
	if quiet > QuietAfter || damaged && quiet > DamagedAfter {
		known = max(known, int(math.Round(quiet.Seconds()*s.RateHz))-1)
	}
	return max(known, 0)
}

// Sample is one instant of all leads of a strip.
type Sample struct {
	Values []int16
	Off    bool   // electrodes or probe are off: what is drawn is not the patient
	Filter string // as the device states it
}

// Add puts one sample on the strip, missing others before it, and into out: behind the strip's last chunk there if it
// continues that chunk, else as a new chunk.
func (s *Strip) Add(out *Output, now time.Time, missing int, v Sample) {
	s.next += uint64(missing)
	out.Lost += missing
	c := s.open(out, v)
	if c == nil {
		out.Waves = append(out.Waves, ems.WaveChunk{Stream: s.stream, Leads: slices.Clone(s.Leads), RateHz: s.RateHz,
			LSB: s.LSB, Counter: s.next, Samples: make([][]int16, len(s.Leads)), Taken: now, Filter: v.Filter})
		c = &out.Waves[len(out.Waves)-1]
		if v.Off {
			c.Off = make([]bool, len(s.Leads))
			for i := range c.Off {
				c.Off[i] = true
			}
		}
	}
	for i := range c.Samples {
		c.Samples[i] = append(c.Samples[i], v.Values[i])
	}
	s.next++
	s.last, s.seen = now, true
}

// open is the chunk of out that the next sample continues, or nil.
func (s *Strip) open(out *Output, v Sample) *ems.WaveChunk {
	for i := len(out.Waves) - 1; i >= 0; i-- {
		if c := &out.Waves[i]; c.Stream == s.stream {
			if c.Counter+uint64(c.Len()) == s.next && c.Filter == v.Filter && (c.Off != nil) == v.Off {
				return c
			}
			return nil
		}
	}
	return nil
}

// Join puts b behind a if b continues it without a gap and under the same conditions, and says whether it did. a keeps its
// time; the samples of b are copied.
func Join(a *ems.WaveChunk, b ems.WaveChunk) bool {
	if a.Device != b.Device || a.Stream != b.Stream || a.RateHz != b.RateHz || a.LSB != b.LSB || a.Filter != b.Filter ||
		a.Demo != b.Demo || a.Counter+uint64(a.Len()) != b.Counter || !slices.Equal(a.Leads, b.Leads) || !slices.Equal(a.Off, b.Off) ||
		len(a.Samples) != len(b.Samples) {
		return false
	}
	for i := range a.Samples {
		a.Samples[i] = append(a.Samples[i], b.Samples[i]...)
	}
	return true
}
