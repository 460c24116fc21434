package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// Softplus returns log(1 + e^(beta·x))/beta, element by element, a smooth ReLU; and x itself where beta·x is above threshold, 20
// as a rule. It panics unless beta > 0. Source: Dugas et al., NIPS 2000.
func Softplus(x *Var, beta, threshold float64) *Var {
	if !(beta > 0) {
		softplusOp.panicf("beta = %v, want > 0", beta)
	}
	return softplusOp.along(x, beta, threshold)
}

// LogSigmoid returns log(σ(x)) = −log(1 + e⁻ˣ), element by element, without loss of digits.
func LogSigmoid(x *Var) *Var { return logSigmoidOp.along(x, 0, 0) }

var (
	softplusOp = curveOp("Softplus", curve[float32]{softplusValue[float32], softplusSlope[float32]},
		curve[float64]{softplusValue[float64], softplusSlope[float64]})
	logSigmoidOp = curveOp("LogSigmoid", curve[float32]{logSigmoidValue[float32], logSigmoidSlope[float32]},
		curve[float64]{logSigmoidValue[float64], logSigmoidSlope[float64]})
)

// softplusPlain reports whether softplus is all there is to compute: above a threshold of 20 it is x to the last bit of float32, and of
// float64 where that is 40.
func softplusPlain[T vec.Float](beta, threshold T) bool {
	return beta == 1 && threshold >= 20 && (single[T]() || threshold >= 40)
}

func softplusValue[T vec.Float](y, x []T, beta, threshold T) {
	if softplusPlain(beta, threshold) {
		vec.Softplus(y, x)
		return
	}
	vec.Scale(y, beta, x)
	vec.Softplus(y, y)
	x = x[:len(y)]
	for i := range y {
		y[i] = pick(beta*x[i] > threshold, x[i], y[i]/beta)
	}
}

// The derivative is σ(beta·x), and one above the threshold.
func softplusSlope[T vec.Float](dx, dy, x []T, beta, threshold T) {
	if softplusPlain(beta, threshold) {
		vec.Sigmoid(dx, x)
		vec.Mul(dx, dx, dy)
		return
	}
	vec.Scale(dx, beta, x)
	vec.Sigmoid(dx, dx)
	dy, x = dy[:len(dx)], x[:len(dx)]
	for i := range dx {
		dx[i] = dy[i] * pick(beta*x[i] > threshold, 1, dx[i])
	}
}

// log σ(x) is −softplus(−x).
func logSigmoidValue[T vec.Float](y, x []T, _, _ T) {
	vec.Neg(y, x)
	vec.Softplus(y, y)
	vec.Neg(y, y)
}

// The derivative is σ(−x).
func logSigmoidSlope[T vec.Float](dx, dy, x []T, _, _ T) {
	vec.Neg(dx, x)
	vec.Sigmoid(dx, dx)
	vec.Mul(dx, dx, dy)
}

// log1p returns log(1 + e) for 0 ≤ e ≤ 1. In float32 that is 2·artanh(e/(2+e)), a series in powers of at most 1/9 whose first
// eight terms leave less than 2e-9 of the whole.
func log1p[T vec.Float](e T) T {
	if !single[T]() {
		return T(math.Log1p(float64(e)))
	}
	s := e / (2 + e)
	r := s * s
	return 2 * s * (1 + r*(1./3+r*(1./5+r*(1./7+r*(1./9+r*(1./11+r*(1./13+r*(1./15))))))))
}

func abs[T vec.Float](x T) T { return max(x, -x) }
