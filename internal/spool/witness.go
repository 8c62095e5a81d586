package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// witness keeps a copy of the books beside the database, in two files by turns, written after every commit and never synced. A log
// that was cut, or a disk that lied about its sync, leaves a sound database that ends too early; the witness remembers how far it
// went, so that no number is used twice and what is missing is declared.
type witness struct {
	files [2]*os.File
	turn  int  // of the next commit: the older one
	both  bool // write both at the next commit: nothing in them is to be believed
}

// testimony is what the witness said at the start.
type testimony struct {
	newest head // zero when nothing readable was found
	fresh  bool // nothing was ever written
	torn   bool // one or both cannot be read: what they knew is not known
}

func witnessPath(dir string, i int) string {
	return filepath.Join(dir, fmt.Sprintf("spool.witness.%d", i))
}

func openWitness(dir string) (*witness, testimony) {
	w, t := &witness{}, testimony{}
	t.fresh = true
	for i := range w.files {
		t.fresh = t.fresh && fileSize(witnessPath(dir, i)) == 0
		f, err := os.OpenFile(witnessPath(dir, i), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.torn = true // a full disk may not let us make it; the spool works without
			continue
		}
		w.files[i] = f
		h, ok := readWitness(f)
		if ok && h.Counter > t.newest.Counter {
			t.newest, w.turn = h, 1-i
		}
		t.torn = t.torn || !ok
	}
	return w, t
}

// A witness file is a length and a sealed head.
func readWitness(f io.ReaderAt) (head, bool) {
	var n [4]byte
	if _, err := f.ReadAt(n[:], 0); err != nil {
		return head{}, false
	}
	size := binary.LittleEndian.Uint32(n[:])
	if size > maxHead {
		return head{}, false
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 4); err != nil {
		return head{}, false
	}
	return row{id: headID, blob: b}.head()
}

// tell writes the head of a commit that is durable. A failure leaves the file torn, which the next start takes for what it is.
func (w *witness) tell(r row) {
	b := append(binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(r.blob)), uint32(len(r.blob))), r.blob...)
	for i, f := range w.files {
		if f != nil && (w.both || w.turn == i) {
			_, _ = f.WriteAt(b, 0)
		}
	}
	w.turn, w.both = 1-w.turn, false
}

func (w *witness) close() error {
	var err error
	for _, f := range w.files {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}
