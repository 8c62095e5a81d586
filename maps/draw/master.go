package draw

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"lifeline120/internal/ems"
	"lifeline120/maps"
)

// spot is a place beside a road near p: what stands there can be driven to.
func (n *net) spot(p pt, rng *rand.Rand, classes ...class) pt {
	best, far := p, math.Inf(1)
	for _, x := range n.pieces {
		if x.gone || x.bridge || !slices.Contains(classes, x.line.class) || x.line.link {
			continue
		}
		for i := 1; i < len(x.pts); i++ {
			a, b := x.pts[i-1], x.pts[i]
			if min(a.to(p), b.to(p)) > far+a.to(b) {
				continue
			}
			t := nearest(p, a, b)
			q := lerp(a, b, t)
			if d := q.to(p); d < far {
				side := b.sub(a).unit().left()
				if side.dot(p.sub(q)) < 0 {
					side = side.mul(-1)
				}
				best, far = q.add(side.mul(14+6*rng.Float64())), d
			}
		}
	}
	return best
}

type stationSpec struct {
	id, zh string
	x, y   float64 // km
}

// The first six are where the demo's tests and pictures know them.
var stationSpecs = []stationSpec{
	{"st-centre", "中心急救站", 0, -0.1}, {"st-east", "东岸急救站", 4.7, -0.1}, {"st-west", "西岭急救站", -5, 1.7}, {"st-south", "滨河急救站", 0.2, -4.6}, {"st-north", "北关急救站", 0.1, 4.4},
	{"st-port", "青莲急救站", 6.1, 3.9}, {"st-northwest", "杏林急救站", -3.2, 3.9}, {"st-southwest", "柳堤急救站", -4.4, -3.1}, {"st-newtown", "新城急救站", 10.6, -6.2}, {"st-southeast", "春晖急救站", 5.9, -4.7},
	{"st-tech", "创新园急救站", 13, -8.4}, {"st-beiguan2", "清泉急救站", 2.6, 6.3}, {"st-rail", "岚汀站急救站", -6.4, -1.2}, {"st-ring", "三环东急救站", 6.4, -1.6},
	{"st-yunling", "云岭县急救站", -27.2, -6.2}, {"st-yunling2", "云岭北急救站", -28.3, -5.6}, {"st-qinghe", "青禾县急救站", 23.2, 15.3}, {"st-qinghe2", "青禾东急救站", 24.6, 15.9}, {"st-shazhou", "沙洲县急救站", -4.2, -25.2},
	{"st-shazhou2", "沙洲南急救站", -5.0, -26.7}, {"st-town1", "", 31, -20}, {"st-town2", "", -31, 26}, {"st-town3", "", 4, 27}, {"st-town4", "", -31, -27}, {"st-town5", "", 33, 2},
}

type hospitalSpec struct {
	zh, en  string
	x, y    float64
	centres []string
	persons []string
	can     []ems.Ability
}

// What the made-up hospitals can treat, with times of their own where they differ from the standards'.
func pci(doorMin, toldMin float64) ems.Ability {
	return ems.Ability{Treatment: ems.TreatPCI, DoorS: doorMin * 60, ActivatedS: toldMin * 60}
}
func lysis(pathway string, doorMin, toldMin float64) ems.Ability {
	return ems.Ability{Treatment: ems.TreatLysis, Pathway: pathway, DoorS: doorMin * 60, ActivatedS: toldMin * 60}
}
func thrombectomy(doorMin, toldMin float64) ems.Ability {
	return ems.Ability{Treatment: ems.TreatThrombectomy, DoorS: doorMin * 60, ActivatedS: toldMin * 60}
}
func level(t ems.Treatment, n int) ems.Ability { return ems.Ability{Treatment: t, Level: n} }

