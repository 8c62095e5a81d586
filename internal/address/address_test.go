package address_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lifeline120/internal/address"
	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
	"lifeline120/maps"
)

func at(lat, lon float64) ems.WGS84 { return ems.WGS84{Lat: 35 + lat/1000, Lon: 118 + lon/1000} }

// town is a toy: two roads of one name far apart, a motorway with posts, houses on both sides of one road.
func town() *address.Book {
	road := func(name string, lat, lon float64, also ...string) address.Named {
		return address.Named{Name: name, Also: also, Kind: address.Road, Pos: at(lat, lon)}
	}
	place := func(k address.Kind, name string, lat, lon float64, also ...string) address.Named {
		return address.Named{Name: name, Also: also, Kind: k, Pos: at(lat, lon)}
	}
	return &address.Book{
		Roads: []address.Named{
			road("建国路", 0, 0, "Jianguo Rd"), road("人民路", 10, 0), road("建国路", 400, 400), road("和平路", 5, 5), road("京沪高速", 100, 0, "G2"),
			road("银雀山路", 20, 0), road("乐陵街", 30, 0), road("莒州路", 40, 0), road("长清大街", 50, 0), road("建设路", 60, 0),
		},
		Places: []address.Named{
			place(address.Area, "岚汀市", 0, 0), place(address.Area, "北关区", 50, 0), place(address.Village, "柳家庄村", 1, 1), place(address.Village, "王家埠村", 401, 401),
			place(address.Hospital, "岚汀市第一人民医院", 2, 2, "市一院"), place(address.School, "实验小学", 3, 3), place(address.Landmark, "人民公园", 4, 4),
			place(address.Village, "郯城村", 60, 60), place(address.Landmark, "建国饭店", 7, 7),
		},
		Meetings: []address.Meeting{{A: 0, B: 1, Pos: at(1, 0)}, {A: 0, B: 3, Pos: at(2, 0)}, {A: 3, B: 1, Pos: at(3, 0)}},
		Houses: []address.Numbered{
			{Road: 0, Number: "91", Pos: at(0.91, 0)}, {Road: 0, Number: "93", Pos: at(0.93, 0)}, {Road: 0, Number: "94号", Pos: at(0.94, 0)}, {Road: 0, Number: "99", Pos: at(0.99, 0)},
			{Road: 0, Number: "12甲", Pos: at(0.12, 0)}, {Road: 2, Number: "5", Pos: at(400, 400)},
		},
		Posts: []address.Milestone{{Road: 4, Metres: 612_000, Pos: at(112, 0)}, {Road: 4, Metres: 613_000, Pos: at(113, 0)}},
	}
}

func first(t *testing.T, ix *address.Index, q string) address.Hit {
	t.Helper()
	hits := ix.Search(q, nil, 10)
	if len(hits) == 0 {
		t.Fatalf("%q: nothing found", q)
	}
	return hits[0]
}

