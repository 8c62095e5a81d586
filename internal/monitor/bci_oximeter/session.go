package bci_oximeter

import (
	"math"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
)

type session struct {
	buf     []byte
	started bool
	synced  bool // the last frame was well formed
	damaged int  // bytes since then that made none
	pleth   monitor.Strip
	meter   meter
	rate    rate
	pending []sample // of the pleth, while its rate is not known; oldest first
	heard   time.Time
	said    [3]said
}

// sample is one of the pleth as it came.
type sample struct {
	at      time.Time
	value   int16
	off     bool
	damaged int // bytes before it that made no frame
}

// said is what was last said of one channel.
type said struct {
	value   float64
	quality ems.Quality
	text    string
	at      time.Time
}

func newSession() *session {
	return &session{buf: make([]byte, 0, bufferMax+2*frameLen),
		pleth: monitor.Strip{Name: "pleth", LSB: 1, Leads: []ems.Channel{ems.PlethWave}}}
}

// Start says nothing: the device speaks by itself.
func (s *session) Start(now time.Time) monitor.Output {
	s.started = true
	s.pleth.Begin(now)
	return monitor.Output{}
}

// Tick has nothing to do: the device needs no reminding.
func (s *session) Tick(time.Time) monitor.Output { return monitor.Output{} }

// Do knows no command.
func (s *session) Do(time.Time, monitor.Command) (monitor.Output, error) {
	return monitor.Output{}, monitor.ErrUnsupported
}

// Feed takes bytes as they came.
func (s *session) Feed(now time.Time, p []byte) monitor.Output {
	if !s.started {
		s.Start(now)
	}
	var out monitor.Output
	for len(p) > 0 {
		n := min(len(p), bufferMax)
		s.buf = append(s.buf, p[:n]...)
		p = p[n:]
		s.scan(now, &out)
	}
	return out
}

// scan takes every frame out of the buffer. Out of step it wants two in a row and drops one byte where they cannot be.
func (s *session) scan(now time.Time, out *monitor.Output) {
	rest := s.buf
	for len(rest) > 0 {
		want := frameLen
		if !s.synced {
			want = 2 * frameLen
		}
		have := rest[:min(len(rest), want)]
		if !wellFormed(have) {
			s.synced = false
			s.damaged++
			out.Garbage++
			rest = rest[1:]
			continue
		}
		if len(have) < want {
			break
		}
		s.synced = true
		out.Frames++
		s.frame(now, rest[:frameLen], out)
		rest = rest[frameLen:]
	}
	s.buf = s.buf[:copy(s.buf, rest)]
}

func (s *session) frame(now time.Time, b []byte, out *monitor.Output) {
	q, text := ems.Good, ""
	switch {
	case b[2]&0x10 != 0:
		q, text = ems.Unplugged, "probe_error"
	case b[0]&0x10 != 0:
		q, text = ems.ProbeOff, "no_finger"
	case b[2]&0x20 != 0:
		q, text = ems.Searching, "searching"
	}
	off := q == ems.Unplugged || q == ems.ProbeOff
	s.wave(out, sample{at: now, value: int16(b[1]), off: off, damaged: s.damaged})
	s.damaged = 0

	// Each value stands for itself: 127 and 255 are the device's marks for "none", 0 is not a value of a living person.
	rate := b[2]&0x40<<1 | b[3]
	spo2Text := text
	if q == ems.Good && b[0]&0x20 != 0 {
		spo2Text = "falling"
	}
	s.say(0, out, ems.Reading{Channel: ems.SpO2, Unit: "%", Value: float64(b[4]), Text: spo2Text, Taken: now,
		Quality: within(q, b[4] > 0 && b[4] <= 100)})
	s.say(1, out, ems.Reading{Channel: ems.PulseRate, Unit: "1/min", Value: float64(rate), Text: text, Taken: now,
		Quality: within(q, rate > 0 && rate <= rateMax)})
	s.say(2, out, ems.Reading{Channel: ems.PulseForce, Value: float64(b[0] & 0x0F), Taken: now, Quality: q, Text: text})
}

// wave puts a sample of the pleth on the strip, or keeps it until its rate is known.
func (s *session) wave(out *monitor.Output, v sample) {
	quiet := v.at.Sub(s.heard)
	s.heard = v.at
	if quiet > monitor.QuietAfter || v.damaged > 0 && quiet > monitor.DamagedAfter || v.damaged > damagedMost {
		s.meter.reset() // what was lost is a guess that leans on the rate
	}
	if hz, full := s.meter.frame(v.at, v.lost()); full && s.rate.judge(hz) {
		s.measured(out, v.at)
	}
	if s.rate.hz > 0 {
		s.draw(out, v)
		return
	}
	if len(s.pending) == pendingMax {
		s.pending = append(s.pending[:0], s.pending[1:]...)
		out.Lost++
	}
	s.pending = append(s.pending, v)
}

// measured begins a strip at the rate that is now known: with what waited for it, or, when it proves to be another, as a new stream.
func (s *session) measured(out *monitor.Output, now time.Time) {
	if s.pleth.RateHz != 0 {
		s.pleth.Begin(now)
	}
	s.pleth.RateHz = s.rate.hz
	for _, v := range s.pending {
		s.draw(out, v)
	}
	s.pending = nil
}

func (s *session) draw(out *monitor.Output, v sample) {
	s.pleth.Add(out, v.at, s.pleth.Missing(v.at, v.damaged > 0, v.lost()), monitor.Sample{Values: []int16{v.value}, Off: v.off})
}

// lost is how many frames the damaged bytes before this one were.
func (v sample) lost() int { return int(math.Round(float64(v.damaged) / frameLen)) }

// say gives a reading when it is news, or due again. The signal's strength moves with each beat: that alone is no news.
func (s *session) say(i int, out *monitor.Output, r ems.Reading) {
	if !r.Quality.HasValue() {
		r.Value = 0
	}
	last := &s.said[i]
	same := r.Quality == last.quality && r.Text == last.text && (r.Value == last.value || r.Channel == ems.PulseForce)
	if due := r.Taken.Sub(last.at) >= repeatEvery || r.Taken.Before(last.at); same && !due {
		return
	}
	*last = said{value: r.Value, quality: r.Quality, text: r.Text, at: r.Taken}
	out.Readings = append(out.Readings, r)
}

// within turns a number outside its range into its absence, unless a better reason for absence is there already.
func within(q ems.Quality, inside bool) ems.Quality {
	if q.HasValue() && !inside {
		return ems.OutOfRange
	}
	return q
}
