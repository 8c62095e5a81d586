package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeline120/internal/placefile"
	"lifeline120/maps"
)

// The commands as a technician uses them: the demo city's map is made into a file of places and asked; a cut-off map changes nothing.
func TestPlacesAreBuiltAndFound(t *testing.T) {
	dir := t.TempDir()
	whole, err := fs.ReadFile(maps.Demo(), maps.RoadsFile)
	if err != nil {
		t.Fatal(err)
	}
	good, bad := filepath.Join(dir, "good.osm.pbf"), filepath.Join(dir, "bad.osm.pbf")
	for path, b := range map[string][]byte{good: whole, bad: whole[:len(whole)/2]} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	do := func(code int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(args, &out, &errs); got != code {
			t.Fatalf("%q: exit code %d, want %d: %s%s", args, got, code, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	city := filepath.Join(dir, "city")
	if said := do(exitUsage, "places", "build", good, "--out", city); !strings.Contains(said, "make it first") {
		t.Errorf("no folder: %s", said)
	}
	if err := os.Mkdir(city, 0o700); err != nil {
		t.Fatal(err)
	}
	if said := do(exitFault, "places", "find", "人民", "--city", city); !strings.Contains(said, placefile.Name) {
		t.Errorf("no file: %s", said)
	}
	if said := do(0, "places", "build", good, "--out", city); !strings.Contains(said, "1402 house numbers") {
		t.Errorf("built: %s", said)
	}
	was, err := os.ReadFile(filepath.Join(city, placefile.Name))
	if err != nil {
		t.Fatal(err)
	}
	if said := do(exitFault, "places", "build", bad, "--out", city); !strings.Contains(said, "nothing was changed") {
		t.Errorf("cut off: %s", said)
	}
	if is, err := os.ReadFile(filepath.Join(city, placefile.Name)); err != nil || !bytes.Equal(is, was) {
		t.Error("a cut-off map changed the file")
	}
	if said := do(0, "places", "find", "文荣街31号", "--city", city); !strings.Contains(said, "文荣街23号") || !strings.Contains(said, "31 is not known") {
		t.Errorf("found: %s", said)
	}
	if said := do(0, "places", "find", "wenrongjie19", "--near", "118.5,35.4", "--n", "1"); !strings.Contains(said, "文荣街19号") {
		t.Errorf("found in the demo city: %s", said)
	}
	if said := do(exitUsage, "places", "find", "a", "--near", "nowhere"); !strings.Contains(said, "lon,lat") {
		t.Errorf("near nowhere: %s", said)
	}
}
