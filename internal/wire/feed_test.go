package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"lifeline120/internal/ems"
	"lifeline120/internal/pathway"
)

var update = flag.Bool("update", false, "write the golden samples anew")

// samples are the types that Go and TypeScript share. One filled value of each stands in testdata/wire; the tests of the screens
// hold the generated types against the same files, so that a renamed field breaks both sides.
var samples = []any{ems.Alarm{}, ems.Incident{}, ems.Mission{}, ems.Order{}, ems.Patient{}, ems.Notice{}, ems.UnitView{}, ems.Hospital{},
	ems.Station{}, ems.Desk{}, ems.ReadingView{}, ems.DeviceStatus{}, ems.LaneDepth{}, ems.Photo{}, ems.Message{}, CallerSays{}, CallerPlace{}, ReadBody{}, SayBody{}, ServerTime{}, About{}, CallerAlarm{}, AlarmAnswer{},
	PressBody{}, CallerDetail{}, CallerView{}, DeviceAlarm{}, ReasonBody{}, MergeBody{}, CallAgainBody{}, AttentionBody{}, Attention{}, IncidentBody{}, IncidentChange{},
	HospitalRanking{}, TerminalRanking{}, BoardBody{}, AssessBody{}, TerminalAssess{}, ems.HospitalBoard{}, Recommendation{}, DispatchBody{}, Dispatched{}, NodeBody{}, DestinationBody{}, NoticeAnswer{}, VoiceBody{}, PatientBody{}, DutyBody{},
	LogOnBody{}, CallBody{}, ReadingPoint{}, JournalLine{}, TerminalSOS{}, TerminalSOSAnswer{}, OrderAnswerBody{}, TerminalNode{},
	TerminalDestination{}, TerminalNote{}, BindingBody{}, BindingAnswer{}, MonitorCommand{}, Handover{}, HandoverAnswer{}, Done{},
	ClientFrame{}, WelcomeFrame{}, SnapFrame{}, DeltaFrame{}, PingFrame{}, PongFrame{}, RefusedFrame{}, AlarmGroup{}, WaveSlot{}, NoteView{}, Health{},
	TerminalAlarm{}, TerminalBinding{}, TerminalLink{}, TerminalDevice{}, TerminalPhoto{}, TerminalPhotoView{}, TerminalWay{}, KeptView{}, pathway.Case{}, ChannelLimits{}, AlarmLimitsBody{},
	Trend{}, TrendSeries{}, ems.Closure{}, ClosureBody{}, ClosurePreview{}, LiftBody{}, RoadsNow{}, ReachView{}}

// words are the values of types whose field has no list of its own.
var words = map[reflect.Type]string{
	reflect.TypeFor[ems.AlarmKind](): "caller", reflect.TypeFor[ems.AlarmState](): "stored", reflect.TypeFor[ems.AlarmReach](): "owner",
	reflect.TypeFor[ems.IncidentType](): "emergency", reflect.TypeFor[ems.IncidentState](): "open", reflect.TypeFor[ems.Priority](): "A",
	reflect.TypeFor[ems.MissionState](): "departed", reflect.TypeFor[ems.Node](): "departed", reflect.TypeFor[ems.Source](): "key",
	reflect.TypeFor[ems.OrderState](): "accepted", reflect.TypeFor[ems.NoticeState](): "seen", reflect.TypeFor[ems.UnitKind](): "B",
	reflect.TypeFor[ems.UnitDuty](): "on_duty", reflect.TypeFor[ems.DeviceState](): "speaking", reflect.TypeFor[ems.Channel](): "hr",
	reflect.TypeFor[Lamp](): "pending",
}

// fill gives every field of v a value; tag is that of the field that v stands in.
func fill(v reflect.Value, name string, tag reflect.StructTag) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 11, 21, 4, 5, 6, 700_000_000, time.UTC)))
		return
	case ems.Quality:
		v.Set(reflect.ValueOf(ems.Good))
		return
	case json.RawMessage:
		v.SetBytes([]byte(`{"id":"a1"}`))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, tag)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			n, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fill(v.Field(i), n, f.Tag)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), name, tag)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name, tag)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e, name, "")
		v.SetMapIndex(reflect.ValueOf("k1").Convert(v.Type().Key()), e)
	case reflect.String:
		w, _, _ := strings.Cut(tag.Get("enum"), ",")
		if w == "" {
			w = words[v.Type()]
		}
		if w == "" {
			w = name + "-1"
		}
		v.SetString(w)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint16, reflect.Uint64:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{"id": "a1"}))
	default:
		panic("no sample for " + v.Type().String())
	}
}

func goldenPath(name string) string {
	return filepath.Join("..", "..", "testdata", "wire", name+".json")
}

func golden(t *testing.T, name string, v any) []byte {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(goldenPath(name), got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenPath(name))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s changed (names are for life; run with -update if fields were added): %s", name, d)
	}
	return want
}

