package train_test

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/models"
	"github.com/tutti-ml/tutti/train"
	"github.com/tutti-ml/tutti/train/optim"
)

// TestColumns trains NeuMF on columns of ids, with its metrics, by Run and Evaluate alone: no LossFunc, and nothing
// packed.
func TestColumns(t *testing.T) {
	c := config(train.AllReduce)
	m := models.NewNeuMF(rand.New(rand.NewPCG(4, 4)), models.NeuMFConfig{Users: users, Items: items})
	c.Model, c.Loss, c.Optimizer, c.Epochs = m, layers.BCEWithLogits{}, optim.Adam{LR: 0.02}, 30
	c.Train = likes(400)
	c.Test = likes(400)
	report, err := train.Run(t.Context(), c)
	require.NoError(t, err)
	require.Greater(t, report.Test().Accuracy(), 0.99)
	again, err := train.Evaluate(t.Context(), c, c.Test)
	require.NoError(t, err)
	require.Equal(t, report.Test(), again)

	c.Model = layers.NewLinear(rand.New(rand.NewPCG(1, 1)), 1, 1)
	c.Train = dataset.FromColumns("", dataset.Values{Name: "t", Text: []string{"a", "b"}})
	c.Test = nil
	_, err = train.Run(t.Context(), c)
	require.ErrorContains(t, err, "takes one input, and the batch's first column is no tensor")
}

// inBlocks is a source in memory that gives itself out as blocks.
type inBlocks struct {
	dataset.Source
	size int // of a block
}

func (b inBlocks) Blocks() []int {
	var sizes []int
	for n := b.Len(); n > 0; n -= b.size {
		sizes = append(sizes, min(n, b.size))
	}
	return sizes
}

func (b inBlocks) Fill(to *dataset.Batch, index []int) error { return to.Gather(b, index) }

func (b inBlocks) ReadBlock(_ context.Context, to *dataset.Batch, block, lo, hi int) error {
	var index []int
	for i := lo; i < hi; i++ {
		index = append(index, b.size*block+i)
	}
	return b.Source.Fill(to, index)
}

// TestBlocksSameBitsOnAnyRanks trains from a source of blocks on 1, 2 and 4 ranks, and resumed: the weights and
// metrics are the same, and are not those of the exact shuffle.
func TestBlocksSameBitsOnAnyRanks(t *testing.T) {
	blocks := func(_ int, c *train.Config) {
		c.Train, c.Test = inBlocks{c.Train, 10}, inBlocks{c.Test, 10}
		c.Partitions = 4
	}
	want := onRanks(t, 1, train.Sharded, blocks)[0]
	require.NoError(t, want.err)
	for _, ranks := range []int{2, 4} {
		requireAll(t, want, onRanks(t, ranks, train.Sharded, blocks))
	}
	whole := onRanks(t, 1, train.Sharded, func(_ int, c *train.Config) { c.Partitions = 4 })[0]
	require.NoError(t, whole.err)
	require.NotEqual(t, whole.weights, want.weights)

	path := t.TempDir() + "/run.safetensors"
	first := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
		blocks(rank, c)
		c.Checkpoint, c.OnStep = path, func(s train.Step) error {
			if s.Epoch == 2 && s.Step == 3 {
				return train.Stop
			}
			return nil
		}
	})[0]
	require.NoError(t, first.err)
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, r := range onRanks(t, 2, train.Sharded, func(rank int, c *train.Config) {
		blocks(rank, c)
		c.Checkpoint, c.Resume = path, train.MustResume
	}) {
		require.NoError(t, r.err)
		require.True(t, r.report.Resumed)
		require.Equal(t, want.weights, r.weights)
	}

	// What decides the order must be as it was.
	for text, change := range map[string]func(c *train.Config){
		"Window was 65536, now 20":     func(c *train.Config) { c.Window = 20 },
		"Train.Blocks was 11, sizes #": func(c *train.Config) { c.Train = inBlocks{c.Train.(inBlocks).Source, 9} },
	} {
		require.NoError(t, os.WriteFile(path, kept, 0o600))
		other := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
			blocks(rank, c)
			c.Checkpoint, c.Resume, c.ResumeWith = path, train.MustResume, []string{"Window", "Train"}
			change(c)
		})[0]
		require.ErrorContains(t, other.err, text)
		require.ErrorContains(t, other.err, "the checkpoint is from within an epoch")
	}
	small := onRanks(t, 1, train.Sharded, func(rank int, c *train.Config) {
		blocks(rank, c)
		c.Window = 20
	})[0]
	require.NoError(t, small.err)
	require.NotEqual(t, want.weights, small.weights)
}

var _ layers.Columns = (*dataset.Batch)(nil)
var _ layers.MultiLayer = (*models.WideDeep)(nil)
