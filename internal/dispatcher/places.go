package dispatcher

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lifeline120/internal/address"
	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/placefile"
	"lifeline120/internal/wire"
)

// errNoPlaces: the index is made beside the running centre, and is not there yet.
var errNoPlaces = errors.New("the city's places are being read: ask again in a moment, or write the address out")

// openPlaces makes the index of the city's places. A city without a file of them, or with a broken one, is searched by its own lists.
func openPlaces(cfg Config, folder fs.FS) func(context.Context) (*address.Book, error) {
	return func(context.Context) (*address.Book, error) {
		b, _, err := placefile.Open(folder)
		if errors.Is(err, fs.ErrNotExist) {
			cfg.Log.Warn("the city has no file of places: only stations, hospitals, defibrillators and districts are found; make one with `dispatcher places build`", "file", placefile.Name)
			return &address.Book{}, nil
		}
		return b, err
	}
}

// readPlaces makes the index ready beside the running centre.
func (c *Centre) readPlaces(ctx context.Context) {
	began := time.Now()
	b, err := c.cfg.Places(ctx)
	if err != nil {
		c.log.Error("no places of the map: only the city's own lists are searched", "err", err)
		b = &address.Book{}
	}
	ix := address.New(b, address.OfCity(c.cfg.City))
	c.places.Store(ix)
	c.log.Info("places are ready", "names", ix.Len(), "took", time.Since(began).Round(time.Millisecond))
}

// keepPast has what was called to before found: from the start on, and again within pastEvery of a change.
func (c *Centre) keepPast(ctx context.Context) {
	again := time.NewTicker(pastEvery)
	defer again.Stop()
	for {
		answer := make(chan []desk.CalledTo, 1)
		c.post(func() {
			if c.pastKnown {
				answer <- nil
				return
			}
			c.pastKnown = true
			answer <- c.state.CalledBefore()
		})
		select {
		case list := <-answer:
			if list != nil {
				c.called.Store(pastOf(list))
			}
		case <-ctx.Done():
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// pastOf makes the index, of those called to most when there are too many.
func pastOf(list []desk.CalledTo) *address.Past {
	slices.SortFunc(list, func(a, b desk.CalledTo) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), strings.Compare(a.Address, b.Address))
	})
	out := make([]address.Address, len(list))
	for i, x := range list {
		out[i] = address.Address{Text: x.Address, Pos: x.Pos, Times: x.Times}
	}
	return address.NewPast(out)
}

// findPlaces answers while an address is typed. It asks nobody, and reads nothing that changes.
func (c *Centre) findPlaces(api huma.API, get func(path, id, summary string) huma.Operation) {
	huma.Register(api, get("/api/v1/places", "find-places", "Places by what a caller says: name, pinyin, initials, crossing, house number"),
		func(_ context.Context, in *struct {
			Q   string  `query:"q" required:"true" minLength:"1" maxLength:"200" doc:"人民路, rml, 建国路93号, 建国路与人民路路口, G2 K612+300"`
			Lat float64 `query:"lat" minimum:"-90" maximum:"90" doc:"with lon: near here come first, WGS-84"`
			Lon float64 `query:"lon" minimum:"-180" maximum:"180"`
			N   int     `query:"n" minimum:"1" maximum:"50" default:"10"`
		}) (*answer[[]wire.PlaceHit], error) {
			ix := c.places.Load()
			if ix == nil {
				return nil, withCode(http.StatusServiceUnavailable, "places_not_ready", errNoPlaces, nil)
			}
			var near *ems.WGS84
			if in.Lat != 0 || in.Lon != 0 {
				near = &ems.WGS84{Lat: in.Lat, Lon: in.Lon}
			}
			out := []wire.PlaceHit{}
			for _, h := range ix.SearchWith(c.called.Load(), in.Q, near, in.N) {
				out = append(out, wire.PlaceHit{Name: h.Name, Kind: string(h.Kind), Pos: h.Pos, Match: string(h.Match), By: string(h.By), House: h.House, Asked: h.Asked, Between: h.Between, Box: boxOf(h.Box),
					Times: h.Times, Rest: h.Rest, Area: h.Area})
			}
			return give(out, nil)
		})
}

// boxOf is a box as screens take it; none where it is not known.
func boxOf(b address.Box) []float64 {
	if b == (address.Box{}) {
		return nil
	}
	return b[:]
}
