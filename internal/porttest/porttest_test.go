package porttest

import (
	"net"
	"strconv"
	"testing"
)

func TestNoTwoTestsHaveTheSamePort(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		for _, a := range Addresses(t, 5) {
			_, port, err := net.SplitHostPort(a)
			n, err2 := strconv.Atoi(port)
			if err != nil || err2 != nil || n >= 32768 {
				t.Fatal("an outgoing connection may take it:", a, err, err2)
			}
			if seen[a] {
				t.Fatal("given twice:", a)
			}
			seen[a] = true
			l, err := net.Listen("tcp", a)
			if err != nil {
				t.Fatal("given, and not to be had:", err)
			}
			defer l.Close()
		}
	}
}
