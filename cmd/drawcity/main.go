// Command drawcity draws the demo city anew and writes it into its folder; `make gen` runs it.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"lifeline120/internal/extract"
	"lifeline120/internal/mapmake"
	"lifeline120/internal/placebuild"
	"lifeline120/internal/placefile"
	"lifeline120/internal/roadfile"
	"lifeline120/internal/roadmake"
	"lifeline120/maps"
	"lifeline120/maps/draw"
)

func main() {
	dir := flag.String("dir", "maps/demo", "folder to write into")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "drawcity:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	c := draw.Draw(draw.Seed)
	roads := c.OSM.PBF()
	var tiles bytes.Buffer
	r, err := mapmake.Tiles(context.Background(), bytes.NewReader(roads), c.Master.Map.Datum, &tiles)
	if err != nil {
		return err
	}
	d, err := extract.Read(context.Background(), bytes.NewReader(roads), nil)
	if err != nil {
		return err
	}
	city, _, err := roadmake.Of(context.Background(), d, 0, nil)
	if err != nil {
		return err
	}
	// Without a time: what is made again is the same file.
	sum := sha256.Sum256(roads)
	city.Info.Source, city.Info.SourceSum = maps.RoadsFile, hex.EncodeToString(sum[:])
	var graph bytes.Buffer
	if err := roadfile.Write(&graph, city); err != nil {
		return err
	}
	book, _ := placebuild.Of(d)
	var places bytes.Buffer
	if err := placefile.Write(&places, placefile.Info{Source: maps.RoadsFile, SourceSum: city.Info.SourceSum}, book); err != nil {
		return err
	}
	for name, b := range map[string][]byte{"city.yaml": c.YAML(), maps.RoadsFile: roads, maps.TilesFile: tiles.Bytes(), roadfile.Name: graph.Bytes(), placefile.Name: places.Bytes()} {
		path := filepath.Join(dir, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, b) {
			continue
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %d junctions, %d nodes, %d ways, %d relations, %d tiles\n", c.Master.Name, c.Junctions, r.Nodes, r.Ways, r.Relations, r.Tiles)
	return nil
}