var hospitalSpecs = []hospitalSpec{
	{"岚汀市第一人民医院", "Lanting First People's Hospital", 1.4, -0.1, []string{"chest_pain", "stroke", "trauma"}, []string{"胸痛中心值班医师", "急诊科主任", "医务总值班"}, []ems.Ability{pci(80, 35), lysis("chest_pain", 30, 25), lysis("stroke", 50, 38), thrombectomy(95, 70), level(ems.TreatTrauma, 1)}},
	{"岚汀市第二人民医院", "Lanting Second People's Hospital", -3.2, -2.9, []string{"chest_pain", "trauma"}, []string{"急诊值班医师", "医务总值班"}, []ems.Ability{pci(88, 42), level(ems.TreatTrauma, 2)}},
	{"岚汀市妇幼保健院", "Lanting Maternal and Child Hospital", -1.9, 1.6, []string{"maternal", "newborn"}, []string{"产科值班医师", "新生儿科值班医师", "医务总值班"}, []ems.Ability{level(ems.TreatMaternal, 1), level(ems.TreatNewborn, 1)}},
	{"岚汀市中医医院", "Lanting Hospital of Chinese Medicine", 1.5, 3.0, []string{"stroke"}, []string{"卒中中心值班医师", "医务总值班"}, []ems.Ability{lysis("stroke", 55, 40)}},
	{"东岸医院", "East Bank Hospital", 4.7, -1.5, []string{"chest_pain", "tumour"}, []string{"急诊值班医师", "医务总值班"}, []ems.Ability{lysis("chest_pain", 30, 0)}},
	{"岚汀市中心医院新城院区", "Lanting Central Hospital, New Town", 11.6, -7.2, []string{"chest_pain", "stroke", "trauma", "maternal", "newborn"}, []string{"急诊值班医师", "胸痛中心值班医师", "创伤中心值班医师", "医务总值班"}, []ems.Ability{pci(75, 30), lysis("stroke", 45, 35), thrombectomy(85, 60), level(ems.TreatTrauma, 1), level(ems.TreatMaternal, 2), level(ems.TreatNewborn, 2)}},
	{"北关区人民医院", "Beiguan District Hospital", 1.0, 6.0, []string{"chest_pain"}, []string{"急诊值班医师", "医务总值班"}, []ems.Ability{lysis("chest_pain", 30, 28)}},
	{"岚汀市肿瘤医院", "Lanting Tumour Hospital", -4.6, 0.2, []string{"tumour"}, []string{"急诊值班医师", "医务总值班"}, nil},
	{"岚汀市儿童医院", "Lanting Children's Hospital", 5.6, -3.1, []string{"newborn"}, []string{"新生儿科值班医师", "医务总值班"}, []ems.Ability{level(ems.TreatNewborn, 1)}},
	{"云岭县人民医院", "Yunling County Hospital", -27.6, -6.9, []string{"chest_pain", "trauma"}, []string{"急诊值班医师", "医务总值班"}, []ems.Ability{lysis("chest_pain", 30, 0), level(ems.TreatTrauma, 3)}},
	{"青禾县人民医院", "Qinghe County Hospital", 23.7, 15.0, []string{"chest_pain", "stroke", "maternal"}, []string{"急诊值班医师", "产科值班医师", "医务总值班"}, []ems.Ability{lysis("chest_pain", 30, 0), lysis("stroke", 60, 50), level(ems.TreatMaternal, 3)}},
	{"沙洲县人民医院", "Shazhou County Hospital", -4.7, -25.9, []string{"chest_pain", "stroke"}, []string{"急诊值班医师", "医务总值班"}, []ems.Ability{lysis("chest_pain", 30, 0), lysis("stroke", 58, 48)}},
}

var equipment = map[ems.UnitKind][]string{
	ems.UnitMonitoring: {"monitor", "defibrillator", "ventilator"}, ems.UnitOrdinary: {"aed", "oxygen"}, ems.UnitNegative: {"monitor", "ventilator", "negative_pressure"},
	ems.UnitSpecial: {"monitor", "incubator", "ventilator"}, ems.UnitTransport: {"oxygen"}, ems.UnitAir: {"monitor", "defibrillator", "ventilator"},
}

