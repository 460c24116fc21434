package vec_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/blas/vec"
)

// TestSilu sweeps float32 and compares with float64, as TestSigmoid does: within 3 ulp; below -87, where the sigmoid has fewer
// digits, within 2⁻¹⁴¹: 104 times two of the smallest numbers, and a rounding.
func TestSilu(t *testing.T) {
	truth := func(x float64) float64 { return x / (1 + math.Exp(-x)) }
	sweep(t, 3, func(dst, x []float32) {
		vec.Silu(dst, x)
		for i, v := range x {
			if want := truth(float64(v)); v < -87 && math.Abs(float64(dst[i])-want) <= 0x1p-141 {
				dst[i] = float32(want)
			}
		}
	}, truth)
}

// TestSiluGrad compares the gradient with its definition, from -20 to 20, on every alignment of a tail.
func TestSiluGrad(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		worst, at := 0.0, float32(0)
		x, one, got := make([]float32, 4001), make([]float32, 4001), make([]float32, 4001)
		vec.Fill(one, 1)
		for shift := range 64 {
			for i := range x {
				x[i] = -20 + 0.01*float32(i) + float32(shift)*0x1p-13
			}
			n := len(x) - shift%9
			vec.SiluGrad(got[:n], one[:n], x[:n])
			for i, v := range x[:n] {
				s := 1 / (1 + math.Exp(-float64(v)))
				if e := math.Abs(float64(got[i]) - s*(1+float64(v)*(1-s))); !(e <= worst) {
					worst, at = e, v
				}
			}
		}
		t.Logf("worst error %.3g, at %v", worst, at)
		assert.LessOrEqualf(t, worst, 0x1p-22, "at %v", at)
	})
}
