package alarm

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

var t0 = time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC)

func place(lat, lon float64) *ems.Place { return &ems.Place{Pos: &ems.WGS84{Lat: lat, Lon: lon}} }

// 0.001° of latitude are 111 m.
var (
	here = place(36.60, 116.90)
	near = place(36.601, 116.90)  // 111 m
	edge = place(36.6025, 116.90) // 277 m
	far  = place(36.61, 116.90)   // 1110 m
)

func TestALM005_EscalationByTime(t *testing.T) {
	ack := t0.Add(10 * time.Second)
	for _, c := range []struct {
		name       string
		alarm      ems.Alarm
		supervisor bool
		want       Step
		ok         bool
	}{
		{"owner to every desk at 15 s", ems.Alarm{State: ems.AlarmStored, Reach: ems.ReachOwner, Since: t0}, true, Step{t0.Add(15 * time.Second), ems.ReachDesks}, true},
		{"desks to supervisor at 30 s", ems.Alarm{State: ems.AlarmStored, Reach: ems.ReachDesks, Since: t0}, true, Step{t0.Add(30 * time.Second), ems.ReachSupervisor}, true},
		{"no supervisor: duty telephone", ems.Alarm{State: ems.AlarmStored, Reach: ems.ReachDesks, Since: t0}, false, Step{t0.Add(30 * time.Second), ems.ReachPhone}, true},
		{"supervisor hears it", ems.Alarm{State: ems.AlarmStored, Reach: ems.ReachSupervisor, Since: t0}, true, Step{t0.Add(30 * time.Second), ems.ReachPhone}, false},
		{"supervisor has gone", ems.Alarm{State: ems.AlarmStored, Reach: ems.ReachSupervisor, Since: t0}, false, Step{t0.Add(30 * time.Second), ems.ReachPhone}, true},
		{"telephone is the end", ems.Alarm{State: ems.AlarmStored, Reach: ems.ReachPhone, Since: t0}, false, Step{}, false},
		{"acknowledged sounds again at 60 s", ems.Alarm{State: ems.AlarmAcknowledged, Reach: ems.ReachOwner, AckAt: &ack}, true, Step{ack.Add(60 * time.Second), ems.ReachOwner}, true},
		{"acknowledged, time not known", ems.Alarm{State: ems.AlarmAcknowledged, Reach: ems.ReachOwner, Since: t0}, true, Step{t0.Add(60 * time.Second), ems.ReachOwner}, true},
		{"at every desk at 120 s", ems.Alarm{State: ems.AlarmAcknowledged, Reach: ems.ReachOwner, AckAt: &ack, Sounding: true}, true, Step{ack.Add(120 * time.Second), ems.ReachDesks}, true},
		{"it sounds there already", ems.Alarm{State: ems.AlarmAcknowledged, Reach: ems.ReachDesks, AckAt: &ack, Sounding: true}, true, Step{ack.Add(120 * time.Second), ems.ReachDesks}, false},
		{"handled", ems.Alarm{State: ems.AlarmHandled, Since: t0}, false, Step{}, false},
		{"a state nobody knows wakes everyone", ems.Alarm{State: "odd", Received: t0}, false, Step{t0, ems.ReachPhone}, true},
	} {
		got, ok := Next(c.alarm, c.supervisor)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: got %v %v, want %v %v", c.name, got, ok, c.want, c.ok)
		}
	}
	if !Wider(ems.ReachDesks, ems.ReachOwner) || Wider(ems.ReachDesks, ems.ReachDesks) {
		t.Error("reaches do not widen from owner to desks")
	}
}

