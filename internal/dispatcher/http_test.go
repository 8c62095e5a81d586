package dispatcher

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/mapfile"
	"lifeline120/internal/store"
	"lifeline120/internal/store/mem"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
	"lifeline120/maps"
)

// desktop is a centre behind HTTP.
type desktop struct {
	*Centre
	t    *testing.T
	disk *mem.Disk
	url  string
}

// patient is for tests in real time: a machine that stands still for a second must not look like a store that does.
const patient = 30 * time.Second

func serveCentre(t *testing.T, patience time.Duration, wrap func(http.Handler) http.Handler) *desktop {
	t.Helper()
	disk := mem.NewDisk("store-1", true)
	st, err := disk.Open(true)
	if err != nil {
		t.Fatal(err)
	}
	city, err := maps.Load(maps.Demo())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCentre(t.Context(), CentreConfig{City: city, Store: st, Version: "test", StorePatience: patience})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	h := c.Handler(fstest.MapFS{"console.html": {Data: []byte("<console>")}, "caller.html": {Data: []byte("<caller>")}})
	if wrap != nil {
		h = wrap(h)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		srv.CloseClientConnections()
		srv.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return &desktop{c, t, disk, srv.URL}
}

// post writes as a person does and reads the answer into out.
func (d *desktop) post(path, body string, out any) *http.Response {
	d.t.Helper()
	r, err := http.NewRequest(http.MethodPost, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-By", "%E5%BC%A0%E8%B0%83%E5%BA%A6")
	r.Header.Set("X-Desk", "d1")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			d.t.Fatalf("%s: %v: %s", path, err, b)
		}
	}
	return resp
}

