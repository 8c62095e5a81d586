package dispatcher

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"strings"
	"testing"

	"lifeline120/internal/desk"
	"lifeline120/internal/ems"
	"lifeline120/internal/wire"
)

// jpegOf is a picture that no other n gives, with the camera's words in it.
func jpegOf(t *testing.T, n int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 32, 24))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * (n + 1))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	return append(append(bytes.Clone(raw[:2]), append([]byte{0xFF, 0xFE, 0, 15}, "GPS 36.65 117"...)...), raw[2:]...)
}

// bring uploads bytes and gives the status, the code of a refusal, and the photo.
func (d *desktop) bring(path string, raw []byte) (int, string, ems.Photo) {
	d.t.Helper()
	r, err := http.NewRequest(http.MethodPost, d.url+path, bytes.NewReader(raw))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "image/jpeg")
	r.Header.Set("X-By", "Zhang")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	var p struct {
		ems.Photo
		Code string `json:"code"`
	}
	_ = json.Unmarshal(b, &p)
	return resp.StatusCode, p.Code, p.Photo
}

// press raises a caller's alarm under a page of its own.
func (d *desktop) press(id string) wire.AlarmAnswer {
	d.t.Helper()
	a, err := d.Caller(d.t.Context(), wire.CallerAlarm{PressID: id, Who: "self"}, "page-of-"+id)
	if err != nil || a.State != "stored" {
		d.t.Fatal(a, err)
	}
	return a
}

func TestACC003_CallersPhotoIsKeptCleanedAndBounded(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	a := d.press("p1")
	path := "/api/v1/sos/" + a.Token + "/photos?id=one"
	status, _, p := d.bring(path, jpegOf(t, 1))
	if status != http.StatusOK || p.From != desk.FromCaller || p.Alarm != a.Alarm || p.Width != 32 || p.Size == 0 || !p.Simulated {
		t.Fatal(status, p)
	}
	if s, _, again := d.bring(path, jpegOf(t, 1)); s != http.StatusOK || again != p {
		t.Fatal("sent again it is another photo:", s, again)
	}
	if s, code, _ := d.bring(path, jpegOf(t, 2)); s != http.StatusConflict || code != "refused" {
		t.Fatal("another picture under the same id:", s, code)
	}
	d.get("/api/v1/photos/none") // the screens are told before the next is asked
	if got := d.hub.Value(consoleTopic, "photos", string(p.ID)); !strings.Contains(string(got), p.Sum) {
		t.Fatalf("the console has %s", got)
	}
	status, body := d.get("/api/v1/photos/" + string(p.ID))
	if status != http.StatusOK || len(body) != p.Size || strings.Contains(body, "GPS") {
		t.Fatal(status, len(body))
	}
	if _, err := jpeg.Decode(strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		raw    []byte
		status int
		code   string
	}{
		"text":     {[]byte("no picture"), http.StatusUnsupportedMediaType, "photo_not_jpeg"},
		"nothing":  {nil, http.StatusBadRequest, ""},
		"torn":     {jpegOf(t, 3)[:200], http.StatusUnsupportedMediaType, "photo_not_jpeg"},
		"oversize": {make([]byte, maxPhotoRequest+1), http.StatusRequestEntityTooLarge, "photo_too_big"},
		"a little": {make([]byte, maxPhotoRequest-1), http.StatusRequestEntityTooLarge, "photo_too_big"},
	} {
		if s, code, _ := d.bring("/api/v1/sos/"+a.Token+"/photos?id=x", c.raw); s != c.status || code != c.code {
			t.Errorf("%s: %d %s", name, s, code)
		}
	}
	for i := 2; i <= desk.MaxPhotos; i++ {
		if s, code, _ := d.bring(fmt.Sprintf("/api/v1/sos/%s/photos?id=%d", a.Token, i), jpegOf(t, i)); s != http.StatusOK {
			t.Fatal(i, s, code)
		}
	}
	if s, code, _ := d.bring("/api/v1/sos/"+a.Token+"/photos?id=more", jpegOf(t, 99)); s != http.StatusTooManyRequests || code != "full" {
		t.Fatal("one more than are kept:", s, code)
	}
	// None of it was in the way of an alarm (ALM-001), and the other paths keep their own bound.
	d.press("p2")
	if s, _, _ := d.bring("/api/v1/sos/"+a.Token+"/detail", make([]byte, maxRequest+1)); s != http.StatusRequestEntityTooLarge {
		t.Error("a detail of any length:", s)
	}
	if status, body := d.get("/api/v1/journal?limit=1000"); status != http.StatusOK || strings.Count(body, `"photo.added"`) != desk.MaxPhotos {
		t.Error(status, strings.Count(body, `"photo.added"`))
	}
}

