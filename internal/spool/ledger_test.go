package spool_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"lifeline120/internal/spool"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

type identity struct {
	epoch wire.Epoch
	lane  pb.Lane
	seq   uint64
}

func (i identity) String() string {
	return fmt.Sprintf("%.8s/%s/%d", i.epoch, wire.LaneName(i.lane), i.seq)
}

type laneKey struct {
	epoch wire.Epoch
	lane  pb.Lane
}

// ledger is what was shown of a spool from outside: bodies under their identities, words of the dispatcher, declared losses.
type ledger struct {
	shown  map[identity]string // body
	stored map[laneKey]uint64
	gaps   map[laneKey][]wire.Range
}

func newLedger() *ledger {
	return &ledger{map[identity]string{}, map[laneKey]uint64{}, map[laneKey][]wire.Range{}}
}

func (l *ledger) clone() *ledger {
	out := newLedger()
	for k, v := range l.shown {
		out.shown[k] = v
	}
	for k, v := range l.stored {
		out.stored[k] = v
	}
	for k, v := range l.gaps {
		out.gaps[k] = v
	}
	return out
}

// show notes a record; an identity with two bodies is an error (DLV-002).
func (l *ledger) show(id identity, body string) error {
	if was, ok := l.shown[id]; ok && was != body {
		return fmt.Errorf("identity %v has two bodies: %.20q and %.20q", id, was, body)
	}
	l.shown[id] = body
	return nil
}

// lost says whether a gap record declares id lost.
func (l *ledger) lost(id identity) bool {
	for _, r := range l.gaps[laneKey{id.epoch, id.lane}] {
		if r.From <= id.seq && id.seq <= r.To {
			return true
		}
	}
	return false
}

// held reads everything out of a spool.
func held(t *testing.T, s spool.Spool) map[identity]wire.Record {
	t.Helper()
	out := map[identity]wire.Record{}
	for _, epoch := range s.Epochs() {
		for _, lane := range wire.Lanes {
			for after := uint64(0); ; {
				recs, err := s.Next(context.Background(), lane, epoch, after, 1000, 1<<20)
				if err != nil {
					t.Fatal(err)
				}
				if len(recs) == 0 {
					break
				}
				for _, r := range recs {
					if r.Seq <= after || r.Epoch != epoch || r.Lane != lane {
						t.Fatalf("%s %d after %d: out of order", wire.LaneName(r.Lane), r.Seq, after)
					}
					after = r.Seq
					out[identity{epoch, lane, r.Seq}] = r
				}
			}
		}
	}
	return out
}

// declared adds the gap records among recs to the ledger.
func (l *ledger) declared(t *testing.T, recs map[identity]wire.Record) {
	t.Helper()
	for _, r := range recs {
		if r.Kind != pb.Kind_KIND_GAP {
			continue
		}
		g := &pb.Gap{}
		if err := proto.Unmarshal(r.Body, g); err != nil {
			t.Fatal(err)
		}
		k := laneKey{wire.Epoch(g.Epoch), g.Lane}
		l.gaps[k] = append(l.gaps[k], wire.Range{From: g.From, To: g.To})
	}
}

// missing lists what was shown and is now neither held, nor stored, nor declared lost.
func (l *ledger) missing(recs map[identity]wire.Record) (out []identity) {
	for id := range l.shown {
		if _, ok := recs[id]; !ok && !l.lost(id) && id.seq > l.stored[laneKey{id.epoch, id.lane}] {
			out = append(out, id)
		}
	}
	return out
}

// genuine checks that every record held is as it was shown. A gap record that the spool itself made may stand where nothing had
// been shown before the copy was taken: the process that went on writing used the number for something else.
func (c copyTaken) genuine(t *testing.T, recs map[identity]wire.Record) {
	t.Helper()
	for id, r := range recs {
		if _, shown := c.before.shown[id]; !shown && r.Kind == pb.Kind_KIND_GAP {
			continue
		}
		if body, ok := c.after.shown[id]; !ok || !bytes.Equal(r.Body, []byte(body)) {
			t.Errorf("%v is held as %.20q, was put as %.20q", id, r.Body, body)
		}
	}
}
