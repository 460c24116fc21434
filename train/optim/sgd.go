package optim

import (
	"fmt"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// SGD is stochastic gradient descent, with momentum on demand. With g' = g + WeightDecay·w:
//
//	b ← g' at the first step, then Momentum·b + (1-Dampening)·g'
//	w ← w - lr·b,  or with Nesterov  w ← w - lr·(g' + Momentum·b),  or without momentum  w ← w - lr·g'
//
// State: one slot, "momentum_buffer", if Momentum is not zero; else none.
// Source: Sutskever, Martens, Dahl and Hinton, ICML 2013; PyTorch's torch.optim.SGD.
type SGD struct {
	LR          float64 // learning rate; 0 means 0.01. With Momentum 0.9, 0.01 to 0.1 suits most convnets.
	Momentum    float64 // in [0, 1); default 0. 0.9 is the usual choice.
	Dampening   float64 // in [0, 1]; default 0
	Nesterov    bool    // needs Momentum > 0 and Dampening 0
	WeightDecay float64 // L2 penalty, >= 0; default 0. 1e-4 to 5e-4 is usual.
}

// Name returns "sgd".
func (SGD) Name() string { return "sgd" }

// Rate returns LR or its default.
func (o SGD) Rate() float64 { return option.Float(o.LR, 0.01) }

// Validate reports the first field out of range.
func (o SGD) Validate() error {
	if err := check(
		atLeast0("SGD", "LR", o.LR),
		below1("SGD", "Momentum", o.Momentum),
		upTo1("SGD", "Dampening", o.Dampening),
		atLeast0("SGD", "WeightDecay", o.WeightDecay),
	); err != nil {
		return err
	}
	if o = o.exact(); o.Nesterov && (o.Momentum == 0 || o.Dampening != 0) {
		return fmt.Errorf("optim: SGD.Nesterov = true with Momentum = %v and Dampening = %v, want Momentum > 0 and Dampening = 0",
			o.Momentum, o.Dampening)
	}
	return nil
}

// WithDecay returns o with another weight decay.
func (o SGD) WithDecay(decay float64) Optimizer {
	o.WeightDecay = decay
	return o
}

// New returns the state of n elements before their first step.
func (o SGD) New(n int) Stepper { return newSGD[float32](o, n) }

// New64 is New for float64.
func (o SGD) New64(n int) StepperOf[float64] { return newSGD[float64](o, n) }

// exact returns o with Zero made 0 in fields whose default that is anyhow.
func (o SGD) exact() SGD {
	o.Momentum, o.Dampening = option.Float(o.Momentum, 0), option.Float(o.Dampening, 0)
	o.WeightDecay = option.Float(o.WeightDecay, 0)
	return o
}

func newSGD[T vec.Float](o SGD, n int) StepperOf[T] {
	o = o.exact()
	if o.Momentum == 0 {
		return newElementwise("SGD", n, &sgd[T]{SGD: o})
	}
	return newElementwise("SGD", n, &sgd[T]{SGD: o}, "momentum_buffer")
}

type sgd[T vec.Float] struct {
	SGD
	c vec.SGDCoefOf[T] // of the step in hand
}

func (s *sgd[T]) begin(step int64, lr float64) {
	s.c = vec.SGDCoefOf[T]{
		Decay:    T(s.WeightDecay),
		Momentum: T(s.Momentum),
		New:      T(1 - s.Dampening),
		Nesterov: s.Nesterov,
		Rate:     T(lr),
	}
	if step == 1 { // the buffer starts as the gradient itself, undamped; it holds zeros until then
		s.c.New = 1
	}
}

func (s *sgd[T]) update(w, g []T, m moments[T]) {
	if s.Momentum == 0 {
		vec.SGD(w, g, s.c.Decay, s.c.Rate)
		return
	}
	vec.SGDMomentum(w, g, m[0], s.c)
}
