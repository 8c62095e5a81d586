package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"lifeline120/internal/ems"
)

// WaveKind says what a wave frame shows.
type WaveKind uint8

// Wave kinds.
const (
	WaveECG   WaveKind = 1
	WavePleth WaveKind = 2
	WaveResp  WaveKind = 3
	WaveCO2   WaveKind = 4
)

// WaveUnit says what one step of a sample means.
type WaveUnit uint8

// Wave units.
const (
	WaveDeviceUnits WaveUnit = 0 // steps of the device, not calibrated
	WaveMillivolts  WaveUnit = 1 // LSB hundredths of a microvolt a step
	WavePercent     WaveUnit = 2
)

// Bits of WaveFrame's flags on the wire.
const (
	waveOff = 1 << iota
	wavePacer
	waveGap
	waveLive
	waveBackfilled
	waveSimulated
	waveUnbound
)

// waveHeader is the length of a frame before its samples; waveVersion is its first byte.
const (
	waveHeader  = 36
	waveVersion = 1
)

// WaveFrame is one binary frame of the live feed: a run of samples of up to 16 leads taken at the same instants. On the wire it
// is little endian: u8 version, u8 leads, u16 slot, u32 seq, u64 t0 µs, u16 rate·10, u16 n, u16 lsb, u16 flags, u64 counter,
// u8 kind, u8 unit, u16 reserved, int16[leads][n], and the u16 mask of leads that are off when flag bit 0 is set.
type WaveFrame struct {
	Slot       uint16 // names the wave in WaveSlot
	Seq        uint32 // counts frames of the slot
	T0Us       int64  // first sample, server clock, µs
	RateHz     float64
	LSB        uint16 // hundredths of a microvolt a step; 0 = not calibrated
	Pacer      bool
	Gap        bool // samples before this frame are missing, and may come by back-fill (DLV-004)
	Live       bool // stamped by the server (SCR-002); exactly one of Live and Backfilled is set
	Backfilled bool
	Simulated  bool // SCR-003
	Unbound    bool // of no patient: 未归属 (CLN-006)
	Counter    uint64
	Kind       WaveKind
	Unit       WaveUnit
	HasOff     bool
	OffMask    uint16 // bit i: electrode or probe of lead i is off
	Samples    [][]int16
}

// ErrWaveFrame: bytes that are no wave frame.
var ErrWaveFrame = errors.New("decode wave frame")

// WaveKindOf says which kind of wave a channel is.
func WaveKindOf(c ems.Channel) WaveKind {
	switch c {
	case ems.PlethWave:
		return WavePleth
	case ems.RespWave:
		return WaveResp
	default:
		return WaveECG
	}
}

// WaveFrameOf makes the frame of a chunk; the caller adds slot, seq, time and what the server knows of it.
func WaveFrameOf(c ems.WaveChunk) WaveFrame {
	f := WaveFrame{T0Us: c.Taken.UnixMicro(), RateHz: c.RateHz, Counter: c.Counter, Simulated: c.Demo, Samples: c.Samples}
	if len(c.Leads) > 0 {
		f.Kind = WaveKindOf(c.Leads[0])
	}
	if f.Kind == WaveECG && c.LSB > 0 {
		f.Unit, f.LSB = WaveMillivolts, uint16(min(math.Round(c.LSB*1e5), math.MaxUint16))
	}
	if c.Off != nil {
		f.HasOff = true
		for i, off := range c.Off {
			if off && i < MaxWaveLeads {
				f.OffMask |= 1 << i
			}
		}
	}
	return f
}

