package train

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/internal/panics"
	"github.com/tutti-ml/tutti/tensor"
)

// This file predicts for more samples than fit in memory, on many ranks, in order.

// PredictTo predicts for the samples of src from number from on, on all ranks of g together, and gives the results to
// write on rank 0 in the order of the samples, a batch at a time: first is the number of its first sample. write's
// tensor [n, ...] is its to keep. Every rank calls PredictTo with the same model, BatchSize, src and from, and with
// Workers of its own; write is called on rank 0 alone, on its goroutine. A nil group is one rank.
//
// It returns the number of the first sample that was not written, on rank 0: a call with it as from goes on. Where
// batches are cut does not depend on from or the ranks, so neither do the bits. If ctx is done on any rank, or one
// fails, all ranks return an error.
//
// The ranks take Workers batches each, then rank 0 gathers and writes them: that many batches of results of all ranks
// are in rank 0's memory. Bytes sent by a rank: those of its results.
func (p *Predictor) PredictTo(ctx context.Context, g *collectives.Group, src dataset.Source, from int,
	write func(first int, output *tensor.Tensor) error) (next int, err error) {
	if g == nil {
		g = collectives.Alone()
	}
	world := context.WithoutCancel(ctx)
	rounds, err := p.rounds(world, g, src.Len(), from)
	if err != nil {
		return from, err
	}
	if from < 0 || from > src.Len() {
		return from, fmt.Errorf("train: PredictTo: from = %d, want 0 to %d", from, src.Len())
	}
	var failed error
	next = from
	for at := from; at < src.Len(); {
		var mine span
		for r, batches := range rounds {
			end := min(src.Len(), (at/p.o.BatchSize+batches)*p.o.BatchSize)
			if r == g.Rank() {
				mine = span{at, end}
			}
			at = end
		}
		var parts []*tensor.Tensor
		if failed == nil {
			parts, failed = p.batches(ctx, src, mine.lo, mine.hi)
		}
		if parts, err = toRank0(world, g, parts, failed); err != nil {
			return next, err
		}
		for _, x := range parts {
			if failed = callWrite(write, next, x); failed != nil {
				break // the others hear of it in the next round
			}
			next += x.Dim(0)
		}
	}
	return next, share(world, g, failed)
}

// rounds gives how many batches each rank takes before rank 0 gathers them: its Workers, which are its own machine's.
// Ranks that would not cut the same batches of the same samples are refused.
func (p *Predictor) rounds(ctx context.Context, g *collectives.Group, samples, from int) ([]int, error) {
	mine := []int64{int64(p.o.BatchSize), int64(samples), int64(from), int64(p.o.Workers)}
	all, _, err := collectives.AllGatherV(ctx, g, nil, mine)
	if err != nil {
		return nil, fmt.Errorf("train: PredictTo: hearing of the ranks: %w", err)
	}
	var rounds []int
	for rank := range g.Size() {
		said := all[rank*len(mine):][:len(mine)]
		for i, what := range [...]string{"PredictorOptions.BatchSize", "the number of samples", "from"} {
			if said[i] != all[i] {
				return nil, fmt.Errorf("train: PredictTo: %s is %d on rank %d, and %d on rank 0: want the same on all",
					what, said[i], rank, all[i])
			}
		}
		rounds = append(rounds, int(said[len(mine)-1]))
	}
	return rounds, nil
}

// callWrite makes a panic of the user's function an error.
func callWrite(write func(int, *tensor.Tensor) error, first int, x *tensor.Tensor) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError("PredictTo's write", v, panics.At())
		}
	}()
	return write(first, x)
}

// toRank0 gives rank 0 the parts of all ranks, in their order, and other ranks nothing; all of them an error if one
// has failed. A part travels as its dtype, its shape and its elements.
func toRank0(ctx context.Context, g *collectives.Group, mine []*tensor.Tensor, failed error) ([]*tensor.Tensor, error) {
	if g.Size() == 1 {
		return mine, failed
	}
	send := make([][]byte, g.Size())
	for r := range send {
		send[r] = []byte{0}
		if failed != nil {
			send[r][0] = 1
		}
	}
	if g.Rank() != 0 {
		for _, x := range mine {
			send[0] = binary.LittleEndian.AppendUint64(send[0], uint64(x.DType()))
			send[0] = binary.LittleEndian.AppendUint64(send[0], uint64(x.Rank()))
			for _, d := range x.Shape() {
				send[0] = binary.LittleEndian.AppendUint64(send[0], uint64(d))
			}
			send[0] = append(send[0], tensor.Bytes(x)...)
		}
	}
	texts, err := collectives.AllToAllV(collectives.Patiently(ctx), g, send)
	if err != nil {
		return nil, fmt.Errorf("train: gathering predictions: %w", err)
	}
	for _, text := range texts {
		if text[0] != 0 {
			return nil, share(ctx, g, failed)
		}
	}
	if g.Rank() != 0 {
		return nil, nil
	}
	all := mine
	for _, text := range texts[1:] {
		for text = text[1:]; len(text) > 0; {
			word := func() int {
				v := binary.LittleEndian.Uint64(text)
				text = text[8:]
				return int(v)
			}
			dtype := tensor.DType(word())
			shape := make([]int, word())
			for i := range shape {
				shape[i] = word()
			}
			x := tensor.New(dtype, shape...)
			text = text[copy(tensor.Bytes(x), text):]
			all = append(all, x)
		}
	}
	return all, nil
}
