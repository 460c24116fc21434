package autograd

import (
	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/elementary"
)

// KLDiv returns t·(log t − x), element by element, for logarithms x of the model's probabilities and target
// probabilities t of one shape. Where t is 0 the result is 0, even of an infinite x, where PyTorch has NaN. The sum
// over a distribution is the Kullback–Leibler divergence of the model from the target. Source: Kullback and Leibler,
// Annals of Mathematical Statistics 22 (1951).
func KLDiv(x, t *Var) *Var { return klDivOp.between(x, t, 0, 0) }

// KLDivLog is KLDiv for targets that are logarithms of probabilities: eᵗ·(t − x).
func KLDivLog(x, t *Var) *Var { return klDivLogOp.between(x, t, 0, 0) }

var (
	klDivOp = pairOp("KLDiv",
		pair[float32]{klDivValue[float32], klDivSlope[float32], klDivTarget[float32]},
		pair[float64]{klDivValue[float64], klDivSlope[float64], klDivTarget[float64]})
	klDivLogOp = pairOp("KLDivLog",
		pair[float32]{klDivLogValue[float32], klDivLogSlope[float32], klDivLogTarget[float32]},
		pair[float64]{klDivLogValue[float64], klDivLogSlope[float64], klDivLogTarget[float64]})
)

func klDivValue[T vec.Float](y, x, t []T, _, _ T) {
	vec.Log(y, t)
	for i := range y {
		switch {
		case t[i] != 0:
			y[i] = t[i] * (y[i] - x[i])
		case x[i] == x[i]:
			y[i] = 0
		default:
			y[i] = x[i]
		}
	}
}

// The derivative with respect to x is −t.
func klDivSlope[T vec.Float](dx, _, t []T, _, _ T) { vec.Neg(dx, t) }

// The derivative with respect to t is log t + 1 − x, and zero where t is.
func klDivTarget[T vec.Float](dt, x, t []T, _, _ T) {
	for i := range dt {
		dt[i] = pick(t[i] == 0, 0, T(elementary.Log(float64(t[i])))+1-x[i])
	}
}

func klDivLogValue[T vec.Float](y, x, t []T, _, _ T) {
	vec.Exp(y, t)
	for i := range y {
		y[i] *= t[i] - x[i]
	}
}

// The derivative with respect to x is −eᵗ.
func klDivLogSlope[T vec.Float](dx, _, t []T, _, _ T) {
	vec.Exp(dx, t)
	vec.Neg(dx, dx)
}

// The derivative with respect to t is eᵗ·(t − x + 1).
func klDivLogTarget[T vec.Float](dt, x, t []T, _, _ T) {
	vec.Exp(dt, t)
	for i := range dt {
		dt[i] *= t[i] - x[i] + 1
	}
}
