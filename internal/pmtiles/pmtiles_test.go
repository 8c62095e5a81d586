package pmtiles

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// Numbers along the curve, as the format's own description gives them.
func TestID(t *testing.T) {
	for _, tc := range []struct {
		z, x, y uint32
		want    uint64
	}{{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4}, {2, 0, 0, 5}, {12, 3423, 1763, 19078479}} {
		if got := ID(tc.z, tc.x, tc.y); got != tc.want {
			t.Errorf("tile %d/%d/%d has the number %d, want %d", tc.z, tc.x, tc.y, got, tc.want)
		}
	}
}

func archive(t testing.TB, tiles []Tile) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, Header{MinZoom: 0, MaxZoom: 14, West: 118, South: 35, East: 119, North: 36, CentreLon: 118.5, CentreLat: 35.4, CentreZoom: 11}, []byte(`{"datum":"wgs84"}`), tiles); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, b []byte) *Archive {
	t.Helper()
	a, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Whatever is written is found again, and nothing else, with one directory and with many.
func TestWrittenTilesAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[[3]uint32][]byte{}
		var tiles []Tile
		n := rapid.SampledFrom([]int{0, 1, 50, 400}).Draw(t, "n")
		for range n {
			z := rapid.Uint32Range(0, 14).Draw(t, "z")
			k := [3]uint32{z, rapid.Uint32Range(0, 1<<z-1).Draw(t, "x"), rapid.Uint32Range(0, 1<<z-1).Draw(t, "y")}
			if want[k] != nil {
				continue
			}
			want[k] = fmt.Appendf(nil, "tile %d", rapid.IntRange(0, 40).Draw(t, "data")) // many alike
			tiles = append(tiles, Tile{k[0], k[1], k[2], want[k]})
		}
		var b bytes.Buffer
		if err := Write(&b, Header{MaxZoom: 14}, []byte("{}"), tiles); err != nil {
			t.Fatal(err)
		}
		a, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		for k, data := range want {
			if got, err := a.Tile(k[0], k[1], k[2]); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("tile %v: %q, %v, want %q", k, got, err, data)
			}
		}
		for range 20 {
			z := rapid.Uint32Range(0, 20).Draw(t, "other z")
			k := [3]uint32{z, rapid.Uint32().Draw(t, "other x"), rapid.Uint32().Draw(t, "other y")}
			if got, err := a.Tile(k[0], k[1], k[2]); want[k] == nil && (got != nil || err != nil) {
				t.Fatalf("tile %v was never written: %q, %v", k, got, err)
			}
		}
	})
}

// A city's full levels need leaf directories.
func TestLeafDirectories(t *testing.T) {
	var tiles []Tile
	rng := rand.New(rand.NewPCG(1, 2))
	for x := range uint32(256) {
		for y := range uint32(256) {
			if rng.IntN(3) > 0 { // holes and lengths that no rule packs
				tiles = append(tiles, Tile{10, 300 + x, 300 + y, append(fmt.Appendf(nil, "%d %d", x, y), make([]byte, rng.IntN(400))...)})
			}
		}
	}
	a := open(t, archive(t, tiles))
	if a.Header.leaves.n == 0 || a.Header.root.n > rootBytes {
		t.Fatalf("%d bytes of leaves, %d of root: a reader that asks for the first 16 KiB misses some", a.Header.leaves.n, a.Header.root.n)
	}
	for i := 0; i < len(tiles); i += 41 {
		x := tiles[i]
		if got, err := a.Tile(x.Z, x.X, x.Y); err != nil || !bytes.Equal(got, x.Data) {
			t.Fatalf("tile %d/%d: %q, %v", x.X, x.Y, got, err)
		}
	}
	if h := a.Header; h.Tiles != uint64(len(tiles)) || h.West != 118 || h.North != 36 || h.CentreZoom != 11 || string(a.Metadata) != `{"datum":"wgs84"}` {
		t.Errorf("the archive says of itself %+v %s", h, a.Metadata)
	}
}

func TestTheSameTileTwiceIsRefused(t *testing.T) {
	if err := Write(&bytes.Buffer{}, Header{}, nil, []Tile{{1, 0, 0, []byte("a")}, {1, 0, 0, []byte("b")}}); err == nil {
		t.Error("one tile came twice and was taken")
	}
}

func TestBrokenArchivesSaySo(t *testing.T) {
	good := archive(t, []Tile{{1, 0, 0, []byte("a")}, {5, 3, 3, []byte("b")}})
	for n := range good { // cut off anywhere
		if a, err := Open(bytes.NewReader(good[:n]), int64(n)); err == nil {
			_, err1 := a.Tile(1, 0, 0)
			_, err2 := a.Tile(5, 3, 3)
			if err1 == nil && err2 == nil {
				t.Errorf("cut off after %d of %d bytes, and nothing says so", n, len(good))
			}
		}
	}
	if _, err := Open(bytes.NewReader([]byte("<html>404 not found</html>"+string(make([]byte, 200)))), 226); !errors.Is(err, ErrBroken) {
		t.Errorf("a page instead of an archive: %v", err)
	}
}

// ACC-003: no bytes of an archive panic or cost memory without bound.
func FuzzOpen(f *testing.F) {
	f.Add(archive(f, []Tile{{0, 0, 0, []byte("a")}, {1, 0, 0, []byte("a")}, {5, 3, 3, []byte("b")}}), uint32(5), uint32(3), uint32(3))
	f.Add([]byte("PMTiles\x03"), uint32(0), uint32(0), uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, z, x, y uint32) {
		a, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		_, _ = a.Tile(z, x, y)
	})
}
