package gradtest

import "github.com/tutti-ml/tutti/autograd"

// activations are the functions of one element, the gates, and the ops that draw random numbers.
var activations = []Case{
	{Name: "LeakyReLU", Inputs: wide(3, 5), Fn: with(autograd.LeakyReLU, 0.1)},
	{Name: "PReLU", Inputs: of([]int{2, 3, 4}, []int{3}), Fn: two(autograd.PReLU)},
	{Name: "PReLU of one slope", Inputs: of([]int{2, 3, 4}, []int{1}), Fn: two(autograd.PReLU)},
	{Name: "PReLU of features", Inputs: of([]int{4, 3}, []int{3}), Fn: two(autograd.PReLU)},
	{Name: "RReLU", TrainOnly: true, Inputs: wide(3, 5), Fn: func(_ *tape, x vars) out { return autograd.RReLU(x[0], 0.1, 0.3) }},
	{Name: "ReLU6", Inputs: []Input{{Shape: []int{3, 5}, Lo: -4, Hi: 10}}, Fn: one(autograd.ReLU6)},
	{Name: "Hardtanh", Inputs: wide(3, 5), Fn: func(_ *tape, x vars) out { return autograd.Hardtanh(x[0], -1.5, 2) }},
	{Name: "Hardsigmoid", Inputs: wide(3, 5), Fn: one(autograd.Hardsigmoid)},
	{Name: "Hardswish", Inputs: wide(3, 5), Fn: one(autograd.Hardswish)},
	{Name: "ELU", Inputs: wide(3, 5), Fn: with(autograd.ELU, 1.3)},
	{Name: "CELU", Inputs: wide(3, 5), Fn: with(autograd.CELU, 1.3)},
	{Name: "SELU", Inputs: wide(3, 5), Fn: one(autograd.SELU)},
	{Name: "GELUTanh", Inputs: wide(3, 5), Fn: one(autograd.GELUTanh)},
	{Name: "SiLU", Inputs: wide(3, 5), Fn: one(autograd.SiLU)},
	{Name: "Mish", Inputs: wide(3, 5), Fn: one(autograd.Mish)},
	{Name: "Softplus", Inputs: wide(3, 5), Fn: func(_ *tape, x vars) out { return autograd.Softplus(x[0], 2, 6.5) }},
	{Name: "LogSigmoid", Inputs: wide(3, 5), Fn: one(autograd.LogSigmoid)},
	{Name: "Softsign", Inputs: wide(3, 5), Fn: one(autograd.Softsign)},
	{Name: "Tanhshrink", Inputs: wide(3, 5), Fn: one(autograd.Tanhshrink)},
	{Name: "Softshrink", Inputs: wide(3, 5), Fn: with(autograd.Softshrink, 0.5)},
	{Name: "Hardshrink", Inputs: wide(3, 5), Fn: with(autograd.Hardshrink, 0.5)},
	{Name: "Threshold", Inputs: wide(3, 5), Fn: func(_ *tape, x vars) out { return autograd.Threshold(x[0], 0.3, -2) }},
	{Name: "GLU", Inputs: wide(3, 4), Fn: func(_ *tape, x vars) out { return autograd.GLU(x[0], -1) }},
	{Name: "GLU of channels", Inputs: wide(2, 4, 3), Fn: func(_ *tape, x vars) out { return autograd.GLU(x[0], 1) }},
	{Name: "SwiGLU", Inputs: wide(3, 4), Fn: func(_ *tape, x vars) out { return autograd.SwiGLU(x[0], -1) }},
	{Name: "GEGLU", Inputs: wide(3, 4), Fn: func(_ *tape, x vars) out { return autograd.GEGLU(x[0], -1) }},
	{Name: "ReGLU", Inputs: wide(3, 4), Fn: func(_ *tape, x vars) out { return autograd.ReGLU(x[0], -1) }},

	{Name: "ChannelDropout", TrainOnly: true, Inputs: of([]int{3, 4, 5}), Fn: with(autograd.ChannelDropout, 0.4)},
	{Name: "AlphaDropout", TrainOnly: true, Inputs: of([]int{5, 7}), Fn: with(autograd.AlphaDropout, 0.4)},
	{Name: "AlphaDropout of everything", TrainOnly: true, Inputs: of([]int{3}), Fn: with(autograd.AlphaDropout, 1)},
	{Name: "GaussianDropout", TrainOnly: true, Inputs: of([]int{5, 7}), Fn: with(autograd.GaussianDropout, 0.4)},
	{Name: "GaussianNoise", TrainOnly: true, Inputs: of([]int{5, 7}), Fn: with(autograd.GaussianNoise, 0.4)},
}

// wide returns one input with elements from −4 to 4, where curves bend.
func wide(shape ...int) []Input { return []Input{{Shape: shape, Lo: -4, Hi: 4}} }

// with makes a row's Fn of an op of one operand and a number.
func with(op func(a out, v float64) out, v float64) func(*tape, vars) out {
	return func(_ *tape, x vars) out { return op(x[0], v) }
}
