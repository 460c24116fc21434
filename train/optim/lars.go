package optim

import (
	"math"

	"github.com/tutti-ml/tutti/blas/vec"
	"github.com/tutti-ml/tutti/internal/option"
)

// LARS is SGD with momentum whose rate is adapted to each parameter W by norms over all of it, so that large batches train
// at large rates. With gradient G of W:
//
//	r = Trust·‖W‖ / (‖G‖ + WeightDecay·‖W‖ + Eps), or 1 if one of the norms is 0
//	b ← r·(G + WeightDecay·W) at the first step, then Momentum·b + r·(G + WeightDecay·W)
//	W ← W - lr·b
//
// Parameters without weight decay have r = 1 unless Always: it is usual to leave biases and normalisations out by a Group
// {Pattern: "*.bias", WeightDecay: Zero}. As in timm and torchlars, and other than in the paper, the rate multiplies the
// buffer, so that a change of the rate acts at once.
//
// State: slot "momentum_buffer", if Momentum is not zero. It is a LayerWise.
// Source: You, Gitman and Ginsburg, arXiv:1708.03888, with the fields and defaults of Eps as timm's Lars.
type LARS struct {
	LR          float64 // learning rate; 0 means 1
	Momentum    float64 // in [0, 1); 0 means 0.9
	Trust       float64 // the paper's η, >= 0; 0 means 1e-3
	Eps         float64 // >= 0; 0 means 1e-8
	WeightDecay float64 // L2 penalty, >= 0; 0 means 5e-4, the paper's
	Always      bool    // adapt parameters without weight decay too
}

// Name returns "lars".
func (LARS) Name() string { return "lars" }

// Rate returns LR or its default.
func (o LARS) Rate() float64 { return option.Float(o.LR, 1) }

// Validate reports the first field out of range.
func (o LARS) Validate() error {
	return check(
		atLeast0("LARS", "LR", o.LR),
		below1("LARS", "Momentum", o.Momentum),
		atLeast0("LARS", "Trust", o.Trust),
		atLeast0("LARS", "Eps", o.Eps),
		atLeast0("LARS", "WeightDecay", o.WeightDecay),
	)
}

// WithDecay returns o with another weight decay.
func (o LARS) WithDecay(decay float64) Optimizer {
	o.WeightDecay = exactly(decay)
	return o
}

// New returns the state of n elements before their first step.
func (o LARS) New(n int) Stepper { return newLARS[float32](o, n) }

// New64 is New for float64.
func (o LARS) New64(n int) StepperOf[float64] { return newLARS[float64](o, n) }

func newLARS[T vec.Float](o LARS, n int) StepperOf[T] {
	s := &lars[T]{
		trust: option.Float(o.Trust, 1e-3), eps: option.Float(o.Eps, 1e-8), decay: option.Float(o.WeightDecay, 5e-4),
		momentum: T(option.Float(o.Momentum, 0.9)),
	}
	s.adapt = s.decay != 0 || o.Always
	if s.momentum == 0 {
		return newLayerwise("LARS", n, s)
	}
	return newLayerwise("LARS", n, s, "momentum_buffer")
}

type lars[T vec.Float] struct {
	trust, eps, decay float64
	adapt             bool
	momentum          T
}

func (s *lars[T]) begin(int64) {}

func (s *lars[T]) measure(w, g []T, _ moments[T]) (weights, update float64) {
	if !s.adapt {
		return 0, 0
	}
	return NormSq(w), NormSq(g)
}

func (s *lars[T]) apply(w, g []T, m moments[T], lr, weights, update float64) {
	ratio := 1.0
	if weights > 0 && update > 0 {
		weights, update = math.Sqrt(weights), math.Sqrt(update)
		ratio = s.trust * weights / (update + s.decay*weights + s.eps)
	}
	r, decay, rate := T(ratio), T(s.decay), T(lr)
	if s.momentum == 0 {
		g = g[:len(w)]
		for i := range w {
			w[i] -= T(rate * T(r*(g[i]+T(decay*w[i]))))
		}
		return
	}
	b := m[0][:len(w)]
	g = g[:len(w)]
	for i := range w {
		bi := T(s.momentum*b[i]) + T(r*(g[i]+T(decay*w[i])))
		b[i] = bi
		w[i] -= T(rate * bi)
	}
}
