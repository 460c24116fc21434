package autograd_test

import (
	"testing"

	"github.com/tutti-ml/tutti/autograd"
)

func TestActivationsAgainstPyTorch(t *testing.T) {
	againstPyTorch(t, "testdata/activations.json", map[string]func(x []*autograd.Var) *autograd.Var{
		"LeakyReLU":         with(autograd.LeakyReLU, 0.1),
		"PReLU":             two(autograd.PReLU),
		"PReLU of channels": two(autograd.PReLU),
		"ReLU6":             one(autograd.ReLU6),
		"Hardtanh":          func(x []*autograd.Var) *autograd.Var { return autograd.Hardtanh(x[0], -1.5, 2) },
		"Hardsigmoid":       one(autograd.Hardsigmoid),
		"Hardswish":         one(autograd.Hardswish),
		"ELU":               with(autograd.ELU, 1.3),
		"CELU":              with(autograd.CELU, 0.5),
		"SELU":              one(autograd.SELU),
		"GELUTanh":          one(autograd.GELUTanh),
		"SiLU":              one(autograd.SiLU),
		"Mish":              one(autograd.Mish),
		"Softplus":          func(x []*autograd.Var) *autograd.Var { return autograd.Softplus(x[0], 1, 20) },
		"Softplus beta":     func(x []*autograd.Var) *autograd.Var { return autograd.Softplus(x[0], 2, 5) },
		"LogSigmoid":        one(autograd.LogSigmoid),
		"Softsign":          one(autograd.Softsign),
		"Tanhshrink":        one(autograd.Tanhshrink),
		"Softshrink":        with(autograd.Softshrink, 0.7),
		"Hardshrink":        with(autograd.Hardshrink, 0.7),
		"Threshold":         func(x []*autograd.Var) *autograd.Var { return autograd.Threshold(x[0], 0.3, -2) },
		"GLU":               func(x []*autograd.Var) *autograd.Var { return autograd.GLU(x[0], -1) },
		"GLU of channels":   func(x []*autograd.Var) *autograd.Var { return autograd.GLU(x[0], 1) },
		"SwiGLU":            func(x []*autograd.Var) *autograd.Var { return autograd.SwiGLU(x[0], -1) },
		"GEGLU":             func(x []*autograd.Var) *autograd.Var { return autograd.GEGLU(x[0], -1) },
		"ReGLU":             func(x []*autograd.Var) *autograd.Var { return autograd.ReGLU(x[0], 1) },
	})
}

func with(op func(x *autograd.Var, v float64) *autograd.Var, v float64) func(x []*autograd.Var) *autograd.Var {
	return func(x []*autograd.Var) *autograd.Var { return op(x[0], v) }
}
