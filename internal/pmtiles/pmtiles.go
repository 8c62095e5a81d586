// Package pmtiles writes and reads PMTiles archives, version 3: all tiles of a map in one file, found by their number along a Hilbert
// curve. The reader trusts no number of the file.
package pmtiles

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Bounds of an archive. A directory beyond them is refused, and costs no memory.
const (
	headerBytes  = 127
	rootBytes    = 16384 - headerBytes // header and root directory come with the first 16 KiB
	maxDirectory = 16 << 20            // bytes of a directory, unpacked
	maxEntries   = 2 << 20
	maxTile      = 4 << 20 // bytes of one tile
	maxMetadata  = 1 << 20
	maxDepth     = 4
	leafEntries  = 4096
)

// MaxZoom is the deepest level that a tile's number can name here.
const MaxZoom = 20

// Tile is one tile of a map and its packed bytes.
type Tile struct {
	Z, X, Y uint32
	Data    []byte
}

// Header is what an archive says of itself.
type Header struct {
	MinZoom, MaxZoom               uint8
	West, South, East, North       float64 // degrees
	CentreLon, CentreLat           float64
	CentreZoom                     uint8
	Tiles, Entries, Contents       uint64
	root, meta, leaves, tiles      span
	internalPacked, tilePacked, ty uint8
}

type span struct{ at, n uint64 }

type entry struct {
	id, at uint64
	n, run uint32
}

// ID is the number of a tile along the Hilbert curve, all levels before its own counted.
func ID(z, x, y uint32) uint64 {
	var acc uint64
	for i := range z {
		acc += uint64(1) << (2 * i)
	}
	var d uint64
	for s := uint32(1) << z >> 1; s > 0; s >>= 1 {
		var rx, ry uint32
		if x&s > 0 {
			rx = 1
		}
		if y&s > 0 {
			ry = 1
		}
		d += uint64(s) * uint64(s) * uint64((3*rx)^ry)
		x, y = turn(s, x, y, rx, ry)
	}
	return acc + d
}

func turn(s, x, y, rx, ry uint32) (uint32, uint32) {
	if ry == 0 {
		if rx == 1 {
			x, y = s-1-x&(s-1), s-1-y&(s-1)
		}
		return y, x
	}
	return x, y
}

// Write writes an archive of gzipped vector tiles. Tiles with the same bytes are kept once. metadata is JSON.
func Write(w io.Writer, h Header, metadata []byte, tiles []Tile) error {
	type numbered struct {
		id   uint64
		data []byte
	}
	all := make([]numbered, 0, len(tiles))
	for _, t := range tiles {
		all = append(all, numbered{ID(t.Z, t.X, t.Y), t.Data})
	}
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(a.id, b.id) })
	var body bytes.Buffer
	var es []entry
	seen := map[string]span{}
	for i, t := range all {
		if i > 0 && all[i-1].id == t.id {
			return fmt.Errorf("write archive: tile %d comes twice", t.id)
		}
		s, known := seen[string(t.data)]
		if !known {
			s = span{uint64(body.Len()), uint64(len(t.data))}
			seen[string(t.data)] = s
			body.Write(t.data)
		}
		if n := len(es); n > 0 && es[n-1].at == s.at && es[n-1].id+uint64(es[n-1].run) == t.id {
			es[n-1].run++
			continue
		}
		es = append(es, entry{t.id, s.at, uint32(s.n), 1})
	}
	root, leaves := pack(directory(es)), []byte(nil)
	if len(root) > rootBytes {
		var top []entry
		for i := 0; i < len(es); i += leafEntries {
			leaf := pack(directory(es[i:min(len(es), i+leafEntries)]))
			top = append(top, entry{es[i].id, uint64(len(leaves)), uint32(len(leaf)), 0})
			leaves = append(leaves, leaf...)
		}
		if root = pack(directory(top)); len(root) > rootBytes {
			return errors.New("write archive: more tiles than one level of directories can hold")
		}
	}
	meta := pack(metadata)
	h.root = span{headerBytes, uint64(len(root))}
	h.meta = span{h.root.at + h.root.n, uint64(len(meta))}
	h.leaves = span{h.meta.at + h.meta.n, uint64(len(leaves))}
	h.tiles = span{h.leaves.at + h.leaves.n, uint64(body.Len())}
	h.Tiles, h.Entries, h.Contents = uint64(len(all)), uint64(len(es)), uint64(len(seen))
	for _, b := range [][]byte{h.bytes(), root, meta, leaves, body.Bytes()} {
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
	}
	return nil
}

