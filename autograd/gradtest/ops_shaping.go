package gradtest

import "github.com/tutti-ml/tutti/autograd"

// shaping are the ops that move elements.
var shaping = []Case{
	{Name: "Permute", Inputs: of([]int{2, 3, 4}), Fn: one(func(a out) out { return autograd.Permute(a, 2, 0, 1) })},
	{Name: "Permute of four axes", Inputs: of([]int{2, 3, 4, 2}), Fn: one(func(a out) out { return autograd.Permute(a, 0, 2, 1, -1) })},
	{Name: "Permute of nothing", Inputs: of([]int{}), Fn: one(func(a out) out { return autograd.Permute(a) })},
	{Name: "Transpose of a large matrix", Inputs: of([]int{19, 21}), Few: true, Fn: one(func(a out) out { return autograd.Transpose(a, 0, 1) })},
	{Name: "Squeeze", Inputs: of([]int{1, 3, 1}), Fn: one(func(a out) out { return autograd.Squeeze(a) })},
	{Name: "Squeeze of one axis", Inputs: of([]int{1, 3, 1}), Fn: one(func(a out) out { return autograd.Squeeze(a, -1) })},
	{Name: "Unsqueeze", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Unsqueeze(a, 1) })},
	{Name: "Unsqueeze at the end", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Unsqueeze(a, -1) })},
	{Name: "Expand", Inputs: of([]int{3, 1}), Fn: one(func(a out) out { return autograd.Expand(a, 2, 3, 4) })},
	{Name: "SumTo", Inputs: of([]int{2, 3, 4}), Fn: one(func(a out) out { return autograd.SumTo(a, 3, 1) })},
	{Name: "Slice", Inputs: of([]int{4, 5}), Fn: one(func(a out) out { return autograd.Slice(a, 0, 1, 3) })},
	{Name: "Slice of the last axis", Inputs: of([]int{4, 5}), Fn: one(func(a out) out { return autograd.Slice(a, -1, 1, -1) })},
	{Name: "SliceStep", Inputs: of([]int{4, 7}), Fn: one(func(a out) out { return autograd.SliceStep(a, 1, 1, 7, 3) })},
	{Name: "Select", Inputs: of([]int{3, 4, 2}), Fn: one(func(a out) out { return autograd.Select(a, 1, -2) })},
	{Name: "Flip", Inputs: of([]int{2, 3, 4}), Fn: one(func(a out) out { return autograd.Flip(a, 0, 2) })},
	{Name: "Repeat", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Repeat(a, 3, 2) })},
	{Name: "Repeat of one axis", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Repeat(a, 1, 2) })},
	{Name: "Diagonal", Inputs: of([]int{3, 2, 4}), Fn: one(func(a out) out { return autograd.Diagonal(a, 0, 2) })},
	{Name: "Concat", Inputs: of([]int{2, 3}, []int{2, 1}, []int{2, 2}), Fn: func(_ *tape, x vars) out { return autograd.Concat(1, x...) }},
	{Name: "Concat of five", Inputs: of([]int{1, 3}, []int{2, 3}, []int{1, 3}, []int{1, 3}, []int{1, 3}), Fn: func(_ *tape, x vars) out {
		return autograd.Concat(0, x...)
	}},
	{Name: "Concat with itself", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Concat(1, a, a) })},
	{Name: "Stack", Inputs: of([]int{2, 3}, []int{2, 3}), Fn: func(_ *tape, x vars) out { return autograd.Stack(1, x...) }},
	{Name: "Stack at the end", Inputs: of([]int{2, 3}, []int{2, 3}), Fn: func(_ *tape, x vars) out { return autograd.Stack(-1, x...) }},
	{Name: "Split", Inputs: of([]int{2, 5}), Fn: one(func(a out) out {
		parts := autograd.Split(a, 1, 2, 0, 3)
		return autograd.Add(parts[0], autograd.Slice(parts[2], 1, 0, 2))
	})},
	{Name: "Chunk", Inputs: of([]int{2, 5}), Fn: one(func(a out) out {
		parts := autograd.Chunk(a, 1, 2)
		return autograd.Mul(autograd.Slice(parts[0], 1, 0, 2), parts[1])
	})},
	{Name: "Roll", Inputs: of([]int{2, 5, 2}), Fn: one(func(a out) out { return autograd.Roll(a, 1, 3) })},
	{Name: "Roll back", Inputs: of([]int{2, 5}), Fn: one(func(a out) out { return autograd.Roll(a, -1, -1) })},
	{Name: "Pad", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.Pad(a, 0.5, 1, 2, 0, 1) })},
	{Name: "Pad that cuts", Inputs: of([]int{2, 4, 3}), Fn: one(func(a out) out { return autograd.Pad(a, 0.5, 0, 0, -1, 2) })},
	{Name: "PadReflect", Inputs: of([]int{2, 4, 3}), Fn: one(func(a out) out { return autograd.PadReflect(a, 2, 1, 1, 3) })},
	{Name: "PadReplicate", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.PadReplicate(a, 2, 1, 0, 3) })},
	{Name: "PadCircular", Inputs: of([]int{2, 3}), Fn: one(func(a out) out { return autograd.PadCircular(a, 2, 1) })},
}
