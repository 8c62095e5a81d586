// Package porttest finds addresses for the programs that a test starts. A port that is merely free a moment ago is not enough: another
// test may choose it, or the system may give it to an outgoing connection, before the program listens. These are below the range from
// which systems take ports for themselves, and each stays reserved among all tests of this user until it is given back.
package porttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// The range: above the ports of known services, below 32768, where Linux begins to take its own.
const (
	lowest  = 20_000
	beyond  = 32_000
	patient = 1_000 // ports tried before giving up
)

// TB is what a test gives.
type TB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(f func())
}

// Addresses gives n addresses of the loopback, host:port, until the test ends.
func Addresses(tb TB, n int) []string {
	tb.Helper()
	out, release, err := Take(n)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(release)
	return out
}

// Take gives n addresses of the loopback, which release gives back.
func Take(n int) (addresses []string, release func(), err error) {
	var locks []*os.File
	release = func() {
		for _, l := range locks {
			l.Close() // frees the lock; the file stays, so that nobody locks one that has lost its name
		}
	}
	folder := filepath.Join(os.TempDir(), fmt.Sprint("lifeline-ports-", os.Getuid())) // what other users choose, listening tells
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, release, fmt.Errorf("reserve ports: %w", err)
	}
	for range patient {
		if len(addresses) == n {
			return addresses, release, nil
		}
		port := lowest + rand.IntN(beyond-lowest)
		lock, err := reserve(filepath.Join(folder, strconv.Itoa(port)))
		if err != nil {
			continue // another test has it
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			lock.Close()
			continue // another program has it
		}
		addresses, locks = append(addresses, l.Addr().String()), append(locks, lock)
		l.Close()
	}
	release()
	return nil, func() {}, errors.New("reserve ports: none is free between 20000 and 32000")
}

// reserve takes the lock that ends with the process, however it ends.
func reserve(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
