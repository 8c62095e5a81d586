package dispatcher

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// bound brings a patient to hospital h1 with a monitor.
func (b *bench) bound(v *van) ems.MissionID {
	v.presence(&pb.Presence{Online: true})
	m, o := b.story(ems.UnitID(v.unit))
	v.urgent(pb.Kind_KIND_ORDER_ANSWER, &pb.OrderAnswer{Order: string(o), Version: 1, Answer: "accepted", By: "李", AtUs: v.us()})
	b.do(desk.AddPatient{Mission: m, Patient: "pat-1", Name: "赵某", Sex: "m", AgeYears: 61})
	v.urgent(pb.Kind_KIND_BINDING, &pb.Binding{Device: "mon", Patient: "pat-1", Mission: string(m), Bound: true, By: "李", AtUs: v.us()})
	time.Sleep(time.Second)
	b.do(desk.SetDestination{Mission: m, Hospital: "h1", Notice: "n1", Pathway: "chest_pain"})
	time.Sleep(2 * time.Second)
	return m
}

func stepOf(t *testing.T, shown map[string]any, key string) map[string]any {
	t.Helper()
	steps, _ := shown["steps"].([]any)
	for _, s := range steps {
		if s, ok := s.(map[string]any); ok && s["key"] == key {
			return s
		}
	}
	t.Fatalf("no step %q in %v", key, shown)
	return nil
}

func TestCases_AreHeldAgainstTargetsByTheServer(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		m := b.bound(v)
		shown := b.on("hospital:h1", casesColl, string(m))
		if shown == nil || shown["pathway"] != "chest_pain" || shown["lead"] != "fmc" || shown["since"] != nil {
			t.Fatal("before contact:", shown)
		}
		if s := stepOf(t, shown, "first_ecg"); s["state"] != "open" || s["remaining_s"] != nil {
			t.Error("not due before first contact:", s)
		}
		if stepOf(t, shown, "call")["at"] == nil {
			t.Error("the call has a time")
		}
		b.do(desk.SetNode{Mission: m, Node: ems.NodeContact})
		time.Sleep(2 * time.Second)
		shown = b.on("hospital:h1", casesColl, string(m))
		s := stepOf(t, shown, "first_ecg")
		if left, _ := s["remaining_s"].(float64); s["state"] != "running" || left < 595 || left > 600 {
			t.Error("10 min from first contact:", s)
		}
		time.Sleep(9 * time.Minute)
		if s := stepOf(t, b.on("hospital:h1", casesColl, string(m)), "first_ecg"); s["state"] != "near" {
			t.Error("after 9 min:", s)
		}
		time.Sleep(2 * time.Minute)
		if s := stepOf(t, b.on("hospital:h1", casesColl, string(m)), "first_ecg"); s["state"] != "over" {
			t.Error("after 11 min:", s)
		}
		if b.on("hospital:h2", casesColl, string(m)) != nil {
			t.Error("another hospital sees the case (SCR-004)")
		}
		if b.value(casesColl, string(m)) == nil {
			t.Error("the console has no case")
		}
		b.do(desk.SetDestination{Mission: m, Hospital: "h2", Notice: "n2"})
		time.Sleep(2 * time.Second)
		if b.on("hospital:h1", casesColl, string(m)) != nil || b.on("hospital:h2", casesColl, string(m)) == nil {
			t.Error("redirected, and the case did not go with the patient (SCR-004)")
		}
	})
}

func TestNotice_CarriesWhatTheHospitalMustKnowOfTheIncident(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		b.bound(newVan(b.air, "u01"))
		n := b.on("hospital:h1", "notices", "n1")
		if n["priority"] == "" || n["priority"] == nil || n["pathway"] != "chest_pain" {
			t.Error(n)
		}
	})
}

// A source of twelve leads at 500 Hz reaches the hospital whole: leads in their order, rate and scale as stated, no sample lost.
func TestTwelveLeadsAt500HzReachTheHospital(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		b.bound(v)
		screen := b.follow("hospital:h1")
		drain(screen)
		leads := []ems.Channel{ems.ECGI, ems.ECGII, ems.ECGIII, ems.ECGAVR, ems.ECGAVL, ems.ECGAVF, ems.ECGV1, ems.ECGV2, ems.ECGV3, ems.ECGV4, ems.ECGV5, ems.ECGV6}
		for i := range uint64(5) {
			rows := make([][]int16, len(leads))
			for l := range rows {
				rows[l] = make([]int16, 50)
				for j := range rows[l] {
					rows[l][j] = int16(l*1000) + int16(i)*50 + int16(j)
				}
			}
			w, err := wire.PackWave(ems.WaveChunk{Device: "mon", Stream: "s12", Leads: leads, RateHz: 500, LSB: 0.0025, Counter: i * 50, Samples: rows,
				Taken: time.Now().Add(v.ahead), Filter: "0.05-150 Hz"}, "pat-1")
			if err != nil {
				t.Fatal(err)
			}
			v.send(link.UpLive, pb.Lane_LANE_WAVE, pb.Kind_KIND_WAVES, 0, &pb.Waves{Waves: []*pb.Wave{w}})
			time.Sleep(100 * time.Millisecond)
			n, f := drain(screen)
			if n != 1 || f.RateHz != 500 || f.LSB != 250 || len(f.Samples) != 12 || len(f.Samples[11]) != 50 || f.Samples[11][7] != 11000+int16(i)*50+7 || f.Counter != i*50 || f.Gap {
				t.Fatalf("%d frames, %d leads at %v Hz, LSB %d, counter %d", n, len(f.Samples), f.RateHz, f.LSB, f.Counter)
			}
		}
		var keys []string
		b.looks(func(*desk.State) { keys = slices.Collect(maps.Keys(b.views["h1"].sent["slots"])) })
		if len(keys) != 1 {
			t.Fatal(keys)
		}
		for _, k := range keys {
			s := b.on("hospital:h1", "slots", k)
			if got, _ := s["leads"].([]any); len(got) != 12 || got[0] != "ecg_i" || got[11] != "ecg_v6" || s["lsb_uv"] != 2.5 || s["filter"] != "0.05-150 Hz" {
				t.Error(s)
			}
		}
	})
}