func TestWhatCallersSay(t *testing.T) {
	ix := address.New(town(), nil)
	for _, tc := range []struct {
		q, name string
		kind    address.Kind
		match   address.Match
		by      address.By
	}{
		{"人民路", "人民路", address.Road, address.Exact, address.ByName},
		{"人民", "人民路", address.Road, address.Prefix, address.ByName},
		{"第一人民医院", "岚汀市第一人民医院", address.Hospital, address.Inside, address.ByName},
		{"市一院", "岚汀市第一人民医院", address.Hospital, address.Exact, address.ByName},
		{"ＪＩＡＮＧＵＯ RD", "建国路", address.Road, address.Exact, address.ByName},
		{"renminlu", "人民路", address.Road, address.Exact, address.ByPinyin},
		{"renm", "人民路", address.Road, address.Prefix, address.ByPinyin},
		{"diyirenmin", "岚汀市第一人民医院", address.Hospital, address.Inside, address.ByPinyin},
		{"sygy", "", "", "", ""},
		{"rml", "人民路", address.Road, address.Exact, address.ByInitials},
		{"dyrm", "岚汀市第一人民医院", address.Hospital, address.Inside, address.ByInitials},
		// Heteronyms: each reading finds the name.
		{"laoling", "乐陵街", address.Road, address.Prefix, address.ByPinyin},
		{"leling", "乐陵街", address.Road, address.Prefix, address.ByPinyin},
		{"juzhou", "莒州路", address.Road, address.Prefix, address.ByPinyin},
		{"tancheng", "郯城村", address.Village, address.Prefix, address.ByPinyin},
		{"changqing", "长清大街", address.Road, address.Prefix, address.ByPinyin},
		// Speech to text: other characters with the same sound; one wrong, missing, too many.
		{"音雀山路", "银雀山路", address.Road, address.Fuzzy, address.BySound},
		{"引雀山", "银雀山路", address.Road, address.Fuzzy, address.BySound},
		{"银鸟山路", "银雀山路", address.Road, address.Fuzzy, address.ByTypo},
		{"银山路", "银雀山路", address.Road, address.Fuzzy, address.ByTypo},
		{"银雀大山路", "银雀山路", address.Road, address.Fuzzy, address.ByTypo},
		{"yinqieshan", "银雀山路", address.Road, address.Fuzzy, address.ByTypo},
		{"yinuqeshan", "银雀山路", address.Road, address.Fuzzy, address.ByTypo},
		{"一院", "岚汀市第一人民医院", address.Hospital, address.Inside, address.ByName},
		{"岚一院", "岚汀市第一人民医院", address.Hospital, address.Fuzzy, address.ByShort},
		// Crossings.
		{"建国路与人民路路口", "建国路与人民路路口", address.Crossing, address.Exact, address.ByName},
		{"人民路和建国路交叉口", "人民路与建国路路口", address.Crossing, address.Exact, address.ByName},
		{"建国路人民路交叉口", "建国路与人民路路口", address.Crossing, address.Exact, address.ByName},
		{"建国路人民路口", "建国路与人民路路口", address.Crossing, address.Exact, address.ByName},
		{"建国路人民路", "建国路与人民路路口", address.Crossing, address.Exact, address.ByName},
		{"建国路与和平路口", "建国路与和平路路口", address.Crossing, address.Exact, address.ByName},
		{"建国路和和平路", "建国路与和平路路口", address.Crossing, address.Exact, address.ByName},
		{"建国路与人", "建国路与人民路路口", address.Crossing, address.Prefix, address.ByName},
		{"jianguolu renminlu", "建国路与人民路路口", address.Crossing, address.Exact, address.ByName},
		{"建果路与人民路路口", "建国路与人民路路口", address.Crossing, address.Fuzzy, address.BySound},
		{"和平路", "和平路", address.Road, address.Exact, address.ByName},
		// Houses.
		{"建国路93号", "建国路93号", address.House, address.Exact, address.ByName},
		{"建国路 ９３ 号", "建国路93号", address.House, address.Exact, address.ByName},
		{"岚汀市北关区建国路94", "建国路94号", address.House, address.Exact, address.ByName},
		{"建国路12甲", "建国路12甲", address.House, address.Exact, address.ByName},
		// Posts.
		{"京沪高速K612", "京沪高速 K612", address.Post, address.Exact, address.ByName},
		{"G2 612公里处", "京沪高速 K612", address.Post, address.Exact, address.ByName},
		// The beginning is a name.
		{"实验小学东门", "实验小学", address.School, address.Fuzzy, address.ByPart},
		{"岚汀市人民公园", "人民公园", address.Landmark, address.Exact, address.ByName},
	} {
		if tc.name == "" {
			if got := ix.Search(tc.q, nil, 5); len(got) > 0 {
				t.Errorf("%q found %+v", tc.q, got)
			}
			continue
		}
		if got := first(t, ix, tc.q); got.Name != tc.name || got.Kind != tc.kind || got.Match != tc.match || got.By != tc.by {
			t.Errorf("%q: %+v, want %s %s %s %s", tc.q, got, tc.kind, tc.name, tc.match, tc.by)
		}
	}
	for _, q := range []string{"", "  ", "·", "斿", "qqqq", "+++", "与", "路口", "号", "k", strings.Repeat("路", 500), "建国路与"} {
		ix.Search(q, nil, 10) // does not fall
	}
}