func TestALM004_OnePressIsOneAlarm(t *testing.T) {
	if Key(ems.CallerAlarm, "a", "p") == Key(ems.CallerAlarm, "b", "p") {
		t.Error("one source can take another's press away")
	}
	open := func(id ems.AlarmID, k ems.AlarmKind, at time.Time, p *ems.Place) *ems.Alarm {
		return &ems.Alarm{ID: id, Kind: k, Source: "s", Who: "self", Phone: "1", Mission: "m1", State: ems.AlarmStored, Received: at, Place: p}
	}
	caller := open("a1", ems.CallerAlarm, t0, here)
	sos := open("a2", ems.CrewSOS, t0, here)
	for _, c := range []struct {
		name string
		open []*ems.Alarm
		p    Press
		want ems.AlarmID
	}{
		{"further press at the place", []*ems.Alarm{caller}, Press{Kind: ems.CallerAlarm, Source: "s", Place: near}, "a1"},
		{"place not known", []*ems.Alarm{caller}, Press{Kind: ems.CallerAlarm, Source: "s"}, "a1"},
		{"another place", []*ems.Alarm{caller}, Press{Kind: ems.CallerAlarm, Source: "s", Place: far}, ""},
		{"another patient", []*ems.Alarm{caller}, Press{Kind: ems.CallerAlarm, Source: "s", Place: here, Who: "stranger"}, ""},
		{"another phone", []*ems.Alarm{caller}, Press{Kind: ems.CallerAlarm, Source: "s", Phone: "2"}, ""},
		{"another mission", []*ems.Alarm{caller}, Press{Kind: ems.CallerAlarm, Source: "s", Mission: "m2"}, ""},
		{"another source", []*ems.Alarm{caller}, Press{Kind: ems.CallerAlarm, Source: "x", Place: here}, ""},
		{"another kind", []*ems.Alarm{caller}, Press{Kind: ems.DeviceAlarm, Source: "s", Place: here}, ""},
		{"closed", []*ems.Alarm{{ID: "a0", Kind: ems.CallerAlarm, Source: "s", State: ems.AlarmHandled}}, Press{Kind: ems.CallerAlarm, Source: "s"}, ""},
		{"a crew in a moving vehicle", []*ems.Alarm{sos}, Press{Kind: ems.CrewSOS, Source: "s", Place: far}, "a2"},
		{"the newest of two", []*ems.Alarm{open("a4", ems.CallerAlarm, t0.Add(1), here), caller, open("a3", ems.CallerAlarm, t0.Add(1), nil)},
			Press{Kind: ems.CallerAlarm, Source: "s", Place: near}, "a4"},
	} {
		got, ok := Joins(c.open, c.p)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q %v, want %q", c.name, got, ok, c.want)
		}
	}
}

func TestALM006_FloodsAreGroupedAndNobodyElse(t *testing.T) {
	var all []*ems.Alarm
	add := func(source string, k ems.AlarmKind, p *ems.Place, s ems.AlarmState) {
		n := len(all)
		all = append(all, &ems.Alarm{ID: ems.AlarmID(fmt.Sprintf("a%02d", n)), Source: source, Kind: k, Place: p, State: s,
			Received: t0.Add(time.Duration(n) * time.Second), Sounding: s == ems.AlarmStored})
	}
	for range 4 {
		add("bad", ems.CallerAlarm, here, ems.AlarmAcknowledged) // 0..3, with 7 below: a flood
	}
	add("bad", ems.CallerAlarm, edge, ems.AlarmStored)  // 4: too far from the first to be sure, alone
	add("bad", ems.CallerAlarm, nil, ems.AlarmStored)   // 5: place unknown, alone
	add("good", ems.CallerAlarm, here, ems.AlarmStored) // 6: somebody else at the same place
	add("bad", ems.CallerAlarm, near, ems.AlarmStored)  // 7
	for range 3 {
		add("u1", ems.CrewSOS, here, ems.AlarmStored) // 8..10: never grouped
	}
	add("bad", ems.CallerAlarm, here, ems.AlarmHandled) // 11: over
	for range 3 {
		add("mute", ems.CallerAlarm, nil, ems.AlarmStored) // 12..14: a flood without places
	}
	for range 3 {
		add(fmt.Sprint("page-", len(all)), ems.CallerAlarm, far, ems.AlarmStored) // 15..17: three names, one address
		all[len(all)-1].Origin = "net-192.0.2.7"
	}
	got := Groups(all)
	var lines []string
	for _, g := range got {
		lines = append(lines, fmt.Sprint(g.Key, " ", g.Source, " ", g.Flood, " ", g.Sounding, " ", g.Alarms))
	}
	want := []string{
		"a00 bad true true [a00 a01 a02 a03 a07]",
		"a04 bad false true [a04]", "a05 bad false true [a05]", "a06 good false true [a06]",
		"a08 u1 false true [a08]", "a09 u1 false true [a09]", "a10 u1 false true [a10]",
		"a12 mute true true [a12 a13 a14]", "a15 net-192.0.2.7 true true [a15 a16 a17]",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%q\nwant\n%q", lines, want)
	}
}

