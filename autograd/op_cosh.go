package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// Cosh returns the hyperbolic cosine of x, element by element.
func Cosh(x *Var) *Var { return coshOp.on(x).run(x.Shape()...) }

var coshOp = unaryOp("Cosh", coshLoop[float32], coshLoop[float64], coshGrad[float32], coshGrad[float64])

func coshLoop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	for i, v := range x {
		y[i] = T(elementary.Cosh(float64(v)))
	}
}

// The derivative is the hyperbolic sine.
func coshGrad[T vec.Float](n *node, lo, hi int) {
	dx, dy, x, _ := slopes[T](n, lo, hi)
	for i, v := range x {
		dx[i] = dy[i] * T(elementary.Sinh(float64(v)))
	}
}
