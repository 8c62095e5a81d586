// Package capture reads and writes capture files: what one serial device and we said to each other, byte for byte and
// second for second. The format is the same for recordings from the road, for captures built from a manual, and for what
// `vehicle-agent record` writes and `replay` and `decode` read. A file is lines of text that a person can read, compare
// and mend:
//
//	lifeline capture 1
//	device: Berry PM6750
//	driver: berry_pm6750
//	firmware: 1.2
//	obtained: built from the manual, page 12
//	date: 2026-11-21
//	line: 115200 8N1
//	expectation: pulse oximetry speaks, no finger
//
//	# a comment
//	0.000 tx 55 aa 04 03 01 f7
//	0.050 rx 55 aa 0a 01 80 80 80 80 80 80 80 74
//	1.000 rx "$GNRMC,,V,,,,,,,,,,N*4D\r\n"
//
// The first line names the format. Then come keys, each once but for expectation and note, which continue over several
// lines; then an empty line; then one chunk a line: seconds since the start, the direction as the computer sees it (rx
// from the device, tx to it), and the bytes, as hex pairs or as one quoted string in Go's syntax. Time never runs
// backwards. Read also takes plain hex text and raw bytes, so that anything found in the field can be decoded.
package capture

import (
	"time"

	"lifeline120/internal/ems"
)

// Direction is the way that bytes went, as the computer sees it. The zero value is from the device.
type Direction uint8

// Directions.
const (
	RX Direction = iota // from the device
	TX                  // to the device
)

// String is the word in the file: "rx" or "tx".
func (d Direction) String() string {
	if d == TX {
		return "tx"
	}
	return "rx"
}

// Chunk is bytes that went one way at one time.
type Chunk struct {
	At    time.Duration // since the start of the capture; kept to the microsecond
	Dir   Direction
	Bytes []byte
}

// Form is how a file held its bytes.
type Form uint8

// Forms.
const (
	Raw     Form = iota // bytes as they came from the line, without times
	Hex                 // hex text, without times
	Capture             // the format of this package
)

// String names the form for people.
func (f Form) String() string {
	switch f {
	case Capture:
		return "capture"
	case Hex:
		return "hex text"
	case Raw:
	}
	return "raw bytes"
}

// Header says what a capture is of. Every field is text for people but Line and Start; an empty field is not known.
type Header struct {
	Device      string    // make and model
	Driver      string    // our driver or dialect that reads it
	Firmware    string    // as the device states it
	Obtained    string    // "recorded on ..." or "built from the manual ..."
	Date        string    // when the capture was obtained, YYYY-MM-DD
	Line        ems.Line  // settings of the line; the zero value is not known
	Start       time.Time // our time of the first chunk, UTC; zero when built by hand
	Expectation string    // what a decoder should make of it; may have several lines
	Note        string    // anything else, the source above all; may have several lines
	Form        Form      // set by Read; Writer writes Capture only
}
