package collectives

import (
	"context"
	"fmt"
	"sync"
)

// queue runs a group's operations one after another. Each gets a number, from 1, in the order of the calls; as they
// also end in that order, one counter says which are done, and a Handle needs no memory of its own.
//
// A blocking operation that finds nobody before it runs on its caller's goroutine. All others wait in line for the
// group's worker, a goroutine that the first asynchronous operation starts and Close ends.
type queue struct {
	mu       sync.Mutex
	line     []call // asked for, not begun: line[head:]
	head     int
	issued   uint64 // operations asked for
	done     uint64 // operations that have ended
	bad      uint64 // the first of them that failed; 0: none
	busy     bool   // an operation runs
	blocking bool   // a caller waits in a blocking operation
	waiters  []*waiter
	spare    []*waiter // to use again

	wake    chan struct{} // tells the worker to look again
	working bool          // there is a worker
	closing bool          // it shall end
	worker  sync.WaitGroup
}

// waiter is somebody who waits until operation n has ended.
type waiter struct {
	n    uint64
	done chan struct{} // receives one value
}

// Handle stands for an asynchronous operation. Its zero value stands for none, which is done.
type Handle struct {
	g *Group
	n uint64
}

// Wait returns when the operation has ended, with its error, or when ctx ends, with ctx's; in the latter case the
// operation goes on and the buffer remains in use. It may be called any number of times, by any goroutine.
func (h Handle) Wait(ctx context.Context) error {
	if h.g == nil {
		return nil
	}
	return h.g.queue.wait(ctx, h.g, h.n)
}

// Done reports whether the operation has ended, well or badly.
func (h Handle) Done() bool {
	if h.g == nil {
		return true
	}
	h.g.queue.mu.Lock()
	defer h.g.queue.mu.Unlock()
	return h.g.queue.done >= h.n
}

// run does one operation and returns when it has ended.
func (g *Group) run(ctx context.Context, c call) error {
	q := &g.queue
	q.mu.Lock()
	if q.blocking {
		q.mu.Unlock()
		panic(fmt.Sprintf("collectives: %v: another operation runs on this group: rank %d", c.kind, g.rank))
	}
	if q.busy || len(q.line) > 0 {
		q.blocking = true
		h := q.append(ctx, g, c)
		q.mu.Unlock()
		err := h.Wait(context.Background()) // the operation itself respects ctx
		q.mu.Lock()
		q.blocking = false
		q.mu.Unlock()
		return err
	}
	q.issued++
	q.busy, q.blocking = true, true
	q.mu.Unlock()
	defer func() { // also if the caller's own function panics
		q.mu.Lock()
		q.blocking = false
		q.mu.Unlock()
	}()
	return q.execute(ctx, g, c)
}

// start puts an operation in line.
func (g *Group) start(ctx context.Context, c call) Handle {
	q := &g.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.append(ctx, g, c)
}

// append puts an operation in line, and sees to it that there is a worker. q.mu is held.
func (q *queue) append(ctx context.Context, g *Group, c call) Handle {
	q.issued++
	h := Handle{g, q.issued}
	if err := g.Err(); !q.busy && len(q.line) == 0 && (err != nil || g.size == 1) {
		q.end(err)
		return h
	}
	if q.head > 0 && len(q.line) == cap(q.line) { // use the room in front before growing
		n := copy(q.line, q.line[q.head:])
		clear(q.line[n:])
		q.line, q.head = q.line[:n], 0
	}
	c.ctx = ctx
	q.line = append(q.line, c)
	if !q.working {
		q.working = true
		q.worker.Go(func() { q.work(g) })
	}
	q.nudge()
	return h
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// work is the worker.
func (q *queue) work(g *Group) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case len(q.line) == 0 && q.closing:
			q.working = false
			return
		case len(q.line) == 0 || q.busy:
			q.mu.Unlock()
			<-q.wake
			q.mu.Lock()
		default:
			c := q.line[q.head]
			q.line[q.head] = call{}
			if q.head++; q.head == len(q.line) {
				q.line, q.head = q.line[:0], 0
			}
			q.busy = true
			q.mu.Unlock()
			_ = q.execute(c.ctx, g, c) // whoever waits is told
			q.mu.Lock()
		}
	}
}

// execute runs one operation, which has q.busy, and counts it.
func (q *queue) execute(ctx context.Context, g *Group, c call) (err error) {
	defer func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.busy = false
		q.end(err)
		if len(q.line) > 0 {
			q.nudge()
		}
	}()
	return g.perform(ctx, c)
}

// end counts an operation that has ended, and tells those who wait for it. q.mu is held.
func (q *queue) end(err error) {
	q.done++
	if err != nil && q.bad == 0 {
		q.bad = q.done
	}
	waiting := q.waiters[:0]
	for _, w := range q.waiters {
		if w.n <= q.done {
			w.done <- struct{}{}
		} else {
			waiting = append(waiting, w)
		}
	}
	q.waiters = waiting
}

// wait waits for operation n.
func (q *queue) wait(ctx context.Context, g *Group, n uint64) error {
	q.mu.Lock()
	if q.done >= n {
		defer q.mu.Unlock()
		return q.result(g, n)
	}
	var w *waiter
	if k := len(q.spare); k > 0 {
		w, q.spare = q.spare[k-1], q.spare[:k-1]
	} else {
		w = &waiter{done: make(chan struct{}, 1)}
	}
	w.n = n
	q.waiters = append(q.waiters, w)
	q.mu.Unlock()
	select {
	case <-w.done:
		q.mu.Lock()
		defer q.mu.Unlock()
		q.spare = append(q.spare, w)
		return q.result(g, n)
	case <-ctx.Done():
		q.mu.Lock()
		defer q.mu.Unlock()
		for i, o := range q.waiters {
			if o == w {
				q.waiters = append(q.waiters[:i], q.waiters[i+1:]...)
				q.spare = append(q.spare, w)
				return fmt.Errorf("collectives: rank %d waits for operation %d: %w", g.rank, n, context.Cause(ctx))
			}
		}
		<-w.done // it ended in the same moment
		q.spare = append(q.spare, w)
		return q.result(g, n)
	}
}

// result says how operation n, which has ended, went. q.mu is held.
func (q *queue) result(g *Group, n uint64) error {
	if q.bad != 0 && n >= q.bad {
		return g.Err()
	}
	return nil
}

// close makes the operations in progress and in line fail, and waits for the worker. The group is broken already.
func (q *queue) close(why error, g *Group) {
	q.mu.Lock()
	q.closing = true
	if g.limit != nil {
		g.limit.end(why)
		if !q.busy {
			g.limit.stop()
			g.limit = nil
		}
	}
	q.nudge()
	q.mu.Unlock()
	q.worker.Wait()
}

// setLimit keeps the deadline of the operation in progress, or of the next, where close finds it.
func (g *Group) setLimit(d *deadline) {
	g.queue.mu.Lock()
	g.limit = d
	g.queue.mu.Unlock()
}
