// A worker: looks for a job, helps, spins for a while, sleeps.

package parallel

import (
	"errors"
	"runtime"
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
		var t timer
		over := time.Duration(0) // when the last job was last seen to run
		for passed := t.tick(); passed < patience && passed-over < idle; passed = t.tick() {
			s := w.pool.state.Load()
			if s&open != 0 && s/number != seen {
				return s / number
			}
			if s&(open|inside) != 0 {
				over = passed
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

// A timer measures how long something has been waited for, by looking at the clock now and then only.
type timer struct {
	start  time.Time
	passed time.Duration
	n      uint
}

// tick passes a moment and returns how long it has been since about the first tick. Now and then it lets other goroutines run: a
// machine may have more of them than processors.
func (t *timer) tick() time.Duration {
	pause()
	if t.n++; t.n%32 == 0 {
		if t.start.IsZero() {
			t.start = time.Now()
		} else if t.passed = time.Since(t.start); t.n%128 == 0 {
			runtime.Gosched()
		}
	}
	return t.passed
}
