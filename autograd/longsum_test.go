package autograd_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/autograd"
	"github.com/tutti-ml/tutti/tensor"
)

// filled returns a float32 tensor of v.
func filled(v float64, shape ...int) *tensor.Tensor {
	x := tensor.New(tensor.Float32, shape...)
	x.Fill(v)
	return x
}

// TestLongSums has gradients, or results, that are sums of many numbers float32(0.1): rounding errors of one sign,
// which pile up where the numbers are added one after another. The bound is that of tensor.Sum, (102 + log₂ n)·2⁻²⁴,
// and some for the op.
//
// For comparison, PyTorch 2.15:
//
//	l = torch.nn.Linear(1, 2); (l(torch.ones(1000000, 1)).sum()*.1).backward(); l.bias.grad   # 99999.9141
func TestLongSums(t *testing.T) {
	const n = 1 << 17
	// The gradient of p is that of the sum of the result, times 0.1.
	type build func(t *autograd.Tape, p *autograd.Var) *autograd.Var
	ones := func(t *autograd.Tape, shape ...int) *autograd.Var { return t.Const(filled(1, shape...)) }
	same := tensor.New(tensor.Int64, n)
	for _, c := range []struct {
		name  string
		shape []int
		f     build
	}{
		{"Linear", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Linear(ones(t, n, 1), ones(t, 2, 1), p)
		}},
		{"Expand", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Expand(p, n, 2)
		}},
		{"Repeat", []int{1, 2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Repeat(p, n, 1)
		}},
		{"Repeat of a column", []int{2, 1, 1}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Repeat(p, 1, n/2, 2)
		}},
		{"Add", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Add(ones(t, n, 2), p)
		}},
		{"Add to channels", []int{2, 1}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Add(ones(t, n/2, 2, 2), p)
		}},
		{"Mul", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Mul(ones(t, n, 2), p)
		}},
		{"Mul of channels", []int{2, 1}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Mul(p, ones(t, n/2, 2, 2))
		}},
		{"Div", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Div(p, ones(t, n, 2))
		}},
		{"Where", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Where(tensor.FromSlice([]bool{true}), p, ones(t, n, 2))
		}},
		{"LayerNorm's bias", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.LayerNorm(ones(t, n, 2), ones(t, 2), p, 1)
		}},
		{"RMSNorm's gain", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.RMSNorm(ones(t, n, 2), p, 0)
		}},
		{"GroupNorm's bias", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.GroupNorm(ones(t, n/2, 2, 2), ones(t, 2), p, 1, 1)
		}},
		{"BatchNorm's bias", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.BatchNorm(ones(t, n, 2), ones(t, 2), p, &autograd.BatchNormOptions{Eps: 1})
		}},
		{"Conv2D's bias", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Conv2D(ones(t, n/4, 1, 2, 2), ones(t, 2, 1, 1, 1), p, autograd.Conv2DOptions{})
		}},
		{"depthwise Conv2D's bias", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Conv2D(ones(t, n/4, 2, 2, 2), ones(t, 2, 1, 1, 1), p, autograd.Conv2DOptions{Groups: 2})
		}},
		{"ConvTranspose2D's bias", []int{2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			o := autograd.ConvTranspose2DOptions{}
			return autograd.ConvTranspose2D(ones(t, n/4, 1, 2, 2), ones(t, 1, 2, 1, 1), p, o)
		}},
		{"IndexSelect", []int{3, 2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.IndexSelect(p, 0, same)
		}},
		{"Embedding", []int{3, 2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.Embedding(p, same, autograd.EmbeddingOptions{})
		}},
		{"EmbeddingBag", []int{3, 2}, func(t *autograd.Tape, p *autograd.Var) *autograd.Var {
			return autograd.EmbeddingBag(p, same.Reshape(2, n/2), nil, autograd.EmbeddingBagOptions{})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := autograd.NewParam(filled(1, c.shape...))
			tape := autograd.NewTape(autograd.Train, nil)
			tape.Backward(autograd.Scale(autograd.Sum(c.f(tape, tape.Use(p))), 0.1))
			wantClose(t, tape.Grad(p).Slice(0, 0, min(2, c.shape[0])).Clone(), n, c.shape[0] == 3)

			if c.name == "Embedding" { // into a flat vector, where nothing is sorted
				set := autograd.NewSet([]*autograd.Param{p})
				flat := filled(0, p.Value().Len())
				tape.Reset(nil)
				tape.GradsInto(set, flat)
				tape.Backward(autograd.Scale(autograd.Sum(c.f(tape, tape.Use(p))), 0.1))
				wantClose(t, flat, n, true)
			}
		})
	}

	tape := autograd.NewTape(autograd.Infer, nil)
	x := tape.Const(filled(0.1, n, 2))
	image := autograd.Reshape(x, 2, 1, 1<<9, 1<<8)
	for name, y := range map[string]*autograd.Var{
		"Sum":               autograd.Sum(x, 0),
		"SumTo":             autograd.SumTo(x, 2),
		"CumSum":            autograd.Select(autograd.CumSum(x, 0), 0, n-1),
		"Mean":              autograd.Scale(autograd.Mean(x, 0), n),
		"AdaptiveAvgPool2D": autograd.Scale(autograd.AdaptiveAvgPool2D(image, 1, 1), n),
		"AvgPool2D":         autograd.Scale(autograd.AvgPool2D(image, autograd.Pool2DOptions{R: 1 << 9, S: 1 << 8}), n),
	} {
		t.Run(name, func(t *testing.T) { wantClose(t, y.Value(), n, false) })
	}
}

