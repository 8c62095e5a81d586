package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

// String is the epoch in hex, for logs and keys.
func (e Epoch) String() string { return hex.EncodeToString(e[:]) }

// Identity is what a message is known by, for ever (DLV-002).
type Identity struct {
	Unit  ems.UnitID
	Epoch Epoch
	Lane  pb.Lane
	Seq   uint64
}

// Sending is what belongs to one sending of a record, and so not to its identity.
type Sending struct {
	SentUs      int64
	LiveSeq     uint64 // 0 on other topics than up/live
	OffsetUs    int64  // agent's wall clock minus the server's
	OffsetKnown bool
}

// ErrUnknownKind: the body is of a kind that this version does not know. It is kept as it is, never skipped (EVO-001).
var ErrUnknownKind = errors.New("unknown kind of message")

// Seal puts a record into its envelope. A record of LANE_NONE (live only, presence) carries no sequence.
func Seal(unit ems.UnitID, r Record, s Sending) *pb.Envelope {
	return &pb.Envelope{Unit: string(unit), Epoch: r.Epoch[:], Lane: r.Lane, Seq: r.Seq, CapturedUs: r.CapturedUs, MonoUs: r.MonoUs,
		Boot: r.Boot, Kind: r.Kind, Body: r.Body, Simulated: r.Simulated,
		SentUs: s.SentUs, LiveSeq: s.LiveSeq, OffsetUs: s.OffsetUs, OffsetKnown: s.OffsetKnown}
}

// Marshal gives the bytes of a message of the link, always the same for the same message.
func Marshal(m proto.Message) ([]byte, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("marshal %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	return b, nil
}

// Open reads an envelope and checks all of it but its body, which Body reads.
func Open(b []byte) (*pb.Envelope, error) {
	env := &pb.Envelope{}
	if err := unmarshal(b, env); err != nil {
		return nil, err
	}
	if err := ems.CheckName(env.Unit); err != nil {
		return nil, fmt.Errorf("open envelope: unit: %w", err)
	}
	switch owed := env.Lane != pb.Lane_LANE_NONE; {
	case LaneName(env.Lane) == "unknown":
		return nil, fmt.Errorf("open envelope of %s: unknown lane %d", env.Unit, env.Lane)
	case len(env.Epoch) != 16:
		return nil, fmt.Errorf("open envelope of %s: epoch of %d bytes: want 16", env.Unit, len(env.Epoch))
	case owed != (env.Seq > 0) || env.Seq > math.MaxInt64:
		return nil, fmt.Errorf("open envelope of %s: sequence %d in lane %s", env.Unit, env.Seq, LaneName(env.Lane))
	case env.Kind <= pb.Kind_KIND_NONE:
		return nil, fmt.Errorf("open envelope of %s: no kind", env.Unit)
	case len(env.Body) > MaxBody:
		return nil, fmt.Errorf("open envelope of %s: body of %d bytes: at most %d", env.Unit, len(env.Body), MaxBody)
	case env.MonoUs < 0 || env.LiveSeq > math.MaxInt64:
		return nil, fmt.Errorf("open envelope of %s: monotonic time %d, live sequence %d", env.Unit, env.MonoUs, env.LiveSeq)
	}
	return env, nil
}

// RecordOf takes the record out of an envelope that Open has read: the inverse of Seal.
func RecordOf(env *pb.Envelope) Record {
	return Record{Epoch: Epoch(env.Epoch), Seq: env.Seq, Item: Item{Lane: env.Lane, Kind: env.Kind, CapturedUs: env.CapturedUs,
		MonoUs: env.MonoUs, Boot: env.Boot, Simulated: env.Simulated, Body: env.Body}}
}

// IdentityOf is the identity of an envelope that Open has read.
func IdentityOf(env *pb.Envelope) Identity {
	return Identity{ems.UnitID(env.Unit), Epoch(env.Epoch), env.Lane, env.Seq}
}

// Digest stands for the bytes that an identity is of: kind, captured, mono, boot, simulated and body, and nothing of the sending
// (DLV-002).
func Digest(env *pb.Envelope) [32]byte {
	h := sha256.New()
	b := make([]byte, 0, 64+len(env.Boot))
	b = binary.BigEndian.AppendUint32(b, uint32(env.Kind))
	b = binary.BigEndian.AppendUint64(b, uint64(env.CapturedUs))
	b = binary.BigEndian.AppendUint64(b, uint64(env.MonoUs))
	if env.Simulated {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(env.Boot)))
	b = append(b, env.Boot...)
	h.Write(b)
	h.Write(env.Body)
	return [32]byte(h.Sum(nil))
}

