//go:build mpi && cgo && !windows

package mpi

// The methods of the transport: what callers see. They hand in an operation, and drive the engine until it is done.

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

var (
	_ transport.Transport = (*world)(nil)
	_ transport.Exchanger = (*world)(nil)
	_ transport.Poster    = (*world)(nil)
	_ transport.Aborter   = (*world)(nil)
	_ transport.Native    = (*world)(nil)
)

const (
	crowd    = 100                    // looks at an engine that another drives, before the caller sleeps in between
	nap      = 20 * time.Microsecond  // that sleep
	lastWord = 100 * time.Millisecond // how long a caller that must leave waits for MPI to let go in good order
)

// newOp takes an op from those in no use.
func (w *world) newOp(k kind, peer int, src, dst []byte) *op {
	var o *op
	w.mu.Lock()
	if n := len(w.unused); n > 0 {
		o = w.unused[n-1]
		w.unused = w.unused[:n-1]
	} else {
		o = &op{w: w, done: make(chan error, 1)}
	}
	w.mu.Unlock()
	o.kind, o.peer, o.src, o.dst = k, peer, src, dst
	if k != opRecv {
		o.total = max(len(src), len(dst))
	}
	return o
}

// reuse gives back an op that nobody else knows of any more.
func (w *world) reuse(o *op) {
	done := o.done
	*o = op{w: w, done: done} // the mutex is free
	w.mu.Lock()
	w.unused = append(w.unused, o)
	w.mu.Unlock()
}

func (w *world) Rank() int { return w.rank }
func (w *world) Size() int { return w.size }

// Send implements transport.Transport.
func (w *world) Send(ctx context.Context, to int, tag transport.Tag, p []byte) error {
	w.check("Send", to)
	o := w.newOp(opSend, to, p, nil)
	o.tag = tag
	return w.do(ctx, o)
}

// Recv implements transport.Transport.
func (w *world) Recv(ctx context.Context, from int, tag transport.Tag, p []byte) error {
	w.check("Recv", from)
	o := w.newOp(opRecv, from, nil, p)
	o.tag = tag
	return w.do(ctx, o)
}

// SendRecv implements transport.Exchanger.
func (w *world) SendRecv(ctx context.Context, to int, stag transport.Tag, send []byte, from int, rtag transport.Tag, recv []byte) error {
	w.check("SendRecv", to)
	w.check("SendRecv", from)
	if err := w.usable(ctx); err != nil {
		return err
	}
	r, s := w.newOp(opRecv, from, nil, recv), w.newOp(opSend, to, send, nil)
	r.tag, s.tag = rtag, stag
	if err := w.submit(r); err != nil {
		return err
	}
	if err := w.submit(s); err != nil {
		w.drop(r)
		return err
	}
	if err := w.wait(ctx, s); err != nil {
		w.drop(r)
		return err
	}
	return w.wait(ctx, r)
}

// PostRecv implements transport.Poster.
func (w *world) PostRecv(from int, tag transport.Tag, p []byte) transport.Pending {
	w.check("PostRecv", from)
	o := w.newOp(opRecv, from, nil, p)
	o.tag = tag
	err := w.usable(context.Background())
	if err == nil {
		err = w.submit(o)
	}
	if err != nil {
		o.deliver(err)
	} else if w.engine.TryLock() { // MPI shall know of it before it comes
		w.take()
		w.engine.Unlock()
	}
	return o
}

// Wait implements transport.Pending.
func (o *op) Wait(ctx context.Context) error { return o.w.wait(ctx, o) }

// AllReduce implements transport.Native.
func (w *world) AllReduce(ctx context.Context, buf []byte, d transport.DType, op transport.Op) error {
	o := w.newOp(opAllReduce, 0, buf, buf)
	o.dtype, o.red = d, op
	return w.do(ctx, o)
}

// Reduce implements transport.Native.
func (w *world) Reduce(ctx context.Context, dst, src []byte, d transport.DType, op transport.Op, root int) error {
	o := w.newOp(opReduce, root, src, nil)
	if w.rank == root {
		o.dst = dst
	}
	o.dtype, o.red = d, op
	return w.do(ctx, o)
}

// Broadcast implements transport.Native.
func (w *world) Broadcast(ctx context.Context, buf []byte, root int) error {
	o := w.newOp(opBroadcast, root, nil, buf)
	return w.do(ctx, o)
}

// Barrier implements transport.Native.
func (w *world) Barrier(ctx context.Context) error { return w.do(ctx, w.newOp(opBarrier, 0, nil, nil)) }

// Abort implements transport.Aborter.
func (w *world) Abort(cause error) {
	if w.closed.Load() || !w.told.CompareAndSwap(false, true) {
		return
	}
	w.mu.Lock()
	w.abort = cause
	w.mu.Unlock()
	w.ring()
	select {
	case <-w.aborted:
	case <-w.ended:
	case <-time.After(time.Second):
	}
}

// check panics on a rank that cannot be a peer: a programmer's mistake.
func (w *world) check(call string, peer int) {
	if peer == w.rank || peer < 0 || peer >= w.size {
		panic(fmt.Sprintf("mpi: %s: rank %d is no peer of rank %d in a world of %d", call, peer, w.rank, w.size))
	}
}

// usable reports why a call may not even start.
func (w *world) usable(ctx context.Context) error {
	if w.closed.Load() {
		return transport.ErrClosed
	}
	if p := w.broken.Load(); p != nil {
		return *p
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("mpi: rank %d: %w", w.rank, err)
	}
	return nil
}

func (w *world) do(ctx context.Context, o *op) error {
	if err := w.usable(ctx); err != nil {
		return err
	}
	o.limit, _ = ctx.Deadline()
	if err := w.submit(o); err != nil {
		return err
	}
	return w.wait(ctx, o)
}

// wait waits for an operation that was submitted, and gives its op back.
func (w *world) wait(ctx context.Context, o *op) error {
	for i := 0; !o.over.Load() && ctx.Err() == nil; i++ {
		w.drive(i)
	}
	if o.over.Load() {
		err := <-o.done
		if !o.held {
			w.reuse(o)
		}
		return err
	}
	kind, peer := o.kind, o.peer
	if err := w.drop(o); err != errCancel {
		return err
	}
	if kind > opRecv {
		return fmt.Errorf("mpi: rank %d, a collective: %w", w.rank, ctx.Err())
	}
	return fmt.Errorf("mpi: rank %d waits for rank %d: %w", w.rank, peer, ctx.Err())
}

// drop ends an operation whose caller must leave, and returns its result: errCancel unless it had come to another. When
// it returns nobody but the caller has the caller's memory. The op is not used again.
func (w *world) drop(o *op) error {
	w.mu.Lock()
	w.unwant = append(w.unwant, o)
	w.mu.Unlock()
	wake.set()
	for i, end := 0, time.Now().Add(lastWord); time.Now().Before(end); i++ {
		if o.over.Load() {
			return <-o.done
		}
		w.drive(i)
	}
	o.leave()
	return errCancel
}

// drive lets MPI work, as turn i of a caller who waits, or waits a little while another does that.
func (w *world) drive(i int) {
	if w.engine.TryLock() {
		w.turn(i)
		w.engine.Unlock()
		return
	}
	if i < crowd {
		runtime.Gosched()
	} else {
		time.Sleep(nap)
	}
}
