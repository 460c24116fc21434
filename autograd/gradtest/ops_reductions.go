package gradtest

import (
	"math"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// reductions are the ops that make one number of many, and running sums.
var reductions = []Case{
	{Name: "Max", Inputs: of([]int{3, 4}), Fn: one(func(a out) out { return autograd.Max(a) })},
	{Name: "Max of the last axis", Inputs: of([]int{2, 3, 9}), Fn: one(func(a out) out { return autograd.Max(a, -1) })},
	{Name: "Max of the first axis", Inputs: of([]int{3, 4}), Fn: one(func(a out) out { return autograd.Max(a, 0) })},
	{Name: "Max of outer axes", Inputs: of([]int{2, 3, 4}), Fn: one(func(a out) out { return autograd.Max(a, 0, 2) })},
	{Name: "Min", Inputs: of([]int{3, 4}), Fn: one(func(a out) out { return autograd.Min(a) })},
	{Name: "Min of the middle axis", Inputs: of([]int{2, 3, 4}), Fn: one(func(a out) out { return autograd.Min(a, 1) })},
	{Name: "Prod", Inputs: positive([]int{2, 3}), Fn: one(func(a out) out { return autograd.Prod(a) })},
	{Name: "Prod of the first axis", Inputs: of([]int{3, 2}), Fn: one(func(a out) out { return autograd.Prod(a, 0) })},
	{Name: "Variance", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Variance(a) })},
	{Name: "Variance of outer axes", Inputs: of([]int{2, 3, 2}), Fn: one(func(a out) out { return autograd.Variance(a, 0, -1) })},
	{Name: "VariancePop of the last axis", Inputs: of([]int{2, 5}), Fn: one(func(a out) out { return autograd.VariancePop(a, 1) })},
	{Name: "Std of the last axis", Inputs: of([]int{2, 5}), Fn: one(func(a out) out { return autograd.Std(a, 1) })},
	{Name: "LogSumExp", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.LogSumExp(a) })},
	{Name: "LogSumExp of the first axis", Inputs: of([]int{4, 3}), Fn: one(func(a out) out { return autograd.LogSumExp(a, 0) })},
	{Name: "Norm", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Norm(a, 2) })},
	{Name: "Norm 1 of the last axis", Inputs: of([]int{2, 4}), Fn: one(func(a out) out { return autograd.Norm(a, 1, 1) })},
	{Name: "Norm 3 of the first axis", Inputs: of([]int{4, 2}), Fn: one(func(a out) out { return autograd.Norm(a, 3, 0) })},
	{Name: "Norm ∞", Inputs: of([]int{2, 4}), Fn: one(func(a out) out { return autograd.Norm(a, math.Inf(1), 1) })},
	{Name: "Norm −∞", Inputs: of([]int{2, 4}), Fn: one(func(a out) out { return autograd.Norm(a, math.Inf(-1), 1) })},
	{Name: "Norm 0", Inputs: of([]int{2, 4}), Fn: one(func(a out) out { return autograd.Norm(a, 0, 1) })},
	{Name: "Norm ½ of the first axis", Inputs: of([]int{4, 2}), Fn: one(func(a out) out {
		return autograd.Norm(a, 0.5, 0)
	})},
	{Name: "Norm 1½", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Norm(a, 1.5) })},
	{Name: "Norm −2 of the last axis", Inputs: positive([]int{2, 3}), Fn: one(func(a out) out {
		return autograd.Norm(a, -2, 1)
	})},
	{Name: "CumSum of the last axis", Inputs: of([]int{2, 4}), Fn: one(func(a out) out { return autograd.CumSum(a, -1) })},
	{Name: "CumSum of the first axis", Inputs: of([]int{4, 3}), Fn: one(func(a out) out { return autograd.CumSum(a, 0) })},
	{Name: "CumProd of the last axis", Inputs: of([]int{2, 4}), Fn: one(func(a out) out {
		return autograd.CumProd(a, -1)
	})},
	{Name: "CumProd of the first axis", Inputs: of([]int{4, 3}), Fn: one(func(a out) out {
		return autograd.CumProd(a, 0)
	})},
	{Name: "CumProd of the middle axis with zeros", Inputs: of([]int{2, 3, 2}), Fn: func(t *tape, x vars) out {
		zeros := tensor.FromSlice([]float64{1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1}, 2, 3, 2).Cast(x[0].DType())
		return autograd.CumProd(autograd.Mul(x[0], t.Const(zeros)), 1)
	}},
}
