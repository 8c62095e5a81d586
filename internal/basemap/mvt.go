package basemap

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
	"google.golang.org/protobuf/encoding/protowire"
)

// tile is one vector tile while it is filled. (Mapbox Vector Tile 2.1; tests read it back with another's decoder.)
type tile struct{ layers []*layer }

type layer struct {
	name   string
	keys   []string
	values [][]byte
	key    map[string]uint64
	value  map[string]uint64
	body   []byte
}

func (t *tile) layer(name string) *layer {
	for _, l := range t.layers {
		if l.name == name {
			return l
		}
	}
	l := &layer{name: name, key: map[string]uint64{}, value: map[string]uint64{}}
	t.layers = append(t.layers, l)
	return l
}

func bytesField(b []byte, n protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
}

func varintField(b []byte, n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
}

func encoded(v any) []byte {
	switch v := v.(type) {
	case string:
		return bytesField(nil, 1, []byte(v))
	case int64:
		return varintField(nil, 4, uint64(v))
	case bool:
		return varintField(nil, 7, protowire.EncodeBool(v))
	}
	panic("basemap: a property is a string, an int64 or a bool")
}

// add writes a feature of kind 1 (point), 2 (line) or 3 (polygon) into a layer.
func (t *tile) add(name string, props []prop, kind uint64, parts [][]orb.Point) {
	l := t.layer(name)
	var tags, geometry []byte
	for _, p := range props {
		k, ok := l.key[p.k]
		if !ok {
			k = uint64(len(l.keys))
			l.key[p.k], l.keys = k, append(l.keys, p.k)
		}
		raw := encoded(p.v)
		v, ok := l.value[string(raw)]
		if !ok {
			v = uint64(len(l.values))
			l.value[string(raw)], l.values = v, append(l.values, raw)
		}
		tags = protowire.AppendVarint(protowire.AppendVarint(tags, k), v)
	}
	var x, y int64
	drawn := false
	to := func(p orb.Point) {
		px, py := int64(p[0]), int64(p[1])
		geometry = protowire.AppendVarint(protowire.AppendVarint(geometry, protowire.EncodeZigZag(px-x)), protowire.EncodeZigZag(py-y))
		x, y = px, py
	}
	command := func(c, n int) { geometry = protowire.AppendVarint(geometry, uint64(c&7|n<<3)) }
	for _, part := range parts {
		if kind == 3 && len(part) > 1 && part[0] == part[len(part)-1] {
			part = part[:len(part)-1]
		}
		if len(part) < int(kind) {
			continue
		}
		drawn = true
		command(1, 1)
		to(part[0])
		if kind > 1 {
			command(2, len(part)-1)
			for _, p := range part[1:] {
				to(p)
			}
		}
		if kind == 3 {
			command(7, 1)
		}
	}
	if drawn {
		l.body = bytesField(l.body, 2, bytesField(varintField(bytesField(nil, 2, tags), 3, kind), 4, geometry))
	}
}

func (t *tile) bytes() []byte {
	slices.SortFunc(t.layers, func(a, b *layer) int { return cmp.Compare(a.name, b.name) })
	var out []byte
	for _, l := range t.layers {
		if len(l.body) == 0 {
			continue
		}
		b := append(bytesField(varintField(nil, 15, 2), 1, []byte(l.name)), l.body...)
		for _, k := range l.keys {
			b = bytesField(b, 3, []byte(k))
		}
		for _, v := range l.values {
			b = bytesField(b, 4, v)
		}
		out = bytesField(out, 3, varintField(b, 5, extent))
	}
	return out
}
