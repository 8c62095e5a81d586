// Package placefile keeps a city's book of places in one file: packed JSON, so that anyone can look into it. What it brings is checked whole
// before it is used.
package placefile

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"lifeline120/internal/address"
	"lifeline120/internal/ems"
)

// Name of the file in a city's folder.
const Name = "places.json.gz"

// version of the format.
const version = 1

// maxBytes bounds what a file may unpack to: a province has some hundred megabytes.
const maxBytes = 1 << 30

// ErrBroken: the file is not one of ours, of a newer version, or damaged.
var ErrBroken = errors.New("a file of places that cannot be used")

// Info says where the places come from.
type Info struct {
	Source    string `json:"source"` // file name of the extract
	SourceSum string `json:"source_sum"`
}

// file is the shape on disk. Names of fields are short and positions are whole microdegrees, south and west negative: the file goes into the program.
type file struct {
	Version int `json:"version"`
	Info
	Roads    []named  `json:"roads"`
	Places   []named  `json:"places"`
	Meetings [][4]int `json:"meetings"` // road, road, latitude, longitude
	Houses   []house  `json:"houses"`
	Posts    [][4]int `json:"posts"` // road, metres, latitude, longitude
	// Added later: a file without them is read as one of roads without stretches.
	Stretches []stretch `json:"stretches,omitempty"`
}

type stretch struct {
	Road int      `json:"r"`
	From int      `json:"f"` // metres
	To   int      `json:"t"`
	Way  int      `json:"w,omitempty"`
	Line [][2]int `json:"l"`
}

type named struct {
	Name string       `json:"n"`
	Also []string     `json:"a,omitempty"`
	Kind address.Kind `json:"k,omitempty"` // of a road: none
	Pos  [2]int       `json:"p"`
	Box  []int        `json:"b,omitempty"` // of a road: west, south, east, north
}

type house struct {
	Road   int    `json:"r"`
	Number string `json:"n"`
	Pos    [2]int `json:"p"`
}

// Write writes a book. The same book makes the same bytes.
func Write(w io.Writer, info Info, b *address.Book) error {
	f := file{Version: version, Info: info, Roads: pack(b.Roads), Places: pack(b.Places), Meetings: [][4]int{}, Houses: []house{}, Posts: [][4]int{}}
	for _, m := range b.Meetings {
		p := micro(m.Pos)
		f.Meetings = append(f.Meetings, [4]int{m.A, m.B, p[0], p[1]})
	}
	for _, h := range b.Houses {
		f.Houses = append(f.Houses, house{h.Road, h.Number, micro(h.Pos)})
	}
	for _, m := range b.Posts {
		p := micro(m.Pos)
		f.Posts = append(f.Posts, [4]int{m.Road, m.Metres, p[0], p[1]})
	}
	for _, s := range b.Stretches {
		x := stretch{Road: s.Road, From: s.From, To: s.To, Way: s.Way}
		for _, p := range s.Line {
			x.Line = append(x.Line, micro(p))
		}
		f.Stretches = append(f.Stretches, x)
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	e := json.NewEncoder(z)
	e.SetEscapeHTML(false)
	return errors.Join(e.Encode(f), z.Close())
}

// Save writes a city's file beside an old one and then takes its place.
func Save(path string, info Info, b *address.Book) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".places-*")
	if err != nil {
		return fmt.Errorf("save the places: %w", err)
	}
	err = errors.Join(Write(f, info, b), f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("save the places: %w", err)
	}
	return nil
}

// Open reads the file of a city's folder.
func Open(folder fs.FS) (*address.Book, Info, error) {
	b, err := fs.ReadFile(folder, Name)
	if err != nil {
		return nil, Info{}, fmt.Errorf("open the places: %w", err)
	}
	book, info, err := Read(b)
	if err != nil {
		return nil, Info{}, fmt.Errorf("open the places: %s: %w", Name, err)
	}
	return book, info, nil
}

func broken(format string, a ...any) error {
	return fmt.Errorf("%w: %s; make it anew with `dispatcher places build`", ErrBroken, fmt.Sprintf(format, a...))
}

// Read reads a book from its bytes.
func Read(b []byte) (*address.Book, Info, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, Info{}, broken("%v", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxBytes+1)) // to its end, where its sum is checked
	switch {
	case err != nil:
		return nil, Info{}, broken("it is damaged or was cut off: %v", err)
	case len(plain) > maxBytes:
		return nil, Info{}, broken("it is larger than %d bytes", maxBytes)
	}
	var f file
	if err := json.Unmarshal(plain, &f); err != nil {
		return nil, Info{}, broken("%v", err)
	}
	if f.Version != version {
		return nil, Info{}, broken("it is of version %d, and this program knows %d", f.Version, version)
	}
	book := &address.Book{Roads: unpack(f.Roads, address.Road), Places: unpack(f.Places, "")}
	for _, m := range f.Meetings {
		book.Meetings = append(book.Meetings, address.Meeting{A: m[0], B: m[1], Pos: degrees([2]int{m[2], m[3]})})
	}
	for _, h := range f.Houses {
		book.Houses = append(book.Houses, address.Numbered{Road: h.Road, Number: h.Number, Pos: degrees(h.Pos)})
	}
	for _, m := range f.Posts {
		book.Posts = append(book.Posts, address.Milestone{Road: m[0], Metres: m[1], Pos: degrees([2]int{m[2], m[3]})})
	}
	for _, s := range f.Stretches {
		x := address.Stretch{Road: s.Road, From: s.From, To: s.To, Way: s.Way}
		for _, p := range s.Line {
			x.Line = append(x.Line, degrees(p))
		}
		book.Stretches = append(book.Stretches, x)
	}
	if err := book.Check(); err != nil {
		return nil, Info{}, broken("%v", err)
	}
	return book, f.Info, nil
}

func pack(list []address.Named) []named {
	out := make([]named, len(list))
	for i, p := range list {
		out[i] = named{Name: p.Name, Also: p.Also, Kind: p.Kind, Pos: micro(p.Pos)}
		if p.Box != (address.Box{}) {
			for _, deg := range p.Box {
				out[i].Box = append(out[i].Box, round(deg))
			}
		}
		if p.Kind == address.Road {
			out[i].Kind = ""
		}
	}
	return out
}

func unpack(list []named, kind address.Kind) []address.Named {
	out := make([]address.Named, len(list))
	for i, p := range list {
		out[i] = address.Named{Name: p.Name, Also: p.Also, Kind: p.Kind, Pos: degrees(p.Pos)}
		if kind != "" {
			out[i].Kind = kind
		}
		if len(p.Box) == len(out[i].Box) {
			for k, deg := range p.Box {
				out[i].Box[k] = float64(deg) / 1e6
			}
		}
	}
	return out
}

func micro(p ems.WGS84) [2]int { return [2]int{round(p.Lat), round(p.Lon)} }

func round(deg float64) int {
	if deg < 0 {
		return -int(-deg*1e6 + 0.5)
	}
	return int(deg*1e6 + 0.5)
}

func degrees(p [2]int) ems.WGS84 {
	return ems.WGS84{Lat: float64(p[0]) / 1e6, Lon: float64(p[1]) / 1e6}
}
