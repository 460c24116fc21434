package collectives

import (
	"context"
	"errors"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// inlineMax is how many bytes of data may travel in one message with the header that opens a call.
const inlineMax = 16 << 10

// segmentMax is the length in bytes of a piece that travels as one message: long enough that a message's fixed cost does
// not count, short enough to be added while it is still in the cache.
const segmentMax = 256 << 10

// segments returns into how many pieces a part of at most longest bytes is cut.
func segments(longest int) int { return max(1, (longest+segmentMax-1)/segmentMax) }

// opening is the memory of the message that opens a call.
type opening struct {
	out, in [headerLen + inlineMax]byte
}

// part returns the bytes of buf that are rank r's.
func (c *call) part(r int) []byte {
	if c.offsets != nil {
		return c.buf[c.offsets[r]:c.offsets[r+1]]
	}
	w := c.dtype.Size()
	lo, hi := Slice(len(c.buf)/w, c.size, r)
	return c.buf[lo*w : hi*w]
}

// segment returns piece j of the m pieces, as equal as elements allow, that part p is cut into.
func (c *call) segment(p []byte, j, m int) []byte {
	w := c.dtype.Size()
	lo, hi := Slice(len(p)/w, m, j)
	return p[lo*w : hi*w]
}

// maxPart returns the length in bytes of the longest part.
func (c *call) maxPart() int {
	longest := 0
	for r := range c.size {
		longest = max(longest, len(c.part(r)))
	}
	return longest
}

// inlines reports whether the first exchange, of parts of at most longest bytes, travels with the header. All ranks
// decide alike.
func (c *call) inlines(longest int) bool { return !c.agreed && longest <= inlineMax }

// agree compares this call with the neighbours' if that has not been done.
func (c *call) agree() error {
	if c.agreed {
		return nil
	}
	if err := c.open(nil, nil); err != nil {
		return err
	}
	return c.opened(nil)
}

// open sends the header, and with it send, to the right neighbour, and begins to receive the left one's; opened must
// follow. If the ranks do not all agree on the call, then going round the ring there is one whose left neighbour
// differs: that one sees it, and tells everybody.
func (c *call) open(send, recv []byte) error {
	g := c.g
	out, in := g.opening.out[:headerLen+len(send)], g.opening.in[:headerLen+len(recv)] // run has put the header into out
	copy(out[headerLen:], send)
	tag := g.id<<idShift | openTag
	if g.poster != nil {
		g.opens = g.poster.PostRecv(c.abs(c.left()), tag, in)
		return g.t.Send(c.ctx, c.abs(c.right()), tag, out)
	}
	g.openErr = c.exchangeTag(tag, c.right(), out, c.left(), in)
	return nil
}

// opened ends what open began: it waits for the left neighbour's header, compares, and copies what came with it to recv.
func (c *call) opened(recv []byte) error {
	g := c.g
	err := g.openErr
	if g.opens != nil {
		err = g.opens.Wait(c.ctx)
		g.opens = nil
	}
	in := g.opening.in[:headerLen+len(recv)]
	if err != nil && !isSizeError(err) { // of an opening of another length, the header says why
		return err
	}
	if differs := c.compare(c.abs(c.left()), in[:headerLen]); differs != nil {
		return differs
	}
	if err != nil {
		return err
	}
	copy(recv, in[headerLen:])
	c.agreed = true
	return nil
}

func (c *call) send(to int, p []byte) error   { return c.g.t.Send(c.ctx, c.abs(to), c.tag, p) }
func (c *call) recv(from int, p []byte) error { return c.g.t.Recv(c.ctx, c.abs(from), c.tag, p) }

// post begins to receive p from rank from as number i of the receives in flight, if the transport can.
func (c *call) post(i, from int, p []byte) {
	g := c.g
	if g.poster == nil {
		return
	}
	for len(g.posted) <= i {
		g.posted = append(g.posted, nil)
	}
	g.posted[i] = g.poster.PostRecv(c.abs(from), c.tag, p)
}

// wait ends the receive that post began.
func (c *call) wait(i int) error {
	p := c.g.posted[i]
	c.g.posted[i] = nil
	return p.Wait(c.ctx)
}

// abandon withdraws every receive in flight, so that nothing writes to the caller's memory after an error.
func (g *Group) abandon() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if g.opens != nil {
		_ = g.opens.Wait(ctx) // the group is broken already, by an earlier error
		g.opens = nil
	}
	for i, p := range g.posted {
		if p != nil {
			_ = p.Wait(ctx)
			g.posted[i] = nil
		}
	}
}

