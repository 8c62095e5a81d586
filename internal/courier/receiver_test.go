package courier

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

var t0 = epoch0

func sealed(u ems.UnitID, l pb.Lane, seq uint64, k pb.Kind, body []byte) *pb.Envelope {
	return wire.Seal(u, wire.Record{Epoch: wire.Epoch{1}, Seq: seq, Item: wire.Item{Lane: l, Kind: k, Boot: "b", Body: body}},
		wire.Sending{SentUs: t0.UnixMicro()})
}

func reading(seq uint64) *pb.Envelope {
	return sealed("u", pb.Lane_LANE_READING, seq, pb.Kind_KIND_READINGS, []byte{byte(seq)})
}

// laneOf is the answer about one lane of the first epoch; nil when there was none.
func laneOf(as []Answer, l pb.Lane) *pb.StoredLane {
	for _, a := range as {
		for _, sl := range a.Stored.Lanes {
			if sl.Lane == l {
				return sl
			}
		}
	}
	return nil
}

func TestReceiver_Verdicts(t *testing.T) {
	r := NewReceiver("s")
	other := reading(1)
	other.Body = []byte("other")
	steps := []struct {
		name string
		env  *pb.Envelope
		do   func()
		want Verdict
	}{
		{"first", reading(1), nil, New},
		{"again before its commit", reading(1), nil, UnderWay},
		{"other bytes before its commit", other, nil, Clash},
		{"after the store failed", reading(1), func() { r.Unstored(reading(1)) }, New},
		{"after its commit", reading(1), func() { r.Stored(t0, reading(1)) }, Known},
		{"owed to nobody", sealed("u", pb.Lane_LANE_NONE, 0, pb.Kind_KIND_DEVICE, nil), nil, Passing},
	}
	for _, s := range steps {
		if s.do != nil {
			s.do()
		}
		if got := r.Offer(t0, link.UpReading, s.env); got != s.want {
			t.Errorf("%s: verdict %d, want %d", s.name, got, s.want)
		}
	}
}

func TestDLV002_ConflictTellsTheUnitToBeginANewEpoch(t *testing.T) {
	r := NewReceiver("s")
	r.Offer(t0, link.UpReading, reading(1))
	r.Stored(t0, reading(1))
	r.Conflict(t0, "u", wire.Epoch{1})
	as := r.Answers(t0)
	if len(as) != 1 || !as[0].Stored.NewEpoch || as[0].Stored.Store != "s" {
		t.Fatalf("answers %v: want one that asks for a new epoch", as)
	}
}

func TestReceiver_AnswersUrgentAtOnceOthersTogetherAndBeatsWhileOnline(t *testing.T) {
	r := NewReceiver("s")
	r.Offer(t0, link.UpLive, reading(1))
	r.Stored(t0, reading(1))
	if as := r.Answers(t0.Add(AnswerWait - time.Millisecond)); len(as) != 0 {
		t.Fatalf("a reading was answered before %v: %v", AnswerWait, as)
	}
	if at, ok := r.NextDue(); !ok || !at.Equal(t0.Add(AnswerWait)) {
		t.Fatalf("next due %v, want after %v", at, AnswerWait)
	}
	note := sealed("u", pb.Lane_LANE_URGENT, 1, pb.Kind_KIND_NOTE, nil)
	r.Offer(t0, link.UpUrgent, note)
	r.Stored(t0, note)
	as := r.Answers(t0)
	if l := laneOf(as, pb.Lane_LANE_URGENT); l == nil || l.UpTo != 1 || laneOf(as, pb.Lane_LANE_READING).UpTo != 1 {
		t.Fatalf("an urgent message was not answered at once, with all lanes: %v", as)
	}
	if as := r.Answers(t0.Add(Heartbeat - time.Millisecond)); len(as) != 0 {
		t.Fatalf("spoke again before the heartbeat: %v", as)
	}
	beats := 0
	for at := t0; at.Before(t0.Add(10 * time.Minute)); at = at.Add(time.Second) {
		beats += len(r.Answers(at))
	}
	if want := int(QuietMost / Heartbeat); beats != want {
		t.Fatalf("%d heartbeats to a unit that fell silent, want %d", beats, want)
	}
}

func TestReceiver_PresenceIsAnsweredAtOnce(t *testing.T) {
	r := NewReceiver("s")
	set := wire.RangeSet{UpTo: 7, Beyond: []wire.Range{{From: 9, To: 12}}}
	r.Load("u", wire.Epoch{1}, pb.Lane_LANE_WAVE, set)
	body, err := wire.Marshal(&pb.Presence{Online: true})
	if err != nil {
		t.Fatal(err)
	}
	if v := r.Offer(t0, link.UpPresence, sealed("u", pb.Lane_LANE_NONE, 0, pb.Kind_KIND_PRESENCE, body)); v != Passing {
		t.Fatalf("verdict %d", v)
	}
	l := laneOf(r.Answers(t0), pb.Lane_LANE_WAVE)
	if l == nil || l.UpTo != 7 || len(l.Beyond) != 1 || l.Credit == 0 {
		t.Fatalf("answer to presence: %v, want what was loaded, and credit", l)
	}
}

