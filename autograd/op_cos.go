package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Cos returns the cosine of x in radians, element by element.
func Cos(x *Var) *Var { return cosOp.on(x).run(x.Shape()...) }

var cosOp = unaryOp("Cos", cosLoop[float32], cosLoop[float64], cosGrad[float32], cosGrad[float64])

func cosLoop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	for i, v := range x {
		y[i] = T(math.Cos(float64(v)))
	}
}

// The derivative is minus the sine.
func cosGrad[T vec.Float](n *node, lo, hi int) {
	dx, dy, x, _ := slopes[T](n, lo, hi)
	for i, v := range x {
		dx[i] = -dy[i] * T(math.Sin(float64(v)))
	}
}
