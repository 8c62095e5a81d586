package berry_pm6750

import (
	"fmt"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
)

// frame takes one whole frame apart. Types without a case are counted and not used: 30 and 31 mark beats and pulses,
// FC and FD are versions.
func (s *session) frame(now time.Time, kind byte, d []byte, out *monitor.Output) {
	switch kind {
	case typeECG:
		s.outputs[outECG].last = now
		s.ecgWave(now, d, out)
	case typeECGState:
		s.outputs[outECG].last = now
		s.ecgState(now, d, out)
	case typeNIBP:
		s.nibp.take(now, d, out)
	case typeSpO2:
		s.outputs[outSpO2].last = now
		s.spo2(now, d, out)
	case typeTemp:
		s.outputs[outTemp].last = now
		s.temp(now, d, out)
	case typePleth:
		s.outputs[outPleth].last = now
		s.wave(now, &s.pleth, monitor.Sample{Values: []int16{int16(d[0])}, Off: s.probeOff}, out)
	case typeResp:
		s.outputs[outResp].last = now
		s.wave(now, &s.resp, monitor.Sample{Values: []int16{int16(d[0])}, Off: s.leadState == leadOff, Filter: ""}, out)
	}
}

// baseline is where a lead without signal stands.
const baseline = 128

func (s *session) ecgWave(now time.Time, d []byte, out *monitor.Output) {
	v := make([]int16, len(d))
	touched := false
	for i, b := range d {
		v[i] = int16(b) - baseline
		touched = touched || b <= railLow || b >= railHigh
	}
	s.wave(now, &s.ecg, monitor.Sample{Values: v, Off: s.leadState == leadOff, Filter: s.filter}, out)
	s.rail(touched, out)
}

// rail watches for an amplifier at its end with all electrodes on, and lowers its gain, once: what is still too large then
// is for a person to see. Heart rate and rhythm code are questioned meanwhile.
func (s *session) rail(touched bool, out *monitor.Output) {
	if s.leadState != leadOn {
		s.rails = rails{}
		return
	}
	s.rails.seen++
	if touched {
		s.rails.touched++
	}
	if s.rails.seen < railWindow {
		return
	}
	s.rails = rails{saturated: float64(s.rails.touched) > railShare*railWindow}
	if s.rails.saturated && !s.lowered {
		s.lowered, s.gain = true, gainHalf
		out.Send = append(out.Send, command(cmdECGGain, s.gain))
	}
}

// filters are the bands of the board's modes, by bits 5 and 4 of the ECG state.
var filters = [4]string{"operation 1-25 Hz", "monitor 0.5-75 Hz", "diagnostic 0.05-100 Hz", ""}

// codes are the board's rhythm codes as the manual lists them; 5 to 7 are three kinds of ventricular extrasystoles.
var codes = [...]string{"analysing", "normal", "asystole", "vf", "r_on_t", "pvc_5", "pvc_6", "pvc_7", "bigeminy", "trigeminy",
	"tachycardia", "bradycardia", "missed_beat"}

const (
	codeAnalysing = 0
	codeAsystole  = 2
	noCode        = -1 // firmware that sends the short frame
)

