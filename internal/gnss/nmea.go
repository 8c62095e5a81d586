package gnss

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeline120/internal/ems"
)

// nmea0183 is NMEA 0183 up to version 4.11, with the talkers of receivers found in China: BD is the Chinese standard's and
// older chips' word for BeiDou, GB the later international one.
//
// A sentence without a checksum, or with a wrong one, is garbage: a receiver that leaves it out on sentences that matter
// was not found, while vehicle wiring makes wrong digits every day, and a wrong digit is a wrong street.
// Sentences are gathered into epochs by the receiver's own time of day. A fix is given out as soon as those kinds of
// sentence have come that came in the two epochs before, so that it is not a second late.
var nmea0183 = Dialect{
	Name:     "nmea0183",
	Lines:    lines8N1(9600, 115200, 4800, 38400, 57600, 230400, 19200),
	MaxQuiet: 5 * time.Second,
	New:      func(o Options) Session { return &nmeaSession{floor: o.Floor} },
}

func lines8N1(bauds ...int) []ems.Line {
	out := make([]ems.Line, 0, len(bauds))
	for _, b := range bauds {
		out = append(out, ems.Serial8N1(b))
	}
	return out
}

// talkers that may name a position. GSV and GSA also come from PQ, Quectel's own word for BeiDou.
var talkers = [...]string{"GN", "GP", "BD", "GB", "GA", "GL", "GQ", "QZ", "GI"}

// nmeaSession is one conversation with one receiver.
type nmeaSession struct {
	floor    time.Time
	buf      [sentenceMax]byte
	n        int  // bytes in buf
	inside   bool // after a '$'
	epoch    epoch
	expected kinds // what the last two epochs had
	previous kinds // what the last epoch had
	doubt    doubt
	vtg      motion
	zda      instant
	gsa      dilution
	out      Output
}

// Feed implements Session.
func (s *nmeaSession) Feed(now time.Time, p []byte) Output {
	s.out = Output{}
	s.expire(now)
	for _, b := range p {
		s.byte(now, b)
	}
	return s.take()
}

// Tick implements Session: it gives out an epoch whose last sentences did not come.
func (s *nmeaSession) Tick(now time.Time) Output {
	s.out = Output{}
	s.expire(now)
	return s.take()
}

func (s *nmeaSession) take() Output {
	o := s.out
	s.out = Output{}
	return o
}

func (s *nmeaSession) expire(now time.Time) {
	if s.epoch.open() && now.Sub(s.epoch.started) >= epochWait {
		s.emit()
	}
}

// byte is the framing: a sentence runs from '$' to the line's end or to the next '$', in printable characters.
func (s *nmeaSession) byte(now time.Time, b byte) {
	switch {
	case b == '\r' || b == '\n' || b == '$':
		s.end(now)
		if b == '$' {
			s.inside = true
			s.buf[0], s.n = b, 1
		}
	case !s.inside:
		s.out.Garbage++
	case b < ' ' || b > '~' || s.n == len(s.buf):
		s.out.Garbage += s.n + 1
		s.inside, s.n = false, 0
	default:
		s.buf[s.n] = b
		s.n++
	}
}

// end checks the sentence in buf and reads it.
func (s *nmeaSession) end(now time.Time) {
	if !s.inside {
		return
	}
	p := s.buf[:s.n]
	s.inside, s.n = false, 0
	body, ok := checked(p)
	if !ok {
		s.out.Garbage += len(p)
		return
	}
	s.out.Frames++
	s.sentence(now, strings.Split(body, ","))
}

// checked gives what stands between '$' and '*' if the checksum, an XOR of it, holds.
func checked(p []byte) (string, bool) {
	star := len(p) - 3
	if star < 1 || p[star] != '*' {
		return "", false
	}
	want, err := strconv.ParseUint(string(p[star+1:]), 16, 8)
	if err != nil {
		return "", false
	}
	sum := byte(0)
	for _, b := range p[1:star] {
		sum ^= b
	}
	return string(p[1:star]), sum == byte(want)
}

// sentence reads one valid sentence. Others than these (GSV among them: satellites in view say nothing about the fix) are
// frames that prove the line and carry nothing for us.
func (s *nmeaSession) sentence(now time.Time, f fields) {
	address := f[0]
	if len(address) != 5 {
		return
	}
	talker, formatter := address[:2], address[2:]
	if !slices.Contains(talkers[:], talker) && !(talker == "PQ" && formatter == "GSA") {
		return
	}
	switch formatter {
	case "RMC":
		s.report(now, address, f.rmc())
	case "GGA":
		s.report(now, address, f.gga())
	case "GNS":
		s.report(now, address, f.gns())
	case "GLL":
		s.report(now, address, f.gll())
	case "VTG":
		if m, ok := f.vtg(); ok {
			m.at = now
			s.vtg = m
		}
	case "GSA":
		s.gsa.add(f)
	case "ZDA":
		if t, ok := f.zda(); ok {
			s.zda = instant{at: now, said: t}
		}
	}
}