var kindNames = map[ems.UnitKind]string{ems.UnitMonitoring: "监护型", ems.UnitOrdinary: "普通型", ems.UnitNegative: "负压型", ems.UnitSpecial: "特殊用途", ems.UnitTransport: "转运", ems.UnitAir: "航空"}

// fleet is which kind of unit stands where; the first twelve are older than the rest and stay as they are.
var fleet = []struct {
	kind    ems.UnitKind
	station string
}{
	{"B", "st-centre"}, {"B", "st-centre"}, {"A", "st-centre"}, {"B", "st-east"}, {"A", "st-east"}, {"B", "st-west"}, {"A", "st-west"}, {"B", "st-south"}, {"C", "st-south"}, {"B", "st-north"}, {"D", "st-port"}, {"transport", "st-port"},
	{"B", "st-northwest"}, {"A", "st-northwest"}, {"B", "st-southwest"}, {"B", "st-newtown"}, {"A", "st-newtown"}, {"B", "st-southeast"}, {"B", "st-tech"}, {"A", "st-beiguan2"}, {"B", "st-rail"}, {"B", "st-ring"}, {"C", "st-newtown"},
	{"B", "st-yunling"}, {"A", "st-yunling2"}, {"B", "st-qinghe"}, {"A", "st-qinghe2"}, {"B", "st-shazhou"}, {"A", "st-shazhou2"}, {"A", "st-town1"}, {"B", "st-town2"}, {"A", "st-town3"}, {"B", "st-town4"}, {"A", "st-town5"},
	{"C", "st-qinghe"}, {"D", "st-centre"}, {"transport", "st-southwest"}, {"transport", "st-newtown"}, {"B", "st-beiguan2"}, {"air", "st-newtown"},
}

type suburb struct {
	zh   string
	x, y float64
	pop  int
}

// The neighbourhoods of the city itself: 街道.
var suburbs = []suburb{
	{"老城街道", 0, 0.2, 88000}, {"文昌街道", -1.9, 1.9, 76000}, {"杏林街道", -3.3, 3.6, 71000}, {"柳堤街道", -4.8, -1.4, 66000}, {"荷塘街道", -2.6, -3.2, 74000}, {"西岭街道", -5.6, 2.2, 38000}, {"滨河街道", 0.4, -4.4, 69000},
	{"汀溪街道", -3.6, -5.4, 52000}, {"永宁街道", 1.2, 2.3, 72000}, {"东岸街道", 4.6, 0.4, 82000}, {"春晖街道", 5.4, -3.2, 74000}, {"锦绣街道", 5.2, -5.4, 48000}, {"新城街道", 10.7, -5.9, 81000}, {"创新街道", 12.6, -8.0, 52000},
	{"虹桥街道", 9.4, -8.3, 41000}, {"北关街道", 0.2, 5.2, 68000}, {"清泉街道", 3.0, 6.0, 44000}, {"青莲街道", 6.0, 4.2, 38000}, {"松柏街道", -2.8, 6.2, 36000},
}

// lands are places that people name: what, how many, and the words after a made-up stem.
var landmarks = []struct {
	tags  []Tag
	ends  []string
	count int
	near  float64 // km from the centre of a suburb
}{
	{[]Tag{{"amenity", "school"}}, []string{"小学", "中学", "实验学校"}, 46, 1.1}, {[]Tag{{"shop", "mall"}}, []string{"广场", "商城", "购物中心"}, 18, 0.8}, {[]Tag{{"tourism", "hotel"}}, []string{"大酒店", "宾馆"}, 14, 0.9},
	{[]Tag{{"amenity", "police"}}, []string{"派出所"}, 16, 0.9}, {[]Tag{{"amenity", "marketplace"}}, []string{"市场", "集贸市场"}, 16, 1.0}, {[]Tag{{"place", "neighbourhood"}}, []string{"小区", "花园", "家园", "新村", "苑"}, 120, 1.3},
	{[]Tag{{"amenity", "bus_station"}}, []string{"汽车站"}, 5, 1.2}, {[]Tag{{"amenity", "fire_station"}}, []string{"消防救援站"}, 9, 1.2}, {[]Tag{{"amenity", "library"}}, []string{"图书馆"}, 3, 0.6}, {[]Tag{{"leisure", "stadium"}}, []string{"体育馆"}, 3, 0.9},
	{[]Tag{{"man_made", "works"}}, []string{"机械厂", "纺织厂", "食品厂"}, 12, 1.6},
}

