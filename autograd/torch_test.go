package autograd_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// Values and gradients must be PyTorch's. A file testdata/<area>.json is written by testdata/<area>.py.
func TestAgainstPyTorch(t *testing.T) {
	againstPyTorch(t, "testdata/expected.json", torchOps)
}

// againstPyTorch runs the cases of a file through the functions of the same names.
func againstPyTorch(t *testing.T, path string, ops map[string]func(x []*autograd.Var) *autograd.Var) {
	t.Helper()
	type array struct {
		Shape []int
		Data  []float64
	}
	var cases []struct {
		Name   string
		Inputs []array
		Y, R   array
		Grads  []array
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &cases))
	require.Len(t, cases, len(ops))

	for _, c := range cases {
		fn := ops[c.Name]
		require.NotNil(t, fn, "no Go side for %s", c.Name)
		for _, p := range []struct {
			dtype tensor.DType
			tol   float64 // relative to the largest number: a few hundred roundings of each precision
		}{{tensor.Float64, 1e-13}, {tensor.Float32, 300 * 0x1p-24}} {
			t.Run(c.Name+" "+p.dtype.String(), func(t *testing.T) {
				load := func(a array) *tensor.Tensor { return tensor.FromSlice(a.Data).Reshape(a.Shape...).Cast(p.dtype) }
				tape := autograd.NewTape(autograd.Train, nil)
				var params []*autograd.Param
				var vars []*autograd.Var
				for _, in := range c.Inputs {
					q := autograd.NewParam(load(in))
					params, vars = append(params, q), append(vars, tape.Use(q))
				}
				y := fn(vars)
				near(t, "y", c.Y.Shape, c.Y.Data, y.Value(), p.tol)
				tape.Backward(autograd.Sum(autograd.Mul(y, tape.Const(load(c.R)))))
				for i, q := range params {
					near(t, "gradient", c.Grads[i].Shape, c.Grads[i].Data, tape.Grad(q), p.tol)
				}
			})
		}
	}
}

func near(t *testing.T, what string, shape []int, want []float64, got *tensor.Tensor, tol float64) {
	t.Helper()
	require.Equal(t, append([]int{}, shape...), append([]int{}, got.Shape()...), what)
	largest := 1.0
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	assert.InDeltaSlice(t, want, tensor.Data[float64](got.Cast(tensor.Float64)), tol*largest, what)
}

var torchOps = map[string]func(x []*autograd.Var) *autograd.Var{
	"Linear":               func(x []*autograd.Var) *autograd.Var { return autograd.Linear(x[0], x[1], x[2]) },
	"Linear of three axes": func(x []*autograd.Var) *autograd.Var { return autograd.Linear(x[0], x[1], x[2]) },
	"MatMul":               two(autograd.MatMul),
	"Add broadcast":        two(autograd.Add),
	"Mul broadcast":        two(autograd.Mul),
	"Sub broadcast":        two(autograd.Sub),
	"Conv2D": func(x []*autograd.Var) *autograd.Var {
		return autograd.Conv2D(x[0], x[1], x[2], autograd.Conv2DOptions{})
	},
	"Conv2D stride 2 pad 1": func(x []*autograd.Var) *autograd.Var {
		return autograd.Conv2D(x[0], x[1], x[2], autograd.Conv2DOptions{StrideH: 2, StrideW: 2, PadH: 1, PadW: 1})
	},
	"Conv2D dilation 2 groups 2": func(x []*autograd.Var) *autograd.Var {
		return autograd.Conv2D(x[0], x[1], nil, autograd.Conv2DOptions{DilationH: 2, DilationW: 2, Groups: 2})
	},
	"MaxPool2D":                           pool(autograd.MaxPool2D, 2, 0, 0, false),
	"MaxPool2D 3 stride 2 pad 1":          pool(autograd.MaxPool2D, 3, 2, 1, false),
	"AvgPool2D":                           pool(autograd.AvgPool2D, 2, 0, 0, false),
	"AvgPool2D 3 stride 2 pad 1":          pool(autograd.AvgPool2D, 3, 2, 1, false),
	"AvgPool2D 3 stride 2 pad 1 excluded": pool(autograd.AvgPool2D, 3, 2, 1, true),
	"ReLU":                                one(autograd.ReLU),
	"Tanh":                                one(autograd.Tanh),
	"Sigmoid":                             one(autograd.Sigmoid),
	"GELU":                                one(autograd.GELU),
	"Exp":                                 one(autograd.Exp),
	"Log":                                 one(autograd.Log),
	"Softmax":                             one(autograd.Softmax),
	"LogSoftmax":                          one(autograd.LogSoftmax),
	"SoftmaxCrossEntropy": func(x []*autograd.Var) *autograd.Var {
		return autograd.SoftmaxCrossEntropy(x[0], tensor.FromSlice([]int64{2, 0, 4}))
	},
	"MSE":  two(autograd.MSE),
	"Sum":  func(x []*autograd.Var) *autograd.Var { return autograd.Sum(x[0], 0, 2) },
	"Mean": func(x []*autograd.Var) *autograd.Var { return autograd.Mean(x[0], 1) },
}

func one(op func(a *autograd.Var) *autograd.Var) func(x []*autograd.Var) *autograd.Var {
	return func(x []*autograd.Var) *autograd.Var { return op(x[0]) }
}

func two(op func(a, b *autograd.Var) *autograd.Var) func(x []*autograd.Var) *autograd.Var {
	return func(x []*autograd.Var) *autograd.Var { return op(x[0], x[1]) }
}

func pool(op func(*autograd.Var, autograd.Pool2DOptions) *autograd.Var, size, stride, pad int, exclude bool) func(
	x []*autograd.Var) *autograd.Var {
	o := autograd.Pool2DOptions{R: size, S: size, StrideH: stride, StrideW: stride, PadH: pad, PadW: pad, ExcludePad: exclude}
	return func(x []*autograd.Var) *autograd.Var { return op(x[0], o) }
}
