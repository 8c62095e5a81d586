package address

import (
	"cmp"
	"math"

	"lifeline120/internal/ems"
)

// class orders hits before anything else.
type class uint8

const (
	exact class = iota
	prefix
	inside
	sound
	onlyPart
	typo
)

func (c class) match() Match {
	switch c {
	case exact:
		return Exact
	case prefix:
		return Prefix
	case inside:
		return Inside
	}
	return Fuzzy
}

// candidate is an item that may be a hit.
type candidate struct {
	class class
	kind  uint8
	by    By
	dist  float32
	item  uint32
	rest  string
}

func (a candidate) compare(b candidate) int {
	return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.kind, b.kind), cmp.Compare(a.dist, b.dist), cmp.Compare(a.item, b.item))
}

// best keeps the best n candidates of one question, each item once.
type best struct {
	ix     *Index
	n      int
	roads  bool // only roads count
	hint   bool
	x, y   float32
	narrow float32 // degrees of longitude to degrees of latitude
	top    []candidate
}

func (ix *Index) best(n int, hint *ems.WGS84, roads bool) *best {
	b := &best{ix: ix, n: n, roads: roads, top: make([]candidate, 0, n+1)}
	if hint != nil {
		b.hint, b.x, b.y, b.narrow = true, float32(hint.Lon), float32(hint.Lat), float32(math.Cos(hint.Lat*math.Pi/180))
	}
	return b
}

const roadRank = 1 // of Road in named

// full says whether nothing of this class or a later one can come in any more.
func (b *best) full(c class) bool { return len(b.top) == b.n && b.top[b.n-1].class < c }

// sweep offers many items of one class. Nearly all of them fall behind the last that is kept: that is seen here, in a tight loop.
func (b *best) sweep(c class, by By, list []part) {
	for i := range list {
		id := list[i].item
		s := &b.ix.spots[id]
		if len(b.top) == b.n {
			switch w := &b.top[b.n-1]; {
			case c > w.class:
				return
			case c < w.class || s.kind < w.kind:
			case s.kind > w.kind:
				continue
			case b.hint:
				dx, dy := (s.x-b.x)*b.narrow, s.y-b.y
				if dx*dx+dy*dy > w.dist {
					continue
				}
			case id >= w.item:
				continue
			}
		}
		b.offer(c, by, id, "")
	}
}

// far is the distance from the hint, squared, in degrees of latitude.
func (b *best) far(s *spot) float32 {
	dx, dy := (s.x-b.x)*b.narrow, s.y-b.y
	return dx*dx + dy*dy
}

func (b *best) offer(c class, by By, item uint32, rest string) {
	s := &b.ix.spots[item]
	if b.roads && s.kind != roadRank {
		return
	}
	x := candidate{class: c, kind: s.kind, by: by, item: item, rest: rest}
	if b.hint {
		x.dist = b.far(s)
	}
	for i := range b.top {
		if b.top[i].item == item {
			if b.top[i].compare(x) <= 0 {
				return
			}
			b.top = append(b.top[:i], b.top[i+1:]...)
			break
		}
	}
	at := len(b.top)
	for at > 0 && x.compare(b.top[at-1]) < 0 {
		at--
	}
	if at == b.n {
		return
	}
	b.top = append(b.top, candidate{})
	copy(b.top[at+1:], b.top[at:])
	b.top[at] = x
	if len(b.top) > b.n {
		b.top = b.top[:b.n]
	}
}
