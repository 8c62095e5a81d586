package mapmake_test

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeline120/internal/mapfile"
	"lifeline120/internal/mapmake"
	"lifeline120/maps"
)

func extractFile(t *testing.T) []byte {
	t.Helper()
	b, err := fs.ReadFile(maps.Demo(), maps.RoadsFile)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A broken, cut-off or foreign file stops with a sentence and leaves what was there.
func TestBrokenExtractsLeaveTheOldMap(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, maps.TilesFile)
	if err := os.WriteFile(out, []byte("the old map"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := extractFile(t)
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 0xff
	for name, tc := range map[string]struct {
		b    []byte
		want string
	}{"cut off": {good[:len(good)*2/3], "cut off"}, "a web page": {[]byte("<!doctype html><html>not a map</html>"), "is it an .osm.pbf"}, "nothing": {nil, "no ways"}, "a flipped bit": {flipped, "read the extract"}} {
		in := filepath.Join(dir, "in.osm.pbf")
		if err := os.WriteFile(in, tc.b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := mapmake.Build(context.Background(), in, out, "wgs84", nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s: %v, want %q and that nothing was changed", name, err, tc.want)
		}
		if b, _ := os.ReadFile(out); string(b) != "the old map" {
			t.Fatalf("%s: the old map is gone", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".map-*")); len(left) > 0 {
		t.Errorf("left lying about: %v", left)
	}
	if _, err := mapmake.Build(context.Background(), filepath.Join(dir, "missing.osm.pbf"), out, "wgs84", nil); err == nil {
		t.Error("a file that is not there makes a map")
	}
}

// From the extract to the browser: made, opened, served, and asked for in every way a browser does.
func TestBuildAndServe(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.osm.pbf"), filepath.Join(dir, maps.TilesFile)
	if err := os.WriteFile(in, extractFile(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mapmake.Build(context.Background(), in, out, "tokyo", nil); err == nil || !strings.Contains(err.Error(), "wgs84 or gcj02") {
		t.Errorf("an unknown datum: %v", err)
	}
	steps := map[string]bool{}
	r, err := mapmake.Build(context.Background(), in, out, "gcj02", func(step string, share float64) {
		if steps[step] = true; share < 0 || share > 1.01 {
			t.Errorf("%s is %v done", step, share)
		}
	})
	if err != nil || r.Tiles < 1000 || r.Missing != 0 || !steps["read"] || !steps["tiles"] {
		t.Fatalf("%+v, %v, told %v", r, err, steps)
	}
	a, err := mapfile.Open(os.DirFS(dir), maps.TilesFile)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if a.Datum != "gcj02" || a.Tag == "" {
		t.Errorf("datum %q, tag %q", a.Datum, a.Tag)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /map/tiles/{z}/{x}/{y}", a.ServeTile)
	mux.HandleFunc("GET /map/city.pmtiles", a.ServeFile)
	get := func(path string, head map[string]string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		for k, v := range head {
			req.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		return w
	}
	zip := map[string]string{"Accept-Encoding": "gzip, br"}
	w := get("/map/tiles/12/3396/1614", zip)
	if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("ETag") == "" || w.Header().Get("Content-Type") != "application/vnd.mapbox-vector-tile" || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("a tile: %d %v", w.Code, w.Header())
	}
	if plain := get("/map/tiles/12/3396/1614", nil); plain.Code != 200 || plain.Header().Get("Content-Encoding") != "" || plain.Body.Len() <= w.Body.Len() {
		t.Errorf("a tile for one that takes no gzip: %d %v, %d bytes", plain.Code, plain.Header(), plain.Body.Len())
	}
	if w := get("/map/tiles/12/3396/1614?v="+a.Tag, zip); !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("a tile of this very map is asked for again and again: %v", w.Header())
	}
	if w := get("/map/tiles/12/3396/1614", map[string]string{"If-None-Match": `"` + a.Tag + `"`}); w.Code != 304 {
		t.Errorf("unchanged: %d", w.Code)
	}
	for path, code := range map[string]int{"/map/tiles/12/1/1": 204, "/map/tiles/40/1/1": 204, "/map/tiles/12/99999999/1": 204, "/map/tiles/12/-1/1": 400, "/map/tiles/a/b/c": 400} {
		if w := get(path, zip); w.Code != code {
			t.Errorf("%s: %d, want %d", path, w.Code, code)
		}
	}
	if w := get("/map/city.pmtiles", map[string]string{"Range": "bytes=0-6"}); w.Code != 206 || w.Body.String() != "PMTiles" {
		t.Errorf("a range: %d %q", w.Code, w.Body)
	}
}

func TestNoMapIsNoError(t *testing.T) {
	if a, err := mapfile.Open(os.DirFS(t.TempDir()), maps.TilesFile); a != nil || err != nil {
		t.Errorf("%v, %v", a, err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, maps.TilesFile), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mapfile.Open(os.DirFS(dir), maps.TilesFile); err == nil || !strings.Contains(err.Error(), maps.TilesFile) {
		t.Errorf("a broken archive: %v", err)
	}
}
