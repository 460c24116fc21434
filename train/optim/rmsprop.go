package optim

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// RMSprop divides the gradient by the root of its running mean square, or, if Centered, by its running standard deviation.
// With g' = g + WeightDecay·w:
//
//	s ← Alpha·s + (1-Alpha)·g'²     a ← Alpha·a + (1-Alpha)·g'     d = √s + Eps,  or if Centered  √(s - a²) + Eps
//	w ← w - lr·g'/d,  or with Momentum  b ← Momentum·b + g'/d  and  w ← w - lr·b
//
// Where rounding makes s - a² negative, it is taken for 0; PyTorch gives NaN.
//
// State: slots "square_avg" (s), with Momentum "momentum_buffer" (b), if Centered "grad_avg" (a).
// Source: Hinton, lecture 6 of Neural Networks for Machine Learning, 2012; Graves, arXiv:1308.0850, for Centered; PyTorch's
// torch.optim.RMSprop.
type RMSprop struct {
	LR          float64 // learning rate; 0 means 0.01
	Alpha       float64 // in [0, 1]; 0 means 0.99
	Eps         float64 // >= 0; 0 means 1e-8
	WeightDecay float64 // L2 penalty, >= 0; default 0
	Momentum    float64 // in [0, 1); default 0
	Centered    bool
}

// Name returns "rmsprop".
func (RMSprop) Name() string { return "rmsprop" }

// Rate returns LR or its default.
func (o RMSprop) Rate() float64 { return option.Float(o.LR, 0.01) }

// Validate reports the first field out of range.
func (o RMSprop) Validate() error {
	return check(
		atLeast0("RMSprop", "LR", o.LR),
		upTo1("RMSprop", "Alpha", o.Alpha),
		atLeast0("RMSprop", "Eps", o.Eps),
		atLeast0("RMSprop", "WeightDecay", o.WeightDecay),
		below1("RMSprop", "Momentum", o.Momentum),
	)
}

// WithDecay returns o with another weight decay.
func (o RMSprop) WithDecay(decay float64) Optimizer {
	o.WeightDecay = decay
	return o
}

// New returns the state of n elements before their first step.
func (o RMSprop) New(n int) Stepper { return newRMSprop[float32](o, n) }

// New64 is New for float64.
func (o RMSprop) New64(n int) StepperOf[float64] { return newRMSprop[float64](o, n) }

func newRMSprop[T vec.Float](o RMSprop, n int) StepperOf[T] {
	s := &rmsprop[T]{
		alpha: option.Float(o.Alpha, 0.99), eps: T(option.Float(o.Eps, 1e-8)), decay: T(option.Float(o.WeightDecay, 0)),
		momentum: T(option.Float(o.Momentum, 0)), centered: o.Centered,
	}
	slots := []string{"square_avg"}
	if s.momentum != 0 {
		slots = append(slots, "momentum_buffer")
	}
	if s.centered {
		slots = append(slots, "grad_avg")
	}
	return newElementwise("RMSprop", n, s, slots...)
}

type rmsprop[T vec.Float] struct {
	alpha      float64
	eps, decay T
	momentum   T
	centered   bool
	rate       T // of the step in hand
}

func (s *rmsprop[T]) begin(_ int64, lr float64) { s.rate = T(lr) }

func (s *rmsprop[T]) update(w, g []T, m moments[T]) {
	alpha, fresh, eps, decay, rate, momentum := T(s.alpha), T(1-s.alpha), s.eps, s.decay, s.rate, s.momentum
	g, square := g[:len(w)], m[0][:len(w)]
	var buffer, mean []T
	next := 1
	if momentum != 0 {
		buffer, next = m[next][:len(w)], next+1
	}
	if s.centered {
		mean = m[next][:len(w)]
	}
	for i, wi := range w {
		gi := g[i] + T(decay*wi)
		si := T(alpha*square[i]) + T(fresh*T(gi*gi))
		square[i] = si
		if mean != nil {
			ai := T(alpha*mean[i]) + T(fresh*gi)
			mean[i] = ai
			si = max(si-T(ai*ai), 0)
		}
		step := gi / (T(math.Sqrt(float64(si))) + eps)
		if buffer != nil {
			step += T(momentum * buffer[i])
			buffer[i] = step
		}
		w[i] = wi - T(rate*step)
	}
}
