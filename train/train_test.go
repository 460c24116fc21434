package train_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

const (
	features = 6
	classes  = 3
)

// net is a small model with dropout, so that a run's bits depend on its random numbers too.
type net struct {
	Hidden  *layers.Linear
	Dropout layers.Dropout
	Out     *layers.Linear
}

func newNet() *net {
	rng := rand.New(rand.NewPCG(7, 7))
	return &net{layers.NewLinear(rng, features, 11), layers.Dropout{P: 0.25}, layers.NewLinear(rng, 11, classes)}
}

func (n *net) Forward(t *autograd.Tape, x *autograd.Var) *autograd.Var {
	return n.Out.Forward(t, n.Dropout.Forward(t, autograd.Tanh(n.Hidden.Forward(t, x))))
}

// blobs gives n samples around one centre a class.
func blobs(n int, seed uint64) dataset.Source {
	rng := rand.New(rand.NewPCG(seed, 0))
	x, y := make([]float32, n*features), make([]int64, n)
	for i := range n {
		y[i] = int64(rng.IntN(classes))
		for j := range features {
			x[i*features+j] = float32(rng.NormFloat64())
			if j%classes == int(y[i]) {
				x[i*features+j] += 2
			}
		}
	}
	return dataset.FromTensors(tensor.FromSlice(x, n, features), tensor.FromSlice(y, n)).WithClasses(classes)
}

// config trains newNet on 101 samples: with batches of 16 the last one of an epoch has 5, fewer than 8 partitions.
func config(sync train.Sync) train.Config {
	return train.Config{
		Model: newNet(), Loss: layers.CrossEntropy{}, Optimizer: optim.Adam{LR: 0.01},
		Train: blobs(101, 1), Test: blobs(40, 2), Epochs: 3, BatchSize: 16, Partitions: 8, Seed: 5, Sync: sync,
	}
}

// weights copies the parameters of a model, one after the other.
func weights(model any) []float32 {
	var w []float32
	for _, p := range layers.Params(model) {
		w = append(w, tensor.Data[float32](p.Param.Value().Cast(tensor.Float32))...)
	}
	return w
}

// result is what one rank is left with.
type result struct {
	weights []float32
	report  *train.Report
	err     error
}

// onRanks runs change(config) on n in-process ranks, each with a model of its own.
func onRanks(t *testing.T, n int, sync train.Sync, change func(rank int, c *train.Config)) []result {
	t.Helper()
	algorithm := collectives.Ring
	if sync == train.Sharded {
		algorithm = collectives.Shuffle
	}
	results := make([]result, n)
	_ = launch.Local(t.Context(), n, collectives.Config{Algorithm: algorithm}, func(ctx context.Context, g *collectives.Group) error {
		c := config(sync)
		c.Group = g
		if change != nil {
			change(g.Rank(), &c)
		}
		report, err := train.Run(ctx, c)
		results[g.Rank()] = result{weights(c.Model), report, err}
		return err
	})
	return results
}

// requireAll wants every rank to have trained without error, to the same weights and metrics as want.
func requireAll(t *testing.T, want result, got []result) {
	t.Helper()
	for rank, r := range got {
		require.NoError(t, r.err, "rank %d", rank)
		require.Equal(t, want.weights, r.weights, "weights of rank %d", rank)
		for i, e := range r.report.Epochs {
			require.Equal(t, want.report.Epochs[i].Train, e.Train, "training metrics of rank %d, epoch %d", rank, e.Epoch)
			require.Equal(t, want.report.Epochs[i].Test, e.Test, "test metrics of rank %d, epoch %d", rank, e.Epoch)
		}
	}
}

func TestRunLearns(t *testing.T) {
	c := config(train.AllReduce)
	c.Epochs = 20
	report, err := train.Run(t.Context(), c)
	require.NoError(t, err)
	require.Len(t, report.Epochs, 20)
	require.Less(t, report.Epochs[19].Train.Loss, report.Epochs[0].Train.Loss/2)
	require.Greater(t, report.Test().Accuracy(), 0.85) // two of six features tell a class, 2σ each: Bayes rate near 0.96
	require.Equal(t, 101, report.Epochs[0].Train.Samples)
	require.Equal(t, 40, report.Test().Samples)
	require.Equal(t, 20*101, report.Samples)
}

