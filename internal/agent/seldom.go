package agent

import "time"

// seldom thins out an error that comes back many times a second: it is due when it is another one than before, and then once in
// badLogEvery with how often it came meanwhile. Two errors that take turns are due no more often than each changeLogEvery.
type seldom struct {
	text  string
	at    time.Time // when it was last logged
	quiet uint64    // how many since then were not
}

// due says whether err is to be logged, and how many before it were not.
func (s *seldom) due(now time.Time, err error) (before uint64, yes bool) {
	since, text := now.Sub(s.at), err.Error()
	if !s.at.IsZero() && since < badLogEvery && (text == s.text || since < changeLogEvery) {
		s.quiet++
		return 0, false
	}
	before, s.text, s.at, s.quiet = s.quiet, text, now, 0
	return before, true
}
