package train_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
)

// spoilt gives blobs of which one sample is not a number, and the model, with running statistics.
func spoilt(c *train.Config) {
	var b dataset.Batch
	all := make([]int, 101)
	for i := range all {
		all[i] = i
	}
	if err := b.Fill(blobs(101, 1), all); err != nil {
		panic(err)
	}
	tensor.Data[float32](b.X)[40*features] = float32(math.NaN())
	c.Train = dataset.FromTensors(b.X, b.Y).WithClasses(classes)
	rng := rand.New(rand.NewPCG(7, 7))
	c.Model = layers.Sequential{layers.NewLinear(rng, features, 11), layers.NewBatchNorm(11), layers.Dropout{P: 0.3},
		layers.NewLinear(rng, 11, classes)}
	c.OnNotFinite = train.NotFiniteSkip
}

// TestSkip trains on data of which one sample makes one step an epoch NaN: that step is left out, on any ranks alike.
func TestSkip(t *testing.T) {
	change := func(skips *[]train.Step) func(int, *train.Config) {
		return func(rank int, c *train.Config) {
			spoilt(c)
			if rank == 0 {
				c.OnStep = func(s train.Step) error {
					if s.Skipped != nil {
						*skips = append(*skips, s)
					}
					return nil
				}
			}
		}
	}
	var skips []train.Step
	alone := onRanks(t, 1, train.Sharded, change(&skips))[0]
	require.NoError(t, alone.err)
	require.Len(t, skips, 3)
	require.ErrorIs(t, skips[0].Skipped, train.ErrNotFinite)
	require.True(t, math.IsNaN(skips[0].Loss))
	samples := skips[0].Samples
	for i, e := range alone.report.Epochs {
		require.Equal(t, i+1, skips[i].Epoch)
		require.Equal(t, 1, e.Skipped)
		require.Equal(t, 101-skips[i].Samples, e.Train.Samples)
		require.Greater(t, e.Train.Accuracy(), 0.2)
		require.Less(t, e.Train.Loss, 5.0)
	}
	require.Greater(t, samples, 0)
	for _, ranks := range []int{2, 3} {
		var again []train.Step
		requireAll(t, alone, onRanks(t, ranks, train.Sharded, change(&again)))
		require.Len(t, again, 3)
	}
	requireAll(t, alone, onRanks(t, 1, train.AllReduce, change(&skips)))

	// What rounding to 16 bits would owe is NaN then, and is not owed.
	for _, r := range onRanks(t, 2, train.AllReduce, func(_ int, c *train.Config) {
		spoilt(c)
		c.Compress, c.ErrorFeedback = collectives.BFloat16Wire, true
	}) {
		require.NoError(t, r.err)
		require.False(t, math.IsNaN(float64(r.weights[0])))
	}
}

// TestSkipStops wants an error where too many steps in a row are not finite, across epochs and a resumption too.
func TestSkipStops(t *testing.T) {
	change := func(path string, epochs int) func(int, *train.Config) {
		return func(_ int, c *train.Config) {
			spoilt(c)
			c.BatchSize, c.Epochs, c.MaxSkips = 101, epochs, 3 // each step has the sample
			c.Checkpoint, c.Resume = path, train.AutoResume
		}
	}
	straight := onRanks(t, 2, train.Sharded, change(filepath.Join(t.TempDir(), "a"), 9))
	resumed := filepath.Join(t.TempDir(), "b")
	for _, r := range onRanks(t, 1, train.Sharded, change(resumed, 2)) {
		require.NoError(t, r.err)
		require.Zero(t, r.report.Epochs[1].Train.Samples)
	}
	for _, r := range append(straight, onRanks(t, 2, train.Sharded, change(resumed, 9))...) {
		require.ErrorIs(t, r.err, train.ErrNotFinite)
		require.ErrorContains(t, r.err, "4 steps in a row are not finite, and Config.MaxSkips is 3: ")
		require.ErrorContains(t, r.err, "epoch 4, step 1")
		require.False(t, math.IsNaN(float64(r.weights[0])))
	}
}

func TestParseNotFinite(t *testing.T) {
	for _, n := range []train.NotFinite{train.NotFiniteStop, train.NotFiniteSkip} {
		got, err := train.ParseNotFinite(n.String())
		require.NoError(t, err)
		require.Equal(t, n, got)
	}
	_, err := train.ParseNotFinite("go on")
	require.EqualError(t, err, `train: on not finite "go on", want stop or skip`)
	require.Equal(t, "NotFinite(7)", fmt.Sprint(train.NotFinite(7)))
}
