// Package dispatcher is the centre's service. Centre is its core: the one owner of the desk's state, between vehicles, people, store
// and screens; it runs without HTTP and without a broker. Run puts the doors around it: store, broker, listeners.
package dispatcher

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"lifeline120/internal/mapfile"
	"lifeline120/internal/match"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/store"
	"lifeline120/maps"
)

// Config is all of a dispatcher's configuration.
type Config struct {
	Data       string   // folder of the embedded store, the embedded broker and the spool of unrecorded entries
	Listen     string   // screens and API
	Public     string   // callers only; "" = none
	Database   string   // postgres://...; "" = the embedded store in Data
	MQTTListen string   // of the embedded broker
	BrokerURL  string   // tcp://host:1883 of an outside broker instead
	City       string   // folder of the city; "" = the demo city
	Live       bool     // a live centre; else everything is a demo (SCR-003)
	WebDir     string   // pages from this folder instead of the binary's own
	Pages      fs.FS    // the binary's own
	Origins    []string // https://host[:port] whose pages may follow the feed beside our own
	Version    string
	Log        *slog.Logger
	// Ready is told the addresses once everything listens.
	Ready func(listen, public, broker string)
}

// ConfigError is a configuration that cannot work; it says what to change.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }

func wrong(format string, args ...any) error { return &ConfigError{fmt.Errorf(format, args...)} }

// Run works until ctx ends. What is wrong with the configuration is said at once, with what to change.
func Run(ctx context.Context, cfg Config) (err error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	folder, err := cityFolder(cfg)
	if err != nil {
		return err
	}
	city, tiles, err := openCity(cfg, folder)
	if err != nil {
		return err
	}
	ways, err := openRoads(cfg, folder)
	if err != nil {
		return err
	}
	origin, err := origins(cfg.Origins)
	if err != nil {
		return err
	}
	files, err := openPages(cfg)
	if err != nil {
		return err
	}
	if tiles != nil {
		defer tiles.Close()
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return wrong("make the data folder: %w; name another with --data", err)
	}
	listener, err := listen("--listen", cfg.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	var publicListener net.Listener
	if cfg.Public != "" {
		if publicListener, err = listen("--public-listen", cfg.Public); err != nil {
			return err
		}
		defer publicListener.Close()
	}
	st, err := openStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	dialer, brokerAt, closeBroker, err := openBroker(ctx, cfg)
	if err != nil {
		return err
	}
	defer closeBroker()
	centre, err := NewCentre(ctx, CentreConfig{City: city, Map: tiles, Roads: ways, Places: openPlaces(cfg, folder), Store: st, Dialer: dialer, AsideFile: filepath.Join(cfg.Data, "unrecorded.log"),
		Version: cfg.Version, Origin: origin, Log: cfg.Log})
	if err != nil {
		return err
	}
	handler := centre.Handler(files)
	servers := []*http.Server{newServer(handler)}
	listeners := []net.Listener{listener}
	if publicListener != nil {
		servers, listeners = append(servers, newServer(Public(handler))), append(listeners, publicListener)
	}
	return serve(ctx, cfg, centre, servers, listeners, brokerAt)
}

// serve runs the centre and its listeners. When one ends, all do; screens and store close in good order.
func serve(ctx context.Context, cfg Config, centre *Centre, servers []*http.Server, listeners []net.Listener, brokerAt string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for i, s := range servers {
		wg.Go(func() {
			if err := s.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				stop(fmt.Errorf("serve %s: %w", listeners[i].Addr(), err))
			}
		})
	}
	if cfg.Ready != nil {
		publicAt := ""
		if len(listeners) > 1 {
			publicAt = listeners[1].Addr().String()
		}
		cfg.Ready(listeners[0].Addr().String(), publicAt, brokerAt)
	}
	fault := centre.Run(ctx) // closes the feed, so that Shutdown has nothing to wait for
	closing, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	for _, s := range servers {
		if err := s.Shutdown(closing); err != nil {
			cfg.Log.Warn("a request did not end", "err", err)
			s.Close()
		}
	}
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		fault = errors.Join(fault, cause)
	}
	if errors.Is(fault, store.ErrDeposed) {
		return fmt.Errorf("another dispatcher has taken over: %w", fault)
	}
	return fault
}

func newServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
}

func listen(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, wrong("listen on %s: the port is in use; stop the other program or choose another port with %s", address, flag)
	case err != nil:
		return nil, wrong("listen on %s: %w; give %s as host:port", address, err, flag)
	}
	return l, nil
}