// report puts one sentence with a position into its epoch, and begins a new epoch when it belongs to none: another time of
// day, or the same sentence again (a receiver whose clock stands still, or that has none).
func (s *nmeaSession) report(now time.Time, address string, r report) {
	e := &s.epoch
	if e.begun && (r.clock.known && e.clock.known && r.clock != e.clock || slices.Contains(e.addresses, address)) {
		s.finish()
	}
	if !e.begun {
		*e = epoch{begun: true, started: now, addresses: e.addresses[:0]}
	}
	e.add(address, r)
	if !e.emitted && s.expected != 0 && e.seen&s.expected == s.expected {
		s.emit()
	}
}

// finish ends the epoch for good.
func (s *nmeaSession) finish() {
	if s.epoch.open() {
		s.emit()
	}
	seen := s.epoch.seen.wanted()
	s.expected, s.previous = seen|s.previous, seen
	s.epoch.begun = false
	s.gsa.turn()
}

// emit makes the fix of the epoch as it stands.
func (s *nmeaSession) emit() {
	s.epoch.emitted = true
	f := s.fix()
	s.doubt.judge(&f, s.epoch.clock)
	s.out.Fixes = append(s.out.Fixes, f)
}

func (s *nmeaSession) fix() ems.Fix {
	e := &s.epoch
	f := ems.Fix{Quality: ems.NoFix, FixKind: "none", Taken: e.started}
	for k := range e.reports {
		r := &e.reports[k]
		f.Demo = f.Demo || r.demo
		f.Satellites, f.HasSatellites = max(f.Satellites, r.satellites), f.HasSatellites || r.counted
		if f.HDOP == 0 {
			f.HDOP = r.hdop
		}
	}
	best, ok := e.best()
	if !ok {
		return f
	}
	f.Quality, f.FixKind, f.Pos = ems.Good, best.fixKind, best.pos
	if n := s.gsa.used(); n > 0 && (f.Satellites == 0 || f.Satellites == usedCap) {
		f.Satellites, f.HasSatellites = max(f.Satellites, n), true
	}
	if f.HDOP == 0 {
		f.HDOP = s.gsa.hdop
	}
	if e.guessed() {
		f.Quality, f.FixKind = ems.Questioned, deadReckoning
	}
	f.AltitudeM = cmp.Or(e.reports[kindGGA].altitudeM, e.reports[kindGNS].altitudeM)
	m := e.reports[kindRMC].motion
	if !m.known && e.started.Sub(s.vtg.at).Abs() < 2*time.Second {
		m = s.vtg
	}
	f.SpeedKmh, f.HasSpeed, f.CourseDeg, f.HasCourse = m.speedKmh, m.known, m.courseDeg, m.hasCourse
	f.DeviceTime = deviceTime(e.started, s.said(), s.floor)
	return f
}

// said is the receiver's date and time of this epoch, as it said it.
func (s *nmeaSession) said() time.Time {
	e := &s.epoch
	if r := e.reports[kindRMC]; !r.day.IsZero() && r.clock.known {
		return r.day.Add(r.clock.of)
	}
	if s.zda.said.IsZero() || !e.clock.known || e.started.Sub(s.zda.at).Abs() >= 2*time.Second {
		return time.Time{}
	}
	t := s.zda.said.Truncate(24 * time.Hour).Add(e.clock.of)
	if s.zda.said.Sub(t) > 12*time.Hour {
		t = t.Add(24 * time.Hour) // the ZDA was the last before midnight
	}
	return t
}

// kinds is a set of the sentences that carry a position.
type kinds uint8

// The sentences, the one whose position is preferred first: GGA has the most decimals.
const (
	kindGGA = iota
	kindGNS
	kindRMC
	kindGLL
	kindCount
)

// wanted leaves GLL out when there is anything better: many receivers send it only now and then.
func (k kinds) wanted() kinds {
	if better := k &^ (1 << kindGLL); better != 0 {
		return better
	}
	return k
}

// epoch is what a receiver says about one instant.
type epoch struct {
	begun, emitted bool
	started        time.Time // when its first sentence was received
	clock          clock
	seen           kinds
	addresses      []string // seen, to know the next epoch of a receiver without a clock by
	reports        [kindCount]report
}

// open says whether there is something that was not given out yet.
func (e *epoch) open() bool { return e.begun && !e.emitted }

