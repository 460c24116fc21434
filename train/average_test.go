package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/tensor/safetensors"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

var averages = map[string]*train.Average{
	"ema":     {Decay: 0.8},
	"warm up": {WarmUp: true, From: 1},
	"swa":     {SWA: true, From: 1},
}

// TestAverage follows the weights after each step of a run and averages them here: the model ends with that, the metrics
// are its, and so on any number of ranks.
func TestAverage(t *testing.T) {
	for name, average := range averages {
		change := func(_ int, c *train.Config) { c.Average = average }
		alone := onRanks(t, 1, train.Sharded, change)[0]
		require.NoError(t, alone.err)
		for _, ranks := range []int{2, 3} {
			t.Run(fmt.Sprint(name, ranks), func(t *testing.T) {
				requireAll(t, alone, onRanks(t, ranks, train.Sharded, change))
			})
		}
		requireAll(t, alone, onRanks(t, 1, train.AllReduce, change))

		var mean []float64
		n := 0
		c := config(train.Sharded)
		c.Average = new(*average)
		c.Average.Apart = true
		c.OnStep = func(s train.Step) error {
			if s.Epoch <= average.From || average.SWA && s.Step < s.Steps {
				return nil
			}
			share := 1.0
			switch {
			case average.SWA:
				share = 1 / float64(n+1)
			case n > 0 && average.WarmUp:
				share = 1 - min(0.999, 1-math.Pow(float64(n+1), -2.0/3))
			case n > 0:
				share = 0.2
			}
			w := weights(c.Model)
			if n++; mean == nil {
				mean = make([]float64, len(w))
			}
			for i := range w {
				mean[i] += share * (float64(w[i]) - mean[i])
			}
			return nil
		}
		report, err := train.Run(t.Context(), c)
		require.NoError(t, err)
		require.InDeltaSlice(t, mean, alone.weights, 1e-6, name) // 21 averages in float32
		last := weights(c.Model)
		require.NotEqual(t, alone.weights, last)
		require.Equal(t, alone.report.Test(), report.Test(), "evaluated on the average")
		m, err := train.Evaluate(t.Context(), c, c.Test)
		require.NoError(t, err)
		require.NotEqual(t, report.Test().Loss, m.Loss)
		plain := onRanks(t, 1, train.Sharded, nil)[0]
		require.Equal(t, plain.weights, last, "averaging does not change training")
		require.Equal(t, plain.report.Epochs[2].Train, report.Epochs[2].Train)
	}
}

// TestAverageOfRows: tables trained by rows are averaged whole, under Sharded each rank its slice of them.
func TestAverageOfRows(t *testing.T) {
	change := func(sparse bool) func(int, *train.Config) {
		return func(_ int, c *train.Config) {
			recommend(c, sparse, optim.SGD{LR: 0.5})
			c.Test, c.Average = c.Train, &train.Average{Decay: 0.9}
		}
	}
	dense := onRanks(t, 1, train.Sharded, change(false))[0]
	require.NoError(t, dense.err)
	for _, ranks := range []int{1, 3, 5} {
		requireAll(t, dense, onRanks(t, ranks, train.Sharded, change(true)))
	}
	got := onRanks(t, 2, train.AllReduce, change(true))
	requireAll(t, got[0], got)
	require.InDeltaSlice(t, dense.weights, got[0].weights, 1e-4)
}

// TestAverageResumes stops runs within an epoch and goes on on other ranks: with the bits of one that never stopped. The
// checkpoint has the average beside the weights.
func TestAverageResumes(t *testing.T) {
	for name, average := range averages {
		change := func(path string, resume train.ResumeMode) func(int, *train.Config) {
			return func(_ int, c *train.Config) {
				recommend(c, true, optim.Adam{LR: 0.01})
				c.Average, c.Checkpoint, c.Resume = average, path, resume
			}
		}
		want := onRanks(t, 1, train.Sharded, change("", train.NoResume))[0]
		require.NoError(t, want.err)
		path := filepath.Join(t.TempDir(), "run.safetensors")
		for _, r := range onRanks(t, 3, train.Sharded, func(rank int, c *train.Config) {
			change(path, train.NoResume)(rank, c)
			c.OnStep = func(s train.Step) error {
				if s.Epoch == 3 && s.Step == 2 {
					return train.Stop
				}
				return nil
			}
		}) {
			require.NoError(t, r.err)
		}
		tensors, _, err := safetensors.ReadFile(path)
		require.NoError(t, err)
		found := 0
		for _, n := range tensors {
			if n.Name == "optimizer/average" || n.Name == "optimizer/average/NeuMF.user_gmf.weight" {
				found++
			}
		}
		require.GreaterOrEqual(t, found, 1)
		for _, ranks := range []int{1, 2} {
			requireAll(t, want, onRanks(t, ranks, train.Sharded, change(copyOf(t, path), train.MustResume)))
		}
		refused := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
			change(copyOf(t, path), train.MustResume)(rank, c)
			c.Average = nil
		})[0]
		require.ErrorContains(t, refused.err, "Average was {", name)
	}
}

// TestAverageInterrupted: a run that ends with an error leaves the weights that a checkpoint would have.
func TestAverageInterrupted(t *testing.T) {
	end := errors.New("enough")
	run := func(average *train.Average) []float32 {
		c := config(train.Sharded)
		c.Average = average
		c.OnEpoch = func(train.Epoch) error { return end }
		_, err := train.Run(context.WithoutCancel(t.Context()), c)
		require.ErrorIs(t, err, end)
		return weights(c.Model)
	}
	require.Equal(t, run(nil), run(&train.Average{}))
}

// TestAverageChanges: a run may take averaging up, or give it up, where ResumeWith says so. The average of one epoch is
// that epoch's weights; what was averaged before it was given up is forgotten.
func TestAverageChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.safetensors")
	for i, average := range []*train.Average{nil, {SWA: true}, nil, {SWA: true}} {
		epochs := i + 1
		want := onRanks(t, 1, train.Sharded, func(_ int, c *train.Config) { c.Epochs = epochs })[0]
		for _, r := range onRanks(t, 1+i%3, train.Sharded, func(_ int, c *train.Config) {
			c.Epochs, c.Average, c.Checkpoint, c.Resume = epochs, average, path, train.AutoResume
			c.ResumeWith = []string{"Average"}
		}) {
			require.NoError(t, r.err)
			require.Equal(t, want.weights, r.weights, "after %d epochs", epochs)
		}
	}
}
