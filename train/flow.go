package train

import (
	"context"

	"github.com/tutti-ml/tutti/collectives"
)

// inFlight is how many bytes of others' partial sums a rank holds under [Sharded] where the weights take more: tests set
// it.
var inFlight = 32 << 20

// A flow is how [Sharded] brings long buckets to their owners: piece by piece, each of at most so many elements of
// every slice. While one is on its way the one before is summed, so that a rank holds two and not the whole vector once
// more. The sums have the same bits, for their order is that of the partitions.
type flow[T float] struct {
	s      *sharded[T]
	pieces [][]shuffled[T] // of each bucket
	done   chan struct{}   // closed when the bucket that was sent last is summed; nil: none was sent
	err    error           // the first
}

// newFlow gives nil where the vector is short, or a rank sends more than one partial sum of it.
func newFlow[T float](s *sharded[T]) *flow[T] {
	size, width := s.group.Size(), dtypeOf[T]().Size()
	if size == 1 || len(s.weights)*width <= inFlight {
		return nil
	}
	for rank := range size {
		lo, hi := collectives.Slice(s.partitions, size, rank)
		if len(cut(s.partitions, lo, hi)) > 1 {
			return nil
		}
	}
	length := max(1, inFlight/(2*size*width))
	var rooms [2][]T
	for i := range rooms {
		rooms[i] = make([]T, size*length)
	}
	t := &flow[T]{s: s, pieces: make([][]shuffled[T], len(s.spans))}
	for i, b := range s.spans {
		within := func(i int) int { return lead + min(max(i, b.lo), b.hi) }
		longest := 0
		for rank := range size {
			longest = max(longest, within(s.bounds[rank+1])-within(s.bounds[rank]))
		}
		for at := 0; at < longest; at += length {
			part := func(rank int) (lo, hi int) {
				lo, hi = within(s.bounds[rank]), within(s.bounds[rank+1])
				return min(lo+at, hi), min(lo+at+length, hi)
			}
			t.pieces[i] = append(t.pieces[i], s.exchange(part, rooms[len(t.pieces[i])%2]))
		}
	}
	return t
}

// send begins to bring bucket i, behind those that were sent before it.
func (t *flow[T]) send(ctx context.Context, i int) {
	before, done := t.done, make(chan struct{})
	t.done = done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		if t.err == nil {
			t.err = t.bring(ctx, i)
		}
	}()
}

// bring brings bucket i, and sums it.
func (t *flow[T]) bring(ctx context.Context, i int) error {
	if i == len(t.pieces)-1 {
		collectives.AllToAllAsync(ctx, t.s.group, t.s.totals.send, t.s.totals.recv)
	}
	pieces := t.pieces[i]
	var before collectives.Handle
	for k := range pieces {
		h := t.s.shuffle(ctx, &pieces[k])
		if k > 0 {
			if err := before.Wait(ctx); err != nil {
				return err
			}
			t.s.add(&pieces[k-1])
		}
		before = h
	}
	if err := before.Wait(ctx); err != nil {
		return err
	}
	t.s.add(&pieces[len(pieces)-1])
	return nil
}

// wait waits for all buckets. It gives the first error, and forgets it: the step has failed.
func (t *flow[T]) wait() error {
	<-t.done
	err := t.err
	t.err = nil
	return err
}
