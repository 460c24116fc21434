package optim

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// Adamax is Adam with the largest gradient so far, slowly forgotten, in place of the root of the mean square. At step t, with
// g' = g + WeightDecay·w:
//
//	m ← Beta1·m + (1-Beta1)·g'     u ← max(Beta2·u, |g'| + Eps)     w ← w - lr/(1-Beta1ᵗ) · m/u
//
// State: slots "exp_avg" (m) and "exp_inf" (u).
// Source: Kingma and Ba, arXiv:1412.6980, section 7.1; PyTorch's torch.optim.Adamax.
type Adamax struct {
	LR          float64 // learning rate; 0 means 2e-3
	Beta1       float64 // in [0, 1); 0 means 0.9
	Beta2       float64 // in [0, 1); 0 means 0.999
	Eps         float64 // >= 0; 0 means 1e-8. With Zero, an element whose gradients are all 0 becomes NaN.
	WeightDecay float64 // L2 penalty, >= 0; default 0
}

// Name returns "adamax".
func (Adamax) Name() string { return "adamax" }

// Rate returns LR or its default.
func (o Adamax) Rate() float64 { return option.Float(o.LR, 2e-3) }

// Validate reports the first field out of range.
func (o Adamax) Validate() error {
	return Adam{LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, WeightDecay: o.WeightDecay}.validate("Adamax")
}

// WithDecay returns o with another weight decay.
func (o Adamax) WithDecay(decay float64) Optimizer {
	o.WeightDecay = decay
	return o
}

// New returns the state of n elements before their first step.
func (o Adamax) New(n int) Stepper { return newAdamax[float32](o, n) }

// New64 is New for float64.
func (o Adamax) New64(n int) StepperOf[float64] { return newAdamax[float64](o, n) }

func newAdamax[T vec.Float](o Adamax, n int) StepperOf[T] {
	return newElementwise("Adamax", n, &adamax[T]{
		beta1: option.Float(o.Beta1, 0.9), beta2: option.Float(o.Beta2, 0.999),
		eps: T(option.Float(o.Eps, 1e-8)), decay: T(option.Float(o.WeightDecay, 0)),
	}, "exp_avg", "exp_inf")
}

type adamax[T vec.Float] struct {
	beta1, beta2 float64
	eps, decay   T
	rate         T // of the step in hand, over the bias correction
}

func (s *adamax[T]) begin(step int64, lr float64) {
	s.rate = T(lr / (1 - math.Pow(s.beta1, float64(step))))
}

func (s *adamax[T]) update(w, g []T, m moments[T]) {
	b1, n1, b2, eps, decay, rate := T(s.beta1), T(1-s.beta1), T(s.beta2), s.eps, s.decay, s.rate
	g, mean, most := g[:len(w)], m[0][:len(w)], m[1][:len(w)]
	for i, wi := range w {
		gi := g[i] + T(decay*wi)
		mi := T(b1*mean[i]) + T(n1*gi)
		ui := max(T(b2*most[i]), T(math.Abs(float64(gi)))+eps)
		mean[i], most[i] = mi, ui
		w[i] = wi - T(rate*T(mi/ui))
	}
}
