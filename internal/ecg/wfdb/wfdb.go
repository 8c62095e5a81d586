// Package wfdb reads records of the PhysioNet waveform database: the header (.hea), signal files (.dat) of formats 212 and
// 16, and annotation files (.atr) in MIT format. Pure: bytes in, samples out; who owns the files reads them.
//
// Formats as the WFDB manuals header(5), signal(5) and annot(5) describe them. Not read, and said so by the error:
// multi-segment records, several samples of a signal in one frame, skew, other formats.
package wfdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Header is what a .hea file says of a record.
type Header struct {
	Name    string
	RateHz  float64
	Length  int // samples of each signal; 0 when the header does not say
	Signals []Signal
}

// Signal is one signal of a record.
type Signal struct {
	File     string
	Format   int     // 212 or 16
	Gain     float64 // steps for each unit
	Baseline int     // step that stands for 0 units
	Unit     string
	First    int  // value of the first sample
	Sum      int  // sum of all samples, its lower 16 bits as a signed number
	HasCheck bool // the header gives First and Sum
	Name     string
}

// Physical is a sample in the signal's unit.
func (s Signal) Physical(step int16) float64 { return (float64(step) - float64(s.Baseline)) / s.Gain }

// ReadHeader reads a .hea file.
func ReadHeader(b []byte) (Header, error) {
	if len(b) > headerMax {
		return Header{}, fmt.Errorf("read WFDB header: %d bytes are more than %d", len(b), headerMax)
	}
	var h Header
	want := -1
	for n, line := range strings.Split(string(b), "\n") {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") || want == len(h.Signals) {
			continue
		}
		var err error
		if want < 0 {
			want, err = h.record(f)
		} else {
			err = h.signal(f)
		}
		if err != nil {
			return Header{}, fmt.Errorf("read WFDB header, line %d: %w", n+1, err)
		}
	}
	if want < 0 || want != len(h.Signals) {
		return Header{}, fmt.Errorf("read WFDB header: %d signal lines of %d", len(h.Signals), max(want, 0))
	}
	return h, nil
}

// record takes the first line: name, signals, rate[/counter(base)], samples, ...
func (h *Header) record(f []string) (signals int, err error) {
	if len(f) < 2 {
		return 0, fmt.Errorf("%q has no number of signals", f[0])
	}
	h.Name = f[0]
	if strings.Contains(h.Name, "/") {
		return 0, fmt.Errorf("%q is a record of several segments, which are not read", h.Name)
	}
	if signals, err = strconv.Atoi(f[1]); err != nil || signals < 0 || signals > signalsMax {
		return 0, fmt.Errorf("%q is no number of signals from 0 to %d", f[1], signalsMax)
	}
	h.RateHz = 250 // the format's default
	if len(f) > 2 {
		rate, _, _ := strings.Cut(f[2], "/")
		if h.RateHz, err = strconv.ParseFloat(rate, 64); err != nil || !(h.RateHz > 0 && h.RateHz <= rateMax) {
			return 0, fmt.Errorf("%q is no sampling rate", rate)
		}
	}
	if len(f) > 3 {
		if h.Length, err = strconv.Atoi(f[3]); err != nil || h.Length < 0 || h.Length > samplesMax {
			return 0, fmt.Errorf("%q is no number of samples", f[3])
		}
	}
	return signals, nil
}

// signal takes a signal line: file, format, gain(baseline)/unit, resolution, zero, first value, sum, block size, name.
func (h *Header) signal(f []string) error {
	if len(f) < 2 {
		return fmt.Errorf("%q has no format", f[0])
	}
	s := Signal{File: f[0], Gain: 200, Unit: "mV"} // the format's defaults
	var err error
	if s.Format, err = strconv.Atoi(f[1]); err != nil || s.Format != 212 && s.Format != 16 {
		return fmt.Errorf("format %q is not read, only 212 and 16 with one sample a frame", f[1])
	}
	based := false
	if len(f) > 2 {
		if based, err = s.scale(f[2]); err != nil {
			return err
		}
	}
	ints := make([]int, 5) // resolution, zero, first value, sum, block size
	given := min(len(f)-3, len(ints))
	for i := 0; i < given; i++ {
		if ints[i], err = strconv.Atoi(f[3+i]); err != nil {
			return fmt.Errorf("%q is no number", f[3+i])
		}
	}
	s.First = ints[1]
	if !based {
		s.Baseline = ints[1]
	}
	if s.HasCheck = given >= 4; s.HasCheck {
		s.First, s.Sum = ints[2], ints[3]
	}
	if len(f) > 8 {
		s.Name = strings.Join(f[8:], " ")
	}
	h.Signals = append(h.Signals, s)
	return nil
}