// Append adds the frame's bytes to b, or says why the frame cannot be sent.
func (f WaveFrame) Append(b []byte) ([]byte, error) {
	if len(f.Samples) == 0 || len(f.Samples) > MaxWaveLeads {
		return b, fmt.Errorf("encode wave frame: %d leads; send 1 to %d", len(f.Samples), MaxWaveLeads)
	}
	n := len(f.Samples[0])
	for _, s := range f.Samples {
		if len(s) != n {
			return b, errors.New("encode wave frame: leads differ in length")
		}
	}
	if size := waveHeader + 2*len(f.Samples)*n + 2; size > MaxWaveFrame {
		return b, fmt.Errorf("encode wave frame: %d bytes; send at most %d", size, MaxWaveFrame)
	}
	if !(f.RateHz >= 0 && f.RateHz <= math.MaxUint16/10.0) {
		return b, fmt.Errorf("encode wave frame: rate %v Hz is out of range", f.RateHz)
	}
	flags := uint16(0)
	for i, set := range []bool{f.HasOff, f.Pacer, f.Gap, f.Live, f.Backfilled, f.Simulated, f.Unbound} {
		if set {
			flags |= 1 << i
		}
	}
	le := binary.LittleEndian
	b = append(b, waveVersion, byte(len(f.Samples)))
	b = le.AppendUint16(b, f.Slot)
	b = le.AppendUint32(b, f.Seq)
	b = le.AppendUint64(b, uint64(f.T0Us))
	b = le.AppendUint16(b, uint16(math.Round(f.RateHz*10)))
	b = le.AppendUint16(b, uint16(n))
	b = le.AppendUint16(b, f.LSB)
	b = le.AppendUint16(b, flags)
	b = le.AppendUint64(b, f.Counter)
	b = append(b, byte(f.Kind), byte(f.Unit), 0, 0)
	for _, s := range f.Samples {
		for _, v := range s {
			b = le.AppendUint16(b, uint16(v))
		}
	}
	if f.HasOff {
		b = le.AppendUint16(b, f.OffMask)
	}
	return b, nil
}

// DecodeWaveFrame reads exactly one frame.
func DecodeWaveFrame(b []byte) (WaveFrame, error) {
	if len(b) < waveHeader {
		return WaveFrame{}, fmt.Errorf("%w: %d bytes are less than a header", ErrWaveFrame, len(b))
	}
	if b[0] != waveVersion {
		return WaveFrame{}, fmt.Errorf("%w: version %d is not known", ErrWaveFrame, b[0])
	}
	le := binary.LittleEndian
	leads, n, flags := int(b[1]), int(le.Uint16(b[18:])), le.Uint16(b[22:])
	want := waveHeader + 2*leads*n
	if flags&waveOff != 0 {
		want += 2
	}
	if leads == 0 || leads > MaxWaveLeads || want > MaxWaveFrame || len(b) != want {
		return WaveFrame{}, fmt.Errorf("%w: %d bytes do not hold %d leads of %d samples", ErrWaveFrame, len(b), leads, n)
	}
	f := WaveFrame{Slot: le.Uint16(b[2:]), Seq: le.Uint32(b[4:]), T0Us: int64(le.Uint64(b[8:])),
		RateHz: float64(le.Uint16(b[16:])) / 10, LSB: le.Uint16(b[20:]), Counter: le.Uint64(b[24:]),
		Kind: WaveKind(b[32]), Unit: WaveUnit(b[33]), HasOff: flags&waveOff != 0, Pacer: flags&wavePacer != 0,
		Gap: flags&waveGap != 0, Live: flags&waveLive != 0, Backfilled: flags&waveBackfilled != 0,
		Simulated: flags&waveSimulated != 0, Unbound: flags&waveUnbound != 0, Samples: make([][]int16, leads)}
	p := b[waveHeader:]
	for i := range f.Samples {
		f.Samples[i] = make([]int16, n)
		for j := range n {
			f.Samples[i][j] = int16(le.Uint16(p[2*(i*n+j):]))
		}
	}
	if f.HasOff {
		f.OffMask = le.Uint16(p[2*leads*n:])
	}
	return f, nil
}

// AppendSized adds one frame with its length before it (u32), as the waves of the past are answered over HTTP.
func AppendSized(b, frame []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(frame))), frame...)
}

// NextSized cuts the first frame off b, which AppendSized made.
func NextSized(b []byte) (frame, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, fmt.Errorf("%w: length is cut short", ErrWaveFrame)
	}
	n := binary.LittleEndian.Uint32(b)
	if n > MaxWaveFrame || int(n) > len(b)-4 {
		return nil, nil, fmt.Errorf("%w: length %d, %d bytes are there", ErrWaveFrame, n, len(b)-4)
	}
	return b[4 : 4+n], b[4+n:], nil
}
