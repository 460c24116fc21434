package autograd_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// The file is written by testdata/special.py: zeros, infinities, NaN, denormals, numbers whose squares leave the range,
// ties, and the bounds of activations, in both dtypes. Where a result is not PyTorch's, keptSpecial says why.
func TestSpecialPointsAgainstPyTorch(t *testing.T) {
	type array struct {
		Shape []int
		Data  string
	}
	var file struct {
		Inputs map[string]array
		Cases  []struct {
			Name   string
			Inputs []string
			Y      array
			Grads  []array
		}
	}
	text, err := os.ReadFile("testdata/special.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &file))
	require.Len(t, file.Cases, 2*len(specialOps))
	load := func(a array, d tensor.DType) *tensor.Tensor {
		var data []float64
		for _, s := range strings.Fields(a.Data) {
			v, err := strconv.ParseFloat(s, 64)
			require.NoError(t, err)
			data = append(data, v)
		}
		return tensor.FromSlice(data).Reshape(a.Shape...).Cast(d)
	}
	kept := map[string]bool{}
	for i, c := range file.Cases {
		d, tol, least := tensor.Float32, 1e-4, 1e-37
		if i%2 == 1 {
			d, tol, least = tensor.Float64, 1e-5, 1e-300
		}
		t.Run(c.Name+" "+d.String(), func(t *testing.T) {
			tape := autograd.NewTape(autograd.Train, nil)
			var params []*autograd.Param
			var x vars
			for _, in := range c.Inputs {
				params = append(params, autograd.NewParam(load(file.Inputs[in], d)))
				x = append(x, tape.Use(params[len(params)-1]))
			}
			op := specialOps[c.Name]
			require.NotNil(t, op, "no Go side")
			y := op(x)
			tape.Backward(autograd.Sum(y))
			compare := func(what string, want array, got *tensor.Tensor) {
				require.Equal(t, append([]int{}, want.Shape...), append([]int{}, got.Shape()...), what)
				w, g := wide(load(want, d)), wide(got)
				for i := range w {
					if near2(g[i], w[i], tol, least) {
						continue
					}
					var at []float64 // the row that element i belongs to, or the pair
					for _, p := range params {
						data, cols := wide(p.Value()), p.Value().Len()/p.Value().Dim(0)
						r := i * p.Value().Dim(0) / len(w)
						at = append(at, data[r*cols:(r+1)*cols]...)
					}
					if k, ok := keptSpecial[c.Name]; ok && k(at, what) {
						kept[c.Name] = true
						continue
					}
					t.Errorf("%s[%d] at %v = %v, PyTorch's %v", what, i, at, g[i], w[i])
				}
			}
			compare("y", c.Y, y.Value())
			for i, p := range params {
				compare("gradient "+strconv.Itoa(i), c.Grads[i], tape.Grad(p))
			}
		})
	}
	for name := range keptSpecial {
		assert.True(t, kept[name], "%s no longer differs", name)
	}
}

// keptSpecial says at which inputs an op's results are not PyTorch's, on purpose.
var keptSpecial = map[string]func(x []float64, what string) bool{
	// The limits, where PyTorch multiplies zero by infinity, or has no digits left of 1 + erf(x/√2).
	"GELU":     func(x []float64, _ string) bool { return math.IsInf(x[0], 0) || x[0] == -20 },
	"GELUTanh": func(x []float64, _ string) bool { return x[0] == -20 },
	"Mish":     func(x []float64, _ string) bool { return math.IsInf(x[0], 1) },
	"Softsign": func(x []float64, _ string) bool { return math.IsInf(x[0], 0) },
	// x·(6/6), where PyTorch's x·6/6 overflows.
	"Hardswish": func(x []float64, what string) bool { return x[0] > 1e37 },
	// The limits again: PyTorch subtracts infinity from infinity, or a large number from itself.
	"BinaryCrossEntropyWithLogits": func(x []float64, _ string) bool { return math.IsInf(x[0], 0) || x[0] < -1e37 },
	// With respect to a target: the logarithm that counts as −100 is the one that is differentiated.
	"BinaryCrossEntropy": func(x []float64, what string) bool {
		return what == "gradient 1" && (x[0] == 0 || x[0] == 1)
	},
	// Targets that are no probabilities, and what a target of 0 leaves: zero, with a zero gradient.
	"KLDiv":    func(x []float64, _ string) bool { return x[1] == 0 || math.IsInf(x[1], 1) },
	"KLDivLog": func(x []float64, what string) bool { return x[1] > 1e29 },
	// A row of −Inf alone has no gradient; equals share it, where PyTorch gives each the whole if they are large.
	"LogSumExp": func(x []float64, _ string) bool { return slices.Max(x) > 1e29 || math.IsInf(slices.Max(x), -1) },
	// PyTorch leaves out terms that are NaN.
	"MultiMargin": func(x []float64, _ string) bool { return math.IsInf(x[1], 0) || x[0] != x[0] || x[1] != x[1] },
}

func wide(x *tensor.Tensor) []float64 { return tensor.Data[float64](x.Cast(tensor.Float64)) }

// near2 takes NaN for NaN and an infinity for itself.
func near2(a, b, tol, least float64) bool {
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return a == b
	}
	return a == b || a != a && b != b || math.Abs(a-b) <= tol*max(math.Abs(a), math.Abs(b))+least
}

