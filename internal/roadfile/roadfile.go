// Package roadfile keeps a contracted road network in one file: the roads as they were built, and the arcs that take long to find. What a
// file brings is checked whole before it is used: a sum over all of it, and everything that a query relies on.
package roadfile

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/roads"
)

// Name of the file in a city's folder.
const Name = "roads.bin"

// magic begins every file; the last byte is the version of the format.
var magic = []byte("L120road\x00\x02")

// ErrBroken: the file is not one of ours, of a newer version, or damaged.
var ErrBroken = errors.New("a road file that cannot be used")

// City is what a file holds.
type City struct {
	Info Info
	roads.City
}

// Info says where the roads come from.
type Info struct {
	Source    string        `json:"source"` // file name of the extract
	SourceSum string        `json:"source_sum"`
	Built     time.Time     `json:"built,omitzero"`
	Turning   roads.Turning `json:"turning"`
	// The junctions' bounds, degrees: west, south, east, north.
	Bounds [4]float64 `json:"bounds"`
}

// kinds of sections, in their order in the file.
const (
	sectionInfo = iota + 1
	sectionPos
	sectionRoads
	sectionShape
	sectionNames
	sectionBans
	sectionOrder
	sections = sectionOrder
)

const (
	roadBytes = 4 + 4 + 4 + 1 + 2 + 1 + 1 + 4 + 4 + 4 + 8
	// squeezeUnder: a smaller file is compressed; a province's is read faster as it is.
	squeezeUnder = 64 << 20
	// maxBody bounds what a damaged or hostile file can ask for.
	maxBody = 8 << 30
)

// Save writes a city's file beside an old one and then takes its place.
func Save(path string, c City) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".roads-*")
	if err != nil {
		return fmt.Errorf("save the roads: %w", err)
	}
	err = errors.Join(Write(f, c), f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("save the roads: %w", err)
	}
	return nil
}

