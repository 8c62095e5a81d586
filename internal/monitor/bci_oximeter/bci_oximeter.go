// Package bci_oximeter reads the 5-byte pulse oximetry of BCI, which the Contec CMS50D+ (old firmware), Berry's and many
// other small oximeter boards speak.
//
// Facts are from atbrask/CMS50Dplus, whose unit tests cover every bit: byte 0 has bit 7 set and the others have not; byte 0
// bit 6 beep, 5 SpO2 falling, 4 no finger (or searched too long), 3 to 0 signal; byte 1 pleth 0 to 127; byte 2 bit 6 is bit
// 7 of the pulse rate, 5 searching, 4 probe error, 3 to 0 bar; byte 3 pulse rate; byte 4 SpO2. SpO2 127 and pulse 255 are
// "none". There is no checksum and no counter: a frame counts only once two in a row are well formed, and what the line
// lost is estimated from bytes and time (monitor.Strip).
//
// The CMS50D+ sends 60 frames a second; boards of other makers 50 to 100, and none says which. So the session measures it from
// when bytes come (meter). Until it knows, readings are given and the pleth is withheld, because one drawn at a wrong rate shows a
// wrong rhythm; then it comes with the times at which it was received. A rate that proves to be another begins a new stream.
// Readings are given when they change, and once a second when they do not.
package bci_oximeter

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
)

// Driver is the line for monitor/drivers.
func Driver() monitor.Driver {
	odd := func(baud int) ems.Line { return ems.Line{Baud: baud, DataBits: 8, Parity: "O", StopBits: 1} }
	return monitor.Driver{
		Name: "bci_oximeter", Make: "BCI", Model: "5-byte oximeter",
		// CMS50D+ first, then BCI's own setting, then what boards were seen to be sold with.
		Lines:    []ems.Line{odd(19200), odd(4800), odd(9600), ems.Serial8N1(9600), ems.Serial8N1(4800), ems.Serial8N1(115200)},
		MaxQuiet: 2 * time.Second,
		Channels: []ems.Channel{ems.SpO2, ems.PulseRate, ems.PulseForce, ems.PlethWave},
		New:      func() monitor.Session { return newSession() },
	}
}

// frameLen is the length of every frame.
const frameLen = 5

// wellFormed says whether b, which starts where a frame should, has bit 7 set in the first byte of each frame only.
func wellFormed(b []byte) bool {
	for i, v := range b {
		if (v >= 0x80) != (i%frameLen == 0) {
			return false
		}
	}
	return true
}
