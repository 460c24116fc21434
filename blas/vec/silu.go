package vec

import (
	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// Silu stores x/(1+e⁻ˣ), x times its sigmoid, in dst; of -Inf, NaN. dst may be x.
//
// In float32 it is at most 3 ulp from the true value for x ≥ -87, and 0.51 ulp in the portable loop. Below -87 a
// vector kernel's sigmoid is off by two of the smallest numbers at most, and the product by less than 2⁻¹⁴¹. Source: Ramachandran, Zoph and Le,
// arXiv:1710.05941.
func Silu[T Float](dst, x []T) {
	same("Silu", len(dst), len(x))
	run(kernel.OpSilu, dst, x, nil, 0)
}

func silu[T Float](dst, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		v := float64(x[i])
		dst[i] = T(v / (1 + elementary.Exp(-v)))
	}
}

// SiluGrad stores dy·s·(1 + x·(1-s)) in dst, the gradient of y = silu(x) with respect to x; s is the sigmoid of x. dst may be dy or x.
//
// In float32 the factor of dy is at most 2⁻²² from the true value.
func SiluGrad[T Float](dst, dy, x []T) {
	same("SiluGrad", len(dst), len(dy))
	same("SiluGrad", len(dst), len(x))
	run(kernel.OpSiluGrad, dst, dy, x, 0)
}

func siluGrad[T Float](dst, dy, x []T) {
	dy, x = dy[:len(dst)], x[:len(dst)]
	for i := range dst {
		v := float64(x[i])
		s := 1 / (1 + elementary.Exp(-v))
		dst[i] = dy[i] * T(s*(1+v*(1-s)))
	}
}
