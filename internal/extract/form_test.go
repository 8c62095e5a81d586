package extract_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"lifeline120/internal/extract"
	"lifeline120/maps/draw"
)

const street = `<osm version="0.6"><node id="1" lat="35" lon="118"/><node id="2" lat="35.001" lon="118"/><way id="3"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>`

// streetBZ2 is street as `bzip2 -9` packs it.
const streetBZ2 = "425a68393141592653596f681a0400002399805001fb4727efdda0200074128493f54f51e223d432699a35069a93468f51a6d2000061f62f0300765b62e80327998412670832a0982d438945050563081540d72f8c332f06bcd749aaafb51db62e92374b133927b167a6f64e237820a3c93f05086442b2897c719c8622e2d3b603aff1772453850906f681a040"

func packed(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func isStreet(d *extract.Data) bool {
	return len(d.Pos) == 2 && near(d.Pos[2], 35.001, 118) && len(d.Ways) == 1 && d.Ways[0].ID == 3 && len(d.Ways[0].Nodes) == 2 && d.Ways[0].Nodes[1] == 2 && d.Ways[0].Tags["highway"] == "primary"
}

// What a file is stands in its first bytes, not in its name.
func TestEveryFormIsRead(t *testing.T) {
	bz, err := hex.DecodeString(streetBZ2)
	if err != nil {
		t.Fatal(err)
	}
	pbf := draw.OSM{Nodes: []draw.Node{{ID: 1, Lat: 35_000_000, Lon: 118_000_000}, {ID: 2, Lat: 35_001_000, Lon: 118_000_000}}, Ways: []draw.Way{{ID: 3, Nodes: []int64{1, 2}, Tags: []draw.Tag{{K: "highway", V: "primary"}}}}}.PBF()
	for name, b := range map[string][]byte{"XML": []byte(street), "XML with a mark": []byte("\xef\xbb\xbf" + street), "gzip": packed([]byte(street)), "bzip2": bz, "PBF": pbf, "PBF in gzip": packed(pbf)} {
		told := int64(0)
		r := bytes.NewReader(b)
		d, err := extract.Read(context.Background(), r, func(n int64) { told = n })
		if err != nil || !isStreet(d) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		if r.Len() != 0 || told > int64(len(b)) {
			t.Errorf("%s: %d bytes were left, told of %d", name, r.Len(), told)
		}
	}
	if _, err := extract.Read(context.Background(), bytes.NewReader(packed(packed([]byte(street)))), nil); err == nil || !strings.Contains(err.Error(), "packed twice") {
		t.Errorf("packed twice: %v", err)
	}
}

// A file that ends too early never passes for a smaller map.
func TestCutFilesSaySo(t *testing.T) {
	bz, _ := hex.DecodeString(streetBZ2)
	for name, b := range map[string][]byte{"XML": []byte(street), "gzip": packed([]byte(street)), "bzip2": bz} {
		for i := range b {
			_, err := extract.Read(context.Background(), bytes.NewReader(b[:i]), nil)
			if err == nil {
				t.Fatalf("%s: cut off after %d of %d bytes it is a map", name, i, len(b))
			}
			if i > 20 && !strings.Contains(err.Error(), "cut off") {
				t.Errorf("%s: cut off after %d bytes: %v", name, i, err)
			}
		}
	}
	for name, b := range map[string]string{"a web page": "<!doctype html><html>not a map</html>", "letters": "dear all", "a node beyond the pole": `<osm><node id="7" lat="95" lon="1"/></osm>`,
		"a tag without an end": `<osm><note a="` + strings.Repeat("a", 2<<20) + `"/>`, "no numbers": `<osm><way id="x"/></osm>`} {
		if _, err := extract.Read(context.Background(), strings.NewReader(b), nil); err == nil || !strings.HasPrefix(err.Error(), "read the extract: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// blobs are the pieces of a PBF file, its head first.
func blobs(t *testing.T, b []byte) [][]byte {
	var out [][]byte
	for len(b) > 0 {
		head := b[4 : 4+binary.BigEndian.Uint32(b)]
		size := -1
		for rest := head; len(rest) > 0; {
			n, kind, k := protowire.ConsumeTag(rest)
			if k < 0 {
				t.Fatal("a broken file")
			}
			if rest = rest[k:]; n == 3 {
				v, _ := protowire.ConsumeVarint(rest)
				size = int(v)
			}
			rest = rest[protowire.ConsumeFieldValue(n, kind, rest):]
		}
		all := 4 + len(head) + size
		out, b = append(out, b[:all]), b[all:]
	}
	return out
}

// Extracts that were put together are in no order, and what lies on their borders is in them twice: the last counts.
func TestElementsInAnyOrder(t *testing.T) {
	node := func(id, lat int64) draw.Node {
		return draw.Node{ID: id, Lat: lat, Lon: 118_000_000, Tags: []draw.Tag{{K: "barrier", V: "gate"}}}
	}
	a := blobs(t, draw.OSM{Nodes: []draw.Node{node(1, 35_000_000), node(2, 35_001_000)}, Ways: []draw.Way{{ID: 5, Nodes: []int64{1, 2}, Tags: []draw.Tag{{K: "name", V: "旧路"}}}}}.PBF())
	b := blobs(t, draw.OSM{Nodes: []draw.Node{node(2, 35_001_000), node(3, 35_002_000)}, Ways: []draw.Way{{ID: 4, Nodes: []int64{2, 3}}, {ID: 5, Nodes: []int64{1, 2, 3}, Tags: []draw.Tag{{K: "name", V: "新路"}}}},
		Relations: []draw.Relation{{ID: 9, Members: []draw.Member{{Kind: 1, Ref: 5, Role: "from"}}}}}.PBF())
	if len(a) != 3 || len(b) != 4 {
		t.Fatalf("%d and %d pieces", len(a), len(b))
	}
	// Head, then the ways of both, the relation, and at last the nodes.
	mixed := bytes.Join([][]byte{a[0], a[2], b[3], b[2], b[1], a[1]}, nil)
	d, err := extract.Read(context.Background(), bytes.NewReader(mixed), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Pos) != 3 || len(d.Points) != 3 || len(d.Relations) != 1 || d.Missing != 0 {
		t.Errorf("%d nodes, %d points, %d relations, %d missing", len(d.Pos), len(d.Points), len(d.Relations), d.Missing)
	}
	if len(d.Ways) != 2 || d.Ways[0].ID != 4 || d.Ways[1].ID != 5 || d.Ways[1].Tags["name"] != "新路" || len(d.Ways[1].Nodes) != 3 {
		t.Errorf("ways: %+v", d.Ways)
	}
}

// The XML files of the data folder, where they are.
func TestRealXML(t *testing.T) {
	for name, want := range map[string]struct{ nodes, least int }{"krems": {15_042, 1_000}, "north-bayreuth": {58_631, 5_000}} {
		path := filepath.Join(cmp.Or(os.Getenv("LIFELINE_DATA"), "../../../shared/data"), "maps", "osm", name+".osm.gz")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Skipf("real extracts are not here: set LIFELINE_DATA to the data folder (%v)", err)
		}
		d, err := extract.Read(context.Background(), bytes.NewReader(b), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		restrictions := 0
		for _, r := range d.Relations {
			if r.Tags["type"] == "restriction" {
				restrictions++
			}
		}
		if len(d.Pos) != want.nodes || len(d.Ways) < want.least || restrictions == 0 {
			t.Errorf("%s: %d nodes, %d ways, %d restrictions", name, len(d.Pos), len(d.Ways), restrictions)
		}
		if _, err := extract.Read(context.Background(), bytes.NewReader(b[:len(b)*2/3]), nil); err == nil || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("%s, cut off: %v", name, err)
		}
	}
}
