package train

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/train/optim"
)

// sharded is [Sharded]. Rank n of P owns slice n of the weights, and the optimizer's moments of that slice: as many blocks
// (blocks.go) as any other, or one more.
//
//	shuffle    every rank sends slice n of its partial sums to rank n (all to all, for each bucket what it has of the
//	           slices)
//	sum        rank n finishes the fixed tree over the partitions, for its slice
//	update     rank n steps the optimizer on its slice
//	broadcast  every rank fetches the P−1 slices it does not own
//	commit     all of it becomes the weights
//
// The sum takes the place of the slice's own gradient, and the new weights come together in the first partition's
// gradient vector, which is free by then, so the weights of the step before are there until all have arrived. What
// others send of a long vector is summed a piece at a time: see flow.go.
//
// A rank sends one partial sum for each of the largest subtrees inside its run of partitions: exactly one if the number
// of partitions is P times a power of two, at most 2·log2 of its run otherwise. The bytes it sends are then, as for
// [AllReduce], 2·S·(P−1)/P for S bytes of weights, in two rounds. Compression is for the gradient: weights travel
// whole.
type sharded[T float] struct {
	*shared[T]
	*overlap
	from, to int // the slice of the weights this rank owns
	bounds   []int
	stepper  optim.StepperOf[T]
	layers   *layered[T] // nil: the stepper needs no norms
	squares  *squares[T] // nil: nobody asks for them

	buckets []shuffled[T]
	totals  shuffled[T] // one more exchange: all the sums to everybody
	flow    *flow[T]    // takes the place of buckets where they are long; nil: they are not
	sum     []T         // the gradient of the slice, in its place in the first partition's
	mine    []T         // where the new weights of the slice are made, beside the sum
	total   []T         // the sums, in totals' memory
	last    collectives.Handle
}

// shuffled is one all to all exchange of partial sums.
type shuffled[T float] struct {
	send, recv [][]T        // to and from each rank: a piece of each partial sum
	from, to   int          // the part of the owned slice, in the vector, that recv is about
	held       map[node][]T // views of recv: every rank's partial sums
}

func newSharded[T float](p *shared[T]) dense[T] {
	s := &sharded[T]{shared: p}
	s.overlap = newOverlap(p.set, p.spans, len(p.grads), s.send)
	s.bounds = sliceBounds(len(p.weights), p.group.Size())
	s.from, s.to = s.bounds[p.group.Rank()], s.bounds[p.group.Rank()+1]
	s.stepper = stepperOf[T](p.groups, s.from, s.to)
	s.layers = newLayered(p, s.stepper, s.from, p.group)
	if p.norm {
		s.squares = newSquares[T](len(p.weights), p.group)
	}
	s.sum = s.next()[s.from:s.to]
	s.mine = s.beside()
	s.totals = s.exchange(func(int) (lo, hi int) { return lead - sumsLen, lead }, nil)
	if s.flow = newFlow(s); s.flow != nil {
		return s
	}
	for _, b := range p.spans {
		part := func(r int) (lo, hi int) { // what rank r owns of the bucket
			within := func(i int) int { return lead + min(max(i, b.lo), b.hi) }
			return within(s.bounds[r]), within(s.bounds[r+1])
		}
		s.buckets = append(s.buckets, s.exchange(part, nil))
	}
	return s
}

// beside gives memory of the slice's length, for its new weights: the first partition's gradient of what other ranks
// own, which they have by then. A vector is a little longer than it seems, so that there is as much.
func (s *sharded[T]) beside() []T {
	next, n := s.next(), s.to-s.from
	switch {
	case s.group.Size() == 1: // none are made
		return nil
	case n <= s.from:
		return next[:n]
	case s.to+n <= cap(next):
		return next[s.to : s.to+n]
	}
	return make([]T, n)
}

// exchange makes ready for an exchange in which each rank gets its part of the vectors, elements [lo, hi). What it
// receives goes to room, or to new memory if that is nil.
func (s *sharded[T]) exchange(part func(rank int) (lo, hi int), room []T) shuffled[T] {
	size, mine := s.group.Size(), s.group.Rank()
	x := shuffled[T]{held: map[node][]T{}}
	x.from, x.to = part(mine)
	length := x.to - x.from
	for rank := range size {
		from, to := part(rank)
		if len(s.nodes) == 1 {
			x.send = append(x.send, s.grads[0][from:to]) // where the sum is made
		} else {
			x.send = append(x.send, make([]T, len(s.nodes)*(to-from)))
		}
		lo, hi := collectives.Slice(s.partitions, size, rank)
		theirs := cut(s.partitions, lo, hi)
		var recv []T
		if n := len(theirs) * length; room == nil {
			recv = make([]T, n)
		} else {
			recv, room = room[:n], room[n:]
		}
		for i, n := range theirs {
			x.held[n] = recv[i*length : (i+1)*length]
		}
		x.recv = append(x.recv, recv)
	}
	return x
}