// A number that is not in the book is never given as if it were: the nearest on the same side are, and say what was asked.
func TestGEO002_AHouseNumberIsNeverMadeUp(t *testing.T) {
	ix := address.New(town(), nil)
	hits := ix.Search("建国路97号2单元301", nil, 10)
	want := []struct{ house, asked string }{{"99", "97"}, {"93", "97"}}
	for i, w := range want {
		if h := hits[i]; h.Kind != address.House || h.House != w.house || h.Asked != w.asked || h.Match == address.Exact || h.Rest != "2单元301" {
			t.Errorf("%d: %+v, want house %s for %s", i, h, w.house, w.asked)
		}
	}
	if h := hits[0]; h.Pos != at(0.99, 0) {
		t.Errorf("at %v", h.Pos)
	}
	for _, q := range []string{"建国路500号", "人民路3号"} { // far beyond, and a road without numbers: the road, and that the number is not known
		if h := first(t, ix, q); h.Kind != address.Road || h.House != "" || h.Asked == "" || h.Match == address.Exact {
			t.Errorf("%s: %+v", q, h)
		}
	}
	if h := first(t, ix, "京沪高速K612+300南行"); h.House != "K612" || h.Asked != "K612+300" || h.Match == address.Exact || h.Rest != "南行" {
		t.Errorf("post: %+v", h)
	}
	if h := first(t, ix, "京沪高速K700"); h.Kind != address.Road || h.Asked != "K700" {
		t.Errorf("post: %+v", h)
	}
	rapid.Check(t, func(t *rapid.T) { // whatever is asked for, what is given stands in the book
		n := rapid.StringMatching(`[1-9]\d{0,3}[甲a-c]?`).Draw(t, "number")
		for _, h := range ix.Search("建国路"+n+"号", nil, 10) {
			if h.Kind == address.House && h.Asked == "" && h.House != n && h.House != n+"号" {
				t.Errorf("asked for %s, got %+v as if it were that", n, h)
			}
		}
	})
}

// Between two posts a kilometre is worked out along the road and says between which; on the carriageway that a caller drove, when he says so; and never
// beyond the posts, nor where the road between them is not known.
func TestAKilometreBetweenPosts(t *testing.T) {
	b := town()
	bend := []ems.WGS84{at(112, 0), at(112, 3), at(116, 3)} // east, then north
	b.Stretches = []address.Stretch{{Road: 4, From: 612_000, To: 613_000, Line: bend, Way: 1},
		{Road: 4, From: 612_000, To: 613_000, Line: []ems.WGS84{at(112, 0.1), at(112, 3.1), at(116, 3.1)}, Way: -1}}
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	ix := address.New(b, nil)
	long := geo.Distance(bend[0], bend[1]) + geo.Distance(bend[1], bend[2])
	for q, want := range map[string]struct {
		share float64
		east  bool // the other carriageway, 0.1 further east
		rest  string
	}{"京沪高速K612+300北行": {0.3, false, "北行"}, "京沪高速 K612+300 南行": {0.3, true, "南行"}, "g2 612公里900米往南": {0.9, true, "往南"}, "京沪高速K612+50": {0.05, false, ""}} {
		h := first(t, ix, q)
		if h.Kind != address.Post || h.Between != "K612–K613" || h.Asked == "" || h.House != "" || h.Rest != want.rest || h.Match == address.Exact || !strings.HasPrefix(h.Name, "京沪高速 K612+") {
			t.Errorf("%s: %+v", q, h)
		}
		// The way along the line to where it is.
		p := h.Pos
		if want.east {
			p.Lon -= 0.0001
		}
		along := geo.Distance(bend[0], p)
		if p.Lat > bend[0].Lat+1e-9 {
			along = geo.Distance(bend[0], bend[1]) + geo.Distance(bend[1], p)
		}
		if off := float64(along) - want.share*float64(long); off > 2 || off < -2 {
			t.Errorf("%s: at %v, %.0f m along the road, want %.0f", q, h.Pos, along, want.share*float64(long))
		}
	}
	for _, q := range []string{"京沪高速K611+900", "京沪高速K613+100"} {
		if h := first(t, ix, q); h.Between != "" || h.Asked == "" || h.House == "" {
			t.Errorf("%s: %+v", q, h)
		}
	}
	if h := first(t, ix, "京沪高速K612"); h.Asked != "" || h.Between != "" || h.Match != address.Exact {
		t.Errorf("the post itself: %+v", h)
	}
}

