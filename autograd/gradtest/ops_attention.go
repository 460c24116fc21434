package gradtest

import (
	"math"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// attentions are the ops of transformers.
var attentions = []Case{
	{Name: "Attention", Inputs: of([]int{2, 3, 4}, []int{2, 5, 4}, []int{2, 5, 6}), Fn: attention(autograd.AttentionOptions{Heads: 2})},
	{Name: "Attention, causal", Inputs: of([]int{1, 3, 4}, []int{1, 5, 4}, []int{1, 5, 4}), Fn: attention(autograd.AttentionOptions{Heads: 2, Causal: true, Scale: 0.7})},
	{Name: "Attention, causal, of queries that see nothing", Inputs: of([]int{1, 3, 2}, []int{1, 2, 2}, []int{1, 2, 2}),
		Fn: attention(autograd.AttentionOptions{Heads: 1, Causal: true})},
	{Name: "Attention with a mask to add", Inputs: of([]int{2, 2, 4}, []int{2, 3, 4}, []int{2, 3, 4}), Fn: func(t *tape, x vars) out {
		mask := tensor.FromSlice([]float64{0.5, -1, 0, math.Inf(-1), 2, 0.3}, 2, 3).Cast(x[0].DType())
		return attention(autograd.AttentionOptions{Heads: 2, Mask: mask})(t, x)
	}},
	{Name: "Attention with a mask a head and key padding", Inputs: of([]int{2, 2, 4}, []int{2, 3, 4}, []int{2, 3, 4}), Fn: attention(autograd.AttentionOptions{
		Heads: 2, Mask: bools([]int{4, 2, 3}, 1, 5, 9, 12, 20), KeyPadding: bools([]int{2, 3}, 2)})},
	{Name: "Attention with a mask a sample", Inputs: of([]int{2, 2, 4}, []int{2, 3, 4}, []int{2, 3, 4}), Fn: attention(autograd.AttentionOptions{
		Heads: 2, Mask: bools([]int{2, 2, 3}, 1, 5, 9)})},
	{Name: "Attention with dropout", TrainOnly: true, Inputs: of([]int{1, 3, 4}, []int{1, 3, 4}, []int{1, 3, 4}), Fn: attention(autograd.AttentionOptions{Heads: 2, Dropout: 0.4})},
	{Name: "Attention to itself", Inputs: of([]int{1, 3, 4}), Fn: func(_ *tape, x vars) out {
		return autograd.Attention(x[0], x[0], x[0], autograd.AttentionOptions{Heads: 2})
	}},
	{Name: "Attention of constant queries", Inputs: []Input{{Shape: []int{1, 2, 2}, Const: true}, {Shape: []int{1, 2, 2}}, {Shape: []int{1, 2, 2}, Const: true}},
		Fn: attention(autograd.AttentionOptions{Heads: 1})},
	{Name: "SelfAttention", Inputs: of([]int{2, 3, 12}), Fn: func(_ *tape, x vars) out {
		return autograd.SelfAttention(x[0], autograd.AttentionOptions{Heads: 2, Causal: true})
	}},
	{Name: "Rotary", Inputs: of([]int{2, 3, 10}), Fn: func(_ *tape, x vars) out {
		cos, sin := autograd.RotaryTables(x[0].DType(), 5, 4, 100)
		return autograd.Rotary(x[0], cos, sin, 2, 1)
	}},
}

func attention(o autograd.AttentionOptions) func(*tape, vars) out {
	return func(_ *tape, x vars) out { return autograd.Attention(x[0], x[1], x[2], o) }
}

// bools returns a tensor that is true at the given elements.
func bools(shape []int, at ...int) *tensor.Tensor {
	x := tensor.New(tensor.Bool, shape...)
	for _, i := range at {
		tensor.Data[bool](x)[i] = true
	}
	return x
}
