package serialport

import "time"

// Bounds and times of the supervisor. What happens at each bound stands beside it.
const (
	// listenTime is how long one line setting is listened to: two seconds of a receiver that speaks once a second, and a
	// bit. Beyond it the next setting is tried.
	listenTime = 2500 * time.Millisecond
	// talkTime is how long a device that was spoken to may take to answer, after the last byte of the greeting.
	talkTime = 1500 * time.Millisecond
	// decideBytes is how much must be heard before a codec is chosen early: two chance frames of a short protocol
	// without a checksum are not yet a device.
	decideBytes = 64
	// decideFrames is how many valid frames a codec must have found to be chosen.
	decideFrames = 2
	// sniffMax bounds what is kept of one listening; at 460800 baud listenTime brings 115 kB. Beyond it listening ends.
	sniffMax = 128 << 10
	// readSize is the most that one Read takes.
	readSize = 4096
	// readWait bounds one Read, and with it how late a command or the next paced write goes out.
	readWait = 100 * time.Millisecond
	// tickEvery is how often a session gets its Tick.
	tickEvery = time.Second
	// writeWait is how long one write may hang (a stuck adapter); then the port is closed and opened anew.
	writeWait = 2 * time.Second
	// sendsMax bounds writes waiting for their pauses; more are dropped and counted as lost: sessions repeat what matters.
	sendsMax = 64
	// backoffMin and backoffMax bound the wait before an absent port is tried again: a replugged cable heals within 2 s.
	backoffMin = 250 * time.Millisecond
	backoffMax = 2 * time.Second
	// commandWait is how long Do waits for the session to take the command.
	commandWait = 3 * time.Second
)
