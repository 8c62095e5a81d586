package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"lifeline120/internal/ems"
	pb "lifeline120/internal/wire/proto"
)

const goldenDir = "../../testdata/wire/vehicle"

func us(s int64) int64 { return 1_795_248_000_000_000 + s*1_000_000 } // 2026-11-21 08:00 UTC and s seconds

// bodies has one message of each kind, every field set.
func bodies() map[pb.Kind]proto.Message {
	place := &pb.Place{Lat: 30.2741, Lon: 120.1551, Known: true, AccuracyM: 4.5, AtUs: us(-3), Source: "gps"}
	wave, err := PackWave(ems.WaveChunk{Device: "monitor-1", Stream: "monitor-1_17", Leads: []ems.Channel{ems.ECGII, ems.ECGV1}, RateHz: 250, LSB: 0.0025,
		Counter: 1000, Samples: [][]int16{{0, 1, -1, 300, -32768, 32767}, {5, 5, 5, 5, 5, 5}}, Off: []bool{false, true}, Taken: time.UnixMicro(us(0)).UTC(),
		Filter: "monitor 0.5-75 Hz", Demo: true}, "p-1")
	if err != nil {
		panic(err)
	}
	device := &pb.DeviceStatus{Device: "gnss-1", Kind: "gnss", Driver: "nmea0183", Port: "/dev/ttyUSB0", Baud: 9600, State: "speaking", SinceUs: us(-60),
		Detail: "found", Frames: 1200, Garbage: 3, Lost: 1}
	return map[pb.Kind]proto.Message{
		pb.Kind_KIND_ALARM: &pb.Alarm{PressId: "press-1", PressedUs: us(-1), Place: place, By: "key", Seat: "cabin", Mission: "m-1", Text: "患者攻击", UncertainS: 0.5},
		pb.Kind_KIND_NODE: &pb.Node{Mission: "m-1", Node: "at_scene", AtUs: us(-2), Source: "key", By: "wang", Place: place, UncertainS: 1.5, Id: "touch-1",
			Correction: true, Reason: "误触"},
		pb.Kind_KIND_ORDER_ANSWER: &pb.OrderAnswer{Order: "o-1", Version: 2, Answer: "accepted", By: "wang", Reason: "none", AtUs: us(0)},
		pb.Kind_KIND_NOTE:         &pb.Note{Id: "n-1", Mission: "m-1", Patient: "p-1", Text: "既往高血压", By: "li", AtUs: us(0), UncertainS: 2},
		pb.Kind_KIND_BINDING: &pb.Binding{Device: "monitor-1", Patient: "p-1", Mission: "m-1", Bound: true, By: "li", AtUs: us(0), Name: "张三", Sex: "m", AgeYears: 61,
			Reason: "key"},
		pb.Kind_KIND_TWELVE_LEAD: &pb.Waves{Waves: []*pb.Wave{wave}},
		pb.Kind_KIND_PHOTO_PIECE: &pb.PhotoPiece{Photo: "ph-1", Mission: "m-1", Patient: "p-1", By: "li", TakenUs: us(-3), UncertainS: 0.5, Size: 5, Sum: bytes.Repeat([]byte{3}, 32), Index: 1, Of: 2, Data: []byte{9, 8}},
		pb.Kind_KIND_GAP:         &pb.Gap{Lane: pb.Lane_LANE_WAVE, From: 10, To: 20, Why: "full", Bytes: 13000, FromUs: us(-20), ToUs: us(-10), Epoch: bytes.Repeat([]byte{2}, 16)},
		pb.Kind_KIND_READINGS: &pb.Readings{Readings: []*pb.Reading{
			{Device: "monitor-1", Channel: "spo2", Value: 97, Unit: "%", Quality: "good", Text: "code 0", TakenUs: us(0), DeviceUs: us(3600), Demo: true, Patient: "p-1"},
			{Device: "monitor-1", Channel: "hr", Quality: "probe_off", TakenUs: us(0)}}},
		pb.Kind_KIND_POSITIONS: &pb.Positions{Positions: []*pb.Position{{Device: "gnss-1", Lat: 30.2741, Lon: 120.1551, Quality: "good", FixKind: "gps", Satellites: 11,
			Hdop: 0.9, SpeedKmh: 47.5, CourseDeg: 271.5, HasCourse: true, AltitudeM: 12, TakenUs: us(0), DeviceUs: us(0), Demo: true, Mission: "m-1"}}},
		pb.Kind_KIND_WAVES: &pb.Waves{Waves: []*pb.Wave{wave, wave}},
		pb.Kind_KIND_PRESENCE: &pb.Presence{Online: true, Version: "1.0.0", Devices: []*pb.DeviceStatus{device},
			Depths: []*pb.LaneDepth{{Lane: pb.Lane_LANE_URGENT, Count: 2, Bytes: 300, OldestUs: us(-5), Capped: true}}, Boot: "boot-1", Mission: "m-1", Store: "store-1",
			KnownOrders: "o-1", Connection: "c-1"},
		pb.Kind_KIND_DESTINATION: &pb.Destination{Mission: "m-1", Hospital: "h-1", By: "li", AtUs: us(0), Pathway: "chest_pain", Text: "STEMI?", Id: "d-1"},
		pb.Kind_KIND_ASSESSMENT: &pb.Assessment{Id: "as-1", Mission: "m-1", By: "li", AtUs: us(0), Lvo: new("yes"), Severe: new("no"), Unstable: new(""), LastWellUs: us(-3600), LastWellUnknown: true,
			Wish: new("h-1")},
		pb.Kind_KIND_HOSPITALS_ASKED: &pb.HospitalsAsked{Ask: "ask-1", Mission: "m-1", Pathway: "stroke"},
		pb.Kind_KIND_DEVICE:          device,
	}
}

