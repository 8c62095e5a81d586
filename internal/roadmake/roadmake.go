// Package roadmake makes a city's road file from an OpenStreetMap extract, on all processors, and says what it found.
package roadmake

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/roadbuild"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roads"
)

// Progress is told what is done and how far it is, from 0 to 1.
type Progress func(step string, share float64)

// Report is what became of an extract.
type Report struct {
	roadbuild.Report
	States, Arcs, ContractedArcs, Height int
	Took                                 time.Duration
	Bytes                                int64
}

// Make reads the extract in and makes the road file out. An old file stays until the new one is whole.
func Make(ctx context.Context, in, out string, turning roads.Turning, told Progress) (roadfile.City, Report, error) {
	began := time.Now()
	fail := func(err error) (roadfile.City, Report, error) {
		return roadfile.City{}, Report{}, fmt.Errorf("make the roads of %s: %w; nothing was changed", in, err)
	}
	f, err := os.Open(in)
	if err != nil {
		return fail(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return fail(err)
	}
	sum := sha256.New()
	d, err := extract.Read(ctx, io.TeeReader(bufio.NewReaderSize(f, 1<<20), sum), func(n int64) { told("read", float64(n)/float64(max(1, st.Size()))) })
	if err != nil {
		return fail(err)
	}
	c, rep, err := Of(ctx, d, turning, told)
	if err != nil {
		return fail(err)
	}
	c.Info.Source, c.Info.SourceSum, c.Info.Built = filepath.Base(in), hex.EncodeToString(sum.Sum(nil)), began.UTC().Truncate(time.Second)
	if err := roadfile.Save(out, c); err != nil {
		return fail(err)
	}
	if st, err := os.Stat(out); err == nil {
		rep.Bytes = st.Size()
	}
	rep.Took = time.Since(began)
	return c, rep, nil
}

// Of makes the roads of an extract that is in memory.
func Of(ctx context.Context, d *extract.Data, turning roads.Turning, told Progress) (roadfile.City, Report, error) {
	if told == nil {
		told = func(string, float64) {}
	}
	told("roads", 0)
	n, built, err := roadbuild.Of(d)
	rep := Report{}
	if built != nil {
		rep.Report = *built
	}
	if err != nil {
		return roadfile.City{}, rep, err
	}
	s, err := roads.Expand(n, turning)
	if err != nil {
		return roadfile.City{}, rep, err
	}
	for e, in := range roads.Connected(n, s, roads.Normal()) {
		if !in && !n.Edges[e].Wrong {
			rep.Apart++
		}
	}
	told("order", 0)
	if err := ctx.Err(); err != nil {
		return roadfile.City{}, rep, err
	}
	order := roads.Order(n, s, both())
	told("contract", 0)
	if err := ctx.Err(); err != nil {
		return roadfile.City{}, rep, err
	}
	c := roadfile.City{Info: roadfile.Info{Turning: turning, Bounds: bounds(n.Pos)}, City: roads.City{Net: n, S: s, T: roads.Contract(s, order)}}
	rep.States, rep.Arcs, rep.ContractedArcs = s.States(), len(s.Tail), c.T.Arcs()
	rep.Height, _ = c.T.Height()
	return c, rep, nil
}

// both runs two halves at the same time while there is a processor for it.
func both() func(a, b func()) {
	free := make(chan struct{}, max(0, runtime.GOMAXPROCS(0)-1))
	return func(a, b func()) {
		select {
		case free <- struct{}{}:
			var wg sync.WaitGroup
			wg.Go(func() {
				a()
				<-free
			})
			b()
			wg.Wait()
		default:
			a()
			b()
		}
	}
}

func bounds(ps []ems.WGS84) [4]float64 {
	b := [4]float64{180, 90, -180, -90}
	for _, p := range ps {
		b = [4]float64{min(b[0], p.Lon), min(b[1], p.Lat), max(b[2], p.Lon), max(b[3], p.Lat)}
	}
	return b
}
