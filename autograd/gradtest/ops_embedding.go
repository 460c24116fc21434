package gradtest

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// lookups are the ops that look up rows of a table.
var lookups = []Case{
	{Name: "Embedding", Inputs: of([]int{5, 3}), Fn: func(_ *tape, x vars) out {
		return autograd.Embedding(x[0], int64s([]int{2, 3}, 4, 0, 4, 2, 4, 0), autograd.EmbeddingOptions{})
	}},
	{Name: "Embedding with padding", Inputs: of([]int{5, 3}), Fn: func(_ *tape, x vars) out {
		y := autograd.Embedding(x[0], int64s([]int{4}, 4, 1, 3, 1), autograd.EmbeddingOptions{Padded: true, Padding: 2})
		return autograd.Mul(y, y)
	}},
	{Name: "Embedding twice, and used whole", Inputs: of([]int{4, 3}), Fn: func(_ *tape, x vars) out {
		a := autograd.Embedding(x[0], int64s([]int{3}, 3, 1, 3), autograd.EmbeddingOptions{})
		b := autograd.Embedding(x[0], int64s([]int{3}, 0, 1, 2), autograd.EmbeddingOptions{})
		return autograd.MatMulNT(autograd.Mul(a, b), x[0])
	}},
	{Name: "Embedding of a computed table", Inputs: of([]int{4, 3}), Fn: func(_ *tape, x vars) out {
		return autograd.Embedding(autograd.Tanh(x[0]), int64s([]int{3}, 3, 1, 3), autograd.EmbeddingOptions{})
	}},
	{Name: "EmbeddingBag", Inputs: of([]int{5, 3}), Fn: bag(autograd.EmbeddingBagOptions{})},
	{Name: "EmbeddingBag of means", Inputs: of([]int{5, 3}), Fn: bag(autograd.EmbeddingBagOptions{Mode: autograd.BagMean, Padded: true, Padding: 1})},
	{Name: "EmbeddingBag of maxima", Inputs: of([]int{5, 3}), Fn: bag(autograd.EmbeddingBagOptions{Mode: autograd.BagMax, Padded: true, Padding: 0})},
	{Name: "EmbeddingBag with weights", Inputs: of([]int{5, 3}, []int{2, 3}), Fn: bag(autograd.EmbeddingBagOptions{})},
	{Name: "EmbeddingBag with offsets", Inputs: of([]int{5, 3}, []int{6}), Fn: bag(autograd.EmbeddingBagOptions{
		Offsets: tensor.FromSlice([]int64{0, 2, 2, 5}), Padded: true, Padding: 4})},
}

func int64s(shape []int, v ...int64) *tensor.Tensor { return tensor.FromSlice(v, shape...) }

// bag looks up six places of x[0], with weights x[1] if there are any.
func bag(o autograd.EmbeddingBagOptions) func(*tape, vars) out {
	return func(_ *tape, x vars) out {
		index := int64s([]int{2, 3}, 4, 0, 4, 2, 1, 0)
		if o.Offsets != nil {
			index = index.Reshape(6)
		}
		if len(x) == 1 {
			return autograd.EmbeddingBag(x[0], index, nil, o)
		}
		return autograd.EmbeddingBag(x[0], index, x[1], o)
	}
}