// Addresses that were called to before are found, those called to most first; what the book knows comes once.
func TestWhereHelpWasCalledToBefore(t *testing.T) {
	var list []address.Address
	for i := range 30 {
		list = append(list, address.Address{Text: fmt.Sprintf("人民路桃源小区%d号楼", i+1), Pos: at(5, float64(i)/10), Times: 1})
	}
	list[6].Times, list[20].Times = 3, 5
	list = append(list, address.Address{Text: "人民公园", Pos: at(9, 9), Times: 9})
	ix, past := address.New(town(), nil), address.NewPast(list)
	if past.Len() != 31 {
		t.Fatalf("%d are found", past.Len())
	}
	hits := ix.SearchWith(past, "人民", nil, 10)
	var called []string
	for _, h := range hits {
		if h.Kind == address.Called {
			called = append(called, fmt.Sprint(h.Name, h.Times))
		}
	}
	if want := []string{"人民路桃源小区21号楼5", "人民路桃源小区7号楼3", "人民路桃源小区1号楼1"}; !slices.Equal(called, want) || hits[0].Kind != address.Called {
		t.Errorf("%v, want %v first", called, want)
	}
	if h := ix.SearchWith(past, "桃源小区3号楼", nil, 10); len(h) == 0 || h[0].Name != "人民路桃源小区3号楼" || h[0].Pos != list[2].Pos {
		t.Errorf("%+v", h)
	}
	if h := ix.SearchWith(past, "tyxq21", nil, 10); len(h) == 0 || h[0].Name != "人民路桃源小区21号楼" || h[0].By != address.ByInitials {
		t.Errorf("%+v", h)
	}
	if h := ix.SearchWith(past, "人民公园", nil, 10); len(h) == 0 || h[0].Kind != address.Landmark || h[0].Pos != at(4, 4) {
		t.Errorf("the book's own: %+v", h)
	}
	if with, without := ix.SearchWith(address.NewPast(nil), "建国", nil, 10), ix.Search("建国", nil, 10); !reflect.DeepEqual(with, without) {
		t.Errorf("%+v, want %+v", with, without)
	}
}

func TestEquallyGoodOnesComeByKindThenNearest(t *testing.T) {
	ix := address.New(town(), nil)
	far := at(400, 400)
	hits := ix.Search("建国路", &far, 10)
	if len(hits) < 2 || hits[0].Pos != at(400, 400) || hits[1].Pos != at(0, 0) || hits[0].Area != "王家埠村" || hits[1].Area == "王家埠村" {
		t.Errorf("with a hint: %+v", hits)
	}
	if h := ix.Search("建国路5号", &far, 10)[0]; h.Pos != far || h.Asked != "" {
		t.Errorf("a house near the hint: %+v", h)
	}
	hits = ix.Search("建国", nil, 10)
	if len(hits) != 3 || hits[2].Name != "建国饭店" || hits[0].Kind != address.Road {
		t.Errorf("by kind: %+v", hits)
	}
	for range 20 {
		if again := ix.Search("建国", nil, 10); !reflect.DeepEqual(again, hits) {
			t.Fatalf("%+v, then %+v", hits, again)
		}
	}
	if other := address.New(town(), nil).Search("建国", nil, 10); !reflect.DeepEqual(other, hits) {
		t.Errorf("another index of the same book: %+v", other)
	}
}

