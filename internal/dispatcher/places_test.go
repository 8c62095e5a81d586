package dispatcher

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"lifeline120/internal/address"
	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/placefile"
	"lifeline120/internal/store/mem"
	"lifeline120/internal/wire"
	"lifeline120/maps"
)

func demoBook(context.Context) (*address.Book, error) {
	b, _, err := placefile.Open(maps.Demo())
	return b, err
}

// asked is GET /api/v1/places as a screen sends it.
func asked(t *testing.T, c *Centre, query url.Values, into any) int {
	t.Helper()
	w := httptest.NewRecorder()
	c.Handler(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/places?"+query.Encode(), nil))
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s: %v", w.Body.Bytes(), err)
		}
	}
	return w.Code
}

func TestPlacesAreFoundOverTheAPI(t *testing.T) {
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	c := &Centre{cfg: CentreConfig{City: city, Places: demoBook}, log: slog.New(slog.DiscardHandler)}
	var not struct{ Code, Detail string }
	if code := asked(t, c, url.Values{"q": {"第一人民医院"}}, &not); code != http.StatusServiceUnavailable || not.Code != "places_not_ready" || not.Detail == "" {
		t.Errorf("before it is ready: %d %+v", code, not)
	}
	c.readPlaces(t.Context())
	var hits []wire.PlaceHit
	if code := asked(t, c, url.Values{"q": {"第一人民医院"}, "n": {"3"}}, &hits); code != http.StatusOK || len(hits) == 0 || hits[0].Kind != "hospital" || hits[0].Pos != city.Hospitals[0].Pos || len(hits) > 3 {
		t.Errorf("%d %+v", code, hits)
	}
	if asked(t, c, url.Values{"q": {"斿斿斿斿"}}, &hits); hits == nil || len(hits) != 0 {
		t.Errorf("nothing is an empty list: %+v", hits)
	}
	for _, bad := range []url.Values{{}, {"q": {""}}, {"q": {"a"}, "n": {"51"}}, {"q": {"a"}, "lat": {"91"}}} {
		if code := asked(t, c, bad, nil); code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, code)
		}
	}
}

// A city without a file, or with a broken one, is searched by its own lists; the public listener does not search.
func TestPlacesWithoutAFile(t *testing.T) {
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	for name, folder := range map[string]fstest.MapFS{"none": {}, "broken": {placefile.Name: &fstest.MapFile{Data: []byte("x")}}} {
		c := &Centre{cfg: CentreConfig{City: city, Places: openPlaces(Config{Log: log}, folder)}, log: log}
		if _, err := c.cfg.Places(t.Context()); (err != nil) != (name == "broken") || errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		c.readPlaces(t.Context())
		var hits []wire.PlaceHit
		if code := asked(t, c, url.Values{"q": {"zxjjz"}}, &hits); code != http.StatusOK || len(hits) == 0 || hits[0].Kind != "station" {
			t.Errorf("%s: %d %+v", name, code, hits)
		}
		w := httptest.NewRecorder()
		Public(c.Handler(nil)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/places?q=a", nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("the public listener answered %d", w.Code)
		}
	}
}

// Where help was called to is found as an address, soon after the call and from the start of the next run on; a road is told with where it runs.
func TestAddressesCalledToBeforeAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, file := mem.NewDisk("store-1", true), t.TempDir()+"/unrecorded.log"
		with := func(c *Centre) { c.cfg.Places = demoBook }
		found := func(b *bench, q string) (out []wire.PlaceHit) {
			t.Helper()
			if code := asked(t, b.Centre, url.Values{"q": {q}, "n": {"8"}}, &out); code != http.StatusOK {
				t.Fatalf("%s: %d", q, code)
			}
			return out
		}
		b := beginWith(t, disk, &air{}, file, with)
		b.do(desk.LogOn{Desk: "d1", Role: "dispatcher"})
		pos := ems.WGS84{Lat: 35.41, Lon: 118.52}
		call := func(id ems.IncidentID) {
			b.do(desk.OpenIncident{Incident: id, Type: ems.Emergency, Priority: ems.PriorityA, Place: &ems.Place{Pos: &pos, Address: "观澜小区七号楼", Source: "manual"}})
		}
		call("i1")
		time.Sleep(pastEvery + time.Second)
		if h := found(b, "glxq"); len(h) == 0 || h[0].Kind != "called" || h[0].Name != "观澜小区七号楼" || h[0].Pos != pos || h[0].Times != 1 {
			t.Errorf("%+v", h)
		}
		call("i2")
		time.Sleep(pastEvery + time.Second)
		if h := found(b, "观澜"); len(h) == 0 || h[0].Kind != "called" || h[0].Times != 2 {
			t.Errorf("%+v", h)
		}
		road := found(b, "文荣街")
		if len(road) == 0 || road[0].Kind != "road" || len(road[0].Box) != 4 || road[0].Box[0] > road[0].Pos.Lon || road[0].Box[3] < road[0].Pos.Lat {
			t.Errorf("%+v", road)
		}
		b.stop()
		b = beginWith(t, disk, &air{}, file, with)
		synctest.Wait()
		if h := found(b, "观澜小区"); len(h) == 0 || h[0].Kind != "called" || h[0].Times != 2 {
			t.Errorf("after a new start: %+v", h)
		}
		b.stop()
	})
}
