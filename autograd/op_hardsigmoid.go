package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Hardsigmoid returns min(max(x + 3, 0), 6)/6, element by element: a sigmoid of straight lines. At ±3 the gradient is
// zero, as in PyTorch. Source: Courbariaux et al., arXiv:1511.00363, with the slope of Howard et al., arXiv:1905.02244.
func Hardsigmoid(x *Var) *Var { return hardsigmoidOp.along(x, 0, 0) }

// Hardswish returns x·Hardsigmoid(x), element by element. The gradient is zero at −3 and one at 3, as in PyTorch.
// Source: Howard et al., arXiv:1905.02244.
func Hardswish(x *Var) *Var { return hardswishOp.along(x, 0, 0) }

var (
	hardsigmoidOp = curveOp("Hardsigmoid", curve[float32]{hardsigmoidValue[float32], hardsigmoidSlope[float32]},
		curve[float64]{hardsigmoidValue[float64], hardsigmoidSlope[float64]})
	hardswishOp = curveOp("Hardswish", curve[float32]{hardswishValue[float32], hardswishSlope[float32]},
		curve[float64]{hardswishValue[float64], hardswishSlope[float64]})
)

func hardsigmoidValue[T vec.Float](y, x []T, _, _ T) {
	vec.AddScalar(y, 3, x)
	vec.AtLeast(y, 0, y)
	vec.AtMost(y, 6, y)
	vec.Scale(y, 1./6, y)
}

// The derivative is 1/6 between −3 and 3, else zero.
func hardsigmoidSlope[T vec.Float](dx, dy, x []T, _, _ T) {
	vec.Scale(dx, 1./6, dy)
	vec.KeepAbove(dx, -3, dx, x)
	vec.KeepBelow(dx, 3, dx, x)
}

func hardswishValue[T vec.Float](y, x []T, _, _ T) {
	hardsigmoidValue(y, x, 0, 0)
	vec.Mul(y, y, x)
}

// The derivative is 0 up to −3, 1 from 3 on, and (2x + 3)/6 between.
func hardswishSlope[T vec.Float](dx, dy, x []T, _, _ T) { vec.HardswishGrad(dx, dy, x) }
