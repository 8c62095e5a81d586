package gnss_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/gnss"
	"lifeline120/internal/gnss/gnsstest"
)

var (
	start = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	floor = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	nmea  = gnss.All[0]
)

func TestNMEA0183(t *testing.T) { gnsstest.Run(t, nmea, "../../testdata/captures/gnss") }

// line puts '$', checksum and line end around a sentence.
func line(body string) string {
	sum := byte(0)
	for i := range len(body) {
		sum ^= body[i]
	}
	return fmt.Sprintf("$%s*%02X\r\n", body, sum)
}

// decode feeds text at once and ticks until the last epoch is out.
func decode(text string) gnss.Output {
	s := nmea.New(gnss.Options{Floor: floor})
	o := s.Feed(start, []byte(text))
	last := s.Tick(start.Add(1500 * time.Millisecond))
	o.Fixes = append(o.Fixes, last.Fixes...)
	return o
}

// one sentence or epoch, and the fix it must give.
var table = []struct {
	name string
	in   string
	want ems.Fix
}{
	{"RMC alone, before modes came", line("GPRMC,083000.00,A,3506.2472,N,11821.3930,E,23.218,45.02,211126,,"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.10412, Lon: 118.35655}, Quality: ems.Good, FixKind: "gps", SpeedKmh: 42.999736, HasSpeed: true, CourseDeg: 45.02,
			HasCourse: true, DeviceTime: time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)}},
	{"south and west", line("GNGGA,083000,3354.0000,S,07036.0000,W,1,07,1.1,520.0,M,,M,,"),
		ems.Fix{Pos: ems.WGS84{Lat: -33.9, Lon: -70.6}, Quality: ems.Good, FixKind: "gps", Satellites: 7, HasSatellites: true, HDOP: 1.1, AltitudeM: 520}},
	{"GGA with speed by VTG and date by ZDA", line("BDVTG,90.0,T,,M,10.0,N,18.52,K,A") + line("BDZDA,083000,21,11,2026,,") +
		line("BDGGA,083000,3506.0,N,11821.0,E,4,20,0.6,60.5,M,,M,,"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "rtk", Satellites: 20, HasSatellites: true, HDOP: 0.6, AltitudeM: 60.5,
			SpeedKmh: 18.52, HasSpeed: true, CourseDeg: 90, HasCourse: true, DeviceTime: time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)}},
	{"ZDA before midnight, GGA after", line("GBZDA,235959,21,11,2026,,") + line("GBGGA,000000,3506.0,N,11821.0,E,5,20,0.6,60.5,M,,M,,"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "float", Satellites: 20, HasSatellites: true, HDOP: 0.6, AltitudeM: 60.5,
			DeviceTime: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}},
	{"GLL alone", line("GLGLL,3506.0,N,11821.0,E,083000,A,D"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "dgps"}},
	{"GNS of two systems, the better counts", line("GNGNS,083000,3506.0,N,11821.0,E,ANR,17,0.9,16.5,5.1,,,V"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "rtk", Satellites: 17, HasSatellites: true, HDOP: 0.9, AltitudeM: 16.5}},
	{"dead reckoning is an estimate", line("GARMC,083000,A,3506.0,N,11821.0,E,0.0,,211126,,,E"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Questioned, FixKind: "dr",
			HasSpeed: true, DeviceTime: time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)}},
	{"receiver simulates", line("GQGGA,083000,3506.0,N,11821.0,E,8,08,1.0,60.0,M,,M,,"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "gps", Satellites: 8, HasSatellites: true, HDOP: 1, AltitudeM: 60, Demo: true}},
	{"void with a stale position", line("GNRMC,083000,V,3506.0,N,11821.0,E,0.0,,211126,,,N"), ems.Fix{Quality: ems.NoFix, FixKind: "none"}},
	{"RMC and GGA disagree", line("GNRMC,083000,V,3506.0,N,11821.0,E,0.0,,211126,,,N") + line("GNGGA,083000,3506.0,N,11821.0,E,1,04,2.0,60.0,M,,M,,"),
		ems.Fix{Quality: ems.NoFix, FixKind: "none", Satellites: 4, HasSatellites: true, HDOP: 2}},
	{"GP void, BD valid", line("GPRMC,083000,V,,,,,,,211126,,,N") + line("BDRMC,083000,A,3506.0,N,11821.0,E,0.0,,211126,,,A"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "gps", HasSpeed: true, DeviceTime: time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)}},
	{"typed in by hand", line("GPGGA,083000,3506.0,N,11821.0,E,7,00,,60.0,M,,M,,"), ems.Fix{Quality: ems.NoFix, FixKind: "none", HasSatellites: true}},
	{"null island", line("GPRMC,083000,A,0000.0,N,00000.0,E,0.0,,211126,,,A"), ems.Fix{Quality: ems.NoFix, FixKind: "none"}},
	{"sixty minutes of arc", line("GPRMC,083000,A,3560.0,N,11821.0,E,0.0,,211126,,,A"), ems.Fix{Quality: ems.NoFix, FixKind: "none"}},
	{"no such latitude", line("GPRMC,083000,A,9106.0,N,11821.0,E,0.0,,211126,,,A"), ems.Fix{Quality: ems.NoFix, FixKind: "none"}},
	{"no hemisphere", line("GPRMC,083000,A,3506.0,,11821.0,E,0.0,,211126,,,A"), ems.Fix{Quality: ems.NoFix, FixKind: "none"}},
	{"speed no number", line("GPRMC,083000,A,3506.0,N,11821.0,E,NaN,1e9,211126,,,A"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "gps", DeviceTime: time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)}},
	{"cut short", line("GPRMC,083000,A"), ems.Fix{Quality: ems.NoFix, FixKind: "none"}},
	{"no field at all", line("GPGGA"), ems.Fix{Quality: ems.NoFix, FixKind: "none"}},
	{"no speed and no course", line("GPRMC,083000,A,3506.0,N,11821.0,E,,,211126,,,A"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "gps", DeviceTime: time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)}},
	{"no speed by RMC, one by VTG", line("GPVTG,,T,,M,10.0,N,,K,A") + line("GPRMC,083000,A,3506.0,N,11821.0,E,,,211126,,,A"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "gps", SpeedKmh: 18.52, HasSpeed: true,
			DeviceTime: time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)}},
	{"it stands, and says so", line("GPRMC,083000,A,3506.0,N,11821.0,E,-0.0,,211126,,,A"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "gps", HasSpeed: true,
			DeviceTime: time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)}},
	{"no count of satellites, no dilution", line("GPGGA,083000,3506.0,N,11821.0,E,1,,,60.0,M,,M,,"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "gps", AltitudeM: 60}},
	{"satellites by GSA alone", line("GPGSA,A,3,01,02,03,04,,,,,,,,,2.0,1.5,1.3") + line("GPRMC,083000,A,3506.0,N,11821.0,E,5.0,,211126,,,A"),
		ems.Fix{Pos: ems.WGS84{Lat: 35.1, Lon: 118.35}, Quality: ems.Good, FixKind: "gps", Satellites: 4, HasSatellites: true, HDOP: 1.5, SpeedKmh: 9.26,
			HasSpeed: true, DeviceTime: time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC)}},
}

