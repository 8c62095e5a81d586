package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

// PackWave packs a chunk: per lead the zigzag varints of the differences between samples, the first against zero. ECG at 2.5 µV a
// step takes about one byte a sample. Exact.
func PackWave(w ems.WaveChunk, patient ems.PatientID) (*pb.Wave, error) {
	n := w.Len()
	p := &pb.Wave{Device: string(w.Device), Stream: w.Stream, RateHz: w.RateHz, Lsb: w.LSB, Counter: w.Counter, N: uint32(n),
		TakenUs: Us(w.Taken), Filter: w.Filter, Demo: w.Demo, Patient: string(patient)}
	if len(w.Samples) != len(w.Leads) || len(w.Off) != 0 && len(w.Off) != len(w.Leads) {
		return nil, fmt.Errorf("pack wave of %s: %d leads, %d rows of samples, %d of electrodes", w.Device, len(w.Leads), len(w.Samples), len(w.Off))
	}
	p.Deltas = make([]byte, 0, len(w.Leads)*n*5/4)
	for i, row := range w.Samples {
		if len(row) != n {
			return nil, fmt.Errorf("pack wave of %s: lead %s has %d samples, the first has %d", w.Device, w.Leads[i], len(row), n)
		}
		p.Leads = append(p.Leads, string(w.Leads[i]))
		if len(w.Off) != 0 && w.Off[i] {
			p.OffMask |= 1 << i
		}
		var last int64
		for _, v := range row {
			p.Deltas = binary.AppendVarint(p.Deltas, int64(v)-last)
			last = int64(v)
		}
	}
	if err := checkWave(p); err != nil {
		return nil, fmt.Errorf("pack wave of %s: %w", w.Device, err)
	}
	return p, nil
}

// UnpackWave is the inverse of PackWave. A chunk whose bytes do not give exactly its samples is refused whole: half a wave
// would be an invented one.
func UnpackWave(p *pb.Wave) (ems.WaveChunk, ems.PatientID, error) {
	if err := checkWave(p); err != nil {
		return ems.WaveChunk{}, "", fmt.Errorf("unpack wave of %q: %w", p.Device, err)
	}
	w := ems.WaveChunk{Device: ems.DeviceID(p.Device), Stream: p.Stream, RateHz: p.RateHz, LSB: p.Lsb, Counter: p.Counter,
		Taken: FromUs(p.TakenUs), Filter: p.Filter, Demo: p.Demo}
	n, rest := int(p.N), p.Deltas
	all := make([]int16, len(p.Leads)*n)
	for i, lead := range p.Leads {
		row := all[i*n : (i+1)*n : (i+1)*n]
		var last int64
		for k := range row {
			d, used := binary.Varint(rest)
			if used <= 0 {
				return ems.WaveChunk{}, "", fmt.Errorf("unpack wave of %q: lead %s ends after %d of %d samples", p.Device, lead, k, n)
			}
			if d < -1<<16 || d > 1<<16 || last+d < math.MinInt16 || last+d > math.MaxInt16 {
				return ems.WaveChunk{}, "", fmt.Errorf("unpack wave of %q: lead %s leaves 16 bits at sample %d", p.Device, lead, k)
			}
			last += d
			row[k], rest = int16(last), rest[used:]
		}
		w.Leads = append(w.Leads, ems.Channel(lead))
		w.Samples = append(w.Samples, row)
	}
	if len(rest) != 0 {
		return ems.WaveChunk{}, "", fmt.Errorf("unpack wave of %q: %d bytes too many", p.Device, len(rest))
	}
	if p.OffMask != 0 {
		w.Off = make([]bool, len(p.Leads))
		for i := range w.Off {
			w.Off[i] = p.OffMask>>i&1 == 1
		}
	}
	return w, ems.PatientID(p.Patient), nil
}

func checkWave(p *pb.Wave) error {
	switch {
	case len(p.Leads) == 0 || len(p.Leads) > MaxWaveLeads:
		return fmt.Errorf("%d leads: want 1 to %d", len(p.Leads), MaxWaveLeads)
	case p.N == 0 || p.N > MaxWaveLen:
		return fmt.Errorf("%d samples a lead: want 1 to %d", p.N, MaxWaveLen)
	case !(p.RateHz > 0 && p.RateHz <= MaxRateHz):
		return fmt.Errorf("rate %v Hz: want more than 0 and at most %d", p.RateHz, MaxRateHz)
	case !(p.Lsb >= 0 && p.Lsb <= math.MaxFloat32):
		return fmt.Errorf("%v a step: want a number of at least 0", p.Lsb)
	case p.Counter > math.MaxInt64-MaxWaveLen:
		return fmt.Errorf("counter %d would run over", p.Counter)
	case p.OffMask>>len(p.Leads) != 0:
		return fmt.Errorf("electrodes off %b of %d leads", p.OffMask, len(p.Leads))
	}
	for _, l := range p.Leads {
		if err := ems.CheckName(l); err != nil {
			return fmt.Errorf("lead: %w", err)
		}
	}
	return checkMessage(p)
}

// Us is t as the wire says it: microseconds since 1970 UTC, 0 when there is none.
func Us(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromUs is the inverse of Us, in UTC.
func FromUs(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
