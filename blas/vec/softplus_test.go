package vec_test

import (
	"math"
	"testing"

	"github.com/tutti-ml/tutti/blas/vec"
)

// TestSoftplus and TestElu sweep float32 and compare with float64, as TestExp does.
func TestSoftplus(t *testing.T) {
	sweep(t, 3, vec.Softplus[float32], func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) })
}

func TestElu(t *testing.T) {
	for _, alpha := range []float32{1, 1.6732632} {
		sweep(t, 2.5, func(dst, x []float32) { vec.Elu(dst, alpha, x) }, func(x float64) float64 {
			return max(x, 0) + float64(alpha)*math.Expm1(min(x, 0))
		})
	}
}
