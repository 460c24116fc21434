package autograd

import "github.com/tutti-ml/tutti/blas/vec"

// SmoothL1 returns d²/(2·beta) where |d| < beta, else |d| − beta/2, for differences d, element by element. With beta = 0 it is
// |d|. It panics unless beta ≥ 0. Source: Girshick, arXiv:1504.08083.
func SmoothL1(d *Var, beta float64) *Var {
	if !(beta >= 0) {
		smoothL1Op.panicf("beta = %v, want >= 0", beta)
	}
	if beta == 0 {
		return smoothL1Op.along(d, 0, 0)
	}
	return smoothL1Op.along(d, beta, 1/beta)
}

// Huber returns d²/2 where |d| ≤ delta, else delta·(|d| − delta/2), for differences d, element by element: delta·SmoothL1. It
// panics unless delta > 0. Source: Huber, Annals of Mathematical Statistics 35 (1964).
func Huber(d *Var, delta float64) *Var {
	if !(delta > 0) {
		huberOp.panicf("delta = %v, want > 0", delta)
	}
	return huberOp.along(d, delta, 1)
}

var (
	smoothL1Op = curveOp("SmoothL1", curve[float32]{smoothL1Value[float32], smoothL1Slope[float32]},
		curve[float64]{smoothL1Value[float64], smoothL1Slope[float64]})
	huberOp = curveOp("Huber", curve[float32]{huberValue[float32], huberSlope[float32]},
		curve[float64]{huberValue[float64], huberSlope[float64]})
)

// smoothL1Value takes beta and its inverse, both zero for |d|.
func smoothL1Value[T vec.Float](y, d []T, beta, inverse T) {
	d = d[:len(y)]
	for i := range y {
		a := abs(d[i])
		y[i] = pick(a < beta, a*a*inverse/2, a-beta/2)
	}
}

// The derivative is d/beta within ±beta, else the sign of d.
func smoothL1Slope[T vec.Float](dx, dy, d []T, beta, inverse T) {
	dy, d = dy[:len(dx)], d[:len(dx)]
	for i := range dx {
		dx[i] = dy[i] * pick(abs(d[i]) >= beta, sign(d[i]), d[i]*inverse)
	}
}

func huberValue[T vec.Float](y, d []T, delta, _ T) {
	d = d[:len(y)]
	for i := range y {
		a := abs(d[i])
		y[i] = pick(a <= delta, a*a/2, delta*(a-delta/2))
	}
}

// The derivative is d moved into [−delta, delta].
func huberSlope[T vec.Float](dx, dy, d []T, delta, _ T) {
	dy, d = dy[:len(dx)], d[:len(dx)]
	for i := range dx {
		dx[i] = dy[i] * min(max(d[i], -delta), delta)
	}
}
