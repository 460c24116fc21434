package layers_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/layers"
	"github.com/tutti-ml/tutti/tensor"
)

// Labels, indices and lengths may be columns of a table, and Int32: the results are those of contiguous Int64, which
// other tests compare with PyTorch.
func TestIntegersOfAnyStrides(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	rows, images := tensor.New(tensor.Float32, 3, 4), tensor.New(tensor.Float32, 2, 4, 2)
	rows.Uniform(rng, -1, 1)
	images.Uniform(rng, -1, 1)
	weight := tensor.FromSlice([]float32{1, 9, 2, 9, 3, 9, 4, 9}, 4, 2).Select(1, 0)
	embedding, bag := layers.NewEmbedding(rng, 5, 3), layers.NewEmbeddingBag(rng, 5, 3, autograd.BagMean)
	gru := layers.NewGRU(rng, layers.RecurrentConfig{In: 4, Units: 2, Bidirectional: true})
	projected := layers.NewLSTM(rng, layers.RecurrentConfig{In: 4, Units: 3, Proj: 2})
	loss := func(l layers.Loss, x *tensor.Tensor) func(*autograd.Tape, *tensor.Tensor) *autograd.Var {
		return func(t *autograd.Tape, target *tensor.Tensor) *autograd.Var { return l.Loss(t, t.Const(x), target) }
	}
	ofRows, ofImages := tensor.FromSlice([]int64{3, 0, 2}), tensor.FromSlice([]int64{1, 3, 0, 2}, 2, 2)
	for _, c := range []struct {
		name string
		of   *tensor.Tensor
		fn   func(*autograd.Tape, *tensor.Tensor) *autograd.Var
	}{
		{"CrossEntropy", ofRows, loss(layers.CrossEntropy{}, rows)},
		{"CrossEntropy with weights", ofRows, loss(layers.CrossEntropy{Weight: weight, Ignore: []int64{2}}, rows)},
		{"CrossEntropy, smoothed", ofRows, loss(layers.CrossEntropy{LabelSmoothing: 0.1, Weight: weight}, rows)},
		{"CrossEntropy of images", ofImages, loss(layers.CrossEntropy{Reduction: layers.NoReduction}, images)},
		{"NLL", ofRows, loss(layers.NLL{Weight: weight}, rows)},
		{"NLL of images", ofImages, loss(layers.NLL{Ignore: []int64{3}}, images)},
		{"MultiMargin", ofRows, loss(layers.MultiMargin{Weight: weight}, rows)},
		{"MultiLabelMargin", tensor.FromSlice([]int64{3, 0, -1, -1, 1, -1, 0, 0, 2, 3, 1, -1}, 3, 4),
			loss(layers.MultiLabelMargin{}, rows)},
		{"CTC", tensor.FromSlice([]int64{1, 2, 3, 1}, 2, 2), func(t *autograd.Tape, targets *tensor.Tensor) *autograd.Var {
			x := autograd.LogSoftmax(autograd.Permute(t.Const(images), 2, 0, 1))
			return layers.CTC{}.Loss(t, x, targets, []int{2, 2}, []int{2, 1})
		}},
		{"Embedding", ofImages, func(t *autograd.Tape, index *tensor.Tensor) *autograd.Var {
			return embedding.Lookup(t, index)
		}},
		{"EmbeddingBag", ofImages, func(t *autograd.Tape, index *tensor.Tensor) *autograd.Var {
			return bag.Lookup(t, index, nil, nil)
		}},
		{"GRU", tensor.FromSlice([]int64{1, 2}), func(t *autograd.Tape, lengths *tensor.Tensor) *autograd.Var {
			y, _ := gru.Run(t, autograd.Transpose(t.Const(images), 1, 2), nil, lengths)
			return y
		}},
		{"LSTM, projected", tensor.FromSlice([]int64{1, 2}), func(t *autograd.Tape, lengths *tensor.Tensor) *autograd.Var {
			y, _ := projected.Run(t, autograd.Transpose(t.Const(images), 1, 2), nil, lengths)
			return y
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tape := autograd.NewTape(autograd.Train, nil)
			want := c.fn(tape, c.of).Value()
			for _, d := range []tensor.DType{tensor.Int64, tensor.Int32} {
				table := tensor.Full(d, 77, append(append([]int{}, c.of.Shape()...), 2)...)
				column := table.Select(-1, 1)
				column.CopyFrom(c.of.Cast(d))
				assert.True(t, want.Equal(c.fn(tape, c.of.Cast(d)).Value()), "of %v", d)
				assert.True(t, want.Equal(c.fn(tape, column).Value()), "of a column of %v", d)
			}
		})
	}
}
