package train_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// newNet64 is newNet in float64, without dropout.
func newNet64() *net {
	m := newNet()
	m.Dropout.P = 0
	layers.Cast(m, tensor.Float64)
	return m
}

// weights64 copies the parameters and buffers of a float64 model, one after the other.
func weights64(model any) []float64 {
	var w []float64
	for _, n := range layers.StateDict(model) {
		w = append(w, tensor.Data[float64](n.Tensor.Cast(tensor.Float64))...)
	}
	return w
}

// on64 runs change(config) of newNet64 on n in-process ranks under Sharded.
func on64(t *testing.T, n int, change func(c *train.Config)) ([][]float64, *train.Report) {
	t.Helper()
	all := make([][]float64, n)
	var report *train.Report
	require.NoError(t, launch.Local(t.Context(), n, collectives.Config{}, func(ctx context.Context,
		g *collectives.Group) error {
		c := config(train.Sharded)
		c.Model, c.Group = newNet64(), g
		if change != nil {
			change(&c)
		}
		r, err := train.Run(ctx, c)
		all[g.Rank()] = weights64(c.Model)
		if g.Rank() == 0 {
			report = r
		}
		return err
	}))
	return all, report
}

// TestFloat64 trains a float64 model by Run, in 8 partitions, and in a plain loop: each step differentiates the whole
// batch and moves w by −lr·g. 21 steps of rate 0.1 round numbers of order 1 some 100 times each to 2⁻⁵³, which is far
// below 1e-10; in float32 the two differ by more.
func TestFloat64(t *testing.T) {
	c := config(train.AllReduce)
	c.Model, c.Optimizer = newNet64(), optim.SGD{LR: 0.1}
	report, err := train.Run(t.Context(), c)
	require.NoError(t, err)

	m := newNet64()
	plan := dataset.Plan{N: c.Train.Len(), BatchSize: c.BatchSize, Partitions: 1, Shuffle: true, Seed: c.Seed}
	tape := autograd.NewTape(autograd.Train, nil)
	var batch dataset.Batch
	for epoch := range c.Epochs {
		order := plan.Epoch(epoch)
		for step := range plan.Steps() {
			require.NoError(t, batch.Fill(c.Train, order.Batch(step)))
			tape.Reset(nil)
			tape.Backward(c.Loss.Loss(tape, m.Forward(tape, tape.Const(batch.X.Cast(tensor.Float64))), batch.Y))
			for _, p := range layers.Params(m) {
				g := tensor.Data[float64](tape.Grad(p.Param))
				for i := range g {
					tensor.Data[float64](p.Value())[i] -= 0.1 * g[i]
				}
			}
		}
	}
	require.InDeltaSlice(t, weights64(m), weights64(c.Model), 1e-10)

	// Evaluated as float32 models are: the metrics of the same weights, rounded.
	narrow := c
	narrow.Model = newNet()
	_, err = layers.LoadStateDict(narrow.Model, layers.StateDict(c.Model), true)
	require.NoError(t, err)
	want, err := train.Evaluate(t.Context(), narrow, c.Test)
	require.NoError(t, err)
	require.Equal(t, want.Correct, report.Test().Correct)
	require.InDelta(t, want.Loss, report.Test().Loss, 1e-6)
	require.Positive(t, report.Test().Correct)
}