// down has the messages to the vehicle.
func down() map[string]proto.Message {
	return map[string]proto.Message{
		"owed": &pb.Owed{Order: "o-1", Version: 1, Mission: "m-1", Kind: "order", QueuedUs: us(0), ValidUntilUs: us(120), Text: "胸痛", Place: &pb.Place{Lat: 30.25, Lon: 120.16, Known: true},
			Address: "文三路 1 号", Priority: "A", Complaint: "胸痛", Phone: "13800000000", Incident: "i-1", Hospital: "h-1", HospitalName: "市一院", State: "sent", By: "desk-1",
			Simulated: true, SentUs: us(1), Unrecorded: true, Patient: "p-1"},
		"way": &pb.Way{Mission: "m-1", Node: "at_scene", FromUs: us(0), EtaUs: us(300), EtaFromUs: us(240), EtaToUs: us(420), Method: "roads", Metres: 3200, WalkM: 12,
			Line: PackLine([]ems.WGS84{{Lat: 30.25, Lon: 120.16}, {Lat: 30.26012, Lon: 120.1599}}), Steps: []*pb.WayStep{{Turn: "left", Name: "文三路", Metres: 900, Seconds: 80}},
			Simulated: true},
		"hospitals": &pb.Hospitals{Ask: "ask-1", Mission: "m-1", Ranking: []byte(`{"id":"hr-1","method":"roads","hospitals":[]}`)},
		"stored": &pb.Stored{Store: "store-1", Epoch: bytes.Repeat([]byte{1}, 16), Lanes: []*pb.StoredLane{{Lane: pb.Lane_LANE_READING, UpTo: 7,
			Beyond: []*pb.Range{{From: 9, To: 12}, {From: 20, To: 20}}, Credit: 65536}}, ServerUs: us(1), EchoSentUs: us(0), EchoReceivedUs: us(1), NewEpoch: true,
			Pressed: []string{"press-1"}, Alarms: []*pb.AlarmWord{{Alarm: "a-1", PressId: "press-1", State: "acknowledged", By: "desk-1", AtUs: us(1)}}},
	}
}