// wantClose compares sums of n tenths, or only the first row of [_, 2] or such.
func wantClose(t *testing.T, got *tensor.Tensor, n int, first bool) {
	t.Helper()
	want := float64(float32(0.1)) * float64(n)
	x := tensor.Data[float32](got)
	if first {
		x = x[:2]
	}
	for _, v := range x {
		require.InDelta(t, want, float64(v), (104+math.Log2(float64(n)))*0x1p-24*want)
	}
}

// TestVarianceOfEqualNumbers wants 0, and normalisations of equal numbers to give the bias and no gradient but 0.
func TestVarianceOfEqualNumbers(t *testing.T) {
	for _, v := range []float64{0.1, -1e4 / 3, 1e10} {
		tape := autograd.NewTape(autograd.Train, nil)
		p := autograd.NewParam(filled(v, 7, 6, 50))
		x := tape.Use(p)
		one, bias := tape.Const(filled(1, 50)), tape.Const(filled(3, 50))
		oneC, biasC := tape.Const(filled(1, 6)), tape.Const(filled(3, 6))
		assert.Zero(t, largest(autograd.Variance(x)), v)
		assert.Zero(t, largest(autograd.VariancePop(x, 0, 2)), v)
		assert.Zero(t, largest(autograd.Std(x, 1)), v)
		few := autograd.Select(x, 2, 0)
		for name, y := range map[string]*autograd.Var{
			"LayerNorm":                  autograd.LayerNorm(x, one, bias, 1e-5),
			"GroupNorm":                  autograd.GroupNorm(x, oneC, biasC, 2, 1e-5),
			"BatchNorm":                  autograd.BatchNorm(x, oneC, biasC, &autograd.BatchNormOptions{Eps: 1e-5}),
			"BatchNorm of few positions": autograd.BatchNorm(few, oneC, biasC, &autograd.BatchNormOptions{Eps: 1e-5}),
		} {
			assert.InDelta(t, 0, largest(autograd.AddScalar(y, -3)), 1e-2, "%s of %v", name, v)
		}
	}
}

func largest(x *autograd.Var) float64 {
	return tensor.Data[float64](tensor.Max(tensor.Abs(x.Value())).Cast(tensor.Float64))[0]
}

// TestOverflowingVariance has NaN where the square of the spread is not a float32. PyTorch 2.15:
//
//	x = torch.tensor([[1e20, -1e20, 2e20, 0.]])
//	torch.nn.functional.layer_norm(x, (4,))   # nan, nan, nan, nan
//
// Its group_norm gives NaN or zeros, and its batch_norm and rms_norm zeros, as all of these did here.
func TestOverflowingVariance(t *testing.T) {
	tape := autograd.NewTape(autograd.Infer, nil)
	x := tape.Const(tensor.FromSlice([]float32{1e20, -1e20, 2e20, 0}, 1, 4))
	for name, y := range map[string]*autograd.Var{
		"LayerNorm": autograd.LayerNorm(x, nil, nil, 1e-5),
		"RMSNorm":   autograd.RMSNorm(x, nil, 1e-5),
		"GroupNorm": autograd.GroupNorm(autograd.Reshape(x, 1, 4, 1), nil, nil, 1, 1e-5),
		"BatchNorm": autograd.BatchNorm(autograd.Reshape(x, 4, 1), nil, nil, &autograd.BatchNormOptions{Eps: 1e-5}),
	} {
		for _, v := range float32s(y.Value()) {
			assert.True(t, v != v, "%s: %v", name, v)
		}
	}
}
