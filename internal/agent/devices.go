package agent

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/gnss"
	"lifeline120/internal/monitor"
	"lifeline120/internal/monitor/drivers"
	"lifeline120/internal/serialport"
)

// dateFloor is the earliest date that a receiver can mean: this software did not exist before it (GPS week roll-over).
var dateFloor = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Codecs lists everything that the agent can understand: receivers first, because they speak without being asked.
func Codecs() []serialport.Codec { return codecsOf(dateFloor) }

// codecsOf are the codecs for bytes of which none are older than floor; zero: they may be of any age.
func codecsOf(floor time.Time) []serialport.Codec {
	var out []serialport.Codec
	for _, d := range gnss.All {
		out = append(out, serialport.FromGNSS(d, gnss.Options{Floor: floor}))
	}
	for _, d := range drivers.All() {
		out = append(out, serialport.FromMonitor(d))
	}
	return out
}

// commandsOf lists what a person may ask of a device of this driver. Drivers are codecs without a port: one that never saw a byte
// is asked what it would say.
var commandsOf = func() func(driver string) []string {
	known := map[string][]string{}
	for _, d := range drivers.All() {
		for _, c := range []monitor.Command{monitor.StartNIBP, monitor.StopNIBP} {
			s := d.New()
			s.Start(dateFloor)
			if _, err := s.Do(dateFloor, c); !errors.Is(err, monitor.ErrUnsupported) {
				known[d.Name] = append(known[d.Name], string(c))
			}
		}
	}
	return func(driver string) []string { return known[driver] }
}()

// codecsFor are the codecs that a device's configuration leaves open.
func codecsFor(d Device) ([]serialport.Codec, error) {
	var out []serialport.Codec
	var names []string
	for _, c := range Codecs() {
		names = append(names, c.Name)
		if (d.Driver == "" || d.Driver == c.Name) && (d.Kind == "" || d.Kind == c.Kind) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no driver %q of kind %q; the drivers are %v", d.Driver, d.Kind, names)
	}
	return out, nil
}

// ParseDevice reads NAME=PORT or NAME=PORT:DRIVER, as given on the command line.
func ParseDevice(s string) (Device, error) {
	name, rest, _ := strings.Cut(s, "=")
	port, driver, _ := strings.Cut(rest, ":")
	if name == "" || port == "" {
		return Device{}, fmt.Errorf("device %q: write NAME=PORT, for example monitor=/dev/ttyUSB0", s)
	}
	return Device{Name: ems.DeviceID(name), Port: port, Driver: driver}, nil
}

// Plain says a device's detail in words for a technician.
func Plain(detail string) string {
	switch detail {
	case serialport.DetailMissing:
		return "there is no such port: is the cable plugged in?"
	case serialport.DetailBusy:
		return "another program holds the port"
	case serialport.DetailDenied:
		return "no permission: add the user to the group dialout"
	case serialport.DetailFailed:
		return "the port cannot be opened"
	case serialport.DetailGone:
		return "the port went away while it was open"
	case serialport.DetailQuiet:
		return "nothing arrives: is the device switched on?"
	case serialport.DetailNoise:
		return "bytes arrive that no driver understands"
	case serialport.DetailFault:
		return "the driver failed and was started again"
	case detailNoVerdict:
		return "no verdict yet: listen longer with --wait"
	}
	return detail
}
