package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"lifeline120/internal/ems"
	"lifeline120/internal/spool"
)

// Config is all that no sensor can tell the agent: who it is, where the centre is, where its disk is. Everything has a default but
// the unit's name.
type Config struct {
	Unit    ems.UnitID   `yaml:"unit"`    // which unit this vehicle is
	Region  ems.RegionID `yaml:"region"`  // which region's centre it belongs to
	Plate   string       `yaml:"plate"`   // shown on the terminal
	Broker  string       `yaml:"broker"`  // URL of the MQTT broker, tcp:// or ssl://
	Listen  string       `yaml:"listen"`  // address of the vehicle terminal
	Data    string       `yaml:"data"`    // folder of the spool
	WebDir  string       `yaml:"web_dir"` // serve the terminal's pages from this folder instead of the built-in ones
	Devices []Device     `yaml:"devices"` // empty: every serial port that appears is probed
	Spool   Bounds       `yaml:"spool"`
	// Simulated stamps everything that this agent sends (SCR-003).
	Simulated bool `yaml:"simulated"`
	// Hospitals are offered on the terminal when there is no link to hear of them.
	Hospitals []ems.Hospital `yaml:"hospitals"`
}

// Device is one device on one port.
type Device struct {
	Name      ems.DeviceID `yaml:"name"`
	Port      string       `yaml:"port"`   // /dev/ttyUSB0
	Kind      string       `yaml:"kind"`   // gnss, monitor; empty: whichever speaks
	Driver    string       `yaml:"driver"` // a driver or dialect by name; empty: found by listening
	Simulated bool         `yaml:"simulated"`
}

// Bounds of the spool in MiB of what is owed. At a bound the oldest of the least precious is dropped, a gap record stands for it, and the
// terminal shows it (DLV-007).
type Bounds struct {
	TotalMiB    int64 `yaml:"total_mib"`
	WaveMiB     int64 `yaml:"wave_mib"`
	PositionMiB int64 `yaml:"position_mib"`
	ReadingMiB  int64 `yaml:"reading_mib"`
}

// Defaults are what a vehicle needs if its file says nothing: 24 hours of all devices at full rate in waves.
func Defaults() Config {
	return Config{Region: "demo", Broker: "tcp://127.0.0.1:1883", Listen: "127.0.0.1:8121", Data: "data",
		Spool: Bounds{TotalMiB: 1024, WaveMiB: 768, PositionMiB: 64, ReadingMiB: 128}}
}

// Load reads one YAML file over c. A word that is not known is an error, because a misspelt setting that is ignored is a trap.
func Load(path string, c Config) (Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("read configuration: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, fmt.Errorf("read configuration %s: %w", path, err)
	}
	return c, nil
}

// Check says what is wrong with the configuration, as a sentence that says what to change.
func (c Config) Check() error {
	if c.Unit == "" {
		return errors.New("configuration: the unit has no name; set `unit:` in the file or --unit (for example unit: a01)")
	}
	if err := ems.CheckName(string(c.Unit)); err != nil {
		return fmt.Errorf("configuration: unit: %w", err)
	}
	if err := ems.CheckName(string(c.Region)); err != nil {
		return fmt.Errorf("configuration: region: %w", err)
	}
	if !strings.Contains(c.Broker, "://") {
		return fmt.Errorf("configuration: broker %q is no URL; write it as tcp://host:1883 or ssl://host:8883", c.Broker)
	}
	if c.WebDir != "" {
		if info, err := os.Stat(filepath.Join(c.WebDir, "vehicle.html")); err != nil || info.IsDir() {
			return fmt.Errorf("configuration: web_dir: %s is no folder of built pages: vehicle.html is not there; name one that `make build` made, or leave it out", c.WebDir)
		}
	}
	seen := map[string]bool{}
	for _, d := range c.Devices {
		if err := ems.CheckName(string(d.Name)); err != nil {
			return fmt.Errorf("configuration: device: %w", err)
		}
		if d.Port == "" {
			return fmt.Errorf("configuration: device %s has no port; set `port: /dev/ttyUSB0` or leave `devices:` out to probe every port", d.Name)
		}
		if d.Kind != "" && d.Kind != "gnss" && d.Kind != "monitor" {
			return fmt.Errorf("configuration: device %s: kind %q is neither gnss nor monitor", d.Name, d.Kind)
		}
		if seen[string(d.Name)] || seen[d.Port] {
			return fmt.Errorf("configuration: device %s on %s is named twice", d.Name, d.Port)
		}
		seen[string(d.Name)], seen[d.Port] = true, true
		if _, err := codecsFor(d); err != nil {
			return fmt.Errorf("configuration: device %s: %w", d.Name, err)
		}
	}
	b := c.Spool
	if b.TotalMiB <= 0 || b.WaveMiB <= 0 || b.PositionMiB <= 0 || b.ReadingMiB <= 0 {
		return errors.New("configuration: spool: every bound must be at least 1 MiB")
	}
	return nil
}

func (b Bounds) bytes() spool.Bounds {
	const mib = 1 << 20
	return spool.Bounds{Total: b.TotalMiB * mib, Wave: b.WaveMiB * mib, Position: b.PositionMiB * mib, Reading: b.ReadingMiB * mib}
}
