package train_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
)

// TestMix: a run on mixtures learns, counts no training accuracy, and has the same bits on any ranks.
func TestMix(t *testing.T) {
	change := func(epochs int) func(int, *train.Config) {
		return func(_ int, c *train.Config) {
			c.Partitions, c.Epochs, c.Accumulate = 2, epochs, 2
			c.Loss, c.Mix = layers.CrossEntropy{LabelSmoothing: 0.1}, &train.Mix{MixUp: 0.4}
		}
	}
	alone := onRanks(t, 1, train.Sharded, change(20))[0]
	require.NoError(t, alone.err)
	require.Equal(t, -1, alone.report.Epochs[0].Train.Correct)
	require.Greater(t, alone.report.Test().Accuracy(), 0.85) // as without: TestRunLearns
	requireAll(t, alone, onRanks(t, 2, train.Sharded, change(20)))
	plain := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
		change(20)(rank, c)
		c.Mix = nil
	})[0]
	require.NotEqual(t, plain.weights, alone.weights)
	require.Greater(t, alone.report.Epochs[19].Train.Loss, plain.report.Epochs[19].Train.Loss, "mixtures are harder")
}

// TestMixBatches looks at what a LossFunc is given: λ is the same in a part's images and targets, another in another
// step, and the caller's data is as it was.
func TestMixBatches(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	model := layers.NewLinear(rng, 1, 1)
	x := tensor.New(tensor.Float32, 12, 1, 4, 4)
	labels := make([]int64, 12)
	for i := range labels {
		labels[i] = int64(i)
		x.Slice(0, i, i+1).Fill(float64(i))
	}
	c := config(train.Sharded)
	c.Model, c.Loss, c.Test = model, nil, nil
	c.Train = dataset.FromTensors(x, tensor.FromSlice(labels, 12)).WithClasses(12)
	c.BatchSize, c.Partitions, c.Epochs, c.Mix = 6, 1, 20, &train.Mix{MixUp: 1, CutMix: 1}
	kinds := map[string]int{}
	shares := map[float32]bool{}
	c.LossFunc = func(t *autograd.Tape, b *dataset.Batch) *autograd.Var {
		y := tensor.Data[float32](b.Y)
		for i := range 6 {
			mean, target, largest := float32(0), float32(0), float32(0)
			same := true
			pixels := tensor.Data[float32](b.X)[16*i : 16*i+16]
			for k, p := range y[12*i : 12*i+12] {
				target += float32(k) * p
				largest = max(largest, p)
			}
			for _, v := range pixels {
				mean += v / 16
				same = same && v == pixels[0]
			}
			if d := mean - target; d > 1e-4 || d < -1e-4 { // the mean pixel is the mean label
				panic(fmt.Sprintf("mean pixel %v, mean label %v", mean, target))
			}
			kinds[map[bool]string{true: "mix-up", false: "cut-mix"}[same]]++
			shares[largest] = true
		}
		return autograd.Mean(model.Forward(t, t.Const(tensor.New(tensor.Float32, 1, 1))))
	}
	_, err := train.Run(t.Context(), c)
	require.NoError(t, err)
	require.Greater(t, kinds["mix-up"], 50)
	require.Greater(t, kinds["cut-mix"], 50)
	require.Greater(t, len(shares), 20)
	for i := range labels {
		require.EqualValues(t, i, tensor.Data[float32](x)[16*i])
	}
}

func TestMixRefused(t *testing.T) {
	for want, mix := range map[string]train.Mix{
		"Config.Mix = {MixUp:0 CutMix:0}, want α >= 0, and one above 0":              {},
		"Config.Mix.CutMix = 1, and samples of Config.Train have shape [6], want [C": {CutMix: 1},
	} {
		c := config(train.AllReduce)
		c.Mix = &mix
		_, err := train.Run(t.Context(), c)
		require.ErrorContains(t, err, want)
	}
	c := config(train.AllReduce)
	c.Train = unclassed{c.Train}
	c.Test, c.Mix = nil, &train.Mix{MixUp: 1}
	_, err := train.Run(t.Context(), c)
	require.ErrorContains(t, err, "of an unknown number of classes")
}

// unclassed says nothing of its classes.
type unclassed struct{ dataset.Source }

func (u unclassed) Spec() dataset.Spec {
	s := u.Source.Spec()
	s.Columns = slices.Clone(s.Columns)
	s.Columns[s.Find(s.Target)].Classes = 0
	return s
}
