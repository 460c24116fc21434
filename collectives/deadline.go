package collectives

import (
	"context"
	"sync"
	"time"
)

// deadline is a context with a time limit that can be used again, for the next operation, while it has not run out: where
// context.WithTimeout would allocate for every operation, this one allocates when the caller's context changes.
type deadline struct {
	context.Context // the operation's; another value of the same cancellation may take its place

	limit  time.Time
	timer  *time.Timer
	detach func() bool // stops listening to the caller's context

	mu   sync.Mutex
	done chan struct{}
	err  error
}

// patience is the key of what Patiently puts into a context.
type patience struct{}

// Patiently returns ctx for operations that may wait for the others as long as it takes, whatever Config.Timeout
// says: where a rank writes a file while the others have nothing to do, say. ctx itself still bounds them, and a rank
// that is lost is still an error: over TCP, unix sockets and shared memory heartbeats tell, within a process its
// leaving does, and under MPI the launcher. All ranks of an operation must wait so, or those that do not may run into
// their timeout.
func Patiently(ctx context.Context) context.Context { return context.WithValue(ctx, patience{}, true) }

// bound gives the time limit of an operation under ctx, negative for none.
func (g *Group) bound(ctx context.Context) time.Duration {
	if ctx.Value(patience{}) != nil {
		return -1
	}
	return g.timeout
}

// within returns a context for an operation under parent that may take as long as limit, or any time if limit is
// negative. d, a previous result or nil, will be reused if it fits.
func (d *deadline) within(parent context.Context, limit time.Duration) *deadline {
	if d != nil && d.Context.Done() == parent.Done() && d.Err() == nil {
		d.Context = parent
		d.begin(limit)
		return d
	}
	if d != nil {
		d.stop()
	}
	n := &deadline{Context: parent, done: make(chan struct{})}
	n.detach = context.AfterFunc(parent, func() { n.end(parent.Err()) })
	n.begin(limit)
	return n
}

func (d *deadline) begin(limit time.Duration) {
	switch {
	case limit < 0:
		d.limit = time.Time{}
	case d.timer == nil:
		d.limit = time.Now().Add(limit)
		d.timer = time.AfterFunc(limit, func() { d.end(context.DeadlineExceeded) })
	default:
		d.limit = time.Now().Add(limit)
		d.timer.Reset(limit)
	}
}

// rest stops the clock until the next operation. It returns nil if the time ran out in the last moment.
func (d *deadline) rest() *deadline {
	if d.timer != nil && !d.limit.IsZero() && !d.timer.Stop() {
		d.detach()
		return nil
	}
	return d
}

// stop ends the use of d.
func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.detach()
}

func (d *deadline) end(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = err
		close(d.done)
	}
}

// Deadline implements context.Context.
func (d *deadline) Deadline() (time.Time, bool) {
	t, ok := d.Context.Deadline()
	if d.limit.IsZero() || ok && t.Before(d.limit) {
		return t, ok
	}
	return d.limit, true
}

// Done implements context.Context.
func (d *deadline) Done() <-chan struct{} { return d.done }

// Err implements context.Context.
func (d *deadline) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}
