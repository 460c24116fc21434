package layers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// embedding.json is written by testdata/embedding.py.
func TestEmbeddingsAsPyTorch(t *testing.T) {
	ints := func(x *tensor.Tensor) *tensor.Tensor { return x.Cast(tensor.Int64) }
	table := func(o autograd.EmbeddingOptions) torchCase {
		return torchCase{
			model: func() any {
				l := layers.NewEmbedding(seeded(), 5, 3)
				l.EmbeddingOptions = o
				return l
			},
			run: func(t *autograd.Tape, model any, _ []*autograd.Var, raw []*tensor.Tensor) []*autograd.Var {
				return []*autograd.Var{model.(*layers.Embedding).Lookup(t, ints(raw[0]))}
			},
		}
	}
	bag := func(mode autograd.BagMode, padded bool) torchCase {
		return torchCase{
			model: func() any {
				l := layers.NewEmbeddingBag(seeded(), 5, 3, mode)
				l.Padded, l.Padding = padded, 1
				return l
			},
			run: func(t *autograd.Tape, model any, x []*autograd.Var, raw []*tensor.Tensor) []*autograd.Var {
				var offsets *tensor.Tensor
				var weights *autograd.Var
				if len(x) > 0 {
					weights = x[0]
				} else if len(raw) > 1 {
					offsets = ints(raw[1])
				}
				return []*autograd.Var{model.(*layers.EmbeddingBag).Lookup(t, ints(raw[0]), offsets, weights)}
			},
		}
	}
	checkTorch(t, "embedding.json", map[string]torchCase{
		"Embedding":                 table(autograd.EmbeddingOptions{}),
		"Embedding with padding":    table(autograd.EmbeddingOptions{Padded: true, Padding: 4}),
		"Embedding of limited norm": table(autograd.EmbeddingOptions{MaxNorm: 0.7}),
		"EmbeddingBag sum":          bag(autograd.BagSum, true),
		"EmbeddingBag mean":         bag(autograd.BagMean, true),
		"EmbeddingBag max":          bag(autograd.BagMax, true),
		"EmbeddingBag with offsets": bag(autograd.BagMean, false),
		"EmbeddingBag with weights": bag(autograd.BagSum, false),
	})
}

func TestSparseGradient(t *testing.T) {
	l := layers.NewEmbedding(seeded(), 1000, 2).SetPadding(7)
	assert.Zero(t, tensor.Data[float32](l.Weight.Value())[14])
	tape := autograd.NewTape(autograd.Train, nil)
	a := l.Lookup(tape, tensor.FromSlice([]int64{900, 7, 3, 900}))
	b := l.Lookup(tape, tensor.FromSlice([]int64{3, 500}))
	_, _, ok := tape.SparseGrad(l.Weight)
	assert.False(t, ok, "before Backward")
	tape.Backward(autograd.Sum(a))
	tape.Backward(autograd.Add(autograd.Sum(a), autograd.Sum(b)))
	rows, values, ok := tape.SparseGrad(l.Weight)
	require.True(t, ok)
	assert.Equal(t, []int64{3, 500, 900}, tensor.Data[int64](rows))
	assert.Equal(t, []float32{3, 3, 1, 1, 4, 4}, tensor.Data[float32](values))

	dense := tensor.Data[float32](tape.Grad(l.Weight))
	want := make([]float32, 2000)
	copy(want[6:], []float32{3, 3})
	copy(want[1000:], []float32{1, 1})
	copy(want[1800:], []float32{4, 4})
	assert.Equal(t, want, dense)
	_, _, ok = tape.SparseGrad(l.Weight)
	assert.False(t, ok, "it is dense now")
}

// A table that is looked up in a checkpointed part, and outside of it, has its gradient by rows too.
func TestSparseGradientOfCheckpoint(t *testing.T) {
	l := layers.NewEmbedding(seeded(), 1000, 2).SetPadding(7)
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
		layers.Cast(l, d)
		tape := autograd.NewTape(autograd.Train, nil)
		lookup := func(t *autograd.Tape, x []*autograd.Var) *autograd.Var {
			return autograd.Mul(l.Lookup(t, tensor.FromSlice([]int64{900, 7, 3, 900})), x[0])
		}
		factor := tensor.New(d, 4, 1)
		factor.Fill(3)
		y := autograd.Checkpoint(tape, lookup, tape.Const(factor))
		tape.Backward(autograd.Add(autograd.Sum(y), autograd.Sum(l.Lookup(tape, tensor.FromSlice([]int64{3, 500})))))
		rows, values, ok := tape.SparseGrad(l.Weight)
		require.True(t, ok)
		assert.Equal(t, []int64{3, 500, 900}, tensor.Data[int64](rows))
		assert.Equal(t, []float64{4, 4, 1, 1, 6, 6}, tensor.Data[float64](values.Cast(tensor.Float64)))
	}
}

func TestIndicesOutOfRange(t *testing.T) {
	l := layers.NewEmbedding(seeded(), 5, 2)
	tape := autograd.NewTape(autograd.Infer, nil)
	defer func() {
		var bad *autograd.IndexError
		require.ErrorAs(t, recover().(error), &bad)
		assert.EqualError(t, bad, "autograd: Embedding: index 5 at position 1, but the table has 5 rows")
	}()
	assert.PanicsWithValue(t, "layers: Indices: element 0 is 0.5, not a whole number", func() {
		l.Forward(tape, tape.Const(tensor.FromSlice([]float32{0.5})))
	})
	l.Lookup(tape, tensor.FromSlice([]int64{0, 5}))
}

// PyTorch's nn.Embedding(4, 2, padding_idx=-1) has zeros in the last row, and padding_idx=9 fails: "Padding_idx must be
// within num_embeddings".
func TestPaddingCountsFromTheLast(t *testing.T) {
	l := layers.NewEmbedding(seeded(), 4, 2).SetPadding(-1)
	assert.Equal(t, 3, l.Padding)
	assert.Equal(t, []float32{0, 0}, tensor.Data[float32](l.Weight.Value())[6:])
	for _, i := range []int{4, 9, -5} {
		want := fmt.Sprintf("layers: Embedding: SetPadding: row %d of a table of 4 rows", i)
		assert.PanicsWithValue(t, want, func() { l.SetPadding(i) })
	}
}
