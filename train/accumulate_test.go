package train_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// TestAccumulate cuts what each of two partitions has of a batch into micro-batches: the steps are those of the whole batch, but for
// rounding: 21 steps at 0.1, which round weights and gradients of order 1 a few times each. The labels weigh differently, so
// micro-batches do, and the last batch's parts have 2 and 3 samples, fewer than 5.
func TestAccumulate(t *testing.T) {
	change := func(parts int, sparse bool) func(int, *train.Config) {
		return func(_ int, c *train.Config) {
			m := newNet()
			m.Dropout.P = 0
			c.Model, c.Optimizer, c.Partitions = m, optim.SGD{LR: 0.1}, 2
			c.Loss = layers.CrossEntropy{Weight: tensor.FromSlice([]float32{1, 5, 0.5}, 3), LabelSmoothing: 0.1}
			if sparse {
				recommend(c, true, optim.SGD{LR: 0.1})
			}
			c.Accumulate, c.Epochs = parts, 3
		}
	}
	for _, sparse := range []bool{false, true} {
		want := onRanks(t, 1, train.Sharded, change(1, sparse))[0]
		require.NoError(t, want.err)
		for _, parts := range []int{2, 5, 100} {
			got := onRanks(t, 1, train.Sharded, change(parts, sparse))[0]
			require.NoError(t, got.err)
			require.InDeltaSlice(t, want.weights, got.weights, 2e-5, "%d parts", parts)
			require.NotEqual(t, want.weights, got.weights, "%d parts", parts)
			for i, e := range got.report.Epochs {
				require.InEpsilon(t, want.report.Epochs[i].Train.Loss, e.Train.Loss, 1e-5)
				require.InDelta(t, want.report.Epochs[i].Train.Correct, e.Train.Correct, 1) // an output may be near a tie
			}
			requireAll(t, got, onRanks(t, 2, train.Sharded, change(parts, sparse)))
			requireAll(t, got, onRanks(t, 2, train.AllReduce, change(parts, sparse))) // of two terms there is one order
		}
	}
}

// TestAccumulateWithState: dropout, running statistics and synchronised normalisations are functions of the partitions,
// micro-batches or not; and gradients go out in buckets, once.
func TestAccumulateWithState(t *testing.T) {
	for _, synced := range []bool{false, true} {
		change := func(_ int, c *train.Config) {
			rng := rand.New(rand.NewPCG(7, 7))
			c.Model = layers.Sequential{layers.NewLinear(rng, features, 11), layers.NewBatchNorm(11), layers.Dropout{P: 0.3},
				layers.NewLinear(rng, 11, classes)}
			c.Partitions, c.Accumulate, c.SyncBatchNorm, c.Bucket = 4, 3, synced, 64
		}
		alone := onRanks(t, 1, train.Sharded, change)[0]
		require.NoError(t, alone.err)
		for _, ranks := range []int{2, 4} {
			t.Run(fmt.Sprint(synced, ranks), func(t *testing.T) {
				requireAll(t, alone, onRanks(t, ranks, train.Sharded, change))
			})
		}
	}
}