func last(n int, op func(x *autograd.Var) *autograd.Var) func(x vars) *autograd.Var {
	return func(x vars) *autograd.Var { return autograd.Slice(op(x[0]), 1, 0, n) }
}

func reduced(op func(x *autograd.Var, axes ...int) *autograd.Var) func(x vars) *autograd.Var {
	return func(x vars) *autograd.Var { return op(x[0], -1) }
}

func norm(p float64) func(x vars) *autograd.Var {
	return func(x vars) *autograd.Var { return autograd.Norm(x[0], p, -1) }
}

func ones(x *autograd.Var) *autograd.Var {
	t := tensor.New(x.DType(), x.Shape()...)
	t.Fill(1)
	return x.Tape().Const(t)
}

var specialOps = map[string]func(x vars) *autograd.Var{
	"Abs":              one(autograd.Abs),
	"Exp":              one(autograd.Exp),
	"Log":              one(autograd.Log),
	"Log1p":            one(autograd.Log1p),
	"Expm1":            one(autograd.Expm1),
	"Atan":             one(autograd.Atan),
	"Sinh":             one(autograd.Sinh),
	"Cosh":             one(autograd.Cosh),
	"Erf":              one(autograd.Erf),
	"Sqrt":             one(autograd.Sqrt),
	"Rsqrt":            one(autograd.Rsqrt),
	"Square":           one(autograd.Square),
	"Reciprocal":       one(autograd.Reciprocal),
	"Pow 2.5":          with(autograd.Pow, 2.5),
	"Pow 3":            with(autograd.Pow, 3),
	"Pow 0":            with(autograd.Pow, 0),
	"Pow 1":            with(autograd.Pow, 1),
	"Pow -1":           with(autograd.Pow, -1),
	"Clamp":            func(x vars) *autograd.Var { return autograd.Clamp(x[0], -0.5, 0.6) },
	"Clamp from below": func(x vars) *autograd.Var { return autograd.Clamp(x[0], 0.5, math.Inf(1)) },
	"Clamp from above": func(x vars) *autograd.Var { return autograd.Clamp(x[0], math.Inf(-1), 0.5) },
	"ReLU":             one(autograd.ReLU),
	"LeakyReLU":        with(autograd.LeakyReLU, 0.1),
	"ReLU6":            one(autograd.ReLU6),
	"Hardtanh":         func(x vars) *autograd.Var { return autograd.Hardtanh(x[0], -1.5, 2) },
	"Hardsigmoid":      one(autograd.Hardsigmoid),
	"Hardswish":        one(autograd.Hardswish),
	"ELU":              with(autograd.ELU, 1.3),
	"CELU":             with(autograd.CELU, 1.3),
	"SELU":             one(autograd.SELU),
	"GELU":             one(autograd.GELU),
	"GELUTanh":         one(autograd.GELUTanh),
	"SiLU":             one(autograd.SiLU),
	"Mish":             one(autograd.Mish),
	"Softplus":         func(x vars) *autograd.Var { return autograd.Softplus(x[0], 2, 6.5) },
	"LogSigmoid":       one(autograd.LogSigmoid),
	"Softsign":         one(autograd.Softsign),
	"Tanhshrink":       one(autograd.Tanhshrink),
	"Softshrink":       with(autograd.Softshrink, 0.5),
	"Hardshrink":       with(autograd.Hardshrink, 0.5),
	"Threshold":        func(x vars) *autograd.Var { return autograd.Threshold(x[0], 0.5, -2) },
	"Sigmoid":          one(autograd.Sigmoid),
	"Tanh":             one(autograd.Tanh),
	"SmoothL1":         with(autograd.SmoothL1, 2),
	"Huber":            with(autograd.Huber, 2),

	"Add":                          two(autograd.Add),
	"Sub":                          two(autograd.Sub),
	"Mul":                          two(autograd.Mul),
	"Div":                          two(autograd.Div),
	"PowVar":                       two(autograd.PowVar),
	"Maximum":                      two(autograd.Maximum),
	"Minimum":                      two(autograd.Minimum),
	"BinaryCrossEntropy":           two(autograd.BinaryCrossEntropy),
	"BinaryCrossEntropyWithLogits": two(autograd.BinaryCrossEntropyWithLogits),
	"PoissonNLL":                   two(autograd.PoissonNLL),
	"PoissonNLLOfRates":            func(x vars) *autograd.Var { return autograd.PoissonNLLOfRates(x[0], x[1], 1e-3) },
	"KLDiv":                        two(autograd.KLDiv),
	"KLDivLog":                     two(autograd.KLDivLog),
	"PReLU": func(x vars) *autograd.Var {
		return autograd.Reshape(autograd.PReLU(autograd.Unsqueeze(x[0], 0), x[1]), -1)
	},

	"Softmax":    last(2, autograd.Softmax),
	"LogSoftmax": last(2, autograd.LogSoftmax),
	"LogSumExp":  reduced(autograd.LogSumExp),
	"Norm 1":     norm(1),
	"Norm 2":     norm(2),
	"Norm 3":     norm(3),
	"Max":        reduced(autograd.Max),
	"Min":        reduced(autograd.Min),
	"Prod":       reduced(autograd.Prod),
	"Variance":   reduced(autograd.Variance),
	"Std":        reduced(autograd.Std),
	"Sum":        reduced(autograd.Sum),
	"Mean":       reduced(autograd.Mean),
	"CumSum":     func(x vars) *autograd.Var { return autograd.CumSum(x[0], -1) },
	"Sort": last(2, func(x *autograd.Var) *autograd.Var {
		y, _ := autograd.Sort(x, -1, false)
		return y
	}),
	"MaxPool1D": func(x vars) *autograd.Var {
		return autograd.Squeeze(autograd.MaxPool1D(autograd.Unsqueeze(x[0], 1), autograd.Pool1DOptions{Size: 2}), 1)
	},
	"AvgPool1D": func(x vars) *autograd.Var {
		return autograd.Squeeze(autograd.AvgPool1D(autograd.Unsqueeze(x[0], 1), autograd.Pool1DOptions{Size: 2}), 1)
	},
	"SoftmaxCrossEntropy": func(x vars) *autograd.Var {
		var all []*autograd.Var
		for i := range x[0].Dim(0) {
			row := autograd.Slice(x[0], 0, i, i+1)
			all = append(all, autograd.SoftmaxCrossEntropy(row, tensor.FromSlice([]int64{1})))
		}
		return autograd.Stack(0, all...)
	},
	"PairwiseDistance": func(x vars) *autograd.Var { return autograd.PairwiseDistance(x[0], ones(x[0]), 2, 0) },
	"MultiMargin": func(x vars) *autograd.Var {
		labels := make([]int64, x[0].Dim(0))
		for i := range labels {
			labels[i] = 1
		}
		return autograd.MultiMargin(x[0], tensor.FromSlice(labels), nil, 1, 1)
	},
}

