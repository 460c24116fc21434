package autograd_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

type tensors = []*tensor.Tensor

// operandCase is an op with operands that are not differentiated: x of these shapes, and operands as an ordinary
// caller makes them.
type operandCase struct {
	name     string
	shapes   [][]int
	operands []*tensor.Tensor
	fn       func(x vars, o tensors) *autograd.Var
}

func shapesOf(s ...[]int) [][]int                     { return s }
func operands(o ...*tensor.Tensor) []*tensor.Tensor   { return o }
func ints(shape []int, v ...int64) *tensor.Tensor     { return tensor.FromSlice(v, shape...) }
func flags(shape []int, v ...bool) *tensor.Tensor     { return tensor.FromSlice(v, shape...) }
func floats(shape []int, v ...float64) *tensor.Tensor { return tensor.FromSlice(v, shape...) }

// operandCases has every op that takes labels, indices, lengths, offsets, a mask, class weights, boxes or tables.
var operandCases = []operandCase{
	{"SoftmaxCrossEntropy", shapesOf([]int{3, 4}), operands(ints([]int{3}, 3, 0, 2)),
		func(x vars, o tensors) *autograd.Var { return autograd.SoftmaxCrossEntropy(x[0], o[0]) }},
	{"SoftCrossEntropy", shapesOf([]int{2, 3}), operands(floats([]int{2, 3}, 0.5, 0, 0.3, 0, 2, 0)),
		func(x vars, o tensors) *autograd.Var { return autograd.SoftCrossEntropy(x[0], o[0]) }},
	{"NLL", shapesOf([]int{3, 4}), operands(ints([]int{3}, 3, -100, 2), floats([]int{4}, 1, 2, 0.5, 3)),
		func(x vars, o tensors) *autograd.Var { return autograd.NLL(x[0], o[0], o[1], []int64{-100}) }},
	{"MultiMargin", shapesOf([]int{3, 4}), operands(ints([]int{3}, 3, 1, 2), floats([]int{4}, 1, 2, 0.5, 3)),
		func(x vars, o tensors) *autograd.Var { return autograd.MultiMargin(x[0], o[0], o[1], 1, 1) }},
	{"MultiLabelMargin", shapesOf([]int{2, 3}), operands(ints([]int{2, 3}, 2, 0, -1, 1, -1, -1)),
		func(x vars, o tensors) *autograd.Var { return autograd.MultiLabelMargin(x[0], o[0]) }},
	{"CTC", shapesOf([]int{5, 2, 4}), operands(ints([]int{2, 3}, 1, 1, 3, 2, 3, 0)),
		func(x vars, o tensors) *autograd.Var {
			return autograd.CTC(x[0], o[0], []int{5, 4}, []int{3, 2}, autograd.CTCOptions{})
		}},
	{"CTC of joined targets", shapesOf([]int{5, 2, 4}), operands(ints([]int{4}, 1, 3, 2, 3)),
		func(x vars, o tensors) *autograd.Var {
			return autograd.CTC(x[0], o[0], []int{5, 4}, []int{2, 2}, autograd.CTCOptions{})
		}},
	{"Gather", shapesOf([]int{3, 3}), operands(ints([]int{2, 3}, 2, 0, 1, 1, 2, 2)),
		func(x vars, o tensors) *autograd.Var { return autograd.Gather(x[0], 0, o[0]) }},
	{"ScatterAdd", shapesOf([]int{3, 4}, []int{2, 3}), operands(ints([]int{2, 3}, 2, 0, 2, 1, 2, 2)),
		func(x vars, o tensors) *autograd.Var { return autograd.ScatterAdd(x[0], 1, o[0], x[1]) }},
	{"Scatter", shapesOf([]int{3, 4}, []int{2, 3}), operands(ints([]int{2, 3}, 2, 0, 2, 1, 2, 2)),
		func(x vars, o tensors) *autograd.Var { return autograd.Scatter(x[0], 1, o[0], x[1]) }},
	{"IndexSelect", shapesOf([]int{3, 4}), operands(ints([]int{3}, 2, 0, 2)),
		func(x vars, o tensors) *autograd.Var { return autograd.IndexSelect(x[0], 0, o[0]) }},
	{"Take", shapesOf([]int{3, 4}), operands(ints([]int{2, 3}, 11, 0, 2, 7, 7, 5)),
		func(x vars, o tensors) *autograd.Var { return autograd.Take(x[0], o[0]) }},
	{"Embedding", shapesOf([]int{5, 3}), operands(ints([]int{2, 3}, 4, 0, 4, 2, 4, 0)),
		func(x vars, o tensors) *autograd.Var {
			return autograd.Embedding(x[0], o[0], autograd.EmbeddingOptions{})
		}},
	{"EmbeddingBag", shapesOf([]int{5, 3}), operands(ints([]int{2, 3}, 4, 0, 4, 2, 1, 0)),
		func(x vars, o tensors) *autograd.Var {
			return autograd.EmbeddingBag(x[0], o[0], nil, autograd.EmbeddingBagOptions{Mode: autograd.BagMax})
		}},
	{"EmbeddingBag with offsets", shapesOf([]int{5, 3}, []int{6}),
		operands(ints([]int{6}, 4, 0, 4, 2, 1, 0), ints([]int{3}, 0, 2, 5)),
		func(x vars, o tensors) *autograd.Var {
			return autograd.EmbeddingBag(x[0], o[0], x[1], autograd.EmbeddingBagOptions{Offsets: o[1]})
		}},
	{"Where", shapesOf([]int{2, 3}, []int{2, 3}), operands(flags([]int{2, 3}, true, false, true, false, false, true)),
		func(x vars, o tensors) *autograd.Var { return autograd.Where(o[0], x[0], x[1]) }},
	{"MaskedFill", shapesOf([]int{2, 3}), operands(flags([]int{3}, true, false, true)),
		func(x vars, o tensors) *autograd.Var { return autograd.MaskedFill(x[0], o[0], -3) }},
	{"MaskedSelect", shapesOf([]int{2, 3}), operands(flags([]int{2, 3}, true, false, true, false, false, true)),
		func(x vars, o tensors) *autograd.Var { return autograd.MaskedSelect(x[0], o[0]) }},
	{"Recurrent", shapesOf([]int{3, 2, 2}, []int{6, 2}, []int{6, 2}),
		operands(ints([]int{2}, 2, 3)), func(x vars, o tensors) *autograd.Var {
			w := autograd.RecurrentWeights{X: x[1], H: x[2]}
			y, _, _ := autograd.Recurrent(x[0], nil, nil, w, autograd.RecurrentOptions{Cell: autograd.GRU, Lengths: o[0]})
			return y
		}},
	{"Attention with masks of bools", shapesOf([]int{2, 2, 4}, []int{2, 3, 4}, []int{2, 3, 4}),
		operands(flags([]int{2, 3}, false, true, false, false, false, true),
			flags([]int{2, 3}, false, false, true, true, false, false)),
		func(x vars, o tensors) *autograd.Var {
			return autograd.Attention(x[0], x[1], x[2], autograd.AttentionOptions{Heads: 2, Mask: o[0], KeyPadding: o[1]})
		}},
	{"Attention with a mask to add", shapesOf([]int{2, 2, 4}, []int{2, 3, 4}, []int{2, 3, 4}),
		operands(floats([]int{2, 3}, 0.5, -1, 0, 1, 2, 0.3)),
		func(x vars, o tensors) *autograd.Var {
			return autograd.Attention(x[0], x[1], x[2], autograd.AttentionOptions{Heads: 2, Mask: o[0]})
		}},
	{"RoIAlign", shapesOf([]int{1, 1, 4, 4}), operands(floats([]int{1, 5}, 0, 0.5, 0.5, 3, 2.5)),
		func(x vars, o tensors) *autograd.Var {
			return autograd.RoIAlign(x[0], o[0], autograd.RoIAlignOptions{R: 2, S: 2, Samples: 2})
		}},
	{"Rotary", shapesOf([]int{1, 2, 4}),
		operands(floats([]int{2, 2}, 1, 0.5, 0.3, 0.2), floats([]int{2, 2}, 0, 0.1, 0.7, 0.4)),
		func(x vars, o tensors) *autograd.Var { return autograd.Rotary(x[0], o[0], o[1], 1, 0) }},
}