// scale reads "200(1024)/mV", of which only the number must be there, and says whether a baseline was.
func (s *Signal) scale(text string) (based bool, err error) {
	number, unit, hasUnit := strings.Cut(text, "/")
	if hasUnit {
		s.Unit = unit
	}
	number, base, based := strings.Cut(number, "(")
	if based {
		if s.Baseline, err = strconv.Atoi(strings.TrimSuffix(base, ")")); err != nil {
			return false, fmt.Errorf("%q is no baseline", base)
		}
	}
	gain, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(gain) || math.IsInf(gain, 0) || gain < 0 {
		return false, fmt.Errorf("%q is no gain", number)
	}
	if gain != 0 { // 0 means that nobody calibrated: the default stands
		s.Gain = gain
	}
	return based, nil
}

// Samples reads the signals that h keeps in the given file, in the header's order. Sum and first value are checked where
// the header gives them.
func (h Header) Samples(file string, b []byte) ([][]int16, error) {
	var signals []Signal
	for _, s := range h.Signals {
		if s.File == file {
			signals = append(signals, s)
		}
	}
	if len(signals) == 0 {
		return nil, fmt.Errorf("read WFDB signals: the header of %s names no file %s", h.Name, file)
	}
	for _, s := range signals {
		if s.Format != signals[0].Format {
			return nil, fmt.Errorf("read WFDB signals: %s mixes formats %d and %d", file, signals[0].Format, s.Format)
		}
	}
	var flat []int16
	if signals[0].Format == 212 {
		flat = read212(b)
	} else {
		flat = read16(b)
	}
	n := len(flat) / len(signals)
	if h.Length > 0 {
		if n < h.Length {
			return nil, fmt.Errorf("read WFDB signals: %s has %d samples of %d: the file is cut off", file, n, h.Length)
		}
		n = h.Length // an odd 212 file ends in half a pair
	}
	out := make([][]int16, len(signals))
	for i, s := range signals {
		out[i] = make([]int16, n)
		var sum int16
		for k := range n {
			out[i][k] = flat[k*len(signals)+i]
			sum += out[i][k]
		}
		if s.HasCheck && n > 0 && (int(out[i][0]) != s.First || sum != int16(s.Sum)) {
			return nil, fmt.Errorf("read WFDB signals: %s of %s starts with %d and sums to %d, the header says %d and %d", s.Name,
				file, out[i][0], sum, s.First, s.Sum)
		}
	}
	return out, nil
}

// read212 unpacks two samples of 12 bits from each 3 bytes.
func read212(b []byte) []int16 {
	out := make([]int16, 0, len(b)/3*2+1)
	signed := func(v int16) int16 { return v << 4 >> 4 }
	for ; len(b) >= 2; b = b[min(3, len(b)):] {
		out = append(out, signed(int16(b[0])|int16(b[1]&0x0F)<<8))
		if len(b) >= 3 {
			out = append(out, signed(int16(b[2])|int16(b[1]&0xF0)<<4))
		}
	}
	return out
}

func read16(b []byte) []int16 {
	out := make([]int16, len(b)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return out
}

// Annotation is one mark of an annotation file.
type Annotation struct {
	Sample int
	Code   int // of ecgcodes.h: 1 N, 5 V, 8 A, 28 rhythm change, ...
	Aux    string
}

// Codes of annotations that are not marks but speak of the one before or after.
const (
	codeSkip = 59
	codeNum  = 60
	codeSub  = 61
	codeChan = 62
	codeAux  = 63
)

// IsBeat says whether the annotation marks a QRS complex.
func (a Annotation) IsBeat() bool {
	return a.Code >= 1 && a.Code <= 13 || a.Code == 25 || a.Code == 30 || a.Code == 34 || a.Code == 35 || a.Code == 38 || a.Code == 41
}

// ReadAnnotations reads an annotation file in MIT format: words of 16 bits, 6 of code and 10 of time since the last.
func ReadAnnotations(b []byte) ([]Annotation, error) {
	var out []Annotation
	now := 0
	for len(b) >= 2 {
		word := binary.LittleEndian.Uint16(b)
		code, step := int(word>>10), int(word&0x3FF)
		b = b[2:]
		switch code {
		case codeSkip:
			if len(b) < 4 {
				return nil, fmt.Errorf("read WFDB annotations: cut off in a skip after %d marks", len(out))
			}
			now += int(int32(uint32(binary.LittleEndian.Uint16(b))<<16 | uint32(binary.LittleEndian.Uint16(b[2:]))))
			b = b[4:]
		case codeNum, codeSub, codeChan:
		case codeAux:
			size := step + step&1
			if size > len(b) {
				return nil, fmt.Errorf("read WFDB annotations: cut off in a text after %d marks", len(out))
			}
			if len(out) > 0 {
				out[len(out)-1].Aux = strings.TrimRight(string(b[:step]), "\x00")
			}
			b = b[size:]
		case 0:
			if step == 0 {
				return out, nil
			}
			now += step
		default:
			now += step
			out = append(out, Annotation{Sample: now, Code: code})
		}
	}
	return nil, fmt.Errorf("read WFDB annotations: no end mark after %d marks", len(out))
}
