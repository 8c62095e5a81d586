package gnss_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lifeline120/internal/capture"
	"lifeline120/internal/ems"
	"lifeline120/internal/gnss"
	"lifeline120/internal/gnss/gnsstest"
)

// recorded are the logs of the data folder, with what they hold: epochs that are good and epochs without a fix.
var recorded = []struct {
	name              string
	frames            int
	good, jump, noFix int
	withoutGPSDFix    int // positions of gpsd that we do not give, with the reason beside
	unsaid            int // positions of ours that gpsd had no time to report: the last before a recording ends
}{
	{name: "april6_2019", frames: 3, good: 2, noFix: 1},
	{name: "beidou-bd", frames: 79, good: 5, noFix: 5},
	{name: "beidou-gb", frames: 68, good: 2, noFix: 3},
	// Spliced from two drives: the second begins with a jump until it is confirmed.
	{name: "bt451", frames: 144, good: 10, jump: 5, noFix: 4, unsaid: 2},
	{name: "bu353s4", frames: 90, good: 25},
	{name: "gp-320fw-2019-04-07-coldboot", frames: 93, good: 2, noFix: 18},
	{name: "motorola-t805", frames: 50, good: 16, noFix: 9},
	// Void in RMC, 0 in GGA: gpsd takes the position of such a GGA for a moment, we do not.
	{name: "mtk-3301", frames: 56, good: 4, noFix: 7, withoutGPSDFix: 1},
	{name: "neo-m8n", frames: 293, good: 24, unsaid: 1},
	{name: "nmea-fuzzy-cases", frames: 28, good: 14},
	{name: "quectel-L70", frames: 115, good: 16},
	{name: "quectel-eg25-g-2", frames: 60, good: 3},
	{name: "unicore-um621", frames: 882, good: 16, noFix: 4},
	// UBX binary: all of it is noise to this dialect.
	{name: "ublox-neo-m8n", withoutGPSDFix: 22},
}

func dataFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(cmp.Or(os.Getenv("LIFELINE_DATA"), "../../../shared/data"), "gnss")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("recorded receivers are not here: set LIFELINE_DATA to the data folder (%v)", err)
	}
	return dir
}

func TestRecordedReceivers(t *testing.T) {
	dir := dataFolder(t)
	for _, tc := range recorded {
		t.Run(tc.name, func(t *testing.T) {
			got := playLog(t, filepath.Join(dir, tc.name+".log"))
			count := map[ems.Quality]int{}
			for _, f := range got.Fixes {
				count[f.Quality]++
			}
			if got.Frames != tc.frames {
				t.Errorf("%d frames, want %d", got.Frames, tc.frames)
			}
			want := map[ems.Quality]int{ems.Good: tc.good, ems.Jump: tc.jump, ems.NoFix: tc.noFix}
			maps.DeleteFunc(want, func(_ ems.Quality, n int) bool { return n == 0 })
			if !maps.Equal(count, want) {
				t.Errorf("fixes %v, want %v", count, want)
			}
			missing, unsaid := compareGPSD(t, filepath.Join(dir, tc.name+".log.chk"), got.Fixes)
			if missing != tc.withoutGPSDFix || unsaid != tc.unsaid {
				t.Errorf("%d positions of gpsd are not ours, %d of ours not gpsd's; want %d and %d", missing, unsaid,
					tc.withoutGPSDFix, tc.unsaid)
			}
		})
	}
}

// playLog plays a log of gpsd without its comments, eight bytes a millisecond: the pauses between sentences are not in it,
// and no burst must take a second.
func playLog(t *testing.T, file string) gnsstest.Result {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var chunks []capture.Chunk
	at := time.Duration(0)
	for line := range bytes.Lines(b) {
		if line[0] != '#' {
			chunks = append(chunks, capture.Chunk{At: at, Bytes: line})
			at += time.Duration(len(line)) * time.Millisecond / 8
		}
	}
	day := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	return gnsstest.Play(nmea, gnss.Options{}, day, chunks, 0)
}

// compareGPSD holds our fixes against gpsd's reports: every position of gpsd should be one of ours, with its speed, and
// every position of ours one of gpsd's. Dates are compared in the time of day alone: gpsd mends years by its own rule.
func compareGPSD(t *testing.T, file string, fixes []ems.Fix) (missing, unsaid int) {
	t.Helper()
	reports := readGPSD(t, file)
	for _, r := range reports {
		if !anyFix(fixes, r.agrees) {
			missing++
			t.Logf("gpsd alone has %+v", r)
		}
	}
	for _, f := range fixes {
		if f.Quality == ems.Good && !anyReport(reports, func(r gpsd) bool { return r.at(f) }) {
			unsaid++
			t.Logf("we alone have %+v", f)
		}
	}
	return missing, unsaid
}

// gpsd is one report of gpsd with a position.
type gpsd struct {
	Class    string
	Mode     int
	Time     time.Time
	Lat, Lon float64
	Speed    *float64 // m/s
	Track    *float64 // without it gpsd has worked the speed out by itself
}

func (r gpsd) at(f ems.Fix) bool {
	return math.Abs(r.Lat-f.Pos.Lat) < 1e-7 && math.Abs(r.Lon-f.Pos.Lon) < 1e-7
}

// agrees compares place, speed within the rounding of VTG, and the time of day.
func (r gpsd) agrees(f ems.Fix) bool {
	if !r.at(f) || f.Quality == ems.NoFix {
		return false
	}
	if r.Speed != nil && r.Track != nil && (!f.HasSpeed || math.Abs(*r.Speed*3.6-f.SpeedKmh) > 0.11) {
		return false
	}
	if r.Time.IsZero() || f.DeviceTime.IsZero() {
		return true
	}
	day := 24 * time.Hour
	return r.Time.Sub(r.Time.Truncate(day)) == f.DeviceTime.Sub(f.DeviceTime.Truncate(day))
}

func readGPSD(t *testing.T, file string) []gpsd {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []gpsd
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r gpsd
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Class == "TPV" && r.Mode >= 2 && r.Lat != 0 {
			out = append(out, r)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func anyFix(fixes []ems.Fix, ok func(ems.Fix) bool) bool {
	for _, f := range fixes {
		if ok(f) {
			return true
		}
	}
	return false
}

func anyReport(reports []gpsd, ok func(gpsd) bool) bool {
	for _, r := range reports {
		if ok(r) {
			return true
		}
	}
	return false
}