var complaints = []maps.Complaint{
	{Text: "突发胸痛，出冷汗", TextEn: "sudden chest pain, cold sweat", Pathway: "chest_pain", Priority: "A", Share: 9, Who: "relative"}, {Text: "一侧手脚无力，说话不清", TextEn: "one side weak, slurred speech", Pathway: "stroke", Priority: "A", Share: 8, Who: "relative"},
	{Text: "呼之不应，没有呼吸", TextEn: "unresponsive, not breathing", Priority: "A", Share: 3, Who: "relative"}, {Text: "车祸，有人受伤", TextEn: "road accident, people hurt", Pathway: "trauma", Priority: "A", Share: 13, Who: "stranger"},
	{Text: "高处坠落", TextEn: "fall from a height", Pathway: "trauma", Priority: "A", Share: 2, Who: "stranger"}, {Text: "呼吸困难，喘憋", TextEn: "short of breath", Priority: "A", Share: 8, Who: "relative"}, {Text: "老人跌倒，腿疼不能站", TextEn: "old person fell, cannot stand", Priority: "B", Share: 13, Who: "relative"},
	{Text: "孕妇临产，阵痛频繁", TextEn: "labour, frequent pains", Pathway: "maternal", Priority: "B", Share: 3, Who: "relative"}, {Text: "新生儿呼吸急促", TextEn: "newborn breathing fast", Pathway: "newborn", Priority: "A", Share: 1, Who: "relative"},
	{Text: "醉酒，呕吐", TextEn: "drunk, vomiting", Priority: "C", Share: 7, Who: "stranger"}, {Text: "腹痛剧烈", TextEn: "severe belly pain", Priority: "B", Share: 9, Who: "self"}, {Text: "高热抽搐的孩子", TextEn: "child with fever and convulsion", Priority: "B", Share: 3, Who: "relative"},
	{Text: "头晕，恶心", TextEn: "dizzy, nauseous", Priority: "C", Share: 11, Who: "self"}, {Text: "误服药物", TextEn: "took the wrong medicine", Priority: "B", Share: 2, Who: "relative"}, {Text: "打架受伤，流血", TextEn: "hurt in a fight, bleeding", Priority: "B", Share: 3, Who: "stranger"},
	{Text: "肿瘤患者疼痛加重", TextEn: "tumour patient, pain worse", Pathway: "tumour", Priority: "C", Share: 2, Who: "relative"}, {Text: "行动不便，需送院复诊", TextEn: "cannot walk, needs a ride to a check-up", Priority: "D", Share: 3, Who: "relative"},
}

// A day of a city, and of the country: percent of its calls in each hour.
var profiles = map[string][]float64{
	"urban": {2.9, 2.5, 2.1, 1.8, 1.8, 2.2, 3.2, 4.3, 5.2, 5.6, 5.6, 5.2, 4.7, 4.6, 4.8, 4.9, 5.0, 5.2, 5.4, 5.4, 5.1, 4.8, 4.2, 3.5},
	"rural": {2.0, 1.7, 1.5, 1.4, 1.7, 2.9, 4.4, 5.4, 6.0, 6.2, 6.0, 5.4, 4.6, 4.5, 5.0, 5.3, 5.5, 5.7, 5.6, 5.1, 4.4, 3.8, 3.1, 2.8},
}

