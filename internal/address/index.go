package address

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// Index answers questions from one book. It is read only, and may be asked by many at once.
type Index struct {
	items []Named // in the order in which equally good ones are given
	spots []spot
	road  []int32  // index of Book.Roads, or -1
	item  []uint32 // of each road

	names, pinyin, initials table
	syllables               [][]uint16 // where they begin, of each text of pinyin

	long     []uint32               // items that are called by a few characters of their name
	meetings map[uint64][]ems.WGS84 // of two roads, the smaller first
	meets    [][]uint32             // the roads that each road meets
	houses   [][]house
	posts    [][]Milestone
	// of each road, by where they begin
	stretches [][]Stretch
	areas     map[[2]int32][]uint32 // items that say where one is, by cell
	held      reader                // every reading that the names have; only read after New
}

// spot is what of an item is compared in every search, together in memory.
type spot struct {
	x, y float32 // longitude and latitude, degrees
	kind uint8
}

type house struct {
	number string // folded, without 号
	shown  string
	value  int // its leading digits
	pos    ems.WGS84
}

// table finds texts by how they begin, and by how any part of them begins.
type table struct {
	text  []string
	whole []part // texts, sorted
	inner []part // parts of texts that begin later, sorted
}

type part struct {
	text, item uint32
	at         uint16
}

func (t *table) add(item uint32, text string, at []uint16) {
	n := uint32(len(t.text))
	t.text, t.whole = append(t.text, text), append(t.whole, part{n, item, 0})
	for _, a := range at {
		if a > 0 {
			t.inner = append(t.inner, part{n, item, a})
		}
	}
}

func (t *table) sort() {
	// Compared by their first eight bytes, and only where these are the same by the whole: some ten times as fast.
	type keyed struct {
		key uint64
		part
	}
	for _, list := range [][]part{t.whole, t.inner} {
		ks := make([]keyed, len(list))
		for i, p := range list {
			ks[i] = keyed{firstBytes(t.text[p.text][p.at:]), p}
		}
		slices.SortFunc(ks, func(a, b keyed) int {
			switch {
			case a.key < b.key:
				return -1
			case a.key > b.key:
				return 1
			}
			return cmp.Or(strings.Compare(t.text[a.text][a.at:], t.text[b.text][b.at:]), cmp.Compare(a.text, b.text), cmp.Compare(a.at, b.at))
		})
		for i, k := range ks {
			list[i] = k.part
		}
	}
}

// firstBytes orders as the first eight bytes of a text do.
func firstBytes(s string) (key uint64) {
	for i := range 8 {
		key <<= 8
		if i < len(s) {
			key |= uint64(s[i])
		}
	}
	return key
}

// begin gives the texts that begin with q; those that are q come first.
func (t *table) begin(q string) []part { return t.from(t.whole, q) }

// within gives the later parts of texts that begin with q.
func (t *table) within(q string) []part { return t.from(t.inner, q) }

func (t *table) from(list []part, q string) []part {
	lo := sort.Search(len(list), func(i int) bool { return t.text[list[i].text][list[i].at:] >= q })
	n := sort.Search(len(list)-lo, func(i int) bool { return !strings.HasPrefix(t.text[list[lo+i].text][list[lo+i].at:], q) })
	return list[lo : lo+n]
}

// exactly gives the texts that are q.
func (t *table) exactly(q string) []part {
	all := t.begin(q)
	n := sort.Search(len(all), func(i int) bool { return len(t.text[all[i].text]) != len(q) })
	return all[:n]
}

// New makes the index of a book and of places that come before the same ones in the book.
func New(b *Book, first []Named) *Index {
	ix := &Index{held: reader{}, meetings: map[uint64][]ems.WGS84{}, areas: map[[2]int32][]uint32{}}
	ix.order(b, first)
	for i, it := range ix.items {
		id := uint32(i)
		for j, name := range append([]string{it.Name}, it.Also...) {
			text, at := starts(name, maxName)
			if text == "" || j > 0 && slices.Contains(it.Also[:j-1], name) {
				continue
			}
			ix.names.add(id, text, at)
			readings := ix.held.spell(text, maxReadings)
			for k, s := range readings {
				ix.pinyin.add(id, s.word, s.starts)
				ix.syllables = append(ix.syllables, s.starts)
				if slices.ContainsFunc(readings[:k], func(o spelled) bool { return o.initials == s.initials }) {
					continue
				}
				each := make([]uint16, len(s.initials))
				for x := range each {
					each[x] = uint16(x)
				}
				ix.initials.add(id, s.initials, each)
			}
		}
	}
	ix.names.sort()
	ix.pinyin.sort()
	ix.initials.sort()
	ix.onRoads(b)
	return ix
}

