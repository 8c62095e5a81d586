// Command dispatcher is the 120 centre in one binary: screens, API, broker and store. Started with nothing it shows a demo city.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"lifeline120/internal/dispatcher"
	"lifeline120/internal/mapmake"
	"lifeline120/internal/store"
	"lifeline120/web/centre"
)

var version = "dev" // set by the linker

// Exit codes.
const (
	exitFault = 1 // it ran and failed
	exitUsage = 2 // the configuration is wrong: the message says what to change
)

type cli struct {
	Config kong.ConfigFlag  `placeholder:"FILE" help:"YAML file with the same names as the flags." env:"LIFELINE_CONFIG"`
	Log    string           `default:"info" enum:"debug,info,warn,error" help:"How much to log: ${enum}." env:"LIFELINE_LOG"`
	Ver    kong.VersionFlag `name:"version" help:"Print the version."`

	Serve   serve  `cmd:"" default:"withargs" help:"Run the centre."`
	Verify  verify `cmd:"" help:"Check the journal's chain from the first event to the last."`
	Basemap struct {
		Build basemap `cmd:"" help:"Make vector tiles (PMTiles) from an OpenStreetMap extract."`
	} `cmd:"" help:"The base map of a city."`
	Roads struct {
		Build  roadsBuild  `cmd:"" help:"Make a city's road file from an OpenStreetMap extract."`
		Table  roadsTable  `cmd:"" help:"Travel times from each place to each, seconds, as CSV."`
		Route  roadsRoute  `cmd:"" help:"The way between two places."`
		Reach  roadsReach  `cmd:"" help:"The area that is reached within some minutes."`
		Speeds roadsSpeeds `cmd:"" help:"What was learnt of the speeds of roads: where, at which hours, and where it differs most."`
		Dump   roadsDump   `cmd:"" help:"Every arc with its milliseconds and metres, as CSV."`
	} `cmd:"" help:"The roads of a city and the times on them."`
	Places struct {
		Build placesBuild `cmd:"" help:"Make a city's file of places from an OpenStreetMap extract."`
		Find  placesFind  `cmd:"" help:"Look a place up as a desk does."`
	} `cmd:"" help:"The names, crossings and house numbers of a city."`
	Rank    rank    `cmd:"" help:"Rank a fleet's units for a place, as a desk is told."`
	OpenAPI openAPI `cmd:"" name:"openapi" help:"Print the API as OpenAPI 3.1."`
}

// where is which store.
type where struct {
	Data     string `default:"./data" help:"Folder of store, broker and spool." env:"LIFELINE_DATA_DIR"`
	Database string `placeholder:"URL" help:"postgres://user@host:5432/name instead of the embedded store." env:"LIFELINE_DATABASE"`
}

type serve struct {
	where
	Listen       string   `default:"127.0.0.1:8120" help:"Screens and API." env:"LIFELINE_LISTEN"`
	PublicListen string   `default:"127.0.0.1:8130" help:"The callers' page and nothing else; \"none\" for no such listener." env:"LIFELINE_PUBLIC_LISTEN"`
	MQTTListen   string   `name:"mqtt-listen" default:"127.0.0.1:1883" help:"The embedded broker, for vehicles." env:"LIFELINE_MQTT_LISTEN"`
	Broker       string   `placeholder:"URL" help:"tcp://host:1883 of an outside MQTT broker instead of the embedded one." env:"LIFELINE_BROKER"`
	City         string   `placeholder:"DIR" help:"Folder of the city; the demo city when not given." env:"LIFELINE_CITY"`
	Demo         bool     `xor:"kind" help:"Everything is simulated and says so (the default)." env:"LIFELINE_DEMO"`
	Live         bool     `xor:"kind" help:"A live centre: needs --city, and a store that was made live." env:"LIFELINE_LIVE"`
	WebDir       string   `placeholder:"DIR" help:"Pages from this folder instead of the built-in ones." env:"LIFELINE_WEB_DIR"`
	Origin       []string `placeholder:"URL" help:"Other origins (https://host) whose pages may follow the feed." env:"LIFELINE_ORIGIN"`
}

type verify struct{ where }

type basemap struct {
	File  string `arg:"" placeholder:"EXTRACT" help:"OpenStreetMap extract: .osm.pbf, .osm, .osm.gz or .osm.bz2."`
	Out   string `required:"" short:"o" placeholder:"FILE.pmtiles" help:"The archive to make. An old one stays until the new one is whole."`
	Datum string `enum:"wgs84,gcj02" default:"wgs84" help:"Datum of the tiles: ${enum}. The extract is WGS-84."`
}

