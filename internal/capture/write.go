package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/ems"
)

// Writer writes one capture file. Each call writes whole lines, so that a file cut off by a power failure lacks at most
// its last line.
type Writer struct {
	w    io.Writer
	last time.Duration
}

// NewWriter writes the header and is ready for chunks.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	if _, err := w.Write(h.text()); err != nil {
		return nil, fmt.Errorf("write capture header: %w", err)
	}
	return &Writer{w: w}, nil
}

func (h Header) text() []byte {
	var b bytes.Buffer
	b.WriteString(magic + "\n")
	put := func(key, value string) {
		for line := range strings.SplitSeq(value, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				b.WriteString(key + ": " + line + "\n")
			}
		}
	}
	// A key that must stand once stands on one line, whatever the value held.
	once := func(key, value string) { put(key, strings.Join(strings.Fields(value), " ")) }
	once("device", h.Device)
	once("driver", h.Driver)
	once("firmware", h.Firmware)
	once("obtained", h.Obtained)
	once("date", h.Date)
	if h.Line != (ems.Line{}) {
		once("line", h.Line.String())
	}
	if !h.Start.IsZero() {
		once("start", h.Start.UTC().Format(time.RFC3339Nano))
	}
	put("expectation", h.Expectation)
	put("note", h.Note)
	b.WriteByte('\n')
	return b.Bytes()
}

// Write adds one chunk; a long one becomes several lines of the same time. Times must not run backwards.
func (w *Writer) Write(c Chunk) error {
	at := c.At.Round(time.Microsecond)
	if at < w.last {
		return fmt.Errorf("write capture: time runs backwards from %v to %v", w.last, at)
	}
	if len(c.Bytes) == 0 {
		return errors.New("write capture: a chunk needs bytes")
	}
	w.last = at
	prefix := stamp(at) + " " + c.Dir.String() + " "
	var b bytes.Buffer
	for rest := c.Bytes; len(rest) > 0; {
		n := textRun(rest)
		b.WriteString(prefix)
		if n > 0 {
			b.WriteString(strconv.Quote(string(rest[:n])))
		} else {
			n = hexRun(rest)
			fmt.Fprintf(&b, "% x", rest[:n])
		}
		b.WriteByte('\n')
		rest = rest[n:]
	}
	if _, err := w.w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write capture: %w", err)
	}
	return nil
}

// stamp is seconds with three places, or six when the time needs them.
func stamp(at time.Duration) string {
	if at%time.Millisecond == 0 {
		return fmt.Sprintf("%d.%03d", at/time.Second, at%time.Second/time.Millisecond)
	}
	return fmt.Sprintf("%d.%06d", at/time.Second, at%time.Second/time.Microsecond)
}

// hexRun is how many bytes go on the next line of hex.
func hexRun(p []byte) int {
	for n := 1; n < min(len(p), bytesPerLine); n++ {
		if p[n-1] == '\n' && textRun(p[n:]) > 0 {
			return n
		}
	}
	return min(len(p), bytesPerLine)
}

// textRun is how many bytes, up to and with the next line feed, read better as text; 0 when they do not. At least eight
// printable characters in a row are wanted, so that binary frames stay hex.
func textRun(p []byte) int {
	const least = 8
	for i, b := range p {
		switch {
		case b == '\n' && i+1 >= least:
			return i + 1
		case b >= ' ' && b < 0x7f, b == '\r', b == '\n':
			if i+1 == textPerLine {
				return textPerLine
			}
		default:
			return 0
		}
	}
	if len(p) < least {
		return 0
	}
	return len(p)
}