func (h Header) bytes() []byte {
	b := make([]byte, headerBytes)
	copy(b, "PMTiles")
	b[7] = 3
	le := binary.LittleEndian
	for i, v := range []uint64{h.root.at, h.root.n, h.meta.at, h.meta.n, h.leaves.at, h.leaves.n, h.tiles.at, h.tiles.n, h.Tiles, h.Entries, h.Contents} {
		le.PutUint64(b[8+8*i:], v)
	}
	b[96], b[97], b[98], b[99] = 1, 2, 2, 1 // in order of number; gzip inside, gzip tiles; vector tiles
	b[100], b[101] = h.MinZoom, h.MaxZoom
	e7 := func(at int, v float64) { le.PutUint32(b[at:], uint32(int32(v*1e7))) }
	e7(102, h.West)
	e7(106, h.South)
	e7(110, h.East)
	e7(114, h.North)
	b[118] = h.CentreZoom
	e7(119, h.CentreLon)
	e7(123, h.CentreLat)
	return b
}

func pack(b []byte) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	_, _ = z.Write(b) // into memory
	_ = z.Close()
	return out.Bytes()
}

func directory(es []entry) []byte {
	b := binary.AppendUvarint(nil, uint64(len(es)))
	last := uint64(0)
	for _, e := range es {
		b = binary.AppendUvarint(b, e.id-last)
		last = e.id
	}
	for _, e := range es {
		b = binary.AppendUvarint(b, uint64(e.run))
	}
	for _, e := range es {
		b = binary.AppendUvarint(b, uint64(e.n))
	}
	for i, e := range es {
		if i > 0 && e.at == es[i-1].at+uint64(es[i-1].n) {
			b = binary.AppendUvarint(b, 0)
		} else {
			b = binary.AppendUvarint(b, e.at+1)
		}
	}
	return b
}

// Archive is an archive that is open for reading. Any number may read at once.
type Archive struct {
	Header   Header
	Metadata []byte
	r        io.ReaderAt
	size     uint64
	root     []entry
}

// ErrBroken is an archive that cannot be right.
var ErrBroken = errors.New("the archive is broken")

func broken(format string, args ...any) error {
	return fmt.Errorf("read archive: %w: %s", ErrBroken, fmt.Sprintf(format, args...))
}

// Open reads header, metadata and root directory of an archive of size bytes.
func Open(r io.ReaderAt, size int64) (*Archive, error) {
	if size < headerBytes {
		return nil, broken("%d bytes are too few for a header", size)
	}
	b := make([]byte, headerBytes)
	if _, err := r.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	if string(b[:7]) != "PMTiles" || b[7] != 3 {
		return nil, broken("it does not begin as a PMTiles archive of version 3 does")
	}
	a := &Archive{r: r, size: uint64(size)}
	h := &a.Header
	le := binary.LittleEndian
	for i, v := range []*uint64{&h.root.at, &h.root.n, &h.meta.at, &h.meta.n, &h.leaves.at, &h.leaves.n, &h.tiles.at, &h.tiles.n, &h.Tiles, &h.Entries, &h.Contents} {
		*v = le.Uint64(b[8+8*i:])
	}
	h.internalPacked, h.tilePacked, h.ty = b[97], b[98], b[99]
	h.MinZoom, h.MaxZoom, h.CentreZoom = b[100], b[101], b[118]
	e7 := func(at int) float64 { return float64(int32(le.Uint32(b[at:]))) / 1e7 }
	h.West, h.South, h.East, h.North, h.CentreLon, h.CentreLat = e7(102), e7(106), e7(110), e7(114), e7(119), e7(123)
	for name, s := range map[string]span{"root directory": h.root, "metadata": h.meta, "leaf directories": h.leaves, "tiles": h.tiles} {
		if s.at > a.size || s.n > a.size-s.at {
			return nil, broken("its %s lie beyond its end", name)
		}
	}
	switch {
	case h.internalPacked != 2 || h.tilePacked != 2 || h.ty != 1:
		return nil, fmt.Errorf("read archive: want gzipped vector tiles (packed 2, 2, kind 1), got %d, %d, %d", h.internalPacked, h.tilePacked, h.ty)
	case h.MinZoom > h.MaxZoom || h.MaxZoom > MaxZoom:
		return nil, broken("levels %d to %d", h.MinZoom, h.MaxZoom)
	case h.meta.n > maxMetadata || h.root.n > maxDirectory:
		return nil, broken("metadata or root directory are too long")
	}
	var err error
	if a.root, err = a.directory(h.root); err != nil {
		return nil, err
	}
	if a.Metadata, err = a.unpack(h.meta, maxMetadata); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Archive) read(s span, most uint64) ([]byte, error) {
	if s.n > most || s.at > a.size || s.n > a.size-s.at {
		return nil, broken("a part lies beyond its end, or is too long")
	}
	b := make([]byte, s.n)
	if _, err := a.r.ReadAt(b, int64(s.at)); err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	return b, nil
}

