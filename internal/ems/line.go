package ems

import "strconv"

// Line is how a serial line is set: "115200 8N1".
type Line struct {
	Baud     int    `json:"baud" yaml:"baud"`
	DataBits int    `json:"data_bits" yaml:"data_bits"` // 7 or 8
	Parity   string `json:"parity" yaml:"parity"`       // "N", "E" or "O"
	StopBits int    `json:"stop_bits" yaml:"stop_bits"` // 1 or 2
}

// String is the usual short form: "19200 8O1".
func (l Line) String() string {
	return strconv.Itoa(l.Baud) + " " + strconv.Itoa(l.DataBits) + l.Parity + strconv.Itoa(l.StopBits)
}

// Serial8N1 is the line nearly every device uses, at the given baud rate.
func Serial8N1(baud int) Line { return Line{Baud: baud, DataBits: 8, Parity: "N", StopBits: 1} }
