package gradtest

import (
	"slices"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

type (
	tape = autograd.Tape
	vars = []*autograd.Var
	out  = *autograd.Var
)

// Ops has at least one row for every op of package autograd, with the shapes at which its code takes another path. A test
// fails if an exported op has no row. Rows of one area are in a file of their own, ops_<area>.go.
var Ops = slices.Concat(basics, arithmetic, reductions, shaping, indexing, products, convolutions,
	norms, activations, losses, lookups, recurrents, attentions)

// basics are the ops that the smallest networks are made of.
var basics = []Case{
	{Name: "Add", Inputs: of([]int{2, 3}, []int{2, 3}), Fn: two(autograd.Add)},
	{Name: "Add row", Inputs: of([]int{4, 3}, []int{3}), Fn: two(autograd.Add)},
	{Name: "Add column", Inputs: of([]int{4, 1}, []int{4, 3}), Fn: two(autograd.Add)},
	{Name: "Add outer", Inputs: of([]int{4, 1}, []int{1, 3}), Fn: two(autograd.Add)},
	{Name: "Add channels", Inputs: of([]int{2, 3, 2, 2}, []int{3, 1, 1}), Fn: two(autograd.Add)},
	{Name: "Add scalar", Inputs: of([]int{}, []int{2, 3}), Fn: two(autograd.Add)},
	{Name: "Sub", Inputs: of([]int{2, 3}, []int{2, 3}), Fn: two(autograd.Sub)},
	{Name: "Sub row", Inputs: of([]int{3}, []int{4, 3}), Fn: two(autograd.Sub)},
	{Name: "Sub column", Inputs: of([]int{4, 3}, []int{4, 1}), Fn: two(autograd.Sub)},
	{Name: "Sub outer", Inputs: of([]int{4, 1}, []int{1, 3}), Fn: two(autograd.Sub)},
	{Name: "Mul", Inputs: of([]int{2, 3}, []int{2, 3}), Fn: two(autograd.Mul)},
	{Name: "Mul row", Inputs: of([]int{4, 3}, []int{3}), Fn: two(autograd.Mul)},
	{Name: "Mul column", Inputs: of([]int{4, 1}, []int{4, 3}), Fn: two(autograd.Mul)},
	{Name: "Mul outer", Inputs: of([]int{4, 1}, []int{1, 3}), Fn: two(autograd.Mul)},
	{Name: "Mul channels", Inputs: of([]int{2, 3, 2, 2}, []int{3, 1, 1}), Fn: two(autograd.Mul)},
	{Name: "Mul middle", Inputs: of([]int{2, 1, 3}, []int{2, 2, 1}), Fn: two(autograd.Mul)},
	{Name: "Mul scalar", Inputs: of([]int{2, 3}, []int{}), Fn: two(autograd.Mul)},
	{Name: "Mul by itself", Inputs: of([]int{5}), Fn: func(_ *tape, x vars) out { return autograd.Mul(x[0], x[0]) }},
	{Name: "Add to itself", Inputs: of([]int{5}), Fn: func(_ *tape, x vars) out { return autograd.Add(x[0], x[0]) }},
	{Name: "Sub from itself", Inputs: of([]int{5}), Fn: func(_ *tape, x vars) out { return autograd.Sub(x[0], x[0]) }},
	{Name: "Scale", Inputs: of([]int{2, 3}), Fn: func(_ *tape, x vars) out { return autograd.Scale(x[0], -2.5) }},
	{Name: "Neg", Inputs: of([]int{2, 3}), Fn: one(autograd.Neg)},

	{Name: "MatMul", Inputs: of([]int{3, 4}, []int{4, 2}), Fn: two(autograd.MatMul)},
	{Name: "MatMul of one element", Inputs: of([]int{1, 1}, []int{1, 1}), Fn: two(autograd.MatMul)},
	{Name: "MatMul by itself", Inputs: of([]int{3, 3}), Fn: func(_ *tape, x vars) out { return autograd.MatMul(x[0], x[0]) }},
	{Name: "MatMulNT", Inputs: of([]int{3, 4}, []int{2, 4}), Fn: two(autograd.MatMulNT)},
	{Name: "MatMulTN", Inputs: of([]int{4, 3}, []int{4, 2}), Fn: two(autograd.MatMulTN)},
	{Name: "Linear", Inputs: of([]int{3, 4}, []int{2, 4}, []int{2}), Fn: three(autograd.Linear)},
	{Name: "Linear without bias", Inputs: of([]int{3, 4}, []int{2, 4}), Fn: func(_ *tape, x vars) out { return autograd.Linear(x[0], x[1], nil) }},
	{Name: "Linear of three axes", Inputs: of([]int{2, 3, 4}, []int{5, 4}, []int{5}), Fn: three(autograd.Linear)},
	{Name: "Linear of a vector", Inputs: of([]int{4}, []int{2, 4}, []int{2}), Fn: three(autograd.Linear)},

	{Name: "ReLU", Inputs: of([]int{3, 5}), Fn: one(autograd.ReLU)},
	{Name: "Tanh", Inputs: []Input{{Shape: []int{3, 5}, Lo: -3, Hi: 3}}, Fn: one(autograd.Tanh)},
	{Name: "Sigmoid", Inputs: []Input{{Shape: []int{3, 5}, Lo: -4, Hi: 4}}, Fn: one(autograd.Sigmoid)},
	{Name: "Exp", Inputs: []Input{{Shape: []int{3, 5}, Lo: -2, Hi: 2}}, Fn: one(autograd.Exp)},
	{Name: "Log", Inputs: []Input{{Shape: []int{3, 5}, Lo: 0.5, Hi: 3}}, Fn: one(autograd.Log)},
	{Name: "GELU", Inputs: []Input{{Shape: []int{3, 5}, Lo: -4, Hi: 4}}, Fn: one(autograd.GELU)},

	{Name: "Reshape", Inputs: of([]int{2, 6}), Fn: func(_ *tape, x vars) out { return autograd.Reshape(x[0], 3, -1) }},
	{Name: "Flatten", Inputs: of([]int{2, 3, 2}), Fn: one(autograd.Flatten)},
	{Name: "Transpose", Inputs: of([]int{2, 3, 4}), Fn: func(_ *tape, x vars) out { return autograd.Transpose(x[0], 0, -1) }},
	{Name: "Sum", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Sum(a) })},
	{Name: "Sum of the last axis", Inputs: of([]int{2, 3, 4}), Fn: func(_ *tape, x vars) out { return autograd.Sum(x[0], -1) }},
	{Name: "Sum of the first axis", Inputs: of([]int{2, 3, 4}), Fn: func(_ *tape, x vars) out { return autograd.Sum(x[0], 0) }},
	{Name: "Sum of outer axes", Inputs: of([]int{2, 3, 4}), Fn: func(_ *tape, x vars) out { return autograd.Sum(x[0], 0, 2) }},
	{Name: "Mean", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Mean(a) })},
	{Name: "Mean of the middle axis", Inputs: of([]int{2, 3, 4}), Fn: func(_ *tape, x vars) out { return autograd.Mean(x[0], 1) }},
	{Name: "Softmax", Inputs: of([]int{3, 4}), Fn: one(autograd.Softmax)},
	{Name: "LogSoftmax", Inputs: of([]int{3, 4}), Fn: one(autograd.LogSoftmax)},

	{Name: "SoftmaxCrossEntropy", Inputs: []Input{{Shape: []int{3, 4}, Lo: -3, Hi: 3}}, Fn: func(_ *tape, x vars) out {
		return autograd.SoftmaxCrossEntropy(x[0], tensor.FromSlice([]int64{3, 0, 2}))
	}},
	{Name: "Checkpoint", TrainOnly: true, Inputs: of([]int{2, 3}, []int{3}), Fn: func(t *tape, x vars) out {
		return autograd.Checkpoint(t, func(_ *tape, x vars) out {
			return autograd.Dropout(autograd.Tanh(autograd.Mul(x[0], x[1])), 0.3)
		}, x...)
	}},
	{Name: "MSE", Inputs: of([]int{2, 3}, []int{2, 3}), Fn: two(autograd.MSE)},
	{Name: "Dropout", TrainOnly: true, Inputs: of([]int{5, 7}), Fn: func(_ *tape, x vars) out { return autograd.Dropout(x[0], 0.4) }},
	{Name: "Dropout of everything", TrainOnly: true, Inputs: of([]int{3}), Fn: func(_ *tape, x vars) out { return autograd.Dropout(x[0], 1) }},

	{Name: "Conv2D", Inputs: of([]int{2, 2, 5, 4}, []int{3, 2, 3, 2}, []int{3}), Fn: func(_ *tape, x vars) out {
		return autograd.Conv2D(x[0], x[1], x[2], autograd.Conv2DOptions{})
	}},
	{Name: "Conv2D without bias, with everything else", Inputs: of([]int{2, 4, 6, 7}, []int{2, 2, 3, 2}), Fn: func(_ *tape, x vars) out {
		return autograd.Conv2D(x[0], x[1], nil, autograd.Conv2DOptions{
			StrideH: 2, StrideW: 3, PadH: 1, PadW: 2, DilationH: 2, DilationW: 1, Groups: 2})
	}},
	{Name: "MaxPool2D", Inputs: of([]int{2, 2, 4, 6}), Fn: func(_ *tape, x vars) out {
		return autograd.MaxPool2D(x[0], autograd.Pool2DOptions{R: 2, S: 2})
	}},
	{Name: "MaxPool2D with overlap and padding", Inputs: of([]int{1, 2, 5, 5}), Fn: func(_ *tape, x vars) out {
		return autograd.MaxPool2D(x[0], autograd.Pool2DOptions{R: 3, S: 2, StrideH: 2, StrideW: 1, PadH: 1, PadW: 1})
	}},
	{Name: "AvgPool2D", Inputs: of([]int{2, 2, 4, 6}), Fn: func(_ *tape, x vars) out {
		return autograd.AvgPool2D(x[0], autograd.Pool2DOptions{R: 2, S: 3})
	}},
	{Name: "AvgPool2D without its padding", Inputs: of([]int{1, 2, 5, 5}), Fn: func(_ *tape, x vars) out {
		return autograd.AvgPool2D(x[0], autograd.Pool2DOptions{R: 3, S: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1, ExcludePad: true})
	}},

	{Name: "one operand constant", Inputs: []Input{{Shape: []int{2, 3}, Const: true}, {Shape: []int{3, 2}}}, Fn: two(autograd.MatMul)},
	{Name: "the other constant", Inputs: []Input{{Shape: []int{2, 3}}, {Shape: []int{2, 3}, Const: true}}, Fn: func(_ *tape, x vars) out {
		return autograd.Mul(autograd.Sub(x[0], x[1]), x[1])
	}},
}

// of returns inputs of the given shapes with elements from −1 to 1.
func of(shapes ...[]int) []Input {
	in := make([]Input, len(shapes))
	for i, s := range shapes {
		in[i].Shape = s
	}
	return in
}

// one, two and three make a row's Fn of an op of so many operands.

func one(op func(a out) out) func(*tape, vars) out {
	return func(_ *tape, x vars) out { return op(x[0]) }
}

func two(op func(a, b out) out) func(*tape, vars) out {
	return func(_ *tape, x vars) out { return op(x[0], x[1]) }
}

func three(op func(a, b, c out) out) func(*tape, vars) out {
	return func(_ *tape, x vars) out { return op(x[0], x[1], x[2]) }
}
