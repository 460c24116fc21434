package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// Softsign returns x/(1 + |x|), element by element. Source: Turian et al., NAACL 2009.
func Softsign(x *Var) *Var { return softsignOp.along(x, 0, 0) }

var softsignOp = curveOp("Softsign", curve[float32]{softsignValue[float32], softsignSlope[float32]},
	curve[float64]{softsignValue[float64], softsignSlope[float64]})

func softsignValue[T vec.Float](y, x []T, _, _ T) {
	x = x[:len(y)]
	for i := range y {
		y[i] = x[i] / (1 + abs(x[i]))
	}
}

// The derivative is 1/(1 + |x|)².
func softsignSlope[T vec.Float](dx, dy, x []T, _, _ T) {
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i := range dx {
		d := 1 + abs(x[i])
		dx[i] = dy[i] / (d * d)
	}
}