// TestSameBitsOnAnyNumberOfRanks is the promise of Sharded: partitions, not ranks, fix the result.
func TestSameBitsOnAnyNumberOfRanks(t *testing.T) {
	alone := onRanks(t, 1, train.Sharded, nil)[0]
	require.NoError(t, alone.err)
	for _, ranks := range []int{2, 3, 4, 5, 8} {
		t.Run(fmt.Sprintf("ranks=%d", ranks), func(t *testing.T) {
			requireAll(t, alone, onRanks(t, ranks, train.Sharded, nil))
		})
	}
	t.Run("ring alone", func(t *testing.T) { requireAll(t, alone, onRanks(t, 1, train.AllReduce, nil)) })
	t.Run("one worker", func(t *testing.T) {
		requireAll(t, alone, onRanks(t, 2, train.Sharded, func(_ int, c *train.Config) { c.Workers = 1 }))
	})
}

// TestRingAgrees compares the ring, whose order of summation depends on the ranks, with one rank: float32 sums of 8 terms
// in another order differ by a few units in the last place of the gradient, and Adam's normalised steps of at most
// lr = 0.01 each keep 21 steps of such differences far below 1e-3.
func TestRingAgrees(t *testing.T) {
	alone := onRanks(t, 1, train.AllReduce, nil)[0]
	require.NoError(t, alone.err)
	for _, ranks := range []int{2, 3, 8} {
		t.Run(fmt.Sprintf("ranks=%d", ranks), func(t *testing.T) {
			got := onRanks(t, ranks, train.AllReduce, nil)
			requireAll(t, got[0], got)
			require.InDeltaSlice(t, alone.weights, got[0].weights, 1e-3)
			requireAll(t, got[0], onRanks(t, ranks, train.AllReduce, nil)) // and again, the same bits
		})
	}
}

// TestAgainstPlainLoop compares a run, partitions, tree and all, with gradient descent written out: the gradient of the
// mean loss over each whole batch, times the learning rate.
func TestAgainstPlainLoop(t *testing.T) {
	model := newNet()
	model.Dropout.P = 0
	c := config(train.Sharded)
	c.Model, c.Optimizer, c.Partitions = model, optim.SGD{LR: 0.1}, 3
	_, err := train.Run(t.Context(), c)
	require.NoError(t, err)

	plain := newNet()
	plain.Dropout.P = 0
	plan := dataset.Plan{N: c.Train.Len(), BatchSize: 16, Partitions: 1, Shuffle: true, Seed: 5}
	tape := autograd.NewTape(autograd.Train, nil)
	var batch dataset.Batch
	for epoch := range 3 {
		order := plan.Epoch(epoch)
		for step := range plan.Steps() {
			require.NoError(t, c.Train.Fill(&batch, order.Batch(step)))
			tape.Reset(nil)
			tape.Backward(layers.CrossEntropy{}.Loss(tape, plain.Forward(tape, tape.Const(batch.X)), batch.Y))
			for _, p := range layers.Params(plain) {
				w, g := tensor.Data[float32](p.Param.Value()), tensor.Data[float32](tape.Grad(p.Param))
				for i := range w {
					w[i] -= 0.1 * g[i]
				}
			}
		}
	}
	// 21 steps, each rounding a weight of order 1 and a gradient of order 1 a few times: 21 · 10 · 2⁻²⁴ ≈ 1.3e-5.
	require.InDeltaSlice(t, weights(plain), weights(model), 2e-5)
}