// NewBody gives an empty body of a kind, and nil for a kind that this version does not know.
func NewBody(k pb.Kind) proto.Message {
	switch k {
	case pb.Kind_KIND_ALARM:
		return &pb.Alarm{}
	case pb.Kind_KIND_NODE:
		return &pb.Node{}
	case pb.Kind_KIND_ORDER_ANSWER:
		return &pb.OrderAnswer{}
	case pb.Kind_KIND_NOTE:
		return &pb.Note{}
	case pb.Kind_KIND_BINDING:
		return &pb.Binding{}
	case pb.Kind_KIND_TWELVE_LEAD, pb.Kind_KIND_WAVES:
		return &pb.Waves{}
	case pb.Kind_KIND_GAP:
		return &pb.Gap{}
	case pb.Kind_KIND_READINGS:
		return &pb.Readings{}
	case pb.Kind_KIND_POSITIONS:
		return &pb.Positions{}
	case pb.Kind_KIND_PRESENCE:
		return &pb.Presence{}
	case pb.Kind_KIND_DESTINATION:
		return &pb.Destination{}
	case pb.Kind_KIND_ASSESSMENT:
		return &pb.Assessment{}
	case pb.Kind_KIND_HOSPITALS_ASKED:
		return &pb.HospitalsAsked{}
	case pb.Kind_KIND_DEVICE:
		return &pb.DeviceStatus{}
	case pb.Kind_KIND_PHOTO_PIECE:
		return &pb.PhotoPiece{}
	case pb.Kind_KIND_NONE:
		return nil
	}
	return nil // a newer version's kind
}

// Body reads the body of an envelope as its kind says: *pb.Alarm, *pb.Readings and so on (a 12-lead is *pb.Waves). Texts, lists,
// times and numbers are within bounds and finite; names and samples are checked by the Unpack functions.
func Body(env *pb.Envelope) (proto.Message, error) {
	m := NewBody(env.Kind)
	if m == nil {
		return nil, fmt.Errorf("read body of kind %d: %w", env.Kind, ErrUnknownKind)
	}
	if err := unmarshal(env.Body, m); err != nil {
		return nil, err
	}
	return m, nil
}

// Gap is a range of a lane that will never come.
type Gap struct {
	Epoch Epoch
	Lane  pb.Lane
	Range Range
	Why   string
}

// GapOf reads the gap record in an envelope of KIND_GAP.
func GapOf(env *pb.Envelope) (Gap, error) {
	m, err := Body(env)
	if err != nil {
		return Gap{}, err
	}
	p, ok := m.(*pb.Gap)
	switch {
	case !ok:
		return Gap{}, fmt.Errorf("read gap: the body is %T", m)
	case p.Lane == pb.Lane_LANE_NONE || LaneName(p.Lane) == "unknown":
		return Gap{}, fmt.Errorf("read gap: lane %d is not owed", p.Lane)
	case p.From == 0 || p.From > p.To || p.To > math.MaxInt64:
		return Gap{}, fmt.Errorf("read gap: range %d to %d", p.From, p.To)
	case len(p.Epoch) != 0 && len(p.Epoch) != 16:
		return Gap{}, fmt.Errorf("read gap: epoch of %d bytes: want 16", len(p.Epoch))
	}
	g := Gap{Epoch: Epoch(env.Epoch), Lane: p.Lane, Range: Range{p.From, p.To}, Why: p.Why}
	if len(p.Epoch) == 16 {
		g.Epoch = Epoch(p.Epoch)
	}
	return g, nil
}

