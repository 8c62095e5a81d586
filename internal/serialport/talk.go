package serialport

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"lifeline120/internal/capture"
	"lifeline120/internal/ems"
	"lifeline120/internal/monitor"
)

// talk is one opening of the port at one setting: first the probing, then the session of what was found.
type talk struct {
	w    *Watcher
	port Port
	line ems.Line
	buf  [readSize]byte
	// waiting is the read timeout that the port has now.
	waiting time.Duration

	session   *shield
	chosen    choice
	stream    string // names this run of wave counters
	sends     []monitor.Write
	nextSend  time.Time
	lastFrame time.Time
	lastByte  time.Time
}

// piece is bytes with the time they came.
type piece struct {
	at time.Time
	p  []byte
}

// candidate is one codec being tried on what is heard.
type candidate struct {
	codec           Codec
	session         *shield
	frames, garbage int
	keep            bool     // keep what the session makes: it is the one that will run
	made            []Output // one for each piece heard
}

func (c *candidate) feed(now time.Time, p []byte) {
	o := c.session.Feed(now, p)
	c.frames += o.Frames
	c.garbage += o.Garbage
	if c.keep {
		c.made = append(c.made, o)
	}
}

// probe listens, then talks to who must be spoken to first. It leaves the session ready to run when it found one.
func (t *talk) probe(ctx context.Context) (bool, error) {
	var cs []*candidate
	for _, codec := range t.w.cfg.Codecs {
		if slices.Contains(codec.Lines, t.line) {
			cs = append(cs, &candidate{codec: codec, session: newSession(codec)})
		}
	}
	heard, winner, err := t.listen(ctx, cs, nil, listenTime)
	if err != nil || ctx.Err() != nil {
		return false, err
	}
	if winner != nil {
		return true, t.begin(winner.codec, heard)
	}
	// Speak only into silence: bytes at this setting may be a device at another. After a whole round without a word that
	// anyone understands they are taken for noise, and who must be spoken to is spoken to nevertheless.
	spoke := len(heard) > 0
	for _, c := range cs {
		if !c.codec.Talks || spoke && t.w.step <= t.w.round() {
			continue
		}
		found, more, err := t.ask(ctx, c.codec)
		if found || err != nil || ctx.Err() != nil {
			return found, err
		}
		spoke = spoke || more
	}
	t.giveUp(spoke)
	return false, nil
}

// giveUp says what a listening without result means for the state; a round of them must be over to say it.
func (t *talk) giveUp(heard bool) {
	w := t.w
	w.heard = w.heard || heard
	if w.step%w.round() != 0 {
		return
	}
	if w.heard {
		w.setState(ems.DeviceGarbled, DetailNoise, nil)
	} else {
		w.setState(ems.DeviceSilent, DetailQuiet, nil)
	}
	w.heard = false
}

// listen feeds what comes to all candidates until one has won or the time is over. Sends go out meanwhile.
func (t *talk) listen(ctx context.Context, cs []*candidate, sends []monitor.Write, wait time.Duration) ([]piece, *candidate, error) {
	var heard []piece
	total := 0
	t.sends = sends
	end := time.Now().Add(wait)
	for time.Now().Before(end) && total < sniffMax && ctx.Err() == nil {
		if err := t.flush(time.Now()); err != nil {
			return nil, nil, err
		}
		p, now, err := t.read()
		if err != nil {
			return nil, nil, err
		}
		if len(p) == 0 {
			continue
		}
		heard = append(heard, piece{now, slices.Clone(p)})
		total += len(p)
		for _, c := range cs {
			c.feed(now, p)
		}
		if total >= decideBytes {
			if c := winner(cs, total); c != nil {
				return heard, c, nil
			}
		}
	}
	c := winner(cs, total)
	if c == nil {
		t.w.count(0, total, 0)
	}
	return heard, c, nil
}

// winner is the codec that found frames and can account for most bytes; the least garbage wins, then the first listed.
func winner(cs []*candidate, total int) *candidate {
	fit := slices.DeleteFunc(slices.Clone(cs), func(c *candidate) bool {
		return c.session.fault != nil || c.frames < decideFrames || 2*c.garbage > total
	})
	if len(fit) == 0 {
		return nil
	}
	return slices.MinFunc(fit, func(a, b *candidate) int { return cmp.Compare(a.garbage, b.garbage) })
}

// begin starts the session of a codec that won by listening, and gives it what was heard. It is a new session, so that
// Start comes before the first byte as its contract says.
func (t *talk) begin(codec Codec, heard []piece) error {
	s := newSession(codec)
	t.adopt(codec, s)
	if err := t.take(heard[0].at, s.Start(heard[0].at)); err != nil {
		return err
	}
	for _, h := range heard {
		t.lastByte = h.at
		if err := t.take(h.at, s.Feed(h.at, h.p)); err != nil {
			return err
		}
	}
	return nil
}

// ask speaks to a device that waits to be spoken to. more says that bytes came.
func (t *talk) ask(ctx context.Context, codec Codec) (found, more bool, err error) {
	c := &candidate{codec: codec, session: newSession(codec), keep: true}
	greeting := c.session.Start(time.Now().UTC())
	wait := talkTime
	for _, send := range greeting.Sends {
		wait += send.Pause
	}
	heard, winner, err := t.listen(ctx, []*candidate{c}, greeting.Sends, wait)
	if err != nil || winner == nil {
		return false, len(heard) > 0, err
	}
	// The session goes on with what it knows, and what it made of the answer is not lost.
	unsent := t.sends
	t.adopt(codec, c.session)
	t.sends = unsent
	for i, o := range c.made {
		t.lastByte = heard[i].at
		if err := t.take(heard[i].at, o); err != nil {
			return false, true, err
		}
	}
	return true, true, nil
}