// master makes the city's master data, and writes what of it belongs on the map.
func (c *City) master(o *layout, n *net, e *emitter, ds []district, rng *rand.Rand) {
	city := maps.City{Name: "岚汀市", NameEn: "Lanting", Region: "demo", DutyPhone: "0000-0000120", Desks: []ems.DeskID{"d1", "d2", "d3"}, Map: maps.Map{Datum: "wgs84", Attribution: "岚汀市（虚构）· Lifeline 120 · Apache-2.0 · WGS-84"},
		Demand: maps.Demand{Profiles: profiles, Complaints: complaints}}
	roads := []class{secondary, tertiary, unclassified, residential}
	towns := slices.DeleteFunc(slices.Clone(o.towns), func(t place) bool { return t.kind != "town" })
	nearTown := func(p pt) place {
		return slices.MinFunc(towns, func(a, b place) int {
			switch da, db := a.at.to(p), b.at.to(p); {
			case da < db:
				return -1
			case da > db:
				return 1
			}
			return strings.Compare(a.name.zh, b.name.zh)
		})
	}
	for _, s := range stationSpecs {
		p, zh := pt{s.x * 1000, s.y * 1000}, s.zh
		if zh == "" {
			t := nearTown(p)
			p, zh = t.at.add(pt{90, 40}), strings.TrimSuffix(t.name.zh, "镇")+"急救站"
		}
		at := n.spot(p, rng, roads...)
		stem := strings.TrimSuffix(zh, "急救站")
		st := ems.Station{ID: ems.StationID(s.id), Name: zh, NameEn: latin(stem) + " Station", Pos: at.wgs84()}
		if en, ok := map[string]string{"st-centre": "Central Station", "st-east": "East Bank Station", "st-south": "Riverside Station", "st-newtown": "New Town Station"}[s.id]; ok {
			st.NameEn = en
		}
		city.Stations = append(city.Stations, st)
		e.put(at, append([]Tag{{"emergency", "ambulance_station"}}, Tag{"name", st.Name}, Tag{"name:en", st.NameEn})...)
	}
	for i, h := range hospitalSpecs {
		at := n.spot(pt{h.x * 1000, h.y * 1000}, rng, secondary, tertiary)
		hp := ems.Hospital{ID: ems.HospitalID(fmt.Sprintf("h%d", i+1)), Name: h.zh, NameEn: h.en, Pos: at.wgs84(), Centres: h.centres, Persons: h.persons, Abilities: h.can}
		city.Hospitals = append(city.Hospitals, hp)
		e.put(at, Tag{"amenity", "hospital"}, Tag{"emergency", "yes"}, Tag{"name", h.zh}, Tag{"name:en", h.en})
	}
	for i, u := range fleet {
		plate := fmt.Sprintf("演A·L1%03d", 201+i)
		if u.kind == ems.UnitAir {
			plate = "演B·7L120"
		}
		city.Units = append(city.Units, ems.Unit{ID: ems.UnitID(fmt.Sprintf("u%02d", i+1)), Plate: plate, Name: fmt.Sprintf("%02d车 %s", i+1, kindNames[u.kind]), Kind: u.kind,
			Station: ems.StationID(u.station), Equipment: equipment[u.kind]})
	}
	c.placesAndDemand(&city, o, n, e, ds, rng)
	c.Master = city
}