// exchange sends and receives at once, for transports that cannot post.
func (c *call) exchange(to int, send []byte, from int, recv []byte) error {
	return c.exchangeTag(c.tag, to, send, from, recv)
}

func (c *call) exchangeTag(tag transport.Tag, to int, send []byte, from int, recv []byte) error {
	to, from = c.abs(to), c.abs(from)
	if c.g.xch != nil {
		return c.g.xch.SendRecv(c.ctx, to, tag, send, from, tag, recv)
	}
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	sent := make(chan error, 1)
	go func() {
		err := c.g.t.Send(ctx, to, tag, send)
		if err != nil {
			cancel() // nothing to wait for any more
		}
		sent <- err
	}()
	rerr := c.g.t.Recv(ctx, from, tag, recv)
	if rerr != nil && !isSizeError(rerr) {
		cancel()
	}
	serr := <-sent
	if serr != nil && (rerr == nil || errors.Is(rerr, context.Canceled)) {
		return serr
	}
	return rerr
}

// pass makes total exchanges: out(i) goes to rank to while in(i) comes from rank from, then done(i). Two receives are in
// flight, so in(i) may be the same memory as in(i-2) but not as in(i-1). Data longer than longest bytes do not occur.
// out(i) is asked for when done(i-1) has returned.
func (c *call) pass(to, from, total, longest int, out, in func(i int) []byte, done func(i int)) error {
	g, i := c.g, 0
	if to == c.right() && from == c.left() && c.inlines(longest) {
		first := in(0)
		if err := c.open(out(0), first); err != nil {
			return err
		}
		if total > 1 {
			c.post(1, from, in(1))
		}
		if err := c.opened(first); err != nil {
			return err
		}
		done(0)
		i = 1
		if total > 2 {
			c.post(0, from, in(2))
		}
	} else {
		c.post(0, from, in(0))
		if total > 1 {
			c.post(1, from, in(1))
		}
		if err := c.agree(); err != nil {
			return err
		}
	}
	for ; i < total; i++ {
		if g.poster == nil {
			if err := c.exchange(to, out(i), from, in(i)); err != nil {
				return err
			}
			done(i)
			continue
		}
		if err := c.send(to, out(i)); err != nil {
			return err
		}
		if err := c.wait(i % 2); err != nil {
			return err
		}
		done(i)
		if i+2 < total {
			c.post(i%2, from, in(i+2))
		}
	}
	return nil
}

// take receives p from rank from, as number i of the receives in flight if the transport can post.
func (c *call) take(i, from int, p []byte) error {
	if c.g.poster == nil {
		return c.recv(from, p)
	}
	return c.wait(i)
}

// postAll begins to receive in(r) from every other rank r as one round of an all-to-all; round is 0 or 1, so that two
// rounds may be in flight. With inline the left neighbour's part is left to open.
func (c *call) postAll(round int, inline bool, in func(r int) []byte) {
	for r := range c.size {
		if r != c.rank && !(inline && r == c.left()) {
			c.post(round*c.size+r, r, in(r))
		}
	}
}

// swapAll sends out(r) to every other rank r and waits for what postAll of the same round has begun. Everybody starts
// with the right neighbour, so that no rank is everyone's target at once. Nobody sends on before it knows that its left
// neighbour agrees: a rank that does something else may never receive, and then nobody would look at the header.
func (c *call) swapAll(round int, inline bool, out, in func(r int) []byte) error {
	if inline {
		if err := c.open(out(c.right()), in(c.left())); err != nil {
			return err
		}
		if err := c.opened(in(c.left())); err != nil {
			return err
		}
	} else if err := c.agree(); err != nil {
		return err
	}
	first := 1
	if inline {
		first = 2
	}
	for s := first; s < c.size; s++ {
		to, from := (c.rank+s)%c.size, (c.rank-s+c.size)%c.size
		if c.g.poster == nil {
			if err := c.exchange(to, out(to), from, in(from)); err != nil {
				return err
			}
		} else if err := c.send(to, out(to)); err != nil {
			return err
		}
	}
	for s := first; s < c.size && c.g.poster != nil; s++ {
		if err := c.wait(round*c.size + (c.rank-s+c.size)%c.size); err != nil {
			return err
		}
	}
	return nil
}

func isSizeError(err error) bool {
	var size *transport.SizeError
	return errors.As(err, &size)
}
