package cab

import "time"

const (
	// AnswerAgainAfter: the centre repeats an order every few seconds while it has no answer. Answering each copy would put a
	// copy of the answer into the spool for each; none at all would leave a centre that lost the answer without one.
	AnswerAgainAfter = 15 * time.Second
	// KeepDone: how long the name of an act is remembered so that the same act handed over again is one act. A tablet may be
	// carried away for a shift.
	KeepDone = 48 * time.Hour
	// KeepOver: a mission that is over stays on the terminal this long (ACC-004 asks that a terminal forgets after 24 h).
	KeepOver = 24 * time.Hour
	// MaxText bounds what a person types, in code points.
	MaxText = 4000
	// MaxNotes and MaxMessages bound what the terminal still shows of a shift's writing; the oldest goes. The state stays far below what
	// the spool keeps in one value (1 MiB), so that it can never stand in the way of an SOS.
	MaxNotes    = 40
	MaxMessages = 40
	// MaxPhotos bounds the photos of one mission: the centre keeps as many (docs/limits.md). MaxPhotosKnown bounds what the terminal lists;
	// the oldest that the centre has goes first.
	MaxPhotos      = 20
	MaxPhotosKnown = 60
	// MaxPhotoBytes is the largest photo: the terminal makes them far smaller.
	MaxPhotoBytes = 512 << 10
	// PhotoPiece is how much of a photo goes in one message: half a second of a line of 64 kbit/s, so that it never stands long before an
	// alarm (DLV-003).
	PhotoPiece = 4 << 10
	// MaxPresses bounds the presses remembered; the oldest that the centre has handled goes first. A press that is not yet stored is never forgotten.
	MaxPresses = 200
)
