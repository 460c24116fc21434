package optim

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// Lion moves every element by the same amount, in the direction of the sign of a mix of its momentum and its gradient: half of
// Adam's state, and all of its steps as large as the rate.
//
//	c = Beta1·m + (1-Beta1)·g     w ← w - lr·(sign c + WeightDecay·w)     m ← Beta2·m + (1-Beta2)·g
//
// sign 0 is 0. State: slot "exp_avg" (m). PyTorch has no Lion; the paper's defaults are these.
// Source: Chen et al., arXiv:2302.06675, algorithm 2.
type Lion struct {
	LR          float64 // learning rate; 0 means 1e-4: a third to a tenth of AdamW's suits
	Beta1       float64 // of the direction, in [0, 1); 0 means 0.9
	Beta2       float64 // of the momentum, in [0, 1); 0 means 0.99
	WeightDecay float64 // decoupled, >= 0; default 0. Three to ten times AdamW's suits.
}

// Name returns "lion".
func (Lion) Name() string { return "lion" }

// Rate returns LR or its default.
func (o Lion) Rate() float64 { return option.Float(o.LR, 1e-4) }

// Validate reports the first field out of range.
func (o Lion) Validate() error {
	return Adam{LR: o.LR, Beta1: o.Beta1, Beta2: o.Beta2, WeightDecay: o.WeightDecay}.validate("Lion")
}

// WithDecay returns o with another weight decay.
func (o Lion) WithDecay(decay float64) Optimizer {
	o.WeightDecay = decay
	return o
}

// New returns the state of n elements before their first step.
func (o Lion) New(n int) Stepper { return newLion[float32](o, n) }

// New64 is New for float64.
func (o Lion) New64(n int) StepperOf[float64] { return newLion[float64](o, n) }

func newLion[T vec.Float](o Lion, n int) StepperOf[T] {
	return newElementwise("Lion", n, &lion[T]{
		beta1: option.Float(o.Beta1, 0.9), beta2: option.Float(o.Beta2, 0.99), decay: decayOf[T](o.WeightDecay, true),
	}, "exp_avg")
}

type lion[T vec.Float] struct {
	beta1, beta2 float64
	decay        decay[T]
	rate         float64 // of the step in hand
}

func (s *lion[T]) begin(_ int64, lr float64) {
	s.rate = lr
	s.decay.begin(lr)
}

func (s *lion[T]) update(w, g []T, m moments[T]) {
	b1, n1, b2, n2, keep, rate := T(s.beta1), T(1-s.beta1), T(s.beta2), T(1-s.beta2), s.decay.keep, s.rate
	g, mean := g[:len(w)], m[0][:len(w)]
	for i, wi := range w {
		gi, mi := g[i], mean[i]
		c := float64(T(b1*mi) + T(n1*gi))
		step := T(math.Copysign(rate, c)) // no branch that depends on a sign
		if !(math.Abs(c) > 0) {
			step = T(c) // 0, or NaN
		}
		w[i] = T(keep*wi) - step
		mean[i] = T(b2*mi) + T(n2*gi)
	}
}
