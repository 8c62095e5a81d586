package spool_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lifeline120/internal/spool"
	"lifeline120/internal/wire"
	pb "lifeline120/internal/wire/proto"
)

// smallDisk mounts a file system of 12 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=12m"); err != nil {
		t.Skipf("a small file system cannot be mounted here (%v): the suite proves the same with a bounded database", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillUp takes what is left of a file system.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if n, err := f.Write(make([]byte, size)); err != nil || n < size {
			size /= 2
		}
	}
}

// A real file system is filled by waves, and then by someone else: every alarm is still durable.
func TestDLV007_FullFileSystemTakesEveryAlarm(t *testing.T) {
	disk := smallDisk(t)
	dir := filepath.Join(disk, "spool")
	s := open(t, dir)
	ctx := context.Background()
	wave := func() {
		if _, err := s.Put(ctx, []wire.Item{{Lane: pb.Lane_LANE_WAVE, Kind: pb.Kind_KIND_WAVES, Body: []byte(strings.Repeat("w", 3000))}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 6000 { // 18 MB into 12
		wave()
	}
	fillUp(t, filepath.Join(disk, "other"))
	want := map[identity]bool{}
	for i := range 300 {
		r := put(t, s, fmt.Sprintf("alarm %d %s", i, strings.Repeat("a", 300)))
		want[identity{r.Epoch, r.Lane, r.Seq}] = true
		wave()
	}
	recs := held(t, s)
	if err := s.Close(); err != nil {
		t.Logf("close on a full disk: %v", err)
	}
	s, err := spool.Open(ctx, spool.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	after := held(t, s)
	book := newLedger()
	book.declared(t, after)
	for id := range want {
		if _, ok := after[id]; !ok {
			t.Errorf("alarm %v is lost", id)
		}
	}
	for id := range recs {
		if _, ok := after[id]; !ok && !book.lost(id) {
			t.Errorf("%v is neither held nor declared lost", id)
		}
	}
	if len(book.gaps) == 0 {
		t.Error("nothing was dropped: this test proves nothing")
	}
}
