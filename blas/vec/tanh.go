package vec

import "math"

// Tanh stores the hyperbolic tangent of x in dst. dst may be x.
func Tanh[T Float](dst, x []T) {
	same("Tanh", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(math.Tanh(float64(x[i])))
	}
}

// TanhGrad stores dy·(1-y²) in dst, the gradient of y = tanh(x) with respect to x. dst may be dy or y.
func TanhGrad[T Float](dst, dy, y []T) {
	same("TanhGrad", len(dst), len(dy))
	same("TanhGrad", len(dst), len(y))
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = dy[i] * (1 - y[i]*y[i])
	}
}
