// A worker: looks for a job, helps, spins for a while, sleeps.

package parallel

import (
	"errors"
	"sync/atomic"
	"time"
)

type worker struct {
	pool   *pool
	id     int
	asleep atomic.Bool
	wake   chan struct{} // one token for each time asleep was taken back by somebody else
}

// errExit is what For panics with if fn calls runtime.Goexit on a worker, as testing's FailNow does.
var errExit = errors.New("parallel: For: fn ended its goroutine (runtime.Goexit) instead of returning")

// loop serves jobs for ever; seen is the number of the last job it knows.
func (w *worker) loop(seen uint64) {
	for {
		seen = w.await(seen)
		w.help(seen)
	}
}

// await returns the number of an open job later than seen: spinning first, then asleep.
func (w *worker) await(seen uint64) uint64 {
	for {
		for t := newTimer(); t.tick(); {
			if s := w.pool.state.Load(); s&open != 0 && s/number != seen {
				return s / number
			}
		}
		w.asleep.Store(true)
		// Look again: a job opened before asleep was set has woken nobody.
		if s := w.pool.state.Load(); s&open != 0 && s/number != seen && w.asleep.CompareAndSwap(true, false) {
			return s / number
		}
		<-w.wake
	}
}

// rouse wakes w if it sleeps.
func (w *worker) rouse() {
	if w.asleep.Load() && w.asleep.CompareAndSwap(true, false) {
		w.wake <- struct{}{}
	}
}

// help joins job number job if it is still open, draws ranges until none is left, and leaves.
func (w *worker) help(job uint64) {
	p := w.pool
	for {
		s := p.state.Load()
		if s&open == 0 || s/number != job {
			return
		}
		if p.state.CompareAndSwap(s, s+1) {
			break
		}
	}
	returned := false
	defer func() {
		if !returned {
			p.next.Store(int64(p.n)) // no new range
			v := recover()
			if v == nil { // Goexit: this goroutine is ending, so another takes its place
				v = errExit
				go w.loop(job)
			}
			p.failed.CompareAndSwap(nil, &failure{v})
		}
		if s := p.state.Add(^uint64(0)); s&(inside|open|waiting) == waiting {
			p.done <- struct{}{}
		}
	}()
	if w.id < p.limit {
		p.draw()
	}
	returned = true
}

// A timer tells when spinning has gone on for long enough, looking at the clock now and then only.
type timer struct {
	start time.Time
	n     uint
}

func newTimer() timer { return timer{} }

// tick passes a moment and reports whether to go on spinning.
func (t *timer) tick() bool {
	pause()
	t.n++
	if t.n%16 != 0 {
		return true
	}
	if t.start.IsZero() {
		t.start = time.Now()
		return true
	}
	return time.Since(t.start) < spin
}
