// Package pgtest starts a throw-away PostgreSQL for tests: an own cluster in a temporary folder, on a free port, with fsync on,
// gone when the test ends, even when the test binary is killed.
package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"lifeline120/internal/porttest"
)

// Server is a running cluster.
type Server struct {
	Host string // loopback
	Port int
	bin  string
	dir  string
	who  *syscall.SysProcAttr
	stop func()
	n    atomic.Int32
}

// patience is how long initdb, a start or a stop may take on a busy machine.
const patience = 60 * time.Second

// Start starts a cluster. Without PostgreSQL on the machine the test is skipped, or fails when CI=true.
func Start(tb testing.TB) *Server {
	tb.Helper()
	bin := binaries()
	if bin == "" {
		word := "no PostgreSQL found in /usr/lib/postgresql/*/bin: install the package postgresql"
		if os.Getenv("CI") == "true" {
			tb.Fatal(word)
		}
		tb.Skip(word)
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{Host: "127.0.0.1", Port: freePort(tb), bin: bin, dir: dir}
	tb.Cleanup(func() {
		s.Kill()
		os.RemoveAll(dir)
	})
	if s.who, err = unprivileged(dir); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.SysProcAttr, cmd.Dir = s.who, dir
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("make cluster: %v\n%s", err, out)
	}
	s.Restart(tb)
	return s
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// binaries is the folder of the newest PostgreSQL, "" without one.
func binaries() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		if p, err := exec.LookPath("postgres"); err == nil {
			return filepath.Dir(p)
		}
		return ""
	}
	version := func(p string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(p))))
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(found[len(found)-1])
}

// unprivileged gives dir to a user whom PostgreSQL will serve: it refuses root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("find a user for PostgreSQL: %w", err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("user %s has ids %s and %s", u.Username, u.Uid, u.Gid)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, int(uid), int(gid))
}

func freePort(tb testing.TB) int {
	tb.Helper()
	_, port, _ := net.SplitHostPort(porttest.Addresses(tb, 1)[0])
	n, err := strconv.Atoi(port)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// guard runs the server and stops it when its own standard input ends, which it does with the test binary, however that ends.
const guard = `"$@" & p=$!; cat >/dev/null; kill -QUIT $p 2>/dev/null; wait $p`

// Restart starts the server again, after Kill or for the first time, and waits until it answers.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	s.Kill()
	var out bytes.Buffer
	cmd := exec.Command("sh", "-c", guard, "sh", filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", strconv.Itoa(s.Port), "-k", s.dir,
		"-c", "listen_addresses="+s.Host, "-c", "max_connections=100", "-c", "log_min_messages=fatal")
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = s.who, s.dir, &out, &out
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	s.stop = func() { in.Close(); <-ended }
	db, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := db.PingContext(ctx)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-ended:
			tb.Fatalf("PostgreSQL ended:\n%s", out.String())
		case <-tick.C:
		}
		if time.Now().After(end) {
			tb.Fatalf("PostgreSQL does not answer: %v", err)
		}
	}
}

// Kill ends the server at once, without a shutdown: the next start recovers from its log.
func (s *Server) Kill() {
	if pid := s.pid(); pid != 0 && s.stop != nil {
		syscall.Kill(pid, syscall.SIGQUIT)
	}
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// pid is the first line of the server's own pid file; 0 without one.
func (s *Server) pid() int {
	b, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	n, _ := strconv.Atoi(line)
	return n
}

// URL is the address of a database of the cluster.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@%s:%d/%s?sslmode=disable", s.Host, s.Port, database)
}

// NewDatabase makes an empty database and gives its name.
func (s *Server) NewDatabase(tb testing.TB) string {
	tb.Helper()
	db, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	name := fmt.Sprintf("t%d", s.n.Add(1))
	if _, err := db.Exec(`CREATE DATABASE ` + name); err != nil {
		tb.Fatal(err)
	}
	return name
}
