package roadmake_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lifeline120/internal/extract"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadlive"
	"lifeline120/internal/roadmake"
	"lifeline120/internal/roads"
	"lifeline120/maps"
)

func demo(t *testing.T) []byte {
	t.Helper()
	b, err := fs.ReadFile(maps.Demo(), maps.RoadsFile)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, path string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// From a file to a file: what was made is what is opened, it says where it is from, and progress is told step by step.
func TestMade(t *testing.T) {
	dir := t.TempDir()
	b := demo(t)
	in, out := put(t, filepath.Join(dir, "city.osm.pbf"), b), filepath.Join(dir, roadfile.Name)
	var steps []string
	c, rep, err := roadmake.Make(context.Background(), in, out, roads.Junctions, func(step string, share float64) {
		if share < 0 || share > 1.01 {
			t.Errorf("%s is %v done", step, share)
		}
		if !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(steps, []string{"read", "roads", "order", "contract"}) {
		t.Errorf("told of %v", steps)
	}
	st, err := os.Stat(out)
	if err != nil || rep.Bytes != st.Size() || rep.Took <= 0 {
		t.Errorf("%+v, %v", rep, err)
	}
	sum := sha256.Sum256(b)
	read, err := roadfile.Open(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if read.Info.Source != "city.osm.pbf" || read.Info.SourceSum != hex.EncodeToString(sum[:]) || read.Info != c.Info || !slices.Equal(read.T.State, c.T.State) {
		t.Errorf("read: %+v, made: %+v", read.Info, c.Info)
	}
	if rep.States != read.S.States() || rep.Arcs != len(read.S.Tail) || rep.ContractedArcs != read.T.Arcs() || rep.Height < 50 || rep.Junctions < 20_000 {
		t.Errorf("the report says %+v", rep)
	}
	for _, p := range read.Net.Pos {
		if w := read.Info.Bounds; p.Lon < w[0]-1e-6 || p.Lat < w[1]-1e-6 || p.Lon > w[2]+1e-6 || p.Lat > w[3]+1e-6 {
			t.Fatalf("%v lies beyond %v", p, w)
		}
	}
}

// Halves that are ordered at the same time give the order that one after the other gives: a city's file is the same on every machine.
func TestTheSameOnEveryMachine(t *testing.T) {
	d, err := extract.Read(context.Background(), bytes.NewReader(demo(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := roadmake.Of(context.Background(), d, roads.Junctions, nil)
	if err != nil {
		t.Fatal(err)
	}
	if one := roads.Contract(c.S, roads.Order(c.Net, c.S, nil)); !slices.Equal(one.State, c.T.State) {
		t.Error("on one processor the order is another")
	}
}

// Whatever is wrong with an extract, the roads that were there stay, and nothing is left lying about.
func TestBrokenExtractsLeaveTheOldRoads(t *testing.T) {
	dir := t.TempDir()
	out := put(t, filepath.Join(dir, roadfile.Name), []byte("the old roads"))
	good := demo(t)
	try := func(name string, ctx context.Context, b []byte, want string) {
		t.Helper()
		_, _, err := roadmake.Make(ctx, put(t, filepath.Join(dir, "in"), b), out, roads.Junctions, func(string, float64) {})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s: %v, want %q and that nothing was changed", name, err, want)
		}
		if b, _ := os.ReadFile(out); string(b) != "the old roads" {
			t.Fatalf("%s: the old roads are gone", name)
		}
	}
	try("cut off", context.Background(), good[:len(good)*2/3], "cut off")
	try("nothing", context.Background(), nil, "no ways")
	try("water alone", context.Background(), []byte(`<osm><node id="1" lat="35" lon="118"/><node id="2" lat="35.001" lon="118"/><way id="3"><nd ref="1"/><nd ref="2"/><tag k="waterway" v="river"/></way></osm>`), "road")
	ctx, stop := context.WithCancel(context.Background())
	stop()
	try("called off", ctx, good, context.Canceled.Error())
	if _, _, err := roadmake.Make(context.Background(), filepath.Join(dir, "missing"), out, roads.Junctions, func(string, float64) {}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	// No room for the new file: the old one stays too.
	if _, _, err := roadmake.Make(context.Background(), put(t, filepath.Join(dir, "in"), good), filepath.Join(dir, "nowhere", roadfile.Name), roads.Junctions, func(string, float64) {}); err == nil {
		t.Error("made in a folder that is not there")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".roads-*")); len(left) > 0 {
		t.Errorf("left lying about: %v", left)
	}
}

// Calling off while it works counts too, not only before.
func TestCalledOffOnTheWay(t *testing.T) {
	d, err := extract.Read(context.Background(), bytes.NewReader(demo(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"order", "contract"} {
		ctx, stop := context.WithCancel(context.Background())
		_, _, err := roadmake.Of(ctx, d, roads.Junctions, func(step string, _ float64) {
			if step == at {
				stop()
			}
		})
		stop()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("called off at %s: %v", at, err)
		}
	}
}

// Towns as XML, where the data folder is: they become roads on which one gets about.
func TestRealXML(t *testing.T) {
	if testing.Short() {
		t.Skip("short: another map goes the same way")
	}
	for _, name := range []string{"krems", "north-bayreuth"} {
		in := filepath.Join(cmp.Or(os.Getenv("LIFELINE_DATA"), "../../../shared/data"), "maps", "osm", name+".osm.gz")
		if _, err := os.Stat(in); err != nil {
			t.Skipf("real extracts are not here: set LIFELINE_DATA to the data folder (%v)", err)
		}
		dir := t.TempDir()
		_, rep, err := roadmake.Make(context.Background(), in, filepath.Join(dir, roadfile.Name), roads.EveryTurn, func(string, float64) {})
		if err != nil {
			t.Fatal(err)
		}
		c, err := roadfile.Open(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		if rep.Restrictions == 0 || rep.Apart > rep.Edges/5 {
			t.Errorf("%s: %+v", name, rep)
		}
		live := roadlive.Of(c.City, roads.Mission(), roads.Normal(), c.Info.Built)
		w := c.Info.Bounds
		from, to := c.Net.Pos[0], c.Net.Pos[len(c.Net.Pos)/2]
		if d, ok := live.Travel(roadlive.Mission, from, to); !ok || d <= 0 {
			t.Errorf("%s: from %v to %v of %v there is no way", name, from, to, w)
		}
	}
}
