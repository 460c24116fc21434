package train_test

import (
	"fmt"
	"math"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/layers"
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
	whole := run(1, 1, train.Sharded, true)[0]
	require.NoError(t, whole.err)
	alone := run(1, 8, train.Sharded, true)[0]
	require.NoError(t, alone.err)
	require.InDeltaSlice(t, whole.weights, alone.weights, 21*20*0x1p-24*4)
	require.InDelta(t, whole.report.Test().Loss, alone.report.Test().Loss, 1e-4, "running statistics agree")
	for _, ranks := range []int{2, 3, 8} {
		t.Run(fmt.Sprintf("ranks=%d", ranks), func(t *testing.T) {
			requireAll(t, alone, run(ranks, 8, train.Sharded, true))
			ring := run(ranks, 8, train.AllReduce, true)
			requireAll(t, ring[0], ring)
			require.InDeltaSlice(t, whole.weights, ring[0].weights, 21*20*0x1p-24*4)
		})
	}
	each := run(1, 8, train.Sharded, false)[0]
	require.NoError(t, each.err)
	off := 0.0
	for i, w := range each.weights {
		off = max(off, float64(max(w-whole.weights[i], whole.weights[i]-w)))
	}
	require.Greater(t, off, 1e-2, "each partition for itself is another model")
}

// An error in one partition, before a normalisation that the others wait at, ends the run on all ranks.
func TestSyncBatchNormFails(t *testing.T) {
	for rank, r := range onRanks(t, 2, train.AllReduce, func(rank int, c *train.Config) {
		c.Model, c.SyncBatchNorm = normalised(), true
		if rank == 1 {
			c.Train = broken{c.Train}
		}
	}) {
		require.ErrorContains(t, r.err, "disk on fire", "rank %d", rank)
	}
	for rank, r := range onRanks(t, 2, train.AllReduce, func(rank int, c *train.Config) {
		c.Model, c.SyncBatchNorm = normalised(), rank == 0
	}) {
		require.ErrorContains(t, r.err, "on SyncBatchNorm: rank 0 has true, rank 1 has false", "rank %d", rank)
	}
}

// A panic and a NaN in one partition of one rank, between two normalisations, end the run on all ranks, and so does a rank that is
// lost.
func TestSyncBatchNormBreaks(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(g *collectives.Group, x *autograd.Var) *autograd.Var
		want string
	}{
		{"panic", func(*collectives.Group, *autograd.Var) *autograd.Var { panic("bang") }, "bang"},
		{"NaN", func(_ *collectives.Group, x *autograd.Var) *autograd.Var { return autograd.Scale(x, math.NaN()) }, "loss is not finite"},
		{"lost", func(g *collectives.Group, x *autograd.Var) *autograd.Var {
			g.Close()
			return x
		}, "closed"},
	} {
		for _, strategy := range []train.Sync{train.AllReduce, train.Sharded} {
			t.Run(fmt.Sprintf("%s, %v", c.name, strategy), func(t *testing.T) {
				for rank, r := range onRanks(t, 3, strategy, func(rank int, cfg *train.Config) {
					var calls atomic.Int32
					m, g := normalised(), cfg.Group
					between := layers.Func(func(x *autograd.Var) *autograd.Var {
						if rank == 1 && calls.Add(1) == 2 { // the second of its three partitions
							return c.do(g, x)
						}
						return x
					})
					cfg.Model, cfg.SyncBatchNorm, cfg.Bucket = layers.Sequential{m[0], m[1], between, layers.NewBatchNorm(11), m[2], m[3]}, true, 64
				}) {
					require.ErrorContains(t, r.err, c.want, "rank %d", rank)
				}
			})
		}
	}
}