func TestDLV004_TrendKeepsGapsAndMarksWhatCameLate(t *testing.T) {
	at(t, func(t *testing.T, b *bench) {
		v := newVan(b.air, "u01")
		b.bound(v)
		time.Sleep(4 * time.Minute)
		send := func(ago time.Duration, value float64) {
			v.send(link.UpReading, pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, ago, hr(v, value, "pat-1", ago))
			time.Sleep(100 * time.Millisecond)
		}
		send(2*time.Minute, 60) // late
		send(0, 80)
		send(0, 90)
		time.Sleep(time.Second)
		get := func(h ems.HospitalID) (wire.Trend, error) { return b.trend(t.Context(), "pat-1", h, 5, 10) }
		tr, err := get("h1")
		if err != nil || len(tr.Series) != 1 || tr.StepS != 30 {
			t.Fatalf("%+v, %v", tr, err)
		}
		s := tr.Series[0]
		gaps := 0
		for i := range s.Low {
			if (s.Low[i] == nil) != (s.High[i] == nil) {
				t.Error("half a value")
			}
			if s.Low[i] == nil {
				gaps++
			}
		}
		if gaps != 8 || *s.Low[9] != 80 || *s.High[9] != 90 {
			t.Errorf("gaps %d, last %v to %v", gaps, s.Low[9], s.High[9])
		}
		if len(s.Backfilled) != 1 || s.Low[s.Backfilled[0]] == nil || *s.Low[s.Backfilled[0]] != 60 {
			t.Errorf("what came 2 min late is not marked: %v", s.Backfilled)
		}
		if _, err := get("h2"); err == nil {
			t.Error("another hospital reads the patient's trend (SCR-004)")
		}
		if _, err := b.trend(t.Context(), "nobody", "", 5, 10); err == nil {
			t.Error("a trend of nobody")
		}
	})
}

func TestLimits_AHospitalEditsItsOwnAndTheyOutliveARestart(t *testing.T) {
	d := serveCentre(t, patient, nil)
	body := `{"id":"act-1","limits":[{"channel":"hr","critical_low":35,"low":45,"high":120,"critical_high":150,"source":"本院"}]}`
	if resp := d.post("/api/v1/hospitals/h1/limits", body, nil); resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	limits := func(h string) map[string]wire.ChannelLimits {
		var out map[string]wire.ChannelLimits
		if err := d.Look(t.Context(), func(*desk.State) { out = d.limitsOf(ems.HospitalID(h)) }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if l := limits("h1"); len(l) != 1 || *l["hr"].High != 120 || l["hr"].By != "张调度" || l["hr"].At == nil {
		t.Error(l)
	}
	if l := limits("h2"); len(l) < 5 || *l["hr"].High != 111 || l["hr"].By != "" {
		t.Error("another hospital's limits moved:", l)
	}
	raw, err := d.cfg.Store.Doc(t.Context(), limitsKind, "h1")
	var kept []limitChange
	if err != nil || json.Unmarshal(raw, &kept) != nil || len(kept) != 1 || kept[0].By != "张调度" {
		t.Error(err, string(raw))
	}
	for name, bad := range map[string]string{
		"out of order": `[{"channel":"hr","low":90,"high":50,"source":"x"}]`,
		"twice":        `[{"channel":"hr","low":50,"source":"x"},{"channel":"hr","low":60,"source":"x"}]`,
		"no channel":   `[{"channel":"","low":50,"source":"x"}]`,
	} {
		if resp := d.post("/api/v1/hospitals/h1/limits", fmt.Sprintf(`{"limits":%s}`, bad), nil); resp.StatusCode != http.StatusUnprocessableEntity {
			t.Error(name, resp.Status)
		}
	}
	if resp := d.post("/api/v1/hospitals/nowhere/limits", `{"limits":[]}`, nil); resp.StatusCode != 404 {
		t.Error(resp.Status)
	}
	if l := limits("h1"); *l["hr"].High != 120 {
		t.Error("refused limits took hold:", l)
	}
}