func (a *Archive) unpack(s span, most int64) ([]byte, error) {
	b, err := a.read(s, uint64(most))
	if err != nil || len(b) == 0 {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, broken("%v", err)
	}
	out, err := io.ReadAll(io.LimitReader(z, most+1))
	if err != nil {
		return nil, broken("%v", err)
	}
	if int64(len(out)) > most {
		return nil, broken("a part unpacks to more than %d bytes", most)
	}
	return out, nil
}

func (a *Archive) directory(s span) ([]entry, error) {
	b, err := a.unpack(s, maxDirectory)
	if err != nil {
		return nil, err
	}
	short := false
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			short = true
			return 0
		}
		b = b[n:]
		return v
	}
	n := next()
	if short || n > maxEntries || n > uint64(len(b)) {
		return nil, broken("a directory of %d entries", n)
	}
	es := make([]entry, n)
	id := uint64(0)
	for i := range es {
		d := next()
		if i > 0 && d == 0 || id+d < id {
			return nil, broken("a directory is not in order")
		}
		id += d
		es[i].id = id
	}
	for i := range es {
		es[i].run = uint32(min(next(), 1<<31))
	}
	for i := range es {
		if v := next(); v == 0 || v > maxDirectory {
			short = true
		} else {
			es[i].n = uint32(v)
		}
	}
	for i := range es {
		switch v := next(); {
		case v == 0 && i == 0:
			return nil, broken("a directory begins with no place")
		case v == 0:
			es[i].at = es[i-1].at + uint64(es[i-1].n)
		default:
			es[i].at = v - 1
		}
	}
	if short {
		return nil, broken("a directory ends in the middle")
	}
	return es, nil
}

// Tile gives the gzipped bytes of a tile, nil if there is none.
func (a *Archive) Tile(z, x, y uint32) ([]byte, error) {
	if z > MaxZoom || x >= 1<<z || y >= 1<<z || z < uint32(a.Header.MinZoom) || z > uint32(a.Header.MaxZoom) {
		return nil, nil
	}
	id, es := ID(z, x, y), a.root
	for range maxDepth {
		i, exact := slices.BinarySearchFunc(es, id, func(e entry, id uint64) int { return cmp.Compare(e.id, id) })
		if !exact {
			i--
		}
		if i < 0 {
			return nil, nil
		}
		e := es[i]
		if e.run > 0 {
			if id-e.id >= uint64(e.run) {
				return nil, nil
			}
			if e.at > a.Header.tiles.n || uint64(e.n) > a.Header.tiles.n-e.at {
				return nil, broken("tile %d lies beyond the end", id)
			}
			return a.read(span{a.Header.tiles.at + e.at, uint64(e.n)}, maxTile)
		}
		if e.at > a.Header.leaves.n || uint64(e.n) > a.Header.leaves.n-e.at {
			return nil, broken("a leaf directory lies beyond the end")
		}
		var err error
		if es, err = a.directory(span{a.Header.leaves.at + e.at, uint64(e.n)}); err != nil {
			return nil, err
		}
	}
	return nil, broken("directories lead into each other")
}
