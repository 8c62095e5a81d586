package ems

import "time"

// Quality says whether a value may be believed, and if not, why. The zero value is the safe one: not known to be good.
// Absence always has a name; there are no sentinel numbers.
type Quality uint8

// The qualities. A switch over Quality names every one of them.
const (
	NeverSeen   Quality = iota // no value yet since the device was connected
	Good                       // a value that the device itself calls valid
	Questioned                 // a value that the device gives but doubts (weak signal, artefact)
	ProbeOff                   // sensor fell off or no finger: idle, not a fault (CLN-005)
	Unplugged                  // sensor is not connected: a fault
	Searching                  // device is looking for a pulse
	OutOfRange                 // device gave a number outside what it or physiology allows
	DeviceError                // device reported a fault of its own
	Frozen                     // position did not change while it must have
	Jump                       // position moved further than a vehicle can
	NoFix                      // receiver says it has no position
)

var qualityNames = [...]string{"never_seen", "good", "questioned", "probe_off", "unplugged", "searching", "out_of_range",
	"device_error", "frozen", "jump", "no_fix"}

// String is the wire name of q, the same in JSON for the screens.
func (q Quality) String() string {
	if int(q) < len(qualityNames) {
		return qualityNames[q]
	}
	return "unknown"
}

// MarshalText gives the wire name.
func (q Quality) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText reads a wire name; an unknown one becomes DeviceError, never Good.
func (q *Quality) UnmarshalText(b []byte) error {
	for i, n := range qualityNames {
		if n == string(b) {
			*q = Quality(i)
			return nil
		}
	}
	*q = DeviceError
	return nil
}

// HasValue says whether a reading of this quality carries a number at all.
func (q Quality) HasValue() bool { return q == Good || q == Questioned }

// Channel is what is measured. The string is our name; Code gives the IEEE 11073-10101 one.
type Channel string

// Numeric channels.
const (
	HeartRate  Channel = "hr"       // from ECG, 1/min
	PulseRate  Channel = "pr"       // from pleth, 1/min
	SpO2       Channel = "spo2"     // %
	RespRate   Channel = "rr"       // 1/min
	NIBPSys    Channel = "nibp_sys" // mmHg
	NIBPDia    Channel = "nibp_dia" // mmHg
	NIBPMean   Channel = "nibp_map" // mmHg
	CuffPress  Channel = "cuff"     // mmHg, while the cuff inflates
	Temp1      Channel = "t1"       // degrees Celsius
	Temp2      Channel = "t2"       // degrees Celsius
	STLevel    Channel = "st"       // mV, as the device states it (CLN-003: shown as the device's)
	ECGCode    Channel = "ecg_code" // the device's own rhythm code, verbatim; see Reading.Text
	PulseForce Channel = "signal"   // pulse signal strength 0..15, as the device states it
)

// Wave channels. A 12-lead source uses the ECG names in the order I II III aVR aVL aVF V1..V6.
const (
	ECGI      Channel = "ecg_i"
	ECGII     Channel = "ecg_ii"
	ECGIII    Channel = "ecg_iii"
	ECGAVR    Channel = "ecg_avr"
	ECGAVL    Channel = "ecg_avl"
	ECGAVF    Channel = "ecg_avf"
	ECGV      Channel = "ecg_v"
	ECGV1     Channel = "ecg_v1"
	ECGV2     Channel = "ecg_v2"
	ECGV3     Channel = "ecg_v3"
	ECGV4     Channel = "ecg_v4"
	ECGV5     Channel = "ecg_v5"
	ECGV6     Channel = "ecg_v6"
	PlethWave Channel = "pleth"
	RespWave  Channel = "resp"
)

// Reading is one number from one device at one instant, or the reason why there is none.
type Reading struct {
	Device     DeviceID
	Channel    Channel
	Value      float64 // only when Quality.HasValue()
	Unit       string  // "1/min", "%", "mmHg", "Cel", "mV"
	Quality    Quality
	Text       string    // the device's own word, verbatim (rhythm code, NIBP error)
	Taken      time.Time // our receive time; UTC
	DeviceTime time.Time // the device's own clock; zero when it has none
	Demo       bool      // the device itself says that it is in demo mode, or it is a simulator (SCR-003)
}