// Write writes a city. Each road must have its two edges, one after the other, as roadbuild makes them: they are not written.
func Write(w io.Writer, c City) error {
	if len(c.Net.Edges) != 2*len(c.Net.Roads) {
		return errors.New("write the roads: a road does not have its two edges")
	}
	for i, r := range c.Net.Roads {
		if forth, back := edgesOf(uint32(i), r); c.Net.Edges[2*i] != forth || c.Net.Edges[2*i+1] != back {
			return fmt.Errorf("write the roads: the edges of road %d are not those of its ends", i)
		}
	}
	var body bytes.Buffer
	if err := writeBody(&body, c); err != nil {
		return err
	}
	var file bytes.Buffer
	file.Write(magic)
	if body.Len() < squeezeUnder {
		file.WriteByte(1)
		z, err := flate.NewWriter(&file, flate.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(body.Bytes()); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
	} else {
		file.WriteByte(0)
		file.Write(body.Bytes())
	}
	sum := sha256.Sum256(file.Bytes())
	file.Write(sum[:])
	_, err := w.Write(file.Bytes())
	return err
}

// edgesOf are the two directions of a road.
func edgesOf(i uint32, r roads.Road) (forth, back roads.Edge) {
	return roads.Edge{From: r.A, To: r.B, Road: i}, roads.Edge{From: r.B, To: r.A, Road: i, Back: true, Wrong: r.Flags&roads.OneWay != 0}
}

func writeBody(out *bytes.Buffer, c City) error {
	le := binary.LittleEndian
	section := func(kind byte, n int, body func()) {
		var head [9]byte
		head[0] = kind
		le.PutUint64(head[1:], uint64(n))
		out.Write(head[:])
		body()
	}
	u32 := func(v uint32) {
		var b [4]byte
		le.PutUint32(b[:], v)
		out.Write(b[:])
	}
	places := func(ps []ems.WGS84) {
		for _, p := range ps {
			u32(uint32(e7(p.Lat)))
			u32(uint32(e7(p.Lon)))
		}
	}
	list := func(vs []uint32) {
		for _, v := range vs {
			u32(v)
		}
	}
	info, err := json.Marshal(c.Info)
	if err != nil {
		return err
	}
	section(sectionInfo, len(info), func() { out.Write(info) })
	section(sectionPos, 8*len(c.Net.Pos), func() { places(c.Net.Pos) })
	section(sectionRoads, roadBytes*len(c.Net.Roads), func() {
		for _, r := range c.Net.Roads {
			u32(r.A)
			u32(r.B)
			u32(math.Float32bits(r.Metres))
			out.Write([]byte{byte(r.Class), r.LimitKmh[0], r.LimitKmh[1], byte(r.Level), byte(r.Flags)})
			u32(r.Name)
			u32(r.ShapeFirst)
			u32(r.ShapeLen)
			u32(uint32(r.Way))
			u32(uint32(uint64(r.Way) >> 32))
		}
	})
	section(sectionShape, 8*len(c.Net.Shape), func() { places(c.Net.Shape) })
	var names bytes.Buffer
	for _, n := range c.Net.Names {
		names.Write(binary.AppendUvarint(nil, uint64(len(n))))
		names.WriteString(n)
	}
	section(sectionNames, names.Len(), func() { out.Write(names.Bytes()) })
	bans := 0
	for _, b := range c.Net.Bans {
		bans += 4 + 4*len(b)
	}
	section(sectionBans, bans, func() {
		for _, b := range c.Net.Bans {
			u32(uint32(len(b)))
			list(b)
		}
	})
	section(sectionOrder, 4*len(c.T.State), func() { list(c.T.State) })
	return nil
}

func e7(deg float64) int32 { return int32(math.Round(deg * 1e7)) }

func broken(format string, a ...any) error {
	return fmt.Errorf("%w: %s; make it anew with `dispatcher roads build`", ErrBroken, fmt.Sprintf(format, a...))
}

// Open reads the road file of a city's folder.
func Open(folder fs.FS) (*City, error) {
	b, err := fs.ReadFile(folder, Name)
	if err != nil {
		return nil, fmt.Errorf("open the roads: %w", err)
	}
	c, err := Read(b)
	if err != nil {
		return nil, fmt.Errorf("open the roads: %s: %w", Name, err)
	}
	return c, nil
}

// Read reads a city from its bytes.
func Read(b []byte) (*City, error) {
	v := len(magic) - 1
	switch {
	case len(b) < len(magic)+1+sha256.Size || !bytes.Equal(b[:v], magic[:v]):
		return nil, broken("it is no road file")
	case b[v] != magic[v]:
		return nil, broken("it is of version %d, and this program knows %d", b[v], magic[v])
	}
	body, want := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], want) {
		return nil, broken("its sum is wrong: it is damaged or was cut off")
	}
	squeezed, rest := body[len(magic)], body[len(magic)+1:]
	if squeezed == 1 {
		var err error
		if rest, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(rest)), squeezeUnder)); err != nil {
			return nil, broken("%v", err)
		}
	}
	var parts [sections + 1][]byte
	for kind := 1; kind <= sections; kind++ {
		if len(rest) < 9 || int(rest[0]) != kind {
			return nil, broken("section %d is missing", kind)
		}
		n := binary.LittleEndian.Uint64(rest[1:])
		if rest = rest[9:]; n > maxBody || n > uint64(len(rest)) {
			return nil, broken("section %d goes beyond the end", kind)
		}
		parts[kind], rest = rest[:n], rest[n:]
	}
	c := &City{City: roads.City{Net: &roads.Net{}}}
	if err := json.Unmarshal(parts[sectionInfo], &c.Info); err != nil {
		return nil, broken("what it says of itself: %v", err)
	}
	if c.Info.Turning > roads.EveryTurn {
		return nil, broken("its turns are of an unknown kind")
	}
	for kind, size := range map[int]int{sectionPos: 8, sectionRoads: roadBytes, sectionShape: 8, sectionBans: 4, sectionOrder: 4} {
		if len(parts[kind])%size != 0 {
			return nil, broken("section %d has a broken length", kind)
		}
	}
	n := c.Net
	n.Pos, n.Shape = places(parts[sectionPos]), places(parts[sectionShape])
	n.Roads = make([]roads.Road, len(parts[sectionRoads])/roadBytes)
	le := binary.LittleEndian
	for i := range n.Roads {
		p := parts[sectionRoads][i*roadBytes:]
		n.Roads[i] = roads.Road{A: le.Uint32(p), B: le.Uint32(p[4:]), Metres: math.Float32frombits(le.Uint32(p[8:])), Class: roads.Class(p[12]), LimitKmh: [2]uint8{p[13], p[14]},
			Level: int8(p[15]), Flags: roads.RoadFlags(p[16]), Name: le.Uint32(p[17:]), ShapeFirst: le.Uint32(p[21:]), ShapeLen: le.Uint32(p[25:]), Way: int64(le.Uint64(p[29:]))}
	}
	n.Edges = make([]roads.Edge, 0, 2*len(n.Roads))
	for i, r := range n.Roads {
		forth, back := edgesOf(uint32(i), r)
		n.Edges = append(n.Edges, forth, back)
	}
	for p := parts[sectionNames]; len(p) > 0; {
		size, k := binary.Uvarint(p)
		if k <= 0 || size > uint64(len(p)-k) {
			return nil, broken("its names are damaged")
		}
		n.Names = append(n.Names, string(p[k:k+int(size)]))
		p = p[k+int(size):]
	}
	for p := list(parts[sectionBans]); len(p) > 0; {
		k := p[0]
		if uint64(k) > uint64(len(p)-1) {
			return nil, broken("its restrictions are damaged")
		}
		n.Bans = append(n.Bans, roads.Ban(p[1:1+k]))
		p = p[1+k:]
	}
	if err := n.Check(); err != nil {
		return nil, broken("%v", err)
	}
	n.Index()
	var err error
	if c.S, err = roads.Expand(n, c.Info.Turning); err != nil {
		return nil, broken("%v", err)
	}
	if c.T, err = roads.Load(c.S, list(parts[sectionOrder])); err != nil {
		return nil, broken("%v", err)
	}
	return c, nil
}

func places(b []byte) []ems.WGS84 {
	out := make([]ems.WGS84, len(b)/8)
	for i := range out {
		out[i] = ems.WGS84{Lat: float64(int32(binary.LittleEndian.Uint32(b[8*i:]))) / 1e7, Lon: float64(int32(binary.LittleEndian.Uint32(b[8*i+4:]))) / 1e7}
	}
	return out
}

func list(b []byte) []uint32 {
	out := make([]uint32, len(b)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return out
}
