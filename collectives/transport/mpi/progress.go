//go:build mpi && cgo && !windows

package mpi

// How operations begin, advance and end. All of it is done by who holds the engine.

import (
	"fmt"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// start begins an operation, or puts it behind those of its stream.
func (w *world) start(o *op) {
	if p := w.broken.Load(); p != nil {
		o.deliver(*p)
		return
	}
	s := o.stream()
	last := w.streams[s]
	w.streams[s] = o
	if last != nil {
		last.next = o
		return
	}
	w.begin(o)
}

// begin makes the first MPI request of an operation.
func (w *world) begin(o *op) {
	if o.stream().peer >= 0 {
		o.a = w.block()
	}
	if o.stream().peer >= 0 && w.gone[o.peer] {
		o.hopeless = time.Now().Add(goodbye)
	}
	o.begun = true
	o.slot = w.slot(slot{op: o})
	w.running++
	if err := w.post(o, o.slot); err != nil {
		w.end(o, err)
	}
}

// look sees what MPI has finished, and moves it on: messages first, then words about ranks that leave, which were sent
// after them. It returns whether there was anything.
func (w *world) look() bool {
	done, err := poll(looks, wake)
	if err != nil {
		w.fail(err)
		return false
	}
	w.done = append(w.done[:0], done...)
	for _, f := range w.done {
		if o := w.slots[f.slot].op; o != nil {
			w.finished(o, f)
		} else {
			w.heard = append(w.heard, f)
		}
	}
	for _, f := range w.heard {
		w.control(f)
	}
	w.heard = w.heard[:0]
	return len(w.done) > 0
}

// finished takes note of a finished request of an operation and makes its next one.
func (w *world) finished(o *op, f finish) {
	complete, err := false, check("MPI", f.error)
	switch {
	case err != nil && o.stream().peer >= 0:
		err = &transport.PeerLostError{Rank: o.peer, Err: err}
	case err == nil && f.cancelled != 0:
		err = errCancel
	case err == nil:
		complete, err = w.advance(o, f)
	}
	if err == nil && !complete {
		err = w.post(o, o.slot)
	}
	if err != nil || complete {
		w.end(o, err)
	}
}

// end gives an operation's result to its caller and its place to the next of its stream. MPI has nothing of it any more.
func (w *world) end(o *op, err error) {
	w.release(o.slot)
	w.running--
	if o.a != nil {
		w.blocks = append(w.blocks, o.a)
	}
	switch {
	case err == nil:
		err = o.sizes(w.rank)
	case o.off > 0 || err == errLeft || err == errFrame:
		w.fail(fmt.Errorf("mpi: rank %d, peer %d: %w", w.rank, o.peer, err)) // what follows in its stream has no beginning
	}
	s, next := o.stream(), o.next
	o.deliver(err)
	for next != nil && next.delivered { // cancelled while it waited
		next = next.next
	}
	if next == nil {
		delete(w.streams, s)
		return
	}
	w.begin(next)
}

// cancel tries to end an operation whose caller wants to leave. MPI can take back a receive for which nothing has come,
// and hardly anything else.
func (w *world) cancel(o *op) {
	switch {
	case o.delivered:
	case !o.begun: // it waits for its turn
		o.held = true
		o.deliver(errCancel)
	case o.kind == opRecv:
		cancelRequest(o.slot)
	}
}

// detach gives a running operation's caller an error, and its memory, at once. MPI may finish with the rest when it likes.
func (w *world) detach(o *op, err error) {
	if o.kind == opRecv && !o.delivered {
		cancelRequest(o.slot)
	}
	o.leave()
	o.held = true
	o.deliver(err)
	for next := o.next; next != nil; {
		last := next
		next = next.next
		last.deliver(err) // and it is its caller's
	}
	if o.next != nil {
		o.next = nil
		w.streams[o.stream()] = o
	}
}

// fail ends everything with err: the operations in progress, and every later call.
func (w *world) fail(err error) {
	w.broken.CompareAndSwap(nil, &err)
	for _, s := range w.slots {
		if s.op != nil {
			w.detach(s.op, err)
		}
	}
}

// giveUp ends the operations whose peers have closed.
func (w *world) giveUp() {
	for _, s := range w.slots {
		if o := s.op; o != nil && !o.delivered && !o.hopeless.IsZero() && time.Now().After(o.hopeless) {
			w.detach(o, &transport.PeerLostError{Rank: o.peer, Err: errGone})
		}
	}
}

// slot finds room for a request.
func (w *world) slot(s slot) int {
	if len(w.free) == 0 {
		n := max(8, 2*len(w.slots))
		if err := makeSlots(n); err != nil {
			panic(err)
		}
		for i := n - 1; i >= len(w.slots); i-- {
			w.free = append(w.free, i)
		}
		w.slots = append(w.slots, make([]slot, n-len(w.slots))...)
	}
	i := w.free[len(w.free)-1]
	w.free = w.free[:len(w.free)-1]
	w.slots[i] = s
	return i
}

func (w *world) release(i int) {
	w.slots[i] = slot{}
	w.free = append(w.free, i)
}

// block takes a block that is in no use.
func (w *world) block() *block {
	n := len(w.blocks)
	if n == 0 {
		return newBlock(max(headLen+frameLen, controlLen))
	}
	b := w.blocks[n-1]
	w.blocks = w.blocks[:n-1]
	return b
}
