package dataset_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/tensor"
)

// TestCut takes samples out of a batch with a column of each kind.
func TestCut(t *testing.T) {
	var b, part dataset.Batch
	b.Resize(4, dataset.Spec{Name: "kinds", Target: "y", Columns: []dataset.Column{
		{Name: "x", Shape: []int{2}}, {Name: "words", Text: true}, {Name: "ids", DType: tensor.Int64, Ragged: true},
		{Name: "tags", Text: true, Ragged: true}, {Name: "y", DType: tensor.Int64}}})
	copy(tensor.Data[float32](b.X), []float32{0, 1, 2, 3, 4, 5, 6, 7})
	copy(tensor.Data[int64](b.Y), []int64{10, 11, 12, 13})
	for i, word := range []string{"a", "", "bcd", "e"} {
		b.SetText("words", i, word)
		dataset.SetRagged(&b, "ids", i, []int64{7, 8, 9}[:i%3])
		b.SetText("tags", i, []string{"p", "qq"}[:i%3]...)
	}
	b.Epoch = 3
	for _, c := range [][2]int{{1, 3}, {0, 4}, {2, 2}, {3, 4}} {
		lo, hi := c[0], c[1]
		part.Cut(&b, lo, hi)
		assert.Equal(t, hi-lo, part.N)
		assert.Equal(t, 3, part.Epoch)
		assert.Equal(t, []int{hi - lo, 2}, part.X.Shape())
		assert.Equal(t, tensor.Data[float32](b.X)[2*lo:2*hi], tensor.Data[float32](part.X))
		assert.Equal(t, tensor.Data[int64](b.Y)[lo:hi], tensor.Data[int64](part.Y))
		assert.Equal(t, b.Strings("words")[lo:hi], part.Strings("words"))
		lists, from := part.Lists("tags"), b.Lists("tags")
		assert.Equal(t, b.Strings("tags")[from[lo]:from[hi]], part.Strings("tags"))
		assert.Equal(t, from[hi]-from[lo], lists[hi-lo])
		values, offsets := part.Ragged("ids")
		all, at := b.Ragged("ids")
		assert.Equal(t, tensor.Data[int64](all)[at[lo]:at[hi]], tensor.Data[int64](values))
		assert.Equal(t, at[hi]-at[lo], offsets[hi-lo])
	}
	part.Cut(&b, 0, 2)
	tensor.Data[float32](part.X)[0] = 99
	assert.Zero(t, tensor.Data[float32](b.X)[0], "the memory is its own")

	byHand := dataset.Batch{X: b.X, Y: b.Y, N: 4}
	part.Cut(&byHand, 1, 3)
	assert.Equal(t, []int64{11, 12}, tensor.Data[int64](part.Y.Contiguous()))
	assert.PanicsWithValue(t, "dataset: Batch.Cut: samples [2, 5) of 4, into itself false", func() { part.Cut(&b, 2, 5) })
	assert.PanicsWithValue(t, "dataset: Batch.Cut: samples [0, 1) of 4, into itself true", func() { b.Cut(&b, 0, 1) })
}
