// Package mapfile opens the archive of a city's base map and serves its tiles.
package mapfile

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/pmtiles"
)

// Archive is an open archive of tiles, and its bytes.
type Archive struct {
	*pmtiles.Archive
	io.ReaderAt
	Size  int64
	Datum string // as the archive itself says; "" when it does not
	Tag   string // changes when the map does
	close func() error
}

// Close closes the file behind it.
func (a *Archive) Close() error { return a.close() }

// Open opens an archive in a folder. It is nil where there is none.
func Open(folder fs.FS, name string) (*Archive, error) {
	f, err := folder.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the base map: %w", err)
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open the base map: %w", err)
	}
	r, ok := f.(io.ReaderAt)
	if !ok { // every file system we use has it
		f.Close()
		return nil, fmt.Errorf("open the base map: %s cannot be read at a place", name)
	}
	a, err := pmtiles.Open(r, st.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open the base map %s: %w", name, err)
	}
	var meta struct {
		Datum string `json:"datum"`
	}
	_ = json.Unmarshal(a.Metadata, &meta) // another program's metadata may hold anything
	sum := sha256.New()                   // header, directories and the first tiles: a changed map changes them
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, min(st.Size(), 1<<20))); err != nil {
		f.Close()
		return nil, fmt.Errorf("open the base map %s: %w", name, err)
	}
	return &Archive{Archive: a, ReaderAt: r, Size: st.Size(), Datum: meta.Datum, Tag: hex.EncodeToString(sum.Sum(nil)[:8]), close: f.Close}, nil
}

// forGood is for what a changed map has another address for.
const forGood = "public, immutable, max-age=31536000"

// ServeTile answers a request for the tile that the path values z, x and y name. A tile that is not there is empty, not an error.
func (a *Archive) ServeTile(w http.ResponseWriter, r *http.Request) {
	var at [3]uint32
	for i, k := range []string{"z", "x", "y"} {
		v, err := strconv.ParseUint(r.PathValue(k), 10, 32)
		if err != nil {
			http.Error(w, "want /map/tiles/{z}/{x}/{y} with numbers", http.StatusBadRequest)
			return
		}
		at[i] = uint32(v)
	}
	b, err := a.Tile(at[0], at[1], at[2])
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("ETag", `"`+a.Tag+`"`)
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.Tag {
		h.Set("Cache-Control", forGood)
	}
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("If-None-Match"), a.Tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if len(b) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.Set("Content-Type", "application/vnd.mapbox-vector-tile")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(b)))
		_, _ = w.Write(b) // a browser that went away is no fault of ours
		return
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		http.Error(w, "the tile is broken", http.StatusInternalServerError)
		return
	}
	_, _ = io.Copy(w, io.LimitReader(z, maxTile))
}

// maxTile bounds a tile as it is unpacked for a client that takes no gzip.
const maxTile = 16 << 20

// ServeFile answers requests for the archive itself, or for ranges of it.
func (a *Archive) ServeFile(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"`+a.Tag+`"`)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Type", "application/vnd.pmtiles")
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(a, 0, a.Size))
}
