package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Tan returns the tangent of x in radians, element by element.
func Tan(x *Var) *Var { return tanOp.on(x).run(x.Shape()...) }

var tanOp = unaryOp("Tan", tanLoop[float32], tanLoop[float64], tanGrad[float32], tanGrad[float64])

func tanLoop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	for i, v := range x {
		y[i] = T(math.Tan(float64(v)))
	}
}

// The derivative is 1 + y², with y the result.
func tanGrad[T vec.Float](n *node, lo, hi int) {
	dx, dy, _, y := slopes[T](n, lo, hi)
	for i, v := range y {
		dx[i] = dy[i] * (1 + v*v)
	}
}
