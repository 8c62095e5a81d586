package courier

import (
	"context"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// TIM-001: the offset is that of the round trip's middle, its uncertainty half the trip, and a step of the wall clock shows at once.
func TestTIM001_OffsetOfTheWallClockIsMeasured(t *testing.T) {
	var c clock
	const skew = 3 * time.Second // agent ahead of server
	at := func(mono time.Duration, step time.Duration) ems.Instant {
		return ems.Instant{Wall: epoch0.Add(mono + skew + step), Mono: mono, Boot: "b"}
	}
	trip := func(start, there, back, step time.Duration) ems.Instant {
		end := start + there + 5*time.Millisecond + back
		now := at(end, step)
		c.tick(now)
		c.sample(now, &pb.Stored{EchoSentUs: at(start, step).Wall.UnixMicro(),
			EchoReceivedUs: epoch0.Add(start + there).UnixMicro(), ServerUs: epoch0.Add(start + there + 5*time.Millisecond).UnixMicro()})
		return now
	}
	if c.offset(at(0, 0)).Known {
		t.Fatal("an offset is known before anything was measured")
	}
	trip(time.Second, 400*time.Millisecond, 10*time.Millisecond, 0) // lopsided: wrong by 195 ms
	trip(2*time.Second, 10*time.Millisecond, 10*time.Millisecond, 0)
	now := trip(3*time.Second, 10*time.Millisecond, 900*time.Millisecond, 0)
	off := c.offset(now)
	if !off.Known || off.Us != skew.Microseconds() || off.UncertainUs > 11_000 {
		t.Fatalf("offset %+v, want %v within 11 ms: the best of three", off, skew)
	}
	stepped := at(10*time.Second, -time.Hour)
	if !c.tick(stepped) {
		t.Fatal("a step of an hour was not noticed")
	}
	if off := c.offset(stepped); off.Us != (skew - time.Hour).Microseconds() {
		t.Fatalf("offset after the step %+v", off)
	}
	n := len(c.samples)
	c.sample(stepped, &pb.Stored{EchoSentUs: at(9*time.Second, 0).Wall.UnixMicro(), EchoReceivedUs: epoch0.Add(9 * time.Second).UnixMicro(), ServerUs: epoch0.Add(9 * time.Second).UnixMicro()})
	if len(c.samples) != n {
		t.Fatal("a round trip across a step was believed")
	}
	if off := c.offset(at(clockLife+time.Minute, -time.Hour)); off.Known {
		t.Fatalf("offset %+v is still believed after %v without a sample", off, clockLife)
	}
}

func open(t *testing.T, o Out) *pb.Envelope {
	t.Helper()
	env, err := wire.Open(o.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func TestSender_WhereThingsGo(t *testing.T) {
	w := newWorld(1)
	s := w.sender
	s.Connected(w.instant())
	for _, c := range []struct {
		lane pb.Lane
		rest string
		qos  byte
		live uint64
	}{
		{pb.Lane_LANE_READING, link.UpLive, 0, 1},
		{pb.Lane_LANE_WAVE, link.UpLive, 0, 2},
		{pb.Lane_LANE_URGENT, link.UpUrgent, 1, 0},
		{pb.Lane_LANE_POSITION, link.UpLive, 0, 3},
	} {
		r := w.spool.put(wire.Item{Lane: c.lane, Kind: pb.Kind_KIND_NOTE, Boot: "b"})
		outs := s.New(w.instant(), []wire.Record{r})
		if len(outs) != 1 || outs[0].Rest != c.rest || outs[0].QoS != c.qos || open(t, outs[0]).LiveSeq != c.live {
			t.Errorf("lane %v: %+v, want %s QoS %d live %d", c.lane, outs, c.rest, c.qos, c.live)
		}
		if m := outs[0].Message("hz"); m.Topic != "ems/v1/hz/hz-01/"+c.rest {
			t.Errorf("topic %s", m.Topic)
		}
	}
	o, ok := s.Live(w.instant(), wire.Item{Kind: pb.Kind_KIND_DEVICE})
	if env := open(t, o); !ok || env.Lane != pb.Lane_LANE_NONE || env.LiveSeq != 4 || o.QoS != 0 {
		t.Errorf("owed to nobody: %+v", env)
	}
	p := s.Presence(w.instant(), wire.Item{})
	if env := open(t, p); p.Rest != link.UpPresence || p.QoS != 1 || !p.Retain || env.LiveSeq != 0 || wire.Epoch(env.Epoch) != w.spool.epochs[0] {
		t.Errorf("presence: %+v %+v", p, env)
	}
	s.Disconnected(w.instant())
	if _, ok := s.Live(w.instant(), wire.Item{Kind: pb.Kind_KIND_DEVICE}); ok {
		t.Error("something live was given out without a connection")
	}
	if _, ok := s.Wait(w.instant()); ok {
		t.Error("there is something to wait for without a connection")
	}
}

// An alarm nobody answers is sent again after 2, 4, 8 and then every 15 s, whatever else is owed.
func TestALM001_UnansweredAlarmIsSentAgainWithBackOff(t *testing.T) {
	w := newWorld(2)
	for range 500 {
		w.put(pb.Lane_LANE_URGENT, pb.Kind_KIND_NOTE, 50)
	}
	w.dead = true
	w.connect()
	start := w.now
	alarm := w.put(pb.Lane_LANE_URGENT, pb.Kind_KIND_ALARM, 50)
	var at []time.Duration
	for w.now < start+time.Minute {
		outs, err := w.sender.Poll(context.Background(), w.instant())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outs {
			if o.ID.Seq == alarm.Seq {
				at = append(at, w.now-start)
			}
		}
		w.now += 100 * time.Millisecond
	}
	want := []time.Duration{2 * time.Second, 6 * time.Second, 14 * time.Second, 29 * time.Second, 44 * time.Second, 59 * time.Second}
	if len(at) != len(want) {
		t.Fatalf("sent again at %v, want %v", at, want)
	}
	for i := range want {
		if d := at[i] - want[i]; d < 0 || d > time.Second {
			t.Errorf("sent again at %v, want %v", at, want)
		}
	}
}

// A word that was under way before the newest one says less; it must not be taken for a store that lost something.
func TestDLV001_OldWordIsNotALoss(t *testing.T) {
	w := newWorld(4)
	w.connect()
	w.live(5 * time.Second)
	env := w.instant().Wall.UnixMicro()
	word := func(upTo uint64, sent int64) Word {
		t.Helper()
		out, err := w.sender.OnStored(context.Background(), w.instant(), &pb.Stored{Store: "store-a", Epoch: w.spool.epochs[0][:], EchoSentUs: sent,
			Lanes: []*pb.StoredLane{{Lane: pb.Lane_LANE_READING, UpTo: upTo}}})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	w.now += time.Second
	if out := word(2, env-2_000_000); len(out.Delete) != 0 {
		t.Fatalf("an old word was acted upon: %+v", out)
	}
	if out := word(2, w.instant().Wall.UnixMicro()); len(out.Delete) != 1 || out.Delete[0].UpTo != 2 {
		t.Fatalf("a fresh word that says less was not passed on: %+v", out)
	} else if body, ok, err := w.sender.Lost(w.instant(), out.Delete[0], wire.Range{From: 3, To: 5}); err != nil || !ok || len(body) == 0 {
		t.Fatalf("the loss was not declared: %v %v", ok, err)
	} else if _, again, _ := w.sender.Lost(w.instant(), out.Delete[0], wire.Range{From: 3, To: 5}); again {
		t.Fatal("the same loss was declared twice at once")
	}
}

// What the spool could not delete is asked for again with the next word.
func TestSender_UndeletedIsGivenAgain(t *testing.T) {
	w := newWorld(9)
	w.connect()
	w.put(pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, 10)
	w.now += time.Second
	st := &pb.Stored{Store: "store-a", Epoch: w.spool.epochs[0][:], EchoSentUs: w.instant().Wall.UnixMicro(),
		Lanes: []*pb.StoredLane{{Lane: pb.Lane_LANE_READING, UpTo: 1}}}
	ask := func() Word {
		t.Helper()
		out, err := w.sender.OnStored(context.Background(), w.instant(), st)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := ask()
	if len(first.Delete) != 1 || !first.Changed || first.Store != "store-a" {
		t.Fatalf("first word: %+v", first)
	}
	if again := ask(); len(again.Delete) != 0 || again.Changed {
		t.Fatalf("the same word twice: %+v", again)
	}
	w.sender.Undeleted(first.Delete[0])
	if again := ask(); len(again.Delete) != 1 {
		t.Fatalf("after a failed deletion: %+v", again)
	}
}

func TestSender_MemoryIsBoundedWhenNobodyAnswers(t *testing.T) {
	w := newWorld(10)
	w.dead = true
	w.connect()
	for range 3 * MaxFlights {
		w.put(pb.Lane_LANE_WAVE, pb.Kind_KIND_WAVES, 10)
	}
	for range 2 * MaxHeldAlarms {
		w.put(pb.Lane_LANE_URGENT, pb.Kind_KIND_ALARM, 10)
	}
	w.bounds()
	if len(w.sender.alarms) != MaxHeldAlarms || w.worst != "" {
		t.Fatalf("%d alarms held; %s", len(w.sender.alarms), w.worst)
	}
	w.quiet(t, time.Minute)
	w.delivered(t)
}

// A word about an epoch of which nothing is held any more may tell of a loss, unless it was made before all of it was stored.
func TestDLV001_LossInAnEmptiedEpochIsHeard(t *testing.T) {
	w := newWorld(5)
	w.connect()
	w.live(2 * time.Second)
	gone := wire.Epoch{9}
	w.sender.lane(laneKey{gone, pb.Lane_LANE_WAVE})
	before := w.instant().Wall.UnixMicro()
	if _, err := w.sender.Poll(context.Background(), w.instant()); err != nil {
		t.Fatal(err)
	}
	w.now += time.Second
	word := func(sent int64) Word {
		t.Helper()
		out, err := w.sender.OnStored(context.Background(), w.instant(), &pb.Stored{Store: "store-a", Epoch: gone[:], EchoSentUs: sent,
			Lanes: []*pb.StoredLane{{Lane: pb.Lane_LANE_WAVE, UpTo: 3}}})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := word(before); len(out.Delete) != 0 {
		t.Errorf("a word from before the epoch was emptied was acted upon: %+v", out)
	}
	if out := word(w.instant().Wall.UnixMicro()); len(out.Delete) != 1 || out.Delete[0].UpTo != 3 {
		t.Errorf("the spool is not asked what the centre lacks: %+v", out)
	}
}

// DLV-001, DLV-007: what the spool puts into the urgent lane by itself while the link is up, and tells New nothing of, goes out all the
// same: whether anything urgent follows it or not, and when its epoch has ended meanwhile.
func TestDLV001_GapRecordsOfTheSpoolItselfAreSent(t *testing.T) {
	for name, then := range map[string]func(*world){
		"the last":                   func(*world) {},
		"before another":             func(w *world) { w.put(pb.Lane_LANE_URGENT, pb.Kind_KIND_NOTE, 50) },
		"in an epoch that has ended": func(w *world) { w.spool.newEpoch() },
	} {
		w := newWorld(7)
		w.connect()
		w.put(pb.Lane_LANE_URGENT, pb.Kind_KIND_NOTE, 50)
		w.run(time.Second) // answered: no flight is left that would open the lane again
		gap := w.spool.put(wire.Item{Lane: pb.Lane_LANE_URGENT, Kind: pb.Kind_KIND_GAP, Boot: "b"})
		then(w)
		w.run(LookAgain + time.Second)
		if set := w.store.lane(laneKey{gap.Epoch, gap.Lane}); !set.Has(gap.Seq) || w.spool.count() > 0 || w.worst != "" {
			t.Errorf("%s: the centre has %+v, not %d; %d are owed; %s", name, *set, gap.Seq, w.spool.count(), w.worst)
		}
	}
}
