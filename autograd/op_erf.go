package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Erf returns the error function 2/√π·∫₀ˣ e^(−t²) dt, element by element.
func Erf(x *Var) *Var { return erfOp.on(x).run(x.Shape()...) }

var erfOp = unaryOp("Erf", erfLoop[float32], erfLoop[float64], erfGrad[float32], erfGrad[float64])

func erfLoop[T vec.Float](n *node, lo, hi int) {
	y, x := elements[T](n, lo, hi)
	vec.Erf(y, x)
}

// The derivative is 2/√π·e^(−x²).
func erfGrad[T vec.Float](n *node, lo, hi int) {
	dx, dy, x, _ := slopes[T](n, lo, hi)
	for i, v := range x {
		dx[i] = dy[i] * T(2/math.SqrtPi*math.Exp(-float64(v)*float64(v)))
	}
}
