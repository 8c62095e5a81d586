package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lifeline120/internal/agent"
	"lifeline120/internal/ecg/ecgmodel"
	"lifeline120/internal/ecg/wfdb"
	"lifeline120/internal/ems"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/simport"
	"lifeline120/maps"
)

// fleet is the first n units that take emergencies, those with a monitor first.
func fleet(city maps.City, n int) []ems.Unit {
	var out []ems.Unit
	for _, want := range []bool{true, false} {
		for _, u := range city.Units {
			if u.Kind != ems.UnitTransport && slices.Contains(u.Equipment, "monitor") == want && len(out) < n {
				out = append(out, u)
			}
		}
	}
	return out
}

// Units that play recordings, counted from 0.
const receiverUnit, heartUnit = 1, 2

// others are the units beside those, until there are n in all: in the order of the city's list.
func others(city maps.City, real []ems.Unit, n int) []ems.Unit {
	var out []ems.Unit
	for _, u := range city.Units {
		if len(real)+len(out) < n && !slices.ContainsFunc(real, func(r ems.Unit) bool { return r.ID == u.ID }) {
			out = append(out, u)
		}
	}
	return out
}

// vehicle is the simulated world of one ambulance: its devices and the ports they stand behind.
type vehicle struct {
	devices  []agent.Device
	receiver *simdevice.Receiver // nil when a recording plays
	gnss     interface{ Do(func()) }
	board    *simdevice.BerryBoard
	monitor  *simport.Port
	home     ems.WGS84
	plays    []string // what is not simulated by a model: a recording, a real device
}

// vehicle makes the devices of unit u, the i-th of the fleet. The first takes the real device when there is one; every third has an
// oximeter beside its board. Recordings, when they are there, are played by two: a recorded receiver stands where it was recorded, far from
// any patient here, so that the recorded heart beats in another vehicle, which drives and is sent.
func (c cli) vehicle(ctx context.Context, city maps.City, u ems.Unit, i int) (*vehicle, error) {
	seed := c.Seed*1000 + uint64(i)
	v := &vehicle{home: home(city, u)}
	var gnss simport.Device
	if log, ok := recordedReceiver(c.Data); ok && i == receiverUnit {
		gnss = log
		v.plays = append(v.plays, "plays a recorded receiver (Unicore UM621), which stands far away: this unit is never sent")
	} else {
		v.receiver = simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: seed, Talker: []string{"GN", "BD", "GP"}[i%3],
			Route: simdevice.Along([]ems.WGS84{v.home}, 0)})
		gnss = v.receiver
	}
	port, err := simport.Open(ctx, gnss)
	if err != nil {
		return nil, err
	}
	v.gnss = port
	v.devices = append(v.devices, agent.Device{Name: "gnss", Port: port.Path, Kind: "gnss", Simulated: true})
	if c.Device != "" && i == 0 {
		v.devices = append(v.devices, agent.Device{Name: "monitor", Port: c.Device})
		v.plays = append(v.plays, "reads the real device on "+c.Device)
		return v, nil
	}
	vitals := simdevice.Healthy()
	vitals.HeartRate += float64(i * 4)
	vitals.PulseRate = vitals.HeartRate
	var heart simdevice.ECG = ecgmodel.New(ecgmodel.Config{Seed: seed, RateHz: 250, HeartRate: vitals.HeartRate, RespRate: vitals.RespRate})
	if replay, ok := recordedECG(c.Data); ok && i == heartUnit {
		heart = replay
		v.plays = append(v.plays, "its ECG is MIT-BIH record 100")
	}
	v.board = simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: seed, Vitals: vitals, ECG: heart})
	if v.monitor, err = simport.Open(ctx, v.board); err != nil {
		return nil, err
	}
	v.devices = append(v.devices, agent.Device{Name: "monitor", Port: v.monitor.Path, Kind: "monitor", Simulated: true})
	if i%3 == 2 {
		p, err := simport.Open(ctx, simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: seed, Vitals: vitals}))
		if err != nil {
			return nil, err
		}
		v.devices = append(v.devices, agent.Device{Name: "oximeter", Port: p.Path, Kind: "monitor", Simulated: true})
	}
	return v, nil
}

func home(city maps.City, u ems.Unit) ems.WGS84 {
	for _, s := range city.Stations {
		if s.ID == u.Station {
			return s.Pos
		}
	}
	return city.Stations[0].Pos
}

// recordedECG is MIT-BIH record 100 as the heart of a board, when the recordings are there.
func recordedECG(dir string) (simdevice.ECG, bool) {
	read := func(name string) []byte { b, _ := os.ReadFile(filepath.Join(dir, "ecg", name)); return b }
	hea, dat, atr := read("100.hea"), read("100.dat"), read("100.atr")
	if hea == nil || dat == nil || atr == nil {
		return nil, false
	}
	h, err := wfdb.ReadHeader(hea)
	if err != nil {
		return nil, false
	}
	samples, err := h.Samples("100.dat", dat)
	if err != nil {
		return nil, false
	}
	marks, err := wfdb.ReadAnnotations(atr)
	if err != nil {
		return nil, false
	}
	r, err := wfdb.NewReplay(h, samples, marks, 250)
	return r, err == nil
}

// recordedLog plays the sentences of a recorded receiver, one second of them a second, again and again.
type recordedLog struct {
	seconds [][]byte
	next    int
	last    time.Time
}

// Step gives the sentences of the seconds that have passed.
func (l *recordedLog) Step(now time.Time) []byte {
	if now.Sub(l.last) < time.Second {
		return nil
	}
	l.last = now
	out := l.seconds[l.next%len(l.seconds)]
	l.next++
	return out
}

// recordedReceiver reads the log of a receiver that stands still with a fix. A new second begins with each RMC or GGA of a new time.
func recordedReceiver(dir string) (*recordedLog, bool) {
	b, err := os.ReadFile(filepath.Join(dir, "gnss", "unicore-um621.log"))
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return nil, false
	}
	l := &recordedLog{}
	clock := ""
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(string(line))
		if !strings.HasPrefix(s, "$") {
			continue
		}
		f := strings.Split(s, ",")
		if len(f[0]) == 6 && (strings.HasSuffix(f[0], "RMC") || strings.HasSuffix(f[0], "GGA")) && len(f) > 1 && f[1] != clock {
			clock = f[1]
			l.seconds = append(l.seconds, nil)
		}
		if n := len(l.seconds); n > 0 {
			l.seconds[n-1] = append(l.seconds[n-1], s+"\r\n"...)
		}
	}
	return l, len(l.seconds) > 0
}
