package vec

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Tanh stores the hyperbolic tangent of x in dst. dst may be x.
//
// In float32 it is at most 2 ulp from the true value, and 0.51 ulp in the portable loop.
func Tanh[T Float](dst, x []T) {
	same("Tanh", len(dst), len(x))
	run(kernel.OpTanh, dst, x, nil, 0)
}

func tanh[T Float](dst, x []T) {
	x = x[:len(dst)]
	if single[T]() {
		for i := range dst {
			dst[i] = T(tanh32(float64(x[i])))
		}
		return
	}
	for i := range dst {
		dst[i] = T(math.Tanh(float64(x[i])))
	}
}

// tanh32 returns tanh x for a float32 x, before rounding to float32: tanh|x| = -e/(2+e) with e = exp(-2|x|) - 1, which
// keeps its relative accuracy where e is small.
func tanh32(x float64) float64 {
	f, s := splitPow2(-2 * log2e * math.Abs(x))
	e := s*pow2m1(f) + (s - 1)
	return math.Copysign(e/(2+e), x)
}

// TanhGrad stores dy·(1-y²) in dst, the gradient of y = tanh(x) with respect to x. dst may be dy or y.
func TanhGrad[T Float](dst, dy, y []T) {
	same("TanhGrad", len(dst), len(dy))
	same("TanhGrad", len(dst), len(y))
	run(kernel.OpTanhGrad, dst, dy, y, 0)
}

func tanhGrad[T Float](dst, dy, y []T) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = dy[i] * (1 - T(y[i]*y[i]))
	}
}
