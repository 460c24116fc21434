package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Mish returns x·tanh(log(1 + eˣ)), element by element. Source: Misra, arXiv:1908.08681.
func Mish(x *Var) *Var { return mishOp.along(x, 0, 0) }

var mishOp = curveOp("Mish", curve[float32]{mishValue[float32], mishSlope[float32]},
	curve[float64]{mishValue[float64], mishSlope[float64]})

// With u = e²ˣ + 2eˣ the tangent is u/(u + 2): no logarithm is needed, and no difference loses digits. Beyond mishLimit it is 1.
const mishLimit = 20

func mishExp[T vec.Float](e, x []T) {
	vec.AtMost(e, mishLimit, x)
	vec.Exp(e, e)
}

func mishValue[T vec.Float](y, x []T, _, _ T) {
	mishExp(y, x)
	x = x[:len(y)]
	for i, e := range y {
		u := e * (e + 2)
		y[i] = x[i] * (u / (u + 2))
	}
}

// The derivative is u/(u+2) + 4·x·eˣ·(1+eˣ)/(u+2)².
func mishSlope[T vec.Float](dx, dy, x []T, _, _ T) {
	mishExp(dx, x)
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i, e := range dx {
		u := e * (e + 2)
		bend := 4 * (e / (u + 2)) * ((1 + e) / (u + 2)) * min(x[i], mishLimit) // x last: 4·x may overflow where e is 0
		dx[i] = dy[i] * (u/(u+2) + bend)
	}
}