type openAPI struct{}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var c cli
	code := -1
	parser, err := kong.New(&c, kong.Name("dispatcher"), kong.Description("Lifeline 120: the 120 centre."), kong.Configuration(yamlFile),
		kong.Vars{"version": version}, kong.Writers(out, errs), kong.Exit(func(n int) { code = n }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(errs, "dispatcher:", err)
		return exitUsage
	}
	k, err := parser.Parse(args)
	if code >= 0 { // --help, --version
		return code
	}
	if err != nil {
		fmt.Fprintf(errs, "dispatcher: %v\n(dispatcher --help lists what there is)\n", err)
		return exitUsage
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log)) // kong has checked it
	log := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: level}))
	switch k.Command() {
	case "verify":
		err = c.Verify.run(ctx, out)
	case "basemap build <file>":
		err = c.Basemap.Build.run(ctx, out, errs)
	case "roads build <file>":
		err = c.Roads.Build.run(ctx, out, errs)
	case "roads table":
		err = c.Roads.Table.run(out)
	case "roads route":
		err = c.Roads.Route.run(out)
	case "roads reach":
		err = c.Roads.Reach.run(out)
	case "roads speeds":
		err = c.Roads.Speeds.run(ctx, out)
	case "roads dump":
		err = c.Roads.Dump.run(out)
	case "places build <file>":
		err = c.Places.Build.run(ctx, out, errs)
	case "places find <q>":
		err = c.Places.Find.run(out)
	case "rank":
		err = c.Rank.run(out)
	case "openapi":
		err = printOpenAPI(out)
	default:
		err = c.Serve.run(ctx, out, log)
	}
	if err != nil {
		fmt.Fprintln(errs, "dispatcher:", err)
		if errors.As(err, new(*dispatcher.ConfigError)) {
			return exitUsage
		}
		return exitFault
	}
	return 0
}

func (s serve) run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	cfg := dispatcher.Config{Data: s.Data, Listen: s.Listen, Public: s.PublicListen, Database: s.Database, City: s.City, Live: s.Live, WebDir: s.WebDir,
		MQTTListen: s.MQTTListen, BrokerURL: s.Broker, Pages: centre.Pages(), Origins: s.Origin, Version: version, Log: log,
		Ready: func(listen, public, broker string) {
			fmt.Fprintf(out, "console   http://%s/console\nhospital  http://%s/hospital\n", listen, listen)
			if public != "" {
				fmt.Fprintf(out, "callers   http://%s/sos\n", public)
			}
			fmt.Fprintf(out, "vehicles  %s\napi       http://%s/docs\n", broker, listen)
			if !s.Live {
				fmt.Fprintln(out, "模拟: everything here is simulated. Not for real emergencies.")
			}
		}}
	if cfg.Public == "none" {
		cfg.Public = ""
	}
	return dispatcher.Run(ctx, cfg)
}

func (v verify) run(ctx context.Context, out io.Writer) error {
	st, err := dispatcher.OpenToRead(ctx, v.Data, v.Database)
	if err != nil {
		return err
	}
	defer st.Close()
	began := time.Now()
	r, err := store.Verify(ctx, st, nil)
	if err != nil {
		return fmt.Errorf("%w (good up to event %d)", err, r.Events)
	}
	fmt.Fprintf(out, "%d events, the chain holds; last hash %x (%.1f s)\n", r.Events, r.Hash, time.Since(began).Seconds())
	return nil
}

func (b basemap) run(ctx context.Context, out, errs io.Writer) error {
	began, last := time.Now(), time.Time{}
	r, err := mapmake.Build(ctx, b.File, b.Out, b.Datum, func(step string, share float64) {
		if now := time.Now(); now.Sub(last) > time.Second/2 {
			last = now
			fmt.Fprintf(errs, "%s %3.0f %%\n", step, share*100)
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d tiles, %.1f MB, %s, in %.1f s (of %d nodes, %d ways, %d relations)\n", b.Out, r.Tiles, float64(r.Bytes)/1e6, b.Datum, time.Since(began).Seconds(),
		r.Nodes, r.Ways, r.Relations)
	if r.Missing > 0 {
		fmt.Fprintf(out, "%d nodes of ways lie beyond the border of the extract and were left out\n", r.Missing)
	}
	return nil
}

func printOpenAPI(out io.Writer) error {
	b, err := dispatcher.OpenAPI()
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return err
}
