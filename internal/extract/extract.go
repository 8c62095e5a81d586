// Package extract reads OpenStreetMap extracts: the one door by which roads, base map and addresses of a city come in, the demo city's
// like a real one's. It checks what it reads and says in plain words what is wrong with a file.
package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/paulmach/osm"

	"lifeline120/internal/ems"
)

// Tags are the keys of an element and their values.
type Tags map[string]string

// Point is a node that carries tags.
type Point struct {
	ID   int64
	Pos  ems.WGS84
	Tags Tags
}

// Way is a line or an area. Nodes that the extract lacks, beyond its border, are left out and counted in Data.Missing.
type Way struct {
	ID    int64
	Nodes []int64
	Tags  Tags
}

// Member is a part of a relation.
type Member struct {
	Kind string // node, way, relation
	Ref  int64
	Role string
}

// Relation is what belongs together: a border, an area with holes, a turn that is not allowed.
type Relation struct {
	ID      int64
	Members []Member
	Tags    Tags
}

// Data is what an extract holds.
type Data struct {
	Pos       map[int64]ems.WGS84 // of every node
	Points    []Point
	Ways      []Way
	Relations []Relation
	Missing   int // nodes that ways name and the extract lacks
}

// Limits of one extract: a province fits, a planet does not, and a hostile file costs no more.
const (
	MaxNodes     = 60_000_000
	MaxWays      = 10_000_000
	MaxRelations = 1_000_000
)

// Read reads a whole extract: the Protocolbuffer Binary Format or XML, packed with gzip or bzip2 or not, its elements in any order. read is
// told how many bytes have been read, now and then; it may be nil. A file that is read to its end is read whole, to the last byte.
func Read(ctx context.Context, r io.Reader, read func(bytes int64)) (*Data, error) {
	c := &counted{r: r}
	s, err := scanner(ctx, c)
	if err != nil {
		return nil, told(ctx, err)
	}
	defer s.Close()
	d := &Data{Pos: map[int64]ems.WGS84{}}
	count := 0
	for s.Scan() {
		if count++; count%50_000 == 0 && read != nil {
			read(c.n.Load())
		}
		switch o := s.Object().(type) {
		case *osm.Node:
			p := ems.WGS84{Lat: o.Lat, Lon: o.Lon}
			if !p.Valid() {
				return nil, fmt.Errorf("read the extract: node %d lies at %v, %v, which is no place on Earth", o.ID, o.Lat, o.Lon)
			}
			if len(d.Pos) >= MaxNodes {
				return nil, fmt.Errorf("read the extract: it has more than %d nodes; cut out the city or the province first", MaxNodes)
			}
			d.Pos[int64(o.ID)] = p
			if len(o.Tags) > 0 {
				d.Points = append(d.Points, Point{int64(o.ID), p, tagsOf(o.Tags)})
			}
		case *osm.Way:
			if len(d.Ways) >= MaxWays {
				return nil, fmt.Errorf("read the extract: it has more than %d ways; cut out the city or the province first", MaxWays)
			}
			w := Way{ID: int64(o.ID), Tags: tagsOf(o.Tags), Nodes: make([]int64, 0, len(o.Nodes))}
			for _, n := range o.Nodes {
				w.Nodes = append(w.Nodes, int64(n.ID))
			}
			d.Ways = append(d.Ways, w)
		case *osm.Relation:
			if len(d.Relations) >= MaxRelations {
				return nil, fmt.Errorf("read the extract: it has more than %d relations; cut out the city or the province first", MaxRelations)
			}
			rel := Relation{ID: int64(o.ID), Tags: tagsOf(o.Tags)}
			for _, m := range o.Members {
				rel.Members = append(rel.Members, Member{string(m.Type), m.Ref, m.Role})
			}
			d.Relations = append(d.Relations, rel)
		}
	}
	if err := s.Err(); err != nil {
		return nil, told(ctx, err)
	}
	if err := s.Close(); err != nil { // the scanner's own reader may still be at the file
		return nil, told(ctx, err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		return nil, told(ctx, err)
	}
	if len(d.Ways) == 0 {
		return nil, told(ctx, errors.New("it holds no ways: it is empty, or not a map"))
	}
	d.Points = once(d.Points, func(p Point) int64 { return p.ID })
	d.Ways = once(d.Ways, func(w Way) int64 { return w.ID })
	d.Relations = once(d.Relations, func(r Relation) int64 { return r.ID })
	d.dropMissing()
	return d, nil
}

// told is an error in plain words.
func told(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if cut(err) {
		err = errors.New("the file ends in the middle: it was cut off while it was copied or downloaded")
	}
	return fmt.Errorf("read the extract: %w (is it an .osm.pbf, .osm, .osm.gz or .osm.bz2 file, and whole?)", err)
}

// once keeps of elements with one number the last: extracts that were put together name what lies on their borders twice.
func once[T any](list []T, id func(T) int64) []T {
	rising := true
	for i := 1; rising && i < len(list); i++ {
		rising = id(list[i-1]) < id(list[i])
	}
	if rising {
		return list
	}
	last := make(map[int64]int, len(list))
	for i, x := range list {
		last[id(x)] = i
	}
	i := -1
	return slices.DeleteFunc(list, func(x T) bool { i++; return last[id(x)] != i })
}

// dropMissing takes from ways the nodes that the extract does not have: real extracts are cut at a border.
func (d *Data) dropMissing() {
	for i := range d.Ways {
		w := &d.Ways[i]
		kept := w.Nodes[:0]
		for _, n := range w.Nodes {
			if _, ok := d.Pos[n]; ok {
				kept = append(kept, n)
			} else {
				d.Missing++
			}
		}
		w.Nodes = kept
	}
}

func tagsOf(ts osm.Tags) Tags {
	if len(ts) == 0 {
		return nil
	}
	t := make(Tags, len(ts))
	for _, x := range ts {
		t[x.Key] = x.Value
	}
	return t
}
