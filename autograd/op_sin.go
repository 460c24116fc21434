package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Sin returns the sine of x in radians, element by element.
func Sin(x *Var) *Var { return sinOp.on(x).run(x.Shape()...) }

var sinOp = unaryOp("Sin", sinLoop[float32], sinLoop[float64], sinGrad[float32], sinGrad[float64])

func sinLoop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	for i, v := range x {
		y[i] = T(math.Sin(float64(v)))
	}
}

// The derivative is the cosine.
func sinGrad[T vec.Float](n *node, lo, hi int) {
	dx, dy, x, _ := slopes[T](n, lo, hi)
	for i, v := range x {
		dx[i] = dy[i] * T(math.Cos(float64(v)))
	}
}
