// The pool: one job at a time, whose ranges the caller and the workers draw from a counter.
//
// A worker that wakes too late must not hold up the caller. So workers join a job instead of being counted on: the word
// `state` carries the job's number, whether it is still open, and how many workers are inside. The caller works until the
// ranges run out, closes the job, and waits only for those inside.

package parallel

import (
	"sync/atomic"
	"time"
)

// state: bits 0-15 workers inside, bit 16 the job is open, bit 17 the caller sleeps on done, bits 18- the job's number.
const (
	inside  uint64 = 1<<16 - 1
	open    uint64 = 1 << 16
	waiting uint64 = 1 << 17
	number  uint64 = 1 << 18
)

const maxWorkers = 1<<16 - 2

// Waking a sleeper takes 50 µs and more, so nobody sleeps whose wait is likely to be shorter: idle is how long a worker looks
// for the next job once one is over; patience how long whoever has finished his part of a job waits for the others, which
// are in their last ranges.
const (
	idle     = 50 * time.Microsecond
	patience = time.Millisecond
)

var shared = pool{done: make(chan struct{}, 1)}

type pool struct {
	busy atomic.Bool // held by the one caller who has the workers
	_    [63]byte

	state atomic.Uint64
	_     [56]byte

	next atomic.Int64 // first index not handed out
	_    [56]byte

	// The job. Written by the caller while no worker is inside, read by workers inside.
	n, grain int
	parts    int // a range is one in so many of what is left, if that is not less than grain
	limit    int // workers with an id below limit may help
	fn       func(lo, hi int)
	failed   atomic.Pointer[failure] // the first panic on a worker

	done    chan struct{} // the last worker inside wakes the caller
	workers []*worker     // grows to the largest GOMAXPROCS-1 seen; touched by the holder of busy only
}

type failure struct{ value any }

// run carries out one job. The caller holds p.busy, and run releases it.
func (p *pool) run(n, grain, workers int, fn func(lo, hi int)) {
	helpers := min(workers-1, maxWorkers)
	p.n, p.grain, p.parts, p.limit, p.fn = n, grain, rangesPerWorker*workers, helpers, fn
	p.next.Store(0)
	p.failed.Store(nil)
	for len(p.workers) < helpers {
		w := &worker{pool: p, id: len(p.workers), wake: make(chan struct{}, 1)}
		p.workers = append(p.workers, w)
		go w.loop(0)
	}
	p.state.Store((p.state.Load()/number+1)*number | open)
	for _, w := range p.workers[:helpers] {
		w.rouse()
	}
	defer p.finish() // also when fn panics or exits on the caller: that panic then goes on by itself
	p.draw()
}

// draw calls fn on one range after another until none is left. A range is a part of what is left, so that large ones come
// first and those that may have to be waited for are small ("guided self-scheduling": Polychronopoulos and Kuck, IEEE
// Transactions on Computers C-36(12), 1987).
func (p *pool) draw() {
	for lo := p.next.Load(); lo < int64(p.n); lo = p.next.Load() {
		left := p.n - int(lo)
		size := min(max(p.grain, left/p.parts), left)
		if p.next.CompareAndSwap(lo, lo+int64(size)) {
			p.fn(int(lo), int(lo)+size)
		}
	}
}

// finish closes the job, waits for the workers inside, gives the pool back, and raises a worker's panic on the caller.
func (p *pool) finish() {
	p.next.Store(int64(p.n)) // after a panic on the caller: no new range
	s := p.state.And(^open) &^ open
	for t := (timer{}); s&inside != 0; s = p.state.Load() {
		if t.tick() < patience {
			continue
		}
		if p.state.CompareAndSwap(s, s|waiting) {
			<-p.done
			break
		}
	}
	p.fn = nil
	failed := p.failed.Load()
	p.busy.Store(false)
	if failed != nil {
		panic(failed.value)
	}
}
