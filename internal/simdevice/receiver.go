package simdevice

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/geo"
)

// ReceiverConfig says what a simulated GNSS receiver is and where it drives.
type ReceiverConfig struct {
	Seed   uint64
	Talker string // "GN" (the default, NMEA 4.11 with two systems), "GP" or "BD"
	Route  Route
}

// Route is a way along streets: a polyline with a speed for each piece, and halts.
type Route struct {
	From ems.WGS84
	Legs []Leg
}

// Leg is one straight piece of a route.
type Leg struct {
	To       ems.WGS84
	SpeedKmh float64       // limit on this piece; 0 = 45
	Halt     time.Duration // how long to stand at its end: a red light, a door
}

// limit is the speed on the leg in m/s.
func (l Leg) limit() float64 {
	if l.SpeedKmh > 0 {
		return l.SpeedKmh / 3.6
	}
	return usualKmh / 3.6
}

// Along makes a route of points, all at one speed; 0 takes the usual one.
func Along(points []ems.WGS84, speedKmh float64) Route {
	var r Route
	for i, p := range points {
		if i == 0 {
			r.From = p
			continue
		}
		r.Legs = append(r.Legs, Leg{To: p, SpeedKmh: speedKmh})
	}
	return r
}

// ReceiverFault is something that goes wrong with a receiver or its line.
type ReceiverFault uint8

// Receiver faults.
const (
	FixLost       ReceiverFault = iota // tunnel: no position, no speed, the clock runs on
	FixStale                           // tunnel too, but void sentences repeat the last position
	ClockFrozen                        // firmware hangs: the last second is said again and again
	PositionStuck                      // position stands while clock and speed run on
	PositionJump                       // reflected signals: position 8 km off
	DateRolled                         // week counter rolled over: date 1024 weeks too early
	LineNoise                          // damaged bytes, and noise between the sentences
	ReceiverOff                        // no power: says nothing
	receiverFaultCount
)

// How an ambulance drives.
const (
	usualKmh     = 45
	accelerateMS = 1.5  // m/s²
	brakeMS      = 2.0  // m/s²
	creepMS      = 0.5  // m/s: how it rolls the last metre to a halt
	atHaltM      = 0.3  // nearer than this it stands
	stepSeconds  = 0.1  // of the motion
	driftM       = 1.2  // standard deviation of the position error
	driftKeeps   = 0.95 // of the error stays from one second to the next
	jumpM        = 8000
	catchUpMax   = time.Hour       // motion made up in one step at most
	sayMax       = 5 * time.Second // sentences made up in one step at most; older ones ran over
)

// Receiver simulates a GNSS receiver in an ambulance that drives a route: NMEA 0183 once a second, of the UTC second that
// has just passed.
type Receiver struct {
	rng     *rand.Rand
	talker  string
	faults  [receiverFaultCount]bool
	line    bench // damages bytes
	begun   bool
	now     time.Time
	route   Route
	leg     int     // being driven; len(route.Legs) at the end
	along   float64 // metres on it
	length  float64 // metres of it
	speed   float64 // m/s
	course  float64 // degrees
	halt    float64 // seconds still to stand
	errors  [2]float64
	said    ems.WGS84 // last position given out
	repeat  []byte    // last second's sentences
	journey float64   // metres driven since SetRoute
}

// NewReceiver is a receiver with a fix, standing at the beginning of its route.
func NewReceiver(c ReceiverConfig) *Receiver {
	rng := rand.New(rand.NewPCG(c.Seed, 0x676e7373))
	r := &Receiver{rng: rng, talker: c.Talker, line: bench{rng: rng}}
	if r.talker == "" {
		r.talker = "GN"
	}
	r.SetRoute(c.Route)
	return r
}

// SetRoute begins another route, standing, at its own beginning.
func (r *Receiver) SetRoute(route Route) {
	r.route, r.leg, r.speed, r.halt, r.journey = route, 0, 0, 0, 0
	r.enter()
}

// Fault begins or ends a fault.
func (r *Receiver) Fault(f ReceiverFault, on bool) {
	r.faults[f] = on
	noisy := r.faults[LineNoise]
	r.line.faults[DropBytes], r.line.faults[FlipBits] = noisy, noisy
}

// Write takes what the computer sends, to which the receiver does not listen.
func (r *Receiver) Write([]byte) {}

