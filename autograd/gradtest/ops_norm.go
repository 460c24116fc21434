package gradtest

import (
	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// norms are the normalisations.
var norms = []Case{
	{Name: "BatchNorm", Inputs: of([]int{3, 4, 2, 3}, []int{4}, []int{4}), Fn: batchNorm(autograd.BatchNormOptions{Eps: 1e-2})},
	{Name: "BatchNorm of long rows", Inputs: of([]int{2, 2, 33}, []int{2}, []int{2}), Fn: batchNorm(autograd.BatchNormOptions{Eps: 1e-2})},
	{Name: "BatchNorm of features", Inputs: of([]int{5, 3}, []int{3}, []int{3}), Fn: batchNorm(autograd.BatchNormOptions{Eps: 1e-2})},
	{Name: "BatchNorm of more than a block of samples", Inputs: of([]int{35, 2}, []int{2}, []int{2}), Fn: batchNorm(autograd.BatchNormOptions{Eps: 1e-2})},
	{Name: "BatchNorm without gain", Inputs: of([]int{4, 3, 2}), Fn: batchNorm(autograd.BatchNormOptions{Eps: 1e-2})},
	{Name: "BatchNorm of constants", Inputs: []Input{{Shape: []int{4, 3}, Const: true}, {Shape: []int{3}}, {Shape: []int{3}}},
		Fn: batchNorm(autograd.BatchNormOptions{Eps: 1e-2})},
	{Name: "BatchNorm with running statistics", Inputs: of([]int{3, 2, 33}, []int{2}, []int{2}), Fn: batchNorm(autograd.BatchNormOptions{Eps: 1e-2, Running: true})},
	{Name: "LayerNorm", Inputs: of([]int{3, 2, 5}, []int{5}, []int{5}), Fn: func(_ *tape, x vars) out { return autograd.LayerNorm(x[0], x[1], x[2], 1e-2) }},
	{Name: "LayerNorm without bias", Inputs: of([]int{3, 5}, []int{5}), Fn: func(_ *tape, x vars) out { return autograd.LayerNorm(x[0], x[1], nil, 1e-2) }},
	{Name: "LayerNorm without gain", Inputs: of([]int{3, 5}), Fn: func(_ *tape, x vars) out { return autograd.LayerNorm(x[0], nil, nil, 1e-2) }},
	{Name: "LayerNorm of many rows", Inputs: of([]int{19, 3}, []int{3}, []int{3}), Fn: func(_ *tape, x vars) out { return autograd.LayerNorm(x[0], x[1], x[2], 1e-2) }},
	{Name: "LayerNorm of constants", Inputs: []Input{{Shape: []int{4, 3}, Const: true}, {Shape: []int{3}}, {Shape: []int{3}}},
		Fn: func(_ *tape, x vars) out { return autograd.LayerNorm(x[0], x[1], x[2], 1e-2) }},
	{Name: "RMSNorm", Inputs: of([]int{3, 2, 5}, []int{5}), Fn: func(_ *tape, x vars) out { return autograd.RMSNorm(x[0], x[1], 1e-2) }},
	{Name: "RMSNorm without gain", Inputs: of([]int{3, 5}), Fn: func(_ *tape, x vars) out { return autograd.RMSNorm(x[0], nil, 1e-2) }},
	{Name: "GroupNorm", Inputs: of([]int{2, 6, 2, 3}, []int{6}, []int{6}), Fn: func(_ *tape, x vars) out { return autograd.GroupNorm(x[0], x[1], x[2], 3, 1e-2) }},
	{Name: "GroupNorm of each channel, without gain", Inputs: of([]int{2, 3, 5}), Fn: func(_ *tape, x vars) out { return autograd.GroupNorm(x[0], nil, nil, 3, 1e-2) }},
	{Name: "GroupNorm of constants", Inputs: []Input{{Shape: []int{2, 4, 3}, Const: true}, {Shape: []int{4}}, {Shape: []int{4}}},
		Fn: func(_ *tape, x vars) out { return autograd.GroupNorm(x[0], x[1], x[2], 2, 1e-2) }},
	{Name: "LocalResponseNorm", Inputs: of([]int{2, 5, 2, 3}), Fn: localResponseNorm(3)},
	{Name: "LocalResponseNorm over an even number", Inputs: of([]int{2, 5, 4}), Fn: localResponseNorm(4)},
}

// batchNorm normalises x[0], with gain and bias if there are any, by the batch or by statistics that are not those of the batch.
func batchNorm(o autograd.BatchNormOptions) func(*tape, vars) out {
	return func(_ *tape, x vars) out {
		o := o
		if o.Running {
			mean, variance := tensor.New(x[0].DType(), x[0].Dim(1)), tensor.New(x[0].DType(), x[0].Dim(1))
			mean.Fill(0.3)
			variance.Fill(0.7)
			o.Mean, o.Var = autograd.NewBuffer(mean), autograd.NewBuffer(variance)
		}
		if len(x) == 1 {
			return autograd.BatchNorm(x[0], nil, nil, &o)
		}
		return autograd.BatchNorm(x[0], x[1], x[2], &o)
	}
}

func localResponseNorm(size int) func(*tape, vars) out {
	return func(_ *tape, x vars) out {
		return autograd.LocalResponseNorm(x[0], autograd.LocalResponseNormOptions{Size: size, Alpha: 0.8, Beta: 0.75, K: 1.5})
	}
}