func (s *session) ecgState(now time.Time, d []byte, out *monitor.Output) {
	state := d[0]
	s.filter = filters[state>>4&3]
	s.leadState = leadOn
	if state&2 != 0 {
		s.leadState = leadOff
	}
	put := putter(now, out)
	whole, why := ems.Good, ""
	switch {
	case s.leadState == leadOff:
		whole, why = ems.ProbeOff, "lead_off"
	case s.rails.saturated:
		whole, why = ems.Questioned, "saturated"
	case state&1 != 0:
		whole, why = ems.Questioned, "weak_signal"
	}
	code := noCode
	if len(d) >= 5 {
		code = int(d[4])
	}

	hr := whole
	if d[1] == 0 && code != codeAsystole {
		hr = worse(whole, ems.Searching)
	}
	put(ems.HeartRate, "1/min", float64(d[1]), within(hr, d[1] <= rateMax), why)

	rr := whole
	if d[2] == 0 {
		rr = worse(whole, ems.Searching)
	}
	put(ems.RespRate, "1/min", float64(d[2]), within(rr, d[2] <= rateMax), why)

	if len(d) >= 4 {
		st := int8(d[3])
		q := whole
		if code == codeAnalysing {
			q = worse(whole, ems.Searching)
		}
		put(ems.STLevel, "mV", float64(st)/100, within(q, st >= -stMax && st <= stMax), why)
	}
	if code != noCode {
		text, q := fmt.Sprintf("code_%d", code), worse(whole, ems.Questioned)
		if code < len(codes) {
			text, q = codes[code], whole
		}
		if code == codeAnalysing {
			q = worse(whole, ems.Searching)
		}
		put(ems.ECGCode, "", float64(code), q, text)
	}
}

// spo2States are what the board says of its oximeter.
var spo2States = [...]struct {
	quality ems.Quality
	text    string
}{
	{ems.Good, ""}, {ems.Unplugged, "unplugged"}, {ems.ProbeOff, "no_finger"}, {ems.Searching, "searching"},
	{ems.Searching, "search_too_long"},
}

func (s *session) spo2(now time.Time, d []byte, out *monitor.Output) {
	q, text := ems.DeviceError, fmt.Sprintf("status_%d", d[0])
	if int(d[0]) < len(spo2States) {
		q, text = spo2States[d[0]].quality, spo2States[d[0]].text
	}
	s.probeOff = q == ems.Unplugged || q == ems.ProbeOff
	put := putter(now, out)
	// 127 and 255 are the board's marks for "none"; each value stands for itself.
	put(ems.SpO2, "%", float64(d[1]), within(q, d[1] > 0 && d[1] <= 100), text)
	put(ems.PulseRate, "1/min", float64(d[2]), within(q, d[2] > 0 && d[2] <= rateMax), text)
}

func (s *session) temp(now time.Time, d []byte, out *monitor.Output) {
	put := putter(now, out)
	for i, channel := range [2]ems.Channel{ems.Temp1, ems.Temp2} {
		if len(d) < 3+2*i {
			return // firmware with one probe
		}
		q, text := ems.Good, ""
		switch off := d[0]>>i&1 != 0; {
		case d[0] > 3:
			q, text = ems.DeviceError, fmt.Sprintf("status_%d", d[0])
		case off && s.hadTemp[i]:
			q, text = ems.Unplugged, "unplugged"
		case off: // never had one: not in use, which is no fault
			q, text = ems.ProbeOff, "not_connected"
		default:
			s.hadTemp[i] = true
		}
		celsius := float64(int(d[1+2*i])*10+int(d[2+2*i])) / 10
		put(channel, "Cel", celsius, within(q, d[2+2*i] <= 9 && celsius >= tempMin && celsius <= tempMax), text)
	}
}

// putter adds readings of one instant; a value stays out where the quality carries none.
func putter(now time.Time, out *monitor.Output) func(c ems.Channel, unit string, v float64, q ems.Quality, text string) {
	return func(c ems.Channel, unit string, v float64, q ems.Quality, text string) {
		if !q.HasValue() {
			v = 0
		}
		out.Readings = append(out.Readings, ems.Reading{Channel: c, Value: v, Unit: unit, Quality: q, Text: text, Taken: now})
	}
}

// within turns a number outside its range into its absence, unless a better reason for absence is there already.
func within(q ems.Quality, inside bool) ems.Quality {
	if q.HasValue() && !inside {
		return ems.OutOfRange
	}
	return q
}

// worse is the quality for one value: what is wrong with all of them counts first.
func worse(whole, own ems.Quality) ems.Quality {
	if whole.HasValue() {
		return own
	}
	return whole
}
