package agent

import (
	"time"

	"lifeline120/internal/spool"
)

// heldBounds bound what is held in memory while the disk does not answer; what is urgent is never dropped (DLV-007). It is gone with the
// power, and was sent.
var heldBounds = spool.Bounds{Total: 8 << 20, Wave: 4 << 20, Reading: 2 << 20, Position: 1 << 20}

const (
	// flushEvery is how long readings and waves are gathered before they go out: a tenth of a second of ECG is one message, and
	// stays within the budget of 250 ms from the serial line to the hospital's page.
	flushEvery = 100 * time.Millisecond
	// lookEvery is how often a serial port is looked at: 230 bytes at 115200 baud, far below the kernel's buffer of 4 kB, and a fifth of
	// flushEvery.
	lookEvery = 20 * time.Millisecond
	// maxChunk bounds one wave message: half a second at 500 Hz. A longer run is cut; its counters join it again.
	maxChunk = 250
	// heldBack is how old samples are when they come that a driver held back, longer than bytes take from the port.
	heldBack = time.Second
	// maxOutputs, maxDown, maxActs bound what waits for the vehicle's goroutine. A full queue makes the sender wait: the serial line's
	// watcher (the kernel buffers), the broker's callback (dropped and resent by the centre: DLV-005), the terminal's request.
	maxOutputs = 256
	maxDown    = 64
	maxActs    = 64
	// owedPositionMission and owedPositionIdle are how often a position is owed; between them positions are live only (a position every 5 s on a mission and every 30 s otherwise is the usual of fielded terminals).
	owedPositionMission = 5 * time.Second
	owedPositionIdle    = 30 * time.Second
	// presenceEvery repeats presence; a change of a device sends it at once.
	presenceEvery = 10 * time.Second
	// slotQuiet is how long a wave may be silent before its slot leaves the terminal: as long as a number stays before it is absent.
	slotQuiet = 10 * time.Second
	// badLogEvery: of messages that make no sense one is logged in this time, with how many were not.
	badLogEvery = time.Minute
	// changeLogEvery is how often an error is logged that is another one than before.
	changeLogEvery = 10 * time.Second
	// stallAfter is how long the disk may take before the vehicle goes on without it: an SOS does not wait for it (ALM-001). The centre gives
	// its own store as long (DLV-006).
	stallAfter = time.Second
	// probeEvery is how often new serial ports are looked for when none are configured.
	probeEvery = 3 * time.Second
	// PortsWait is how long `ports` listens by itself: every setting of every driver once, with the time that a device which must be spoken
	// to may take to answer.
	PortsWait = 35 * time.Second
	// maxHeld bounds what `record` holds until it knows what speaks, as PortsWait bounds for how long; then the header is written without.
	maxHeld = 1 << 20
	// tailTicks is how many seconds `decode` lets pass after the last byte: a receiver's epoch is given out 1.5 s after its last sentence.
	tailTicks = 3
	// maxTracked bounds the channels remembered for the terminal; a device cannot invent more.
	maxTracked = 128
	// recallPage and maxRecallBytes bound one read of what is owed when the agent starts.
	recallPage     = 500
	maxRecallBytes = 4 << 20
	// maxBody bounds a request of the terminal. maxHandover bounds what a tablet gives back at once: 500 entries, of which the largest are
	// notes of 4,000 characters; a tablet sends less, and one by one what is refused.
	maxBody     = 64 << 10
	maxHandover = 1 << 20
	// maxPhotoBody bounds a request that brings a photo: base64 of cab.MaxPhotoBytes, and what is said beside it.
	maxPhotoBody = 720 << 10
	// maxPhotosOwed is how many bytes of photos a vehicle owes at most: some eighty. Beyond it, and on a short disk, a photo is refused at the
	// door and stays on the tablet, long before a reading would be dropped (DLV-007).
	maxPhotosOwed = 16 << 20
	// askPatience is how long the terminal waits for the centre's ranking of hospitals before it lists them by distance; maxAsks bounds the
	// pages that wait at once.
	askPatience = 3 * time.Second
	maxAsks     = 8
)