// adopt makes s the session of this talk.
func (t *talk) adopt(codec Codec, s *shield) {
	now := time.Now().UTC()
	t.session, t.chosen = s, choice{codec, t.line}
	t.stream = string(t.w.cfg.Device) + "@" + now.Format("20060102T150405.000")
	t.sends, t.lastFrame = nil, now
	t.w.best, t.w.step, t.w.heard = &t.chosen, 0, false
}

// run is the life of a session: read, feed, tick, send, obey, until the device is silent or gone.
func (t *talk) run(ctx context.Context) error {
	nextTick := time.Now().Add(tickEvery)
	for ctx.Err() == nil {
		p, now, err := t.read()
		if err != nil {
			return err
		}
		if len(p) > 0 {
			t.lastByte = now
			if err := t.take(now, t.session.Feed(now, p)); err != nil {
				return err
			}
		}
		if !now.Before(nextTick) {
			nextTick = now.Add(tickEvery)
			t.w.backoff = backoffMin
			if err := t.take(now, t.session.Tick(now)); err != nil {
				return err
			}
		}
		if err := t.obey(now); err != nil {
			return err
		}
		if err := t.flush(now); err != nil {
			return err
		}
		if now.Sub(t.lastFrame) > t.chosen.codec.MaxQuiet {
			t.lose()
			return nil
		}
	}
	return nil
}

// lose says why the session ended: nothing came, or nothing that made a frame.
func (t *talk) lose() {
	if t.lastByte.After(t.lastFrame) {
		t.w.setState(ems.DeviceGarbled, DetailNoise, nil)
	} else {
		t.w.setState(ems.DeviceSilent, DetailQuiet, nil)
	}
}

// read takes what is there, waiting at most readWait, and no longer than until the next write is due.
func (t *talk) read() ([]byte, time.Time, error) {
	wait := readWait
	if len(t.sends) > 0 {
		wait = min(wait, max(time.Until(t.nextSend), time.Millisecond))
	}
	if wait != t.waiting {
		if err := t.port.SetReadTimeout(wait); err != nil {
			return nil, time.Now().UTC(), fmt.Errorf("set read timeout: %w: %w", ErrGone, err)
		}
		t.waiting = wait
	}
	n, err := t.port.Read(t.buf[:])
	now := time.Now().UTC()
	if err != nil {
		return nil, now, err
	}
	p := t.buf[:n]
	if n > 0 && t.w.cfg.Tap != nil {
		t.w.cfg.Tap(now, capture.RX, slices.Clone(p))
	}
	return p, now, nil
}

// take counts an output, stamps it, hands it on and queues what it wants sent.
func (t *talk) take(now time.Time, o Output) error {
	if t.session.fault != nil {
		return t.session.fault
	}
	lost := o.Lost
	for _, s := range o.Sends {
		if len(t.sends) >= sendsMax {
			lost++
			continue
		}
		t.sends = append(t.sends, s)
	}
	t.w.count(o.Frames, o.Garbage, lost)
	if o.Frames > 0 {
		t.lastFrame = now
		state := ems.DeviceSpeaking
		switch {
		case t.w.cfg.Simulated:
			state = ems.DeviceSimulated
		case o.Demo:
			state = ems.DeviceDemo
		}
		t.w.setState(state, "", &t.chosen)
	}
	if t.w.cfg.OnOutput != nil && len(o.Fixes)+len(o.Readings)+len(o.Waves) > 0 {
		t.w.cfg.OnOutput(t.stamp(o))
	}
	return t.flush(time.Now())
}

func (t *talk) stamp(o Output) Output {
	demo := t.w.cfg.Simulated || o.Demo
	for i := range o.Fixes {
		o.Fixes[i].Device = t.w.cfg.Device
		o.Fixes[i].Demo = o.Fixes[i].Demo || demo
	}
	for i := range o.Readings {
		o.Readings[i].Device = t.w.cfg.Device
		o.Readings[i].Demo = o.Readings[i].Demo || demo
	}
	for i := range o.Waves {
		o.Waves[i].Device = t.w.cfg.Device
		o.Waves[i].Demo = o.Waves[i].Demo || demo
		if o.Waves[i].Stream == "" {
			o.Waves[i].Stream = t.stream
		} else {
			o.Waves[i].Stream = t.stream + "/" + o.Waves[i].Stream
		}
	}
	o.Demo = demo
	o.Sends = nil
	return o
}

// obey takes at most one waiting command.
func (t *talk) obey(now time.Time) error {
	select {
	case c := <-t.w.commands:
		o, err := t.session.Do(now, c.word)
		if err == nil {
			err = t.take(now, o)
		}
		c.reply <- err
	default:
	}
	return nil
}

// flush writes what is due. Each write is followed by its pause.
func (t *talk) flush(now time.Time) error {
	for len(t.sends) > 0 && !now.Before(t.nextSend) {
		s := t.sends[0]
		t.sends = t.sends[1:]
		t.nextSend = now.Add(s.Pause)
		if err := t.write(now, s.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// write bounds how long a stuck adapter can hold us: closing the port ends the write.
func (t *talk) write(now time.Time, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	guard := time.AfterFunc(writeWait, func() { t.port.Close() })
	defer guard.Stop()
	n, err := t.port.Write(p)
	if err != nil {
		return err
	}
	if n < len(p) {
		return fmt.Errorf("write %d of %d bytes: %w", n, len(p), ErrGone)
	}
	if t.w.cfg.Tap != nil {
		t.w.cfg.Tap(now.UTC(), capture.TX, slices.Clone(p))
	}
	return nil
}
