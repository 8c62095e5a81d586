// Package photo knows what a JPEG is made of: enough to refuse what is none, and to take out of it what the camera wrote beside the
// picture (place, time, owner, a second picture). It decodes no picture.
package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Errors of Clean.
var (
	// ErrNotJPEG is something else, or a JPEG that breaks off.
	ErrNotJPEG = errors.New("photo: no JPEG")
	// ErrTooBig is a picture with more pixels than a desk should be made to draw.
	ErrTooBig = errors.New("photo: too many pixels")
)

// Picture is a JPEG without what stood beside the picture.
type Picture struct {
	Bytes         []byte
	Width, Height int // as it is to be shown: turned, if the camera says so
}

// Markers (ITU-T T.81 table B.1).
const (
	soi, eoi, sos, dri = 0xD8, 0xD9, 0xDA, 0xDD
	dqt, dht, dac      = 0xDB, 0xC4, 0xCC
	app1, app14        = 0xE1, 0xEE
)

// Clean walks the segments of a JPEG and keeps those that make the picture: tables, frame and scans, up to its end. Comments and
// application segments go, with every position and name in them; two things that change how the picture looks stay: how it is to be
// turned (Exif tag 0x0112, written anew) and Adobe's colour transform. The first thing that is wrong refuses the whole.
func Clean(raw []byte) (Picture, error) {
	if len(raw) < 4 || raw[0] != 0xFF || raw[1] != soi || raw[2] != 0xFF {
		return Picture{}, ErrNotJPEG
	}
	var p Picture
	turned := uint16(1)
	out := make([]byte, 0, len(raw)+len(turnedBlock(1)))
	scans := 0
	for at := 2; ; {
		for at < len(raw) && raw[at] == 0xFF && at+1 < len(raw) && raw[at+1] == 0xFF {
			at++ // fill bytes
		}
		if at+1 >= len(raw) || raw[at] != 0xFF {
			return p, fmt.Errorf("%w: no marker at byte %d", ErrNotJPEG, at)
		}
		m := raw[at+1]
		if m == eoi {
			break
		}
		if at+4 > len(raw) {
			return p, fmt.Errorf("%w: it breaks off", ErrNotJPEG)
		}
		n := int(binary.BigEndian.Uint16(raw[at+2:]))
		end := at + 2 + n
		if n < 2 || end > len(raw) {
			return p, fmt.Errorf("%w: a segment is longer than the rest", ErrNotJPEG)
		}
		body := raw[at+4 : end]
		switch {
		case frame(m):
			if len(body) < 6 || p.Width != 0 {
				return p, fmt.Errorf("%w: frame", ErrNotJPEG)
			}
			p.Height, p.Width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
			switch {
			case p.Width == 0 || p.Height == 0:
				return p, fmt.Errorf("%w: no size", ErrNotJPEG)
			case p.Width > MaxSide || p.Height > MaxSide || p.Width*p.Height > MaxPixels:
				return p, fmt.Errorf("%w: %d x %d", ErrTooBig, p.Width, p.Height)
			}
			out = append(out, raw[at:end]...)
		case m == dqt, m == dht, m == dac, m == dri:
			out = append(out, raw[at:end]...)
		case m == app14 && len(body) == 12 && bytes.HasPrefix(body, []byte("Adobe")):
			out = append(out, raw[at:end]...)
		case m == app1 && turned == 1:
			turned = orientation(body)
		case m == sos:
			if scans++; p.Width == 0 || scans > maxScans {
				return p, fmt.Errorf("%w: scan", ErrNotJPEG)
			}
			if end = scan(raw, end); end < 0 {
				return p, fmt.Errorf("%w: it breaks off", ErrNotJPEG)
			}
			out = append(out, raw[at:end]...)
		case m >= 0xE0 && m <= 0xEF, m == 0xFE: // application segments and comments
		default:
			return p, fmt.Errorf("%w: marker %#x", ErrNotJPEG, m)
		}
		at = end
	}
	if scans == 0 {
		return p, fmt.Errorf("%w: no picture in it", ErrNotJPEG)
	}
	head := append([]byte{0xFF, soi}, turnedBlock(turned)...)
	p.Bytes = append(append(head, out...), 0xFF, eoi)
	if turned >= 5 {
		p.Width, p.Height = p.Height, p.Width
	}
	return p, nil
}

// frame says whether m begins a frame that screens can draw: baseline, extended or progressive, Huffman coded.
func frame(m byte) bool { return m >= 0xC0 && m <= 0xC2 }

// scan gives where the marker after a scan's coded bytes stands; -1 when there is none.
func scan(raw []byte, at int) int {
	for ; at+1 < len(raw); at++ {
		if raw[at] != 0xFF {
			continue
		}
		if m := raw[at+1]; m != 0 && m != 0xFF && (m < 0xD0 || m > 0xD7) { // stuffed, fill, restart
			return at
		}
	}
	return -1
}

// orientation reads how a camera says that its picture is to be turned; 1 (not at all) when it does not.
func orientation(b []byte) uint16 {
	b, ok := bytes.CutPrefix(b, []byte("Exif\x00\x00"))
	if !ok || len(b) < 14 {
		return 1
	}
	var order binary.ByteOrder
	switch string(b[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	for n := int(order.Uint16(b[at:])); n > 0; n-- {
		e := at + 2 + 12*int64(n-1)
		if e+12 > int64(len(b)) {
			continue
		}
		if order.Uint16(b[e:]) == 0x0112 {
			if v := order.Uint16(b[e+8:]); v >= 1 && v <= 8 {
				return v
			}
		}
	}
	return 1
}

// turnedBlock is an Exif segment that says nothing but how to turn.
func turnedBlock(v uint16) []byte {
	if v == 1 {
		return nil
	}
	return []byte{0xFF, app1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1,
		byte(v >> 8), byte(v), 0, 0, 0, 0, 0, 0}
}
