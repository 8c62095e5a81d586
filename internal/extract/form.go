package extract

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"sync/atomic"

	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"
	"github.com/paulmach/osm/osmxml"
)

// counted is a reader that says from any goroutine how far it is.
type counted struct {
	r io.Reader
	n atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// scanner of a file by what it begins with: names of files lie. Packed files are unpacked, XML within or without.
func scanner(ctx context.Context, r io.Reader) (osm.Scanner, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	for range 2 { // packed once at most
		head, err := b.Peek(3)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		switch {
		case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
			z, err := gzip.NewReader(b)
			if err != nil {
				return nil, err
			}
			b = bufio.NewReaderSize(z, 1<<16)
		case bytes.HasPrefix(head, []byte("BZh")):
			b = bufio.NewReaderSize(bzip2.NewReader(b), 1<<16)
		case len(head) > 0 && (head[0] == '<' || head[0] == '\n' || bytes.Equal(head, []byte("\xef\xbb\xbf"))):
			return osmxml.New(ctx, &marked{r: b}), nil
		default:
			return osmpbf.New(ctx, b, 1), nil
		}
	}
	return nil, errors.New("it is packed twice")
}

// maxElement: so long may XML be without an end of a tag. Real ones have some hundreds of bytes; a note of a mapper some thousands.
const maxElement = 1 << 20

// marked reads XML and stops where a tag does not end: it would be held in memory whole.
type marked struct {
	r    io.Reader
	open int
}

func (m *marked) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	if i := bytes.LastIndexByte(b[:n], '>'); i >= 0 {
		m.open = n - i - 1
	} else if m.open += n; m.open > maxElement {
		return n, errors.New("a tag goes on for a million characters")
	}
	return n, err
}

// cut says whether an error is of a file that ends too early.
func cut(err error) bool {
	var s *xml.SyntaxError
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &s) && s.Msg == "unexpected EOF"
}
