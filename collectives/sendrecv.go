package collectives

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/tutti-ml/tutti/collectives/transport"
)

// Send sends buf to rank to, which must Recv as many elements of the same type. It returns when buf may be reused,
// which may be before the other has received it, or not before: two ranks that Send to each other before they Recv may
// wait for each other for ever; SendRecv is for that. Messages from one rank to another arrive in the order of the
// Sends.
//
// A rank may Send to itself: the message is copied and kept until this rank Recvs it, so that Send returns at once. MPI
// promises no such room and lets a blocking send to oneself wait for ever; here it costs the memory of what is not
// received.
//
// Send, Recv and SendRecv take no part in the order of the group's operations. They may be called from many goroutines
// at once; Sends to one rank, and Recvs from one, then go one after another, in no particular order. An error breaks
// the group. They panic if the rank is none of the group's.
func Send[T Elem](ctx context.Context, g *Group, buf []T, to int) error {
	g.checkPeer("Send", to)
	return g.message(ctx, "Send", func(ctx context.Context) error { return g.sendTo(ctx, to, dtypeOf[T](), bytesOf(buf)) })
}

// Recv fills buf with what rank from Sends to this one, which must be as many elements of the same type: otherwise the
// error is ErrMismatch, with both lengths or types. A Recv from this rank itself waits for a Send of another goroutine,
// if none came before it. See Send.
func Recv[T Elem](ctx context.Context, g *Group, buf []T, from int) error {
	g.checkPeer("Recv", from)
	return g.message(ctx, "Recv", func(ctx context.Context) error { return g.recvFrom(ctx, from, dtypeOf[T](), bytesOf(buf)) })
}

// SendRecv does a Send and a Recv at the same time. send and recv must not overlap. To and from this rank itself it is
// a copy. See Send.
func SendRecv[T Elem](ctx context.Context, g *Group, send []T, to int, recv []T, from int) error {
	g.checkPeer("SendRecv", to)
	g.checkPeer("SendRecv", from)
	return g.message(ctx, "SendRecv", func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var serr error
		var wg sync.WaitGroup
		wg.Go(func() {
			if serr = g.sendTo(ctx, to, dtypeOf[T](), bytesOf(send)); serr != nil {
				cancel()
			}
		})
		rerr := g.recvFrom(ctx, from, dtypeOf[T](), bytesOf(recv))
		if rerr != nil {
			cancel()
		}
		wg.Wait()
		if rerr != nil && (serr == nil || ctx.Err() == nil) {
			return rerr
		}
		return serr
	})
}

// message runs one of the above under the group's time limit, and breaks the group if it fails.
func (g *Group) message(ctx context.Context, what string, body func(context.Context) error) error {
	if err := g.Err(); err != nil {
		return err
	}
	if limit := g.bound(ctx); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	if err := body(ctx); err != nil {
		return g.spread(fmt.Errorf("collectives: rank %d of %d: %s: %w", g.rank, g.size, what, explained(err)))
	}
	return nil
}

// A message is preceded by a header, little-endian, in a message of its own: magic u32, type u32, elements u64.
const messageHeaderLen = 16

const messageMagic = 0x54555054 // "TUPT"

func messageHeader(d transport.DType, n int) [messageHeaderLen]byte {
	var h [messageHeaderLen]byte
	le := binary.LittleEndian
	le.PutUint32(h[:], messageMagic)
	le.PutUint32(h[4:], uint32(d))
	le.PutUint64(h[8:], uint64(n))
	return h
}

func (g *Group) sendTo(ctx context.Context, to int, d transport.DType, p []byte) error {
	if to == g.rank {
		g.self.put(kept{d, bytes.Clone(p)})
		return nil
	}
	release, err := g.lane(ctx, to)
	if err != nil {
		return err
	}
	defer release()
	h := messageHeader(d, len(p)/d.Size())
	tag := g.id<<idShift | sendTag
	if err := g.t.Send(ctx, g.abs(to), tag, h[:]); err != nil {
		return err
	}
	return g.t.Send(ctx, g.abs(to), tag+1, p)
}

func (g *Group) recvFrom(ctx context.Context, from int, d transport.DType, p []byte) error {
	release, err := g.lane(ctx, g.size+from)
	if err != nil {
		return err
	}
	defer release()
	differ := func(what string, theirs, ours any) error {
		return fmt.Errorf("%w: %s: %v on rank %d, %v on rank %d", ErrMismatch, what, theirs, g.abs(from), ours, g.abs(g.rank))
	}
	if from == g.rank {
		m, err := g.self.take(ctx, g)
		switch {
		case err != nil:
			return err
		case m.dtype != d:
			return differ("element type", m.dtype, d)
		case len(m.data) != len(p):
			return differ("length", len(m.data)/d.Size(), len(p)/d.Size())
		}
		copy(p, m.data)
		return nil
	}
	var h [messageHeaderLen]byte
	tag := g.id<<idShift | sendTag
	if err := g.t.Recv(ctx, g.abs(from), tag, h[:]); err != nil {
		return err
	}
	le := binary.LittleEndian
	switch theirs, n := transport.DType(le.Uint32(h[4:])), le.Uint64(h[8:]); {
	case le.Uint32(h[:]) != messageMagic:
		return differ("protocol", fmt.Sprintf("%#x", le.Uint32(h[:])), fmt.Sprintf("%#x", messageMagic))
	case theirs != d:
		return differ("element type", theirs, d)
	case n != uint64(len(p)/d.Size()):
		return differ("length", n, len(p)/d.Size())
	}
	return g.t.Recv(ctx, g.abs(from), tag+1, p)
}

// lane waits until nobody else is on lane i, and returns how to leave it.
func (g *Group) lane(ctx context.Context, i int) (leave func(), err error) {
	g.lanesMu.Lock()
	if g.lanes[i] == nil {
		g.lanes[i] = make(chan struct{}, 1)
	}
	lane := g.lanes[i]
	g.lanesMu.Unlock()
	select {
	case lane <- struct{}{}:
		return func() { <-lane }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("another message is on its way: %w", ctx.Err())
	}
}

func (g *Group) checkPeer(op string, r int) {
	if r < 0 || r >= g.size {
		panic(fmt.Sprintf("collectives: %s: rank %d of a group of %d", op, r, g.size))
	}
}

// kept is a message of this rank to itself.
type kept struct {
	dtype transport.DType
	data  []byte
}

// mailbox holds the messages of a rank to itself until they are received.
type mailbox struct {
	mu      sync.Mutex
	mail    []kept
	arrived chan struct{} // capacity 1
}

func (b *mailbox) put(m kept) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mail = append(b.mail, m)
	select {
	case b.arrived <- struct{}{}:
	default:
	}
}

// take waits for the first message. It has the lane of Recv for itself.
func (b *mailbox) take(ctx context.Context, g *Group) (kept, error) {
	for {
		b.mu.Lock()
		if len(b.mail) > 0 {
			defer b.mu.Unlock()
			m := b.mail[0]
			b.mail[0] = kept{}
			b.mail = b.mail[1:]
			return m, nil
		}
		b.mu.Unlock()
		select {
		case <-b.arrived:
		case <-g.down:
			return kept{}, g.Err()
		case <-ctx.Done():
			return kept{}, ctx.Err()
		}
	}
}
