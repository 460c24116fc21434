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
	// Timeout bounds each operation, in addition to its context. Default 30 s; negative means no bound. It must
	// exceed the longest time by which one rank can be behind another, as a rank waits for the slowest in each
	// operation; or let those operations wait Patiently.
	Timeout time.Duration
	// Costs, if set, is what Auto chooses by: what Tune has measured before, say, so that this run chooses as that one did.
	Costs Costs
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
// Operations run one after another, in the order in which they are called. A blocking one returns when it is done; an
// asynchronous one (AllReduceAsync and its like) returns a Handle at once and may be followed by others. Two blocking
// operations at a time on the same Group panic, as nothing would say which comes first. Send, Recv and SendRecv are apart:
// any number of them may run beside each other and beside an operation.
//
// After an operation has failed the group is broken, as the ranks may no longer be at the same point: every later
// operation returns the same error. Close may be called at any time.
type Group struct {
	*world
	alg     Algorithm
	timeout time.Duration
	id      transport.Tag // tells the groups of one world apart; 0 for all its ranks
	ranks   []int         // the members' ranks in the world; nil: all
	costs   Costs

	rank, size int

	queue queue // what has been asked for and not been done

	// The operation in progress has these for itself.
	seq     uint64 // operations begun
	call    call   // kept here, not allocated anew
	opening opening
	opens   transport.Pending   // the receive that open has begun
	openErr error               // what open has met, where the transport cannot post
	posted  []transport.Pending // the receives in flight, by number
	work    []byte              // scratch memory, grown as needed
	inner   call                // a call among some members, within the operation
	bounds  []int               // inner's parts
	limit   *deadline           // written under queue.mu, for Close

	lanes   []chan struct{} // of Send, then of Recv, by member: full while one is under way
	lanesMu sync.Mutex

	placeOnce sync.Once
	placed    *placement

	self mailbox

	err    atomic.Pointer[error] // why the group is broken
	down   chan struct{}         // closed when that is set
	closed sync.Once
	cerr   error
}

// world is what the groups made from one transport share.
type world struct {
	t      transport.Transport
	poster transport.Poster    // nil if t is none
	xch    transport.Exchanger // nil if t is none
	native transport.Native    // nil if t is none

	hosts  []int // each rank's host, by the lowest rank on it; nil if not known
	shares bool  // the ranks of a host talk through shared memory

	mu     sync.Mutex
	nextID transport.Tag // of the next group, as far as this rank knows
}

// New makes a Group of all the ranks of t, which it owns from then on: nobody else may send or receive through t, and
// closing the group closes it. New does not communicate.
func New(t transport.Transport, c Config) (*Group, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	w := &world{t: t, hosts: hostsOf(t), nextID: 1}
	w.poster, _ = t.(transport.Poster)
	w.xch, _ = t.(transport.Exchanger)
	w.native, _ = t.(transport.Native)
	if s, ok := t.(transport.Sharer); ok {
		w.shares = s.SharesMemory()
	}
	if c.Algorithm == Native && w.native == nil {
		return nil, fmt.Errorf("collectives: Config.Algorithm: native, but %T has no collectives of its own", t)
	}
	g := &Group{world: w, alg: c.Algorithm, timeout: c.Timeout, costs: c.Costs, rank: t.Rank(), size: t.Size()}
	if g.timeout == 0 {
		g.timeout = DefaultTimeout
	}
	g.init()
	return g, nil
}

// init makes what every group has of its own.
func (g *Group) init() {
	g.lanes = make([]chan struct{}, 2*g.size)
	g.queue.wake = make(chan struct{}, 1)
	g.self.arrived, g.down = make(chan struct{}, 1), make(chan struct{})
}

// abs returns member r's rank in the world, by which errors name it and the transport knows it.
func (g *Group) abs(r int) int {
	if g.ranks == nil {
		return r
	}
	return g.ranks[r]
}

// Rank returns this process's number in the group, from 0.
func (g *Group) Rank() int { return g.rank }

// Size returns the number of ranks.
func (g *Group) Size() int { return g.size }

// Transport returns what carries g's messages, as New got it, for who wants to know more of it than a group tells. Only the
// group sends and receives through it.
func (g *Group) Transport() transport.Transport { return g.t }

// Err returns the error that broke the group, or nil while it is whole.
func (g *Group) Err() error {
	if p := g.err.Load(); p != nil {
		return *p
	}
	return nil
}

// Close ends the group. Operations in progress or in line return ErrClosed; later ones do too, unless the group was
// broken before. Closing the group that New made closes the transport, and with it the groups that Split made of it;
// closing one of those leaves the others as they are, if no operation is in progress on it. Close is idempotent.
func (g *Group) Close() error {
	g.closed.Do(func() {
		g.fail(fmt.Errorf("collectives: rank %d: %w", g.rank, ErrClosed))
		if g.id == 0 {
			g.cerr = g.t.Close()
		}
		g.queue.close(ErrClosed, g)
	})
	return g.cerr
}

// fail breaks the group. The first error stays.
func (g *Group) fail(err error) error {
	if g.err.CompareAndSwap(nil, &err) {
		close(g.down)
		return err
	}
	return g.Err()
}

// perform does an operation: it checks that the ranks agree on it, lets it do its work, and breaks the group if either
// fails.
func (g *Group) perform(ctx context.Context, c call) error {
	if err := g.Err(); err != nil {
		return err
	}
	g.seq++
	if g.size == 1 {
		return nil // all operations of one rank are done before they begin
	}
	c.g, c.seq, c.alg = g, g.seq, g.choose(c.kind, len(c.buf))
	c.rank, c.size, c.ranks = g.rank, g.size, g.ranks
	c.header(g.opening.out[:])
	c.tag = g.id<<idShift | digest(g.opening.out[:])<<2
	g.setLimit(g.limit.within(ctx, g.bound(ctx)))
	c.ctx = g.limit
	g.call = c
	err := g.call.do(&g.call)
	if err != nil {
		return g.broken(err)
	}
	g.setLimit(g.limit.rest())
	g.call.release()
	return nil
}

// broken breaks the group because the operation in progress has failed with err, and tells the others.
func (g *Group) broken(err error) error {
	g.abandon()
	g.limit.stop()
	g.setLimit(nil)
	err = fmt.Errorf("collectives: rank %d of %d: %v #%d: %w", g.rank, g.size, g.call.kind, g.call.seq, explained(err))
	g.call.release()
	return g.spread(err)
}

// spread breaks the group and tells the others why.
func (g *Group) spread(err error) error {
	first := g.fail(err)
	if a, ok := g.t.(transport.Aborter); ok && !errors.Is(first, ErrClosed) {
		a.Abort(first)
	}
	return first
}

// explained makes a deadline that has passed an ErrTimeout.
func explained(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return err
}

// scratch returns n bytes of memory that lasts until the next call of scratch, 64-bit aligned.
func (g *Group) scratch(n int) []byte {
	if cap(g.work) < n {
		g.work = bytesOf(make([]uint64, (n+7)/8))
	}
	return g.work[:n]
}
