package train_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
)

// With shuffle-broadcast the buckets change no bit, on any number of ranks; with a ring of two ranks neither, as there are
// only two to add.
func TestBucketsChangeNothing(t *testing.T) {
	for _, c := range []struct {
		sync  train.Sync
		ranks []int
		parts int
	}{
		{train.Sharded, []int{1, 2, 3, 4}, 8}, {train.AllReduce, []int{2}, 8}, {train.AllReduce, []int{2}, 2},
	} {
		want := onRanks(t, c.ranks[0], c.sync, func(_ int, cfg *train.Config) { cfg.Bucket, cfg.Partitions = -1, c.parts })[0]
		require.NoError(t, want.err)
		for _, ranks := range c.ranks {
			for _, bucket := range []int{8, 200, 0} { // a parameter each, two buckets, one
				t.Run(fmt.Sprintf("%v/%d/%d/%d", c.sync, c.parts, ranks, bucket), func(t *testing.T) {
					requireAll(t, want, onRanks(t, ranks, c.sync, func(_ int, cfg *train.Config) {
						cfg.Bucket, cfg.Partitions = bucket, c.parts
					}))
				})
			}
		}
	}
}

// Rounded gradients train as well, nearly; all ranks end with the same weights, and a second run with the same.
func TestCompress(t *testing.T) {
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		exact := onRanks(t, 2, sync, nil)[0]
		for _, wire := range []collectives.Wire{collectives.BFloat16Wire, collectives.Float16Wire} {
			for _, feedback := range []bool{false, true} {
				for _, ranks := range []int{2, 3} { // one partial sum from each rank, and several
					t.Run(fmt.Sprintf("%v/%v/%v/%d", sync, wire, feedback, ranks), func(t *testing.T) {
						run := func() []result {
							return onRanks(t, ranks, sync, func(_ int, c *train.Config) {
								c.Compress, c.ErrorFeedback, c.Bucket = wire, feedback, 200
							})
						}
						got := run()
						requireAll(t, got[0], got)
						requireAll(t, got[0], run())
						require.NotEqual(t, exact.weights, got[0].weights, "something was rounded")
						last := len(got[0].report.Epochs) - 1
						a, b := exact.report.Epochs[last].Train.Loss, got[0].report.Epochs[last].Train.Loss
						require.Less(t, math.Abs(a-b), 0.02*a, "loss %v with exact gradients, %v with rounded", a, b)
					})
				}
			}
		}
	}
}

func TestCompressDisagreement(t *testing.T) {
	for rank, r := range onRanks(t, 2, train.AllReduce, func(rank int, c *train.Config) {
		if rank == 1 {
			c.Compress = collectives.BFloat16Wire
		}
	}) {
		require.ErrorIs(t, r.err, train.ErrDisagree, "rank %d", rank)
		require.ErrorContains(t, r.err, "on Compress: rank 0 has none, rank 1 has bf16")
	}
}

// A panic in the middle of backward comes when gradients are on their way already.
func TestPanicInBackward(t *testing.T) {
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		t.Run(sync.String(), func(t *testing.T) {
			for rank, r := range onRanks(t, 2, sync, func(rank int, c *train.Config) {
				model := c.Model.(*net)
				trap := &autograd.Custom{Name: "Trap",
					Forward: func(y *tensor.Tensor, x []*tensor.Tensor) { y.CopyFrom(x[0]) },
					Backward: func(dx []*tensor.Tensor, dy, _ *tensor.Tensor, _ []*tensor.Tensor) {
						if rank == 1 {
							panic("caught in the trap")
						}
						dx[0].CopyFrom(dy)
					}}
				c.Bucket, c.Test, c.Partitions = 8, nil, 2
				c.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
					h := trap.Apply(model.Hidden.Forward(t, t.Const(b.X)))
					return layers.CrossEntropy{}.Loss(t, model.Out.Forward(t, h), b.Y)
				}
			}) {
				require.ErrorContains(t, r.err, "caught in the trap", "rank %d", rank)
				require.Equal(t, weights(newNet()), r.weights, "no step was taken")
			}
		})
	}
}