func TestACC003_PhotosOfOthersAreOutOfReach(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	mine, other := d.press("p1"), d.press("p2")
	if mine.Token == other.Token {
		t.Fatal("two pages have one secret")
	}
	_, _, p := d.bring("/api/v1/sos/"+mine.Token+"/photos?id=one", jpegOf(t, 1))
	for path, want := range map[string]int{
		"/api/v1/sos/" + mine.Token + "/photos/" + string(p.ID):  http.StatusOK,
		"/api/v1/sos/" + other.Token + "/photos/" + string(p.ID): http.StatusNotFound,
		"/api/v1/sos/nobody/photos/" + string(p.ID):              http.StatusNotFound,
		"/api/v1/photos/ph-none":                                 http.StatusNotFound,
	} {
		if s, _ := d.get(path); s != want {
			t.Errorf("%s: %d", path, s)
		}
	}
	if s, code, _ := d.bring("/api/v1/sos/nobody/photos?id=one", jpegOf(t, 1)); s != http.StatusNotFound || code != "not_found" {
		t.Error("a photo without a secret:", s, code)
	}
	// The link ends with the alarm or its incident; the desk keeps what it has.
	d.post("/api/v1/alarms/"+string(mine.Alarm)+"/close", `{"reason":"误按"}`, nil)
	if s, code, _ := d.bring("/api/v1/sos/"+mine.Token+"/photos?id=two", jpegOf(t, 2)); s != http.StatusGone || code != "link_ended" {
		t.Error("a photo after the end:", s, code)
	}
	if s, _ := d.get("/api/v1/sos/" + mine.Token + "/photos/" + string(p.ID)); s != http.StatusNotFound {
		t.Error("the link gives photos after its end:", s)
	}
	if s, _ := d.get("/api/v1/photos/" + string(p.ID)); s != http.StatusOK {
		t.Error("the desk lost it:", s)
	}
	// Phones reach their own door only.
	public := Public(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	for path, open := range map[string]bool{"/api/v1/photos/" + string(p.ID): false, "/api/v1/incidents/i1/photos": false, "/api/v1/sos/t/photos": true} {
		w := &codeOnly{header: http.Header{}}
		r, _ := http.NewRequest(http.MethodGet, path, nil)
		public.ServeHTTP(w, r)
		if (w.code == http.StatusTeapot) != open {
			t.Errorf("the public listener answers %s with %d", path, w.code)
		}
	}
}

type codeOnly struct {
	header http.Header
	code   int
}

func (w *codeOnly) Header() http.Header         { return w.header }
func (w *codeOnly) Write(b []byte) (int, error) { return len(b), nil }
func (w *codeOnly) WriteHeader(c int)           { w.code = c }

func TestSCR004_HospitalSeesPhotosOfItsOwnPatientsOnly(t *testing.T) {
	d := serveCentre(t, patient, nil)
	d.post("/api/v1/desks/d1/log-on", `{"role":"dispatcher"}`, nil)
	d.post("/api/v1/units/u01/duty", `{"duty":"on_duty","crew":["李","王"]}`, nil)
	a := d.press("p1")
	_, _, callers := d.bring("/api/v1/sos/"+a.Token+"/photos?id=one", jpegOf(t, 1))
	var in ems.Incident
	d.post("/api/v1/incidents", `{"alarm":"`+string(a.Alarm)+`","priority":"A","place":{"pos":{"lat":35.4,"lon":118.5}}}`, &in)
	d.get("/api/v1/photos/none") // the screens are told before the next is asked
	if got := d.hub.Value(consoleTopic, "photos", string(callers.ID)); !strings.Contains(string(got), string(in.ID)) {
		t.Errorf("the photo did not go with its alarm into the incident: %s", got)
	}
	var sent wire.Dispatched
	d.post("/api/v1/incidents/"+string(in.ID)+"/dispatch", `{"unit":"u01"}`, &sent)
	var pa ems.Patient
	d.post("/api/v1/missions/"+string(sent.Mission.ID)+"/patients", `{"name":"王"}`, &pa)
	crew := func(id ems.PhotoID, p ems.PatientID, n int) ems.Photo {
		t.Helper()
		ph, err := d.KeepPhoto(t.Context(), desk.Actor{By: "李", Role: "vehicle"}, ems.Photo{ID: id, From: desk.FromCrew, By: "李", Mission: sent.Mission.ID, Patient: p}, jpegOf(t, n))
		if err != nil {
			t.Fatal(err)
		}
		return ph
	}
	ofPatient, ofNobody := crew("ph-1", pa.ID, 5), crew("ph-2", "", 6)
	if ofPatient.Incident != in.ID || ofPatient.Unit != "u01" {
		t.Error(ofPatient)
	}
	if _, err := d.KeepPhoto(t.Context(), desk.Actor{By: "李"}, ems.Photo{ID: "ph-3", From: desk.FromCrew, Mission: sent.Mission.ID, Patient: "p-other"}, jpegOf(t, 7)); err == nil {
		t.Error("a photo of another mission's patient was taken")
	}
	hospitals := make([]ems.HospitalID, 0)
	if err := d.Look(t.Context(), func(s *desk.State) {
		for _, k := range d.keys(desk.Hospitals) {
			hospitals = append(hospitals, ems.HospitalID(k))
		}
	}); err != nil {
		t.Fatal(err)
	}
	sees := func(h ems.HospitalID, id ems.PhotoID) bool {
		s, _ := d.get("/api/v1/photos/" + string(id) + "?hospital=" + string(h))
		inFeed := d.hub.Value(hospitalTopic(h), "photos", string(id)) != nil
		if (s == http.StatusOK) != inFeed {
			t.Errorf("hospital %s, photo %s: feed %t, answer %d", h, id, inFeed, s)
		}
		return inFeed
	}
	if sees(hospitals[0], ofPatient.ID) {
		t.Error("seen before the patient is bound for it")
	}
	d.post("/api/v1/missions/"+string(sent.Mission.ID)+"/destination", `{"hospital":"`+string(hospitals[0])+`"}`, nil)
	if !sees(hospitals[0], ofPatient.ID) || sees(hospitals[0], ofNobody.ID) || sees(hospitals[0], callers.ID) || sees(hospitals[1], ofPatient.ID) {
		t.Error("a hospital sees what it must not, or not what it should")
	}
	d.post("/api/v1/missions/"+string(sent.Mission.ID)+"/destination", `{"hospital":"`+string(hospitals[1])+`"}`, nil)
	if sees(hospitals[0], ofPatient.ID) || !sees(hospitals[1], ofPatient.ID) {
		t.Error("redirected, the photo stayed behind")
	}
}
