package gradtest

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

var (
	someIndices = tensor.FromSlice([]int64{2, 0, 2})
	placeIndex  = tensor.FromSlice([]int64{2, 0, 1, 1, 2, 2}, 2, 3) // of a [3, 3] or longer
	someMask    = tensor.FromSlice([]bool{true, false, true, false, false, true}, 2, 3)
	rowMask     = tensor.FromSlice([]bool{true, false, true})
	columnMask  = tensor.FromSlice([]bool{false, true}, 2, 1)
)

// indexing are the ops that look elements up.
var indexing = []Case{
	{Name: "IndexSelect", Inputs: of([]int{3, 4}), Fn: one(func(a out) out { return autograd.IndexSelect(a, 0, someIndices) })},
	{Name: "IndexSelect of the last axis", Inputs: of([]int{2, 4}), Fn: one(func(a out) out { return autograd.IndexSelect(a, -1, someIndices) })},
	{Name: "IndexAdd", Inputs: of([]int{3, 4}, []int{3, 4}), Fn: two(func(a, b out) out {
		return autograd.IndexAdd(a, 0, someIndices, b)
	})},
	{Name: "IndexAdd along the last axis", Inputs: of([]int{2, 4}, []int{2, 3}), Fn: two(func(a, b out) out {
		return autograd.IndexAdd(a, -1, someIndices, b)
	})},
	{Name: "Take", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Take(a, placeIndex) })},
	{Name: "Gather", Inputs: of([]int{3, 3}), Fn: one(func(a out) out { return autograd.Gather(a, 0, placeIndex) })},
	{Name: "Gather of the last axis", Inputs: of([]int{2, 5}), Fn: one(func(a out) out { return autograd.Gather(a, 1, placeIndex) })},
	{Name: "ScatterAdd", Inputs: of([]int{4, 3}, []int{2, 3}), Fn: two(func(a, b out) out { return autograd.ScatterAdd(a, 0, placeIndex, b) })},
	{Name: "ScatterAdd along the last axis", Inputs: of([]int{3, 4}, []int{2, 3}), Fn: two(func(a, b out) out {
		return autograd.ScatterAdd(a, 1, placeIndex, b)
	})},
	{Name: "Scatter", Inputs: of([]int{3, 3}, []int{2, 3}), Fn: two(func(a, b out) out { return autograd.Scatter(a, 1, placeIndex, b) })},
	{Name: "Where", Inputs: of([]int{2, 3}, []int{2, 3}), Fn: two(func(a, b out) out { return autograd.Where(someMask, a, b) })},
	{Name: "Where broadcast", Inputs: of([]int{3}, []int{2, 1}), Fn: two(func(a, b out) out { return autograd.Where(columnMask, a, b) })},
	{Name: "MaskedFill", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.MaskedFill(a, someMask, -9) })},
	{Name: "MaskedFill of columns", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.MaskedFill(a, rowMask, 7) })},
	{Name: "MaskedFill of rows", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.MaskedFill(a, columnMask, 7) })},
	{Name: "MaskedSelect", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.MaskedSelect(a, someMask) })},
	{Name: "Sort", Inputs: of([]int{3, 4}), Fn: one(func(a out) out { return values(autograd.Sort(a, 0, false)) })},
	{Name: "Sort descending", Inputs: of([]int{2, 5}), Fn: one(func(a out) out { return values(autograd.Sort(a, -1, true)) })},
	{Name: "TopK", Inputs: of([]int{2, 6}), Fn: one(func(a out) out { return values(autograd.TopK(a, 3, 1)) })},
}

func values(v out, _ *tensor.Tensor) out { return v }
