package draw

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"
)

// Tag is one key and its value.
type Tag struct{ K, V string }

// Node is a point of the map; its position is in millionths of a degree.
type Node struct {
	ID       int64
	Lat, Lon int64
	Tags     []Tag
}

// Way is a line or an area of the map.
type Way struct {
	ID    int64
	Nodes []int64
	Tags  []Tag
}

// Member is one part of a relation. Kind is 0 for a node, 1 for a way.
type Member struct {
	Kind int
	Ref  int64
	Role string
}

// Relation is what belongs together: a border, or a turn that is not allowed.
type Relation struct {
	ID      int64
	Members []Member
	Tags    []Tag
}

// OSM is a map as OpenStreetMap has it, sorted by kind and number.
type OSM struct {
	Nodes     []Node
	Ways      []Way
	Relations []Relation
}

const perBlock = 8000 // entities in one block, as OpenStreetMap's own files have

// table is the string table of one block; string 0 is empty by definition.
type table struct {
	at   map[string]uint64
	list []string
}

func newTable() *table { return &table{map[string]uint64{"": 0}, []string{""}} }

func (t *table) of(s string) uint64 {
	i, ok := t.at[s]
	if !ok {
		i = uint64(len(t.list))
		t.at[s], t.list = i, append(t.list, s)
	}
	return i
}

func field(b []byte, n protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
}

func number(b []byte, n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
}

func zigzag(b []byte, v int64) []byte { return protowire.AppendVarint(b, protowire.EncodeZigZag(v)) }

// PBF writes the map in the Protocolbuffer Binary Format of OpenStreetMap: dense nodes, then ways, then relations.
func (o OSM) PBF() []byte {
	var out bytes.Buffer
	var box []byte
	for i, v := range []float64{originLon - halfWidthM/metresLon, originLon + halfWidthM/metresLon, originLat + halfHighM/metresLat, originLat - halfHighM/metresLat} {
		box = number(box, protowire.Number(i+1), protowire.EncodeZigZag(int64(v*1e9)))
	}
	head := field(nil, 1, box)
	for _, f := range []string{"OsmSchema-V0.6", "DenseNodes"} {
		head = field(head, 4, []byte(f))
	}
	head = field(head, 5, []byte("Sort.Type_then_ID"))
	head = field(head, 16, []byte("Lifeline 120 maps/draw"))
	head = field(head, 17, []byte("a city that does not exist; Apache-2.0; WGS-84"))
	blob(&out, "OSMHeader", head)
	for i := 0; i < len(o.Nodes); i += perBlock {
		t := newTable()
		blob(&out, "OSMData", block(t, field(nil, 2, dense(t, o.Nodes[i:min(len(o.Nodes), i+perBlock)]))))
	}
	for i := 0; i < len(o.Ways); i += perBlock {
		t := newTable()
		var g []byte
		for _, w := range o.Ways[i:min(len(o.Ways), i+perBlock)] {
			g = field(g, 3, way(t, w))
		}
		blob(&out, "OSMData", block(t, g))
	}
	for i := 0; i < len(o.Relations); i += perBlock {
		t := newTable()
		var g []byte
		for _, r := range o.Relations[i:min(len(o.Relations), i+perBlock)] {
			g = field(g, 4, relation(t, r))
		}
		blob(&out, "OSMData", block(t, g))
	}
	return out.Bytes()
}

func blob(out *bytes.Buffer, kind string, raw []byte) {
	var z bytes.Buffer
	w, err := zlib.NewWriterLevel(&z, zlib.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	_, _ = w.Write(raw) // into memory
	_ = w.Close()
	b := field(number(nil, 2, uint64(len(raw))), 3, z.Bytes())
	h := number(field(nil, 1, []byte(kind)), 3, uint64(len(b)))
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(h)))
	out.Write(n[:])
	out.Write(h)
	out.Write(b)
}

func block(t *table, group []byte) []byte {
	var s []byte
	for _, x := range t.list {
		s = field(s, 1, []byte(x))
	}
	return number(field(field(nil, 1, s), 2, group), 17, 1000) // granularity: millionths of a degree
}

func dense(t *table, nodes []Node) []byte {
	var ids, lats, lons, tags []byte
	var id, lat, lon int64
	any := false
	for _, n := range nodes {
		ids, lats, lons = zigzag(ids, n.ID-id), zigzag(lats, n.Lat-lat), zigzag(lons, n.Lon-lon)
		id, lat, lon = n.ID, n.Lat, n.Lon
		for _, x := range n.Tags {
			tags = protowire.AppendVarint(protowire.AppendVarint(tags, t.of(x.K)), t.of(x.V))
			any = true
		}
		tags = protowire.AppendVarint(tags, 0)
	}
	b := field(field(field(nil, 1, ids), 8, lats), 9, lons)
	if any {
		b = field(b, 10, tags)
	}
	return b
}

func tagged(t *table, b []byte, id int64, tags []Tag) []byte {
	b = number(b, 1, uint64(id))
	var ks, vs []byte
	for _, x := range tags {
		ks, vs = protowire.AppendVarint(ks, t.of(x.K)), protowire.AppendVarint(vs, t.of(x.V))
	}
	return field(field(b, 2, ks), 3, vs)
}

func way(t *table, w Way) []byte {
	var refs []byte
	last := int64(0)
	for _, n := range w.Nodes {
		refs = zigzag(refs, n-last)
		last = n
	}
	return field(tagged(t, nil, w.ID, w.Tags), 8, refs)
}

func relation(t *table, r Relation) []byte {
	var roles, refs, kinds []byte
	last := int64(0)
	for _, m := range r.Members {
		roles, refs, kinds = protowire.AppendVarint(roles, t.of(m.Role)), zigzag(refs, m.Ref-last), protowire.AppendVarint(kinds, uint64(m.Kind))
		last = m.Ref
	}
	return field(field(field(tagged(t, nil, r.ID, r.Tags), 8, roles), 9, refs), 10, kinds)
}
