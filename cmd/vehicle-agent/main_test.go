package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/simport"
)

func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(args, &out, &err)
	return code, out.String(), err.String()
}

// What is wrong at the start must be said in a sentence that says what to change.
func TestWrongStartSaysWhatToChange(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no unit", []string{"run", "--data", dir}, "set `unit:` in the file or --unit"},
		{"bad unit", []string{"run", "--unit", "A 01"}, "use 1 to 64 of a-z"},
		{"misspelt setting", []string{"run", "--config", file("a.yaml", "unit: a01\nbrokr: x\n")}, "brokr"},
		{"no such file", []string{"run", "--config", filepath.Join(dir, "none.yaml")}, "no such file"},
		{"bad broker", []string{"run", "--unit", "a01", "--broker", "localhost"}, "tcp://host:1883"},
		{"bad device", []string{"run", "--unit", "a01", "--device", "monitor"}, "NAME=PORT"},
		{"bad driver", []string{"run", "--unit", "a01", "--device", "m=/dev/x:toaster"}, "the drivers are"},
		{"no bounds", []string{"run", "--config", file("b.yaml", "unit: a01\nspool: {total_mib: 0}\n")}, "at least 1 MiB"},
		{"no pages", []string{"run", "--unit", "a01", "--web-dir", filepath.Join(dir, "nowhere")}, "vehicle.html is not there"},
		{"unknown flag", []string{"run", "--colour"}, "unknown flag"},
	} {
		code, _, stderr := command(t, c.args...)
		if code == 0 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit %d, said %q, want %q in it", c.name, code, stderr, c.want)
		}
	}
	if code, out, _ := command(t, "--help"); code != 0 || !strings.Contains(out, "decode") {
		t.Errorf("help: exit %d, %q", code, out)
	}
}

// Bytes, hex text and a capture give the same readings.
func TestDecodeReadsBytesHexAndCaptures(t *testing.T) {
	dir := t.TempDir()
	capture := filepath.Join("..", "..", "testdata", "captures", "monitor", "berry_pm6750", "manual.capture")
	code, out, stderr := command(t, "decode", "--as", "berry_pm6750", capture)
	if code != 0 || out == "" {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for line := range strings.Lines(out) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q is no JSON: %v", line, err)
		}
	}
	hexFile, rawFile := filepath.Join(dir, "a.hex"), filepath.Join(dir, "a.bin")
	raw := []byte{0x55, 0xAA, 0x0A, 0x01, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x74}
	if err := os.WriteFile(hexFile, []byte("55 AA 0A 01 80 80 80 80 80 80 80 74\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(rawFile, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	_, fromHex, _ := command(t, "decode", "--as", "berry_pm6750", hexFile)
	_, fromRaw, _ := command(t, "decode", "--as", "berry_pm6750", rawFile)
	if fromHex != fromRaw || !strings.Contains(fromHex, "ecg_ii") {
		t.Fatalf("from hex %q\nfrom bytes %q", fromHex, fromRaw)
	}
	if code, _, stderr := command(t, "decode", "--as", "bci_oximeter", rawFile); code == 0 || !strings.Contains(stderr, "another driver") {
		t.Fatalf("another driver's bytes: exit %d, %q", code, stderr)
	}
}

// ports finds what speaks on a pseudo port, without being told its baud rate or driver; record writes what it said, and decode reads it.
func TestPortsRecordDecode(t *testing.T) {
	if testing.Short() {
		t.Skip("listens to real pseudo ports for seconds")
	}
	board := simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: 1, Vitals: simdevice.Healthy()})
	p, err := simport.Open(t.Context(), board)
	if err != nil {
		t.Fatal(err)
	}
	code, out, stderr := command(t, "ports", "--wait", "60s", p.Path)
	if code != 0 || !strings.Contains(out, "berry_pm6750") || !strings.Contains(out, "115200") {
		t.Fatalf("exit %d: %s%s", code, out, stderr)
	}
	file := filepath.Join(t.TempDir(), "board.capture")
	if code, _, stderr := command(t, "record", "--as", "berry_pm6750", "--device", "Berry PM6750 (simulated)", "--for", "4s", p.Path, file); code != 0 {
		t.Fatalf("record: %s", stderr)
	}
	code, out, stderr = command(t, "decode", "--as", "berry_pm6750", file)
	if code != 0 || !strings.Contains(out, `"channel":"spo2"`) {
		t.Fatalf("decode of the recording: exit %d, %s", code, stderr)
	}
	if code, _, stderr := command(t, "record", "--for", "1s", p.Path, file); code == 0 || !strings.Contains(stderr, "exists") {
		t.Fatalf("a recording was overwritten: exit %d, %q", code, stderr)
	}
}

// replay gives a port that speaks as the recording did.
func TestReplaySpeaksAsTheRecording(t *testing.T) {
	if testing.Short() {
		t.Skip("plays a recording in real time")
	}
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		var stderr bytes.Buffer
		done <- run([]string{"replay", filepath.Join("..", "..", "testdata", "captures", "monitor", "bci_oximeter", "manual.capture")}, w, &stderr)
		w.Close()
	}()
	buf := make([]byte, 64)
	n, err := r.Read(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), "/dev/") {
		t.Fatalf("replay printed %q, %v", buf[:n], err)
	}
	go io.Copy(io.Discard, r)
	select {
	case code := <-done:
		if code != 0 {
			t.Fatalf("exit %d", code)
		}
	case <-time.After(60 * time.Second):
		t.Fatal("a replay without --loop does not end")
	}
}

// A replay stops when it is asked to, also when its reader left long ago; a capture without a word of the device is refused.
func TestReplayStopsWithoutAReader(t *testing.T) {
	file := filepath.Join("..", "..", "testdata", "captures", "monitor", "bci_oximeter", "manual.capture")
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- (&replayCmd{File: file, Loop: true}).Run(ctx, w) }()
	path, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	host, err := serialport.Open(strings.TrimSpace(path), ems.Serial8N1(9600))
	if err != nil {
		t.Fatal(err)
	}
	if err := host.SetReadTimeout(20 * time.Second); err != nil {
		t.Fatal(err)
	}
	if n, err := host.Read(make([]byte, 64)); err != nil || n == 0 {
		t.Fatalf("read %d, %v", n, err)
	}
	host.Close()
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a replay that nobody reads does not stop")
	}
	silent := filepath.Join(t.TempDir(), "tx.capture")
	if err := os.WriteFile(silent, []byte("lifeline capture 1\ndevice: none\ndriver: bci_oximeter\nobtained: by hand\ndate: 2026-11-21\nexpectation: nothing\n\n0.000 tx 55\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command(t, "replay", "--loop", silent); code == 0 || !strings.Contains(stderr, "received from a device") {
		t.Errorf("nothing to play: exit %d, %q", code, stderr)
	}
}
