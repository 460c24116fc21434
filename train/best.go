package train

import (
	"context"
	"fmt"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// bestWeights is the exchange that keeps the model as it was when it scored best, for early stopping. It has nothing to
// exchange: the model is the same on all ranks. Each tensor that training changes is one vector of the checkpoint,
// "optimizer/best/KEY"; under Sharded a rank keeps its slice. Buffers of integers, which count, are not kept.
type bestWeights[T float] struct {
	idle
	group  *collectives.Group
	sliced bool // Sharded on several ranks
	list   []keptTensor[T]
}

type keptTensor[T float] struct {
	name string
	live []T // the model's, all of it
	lo   int // where this rank's part begins
	kept []T
}

const bestPrefix = layers.OptimizerPrefix + "best/"

// A namedTensor is what bestWeights keeps.
type namedTensor struct {
	key string
	x   *tensor.Tensor
}

// bestTensors lists what early stopping keeps; nothing where it is not asked to.
func (j *job) bestTensors() []namedTensor {
	if e := j.c.Early; e == nil || e.KeepLast {
		return nil
	}
	var list []namedTensor
	for _, p := range j.params {
		if !p.Frozen {
			list = append(list, namedTensor{p.Key, p.Value()})
		}
	}
	for _, b := range j.buffers {
		if b.Value().DType() != tensor.Int64 {
			list = append(list, namedTensor{b.Key, b.Value()})
		}
	}
	return list
}

// checkBest refuses a model whose tensors cannot be vectors of the checkpoint beside the moments.
func (j *job) checkBest() error {
	for _, n := range j.bestTensors() {
		if n.x.DType() != j.dtype {
			return fmt.Errorf("train: Config.Early: %s is %v in a model of %v parameters, and its best value cannot be "+
				"kept: set KeepLast", n.key, n.x.DType(), j.dtype)
		}
	}
	return nil
}

// bestSlots lists the vectors that a checkpoint holds of it.
func (j *job) bestSlots() []slotName {
	var list []slotName
	for _, n := range j.bestTensors() {
		list = append(list, slotName{bestPrefix + n.key, n.x.Len()})
	}
	return list
}

// newBestWeights keeps the model as it is; nil where it is not asked for.
func newBestWeights[T float](j *job, g *collectives.Group) *bestWeights[T] {
	list := j.bestTensors()
	if len(list) == 0 {
		return nil
	}
	b := &bestWeights[T]{group: g, sliced: j.c.Sync == Sharded && g.Size() > 1}
	for _, n := range list {
		k := keptTensor[T]{name: bestPrefix + n.key, live: tensor.Data[T](n.x)}
		hi := len(k.live)
		if b.sliced {
			k.lo, hi = collectives.Slice(len(k.live), g.Size(), g.Rank())
		}
		k.kept = make([]T, hi-k.lo)
		b.list = append(b.list, k)
	}
	return b
}

// take keeps the model as it is.
func (b *bestWeights[T]) take() {
	if b == nil {
		return
	}
	for _, k := range b.list {
		copy(k.kept, k.live[k.lo:])
	}
}

// restore makes the model what was taken. All ranks call it.
func (b *bestWeights[T]) restore(ctx context.Context) error {
	if b == nil {
		return nil
	}
	for _, k := range b.list {
		copy(k.live[k.lo:], k.kept)
		if !b.sliced {
			continue
		}
		if err := collectives.AllGather(ctx, b.group, k.live); err != nil {
			return fmt.Errorf("train: fetching %s: %w", k.name, err)
		}
	}
	return nil
}

func (b *bestWeights[T]) pieces() []piece {
	var list []piece
	for _, k := range b.list {
		list = append(list, newPiece(k.name, len(k.live), k.lo, k.kept))
	}
	return list
}

// load takes the best weights of a checkpoint. One that has none is of a run without early stopping, which begins anew.
func (b *bestWeights[T]) load(ctx context.Context, from *snapshot) error {
	for _, k := range b.list {
		if _, err := fill(ctx, b.group, k.kept, k.lo, from.named(k.name)); err != nil {
			return fmt.Errorf("train: sharing %s: %w", k.name, err)
		}
	}
	return nil
}
