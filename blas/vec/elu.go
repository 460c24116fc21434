package vec

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Elu stores max(x, 0) + alpha·(e^min(x, 0) - 1) in dst: x itself where it is positive. dst may be x.
//
// In float32 it is at most 2.5 ulp from the true value, 1 of eˣ - 1 and what the product makes of it, and 0.51 ulp in the portable loop, which
// computes in float64. Source: Clevert et al., arXiv:1511.07289.
func Elu[T Float](dst []T, alpha T, x []T) {
	same("Elu", len(dst), len(x))
	run(kernel.OpElu, dst, x, nil, alpha)
}

func elu[T Float](dst []T, alpha T, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		v := float64(x[i])
		dst[i] = T(max(v, 0) + float64(alpha)*math.Expm1(min(v, 0)))
	}
}
