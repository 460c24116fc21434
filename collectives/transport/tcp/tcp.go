// Package tcp connects ranks, every one with every other: by TCP, or, on one host, by shared memory or unix sockets, which
// then carry the same frames. Peers prove to each other that they know the job's
// secret before anything they send is read; every frame is numbered and checksummed; heartbeats find peers that are
// frozen or cut off; and a rank that loses a peer tells all the others which, before it lets go of them.
//
// One goroutine per peer reads, straight into the buffer of a waiting receive if there is one; whoever sends, writes.
// Messages that come before they are asked for are kept, up to Config.Buffer bytes a peer; then that peer is not read
// from until a receive makes room, so its sends wait.
//
// The first error is the end: one rank lost, a corrupt frame, or a Send cancelled in the middle of a frame fails the
// whole transport, on all ranks. Bytes are neither encrypted nor sealed, unless Config.TLS says so.
package tcp

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Transport is one rank's end. It implements transport.Transport, Exchanger, Poster, Aborter, Placer and Sharer.
type Transport struct {
	c     *Config
	peers []*peer // by rank; nil for oneself
	hosts []string

	failing sync.Mutex
	err     error         // why the transport has failed; set before failed is closed
	doomed  chan struct{} // closed when err is set
	failed  chan struct{} // closed when the others have been told: now calls may return
	closed  chan struct{} // closed by Close
	once    sync.Once

	wg sync.WaitGroup // readers, beaters and the monitor
}

func newTransport(c *Config) *Transport {
	return &Transport{c: c, peers: make([]*peer, c.Size),
		doomed: make(chan struct{}), failed: make(chan struct{}), closed: make(chan struct{})}
}

// start sets the peers to work on conns, by rank.
func (t *Transport) start(conns []net.Conn) {
	spin, budget := t.c.spinTime(conns), newShmBudget(max(2, t.neighbours()))
	for r, conn := range conns {
		if conn != nil {
			t.peers[r] = newPeer(t, r, conn, spin, budget)
		}
	}
	for _, p := range t.others() {
		t.wg.Go(p.read)
		if p.watched {
			t.wg.Go(p.beat)
		}
	}
	t.wg.Go(t.monitor)
}

// others returns the peers that exist.
func (t *Transport) others() []*peer {
	ps := make([]*peer, 0, len(t.peers))
	for _, p := range t.peers {
		if p != nil {
			ps = append(ps, p)
		}
	}
	return ps
}

// Rank implements transport.Transport.
func (t *Transport) Rank() int { return t.c.Rank }

// Size implements transport.Transport.
func (t *Transport) Size() int { return t.c.Size }

func (t *Transport) peer(op string, rank int) *peer {
	if rank == t.c.Rank || rank < 0 || rank >= t.c.Size {
		panic(fmt.Sprintf("tcp: %s: rank %d is no peer of rank %d in a world of %d", op, rank, t.c.Rank, t.c.Size))
	}
	return t.peers[rank]
}

// Send implements transport.Transport. It returns when p has been handed to the kernel. If ctx ends while part of p has
// been written, the transport fails.
func (t *Transport) Send(ctx context.Context, to int, tag transport.Tag, p []byte) error {
	return t.peer("Send", to).send(ctx, tag, p)
}

// Recv implements transport.Transport.
func (t *Transport) Recv(ctx context.Context, from int, tag transport.Tag, p []byte) error {
	return t.peer("Recv", from).post(tag, p).Wait(ctx)
}

// PostRecv implements transport.Poster.
func (t *Transport) PostRecv(from int, tag transport.Tag, p []byte) transport.Pending {
	return t.peer("PostRecv", from).post(tag, p)
}

// SendRecv implements transport.Exchanger.
func (t *Transport) SendRecv(ctx context.Context, to int, stag transport.Tag, send []byte, from int, rtag transport.Tag, recv []byte) error {
	sender := t.peer("SendRecv", to)
	r := t.peer("SendRecv", from).post(rtag, recv)
	if err := sender.send(ctx, stag, send); err != nil {
		r.cancel()
		return err
	}
	return r.Wait(ctx)
}

// usable reports why a call cannot be made.
func (t *Transport) usable(ctx context.Context) error {
	select {
	case <-t.failed:
		return t.err
	case <-t.closed:
		return transport.ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("tcp: rank %d: %w", t.c.Rank, ctx.Err())
	default:
		return nil
	}
}

// endError says why the transport has ended. It has, or is about to: a reader that finds a frame corrupt lets go of the receive
// first.
func (t *Transport) endError() error {
	select {
	case <-t.doomed:
		return t.err
	case <-t.closed:
	}
	select {
	case <-t.doomed:
		return t.err
	default:
		return transport.ErrClosed
	}
}

// Abort implements transport.Aborter.
func (t *Transport) Abort(cause error) { t.fail(cause) }

// abortTimeout bounds how long a rank that fails waits to get the word out; drainTimeout how long it then waits for the
// others to end their side, so that no reset overtakes the word on its way.
const (
	abortTimeout = 300 * time.Millisecond
	drainTimeout = time.Second
)

// fail ends the transport because of err. The first call tells the other ranks who is the culprit, then lets the waiting
// calls go; the others return at once.
func (t *Transport) fail(err error) {
	t.failing.Lock()
	if t.err != nil {
		t.failing.Unlock()
		return
	}
	t.err = err
	close(t.doomed)
	t.failing.Unlock()

	var a abort
	a.culprit, a.text, a.mismatch = transport.AbortCause(t.c.Rank, err)
	payload := a.marshal()
	var wg sync.WaitGroup
	for _, p := range t.others() {
		wg.Go(func() { p.sendLast(frameAbort, payload) })
	}
	wg.Wait()
	close(t.failed)
	for _, p := range t.others() {
		p.interruptRead() // the readers find the transport failed, and drain
	}
}

// Close says goodbye to the peers and returns when all this rank has sent is in the kernel's hands and the goroutines
// have ended; it waits up to a second for peers to take note. It implements transport.Transport.
func (t *Transport) Close() error {
	t.once.Do(func() {
		close(t.closed)
		var wg sync.WaitGroup
		for _, p := range t.others() {
			wg.Go(func() {
				select {
				case <-t.doomed: // the last word has been said
				default:
					p.sendLast(frameBye, nil)
				}
				p.interruptRead()
			})
		}
		wg.Wait()
	})
	t.wg.Wait()
	return nil
}
