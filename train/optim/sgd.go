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
func (o SGD) New(n int) Stepper {
	o = o.exact()
	s := &sgd{SGD: o, n: n}
	if o.Momentum != 0 {
		s.state.Slots = []Slot{{"momentum_buffer", make([]float32, n)}}
	}
	return s
}

// exact returns o with Zero made 0 in fields whose default that is anyhow.
func (o SGD) exact() SGD {
	o.Momentum, o.Dampening = option.Float(o.Momentum, 0), option.Float(o.Dampening, 0)
	o.WeightDecay = option.Float(o.WeightDecay, 0)
	return o
}

type sgd struct {
	SGD
	n     int
	state State
}

func (s *sgd) State() *State { return &s.state }

func (s *sgd) Step(w, g []float32, lr float64) {
	lengths("SGD", len(w), len(g), s.n)
	s.update(w, g, 0, s.n, s.begin(lr))
}

func (s *sgd) StepRows(w []float32, cols int, rows []int64, g []float32, lr float64) {
	c := s.begin(lr)
	eachRow("SGD", s.n, w, cols, rows, g, func(lo, hi int, g []float32) { s.update(w[lo:hi], g, lo, hi, c) })
}

// begin counts a step and returns its coefficients.
func (s *sgd) begin(lr float64) vec.SGDCoef {
	first := s.state.Steps == 0
	s.state.Steps++
	c := vec.SGDCoef{
		Decay:    float32(s.WeightDecay),
		Momentum: float32(s.Momentum),
		New:      float32(1 - s.Dampening),
		Nesterov: s.Nesterov,
		Rate:     float32(lr),
	}
	if first { // the buffer starts as the gradient itself, undamped; it holds zeros until then
		c.New = 1
	}
	return c
}

// update steps the elements from lo to hi of all, which are w.
func (s *sgd) update(w, g []float32, lo, hi int, c vec.SGDCoef) {
	if s.Momentum == 0 {
		vec.SGD(w, g, c.Decay, c.Rate)
		return
	}
	vec.SGDMomentum(w, g, s.state.Slots[0].Data[lo:hi], c)
}