// TestResume stops a run in the middle of its second epoch, on one rank's word, and goes on from the checkpoint, on
// another number of ranks where the strategy allows it, to the bits of a run that was never stopped.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		sync          train.Sync
		before, after int
	}{{train.AllReduce, 2, 2}, {train.Sharded, 1, 1}, {train.Sharded, 3, 2}, {train.Sharded, 2, 5}} {
		t.Run(fmt.Sprintf("%v %d to %d", c.sync, c.before, c.after), func(t *testing.T) {
			want := onRanks(t, c.after, c.sync, nil)[0]
			require.NoError(t, want.err)
			path := t.TempDir() + "/run.safetensors"

			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			stopped := onRanksContext(t, c.before, c.sync, func(rank int, base context.Context, cfg *train.Config) context.Context {
				cfg.Checkpoint = path
				if rank != c.before-1 {
					return base
				}
				cfg.OnStep = func(s train.Step) error {
					if s.Epoch == 2 && s.Step == 3 {
						cancel(fmt.Errorf("power is going out"))
					}
					return nil
				}
				return ctx
			})
			for rank, r := range stopped {
				require.Error(t, r.err, "rank %d", rank)
				require.ErrorContains(t, r.err, "interrupted after 1 epochs and 4 of 7 steps")
				require.Equal(t, stopped[0].weights, r.weights)
			}
			require.ErrorContains(t, stopped[c.before-1].err, "power is going out")

			got := onRanks(t, c.after, c.sync, func(_ int, cfg *train.Config) {
				cfg.Checkpoint, cfg.Resume = path,
					train.MustResume
			})
			requireAll(t, want, got)
			require.True(t, got[0].report.Resumed)
			require.Len(t, got[0].report.Epochs, 3)
		})
	}
}

// onRanksContext is onRanks with a context for each rank.
func onRanksContext(t *testing.T, n int, sync train.Sync, change func(int, context.Context, *train.Config) context.Context) []result {
	t.Helper()
	results := make([]result, n)
	_ = launch.Local(t.Context(), n, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
		c := config(sync)
		c.Group = g
		report, err := train.Run(change(g.Rank(), ctx, &c), c)
		results[g.Rank()] = result{weights(c.Model), report, err}
		if err != nil { // the others are to hear of it from train, not from launch
			return collectives.Barrier(context.WithoutCancel(ctx), g)
		}
		return nil
	})
	return results
}

// TestResumeGoesOn runs two epochs, then asks for three: the third follows as if three had been asked for at once.
func TestResumeGoesOn(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	want := onRanks(t, 1, train.AllReduce, nil)[0]
	first := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
		c.Epochs, c.Checkpoint, c.Resume = 2, path,
			train.AutoResume
	})[0]
	require.NoError(t, first.err)
	require.False(t, first.report.Resumed, "there was no checkpoint to resume from")
	second := onRanks(t, 1, train.AllReduce, func(_ int, c *train.Config) {
		c.Checkpoint, c.Resume = path,
			train.MustResume
	})[0]
	require.NoError(t, second.err)
	require.Equal(t, want.weights, second.weights)
	require.Equal(t, 101, second.report.Samples, "only the third epoch was trained")
}