// Pos is where the vehicle truly is.
func (r *Receiver) Pos() ems.WGS84 {
	from := r.route.From
	if r.leg > 0 {
		from = r.route.Legs[r.leg-1].To
	}
	if r.leg == len(r.route.Legs) || r.length == 0 {
		return from
	}
	to, share := r.route.Legs[r.leg].To, r.along/r.length
	return ems.WGS84{Lat: from.Lat + (to.Lat-from.Lat)*share, Lon: from.Lon + (to.Lon-from.Lon)*share}
}

// SpeedKmh is how fast the vehicle truly goes.
func (r *Receiver) SpeedKmh() float64 { return r.speed * 3.6 }

// Arrived says whether the vehicle stands at the end of its route.
func (r *Receiver) Arrived() bool { return r.leg == len(r.route.Legs) }

// Driven is the way made on this route.
func (r *Receiver) Driven() ems.Metres { return ems.Metres(r.journey) }

// Step moves the vehicle on to now, the true time (not the clock of a computer that steps), and gives what the receiver sent
// since the last step. The first step sends nothing.
func (r *Receiver) Step(now time.Time) []byte {
	if !r.begun {
		r.begun, r.now = true, now
	}
	r.now = later(r.now, now.Add(-catchUpMax))
	var out []byte
	for next := r.now.Truncate(time.Second).Add(time.Second); !next.After(now); next = next.Add(time.Second) {
		r.drive(next.Sub(r.now).Seconds())
		r.now = next
		text := r.sentences(next.UTC())
		if now.Sub(next) < sayMax && !r.faults[ReceiverOff] {
			out = append(out, text...)
		}
	}
	if now.After(r.now) {
		r.drive(now.Sub(r.now).Seconds())
		r.now = now
	}
	if r.faults[LineNoise] && len(out) > 0 {
		for range r.rng.IntN(20) {
			out = append(out, byte(r.rng.IntN(256)))
		}
	}
	return r.line.damage(out)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// enter begins the leg.
func (r *Receiver) enter() {
	r.along, r.length = 0, 0
	if r.leg == len(r.route.Legs) {
		return
	}
	from, to := r.Pos(), r.route.Legs[r.leg].To
	r.length = float64(geo.Distance(from, to))
	if r.length > 0 {
		r.course = geo.Bearing(from, to)
	}
}

// drive moves the vehicle for some seconds.
func (r *Receiver) drive(seconds float64) {
	for seconds > 0 {
		dt := min(seconds, stepSeconds)
		seconds -= dt
		if r.halt > 0 {
			r.halt -= dt
			continue
		}
		r.move(dt)
	}
}

func (r *Receiver) move(dt float64) {
	if r.Arrived() {
		r.speed = 0
		return
	}
	leg := r.route.Legs[r.leg]
	limit := leg.limit()
	exit, left := r.exitSpeed(), r.length-r.along
	r.speed = min(r.speed+accelerateMS*dt, limit, max(creepMS, math.Sqrt(exit*exit+2*brakeMS*left)))
	way := min(r.speed*dt, left)
	r.along += way
	r.journey += way
	if r.length-r.along > atHaltM && r.length > 0 || exit > 0 && r.along < r.length {
		return
	}
	if r.halt = leg.Halt.Seconds(); exit == 0 {
		r.speed = 0
	}
	r.leg++
	r.enter()
}

// exitSpeed is how fast the end of the leg may be passed: not at all at a halt or the end, slowly round a corner.
func (r *Receiver) exitSpeed() float64 {
	if r.leg+1 == len(r.route.Legs) || r.route.Legs[r.leg].Halt > 0 {
		return 0
	}
	after := r.route.Legs[r.leg+1]
	next := geo.Bearing(r.route.Legs[r.leg].To, after.To)
	turn := math.Abs(math.Mod(next-r.course+540, 360) - 180)
	switch {
	case turn < 15:
		return after.limit()
	case turn < 50:
		return min(28/3.6, after.limit())
	}
	return min(15/3.6, after.limit())
}

// sentences is what the receiver says at one second.
func (r *Receiver) sentences(at time.Time) []byte {
	if r.faults[ClockFrozen] && r.repeat != nil {
		return r.repeat
	}
	for i := range r.errors {
		r.errors[i] = driftKeeps*r.errors[i] + driftM*math.Sqrt(1-driftKeeps*driftKeeps)*r.rng.NormFloat64()
	}
	p := geo.Destination(geo.Destination(r.Pos(), 0, ems.Metres(r.errors[0])), 90, ems.Metres(r.errors[1]))
	lost := r.faults[FixLost] || r.faults[FixStale]
	if r.faults[PositionJump] {
		p = geo.Destination(p, 30, jumpM)
	}
	if !r.said.Valid() || !lost && !r.faults[PositionStuck] {
		r.said = p
	}
	r.repeat = r.text(at, lost)
	return r.repeat
}

func (r *Receiver) text(at time.Time, lost bool) []byte {
	clock, date := at.Format("150405.000"), at
	if r.faults[DateRolled] {
		date = at.Add(-1024 * 7 * 24 * time.Hour)
	}
	pos, status, quality, mode, knots := nmeaPosition(r.said), "A", 1, "A", r.speed*3.6/1.852
	speed, course := fmt.Sprintf("%.3f", knots), ""
	if r.speed > 1 { // below walking pace the course is noise, and receivers leave it out
		course = fmt.Sprintf("%.2f", r.course)
	}
	satellites, hdop, height := usedSatellites(r.talker), "0.72", fmt.Sprintf("%.1f", 68+r.errors[0])
	if lost {
		status, quality, mode, speed, course = "V", 0, "N", "", ""
		satellites, hdop, height = 0, "99.99", ""
		if r.faults[FixLost] {
			pos = ",,,"
		}
	}
	var out []byte
	say := func(format string, a ...any) { out = appendSentence(out, fmt.Sprintf(format, a...)) }
	say("%sRMC,%s,%s,%s,%s,%s,%s,,,%s", r.talker, clock, status, pos, speed, course, date.Format("020106"), mode)
	say("%sGGA,%s,%s,%d,%02d,%s,%s,M,5.1,M,,", r.talker, clock, pos, quality, satellites, hdop, height)
	r.sky(say, lost)
	say("%sVTG,%s,T,,M,%s,N,%s,K,%s", r.talker, course, speed, kmh(speed, knots), mode)
	return out
}

func kmh(speed string, knots float64) string {
	if speed == "" {
		return ""
	}
	return fmt.Sprintf("%.3f", knots*1.852)
}

// usedSatellites is the number in sky.
func usedSatellites(talker string) int {
	switch talker {
	case "GN":
		return 18
	case "BD":
		return 11
	}
	return 7
}

// sky says the satellites: those used and those seen. They stand still; nobody reads their orbits.
func (r *Receiver) sky(say func(string, ...any), lost bool) {
	const (
		gps    = "03,04,09,16,22,26,31,,,,,"
		beidou = "06,07,09,16,21,22,26,36,39,45,46,"
		none   = ",,,,,,,,,,,"
	)
	mode, usedGPS, usedBeidou := 3, gps, beidou
	if lost {
		mode, usedGPS, usedBeidou = 1, none, none
	}
	switch r.talker {
	case "GN":
		say("GNGSA,A,%d,%s,1.31,0.72,1.10,1", mode, usedGPS)
		say("GNGSA,A,%d,%s,1.31,0.72,1.10,4", mode, usedBeidou)
		say("GPGSV,2,1,07,03,55,120,41,04,33,210,38,09,21,045,35,16,70,310,44,1")
		say("GPGSV,2,2,07,22,40,095,40,26,60,020,42,31,12,280,30,1")
		say("GBGSV,1,1,04,06,61,201,43,09,48,230,41,16,66,190,44,36,30,060,39,1")
	case "BD":
		say("BDGSA,A,%d,%s,1.31,0.72,1.10", mode, usedBeidou)
		say("BDGSV,1,1,04,06,61,201,43,09,48,230,41,16,66,190,44,36,30,060,39")
	default:
		say("%sGSA,A,%d,%s,1.31,0.72,1.10", r.talker, mode, usedGPS)
		say("%sGSV,1,1,04,03,55,120,41,04,33,210,38,09,21,045,35,16,70,310,44", r.talker)
	}
}

// nmeaPosition is ddmm.mmmmm,N,dddmm.mmmmm,E: a last digit of two centimetres.
func nmeaPosition(p ems.WGS84) string {
	angle := func(v float64, width int) string {
		units := int64(math.Round(math.Abs(v) * 60 * 1e5))
		return fmt.Sprintf("%0*d%02d.%05d", width, units/6e6, units/1e5%60, units%1e5)
	}
	ns, ew := "N", "E"
	if p.Lat < 0 {
		ns = "S"
	}
	if p.Lon < 0 {
		ew = "W"
	}
	return angle(p.Lat, 2) + "," + ns + "," + angle(p.Lon, 3) + "," + ew
}

func appendSentence(out []byte, body string) []byte {
	sum := byte(0)
	for i := range len(body) {
		sum ^= body[i]
	}
	return fmt.Appendf(out, "$%s*%02X\r\n", body, sum)
}