// order brings the items into their order, each once.
func (ix *Index) order(b *Book, first []Named) {
	type entry struct {
		Named
		road, from int
		rank       uint8
	}
	all := make([]entry, 0, len(first)+len(b.Roads)+len(b.Places))
	put := func(p Named, road int) {
		if rank := slices.Index(named, p.Kind); rank >= 0 && fold(p.Name) != "" {
			all = append(all, entry{p, road, len(all), uint8(rank)})
		}
	}
	for _, p := range first {
		put(p, -1)
	}
	for i, r := range b.Roads {
		r.Kind = Road
		put(r, i)
	}
	for _, p := range b.Places {
		put(p, -1)
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.Times, a.Times), cmp.Compare(len(a.Name), len(b.Name)), strings.Compare(a.Name, b.Name), cmp.Compare(a.from, b.from))
	})
	ix.item = make([]uint32, len(b.Roads))
	kept := 0 // where those of this name begin
	for _, e := range all {
		for kept < len(ix.items) && (ix.items[kept].Name != e.Name || ix.items[kept].Kind != e.Kind) {
			kept++
		}
		if e.road < 0 && slices.ContainsFunc(ix.items[kept:], func(o Named) bool { return geo.Distance(o.Pos, e.Pos) < sameM }) {
			continue
		}
		id := uint32(len(ix.items))
		if e.road >= 0 {
			ix.item[e.road] = id
		}
		ix.items, ix.road = append(ix.items, e.Named), append(ix.road, int32(e.road))
		if e.Kind == Hospital || e.Kind == School {
			ix.long = append(ix.long, id)
		}
		ix.spots = append(ix.spots, spot{float32(e.Pos.Lon), float32(e.Pos.Lat), e.rank})
		if e.Kind == Area || e.Kind == Village {
			c := cellOf(e.Pos)
			ix.areas[c] = append(ix.areas[c], id)
		}
	}
}

// onRoads takes in what lies on the roads.
func (ix *Index) onRoads(b *Book) {
	ix.meets, ix.houses, ix.posts = make([][]uint32, len(b.Roads)), make([][]house, len(b.Roads)), make([][]Milestone, len(b.Roads))
	ix.stretches = make([][]Stretch, len(b.Roads))
	for _, m := range b.Meetings {
		k := pair(m.A, m.B)
		if ix.meetings[k] == nil {
			ix.meets[m.A], ix.meets[m.B] = append(ix.meets[m.A], uint32(m.B)), append(ix.meets[m.B], uint32(m.A))
		}
		ix.meetings[k] = append(ix.meetings[k], m.Pos)
	}
	for _, h := range b.Houses {
		n := strings.TrimSuffix(fold(h.Number), "号")
		value, ok := leading(n)
		if ok {
			ix.houses[h.Road] = append(ix.houses[h.Road], house{n, h.Number, value, h.Pos})
		}
	}
	for _, p := range b.Posts {
		ix.posts[p.Road] = append(ix.posts[p.Road], p)
	}
	for _, s := range b.Stretches {
		ix.stretches[s.Road] = append(ix.stretches[s.Road], s)
	}
	for r := range b.Roads {
		slices.SortStableFunc(ix.stretches[r], func(a, b Stretch) int { return cmp.Compare(a.From, b.From) })
		slices.SortFunc(ix.houses[r], func(a, b house) int {
			return cmp.Or(cmp.Compare(a.value, b.value), strings.Compare(a.number, b.number), cmp.Compare(a.pos.Lat, b.pos.Lat), cmp.Compare(a.pos.Lon, b.pos.Lon))
		})
		slices.SortFunc(ix.posts[r], func(a, b Milestone) int {
			return cmp.Or(cmp.Compare(a.Metres, b.Metres), cmp.Compare(a.Pos.Lat, b.Pos.Lat), cmp.Compare(a.Pos.Lon, b.Pos.Lon))
		})
	}
}

func pair(a, b int) uint64 { return uint64(min(a, b))<<32 | uint64(max(a, b)) }

// leading is the number that a house number begins with.
func leading(s string) (n int, ok bool) {
	for _, r := range s {
		if r < '0' || r > '9' || n > 1e6 {
			break
		}
		n, ok = n*10+int(r-'0'), true
	}
	return n, ok
}

// cellDeg is the size of the cells in which areas are looked for: wide enough that the neighbours of one reach areaM.
const cellDeg = 0.08

func cellOf(p ems.WGS84) [2]int32 {
	return [2]int32{int32(math.Floor(p.Lon / cellDeg)), int32(math.Floor(p.Lat / cellDeg))}
}

// areaAt names the town or neighbourhood nearest to a place, or "".
func (ix *Index) areaAt(p ems.WGS84, not string) string {
	best, found := areaM*1.0, ""
	c := cellOf(p)
	k := math.Cos(p.Lat * math.Pi / 180)
	for dx := int32(-1); dx <= 1; dx++ {
		for dy := int32(-1); dy <= 1; dy++ {
			for _, id := range ix.areas[[2]int32{c[0] + dx, c[1] + dy}] {
				it := &ix.items[id]
				if d := math.Hypot((it.Pos.Lon-p.Lon)*k, it.Pos.Lat-p.Lat) * metresPerDeg; d < best && it.Name != not {
					best, found = d, it.Name
				}
			}
		}
	}
	return found
}

const metresPerDeg = 111_195 // of latitude, near enough to tell which is nearer

// Len is how many names can be found.
func (ix *Index) Len() int { return len(ix.items) }
