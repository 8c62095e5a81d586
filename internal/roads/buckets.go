package roads

// Buckets hold vehicles by where their ways lead up, so that one climb from an incident meets all of them (Knopp et al. 2007). One
// Buckets belongs to one metric. Writers and readers exclude each other outside.
type Buckets struct {
	m     *Metric
	by    [][]bucketed // rank → the vehicles whose way up passes it
	paths [][]step     // vehicle → where its entries are
	s     *Scratch
}

type bucketed struct {
	vehicle uint32
	ms      Millis
}

// step is one entry of a vehicle: its rank, and its place there.
type step struct{ rank, at uint32 }

// NewBuckets is empty, for vehicles 0 to n-1.
func NewBuckets(m *Metric, n int) *Buckets {
	return &Buckets{m: m, by: make([][]bucketed, len(m.T.Parent)), paths: make([][]step, n), s: NewScratch(m.T)}
}

// Metric is the one that the times are of.
func (b *Buckets) Metric() *Metric { return b.m }

// Grow makes room for vehicles up to n-1.
func (b *Buckets) Grow(n int) {
	for len(b.paths) < n {
		b.paths = append(b.paths, nil)
	}
}

// Remove takes a vehicle out.
func (b *Buckets) Remove(vehicle uint32) {
	for _, p := range b.paths[vehicle] {
		list := b.by[p.rank]
		last := len(list) - 1
		if int(p.at) != last {
			moved := list[last]
			list[p.at] = moved
			// The one that was moved learns its new place; its ranks rise.
			path := b.paths[moved.vehicle]
			lo, hi := 0, len(path)
			for lo < hi {
				if mid := int(uint(lo+hi) >> 1); path[mid].rank < p.rank {
					lo = mid + 1
				} else {
					hi = mid
				}
			}
			path[lo].at = p.at
		}
		b.by[p.rank] = list[:last]
	}
	b.paths[vehicle] = b.paths[vehicle][:0]
}

// Put places a vehicle, or moves it. The seeds lead from where it is into the network.
func (b *Buckets) Put(vehicle uint32, seeds []Seed) {
	b.Remove(vehicle)
	t := b.m.T
	b.s.climb(t, t.Up, b.m.up, b.s.to, seeds)
	path := b.paths[vehicle]
	for _, x := range b.s.trail {
		if ms := b.s.to[x]; ms < Never {
			path = append(path, step{x, uint32(len(b.by[x]))})
			b.by[x] = append(b.by[x], bucketed{vehicle, ms})
			b.s.to[x] = Never
		}
	}
	b.paths[vehicle] = path
}

// Times fills out, one place a vehicle, with the time of each to the seeds, which lead from the network to the incident; Never for
// vehicles that are not here and for those that have no way.
func (b *Buckets) Times(s *Scratch, to []Seed, out []Millis) {
	for i := range out {
		out[i] = Never
	}
	s.climb(b.m.T, b.m.T.Down, b.m.down, s.from, to)
	for _, x := range s.trail {
		d := s.from[x]
		s.from[x] = Never
		if d >= Never {
			continue
		}
		for _, e := range b.by[x] {
			if ms := e.ms + d; ms < out[e.vehicle] {
				out[e.vehicle] = ms
			}
		}
	}
}