// column returns x as the first column of a table with one more axis, whose other column is rubbish: a view with gaps.
func column(x *tensor.Tensor) *tensor.Tensor {
	table := tensor.New(x.DType(), append(append([]int{}, x.Shape()...), 2)...)
	if x.DType() == tensor.Bool {
		table.Fill(1)
	} else {
		table.Fill(77)
	}
	view := table.Select(-1, 0)
	view.CopyFrom(x)
	return view
}

// turned returns x as a view with its axes in the opposite order in memory.
func turned(x *tensor.Tensor) *tensor.Tensor {
	order := make([]int, x.Rank())
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	return x.Permute(order...).Clone().Permute(order...)
}

// narrow returns x as Int32 if it is Int64.
func narrow(x *tensor.Tensor) *tensor.Tensor {
	if x.DType() == tensor.Int64 {
		return x.Cast(tensor.Int32)
	}
	return x
}

// An operand that is not differentiated may be a view of any strides, and integers may be Int32: results and
// gradients are those of contiguous Int64, which other tests compare with PyTorch.
func TestOperandsOfAnyStridesAndIntegers(t *testing.T) {
	run := func(c operandCase, how func(*tensor.Tensor) *tensor.Tensor) (results []*tensor.Tensor) {
		tape, rng := autograd.NewTape(autograd.Train, nil), rand.New(rand.NewPCG(1, 2))
		var params []*autograd.Param
		var x []*autograd.Var
		for _, s := range c.shapes {
			p := autograd.NewParam(tensor.New(tensor.Float64, s...))
			p.Value().Uniform(rng, -1, 1)
			params, x = append(params, p), append(x, tape.Use(p))
		}
		var o []*tensor.Tensor
		for _, v := range c.operands {
			o = append(o, how(v))
		}
		y := c.fn(x, o)
		tape.Backward(autograd.Sum(autograd.Square(y)))
		results = append(results, y.Value().Clone())
		for _, p := range params {
			results = append(results, tape.Grad(p).Clone())
		}
		for i, v := range c.operands {
			assert.True(t, how(v).Equal(o[i]), "%s: operand %d was modified", c.name, i)
		}
		return results
	}
	for _, c := range operandCases {
		want := run(c, func(x *tensor.Tensor) *tensor.Tensor { return x })
		for _, v := range []struct {
			name string
			how  func(*tensor.Tensor) *tensor.Tensor
		}{
			{"a column of a table", column},
			{"turned", turned},
			{"int32", narrow},
			{"a column of an int32 table", func(x *tensor.Tensor) *tensor.Tensor { return column(narrow(x)) }},
		} {
			t.Run(c.name+", "+v.name, func(t *testing.T) {
				for i, got := range run(c, v.how) {
					assert.True(t, want[i].Equal(got), "result %d is %v, want %v", i, got, want[i])
				}
			})
		}
	}
	for name, make := range map[string]func(){
		"autograd: Gather: indices are uint8, want int64 or int32": func() {
			tape := autograd.NewTape(autograd.Train, nil)
			autograd.Gather(tape.Const(tensor.New(tensor.Float32, 2)), 0, tensor.New(tensor.Uint8, 1))
		},
		"autograd: NLL: weights are int64, want float32 or float64": func() {
			tape := autograd.NewTape(autograd.Train, nil)
			x := tape.Const(tensor.New(tensor.Float32, 1, 2))
			autograd.NLL(x, tensor.New(tensor.Int64, 1), tensor.New(tensor.Int64, 2), nil)
		},
		"autograd: MaskedSelect: the mask is uint8, want bool": func() {
			tape := autograd.NewTape(autograd.Train, nil)
			autograd.MaskedSelect(tape.Const(tensor.New(tensor.Float32, 2)), tensor.New(tensor.Uint8, 2))
		},
	} {
		assert.PanicsWithValue(t, name, make)
	}
}