// add takes one sentence. Of two of a kind (a GP and a BD one) the valid one counts, of two valid ones GN, then the first.
func (e *epoch) add(address string, r report) {
	if !e.clock.known {
		e.clock = r.clock
	}
	old := e.reports[r.kind]
	first := e.seen&(1<<r.kind) == 0
	e.seen |= 1 << r.kind
	e.addresses = append(e.addresses, address)
	if first || r.valid && !old.valid || r.valid && strings.HasPrefix(address, "GN") {
		e.reports[r.kind] = r
	}
}

// best is the report whose position counts; none when any kind of sentence says that there is no fix.
func (e *epoch) best() (report, bool) {
	var found report
	for k := kindCount - 1; k >= 0; k-- {
		if e.seen&(1<<k) == 0 {
			continue
		}
		if !e.reports[k].valid {
			return report{}, false
		}
		found = e.reports[k]
	}
	return found, found.valid
}

// guessed says whether any sentence calls the position an estimate.
func (e *epoch) guessed() bool {
	return slices.ContainsFunc(e.reports[:], func(r report) bool { return r.fixKind == deadReckoning })
}

// report is what one sentence with a position says.
type report struct {
	kind       int
	clock      clock
	day        time.Time // RMC's date
	valid      bool
	pos        ems.WGS84
	fixKind    string
	demo       bool
	satellites int
	counted    bool // it says how many satellites
	hdop       float64
	altitudeM  float64
	motion     motion
}

// motion is speed and course.
type motion struct {
	known     bool
	at        time.Time
	speedKmh  float64
	courseDeg float64
	hasCourse bool
}

// instant is a date and time said by ZDA, with when we received it.
type instant struct{ at, said time.Time }

// dilution gathers GSA, of which newer receivers send one for each satellite system.
type dilution struct {
	sentences     int
	count, before int // satellites used: in this epoch so far, in the one before
	hdop          float64
}

func (d *dilution) add(f fields) {
	if d.sentences == systemsMax {
		return
	}
	d.sentences++
	for i := 3; i <= 14; i++ {
		if f.at(i) != "" {
			d.count++
		}
	}
	if h := f.dop(16); h != 0 {
		d.hdop = h
	}
}

// turn begins the next epoch: GSA mostly come behind the position, so the count of the last full epoch is the one used.
func (d *dilution) turn() {
	d.before, d.count = d.count, 0
	if d.sentences == 0 {
		d.hdop = 0
	}
	d.sentences = 0
}

func (d *dilution) used() int { return max(d.before, d.count) }

const (
	deadReckoning = "dr"
	knotKmh       = 1.852
)

// fixKinds are the mode indicators of RMC, GLL and GNS. N (none) and M (typed in by hand) are no fix.
var fixKinds = map[byte]string{'A': "gps", 'D': "dgps", 'P': "gps", 'R': "rtk", 'F': "float", 'E': deadReckoning, 'S': "gps"}

// ggaKinds are the quality digits of GGA. 0 (none) and 7 (typed in by hand) are no fix; 3 is the military PPS.
var ggaKinds = map[string]string{"1": "gps", "2": "dgps", "3": "gps", "4": "rtk", "5": "float", "6": deadReckoning, "8": "gps"}

// fields are the fields of one sentence, its address first.
type fields []string

// at is a field, or "" where the sentence is shorter.
func (f fields) at(i int) string {
	if i < len(f) {
		return f[i]
	}
	return ""
}

func (f fields) rmc() report {
	r := report{kind: kindRMC, clock: parseClock(f.at(1)), day: parseDay(f.at(9))}
	r.motion.speedKmh, r.motion.known = speed(f.at(7), knotKmh)
	r.motion.courseDeg, r.motion.hasCourse = course(f.at(8))
	// Field 13, the navigational status of 4.11, is V on receivers that do not do it: it says nothing about the fix.
	r.judge(f.at(2) == "A", mode(f.at(12)), f, 3)
	return r
}

func (f fields) gll() report {
	r := report{kind: kindGLL, clock: parseClock(f.at(5))}
	r.judge(f.at(6) == "A", mode(f.at(7)), f, 1)
	return r
}

func (f fields) gga() report {
	r := report{kind: kindGGA, clock: parseClock(f.at(1)), demo: f.at(6) == "8"}
	r.fixKind = ggaKinds[f.at(6)]
	r.place(f, 2)
	return r
}

func (f fields) gns() report {
	r := report{kind: kindGNS, clock: parseClock(f.at(1))}
	for _, m := range []byte("RFDPASE") { // one letter for each system: the best counts
		if strings.IndexByte(f.at(6), m) >= 0 {
			r.fixKind, r.demo = fixKinds[m], m == 'S'
			break
		}
	}
	r.place(f, 2)
	return r
}