func TestReceiver_RefusesMoreHolesThanItRemembers(t *testing.T) {
	r := NewReceiver("s")
	for seq := uint64(2); seq <= 2*MaxRanges; seq += 2 {
		rest := link.UpLive
		if seq > 2*MaxLiveRanges {
			if v := r.Offer(t0, rest, reading(seq)); v != Refused {
				t.Fatalf("live seq %d: verdict %d, want refused: the rest is the backlog's", seq, v)
			}
			rest = link.UpReading
		}
		if v := r.Offer(t0, rest, reading(seq)); v != New {
			t.Fatalf("%s seq %d: verdict %d", rest, seq, v)
		}
		r.Stored(t0, reading(seq))
	}
	if v := r.Offer(t0, link.UpReading, reading(500)); v != Refused {
		t.Errorf("one hole too many: verdict %d, want refused", v)
	}
	if v := r.Offer(t0, link.UpLive, reading(2*MaxRanges+1)); v != New {
		t.Errorf("a record that lengthens a range: verdict %d, want new", v)
	}
	if v := r.Offer(t0, link.UpReading, reading(1)); v != New {
		t.Errorf("a record that closes a hole: verdict %d, want new", v)
	}
	if v := r.Offer(t0, link.UpUrgent, sealed("u", pb.Lane_LANE_URGENT, 900, pb.Kind_KIND_ALARM, nil)); v != New {
		t.Errorf("an alarm far ahead: verdict %d, want new", v)
	}
}

func TestDLV007_GapRecordFillsItsRange(t *testing.T) {
	r := NewReceiver("s")
	r.Offer(t0, link.UpLive, reading(9))
	r.Stored(t0, reading(9))
	body, err := wire.Marshal(&pb.Gap{Lane: pb.Lane_LANE_READING, From: 1, To: 8, Why: "full"})
	if err != nil {
		t.Fatal(err)
	}
	gap := sealed("u", pb.Lane_LANE_URGENT, 1, pb.Kind_KIND_GAP, body)
	if v := r.Offer(t0, link.UpUrgent, gap); v != New {
		t.Fatalf("verdict %d", v)
	}
	r.Stored(t0, gap)
	if l := laneOf(r.Answers(t0), pb.Lane_LANE_READING); l == nil || l.UpTo != 9 || len(l.Beyond) != 0 {
		t.Fatalf("reading lane after the gap record: %v, want gapless up to 9", l)
	}
	if v := r.Offer(t0, link.UpReading, reading(5)); v != Known {
		t.Fatalf("a record that came after its gap: verdict %d, want known", v)
	}
}

// Two hundred units return at once: what they may have under way together stays within the budget.
func TestDLV003_ReturningUnitsShareTheBudget(t *testing.T) {
	r := NewReceiver("s")
	names := []ems.UnitID{}
	for i := range 200 {
		names = append(names, ems.UnitID(fmt.Sprintf("u%03d", i)))
	}
	for _, u := range names {
		e := sealed(u, pb.Lane_LANE_READING, 1, pb.Kind_KIND_READINGS, nil)
		r.Offer(t0, link.UpReading, e)
		r.Stored(t0, e)
	}
	total := uint64(0)
	as := r.Answers(t0.Add(time.Second))
	if len(as) != len(names) || !slices.IsSortedFunc(as, func(a, b Answer) int { return int(a.Unit[1]) - int(b.Unit[1]) }) {
		t.Fatalf("%d answers, want one to each unit in order", len(as))
	}
	for _, a := range as {
		for _, l := range a.Stored.Lanes {
			if l.Lane != pb.Lane_LANE_URGENT {
				total += l.Credit
			}
		}
	}
	if total == 0 || total > BacklogBudget {
		t.Fatalf("credits of 200 units together %d bytes, budget %d", total, BacklogBudget)
	}
	alone := r.credit(r.units["u000"], pb.Lane_LANE_WAVE)
	later := t0.Add(ReturnLife + 2*time.Second)
	r.Answers(later)
	if after := r.credit(r.units["u000"], pb.Lane_LANE_WAVE); after <= alone {
		t.Fatalf("credit %d after the others were done, %d before: it should grow", after, alone)
	}
}

func TestReceiver_ForgetsOldEpochsAndRefusesTooManyUnits(t *testing.T) {
	r := NewReceiver("s")
	for i := range MaxEpochs + 10 {
		e := reading(1)
		e.Epoch = slices.Repeat([]byte{byte(i)}, 16)
		if v := r.Offer(t0.Add(time.Duration(i)*time.Second), link.UpLive, e); v != New {
			t.Fatalf("epoch %d: verdict %d", i, v)
		}
	}
	if n := len(r.units["u"].epochs); n != MaxEpochs {
		t.Fatalf("%d epochs in mind, want %d", n, MaxEpochs)
	}
	for i := range MaxUnits {
		r.unit(ems.UnitID(fmt.Sprint(i)))
	}
	if v := r.Offer(t0, link.UpLive, sealed("one-more", pb.Lane_LANE_READING, 1, pb.Kind_KIND_READINGS, nil)); v != Refused {
		t.Fatalf("unit %d: verdict %d, want refused", MaxUnits+1, v)
	}
}

