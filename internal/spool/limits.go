package spool

import (
	"time"

	"lifeline120/internal/wire"
)

// Bounds of the spool. Each says why, and what happens there.
const (
	// defaultTotal and its parts are the bounds where the configuration names none: a day of every device of one vehicle with no
	// link. Beyond them the oldest of the least precious lane is dropped (DLV-007).
	defaultTotal    int64 = 1 << 30
	defaultWave     int64 = 768 << 20
	defaultReading  int64 = 128 << 20
	defaultPosition int64 = 64 << 20
	defaultPhoto    int64 = 64 << 20
	// shedPart: what is dropped at a bound is at least this part of it, so that a full spool makes a gap record in minutes, not
	// with every commit.
	shedPart = 16
	// calmPart: a lane that dropped is called capped until this part of the bound is free again.
	calmPart = 8
	// maxBody is the longest body: longer ones could never be sent, and are refused before they are numbered.
	maxBody = wire.MaxBody
	// maxKeepValue and maxKeepKeys bound the small values, which are held in memory; beyond them Put refuses before anything is
	// numbered.
	maxKeepValue = 1 << 20
	maxKeepKeys  = 1024
	// maxPending is how many bytes of bodies may wait in memory for their commit. Beyond it Put commits at once; when the disk
	// refuses, the oldest of the least precious of them are dropped, the urgent ones never.
	maxPending = 1 << 20
	// blockLeast and blockMost bound how many sequences of a lane are reserved beyond those committed. A crash turns what is
	// left of a block into a gap record, so it may name up to a block of numbers that were never used.
	blockLeast = 64
	blockMost  = 4096
	// maxRanges is how many separate ranges of one lane may be remembered as deleted; ranges that would make more are not deleted
	// until the centre's gapless part has reached them.
	maxRanges = 256
	// maxEpochs is how many epochs that hold nothing more are remembered, so that a restored centre is told what was deleted.
	maxEpochs = 16
	// maxOrdinals is how many epochs one file can number: 15 bits of the key.
	maxOrdinals = 1<<15 - 1
	// maxFaults bounds the lines that Faults tells; later ones are only counted.
	maxFaults = 32
	// roomStep is how many bytes of bodies are dropped at first when the disk is full; it doubles with each of roomTries tries, so
	// that twice maxPending is freed in the end. When even that does not help, dropping more would not.
	roomStep  = 64 << 10
	roomTries = 6
	// logPages is how long the log grows before it is written back.
	logPages = 256
	// ballastBytes are kept back on disk and given up when it is full. They hold whatever the log may still have to write back
	// (logPages and one commit of maxPending, twice for the tree above it); after that the database works within its own size.
	ballastBytes = 4 << 20
	// ballastEvery is how long to wait before taking the ballast back, as each try may fail on a disk that is still full.
	ballastEvery = time.Minute
	// maxAside is how many damaged files are kept for the technician; older ones are deleted.
	maxAside = 2
	// maxTrip is the bytes of bodies in one transaction of a salvage.
	maxTrip = 1 << 20
	// maxHead bounds what is read from a witness file; a head is a few kilobytes.
	maxHead = 4 << 20
)
