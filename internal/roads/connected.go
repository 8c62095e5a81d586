package roads

// Connected says of each edge whether a vehicle can come to it from most of the network and get from it to most of the network: whether it
// belongs to the largest strongly connected part (Tarjan 1972). What does not is an island, a yard behind a barrier, or a piece that the
// border of an extract has cut off. Closures of the moment do not count.
func Connected(n *Net, s *Space, p Profile) []bool {
	ms := make([]Millis, len(n.Edges))
	for e := range n.Edges {
		ms[e] = p.EdgeMs(n, uint32(e), Over{})
	}
	open := func(a uint32) bool { return ms[s.Edge[a]] < Never && p.TurnMs[s.Turn[a]] < Never }
	states := s.States()
	const unseen = -1
	low, num, part := make([]int32, states), make([]int32, states), make([]int32, states)
	for i := range num {
		num[i], part[i] = unseen, unseen
	}
	type frame struct{ v, next uint32 }
	var frames []frame
	var stack []uint32
	var sizes []int
	count := int32(0)
	for root := range states {
		if num[root] != unseen {
			continue
		}
		frames = append(frames[:0], frame{uint32(root), 0})
		for len(frames) > 0 {
			f := &frames[len(frames)-1]
			v := f.v
			if f.next == 0 {
				num[v], low[v] = count, count
				count++
				stack = append(stack, v)
			}
			arcs := s.Leaving(v)
			deeper := false
			for int(f.next) < len(arcs) {
				a := arcs[f.next]
				f.next++
				if !open(a) {
					continue
				}
				w := s.Head[a]
				if num[w] == unseen {
					frames = append(frames, frame{w, 0})
					deeper = true
					break
				}
				if part[w] == unseen {
					low[v] = min(low[v], num[w])
				}
			}
			if deeper {
				continue
			}
			if len(arcs) == 0 || int(f.next) >= len(arcs) {
				if low[v] == num[v] {
					size := 0
					for {
						w := stack[len(stack)-1]
						stack = stack[:len(stack)-1]
						part[w] = int32(len(sizes))
						size++
						if w == v {
							break
						}
					}
					sizes = append(sizes, size)
				}
				frames = frames[:len(frames)-1]
				if len(frames) > 0 {
					u := frames[len(frames)-1].v
					low[u] = min(low[u], low[v])
				}
			}
		}
	}
	largest := int32(0)
	for i, size := range sizes {
		if size > sizes[largest] {
			largest = int32(i)
		}
	}
	out := make([]bool, len(n.Edges))
	for e := range n.Edges {
		if ms[e] >= Never || part[s.After[e]] != largest {
			continue
		}
		for _, a := range s.ArcsOf(uint32(e)) {
			if open(a) && part[s.Tail[a]] == largest {
				out[e] = true
				break
			}
		}
	}
	return out
}
