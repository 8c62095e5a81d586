package agent

import (
	"time"

	"lifeline120/internal/ems"
	"lifeline120/internal/serialport"
)

// openPort opens a real port that is looked at, not waited on.
func openPort(path string, line ems.Line) (serialport.Port, error) {
	p, err := serialport.Open(path, line)
	if err != nil {
		return nil, err
	}
	return looking(p)
}

// lookedAt is a port whose reads sleep between looks instead of waiting in the kernel. A thread that waits there keeps Go's scheduler
// polling beside it, thousands of times a second: with three devices at full rate that was more than half of all that the agent cost.
// What trickles in meanwhile is read at once, so that a line without a buffer does not wake the agent for every few bytes.
type lookedAt struct {
	serialport.Port
	wait time.Duration
}

func looking(p serialport.Port) (serialport.Port, error) {
	return &lookedAt{Port: p}, p.SetReadTimeout(0)
}

// SetReadTimeout bounds how long the next reads wait.
func (p *lookedAt) SetReadTimeout(d time.Duration) error {
	p.wait = d
	return nil
}

// Read gives what has come by the next look, and nothing when the time is over.
func (p *lookedAt) Read(b []byte) (int, error) {
	for left := p.wait; ; left -= lookEvery {
		time.Sleep(min(left, lookEvery))
		if n, err := p.Port.Read(b); n > 0 || err != nil || left <= lookEvery {
			return n, err
		}
	}
}