func (c *City) placesAndDemand(city *maps.City, o *layout, n *net, e *emitter, ds []district, rng *rand.Rand) {
	areas := map[string][]maps.Area{}
	put := func(p pt, nm name, pop int, radius float64) {
		for _, d := range ds {
			if d.ring.has(p) {
				areas[d.id] = append(areas[d.id], maps.Area{Name: nm.zh, NameEn: nm.en, Pos: p.wgs84(), RadiusM: math.Round(radius), People: pop})
				return
			}
		}
	}
	tags := func(kind string, nm name, pop int) []Tag {
		return append([]Tag{{"place", kind}}, append(nameTags(nm), Tag{"population", fmt.Sprint(pop)})...)
	}
	e.put(pt{-300, 60}, tags("city", name{"岚汀市", "Lanting", pinyin("岚汀市")}, 2_040_000)...)
	for _, s := range suburbs {
		nm := named(s.zh)
		nm.en = latin(strings.TrimSuffix(s.zh, "街道"))
		p := pt{s.x * 1000, s.y * 1000}
		e.put(p, tags("suburb", nm, s.pop)...)
		put(p, nm, s.pop, 1250)
	}
	for i, t := range o.towns {
		e.put(t.at, tags(t.kind, t.name, t.pop)...)
		switch {
		case i < 3:
			put(t.at, t.name, t.pop, 1900)
		case t.kind == "town":
			put(t.at, t.name, t.pop, 2600) // with the villages around it
		}
	}
	for _, d := range ds {
		day, profile := float64(d.people)/1e6*92, "urban"
		if d.rural {
			day, profile = float64(d.people)/1e6*68, "rural"
		}
		nm := named(d.zh)
		city.Districts = append(city.Districts, maps.District{ID: d.id, Name: d.zh, NameEn: nm.en, People: d.people, CallsPerDay: math.Round(day*10) / 10, Profile: profile, Areas: areas[d.id]})
	}
	c.landmarks(city, o, n, e, rng)
}

// landmarks are schools, markets and housing estates; some have a defibrillator. Houses along some streets have numbers.
func (c *City) landmarks(city *maps.City, o *layout, n *net, e *emitter, rng *rand.Rand) {
	roads := []class{secondary, tertiary, residential}
	centres := []pt{}
	for _, s := range suburbs {
		centres = append(centres, pt{s.x * 1000, s.y * 1000})
	}
	for _, t := range o.towns[:3] {
		centres = append(centres, t.at, t.at)
	}
	aed := func(nm name, at pt, where, floor, hours string) {
		a := maps.AED{ID: fmt.Sprintf("aed%02d", len(city.AEDs)+1), Name: nm.zh, Pos: at.wgs84(), Where: where, Floor: floor, Hours: hours}
		city.AEDs = append(city.AEDs, a)
		t := []Tag{{"emergency", "defibrillator"}, {"defibrillator:location", where}, {"level", floor}}
		if hours != "" {
			t = append(t, Tag{"opening_hours", hours})
		}
		e.put(at, t...)
	}
	for _, k := range landmarks {
		for i := range k.count {
			p := centres[(i*7+len(k.ends))%len(centres)].add(polar(rng.Float64()*360, (0.2+0.8*rng.Float64())*k.near*1000))
			if o.land.wet(p) {
				continue
			}
			end := k.ends[i%len(k.ends)]
			stem := o.names.stem()
			nm := name{zh: stem + end, en: latin(stem) + " " + english[end], pinyin: strings.TrimSpace(pinyin(stem))}
			at := n.spot(p, rng, roads...)
			e.put(at, append(slices.Clone(k.tags), Tag{"name", nm.zh}, Tag{"name:en", nm.en})...)
			switch key := k.tags[0]; {
			case key.V == "mall":
				aed(nm, at, "一楼服务台", "1", "Mo-Su 09:30-22:00")
			case key.V == "bus_station", key.V == "stadium", key.V == "library":
				aed(nm, at, "大厅入口", "1", "Mo-Su 06:00-21:00")
			case key.V == "hotel" && i%2 == 0:
				aed(nm, at, "前台", "1", "24/7")
			case key.V == "school" && i%4 == 0:
				aed(nm, at, "校医室", "2", "Mo-Fr 07:30-17:30")
			case key.V == "police" && i%3 == 0:
				aed(nm, at, "接待厅", "1", "24/7")
			}
		}
	}
	station := n.spot(pt{-6250, -600}, rng, roads...)
	e.put(station, Tag{"railway", "station"}, Tag{"name", "岚汀站"}, Tag{"name:en", "Lanting Railway Station"})
	aed(name{zh: "岚汀站"}, station, "候车厅二层检票口旁", "2", "24/7")
	east := n.spot(pt{13200, -4600}, rng, roads...)
	e.put(east, Tag{"railway", "station"}, Tag{"name", "岚汀东站"}, Tag{"name:en", "Lanting East Railway Station"})
	aed(name{zh: "岚汀东站"}, east, "地下一层出站口", "B1", "Mo-Su 05:30-23:30")
	count := 0
	for i, p := range n.pieces {
		if p.gone || p.bridge || p.line.name.zh == "" || p.line.class < secondary || p.line.class > residential || i%37 != 0 || p.len() < 90 || count > 1400 {
			continue
		}
		for s, k := 20.0, 2*(i%90)+1; s < p.len()-15 && s < 160; s, k = s+32, k+2 {
			at, dir := along(p.pts, s)
			for side, num := range []int{k, k + 1} {
				h := at.add(dir.left().mul(13 - 26*float64(side)))
				e.put(h, Tag{"addr:street", p.line.name.zh}, Tag{"addr:housenumber", fmt.Sprintf("%d号", num)})
				count++
			}
		}
	}
}

