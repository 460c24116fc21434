// Package faulty makes any transport misbehave on purpose: messages delayed, lost or cut short, links that go dead. It is
// for tests, which show with it that nothing hangs and that every failure is an error with a name.
package faulty

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Plan says what goes wrong on one rank. Its zero value is a transport that works. What is random is drawn from Seed, in
// the order in which this rank sends.
type Plan struct {
	Seed uint64
	// Delay is the longest time by which a message is held back before it is sent, drawn evenly from [0, Delay].
	Delay time.Duration
	// Drop is the probability that a message sent is lost: the sender is told that all went well.
	Drop float64
	// TruncateAfter > 0 cuts the message with which the total sent would pass that many bytes: the first half is sent.
	TruncateAfter int
	// CutAfter > 0 cuts the cable when that many bytes have been sent: from then on nothing is sent or received, and
	// calls wait until their context ends or the transport is closed.
	CutAfter int
	// CloseAfter > 0 closes the transport instead, without a word to the caller's own layers.
	CloseAfter int
}

// Transport is a transport that follows a Plan. It offers none of the optional interfaces but Aborter, and that only
// while the cable is whole.
type Transport struct {
	inner transport.Transport
	plan  Plan

	mu   sync.Mutex
	rng  *rand.Rand
	sent int
	cut  bool

	once   sync.Once
	closed chan struct{}
}

// Wrap returns a transport that passes through to inner what p lets through. Closing it closes inner.
func Wrap(inner transport.Transport, p Plan) *Transport {
	return &Transport{inner: inner, plan: p, rng: rand.New(rand.NewPCG(p.Seed, 0)), closed: make(chan struct{})}
}

// Rank implements transport.Transport.
func (t *Transport) Rank() int { return t.inner.Rank() }

// Size implements transport.Transport.
func (t *Transport) Size() int { return t.inner.Size() }

// fate is what happens to one message.
type fate struct {
	delay                      time.Duration
	drop, truncate, cut, close bool
}

// draw decides the fate of a message of n bytes.
func (t *Transport) draw(n int) fate {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.sent
	t.sent += n
	passes := func(limit int) bool { return limit > 0 && before <= limit && t.sent > limit }
	f := fate{
		delay:    time.Duration(t.rng.Float64() * float64(t.plan.Delay)),
		drop:     t.rng.Float64() < t.plan.Drop,
		truncate: passes(t.plan.TruncateAfter),
		close:    passes(t.plan.CloseAfter),
	}
	t.cut = t.cut || passes(t.plan.CutAfter)
	f.cut = t.cut
	return f
}

// Send implements transport.Transport.
func (t *Transport) Send(ctx context.Context, to int, tag transport.Tag, p []byte) error {
	f := t.draw(len(p))
	if f.cut {
		return t.dead(ctx)
	}
	if f.close {
		t.Close()
	}
	if f.delay > 0 {
		timer := time.NewTimer(f.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return fmt.Errorf("faulty: rank %d: %w", t.Rank(), ctx.Err())
		}
	}
	if f.drop {
		return nil
	}
	if f.truncate {
		p = p[:len(p)/2]
	}
	return t.inner.Send(ctx, to, tag, p)
}

// Recv implements transport.Transport.
func (t *Transport) Recv(ctx context.Context, from int, tag transport.Tag, p []byte) error {
	if t.isCut() {
		return t.dead(ctx)
	}
	return t.inner.Recv(ctx, from, tag, p)
}

func (t *Transport) isCut() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cut
}

// dead waits as one waits on a cable that has been cut.
func (t *Transport) dead(ctx context.Context) error {
	select {
	case <-t.closed:
		return transport.ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("faulty: rank %d: cable cut: %w", t.Rank(), ctx.Err())
	}
}

// Abort implements transport.Aborter: it passes the word on if inner can and the cable is whole.
func (t *Transport) Abort(cause error) {
	if a, ok := t.inner.(transport.Aborter); ok && !t.isCut() {
		a.Abort(cause)
	}
}

// Close implements transport.Transport.
func (t *Transport) Close() error {
	t.once.Do(func() { close(t.closed) })
	return t.inner.Close()
}
