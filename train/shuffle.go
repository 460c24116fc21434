package train

import (
	"context"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/train/optim"
)

// shuffle is [ShuffleBroadcast]. Rank n of P owns slice n of the weights, and the optimizer's moments of that slice.
//
//	shuffle    every rank sends slice n of its partial sums to rank n (all to all)
//	sum        rank n finishes the fixed tree over the partitions, for its slice
//	update     rank n steps the optimizer on its slice
//	broadcast  every rank fetches the P−1 slices it does not own
//
// A rank sends one partial sum for each of the largest subtrees inside its run of partitions: exactly one if the number
// of partitions is P times a power of two, at most 2·log2 of its run otherwise. The bytes it sends are then, as for
// [Ring], 2·S·(P−1)/P for S bytes of weights, in two rounds.
type shuffle struct {
	*params
	nodes    []node // the subtrees this rank can sum
	mine     int    // this rank's number
	from, to int    // the slice of the weights this rank owns
	stepper  optim.Stepper

	send, recv [][]float32        // to and from each rank: for each partial sum the slice, then the tail
	held       map[node][]float32 // views of recv: every rank's partial sums of this rank's slice
}

func newShuffle(p *params) syncer {
	size := p.group.Size()
	s := &shuffle{params: p, mine: p.group.Rank(), held: map[node][]float32{}}
	s.from, s.to = collectives.Slice(len(p.weights), size, s.mine)
	s.stepper = p.optimizer.New(s.to - s.from)
	s.nodes = cut(p.partitions, p.lo, p.hi)
	for rank := range size {
		from, to := collectives.Slice(len(p.weights), size, rank)
		s.send = append(s.send, make([]float32, len(s.nodes)*(to-from+tailLen)))

		lo, hi := collectives.Slice(p.partitions, size, rank)
		theirs, length := cut(p.partitions, lo, hi), s.to-s.from+tailLen
		recv := make([]float32, len(theirs)*length)
		for i, n := range theirs {
			s.held[n] = recv[i*length : (i+1)*length]
		}
		s.recv = append(s.recv, recv)
	}
	return s
}

func (s *shuffle) step(ctx context.Context, grads [][]float32, lr float64, proceed func([]float32) bool) error {
	s.pack(grads)
	if err := collectives.AllToAll(ctx, s.group, s.send, s.recv); err != nil {
		return err
	}
	sum := sumTree(node{0, s.partitions}, func(n node) []float32 { return s.held[n] }, addTo)
	own := s.to - s.from
	if !proceed(sum[own:]) {
		return nil
	}
	s.stepper.Step(s.weights[s.from:s.to], sum[:own], lr)
	return collectives.AllGather(ctx, s.group, s.weights)
}

// pack sums each of this rank's subtrees and deals out their slices, each followed by the tail.
func (s *shuffle) pack(grads [][]float32) {
	for i, n := range s.nodes {
		sum := sumTree(n, leaves(grads, s.lo), addTo)
		for rank, send := range s.send {
			from, to := collectives.Slice(len(s.weights), len(s.send), rank)
			length := to - from + tailLen
			rest := send[i*length : (i+1)*length]
			copy(rest[copy(rest, sum[from:to]):], sum[len(s.weights):])
		}
	}
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

func addTo(dst, x []float32) { vec.Add(dst, dst, x) }
