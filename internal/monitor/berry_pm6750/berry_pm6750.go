// Package berry_pm6750 speaks with the Berry PM6750 multi-parameter board: ECG of seven leads, pulse oximetry, two
// temperatures, respiration and non-invasive blood pressure over one serial line at 115200 8N1.
//
// Facts are from the maker's manual (frames p. 4, commands p. 7, tables p. 10, vector p. 12) and from measurements on a
// board, both as told in Abrunacci/berry_med, docs/protocolo_berry.md and docs/ecg.md:
//   - Both ways a frame is 55 AA N type data... SUM with N = bytes of type and data + 2, SUM = ~(N + type + data) & FF.
//   - The board is silent until each output is enabled.
//   - ECG samples are 0 to 250 about 128, seven leads of one instant, 250 a second (250.7 measured); pleth and respiration
//     50 a second (the manual says 40 for pleth, 50 was measured). Only I, II and V are measured, the others follow from them.
//   - How many millivolts a step is, the manual does not say. LSB is therefore 0, "not calibrated", at every gain.
//   - A rate of 0 is the board's word for "none". It is taken as a number only with the rhythm code for asystole, all
//     electrodes on. Respiration 0 may be apnoea or no signal, which the board does not tell apart: no value, searching.
//
// Blood pressure: while the cuff inflates the board sends 0/0/0, which never become readings; the cuff's own pressure and
// the state of the measurement are readings of the cuff channel. A result is given once, when it is measured, so that its
// time is its own; a result found standing in the board at the start is questioned, for its age is unknown. A failed
// measurement is a device error of the cuff channel and leaves the last result to age.
//
// The board numbers nothing. Lost samples are counted from damaged frames and from time, see monitor.Strip.
package berry_pm6750

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
)

// Driver is the line for monitor/drivers.
func Driver() monitor.Driver {
	return monitor.Driver{
		Name: "berry_pm6750", Make: "Berry", Model: "PM6750",
		Lines:    []ems.Line{ems.Serial8N1(115200)},
		MaxQuiet: 3 * time.Second, // parameters come once a second
		Channels: []ems.Channel{ems.HeartRate, ems.RespRate, ems.STLevel, ems.ECGCode, ems.SpO2, ems.PulseRate, ems.NIBPSys,
			ems.NIBPMean, ems.NIBPDia, ems.CuffPress, ems.Temp1, ems.Temp2, ems.ECGI, ems.ECGII, ems.ECGIII, ems.ECGAVR,
			ems.ECGAVL, ems.ECGAVF, ems.ECGV, ems.PlethWave, ems.RespWave},
		Talks: true,
		New:   func() monitor.Session { return newSession() },
	}
}

// Frame types of the board.
const (
	typeECG      = 0x01
	typeECGState = 0x02
	typeNIBP     = 0x03
	typeSpO2     = 0x04
	typeTemp     = 0x05
	typePleth    = 0xFE
	typeResp     = 0xFF
)

// Commands to the board. 0B, 0C, 0D, 0E and 10 calibrate or test pressure and temperature: they are never sent, and so
// have no names here.
const (
	cmdECG      = 0x01
	cmdNIBP     = 0x02
	cmdSpO2     = 0x03
	cmdTemp     = 0x04
	cmdECGGain  = 0x07
	cmdECGMode  = 0x08
	cmdNIBPMode = 0x09
	cmdRespGain = 0x0F
	cmdPleth    = 0xFE
	cmdResp     = 0xFF
)

const (
	gainHalf    = 0x02
	gainOne     = 0x03
	modeMonitor = 0x02 // 0.5 to 75 Hz: steady enough for a moving ambulance
	// Whom the cuff is inflated for, and how far unless told otherwise.
	nibpAdult   = 0x01 // 150 mmHg
	nibpChild   = 0x02 // 100 mmHg
	nibpNeonate = 0x03 // 70 mmHg
)

// command is one frame to the board. The board loses commands that follow each other too closely (seen on its BLE side).
func command(cmd, value byte) monitor.Write {
	b := []byte{0x55, 0xAA, 4, cmd, value, 0}
	b[5] = checksum(b[2:5])
	return monitor.Write{Bytes: b, Pause: commandPause}
}

// checksum is over N, type and data.
func checksum(b []byte) byte {
	var sum byte
	for _, v := range b {
		sum += v
	}
	return ^sum
}

// lengths are the fewest and most data bytes of the types we know: firmware differs in how much it adds (ST and code of
// the ECG state, the second temperature).
func lengths(kind byte) (least, most int) {
	switch kind {
	case typeECG:
		return 7, 7
	case typeECGState:
		return 3, 8
	case typeNIBP:
		return 5, 8
	case typeSpO2:
		return 3, 8
	case typeTemp:
		return 3, 8
	case typePleth, typeResp:
		return 1, 1
	}
	return 0, frameMax - 4
}

// cut looks for a frame at the start of b: its whole length, 0 when more bytes must come first, -1 when none starts here.
// broken is the type of a frame whose sum alone is wrong, 0 otherwise.
func cut(b []byte) (n int, broken byte) {
	if b[0] != 0x55 || len(b) > 1 && b[1] != 0xAA {
		return -1, 0
	}
	if len(b) < 4 {
		return 0, 0
	}
	least, most := lengths(b[3])
	data := int(b[2]) - 3
	if data < least || data > most {
		return -1, 0
	}
	n = data + 5
	if len(b) < n {
		return 0, 0
	}
	if checksum(b[2:n-1]) != b[n-1] {
		return -1, b[3]
	}
	return n, 0
}