// send begins to bring bucket i to its owners: all its gradients are complete. Before the last, with which the sums go,
// all partitions have been computed.
func (s *sharded[T]) send(ctx context.Context, i int) {
	from, to := lead+s.spans[i].lo, lead+s.spans[i].hi
	last := i == len(s.spans)-1
	if s.flow == nil {
		s.pack(&s.buckets[i], from, to)
	} else {
		s.pack(nil, from, to)
	}
	if last {
		if s.check.found() {
			sumsOf(s.grads[0])[sumInfinite] = 1
		}
		s.pack(&s.totals, lead-sumsLen, lead)
	}
	if s.flow != nil {
		s.flow.send(ctx, i)
		return
	}
	if last {
		collectives.AllToAllAsync(ctx, s.group, s.totals.send, s.totals.recv)
	}
	s.last = s.shuffle(ctx, &s.buckets[i])
}

// shuffle begins an exchange of what is not sums.
func (s *sharded[T]) shuffle(ctx context.Context, x *shuffled[T]) collectives.Handle {
	if s.wire == collectives.Float32Wire {
		return collectives.AllToAllAsync(ctx, s.group, x.send, x.recv)
	}
	send, recv := any(x.send).([][]float32), any(x.recv).([][]float32)
	return collectives.AllToAllCompressedAsync(ctx, s.group, send, recv, s.wire)
}

// pack makes each of this rank's partial sums of elements [from, to) and deals out their pieces.
func (s *sharded[T]) pack(x *shuffled[T], from, to int) {
	for i, n := range s.nodes {
		sum := sumTree(n, s.leaves(from, to), addTo[T])
		if s.feedback != nil && from >= lead {
			s.feedback.apply(float32s(sum), from-lead+i*len(s.weights))
		}
		if from >= lead {
			s.check.look(sum, from-lead)
		}
		if len(s.nodes) == 1 { // it is where it is sent from
			return
		}
		for _, send := range x.send {
			length := len(send) / len(s.nodes)
			copy(send[i*length:(i+1)*length], sum)
			if x != &s.totals {
				sum = sum[length:]
			}
		}
	}
}

// tree ends the tree over all partitions, for what this rank has of the exchange.
func (s *sharded[T]) tree(x *shuffled[T]) []T {
	return sumTree(node{0, s.partitions}, func(n node) []T { return x.held[n] }, addTo[T])
}

// add finishes the sum of what this rank has of the exchange.
func (s *sharded[T]) add(x *shuffled[T]) {
	if x.from < x.to {
		copy(s.sum[x.from-lead-s.from:], s.tree(x))
	}
}

func (s *sharded[T]) finish(ctx context.Context) error {
	s.overlap.rest()
	if s.flow != nil {
		if err := s.flow.wait(); err != nil {
			return err
		}
	} else if err := s.last.Wait(ctx); err != nil { // operations end in order, and with the first error
		return err
	}
	s.total = s.tree(&s.totals)
	return nil
}

func (s *sharded[T]) sums() []T { return s.total }

// measure finishes the gradient of this rank's slice.
func (s *sharded[T]) measure(ctx context.Context, u update) (float64, error) {
	for i := range s.buckets {
		s.add(&s.buckets[i])
	}
	limited(s.sum, u)
	if !u.norm {
		return 0, nil
	}
	return s.squares.sum(ctx, s.sum)
}

// prepare steps this rank's slice and fetches the others'. On one rank there is nothing to fetch: commit does it all.
func (s *sharded[T]) prepare(ctx context.Context, u update) error {
	scaled(s.sum, u.clip)
	if s.group.Size() == 1 {
		return nil
	}
	next, mine := s.next(), s.mine
	copy(mine, s.weights[s.from:s.to])
	if s.layers == nil {
		s.stepper.Step(mine, s.sum, u.rate)
	} else {
		s.layers.begin(mine, s.sum, u.rate)
		if err := s.layers.share(ctx); err != nil {
			return fmt.Errorf("sharing the parameters' norms: %w", err)
		}
		s.layers.finish()
	}
	copy(next[s.from:s.to], mine)
	if err := collectives.AllGatherSlices(ctx, s.group, next, s.bounds); err != nil {
		return fmt.Errorf("fetching the other ranks' weights: %w", err)
	}
	return nil
}

// next is where the new weights come together.
func (s *sharded[T]) next() []T { return s.grads[0][lead:] }

func (s *sharded[T]) commit(u update) {
	if s.group.Size() == 1 {
		stepAlone(s.stepper, s.layers, s.weights, s.sum, u.rate)
		return
	}
	copy(s.weights, s.next())
}

func (s *sharded[T]) pieces() []piece {
	return append(slotPieces(s.stepper, s.slot, len(s.weights), s.from), s.owed()...)
}

func (s *sharded[T]) load(ctx context.Context, from *snapshot) error {
	if err := loadSlots(ctx, s.group, s.stepper, s.slot, s.from, from); err != nil {
		return err
	}
	return s.loadOwed(ctx, from)
}

func (s *sharded[T]) taken() int64 { return s.stepper.State().Steps }
