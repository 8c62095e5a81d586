package berry_pm6750

import (
	"math"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
)

// strip is a wave and what stood when its last sample came, to tell what the line lost since.
type strip struct {
	monitor.Strip
	claimed int    // damaged frames of this type since
	garbage int    // session's garbage then
	broken  int    // session's brokenBytes then
	ecg     uint64 // ECG's counter then
}

// output is one thing that the board must be told to send.
type output struct {
	cmd  byte
	last time.Time // last frame of it, or the start
}

type session struct {
	buf     []byte
	started bool
	garbage int // bytes that made no frame
	broken  int // of those, bytes of frames that only their sum kept out
	asked   time.Time

	outputs          [5]output
	ecg, pleth, resp strip

	gain      byte // as we asked for it
	lowered   bool
	filter    string // as the board states it
	leadState leadState
	rails     rails
	probeOff  bool // no finger or no probe: the pleth is not the patient's
	hadTemp   [2]bool
	nibp      nibp
}

type leadState uint8

const (
	leadUnknown leadState = iota
	leadOn
	leadOff
)

// rails counts instants at the end of the range, window by window.
type rails struct {
	seen, touched int
	saturated     bool
}

const (
	outECG = iota
	outSpO2
	outTemp
	outPleth
	outResp
)

func newSession() *session {
	s := &session{gain: gainOne, buf: make([]byte, 0, bufferMax+frameMax)}
	s.outputs = [5]output{{cmd: cmdECG}, {cmd: cmdSpO2}, {cmd: cmdTemp}, {cmd: cmdPleth}, {cmd: cmdResp}}
	s.ecg.Strip = monitor.Strip{Name: "ecg", RateHz: 250,
		Leads: []ems.Channel{ems.ECGI, ems.ECGII, ems.ECGIII, ems.ECGAVR, ems.ECGAVL, ems.ECGAVF, ems.ECGV}}
	s.pleth.Strip = monitor.Strip{Name: "pleth", RateHz: 50, LSB: 1, Leads: []ems.Channel{ems.PlethWave}}
	s.resp.Strip = monitor.Strip{Name: "resp", RateHz: 50, LSB: 1, Leads: []ems.Channel{ems.RespWave}}
	return s
}

func (s *session) begin(now time.Time) {
	s.started = true
	for _, w := range []*strip{&s.ecg, &s.pleth, &s.resp} {
		w.Begin(now)
	}
	for i := range s.outputs {
		s.outputs[i].last = now
	}
	s.asked = now
}

// Start configures first and enables afterwards, so that samples come as configured from the first. Nothing about blood
// pressure is sent: nobody knows yet whether a cuff is on an arm.
func (s *session) Start(now time.Time) monitor.Output {
	s.begin(now)
	return monitor.Output{Send: s.setUp()}
}

func (s *session) setUp() []monitor.Write {
	send := []monitor.Write{command(cmdECGGain, s.gain), command(cmdECGMode, modeMonitor), command(cmdRespGain, gainOne)}
	for _, o := range s.outputs {
		send = append(send, command(o.cmd, 1))
	}
	return send
}

// Tick enables again what has fallen silent: all, with its settings, when the whole board has (it restarted), else only
// what is missing, for setting an amplifier up anew disturbs the ECG that runs.
func (s *session) Tick(now time.Time) monitor.Output {
	if !s.started {
		s.begin(now)
	}
	if now.Sub(s.asked) < enableEvery {
		return monitor.Output{}
	}
	var missing []monitor.Write
	for _, o := range s.outputs {
		if now.Sub(o.last) >= quietMax {
			missing = append(missing, command(o.cmd, 1))
		}
	}
	switch len(missing) {
	case 0:
		return monitor.Output{}
	case len(s.outputs):
		missing = s.setUp()
	}
	s.asked = now
	return monitor.Output{Send: missing}
}

// Do starts a measurement for a kind of patient, which the board is told each time, or stops one.
func (s *session) Do(_ time.Time, c monitor.Command) (monitor.Output, error) {
	switch c {
	case monitor.StartNIBP:
		return measure(nibpAdult), nil
	case monitor.StartNIBPChild:
		return measure(nibpChild), nil
	case monitor.StartNIBPNeonate:
		return measure(nibpNeonate), nil
	case monitor.StopNIBP:
		return monitor.Output{Send: []monitor.Write{command(cmdNIBP, 0)}}, nil
	}
	return monitor.Output{}, monitor.ErrUnsupported
}

func measure(patient byte) monitor.Output {
	return monitor.Output{Send: []monitor.Write{command(cmdNIBPMode, patient), command(cmdNIBP, 1)}}
}

// Feed takes bytes as they came.
func (s *session) Feed(now time.Time, p []byte) monitor.Output {
	if !s.started {
		s.begin(now)
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

// scan takes every whole frame out of the buffer; where none can start it drops one byte and looks again.
func (s *session) scan(now time.Time, out *monitor.Output) {
	rest := s.buf
	for len(rest) > 0 {
		n, broken := cut(rest)
		if n == 0 {
			break
		}
		if n < 0 {
			s.damage(rest, broken)
			out.Garbage++
			rest = rest[1:]
			continue
		}
		out.Frames++
		s.frame(now, rest[3], rest[4:n-1], out)
		rest = rest[n:]
	}
	s.buf = s.buf[:copy(s.buf, rest)]
}

// damage notes one dropped byte, and whose sample went with it when a frame is wrong in its sum alone.
func (s *session) damage(rest []byte, broken byte) {
	s.garbage++
	var w *strip
	switch broken {
	case typeECG:
		w = &s.ecg
	case typePleth:
		w = &s.pleth
	case typeResp:
		w = &s.resp
	default:
		return
	}
	w.claimed++
	s.broken += int(rest[2]) + 2
}

// wave puts one sample on a strip, with the gap that damage and time show before it.
func (s *session) wave(now time.Time, w *strip, v monitor.Sample, out *monitor.Output) {
	damaged := s.garbage > w.garbage
	known := w.claimed
	if damaged && w.Seen() {
		stray := float64(max(0, s.garbage-w.garbage-(s.broken-w.broken)))
		if w == &s.ecg {
			known += int(math.Round(stray / bytesPerECG))
		} else {
			// The board's own ECG is the better clock for its slower waves, when it runs.
			byECG := int(math.Round(float64(s.ecg.Next()-w.ecg)/ecgPerSlow)) - 1
			known = max(known+int(math.Round(stray/bytesPerSlow)), byECG)
		}
	}
	w.Add(out, now, w.Missing(now, damaged, known), v)
	w.claimed, w.garbage, w.broken, w.ecg = 0, s.garbage, s.broken, s.ecg.Next()
}
