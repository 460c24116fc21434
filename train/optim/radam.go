package optim

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// RAdam is Adam that warms itself up: while there are too few steps to know the spread of v, it takes steps of momentum; then
// it scales Adam's by what is known. At step t, with g' = g + WeightDecay·w:
//
//	m ← Beta1·m + (1-Beta1)·g'     v ← Beta2·v + (1-Beta2)·g'²
//	ρ∞ = 2/(1-Beta2) - 1     ρ = ρ∞ - 2t·Beta2ᵗ/(1-Beta2ᵗ)
//	w ← w - lr/(1-Beta1ᵗ)·m                                if ρ <= 5
//	w ← w - lr/(1-Beta1ᵗ)·r·√(1-Beta2ᵗ)·m/(√v + Eps)       else, r = √((ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ))
//
// State: slots "exp_avg" (m) and "exp_avg_sq" (v).
// Source: Liu et al., arXiv:1908.03265; PyTorch's torch.optim.RAdam.
type RAdam struct {
	LR          float64 // learning rate; 0 means 1e-3
	Beta1       float64 // in [0, 1); 0 means 0.9
	Beta2       float64 // in [0, 1); 0 means 0.999
	Eps         float64 // >= 0; 0 means 1e-8
	WeightDecay float64 // >= 0; default 0
	Decoupled   bool    // the decay is w ← w - lr·WeightDecay·w, as AdamW's, not a penalty inside the gradient
}

// Name returns "radam".
func (RAdam) Name() string { return "radam" }

// Rate returns LR or its default.
func (o RAdam) Rate() float64 { return option.Float(o.LR, 1e-3) }

// Validate reports the first field out of range.
func (o RAdam) Validate() error {
	return Adam{LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay}.validate("RAdam")
}

// WithDecay returns o with another weight decay.
func (o RAdam) WithDecay(decay float64) Optimizer {
	o.WeightDecay = decay
	return o
}

// New returns the state of n elements before their first step.
func (o RAdam) New(n int) Stepper { return newRAdam[float32](o, n) }

// New64 is New for float64.
func (o RAdam) New64(n int) StepperOf[float64] { return newRAdam[float64](o, n) }

func newRAdam[T vec.Float](o RAdam, n int) StepperOf[T] {
	return newElementwise("RAdam", n, &radam[T]{
		beta1: option.Float(o.Beta1, 0.9), beta2: option.Float(o.Beta2, 0.999), eps: T(option.Float(o.Eps, 1e-8)),
		decay: decayOf[T](o.WeightDecay, o.Decoupled),
	}, "exp_avg", "exp_avg_sq")
}

type radam[T vec.Float] struct {
	beta1, beta2 float64
	eps          T
	decay        decay[T]
	rate         T    // of the step in hand
	adapts       bool // the step in hand divides by √v
}

func (s *radam[T]) begin(step int64, lr float64) {
	t := float64(step)
	power := math.Pow(s.beta2, t)
	limit := 2/(1-s.beta2) - 1
	known := limit - 2*t*power/(1-power)
	rate := lr / (1 - math.Pow(s.beta1, t))
	if s.adapts = known > 5; s.adapts {
		rate *= math.Sqrt((known-4)*(known-2)*limit/((limit-4)*(limit-2)*known)) * math.Sqrt(1-power)
	}
	s.rate = T(rate)
	s.decay.begin(lr)
}

func (s *radam[T]) update(w, g []T, m moments[T]) {
	b1, n1, b2, n2 := T(s.beta1), T(1-s.beta1), T(s.beta2), T(1-s.beta2)
	keep, l2, rate, eps, adapts := s.decay.keep, s.decay.l2, s.rate, s.eps, s.adapts
	g, mean, square := g[:len(w)], m[0][:len(w)], m[1][:len(w)]
	for i, wi := range w {
		wi = T(keep * wi)
		gi := g[i] + T(l2*wi)
		mi := T(b1*mean[i]) + T(n1*gi)
		vi := T(b2*square[i]) + T(n2*T(gi*gi))
		mean[i], square[i] = mi, vi
		step := T(rate * mi)
		if adapts {
			step /= T(math.Sqrt(float64(vi))) + eps
		}
		w[i] = wi - step
	}
}