func envelopeOf(t testing.TB, k pb.Kind, body proto.Message) *pb.Envelope {
	t.Helper()
	b, err := Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := Record{Epoch: Epoch(bytes.Repeat([]byte{1}, 16)), Seq: 42, Item: Item{Lane: pb.Lane_LANE_URGENT, Kind: k, CapturedUs: us(0), MonoUs: 3_600_000_000,
		Boot: "boot-1", Simulated: true, Body: b}}
	if k == pb.Kind_KIND_PRESENCE {
		r.Lane, r.Seq = pb.Lane_LANE_NONE, 0
	}
	return Seal("hz-01", r, Sending{SentUs: us(1), LiveSeq: 9, OffsetUs: -250_000, OffsetKnown: true})
}

func jsonOf(t *testing.T, m proto.Message) json.RawMessage {
	t.Helper()
	b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// goldenMessage compares the bytes and the JSON form of messages with what stands in testdata. With -update it writes what is
// missing there, and never anew what stands: old messages are what EVO-001 is about.
func goldenMessage(t *testing.T, name string, raw []byte, forms map[string]proto.Message) {
	t.Helper()
	bin, text := filepath.Join(goldenDir, name+".binpb"), filepath.Join(goldenDir, name+".json")
	if _, err := os.Stat(bin); *update && errors.Is(err, os.ErrNotExist) {
		parts := map[string]json.RawMessage{}
		for n, m := range forms {
			parts[n] = jsonOf(t, m)
		}
		b, err := json.MarshalIndent(parts, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.MkdirAll(goldenDir, 0o755), os.WriteFile(bin, raw, 0o644), os.WriteFile(text, append(b, '\n'), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(bin)
	if err != nil {
		t.Fatalf("%v (a new kind: run the test once with -update)", err)
	}
	if !bytes.Equal(raw, want) {
		t.Errorf("%s: the bytes are no longer those of %s: kinds and fields are added, never changed (EVO-001)", name, bin)
	}
	b, err := os.ReadFile(text)
	if err != nil {
		t.Fatal(err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		t.Fatal(err)
	}
	for n, m := range forms {
		got := m.ProtoReflect().New().Interface()
		if err := protojson.Unmarshal(parts[n], got); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if !proto.Equal(got, m) {
			t.Errorf("%s: %s in JSON is %v, in bytes %v", text, n, got, m)
		}
	}
}

func TestEVO001_GoldenMessageOfEachKind(t *testing.T) {
	all := bodies()
	for n, name := range pb.Kind_name {
		k := pb.Kind(n)
		if k == pb.Kind_KIND_NONE {
			continue
		}
		body := all[k]
		if body == nil {
			t.Errorf("%s has no sample: add one to bodies", name)
			continue
		}
		raw, err := Marshal(envelopeOf(t, k, body))
		if err != nil {
			t.Fatal(err)
		}
		file := strings.ToLower(strings.TrimPrefix(name, "KIND_"))
		goldenMessage(t, file, raw, map[string]proto.Message{"envelope": envelopeOf(t, k, body), "body": body})
		old, err := os.ReadFile(filepath.Join(goldenDir, file+".binpb"))
		if err != nil {
			t.Fatal(err)
		}
		env, err := Open(old)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := Body(env); err != nil || !proto.Equal(got, body) {
			t.Errorf("%s: %v: the old message says %v, want %v", name, err, got, body)
		}
	}
	for name, m := range down() {
		raw, err := Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		goldenMessage(t, name, raw, map[string]proto.Message{name: m})
	}
}

// TestEVO001_PositionSaysWhatIsKnown: a position of today says whether its receiver gave speed and satellites; one from before those
// fields says what it said then, and a 0 of it is unknown, because it also stood for nothing.
func TestEVO001_PositionSaysWhatIsKnown(t *testing.T) {
	at := time.UnixMicro(us(0)).UTC()
	stands := PackFix(ems.Fix{Device: "gnss-1", Pos: ems.WGS84{Lat: 30.2741, Lon: 120.1551}, Quality: ems.Good, FixKind: "gps", Satellites: 11, HasSatellites: true,
		HDOP: 0.9, HasSpeed: true, Taken: at}, "m-1")
	body := &pb.Positions{Positions: []*pb.Position{stands}}
	raw, err := Marshal(envelopeOf(t, pb.Kind_KIND_POSITIONS, body))
	if err != nil {
		t.Fatal(err)
	}
	goldenMessage(t, "positions_known", raw, map[string]proto.Message{"envelope": envelopeOf(t, pb.Kind_KIND_POSITIONS, body), "body": body})

	old, err := os.ReadFile(filepath.Join(goldenDir, "positions.binpb"))
	if err != nil {
		t.Fatal(err)
	}
	env, err := Open(old)
	if err != nil {
		t.Fatal(err)
	}
	was, err := Body(env)
	if err != nil {
		t.Fatal(err)
	}
	moved := was.(*pb.Positions).Positions[0]
	halted := proto.Clone(moved).(*pb.Position)
	halted.SpeedKmh, halted.Satellites = 0, 0
	for name, c := range map[string]struct {
		p                *pb.Position
		speed, satellite bool
	}{"old, moving": {moved, true, true}, "old, 0": {halted, false, false}, "new, 0 km/h": {stands, true, true}} {
		f, _, err := UnpackFix(c.p)
		if err != nil || f.HasSpeed != c.speed || f.HasSatellites != c.satellite || f.SpeedKmh != c.p.SpeedKmh || f.Satellites != int(c.p.Satellites) {
			t.Errorf("%s: %+v %v", name, f, err)
		}
	}
}

func TestOpen_WhatSealMade(t *testing.T) {
	env := envelopeOf(t, pb.Kind_KIND_ALARM, bodies()[pb.Kind_KIND_ALARM])
	b, err := Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open(b)
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(env, got) {
		t.Errorf("opened %v, sealed %v", got, env)
	}
	if id := IdentityOf(got); id.Unit != "hz-01" || id.Seq != 42 || id.Lane != pb.Lane_LANE_URGENT || id.Epoch.String() != strings.Repeat("01", 16) {
		t.Errorf("identity %+v", id)
	}
	if again := Seal("hz-01", RecordOf(got), Sending{SentUs: got.SentUs, LiveSeq: got.LiveSeq, OffsetUs: got.OffsetUs, OffsetKnown: got.OffsetKnown}); !proto.Equal(again, env) {
		t.Errorf("record sealed again: %v", again)
	}
}

func TestACC003_OpenRefusesWhatIsOutOfBounds(t *testing.T) {
	for name, spoil := range map[string]func(*pb.Envelope){
		"no unit":                 func(e *pb.Envelope) { e.Unit = "" },
		"unit of another shape":   func(e *pb.Envelope) { e.Unit = "../etc" },
		"short epoch":             func(e *pb.Envelope) { e.Epoch = e.Epoch[:15] },
		"no epoch":                func(e *pb.Envelope) { e.Epoch = nil },
		"unknown lane":            func(e *pb.Envelope) { e.Lane = 9 },
		"negative lane":           func(e *pb.Envelope) { e.Lane = -1 },
		"owed without a sequence": func(e *pb.Envelope) { e.Seq = 0 },
		"sequence in no lane":     func(e *pb.Envelope) { e.Lane = pb.Lane_LANE_NONE },
		"huge sequence":           func(e *pb.Envelope) { e.Seq = math.MaxUint64 },
		"no kind":                 func(e *pb.Envelope) { e.Kind = 0 },
		"big body":                func(e *pb.Envelope) { e.Body = make([]byte, MaxBody+1) },
		"time before 1970":        func(e *pb.Envelope) { e.CapturedUs = -1 },
		"time after 9999":         func(e *pb.Envelope) { e.SentUs = math.MaxInt64 },
		"mono runs backwards":     func(e *pb.Envelope) { e.MonoUs = -5 },
		"offset of an age":        func(e *pb.Envelope) { e.OffsetUs = math.MinInt64 },
		"long boot":               func(e *pb.Envelope) { e.Boot = strings.Repeat("b", MaxText+1) },
	} {
		env := envelopeOf(t, pb.Kind_KIND_ALARM, bodies()[pb.Kind_KIND_ALARM])
		spoil(env)
		b, err := Marshal(env)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(b); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if _, err := Open(nil); err == nil {
		t.Error("nothing was opened as an envelope")
	}
	if _, err := Open(bytes.Repeat([]byte{0x0a, 0}, MaxItems+1)); err == nil || !strings.Contains(err.Error(), "fields") {
		t.Errorf("a message of many small fields: %v", err)
	}
}

func TestACC003_BodyRefusesWhatIsOutOfBounds(t *testing.T) {
	for name, c := range map[string]struct {
		k pb.Kind
		m proto.Message
	}{
		"number that is none":  {pb.Kind_KIND_READINGS, &pb.Readings{Readings: []*pb.Reading{{Value: math.NaN()}}}},
		"endless number":       {pb.Kind_KIND_ALARM, &pb.Alarm{Place: &pb.Place{Lat: math.Inf(1)}}},
		"long text":            {pb.Kind_KIND_NOTE, &pb.Note{Text: strings.Repeat("长", MaxText)}},
		"time before 1970":     {pb.Kind_KIND_NODE, &pb.Node{AtUs: -1}},
		"too many readings":    {pb.Kind_KIND_READINGS, &pb.Readings{Readings: slices.Repeat([]*pb.Reading{{}}, MaxItems+1)}},
		"long list of strings": {pb.Kind_KIND_WAVES, &pb.Waves{Waves: []*pb.Wave{{Leads: slices.Repeat([]string{""}, MaxItems+1)}}}},
	} {
		if _, err := Body(envelopeOf(t, c.k, c.m)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestEVO001_UnknownKindIsKeptAndNamed(t *testing.T) {
	env := envelopeOf(t, pb.Kind(900), &pb.Note{Text: "from a later version"})
	b, err := Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open(b)
	if err != nil {
		t.Fatalf("an envelope of a later kind must open, so that it can be stored: %v", err)
	}
	if _, err := Body(got); !errors.Is(err, ErrUnknownKind) {
		t.Fatalf("body of a later kind: %v", err)
	}
}

func TestDLV002_DigestIsOfTheIdentityAlone(t *testing.T) {
	base := func() *pb.Envelope { return envelopeOf(t, pb.Kind_KIND_ALARM, bodies()[pb.Kind_KIND_ALARM]) }
	want := Digest(base())
	for name, change := range map[string]func(*pb.Envelope){
		"sent":     func(e *pb.Envelope) { e.SentUs++ },
		"live_seq": func(e *pb.Envelope) { e.LiveSeq++ },
		"offset":   func(e *pb.Envelope) { e.OffsetUs, e.OffsetKnown = 1, false },
	} {
		if e := base(); true {
			change(e)
			if Digest(e) != want {
				t.Errorf("%s belongs to one sending and changes the digest", name)
			}
		}
	}
	seen := map[[32]byte]string{want: "the message itself"}
	for name, change := range map[string]func(*pb.Envelope){
		"kind":      func(e *pb.Envelope) { e.Kind++ },
		"captured":  func(e *pb.Envelope) { e.CapturedUs++ },
		"mono":      func(e *pb.Envelope) { e.MonoUs++ },
		"boot":      func(e *pb.Envelope) { e.Boot += "x" },
		"simulated": func(e *pb.Envelope) { e.Simulated = false },
		"body":      func(e *pb.Envelope) { e.Body = append(slices.Clone(e.Body), 0) },
		"boot against body": func(e *pb.Envelope) {
			e.Boot, e.Body = e.Boot[:len(e.Boot)-1], append([]byte{e.Boot[len(e.Boot)-1]}, e.Body...)
		},
	} {
		e := base()
		change(e)
		if other := seen[Digest(e)]; other != "" {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[Digest(e)] = name
	}
}

func TestGapOf(t *testing.T) {
	g, err := GapOf(envelopeOf(t, pb.Kind_KIND_GAP, &pb.Gap{Lane: pb.Lane_LANE_WAVE, From: 3, To: 9, Why: "full"}))
	if err != nil || g.Range != (Range{3, 9}) || g.Lane != pb.Lane_LANE_WAVE || g.Epoch != Epoch(bytes.Repeat([]byte{1}, 16)) {
		t.Fatalf("gap %+v, %v: without its own epoch it is of the envelope's", g, err)
	}
	for name, p := range map[string]*pb.Gap{
		"no lane":     {From: 1, To: 2},
		"backwards":   {Lane: 2, From: 5, To: 2},
		"from 0":      {Lane: 2, To: 2},
		"huge":        {Lane: 2, From: 1, To: math.MaxUint64},
		"short epoch": {Lane: 2, From: 1, To: 2, Epoch: []byte{1}},
	} {
		if _, err := GapOf(envelopeOf(t, pb.Kind_KIND_GAP, p)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestOpenStored_RefusesWhatMakesNoSense(t *testing.T) {
	for name, spoil := range map[string]func(*pb.Stored){
		"no epoch":       func(s *pb.Stored) { s.Epoch = nil },
		"no lane":        func(s *pb.Stored) { s.Lanes[0].Lane = 0 },
		"huge":           func(s *pb.Stored) { s.Lanes[0].UpTo = math.MaxUint64 },
		"range in order": func(s *pb.Stored) { slices.Reverse(s.Lanes[0].Beyond) },
		"backwards":      func(s *pb.Stored) { s.Lanes[0].Beyond[0].To = 8 },
	} {
		m := down()["stored"].(*pb.Stored)
		spoil(m)
		b, err := Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenStored(b); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	if _, err := OpenOwed(nil); err == nil {
		t.Error("an order without an id was opened")
	}
}

func TestPack_RoundTrips(t *testing.T) {
	at := time.UnixMicro(us(0)).UTC()
	for _, r := range []ems.Reading{
		{Device: "m-1", Channel: ems.SpO2, Value: 97, Unit: "%", Quality: ems.Good, Text: "x", Taken: at, DeviceTime: at.Add(time.Hour), Demo: true},
		{Device: "m-1", Channel: ems.SpO2, Unit: "%", Quality: ems.ProbeOff, Taken: at},
	} {
		got, patient, err := UnpackReading(PackReading(r, "p-1"))
		if err != nil || patient != "p-1" || !cmp.Equal(got, r) {
			t.Errorf("reading: %v %v %s", patient, err, cmp.Diff(r, got))
		}
	}
	if p := PackReading(ems.Reading{Device: "m-1", Channel: ems.HeartRate, Value: 72, Quality: ems.ProbeOff}, ""); p.Value != 0 {
		t.Error("a value without quality went out (CLN-005)")
	}
	for _, f := range []ems.Fix{
		{Device: "g-1", Pos: ems.WGS84{Lat: 30, Lon: 120}, Quality: ems.Good, FixKind: "gps", Satellites: 9, HasSatellites: true, HDOP: 1, SpeedKmh: 50, HasSpeed: true,
			CourseDeg: 10, HasCourse: true, AltitudeM: 5, Taken: at, DeviceTime: at, Demo: true},
		{Device: "g-1", Quality: ems.NoFix, FixKind: "none", Taken: at},
		{Device: "g-1", Pos: ems.WGS84{Lat: 30, Lon: 120}, Quality: ems.Good, FixKind: "gps", HasSatellites: true, HasSpeed: true, Taken: at},
	} {
		got, mission, err := UnpackFix(PackFix(f, "m-1"))
		if err != nil || mission != "m-1" || !cmp.Equal(got, f) {
			t.Errorf("position: %v %v %s", mission, err, cmp.Diff(f, got))
		}
	}
	for name, f := range map[string]ems.Fix{
		"nowhere": {Device: "g-1", Quality: ems.Good},
		"beyond":  {Device: "g-1", Quality: ems.NoFix, Pos: ems.WGS84{Lat: 95}},
		"unnamed": {Quality: ems.NoFix},
	} {
		if _, _, err := UnpackFix(PackFix(f, "")); err == nil {
			t.Errorf("position %s: unpacked", name)
		}
	}
	place := &ems.Place{Pos: &ems.WGS84{Lat: 30, Lon: 120}, AccuracyM: 3, Source: "gps", At: &at}
	if got, err := UnpackPlace(PackPlace(place)); err != nil || !cmp.Equal(got, place) {
		t.Errorf("place: %v %s", err, cmp.Diff(place, got))
	}
	if got, err := UnpackPlace(PackPlace(nil)); err != nil || got != nil {
		t.Errorf("no place: %v %v", got, err)
	}
	d := ems.DeviceStatus{Device: "g-1", Kind: "gnss", Driver: "nmea0183", Port: "/dev/ttyS0", Baud: 9600, State: ems.DeviceSpeaking, Since: at, Detail: "d", Frames: 1, Garbage: 2, Lost: 3}
	if got, err := UnpackDevice(PackDevice(d)); err != nil || !cmp.Equal(got, d) {
		t.Errorf("device: %v %s", err, cmp.Diff(d, got))
	}
	if got := UnpackDepth(PackDepth(Depth{Lane: pb.Lane_LANE_WAVE, Count: 1, Bytes: 2, Oldest: us(0), Capped: true})); got.Lane != "wave" || got.Oldest == nil || !got.Oldest.Equal(at) || !got.Capped {
		t.Errorf("depth: %+v", got)
	}
	if p := PackReading(ems.Reading{Device: "m-1", Channel: ems.HeartRate}, ""); func() bool {
		p.Quality = "superb"
		r, _, err := UnpackReading(p)
		return err != nil || r.Quality != ems.DeviceError
	}() {
		t.Error("an unknown quality must become an error of the device, never good")
	}
}

func FuzzOpen(f *testing.F) {
	for k, body := range bodies() {
		b, err := Marshal(envelopeOf(f, k, body))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		env, err := Open(b)
		if err != nil {
			return
		}
		Digest(env)
		IdentityOf(env)
		m, err := Body(env)
		if err != nil {
			return
		}
		switch m := m.(type) {
		case *pb.Waves:
			for _, w := range m.Waves {
				if c, _, err := UnpackWave(w); err == nil && (len(c.Samples) > MaxWaveLeads || c.Len() > MaxWaveLen) {
					t.Errorf("wave of %d leads, %d samples", len(c.Samples), c.Len())
				}
			}
		case *pb.Readings:
			for _, r := range m.Readings {
				_, _, _ = UnpackReading(r)
			}
		case *pb.Positions:
			for _, p := range m.Positions {
				if fix, _, err := UnpackFix(p); err == nil && fix.Quality.HasValue() && !fix.Pos.Valid() {
					t.Errorf("position %v passed", fix.Pos)
				}
			}
		case *pb.Gap:
			_, _ = GapOf(env)
		}
	})
}

func FuzzOpenStored(f *testing.F) {
	for _, m := range down() {
		b, err := Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if st, err := OpenStored(b); err == nil && len(st.Epoch) != 16 {
			t.Error("stored without an epoch")
		}
		_, _ = OpenOwed(b)
	})
}
