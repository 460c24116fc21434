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

// small is a linear model of two features and three classes, with weights and samples written out.
func small() *layers.Linear {
	m := layers.NewLinear(rand.New(rand.NewPCG(1, 1)), 2, 3)
	copy(tensor.Data[float32](m.Weight.Value()), []float32{.1, -.2, .3, .4, -.5, .6})
	copy(tensor.Data[float32](m.Bias.Value()), []float32{0, .1, -.1})
	return m
}

func smallSet(labels ...int64) dataset.Source {
	x := []float32{1, 2, -1, 0.5, 0.25, -2, 3, 1}
	return dataset.FromTensors(tensor.FromSlice(x, 4, 2), tensor.FromSlice(labels, 4)).WithClasses(3)
}

// TestLossOfParts wants the loss of one step and the weights after it to be those of the whole batch, in any number
// of partitions, also where the loss divides by what the labels weigh. PyTorch 2.15:
//
//	m = torch.nn.Linear(2, 3); m.weight.data, m.bias.data = as in small
//	loss = cross_entropy(m(x), y, weight=..., ignore_index=..., label_smoothing=..., reduction=...)
//	loss.backward(); torch.optim.SGD(m.parameters(), lr=0.5).step(); print(loss, m.weight, m.bias)
//
// Weights and losses of order 1 are rounded a few times: 1e-6.
func TestLossOfParts(t *testing.T) {
	heavy := tensor.FromSlice([]float32{1, 2, 5}, 3)
	for _, c := range []struct {
		name   string
		loss   layers.Loss
		labels []int64
		want   float64
		after  []float32
	}{
		{"ignored labels", layers.CrossEntropy{Ignore: []int64{2}}, []int64{0, 2, 2, 2}, 2.0720760822296143,
			[]float32{0.537038, 0.6740759, 0.0178237, -0.1643526, -0.6548616, 0.2902768, 0.4370379, -0.1821763,
				-0.2548616}},
		{"heavy classes", layers.CrossEntropy{Weight: heavy}, []int64{0, 1, 2, 1}, 1.6680030822753906,
			[]float32{0.0636244, 0.1884813, 0.2633014, 0.5232549, -0.4269258, 0.0882638, -0.1635237, 0.1142902,
				0.0492335}},
		{"heavy, ignored and smoothed", layers.CrossEntropy{Weight: heavy, Ignore: []int64{1}, LabelSmoothing: 0.1},
			[]int64{0, 1, 2, 1}, 2.1377029418945312,
			[]float32{0.1003411, 0.4526231, 0.22902, 0.4747199, -0.429361, -0.1273429, -0.1952412, -0.035984,
				0.2312253}},
		{"a sum", layers.CrossEntropy{Reduction: layers.SumReduction}, []int64{0, 1, 2, 1}, 5.9856977462768555,
			[]float32{0.261046, 1.1842049, 0.0189528, 0.3858261, -0.3799988, -0.7700311, -0.1014799, 0.2044987,
				-0.1030188}},
	} {
		for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
			for _, cut := range []struct{ ranks, parts int }{{1, 1}, {1, 2}, {1, 4}, {2, 2}, {2, 4}, {4, 4}} {
				t.Run(fmt.Sprintf("%s/%v/%d/%d", c.name, sync, cut.ranks, cut.parts), func(t *testing.T) {
					for _, r := range onRanks(t, cut.ranks, sync, func(_ int, cfg *train.Config) {
						cfg.Model, cfg.Loss, cfg.Optimizer = small(), c.loss, optim.SGD{LR: 0.5}
						cfg.Train, cfg.Test, cfg.Epochs, cfg.BatchSize, cfg.Partitions = smallSet(c.labels...), nil,
							1, 4, cut.parts
						cfg.OnStep = func(s train.Step) error {
							require.InDelta(t, c.want, s.Loss, 1e-6)
							return nil
						}
					}) {
						require.NoError(t, r.err)
						require.InDeltaSlice(t, c.after, r.weights, 1e-6)
						samples := 1.0
						if c.name == "a sum" {
							samples = 4
						}
						require.InDelta(t, c.want/samples, r.report.Epochs[0].Train.Loss, 1e-6, "the epoch's is a mean")
					}
				})
			}
		}
	}
}

// words is a language model in small: what follows a word depends on that word alone, and its table is sparse or not.
func words(sparse bool) layers.Sequential {
	rng := rand.New(rand.NewPCG(3, 3))
	table := layers.NewEmbedding(rng, 9, 4)
	if sparse {
		table.SetSparse()
	}
	return layers.Sequential{table, layers.NewLinear(rng, 4, 9)}
}

