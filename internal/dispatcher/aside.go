package dispatcher

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"lifeline120/internal/journal"
	"lifeline120/internal/store"
)

// ownDisk is the spool on this machine's own disk.
type ownDisk interface {
	add([]asideEntry) (kept int, err error) // kept of them, the first ones, are durable
	clear() error
	close() error
}

// aside keeps, on the dispatcher's own disk, what the store has not taken yet (DLV-006): one line an entry, its CRC before it. It
// belongs to one goroutine.
type aside struct {
	file   *os.File
	most   int64
	size   int64  // of what is durable
	lines  uint64 // written since it was empty
	spoilt bool   // behind size there are bytes of a try that failed
}

// asideEntry is one line.
type asideEntry struct {
	N      uint64          `json:"n,omitempty"` // of the line: one that comes twice is the same
	After  uint64          `json:"after"`       // newest durable event when it was set aside
	Owed   *store.Owed     `json:"owed,omitempty"`
	Events []journal.Event `json:"events"`
	Why    string          `json:"why,omitempty"` // it could not be brought in
}

var (
	errAsideFull = errors.New("dispatcher: the spool on this machine's own disk is full")
	errAsideSlow = errors.New("dispatcher: this machine's own disk does not answer")
)

// spooled is what a spool was found to hold.
type spooled struct {
	left    []asideEntry // in order
	damaged [][]byte     // whole lines that do not check: they were promised, and a byte was changed since
	torn    []byte       // an end that is no line: its write was never finished, and nothing was promised
}

// openAside opens the file, and reads what an earlier run left in it. The file stays as it is until it is cleared: whatever stops the
// start, the next one finds the same.
func openAside(path string) (*aside, spooled, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, spooled{}, fmt.Errorf("open %s: %w", path, err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxAside+1))
	switch {
	case err != nil:
		err = fmt.Errorf("read %s: %w", path, err)
	case len(b) > maxAside: // nothing of it may be lost, and no run of ours wrote it
		err = fmt.Errorf("read %s: it is longer than any that this program writes: move it away, and have a technician look at it", path)
	}
	if err != nil {
		f.Close()
		return nil, spooled{}, err
	}
	syncFolder(path) // the new file's name must survive a power cut too
	return &aside{file: f, most: maxAside, size: int64(len(b))}, readAside(b), nil
}

func syncFolder(path string) {
	if d, err := os.Open(filepath.Dir(path)); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// readAside reads every line that checks. A damaged one costs itself: what stands behind it was promised too.
func readAside(b []byte) (s spooled) {
	last, damaged := uint64(0), false // the line before this one was
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		e, ok := readLine(line)
		switch {
		case ok && e.N != 0 && e.N <= last: // left over from a try that was repeated
		case ok:
			s.left, last = append(s.left, e), e.N
		case !whole:
			s.torn = line
		case damaged:
			n := len(s.damaged) - 1
			s.damaged[n] = s.damaged[n][:len(s.damaged[n])+len(line)+1]
		default:
			s.damaged = append(s.damaged, b[:len(line)+1])
		}
		b, damaged = rest, !ok
	}
	return s
}

// readLine reads one line without its end.
func readLine(line []byte) (e asideEntry, ok bool) {
	if len(line) < 10 || line[8] != ' ' {
		return e, false
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	if err != nil || uint32(sum) != crc32.ChecksumIEEE(line[9:]) {
		return e, false
	}
	return e, json.Unmarshal(line[9:], &e) == nil
}

func asideLine(e asideEntry) ([]byte, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE(body), body), nil
}

// add writes entries and makes them durable: as many of the first as there is room for.
func (a *aside) add(entries []asideEntry) (kept int, err error) {
	if err := a.mend(); err != nil {
		return 0, fmt.Errorf("set aside: %w", err)
	}
	var b []byte
	var full error
	for _, e := range entries {
		e.N = a.lines + uint64(kept) + 1
		line, err := asideLine(e)
		if err != nil {
			return 0, fmt.Errorf("set aside: %w", err)
		}
		if a.size+int64(len(b)+len(line)) > a.most {
			full = errAsideFull
			break
		}
		b, kept = append(b, line...), kept+1
	}
	if kept == 0 {
		return 0, full
	}
	a.spoilt = true
	if _, err := a.file.WriteAt(b, a.size); err != nil {
		return 0, fmt.Errorf("set aside: %w", err)
	}
	if err := a.file.Sync(); err != nil {
		return 0, fmt.Errorf("set aside: %w", err)
	}
	a.spoilt, a.size, a.lines = false, a.size+int64(len(b)), a.lines+uint64(kept)
	return kept, full
}

// mend takes away what a try that failed has left behind the end.
func (a *aside) mend() error {
	if !a.spoilt {
		return nil
	}
	if err := a.file.Truncate(a.size); err != nil {
		return err
	}
	a.spoilt = false
	return nil
}

// clear forgets everything: the store has it.
func (a *aside) clear() error {
	if err := a.file.Truncate(0); err != nil {
		return fmt.Errorf("clear what was set aside: %w", err)
	}
	a.size, a.lines, a.spoilt = 0, 0, false
	if err := a.file.Sync(); err != nil {
		return fmt.Errorf("clear what was set aside: %w", err)
	}
	return nil
}

func (a *aside) close() error {
	if a == nil {
		return nil
	}
	return a.file.Close()
}

// keepBeside adds b, durably, to a file that a technician will read. One that has grown to maxAside makes room: two are kept.
func keepBeside(path string, b []byte) error {
	if i, err := os.Stat(path); err == nil && i.Size()+int64(len(b)) > maxAside {
		if err := os.Rename(path, path+".old"); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	syncFolder(path)
	return err
}
