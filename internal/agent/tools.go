package agent

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"lifeline120/internal/capture"
	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
	"lifeline120/internal/serialport"
)

// fixLine is a fix as `decode` prints it.
type fixLine struct {
	Time       time.Time   `json:"time"`
	Fix        string      `json:"fix"`
	Quality    ems.Quality `json:"quality"`
	Pos        *ems.WGS84  `json:"pos,omitempty"`
	Satellites *int        `json:"satellites,omitempty"`
	HDOP       float64     `json:"hdop,omitempty"`
	SpeedKmh   *float64    `json:"speed_kmh,omitempty"`
	CourseDeg  *float64    `json:"course_deg,omitempty"`
	AltitudeM  float64     `json:"altitude_m,omitempty"`
	Device     *time.Time  `json:"device_time,omitempty"`
}

func fixJSON(f ems.Fix) []byte {
	v := f.View()
	l := fixLine{Time: f.Taken.UTC(), Fix: f.FixKind, Quality: f.Quality, Satellites: v.Satellites, HDOP: f.HDOP, SpeedKmh: v.SpeedKmh,
		CourseDeg: v.CourseDeg, AltitudeM: f.AltitudeM, Device: v.DeviceTime}
	if f.Pos.Valid() {
		l.Pos = &f.Pos
	}
	b, err := json.Marshal(l)
	if err != nil {
		b, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	return b
}

func printOutput(w io.Writer, o serialport.Output) error {
	for _, f := range o.Fixes {
		if _, err := fmt.Fprintf(w, "%s\n", fixJSON(f)); err != nil {
			return err
		}
	}
	for _, l := range monitor.JSONLines(monitor.Output{Readings: o.Readings, Waves: o.Waves}) {
		if _, err := fmt.Fprintf(w, "%s\n", l); err != nil {
			return err
		}
	}
	return nil
}

func codecNamed(name string, floor time.Time) (serialport.Codec, error) {
	all := codecsOf(floor)
	i := slices.IndexFunc(all, func(c serialport.Codec) bool { return c.Name == name })
	if i < 0 {
		var names []string
		for _, c := range all {
			names = append(names, c.Name)
		}
		return serialport.Codec{}, fmt.Errorf("there is no driver %q; the drivers are %s", name, strings.Join(names, ", "))
	}
	return all[i], nil
}

// Decode reads bytes, hex or a capture, and prints what the driver makes of them: one JSON object per line. It answers how many frames
// were valid and how many bytes made none.
func Decode(w io.Writer, driver string, b []byte) (frames, garbage int, err error) {
	if _, err := codecNamed(driver, time.Time{}); err != nil {
		return 0, 0, err
	}
	chunks, head, err := capture.Read(b)
	if err != nil {
		return 0, 0, fmt.Errorf("decode: %w", err)
	}
	start := head.Start
	if start.IsZero() {
		start = time.Unix(0, 0).UTC() // bytes without times: they are counted from 1970
	}
	// A date that a receiver states is mended against the day before the recording. Where nobody knows that day it is shown as it stands.
	floor := head.Start
	if !floor.IsZero() {
		floor = floor.Add(-24 * time.Hour)
	}
	codec, err := codecNamed(driver, floor)
	if err != nil {
		return 0, 0, err
	}
	out := bufio.NewWriter(w)
	s := codec.New()
	take := func(o serialport.Output) error {
		frames += o.Frames
		garbage += o.Garbage
		return printOutput(out, o)
	}
	if err := take(s.Start(start)); err != nil {
		return frames, garbage, err
	}
	now := start
	for _, c := range chunks {
		if c.Dir != capture.RX {
			continue
		}
		for next := now.Add(time.Second); next.Before(start.Add(c.At)); next = next.Add(time.Second) {
			now = next
			if err := take(s.Tick(now)); err != nil {
				return frames, garbage, err
			}
		}
		now = start.Add(c.At)
		if err := take(s.Feed(now, c.Bytes)); err != nil {
			return frames, garbage, err
		}
	}
	for range tailTicks {
		now = now.Add(time.Second)
		if err := take(s.Tick(now)); err != nil {
			return frames, garbage, err
		}
	}
	return frames, garbage, out.Flush()
}

// PortReport is what is connected to one port and what speaks there.
type PortReport struct {
	serialport.Info
	State  ems.DeviceState `json:"state"`
	Kind   string          `json:"kind,omitempty"`
	Driver string          `json:"driver,omitempty"`
	Baud   int             `json:"baud,omitempty"`
	Detail string          `json:"detail,omitempty"`
}

// detailNoVerdict: listening ended before every setting was tried.
const detailNoVerdict = "no_verdict"

// Ports listens on the named ports (pseudo ports too), or on all that there are when none is named, for as long as wait, to say what
// speaks there.
func Ports(ctx context.Context, wait time.Duration, only []string) ([]PortReport, error) {
	found, err := serialport.List()
	if err != nil {
		return nil, err
	}
	if len(only) > 0 {
		all := found
		found = nil
		for _, path := range only {
			info := serialport.Info{Path: path}
			if i := slices.IndexFunc(all, func(x serialport.Info) bool { return x.Path == path }); i >= 0 {
				info = all[i]
			}
			found = append(found, info)
		}
	}
	return lookAt(ctx, wait, found, serialport.Open)
}

// told says that listening longer would bring nothing new. Noise may become a device: who must be spoken to is spoken to in the next round.
func told(s ems.DeviceStatus) bool {
	switch s.State {
	case ems.DeviceSpeaking, ems.DeviceDemo, ems.DeviceSimulated, ems.DeviceSilent:
		return true
	case ems.DeviceAbsent:
		return s.Detail != ""
	case ems.DeviceProbing, ems.DeviceGarbled:
	}
	return false
}

func lookAt(ctx context.Context, wait time.Duration, found []serialport.Info, open serialport.Opener) ([]PortReport, error) {
	out := make([]PortReport, len(found))
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var wg sync.WaitGroup
	for i, info := range found {
		out[i].Info = info
		w, err := serialport.NewWatcher(serialport.Config{Device: "port", Path: info.Path, Codecs: Codecs(), Open: open})
		if err != nil {
			return nil, err
		}
		one, done := context.WithCancel(ctx)
		wg.Go(func() {
			defer done()
			if err := w.Run(one); err != nil {
				out[i].Detail = err.Error()
			}
		})
		wg.Go(func() {
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for {
				s := w.Status()
				out[i].State, out[i].Kind, out[i].Driver, out[i].Baud, out[i].Detail = s.State, s.Kind, s.Driver, s.Baud, s.Detail
				if told(s) {
					done()
					return
				}
				select {
				case <-one.Done():
					if s.State == ems.DeviceProbing {
						out[i].Detail = detailNoVerdict
					}
					return
				case <-tick.C:
				}
			}
		})
	}
	wg.Wait()
	slices.SortFunc(out, func(a, b PortReport) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// Record writes every byte of a port, in both directions, into a capture until ctx ends. driver "" lets it be found.
func Record(ctx context.Context, w io.Writer, path, driver string, h capture.Header) error {
	return record(ctx, w, path, driver, h, serialport.Open)
}

func record(ctx context.Context, w io.Writer, path, driver string, h capture.Header, open serialport.Opener) error {
	codecs := Codecs()
	if driver != "" {
		c, err := codecNamed(driver, dateFloor)
		if err != nil {
			return err
		}
		codecs = []serialport.Codec{c}
	}
	h.Start = time.Now().UTC()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &recorder{w: w, head: h}
	watcher, err := serialport.NewWatcher(serialport.Config{Device: "record", Path: path, Codecs: codecs, Open: open,
		OnStatus: func(s ems.DeviceStatus) {
			fmt.Fprintf(os.Stderr, "%s %s %s %d %s\n", s.Port, s.State, s.Driver, s.Baud, s.Detail)
			if err := r.found(s, codecs); err != nil {
				cancel(err)
			}
		},
		Tap: func(at time.Time, dir capture.Direction, p []byte) {
			if err := r.take(capture.Chunk{At: at.Sub(h.Start), Dir: dir, Bytes: p}); err != nil {
				cancel(err)
			}
		}})
	if err != nil {
		return err
	}
	err = watcher.Run(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause // the file could not be written
	}
	return errors.Join(err, r.begin())
}

// recorder writes a capture whose header says what spoke and how: it holds what comes until that is known, within bounds.
type recorder struct {
	w     io.Writer
	head  capture.Header
	held  []capture.Chunk
	bytes int
	cw    *capture.Writer
	mu    sync.Mutex
}

// found takes the driver and the line settings of what speaks.
func (r *recorder) found(s ems.DeviceStatus, codecs []serialport.Codec) error {
	if s.Driver == "" {
		return nil
	}
	r.mu.Lock()
	if i := slices.IndexFunc(codecs, func(c serialport.Codec) bool { return c.Name == s.Driver }); i >= 0 && r.cw == nil {
		r.head.Driver = s.Driver
		for _, l := range codecs[i].Lines {
			if l.Baud == s.Baud {
				r.head.Line = l
				break
			}
		}
	}
	r.mu.Unlock()
	return r.begin()
}

// begin writes the header and what was held.
func (r *recorder) begin() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cw != nil {
		return nil
	}
	cw, err := capture.NewWriter(r.w, r.head)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	r.cw = cw
	for _, c := range r.held {
		if err := cw.Write(c); err != nil {
			return fmt.Errorf("record: %w", err)
		}
	}
	r.held = nil
	return nil
}

func (r *recorder) take(c capture.Chunk) error {
	r.mu.Lock()
	if r.cw == nil {
		c.Bytes = slices.Clone(c.Bytes)
		r.held, r.bytes = append(r.held, c), r.bytes+len(c.Bytes)
		full := r.bytes > maxHeld || c.At > PortsWait
		r.mu.Unlock()
		if full {
			return r.begin()
		}
		return nil
	}
	defer r.mu.Unlock()
	if err := r.cw.Write(c); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

// Recording is a capture as a device that plays it: the received bytes at the pace of the recording.
type Recording struct {
	chunks []capture.Chunk // received ones
	loop   bool
	begin  time.Time
	next   int
}

// NewRecording takes a capture's chunks. One in which the device says nothing is refused.
func NewRecording(chunks []capture.Chunk, loop bool) (*Recording, error) {
	r := &Recording{loop: loop}
	for _, c := range chunks {
		if c.Dir == capture.RX && len(c.Bytes) > 0 {
			r.chunks = append(r.chunks, c)
		}
	}
	if len(r.chunks) == 0 {
		return nil, errors.New("replay: nothing in this capture was received from a device (rx)")
	}
	return r, nil
}

// Step gives the bytes that are due. In a loop the first chunk follows the last at once.
func (r *Recording) Step(now time.Time) (out []byte) {
	if r.begin.IsZero() {
		r.begin = now
	}
	for ; r.next < len(r.chunks) && r.chunks[r.next].At-r.chunks[0].At <= now.Sub(r.begin); r.next++ {
		out = append(out, r.chunks[r.next].Bytes...)
	}
	if r.next == len(r.chunks) && r.loop {
		r.next, r.begin = 0, time.Time{} // begins with the next step
	}
	return out
}

// Over says that everything was played.
func (r *Recording) Over() bool { return r.next == len(r.chunks) }