// Limits, where keptSpecial differs from PyTorch or there is none: the functions' own, by their definitions.
func TestLimits(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name  string
		op    func(x vars) *autograd.Var
		x     [][]float64
		y     []float64
		grads [][]float64 // of Σ y, nil where not looked at
	}{
		{"GELU", one(autograd.GELU), [][]float64{{inf, -inf}}, []float64{inf, 0}, [][]float64{{1, 0}}},
		{"Mish", one(autograd.Mish), [][]float64{{inf}}, []float64{inf}, [][]float64{{1}}},
		{"Softsign", one(autograd.Softsign), [][]float64{{inf, -inf}}, nil, [][]float64{{0, 0}}},
		{"Hardswish", one(autograd.Hardswish), [][]float64{{3e38}}, []float64{3e38}, [][]float64{{1}}},
		{"BinaryCrossEntropyWithLogits", two(autograd.BinaryCrossEntropyWithLogits),
			[][]float64{{inf, inf, -inf, -inf, inf, -inf}, {0, 1, 0, 1, 0.5, 0.5}}, []float64{inf, 0, 0, inf, inf, inf},
			[][]float64{{1, 0, 0, -1, 0.5, -0.5}, {-inf, -inf, inf, inf, -inf, inf}}},
		{"SigmoidFocal", func(x vars) *autograd.Var { return autograd.SigmoidFocal(x[0], x[1], 0.25, 2) },
			[][]float64{{inf, inf, -inf, -inf}, {0, 1, 0, 1}}, []float64{inf, 0, 0, inf}, nil},
		{"KLDiv", two(autograd.KLDiv), [][]float64{{-inf, -inf, nan}, {0, 0.5, 0}}, []float64{0, inf, nan},
			[][]float64{{0, -0.5, 0}, nil}},
		{"LogSumExp of −Inf", func(x vars) *autograd.Var { return autograd.LogSumExp(x[0]) }, [][]float64{{-inf, -inf}},
			[]float64{-inf}, [][]float64{{0, 0}}},
		{"LogSumExp of large equals", func(x vars) *autograd.Var { return autograd.LogSumExp(x[0]) },
			[][]float64{{1e30, 1e30, 0}}, []float64{1e30}, [][]float64{{0.5, 0.5, 0}}},
		{"Norm of a denormal", func(x vars) *autograd.Var { return autograd.Norm(x[0], 2) }, [][]float64{{1e-45, 0}},
			[]float64{1e-45}, [][]float64{{1, 0}}},
		{"Norm of large numbers", func(x vars) *autograd.Var { return autograd.Norm(x[0], 2) },
			[][]float64{{3e30, 4e30}}, []float64{5e30}, [][]float64{{0.6, 0.8}}},
		{"BatchNorm by running statistics", func(x vars) *autograd.Var { // whose gradient knows nothing of x
			buffer := func(v float64) *autograd.Buffer {
				b := tensor.New(x[0].DType(), 1)
				b.Fill(v)
				return autograd.NewBuffer(b)
			}
			y := autograd.BatchNorm(autograd.Reshape(x[0], 2, 1), x[1], nil,
				&autograd.BatchNormOptions{Eps: 1e-5, Running: true, Mean: buffer(0), Var: buffer(0.25 - 1e-5)})
			return autograd.Reshape(y, 2)
		}, [][]float64{{inf, 1}, {3}}, []float64{inf, 6}, [][]float64{{6, 6}, nil}},
		{"MultiMargin of NaN", func(x vars) *autograd.Var {
			return autograd.MultiMargin(autograd.Unsqueeze(x[0], 0), tensor.FromSlice([]int64{1}), nil, 1, 1)
		}, [][]float64{{nan, 1, 2}}, []float64{nan}, nil},
		{"Attention of NaN", func(x vars) *autograd.Var { // a query of NaN has no weights, and its values must notice
			at := func(v *autograd.Var) *autograd.Var { return autograd.Reshape(v, 1, 2, 1) }
			o := autograd.AttentionOptions{Heads: 1}
			return autograd.Reshape(autograd.Attention(at(x[0]), at(x[1]), at(x[2]), o), 2)
		}, [][]float64{{nan, 0}, {1, 1}, {2, 4}}, []float64{nan, 3}, [][]float64{nil, nil, {nan, nan}}},
	} {
		for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
			t.Run(c.name+" "+d.String(), func(t *testing.T) {
				tape := autograd.NewTape(autograd.Train, nil)
				var params []*autograd.Param
				var x vars
				for _, data := range c.x {
					params = append(params, autograd.NewParam(tensor.FromSlice(slices.Clone(data)).Cast(d)))
					x = append(x, tape.Use(params[len(params)-1]))
				}
				compare := func(what string, want []float64, got *tensor.Tensor) {
					g := wide(got)
					for i, w := range want {
						assert.True(t, near2(g[i], w, 1e-6, 1e-37), "%s: %v, want %v", what, g, want)
					}
				}
				y := c.op(x)
				compare("y", c.y, y.Value())
				tape.Backward(autograd.Sum(y))
				for i, g := range c.grads {
					compare("gradient", g, tape.Grad(params[i]))
				}
			})
		}
	}
}
