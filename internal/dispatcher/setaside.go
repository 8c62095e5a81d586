package dispatcher

import (
	"time"
)

// asideJob is work for the goroutine that owns the spool on this machine's own disk.
type asideJob struct {
	lines []asideEntry
	of    []*entry // whose lines they are; not for that goroutine
	clear bool
}

// asideAnswer is what became of a job.
type asideAnswer struct {
	job  asideJob
	kept int // of its lines, the first ones
	err  error
}

// setAside owns that file: a disk that hangs hangs this goroutine and nothing else.
func (c *Centre) setAside(file ownDisk) {
	for job := range c.asides {
		a := asideAnswer{job: job, kept: len(job.lines)}
		switch {
		case file == nil:
		case job.clear:
			a.err = file.clear()
		default:
			a.kept, a.err = file.add(job.lines)
		}
		c.asided <- a // there is room: one job at a time
	}
	if file == nil {
		return
	}
	if err := file.close(); err != nil {
		c.log.Error("close the spool of unrecorded entries", "err", err)
	}
}

// asideWork gives that goroutine a job. There is never more than one: what the spool holds is always the beginning of what waits, and what
// it could not take is the first that it is asked to take again. A gap would be found by nobody before the next start.
func (c *Centre) asideWork(job asideJob, t time.Time) {
	c.asideAt = t
	c.asides <- job // this goroutine is the only sender, and nothing is under way
}

// asideIdle says whether that goroutine can be given a job now. A disk that does not answer is said to the screens.
func (c *Centre) asideIdle(t time.Time) bool {
	if !c.asideAt.IsZero() && t.Sub(c.asideAt) >= asidePatience {
		c.asideFailed(errAsideSlow)
	}
	return c.asideAt.IsZero() && !t.Before(c.asideAgain)
}

// putAside gives what is late to the spool. While that disk does not answer either, nothing waits for it and nothing is promised.
func (c *Centre) putAside(t time.Time) {
	if !c.asideIdle(t) {
		return
	}
	if job := c.unkept(func(e *entry) bool { return e.late }); len(job.lines) > 0 {
		c.asideWork(job, t)
	}
}

// unkept lists what waits for the store and is not in the spool, oldest first.
func (c *Centre) unkept(wanted func(*entry) bool) (job asideJob) {
	c.journal.each(func(e *entry) {
		if !e.aside && len(e.events) > 0 && wanted(e) && len(job.lines) < asideBatch {
			job.lines = append(job.lines, asideEntry{After: c.state.Seq, Owed: e.owed, Events: e.events})
			job.of = append(job.of, e)
		}
	})
	return job
}

// asideDone notes what that disk has answered.
func (c *Centre) asideDone(a asideAnswer, t time.Time) {
	c.asideAt = time.Time{}
	for _, e := range a.job.of[:a.kept] {
		e.aside = true
	}
	c.asideN += a.kept
	switch {
	case a.err != nil:
		c.asideAgain = t.Add(retryMost)
		c.asideFailed(a.err)
	default:
		if a.job.clear {
			c.asideN = 0
		}
		c.asideErr = nil
		c.clearAside()
	}
	c.health()
}

func (c *Centre) asideFailed(err error) {
	was := c.asideErr
	c.asideErr = err
	if was == nil {
		c.log.Error("the spool of unrecorded entries failed; trying on", "err", err)
		c.health()
	}
}

// clearAside has that spool emptied once the store has everything. A disk that failed is asked too, so that it is known when it is
// well again.
func (c *Centre) clearAside() {
	if t := now(); c.asideIdle(t) && c.journal.waiting() == 0 && (c.asideN > 0 || c.asideErr != nil) {
		c.asideWork(asideJob{clear: true}, t)
	}
}

// settleAside waits, at the end, for what that disk is at: the store has everything, and the spool is being emptied.
func (c *Centre) settleAside(patience <-chan time.Time) {
	for !c.asideAt.IsZero() {
		select {
		case a := <-c.asided:
			c.asideDone(a, now())
		case <-patience:
			return
		}
	}
}

// leave sets aside what the store has not taken, at the end, within closePatience.
func (c *Centre) leave() {
	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	for c.leaveSome(patience.C) {
	}
	kept, lost := 0, 0
	c.journal.each(func(e *entry) {
		switch {
		case e.aside:
			kept++
		case len(e.events) > 0:
			lost++
		}
		e.tell(ErrStopping)
	})
	if kept > 0 {
		c.log.Warn("not recorded: set aside for the next start", "entries", kept)
	}
	if lost > 0 {
		c.log.Error("not recorded, and this machine's own disk does not take it: lost", "entries", lost)
	}
}

// leaveSome has the next of it kept, and says whether to go on.
func (c *Centre) leaveSome(patience <-chan time.Time) bool {
	job := c.unkept(func(*entry) bool { return true })
	if len(job.lines) == 0 {
		return false
	}
	if c.asideAt.IsZero() {
		c.asideWork(job, now())
	}
	select {
	case a := <-c.asided:
		c.asideDone(a, now())
		if a.err == nil {
			return true
		}
	case <-patience:
		return false
	}
	again := time.NewTimer(retryFirst)
	defer again.Stop()
	select {
	case <-again.C:
		return true
	case <-patience:
		return false
	}
}

// endAside closes that spool, within closePatience: a disk that hangs must not keep the program from ending.
func (c *Centre) endAside(done <-chan struct{}) {
	close(c.asides)
	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	select {
	case <-done:
		return
	case <-patience.C:
	}
	c.log.Error("the disk of the spool of unrecorded entries does not answer; ending without it")
}
