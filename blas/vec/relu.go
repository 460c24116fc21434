package vec

import (
	"math"

	"github.com/tutti-ml/tutti/blas/kernel"
)

// Relu stores max(x, 0) in dst; NaN stays NaN. dst may be x.
func Relu[T Float](dst, x []T) {
	same("Relu", len(dst), len(x))
	run(kernel.OpRelu, dst, x, nil, 0)
}

func relu[T Float](dst, x []T) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = max(x[i], 0)
	}
}

// ReluGrad stores dy in dst where x > 0 or NaN, else zero: the gradient of y = relu(x) with respect to x. The output y
// serves as well as the input x. dst may be dy or x.
func ReluGrad[T Float](dst, dy, x []T) {
	same("ReluGrad", len(dst), len(dy))
	same("ReluGrad", len(dst), len(x))
	run(kernel.OpReluGrad, dst, dy, x, 0)
}

func reluGrad[T Float](dst, dy, x []T) {
	dy, x = dy[:len(dst)], x[:len(dst)]
	if single[T]() {
		for i := range dst { // on bits, whose masking needs no branch: signs are hard to predict
			keep := ^uint32(0)
			if x[i] <= 0 {
				keep = 0
			}
			dst[i] = T(math.Float32frombits(math.Float32bits(float32(dy[i])) & keep))
		}
		return
	}
	for i := range dst {
		keep := ^uint64(0)
		if x[i] <= 0 {
			keep = 0
		}
		dst[i] = T(math.Float64frombits(math.Float64bits(float64(dy[i])) & keep))
	}
}

// LeakyRelu stores x where x > 0, else slope·x, in dst. dst may be x.
func LeakyRelu[T Float](dst []T, slope T, x []T) {
	same("LeakyRelu", len(dst), len(x))
	run(kernel.OpLeakyRelu, dst, x, nil, slope)
}

// LeakyReluGrad stores dy where x > 0, else slope·dy, in dst: the gradient of LeakyRelu at x. dst may be dy or x.
func LeakyReluGrad[T Float](dst []T, slope T, dy, x []T) {
	same("LeakyReluGrad", len(dst), len(dy))
	same("LeakyReluGrad", len(dst), len(x))
	run(kernel.OpLeakyReluGrad, dst, dy, x, slope)
}

// leakyRelu is the loop of both: where at is not positive, a is multiplied by slope.
func leakyRelu[T Float](dst, a, at []T, slope T) {
	a, at = a[:len(dst)], at[:len(dst)]
	for i := range dst {
		v := a[i]
		if !(at[i] > 0) {
			v *= slope
		}
		dst[i] = v
	}
}
