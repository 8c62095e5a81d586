package spool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lifeline120/internal/spool"
	"lifeline120/internal/spool/spooltest"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// fileDisk is a folder. To crash it is to copy its files while the spool is open, which is what a killed process leaves.
type fileDisk struct {
	t    *testing.T
	dir  string
	s    spool.Spool
	full bool
}

func (d *fileDisk) Open(o spool.Options) (s spool.Spool, err error) {
	o.Dir = d.dir
	if d.full {
		o = o.WithMaxPages(1)
	}
	d.s, err = spool.Open(context.Background(), o)
	return d.s, err
}

func (d *fileDisk) Crash() error {
	dir := d.t.TempDir()
	if err := copyDir(d.dir, dir); err != nil {
		return err
	}
	d.dir = dir
	return d.s.Close()
}

func (d *fileDisk) Fill(full bool) {
	d.full = full
	if err := spool.Fill(d.s, full); err != nil && !full {
		d.t.Fatal(err)
	}
}

func copyDir(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "spool.ballast" {
			continue // its content is nothing
		}
		b, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func TestSQLite(t *testing.T) {
	spooltest.Run(t, func(t *testing.T) spooltest.Disk { return &fileDisk{t: t, dir: t.TempDir()} })
}

func open(t *testing.T, dir string) spool.Spool {
	t.Helper()
	s, err := spool.Open(context.Background(), spool.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func alarm(body string) []wire.Item {
	return []wire.Item{{Lane: pb.Lane_LANE_URGENT, Kind: pb.Kind_KIND_ALARM, CapturedUs: 1, Body: []byte(body)}}
}

func put(t *testing.T, s spool.Spool, body string) wire.Record {
	t.Helper()
	recs, err := s.Put(context.Background(), alarm(body), nil)
	if err != nil {
		t.Fatal(err)
	}
	return recs[0]
}

func TestLockedSpoolSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	_, err := spool.Open(context.Background(), spool.Options{Dir: dir})
	if !errors.Is(err, spool.ErrLocked) || !strings.Contains(err.Error(), "stop the other vehicle-agent") {
		t.Fatalf("second spool on one folder: %v", err)
	}
}

func TestNewerSpoolSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	want := put(t, s, "a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	setVersion := func(v byte) {
		t.Helper()
		f, err := os.OpenFile(filepath.Join(dir, "spool.db"), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{0, 0, 0, v}, 60); err != nil { // user_version in SQLite's header
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	setVersion(9)
	_, err := spool.Open(context.Background(), spool.Options{Dir: dir})
	if !errors.Is(err, spool.ErrNewer) || !strings.Contains(err.Error(), "install the newer version") {
		t.Fatalf("spool of form 9: %v", err)
	}
	setVersion(1)
	recs, err := open(t, dir).Next(context.Background(), want.Lane, want.Epoch, 0, 9, 0)
	if err != nil || len(recs) != 1 {
		t.Fatalf("after the newer version was refused: %v, %v", recs, err)
	}
}

func TestFolderThatCannotBeWrittenSaysWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", filepath.Join(file, "spool")} {
		if _, err := spool.Open(context.Background(), spool.Options{Dir: dir}); err == nil {
			t.Errorf("folder %q was opened", dir)
		}
	}
}

func TestSQLiteIsPastTheWALResetRace(t *testing.T) {
	v, err := spool.Version(open(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(v, "%d.%d.%d", &major, &minor, &patch); err != nil {
		t.Fatal(err)
	}
	if major*1_000_000+minor*1000+patch < 3_051_003 {
		t.Fatalf("SQLite %s: versions before 3.51.3 can lose a commit (WAL reset race)", v)
	}
}

// SQLite's translation to Go works with one version of libc only: the one in its own go.mod.
func TestLibcIsTheOneThatSQLiteNames(t *testing.T) {
	mod, err := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatalf("ask where SQLite's go.mod is: %v", err)
	}
	libc := regexp.MustCompile(`modernc\.org/libc (v\S+)`)
	version := func(path string) string {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m := libc.FindSubmatch(b)
		if m == nil {
			t.Fatalf("%s names no libc", path)
		}
		return string(m[1])
	}
	ours, its := version("../../go.mod"), version(string(bytes.TrimSpace(mod)))
	if ours != its {
		t.Fatalf("go.mod has libc %s, SQLite was made with %s: set it to that", ours, its)
	}
}
