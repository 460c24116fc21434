package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// ELU returns x where x is positive, else alpha·(eˣ − 1), element by element. Source: Clevert et al., arXiv:1511.07289.
func ELU(x *Var, alpha float64) *Var { return eluOp.along(x, alpha, 1) }

// CELU returns x where x is positive, else alpha·(e^(x/alpha) − 1): an ELU whose slope is continuous for every alpha. It panics
// unless alpha > 0. Source: Barron, arXiv:1704.07483.
func CELU(x *Var, alpha float64) *Var {
	if !(alpha > 0) {
		celuOp.panicf("alpha = %v, want > 0", alpha)
	}
	return celuOp.along(x, alpha, 1/alpha)
}

// SELU returns λ·ELU(x, α) with the two constants that draw activations to mean 0 and variance 1 from layer to layer.
// Source: Klambauer et al., arXiv:1706.02515.
func SELU(x *Var) *Var { return seluOp.along(x, seluAlpha, 1) }

const (
	seluAlpha = 1.6732632423543772848170429916717
	seluScale = 1.0507009873554804934193349852946
)

var (
	eluOp = curveOp("ELU", curve[float32]{eluValue[float32], eluSlope[float32]},
		curve[float64]{eluValue[float64], eluSlope[float64]})
	celuOp = curveOp("CELU", curve[float32]{eluValue[float32], eluSlope[float32]},
		curve[float64]{eluValue[float64], eluSlope[float64]})
	seluOp = curveOp("SELU", curve[float32]{seluValue[float32], seluSlope[float32]},
		curve[float64]{seluValue[float64], seluSlope[float64]})
)

// eluValue computes x where x is positive, else p·(e^(q·x) − 1), with q = 1 or 1/p.
func eluValue[T vec.Float](y, x []T, p, q T) {
	if q == 1 {
		vec.Elu(y, p, x)
		return
	}
	vec.Scale(y, q, x)
	vec.Elu(y, 1, y)
	x = x[:len(y)]
	for i := range y { // where x is positive it is to stay, to the last bit
		y[i] = pick(x[i] > 0, x[i], p*y[i])
	}
}

// The derivative is one where x is positive, else p·q·e^(q·x): the exponential is of min(q·x, 0), and so is one where x is positive.
func eluSlope[T vec.Float](dx, dy, x []T, p, q T) {
	vec.AtMost(dx, 0, x)
	vec.Scale(dx, q, dx)
	vec.Exp(dx, dx)
	vec.LeakyReluGrad(dx, p*q, dx, x)
	vec.Mul(dx, dx, dy)
}

func seluValue[T vec.Float](y, x []T, p, q T) {
	eluValue(y, x, p, q)
	vec.Scale(y, T(seluScale), y)
}

// The derivative is ELU's, times the scale.
func seluSlope[T vec.Float](dx, dy, x []T, p, q T) {
	eluSlope(dx, dy, x, p, q)
	vec.Scale(dx, T(seluScale), dx)
}
