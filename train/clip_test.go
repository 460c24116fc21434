package train_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// wide has 3,303 parameters, in blocks of 16 that its tensors' ends cut.
func wide() *net {
	rng := rand.New(rand.NewPCG(8, 8))
	return &net{layers.NewLinear(rng, features, 330), layers.Dropout{}, layers.NewLinear(rng, 330, classes)}
}

// byNorm is what goes by norms: clipping, by the whole vector's, and two optimizers, by those of each parameter.
var byNorm = []struct {
	name   string
	change func(c *train.Config)
}{
	{"clip norm", func(c *train.Config) { c.Optimizer, c.ClipNorm = optim.SGD{LR: 0.5}, 0.1 }},
	{"clip both", func(c *train.Config) { c.Optimizer, c.ClipNorm, c.ClipValue = optim.SGD{LR: 0.5}, 0.1, 0.01 }},
	{"lars", func(c *train.Config) { c.Optimizer = optim.LARS{LR: 5} }},
	{"lamb", func(c *train.Config) { c.Optimizer, c.ClipNorm = optim.LAMB{}, 1 }},
	{"lamb in groups", func(c *train.Config) {
		c.Optimizer = optim.LAMB{}
		c.ParamGroups = []optim.Group{{Pattern: "*.bias", WeightDecay: optim.Zero}, {Pattern: "out.*", Factor: 0.5}}
	}},
}

// TestNormsOnAnyNumberOfRanks: under Sharded the norms, too, are a function of the partitions alone. By the ring they
// are those of its gradients, which round otherwise on other ranks.
func TestNormsOnAnyNumberOfRanks(t *testing.T) {
	for _, by := range byNorm {
		change := func(_ int, c *train.Config) {
			c.Model, c.Epochs = wide(), 2
			by.change(c)
		}
		alone := onRanks(t, 1, train.Sharded, change)[0]
		require.NoError(t, alone.err)
		for _, ranks := range []int{2, 3, 4} {
			t.Run(fmt.Sprint(by.name, " ", ranks), func(t *testing.T) {
				requireAll(t, alone, onRanks(t, ranks, train.Sharded, change))
			})
		}
		t.Run(by.name+" ring", func(t *testing.T) {
			requireAll(t, alone, onRanks(t, 1, train.AllReduce, change))
			got := onRanks(t, 3, train.AllReduce, change)
			requireAll(t, got[0], got)
			require.InDeltaSlice(t, alone.weights, got[0].weights, 1e-4)
		})
	}
}

// TestNormsAgainstLoop compares runs with loops that see each batch as a whole. 14 steps round a few times each, at
// weights and steps of order 1.
func TestNormsAgainstLoop(t *testing.T) {
	for _, by := range byNorm {
		c := config(train.Sharded)
		c.Model, c.Epochs, c.Test = wide(), 2, nil
		by.change(&c)
		var norms []float64
		c.OnStep = func(s train.Step) error {
			norms = append(norms, s.Norm)
			return nil
		}
		_, err := train.Run(t.Context(), c)
		require.NoError(t, err)

		model := wide()
		loop := newLoop(t, train.LoopConfig{Model: model, Optimizer: c.Optimizer, ParamGroups: c.ParamGroups,
			ClipNorm: c.ClipNorm})
		plan := dataset.Plan{N: c.Train.Len(), BatchSize: c.BatchSize, Partitions: 1, Shuffle: true, Seed: c.Seed}
		var batch dataset.Batch
		for epoch := range c.Epochs {
			order := plan.Epoch(epoch)
			for step := range plan.Steps() {
				require.NoError(t, batch.Fill(c.Train, order.Batch(step)))
				tape := loop.Tape()
				loop.Backward(c.Loss.Loss(tape, model.Forward(tape, tape.Const(batch.X)), batch.Y))
				if v := float32(c.ClipValue); v > 0 {
					g := tensor.Data[float32](loop.Gradients())
					for i := range g {
						g[i] = max(-v, min(v, g[i]))
					}
				}
				want := loop.Norm()
				if c.ClipNorm == 0 {
					want = 0
				}
				require.InDelta(t, want, norms[epoch*plan.Steps()+step], 1e-4*want, "%s: step %d", by.name, step)
				require.NoError(t, loop.Step())
			}
		}
		require.InDeltaSlice(t, weights(model), weights(c.Model), 1e-4, by.name)
	}
}

// TestNormCountsRows clips gradients of tables by rows: in the norm they count as dense ones do, whose other rows are 0.
func TestNormCountsRows(t *testing.T) {
	change := func(sparse bool, norms *[]float64) func(int, *train.Config) {
		return func(rank int, c *train.Config) {
			recommend(c, sparse, optim.SGD{LR: 0.5})
			c.ClipNorm, c.ClipValue = 0.02, 0.02
			c.OnStep = func(s train.Step) error {
				if rank == 0 {
					*norms = append(*norms, s.Norm)
				}
				return nil
			}
		}
	}
	var want, first []float64
	dense := onRanks(t, 1, train.Sharded, change(false, &want))[0]
	require.NoError(t, dense.err)
	alone := onRanks(t, 1, train.Sharded, change(true, &first))[0]
	require.InEpsilonSlice(t, want, first, 1e-5) // summed in another order
	require.InDeltaSlice(t, dense.weights, alone.weights, 1e-5)
	for _, ranks := range []int{2, 3, 5} {
		var norms []float64
		requireAll(t, alone, onRanks(t, ranks, train.Sharded, change(true, &norms)))
		require.Equal(t, first, norms)
	}
}

// TestNormNotFinite: elements of a float64 gradient may be finite where the sum of their squares is not.
func TestNormNotFinite(t *testing.T) {
	model := layers.NewLinear(rand.New(rand.NewPCG(1, 1)), features, 1)
	layers.Cast(model, tensor.Float64)
	before := weights(model)
	c := config(train.AllReduce)
	c.Model, c.Loss, c.Test, c.ClipNorm = model, nil, nil, 1
	c.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
		return autograd.Scale(autograd.Sum(model.Forward(t, t.Const(b.X.Cast(tensor.Float64)))), 1e200)
	}
	_, err := train.Run(t.Context(), c)
	require.ErrorIs(t, err, train.ErrNotFinite)
	require.ErrorContains(t, err, "the norm of the gradient is not finite: +Inf at epoch 1, step 1")
	require.Equal(t, before, weights(model))
	require.False(t, math.IsNaN(float64(before[0])))
}
