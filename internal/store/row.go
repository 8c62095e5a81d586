package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lifeline120/internal/journal"
	"lifeline120/internal/wire"
)

// Columns, in the order of the rows below.
const (
	eventColumns = `seq, at_us, actor, stream, type, body, hash`
	owedColumns  = `unit, epoch, lane, seq, digest, kind, captured_us, mono_us, boot, simulated, received_us, server_us, fills, body`
	laneColumns  = `unit, epoch, lane, up_to, beyond, since_us`
)

func eventRow(e journal.Event) []any {
	return []any{int64(e.Seq), e.At.UnixMicro(), e.Actor, e.Stream, e.Type, some(e.Body), e.Hash[:]}
}

func owedRow(o *Owed) []any {
	r, fills := &o.Record, []byte{}
	if len(o.Fills) > 0 {
		fills, _ = json.Marshal(o.Fills) // numbers only: cannot fail
	}
	return []any{string(o.Unit), r.Epoch[:], int64(r.Lane), int64(r.Seq), o.Digest[:], int64(r.Kind), r.CapturedUs, r.MonoUs,
		[]byte(r.Boot), integer(r.Simulated), o.Received.UnixMicro(), o.ServerUs, fills, some(r.Body)}
}

func scanOwed(rows *sql.Rows) (Owed, error) {
	var o Owed
	var epoch, digest, boot, fills []byte
	var received int64
	r := &o.Record
	if err := rows.Scan(&o.Unit, &epoch, &r.Lane, &r.Seq, &digest, &r.Kind, &r.CapturedUs, &r.MonoUs, &boot, (*number)(&r.Simulated),
		&received, &o.ServerUs, &fills, &r.Body); err != nil {
		return o, err
	}
	r.Epoch, o.Digest, r.Boot, o.Received, r.Body = wire.Epoch(pad(epoch, 16)), [32]byte(pad(digest, 32)), string(boot), micros(received), full(r.Body)
	if len(fills) > 0 {
		if err := json.Unmarshal(fills, &o.Fills); err != nil {
			return o, fmt.Errorf("%w: filled ranges of %s: %w", ErrDamaged, o.Unit, err)
		}
	}
	return o, nil
}

func laneRow(l Lane) []any {
	beyond, _ := json.Marshal(l.Set.Beyond) // numbers only: cannot fail
	return []any{string(l.Unit), l.Epoch[:], int64(l.Lane), int64(l.Set.UpTo), beyond, l.Since.UnixMicro()}
}

// SortLanes puts lanes in the order of unit, epoch, lane.
func SortLanes(ls []Lane) {
	slices.SortFunc(ls, func(a, b Lane) int {
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), slices.Compare(a.Epoch[:], b.Epoch[:]), cmp.Compare(a.Lane, b.Lane))
	})
}

// number scans what both engines keep as BIGINT into a bool.
type number bool

func (n *number) Scan(v any) error {
	i, ok := v.(int64)
	if !ok {
		return fmt.Errorf("%w: a number was expected, not %T", ErrDamaged, v)
	}
	*n = i != 0
	return nil
}

func integer(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func micros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// some is b, never NULL; full is b, nil when empty: the engines differ in what they give back for nothing.
func some(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func full(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// pad makes b n long, so that a damaged row is a wrong value (found by the chain), not a panic.
func pad(b []byte, n int) []byte {
	if len(b) != n {
		return append(slices.Clone(b[:min(len(b), n)]), make([]byte, n-min(len(b), n))...)
	}
	return b
}
