package collectives

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// The errors a caller may act on, as package transport defines them. Every error of this package that comes from another
// rank wraps one of them.
var (
	ErrPeerLost = transport.ErrPeerLost
	ErrClosed   = transport.ErrClosed
	ErrMismatch = transport.ErrMismatch
	ErrTimeout  = transport.ErrTimeout
)

// PeerLostError names the rank that was lost.
type PeerLostError = transport.PeerLostError

// Config says how a Group works. Its zero value is ready to use. It must be the same on every rank.
type Config struct {
	// Algorithm is how reductions and gathers are done. Default Auto.
	Algorithm Algorithm
	// Timeout bounds each operation, in addition to its context. Default 30 s; negative means no bound. It must exceed
	// the longest time by which one rank can be behind another, as a rank waits for the slowest in each operation.
	Timeout time.Duration
}

// DefaultTimeout bounds an operation whose Config does not.
const DefaultTimeout = 30 * time.Second

// Validate returns an error naming the first field whose value cannot be used.
func (c Config) Validate() error {
	if int(c.Algorithm) >= len(algorithmNames) {
		return fmt.Errorf("collectives: Config.Algorithm: %d is none of the %d known algorithms", c.Algorithm, len(algorithmNames))
	}
	return nil
}

// Group is one rank's membership in a set of ranks that run the same collective operations in the same order. The
// operations are functions of this package that take a Group.
//
// One operation runs at a time: calling an operation while another runs on the same Group panics. After an operation has
// failed the group is broken, as the ranks may no longer be at the same point: every later operation returns the same
// error. Close may be called at any time.
type Group struct {
	t       transport.Transport
	poster  transport.Poster    // nil if t is none
	xch     transport.Exchanger // nil if t is none
	native  transport.Native    // nil if t is none
	alg     Algorithm
	timeout time.Duration

	rank, size  int
	left, right int // the neighbours in the ring of all ranks

	busy    sync.Mutex // held by the operation in progress; the fields below are the operation's
	seq     uint64     // operations begun
	call    call       // kept here, not allocated anew
	opening opening
	opens   transport.Pending   // the receive that open has begun
	openErr error               // what open has met, where the transport cannot post
	posted  []transport.Pending // the receives in flight, by number
	limit   *deadline
	work    []byte // scratch memory, grown as needed

	err    atomic.Pointer[error] // why the group is broken
	closed sync.Once
	cerr   error
}

// New makes a Group of all the ranks of t, which it owns from then on: nobody else may send or receive through t, and
// closing the group closes it. New does not communicate.
func New(t transport.Transport, c Config) (*Group, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	g := &Group{t: t, alg: c.Algorithm, timeout: c.Timeout}
	g.rank, g.size = t.Rank(), t.Size()
	g.left, g.right = (g.rank+g.size-1)%g.size, (g.rank+1)%g.size
	g.poster, _ = t.(transport.Poster)
	g.xch, _ = t.(transport.Exchanger)
	g.native, _ = t.(transport.Native)
	if g.timeout == 0 {
		g.timeout = DefaultTimeout
	}
	if g.alg == Native && g.native == nil {
		return nil, fmt.Errorf("collectives: Config.Algorithm: native, but %T has no collectives of its own", t)
	}
	return g, nil
}

// Rank returns this process's number in the group, from 0.
func (g *Group) Rank() int { return g.rank }

// Size returns the number of ranks.
func (g *Group) Size() int { return g.size }

// Err returns the error that broke the group, or nil while it is whole.
func (g *Group) Err() error {
	if p := g.err.Load(); p != nil {
		return *p
	}
	return nil
}

// Close closes the transport. An operation in progress returns ErrClosed; later ones do too, unless the group was broken
// before. Close is idempotent.
func (g *Group) Close() error {
	g.closed.Do(func() {
		g.fail(fmt.Errorf("collectives: rank %d: %w", g.Rank(), ErrClosed))
		g.cerr = g.t.Close()
		if g.busy.TryLock() {
			defer g.busy.Unlock()
			if g.limit != nil {
				g.limit.detach()
				g.limit = nil
			}
		}
	})
	return g.cerr
}

// fail breaks the group. The first error stays.
func (g *Group) fail(err error) error {
	if g.err.CompareAndSwap(nil, &err) {
		return err
	}
	return g.Err()
}

// run does one operation: it checks that the ranks agree on it, runs body, and breaks the group if either fails.
func (g *Group) run(ctx context.Context, c call, body func(*call) error) error {
	if !g.busy.TryLock() {
		panic(fmt.Sprintf("collectives: %v: another operation runs on this group: rank %d", c.kind, g.Rank()))
	}
	defer g.busy.Unlock()
	if err := g.Err(); err != nil {
		return err
	}
	g.seq++
	if g.size == 1 {
		return nil // all operations of one rank are done before they begin
	}
	c.g, c.seq, c.alg = g, g.seq, g.Choice(len(c.buf))
	c.header(g.opening.out[:])
	c.tag = digest(g.opening.out[:]) << 2
	c.ctx = ctx
	if g.timeout > 0 {
		g.limit = g.limit.within(ctx, g.timeout)
		c.ctx = g.limit
	}
	g.call = c
	err := body(&g.call)
	if g.limit != nil {
		g.limit = g.limit.rest()
	}
	if err == nil {
		g.call.buf, g.call.ctx = nil, nil // not ours to keep
		return nil
	}
	return g.broken(err)
}

// broken breaks the group because the operation in progress has failed with err, and tells the others.
func (g *Group) broken(err error) error {
	g.abandon()
	if g.limit != nil {
		g.limit.detach()
		g.limit = nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	err = fmt.Errorf("collectives: rank %d of %d: %v #%d: %w", g.rank, g.size, g.call.kind, g.call.seq, err)
	g.call.buf, g.call.ctx = nil, nil
	first := g.fail(err)
	if a, ok := g.t.(transport.Aborter); ok && !errors.Is(first, ErrClosed) {
		a.Abort(first)
	}
	return first
}

// scratch returns n bytes of memory that lasts until the next call of scratch, 64-bit aligned.
func (g *Group) scratch(n int) []byte {
	if cap(g.work) < n {
		g.work = bytesOf(make([]uint64, (n+7)/8))
	}
	return g.work[:n]
}
