package optim

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// NAdam is Adam with Nesterov's momentum, which grows from half of Beta1 to Beta1. At step t, with g' = g + WeightDecay·w:
//
//	μₜ = Beta1·(1 - 0.96^(t·MomentumDecay)/2)     Πₜ = μ₁·…·μₜ
//	m ← Beta1·m + (1-Beta1)·g'     v ← Beta2·v + (1-Beta2)·g'²
//	w ← w - lr·((1-μₜ)/(1-Πₜ)·g' + μₜ₊₁/(1-Πₜ₊₁)·m) / (√v/√(1-Beta2ᵗ) + Eps)
//
// The products Π are in float64; PyTorch's are in its default type, float32 as a rule.
//
// State: slots "exp_avg" (m) and "exp_avg_sq" (v); Π follows from the number of steps.
// Source: Dozat, ICLR 2016 workshop; PyTorch's torch.optim.NAdam.
type NAdam struct {
	LR            float64 // learning rate; 0 means 2e-3
	Beta1         float64 // in [0, 1); 0 means 0.9
	Beta2         float64 // in [0, 1); 0 means 0.999
	Eps           float64 // >= 0; 0 means 1e-8
	WeightDecay   float64 // >= 0; default 0
	MomentumDecay float64 // how fast the momentum grows, >= 0; 0 means 4e-3
	Decoupled     bool    // the decay is w ← w - lr·WeightDecay·w, as AdamW's, not a penalty inside the gradient
}

// Name returns "nadam".
func (NAdam) Name() string { return "nadam" }

// Rate returns LR or its default.
func (o NAdam) Rate() float64 { return option.Float(o.LR, 2e-3) }

// Validate reports the first field out of range.
func (o NAdam) Validate() error {
	adam := Adam{LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay}
	if err := adam.validate("NAdam"); err != nil {
		return err
	}
	return check(atLeast0("NAdam", "MomentumDecay", o.MomentumDecay))
}

// WithDecay returns o with another weight decay.
func (o NAdam) WithDecay(decay float64) Optimizer {
	o.WeightDecay = decay
	return o
}

// New returns the state of n elements before their first step.
func (o NAdam) New(n int) Stepper { return newNAdam[float32](o, n) }

// New64 is New for float64.
func (o NAdam) New64(n int) StepperOf[float64] { return newNAdam[float64](o, n) }

func newNAdam[T vec.Float](o NAdam, n int) StepperOf[T] {
	s := &nadam[T]{
		beta1: option.Float(o.Beta1, 0.9), beta2: option.Float(o.Beta2, 0.999), eps: T(option.Float(o.Eps, 1e-8)),
		slow: option.Float(o.MomentumDecay, 4e-3),
	}
	s.decay = decayOf[T](o.WeightDecay, o.Decoupled)
	return newElementwise("NAdam", n, s, "exp_avg", "exp_avg_sq")
}

type nadam[T vec.Float] struct {
	beta1, beta2 float64
	slow         float64
	eps          T
	decay        decay[T]

	steps   int64   // that product is of
	product float64 // Π

	grad, mean, root T // of the step in hand: what multiplies g', m and √v
}

func (s *nadam[T]) begin(step int64, lr float64) {
	if s.steps == 0 || step != s.steps+1 { // a new state, or one that was restored
		s.steps, s.product = 0, 1
	}
	for s.steps < step {
		s.steps++
		s.product *= s.momentum(s.steps)
	}
	now, next := s.momentum(step), s.momentum(step+1)
	s.grad = T(lr * (1 - now) / (1 - s.product))
	s.mean = T(lr * next / (1 - s.product*next))
	s.root = T(1 / math.Sqrt(1-math.Pow(s.beta2, float64(step))))
	s.decay.begin(lr)
}

// momentum is μ of a step.
func (s *nadam[T]) momentum(step int64) float64 {
	return s.beta1 * (1 - 0.5*math.Pow(0.96, float64(step)*s.slow))
}

func (s *nadam[T]) update(w, g []T, m moments[T]) {
	b1, n1, b2, n2 := T(s.beta1), T(1-s.beta1), T(s.beta2), T(1-s.beta2)
	keep, l2, byGrad, byMean, root, eps := s.decay.keep, s.decay.l2, s.grad, s.mean, s.root, s.eps
	g, mean, square := g[:len(w)], m[0][:len(w)], m[1][:len(w)]
	for i, wi := range w {
		wi = T(keep * wi)
		gi := g[i] + T(l2*wi)
		mi := T(b1*mean[i]) + T(n1*gi)
		vi := T(b2*square[i]) + T(n2*T(gi*gi))
		mean[i], square[i] = mi, vi
		w[i] = wi - (T(byGrad*gi)+T(byMean*mi))/(T(root*T(math.Sqrt(float64(vi))))+eps)
	}
}
