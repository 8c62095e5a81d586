package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lifeline120/internal/porttest"
	"lifeline120/internal/simdevice"
	"lifeline120/internal/simport"
	"lifeline120/internal/store/pgtest"
	"lifeline120/internal/wire"
)

// A city's own broker and database in place of the embedded ones: the same binaries, and a byte on a serial line still reaches the
// centre, an SOS is still stored before its lamp is lit (ALM-003), and `verify` finds the journal whole.
func TestALM003_WithMosquittoAndPostgreSQL(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts real processes")
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir, "lifeline120/cmd/dispatcher", "lifeline120/cmd/vehicle-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	pg := pgtest.Start(t)
	database := pg.URL(pg.NewDatabase(t))
	ports := porttest.Addresses(t, 3)
	mqtt, http1, terminal := ports[0], ports[1], ports[2]
	mosquitto(t, mqtt)
	args := []string{"serve", "--demo", "--data", filepath.Join(dir, "centre"), "--broker", "tcp://" + mqtt, "--database", database,
		"--listen", http1, "--public-listen", "none"}
	start(t, filepath.Join(dir, "dispatcher"), args...)
	await(t, "the dispatcher", func() bool { code, _ := get(t, "http://"+http1+"/readyz"); return code == http.StatusOK })

	board := simdevice.NewBerryBoard(simdevice.BerryConfig{Seed: 3, Vitals: simdevice.Healthy()})
	port, err := simport.Open(t.Context(), board)
	if err != nil {
		t.Fatal(err)
	}
	start(t, filepath.Join(dir, "vehicle-agent"), "run", "--unit", "u01", "--broker", "tcp://"+mqtt, "--listen", terminal,
		"--data", filepath.Join(dir, "u01"), "--device", "monitor="+port.Path+":berry_pm6750", "--simulated")
	await(t, "the agent", func() bool { code, _ := get(t, "http://"+terminal+"/healthz"); return code == http.StatusOK })
	await(t, "the monitor's frames at the centre", func() bool {
		_, body := get(t, "http://"+http1+"/metrics")
		for line := range strings.Lines(body) {
			var n float64
			if _, err := fmt.Sscanf(line, "lifeline_messages_total %g", &n); err == nil && n > 20 {
				return true
			}
		}
		return false
	})
	press := func() wire.TerminalSOSAnswer {
		var a wire.TerminalSOSAnswer
		b, _ := json.Marshal(wire.TerminalSOS{PressID: "press-1", By: "key", Seat: "cabin"})
		resp, err := http.Post("http://"+terminal+"/api/v1/sos", "application/json", bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&a); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("SOS: %s, %v", resp.Status, err)
		}
		return a
	}
	await(t, "the lamp", func() bool { return press().Lamp == wire.LampReceived }) // the same press again and again is one alarm
	_, journal := get(t, "http://"+http1+"/api/v1/journal?limit=1000")
	if n := strings.Count(journal, `"press_id":"press-1"`); n != 1 {
		t.Fatalf("the journal has the press %d times", n)
	}
	out, err := exec.Command(filepath.Join(dir, "dispatcher"), "verify", "--database", database).CombinedOutput()
	if err != nil {
		t.Fatalf("verify: %v\n%s", err, out)
	}
}

func mosquitto(t *testing.T, addr string) {
	t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("mosquitto is not installed, and CI must have it")
		}
		t.Skip("mosquitto is not installed: apt-get install mosquitto")
	}
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	if err := os.WriteFile(conf, []byte("listener "+port+" 127.0.0.1\nallow_anonymous true\npersistence false\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	start(t, path, "-c", conf)
	await(t, "mosquitto", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// start runs a program until the test ends; what it said is shown when the test fails.
func start(t *testing.T, path string, args ...string) {
	t.Helper()
	var said bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		stop := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		stop.Stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(path), said.String())
		}
	})
}

func get(t *testing.T, url string) (code int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(b)
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited a minute for %s", what)
}