func TestNMEAReadsOneEpoch(t *testing.T) {
	for _, tc := range table {
		t.Run(tc.name, func(t *testing.T) {
			o := decode(tc.in)
			if len(o.Fixes) != 1 || o.Garbage != 0 || o.Frames != strings.Count(tc.in, "$") {
				t.Fatalf("got %d fixes, %d frames, %d bytes of garbage", len(o.Fixes), o.Frames, o.Garbage)
			}
			got := o.Fixes[0]
			tc.want.Taken = start
			if math.Abs(got.Pos.Lat-tc.want.Pos.Lat) < 1e-9 && math.Abs(got.Pos.Lon-tc.want.Pos.Lon) < 1e-9 {
				got.Pos = tc.want.Pos
			}
			if math.Abs(got.SpeedKmh-tc.want.SpeedKmh) < 1e-9 {
				got.SpeedKmh = tc.want.SpeedKmh
			}
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func TestNMEAFrames(t *testing.T) {
	good := "$GNRMC,,V,,,,,,,,,,N*4D\r\n"
	for _, tc := range []struct {
		name            string
		in              string
		frames, garbage int
	}{
		{"one", good, 1, 0},
		{"small hex digits and a bare line feed", "$GNRMC,,V,,,,,,,,,,N*4d\n", 1, 0},
		{"next begins where the line end was lost", strings.TrimSpace(good) + good, 2, 0},
		{"wrong checksum", "$GNRMC,,V,,,,,,,,,,N*4E\r\n" + good, 1, 23},
		{"no checksum", "$GNRMC,,V,,,,,,,,,,N\r\n" + good, 1, 20},
		{"checksum no number", "$GNRMC,,V,,,,,,,,,,N*xy\r\n" + good, 1, 23},
		{"cut off by the next", "$GNRMC,,V,,," + good, 1, 12},
		{"noise around", "\x00\xff~~" + good + "##", 1, 6},
		{"noise inside", "$GNRMC,,\x07V,,,,,,,,,,N*4D\r\n" + good, 1, 24},
		{"endless", "$" + strings.Repeat("A", 1000) + "\r\n" + good, 1, 1001},
		{"nobody's sentence", line("SNRSTAT,1,1,0,0,0") + line("PUBX,00") + line("XXRMC,1,A") + good, 4, 0},
		{"empty sentence", "$*00\r\n" + good, 2, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := decode(tc.in)
			if o.Frames != tc.frames || o.Garbage != tc.garbage {
				t.Errorf("got %d frames, %d garbage, want %d, %d", o.Frames, o.Garbage, tc.frames, tc.garbage)
			}
			for _, f := range o.Fixes {
				if f.Quality != ems.NoFix {
					t.Errorf("got %v, want void epochs alone", f)
				}
			}
		})
	}
}

func TestNMEADates(t *testing.T) {
	for _, tc := range []struct {
		name, day, clock string
		now              time.Time
		want             time.Time
	}{
		{"true", "211126", "080000", start, start},
		{"one roll-over", "070407", "080000", start, start},
		{"two roll-overs", "220887", "080000", start, start},
		{"week zero of 1980", "060180", "000002", start, time.Time{}},
		{"week zero of 1999", "220899", "000231", start, time.Time{}},
		{"week zero of 2019", "070419", "000010", start, time.Time{}},
		{"year wrong by twenty", "211106", "080000", start, time.Time{}},
		{"year wrong by twenty, our clock worthless", "211106", "080000", time.Unix(0, 0), time.Date(2026, 7, 7, 8, 0, 0, 0, time.UTC)},
		{"no such day", "310226", "080000", start, time.Time{}},
		{"a minus sign", "2208-1", "080000", start, time.Time{}},
		{"no date", "", "080000", start, time.Time{}},
		{"no such hour", "211126", "250000", start, time.Time{}},
		{"leap second", "311226", "235960", start, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := nmea.New(gnss.Options{Floor: floor})
			in := line("GNRMC," + tc.clock + ",A,3506.0,N,11821.0,E,0.0,," + tc.day + ",,,A")
			s.Feed(tc.now, []byte(in))
			o := s.Tick(tc.now.Add(1500 * time.Millisecond))
			if len(o.Fixes) != 1 || !o.Fixes[0].DeviceTime.Equal(tc.want) || o.Fixes[0].Quality != ems.Good {
				t.Errorf("got %+v, want a good fix of %v", o.Fixes, tc.want)
			}
		})
	}
}

// drive feeds one RMC a second and gives the quality of each fix.
type drive struct {
	t   *testing.T
	s   gnss.Session
	now time.Time
}

func newDrive(t *testing.T) *drive {
	return &drive{t: t, s: nmea.New(gnss.Options{Floor: floor}), now: start}
}

// step is one second: the receiver's time of day, its latitude in millionths of a degree beyond 35 N, and its speed.
func (d *drive) step(clock string, microLat int, knots float64) ems.Quality {
	d.t.Helper()
	return d.say(clock, microLat, fmt.Sprintf("%.1f", knots))
}

// say is a step whose speed stands as the receiver wrote it.
func (d *drive) say(clock string, microLat int, knots string) ems.Quality {
	d.t.Helper()
	d.now = d.now.Add(time.Second)
	minutes := float64(microLat) * 60 / 1e6
	in := line(fmt.Sprintf("GNRMC,%s,A,35%08.5f,N,11821.00000,E,%s,0.0,211126,,,A", clock, minutes, knots))
	o := d.s.Feed(d.now, []byte(in))
	last := d.s.Tick(d.now.Add(1500 * time.Millisecond)) // the first epoch waits for what may still come
	o.Fixes = append(o.Fixes, last.Fixes...)
	if len(o.Fixes) != 1 {
		d.t.Fatalf("step %s gave %d fixes", clock, len(o.Fixes))
	}
	return o.Fixes[0].Quality
}

func (d *drive) clock() string { return d.now.Add(time.Second).Format("150405") }

func TestFrozenReceiverIsMarked(t *testing.T) {
	d := newDrive(t)
	for i := range 5 {
		if q := d.step(d.clock(), 1000+100*i, 21.6); q != ems.Good {
			t.Fatalf("driving: %v", q)
		}
	}
	stuck := d.clock()
	var got []string
	for range 6 {
		got = append(got, d.step(stuck, 1500, 0).String())
	}
	if want := "good good good frozen frozen frozen"; strings.Join(got, " ") != want {
		t.Errorf("clock and position stand: got %v, want %s", got, want)
	}
	if q := d.step(d.clock(), 1600, 21.6); q != ems.Good {
		t.Errorf("running again: %v", q)
	}
}

func TestPositionThatStandsWhileMovingIsMarked(t *testing.T) {
	d := newDrive(t)
	var got []string
	for range 7 {
		got = append(got, d.step(d.clock(), 1000, 21.6).String())
	}
	if want := "good good good good frozen frozen frozen"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// A receiver that leaves its speed out says neither that it moves nor that it stands.
func TestAnUnknownSpeedIsNoClaim(t *testing.T) {
	d := newDrive(t)
	for range 60 {
		if q := d.say(d.clock(), 1000, ""); q != ems.Good {
			t.Fatalf("it stands, its clock runs, and it says no speed: %v", q)
		}
	}
	var got []string
	for _, knots := range strings.Fields("21.6 21.6 - 21.6 - - - 21.6 - -") {
		got = append(got, d.say(d.clock(), 1000, strings.Trim(knots, "-")).String())
	}
	if want := "good good good frozen frozen frozen frozen frozen frozen frozen"; strings.Join(got, " ") != want {
		t.Errorf("it claims to move, with gaps: got %v, want %s", got, want)
	}
	d = newDrive(t)
	for i, knots := range strings.Fields("21.6 21.6 - - - - - -") { // parked with its last claim still standing
		if q := d.say(d.clock(), 1000, strings.Trim(knots, "-")); q != ems.Good {
			t.Errorf("second %d: %v", i, q)
		}
	}
	if q := d.say(d.clock(), 1100, ""); q != ems.Good {
		t.Errorf("it moves on: %v", q)
	}
}

func TestParkedIsNotFrozen(t *testing.T) {
	d := newDrive(t)
	for range 120 {
		if q := d.step(d.clock(), 1000, 0); q != ems.Good {
			t.Fatalf("parked with a running clock: %v", q)
		}
	}
	if q := d.step(d.clock(), 1000, 21.6); q != ems.Good {
		t.Errorf("first second of driving off: %v", q)
	}
}

func TestJumpIsMarkedUntilConfirmed(t *testing.T) {
	d := newDrive(t)
	for i := range 3 {
		d.step(d.clock(), 1000+100*i, 21.6)
	}
	if q := d.step(d.clock(), 90000, 21.6); q != ems.Jump {
		t.Errorf("10 km in a second: %v", q)
	}
	if q := d.step(d.clock(), 1400, 21.6); q != ems.Good {
		t.Errorf("back again: %v", q)
	}
	var got []string
	for i := range 7 {
		got = append(got, d.step(d.clock(), 90000+100*i, 21.6).String())
	}
	if want := "jump jump jump jump jump good good"; strings.Join(got, " ") != want {
		t.Errorf("a new place: got %v, want %s", got, want)
	}
	got = nil
	for i := range 8 { // here, there, here, there: nothing is confirmed
		got = append(got, d.step(d.clock(), 300000+150000*(i%2), 21.6).String())
	}
	if strings.Contains(strings.Join(got, " "), "good") {
		t.Errorf("two places by turns were believed: %v", got)
	}
}

func TestOutOfATunnelIsNoJump(t *testing.T) {
	d := newDrive(t)
	d.step(d.clock(), 1000, 40)
	d.now = d.now.Add(3 * time.Minute)
	if q := d.step(d.clock(), 37000, 40); q != ems.Good { // 4 km on
		t.Errorf("got %v", q)
	}
}

func TestFixIsNotASecondLate(t *testing.T) {
	s := nmea.New(gnss.Options{})
	feed := func(at time.Duration, body string) int { return len(s.Feed(start.Add(at), []byte(line(body))).Fixes) }
	second := func(i int, withGGA bool) (fixes []int) {
		at, clock := time.Duration(i)*time.Second, fmt.Sprintf("08000%d", i)
		if withGGA {
			fixes = append(fixes, feed(at, "GNGGA,"+clock+",3506.0,N,11821.0,E,1,04,2.0,60.0,M,,M,,"))
		}
		fixes = append(fixes, feed(at+100*time.Millisecond, "GNRMC,"+clock+",A,3506.0,N,11821.0,E,0.0,,211126,,,A"))
		return append(fixes, feed(at+200*time.Millisecond, "GNVTG,,,,,0.0,N,0.0,K,A"))
	}
	got := fmt.Sprint(second(0, true), second(1, true), second(2, true), second(3, false), second(4, false), second(5, false))
	// The first epoch waits for the second, GGA then for RMC; without GGA two epochs are late, then RMC is enough.
	if want := "[0 0 0] [1 1 0] [0 1 0] [0 0] [1 0] [2 0]"; got != want {
		t.Errorf("fixes out of each sentence: got %s, want %s", got, want)
	}
}

func TestSlowLineKeepsItsEpochsTogether(t *testing.T) {
	s := nmea.New(gnss.Options{})
	var fixes []ems.Fix
	for i := range 5 { // at 4800 baud RMC comes at the end of the second
		at, clock := start.Add(time.Duration(i)*time.Second), fmt.Sprintf("08000%d", i)
		fixes = append(fixes, s.Feed(at, []byte(line("GPGGA,"+clock+",3506.0,N,11821.0,E,1,04,2.0,60.0,M,,M,,"))).Fixes...)
		late := at.Add(970 * time.Millisecond)
		fixes = append(fixes, s.Tick(late).Fixes...)
		fixes = append(fixes, s.Feed(late, []byte(line("GPRMC,"+clock+",A,3506.0,N,11821.0,E,2.0,,211126,,,A"))).Fixes...)
	}
	if len(fixes) != 5 {
		t.Fatalf("%d fixes of 5 epochs", len(fixes))
	}
	for _, f := range fixes {
		if f.SpeedKmh != 3.704 || f.Satellites != 4 {
			t.Errorf("a fix of half an epoch: %+v", f)
		}
	}
}

func TestACC003_SilentSessionHoldsNothingBack(t *testing.T) {
	s := nmea.New(gnss.Options{})
	for range 1000 {
		if o := s.Tick(start); len(o.Fixes)+o.Frames+o.Garbage != 0 {
			t.Fatalf("made %+v of nothing", o)
		}
	}
}

// FuzzNMEA holds that nothing panics, that no byte is counted twice, and that no fix without a receiver's word is good.
func FuzzNMEA(f *testing.F) {
	for _, tc := range table {
		f.Add([]byte(tc.in), 1)
	}
	f.Add([]byte("$GNRMC,,V,,,"+line("GPGGA,1,2,3")+"\xff$$*00\r$"), 3)
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		s := nmea.New(gnss.Options{Floor: floor})
		now, garbage := start, 0
		cut = max(1, cut&0xff)
		for rest := p; len(rest) > 0; {
			n := min(cut, len(rest))
			o := s.Feed(now, rest[:n])
			rest = rest[n:]
			now = now.Add(10 * time.Millisecond)
			garbage += o.Garbage
			for _, fix := range o.Fixes {
				check(t, fix)
			}
		}
		for _, fix := range s.Tick(now.Add(1500 * time.Millisecond)).Fixes {
			check(t, fix)
		}
		if garbage > len(p) {
			t.Errorf("%d bytes of garbage in %d bytes", garbage, len(p))
		}
	})
}

func check(t *testing.T, f ems.Fix) {
	if f.Quality != ems.NoFix && !f.Pos.Valid() || f.Quality == ems.NoFix && f.Pos != (ems.WGS84{}) {
		t.Errorf("%v at %v", f.Quality, f.Pos)
	}
	if !f.HasSpeed && f.SpeedKmh != 0 || !f.HasCourse && f.CourseDeg != 0 || !f.HasSatellites && f.Satellites != 0 {
		t.Errorf("a value that is not known: %+v", f)
	}
	for _, v := range []float64{f.SpeedKmh, f.CourseDeg, f.AltitudeM, f.HDOP} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("a number is none: %+v", f)
		}
	}
}

func BenchmarkNMEA(b *testing.B) {
	text := []byte(line("GNRMC,080002.000,A,3506.24720,N,11821.39300,E,23.218,45.02,211126,,,A,V") +
		line("GNGGA,080002.000,3506.24720,N,11821.39300,E,1,18,0.72,68.4,M,5.1,M,,") + line("GNVTG,45.02,T,,M,23.218,N,42.9997,K,A"))
	s := nmea.New(gnss.Options{Floor: floor})
	b.SetBytes(int64(len(text)))
	for now := start; b.Loop(); now = now.Add(time.Second) {
		s.Feed(now, text)
	}
}
