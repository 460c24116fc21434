package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// Sinh returns the hyperbolic sine of x, element by element.
func Sinh(x *Var) *Var { return sinhOp.on(x).run(x.Shape()...) }

var sinhOp = unaryOp("Sinh", sinhLoop[float32], sinhLoop[float64], sinhGrad[float32], sinhGrad[float64])

func sinhLoop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	for i, v := range x {
		y[i] = T(elementary.Sinh(float64(v)))
	}
}

// The derivative is the hyperbolic cosine.
func sinhGrad[T vec.Float](n *node, lo, hi int) {
	dx, dy, x, _ := slopes[T](n, lo, hi)
	for i, v := range x {
		dx[i] = dy[i] * T(elementary.Cosh(float64(v)))
	}
}
