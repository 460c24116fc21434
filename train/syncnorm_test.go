package train_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// TestSyncBatchNorm trains in eight partitions, some of them empty in the last batch of an epoch, and wants the weights and running
// statistics of training in one: with statistics of the whole batch it makes no difference how it is cut, but for rounding. 21 steps
// at rate 0.05 round numbers of order 1 some 20 times each, and a normalisation may multiply that by a few.
func TestSyncBatchNorm(t *testing.T) {
	run := func(ranks, partitions int, sync train.Sync, on bool) []result {
		return onRanks(t, ranks, sync, func(_ int, c *train.Config) {
			c.Model, c.Optimizer, c.Partitions, c.SyncBatchNorm, c.Bucket = normalised(), optim.SGD{LR: 0.05}, partitions, on, 64
		})
	}
	whole := run(1, 1, train.ShuffleBroadcast, true)[0]
	require.NoError(t, whole.err)
	alone := run(1, 8, train.ShuffleBroadcast, true)[0]
	require.NoError(t, alone.err)
	require.InDeltaSlice(t, whole.weights, alone.weights, 21*20*0x1p-24*4)
	require.InDelta(t, whole.report.Test().Loss, alone.report.Test().Loss, 1e-4, "running statistics agree")
	for _, ranks := range []int{2, 3, 8} {
		t.Run(fmt.Sprintf("ranks=%d", ranks), func(t *testing.T) {
			requireAll(t, alone, run(ranks, 8, train.ShuffleBroadcast, true))
			ring := run(ranks, 8, train.Ring, true)
			requireAll(t, ring[0], ring)
			require.InDeltaSlice(t, whole.weights, ring[0].weights, 21*20*0x1p-24*4)
		})
	}
	each := run(1, 8, train.ShuffleBroadcast, false)[0]
	require.NoError(t, each.err)
	off := 0.0
	for i, w := range each.weights {
		off = max(off, float64(max(w-whole.weights[i], whole.weights[i]-w)))
	}
	require.Greater(t, off, 1e-2, "each partition for itself is another model")
}

// An error in one partition, before a normalisation that the others wait at, ends the run on all ranks.
func TestSyncBatchNormFails(t *testing.T) {
	for rank, r := range onRanks(t, 2, train.Ring, func(rank int, c *train.Config) {
		c.Model, c.SyncBatchNorm = normalised(), true
		if rank == 1 {
			c.Train = broken{c.Train}
		}
	}) {
		require.ErrorContains(t, r.err, "disk on fire", "rank %d", rank)
	}
	for rank, r := range onRanks(t, 2, train.Ring, func(rank int, c *train.Config) {
		c.Model, c.SyncBatchNorm = normalised(), rank == 0
	}) {
		require.ErrorContains(t, r.err, "on SyncBatchNorm: rank 0 has true, rank 1 has false", "rank %d", rank)
	}
}