func TestSamplesOfEveryType(t *testing.T) {
	for _, s := range samples {
		typ := reflect.TypeOf(s)
		t.Run(typ.Name(), func(t *testing.T) {
			v := reflect.New(typ)
			fill(v.Elem(), typ.Name(), "")
			want := golden(t, typ.Name(), v.Interface())
			back := reflect.New(typ)
			if err := json.Unmarshal(want, back.Interface()); err != nil {
				t.Fatal(err)
			}
			again, err := json.MarshalIndent(back.Interface(), "", "  ")
			if err != nil || string(again)+"\n" != string(want) {
				t.Errorf("reading it back gives %s (%v)", again, err)
			}
		})
	}
}

// waveSample is a frame with every field and flag in its place.
func waveSample() WaveFrame {
	return WaveFrame{Slot: 0x1234, Seq: 77, T0Us: 1795233906700000, RateHz: 250.5, LSB: 250, Pacer: true, Gap: true, Live: true, Simulated: true,
		Unbound: true, Counter: 1 << 40, Kind: WaveECG, Unit: WaveMillivolts, HasOff: true, OffMask: 2,
		Samples: [][]int16{{-32768, -1, 0, 1, 32767}, {5, 4, 3, 2, 1}}}
}

func TestWaveFrameGolden(t *testing.T) {
	plain := WaveFrame{Slot: 1, T0Us: 1, RateHz: 75, Backfilled: true, Kind: WavePleth, Samples: [][]int16{{1, 2, 3}}}
	for name, f := range map[string]WaveFrame{"waveframe_full": waveSample(), "waveframe_pleth": plain} {
		b, err := f.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, map[string]any{"hex": hex.EncodeToString(b), "frame": f})
		got, err := DecodeWaveFrame(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(f, got); d != "" {
			t.Error(d)
		}
	}
}

func TestWaveFrameOfChunk(t *testing.T) {
	f := WaveFrameOf(ems.WaveChunk{Leads: []ems.Channel{ems.ECGII}, RateHz: 500, LSB: 0.0025, Counter: 9, Samples: [][]int16{{1}},
		Off: []bool{true}, Taken: time.UnixMicro(5), Demo: true})
	want := WaveFrame{T0Us: 5, RateHz: 500, LSB: 250, Counter: 9, Kind: WaveECG, Unit: WaveMillivolts, HasOff: true, OffMask: 1,
		Simulated: true, Samples: [][]int16{{1}}}
	if d := cmp.Diff(want, f); d != "" {
		t.Error(d)
	}
}

func TestWaveFrameRefuses(t *testing.T) {
	ok := waveSample()
	for name, spoil := range map[string]func(*WaveFrame){
		"no lead":         func(f *WaveFrame) { f.Samples = nil },
		"17 leads":        func(f *WaveFrame) { f.Samples = make([][]int16, 17) },
		"uneven":          func(f *WaveFrame) { f.Samples = [][]int16{{1}, {1, 2}} },
		"too long":        func(f *WaveFrame) { f.Samples = [][]int16{make([]int16, MaxWaveFrame)} },
		"absurd rate":     func(f *WaveFrame) { f.RateHz = 1e9 },
		"impossible rate": func(f *WaveFrame) { f.RateHz = -1 },
	} {
		f := ok
		spoil(&f)
		if _, err := f.Append(nil); err == nil {
			t.Errorf("%s: sent", name)
		}
	}
	b, _ := ok.Append(nil)
	for name, bad := range map[string][]byte{"empty": nil, "short": b[:20], "cut": b[:len(b)-1], "long": append(bytes.Clone(b), 0),
		"version": append([]byte{9}, b[1:]...), "no leads": append([]byte{1, 0}, b[2:]...)} {
		if _, err := DecodeWaveFrame(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestSizedFrames(t *testing.T) {
	b := AppendSized(AppendSized(nil, []byte("one")), []byte("three"))
	one, rest, err := NextSized(b)
	if err != nil || string(one) != "one" {
		t.Fatal(string(one), err)
	}
	three, rest, err := NextSized(rest)
	if err != nil || string(three) != "three" || len(rest) != 0 {
		t.Fatal(string(three), rest, err)
	}
	if _, _, err := NextSized([]byte{9, 0, 0, 0, 1}); err == nil {
		t.Error("a length beyond the end was taken")
	}
}

// FuzzDecodeWaveFrame: bytes never panic, and what is taken comes out again as it went in.
func FuzzDecodeWaveFrame(f *testing.F) {
	b, _ := waveSample().Append(nil)
	f.Add(b)
	f.Add(b[:36])
	f.Add([]byte{1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := DecodeWaveFrame(b)
		if err != nil {
			return
		}
		again, err := got.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := DecodeWaveFrame(again); err != nil || !cmp.Equal(got, second) {
			t.Fatalf("%v %v", second, err)
		}
	})
}