// cityFolder is where the city's files are.
func cityFolder(cfg Config) (fs.FS, error) {
	switch {
	case cfg.City != "":
		return os.DirFS(cfg.City), nil
	case cfg.Live:
		return nil, wrong("a live centre needs its own city: name its folder with --city")
	}
	return maps.Demo(), nil
}

// openRoads reads the city's road file, if it has one, and its table of speeds. A table that is wrong stops the start; the roads
// themselves come while the centre runs already.
func openRoads(cfg Config, folder fs.FS) (func(context.Context) (*roadlive.Roads, error), error) {
	if _, err := fs.Stat(folder, roadfile.Name); errors.Is(err, fs.ErrNotExist) {
		cfg.Log.Warn("the city has no road file: travel times are straight lines; make one with `dispatcher roads build`", "file", roadfile.Name)
		return nil, nil
	}
	p, err := roadfile.ReadProfiles(folder)
	if err != nil {
		return nil, wrong("%w (in %s)", err, cfg.City)
	}
	return func(context.Context) (*roadlive.Roads, error) {
		began := time.Now()
		c, err := roadfile.Open(folder)
		if err != nil {
			return nil, err
		}
		r := roadlive.Of(c.City, p.Mission, p.Normal, time.Now())
		cfg.Log.Info("roads are ready", "junctions", len(c.Net.Pos), "roads", len(c.Net.Roads), "took", time.Since(began).Round(time.Millisecond))
		return r, nil
	}, nil
}

// openCity reads the city's master data and opens its base map, if it has one.
func openCity(cfg Config, folder fs.FS) (maps.City, *mapfile.Archive, error) {
	city, err := maps.Load(folder)
	if err == nil {
		_, err = match.ReadConfig(city.Match)
	}
	var tiles *mapfile.Archive
	if err == nil {
		tiles, err = mapfile.Open(folder, maps.TilesFile)
	}
	if err != nil && cfg.City != "" {
		return city, nil, wrong("%w (in %s)", err, cfg.City)
	}
	return city, tiles, err
}

func openStore(ctx context.Context, cfg Config) (store.Store, error) {
	return openAs(ctx, store.Config{Demo: !cfg.Live}, cfg.Data, cfg.Database)
}

// OpenToRead opens a dispatcher's store beside it, for reading only.
func OpenToRead(ctx context.Context, data, database string) (store.Store, error) {
	return openAs(ctx, store.Config{ReadOnly: true}, data, database)
}

func openAs(ctx context.Context, sc store.Config, data, database string) (store.Store, error) {
	if sc.URL = database; database == "" {
		sc.Dir = filepath.Join(data, "store")
	}
	st, err := store.Open(ctx, sc)
	switch {
	case errors.Is(err, store.ErrOtherKind) && sc.Demo:
		return nil, wrong("%w: this store is live; start with --live, or name another folder with --data", err)
	case errors.Is(err, store.ErrOtherKind):
		return nil, wrong("%w: this store is a demo; start without --live, or name another folder with --data", err)
	case errors.Is(err, store.ErrNone):
		return nil, wrong("%w; name the data folder of a dispatcher with --data, or its database with --database", err)
	case errors.Is(err, store.ErrLocked), errors.Is(err, store.ErrNewer):
		return nil, wrong("%w", err)
	case err == nil, errors.Is(err, store.ErrDamaged), ctx.Err() != nil:
		return st, err
	case database != "": // no server there, no such database, no right to it, an address that is none
		return nil, wrong("%w; see whether the server is up and whether --database names it rightly", err)
	case errors.As(err, new(*fs.PathError)):
		return nil, wrong("%w; the dispatcher must be able to write the folder that --data names", err)
	}
	return st, err
}

// origins lets pages from the named origins follow the feed, beside those of the same host. An origin is written as browsers send it:
// scheme and host, the port only where it is not the scheme's own.
func origins(named []string) (func(*http.Request) bool, error) {
	if len(named) == 0 {
		return nil, nil
	}
	ok := map[string]bool{}
	for _, n := range named {
		u, err := url.Parse(strings.ToLower(strings.TrimSuffix(n, "/")))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return nil, wrong("the origin %q matches no page: give --origin as https://host or https://host:port", n)
		}
		host := u.Host
		if u.Scheme == "http" {
			host = strings.TrimSuffix(host, ":80")
		} else {
			host = strings.TrimSuffix(host, ":443")
		}
		ok[u.Scheme+"://"+host] = true
	}
	return func(r *http.Request) bool {
		o := r.Header.Get("Origin")
		return o == "" || ok[o] || o == "http://"+r.Host || o == "https://"+r.Host
	}, nil
}
