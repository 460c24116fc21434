package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// LeakyReLU returns x where x is positive, else slope·x, element by element. Source: Maas et al., ICML 2013.
func LeakyReLU(x *Var, slope float64) *Var { return leakyReLUOp.along(x, slope, 0) }

var leakyReLUOp = curveOp("LeakyReLU", curve[float32]{leakyValue[float32], leakySlope[float32]},
	curve[float64]{leakyValue[float64], leakySlope[float64]})

func leakyValue[T vec.Float](y, x []T, p, _ T) {
	vec.LeakyRelu(y, p, x)
}

// The derivative is one where x is positive, else the slope.
func leakySlope[T vec.Float](dx, dy, x []T, p, _ T) {
	vec.LeakyReluGrad(dx, p, dy, x)
}