// place reads what GGA and GNS have in common: position from field i, satellites, dilution, height.
func (r *report) place(f fields, i int) {
	if n, err := strconv.Atoi(f.at(7)); err == nil && n >= 0 && n < 200 {
		r.satellites, r.counted = n, true
	}
	r.hdop = f.dop(8)
	if alt, ok := number(f.at(9)); ok && math.Abs(alt) < 20000 {
		r.altitudeM = alt
	}
	var ok bool
	r.pos, ok = f.position(i)
	r.valid = ok && r.fixKind != ""
}

// judge reads what RMC and GLL have in common, the position from field i. Before NMEA 2.3 there is no mode, and an active status is a plain fix.
func (r *report) judge(active bool, mode byte, f fields, i int) {
	if mode == 0 {
		mode = 'A'
	}
	r.fixKind, r.demo = fixKinds[mode], mode == 'S'
	var ok bool
	r.pos, ok = f.position(i)
	r.valid = active && ok && r.fixKind != ""
	if !r.valid {
		r.fixKind = ""
	}
}

func mode(s string) byte {
	if len(s) == 1 {
		return s[0]
	}
	return 0
}

func (f fields) vtg() (motion, bool) {
	m := motion{}
	m.speedKmh, m.known = speed(f.at(7), 1)
	if !m.known {
		m.speedKmh, m.known = speed(f.at(5), knotKmh)
	}
	m.courseDeg, m.hasCourse = course(f.at(1))
	return m, m.known && f.at(9) != "N"
}

func (f fields) zda() (time.Time, bool) {
	c := parseClock(f.at(1))
	d, err1 := strconv.Atoi(f.at(2))
	m, err2 := strconv.Atoi(f.at(3))
	y, err3 := strconv.Atoi(f.at(4))
	day, ok := dayOf(y, m, d)
	return day.Add(c.of), c.known && ok && err1 == nil && err2 == nil && err3 == nil
}

// dop reads a dilution of precision; receivers write 99.99 or nothing when they have none.
func (f fields) dop(i int) float64 {
	if v, ok := number(f.at(i)); ok && v > 0 && v < 99 {
		return v
	}
	return 0
}

// number reads a plain decimal number: no exponent, no infinity, no hex, as a receiver writes it.
func number(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "+-.0123456789") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

func speed(s string, unitKmh float64) (float64, bool) {
	v, ok := number(s)
	v *= unitKmh
	if !ok || v < 0 || v >= 2000 {
		return 0, false
	}
	return max(v, 0), true // a receiver's "-0.0" is 0
}

func course(s string) (float64, bool) {
	v, ok := number(s)
	if !ok || v < 0 || v > 360 {
		return 0, false
	}
	return math.Mod(v, 360), true
}

// position reads latitude, N or S, longitude, E or W from field i on.
func (f fields) position(i int) (ems.WGS84, bool) {
	lat, ok1 := angle(f.at(i), f.at(i+1), 2, "N", "S", 90)
	lon, ok2 := angle(f.at(i+2), f.at(i+3), 3, "E", "W", 180)
	p := ems.WGS84{Lat: lat, Lon: lon}
	if !ok1 || !ok2 || !p.Valid() {
		return ems.WGS84{}, false
	}
	return p, true
}

// angle reads ddmm.mmmm: digits says how many of the first are degrees.
func angle(s, hemisphere string, digits int, plus, minus string, most float64) (float64, bool) {
	if len(s) < digits+2 || strings.Trim(s, ".0123456789") != "" {
		return 0, false
	}
	deg, err1 := strconv.Atoi(s[:digits])
	minutes, err2 := strconv.ParseFloat(s[digits:], 64)
	v := float64(deg) + minutes/60
	if err1 != nil || err2 != nil || minutes >= 60 || v > most {
		return 0, false
	}
	switch hemisphere {
	case plus:
		return v, true
	case minus:
		return -v, true
	}
	return 0, false
}

// parseClock reads hhmmss.sss. 60 seconds is a leap second.
func parseClock(s string) clock {
	if len(s) < 6 || strings.Trim(s, ".0123456789") != "" {
		return clock{}
	}
	h, err1 := strconv.Atoi(s[:2])
	m, err2 := strconv.Atoi(s[2:4])
	sec, err3 := strconv.ParseFloat(s[4:], 64)
	if err1 != nil || err2 != nil || err3 != nil || h > 23 || m > 59 || sec >= 61 {
		return clock{}
	}
	of := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(math.Round(sec*1e6))*time.Microsecond
	return clock{known: true, of: of}
}

// parseDay reads ddmmyy. Years before 80 are of this century, as GPS began in 1980.
func parseDay(s string) time.Time {
	if len(s) != 6 || strings.Trim(s, "0123456789") != "" {
		return time.Time{}
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return time.Time{}
	}
	year := 1900 + n%100
	if n%100 < 80 {
		year += 100
	}
	day, ok := dayOf(year, n/100%100, n/10000)
	if !ok {
		return time.Time{}
	}
	return day
}
