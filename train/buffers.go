package train

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// buffers keeps the model's buffers (running statistics of normalisations) the same on all ranks, and a function of the
// partitions alone: what the replicas observe during a step is collected, gathered on every rank, and averaged in the order of
// the partitions, each weighted by its samples. A count goes up by one a step, however many replicas counted.
//
//	numbers sent by a rank and step: 1 + those of all buffers, for each of its partitions; nothing if the model has no buffers
type buffers struct {
	idle
	group      *collectives.Group
	partitions int
	list       []layers.NamedBuffer
	start      map[*autograd.Buffer]int // where a buffer's numbers begin in a partition's record
	size       int                      // of a record
	records    []float64                // of this rank's partitions, one behind the other
	all        []float64                // of all partitions, in order
}

// A record is the number of samples, and then for each buffer of floating-point numbers how much of the old value to keep and
// what to add to it, keep·b + add, after any number of observations; for a count how often it was counted.

// averaged lists the buffers of model, and refuses those that no average can be made of.
func averaged(model any) ([]layers.NamedBuffer, error) {
	list := layers.Buffers(model)
	for _, n := range list {
		switch n.Value().DType() {
		case tensor.Float32, tensor.Float64, tensor.Int64:
		default:
			return nil, fmt.Errorf("train: buffer %s is %v, want Float32, Float64 or Int64", n.Name, n.Value().DType())
		}
	}
	return list, nil
}

func newBuffers(list []layers.NamedBuffer, g *collectives.Group, partitions, mine int) *buffers {
	b := &buffers{group: g, partitions: partitions, list: list, start: make(map[*autograd.Buffer]int), size: 1}
	for _, n := range b.list {
		b.start[n.Buffer] = b.size
		if b.size++; n.Value().DType() != tensor.Int64 {
			b.size += n.Value().Len()
		}
	}
	b.records = make([]float64, mine*b.size)
	return b
}

// clear makes ready the record of this rank's partition i for a batch of n samples.
func (b *buffers) clear(i, n int) {
	record := b.records[i*b.size : (i+1)*b.size]
	clear(record)
	record[0] = float64(n)
	for _, buffer := range b.list {
		if buffer.Value().DType() != tensor.Int64 {
			record[b.start[buffer.Buffer]] = 1
		}
	}
}

// observer returns what collects for this rank's partition i.
func (b *buffers) observer(i int) func(buffer *autograd.Buffer, rate float64, sample *tensor.Tensor) {
	record := b.records[i*b.size : (i+1)*b.size]
	return func(buffer *autograd.Buffer, rate float64, sample *tensor.Tensor) {
		at, ok := b.start[buffer]
		switch {
		case !ok:
			panic("train: a layer observes a buffer that no exported field of Config.Model leads to")
		case sample == nil:
			record[at]++
		default:
			record[at] *= 1 - rate
			if add := record[at+1:]; sample.DType() == tensor.Float64 {
				observe(add, rate, tensor.Data[float64](sample))
			} else {
				observe(add, rate, tensor.Data[float32](sample))
			}
		}
	}
}

// observe moves what is to be added by one observation.
func observe[T float](add []float64, rate float64, sample []T) {
	for j, v := range sample {
		add[j] = (1-rate)*add[j] + rate*float64(v)
	}
}

// finish gathers all records.
func (b *buffers) finish(ctx context.Context) (err error) {
	if len(b.list) == 0 {
		return nil
	}
	b.all, _, err = collectives.AllGatherV(ctx, b.group, b.all[:0], b.records)
	if err != nil {
		return fmt.Errorf("gathering running statistics: %w", err)
	}
	return nil
}

// commit averages the records into the buffers.
func (b *buffers) commit(update) {
	if len(b.list) == 0 {
		return
	}
	samples := 0.0
	for p := range b.partitions {
		samples += b.all[p*b.size]
	}
	for _, n := range b.list {
		at := b.start[n.Buffer]
		if n.Value().DType() == tensor.Int64 {
			most := 0.0
			for p := range b.partitions {
				most = max(most, b.all[p*b.size+at])
			}
			n.Add(int64(most))
			continue
		}
		if n.Value().DType() == tensor.Float64 {
			average(b, tensor.Data[float64](n.Value()), at, samples)
		} else {
			average(b, tensor.Data[float32](n.Value()), at, samples)
		}
	}
}

// average moves values, whose records begin at at, by what all partitions observed.
func average[T float](b *buffers, values []T, at int, samples float64) {
	for j, old := range values {
		sum := 0.0
		for p := range b.partitions {
			record := b.all[p*b.size : (p+1)*b.size]
			sum += record[0] / samples * (record[at]*float64(old) + record[at+1+j])
		}
		values[j] = T(sum)
	}
}

// share gives all ranks root's buffers.
func (b *buffers) share(ctx context.Context, root int) error {
	for _, n := range b.list {
		if err := collectives.Broadcast(ctx, b.group, tensor.Bytes(n.Value()), root); err != nil {
			return fmt.Errorf("train: sharing the buffer %s: %w", n.Name, err)
		}
	}
	return nil
}
