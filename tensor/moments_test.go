package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/tensor"
)

// TestVarOfEqualNumbers wants 0, to the last bit, however many they are and wherever they lie: sums of float32 numbers
// such as these are inexact, and so are means made of them.
func TestVarOfEqualNumbers(t *testing.T) {
	for _, v := range []float64{0.1, -1e4 / 3, 1e-30, 3e38} {
		for _, d := range floats {
			x := tensor.New(d, 7, 50, 3)
			x.Fill(v)
			for _, axes := range [][]int{nil, {0}, {1}, {2}, {0, 2}, {0, 1}} {
				for _, c := range []int{0, 1} {
					assert.Zero(t, largest(tensor.Var(x, c, axes...)), "%v %v over %v", d, v, axes)
					assert.Zero(t, largest(tensor.Std(x, c, axes...)), "%v %v over %v", d, v, axes)
				}
			}
		}
	}
}

func largest(x *tensor.Tensor) float64 {
	return tensor.Data[float64](tensor.Max(tensor.Abs(x)).Cast(tensor.Float64))[0]
}

// TestVarFarFromZero compares with variances computed in float64 from the float32 numbers, where the mean is far larger
// than the spread, or the first number far from the others; and says what overflows.
func TestVarFarFromZero(t *testing.T) {
	rng := newRand(5)
	for _, outlier := range []float64{0, 1e7} {
		x := make([]float32, 1000)
		for i := range x {
			x[i] = float32(1e4 + 0.01*rng.NormFloat64())
		}
		x[0] += float32(outlier)
		wide := make([]float64, len(x))
		for i, v := range x {
			wide[i] = float64(v)
		}
		want := variance(wide)
		assert.InEpsilon(t, want, only(tensor.Var(tensor.FromSlice(x), 1)), 1e-5)
		assert.InEpsilon(t, want, only(tensor.Var(tensor.FromSlice(x, 1000, 1), 1, 0)), 1e-5)
	}
	// torch.tensor([2e38, -2e38]).var() is inf, torch.tensor([inf, 1.]).var() nan.
	inf := float32(math.Inf(1))
	assert.Equal(t, math.Inf(1), only(tensor.Var(tensor.FromSlice([]float32{2e38, -2e38}), 1)))
	assert.True(t, math.IsNaN(only(tensor.Var(tensor.FromSlice([]float32{inf, 1}), 1))))
	assert.True(t, math.IsNaN(only(tensor.Var(tensor.FromSlice([]float32{1, inf}), 1))))
}

// TestDestinationsStrides wants the same bits in a destination with gaps as in one without.
func TestDestinationsStrides(t *testing.T) {
	rng := newRand(6)
	for _, shape := range [][]int{{40, 3, 50}, {3, 40, 33}, {2, 5, 7, 6}} {
		x := filled(rng, tensor.Float32, shape...)
		for _, axes := range [][]int{{0}, {1}, {-1}, {0, -1}, {0, 1}} {
			for _, r := range reductions {
				if r.to == nil || r.name == "Any" || r.name == "All" {
					continue
				}
				want := r.make(x, axes...)
				gaps := gapped(want)
				turned := want.Clone()
				if want.Rank() > 1 {
					turned = tensor.New(want.DType(), want.Dim(1), want.Dim(0)).Transpose(0, 1)
				}
				for _, dst := range []*tensor.Tensor{gaps, turned} {
					if dst.SameShape(want) {
						r.to(dst, x, axes...)
						assert.True(t, dst.Equal(want), "%s of %v over %v into %v", r.name, shape, axes, dst.Strides())
					}
				}
			}
			for _, p := range []float64{0, 1, 2, 3, math.Inf(1), math.Inf(-1)} {
				want := tensor.Norm(x, p, axes...)
				dst := gapped(want)
				tensor.NormTo(dst, x, p, axes...)
				assert.True(t, dst.Equal(want), "Norm %v of %v over %v into strides %v", p, shape, axes, dst.Strides())
			}
		}
	}
}

// gapped returns a tensor like x, with a gap behind each element.
func gapped(x *tensor.Tensor) *tensor.Tensor {
	last := 2 * x.Dim(-1)
	return tensor.New(x.DType(), append(append([]int{}, x.Shape()[:x.Rank()-1]...), last)...).SliceStep(-1, 0, last, 2)
}

// TestCumulateInFloat64 has the values of PyTorch 2.15:
//
//	torch.cumsum(torch.tensor([3e38, 3e38, -3e38]), 0)          # 3e38, inf, 3e38
//	torch.cumprod(torch.tensor([1e30, 1e30, 1e-30, 1e-30]), 0)  # 1e30, inf, 1e30, 1
func TestCumulateInFloat64(t *testing.T) {
	inf := float32(math.Inf(1))
	got := tensor.Data[float32](tensor.CumSum(tensor.FromSlice([]float32{3e38, 3e38, -3e38}), 0))
	assert.Equal(t, []float32{3e38, inf, 3e38}, got)
	got = tensor.Data[float32](tensor.CumProd(tensor.FromSlice([]float32{1e30, 1e30, 1e-30, 1e-30}), 0))
	assert.Equal(t, []float32{1e30, inf, 1e30, 1}, got)
}

func only(x *tensor.Tensor) float64 { return tensor.Data[float64](x.Cast(tensor.Float64))[0] }
