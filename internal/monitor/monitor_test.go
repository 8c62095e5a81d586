package monitor

import (
	"math"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
)

var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func strip() *Strip {
	s := &Strip{Name: "pleth", Leads: []ems.Channel{ems.PlethWave}, RateHz: 50, LSB: 1}
	s.Begin(begin)
	return s
}

func sample(v int16) Sample { return Sample{Values: []int16{v}} }

func TestDLV004_StripJumpsOverWhatIsMissing(t *testing.T) {
	s, out := strip(), Output{}
	s.Add(&out, begin, 0, sample(1))
	s.Add(&out, begin, 0, sample(2))
	s.Add(&out, begin, 3, sample(3))
	s.Add(&out, begin, 0, Sample{Values: []int16{4}, Off: true})
	if len(out.Waves) != 3 || out.Waves[0].Len() != 2 || out.Waves[1].Counter != 5 || out.Waves[2].Counter != 6 || !out.Waves[2].Off[0] || out.Lost != 3 {
		t.Errorf("%+v", out)
	}
	if s.Next() != 7 || !s.Seen() {
		t.Errorf("next is %d", s.Next())
	}
	if first := strip(); first.Missing(begin.Add(time.Hour), true, 9) != 0 {
		t.Error("a strip without samples misses some")
	}
}

func TestANewSessionIsANewStream(t *testing.T) {
	a, b, out := strip(), strip(), Output{}
	b.Begin(begin.Add(time.Millisecond))
	a.Add(&out, begin, 0, sample(1))
	b.Add(&out, begin, 0, sample(1))
	if len(out.Waves) != 2 || out.Waves[0].Stream == out.Waves[1].Stream {
		t.Errorf("%+v", out.Waves)
	}
}

func TestJoinOnlyWhatContinues(t *testing.T) {
	chunk := func(counter uint64, change func(*ems.WaveChunk)) ems.WaveChunk {
		w := ems.WaveChunk{Stream: "a", Leads: []ems.Channel{ems.ECGI}, RateHz: 250, Counter: counter, Samples: [][]int16{{1, 2}}}
		if change != nil {
			change(&w)
		}
		return w
	}
	a := chunk(10, nil)
	for name, b := range map[string]ems.WaveChunk{
		"a gap":          chunk(13, nil),
		"a repeat":       chunk(10, nil),
		"another stream": chunk(12, func(w *ems.WaveChunk) { w.Stream = "b" }),
		"another filter": chunk(12, func(w *ems.WaveChunk) { w.Filter = "x" }),
		"leads off":      chunk(12, func(w *ems.WaveChunk) { w.Off = []bool{true} }),
		"another lead":   chunk(12, func(w *ems.WaveChunk) { w.Leads = []ems.Channel{ems.ECGII} }),
		"demo":           chunk(12, func(w *ems.WaveChunk) { w.Demo = true }),
		"another device": chunk(12, func(w *ems.WaveChunk) { w.Device = "m2" }),
	} {
		if Join(&a, b) || a.Len() != 2 {
			t.Errorf("%s was joined", name)
		}
	}
	b := chunk(12, nil)
	if !Join(&a, b) || a.Len() != 4 {
		t.Fatalf("%+v", a)
	}
	if b.Samples[0][0] = 99; a.Samples[0][2] != 1 {
		t.Error("joined samples are shared")
	}
}

func TestCLN005_JSONHasNoValueWhereThereIsNone(t *testing.T) {
	lines := JSONLines(Output{
		Readings: []ems.Reading{
			{Channel: ems.HeartRate, Value: 0, Unit: "1/min", Quality: ems.Good, Taken: begin, Text: "asystole", DeviceTime: begin, Demo: true},
			{Channel: ems.SpO2, Value: 98, Unit: "%", Quality: ems.ProbeOff, Taken: begin},
			{Channel: ems.Temp1, Value: math.NaN(), Quality: ems.Good, Taken: begin},
			{Channel: ems.Temp2, Taken: time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC)},
		},
		Waves: []ems.WaveChunk{{Stream: "s", Leads: []ems.Channel{ems.RespWave}, RateHz: 50, LSB: 1, Counter: 7, Samples: [][]int16{{1, -2}}, Taken: begin}},
	})
	want := []string{
		`{"time":"2026-11-21T08:00:00Z","channel":"hr","value":0,"unit":"1/min","quality":"good","text":"asystole","device_time":"2026-11-21T08:00:00Z","demo":true}`,
		`{"time":"2026-11-21T08:00:00Z","channel":"spo2","unit":"%","quality":"probe_off"}`,
		`{"time":"2026-11-21T08:00:00Z","channel":"t1","quality":"good"}`,
		`{"error":`,
		`{"time":"2026-11-21T08:00:00Z","wave":["resp"],"stream":"s","rate_hz":50,"lsb":1,"counter":7,"samples":[[1,-2]]}`,
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines", len(lines))
	}
	for i, l := range lines {
		if !strings.HasPrefix(string(l), want[i]) || want[i] != `{"error":` && string(l) != want[i] {
			t.Errorf("line %d: %s\nwant %s", i, l, want[i])
		}
	}
}
