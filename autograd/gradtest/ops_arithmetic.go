package gradtest

import (
	"math"

	"github.com/tutti-ml/tutti/autograd"
)

// arithmetic are the ops element by element beyond the basics.
var arithmetic = []Case{
	{Name: "Div", Inputs: positive([]int{2, 3}, []int{2, 3}), Fn: two(autograd.Div)},
	{Name: "Div by row", Inputs: positive([]int{4, 3}, []int{3}), Fn: two(autograd.Div)},
	{Name: "Div by column", Inputs: positive([]int{4, 3}, []int{4, 1}), Fn: two(autograd.Div)},
	{Name: "Div of a row", Inputs: positive([]int{3}, []int{4, 3}), Fn: two(autograd.Div)},
	{Name: "Div outer", Inputs: positive([]int{4, 1}, []int{1, 3}), Fn: two(autograd.Div)},
	{Name: "Div by scalar", Inputs: positive([]int{2, 3}, []int{}), Fn: two(autograd.Div)},
	{Name: "Div by itself", Inputs: positive([]int{5}), Fn: func(_ *tape, x vars) out { return autograd.Div(x[0], x[0]) }},
	{Name: "Div of rows longer than a buffer", Inputs: positive([]int{1, 1}, []int{2, 600}), Fn: two(autograd.Div)},
	{Name: "Reciprocal", Inputs: positive([]int{2, 3}), Fn: one(autograd.Reciprocal)},
	{Name: "AddScalar", Inputs: of([]int{2, 3}), Fn: func(_ *tape, x vars) out { return autograd.AddScalar(x[0], 1.5) }},
	{Name: "Square", Inputs: of([]int{2, 3}), Fn: one(autograd.Square)},
	{Name: "Sqrt", Inputs: positive([]int{2, 3}), Fn: one(autograd.Sqrt)},
	{Name: "Rsqrt", Inputs: positive([]int{2, 3}), Fn: one(autograd.Rsqrt)},
	{Name: "Abs", Inputs: of([]int{2, 3}), Fn: one(autograd.Abs)},
	{Name: "Pow", Inputs: positive([]int{2, 3}), Fn: func(_ *tape, x vars) out { return autograd.Pow(x[0], 2.5) }},
	{Name: "Pow 3 of negative numbers", Inputs: of([]int{2, 3}), Fn: func(_ *tape, x vars) out { return autograd.Pow(x[0], 3) }},
	{Name: "Pow 0", Inputs: of([]int{2, 3}), Fn: func(_ *tape, x vars) out { return autograd.Pow(x[0], 0) }},
	{Name: "PowVar", Inputs: positive([]int{2, 3}, []int{2, 3}), Fn: two(autograd.PowVar)},
	{Name: "PowVar of a column", Inputs: positive([]int{2, 1}, []int{3}), Fn: two(autograd.PowVar)},
	{Name: "Maximum", Inputs: of([]int{3, 4}, []int{3, 4}), Fn: two(autograd.Maximum)},
	{Name: "Maximum with a row", Inputs: of([]int{3, 4}, []int{4}), Fn: two(autograd.Maximum)},
	{Name: "Maximum with itself", Inputs: of([]int{4}), Fn: func(_ *tape, x vars) out { return autograd.Maximum(x[0], x[0]) }},
	{Name: "Minimum", Inputs: of([]int{3, 4}, []int{3, 4}), Fn: two(autograd.Minimum)},
	{Name: "Minimum with a column", Inputs: of([]int{3, 1}, []int{3, 5}), Fn: two(autograd.Minimum)},
	{Name: "Clamp", Inputs: of([]int{3, 5}), Fn: func(_ *tape, x vars) out { return autograd.Clamp(x[0], -0.5, 0.6) }},
	{Name: "Clamp from below", Inputs: of([]int{3, 5}), Fn: func(_ *tape, x vars) out { return autograd.Clamp(x[0], 0.1, math.Inf(1)) }},
	{Name: "Sin", Inputs: []Input{{Shape: []int{3, 5}, Lo: -4, Hi: 4}}, Fn: one(autograd.Sin)},
	{Name: "Cos", Inputs: []Input{{Shape: []int{3, 5}, Lo: -4, Hi: 4}}, Fn: one(autograd.Cos)},
	{Name: "Sin of many", Inputs: of([]int{3, 800}), Few: true, Fn: one(autograd.Sin)},
	{Name: "Tan", Inputs: of([]int{3, 5}), Fn: one(autograd.Tan)},
	{Name: "Atan", Inputs: []Input{{Shape: []int{3, 5}, Lo: -4, Hi: 4}}, Fn: one(autograd.Atan)},
	{Name: "Sinh", Inputs: of([]int{3, 5}), Fn: one(autograd.Sinh)},
	{Name: "Cosh", Inputs: of([]int{3, 5}), Fn: one(autograd.Cosh)},
	{Name: "Erf", Inputs: []Input{{Shape: []int{3, 5}, Lo: -3, Hi: 3}}, Fn: one(autograd.Erf)},
	{Name: "Log1p", Inputs: []Input{{Shape: []int{3, 5}, Lo: -0.6, Hi: 3}}, Fn: one(autograd.Log1p)},
	{Name: "Expm1", Inputs: []Input{{Shape: []int{3, 5}, Lo: -2, Hi: 2}}, Fn: one(autograd.Expm1)},
}

// positive returns inputs of the given shapes with elements from ½ to 2½.
func positive(shapes ...[]int) []Input {
	in := of(shapes...)
	for i := range in {
		in[i].Lo, in[i].Hi = 0.5, 2.5
	}
	return in
}