func TestSCR002_LostLiveMessagesAreCounted(t *testing.T) {
	type m struct {
		seq  uint64
		sent int64 // s
		mono int64 // s
		boot string
	}
	for _, c := range []struct {
		name string
		in   []m
		want uint64
	}{
		{"none lost", []m{{1, 10, 10, "a"}, {2, 11, 11, "a"}, {3, 12, 12, "a"}}, 0},
		{"two lost", []m{{1, 10, 10, "a"}, {4, 13, 13, "a"}}, 2},
		{"late, not lost", []m{{1, 10, 10, "a"}, {3, 12, 12, "a"}, {2, 11, 11, "a"}}, 0},
		{"twice is not late", []m{{1, 10, 10, "a"}, {4, 13, 13, "a"}, {4, 13, 13, "a"}, {1, 10, 10, "a"}}, 2},
		{"further back than the window stays lost", []m{{1, 10, 10, "a"}, {100, 110, 110, "a"}, {2, 11, 11, "a"}}, 98},
		{"unit unknown before: nobody knows", []m{{50, 60, 60, "a"}, {52, 62, 62, "a"}}, 1},
		{"new connection, its first lost", []m{{50, 60, 60, "a"}, {2, 70, 70, "a"}}, 1},
		{"first two of a new connection change places", []m{{50, 60, 60, "a"}, {2, 71, 71, "a"}, {1, 70, 70, "a"}}, 0},
		{"old connection's late one does not count", []m{{50, 60, 60, "a"}, {1, 70, 70, "a"}, {49, 59, 59, "a"}, {2, 71, 71, "a"}}, 0},
		{"wall clock steps back an hour", []m{{1, 7210, 10, "a"}, {2, 3611, 11, "a"}, {4, 3613, 13, "a"}, {5, 3614, 14, "a"}}, 1},
		{"reboot with a clock of 1970", []m{{40, 7210, 10, "a"}, {1, 5, 2, "b"}, {3, 7, 4, "b"}, {41, 7211, 11, "a"}}, 1},
	} {
		r := NewReceiver("s")
		for _, x := range c.in {
			e := sealed("u", pb.Lane_LANE_NONE, 0, pb.Kind_KIND_DEVICE, nil)
			e.LiveSeq, e.SentUs, e.MonoUs, e.Boot = x.seq, x.sent*1e6, x.mono*1e6, x.boot
			r.Offer(t0, link.UpLive, e)
		}
		if got := r.LiveLost("u"); got != c.want {
			t.Errorf("%s: %d lost, want %d", c.name, got, c.want)
		}
	}
}

// A unit whose store was replaced by a backup is told of epochs of which it holds nothing any more: it must own up to what is lost.
func TestDLV001_UnitIsToldOfEpochsThatOnlyTheStoreKnows(t *testing.T) {
	r := NewReceiver("s")
	old := wire.Epoch{2}
	r.Load("u", old, pb.Lane_LANE_WAVE, wire.RangeSet{UpTo: 7})
	told := 0
	for i := range 2 * LoadedAgain {
		at := t0.Add(time.Duration(i) * Heartbeat)
		r.Offer(at, link.UpLive, sealed("u", pb.Lane_LANE_NONE, 0, pb.Kind_KIND_POSITIONS, nil))
		for _, a := range r.Answers(at.Add(Heartbeat)) {
			if wire.Epoch(a.Stored.Epoch) == old {
				told++
			}
		}
	}
	if told != LoadedAgain {
		t.Fatalf("told %d times of an epoch that only the store knows, want %d", told, LoadedAgain)
	}
}

// EVO-001: a vehicle that does not know the lane of photos refuses a word that names it, and would never hear again that anything is
// stored: only those that show the lane are told of it.
func TestEVO001_OnlyVehiclesWithALaneForPhotosAreToldOfIt(t *testing.T) {
	word := func(p *pb.Presence) *pb.StoredLane {
		r := NewReceiver("s")
		body, err := wire.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		r.Offer(t0, link.UpPresence, sealed("u", pb.Lane_LANE_NONE, 0, pb.Kind_KIND_PRESENCE, body))
		r.Offer(t0, link.UpLive, reading(1))
		r.Stored(t0, reading(1))
		as := r.Answers(t0.Add(AnswerWait))
		if laneOf(as, pb.Lane_LANE_READING) == nil {
			t.Fatal("no word of the reading:", as)
		}
		return laneOf(as, pb.Lane_LANE_PHOTO)
	}
	if l := word(&pb.Presence{Online: true, Depths: []*pb.LaneDepth{{Lane: pb.Lane_LANE_READING}}}); l != nil {
		t.Error("an older vehicle is told of the lane:", l)
	}
	if l := word(&pb.Presence{Online: true, Depths: []*pb.LaneDepth{{Lane: pb.Lane_LANE_PHOTO}}}); l == nil || l.Credit == 0 {
		t.Error("a vehicle that has the lane is not told of it:", l)
	}
}
