package agent_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/link"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// reads gets from the terminal's API.
func (b *bench) reads(path string, out any) int {
	b.t.Helper()
	rec := recorder{httptest.NewRecorder()}
	b.mux.ServeHTTP(rec, httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, path, nil))
	if err := json.Unmarshal(rec.Body.Bytes(), out); err != nil {
		b.t.Fatal(err)
	}
	return rec.Code
}

// asked lists what the terminal asked of the centre.
func (b *bench) asked() []*pb.HospitalsAsked {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asks)
}

// The terminal asks the centre for the ranking; without a link or an answer it has none, says so at once or in seconds, and never fails.
func TestHospitalsAreTheCentresRankingOrNone(t *testing.T) {
	run(t, func(b *bench) {
		b.sentTo(scene, 0)
		const path = "/api/v1/missions/m-o1/hospitals?pathway=stroke"
		var got wire.TerminalRanking
		began := time.Now()
		if code := b.reads(path, &got); code != 200 || got.Ranking != nil || time.Since(began) < time.Second || time.Since(began) > 4*time.Second {
			t.Errorf("a centre that does not answer: %d %+v after %v", code, got, time.Since(began))
		}
		asked := b.asked()
		if len(asked) != 1 || asked[0].Mission != "m-o1" || asked[0].Pathway != "stroke" || asked[0].Ask == "" {
			t.Fatalf("asked %v", asked)
		}
		// The centre answers; an answer to another ask, or one that comes twice, is nobody's.
		answer := func(ask string) *pb.Hospitals {
			travel := 300.0
			m, err := wire.PackHospitals(ask, wire.HospitalRanking{ID: "hr-1", Mission: "m-o1", Method: "roads", Hospitals: []wire.RankedHospital{{Hospital: "h1", TravelS: &travel}}})
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		b.say(link.DownHospitals, answer(asked[0].Ask)) // too late
		done := make(chan wire.TerminalRanking, 1)
		go func() {
			var r wire.TerminalRanking
			b.reads(path, &r)
			done <- r
		}()
		time.Sleep(200 * time.Millisecond)
		ask := b.asked()[1].Ask
		b.say(link.DownHospitals, &pb.Hospitals{Ask: ask, Ranking: []byte("nonsense")}) // is none (ACC-003)
		b.say(link.DownHospitals, answer("another"))
		b.say(link.DownHospitals, answer(ask))
		b.say(link.DownHospitals, answer(ask))
		if r := <-done; r.Ranking == nil || r.Ranking.ID != "hr-1" || *r.Ranking.Hospitals[0].TravelS != 300 {
			t.Errorf("answered: %+v", r)
		}
		if code := b.reads("/api/v1/missions/nobody/hospitals", &got); code != 200 || got.Ranking != nil {
			t.Errorf("a mission that is not there: %d %+v", code, got)
		}
		// What the crew says of the patient is owed to the centre, and names the ranking that they chose from.
		yes, no, lw := "yes", "no", time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
		if code := b.touch("/api/v1/missions/m-o1/assessment", wire.TerminalAssess{AssessBody: wire.AssessBody{Act: wire.Act{ID: "as1"}, LVO: &yes, Unstable: &no, LastWell: &lw}, By: "张医生"}, nil); code != 200 {
			t.Fatal(code)
		}
		if code := b.touch("/api/v1/missions/m-o1/assessment", wire.TerminalAssess{AssessBody: wire.AssessBody{Act: wire.Act{ID: "as1"}, LVO: &no}, By: "张医生"}, nil); code != 200 { // sent again
			t.Fatal(code)
		}
		if code := b.touch("/api/v1/missions/m-o1/destination", wire.TerminalDestination{ID: "d1", Hospital: "h1", By: "张医生", Ranking: "hr-1"}, nil); code != 200 {
			t.Fatal(code)
		}
		time.Sleep(time.Second)
		as := bodies[*pb.Assessment](b)
		if len(as) != 1 || *as[0].Lvo != "yes" || as[0].Severe != nil || as[0].LastWellUs != lw.UnixMicro() || as[0].By != "张医生" {
			t.Errorf("assessed: %v", as)
		}
		if d := bodies[*pb.Destination](b); len(d) != 1 || d[0].Ranking != "hr-1" {
			t.Errorf("chosen: %v", d)
		}
		if m := shown[ems.Mission](b, "missions", "m-o1"); m.Assessment == nil || m.Assessment.LVO != "yes" || m.Assessment.Severe != "" || !m.Assessment.LastWell.Equal(lw) {
			t.Errorf("on the terminal: %+v", m.Assessment)
		}
	})
}
