package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Atan returns the arc tangent of x in radians, element by element.
func Atan(x *Var) *Var { return atanOp.on(x).run(x.Shape()...) }

var atanOp = unaryOp("Atan", atanLoop[float32], atanLoop[float64], atanGrad[float32], atanGrad[float64])

func atanLoop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	for i, v := range x {
		y[i] = T(math.Atan(float64(v)))
	}
}

// The derivative is 1/(1 + x²).
func atanGrad[T vec.Float](n *node, lo, hi int) {
	dx, dy, x, _ := slopes[T](n, lo, hi)
	for i, v := range x {
		dx[i] = dy[i] / (1 + v*v)
	}
}
