package store

import "time"

// Limits. Whatever comes in from outside meets one of these before it meets memory or disk (ACC-003).
const (
	// MaxRead is the most rows one read gives: a page of 4,096 wave chunks is about 6 MB. A limit of 0 or above it means MaxRead.
	MaxRead = 4096
	// MaxBody is the largest body of an event or an owed message. A raw 12-lead of 10 s is 120 kB; more is refused (ErrRefused).
	MaxBody = 1 << 20
	// MaxDocument is the largest document or snapshot; the state of a province's desk is some 10 MB.
	MaxDocument = 64 << 20
	// MaxEntries is the most entries of one Append; more is refused.
	MaxEntries = 4096
	// MaxBeyond is how many ranges beyond the gapless part one lane may have. A unit sends in order within a window, so honest lanes
	// have a few; the set is rewritten with each commit. An entry that would open one more is refused, those that close one are not.
	MaxBeyond = 1024
	// MaxConflicts is how many conflicting messages are kept for one unit; a unit with more is broken or hostile, and the first
	// thousand tell enough. Later ones are still answered with Conflict, and are not kept.
	MaxConflicts = 1000

	maxGroup      = 1024            // entries in one transaction, unless one call alone has more
	maxGroupBytes = 4 << 20         // bodies in one transaction: bounds how long a small call waits behind big ones
	maxText       = 4096            // bytes of an actor, stream, type, boot, or the name of a document or fold
	readers       = 4               // connections for reading; the machine has few cores
	tailChecked   = 1000            // events at the end of the journal whose chain Open checks, in a few ms
	readTries     = 3               // a read is tried again after a lost connection, then fails; the caller knows how long to wait
	attemptMax    = 5 * time.Second // of one transaction on a remote database; then the connection is given up
	partingMax    = time.Second     // for giving back a lock when closing
	lockTries     = 7               // about 2 s: the session of a dispatcher that was just killed takes a moment to end
	pauseMin      = 50 * time.Millisecond
	pauseMax      = time.Second // between tries on a lost connection: back within a second of the database
)
