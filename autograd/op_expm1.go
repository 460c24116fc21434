package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Expm1 returns eˣ − 1, element by element, without the loss of digits near zero.
func Expm1(x *Var) *Var { return expm1Op.on(x).run(x.Shape()...) }

var expm1Op = unaryOp("Expm1", expm1Loop[float32], expm1Loop[float64], expm1Grad[float32], expm1Grad[float64])

func expm1Loop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	for i, v := range x {
		y[i] = T(math.Expm1(float64(v)))
	}
}

// The derivative is eˣ, one more than the result y.
func expm1Grad[T vec.Float](n *node, lo, hi int) {
	dx, dy, _, y := slopes[T](n, lo, hi)
	for i, v := range y {
		dx[i] = dy[i] * (v + 1)
	}
}