// TestFloat64SameBits trains float64 models, dense with running statistics and with tables, on 1, 2 and 4 ranks, and
// resumed: all the same bits.
func TestFloat64SameBits(t *testing.T) {
	normed := func(c *train.Config) {
		rng := rand.New(rand.NewPCG(1, 2))
		c.Model = layers.Sequential{layers.NewLinear(rng, features, 9), layers.NewBatchNorm(9), layers.Tanh{},
			layers.Dropout{P: 0.25}, layers.NewLinear(rng, 9, classes)}
		layers.Cast(c.Model, tensor.Float64)
		c.SyncBatchNorm = true
	}
	tables := func(c *train.Config) {
		c.Model = models.NewNeuMF(rand.New(rand.NewPCG(4, 4)), models.NeuMFConfig{Users: users, Items: items,
			Factors: 3, Hidden: []int{8, 4}, Sparse: true})
		layers.Cast(c.Model, tensor.Float64)
		c.Loss, c.Train, c.Test = layers.BCEWithLogits{}, likes(61), nil
	}
	for name, change := range map[string]func(c *train.Config){"plain": nil, "normed": normed, "tables": tables} {
		t.Run(name, func(t *testing.T) {
			want, _ := on64(t, 1, change)
			for _, ranks := range []int{2, 4} {
				got, _ := on64(t, ranks, change)
				for rank := range got {
					require.Equal(t, want[0], got[rank], "rank %d of %d", rank, ranks)
				}
			}
			path := t.TempDir() + "/run.safetensors"
			with := func(more func(c *train.Config)) func(c *train.Config) {
				return func(c *train.Config) {
					if change != nil {
						change(c)
					}
					c.Checkpoint = path
					more(c)
				}
			}
			half, _ := on64(t, 2, with(func(c *train.Config) {
				c.OnStep = func(s train.Step) error {
					if s.Epoch == 2 && s.Step == 2 {
						return train.Stop
					}
					return nil
				}
			}))
			require.NotEqual(t, want[0], half[0])
			got, report := on64(t, 4, with(func(c *train.Config) { c.Resume = train.MustResume }))
			require.True(t, report.Resumed)
			for rank := range got {
				require.Equal(t, want[0], got[rank], "resumed, rank %d", rank)
			}
		})
	}
}

// halfCast is a model of which a part is in float64.
func halfCast() *net {
	m := newNet()
	layers.Cast(m.Out, tensor.Float64)
	return m
}

func TestFloat64Refused(t *testing.T) {
	for want, change := range map[string]func(c *train.Config){
		"parameter Hidden.Weight is float32, and Out.Weight is float64: want one dtype": func(c *train.Config) {
			c.Model = halfCast()
		},
		"Config.Compress = bf16, and the parameters of *train_test.net are float64": func(c *train.Config) {
			c.Model, c.Compress = newNet64(), collectives.BFloat16Wire
		},
		"on Model.Hidden.Weight: rank 0 has [11 6], rank 1 has [11 6] float64": nil,
	} {
		for rank, r := range onRanks(t, 2, train.AllReduce, func(rank int, c *train.Config) {
			if change != nil {
				change(c)
			} else if rank == 1 {
				c.Model = newNet64()
			}
		}) {
			require.ErrorContains(t, r.err, want, "rank %d", rank)
		}
	}
	_, err := train.NewLoop(train.LoopConfig{Model: halfCast()})
	require.ErrorContains(t, err, "want one dtype")
}

// TestLoopFloat64 goes on from a Loop's file in float64 to the bits of a loop that was not stopped, and clips.
func TestLoopFloat64(t *testing.T) {
	x := tensor.New(tensor.Float64, 5, features)
	x.Normal(rand.New(rand.NewPCG(9, 9)), 0, 1)
	labels := tensor.FromSlice([]int64{0, 1, 2, 1, 0}, 5)
	take := func(m *net, steps int, load, save string) []float64 {
		loop, err := train.NewLoop(train.LoopConfig{Model: m, Optimizer: optim.Adam{LR: 0.1}, ClipNorm: 0.01})
		require.NoError(t, err)
		if load != "" {
			require.NoError(t, loop.Load(load))
		}
		for range steps {
			tape := loop.Tape()
			loop.Backward(layers.CrossEntropy{}.Loss(tape, m.Forward(tape, tape.Const(x)), labels))
			require.Greater(t, loop.Norm(), 0.01)
			require.NoError(t, loop.Step())
		}
		if save != "" {
			require.NoError(t, loop.Save(save))
		}
		return weights64(m)
	}
	path := t.TempDir() + "/loop.safetensors"
	want := take(newNet64(), 3, "", "")
	take(newNet64(), 2, "", path)
	require.Equal(t, want, take(newNet64(), 1, path, ""))
	require.False(t, slices.Equal(want, weights64(newNet64())), "nothing moved")
}
