package monitor

import (
	"encoding/json"
	"math"
	"time"

	"lifeline120/internal/ems"
)

type readingLine struct {
	Time    time.Time   `json:"time"`
	Channel ems.Channel `json:"channel"`
	Value   *float64    `json:"value,omitempty"`
	Unit    string      `json:"unit,omitempty"`
	Quality ems.Quality `json:"quality"`
	Text    string      `json:"text,omitempty"`
	Device  *time.Time  `json:"device_time,omitempty"`
	Demo    bool        `json:"demo,omitempty"`
}

type waveLine struct {
	Time    time.Time     `json:"time"`
	Wave    []ems.Channel `json:"wave"`
	Stream  string        `json:"stream"`
	RateHz  float64       `json:"rate_hz"`
	LSB     float64       `json:"lsb"`
	Counter uint64        `json:"counter"`
	Off     []bool        `json:"off,omitempty"`
	Filter  string        `json:"filter,omitempty"`
	Demo    bool          `json:"demo,omitempty"`
	Samples [][]int16     `json:"samples"`
}

// JSONLines is o as people and goldens read it: one JSON object for each reading, then one for each wave chunk, without
// line ends. A reading has "channel", a wave has "wave". A value is there only if its quality carries one (CLN-005).
func JSONLines(o Output) [][]byte {
	lines := make([][]byte, 0, len(o.Readings)+len(o.Waves))
	for _, r := range o.Readings {
		l := readingLine{Time: r.Taken.UTC(), Channel: r.Channel, Unit: r.Unit, Quality: r.Quality, Text: r.Text, Demo: r.Demo}
		if r.Quality.HasValue() && !math.IsNaN(r.Value) && !math.IsInf(r.Value, 0) {
			l.Value = &r.Value
		}
		if !r.DeviceTime.IsZero() {
			t := r.DeviceTime.UTC()
			l.Device = &t
		}
		lines = append(lines, line(l))
	}
	for _, w := range o.Waves {
		lines = append(lines, line(waveLine{Time: w.Taken.UTC(), Wave: w.Leads, Stream: w.Stream, RateHz: w.RateHz, LSB: w.LSB,
			Counter: w.Counter, Off: w.Off, Filter: w.Filter, Demo: w.Demo, Samples: w.Samples}))
	}
	return lines
}

func line(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // a time beyond the year 9999, from a capture with a wrong clock
		b, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	return b
}
