package train

import (
	"context"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/train/optim"
)

// shuffle is [ShuffleBroadcast]. Rank n of P owns slice n of the weights, and the optimizer's moments of that slice.
//
//	shuffle    every rank sends slice n of its partial sums to rank n (all to all, for each bucket what it has of the slices)
//	sum        rank n finishes the fixed tree over the partitions, for its slice
//	update     rank n steps the optimizer on its slice
//	broadcast  every rank fetches the P−1 slices it does not own
//
// A rank sends one partial sum for each of the largest subtrees inside its run of partitions: exactly one if the number
// of partitions is P times a power of two, at most 2·log2 of its run otherwise. The bytes it sends are then, as for
// [Ring], 2·S·(P−1)/P for S bytes of weights, in two rounds. Compression is for the gradient: weights travel whole.
type shuffle struct {
	*params
	nodes    []node // the subtrees this rank can sum
	from, to int    // the slice of the weights this rank owns
	stepper  optim.Stepper

	buckets []shuffled
	tails   shuffled  // one more exchange: all the tails to everybody
	sum     []float32 // the gradient of the slice
	last    collectives.Handle
}

// shuffled is one all to all exchange of partial sums.
type shuffled struct {
	send, recv [][]float32        // to and from each rank: a piece of each partial sum
	from, to   int                // the part of the owned slice, in the vector, that recv is about
	held       map[node][]float32 // views of recv: every rank's partial sums
}

func newShuffle(p *params) syncer {
	rank := p.group.Rank()
	s := &shuffle{params: p, nodes: cut(p.partitions, p.lo, p.hi)}
	s.from, s.to = collectives.Slice(len(p.weights), p.group.Size(), rank)
	s.stepper = p.groups.stepper(s.from, s.to)
	s.sum = make([]float32, s.to-s.from)
	for _, b := range p.spans {
		part := func(r int) (lo, hi int) { // what rank r owns of the bucket
			lo, hi = collectives.Slice(len(p.weights), p.group.Size(), r)
			within := func(i int) int { return lead + min(max(i, b.lo), b.hi) }
			return within(lo), within(hi)
		}
		s.buckets = append(s.buckets, s.exchange(part))
	}
	s.tails = s.exchange(func(int) (lo, hi int) { return lead - tailLen, lead })
	return s
}

// exchange makes ready for an exchange in which each rank gets its part of the vectors, elements [lo, hi).
func (s *shuffle) exchange(part func(rank int) (lo, hi int)) shuffled {
	size, mine := s.group.Size(), s.group.Rank()
	x := shuffled{held: map[node][]float32{}}
	x.from, x.to = part(mine)
	length := x.to - x.from
	for rank := range size {
		from, to := part(rank)
		if len(s.nodes) == 1 {
			x.send = append(x.send, s.grads[0][from:to]) // where the sum is made
		} else {
			x.send = append(x.send, make([]float32, len(s.nodes)*(to-from)))
		}
		lo, hi := collectives.Slice(s.partitions, size, rank)
		theirs := cut(s.partitions, lo, hi)
		recv := make([]float32, len(theirs)*length)
		for i, n := range theirs {
			x.held[n] = recv[i*length : (i+1)*length]
		}
		x.recv = append(x.recv, recv)
	}
	return x
}

func (s *shuffle) send(ctx context.Context, i int) {
	from, to := lead+s.spans[i].lo, lead+s.spans[i].hi
	s.pack(&s.buckets[i], from, to)
	if i == len(s.spans)-1 {
		if s.check.found() {
			tailOf(s.grads[0])[tailInfinite] = 1
		}
		s.pack(&s.tails, lead-tailLen, lead)
		collectives.AllToAllAsync(ctx, s.group, s.tails.send, s.tails.recv)
	}
	s.last = collectives.AllToAllCompressedAsync(ctx, s.group, s.buckets[i].send, s.buckets[i].recv, s.wire)
}

// pack makes each of this rank's partial sums of elements [from, to) and deals out their pieces.
func (s *shuffle) pack(x *shuffled, from, to int) {
	for i, n := range s.nodes {
		sum := sumTree(n, s.leaves(from, to), addTo)
		if s.feedback != nil && from >= lead {
			s.feedback.apply(sum, from-lead+i*len(s.weights))
		}
		if from >= lead {
			s.check.look(sum, from-lead)
		}
		if len(s.nodes) == 1 {
			return
		}
		for _, send := range x.send {
			length := len(send) / len(s.nodes)
			copy(send[i*length:(i+1)*length], sum)
			if x != &s.tails {
				sum = sum[length:]
			}
		}
	}
}

// finish ends the tree over all partitions, for what this rank has of the exchange.
func (s *shuffle) finish(x *shuffled) []float32 {
	return sumTree(node{0, s.partitions}, func(n node) []float32 { return x.held[n] }, addTo)
}

func (s *shuffle) step(ctx context.Context, lr float64, proceed func([]float32) (float32, bool)) error {
	if err := s.last.Wait(ctx); err != nil { // operations end in order, and with the first error
		return err
	}
	scale, ok := proceed(s.finish(&s.tails))
	if !ok {
		return nil
	}
	for i := range s.buckets {
		x := &s.buckets[i]
		if x.from == x.to {
			continue
		}
		copy(s.sum[x.from-lead-s.from:], s.finish(x))
	}
	scaled(s.sum, scale)
	s.stepper.Step(s.weights[s.from:s.to], s.sum, lr)
	return collectives.AllGather(ctx, s.group, s.weights)
}

func (s *shuffle) state(ctx context.Context) (*optim.State, error) {
	part := s.stepper.State()
	whole := &optim.State{Steps: part.Steps}
	for _, slot := range part.Slots {
		data := make([]float32, len(s.weights))
		copy(data[s.from:s.to], slot.Data)
		if err := collectives.AllGather(ctx, s.group, data); err != nil {
			return nil, err
		}
		whole.Slots = append(whole.Slots, optim.Slot{Name: slot.Name, Data: data})
	}
	return whole, nil
}

func (s *shuffle) restore(whole *optim.State) error {
	return restoreSlice(s.stepper.State(), whole, s.from, s.to)
}