// Whatever comes in: every open alarm stands in exactly one group, and no group holds a crew's SOS beside another, two sources, or two
// alarms more than 300 m apart.
func TestALM006_EveryAlarmStaysReachable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 30).Draw(t, "n")
		byID := map[ems.AlarmID]*ems.Alarm{}
		var all []*ems.Alarm
		for i := range n {
			a := &ems.Alarm{ID: ems.AlarmID(fmt.Sprintf("a%02d", i)), Received: t0.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "s")) * time.Second),
				Source: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "source"),
				Kind:   rapid.SampledFrom([]ems.AlarmKind{ems.CallerAlarm, ems.CrewSOS, ems.DeviceAlarm}).Draw(t, "kind"),
				State:  rapid.SampledFrom([]ems.AlarmState{ems.AlarmStored, ems.AlarmAcknowledged, ems.AlarmHandled}).Draw(t, "state")}
			if rapid.Bool().Draw(t, "placed") {
				a.Place = place(36.6+rapid.Float64Range(0, 0.006).Draw(t, "lat"), 116.9)
			}
			all, byID[a.ID] = append(all, a), a
		}
		seen := map[ems.AlarmID]int{}
		for _, g := range Groups(all) {
			for _, id := range g.Alarms {
				seen[id]++
				a := byID[id]
				for _, other := range g.Alarms {
					b := byID[other]
					if a.ID != b.ID && (a.Kind == ems.CrewSOS || a.Source != b.Source || known(a.Place) != known(b.Place) ||
						known(a.Place) && geo.Distance(*a.Place.Pos, *b.Place.Pos) > SamePlace) {
						t.Fatalf("%v and %v are in one group", a, b)
					}
				}
			}
		}
		for id, a := range byID {
			want := 1
			if a.State == ems.AlarmHandled {
				want = 0
			}
			if seen[id] != want {
				t.Fatalf("alarm %s stands in %d groups, want %d", id, seen[id], want)
			}
		}
	})
}

func TestALM005_OwnerIsAFreeDesk(t *testing.T) {
	d := func(id ems.DeskID, by string, call bool) *ems.Desk {
		return &ems.Desk{ID: id, By: by, OnCall: call, Role: "dispatcher"}
	}
	for _, c := range []struct {
		name  string
		desks []*ems.Desk
		open  map[ems.DeskID]int
		want  ems.DeskID
	}{
		{"nobody", []*ems.Desk{d("d1", "", false)}, nil, ""},
		{"not on a call", []*ems.Desk{d("d1", "a", true), d("d2", "b", false)}, map[ems.DeskID]int{"d2": 5}, "d2"},
		{"all on a call", []*ems.Desk{d("d2", "b", true), d("d1", "a", true)}, nil, "d1"},
		{"fewest open", []*ems.Desk{d("d1", "a", false), d("d2", "b", false)}, map[ems.DeskID]int{"d1": 1}, "d2"},
	} {
		if got := Owner(c.desks, c.open); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if Supervisor([]*ems.Desk{{By: "", Role: "supervisor"}, {By: "a", Role: "dispatcher"}}) || !Supervisor([]*ems.Desk{{By: "a", Role: "supervisor"}}) {
		t.Error("a supervisor is one who is logged on")
	}
}

func TestCatalogue(t *testing.T) {
	codes, numbers := map[Code]bool{}, map[int]bool{}
	for _, e := range Catalogue {
		if codes[e.Code] || numbers[e.Number] {
			t.Errorf("%s %d stands twice", e.Code, e.Number)
		}
		codes[e.Code], numbers[e.Number] = true, true
		if e.Zh == "" || e.En == "" || e.DoZh == "" || e.DoEn == "" || e.Priority != High && e.Priority != Medium {
			t.Errorf("%s: a crew member could not read at night what to do: %+v", e.Code, e)
		}
		if got, ok := Find(e.Code); !ok || got != e {
			t.Errorf("Find(%s) = %v %v", e.Code, got, ok)
		}
	}
	if _, ok := Find("none"); ok {
		t.Error("found a code that does not stand in the catalogue")
	}
	sounds := map[string]bool{}
	for _, a := range []ems.Alarm{{Kind: ems.CrewSOS}, {Kind: ems.CallerAlarm}, {Kind: ems.DeviceAlarm}, {Kind: ems.TechAlarm, Priority: High}, {Kind: ems.TechAlarm, Priority: Medium}} {
		sounds[Sound(a)] = true
	}
	if len(sounds) != 5 || Sound(ems.Alarm{Kind: "odd"}) != "crew_sos" {
		t.Errorf("kinds cannot be told by ear: %v", sounds)
	}
}
