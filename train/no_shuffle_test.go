package train_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/train"
)

// asked is a source that notes which samples it is asked for.
type asked struct {
	dataset.Source
	mu    *sync.Mutex
	order *[]int
}

func (a asked) Fill(b *dataset.Batch, index []int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	*a.order = append(*a.order, index...)
	return a.Source.Fill(b, index)
}

// TestNoShuffle wants every epoch in the order of the source, and by default in none; and a run that resumes with the
// other setting is refused.
func TestNoShuffle(t *testing.T) {
	inOrder := make([]int, 2*101)
	for i := range inOrder {
		inOrder[i] = i % 101
	}
	path := t.TempDir() + "/run.safetensors"
	for _, off := range []bool{false, true} {
		a := asked{blobs(101, 1), new(sync.Mutex), new([]int)}
		c := config(train.AllReduce)
		c.Train, c.Test, c.Partitions, c.Epochs, c.NoShuffle, c.Checkpoint = a, nil, 1, 2, off, path
		_, err := train.Run(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, off, slices.Equal(inOrder, *a.order))
	}
	c := config(train.AllReduce)
	c.Test, c.Partitions, c.Checkpoint, c.Resume = nil, 1, path, train.MustResume
	_, err := train.Run(t.Context(), c)
	require.ErrorContains(t, err, "NoShuffle was true, now false")
}