// OpenStored reads the dispatcher's word.
func OpenStored(b []byte) (*pb.Stored, error) {
	m := &pb.Stored{}
	if err := unmarshal(b, m); err != nil {
		return nil, err
	}
	if len(m.Epoch) != 16 {
		return nil, fmt.Errorf("open stored: epoch of %d bytes: want 16", len(m.Epoch))
	}
	for _, l := range m.Lanes {
		if l.Lane == pb.Lane_LANE_NONE || LaneName(l.Lane) == "unknown" {
			return nil, fmt.Errorf("open stored: lane %d is not owed", l.Lane)
		}
		if l.UpTo > math.MaxInt64 {
			return nil, fmt.Errorf("open stored: lane %s: stored up to %d", LaneName(l.Lane), l.UpTo)
		}
		last := l.UpTo
		for _, r := range l.Beyond {
			if r.From <= last || r.To < r.From || r.To > math.MaxInt64 {
				return nil, fmt.Errorf("open stored: lane %s: range %d to %d after %d", LaneName(l.Lane), r.From, r.To, last)
			}
			last = r.To
		}
	}
	return m, nil
}

// OpenOwed reads an order, instruction or message down.
func OpenOwed(b []byte) (*pb.Owed, error) {
	m := &pb.Owed{}
	if err := unmarshal(b, m); err != nil {
		return nil, err
	}
	if m.Order == "" {
		return nil, errors.New("open owed: no order id")
	}
	return m, nil
}

// unmarshal reads m within the bounds of this package.
func unmarshal(b []byte, m proto.Message) error {
	name := m.ProtoReflect().Descriptor().Name()
	if len(b) > MaxEnvelope {
		return fmt.Errorf("read %s: %d bytes: at most %d", name, len(b), MaxEnvelope)
	}
	fields := 0
	for rest := b; len(rest) > 0; fields++ {
		_, _, n := protowire.ConsumeField(rest)
		if n < 0 {
			return fmt.Errorf("read %s: %w", name, protowire.ParseError(n))
		}
		rest = rest[n:]
	}
	if fields > MaxItems {
		return fmt.Errorf("read %s: %d fields: at most %d", name, fields, MaxItems)
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := checkMessage(m); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// checkMessage holds every field to the bounds: texts and lists have a length, numbers are finite, times can be said.
func checkMessage(m proto.Message) error { return checkFields(m.ProtoReflect()) }

func checkFields(m protoreflect.Message) (err error) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !f.IsList() {
			err = checkField(f, v)
			return err == nil
		}
		list := v.List()
		if list.Len() > MaxItems {
			err = fmt.Errorf("%s: %d items: at most %d", f.Name(), list.Len(), MaxItems)
		}
		for i := 0; i < list.Len() && err == nil; i++ {
			err = checkField(f, list.Get(i))
		}
		return err == nil
	})
	return err
}

func checkField(f protoreflect.FieldDescriptor, v protoreflect.Value) error {
	switch f.Kind() {
	case protoreflect.StringKind:
		if len(v.String()) > MaxText {
			return fmt.Errorf("%s: %d bytes of text: at most %d", f.Name(), len(v.String()), MaxText)
		}
	case protoreflect.DoubleKind:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return fmt.Errorf("%s: %v is not a number to keep", f.Name(), v.Float())
		}
	case protoreflect.Int64Kind, protoreflect.Sint64Kind:
		if us := v.Int(); strings.HasSuffix(string(f.Name()), "_us") && (us > MaxTimeUs || us < 0 && f.Kind() == protoreflect.Int64Kind || us < -MaxTimeUs) {
			return fmt.Errorf("%s: %d µs is no time", f.Name(), us)
		}
	case protoreflect.MessageKind:
		return checkFields(v.Message())
	}
	return nil
}
