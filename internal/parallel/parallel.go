// Package parallel shares one set of persistent workers among all the loops of the process.
//
// Starting goroutines for a loop of 50 µs gains nothing: by the time they run, the loop is over. Workers that spin for some
// 10 µs after a job and only then go to sleep join the next job about forty times sooner, so that back-to-back loops, as
// training has them, scale from a few microseconds on.
package parallel

import "runtime"

// For calls fn on disjoint ranges [lo, hi) that together cover [0, n), each at least grain long but the last, on the
// persistent workers and on the caller itself, and returns when all of them are done.
//
// A call made inside fn, or while another goroutine's call has the workers, runs on the caller alone, as one fn(0, n).
// The ranges depend on [Workers]: a result must not. With n <= 0 there is nothing to call; a grain below 1 means 1.
//
// If fn panics, no new range is started, and For panics with the same value once every running fn has returned.
// For itself does not allocate; a closure passed to it does, unless it is kept.
func For(n, grain int, fn func(lo, hi int)) {
	if n <= 0 {
		return
	}
	grain = max(grain, 1)
	workers := 1
	if n > grain {
		workers = min(Workers(), (n+grain-1)/grain)
	}
	if workers == 1 || !shared.busy.CompareAndSwap(false, true) {
		fn(0, n)
		return
	}
	shared.run(n, grain, workers, fn)
}

// Workers returns the number of goroutines that may work on a loop at once, the caller among them: GOMAXPROCS at the time
// of the call.
func Workers() int { return runtime.GOMAXPROCS(0) }

// rangesPerWorker trades balance against the cost of handing out ranges (an atomic exchange each): while much is left, a range
// is one in rangesPerWorker of a worker's share of it.
const rangesPerWorker = 2
