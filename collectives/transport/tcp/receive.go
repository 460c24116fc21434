package tcp

import (
	"context"
	"fmt"
	"slices"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// receive is a posted receive. It goes from its peer's posted list to the reader, who fills it, and is done; or it is
// withdrawn on the way.
type receive struct {
	p    *peer
	tag  transport.Tag
	buf  []byte
	got  int // length of the message that came
	err  error
	done chan struct{} // receives one value when got and err are set and nobody touches buf any more

	active    bool // the reader is filling buf; guarded by p.mu, like
	withdrawn bool // the reader shall stop
}

// message is one that came before it was asked for.
type message struct {
	tag transport.Tag
	buf []byte
}

// post takes a message that is already there, or stands in line for one.
func (p *peer) post(tag transport.Tag, buf []byte) *receive {
	p.mu.Lock()
	defer p.mu.Unlock()
	var r *receive
	if n := len(p.spare); n > 0 {
		r, p.spare = p.spare[n-1], p.spare[:n-1]
	} else {
		r = &receive{p: p, done: make(chan struct{}, 1)}
	}
	r.tag, r.buf = tag, buf
	if i := slices.IndexFunc(p.queue, func(m message) bool { return m.tag == tag }); i >= 0 {
		m := p.queue[i]
		p.queue = slices.Delete(p.queue, i, i+1)
		p.deliver(r, m)
		return r
	}
	if p.gone != nil {
		r.finish(0, p.gone)
		return r
	}
	p.posted = append(p.posted, r)
	p.wanted.Add(1)
	p.signalRoom() // the reader may have stopped before just this message
	return r
}

// deliver copies m to r and frees its memory. p.mu is held.
func (p *peer) deliver(r *receive, m message) {
	copy(r.buf, m.buf)
	r.finish(len(m.buf), nil)
	p.queued -= len(m.buf)
	p.recycle(m.buf)
	p.signalRoom()
}

func (r *receive) finish(got int, err error) {
	r.got, r.err, r.active = got, err, false
	r.done <- struct{}{}
}

// Wait implements transport.Pending.
func (r *receive) Wait(ctx context.Context) error {
	t := r.p.t
	var err error
	select {
	case <-r.done:
		return r.result()
	case <-t.failed:
		err = t.err
	case <-t.closed:
		err = transport.ErrClosed
	case <-ctx.Done():
		err = fmt.Errorf("tcp: rank %d waits for rank %d: %w", t.c.Rank, r.p.rank, ctx.Err())
	}
	if r.withdraw() {
		r.release()
		return err
	}
	return r.result()
}

// cancel withdraws r, whatever has become of it.
func (r *receive) cancel() {
	r.withdraw()
	r.release()
}

// withdraw makes sure that nobody touches r any more. It returns false if r has been filled meanwhile.
func (r *receive) withdraw() bool {
	p := r.p
	p.mu.Lock()
	if i := slices.Index(p.posted, r); i >= 0 {
		p.posted = slices.Delete(p.posted, i, i+1)
		p.wanted.Add(-1)
		p.mu.Unlock()
		return true
	}
	if r.active {
		r.withdrawn = true
		p.interruptRead()
	}
	p.mu.Unlock()
	<-r.done
	return r.err == errWithdrawn
}

// result releases r, which is done, and says how it went.
func (r *receive) result() error {
	err := r.err
	if err == errEnded {
		err = r.p.t.endError()
	}
	if err == nil && r.got != len(r.buf) {
		err = &transport.SizeError{From: r.p.rank, To: r.p.t.c.Rank, Tag: r.tag, Got: r.got, Want: len(r.buf)}
	}
	r.release()
	return err
}

func (r *receive) release() {
	p := r.p
	p.mu.Lock()
	defer p.mu.Unlock()
	*r = receive{p: p, done: r.done}
	p.spare = append(p.spare, r)
}
