package agent

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lifeline120/internal/capture"
	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
	"lifeline120/internal/serialport/serialporttest"
	"lifeline120/internal/simdevice"
)

// Whatever the line setting, the time that `ports` takes by itself is enough to find the device, or to say that there is none.
func TestPortsReachAVerdictOnEverySetting(t *testing.T) {
	type device interface{ Step(time.Time) []byte }
	make := map[string]func() device{
		"nmea0183": func() device { return simdevice.NewReceiver(simdevice.ReceiverConfig{Seed: 1}) },
		"berry_pm6750": func() device {
			return simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: 1, Vitals: simdevice.Healthy()})
		},
		"bci_oximeter": func() device { return simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 1}) },
	}
	look := func(wait time.Duration, settings ems.Line, d device) (out PortReport) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)))
			line := serialporttest.NewLine(settings)
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() {
				for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
					if talker, ok := d.(interface{ Write([]byte) }); ok {
						talker.Write(line.Received())
					}
					if d != nil {
						line.Send(d.Step(time.Now()))
					}
				}
			})
			got, err := lookAt(ctx, wait, []serialport.Info{{Path: "/dev/x"}}, line.Open)
			if err != nil {
				t.Fatal(err)
			}
			stop()
			wg.Wait()
			out = got[0]
		})
		return out
	}
	for _, c := range Codecs() {
		if make[c.Name] == nil {
			t.Fatalf("no simulated device speaks %s", c.Name)
		}
		for _, settings := range c.Lines {
			if got := look(PortsWait, settings, make[c.Name]()); got.State != ems.DeviceSpeaking || got.Driver != c.Name || got.Baud != settings.Baud {
				t.Errorf("%s at %v: found %+v", c.Name, settings, got)
			}
		}
	}
	if got := look(PortsWait, ems.Serial8N1(9600), nil); got.State != ems.DeviceSilent {
		t.Errorf("a silent port: %+v", got)
	}
	if got := look(5*time.Second, ems.Serial8N1(9600), nil); got.State != ems.DeviceProbing || Plain(got.Detail) != "no verdict yet: listen longer with --wait" {
		t.Errorf("a short look: %+v", got)
	}
}

func sentence(s string) string {
	sum := byte(0)
	for _, b := range []byte(s) {
		sum ^= b
	}
	return fmt.Sprintf("$%s*%02X\r\n", s, sum)
}

// The last epoch of a log is open until time passes, and a log without a day of its own says nothing about week roll-over.
func TestDecodeGivesTheLastEpochAndTheDateAsStated(t *testing.T) {
	gga := sentence("GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")
	rmc := sentence("GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230315,003.1,W")
	recorded := func(start string) string {
		return "lifeline capture 1\ndevice: a receiver\ndriver: nmea0183\nobtained: recorded\ndate: 2026-11-21\n" + start +
			fmt.Sprintf("expectation: a fix\n\n0.000 rx %q\n", rmc+gga)
	}
	for _, c := range []struct{ name, in, want string }{
		{"one sentence", gga, `"lat":48.1`},
		{"a log of 2015", rmc + gga, `"device_time":"2015-03-23T12:35:19Z"`},
		{"a capture without a start", recorded(""), `"device_time":"2015-03-23T12:35:19Z"`},
		{"a recording made in that year", recorded("start: 2015-03-23T12:35:20Z\n"), `"device_time":"2015-03-23T12:35:19Z"`},
		{"a receiver one roll-over behind", recorded("start: 2034-11-06T12:35:20Z\n"), `"device_time":"2034-11-06T12:35:19Z"`},
	} {
		var out strings.Builder
		frames, _, err := Decode(&out, "nmea0183", []byte(c.in))
		if err != nil || frames == 0 || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %d frames, %v, printed %q, want %s in it", c.name, frames, err, out.String(), c.want)
		}
	}
}

func TestRecordingPlaysAtItsPace(t *testing.T) {
	if _, err := NewRecording([]capture.Chunk{{Dir: capture.TX, Bytes: []byte("hello")}}, true); err == nil {
		t.Error("a capture in which the device says nothing is played")
	}
	chunks := []capture.Chunk{{At: 5 * time.Second, Dir: capture.RX, Bytes: []byte("a")}, {At: 5500 * time.Millisecond, Dir: capture.TX, Bytes: []byte("x")},
		{At: 6 * time.Second, Dir: capture.RX, Bytes: []byte("b")}}
	for _, loop := range []bool{false, true} {
		r, err := NewRecording(chunks, loop)
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for i := range 7 {
			said += string(r.Step(time.Unix(100, 0).Add(time.Duration(i)*500*time.Millisecond))) + "."
		}
		if want := map[bool]string{false: "a..b.....", true: "a..b.a..b.a."}[loop]; said != want || r.Over() == loop {
			t.Errorf("loop %v: %q, want %q", loop, said, want)
		}
	}
}

// A recording says what spoke and how, also when nobody said so beforehand, and loses nothing of what came before that was known.
func TestRecordFindsDriverAndLine(t *testing.T) {
	settings := ems.Line{Baud: 19200, DataBits: 8, Parity: "O", StopBits: 1}
	for _, speaks := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)))
			line := serialporttest.NewLine(settings)
			d := simdevice.NewBCIOximeter(simdevice.BCIConfig{Seed: 1})
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			var wg sync.WaitGroup
			wg.Go(func() {
				for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
					if speaks {
						line.Send(d.Step(time.Now()))
					} else {
						line.Send([]byte("?"))
					}
				}
			})
			var out strings.Builder
			if err := record(ctx, &out, "/dev/x", "", capture.Header{Device: "x", Obtained: "recorded", Date: "2026-11-21"}, line.Open); err != nil {
				t.Fatal(err)
			}
			wg.Wait()
			chunks, head, err := capture.Read([]byte(out.String()))
			if err != nil || len(chunks) == 0 {
				t.Fatalf("%d chunks, %v", len(chunks), err)
			}
			if speaks && (head.Driver != "bci_oximeter" || head.Line != settings) || !speaks && head.Driver != "" {
				t.Errorf("speaks %v: header %+v", speaks, head)
			}
			if chunks[0].At > 5*time.Second {
				t.Errorf("speaks %v: the first chunk is of %v", speaks, chunks[0].At)
			}
		})
	}
}
