package optim

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// Adadelta gives every element a rate of its own from the ratio of past updates to past gradients, so that it hardly needs a
// learning rate. With g' = g + WeightDecay·w:
//
//	s ← Rho·s + (1-Rho)·g'²     δ = √(a + Eps)/√(s + Eps)·g'     a ← Rho·a + (1-Rho)·δ²     w ← w - lr·δ
//
// State: slots "square_avg" (s) and "acc_delta" (a).
// Source: Zeiler, arXiv:1212.5701; PyTorch's torch.optim.Adadelta.
type Adadelta struct {
	LR          float64 // learning rate; 0 means 1, the paper's
	Rho         float64 // in [0, 1]; 0 means 0.9
	Eps         float64 // >= 0; 0 means 1e-6. The first updates are as large as its root, so Zero stays where it is.
	WeightDecay float64 // L2 penalty, >= 0; default 0
}

// Name returns "adadelta".
func (Adadelta) Name() string { return "adadelta" }

// Rate returns LR or its default.
func (o Adadelta) Rate() float64 { return option.Float(o.LR, 1) }

// Validate reports the first field out of range.
func (o Adadelta) Validate() error {
	return check(
		atLeast0("Adadelta", "LR", o.LR),
		upTo1("Adadelta", "Rho", o.Rho),
		atLeast0("Adadelta", "Eps", o.Eps),
		atLeast0("Adadelta", "WeightDecay", o.WeightDecay),
	)
}

// WithDecay returns o with another weight decay.
func (o Adadelta) WithDecay(decay float64) Optimizer {
	o.WeightDecay = decay
	return o
}

// New returns the state of n elements before their first step.
func (o Adadelta) New(n int) Stepper { return newAdadelta[float32](o, n) }

// New64 is New for float64.
func (o Adadelta) New64(n int) StepperOf[float64] { return newAdadelta[float64](o, n) }

func newAdadelta[T vec.Float](o Adadelta, n int) StepperOf[T] {
	return newElementwise("Adadelta", n, &adadelta[T]{
		rho: option.Float(o.Rho, 0.9), eps: T(option.Float(o.Eps, 1e-6)), decay: T(option.Float(o.WeightDecay, 0)),
	}, "square_avg", "acc_delta")
}

type adadelta[T vec.Float] struct {
	rho        float64
	eps, decay T
	rate       T // of the step in hand
}

func (s *adadelta[T]) begin(_ int64, lr float64) { s.rate = T(lr) }

func (s *adadelta[T]) update(w, g []T, m moments[T]) {
	rho, fresh, eps, decay, rate := T(s.rho), T(1-s.rho), s.eps, s.decay, s.rate
	g, square, moved := g[:len(w)], m[0][:len(w)], m[1][:len(w)]
	for i, wi := range w {
		gi := g[i] + T(decay*wi)
		si := T(rho*square[i]) + T(fresh*T(gi*gi))
		step := T(T(math.Sqrt(float64(moved[i]+eps)))/T(math.Sqrt(float64(si+eps)))) * gi
		square[i], moved[i] = si, T(rho*moved[i])+T(fresh*T(step*step))
		w[i] = wi - T(rate*step)
	}
}
