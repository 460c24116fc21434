package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Log1p returns log(1 + x), element by element, without the loss of digits near zero.
func Log1p(x *Var) *Var { return log1pOp.on(x).run(x.Shape()...) }

var log1pOp = unaryOp("Log1p", log1pLoop[float32], log1pLoop[float64], log1pGrad[float32], log1pGrad[float64])

func log1pLoop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	for i, v := range x {
		y[i] = T(math.Log1p(float64(v)))
	}
}

// The derivative is 1/(1 + x).
func log1pGrad[T vec.Float](n *node, lo, hi int) {
	dx, dy, x, _ := slopes[T](n, lo, hi)
	for i, v := range x {
		dx[i] = dy[i] / (1 + v)
	}
}
