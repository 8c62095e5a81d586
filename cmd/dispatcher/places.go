package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"lifeline120/internal/address"
	"lifeline120/internal/dispatcher"
	"lifeline120/internal/ems"
	"lifeline120/internal/extract"
	"lifeline120/internal/placebuild"
	"lifeline120/internal/placefile"
	"lifeline120/maps"
)

type placesBuild struct {
	File string `arg:"" placeholder:"EXTRACT" help:"OpenStreetMap extract: .osm.pbf, .osm, .osm.gz or .osm.bz2."`
	Out  string `required:"" short:"o" type:"path" placeholder:"DIR" help:"Folder of the city. An old file of places stays until the new one is whole."`
}

type placesFind struct {
	Q    string `arg:"" help:"What a caller says: 人民路, rml, 建国路93号, 建国路与人民路路口."`
	City string `type:"path" placeholder:"DIR" help:"Folder of the city; the demo city when not given."`
	Near string `placeholder:"LON,LAT" help:"Near here come first."`
	N    int    `default:"10" help:"How many."`
}

func (b placesBuild) run(ctx context.Context, out, errs io.Writer) error {
	began := time.Now()
	if st, err := os.Stat(b.Out); err != nil || !st.IsDir() {
		return &dispatcher.ConfigError{Err: fmt.Errorf("--out %s is no folder; make it first", b.Out)}
	}
	f, err := os.Open(b.File)
	if err != nil {
		return fmt.Errorf("make the places: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("make the places: %w", err)
	}
	sum, last := sha256.New(), time.Time{}
	d, err := extract.Read(ctx, io.TeeReader(bufio.NewReaderSize(f, 1<<20), sum), func(n int64) {
		if time.Since(last) > time.Second/2 {
			last = time.Now()
			fmt.Fprintf(errs, "read %3.0f %%\n", float64(n)/float64(max(1, st.Size()))*100)
		}
	})
	if err != nil {
		return fmt.Errorf("make the places of %s: %w; nothing was changed", b.File, err)
	}
	book, rep := placebuild.Of(d)
	if err := book.Check(); err != nil {
		return fmt.Errorf("make the places of %s: %w; nothing was changed", b.File, err)
	}
	path := filepath.Join(b.Out, placefile.Name)
	if err := placefile.Save(path, placefile.Info{Source: filepath.Base(b.File), SourceSum: hex.EncodeToString(sum.Sum(nil))}, book); err != nil {
		return err
	}
	size := int64(0)
	if st, err := os.Stat(path); err == nil {
		size = st.Size()
	}
	fmt.Fprintf(out, "%s: %d roads, %d crossings, %d house numbers, %d kilometre posts, %d other names; %.1f MB in %.1f s\n", path, rep.Roads, rep.Crossings, rep.Houses, rep.Posts, rep.Places,
		float64(size)/1e6, time.Since(began).Seconds())
	if rep.HousesNowhere > 0 {
		fmt.Fprintf(out, "%d house numbers were left out: their address names no street\n", rep.HousesNowhere)
	}
	if rep.PostsNowhere > 0 {
		fmt.Fprintf(out, "%d kilometre posts were left out: they stand on no named road, or say no kilometre\n", rep.PostsNowhere)
	}
	return nil
}

func (f placesFind) run(out io.Writer) error {
	folder := maps.Demo()
	if f.City != "" {
		folder = os.DirFS(f.City)
	}
	book, _, err := placefile.Open(folder)
	if err != nil {
		return err
	}
	city, err := maps.Load(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var near *ems.WGS84
	if f.Near != "" {
		p, err := point(f.Near)
		if err != nil {
			return &dispatcher.ConfigError{Err: err}
		}
		near = &p
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, h := range address.New(book, address.OfCity(city)).Search(f.Q, near, f.N) {
		said := ""
		if h.Asked != "" {
			said = h.Asked + " is not known; this is near it"
		}
		fmt.Fprintf(w, "%.6f,%.6f\t%s\t%s\t%s by %s\t%s\t%s\n", h.Pos.Lon, h.Pos.Lat, h.Kind, h.Name, h.Match, h.By, h.Area, said)
	}
	return w.Flush()
}
