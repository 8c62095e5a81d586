// Command roadbench measures the roads: each figure beside a plain Dijkstra and an R-tree's straight-line neighbours in the same run.
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/tidwall/rtree"

	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/roadbuild"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roads"
	"lifeline120/maps"
)

type cli struct {
	Files   []string `arg:"" optional:"" type:"path" placeholder:"EXTRACT" help:"OpenStreetMap extracts; the demo city when none is given."`
	Tile    int      `default:"1" help:"Lay the roads of each extract out so many times each way, joined by fast roads: a city as large as wanted."`
	Turns   string   `enum:"restrictions,every" default:"restrictions" help:"What turns cost: ${enum}."`
	Queries int      `default:"4000" help:"Queries of each kind."`
}

func main() {
	var c cli
	k := kong.Parse(&c, kong.Name("roadbench"), kong.Description("Measures travel times by road."))
	k.FatalIfErrorf(c.run(os.Stdout))
}

func (c cli) run(out io.Writer) error {
	turning := roads.Junctions
	if c.Turns == "every" {
		turning = roads.EveryTurn
	}
	if len(c.Files) == 0 {
		b, err := fs.ReadFile(maps.Demo(), maps.RoadsFile)
		if err != nil {
			return err
		}
		return measure(out, "demo city", bytes.NewReader(b), c.Tile, turning, c.Queries)
	}
	for _, name := range c.Files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		err = measure(out, strings.TrimSuffix(filepath.Base(name), ".osm.pbf"), bufio.NewReader(f), c.Tile, turning, c.Queries)
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// sample is a list of times.
type sample []time.Duration

func (s sample) at(share float64) time.Duration {
	slices.Sort(s)
	return s[min(len(s)-1, int(share*float64(len(s))))]
}

// runs are the times of queries that were each asked several times, in turn.
type runs struct {
	all   sample // of every run: the queries' own spread, and what else the machine did meanwhile
	least sample // of each query the quickest run: the queries' own spread
}

// timed runs f n times, after some runs that do not count. f is asked the same when i is the same modulo many.
func timed(n int, f func(i int)) runs { return timedAfter(func() {}, n, f) }

// timedAfter is timed, with something that is not measured before each run.
func timedAfter(before func(), n int, f func(i int)) runs {
	r := runs{all: make(sample, 0, n)}
	for i := range n / 10 {
		f(i)
	}
	for i := range n {
		before()
		began := time.Now()
		f(i)
		took := time.Since(began)
		r.all = append(r.all, took)
		if i < many {
			r.least = append(r.least, took)
		} else {
			r.least[i%many] = min(r.least[i%many], took)
		}
	}
	return r
}

// many different queries of each kind are asked.
const many = 512

func measure(out io.Writer, name string, in io.Reader, tile int, turning roads.Turning, queries int) error {
	d, err := extract.Read(context.Background(), in, nil)
	if err != nil {
		return err
	}
	n, _, err := roadbuild.Of(d)
	if err != nil {
		return err
	}
	d = nil
	if tile > 1 {
		n = tiled(n, tile)
		name = fmt.Sprintf("%s, %d × %d", name, tile, tile)
	}
	s, err := roads.Expand(n, turning)
	if err != nil {
		return err
	}
	began := time.Now()
	order := roads.Order(n, s, nil)
	ordered := time.Since(began)
	began = time.Now()
	t := roads.Contract(s, order)
	contracted := time.Since(began)
	height, _ := t.Height()
	fmt.Fprintf(out, "\n%s: %d states, %d arcs, contracted to %d arcs and %d triangles, height %d\n", name, s.States(), len(s.Tail), t.Arcs(), t.Triangles(), height)
	var file bytes.Buffer
	if err := roadfile.Write(&file, roadfile.City{Info: roadfile.Info{Turning: turning}, City: roads.City{Net: n, S: s, T: t}}); err != nil {
		return err
	}
	began = time.Now()
	c, err := roadfile.Read(file.Bytes())
	if err != nil {
		return err
	}
	loaded := time.Since(began)
	n, s, t = c.Net, c.S, c.T
	row := func(what string, format string, a ...any) {
		fmt.Fprintf(out, "  %-34s %s\n", what, fmt.Sprintf(format, a...))
	}
	row("order, contract (1 core)", "%.2f s, %.2f s", ordered.Seconds(), contracted.Seconds())
	row("file, load", "%.1f MB, %.2f s", float64(file.Len())/1e6, loaded.Seconds())
	file = bytes.Buffer{}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := roads.Customize(n, s, t, roads.Mission(), roads.Over{}, nil)
	runtime.GC()
	runtime.ReadMemStats(&after)
	customise := timed(10, func(int) { roads.Customize(n, s, t, roads.Mission(), roads.Over{}, nil) })
	row("customise", "least %.1f ms, p50 %.1f ms, worst %.1f ms; a metric %.1f MB", ms(customise.all.at(0)), ms(customise.all.at(0.5)), ms(customise.all.at(1)), float64(after.HeapAlloc-before.HeapAlloc)/1e6)
	main := roads.Connected(n, s, roads.Mission())
	var edges []uint32
	for e, in := range main {
		if in && !n.Edges[e].Wrong {
			edges = append(edges, uint32(e))
		}
	}
	r := rand.New(rand.NewPCG(120, 1))
	place := func() roads.Place {
		e := edges[r.IntN(len(edges))]
		return roads.Place{Edge: e, Along: r.Float64() * float64(n.Roads[n.Edges[e].Road].Metres)}
	}
	scratch, plain := roads.NewScratch(t), roads.NewPlain(m)
	var from, to [many][]roads.Seed
	var where [many]ems.WGS84
	for i := range many {
		p := place()
		from[i], to[i] = m.Out(nil, p), m.In(nil, place())
		_, where[i] = n.Bearing(p)
	}
	raw := timed(min(200, queries), func(i int) {
		plain.From(from[i%many], roads.Never-1, false, func(uint32, roads.Millis) bool { return true })
	})
	spread := func(r runs) string {
		return fmt.Sprintf("p50 %8.1f µs   p99 %8.1f µs (the queries' %8.1f, %8.1f; × %.1f)", us(r.all.at(0.5)), us(r.all.at(0.99)), us(r.least.at(0.5)), us(r.least.at(0.99)),
			float64(r.least.at(0.99))/float64(r.least.at(0.5)))
	}
	line := func(what string, r, beside runs) {
		row(what, "%s   Dijkstra × %.0f", spread(r), float64(beside.all.at(0.5))/float64(r.all.at(0.5)))
	}
	row("plain Dijkstra, one to all", "%s", spread(raw))
	line("time between two places", timed(queries, func(i int) { m.Time(scratch, from[i%many], to[(i*7)%many]) }), raw)
	for _, units := range []int{200, 500, 2000} {
		b := roads.NewBuckets(m, units)
		var tree rtree.RTreeG[int]
		for v := range units {
			p := place()
			b.Put(uint32(v), m.Out(nil, p))
			_, at := n.Bearing(p)
			tree.Insert([2]float64{at.Lon, at.Lat}, [2]float64{at.Lon, at.Lat}, v)
		}
		times := make([]roads.Millis, units)
		line(fmt.Sprintf("one to %d, all units", units), timed(queries, func(i int) { b.Times(scratch, to[i%many], times) }), raw)
		if units != 200 {
			continue
		}
		// A centre asks now and then: what a query needs is not in the core's own cache then.
		other := make([]byte, 16<<20)
		line("one to 200, after a pause", timedAfter(func() {
			for k := 0; k < len(other); k += 64 {
				other[k]++
			}
		}, queries/2, func(i int) { b.Times(scratch, to[i%many], times) }), raw)
		line("move of a unit", timed(queries, func(i int) { b.Put(uint32(i%many%units), from[i%many]) }), raw)
		near := timed(queries, func(i int) {
			at, k := where[i%many], 0
			tree.Nearby(rtree.BoxDist[float64, int]([2]float64{at.Lon, at.Lat}, [2]float64{at.Lon, at.Lat}, nil), func(_, _ [2]float64, _ int, _ float64) bool { k++; return k < 10 })
		})
		row("R-tree, 10 nearest by straight line", "%s   another answer: not by road", spread(near))
		out := make([]roads.Millis, units)
		line("one to 200 known only now", timed(queries/2, func(i int) { m.Times(scratch, from[i%many], to[:units], out) }), raw)
		table := timed(10, func(int) {
			for v := range units {
				b.Put(uint32(v), from[v])
			}
			for v := range units {
				b.Times(scratch, to[v], out)
			}
		})
		row("table of 200 × 200", "p50 %8.2f ms", ms(table.all.at(0.5)))
	}
	line("way with its arcs", timed(queries/2, func(i int) { m.Way(scratch, from[i%many], to[(i*7)%many]) }), raw)
	snap := roads.NewSnapper(n, func(e uint32) bool { return main[e] })
	s8 := timed(queries, func(i int) { snap.Near(where[i%many], 100, 8) })
	row("snap, 8 nearest roads", "%s", spread(s8))
	return nil
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// tiled lays a city out k times each way; neighbours are joined by eight fast roads a side.
func tiled(n *roads.Net, k int) *roads.Net {
	lo, hi := n.Pos[0], n.Pos[0]
	for _, p := range n.Pos {
		lo, hi = ems.WGS84{Lat: min(lo.Lat, p.Lat), Lon: min(lo.Lon, p.Lon)}, ems.WGS84{Lat: max(hi.Lat, p.Lat), Lon: max(hi.Lon, p.Lon)}
	}
	high, wide := hi.Lat-lo.Lat+0.002, hi.Lon-lo.Lon+0.002
	out := &roads.Net{Names: n.Names}
	move := func(p ems.WGS84, x, y int) ems.WGS84 {
		// Around the middle, so that no tile leaves the earth.
		return ems.WGS84{Lat: p.Lat/4 + float64(y-k/2)*high/4, Lon: p.Lon/4 + float64(x-k/2)*wide/4}
	}
	for y := range k {
		for x := range k {
			j, e, sh := uint32(len(out.Pos)), uint32(len(out.Edges)), uint32(len(out.Shape))
			rd := uint32(len(out.Roads))
			for _, p := range n.Pos {
				out.Pos = append(out.Pos, move(p, x, y))
			}
			for _, p := range n.Shape {
				out.Shape = append(out.Shape, move(p, x, y))
			}
			for _, r := range n.Roads {
				r.A, r.B, r.ShapeFirst = r.A+j, r.B+j, r.ShapeFirst+sh
				out.Roads = append(out.Roads, r)
			}
			for _, d := range n.Edges {
				d.From, d.To, d.Road = d.From+j, d.To+j, d.Road+rd
				out.Edges = append(out.Edges, d)
			}
			for _, b := range n.Bans {
				moved := make(roads.Ban, len(b))
				for i, x := range b {
					moved[i] = x + e
				}
				out.Bans = append(out.Bans, moved)
			}
		}
	}
	border := func(side int) []uint32 {
		all := make([]uint32, len(n.Pos))
		for i := range all {
			all[i] = uint32(i)
		}
		key := []func(ems.WGS84) float64{func(p ems.WGS84) float64 { return -p.Lon }, func(p ems.WGS84) float64 { return p.Lon }, func(p ems.WGS84) float64 { return -p.Lat }, func(p ems.WGS84) float64 { return p.Lat }}[side]
		slices.SortFunc(all, func(a, b uint32) int {
			if ka, kb := key(n.Pos[a]), key(n.Pos[b]); ka < kb {
				return -1
			} else if ka > kb {
				return 1
			}
			return int(a) - int(b)
		})
		return all[:8]
	}
	size := uint32(len(n.Pos))
	join := func(a, b uint32) {
		id := uint32(len(out.Roads))
		out.Roads = append(out.Roads, roads.Road{A: a, B: b, Class: roads.Trunk, Metres: 1000, ShapeFirst: uint32(len(out.Shape)), ShapeLen: 2})
		out.Shape = append(out.Shape, out.Pos[a], out.Pos[b])
		out.Edges = append(out.Edges, roads.Edge{From: a, To: b, Road: id}, roads.Edge{From: b, To: a, Road: id, Back: true})
	}
	east, west, north, south := border(0), border(1), border(2), border(3)
	for y := range k {
		for x := range k {
			at := uint32(y*k+x) * size
			for i := range 8 {
				if x+1 < k {
					join(at+east[i], at+size+west[i])
				}
				if y+1 < k {
					join(at+north[i], at+uint32(k)*size+south[i])
				}
			}
		}
	}
	out.Index()
	return out
}