// The city's own list comes before the same place in the map, and once.
func TestTheCitysOwnListComesFirst(t *testing.T) {
	own := address.OfCity(maps.City{
		Hospitals: []ems.Hospital{{Name: "岚汀市第一人民医院", NameEn: "First People's", Pos: at(2.5, 2)}},
		Stations:  []ems.Station{{Name: "中心急救站", Pos: at(0, 0)}}, AEDs: []maps.AED{{Name: "图书馆", Pos: at(0, 1)}},
		Districts: []maps.District{{Name: "青禾县", Areas: []maps.Area{{Name: "青禾镇", Pos: at(0, 9)}}}},
	})
	ix := address.New(town(), own)
	hits := ix.Search("第一人民医院", nil, 10)
	if len(hits) != 1 || hits[0].Pos != at(2.5, 2) {
		t.Errorf("%+v", hits)
	}
	for q, k := range map[string]address.Kind{"zxjjz": address.Station, "图书馆": address.AED, "青禾县": address.Area, "青禾镇": address.Village, "firstpeople": address.Hospital} {
		if h := first(t, ix, q); h.Kind != k {
			t.Errorf("%s: %+v", q, h)
		}
	}
}

func TestABookWithNonsenseIsRefused(t *testing.T) {
	if err := town().Check(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*address.Book){
		"no name":               func(b *address.Book) { b.Roads[0].Name = "" },
		"no kind":               func(b *address.Book) { b.Places[0].Kind = "star" },
		"no place":              func(b *address.Book) { b.Places[0].Pos.Lat = 95 },
		"no road":               func(b *address.Book) { b.Houses[0].Road = 99 },
		"no second road":        func(b *address.Book) { b.Meetings[0].B = -1 },
		"a post nowhere":        func(b *address.Book) { b.Posts[0].Pos.Lon = 500 },
		"a road beside its box": func(b *address.Book) { b.Roads[0].Box = address.Box{1, 1, 2, 2} },
		"a stretch back": func(b *address.Book) {
			b.Stretches = []address.Stretch{{Road: 4, From: 613_000, To: 612_000, Line: []ems.WGS84{at(1, 1), at(2, 1)}}}
		},
		"a stretch of nothing": func(b *address.Book) {
			b.Stretches = []address.Stretch{{Road: 4, From: 612_000, To: 613_000, Line: []ems.WGS84{at(1, 1)}}}
		},
		"a stretch nowhere": func(b *address.Book) {
			b.Stretches = []address.Stretch{{Road: 4, From: 612_000, To: 613_000, Line: []ems.WGS84{at(1, 1), at(1, 200_000)}}}
		},
	} {
		b := town()
		spoil(b)
		if b.Check() == nil {
			t.Errorf("%s: passed", name)
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, q := range []string{"建国路93号", "jgl", "建国路与人民路路口", "G2 K612+300", "音雀山", "\xff建\x00", "路路路口口"} {
		f.Add(q)
	}
	ix := address.New(town(), nil)
	f.Fuzz(func(t *testing.T, q string) {
		hits := ix.Search(q, nil, 10)
		if len(hits) > 10 {
			t.Errorf("%d hits", len(hits))
		}
		for _, h := range hits {
			if !h.Pos.Valid() || h.Name == "" || h.Match == "" || h.By == "" {
				t.Errorf("%q: %+v", q, h)
			}
		}
	})
}
