package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"lifeline120/internal/link"
	"lifeline120/internal/mqttlink"
	"lifeline120/internal/porttest"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dispatcher": main})
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(e *testscript.Env) error {
		names := []string{"HTTP", "MQTT", "HTTP2", "MQTT2"}
		addresses, release, err := porttest.Take(len(names))
		if err != nil {
			return err
		}
		e.Defer(release)
		for i, name := range names {
			e.Setenv(name, addresses[i])
		}
		return nil
	}, Cmds: map[string]func(*testscript.TestScript, bool, []string){"ready": ready, "occupy": occupy, "usage": usage}})
}

// ready waits until the dispatcher at the address says that it is.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	if err := waitReady(args[0]); err != nil {
		ts.Fatalf("%v", err)
	}
}

func waitReady(address string) error {
	client := http.Client{Timeout: time.Second}
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var resp *http.Response
		if resp, err = client.Get("http://" + address + "/readyz"); err != nil {
			continue
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		err = fmt.Errorf("not ready: %s", b)
	}
	return err
}

// usage runs a program that must refuse its configuration with the exit code that docs/operate.md names.
func usage(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
		ts.Fatalf("%v ends with %v, want exit code %d", args, err, exitUsage)
	}
}

// occupy takes the port that an environment variable names, until the script ends.
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", args[0])
	ts.Check(err)
	ts.Defer(func() { l.Close() })
}

// A real dispatcher, its broker and its store: what it called stored before it was killed is there when it starts again.
func TestDLV001_RealProcessKeepsWhatItCalledStored(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real processes")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "dispatcher")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ports := porttest.Addresses(t, 2)
	address, broker := ports[0], ports[1]
	start := func() *exec.Cmd {
		cmd := exec.Command(bin, "--data", filepath.Join(dir, "data"), "--listen", address, "--mqtt-listen", broker, "--public-listen", "none")
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if err := waitReady(address); err != nil {
			cmd.Process.Kill()
			t.Fatal(err)
		}
		return cmd
	}
	cmd := start()
	defer func() { cmd.Process.Kill(); cmd.Wait() }()

	ctx := t.Context() // what takes too long has a limit of its own below
	up := make(chan struct{}, 64)
	vehicle, err := mqttlink.NewDialer(mqttlink.Config{URL: "tcp://" + broker}).Dial(ctx, link.Options{ClientID: "u01",
		OnEvent: func(e link.Event) {
			if e.Up {
				up <- struct{}{}
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer vehicle.Close()
	<-up
	var stored atomic.Uint64 // up to
	if err := vehicle.Subscribe(ctx, link.Topic("demo", "u01", link.DownStored), 0, func(m link.Message) {
		if w, err := wire.OpenStored(m.Payload); err == nil {
			for _, l := range w.Lanes {
				if l.Lane == pb.Lane_LANE_URGENT && l.UpTo > stored.Load() {
					stored.Store(l.UpTo)
				}
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	send := func(seq uint64) {
		body, err := wire.Marshal(&pb.Note{Id: fmt.Sprint("note-", seq), Text: "x", By: "李", AtUs: 1795233906700000 + int64(seq)})
		if err != nil {
			t.Fatal(err)
		}
		env, err := wire.Marshal(wire.Seal("u01", wire.Record{Epoch: wire.Epoch{7}, Seq: seq, Item: wire.Item{Lane: pb.Lane_LANE_URGENT, Kind: pb.Kind_KIND_NOTE,
			CapturedUs: 1795233906700000, Body: body}}, wire.Sending{SentUs: time.Now().UnixMicro()}))
		if err != nil {
			t.Fatal(err)
		}
		_ = vehicle.Publish(link.Message{Topic: link.Topic("demo", "u01", link.UpUrgent), QoS: 1, Payload: env}) // what fails is sent again below
	}
	const all = 300
	for seq := uint64(1); seq <= all; seq++ {
		send(seq)
	}
	for end := time.Now().Add(20 * time.Second); stored.Load() < all/3 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	promised := stored.Load()
	if promised == 0 {
		t.Fatal("nothing was called stored")
	}
	cmd = start()
	resp, err := http.Get("http://" + address + "/api/v1/journal?limit=1000")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= promised; seq++ {
		if n := strings.Count(string(b), fmt.Sprintf(`"id":"note-%d"`, seq)); n != 1 {
			t.Fatalf("note %d of %d that were called stored is there %d times", seq, promised, n)
		}
	}
	select { // the vehicle sends again what it still owes
	case <-up:
	case <-time.After(30 * time.Second): // after the restart, which may have taken its own
		t.Fatal("the vehicle does not come back")
	}
	for end := time.Now().Add(30 * time.Second); stored.Load() < all && time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		for seq := stored.Load() + 1; seq <= all; seq++ {
			send(seq)
		}
	}
	if stored.Load() != all {
		t.Fatal("stored up to", stored.Load())
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error("a graceful stop ends with", err)
	}
	out, err := exec.Command(bin, "verify", "--data", filepath.Join(dir, "data")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "the chain holds") {
		t.Errorf("%v: %s", err, out)
	}
}

// FuzzYAML: no bytes of a configuration file break its reader.
func FuzzYAML(f *testing.F) {
	f.Add([]byte("listen: 127.0.0.1:1\nlive: true\norigin: [a, b]\n"))
	f.Add([]byte("a: {b: c}\n"))
	f.Add([]byte("- x\n"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = readYAML(b) })
}