func TestResumeRefuses(t *testing.T) {
	path := t.TempDir() + "/run.safetensors"
	done := onRanks(t, 2, train.AllReduce, func(_ int, c *train.Config) { c.Epochs, c.Checkpoint = 1, path })
	require.NoError(t, done[0].err)
	for name, c := range map[string]struct {
		change func(*train.Config)
		want   string
	}{
		"seed":       {func(c *train.Config) { c.Seed = 6 }, "Seed was 5, now 6"},
		"batch":      {func(c *train.Config) { c.BatchSize = 32 }, "BatchSize was 16, now 32"},
		"partitions": {func(c *train.Config) { c.Partitions = 2 }, "Partitions was 8, now 2"},
		"optimizer":  {func(c *train.Config) { c.Optimizer = optim.SGD{} }, "Optimizer was adam, now sgd"},
		"data":       {func(c *train.Config) { c.Train = blobs(100, 1) }, "101 samples of shape [6], 3 classes, now"},
		"model": {func(c *train.Config) {
			c.Model = layers.NewLinear(rand.New(rand.NewPCG(1, 1)), features, classes)
		}, "Model.weight was nothing, now [3 6]"},
		"model all the same": {func(c *train.Config) {
			c.Model = layers.NewLinear(rand.New(rand.NewPCG(1, 1)), features, classes)
			c.ResumeWith = []string{"Model"}
		}, "optimizer/exp_avg is float32[113], want a float32 for each of the 21 numbers that are trained"},
		"frozen": {func(c *train.Config) { layers.Freeze(c.Model, "Out.Bias") },
			"Model.out.bias was [3], now [3] frozen"},
		"frozen all the same": {func(c *train.Config) {
			layers.Freeze(c.Model, "Out.Bias")
			c.ResumeWith = []string{"Model.out.bias"}
		}, "want a float32 for each of the 110 numbers that are trained"},
	} {
		t.Run(name, func(t *testing.T) {
			for rank, r := range onRanks(t, 2, train.AllReduce, func(_ int, cfg *train.Config) {
				cfg.Checkpoint, cfg.Resume = path, train.MustResume
				c.change(cfg)
			}) {
				require.ErrorContains(t, r.err, c.want, "rank %d", rank)
				require.ErrorContains(t, r.err, path, "rank %d", rank)
			}
		})
	}
	t.Run("a model", func(t *testing.T) {
		model := t.TempDir() + "/model.safetensors"
		require.NoError(t, layers.Save(model, newNet(), nil))
		r := onRanks(t, 1, train.AllReduce, func(_ int, cfg *train.Config) {
			cfg.Checkpoint, cfg.Resume = model,
				train.MustResume
		})[0]
		require.ErrorContains(t, r.err, "it is a model, not a checkpoint")
	})
	t.Run("truncated", func(t *testing.T) {
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		short := t.TempDir() + "/short.safetensors"
		require.NoError(t, os.WriteFile(short, whole[:len(whole)-4], 0o644))
		r := onRanks(t, 1, train.AllReduce, func(_ int, cfg *train.Config) {
			cfg.Checkpoint, cfg.Resume = short,
				train.MustResume
		})[0]
		require.ErrorContains(t, r.err, short)
	})
}

// TestFrozen freezes a layer and wants its bits unchanged by training, weight decay and all, and the same on every rank
// and after resuming, wherever the rank's own copy started.
func TestFrozen(t *testing.T) {
	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		t.Run(sync.String(), func(t *testing.T) {
			path := t.TempDir() + "/run.safetensors"
			want := tensor.Data[float32](newNet().Hidden.Weight.Value().Clone())
			for _, epochs := range []int{2, 3} {
				got := onRanks(t, 2, sync, func(rank int, c *train.Config) {
					model := newNet()
					model.Hidden.Weight.Frozen = true
					if rank == 1 {
						model.Hidden.Weight.Value().Zero()
					}
					c.Model, c.Optimizer, c.Epochs = model, optim.SGD{LR: 0.1, Momentum: 0.9, WeightDecay: 0.1}, epochs
					c.Checkpoint, c.Resume = path, train.AutoResume
				})
				requireAll(t, got[0], got)
				require.Equal(t, want, got[0].weights[:len(want)])
				require.NotEqual(t, weights(newNet())[len(want):], got[0].weights[len(want):], "the others were trained")
			}
		})
	}
}

// TestEvaluateDoesNotDependOnRanks checks metrics against a count by hand, on 1 to 5 ranks and awkward batch sizes.
func TestEvaluateDoesNotDependOnRanks(t *testing.T) {
	src, model := blobs(23, 3), newNet()
	var batch dataset.Batch
	index := make([]int, src.Len())
	for i := range index {
		index[i] = i
	}
	require.NoError(t, src.Fill(&batch, index))
	tape := autograd.NewTape(autograd.Infer, nil)
	output := tensor.Data[float32](model.Forward(tape, tape.Const(batch.X)).Value())
	want := 0
	for i, label := range tensor.Data[int64](batch.Y) {
		row := output[i*classes : (i+1)*classes]
		if slices.Index(row, slices.Max(row)) == int(label) {
			want++
		}
	}
	for _, ranks := range []int{1, 2, 5} {
		_ = launch.Local(t.Context(), ranks, collectives.Config{}, func(ctx context.Context, g *collectives.Group) error {
			for _, size := range []int{1, 7, 23, 50} {
				m, err := train.Evaluate(ctx, train.Config{Model: newNet(), Loss: layers.CrossEntropy{}, BatchSize: size, Group: g}, src)
				require.NoError(t, err)
				require.Equal(t, want, m.Correct, "%d ranks, batches of %d", ranks, size)
				require.Equal(t, 23, m.Samples)
			}
			return nil
		})
	}
}