// TestPaddedSequences trains on sequences whose ends do not count, in several epochs, with dense and sparse
// gradients, by a Loss and by a LossFunc with LossWeight, and wants what a plain loop over whole batches gives, the
// epoch's loss and the evaluation too.
func TestPaddedSequences(t *testing.T) {
	const n, length, pad = 21, 5, 8
	rng := rand.New(rand.NewPCG(5, 5))
	x, y := make([]float32, n*length), make([]float32, n*length)
	for i := range n {
		for j := range length {
			x[i*length+j], y[i*length+j] = float32(rng.IntN(8)), float32(rng.IntN(8))
			if j > i%length { // the first has one word, the fifth five
				x[i*length+j], y[i*length+j] = pad, pad
			}
		}
	}
	data := dataset.FromTensors(tensor.FromSlice(x, n, length), tensor.FromSlice(y, n, length))
	labels := func(y *tensor.Tensor) *tensor.Tensor { return y.Cast(tensor.Int64).Reshape(y.Len()) }
	loss := layers.CrossEntropy{Ignore: []int64{pad}}
	of := func(m layers.Layer, t *autograd.Tape, b *dataset.Batch) *autograd.Var {
		out := m.Forward(t, t.Const(b.X))
		return loss.Loss(t, autograd.Reshape(out, -1, 9), labels(b.Y))
	}

	plain, sums := words(false), make([]float64, 2)
	plan := dataset.Plan{N: n, BatchSize: 8, Partitions: 1, Shuffle: true, Seed: 5}
	tape := autograd.NewTape(autograd.Train, nil)
	var batch dataset.Batch
	for epoch := range 2 {
		clear(sums)
		for step := range plan.Steps() {
			require.NoError(t, data.Fill(&batch, plan.Epoch(epoch).Batch(step)))
			tape.Reset(nil)
			l := of(plain, tape, &batch)
			tape.Backward(l)
			count := 0.0
			for _, v := range tensor.Data[int64](labels(batch.Y)) {
				if v != pad {
					count++
				}
			}
			sums[0], sums[1] = sums[0]+count*float64(tensor.Data[float32](l.Value())[0]), sums[1]+count
			for _, p := range layers.Params(plain) {
				w, g := tensor.Data[float32](p.Value()), tensor.Data[float32](tape.Grad(p.Param))
				for i := range w {
					w[i] -= 0.1 * g[i]
				}
			}
		}
	}
	var all dataset.Batch
	require.NoError(t, data.Fill(&all, plan.Epoch(0).Batch(0)[:0:0]))
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	require.NoError(t, data.Fill(&all, index))
	tape.Reset(nil)
	test := float64(tensor.Data[float32](of(plain, tape, &all).Value())[0])

	for _, sync := range []train.Sync{train.AllReduce, train.Sharded} {
		for _, sparse := range []bool{false, true} {
			for _, cut := range []struct{ ranks, parts int }{{1, 1}, {1, 8}, {2, 2}, {3, 5}} {
				t.Run(fmt.Sprintf("%v/%v/%d/%d", sync, sparse, cut.ranks, cut.parts), func(t *testing.T) {
					for _, r := range onRanks(t, cut.ranks, sync, func(_ int, c *train.Config) {
						m := words(sparse)
						c.Model, c.Loss, c.Optimizer = m, nil, optim.SGD{LR: 0.1}
						c.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var { return of(m, t, b) }
						c.LossWeight = func(b *dataset.Batch) float64 { return loss.Weigh()(labels(b.Y)) }
						c.Train, c.Test, c.Epochs, c.BatchSize, c.Partitions = data, data, 2, 8, cut.parts
					}) {
						require.NoError(t, r.err)
						// 6 steps of a few roundings of numbers of order 1.
						require.InDeltaSlice(t, weights(plain), r.weights, 3e-6)
						require.InDelta(t, sums[0]/sums[1], r.report.Epochs[1].Train.Loss, 1e-6)
						require.InDelta(t, test, r.report.Test().Loss, 1e-6)
					}
				})
			}
		}
	}
}

// A batch in which nothing counts has loss 0 and moves nothing, where PyTorch's mean over nothing is NaN.
func TestNothingCounts(t *testing.T) {
	for _, parts := range []int{1, 4} {
		c := config(train.AllReduce)
		c.Model, c.Loss, c.Optimizer = small(), layers.CrossEntropy{Ignore: []int64{1}}, optim.SGD{LR: 0.5}
		c.Train, c.Test, c.Epochs, c.BatchSize, c.Partitions = smallSet(1, 1, 1, 1), smallSet(1, 1, 1, 1), 1, 4, parts
		report, err := train.Run(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, weights(small()), weights(c.Model))
		require.Zero(t, report.Epochs[0].Train.Loss)
		require.Zero(t, report.Test().Loss)
	}
	c := config(train.AllReduce)
	c.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
		return layers.CrossEntropy{}.Loss(t, c.Model.(layers.Layer).Forward(t, t.Const(b.X)), b.Y)
	}
	c.LossWeight = func(*dataset.Batch) float64 { return math.NaN() }
	_, err := train.Run(t.Context(), c)
	require.ErrorContains(t, err, "the weight of the loss is NaN, want 0 <= weight < Inf")
}

// TestAccuracyOfOneLogit trains a classifier of one logit, and one of one probability: its answers are counted.
func TestAccuracyOfOneLogit(t *testing.T) {
	x := tensor.FromSlice([]float32{-3, -2, -1, 1, 2, 3}, 6, 1)
	y := tensor.FromSlice([]float32{0, 0, 1, 1, 1, 1}, 6, 1)
	for _, c := range []struct {
		loss layers.Loss
		last layers.Layer
	}{{layers.BCEWithLogits{}, layers.Identity{}}, {layers.BCE{}, layers.Sigmoid{}}} {
		m := layers.NewLinear(rand.New(rand.NewPCG(1, 1)), 1, 1)
		m.Weight.Value().Fill(1)
		m.Bias.Value().Zero()
		cfg := train.Config{Model: layers.Sequential{m, c.last}, Loss: c.loss, Train: dataset.FromTensors(x, y),
			Optimizer: optim.SGD{LR: 1e-6},
			Test:      dataset.FromTensors(x, y)}
		report, err := train.Run(t.Context(), cfg)
		require.NoError(t, err)
		require.Equal(t, 5.0/6, report.Test().Accuracy(), "σ(x) > ½ for the last three alone")
		require.Equal(t, 5, report.Epochs[0].Train.Correct)
		cfg.Loss = layers.MSE{}
		m2, err := train.Evaluate(t.Context(), cfg, cfg.Test)
		require.NoError(t, err)
		require.True(t, math.IsNaN(m2.Accuracy()), "a regression is not right or wrong")
	}
}
