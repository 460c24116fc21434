// Package inproc connects ranks that share a process: goroutines of one program, as in tests, in `tutti train` on one
// machine, and inside a host. A message is copied once, straight from the sender's buffer to the receiver's, by whichever
// of the two arrives second; nothing is queued, so a send waits for its receive.
package inproc

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// NewWorld returns the n ends of a world whose ranks are goroutines of this process. It panics if n < 1.
// Each end implements transport.Exchanger, transport.Poster, transport.Aborter and transport.Placer.
func NewWorld(n int) []transport.Transport {
	if n < 1 {
		panic(fmt.Sprintf("inproc: NewWorld: %d ranks", n))
	}
	w := &world{boxes: make([]box, n*n), ends: make([]*end, n), aborted: make(chan struct{})}
	ts := make([]transport.Transport, n)
	for r := range ts {
		w.ends[r] = &end{w: w, rank: r, closed: make(chan struct{})}
		ts[r] = w.ends[r]
	}
	return ts
}

type world struct {
	boxes []box // boxes[from*n+to]
	ends  []*end

	abort   sync.Once
	aborted chan struct{} // closed when a rank has given up
	by      int           // that rank; set before aborted is closed, like cause
	cause   error
}

// end is one rank's end. Every blocking wait watches five things: its own completion, the context, this end's Close, the
// peer's Close, and the world's abort.
type end struct {
	w      *world
	rank   int
	once   sync.Once
	closed chan struct{}
}

func (e *end) Rank() int { return e.rank }
func (e *end) Size() int { return len(e.w.ends) }

func (e *end) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}

// Abort implements transport.Aborter.
func (e *end) Abort(cause error) {
	e.w.abort.Do(func() {
		e.w.by, e.w.cause = e.rank, cause
		close(e.w.aborted)
	})
}

func (e *end) Send(ctx context.Context, to int, tag transport.Tag, p []byte) error {
	e.check("Send", to)
	if err := e.usable(ctx); err != nil {
		return err
	}
	return e.start(true, to, tag, p).Wait(ctx)
}

func (e *end) Recv(ctx context.Context, from int, tag transport.Tag, p []byte) error {
	e.check("Recv", from)
	if err := e.usable(ctx); err != nil {
		return err
	}
	return e.start(false, from, tag, p).Wait(ctx)
}

// SendRecv implements transport.Exchanger.
func (e *end) SendRecv(ctx context.Context, to int, stag transport.Tag, send []byte, from int, rtag transport.Tag, recv []byte) error {
	e.check("SendRecv", to)
	e.check("SendRecv", from)
	if err := e.usable(ctx); err != nil {
		return err
	}
	r := e.start(false, from, rtag, recv)
	if err := e.start(true, to, stag, send).Wait(ctx); err != nil {
		r.cancel()
		return err
	}
	return r.Wait(ctx)
}

// PostRecv implements transport.Poster.
func (e *end) PostRecv(from int, tag transport.Tag, p []byte) transport.Pending {
	e.check("PostRecv", from)
	return e.start(false, from, tag, p)
}

// Host implements transport.Placer: all ranks are here.
func (e *end) Host(int) string { return "this process" }

// check panics on a rank that cannot be a peer: a programmer's mistake.
func (e *end) check(op string, peer int) {
	if peer == e.rank || peer < 0 || peer >= len(e.w.ends) {
		panic(fmt.Sprintf("inproc: %s: rank %d is no peer of rank %d in a world of %d", op, peer, e.rank, len(e.w.ends)))
	}
}

// usable reports why a call may not even start.
func (e *end) usable(ctx context.Context) error {
	select {
	case <-e.closed:
		return transport.ErrClosed
	case <-e.w.aborted:
		return e.abortError()
	case <-ctx.Done():
		return fmt.Errorf("inproc: rank %d: %w", e.rank, ctx.Err())
	default:
		return nil
	}
}

// Wait waits until w is done, and gives it back. It implements transport.Pending.
func (w *waiter) Wait(ctx context.Context) error {
	e := w.e
	var err error
	select {
	case <-w.done:
		return w.result()
	case <-ctx.Done():
		err = fmt.Errorf("inproc: rank %d waits for rank %d: %w", e.rank, w.peer, ctx.Err())
	case <-e.closed:
		err = transport.ErrClosed
	case <-e.w.aborted:
		err = e.abortError()
	case <-e.w.ends[w.peer].closed:
		err = &transport.PeerLostError{Rank: w.peer, Err: errClosedByPeer}
	}
	if !w.withdraw() { // the peer is copying already: too late to fail
		<-w.done
		return w.result()
	}
	w.release()
	return err
}

// cancel withdraws w, whatever has become of it.
func (w *waiter) cancel() {
	if !w.withdraw() {
		<-w.done
	}
	w.release()
}

var errClosedByPeer = errors.New("it closed its transport")

// abortError is what this rank is told about the rank that gave up.
func (e *end) abortError() error {
	if e.w.by == e.rank {
		return e.w.cause
	}
	culprit, text, mismatch := transport.AbortCause(e.w.by, e.w.cause)
	return transport.AbortedError(e.rank, e.w.by, culprit, text, mismatch)
}

func (w *world) box(from, to int) *box { return &w.boxes[from*len(w.ends)+to] }
