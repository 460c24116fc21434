package vec

import (
	"github.com/tutti-ml/tutti/blas/kernel"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// Sigmoid stores 1/(1+e⁻ˣ) in dst. dst may be x.
//
// In float32 it is at most 2 ulp from the true value, subnormal results included, and 0.51 ulp in the portable loop.
func Sigmoid[T Float](dst, x []T) {
	same("Sigmoid", len(dst), len(x))
	run(kernel.OpSigmoid, dst, x, nil, 0)
}

func sigmoid[T Float](dst, x []T) {
	x = x[:len(dst)]
	if single[T]() {
		for i := range dst {
			f, s := splitPow2(-log2e * float64(x[i]))
			dst[i] = T(1 / (1 + s + s*pow2m1(f)))
		}
		return
	}
	for i := range dst {
		dst[i] = T(1 / (1 + elementary.Exp(-float64(x[i]))))
	}
}

// SigmoidGrad stores dy·y·(1-y) in dst, the gradient of y = sigmoid(x) with respect to x. dst may be dy or y.
func SigmoidGrad[T Float](dst, dy, y []T) {
	same("SigmoidGrad", len(dst), len(dy))
	same("SigmoidGrad", len(dst), len(y))
	run(kernel.OpSigmoidGrad, dst, dy, y, 0)
}

func sigmoidGrad[T Float](dst, dy, y []T) {
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = dy[i] * (y[i] * (1 - y[i]))
	}
}
