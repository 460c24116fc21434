package train_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/collectives"
	"github.com/tutti-ml/tutti/collectives/launch"
	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
	"github.com/tutti-ml/tutti/train"
)

func normalised() layers.Sequential {
	rng := rand.New(rand.NewPCG(7, 7))
	return layers.Sequential{layers.NewLinear(rng, features, 11), layers.NewBatchNorm(11), layers.Tanh{}, layers.NewLinear(rng, 11, classes)}
}

// statistics copies the buffers of a model.
func statistics(model any) (values [][]float32, batches int64) {
	for _, b := range layers.Buffers(model) {
		if b.Value().DType() == tensor.Int64 {
			batches = b.Count()
		} else {
			values = append(values, append([]float32{}, tensor.Data[float32](b.Value())...))
		}
	}
	return values, batches
}

// trainNormalised trains the model on n ranks and returns every rank's.
func trainNormalised(t *testing.T, n int, change func(c *train.Config)) ([]layers.Sequential, error) {
	models := make([]layers.Sequential, n)
	err := launch.Local(t.Context(), n, collectives.Config{Algorithm: collectives.Shuffle}, func(ctx context.Context, g *collectives.Group) error {
		c := config(train.Sharded)
		models[g.Rank()] = normalised()
		if g.Rank() > 0 { // what it starts from is rank 0's
			layers.Buffers(models[g.Rank()])[0].Value().Fill(5)
		}
		c.Model, c.Group = models[g.Rank()], g
		if change != nil {
			change(&c)
		}
		_, err := train.Run(ctx, c)
		return err
	})
	return models, err
}

// Running statistics, like weights, are a function of the partitions: not of ranks, not of who came first.
func TestBuffersSameBits(t *testing.T) {
	alone, err := trainNormalised(t, 1, nil)
	require.NoError(t, err)
	want, batches := statistics(alone[0])
	assert.EqualValues(t, 3*7, batches, "one for each step, whatever the number of partitions")
	for _, ranks := range []int{1, 2, 3} {
		models, err := trainNormalised(t, ranks, nil)
		require.NoError(t, err)
		for rank, m := range models {
			got, n := statistics(m)
			assert.Equal(t, want, got, "%d ranks, rank %d", ranks, rank)
			assert.Equal(t, batches, n)
			assert.Equal(t, weights(alone[0]), weights(m))
		}
	}
}

// One step's running statistics are the average over the partitions of what each of them moves them to, by hand.
func TestBuffersAverage(t *testing.T) {
	models, err := trainNormalised(t, 1, func(c *train.Config) {
		c.Epochs, c.BatchSize, c.Partitions, c.Test = 1, 101, 4, nil
	})
	require.NoError(t, err)
	got, _ := statistics(models[0])

	plan := dataset.Plan{N: 101, BatchSize: 101, Partitions: 4, Shuffle: true, Seed: 5}
	mean := make([]float64, 11)
	src := blobs(101, 1)
	for p := range 4 {
		index := plan.Epoch(0).Part(0, p)
		var b dataset.Batch
		b.Resize(len(index), src.Spec())
		require.NoError(t, src.Fill(&b, index))
		net := normalised()
		tape := autograd.NewTape(autograd.Train, nil)
		net.Forward(tape, tape.Const(b.X))
		part, _ := statistics(net)
		for i, v := range part[0] {
			mean[i] += float64(len(index)) / 101 * float64(v)
		}
	}
	for i := range mean {
		assert.InDelta(t, mean[i], got[0][i], 1e-6)
	}
}

// An interrupted run that resumes ends with the statistics of one that was not.
func TestBuffersResume(t *testing.T) {
	whole, err := trainNormalised(t, 2, nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "checkpoint")
	ctx, cancel := context.WithCancel(t.Context())
	c := config(train.Sharded)
	c.Model, c.Checkpoint = normalised(), path
	steps := 0
	c.OnStep = func(train.Step) error {
		if steps++; steps == 10 {
			cancel()
		}
		return nil
	}
	_, err = train.Run(ctx, c)
	require.True(t, errors.Is(err, context.Canceled), err)
	models, err := trainNormalised(t, 2, func(c *train.Config) { c.Checkpoint, c.Resume = path, train.MustResume })
	require.NoError(t, err)
	want, n := statistics(whole[0])
	for _, m := range models {
		got, k := statistics(m)
		assert.Equal(t, want, got)
		assert.Equal(t, n, k)
	}
}
