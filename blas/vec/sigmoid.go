package vec

import "math"

// Sigmoid stores 1/(1+e⁻ˣ) in dst. dst may be x.
func Sigmoid[T Float](dst, x []T) {
	same("Sigmoid", len(dst), len(x))
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(1 / (1 + math.Exp(-float64(x[i]))))
	}
}

// SigmoidGrad stores dy·y·(1-y) in dst, the gradient of y = sigmoid(x) with respect to x. dst may be dy or y.
func SigmoidGrad[T Float](dst, dy, y []T) {
	same("SigmoidGrad", len(dst), len(dy))
	same("SigmoidGrad", len(dst), len(y))
	dy, y = dy[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = dy[i] * (y[i] * (1 - y[i]))
	}
}
