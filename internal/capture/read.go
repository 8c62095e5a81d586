package capture

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/ems"
)

// magic is the first line of every capture file of version 1.
const magic = "lifeline capture 1"

const magicStem = "lifeline capture"

// Read takes a whole file and gives its chunks: a capture, hex text or raw bytes, whichever it is (Header.Form says). Hex
// text is a text whose first line with anything on it is pairs of hex digits, with or without 0x, spaces and commas; from
// '#' on a line is a comment. Hex text and raw bytes become one chunk, received at 0. Errors say the line.
func Read(b []byte) ([]Chunk, Header, error) {
	if len(b) > FileMax {
		return nil, Header{}, fmt.Errorf("read capture: %d bytes are more than %d: cut the file into pieces", len(b), FileMax)
	}
	if len(b) == 0 {
		return nil, Header{}, errors.New("read capture: the file is empty")
	}
	switch {
	case bytes.HasPrefix(b, []byte(magicStem)):
		return readCapture(string(b))
	case looksHex(b):
		return readHex(string(b))
	}
	return []Chunk{{Bytes: bytes.Clone(b)}}, Header{Form: Raw}, nil
}

// lines walks text line by line, without the line's end, and stops at fn's first error, to which it adds the number.
func lines(text string, fn func(n int, line string) error) error {
	for n := 1; text != ""; n++ {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if len(line) > lineMax {
			return fmt.Errorf("read capture: line %d: longer than %d bytes", n, lineMax)
		}
		if err := fn(n, strings.TrimSuffix(line, "\r")); err != nil {
			return fmt.Errorf("read capture: line %d: %w", n, err)
		}
	}
	return nil
}

func readCapture(text string) ([]Chunk, Header, error) {
	h := Header{Form: Capture}
	var chunks []Chunk
	seen := map[string]bool{}
	inHeader, last := true, time.Duration(0)
	err := lines(text, func(n int, line string) error {
		trimmed := strings.TrimSpace(line)
		switch {
		case n == 1:
			if trimmed != magic {
				return fmt.Errorf("%q is not a format that this version reads: the first line must be %q", trimmed, magic)
			}
		case strings.HasPrefix(trimmed, "#"):
		case inHeader && n > headerMax:
			return fmt.Errorf("the header has no end: put an empty line before the first chunk")
		case inHeader && trimmed == "":
			inHeader = false
		case inHeader:
			return h.set(trimmed, seen)
		case trimmed == "":
		default:
			c, err := parseChunk(trimmed)
			if err != nil {
				return err
			}
			if c.At < last {
				return fmt.Errorf("time runs backwards from %v to %v", last, c.At)
			}
			last = c.At
			chunks = append(chunks, c)
		}
		return nil
	})
	if err != nil {
		return nil, Header{}, err
	}
	return chunks, h, nil
}

// set takes one header line.
func (h *Header) set(line string, seen map[string]bool) error {
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("%q is no header line: write `key: value`, and an empty line before the first chunk", shorten(line))
	}
	value = strings.TrimSpace(value)
	repeats := key == "expectation" || key == "note"
	if seen[key] && !repeats {
		return fmt.Errorf("%s is given twice", key)
	}
	seen[key] = true
	var err error
	switch key {
	case "device":
		h.Device = value
	case "driver":
		h.Driver = value
	case "firmware":
		h.Firmware = value
	case "obtained":
		h.Obtained = value
	case "date":
		h.Date = value
	case "line":
		h.Line, err = parseLine(value)
	case "start":
		if h.Start, err = time.Parse(time.RFC3339Nano, value); err != nil {
			return fmt.Errorf("read start %q: write it like 2026-11-21T08:00:00Z", shorten(value))
		}
		h.Start = h.Start.UTC()
	case "expectation":
		h.Expectation = join(h.Expectation, value)
	case "note":
		h.Note = join(h.Note, value)
	default:
		return fmt.Errorf("unknown key %q: use device, driver, firmware, obtained, date, line, start, expectation or note", shorten(key))
	}
	return err
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}

// parseLine reads "115200 8N1".
func parseLine(s string) (ems.Line, error) {
	bad := fmt.Errorf("read line settings %q: write them like 115200 8N1", shorten(s))
	baud, rest, ok := strings.Cut(s, " ")
	if !ok || len(rest) != 3 {
		return ems.Line{}, bad
	}
	rate, err := strconv.Atoi(baud)
	if err != nil || rate < 50 || rate > 4_000_000 {
		return ems.Line{}, bad
	}
	l := ems.Line{Baud: rate, DataBits: int(rest[0] - '0'), Parity: rest[1:2], StopBits: int(rest[2] - '0')}
	if l.DataBits != 7 && l.DataBits != 8 || !strings.Contains("NEO", l.Parity) || l.StopBits != 1 && l.StopBits != 2 {
		return ems.Line{}, bad
	}
	return l, nil
}

func parseChunk(line string) (Chunk, error) {
	stamp, rest, _ := strings.Cut(line, " ")
	seconds, err := strconv.ParseFloat(stamp, 64)
	if err != nil || !(seconds >= 0 && seconds <= secondsMax) {
		return Chunk{}, fmt.Errorf("read time %q: write seconds since the start, like 0.250", shorten(stamp))
	}
	// Rounded to the microsecond, which is what the Writer writes.
	c := Chunk{At: time.Duration(seconds*1e6+0.5) * time.Microsecond}
	word, rest, _ := strings.Cut(strings.TrimSpace(rest), " ")
	switch word {
	case "rx":
	case "tx":
		c.Dir = TX
	default:
		return Chunk{}, fmt.Errorf("read direction %q: write rx (from the device) or tx (to it)", shorten(word))
	}
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, `"`) {
		text, err := strconv.Unquote(rest)
		if err != nil {
			return Chunk{}, fmt.Errorf("read text %s: one quoted string in Go's syntax is wanted", shorten(rest))
		}
		c.Bytes = []byte(text)
	} else if c.Bytes, err = parseHex(rest); err != nil {
		return Chunk{}, err
	}
	if len(c.Bytes) == 0 {
		return Chunk{}, errors.New("no bytes after the direction")
	}
	return c, nil
}

// parseHex reads pairs of hex digits, grouped or not.
func parseHex(s string) ([]byte, error) {
	var out []byte
	for _, word := range strings.FieldsFunc(s, isSeparator) {
		digits := strings.TrimPrefix(strings.TrimPrefix(word, "0x"), "0X")
		b, err := hex.DecodeString(digits)
		if err != nil {
			return nil, fmt.Errorf("read hex %q: %w", shorten(word), err)
		}
		out = append(out, b...)
	}
	return out, nil
}

func isSeparator(r rune) bool { return r == ' ' || r == '\t' || r == ',' }

// looksHex says whether a file is meant as hex text: its first line with anything on it is.
func looksHex(b []byte) bool {
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		if len(line) > lineMax {
			return false
		}
		text, _, _ := strings.Cut(string(line), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		got, err := parseHex(text)
		return err == nil && len(got) > 0
	}
	return false
}

func readHex(text string) ([]Chunk, Header, error) {
	var out []byte
	err := lines(text, func(_ int, line string) error {
		line, _, _ = strings.Cut(line, "#")
		b, err := parseHex(strings.TrimSpace(line))
		out = append(out, b...)
		return err
	})
	if err != nil {
		return nil, Header{}, err
	}
	return []Chunk{{Bytes: out}}, Header{Form: Hex}, nil
}

// shorten keeps error texts readable whatever the file holds.
func shorten(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
