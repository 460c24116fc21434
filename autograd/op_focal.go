package autograd

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
)

// SigmoidFocal returns α_t·(1 − p_t)^gamma·BCE(σ(x), t), element by element, for logits x and targets t between 0 and 1 of one shape,
// with p_t = σ(x)·t + (1−σ(x))·(1−t) and α_t = alpha·t + (1−alpha)·(1−t), or 1 if alpha is negative: what is classified well
// already counts for less. It is computed in float64. Source: Lin et al., arXiv:1708.02002.
func SigmoidFocal(x, t *Var, alpha, gamma float64) *Var { return focalOp.between(x, t, alpha, gamma) }

var focalOp = pairOp("SigmoidFocal",
	pair[float32]{focalValue[float32], focalSlope[float32], focalTarget[float32]},
	pair[float64]{focalValue[float64], focalSlope[float64], focalTarget[float64]})

// focalParts returns α_t and its derivative with respect to t, 1 − p_t, the cross-entropy, and σ(x).
func focalParts(x, t, alpha float64) (at, da, miss, ce, s float64) {
	e := math.Exp(-math.Abs(x))
	s = 1 / (1 + e)
	if x < 0 {
		s = e / (1 + e)
	}
	at, da = 1, 0
	if alpha >= 0 {
		at, da = alpha*t+(1-alpha)*(1-t), 2*alpha-1
	}
	return at, da, s + t - 2*s*t, missed(x, t) + math.Log1p(e), s
}

func focalValue[T vec.Float](y, x, t []T, alpha, gamma T) {
	for i := range y {
		at, _, miss, ce, _ := focalParts(float64(x[i]), float64(t[i]), float64(alpha))
		y[i] = T(at * math.Pow(miss, float64(gamma)) * ce)
	}
}

// powSlope returns the derivative of m^gamma.
func powSlope(m, gamma float64) float64 {
	if gamma == 0 {
		return 0
	}
	return gamma * math.Pow(m, gamma-1)
}

// With m = 1 − p_t the derivative with respect to x is α_t·(gamma·m^(gamma−1)·m′·CE + m^gamma·(σ − t)), where
// m′ = (1 − 2t)·σ·(1 − σ).
func focalSlope[T vec.Float](dx, x, t []T, alpha, gamma T) {
	for i := range dx {
		t, g := float64(t[i]), float64(gamma)
		at, _, miss, ce, s := focalParts(float64(x[i]), t, float64(alpha))
		dx[i] = T(at * (powSlope(miss, g)*(1-2*t)*s*(1-s)*ce + math.Pow(miss, g)*(s-t)))
	}
}

// With respect to t it is α_t′·m^gamma·CE + α_t·(gamma·m^(gamma−1)·(1 − 2σ)·CE − m^gamma·x).
func focalTarget[T vec.Float](dt, x, t []T, alpha, gamma T) {
	for i := range dt {
		x, g := float64(x[i]), float64(gamma)
		at, da, miss, ce, s := focalParts(x, float64(t[i]), float64(alpha))
		m := math.Pow(miss, g)
		dt[i] = T(da*m*ce + at*(powSlope(miss, g)*(1-2*s)*ce-m*x))
	}
}