func (d *desktop) get(path string) (int, string) {
	d.t.Helper()
	resp, err := http.Get(d.url + path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestStoryOverHTTP(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	d.post("/api/v1/units/u01/duty", `{"duty":"on_duty","crew":["李","王"]}`, nil)
	var a wire.AlarmAnswer
	d.post("/api/v1/alarms/caller", `{"press_id":"p1","who":"self","place":{"pos":{"lat":35.4,"lon":118.5},"source":"gps"}}`, &a)
	if a.State != "stored" || a.Token == "" {
		t.Fatal(a)
	}
	var acked ems.Alarm
	d.post("/api/v1/alarms/"+string(a.Alarm)+"/ack", `{"id":"act-1"}`, &acked)
	if acked.State != ems.AlarmAcknowledged || acked.AckBy != "张调度" || acked.Unrecorded {
		t.Fatal(acked)
	}
	var in, again ems.Incident
	d.post("/api/v1/incidents", `{"id":"act-2","alarm":"`+string(a.Alarm)+`","type":"emergency","priority":"A","complaint":"胸痛"}`, &in)
	d.post("/api/v1/incidents", `{"id":"act-2","alarm":"`+string(a.Alarm)+`","type":"emergency","priority":"A","complaint":"胸痛"}`, &again)
	if in.ID == "" || in.ID != again.ID || in.Place.Pos == nil {
		t.Fatal("the same act made two incidents, or lost the place:", in, again)
	}
	var r wire.Recommendation
	d.post("/api/v1/incidents/"+string(in.ID)+"/recommend", `{"id":"act-3"}`, &r)
	if len(r.Units) != 1 || r.Units[0].Unit != "u01" || r.Method != "straight_line" || len(r.LeftOut) != 39 {
		t.Fatal(r)
	}
	var sent wire.Dispatched
	d.post("/api/v1/incidents/"+string(in.ID)+"/dispatch", `{"id":"act-4","unit":"u01","recommendation":"`+r.ID+`"}`, &sent)
	if sent.Order.State != ems.OrderQueued || sent.Mission.RecommendedID != r.ID {
		t.Fatal(sent)
	}
	var p struct {
		Status int    `json:"status"`
		Detail string `json:"detail"`
		Code   string
		Args   map[string]string
		Errors []struct{ Location string }
	}
	resp := d.post("/api/v1/incidents/"+string(in.ID)+"/dispatch", `{"id":"act-5","unit":"u01"}`, &p)
	if resp.StatusCode != 409 || p.Detail == "" || p.Code != "refused" || p.Args["from"] == "" || p.Args["to"] == "" || len(p.Errors) != 2 || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Error("a refused move says both ends:", resp.Status, p)
	}
	if resp := d.post("/api/v1/orders/nothing/withdraw", `{"reason":"x"}`, &p); resp.StatusCode != 404 {
		t.Error(resp.Status, p)
	}
	var n wire.NoticeAnswer
	d.post("/api/v1/missions/"+string(sent.Mission.ID)+"/destination", `{"hospital":"h1","pathway":"chest_pain"}`, &n)
	var got ems.Notice
	d.post("/api/v1/notices/"+string(n.Notice.ID)+"/accept?hospital=h1", `{}`, &got)
	if got.State != ems.NoticeAccepted {
		t.Fatal(got)
	}
	if code, body := d.get("/api/v1/sos/" + a.Token); code != 200 || !strings.Contains(body, `"received":true`) {
		t.Error(code, body)
	}
	if code, _ := d.get("/api/v1/sos/guess"); code != 404 {
		t.Error(code)
	}
	var j []wire.JournalLine
	_, body := d.get("/api/v1/journal?after=20&limit=1000")
	if err := json.Unmarshal([]byte(body), &j); err != nil || len(j) < 10 || j[0].Seq != 21 || len(j[0].Hash) != 64 {
		t.Error(err, len(j))
	}
	for _, path := range []string{"/api/v1/units", "/api/v1/stations", "/api/v1/hospitals", "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/console", "/"} {
		if code, body := d.get(path); code != 200 || body == "" {
			t.Error(path, code)
		}
	}
	if _, body := d.get("/docs"); strings.Contains(body, "//cdn") || strings.Contains(body, "<script") || !strings.Contains(body, "/api/v1/alarms/caller") {
		t.Error("the page of documents needs something from elsewhere")
	}
}

func TestALM001_AnAlarmIsNeverRefusedForItsForm(t *testing.T) {
	d := serveCentre(t, patient, nil)
	for _, body := range []string{`{}`, `{"press_id":"` + strings.Repeat("x", 500) + `"}`, `{"press_id":"a","who":"a cat","place":{"pos":{"lat":999,"lon":0}},"surprise":1}`,
		`{"press_id":"b","text":"` + strings.Repeat("救", 5000) + `","pressed":"1970-01-01T00:00:00Z","offset_ms":1e300}`} {
		var a wire.AlarmAnswer
		if resp := d.post("/api/v1/alarms/caller", body, &a); resp.StatusCode != 200 || a.State != "stored" {
			t.Errorf("%.80s: %s", body, resp.Status)
		}
	}
	raw := func(path, contentType, body string) (a wire.AlarmAnswer) {
		t.Helper()
		resp, err := http.Post(d.url+path, contentType, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&a); err != nil || resp.StatusCode != 200 || a.State != "stored" {
			t.Errorf("%s %s %.60q: %s %v", path, contentType, body, resp.Status, err)
		}
		return a
	}
	alarm := func(id ems.AlarmID) (a ems.Alarm) {
		t.Helper()
		if err := d.Look(t.Context(), func(s *desk.State) { a = *s.Alarms[id] }); err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, path := range []string{"/api/v1/alarms/caller", "/api/v1/alarms/device"} {
		for i, body := range []string{"", "{", "null", "[1]", "救命", "\xff\xfe", `{"press_id":`, strings.Repeat("[", 50000), `"x"`, `{"press_id":{}}`, `{"text":"` + strings.Repeat("<", 2*maxRequest) + `"}`} {
			for _, contentType := range []string{"application/json", "text/plain", "", "application/xml", "application/cbor"} {
				if got := alarm(raw(path, contentType, body).Alarm); !strings.HasPrefix(got.Lines[0].Note, "malformed: ") {
					t.Errorf("%d: nobody is told that it is malformed: %+v", i, got.Lines)
				}
			}
		}
	}
	got := alarm(raw("/api/v1/alarms/caller", "application/json",
		`{"press_id":"half","who":7,"phone":13800000000,"place":{"pos":{"lat":"35.4","lon":118.5},"accuracy_m":"far","address":"北京路"},"pressed":"now","text":"胸口`).Alarm)
	if got.PressID != "half" || got.Phone != "13800000000" || got.Place.Pos == nil || got.Place.Pos.Lat != 35.4 || got.Place.Address != "北京路" ||
		got.Lines[0].Note != "malformed: body who phone place.accuracy_m pressed" {
		t.Errorf("not all that could be read was read: %+v", got)
	}
	if got := alarm(raw("/api/v1/alarms/caller", "application/json", `{"press_id":"lone","place":{"pos":{"lat":35.4},"address":"路口"}}`).Alarm); got.Place.Pos != nil || got.Place.Address != "路口" {
		t.Errorf("half a position is another place: %+v", got.Place)
	}
	if got := alarm(raw("/api/v1/alarms/caller", "application/x-www-form-urlencoded", "press_id=form&phone=138").Alarm); got.PressID != "form" || got.Phone != "138" {
		t.Errorf("%+v", got)
	}
	if a, b := raw("/api/v1/alarms/device", "application/json", `{"text":"again"}`), raw("/api/v1/alarms/device", "application/json", `{"text":"again"}`); a.Alarm != b.Alarm {
		t.Error("the same message without a name is two alarms")
	}
	// Nobody is made to wait because many press.
	for i := range 200 {
		var a wire.AlarmAnswer
		if resp := d.post("/api/v1/alarms/device", `{"press_id":"p`+string(rune('a'+i%26))+strings.Repeat("x", i/26)+`","device":"dev"}`, &a); resp.StatusCode != 200 {
			t.Fatal(i, resp.Status)
		}
	}
}

func TestACC003_BodiesAndHeadersAreBounded(t *testing.T) {
	d := serveCentre(t, patient, nil)
	var p map[string]any
	if resp := d.post("/api/v1/desks/d1/log-on", `{"role":"`+strings.Repeat("x", maxRequest)+`"}`, nil); resp.StatusCode != 413 {
		t.Error("a long body:", resp.Status)
	}
	if resp := d.post("/api/v1/desks/d1/log-on", `{"role":`, &p); resp.StatusCode/100 != 4 {
		t.Error("half a body:", resp.Status)
	}
	if resp := d.post("/api/v1/desks/d1/log-on", `{"role":"emperor"}`, &p); resp.StatusCode != 422 {
		t.Error("a wrong word:", resp.Status, p)
	}
	r, _ := http.NewRequest(http.MethodPost, d.url+"/api/v1/desks/d1/log-on", bytes.NewReader([]byte(`{"role":"dispatcher"}`)))
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 422 {
		t.Error("an act without a name:", resp.Status)
	}
	if code, _ := d.get("/../../etc/passwd"); code != 404 {
		t.Error(code)
	}
}

func TestDLV006_SilentStoreIsSaidToWhoeverWrites(t *testing.T) {
	d := serveCentre(t, storePatience, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	d.post("/api/v1/units/u01/duty", `{"duty":"on_duty","crew":["李","王"]}`, nil)
	d.disk.SetDown(true)
	unrecorded := func(path, body string, out any) {
		t.Helper()
		if resp := d.post(path, body, out); resp.StatusCode != 202 || resp.Header.Get("Unrecorded") != "true" {
			t.Error(path, resp.Status, resp.Header)
		}
	}
	var a, again wire.AlarmAnswer
	unrecorded("/api/v1/alarms/caller", `{"press_id":"p1"}`, &a)
	unrecorded("/api/v1/alarms/caller", `{"press_id":"p1"}`, &again)
	if a.State != "unrecorded" || a.Token == "" || a.Alarm == "" || again != a {
		t.Error("the page needs its secret, and must not say received:", a, again)
	}
	if _, page := d.get("/api/v1/sos/" + a.Token); !strings.Contains(page, `"received":false`) {
		t.Error("called received while the store is silent:", page)
	}
	var in ems.Incident
	unrecorded("/api/v1/incidents", `{"id":"act-1","type":"emergency","priority":"A","place":{"pos":{"lat":35.4,"lon":118.5}}}`, &in)
	var sent wire.Dispatched
	unrecorded("/api/v1/incidents/"+string(in.ID)+"/dispatch", `{"id":"act-2","unit":"u01"}`, &sent)
	if !in.Unrecorded || sent.Mission.ID == "" || !sent.Order.Unrecorded || sent.Order.Unit != "u01" {
		t.Error("the order went out, and the desk is not told so:", in, sent)
	}
	if code, _ := d.get("/readyz"); code != 503 {
		t.Error("ready with a silent store")
	}
	if code, _ := d.get("/healthz"); code != 200 {
		t.Error("not healthy: a silent store must not restart the desk")
	}
	d.disk.SetDown(false)
	for again.State != "stored" { // the page goes on sending
		d.post("/api/v1/alarms/caller", `{"press_id":"p1"}`, &again)
	}
	if again.Alarm != a.Alarm {
		t.Error("the same press is another alarm:", again, a)
	}
}

// The number that a desk is told to ring is the city's, on its way from city.yaml to the screens.
func TestALM005_TheDesksAreToldTheDutyTelephone(t *testing.T) {
	d := serveCentre(t, patient, nil)
	var about wire.About
	code, page := d.get("/api/v1/about")
	if err := json.Unmarshal([]byte(page), &about); err != nil || code != 200 || about.DutyPhone == "" || about.DutyPhone != d.cfg.City.DutyPhone {
		t.Error(code, page, err)
	}
}

// An incident with an address and no coordinates: units to choose from, of which nobody says how soon they are there, and one is sent.
func TestDSP001_AnAddressWithoutCoordinatesIsSentAUnit(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	for _, u := range []string{"u01", "u02"} {
		d.post("/api/v1/units/"+u+"/duty", `{"id":"duty-`+u+`","duty":"on_duty","crew":["李"]}`, nil)
	}
	var in ems.Incident
	d.post("/api/v1/incidents", `{"id":"act-1","place":{"address":"人民路 93 号"}}`, &in)
	var r map[string]any
	d.post("/api/v1/incidents/"+string(in.ID)+"/recommend", `{"id":"act-2"}`, &r)
	units, _ := r["units"].([]any)
	if len(units) != 2 {
		t.Fatalf("%d units to choose from: %v", len(units), r)
	}
	for _, u := range units {
		if _, says := u.(map[string]any)["eta_s"]; says {
			t.Error("a travel time to nowhere:", u)
		}
	}
	var sent wire.Dispatched
	d.post("/api/v1/incidents/"+string(in.ID)+"/dispatch", `{"id":"act-3","unit":"u02","recommendation":"`+r["id"].(string)+`"}`, &sent)
	if sent.Mission.Unit != "u02" || sent.Mission.SlowerS != 0 || sent.Mission.RecommendedID != r["id"] {
		t.Errorf("%+v", sent)
	}
}

// What does not fit one answer is said to be missing.
func TestDLV004_HistoryThatStopsAtItsBoundSaysSo(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	d.post("/api/v1/units/u01/duty", `{"duty":"on_duty","crew":["李","王"]}`, nil)
	do := func(cmd desk.Command) {
		t.Helper()
		if _, err := d.Do(t.Context(), desk.Actor{By: "张", Desk: "d1"}, func(*desk.State, time.Time) (desk.Command, error) { return cmd, nil }); err != nil {
			t.Fatal(err)
		}
	}
	do(desk.OpenIncident{Incident: "i1", Type: ems.Emergency, Priority: ems.PriorityA, Place: scene})
	do(desk.Dispatch{Incident: "i1", Unit: "u01", Mission: "m1", Order: "o1"})
	do(desk.AddPatient{Mission: "m1", Patient: "pat-1"})
	do(desk.VehicleBinding{Unit: "u01", Device: "mon", Patient: "pat-1", Mission: "m1", Bound: true, By: "李", At: now().Add(-time.Hour)})
	v, seq := &van{unit: "u01"}, uint64(0)
	keep := func(lane pb.Lane, kind pb.Kind, body proto.Message) {
		t.Helper()
		b, err := wire.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		seq++
		us := now().UnixMicro()
		r := wire.Record{Epoch: wire.Epoch{1}, Seq: seq, Item: wire.Item{Lane: lane, Kind: kind, CapturedUs: us, Body: b}}
		o := &store.Owed{Unit: "u01", Record: r, Digest: [32]byte{byte(seq), byte(lane)}, Received: now().UTC(), ServerUs: us}
		if _, err := d.cfg.Store.Append(t.Context(), []store.Entry{{Owed: o}}); err != nil {
			t.Fatal(err)
		}
	}
	truncated := func(path string) (string, []byte) {
		t.Helper()
		resp, err := http.Get(d.url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(path, resp.Status, string(b), err)
		}
		return resp.Header.Get("Truncated"), b
	}
	many := &pb.Readings{}
	for range maxPoints / 2 {
		many.Readings = append(many.Readings, hr(v, 70, "pat-1", 0).Readings...)
	}
	for i, want := range []string{"", "", "true"} {
		keep(pb.Lane_LANE_READING, pb.Kind_KIND_READINGS, many)
		got, body := truncated("/api/v1/patients/pat-1/readings")
		var points []wire.ReadingPoint
		if err := json.Unmarshal(body, &points); err != nil || got != want || len(points) != min(i+1, 2)*maxPoints/2 {
			t.Errorf("%d messages: %d points, truncated %q, %v", i+1, len(points), got, err)
		}
	}
	keep(pb.Lane_LANE_WAVE, pb.Kind_KIND_WAVES, &pb.Waves{Waves: []*pb.Wave{wave(t, v, 0, "pat-1")}})
	if got, body := truncated("/api/v1/patients/pat-1/waves"); got != "" || len(body) == 0 {
		t.Errorf("%d bytes of waves, truncated %q", len(body), got)
	}
}

func TestPublicListenerServesCallersOnly(t *testing.T) {
	d := serveCentre(t, patient, Public)
	for path, want := range map[string]int{"/sos": 200, "/api/v1/time": 200, "/console": 404, "/hospital": 404, "/api/v1/units": 404, "/api/v1/journal": 404,
		"/metrics": 404, "/docs": 404, "/api/v1/alarms/device": 404, "/api/v1/alarms/a/ack": 404, "/healthz": 404, "/ws": 404, "/sos/../console": 404} {
		if code, _ := d.get(path); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	if code, about := d.get("/api/v1/about"); code != 200 || strings.Contains(about, "duty_phone") {
		t.Error("the public is told whom the desks ring:", code, about)
	}
	var a wire.AlarmAnswer
	d.post("/api/v1/alarms/caller", `{"press_id":"p1"}`, &a)
	if code, page := d.get("/api/v1/sos/" + a.Token); code != 200 || !strings.Contains(page, `"received":true`) {
		t.Error("the caller's own page:", code, page)
	}
}

// The document of the API is committed, so that the screens' types can be made from it; `make gen` writes it.
func TestOpenAPIIsCommitted(t *testing.T) {
	got, err := OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../web/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("web/openapi.json is not what the program says: run make gen\n", cmp.Diff(string(want), string(got)))
	}
}

func FuzzAlarmBody(f *testing.F) {
	for _, s := range []string{"", "{", `{"press_id":"a","place":{"pos":{"lat":1,"lon":2}}}`, `{"press_id":7,"pressed":"x"`, "\xef\xbb\xbf{}", "press_id=a&phone=1"} {
		f.Add([]byte(s), "application/x-www-form-urlencoded")
	}
	f.Fuzz(func(t *testing.T, raw []byte, contentType string) {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/alarms/caller", bytes.NewReader(raw))
		r.Header.Set("Content-Type", contentType)
		b, err := io.ReadAll(tolerant(r, &wire.CallerAlarm{}).Body)
		var a wire.CallerAlarm
		if err != nil || json.Unmarshal(b, &a) != nil || a.PressID == "" || len(b) > maxRequest {
			t.Errorf("%v: %.200s", err, b)
		}
	})
}

// What a desk has open is seen by the others, is said for the one who sits there only, and is gone when it is not said again.
func TestAttention_OfADesk(t *testing.T) {
	d := serveCentre(t, patient, nil)
	shown := func() (a wire.Attention) {
		if raw := d.hub.Value(consoleTopic, attentionOf, "d1"); raw != nil {
			if err := json.Unmarshal(raw, &a); err != nil {
				t.Fatal(err)
			}
		}
		return a
	}
	d.post("/api/v1/desks/d1/attention", `{"incident":"i1"}`, nil)
	if a := shown(); a.By != "" {
		t.Errorf("a desk without anybody has something open: %+v", a)
	}
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	d.post("/api/v1/desks/d1/attention", `{"id":"act-1","incident":"i1","alarm":"a1","writing":true}`, nil)
	if a := shown(); a.By != "张调度" || a.Incident != "i1" || a.Alarm != "a1" || !a.Writing || a.At.IsZero() {
		t.Errorf("shown: %+v", a)
	}
	if r := d.post("/api/v1/desks/nowhere/attention", `{}`, nil); r.StatusCode != http.StatusNotFound {
		t.Errorf("of a desk that is not: %s", r.Status)
	}
	if err := d.Look(t.Context(), func(*desk.State) { d.inattentive(now().Add(attentionFor + 1)) }); err != nil {
		t.Fatal(err)
	}
	if a := shown(); a.By != "" {
		t.Errorf("still shown: %+v", a)
	}
	d.post("/api/v1/desks/d1/attention", `{"incident":"i2"}`, nil)
	d.post("/api/v1/desks/d1/attention", `{"id":"act-2"}`, nil)
	if a := shown(); a.By != "" {
		t.Errorf("nothing open, and yet shown: %+v", a)
	}
	// Over HTTP: a call more, and two that are one.
	var one, two ems.Incident
	d.post("/api/v1/incidents", `{"complaint":"胸痛","phone":"139"}`, &one)
	d.post("/api/v1/incidents", `{"complaint":"胸痛","phone":"138"}`, &two)
	d.post("/api/v1/incidents/"+string(one.ID)+"/calls", `{"text":"催车","phone":"137"}`, &one)
	d.post("/api/v1/incidents/"+string(two.ID)+"/merge", `{"incident":"`+string(one.ID)+`"}`, &two)
	if len(one.Calls) != 1 || two.Merged != one.ID {
		t.Errorf("%+v %+v", one.Calls, two)
	}
}

// The map's parts are served by the centre itself: what the map is, its tiles, and the defibrillators on it. Without a map the screens are told so.
func TestGEO001_TheMapSaysItsDatum(t *testing.T) {
	d := serveCentre(t, patient, nil)
	var m wire.MapInfo
	code, b := d.get("/api/v1/map")
	if err := json.Unmarshal([]byte(b), &m); err != nil || code != 200 || m.Datum != "wgs84" || m.Tiles != "" || m.City != "岚汀市" || !m.Centre.Valid() {
		t.Errorf("a city without tiles: %d %s %v", code, b, err)
	}
	var aeds []maps.AED
	code, b = d.get("/api/v1/aeds")
	if err := json.Unmarshal([]byte(b), &aeds); err != nil || code != 200 || len(aeds) < 30 || aeds[0].Floor == "" || aeds[0].Hours == "" {
		t.Errorf("defibrillators: %d %.200s %v", code, b, err)
	}
	a, err := mapfile.Open(maps.Demo(), maps.TilesFile)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	with := &Centre{cfg: CentreConfig{City: maps.City{Map: maps.Map{Datum: "gcj02", Attribution: "审图号"}}, Map: a}}
	got, err := with.mapInfo(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if m := got.Body; m.Datum != "gcj02" || m.Attribution != "审图号" || !strings.Contains(m.Tiles, "{z}/{x}/{y}?v="+a.Tag) || m.Bounds[0] >= m.Bounds[2] || m.MaxZoom != 14 {
		t.Errorf("%+v", m)
	}
}
