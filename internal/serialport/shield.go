package serialport

import (
	"errors"
	"fmt"
	"time"

	"lifeline120/internal/monitor"
)

var errFault = errors.New("the driver failed")

// shield stands before a session: a driver that panics on what a line brings costs its own session and no more (ACC-003).
// After a fault it answers nothing.
type shield struct {
	session Session
	fault   error
}

// newSession starts a codec's session behind a shield.
func newSession(c Codec) (s *shield) {
	s = &shield{}
	defer s.catch()
	s.session = c.New()
	return s
}

func (s *shield) catch() {
	if r := recover(); r != nil {
		s.fault = fmt.Errorf("%w: %v", errFault, r)
	}
}

func (s *shield) Start(now time.Time) (o Output) {
	if s.fault == nil {
		defer s.catch()
		o = s.session.Start(now)
	}
	return o
}

func (s *shield) Feed(now time.Time, p []byte) (o Output) {
	if s.fault == nil {
		defer s.catch()
		o = s.session.Feed(now, p)
	}
	return o
}

func (s *shield) Tick(now time.Time) (o Output) {
	if s.fault == nil {
		defer s.catch()
		o = s.session.Tick(now)
	}
	return o
}

func (s *shield) Do(now time.Time, c monitor.Command) (o Output, err error) {
	defer func() {
		if s.fault != nil {
			err = s.fault
		}
	}()
	defer s.catch()
	return s.session.Do(now, c)
}
