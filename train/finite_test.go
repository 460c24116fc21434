package train_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// three is a model of parameters of zeros, one of them a table.
type three struct{ A, B, Table *autograd.Param }

func newThree(sparse bool) *three {
	m := &three{autograd.NewParam(tensor.New(tensor.Float32, 5)), autograd.NewParam(tensor.New(tensor.Float32, 7)),
		autograd.NewParam(tensor.New(tensor.Float32, 4, 2))}
	m.Table.Sparse = sparse
	return m
}

// lossOf is mean(A) + mean(B) + the mean of two rows, its gradient times scale in B, times rows in the table, for
// partition part.
func (m *three) loss(t *autograd.Tape, scale, rows float64) *autograd.Var {
	index := tensor.FromSlice([]int64{1, 3}, 2)
	looked := autograd.Mean(autograd.Embedding(t.Use(m.Table), index, autograd.EmbeddingOptions{}))
	return autograd.Add(autograd.Add(autograd.Mean(t.Use(m.A)), times(autograd.Sum(t.Use(m.B)), scale)), times(looked,
		rows))
}

// times is x times a factor that need not be one of float32.
func times(x *autograd.Var, factor float64) *autograd.Var {
	return autograd.Scale(autograd.Scale(x, math.Sqrt(factor)), math.Sqrt(factor))
}

// TestNotFiniteGradient wants a gradient that is NaN or infinite under a loss that is 0 to be refused before it moves
// a weight, on all ranks, with the parameter's name; also one that would be infinite in the sum, or as fp16 on its
// way.
func TestNotFiniteGradient(t *testing.T) {
	for _, c := range []struct {
		name        string
		wire        collectives.Wire
		feedback    bool
		scale, rows func(rank int) float64
		refused     string // the parameter
	}{
		{name: "finite", scale: all(1e30), rows: all(1e30)},
		{name: "rows", scale: all(1), rows: on(1, 1e39), refused: "Table"},
		{name: "sum", scale: all(3e38), rows: all(1), refused: "B"},
		{name: "sum of rows", scale: all(1), rows: all(3e38 * 4), refused: "Table"},
		{name: "fits fp16", wire: collectives.Float16Wire, scale: all(32000), rows: all(1e6)},
		{name: "fp16", wire: collectives.Float16Wire, scale: on(1, 2.1*65520), rows: all(1), refused: "B"},
		{name: "fp16 with feedback", wire: collectives.Float16Wire, feedback: true, scale: on(0, 2.1*65520),
			rows: all(1), refused: "B"},
		{name: "bf16", wire: collectives.BFloat16Wire, scale: all(2 * 65520), rows: all(1)},
	} {
		for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
			for _, bucket := range []int{0, 8} {
				t.Run(fmt.Sprintf("%s/%v/%d", c.name, sync, bucket), func(t *testing.T) {
					for rank, r := range onRanks(t, 2, sync, func(rank int, cfg *train.Config) {
						m := newThree(true)
						cfg.Model, cfg.Optimizer, cfg.Compress, cfg.ErrorFeedback, cfg.Bucket = m,
							optim.SGD{LR: 1e-30}, c.wire, c.feedback, bucket
						cfg.Test, cfg.Epochs, cfg.BatchSize, cfg.Partitions = nil, 1, 101, 2
						cfg.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
							return m.loss(t,
								c.scale(rank), c.rows(rank))
						}
					}) {
						if c.refused == "" {
							require.NoError(t, r.err)
							continue
						}
						require.ErrorIs(t, r.err, train.ErrNotFinite, "rank %d", rank)
						require.ErrorContains(t, r.err, "gradient is not finite")
						require.ErrorContains(t, r.err, "that of "+c.refused+" at epoch 1, step 1")
						require.Equal(t, make([]float32, 20), r.weights)
					}
				})
			}
		}
	}
	// mean(√w·w) at 0 has gradient NaN: ½/√0·0 + √0.
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		for _, ranks := range []int{1, 2} {
			for _, r := range onRanks(t, ranks, sync, func(_ int, cfg *train.Config) {
				m := newThree(false)
				cfg.Model, cfg.Test, cfg.Epochs, cfg.BatchSize = m, nil, 1, 101 // one step: the last
				cfg.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
					w := t.Use(m.B)
					return autograd.Add(m.loss(t, 1, 1), autograd.Mean(autograd.Mul(autograd.Sqrt(w), w)))
				}
			}) {
				require.ErrorIs(t, r.err, train.ErrNotFinite)
				require.ErrorContains(t, r.err, "that of B at epoch 1, step 1 with learning rate 0.01")
				require.Equal(t, make([]float32, 20), r.weights)
			}
		}
	}
}

// Two gradients that fp16 can say, whose sum it cannot: a ring would round it to infinity on its way back; a shuffle
// has no need to round it.
func TestSumTooLargeForHalf(t *testing.T) {
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		for _, r := range onRanks(t, 2, sync, func(rank int, cfg *train.Config) {
			m := newThree(true)
			cfg.Model, cfg.Optimizer, cfg.Compress = m, optim.SGD{LR: 1e-30}, collectives.Float16Wire
			cfg.Test, cfg.Epochs, cfg.BatchSize, cfg.Partitions = nil, 1, 101, 2
			cfg.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
				return m.loss(t, 80000,
					1)
			} // half each
		}) {
			if sync == train.Sharded {
				require.NoError(t, r.err)
				continue
			}
			require.ErrorContains(t, r.err, "gradient is not finite, or too large for fp16, which ends at "+
				"65504: that of B")
		}
	}
}

func all(v float64) func(int) float64 { return func(int) float64 { return v } }

func on(rank int, v float64) func(int) float64 {
	return func(r int) float64 {
		if r == rank {
			return v
		}
		return 1
	}
}
