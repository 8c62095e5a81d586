package store

import (
	"database/sql/driver"
	"errors"
)

// Errors that a caller may want to tell apart. Each comes wrapped in words that say what to do.
var (
	// ErrLocked: another dispatcher has this store open.
	ErrLocked = errors.New("store: in use by another dispatcher")
	// ErrNewer: a newer version of the program wrote this store.
	ErrNewer = errors.New("store: written by a newer version")
	// ErrNone: opened for reading only, and there never was a store here.
	ErrNone = errors.New("store: there is none here")
	// ErrOtherKind: a demo store was to be opened as live, or the reverse (SCR-003).
	ErrOtherKind = errors.New("store: demo and live do not mix")
	// ErrDamaged: a byte was changed, an event is missing, or the file cannot be read.
	ErrDamaged = errors.New("store: damaged")
	// ErrRefused: these entries can never be stored as they are (a bad name, a body too large); sending them again is useless.
	ErrRefused = errors.New("store: refused")
	// ErrUncertain: the context ended while the commit was under way. It may stand. Owed messages can be appended again
	// (DLV-002); who appends bare events should wait with a long context instead.
	ErrUncertain = errors.New("store: outcome unknown")
	// ErrDeposed: another dispatcher has taken this store over; this one must stop writing for good.
	ErrDeposed = errors.New("store: taken over by another dispatcher")
	// ErrReadOnly: the store was opened for reading only.
	ErrReadOnly = errors.New("store: open for reading only")
)

// errLeft: a caller gave up before the commit was sent, so the transaction is planned anew without it.
var errLeft = errors.New("store: a caller has left")

// errDiscard makes database/sql close a connection.
var errDiscard = driver.ErrBadConn
