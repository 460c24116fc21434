package autograd_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// A negative padding row counts from the last, and one that the table lacks is refused. Numbers are PyTorch 2.15's:
//
//	w = torch.arange(8.).reshape(4, 2).requires_grad_(); i = torch.tensor([[1, 3]])
//	torch.autograd.grad(F.embedding(i, w, padding_idx=-1).sum(), w)   # [0 0] [1 1] [0 0] [0 0]
//	F.embedding_bag(i, w, padding_idx=-1, mode="sum")                 # [2 3]
//	F.embedding(i, w, padding_idx=9)                                  # Padding_idx must be within num_embeddings
func TestPaddingRow(t *testing.T) {
	table := func() (*autograd.Tape, *autograd.Param) {
		w := tensor.FromSlice([]float32{0, 1, 2, 3, 4, 5, 6, 7}, 4, 2)
		return autograd.NewTape(autograd.Train, nil), autograd.NewParam(w)
	}
	index := tensor.FromSlice([]int64{1, 3}, 1, 2)
	for _, padding := range []int{-1, 3} {
		tape, w := table()
		o := autograd.EmbeddingOptions{Padded: true, Padding: padding}
		tape.Backward(autograd.Sum(autograd.Embedding(tape.Use(w), index, o)))
		assert.Equal(t, []float32{0, 0, 1, 1, 0, 0, 0, 0}, tensor.Data[float32](tape.Grad(w)))
		for mode, want := range map[autograd.BagMode][]float32{
			autograd.BagSum: {2, 3}, autograd.BagMean: {2, 3}, autograd.BagMax: {2, 3},
		} {
			tape, w := table()
			o := autograd.EmbeddingBagOptions{Mode: mode, Padded: true, Padding: padding}
			y := autograd.EmbeddingBag(tape.Use(w), index, nil, o)
			assert.Equal(t, want, tensor.Data[float32](y.Value()))
			tape.Backward(autograd.Sum(y))
			assert.Equal(t, []float32{0, 0, 1, 1, 0, 0, 0, 0}, tensor.Data[float32](tape.Grad(w)))
		}
	}
	for padding, row := range map[int]string{4: "4", 9: "9", -5: "-5"} {
		tape, w := table()
		assert.PanicsWithValue(t, "autograd: Embedding: row "+row+" is padding, but the table has 4 rows", func() {
			autograd.Embedding(tape.Use(w), index, autograd.EmbeddingOptions{Padded: true, Padding: padding})
		})
		assert.PanicsWithValue(t, "autograd: EmbeddingBag: row "+row+" is padding, but the table has 4 rows", func() {
			autograd.EmbeddingBag(tape.Use(w), index, nil, autograd.EmbeddingBagOptions{Padded: true, Padding: padding})
		})
	}
}
