package inproc

import (
	"slices"
	"sync"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// box is where the messages from one rank to one other meet: senders and receivers wait in it, oldest first. Of one tag
// there are never both.
type box struct {
	mu           sync.Mutex
	sends, recvs []*waiter
	free         []*waiter // to use again
}

// waiter is one half of a message, waiting for the other.
type waiter struct {
	tag  transport.Tag
	send bool
	p    []byte
	got  int           // length of the message sent; valid once done
	done chan struct{} // receives one value when the copy has been made

	e    *end // whose half this is
	b    *box // where it waits
	peer int
}

// release gives w back to its box.
func (w *waiter) release() {
	w.p = nil
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	w.b.free = append(w.b.free, w)
}

// waiter returns one to use. b.mu is held.
func (b *box) waiter() *waiter {
	n := len(b.free)
	if n == 0 {
		return &waiter{b: b, done: make(chan struct{}, 1)}
	}
	w := b.free[n-1]
	b.free = b.free[:n-1]
	return w
}

// result releases w, which is done, and says how it went.
func (w *waiter) result() error {
	send, got, want, tag, rank, peer := w.send, w.got, len(w.p), w.tag, w.e.rank, w.peer
	w.release()
	if !send && got != want {
		return &transport.SizeError{From: peer, To: rank, Tag: tag, Got: got, Want: want}
	}
	return nil
}

// start puts e's half of a message to or from peer into their box. If the other half is there it makes the copy and both
// are done.
func (e *end) start(send bool, peer int, tag transport.Tag, p []byte) *waiter {
	b := e.w.box(peer, e.rank)
	if send {
		b = e.w.box(e.rank, peer)
	}
	mine, theirs := &b.recvs, &b.sends
	if send {
		mine, theirs = theirs, mine
	}
	b.mu.Lock()
	w := b.waiter()
	w.e, w.peer, w.tag, w.send, w.p, w.got = e, peer, tag, send, p, 0
	i := slices.IndexFunc(*theirs, func(o *waiter) bool { return o.tag == tag })
	if i < 0 {
		*mine = append(*mine, w)
		b.mu.Unlock()
		return w
	}
	o := (*theirs)[i]
	*theirs = slices.Delete(*theirs, i, i+1)
	b.mu.Unlock()
	src, dst := o, w
	if send {
		src, dst = w, o
	}
	copy(dst.p, src.p)
	dst.got = len(src.p)
	o.done <- struct{}{}
	w.done <- struct{}{}
	return w
}

// withdraw takes w out of its box. It returns false if w's other half has come: then w is done, or about to be.
func (w *waiter) withdraw() bool {
	b := w.b
	queue := &b.recvs
	if w.send {
		queue = &b.sends
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(*queue, w)
	if i < 0 {
		return false
	}
	*queue = slices.Delete(*queue, i, i+1)
	return true
}