var english = map[string]string{"小学": "Primary School", "中学": "Middle School", "实验学校": "Experimental School", "广场": "Plaza", "商城": "Mall", "购物中心": "Shopping Centre", "大酒店": "Grand Hotel", "宾馆": "Hotel",
	"派出所": "Police Station", "市场": "Market", "集贸市场": "Fair", "小区": "Estate", "花园": "Gardens", "家园": "Homes", "新村": "New Village", "苑": "Court", "汽车站": "Bus Station", "消防救援站": "Fire Station",
	"图书馆": "Library", "体育馆": "Stadium", "机械厂": "Machine Works", "纺织厂": "Textile Mill", "食品厂": "Food Factory"}

// YAML is city.yaml: a line for each thing, so that a person can read and change it.
func (c City) YAML() []byte {
	var b strings.Builder
	m := c.Master
	flow := func(v any) string {
		j, err := json.Marshal(v)
		if err != nil {
			panic(err) // plain values
		}
		return string(j) // JSON is YAML
	}
	fmt.Fprintf(&b, "# %s: a city that does not exist. WGS-84. Made by `make gen`; see SOURCE.md. JSON is YAML.\n", m.Name)
	fmt.Fprintf(&b, "name: %s\nname_en: %s\nregion: %s\nduty_phone: %q\ndesks: %s\nmap: %s\n", m.Name, m.NameEn, m.Region, m.DutyPhone, flow(m.Desks), flow(m.Map))
	list := func(key string, n int, at func(int) any) {
		fmt.Fprintf(&b, "%s:\n", key)
		for i := range n {
			fmt.Fprintf(&b, "  - %s\n", flow(at(i)))
		}
	}
	list("stations", len(m.Stations), func(i int) any { return m.Stations[i] })
	list("hospitals", len(m.Hospitals), func(i int) any { return m.Hospitals[i] })
	list("units", len(m.Units), func(i int) any { return m.Units[i] })
	list("aeds", len(m.AEDs), func(i int) any { return m.AEDs[i] })
	list("districts", len(m.Districts), func(i int) any { return m.Districts[i] })
	fmt.Fprintf(&b, "demand:\n  profiles:\n    urban: %s\n    rural: %s\n  complaints:\n", flow(m.Demand.Profiles["urban"]), flow(m.Demand.Profiles["rural"]))
	for _, k := range m.Demand.Complaints {
		fmt.Fprintf(&b, "    - %s\n", flow(k))
	}
	return []byte(b.String())
}
