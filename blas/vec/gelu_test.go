package vec_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/blas/vec"
)

func TestGelu(t *testing.T) {
	sweep(t, 6, vec.Gelu[float32], func(x float64) float64 {
		if math.IsInf(x, -1) {
			return math.Copysign(0, -1)
		}
		return x * math.Erfc(-x/math.Sqrt2) / 2
	})
}

// TestGeluGrad compares the gradient with its definition, from -20 to 20 and where that is not a number, on every alignment
// of a tail.
func TestGeluGrad(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		worst, at := 0.0, float32(0)
		x, one, got := make([]float32, 4001), make([]float32, 4001), make([]float32, 4001)
		vec.Fill(one, 1)
		for shift := range 64 {
			for i := range x {
				x[i] = -20 + 0.01*float32(i) + float32(shift)*0x1p-13
			}
			n := len(x) - shift%9
			vec.GeluGrad(got[:n], one[:n], x[:n])
			for i, v := range x[:n] {
				v := float64(v)
				want := math.Erfc(-v/math.Sqrt2)/2 + v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi)
				if e := math.Abs(float64(got[i]) - want); !(e <= worst) {
					worst, at = e, x[i]
				}
			}
		}
		t.Logf("worst error %.3g, at %v", worst, at)
		assert.LessOrEqualf(t, worst, 0x1p-22, "at %v", at)

		inf, nan := float32(math.Inf(1)), float32(math.NaN())
		x = []float32{inf, -inf, nan, 0, float32(math.Copysign(0, -1)), 1e30, -1e30, 1e-45, 3}
		vec.GeluGrad(got[:9], one[:9], x)
		assert.Equal(t, []float32{1, 0, 0.5, 0.5, 1, 0, 0.5}, append(append([]float32(nil), got[:2]...), got[3:8]...), "of %v", x)
		require.True(t, got[2] != got[2], "NaN stays NaN")
	})
}
