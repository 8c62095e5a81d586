// Command vehicle-agent runs on the computer in an ambulance: it reads receivers and monitors over serial lines, keeps what it owes
// the centre on disk, streams it by MQTT, and serves the vehicle terminal. Its other commands are a technician's tools.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"lifeline120/internal/agent"
	"lifeline120/internal/capture"
	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
	"lifeline120/internal/simport"
)

var version = "unknown" // set by the linker

type cli struct {
	Run     runCmd     `cmd:"" default:"withargs" help:"Run the agent (this is what it does without a command)."`
	Ports   portsCmd   `cmd:"" help:"List the serial ports and what speaks there."`
	Decode  decodeCmd  `cmd:"" help:"Print what a driver makes of bytes, hex text or a capture: one JSON object per line."`
	Record  recordCmd  `cmd:"" help:"Write every byte of a port into a capture."`
	Replay  replayCmd  `cmd:"" help:"Play a capture into a pseudo serial port at the pace of the recording."`
	Drivers driversCmd `cmd:"" help:"List the drivers with their line settings."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	code := -1
	p, err := kong.New(&c, kong.Name("vehicle-agent"), kong.Description("Lifeline 120 vehicle agent."), kong.UsageOnError(),
		kong.Vars{"ports_wait": agent.PortsWait.String()},
		kong.Writers(stdout, stderr), kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(stdout, (*io.Writer)(nil)),
		kong.Exit(func(n int) { code = n }))
	if err != nil {
		fmt.Fprintln(stderr, "vehicle-agent:", err)
		return 2
	}
	kctx, err := p.Parse(args)
	if code >= 0 { // help was asked for and printed
		return code
	}
	if err != nil {
		fmt.Fprintln(stderr, "vehicle-agent:", err)
		return 2
	}
	if err := kctx.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "vehicle-agent:", err)
		return 1
	}
	return 0
}

type runCmd struct {
	Config    string   `short:"c" type:"path" help:"YAML file; what is given here on the line wins." env:"LIFELINE_AGENT_CONFIG"`
	Unit      string   `help:"Name of this unit, as the centre knows it." env:"LIFELINE_AGENT_UNIT"`
	Region    string   `help:"Region of the centre." env:"LIFELINE_AGENT_REGION"`
	Plate     string   `help:"Number plate, for the terminal."`
	Broker    string   `help:"URL of the MQTT broker: tcp://host:1883." env:"LIFELINE_AGENT_BROKER"`
	Listen    string   `help:"Address of the vehicle terminal." env:"LIFELINE_AGENT_LISTEN"`
	Data      string   `type:"path" help:"Folder of the spool." env:"LIFELINE_AGENT_DATA_DIR"`
	WebDir    string   `type:"path" help:"Serve the terminal's pages from this folder."`
	Device    []string `placeholder:"NAME=PORT" help:"A device on a port, e.g. monitor=/dev/ttyUSB0; without any, every port is probed."`
	Simulated bool     `help:"Everything that this agent sends is simulated."`
	LogLevel  string   `enum:"debug,info,warn,error" default:"info" help:"debug, info, warn or error."`
}

func (r *runCmd) config() (agent.Config, error) {
	c := agent.Defaults()
	if r.Config != "" {
		var err error
		if c, err = agent.Load(r.Config, c); err != nil {
			return c, err
		}
	}
	set := func(to *string, v string) {
		if v != "" {
			*to = v
		}
	}
	set((*string)(&c.Unit), r.Unit)
	set((*string)(&c.Region), r.Region)
	set(&c.Plate, r.Plate)
	set(&c.Broker, r.Broker)
	set(&c.Listen, r.Listen)
	set(&c.Data, r.Data)
	set(&c.WebDir, r.WebDir)
	c.Simulated = c.Simulated || r.Simulated
	for _, d := range r.Device {
		dev, err := agent.ParseDevice(d)
		if err != nil {
			return c, err
		}
		c.Devices = append(c.Devices, dev)
	}
	return c, c.Check()
}

func (r *runCmd) Run(ctx context.Context) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(r.LogLevel)); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return agent.Run(ctx, c, version, log)
}

type portsCmd struct {
	Wait time.Duration `default:"${ports_wait}" help:"How long to listen for a device at most; every line setting is tried within ${ports_wait}."`
	JSON bool          `help:"One JSON object per line."`
	Port []string      `arg:"" optional:"" help:"Only these ports, pseudo ports too."`
}

func (c *portsCmd) Run(ctx context.Context, out io.Writer) error {
	reports, err := agent.Ports(ctx, c.Wait, c.Port)
	if err != nil {
		return err
	}
	if len(reports) == 0 {
		fmt.Fprintln(out, "no serial ports: plug the device in, or check that its adapter is shown by `lsusb`")
	}
	for _, r := range reports {
		if c.JSON {
			b, err := json.Marshal(r)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s\n", b)
			continue
		}
		line := fmt.Sprintf("%-20s %-9s", r.Path, r.State)
		if r.Driver != "" {
			line += fmt.Sprintf(" %s %s at %d baud", r.Kind, r.Driver, r.Baud)
		}
		if r.USB {
			line += fmt.Sprintf("  usb %s:%s %s", r.Vendor, r.Product, r.Serial)
		}
		if r.Detail != "" {
			line += "  (" + agent.Plain(r.Detail) + ")"
		}
		fmt.Fprintln(out, line)
	}
	return nil
}

type decodeCmd struct {
	As   string `required:"" help:"Driver or dialect; the command drivers lists them."`
	File string `arg:"" help:"Bytes, hex text or a capture; - reads standard input."`
}

func (c *decodeCmd) Run(out io.Writer) error {
	b, err := readFile(c.File)
	if err != nil {
		return err
	}
	frames, garbage, err := agent.Decode(out, c.As, b)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d frames, %d bytes made none\n", frames, garbage)
	if frames == 0 {
		return fmt.Errorf("decode %s: nothing in it is a frame of %s; is it another driver's?", c.File, c.As)
	}
	return nil
}

// readFile reads at most as much as a capture may hold.
func readFile(name string) ([]byte, error) {
	f := os.Stdin
	if name != "-" {
		var err error
		if f, err = os.Open(name); err != nil {
			return nil, err
		}
		defer f.Close()
	}
	b, err := io.ReadAll(io.LimitReader(f, capture.FileMax+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > capture.FileMax {
		return nil, fmt.Errorf("read %s: it has more than %d bytes; cut it into pieces", name, capture.FileMax)
	}
	return b, nil
}

type recordCmd struct {
	Port     string        `arg:"" help:"Serial port, e.g. /dev/ttyUSB0."`
	File     string        `arg:"" help:"Capture to write; - writes to standard output."`
	As       string        `help:"Driver; found by listening when not given."`
	Device   string        `help:"Make and model, for the header."`
	Firmware string        `help:"Firmware as the device states it, for the header."`
	For      time.Duration `help:"Stop after this long; without it, at an interrupt."`
}

func (c *recordCmd) Run(ctx context.Context, out io.Writer) error {
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	w := out
	if c.File != "-" {
		f, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		w = f
	}
	now := time.Now().UTC().Format(time.DateOnly)
	return agent.Record(ctx, w, c.Port, c.As, capture.Header{Device: c.Device, Driver: c.As, Firmware: c.Firmware, Obtained: "recorded",
		Date: now})
}

type replayCmd struct {
	File string `arg:"" help:"Capture to play."`
	Loop bool   `help:"Again and again."`
}

// lastHeard is how long the port stays after the last byte, so that a reader has it before the port is gone.
const lastHeard = time.Second

// Run plays into a pseudo port; what nobody reads is lost, as on a cable.
func (c *replayCmd) Run(ctx context.Context, out io.Writer) error {
	b, err := readFile(c.File)
	if err != nil {
		return err
	}
	chunks, _, err := capture.Read(b)
	if err != nil {
		return err
	}
	recording, err := agent.NewRecording(chunks, c.Loop)
	if err != nil {
		return err
	}
	port, err := simport.Open(ctx, recording)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	defer port.Close()
	fmt.Fprintln(out, port.Path)
	look := time.NewTicker(simport.StepEvery)
	defer look.Stop()
	for over := false; !over; {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			port.Do(func() { over = recording.Over() })
		}
	}
	select {
	case <-time.After(lastHeard):
	case <-ctx.Done():
	}
	return nil
}

type driversCmd struct{}

func (driversCmd) Run(out io.Writer) error {
	for _, c := range agent.Codecs() {
		fmt.Fprintf(out, "%-16s %-8s %s\n", c.Name, c.Kind, lines(c))
	}
	return nil
}

func lines(c serialport.Codec) string {
	s := ""
	for i, l := range c.Lines {
		if i > 0 {
			s += ", "
		}
		s += ems.Line.String(l)
	}
	return s
}

type versionCmd struct{}

func (versionCmd) Run(out io.Writer) error {
	fmt.Fprintln(out, "vehicle-agent", version)
	return nil
}
