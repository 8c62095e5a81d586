package store

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

// Check refuses entries that can never be stored: names and texts that a database would refuse, sequences out of range, bodies
// over MaxBody. All members apply it, so that none takes what another would not.
func Check(entries []Entry) error {
	if len(entries) > MaxEntries {
		return fmt.Errorf("%w: %d entries in one append; at most %d", ErrRefused, len(entries), MaxEntries)
	}
	for i := range entries {
		if err := checkEntry(&entries[i]); err != nil {
			return fmt.Errorf("%w: entry %d: %w", ErrRefused, i, err)
		}
	}
	return nil
}

func checkEntry(e *Entry) error {
	if e.Owed == nil && len(e.Events) == 0 {
		return fmt.Errorf("neither an owed message nor an event")
	}
	if len(e.Events) > MaxEntries {
		return fmt.Errorf("%d events; at most %d", len(e.Events), MaxEntries)
	}
	if o := e.Owed; o != nil {
		if err := checkOwed(o); err != nil {
			return fmt.Errorf("owed message of %q: %w", o.Unit, err)
		}
	}
	for _, v := range e.Events {
		if len(v.Body) > MaxBody {
			return fmt.Errorf("event %q: body of %d bytes; at most %d", v.Type, len(v.Body), MaxBody)
		}
		if v.Type == "" {
			return fmt.Errorf("event without a type")
		}
		for _, s := range []string{v.Actor, v.Stream, v.Type} {
			if err := checkText(s); err != nil {
				return fmt.Errorf("event %q: %w", v.Type, err)
			}
		}
	}
	return nil
}

func checkOwed(o *Owed) error {
	if err := ems.CheckName(string(o.Unit)); err != nil {
		return err
	}
	if o.Record.Lane <= pb.Lane_LANE_NONE {
		return fmt.Errorf("lane %d is owed to nobody", o.Record.Lane)
	}
	if err := checkRange(o.Record.Seq, o.Record.Seq); err != nil {
		return err
	}
	if len(o.Record.Body) > MaxBody {
		return fmt.Errorf("body of %d bytes; at most %d", len(o.Record.Body), MaxBody)
	}
	if len(o.Record.Boot) > maxText || len(o.Fills) > MaxBeyond {
		return fmt.Errorf("boot of %d bytes, %d filled ranges; at most %d and %d", len(o.Record.Boot), len(o.Fills), maxText, MaxBeyond)
	}
	for _, f := range o.Fills {
		if f.Lane <= pb.Lane_LANE_NONE {
			return fmt.Errorf("fills lane %d, which is owed to nobody", f.Lane)
		}
		if err := checkRange(f.From, f.To); err != nil {
			return err
		}
	}
	return nil
}

// checkRange keeps sequences within what both engines can hold and order: signed 64 bits, with one to spare for to+1.
func checkRange(from, to uint64) error {
	if from < 1 || to < from || to >= math.MaxInt64 {
		return fmt.Errorf("sequence %d to %d: use 1 to %d, ascending", from, to, int64(math.MaxInt64-1))
	}
	return nil
}

// checkText: PostgreSQL takes neither a NUL nor bytes that are not UTF-8 as text.
func checkText(s string) error {
	if len(s) > maxText || strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
		return fmt.Errorf("text %.40q: at most %d bytes of UTF-8 without NUL", s, maxText)
	}
	return nil
}

// CheckName refuses kinds and ids of documents and names of folds that an engine would refuse.
func CheckName(names ...string) error {
	for _, s := range names {
		if err := checkText(s); err != nil {
			return fmt.Errorf("%w: name: %w", ErrRefused, err)
		}
	}
	return nil
}

// Page is the number of rows that a read with this limit gives at most.
func Page(limit int) int {
	if limit <= 0 || limit > MaxRead {
		return MaxRead
	}
	return limit
}

// CheckDocument refuses a document or snapshot over MaxDocument, and names that an engine would refuse.
func CheckDocument(body []byte, names ...string) error {
	if len(body) > MaxDocument {
		return fmt.Errorf("%w: %d bytes; at most %d", ErrRefused, len(body), MaxDocument)
	}
	return CheckName(names...)
}
