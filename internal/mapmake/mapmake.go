// Package mapmake makes an archive of tiles from an extract. (What serves maps does not import it: the reader of extracts wants zlib of
// the system when cgo is on.)
package mapmake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lifeline120/internal/basemap"
	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/geo"
	"lifeline120/internal/pmtiles"
)

// Report is what became of an extract.
type Report struct {
	Nodes, Ways, Relations, Missing int
	Tiles                           int
	Bytes                           int64
}

// Progress is told what is done and how far it is, from 0 to 1.
type Progress func(step string, share float64)

// Build makes the archive out from the extract in. The new archive takes the place of an old one only when it is whole. datum is that
// of the tiles: wgs84, or gcj02 for a map that is shown together with shifted ones.
func Build(ctx context.Context, in, out, datum string, told Progress) (Report, error) {
	if told == nil {
		told = func(string, float64) {}
	}
	f, err := os.Open(in)
	if err != nil {
		return Report{}, fmt.Errorf("make the base map: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Report{}, fmt.Errorf("make the base map: %w", err)
	}
	d, err := extract.Read(ctx, bufio.NewReaderSize(f, 1<<20), func(n int64) { told("read", float64(n)/float64(max(1, st.Size()))) })
	if err != nil {
		return Report{}, fmt.Errorf("make the base map of %s: %w; nothing was changed", in, err)
	}
	var b bytes.Buffer
	r, err := tiles(d, datum, &b, told)
	if err != nil {
		return r, fmt.Errorf("make the base map of %s: %w; nothing was changed", in, err)
	}
	if err := ctx.Err(); err != nil {
		return r, err
	}
	return r, replace(out, b.Bytes())
}

// Tiles makes the archive of an extract that is in memory.
func Tiles(ctx context.Context, in io.Reader, datum string, out io.Writer) (Report, error) {
	d, err := extract.Read(ctx, in, nil)
	if err != nil {
		return Report{}, err
	}
	return tiles(d, datum, out, func(string, float64) {})
}

func tiles(d *extract.Data, datum string, out io.Writer, told Progress) (Report, error) {
	var shift func(ems.WGS84) ems.WGS84
	switch datum {
	case "wgs84":
	case "gcj02":
		shift = func(p ems.WGS84) ems.WGS84 { return ems.WGS84(geo.ToGCJ02(p)) } // the tiles are the edge (GEO-001)
	default:
		return Report{}, fmt.Errorf("the datum %q is not known; use wgs84 or gcj02", datum)
	}
	m, err := basemap.Of(d, shift)
	if err != nil {
		return Report{}, err
	}
	ts, err := m.Tiles(func(s float64) { told("tiles", s) })
	if err != nil {
		return Report{}, err
	}
	meta, err := json.Marshal(map[string]any{"name": "base map", "type": "baselayer", "version": "1", "datum": datum, "generator": "lifeline120"})
	if err != nil {
		return Report{}, err
	}
	w := &counter{w: out}
	if err := pmtiles.Write(w, m.Header(), meta, ts); err != nil {
		return Report{}, err
	}
	return Report{Nodes: len(d.Pos), Ways: len(d.Ways), Relations: len(d.Relations), Missing: d.Missing, Tiles: len(ts), Bytes: w.n}, nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// replace writes a file beside the old one and then takes its place, so that a reader finds the one or the other.
func replace(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".map-*")
	if err != nil {
		return fmt.Errorf("write the base map: %w", err)
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("write the base map: %w", err)
	}
	return nil
}
