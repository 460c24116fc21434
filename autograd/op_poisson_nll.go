package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// PoissonNLL returns eˣ − t·x, element by element, the negative log-likelihood of counts t under Poisson distributions whose rates
// have logarithms x, but for what depends on t alone. The shapes must be equal.
func PoissonNLL(x, t *Var) *Var { return poissonLogOp.between(x, t, 0, 0) }

// PoissonNLLOfRates is PoissonNLL for the rates x themselves: x − t·log(x + eps).
func PoissonNLLOfRates(x, t *Var, eps float64) *Var { return poissonRateOp.between(x, t, eps, 0) }

var (
	poissonLogOp = pairOp("PoissonNLL",
		pair[float32]{poissonLogValue[float32], poissonLogSlope[float32], poissonLogTarget[float32]},
		pair[float64]{poissonLogValue[float64], poissonLogSlope[float64], poissonLogTarget[float64]})
	poissonRateOp = pairOp("PoissonNLLOfRates",
		pair[float32]{poissonRateValue[float32], poissonRateSlope[float32], poissonRateTarget[float32]},
		pair[float64]{poissonRateValue[float64], poissonRateSlope[float64], poissonRateTarget[float64]})
)

func poissonLogValue[T vec.Float](y, x, t []T, _, _ T) {
	vec.Exp(y, x)
	for i := range y {
		y[i] -= T(t[i] * x[i]) // rounded: fused with the difference, ∞ − ∞ would not be NaN
	}
}

// The derivative with respect to x is eˣ − t.
func poissonLogSlope[T vec.Float](dx, x, t []T, _, _ T) {
	vec.Exp(dx, x)
	vec.Sub(dx, dx, t)
}

// The derivative with respect to t is −x.
func poissonLogTarget[T vec.Float](dt, x, _ []T, _, _ T) { vec.Neg(dt, x) }

func poissonRateValue[T vec.Float](y, x, t []T, eps, _ T) {
	for i := range y {
		y[i] = x[i] - T(t[i]*T(elementary.Log(float64(x[i]+eps)))) // rounded, as above
	}
}

// The derivative with respect to x is 1 − t/(x + eps).
func poissonRateSlope[T vec.Float](dx, x, t []T, eps, _ T) {
	for i := range dx {
		dx[i] = 1 - t[i]/(x[i]+eps)
	}
}

// The derivative with respect to t is −log(x + eps).
func poissonRateTarget[T vec.Float](dt, x, _ []T, eps, _ T) {
	for i := range dt {
		dt[i] = -T(elementary.Log(float64(x[i] + eps)))
	}
}
