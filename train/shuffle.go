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
	nodes    [][]node // of each rank
	mine     int      // this rank's number
	from, to int      // the slice of the weights this rank owns
	stepper  optim.Stepper

	send, recv             []float32
	sendCounts, recvCounts []int
	weightCounts           []int
	held                   map[node][]float32 // views of recv: every rank's partial sums of this rank's slice, with the tail
}

func newShuffle(p *params) syncer {
	size := p.group.Size()
	s := &shuffle{params: p, mine: p.group.Rank(), nodes: make([][]node, size), held: map[node][]float32{}}
	s.from, s.to = collectives.Slice(len(p.weights), size, s.mine)
	s.stepper = p.optimizer.New(s.to - s.from)
	sent, received := 0, 0
	for rank := range size {
		lo, hi := collectives.Slice(p.partitions, size, rank)
		s.nodes[rank] = cut(p.partitions, lo, hi)
		from, to := collectives.Slice(len(p.weights), size, rank)
		s.weightCounts = append(s.weightCounts, to-from)
	}
	for rank := range size {
		s.sendCounts = append(s.sendCounts, len(s.nodes[s.mine])*(s.weightCounts[rank]+tailLen))
		s.recvCounts = append(s.recvCounts, len(s.nodes[rank])*(s.to-s.from+tailLen))
		sent += s.sendCounts[rank]
		received += s.recvCounts[rank]
	}
	s.send, s.recv = make([]float32, sent), make([]float32, received)
	rest := s.recv
	for rank := range size {
		for _, n := range s.nodes[rank] {
			length := s.to - s.from + tailLen
			s.held[n], rest = rest[:length:length], rest[length:]
		}
	}
	return s
}

func (s *shuffle) step(ctx context.Context, grads [][]float32, lr float64, proceed func([]float32) bool) error {
	s.pack(grads)
	if err := collectives.AllToAllV(ctx, s.group, s.send, s.sendCounts, s.recv, s.recvCounts); err != nil {
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

// pack sums each of this rank's subtrees and lays the slices out rank after rank, each followed by the tail.
func (s *shuffle) pack(grads [][]float32) {
	sums := make([][]float32, 0, 8)
	for _, n := range s.nodes[s.mine] {
		sums = append(sums, sumTree(n, leaves(grads, s.lo), addTo))
	}
	rest, from := s.send, 0
	for _, count := range s.weightCounts {
		for _, sum := range sums {
			rest = rest[copy(rest, sum[from:from+count]):]
			rest = rest[copy(rest, sum[len(s.weights):]):]
		}
		from += count
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
