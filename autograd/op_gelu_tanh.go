package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// GELUTanh returns ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))), the approximation of GELU that GPT-2 and its followers use.
// Source: Hendrycks and Gimpel, arXiv:1606.08415.
func GELUTanh(x *Var) *Var { return geluTanhOp.along(x, 0, 0) }

var geluTanhOp = curveOp("GELUTanh", curve[float32]{geluTanhValue[float32], geluTanhSlope[float32]},
	curve[float64]{geluTanhValue[float64], geluTanhSlope[float64]})

// The argument of tanh, doubled, because ½·(1 + tanh z) = σ(2z), which loses no digits where it is small.
const (
	geluTanhBy   = 2 * math.Sqrt2 / math.SqrtPi
	geluTanhCube = 0.044715
)

func geluTanhValue[T vec.Float](y, x []T, _, _ T) {
	geluTanhGate(y, x)
	vec.Mul(y, y, x)
}

// geluTanhGate stores in s what x is multiplied by.
func geluTanhGate[T vec.Float](s, x []T) {
	vec.Mul(s, x, x)
	vec.Scale(s, geluTanhCube, s)
	vec.AddScalar(s, 1, s)
	vec.Mul(s, s, x)
	vec.Scale(s, geluTanhBy, s)
	vec.Sigmoid(s, s)
}

// The derivative is σ + x·σ·(1−σ)·z′, with z′ that of the doubled argument.
func geluTanhSlope[T vec.Float](dx, dy, x []T, _, _ T) {
	geluTanhGate(dx, x)
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i, s := range dx {
		v := x[i]
		dx[i] = dy[i] * s * (1 + v*(1-s)*geluTanhBy*(1+3*geluTanhCube*v*v))
	}
}

// geluTanhDefinition is GELUTanh made of other ops, for Gradients.
func geluTanhDefinition(n *node) *Var {
	x := n.in[0]
	z := Scale(Mul(AddScalar(Scale(Square(x), geluTanhCube), 1), x), geluTanhBy)
	return Mul(Sigmoid(z), x)
}