// WaveChunk is a run of equally spaced samples of one or more leads taken at the same instants.
// Counter is the number of the first sample since the device session began, so that a gap shows (DLV-004).
type WaveChunk struct {
	Device  DeviceID
	Stream  string    // names one run of counters: device plus session start; a new session is a new stream
	Leads   []Channel // one for pleth and resp
	RateHz  float64
	LSB     float64   // physical units per step: mV for ECG, 1 (device units) for pleth and resp; 0 = not calibrated
	Counter uint64    // sample number of Samples[*][0]
	Samples [][]int16 // [lead][n]; all the same length
	Off     []bool    // per lead: electrode or probe off; nil = all on
	Taken   time.Time // our receive time of the first sample; UTC
	Filter  string    // as the device states it: "monitor 0.5-75 Hz"
	Demo    bool
}

// Len is the number of instants in the chunk.
func (w WaveChunk) Len() int {
	if len(w.Samples) == 0 {
		return 0
	}
	return len(w.Samples[0])
}

// Fix is one position from a receiver, with everything needed to distrust it.
type Fix struct {
	Device        DeviceID
	Pos           WGS84
	Quality       Quality // Good, Frozen, Jump, NoFix, Questioned (dead reckoning)
	FixKind       string  // "none", "gps", "dgps", "rtk", "float", "dr"
	Satellites    int     // used; only with HasSatellites
	HasSatellites bool    // the receiver said how many
	HDOP          float64 // 0 when not given
	SpeedKmh      float64 // only with HasSpeed
	HasSpeed      bool    // the receiver said how fast; when it did not, nobody knows, and 0 would be a lie
	CourseDeg     float64 // true course 0..360; only with HasCourse
	HasCourse     bool
	AltitudeM     float64
	Taken         time.Time // our receive time; UTC
	DeviceTime    time.Time // the receiver's clock after the rollover rule; zero when it has none
	Demo          bool
}

// View is the position as a screen needs it: what the receiver did not say is absent there, never 0.
func (f Fix) View() FixView {
	v := FixView{Pos: f.Pos, Quality: f.Quality, HDOP: f.HDOP, Taken: f.Taken}
	if f.HasSpeed {
		v.SpeedKmh = &f.SpeedKmh
	}
	if f.HasCourse {
		v.CourseDeg = &f.CourseDeg
	}
	if f.HasSatellites {
		v.Satellites = &f.Satellites
	}
	if !f.DeviceTime.IsZero() {
		v.DeviceTime = &f.DeviceTime
	}
	return v
}

// DeviceState is the state of one device as the terminal, the console and presence show it.
type DeviceState string

// Device states.
const (
	DeviceAbsent    DeviceState = "absent"    // its port is not there (cable pulled)
	DeviceProbing   DeviceState = "probing"   // port open, baud rate and driver being found
	DeviceSpeaking  DeviceState = "speaking"  // valid frames arrive
	DeviceSilent    DeviceState = "silent"    // port open, nothing valid within the driver's MaxQuiet
	DeviceGarbled   DeviceState = "garbled"   // bytes arrive and none of them make frames
	DeviceDemo      DeviceState = "demo"      // speaking, and says that its values are not a patient's
	DeviceSimulated DeviceState = "simulated" // speaking, from a simulator or a replay
)

// DeviceStatus is what presence says of one device.
type DeviceStatus struct {
	Device  DeviceID    `json:"device"`
	Kind    string      `json:"kind" doc:"gnss or monitor"`
	Driver  string      `json:"driver,omitempty"`
	Port    string      `json:"port"`
	Baud    int         `json:"baud,omitempty"`
	State   DeviceState `json:"state"`
	Since   time.Time   `json:"since"`
	Detail  string      `json:"detail,omitempty" doc:"plain words, English key for the screens' dictionary"`
	Frames  uint64      `json:"frames"`
	Garbage uint64      `json:"garbage" doc:"bytes that made no frame"`
	Lost    uint64      `json:"lost,omitempty" doc:"samples the device's counters show as lost"`
}
